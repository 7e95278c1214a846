/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Light client objects of every fork: strict decoding (consensus-specs ssz/simple-serialize.md), the
 * shape of each fork, headers of one fork in objects of the next, a shape that no fork has yet, and
 * the chain table.
 */
#include "beacon_world.h"
#include "wick/keccak.h"

#include "tap.h"

static wick_beacon b;
static unsigned changed;
static uint8_t bytes[64 * 1024];

static wick_status start(uint64_t slot, const char *wire)
{
    beacon_plan p = beacon_plan_at(WICK_BEACON_BOOTSTRAP, slot, 0);
    wick_beacon_config cfg = {&beacon_chain, {0}, 0};
    wick_trust_now now = beacon_at(slot + 4);
    p.wire = wire;
    beacon_root_of(cfg.trusted_root, &p);
    return wick_beacon_bootstrap(&b, &cfg, &beacon_crypto, beacon_wire(&p), beacon_make(&p), &now);
}

static wick_status give_bytes(const beacon_plan *p, wick_span ssz)
{
    wick_trust_now now = beacon_at(p->signature_slot + 1);
    return wick_beacon_input(&b, &changed, &beacon_crypto, p->kind, beacon_wire(p), ssz, &now);
}

static wick_status give(const beacon_plan *p)
{
    return give_bytes(p, beacon_make(p));
}

static uint64_t final_slot(void)
{
    return wick_beacon_head_of(&b, WICK_TIER_FINALIZED)->slot;
}

/* A copy that may be changed. */
static wick_span copy_of(const beacon_plan *p)
{
    wick_span s = beacon_make(p);
    memcpy(bytes, s.ptr, s.len);
    return wick_span_make(bytes, s.len);
}

static wick_status decode(const beacon_plan *p, wick_span ssz)
{
    wick_beacon_object o;
    return wick_beacon_decode(&o, p->kind, beacon_wire(p)->shape, ssz, beacon_chain.committee);
}

/* ---- decoding ---- */

TEST(every_length_of_every_object)
{
    static const char *const forks[] = {"altair", "capella", "deneb", "electra", "gloas"};
    for (size_t f = 0; f < 5; f++) {
        REQUIRE(beacon_world(32, forks[f], NULL, 0));
        for (int kind = 0; kind < 4; kind++) {
            beacon_plan p = beacon_plan_at((wick_beacon_kind)kind, 40, kind == 1 || kind == 2 ? 32 : 0);
            wick_span s = copy_of(&p);
            unsigned accepted = 0;
            CHECK_STATUS(decode(&p, s), WICK_OK);
            for (size_t len = 0; len < s.len; len++) {
                accepted += decode(&p, wick_span_make(bytes, len)) == WICK_OK ? 1u : 0u;
            }
            /* Extra data is what SSZ lets be shorter: 4 bytes here. */
            bool payload = beacon_wire(&p)->shape->header == WICK_BEACON_HEADER_PAYLOAD;
            CHECK_INT(accepted, payload ? 4 : 0);
            memset(bytes + s.len, 0, 64);
            CHECK_STATUS(decode(&p, wick_span_make(bytes, s.len + (payload ? 29 : 1))),
                         WICK_E_TRAILING);
        }
    }
}

TEST(offsets)
{
    REQUIRE(beacon_world(32, "electra", NULL, 0));
    beacon_plan p = beacon_plan_at(WICK_BEACON_UPDATE, 40, 32);
    wick_span s = copy_of(&p);
    size_t second = 4 + 33 * 48 + 6 * 32, fixed = second + 4 + 7 * 32 + 4 + 96 + 8;
    size_t inner = fixed + 112, extra = inner + 4 + 128 + 436;
    const size_t at[] = {0, second, inner, extra};
    for (size_t i = 0; i < 4; i++) {
        for (int byte = 0; byte < 4; byte++) {
            for (int bit = 0; bit < 8; bit++) {
                bytes[at[i] + (size_t)byte] ^= (uint8_t)(1 << bit);
                CHECK(decode(&p, s) != WICK_OK);
                bytes[at[i] + (size_t)byte] ^= (uint8_t)(1 << bit);
            }
        }
    }
    /* The second before the first, behind the end, and at it: a header of no bytes. */
    size_t places[] = {fixed - 1, s.len + 1, s.len, fixed};
    for (size_t i = 0; i < 4; i++) {
        uint8_t was[2] = {bytes[second], bytes[second + 1]};
        bytes[second] = (uint8_t)places[i];
        bytes[second + 1] = (uint8_t)(places[i] >> 8);
        CHECK(decode(&p, s) != WICK_OK);
        memcpy(bytes + second, was, 2);
    }
    CHECK_STATUS(decode(&p, s), WICK_OK);
}

