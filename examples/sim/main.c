/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick-sim: the whole story in one process and in virtual time. Two gateways behind two symmetric
 * NATs get vouchers and money from a wallet manager, register and publish on a chain with real
 * proofs, meet through a TURN server with its permissions on, shake hands, open DTLS-PSK and
 * exchange text. No network, no privilege; the agent is the one that runs on real parts.
 *
 *   wick-sim [--seed N] [--loss PER_MILLE] [--relays 1|2]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "channel.h"

#define SECRET "relay secret of the simulation"

static wick_stub_world w;
static wick_crypto_ctx crypto_ctx;
static wick_hal_crypto crypto;
static wick_stub_chain chain;
static wick_stub_wallet wallet;
static wick_stub_relay relay[2];
static wick_stub_node a, b;
static struct channel at_a, at_b;
static double real_start;
static uint64_t told_bytes;

static double real_ms(void)
{
    struct timespec t;
    timespec_get(&t, TIME_UTC);
    return (double)t.tv_sec * 1000 + (double)t.tv_nsec / 1e6;
}

static void say(const char *who, const char *what, const char *detail)
{
    printf("%9llu %9.1f %8llu  %-5s %s%s%s\n", (unsigned long long)w.now_ms,
           real_ms() - real_start, (unsigned long long)(w.bytes - told_bytes), who, what,
           detail[0] != '\0' ? ": " : "", detail);
    told_bytes = w.bytes;
}

static void on_event(void *ctx, wick_stub_node *n, const wick_gateway_event *e)
{
    static const char *const names[] = {
        "",           "ready",         "registered",      "path",         "published",
        "not published", "peer resolved", "session up", "session moved", "session down"};
    char text[200], addr[WICK_ADDR_STR_BYTES], addr2[WICK_ADDR_STR_BYTES];
    (void)ctx;
    wick_addr_str(addr, &e->addr);
    wick_addr_str(addr2, &e->addr2);
    text[0] = '\0';
    if (e->status != WICK_OK) {
        snprintf(text, sizeof text, "%s: %s", wick_status_str(e->status),
                 wick_status_cause(e->status));
    } else if (e->kind == WICK_GW_EV_REGISTERED) {
        snprintf(text, sizeof text, "%s, epoch %u, proven in block %llu (%s)", e->name, e->epoch,
                 (unsigned long long)e->block_number, wick_tier_str(e->tier));
    } else if (e->kind == WICK_GW_EV_PATH_CHANGED) {
        snprintf(text, sizeof text, "relayed %s, reflexive %s", addr, addr2);
    } else if (e->kind == WICK_GW_EV_PUBLISHED || e->kind == WICK_GW_EV_PEER_RESOLVED) {
        snprintf(text, sizeof text, "%s at %s, seq %u, proven in block %llu (%s)", e->name, addr,
                 e->seq, (unsigned long long)e->block_number, wick_tier_str(e->tier));
    } else if (e->kind == WICK_GW_EV_SESSION_UP) {
        snprintf(text, sizeof text, "%s, peer %s", e->initiator ? "initiator" : "responder", addr);
    }
    say(n->cfg.name, e->kind < 10 ? names[e->kind] : "event", text);
    if (e->kind == WICK_GW_EV_SESSION_UP) {
        wick_status s = channel_open(n == &a ? &at_a : &at_b, n, e);
        if (s != WICK_OK) {
            say(n->cfg.name, "DTLS", wick_status_str(s));
        }
    }
}

static void on_data(void *ctx, wick_stub_node *n, uint8_t session, wick_span bytes)
{
    struct channel *c = n == &a ? &at_a : &at_b;
    (void)ctx;
    if (c->used && c->session == session) {
        channel_input(c, bytes);
    }
}

