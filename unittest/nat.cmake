# SPDX-License-Identifier: Apache-2.0
# Tests of core/nat. Those of the first group need core alone and run on every target.
wick_add_test(unit stun)
wick_add_test(unit stun_integrity LIBS wick_crypto)
