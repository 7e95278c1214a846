/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the chain's side can do to an agent: nodes that lie or fail, names that are taken, money
 * that is missing, managers that sign something else. Each ends in its own status, within bounds,
 * and nothing is half-written.
 */
#include "lab.h"
#include "tap.h"

static struct lab lab;

static void fresh(uint64_t seed)
{
    lab_init(&lab, seed, WICK_STUB_SYMMETRIC, WICK_STUB_SYMMETRIC, 1);
}

/* Starts a alone; runs until it has said something about its registration. */
static const wick_gateway_event *registered(uint64_t ms)
{
    CHECK_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_SERVE), WICK_OK);
    CHECK(lab_until(&lab, &lab.a, WICK_GW_EV_REGISTERED, ms));
    return &lab.a.last[WICK_GW_EV_REGISTERED];
}

static void put_device(const char *name, uint8_t owner, uint32_t epoch, uint64_t not_after,
                       uint8_t flags)
{
    uint8_t id[32], slot[32], word[2][32];
    wick_device d;
    memset(&d, 0, sizeof d);
    memset(d.owner, owner, 20);
    d.key_type = WICK_KEY_TYPE_SECP256K1;
    d.flags = flags;
    d.epoch = epoch;
    d.not_after = not_after;
    if ((flags & WICK_DEVICE_FLAG_REVOKED) == 0) {
        /* x of the generator: a point of the curve. */
        CHECK_STATUS(
            wick_hex_decode(d.key, 32,
                            "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
                            64),
            WICK_OK);
    }
    CHECK_STATUS(wick_name_hash(id, wick_span_text(name)), WICK_OK);
    CHECK_STATUS(wick_device_encode(word[0], word[1], &d), WICK_OK);
    for (unsigned i = 0; i < 2; i++) {
        wick_slot_device(slot, id, i);
        wick_stub_chain_put(&lab.chain, 0, slot, word[i]);
    }
}

static void put_endpoint(const char *name, uint32_t seq, uint64_t expires, uint8_t kind)
{
    uint8_t id[32], service[32], slot[32], word[32];
    wick_endpoint e;
    memset(&e, 0, sizeof e);
    e.addr = wick_addr_v4(20, 0, 0, 10, 50777);
    e.protocol = WICK_PROTOCOL_UDP;
    e.kind = kind;
    e.seq = seq;
    e.expires = expires;
    CHECK_STATUS(wick_name_hash(id, wick_span_text(name)), WICK_OK);
    CHECK_STATUS(wick_name_hash(service, wick_span_text("default")), WICK_OK);
    CHECK_STATUS(wick_endpoint_encode(word, &e), WICK_OK);
    wick_slot_endpoint(slot, id, service, 0);
    wick_stub_chain_put(&lab.chain, 0, slot, word);
}

/* ------------------------------------------------------------------ configuration */

TEST(malformed_names_are_refused)
{
    static const char *const bad[] = {
        "", "Gw", "gw a", "gw/a", "gw@lab", "g\xC3\xBC", "-\n",
        "0123456789012345678901234567890123456789012345678901234567890123"};
    fresh(1);
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        lab.a.cfg.name = bad[i];
        CHECK_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_SERVE), WICK_E_NAME);
    }
    lab.a.cfg.name = "gw-a";
    lab.a.cfg.service = "No";
    CHECK_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_SERVE), WICK_E_NAME);
}

/* handshake-review finding 22: the wallet key is not the device key, under whatever handle. */
TEST(one_key_for_both_is_refused)
{
    fresh(2);
    wick_key same;
    CHECK_STATUS(wick_ram_keystore_import(&same, &lab.a.ram, lab.a.ram.keys[0].secret), WICK_OK);
    lab.a.cfg.device_key = lab.a.cfg.wallet_key;
    CHECK_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_SERVE), WICK_E_SAME_KEY);
    lab.a.cfg.device_key = same;
    CHECK_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_SERVE), WICK_E_SAME_KEY);
}

TEST(bad_configuration)
{
    fresh(3);
    wick_gateway_config good = lab.a.cfg;
    good.crypto = &lab.a.crypto;
    wick_gateway_config c = good;
    static wick_gateway gw;
    c.registry_count = 0;
    CHECK_STATUS(wick_gateway_init(&gw, &c), WICK_E_BAD_ARG);
    c = good;
    c.entropy = NULL;
    CHECK_STATUS(wick_gateway_init(&gw, &c), WICK_E_BAD_ARG);
    c = good;
    c.relay_user = "u";
    CHECK_STATUS(wick_gateway_init(&gw, &c), WICK_E_BAD_ARG);
    lab.a.registry.tier = WICK_TIER_FINALIZED; /* no authenticator for it here */
    CHECK_STATUS(wick_gateway_init(&gw, &good), WICK_E_UNSUPPORTED);
    lab.a.registry.tier = WICK_TIER_OWN_NODE;
    c = good;
    c.wallet_key.handle = 99;
    CHECK_STATUS(wick_gateway_init(&gw, &c), WICK_E_NOT_FOUND);
    CHECK_STATUS(wick_gateway_init(&gw, &good), WICK_OK);
    uint8_t session;
    CHECK_STATUS(wick_gateway_connect(&gw, &session, 0, "gw-b"), WICK_E_STATE); /* no goals yet */
    CHECK_INT(session, WICK_GW_NO_SESSION);
}

/* ------------------------------------------------------------------ registration */

