/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick/bundle.h and wick/peer_bundle.h: form, evidence, words, and what a leaf must refuse. A dishonest
 * gateway picks the header, so nothing but evidence that the leaf can hold against something of its
 * own makes a bundle more than UNTRUSTED_HEADER.
 */
#include "wick/peer_bundle.h"

#include <stdio.h>

#include "bundle_world.h"
#include "tap.h"
#include "wick/keccak.h"

#define TIME UINT64_C(1800000000)

static uint8_t one[BUNDLE_BYTES], two[BUNDLE_BYTES], three[BUNDLE_BYTES], work[8192];
static size_t one_len, two_len;
static struct bundle_state state;
static wick_bundle b1, b2;
static wick_trusted_header th;
static wick_marks marks;
static wick_peer_record rec;
static uint8_t id_a[32], id_b[32], id_c[32], service[32];

static const wick_trust_now now = {WORLD_GENESIS_TIME + 100000, true};

static void setup(void)
{
    bundle_id(id_a, 'a');
    bundle_id(id_b, 'b');
    bundle_id(id_c, 'c');
    bundle_service(service);
    bundle_state_make(&state, 3, 40);
    one_len = bundle_make(one, &state, 'a', 100, TIME);
    CHECK_STATUS(wick_bundle_decode(&b1, wick_span_make(one, one_len)), WICK_OK);
    wick_marks_init(&marks, NULL);
    CHECK_STATUS(wick_marks_add(&marks, WORLD_CHAIN, bundle_contract), WICK_OK);
}

static wick_status trust(const wick_bundle *b)
{
    uint8_t hash[32];
    wick_status s = wick_bundle_block_hash(hash, b);
    return s == WICK_OK ? wick_bundle_trust_hash(&th, b, hash) : s;
}

static wick_status read_peer(const wick_bundle *b, const wick_trusted_header *header,
                             const uint8_t id[32])
{
    return wick_peer_bundle_read(&rec, &marks, 0, b, header, id, service);
}

/* A bundle of gw-a at epoch, seq and number, in `two`. */
static void other_bundle(uint32_t epoch, uint32_t seq, uint64_t number, uint64_t time_s)
{
    bundle_state_make(&state, epoch, seq);
    two_len = bundle_make(two, &state, 'a', number, time_s);
    CHECK_STATUS(wick_bundle_decode(&b2, wick_span_make(two, two_len)), WICK_OK);
}

TEST(a_record_out_of_a_bundle)
{
    setup();
    CHECK(b1.head.kind == WICK_BUNDLE_ALONE && b1.head.chain_id == WORLD_CHAIN);
    CHECK(b1.head.time_s == TIME && b1.number == 100 && b1.slots == 4 && b1.steps == 0);
    CHECK(b1.nodes > 2 + 4 * 2); /* paths of more than one node */
    REQUIRE_STATUS(trust(&b1), WICK_OK);
    CHECK(th.tier == WICK_TIER_PINNED && th.number == 100 && th.timestamp == TIME);
    REQUIRE_STATUS(read_peer(&b1, &th, id_a), WICK_OK);
    CHECK_INT(rec.device.epoch, 3);
    CHECK_INT(rec.endpoint[0].seq, 40);
    CHECK(rec.has_endpoint[0] && !rec.has_endpoint[1]);
    printf("# %zu bytes, %u nodes\n", one_len, b1.nodes);
}

/* ---- the review's list: leaf ---- */

TEST(must_30_answer_for_another_peer_refused)
{
    setup();
    REQUIRE_STATUS(trust(&b1), WICK_OK);
    CHECK_STATUS(read_peer(&b1, &th, id_b), WICK_E_BUNDLE_OTHER);
    CHECK_STATUS(read_peer(&b1, NULL, id_b), WICK_E_BUNDLE_OTHER);
    CHECK(rec.device.epoch == 0 && !rec.has_endpoint[0]);
    /* The same peer, another service; another contract; another chain. */
    CHECK_STATUS(wick_peer_bundle_read(&rec, &marks, 0, &b1, &th, id_a, id_b),
                 WICK_E_BUNDLE_OTHER);
    wick_marks other;
    uint8_t contract[20] = {1};
    wick_marks_init(&other, NULL);
    CHECK_STATUS(wick_marks_add(&other, WORLD_CHAIN, contract), WICK_OK);
    CHECK_STATUS(wick_marks_add(&other, WORLD_CHAIN + 1, bundle_contract), WICK_OK);
    CHECK_STATUS(wick_peer_bundle_read(&rec, &other, 0, &b1, &th, id_a, service),
                 WICK_E_BUNDLE_OTHER);
    CHECK_STATUS(wick_peer_bundle_read(&rec, &other, 1, &b1, &th, id_a, service),
                 WICK_E_CHAIN_MISMATCH);
    CHECK_STATUS(wick_peer_bundle_read(&rec, &other, 2, &b1, &th, id_a, service),
                 WICK_E_BAD_ARG);
}

