/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the agent makes of a light client's headers: keys under final ones only, endpoints under the
 * newest that agree about the device; old ones flagged or refused; records dropped when their block
 * leaves the chain.
 */
#include "lab.h"
#include "tap.h"

static struct lab lab;

static const uint8_t four[] = {1, 2, 3, 4};

static void sealed(uint64_t seed, wick_seal_rule seal, wick_light_rule rule)
{
    lab_init(&lab, seed, WICK_STUB_SYMMETRIC, WICK_STUB_SYMMETRIC, 1);
    wick_stub_chain_seal(&lab.chain, &lab.crypto_ctx, seal, four, 4);
    wick_stub_node_light(&lab.a, rule);
    wick_stub_node_light(&lab.b, rule);
}

static const wick_gateway_event *resolve(uint64_t ms)
{
    CHECK_STATUS(wick_stub_node_lookup(&lab.a, "gw-b"), WICK_OK);
    CHECK(lab_until(&lab, &lab.a, WICK_GW_EV_PEER_RESOLVED, ms));
    return &lab.a.last[WICK_GW_EV_PEER_RESOLVED];
}

/* ------------------------------------------------------------------ age, conflict, policy */

TEST(grace_is_flagged_and_ends)
{
    uint8_t session = 0;
    sealed(1, WICK_SEAL_QBFT, WICK_LIGHT_QBFT);
    lab.a.light_cfg.max_age_s = 60;
    lab.a.light_cfg.grace_s = 120;
    REQUIRE(lab_ready(&lab, 120000));
    const wick_gateway_event *e = resolve(10000);
    CHECK(e->status == WICK_OK && !e->grace && e->age_s <= 3);
    lab.chain.halted = true;
    wick_stub_run(&lab.w, 80000, NULL);
    e = resolve(10000);
    CHECK_STATUS(e->status, WICK_OK);
    CHECK(e->grace && e->age_s > 60 && e->tier == WICK_TIER_BFT);
    CHECK_INT(lab.a.seen[WICK_GW_EV_TRUST_STALE], 1);
    /* It is good for a session, too. */
    REQUIRE(lab_connect(&lab, &session, 20000));
    CHECK(lab.a.last[WICK_GW_EV_SESSION_UP].grace);
    CHECK(lab_echo(&lab, session, "halted", 5000));
    wick_stub_run(&lab.w, 120000, NULL);
    CHECK_STATUS(resolve(30000)->status, WICK_E_HEADER_STALE);
    CHECK_INT(lab.a.seen[WICK_GW_EV_TRUST_STALE], 1); /* told once */
    lab.chain.halted = false;
    wick_stub_run(&lab.w, 5000, NULL);
    e = resolve(10000);
    CHECK(e->status == WICK_OK && !e->grace);
    lab.chain.halted = true;
    wick_stub_run(&lab.w, 80000, NULL);
    CHECK_STATUS(resolve(10000)->status, WICK_OK);
    CHECK_INT(lab.a.seen[WICK_GW_EV_TRUST_STALE], 2); /* and once more */
}

TEST(conflict_stops_look_ups)
{
    sealed(2, WICK_SEAL_QBFT, WICK_LIGHT_QBFT);
    REQUIRE(lab_ready(&lab, 120000));
    CHECK_STATUS(resolve(10000)->status, WICK_OK);
    lab.chain.halted = true;
    wick_stub_run(&lab.w, 2000, NULL);
    wick_stub_chain_rewind(&lab.chain, 1);
    wick_stub_chain_mine(&lab.chain);
    wick_stub_run(&lab.w, 2000, NULL);
    CHECK_STATUS(resolve(10000)->status, WICK_E_SEAL_CONFLICT);
    CHECK_INT(lab.a.seen[WICK_GW_EV_TRUST_STALE], 1);
    CHECK_STATUS(lab.a.last[WICK_GW_EV_TRUST_STALE].status, WICK_E_SEAL_CONFLICT);
}

