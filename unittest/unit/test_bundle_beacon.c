/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proof bundles with light client evidence: what the sync committee that a leaf trusts says of them.
 * The words under such a header are proven as under any other, see test_bundle.c.
 */
#include "wick/bundle.h"

#include "beacon_world.h"
#include "tap.h"

#define CHAIN 4242

static wick_beacon leaf;
static uint8_t bytes[32768];
static size_t len;
static wick_bundle b;
static wick_trusted_header th;
static wick_bundle_writer w;
static wick_buf out;

/* A leaf that trusts slot 16 and knows committees of periods 0 and 1. */
static bool setup(void)
{
    unsigned changed;
    if (!beacon_world(32, "electra", "fulu", 20)) {
        return false;
    }
    beacon_plan p = beacon_plan_at(WICK_BEACON_BOOTSTRAP, 16, 0);
    wick_beacon_config cfg = {&beacon_chain, {0}, 0};
    wick_trust_now now = beacon_at(20);
    beacon_root_of(cfg.trusted_root, &p);
    if (wick_beacon_bootstrap(&leaf, &cfg, &beacon_crypto, beacon_wire(&p), beacon_make(&p),
                              &now) != WICK_OK) {
        return false;
    }
    p = beacon_plan_at(WICK_BEACON_UPDATE, 40, 32);
    now = beacon_at(50);
    return wick_beacon_input(&leaf, &changed, &beacon_crypto, p.kind, beacon_wire(&p),
                             beacon_make(&p), &now) == WICK_OK;
}

static void begin(uint64_t slot)
{
    wick_bundle_head head = {WICK_BUNDLE_BEACON, CHAIN, 0, {0}};
    wick_header h;
    CHECK_STATUS(wick_header_decode(&h, beacon_execution(slot)), WICK_OK);
    head.time_s = h.timestamp;
    out = wick_buf_make(bytes, sizeof bytes);
    wick_bundle_write_begin(&w, &out, &head);
}

static void evidence(wick_bundle_tag tag, const beacon_plan *p)
{
    wick_bundle_write_beacon(&w, tag, beacon_wire(p)->version, beacon_make(p));
}

static void end(uint64_t slot)
{
    static const uint8_t key[32];
    wick_bundle_write(&w, WICK_BUNDLE_HEADER, beacon_execution(slot));
    wick_bundle_write(&w, WICK_BUNDLE_SLOT, wick_span_make(key, sizeof key));
    CHECK_STATUS(wick_bundle_write_end(&w), WICK_OK);
    len = out.len;
    CHECK_STATUS(wick_bundle_decode(&b, wick_span_make(bytes, len)), WICK_OK);
}

/* Finality of `slot` alone, signed at slot + 9. */
static void finality(uint64_t slot)
{
    beacon_plan p = beacon_plan_at(WICK_BEACON_FINALITY, slot + 8, slot);
    begin(slot);
    evidence(WICK_BUNDLE_FINALITY, &p);
    end(slot);
}

static wick_status trust(uint64_t now_slot, wick_tier tier)
{
    wick_trust_now now = beacon_at(now_slot);
    return wick_bundle_trust_beacon(&th, &b, &leaf, &beacon_crypto, &now, tier);
}

TEST(finality_of_a_known_committee)
{
    REQUIRE(setup());
    finality(48);
    REQUIRE_STATUS(trust(60, WICK_TIER_FINALIZED), WICK_OK);
    CHECK_INT(th.tier, WICK_TIER_FINALIZED);
    CHECK_INT(th.number, 1048);
    CHECK_STATUS(trust(61, WICK_TIER_FINALIZED), WICK_OK); /* the same one again */
    finality(40);
    CHECK_STATUS(trust(62, WICK_TIER_FINALIZED), WICK_E_HEADER_HASH); /* an older one */
    CHECK(!wick_trust_is_made(&th));
}

TEST(updates_lead_to_a_later_period)
{
    REQUIRE(setup());
    finality(144); /* period 2: its committee is named by an update of period 1 */
    CHECK_STATUS(trust(160, WICK_TIER_FINALIZED), WICK_E_BEACON_PERIOD);
    CHECK(!wick_trust_is_made(&th));
    beacon_plan u = beacon_plan_at(WICK_BEACON_UPDATE, 104, 96);
    beacon_plan f = beacon_plan_at(WICK_BEACON_FINALITY, 152, 144);
    begin(144);
    evidence(WICK_BUNDLE_UPDATE, &u);
    evidence(WICK_BUNDLE_FINALITY, &f);
    end(144);
    CHECK_INT(b.steps, 2);
    REQUIRE_STATUS(trust(160, WICK_TIER_FINALIZED), WICK_OK);
    CHECK_INT(th.number, 1144);
    CHECK_STATUS(trust(161, WICK_TIER_FINALIZED), WICK_OK); /* updates known already are passed over */
}

