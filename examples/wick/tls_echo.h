/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_TLS_ECHO_H
#define WICK_TLS_ECHO_H
/* TLS-PSK over TCP with a session's key: a client that sends a text and waits for it, and a server that
 * sends back what comes, for TLS_SERVER_CLIENTS at once. */
#include "cli.h"
#include "host.h"
#include "wick/port/tls.h"
#include "wick/session_keys.h"

#define TLS_SERVER_CLIENTS 4
#define TLS_ECHO_MAX 2048

typedef struct tls_call {
    host *host;
    wick_addr to;
    const uint8_t *peer_id;
    const wick_session_psk *psk;
    wick_session_use use;
    const char *text, *peer;
    uint64_t timeout_ms, lookup_us, handshake_us;
} tls_call;

/** What happened is printed. @return WICK_OK, or why not: WICK_E_TLS where the peer does not know the key */
wick_status tls_echo_call(const cli *c, const tls_call *call);

/** Key and peer of an identity. @return WICK_OK, or why not */
typedef wick_status tls_find(void *ctx, wick_session_psk *out, uint8_t peer[32], wick_span identity,
                             wick_session_use use);

typedef struct tls_server tls_server;

typedef struct tls_client { /* private */
    tls_server *server;
    bool used, up;
    bool more; /* its turn ended before its input did */
    uint32_t watched; /* events of epoll */
    wick_sock sock;
    wick_addr from;
    uint8_t peer[32];
    wick_session_psk psk;
    wick_tls tls;
    uint64_t messages, idle_at_ms;
    size_t len, sent;
    uint8_t bytes[TLS_ECHO_MAX];
} tls_client;

struct tls_server {
    const cli *c;
    host *host;
    wick_session_use use;
    tls_find *find;
    wick_sock listener;
    int epoll_fd; /* readable when tls_server_run() has something to do */
    bool open;
    unsigned long served; /* connections that carried something and have ended */
    tls_client client[TLS_SERVER_CLIENTS];
};

/** @return exit code; the error is printed */
int tls_server_open(const cli *c, tls_server *v, host *h, uint16_t port, wick_session_use use,
                    tls_find *find);
void tls_server_run(tls_server *v);
/** Also of a zeroed one. */
void tls_server_close(tls_server *v);

#endif
