/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLS_WORLD_H
#define TLS_WORLD_H
/*
 * What tests of DTLS, TLS and HTTPS share: a key, a peer on either side, and the two ends of a
 * connection over the loopback, whose sockets can be made to take a few bytes at a time.
 *
 *     wick_dtls_entry ce = entry("id", key, peer_b, WICK_DTLS_CLIENT), se = ...;
 *     wick_dtls_config c = config(WICK_DTLS_CLIENT, &ce, 1), s = ...;
 *     tls_meet(&c, &s);             tc and ts have shaken hands, if st_c and st_s say so
 *     tls_part();
 */
#include "tap.h"
#include "wick/port/linux.h"
#include "wick/port/tls.h"

extern wick_hal_entropy entropy;
extern const uint8_t key[32], other_key[32], peer_a[32], peer_b[32];

wick_span text(const char *s);
wick_dtls_entry entry(const char *identity, const uint8_t psk[32], const uint8_t peer[32],
                      wick_dtls_role role);
wick_dtls_config config(wick_dtls_role role, const wick_dtls_entry *entries, size_t count);

extern wick_linux_net net;
extern wick_hal_net hn;
extern wick_sock sc, ss; /* the client's and the server's */
extern wick_tls tc, ts;
extern wick_status st_c, st_s; /* what became of the handshake */

/* The two sockets alone; wick_linux_net_close(&net) ends them. */
void connect_pair(void);
void tls_meet(const wick_dtls_config *c, const wick_dtls_config *s);
void tls_part(void);

/* wick_tls_write() or wick_https_write() of an end, and its reader. */
typedef int32_t (*stream_write_fn)(void *end, wick_span bytes);
typedef int32_t (*stream_read_fn)(void *end, uint8_t *buf, size_t cap);

int32_t tls_write(void *end, wick_span bytes);
int32_t tls_read(void *end, uint8_t *buf, size_t cap);

/* Waits until there is something to read, or the end of it. */
int32_t read_some(stream_read_fn read, void *end, uint8_t *buf, size_t cap);
/* What is written after AGAIN may be more than before: all of it arrives, wherever it was cut. */
void check_more_after_again(stream_write_fn write, void *writer, stream_read_fn read, void *reader);

#endif
