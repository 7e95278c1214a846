/* SPDX-License-Identifier: Apache-2.0 */
#include "lab.h"

#include <string.h>

#include "../unit/rsa_keys.h"
#include "tap.h"

#define APPLICATION_DATA 23 /* DTLS content type: what the agent takes for a record */

static void on_data(void *ctx, wick_stub_node *n, uint8_t session, wick_span bytes)
{
    struct lab *lab = ctx;
    bool at_b = n == &lab->b;
    uint8_t copy[64];
    size_t len = bytes.len < sizeof copy ? bytes.len : sizeof copy;
    memcpy(copy, bytes.ptr, len);
    memcpy(at_b ? lab->last_b : lab->last_a, copy, len);
    if (at_b) {
        lab->got_b++;
        lab->session_b = session;
        wick_status s = wick_stub_node_send(n, session, wick_span_make(copy, len));
        (void)s; /* a lost echo is asked for again */
    } else {
        lab->got_a++;
    }
}

void lab_init(struct lab *lab, uint64_t seed, wick_stub_nat_kind nat_a, wick_stub_nat_kind nat_b,
              unsigned relays)
{
    memset(lab, 0, sizeof *lab);
    wick_stub_init(&lab->w, seed);
    wick_status s = wick_crypto_init(&lab->crypto, &lab->crypto_ctx);
    s = s != WICK_OK ? s
                     : wick_stub_wallet_init(&lab->wallet, &lab->crypto_ctx, &lab->crypto,
                                             LAB_SECRET);
    (void)s;
    wick_stub_chain_init(&lab->chain, &lab->w, &lab->crypto, 31337, lab->wallet.address);
    lab->wallet.chain = &lab->chain;
    for (unsigned i = 0; i < relays; i++) {
        wick_addr at = wick_addr_v4(20, 0, 0, (uint8_t)(10 + i), 3478);
        wick_stub_relay_init(&lab->relay[i], &lab->w, &lab->crypto, at, LAB_SECRET);
        wick_stub_chain_relay(&lab->chain, &at);
    }
    lab->nat_a = wick_stub_nat(&lab->w, -1, wick_addr_v4(20, 0, 0, 1, 0), nat_a);
    lab->nat_b = wick_stub_nat(&lab->w, -1, wick_addr_v4(20, 0, 0, 2, 0), nat_b);
    lab->host_a = wick_stub_host(&lab->w, lab->nat_a, wick_addr_v4(10, 10, 1, 10, 0));
    lab->host_b = wick_stub_host(&lab->w, lab->nat_b, wick_addr_v4(10, 10, 2, 10, 0));
    s = wick_stub_node_init(&lab->a, &lab->w, lab->host_a, &lab->chain, &lab->wallet, "gw-a");
    s = wick_stub_node_init(&lab->b, &lab->w, lab->host_b, &lab->chain, &lab->wallet, "gw-b");
    lab->a.on_data = on_data;
    lab->b.on_data = on_data;
    lab->a.ctx = lab;
    lab->b.ctx = lab;
}

static void give_rsa(wick_stub_node *n, const char *hex)
{
    uint8_t primes[WICK_RSA_PRIMES_BYTES];
    CHECK_STATUS(wick_hex_decode(primes, sizeof primes, hex, strlen(hex)), WICK_OK);
    CHECK_STATUS(wick_ram_keystore_import_rsa(&n->cfg.device_key, &n->ram, primes), WICK_OK);
}

void lab_suite(struct lab *lab, uint8_t suite)
{
    if (suite >> 4 == WICK_KEY_TYPE_RSA2048) {
        give_rsa(&lab->a, RSA_KEY_A1);
    }
    if ((suite & 15u) == WICK_KEY_TYPE_RSA2048) {
        give_rsa(&lab->b, RSA_KEY_B2);
    }
}

bool lab_ready(struct lab *lab, uint64_t ms)
{
    uint64_t end = lab->w.now_ms + ms;
    if (wick_stub_node_begin(&lab->a, WICK_GW_GOAL_SERVE) != WICK_OK ||
        wick_stub_node_begin(&lab->b, WICK_GW_GOAL_SERVE) != WICK_OK) {
        return false;
    }
    return wick_stub_run(&lab->w, ms, &lab->a.ready) &&
           wick_stub_run(&lab->w, end - lab->w.now_ms, &lab->b.ready);
}

bool lab_until(struct lab *lab, wick_stub_node *n, wick_gateway_event_kind kind, uint64_t ms)
{
    unsigned before = n->seen[kind];
    uint64_t end = lab->w.now_ms + ms;
    while (n->seen[kind] == before && lab->w.now_ms < end) {
        (void)wick_stub_run(&lab->w, 10, NULL);
    }
    return n->seen[kind] != before;
}

bool lab_connect(struct lab *lab, uint8_t *session, uint64_t ms)
{
    if (wick_stub_node_connect(&lab->a, session, "gw-b") != WICK_OK) {
        return false;
    }
    return lab_until(lab, &lab->a, WICK_GW_EV_SESSION_UP, ms);
}

bool lab_echo(struct lab *lab, uint8_t session, const char *text, uint64_t ms)
{
    uint8_t record[64];
    size_t len = strlen(text) < sizeof record - 1 ? strlen(text) : sizeof record - 1;
    uint64_t end = lab->w.now_ms + ms;
    record[0] = APPLICATION_DATA;
    memcpy(record + 1, text, len);
    memset(lab->last_a, 0, sizeof lab->last_a);
    while (lab->w.now_ms < end && memcmp(lab->last_a, record, len + 1) != 0) {
        if (wick_stub_node_send(&lab->a, session, wick_span_make(record, len + 1)) ==
            WICK_E_STATE) {
            return false;
        }
        (void)wick_stub_run(&lab->w, 1000, NULL);
    }
    return memcmp(lab->last_a, record, len + 1) == 0;
}
