/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gateway's service for its leaves (wick/leaf.h, wick/leaf_answer.h): each resource, each refusal,
 * bodies in blocks, several leaves beside each other. The gateway behind it is the test.
 */
#include "tap.h"

#include "wick/coap_client.h"
#include "wick/leaf.h"
#include "wick/port/crypto.h"
#include "wick/record.h"

static wick_leaf_service svc;
static uint8_t body[6000];
static uint8_t gateway_id[32] = {0x67};
static uint8_t peer_id[32];
static wick_coap_client leaf[WICK_LEAVES_MAX];
static wick_coap_response resp;
static uint8_t wire[2048];
static wick_leaf_ask asked;

static wick_status fill(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)(17 + i);
    }
    return WICK_OK;
}

static const wick_hal_entropy entropy = {NULL, fill};

static void setup(void)
{
    static const char *const names[] = {"leaf-0", "leaf-1", "leaf-2", "leaf-3"};
    wick_leaf_init(&svc, gateway_id, body, sizeof body);
    for (uint8_t i = 0; i < WICK_LEAVES_MAX; i++) {
        CHECK_STATUS(wick_leaf_open(&svc, &entropy, i, names[i % 4]), WICK_OK);
        CHECK_STATUS(wick_coap_client_init(&leaf[i], &entropy), WICK_OK);
    }
    CHECK_STATUS(wick_name_hash(peer_id, wick_span_text("gw-b")), WICK_OK);
}

/* The next thing that comes out of the service; a datagram for leaf `i` is taken by it. */
static wick_leaf_out_kind step(uint8_t i, uint64_t now_ms, wick_status *got)
{
    wick_leaf_out out;
    *got = WICK_AGAIN;
    wick_leaf_poll(&svc, &out, now_ms);
    if (out.kind == WICK_LEAF_OUT_ASK) {
        asked = out.ask;
    } else if (out.kind == WICK_LEAF_OUT_SEND) {
        CHECK_INT(out.leaf, i);
        CHECK(out.bytes.len <= sizeof wire);
        memcpy(wire, out.bytes.ptr, out.bytes.len);
        *got = wick_coap_client_input(&leaf[i], &resp, now_ms, wick_span_make(wire, out.bytes.len));
    }
    return out.kind;
}

static void say(uint8_t i, uint64_t now_ms, const wick_coap_call *call)
{
    wick_out out;
    CHECK_STATUS(wick_coap_client_begin(&leaf[i], now_ms, call), WICK_OK);
    wick_coap_client_poll(&leaf[i], &out, now_ms);
    CHECK_INT(out.kind, WICK_OUT_SEND);
    CHECK_STATUS(wick_leaf_input(&svc, now_ms, i, out.bytes), WICK_OK);
}

static void get(uint8_t i, uint64_t now_ms, const char *path, const char *query)
{
    wick_coap_call call;
    memset(&call, 0, sizeof call);
    call.method = WICK_COAP_GET;
    call.path = path;
    call.query = query;
    say(i, now_ms, &call);
}

/* Code of what leaf `i` is answered now, 0: nothing. */
static uint8_t code_now(uint8_t i, uint64_t now_ms)
{
    wick_status got;
    return step(i, now_ms, &got) == WICK_LEAF_OUT_SEND && got == WICK_OK ? resp.code : 0;
}

static bool asks(uint8_t i, uint64_t now_ms, wick_leaf_kind kind)
{
    wick_status got;
    memset(&asked, 0, sizeof asked);
    return step(i, now_ms, &got) == WICK_LEAF_OUT_ASK && asked.kind == kind && asked.leaf == i;
}

/* ---- resources ---- */

TEST(key)
{
    wick_leaf_key key, got;
    setup();
    get(1, 0, "dpk/key", "peer=gw-b/echo@home");
    REQUIRE(asks(1, 0, WICK_LEAF_KEY));
    CHECK(strcmp(asked.peer, "gw-b/echo@home") == 0 && strcmp(asked.name, "leaf-1") == 0);
    memset(&key, 0, sizeof key);
    memcpy(key.peer, peer_id, 32);
    key.epoch = 7;
    key.key_type = 2;
    key.key[31] = 9;
    key.not_after = 1900000000;
    key.block_number = 123;
    key.tier = 1;
    CHECK_STATUS(wick_leaf_key_is(&svc, 5, asked.id + 1, &key), WICK_E_STATE);
    CHECK_STATUS(wick_leaf_key_is(&svc, 5, asked.id, &key), WICK_OK);
    CHECK_STATUS(wick_leaf_key_is(&svc, 5, asked.id, &key), WICK_E_STATE);
    CHECK_INT(code_now(1, 5), WICK_COAP_CONTENT);
    CHECK(resp.has_content_format && resp.content_format == WICK_COAP_OCTETS);
    REQUIRE_STATUS(wick_leaf_key_read(&got, resp.payload, peer_id, 0), WICK_OK);
    CHECK_MEM(&got, &key, sizeof got);
    CHECK_STATUS(wick_leaf_key_read(&got, resp.payload, peer_id, 7), WICK_OK);
}

