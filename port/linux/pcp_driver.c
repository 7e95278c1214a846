/* SPDX-License-Identifier: Apache-2.0 */
/* PCP on Linux: see wick/port/pcp_driver.h. */
#include "wick/port/pcp_driver.h"

#include <string.h>

#define NO_ID 0xffu
#define NO_MAPPING WICK_PCP_MAPPINGS
#define NO_NETWORK WICK_PCP_NETWORKS
#define WANTED 1u
#define DELETING 2u

static uint64_t now_ms(const wick_pcp_driver *d)
{
    return d->cfg.clock->now_ms(d->cfg.clock->ctx);
}

static void push(wick_pcp_driver *d, int kind, unsigned network, unsigned id, wick_status status,
                 const wick_addr *addr)
{
    static const wick_addr none;
    const unsigned cap = sizeof d->queue.event / sizeof d->queue.event[0];
    if (d->queue.count < cap) {
        wick_pcp_driver_event *e = &d->queue.event[(d->queue.head + d->queue.count++) % cap];
        e->kind = kind;
        e->network = network;
        e->id = id;
        e->status = status;
        e->addr = addr != NULL ? *addr : none;
    }
}

static bool pop(wick_pcp_driver *d, wick_pcp_driver_event *event)
{
    const unsigned cap = sizeof d->queue.event / sizeof d->queue.event[0];
    if (d->queue.count == 0) {
        return false;
    }
    *event = d->queue.event[d->queue.head];
    d->queue.head = (d->queue.head + 1) % cap;
    d->queue.count--;
    return true;
}

/* ---- wishes ---- */

static bool is_zero(const uint8_t ip[16])
{
    return wick_ct_is_zero(ip, 16);
}

/* Does every address in the wish belong to the network's family? */
static bool suits(const wick_pcp_network *n, const wick_pcp_want *want)
{
    bool v4 = wick_addr_is_v4(&n->own), good = true;
    wick_addr host;
    memset(&host, 0, sizeof host);
    memcpy(host.ip, want->third_party, sizeof host.ip);
    good = is_zero(want->external.ip) || wick_addr_is_v4(&want->external) == v4;
    good = good && (is_zero(want->remote.ip) || wick_addr_is_v4(&want->remote) == v4);
    good = good && (is_zero(host.ip) || wick_addr_is_v4(&host) == v4);
    for (unsigned i = 0; good && i < want->filter_count && i < WICK_PCP_FILTERS; i++) {
        good = want->filter[i].prefix_bits == 0 ||
               wick_addr_is_v4(&want->filter[i].remote) == v4;
    }
    return good;
}

/* `adopted`: it may be at the router already, with that nonce (or NULL: as the store knows). */
static void want_at(wick_pcp_driver *d, wick_pcp_driver_line *line, unsigned id, bool adopted,
                    const uint8_t *nonce)
{
    unsigned got;
    if (d->want_used[id] == WANTED && suits(&line->network, &d->want[id])) {
        const wick_pcp_want *want = &d->want[id];
        wick_status s = adopted
                            ? wick_pcp_client_adopt(&line->client, &got, now_ms(d), want, nonce)
                            : wick_pcp_client_map(&line->client, &got, now_ms(d), want);
        if (s == WICK_OK) {
            line->id[id] = (uint8_t)got;
            line->done = false;
        } else {
            push(d, WICK_PCP_EV_FAILED, (unsigned)(line - d->line), id, s, NULL);
        }
    }
}

/* Is the mapping still at some router? */
static bool is_anywhere(const wick_pcp_driver *d, unsigned id)
{
    for (unsigned i = 0; i < WICK_PCP_NETWORKS; i++) {
        if (d->line[i].used && d->line[i].id[id] != NO_ID) {
            return true;
        }
    }
    return false;
}

static void forget_deleted(wick_pcp_driver *d, unsigned id)
{
    if (d->want_used[id] == DELETING && !is_anywhere(d, id)) {
        d->want_used[id] = 0;
    }
}

/* ---- networks ---- */

static bool is_same(const wick_pcp_network *a, const wick_pcp_network *b)
{
    return a->index == b->index && wick_addr_equal(&a->own, &b->own) &&
           wick_addr_equal(&a->server, &b->server);
}

