/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A light client over real sockets: its own node, a quorum of nodes of which one lies or is dead, and
 * what comes of answers that are no headers.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http_world.h"
#include "seal_world.h"
#include "tap.h"
#include "wick/header.h"
#include "wick/port/crypto.h"
#include "wick/port/light_driver.h"

#define CHAIN 31337u

static wick_light light;
static wick_light_driver ld;
static wick_rpc_pool pool;
static wick_quorum quorum;
static wick_hal_crypto crypto;
static wick_crypto_ctx cc;
static uint64_t now;
static unsigned head_number;
static unsigned salt[WORLD_SERVERS]; /* a node with another salt has other blocks */
static bool wrong_hash[WORLD_SERVERS];
static int lead[WORLD_SERVERS]; /* newest block of a node before, or behind, the others' */
static uint32_t operators[WORLD_SERVERS] = {1, 2, 3, 4};

static wick_status unix_s(void *ctx, uint64_t *out)
{
    (void)ctx;
    *out = 1700000000u + now / 1000;
    return WICK_OK;
}

static const wick_hal_clock test_clock = {NULL, NULL, unix_s};

/* JSON of block `n`, with its hash. */
static void block_json(char *out, size_t cap, unsigned n, unsigned with, bool wrong)
{
    static uint64_t arena[40000 / 8];
    char text[4000], zero[65], bloom[513], hash[65];
    wick_eth_block block;
    uint8_t rlp[WICK_HEADER_MAX], h[32];
    const wick_json *root;
    memset(zero, '0', 64);
    zero[64] = '\0';
    memset(bloom, '0', 512);
    bloom[512] = '\0';
    memcpy(hash, zero, 65);
    for (int round = 0; round < 2; round++) {
        (void)snprintf(text, sizeof text,
                       "{\"hash\":\"0x%s\",\"parentHash\":\"0x%s\",\"sha3Uncles\":\"0x%s\","
                       "\"miner\":\"0x%.40s\",\"stateRoot\":\"0x%s\",\"transactionsRoot\":\"0x%s\","
                       "\"receiptsRoot\":\"0x%s\",\"logsBloom\":\"0x%s\",\"difficulty\":\"0x%x\","
                       "\"number\":\"0x%x\",\"gasLimit\":\"0x1\",\"gasUsed\":\"0x0\","
                       "\"timestamp\":\"0x%x\",\"extraData\":\"0x\",\"mixHash\":\"0x%s\","
                       "\"nonce\":\"0x0000000000000000\"}",
                       hash, zero, zero, zero, zero, zero, zero, bloom, with, n, 1700000000u + n,
                       zero);
        wick_buf header = wick_buf_make(rlp, sizeof rlp);
        CHECK_STATUS(wick_json_parse(&root, (uint8_t *)arena, sizeof arena, wick_span_text(text)),
                     WICK_OK);
        CHECK_STATUS(wick_eth_json_header(&block, &header, root), WICK_OK);
        wick_header_hash(h, wick_buf_span(&header));
        h[0] ^= wrong ? 1u : 0u;
        wick_hex_encode(hash, h, 32);
        hash[64] = '\0';
    }
    (void)snprintf(out, cap, "%s", text);
}

static int node(world_server *s, const char *head, const char *body, char *out)
{
    char block[4000], text[4200];
    size_t i = (size_t)(s - world);
    (void)head;
    if (strstr(body, "eth_chainId") != NULL) {
        (void)snprintf(text, sizeof text, "{\"jsonrpc\":\"2.0\",\"id\":%u,\"result\":\"0x7a69\"}",
                       world_id(body, 0));
        return world_json(out, text);
    }
    const char *p = strstr(body, "\"params\":[\"0x");
    unsigned newest = head_number + (unsigned)lead[i];
    unsigned n = p != NULL ? (unsigned)strtoul(p + 13, NULL, 16) : newest;
    if (p != NULL && n > newest - (lead[i] > 0 ? (unsigned)lead[i] : 0)) {
        (void)snprintf(block, sizeof block, "null");
    } else {
        block_json(block, sizeof block, n, salt[i], wrong_hash[i]);
    }
    (void)snprintf(text, sizeof text, "{\"jsonrpc\":\"2.0\",\"id\":%u,\"result\":%s}",
                   world_id(body, 0), block);
    return world_json(out, text);
}

