/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The light client with a sync committee: what it asks for and in which order, what of the answers
 * becomes a head of which tier, and how committees get through restarts, power cuts and imports.
 * The chain is made by beacon_world.c: 32 members, periods of 64 slots of 6 s.
 */
#include "beacon_world.h"
#include "wick/header.h"
#include "wick/keccak.h"
#include "wick/light.h"
#include "wick/port/stub.h"

#include "tap.h"

#define SLOT_MS 6000u
#define BOOT_SLOT 16u

static wick_light lc;
static wick_light_config cfg;
static wick_beacon beacon;
static wick_stub_store mem, saved;
static wick_hal_store inner, hal;
static wick_hal_clock clock_hal;
static uint8_t work[WICK_LIGHT_WORK_BYTES];
static uint64_t now_ms;
static bool no_clock;
static unsigned writes, cut_at;

/* ------------------------------------------------------------------ world */

static uint64_t slot_now(void)
{
    return now_ms / SLOT_MS;
}

static uint64_t clock_ms(void *ctx)
{
    (void)ctx;
    return now_ms;
}

static wick_status clock_unix(void *ctx, uint64_t *out)
{
    (void)ctx;
    *out = beacon_at(0).unix_s + now_ms / 1000;
    return no_clock ? WICK_E_NO_CLOCK : WICK_OK;
}

static wick_status cutting_put(void *ctx, uint16_t key, uint8_t version, wick_span value)
{
    (void)ctx;
    writes++;
    if (writes == cut_at) {
        mem.fault = WICK_STUB_FAULT_TORN;
    }
    return inner.put(inner.ctx, key, version, value);
}

static bool world(void)
{
    if (!beacon_world(32, "electra", "fulu", 20)) {
        return false;
    }
    wick_stub_store_init(&mem);
    wick_stub_hal_store(&inner, &mem);
    hal = inner;
    hal.put = cutting_put;
    clock_hal.now_ms = clock_ms;
    clock_hal.unix_s = clock_unix;
    writes = 0;
    cut_at = 0;
    no_clock = false;
    now_ms = 45 * SLOT_MS;
    memset(&cfg, 0, sizeof cfg);
    cfg.chain_id = beacon_chain.chain_id;
    cfg.rule = WICK_LIGHT_SYNC_COMMITTEE;
    cfg.beacon_chain = &beacon_chain;
    cfg.beacon = &beacon;
    cfg.poll_ms = SLOT_MS;
    cfg.crypto = &beacon_crypto;
    cfg.clock = &clock_hal;
    cfg.store = &hal;
    cfg.store_base = WICK_LIGHT_STORE_BASE(0);
    cfg.store_work = work;
    beacon_plan p = beacon_plan_at(WICK_BEACON_BOOTSTRAP, BOOT_SLOT, 0);
    beacon_root_of(cfg.trusted_hash, &p);
    return true;
}

/* ------------------------------------------------------------------ a node */

static struct {
    unsigned participants;  /* 0: all */
    bool no_finality;       /* neither finality updates nor updates */
    bool other_header;      /* of the block before */
    uint64_t lost;          /* slot whose execution block no node has; 0: none */
    bool optimistic_for_finality;
    bool replay;            /* always the first update */
    bool not_final;         /* no finality updates, and updates that finalise nothing */
    unsigned asked[WICK_LIGHT_REQ_BEACON_OPTIMISTIC + 1];
} node;

static unsigned seen[WICK_LIGHT_EV_STORE + 1];
static wick_light_event last[WICK_LIGHT_EV_STORE + 1];

static wick_status give(const beacon_plan *plan, uint32_t id)
{
    beacon_plan p = *plan;
    if (node.participants != 0) {
        p.participants = node.participants;
    }
    return wick_light_beacon(&lc, beacon_wire(&p), beacon_make(&p), now_ms, id);
}

