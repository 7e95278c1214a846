/* SPDX-License-Identifier: Apache-2.0 */
/* Trial of a mapped address by a STUN server with two addresses: the steps of wick/reach.h. */
#include "wick/reach.h"

#include <string.h>

enum {
    IDLE,
    FIRST,    /* step 1: is the server there, and has it a second address? */
    STRANGER, /* step 2 */
    OWN,      /* step 3 */
    OPEN,     /* step 4 */
    ENDED
};

#define RTO_MS 500u
#define TRIES 3u
#define CHANGE_BOTH UINT32_C(6) /* address and port: RFC 5780 section 7.2 */

_Static_assert(WICK_STUN_HEADER_BYTES + 16 <= sizeof ((wick_reach *)0)->tx, "a request fits");

wick_status wick_reach_init(wick_reach *r, const wick_reach_config *cfg)
{
    memset(r, 0, sizeof *r);
    if (cfg->entropy == NULL || cfg->server.port == 0 || cfg->claim.port == 0) {
        return WICK_E_BAD_ARG;
    }
    if (wick_addr_is_v4(&cfg->server) != wick_addr_is_v4(&cfg->claim)) {
        return WICK_E_UNSUPPORTED;
    }
    r->cfg = *cfg;
    return WICK_OK;
}

static void end(wick_reach *r, wick_status status)
{
    r->state = ENDED;
    r->status = status;
}

/* A new transaction for each step, so that a late answer to one cannot speak for another. */
static void ask(wick_reach *r, uint8_t step, uint64_t now_ms)
{
    const wick_hal_entropy *e = r->cfg.entropy;
    wick_status status = e->fill(e->ctx, r->tid, sizeof r->tid);
    if (status != WICK_OK) {
        end(r, status);
        return;
    }
    r->state = step;
    r->left = TRIES;
    r->rto_ms = RTO_MS;
    r->next_ms = now_ms;
}

wick_status wick_reach_start(wick_reach *r, uint64_t now_ms)
{
    if (r->cfg.entropy == NULL) {
        return WICK_E_STATE;
    }
    memset(&r->seen, 0, sizeof r->seen);
    memset(&r->other, 0, sizeof r->other);
    r->evidence = WICK_REACH_NONE;
    r->status = WICK_OK;
    ask(r, FIRST, now_ms);
    return r->status;
}

/* Step 2 is possible where the answer goes to the claimed IP: it goes to the one that asked. */
static void first(wick_reach *r, const wick_stun_msg *m, uint64_t now_ms)
{
    if (wick_stun_get_addr(&r->other, m, WICK_STUN_OTHER_ADDRESS) != WICK_OK ||
        r->other.port == 0 || r->other.port == r->cfg.server.port ||
        wick_addr_same_ip(&r->other, &r->cfg.server)) {
        end(r, WICK_E_STUN_NAT_UNKNOWN);
        return;
    }
    ask(r, wick_addr_same_ip(&r->seen, &r->cfg.claim) ? STRANGER : OWN, now_ms);
}

/* Steps 2 and 4 ask for an answer from the other address; in step 2 it comes to the other socket. */
static bool is_place(const wick_reach *r, const wick_addr *from, unsigned socket)
{
    bool changed = r->state == STRANGER || r->state == OPEN;
    return wick_addr_equal(from, changed ? &r->other : &r->cfg.server) &&
           socket == (r->state == FIRST ? 0u : 1u);
}

/* The server refuses, or has answered to where it was asked from: it does not know how to. */
static void cannot(wick_reach *r, uint64_t now_ms)
{
    if (r->state == STRANGER) {
        ask(r, OWN, now_ms);
    } else {
        end(r, WICK_E_STUN_NAT_UNKNOWN);
    }
}

static void success(wick_reach *r, const wick_stun_msg *m, const wick_addr *mapped,
                    uint64_t now_ms)
{
    switch (r->state) {
    case FIRST:
        r->seen = *mapped;
        first(r, m, now_ms);
        break;
    case STRANGER: /* it was sent to the IP that the server saw, and to the port that we named */
        r->evidence = wick_addr_same_ip(mapped, &r->cfg.claim) ? WICK_REACH_STRANGER
                                                               : WICK_REACH_NONE;
        end(r, r->evidence != WICK_REACH_NONE ? WICK_OK : WICK_E_NAT_UNREACHED);
        break;
    case OWN:
        r->seen = *mapped;
        if (wick_addr_equal(mapped, &r->cfg.claim)) {
            ask(r, OPEN, now_ms);
        } else {
            end(r, WICK_E_NAT_UNREACHED);
        }
        break;
    default: /* OPEN */
        r->evidence = wick_addr_equal(mapped, &r->cfg.claim) ? WICK_REACH_OPEN : WICK_REACH_NONE;
        end(r, r->evidence != WICK_REACH_NONE ? WICK_OK : WICK_E_NAT_UNREACHED);
        break;
    }
}