static int html(world_server *s, const char *head, const char *body, char *out)
{
    (void)s, (void)head, (void)body;
    return world_json(out, "<html>");
}

static uint32_t timeout_ms = 500;
static wick_rpc_pool twins[WORLD_SERVERS];

static bool setup(wick_light_rule rule, uint8_t count)
{
    static char url[WORLD_SERVERS][64];
    wick_rpc_endpoint e[WORLD_SERVERS];
    wick_rpc_pool_config p = {&world_hn, NULL, CHAIN, e, count, 0};
    wick_light_config c;
    bool up = world_open();
    memset(e, 0, sizeof e);
    memset(&c, 0, sizeof c);
    for (unsigned i = 0; i < WORLD_SERVERS; i++) {
        world_url(url[i], i, "/");
        world[i].answer = node;
        salt[i] = 0;
        wrong_hash[i] = false;
        lead[i] = 0;
        e[i].url = url[i];
        e[i].operator_id = operators[i];
        e[i].timeout_ms = timeout_ms;
        world[i].delay = 0;
    }
    now = 100000;
    head_number = 20;
    CHECK_STATUS(wick_crypto_init(&crypto, &cc), WICK_OK);
    CHECK_STATUS(wick_rpc_pool_init(&pool, &p), WICK_OK);
    if (rule == WICK_LIGHT_QUORUM) {
        wick_rpc_pool_twin(&pool, twins, count);
    }
    c.chain_id = CHAIN;
    c.rule = rule;
    c.crypto = &crypto;
    c.clock = &test_clock;
    c.poll_ms = 500;
    c.sources = count;
    c.operators = operators;
    c.quorum_state = &quorum;
    CHECK_STATUS(wick_light_init(&light, &c), WICK_OK);
    CHECK_STATUS(wick_light_start(&light, now), WICK_OK);
    wick_light_driver_init(&ld, &light, &pool, NULL);
    return up;
}

/* Runs until an event of that kind, or for a while. */
static bool until(wick_light_event *ev, wick_light_event_kind kind)
{
    for (int i = 0; i < 4000; i++) {
        while (wick_light_driver_step(&ld, ev, now)) {
            if (ev->kind == kind) {
                return true;
            }
        }
        world_run();
        now += 5;
        (void)poll(NULL, 0, i % 16 == 0 ? 1 : 0); /* the kernel moves the bytes */
    }
    return false;
}

static void teardown(void)
{
    wick_light_driver_cancel(&ld);
    world_close();
}

TEST(own_node)
{
    wick_light_event ev;
    wick_trusted_header th;
    REQUIRE(setup(WICK_LIGHT_OWN_NODE, 1));
    REQUIRE(until(&ev, WICK_LIGHT_EV_HEAD));
    CHECK_INT(ev.number, 20);
    CHECK_STATUS(wick_light_head(&light, &th, NULL, now, WICK_TIER_OWN_NODE), WICK_OK);
    CHECK_INT(th.number, 20);
    head_number = 23;
    REQUIRE(until(&ev, WICK_LIGHT_EV_HEAD));
    CHECK_INT(ev.number, 23);
    CHECK(pool.holder == NULL);
    teardown();
}

TEST(a_node_whose_header_does_not_hash)
{
    wick_light_event ev;
    REQUIRE(setup(WICK_LIGHT_OWN_NODE, 2));
    wrong_hash[0] = true;
    REQUIRE(until(&ev, WICK_LIGHT_EV_HEAD));
    CHECK_INT(ev.number, 20);
    CHECK_INT(pool.source[0].health.untrue, 1); /* the other one served */
    CHECK(world[1].requests != 0);
    teardown();
}

TEST(quorum_with_a_liar)
{
    wick_light_event ev;
    REQUIRE(setup(WICK_LIGHT_QUORUM, 3));
    salt[1] = 7; /* other blocks, each with its right hash */
    REQUIRE(until(&ev, WICK_LIGHT_EV_HEAD));
    CHECK_INT(ev.tier, WICK_TIER_QUORUM);
    CHECK_INT(ev.number, 20);
    teardown();
}

