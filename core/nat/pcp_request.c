/* SPDX-License-Identifier: Apache-2.0 */
/* PCP client: requests and their timers. RFC 6887 sections 8.1.1, 11.2.1, 12.1; RFC 6886 3.1. */
#include <string.h>

#include "pcp_internal.h"

static bool is_active(const wick_pcp_mapping *m)
{
    return m->state == M_ASKING || m->state == M_HELD || m->state == M_WAITING ||
           m->state == M_DELETING;
}

static bool any_held(const wick_pcp_client *c)
{
    bool held = false;
    for (unsigned i = 0; i < WICK_PCP_MAPPINGS; i++) {
        held = held || c->mapping[i].state == M_HELD;
    }
    return held;
}

/* NAT-PMP servers are asked one thing at a time (RFC 6886 section 3.1): the mapping that waits for
 * its answer, else the one that is due first. */
static const wick_pcp_mapping *first_due(const wick_pcp_client *c)
{
    const wick_pcp_mapping *first = NULL;
    for (unsigned i = 0; i < WICK_PCP_MAPPINGS; i++) {
        const wick_pcp_mapping *m = &c->mapping[i];
        if (is_active(m) && m->flight != 0) {
            return m;
        }
        if (is_active(m) && (first == NULL || !wick_time_reached(m->due_ms, first->due_ms))) {
            first = m;
        }
    }
    return first;
}

static bool may_send(const wick_pcp_client *c, const wick_pcp_mapping *m)
{
    return is_active(m) &&
           (c->version != 0 || (c->address_known != 0 && c->probe_wanted == PROBE_NONE &&
                                first_due(c) == m));
}

/* ---- timers ---- */

static uint32_t next_rt(wick_pcp_client *c, uint32_t rt, unsigned tries)
{
    uint32_t first = c->version == 0 ? NATPMP_IRT_MS : IRT_MS;
    uint32_t most = c->version == 0 ? NATPMP_IRT_MS << 8 : MRT_MS;
    uint32_t base = tries == 0 ? first : 2 * rt;
    if (base > most) {
        base = most;
    }
    return base - base / 10 + wick_pcp_jitter_(c, base / 5 + 1);
}

void wick_pcp_schedule_(wick_pcp_client *c, wick_pcp_mapping *m)
{
    uint64_t part = m->rounds < 31 ? ((uint64_t)m->lifetime_s * 1000u) >> (m->rounds + 1u) : 0;
    uint64_t at = m->expires_ms - part + wick_pcp_jitter_(c, (uint32_t)(part / 4));
    if (c->watch_s != 0) {
        at = wick_time_min(at, m->sent_ms + (uint64_t)c->watch_s * 1000u);
    }
    uint64_t gap = m->sent_ms + RENEW_GAP_MS;
    if (!wick_time_reached(at, gap)) {
        at = gap;
    }
    m->due_ms = wick_time_min(at, m->expires_ms);
}

/* ---- building ---- */

static wick_addr on_the_wire(const wick_pcp_client *c, wick_addr a)
{
    wick_addr any = wick_addr_v4(0, 0, 0, 0, a.port);
    if (wick_addr_is_v4(&c->client) && wick_ct_is_zero(a.ip, sizeof a.ip)) {
        return any; /* "any IPv4 address" is mapped too, section 5 */
    }
    return a;
}

static wick_status build(wick_pcp_client *c, const wick_pcp_mapping *m, wick_span *out)
{
    wick_pcp_msg r;
    wick_buf b = wick_buf_make(c->tx, sizeof c->tx);
    const wick_pcp_want *w = &m->want;
    wick_addr none;
    memset(&none, 0, sizeof none);
    memset(&r, 0, sizeof r);
    r.opcode = wick_pcp_is_peer_(m) ? WICK_PCP_PEER : WICK_PCP_MAP;
    r.protocol = w->protocol;
    memcpy(r.client_ip, c->client.ip, sizeof r.client_ip);
    memcpy(r.nonce, m->nonce, sizeof r.nonce);
    r.internal_port = w->internal_port;
    r.remote = w->remote;
    bool wanted = m->state != M_DELETING;
    r.lifetime_s = wanted ? w->lifetime_s : 0;
    r.external = on_the_wire(c, wanted ? m->external : none);
    wick_status status = wick_pcp_encode(&b, &r);
    /* Naming oneself is an error (section 13.1). */
    if (!wick_ct_is_zero(w->third_party, sizeof w->third_party) &&
        memcmp(w->third_party, c->client.ip, sizeof w->third_party) != 0) {
        wick_pcp_put_option(&b, WICK_PCP_THIRD_PARTY,
                            wick_span_make(w->third_party, sizeof w->third_party));
    }
    if (wanted && w->prefer_failure) {
        wick_pcp_put_option(&b, WICK_PCP_PREFER_FAILURE, wick_span_make(NULL, 0));
    }
    for (unsigned i = 0; wanted && i < w->filter_count; i++) {
        wick_pcp_put_filter(&b, &w->filter[i]);
    }
    *out = wick_buf_span(&b);
    return status;
}

