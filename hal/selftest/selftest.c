/* SPDX-License-Identifier: Apache-2.0 */
/* Order of the checks; clock and randomness. */
#include "wick/hal/selftest.h"

#include <string.h>

#include "selftest_internal.h"

bool wick_selftest_rule(wick_selftest *t, const char *rule, bool kept)
{
    t->checked++;
    t->failed += kept ? 0u : 1u;
    if (t->report != NULL) {
        t->report(t->report_ctx, rule, kept);
    }
    return kept;
}

void wick_selftest_clock(wick_selftest *t)
{
    const wick_hal_clock *c = t->clock;
    uint64_t first = c->now_ms(c->ctx), last = first, unix_s = 0;
    bool forward = true;
    for (int i = 0; i < 1000; i++) {
        uint64_t now = c->now_ms(c->ctx);
        forward = forward && now >= last;
        last = now;
    }
    (void)wick_selftest_rule(t, "clock.never_back", forward);
    if (t->wait != NULL) {
        t->wait(t->wait_ctx, 100);
        uint64_t passed = c->now_ms(c->ctx) - last;
        /* Wide above: the host may be busy. Narrow below: a tick in the wrong unit is the bug. */
        (void)wick_selftest_rule(t, "clock.in_milliseconds", passed >= 90 && passed < 60000);
    }
    wick_status s = c->unix_s(c->ctx, &unix_s);
    (void)wick_selftest_rule(t, "clock.unix_or_none",
                             s == WICK_E_NO_CLOCK ||
                                 (s == WICK_OK && unix_s > 1704067200u && unix_s < 7258118400u));
}

static unsigned ones(uint8_t v)
{
    unsigned n = 0;
    for (; v != 0; v = (uint8_t)(v & (v - 1u))) {
        n++;
    }
    return n;
}

void wick_selftest_entropy(wick_selftest *t)
{
    enum { DRAWS = 32, EACH = 32 };
    const wick_hal_entropy *e = t->entropy;
    uint8_t *m = t->scratch;
    bool ok = true, distinct = true, whole = true;
    unsigned set = 0;
    for (size_t i = 0; i < DRAWS; i++) {
        memset(m + i * EACH, 0, EACH);
        ok = ok && e->fill(e->ctx, m + i * EACH, EACH) == WICK_OK;
        for (size_t k = 0; k < i; k++) {
            distinct = distinct && memcmp(m + i * EACH, m + k * EACH, EACH) != 0;
        }
    }
    for (size_t i = 0; i < (size_t)DRAWS * EACH; i++) {
        set += ones(m[i]);
    }
    if (!wick_selftest_rule(t, "entropy.fills", ok)) {
        return;
    }
    (void)wick_selftest_rule(t, "entropy.never_repeats", distinct);
    /* 8192 bits: half of them set, within nine standard deviations of 45. */
    (void)wick_selftest_rule(t, "entropy.balanced", set > 4096 - 407 && set < 4096 + 407);
    /* Every octet asked for changes in some draw, none beyond is touched. */
    for (size_t len = 1; len <= 33; len++) {
        uint8_t seen = 0;
        for (int i = 0; i < 8; i++) {
            memset(m, 0, len);
            m[len] = 0xa5;
            whole = whole && e->fill(e->ctx, m, len) == WICK_OK && m[len] == 0xa5;
            seen |= m[len - 1];
        }
        whole = whole && seen != 0;
    }
    whole = whole && e->fill(e->ctx, m, 0) == WICK_OK;
    (void)wick_selftest_rule(t, "entropy.exact_length", whole);
}

unsigned wick_hal_selftest(wick_selftest *t)
{
    t->checked = 0;
    t->failed = 0;
    if (t->clock != NULL) {
        wick_selftest_clock(t);
    }
    if (t->entropy != NULL) {
        wick_selftest_entropy(t);
    }
    if (t->crypto != NULL) {
        wick_selftest_hash(t);
        wick_selftest_aead(t);
        wick_selftest_curve(t);
        if (t->crypto->bls_verify != NULL) { /* optional */
            wick_selftest_bls(t);
        }
        if (t->keystore != NULL) {
            wick_selftest_keystore(t);
        }
#if WICK_WITH_NSL_RSA
        if (t->crypto->rsa_seal != NULL) { /* optional */
            wick_selftest_rsa(t);
        }
#endif
    }
    if (t->store != NULL) {
        wick_selftest_store(t);
    }
    if (t->net != NULL) {
        wick_selftest_net(t);
    }
    if (t->flash != NULL) {
        wick_selftest_flash(t);
    }
    if (t->boot != NULL) {
        wick_selftest_boot(t);
    }
    wick_wipe(t->scratch, sizeof t->scratch);
    return t->failed;
}