TEST(optimistic_evidence_is_never_final)
{
    REQUIRE(setup());
    beacon_plan o = beacon_plan_at(WICK_BEACON_OPTIMISTIC, 55, 0);
    begin(55);
    evidence(WICK_BUNDLE_OPTIMISTIC, &o);
    end(55);
    CHECK_STATUS(trust(60, WICK_TIER_FINALIZED), WICK_E_HEADER_HASH);
    CHECK(!wick_trust_is_made(&th));
    REQUIRE_STATUS(trust(60, WICK_TIER_OPTIMISTIC), WICK_OK);
    CHECK_INT(th.tier, WICK_TIER_OPTIMISTIC);
    CHECK_STATUS(trust(60, WICK_TIER_BFT), WICK_E_TRUST_TIER);
}

TEST(evidence_refused)
{
    wick_trust_now now = beacon_at(60), no_clock = {0, false};
    REQUIRE(setup());
    wick_beacon kept = leaf;
    /* Of another header than the evidence names. */
    beacon_plan f = beacon_plan_at(WICK_BEACON_FINALITY, 56, 48);
    begin(47);
    evidence(WICK_BUNDLE_FINALITY, &f);
    end(47);
    CHECK_STATUS(trust(60, WICK_TIER_FINALIZED), WICK_E_HEADER_HASH);
    leaf = kept;
    /* Signed by 341 of 512, or here 21 of 32, it is not final. */
    f.participants = 21;
    begin(48);
    evidence(WICK_BUNDLE_FINALITY, &f);
    end(48);
    CHECK_STATUS(trust(60, WICK_TIER_FINALIZED), WICK_E_HEADER_HASH);
    leaf = kept;
    /* Signed by others, or for another chain. */
    f = beacon_plan_at(WICK_BEACON_FINALITY, 56, 48);
    f.signers = 77;
    begin(48);
    evidence(WICK_BUNDLE_FINALITY, &f);
    end(48);
    CHECK_STATUS(trust(60, WICK_TIER_FINALIZED), WICK_E_AUTH);
    finality(48);
    wick_store_be64(bytes + 5, CHAIN + 1);
    CHECK_STATUS(wick_bundle_decode(&b, wick_span_make(bytes, len)), WICK_OK);
    CHECK_STATUS(trust(60, WICK_TIER_FINALIZED), WICK_E_CHAIN_MISMATCH);
    /* A fork that the leaf does not know; no clock; nothing trusted. */
    finality(48);
    bytes[WICK_BUNDLE_FIXED_BYTES + 3] ^= 0xff;
    CHECK_STATUS(wick_bundle_decode(&b, wick_span_make(bytes, len)), WICK_OK);
    CHECK_STATUS(trust(60, WICK_TIER_FINALIZED), WICK_E_UNSUPPORTED);
    finality(48);
    CHECK_STATUS(wick_bundle_trust_beacon(&th, &b, &leaf, &beacon_crypto, &no_clock,
                                          WICK_TIER_FINALIZED),
                 WICK_E_NO_CLOCK);
    memset(&leaf, 0, sizeof leaf);
    CHECK_STATUS(wick_bundle_trust_beacon(&th, &b, &leaf, &beacon_crypto, &now,
                                          WICK_TIER_FINALIZED),
                 WICK_E_STATE);
    CHECK(!wick_trust_is_made(&th));
}

/* One bit of any byte of the evidence changed: never a trusted header of another block. */
TEST(altered_evidence_no_false_accept)
{
    unsigned accepted = 0;
    REQUIRE(setup());
    wick_beacon kept = leaf;
    finality(48);
    REQUIRE_STATUS(trust(60, WICK_TIER_FINALIZED), WICK_OK);
    const wick_trusted_header truth = th;
    for (size_t i = WICK_BUNDLE_FIXED_BYTES; i < len; i += 3) {
        bytes[i] ^= 0x04;
        leaf = kept;
        if (wick_bundle_decode(&b, wick_span_make(bytes, len)) == WICK_OK &&
            trust(60, WICK_TIER_FINALIZED) == WICK_OK) {
            accepted++; /* bytes that nothing depends on: the slot asked for, which is checked later */
            CHECK_MEM(&th, &truth, sizeof th);
        }
        bytes[i] ^= 0x04;
    }
    CHECK(accepted <= 32 / 3 + 1);
}

TAP_MAIN("unit.bundle_beacon", CASE(finality_of_a_known_committee),
         CASE(updates_lead_to_a_later_period), CASE(optimistic_evidence_is_never_final),
         CASE(evidence_refused), CASE_LONG(altered_evidence_no_false_accept))