static void give_header(const wick_light_request *q)
{
    uint8_t hash[32];
    for (uint64_t slot = slot_now() + 1; slot-- > 0;) {
        wick_span rlp = beacon_execution(slot);
        wick_header_hash(hash, rlp);
        if (memcmp(hash, q->hash, 32) == 0 && slot == node.lost) {
            break;
        }
        if (memcmp(hash, q->hash, 32) == 0) {
            rlp = node.other_header ? beacon_execution(slot - 1) : rlp;
            wick_status s = wick_light_header(&lc, rlp, NULL, now_ms, q->id);
            s = s == WICK_OK ? wick_light_end(&lc, now_ms, q->id) : s;
            (void)s; /* refusals show in events */
            return;
        }
    }
    CHECK_STATUS(wick_light_failed(&lc, now_ms, q->id, WICK_E_NOT_FOUND), WICK_OK);
}

static void give_updates(const wick_light_request *q)
{
    wick_status s = WICK_OK;
    for (uint32_t i = 0; i < q->count && s == WICK_OK && !node.no_finality; i++) {
        uint64_t period = node.replay ? 0 : q->number + i;
        beacon_plan p = beacon_plan_at(WICK_BEACON_UPDATE, 64 * period + 40, 64 * period + 32);
        if (node.not_final) {
            p = beacon_plan_at(WICK_BEACON_UPDATE, 64 * period + 40, 0);
        }
        if (p.signature_slot > slot_now()) {
            break; /* there is none of this period yet */
        }
        s = give(&p, q->id);
    }
    if (s == WICK_OK) {
        CHECK_STATUS(wick_light_end(&lc, now_ms, q->id), WICK_OK);
    }
}

static void answer(const wick_light_request *q)
{
    uint64_t slot = slot_now() - 2;
    beacon_plan p = beacon_plan_at(WICK_BEACON_BOOTSTRAP, BOOT_SLOT, 0);
    node.asked[q->kind]++;
    if (q->kind == WICK_LIGHT_REQ_HEADER) {
        give_header(q);
        return;
    }
    if (q->kind == WICK_LIGHT_REQ_BEACON_UPDATES) {
        give_updates(q);
        return;
    }
    if (q->kind == WICK_LIGHT_REQ_BEACON_FINALITY) {
        p = beacon_plan_at(WICK_BEACON_FINALITY, slot, slot - 16);
        if (node.no_finality || node.not_final) {
            CHECK_STATUS(wick_light_failed(&lc, now_ms, q->id, WICK_E_NOT_FOUND), WICK_OK);
            return;
        }
        if (node.optimistic_for_finality) {
            p = beacon_plan_at(WICK_BEACON_OPTIMISTIC, slot, 0);
        }
    } else if (q->kind == WICK_LIGHT_REQ_BEACON_OPTIMISTIC) {
        p = beacon_plan_at(WICK_BEACON_OPTIMISTIC, slot + 1, 0);
    }
    wick_status s = give(&p, q->id);
    if (s == WICK_OK) {
        CHECK_STATUS(wick_light_end(&lc, now_ms, q->id), WICK_OK);
    }
}

/* Runs until `slots` have passed; every request is answered at once. */
static void run(uint64_t slots)
{
    wick_light_out out;
    uint64_t end = now_ms + slots * SLOT_MS;
    for (;;) {
        wick_light_poll(&lc, &out, now_ms);
        if (out.kind == WICK_LIGHT_OUT_REQUEST) {
            answer(&out.request);
        } else if (out.kind == WICK_LIGHT_OUT_EVENT) {
            seen[out.event.kind]++;
            last[out.event.kind] = out.event;
        } else if (!wick_time_reached(end, out.deadline_ms)) {
            now_ms = end;
            return;
        } else {
            now_ms = out.deadline_ms > now_ms ? out.deadline_ms : now_ms;
        }
    }
}

