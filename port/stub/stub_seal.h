/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_STUB_SEAL_H
#define WICK_STUB_SEAL_H
#include "wick/header.h"
#include "wick/port/stub_chain.h"

/* Encodes the header of the chain's present state with its seals, and hashes it. */
void stub_seal(wick_stub_chain *c, wick_header *h);
#endif
