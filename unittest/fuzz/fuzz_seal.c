/* SPDX-License-Identifier: Apache-2.0 */
/*
 * extraData of consortium chains. The first byte names the rule and whether it is genesis, the rest
 * is put into a header. What is accepted lies inside the input, lists at least one validator
 * (Clique: none or more), and hashes to something else when the header changes.
 */
#include "fuzz.h"

#include "wick/seal.h"

static uint8_t rlp[WICK_HEADER_MAX + 16];

static wick_status recover(void *ctx, uint8_t pub65[65], const uint8_t sig64[64], uint8_t recid,
                           const uint8_t hash32[32])
{
    (void)ctx;
    /* What reaches the curve has the lower of the two s, or one that is no number below n. */
    FUZZ_CHECK(sig64[32] < 0x80 || sig64[32] == 0xff);
    pub65[0] = 4;
    memcpy(pub65 + 1, hash32, 32);
    memset(pub65 + 33, recid, 32);
    return sig64[0] != 0 ? WICK_OK : WICK_E_AUTH;
}

static void recover_all(const wick_seal_extra *e)
{
    wick_hal_crypto crypto;
    uint8_t hash[32] = {0}, address[20];
    memset(&crypto, 0, sizeof crypto);
    crypto.secp256k1_recover = recover;
    for (size_t i = 0; i < e->seals; i++) {
        (void)!wick_seal_recover(address, &crypto, hash, wick_seal_at(e, i));
    }
    if (e->proposer != NULL) {
        (void)!wick_seal_recover(address, &crypto, hash, e->proposer);
    }
}

/* A set holds what was put in, once, in order, up to its bound. */
static void sets(wick_signers *set)
{
    uint8_t other[20] = {0};
    for (size_t i = 0; i < set->count; i++) {
        FUZZ_CHECK(wick_signers_find(set, set->address[i]) == i);
        FUZZ_CHECK(wick_signers_add(set, set->address[i]) == WICK_OK);
    }
    while (set->count < WICK_SEAL_SIGNERS_MAX) {
        size_t before = set->count;
        other[19]++;
        FUZZ_CHECK(wick_signers_add(set, other) == WICK_OK && set->count <= before + 1);
        FUZZ_CHECK(wick_signers_is_sane(set));
    }
    memset(other, 0xfe, sizeof other);
    bool there = wick_signers_find(set, other) != set->count;
    FUZZ_CHECK(wick_signers_add(set, other) == (there ? WICK_OK : WICK_E_LIMIT));
    wick_signers_remove(set, other);
    FUZZ_CHECK(set->count == WICK_SEAL_SIGNERS_MAX - (there ? 1u : 0u));
    wick_signers broken = *set;
    memcpy(broken.address[1], broken.address[0], 20);
    FUZZ_CHECK(!wick_signers_is_sane(&broken));
    broken.count = WICK_SEAL_SIGNERS_MAX + 1;
    FUZZ_CHECK(!wick_signers_is_sane(&broken));
    while (set->count != 0) {
        memcpy(other, set->address[set->count / 2], 20);
        wick_signers_remove(set, other);
        FUZZ_CHECK(wick_signers_is_sane(set) && wick_signers_find(set, other) == set->count);
    }
}

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
    if (s == WICK_OK) {
        sets(&set);
    }
    recover_all(&e);
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