static wick_status build_natpmp(wick_pcp_client *c, const wick_pcp_mapping *m, wick_span *out)
{
    wick_natpmp_msg r;
    wick_buf b = wick_buf_make(c->tx, sizeof c->tx);
    memset(&r, 0, sizeof r);
    if (m != NULL) {
        r.opcode = m->want.protocol == 6 ? WICK_NATPMP_TCP : WICK_NATPMP_UDP;
        r.internal_port = m->want.internal_port;
        if (m->state != M_DELETING) {
            r.external_port = m->external.port;
            r.lifetime_s = m->want.lifetime_s;
        }
    }
    wick_status status = wick_natpmp_encode(&b, &r);
    *out = wick_buf_span(&b);
    return status;
}

/* NAT-PMP has UDP and TCP of the asking host, and no options. */
static bool natpmp_can(const wick_pcp_want *w)
{
    return (w->protocol == 6 || w->protocol == 17) && w->internal_port != 0 &&
           w->remote.port == 0 && w->filter_count == 0 &&
           wick_ct_is_zero(w->third_party, sizeof w->third_party);
}

/* ---- sending ---- */

static void count_unanswered(wick_pcp_client *c)
{
    if (c->unanswered < UINT8_MAX) {
        c->unanswered++;
    }
}

/* The server is silent: with NAT-PMP it may speak PCP by now; else another address may answer. */
static bool give_up_server(wick_pcp_client *c, unsigned tries, uint64_t now_ms)
{
    if (any_held(c) || c->unanswered < tries) {
        return false;
    }
    if (c->version == 0) {
        if (tries < NATPMP_TRIES) {
            return false;
        }
    } else if (c->server_count < 2 || tries < WICK_PCP_TRIES) {
        return false;
    }
    c->current = (uint8_t)((c->current + 1u) % c->server_count);
    c->version = WICK_PCP_VERSION;
    c->epoch_known = 0;
    c->proven = 0;
    c->address_known = 0;
    c->probe_wanted = PROBE_NONE;
    c->unanswered = 0;
    wick_pcp_ask_all_(c, now_ms);
    return true;
}

static wick_status send_probe(wick_pcp_client *c, uint64_t now_ms, wick_span *out)
{
    unsigned most = c->version == 0 ? NATPMP_TRIES : WICK_PCP_TRIES;
    bool asked = c->probe_wanted == PROBE_ASKED;
    if (c->probe_tries >= most) {
        if (c->version == 0 && !any_held(c)) {
            (void)give_up_server(c, c->probe_tries, now_ms);
        }
        /* The address that was known is as good as any other guess. */
        c->address_known = 1;
        if (asked) {
            wick_pcp_silent_(c);
        }
        c->probe_wanted = PROBE_NONE;
        return WICK_AGAIN;
    }
    c->probe_rt_ms = next_rt(c, c->probe_rt_ms, c->probe_tries);
    c->probe_due_ms = now_ms + c->probe_rt_ms;
    c->probe_tries++;
    count_unanswered(c);
    if (c->version == 0) {
        return build_natpmp(c, NULL, out);
    }
    wick_pcp_msg r;
    wick_buf b = wick_buf_make(c->tx, sizeof c->tx);
    memset(&r, 0, sizeof r);
    memcpy(r.client_ip, c->client.ip, sizeof r.client_ip);
    wick_status status = wick_pcp_encode(&b, &r);
    *out = wick_buf_span(&b);
    return status;
}

