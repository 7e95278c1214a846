/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to an attestor and its answers: what is taken is written again as it came, and what is not
 * leaves nothing. */
#include "fuzz.h"

#include "wick/attest_ask.h"

static void as_question(wick_span in)
{
    uint8_t r[32], vs[32], again[WICK_ATTEST_ASK_BYTES];
    wick_buf b = wick_buf_make(again, sizeof again);
    wick_attest_ask ask;
    wick_attest_ask_how how;
    wick_endpoint e;
    if (wick_attest_ask_decode(&ask, &how, r, vs, in) != WICK_OK) {
        FUZZ_CHECK(wick_ct_is_zero((const uint8_t *)&ask, sizeof ask));
        FUZZ_CHECK(wick_ct_is_zero(r, 32) && wick_ct_is_zero(vs, 32));
        return;
    }
    FUZZ_ACCEPTED();
    wick_attest_ask_encode(&b, &ask, how, r, vs);
    FUZZ_CHECK(in.len == WICK_ATTEST_ASK_BYTES && memcmp(again, in.ptr, sizeof again) == 0);
    /* Whoever asks at whatever time: what may be looked into is an endpoint that the contract takes. */
    if (wick_attest_ask_fits(&e, &ask, how, ask.asked_at) == WICK_OK) {
        uint8_t word[32];
        FUZZ_CHECK(e.validated_at_h == 0 && e.kind != WICK_ENDPOINT_RELAY && e.addr.port != 0);
        FUZZ_CHECK(wick_endpoint_encode(word, &e) == WICK_OK);
        FUZZ_CHECK(memcmp(word, ask.endpoint, 32) == 0);
    } else {
        FUZZ_CHECK(e.seq == 0);
    }
    /* A clock that is wrong by more than the age refuses whatever it is. */
    if (ask.asked_at > 2 * WICK_ATTEST_ASK_AGE_MAX_S &&
        ask.asked_at < UINT64_MAX - 2 * WICK_ATTEST_ASK_AGE_MAX_S) {
        const uint64_t late = ask.asked_at + WICK_ATTEST_ASK_AGE_MAX_S + 1;
        const uint64_t early = ask.asked_at - WICK_ATTEST_ASK_AGE_MAX_S - 1;
        FUZZ_CHECK(wick_attest_ask_fits(&e, &ask, how, late) == WICK_E_EXPIRED && e.seq == 0);
        FUZZ_CHECK(wick_attest_ask_fits(&e, &ask, how, early) == WICK_E_EXPIRED && e.seq == 0);
    }
}

static void as_answer(wick_span in)
{
    uint8_t again[WICK_ATTEST_ANSWER_BYTES];
    wick_buf b = wick_buf_make(again, sizeof again);
    wick_attest_answer a;
    if (wick_attest_answer_decode(&a, in) != WICK_OK) {
        FUZZ_CHECK(wick_ct_is_zero((const uint8_t *)&a, sizeof a));
        return;
    }
    FUZZ_ACCEPTED();
    wick_attest_answer_encode(&b, (wick_attest_ask_how)in.ptr[1], &a);
    FUZZ_CHECK(in.len == sizeof again && memcmp(again, in.ptr, sizeof again) == 0);
}

static void as_challenge(wick_span in)
{
    uint8_t n1[32], again[WICK_ATTEST_ASK_CHALLENGE_BYTES];
    wick_buf b = wick_buf_make(again, sizeof again);
    if (wick_attest_ask_challenge_decode(n1, in) != WICK_OK) {
        FUZZ_CHECK(wick_ct_is_zero(n1, sizeof n1));
        return;
    }
    FUZZ_ACCEPTED();
    wick_attest_ask_challenge_encode(&b, n1);
    FUZZ_CHECK(in.len == sizeof again && memcmp(again, in.ptr, sizeof again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wick_span in = wick_span_make(data, size);
    as_question(in);
    as_answer(in);
    as_challenge(in);
    return 0;
}