static wick_status start(void)
{
    memset(&node, 0, sizeof node);
    memset(seen, 0, sizeof seen);
    wick_status s = wick_light_init(&lc, &cfg);
    return s == WICK_OK ? wick_light_start(&lc, now_ms) : s;
}

static wick_trusted_header th;

/* Number of the head of a tier, less the 1000 that execution blocks are ahead of slots; 0: none. */
static uint64_t head(wick_tier tier)
{
    wick_light_age age;
    return wick_light_head(&lc, &th, &age, now_ms, tier) == WICK_OK && th.tier == tier
               ? th.number - 1000
               : 0;
}

/* ------------------------------------------------------------------ tests */

TEST(from_the_bootstrap_to_both_tiers)
{
    REQUIRE(world());
    REQUIRE_STATUS(start(), WICK_OK);
    run(2);
    CHECK_INT(head(WICK_TIER_FINALIZED), 32); /* of the update, newer than of the finality update */
    CHECK(head(WICK_TIER_OPTIMISTIC) >= slot_now() - 2);
    CHECK_INT(node.asked[WICK_LIGHT_REQ_BEACON_BOOTSTRAP], 1);
    CHECK_INT(seen[WICK_LIGHT_EV_SYNCED], 1);
    CHECK_INT(seen[WICK_LIGHT_EV_REFUSED], 0);
    /* Through four periods and over a fork, slot by slot. */
    run(300);
    CHECK(head(WICK_TIER_FINALIZED) >= slot_now() - 20);
    CHECK(head(WICK_TIER_OPTIMISTIC) >= slot_now() - 3);
    CHECK_INT(node.asked[WICK_LIGHT_REQ_BEACON_BOOTSTRAP], 1);
    CHECK_INT(seen[WICK_LIGHT_EV_REFUSED], 0);
    CHECK_INT(seen[WICK_LIGHT_EV_SYNCED], 1);
}

/* Off for five periods: one update for each, no bootstrap, nothing asked twice. */
TEST(a_long_absence)
{
    REQUIRE(world());
    REQUIRE_STATUS(start(), WICK_OK);
    run(2);
    REQUIRE_STATUS(wick_light_save(&lc, now_ms), WICK_OK);
    uint64_t final = head(WICK_TIER_FINALIZED);
    now_ms += 5 * BEACON_PERIOD_SLOTS * SLOT_MS;
    REQUIRE_STATUS(start(), WICK_OK);
    CHECK(wick_trust_is_made(&lc.head[0]) && lc.head[0].number == final + 1000);
    CHECK_INT(head(WICK_TIER_FINALIZED), 0); /* too old to serve */
    run(2);
    CHECK(head(WICK_TIER_FINALIZED) >= slot_now() - 20);
    CHECK_INT(node.asked[WICK_LIGHT_REQ_BEACON_BOOTSTRAP], 0);
    CHECK(node.asked[WICK_LIGHT_REQ_BEACON_UPDATES] <= 2);
    CHECK_INT(seen[WICK_LIGHT_EV_REFUSED], 0);
}

/* Must 27, all the way: whatever is signed, without 2/3 and finality the final head stays. */
TEST(must_27_optimistic_or_too_few_never_make_a_final_head)
{
    REQUIRE(world());
    REQUIRE_STATUS(start(), WICK_OK);
    node.participants = 21; /* 63 < 64 */
    run(20);
    CHECK_INT(head(WICK_TIER_FINALIZED), BOOT_SLOT);
    CHECK(head(WICK_TIER_OPTIMISTIC) >= slot_now() - 3); /* more than half have signed it */
    node.participants = 0;
    node.optimistic_for_finality = true;
    node.no_finality = false;
    REQUIRE(world());
    REQUIRE_STATUS(start(), WICK_OK);
    node.no_finality = true;
    run(10);
    CHECK_INT(head(WICK_TIER_FINALIZED), BOOT_SLOT);
    node.no_finality = false;
    node.participants = 22;
    run(20);
    CHECK(head(WICK_TIER_FINALIZED) > BOOT_SLOT);
}