TEST(policy_is_an_allow_list)
{
    static const wick_trust_rule other[] = {{31337, WICK_TIER_FINALIZED, 0, 0}};
    static const wick_trust_rule deep[] = {{31337, WICK_TIER_POA, 0, 4}};
    static const wick_trust_policy policies[] = {{other, 1}, {deep, 1}};
    sealed(3, WICK_SEAL_CLIQUE, WICK_LIGHT_CLIQUE);
    REQUIRE(lab_ready(&lab, 120000));
    CHECK_STATUS(resolve(10000)->status, WICK_OK);
    lab.a.registry.policy = &policies[0];
    CHECK_STATUS(resolve(10000)->status, WICK_E_TRUST_TIER);
    lab.a.registry.policy = &policies[1];
    CHECK_STATUS(resolve(10000)->status, WICK_E_TRUST_DEPTH);
    lab.a.light.cfg.depth = 4;
    wick_stub_run(&lab.w, 10000, NULL);
    CHECK_STATUS(resolve(10000)->status, WICK_OK);
}

TEST(light_client_of_another_chain)
{
    sealed(4, WICK_SEAL_QBFT, WICK_LIGHT_QBFT);
    lab.a.light_cfg.chain_id = 1;
    CHECK_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_SERVE), WICK_E_CHAIN_MISMATCH);
}

/* No header ever comes: asked for, waited for, and given up like any other answer. */
TEST(no_header_at_all)
{
    sealed(5, WICK_SEAL_QBFT, WICK_LIGHT_QBFT);
    lab.a.source[0] = WICK_STUB_SOURCE_UNKNOWN;
    CHECK_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_REGISTER), WICK_OK);
    CHECK(lab_until(&lab, &lab.a, WICK_GW_EV_REGISTERED, 120000));
    CHECK_STATUS(lab.a.last[WICK_GW_EV_REGISTERED].status, WICK_E_TIMEOUT);
    CHECK_INT(lab.a.requests[WICK_GW_REQ_CHAIN_PROOF], 0);
    lab.a.source[0] = WICK_STUB_SOURCE_HONEST;
    CHECK(wick_stub_run(&lab.w, 300000, &lab.a.ready));
}

/* Somebody waits for a header that is long in coming: the nodes are not flooded. */
TEST(waiting_is_no_flood)
{
    sealed(9, WICK_SEAL_CLIQUE, WICK_LIGHT_CLIQUE);
    lab.a.light_cfg.poll_ms = 60000;
    lab.a.light_cfg.depth = 100; /* nothing is usable */
    CHECK_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_REGISTER), WICK_OK);
    wick_stub_run(&lab.w, 20000, NULL);
    CHECK(lab.a.light_requests >= 20 && lab.a.light_requests <= 45);
}

/* A transaction shows as late as the headers do. */
TEST(deep_chain)
{
    sealed(10, WICK_SEAL_CLIQUE, WICK_LIGHT_CLIQUE);
    lab.chain.block_ms = 15000;
    lab.a.light_cfg.depth = 8; /* two minutes */
    wick_stub_run(&lab.w, 300000, NULL);
    CHECK_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_REGISTER), WICK_OK);
    CHECK(wick_stub_run(&lab.w, 900000, &lab.a.ready));
    CHECK_INT(lab.a.seen[WICK_GW_EV_REGISTERED], 1);
    CHECK_INT(lab.wallet.vouchers, 1);
}

/* ------------------------------------------------------------------ reorganisations */

/* The block under which a peer was read leaves the chain, and the record with it. */
TEST(records_are_dropped_with_their_block)
{
    uint8_t session = 0;
    sealed(6, WICK_SEAL_CLIQUE, WICK_LIGHT_CLIQUE);
    CHECK_STATUS(wick_stub_node_begin(&lab.b, WICK_GW_GOAL_SERVE), WICK_OK);
    REQUIRE(wick_stub_run(&lab.w, 120000, &lab.b.ready));
    CHECK_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_CALL), WICK_OK);
    REQUIRE(wick_stub_run(&lab.w, 120000, &lab.a.ready));
    wick_stub_run(&lab.w, 40000, NULL);
    lab.chain.sealing.lazy = true;
    wick_stub_run(&lab.w, 7000, NULL);
    REQUIRE(lab_connect(&lab, &session, 5000));
    uint64_t read_at = lab.a.last[WICK_GW_EV_PEER_RESOLVED].block_number;
    lab.chain.sealing.lazy = false;
    unsigned depth = (unsigned)(lab.chain.state.number - read_at) + 8;
    wick_stub_chain_rewind(&lab.chain, depth);
    for (unsigned i = 0; i < depth; i++) {
        wick_stub_chain_mine(&lab.chain);
    }
    wick_stub_run(&lab.w, 3000, NULL);
    CHECK_INT(lab.a.light_seen[WICK_LIGHT_EV_REORG], 1);
    CHECK_INT(lab.a.seen[WICK_GW_EV_SESSION_DOWN], 1);
    CHECK_STATUS(lab.a.last[WICK_GW_EV_SESSION_DOWN].status, WICK_E_RECORD_STALE);
    /* So at the other end, which had read the caller's. */
    CHECK_INT(lab.b.seen[WICK_GW_EV_SESSION_DOWN], 1);
    CHECK_STATUS(lab.b.last[WICK_GW_EV_SESSION_DOWN].status, WICK_E_RECORD_STALE);
    /* Marks have come down with the chain. */
    CHECK(lab.a.gw.marks.chain[0].number <= lab.chain.state.number);
    /* On the branch that won all is still there: a new call reads it there. */
    wick_stub_run(&lab.w, 15000, NULL);
    REQUIRE(lab_connect(&lab, &session, 30000));
    CHECK(lab_echo(&lab, session, "anew", 5000));
}