static wick_status build(uint64_t seed, unsigned loss, unsigned relays)
{
    wick_stub_init(&w, seed);
    w.link.loss = loss;
    wick_status s = wick_crypto_init(&crypto, &crypto_ctx);
    if (s == WICK_OK) {
        s = wick_stub_wallet_init(&wallet, &crypto_ctx, &crypto, SECRET);
    }
    wick_stub_chain_init(&chain, &w, &crypto, 31337, wallet.address);
    wallet.chain = &chain;
    for (unsigned i = 0; i < relays; i++) {
        wick_addr listen = wick_addr_v4(20, 0, 0, (uint8_t)(10 + i), 3478);
        wick_stub_relay_init(&relay[i], &w, &crypto, listen, SECRET);
        wick_stub_chain_relay(&chain, &listen);
    }
    int nat_a = wick_stub_nat(&w, -1, wick_addr_v4(20, 0, 0, 1, 0), WICK_STUB_SYMMETRIC);
    int nat_b = wick_stub_nat(&w, -1, wick_addr_v4(20, 0, 0, 2, 0), WICK_STUB_SYMMETRIC);
    int host_a = wick_stub_host(&w, nat_a, wick_addr_v4(10, 10, 1, 10, 0));
    int host_b = wick_stub_host(&w, nat_b, wick_addr_v4(10, 10, 2, 10, 0));
    s = s != WICK_OK ? s : wick_stub_node_init(&a, &w, host_a, &chain, &wallet, "gw-a");
    s = s != WICK_OK ? s : wick_stub_node_init(&b, &w, host_b, &chain, &wallet, "gw-b");
    a.on_event = b.on_event = on_event;
    a.on_data = b.on_data = on_data;
    return s;
}

static bool story(void)
{
    uint8_t session = 0;
    if (wick_stub_node_begin(&b, WICK_GW_GOAL_SERVE) != WICK_OK ||
        wick_stub_node_begin(&a, WICK_GW_GOAL_CALL) != WICK_OK ||
        !wick_stub_run(&w, 120000, &a.ready) || !wick_stub_run(&w, 120000, &b.ready) ||
        wick_stub_node_connect(&a, &session, "gw-b") != WICK_OK ||
        !wick_stub_run(&w, 120000, &at_a.up) || !wick_stub_run(&w, 60000, &at_b.up)) {
        return false;
    }
    say("gw-a", "DTLS up", wick_dtls_suite(&at_a.dtls));
    for (unsigned i = 0; i < 30 && at_b.texts == 0; i++) { /* datagrams may be lost */
        if (channel_write(&at_a, "hello from gw-a") != WICK_OK) {
            return false;
        }
        (void)wick_stub_run(&w, 1000, NULL);
    }
    say("gw-b", "received", at_b.text);
    for (unsigned i = 0; i < 30 && at_a.texts == 0; i++) {
        if (channel_write(&at_b, "hello from gw-b") != WICK_OK) {
            return false;
        }
        (void)wick_stub_run(&w, 1000, NULL);
    }
    say("gw-a", "received", at_a.text);
    return strcmp(at_b.text, "hello from gw-a") == 0 && strcmp(at_a.text, "hello from gw-b") == 0;
}

int main(int argc, char **argv)
{
    unsigned long long seed = 1, loss = 0, relays = 1;
    for (int i = 1; i + 1 < argc; i += 2) {
        unsigned long long v = strtoull(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--seed") == 0) {
            seed = v;
        } else if (strcmp(argv[i], "--loss") == 0 && v < 500) {
            loss = v;
        } else if (strcmp(argv[i], "--relays") == 0 && (v == 1 || v == 2)) {
            relays = v;
        } else {
            argc = 0;
        }
    }
    if (argc % 2 != 1) {
        fprintf(stderr, "wick-sim [--seed N] [--loss PER_MILLE] [--relays 1|2]\n");
        return 2;
    }
    printf("two gateways behind two symmetric NATs, one process, virtual time, seed %llu\n", seed);
    printf("%9s %9s %8s\n", "virtual ms", "real ms", "bytes");
    real_start = real_ms();
    if (build(seed, (unsigned)loss, (unsigned)relays) != WICK_OK || !story()) {
        printf("FAILED\n");
        return 1;
    }
    printf("done: %llu datagrams, %llu lost, %u transactions, %u proofs\n",
           (unsigned long long)w.sent, (unsigned long long)w.lost, chain.mined, chain.proofs);
    return 0;
}