TEST(name_of_somebody_else)
{
    fresh(4);
    put_device("gw-a", 0x77, 3, WICK_STUB_UNIX_BASE + 1000000, 0);
    const wick_gateway_event *e = registered(10000);
    CHECK_STATUS(e->status, WICK_E_NAME_TAKEN);
    CHECK(e->final);
    wick_stub_run(&lab.w, 100000, NULL);
    CHECK_INT(lab.a.requests[WICK_GW_REQ_CHAIN_SEND], 0);
    CHECK_INT(lab.a.seen[WICK_GW_EV_REGISTERED], 1); /* no loop */
    CHECK_INT(lab.wallet.vouchers, 0);
}

TEST(own_record_revoked)
{
    fresh(5);
    put_device("gw-a", 0x77, 3, WICK_STUB_UNIX_BASE + 1000000, WICK_DEVICE_FLAG_REVOKED);
    CHECK_STATUS(registered(10000)->status, WICK_E_RECORD_REVOKED);
    CHECK(lab.a.last[WICK_GW_EV_REGISTERED].final);
}

/* A reorganisation undoes the own record: it is written again, though it was proven before. */
TEST(own_record_undone)
{
    uint8_t id[32], service[32], slot[3][32], zero[32] = {0};
    fresh(50);
    CHECK_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_SERVE), WICK_OK);
    REQUIRE(wick_stub_run(&lab.w, 60000, &lab.a.ready));
    wick_stub_node_kill(&lab.a);
    REQUIRE_STATUS(wick_name_hash(id, wick_span_text("gw-a")), WICK_OK);
    REQUIRE_STATUS(wick_name_hash(service, wick_span_text("default")), WICK_OK);
    wick_slot_device(slot[0], id, 0);
    wick_slot_device(slot[1], id, 1);
    wick_slot_endpoint(slot[2], id, service, 0);
    for (unsigned i = 0; i < 3; i++) {
        wick_stub_chain_put(&lab.chain, 0, slot[i], zero);
    }
    wick_stub_run(&lab.w, 2000, NULL); /* a block without it */
    CHECK_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_SERVE), WICK_OK);
    CHECK(wick_stub_run(&lab.w, 60000, &lab.a.ready));
    CHECK(lab.a.last[WICK_GW_EV_REGISTERED].sent);
    CHECK_INT(lab.a.last[WICK_GW_EV_PUBLISHED].seq, 2); /* above what peers have seen */
    CHECK_INT(lab.a.seen[WICK_GW_EV_PUBLISH_FAILED], 0);
}

static void put_seq(uint32_t seq)
{
    uint8_t id[32], service[32], slot[32], word[32];
    wick_endpoint e;
    CHECK_STATUS(wick_name_hash(id, wick_span_text("gw-a")), WICK_OK);
    CHECK_STATUS(wick_name_hash(service, wick_span_text("default")), WICK_OK);
    wick_slot_endpoint(slot, id, service, 0);
    wick_stub_chain_get(&lab.chain, word, 0, slot);
    CHECK_STATUS(wick_endpoint_decode(&e, word), WICK_OK);
    e.seq = seq;
    CHECK_STATUS(wick_endpoint_encode(word, &e), WICK_OK);
    wick_stub_chain_put(&lab.chain, 0, slot, word);
    wick_stub_run(&lab.w, 2000, NULL); /* a block with it */
    CHECK_STATUS(wick_gateway_start(&lab.a.gw, lab.w.now_ms, WICK_GW_GOAL_SERVE), WICK_OK);
    wick_stub_node_wake(&lab.a);
    wick_stub_run(&lab.w, 30000, NULL);
}

/* It undoes the last publication only: the same address is published under a higher number. */
TEST(own_sequence_number_undone)
{
    fresh(51);
    CHECK_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_SERVE), WICK_OK);
    REQUIRE(wick_stub_run(&lab.w, 60000, &lab.a.ready));
    put_seq(9);
    CHECK_INT(lab.a.seen[WICK_GW_EV_PUBLISHED], 1); /* nothing to do */
    put_seq(3);
    CHECK_INT(lab.a.seen[WICK_GW_EV_PUBLISHED], 2);
    CHECK_INT(lab.a.last[WICK_GW_EV_PUBLISHED].seq, 10);
    CHECK_INT(lab.a.seen[WICK_GW_EV_PUBLISH_FAILED], 0);
}

/* Somebody else registers the name between our reading and our writing. */
TEST(name_taken_in_between)
{
    fresh(6);
    lab.wallet.latency_ms = 700;
    CHECK_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_REGISTER), WICK_OK);
    while (lab.a.requests[WICK_GW_REQ_CHAIN_FEES] == 0 && lab.w.now_ms < 20000) {
        wick_stub_run(&lab.w, 1, NULL);
    }
    put_device("gw-a", 0x77, 1, WICK_STUB_UNIX_BASE + 1000000, 0);
    CHECK(lab_until(&lab, &lab.a, WICK_GW_EV_REGISTERED, 20000));
    CHECK_STATUS(lab.a.last[WICK_GW_EV_REGISTERED].status, WICK_E_NAME_TAKEN);
    CHECK_INT(lab.chain.mined, 0);
    CHECK(lab.a.last[WICK_GW_EV_REGISTERED].revert_name != NULL);
}

TEST(contract_not_there)
{
    fresh(7);
    lab.chain.no_contract = true;
    wick_stub_run(&lab.w, 1500, NULL); /* a block that says so */
    CHECK_STATUS(registered(10000)->status, WICK_E_NO_CONTRACT);
    CHECK(lab.a.last[WICK_GW_EV_REGISTERED].final);
    CHECK_INT(lab.a.requests[WICK_GW_REQ_CHAIN_SEND], 0);
}