/* A read that is under way as its block leaves the chain would end in a record that nobody drops. */
TEST(reads_under_way_begin_anew)
{
    sealed(12, WICK_SEAL_CLIQUE, WICK_LIGHT_CLIQUE);
    REQUIRE(lab_ready(&lab, 120000));
    wick_stub_run(&lab.w, 40000, NULL);
    lab.chain.sealing.lazy = true;
    wick_stub_run(&lab.w, 7000, NULL);
    lab.chain.lie = WICK_STUB_LIE_SLOW;
    CHECK_STATUS(wick_stub_node_lookup(&lab.a, "gw-b"), WICK_OK);
    wick_stub_run(&lab.w, 1000, NULL);
    wick_trusted_header was;
    memset(&was, 0, sizeof was);
    for (unsigned i = 0; i < WICK_GW_READS_MAX; i++) {
        if (lab.a.gw.read[i].state != 0) {
            was = lab.a.gw.read[i].header;
        }
    }
    REQUIRE(wick_trust_is_made(&was));
    lab.chain.sealing.lazy = false;
    unsigned depth = (unsigned)(lab.chain.state.number - was.number) + 8;
    wick_stub_chain_rewind(&lab.chain, depth);
    for (unsigned i = 0; i < depth; i++) {
        wick_stub_chain_mine(&lab.chain);
    }
    wick_stub_run(&lab.w, 3000, NULL);
    CHECK_INT(lab.a.light_seen[WICK_LIGHT_EV_REORG], 1);
    CHECK_INT(lab.a.seen[WICK_GW_EV_PEER_RESOLVED], 0);
    for (unsigned i = 0; i < WICK_GW_READS_MAX; i++) {
        CHECK(lab.a.gw.read[i].state == 0 ||
              memcmp(lab.a.gw.read[i].header.hash, was.hash, sizeof was.hash) != 0);
    }
    lab.chain.lie = WICK_STUB_HONEST;
    CHECK(lab_until(&lab, &lab.a, WICK_GW_EV_PEER_RESOLVED, 60000));
    CHECK_STATUS(lab.a.last[WICK_GW_EV_PEER_RESOLVED].status, WICK_OK);
}

/* The branch that won never saw the registration: it is made again. */
TEST(own_record_is_written_again)
{
    sealed(7, WICK_SEAL_CLIQUE, WICK_LIGHT_CLIQUE);
    wick_stub_run(&lab.w, 40000, NULL);
    lab.chain.sealing.lazy = true;
    uint64_t before = lab.chain.state.number;
    CHECK_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_REGISTER), WICK_OK);
    REQUIRE(wick_stub_run(&lab.w, 60000, &lab.a.ready));
    CHECK_INT(lab.wallet.vouchers, 1);
    lab.chain.sealing.lazy = false;
    unsigned depth = (unsigned)(lab.chain.state.number - before) + 2;
    wick_stub_chain_rewind(&lab.chain, depth);
    for (unsigned i = 0; i < depth; i++) {
        wick_stub_chain_mine(&lab.chain);
    }
    lab.a.ready = false;
    CHECK(lab_until(&lab, &lab.a, WICK_GW_EV_REGISTERED, 120000));
    CHECK_INT(lab.a.light_seen[WICK_LIGHT_EV_REORG], 1);
    CHECK_STATUS(lab.a.last[WICK_GW_EV_REGISTERED].status, WICK_OK);
    CHECK(lab.a.last[WICK_GW_EV_REGISTERED].sent);
    CHECK_INT(lab.wallet.vouchers, 2);
}

