/* SPDX-License-Identifier: Apache-2.0 */
/* STUN and ChannelData: the messages that budgets.txt counts, HMAC states warm. */
#include "bench.h"

#include <string.h>

#include "wick/port/crypto.h"
#include "wick/stun.h"
#include "wick/turn.h"

static wick_crypto_ctx cc;
static wick_hal_crypto crypto;
static wick_hmac_key key;
static const uint8_t tid[WICK_STUN_TID_BYTES] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
static const uint8_t payload[100] = {7};
static uint8_t out[256], in[256];
static size_t out_len, in_len;
static wick_status status;
static wick_stun_msg view;
static wick_addr peer;
static wick_span data;
static wick_channeldata channel;

static wick_span text(const char *s)
{
    return wick_span_make((const uint8_t *)s, strlen(s));
}

BENCH_SETUP(turn_allocate_encode)
{
    uint8_t k[WICK_TURN_KEY_BYTES];
    if (wick_crypto_init(&crypto, &cc) != WICK_OK ||
        wick_turn_key(k, &crypto, text("test"), text("lab.example"), text("secret")) != WICK_OK ||
        wick_hmac_key_init(&key, &crypto, WICK_HASH_SHA1, wick_span_make(k, sizeof k)) != WICK_OK) {
        BENCH_SKIP("no crypto");
    }
    return BENCH_READY;
}

BENCH(turn_allocate_encode)
{
    wick_buf b = wick_buf_make(out, sizeof out);
    wick_stun_build s;
    wick_stun_begin(&s, &b, WICK_STUN_ALLOCATE, WICK_STUN_REQUEST, tid);
    wick_stun_put_u32(&s, WICK_STUN_REQUESTED_TRANSPORT, UINT32_C(17) << 24);
    wick_stun_put_u32(&s, WICK_STUN_LIFETIME, 777);
    wick_stun_put(&s, WICK_STUN_USERNAME, wick_span_make((const uint8_t *)"test", 4));
    wick_stun_put(&s, WICK_STUN_REALM, wick_span_make((const uint8_t *)"lab.example", 11));
    wick_stun_put(&s, WICK_STUN_NONCE, wick_span_make((const uint8_t *)"06e46b87bbf92863", 16));
    wick_stun_put_integrity(&s, &key);
    status = wick_stun_end(&s);
    out_len = b.len;
}

BENCH_CHECK(turn_allocate_encode)
{
    return status == WICK_OK && out_len == 104 &&
           wick_stun_decode(&view, wick_span_make(out, out_len)) == WICK_OK &&
           wick_stun_check_integrity(&view, &key) == WICK_OK;
}

BENCH_SETUP(turn_answer_decode)
{
    const char *skip = setup_turn_allocate_encode();
    wick_buf b = wick_buf_make(in, sizeof in);
    wick_stun_build s;
    wick_addr relayed = wick_addr_v4(20, 0, 0, 10, 50000);
    if (skip != NULL) {
        return skip;
    }
    wick_stun_begin(&s, &b, WICK_STUN_ALLOCATE, WICK_STUN_SUCCESS, tid);
    wick_stun_put_addr(&s, WICK_STUN_XOR_RELAYED_ADDRESS, &relayed);
    wick_stun_put_addr(&s, WICK_STUN_XOR_MAPPED_ADDRESS, &relayed);
    wick_stun_put_u32(&s, WICK_STUN_LIFETIME, 600);
    wick_stun_put(&s, WICK_STUN_SOFTWARE, text("Coturn-4.6.1 'Gorst'"));
    wick_stun_put_integrity(&s, &key);
    status = wick_stun_end(&s);
    in_len = b.len;
    return BENCH_READY;
}

BENCH(turn_answer_decode)
{
    status = wick_stun_decode(&view, wick_span_make(in, in_len));
    if (status == WICK_OK) {
        status = wick_stun_check_integrity(&view, &key);
    }
}

BENCH_CHECK(turn_answer_decode)
{
    return status == WICK_OK;
}

BENCH_SETUP(turn_indication_decode)
{
    wick_buf b = wick_buf_make(in, sizeof in);
    wick_stun_build s;
    wick_addr from = wick_addr_v4(20, 0, 0, 10, 50000);
    wick_stun_begin(&s, &b, WICK_STUN_DATA, WICK_STUN_INDICATION, tid);
    wick_stun_put_addr(&s, WICK_STUN_XOR_PEER_ADDRESS, &from);
    wick_stun_put(&s, WICK_STUN_DATA_ATTR, wick_span_make(payload, sizeof payload));
    status = wick_stun_end(&s);
    in_len = b.len;
    return BENCH_READY;
}

BENCH(turn_indication_decode)
{
    status = wick_stun_decode(&view, wick_span_make(in, in_len));
    if (status == WICK_OK) {
        status = wick_stun_get_addr(&peer, &view, WICK_STUN_XOR_PEER_ADDRESS);
        data = wick_stun_get(&view, WICK_STUN_DATA_ATTR);
    }
}

BENCH_CHECK(turn_indication_decode)
{
    return status == WICK_OK && peer.port == 50000 && data.len == sizeof payload;
}

BENCH_SETUP(turn_channeldata_encode)
{
    wick_buf b = wick_buf_make(out, sizeof out);
    wick_status warm = wick_channeldata_encode(&b, 0x4002, wick_span_make(tid, sizeof tid));
    memset(out, 0, sizeof out);
    return warm == WICK_OK ? BENCH_READY : "encode failed";
}

BENCH(turn_channeldata_encode)
{
    wick_buf b = wick_buf_make(out, sizeof out);
    status = wick_channeldata_encode(&b, 0x4001, wick_span_make(payload, sizeof payload));
}

BENCH_CHECK(turn_channeldata_encode)
{
    return status == WICK_OK && out[1] == 1 && out[3] == 100 && out[4] == 7;
}

#define setup_turn_channeldata_wrap setup_turn_channeldata_encode
BENCH(turn_channeldata_wrap)
{
    wick_channeldata_head(out, 0x4001, sizeof payload);
}

BENCH_CHECK(turn_channeldata_wrap)
{
    return out[0] == 0x40 && out[3] == 100;
}

BENCH_SETUP(turn_channeldata_decode)
{
    wick_buf b = wick_buf_make(in, sizeof in);
    status = wick_channeldata_encode(&b, 0x4001, wick_span_make(payload, sizeof payload));
    in_len = b.len;
    return BENCH_READY;
}

BENCH(turn_channeldata_decode)
{
    status = wick_channeldata_decode(&channel, wick_span_make(in, in_len));
}

BENCH_CHECK(turn_channeldata_decode)
{
    return status == WICK_OK && channel.channel == 0x4001 && channel.data.len == 100;
}

BENCH_MAIN(BENCH_CASE(turn_allocate_encode), BENCH_CASE(turn_answer_decode),
           BENCH_CASE(turn_indication_decode), BENCH_CASE(turn_channeldata_encode),
           BENCH_CASE(turn_channeldata_wrap), BENCH_CASE(turn_channeldata_decode))