/* The slots it names do not decide what its nodes prove: gw-b's nodes under gw-a's keys. */
TEST(nodes_of_another_peer_refused)
{
    wick_bundle_reader r;
    wick_bundle_piece p;
    wick_bundle_writer w;
    wick_span in;
    wick_peer_query q;
    size_t slot = 0;
    setup();
    two_len = bundle_make(two, &state, 'b', 100, TIME);
    CHECK_STATUS(wick_bundle_decode(&b2, wick_span_make(two, two_len)), WICK_OK);
    wick_peer_query_init(&q, id_a, service, false);
    wick_buf out = wick_buf_make(three, sizeof three);
    wick_bundle_write_begin(&w, &out, &b2.head);
    wick_bundle_rewind(&b2, &r, &in);
    while (wick_bundle_next(&r, &p, &in) == WICK_OK && p.tag != WICK_BUNDLE_END) {
        if (p.tag == WICK_BUNDLE_SLOT) {
            p.bytes = wick_span_make(q.slots[slot++], 32);
        }
        wick_bundle_write(&w, p.tag, p.bytes);
    }
    REQUIRE_STATUS(wick_bundle_write_end(&w), WICK_OK);
    REQUIRE_STATUS(wick_bundle_decode(&b2, wick_buf_span(&out)), WICK_OK);
    REQUIRE_STATUS(trust(&b2), WICK_OK);
    wick_status s = read_peer(&b2, &th, id_a);
    CHECK(s == WICK_E_PROOF_BAD_HASH || s == WICK_E_PROOF_INCOMPLETE);
    CHECK(rec.device.epoch == 0);
}

TEST(must_30_older_bundle_refused_by_number)
{
    setup();
    other_bundle(3, 40, 99, TIME);
    REQUIRE_STATUS(trust(&b1), WICK_OK);
    REQUIRE_STATUS(read_peer(&b1, &th, id_a), WICK_OK);
    REQUIRE_STATUS(trust(&b2), WICK_OK);
    CHECK_STATUS(read_peer(&b2, &th, id_a), WICK_E_HEADER_STALE);
    CHECK(rec.device.epoch == 0);
    CHECK_STATUS(read_peer(&b2, NULL, id_a), WICK_E_HEADER_STALE);
    CHECK_STATUS(read_peer(&b1, NULL, id_a), WICK_E_UNTRUSTED_HEADER); /* the same one again */
    other_bundle(3, 40, 101, TIME - 1); /* higher, and earlier */
    REQUIRE_STATUS(trust(&b2), WICK_OK);
    CHECK_STATUS(read_peer(&b2, &th, id_a), WICK_E_HEADER_STALE);
}

TEST(must_30_older_bundle_refused_by_epoch_and_seq)
{
    setup();
    REQUIRE_STATUS(trust(&b1), WICK_OK);
    REQUIRE_STATUS(read_peer(&b1, &th, id_a), WICK_OK);
    other_bundle(2, 41, 101, TIME + 1); /* a rolled back state under a newer header */
    REQUIRE_STATUS(trust(&b2), WICK_OK);
    CHECK_STATUS(read_peer(&b2, &th, id_a), WICK_E_RECORD_STALE);
    other_bundle(3, 39, 102, TIME + 2);
    REQUIRE_STATUS(trust(&b2), WICK_OK);
    CHECK_STATUS(read_peer(&b2, &th, id_a), WICK_E_RECORD_STALE);
    CHECK(rec.device.epoch == 0);
    other_bundle(4, 40, 103, TIME + 3);
    REQUIRE_STATUS(trust(&b2), WICK_OK);
    CHECK_STATUS(read_peer(&b2, &th, id_a), WICK_OK);
    CHECK_INT(rec.device.epoch, 4);
}

TEST(must_30_bundle_without_evidence_gives_untrusted_header)
{
    uint8_t hash[32] = {1};
    wick_trusted_header cleared;
    setup();
    CHECK_STATUS(read_peer(&b1, NULL, id_a), WICK_E_UNTRUSTED_HEADER);
    CHECK_INT(rec.device.epoch, 3); /* consistent, and said to be no more than that */
    CHECK_STATUS(wick_bundle_trust_hash(&th, &b1, hash), WICK_E_HEADER_HASH);
    CHECK(!wick_trust_is_made(&th));
    CHECK_STATUS(read_peer(&b1, &th, id_a), WICK_E_TRUST_TIER);
    memset(&cleared, 0, sizeof cleared);
    CHECK_STATUS(read_peer(&b1, &cleared, id_a), WICK_E_TRUST_TIER);
}

/* What nobody vouches for proves no absence, and moves no mark: a gateway that makes up a header far
 * ahead could lock the leaf out else. */
TEST(untrusted_bundles_prove_no_absence_and_move_no_mark)
{
    setup();
    two_len = bundle_make(two, &state, 'c', UINT64_C(1) << 60, TIME + 1000);
    REQUIRE_STATUS(wick_bundle_decode(&b2, wick_span_make(two, two_len)), WICK_OK);
    CHECK_STATUS(read_peer(&b2, NULL, id_c), WICK_E_UNTRUSTED_HEADER);
    CHECK(rec.device.epoch == 0);
    CHECK_STATUS(read_peer(&b1, NULL, id_a), WICK_E_UNTRUSTED_HEADER);
    REQUIRE_STATUS(trust(&b1), WICK_OK);
    CHECK_STATUS(read_peer(&b1, &th, id_a), WICK_OK);
    REQUIRE_STATUS(trust(&b2), WICK_OK);
    CHECK_STATUS(read_peer(&b2, &th, id_c), WICK_E_RECORD_ABSENT);
}