/* Nothing final for longer than a period: the specification's way on is taken with the best update
 * there is, if two thirds have signed it. */
TEST(forced_by_two_thirds_only)
{
    for (unsigned k = 0; k < 2; k++) {
        REQUIRE(world());
        REQUIRE_STATUS(start(), WICK_OK);
        node.not_final = true;
        node.participants = k == 0 ? 21 : 22; /* of 32 */
        run(100);
        CHECK(beacon.best.participants != 0 || beacon.finalized.slot != BOOT_SLOT);
        CHECK((beacon.finalized.slot == BOOT_SLOT) == (k == 0));
    }
}

TEST(optimistic_object_in_place_of_a_final_one)
{
    REQUIRE(world());
    REQUIRE_STATUS(start(), WICK_OK);
    run(2);
    uint64_t final = head(WICK_TIER_FINALIZED);
    node.optimistic_for_finality = true;
    run(10);
    CHECK_INT(head(WICK_TIER_FINALIZED), final);
    CHECK(seen[WICK_LIGHT_EV_REFUSED] != 0);
}

TEST(another_execution_header)
{
    REQUIRE(world());
    REQUIRE_STATUS(start(), WICK_OK);
    node.other_header = true;
    run(10);
    CHECK_INT(head(WICK_TIER_FINALIZED), 0);
    CHECK_INT(head(WICK_TIER_OPTIMISTIC), 0);
    CHECK_STATUS(last[WICK_LIGHT_EV_REFUSED].status, WICK_E_HEADER_HASH);
    node.other_header = false;
    run(30);
    CHECK(head(WICK_TIER_FINALIZED) != 0);
}

/* A block that was signed for and has left the chain: no node has it. What is newer is had. */
TEST(optimistic_block_that_no_node_has)
{
    REQUIRE(world());
    REQUIRE_STATUS(start(), WICK_OK);
    node.lost = slot_now() - 1; /* attested by the first optimistic update */
    run(1);
    CHECK_INT(head(WICK_TIER_FINALIZED), 32);
    CHECK_INT(seen[WICK_LIGHT_EV_SYNCED], 1);
    run(6);
    CHECK(head(WICK_TIER_OPTIMISTIC) > node.lost);
    CHECK(head(WICK_TIER_OPTIMISTIC) >= slot_now() - 3);
    CHECK(node.asked[WICK_LIGHT_REQ_HEADER] < 20);
}

/* The trust is pinned anew at a block below what was final before: it is passed over. */
TEST(bootstrap_below_the_marks)
{
    REQUIRE(world());
    REQUIRE_STATUS(start(), WICK_OK);
    run(2);
    REQUIRE(head(WICK_TIER_FINALIZED) > BOOT_SLOT);
    uint64_t final = head(WICK_TIER_FINALIZED);
    REQUIRE_STATUS(wick_light_save(&lc, now_ms), WICK_OK);
    REQUIRE_STATUS(wick_trust_store_erase(&hal, cfg.store_base, false), WICK_OK);
    REQUIRE_STATUS(start(), WICK_OK);
    run(6);
    CHECK_STATUS(last[WICK_LIGHT_EV_REFUSED].status, WICK_E_HEADER_STALE);
    CHECK(head(WICK_TIER_FINALIZED) >= final);
    run(40);
    CHECK(head(WICK_TIER_FINALIZED) >= slot_now() - 20);
    CHECK_INT(seen[WICK_LIGHT_EV_REFUSED], 1);
}

