/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A second relay, kept warm: an allocation on another approved relay with the same permissions as the
 * one in use, whose address is the standby word of the record while a relay is the way in. A gateway that
 * publishes nothing and only calls has one from its first session that began over a relay on. When the
 * relay in use is lost or does not answer, the two change places at once; the words on the chain
 * follow.
 *
 *   state    what happens                            then
 *   IDLE     there is no other relay, or none is     WAIT
 *            in use yet
 *   WAIT     it allocates                            CHECK, BACKOFF
 *   CHECK    where configured, the relay is tried    UP, BACKOFF
 *   UP       held warm                               BACKOFF when it is lost
 *   DUMB     it was in use and does not answer       UP when it does again, BACKOFF when it is lost
 *   BACKOFF  a pause                                 IDLE
 *
 * Silence: a datagram that went to the relay in use and was followed by nothing for DOUBT_MS makes both
 * relays be asked by a Binding request. If then only the warm one answers within VERDICT_MS, it takes
 * over. With both silent it is the own network that is away, and nothing changes. Where there is one
 * relay alone, the question shows early that it has forgotten us, or sees us at another address.
 */
#include "gateway_internal.h"

#if WICK_WITH_STANDBY

#define DOUBT_MS 1000u
#define DOUBT_AGAIN_MS 5000u /* between two such questions */
#define VERDICT_MS 2000u
#define BACKOFF_FIRST_MS 10000u
#define BACKOFF_LAST_MS 600000u
#define SOCKET_TRIES 3u

enum { SB_IDLE = 0, SB_WAIT, SB_CHECK, SB_UP, SB_DUMB, SB_BACKOFF, SB_STOPPED };

static void set(wick_gateway *gw, uint8_t state, uint64_t due_ms)
{
    gw->standby.state = state;
    gw->standby.due_ms = due_ms;
}

uint8_t gw_standby_via(const wick_gateway *gw)
{
    return (uint8_t)(2u - gw->standby.main);
}

const wick_addr *gw_standby_relayed(const wick_gateway *gw)
{
    return gw->standby.state == SB_UP ? wick_turn_relayed(&gw->turn[gw_standby_via(gw)]) : NULL;
}

/* Is there a session that would end with the relay in use? */
static bool relays_session(const wick_gateway *gw)
{
    for (unsigned i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        const wick_gateway_session *s = &gw->session[i];
        if (s->state == SES_UP && s->via == gw_main_via(gw)) {
            return true;
        }
    }
    return false;
}

static bool wanted(const wick_gateway *gw)
{
    return !gw->cfg.no_standby && gw->cfg.relay.port == 0 && gw->relays.count > 1 &&
           gw->relays.state == R_UP &&
           ((gw->goals & WICK_GW_GOAL_PUBLISH) != 0 || relays_session(gw));
}

void gw_standby_wake(wick_gateway *gw, uint64_t now_ms)
{
    wick_gateway_standby *s = &gw->standby;
    if ((s->state == SB_IDLE || s->state == SB_STOPPED) && wanted(gw)) {
        s->backoff_ms = BACKOFF_FIRST_MS;
        set(gw, SB_IDLE, now_ms);
    }
}

void gw_standby_stop(wick_gateway *gw, uint64_t now_ms)
{
    set(gw, SB_STOPPED, WICK_TIME_NEVER(now_ms)); /* allocations are released by relay.c */
    gw->standby.suspect = false;
}

static void pause(wick_gateway *gw, uint64_t now_ms)
{
    wick_gateway_standby *s = &gw->standby;
    s->tries = 0;
    s->checked = false;
    set(gw, SB_BACKOFF, now_ms + s->backoff_ms);
    s->backoff_ms = s->backoff_ms < BACKOFF_LAST_MS / 2 ? s->backoff_ms * 2 : BACKOFF_LAST_MS;
    gw_path_relays(gw, now_ms);
}