/* A place for a network: the one it had before, since nonces are kept by place. */
static wick_pcp_driver_line *place_for(wick_pcp_driver *d, const wick_pcp_network *n)
{
    wick_pcp_driver_line *fresh = NULL, *any = NULL;
    for (unsigned i = 0; i < WICK_PCP_NETWORKS; i++) {
        wick_pcp_driver_line *line = &d->line[i];
        if (line->used) {
            continue;
        }
        if (strcmp(line->network.name, n->name) == 0 &&
            wick_addr_is_v4(&line->network.own) == wick_addr_is_v4(&n->own)) {
            return line;
        }
        if (line->network.name[0] == '\0') {
            fresh = fresh != NULL ? fresh : line;
        } else {
            any = line;
        }
    }
    return fresh != NULL ? fresh : any;
}

static void network_up(wick_pcp_driver *d, const wick_pcp_network *n)
{
    wick_pcp_driver_line *line = place_for(d, n);
    wick_addr server[WICK_PCP_SERVERS];
    wick_pcp_client_config cfg;
    unsigned count = 0;
    if (line == NULL) {
        return;
    }
    unsigned at = (unsigned)(line - d->line);
    for (unsigned i = 0; i < d->cfg.server_count; i++) {
        if (wick_addr_is_v4(&d->server[i]) == wick_addr_is_v4(&n->own)) {
            server[count++] = d->server[i];
        }
    }
    memset(&cfg, 0, sizeof cfg);
    cfg.entropy = d->cfg.entropy;
    cfg.store = d->cfg.store;
    cfg.store_key = (uint16_t)(d->cfg.store_key + at);
    cfg.servers = count != 0 ? server : &n->server;
    cfg.server_count = count != 0 ? count : 1;
    cfg.client = n->own;
    cfg.watch_s = d->cfg.watch_s;
    cfg.no_natpmp = d->cfg.no_natpmp;
    memset(line, 0, sizeof *line);
    line->network = *n;
    memset(line->id, NO_ID, sizeof line->id);
    if (wick_pcp_link_open(&line->link, n, 0) != WICK_OK) {
        return; /* the address has gone again already, or does not work yet: a change will tell */
    }
    if (wick_pcp_client_init(&line->client, &cfg) != WICK_OK) {
        wick_pcp_link_close(&line->link);
        return;
    }
    line->used = true;
    line->deadline_ms = now_ms(d);
    push(d, WICK_PCP_DRIVER_NETWORK_UP, at, NO_MAPPING, WICK_OK, &n->own);
    for (unsigned id = 0; id < WICK_PCP_MAPPINGS; id++) {
        want_at(d, line, id, false, NULL);
    }
}

static void network_down(wick_pcp_driver *d, wick_pcp_driver_line *line)
{
    unsigned at = (unsigned)(line - d->line);
    wick_pcp_link_close(&line->link);
    line->used = false;
    for (unsigned id = 0; id < WICK_PCP_MAPPINGS; id++) {
        if (d->want_used[id] == DELETING && line->id[id] != NO_ID) {
            push(d, WICK_PCP_EV_DELETED, at, id, WICK_E_NET, NULL);
        } else if (line->held[id]) {
            push(d, WICK_PCP_EV_LOST, at, id, WICK_E_NET, NULL);
        }
        forget_deleted(d, id);
    }
    push(d, WICK_PCP_DRIVER_NETWORK_DOWN, at, NO_MAPPING, WICK_E_NET, &line->network.own);
}

static size_t list_networks(const wick_pcp_driver *d, wick_pcp_network out[WICK_PCP_NETWORKS])
{
    wick_pcp_network all[4 * WICK_PCP_NETWORKS];
    size_t count = 0, n = 0;
    if (d->cfg.server_count == 0) {
        count = wick_pcp_networks(all, sizeof all / sizeof all[0], d->cfg.interface);
    }
    for (unsigned v4 = 0; v4 < 2; v4++) { /* the first server of each family says the way */
        for (unsigned i = 0; i < d->cfg.server_count; i++) {
            if (wick_addr_is_v4(&d->server[i]) == (v4 != 0)) {
                count += wick_pcp_network_to(&all[count], &d->server[i]) == WICK_OK;
                break;
            }
        }
    }
    for (size_t i = 0; i < count && n < WICK_PCP_NETWORKS; i++) {
        bool v4 = wick_addr_is_v4(&all[i].own);
        if (!(v4 ? d->cfg.no_ipv4 : d->cfg.no_ipv6)) {
            out[n++] = all[i];
        }
    }
    return n;
}

static void look(wick_pcp_driver *d)
{
    wick_pcp_network now[WICK_PCP_NETWORKS];
    bool known[WICK_PCP_NETWORKS] = {false};
    size_t n = list_networks(d, now);
    for (unsigned i = 0; i < WICK_PCP_NETWORKS; i++) {
        wick_pcp_driver_line *line = &d->line[i];
        bool still = false;
        for (size_t k = 0; line->used && k < n; k++) {
            if (is_same(&line->network, &now[k])) {
                known[k] = true;
                still = true;
            }
        }
        if (line->used && !still) {
            network_down(d, line);
        }
    }
    for (size_t k = 0; k < n && !d->ending; k++) {
        if (!known[k]) {
            network_up(d, &now[k]);
        }
    }
}

