/* SPDX-License-Identifier: Apache-2.0 */
/* PCP client: what answers and announcements mean. RFC 6887 sections 7.4, 8.3 to 8.5, 9, 11.4, 14;
 * RFC 6886 sections 3.3 to 3.6. */
#include <string.h>

#include "pcp_internal.h"

static wick_status status_of(uint8_t result)
{
    switch (result) {
    case WICK_PCP_UNSUPP_VERSION:
        return WICK_E_PCP_VERSION;
    case WICK_PCP_NETWORK_FAILURE:
    case WICK_PCP_NO_RESOURCES:
    case WICK_PCP_USER_EX_QUOTA:
    case WICK_PCP_EXCESSIVE_REMOTE_PEERS:
        return WICK_E_PCP_RESOURCES;
    case WICK_PCP_CANNOT_PROVIDE_EXTERNAL:
        return WICK_E_PCP_EXTERNAL;
    case WICK_PCP_ADDRESS_MISMATCH:
        return WICK_E_PCP_ADDRESS;
    default:
        return WICK_E_PCP_REFUSED;
    }
}

/* ---- epoch ---- */

/* Section 8.5, in 64 bits so that nothing runs below zero. */
static bool epoch_is_valid(const wick_pcp_client *c, uint64_t now_ms, uint32_t epoch_s)
{
    uint64_t before = c->epoch_s, now = epoch_s;
    if (c->epoch_known == 0) {
        return true;
    }
    if (now + 1u < before) {
        return false;
    }
    if (c->epoch_known == 2) {
        return true; /* from the store: how long we were away is not known */
    }
    if (c->version == 0) {
        return !wick_natpmp_is_reset(c->epoch_s, epoch_s, now_ms - c->epoch_ms);
    }
    uint64_t server = now > before ? now - before : 0;
    uint64_t client = (now_ms - c->epoch_ms) / 1000u;
    return client + 2u >= server - server / 16u && server + 2u >= client - client / 16u;
}

/* An epoch that is known to be the server's: in an answer to a request of ours. */
static void take_epoch(wick_pcp_client *c, uint64_t now_ms, uint32_t epoch_s,
                       const wick_pcp_mapping *answered)
{
    bool valid = epoch_is_valid(c, now_ms, epoch_s);
    c->epoch_s = epoch_s;
    c->epoch_ms = now_ms;
    bool while_away = c->epoch_known == 2;
    c->epoch_known = 1;
    if (valid) {
        return;
    }
    wick_pcp_server_event_(c, WICK_PCP_EV_SERVER_RESET);
    for (unsigned i = 0; i < WICK_PCP_MAPPINGS && !while_away; i++) {
        wick_pcp_mapping *m = &c->mapping[i];
        m->told = 0;
        if (m->state == M_HELD && m != answered) {
            wick_pcp_ask_(m, now_ms);
        }
    }
}

static void heard(wick_pcp_client *c)
{
    c->unanswered = 0;
    c->silent_told = 0;
}

/* ---- one mapping ---- */

static void wait_for(wick_pcp_mapping *m, uint64_t now_ms, uint32_t lifetime_s, wick_status status)
{
    uint32_t wait_s = lifetime_s == 0 ? ERROR_S : lifetime_s;
    if (wait_s > ERROR_MAX_S) {
        wait_s = ERROR_MAX_S;
    }
    m->flight = 0;
    m->tries = 0;
    m->urgent = 0;
    m->due_ms = now_ms + (uint64_t)wait_s * 1000u;
    if (m->state == M_HELD) {
        m->due_ms = wick_time_min(m->due_ms, m->expires_ms);
    } else {
        m->state = M_WAITING;
    }
    wick_pcp_event_(m, WICK_PCP_EV_FAILED, status);
}

static void refused(wick_pcp_client *c, wick_pcp_mapping *m, uint64_t now_ms, wick_status status,
                    uint32_t lifetime_s)
{
    if (m->state == M_DELETING) {
        wick_pcp_gone_(c, m, now_ms, status);
        return;
    }
    if (status == WICK_E_PCP_EXTERNAL && !m->want.prefer_failure) {
        m->external.port = 0; /* any other, then */
    }
    wait_for(m, now_ms, lifetime_s, status);
}

