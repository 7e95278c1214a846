/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One DTLS session for each session of the agent. The initiator of the handshake is the DTLS
 * client, and each side's table has one entry, for its own role.
 */
#include <string.h>

#include "driver_internal.h"

wick_status wick_driver_session_up(wick_driver *d, const wick_gateway_event *event,
                                   uint64_t now_ms)
{
    if (event->session >= WICK_GW_SESSIONS_MAX) {
        return WICK_E_BAD_ARG;
    }
    wick_driver_session_free(d, event->session);
    wick_driver_session *x = &d->session[event->session];
    wick_status s = wick_gateway_session_psk(d->cfg.gateway, &x->psk, event->session,
                                             event->initiator ? WICK_ROLE_INITIATOR
                                                              : WICK_ROLE_RESPONDER,
                                             WICK_USE_DTLS12);
    if (s != WICK_OK) {
        wick_driver_session_free(d, event->session);
        return s;
    }
    x->initiator = event->initiator;
    memcpy(x->peer, event->id, sizeof x->peer);
    memcpy(x->address, event->addr.ip, 16);
    wick_store_be16(x->address + 16, event->addr.port);
    /* With ids in its records a peer is known by any address that its NAT gives it. */
    wick_status has_cid = wick_gateway_session_cid(d->cfg.gateway, x->cid, event->session);
    x->entry.identity = wick_span_make((const uint8_t *)x->psk.identity,
                                       WICK_SESSION_IDENTITY_CHARS);
    x->entry.psk = wick_span_make(x->psk.key, x->psk.key_len);
    memcpy(x->entry.peer, event->id, sizeof x->entry.peer);
    x->entry.role = event->initiator ? WICK_DTLS_CLIENT : WICK_DTLS_SERVER;
    x->entry.uses = WICK_USE_DTLS12;
    wick_dtls_config cfg = {.role = x->entry.role,
                            .entries = &x->entry,
                            .entry_count = 1,
                            .expect_peer = x->peer,
                            .entropy = d->cfg.entropy,
                            .suites = 0,
                            .address = wick_span_make(x->address, sizeof x->address),
                            .cid = wick_span_make(x->cid, has_cid == WICK_OK ? sizeof x->cid
                                                                             : 0)};
    s = wick_dtls_init(&x->dtls, &cfg);
    if (s == WICK_OK) {
        s = wick_dtls_start(&x->dtls, now_ms);
        x->used = true;
    }
    x->deadline_ms = now_ms;
    if (s != WICK_OK) {
        wick_driver_session_free(d, event->session);
    }
    return s;
}

/* DTLS of a session that has begun, of a peer's or of a guest's; NULL: there is none. */
static const wick_dtls *dtls_in(const wick_driver *d, uint8_t session)
{
    const wick_dtls *guest = wick_driver_guest_dtls(d, session);
    if (guest != NULL || session >= WICK_GW_SESSIONS_MAX) {
        return guest;
    }
    return d->session[session].used ? &d->session[session].dtls : NULL;
}

/* The same, to do something with it: it is run at once. */
static wick_dtls *dtls_of(wick_driver *d, uint8_t session)
{
    const wick_dtls *found = dtls_in(d, session);
    if (found != NULL && found == &d->session[session].dtls) {
        d->session[session].deadline_ms = wick_driver_now(d);
        return &d->session[session].dtls;
    }
    return wick_driver_guest_wake(d, session);
}

void wick_driver_session_input(wick_driver *d, uint8_t session, wick_span bytes, uint64_t now_ms)
{
    if (wick_driver_guest_again(d, session, bytes, now_ms)) {
        return;
    }
    wick_dtls *dtls = dtls_of(d, session);
    if (dtls != NULL) {
        /* What is too long or not authentic is dropped there; the peer sends again. */
        wick_status s = wick_dtls_input(dtls, now_ms, bytes);
        (void)s;
    }
}

void wick_driver_session_free(wick_driver *d, uint8_t session)
{
    if (session >= WICK_GW_SESSIONS_MAX) {
        return;
    }
    wick_driver_session *x = &d->session[session];
    if (x->used) {
        wick_dtls_free(&x->dtls);
    }
    wick_driver_guest_free(d, session);
    wick_wipe(x, sizeof *x);
}

static void put(wick_driver_event *event, const wick_driver_session *x, uint8_t i,
                wick_driver_event_kind kind, wick_status status)
{
    memset(event, 0, sizeof *event);
    event->kind = kind;
    event->session = i;
    event->status = status;
    event->peer = x->peer;
}

static bool run_one(wick_driver *d, wick_driver_event *event, uint8_t i, uint64_t now_ms)
{
    wick_driver_session *x = &d->session[i];
    wick_gateway_out send;
    wick_out out;
    size_t len = 0;
    for (;;) {
        if (wick_dtls_read(&x->dtls, d->plain, sizeof d->plain, &len) == WICK_OK) {
            put(event, x, i, WICK_DRIVER_DATA, WICK_OK);
            event->bytes = wick_span_make(d->plain, len);
            return true;
        }
        wick_dtls_poll(&x->dtls, &out, now_ms);
        switch (out.kind) {
        case WICK_OUT_SEND:
            if (wick_gateway_send(d->cfg.gateway, &send, out.bytes, now_ms, i) == WICK_OK) {
                wick_driver_transmit(d, &send);
                d->gateway_deadline_ms = now_ms; /* it may want to see that this path still holds */
            } /* else the path is being mended: lost, and DTLS resends its flights */
            break;
        case WICK_OUT_EVENT:
            if (out.event == WICK_DTLS_UP) {
                x->opened = true;
                put(event, x, i, WICK_DRIVER_OPEN, WICK_OK);
                return true;
            }
            break;
        case WICK_OUT_DONE:
            if (d->cfg.keep_keys && !x->initiator && !x->opened && out.status == WICK_E_TIMEOUT) {
                wick_driver_session_free(d, i); /* nobody said hello: its keys are used elsewhere */
                return false;
            }
            memcpy(d->closed_peer, x->peer, sizeof d->closed_peer);
            put(event, x, i, WICK_DRIVER_CLOSED, out.status);
            event->peer = d->closed_peer;
            wick_driver_session_free(d, i);
            wick_gateway_close(d->cfg.gateway, i);
            return true;
        case WICK_OUT_WAIT:
        default:
            x->deadline_ms = out.deadline_ms;
            return false;
        }
    }
}

bool wick_driver_session_run(wick_driver *d, wick_driver_event *event, uint64_t now_ms)
{
    for (uint8_t i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        if (d->session[i].used && run_one(d, event, i, now_ms)) {
            return true;
        }
    }
    return false;
}

wick_status wick_driver_send(wick_driver *d, uint8_t session, wick_span bytes)
{
    wick_dtls *dtls = dtls_of(d, session);
    return dtls != NULL ? wick_dtls_write(dtls, wick_driver_now(d), bytes) : WICK_E_STATE;
}

void wick_driver_close(wick_driver *d, uint8_t session)
{
    wick_dtls *dtls = dtls_of(d, session);
    if (dtls != NULL) {
        wick_dtls_close(dtls, wick_driver_now(d));
    }
}

const char *wick_driver_suite(const wick_driver *d, uint8_t session)
{
    const wick_dtls *dtls = dtls_in(d, session);
    return dtls != NULL ? wick_dtls_suite(dtls) : "";
}
