/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's questions to attestors: one CoAP exchange with each, all at once and over one socket. What
 * they refuse is told when none of them can change it any more.
 *
 * About a service on TCP each of them is asked twice: it tells its N1, which goes into the answer that is
 * served at the port meanwhile (S0 III-E), and then it is to look.
 */
#include <string.h>

#include "driver_internal.h"

#if WICK_WITH_ATTEST

#define NO_SOCK (-1)
#define BURST_MAX 32u

void wick_driver_attest_drop(wick_driver *d)
{
    wick_driver_attest *x = &d->attest;
    if (x->sock != NO_SOCK) {
        d->cfg.net->close(d->cfg.net->ctx, x->sock);
        x->sock = NO_SOCK;
    }
    if (x->answering) {
        wick_responder_close(d->cfg.responder);
        x->answering = false;
    }
    x->job = NULL;
}

void wick_driver_attest_answer(wick_driver *d)
{
    if (d->attest.answering) {
        wick_responder_run(d->cfg.responder);
    }
}

static wick_driver_job *next_job(wick_driver *d)
{
    for (size_t i = 0; i < WICK_DRIVER_JOBS; i++) {
        if (d->job[i].request.id != 0 && d->job[i].request.kind == WICK_GW_REQ_ATTEST) {
            return &d->job[i];
        }
    }
    return NULL;
}

static wick_status ask(wick_driver *d, size_t i, uint64_t now_ms)
{
    wick_driver_attest *x = &d->attest;
    const wick_coap_call call = {.method = WICK_COAP_POST,
                                 .path = WICK_ATTEST_ASK_PATH,
                                 .has_content_format = true,
                                 .content_format = WICK_COAP_OCTETS,
                                 .payload = wick_span_make(x->question[x->peer[i].second ? 1 : 0],
                                                           sizeof x->question[0])};
    x->peer[i].again_ms = 0;
    return wick_coap_client_begin(&x->peer[i].coap, now_ms, &call);
}

/* The port is opened first: where that fails nobody need be asked. */
static wick_status begin_challenge(wick_driver *d, wick_buf question[2], uint64_t now_ms)
{
    wick_driver_attest *x = &d->attest;
    const wick_responder_config cfg = {.net = d->cfg.net,
                                       .linux_net = d->cfg.linux_net,
                                       .clock = d->cfg.clock,
                                       .entropy = d->cfg.entropy,
                                       .own = d->cfg.service_key};
    const wick_addr at = {.port = x->job->request.challenge_port};
    if (d->cfg.responder == NULL) {
        return WICK_E_CONFIG;
    }
    wick_status s = wick_responder_open(d->cfg.responder, &cfg, &at);
    x->answering = s == WICK_OK;
    return s == WICK_OK ? wick_gateway_attest_challenge(d->cfg.gateway, &question[0], &question[1],
                                                        x->mapping, x->n2, now_ms, x->job->request.id)
                        : s;
}

static wick_status begin(wick_driver *d, uint64_t now_ms)
{
    static const wick_addr any;
    wick_driver_attest *x = &d->attest;
    wick_buf question[2] = {wick_buf_make(x->question[0], sizeof x->question[0]),
                            wick_buf_make(x->question[1], sizeof x->question[1])};
    x->deadline_ms = now_ms + WICK_DRIVER_ATTEST_MS;
    x->last = WICK_E_TIMEOUT;
    if (d->cfg.attestor_count == 0) {
        return WICK_E_CONFIG;
    }
    wick_status s = x->job->request.challenge_port != 0
                        ? begin_challenge(d, question, now_ms)
                        : wick_gateway_attest_ask(d->cfg.gateway, question, now_ms, x->job->request.id);
    if (s == WICK_OK) {
        s = d->cfg.net->udp_open(d->cfg.net->ctx, &x->sock, &any);
        x->sock = s == WICK_OK ? x->sock : NO_SOCK;
    }
    for (size_t i = 0; i < d->cfg.attestor_count && s == WICK_OK; i++) {
        x->peer[i].done = d->cfg.attestors[i].port == 0;
        x->peer[i].second = false;
        s = wick_coap_client_init(&x->peer[i].coap, d->cfg.entropy);
        if (s == WICK_OK && !x->peer[i].done) {
            s = ask(d, i, now_ms);
        }
    }
    return s;
}

static void end(wick_driver *d, wick_status s)
{
    wick_driver_attest *x = &d->attest;
    if (s == WICK_OK) {
        x->job->request.id = 0;
    } else {
        wick_driver_fail(d, x->job, s);
    }
    wick_driver_attest_drop(d);
}

/* Refusals carry the name of a status. */
static wick_status refusal(const wick_coap_response *r)
{
    char name[32];
    size_t len = r->payload.len < sizeof name - 1 ? r->payload.len : 0;
    memcpy(name, r->payload.ptr, len);
    name[len] = '\0';
    wick_status s = wick_driver_status_of(name);
    return s == WICK_AGAIN ? WICK_E_JSON : s;
}

/* It has told its N1: a line more in the answer, and it may look. */
static wick_status take_n1(wick_driver *d, size_t i, wick_span bytes, uint64_t now_ms)
{
    wick_driver_attest *x = &d->attest;
    uint8_t n1[32];
    wick_status s = wick_attest_ask_challenge_decode(n1, bytes);
    if (s == WICK_OK) {
        s = wick_responder_also(d->cfg.responder, n1, x->n2);
        if (s == WICK_E_STATE) { /* the first one */
            s = wick_responder_arm(d->cfg.responder, x->mapping, n1, x->n2);
        }
    }
    if (s != WICK_OK) {
        return s;
    }
    x->peer[i].done = false;
    x->peer[i].second = true;
    x->peer[i].again_ms = now_ms + 1; /* when its message has been acknowledged */
    return WICK_AGAIN;
}

