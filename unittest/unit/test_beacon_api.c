/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Beacon API client against servers of this process: SSZ and JSON, lists and their framing, nodes of
 * another chain, nodes that have nothing, and nodes that know no SSZ.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "http_world.h"
#include "tap.h"
#include "wick/port/beacon_api.h"
#include "wick/port/crypto.h"

static const wick_beacon_fork forks[] = {{"electra", 0, {5, 0, 0, 1}, &wick_beacon_shape_electra},
                                         {"fulu", 10, {6, 0, 0, 1}, &wick_beacon_shape_electra}};
static wick_beacon_chain chain = {"devnet", 7, 1700000000, {9}, 1, 8, 8, 32, 86400, forks, 2, NULL, 0};

static wick_beacon_api api;
static wick_hal_crypto crypto;
static wick_crypto_ctx cc;
static uint64_t now;
static char seen[400]; /* the last request's header */
static unsigned genesis_time[2];
static const char *version, *status, *json_body;
static uint8_t body[5000];
static size_t body_len;

static int serve(world_server *s, const char *head, const char *ignored, char *out)
{
    char text[600], fields[100];
    (void)ignored;
    if (strstr(head, "/eth/v1/beacon/genesis ") != NULL) {
        (void)snprintf(text, sizeof text,
                       "{\"data\":{\"genesis_time\":\"%u\",\"genesis_validators_root\":\"0x09%062d\","
                       "\"genesis_fork_version\":\"0x00000001\"}}", genesis_time[s - world], 0);
        return world_json(out, text);
    }
    (void)snprintf(seen, sizeof seen, "%s", head);
    if (json_body != NULL && strstr(head, "octet-stream") == NULL) {
        return world_json(out, json_body);
    }
    if (status != NULL) {
        return world_reply(out, status, "", "", 0);
    }
    (void)snprintf(fields, sizeof fields,
                   "Content-Type: application/octet-stream\r\nEth-Consensus-Version: %s\r\n", version);
    return world_reply(out, "200 OK", fields, body, body_len);
}

static int missing(world_server *s, const char *head, const char *ignored, char *out)
{
    if (strstr(head, "/genesis ") != NULL) {
        return serve(s, head, ignored, out);
    }
    return world_reply(out, "404 Not Found", "", "{}", 2);
}

static bool setup(void)
{
    static char url[2][64];
    wick_beacon_node nodes[2];
    wick_beacon_api_config cfg = {&world_hn, NULL, &crypto, &chain, nodes, 2, 1000, false};
    bool up = world_open() && wick_crypto_init(&crypto, &cc) == WICK_OK;
    for (unsigned i = 0; i < 2; i++) {
        world_url(url[i], i, i == 0 ? "/" : "/proxy/");
        nodes[i].url = url[i];
        nodes[i].trust = NULL;
        world[i].answer = serve;
        genesis_time[i] = 1700000000;
    }
    now = 5000;
    version = "electra";
    status = json_body = NULL;
    body_len = 0;
    CHECK(up);
    CHECK_STATUS(wick_beacon_api_init(&api, &cfg), WICK_OK);
    return up;
}

static void teardown(void)
{
    wick_beacon_api_cancel(&api);
    world_close();
}

static wick_status finish(wick_status s)
{
    s = s == WICK_OK ? WICK_AGAIN : s;
    for (int i = 0; i < 20000 && s == WICK_AGAIN; i++) {
        s = wick_beacon_api_poll(&api, now);
        world_run();
        now += 5;
        (void)poll(NULL, 0, i % 16 == 0 ? 1 : 0); /* the kernel moves the bytes */
    }
    return s;
}

static void fill(size_t len)
{
    for (size_t i = 0; i < len; i++) {
        body[i] = (uint8_t)(i * 7);
    }
    body_len = len;
}

