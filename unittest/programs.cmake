# SPDX-License-Identifier: Apache-2.0
# Tests of the programs and of what they share.
wick_add_test(unit backup LIBS wick_examples)
wick_add_test(unit block_source LIBS wick_examples wick_crypto)
wick_add_test(unit conf LIBS wick_examples)
wick_add_test(unit suffix LIBS wick_examples)
wick_add_test(unit leaf_upload LIBS wick_examples wick_crypto
  SOURCES unit/ticket_world.c ${PROJECT_SOURCE_DIR}/examples/wick/leaf_upload.c)
if(TARGET wick)
  wick_add_script_test(api cli api/test_cli.sh ARGS $<TARGET_FILE:wick>)
  wick_add_script_test(api delta api/test_delta.sh ARGS $<TARGET_FILE:wick>)
  if(NOT CMAKE_CROSSCOMPILING) # it runs the tool
    wick_add_test(api proof_verify LIBS wick_examples wick_dep_cjson TIMEOUT 900)
    target_compile_definitions(test_api_proof_verify PRIVATE WICK_TOOL="$<TARGET_FILE:wick>")
    add_dependencies(test_api_proof_verify wick)
  endif()
endif()

# Examples must print what stands beside them.
set(input_04_light_client ${PROJECT_SOURCE_DIR}/examples/data/qbft.txt)
foreach(name 02_verify_proof 03_handshake 04_light_client 06_update)
  if(TARGET ${name})
    wick_add_script_test(api ${name} api/test_example.sh ARGS $<TARGET_FILE:${name}>
      ${PROJECT_SOURCE_DIR}/examples/expected/${name}.txt ${input_${name}})
  endif()
endforeach()

if(TARGET wick)
  wick_add_script_test(lab tool_qbft lab/test_tool.sh TIMEOUT 1800 ARGS $<TARGET_FILE:wick>)
  wick_add_script_test(lab tool_pos lab/test_tool.sh TIMEOUT 1800 ARGS $<TARGET_FILE:wick> pos)
endif()

if(TARGET wick)
  wick_add_script_test(lab challenge lab/test_challenge.sh ARGS $<TARGET_FILE:wick>)
endif()

# The papers' validation and ours, on one chain.
if(TARGET wick AND TARGET wick-attestor)
  wick_add_script_test(lab paper lab/test_paper.sh
    ARGS $<TARGET_FILE:wick> $<TARGET_FILE:wick-attestor>)
endif()

# An attestor whose node is not there, or hangs.
if(TARGET wick AND TARGET wick-attestor)
  wick_add_script_test(lab attestor lab/test_attestor.sh TIMEOUT 300
    ARGS $<TARGET_FILE:wick> $<TARGET_FILE:wick-attestor>)
endif()

# The programs together, on a real chain and a stock TURN server.
if(TARGET wick AND TARGET wick-wallet)
  wick_add_script_test(lab wick lab/test_wick.sh
    ARGS $<TARGET_FILE:wick> $<TARGET_FILE:wick-wallet> $<TARGET_FILE:01_lookup>)
  wick_add_script_test(lab rsa lab/test_rsa.sh
    ARGS $<TARGET_FILE:wick> $<TARGET_FILE:wick-wallet>)
  wick_add_script_test(lab operator lab/test_operator.sh
    ARGS $<TARGET_FILE:wick> $<TARGET_FILE:wick-wallet>)
  wick_add_script_test(lab release lab/test_release.sh ARGS $<TARGET_FILE:wick>)
  wick_add_script_test(lab update lab/test_update.sh ARGS $<TARGET_FILE:wick>)
  wick_add_script_test(lab wallet lab/test_wallet.sh
    ARGS $<TARGET_FILE:wick> $<TARGET_FILE:wick-wallet> $<TARGET_FILE:wick-wallet-faults>)
  wick_add_script_test(lab direct lab/test_direct.sh
    ARGS $<TARGET_FILE:wick> $<TARGET_FILE:wick-wallet>)
  wick_add_script_test(lab standby lab/test_standby.sh
    ARGS $<TARGET_FILE:wick> $<TARGET_FILE:wick-wallet>)
  wick_add_script_test(lab reach lab/test_reach.sh
    ARGS $<TARGET_FILE:wick> $<TARGET_FILE:wick-wallet>)
  wick_add_script_test(lab over lab/test_over.sh
    ARGS $<TARGET_FILE:wick> $<TARGET_FILE:wick-wallet>)
  wick_add_script_test(lab nat_matrix lab/nat_matrix.sh TIMEOUT 1800
    ARGS $<TARGET_FILE:wick> $<TARGET_FILE:wick-wallet>)
