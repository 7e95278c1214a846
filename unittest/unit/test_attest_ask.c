/* SPDX-License-Identifier: Apache-2.0 */
/* core/registry/reach: a question to an attestor, its answer, and how long that counts for readers.
 * The digest was computed with cast keccak and cast abi-encode. */
#include "wick/attest_ask.h"

#include "tap.h"

#define NOW UINT64_C(1800000000)
#define REACH_DIGEST "ce23540756d9fc739a9e867052c8cac2f8192e0f869147bb16a182c174494bcd"

static wick_registry_domain domain;
static wick_attest_ask ask;
static wick_endpoint place;
static uint8_t r[32], vs[32], bytes[256];

static void setup(void)
{
    domain.chain_id = 31337;
    CHECK_STATUS(wick_hex_decode(domain.contract, 20, "5fbdb2315678afecb367f032d93f642f64180aa3", 40),
                 WICK_OK);
    memset(&ask, 0, sizeof ask);
    memset(ask.id, 0x11, 32);
    memset(ask.service, 0x22, 32);
    memset(r, 0x44, 32);
    memset(vs, 0x55, 32);
    ask.asked_at = NOW;
    memset(&place, 0, sizeof place);
    place.addr = wick_addr_v4(203, 0, 113, 9, 4433);
    place.protocol = WICK_PROTOCOL_UDP;
    place.kind = WICK_ENDPOINT_PCP;
    place.seq = 3;
    place.expires = NOW + 3600;
    CHECK_STATUS(wick_endpoint_encode(ask.endpoint, &place), WICK_OK);
}

static wick_span made(wick_attest_ask_how how)
{
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    wick_attest_ask_encode(&b, &ask, how, r, vs);
    CHECK_STATUS(wick_buf_status(&b), WICK_OK);
    return wick_buf_span(&b);
}

TEST(digest_is_that_of_typed_data)
{
    uint8_t digest[32], want[32];
    setup();
    wick_attest_ask_digest(digest, &domain, &ask);
    CHECK_STATUS(wick_hex_decode(want, 32, REACH_DIGEST, 64), WICK_OK);
    CHECK_MEM(digest, want, 32);
    for (unsigned i = 0; i < 5; i++) { /* each field counts */
        uint8_t other[32];
        setup();
        ask.id[31] ^= i == 0;
        ask.service[31] ^= i == 1;
        ask.endpoint[31] ^= i == 2;
        ask.nonce[31] ^= i == 3;
        ask.asked_at += i == 4;
        wick_attest_ask_digest(other, &domain, &ask);
        CHECK(memcmp(other, digest, 32) != 0);
    }
}

TEST(question_there_and_back)
{
    wick_attest_ask got;
    wick_attest_ask_how how;
    uint8_t r2[32], vs2[32];
    for (int way = WICK_ATTEST_ASK_NSL; way <= WICK_ATTEST_ASK_HTTPS; way++) {
        setup();
        memset(ask.nonce, way == WICK_ATTEST_ASK_NSL ? 0 : 0x33, 32);
        wick_span b = made((wick_attest_ask_how)way);
        CHECK_INT(b.len, WICK_ATTEST_ASK_BYTES);
        CHECK_STATUS(wick_attest_ask_decode(&got, &how, r2, vs2, b), WICK_OK);
        CHECK_INT(how, way);
        CHECK_MEM(got.id, ask.id, 32);
        CHECK_MEM(got.service, ask.service, 32);
        CHECK_MEM(got.endpoint, ask.endpoint, 32);
        CHECK_MEM(got.nonce, ask.nonce, 32);
        CHECK(got.asked_at == ask.asked_at);
        CHECK_MEM(r2, r, 32);
        CHECK_MEM(vs2, vs, 32);
    }
}