/* Addresses and routes change in bursts; each look sees what is there by then. */
static void look_if_changed(wick_pcp_driver *d)
{
    uint32_t changes = d->cfg.net->change_count(d->cfg.net->ctx);
    if (!d->looked || changes != d->changes) {
        d->looked = true;
        d->changes = changes;
        look(d);
    }
}

/* ---- running ---- */

static unsigned mapping_of(const wick_pcp_driver_line *line, unsigned client_id)
{
    for (unsigned id = 0; id < WICK_PCP_MAPPINGS; id++) {
        if (line->id[id] == client_id) {
            return id;
        }
    }
    return NO_MAPPING;
}

static void take_event(wick_pcp_driver *d, wick_pcp_driver_line *line, const wick_out *out)
{
    bool of_server = out->event >= WICK_PCP_EV_SERVER_RESET;
    unsigned id = of_server ? NO_MAPPING
                            : mapping_of(line, wick_pcp_client_event_id(&line->client));
    if (!of_server && id == NO_MAPPING) {
        return;
    }
    push(d, out->event, (unsigned)(line - d->line), id, out->status, &out->to);
    if (out->event == WICK_PCP_EV_MAPPED || out->event == WICK_PCP_EV_HINT) {
        line->held[id] = true;
    } else if (out->event == WICK_PCP_EV_LOST || out->event == WICK_PCP_EV_DELETED) {
        line->held[id] = false;
    }
    if (out->event == WICK_PCP_EV_DELETED) {
        line->id[id] = NO_ID;
        forget_deleted(d, id);
    }
}

/* Until the client waits or an event is there. */
static void run_line(wick_pcp_driver *d, wick_pcp_driver_line *line)
{
    wick_out out;
    while (d->queue.count == 0) {
        wick_pcp_client_poll(&line->client, now_ms(d), &out);
        switch (out.kind) {
        case WICK_OUT_SEND:
            if (wick_pcp_link_send(&line->link, &out.to, out.bytes) >= 0) {
                d->tx++;
                d->tx_bytes += out.bytes.len;
            }
            break;
        case WICK_OUT_EVENT:
            take_event(d, line, &out);
            break;
        case WICK_OUT_DONE:
            line->done = true;
            line->deadline_ms = WICK_TIME_NEVER(now_ms(d));
            return;
        case WICK_OUT_WAIT:
        default:
            line->deadline_ms = out.deadline_ms;
            return;
        }
    }
    line->deadline_ms = now_ms(d); /* not asked to the end */
}

/* A router that lost its mappings has lost its pinholes too, and may say so by IPv4 alone. */
static void tell_neighbours(wick_pcp_driver *d, const wick_pcp_driver_line *line)
{
    for (unsigned i = 0; i < WICK_PCP_NETWORKS; i++) {
        wick_pcp_driver_line *other = &d->line[i];
        if (other != line && other->used && other->network.index == line->network.index) {
            wick_pcp_client_announced(&other->client, now_ms(d));
            other->deadline_ms = now_ms(d);
        }
    }
}

static void receive(wick_pcp_driver *d, wick_pcp_driver_line *line)
{
    uint8_t bytes[WICK_PCP_MAX_BYTES + 4];
    wick_addr from;
    bool announced;
    /* A bound, so that a flood does not keep the others waiting. */
    for (unsigned i = 0; i < 16; i++) {
        int32_t n = wick_pcp_link_hear(&line->link, &from, &announced, bytes, sizeof bytes);
        if (n == WICK_AGAIN) {
            return;
        }
        if (n >= 0) {
            d->rx++;
            d->rx_bytes += (uint64_t)n;
            wick_status s = wick_pcp_client_input(&line->client, now_ms(d),
                                                  wick_span_make(bytes, (size_t)n), &from);
            if (s == WICK_OK && announced) {
                tell_neighbours(d, line);
            }
        } else if (n == WICK_E_NET) {
            wick_pcp_client_refused(&line->client, &from);
        }
    }
}

static bool is_done(const wick_pcp_driver *d)
{
    bool done = d->ending && !d->done;
    for (unsigned i = 0; i < WICK_PCP_NETWORKS; i++) {
        done = done && (!d->line[i].used || d->line[i].done);
    }
    return done;
}