/* Must 30: the leaf compares whom and which epoch the answer is about. */
TEST(must_30_answer_about_another_peer)
{
    uint8_t bytes[128], other[32];
    wick_leaf_key key, got;
    wick_leaf_ticket t;
    wick_leaf_head h;
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    setup();
    memset(&key, 0, sizeof key);
    memcpy(key.peer, peer_id, 32);
    key.epoch = 7;
    CHECK_STATUS(wick_name_hash(other, wick_span_text("gw-c")), WICK_OK);
    wick_leaf_key_put(&b, &key);
    CHECK_STATUS(wick_leaf_key_read(&got, wick_buf_span(&b), other, 0), WICK_E_LEAF_PEER);
    CHECK_STATUS(wick_leaf_ticket_read(&t, wick_buf_span(&b), other, 0), WICK_E_LEAF_PEER);
    CHECK_STATUS(wick_leaf_head_read(&h, wick_buf_span(&b), other, 0), WICK_E_LEAF_PEER);
    for (unsigned i = 0; i < 32 * 8; i++) {
        bytes[1 + i / 8] ^= (uint8_t)(1u << i % 8);
        CHECK_STATUS(wick_leaf_key_read(&got, wick_buf_span(&b), peer_id, 0), WICK_E_LEAF_PEER);
        bytes[1 + i / 8] ^= (uint8_t)(1u << i % 8);
    }
    CHECK_STATUS(wick_leaf_key_read(&got, wick_buf_span(&b), peer_id, 8), WICK_E_RECORD_STALE);
    CHECK(wick_ct_is_zero((const uint8_t *)&got, sizeof got));
    bytes[0] = 2;
    CHECK_STATUS(wick_leaf_key_read(&got, wick_buf_span(&b), peer_id, 0), WICK_E_UNSUPPORTED);
    bytes[0] = 1;
    for (size_t len = 0; len < b.len; len++) {
        CHECK_STATUS(wick_leaf_key_read(&got, wick_span_make(bytes, len), peer_id, 0),
                     WICK_E_TRUNCATED);
    }
    CHECK_STATUS(wick_leaf_key_read(&got, wick_span_make(bytes, b.len + 1), peer_id, 0),
                 WICK_E_TRAILING);
}

TEST(ticket)
{
    static const char text[] = "dpk1.abcdef";
    uint8_t ks[32], bad[96];
    wick_leaf_ticket t;
    setup();
    memset(ks, 0x55, sizeof ks);
    get(0, 0, "dpk/ticket", "peer=gw-b");
    REQUIRE(asks(0, 0, WICK_LEAF_TICKET));
    CHECK_STATUS(wick_leaf_ticket_is(&svc, 0, asked.id, peer_id, 3, ks, wick_span_text(text)),
                 WICK_OK);
    CHECK_INT(code_now(0, 0), WICK_COAP_CONTENT);
    REQUIRE_STATUS(wick_leaf_ticket_read(&t, resp.payload, peer_id, 3), WICK_OK);
    CHECK(t.epoch == 3 && t.text.len == 11 && memcmp(t.ks, ks, 32) == 0);
    CHECK_MEM(t.text.ptr, text, 11);
    memcpy(bad, resp.payload.ptr, resp.payload.len);
    CHECK_STATUS(wick_leaf_ticket_read(&t, wick_span_make(bad, 69), peer_id, 0), WICK_E_MALFORMED);
    CHECK_STATUS(wick_leaf_ticket_read(&t, wick_span_make(bad, 68), peer_id, 0), WICK_E_TRUNCATED);
    bad[75] = ' ';
    CHECK_STATUS(wick_leaf_ticket_read(&t, wick_span_make(bad, 80), peer_id, 0), WICK_E_MALFORMED);
    CHECK(wick_ct_is_zero((const uint8_t *)&t, sizeof t));
    /* It holds a key: gone from the service once duplicates cannot come any more. */
    wick_leaf_out out;
    wick_leaf_poll(&svc, &out, 300000);
    CHECK(wick_ct_is_zero((const uint8_t *)svc.leaf[0].server.exchange,
                          sizeof svc.leaf[0].server.exchange));
}

TEST(send)
{
    static uint8_t payload[WICK_LEAF_PAYLOAD_MAX + 1];
    wick_coap_call call;
    wick_leaf_head h;
    setup();
    memset(&call, 0, sizeof call);
    memset(payload, 0xa5, sizeof payload);
    call.method = WICK_COAP_POST;
    call.path = "dpk/send";
    call.query = "peer=gw-b/echo";
    call.payload = wick_span_make(payload, WICK_LEAF_PAYLOAD_MAX);
    say(2, 0, &call);
    REQUIRE(asks(2, 0, WICK_LEAF_SEND));
    CHECK(asked.payload.len == WICK_LEAF_PAYLOAD_MAX && asked.payload.ptr[959] == 0xa5);
    CHECK_STATUS(wick_leaf_sent(&svc, 0, asked.id, peer_id, 1, asked.payload), WICK_OK);
    CHECK_INT(code_now(2, 0), WICK_COAP_CHANGED);
    REQUIRE_STATUS(wick_leaf_head_read(&h, resp.payload, peer_id, 1), WICK_OK);
    CHECK(h.rest.len == WICK_LEAF_PAYLOAD_MAX && memcmp(h.rest.ptr, payload, h.rest.len) == 0);
    call.payload.len = WICK_LEAF_PAYLOAD_MAX + 1;
    say(2, 0, &call);
    CHECK_INT(code_now(2, 0), WICK_COAP_TOO_LARGE);
    call.payload.len = 1;
    say(2, 0, &call);
    REQUIRE(asks(2, 0, WICK_LEAF_SEND));
    CHECK_STATUS(wick_leaf_sent(&svc, 0, asked.id, peer_id, 1,
                                wick_span_make(payload, sizeof payload)), WICK_E_NO_SPACE);
    CHECK_INT(code_now(2, 0), WICK_COAP_INTERNAL);
}

