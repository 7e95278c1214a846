/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sync committee's store over time: going on without finality and what that is worth, the best
 * update (is_better_update), committees that are not proven yet, and writing it all to a trust store
 * and back.
 */
#include "beacon_world.h"

#include "tap.h"

enum { WEAK = 0, MAJORITY, FINAL }; /* levels of committees */

static wick_beacon b, c;
static unsigned changed;

static wick_status start_at(wick_beacon *to, uint64_t slot)
{
    beacon_plan p = beacon_plan_at(WICK_BEACON_BOOTSTRAP, slot, 0);
    wick_beacon_config cfg = {&beacon_chain, {0}, 0};
    wick_trust_now now = beacon_at(slot + 4);
    beacon_root_of(cfg.trusted_root, &p);
    return wick_beacon_bootstrap(to, &cfg, &beacon_crypto, beacon_wire(&p), beacon_make(&p), &now);
}

static wick_status give_to(wick_beacon *to, const beacon_plan *p)
{
    wick_trust_now now = beacon_at(p->signature_slot + 1);
    return wick_beacon_input(to, &changed, &beacon_crypto, p->kind, beacon_wire(p), beacon_make(p),
                             &now);
}

static wick_status give(const beacon_plan *p)
{
    return give_to(&b, p);
}

static wick_status force_at(uint64_t slot)
{
    wick_trust_now now = beacon_at(slot);
    return wick_beacon_force(&b, &changed, &beacon_crypto, &now);
}

static uint64_t head(wick_tier tier)
{
    const wick_beacon_head *h = wick_beacon_head_of(&b, tier);
    return h == NULL ? 0 : h->slot;
}

static bool ready(void)
{
    if (!beacon_world(32, "electra", NULL, 0) || start_at(&b, 16) != WICK_OK) {
        return false;
    }
    beacon_plan p = beacon_plan_at(WICK_BEACON_UPDATE, 40, 32);
    return give(&p) == WICK_OK;
}

/* ---- force ---- */

TEST(force_waits_a_period_and_needs_an_update)
{
    REQUIRE(ready());
    CHECK_STATUS(force_at(1000), WICK_AGAIN); /* nothing to go on with */
    beacon_plan p = beacon_plan_at(WICK_BEACON_UPDATE, 70, 0);
    CHECK_STATUS(give(&p), WICK_OK);
    CHECK_STATUS(force_at(32 + 64), WICK_AGAIN);
    CHECK_STATUS(force_at(32 + 65), WICK_OK);
    CHECK_STATUS(force_at(32 + 66), WICK_AGAIN); /* used up */
}

TEST(force_never_makes_final)
{
    REQUIRE(ready());
    beacon_plan p = beacon_plan_at(WICK_BEACON_UPDATE, 70, 0);
    CHECK_STATUS(give(&p), WICK_OK);
    CHECK_STATUS(force_at(100), WICK_OK);
    CHECK_INT(changed, WICK_BEACON_NEW_PERIOD | WICK_BEACON_NEW_NEXT);
    CHECK_INT(b.finalized.slot, 70); /* the specification's */
    CHECK_INT(head(WICK_TIER_FINALIZED), 32);
    CHECK_INT(head(WICK_TIER_OPTIMISTIC), 70);
    CHECK_INT(b.current.level, FINAL); /* was known before */
    CHECK_INT(b.next.level, MAJORITY);
    wick_trusted_header th;
    CHECK_STATUS(wick_beacon_trust(&th, &b, beacon_execution(70), WICK_TIER_FINALIZED),
                 WICK_E_HEADER_HASH);
    /* What the forced committee signs in the next period is not final either, by all of it. */
    p = beacon_plan_at(WICK_BEACON_UPDATE, 64 * 2 + 40, 64 * 2 + 32);
    CHECK_STATUS(give(&p), WICK_OK);
    CHECK_INT(b.finalized.slot, 160);
    CHECK_INT(head(WICK_TIER_FINALIZED), 32);
    CHECK_INT(head(WICK_TIER_OPTIMISTIC), 168);
    CHECK_INT(b.current.level, MAJORITY);
    CHECK_INT(b.next.level, MAJORITY);
}