TEST(a_known_record_that_is_gone_was_revoked)
{
    wick_record_seen seen = {5, {0, 0}};
    setup();
    two_len = bundle_make(two, &state, 'c', 101, TIME + 1);
    REQUIRE_STATUS(wick_bundle_decode(&b2, wick_span_make(two, two_len)), WICK_OK);
    REQUIRE_STATUS(trust(&b2), WICK_OK);
    wick_marks_put(&marks, 0, id_c, service, &seen);
    CHECK_STATUS(read_peer(&b2, &th, id_c), WICK_E_RECORD_REVOKED);
    CHECK_STATUS(read_peer(&b2, NULL, id_c), WICK_E_UNTRUSTED_HEADER);
}

TEST(second_gateway_must_give_the_same_header)
{
    setup();
    CHECK_STATUS(wick_bundle_trust_second(&th, &b1, &b1), WICK_E_BAD_ARG);
    bundle_state_make(&state, 3, 40);
    two_len = bundle_make(two, &state, 'b', 100, TIME); /* about another peer, under one header */
    REQUIRE_STATUS(wick_bundle_decode(&b2, wick_span_make(two, two_len)), WICK_OK);
    REQUIRE_STATUS(wick_bundle_trust_second(&th, &b1, &b2), WICK_OK);
    CHECK_INT(th.tier, WICK_TIER_QUORUM);
    CHECK_STATUS(read_peer(&b1, &th, id_a), WICK_OK);
    other_bundle(3, 40, 101, TIME);
    CHECK_STATUS(wick_bundle_trust_second(&th, &b1, &b2), WICK_E_HEADER_HASH);
    CHECK(!wick_trust_is_made(&th));
    two_len = bundle_make(two, &state, 'a', 100, TIME);
    wick_store_be64(two + 5, WORLD_CHAIN + 1);
    REQUIRE_STATUS(wick_bundle_decode(&b2, wick_span_make(two, two_len)), WICK_OK);
    CHECK_STATUS(wick_bundle_trust_second(&th, &b1, &b2), WICK_E_CHAIN_MISMATCH);
}

/* What is not final may leave the chain: nothing older is refused for its sake. */
TEST(an_optimistic_header_moves_no_mark)
{
    setup();
    other_bundle(4, 41, 101, TIME + 12);
    REQUIRE_STATUS(trust(&b2), WICK_OK);
    th.tier = WICK_TIER_OPTIMISTIC;
    REQUIRE_STATUS(read_peer(&b2, &th, id_a), WICK_OK);
    CHECK_INT(rec.device.epoch, 4);
    REQUIRE_STATUS(trust(&b1), WICK_OK);
    REQUIRE_STATUS(read_peer(&b1, &th, id_a), WICK_OK);
    CHECK_INT(rec.device.epoch, 3);
    /* A final one does. */
    REQUIRE_STATUS(trust(&b2), WICK_OK);
    th.tier = WICK_TIER_FINALIZED;
    REQUIRE_STATUS(read_peer(&b2, &th, id_a), WICK_OK);
    REQUIRE_STATUS(trust(&b1), WICK_OK);
    CHECK_STATUS(read_peer(&b1, &th, id_a), WICK_E_HEADER_STALE);
}

TEST(trusted_header_of_another_block_refused)
{
    setup();
    REQUIRE_STATUS(trust(&b1), WICK_OK);
    other_bundle(4, 41, 100, TIME);
    CHECK_STATUS(read_peer(&b2, &th, id_a), WICK_E_HEADER_HASH);
    CHECK(rec.device.epoch == 0);
}

/* ---- seals ---- */

static struct sealed genesis, middle, sealed_header, after[4];
static wick_bft bft;

/* A bundle of gw-a under a sealed header, with those before and after it. */
static void sealed_bundle(wick_bundle_kind kind, const struct sealed *header, uint64_t time_s,
                          const struct sealed *before, const struct sealed *later, size_t laters)
{
    wick_peer_query q;
    wick_bundle_writer w;
    wick_bundle_head head = {kind, WORLD_CHAIN, time_s, {0}};
    wick_buf out = wick_buf_make(two, sizeof two);
    memcpy(head.contract, bundle_contract, 20);
    wick_peer_query_init(&q, id_a, service, false);
    wick_bundle_write_begin(&w, &out, &head);
    if (before != NULL) {
        wick_bundle_write(&w, WICK_BUNDLE_BEFORE, sealed_span(before));
    }
    wick_bundle_write(&w, WICK_BUNDLE_HEADER, sealed_span(header));
    for (size_t i = 0; i < laters; i++) {
        wick_bundle_write(&w, WICK_BUNDLE_AFTER, sealed_span(&later[i]));
    }
    bundle_put_proof(&w, bundle_contract, (const uint8_t(*)[32])q.slots, q.count);
    CHECK_STATUS(wick_bundle_write_end(&w), WICK_OK);
    two_len = out.len;
    CHECK_STATUS(wick_bundle_decode(&b2, wick_buf_span(&out)), WICK_OK);
}

static struct spec make_bft(wick_seal_rule rule, int seals)
{
    setup();
    struct spec s = world_spec(rule, 0, 4, NULL);
    world_make(&genesis, &s);
    CHECK_STATUS(wick_bft_pin(&bft, NULL, rule, sealed_span(&genesis), genesis.hash, WORLD_CHAIN),
                 WICK_OK);
    s = world_spec(rule, 40, 4, NULL);
    world_sealers(&s, 0, (size_t)seals);
    s.state_root = state.root;
    world_make(&sealed_header, &s);
    return s;
}