endif()

if(TARGET wick AND TARGET wick-wallet AND TARGET wick-attestor AND TARGET wickd)
  wick_add_script_test(lab attest lab/test_attest.sh
    ARGS $<TARGET_FILE:wick> $<TARGET_FILE:wick-wallet> $<TARGET_FILE:wick-attestor>)
  # Whole lives of a device and of a relay. What takes minutes is of `run.sh --full` alone.
  foreach(life_chain qbft anvil clique pos)
    wick_add_script_test(life ${life_chain} lab/test_life.sh TIMEOUT 1800
      ARGS $<TARGET_FILE:wick> $<TARGET_FILE:wick-wallet> $<TARGET_FILE:wick-attestor> $<TARGET_FILE:wickd>
           ${life_chain})
  endforeach()
  wick_add_script_test(life killed lab/test_killed.sh TIMEOUT 1800
    ARGS $<TARGET_FILE:wick> $<TARGET_FILE:wick-wallet> $<TARGET_FILE:wick-attestor> $<TARGET_FILE:wickd>)
  wick_add_script_test(lab certificate lab/test_certificate.sh
    ARGS $<TARGET_FILE:wick> $<TARGET_FILE:wick-wallet> $<TARGET_FILE:wick-attestor> $<TARGET_FILE:wickd>)
endif()

# The daemon.
wick_add_test(unit wickd_carry LIBS wick_wickd)
wick_add_test(unit wickd_request LIBS wick_wickd)
wick_add_test(unit wickd_server LIBS wick_wickd)
if(TARGET test_unit_wickd_server)
  target_compile_definitions(test_unit_wickd_server PRIVATE _GNU_SOURCE)
endif()
wick_add_fuzz(wickd_request LIBS wick_wickd)
if(TARGET wick AND TARGET wick-wallet AND TARGET wickd)
  wick_add_script_test(lab ticket lab/test_ticket.sh
    ARGS $<TARGET_FILE:wick> $<TARGET_FILE:wick-wallet> $<TARGET_FILE:wickd>)
  wick_add_script_test(lab many lab/test_many.sh
    ARGS $<TARGET_FILE:wick> $<TARGET_FILE:wick-wallet> $<TARGET_FILE:wickd>)
  wick_add_script_test(lab talks lab/test_talks.sh
    ARGS $<TARGET_FILE:wick> $<TARGET_FILE:wick-wallet> $<TARGET_FILE:wickd>)
  wick_add_script_test(lab wickd lab/test_wickd.sh
    ARGS $<TARGET_FILE:wick> $<TARGET_FILE:wick-wallet> $<TARGET_FILE:wickd>)
endif()
wick_add_script_test(api wickd_units api/test_wickd_units.sh)

# A leaf and two gateways.
if(TARGET wick AND TARGET wick-wallet AND TARGET wickd AND TARGET wick-leaf)
  wick_add_script_test(api leaf_symbols api/leaf_symbols.sh ARGS $<TARGET_FILE:wick-leaf>)
  wick_add_script_test(lab leaf_update lab/test_leaf_update.sh
    ARGS $<TARGET_FILE:wick> $<TARGET_FILE:wickd> $<TARGET_FILE:wick-leaf>)
  wick_add_script_test(lab leaf lab/test_leaf.sh
    ARGS $<TARGET_FILE:wick> $<TARGET_FILE:wick-wallet> $<TARGET_FILE:wickd> $<TARGET_FILE:wick-leaf>)
endif()