/* ------------------------------------------------------------------ one header, and never back */

static void put_back(const uint8_t slot[32], const uint8_t word[32])
{
    wick_stub_chain_put(&lab.chain, 0, slot, word);
    wick_stub_run(&lab.w, 3000, NULL);
}

/* Must 25: four ways to go back, four results. */
TEST(must_25_one_header_and_never_back)
{
    uint8_t id[32], service[32], device[2][32], endpoint[32], word[32], zero[32] = {0};
    lab_init(&lab, 8, WICK_STUB_SYMMETRIC, WICK_STUB_SYMMETRIC, 1);
    wick_stub_chain_remember(&lab.chain); /* b is not registered in it */
    REQUIRE(lab_ready(&lab, 60000));
    wick_stub_node_kill(&lab.b);
    REQUIRE_STATUS(wick_name_hash(id, wick_span_text("gw-b")), WICK_OK);
    REQUIRE_STATUS(wick_name_hash(service, wick_span_text("default")), WICK_OK);
    wick_slot_device(device[0], id, 0);
    wick_slot_device(device[1], id, 1);
    wick_slot_endpoint(endpoint, id, service, 0);
    CHECK_STATUS(resolve(10000)->status, WICK_OK);
    /* Key of the newest header, endpoint of an old one. */
    lab.chain.lie = WICK_STUB_LIE_MIXED;
    CHECK_STATUS(resolve(10000)->status, WICK_E_PROOF_BAD_HASH);
    /* All of it of an old header. */
    lab.chain.lie = WICK_STUB_LIE_OLD;
    CHECK_STATUS(resolve(10000)->status, WICK_E_HEADER_STALE);
    lab.chain.lie = WICK_STUB_HONEST;
    /* A newer header with an older epoch, or an older sequence number. */
    wick_endpoint e;
    wick_device d;
    uint8_t was[2][32], was_endpoint[32];
    wick_stub_chain_get(&lab.chain, was_endpoint, 0, endpoint);
    wick_stub_chain_get(&lab.chain, was[0], 0, device[0]);
    wick_stub_chain_get(&lab.chain, was[1], 0, device[1]);
    REQUIRE_STATUS(wick_endpoint_decode(&e, was_endpoint), WICK_OK);
    e.seq++;
    REQUIRE_STATUS(wick_endpoint_encode(word, &e), WICK_OK);
    put_back(endpoint, word);
    CHECK_STATUS(resolve(10000)->status, WICK_OK);
    put_back(endpoint, was_endpoint);
    CHECK_STATUS(resolve(10000)->status, WICK_E_RECORD_STALE);
    put_back(endpoint, word);
    REQUIRE_STATUS(wick_device_decode(&d, was[0], was[1]), WICK_OK);
    uint8_t high[2][32];
    d.epoch = 5;
    REQUIRE_STATUS(wick_device_encode(high[0], high[1], &d), WICK_OK);
    put_back(device[0], high[0]);
    CHECK_STATUS(resolve(10000)->status, WICK_OK);
    put_back(device[0], was[0]);
    CHECK_STATUS(resolve(10000)->status, WICK_E_RECORD_STALE);
    /* A newer header without the record. */
    put_back(device[0], zero);
    put_back(device[1], zero);
    CHECK_STATUS(resolve(10000)->status, WICK_E_RECORD_REVOKED);
}

/* ------------------------------------------------------------------ two tiers */

/* A light client whose heads are put there by hand: final ones 8 blocks behind the optimistic
 * ones. */
static wick_light committee;
static bool no_optimistic;

static void put_head(unsigned index, wick_tier tier, uint64_t number)
{
    wick_light_request q;
    memset(&q, 0, sizeof q);
    q.at = WICK_LIGHT_AT_NUMBER;
    q.number = number;
    const wick_stub_chain_state *b = wick_stub_chain_block(&lab.chain, &q, 0);
    if (b != NULL && wick_trust_own_node(&committee.head[index],
                                         wick_span_make(b->header, b->header_len), b->hash,
                                         31337) == WICK_OK) {
        committee.head[index].tier = tier;
    }
}