TEST(sealed_bundle_under_a_validator_set)
{
    static const wick_seal_rule rules[] = {WICK_SEAL_QBFT, WICK_SEAL_IBFT2, WICK_SEAL_IBFT1};
    for (size_t i = 0; i < 3; i++) {
        struct spec s = make_bft(rules[i], 3);
        sealed_bundle((wick_bundle_kind)rules[i], &sealed_header, s.timestamp, NULL, NULL, 0);
        CHECK_STATUS(read_peer(&b2, NULL, id_a), WICK_E_UNTRUSTED_HEADER); /* seals alone */
        REQUIRE_STATUS(wick_bundle_trust_bft(&th, &b2, &bft, world_crypto(), &now, 0), WICK_OK);
        CHECK_INT(th.tier, WICK_TIER_BFT);
        CHECK_STATUS(read_peer(&b2, &th, id_a), WICK_OK);
        /* The leaf may hold the hash instead, which leaves the seals out. */
        CHECK_STATUS(wick_bundle_trust_hash(&th, &b2, sealed_header.hash), WICK_OK);
        wick_keccak256(work, sealed_header.rlp, sealed_header.len);
        CHECK_STATUS(wick_bundle_trust_hash(&th, &b2, work), WICK_E_HEADER_HASH);
    }
}

TEST(sealed_bundle_refused)
{
    struct spec s = make_bft(WICK_SEAL_QBFT, 2); /* quorum - 1 */
    sealed_bundle(WICK_BUNDLE_QBFT, &sealed_header, s.timestamp, NULL, NULL, 0);
    CHECK_STATUS(wick_bundle_trust_bft(&th, &b2, &bft, world_crypto(), &now, 0),
                 WICK_E_SEAL_QUORUM);
    CHECK(!wick_trust_is_made(&th));
    /* Seals of another rule than the leaf's chain; no seals at all. */
    s = make_bft(WICK_SEAL_QBFT, 4);
    sealed_bundle(WICK_BUNDLE_IBFT2, &sealed_header, s.timestamp, NULL, NULL, 0);
    CHECK_STATUS(wick_bundle_trust_bft(&th, &b2, &bft, world_crypto(), &now, 0),
                 WICK_E_TRUST_TIER);
    CHECK_STATUS(wick_bundle_trust_bft(&th, &b1, &bft, world_crypto(), &now, 0),
                 WICK_E_TRUST_TIER);
    /* Another chain, whose validators may be the same. */
    sealed_bundle(WICK_BUNDLE_QBFT, &sealed_header, s.timestamp, NULL, NULL, 0);
    wick_store_be64(two + 5, WORLD_CHAIN + 1);
    REQUIRE_STATUS(wick_bundle_decode(&b2, wick_span_make(two, two_len)), WICK_OK);
    CHECK_STATUS(wick_bundle_trust_bft(&th, &b2, &bft, world_crypto(), &now, 0),
                 WICK_E_CHAIN_MISMATCH);
    /* Expired trust; no clock. */
    wick_store_be64(two + 5, WORLD_CHAIN);
    REQUIRE_STATUS(wick_bundle_decode(&b2, wick_span_make(two, two_len)), WICK_OK);
    CHECK_STATUS(wick_bundle_trust_bft(&th, &b2, &bft, world_crypto(), &now, 60), WICK_E_EXPIRED);
    const wick_trust_now no_clock = {0, false};
    CHECK_STATUS(wick_bundle_trust_bft(&th, &b2, &bft, world_crypto(), &no_clock, 0),
                 WICK_E_NO_CLOCK);
    /* Strangers: a set of its own, fully sealed. */
    s = world_spec(WICK_SEAL_QBFT, 41, 4, NULL);
    for (int i = 0; i < 4; i++) {
        s.set[i] = s.seal[i] = 10 + i;
    }
    s.state_root = state.root;
    world_make(&sealed_header, &s);
    sealed_bundle(WICK_BUNDLE_QBFT, &sealed_header, s.timestamp, NULL, NULL, 0);
    CHECK_STATUS(wick_bundle_trust_bft(&th, &b2, &bft, world_crypto(), &now, 0),
                 WICK_E_SEAL_OVERLAP);
}

/* The set has moved on too far for one step: the bundle carries the header in between. */
TEST(sealed_bundle_with_headers_before)
{
    struct spec s = make_bft(WICK_SEAL_QBFT, 4), m = world_spec(WICK_SEAL_QBFT, 20, 4, NULL);
    for (int i = 0; i < 4; i++) {
        m.set[i] = m.seal[i] = 1 + i; /* 1 2 3 4: three of 0 1 2 3 */
        s.set[i] = s.seal[i] = 2 + i; /* 2 3 4 5: two of those, three of the middle ones */
    }
    world_make(&middle, &m);
    world_make(&sealed_header, &s);
    sealed_bundle(WICK_BUNDLE_QBFT, &sealed_header, s.timestamp, NULL, NULL, 0);
    CHECK_STATUS(wick_bundle_trust_bft(&th, &b2, &bft, world_crypto(), &now, 0),
                 WICK_E_SEAL_OVERLAP);
    sealed_bundle(WICK_BUNDLE_QBFT, &sealed_header, s.timestamp, &middle, NULL, 0);
    CHECK_INT(b2.steps, 1);
    REQUIRE_STATUS(wick_bundle_trust_bft(&th, &b2, &bft, world_crypto(), &now, 0), WICK_OK);
    CHECK_STATUS(read_peer(&b2, &th, id_a), WICK_OK);
    /* Again: the header before is passed already. Then an older one. */
    CHECK_STATUS(wick_bundle_trust_bft(&th, &b2, &bft, world_crypto(), &now, 0), WICK_OK);
    sealed_bundle(WICK_BUNDLE_QBFT, &middle, m.timestamp, NULL, NULL, 0);
    CHECK_STATUS(wick_bundle_trust_bft(&th, &b2, &bft, world_crypto(), &now, 0),
                 WICK_E_HEADER_STALE);
    CHECK(!wick_trust_is_made(&th));
}