/* PREFER_FAILURE: is this what was asked for? Servers grant something else and say SUCCESS. */
static bool is_what_was_wanted(const wick_pcp_mapping *m, const wick_addr *external)
{
    wick_addr want = wick_pcp_suggestion_(&m->want);
    return !m->want.prefer_failure ||
           ((want.port == 0 || want.port == external->port) &&
            (wick_ct_is_zero(want.ip, sizeof want.ip) || wick_addr_same_ip(&want, external)));
}

static bool is_usable(const wick_pcp_mapping *m, const wick_addr *external)
{
    wick_addr zero = wick_addr_v4(0, 0, 0, 0, 0);
    return !wick_ct_is_zero(external->ip, sizeof external->ip) &&
           !wick_addr_same_ip(&zero, external) &&
           (external->port != 0 || m->want.internal_port == 0);
}

static void granted(wick_pcp_client *c, wick_pcp_mapping *m, uint64_t now_ms,
                    const wick_addr *external, uint32_t lifetime_s)
{
    if (lifetime_s == 0) { /* withdrawn (section 14.2), or a grant of nothing */
        bool told = m->told != 0;
        m->told = 0;
        m->state = M_ASKING;
        wait_for(m, now_ms, 0, WICK_E_PCP_RESOURCES);
        if (told) {
            wick_pcp_event_(m, WICK_PCP_EV_LOST, WICK_E_PCP_RESOURCES);
        }
        return;
    }
    if (!is_what_was_wanted(m, external)) {
        wick_pcp_ask_(m, now_ms);
        m->state = M_DELETING;
        m->undo = 1;
        m->told = 0;
        wick_pcp_event_(m, WICK_PCP_EV_FAILED, WICK_E_PCP_EXTERNAL);
        return;
    }
    if (!is_usable(m, external)) {
        refused(c, m, now_ms, WICK_E_PCP_EXTERNAL, 0);
        return;
    }
    wick_addr was = m->external;
    bool moved = !wick_addr_equal(&was, external);
    bool told = m->told != 0, asked = m->flight != 0;
    m->external = *external;
    m->state = M_HELD;
    m->lifetime_s = lifetime_s < LIFETIME_MAX_S ? lifetime_s : LIFETIME_MAX_S;
    m->since_ms = now_ms;
    m->expires_ms = now_ms + (uint64_t)m->lifetime_s * 1000u;
    m->flight = 0;
    m->tries = 0;
    m->rounds = 0;
    m->urgent = 0;
    m->told = 1;
    wick_pcp_schedule_(c, m);
    if (!told || moved) {
        wick_pcp_event event = wick_pcp_is_peer_(m) ? WICK_PCP_EV_HINT
                               : told               ? WICK_PCP_EV_CHANGED
                                                    : WICK_PCP_EV_MAPPED;
        wick_pcp_event_(m, event,
                        wick_addr_is_public(external) ? WICK_OK : WICK_E_NAT_DOUBLE);
    } else if (m->event == WICK_PCP_EV_FAILED) {
        m->event = WICK_PCP_EV_NONE;
    }
    /* What comes unasked has no bound, and a flash wears out: it is kept with the next answer. */
    m->unsaved = m->unsaved != 0 || moved ? 1 : 0;
    if (m->unsaved != 0 && asked) {
        wick_pcp_save_(c);
        for (unsigned i = 0; i < WICK_PCP_MAPPINGS; i++) {
            c->mapping[i].unsaved = 0;
        }
    }
    if (told && !wick_addr_same_ip(&was, external)) {
        m->urgent = 1; /* not this one again */
        wick_pcp_doubt_(c, now_ms, 0); /* the others have moved as well */
        m->urgent = 0;
    }
}

/* ---- PCP ---- */

static bool belongs(const wick_pcp_mapping *m, const wick_pcp_msg *r)
{
    bool peer = wick_pcp_is_peer_(m);
    if (m->state < M_ASKING || m->state == M_GONE || (m->flight == 0 && m->state != M_HELD) ||
        r->opcode != (peer ? WICK_PCP_PEER : WICK_PCP_MAP) || r->protocol != m->want.protocol ||
        !wick_ct_equal(r->nonce, m->nonce, sizeof m->nonce)) {
        return false;
    }
    /* Servers clear ports and addresses of error responses. */
    return r->result != WICK_PCP_SUCCESS ||
           (r->internal_port == m->want.internal_port &&
            (!peer || wick_addr_equal(&r->remote, &m->want.remote)));
}

