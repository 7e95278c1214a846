/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several endpoints behind one client: the dead, the slow, the limited and the lying ones cost a
 * request nothing but time; batches whose answers are cut, repeated or reordered.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "http_world.h"
#include "tap.h"
#include "wick/port/rpc_pool.h"

#define CHAIN 31337u

static wick_rpc_pool pool;
static uint64_t now;
static uint64_t number[WORLD_SERVERS]; /* what eth_blockNumber gives */
static uint64_t chain[WORLD_SERVERS];

static int honest(world_server *s, const char *head, const char *body, char *out)
{
    char text[200];
    size_t i = (size_t)(s - world);
    (void)head;
    if (strstr(body, "eth_chainId") != NULL) {
        (void)snprintf(text, sizeof text, "{\"jsonrpc\":\"2.0\",\"id\":%u,\"result\":\"0x%llx\"}",
                       world_id(body, 0), (unsigned long long)chain[i]);
    } else {
        (void)snprintf(text, sizeof text, "{\"jsonrpc\":\"2.0\",\"id\":%u,\"result\":\"0x%llx\"}",
                       world_id(body, 0), (unsigned long long)number[i]);
    }
    return world_json(out, text);
}

static int silent(world_server *s, const char *head, const char *body, char *out)
{
    (void)s, (void)head, (void)body, (void)out;
    return 0;
}

static int hangs_up(world_server *s, const char *head, const char *body, char *out)
{
    (void)s, (void)head, (void)body, (void)out;
    return -1;
}

static int limited(world_server *s, const char *head, const char *body, char *out)
{
    (void)s, (void)head, (void)body;
    return world_reply(out, "429 Too Many Requests", "Retry-After: 7\r\n", "", 0);
}

/* Limits by an error object (EIP-1474), after it has named its chain. */
static int limited_inside(world_server *s, const char *head, const char *body, char *out)
{
    if (strstr(body, "eth_chainId") != NULL) {
        return honest(s, head, body, out);
    }
    return world_error(out, body, -32005, "x");
}

static int error_code; /* of refuses() */

static int refuses(world_server *s, const char *head, const char *body, char *out)
{
    if (strstr(body, "eth_chainId") != NULL) {
        return honest(s, head, body, out);
    }
    return world_error(out, body, error_code, "no");
}

static bool setup(size_t count)
{
    static char url[WORLD_SERVERS][64];
    wick_rpc_endpoint e[WORLD_SERVERS];
    wick_rpc_pool_config cfg = {&world_hn, NULL, CHAIN, e, count, 0};
    bool up = world_open();
    memset(e, 0, sizeof e);
    for (unsigned i = 0; i < WORLD_SERVERS; i++) {
        world_url(url[i], i, "/");
        world[i].answer = honest;
        number[i] = 100 + i;
        chain[i] = CHAIN;
        e[i].url = url[i];
        e[i].operator_id = i;
        e[i].timeout_ms = 1000;
    }
    now = 1000000;
    CHECK(up);
    CHECK_STATUS(wick_rpc_pool_init(&pool, &cfg), WICK_OK);
    return up;
}

static wick_status finish(void)
{
    wick_status s = WICK_AGAIN;
    for (int i = 0; i < 20000 && s == WICK_AGAIN; i++) {
        s = wick_rpc_pool_poll(&pool, now);
        world_run();
        now += 5;
        (void)poll(NULL, 0, i % 16 == 0 ? 1 : 0); /* the kernel moves the bytes */
    }
    return s;
}

/* eth_blockNumber; *got: what came. */
static wick_status ask(uint64_t *got, unsigned source)
{
    wick_rpc *rpc = wick_rpc_pool_rpc(&pool);
    *got = 0;
    wick_status s = wick_rpc_start(rpc, now, "eth_blockNumber", "[]");
    s = s == WICK_OK ? wick_rpc_pool_start(&pool, now, source) : s;
    s = s == WICK_OK ? finish() : s;
    return s == WICK_OK ? wick_rpc_result_u64(got, rpc) : s;
}

static void teardown(void)
{
    wick_rpc_pool_cancel(&pool);
    world_close();
}

TEST(each_endpoint_names_its_chain_first_and_once)
{
    uint64_t got;
    REQUIRE(setup(2));
    CHECK_STATUS(ask(&got, WICK_RPC_ANY), WICK_OK);
    CHECK_INT(got, 100);
    CHECK_INT(world[0].requests, 2);
    CHECK_STATUS(ask(&got, WICK_RPC_ANY), WICK_OK);
    CHECK_INT(world[0].requests, 3);
    CHECK_INT(world[1].requests, 0);
    CHECK_STATUS(ask(&got, 1), WICK_OK); /* by name, as a quorum does */
    CHECK_INT(got, 101);
    CHECK_INT(wick_rpc_pool_source(&pool), 1);
    CHECK_STATUS(ask(&got, 2), WICK_E_BAD_ARG);
    teardown();
}