TEST(enrolment_and_a_new_key)
{
    static wick_crypto_ctx cc;
    wick_hal_crypto crypto;
    wick_leaf_enrolment e, got;
    wick_coap_call call;
    uint8_t psk[32], mine[32], at_leaf[32], at_gateway[32];
    char id_leaf[WICK_LEAF_IDENTITY_BYTES], id_gateway[WICK_LEAF_IDENTITY_BYTES];
    REQUIRE_STATUS(wick_crypto_init(&crypto, &cc), WICK_OK);
    setup();
    get(0, 0, "dpk/leaf", NULL);
    REQUIRE(asks(0, 0, WICK_LEAF_ENROL));
    CHECK(asked.payload.len == 0 && asked.peer[0] == '\0');
    memset(&e, 0, sizeof e);
    memcpy(e.gateway, gateway_id, 32);
    memcpy(e.subject, "leaf-0", 6);
    e.unix_s = 1800000000;
    CHECK_STATUS(wick_leaf_enrolled(&svc, 0, asked.id, &e), WICK_OK);
    CHECK_INT(code_now(0, 0), WICK_COAP_CONTENT);
    REQUIRE_STATUS(wick_leaf_enrolment_read(&got, resp.payload), WICK_OK);
    CHECK_MEM(&got, &e, sizeof e);
    memset(&call, 0, sizeof call);
    memset(mine, 0x11, sizeof mine);
    memset(psk, 0x22, sizeof psk);
    call.method = WICK_COAP_POST;
    call.path = "dpk/leaf";
    call.payload = wick_span_make(mine, 31);
    say(0, 0, &call);
    CHECK_INT(code_now(0, 0), WICK_COAP_BAD_REQUEST);
    call.payload = wick_span_make(mine, 32);
    say(0, 0, &call);
    REQUIRE(asks(0, 0, WICK_LEAF_ENROL) && asked.payload.len == 32);
    e.changes = true;
    memset(e.contribution, 0x33, sizeof e.contribution);
    REQUIRE_STATUS(wick_leaf_key_next(at_gateway, id_gateway, &crypto, wick_span_make(psk, 32),
                                      asked.payload.ptr, &e), WICK_OK);
    CHECK_STATUS(wick_leaf_enrolled(&svc, 0, asked.id, &e), WICK_OK);
    CHECK_INT(code_now(0, 0), WICK_COAP_CHANGED);
    REQUIRE_STATUS(wick_leaf_enrolment_read(&got, resp.payload), WICK_OK);
    REQUIRE(got.changes);
    REQUIRE_STATUS(wick_leaf_key_next(at_leaf, id_leaf, &crypto, wick_span_make(psk, 32), mine,
                                      &got), WICK_OK);
    CHECK_MEM(at_leaf, at_gateway, 32);
    CHECK(strcmp(id_leaf, id_gateway) == 0 && strlen(id_leaf) == 27);
    CHECK(memcmp(at_leaf, psk, 32) != 0);
    /* Each part counts. */
    psk[0] ^= 1;
    REQUIRE_STATUS(wick_leaf_key_next(at_leaf, id_leaf, &crypto, wick_span_make(psk, 32), mine,
                                      &got), WICK_OK);
    CHECK(memcmp(at_leaf, at_gateway, 32) != 0 && strcmp(id_leaf, id_gateway) != 0);
    psk[0] ^= 1;
    got.subject[0] ^= 1;
    REQUIRE_STATUS(wick_leaf_key_next(at_leaf, id_leaf, &crypto, wick_span_make(psk, 32), mine,
                                      &got), WICK_OK);
    CHECK(memcmp(at_leaf, at_gateway, 32) != 0);
    for (size_t len = 0; len < resp.payload.len; len++) {
        if (len != 57) { /* an enrolment without a change */
            CHECK_STATUS(wick_leaf_enrolment_read(&got, wick_span_make(resp.payload.ptr, len)),
                         WICK_E_TRUNCATED);
        }
    }
}

/* The vector of core/psk/PROTOCOL.md section 14.3. */
TEST(next_key_vector)
{
    static wick_crypto_ctx cc;
    wick_hal_crypto crypto;
    wick_leaf_enrolment e;
    uint8_t key[32], leaf32[32], next[32], want[32];
    char identity[WICK_LEAF_IDENTITY_BYTES];
    REQUIRE_STATUS(wick_crypto_init(&crypto, &cc), WICK_OK);
    memset(&e, 0, sizeof e);
    for (uint8_t i = 0; i < 32; i++) {
        key[i] = i;
        e.gateway[i] = (uint8_t)(0x40 + i);
    }
    memset(leaf32, 0x11, sizeof leaf32);
    memset(e.contribution, 0x33, sizeof e.contribution);
    memcpy(e.subject, "leaf-0", 6);
    REQUIRE_STATUS(wick_hex_decode(want, 32,
                                   "66814f30bb654aeb38c0b6fb522a6f9db2ed076981095f4cb429fae75a3249c1", 64), WICK_OK);
    REQUIRE_STATUS(wick_leaf_key_next(next, identity, &crypto, wick_span_make(key, 32), leaf32, &e),
                   WICK_OK);
    CHECK_MEM(next, want, 32);
    CHECK(strcmp(identity, "dpk1.peqeBQ7Y9zZBEmTGbvGL7w") == 0);
}

