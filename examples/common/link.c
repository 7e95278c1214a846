/* SPDX-License-Identifier: Apache-2.0 */
/* From a [chain.NAME] section and its [rpc] sections to a pool and a light client. */
#include "link.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DAY_S 86400u
#define BUDGET_MS 15000u
#define PASS_MORE_MS 2000u /* for what is under way when a wait is over */

/* Where systems keep the CAs that they trust. */
static const char *system_cas(void)
{
    static const char *const paths[] = {"/etc/ssl/certs/ca-certificates.crt",
                                        "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        if (access(paths[i], R_OK) == 0) {
            return paths[i];
        }
    }
    return NULL;
}

void link_trust_of(wick_https_trust *t, const host *h, const char *ca_file, const uint8_t *pin)
{
    t->entropy = &h->entropy;
    t->clock = &h->clock;
    t->pin32 = pin;
    t->ca_file = ca_file[0] != '\0' ? ca_file : pin != NULL ? NULL : system_cas();
}

void link_trust(wick_https_trust *out, const host *h, const conf_rpc *rpc)
{
    link_trust_of(out, h, rpc->ca_file,
                  conf_has(&h->conf, &rpc->s, "pin_sha256") ? rpc->pin_sha256 : NULL);
}

/* Operators are numbered in the order in which they are first named. */
static uint32_t operator_number(const chain_link *l, const conf_rpc *r, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        const conf_rpc *other = conf_find_rpc(&l->h->conf, l->chain->s.name, i);
        if (r->operator[0] != '\0' && strcmp(other->operator, r->operator) == 0) {
            return l->operators[i];
        }
    }
    return (uint32_t)index + 1;
}

static int open_pool(chain_link *l)
{
    const conf *f = &l->h->conf;
    conf_error e;
    wick_rpc_endpoint endpoints[CONF_RPCS_MAX];
    size_t n = 0;
    for (const conf_rpc *r; (r = conf_find_rpc(f, l->chain->s.name, n)) != NULL; n++) {
        if (conf_require(f, &e, &r->s, "url") != WICK_OK) {
            return cli_fail(l->c, WICK_E_CONFIG, "%.200s: %.280s", f->path, e.text);
        }
        link_trust(&l->trust[n], l->h, r);
        l->operators[n] = operator_number(l, r, n);
        endpoints[n].url = r->url;
        endpoints[n].operator_id = l->operators[n];
        endpoints[n].timeout_ms = (uint32_t)r->timeout_ms;
        endpoints[n].trust = &l->trust[n];
    }
    if (n == 0) {
        return cli_fail(l->c, WICK_E_CONFIG, "%.200s: no [rpc] with chain = %s", f->path,
                        l->chain->s.name);
    }
    wick_rpc_pool_config cfg = {.net = &l->h->net,
                                .entropy = &l->h->entropy,
                                .chain_id = l->chain->chain_id,
                                .endpoints = endpoints,
                                .count = n,
                                .budget_ms = BUDGET_MS};
    wick_status s = wick_rpc_pool_init(&l->pool, &cfg);
    l->config.sources = (uint8_t)n;
    return s == WICK_OK ? CLI_OK : cli_fail(l->c, s, "[rpc] url");
}

static int open_twins(chain_link *l)
{
    size_t n = l->config.sources;
    if (l->chain->rule != CONF_RULE_QUORUM) {
        return CLI_OK;
    }
    l->twins = calloc(n, sizeof *l->twins);
    if (l->twins == NULL) {
        return cli_fail(l->c, WICK_E_HAL, "memory");
    }
    wick_rpc_pool_twin(&l->pool, l->twins, n);
    return CLI_OK;
}

/* ---- sync committee ---- */