TEST(no_wallet_manager)
{
    fresh(8);
    lab.a.cfg.has_wallet_manager = false;
    CHECK_STATUS(registered(10000)->status, WICK_E_CONFIG);
}

TEST(vouchers_that_are_not_the_managers)
{
    static const struct {
        wick_stub_wallet_fault fault;
        wick_status want;
    } rows[] = {
        {WICK_STUB_WALLET_WRONG_SIGNER, WICK_E_VOUCHER},
        {WICK_STUB_WALLET_OLD_EPOCH, WICK_E_RECORD_STALE},
        {WICK_STUB_WALLET_OTHER_MANAGER, WICK_E_RECORD_STALE},
        {WICK_STUB_WALLET_EXPIRED, WICK_E_EXPIRED},
        {WICK_STUB_WALLET_REFUSES, WICK_E_AUTH},
        {WICK_STUB_WALLET_SILENT, WICK_E_TIMEOUT},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fresh(20 + i);
        lab.wallet.fault = rows[i].fault;
        CHECK_STATUS(registered(120000)->status, rows[i].want);
        CHECK_INT(lab.a.requests[WICK_GW_REQ_CHAIN_SEND], 0);
        CHECK(lab.a.requests[WICK_GW_REQ_WALLET_VOUCHER] <= 3);
    }
}

/* The manager's node is ahead or behind: no verdict, tried again ever more rarely. */
TEST(vouchers_of_another_epoch_are_asked_for_again)
{
    static const wick_stub_wallet_fault faults[] = {WICK_STUB_WALLET_OLD_EPOCH,
                                                    WICK_STUB_WALLET_OTHER_MANAGER};
    for (unsigned i = 0; i < 2; i++) {
        fresh(52 + i);
        lab.wallet.fault = faults[i];
        CHECK(!registered(120000)->final);
        wick_stub_run(&lab.w, 600000, NULL);
        CHECK(lab.wallet.vouchers >= 3);
        CHECK(lab.wallet.vouchers < 15);
        CHECK_INT(lab.a.requests[WICK_GW_REQ_CHAIN_SEND], 0);
        lab.wallet.fault = WICK_STUB_WALLET_OK;
        CHECK(wick_stub_run(&lab.w, 1200000, &lab.a.ready));
    }
}

TEST(unfunded_wallet)
{
    fresh(30);
    lab.wallet.fault = WICK_STUB_WALLET_NO_MONEY;
    CHECK_STATUS(registered(120000)->status, WICK_E_UNFUNDED);
    CHECK_INT(lab.a.requests[WICK_GW_REQ_CHAIN_SEND], 0); /* seen before sending */
    CHECK_INT(lab.a.requests[WICK_GW_REQ_WALLET_FUND], 1);
    /* Later the operator pays: it recovers by itself. */
    lab.wallet.fault = WICK_STUB_WALLET_OK;
    CHECK(wick_stub_run(&lab.w, 120000, &lab.a.ready));
}

TEST(gas_price_beyond_the_limit)
{
    fresh(31);
    lab.chain.base_fee = UINT64_C(600000000000);
    CHECK_STATUS(registered(120000)->status, WICK_E_LIMIT);
    CHECK_INT(lab.a.requests[WICK_GW_REQ_CHAIN_SEND], 0);
}

/* Taken by the node, never in a block. */
TEST(transaction_is_swallowed)
{
    fresh(32);
    CHECK_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_REGISTER), WICK_OK);
    lab.chain.lie = WICK_STUB_LIE_SWALLOW;
    CHECK(lab_until(&lab, &lab.a, WICK_GW_EV_REGISTERED, WICK_GW_INCLUSION_MS + 30000));
    CHECK_STATUS(lab.a.last[WICK_GW_EV_REGISTERED].status, WICK_E_TX_LOST);
    CHECK(!lab.a.last[WICK_GW_EV_REGISTERED].final);
    CHECK_INT(lab.a.requests[WICK_GW_REQ_CHAIN_SEND], 1 + WICK_GW_REPLACE_MAX);
}

/* What the agent has sent last. */
static uint64_t bid(uint64_t *nonce, uint64_t *priority)
{
    wick_tx tx;
    CHECK_STATUS(wick_tx_decode(&tx, wick_span_make(lab.a.gw.own.raw, lab.a.gw.own.raw_len)),
                 WICK_OK);
    *nonce = tx.nonce;
    *priority = tx.max_priority_fee;
    return tx.max_fee;
}

/* The node lost it, or kept it for too little: the same content for an eighth more is taken. */
TEST(transaction_is_replaced)
{
    uint64_t nonce[2], priority[2];
    fresh(34);
    CHECK_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_REGISTER), WICK_OK);
    lab.chain.lie = WICK_STUB_LIE_SWALLOW;
    while (lab.a.requests[WICK_GW_REQ_CHAIN_SEND] == 0 && lab.w.now_ms < 20000) {
        wick_stub_run(&lab.w, 1, NULL);
    }
    uint64_t first = bid(&nonce[0], &priority[0]);
    wick_stub_run(&lab.w, WICK_GW_REPLACE_MS / 2, NULL);
    CHECK_INT(lab.a.requests[WICK_GW_REQ_CHAIN_SEND], 1); /* not too soon */
    lab.chain.lie = WICK_STUB_HONEST;
    CHECK(lab_until(&lab, &lab.a, WICK_GW_EV_REGISTERED, WICK_GW_REPLACE_MS + 10000));
    CHECK_STATUS(lab.a.last[WICK_GW_EV_REGISTERED].status, WICK_OK);
    CHECK_INT(lab.a.requests[WICK_GW_REQ_CHAIN_SEND], 2);
    uint64_t second = bid(&nonce[1], &priority[1]);
    CHECK_INT(nonce[1], nonce[0]);
    CHECK(8 * second >= 9 * first);
    CHECK(8 * priority[1] >= 9 * priority[0]);
}