static void block(uint8_t i, uint64_t now_ms, uint32_t num, uint8_t szx)
{
    wick_coap_call call;
    memset(&call, 0, sizeof call);
    call.method = WICK_COAP_GET;
    call.path = "dpk/proof";
    call.query = "peer=gw-b";
    call.block2 = (wick_coap_block){true, false, szx, num};
    say(i, now_ms, &call);
}

/* A bundle longer than a datagram, block by block. */
TEST(proof_in_blocks)
{
    static uint8_t bundle[5000], got[6000];
    wick_leaf_head h;
    size_t len = 0;
    setup();
    for (size_t i = 0; i < sizeof bundle; i++) {
        bundle[i] = (uint8_t)(i * 7 + i / 256);
    }
    get(0, 0, "dpk/proof", "peer=gw-b");
    REQUIRE(asks(0, 0, WICK_LEAF_PROOF));
    CHECK_STATUS(wick_leaf_proof_is(&svc, 0, asked.id, peer_id, 4,
                                    wick_span_make(bundle, sizeof bundle)), WICK_OK);
    for (uint32_t num = 0; num < 10; num++) {
        REQUIRE(code_now(0, num) == WICK_COAP_CONTENT);
        REQUIRE(resp.block2.given && resp.block2.num == num && resp.etag_len == 4);
        memcpy(got + len, resp.payload.ptr, resp.payload.len);
        len += resp.payload.len;
        if (!resp.block2.more) {
            break;
        }
        block(0, num + 1, num + 1, 6);
    }
    REQUIRE_STATUS(wick_leaf_head_read(&h, wick_span_make(got, len), peer_id, 4), WICK_OK);
    CHECK(h.rest.len == sizeof bundle && memcmp(h.rest.ptr, bundle, sizeof bundle) == 0);
    block(0, 20, 9, 6);
    CHECK_INT(code_now(0, 20), WICK_COAP_BAD_REQUEST); /* behind its end */
    block(1, 20, 1, 6);
    CHECK_INT(code_now(1, 20), WICK_COAP_INCOMPLETE); /* of another leaf */
    /* Another leaf has to wait while this one fetches, and need not wait for ever. */
    get(1, 30, "dpk/proof", "peer=gw-b");
    CHECK_INT(code_now(1, 30), WICK_COAP_UNAVAILABLE);
    CHECK(resp.has_max_age && resp.max_age_s > 0);
    get(1, 60000, "dpk/proof", "peer=gw-b");
    CHECK(asks(1, 60000, WICK_LEAF_PROOF));
    block(0, 60000, 1, 6);
    CHECK_INT(code_now(0, 60000), WICK_COAP_INCOMPLETE);
    CHECK_STATUS(wick_leaf_proof_is(&svc, 60000, asked.id, peer_id, 4,
                                    wick_span_make(bundle, sizeof body)), WICK_E_NO_SPACE);
    CHECK_INT(code_now(1, 60000), WICK_COAP_INTERNAL);
}

/* Who keeps asking, for a block or for the whole, has the body for two minutes and no longer. */
TEST(body_is_not_kept_for_ever)
{
    static const uint8_t bundle[3000] = {1};
    for (unsigned again = 0; again < 2; again++) {
        uint64_t now = 1000;
        setup();
        while (now < 120000) {
            if (now == 1000 || again != 0) {
                get(0, now, "dpk/proof", "peer=gw-b");
                REQUIRE(asks(0, now, WICK_LEAF_PROOF));
                REQUIRE_STATUS(wick_leaf_proof_is(&svc, now, asked.id, peer_id, 4,
                                                  wick_span_make(bundle, sizeof bundle)), WICK_OK);
            } else {
                block(0, now, 1, 6);
            }
            REQUIRE(code_now(0, now) == WICK_COAP_CONTENT);
            get(1, now + 1, "dpk/proof", "peer=gw-b");
            CHECK_INT(code_now(1, now + 1), WICK_COAP_UNAVAILABLE);
            now += 29000;
        }
        block(0, 120500, 1, 6);
        REQUIRE(code_now(0, 120500) == WICK_COAP_CONTENT);
        get(1, 121000, "dpk/proof", "peer=gw-b");
        CHECK(asks(1, 121000, WICK_LEAF_PROOF));
        block(0, 121001, 1, 6);
        CHECK_INT(code_now(0, 121001), WICK_COAP_INCOMPLETE);
        /* and this one now has its own two minutes */
        REQUIRE_STATUS(wick_leaf_proof_is(&svc, 121002, asked.id, peer_id, 4,
                                          wick_span_make(bundle, sizeof bundle)), WICK_OK);
        CHECK_INT(code_now(1, 121002), WICK_COAP_CONTENT);
        get(0, 122000, "dpk/proof", "peer=gw-b");
        CHECK_INT(code_now(0, 122000), WICK_COAP_UNAVAILABLE);
    }
}

