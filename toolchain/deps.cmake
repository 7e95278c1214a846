# SPDX-License-Identifier: Apache-2.0
# Third-party libraries of the ports, as built below build/deps by toolchain/bootstrap.sh:
#   wick_dep_mbedtls    mbedtls 3.6 with toolchain/mbedtls_config.h (static pool, no heap)
#   wick_dep_mbedtls_leaf  the same with toolchain/mbedtls_leaf_config.h: no public-key crypto; host only
#   wick_dep_secp256k1  libsecp256k1 0.5 with recovery and ecdh; its small tables
#                       (window 4, comb 2x5) with -DWICK_SECP256K1_SMALL=ON
#   wick_dep_cjson      cJSON 1.7, nesting limit 16
#   wick_dep_lzma       liblzma 5.8, its .lzma encoder alone; `wick delta make` needs it
#   wick_dep_blst       blst 0.3; optional, the sync committee needs it (WICK_BLST)
set(have_blst OFF)
if(EXISTS "${WICK_DEPS_BUILT}/blst-0.3/${WICK_TARGET}/lib/libblst.a")
  set(have_blst ON)
endif()
option(WICK_BLST "BLS12-381 by blst, for following Ethereum's sync committee" ${have_blst})
option(WICK_SECP256K1_SMALL "The microcontroller's table sizes, on the host" OFF)

function(wick_dep target name series variant)
  set(dir "${WICK_DEPS_BUILT}/${name}-${series}/${variant}")
  string(REGEX REPLACE "^lib" "" base "${name}")
  if(NOT EXISTS "${dir}/lib/lib${base}.a")
    message(FATAL_ERROR "${name} ${series} is not built for ${variant}; run: sh toolchain/bootstrap.sh deps (or cross)")
  endif()
  add_library(${target} STATIC IMPORTED GLOBAL)
  set_target_properties(${target} PROPERTIES IMPORTED_LOCATION "${dir}/lib/lib${base}.a"
    INTERFACE_INCLUDE_DIRECTORIES "${dir}/include")
endfunction()

set(curve "${WICK_TARGET}")
if(WICK_SECP256K1_SMALL AND WICK_TARGET STREQUAL "host")
  set(curve "host-small")
endif()
wick_dep(wick_dep_mbedtls mbedtls "${WICK_MBEDTLS_SERIES}" "${WICK_TARGET}")
wick_dep(wick_dep_secp256k1 libsecp256k1 0.5 "${curve}")
file(READ "${CMAKE_CURRENT_LIST_DIR}/mbedtls_leaf_config.h" leaf_config)
string(SHA256 leaf_variant "${leaf_config}")
string(SUBSTRING "${leaf_variant}" 0 8 leaf_variant)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
  "${CMAKE_CURRENT_LIST_DIR}/mbedtls_leaf_config.h")
if(WICK_PORTS AND WICK_TARGET STREQUAL "host")
  wick_dep(wick_dep_mbedtls_leaf mbedtls_leaf "3.6-${leaf_variant}" host)
endif()
if(WICK_PORTS)
  wick_dep(wick_dep_cjson cjson 1.7 "${WICK_TARGET}")
  wick_dep(wick_dep_lzma liblzma 5.8 "${WICK_TARGET}")
endif()
if(WICK_BLST)
  wick_dep(wick_dep_blst blst 0.3 "${WICK_TARGET}")
endif()