TEST(finality_after_force_is_final_again)
{
    REQUIRE(ready());
    beacon_plan p = beacon_plan_at(WICK_BEACON_UPDATE, 70, 0);
    CHECK_STATUS(give(&p), WICK_OK);
    CHECK_STATUS(force_at(100), WICK_OK);
    /* The committee at hand was known before: what it finalises counts, and proves the next one. */
    p = beacon_plan_at(WICK_BEACON_UPDATE, 110, 104);
    CHECK_STATUS(give(&p), WICK_OK);
    CHECK_INT(changed, WICK_BEACON_NEW_FINALIZED | WICK_BEACON_NEW_OPTIMISTIC | WICK_BEACON_NEW_NEXT);
    CHECK_INT(head(WICK_TIER_FINALIZED), 104);
    CHECK_INT(b.next.level, FINAL);
    /* Also where the forced header is newer than what has become final since. */
    REQUIRE(ready());
    p = beacon_plan_at(WICK_BEACON_OPTIMISTIC, 60, 0);
    CHECK_STATUS(give(&p), WICK_OK);
    CHECK_STATUS(force_at(100), WICK_OK);
    CHECK_INT(b.finalized.slot, 60);
    p = beacon_plan_at(WICK_BEACON_FINALITY, 62, 48);
    CHECK_STATUS(give(&p), WICK_OK);
    CHECK_INT(b.finalized.slot, 60);
    CHECK_INT(head(WICK_TIER_FINALIZED), 48);
}

TEST(a_false_committee_learned_by_force_gives_way)
{
    REQUIRE(ready());
    /* One key of the committee of period 1, and a whole period of silence. */
    beacon_plan p = beacon_plan_at(WICK_BEACON_UPDATE, 70, 0);
    p.participants = 1;
    p.next = 66;
    CHECK_STATUS(give(&p), WICK_OK);
    CHECK_INT(head(WICK_TIER_OPTIMISTIC), 40);
    CHECK_STATUS(force_at(100), WICK_OK);
    CHECK_INT(b.next.level, WEAK);
    CHECK_INT(head(WICK_TIER_OPTIMISTIC), 40);
    /* What it signs is worth nothing here, be it all of it. */
    p = beacon_plan_at(WICK_BEACON_OPTIMISTIC, 130, 0);
    p.signers = 66;
    CHECK_STATUS(give(&p), WICK_OK);
    CHECK_INT(head(WICK_TIER_OPTIMISTIC), 40);
    CHECK_INT(changed, 0);
    /* The honest update of the period: without finality it is refused, with it it replaces. */
    p = beacon_plan_at(WICK_BEACON_UPDATE, 109, 0);
    CHECK_STATUS(give(&p), WICK_E_BEACON_COMMITTEE);
    p = beacon_plan_at(WICK_BEACON_UPDATE, 110, 104);
    CHECK_STATUS(give(&p), WICK_OK);
    CHECK_INT(b.next.level, FINAL);
    CHECK_INT(head(WICK_TIER_FINALIZED), 104);
    p = beacon_plan_at(WICK_BEACON_UPDATE, 64 * 2 + 40, 64 * 2 + 32);
    CHECK_STATUS(give(&p), WICK_OK);
    CHECK_INT(head(WICK_TIER_FINALIZED), 160);
}

/* ---- is_better_update ---- */

struct better {
    const char *rule;
    beacon_plan good, bad;
};

/* All in period 1, at a store whose finalised slot is 32; none of them is applied at once. */
static void fill(struct better *t, size_t i, const char *rule)
{
    t[i].rule = rule;
    t[i].good = beacon_plan_at(WICK_BEACON_UPDATE, 72, 0);
    t[i].bad = beacon_plan_at(WICK_BEACON_UPDATE, 73, 0);
}

