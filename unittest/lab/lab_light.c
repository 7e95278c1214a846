/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A light client of a chain that lives, from what an operator provisions to a proven record: follows
 * the chain by its rule until it stands at the head, then reads one device of a registry under the
 * header that it vouches for. Says what that took.
 *     lab_light NAME=VALUE ...
 *       rule=qbft|... chain_id=N trusted=0x.. registry=0x.. name=NAME rpc=URL [rpc=URL ...]
 *       [epoch=N] [quorum=K] [timeout_s=N] [store=FOLDER]
 *       [until=STATUS]                          follows no further than to this refusal
 *       [beacon=URL genesis_time=N root=0x.. fulu=EPOCH]        sync_committee, minimal preset
 * Prints "event ..." for each event, then "record ... tier=T block=N ms=.. rx_bytes=.. tx_bytes=.. calls=..
 * state_bytes=.. process_kb=.." (all bodies of HTTP, and the program's memory at its most)
 * and exits 0; or "refused STATUS" and exits 1.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "wick/beacon.h"
#include "wick/port/crypto.h"
#include "wick/port/light_driver.h"
#include "wick/port/linux.h"
#include "wick/record.h"
#include "wick/verified.h"

#define NODES_MAX 4

static wick_linux_net linux_net;
static wick_hal_net net;
static wick_hal_clock hal_clock;
static wick_hal_entropy entropy;
static wick_crypto_ctx crypto_ctx;
static wick_hal_crypto crypto;
static wick_linux_store linux_store;
static wick_hal_store store;
static wick_rpc_pool pool;
static wick_beacon_api api;
static wick_light light;
static wick_light_driver driver;
static wick_bft bft;
static wick_light_clique clique;
static wick_quorum quorum;
static wick_beacon beacon;
static uint8_t work[WICK_LIGHT_WORK_BYTES];
static const uint32_t operators[NODES_MAX] = {1, 2, 3, 4};

static wick_beacon_fork forks[] = {{"electra", 0, {0x05, 0, 0, 1}, &wick_beacon_shape_electra},
                                   {"fulu", 0, {0x06, 0, 0, 1}, &wick_beacon_shape_electra}};
/* Electra's bound: part of the fork digest from Fulu on. */
static const wick_beacon_blobs blobs[] = {{0, 9}};
static wick_beacon_chain chain = {.blobs = blobs,
                                  .blob_rows = 1,
                                  .name = "devnet",
                                  .seconds_per_slot = 1,
                                  .slots_per_epoch = 8,
                                  .epochs_per_period = 8,
                                  .committee = 32,
                                  .trusting_s = 86400,
                                  .fork = forks,
                                  .forks = 2};

/* What the read of the record cost, besides what the light client fetched. */
static uint64_t read_rx, read_tx, read_calls;

static int argument_count;
static char **arguments;

/* The value of the `nth` argument of that name, NULL if there is none. */
static const char *value_of(const char *name, size_t nth)
{
    size_t len = strlen(name);
    for (int i = 1; i < argument_count; i++) {
        if (strncmp(arguments[i], name, len) == 0 && arguments[i][len] == '=' && nth-- == 0) {
            return arguments[i] + len + 1;
        }
    }
    return NULL;
}

