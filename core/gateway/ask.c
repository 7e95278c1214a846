/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests that are not proofs: fees, sending, and the wallet manager's three services. Two may be
 * under way, one for the own record and one for relay credentials. Their answers are claims; what
 * is done with them is decided where they are used.
 */
#include "gateway_internal.h"

void gw_ask(wick_gateway *gw, wick_gateway_ask *ask, wick_gateway_request_kind kind)
{
    (void)gw;
    memset(ask, 0, sizeof *ask);
    ask->kind = (uint8_t)kind;
    ask->state = REQ_WANTED;
}

static void describe(wick_gateway *gw, wick_gateway_request *q)
{
    const wick_gateway_own *o = &gw->own;
    q->from = gw->wallet;
    q->to = gw_registry(gw, 0)->device_registry;
    q->raw_tx = wick_span_make(o->raw, o->raw_len);
    q->call_data = wick_span_make(o->raw + o->call_at, o->call_len);
    q->name = gw->cfg.name;
    q->record_id = gw->id;
    q->key_type = o->voucher.key_type;
    q->flags = o->voucher.flags;
    q->key = o->voucher.key;
    q->not_after_s = o->voucher.not_after;
#if WICK_WITH_ATTEST
    q->challenge_port = q->kind == WICK_GW_REQ_ATTEST ? gw_attest_port(gw) : 0;
#endif
}

bool gw_ask_poll(wick_gateway *gw, wick_gateway_out *out, uint64_t now_ms)
{
    wick_gateway_ask *asks[2] = {&gw->own.ask, &gw->relays.ask};
    for (unsigned i = 0; i < 2; i++) {
        if (asks[i]->state != REQ_WANTED) {
            continue;
        }
        asks[i]->state = REQ_ASKED;
        asks[i]->request = gw_request_id(gw);
        asks[i]->due_ms = now_ms + WICK_GW_REQUEST_MS;
        out->kind = WICK_GW_OUT_REQUEST;
        out->request.id = asks[i]->request;
        out->request.kind = (wick_gateway_request_kind)asks[i]->kind;
        out->request.registry = 0;
        out->request.chain_id = gw_registry(gw, 0)->chain_id;
        describe(gw, &out->request);
        return true;
    }
    return false;
}

static wick_gateway_ask *find(wick_gateway *gw, uint32_t request, unsigned kind)
{
    wick_gateway_ask *a = gw->own.ask.request == request ? &gw->own.ask : &gw->relays.ask;
    if (request == 0 || a->request != request || a->state != REQ_ASKED ||
        (kind != 0 && a->kind != kind)) {
        return NULL;
    }
    return a;
}

bool gw_ask_waits(wick_gateway *gw, uint32_t request, wick_gateway_request_kind kind)
{
    return find(gw, request, (unsigned)kind) != NULL;
}

static void fail(wick_gateway *gw, uint64_t now_ms, wick_gateway_ask *a, wick_status status)
{
#if WICK_WITH_ATTEST
    if (a->kind == WICK_GW_REQ_ATTEST) { /* all of them were asked: it goes on without */
        a->state = REQ_FREE;
        gw_attest_failed(gw, now_ms, status);
        return;
    }
#endif
    a->tries++;
    /* A transaction is not sent again blindly: it may have been taken. */
    if (gw_retryable(status) && a->tries < REQUEST_TRIES && a->kind != WICK_GW_REQ_CHAIN_SEND) {
        a->state = REQ_WAITING;
        a->due_ms = now_ms + ((status == WICK_E_HTTP_RATE ? 2000u : 500u) << a->tries);
        return;
    }
    a->state = REQ_FREE;
    if (a == &gw->relays.ask) {
        gw_relay_credentials_failed(gw, now_ms, status);
    } else if (a->kind == WICK_GW_REQ_CHAIN_SEND) {
        gw_tx_sent(gw, now_ms, status, wick_span_make(NULL, 0));
    } else if (a->kind == WICK_GW_REQ_CHAIN_FEES) {
        gw_tx_no_fees(gw, now_ms, status);
    } else if (a->kind == WICK_GW_REQ_WALLET_SPONSOR) {
        gw_sponsor_answered(gw, now_ms, status);
    } else if (a->kind == WICK_GW_REQ_WALLET_FUND && gw_sponsor_instead(gw)) {
        gw_sponsor_begin(gw, now_ms); /* no money; his own transactions, then */
    } else {
        gw_own_fail(gw, now_ms, status);
    }
}

uint64_t gw_ask_tick(wick_gateway *gw, uint64_t now_ms)
{
    wick_gateway_ask *asks[2] = {&gw->own.ask, &gw->relays.ask};
    uint64_t next = WICK_TIME_NEVER(now_ms);
    for (unsigned i = 0; i < 2; i++) {
        wick_gateway_ask *a = asks[i];
        if (a->state == REQ_ASKED && wick_time_reached(now_ms, a->due_ms)) {
            fail(gw, now_ms, a, WICK_E_TIMEOUT);
        }
        if (a->state == REQ_WAITING && wick_time_reached(now_ms, a->due_ms)) {
            a->state = REQ_WANTED;
        }
        if (a->state == REQ_ASKED || a->state == REQ_WAITING) {
            next = wick_time_min(next, a->due_ms);
        }
    }
    return next;
}

