/* SPDX-License-Identifier: Apache-2.0 */
/* The chains of an agent: a link to each that a registry is on, and what vouches for its headers. */
#include "agent.h"

#include <string.h>

/* The link to a chain, opened when its first registry comes. NULL: the error is printed. */
static chain_link *link_of(agent *a, const conf_chain *chain, int *code)
{
    for (size_t i = 0; i < a->link_count; i++) {
        if (a->links[i]->chain == chain) {
            return a->links[i];
        }
    }
    chain_link *l = NULL;
    *code = link_open(&l, a->cli, &a->host, chain, link_index(&a->host.conf, chain),
                      a->host.conf.identity.store_dir[0] != '\0' ? &a->store : NULL);
    if (l != NULL) {
        wick_driver_chain *c = &a->chains[a->link_count];
        a->links[a->link_count++] = l; /* closed with the others, also after an error */
        c->pool = &l->pool;
        c->light = l->has_light ? &l->light : NULL;
        c->beacon = l->has_beacon ? &l->api : NULL;
    }
    return *code == CLI_OK ? l : NULL;
}

static int take_registry(agent *a, const conf_registry *r, size_t *count)
{
    const conf *c = &a->host.conf;
    conf_error e;
    int code = CLI_OK;
    const conf_chain *chain = conf_find_chain(c, r->chain);
    if (conf_require(c, &e, &r->s, "chain device_registry") != WICK_OK ||
        conf_require(c, &e, &chain->s, "chain_id rule") != WICK_OK) {
        return agent_conf_fail(a, &e);
    }
    chain_link *l = link_of(a, chain, &code);
    if (l == NULL) {
        return code;
    }
    wick_gateway_registry *to = &a->registries[(*count)++];
    to->name = r->s.name;
    to->chain_id = chain->chain_id;
    memcpy(to->device_registry, r->device_registry, sizeof to->device_registry);
    memcpy(to->relay_registry, r->relay_registry, sizeof to->relay_registry);
    to->light = l->has_light ? &l->light : NULL;
    to->tier = link_tier(chain);
    to->max_age_s = (uint32_t)chain->max_age_s;
    to->cache_s = (uint32_t)chain->cache_s;
    memcpy(to->pinned_hash, chain->trusted_hash, sizeof to->pinned_hash);
    return CLI_OK;
}

int agent_take_chains(agent *a, size_t *count)
{
    const conf *c = &a->host.conf;
    conf_error e;
    const conf_rpc *home = &c->rpcs[0];
    int code = CLI_OK;
    *count = 0;
    if (conf_require(c, &e, &home->s, "chain url") != WICK_OK) {
        return agent_conf_fail(a, &e);
    }
    /* The home chain's registries first: the first one of all is the home registry. Those on chains
     * that no node reaches are not for this agent. */
    for (unsigned other = 0; other < 2; other++) {
        for (size_t i = 0; i < CONF_REGISTRIES_MAX && code == CLI_OK; i++) {
            const conf_registry *r = &c->registries[i];
            if (r->s.line != 0 && (strcmp(r->chain, home->chain) != 0) == (other != 0) &&
                (other == 0 || conf_find_rpc(c, r->chain, 0) != NULL)) {
                code = take_registry(a, r, count);
            }
        }
        if (other == 0 && code == CLI_OK && *count == 0) {
            return cli_fail(a->cli, WICK_E_CONFIG, "%.200s: no [registry.NAME] with chain = %s",
                            c->path, home->chain);
        }
    }
    return code;
}

void agent_drop_chains(agent *a)
{
    for (size_t i = 0; i < a->link_count; i++) {
        link_close(a->links[i]); /* saves its light client */
        a->links[i] = NULL;
    }
    a->link_count = 0;
}
