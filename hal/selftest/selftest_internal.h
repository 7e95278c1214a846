/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_SELFTEST_INTERNAL_H
#define WICK_SELFTEST_INTERNAL_H
#include "wick/hal/selftest.h"

/* Reports one rule; gives `kept` back. */
bool wick_selftest_rule(wick_selftest *t, const char *rule, bool kept);

void wick_selftest_clock(wick_selftest *t);
void wick_selftest_entropy(wick_selftest *t);
void wick_selftest_hash(wick_selftest *t);
void wick_selftest_aead(wick_selftest *t);
void wick_selftest_curve(wick_selftest *t);
void wick_selftest_bls(wick_selftest *t);
void wick_selftest_keystore(wick_selftest *t);
#if WICK_WITH_NSL_RSA
void wick_selftest_rsa(wick_selftest *t);
#endif
void wick_selftest_store(wick_selftest *t);
void wick_selftest_net(wick_selftest *t);
void wick_selftest_flash(wick_selftest *t);
void wick_selftest_boot(wick_selftest *t);

#endif
