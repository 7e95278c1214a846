# SPDX-License-Identifier: Apache-2.0
# Tests of core/nat. Those of the first group need core alone and run on every target.
wick_add_test(unit stun)
wick_add_test(unit stun_integrity LIBS wick_crypto)
wick_add_test(unit turn LIBS wick_crypto)
wick_add_test(sim turn LIBS wick_port_stub SOURCES sim/turn_net.c)
