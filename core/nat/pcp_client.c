/* SPDX-License-Identifier: Apache-2.0 */
/* PCP client: configuration, what the caller wants, and the poll loop. See pcp_internal.h. */
#include "wick/pcp_client.h"

#include <string.h>

#include "pcp_internal.h"

wick_status wick_pcp_client_init(wick_pcp_client *c, const wick_pcp_client_config *cfg)
{
    memset(c, 0, sizeof *c);
    if (cfg->entropy == NULL || cfg->servers == NULL || cfg->server_count == 0 ||
        wick_ct_is_zero(cfg->client.ip, sizeof cfg->client.ip)) {
        return WICK_E_BAD_ARG;
    }
    if (cfg->server_count > WICK_PCP_SERVERS) {
        return WICK_E_LIMIT;
    }
    for (unsigned i = 0; i < cfg->server_count; i++) {
        if (wick_addr_is_v4(&cfg->servers[i]) != wick_addr_is_v4(&cfg->client)) {
            return WICK_E_BAD_ARG;
        }
        c->server[i] = cfg->servers[i];
        if (c->server[i].port == 0) {
            c->server[i].port = WICK_PCP_SERVER_PORT;
        }
    }
    c->server_count = (uint8_t)cfg->server_count;
    c->entropy = cfg->entropy;
    c->store = cfg->store;
    c->store_key = cfg->store_key;
    c->client = cfg->client;
    c->watch_s = cfg->watch_s;
    c->no_natpmp = cfg->no_natpmp;
    c->version = WICK_PCP_VERSION;
    wick_pcp_load_(c);
    return WICK_OK;
}

/* ---- shared with the other files ---- */

uint32_t wick_pcp_jitter_(wick_pcp_client *c, uint32_t below)
{
    uint8_t r[4];
    if (below == 0 || c->entropy->fill(c->entropy->ctx, r, sizeof r) != WICK_OK) {
        return 0;
    }
    return (uint32_t)(((uint64_t)wick_load_be32(r) * below) >> 32);
}

void wick_pcp_event_(wick_pcp_mapping *m, wick_pcp_event event, wick_status status)
{
    m->event = (uint8_t)event;
    m->event_status = status;
}

void wick_pcp_server_event_(wick_pcp_client *c, wick_pcp_event event)
{
    c->events |= (uint8_t)(1u << (event - WICK_PCP_EV_SERVER_RESET));
}

void wick_pcp_silent_(wick_pcp_client *c)
{
    if (c->silent_told == 0) {
        c->silent_told = 1;
        wick_pcp_server_event_(c, WICK_PCP_EV_SILENT);
    }
}

void wick_pcp_ask_(wick_pcp_mapping *m, uint64_t at_ms)
{
    m->state = M_ASKING;
    m->due_ms = at_ms;
    m->tries = 0;
    m->flight = 0;
    m->urgent = 0;
}

void wick_pcp_ask_all_(wick_pcp_client *c, uint64_t now_ms)
{
    for (unsigned i = 0; i < WICK_PCP_MAPPINGS; i++) {
        wick_pcp_mapping *m = &c->mapping[i];
        if (m->state == M_ASKING || m->state == M_HELD || m->state == M_WAITING) {
            m->told = 0;
            wick_pcp_ask_(m, now_ms);
        }
    }
}

void wick_pcp_doubt_(wick_pcp_client *c, uint64_t now_ms, uint64_t delay_ms)
{
    uint64_t at = now_ms + delay_ms;
    if (!wick_time_reached(at, c->hint_next_ms) && c->hint_next_ms != 0) {
        at = c->hint_next_ms;
    }
    bool any = false;
    for (unsigned i = 0; i < WICK_PCP_MAPPINGS; i++) {
        wick_pcp_mapping *m = &c->mapping[i];
        if (m->state == M_HELD && m->urgent == 0) {
            m->urgent = 1;
            m->tries = 0;
            m->due_ms = at;
            any = true;
        } else if (m->state == M_ASKING && m->tries > 1 && !wick_time_reached(at, m->due_ms)) {
            /* The server is back: no need to wait for minutes. */
            m->due_ms = at;
            m->tries = 0;
            any = true;
        }
    }
    if (any) {
        c->hint_next_ms = at + HINT_GAP_MS;
    }
}

