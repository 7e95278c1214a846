# SPDX-License-Identifier: Apache-2.0
# The agent in the stub world.
wick_add_test(sim gateway LIBS wick_port_stub SOURCES sim/lab.c)
wick_add_test(sim gateway_chain LIBS wick_port_stub SOURCES sim/lab.c)
