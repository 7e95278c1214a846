/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick/bft.h: which sealed headers of QBFT, IBFT 2.0 and IBFT 1 chains are believed. The headers are
 * synthetic (seal_world.h). A case runs under all three rules unless its name says which.
 */
#include "wick/bft.h"

#include "seal_world.h"
#include "tap.h"

static const wick_seal_rule rules[] = {WICK_SEAL_QBFT, WICK_SEAL_IBFT2, WICK_SEAL_IBFT1};
#define EACH_RULE(r) for (size_t r = 0; r < 3; r++)

static struct sealed genesis, block;
static wick_bft state;
static wick_trusted_header th;
static const wick_trust_now soon = {WORLD_GENESIS_TIME + 1000, true};

/* A chain of validators 0..n-1, pinned at genesis. */
static void start(wick_seal_rule rule, size_t n)
{
    struct spec s = world_spec(rule, 0, n, NULL);
    world_make(&genesis, &s);
    CHECK_STATUS(wick_bft_pin(&state, &th, rule, sealed_span(&genesis), genesis.hash, WORLD_CHAIN),
                 WICK_OK);
    CHECK_INT(th.tier, WICK_TIER_PINNED);
}

static wick_status give_at(const struct spec *s, const wick_trust_now *now)
{
    world_make(&block, s);
    return wick_bft_header(&state, &th, world_crypto(), sealed_span(&block), now, 0);
}

static wick_status give(const struct spec *s)
{
    return give_at(s, &soon);
}

/* Refused, nothing vouched for, the state where it was. */
static void refuse(const struct spec *s, wick_status want)
{
    wick_bft before = state;
    th.made = 1;
    CHECK_STATUS(give(s), want);
    CHECK(!wick_trust_is_made(&th) && th.number == 0);
    CHECK(memcmp(&before, &state, sizeof state) == 0);
}

static size_t two_thirds(size_t n)
{
    return n - n / 3; /* ceil(2n / 3), the other way round */
}

/* ---- quorum ---- */

TEST(must_26_quorum_of_1_to_10_validators)
{
    EACH_RULE(r) {
        for (size_t n = 1; n <= 10; n++) {
            start(rules[r], n);
            struct spec s = world_spec(rules[r], 9, n, NULL);
            world_sealers(&s, 0, two_thirds(n) - 1);
            refuse(&s, WICK_E_SEAL_QUORUM); /* quorum - 1 */
            world_sealers(&s, 0, two_thirds(n));
            CHECK_STATUS(give(&s), WICK_OK);
            CHECK(wick_trust_is_made(&th));
            CHECK_INT(th.tier, WICK_TIER_BFT);
            CHECK_INT(th.number, 9);
            CHECK_INT(th.chain_id, WORLD_CHAIN);
            CHECK_INT(th.timestamp, s.timestamp);
            CHECK_MEM(th.hash, block.hash, 32);
            CHECK(th.state_root[1] == 0 && th.transactions_root[1] == 1 && th.receipts_root[1] == 2);
        }
    }
}

TEST(must_26_no_validators_are_no_quorum)
{
    EACH_RULE(r) {
        struct spec s = world_spec(rules[r], 0, 0, NULL);
        world_make(&genesis, &s);
        CHECK_STATUS(wick_bft_pin(&state, &th, rules[r], sealed_span(&genesis), genesis.hash, 1),
                     WICK_E_UNSUPPORTED);
        CHECK(!wick_trust_is_made(&th));
        CHECK_STATUS(wick_bft_header(&state, &th, world_crypto(), sealed_span(&genesis), &soon, 0),
                     WICK_E_STATE);
        start(rules[r], 4);
        s = world_spec(rules[r], 1, 0, &genesis);
        refuse(&s, WICK_E_UNSUPPORTED);
        world_sealers(&s, 0, 4);
        refuse(&s, WICK_E_UNSUPPORTED); /* even if all of ours sealed it */
    }
}