const wick_beacon_chain *link_beacon_chain(chain_link *l, const cli *c, const conf_chain *chain)
{
    static const char *const names[] = {"", "mainnet", "sepolia", "gnosis"};
    if (chain->network != CONF_NETWORK_DEVNET) {
        return wick_beacon_chain_by_name(names[chain->network], strlen(names[chain->network]));
    }
    wick_beacon_chain *d = &l->devnet;
    bool minimal = chain->preset == CONF_PRESET_MINIMAL;
    memset(d, 0, sizeof *d);
    d->name = chain->s.name;
    d->chain_id = chain->chain_id;
    d->genesis_time = chain->genesis_time;
    memcpy(d->genesis_validators_root, chain->genesis_validators_root, 32);
    l->blobs.epoch = 0;
    l->blobs.max = chain->max_blobs;
    d->blobs = &l->blobs;
    d->blob_rows = 1;
    d->seconds_per_slot = (uint16_t)chain->seconds_per_slot;
    d->slots_per_epoch = minimal ? 8 : 32;
    d->epochs_per_period = minimal ? 8 : 256;
    d->committee = minimal ? 32 : 512;
    d->trusting_s = (uint32_t)(chain->trusting_days * DAY_S);
    d->fork = l->forks;
    for (; d->forks < CONF_FORKS_MAX && chain->forks[d->forks].name[0] != '\0'; d->forks++) {
        const conf_fork *from = &chain->forks[d->forks];
        wick_beacon_fork *to = &l->forks[d->forks];
        to->name = from->name;
        to->epoch = from->epoch;
        memcpy(to->version, from->version, sizeof to->version);
        to->shape = wick_beacon_shape_by_name(from->name, strlen(from->name));
        if (to->shape == NULL) {
            (void)cli_fail(c, WICK_E_CONFIG, "[chain.%s]: no fork is called '%s'", chain->s.name,
                           from->name);
            return NULL;
        }
    }
    wick_status s = wick_beacon_chain_check(d);
    if (s != WICK_OK) {
        (void)cli_fail(c, s, "[chain.%s] describes no beacon chain", chain->s.name);
    }
    return s == WICK_OK ? d : NULL;
}

static int open_beacon(chain_link *l)
{
    char urls[WICK_BEACON_API_MAX][CONF_TEXT_MAX];
    wick_beacon_node nodes[WICK_BEACON_API_MAX];
    size_t n = 0;
    link_trust_of(&l->beacon_trust, l->h, l->chain->beacon_ca_file, NULL);
    while (n < WICK_BEACON_API_MAX &&
           conf_list_at(urls[n], sizeof urls[n], l->chain->beacon_url, n)) {
        nodes[n].url = urls[n];
        nodes[n].trust = &l->beacon_trust;
        n++;
    }
    l->config.beacon_chain = link_beacon_chain(l, l->c, l->chain);
    if (l->config.beacon_chain == NULL) {
        return CLI_REFUSED;
    }
    wick_beacon_api_config cfg = {.net = &l->h->net,
                                  .entropy = &l->h->entropy,
                                  .crypto = &l->h->crypto,
                                  .chain = l->config.beacon_chain,
                                  .nodes = nodes,
                                  .count = n};
    wick_status s = wick_beacon_api_init(&l->api, &cfg);
    l->has_beacon = true;
    return s == WICK_OK ? CLI_OK : cli_fail(l->c, s, "beacon_url");
}

/* ---- light client ---- */

wick_light_rule link_rule(const conf_chain *chain)
{
    wick_light_rule out = WICK_LIGHT_OWN_NODE;
    const char *name = conf_rule_str(chain->rule); /* the names are the same ones */
    return wick_light_rule_parse(&out, name, strlen(name)) == WICK_OK ? out : WICK_LIGHT_OWN_NODE;
}

wick_tier link_tier(const conf_chain *chain)
{
    return wick_light_rule_tier(link_rule(chain));
}

static int open_light(chain_link *l, size_t index, const wick_hal_store *store, bool start)
{
    wick_light_config *g = &l->config;
    const conf_chain *x = l->chain;
    const conf *f = &l->h->conf;
    g->chain_id = x->chain_id;
    g->rule = link_rule(x);
    memcpy(g->trusted_hash, x->trusted_hash, sizeof g->trusted_hash);
    g->epoch = (uint32_t)x->epoch;
    g->period_s = (uint32_t)x->period_s;
    g->operators = l->operators;
    g->sources = x->rule == CONF_RULE_QUORUM ? g->sources : 1;
    g->quorum = (uint8_t)x->quorum;
    g->trusting_s = conf_has(f, &x->s, "trusting_days") ? (uint32_t)(x->trusting_days * DAY_S) : 0;
    g->max_age_s = conf_has(f, &x->s, "max_age_s") ? (uint32_t)x->max_age_s : 0;
    g->grace_s = (uint32_t)x->grace_s;
    g->depth = (uint32_t)x->depth;
    g->crypto = &l->h->crypto;
    g->clock = &l->h->clock;
    g->store = store;
    g->store_base = (uint16_t)WICK_LIGHT_STORE_BASE(index);
    g->store_work = l->work;
    g->bft = &l->state.bft;
    g->clique = &l->state.clique;
    g->quorum_state = &l->state.quorum;
    g->beacon = &l->state.beacon;
    wick_status s = wick_light_init(&l->light, g);
    if (s != WICK_OK) {
        return cli_fail(l->c, s, "[chain.%s]", x->s.name);
    }
    wick_light_driver_init(&l->driver, &l->light, &l->pool, l->has_beacon ? &l->api : NULL);
    if (!start) {
        return CLI_OK;
    }
    s = wick_light_start(&l->light, l->h->clock.now_ms(l->h->clock.ctx));
    l->has_light = s == WICK_OK;
    if (s == WICK_E_CONFIG || s == WICK_E_HEADER_STALE) {
        return cli_fail_remedy(l->c, s, "wick store erase, then start or import anew",
                               "the store of [chain.%s] is of another chain, rule or trusted_hash, "
                               "or was rolled back",
                               x->s.name);
    }
    return s == WICK_OK ? CLI_OK : cli_fail(l->c, s, "store of [chain.%s]", x->s.name);
}

