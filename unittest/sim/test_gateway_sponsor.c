/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gateway whose wallet has no Ether: what the wallet manager sends for it,
 * what he may refuse, and that nothing is believed but the record.
 */
#include "lab.h"
#include "tap.h"

static struct lab lab;
static wick_stub_attestors attestors;

static void fresh(uint64_t seed, uint8_t sponsored, wick_stub_wallet_fault fault)
{
    lab_init(&lab, seed, WICK_STUB_SYMMETRIC, WICK_STUB_SYMMETRIC, 1);
    lab.a.cfg.sponsored = sponsored;
    lab.wallet.fault = fault;
}

static const wick_gateway_event *registered(uint64_t ms)
{
    CHECK_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_SERVE), WICK_OK);
    CHECK(lab_until(&lab, &lab.a, WICK_GW_EV_REGISTERED, ms));
    return &lab.a.last[WICK_GW_EV_REGISTERED];
}

static wick_endpoint primary(const wick_stub_node *n)
{
    wick_endpoint e;
    uint8_t slot[32], value[32];
    wick_slot_endpoint(slot, n->gw.id, n->gw.service, 0);
    wick_stub_chain_get(&lab.chain, value, 0, slot);
    CHECK_STATUS(wick_endpoint_decode(&e, value), WICK_OK);
    return e;
}

static bool has_paid(const wick_stub_node *n)
{
    return n->requests[WICK_GW_REQ_CHAIN_SEND] != 0 || n->requests[WICK_GW_REQ_WALLET_FUND] != 0 ||
           n->requests[WICK_GW_REQ_CHAIN_FEES] != 0;
}

TEST(a_device_needs_no_ether)
{
    fresh(1, WICK_GW_SPONSORED_ALWAYS, WICK_STUB_WALLET_OK);
    lab.a.cfg.expires_s = 600;
    CHECK_STATUS(registered(60000)->status, WICK_OK);
    CHECK(wick_stub_run(&lab.w, 60000, &lab.a.ready));
    CHECK(!has_paid(&lab.a));
    CHECK(lab.wallet.sponsored >= 2);
    uint32_t seq = primary(&lab.a).seq;
    /* It is renewed in the same way, at half of its life. */
    (void)wick_stub_run(&lab.w, 400000, NULL);
    CHECK(primary(&lab.a).seq > seq);
    CHECK(!has_paid(&lab.a));
    CHECK_INT(lab.chain.reverted, 0);
}

TEST(without_money_the_calls_are_sent)
{
    fresh(2, WICK_GW_SPONSORED_AUTO, WICK_STUB_WALLET_GIVES_NONE);
    CHECK_STATUS(registered(60000)->status, WICK_OK);
    CHECK(wick_stub_run(&lab.w, 60000, &lab.a.ready));
    CHECK_INT(lab.a.requests[WICK_GW_REQ_CHAIN_SEND], 0);
    CHECK(lab.a.requests[WICK_GW_REQ_WALLET_FUND] != 0);
    CHECK(lab.wallet.sponsored >= 2);
    /* Who has money pays himself. */
    fresh(3, WICK_GW_SPONSORED_AUTO, WICK_STUB_WALLET_OK);
    CHECK_STATUS(registered(60000)->status, WICK_OK);
    CHECK_INT(lab.wallet.sponsored, 0);
}

TEST(who_wants_none_asks_for_none)
{
    fresh(4, WICK_GW_SPONSORED_NEVER, WICK_STUB_WALLET_GIVES_NONE);
    const wick_gateway_event *e = registered(120000);
    CHECK_STATUS(e->status, WICK_E_LIMIT); /* what he said about money */
    CHECK(!e->final);
    CHECK_INT(lab.a.requests[WICK_GW_REQ_WALLET_SPONSOR], 0);
}

TEST(a_manager_who_sends_nothing)
{
    fresh(5, WICK_GW_SPONSORED_ALWAYS, WICK_STUB_WALLET_NO_SPONSOR);
    const wick_gateway_event *e = registered(120000);
    CHECK_STATUS(e->status, WICK_E_UNSUPPORTED); /* an operator has to change one of the two */
    CHECK(e->final);
    CHECK(!has_paid(&lab.a));
}

