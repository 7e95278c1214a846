/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_STUB_CONTRACTS_H
#define WICK_STUB_CONTRACTS_H
#include "wick/port/stub_chain.h"

/* Runs a call of DeviceRegistry; `commit` false leaves the state alone.
 * @return length of the revert data, 0 if it succeeds */
size_t stub_contract_run(wick_stub_chain *c, uint8_t revert[36], const uint8_t from[20],
                         wick_span data, bool commit);
#endif