/* What a time-out means, before the next request. false: that request is not to be sent. */
static bool after_silence(wick_pcp_client *c, wick_pcp_mapping *m, uint64_t now_ms)
{
    if (m->state == M_DELETING) {
        if (m->tries >= WICK_PCP_TRIES) {
            wick_pcp_gone_(c, m, now_ms, WICK_E_TIMEOUT);
            return false;
        }
        return true;
    }
    if (c->unanswered != 0) {
        wick_pcp_silent_(c);
    }
    if (m->state == M_ASKING) {
        return !give_up_server(c, m->tries, now_ms);
    }
    if (c->version == 0 && m->tries >= NATPMP_TRIES) { /* a renewal: try at its next time */
        m->urgent = 0;
        m->flight = 0;
        m->tries = 0;
        m->rounds++;
        wick_pcp_schedule_(c, m);
        return false;
    }
    return true;
}

static wick_status send_mapping(wick_pcp_client *c, wick_pcp_mapping *m, uint64_t now_ms,
                                wick_span *out)
{
    if (m->state == M_WAITING) {
        wick_pcp_ask_(m, now_ms);
        if (c->version == 0 && natpmp_can(&m->want)) {
            c->address_known = 0; /* it may have been the address that was missing */
            return WICK_AGAIN;
        }
    }
    if (c->version == 0 && m->state != M_DELETING && !natpmp_can(&m->want)) {
        m->state = M_WAITING;
        m->due_ms = now_ms + (uint64_t)ERROR_MAX_S * 1000u;
        wick_pcp_event_(m, WICK_PCP_EV_FAILED, WICK_E_UNSUPPORTED);
        return WICK_AGAIN;
    }
    bool renewal = m->state == M_HELD && m->urgent == 0;
    if (renewal && c->version == 0) {
        /* The external address first: NAT-PMP tells it apart. */
        m->urgent = 1;
        m->tries = 0;
        c->address_known = 0;
        return WICK_AGAIN;
    }
    if (!renewal && m->tries != 0 && !after_silence(c, m, now_ms)) {
        return WICK_AGAIN;
    }
    m->flight = 1;
    m->sent_ms = now_ms;
    count_unanswered(c);
    if (renewal) {
        if (m->rounds < UINT8_MAX) {
            m->rounds++;
        }
        wick_pcp_schedule_(c, m);
    } else {
        m->rt_ms = next_rt(c, m->rt_ms, m->tries);
        m->due_ms = now_ms + m->rt_ms;
        if (m->tries < UINT8_MAX) {
            m->tries++;
        }
    }
    return c->version == 0 ? build_natpmp(c, m, out) : build(c, m, out);
}

wick_status wick_pcp_next_send_(wick_pcp_client *c, uint64_t now_ms, wick_span *out)
{
    /* Each turn without a datagram changes a state, and there are few of them. */
    for (unsigned turn = 0; turn < 4 * WICK_PCP_MAPPINGS + 4; turn++) {
        wick_status status = WICK_AGAIN;
        bool tried = false;
        if (c->version == 0 && c->address_known == 0 && c->probe_wanted == PROBE_NONE &&
            first_due(c) != NULL && wick_time_reached(now_ms, first_due(c)->due_ms)) {
            wick_pcp_probe_(c, now_ms, PROBE_ADDRESS);
        }
        if (c->probe_wanted != PROBE_NONE && wick_time_reached(now_ms, c->probe_due_ms)) {
            tried = true;
            status = send_probe(c, now_ms, out);
        }
        for (unsigned i = 0; i < WICK_PCP_MAPPINGS && status != WICK_OK; i++) {
            wick_pcp_mapping *m = &c->mapping[i];
            if (may_send(c, m) && wick_time_reached(now_ms, m->due_ms)) {
                tried = true;
                status = send_mapping(c, m, now_ms, out);
            }
        }
        if (status == WICK_OK || !tried) {
            return status;
        }
    }
    return WICK_AGAIN;
}

uint64_t wick_pcp_deadline_(const wick_pcp_client *c, uint64_t now_ms)
{
    uint64_t at = WICK_TIME_NEVER(now_ms);
    if (c->probe_wanted != PROBE_NONE) {
        at = wick_time_min(at, c->probe_due_ms);
    }
    for (unsigned i = 0; i < WICK_PCP_MAPPINGS; i++) {
        const wick_pcp_mapping *m = &c->mapping[i];
        /* With NAT-PMP and no address yet, the first request brings the probe. */
        if (may_send(c, m) || (c->version == 0 && c->address_known == 0 &&
                               c->probe_wanted == PROBE_NONE && m == first_due(c))) {
            at = wick_time_min(at, m->due_ms);
        }
        if (m->state == M_HELD) {
            at = wick_time_min(at, m->expires_ms);
        }
    }
    return at;
}
