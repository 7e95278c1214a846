# SPDX-License-Identifier: Apache-2.0
# Tests of core/nat. Those of the first group need core alone and run on every target.
wick_add_test(unit path)
wick_add_test(unit stun)
wick_add_test(unit stun_integrity LIBS wick_crypto)
wick_add_test(unit stun_attributes LIBS wick_crypto)
wick_add_test(unit turn SOURCES unit/turn_world.c LIBS wick_crypto)
foreach(module turn turn_refusals turn_features)
  wick_add_test(sim ${module} LIBS wick_port_stub SOURCES sim/turn_net.c)
endforeach()
wick_add_test(sim nat_behaviour LIBS wick_port_stub)

# Real coturn and miniupnpd (toolchain/bootstrap.sh lab) in namespaces; needs Linux and its sockets.
# wick_add_server_test(<module> <world> [LIBS ...]): lab/<world>.c has the server.
function(wick_add_server_test module world)
  wick_add_test(lab ${module} TIMEOUT 600 ${ARGN} SOURCES lab/${world}.c lab/lab_inside.c)
  if(TARGET test_lab_${module})
    target_compile_definitions(test_lab_${module} PRIVATE _GNU_SOURCE
      WICK_LAB_BIN_DEFAULT="${PROJECT_SOURCE_DIR}/build/deps/lab/bin")
    if(TARGET wick)
      target_compile_definitions(test_lab_${module} PRIVATE WICK_TOOL="$<TARGET_FILE:wick>")
      add_dependencies(test_lab_${module} wick)
    endif()
  endif()
endfunction()
if(TARGET wick_port_linux AND NOT CMAKE_CROSSCOMPILING)
  wick_add_test(unit pcp_driver LIBS wick_port_linux wick_port_stub)
  wick_add_server_test(turn turn_lab LIBS wick_crypto)
  wick_add_server_test(pcp pcp_lab LIBS wick_port_linux)
endif()
if(TARGET wick AND NOT CMAKE_CROSSCOMPILING)
  wick_add_server_test(turn_link turn_lab LIBS wick_port_linux wick_crypto)
  wick_add_server_test(pcp_host pcp_lab LIBS wick_port_linux)
endif()

# Vectors, captures and hostile input below WICK_VECTORS_DIR.
if(NOT CMAKE_SYSTEM_NAME STREQUAL "Generic")
  # Of parts that the profile of small targets leaves out.
  wick_add_test(unit turn_offers SOURCES unit/turn_world.c LIBS wick_crypto)
  wick_add_test(vectors stun SOURCES vectors/walk.c LIBS wick_crypto)
  wick_add_test(vectors pcp SOURCES vectors/walk.c)
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
wick_add_test(sim pcp_routers LIBS wick_port_stub SOURCES sim/pcp_net.c)
wick_add_test(sim pcp_natpmp LIBS wick_port_stub SOURCES sim/pcp_net.c)
wick_add_test(sim keepalive LIBS wick_port_stub wick_crypto)
wick_add_fuzz(pcp)
wick_add_fuzz(natpmp)
