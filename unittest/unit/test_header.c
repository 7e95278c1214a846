/* SPDX-License-Identifier: Apache-2.0 */
/* wick/header.h and wick/trust.h: headers of every fork and what is none; who may vouch for one. */
#include "wick/header.h"

#include "wick/keccak.h"
#include "wick/rlp.h"
#include "wick/trust.h"

#include "tap.h"

/* Header of mainnet's genesis block, whose hash everybody knows (yellow paper, appendix I). */
static const char genesis_hash[] =
    "d4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3";

static uint8_t zero[256];

static void make_genesis(wick_header *h, uint8_t fixed[5][32])
{
    static const char *const hex[5] = {
        "1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347",
        "d7f8974fb5ac78d9ac099b9ad5018bedc2ce0a72dad1827a1709da30580f0544",
        "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421",
        "11bbe8db4e347b4e8c937c1c8370e4b5ed33adb3db69cbdb7a38e1e50b1b82fa",
        "0000000000000000000000000000000000000000000000000000000000000042"};
    static const uint8_t difficulty[8] = {0, 0, 0, 4}, gas[8] = {0, 0, 0, 0, 0, 0, 0x13, 0x88};
    for (size_t i = 0; i < 5; i++) {
        CHECK_STATUS(wick_hex_decode(fixed[i], 32, hex[i], 64), WICK_OK);
    }
    memset(h, 0, sizeof *h);
    h->fields = 15;
    h->field[WICK_HEADER_PARENT_HASH] = wick_span_make(zero, 32);
    h->field[WICK_HEADER_UNCLES_HASH] = wick_span_make(fixed[0], 32);
    h->field[WICK_HEADER_MINER] = wick_span_make(zero, 20);
    h->field[WICK_HEADER_STATE_ROOT] = wick_span_make(fixed[1], 32);
    h->field[WICK_HEADER_TRANSACTIONS_ROOT] = wick_span_make(fixed[2], 32);
    h->field[WICK_HEADER_RECEIPTS_ROOT] = wick_span_make(fixed[2], 32);
    h->field[WICK_HEADER_LOGS_BLOOM] = wick_span_make(zero, 256);
    h->field[WICK_HEADER_DIFFICULTY] = wick_span_make(difficulty, 8);
    h->field[WICK_HEADER_GAS_LIMIT] = wick_span_make(gas, 8);
    h->field[WICK_HEADER_EXTRA_DATA] = wick_span_make(fixed[3], 32);
    h->field[WICK_HEADER_MIX_HASH] = wick_span_make(zero, 32);
    h->field[WICK_HEADER_NONCE] = wick_span_make(fixed[4] + 24, 8);
}

/* The same with all fields up to `fields`, and numbers to recognise. */
static void make_header(wick_header *h, uint8_t fixed[5][32], uint8_t fields)
{
    static const uint8_t number[2] = {0x30, 0x39}, time[4] = {0x65, 0, 0, 1}, fee[1] = {7};
    make_genesis(h, fixed);
    h->fields = fields;
    h->field[WICK_HEADER_NUMBER] = wick_span_make(number, 2);
    h->field[WICK_HEADER_TIMESTAMP] = wick_span_make(time, 4);
    const wick_span later[6] = {wick_span_make(fee, 1),       wick_span_make(fixed[2], 32),
                                wick_span_make(zero, 1),      wick_span_make(fee, 1),
                                wick_span_make(fixed[3], 32), wick_span_make(fixed[0], 32)};
    for (size_t i = 15; i < fields; i++) {
        h->field[i] = later[i - 15];
    }
}

static wick_span encode(uint8_t *m, size_t cap, const wick_header *h)
{
    wick_buf b = wick_buf_make(m, cap);
    CHECK_STATUS(wick_header_encode(&b, h), WICK_OK);
    return wick_buf_span(&b);
}

/* ---- headers ---- */

TEST(genesis_hashes_right)
{
    uint8_t fixed[5][32], m[700], want[32], got[32];
    wick_header h, back;
    make_genesis(&h, fixed);
    wick_span rlp = encode(m, sizeof m, &h);
    CHECK_INT(rlp.len, 0x214 + 3);
    wick_header_hash(got, rlp);
    CHECK_STATUS(wick_hex_decode(want, 32, genesis_hash, 64), WICK_OK);
    CHECK_MEM(got, want, 32);
    REQUIRE_STATUS(wick_header_decode(&back, rlp), WICK_OK);
    CHECK_INT(back.fields, 15);
    CHECK_INT(back.gas_limit, 5000);
    CHECK_INT(back.number, 0);
    CHECK_INT(back.base_fee, 0);
    CHECK_INT(back.unknown.len, 0);
    CHECK_MEM(back.field[WICK_HEADER_STATE_ROOT].ptr, fixed[1], 32);
}