TEST(decoded_view)
{
    wick_beacon_object o;
    REQUIRE(beacon_world(32, "electra", NULL, 0));
    beacon_plan p = beacon_plan_at(WICK_BEACON_UPDATE, 40, 32);
    wick_span s = beacon_make(&p);
    REQUIRE_STATUS(wick_beacon_decode(&o, WICK_BEACON_UPDATE, &wick_beacon_shape_electra, s, 32),
                   WICK_OK);
    CHECK_INT(o.attested.slot, 40);
    CHECK_INT(o.finalized.slot, 32);
    CHECK_INT(o.signature_slot, 41);
    CHECK_INT(o.bits.len, 4);
    CHECK_INT(o.committee.len, 33 * 48);
    CHECK_INT(o.committee_branch.len, 6 * 32);
    CHECK_INT(o.finality_branch.len, 7 * 32);
    uint8_t hash[32];
    wick_span rlp = beacon_execution(40);
    wick_keccak256(hash, rlp.ptr, rlp.len);
    CHECK_MEM(o.attested.block_hash, hash, 32);
    CHECK_MEM(o.committee.ptr, beacon_committee(p.next), 33 * 48);
    /* Nothing is left of an object that was refused. */
    CHECK(wick_beacon_decode(&o, WICK_BEACON_UPDATE, &wick_beacon_shape_electra,
                             wick_span_make(s.ptr, 100), 32) != WICK_OK);
    CHECK(o.shape == NULL && o.committee.ptr == NULL);
}

/* ---- forks ---- */

/* One period and into the next one, on a chain of a single fork. */
static void follow(const char *fork)
{
    wick_trusted_header th;
    REQUIRE(beacon_world(32, fork, NULL, 0));
    REQUIRE_STATUS(start(16, NULL), WICK_OK);
    beacon_plan p = beacon_plan_at(WICK_BEACON_UPDATE, 40, 32);
    CHECK_STATUS(give(&p), WICK_OK);
    p = beacon_plan_at(WICK_BEACON_UPDATE, 104, 96);
    CHECK_STATUS(give(&p), WICK_OK);
    p = beacon_plan_at(WICK_BEACON_FINALITY, 110, 100);
    CHECK_STATUS(give(&p), WICK_OK);
    p = beacon_plan_at(WICK_BEACON_OPTIMISTIC, 111, 0);
    CHECK_STATUS(give(&p), WICK_OK);
    CHECK_INT(final_slot(), 100);
    bool before_capella = wick_beacon_shape_by_name(fork, strlen(fork))->header ==
                          WICK_BEACON_HEADER_PLAIN;
    CHECK_STATUS(wick_beacon_trust(&th, &b, beacon_execution(100), WICK_TIER_FINALIZED),
                 before_capella ? WICK_E_STATE : WICK_OK);
}

TEST(every_fork_is_followed)
{
    follow("altair");
    follow("bellatrix");
    follow("capella");
    follow("deneb");
    follow("electra");
    follow("fulu");
    follow("gloas");
}

/* Attested after the fork at slot 80, finalised before it, all in the newer form. */
static void cross(const char *first, const char *second)
{
    REQUIRE(beacon_world(32, first, second, 10));
    REQUIRE_STATUS(start(70, NULL), WICK_OK);
    beacon_plan p = beacon_plan_at(WICK_BEACON_UPDATE, 85, 76);
    CHECK_STATUS(give(&p), WICK_OK);
    CHECK_INT(final_slot(), 76);
    p = beacon_plan_at(WICK_BEACON_FINALITY, 100, 90);
    CHECK_STATUS(give(&p), WICK_OK);
    CHECK_INT(final_slot(), 90);
    /* An object of before the fork in the newer form: branches filled up in front. */
    REQUIRE_STATUS(start(66, second), WICK_OK);
    p = beacon_plan_at(WICK_BEACON_UPDATE, 78, 70);
    p.wire = second;
    CHECK_STATUS(give(&p), WICK_OK);
    CHECK_INT(final_slot(), 70);
}