TEST(a_request_goes_on_to_the_next_endpoint)
{
    static int (*const faults[])(world_server *, const char *, const char *, char *) = {
        silent, hangs_up, limited, limited_inside};
    static const wick_status seen[] = {WICK_E_TIMEOUT, WICK_E_NET, WICK_E_HTTP_RATE,
                                       WICK_E_HTTP_RATE};
    for (size_t i = 0; i < 4; i++) {
        uint64_t got;
        REQUIRE(setup(3));
        world[0].answer = faults[i];
        world[1].answer = faults[i];
        CHECK_STATUS(ask(&got, WICK_RPC_ANY), WICK_OK);
        CHECK_INT(got, 102);
        CHECK_STATUS(pool.source[0].health.last, seen[i]);
        CHECK_STATUS(pool.source[1].health.last, seen[i]);
        /* The next request knows better. */
        unsigned before = world[0].requests;
        CHECK_STATUS(ask(&got, WICK_RPC_ANY), WICK_OK);
        CHECK_INT(got, 102);
        CHECK_INT(world[0].requests, before);
        teardown();
    }
}

TEST(nobody_there)
{
    uint64_t got;
    REQUIRE(setup(2));
    world_leave(0);
    world_leave(1);
    CHECK_STATUS(ask(&got, WICK_RPC_ANY), WICK_E_NET);
    teardown();
}

TEST(another_chain_disqualifies_one_endpoint)
{
    uint64_t got;
    REQUIRE(setup(2));
    chain[0] = 1;
    CHECK_STATUS(ask(&got, WICK_RPC_ANY), WICK_OK);
    CHECK_INT(got, 101);
    CHECK_STATUS(ask(&got, 0), WICK_E_CHAIN_MISMATCH);
    CHECK_INT(world[0].requests, 1); /* it was never asked anything else */
    chain[0] = CHAIN;                /* and it is not for ever */
    now += 2 * WICK_HEALTH_BAN_MS;
    CHECK_STATUS(ask(&got, 0), WICK_OK);
    CHECK_INT(got, 100);
    teardown();
    REQUIRE(setup(2));
    chain[0] = chain[1] = 1;
    CHECK_STATUS(ask(&got, WICK_RPC_ANY), WICK_E_CHAIN_MISMATCH);
    teardown();
}

TEST(an_endpoint_that_failed_names_its_chain_again)
{
    uint64_t got;
    REQUIRE(setup(1));
    CHECK_STATUS(ask(&got, WICK_RPC_ANY), WICK_OK);
    world[0].answer = hangs_up;
    CHECK_STATUS(ask(&got, WICK_RPC_ANY), WICK_E_NET);
    world[0].answer = honest;
    chain[0] = 5; /* another machine stands there now */
    CHECK_STATUS(ask(&got, WICK_RPC_ANY), WICK_E_CHAIN_MISMATCH);
    teardown();
}

TEST(a_named_endpoint_is_not_waited_for)
{
    uint64_t got;
    REQUIRE(setup(2));
    world[1].answer = hangs_up;
    CHECK_STATUS(ask(&got, 1), WICK_E_NET);
    CHECK_STATUS(wick_rpc_start(wick_rpc_pool_rpc(&pool), now, "eth_blockNumber", "[]"), WICK_OK);
    CHECK_STATUS(wick_rpc_pool_start(&pool, now, 1), WICK_E_NET);
    CHECK_STATUS(ask(&got, 0), WICK_OK);
    teardown();
}

TEST(who_has_nothing_to_say_is_not_preferred)
{
    uint64_t got;
    REQUIRE(setup(2));
    CHECK_STATUS(ask(&got, WICK_RPC_ANY), WICK_OK);
    CHECK_INT(got, 100);
    CHECK_STATUS(wick_rpc_pool_again(&pool, now, WICK_E_NOT_FOUND), WICK_OK);
    CHECK_STATUS(finish(), WICK_OK);
    CHECK_INT(pool.source[0].health.useless, 1);
    CHECK_STATUS(ask(&got, WICK_RPC_ANY), WICK_OK);
    CHECK_INT(got, 101);
    CHECK_STATUS(ask(&got, 0), WICK_OK); /* of use: all is as it was */
    CHECK_INT(pool.source[0].health.useless, 1);
    CHECK_STATUS(ask(&got, 0), WICK_OK);
    CHECK_INT(pool.source[0].health.useless, 0);
    teardown();
}

