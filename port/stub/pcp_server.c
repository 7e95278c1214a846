/* SPDX-License-Identifier: Apache-2.0 */
/* PCP and NAT-PMP server for tests: see wick/port/stub_pcp.h. RFC 6887 sections 8.2, 11.3, 12.3. */
#include "wick/port/stub_pcp.h"

#include <string.h>

#define ERROR_S 30u
#define FIRST_PORT 40000u

static bool has(const wick_stub_pcp *s, wick_stub_pcp_fault fault)
{
    return (s->faults & (unsigned)fault) != 0;
}

static uint32_t epoch(const wick_stub_pcp *s, uint64_t now_ms)
{
    return (uint32_t)((now_ms - s->born_ms) / 1000u) + (uint32_t)s->epoch_skew_s;
}

static bool is_v6(const wick_stub_pcp *s)
{
    return !wick_addr_is_v4(&s->cfg.listen);
}

void wick_stub_pcp_init(wick_stub_pcp *s, const wick_stub_pcp_config *cfg, uint64_t now_ms)
{
    memset(s, 0, sizeof *s);
    s->cfg = *cfg;
    s->born_ms = now_ms;
    if (s->cfg.listen.port == 0) {
        s->cfg.listen.port = WICK_PCP_SERVER_PORT;
    }
    if (s->cfg.lifetime_min_s == 0) {
        s->cfg.lifetime_min_s = 120;
    }
    if (s->cfg.lifetime_max_s == 0) {
        s->cfg.lifetime_max_s = 86400;
    }
}

static void push(wick_stub_pcp *s, const wick_addr *to, wick_span bytes)
{
    if (s->queued == WICK_STUB_PCP_QUEUE || bytes.len == 0) {
        return;
    }
    unsigned i = (s->head + s->queued++) % WICK_STUB_PCP_QUEUE;
    s->queue[i].from = s->cfg.listen;
    if (has(s, WICK_STUB_PCP_WRONG_SOURCE)) {
        s->queue[i].from.port++;
    }
    s->queue[i].to = *to;
    s->queue[i].len = bytes.len;
    memcpy(s->queue[i].bytes, bytes.ptr, bytes.len);
}

bool wick_stub_pcp_poll(wick_stub_pcp *s, wick_stub_pcp_out *out)
{
    if (s->queued == 0) {
        return false;
    }
    unsigned i = s->head;
    s->head = (s->head + 1) % WICK_STUB_PCP_QUEUE;
    s->queued--;
    out->bytes = wick_span_make(s->queue[i].bytes, s->queue[i].len);
    out->from = s->queue[i].from;
    out->to = s->queue[i].to;
    return true;
}

/* ---- mappings ---- */

static bool is_live(const wick_stub_pcp_mapping *m, uint64_t now_ms)
{
    return m->used && !wick_time_reached(now_ms, m->until_ms);
}

const wick_stub_pcp_mapping *wick_stub_pcp_find(const wick_stub_pcp *s, uint64_t now_ms,
                                                uint8_t protocol, uint16_t external_port)
{
    for (unsigned i = 0; i < WICK_STUB_PCP_MAPPINGS; i++) {
        const wick_stub_pcp_mapping *m = &s->mapping[i];
        if (is_live(m, now_ms) && m->protocol == protocol && m->external_port == external_port) {
            return m;
        }
    }
    return NULL;
}

bool wick_stub_pcp_admits(const wick_stub_pcp *s, const wick_stub_pcp_mapping *m,
                          const wick_addr *from)
{
    bool admitted = m->filter_count == 0 || has(s, WICK_STUB_PCP_NO_FILTER);
    for (unsigned i = 0; i < m->filter_count; i++) {
        admitted = admitted || wick_pcp_filter_admits(&m->filter[i], from);
    }
    return admitted;
}

static wick_stub_pcp_mapping *of_internal(wick_stub_pcp *s, uint64_t now_ms, uint8_t protocol,
                                          const wick_addr *internal, const wick_addr *remote)
{
    for (unsigned i = 0; i < WICK_STUB_PCP_MAPPINGS; i++) {
        wick_stub_pcp_mapping *m = &s->mapping[i];
        if (is_live(m, now_ms) && m->protocol == protocol &&
            wick_addr_equal(&m->internal, internal) && wick_addr_equal(&m->remote, remote)) {
            return m;
        }
    }
    return NULL;
}

