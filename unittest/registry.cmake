# SPDX-License-Identifier: Apache-2.0
# Tests of core/registry. Those of the first group need core alone and run on every target.
wick_add_test(unit record)
wick_add_test(unit calldata)
wick_add_test(unit verified)
wick_add_test(unit voucher LIBS wick_crypto)