TEST(best_update)
{
    struct better t[7];
    fill(t, 0, "supermajority");
    t[0].good.participants = 22;
    t[0].good.next = 0; /* outweighs a committee */
    t[0].bad.participants = 21;
    fill(t, 1, "below it, participation");
    t[1].good.participants = 12;
    t[1].good.next = 0;
    t[1].bad.participants = 11;
    fill(t, 2, "a committee of the signature's period");
    t[2].good.participants = 24;
    t[2].bad.participants = 30;
    t[2].bad.next = 0;
    fill(t, 3, "finality");
    t[3].good.participants = t[3].bad.participants = 20;
    t[3].good.finalized = 24;
    t[3].bad.participants = 20;
    fill(t, 4, "finality in the committee's period");
    t[4].good.participants = t[4].bad.participants = 20;
    t[4].good.finalized = 66;
    t[4].bad.finalized = 33;
    fill(t, 5, "the earlier attested slot");
    fill(t, 6, "the earlier signature");
    t[6].bad.slot = 72;
    t[6].bad.signature_slot = 74;
    for (size_t i = 0; i < 7; i++) {
        for (int order = 0; order < 2; order++) {
            const beacon_plan *first = order == 0 ? &t[i].good : &t[i].bad;
            const beacon_plan *second = order == 0 ? &t[i].bad : &t[i].good;
            REQUIRE(ready());
            CHECK_STATUS(give(first), WICK_OK);
            CHECK_STATUS(give(second), WICK_OK);
            if (b.best.attested.slot != t[i].good.slot ||
                b.best.signature_slot != t[i].good.signature_slot) {
                tap_puts(t[i].rule);
            }
            CHECK_INT(b.best.attested.slot, t[i].good.slot);
            CHECK_INT(b.best.signature_slot, t[i].good.signature_slot);
            CHECK_INT(b.best.participants, t[i].good.participants);
        }
    }
}

/* ---- committees that are not proven ---- */

TEST(provisional_committee_serves_optimistic_only)
{
    REQUIRE(beacon_world(32, "electra", NULL, 0));
    REQUIRE_STATUS(start_at(&b, 70), WICK_OK);
    /* Signed by 2/3, finality of the period before: no proof of the next committee. */
    beacon_plan p = beacon_plan_at(WICK_BEACON_UPDATE, 80, 60);
    CHECK_STATUS(give(&p), WICK_OK);
    CHECK((changed & WICK_BEACON_NEW_NEXT) != 0);
    CHECK_INT(b.next.level, MAJORITY);
    p = beacon_plan_at(WICK_BEACON_FINALITY, 140, 130);
    CHECK_STATUS(give(&p), WICK_OK);
    CHECK_INT(changed, WICK_BEACON_NEW_OPTIMISTIC);
    CHECK_INT(head(WICK_TIER_OPTIMISTIC), 140);
    CHECK_INT(head(WICK_TIER_FINALIZED), 70);
    CHECK_INT(b.finalized.slot, 70);
    uint64_t first, count;
    wick_trust_now now = beacon_at(142);
    CHECK_STATUS(wick_beacon_wanted(&first, &count, &b, &now), WICK_OK);
    CHECK(first == 1 && count == 2); /* its proof is still wanted */
    /* With the proof, the same finality counts. */
    p = beacon_plan_at(WICK_BEACON_UPDATE, 100, 90);
    CHECK_STATUS(give(&p), WICK_OK);
    CHECK_INT(b.next.level, FINAL);
    p = beacon_plan_at(WICK_BEACON_FINALITY, 141, 130);
    CHECK_STATUS(give(&p), WICK_OK);
    CHECK_INT(head(WICK_TIER_FINALIZED), 130);
}

TEST(provisional_needs_two_thirds)
{
    REQUIRE(beacon_world(32, "electra", NULL, 0));
    REQUIRE_STATUS(start_at(&b, 70), WICK_OK);
    beacon_plan p = beacon_plan_at(WICK_BEACON_UPDATE, 80, 60);
    p.participants = 21;
    CHECK_STATUS(give(&p), WICK_OK);
    CHECK(!b.has_next);
    p = beacon_plan_at(WICK_BEACON_OPTIMISTIC, 140, 0);
    CHECK_STATUS(give(&p), WICK_E_BEACON_PERIOD);
}

/* ---- export and import ---- */

static uint8_t value[WICK_BEACON_EXPORT_MAX];
static size_t value_len;
static uint8_t piece[WICK_BEACON_PIECES_MAX][WICK_BEACON_PIECE_MAX];

static bool save(const wick_beacon *from)
{
    wick_buf buf = wick_buf_make(value, sizeof value);
    if (wick_beacon_export(&buf, from) != WICK_OK) {
        return false;
    }
    value_len = buf.len;
    for (size_t i = 0; i < wick_beacon_pieces(from); i++) {
        buf = wick_buf_make(piece[i], sizeof piece[i]);
        if (wick_beacon_export_piece(&buf, from, &beacon_crypto, i) != WICK_OK ||
            buf.len != WICK_BEACON_PIECE_MAX) {
            return false;
        }
    }
    return true;
}