bool wick_pcp_driver_step(wick_pcp_driver *d, wick_pcp_driver_event *event)
{
    memset(event, 0, sizeof *event);
    if (pop(d, event)) {
        return true;
    }
    look_if_changed(d);
    for (unsigned i = 0; i < WICK_PCP_NETWORKS; i++) {
        if (d->line[i].used) {
            receive(d, &d->line[i]);
            run_line(d, &d->line[i]);
        }
    }
    if (d->queue.count == 0 && is_done(d)) {
        d->done = true;
        push(d, WICK_PCP_DRIVER_DONE, NO_NETWORK, NO_MAPPING, WICK_OK, NULL);
    }
    return pop(d, event);
}

uint64_t wick_pcp_driver_deadline(const wick_pcp_driver *d)
{
    uint64_t now = now_ms(d), at = d->queue.count != 0 ? now : WICK_TIME_NEVER(now);
    for (unsigned i = 0; i < WICK_PCP_NETWORKS; i++) {
        if (d->line[i].used) {
            at = wick_time_min(at, d->line[i].deadline_ms);
        }
    }
    return at;
}

size_t wick_pcp_driver_watch(const wick_pcp_driver *d, struct pollfd *out)
{
    size_t n = 0;
    for (unsigned i = 0; i < WICK_PCP_NETWORKS; i++) {
        if (d->line[i].used) {
            n += wick_pcp_link_watch(&d->line[i].link, &out[n]);
        }
    }
    int fd = wick_linux_net_change_fd(d->cfg.linux_net);
    if (fd >= 0) {
        out[n].fd = fd;
        out[n].events = POLLIN;
        out[n++].revents = 0;
    }
    return n;
}

bool wick_pcp_driver_run(wick_pcp_driver *d, wick_pcp_driver_event *event, uint64_t until_ms)
{
    for (;;) {
        if (wick_pcp_driver_step(d, event)) {
            return true;
        }
        uint64_t now = now_ms(d), at = wick_time_min(until_ms, wick_pcp_driver_deadline(d));
        if (wick_time_reached(now, until_ms)) {
            return false;
        }
        struct pollfd p[WICK_PCP_DRIVER_FDS];
        size_t n = wick_pcp_driver_watch(d, p);
        uint64_t ms = wick_time_reached(now, at) ? 0 : at - now;
        (void)poll(p, (nfds_t)n, ms > 60000 ? 60000 : (int)ms);
    }
}

/* ---- what the caller does ---- */

wick_status wick_pcp_driver_init(wick_pcp_driver *d, const wick_pcp_driver_config *cfg)
{
    memset(d, 0, sizeof *d);
    if (cfg->clock == NULL || cfg->entropy == NULL || cfg->net == NULL || cfg->linux_net == NULL ||
        (cfg->server_count != 0 && cfg->servers == NULL)) {
        return WICK_E_BAD_ARG;
    }
    if (cfg->server_count > WICK_PCP_SERVERS) {
        return WICK_E_LIMIT;
    }
    d->cfg = *cfg;
    for (unsigned i = 0; i < cfg->server_count; i++) {
        d->server[i] = cfg->servers[i];
    }
    d->cfg.servers = NULL;
    for (unsigned i = 0; i < WICK_PCP_NETWORKS; i++) {
        d->line[i].link.fd = -1;
        d->line[i].link.group_fd = -1;
    }
    look_if_changed(d);
    return WICK_OK;
}

void wick_pcp_driver_close(wick_pcp_driver *d)
{
    for (unsigned i = 0; i < WICK_PCP_NETWORKS; i++) {
        if (d->line[i].used) {
            wick_pcp_link_close(&d->line[i].link);
            d->line[i].used = false;
        }
    }
}

/* The place of a wish: the same one for the same internal side, as in the client. */
static unsigned want_place(const wick_pcp_driver *d, const wick_pcp_want *want)
{
    unsigned free_one = NO_MAPPING;
    for (unsigned id = 0; id < WICK_PCP_MAPPINGS; id++) {
        const wick_pcp_want *w = &d->want[id];
        if (d->want_used[id] == 0) {
            free_one = free_one != NO_MAPPING ? free_one : id;
        } else if (w->protocol == want->protocol && w->internal_port == want->internal_port &&
                   wick_addr_equal(&w->remote, &want->remote) &&
                   memcmp(w->third_party, want->third_party, sizeof w->third_party) == 0) {
            return id;
        }
    }
    return free_one;
}