TEST(small_blocks)
{
    static const uint8_t bundle[100] = {1};
    setup();
    block(0, 0, 0, 1); /* 32 bytes */
    REQUIRE(asks(0, 0, WICK_LEAF_PROOF));
    CHECK_STATUS(wick_leaf_proof_is(&svc, 0, asked.id, peer_id, 4,
                                    wick_span_make(bundle, sizeof bundle)), WICK_OK);
    CHECK_INT(code_now(0, 0), WICK_COAP_CONTENT);
    CHECK(resp.payload.len == 32 && resp.block2.more);
    block(0, 1, 4, 1);
    CHECK_INT(code_now(0, 1), WICK_COAP_CONTENT);
    CHECK(resp.payload.len == 137 - 128 && !resp.block2.more);
}

/* A block of firmware, piece by piece: each is a question to who has it, by offset. */
TEST(block_by_its_cid)
{
    static uint8_t content[2500], got[2500];
    wick_coap_call call;
    size_t len = 0;
    setup();
    for (size_t i = 0; i < sizeof content; i++) {
        content[i] = (uint8_t)(i * 7u);
    }
    memset(&call, 0, sizeof call);
    call.method = WICK_COAP_GET;
    call.path = "dpk/block";
    call.query = "cid=bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy";
    uint64_t now = 0;
    do {
        say(0, now, &call);
        REQUIRE(asks(0, now, WICK_LEAF_BLOCK));
        CHECK(strcmp(asked.peer, call.query + 4) == 0);
        CHECK_INT(asked.offset, len);
        CHECK_INT(asked.max, 1024);
        size_t n = sizeof content - len < asked.max ? sizeof content - len : asked.max;
        CHECK_STATUS(wick_leaf_block_is(&svc, now, asked.id, sizeof content,
                                        wick_span_make(content + len, n)),
                     WICK_OK);
        CHECK_STATUS(wick_leaf_block_is(&svc, now, asked.id, sizeof content,
                                        wick_span_make(content + len, n)),
                     WICK_E_STATE);
        REQUIRE(code_now(0, now) == WICK_COAP_CONTENT && resp.payload.len == n);
        memcpy(got + len, resp.payload.ptr, n);
        len += n;
        CHECK_INT(resp.block2.num, call.block2.num);
        CHECK(resp.block2.more == (len < sizeof content));
        call.block2 = (wick_coap_block){.given = true, .szx = 6, .num = call.block2.num + 1};
        now++;
    } while (len < sizeof content && now < 10);
    CHECK_MEM(got, content, sizeof got);

    /* beyond the end, nothing under that name, no name */
    say(0, now, &call);
    REQUIRE(asks(0, now, WICK_LEAF_BLOCK));
    CHECK_STATUS(wick_leaf_block_is(&svc, now, asked.id, sizeof content, wick_span_make(got, 0)),
                 WICK_E_BAD_ARG);
    CHECK(code_now(0, now) != WICK_COAP_CONTENT);
    get(1, now, "dpk/block", "cid=x");
    REQUIRE(asks(1, now, WICK_LEAF_BLOCK));
    CHECK_STATUS(wick_leaf_failed(&svc, now, asked.id, WICK_E_NOT_FOUND), WICK_OK);
    CHECK_INT(code_now(1, now), WICK_COAP_NOT_FOUND);
    get(1, now + 1, "dpk/block", "peer=gw-b");
    CHECK_INT(code_now(1, now + 1), WICK_COAP_BAD_REQUEST);
}

/* The release of a product: every field arrives, one of another product is none, and no byte is left
 * out or added. */
TEST(release_of_a_product)
{
    uint8_t bytes[128], other[32] = {0x6f}, zero[sizeof(wick_leaf_release)] = {0};
    wick_leaf_release r, got;
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    setup();
    get(2, 0, "dpk/release", "product=sensor");
    REQUIRE(asks(2, 0, WICK_LEAF_RELEASE));
    CHECK(strcmp(asked.peer, "sensor") == 0);
    memset(&r, 0, sizeof r);
    memset(r.release.product, 0x70, 32);
    memset(r.release.manifest, 0x6d, 32);
    r.release.version = UINT64_C(0x0102030405060708);
    r.release.counter = 0x11121314;
    r.release.manifest_bytes = 700;
    r.release.active_from = 1800000000;
    r.release.approvals = 3;
    r.release.threshold = 2;
    r.release.flags = WICK_RELEASE_REVOKED;
    r.release.index = 9;
    r.release.min_counter = 4;
    r.release.updated_at = 1800000001;
    r.release.seen_at = 1800000002;
    r.tier = 2;
    CHECK_STATUS(wick_leaf_release_is(&svc, 0, asked.id + 1, &r), WICK_E_STATE);
    CHECK_STATUS(wick_leaf_release_is(&svc, 0, asked.id, &r), WICK_OK);
    CHECK_STATUS(wick_leaf_release_is(&svc, 0, asked.id, &r), WICK_E_STATE);
    CHECK_INT(code_now(2, 0), WICK_COAP_CONTENT);
    REQUIRE_STATUS(wick_leaf_release_read(&got, resp.payload, r.release.product), WICK_OK);
    CHECK_MEM(&got, &r, sizeof got);
    CHECK_STATUS(wick_leaf_release_read(&got, resp.payload, other), WICK_E_LEAF_PEER);
    CHECK_MEM(&got, zero, sizeof got);

    wick_leaf_release_put(&b, &r);
    CHECK(b.len == resp.payload.len && memcmp(b.ptr, resp.payload.ptr, b.len) == 0);
    for (size_t len = 0; len < b.len; len++) {
        CHECK_STATUS(wick_leaf_release_read(&got, wick_span_make(bytes, len), r.release.product),
                     WICK_E_TRUNCATED);
        CHECK_MEM(&got, zero, sizeof got);
    }
    CHECK_STATUS(wick_leaf_release_read(&got, wick_span_make(bytes, b.len + 1), r.release.product),
                 WICK_E_TRAILING);

    /* no name, and one that the gateway does not serve */
    get(2, 1, "dpk/release", "cid=x");
    CHECK_INT(code_now(2, 1), WICK_COAP_BAD_REQUEST);
    get(2, 2, "dpk/release", "product=x");
    REQUIRE(asks(2, 2, WICK_LEAF_RELEASE));
    CHECK_STATUS(wick_leaf_block_is(&svc, 2, asked.id, 1, wick_span_make(bytes, 1)), WICK_E_STATE);
    CHECK_STATUS(wick_leaf_failed(&svc, 2, asked.id, WICK_E_NOT_FOUND), WICK_OK);
    CHECK_INT(code_now(2, 2), WICK_COAP_NOT_FOUND);
}