TEST(must_26_repeated_seals_count_once)
{
    EACH_RULE(r) {
        start(rules[r], 4);
        struct spec s = world_spec(rules[r], 1, 4, &genesis);
        world_sealers(&s, 0, 3);
        s.seal[2] = 1;
        refuse(&s, WICK_E_SEAL_QUORUM);
        for (int i = 0; i < 40; i++) {
            s.seal[i] = i % 2;
        }
        s.seal_len = 40;
        refuse(&s, WICK_E_SEAL_QUORUM);
        s.seal[40] = 3;
        s.seal_len = 41;
        CHECK_STATUS(give(&s), WICK_OK);
    }
}

/* The same signature in its other form is the same signer. */
TEST(high_s_is_the_same_signer)
{
    EACH_RULE(r) {
        start(rules[r], 4);
        struct spec s = world_spec(rules[r], 1, 4, &genesis);
        s.high_s = true;
        world_sealers(&s, 0, 2);
        refuse(&s, WICK_E_SEAL_QUORUM);
        world_sealers(&s, 0, 3);
        CHECK_STATUS(give(&s), WICK_OK);
    }
}

TEST(must_26_seals_of_strangers_count_nothing)
{
    EACH_RULE(r) {
        start(rules[r], 4);
        struct spec s = world_spec(rules[r], 1, 4, &genesis);
        world_sealers(&s, 2, 10); /* 2 and 3 are validators */
        refuse(&s, WICK_E_SEAL_QUORUM);
        world_sealers(&s, 20, 40);
        refuse(&s, WICK_E_SEAL_QUORUM);
        world_sealers(&s, 1, 10);
        CHECK_STATUS(give(&s), WICK_OK);
    }
}

/* Strangers who name themselves validators seal as they like. */
TEST(a_set_of_strangers_overlaps_nothing)
{
    EACH_RULE(r) {
        start(rules[r], 4);
        struct spec s = world_spec(rules[r], 9, 4, NULL);
        for (int i = 0; i < 4; i++) {
            s.set[i] = 20 + i;
        }
        s.proposer = 20;
        world_sealers(&s, 20, 4);
        refuse(&s, WICK_E_SEAL_OVERLAP);
        world_sealers(&s, 0, 4); /* those we trust sealed, but are not of its set */
        refuse(&s, WICK_E_SEAL_QUORUM);
    }
}

/* A validator that was removed seals: it is a stranger to the new set. */
TEST(seal_of_a_removed_validator)
{
    EACH_RULE(r) {
        start(rules[r], 4);
        struct spec s = world_spec(rules[r], 9, 3, NULL);
        world_sealers(&s, 0, 3);
        CHECK_STATUS(give(&s), WICK_OK);
        s = world_spec(rules[r], 10, 3, &block);
        world_sealers(&s, 2, 2); /* 2 and the removed 3 */
        refuse(&s, WICK_E_SEAL_QUORUM);
    }
}

/* ---- overlap ---- */

/* `kept` old members and enough new ones that all of them can seal. */
TEST(must_26_overlap_at_each_bound)
{
    EACH_RULE(r) {
        for (size_t n = 1; n <= 10; n++) {
            for (size_t kept = 0; kept <= n; kept++) {
                start(rules[r], n);
                struct spec s = world_spec(rules[r], 9, n, NULL);
                for (size_t i = 0; i < n - kept; i++) {
                    s.set[kept + i] = 30 + (int)i;
                }
                s.proposer = s.set[0];
                s.seal_len = n;
                memcpy(s.seal, s.set, sizeof s.seal);
                if (kept >= two_thirds(n)) {
                    CHECK_STATUS(give(&s), WICK_OK);
                } else {
                    refuse(&s, WICK_E_SEAL_OVERLAP);
                }
            }
        }
    }
}

/* Overlap counts those who sealed, not those who are listed. */
TEST(overlap_of_members_that_did_not_seal)
{
    start(WICK_SEAL_QBFT, 4);
    struct spec s = world_spec(WICK_SEAL_QBFT, 9, 12, NULL);
    world_sealers(&s, 2, 10); /* 10 of 12, but 2 of the old 4 */
    refuse(&s, WICK_E_SEAL_OVERLAP);
    world_sealers(&s, 1, 10);
    CHECK_STATUS(give(&s), WICK_OK);
}