/* Never above the limit, also where what was sent before is not known to be lost. */
TEST(replacement_stays_below_the_limit)
{
    uint64_t nonce, priority;
    fresh(35);
    lab.a.cfg.max_fee_wei = lab.chain.base_fee * 2 + lab.chain.base_fee / 4;
    CHECK_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_REGISTER), WICK_OK);
    lab.a.gw.cfg.max_fee_wei = lab.a.cfg.max_fee_wei;
    lab.chain.lie = WICK_STUB_LIE_SWALLOW;
    CHECK(lab_until(&lab, &lab.a, WICK_GW_EV_REGISTERED, WICK_GW_INCLUSION_MS + 30000));
    CHECK_STATUS(lab.a.last[WICK_GW_EV_REGISTERED].status, WICK_E_TX_LOST);
    CHECK(bid(&nonce, &priority) <= lab.a.cfg.max_fee_wei);
    CHECK(lab.a.requests[WICK_GW_REQ_CHAIN_SEND] <= 3);
    /* The run after that is a replacement from its first transaction on, and ends well. */
    lab.chain.lie = WICK_STUB_HONEST;
    CHECK(lab_until(&lab, &lab.a, WICK_GW_EV_REGISTERED, 120000));
    CHECK_STATUS(lab.a.last[WICK_GW_EV_REGISTERED].status, WICK_OK);
    CHECK(bid(&nonce, &priority) <= lab.a.cfg.max_fee_wei);
}

/* Included and refused: the proven nonce tells. The dry run is bypassed by a change in the same
 * block. */
TEST(transaction_is_reverted)
{
    fresh(33);
    CHECK_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_REGISTER), WICK_OK);
    while (lab.a.requests[WICK_GW_REQ_CHAIN_SEND] == 0 && lab.w.now_ms < 20000) {
        wick_stub_run(&lab.w, 1, NULL);
    }
    wick_stub_run(&lab.w, 6, NULL);
    uint8_t slot[32], word[32];
    wick_slot_manager(slot, lab.chain.org); /* another manager: the voucher is void */
    wick_stub_chain_get(&lab.chain, word, 0, slot);
    word[11]++;
    wick_stub_chain_put(&lab.chain, 0, slot, word);
    CHECK(lab_until(&lab, &lab.a, WICK_GW_EV_REGISTERED, 60000));
    CHECK_STATUS(lab.a.last[WICK_GW_EV_REGISTERED].status, WICK_E_TX_REVERTED);
    CHECK_INT(lab.chain.reverted, 1);
    CHECK_INT(lab.a.requests[WICK_GW_REQ_CHAIN_SEND], 1);
}

/* ------------------------------------------------------------------ lies */

static const struct {
    wick_stub_lie lie;
    wick_status want;
} lies[] = {
    {WICK_STUB_LIE_TRUNCATED, WICK_E_PROOF_INCOMPLETE},
    {WICK_STUB_LIE_EXTENDED, WICK_E_PROOF_BAD_HASH},
    {WICK_STUB_LIE_FLIPPED, WICK_E_PROOF_BAD_HASH},
    {WICK_STUB_LIE_SWAPPED, WICK_E_PROOF_BAD_HASH},
    {WICK_STUB_LIE_REORDERED, WICK_E_PROOF_BAD_HASH},
    {WICK_STUB_LIE_HEADER, WICK_E_HEADER_HASH},
    {WICK_STUB_LIE_NO_PROOF, WICK_E_PROOF_INCOMPLETE},
    {WICK_STUB_LIE_SILENT, WICK_E_TIMEOUT},
    {WICK_STUB_LIE_SLOW, WICK_E_TIMEOUT},
    {WICK_STUB_LIE_RATE, WICK_E_HTTP_RATE},
    {WICK_STUB_LIE_JSON, WICK_E_JSON},
};

TEST(each_lie_at_registration)
{
    for (unsigned i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        fresh(40 + i);
        lab.chain.lie = lies[i].lie;
        CHECK_STATUS(registered(120000)->status, lies[i].want);
        CHECK_INT(lab.a.requests[WICK_GW_REQ_CHAIN_SEND], 0);
        CHECK_INT(lab.wallet.vouchers, 0);
        /* An honest node again: it recovers. */
        lab.chain.lie = WICK_STUB_HONEST;
        CHECK(wick_stub_run(&lab.w, 120000, &lab.a.ready));
    }
}