static uint64_t committee_run(void *ctx, wick_stub_world *w)
{
    (void)ctx;
    put_head(0, WICK_TIER_FINALIZED, lab.chain.state.number - 9);
    put_head(1, WICK_TIER_OPTIMISTIC, lab.chain.state.number - 1);
    if (no_optimistic) {
        memset(&committee.head[1], 0, sizeof committee.head[1]);
    }
    return w->now_ms + 200;
}

static void two_tiers(uint64_t seed)
{
    lab_init(&lab, seed, WICK_STUB_SYMMETRIC, WICK_STUB_SYMMETRIC, 1);
    memset(&committee, 0, sizeof committee);
    no_optimistic = false;
    committee.cfg.chain_id = 31337;
    committee.cfg.rule = WICK_LIGHT_SYNC_COMMITTEE;
    committee.cfg.clock = &lab.a.clock;
    committee.cfg.max_age_s = 1800;
    lab.a.registry.light = &committee;
    lab.b.registry.light = &committee;
    (void)wick_stub_actor_add(&lab.w, committee_run, NULL);
}

TEST(key_final_endpoint_optimistic)
{
    uint8_t session = 0;
    two_tiers(20);
    REQUIRE(lab_ready(&lab, 120000));
    /* Own transactions are seen early. */
    CHECK_INT(lab.b.last[WICK_GW_EV_PUBLISHED].tier, WICK_TIER_OPTIMISTIC);
    /* The peer's key is not final yet: there is no record to speak of. */
    CHECK_STATUS(resolve(10000)->status, WICK_E_RECORD_ABSENT);
    wick_stub_run(&lab.w, 12000, NULL);
    const wick_gateway_event *e = resolve(10000);
    CHECK_STATUS(e->status, WICK_OK);
    CHECK_INT(e->tier, WICK_TIER_FINALIZED);
    CHECK_INT(e->endpoint_tier, WICK_TIER_OPTIMISTIC);
    CHECK_INT(e->seq, 1);
    /* b moves: its new endpoint is there long before it is final. */
    wick_stub_node_kill(&lab.b);
    CHECK_STATUS(wick_stub_node_begin(&lab.b, WICK_GW_GOAL_SERVE), WICK_OK);
    REQUIRE(wick_stub_run(&lab.w, 60000, &lab.b.ready));
    e = resolve(10000);
    CHECK_STATUS(e->status, WICK_OK);
    CHECK_INT(e->tier, WICK_TIER_FINALIZED);
    CHECK_INT(e->endpoint_tier, WICK_TIER_OPTIMISTIC);
    CHECK_INT(e->seq, 2);
    CHECK(wick_addr_equal(&e->addr, &lab.b.last[WICK_GW_EV_PUBLISHED].addr));
    e = resolve(10000); /* a mark of what is not final would call the final record stale now */
    CHECK_STATUS(e->status, WICK_OK);
    CHECK_INT(e->seq, 2);
    wick_stub_run(&lab.w, 15000, NULL); /* b has to see a's key final, too */
    REQUIRE(lab_connect(&lab, &session, 30000));
    CHECK(lab_echo(&lab, session, "two tiers", 5000));
}

/* A header from further ahead than clocks may differ proves what it proves, and not the time. */
TEST(time_is_not_taken_from_far_ahead)
{
    two_tiers(24);
    REQUIRE(lab_ready(&lab, 120000));
    wick_stub_run(&lab.w, 12000, NULL);
    CHECK_STATUS(resolve(10000)->status, WICK_OK);
    uint64_t floor_s = lab.a.gw.floor_unix_s;
    CHECK(floor_s != 0);
    lab.w.skew_s = -86400;
    wick_stub_run(&lab.w, 12000, NULL);
    CHECK_STATUS(resolve(10000)->status, WICK_OK);
    CHECK_INT(lab.a.gw.floor_unix_s, floor_s);
    lab.w.skew_s = 0;
    CHECK_STATUS(resolve(10000)->status, WICK_OK);
    CHECK(lab.a.gw.floor_unix_s > floor_s + 10);
}