static wick_status take_mapping(wick_pcp_client *c, uint64_t now_ms, const wick_pcp_msg *r)
{
    wick_pcp_mapping *m = NULL;
    for (unsigned i = 0; i < WICK_PCP_MAPPINGS && m == NULL; i++) {
        if (belongs(&c->mapping[i], r)) {
            m = &c->mapping[i];
        }
    }
    if (m == NULL || (m->flight == 0 && r->result != WICK_PCP_SUCCESS)) {
        return WICK_E_NOT_FOUND;
    }
    if (m->state == M_DELETING && r->result == WICK_PCP_SUCCESS && r->lifetime_s != 0) {
        return WICK_E_NOT_FOUND; /* the late answer to an earlier request */
    }
    heard(c);
    c->proven = 1;
    take_epoch(c, now_ms, r->epoch_s, m);
    if (r->result != WICK_PCP_SUCCESS) {
        refused(c, m, now_ms, status_of(r->result),
                r->result == WICK_PCP_UNSUPP_VERSION ? ERROR_MAX_S : r->lifetime_s);
    } else if (m->state == M_DELETING) {
        wick_pcp_gone_(c, m, now_ms, WICK_OK);
    } else {
        granted(c, m, now_ms, &r->external, r->lifetime_s);
    }
    return WICK_OK;
}

/* Section 14.1: the server says that it restarted, or its epoch says so. Anybody can send this, so
 * that it only makes us ask. */
static wick_status take_announce(wick_pcp_client *c, uint64_t now_ms, const wick_pcp_msg *r)
{
    bool asked_for = c->probe_wanted != PROBE_NONE && c->probe_tries != 0;
    if (r->result != WICK_PCP_SUCCESS) {
        return WICK_E_NOT_FOUND;
    }
    if (asked_for) {
        c->probe_wanted = PROBE_NONE;
        heard(c);
        c->heard_s = r->epoch_s;
        wick_pcp_server_event_(c, WICK_PCP_EV_ALIVE);
        if (!epoch_is_valid(c, now_ms, r->epoch_s)) {
            wick_pcp_doubt_(c, now_ms, 0);
        }
        return WICK_OK;
    }
    wick_pcp_client_announced(c, now_ms);
    return WICK_OK;
}

/* ---- version ---- */

static bool waits_for_answer(const wick_pcp_client *c, unsigned *tries)
{
    bool waits = c->probe_wanted != PROBE_NONE && c->probe_tries != 0;
    *tries = waits ? c->probe_tries : 0;
    for (unsigned i = 0; i < WICK_PCP_MAPPINGS; i++) {
        const wick_pcp_mapping *m = &c->mapping[i];
        if (m->state >= M_ASKING && m->state != M_GONE && m->flight != 0) {
            waits = true;
            *tries = m->tries > *tries ? m->tries : *tries;
        }
    }
    return waits;
}

static wick_status other_version(wick_pcp_client *c, uint64_t now_ms, uint8_t version)
{
    unsigned tries;
    bool v4 = wick_addr_is_v4(&c->client);
    /* No nonce in such an answer: it counts only while one is awaited, and against a server that
     * has proved to speak PCP only if that has fallen silent. */
    if (!waits_for_answer(c, &tries) || (c->proven != 0 && tries < BID_DOWN_TRIES)) {
        return WICK_E_NOT_FOUND;
    }
    heard(c);
    if (version == 0 && v4 && c->no_natpmp == 0) {
        c->version = 0;
        c->proven = 0;
        c->epoch_known = 0;
        c->address_known = 0;
        c->probe_tries = 0; /* a probe goes on in the other protocol */
        c->probe_due_ms = now_ms;
        wick_pcp_ask_all_(c, now_ms);
        wick_pcp_server_event_(c, WICK_PCP_EV_NATPMP);
        return WICK_OK;
    }
    for (unsigned i = 0; i < WICK_PCP_MAPPINGS; i++) {
        wick_pcp_mapping *m = &c->mapping[i];
        if (m->state >= M_ASKING && m->state != M_GONE && m->flight != 0) {
            refused(c, m, now_ms, WICK_E_PCP_VERSION, ERROR_MAX_S);
        }
    }
    return WICK_OK;
}

