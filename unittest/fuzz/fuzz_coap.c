/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CoAP. The first octet says who reads the rest: the codec, a server, a client with a request under
 * way, or the writer, as a list of what to write. There is one way to write a message, so what was read
 * and is written again is the same bytes.
 */
#include "fuzz.h"

#include "wick/coap_client.h"

static uint8_t bytes[2048];

static wick_status fill(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    memset(out, 7, len);
    return WICK_OK;
}

static const wick_hal_entropy entropy = {NULL, fill};

static void touch_request(const wick_coap_msg *m)
{
    wick_coap_request r;
    wick_coap_response a;
    wick_span value;
    uint8_t code = wick_coap_request_read(&r, m);
    FUZZ_CHECK(r.path_count <= WICK_COAP_SEGMENTS_MAX && r.query_count <= WICK_COAP_SEGMENTS_MAX);
    for (unsigned i = 0; i < r.path_count; i++) {
        fuzz_touch(r.path[i]);
    }
    (void)wick_coap_path_is(&r, "dpk/key");
    (void)wick_coap_path_is(&r, "");
    if (wick_coap_query(&value, &r, "peer")) {
        fuzz_touch(value);
    }
    if (code == 0 && r.block2.given) {
        memset(&a, 0, sizeof a);
        if (wick_coap_slice(&a, &r, wick_span_make(bytes, sizeof bytes)) == 0) {
            fuzz_touch(a.payload);
            FUZZ_CHECK(a.payload.len <= (size_t)16 << a.block2.szx);
            FUZZ_CHECK(a.block2.num == r.block2.num);
        }
    }
}

static void codec(wick_span in)
{
    wick_coap_msg m;
    wick_coap_response a;
    wick_coap_build b;
    wick_coap_option o = {0, {NULL, 0}};
    if (wick_coap_decode(&m, in) != WICK_OK) {
        FUZZ_CHECK(m.code == 0 && m.payload.len == 0 && m.options.len == 0);
        return;
    }
    FUZZ_ACCEPTED();
    fuzz_touch(m.payload);
    wick_buf out = wick_buf_make(bytes, sizeof bytes);
    wick_coap_begin(&b, &out, m.type, m.code, m.id, wick_span_make(m.token, m.token_len));
    for (wick_span rest = m.options; wick_coap_next(&o, &rest);) {
        wick_coap_put(&b, o.number, o.value);
    }
    wick_coap_put_payload(&b, m.payload);
    if (in.len <= sizeof bytes) {
        FUZZ_CHECK(wick_coap_end(&b) == WICK_OK && out.len == in.len &&
                   memcmp(bytes, in.ptr, in.len) == 0);
    }
    if (wick_coap_is_request(&m)) {
        touch_request(&m);
    } else if (wick_coap_is_response(&m) && wick_coap_response_read(&a, &m) == WICK_OK) {
        FUZZ_CHECK(a.etag_len <= sizeof a.etag);
    }
}

static void server(wick_span in)
{
    static wick_coap_server s;
    wick_coap_request r;
    wick_coap_response a;
    wick_out out;
    uint8_t x = 0;
    FUZZ_CHECK(wick_coap_server_init(&s, &entropy) == WICK_OK);
    wick_status st = wick_coap_server_input(&s, &r, &x, 0, in);
    if (st == WICK_OK) {
        FUZZ_ACCEPTED();
        memset(&a, 0, sizeof a);
        a.code = WICK_COAP_CONTENT;
        FUZZ_CHECK(wick_coap_slice(&a, &r, in) != 0 ||
                   wick_coap_server_answer(&s, 0, x, &a) == WICK_OK);
        FUZZ_CHECK(wick_coap_server_input(&s, &r, &x, 0, in) == WICK_AGAIN); /* a duplicate */
    }
    for (unsigned i = 0; i < 3; i++) {
        wick_coap_server_poll(&s, &out, 0);
    }
    FUZZ_CHECK(out.kind == WICK_OUT_WAIT);
}

static void client(wick_span in)
{
    static wick_coap_client c;
    wick_coap_call call;
    wick_coap_response r;
    wick_out out;
    memset(&call, 0, sizeof call);
    call.method = WICK_COAP_GET;
    call.path = "a";
    FUZZ_CHECK(wick_coap_client_init(&c, &entropy) == WICK_OK);
    FUZZ_CHECK(wick_coap_client_begin(&c, 0, &call) == WICK_OK);
    if (wick_coap_client_input(&c, &r, 0, in) == WICK_OK) {
        FUZZ_ACCEPTED();
        fuzz_touch(r.payload);
    }
    for (unsigned i = 0; i < 3; i++) {
        wick_coap_client_poll(&c, &out, 0);
    }
    FUZZ_CHECK(out.kind != WICK_OUT_SEND);
}

/* Two octets name an option, one its length; the message is sound or refused. */
static void writer(const uint8_t *data, size_t size)
{
    wick_coap_build b;
    wick_coap_msg m;
    static const uint8_t zeros[70000];
    wick_buf out = wick_buf_make(bytes, size > 3 && data[3] == 9 ? 7 : sizeof bytes);
    if (size < 3) {
        return;
    }
    wick_coap_begin(&b, &out, (wick_coap_type)(data[0] & 3), data[1], 1,
                    wick_span_make(zeros, data[2] & 15));
    for (size_t at = 3; at + 3 <= size && at < 30; at += 3) {
        uint16_t number = wick_load_be16(data + at);
        if (data[at + 2] == 0xff) {
            wick_coap_put_payload(&b, wick_span_make(zeros, data[at] & 3));
        } else if (data[at + 2] == 0xfe) {
            wick_coap_put(&b, number, wick_span_make(zeros, sizeof zeros));
        } else if (data[at + 2] == 0xfd) {
            wick_coap_put_list(&b, number, wick_span_text(data[at] & 1 ? "a/b//c" : ""), '/');
        } else if (data[at + 2] == 0xfc) {
            wick_coap_put_uint(&b, number, (uint32_t)data[at] << (8 * (data[at + 1] & 3)));
        } else {
            wick_coap_put(&b, number, wick_span_make(zeros, data[at + 2] * 2u));
        }
    }
    if (wick_coap_end(&b) == WICK_OK) {
        FUZZ_ACCEPTED();
        wick_status s = wick_coap_decode(&m, wick_buf_span(&out));
        FUZZ_CHECK(s == WICK_OK || (data[1] == 0 && s == WICK_E_MALFORMED));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    wick_span in = wick_span_make(data + 1, size - 1);
    switch (data[0]) {
    case 1:
        server(in);
        break;
    case 2:
        client(in);
        break;
    case 3:
        writer(in.ptr, in.len);
        break;
    default:
        codec(in);
        break;
    }
    return 0;
}