/* The device words differ: the optimistic reading counts for nothing. */
TEST(other_key_in_the_optimistic_reading)
{
    uint8_t id[32], slot[32], word[32];
    two_tiers(21);
    REQUIRE(lab_ready(&lab, 120000));
    wick_stub_run(&lab.w, 12000, NULL);
    wick_addr was = resolve(10000)->addr;
    REQUIRE_STATUS(wick_name_hash(id, wick_span_text("gw-b")), WICK_OK);
    wick_slot_device(slot, id, 1);
    wick_stub_chain_get(&lab.chain, word, 0, slot);
    word[31] ^= 1; /* as if the key had been rotated, and the endpoint with it */
    wick_stub_node_kill(&lab.b);
    wick_stub_chain_put(&lab.chain, 0, slot, word);
    uint8_t service[32], endpoint[32];
    wick_endpoint ep;
    REQUIRE_STATUS(wick_name_hash(service, wick_span_text("default")), WICK_OK);
    wick_slot_endpoint(slot, id, service, 0);
    wick_stub_chain_get(&lab.chain, endpoint, 0, slot);
    REQUIRE_STATUS(wick_endpoint_decode(&ep, endpoint), WICK_OK);
    ep.seq++;
    ep.addr.port++;
    REQUIRE_STATUS(wick_endpoint_encode(endpoint, &ep), WICK_OK);
    wick_stub_chain_put(&lab.chain, 0, slot, endpoint);
    wick_stub_run(&lab.w, 4000, NULL);
    const wick_gateway_event *e = resolve(10000);
    CHECK_STATUS(e->status, WICK_OK);
    CHECK_INT(e->endpoint_tier, WICK_TIER_FINALIZED);
    CHECK_INT(e->seq, 1);
    CHECK(wick_addr_equal(&e->addr, &was));
}

/* Nothing optimistic to be had: the final record stands. */
TEST(no_optimistic_header)
{
    two_tiers(22);
    REQUIRE(lab_ready(&lab, 120000));
    wick_stub_run(&lab.w, 12000, NULL);
    no_optimistic = true;
    wick_stub_run(&lab.w, 1000, NULL);
    const wick_gateway_event *e = resolve(120000);
    CHECK_STATUS(e->status, WICK_OK);
    CHECK_INT(e->tier, WICK_TIER_FINALIZED);
    CHECK_INT(e->endpoint_tier, WICK_TIER_FINALIZED);
}

/* A caller whose key is not final is not let in. */
TEST(caller_with_a_key_that_is_not_final)
{
    uint8_t session = 0;
    two_tiers(23);
    CHECK_STATUS(wick_stub_node_begin(&lab.b, WICK_GW_GOAL_SERVE), WICK_OK);
    REQUIRE(wick_stub_run(&lab.w, 120000, &lab.b.ready));
    wick_stub_run(&lab.w, 12000, NULL);
    CHECK_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_CALL), WICK_OK);
    REQUIRE(wick_stub_run(&lab.w, 120000, &lab.a.ready));
    CHECK_STATUS(wick_stub_node_connect(&lab.a, &session, "gw-b"), WICK_OK);
    wick_stub_run(&lab.w, 4000, NULL);
    CHECK_INT(lab.b.seen[WICK_GW_EV_SESSION_UP], 0);
    /* Once it is, b lets it in: not at once, for an id that was refused is refused for a while. */
    bool up = lab_until(&lab, &lab.a, WICK_GW_EV_SESSION_UP, 70000);
    for (unsigned i = 0; i < 3 && !up; i++) {
        up = lab_connect(&lab, &session, 70000);
    }
    CHECK(up);
}

TAP_MAIN("sim.light_gateway", CASE(grace_is_flagged_and_ends), CASE(conflict_stops_look_ups),
         CASE(policy_is_an_allow_list), CASE(light_client_of_another_chain), CASE(no_header_at_all),
         CASE(waiting_is_no_flood), CASE(deep_chain),
         CASE(records_are_dropped_with_their_block), CASE(reads_under_way_begin_anew),
         CASE(own_record_is_written_again),
         CASE(must_25_one_header_and_never_back),
         CASE(key_final_endpoint_optimistic), CASE(time_is_not_taken_from_far_ahead),
         CASE(other_key_in_the_optimistic_reading),
         CASE(no_optimistic_header), CASE(caller_with_a_key_that_is_not_final))
