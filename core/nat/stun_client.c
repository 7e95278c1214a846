/* SPDX-License-Identifier: Apache-2.0 */
/* STUN Binding client: RFC 8489 sections 6.2.1 and 6.3.3. */
#include "wick/stun_client.h"

#include <string.h>

enum { IDLE, ASKING, RESTING, ENDED };

#define RTO_MS 500u
#define RC 7u
#define RM 16u
#define RC_SHORT 3u /* of a keep-alive: 3.5 s */
#define PROBE_GAP_MS UINT64_C(1000)

_Static_assert(WICK_STUN_HEADER_BYTES + 8 <= sizeof ((wick_stun_client *)0)->tx, "a request fits");

wick_status wick_stun_client_init(wick_stun_client *c, const wick_stun_client_config *cfg)
{
    memset(c, 0, sizeof *c);
    if (cfg->entropy == NULL || cfg->server.port == 0 || cfg->tries > RC) {
        return WICK_E_BAD_ARG;
    }
    c->cfg = *cfg;
    return WICK_OK;
}

/* A new transaction: a new id, so that a late answer to the last one cannot speak for it. */
static wick_status ask(wick_stun_client *c, uint64_t now_ms)
{
    const wick_hal_entropy *e = c->cfg.entropy;
    bool first = c->mapped.port == 0;
    wick_status status = e->fill(e->ctx, c->tid, sizeof c->tid);
    if (status != WICK_OK) {
        return status;
    }
    c->state = ASKING;
    c->left = !first ? RC_SHORT : c->cfg.tries != 0 ? c->cfg.tries : (uint8_t)RC;
    c->rto_ms = RTO_MS;
    c->next_ms = now_ms;
    return WICK_OK;
}

wick_status wick_stun_client_start(wick_stun_client *c, uint64_t now_ms)
{
    if (c->cfg.entropy == NULL) {
        return WICK_E_STATE;
    }
    memset(&c->mapped, 0, sizeof c->mapped);
    c->event = WICK_STUN_EV_NONE;
    c->silent = 0;
    c->rtt_ms = 0;
    c->status = WICK_OK;
    return ask(c, now_ms);
}

static void rest(wick_stun_client *c, uint64_t now_ms)
{
    uint8_t r[4] = {0};
    uint32_t most = c->cfg.keepalive_ms;
    if (c->cfg.entropy->fill(c->cfg.entropy->ctx, r, sizeof r) != WICK_OK) {
        memset(r, 0, sizeof r); /* without randomness they all ask at the same moment, no worse */
    }
    c->state = RESTING;
    c->next_ms = now_ms + most - wick_load_be32(r) % (most / 4u + 1u);
}

static void end(wick_stun_client *c, wick_status status)
{
    c->state = ENDED;
    c->status = status;
    if (status != WICK_OK) {
        c->event = WICK_STUN_EV_FAILED;
    }
}

static void answered(wick_stun_client *c, uint64_t now_ms, const wick_addr *mapped)
{
    bool known = c->mapped.port != 0;
    c->silent = 0;
    if (c->rto_ms == 2u * RTO_MS) { /* sent once: no doubt which one was answered */
        c->rtt_ms = (uint32_t)(now_ms - c->sent_ms);
    }
    if (!known || !wick_addr_equal(mapped, &c->mapped)) {
        c->mapped = *mapped;
        c->event = known ? WICK_STUN_EV_CHANGED : WICK_STUN_EV_MAPPED;
    }
    if (c->cfg.keepalive_ms == 0) {
        end(c, WICK_OK);
    } else {
        rest(c, now_ms);
    }
}

static wick_status status_of(uint16_t code)
{
    return code == 420   ? WICK_E_STUN_UNKNOWN_ATTR
           : code == 401 ? WICK_E_TURN_CREDENTIALS
                         : WICK_E_TURN_REFUSED;
}

