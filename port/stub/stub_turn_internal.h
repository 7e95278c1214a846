/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STUB_TURN_INTERNAL_H
#define STUB_TURN_INTERNAL_H
/* What the two files of the TURN server share: a request under way, and the reply to it. */
#include "wick/port/stub_turn.h"

#include <string.h>

#include "wick/turn.h"

/* What is known of the request that is being answered. */
struct request {
    wick_stun_msg m;
    const wick_addr *from, *at;
    uint64_t now_ms;
    wick_hmac_key key; /* of the hash that the request was signed with */
    bool authenticated;
    wick_span name; /* user name without expiry */
};

struct reply {
    uint8_t bytes[512];
    wick_buf buf;
    wick_stun_build b;
};

static inline wick_span text(const char *s)
{
    return wick_span_make((const uint8_t *)s, strlen(s));
}

static inline bool same(wick_span a, wick_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* turn_server.c */
void stub_turn_push(wick_stub_turn *s, const wick_addr *from, const wick_addr *to, wick_span bytes);

/* turn_auth.c */
void stub_turn_begin(struct reply *r, const struct request *q, wick_stun_class cls);
/* Ends the reply and sends it; `integrity`: signed, where the request was. */
void stub_turn_finish(wick_stub_turn *s, struct reply *r, const struct request *q, bool integrity);
void stub_turn_refuse(wick_stub_turn *s, const struct request *q, uint16_t code,
                      const char *phrase);
/* Answers itself when it gives false. */
bool stub_turn_authenticate(wick_stub_turn *s, struct request *q);

#endif