TEST(fifteen_to_twenty_one_fields)
{
    for (uint8_t n = 15; n <= 21; n++) {
        uint8_t fixed[5][32], m[800], again[800];
        wick_header h, back;
        make_header(&h, fixed, n);
        wick_span rlp = encode(m, sizeof m, &h);
        REQUIRE_STATUS(wick_header_decode(&back, rlp), WICK_OK);
        CHECK_INT(back.fields, n);
        CHECK_INT(back.number, 12345);
        CHECK_INT(back.timestamp, 0x65000001);
        CHECK_INT(back.base_fee, n > 15 ? 7 : 0);
        wick_span second = encode(again, sizeof again, &back);
        CHECK(second.len == rlp.len && memcmp(m, again, rlp.len) == 0);
    }
}

/* A fork to come appends fields of any kind: kept, hashed, given back. */
TEST(unknown_fields_are_kept)
{
    static const uint8_t later[] = {0x05, 0xc3, 0x01, 0xc1, 0x02, 0x82, 0xab, 0xcd};
    static const uint8_t bad[] = {0x05, 0xc2, 0x81, 0x05};
    uint8_t fixed[5][32], m[800], again[800];
    wick_header h, back;
    make_header(&h, fixed, 21);
    h.unknown = wick_span_make(later, sizeof later);
    wick_span rlp = encode(m, sizeof m, &h);
    REQUIRE_STATUS(wick_header_decode(&back, rlp), WICK_OK);
    CHECK_INT(back.fields, 21);
    CHECK(back.unknown.len == sizeof later && memcmp(back.unknown.ptr, later, sizeof later) == 0);
    wick_span second = encode(again, sizeof again, &back);
    CHECK(second.len == rlp.len && memcmp(m, again, rlp.len) == 0);

    wick_buf b = wick_buf_make(again, sizeof again);
    h.unknown = wick_span_make(bad, sizeof bad); /* not canonical, deep inside */
    CHECK_STATUS(wick_header_encode(&b, &h), WICK_E_MALFORMED);
    h.unknown = wick_span_make(later, sizeof later - 1); /* cut */
    CHECK_STATUS(wick_header_encode(&b, &h), WICK_E_MALFORMED);
    h.unknown = wick_span_make(later, sizeof later);
    h.fields = 20; /* a hole before them */
    CHECK_STATUS(wick_header_encode(&b, &h), WICK_E_MALFORMED);
    /* 0x05 at the end turned into a long form: the same defect on the way in */
    m[rlp.len - 3] = 0x81;
    m[rlp.len - 2] = 0x05;
    CHECK(wick_header_decode(&back, wick_span_make(m, rlp.len)) != WICK_OK);
}

TEST(wrong_lengths_are_refused)
{
    for (size_t i = 0; i < 21; i++) {
        uint8_t fixed[5][32], m[800];
        wick_header h;
        make_header(&h, fixed, 21);
        wick_span good = h.field[i];
        for (int k = 0; k < 2; k++) {
            size_t len = k == 0 ? good.len + 1 : good.len - 1;
            if (wick_header_field_is_integer(i)) {
                len = k == 0 ? 9 : 33;
            } else if (i == WICK_HEADER_EXTRA_DATA) {
                continue;
            }
            uint8_t filled[257];
            memset(filled, 0x11, sizeof filled);
            h.field[i] = wick_span_make(filled, len);
            wick_buf b = wick_buf_make(m, sizeof m);
            wick_status s = wick_header_encode(&b, &h);
            bool wide = i == WICK_HEADER_DIFFICULTY || i == WICK_HEADER_BASE_FEE;
            CHECK_STATUS(s, (len == 9 && wide) ? WICK_OK : WICK_E_MALFORMED);
        }
    }
}

