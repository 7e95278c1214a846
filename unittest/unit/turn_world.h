/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TURN_WORLD_H
#define TURN_WORLD_H
/* One TURN client, and the answers of a server that the test makes by hand. */
#include "tap.h"
#include "wick/port/crypto.h"
#include "wick/turn.h"

extern wick_hal_crypto crypto;
extern wick_hal_entropy entropy; /* counts up from `serial` */
extern uint8_t serial;
extern wick_turn t;
extern wick_addr server, me, peer, relayed;

/* User "test", password "secret", at `server`. */
wick_turn_config config(void);
/* The request that the client sends now; a view that lasts until the next. */
bool request(wick_stun_msg *m, uint16_t method, uint64_t now);

struct answer {
    uint8_t bytes[1024];
    wick_buf buf;
    wick_stun_build b;
};

/* An answer to `q`, to be filled in; give() ends it and hands it to the client. */
void begin(struct answer *a, const wick_stun_msg *q, wick_stun_class cls);
void begin_allocated(struct answer *a, const wick_stun_msg *q, uint32_t lifetime_s);
void begin_challenge(struct answer *a, const wick_stun_msg *q, uint16_t code, const char *nonce);
wick_status give(struct answer *a, uint64_t now);

#endif
