# SPDX-License-Identifier: Apache-2.0
# Tests of core/psk.
set(vectors LIBS wick_crypto wick_dep_cjson SOURCES vectors/vectors.c)
wick_add_test(vectors hpke ${vectors})