/* One leaves or comes, and just a quorum seals, with as few old members as can be. */
static void change_one(wick_seal_rule rule, size_t n, bool add, bool adjacent)
{
    start(rule, n);
    size_t m = add ? n + 1 : n - 1, quorum = two_thirds(m);
    struct spec s = world_spec(rule, adjacent ? 1 : 2, m, &genesis);
    s.proposer = 0;
    world_sealers(&s, (int)(m - quorum), quorum);
    size_t old = quorum - (add ? 1 : 0);
    bool good = old >= two_thirds(n) || (adjacent && n != 2);
    if (good) {
        CHECK_STATUS(give(&s), WICK_OK);
        CHECK(old >= n / 3 + 1); /* a genuine block always reaches the lower bound */
    } else {
        refuse(&s, WICK_E_SEAL_OVERLAP);
    }
}

TEST(must_26_adjacent_step_with_one_change)
{
    EACH_RULE(r) {
        for (size_t n = 1; n <= 10; n++) {
            change_one(rules[r], n, true, true);
            change_one(rules[r], n, true, false);
            if (n > 1) {
                change_one(rules[r], n, false, true);
                change_one(rules[r], n, false, false);
            }
        }
    }
    /* The figures of the rule: n = 4, one removed, two seals of old members. */
    start(WICK_SEAL_QBFT, 4);
    struct spec s = world_spec(WICK_SEAL_QBFT, 2, 3, &genesis);
    world_sealers(&s, 0, 2);
    refuse(&s, WICK_E_SEAL_OVERLAP);
    s = world_spec(WICK_SEAL_QBFT, 1, 3, NULL); /* next number, but the parent is not ours */
    world_sealers(&s, 0, 2);
    refuse(&s, WICK_E_SEAL_OVERLAP);
    s = world_spec(WICK_SEAL_QBFT, 1, 3, &genesis);
    world_sealers(&s, 0, 2);
    CHECK_STATUS(give(&s), WICK_OK);
}

TEST(must_26_adjacent_step_with_two_changes)
{
    EACH_RULE(r) {
        /* One replaced by another: one left and one came. */
        start(rules[r], 4);
        struct spec s = world_spec(rules[r], 1, 4, &genesis);
        s.set[3] = 9;
        s.seal_len = 3;
        s.seal[0] = 0;
        s.seal[1] = 1;
        s.seal[2] = 9;
        refuse(&s, WICK_E_SEAL_OVERLAP);
        s.seal[2] = 2;
        CHECK_STATUS(give(&s), WICK_OK); /* three old ones need no exception */
        /* Two removed from seven: four seals of five are 4 of the old, five are asked. */
        start(rules[r], 7);
        s = world_spec(rules[r], 1, 5, &genesis);
        world_sealers(&s, 0, 4);
        refuse(&s, WICK_E_SEAL_OVERLAP);
        s = world_spec(rules[r], 1, 6, &genesis); /* one removed: four suffice */
        world_sealers(&s, 0, 4);
        CHECK_STATUS(give(&s), WICK_OK);
    }
}

TEST(must_26_a_pair_vouches_as_a_pair)
{
    EACH_RULE(r) {
        /* One of two left: the other alone cannot say so. */
        start(rules[r], 2);
        struct spec s = world_spec(rules[r], 1, 1, &genesis);
        refuse(&s, WICK_E_SEAL_OVERLAP);
        world_sealers(&s, 0, 2); /* nor with the seal of the one that left: it is no validator */
        refuse(&s, WICK_E_SEAL_OVERLAP);
        /* Nor can it take a third one in alone. */
        s = world_spec(rules[r], 1, 3, &genesis);
        world_sealers(&s, 1, 2);
        refuse(&s, WICK_E_SEAL_OVERLAP);
        world_sealers(&s, 0, 2);
        CHECK_STATUS(give(&s), WICK_OK);
    }
}

/* ---- time and place ---- */

