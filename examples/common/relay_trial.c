/* SPDX-License-Identifier: Apache-2.0 */
/* Allocations on a TURN server, and datagrams between them. */
#include "relay_trial.h"

#include <poll.h>
#include <string.h>

#include "out.h"

/* Retransmissions end after 39.5 s (RFC 8489 section 6.2.1). */
#define RELEASE_MS 3000u
#define ANSWER_MS 2000u
#define ONCE_COUNT 5u
#define ONCE_BYTES 32u

static uint64_t now_ms(const relay_trial *s)
{
    return s->h->clock.now_ms(s->h->clock.ctx);
}

static void put_allocated(const relay_trial *s, const relay_end *e)
{
    out_rec o;
    out_begin_step(&o, stdout, s->c->json, "allocated");
    out_addr(&o, "relayed", wick_turn_relayed(&e->turn));
    if (wick_turn_relayed2(&e->turn)->port != 0) {
        out_addr(&o, "relayed2", wick_turn_relayed2(&e->turn));
    }
    out_addr(&o, "reflexive", wick_turn_mapped(&e->turn));
    out_addr(&o, "server", wick_turn_server(&e->turn));
    out_u64(&o, "lifetime_s", wick_turn_lifetime_s(&e->turn));
    out_str(&o, "integrity", wick_turn_is_sha256(&e->turn) ? "sha256" : "sha1");
    out_bool(&o, "mobile", wick_turn_is_mobile(&e->turn));
    out_ms(&o, "ms", cli_now_us() - s->begin_us);
    out_u64(&o, "bytes", e->link.bytes);
    out_u64(&o, "messages", e->link.messages);
    out_end(&o);
}

static void handle_event(const relay_trial *s, relay_end *e, const wick_out *out)
{
    cli_note(s->c, 1, "event %d: %s", out->event, wick_status_str(out->status));
    switch (out->event) {
    case WICK_TURN_EV_ALLOCATED: {
        e->relayed = *wick_turn_relayed(&e->turn);
        e->allocated = true;
        if (!s->quiet) {
            put_allocated(s, e);
        }
        /* Both ends are on one relay: its address is the only one that has to pass. */
        e->denied = wick_turn_permit(&e->turn, now_ms(s), &e->relayed) != WICK_OK;
        break;
    }
    case WICK_TURN_EV_PERMISSION_READY:
        e->permitted = true;
        break;
    case WICK_TURN_EV_PERMISSION_DENIED:
        e->denied = true;
        break;
    default:
        break;
    }
}

static void send_data(const relay_trial *s, relay_end *e, const wick_addr *to, wick_span payload)
{
    uint8_t bytes[RELAY_TRIAL_PAYLOAD_MAX + 64];
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    if (wick_turn_send(&e->turn, now_ms(s), &b, to, payload) == WICK_OK) {
        wick_status st = wick_turn_link_send(&e->link, now_ms(s), wick_turn_server(&e->turn),
                                             wick_buf_span(&b));
        cli_note(s->c, 2, "%zu bytes to the relay: %s", b.len, wick_status_str(st));
    }
}

/* The second end echoes, the first one takes the time. */
static void handle_data(relay_trial *s, unsigned i, const wick_turn_data *data)
{
    if (i == 1) {
        send_data(s, &s->end[1], &data->peer, data->data);
        return;
    }
    if (!s->waiting || data->data.len < 4 || wick_load_be32(data->data.ptr) != s->sent) {
        return; /* late: it has been counted as lost */
    }
    uint64_t us = cli_now_us() - s->sent_us;
    s->waiting = false;
    s->answered++;
    s->sum_us += us;
    s->least_us = s->answered == 1 || us < s->least_us ? us : s->least_us;
    s->most_us = us > s->most_us ? us : s->most_us;
}

/* Runs all ends until each waits or is done. Gives the time of the next need. */
static uint64_t pump(relay_trial *s)
{
    uint64_t at = WICK_TIME_NEVER(now_ms(s));
    for (unsigned i = 0; i < s->ends; i++) {
        relay_end *e = &s->end[i];
        wick_out out;
        wick_turn_data data;
        for (;;) {
            if (wick_turn_link_run(&e->link, &e->turn, now_ms(s), &out, &data) == WICK_OK) {
                s->news = true;
                handle_data(s, i, &data);
            } else if (out.kind == WICK_OUT_EVENT) {
                s->news = true;
                handle_event(s, e, &out);
            } else {
                break;
            }
        }
        if (out.kind == WICK_OUT_DONE) {
            s->news = s->news || !e->done;
            e->done = true;
            e->status = out.status;
        } else {
            at = wick_time_min(at, out.deadline_ms);
        }
    }
    return at;
}