static wick_status load(wick_beacon *to, uint64_t now_slot)
{
    wick_beacon_config cfg = {&beacon_chain, {0}, 0};
    wick_trust_now now = beacon_at(now_slot);
    wick_status s = wick_beacon_import(to, &cfg, wick_span_make(value, value_len));
    for (size_t i = wick_beacon_pieces(to); s == WICK_OK && i-- > 0;) { /* last one first */
        s = wick_beacon_import_piece(to, wick_span_make(piece[i], WICK_BEACON_PIECE_MAX), i);
    }
    return s == WICK_OK ? wick_beacon_import_end(to, &beacon_crypto, &now) : s;
}

TEST(export_and_import)
{
    REQUIRE(ready());
    CHECK_INT(wick_beacon_pieces(&b), 4);
    for (int form = 0; form < 2; form++) {
        REQUIRE(save(&b));
        REQUIRE_STATUS(load(&c, 60), WICK_OK);
        CHECK(memcmp(&b.proven, &c.proven, sizeof b.proven) == 0);
        CHECK(memcmp(&b.current, &c.current, sizeof b.current) == 0);
        CHECK(memcmp(&b.next, &c.next, sizeof b.next) == 0);
        /* It goes on like the other one: with either committee. */
        beacon_plan p = beacon_plan_at(WICK_BEACON_FINALITY, 50, 44);
        CHECK_STATUS(give_to(&c, &p), WICK_OK);
        CHECK_INT(wick_beacon_head_of(&c, WICK_TIER_FINALIZED)->slot, 44);
        p = beacon_plan_at(WICK_BEACON_UPDATE, 104, 96);
        CHECK_STATUS(give_to(&c, &p), WICK_OK);
        /* Once more with the next committee in use when it is written. */
        p = beacon_plan_at(WICK_BEACON_OPTIMISTIC, 64, 0);
        CHECK_STATUS(give(&p), WICK_OK);
    }
    /* The next committee unknown: half the pieces. */
    REQUIRE_STATUS(start_at(&b, 16), WICK_OK);
    CHECK_INT(wick_beacon_pieces(&b), 2);
    REQUIRE(save(&b));
    CHECK_STATUS(load(&c, 60), WICK_OK);
    CHECK_INT(wick_beacon_head_of(&c, WICK_TIER_FINALIZED)->slot, 16);
}

TEST(export_of_512_fits_the_store)
{
    REQUIRE(beacon_world(512, "electra", NULL, 0));
    REQUIRE_STATUS(start_at(&b, 16), WICK_OK);
    beacon_plan p = beacon_plan_at(WICK_BEACON_UPDATE, 40, 32);
    REQUIRE_STATUS(give(&p), WICK_OK);
    REQUIRE(save(&b));
    CHECK_INT(wick_beacon_pieces(&b), WICK_BEACON_PIECES_MAX);
    CHECK(value_len <= WICK_BEACON_EXPORT_MAX);
    CHECK_STATUS(load(&c, 60), WICK_OK);
    CHECK_INT(wick_beacon_head_of(&c, WICK_TIER_FINALIZED)->slot, 32);
}