TEST(an_untrue_answer_goes_to_another_endpoint)
{
    uint64_t got;
    REQUIRE(setup(3));
    CHECK_STATUS(ask(&got, WICK_RPC_ANY), WICK_OK);
    CHECK_INT(got, 100);
    REQUIRE_STATUS(wick_rpc_pool_again(&pool, now, WICK_E_PROOF_BAD_HASH), WICK_OK);
    CHECK_STATUS(finish(), WICK_OK);
    CHECK_STATUS(wick_rpc_result_u64(&got, wick_rpc_pool_rpc(&pool)), WICK_OK);
    CHECK_INT(got, 101);
    REQUIRE_STATUS(wick_rpc_pool_again(&pool, now, WICK_E_PROOF_BAD_HASH), WICK_OK);
    CHECK_STATUS(finish(), WICK_OK);
    CHECK_STATUS(wick_rpc_pool_again(&pool, now, WICK_E_PROOF_BAD_HASH), WICK_E_PROOF_BAD_HASH);
    CHECK_INT(pool.source[0].health.untrue + pool.source[1].health.untrue +
                  pool.source[2].health.untrue, 3);
    /* All of them are left alone now. */
    CHECK_STATUS(ask(&got, WICK_RPC_ANY), WICK_E_PROOF_BAD_HASH);
    teardown();
}

/* What a node says about the request is an answer, and no reason to ask others; what it says about
 * itself is. */
TEST(refusals_are_answers)
{
    static const struct {
        int code;
        bool elsewhere;
    } codes[] = {{3, false}, {-32000, false}, {-32602, false}, {-32601, true}, {-32603, true}};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        uint64_t got;
        REQUIRE(setup(2));
        world[0].answer = refuses;
        error_code = codes[i].code;
        CHECK_STATUS(ask(&got, WICK_RPC_ANY), codes[i].elsewhere ? WICK_OK : WICK_E_RPC);
        CHECK_INT(world[1].requests, codes[i].elsewhere ? 2 : 0);
        CHECK(pool.source[0].health.failures == 0);
        teardown();
    }
}

TEST(pauses_double_and_end)
{
    wick_health h;
    uint64_t last = 0;
    memset(&h, 0, sizeof h);
    for (int i = 0; i < 12; i++) {
        wick_health_note(&h, NULL, 1000, WICK_E_TIMEOUT, 0, 0);
        uint64_t pause = h.not_before_ms - 1000;
        CHECK(pause == 2 * last || last == 0 || pause == WICK_HEALTH_PAUSE_MAX_MS);
        CHECK(pause <= WICK_HEALTH_PAUSE_MAX_MS);
        last = pause;
    }
    CHECK_INT(last, WICK_HEALTH_PAUSE_MAX_MS);
    wick_health_note(&h, NULL, 5000, WICK_OK, 20, 0);
    CHECK(wick_health_ready(&h, 5000));
    CHECK_INT(h.failures, 0);
    wick_health_note(&h, NULL, 5000, WICK_E_HTTP_RATE, 20, 7);
    CHECK_INT(h.not_before_ms, 12000);
    wick_health_note(&h, NULL, 5000, WICK_E_HTTP_RATE, 20, 999999);
    CHECK_INT(h.not_before_ms, 5000 + 3600000);
}

/* Whoever gave something untrue comes after all others for a while, not for ever. */
TEST(disqualifications_fade)
{
    wick_health h;
    uint64_t now_ms = 1000;
    memset(&h, 0, sizeof h);
    for (int i = 0; i < 3; i++) {
        wick_health_note(&h, NULL, now_ms, WICK_E_PROOF_BAD_HASH, 0, 0);
        CHECK_INT(h.not_before_ms - now_ms, WICK_HEALTH_BAN_MS << i);
        now_ms = h.not_before_ms;
    }
    uint64_t banned_ms = h.banned_ms;
    CHECK(wick_health_score(&h, now_ms) > 3 * 60000u);
    CHECK(wick_health_score(&h, banned_ms + 2 * (uint64_t)WICK_HEALTH_FADE_MS) < 2 * 60000u);
    CHECK(wick_health_score(&h, banned_ms + 3 * (uint64_t)WICK_HEALTH_FADE_MS) < 60000u);
    now_ms = banned_ms + 2 * (uint64_t)WICK_HEALTH_FADE_MS;
    wick_health_note(&h, NULL, now_ms, WICK_E_PROOF_BAD_HASH, 0, 0);
    CHECK_INT(h.not_before_ms - now_ms, WICK_HEALTH_BAN_MS << 1);
}