TEST(must_26_expired_trust)
{
    EACH_RULE(r) {
        wick_trust_now now = {WORLD_GENESIS_TIME + WICK_SEAL_TRUSTING_S, true};
        start(rules[r], 4);
        struct spec s = world_spec(rules[r], 1000, 4, NULL);
        world_make(&block, &s);
        now.unix_s++;
        CHECK_STATUS(give_at(&s, &now), WICK_E_EXPIRED);
        CHECK_STATUS(wick_bft_header(&state, &th, world_crypto(), sealed_span(&block), &soon, 999),
                     WICK_E_EXPIRED); /* 1000 s have passed */
        now.valid = false;
        CHECK_STATUS(give_at(&s, &now), WICK_E_NO_CLOCK);
        CHECK_INT(state.number, 0);
        now.valid = true;
        now.unix_s--;
        s.timestamp = now.unix_s;
        CHECK_STATUS(give_at(&s, &now), WICK_OK);
        /* What is trusted already may be shown again at any time. */
        now.valid = false;
        CHECK_STATUS(give_at(&s, &now), WICK_OK);
        CHECK_INT(th.tier, WICK_TIER_BFT);
    }
}

TEST(older_and_future_headers)
{
    start(WICK_SEAL_QBFT, 4);
    struct spec s = world_spec(WICK_SEAL_QBFT, 9, 4, NULL);
    CHECK_STATUS(give(&s), WICK_OK);
    struct spec old = world_spec(WICK_SEAL_QBFT, 8, 4, NULL);
    refuse(&old, WICK_E_HEADER_STALE);
    s = world_spec(WICK_SEAL_QBFT, 10, 4, &block);
    memcpy(s.parent, state.hash, 32);
    s.timestamp = state.timestamp;
    refuse(&s, WICK_E_HEADER_STALE);
    s.timestamp = soon.unix_s + WICK_TRUST_FUTURE_S + 1;
    refuse(&s, WICK_E_HEADER_FUTURE);
    s.timestamp--;
    CHECK_STATUS(give(&s), WICK_OK);
}

TEST(must_26_two_headers_of_one_height)
{
    EACH_RULE(r) {
        start(rules[r], 4);
        struct spec s = world_spec(rules[r], 9, 4, NULL);
        CHECK_STATUS(give(&s), WICK_OK);
        struct spec rival = s;
        rival.salt = 1;
        world_sealers(&rival, 0, 2);
        refuse(&rival, WICK_E_SEAL_QUORUM); /* nobody's claim ends nothing */
        rival.set_len = 1;
        rival.proposer = 0;
        world_sealers(&rival, 0, 1);
        refuse(&rival, WICK_E_HEADER_HASH);
        rival = s;
        rival.salt = 1;
        CHECK_STATUS(give(&rival), WICK_E_SEAL_CONFLICT);
        CHECK(!wick_trust_is_made(&th));
        CHECK_STATUS(give(&s), WICK_E_SEAL_CONFLICT); /* neither of them */
        s = world_spec(rules[r], 10, 4, &block);
        CHECK_STATUS(give(&s), WICK_E_SEAL_CONFLICT);
        start(rules[r], 4);
        s = world_spec(rules[r], 9, 4, NULL);
        CHECK_STATUS(give(&s), WICK_OK);
    }
}

/* The set seals a child of another block than the trusted one: that block was sealed too. */
TEST(a_child_of_another_parent)
{
    start(WICK_SEAL_QBFT, 4);
    struct spec s = world_spec(WICK_SEAL_QBFT, 1, 4, NULL);
    CHECK_STATUS(give(&s), WICK_E_SEAL_CONFLICT);
    s = world_spec(WICK_SEAL_QBFT, 1, 4, &genesis);
    CHECK_STATUS(give(&s), WICK_E_SEAL_CONFLICT);
}

/* A conflict outlives a restart. */
TEST(conflict_is_exported)
{
    uint8_t m[WICK_BFT_EXPORT_MAX];
    wick_buf b = wick_buf_make(m, sizeof m);
    start(WICK_SEAL_QBFT, 4);
    struct spec s = world_spec(WICK_SEAL_QBFT, 1, 4, NULL);
    CHECK_STATUS(give(&s), WICK_E_SEAL_CONFLICT);
    CHECK_STATUS(wick_bft_export(&b, &state), WICK_OK);
    CHECK_STATUS(wick_bft_import(&state, wick_buf_span(&b)), WICK_OK);
    CHECK_STATUS(give(&s), WICK_E_SEAL_CONFLICT);
}