size_t link_index(const conf *c, const conf_chain *chain)
{
    return (size_t)(chain - c->chains);
}

static int open_link(chain_link **out, const cli *c, host *h, const conf_chain *chain, size_t index,
                     const wick_hal_store *store, bool start)
{
    chain_link *l = calloc(1, sizeof *l);
    *out = l;
    if (l == NULL) {
        return cli_fail(c, WICK_E_HAL, "memory");
    }
    l->c = c;
    l->h = h;
    l->chain = chain;
    int code = open_pool(l);
    code = code == CLI_OK ? open_twins(l) : code;
    if (code != CLI_OK || chain->rule == CONF_RULE_OWN_NODE || chain->rule == CONF_RULE_PINNED) {
        return code;
    }
    code = chain->rule == CONF_RULE_SYNC_COMMITTEE ? open_beacon(l) : CLI_OK;
    return code == CLI_OK ? open_light(l, index, store, start) : code;
}

int link_open(chain_link **out, const cli *c, host *h, const conf_chain *chain, size_t index,
              const wick_hal_store *store)
{
    return open_link(out, c, h, chain, index, store, true);
}

int link_open_stopped(chain_link **out, const cli *c, host *h, const conf_chain *chain, size_t index,
                      const wick_hal_store *store)
{
    return open_link(out, c, h, chain, index, store, false);
}

void link_close(chain_link *l)
{
    if (l == NULL) {
        return;
    }
    if (l->has_light) {
        wick_light_driver_cancel(&l->driver);
        wick_status s = wick_light_save(&l->light, l->h->clock.now_ms(l->h->clock.ctx));
        if (s != WICK_OK) {
            cli_note(l->c, 0, "wick: the store of [chain.%s] is not written: %s", l->chain->s.name,
                     wick_status_cause(s));
        }
    } else {
        wick_rpc_pool_cancel(&l->pool);
    }
    free(l->twins);
    free(l);
}

static void note(const chain_link *l, const wick_light_event *e)
{
    static const char *const names[] = {"",         "head",  "synced",  "stale",
                                        "conflict", "reorg", "refused", "store"};
    cli_note(l->c, 1, "light %s: %s block %llu %s",
             (size_t)e->kind < sizeof names / sizeof names[0] ? names[e->kind] : "event",
             wick_tier_str(e->tier), (unsigned long long)e->number,
             e->status != WICK_OK ? wick_status_str(e->status) : "");
}

/* Rounds of contradiction in a row after which waiting is of no use: some seconds, in which nodes one
 * block apart have come together. */
#define SPLITS_MAX 4u
#define LOOK_MS 250u

/* At the time-out: what the light client says, `last` if it has nothing to say. That nobody has what
 * it asks for is the time-out itself. */
static wick_status why_none(const chain_link *l, wick_status last)
{
    wick_status s = wick_light_trouble(&l->light, NULL);
    return s != WICK_OK && s != WICK_AGAIN && s != WICK_E_NOT_FOUND ? s : last;
}

static bool is_split(const chain_link *l)
{
    unsigned rounds = 0;
    return wick_light_trouble(&l->light, &rounds) == WICK_E_QUORUM_SPLIT && rounds >= SPLITS_MAX;
}

/* For `least_ms`, and until nothing is under way, at most for `most_ms`. */
static void run_light(chain_link *l, uint32_t least_ms, uint32_t most_ms)
{
    struct pollfd p[WICK_LIGHT_DRIVER_SOCKS];
    wick_light_event event;
    const wick_hal_clock *clock = &l->h->clock;
    const uint64_t begun = clock->now_ms(clock->ctx);
    for (;;) {
        uint64_t now = clock->now_ms(clock->ctx);
        while (wick_light_driver_step(&l->driver, &event, now)) {
            note(l, &event);
        }
        bool busy = wick_light_driver_is_busy(&l->driver);
        uint64_t end = begun + (busy ? most_ms : least_ms);
        if (wick_time_reached(now, end)) {
            return;
        }
        uint64_t next = wick_time_min(end, wick_light_driver_deadline(&l->driver, now));
        size_t n = wick_light_driver_watch(&l->driver, p, &l->h->linux_net);
        (void)poll(p, (nfds_t)n, wick_time_reached(now, next) ? 0 : (int)(next - now));
    }
}

