/* SPDX-License-Identifier: Apache-2.0 */
/* Chains of the daemon: who vouches for which head, and how their nodes do. */
#include <string.h>

#include "daemon.h"

static void take_head(const wickd *d, light_head *out, const chain_link *l, wick_tier tier)
{
    memset(out, 0, sizeof *out);
    out->tier = tier;
    out->status = wick_light_head(&l->light, &out->header, &out->age, agent_now(&d->agent), tier);
    out->has = wick_trust_is_made(&out->header);
}

size_t light_heads(const wickd *d, light_head out[2], const chain_link *l)
{
    if (!l->has_light) {
        return 0;
    }
    take_head(d, &out[0], l, link_tier(l->chain));
    if (l->chain->rule != CONF_RULE_SYNC_COMMITTEE) {
        return 1;
    }
    take_head(d, &out[1], l, WICK_TIER_OPTIMISTIC);
    return 2;
}

const char *light_state(const light_head *h)
{
    switch ((int)h->status) {
    case WICK_OK:
        return h->age.grace ? "grace" : "ok";
    case WICK_AGAIN:
        return "none";
    case WICK_E_SEAL_CONFLICT:
        return "conflict";
    case WICK_E_HEADER_STALE:
    default:
        return "stale";
    }
}

static void put_heads(const wickd *d, out_rec *o, const chain_link *l)
{
    light_head head[2];
    size_t n = light_heads(d, head, l);
    out_open(o, "heads", true);
    for (size_t i = 0; i < n; i++) {
        out_open(o, NULL, false);
        out_str(o, "tier", wick_tier_str(head[i].tier));
        out_str(o, "state", light_state(&head[i]));
        if (head[i].has) {
            out_u64(o, "block", head[i].header.number);
            out_hex(o, "block_hash", head[i].header.hash, 32);
            out_u64(o, "block_time", head[i].header.timestamp);
        }
        if (head[i].has && head[i].age.known) {
            out_u64(o, "age_s", head[i].age.age_s);
        }
        out_close(o, false);
    }
    out_close(o, true);
}

/* Of a URL only the host is shown: its path may be a key. */
static void put_node(out_rec *o, const wick_http_url *url, const wick_health *h, uint64_t now_ms)
{
    out_open(o, NULL, false);
    out_str(o, "host", url->host);
    out_u64(o, "port", url->port);
    out_bool(o, "tls", url->tls);
    out_bool(o, "asked", wick_health_ready(h, now_ms)); /* not in a pause */
    out_str(o, "last", wick_status_str(h->last));
    out_u64(o, "good", h->good);
    out_u64(o, "failed", h->failed);
    out_u64(o, "limited", h->limited);
    out_u64(o, "untrue", h->untrue);
    out_u64(o, "latency_ms", h->latency_ms);
    out_close(o, false);
}

static void put_nodes(out_rec *o, const chain_link *l, uint64_t now_ms)
{
    out_open(o, "nodes", true);
    for (unsigned i = 0; i < l->pool.count; i++) {
        put_node(o, &l->pool.source[i].url, &l->pool.source[i].health, now_ms);
    }
    out_close(o, true);
    if (l->has_beacon) {
        out_open(o, "beacon_nodes", true);
        for (unsigned i = 0; i < l->api.count; i++) {
            put_node(o, &l->api.source[i].url, &l->api.source[i].health, now_ms);
        }
        out_close(o, true);
    }
}

/* Without a light client, the newest header under which something was proven. */
static void put_proven(const wickd *d, out_rec *o, const chain_link *l)
{
    const wick_marks *m = &d->agent.gateway.marks;
    uint64_t number = 0, time_s = 0;
    for (unsigned i = 0; i < m->count; i++) {
        if (m->chain[i].chain_id == l->chain->chain_id && m->chain[i].number >= number) {
            number = m->chain[i].number;
            time_s = m->chain[i].time_s;
        }
    }
    if (time_s != 0) {
        out_u64(o, "proven_block", number);
        out_u64(o, "proven_time", time_s);
    }
}

void light_put(wickd *d, out_rec *o)
{
    uint64_t now_ms = agent_now(&d->agent);
    out_open(o, "chains", true);
    for (size_t i = 0; i < d->agent.link_count; i++) {
        const chain_link *l = d->agent.links[i];
        out_open(o, NULL, false);
        out_str(o, "chain", l->chain->s.name);
        out_u64(o, "chain_id", l->chain->chain_id);
        out_str(o, "rule", conf_rule_str(l->chain->rule));
        put_proven(d, o, l);
        if (l->has_light) {
            const uint64_t *seen = d->light_events[i];
            out_bool(o, "synced", wick_light_is_synced(&l->light));
            out_u64(o, "tip", wick_light_tip(&l->light));
            out_u64(o, "reorgs", wick_light_reorgs(&l->light));
            out_u64(o, "refused", seen[WICK_LIGHT_EV_REFUSED]);
            out_u64(o, "store_failures", seen[WICK_LIGHT_EV_STORE]);
            const wick_light_driver *ld = wick_driver_light(&d->agent.driver, i);
            out_u64(o, "bytes", ld != NULL ? ld->rx_bytes + ld->tx_bytes : 0);
            put_heads(d, o, l);
        }
        put_nodes(o, l, now_ms);
        out_close(o, false);
    }
    out_close(o, true);
}