TEST(headers_of_one_fork_in_objects_of_the_next)
{
    cross("altair", "bellatrix");
    cross("bellatrix", "capella");
    cross("capella", "deneb");
    cross("deneb", "electra");
    cross("electra", "fulu");
    cross("fulu", "gloas");
    cross("capella", "gloas");
    cross("altair", "gloas");
}

TEST(older_form_than_the_slot)
{
    static const struct {
        const char *first, *second;
        wick_status status;
    } step[] = {{"bellatrix", "capella", WICK_E_MALFORMED},
                {"capella", "deneb", WICK_E_MALFORMED},
                {"deneb", "electra", WICK_E_BEACON_BRANCH},
                {"fulu", "gloas", WICK_E_MALFORMED}};
    for (size_t i = 0; i < 4; i++) {
        REQUIRE(beacon_world(32, step[i].first, step[i].second, 10));
        REQUIRE_STATUS(start(70, NULL), WICK_OK);
        beacon_plan p = beacon_plan_at(WICK_BEACON_FINALITY, 76, 72);
        p.wire = step[i].first;
        wick_span s = copy_of(&p);
        CHECK_STATUS(give_bytes(&p, s), WICK_OK);
        /* The same form with a slot after the fork. */
        wick_beacon_object o;
        REQUIRE(wick_beacon_decode(&o, p.kind, beacon_wire(&p)->shape, s, 32) == WICK_OK);
        bytes[o.attested.beacon.ptr - bytes] = 85;
        p.signature_slot = 90;
        bytes[o.signature + 96 - bytes] = 90;
        wick_status got = give_bytes(&p, s);
        if (step[i].status == WICK_E_MALFORMED) {
            CHECK_STATUS(got, step[i].status);
        } else { /* the header itself does not tell; its root does */
            CHECK(got == WICK_E_BEACON_BRANCH || got == WICK_E_AUTH);
        }
    }
}

/* What a header's own fork does not have must be zero in a newer object. */
TEST(nothing_where_the_fork_had_nothing)
{
    wick_beacon_object o;
    REQUIRE(beacon_world(32, "bellatrix", "capella", 10));
    REQUIRE_STATUS(start(70, NULL), WICK_OK);
    beacon_plan p = beacon_plan_at(WICK_BEACON_UPDATE, 85, 76);
    wick_span s = copy_of(&p);
    REQUIRE_STATUS(wick_beacon_decode(&o, p.kind, &wick_beacon_shape_capella, s, 32), WICK_OK);
    uint8_t *places[] = {bytes + (o.finalized.payload.ptr - bytes), /* its first byte */
                         bytes + (o.finalized.payload.ptr - bytes) + 500,
                         bytes + (o.finalized.branch.ptr - bytes) + 40};
    for (size_t i = 0; i < 3; i++) {
        *places[i] ^= 1;
        CHECK_STATUS(give_bytes(&p, s), WICK_E_MALFORMED);
        *places[i] ^= 1;
    }
    /* A byte of extra data. */
    bytes[s.len] = 0;
    CHECK_STATUS(give_bytes(&p, wick_span_make(bytes, s.len + 1)), WICK_E_MALFORMED);
    CHECK_STATUS(give_bytes(&p, s), WICK_OK);
    /* Blob gas before Deneb. */
    REQUIRE(beacon_world(32, "capella", "deneb", 10));
    REQUIRE_STATUS(start(70, NULL), WICK_OK);
    s = copy_of(&p);
    REQUIRE_STATUS(wick_beacon_decode(&o, p.kind, &wick_beacon_shape_deneb, s, 32), WICK_OK);
    bytes[o.finalized.payload.ptr + 570 - bytes] = 1;
    CHECK_STATUS(give_bytes(&p, s), WICK_E_MALFORMED);
    bytes[o.finalized.payload.ptr + 570 - bytes] = 0;
    CHECK_STATUS(give_bytes(&p, s), WICK_OK);
    /* The fill in front of a short branch. */
    REQUIRE(beacon_world(32, "fulu", "gloas", 10));
    REQUIRE_STATUS(start(70, NULL), WICK_OK);
    s = copy_of(&p);
    REQUIRE_STATUS(wick_beacon_decode(&o, p.kind, &wick_beacon_shape_gloas, s, 32), WICK_OK);
    bytes[o.finalized.branch.ptr - bytes] = 1;
    CHECK_STATUS(give_bytes(&p, s), WICK_E_BEACON_BRANCH);
    bytes[o.finalized.branch.ptr - bytes] = 0;
    CHECK_STATUS(give_bytes(&p, s), WICK_OK);
}