static uint16_t free_port(const wick_stub_pcp *s, uint64_t now_ms, uint8_t protocol,
                          uint16_t suggested)
{
    uint16_t port = suggested;
    if (port == 0 || has(s, WICK_STUB_PCP_OTHER_PORT)) {
        port = FIRST_PORT;
    }
    while (wick_stub_pcp_find(s, now_ms, protocol, port) != NULL) {
        port = (uint16_t)(port < FIRST_PORT ? FIRST_PORT : port + 1u);
    }
    return port;
}

/* A new or renewed mapping; NULL if the table is full. */
static wick_stub_pcp_mapping *keep(wick_stub_pcp *s, uint64_t now_ms, wick_stub_pcp_mapping *m,
                                   uint8_t protocol, const wick_addr *internal,
                                   const wick_addr *remote, uint16_t suggested, uint32_t *lifetime)
{
    for (unsigned i = 0; m == NULL && i < WICK_STUB_PCP_MAPPINGS; i++) {
        if (!is_live(&s->mapping[i], now_ms)) {
            m = &s->mapping[i];
            memset(m, 0, sizeof *m);
            m->protocol = protocol;
            m->internal = *internal;
            m->remote = *remote;
            m->external_port =
                is_v6(s) ? internal->port : free_port(s, now_ms, protocol, suggested);
        }
    }
    if (m == NULL) {
        return NULL;
    }
    uint32_t grant = *lifetime;
    if (grant < s->cfg.lifetime_min_s) {
        grant = s->cfg.lifetime_min_s;
    }
    if (grant > s->cfg.lifetime_max_s) {
        grant = s->cfg.lifetime_max_s;
    }
    if (s->lifetime_s != 0) {
        grant = s->lifetime_s;
    }
    m->used = true;
    m->until_ms = now_ms + (uint64_t)grant * 1000u;
    *lifetime = s->grant_zero ? 0 : grant;
    return m;
}

/* ---- PCP ---- */

static void refuse(wick_stub_pcp *s, uint64_t now_ms, wick_span bytes, const wick_addr *to,
                   uint8_t result, uint32_t lifetime_s)
{
    uint8_t out[WICK_PCP_MAX_BYTES];
    wick_buf b = wick_buf_make(out, sizeof out);
    uint32_t life = has(s, WICK_STUB_PCP_ERROR_LIFE_0) ? 0 : lifetime_s;
    if (wick_pcp_refuse(&b, bytes, result, life, epoch(s, now_ms)) != WICK_OK) {
        return;
    }
    if (has(s, WICK_STUB_PCP_ERROR_BLANK) && b.len >= WICK_PCP_MAP_BYTES) {
        memset(out + 40, 0, 20);
    }
    push(s, to, wick_buf_span(&b));
}

static uint8_t external_of(const wick_stub_pcp *s, const wick_stub_pcp_mapping *m, wick_addr *out)
{
    *out = is_v6(s) ? m->internal : s->cfg.external;
    out->port = m->external_port;
    if (has(s, WICK_STUB_PCP_ZERO_EXTERNAL)) {
        *out = wick_addr_v4(0, 0, 0, 0, m->external_port);
    }
    return WICK_PCP_SUCCESS;
}