/* Runs; where nothing has happened, waits for a socket or until `until_ms`, and runs again. */
static void wait(relay_trial *s, uint64_t until_ms)
{
    struct pollfd p[2];
    s->news = false;
    uint64_t at = wick_time_min(pump(s), until_ms), now = now_ms(s);
    if (s->news) {
        return;
    }
    for (unsigned i = 0; i < s->ends; i++) {
        wick_sock sock = wick_turn_link_sock(&s->end[i].link);
        p[i].fd = sock >= 0 && !s->end[i].done ? wick_linux_net_fd(&s->h->linux_net, sock) : -1;
        p[i].events = POLLIN;
        if (wick_turn_link_wants_write(&s->end[i].link)) {
            p[i].events |= POLLOUT;
        }
    }
    uint64_t ms = wick_time_reached(now, at) ? 0 : at - now;
    (void)poll(p, s->ends, ms > 60000 ? 60000 : (int)ms);
    (void)pump(s);
}

static bool all(const relay_trial *s, bool (*is)(const relay_end *e))
{
    bool good = true;
    for (unsigned i = 0; i < s->ends; i++) {
        good = good && is(&s->end[i]);
    }
    return good;
}

static bool is_settled(const relay_end *e)
{
    return e->permitted || e->denied || e->done;
}

static bool is_done(const relay_end *e)
{
    return e->done;
}

wick_status relay_trial_begin(relay_trial *s, const wick_turn_link_config *link,
                              const wick_turn_config *cfg)
{
    s->begin_us = cli_now_us();
    for (unsigned i = 0; i < s->ends; i++) {
        relay_end *e = &s->end[i];
        wick_status st = wick_turn_init(&e->turn, cfg);
        if (st == WICK_OK) {
            st = wick_turn_link_init(&e->link, link);
        }
        if (st == WICK_OK) {
            st = wick_turn_start(&e->turn, now_ms(s));
        }
        if (st != WICK_OK) {
            return st;
        }
    }
    while (!all(s, is_settled)) {
        wait(s, WICK_TIME_NEVER(now_ms(s)));
    }
    for (unsigned i = 0; i < s->ends; i++) {
        const relay_end *e = &s->end[i];
        if (e->done) {
            wick_status why = wick_turn_link_failure(&e->link);
            return e->status == WICK_E_NET && why != WICK_OK ? why : e->status;
        }
    }
    return WICK_OK;
}

void relay_trial_release(relay_trial *s)
{
    for (unsigned i = 0; i < s->ends; i++) {
        wick_turn_release(&s->end[i].turn, now_ms(s));
    }
    uint64_t until = now_ms(s) + RELEASE_MS;
    while (!all(s, is_done) && !wick_time_reached(now_ms(s), until)) {
        wait(s, until);
    }
}

wick_status relay_trial_ping(relay_trial *s, uint64_t count, uint64_t bytes)
{
    uint8_t payload[RELAY_TRIAL_PAYLOAD_MAX];
    const wick_addr to = s->end[1].relayed;
    if (!s->end[0].permitted || !s->end[1].permitted) {
        return WICK_E_TURN_FORBIDDEN;
    }
    if (wick_addr_equal(&s->end[0].relayed, &to)) {
        return WICK_E_TURN_RELAY_UNFIT; /* peers are multiplexed */
    }
    memset(payload, 0x5A, sizeof payload);
    while (s->sent < count && !s->end[0].done && !s->end[1].done) {
        s->sent++;
        s->waiting = true;
        s->sent_us = cli_now_us();
        wick_store_be32(payload, s->sent);
        send_data(s, &s->end[0], &to, wick_span_make(payload, (size_t)bytes));
        uint64_t until = now_ms(s) + ANSWER_MS;
        while (s->waiting && !wick_time_reached(now_ms(s), until) && !s->end[0].done) {
            wait(s, until);
        }
    }
    relay_trial_release(s);
    return s->answered == count ? WICK_OK
           : s->answered == 0   ? WICK_E_TURN_RELAY_UNFIT
                                : WICK_E_TIMEOUT;
}

void relay_trial_end(relay_trial *s)
{
    for (unsigned i = 0; i < s->ends; i++) {
        wick_turn_wipe(&s->end[i].turn);
        wick_turn_link_close(&s->end[i].link);
    }
}

wick_status relay_trial_once(relay_trial *s, const wick_turn_link_config *link,
                             const wick_turn_config *cfg)
{
    wick_status st = relay_trial_begin(s, link, cfg);
    if (st == WICK_OK) {
        st = relay_trial_ping(s, ONCE_COUNT, ONCE_BYTES);
        if (st == WICK_E_TIMEOUT && s->answered > ONCE_COUNT / 2) {
            st = WICK_OK; /* datagrams are lost on the way to a good relay too */
        }
    }
    relay_trial_end(s);
    return st;
}