wick_status wick_reach_input(wick_reach *r, uint64_t now_ms, wick_span bytes,
                             const wick_addr *from, unsigned socket)
{
    wick_stun_msg m;
    wick_addr mapped;
    uint16_t code;
    if (r->state == IDLE || r->state == ENDED || !wick_stun_is(bytes)) {
        return WICK_E_NOT_FOUND;
    }
    wick_status status = wick_stun_decode(&m, bytes);
    if (status != WICK_OK) {
        return status;
    }
    bool place = is_place(r, from, socket);
    bool server = wick_addr_equal(from, &r->cfg.server) || wick_addr_equal(from, &r->other);
    if (m.method != WICK_STUN_BINDING || m.cls < WICK_STUN_SUCCESS || (!place && !server) ||
        memcmp(wick_stun_tid(&m), r->tid, sizeof r->tid) != 0) {
        return WICK_E_NOT_FOUND;
    }
    if (m.cls == WICK_STUN_ERROR) {
        if (wick_stun_get_error(&code, NULL, &m) != WICK_OK) {
            return WICK_E_MALFORMED;
        }
        cannot(r, now_ms);
        return WICK_AGAIN;
    }
    if (m.unknown_count != 0 ||
        (wick_stun_get_addr(&mapped, &m, WICK_STUN_XOR_MAPPED_ADDRESS) != WICK_OK &&
         wick_stun_get_addr(&mapped, &m, WICK_STUN_MAPPED_ADDRESS) != WICK_OK) ||
        mapped.port == 0) {
        return WICK_E_MALFORMED;
    }
    if (place) {
        success(r, &m, &mapped, now_ms);
    } else {
        cannot(r, now_ms);
    }
    return WICK_AGAIN;
}

static wick_status transmit(wick_reach *r, uint64_t now_ms, wick_out *out)
{
    wick_buf b = wick_buf_make(r->tx, sizeof r->tx);
    wick_stun_build s;
    uint8_t port[2];
    wick_stun_begin(&s, &b, WICK_STUN_BINDING, WICK_STUN_REQUEST, r->tid);
    if (r->state == STRANGER || r->state == OPEN) {
        wick_stun_put_u32(&s, WICK_STUN_CHANGE_REQUEST, CHANGE_BOTH);
    }
    if (r->state == STRANGER) {
        wick_store_be16(port, r->cfg.claim.port);
        wick_stun_put(&s, WICK_STUN_RESPONSE_PORT, wick_span_make(port, sizeof port));
    }
    wick_status status = wick_stun_end(&s);
    r->left--;
    r->next_ms = now_ms + r->rto_ms;
    r->rto_ms = (uint16_t)(r->rto_ms * 2u);
    out->kind = WICK_OUT_SEND;
    out->to = r->cfg.server;
    out->bytes = wick_buf_span(&b);
    out->event = r->state == OWN || r->state == OPEN ? 1 : 0;
    return status;
}

void wick_reach_poll(wick_reach *r, uint64_t now_ms, wick_out *out)
{
    memset(out, 0, sizeof *out);
    if (r->state != IDLE && r->state != ENDED && wick_time_reached(now_ms, r->next_ms)) {
        wick_status status = WICK_OK;
        if (r->left == 0) {
            end(r, r->state == FIRST || r->state == OWN ? WICK_E_TIMEOUT : WICK_E_NAT_UNREACHED);
        } else {
            status = transmit(r, now_ms, out);
            if (status == WICK_OK) {
                return;
            }
            end(r, status);
        }
        memset(out, 0, sizeof *out);
    }
    out->kind = r->state == ENDED ? WICK_OUT_DONE : WICK_OUT_WAIT;
    out->status = r->state == ENDED ? r->status : WICK_OK;
    out->deadline_ms = r->state == IDLE ? WICK_TIME_NEVER(now_ms) : r->next_ms;
}

wick_reach_evidence wick_reach_evidence_of(const wick_reach *r)
{
    return (wick_reach_evidence)r->evidence;
}

const wick_addr *wick_reach_seen(const wick_reach *r)
{
    return &r->seen;
}