wick_addr wick_pcp_suggestion_(const wick_pcp_want *want)
{
    wick_addr a = want->external;
    if (a.port == 0) {
        a.port = want->internal_port;
    }
    return a;
}

void wick_pcp_gone_(wick_pcp_client *c, wick_pcp_mapping *m, uint64_t now_ms, wick_status status)
{
    if (m->undo != 0) {
        m->undo = 0;
        m->state = M_WAITING;
        m->flight = 0;
        m->due_ms = now_ms + (uint64_t)ERROR_S * 1000u;
        m->external = wick_pcp_suggestion_(&m->want);
        return;
    }
    m->state = M_GONE;
    wick_pcp_event_(m, WICK_PCP_EV_DELETED, status);
    wick_pcp_save_(c);
}

/* ---- what the caller wants ---- */

static bool same_key(const wick_pcp_want *a, const wick_pcp_want *b)
{
    return a->protocol == b->protocol && a->internal_port == b->internal_port &&
           wick_addr_equal(&a->remote, &b->remote) &&
           memcmp(a->third_party, b->third_party, sizeof a->third_party) == 0;
}

static wick_pcp_mapping *place_for(wick_pcp_client *c, const wick_pcp_want *want)
{
    wick_pcp_mapping *free_one = NULL, *remembered = NULL;
    for (unsigned i = 0; i < WICK_PCP_MAPPINGS; i++) {
        wick_pcp_mapping *m = &c->mapping[i];
        if (m->state == M_FREE) {
            free_one = free_one != NULL ? free_one : m;
        } else if (m->state != M_GONE && same_key(&m->want, want)) {
            return m;
        } else if (m->state == M_REMEMBERED) {
            remembered = m;
        }
    }
    wick_pcp_mapping *m = free_one != NULL ? free_one : remembered;
    if (m != NULL) {
        memset(m, 0, sizeof *m);
    }
    return m;
}

bool wick_pcp_want_is_possible(const wick_pcp_want *want)
{
    bool peer = want->remote.port != 0;
    bool good = (want->protocol != 0 || want->internal_port == 0) &&
                want->filter_count <= WICK_PCP_FILTERS &&
                (!peer || (want->filter_count == 0 && !want->prefer_failure));
    for (unsigned i = 0; good && i < want->filter_count; i++) {
        good = wick_pcp_filter_is_valid(&want->filter[i]);
    }
    return good;
}

wick_status wick_pcp_client_map(wick_pcp_client *c, unsigned *id, uint64_t now_ms,
                                const wick_pcp_want *want)
{
    if (!wick_pcp_want_is_possible(want)) {
        return WICK_E_BAD_ARG;
    }
    wick_pcp_mapping *m = place_for(c, want);
    if (m == NULL) {
        return WICK_E_LIMIT;
    }
    bool nonce_known = !wick_ct_is_zero(m->nonce, sizeof m->nonce);
    if (!nonce_known) {
        wick_status status = c->entropy->fill(c->entropy->ctx, m->nonce, sizeof m->nonce);
        if (status != WICK_OK) {
            memset(m, 0, sizeof *m);
            return status;
        }
    }
    wick_addr was = m->external;
    bool held = m->state == M_HELD;
    m->there = m->there != 0 || m->state == M_REMEMBERED;
    m->want = *want;
    if (m->want.lifetime_s == 0) {
        m->want.lifetime_s = WICK_PCP_LIFETIME_S;
    }
    m->undo = 0;
    *id = (unsigned)(m - c->mapping);
    c->ending = 0;
    if (held) {
        m->due_ms = now_ms;
        m->rounds = 0;
        return WICK_OK;
    }
    /* What it had before a restart, else what is wanted. */
    m->external = wick_pcp_suggestion_(want);
    if (was.port != 0 && want->external.port == 0) {
        m->external = was;
    }
    wick_pcp_ask_(m, now_ms);
    m->told = 0;
    if (!nonce_known) {
        wick_pcp_save_(c);
    }
    return WICK_OK;
}

