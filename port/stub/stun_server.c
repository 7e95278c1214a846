/* SPDX-License-Identifier: Apache-2.0 */
/* STUN server for tests: see wick/port/stub_stun.h. */
#include "wick/port/stub_stun.h"

#include <string.h>

#define CHANGE_PORT 2u
#define CHANGE_IP 4u

void wick_stub_stun_init(wick_stub_stun *s, const wick_addr *first, const wick_addr *second)
{
    memset(s, 0, sizeof *s);
    for (unsigned i = 0; i < 4; i++) {
        s->at[i] = (i & 2u) != 0 ? *second : *first;
        s->at[i].port = (i & 1u) != 0 ? second->port : first->port;
    }
}

/* Does the request need what this server does not know? */
static bool is_unknown(const wick_stub_stun *s, const wick_stun_msg *m)
{
    return m->unknown_count != 0 || (s->single && wick_stun_has(m, WICK_STUN_CHANGE_REQUEST)) ||
           (s->no_response_port && wick_stun_has(m, WICK_STUN_RESPONSE_PORT));
}

static void put_success(wick_stun_build *b, const wick_stub_stun *s, const wick_stun_msg *m,
                        const wick_addr *from, unsigned at, unsigned came_to)
{
    wick_span padding = wick_stun_get(m, WICK_STUN_PADDING);
    if (s->classic) {
        wick_stun_put_addr(b, WICK_STUN_MAPPED_ADDRESS, from);
        return;
    }
    wick_stun_put_addr(b, WICK_STUN_XOR_MAPPED_ADDRESS, from);
    wick_stun_put_addr(b, WICK_STUN_RESPONSE_ORIGIN, &s->at[at]);
    if (!s->single) {
        wick_stun_put_addr(b, WICK_STUN_OTHER_ADDRESS, &s->at[came_to ^ 3u]);
    }
    if (padding.ptr != NULL) {
        wick_stun_put(b, WICK_STUN_PADDING, padding);
    }
    wick_stun_put_fingerprint(b);
}

bool wick_stub_stun_answer(wick_stub_stun_out *out, wick_stub_stun *s, wick_span request,
                           const wick_addr *from, unsigned at)
{
    wick_stun_msg m;
    wick_stun_build b;
    uint32_t change = 0;
    wick_buf buf = wick_buf_make(out->bytes, sizeof out->bytes);
    if (wick_stun_decode(&m, request) != WICK_OK || m.method != WICK_STUN_BINDING ||
        m.cls != WICK_STUN_REQUEST) {
        return false;
    }
    s->requests++;
    out->to = *from;
    out->at = at;
    if (s->error != 0 || is_unknown(s, &m)) {
        wick_stun_begin(&b, &buf, m.method, WICK_STUN_ERROR, wick_stun_tid(&m));
        wick_stun_put_error(&b, s->error != 0 ? s->error : 420, "refused");
        wick_stun_put_unknown(&b, &m);
    } else {
        if (!s->ignores_changes &&
            wick_stun_get_u32(&change, &m, WICK_STUN_CHANGE_REQUEST) == WICK_OK) {
            out->at ^= ((change & CHANGE_PORT) != 0 ? 1u : 0) | ((change & CHANGE_IP) != 0 ? 2u : 0);
        }
        if (!s->ignores_changes && wick_stun_has(&m, WICK_STUN_RESPONSE_PORT)) {
            out->to.port = wick_load_be16(wick_stun_get(&m, WICK_STUN_RESPONSE_PORT).ptr);
        }
        wick_stun_begin(&b, &buf, m.method, WICK_STUN_SUCCESS, wick_stun_tid(&m));
        put_success(&b, s, &m, from, out->at, at);
    }
    bool good = wick_stun_end(&b) == WICK_OK;
    out->len = buf.len;
    return good;
}

static uint64_t run(void *ctx, wick_stub_world *w)
{
    wick_stub_stun *s = ctx;
    for (unsigned i = 0; i < 4; i++) {
        uint8_t in[WICK_STUB_MTU];
        wick_addr from;
        int n;
        while ((n = wick_stub_recv(w, s->sock[i], &from, in, sizeof in)) >= 0) {
            wick_stub_stun_out out;
            if (!s->down &&
                wick_stub_stun_answer(&out, s, wick_span_make(in, (size_t)n), &from, i)) {
                wick_stub_send(w, s->sock[out.at], &out.to, wick_span_make(out.bytes, out.len));
            }
        }
    }
    return WICK_TIME_NEVER(w->now_ms);
}

bool wick_stub_stun_open(wick_stub_stun *s, wick_stub_world *w)
{
    int host[2] = {wick_stub_host(w, -1, s->at[0]), wick_stub_host(w, -1, s->at[2])};
    int actor = wick_stub_actor_add(w, run, s);
    bool good = host[0] >= 0 && host[1] >= 0 && actor >= 0;
    for (unsigned i = 0; i < 4 && good; i++) {
        s->sock[i] = wick_stub_open(w, host[i >> 1], s->at[i].port, actor);
        good = s->sock[i] >= 0;
    }
    return good;
}
