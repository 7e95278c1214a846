/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_HAL_NET_H
#define WICK_HAL_NET_H
/*
 * Datagram and stream sockets, non-blocking, by small numbers; asynchronous name resolution;
 * interfaces and default gateways. Calls return a count >= 0, WICK_AGAIN, or an error; none blocks
 * and none calls back.
 */
#include "wick/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef int32_t wick_sock; /* >= 0 */

typedef struct wick_netif {
    char name[16];
    wick_addr addr;    /* port 0 */
    wick_addr gateway; /* all zero if none */
    uint32_t index;
} wick_netif;

typedef struct wick_hal_net {
    void *ctx;
    /** Datagram socket bound to `local` (zero address and port 0: any). Does not wait. */
    wick_status (*udp_open)(void *ctx, wick_sock *out, const wick_addr *local);
    /** @return bytes sent, or WICK_AGAIN, or WICK_E_NET */
    int32_t (*udp_send)(void *ctx, wick_sock s, const wick_addr *to, wick_span bytes);
    /** @return bytes received (0 is an empty datagram), or WICK_AGAIN, or WICK_E_NET; a datagram
     *  longer than `cap` gives WICK_E_NO_SPACE and is gone */
    int32_t (*udp_recv)(void *ctx, wick_sock s, wick_addr *from, uint8_t *buf, size_t cap);
    /** Starts to connect; tcp_send gives WICK_AGAIN until connected. */
    wick_status (*tcp_open)(void *ctx, wick_sock *out, const wick_addr *to);
    int32_t (*tcp_send)(void *ctx, wick_sock s, wick_span bytes);
    /** @return bytes, 0 = closed by the peer, WICK_AGAIN, WICK_E_NET */
    int32_t (*tcp_recv)(void *ctx, wick_sock s, uint8_t *buf, size_t cap);
    wick_status (*local_addr)(void *ctx, wick_sock s, wick_addr *out);
    void (*close)(void *ctx, wick_sock s);
    /** Polls a resolution by host name; ask again with the same name while WICK_AGAIN. */
    wick_status (*resolve)(void *ctx, const char *host, wick_addr *out);
    /** Fills at most `cap` interfaces with an address. @return count */
    int32_t (*interfaces)(void *ctx, wick_netif *out, size_t cap);
    /** Rises whenever an address or a default gateway changed. */
    uint32_t (*change_count)(void *ctx);
} wick_hal_net;

#ifdef __cplusplus
}
#endif
#endif