wick_status wick_pcp_client_adopt(wick_pcp_client *c, unsigned *id, uint64_t now_ms,
                                  const wick_pcp_want *want,
                                  const uint8_t nonce[WICK_PCP_NONCE_BYTES])
{
    wick_status status = wick_pcp_client_map(c, id, now_ms, want);
    if (status == WICK_OK) {
        wick_pcp_mapping *m = &c->mapping[*id];
        m->there = 1;
        if (nonce != NULL && memcmp(m->nonce, nonce, sizeof m->nonce) != 0) {
            memcpy(m->nonce, nonce, sizeof m->nonce);
            wick_pcp_ask_(m, now_ms);
            wick_pcp_save_(c);
        }
    }
    return status;
}

static void unmap(wick_pcp_client *c, wick_pcp_mapping *m, uint64_t now_ms)
{
    bool maybe_there = m->state == M_HELD || m->tries != 0 || m->told != 0 || m->there != 0;
    m->undo = 0;
    m->told = 0;
    if (m->state == M_DELETING) {
        return;
    }
    if (!maybe_there) {
        wick_pcp_gone_(c, m, now_ms, WICK_OK);
        return;
    }
    wick_pcp_ask_(m, now_ms);
    m->state = M_DELETING;
    m->event = WICK_PCP_EV_NONE;
}

wick_status wick_pcp_client_unmap(wick_pcp_client *c, uint64_t now_ms, unsigned id)
{
    if (id >= WICK_PCP_MAPPINGS || c->mapping[id].state < M_ASKING ||
        c->mapping[id].state == M_GONE) {
        return WICK_E_NOT_FOUND;
    }
    unmap(c, &c->mapping[id], now_ms);
    return WICK_OK;
}

void wick_pcp_client_release(wick_pcp_client *c, uint64_t now_ms)
{
    c->ending = 1;
    for (unsigned i = 0; i < WICK_PCP_MAPPINGS; i++) {
        (void)!wick_pcp_client_unmap(c, now_ms, i);
    }
}

void wick_pcp_client_check(wick_pcp_client *c, uint64_t now_ms)
{
    wick_pcp_doubt_(c, now_ms, 0);
}

void wick_pcp_client_announced(wick_pcp_client *c, uint64_t now_ms)
{
    wick_pcp_doubt_(c, now_ms, wick_pcp_jitter_(c, WICK_PCP_RECOVERY_MS));
}

void wick_pcp_probe_(wick_pcp_client *c, uint64_t now_ms, uint8_t by)
{
    if (c->probe_wanted == PROBE_NONE) {
        c->probe_tries = 0;
        c->probe_due_ms = now_ms;
    }
    c->probe_wanted = by > c->probe_wanted ? by : c->probe_wanted;
}

void wick_pcp_client_probe(wick_pcp_client *c, uint64_t now_ms)
{
    wick_pcp_probe_(c, now_ms, PROBE_ASKED);
}

void wick_pcp_client_refused(wick_pcp_client *c, const wick_addr *from)
{
    if (wick_addr_equal(from, &c->server[c->current])) {
        wick_pcp_silent_(c);
    }
}

void wick_pcp_client_set_address(wick_pcp_client *c, uint64_t now_ms, const wick_addr *client)
{
    if (!wick_addr_same_ip(&c->client, client)) {
        c->client = *client;
        c->address_known = 0;
        wick_pcp_ask_all_(c, now_ms);
    }
}

/* ---- what the caller asks ---- */

unsigned wick_pcp_client_event_id(const wick_pcp_client *c)
{
    return c->event_id;
}

const wick_addr *wick_pcp_client_external(const wick_pcp_client *c, unsigned id)
{
    return id < WICK_PCP_MAPPINGS && c->mapping[id].state == M_HELD ? &c->mapping[id].external
                                                                    : NULL;
}

uint32_t wick_pcp_client_lifetime_s(const wick_pcp_client *c, unsigned id)
{
    return wick_pcp_client_external(c, id) != NULL ? c->mapping[id].lifetime_s : 0;
}

