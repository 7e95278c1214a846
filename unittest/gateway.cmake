# SPDX-License-Identifier: Apache-2.0
# Messages about paths.
wick_add_test(unit direct LIBS wick_crypto)
if(NOT CMAKE_SYSTEM_NAME STREQUAL "Generic") # the small profile has one relay
  wick_add_test(unit relay_choice LIBS wick_crypto)
endif()
wick_add_fuzz(direct LIBS wick_crypto)
wick_add_bench(direct LIBS wick_crypto)

# CoAP.
wick_add_test(unit coap)
wick_add_test(unit coap_exchange)
wick_add_fuzz(coap)

# Leaves.
if(NOT CMAKE_SYSTEM_NAME STREQUAL "Generic") # the profile of small targets leaves them out
  wick_add_test(unit leaf LIBS wick_crypto)
  wick_add_test(unit leaf_port LIBS wick_port_linux)
  wick_add_test(sim leaf LIBS wick_port_linux wick_port_stub)
endif()
# A leaf with its own mbedtls; the other side, which has the port's, is a program that it starts.
if(TARGET wick_dep_mbedtls_leaf AND TARGET wick_port_linux AND NOT CMAKE_CROSSCOMPILING)
  wick_add_test(unit leaf_client LIBS wick_dep_mbedtls_leaf
    SOURCES ${PROJECT_SOURCE_DIR}/port/linux/leaf_client.c
    DEFS _GNU_SOURCE LEAF_PEER="$<TARGET_FILE:leaf_peer>")
  target_include_directories(test_unit_leaf_client PRIVATE ${PROJECT_SOURCE_DIR}/port/linux/include)
  add_executable(leaf_peer unit/leaf_peer.c unit/tls_world.c)
  target_link_libraries(leaf_peer PRIVATE wick_tap wick_port_linux wick::core)
  target_compile_definitions(leaf_peer PRIVATE _GNU_SOURCE)
  wick_target_flags(leaf_peer)
  add_dependencies(test_unit_leaf_client leaf_peer)
endif()

# The agent in the stub world.
wick_add_test(sim nat LIBS wick_port_stub)
wick_add_test(sim nat_matrix LIBS wick_port_stub SOURCES sim/lab.c sim/sites.c)
wick_add_test(sim nat_outsider LIBS wick_port_stub SOURCES sim/lab.c sim/sites.c)
wick_add_test(sim nat_routers LIBS wick_port_stub SOURCES sim/lab.c sim/sites.c)
if(NOT CMAKE_SYSTEM_NAME STREQUAL "Generic") # the profile of small targets has relays alone
  wick_add_test(sim reach LIBS wick_port_stub SOURCES sim/lab.c)
  wick_add_test(sim gateway_sponsor LIBS wick_port_stub SOURCES sim/lab.c)
endif()
wick_add_test(sim gateway LIBS wick_port_stub SOURCES sim/lab.c)
wick_add_test(sim gateway_life LIBS wick_port_stub SOURCES sim/lab.c)
wick_add_test(sim gateway_path LIBS wick_port_stub SOURCES sim/lab.c)
wick_add_test(sim gateway_direct LIBS wick_port_stub SOURCES sim/lab.c)
wick_add_test(sim gateway_over LIBS wick_port_stub SOURCES sim/lab.c)
wick_add_test(sim gateway_path_in LIBS wick_port_stub SOURCES sim/lab.c)
wick_add_test(sim attest LIBS wick_port_stub SOURCES sim/lab.c)
wick_add_test(sim gateway_chain LIBS wick_port_stub SOURCES sim/lab.c)
wick_add_test(sim gateway_liars LIBS wick_port_stub SOURCES sim/lab.c)
wick_add_test(sim gateway_rsa LIBS wick_port_stub SOURCES sim/lab.c)
wick_add_test(sim service LIBS wick_port_stub SOURCES sim/lab.c sim/sites.c)
wick_add_test(sim session_bars LIBS wick_port_stub SOURCES sim/lab.c sim/sites.c)
wick_add_test(sim rekey LIBS wick_port_stub SOURCES sim/lab.c sim/sites.c)
wick_add_test(sim peer_keys LIBS wick_port_stub SOURCES sim/lab.c sim/sites.c)
wick_add_test(sim peer_cache LIBS wick_port_stub SOURCES sim/lab.c)
wick_add_test(sim light LIBS wick_port_stub SOURCES sim/lab.c)
foreach(module light_rules light_time light_nodes)
  wick_add_test(sim ${module} LIBS wick_port_stub SOURCES sim/light_lab.c sim/lab.c)
endforeach()
wick_add_test(sim light_gateway LIBS wick_port_stub SOURCES sim/lab.c)

# The same with DTLS on top, as demo.sh --sim shows it.
if(TARGET wick-sim)
  add_test(NAME sim.story COMMAND wick-sim --seed 1)
  add_test(NAME sim.story_lossy COMMAND wick-sim --seed 7 --loss 50 --relays 2)
  set_tests_properties(sim.story sim.story_lossy PROPERTIES LABELS sim TIMEOUT 600)
endif()