TEST(one_object_as_ssz)
{
    const wick_beacon_fork *fork;
    wick_span ssz;
    REQUIRE(setup());
    fill(1996);
    CHECK_STATUS(finish(wick_beacon_api_finality(&api, now)), WICK_OK);
    CHECK(strstr(seen, "GET /eth/v1/beacon/light_client/finality_update HTTP/1.1\r\n") == seen);
    CHECK(strstr(seen, "Accept: application/octet-stream") != NULL);
    CHECK(strstr(seen, "Content-Length") == NULL);
    REQUIRE_STATUS(wick_beacon_api_next(&api, &fork, &ssz), WICK_OK);
    CHECK(fork == &forks[0]);
    CHECK(ssz.len == 1996 && memcmp(ssz.ptr, body, 1996) == 0);
    CHECK_STATUS(wick_beacon_api_next(&api, &fork, &ssz), WICK_E_NOT_FOUND);
    version = "fulu";
    CHECK_STATUS(finish(wick_beacon_api_optimistic(&api, now)), WICK_OK);
    CHECK(strstr(seen, "optimistic_update") != NULL);
    REQUIRE_STATUS(wick_beacon_api_next(&api, &fork, &ssz), WICK_OK);
    CHECK(fork == &forks[1]);
    version = "gloas"; /* this chain has no such fork */
    CHECK_STATUS(finish(wick_beacon_api_optimistic(&api, now)), WICK_OK);
    CHECK_STATUS(wick_beacon_api_next(&api, &fork, &ssz), WICK_E_UNSUPPORTED);
    CHECK_INT(world[1].requests, 0);
    teardown();
}

TEST(requests_on_the_wire)
{
    uint8_t root[32] = {0xAB};
    REQUIRE(setup());
    fill(8);
    CHECK_STATUS(finish(wick_beacon_api_bootstrap(&api, now, root)), WICK_OK);
    CHECK(strstr(seen, "light_client/bootstrap/0xab000000") != NULL);
    body_len = 0;
    CHECK_STATUS(finish(wick_beacon_api_updates(&api, now, 12, 100)), WICK_OK);
    CHECK(strstr(seen, "updates?start_period=12&count=4 ") != NULL); /* never more than fit */
    world_leave(0);
    CHECK_STATUS(finish(wick_beacon_api_updates(&api, now, 13, 2)), WICK_OK);
    CHECK(strstr(seen, "GET /proxy/eth/v1/beacon/light_client/updates?start_period=13&count=2 ") ==
          seen);
    teardown();
}

/* length u64 | fork digest | object */
static void put_chunk(unsigned fork, size_t len)
{
    uint8_t data[64] = {0}, hash[32];
    wick_hash_ctx c;
    memset(&c, 0, sizeof c);
    memcpy(data, forks[fork].version, 4);
    memcpy(data + 32, chain.genesis_validators_root, 32);
    CHECK_STATUS(crypto.hash_begin(crypto.ctx, &c, WICK_HASH_SHA256), WICK_OK);
    CHECK_STATUS(crypto.hash_update(crypto.ctx, &c, data, sizeof data), WICK_OK);
    CHECK_STATUS(crypto.hash_finish(crypto.ctx, &c, hash), WICK_OK);
    uint8_t *p = body + body_len;
    memset(p, 0, 8);
    p[0] = (uint8_t)(len + 4);
    p[1] = (uint8_t)((len + 4) >> 8);
    memcpy(p + 8, hash, 4);
    memset(p + 12, (int)fork + 1, len);
    body_len += 12 + len;
}

