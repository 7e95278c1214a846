# SPDX-License-Identifier: Apache-2.0
# Real chains: what a program says about them must be true.
if(NOT CMAKE_CROSSCOMPILING AND TARGET wick_crypto)
  add_executable(lab_beacon lab/lab_beacon.c)
  target_link_libraries(lab_beacon PRIVATE wick_crypto wick::core)
  wick_target_flags(lab_beacon)
  wick_add_script_test(lab devnet lab/devnet.sh HEAVY ARGS $<TARGET_FILE:lab_beacon>)
endif()

# Consortium chains behind the sealing proxy.
if(NOT CMAKE_CROSSCOMPILING AND TARGET wick_crypto)
  add_executable(lab_headers lab/lab_headers.c)
  target_link_libraries(lab_headers PRIVATE wick_crypto wick::core)
  wick_target_flags(lab_headers)
  foreach(rule qbft ibft2 ibft1 clique)
    wick_add_script_test(lab sealing_${rule} lab/sealing.sh ARGS $<TARGET_FILE:lab_headers> ${rule})
  endforeach()
  # The same from the miner of a real client.
  wick_add_script_test(lab poa lab/poa.sh ARGS $<TARGET_FILE:lab_headers>)
endif()

# From nothing to a proven record, on each kind of chain.
if(NOT CMAKE_CROSSCOMPILING AND TARGET wick AND TARGET wick-wallet AND TARGET wickd)
  add_executable(lab_light lab/lab_light.c)
  target_link_libraries(lab_light PRIVATE wick_port_linux wick_crypto wick::core)
  wick_target_flags(lab_light)
  foreach(kind pos qbft ibft2 ibft1 clique quorum)
    wick_add_script_test(lab live_${kind} lab/live.sh
      ARGS $<TARGET_FILE:lab_light> $<TARGET_FILE:wick> $<TARGET_FILE:wick-wallet>
           $<TARGET_FILE:wickd> ${kind})
  endforeach()
endif()

# NAT discovery behind NATs of the kernel.
if(NOT CMAKE_CROSSCOMPILING AND TARGET wick)
  wick_add_script_test(lab nat_type lab/nat_type.sh ARGS $<TARGET_FILE:wick>)
endif()
