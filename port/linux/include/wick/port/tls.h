/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PORT_TLS_H
#define WICK_PORT_TLS_H
/*
 * TLS with pre-shared keys over TCP, non-blocking: sessions of peers, services of an operator
 * (wick-wallet) and their clients. Keys, roles and peers are as in wick/port/dtls.h: the initiator of
 * the handshake is the client, a server finds entries of its own role, and both compare the peer
 * after Finished.
 *
 * The version follows `uses` of the entries: 1.2 by default, 1.3 (RFC 8446, external keys with (EC)DHE
 * or without) where they say WICK_USE_TLS13, either where a server has both. No key serves two
 * versions, so a downgrade finds none.
 *
 *     s = hn.tcp_open(hn.ctx, &sock, &server);
 *     s = wick_tls_init(&t, &cfg, &hn, sock);
 *     s = wick_tls_start(&t, now, 5000);
 *     while ((s = wick_tls_poll(&t, now)) == WICK_AGAIN) { wait for the socket }
 *     n = wick_tls_write(&t, bytes);
 *     n = wick_tls_read(&t, buf, cap);
 *
 * Sizes (64-bit): wick_tls 1.7 KB, and from the pool as wick_dtls, 33 KB while TLS 1.3 shakes hands.
 */
#include "wick/hal/net.h"
#include "wick/port/dtls.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wick_tls { /* private */
    uint64_t lib[WICK_DTLS_LIB_BYTES / 8];
    wick_dtls_config cfg;
    const wick_hal_net *net;
    wick_sock sock;
    uint64_t deadline_ms;
    uint32_t quiet; /* bytes that came since there was progress */
    size_t owed;    /* bytes that the last write was told of, where it said AGAIN */
    uint8_t state;
    bool wants_write, net_failed;
} wick_tls;

/** The socket stays the caller's to close. Statuses as wick_dtls_init(). */
WICK_NODISCARD wick_status wick_tls_init(wick_tls *t, const wick_dtls_config *cfg,
                                         const wick_hal_net *net, wick_sock sock);

/** Begins the handshake, to be complete within `timeout_ms`. */
WICK_NODISCARD wick_status wick_tls_start(wick_tls *t, uint64_t now_ms, uint32_t timeout_ms);

/** Goes on with the handshake.
 *  @retval WICK_OK up  @retval WICK_AGAIN not yet  @retval WICK_E_TIMEOUT  @retval WICK_E_NET
 *  @retval WICK_E_TLS wrong key, unknown identity, or no TLS  @retval WICK_E_AUTH another peer */
WICK_NODISCARD wick_status wick_tls_poll(wick_tls *t, uint64_t now_ms);

/** @return bytes taken (may be fewer), WICK_AGAIN (then call again with the same bytes; more may
 *  follow them), or WICK_E_TLS, WICK_E_NET, WICK_E_STATE, WICK_E_BAD_ARG (fewer than before) */
int32_t wick_tls_write(wick_tls *t, wick_span bytes);

/** @return bytes, 0 = closed by the peer, WICK_AGAIN, WICK_E_TLS (also: cut without close_notify),
 *  WICK_E_STATE */
int32_t wick_tls_read(wick_tls *t, uint8_t *buf, size_t cap);

/** Is the socket to become writable, rather than readable? */
bool wick_tls_wants_write(const wick_tls *t);
/** Entry in use once up, else NULL. */
const wick_dtls_entry *wick_tls_peer(const wick_tls *t);
/** Name of the cipher suite once up, else "". */
const char *wick_tls_suite(const wick_tls *t);
/** WICK_USE_TLS12 or WICK_USE_TLS13 once up, else 0. */
unsigned wick_tls_use(const wick_tls *t);
/** Says close_notify, as far as the socket takes it at once. */
void wick_tls_close(wick_tls *t);
/** Gives the pool its memory back and wipes everything. Any state; also twice. */
void wick_tls_free(wick_tls *t);

#ifdef __cplusplus
}
#endif
#endif