TEST(each_lie_at_a_look_up)
{
    for (unsigned i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        uint8_t session = 0;
        fresh(60 + i);
        REQUIRE(lab_ready(&lab, 60000));
        lab.chain.lie = lies[i].lie;
        REQUIRE_STATUS(wick_stub_node_connect(&lab.a, &session, "gw-b"), WICK_OK);
        CHECK(lab_until(&lab, &lab.a, WICK_GW_EV_SESSION_DOWN, 120000));
        CHECK_STATUS(lab.a.last[WICK_GW_EV_PEER_RESOLVED].status, lies[i].want);
        CHECK_STATUS(lab.a.last[WICK_GW_EV_SESSION_DOWN].status, lies[i].want);
        CHECK_INT(lab.a.seen[WICK_GW_EV_SESSION_UP], 0);
        CHECK_INT(lab.b.seen[WICK_GW_EV_SESSION_UP], 0);
    }
}

/* A node that lies does not end a look-up: the next answer is another's. */
TEST(a_lie_is_not_the_last_word)
{
    for (unsigned i = 0; i < 7; i++) { /* the untrue ones */
        fresh(150 + i);
        REQUIRE(lab_ready(&lab, 60000));
        unsigned asked = lab.a.requests[WICK_GW_REQ_CHAIN_PROOF];
        lab.chain.lie = lies[i].lie;
        REQUIRE_STATUS(wick_stub_node_lookup(&lab.a, "gw-b"), WICK_OK);
        for (unsigned k = 0; k < 2000 && lab.a.requests[WICK_GW_REQ_CHAIN_PROOF] < asked + 2; k++) {
            wick_stub_run(&lab.w, 1, NULL);
        }
        CHECK_INT(lab.a.requests[WICK_GW_REQ_CHAIN_PROOF], asked + 2); /* the first was refused */
        lab.chain.lie = WICK_STUB_HONEST;
        REQUIRE(lab_until(&lab, &lab.a, WICK_GW_EV_PEER_RESOLVED, 5000));
        CHECK_STATUS(lab.a.last[WICK_GW_EV_PEER_RESOLVED].status, WICK_OK);
        CHECK(lab.a.requests[WICK_GW_REQ_CHAIN_PROOF] <= asked + 3);
    }
}

/* handshake-review must 25: four different results. */
TEST(old_truths_are_stale)
{
    fresh(80);
    REQUIRE(lab_ready(&lab, 60000));
    REQUIRE_STATUS(wick_stub_node_lookup(&lab.a, "gw-b"), WICK_OK);
    REQUIRE(lab_until(&lab, &lab.a, WICK_GW_EV_PEER_RESOLVED, 5000));
    CHECK_STATUS(lab.a.last[WICK_GW_EV_PEER_RESOLVED].status, WICK_OK);
    CHECK_INT(lab.a.seen[WICK_GW_EV_SESSION_DOWN], 0); /* a look-up is no session */
    /* 1: a header below the highest one. */
    lab.chain.lie = WICK_STUB_LIE_OLD;
    REQUIRE_STATUS(wick_stub_node_lookup(&lab.a, "gw-b"), WICK_OK);
    REQUIRE(lab_until(&lab, &lab.a, WICK_GW_EV_PEER_RESOLVED, 30000));
    CHECK_STATUS(lab.a.last[WICK_GW_EV_PEER_RESOLVED].status, WICK_E_HEADER_STALE);
    lab.chain.lie = WICK_STUB_HONEST;
    /* 2: the sequence number goes back under a new header (a chain that was rolled back). */
    uint8_t id[32], service[32], slot[32], word[32], zero[32] = {0};
    CHECK_STATUS(wick_name_hash(id, wick_span_text("gw-b")), WICK_OK);
    CHECK_STATUS(wick_name_hash(service, wick_span_text("default")), WICK_OK);
    wick_slot_endpoint(slot, id, service, 0);
    wick_stub_chain_get(&lab.chain, word, 0, slot);
    wick_stub_chain_put(&lab.chain, 0, slot, zero);
    wick_stub_run(&lab.w, 1500, NULL);
    REQUIRE_STATUS(wick_stub_node_lookup(&lab.a, "gw-b"), WICK_OK);
    REQUIRE(lab_until(&lab, &lab.a, WICK_GW_EV_PEER_RESOLVED, 30000));
    CHECK_STATUS(lab.a.last[WICK_GW_EV_PEER_RESOLVED].status, WICK_E_RECORD_STALE);
    wick_stub_chain_put(&lab.chain, 0, slot, word);
    /* 3: a known id is absent. */
    for (unsigned i = 0; i < 2; i++) {
        wick_slot_device(slot, id, i);
        wick_stub_chain_put(&lab.chain, 0, slot, zero);
    }
    wick_stub_run(&lab.w, 1500, NULL);
    REQUIRE_STATUS(wick_stub_node_lookup(&lab.a, "gw-b"), WICK_OK);
    REQUIRE(lab_until(&lab, &lab.a, WICK_GW_EV_PEER_RESOLVED, 30000));
    CHECK_STATUS(lab.a.last[WICK_GW_EV_PEER_RESOLVED].status, WICK_E_RECORD_REVOKED);
    /* 4: an unknown id is absent. */
    REQUIRE_STATUS(wick_stub_node_lookup(&lab.a, "nobody"), WICK_OK);
    REQUIRE(lab_until(&lab, &lab.a, WICK_GW_EV_PEER_RESOLVED, 30000));
    CHECK_STATUS(lab.a.last[WICK_GW_EV_PEER_RESOLVED].status, WICK_E_RECORD_ABSENT);
}