/* Old updates again and again: no step, no harm. */
TEST(replayed_updates)
{
    REQUIRE(world());
    REQUIRE_STATUS(start(), WICK_OK);
    run(2);
    REQUIRE_STATUS(wick_light_save(&lc, now_ms), WICK_OK);
    now_ms += 3 * BEACON_PERIOD_SLOTS * SLOT_MS;
    REQUIRE_STATUS(start(), WICK_OK);
    node.replay = true;
    run(10);
    CHECK_INT(head(WICK_TIER_FINALIZED), 32);
    CHECK_STATUS(last[WICK_LIGHT_EV_REFUSED].status, WICK_E_BEACON_PERIOD);
    CHECK(node.asked[WICK_LIGHT_REQ_BEACON_UPDATES] < 30); /* in growing pauses */
    node.replay = false;
    run(30);
    CHECK(head(WICK_TIER_FINALIZED) >= slot_now() - 20);
}

TEST(finality_stops)
{
    REQUIRE(world());
    cfg.max_age_s = 30 * SLOT_MS / 1000;
    REQUIRE_STATUS(start(), WICK_OK);
    run(4);
    node.no_finality = true;
    uint64_t final = head(WICK_TIER_FINALIZED);
    run(5);
    CHECK_INT(head(WICK_TIER_FINALIZED), final);
    run(30);
    CHECK_INT(head(WICK_TIER_FINALIZED), 0);
    CHECK(seen[WICK_LIGHT_EV_STALE] >= 1);
}

TEST(clock_absent_and_trust_expired)
{
    REQUIRE(world());
    no_clock = true;
    REQUIRE_STATUS(start(), WICK_OK);
    run(5);
    CHECK_INT(head(WICK_TIER_FINALIZED), 0);
    CHECK_STATUS(last[WICK_LIGHT_EV_REFUSED].status, WICK_E_NO_CLOCK);
    no_clock = false;
    run(20);
    CHECK(head(WICK_TIER_FINALIZED) != 0);
    REQUIRE_STATUS(wick_light_save(&lc, now_ms), WICK_OK);
    no_clock = true;
    CHECK_STATUS(start(), WICK_E_NO_CLOCK); /* the age of what is stored cannot be told */
    no_clock = false;
    cfg.trusting_s = 3600;
    now_ms += 7200 * 1000;
    CHECK_STATUS(start(), WICK_E_EXPIRED);
    REQUIRE_STATUS(wick_trust_store_erase(&hal, cfg.store_base, false), WICK_OK);
    REQUIRE_STATUS(start(), WICK_OK);
    run(5);
    CHECK_STATUS(last[WICK_LIGHT_EV_REFUSED].status, WICK_E_EXPIRED); /* so is the bootstrap */
}

/* ------------------------------------------------------------------ store */

/* Power goes at every write of the store over a change of committees: afterwards there is one
 * state or the other, and either can follow the chain. */
TEST(power_cut_at_every_write)
{
    REQUIRE(world());
    REQUIRE_STATUS(start(), WICK_OK);
    run(2);
    REQUIRE_STATUS(wick_light_save(&lc, now_ms), WICK_OK);
    uint64_t second = 0;
    unsigned cuts = 0;
    saved = mem;
    for (unsigned at = 1; second == 0; at++) {
        mem = saved;
        now_ms = 47 * SLOT_MS;
        REQUIRE_STATUS(start(), WICK_OK);
        now_ms = 200 * SLOT_MS; /* three periods on: both committees are new */
        lc.cfg.store = NULL; /* the run writes nothing */
        run(2);
        lc.cfg.store = &hal;
        uint64_t first = lc.ts.number;
        writes = 0;
        cut_at = at;
        wick_status s = wick_light_save(&lc, now_ms);
        uint64_t want = lc.head[0].number;
        cut_at = 0;
        wick_stub_store_power_on(&mem);
        second = s == WICK_OK ? want : 0;
        cuts += s == WICK_OK ? 0 : 1;
        REQUIRE_STATUS(start(), WICK_OK);
        CHECK(lc.head[0].number == first || lc.head[0].number == want);
        run(2);
        CHECK(head(WICK_TIER_FINALIZED) >= slot_now() - 20);
        CHECK_INT(node.asked[WICK_LIGHT_REQ_BEACON_BOOTSTRAP], 0);
    }
    CHECK_INT(cuts, 4 + 1 + 2); /* pieces of both committees, state, head and marks */
}

