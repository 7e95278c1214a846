/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_STUB_NAT_H
#define WICK_STUB_NAT_H
/* What the network of the stub world asks of its NATs. */
#include "wick/port/stub.h"

/** A datagram leaves the network behind `nat`: `from` becomes the external address.
 *  @return false if it is dropped (it would have to be turned back) */
bool stub_nat_out(wick_stub_world *w, int nat, wick_addr *from, const wick_addr *to);

/** A datagram arrives at its external address: `to` becomes the internal one.
 *  @return false if it is filtered */
bool stub_nat_in(wick_stub_world *w, int nat, const wick_addr *from, wick_addr *to);

#endif