TEST(clique_bundle_needs_headers_after)
{
    static wick_clique c, spare;
    const wick_clique_config cfg = {WORLD_CHAIN, 30000, WORLD_PERIOD};
    struct sealed *prev = &genesis;
    setup();
    struct spec s = world_spec(WICK_SEAL_CLIQUE, 0, 3, NULL);
    s.list_signers = true;
    world_make(&genesis, &s);
    REQUIRE_STATUS(wick_clique_pin(&c, &cfg, world_crypto(), sealed_span(&genesis), genesis.hash),
                   WICK_OK);
    for (uint64_t i = 1; i <= 3; i++) { /* signers in turn: 1, 2, 0 */
        s = world_spec(WICK_SEAL_CLIQUE, i, 3, prev);
        s.proposer = (int)(i % 3);
        s.difficulty = 2;
        s.state_root = i == 1 ? state.root : NULL;
        prev = i == 1 ? &sealed_header : &after[i - 2];
        world_make(prev, &s);
    }
    uint64_t time_s = WORLD_GENESIS_TIME + WORLD_PERIOD;
    sealed_bundle(WICK_BUNDLE_CLIQUE, &sealed_header, time_s, NULL, NULL, 0);
    CHECK_STATUS(wick_bundle_trust_clique(&th, &b2, &c, &spare, world_crypto(), &now),
                 WICK_E_TRUST_DEPTH);
    CHECK(c.number == 0); /* the leaf has not moved to what one signer says */
    sealed_bundle(WICK_BUNDLE_CLIQUE, &sealed_header, time_s, NULL, after, 2);
    CHECK_STATUS(wick_bundle_trust_bft(&th, &b2, &bft, world_crypto(), &now, 0),
                 WICK_E_TRUST_TIER);
    REQUIRE_STATUS(wick_bundle_trust_clique(&th, &b2, &c, &spare, world_crypto(), &now), WICK_OK);
    CHECK(th.tier == WICK_TIER_POA && c.number == 3);
    CHECK_STATUS(read_peer(&b2, &th, id_a), WICK_OK);
    CHECK_STATUS(wick_bundle_trust_clique(&th, &b2, &c, &spare, world_crypto(), &now), WICK_OK);
    CHECK_STATUS(wick_bundle_trust_clique(&th, &b1, &c, &spare, world_crypto(), &now),
                 WICK_E_TRUST_TIER);
}

/* ---- form ---- */

static wick_status try_all(const uint8_t *bytes, size_t len, const uint8_t hash[32])
{
    wick_bundle b;
    wick_status s = wick_bundle_decode(&b, wick_span_make(bytes, len));
    if (s == WICK_OK) {
        s = wick_bundle_trust_hash(&th, &b, hash);
    }
    if (s == WICK_OK) {
        wick_marks_init(&marks, NULL);
        CHECK_STATUS(wick_marks_add(&marks, WORLD_CHAIN, bundle_contract), WICK_OK);
        s = read_peer(&b, &th, id_a);
    }
    return s;
}

static bool same_truth(const wick_peer_record *truth)
{
    return memcmp(&rec.device, &truth->device, sizeof rec.device) == 0 &&
           memcmp(&rec.endpoint[0], &truth->endpoint[0], sizeof rec.endpoint[0]) == 0 &&
           rec.has_endpoint[0] && !rec.has_endpoint[1] && th.number == 100;
}

TEST(every_byte_flipped_no_false_accept)
{
    static const uint8_t masks[] = {0x01, 0x10, 0x80, 0xff};
    uint8_t hash[32];
    unsigned tried = 0, accepted = 0;
    setup();
    REQUIRE_STATUS(wick_bundle_block_hash(hash, &b1), WICK_OK);
    REQUIRE_STATUS(try_all(one, one_len, hash), WICK_OK);
    const wick_peer_record truth = rec;
    REQUIRE(same_truth(&truth));
    memcpy(two, one, one_len);
    for (size_t i = 0; i < one_len; i++) {
        for (size_t m = 0; m < sizeof masks; m++) {
            two[i] ^= masks[m];
            tried++;
            if (try_all(two, one_len, hash) == WICK_OK) {
                accepted++;
                CHECK(same_truth(&truth));
            }
            two[i] ^= masks[m];
        }
    }
    /* Evidence that is not looked at may be called another name, and nothing else. */
    CHECK(accepted <= 1);
    printf("# %u flips, %u of them harmless\n", tried, accepted);
}