/* A flash is not worn by each block. */
TEST(writes_are_gathered)
{
    REQUIRE(world());
    REQUIRE_STATUS(start(), WICK_OK);
    run(10);
    writes = 0;
    run(600); /* an hour: nine committees */
    CHECK(writes < 9 * 2 * 6 + 8);
    CHECK(writes > 9 * 4);
}

static uint8_t blob[40000];
static size_t blob_len;

static bool export_all(void)
{
    static wick_trust_export x;
    wick_buf b = wick_buf_make(blob, sizeof blob - 1);
    if (wick_light_export(&lc, &x, now_ms) != WICK_OK) {
        return false;
    }
    wick_status s = WICK_AGAIN;
    while (s == WICK_AGAIN) {
        s = wick_trust_export_next(&x, &b);
    }
    blob_len = b.len;
    return s == WICK_OK;
}

static wick_status import_all(void)
{
    static wick_trust_import im;
    memset(&node, 0, sizeof node);
    wick_status s = wick_light_init(&lc, &cfg);
    s = s == WICK_OK ? wick_light_import(&lc, &im) : s;
    s = s == WICK_OK ? wick_trust_import_input(&im, wick_span_make(blob, blob_len)) : s;
    return s == WICK_OK ? wick_light_import_end(&lc, &im, now_ms) : s;
}

/* An administrator carries a synchronised store to a device that has none. */
TEST(carried_to_another_device)
{
    REQUIRE(world());
    REQUIRE_STATUS(start(), WICK_OK);
    run(4);
    REQUIRE(export_all());
    uint64_t final = lc.head[0].number;
    wick_stub_store_init(&mem);
    REQUIRE_STATUS(import_all(), WICK_OK);
    REQUIRE_STATUS(wick_light_start(&lc, now_ms), WICK_OK);
    CHECK_INT(lc.head[0].number, final);
    run(4);
    CHECK(head(WICK_TIER_FINALIZED) > final - 1000);
    CHECK_INT(node.asked[WICK_LIGHT_REQ_BEACON_BOOTSTRAP], 0);
    /* Not into one that runs, nor over one that knows more. */
    static wick_trust_import im;
    CHECK_STATUS(wick_light_import(&lc, &im), WICK_E_STATE);
    REQUIRE_STATUS(wick_light_save(&lc, now_ms), WICK_OK);
    CHECK_STATUS(import_all(), WICK_E_HEADER_STALE);
    REQUIRE_STATUS(wick_light_start(&lc, now_ms), WICK_OK);
    CHECK(lc.head[0].number > final);
}

/* The digest is made right again after every change: the keys must still be those of the roots. */
TEST(imported_keys_are_checked)
{
    REQUIRE(world());
    REQUIRE_STATUS(start(), WICK_OK);
    run(4);
    REQUIRE(export_all());
    wick_stub_store_init(&mem);
    size_t first_piece = blob_len - 32 - 4 * (2 + WICK_BEACON_PIECE_MAX);
    for (unsigned i = 0; i < 4; i++) {
        size_t at = first_piece + i * (2 + WICK_BEACON_PIECE_MAX) + 2 + 100 * i;
        blob[at] ^= 1;
        wick_keccak256(blob + blob_len - 32, blob, blob_len - 32);
        CHECK_STATUS(import_all(), WICK_E_BEACON_COMMITTEE);
        CHECK_STATUS(wick_light_start(&lc, now_ms), WICK_OK);
        CHECK(wick_trust_store_is_empty(&lc.ts)); /* nothing of it is in use */
        blob[at] ^= 1;
    }
    wick_keccak256(blob + blob_len - 32, blob, blob_len - 32);
    CHECK_STATUS(import_all(), WICK_OK);
}