/* ---- what is hashed ---- */

TEST(rounds_and_votes)
{
    static const uint32_t rounds[] = {0, 1, 127, 128, 0x00fedcba, 0xffffffff};
    uint8_t first[32] = {0};
    for (size_t r = 0; r < 2; r++) { /* IBFT 1 has no round, and its votes are elsewhere */
        for (size_t i = 0; i < sizeof rounds / sizeof rounds[0]; i++) {
            start(rules[r], 4);
            struct spec s = world_spec(rules[r], 1, 4, &genesis);
            s.round = rounds[i];
            s.round_signed = rounds[i] + 1;
            refuse(&s, WICK_E_SEAL_QUORUM); /* the seals are of another round */
            s.round_signed = rounds[i];
            CHECK_STATUS(give(&s), WICK_OK);
            /* The block is the same in every round. */
            if (i == 0) {
                memcpy(first, th.hash, 32);
            }
            CHECK_MEM(th.hash, first, 32);
            CHECK_MEM(th.hash, block.hash, 32);
        }
        for (int add = 0; add < 2; add++) {
            wick_header h;
            wick_seal_extra e;
            start(rules[r], 4);
            struct spec s = world_spec(rules[r], 1, 4, &genesis);
            s.subject = 40;
            s.add = add != 0;
            CHECK_STATUS(give(&s), WICK_OK);
            CHECK_MEM(th.hash, block.hash, 32);
            CHECK(memcmp(th.hash, first, 32) != 0);
            REQUIRE_STATUS(wick_header_decode(&h, sealed_span(&block)), WICK_OK);
            REQUIRE_STATUS(wick_seal_decode(&e, rules[r], &h), WICK_OK);
            CHECK_INT(e.vote, add != 0 ? WICK_SEAL_VOTE_ADD : WICK_SEAL_VOTE_DROP);
            CHECK_MEM(e.subject, world_address(40), 20);
        }
    }
}

TEST(constants_of_the_rule)
{
    EACH_RULE(r) {
        start(rules[r], 4);
        struct spec s = world_spec(rules[r], 1, 4, &genesis);
        s.difficulty = 2;
        refuse(&s, WICK_E_MALFORMED);
        s.difficulty = 1;
        s.other_mix = true;
        refuse(&s, WICK_E_MALFORMED);
    }
}

TEST(fields_of_forks_to_come)
{
    EACH_RULE(r) {
        start(rules[r], 4);
        for (size_t more = 0; more <= 7; more++) {
            struct spec s = world_spec(rules[r], 1 + more, 4, more == 0 ? &genesis : &block);
            s.more_fields = more;
            CHECK_STATUS(give(&s), WICK_OK);
            CHECK_MEM(th.hash, block.hash, 32);
        }
    }
}

TEST(order_of_validators)
{
    EACH_RULE(r) {
        /* Genesis is written by hand: any order, but nobody twice. */
        struct spec s = world_spec(rules[r], 0, 4, NULL);
        s.set[0] = 3;
        s.set[3] = 0;
        world_make(&genesis, &s);
        CHECK_STATUS(wick_bft_pin(&state, NULL, rules[r], sealed_span(&genesis), genesis.hash, 1),
                     WICK_OK);
        struct spec next = world_spec(rules[r], 1, 4, &genesis);
        CHECK_STATUS(give(&next), WICK_OK);
        s.set[1] = 0;
        world_make(&genesis, &s);
        CHECK_STATUS(wick_bft_pin(&state, NULL, rules[r], sealed_span(&genesis), genesis.hash, 1),
                     WICK_E_MALFORMED);
        start(rules[r], 4);
        s = world_spec(rules[r], 1, 4, &genesis);
        s.set[0] = 1;
        s.set[1] = 0;
        refuse(&s, WICK_E_MALFORMED);
        s.set[0] = 0;
        refuse(&s, WICK_E_MALFORMED); /* 0 twice */
        s.set[1] = 1;
        s.set[0] = -1;
        refuse(&s, WICK_E_MALFORMED); /* address zero */
    }
}