/* Further pieces cost no question of the burst: an image has more of them than there are in it. */
TEST(pieces_are_one_question)
{
    static const uint8_t content[16] = {1};
    wick_coap_call call;
    setup();
    memset(&call, 0, sizeof call);
    call.method = WICK_COAP_GET;
    call.path = "dpk/block";
    call.query = "cid=x";
    for (unsigned i = 0; i < 4 * WICK_LEAF_BURST; i++) {
        call.block2 = (wick_coap_block){.given = true, .szx = 0, .num = i};
        say(0, i, &call);
        REQUIRE(asks(0, i, WICK_LEAF_BLOCK));
        CHECK_STATUS(wick_leaf_block_is(&svc, i, asked.id, 1000000,
                                        wick_span_make(content, sizeof content)),
                     WICK_OK);
        CHECK_INT(code_now(0, i), WICK_COAP_CONTENT);
    }
}

TEST(resources_are_listed)
{
    setup();
    get(0, 0, ".well-known/core", NULL);
    CHECK_INT(code_now(0, 0), WICK_COAP_CONTENT);
    CHECK(resp.content_format == 40 && resp.payload.len > 20);
}

/* ---- refusals ---- */

TEST(refused_at_once)
{
    static const struct {
        uint8_t method;
        const char *path, *query;
        uint8_t code;
    } table[] = {
        {WICK_COAP_GET, "dpk", NULL, WICK_COAP_NOT_FOUND},
        {WICK_COAP_GET, "dpk/keys", "peer=gw-b", WICK_COAP_NOT_FOUND},
        {WICK_COAP_GET, "dpk/key/x", "peer=gw-b", WICK_COAP_NOT_FOUND},
        {WICK_COAP_POST, "dpk/key", "peer=gw-b", WICK_COAP_METHOD},
        {WICK_COAP_PUT, "dpk/leaf", NULL, WICK_COAP_METHOD},
        {WICK_COAP_DELETE, "dpk/leaf", NULL, WICK_COAP_METHOD},
        {WICK_COAP_GET, "dpk/send", "peer=gw-b", WICK_COAP_METHOD},
        {WICK_COAP_GET, "dpk/key", NULL, WICK_COAP_BAD_REQUEST},
        {WICK_COAP_GET, "dpk/key", "peer=", WICK_COAP_BAD_REQUEST},
        {WICK_COAP_GET, "dpk/key", "peer=GW", WICK_COAP_BAD_REQUEST},
        {WICK_COAP_GET, "dpk/key", "peer=gw-b/", WICK_COAP_BAD_REQUEST},
        {WICK_COAP_GET, "dpk/key", "peer=gw-b&peer=gw-c", WICK_COAP_BAD_REQUEST},
        {WICK_COAP_GET, "dpk/key", "name=gw-b", WICK_COAP_BAD_REQUEST},
        {WICK_COAP_POST, "dpk/leaf", NULL, WICK_COAP_BAD_REQUEST},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        wick_coap_call call;
        setup();
        memset(&call, 0, sizeof call);
        call.method = table[i].method;
        call.path = table[i].path;
        call.query = table[i].query;
        say(0, 0, &call);
        CHECK_INT(code_now(0, 0), table[i].code);
    }
    wick_coap_call call;
    memset(&call, 0, sizeof call);
    setup();
    call.method = WICK_COAP_GET;
    call.path = "dpk/key";
    call.query = "peer=gw-b";
    call.payload = wick_span_text("x");
    say(0, 0, &call);
    CHECK_INT(code_now(0, 0), WICK_COAP_BAD_REQUEST);
    call.payload.len = 0;
    call.has_content_format = true;
    call.content_format = WICK_COAP_TEXT;
    say(0, 0, &call);
    CHECK_INT(code_now(0, 0), WICK_COAP_CONTENT_FORMAT_NO);
}

