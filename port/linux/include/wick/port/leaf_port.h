/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PORT_LEAF_PORT_H
#define WICK_PORT_LEAF_PORT_H
/*
 * Where leaves come in: one UDP socket, a DTLS 1.2 session with a pre-shared key for each of them, and
 * the service of wick/leaf.h behind it.
 *
 *     wick_leaf_port_config cfg = {.net = &net, .entropy = &entropy, .listen = addr,
 *                                  .service = &svc, .find = find_key, .ctx = me};
 *     s = wick_leaf_port_open(&port, &cfg, now);
 *     for (;;) {
 *         while (wick_leaf_port_run(&port, &ask, &deadline, now)) { ... answer now or later ... }
 *         wait for deadline, port.sock, or an answer of yours
 *     }
 *
 * Who has not shown that it is reachable at its address costs one datagram back, no larger than its
 * own, and no memory (HelloVerifyRequest). WICK_LEAF_PORT_HALF handshakes are under way at most, half
 * of them from one host (of IPv6, one /64); the oldest makes room after 5 s. A leaf that comes again,
 * from any address, takes the place of its former session once it has proved its key. Is every place
 * taken, that of the leaf which has been silent longest is given up, if that is a minute or more.
 *
 * Sizes: 5.6 KB for each place beside the service; the TLS library's pool pays 24 KB a session.
 */
#include "wick/hal/net.h"
#include "wick/leaf.h"
#include "wick/port/dtls.h"

#ifdef __cplusplus
extern "C" {
#endif

#if WICK_WITH_LEAVES

/** Handshakes under way, the one that answers hellos included. */
#define WICK_LEAF_PORT_HALF 3
#define WICK_LEAF_PORT_PLACES (WICK_LEAVES_MAX + WICK_LEAF_PORT_HALF)

/** Key of a leaf. */
typedef struct wick_leaf_port_key {
    char name[WICK_LEAF_NAME_MAX + 1];
    uint8_t psk[32];
    size_t psk_len; /* 16..32 */
} wick_leaf_port_key;

/** Finds the leaf that uses this identity. @retval WICK_OK  others: there is none */
typedef wick_status (*wick_leaf_port_find)(void *ctx, wick_leaf_port_key *out, wick_span identity);
/** A leaf's session is up (`status` OK) or was refused, or has ended. `name` is "" if not known. */
typedef void (*wick_leaf_port_told)(void *ctx, const char *name, wick_span identity, bool up,
                                    wick_status status, const wick_addr *from);

typedef struct wick_leaf_port_config {
    const wick_hal_net *net;
    const wick_hal_entropy *entropy;
    wick_addr listen;
    wick_leaf_service *service;
    wick_leaf_port_find find;
    wick_leaf_port_told told; /* NULL: nobody is told */
    void *ctx;
} wick_leaf_port_config;

/** One session, or a handshake. Private. */
typedef struct wick_leaf_port_place {
    uint8_t state;
    uint8_t leaf; /* index in the service, once up */
    uint8_t cookie_address[18];
    wick_addr from;
    uint64_t since_ms, heard_ms, deadline_ms;
    uint64_t rx, tx; /* datagrams */
    wick_leaf_port_key key;
    size_t identity_len;
    uint8_t identity[64];
    struct wick_leaf_port *port;
    wick_dtls dtls;
} wick_leaf_port_place;

typedef struct wick_leaf_port { /* private, but for `sock` and the counters */
    wick_leaf_port_config cfg;
    wick_sock sock;
    uint64_t sessions, refused, dropped;
    bool taken[WICK_LEAVES_MAX];
    wick_leaf_port_place place[WICK_LEAF_PORT_PLACES];
} wick_leaf_port;

/** What is known of a leaf. */
typedef struct wick_leaf_port_status {
    bool up;
    const char *name;
    wick_addr from;
    uint64_t since_ms, heard_ms, rx, tx;
    const char *suite;
} wick_leaf_port_status;

/** @retval WICK_OK  @retval WICK_E_NET the address is taken or not ours
 *  @retval WICK_E_LIMIT  the TLS library's pool has no room  @retval others as wick_dtls_init() */
WICK_NODISCARD wick_status wick_leaf_port_open(wick_leaf_port *p, const wick_leaf_port_config *cfg,
                                               uint64_t now_ms);

/** Moves datagrams both ways. @return true: `ask` is a question of a leaf; call again. false: nothing
 *  before `deadline_ms`, a datagram or an answer */
bool wick_leaf_port_run(wick_leaf_port *p, wick_leaf_ask *ask, uint64_t *deadline_ms,
                        uint64_t now_ms);

/** Leaf `index` of the service. */
wick_leaf_port_status wick_leaf_port_leaf(const wick_leaf_port *p, uint8_t index);

/** Ends the sessions of a leaf, because its key has changed. */
void wick_leaf_port_drop(wick_leaf_port *p, const char *name);

/** Ends everything and wipes. */
void wick_leaf_port_close(wick_leaf_port *p, uint64_t now_ms);

#endif
#ifdef __cplusplus
}
#endif
#endif