TEST(question_of_another_form)
{
    wick_attest_ask got;
    wick_attest_ask_how how;
    uint8_t r2[32], vs2[32];
    static const uint8_t none[32] = {0};
    setup();
    for (size_t len = 0; len < WICK_ATTEST_ASK_BYTES; len++) {
        CHECK_STATUS(wick_attest_ask_decode(&got, &how, r2, vs2, wick_span_make(made(WICK_ATTEST_ASK_NSL).ptr, len)),
                     WICK_E_TRUNCATED);
    }
    CHECK_STATUS(wick_attest_ask_decode(&got, &how, r2, vs2,
                                   wick_span_make(made(WICK_ATTEST_ASK_NSL).ptr, WICK_ATTEST_ASK_BYTES + 1)),
                 WICK_E_TRAILING);
    (void)made(WICK_ATTEST_ASK_NSL);
    bytes[0] = 2;
    CHECK_STATUS(wick_attest_ask_decode(&got, &how, r2, vs2, wick_span_make(bytes, WICK_ATTEST_ASK_BYTES)),
                 WICK_E_UNSUPPORTED);
    (void)made((wick_attest_ask_how)0);
    CHECK_STATUS(wick_attest_ask_decode(&got, &how, r2, vs2, wick_span_make(bytes, WICK_ATTEST_ASK_BYTES)),
                 WICK_E_UNSUPPORTED);
    bytes[1] = 4;
    CHECK_STATUS(wick_attest_ask_decode(&got, &how, r2, vs2, wick_span_make(bytes, WICK_ATTEST_ASK_BYTES)),
                 WICK_E_UNSUPPORTED);
    ask.nonce[0] = 1;
    CHECK_STATUS(wick_attest_ask_decode(&got, &how, r2, vs2, made(WICK_ATTEST_ASK_NSL)), WICK_E_NON_CANONICAL);
    CHECK_MEM(got.id, none, 32);
    CHECK_MEM(r2, none, 32);
}

static wick_status fits(wick_attest_ask_how how)
{
    wick_endpoint e;
    wick_status s = wick_attest_ask_fits(&e, &ask, how, NOW);
    CHECK_INT(e.seq, s == WICK_OK ? 3 : 0);
    return s;
}

static wick_status with(const wick_endpoint *e, wick_attest_ask_how how)
{
    CHECK_STATUS(wick_endpoint_encode(ask.endpoint, e), WICK_OK);
    return fits(how);
}

TEST(what_may_be_asked)
{
    setup();
    CHECK_STATUS(fits(WICK_ATTEST_ASK_NSL), WICK_OK);
    CHECK_STATUS(fits(WICK_ATTEST_ASK_HTTPS), WICK_E_UNSUPPORTED);
    place.protocol = WICK_PROTOCOL_TCP;
    CHECK_STATUS(with(&place, WICK_ATTEST_ASK_CHALLENGE), WICK_OK);
    CHECK_STATUS(with(&place, WICK_ATTEST_ASK_HTTPS), WICK_OK);
    CHECK_STATUS(with(&place, WICK_ATTEST_ASK_NSL), WICK_E_UNSUPPORTED);
    setup();
    place.kind = WICK_ENDPOINT_RELAY;
    CHECK_STATUS(with(&place, WICK_ATTEST_ASK_NSL), WICK_E_UNSUPPORTED);
    setup();
    place.expires = NOW;
    CHECK_STATUS(with(&place, WICK_ATTEST_ASK_NSL), WICK_E_RECORD_EXPIRED);
    setup();
    place.validated_at_h = 5; /* it is not the owner's to write */
    CHECK_STATUS(with(&place, WICK_ATTEST_ASK_NSL), WICK_E_RECORD_INVALID);
    setup();
    memset(&place, 0, sizeof place);
    place.seq = 3;
    place.expires = NOW + 9;
    CHECK_STATUS(with(&place, WICK_ATTEST_ASK_NSL), WICK_E_NO_ENDPOINT);
    setup();
    memset(ask.endpoint, 0, 32);
    CHECK_STATUS(fits(WICK_ATTEST_ASK_NSL), WICK_E_NO_ENDPOINT);
    setup();
    ask.asked_at = NOW - WICK_ATTEST_ASK_AGE_MAX_S;
    CHECK_STATUS(fits(WICK_ATTEST_ASK_NSL), WICK_OK);
    ask.asked_at--;
    CHECK_STATUS(fits(WICK_ATTEST_ASK_NSL), WICK_E_EXPIRED);
    ask.asked_at = NOW + WICK_ATTEST_ASK_AGE_MAX_S;
    CHECK_STATUS(fits(WICK_ATTEST_ASK_NSL), WICK_OK);
    ask.asked_at++;
    CHECK_STATUS(fits(WICK_ATTEST_ASK_NSL), WICK_E_EXPIRED);
    ask.asked_at = UINT64_MAX;
    CHECK_STATUS(fits(WICK_ATTEST_ASK_NSL), WICK_E_EXPIRED);
}

