# SPDX-License-Identifier: Apache-2.0
# Tests of core/nat. Those of the first group need core alone and run on every target.
wick_add_test(unit path)
wick_add_test(unit stun)
wick_add_test(unit stun_integrity LIBS wick_crypto)
wick_add_test(unit stun_attributes LIBS wick_crypto)
wick_add_test(unit turn LIBS wick_crypto)
wick_add_test(sim turn LIBS wick_port_stub SOURCES sim/turn_net.c)
wick_add_test(sim turn_features LIBS wick_port_stub SOURCES sim/turn_net.c)
wick_add_test(sim nat_behaviour LIBS wick_port_stub)

# Real coturn (toolchain/bootstrap.sh lab) in namespaces; needs Linux and its sockets.
if(TARGET wick_port_linux AND NOT CMAKE_CROSSCOMPILING)
  wick_add_test(lab turn LIBS wick_crypto TIMEOUT 600)
  target_compile_definitions(test_lab_turn PRIVATE _GNU_SOURCE
    WICK_LAB_BIN_DEFAULT="${PROJECT_SOURCE_DIR}/build/deps/lab/bin")
  wick_add_test(unit pcp_driver LIBS wick_port_linux wick_port_stub)
  wick_add_test(lab pcp TIMEOUT 600 LIBS wick_port_linux SOURCES lab/pcp_lab.c)
  target_compile_definitions(test_lab_pcp PRIVATE _GNU_SOURCE
    WICK_LAB_BIN_DEFAULT="${PROJECT_SOURCE_DIR}/build/deps/lab/bin")
endif()
if(TARGET wick AND NOT CMAKE_CROSSCOMPILING)
  wick_add_test(lab turn_link LIBS wick_port_linux wick_crypto TIMEOUT 600)
  target_compile_definitions(test_lab_turn_link PRIVATE _GNU_SOURCE
    WICK_LAB_BIN_DEFAULT="${PROJECT_SOURCE_DIR}/build/deps/lab/bin"
    WICK_TOOL="$<TARGET_FILE:wick>")
  add_dependencies(test_lab_turn_link wick)
  wick_add_test(lab pcp_host TIMEOUT 600 LIBS wick_port_linux SOURCES lab/pcp_lab.c)
  target_compile_definitions(test_lab_pcp_host PRIVATE _GNU_SOURCE
    WICK_LAB_BIN_DEFAULT="${PROJECT_SOURCE_DIR}/build/deps/lab/bin"
    WICK_TOOL="$<TARGET_FILE:wick>")
  add_dependencies(test_lab_pcp_host wick)
endif()

# Vectors, captures and hostile input below WICK_VECTORS_DIR.
if(NOT CMAKE_SYSTEM_NAME STREQUAL "Generic")
  # Of parts that the profile of small targets leaves out.
  wick_add_test(unit turn_offers LIBS wick_crypto)
  wick_add_test(vectors stun LIBS wick_crypto)
  wick_add_test(vectors pcp)
endif()
wick_add_fuzz(stun LIBS wick_crypto)
wick_add_fuzz(channeldata)
wick_add_fuzz(turn_stream)
wick_add_fuzz(turn_calls LIBS wick_crypto)

# PCP and NAT-PMP.
wick_add_test(unit pcp)
wick_add_test(unit natpmp)
wick_add_test(sim pcp LIBS wick_port_stub SOURCES sim/pcp_net.c)
wick_add_test(sim pcp_rows LIBS wick_port_stub SOURCES sim/pcp_net.c)
wick_add_test(sim keepalive LIBS wick_port_stub wick_crypto)
wick_add_fuzz(pcp)
wick_add_fuzz(natpmp)
