# SPDX-License-Identifier: Apache-2.0
# Tests of core/registry. Those of the first group need core alone and run on every target.
wick_add_test(unit record)
wick_add_test(unit release_index)
wick_add_test(unit calldata)
wick_add_test(unit verified)
wick_add_test(unit marks)
wick_add_test(unit attest_ask)
wick_add_test(unit leaf_root)
wick_add_test(unit voucher LIBS wick_crypto)
if(NOT CMAKE_SYSTEM_NAME STREQUAL "Generic") # the small profile leaves it out
  wick_add_test(unit relayed LIBS wick_crypto)
endif()

# Bundles of a state made with the trie of the vector suites.
wick_add_test(unit bundle LIBS wick_crypto wick_dep_cjson
  SOURCES unit/bundle_world.c unit/seal_world.c vectors/trie.c vectors/data.c vectors/walk.c)


# The contracts themselves, and C against them on a node. Both need toolchain/bootstrap.sh --chain.
wick_add_script_test(lab contracts ../contracts/test.sh TIMEOUT 1800)
wick_add_script_test(api solhint ../contracts/lint.sh) # needs toolchain/bootstrap.sh --lint
if(TARGET wick_port_linux)
  add_executable(lab_registry lab/lab_registry.c lab/lab_node.c)
  add_executable(lab_differential lab/lab_differential.c lab/lab_device_calls.c lab/lab_device_model.c
    lab/lab_relay_calls.c lab/lab_release_calls.c lab/lab_release_members.c lab/lab_release_model.c
    lab/lab_release_compare.c lab/lab_storage.c lab/lab_expect.c lab/lab_node.c)
  foreach(name registry differential)
    target_link_libraries(lab_${name} PRIVATE wick_tap wick_port_linux wick_crypto wick::core)
    wick_target_flags(lab_${name})
  endforeach()
  wick_add_script_test(lab registry lab/registry.sh ARGS $<TARGET_FILE:lab_registry>)
  wick_add_script_test(lab differential lab/registry.sh ARGS $<TARGET_FILE:lab_differential> osaka
    TIMEOUT 1200)
endif()
