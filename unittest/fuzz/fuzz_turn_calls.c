/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TURN client between a hostile server and a restless caller: each input is a program of answers (with the right
 * transaction id, any class and any attributes), raw datagrams, jumps in time and wishes of the
 * caller. Poll must always come to WAIT or DONE, in bounds.
 */
#include "fuzz.h"

#include "wick/port/crypto.h"
#include "wick/turn.h"

static uint8_t serial;
static wick_status fill(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    for (size_t i = 0; i < len; i++) {
        out[i] = serial++;
    }
    return WICK_OK;
}

static wick_turn t;
static uint8_t last[WICK_TURN_TX_BYTES]; /* the latest request */
static size_t last_len;

static void drain(uint64_t now)
{
    wick_out out;
    for (unsigned i = 0; i < 500; i++) {
        wick_turn_poll(&t, now, &out);
        if (out.kind == WICK_OUT_WAIT || out.kind == WICK_OUT_DONE) {
            if (out.kind == WICK_OUT_WAIT && wick_time_reached(now, out.deadline_ms)) {
                abort(); /* a deadline in the past is a busy loop */
            }
            return;
        }
        if (out.kind == WICK_OUT_SEND) {
            memcpy(last, out.bytes.ptr, out.bytes.len);
            last_len = out.bytes.len;
        }
    }
    abort();
}

static void give(wick_span bytes, uint64_t now)
{
    wick_turn_data d;
    wick_status status = wick_turn_input(&t, now, bytes, wick_turn_server(&t), &d);
    if (status == WICK_OK) {
        fuzz_touch(d.data);
    }
    if (status == WICK_OK || status == WICK_AGAIN) {
        FUZZ_ACCEPTED();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static wick_crypto_ctx cc;
    static wick_hal_crypto crypto;
    static const wick_hal_entropy entropy = {NULL, fill};
    static const uint8_t secret[] = "secret";
    wick_turn_config cfg;
    uint64_t now = 0;
    if (crypto.hash_begin == NULL && wick_crypto_init(&crypto, &cc) != WICK_OK) {
        abort();
    }
    memset(&cfg, 0, sizeof cfg);
    cfg.crypto = &crypto;
    cfg.entropy = &entropy;
    cfg.server = wick_addr_v4(20, 0, 0, 10, 3478);
    cfg.username = wick_span_make(secret, 6);
    cfg.password = cfg.username;
    serial = 0;
    last_len = 0;
    if (wick_turn_init(&t, &cfg) != WICK_OK || wick_turn_start(&t, 0) != WICK_OK) {
        abort();
    }
    drain(now);
    for (size_t at = 0; at + 2 <= size;) {
        uint8_t what = data[at], arg = data[at + 1];
        at += 2;
        size_t len = arg < size - at ? arg : size - at;
        wick_addr peer = wick_addr_v4(20, 0, 0, (uint8_t)(arg & 31u), (uint16_t)(1 + (arg >> 5)));
        switch (what & 7u) {
        case 0:
        case 1: {
            /* an answer to the latest request: `len` bytes of attributes */
            uint8_t m[20 + 256];
            if (last_len < 20) {
                break;
            }
            size_t padded = (len + 3) & ~(size_t)3;
            memset(m, 0, sizeof m);
            memcpy(m, last, 20);
            m[0] = (uint8_t)(m[0] | 0x01);
            m[1] = (uint8_t)(m[1] | ((what & 1u) << 4));
            wick_store_be16(m + 2, (uint16_t)padded);
            memcpy(m + 20, data + at, len);
            at += len;
            give(wick_span_make(m, 20 + padded), now);
            break;
        }
        case 2:
            give(wick_span_make(data + at, len), now);
            at += len;
            break;
        case 3:
            now += (uint64_t)arg * arg * (1u + (what >> 3));
            break;
        case 4:
            (void)!wick_turn_permit(&t, now, &peer);
            break;
        case 5:
            (void)!((what & 8u) != 0 ? wick_turn_unbind(&t, &peer) : wick_turn_bind(&t, now, &peer));
            break;
        case 6:
            if ((what & 8u) != 0) {
                wick_turn_refused(&t, now);
            } else {
                (void)!wick_turn_unpermit(&t, &peer);
            }
            break;
        default:
            if ((what & 8u) != 0) {
                wick_turn_release(&t, now);
            } else {
                (void)!wick_turn_start(&t, now);
            }
            break;
        }
        drain(now);
    }
    wick_turn_wipe(&t);
    return 0;
}
