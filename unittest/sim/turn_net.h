/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_TURN_NET_H
#define WICK_TURN_NET_H
/*
 * One TURN client, two servers and some peers on a network in virtual time, with loss, duplication
 * and reordering. Everything the client does is logged, so that a test can count it.
 */
#include "wick/port/crypto.h"
#include "wick/port/stub_turn.h"
#include "wick/turn.h"

#define NET_PACKETS 64
#define NET_EVENTS 128

struct net_event {
    uint64_t at_ms;
    int event; /* wick_turn_event */
    wick_status status;
    wick_addr to;
};

struct net {
    uint64_t now_ms;
    uint64_t rng;
    wick_turn t;
    wick_stub_turn server[2];
    wick_addr client, peer, stranger;
    unsigned loss, duplicate, jitter_ms; /* chances in 1/1000 */
    bool entropy_fails;
    struct {
        bool used;
        uint64_t due_ms;
        wick_addr from, to;
        size_t len;
        uint8_t bytes[1600];
    } packet[NET_PACKETS];
    /* log */
    struct net_event event[NET_EVENTS];
    unsigned events;
    uint64_t sent_at[16]; /* of the first datagrams */
    unsigned sent;        /* datagrams of the client's own, without data */
    unsigned got;         /* data that the client took */
    wick_turn_data last;  /* the last of it */
    uint8_t last_bytes[1600];
    unsigned peer_got;
    wick_addr peer_saw; /* source of what the peer got last */
    uint8_t peer_bytes[1600];
    size_t peer_len;
    bool done, stuck;
    wick_status done_status;
    /* wiring */
    wick_crypto_ctx cc;
    wick_hal_crypto crypto;
    wick_hal_entropy entropy;
};

/** Client 20.0.0.1:5000 with user test, password secret; servers 20.0.0.10 and .11, port 3478; peer
 *  20.0.0.20:7000; starts at `start_ms`. Does not start the client. */
void net_init(struct net *n, uint64_t seed, uint64_t start_ms);
/** The client's configuration as net_init() used it, for variations. */
wick_turn_config net_config(struct net *n);
/** net_init(), then an allocation and a permission for `n->peer`. @return are they there? */
bool net_ready(struct net *n, uint64_t seed, uint64_t start_ms);
/** The first server refuses the next `count` requests of a method; `bare`: without MESSAGE-INTEGRITY. */
void net_force(struct net *n, uint16_t method, uint16_t code, unsigned count, bool bare);
/** Runs the world for so long. */
void net_run(struct net *n, uint64_t ms);
/** Runs until this event has been logged `count` times, at most `ms`. @return the last of them */
const struct net_event *net_until(struct net *n, int event, unsigned count, uint64_t ms);
/** How often an event was logged. */
unsigned net_count(const struct net *n, int event);
/** Sends from any address to any other. */
void net_inject(struct net *n, const wick_addr *from, const wick_addr *to, wick_span bytes);
/** Client data to a peer. */
wick_status net_send(struct net *n, const wick_addr *peer, const char *text);
/** Peer data to the client's relayed address. */
void net_peer_send(struct net *n, const wick_addr *from, const char *text);

#endif