void link_pass(chain_link *l, uint32_t period_ms)
{
    if (!l->has_light) {
        (void)poll(NULL, 0, (int)period_ms);
        return;
    }
    wick_light_hurry(&l->light, l->h->clock.now_ms(l->h->clock.ctx));
    run_light(l, period_ms, period_ms + PASS_MORE_MS);
}

void link_tend(chain_link *l, bool hurry)
{
    if (l->has_light && hurry) {
        wick_light_hurry(&l->light, l->h->clock.now_ms(l->h->clock.ctx));
    }
    if (l->has_light) {
        run_light(l, 0, LINK_TEND_MS);
    }
}

void link_turn(chain_link *l)
{
    if (l->has_light) {
        run_light(l, 0, 0);
    }
}

size_t link_watch(const chain_link *l, struct pollfd *fds, uint64_t *next_ms)
{
    const wick_hal_clock *clock = &l->h->clock;
    if (!l->has_light) {
        return 0;
    }
    *next_ms = wick_time_min(*next_ms,
                             wick_light_driver_deadline(&l->driver, clock->now_ms(clock->ctx)));
    return wick_light_driver_watch(&l->driver, fds, &l->h->linux_net);
}

wick_status link_head(chain_link *l, wick_trusted_header *th, wick_tier tier, uint32_t timeout_ms)
{
    wick_light_event event;
    const wick_hal_clock *clock = &l->h->clock;
    uint64_t until = clock->now_ms(clock->ctx) + timeout_ms;
    wick_status last = WICK_E_TIMEOUT;
    for (;;) {
        uint64_t now = clock->now_ms(clock->ctx);
        wick_status s = wick_light_head(&l->light, th, NULL, now, tier);
        if (s == WICK_OK && wick_light_is_synced(&l->light)) {
            return WICK_OK;
        }
        if (s == WICK_E_SEAL_CONFLICT || s == WICK_E_TRUST_TIER) {
            return s;
        }
        if (wick_time_reached(now, until)) {
            /* A head that is not the newest still serves, if it is fresh enough. */
            return s == WICK_OK || s == WICK_E_HEADER_STALE ? s : why_none(l, last);
        }
        if (s == WICK_AGAIN && is_split(l)) {
            return WICK_E_QUORUM_SPLIT;
        }
        uint64_t look = wick_time_min(until, now + LOOK_MS); /* not every round ends in an event */
        if (wick_light_driver_run(&l->driver, &event, look, clock, &l->h->linux_net)) {
            note(l, &event);
            last = event.status != WICK_OK ? event.status : last;
        }
    }
}

wick_status link_finality(chain_link *l, wick_span *ssz, uint8_t version4[4])
{
    const wick_beacon_fork *fork = NULL;
    const wick_hal_clock *clock = &l->h->clock;
    wick_trust_now now = {0, false};
    unsigned changed = 0;
    wick_light_driver_cancel(&l->driver);
    wick_status s = wick_beacon_api_finality(&l->api, clock->now_ms(clock->ctx));
    if (s == WICK_OK) {
        s = wick_beacon_api_wait(&l->api, &l->h->linux_net);
    }
    if (s == WICK_OK) {
        s = wick_beacon_api_next(&l->api, &fork, ssz);
    }
    if (s != WICK_OK) {
        return s;
    }
    memcpy(version4, fork->version, 4);
    now.valid = clock->unix_s(clock->ctx, &now.unix_s) == WICK_OK;
    s = wick_beacon_input(&l->state.beacon, &changed, &l->h->crypto, WICK_BEACON_FINALITY, fork, *ssz,
                          &now);
    return s == WICK_E_HEADER_STALE ? WICK_OK : s; /* the light client has it already */
}

wick_status link_updates(chain_link *l, uint64_t first, uint64_t count)
{
    wick_light_driver_cancel(&l->driver);
    wick_status s =
        wick_beacon_api_updates(&l->api, l->h->clock.now_ms(l->h->clock.ctx), first, count);
    return s == WICK_OK ? wick_beacon_api_wait(&l->api, &l->h->linux_net) : s;
}

wick_status link_update_next(chain_link *l, wick_span *ssz, uint8_t version4[4])
{
    const wick_beacon_fork *fork = NULL;
    wick_status s = wick_beacon_api_next(&l->api, &fork, ssz);
    if (s == WICK_OK) {
        memcpy(version4, fork->version, 4);
    }
    return s;
}