/* The same on the way in: every field one byte longer, by hand-made RLP. */
TEST(decode_refuses_wrong_lengths)
{
    for (size_t i = 0; i < 21; i++) {
        uint8_t fixed[5][32], m[900], more[40];
        wick_header h, back;
        memset(more, 0x11, sizeof more);
        make_header(&h, fixed, 21);
        wick_buf b = wick_buf_make(m, sizeof m);
        size_t at = wick_rlp_open(&b);
        for (size_t k = 0; k < 21; k++) {
            if (k == i) {
                wick_rlp_put(&b, more, 33);
            } else if (wick_header_field_is_integer(k)) {
                wick_rlp_put_uint(&b, h.field[k].ptr, h.field[k].len);
            } else {
                wick_rlp_put(&b, h.field[k].ptr, h.field[k].len);
            }
        }
        wick_rlp_shut(&b, at);
        CHECK_STATUS(wick_header_decode(&back, wick_buf_span(&b)),
                     i == WICK_HEADER_EXTRA_DATA ? WICK_OK : WICK_E_MALFORMED);
        CHECK(i == WICK_HEADER_EXTRA_DATA || back.fields == 0); /* zeroed on error */
    }
}

TEST(decode_is_strict)
{
    uint8_t fixed[5][32], m[WICK_HEADER_MAX + 8];
    wick_header h, back;
    make_header(&h, fixed, 21);
    wick_span rlp = encode(m, sizeof m, &h);
    for (size_t n = 0; n < rlp.len; n++) {
        CHECK_STATUS(wick_header_decode(&back, wick_span_make(m, n)), WICK_E_TRUNCATED);
    }
    m[rlp.len] = 0;
    CHECK_STATUS(wick_header_decode(&back, wick_span_make(m, rlp.len + 1)), WICK_E_TRAILING);
    CHECK_STATUS(wick_header_decode(&back, wick_span_make(m, WICK_HEADER_MAX + 1)), WICK_E_LIMIT);
    static const uint8_t string[2] = {0x81, 0x80};
    CHECK_STATUS(wick_header_decode(&back, wick_span_make(string, 2)), WICK_E_MALFORMED);
    make_header(&h, fixed, 15);
    rlp = encode(m, sizeof m, &h);
    size_t nonce_at = rlp.len - 9;
    CHECK_INT(m[nonce_at], 0x88);
    m[1] = (uint8_t)((rlp.len - 3 - 9) >> 8); /* 14 fields */
    m[2] = (uint8_t)(rlp.len - 3 - 9);
    CHECK_STATUS(wick_header_decode(&back, wick_span_make(m, nonce_at)), WICK_E_MALFORMED);
    /* A zero in front of an integer: number as 82 00 39. */
    rlp = encode(m, sizeof m, &h);
    for (size_t i = 0; i + 2 < rlp.len; i++) {
        if (m[i] == 0x82 && m[i + 1] == 0x30 && m[i + 2] == 0x39) {
            m[i + 1] = 0;
        }
    }
    CHECK_STATUS(wick_header_decode(&back, rlp), WICK_E_NON_CANONICAL);
}

/* OpenEthereum's Authority Round: step and signature instead of mix hash and nonce. */
TEST(authority_round_seal)
{
    static const uint8_t step[4] = {0x17, 0x0a, 0xeb, 0x53}, zeros[4] = {0, 1, 2, 3};
    uint8_t fixed[5][32], m[800];
    wick_header h, back;
    make_header(&h, fixed, 15);
    h.field[WICK_HEADER_MIX_HASH] = wick_span_make(step, 4);
    h.field[WICK_HEADER_NONCE] = wick_span_make(zero, 65);
    wick_span rlp = encode(m, sizeof m, &h);
    REQUIRE_STATUS(wick_header_decode(&back, rlp), WICK_OK);
    CHECK_INT(back.number, 12345);
    wick_buf b = wick_buf_make(NULL, 0);
    h.field[WICK_HEADER_MIX_HASH] = wick_span_make(zeros, 4); /* leading zero */
    CHECK_STATUS(wick_header_encode(&b, &h), WICK_E_MALFORMED);
    h.field[WICK_HEADER_MIX_HASH] = wick_span_make(step, 4);
    h.field[WICK_HEADER_NONCE] = wick_span_make(zero, 8); /* half of each kind */
    CHECK_STATUS(wick_header_encode(&b, &h), WICK_E_MALFORMED);
}

TEST(encode_says_what_it_needs)
{
    uint8_t fixed[5][32], m[600];
    wick_header h;
    make_header(&h, fixed, 21);
    wick_buf measure = wick_buf_make(NULL, 0), tight = wick_buf_make(m, 600);
    CHECK_STATUS(wick_header_encode(&measure, &h), WICK_OK);
    REQUIRE(measure.len > 600);
    CHECK_STATUS(wick_header_encode(&tight, &h), WICK_E_NO_SPACE);
    h.fields = 14;
    CHECK_STATUS(wick_header_encode(&measure, &h), WICK_E_MALFORMED);
    h.fields = 22;
    CHECK_STATUS(wick_header_encode(&measure, &h), WICK_E_MALFORMED);
}