TEST(quorum_with_a_dead_node)
{
    wick_light_event ev;
    REQUIRE(setup(WICK_LIGHT_QUORUM, 3));
    world_leave(2);
    REQUIRE(until(&ev, WICK_LIGHT_EV_HEAD));
    CHECK_INT(ev.number, 20);
    teardown();
}

/* One who answers each request after 4.9 s does not make the others' agreement older than theirs is, on a
 * chain with a block a second. */
TEST(quorum_with_a_slow_node)
{
    for (uint8_t who = 0; who < 3; who++) {
        wick_light_event ev;
        uint64_t worst = 0;
        timeout_ms = 6000;
        bool up = setup(WICK_LIGHT_QUORUM, 3);
        timeout_ms = 500;
        REQUIRE(up);
        world[who].delay = 980; /* of 5 ms */
        uint64_t begun = now, head = 0;
        for (int i = 0; i < 6000; i++) {
            head_number = 20 + (unsigned)((now - begun) / 1000);
            while (wick_light_driver_step(&ld, &ev, now)) {
                head = ev.kind == WICK_LIGHT_EV_HEAD ? ev.number : head;
            }
            if (now - begun > 5000) {
                worst = head_number - head > worst ? head_number - head : worst;
            }
            world_run();
            now += 5;
            (void)poll(NULL, 0, i % 16 == 0 ? 1 : 0);
        }
        CHECK(worst <= 4);
        CHECK_STATUS(wick_light_trouble(&light, NULL), WICK_OK);
        teardown();
    }
}

/* Heads are a block apart, and one claims blocks that nobody has: agreement on a block that two have. */
TEST(quorum_of_nodes_a_block_apart)
{
    wick_light_event ev;
    REQUIRE(setup(WICK_LIGHT_QUORUM, 3));
    lead[0] = 100;
    salt[0] = 9; /* and what it has is of another chain */
    lead[2] = -1;
    for (int i = 0; i < 8; i++) {
        head_number++;
        REQUIRE(until(&ev, WICK_LIGHT_EV_HEAD));
        CHECK(ev.number + 2 >= head_number);
    }
    teardown();
}

TEST(no_quorum_no_head)
{
    wick_light_event ev;
    REQUIRE(setup(WICK_LIGHT_QUORUM, 3));
    salt[0] = 5;
    salt[1] = 7;
    CHECK(!until(&ev, WICK_LIGHT_EV_HEAD));
    teardown();
}

TEST(answers_that_are_no_headers)
{
    wick_light_event ev;
    REQUIRE(setup(WICK_LIGHT_OWN_NODE, 1));
    world[0].answer = html;
    CHECK(!until(&ev, WICK_LIGHT_EV_HEAD));
    CHECK(pool.source[0].health.failed != 0);
    world[0].answer = node;
    now += 120000; /* its pauses are over, and the light client's */
    REQUIRE(until(&ev, WICK_LIGHT_EV_HEAD));
    teardown();
}

static int refuses(world_server *s, const char *head, const char *body, char *out)
{
    if (strstr(body, "eth_chainId") != NULL) {
        return node(s, head, body, out);
    }
    return world_error(out, body, -32000, "no");
}

TEST(what_one_node_refuses_another_gives)
{
    wick_light_event ev;
    REQUIRE(setup(WICK_LIGHT_OWN_NODE, 2));
    world[0].answer = refuses;
    REQUIRE(until(&ev, WICK_LIGHT_EV_HEAD));
    CHECK_INT(light.failures, 0);
    CHECK_INT(world[0].requests, 2);
    CHECK_INT(pool.source[0].health.useless, 1);
    teardown();
}

/* A ban runs out although the light client asks all the while. */
TEST(who_was_not_asked_is_not_blamed)
{
    wick_light_event ev;
    REQUIRE(setup(WICK_LIGHT_OWN_NODE, 1));
    wrong_hash[0] = true;
    CHECK(!until(&ev, WICK_LIGHT_EV_HEAD));
    CHECK_INT(pool.source[0].health.untrue, 1);
    CHECK_INT(pool.source[0].health.bans, 1);
    teardown();
}

