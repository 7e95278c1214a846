/* SPDX-License-Identifier: Apache-2.0 */
/* From wick.conf to a registry and a verified head of its chain. */
#include "chain.h"

#include <string.h>

#include "wick/ancestor.h"
#include "wick/header.h"
#include "wick/port/health.h"

#define HEAD_TIMEOUT_MS 60000u
#define READS 5u
#define READ_AGAIN_MS 200u

wick_seal_rule chain_seal_rule(const conf_chain *chain)
{
    switch ((int)chain->rule) {
    case CONF_RULE_QBFT:
        return WICK_SEAL_QBFT;
    case CONF_RULE_IBFT2:
        return WICK_SEAL_IBFT2;
    case CONF_RULE_IBFT1:
        return WICK_SEAL_IBFT1;
    case CONF_RULE_CLIQUE:
        return WICK_SEAL_CLIQUE;
    default:
        return (wick_seal_rule)0;
    }
}

/* By its name, on whichever chain; without one, the first on the home chain. */
static const conf_registry *find_registry(const conf *c, size_t *index, wick_span name)
{
    const conf_registry *found = NULL;
    char text[CONF_NAME_MAX] = "";
    if (name.len > 0 && name.len < sizeof text) {
        memcpy(text, name.ptr, name.len);
    }
    for (size_t i = 0; i < CONF_REGISTRIES_MAX && found == NULL; i++) {
        const conf_registry *x = &c->registries[i];
        bool meant = text[0] == '\0' ? strcmp(x->chain, c->rpcs[0].chain) == 0
                                     : strcmp(x->s.name, text) == 0;
        found = x->s.line != 0 && meant ? x : NULL;
    }
    *index = 0;
    for (const conf_registry *x = c->registries; found != NULL && x != found; x++) {
        *index += x->s.line != 0 && strcmp(x->chain, found->chain) == 0;
    }
    return found;
}

static int open_store(chain_view *v, host *h)
{
    const char *dir = h->conf.identity.store_dir;
    if (dir[0] == '\0') {
        return CLI_OK;
    }
    wick_status s = wick_linux_store_init(&v->store, &v->linux_store, dir);
    if (s == WICK_OK && v->may_share &&
        wick_linux_store_take(&v->lock, NULL, &v->linux_store, 0) == WICK_E_STORE_BUSY) {
        return CLI_OK;
    }
    if (s != WICK_OK) {
        return cli_fail(v->c, s, "%s", dir);
    }
    v->has_store = true;
    return v->lock.held ? CLI_OK : store_take(v->c, &v->lock, &v->linux_store);
}

static int open_link(chain_view *v, host *h)
{
    size_t index = link_index(&h->conf, v->chain);
    int code = open_store(v, h);
    const wick_hal_store *store = v->has_store ? &v->store : NULL;
    if (code != CLI_OK) {
        return code;
    }
    return v->stopped ? link_open_stopped(&v->link, v->c, h, v->chain, index, store)
                      : link_open(&v->link, v->c, h, v->chain, index, store);
}

static void begin(chain_view *v, const cli *c)
{
    chain_view given = {.c = c, .tier = v->tier, .wait_ms = v->wait_ms,
                        .stopped = v->stopped, .may_share = v->may_share};
    *v = given;
}

int chain_open_link(chain_view *v, const cli *c, host *h, const char *name)
{
    conf_error e;
    const conf *f = &h->conf;
    begin(v, c);
    v->chain = conf_find_chain(f, name != NULL ? name : f->rpcs[0].chain);
    if (v->chain == NULL) {
        return cli_fail(c, WICK_E_CONFIG, "%.200s: no such [chain.NAME]", f->path);
    }
    if (conf_require(f, &e, &v->chain->s, "chain_id rule") != WICK_OK) {
        return cli_fail(c, WICK_E_CONFIG, "%.200s: %.280s", f->path, e.text);
    }
    return open_link(v, h);
}

int chain_open(chain_view *v, reader *r, const cli *c, host *h, wick_span registry)
{
    conf_error e;
    const conf *f = &h->conf;
    const conf_rpc *rpc = &f->rpcs[0];
    begin(v, c);
    wick_status s = conf_require(f, &e, &rpc->s, "chain url");
    v->registry = s == WICK_OK ? find_registry(f, &v->index, registry) : NULL;
    if (s == WICK_OK && v->registry == NULL) {
        return cli_fail(c, WICK_E_CONFIG, "no such registry in %.200s", f->path);
    }
    v->chain = s == WICK_OK ? conf_find_chain(f, v->registry->chain) : NULL;
    rpc = s == WICK_OK ? conf_find_rpc(f, v->registry->chain, 0) : NULL;
    if (s == WICK_OK && (v->chain == NULL || rpc == NULL)) {
        return cli_fail(c, WICK_E_CONFIG, "%.200s: [registry.%s] is on a chain that has no [chain.%s] or "
                        "no [rpc]", f->path, v->registry->s.name, v->registry->chain);
    }
    if (s == WICK_OK) {
        s = conf_require(f, &e, &v->chain->s, "chain_id rule");
    }
    if (s == WICK_OK) {
        s = conf_require(f, &e, &v->registry->s, "device_registry");
    }
    if (s != WICK_OK) {
        return cli_fail(c, WICK_E_CONFIG, "%.200s: %.280s", f->path, e.text);
    }
    v->kind = (wick_bundle_kind)chain_seal_rule(v->chain); /* they vouch for themselves */
    int code = open_link(v, h);
    chain_read_with(v, r, h);
    return code;
}