TEST(as_many_as_a_state_holds)
{
    EACH_RULE(r) {
        start(rules[r], 64);
        struct spec s = world_spec(rules[r], 1, 64, &genesis);
        world_sealers(&s, 0, 42);
        refuse(&s, WICK_E_SEAL_QUORUM);
        world_sealers(&s, 21, 43);
        CHECK_STATUS(give(&s), WICK_OK);
        s = world_spec(rules[r], 2, 64, &block);
        s.more_fields = 5;
        CHECK_STATUS(give(&s), WICK_OK);
        CHECK(block.len <= WICK_HEADER_MAX);
        s = world_spec(rules[r], 3, 65, &block);
        world_sealers(&s, 0, 44);
        refuse(&s, WICK_E_LIMIT);
        s = world_spec(rules[r], 3, 4, &block);
        world_sealers(&s, 0, 65);
        refuse(&s, WICK_E_LIMIT);
    }
}

TEST(proposer_of_ibft1)
{
    start(WICK_SEAL_IBFT1, 4);
    struct spec s = world_spec(WICK_SEAL_IBFT1, 1, 4, &genesis);
    s.proposer = 30;
    refuse(&s, WICK_E_SEAL_SIGNER);
    s.proposer = 2;
    CHECK_STATUS(give(&s), WICK_OK);
}

/* The rule comes from the configuration; headers of another one do not pass for it. */
TEST(headers_of_another_rule)
{
    EACH_RULE(r) {
        for (size_t other = 0; other < 3; other++) {
            start(rules[r], 4);
            struct spec s = world_spec(rules[other], 1, 4, &genesis);
            s.round = 3; /* else QBFT and IBFT 2.0 differ in form only */
            s.round_signed = 3;
            if (other == r) {
                CHECK_STATUS(give(&s), WICK_OK);
            } else {
                world_make(&block, &s);
                CHECK(wick_bft_header(&state, &th, world_crypto(), sealed_span(&block), &soon, 0) !=
                      WICK_OK);
            }
        }
    }
    CHECK_STATUS(wick_bft_pin(&state, &th, WICK_SEAL_CLIQUE, sealed_span(&genesis), genesis.hash, 1),
                 WICK_E_BAD_ARG);
}

/* With just enough seals, every byte of the header matters. */
TEST(every_byte_is_sealed)
{
    EACH_RULE(r) {
        start(rules[r], 4);
        struct spec s = world_spec(rules[r], 9, 4, NULL);
        s.subject = 50;
        world_sealers(&s, 0, 3);
        world_make(&block, &s);
        unsigned accepted = 0;
        for (size_t i = 0; i < block.len; i++) {
            wick_bft copy = state;
            block.rlp[i] ^= (uint8_t)(1u << (i % 8));
            accepted += wick_bft_header(&copy, &th, world_crypto(), sealed_span(&block), &soon,
                                        0) == WICK_OK;
            block.rlp[i] ^= (uint8_t)(1u << (i % 8));
        }
        CHECK_INT(accepted, 0);
        for (size_t len = 0; len < block.len; len++) {
            accepted += wick_bft_header(&state, &th, world_crypto(), wick_span_make(block.rlp, len),
                                        &soon, 0) == WICK_OK;
        }
        CHECK_INT(accepted, 0);
        CHECK_STATUS(wick_bft_header(&state, &th, world_crypto(), sealed_span(&block), &soon, 0),
                     WICK_OK);
    }
}

/* ---- state ---- */

TEST(pin_asks_for_the_very_block)
{
    EACH_RULE(r) {
        uint8_t other[32];
        struct spec s = world_spec(rules[r], 77, 4, NULL);
        world_make(&block, &s);
        memcpy(other, block.hash, 32);
        other[31] ^= 1;
        CHECK_STATUS(wick_bft_pin(&state, &th, rules[r], sealed_span(&block), other, 1),
                     WICK_E_HEADER_HASH);
        CHECK(!wick_trust_is_made(&th));
        CHECK_STATUS(wick_bft_header(&state, &th, world_crypto(), sealed_span(&block), &soon, 0),
                     WICK_E_STATE);
        CHECK_STATUS(wick_bft_pin(&state, &th, rules[r], sealed_span(&block), block.hash, 1),
                     WICK_OK);
        CHECK_MEM(th.hash, block.hash, 32);
        CHECK_STATUS(wick_bft_header(&state, &th, world_crypto(), sealed_span(&block), &soon, 0),
                     WICK_OK);
        CHECK_INT(th.tier, WICK_TIER_PINNED); /* no better than it was */
    }
}