static wick_status eight(void *ctx, uint8_t *out, size_t len)
{
    memset(out, *(const uint8_t *)ctx, len);
    return WICK_OK;
}

TEST(jitter_is_a_quarter)
{
    uint8_t byte = 0;
    wick_hal_entropy e = {&byte, eight};
    wick_health h;
    memset(&h, 0, sizeof h);
    wick_health_note(&h, &e, 0, WICK_E_NET, 0, 0);
    CHECK_INT(h.not_before_ms, 188);
    memset(&h, 0, sizeof h);
    byte = 0xFF;
    wick_health_note(&h, &e, 0, WICK_E_NET, 0, 0);
    CHECK_INT(h.not_before_ms, 313);
}

/* ---- batches ---- */

static const char *batch_answer; /* '1', '2', '3' after "id": stand for the requests' ids */

static int batches(world_server *s, const char *head, const char *body, char *out)
{
    char text[2000];
    size_t n = 0;
    if (strstr(body, "eth_chainId") != NULL) {
        return honest(s, head, body, out);
    }
    for (const char *p = batch_answer; *p != '\0'; p++) {
        if (*p == '$') {
            p++;
            n += (size_t)snprintf(text + n, sizeof text - n, "%u",
                                  world_id(body, (unsigned)(*p - '1')));
        } else {
            text[n++] = *p;
        }
    }
    text[n] = '\0';
    return world_json(out, text);
}

static wick_status ask_batch(void)
{
    wick_rpc *rpc = wick_rpc_pool_rpc(&pool);
    wick_rpc_batch(rpc);
    CHECK_STATUS(wick_rpc_gas_price(rpc, now), WICK_OK);
    CHECK_STATUS(wick_rpc_priority_fee(rpc, now), WICK_OK);
    CHECK_STATUS(wick_rpc_block(rpc, now, 7), WICK_OK);
    CHECK_STATUS(wick_rpc_batch_send(rpc, now), WICK_OK);
    wick_status s = wick_rpc_pool_start(&pool, now, WICK_RPC_ANY);
    return s == WICK_OK ? finish() : s;
}

TEST(batch_answers_in_any_order)
{
    uint64_t got;
    wick_rpc *rpc = wick_rpc_pool_rpc(&pool);
    REQUIRE(setup(1));
    world[0].answer = batches;
    batch_answer = "[{\"jsonrpc\":\"2.0\",\"id\":$3,\"error\":{\"code\":-1,\"message\":\"gone\"}},"
                   "{\"jsonrpc\":\"2.0\",\"id\":$1,\"result\":\"0x11\"},"
                   "{\"jsonrpc\":\"2.0\",\"id\":$2,\"result\":\"0x22\"}]";
    REQUIRE_STATUS(ask_batch(), WICK_OK);
    CHECK_STATUS(wick_rpc_batch_item(rpc, 0), WICK_OK);
    CHECK_STATUS(wick_rpc_result_u64(&got, rpc), WICK_OK);
    CHECK_INT(got, 0x11);
    CHECK_STATUS(wick_rpc_batch_item(rpc, 1), WICK_OK);
    CHECK_STATUS(wick_rpc_result_u64(&got, rpc), WICK_OK);
    CHECK_INT(got, 0x22);
    CHECK_STATUS(wick_rpc_batch_item(rpc, 2), WICK_E_RPC);
    CHECK(strcmp(wick_rpc_message(rpc), "gone") == 0);
    CHECK_STATUS(wick_rpc_result_u64(&got, rpc), WICK_E_STATE);
    CHECK_STATUS(wick_rpc_batch_item(rpc, 3), WICK_E_STATE);
    /* A single request after it is one again. */
    world[0].answer = honest;
    CHECK_STATUS(ask(&got, WICK_RPC_ANY), WICK_OK);
    CHECK_INT(got, 100);
    teardown();
}

