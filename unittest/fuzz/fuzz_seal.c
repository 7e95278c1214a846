/* SPDX-License-Identifier: Apache-2.0 */
/*
 * extraData of consortium chains. The first byte names the rule and whether it is genesis, the rest
 * is put into a header. What is accepted lies inside the input, lists at least one validator
 * (Clique: none or more), and hashes to something else when the header changes.
 */
#include "fuzz.h"

#include "wick/seal.h"

static uint8_t rlp[WICK_HEADER_MAX + 16];

static void check(wick_seal_rule rule, const wick_header *h, wick_span whole)
{
    wick_seal_extra e;
    wick_signers set;
    uint8_t hash[3][32];
    if (wick_seal_decode(&e, rule, h) != WICK_OK) {
        return;
    }
    FUZZ_ACCEPTED();
    FUZZ_CHECK(e.signers <= WICK_SEAL_SIGNERS_MAX && e.seals <= WICK_SEAL_SIGNERS_MAX);
    FUZZ_CHECK(e.signers != 0 || rule == WICK_SEAL_CLIQUE);
    for (size_t i = 0; i < e.signers; i++) {
        fuzz_touch(wick_span_make(wick_seal_signer(&e, i), 20));
    }
    for (size_t i = 0; i < e.seals; i++) {
        fuzz_touch(wick_span_make(wick_seal_at(&e, i), WICK_SEAL_BYTES));
    }
    if (e.proposer != NULL) {
        fuzz_touch(wick_span_make(e.proposer, WICK_SEAL_BYTES));
    }
    wick_status s = wick_signers_from(&set, &e);
    FUZZ_CHECK(s == WICK_OK || !e.ascending);
    FUZZ_CHECK(s != WICK_OK || (set.count == e.signers && wick_signers_is_sane(&set)));
    for (int of = 0; of < 3; of++) {
        wick_seal_hash(hash[of], (wick_seal_of)of, &e, whole, h);
    }
    rlp[whole.len - 1] ^= 1; /* the base fee is part of all */
    for (int of = 0; of < 3; of++) {
        uint8_t again[32];
        wick_seal_hash(again, (wick_seal_of)of, &e, whole, h);
        FUZZ_CHECK(memcmp(again, hash[of], 32) != 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t zero[256], one[1] = {1};
    wick_header h, back;
    if (size == 0 || size > WICK_HEADER_MAX - 700) {
        return 0;
    }
    memset(&h, 0, sizeof h);
    h.fields = 16;
    for (size_t i = 0; i < h.fields; i++) {
        bool root = i <= 1 || (i >= 3 && i <= 5) || i == 13;
        size_t len = i == 2 ? 20 : i == 6 ? 256 : i == 14 ? 8 : root ? 32 : 0;
        h.field[i] = wick_span_make(zero, len);
    }
    h.field[WICK_HEADER_NUMBER] = wick_span_make(one, (data[0] & 4u) != 0 ? 0 : 1);
    h.field[WICK_HEADER_BASE_FEE] = wick_span_make(one, 1);
    h.field[WICK_HEADER_EXTRA_DATA] = wick_span_make(data + 1, size - 1);
    wick_buf out = wick_buf_make(rlp, sizeof rlp);
    FUZZ_CHECK(wick_header_encode(&out, &h) == WICK_OK);
    FUZZ_CHECK(wick_header_decode(&back, wick_buf_span(&out)) == WICK_OK);
    check((wick_seal_rule)(1 + (data[0] & 3u)), &back, wick_buf_span(&out));
    return 0;
}