static void answer(wick_stub_pcp *s, uint64_t now_ms, const wick_pcp_msg *request,
                   const wick_stub_pcp_mapping *m, uint32_t lifetime_s, const wick_addr *to)
{
    uint8_t out[WICK_PCP_MAX_BYTES];
    wick_buf b = wick_buf_make(out, sizeof out);
    wick_pcp_msg r = *request;
    r.response = 1;
    r.result = WICK_PCP_SUCCESS;
    r.lifetime_s = lifetime_s;
    r.epoch_s = epoch(s, now_ms);
    memset(r.client_ip, 0, sizeof r.client_ip);
    if (m != NULL) {
        (void)external_of(s, m, &r.external);
    }
    if (!has(s, WICK_STUB_PCP_ECHO_UNKNOWN)) {
        /* Only what was processed is echoed (section 8.3): no unknown option. */
        uint8_t kept[WICK_PCP_MAX_BYTES];
        wick_buf k = wick_buf_make(kept, sizeof kept);
        wick_pcp_option o;
        while (wick_pcp_next_option(&o, &r.options)) {
            if (o.code <= WICK_PCP_FILTER) {
                wick_pcp_put_option(&k, o.code, o.data);
            }
        }
        r.options = wick_buf_span(&k);
        if (wick_pcp_encode(&b, &r) != WICK_OK) {
            return;
        }
    } else if (wick_pcp_encode(&b, &r) != WICK_OK) {
        return;
    }
    out[1] ^= has(s, WICK_STUB_PCP_NO_R_BIT) ? 0x80u : 0u;
    if (b.len >= WICK_PCP_MAP_BYTES) {
        out[24] ^= has(s, WICK_STUB_PCP_WRONG_NONCE) ? 1u : 0u;
        out[36] ^= has(s, WICK_STUB_PCP_WRONG_PROTOCOL) ? 23u : 0u;
        out[41] ^= has(s, WICK_STUB_PCP_WRONG_PORT) ? 1u : 0u;
    }
    push(s, to, wick_buf_span(&b));
}

/* THIRD_PARTY with the sender's own address (section 13.1). */
static bool names_itself(const wick_pcp_msg *r)
{
    wick_pcp_option o;
    wick_span rest = r->options;
    while (wick_pcp_next_option(&o, &rest)) {
        if (o.code == WICK_PCP_THIRD_PARTY && memcmp(o.data.ptr, r->client_ip, 16) == 0) {
            return true;
        }
    }
    return false;
}

/* Section 13.3: filters add up, until one with prefix 0 removes them all. false: too many */
static bool take_filters(wick_stub_pcp_mapping *m, const wick_pcp_msg *r)
{
    wick_pcp_option o;
    wick_pcp_filter f;
    wick_span rest = r->options;
    while (wick_pcp_next_option(&o, &rest)) {
        if (wick_pcp_read_filter(&f, &o) != WICK_OK) {
            continue;
        }
        bool known = false;
        for (unsigned i = 0; i < m->filter_count; i++) {
            known = known || (wick_addr_equal(&m->filter[i].remote, &f.remote) &&
                              m->filter[i].prefix_bits == f.prefix_bits);
        }
        if (f.prefix_bits == 0) {
            m->filter_count = 0;
        } else if (!known && m->filter_count == WICK_STUB_PCP_FILTERS) {
            return false;
        } else if (!known) {
            m->filter[m->filter_count++] = f;
        }
    }
    return true;
}

static void serve_map(wick_stub_pcp *s, uint64_t now_ms, const wick_pcp_msg *r, wick_span bytes,
                      const wick_addr *from)
{
    wick_addr internal;
    wick_pcp_option o;
    wick_span rest = r->options;
    bool prefer_failure = false;
    memcpy(internal.ip, r->client_ip, sizeof internal.ip);
    internal.port = r->internal_port;
    while (wick_pcp_next_option(&o, &rest)) {
        prefer_failure = prefer_failure || o.code == WICK_PCP_PREFER_FAILURE;
        if (o.code == WICK_PCP_THIRD_PARTY) {
            memcpy(internal.ip, o.data.ptr, sizeof internal.ip);
        }
    }
    if (names_itself(r)) {
        refuse(s, now_ms, bytes, from, WICK_PCP_MALFORMED_REQUEST, ERROR_S);
        return;
    }
    if (r->protocol == 0) { /* "all protocols" is not served, as by most */
        refuse(s, now_ms, bytes, from, WICK_PCP_UNSUPP_PROTOCOL, ERROR_S);
        return;
    }
    wick_stub_pcp_mapping *m = of_internal(s, now_ms, r->protocol, &internal, &r->remote);
    if (m != NULL && memcmp(m->nonce, r->nonce, sizeof m->nonce) != 0 &&
        !has(s, WICK_STUB_PCP_ANY_NONCE)) {
        refuse(s, now_ms, bytes, from, WICK_PCP_NOT_AUTHORIZED,
               (uint32_t)((m->until_ms - now_ms) / 1000u));
        return;
    }
    if (r->lifetime_s == 0) {
        s->deletes++;
        if (m != NULL) {
            m->used = false;
        }
        answer(s, now_ms, r, NULL, 0, from);
        return;
    }
    s->maps++;
    uint16_t port = m != NULL ? m->external_port
                              : free_port(s, now_ms, r->protocol, r->external.port);
    if (prefer_failure && !has(s, WICK_STUB_PCP_NO_PREFER) && r->external.port != port) {
        refuse(s, now_ms, bytes, from, WICK_PCP_CANNOT_PROVIDE_EXTERNAL, ERROR_S);
        return;
    }
    uint32_t lifetime = r->lifetime_s;
    m = keep(s, now_ms, m, r->protocol, &internal, &r->remote, r->external.port, &lifetime);
    if (m == NULL) {
        refuse(s, now_ms, bytes, from, WICK_PCP_USER_EX_QUOTA, ERROR_S);
        return;
    }
    m->opcode = r->opcode;
    m->client = *from;
    memcpy(m->nonce, r->nonce, sizeof m->nonce);
    if (!take_filters(m, r)) {
        refuse(s, now_ms, bytes, from, WICK_PCP_EXCESSIVE_REMOTE_PEERS, ERROR_S);
        return;
    }
    answer(s, now_ms, r, m, lifetime, from);
}