static void begin(wick_gateway *gw, uint64_t now_ms)
{
    wick_gateway_standby *s = &gw->standby;
    uint8_t via = gw_standby_via(gw);
    set(gw, SB_IDLE, now_ms + BACKOFF_FIRST_MS);
    if (!wanted(gw) || gw->turn_used[via] ||
        !gw_choice_draw(gw, &s->chosen, (uint8_t)(gw->relays.chosen % gw->relays.count))) {
        return;
    }
    gw->socket_new[via] = true; /* a server may remember the 5-tuple of an earlier allocation */
    if (gw_turn_start(gw, via, &gw->relay[s->chosen], now_ms) == WICK_OK) {
        set(gw, SB_WAIT, WICK_TIME_NEVER(now_ms));
    }
}

/* ------------------------------------------------------------------ events of its client */

static void up(wick_gateway *gw, uint64_t now_ms)
{
    gw->standby.checked = true;
    gw->standby.backoff_ms = BACKOFF_FIRST_MS;
    set(gw, SB_UP, WICK_TIME_NEVER(now_ms));
    gw_path_relays(gw, now_ms);
    gw_own_wake(gw, now_ms);
}

static void allocated(wick_gateway *gw, uint64_t now_ms)
{
    uint8_t via = gw_standby_via(gw);
    const wick_addr *server = &gw->relay[gw->standby.chosen];
    if (!gw_relay_admit(gw, now_ms, via)) {
        pause(gw, now_ms);
        return;
    }
    set(gw, SB_CHECK, WICK_TIME_NEVER(now_ms));
    if (!gw->cfg.check_relay || !gw_second_start(gw, now_ms, server, true, via)) {
        up(gw, now_ms);
    }
}

void gw_standby_checked(wick_gateway *gw, uint64_t now_ms, wick_status status)
{
    if (gw->standby.state != SB_CHECK) {
        return;
    }
    if (status == WICK_OK) {
        up(gw, now_ms);
    } else {
        wick_turn_release(&gw->turn[gw_standby_via(gw)], now_ms);
        pause(gw, now_ms);
    }
}

void gw_standby_event(wick_gateway *gw, uint64_t now_ms, const wick_out *o)
{
    wick_gateway_standby *s = &gw->standby;
    uint8_t via = gw_standby_via(gw);
    switch (o->event) {
    case WICK_TURN_EV_ALLOCATED:
        if (s->state == SB_WAIT) {
            allocated(gw, now_ms);
        }
        break;
    case WICK_TURN_EV_PERMISSION_READY:
    case WICK_TURN_EV_PERMISSION_DENIED:
        gw_session_permission(gw, now_ms, &o->to);
        break;
    case WICK_TURN_EV_SILENT:
        if (s->state == SB_UP) {
            set(gw, SB_DUMB, WICK_TIME_NEVER(now_ms));
            gw_path_relays(gw, now_ms);
        }
        break;
    case WICK_TURN_EV_LOST:
    case WICK_TURN_EV_FAILED:
        if (s->state != SB_STOPPED && s->state != SB_BACKOFF) {
            pause(gw, now_ms);
            gw_session_path_lost(gw, now_ms, via, WICK_E_TURN_LOST);
        }
        break;
    default:
        break;
    }
}

/* ------------------------------------------------------------------ taking over */

static void change_places(wick_gateway *gw, uint64_t now_ms)
{
    wick_gateway_standby *s = &gw->standby;
    uint8_t now_main = s->chosen;
    s->chosen = (uint8_t)(gw->relays.chosen % gw->relays.count);
    s->main = gw_standby_via(gw);
    s->suspect = false;
    gw_relay_promoted(gw, now_ms, now_main);
}

bool gw_standby_promote(wick_gateway *gw, uint64_t now_ms)
{
    if (gw->standby.state != SB_UP) {
        return false;
    }
    gw->standby.backoff_ms = BACKOFF_FIRST_MS;
    set(gw, SB_BACKOFF, now_ms + BACKOFF_FIRST_MS); /* that relay has just failed */
    change_places(gw, now_ms);
    return true;
}

void gw_standby_suspect(wick_gateway *gw, uint64_t now_ms)
{
    wick_gateway_standby *s = &gw->standby;
    if (s->suspect || s->state != SB_UP || gw->relays.state != R_UP ||
        (s->suspect_ms != 0 && now_ms - s->suspect_ms < DOUBT_AGAIN_MS)) {
        return;
    }
    s->suspect = true;
    s->suspect_ms = now_ms;
    wick_turn_probe(&gw->turn[0], now_ms);
    wick_turn_probe(&gw->turn[2], now_ms);
}