TEST(a_list_as_ssz)
{
    const wick_beacon_fork *fork;
    wick_span ssz;
    REQUIRE(setup());
    put_chunk(0, 1500);
    put_chunk(1, 700);
    CHECK_STATUS(finish(wick_beacon_api_updates(&api, now, 0, 2)), WICK_OK);
    REQUIRE_STATUS(wick_beacon_api_next(&api, &fork, &ssz), WICK_OK);
    CHECK(fork == &forks[0] && ssz.len == 1500 && ssz.ptr[0] == 1);
    REQUIRE_STATUS(wick_beacon_api_next(&api, &fork, &ssz), WICK_OK);
    CHECK(fork == &forks[1] && ssz.len == 700 && ssz.ptr[699] == 2);
    CHECK_STATUS(wick_beacon_api_next(&api, &fork, &ssz), WICK_E_NOT_FOUND);
    /* Cut anywhere in the second one. */
    static const size_t cuts[] = {1513, 1519, 1523, 1524, 2223};
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        body_len = cuts[i];
        CHECK_STATUS(finish(wick_beacon_api_updates(&api, now, 0, 2)), WICK_OK);
        CHECK_STATUS(wick_beacon_api_next(&api, &fork, &ssz), WICK_OK);
        CHECK_STATUS(wick_beacon_api_next(&api, &fork, &ssz), WICK_E_TRUNCATED);
    }
    body_len = 0;
    put_chunk(0, 20);
    body[9] ^= 1u; /* a digest of no fork */
    CHECK_STATUS(finish(wick_beacon_api_updates(&api, now, 0, 1)), WICK_OK);
    CHECK_STATUS(wick_beacon_api_next(&api, &fork, &ssz), WICK_E_UNSUPPORTED);
    memset(body, 0, 12); /* shorter than its digest, and longer than anything */
    CHECK_STATUS(finish(wick_beacon_api_updates(&api, now, 0, 1)), WICK_OK);
    CHECK_STATUS(wick_beacon_api_next(&api, &fork, &ssz), WICK_E_TRUNCATED);
    memset(body, 0xFF, 8);
    CHECK_STATUS(finish(wick_beacon_api_updates(&api, now, 0, 1)), WICK_OK);
    CHECK_STATUS(wick_beacon_api_next(&api, &fork, &ssz), WICK_E_TRUNCATED);
    teardown();
}

TEST(a_node_without_ssz_is_asked_for_json)
{
    const wick_beacon_fork *fork;
    wick_span ssz;
    REQUIRE(setup());
    status = "406 Not Acceptable";
    json_body = "{\"version\":\"fulu\",\"data\":{\"nothing\":1}}";
    CHECK_STATUS(finish(wick_beacon_api_finality(&api, now)), WICK_OK);
    CHECK_INT(world[1].requests, 0);
    CHECK_STATUS(wick_beacon_api_next(&api, &fork, &ssz), WICK_E_JSON);
    CHECK(fork == &forks[1]);
    unsigned before = world[0].requests; /* and from then on at once */
    CHECK_STATUS(finish(wick_beacon_api_finality(&api, now)), WICK_OK);
    CHECK_INT(world[0].requests, before + 1);
    json_body = "[{\"version\":\"fulu\",\"data\":{}},{\"version\":\"x\",\"data\":{}}]";
    CHECK_STATUS(finish(wick_beacon_api_updates(&api, now, 0, 2)), WICK_OK);
    CHECK_STATUS(wick_beacon_api_next(&api, &fork, &ssz), WICK_E_JSON);
    CHECK_STATUS(wick_beacon_api_next(&api, &fork, &ssz), WICK_E_UNSUPPORTED);
    CHECK_STATUS(wick_beacon_api_next(&api, &fork, &ssz), WICK_E_NOT_FOUND);
    /* One object where a list was asked for, and the reverse. */
    api.source[1].json = true;
    CHECK_STATUS(finish(wick_beacon_api_finality(&api, now)), WICK_E_JSON);
    teardown();
}

TEST(a_node_of_another_chain_is_passed_over)
{
    const wick_beacon_fork *fork;
    wick_span ssz;
    REQUIRE(setup());
    fill(100);
    genesis_time[0]++;
    CHECK_STATUS(finish(wick_beacon_api_finality(&api, now)), WICK_OK);
    CHECK_STATUS(wick_beacon_api_next(&api, &fork, &ssz), WICK_OK);
    CHECK_INT(world[0].requests, 1);
    CHECK_STATUS(api.source[0].health.last, WICK_E_CHAIN_MISMATCH);
    genesis_time[1]++;
    api.source[1].checked = false;
    CHECK_STATUS(finish(wick_beacon_api_finality(&api, now)), WICK_E_CHAIN_MISMATCH);
    CHECK_STATUS(wick_beacon_api_next(&api, &fork, &ssz), WICK_E_NOT_FOUND);
    teardown();
}

