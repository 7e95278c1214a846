/* SPDX-License-Identifier: Apache-2.0 */
/* A question to an attestor and its answer. */
#include "wick/attest_ask.h"

#include <string.h>

#include "registry_internal.h"

#define REACH_TYPE                                                                                 \
    "Reach(bytes32 id,bytes32 service,uint256 endpoint,bytes32 nonce,uint64 askedAt)"

void wick_attest_ask_digest(uint8_t digest32[32], const wick_registry_domain *domain,
                       const wick_attest_ask *ask)
{
    wick_eip712 h;
    wick_eip712_begin(&h, REACH_TYPE);
    wick_eip712_word(&h, ask->id);
    wick_eip712_word(&h, ask->service);
    wick_eip712_word(&h, ask->endpoint);
    wick_eip712_word(&h, ask->nonce);
    wick_eip712_u64(&h, ask->asked_at);
    wick_registry_digest(digest32, domain, &h);
}

static void put_head(wick_buf *out, wick_attest_ask_how how)
{
    const uint8_t head[2] = {WICK_ATTEST_ASK_VERSION, (uint8_t)how};
    wick_buf_put(out, head, sizeof head);
}

/* Length, version and way of a message. */
static wick_status get_head(wick_span bytes, size_t len, wick_attest_ask_how from, wick_attest_ask_how to)
{
    if (bytes.len < 2 || (bytes.ptr[0] == WICK_ATTEST_ASK_VERSION && bytes.len < len)) {
        return WICK_E_TRUNCATED;
    }
    if (bytes.ptr[0] != WICK_ATTEST_ASK_VERSION || bytes.ptr[1] < (uint8_t)from ||
        bytes.ptr[1] > (uint8_t)to) {
        return WICK_E_UNSUPPORTED;
    }
    return bytes.len > len ? WICK_E_TRAILING : WICK_OK;
}

void wick_attest_ask_encode(wick_buf *out, const wick_attest_ask *ask, wick_attest_ask_how how,
                       const uint8_t r32[32], const uint8_t vs32[32])
{
    uint8_t at[8];
    wick_store_be64(at, ask->asked_at);
    put_head(out, how);
    wick_buf_put(out, ask->id, 32);
    wick_buf_put(out, ask->service, 32);
    wick_buf_put(out, ask->endpoint, 32);
    wick_buf_put(out, ask->nonce, 32);
    wick_buf_put(out, at, sizeof at);
    wick_buf_put(out, r32, 32);
    wick_buf_put(out, vs32, 32);
}

wick_status wick_attest_ask_decode(wick_attest_ask *ask, wick_attest_ask_how *how, uint8_t r32[32],
                              uint8_t vs32[32], wick_span bytes)
{
    static const uint8_t none[32] = {0};
    memset(ask, 0, sizeof *ask);
    memset(r32, 0, 32);
    memset(vs32, 0, 32);
    *how = WICK_ATTEST_ASK_NSL;
    wick_status s = get_head(bytes, WICK_ATTEST_ASK_BYTES, WICK_ATTEST_ASK_NSL, WICK_ATTEST_ASK_HTTPS);
    if (s == WICK_OK && bytes.ptr[1] == WICK_ATTEST_ASK_NSL && memcmp(bytes.ptr + 98, none, 32) != 0) {
        s = WICK_E_NON_CANONICAL;
    }
    if (s != WICK_OK) {
        return s;
    }
    *how = (wick_attest_ask_how)bytes.ptr[1];
    memcpy(ask->id, bytes.ptr + 2, 32);
    memcpy(ask->service, bytes.ptr + 34, 32);
    memcpy(ask->endpoint, bytes.ptr + 66, 32);
    memcpy(ask->nonce, bytes.ptr + 98, 32);
    ask->asked_at = wick_load_be64(bytes.ptr + 130);
    memcpy(r32, bytes.ptr + 138, 32);
    memcpy(vs32, bytes.ptr + 170, 32);
    return WICK_OK;
}

static wick_status fits(const wick_endpoint *e, wick_attest_ask_how how, uint64_t now_s)
{
    if (e->validated_at_h != 0) {
        return WICK_E_RECORD_INVALID; /* that is what it asks for */
    }
    wick_status s = wick_endpoint_check(e, 0, now_s);
    if (s != WICK_OK) {
        return s;
    }
    uint8_t protocol = how == WICK_ATTEST_ASK_NSL ? WICK_PROTOCOL_UDP : WICK_PROTOCOL_TCP;
    return e->kind == WICK_ENDPOINT_RELAY || e->protocol != protocol ? WICK_E_UNSUPPORTED : WICK_OK;
}

wick_status wick_attest_ask_fits(wick_endpoint *endpoint, const wick_attest_ask *ask, wick_attest_ask_how how,
                            uint64_t now_s)
{
    bool late = ask->asked_at < now_s && now_s - ask->asked_at > WICK_ATTEST_ASK_AGE_MAX_S;
    bool early = ask->asked_at > now_s && ask->asked_at - now_s > WICK_ATTEST_ASK_AGE_MAX_S;
    wick_status s = late || early ? WICK_E_EXPIRED
                                  : wick_endpoint_decode(endpoint, ask->endpoint);
    if (s == WICK_OK) {
        s = fits(endpoint, how, now_s);
    }
    if (s != WICK_OK) {
        memset(endpoint, 0, sizeof *endpoint);
    }
    return s;
}

void wick_attest_answer_encode(wick_buf *out, wick_attest_ask_how how, const wick_attest_answer *answer)
{
    uint8_t at[8];
    wick_store_be64(at, answer->checked_at);
    put_head(out, how);
    wick_buf_put(out, at, sizeof at);
    wick_buf_put(out, answer->r, 32);
    wick_buf_put(out, answer->vs, 32);
}

wick_status wick_attest_answer_decode(wick_attest_answer *answer, wick_span bytes)
{
    memset(answer, 0, sizeof *answer);
    wick_status s = get_head(bytes, WICK_ATTEST_ANSWER_BYTES, WICK_ATTEST_ASK_NSL, WICK_ATTEST_ASK_HTTPS);
    if (s == WICK_OK && bytes.ptr[1] == WICK_ATTEST_ASK_CHALLENGE) {
        s = WICK_E_UNSUPPORTED; /* nothing has been checked yet */
    }
    if (s == WICK_OK) {
        answer->checked_at = wick_load_be64(bytes.ptr + 2);
        memcpy(answer->r, bytes.ptr + 10, 32);
        memcpy(answer->vs, bytes.ptr + 42, 32);
    }
    return s;
}

void wick_attest_ask_challenge_encode(wick_buf *out, const uint8_t n1[32])
{
    put_head(out, WICK_ATTEST_ASK_CHALLENGE);
    wick_buf_put(out, n1, 32);
}

wick_status wick_attest_ask_challenge_decode(uint8_t n1[32], wick_span bytes)
{
    memset(n1, 0, 32);
    wick_status s = get_head(bytes, WICK_ATTEST_ASK_CHALLENGE_BYTES, WICK_ATTEST_ASK_CHALLENGE,
                             WICK_ATTEST_ASK_CHALLENGE);
    if (s == WICK_OK) {
        memcpy(n1, bytes.ptr + 2, 32);
    }
    return s;
}
