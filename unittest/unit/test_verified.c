/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core/registry/verified: words of one contract under one header, on tries of one leaf made here.
 * Either every word is proven or none is given.
 */
#include "wick/verified.h"

#include "wick/header.h"
#include "wick/keccak.h"
#include "wick/rlp.h"
#include "tap.h"

static const uint8_t contract[20] = {0xc0, 0xde};
static uint8_t slots[3][32], values[3][32], present[32];
static uint8_t storage_leaf[128], account_leaf[256], header_rlp[700];
static size_t storage_len, account_len;
static wick_trusted_header header;
static wick_verified v;

/* A trie of one leaf: [hex-prefix of all 64 nibbles, value]; its root is the leaf's hash. */
static size_t make_leaf(uint8_t *out, size_t cap, uint8_t root[32], const uint8_t *key, size_t key_len,
                        wick_span value)
{
    uint8_t path[33] = {0x20};
    wick_buf b = wick_buf_make(out, cap);
    wick_keccak256(path + 1, key, key_len);
    size_t list = wick_rlp_open(&b);
    wick_rlp_put(&b, path, sizeof path);
    wick_rlp_put(&b, value.ptr, value.len);
    wick_rlp_shut(&b, list);
    CHECK_STATUS(wick_buf_status(&b), WICK_OK);
    wick_keccak256(root, out, b.len);
    return b.len;
}

static void make_header(const uint8_t state_root[32])
{
    static uint8_t zero[256];
    uint8_t hash[32];
    wick_header h;
    wick_buf b = wick_buf_make(header_rlp, sizeof header_rlp);
    memset(&h, 0, sizeof h);
    h.fields = WICK_HEADER_FIELDS_MIN;
    for (size_t i = 0; i < h.fields; i++) {
        h.field[i] = wick_span_make(zero, wick_header_field_is_integer(i) ? 0 : 32);
    }
    h.field[WICK_HEADER_MINER].len = 20;
    h.field[WICK_HEADER_LOGS_BLOOM].len = 256;
    h.field[WICK_HEADER_EXTRA_DATA].len = 0;
    h.field[WICK_HEADER_MIX_HASH].len = 32;
    h.field[WICK_HEADER_NONCE].len = 8;
    h.field[WICK_HEADER_STATE_ROOT].ptr = state_root;
    CHECK_STATUS(wick_header_encode(&b, &h), WICK_OK);
    wick_header_hash(hash, wick_buf_span(&b));
    CHECK_STATUS(wick_trust_own_node(&header, wick_buf_span(&b), hash, 1), WICK_OK);
}

/* A chain whose contract holds one word, at slots[1]; `code` says whether it has code. */
static void setup(bool code)
{
    uint8_t root[32], body[128], word[40], code_hash[32] = {0x11};
    wick_buf b;
    for (uint8_t i = 0; i < 3; i++) {
        memset(slots[i], i + 1, 32);
    }
    memset(values, 0xee, sizeof values);
    memset(present, 0x5a, sizeof present);
    b = wick_buf_make(word, sizeof word);
    wick_rlp_put(&b, present, sizeof present);
    storage_len = make_leaf(storage_leaf, sizeof storage_leaf, root, slots[1], 32,
                            wick_buf_span(&b));
    b = wick_buf_make(body, sizeof body);
    size_t list = wick_rlp_open(&b);
    wick_rlp_put_u64(&b, 1);
    wick_rlp_put_u64(&b, 0);
    wick_rlp_put(&b, root, 32);
    wick_rlp_put(&b, code ? code_hash : wick_empty_code_hash, 32);
    wick_rlp_shut(&b, list);
    account_len = make_leaf(account_leaf, sizeof account_leaf, root, contract, sizeof contract,
                            wick_buf_span(&b));
    make_header(root);
}

static wick_status begin(void)
{
    return wick_verified_begin(&v, &header, contract, (const uint8_t (*)[32])slots, values, 3);
}

static wick_status account(void)
{
    return wick_verified_node(&v, wick_span_make(account_leaf, account_len),
                              WICK_VERIFIED_ACCOUNT);
}

static wick_status slot(int part)
{
    return wick_verified_node(&v, wick_span_make(storage_leaf, storage_len), part);
}

static bool nothing_given(void)
{
    return wick_ct_is_zero(values[0], sizeof values);
}

TEST(all_words_are_proven)
{
    setup(true);
    REQUIRE_STATUS(begin(), WICK_OK);
    CHECK(nothing_given());
    CHECK_STATUS(account(), WICK_OK);
    CHECK_STATUS(slot(0), WICK_OK);
    CHECK_STATUS(slot(1), WICK_OK);
    CHECK_STATUS(slot(2), WICK_OK);
    CHECK_STATUS(wick_verified_end(&v), WICK_OK);
    CHECK(wick_ct_is_zero(values[0], 32) && wick_ct_is_zero(values[2], 32));
    CHECK_MEM(values[1], present, 32);
}