void chain_read_with(chain_view *v, reader *r, host *h)
{
    v->r = r;
    r->net = &h->linux_net;
    r->clock = &h->clock;
    r->chain_id = v->chain->chain_id;
    r->tier = link_tier(v->chain);
    memcpy(r->pinned_hash, v->chain->trusted_hash, sizeof r->pinned_hash);
    r->pool = v->link != NULL ? &v->link->pool : NULL;
}

void chain_close(chain_view *v)
{
    link_close(v->link);
    v->link = NULL;
    wick_linux_store_release(&v->lock);
}

wick_status chain_head(chain_view *v)
{
    wick_trusted_header th;
    wick_tier tier = v->tier != WICK_TIER_NONE ? v->tier : link_tier(v->chain);
    if (!v->link->has_light) {
        return tier != v->r->tier ? WICK_E_TRUST_TIER : reader_head(v->r);
    }
    wick_status s = link_head(v->link, &th, tier, v->wait_ms != 0 ? v->wait_ms : HEAD_TIMEOUT_MS);
    return s == WICK_OK ? reader_take(v->r, &th, chain_seal_rule(v->chain)) : s;
}

wick_status chain_words(chain_view *v, uint8_t (*values)[32], const uint8_t (*slots)[32], size_t count,
                        const uint8_t contract[20])
{
    wick_status s = WICK_AGAIN;
    for (unsigned i = 0; i < READS && (i == 0 || wick_health_of(s) == WICK_HEALTH_UNTRUE); i++) {
        if (i != 0) {
            link_pass(v->link, READ_AGAIN_MS);
        }
        s = chain_head(v);
        s = s == WICK_OK ? reader_words(v->r, values, slots, count, contract) : s;
    }
    return s;
}

wick_status chain_ancestor(chain_view *v, wick_trusted_header *th, uint64_t number)
{
    static uint8_t parent[WICK_HEADER_MAX];
    wick_header child;
    wick_eth_block block;
    reader *r = v->r;
    wick_rpc *rpc = reader_rpc(r);
    wick_seal_rule rule = chain_seal_rule(v->chain);
    *th = r->head;
    if (th->number < number || th->number - number > CHAIN_ANCESTORS_MAX) {
        return WICK_E_LIMIT;
    }
    while (th->number > number) {
        wick_buf b = wick_buf_make(parent, sizeof parent);
        wick_status s = wick_header_decode(&child, wick_span_make(r->header, r->header_len));
        if (s == WICK_OK) {
            const uint8_t *hash = child.field[WICK_HEADER_PARENT_HASH].ptr;
            s = reader_call(r, wick_rpc_block_by_hash(rpc, r->clock->now_ms(r->clock->ctx), hash));
        }
        if (s == WICK_OK) {
            s = wick_eth_json_header(&block, &b, wick_rpc_result(rpc));
        }
        if (s == WICK_OK) {
            s = wick_trust_parent(th, th, wick_span_make(r->header, r->header_len),
                                  wick_buf_span(&b), rule);
        }
        if (s != WICK_OK) {
            return s;
        }
        memcpy(r->header, parent, b.len);
        r->header_len = b.len;
    }
    return WICK_OK;
}

int chain_fail(const chain_view *v, wick_status s, const char *what)
{
    if (s == WICK_E_RPC) {
        return cli_fail(v->c, s, "%s (node: %s)", what, wick_rpc_message(reader_rpc(v->r)));
    }
    if (s == WICK_E_TRUST_TIER && v->tier != WICK_TIER_NONE) {
        return cli_fail_remedy(v->c, s, "ask for another --tier, or change the rule of the chain",
                               "%s: [chain.%s] has rule = %s, which gives %s%s", what,
                               v->chain->s.name, conf_rule_str(v->chain->rule),
                               wick_tier_str(link_tier(v->chain)),
                               v->chain->rule == CONF_RULE_SYNC_COMMITTEE ? " and OPTIMISTIC" : "");
    }
    if (s == WICK_E_TIMEOUT && v->link != NULL && v->link->has_light) {
        return cli_fail_remedy(v->c, s, "check that the nodes serve the chain of trusted_hash",
                               "%s: no head of [chain.%s] yet", what, v->chain->s.name);
    }
    return cli_fail(v->c, s, "%s", what);
}

wick_status chain_peer(wick_peer_ref *ref, uint8_t id32[32], uint8_t service32[32],
                       const char *text)
{
    wick_status s = wick_peer_ref_parse(ref, text, strlen(text));
    s = s == WICK_OK ? wick_name_hash(id32, ref->name) : s;
    return s == WICK_OK
               ? wick_name_hash(service32, ref->service.len > 0
                                               ? ref->service
                                               : wick_span_text(WICK_SERVICE_DEFAULT))
               : s;
}

int chain_options(chain_view *v, bool *over, cli *c, int argc, char **argv)
{
    static const struct option options[] = {{"tier", required_argument, NULL, 't'},
                                            {"timeout", required_argument, NULL, 's'},
                                            CLI_COMMON_OPTIONS};
    uint64_t wait_s = 60;
    *over = true;
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        if (got != 't' && got != 's') {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
        if (got == 's' && cli_u64_arg(&wait_s, optarg, 86400) != WICK_OK) {
            return cli_usage(c, "--timeout takes seconds");
        }
        if (got == 't' && wick_tier_parse(&v->tier, optarg, strlen(optarg)) != WICK_OK) {
            return cli_usage(c, "--tier takes the name of a tier: finalized, optimistic, bft, poa, "
                                "quorum, own_node or pinned");
        }
    }
    if (argc - optind != 1) {
        return cli_usage(c, "one name");
    }
    v->wait_ms = (uint32_t)wait_s * 1000;
    *over = false;
    return CLI_OK;
}