/* The marks outlive a restart through the store, and a torn write of them. */
TEST(marks_survive_a_restart)
{
    fresh(81);
    wick_stub_chain_remember(&lab.chain);
    REQUIRE(lab_ready(&lab, 60000));
    wick_stub_node_kill(&lab.a);
    lab.chain.lie = WICK_STUB_LIE_OLD;
    REQUIRE_STATUS(wick_stub_node_begin(&lab.a, 0), WICK_OK);
    REQUIRE_STATUS(wick_stub_node_lookup(&lab.a, "gw-b"), WICK_OK);
    REQUIRE(lab_until(&lab, &lab.a, WICK_GW_EV_PEER_RESOLVED, 30000));
    CHECK_STATUS(lab.a.last[WICK_GW_EV_PEER_RESOLVED].status, WICK_E_HEADER_STALE);
    wick_stub_node_kill(&lab.a);
    /* Without its store it would believe: the store is what protects here. */
    lab.a.cfg.store = NULL;
    REQUIRE_STATUS(wick_stub_node_begin(&lab.a, 0), WICK_OK);
    REQUIRE_STATUS(wick_stub_node_lookup(&lab.a, "gw-b"), WICK_OK);
    REQUIRE(lab_until(&lab, &lab.a, WICK_GW_EV_PEER_RESOLVED, 30000));
    CHECK_STATUS(lab.a.last[WICK_GW_EV_PEER_RESOLVED].status, WICK_E_RECORD_ABSENT);
}

TEST(power_cuts_of_the_store)
{
    static const wick_stub_fault faults[] = {WICK_STUB_FAULT_BEFORE, WICK_STUB_FAULT_TORN,
                                             WICK_STUB_FAULT_AFTER};
    for (unsigned i = 0; i < 3; i++) {
        fresh(82);
        REQUIRE(lab_ready(&lab, 60000));
        lab.a.store_mem.fault = faults[i];
        REQUIRE_STATUS(wick_stub_node_lookup(&lab.a, "gw-b"), WICK_OK);
        REQUIRE(lab_until(&lab, &lab.a, WICK_GW_EV_PEER_RESOLVED, 30000));
        wick_stub_run(&lab.w, 100, NULL);
        CHECK(lab.a.store_mem.dead);
        wick_stub_node_kill(&lab.a);
        wick_stub_store_power_on(&lab.a.store_mem);
        REQUIRE_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_SERVE), WICK_OK);
        CHECK(wick_stub_run(&lab.w, 60000, &lab.a.ready));
    }
}

TEST(store_of_a_newer_version_is_not_touched)
{
    uint8_t value = 9, version = 0, back[64];
    wick_buf b = wick_buf_make(back, sizeof back);
    fresh(83);
    CHECK_STATUS(lab.a.store.put(lab.a.store.ctx, WICK_STORE_KEY(5, 0), 200,
                                 wick_span_make(&value, 1)),
                 WICK_OK);
    CHECK_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_SERVE), WICK_E_STORE_VERSION);
    CHECK_STATUS(lab.a.store.get(lab.a.store.ctx, WICK_STORE_KEY(5, 0), &version, &b), WICK_OK);
    CHECK_INT(version, 200);
}

/* ------------------------------------------------------------------ peers */

static wick_status looked_up(const char *ref)
{
    wick_status s = wick_stub_node_lookup(&lab.a, ref);
    if (s != WICK_OK) {
        return s;
    }
    CHECK(lab_until(&lab, &lab.a, WICK_GW_EV_PEER_RESOLVED, 60000));
    return lab.a.last[WICK_GW_EV_PEER_RESOLVED].status;
}

TEST(peers_that_cannot_be_reached)
{
    const uint64_t now = WICK_STUB_UNIX_BASE, later = now + 1000000;
    fresh(90);
    put_device("revoked", 1, 2, later, WICK_DEVICE_FLAG_REVOKED);
    put_device("expired", 1, 1, now - 5, 0);
    put_device("silent", 1, 1, later, 0);
    put_device("old", 1, 1, later, 0);
    put_endpoint("old", 1, now - 5, WICK_ENDPOINT_RELAY);
    put_device("direct", 1, 1, later, 0);
    put_endpoint("direct", 1, later, WICK_ENDPOINT_DIRECT);
    put_device("good", 1, 1, later, 0);
    put_endpoint("good", 4, later, WICK_ENDPOINT_RELAY);
    wick_stub_run(&lab.w, 1500, NULL);
    REQUIRE_STATUS(wick_stub_node_begin(&lab.a, 0), WICK_OK);
    CHECK_STATUS(looked_up("nobody"), WICK_E_RECORD_ABSENT);
    CHECK_STATUS(looked_up("revoked"), WICK_E_RECORD_REVOKED);
    CHECK_STATUS(looked_up("expired"), WICK_E_RECORD_EXPIRED);
    CHECK_STATUS(looked_up("silent"), WICK_E_NO_ENDPOINT);
    CHECK_STATUS(looked_up("old"), WICK_E_RECORD_EXPIRED);
    CHECK_STATUS(looked_up("direct"), WICK_E_NO_ENDPOINT); /* no attestor has reached it */
    CHECK_STATUS(looked_up("good/other"), WICK_E_NO_ENDPOINT);
    CHECK_STATUS(looked_up("good"), WICK_OK);
    CHECK_STATUS(looked_up("good/default@lab"), WICK_OK);
    CHECK_INT(lab.a.last[WICK_GW_EV_PEER_RESOLVED].seq, 4);
    CHECK_INT(lab.a.last[WICK_GW_EV_PEER_RESOLVED].tier, WICK_TIER_OWN_NODE);
    CHECK_STATUS(looked_up("good@elsewhere"), WICK_E_CONFIG);
    CHECK_STATUS(looked_up("Good"), WICK_E_NAME);
    CHECK_STATUS(looked_up("good/"), WICK_E_NAME);
    CHECK_STATUS(looked_up(""), WICK_E_NAME);
    /* More at once than there is room for. */
    for (unsigned i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        CHECK_STATUS(wick_stub_node_lookup(&lab.a, "good"), WICK_OK);
    }
    CHECK_STATUS(wick_stub_node_lookup(&lab.a, "good"), WICK_E_LIMIT);
    unsigned before = lab.a.seen[WICK_GW_EV_PEER_RESOLVED];
    wick_stub_run(&lab.w, 5000, NULL);
    CHECK_INT(lab.a.seen[WICK_GW_EV_PEER_RESOLVED] - before, WICK_GW_SESSIONS_MAX);
}