TEST(truncated_and_extended_refused)
{
    uint8_t hash[32];
    setup();
    REQUIRE_STATUS(wick_bundle_block_hash(hash, &b1), WICK_OK);
    for (size_t i = 0; i < one_len; i++) {
        CHECK_STATUS(try_all(one, i, hash), WICK_E_TRUNCATED);
    }
    for (unsigned v = 0; v < 256; v++) {
        one[one_len] = (uint8_t)v;
        CHECK_STATUS(try_all(one, one_len + 1, hash), WICK_E_TRAILING);
    }
    CHECK_STATUS(wick_bundle_decode(&b1, wick_span_make(NULL, 0)), WICK_E_TRUNCATED);
    CHECK(b1.header.ptr == NULL && b1.slots == 0);
}

/* Each piece left out, and each one given twice: a proof that is cut is never a proof of absence. */
TEST(pieces_dropped_and_repeated_refused)
{
    uint8_t hash[32];
    size_t pieces = 1;
    setup();
    REQUIRE_STATUS(wick_bundle_block_hash(hash, &b1), WICK_OK);
    for (size_t pick = 0; pick < pieces; pick++) {
        for (int repeat = 0; repeat < 2; repeat++) {
            wick_bundle_reader r;
            wick_bundle_piece p;
            wick_span in;
            size_t at = 0;
            wick_buf out = wick_buf_make(two, sizeof two);
            wick_buf_put(&out, one, WICK_BUNDLE_FIXED_BYTES);
            wick_bundle_rewind(&b1, &r, &in);
            while (wick_bundle_next(&r, &p, &in) == WICK_OK) {
                for (int n = at == pick ? 2 * repeat : 1; n > 0; n--) {
                    wick_buf_put_u8(&out, (uint8_t)p.tag);
                    wick_buf_put_be16(&out, (uint16_t)p.bytes.len);
                    wick_buf_put(&out, p.bytes.ptr, p.bytes.len);
                }
                at++;
            }
            pieces = at;
            CHECK(try_all(two, out.len, hash) != WICK_OK);
        }
    }
    CHECK(pieces > 15);
}

TEST(read_in_parts)
{
    static const size_t sizes[] = {1, 2, 3, 7, 41, 64, 500, 4096};
    setup();
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        wick_bundle_reader whole, parts;
        wick_bundle_piece a, b;
        wick_span in, chunk = {one, 0};
        size_t at = 0;
        wick_bundle_rewind(&b1, &whole, &in);
        wick_bundle_reader_init(&parts, work, WICK_MPT_NODE_MAX);
        do {
            REQUIRE_STATUS(wick_bundle_next(&whole, &a, &in), WICK_OK);
            wick_status s;
            while ((s = wick_bundle_next(&parts, &b, &chunk)) == WICK_AGAIN) {
                size_t n = one_len - at < sizes[k] ? one_len - at : sizes[k];
                REQUIRE(n != 0);
                chunk = wick_span_make(one + at, n);
                at += n;
            }
            REQUIRE_STATUS(s, WICK_OK);
            CHECK(a.tag == b.tag && a.bytes.len == b.bytes.len);
            CHECK(a.bytes.len == 0 || memcmp(a.bytes.ptr, b.bytes.ptr, a.bytes.len) == 0);
        } while (a.tag != WICK_BUNDLE_END);
        CHECK(at == one_len);
        chunk = wick_span_make(one, 1);
        CHECK_STATUS(wick_bundle_next(&parts, &b, &chunk), WICK_E_TRAILING);
    }
}

TEST(reader_memory_is_a_bound)
{
    wick_bundle_reader r;
    wick_bundle_piece p;
    setup();
    wick_bundle_reader_init(&r, work, 100); /* too small for the header */
    wick_status s = WICK_AGAIN;
    for (size_t at = 0; at < one_len && s == WICK_AGAIN; at++) {
        wick_span in = wick_span_make(one + at, 1);
        s = wick_bundle_next(&r, &p, &in);
    }
    CHECK_STATUS(s, WICK_E_NO_SPACE);
    wick_span in = wick_span_make(one, one_len);
    CHECK_STATUS(wick_bundle_next(&r, &p, &in), WICK_E_NO_SPACE); /* sticks */
    wick_bundle_reader_init(&r, work, sizeof work);
    in.len = 0;
    CHECK_STATUS(wick_bundle_next(&r, &p, &in), WICK_AGAIN);
    CHECK_STATUS(wick_bundle_next(&r, &p, &in), WICK_AGAIN);
}

static wick_status head_is(size_t at, uint8_t value)
{
    uint8_t kept = one[at];
    one[at] = value;
    wick_status s = wick_bundle_decode(&b2, wick_span_make(one, one_len));
    one[at] = kept;
    return s;
}

TEST(fixed_part)
{
    setup();
    CHECK_STATUS(head_is(0, 'w'), WICK_E_MALFORMED);
    CHECK_STATUS(head_is(3, 0), WICK_E_UNSUPPORTED);
    CHECK_STATUS(head_is(3, 2), WICK_E_UNSUPPORTED);
    CHECK_STATUS(head_is(4, 5), WICK_E_UNSUPPORTED);
    CHECK_STATUS(head_is(4, 15), WICK_E_UNSUPPORTED);
    CHECK_STATUS(head_is(4, 17), WICK_E_UNSUPPORTED);
    CHECK_STATUS(head_is(4, 16), WICK_E_MALFORMED);      /* a sync committee that says nothing */
    CHECK_STATUS(head_is(40, 1), WICK_E_MALFORMED);      /* not the header's time */
}