/* ---- a chain of Clique ---- */

#define BLOCKS 9u
#define FORK 3u /* first block that differs */

static struct sealed blocks[2][BLOCKS];
static unsigned branch, newest; /* what the node has */

static void make_blocks(void)
{
    for (unsigned b = 0; b < 2; b++) {
        for (unsigned n = 0; n < BLOCKS; n++) {
            struct spec s = world_spec(WICK_SEAL_CLIQUE, n, 0, n != 0 ? &blocks[b][n - 1] : NULL);
            s.proposer = (int)(n % 3);
            s.difficulty = 2;
            s.list_signers = n == 0;
            for (int i = 0; n == 0 && i < 3; i++) {
                s.set[s.set_len++] = i;
            }
            s.salt = n >= FORK ? (uint8_t)b : 0;
            world_make(&blocks[b][n], &s);
        }
    }
}

static size_t sealed_json(char *out, const struct sealed *block)
{
    char hex[2 * WICK_HEADER_MAX + 1];
    wick_header h;
    wick_hex_encode(hex, block->hash, 32);
    size_t n = (size_t)sprintf(out, "{\"hash\":\"0x%.64s\"", hex);
    CHECK_STATUS(wick_header_decode(&h, sealed_span(block)), WICK_OK);
    for (size_t i = 0; i < h.fields; i++) {
        size_t len = 2 * h.field[i].len, skip = 0;
        wick_hex_encode(hex, h.field[i].ptr, h.field[i].len);
        if (wick_header_field_is_integer(i)) {
            skip = len != 0 && hex[0] == '0' ? 1 : 0;
            len = len != 0 ? len : (size_t)sprintf(hex, "0");
        }
        n += (size_t)sprintf(out + n, ",\"%s\":\"0x%.*s\"", wick_header_field_name(i),
                             (int)(len - skip), hex + skip);
    }
    return n + (size_t)sprintf(out + n, "}");
}

static const struct sealed *sealed_of(const char *params)
{
    const char *p = strstr(params, "\"0x");
    const char *latest = strstr(params, "latest");
    if (latest != NULL && (p == NULL || latest < p)) {
        return &blocks[branch][newest];
    }
    for (unsigned n = 0; p != NULL && n <= newest; n++) {
        char hex[65];
        wick_hex_encode(hex, blocks[branch][n].hash, 32);
        bool same = strspn(p + 3, "0123456789abcdef") == 64 ? memcmp(p + 3, hex, 64) == 0
                                                             : strtoul(p + 3, NULL, 16) == n;
        if (same) {
            return &blocks[branch][n];
        }
    }
    return NULL;
}

static int sealed_node(world_server *s, const char *head, const char *body, char *out)
{
    static char text[WORLD_ANSWER / 2];
    size_t n = 0;
    const char *p = body;
    if (strstr(body, "eth_chainId") != NULL) {
        return node(s, head, body, out);
    }
    if (body[0] == '[') {
        text[n++] = '[';
    }
    for (unsigned i = 0; (p = strstr(p, "\"params\"")) != NULL; i++, p++) {
        const struct sealed *block = sealed_of(p);
        n += (size_t)sprintf(text + n, "%s{\"jsonrpc\":\"2.0\",\"id\":%u,\"result\":",
                             i != 0 ? "," : "", world_id(body, i));
        n += block != NULL ? sealed_json(text + n, block) : (size_t)sprintf(text + n, "null");
        text[n++] = '}';
    }
    if (body[0] == '[') {
        text[n++] = ']';
    }
    text[n] = '\0';
    return world_json(out, text);
}

/* A light client of that chain, whose nodes all have the first branch. */
static bool clique_of(wick_light_clique *clique, uint8_t nodes)
{
    wick_light_config c;
    if (!setup(WICK_LIGHT_OWN_NODE, nodes)) {
        return false;
    }
    make_blocks();
    for (unsigned i = 0; i < WORLD_SERVERS; i++) {
        world[i].answer = sealed_node;
    }
    branch = 0;
    memset(&c, 0, sizeof c);
    c.chain_id = WORLD_CHAIN;
    c.rule = WICK_LIGHT_CLIQUE;
    memcpy(c.trusted_hash, blocks[0][0].hash, 32);
    c.epoch = 100;
    c.period_s = WORLD_PERIOD;
    c.crypto = &crypto;
    c.clock = &test_clock;
    c.poll_ms = 500;
    c.clique = clique;
    CHECK_STATUS(wick_light_init(&light, &c), WICK_OK);
    CHECK_STATUS(wick_light_start(&light, now), WICK_OK);
    return true;
}