TEST(accept)
{
    static const uint8_t ask[] = {0x40, 0x01, 0, 9, 0xb3, 'd', 'p', 'k', 0x04, 'l', 'e', 'a', 'f',
                                  0x61, 50}; /* Accept: application/json */
    wick_leaf_out out;
    wick_coap_msg m;
    setup();
    CHECK_STATUS(wick_leaf_input(&svc, 0, 0, wick_span_make(ask, sizeof ask)), WICK_OK);
    wick_leaf_poll(&svc, &out, 0);
    REQUIRE(out.kind == WICK_LEAF_OUT_SEND);
    REQUIRE_STATUS(wick_coap_decode(&m, out.bytes), WICK_OK);
    CHECK_INT(m.code, WICK_COAP_NOT_ACCEPTABLE);
}

/* What the gateway found out, as the leaf sees it; the payload is the name of the status. */
TEST(failures_have_codes)
{
    static const struct {
        wick_status status;
        uint8_t code;
        bool again;
    } table[] = {
        {WICK_E_RECORD_ABSENT, WICK_COAP_NOT_FOUND, false},
        {WICK_E_RECORD_REVOKED, WICK_COAP_NOT_FOUND, false},
        {WICK_E_RECORD_EXPIRED, WICK_COAP_NOT_FOUND, false},
        {WICK_E_CONFIG, WICK_COAP_NOT_FOUND, false},
        {WICK_E_TIMEOUT, WICK_COAP_GATEWAY_TIMEOUT, false},
        {WICK_E_NSL_NO_ANSWER, WICK_COAP_GATEWAY_TIMEOUT, false},
        {WICK_E_LIMIT, WICK_COAP_UNAVAILABLE, true},
        {WICK_E_HEADER_STALE, WICK_COAP_UNAVAILABLE, true},
        {WICK_E_NO_ENDPOINT, WICK_COAP_UNAVAILABLE, true},
        {WICK_E_UNSUPPORTED, WICK_COAP_UNIMPLEMENTED, false},
        {WICK_E_LEAF_REFUSED, WICK_COAP_FORBIDDEN, false},
        {WICK_E_TLS, WICK_COAP_BAD_GATEWAY, false},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        setup();
        get(0, 0, "dpk/key", "peer=nobody");
        REQUIRE(asks(0, 0, WICK_LEAF_KEY));
        CHECK_STATUS(wick_leaf_failed(&svc, 0, asked.id, table[i].status), WICK_OK);
        CHECK_INT(code_now(0, 0), table[i].code);
        CHECK(resp.has_max_age == table[i].again);
        const char *name = wick_status_str(table[i].status);
        CHECK(resp.payload.len == strlen(name) && memcmp(resp.payload.ptr, name, strlen(name)) == 0);
    }
}

/* A gateway that never answers: the leaf hears an empty ACK, then 5.04; a late answer is refused. */
TEST(no_answer)
{
    wick_status got;
    wick_leaf_key key;
    uint32_t id;
    setup();
    memset(&key, 0, sizeof key);
    get(0, 0, "dpk/key", "peer=gw-b");
    REQUIRE(asks(0, 0, WICK_LEAF_KEY));
    id = asked.id;
    CHECK(step(0, WICK_COAP_ACK_MS, &got) == WICK_LEAF_OUT_SEND && got == WICK_AGAIN);
    CHECK(step(0, WICK_LEAF_ASK_MS - 1, &got) == WICK_LEAF_OUT_WAIT);
    CHECK_INT(code_now(0, WICK_LEAF_ASK_MS), WICK_COAP_GATEWAY_TIMEOUT);
    CHECK_STATUS(wick_leaf_key_is(&svc, WICK_LEAF_ASK_MS, id, &key), WICK_E_STATE);
}

/* One question at a time, a few in a row; other leaves are not touched by it. */
TEST(flood_of_one_leaf)
{
    wick_coap_client second;
    wick_coap_call call;
    wick_out out;
    wick_leaf_out o;
    unsigned taken = 0;
    setup();
    get(0, 0, "dpk/key", "peer=gw-b");
    REQUIRE(asks(0, 0, WICK_LEAF_KEY));
    uint32_t first = asked.id;
    memset(&call, 0, sizeof call);
    call.method = WICK_COAP_GET;
    call.path = "dpk/key";
    call.query = "peer=gw-c";
    REQUIRE_STATUS(wick_coap_client_init(&second, &entropy), WICK_OK);
    for (unsigned i = 0; i < 1000; i++) {
        second.next_id = (uint16_t)(1000 + i);
        CHECK_STATUS(wick_coap_client_begin(&second, 0, &call), WICK_OK);
        wick_coap_client_poll(&second, &out, 0);
        CHECK(wick_leaf_input(&svc, 0, 0, out.bytes) != WICK_E_STATE);
        wick_leaf_poll(&svc, &o, 0);
        REQUIRE(o.kind == WICK_LEAF_OUT_SEND && o.leaf == 0);
        CHECK_INT(o.bytes.ptr[1], WICK_COAP_UNAVAILABLE);
    }
    get(1, 0, "dpk/key", "peer=gw-b");
    REQUIRE(asks(1, 0, WICK_LEAF_KEY));
    CHECK_STATUS(wick_leaf_failed(&svc, 0, asked.id, WICK_E_RECORD_ABSENT), WICK_OK);
    CHECK_INT(code_now(1, 0), WICK_COAP_NOT_FOUND);
    CHECK_STATUS(wick_leaf_failed(&svc, 0, first, WICK_E_RECORD_ABSENT), WICK_OK);
    CHECK_INT(code_now(0, 0), WICK_COAP_NOT_FOUND);
    for (unsigned i = 0; i < 3 * WICK_LEAF_BURST; i++) {
        get(2, 0, "dpk/key", "peer=gw-b");
        if (asks(2, 0, WICK_LEAF_KEY)) {
            taken++;
            CHECK_STATUS(wick_leaf_failed(&svc, 0, asked.id, WICK_E_RECORD_ABSENT), WICK_OK);
            CHECK_INT(code_now(2, 0), WICK_COAP_NOT_FOUND);
        } else {
            CHECK_INT(resp.code, WICK_COAP_UNAVAILABLE);
        }
    }
    CHECK_INT(taken, WICK_LEAF_BURST);
    get(2, WICK_LEAF_REFILL_MS, "dpk/key", "peer=gw-b");
    CHECK(asks(2, WICK_LEAF_REFILL_MS, WICK_LEAF_KEY));
}

