/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PORT_TURN_LINK_H
#define WICK_PORT_TURN_LINK_H
/*
 * The socket under a TURN client: UDP, TCP or TLS to its server. A stream is opened when there is
 * something to send, to where the client wants it, and again elsewhere when the server sends it there
 * (ALTERNATE-SERVER). When it breaks, a client with a mobility ticket is moved to a new one once;
 * another client has lost its allocation with it.
 *
 *     wick_turn_config cfg = {..., .stream = over != WICK_TURN_OVER_UDP};
 *     s = wick_turn_init(&turn, &cfg);
 *     s = wick_turn_link_init(&link, &link_cfg);
 *     s = wick_turn_start(&turn, now);
 *     for (;;) {
 *         while (wick_turn_link_run(&link, &turn, now, &out, &data) == WICK_OK) { use(data); }
 *         // out: EVENT (call again), WAIT until out.deadline_ms or the socket, or DONE
 *     }
 *
 * TLS is 1.2 or 1.3 with the server's certificate checked as wick/port/https.h does: chain and name, or
 * a pinned key. The server that ALTERNATE-SERVER names must show the same (RFC 8489 section 10).
 *
 * What cannot be sent now waits in the link, up to WICK_TURN_LINK_TX_BYTES; more is dropped, as a
 * datagram would be, for what is relayed are datagrams.
 *
 * Size (64-bit): 18 KB; TLS takes up to 50 KB from the pool besides.
 */
#include "wick/hal/net.h"
#include "wick/port/https.h"
#include "wick/turn.h"
#include "wick/turn_stream.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Longest message from the server. Range 1500..65536. */
#ifndef WICK_TURN_LINK_RX_BYTES
#define WICK_TURN_LINK_RX_BYTES 4096
#endif
/* Bytes that may wait for a stream to take them. Range 2048..65536. */
#ifndef WICK_TURN_LINK_TX_BYTES
#define WICK_TURN_LINK_TX_BYTES 8192
#endif
/* A stream, handshake included, has to be up after so long, milliseconds. */
#ifndef WICK_TURN_LINK_CONNECT_MS
#define WICK_TURN_LINK_CONNECT_MS 10000
#endif

typedef enum wick_turn_over {
    WICK_TURN_OVER_UDP = 0,
    WICK_TURN_OVER_TCP,
    WICK_TURN_OVER_TLS
} wick_turn_over;

/** All pointers are kept. */
typedef struct wick_turn_link_config {
    const wick_hal_net *net;
    wick_turn_over over;
    wick_addr local;               /* UDP: bound to; zero: any */
    const wick_https_trust *trust; /* TLS */
    const char *host;              /* TLS: the server's name; NULL: its address stands in the
                                    * certificate */
} wick_turn_link_config;

typedef struct wick_turn_link { /* private but for the counters */
    wick_turn_link_config cfg;
    uint64_t bytes, messages; /* both ways, without what TLS and TCP add */
    wick_addr peer;           /* end of the stream */
    uint64_t deadline_ms;
    wick_status failure; /* why the last stream ended */
    wick_sock sock;
    uint8_t state;
    bool tried; /* a stream has been opened again since the last message */
    wick_turn_stream stream;
    size_t tx_len;
    wick_https tls;
    uint8_t rx[WICK_TURN_LINK_RX_BYTES];
    uint8_t tx[WICK_TURN_LINK_TX_BYTES];
} wick_turn_link;

/** Takes the configuration; opens nothing.
 *  @retval WICK_OK  @retval WICK_E_BAD_ARG no net, or TLS without trust */
WICK_NODISCARD wick_status wick_turn_link_init(wick_turn_link *l, const wick_turn_link_config *cfg);

/**
 * Moves bytes between the client and its server until one of them wants something of the caller.
 * @retval WICK_OK     data of a peer in `data`, a view until the next call: call again
 * @retval WICK_AGAIN  `out` is EVENT (call again), WAIT or DONE of wick_turn_poll()
 */
WICK_NODISCARD wick_status wick_turn_link_run(wick_turn_link *l, wick_turn *t, uint64_t now_ms,
                                              wick_out *out, wick_turn_data *data);

/** Sends what wick_turn_send() has written, which goes to wick_turn_server().
 *  @retval WICK_OK sent, or waits  @retval WICK_E_LIMIT dropped  @retval WICK_E_NET */
WICK_NODISCARD wick_status wick_turn_link_send(wick_turn_link *l, uint64_t now_ms,
                                               const wick_addr *to, wick_span bytes);

/**
 * The next message of a stream, for who carries the client's bytes himself (wick/gateway.h): he sends
 * with wick_turn_link_send(). Hands over what waits to be sent, too.
 * @retval WICK_OK     `message`, a view until the next call: call again
 * @retval WICK_AGAIN  nothing more now, or no stream is open
 * @retval others      the stream has ended for this reason, and is closed
 */
WICK_NODISCARD wick_status wick_turn_link_receive(wick_turn_link *l, uint64_t now_ms,
                                                  wick_span *message);
/** The earlier of `t` and the time at which a stream that is not up by then is given up. */
uint64_t wick_turn_link_deadline(const wick_turn_link *l, uint64_t t);

/** The socket to wait for, or -1 before anything was sent. */
wick_sock wick_turn_link_sock(const wick_turn_link *l);
/** Is it to become writable too? */
bool wick_turn_link_wants_write(const wick_turn_link *l);
/** Why the last stream ended, where the client only says WICK_E_NET: of wick_https_poll(),
 *  WICK_E_TIMEOUT, WICK_E_MALFORMED ... */
wick_status wick_turn_link_failure(const wick_turn_link *l);

/** Drops the socket: the next thing to send goes through another one. For a change of interface;
 *  followed by wick_turn_moved(). */
void wick_turn_link_reopen(wick_turn_link *l);
/** Closes and wipes. */
void wick_turn_link_close(wick_turn_link *l);

#ifdef __cplusplus
}
#endif
#endif