TEST(another_node_may_have_it)
{
    const wick_beacon_fork *fork;
    wick_span ssz;
    uint8_t root[32] = {1};
    REQUIRE(setup());
    fill(100);
    world[0].answer = missing;
    CHECK_STATUS(finish(wick_beacon_api_bootstrap(&api, now, root)), WICK_OK);
    CHECK_STATUS(wick_beacon_api_next(&api, &fork, &ssz), WICK_OK);
    CHECK_INT(api.source[0].health.failures, 0); /* not to have something is no fault */
    world[1].answer = missing;
    CHECK_STATUS(finish(wick_beacon_api_bootstrap(&api, now, root)), WICK_E_NOT_FOUND);
    world[0].answer = serve;
    world[1].answer = serve;
    status = "503 Service Unavailable"; /* it is syncing */
    CHECK_STATUS(finish(wick_beacon_api_finality(&api, now)), WICK_E_HTTP);
    CHECK_INT(api.source[0].health.failures, 1);
    CHECK_INT(api.source[1].health.failures, 1);
    teardown();
}

TEST(blame_is_remembered)
{
    REQUIRE(setup());
    fill(100);
    CHECK_STATUS(finish(wick_beacon_api_finality(&api, now)), WICK_OK);
    wick_beacon_api_blame(&api, now, WICK_E_HEADER_STALE); /* a node may be behind */
    CHECK_INT(api.source[0].health.untrue, 0);
    wick_beacon_api_blame(&api, now, WICK_E_AUTH);
    CHECK_INT(api.source[0].health.untrue, 1);
    CHECK_STATUS(finish(wick_beacon_api_finality(&api, now)), WICK_OK);
    CHECK(world[1].requests != 0);
    teardown();
}

TEST(the_nodes_configuration)
{
#define SPEC(slot, size, version, epoch)                                                           \
    "{\"data\":{\"SECONDS_PER_SLOT\":\"" slot "\",\"SLOTS_PER_EPOCH\":\"8\","                      \
    "\"EPOCHS_PER_SYNC_COMMITTEE_PERIOD\":\"8\",\"SYNC_COMMITTEE_SIZE\":\"" size "\","             \
    "\"FULU_FORK_VERSION\":\"" version "\",\"FULU_FORK_EPOCH\":\"" epoch "\",\"OTHER\":[]}}"
    static const struct {
        const char *body, *what;
        wick_status want;
    } cases[] = {
        {SPEC("1", "32", "0x06000001", "10"), NULL, WICK_OK},
        {SPEC("2", "32", "0x06000001", "10"), "SECONDS_PER_SLOT", WICK_E_CHAIN_MISMATCH},
        {SPEC("1", "512", "0x06000001", "10"), "SYNC_COMMITTEE_SIZE", WICK_E_CHAIN_MISMATCH},
        {SPEC("1", "32", "0x06000000", "10"), "fulu", WICK_E_CHAIN_MISMATCH},
        {SPEC("1", "32", "0x06000001", "11"), "fulu", WICK_E_CHAIN_MISMATCH},
        {SPEC("1", "32", "0x060001", "10"), "fulu", WICK_E_JSON},
        {SPEC("x", "32", "0x06000001", "10"), "SECONDS_PER_SLOT", WICK_E_JSON},
    };
    const char *what;
    REQUIRE(setup());
    CHECK_STATUS(wick_beacon_api_check_spec(&what, &api), WICK_E_STATE);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_body = cases[i].body;
        CHECK_STATUS(finish(wick_beacon_api_spec(&api, now)), WICK_OK);
        CHECK_STATUS(wick_beacon_api_check_spec(&what, &api), cases[i].want);
        CHECK((what == NULL) == (cases[i].what == NULL) &&
              (what == NULL || strcmp(what, cases[i].what) == 0));
    }
    teardown();
}

TAP_MAIN("unit.beacon_api", CASE(one_object_as_ssz), CASE(requests_on_the_wire),
         CASE(a_list_as_ssz), CASE(a_node_without_ssz_is_asked_for_json),
         CASE(a_node_of_another_chain_is_passed_over), CASE(another_node_may_have_it),
         CASE(blame_is_remembered), CASE(the_nodes_configuration))
