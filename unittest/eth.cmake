# SPDX-License-Identifier: Apache-2.0
# Tests of core/eth. Those of the first group need core alone and run on every target.
wick_add_test(unit keccak)
# The rolled permutation of small devices gives the same hashes: its file stands before the archive's.
wick_add_test(unit keccak_small FILE unit/test_keccak.c SOURCES ../core/eth/keccak.c
  DEFS WICK_KECCAK_FAST=0)
wick_add_test(unit rlp)
wick_add_test(unit mpt)
wick_add_test(unit header)
wick_add_test(unit proof)
wick_add_test(unit receipt)
wick_add_test(unit tx)
wick_add_test(unit abi)
wick_add_test(unit eip712)
wick_add_test(unit bft LIBS wick_crypto SOURCES unit/seal_world.c)
wick_add_test(unit clique LIBS wick_crypto SOURCES unit/seal_world.c)
wick_add_test(unit trust_store LIBS wick_port_stub)

# Data from outside, read with cJSON.
function(wick_add_vectors_test module)
  cmake_parse_arguments(arg "" "" "LIBS;SOURCES" ${ARGN})
  wick_add_test(vectors ${module} LIBS wick_dep_cjson ${arg_LIBS}
    SOURCES vectors/data.c ${arg_SOURCES})
endfunction()
wick_add_vectors_test(headers)
wick_add_vectors_test(rlp)
wick_add_vectors_test(getproof SOURCES vectors/oracle.c)
wick_add_vectors_test(trie SOURCES vectors/oracle.c vectors/trie.c)
wick_add_vectors_test(tx LIBS wick_crypto)
wick_add_vectors_test(seals LIBS wick_crypto)
wick_add_vectors_test(receipts SOURCES vectors/oracle.c vectors/trie.c)
wick_add_vectors_test(mutations LIBS wick_crypto SOURCES vectors/oracle.c vectors/trie.c)
if(TARGET wick_crypto_blst)
  wick_add_vectors_test(beacon LIBS wick_crypto SOURCES vectors/beacon_data.c)
  wick_add_test(unit beacon LIBS wick_crypto wick_dep_blst SOURCES unit/beacon_world.c)
  # One of them is enough for an emulated microcontroller: two minutes of pairings.
  if(NOT CMAKE_SYSTEM_NAME STREQUAL "Generic")
    foreach(module beacon_ssz beacon_store beacon_mutation)
      wick_add_test(unit ${module} LIBS wick_crypto wick_dep_blst SOURCES unit/beacon_world.c)
    endforeach()
  endif()
  wick_add_test(unit light_beacon LIBS wick_port_stub wick_dep_blst SOURCES unit/beacon_world.c)
endif()
wick_add_fuzz(beacon ROUNDS 400)