static void serve_pcp(wick_stub_pcp *s, uint64_t now_ms, wick_span bytes, const wick_addr *from)
{
    wick_pcp_msg r;
    if (wick_pcp_decode(&r, bytes) != WICK_OK) {
        if (r.result != WICK_PCP_SUCCESS) {
            refuse(s, now_ms, bytes, from, r.result, ERROR_S);
        }
        return;
    }
    if (r.response != 0) {
        return;
    }
    s->last = r;
    s->last_options = r.options.len;
    s->last.options = wick_span_make(NULL, 0);
    if (s->force.count != 0) {
        s->force.count--;
        refuse(s, now_ms, bytes, from, s->force.result, s->force.lifetime_s);
    } else if (memcmp(r.client_ip, from->ip, sizeof r.client_ip) != 0) {
        refuse(s, now_ms, bytes, from, WICK_PCP_ADDRESS_MISMATCH, 1800);
    } else if (r.opcode == WICK_PCP_ANNOUNCE) {
        s->announces++;
        answer(s, now_ms, &r, NULL, 0, from);
    } else {
        serve_map(s, now_ms, &r, bytes, from);
    }
}

/* ---- NAT-PMP ---- */

static void serve_natpmp(wick_stub_pcp *s, uint64_t now_ms, const wick_natpmp_msg *q,
                         const wick_addr *from)
{
    uint8_t out[WICK_NATPMP_MAX_BYTES];
    wick_buf b = wick_buf_make(out, sizeof out);
    wick_natpmp_msg r = *q;
    s->natpmp++;
    r.response = 1;
    r.epoch_s = epoch(s, now_ms);
    if (s->force.count != 0) {
        s->force.count--;
        r.result = s->force.result;
    } else if (q->opcode == WICK_NATPMP_ADDRESS) {
        if (!has(s, WICK_STUB_PCP_NO_ADDRESS)) {
            memcpy(r.external_ip, s->cfg.external.ip + 12, 4);
        }
    } else {
        uint8_t protocol = q->opcode == WICK_NATPMP_TCP ? 6 : 17;
        wick_addr internal = *from, none;
        memset(&none, 0, sizeof none);
        internal.port = q->internal_port;
        wick_stub_pcp_mapping *m = of_internal(s, now_ms, protocol, &internal, &none);
        if (q->lifetime_s == 0) {
            s->deletes++;
            r.external_port = 0;
            if (m != NULL) {
                m->used = false;
            }
        } else {
            s->maps++;
            m = keep(s, now_ms, m, protocol, &internal, &none, q->external_port, &r.lifetime_s);
            r.result = m == NULL ? WICK_NATPMP_NO_RESOURCES : WICK_NATPMP_SUCCESS;
            r.external_port = m == NULL ? 0 : m->external_port;
        }
    }
    if (wick_natpmp_encode(&b, &r) != WICK_OK) {
        return;
    }
    out[1] ^= has(s, WICK_STUB_PCP_NO_R_BIT) ? 0x80u : 0u;
    if (b.len == WICK_NATPMP_MAX_BYTES) {
        out[9] ^= has(s, WICK_STUB_PCP_WRONG_PORT) ? 1u : 0u;
    }
    if (r.result != WICK_NATPMP_SUCCESS && has(s, WICK_STUB_PCP_ERROR_BLANK)) {
        b.len = 8; /* errors may end after the epoch */
    }
    push(s, from, wick_buf_span(&b));
}