/* A point that is not on the curve never becomes a peer's key. */
TEST(key_off_the_curve)
{
    uint8_t id[32], slot[32], word[32];
    fresh(91);
    put_device("off", 1, 1, WICK_STUB_UNIX_BASE + 1000000, 0);
    put_endpoint("off", 1, WICK_STUB_UNIX_BASE + 1000000, WICK_ENDPOINT_RELAY);
    CHECK_STATUS(wick_name_hash(id, wick_span_text("off")), WICK_OK);
    wick_slot_device(slot, id, 1);
    memset(word, 0, 32);
    word[31] = 5; /* x = 5 has no y on secp256k1 */
    wick_stub_chain_put(&lab.chain, 0, slot, word);
    wick_stub_run(&lab.w, 1500, NULL);
    REQUIRE_STATUS(wick_stub_node_begin(&lab.a, 0), WICK_OK);
    CHECK_STATUS(looked_up("off"), WICK_E_BAD_KEY);
}

TEST(pinned_block)
{
    fresh(92);
    put_device("good", 1, 1, WICK_STUB_UNIX_BASE + 1000000, 0);
    put_endpoint("good", 4, WICK_STUB_UNIX_BASE + 1000000, WICK_ENDPOINT_RELAY);
    wick_stub_run(&lab.w, 1500, NULL);
    wick_stub_chain_remember(&lab.chain);
    lab.chain.lie = WICK_STUB_LIE_OLD; /* serves the remembered block for ever */
    lab.a.registry.tier = WICK_TIER_PINNED;
    memcpy(lab.a.registry.pinned_hash, lab.chain.old.hash, 32);
    wick_stub_run(&lab.w, 3600000, NULL);
    REQUIRE_STATUS(wick_stub_node_begin(&lab.a, 0), WICK_OK);
    CHECK_STATUS(looked_up("good"), WICK_OK);
    CHECK_INT(lab.a.last[WICK_GW_EV_PEER_RESOLVED].tier, WICK_TIER_PINNED);
    wick_stub_node_kill(&lab.a);
    lab.a.registry.pinned_hash[3] ^= 1;
    REQUIRE_STATUS(wick_stub_node_begin(&lab.a, 0), WICK_OK);
    CHECK_STATUS(looked_up("good"), WICK_E_HEADER_HASH);
}

/* A pinned block cannot show the result of a transaction: nothing is sent. */
TEST(no_writing_on_a_pinned_chain)
{
    fresh(93);
    wick_stub_chain_remember(&lab.chain);
    lab.a.registry.tier = WICK_TIER_PINNED;
    memcpy(lab.a.registry.pinned_hash, lab.chain.old.hash, 32);
    lab.chain.lie = WICK_STUB_LIE_OLD;
    CHECK_STATUS(registered(60000)->status, WICK_E_UNSUPPORTED);
    CHECK_INT(lab.a.requests[WICK_GW_REQ_CHAIN_SEND], 0);
}

TEST(headers_too_old_or_of_another_time)
{
    fresh(94);
    lab.chain.block_ms = 100000000; /* the chain halts */
    wick_stub_run(&lab.w, 2000, NULL);
    wick_stub_run(&lab.w, 1000000, NULL);
    CHECK_STATUS(registered(120000)->status, WICK_E_HEADER_STALE);
    wick_stub_run(&lab.w, 60000, NULL);
    CHECK_INT(lab.a.seen[WICK_GW_EV_TRUST_STALE], 1); /* told once */
    /* Without a clock its age cannot be told; the header's own time is the clock then. */
    wick_stub_node_kill(&lab.a);
    lab.w.no_clock = true;
    REQUIRE_STATUS(wick_stub_node_begin(&lab.a, 0), WICK_OK);
    CHECK_STATUS(looked_up("nobody"), WICK_E_RECORD_ABSENT);
}

/* ------------------------------------------------------------------ answers out of place */

