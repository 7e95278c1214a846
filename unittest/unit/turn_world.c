/* SPDX-License-Identifier: Apache-2.0 */
#include "turn_world.h"

wick_hal_crypto crypto;
wick_hal_entropy entropy;
uint8_t serial;
wick_turn t;
wick_addr server, me, peer, relayed;

static wick_crypto_ctx cc;
static uint8_t sent[1024];

static wick_status fill(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    for (size_t i = 0; i < len; i++) {
        out[i] = serial++;
    }
    return WICK_OK;
}

wick_turn_config config(void)
{
    wick_turn_config cfg;
    memset(&cfg, 0, sizeof cfg);
    server = wick_addr_v4(20, 0, 0, 10, 3478);
    me = wick_addr_v4(20, 0, 0, 1, 5000);
    peer = wick_addr_v4(20, 0, 0, 20, 7000);
    relayed = wick_addr_v4(20, 0, 0, 10, 50000);
    CHECK_STATUS(wick_crypto_init(&crypto, &cc), WICK_OK);
    entropy.fill = fill;
    cfg.crypto = &crypto;
    cfg.entropy = &entropy;
    cfg.server = server;
    cfg.username = wick_span_text("test");
    cfg.password = wick_span_text("secret");
    return cfg;
}

bool request(wick_stun_msg *m, uint16_t method, uint64_t now)
{
    wick_out out;
    for (unsigned i = 0; i < 20; i++) {
        wick_turn_poll(&t, now, &out);
        if (out.kind == WICK_OUT_SEND && out.bytes.len <= sizeof sent) {
            memcpy(sent, out.bytes.ptr, out.bytes.len);
            return wick_stun_decode(m, wick_span_make(sent, out.bytes.len)) == WICK_OK &&
                   m->method == method;
        }
        if (out.kind != WICK_OUT_EVENT) {
            break;
        }
    }
    return false;
}

void begin(struct answer *a, const wick_stun_msg *q, wick_stun_class cls)
{
    a->buf = wick_buf_make(a->bytes, sizeof a->bytes);
    wick_stun_begin(&a->b, &a->buf, q->method, cls, wick_stun_tid(q));
}

void begin_allocated(struct answer *a, const wick_stun_msg *q, uint32_t lifetime_s)
{
    begin(a, q, WICK_STUN_SUCCESS);
    wick_stun_put_addr(&a->b, WICK_STUN_XOR_RELAYED_ADDRESS, &relayed);
    wick_stun_put_addr(&a->b, WICK_STUN_XOR_MAPPED_ADDRESS, &me);
    wick_stun_put_u32(&a->b, WICK_STUN_LIFETIME, lifetime_s);
}

void begin_challenge(struct answer *a, const wick_stun_msg *q, uint16_t code, const char *nonce)
{
    begin(a, q, WICK_STUN_ERROR);
    wick_stun_put_error(&a->b, code, "");
    wick_stun_put(&a->b, WICK_STUN_NONCE, wick_span_text(nonce));
    wick_stun_put(&a->b, WICK_STUN_REALM, wick_span_text("r"));
}

wick_status give(struct answer *a, uint64_t now)
{
    wick_turn_data data;
    CHECK_STATUS(wick_stun_end(&a->b), WICK_OK);
    return wick_turn_input(&t, now, wick_buf_span(&a->buf), &server, &data);
}