bool wick_pcp_client_admits(const wick_pcp_client *c, unsigned id, const wick_addr *from)
{
    if (id >= WICK_PCP_MAPPINGS) {
        return false;
    }
    const wick_pcp_want *w = &c->mapping[id].want;
    bool admitted = w->filter_count == 0;
    for (unsigned i = 0; i < w->filter_count && !admitted; i++) {
        admitted = wick_pcp_filter_admits(&w->filter[i], from);
    }
    return admitted;
}

const uint8_t *wick_pcp_client_nonce(const wick_pcp_client *c, unsigned id)
{
    bool known = id < WICK_PCP_MAPPINGS && c->mapping[id].state >= M_ASKING;
    return known ? c->mapping[id].nonce : NULL;
}

uint32_t wick_pcp_client_heard_s(const wick_pcp_client *c)
{
    return c->heard_s;
}

const wick_addr *wick_pcp_client_server(const wick_pcp_client *c)
{
    return &c->server[c->current];
}

bool wick_pcp_client_is_natpmp(const wick_pcp_client *c)
{
    return c->version == 0;
}

/* ---- poll ---- */

static void expire(wick_pcp_client *c, uint64_t now_ms)
{
    for (unsigned i = 0; i < WICK_PCP_MAPPINGS; i++) {
        wick_pcp_mapping *m = &c->mapping[i];
        if (m->state == M_HELD && wick_time_reached(now_ms, m->expires_ms)) {
            if (m->told != 0) {
                wick_pcp_event_(m, WICK_PCP_EV_LOST, WICK_E_EXPIRED);
            }
            m->told = 0;
            uint64_t gap = m->sent_ms + RENEW_GAP_MS;
            wick_pcp_ask_(m, wick_time_reached(now_ms, gap) ? now_ms : gap);
        }
    }
}

static bool next_event(wick_pcp_client *c, wick_out *out)
{
    for (unsigned i = 0; c->events != 0 && i < 8; i++) {
        if ((c->events & (1u << i)) != 0) {
            c->events &= (uint8_t)~(1u << i);
            out->kind = WICK_OUT_EVENT;
            out->event = (int)(WICK_PCP_EV_SERVER_RESET + i);
            out->status = out->event == WICK_PCP_EV_SILENT ? WICK_E_TIMEOUT : WICK_OK;
            out->to = c->server[c->current];
            return true;
        }
    }
    for (unsigned i = 0; i < WICK_PCP_MAPPINGS; i++) {
        wick_pcp_mapping *m = &c->mapping[i];
        if (m->event != WICK_PCP_EV_NONE) {
            out->kind = WICK_OUT_EVENT;
            out->event = m->event;
            out->status = m->event_status;
            out->to = m->external;
            c->event_id = (uint8_t)i;
            m->event = WICK_PCP_EV_NONE;
            if (m->state == M_GONE) {
                memset(m, 0, sizeof *m);
            }
            return true;
        }
    }
    return false;
}

static bool is_over(const wick_pcp_client *c)
{
    for (unsigned i = 0; i < WICK_PCP_MAPPINGS; i++) {
        if (c->mapping[i].state != M_FREE && c->mapping[i].state != M_REMEMBERED) {
            return false;
        }
    }
    return c->ending != 0;
}

void wick_pcp_client_poll(wick_pcp_client *c, uint64_t now_ms, wick_out *out)
{
    memset(out, 0, sizeof *out);
    expire(c, now_ms);
    if (next_event(c, out)) {
        return;
    }
    if (is_over(c)) {
        out->kind = WICK_OUT_DONE;
        return;
    }
    if (wick_pcp_next_send_(c, now_ms, &out->bytes) == WICK_OK) {
        out->kind = WICK_OUT_SEND;
        out->to = c->server[c->current];
        return;
    }
    /* Time-outs may have made events. */
    if (next_event(c, out)) {
        return;
    }
    if (is_over(c)) {
        out->kind = WICK_OUT_DONE;
        return;
    }
    out->kind = WICK_OUT_WAIT;
    out->deadline_ms = wick_pcp_deadline_(c, now_ms);
}
