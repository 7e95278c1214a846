/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TURN client against a hostile server: the input is a list of {milliseconds u8, length u16,
 * datagram}. Where a datagram looks like an answer it gets the transaction id of the last request,
 * or nearly all would be dropped at once. An empty datagram means that the client has another socket.
 * How long the input is says what the client asks for: mobility, two families, a stream, no less than
 * SHA-256. The client must always come to WAIT or DONE, and must never give data out of thin air.
 */
#include "fuzz.h"

#include "wick/port/crypto.h"
#include "wick/turn.h"

#define POLLS_MAX 200

static wick_crypto_ctx cc;
static wick_hal_crypto crypto;
static uint8_t counter;

static wick_status fill(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    for (size_t i = 0; i < len; i++) {
        out[i] = counter++;
    }
    return WICK_OK;
}

static const wick_hal_entropy entropy = {NULL, fill};

static void poll_all(wick_turn *t, uint64_t now_ms, uint8_t tid[WICK_STUN_TID_BYTES])
{
    for (int i = 0;; i++) {
        wick_out out;
        FUZZ_CHECK(i < POLLS_MAX);
        wick_turn_poll(t, now_ms, &out);
        if (out.kind == WICK_OUT_SEND) {
            fuzz_touch(out.bytes);
            if (out.bytes.len >= 20) {
                memcpy(tid, out.bytes.ptr + 8, WICK_STUN_TID_BYTES);
            }
        } else if (out.kind != WICK_OUT_EVENT) {
            return;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static wick_turn t;
    static uint8_t datagram[2048];
    uint8_t tid[WICK_STUN_TID_BYTES] = {0};
    uint64_t now = 1000;
    wick_turn_config cfg;
    if (crypto.ctx == NULL && wick_crypto_init(&crypto, &cc) != WICK_OK) {
        abort();
    }
    counter = 0;
    memset(&cfg, 0, sizeof cfg);
    cfg.crypto = &crypto;
    cfg.entropy = &entropy;
    cfg.server = wick_addr_v4(20, 0, 0, 10, 3478);
    cfg.username = wick_span_text("test");
    cfg.password = wick_span_text("secret");
    cfg.mobile = (size & 1u) != 0;
    cfg.stream = (size & 2u) != 0;
    cfg.family = (size & 4u) != 0 ? WICK_TURN_FAMILY_BOTH : WICK_TURN_FAMILY_DEFAULT;
    cfg.require_sha256 = (size & 24u) == 24u;
    wick_addr peer = wick_addr_v4(20, 0, 0, 11, 50000);
    if (wick_turn_init(&t, &cfg) != WICK_OK || wick_turn_start(&t, now) != WICK_OK) {
        abort();
    }
    poll_all(&t, now, tid);
    size_t at = 0;
    while (at + 3 <= size) {
        size_t len = wick_load_be16(data + at + 1);
        now += data[at] * 16u;
        at += 3;
        len = len > size - at ? size - at : len;
        len = len > sizeof datagram ? sizeof datagram : len;
        memcpy(datagram, data + at, len);
        at += len;
        if (len == 0) {
            wick_turn_moved(&t, now);
            poll_all(&t, now, tid);
            continue;
        }
        if (len >= 20 && (datagram[0] & 1u) != 0) {
            memcpy(datagram + 8, tid, sizeof tid);
        }
        wick_turn_data got;
        memset(&got, 0, sizeof got);
        wick_status s = wick_turn_input(&t, now, wick_span_make(datagram, len), &cfg.server, &got);
        FUZZ_CHECK(s != WICK_E_TURN_ICMP || (wick_turn_is_allocated(&t) && got.data.len == 0));
        if (s == WICK_OK) {
            FUZZ_ACCEPTED();
            FUZZ_CHECK(wick_turn_is_allocated(&t));
            fuzz_touch(got.data);
            FUZZ_CHECK(got.data.len == 0 || (got.data.ptr >= datagram &&
                                             got.data.ptr + got.data.len <= datagram + len));
        }
        poll_all(&t, now, tid);
        (void)!wick_turn_permit(&t, now, &peer);
        (void)!wick_turn_bind(&t, now, &peer);
        poll_all(&t, now, tid);
    }
    wick_turn_wipe(&t);
    return 0;
}
