# SPDX-License-Identifier: Apache-2.0
# Tests of core/psk.
set(vectors LIBS wick_crypto wick_dep_cjson SOURCES vectors/vectors.c vectors/data.c)
wick_add_test(vectors hpke ${vectors})
wick_add_test(vectors wycheproof ${vectors})
wick_add_test(unit hkdf LIBS wick_crypto)
wick_add_test(unit hpke LIBS wick_crypto)
wick_add_test(unit session_keys LIBS wick_crypto)
set(world LIBS wick_crypto SOURCES unit/nsl_world.c)
wick_add_test(unit nsl ${world})
wick_add_test(unit nsl_musts ${world})
wick_add_test(unit nsl_limits ${world})
wick_add_fuzz(nsl LIBS wick_tap wick_crypto SOURCES unit/nsl_world.c)
wick_add_bench(nsl LIBS wick_crypto)
