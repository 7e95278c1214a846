# SPDX-License-Identifier: Apache-2.0
# Tests of core/psk.
set(vectors LIBS wick_crypto wick_dep_cjson SOURCES vectors/vectors.c vectors/data.c vectors/walk.c)
wick_add_test(vectors hpke ${vectors})
wick_add_test(vectors wycheproof ${vectors})
wick_add_test(unit hkdf LIBS wick_crypto)
wick_add_test(unit hpke LIBS wick_crypto)
wick_add_test(unit session_keys LIBS wick_crypto)
set(world LIBS wick_crypto SOURCES unit/nsl_world.c)
wick_add_test(unit nsl ${world})
wick_add_test(unit nsl_musts ${world})
wick_add_test(unit nsl_limits ${world})
wick_add_test(unit nsl_attacks ${world})
if(TARGET test_unit_nsl_attacks)
  target_link_options(test_unit_nsl_attacks PRIVATE -Wl,--wrap=wick_ct_equal)
endif()
if(NOT CMAKE_SYSTEM_NAME STREQUAL "Generic") # the profile of small targets leaves RSA out
  wick_add_test(unit rsa LIBS wick_crypto)
  wick_add_test(unit nsl_rsa ${world})
endif()
wick_add_fuzz(nsl LIBS wick_tap wick_crypto SOURCES unit/nsl_world.c)
wick_add_bench(nsl LIBS wick_crypto)

# Tickets.
if(NOT CMAKE_SYSTEM_NAME STREQUAL "Generic") # the profile of small targets leaves them out
  set(world LIBS wick_crypto SOURCES unit/ticket_world.c)
  wick_add_test(unit ticket ${world})
  wick_add_test(unit ticket_table ${world})
  wick_add_test(unit ticket_upload ${world})
  wick_add_test(unit driver_guest LIBS wick_port_linux wick_crypto SOURCES unit/ticket_world.c)
  wick_add_test(sim gateway_ticket LIBS wick_port_stub SOURCES sim/lab.c)
  wick_add_fuzz(ticket LIBS wick_tap wick_crypto SOURCES unit/ticket_world.c ROUNDS 400)
  wick_add_bench(ticket LIBS wick_crypto)
endif()