/* What he says is worth nothing before the record holds it. */
TEST(a_manager_who_forgets)
{
    fresh(6, WICK_GW_SPONSORED_ALWAYS, WICK_STUB_WALLET_FORGETS);
    CHECK_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_REGISTER), WICK_OK);
    CHECK(lab_until(&lab, &lab.a, WICK_GW_EV_REGISTERED, WICK_GW_INCLUSION_MS + 60000));
    CHECK_STATUS(lab.a.last[WICK_GW_EV_REGISTERED].status, WICK_E_TX_LOST);
    CHECK(!lab.a.last[WICK_GW_EV_REGISTERED].final);
    CHECK_INT(lab.wallet.sponsored, 1); /* it waited, and did not ask again and again */
    lab.wallet.fault = WICK_STUB_WALLET_OK;
    CHECK(wick_stub_run(&lab.w, 120000, &lab.a.ready));
}

/* A name that somebody has taken in between: the contract's refusal, told by
 * the manager. */
TEST(the_refusal_of_the_contract)
{
    uint8_t id[32], slot[32], word[2][32];
    wick_device d;
    fresh(7, WICK_GW_SPONSORED_ALWAYS, WICK_STUB_WALLET_OK);
    CHECK_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_REGISTER), WICK_OK);
    while (lab.a.requests[WICK_GW_REQ_WALLET_SPONSOR] == 0 && lab.w.now_ms < 60000) {
        (void)wick_stub_run(&lab.w, 1, NULL);
    }
    memset(&d, 0, sizeof d);
    memset(d.owner, 0x55, sizeof d.owner);
    memset(d.key, 0x12, sizeof d.key);
    d.key_type = WICK_KEY_TYPE_P256;
    d.epoch = 1;
    d.not_after = WICK_STUB_UNIX_BASE + 100000;
    CHECK_STATUS(wick_name_hash(id, wick_span_text("gw-a")), WICK_OK);
    CHECK_STATUS(wick_device_encode(word[0], word[1], &d), WICK_OK);
    for (unsigned i = 0; i < 2; i++) {
        wick_slot_device(slot, id, i);
        wick_stub_chain_put(&lab.chain, 0, slot, word[i]);
    }
    CHECK(lab_until(&lab, &lab.a, WICK_GW_EV_REGISTERED, 60000));
    CHECK_STATUS(lab.a.last[WICK_GW_EV_REGISTERED].status, WICK_E_NAME_TAKEN);
    CHECK_INT(lab.wallet.sponsored, 0);
}

/* Attestors' words go into the call that the manager sends. */
TEST(attested_without_ether)
{
    lab_init(&lab, 8, WICK_STUB_SYMMETRIC, WICK_STUB_PORT_RESTRICTED, 1);
    wick_stub_host_move(&lab.w, lab.host_b, -1, wick_addr_v4(20, 0, 0, 77, 0));
    lab.b.interfaces = true;
    CHECK_STATUS(wick_stub_attestors_init(&attestors, &lab.chain, &lab.crypto_ctx, 2), WICK_OK);
    wick_stub_attestors_of(&attestors, &lab.b.cfg);
    lab.b.attestors = &attestors;
    lab.b.cfg.sponsored = WICK_GW_SPONSORED_ALWAYS;
    CHECK_STATUS(wick_stub_node_begin(&lab.b, WICK_GW_GOAL_SERVE), WICK_OK);
    CHECK(wick_stub_run(&lab.w, 60000, &lab.b.ready));
    CHECK(primary(&lab.b).validated_at_h != 0);
    CHECK(!has_paid(&lab.b));
}

TAP_MAIN("sim.gateway_sponsor", CASE(a_device_needs_no_ether),
         CASE(without_money_the_calls_are_sent), CASE(who_wants_none_asks_for_none),
         CASE(a_manager_who_sends_nothing), CASE(a_manager_who_forgets),
         CASE(the_refusal_of_the_contract), CASE(attested_without_ether))
