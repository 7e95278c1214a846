/* SPDX-License-Identifier: Apache-2.0 */
/* From wick.conf to a registry and a verified head of its chain. */
#include "chain.h"

#include <string.h>

static const conf_registry *find_registry(const conf *c, size_t *index, wick_span name)
{
    const conf_registry *found = NULL;
    size_t count = 0;
    char text[CONF_NAME_MAX] = "";
    if (name.len > 0 && name.len < sizeof text) {
        memcpy(text, name.ptr, name.len);
    }
    for (size_t i = 0; i < CONF_REGISTRIES_MAX; i++) {
        const conf_registry *x = &c->registries[i];
        if (x->s.line == 0 || strcmp(x->chain, c->rpcs[0].chain) != 0) {
            continue;
        }
        if (found == NULL && (text[0] == '\0' || strcmp(x->s.name, text) == 0)) {
            found = x;
            *index = count;
        }
        count++;
    }
    return found;
}

int chain_open(chain_view *v, reader *r, const cli *c, host *h, wick_span registry)
{
    conf_error e;
    const conf *f = &h->conf;
    const conf_rpc *rpc = &f->rpcs[0];
    v->c = c;
    v->r = r;
    wick_status s = conf_require(f, &e, &rpc->s, "chain url");
    v->chain = s == WICK_OK ? conf_find_chain(f, rpc->chain) : NULL;
    v->registry = s == WICK_OK ? find_registry(f, &v->index, registry) : NULL;
    if (s == WICK_OK && v->registry == NULL) {
        return cli_fail(c, WICK_E_CONFIG, "no such registry on chain %s in %.200s", rpc->chain,
                        f->path);
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
    if (v->chain->rule != CONF_RULE_OWN_NODE && v->chain->rule != CONF_RULE_PINNED) {
        return cli_fail(c, WICK_E_UNSUPPORTED, "[chain.%s] rule = %s", v->chain->s.name,
                        conf_rule_str(v->chain->rule));
    }
    v->kind = WICK_BUNDLE_ALONE;
    r->net = &h->linux_net;
    r->clock = &h->clock;
    r->chain_id = v->chain->chain_id;
    r->tier = v->chain->rule == CONF_RULE_PINNED ? WICK_TIER_PINNED : WICK_TIER_OWN_NODE;
    memcpy(r->pinned_hash, v->chain->trusted_hash, sizeof r->pinned_hash);
    s = wick_rpc_init(&r->rpc, &h->net, rpc->url, (uint32_t)rpc->timeout_ms);
    return s == WICK_OK ? CLI_OK : cli_fail(c, s, "[rpc] url");
}

wick_status chain_head(chain_view *v)
{
    return reader_head(v->r);
}

int chain_fail(const chain_view *v, wick_status s, const char *what)
{
    return s == WICK_E_RPC
               ? cli_fail(v->c, s, "%s (node: %s)", what, wick_rpc_message(&v->r->rpc))
               : cli_fail(v->c, s, "%s", what);
}

wick_status chain_peer_ids(uint8_t id32[32], uint8_t service32[32], const wick_peer_ref *ref)
{
    wick_status s = wick_name_hash(id32, ref->name);
    return s == WICK_OK
               ? wick_name_hash(service32, ref->service.len > 0
                                               ? ref->service
                                               : wick_span_text(WICK_SERVICE_DEFAULT))
               : s;
}
