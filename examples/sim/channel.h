/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_SIM_CHANNEL_H
#define WICK_SIM_CHANNEL_H
/*
 * DTLS over one session of an agent in the stub world: the end of the way, where an application
 * writes and reads bytes. The initiator of the handshake is the DTLS client.
 */
#include "wick/port/dtls.h"
#include "wick/port/stub_node.h"

struct channel {
    wick_stub_node *node;
    uint8_t session;
    int actor; /* -1: not yet in the world */
    bool up, used;
    wick_dtls dtls;
    wick_dtls_entry entry;
    wick_session_psk psk;
    uint8_t peer[32], address[18];
    char text[256]; /* what came last, zero-terminated */
    unsigned texts;
};

/** After SESSION_UP: begins DTLS with the key of the session. */
wick_status channel_open(struct channel *c, wick_stub_node *node, const wick_gateway_event *e);
/** A record came for the session. */
void channel_input(struct channel *c, wick_span record);
wick_status channel_write(struct channel *c, const char *text);

#endif