/* ---- NAT-PMP ---- */

static wick_status natpmp_status(uint16_t result)
{
    switch (result) {
    case WICK_NATPMP_NETWORK_FAILURE:
    case WICK_NATPMP_NO_RESOURCES:
        return WICK_E_PCP_RESOURCES;
    case WICK_NATPMP_UNSUPP_VERSION:
        return WICK_E_PCP_VERSION;
    default:
        return WICK_E_PCP_REFUSED;
    }
}

static wick_status natpmp_address(wick_pcp_client *c, uint64_t now_ms, const wick_natpmp_msg *r)
{
    if (c->probe_wanted == PROBE_NONE || c->probe_tries == 0) {
        /* Unasked: the server restarted or its address changed (RFC 6886 section 3.2.1). */
        wick_pcp_client_announced(c, now_ms);
        return WICK_OK;
    }
    heard(c);
    if (c->probe_wanted == PROBE_ASKED) {
        wick_pcp_server_event_(c, WICK_PCP_EV_ALIVE);
    }
    c->probe_wanted = PROBE_NONE;
    c->address_known = 1;
    c->heard_s = r->epoch_s;
    take_epoch(c, now_ms, r->epoch_s, NULL);
    wick_addr a = wick_addr_v4(r->external_ip[0], r->external_ip[1], r->external_ip[2],
                               r->external_ip[3], 0);
    if (r->result != WICK_NATPMP_SUCCESS) {
        a = wick_addr_v4(0, 0, 0, 0, 0);
    }
    memcpy(c->external_ip, a.ip, sizeof a.ip);
    return WICK_OK;
}

static wick_status natpmp_input(wick_pcp_client *c, uint64_t now_ms, wick_span bytes)
{
    wick_natpmp_msg r;
    wick_status status = wick_natpmp_decode(&r, bytes);
    if (status != WICK_OK || r.response == 0) {
        return status != WICK_OK ? status : WICK_E_NOT_FOUND;
    }
    if (r.opcode == WICK_NATPMP_ADDRESS) {
        return natpmp_address(c, now_ms, &r);
    }
    uint8_t protocol = r.opcode == WICK_NATPMP_TCP ? 6 : 17;
    bool error = r.result != WICK_NATPMP_SUCCESS;
    for (unsigned i = 0; i < WICK_PCP_MAPPINGS; i++) {
        wick_pcp_mapping *m = &c->mapping[i];
        bool short_error = error && bytes.len == 8;
        if (m->flight == 0 || m->state < M_ASKING || m->state == M_GONE ||
            m->want.protocol != protocol ||
            (m->want.internal_port != r.internal_port && !short_error)) {
            continue;
        }
        bool deleting = m->state == M_DELETING;
        if (deleting && !error && r.lifetime_s != 0) {
            continue;
        }
        heard(c);
        take_epoch(c, now_ms, r.epoch_s, m);
        if (error) {
            refused(c, m, now_ms, natpmp_status(r.result), 0);
        } else if (deleting) {
            wick_pcp_gone_(c, m, now_ms, WICK_OK);
        } else {
            wick_addr external;
            memcpy(external.ip, c->external_ip, sizeof external.ip);
            external.port = r.external_port;
            granted(c, m, now_ms, &external, r.lifetime_s);
        }
        return WICK_OK;
    }
    return WICK_E_NOT_FOUND;
}

wick_status wick_pcp_client_input(wick_pcp_client *c, uint64_t now_ms, wick_span bytes,
                                  const wick_addr *from)
{
    wick_pcp_msg r;
    uint8_t version = 0;
    if (!wick_addr_equal(from, &c->server[c->current])) {
        return WICK_E_NOT_FOUND;
    }
    if (c->version == 0) {
        return natpmp_input(c, now_ms, bytes);
    }
    if (wick_pcp_is_unsupported_version(&version, bytes) && version != WICK_PCP_VERSION) {
        return other_version(c, now_ms, version);
    }
    wick_status status = wick_pcp_decode(&r, bytes);
    if (status != WICK_OK) {
        return status;
    }
    if (r.response == 0) {
        return WICK_E_NOT_FOUND;
    }
    return r.opcode == WICK_PCP_ANNOUNCE ? take_announce(c, now_ms, &r)
                                         : take_mapping(c, now_ms, &r);
}