static wick_status want_it(wick_pcp_driver *d, unsigned *id, const wick_pcp_want *want,
                           bool adopted, const uint8_t *nonce)
{
    if (!wick_pcp_want_is_possible(want)) { /* each client would refuse it */
        return WICK_E_BAD_ARG;
    }
    unsigned at = want_place(d, want);
    if (at == NO_MAPPING) {
        return WICK_E_LIMIT;
    }
    *id = at;
    d->want[at] = *want;
    d->want_used[at] = WANTED;
    d->ending = false;
    d->done = false;
    for (unsigned i = 0; i < WICK_PCP_NETWORKS; i++) {
        if (d->line[i].used) {
            want_at(d, &d->line[i], at, adopted, nonce);
            d->line[i].deadline_ms = now_ms(d);
        }
    }
    return WICK_OK;
}

wick_status wick_pcp_driver_map(wick_pcp_driver *d, unsigned *id, const wick_pcp_want *want)
{
    return want_it(d, id, want, false, NULL);
}

wick_status wick_pcp_driver_adopt(wick_pcp_driver *d, unsigned *id, const wick_pcp_want *want,
                                  const uint8_t nonce[WICK_PCP_NONCE_BYTES])
{
    return want_it(d, id, want, true, nonce);
}

wick_status wick_pcp_driver_unmap(wick_pcp_driver *d, unsigned id)
{
    if (id >= WICK_PCP_MAPPINGS || d->want_used[id] != WANTED) {
        return WICK_E_NOT_FOUND;
    }
    d->want_used[id] = DELETING;
    for (unsigned i = 0; i < WICK_PCP_NETWORKS; i++) {
        wick_pcp_driver_line *line = &d->line[i];
        if (line->used && line->id[id] != NO_ID) {
            if (wick_pcp_client_unmap(&line->client, now_ms(d), line->id[id]) != WICK_OK) {
                line->id[id] = NO_ID;
            }
            line->deadline_ms = now_ms(d);
        }
    }
    if (!is_anywhere(d, id)) {
        push(d, WICK_PCP_EV_DELETED, NO_NETWORK, id, WICK_OK, NULL);
        d->want_used[id] = 0;
    }
    return WICK_OK;
}

void wick_pcp_driver_release(wick_pcp_driver *d)
{
    d->ending = true;
    for (unsigned id = 0; id < WICK_PCP_MAPPINGS; id++) {
        (void)!wick_pcp_driver_unmap(d, id);
    }
    for (unsigned i = 0; i < WICK_PCP_NETWORKS; i++) {
        if (d->line[i].used) {
            wick_pcp_client_release(&d->line[i].client, now_ms(d));
            d->line[i].deadline_ms = now_ms(d);
        }
    }
}

void wick_pcp_driver_probe(wick_pcp_driver *d)
{
    for (unsigned i = 0; i < WICK_PCP_NETWORKS; i++) {
        if (d->line[i].used) {
            wick_pcp_client_probe(&d->line[i].client, now_ms(d));
            d->line[i].deadline_ms = now_ms(d);
        }
    }
}

/* ---- what the caller asks ---- */

const wick_pcp_client *wick_pcp_driver_client(const wick_pcp_driver *d, unsigned network)
{
    return network < WICK_PCP_NETWORKS && d->line[network].used ? &d->line[network].client : NULL;
}

const wick_pcp_network *wick_pcp_driver_network(const wick_pcp_driver *d, unsigned network)
{
    return network < WICK_PCP_NETWORKS && d->line[network].used ? &d->line[network].network : NULL;
}

const wick_addr *wick_pcp_driver_external(const wick_pcp_driver *d, unsigned network, unsigned id)
{
    const wick_pcp_client *c = wick_pcp_driver_client(d, network);
    bool known = c != NULL && id < WICK_PCP_MAPPINGS && d->line[network].id[id] != NO_ID;
    return known ? wick_pcp_client_external(c, d->line[network].id[id]) : NULL;
}

const uint8_t *wick_pcp_driver_nonce(const wick_pcp_driver *d, unsigned network, unsigned id)
{
    const wick_pcp_client *c = wick_pcp_driver_client(d, network);
    bool known = c != NULL && id < WICK_PCP_MAPPINGS && d->line[network].id[id] != NO_ID;
    return known ? wick_pcp_client_nonce(c, d->line[network].id[id]) : NULL;
}

uint32_t wick_pcp_driver_lifetime_s(const wick_pcp_driver *d, unsigned network, unsigned id)
{
    const wick_pcp_client *c = wick_pcp_driver_client(d, network);
    bool known = c != NULL && id < WICK_PCP_MAPPINGS && d->line[network].id[id] != NO_ID;
    return known ? wick_pcp_client_lifetime_s(c, d->line[network].id[id]) : 0;
}