/* Marks far ahead of the state in an import would end the light client for ever. */
TEST(imported_marks_are_checked)
{
    REQUIRE(world());
    REQUIRE_STATUS(start(), WICK_OK);
    run(4);
    REQUIRE(export_all());
    wick_stub_store_init(&mem);
    blob[10 + 1 + 1 + 8 + 32] = 0x7f; /* number of the head */
    wick_keccak256(blob + blob_len - 32, blob, blob_len - 32);
    CHECK_STATUS(import_all(), WICK_E_MALFORMED);
    blob[10 + 1 + 1 + 8 + 32] = 0;
    blob[10 + 1 + 1 + 8 + 32 + 8] = 0x7f; /* and its time */
    wick_keccak256(blob + blob_len - 32, blob, blob_len - 32);
    CHECK_STATUS(import_all(), WICK_E_MALFORMED);
    blob[10 + 1 + 1 + 8 + 32 + 8] = 0;
    wick_keccak256(blob + blob_len - 32, blob, blob_len - 32);
    CHECK_STATUS(import_all(), WICK_OK);
}

/* Heads of tiers that the rule never gives would be served to whoever asks for the rule's. */
TEST(imported_tiers_are_checked)
{
    static const struct {
        unsigned index;
        wick_tier tier;
        wick_status want;
    } cases[] = {{0, WICK_TIER_OWN_NODE, WICK_E_MALFORMED},
                 {0, WICK_TIER_OPTIMISTIC, WICK_E_MALFORMED},
                 {1, WICK_TIER_BFT, WICK_E_MALFORMED},
                 {1, WICK_TIER_FINALIZED, WICK_OK}};
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        REQUIRE(world());
        REQUIRE_STATUS(start(), WICK_OK);
        run(4);
        REQUIRE(wick_trust_is_made(&lc.head[0]) && wick_trust_is_made(&lc.head[1]));
        lc.head[cases[i].index].tier = cases[i].tier;
        lc.dirty = true;
        REQUIRE(export_all());
        wick_stub_store_init(&mem);
        CHECK_STATUS(import_all(), cases[i].want);
    }
}

/* ------------------------------------------------------------------ answers */

TEST(answers_to_other_requests)
{
    static const uint8_t byte = 0xc0;
    wick_span rlp = {&byte, 1};
    wick_light_out out;
    beacon_plan p = beacon_plan_at(WICK_BEACON_BOOTSTRAP, BOOT_SLOT, 0);
    REQUIRE(world());
    REQUIRE_STATUS(start(), WICK_OK);
    wick_light_poll(&lc, &out, now_ms);
    REQUIRE(out.kind == WICK_LIGHT_OUT_REQUEST);
    uint32_t id = out.request.id;
    CHECK_INT(out.request.kind, WICK_LIGHT_REQ_BEACON_BOOTSTRAP);
    CHECK_MEM(out.request.hash, cfg.trusted_hash, 32);
    CHECK_STATUS(give(&p, id + 1), WICK_E_STATE);
    CHECK_STATUS(give(&p, 0), WICK_E_STATE);
    CHECK_STATUS(wick_light_header(&lc, rlp, NULL, now_ms, id), WICK_E_STATE); /* another kind */
    CHECK_STATUS(wick_light_end(&lc, now_ms, id + 1), WICK_E_STATE);
    CHECK_STATUS(wick_light_failed(&lc, now_ms, id + 1, WICK_E_NET), WICK_E_STATE);
    CHECK_STATUS(wick_light_failed(&lc, now_ms, id, WICK_OK), WICK_E_BAD_ARG);
    CHECK_STATUS(give(&p, id), WICK_OK);
    CHECK_STATUS(give(&p, id), WICK_E_STATE); /* it has had all it asked for */
    CHECK_STATUS(wick_light_end(&lc, now_ms, id), WICK_OK);
    CHECK_STATUS(wick_light_end(&lc, now_ms, id), WICK_E_STATE);
    /* Not answered at all: given up, and asked again. */
    wick_light_poll(&lc, &out, now_ms);
    REQUIRE(out.kind == WICK_LIGHT_OUT_REQUEST);
    id = out.request.id;
    wick_light_poll(&lc, &out, now_ms);
    REQUIRE(out.kind == WICK_LIGHT_OUT_WAIT);
    now_ms = out.deadline_ms;
    CHECK_INT(out.deadline_ms, 45 * SLOT_MS + WICK_LIGHT_REQUEST_MS);
    wick_light_poll(&lc, &out, now_ms);
    CHECK(out.kind == WICK_LIGHT_OUT_WAIT);
    CHECK_STATUS(wick_light_header(&lc, rlp, NULL, now_ms, id), WICK_E_STATE); /* too late */
    now_ms = out.deadline_ms;
    wick_light_poll(&lc, &out, now_ms);
    CHECK(out.kind == WICK_LIGHT_OUT_REQUEST && out.request.id != id);
}