/* The light client ends an answer where it leaves the chain, and follows the branch from further back;
 * blocks of the batch are left over then. */
TEST(clique_reorganisation)
{
    static wick_light_clique clique;
    wick_light_event ev;
    REQUIRE(clique_of(&clique, 1));
    newest = 5;
    REQUIRE(until(&ev, WICK_LIGHT_EV_SYNCED));
    CHECK_INT(clique.now.number, 5);
    branch = 1;
    newest = BLOCKS - 1;
    REQUIRE(until(&ev, WICK_LIGHT_EV_REORG));
    CHECK_INT(ev.number, FORK - 1);
    REQUIRE(until(&ev, WICK_LIGHT_EV_HEAD));
    CHECK_INT(clique.now.number, BLOCKS - 1);
    teardown();
}

static int no_batches(world_server *s, const char *head, const char *body, char *out)
{
    return body[0] == '[' ? refuses(s, head, body, out) : sealed_node(s, head, body, out);
}

/* That one endpoint takes no batches is no reason to ask the others one by one. */
TEST(batches_are_a_matter_of_the_endpoint)
{
    static wick_light_clique clique;
    wick_light_event ev;
    REQUIRE(clique_of(&clique, 2));
    world[0].answer = no_batches;
    newest = 5;
    REQUIRE(until(&ev, WICK_LIGHT_EV_SYNCED));
    CHECK_INT(clique.now.number, 5);
    CHECK(pool.source[0].no_batch);
    /* The other one is asked for the rest, in one. */
    unsigned before = world[1].requests;
    world_leave(0);
    newest = BLOCKS - 1;
    REQUIRE(until(&ev, WICK_LIGHT_EV_HEAD));
    CHECK(!pool.source[1].no_batch);
    CHECK(world[1].requests - before <= 6); /* chain id, newest, a batch, the head, polls */
    CHECK(!pool.source[0].no_batch); /* another machine may stand there next */
    teardown();
}

static int claims_more(world_server *s, const char *head, const char *body, char *out)
{
    static const struct sealed *last = &blocks[0][BLOCKS - 1];
    static char text[4000];
    if (strstr(body, "latest") == NULL || strstr(body, "eth_getBlockByNumber") == NULL) {
        return sealed_node(s, head, body, out);
    }
    size_t n = (size_t)sprintf(text, "{\"jsonrpc\":\"2.0\",\"id\":%u,\"result\":", world_id(body, 0));
    n += sealed_json(text + n, last);
    text[n++] = '}';
    text[n] = '\0';
    return world_json(out, text);
}

/* One claims a block that it has not: the others' newest is followed, and nobody waits for it. */
TEST(a_newest_block_that_nobody_has)
{
    static wick_light_clique clique;
    wick_light_event ev;
    REQUIRE(clique_of(&clique, 2));
    world[0].answer = claims_more;
    newest = 5;
    REQUIRE(until(&ev, WICK_LIGHT_EV_SYNCED));
    CHECK_INT(clique.now.number, 5);
    CHECK(pool.source[0].health.failed != 0);
    teardown();
}

TAP_MAIN("unit.light_driver", CASE(own_node), CASE(a_node_whose_header_does_not_hash),
         CASE(quorum_with_a_liar), CASE(quorum_with_a_dead_node),
         CASE(quorum_with_a_slow_node), CASE(quorum_of_nodes_a_block_apart),
         CASE(no_quorum_no_head), CASE(answers_that_are_no_headers),
         CASE(what_one_node_refuses_another_gives),
         CASE(who_was_not_asked_is_not_blamed),
         CASE(clique_reorganisation), CASE(batches_are_a_matter_of_the_endpoint),
         CASE(a_newest_block_that_nobody_has))