TEST(large_base_fee_saturates)
{
    uint8_t fixed[5][32], m[800], fee[9] = {1};
    wick_header h, back;
    make_header(&h, fixed, 16);
    h.field[WICK_HEADER_BASE_FEE] = wick_span_make(fee, 9);
    REQUIRE_STATUS(wick_header_decode(&back, encode(m, sizeof m, &h)), WICK_OK);
    CHECK(back.base_fee == UINT64_MAX);
}

TEST(field_names)
{
    CHECK(strcmp(wick_header_field_name(WICK_HEADER_STATE_ROOT), "stateRoot") == 0);
    CHECK(strcmp(wick_header_field_name(WICK_HEADER_PARENT_BEACON_ROOT),
                 "parentBeaconBlockRoot") == 0);
    CHECK(wick_header_field_name(21) == NULL);
    CHECK(wick_header_field_is_integer(WICK_HEADER_BASE_FEE));
    CHECK(!wick_header_field_is_integer(WICK_HEADER_NONCE));
    CHECK(!wick_header_field_is_integer(21));
}

/* ---- trust ---- */

TEST(own_node_and_pinned)
{
    uint8_t fixed[5][32], m[800], hash[32];
    wick_header h;
    wick_trusted_header t;
    make_header(&h, fixed, 21);
    wick_span rlp = encode(m, sizeof m, &h);
    wick_header_hash(hash, rlp);
    REQUIRE_STATUS(wick_trust_own_node(&t, rlp, hash, 31337), WICK_OK);
    CHECK(wick_trust_is_made(&t));
    CHECK_INT(t.tier, WICK_TIER_OWN_NODE);
    CHECK_INT(t.chain_id, 31337);
    CHECK_INT(t.number, 12345);
    CHECK_INT(t.timestamp, 0x65000001);
    CHECK_MEM(t.hash, hash, 32);
    CHECK_MEM(t.state_root, fixed[1], 32);
    CHECK_MEM(t.receipts_root, fixed[2], 32);
    CHECK_MEM(t.transactions_root, fixed[2], 32);
    REQUIRE_STATUS(wick_trust_pinned(&t, rlp, hash, 1), WICK_OK);
    CHECK_INT(t.tier, WICK_TIER_PINNED);

    hash[31] ^= 1;
    CHECK_STATUS(wick_trust_own_node(&t, rlp, hash, 31337), WICK_E_HEADER_HASH);
    CHECK(!wick_trust_is_made(&t));
    CHECK_STATUS(wick_trust_pinned(&t, rlp, hash, 31337), WICK_E_HEADER_HASH);
    CHECK(!wick_trust_is_made(&t));
    wick_header_hash(hash, wick_span_make(m, 3)); /* hashes right, but is no header */
    CHECK_STATUS(wick_trust_pinned(&t, wick_span_make(m, 3), hash, 1), WICK_E_TRUNCATED);
    CHECK(!wick_trust_is_made(&t));
    memset(&t, 0, sizeof t);
    CHECK(!wick_trust_is_made(&t));
}

TEST(pinned_state_root)
{
    static const wick_trust_rule any = {1, WICK_TIER_PINNED, 0, 0},
                                 aged = {1, WICK_TIER_PINNED, 60, 0},
                                 deep = {1, WICK_TIER_PINNED, 0, 1};
    wick_trust_policy policy = {&any, 1};
    wick_trust_now now = {0x65000001, true};
    wick_trusted_header t;
    uint8_t root[32];
    memset(root, 0x77, 32);
    wick_trust_pinned_root(&t, root, 1);
    CHECK(wick_trust_is_made(&t));
    CHECK_MEM(t.state_root, root, 32);
    CHECK(t.tier == WICK_TIER_PINNED && t.number == 0 && wick_ct_is_zero(t.hash, 32));
    CHECK_STATUS(wick_trust_policy_allows(&policy, &t, 0, &now), WICK_OK);
    policy.rules = &aged;
    CHECK_STATUS(wick_trust_policy_allows(&policy, &t, 0, &now), WICK_E_HEADER_STALE);
    policy.rules = &deep;
    CHECK_STATUS(wick_trust_policy_allows(&policy, &t, 0, &now), WICK_E_TRUST_DEPTH);
}