/* The fork after the last one known is a row of a table: other indices, deeper branches. */
TEST(a_fork_to_come_is_a_row)
{
    static const wick_beacon_shape coming = {1500, 3001, 3002, 0, 1717, 0,
                                             WICK_BEACON_HEADER_BLOCK_HASH};
    wick_trusted_header th;
    REQUIRE(beacon_world(32, "fulu", "gloas", 10));
    beacon_add_fork("coming", 20, &coming);
    REQUIRE_STATUS(wick_beacon_chain_check(&beacon_chain), WICK_OK);
    REQUIRE_STATUS(start(70, NULL), WICK_OK);
    for (uint64_t period = 1; period < 4; period++) {
        beacon_plan p = beacon_plan_at(WICK_BEACON_UPDATE, 64 * period + 50, 64 * period + 40);
        CHECK_STATUS(give(&p), WICK_OK);
    }
    CHECK_INT(final_slot(), 64 * 3 + 40);
    CHECK_STATUS(wick_beacon_trust(&th, &b, beacon_execution(64 * 3 + 40), WICK_TIER_FINALIZED),
                 WICK_OK);
}

/* ---- the table ---- */

TEST(chains)
{
    static const wick_beacon_chain *const known[] = {&wick_beacon_mainnet, &wick_beacon_sepolia,
                                                     &wick_beacon_gnosis};
    for (size_t i = 0; i < 3; i++) {
        const wick_beacon_chain *c = known[i];
        CHECK_STATUS(wick_beacon_chain_check(c), WICK_OK);
        CHECK(wick_beacon_chain_by_name(c->name, strlen(c->name)) == c);
        CHECK(wick_beacon_chain_by_name(c->name, strlen(c->name) - 1) == NULL);
        CHECK(wick_beacon_fork_at(c, c->fork[0].epoch - 1) == NULL);
        for (size_t f = 0; f < c->forks; f++) {
            const wick_beacon_fork *fork = &c->fork[f];
            CHECK(wick_beacon_fork_at(c, fork->epoch) == fork);
            CHECK(f == 0 || wick_beacon_fork_at(c, fork->epoch - 1) == fork - 1);
            CHECK(wick_beacon_fork_by_version(c, fork->version) == fork);
            CHECK(wick_beacon_fork_by_name(c, fork->name, strlen(fork->name)) == fork);
            CHECK(wick_beacon_shape_by_name(fork->name, strlen(fork->name)) == fork->shape);
        }
    }
    CHECK(wick_beacon_chain_by_name("mainne", 6) == NULL);
    CHECK(wick_beacon_chain_by_name("mainnets", 8) == NULL);
    CHECK(wick_beacon_shape_by_name("phase0", 6) == NULL);
    CHECK(wick_beacon_fork_by_name(&wick_beacon_mainnet, "gloas", 5) == NULL);
    static const uint8_t version[4] = {9, 9, 9, 9};
    CHECK(wick_beacon_fork_by_version(&wick_beacon_mainnet, version) == NULL);
    /* Mainnet was born on 1 December 2020, 12:00:23; slot 1 came 12 s later. */
    CHECK_INT(wick_beacon_slot_time(&wick_beacon_mainnet, 1), 1606824035);
}