/* A bundle of these tags, with fitting content. */
static wick_status of_tags(uint8_t kind, const char *tags)
{
    static uint8_t rlp[WICK_HEADER_MAX];
    wick_bundle_head head = {(wick_bundle_kind)kind, WORLD_CHAIN, TIME, {0}};
    wick_bundle_writer w;
    wick_buf out = wick_buf_make(two, sizeof two);
    wick_span header = wick_span_make(rlp, bundle_header(rlp, state.root, 1, TIME));
    wick_buf raw = wick_buf_make(three, sizeof three);
    wick_bundle_write_begin(&w, &raw, &head); /* the fixed part; pieces without any rule */
    wick_bundle_write_begin(&w, &out, &head);
    for (; *tags != '\0'; tags++) {
        wick_bundle_tag tag = (wick_bundle_tag)(*tags - '0');
        wick_span bytes = tag == WICK_BUNDLE_HEADER || tag == WICK_BUNDLE_BEFORE ||
                                  tag == WICK_BUNDLE_AFTER
                              ? header
                              : wick_span_make(one, 32);
        bool beacon = tag >= WICK_BUNDLE_UPDATE && tag <= WICK_BUNDLE_OPTIMISTIC;
        wick_buf_put_u8(&raw, (uint8_t)tag);
        wick_buf_put_be16(&raw, (uint16_t)(bytes.len + (beacon ? 4 : 0)));
        wick_buf_put(&raw, one, beacon ? 4 : 0);
        wick_buf_put(&raw, bytes.ptr, bytes.len);
        if (beacon) {
            wick_bundle_write_beacon(&w, tag, one, bytes);
        } else {
            wick_bundle_write(&w, tag, bytes);
        }
    }
    wick_buf_put_zero(&raw, 3);
    wick_status written = wick_bundle_write_end(&w);
    wick_status read = wick_bundle_decode(&b2, wick_buf_span(&raw));
    CHECK(written == read); /* the writer makes what the reader takes, and nothing else */
    CHECK(written != WICK_OK || (out.len == raw.len && memcmp(two, three, out.len) == 0));
    return read;
}

TEST(order_of_pieces)
{
    static const struct {
        uint8_t kind;
        const char *tags;
        bool good;
    } cases[] = {
        {0, "58", true},          {0, "5788", true},        {0, "578998", true},
        {0, "577899", true},      {1, "1158", true},        {1, "58", true},
        {2, "158", true},         {3, "158", true},         {4, "11566789", true},
        {16, "358", true},        {16, "2223458", true},    {16, "4578", true},
        {0, "", false},           {0, "8", false},          {0, "5", false},
        {0, "57", false},         {0, "589957", false},     {0, "5587", false},
        {0, "785", false},        {0, "579", false},        {0, "587", false},
        {0, "158", false},        {0, "5689", false},       {0, "358", false},
        {1, "5689", false},       {1, "518", false},        {1, "258", false},
        {4, "5768", false},       {4, "6589", false},       {16, "58", false},
        {16, "258", false},       {16, "3358", false},      {16, "4358", false},
        {16, "44578", false},     {16, "3258", false},      {16, "13578", false},
        {16, "35689", false},     {0, "580", false},        {0, "508", false},
        {0, ":58", false},
    };
    setup();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        wick_status s = of_tags(cases[i].kind, cases[i].tags);
        CHECK((s == WICK_OK) == cases[i].good);
        if ((s == WICK_OK) != cases[i].good) {
            printf("# kind %u, %s: %s\n", cases[i].kind, cases[i].tags, wick_status_str(s));
        }
    }
}

