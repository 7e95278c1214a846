# SPDX-License-Identifier: Apache-2.0
# Tests of core/firmware.
wick_add_test(unit release)
wick_add_test(unit cid)
wick_add_test(unit unixfs LIBS wick_crypto)
wick_add_test(unit manifest LIBS wick_crypto)
# What a device has that writes no manifest: its file stands before the archive's.
wick_add_test(unit manifest_read FILE unit/test_manifest.c SOURCES ../core/firmware/manifest.c
  LIBS wick_crypto DEFS WICK_WITH_MANIFEST_WRITE=0)
wick_add_test(unit journal SOURCES unit/naive_flash.c LIBS wick_port_stub)
wick_add_test(hal flash LIBS wick_hal_selftest wick_port_stub)
wick_add_test(hal flash_file LIBS wick_hal_selftest wick_port_linux)
wick_add_test(unit mcuboot LIBS wick_port_stub)
wick_add_test(unit plan)
wick_add_test(unit in_place SOURCES sim/firmware_world.c LIBS wick_port_stub wick_crypto)
wick_add_test(unit update SOURCES sim/firmware_world.c LIBS wick_port_stub wick_crypto)
set(power_cut_sources sim/power_cut_life.c sim/firmware_world.c unit/naive_flash.c)
wick_add_test(sim power_cut SOURCES ${power_cut_sources} LIBS wick_port_stub wick_crypto)
# It copies its process at each operation: not where each copy would write the figures of coverage.
if(NOT CMAKE_CROSSCOMPILING AND NOT CMAKE_C_FLAGS MATCHES "--coverage")
  wick_add_test(sim power_cut_pairs SOURCES ${power_cut_sources} sim/quick_hash.c LIBS wick_port_stub wick_crypto)
endif()
wick_add_test(unit delta)
wick_add_fuzz(delta ROUNDS 400)
wick_add_bench(delta)
wick_add_test(unit fetch SOURCES unit/http_world.c LIBS wick_port_linux)
wick_add_fuzz(cid)
wick_add_fuzz(manifest)
wick_add_fuzz(unixfs)

# Beside the importer libraries of IPFS (toolchain/bootstrap.sh ipfs): what they make, and gateways that lie.
if(NOT CMAKE_CROSSCOMPILING AND TARGET wick)
  wick_add_script_test(lab fetch lab/test_fetch.sh ARGS $<TARGET_FILE:wick>)
  wick_add_script_test(lab ipfs lab/test_ipfs.sh ARGS $<TARGET_FILE:wick>)
endif()