TEST(chains_refused)
{
    REQUIRE(beacon_world(32, "electra", "fulu", 10));
    wick_beacon_chain c = beacon_chain;
    CHECK_STATUS(wick_beacon_chain_check(NULL), WICK_E_BAD_ARG);
    c.seconds_per_slot = 0;
    CHECK_STATUS(wick_beacon_chain_check(&c), WICK_E_BAD_ARG);
    c = beacon_chain;
    c.slots_per_epoch = 0;
    CHECK_STATUS(wick_beacon_chain_check(&c), WICK_E_BAD_ARG);
    c = beacon_chain;
    c.epochs_per_period = 0;
    CHECK_STATUS(wick_beacon_chain_check(&c), WICK_E_BAD_ARG);
    c = beacon_chain;
    c.trusting_s = 0;
    CHECK_STATUS(wick_beacon_chain_check(&c), WICK_E_BAD_ARG);
    c = beacon_chain;
    c.forks = 0;
    CHECK_STATUS(wick_beacon_chain_check(&c), WICK_E_BAD_ARG);
    c = beacon_chain;
    c.fork = NULL;
    CHECK_STATUS(wick_beacon_chain_check(&c), WICK_E_BAD_ARG);
    static const uint16_t members[] = {0, 16, 31, 33, 500, 513};
    for (size_t i = 0; i < 6; i++) {
        c = beacon_chain;
        c.committee = members[i];
        CHECK_STATUS(wick_beacon_chain_check(&c), WICK_E_BAD_ARG);
    }
    c.committee = 2 * WICK_BEACON_COMMITTEE_MAX;
    CHECK_STATUS(wick_beacon_chain_check(&c), WICK_E_LIMIT);
    c = beacon_chain;
    wick_beacon_fork rows[2] = {beacon_forks[1], beacon_forks[0]};
    c.fork = rows;
    CHECK_STATUS(wick_beacon_chain_check(&c), WICK_E_BAD_ARG); /* out of order */
    rows[0] = beacon_forks[0];
    rows[0].shape = NULL;
    CHECK_STATUS(wick_beacon_chain_check(&c), WICK_E_BAD_ARG);
    static const wick_beacon_shape bad[] = {
        {1, 86, 87, 25, 812, 17, WICK_BEACON_HEADER_PAYLOAD},
        {169, 0, 87, 25, 812, 17, WICK_BEACON_HEADER_PAYLOAD},
        {169, 86, 1, 25, 812, 17, WICK_BEACON_HEADER_PAYLOAD},
        {169, 86, 87, 0, 812, 17, WICK_BEACON_HEADER_PAYLOAD},
        {169, 86, 87, 25, 0, 17, WICK_BEACON_HEADER_PAYLOAD},
        {169, 86, 87, 25, 812, 16, WICK_BEACON_HEADER_PAYLOAD},
        {169, 86, 87, 0, 0, 0, WICK_BEACON_HEADER_BLOCK_HASH},
        {169, 86, 87, 0, 0, 0, 3}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        rows[0].shape = &bad[i];
        CHECK_STATUS(wick_beacon_chain_check(&c), WICK_E_BAD_ARG);
    }
    rows[0] = beacon_forks[0];
    rows[1] = beacon_forks[1];
    CHECK_STATUS(wick_beacon_chain_check(&c), WICK_OK);
}

/* Fork digests as mainnet's nodes print them; from Fulu on the blob bounds are mixed in. */
TEST(fork_digests)
{
    static const struct {
        const char *fork;
        uint8_t digest[4];
    } known[] = {{"altair", {0xaf, 0xca, 0xab, 0xa0}},    {"bellatrix", {0x4a, 0x26, 0xc5, 0x8b}},
                 {"capella", {0xbb, 0xa4, 0xda, 0x96}},   {"deneb", {0x6a, 0x95, 0xa1, 0xa9}},
                 {"electra", {0xad, 0x53, 0x2c, 0xeb}},   {"fulu", {0xcc, 0x2c, 0x5c, 0xdb}},
                 {"fulu", {0xcb, 0x0d, 0x1a, 0xcc}},      {"fulu", {0x8c, 0x9f, 0x62, 0xfe}}};
    const wick_beacon_fork *fork;
    REQUIRE(beacon_world(32, "electra", NULL, 0));
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        CHECK_STATUS(wick_beacon_fork_by_digest(&fork, &wick_beacon_mainnet, &beacon_crypto,
                                                known[i].digest),
                     WICK_OK);
        CHECK(fork != NULL && strcmp(fork->name, known[i].fork) == 0);
    }
    static const uint8_t none[4] = {1, 2, 3, 4};
    CHECK_STATUS(wick_beacon_fork_by_digest(&fork, &wick_beacon_mainnet, &beacon_crypto, none),
                 WICK_E_UNSUPPORTED);
    CHECK(fork == NULL);
}

TAP_MAIN("unit.beacon_ssz", CASE(every_length_of_every_object), CASE(offsets), CASE(decoded_view),
         CASE_LONG(every_fork_is_followed), CASE_LONG(headers_of_one_fork_in_objects_of_the_next),
         CASE(older_form_than_the_slot), CASE(nothing_where_the_fork_had_nothing),
         CASE(a_fork_to_come_is_a_row), CASE(chains), CASE(chains_refused), CASE(fork_digests))