TEST(batch_answers_that_are_none)
{
#define ONE "{\"jsonrpc\":\"2.0\",\"id\":$1,\"result\":\"0x1\"}"
#define TWO "{\"jsonrpc\":\"2.0\",\"id\":$2,\"result\":\"0x2\"}"
#define THREE "{\"jsonrpc\":\"2.0\",\"id\":$3,\"result\":\"0x3\"}"
    static const struct {
        const char *answer;
        wick_status want;
    } cases[] = {
        {"[" ONE "," TWO "," THREE "]", WICK_OK},
        {"[" ONE "," TWO "]", WICK_E_RPC_ID},                          /* one is missing */
        {"[" ONE "," TWO "," TWO "]", WICK_E_RPC_ID},                  /* one is there twice */
        {"[" ONE "," TWO "," THREE "," ONE "]", WICK_E_RPC_ID},        /* one too many */
        {"[" ONE "," TWO ",{\"jsonrpc\":\"2.0\",\"id\":9999,\"result\":\"0x3\"}]", WICK_E_RPC_ID},
        {"[" ONE "," TWO ",{\"jsonrpc\":\"2.0\",\"id\":null,\"result\":\"0x3\"}]", WICK_E_RPC_ID},
        {"[" ONE "," TWO ",7]", WICK_E_RPC_ID},
        {"[]", WICK_E_RPC_ID},
        {"[" ONE "," TWO, WICK_E_JSON}, /* cut */
        {ONE, WICK_E_JSON},
        {"\"x\"", WICK_E_JSON},
        {"{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,\"message\":\"no batches\"}}",
         WICK_E_RPC},
        {"[" ONE "," TWO ",{\"jsonrpc\":\"2.0\",\"id\":$3,\"error\":{\"code\":-32005}}]",
         WICK_E_HTTP_RATE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        REQUIRE(setup(1));
        world[0].answer = batches;
        batch_answer = cases[i].answer;
        CHECK_STATUS(ask_batch(), cases[i].want);
        teardown();
    }
}

TEST(a_batch_has_a_bound)
{
    wick_rpc *rpc = wick_rpc_pool_rpc(&pool);
    REQUIRE(setup(1));
    wick_rpc_batch(rpc);
    CHECK_STATUS(wick_rpc_batch_send(rpc, now), WICK_E_STATE);
    wick_rpc_batch(rpc);
    for (unsigned i = 0; i < WICK_RPC_BATCH_MAX; i++) {
        CHECK_STATUS(wick_rpc_gas_price(rpc, now), WICK_OK);
    }
    CHECK_STATUS(wick_rpc_gas_price(rpc, now), WICK_E_NO_SPACE);
    CHECK_STATUS(wick_rpc_batch_send(rpc, now), WICK_E_NO_SPACE);
    teardown();
}

TEST(configuration)
{
    wick_https_trust none = {.entropy = NULL};
    wick_rpc_endpoint e = {"https://node.example/", 0, 0, NULL};
    wick_rpc_pool_config cfg = {&world_hn, NULL, CHAIN, &e, 1, 0};
    CHECK_STATUS(wick_rpc_pool_init(&pool, &cfg), WICK_E_TRUST_ANCHOR);
    e.trust = &none;
    CHECK_STATUS(wick_rpc_pool_init(&pool, &cfg), WICK_E_TRUST_ANCHOR);
    e.url = "ftp://node.example/";
    CHECK_STATUS(wick_rpc_pool_init(&pool, &cfg), WICK_E_UNSUPPORTED);
    e.url = "http://node.example/";
    CHECK_STATUS(wick_rpc_pool_init(&pool, &cfg), WICK_OK);
    cfg.count = 0;
    CHECK_STATUS(wick_rpc_pool_init(&pool, &cfg), WICK_E_CONFIG);
    cfg.count = WICK_RPC_POOL_MAX + 1;
    CHECK_STATUS(wick_rpc_pool_init(&pool, &cfg), WICK_E_CONFIG);
}

TEST(one_holder_at_a_time)
{
    int a, b;
    REQUIRE(setup(1));
    CHECK(wick_rpc_pool_take(&pool, &a));
    CHECK(wick_rpc_pool_take(&pool, &a));
    CHECK(!wick_rpc_pool_take(&pool, &b));
    wick_rpc_pool_release(&pool, &b);
    CHECK(!wick_rpc_pool_take(&pool, &b));
    wick_rpc_pool_release(&pool, &a);
    CHECK(wick_rpc_pool_take(&pool, &b));
    teardown();
}

TAP_MAIN("unit.rpc_pool", CASE(each_endpoint_names_its_chain_first_and_once),
         CASE(a_request_goes_on_to_the_next_endpoint), CASE(nobody_there),
         CASE(another_chain_disqualifies_one_endpoint),
         CASE(an_endpoint_that_failed_names_its_chain_again),
         CASE(a_named_endpoint_is_not_waited_for),
         CASE(who_has_nothing_to_say_is_not_preferred),
         CASE(an_untrue_answer_goes_to_another_endpoint), CASE(refusals_are_answers),
         CASE(pauses_double_and_end), CASE(disqualifications_fade), CASE(jitter_is_a_quarter), CASE(batch_answers_in_any_order),
         CASE(batch_answers_that_are_none), CASE(a_batch_has_a_bound), CASE(configuration),
         CASE(one_holder_at_a_time))