void gw_standby_hint(wick_gateway *gw, uint8_t via)
{
    gw->standby.asked_ms[via] = 0;
}

void gw_standby_heard(wick_gateway *gw, uint64_t now_ms, uint8_t via)
{
    wick_gateway_standby *s = &gw->standby;
    s->heard_ms[via] = now_ms;
    s->asked_ms[via] = 0;
    if (via == gw_standby_via(gw) && s->state == SB_DUMB) {
        up(gw, now_ms);
    }
}

void gw_standby_asked(wick_gateway *gw, uint64_t now_ms, uint8_t via)
{
    wick_gateway_standby *s = &gw->standby;
    if (s->asked_ms[via] == 0) {
        s->asked_ms[via] = now_ms;
    }
}

static uint64_t watch(wick_gateway *gw, uint64_t now_ms)
{
    wick_gateway_standby *s = &gw->standby;
    uint64_t asked = s->asked_ms[s->main];
    if (gw->relays.state != R_UP) {
        s->suspect = false;
        return WICK_TIME_NEVER(now_ms);
    }
    s->suspect = s->suspect && s->state == SB_UP;
    if (s->suspect) {
        uint64_t until = s->suspect_ms + VERDICT_MS;
        if (s->heard_ms[s->main] >= s->suspect_ms) {
            s->suspect = false;
        } else if (!wick_time_reached(now_ms, until)) {
            return until;
        } else {
            uint8_t dead = s->main;
            s->suspect = false;
            if (s->heard_ms[gw_standby_via(gw)] >= s->suspect_ms) {
                set(gw, SB_DUMB, WICK_TIME_NEVER(now_ms));
                change_places(gw, now_ms);
                gw_session_path_lost(gw, now_ms, dead, WICK_E_TURN_LOST);
            }
        }
        return now_ms + DOUBT_AGAIN_MS;
    }
    if (asked == 0) {
        return WICK_TIME_NEVER(now_ms);
    }
    uint64_t at = asked + DOUBT_MS;
    if (s->suspect_ms != 0 && !wick_time_reached(at, s->suspect_ms + DOUBT_AGAIN_MS)) {
        at = s->suspect_ms + DOUBT_AGAIN_MS;
    }
    if (wick_time_reached(now_ms, at) && s->state == SB_UP) {
        gw_standby_suspect(gw, now_ms);
        return now_ms + VERDICT_MS;
    }
    if (wick_time_reached(now_ms, at)) { /* a changed mapping shows by it, too */
        s->suspect_ms = now_ms;
        wick_turn_probe(gw_main(gw), now_ms);
        return now_ms + DOUBT_AGAIN_MS;
    }
    return at;
}

uint64_t gw_standby_tick(wick_gateway *gw, uint64_t now_ms)
{
    wick_gateway_standby *s = &gw->standby;
    uint64_t next = watch(gw, now_ms);
    bool rests = s->state != SB_IDLE && s->state != SB_BACKOFF;
    if (rests || !wanted(gw)) {
        return next;
    }
    if (wick_time_reached(now_ms, s->due_ms)) {
        begin(gw, now_ms);
    }
    return wick_time_min(next, s->due_ms);
}

static void describe_standby(const wick_gateway *gw, wick_gateway_path_state *out)
{
    if (gw->standby.state == SB_UP) {
        out->relay2 = *wick_turn_server(&gw->turn[gw_standby_via(gw)]);
    }
}

#else /* one relay */

#define describe_standby(gw, out) ((void)(gw))

#endif

void gw_relay_describe(const wick_gateway *gw, wick_gateway_path_state *out)
{
    if (gw_relay_up(gw)) {
        out->relay = *wick_turn_server(gw_main(gw));
        out->reflexive = *wick_turn_mapped(gw_main(gw));
        out->relay_over = gw_over(gw, gw_main_via(gw));
    }
    describe_standby(gw, out);
}