TEST(late_and_foreign_answers)
{
    uint8_t bytes[64] = {0};
    wick_gateway_voucher_answer v;
    memset(&v, 0, sizeof v);
    fresh(95);
    REQUIRE(lab_ready(&lab, 60000));
    wick_gateway *gw = &lab.a.gw;
    wick_span s = wick_span_make(bytes, 32);
    for (uint32_t id = 0; id < 40; id++) { /* all of them answered already, or never asked */
        CHECK_STATUS(wick_gateway_header(gw, s, bytes, lab.w.now_ms, id), WICK_E_STATE);
        CHECK_STATUS(wick_gateway_proof_node(gw, s, lab.w.now_ms, id, 0), WICK_E_STATE);
        CHECK_STATUS(wick_gateway_proof_end(gw, lab.w.now_ms, id, WICK_OK), WICK_E_STATE);
        CHECK_STATUS(wick_gateway_fees(gw, lab.w.now_ms, id, 1, 1), WICK_E_STATE);
        CHECK_STATUS(wick_gateway_sent(gw, s, lab.w.now_ms, id, WICK_OK), WICK_E_STATE);
        CHECK_STATUS(wick_gateway_voucher(gw, &v, lab.w.now_ms, id), WICK_E_STATE);
        CHECK_STATUS(wick_gateway_possession(gw, bytes, bytes, id), WICK_E_STATE);
        CHECK_STATUS(wick_gateway_funded(gw, lab.w.now_ms, id), WICK_E_STATE);
        CHECK_STATUS(wick_gateway_relay(gw, "u", "p", 0, lab.w.now_ms, id), WICK_E_STATE);
        CHECK_STATUS(wick_gateway_failed(gw, lab.w.now_ms, id, WICK_E_NET), WICK_E_STATE);
    }
    CHECK_STATUS(wick_gateway_failed(gw, lab.w.now_ms, 1, WICK_OK), WICK_E_BAD_ARG);
    uint8_t session = 0;
    REQUIRE(lab_connect(&lab, &session, 10000));
    CHECK(lab_echo(&lab, session, "still", 5000));
}

/* Parts of a proof out of order, for parts that were not asked for, or before the header. */
TEST(parts_out_of_order)
{
    wick_gateway_out o;
    uint8_t node[40] = {0};
    static wick_stub_proof p;
    fresh(96);
    wick_gateway_config cfg = {.crypto = &lab.a.crypto,
                               .entropy = &lab.a.entropy,
                               .keystore = &lab.a.keystore,
                               .clock = &lab.a.clock,
                               .name = "gw-a",
                               .wallet_key = lab.a.cfg.wallet_key,
                               .device_key = lab.a.cfg.device_key,
                               .registries = &lab.a.registry,
                               .registry_count = 1,
                               .has_wallet_manager = true};
    REQUIRE_STATUS(wick_gateway_init(&lab.a.gw, &cfg), WICK_OK);
    REQUIRE_STATUS(wick_gateway_start(&lab.a.gw, 0, WICK_GW_GOAL_REGISTER), WICK_OK);
    wick_gateway_poll(&lab.a.gw, &o, 0);
    REQUIRE(o.kind == WICK_GW_OUT_REQUEST && o.request.kind == WICK_GW_REQ_CHAIN_PROOF);
    uint32_t id = o.request.id;
    wick_span n = wick_span_make(node, sizeof node);
    CHECK_STATUS(wick_gateway_proof_node(&lab.a.gw, n, 0, id, -1), WICK_E_STATE); /* no header */
    wick_stub_chain_proof(&lab.chain, &p, o.request.account, o.request.slots,
                          o.request.slot_count);
    wick_span h = wick_span_make(p.header, p.header_len);
    CHECK_STATUS(wick_gateway_header(&lab.a.gw, h, p.hash, 0, id), WICK_OK);
    CHECK_STATUS(wick_gateway_header(&lab.a.gw, h, p.hash, 0, id), WICK_E_STATE); /* twice */
    CHECK_STATUS(wick_gateway_proof_node(&lab.a.gw, n, 0, id, 2 + WICK_GW_WORDS), WICK_E_STATE);
    CHECK_STATUS(wick_gateway_proof_node(&lab.a.gw, n, 0, id, -2), WICK_E_STATE);
    CHECK_STATUS(wick_gateway_proof_node(&lab.a.gw, n, 0, id, 1), WICK_E_PROOF_INCOMPLETE);
    CHECK_STATUS(wick_gateway_proof_end(&lab.a.gw, 0, id, WICK_OK), WICK_E_STATE); /* it failed */
}

TEST(no_randomness_no_session)
{
    fresh(97);
    lab.w.entropy_fails = true;
    CHECK_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_SERVE), WICK_E_ENTROPY);
    lab.w.entropy_fails = false;
    CHECK_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_SERVE), WICK_OK);
}

TAP_MAIN("sim.gateway_chain", CASE(malformed_names_are_refused), CASE(one_key_for_both_is_refused),
         CASE(bad_configuration), CASE(name_of_somebody_else), CASE(own_record_revoked), CASE(own_record_undone),
         CASE(own_sequence_number_undone),
         CASE(name_taken_in_between), CASE(contract_not_there), CASE(no_wallet_manager),
         CASE(vouchers_that_are_not_the_managers),
         CASE(vouchers_of_another_epoch_are_asked_for_again), CASE(unfunded_wallet),
         CASE(gas_price_beyond_the_limit), CASE(transaction_is_swallowed), CASE(transaction_is_replaced),
         CASE(replacement_stays_below_the_limit),
         CASE(transaction_is_reverted), CASE(each_lie_at_registration),
         CASE(each_lie_at_a_look_up),
         CASE(a_lie_is_not_the_last_word), CASE(old_truths_are_stale), CASE(marks_survive_a_restart),
         CASE(power_cuts_of_the_store), CASE(store_of_a_newer_version_is_not_touched),
         CASE(peers_that_cannot_be_reached), CASE(key_off_the_curve), CASE(pinned_block),
         CASE(no_writing_on_a_pinned_chain), CASE(headers_too_old_or_of_another_time),
         CASE(late_and_foreign_answers), CASE(parts_out_of_order), CASE(no_randomness_no_session))