TEST(export_and_import)
{
    uint8_t m[WICK_BFT_EXPORT_MAX], again[WICK_BFT_EXPORT_MAX];
    wick_bft back;
    wick_buf b = wick_buf_make(m, sizeof m), c = wick_buf_make(again, sizeof again);
    memset(&back, 0, sizeof back);
    CHECK_STATUS(wick_bft_export(&b, &back), WICK_E_STATE);
    start(WICK_SEAL_IBFT2, 7);
    struct spec s = world_spec(WICK_SEAL_IBFT2, 5, 7, NULL);
    CHECK_STATUS(give(&s), WICK_OK);
    CHECK_STATUS(wick_bft_export(&b, &state), WICK_OK);
    CHECK_STATUS(wick_bft_import(&back, wick_buf_span(&b)), WICK_OK);
    CHECK_STATUS(wick_bft_export(&c, &back), WICK_OK);
    REQUIRE(b.len == c.len);
    CHECK_MEM(m, again, b.len);
    state = back;
    CHECK_MEM(state.origin, genesis.hash, 32);
    s = world_spec(WICK_SEAL_IBFT2, 6, 7, &block);
    CHECK_STATUS(give(&s), WICK_OK);
    CHECK_INT(th.tier, WICK_TIER_BFT);

    for (size_t len = 0; len < b.len; len++) {
        CHECK_STATUS(wick_bft_import(&back, wick_span_make(m, len)), WICK_E_TRUNCATED);
        CHECK_INT(back.phase, 0);
    }
    c = wick_buf_make(again, b.len - 1);
    CHECK_STATUS(wick_bft_export(&c, &state), WICK_E_NO_SPACE);
    static const struct {
        uint8_t at, to;
        wick_status want;
    } bad[] = {{0, 2, WICK_E_UNSUPPORTED}, {1, 4, WICK_E_MALFORMED},
               {1, 0, WICK_E_MALFORMED},   {2, WICK_TIER_FINALIZED, WICK_E_MALFORMED},
               {3, 0, WICK_E_MALFORMED},   {3, 3, WICK_E_MALFORMED},
               {92, 65, WICK_E_LIMIT},     {92, 6, WICK_E_TRAILING},
               {93, 0xff, WICK_E_MALFORMED}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint8_t keep = m[bad[i].at];
        m[bad[i].at] = bad[i].to;
        CHECK_STATUS(wick_bft_import(&back, wick_buf_span(&b)), bad[i].want);
        CHECK_INT(back.phase, 0);
        m[bad[i].at] = keep;
    }
}

TAP_MAIN("unit.bft", CASE(must_26_quorum_of_1_to_10_validators), CASE(must_26_no_validators_are_no_quorum),
         CASE(must_26_repeated_seals_count_once), CASE(high_s_is_the_same_signer),
         CASE(must_26_seals_of_strangers_count_nothing), CASE(a_set_of_strangers_overlaps_nothing),
         CASE(seal_of_a_removed_validator), CASE_LONG(must_26_overlap_at_each_bound),
         CASE(overlap_of_members_that_did_not_seal), CASE(must_26_adjacent_step_with_one_change),
         CASE(must_26_adjacent_step_with_two_changes), CASE(must_26_a_pair_vouches_as_a_pair), CASE(must_26_expired_trust),
         CASE(older_and_future_headers), CASE(must_26_two_headers_of_one_height),
         CASE(a_child_of_another_parent), CASE(conflict_is_exported), CASE(rounds_and_votes),
         CASE(constants_of_the_rule), CASE(fields_of_forks_to_come), CASE(order_of_validators),
         CASE(as_many_as_a_state_holds), CASE(proposer_of_ibft1), CASE(headers_of_another_rule),
         CASE_LONG(every_byte_is_sealed), CASE(pin_asks_for_the_very_block), CASE(export_and_import))