TEST(policy_is_an_allow_list)
{
    uint8_t fixed[5][32], m[800], hash[32];
    wick_header h;
    wick_trusted_header t, none;
    const uint64_t time = 0x65000001;
    make_header(&h, fixed, 21);
    wick_span rlp = encode(m, sizeof m, &h);
    wick_header_hash(hash, rlp);
    REQUIRE_STATUS(wick_trust_own_node(&t, rlp, hash, 5), WICK_OK);
    memset(&none, 0, sizeof none);

    wick_trust_rule rules[3] = {{5, WICK_TIER_FINALIZED, 0, 0},
                                {5, WICK_TIER_OWN_NODE, 600, 3},
                                {6, WICK_TIER_OWN_NODE, 0, 0}};
    wick_trust_policy all = {rules, 3}, first = {rules, 1}, last = {rules + 2, 1};
    wick_trust_policy empty = {NULL, 0};
    wick_trust_now now = {time + 600, true}, late = {time + 601, true}, no_clock = {0, false};
    wick_trust_now behind = {time - WICK_TRUST_FUTURE_S, true};
    wick_trust_now far_behind = {time - WICK_TRUST_FUTURE_S - 1, true};
    CHECK_STATUS(wick_trust_policy_allows(&all, &t, 12348, &now), WICK_OK);
    CHECK_STATUS(wick_trust_policy_allows(&all, &t, 12347, &now), WICK_E_TRUST_DEPTH);
    CHECK_STATUS(wick_trust_policy_allows(&all, &t, 0, &now), WICK_E_TRUST_DEPTH);
    CHECK_STATUS(wick_trust_policy_allows(&all, &t, 12348, &late), WICK_E_HEADER_STALE);
    CHECK_STATUS(wick_trust_policy_allows(&all, &t, 12348, &no_clock), WICK_E_NO_CLOCK);
    CHECK_STATUS(wick_trust_policy_allows(&all, &t, 12348, &behind), WICK_OK);
    CHECK_STATUS(wick_trust_policy_allows(&all, &t, 12348, &far_behind), WICK_E_HEADER_FUTURE);
    CHECK_STATUS(wick_trust_policy_allows(&first, &t, 12348, &now), WICK_E_TRUST_TIER);
    CHECK_STATUS(wick_trust_policy_allows(&last, &t, 12348, &now), WICK_E_CHAIN_MISMATCH);
    CHECK_STATUS(wick_trust_policy_allows(&empty, &t, 12348, &now), WICK_E_CHAIN_MISMATCH);
    CHECK_STATUS(wick_trust_policy_allows(&all, &none, 12348, &now), WICK_E_TRUST_TIER);
    rules[1].max_age_s = 0; /* any age, so no clock is needed */
    CHECK_STATUS(wick_trust_policy_allows(&all, &t, 12348, &no_clock), WICK_OK);
    CHECK_STATUS(wick_trust_policy_allows(&all, &t, 12348, &late), WICK_OK);
    rules[2] = rules[1]; /* the second rule for the same tier may be laxer */
    rules[2].depth = 0;
    CHECK_STATUS(wick_trust_policy_allows(&all, &t, 12345, &now), WICK_OK);
}

TEST(tier_names)
{
    wick_tier tier = WICK_TIER_NONE;
    for (int i = 1; i <= WICK_TIER_FINALIZED; i++) {
        const char *name = wick_tier_str((wick_tier)i);
        CHECK_STATUS(wick_tier_parse(&tier, name, strlen(name)), WICK_OK);
        CHECK_INT(tier, i);
        CHECK_STATUS(wick_tier_parse(&tier, name, strlen(name) - 1), WICK_E_MALFORMED);
    }
    CHECK_STATUS(wick_tier_parse(&tier, "own_node", 8), WICK_OK);
    CHECK_INT(tier, WICK_TIER_OWN_NODE);
    CHECK_STATUS(wick_tier_parse(&tier, "own_nodes", 9), WICK_E_MALFORMED);
    CHECK_STATUS(wick_tier_parse(&tier, "none", 4), WICK_E_MALFORMED);
    CHECK_STATUS(wick_tier_parse(&tier, "", 0), WICK_E_MALFORMED);
    CHECK(strcmp(wick_tier_str((wick_tier)99), "NONE") == 0);
}

TAP_MAIN("unit.header", CASE(genesis_hashes_right), CASE(fifteen_to_twenty_one_fields),
         CASE(unknown_fields_are_kept), CASE(wrong_lengths_are_refused),
         CASE(decode_refuses_wrong_lengths), CASE(decode_is_strict), CASE(authority_round_seal),
         CASE(encode_says_what_it_needs), CASE(large_base_fee_saturates), CASE(field_names),
         CASE(own_node_and_pinned), CASE(pinned_state_root), CASE(policy_is_an_allow_list),
         CASE(tier_names))