/* What a leaf asks twice, because it heard nothing, is asked of the gateway once. */
TEST(retransmission_is_one_question)
{
    wick_out out;
    wick_status got;
    wick_leaf_out o;
    uint8_t copy[128];
    setup();
    get(0, 0, "dpk/ticket", "peer=gw-b");
    wick_coap_client_poll(&leaf[0], &out, 3000);
    REQUIRE(out.kind == WICK_OUT_SEND && out.bytes.len < sizeof copy);
    memcpy(copy, out.bytes.ptr, out.bytes.len);
    size_t len = out.bytes.len;
    REQUIRE(asks(0, 500, WICK_LEAF_TICKET));
    CHECK_STATUS(wick_leaf_input(&svc, 600, 0, wick_span_make(copy, len)), WICK_AGAIN);
    CHECK(step(0, 600, &got) == WICK_LEAF_OUT_WAIT);
    uint8_t ks[32] = {1};
    CHECK_STATUS(wick_leaf_ticket_is(&svc, 700, asked.id, peer_id, 1, ks, wick_span_text("dpk1.x")),
                 WICK_OK);
    wick_leaf_poll(&svc, &o, 700);
    REQUIRE(o.kind == WICK_LEAF_OUT_SEND); /* and this answer is lost */
    CHECK_STATUS(wick_leaf_input(&svc, 2500, 0, wick_span_make(copy, len)), WICK_AGAIN);
    CHECK_INT(code_now(0, 2500), WICK_COAP_CONTENT); /* the same key again, not a new one */
    CHECK(step(0, 2500, &got) == WICK_LEAF_OUT_WAIT);
}

TEST(leaf_goes_and_comes)
{
    static const wick_leaf_place zero;
    wick_leaf_key key;
    setup();
    memset(&key, 0, sizeof key);
    get(0, 0, "dpk/key", "peer=gw-b");
    REQUIRE(asks(0, 0, WICK_LEAF_KEY));
    uint32_t id = asked.id;
    wick_leaf_close(&svc, 0);
    CHECK_MEM(&svc.leaf[0], &zero, sizeof zero);
    CHECK_STATUS(wick_leaf_input(&svc, 0, 0, wick_span_text("x")), WICK_E_STATE);
    CHECK_STATUS(wick_leaf_input(&svc, 0, WICK_LEAVES_MAX, wick_span_text("x")), WICK_E_STATE);
    CHECK_STATUS(wick_leaf_open(&svc, &entropy, 0, "other"), WICK_OK);
    CHECK_STATUS(wick_leaf_key_is(&svc, 0, id, &key), WICK_E_STATE); /* an answer to somebody else */
    CHECK_STATUS(wick_leaf_open(&svc, &entropy, WICK_LEAVES_MAX, "x"), WICK_E_BAD_ARG);
    CHECK_STATUS(wick_leaf_open(&svc, &entropy, 0, ""), WICK_E_NAME);
    CHECK_STATUS(wick_leaf_open(&svc, &entropy, 0, "Leaf"), WICK_E_NAME);
    CHECK_STATUS(wick_leaf_open(&svc, &entropy, 0, "a-name-of-17-char"), WICK_E_NAME);
}

TEST(no_memory_for_bundles)
{
    setup();
    wick_leaf_init(&svc, gateway_id, NULL, 0);
    REQUIRE_STATUS(wick_leaf_open(&svc, &entropy, 0, "leaf"), WICK_OK);
    get(0, 0, "dpk/proof", "peer=gw-b");
    CHECK_INT(code_now(0, 0), WICK_COAP_UNIMPLEMENTED);
}

TAP_MAIN("unit.leaf", CASE(key), CASE(must_30_answer_about_another_peer), CASE(ticket), CASE(send),
         CASE(enrolment_and_a_new_key),
         CASE(next_key_vector), CASE(block_by_its_cid), CASE(release_of_a_product),
         CASE(pieces_are_one_question), CASE(proof_in_blocks), CASE(body_is_not_kept_for_ever),
         CASE(small_blocks),
         CASE(resources_are_listed), CASE(refused_at_once), CASE(accept), CASE(failures_have_codes),
         CASE(no_answer), CASE(flood_of_one_leaf), CASE(retransmission_is_one_question),
         CASE(leaf_goes_and_comes), CASE(no_memory_for_bundles))
