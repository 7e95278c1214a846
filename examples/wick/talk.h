/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_TALK_H
#define WICK_TALK_H
/*
 * wick connect, listen, register and publish, and what they share. Where a wickd runs with the same
 * wick.conf it does the work, for there is one agent for an identity and one process for a store
 * (by_daemon.c); else the command runs an agent of its own. Over TLS and raw: over.c.
 */
#include "cli.h"
#include "conf.h"
#include "wick/session_keys.h"

/** What goes over a session. */
typedef enum talk_over {
    TALK_DTLS = 0, /* datagrams on the path of the handshake */
    TALK_TLS13,    /* a TCP connection to a service of the peer, TLS with the session's key */
    TALK_TLS12,
    TALK_RAW       /* nothing: key and identity are handed out */
} talk_over;

typedef struct talk_wish {
    talk_over over;
    const char *peer;   /* connect */
    const char *text;   /* to be sent, and to come back */
    const char *suite;  /* --suite, or NULL */
    const char *out;    /* raw: FILE, or "-"; listen: a folder */
    const char *protocol; /* raw: --protocol */
    const char *to;     /* tls: ADDR:PORT instead of what the record says */
    const char *service; /* listen over tls: name of the service */
    const char *address; /* listen over tls: public endpoint, or NULL */
    uint16_t port;       /* listen over tls */
    bool publish, fresh;
    uint64_t timeout_ms, keep_ms;
    unsigned long wanted; /* listen: sessions to serve, 0: no end */
} talk_wish;

/** --over. @return false: none of them */
bool talk_take_over(talk_over *out, const char *text);
/** --protocol of a raw session. @return 0: none of them */
wick_session_use talk_use(const char *protocol);

/** By the daemon of this configuration. @param[out] code exit code  @return false: none runs */
bool daemon_connect(const cli *c, const conf *f, const talk_wish *x, int *code);
bool daemon_listen(const cli *c, const conf *f, const talk_wish *x, int *code);
bool daemon_register(const cli *c, const conf *f, bool publish, uint64_t timeout_ms, int *code);

/** over.c: whatever is not DTLS, by the daemon or an agent of its own. @return exit code */
int over_connect(cli *c, const conf *f, const talk_wish *x);
int over_listen(cli *c, const conf *f, const talk_wish *x);

#endif