static wick_status take_answer(wick_driver *d, size_t i, wick_span bytes, uint64_t now_ms)
{
    const wick_driver_attest *x = &d->attest;
    return x->answering && !x->peer[i].second
               ? take_n1(d, i, bytes, now_ms)
               : wick_gateway_attestation(d->cfg.gateway, bytes, now_ms, i, x->job->request.id);
}

/* @return WICK_OK: enough have answered; else what this one's answer is worth */
static wick_status take(wick_driver *d, size_t i, wick_span datagram, uint64_t now_ms)
{
    wick_driver_attest *x = &d->attest;
    wick_coap_response r;
    wick_status s = wick_coap_client_input(&x->peer[i].coap, &r, now_ms, datagram);
    if (s != WICK_OK || x->peer[i].done || x->peer[i].again_ms != 0) {
        return WICK_AGAIN;
    }
    uint64_t later_ms = now_ms + (uint64_t)r.max_age_s * 1000u;
    if (wick_attest_is_later(r.code) && !wick_time_reached(later_ms, x->deadline_ms)) {
        x->peer[i].again_ms = later_ms;
        return WICK_AGAIN;
    }
    x->peer[i].done = true;
    s = WICK_COAP_CLASS(r.code) == 2
            ? take_answer(d, i, r.payload, now_ms)
            : refusal(&r);
    if (s != WICK_OK && s != WICK_AGAIN) {
        x->last = s;
    }
    return s;
}

static bool receive(wick_driver *d, wick_status *s, uint64_t now_ms)
{
    wick_driver_attest *x = &d->attest;
    const wick_hal_net *net = d->cfg.net;
    wick_addr from;
    uint8_t bytes[WICK_COAP_MESSAGE_MAX];
    int32_t n = net->udp_recv(net->ctx, x->sock, &from, bytes, sizeof bytes);
    *s = WICK_AGAIN;
    for (size_t i = 0; i < d->cfg.attestor_count && *s == WICK_AGAIN; i++) {
        if (!wick_addr_equal(&d->cfg.attestors[i], &from)) {
            continue;
        }
        if (n >= 0) {
            *s = take(d, i, wick_span_make(bytes, (size_t)n), now_ms);
        } else if (n == WICK_E_NET && !x->peer[i].done) {
            x->peer[i].done = true; /* its host says that nobody listens there */
            x->last = WICK_E_NET;
        }
    }
    return n != WICK_AGAIN;
}

/* Sends what is due. @return does anybody still owe an answer? */
static bool pump(wick_driver *d, uint64_t now_ms)
{
    wick_driver_attest *x = &d->attest;
    bool owed = false;
    x->next_ms = x->deadline_ms;
    for (size_t i = 0; i < d->cfg.attestor_count; i++) {
        wick_out out;
        if (x->peer[i].again_ms != 0 && wick_time_reached(now_ms, x->peer[i].again_ms)) {
            x->peer[i].done = ask(d, i, now_ms) != WICK_OK;
        }
        if (d->cfg.attestors[i].port == 0) {
            continue;
        }
        for (;;) { /* also of one that has answered: that is acknowledged */
            wick_coap_client_poll(&x->peer[i].coap, &out, now_ms);
            if (out.kind != WICK_OUT_SEND) {
                break;
            }
            int32_t n = d->cfg.net->udp_send(d->cfg.net->ctx, x->sock, &d->cfg.attestors[i],
                                             out.bytes);
            (void)n; /* lost, as on any path */
        }
        if (out.kind == WICK_OUT_DONE && !x->peer[i].done) {
            x->peer[i].done = true;
            x->last = out.status;
        }
        owed = owed || !x->peer[i].done;
        if (out.kind == WICK_OUT_WAIT) {
            x->next_ms = wick_time_min(x->next_ms, out.deadline_ms);
        }
        if (x->peer[i].again_ms != 0) {
            x->next_ms = wick_time_min(x->next_ms, x->peer[i].again_ms);
        }
    }
    return owed;
}

bool wick_driver_attest_run(wick_driver *d, uint64_t now_ms)
{
    wick_driver_attest *x = &d->attest;
    wick_status s = WICK_AGAIN;
    if (x->job == NULL) {
        x->job = next_job(d);
        if (x->job == NULL) {
            return false;
        }
        x->job->step = 1;
        s = begin(d, now_ms);
        if (s != WICK_OK) {
            end(d, s);
            return true;
        }
        s = WICK_AGAIN;
    }
    for (unsigned i = 0; i < BURST_MAX && s != WICK_OK && receive(d, &s, now_ms); i++) {
    }
    if (s != WICK_OK) {
        bool owed = pump(d, now_ms);
        s = !owed ? x->last : wick_time_reached(now_ms, x->deadline_ms) ? WICK_E_TIMEOUT : WICK_AGAIN;
    }
    if (s == WICK_AGAIN) {
        return false;
    }
    end(d, s);
    return true;
}

#else
/* ISO C forbids an empty file. */
typedef int wick_driver_attest_is_off;
#endif