TEST(import_refuses)
{
    REQUIRE(ready());
    REQUIRE(save(&b));
    wick_beacon_config cfg = {&beacon_chain, {0}, 0};
    wick_trust_now now = beacon_at(60), none = {0, false};
    for (size_t i = 0; i < 4; i++) { /* any byte of any piece */
        piece[i][i * 191] ^= 1;
        CHECK_STATUS(load(&c, 60), WICK_E_BEACON_COMMITTEE);
        CHECK(wick_beacon_head_of(&c, WICK_TIER_FINALIZED) == NULL);
        piece[i][i * 191] ^= 1;
    }
    /* A piece missing; nothing is trusted before the end. */
    CHECK_STATUS(wick_beacon_import(&c, &cfg, wick_span_make(value, value_len)), WICK_OK);
    for (size_t i = 0; i < 3; i++) {
        CHECK_STATUS(wick_beacon_import_piece(&c, wick_span_make(piece[i], WICK_BEACON_PIECE_MAX), i),
                     WICK_OK);
    }
    CHECK(wick_beacon_head_of(&c, WICK_TIER_FINALIZED) == NULL);
    CHECK_STATUS(wick_beacon_import_piece(&c, wick_span_make(piece[3], 767), 3), WICK_E_BAD_ARG);
    CHECK_STATUS(wick_beacon_import_piece(&c, wick_span_make(piece[3], WICK_BEACON_PIECE_MAX), 4),
                 WICK_E_BAD_ARG);
    CHECK_STATUS(wick_beacon_import_end(&c, &beacon_crypto, &none), WICK_E_NO_CLOCK);
    CHECK_STATUS(wick_beacon_import_end(&c, &beacon_crypto, &now), WICK_E_BEACON_COMMITTEE);
    CHECK_STATUS(wick_beacon_import_end(&c, &beacon_crypto, &now), WICK_E_STATE);
    CHECK_STATUS(wick_beacon_import_piece(&c, wick_span_make(piece[0], WICK_BEACON_PIECE_MAX), 0),
                 WICK_E_STATE);
    /* Time. */
    CHECK_STATUS(load(&c, 32 + 864000 / 6 + 1), WICK_E_EXPIRED);
    CHECK_STATUS(load(&c, 31), WICK_E_HEADER_FUTURE);
    CHECK_STATUS(load(&c, 32), WICK_OK);
    /* Every prefix, a byte more, another version, another chain. */
    for (size_t len = 0; len < value_len; len++) {
        CHECK_STATUS(wick_beacon_import(&c, &cfg, wick_span_make(value, len)), WICK_E_TRUNCATED);
    }
    CHECK_STATUS(wick_beacon_import(&c, &cfg, wick_span_make(value, value_len + 1)),
                 WICK_E_TRAILING);
    value[0]++;
    CHECK_STATUS(wick_beacon_import(&c, &cfg, wick_span_make(value, value_len)), WICK_E_UNSUPPORTED);
    value[0]--;
    static const size_t at[] = {8, 20, 42};
    for (size_t i = 0; i < 3; i++) { /* chain id, genesis validators root, members */
        value[at[i]] ^= 1;
        CHECK_STATUS(wick_beacon_import(&c, &cfg, wick_span_make(value, value_len)),
                     WICK_E_CHAIN_MISMATCH);
        value[at[i]] ^= 1;
    }
    /* Levels, participation and presence that export does not write. */
    size_t levels = 1 + 8 + 32 + 2 + 4 + 4 * 104, presence = levels + 81;
    static const uint8_t bad[] = {3, 0xff};
    for (size_t i = 0; i < 2; i++) {
        uint8_t was = value[levels];
        value[levels] = bad[i];
        CHECK_STATUS(wick_beacon_import(&c, &cfg, wick_span_make(value, value_len)),
                     WICK_E_MALFORMED);
        value[levels] = was;
        was = value[presence];
        value[presence] = bad[i];
        CHECK_STATUS(wick_beacon_import(&c, &cfg, wick_span_make(value, value_len)),
                     WICK_E_MALFORMED);
        value[presence] = was;
        value[44] = 33;
        CHECK_STATUS(wick_beacon_import(&c, &cfg, wick_span_make(value, value_len)),
                     WICK_E_MALFORMED);
        value[44] = 0;
    }
    wick_hal_crypto bare = beacon_crypto;
    bare.bls_verify = NULL;
    CHECK_STATUS(wick_beacon_import(&c, &cfg, wick_span_make(value, value_len)), WICK_OK);
    CHECK_STATUS(wick_beacon_import_end(&c, &bare, &now), WICK_E_UNSUPPORTED);
    /* Pieces of another time under this small value. */
    beacon_plan p = beacon_plan_at(WICK_BEACON_UPDATE, 104, 96);
    REQUIRE_STATUS(give(&p), WICK_OK);
    static uint8_t before[WICK_BEACON_EXPORT_MAX];
    memcpy(before, value, value_len);
    REQUIRE(save(&b));
    memcpy(value, before, value_len);
    CHECK_STATUS(load(&c, 60), WICK_E_BEACON_COMMITTEE);
}

TAP_MAIN("unit.beacon_store", CASE(force_waits_a_period_and_needs_an_update),
         CASE(force_never_makes_final), CASE(finality_after_force_is_final_again),
         CASE(a_false_committee_learned_by_force_gives_way), CASE_LONG(best_update),
         CASE(provisional_committee_serves_optimistic_only), CASE(provisional_needs_two_thirds),
         CASE(export_and_import), CASE_LONG(export_of_512_fits_the_store), CASE(import_refuses))