TEST(lengths_and_limits)
{
    char many[600];
    setup();
    memset(many, '8', sizeof many);
    many[0] = '5';
    many[1 + WICK_BUNDLE_SLOTS_MAX] = '\0';
    CHECK_STATUS(of_tags(0, many), WICK_OK);
    many[1 + WICK_BUNDLE_SLOTS_MAX] = '8';
    many[2 + WICK_BUNDLE_SLOTS_MAX] = '\0';
    CHECK_STATUS(of_tags(0, many), WICK_E_LIMIT);
    memset(many, '9', sizeof many);
    memcpy(many, "58", 2);
    many[2 + WICK_BUNDLE_NODES_MAX] = '\0';
    CHECK_STATUS(of_tags(0, many), WICK_OK);
    many[2 + WICK_BUNDLE_NODES_MAX] = '9';
    many[3 + WICK_BUNDLE_NODES_MAX] = '\0';
    CHECK_STATUS(of_tags(0, many), WICK_E_LIMIT);
    memset(many, '2', sizeof many);
    memcpy(many + WICK_BUNDLE_STEPS_MAX, "3589", 5);
    CHECK_STATUS(of_tags(16, many), WICK_E_LIMIT);
    CHECK_STATUS(of_tags(16, many + 1), WICK_OK);
    /* Lengths: a slot of 31 and 33 bytes, an empty node, an update that is only a version. */
    static const struct {
        wick_bundle_tag tag;
        size_t len;
    } bad[] = {{WICK_BUNDLE_SLOT, 31},    {WICK_BUNDLE_SLOT, 33},
               {WICK_BUNDLE_NODE, 0},     {WICK_BUNDLE_NODE, WICK_MPT_NODE_MAX + 1},
               {WICK_BUNDLE_END, 1},      {WICK_BUNDLE_HEADER, 0},
               {WICK_BUNDLE_ACCOUNT, 0},  {WICK_BUNDLE_HEADER, WICK_HEADER_MAX + 1},
               {WICK_BUNDLE_FINALITY, 4}, {WICK_BUNDLE_FINALITY, 0}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        bool early = bad[i].tag <= WICK_BUNDLE_HEADER && bad[i].tag != WICK_BUNDLE_END;
        CHECK_STATUS(of_tags(early ? 16 : 0, early ? "358" : "589"), WICK_OK);
        size_t cut = early ? WICK_BUNDLE_FIXED_BYTES : b2.bytes.len - 3;
        if (bad[i].tag == WICK_BUNDLE_HEADER) {
            cut += 3 + 4 + 32;
        } else if (bad[i].tag == WICK_BUNDLE_ACCOUNT) {
            cut = WICK_BUNDLE_FIXED_BYTES + 3 + b2.header.len;
        }
        memset(three + cut, 0, 8192);
        three[cut] = (uint8_t)bad[i].tag;
        wick_store_be16(three + cut + 1, (uint16_t)bad[i].len);
        CHECK_STATUS(wick_bundle_decode(&b2, wick_span_make(three, cut + 8000)),
                     WICK_E_MALFORMED);
    }
}

TEST(writer_latches)
{
    wick_bundle_writer w;
    wick_bundle_head head = {WICK_BUNDLE_ALONE, 1, TIME + 1, {0}};
    static uint8_t rlp[WICK_HEADER_MAX];
    setup();
    wick_span header = wick_span_make(rlp, bundle_header(rlp, state.root, 1, TIME));
    wick_buf out = wick_buf_make(two, sizeof two);
    wick_bundle_write_begin(&w, &out, &head);
    wick_bundle_write(&w, WICK_BUNDLE_HEADER, header); /* of another time */
    wick_bundle_write(&w, WICK_BUNDLE_SLOT, wick_span_make(one, 32));
    CHECK_STATUS(wick_bundle_write_end(&w), WICK_E_MALFORMED);
    wick_bundle_write_begin(&w, &out, &head);
    wick_bundle_write(&w, WICK_BUNDLE_FINALITY, header);
    CHECK_STATUS(wick_bundle_write_end(&w), WICK_E_BAD_ARG);
    wick_bundle_write_begin(&w, &out, &head);
    wick_bundle_write_beacon(&w, WICK_BUNDLE_SLOT, one, header);
    CHECK_STATUS(wick_bundle_write_end(&w), WICK_E_BAD_ARG);
    head.kind = (wick_bundle_kind)7;
    wick_bundle_write_begin(&w, &out, &head);
    CHECK_STATUS(wick_bundle_write_end(&w), WICK_E_UNSUPPORTED);
    /* Too small: the length that is needed is told. */
    head.kind = WICK_BUNDLE_ALONE;
    head.time_s = TIME;
    for (size_t cap = 0; cap < 2; cap++) {
        out = wick_buf_make(cap == 0 ? NULL : two, cap);
        wick_bundle_write_begin(&w, &out, &head);
        wick_bundle_write(&w, WICK_BUNDLE_HEADER, header);
        wick_bundle_write(&w, WICK_BUNDLE_SLOT, wick_span_make(one, 32));
        CHECK_STATUS(wick_bundle_write_end(&w), cap == 0 ? WICK_OK : WICK_E_NO_SPACE);
        CHECK_INT(out.len, WICK_BUNDLE_FIXED_BYTES + 3 + header.len + 3 + 32 + 3);
    }
    CHECK(strcmp(wick_bundle_kind_str(WICK_BUNDLE_QBFT), "QBFT") == 0);
    CHECK(strcmp(wick_bundle_kind_str((wick_bundle_kind)9), "unknown") == 0);
}

TAP_MAIN("unit.bundle", CASE(a_record_out_of_a_bundle), CASE(must_30_answer_for_another_peer_refused),
         CASE(nodes_of_another_peer_refused), CASE(must_30_older_bundle_refused_by_number),
         CASE(must_30_older_bundle_refused_by_epoch_and_seq),
         CASE(must_30_bundle_without_evidence_gives_untrusted_header),
         CASE(untrusted_bundles_prove_no_absence_and_move_no_mark),
         CASE(a_known_record_that_is_gone_was_revoked),
         CASE(an_optimistic_header_moves_no_mark), CASE(second_gateway_must_give_the_same_header),
         CASE(trusted_header_of_another_block_refused), CASE(sealed_bundle_under_a_validator_set),
         CASE(sealed_bundle_refused), CASE(sealed_bundle_with_headers_before),
         CASE(clique_bundle_needs_headers_after), CASE_LONG(every_byte_flipped_no_false_accept),
         CASE(truncated_and_extended_refused), CASE(pieces_dropped_and_repeated_refused),
         CASE(read_in_parts), CASE(reader_memory_is_a_bound), CASE(fixed_part),
         CASE(order_of_pieces), CASE(lengths_and_limits), CASE(writer_latches))