TEST(configuration)
{
    REQUIRE(world());
    wick_light_config bad = cfg;
    bad.beacon = NULL;
    CHECK_STATUS(wick_light_init(&lc, &bad), WICK_E_BAD_ARG);
    bad = cfg;
    bad.beacon_chain = NULL;
    CHECK_STATUS(wick_light_init(&lc, &bad), WICK_E_BAD_ARG);
    bad = cfg;
    bad.clock = NULL;
    CHECK_STATUS(wick_light_init(&lc, &bad), WICK_E_BAD_ARG);
    bad = cfg;
    bad.store_work = NULL;
    CHECK_STATUS(wick_light_init(&lc, &bad), WICK_E_BAD_ARG);
    bad = cfg;
    bad.rule = (wick_light_rule)99;
    CHECK_STATUS(wick_light_init(&lc, &bad), WICK_E_UNSUPPORTED);
    bad.rule = (wick_light_rule)0;
    CHECK_STATUS(wick_light_init(&lc, &bad), WICK_E_UNSUPPORTED);
    wick_light_rule rule;
    for (int i = WICK_LIGHT_OWN_NODE; i <= WICK_LIGHT_SYNC_COMMITTEE; i++) {
        wick_span name = wick_span_text(wick_light_rule_str((wick_light_rule)i));
        CHECK_STATUS(wick_light_rule_parse(&rule, (const char *)name.ptr, name.len), WICK_OK);
        CHECK_INT(rule, i);
        CHECK(wick_light_rule_tier(rule) != WICK_TIER_NONE);
    }
    CHECK_STATUS(wick_light_rule_parse(&rule, "none", 4), WICK_E_MALFORMED);
    CHECK_STATUS(wick_light_rule_parse(&rule, "qbf", 3), WICK_E_MALFORMED);
    CHECK_INT(wick_light_rule_tier((wick_light_rule)0), WICK_TIER_NONE);
}

TAP_MAIN("unit.light_beacon", CASE(from_the_bootstrap_to_both_tiers), CASE(a_long_absence),
         CASE(must_27_optimistic_or_too_few_never_make_a_final_head),
         CASE(forced_by_two_thirds_only), CASE(optimistic_object_in_place_of_a_final_one), CASE(another_execution_header),
         CASE(optimistic_block_that_no_node_has), CASE(bootstrap_below_the_marks),
         CASE(replayed_updates), CASE(finality_stops), CASE(clock_absent_and_trust_expired),
         CASE(power_cut_at_every_write), CASE(writes_are_gathered),
         CASE(carried_to_another_device), CASE(imported_keys_are_checked),
         CASE(imported_marks_are_checked), CASE(imported_tiers_are_checked),
         CASE(answers_to_other_requests), CASE(configuration))