static uint64_t number_of(const char *name, uint64_t otherwise)
{
    const char *text = value_of(name, 0);
    return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

static bool hex_of(uint8_t *out, size_t bytes, const char *name)
{
    const char *text = value_of(name, 0);
    return text != NULL && strlen(text) == 2 + 2 * bytes &&
           wick_hex_decode(out, bytes, text + 2, 2 * bytes) == WICK_OK;
}

static uint64_t now_ms(void)
{
    return hal_clock.now_ms(hal_clock.ctx);
}

static int refused(wick_status s)
{
    printf("refused %s\n", wick_status_str(s));
    return 1;
}

static wick_status open_nodes(void)
{
    wick_rpc_endpoint endpoint[NODES_MAX];
    wick_rpc_pool_config cfg = {.net = &net, .entropy = &entropy, .endpoints = endpoint};
    memset(endpoint, 0, sizeof endpoint);
    cfg.chain_id = number_of("chain_id", 0);
    while (cfg.count < NODES_MAX && value_of("rpc", cfg.count) != NULL) {
        endpoint[cfg.count].url = value_of("rpc", cfg.count);
        endpoint[cfg.count].operator_id = operators[cfg.count];
        cfg.count++;
    }
    return wick_rpc_pool_init(&pool, &cfg);
}

static wick_status open_beacon(void)
{
    wick_beacon_node node = {value_of("beacon", 0), NULL};
    wick_beacon_api_config cfg = {&net, &entropy, &crypto, &chain, &node, 1, 10000, false};
    chain.chain_id = number_of("chain_id", 0);
    chain.genesis_time = number_of("genesis_time", 0);
    forks[1].epoch = number_of("fulu", 0);
    if (!hex_of(chain.genesis_validators_root, 32, "root")) {
        return WICK_E_BAD_ARG;
    }
    wick_status s = wick_beacon_chain_check(&chain);
    return s == WICK_OK ? wick_beacon_api_init(&api, &cfg) : s;
}

static size_t state_bytes(wick_light_rule rule)
{
    switch (rule) {
    case WICK_LIGHT_QBFT:
    case WICK_LIGHT_IBFT2:
    case WICK_LIGHT_IBFT1: return sizeof light + sizeof bft;
    case WICK_LIGHT_CLIQUE: return sizeof light + sizeof clique;
    case WICK_LIGHT_QUORUM: return sizeof light + sizeof quorum;
    case WICK_LIGHT_SYNC_COMMITTEE: return sizeof light + sizeof beacon;
    case WICK_LIGHT_OWN_NODE:
    case WICK_LIGHT_PINNED: break;
    }
    return sizeof light;
}

static wick_status open_light(wick_light_config *cfg)
{
    const char *rule = value_of("rule", 0), *folder = value_of("store", 0);
    wick_status s = rule == NULL ? WICK_E_BAD_ARG
                                 : wick_light_rule_parse(&cfg->rule, rule, strlen(rule));
    if (s == WICK_OK && value_of("trusted", 0) != NULL && !hex_of(cfg->trusted_hash, 32, "trusted")) {
        s = WICK_E_BAD_ARG;
    }
    if (s == WICK_OK && cfg->rule == WICK_LIGHT_SYNC_COMMITTEE) {
        s = open_beacon();
    }
    if (s == WICK_OK && folder != NULL) {
        s = wick_linux_store_init(&store, &linux_store, folder);
        cfg->store = &store;
        cfg->store_work = work;
    }
    cfg->chain_id = number_of("chain_id", 0);
    cfg->epoch = (uint32_t)number_of("epoch", 30000);
    cfg->quorum = (uint8_t)number_of("quorum", 0);
    cfg->sources = pool.count;
    cfg->operators = operators;
    cfg->poll_ms = 300;
    cfg->crypto = &crypto;
    cfg->clock = &hal_clock;
    cfg->bft = &bft;
    cfg->clique = &clique;
    cfg->quorum_state = &quorum;
    cfg->beacon = &beacon;
    cfg->beacon_chain = &chain;
    if (s == WICK_OK) {
        s = wick_light_init(&light, cfg);
    }
    if (s == WICK_OK) {
        bool beacons = cfg->rule == WICK_LIGHT_SYNC_COMMITTEE;
        wick_light_driver_init(&driver, &light, &pool, beacons ? &api : NULL);
        s = wick_light_start(&light, now_ms());
    }
    return s;
}

/* Follows the chain until there is a head of the tier wanted. The status tells why there is none. */
static wick_status follow(wick_trusted_header *th, wick_tier tier, uint64_t until)
{
    static const char *const kinds[] = {"none",  "HEAD",     "SYNCED",  "STALE",
                                        "CONFLICT", "REORG", "REFUSED", "STORE"};
    const char *enough = value_of("until", 0);
    wick_status why = WICK_E_TIMEOUT;
    while (!wick_light_is_synced(&light) && now_ms() < until &&
           (enough == NULL || strcmp(enough, wick_status_str(why)) != 0)) {
        wick_light_event e;
        if (!wick_light_driver_run(&driver, &e, until, &hal_clock, &linux_net)) {
            continue;
        }
        printf("event %s %s number=%llu source=%u\n", kinds[e.kind], wick_status_str(e.status),
               (unsigned long long)e.number, (unsigned)e.source);
        if (e.kind == WICK_LIGHT_EV_REFUSED || e.kind == WICK_LIGHT_EV_CONFLICT) {
            why = e.status == WICK_OK ? WICK_E_SEAL_CONFLICT : e.status;
        }
    }
    wick_status s = wick_light_head(&light, th, NULL, now_ms(), tier);
    return wick_light_is_synced(&light) ? s : why;
}

static void walk(wick_verified *v, const wick_json *nodes, int part)
{
    static uint8_t bytes[4096];
    for (const wick_json *n = wick_json_first(nodes); n != NULL; n = wick_json_next(n)) {
        wick_buf node = wick_buf_make(bytes, sizeof bytes);
        if (wick_json_data(&node, n) != WICK_OK ||
            wick_verified_node(v, wick_buf_span(&node), part) != WICK_OK) {
            return; /* the end of the read says it */
        }
    }
}

/* The device, proven under the header: from any of the nodes. */
static wick_status read_device(wick_peer_record *record, const wick_trusted_header *th)
{
    uint8_t id[32], service[32], registry[20];
    const char *name = value_of("name", 0);
    wick_peer_query q;
    wick_verified v;
    wick_eth_proof proof;
    wick_eth_slot slot;
    wick_rpc *rpc = wick_rpc_pool_rpc(&pool);
    if (name == NULL || !hex_of(registry, 20, "registry") ||
        wick_name_hash(id, wick_span_text(name)) != WICK_OK ||
        wick_name_hash(service, wick_span_text(WICK_SERVICE_DEFAULT)) != WICK_OK) {
        return WICK_E_BAD_ARG;
    }
    wick_peer_query_init(&q, id, service, false);
    wick_light_driver_cancel(&driver);
    read_rx = pool.rx_bytes, read_tx = pool.tx_bytes, read_calls = pool.calls;
    wick_status s = wick_rpc_proof_at_hash(rpc, now_ms(), registry, q.slots, q.count, th->hash);
    s = s == WICK_OK ? wick_rpc_pool_start(&pool, now_ms(), WICK_RPC_ANY) : s;
    s = s == WICK_OK ? wick_rpc_pool_wait(&pool, &linux_net) : s;
    read_rx = pool.rx_bytes - read_rx;
    read_tx = pool.tx_bytes - read_tx;
    read_calls = pool.calls - read_calls;
    s = s == WICK_OK ? wick_rpc_result_proof(&proof, rpc) : s;
    s = s == WICK_OK ? wick_verified_begin(&v, th, registry, q.slots, q.values, q.count) : s;
    if (s != WICK_OK) {
        return s;
    }
    walk(&v, proof.account_nodes, WICK_VERIFIED_ACCOUNT);
    int part = 0;
    for (const wick_json *e = wick_json_first(proof.slots); e != NULL; e = wick_json_next(e)) {
        if (wick_eth_json_slot(&slot, e) != WICK_OK) {
            return WICK_E_JSON;
        }
        walk(&v, slot.nodes, part++);
    }
    s = wick_verified_end(&v);
    return s == WICK_OK ? wick_peer_record_read(record, &q) : s;
}

int main(int argc, char **argv)
{
    wick_light_config cfg;
    wick_trusted_header th;
    wick_peer_record record;
    memset(&cfg, 0, sizeof cfg);
    argument_count = argc;
    arguments = argv;
    wick_linux_clock_init(&hal_clock);
    wick_linux_entropy_init(&entropy);
    if (wick_linux_net_init(&net, &linux_net) != WICK_OK ||
        wick_crypto_init(&crypto, &crypto_ctx) != WICK_OK) {
        return 2;
    }
    uint64_t begun = now_ms();
    wick_status s = open_nodes();
    s = s == WICK_OK ? open_light(&cfg) : s;
    if (s == WICK_OK) {
        s = follow(&th, wick_light_rule_tier(cfg.rule), begun + 1000 * number_of("timeout_s", 30));
    }
    if (s == WICK_OK) {
        s = read_device(&record, &th);
    }
    if (s == WICK_OK && cfg.store != NULL) {
        s = wick_light_save(&light, now_ms());
    }
    if (s != WICK_OK) {
        return refused(s);
    }
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    printf("record name=%s epoch=%u tier=%s block=%llu ms=%llu rx_bytes=%llu tx_bytes=%llu calls=%llu "
           "state_bytes=%zu process_kb=%ld\n",
           value_of("name", 0), (unsigned)record.device.epoch, wick_tier_str(th.tier),
           (unsigned long long)th.number, (unsigned long long)(now_ms() - begun),
           (unsigned long long)(driver.rx_bytes + read_rx),
           (unsigned long long)(driver.tx_bytes + read_tx),
           (unsigned long long)(driver.calls + read_calls), state_bytes(cfg.rule), usage.ru_maxrss);
    return 0;
}