TEST(answers)
{
    wick_attest_answer a = {NOW, {1}, {2}}, got;
    uint8_t n1[32], got1[32];
    memset(n1, 7, 32);
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    wick_attest_answer_encode(&b, WICK_ATTEST_ASK_NSL, &a);
    CHECK_INT(b.len, WICK_ATTEST_ANSWER_BYTES);
    CHECK_STATUS(wick_attest_answer_decode(&got, wick_buf_span(&b)), WICK_OK);
    CHECK(got.checked_at == NOW);
    CHECK_MEM(got.r, a.r, 32);
    CHECK_MEM(got.vs, a.vs, 32);
    for (size_t len = 0; len < b.len; len++) {
        CHECK_STATUS(wick_attest_answer_decode(&got, wick_span_make(bytes, len)), WICK_E_TRUNCATED);
    }
    CHECK(got.checked_at == 0);
    CHECK_STATUS(wick_attest_answer_decode(&got, wick_span_make(bytes, WICK_ATTEST_ANSWER_BYTES + 1)),
                 WICK_E_TRAILING);
    bytes[1] = WICK_ATTEST_ASK_CHALLENGE;
    CHECK_STATUS(wick_attest_answer_decode(&got, wick_buf_span(&b)), WICK_E_UNSUPPORTED);
    b = wick_buf_make(bytes, sizeof bytes);
    wick_attest_ask_challenge_encode(&b, n1);
    CHECK_INT(b.len, WICK_ATTEST_ASK_CHALLENGE_BYTES);
    CHECK_STATUS(wick_attest_ask_challenge_decode(got1, wick_buf_span(&b)), WICK_OK);
    CHECK_MEM(got1, n1, 32);
    CHECK_STATUS(wick_attest_ask_challenge_decode(got1, wick_span_make(bytes, 33)), WICK_E_TRUNCATED);
    bytes[1] = WICK_ATTEST_ASK_HTTPS;
    CHECK_STATUS(wick_attest_ask_challenge_decode(got1, wick_buf_span(&b)), WICK_E_UNSUPPORTED);
}

/* The reader's side: S0-50, and a validation counts for a day. */
TEST(a_validation_counts_for_a_day)
{
    setup();
    CHECK_STATUS(wick_endpoint_validated(&place, NOW), WICK_E_NO_ENDPOINT);
    place.validated_at_h = (uint32_t)(NOW / 3600);
    CHECK_STATUS(wick_endpoint_validated(&place, NOW), WICK_OK);
    place.validated_at_h = (uint32_t)(NOW / 3600) - 23;
    CHECK_STATUS(wick_endpoint_validated(&place, NOW - NOW % 3600), WICK_OK);
    CHECK_STATUS(wick_endpoint_validated(&place, NOW - NOW % 3600 + 3599), WICK_OK);
    CHECK_STATUS(wick_endpoint_validated(&place, NOW - NOW % 3600 + 3600), WICK_E_NO_ENDPOINT);
    place.validated_at_h = (uint32_t)(NOW / 3600) + 2;
    CHECK_STATUS(wick_endpoint_validated(&place, NOW), WICK_E_NO_ENDPOINT);
    place.kind = WICK_ENDPOINT_DIRECT;
    place.validated_at_h = 0xffffff;
    CHECK_STATUS(wick_endpoint_validated(&place, NOW), WICK_E_NO_ENDPOINT);
    place.kind = WICK_ENDPOINT_RELAY;
    place.validated_at_h = 0;
    CHECK_STATUS(wick_endpoint_validated(&place, NOW), WICK_OK);
}

TAP_MAIN("unit.attest_ask", CASE(digest_is_that_of_typed_data), CASE(question_there_and_back),
         CASE(question_of_another_form), CASE(what_may_be_asked), CASE(answers),
         CASE(a_validation_counts_for_a_day))