wick_status wick_gateway_failed(wick_gateway *gw, uint64_t now_ms, uint32_t request,
                                wick_status status)
{
    if (status == WICK_OK) {
        return WICK_E_BAD_ARG;
    }
    wick_gateway_read *r = gw_read_find(gw, request);
    if (r != NULL) {
        gw_read_fail(gw, now_ms, r, status);
        return WICK_OK;
    }
    if (gw_key_failed(gw, now_ms, request, status)) {
        return WICK_OK;
    }
    wick_gateway_ask *a = find(gw, request, 0);
    if (a == NULL) {
        return WICK_E_STATE;
    }
    fail(gw, now_ms, a, status);
    return WICK_OK;
}

wick_status wick_gateway_fees(wick_gateway *gw, uint64_t now_ms, uint32_t request,
                              uint64_t base_fee_wei, uint64_t priority_wei)
{
    wick_gateway_ask *a = find(gw, request, WICK_GW_REQ_CHAIN_FEES);
    if (a == NULL) {
        return WICK_E_STATE;
    }
    a->state = REQ_FREE;
    gw_tx_fees(gw, now_ms, base_fee_wei, priority_wei);
    return WICK_OK;
}

wick_status wick_gateway_sent(wick_gateway *gw, wick_span revert, uint64_t now_ms,
                              uint32_t request, wick_status status)
{
    wick_gateway_ask *a = find(gw, request, WICK_GW_REQ_CHAIN_SEND);
    if (a == NULL) {
        return WICK_E_STATE;
    }
    a->state = REQ_FREE;
    gw_tx_sent(gw, now_ms, status, revert);
    return WICK_OK;
}

bool gw_possession_digest(wick_gateway *gw, uint8_t digest[32], const uint8_t challenge[32],
                          uint32_t request)
{
    if (find(gw, request, WICK_GW_REQ_WALLET_VOUCHER) == NULL) {
        return false;
    }
    const wick_gateway_registry *reg = gw_registry(gw, 0);
    wick_registry_domain domain;
    domain.chain_id = reg->chain_id;
    memcpy(domain.contract, reg->device_registry, 20);
    wick_possession_digest(digest, &domain, gw->id, challenge);
    return true;
}

wick_status wick_gateway_possession(wick_gateway *gw, uint8_t sig64[64],
                                    const uint8_t challenge[32], uint32_t request)
{
    uint8_t digest[32];
    memset(sig64, 0, 64);
    if (!gw_possession_digest(gw, digest, challenge, request)) {
        return WICK_E_STATE;
    }
    return gw->cfg.keystore->secp256k1_sign(gw->cfg.keystore->ctx, sig64, NULL,
                                            gw->cfg.device_key, digest);
}

wick_status wick_gateway_voucher(wick_gateway *gw, const wick_gateway_voucher_answer *answer,
                                 uint64_t now_ms, uint32_t request)
{
    wick_gateway_ask *a = find(gw, request, WICK_GW_REQ_WALLET_VOUCHER);
    if (a == NULL) {
        return WICK_E_STATE;
    }
    wick_gateway_own *o = &gw->own;
    a->state = REQ_FREE;
    /* What the manager may choose; everything else stays as it was asked for. */
    memcpy(o->voucher.org, answer->org, 32);
    o->voucher.epoch = answer->epoch;
    o->voucher.manager_epoch = answer->manager_epoch;
    o->voucher.deadline = answer->deadline_s;
    memcpy(o->r, answer->r, 32);
    memcpy(o->vs, answer->vs, 32);
    gw_own_set(gw, OWN_MANAGER, now_ms);
    return WICK_OK;
}

wick_status wick_gateway_funded(wick_gateway *gw, uint64_t now_ms, uint32_t request)
{
    wick_gateway_ask *a = find(gw, request, WICK_GW_REQ_WALLET_FUND);
    if (a == NULL) {
        return WICK_E_STATE;
    }
    a->state = REQ_FREE;
    gw_own_set(gw, OWN_FUNDED, now_ms);
    return WICK_OK;
}

static size_t bounded_len(const char *text, size_t cap)
{
    size_t n = 0;
    while (n < cap && text[n] != '\0') {
        n++;
    }
    return n;
}

wick_status wick_gateway_relay(wick_gateway *gw, const char *user, const char *password,
                               uint64_t expires_s, uint64_t now_ms, uint32_t request)
{
    wick_gateway_ask *a = find(gw, request, WICK_GW_REQ_WALLET_RELAY);
    if (a == NULL) {
        return WICK_E_STATE;
    }
    size_t u = bounded_len(user, WICK_GW_RELAY_USER_MAX);
    size_t p = bounded_len(password, WICK_GW_RELAY_PASSWORD_MAX);
    if (u == WICK_GW_RELAY_USER_MAX || p == WICK_GW_RELAY_PASSWORD_MAX || u == 0 || p == 0) {
        fail(gw, now_ms, a, WICK_E_LIMIT);
        return WICK_E_LIMIT;
    }
    a->state = REQ_FREE;
    memcpy(gw->relays.user, user, u + 1);
    memcpy(gw->relays.password, password, p + 1);
    gw->relays.expires_s = expires_s;
    gw->relays.from_wallet = true;
    gw->relays.due_ms = now_ms;
    return WICK_OK;
}
