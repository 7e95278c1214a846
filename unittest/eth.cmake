# SPDX-License-Identifier: Apache-2.0
# Tests of core/eth. Those of the first group need core alone and run on every target.
wick_add_test(unit keccak)
wick_add_test(unit rlp)