void wick_stub_pcp_input(wick_stub_pcp *s, uint64_t now_ms, wick_span bytes,
                         const wick_addr *from)
{
    wick_natpmp_msg q;
    s->requests++;
    if (has(s, WICK_STUB_PCP_SILENT) || bytes.len < 2) {
        return;
    }
    if (has(s, WICK_STUB_PCP_VERSION_0_BROKEN)) {
        uint8_t out[24] = {0, 0x80, 0, WICK_PCP_MALFORMED_REQUEST};
        push(s, from, wick_span_make(out, sizeof out));
    } else if (bytes.ptr[0] == 0) {
        if (wick_natpmp_decode(&q, bytes) == WICK_OK && q.response == 0) {
            serve_natpmp(s, now_ms, &q, from);
        }
    } else if (has(s, WICK_STUB_PCP_NATPMP_ONLY)) {
        uint8_t out[8] = {0, 0x80, 0, WICK_NATPMP_UNSUPP_VERSION};
        wick_store_be32(out + 4, epoch(s, now_ms));
        push(s, from, wick_span_make(out, sizeof out));
    } else if (has(s, WICK_STUB_PCP_VERSION_1)) {
        uint8_t out[24] = {1, (uint8_t)(0x80u | bytes.ptr[1]), 0, WICK_PCP_UNSUPP_VERSION};
        push(s, from, wick_span_make(out, sizeof out));
    } else {
        serve_pcp(s, now_ms, bytes, from);
    }
}

/* ---- what a server does by itself ---- */

void wick_stub_pcp_restart(wick_stub_pcp *s, uint64_t now_ms)
{
    memset(s->mapping, 0, sizeof s->mapping);
    s->born_ms = now_ms;
    s->queued = 0;
    if (has(s, WICK_STUB_PCP_QUIET_START)) {
        return;
    }
    uint8_t out[WICK_PCP_HEADER_BYTES];
    wick_buf b = wick_buf_make(out, sizeof out);
    wick_addr to = wick_addr_v4(224, 0, 0, 1, WICK_PCP_CLIENT_PORT);
    if (has(s, WICK_STUB_PCP_NATPMP_ONLY)) {
        wick_natpmp_msg n;
        memset(&n, 0, sizeof n);
        n.response = 1;
        memcpy(n.external_ip, s->cfg.external.ip + 12, 4);
        if (wick_natpmp_encode(&b, &n) == WICK_OK) {
            push(s, &to, wick_buf_span(&b));
        }
        return;
    }
    wick_pcp_msg r;
    memset(&r, 0, sizeof r);
    r.response = 1;
    if (is_v6(s)) {
        memset(&to, 0, sizeof to);
        to.ip[0] = 0xff;
        to.ip[1] = 0x02;
        to.ip[15] = 1;
        to.port = WICK_PCP_CLIENT_PORT;
    }
    if (wick_pcp_encode(&b, &r) == WICK_OK) {
        push(s, &to, wick_buf_span(&b));
    }
}

void wick_stub_pcp_move(wick_stub_pcp *s, uint64_t now_ms, const wick_addr *external, bool tell)
{
    s->cfg.external = *external;
    for (unsigned i = 0; tell && i < WICK_STUB_PCP_MAPPINGS; i++) {
        const wick_stub_pcp_mapping *m = &s->mapping[i];
        if (is_live(m, now_ms)) {
            wick_pcp_msg r;
            memset(&r, 0, sizeof r);
            r.opcode = m->opcode;
            memcpy(r.nonce, m->nonce, sizeof r.nonce);
            r.protocol = m->protocol;
            r.internal_port = m->internal.port;
            r.remote = m->remote;
            answer(s, now_ms, &r, m, (uint32_t)((m->until_ms - now_ms) / 1000u), &m->client);
        }
    }
}