wick_status wick_stun_client_input(wick_stun_client *c, uint64_t now_ms, wick_span bytes,
                                   const wick_addr *from)
{
    wick_stun_msg m;
    wick_addr mapped;
    uint16_t code;
    if (c->state != ASKING || !wick_addr_equal(from, &c->cfg.server) || !wick_stun_is(bytes)) {
        return WICK_E_NOT_FOUND;
    }
    wick_status status = wick_stun_decode(&m, bytes);
    if (status != WICK_OK) {
        return status;
    }
    if (m.method != WICK_STUN_BINDING || m.cls < WICK_STUN_SUCCESS ||
        memcmp(wick_stun_tid(&m), c->tid, sizeof c->tid) != 0) {
        return WICK_E_NOT_FOUND;
    }
    if (wick_stun_check_fingerprint(&m) == WICK_E_STUN_FINGERPRINT) {
        return WICK_E_STUN_FINGERPRINT;
    }
    if (m.cls == WICK_STUN_ERROR && wick_stun_get_error(&code, NULL, &m) != WICK_OK) {
        return WICK_E_MALFORMED;
    }
    if (m.cls == WICK_STUN_SUCCESS && m.unknown_count == 0 &&
        (wick_stun_get_addr(&mapped, &m, WICK_STUN_XOR_MAPPED_ADDRESS) == WICK_OK ||
         wick_stun_get_addr(&mapped, &m, WICK_STUN_MAPPED_ADDRESS) == WICK_OK) &&
        mapped.port != 0) {
        answered(c, now_ms, &mapped);
        return WICK_AGAIN;
    }
    if (c->mapped.port == 0) {
        end(c, m.cls == WICK_STUN_ERROR ? status_of(code)
               : m.unknown_count != 0   ? WICK_E_STUN_UNKNOWN_ATTR
                                        : WICK_E_MALFORMED);
    } else {
        c->silent = 0; /* it is there, and the mapping was used */
        rest(c, now_ms);
    }
    return WICK_AGAIN;
}

/* No answer to all transmissions. */
static void give_up(wick_stun_client *c, uint64_t now_ms)
{
    if (c->mapped.port == 0) {
        end(c, WICK_E_TIMEOUT);
        return;
    }
    if (c->silent == 0) {
        c->silent = 1;
        c->event = WICK_STUN_EV_SILENT;
    }
    rest(c, now_ms);
}

static wick_status transmit(wick_stun_client *c, uint64_t now_ms, wick_out *out)
{
    wick_buf b = wick_buf_make(c->tx, sizeof c->tx);
    wick_stun_build s;
    wick_stun_begin(&s, &b, WICK_STUN_BINDING, WICK_STUN_REQUEST, c->tid);
    if (c->cfg.fingerprint) {
        wick_stun_put_fingerprint(&s);
    }
    wick_status status = wick_stun_end(&s);
    c->left--;
    c->next_ms = now_ms + ((c->left == 0 && c->rto_ms == RTO_MS << (RC - 1u)) ? RM * RTO_MS
                                                                             : c->rto_ms);
    c->rto_ms = (uint16_t)(c->rto_ms * 2u);
    c->sent_ms = now_ms;
    out->kind = WICK_OUT_SEND;
    out->to = c->cfg.server;
    out->bytes = wick_buf_span(&b);
    return status;
}

static void event_out(wick_stun_client *c, wick_out *out)
{
    bool bad = c->event == WICK_STUN_EV_SILENT || c->event == WICK_STUN_EV_FAILED;
    out->kind = WICK_OUT_EVENT;
    out->event = c->event;
    out->status = c->event == WICK_STUN_EV_SILENT ? WICK_E_TIMEOUT : bad ? c->status : WICK_OK;
    if (!bad) {
        out->to = c->mapped;
    }
    c->event = WICK_STUN_EV_NONE;
}

void wick_stun_client_poll(wick_stun_client *c, uint64_t now_ms, wick_out *out)
{
    memset(out, 0, sizeof *out);
    if (c->state == ASKING && c->left == 0 && wick_time_reached(now_ms, c->next_ms)) {
        give_up(c, now_ms);
    }
    if (c->event != WICK_STUN_EV_NONE) {
        event_out(c, out);
        return;
    }
    if (c->state == RESTING && wick_time_reached(now_ms, c->next_ms) && ask(c, now_ms) != WICK_OK) {
        c->next_ms = now_ms + PROBE_GAP_MS; /* no randomness: later */
    }
    if (c->state == ASKING && wick_time_reached(now_ms, c->next_ms) &&
        transmit(c, now_ms, out) == WICK_OK) {
        return;
    }
    out->kind = c->state == ENDED ? WICK_OUT_DONE : WICK_OUT_WAIT;
    out->status = c->state == ENDED ? c->status : WICK_OK;
    out->deadline_ms = c->state == IDLE ? WICK_TIME_NEVER(now_ms) : c->next_ms;
}

void wick_stun_client_probe(wick_stun_client *c, uint64_t now_ms)
{
    if (c->state == RESTING && wick_time_reached(now_ms, c->sent_ms + PROBE_GAP_MS)) {
        c->next_ms = now_ms;
    }
}

void wick_stun_client_refused(wick_stun_client *c, uint64_t now_ms)
{
    if (c->state == ASKING && c->mapped.port == 0) {
        end(c, WICK_E_NET);
    } else {
        wick_stun_client_probe(c, now_ms);
    }
}

const wick_addr *wick_stun_client_mapped(const wick_stun_client *c)
{
    return &c->mapped;
}

uint32_t wick_stun_client_rtt_ms(const wick_stun_client *c)
{
    return c->rtt_ms;
}