/* A missing proof is no proof of absence, wherever it is missing. */
TEST(incomplete_answers_give_nothing)
{
    setup(true);
    REQUIRE_STATUS(begin(), WICK_OK);
    CHECK_STATUS(wick_verified_end(&v), WICK_E_PROOF_INCOMPLETE);
    for (int left_out = 0; left_out < 3; left_out++) {
        REQUIRE_STATUS(begin(), WICK_OK);
        CHECK_STATUS(account(), WICK_OK);
        for (int i = 0; i < 3; i++) {
            wick_status want = i > left_out ? WICK_E_PROOF_INCOMPLETE : WICK_OK;
            if (i != left_out) {
                CHECK_STATUS(slot(i), want);
            }
        }
        CHECK_STATUS(wick_verified_end(&v), WICK_E_PROOF_INCOMPLETE);
        CHECK(nothing_given());
    }
    REQUIRE_STATUS(begin(), WICK_OK); /* slots without the account */
    CHECK_STATUS(slot(0), WICK_E_PROOF_INCOMPLETE);
    CHECK_STATUS(wick_verified_end(&v), WICK_E_PROOF_INCOMPLETE);
}

TEST(altered_nodes_give_nothing)
{
    setup(true);
    REQUIRE_STATUS(begin(), WICK_OK);
    CHECK_STATUS(account(), WICK_OK);
    CHECK_STATUS(slot(0), WICK_OK);
    storage_leaf[storage_len - 1] ^= 1;
    CHECK_STATUS(slot(1), WICK_E_PROOF_BAD_HASH);
    storage_leaf[storage_len - 1] ^= 1;
    CHECK_STATUS(slot(1), WICK_E_PROOF_BAD_HASH); /* the first error sticks */
    CHECK_STATUS(wick_verified_end(&v), WICK_E_PROOF_BAD_HASH);
    CHECK(nothing_given());

    REQUIRE_STATUS(begin(), WICK_OK);
    account_leaf[account_len - 1] ^= 1;
    CHECK_STATUS(account(), WICK_E_PROOF_BAD_HASH);
    CHECK_STATUS(wick_verified_end(&v), WICK_E_PROOF_BAD_HASH);

    setup(true);
    REQUIRE_STATUS(begin(), WICK_OK); /* one node too many, after all was proven */
    CHECK_STATUS(account(), WICK_OK);
    CHECK_STATUS(slot(0), WICK_OK);
    CHECK_STATUS(slot(1), WICK_OK);
    CHECK_STATUS(slot(2), WICK_OK);
    CHECK_STATUS(slot(2), WICK_E_PROOF_BAD_HASH);
    CHECK_STATUS(wick_verified_end(&v), WICK_E_PROOF_BAD_HASH);
    CHECK(nothing_given());
}

TEST(parts_come_in_order)
{
    setup(true);
    REQUIRE_STATUS(begin(), WICK_OK);
    CHECK_STATUS(account(), WICK_OK);
    CHECK_STATUS(slot(0), WICK_OK);
    CHECK_STATUS(slot(1), WICK_OK);
    CHECK_STATUS(slot(0), WICK_E_BAD_ARG);
    CHECK_STATUS(wick_verified_end(&v), WICK_E_BAD_ARG);
    CHECK(nothing_given());
    REQUIRE_STATUS(begin(), WICK_OK);
    CHECK_STATUS(account(), WICK_OK);
    CHECK_STATUS(slot(3), WICK_E_BAD_ARG);
    REQUIRE_STATUS(begin(), WICK_OK);
    CHECK_STATUS(slot(-2), WICK_E_BAD_ARG);
}

/* Everything is absent where nothing is: that must not look like an unregistered name. */
TEST(no_contract)
{
    setup(false);
    REQUIRE_STATUS(begin(), WICK_OK);
    CHECK_STATUS(account(), WICK_OK);
    CHECK_STATUS(slot(0), WICK_E_NO_CONTRACT);
    CHECK_STATUS(wick_verified_end(&v), WICK_E_NO_CONTRACT);
    CHECK(nothing_given());

    setup(true);
    static const uint8_t nobody[20] = {0xde, 0xad};
    REQUIRE_STATUS(wick_verified_begin(&v, &header, nobody, (const uint8_t (*)[32])slots, values, 3),
                   WICK_OK);
    CHECK_STATUS(account(), WICK_OK);
    CHECK_STATUS(wick_verified_end(&v), WICK_E_NO_CONTRACT);
}

TEST(header_must_be_trusted)
{
    wick_trusted_header forged;
    setup(true);
    forged = header;
    forged.made = 0;
    CHECK_STATUS(
        wick_verified_begin(&v, &forged, contract, (const uint8_t (*)[32])slots, values, 3),
        WICK_E_BAD_ARG);
    CHECK_STATUS(account(), WICK_E_BAD_ARG);
    CHECK_STATUS(wick_verified_end(&v), WICK_E_BAD_ARG);
    CHECK(nothing_given());
}

TEST(no_slots_is_a_proof_of_the_contract)
{
    setup(true);
    REQUIRE_STATUS(
        wick_verified_begin(&v, &header, contract, (const uint8_t (*)[32])slots, values, 0),
        WICK_OK);
    CHECK_STATUS(account(), WICK_OK);
    CHECK_STATUS(wick_verified_end(&v), WICK_OK);
}

TAP_MAIN("unit.verified", CASE(all_words_are_proven), CASE(incomplete_answers_give_nothing),
         CASE(altered_nodes_give_nothing), CASE(parts_come_in_order), CASE(no_contract),
         CASE(header_must_be_trusted), CASE(no_slots_is_a_proof_of_the_contract))
