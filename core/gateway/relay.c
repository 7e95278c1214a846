/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Relays: which are approved (proven), with which credentials, and the allocation in use. The
 * permission scheme: besides the peers it calls, a gateway permits the IP of its own relayed
 * address and those of the approved relays, one request each, so that gateways on any of them get
 * through and nobody else does. A permission is no authentication: the handshake is.
 *
 *   state    what happens                                   then
 *   LIST     the relay registry is read                     MEASURE, CRED
 *   MEASURE  round-trip times (relay_choice.c)              CRED
 *   CRED     configured credentials, or the manager's       START
 *   START    a client is set up for the chosen relay        WAIT
 *   WAIT     it allocates                                   CHECK | BACKOFF | CRED | FAILED, or
 *                                                           START over a stream (over.c)
 *   CHECK    where configured, the relay is tried           UP | BACKOFF
 *   UP       relayed address held                           UP with the warm one when it is lost or
 *                                                           silent (standby.c); else CRED, BACKOFF
 *                                                           when it never settled
 *   BACKOFF  a pause, then the next relay                   CRED, or LIST if there is none
 */
#include "gateway_internal.h"

#define ROOM_PERIOD_MS 200u
#define CREDENTIAL_MARGIN_S 30u
#define RELAYS_PER_READ 2u
#define PATH_BACKOFF_MAX_MS 60000u
#define SOCKET_TRIES 3u
#define SETTLED_MS 60000u  /* a path lost sooner counts as a failure of its relay */
#define STABLE_MS 3600000u /* a path that lasts so long may be published again at once */

static void set(wick_gateway *gw, uint8_t state, uint64_t due_ms)
{
    gw->relays.state = state;
    gw->relays.due_ms = due_ms;
}

bool gw_relay_up(const wick_gateway *gw)
{
    return gw->relays.state == R_UP;
}

void gw_relay_start(wick_gateway *gw, uint64_t now_ms)
{
    wick_gateway_relays *r = &gw->relays;
    if ((gw->goals & (WICK_GW_GOAL_PATH | WICK_GW_GOAL_PUBLISH)) != 0 &&
        (r->state == R_IDLE || r->state == R_FAILED || r->state == R_STOPPED)) {
        r->backoff_ms = BACKOFF_MIN_MS;
        r->chosen = 0;
        gw_over_first(gw);
        set(gw, R_LIST, now_ms);
    }
}

void gw_relay_stop(wick_gateway *gw, uint64_t now_ms)
{
    for (unsigned i = 0; i < WICK_GW_TURNS; i++) {
        if (gw->turn_used[i]) {
            wick_turn_release(&gw->turn[i], now_ms);
        }
    }
    gw->relays.ask.state = REQ_FREE;
    set(gw, R_STOPPED, WICK_TIME_NEVER(now_ms));
    gw_standby_stop(gw, now_ms);
}

/* Says why, tries again later (another relay if there is one), or not at all. */
static void fail(wick_gateway *gw, uint64_t now_ms, wick_status status, bool final)
{
    wick_gateway_relays *r = &gw->relays;
    r->status = status;
    set(gw, final ? R_FAILED : R_BACKOFF, WICK_TIME_NEVER(now_ms));
    if (gw_path_is_relayed(gw)) { /* else peers have another way in */
        gw_event_more(gw, WICK_GW_EV_PATH_CHANGED, status, final, false);
    }
    gw_path_relays(gw, now_ms);
    if (final) {
        return;
    }
    r->chosen++;
    gw_over_first(gw);
    r->checked = false;
    r->settled = false;
    r->tries = 0;
    r->due_ms = now_ms + r->backoff_ms;
    r->backoff_ms = r->backoff_ms < PATH_BACKOFF_MAX_MS / 2 ? r->backoff_ms * 2
                                                            : PATH_BACKOFF_MAX_MS;
}

/* ------------------------------------------------------------------ the list */

static void have_list(wick_gateway *gw, uint64_t now_ms)
{
    wick_gateway_relays *r = &gw->relays;
    r->listed = true;
    if (r->count == 0 && gw->cfg.relay.port == 0) {
        fail(gw, now_ms, WICK_E_RELAY_UNKNOWN, false);
        return;
    }
    /* The one of the last time, or one drawn among all; then stick to it. */
    set(gw, gw_choice_begin(gw, now_ms) ? R_MEASURE : R_CRED, now_ms);
}

void gw_relay_chosen(wick_gateway *gw, uint64_t now_ms, uint8_t index)
{
    gw->relays.chosen = index;
    set(gw, R_CRED, now_ms);
}

/* Asks for the count first, then for a few relays at a time. */
static bool read_list(wick_gateway *gw)
{
    wick_gateway_relays *r = &gw->relays;
    bool counting = r->total == 0;
    wick_gateway_read *q = gw_read_new(gw, counting ? READ_RELAY_COUNT : READ_RELAYS, 0, 0,
                                       gw_registry(gw, 0)->relay_registry);
    if (q == NULL) {
        return false;
    }
    if (counting) {
        wick_slot_relay_count(q->query.slots[0]);
        q->query.count = 1;
        return true;
    }
    for (unsigned i = 0; i < RELAYS_PER_READ && r->read_at + i < r->total; i++) {
        wick_slot_relay(q->query.slots[2 * i], (uint32_t)r->read_at + i, 0);
        wick_slot_relay(q->query.slots[2 * i + 1], (uint32_t)r->read_at + i, 1);
        q->query.count = (uint8_t)(q->query.count + 2);
    }
    return true;
}

void gw_relay_read_done(wick_gateway *gw, uint64_t now_ms, const wick_gateway_read *read,
                        wick_status status)
{
    wick_gateway_relays *r = &gw->relays;
    uint32_t count = 0;
    if (r->state != R_LISTING) {
        return;
    }
    if (status == WICK_OK && read->purpose == READ_RELAY_COUNT) {
        status = wick_relay_count_decode(&count, read->query.values[0]);
        r->total = (uint8_t)(count < 255 ? count : 255);
        r->read_at = 0;
        r->count = 0;
    } else if (status == WICK_OK) {
        for (unsigned i = 0; 2 * i + 1 < read->query.count; i++) {
            wick_relay relay;
            if (wick_relay_decode(&relay, read->query.values[2 * i],
                                  read->query.values[2 * i + 1]) == WICK_OK &&
                relay.status == WICK_RELAY_APPROVED && relay.protocol == WICK_PROTOCOL_UDP &&
                r->count < WICK_GW_RELAYS_MAX) {
                gw->relay[r->count++] = relay.addr;
            }
        }
        r->read_at = (uint8_t)(r->read_at + read->query.count / 2);
    }
    if (status != WICK_OK) {
        r->total = 0;
        if (gw->cfg.relay.port != 0) {
            have_list(gw, now_ms); /* the configured relay serves alone */
        } else {
            fail(gw, now_ms, status, status == WICK_E_NO_CONTRACT);
        }
    } else if (r->read_at < r->total && r->count < WICK_GW_RELAYS_MAX) {
        set(gw, R_LIST, now_ms);
    } else {
        r->total = 0;
        have_list(gw, now_ms);
    }
}

/* ------------------------------------------------------------------ credentials */

static bool credentials_valid(const wick_gateway *gw, uint64_t now_ms)
{
    const wick_gateway_relays *r = &gw->relays;
    uint64_t unix_s = 0;
    return r->from_wallet && r->user[0] != '\0' &&
           (r->expires_s == 0 || !gw_unix(gw, now_ms, &unix_s) ||
            r->expires_s > unix_s + CREDENTIAL_MARGIN_S);
}

void gw_relay_credentials_failed(wick_gateway *gw, uint64_t now_ms, wick_status status)
{
    if (gw->relays.state == R_CRED_WAIT) {
        fail(gw, now_ms, status, status == WICK_E_AUTH);
    }
}

wick_status gw_turn_start(wick_gateway *gw, uint8_t index, const wick_addr *server,
                          uint64_t now_ms)
{
    const char *user = gw->cfg.relay_user != NULL ? gw->cfg.relay_user : gw->relays.user;
    const char *password =
        gw->cfg.relay_user != NULL ? gw->cfg.relay_password : gw->relays.password;
    wick_turn_config cfg;
    memset(&cfg, 0, sizeof cfg);
    cfg.crypto = gw->cfg.crypto;
    cfg.entropy = gw->cfg.entropy;
    cfg.server = *server;
    cfg.username = wick_span_text(user);
    cfg.password = wick_span_text(password);
#if WICK_WITH_TURN_MOBILITY
    cfg.mobile = gw->cfg.relay_mobile;
#endif
    gw_over_begin(gw, index, &cfg);
    wick_turn_wipe(&gw->turn[index]); /* gives the hash states of the one before back */
    wick_status s = wick_turn_init(&gw->turn[index], &cfg);
    if (s == WICK_OK) {
        s = wick_turn_start(&gw->turn[index], now_ms);
    }
    gw->turn_used[index] = s == WICK_OK;
    return s;
}

const wick_addr *gw_relay_chosen_at(const wick_gateway *gw)
{
    const wick_gateway_relays *r = &gw->relays;
    return gw->cfg.relay.port != 0 ? &gw->cfg.relay : &gw->relay[r->chosen % r->count];
}

const wick_addr *gw_relay_at(const wick_gateway *gw, const wick_addr *ip)
{
    for (unsigned i = 0; i < gw->relays.count; i++) {
        if (wick_addr_same_ip(&gw->relay[i], ip)) {
            return &gw->relay[i];
        }
    }
    return NULL;
}

/* ------------------------------------------------------------------ the allocation */

static void up(wick_gateway *gw, uint64_t now_ms)
{
    gw->relays.tries = 0;
    gw->relays.settled = false;
    set(gw, R_UP, now_ms + SETTLED_MS);
    gw_path_relays(gw, now_ms);
    gw_check_ready(gw);
    gw_standby_wake(gw, now_ms);
}

void gw_relay_promoted(wick_gateway *gw, uint64_t now_ms, uint8_t index)
{
    gw->relays.chosen = index;
    gw_over_promoted(gw, gw_main_via(gw));
    up(gw, now_ms);
}

bool gw_relay_admit(wick_gateway *gw, uint64_t now_ms, uint8_t via)
{
    const wick_addr *mine = wick_turn_relayed(&gw->turn[via]);
    if (!gw->cfg.allow_private_relay && !wick_addr_is_public(mine)) {
        wick_turn_release(&gw->turn[via], now_ms);
        return false;
    }
    /* One request per relay: one denied address in a common request would deny them all. */
    wick_status s = wick_turn_permit(&gw->turn[via], now_ms, mine);
    for (unsigned i = 0; i < gw->relays.count && s == WICK_OK; i++) {
        if (!wick_addr_same_ip(&gw->relay[i], mine)) {
            s = wick_turn_permit(&gw->turn[via], now_ms, &gw->relay[i]);
        }
    }
    gw->relay[WICK_GW_RELAYS_MAX + via / 2u] = *mine;
    return true;
}

static void allocated(wick_gateway *gw, uint64_t now_ms)
{
    wick_gateway_relays *r = &gw->relays;
    if (!gw_relay_admit(gw, now_ms, gw_main_via(gw))) {
        fail(gw, now_ms, WICK_E_TURN_RELAY_UNFIT, false);
        return;
    }
    set(gw, R_CHECK, WICK_TIME_NEVER(now_ms));
    if (!gw->cfg.check_relay || r->checked ||
        !gw_second_start(gw, now_ms, gw_relay_chosen_at(gw), true, gw_main_via(gw))) {
        up(gw, now_ms);
    }
}

void gw_relay_checked(wick_gateway *gw, uint64_t now_ms, wick_status status)
{
    if (gw->relays.state != R_CHECK) {
        return;
    }
    if (status != WICK_OK) {
        wick_turn_release(gw_main(gw), now_ms);
        fail(gw, now_ms, status, false);
        return;
    }
    gw->relays.checked = true; /* until another relay is chosen */
    up(gw, now_ms);
}

static void not_allocated(wick_gateway *gw, uint64_t now_ms, wick_status status)
{
    wick_gateway_relays *r = &gw->relays;
    r->tries++;
    if (status == WICK_E_TURN_MISMATCH && r->tries < SOCKET_TRIES) {
        gw->socket_new[gw_main_via(gw)] = true; /* the server holds something else for this 5-tuple */
        set(gw, R_START, now_ms);
    } else if ((status == WICK_E_TIMEOUT || status == WICK_E_NET) && gw_over_next(gw)) {
        r->tries = 0;
        set(gw, R_START, now_ms);
    } else if (status == WICK_E_TURN_CREDENTIALS && gw->cfg.relay_user == NULL &&
               r->from_wallet && r->tries < 2) {
        r->user[0] = '\0'; /* they may have expired on the way: ask once for others */
        set(gw, R_CRED, now_ms);
    } else {
        fail(gw, now_ms, gw_over_why(gw, gw_main_via(gw), status),
             status == WICK_E_TURN_CREDENTIALS && gw->cfg.relay_user != NULL);
    }
}

/* A relay that grants and takes back in a loop must not make us write to the chain each time. */
static void lost(wick_gateway *gw, uint64_t now_ms, wick_status status)
{
    uint8_t via = gw_main_via(gw);
    gw->relays.status = status;
    if (gw_standby_promote(gw, now_ms)) {
        gw_session_path_lost(gw, now_ms, via, WICK_E_TURN_LOST);
        return;
    }
    if (gw->relays.settled) {
        gw->relays.settled = false;
        gw_over_first(gw);
        set(gw, R_CRED, now_ms);
        if (gw_path_is_relayed(gw)) {
            gw_event_more(gw, WICK_GW_EV_PATH_CHANGED, status, false, false);
        }
        gw_path_relays(gw, now_ms);
    } else {
        fail(gw, now_ms, status, false);
    }
    gw_session_path_lost(gw, now_ms, via, WICK_E_TURN_LOST);
}

static void turn_event(wick_gateway *gw, uint64_t now_ms, const wick_out *o)
{
    switch (o->event) {
    case WICK_TURN_EV_ALLOCATED:
        allocated(gw, now_ms);
        break;
    case WICK_TURN_EV_PERMISSION_READY:
    case WICK_TURN_EV_PERMISSION_DENIED:
        gw_session_permission(gw, now_ms, &o->to);
        break;
    case WICK_TURN_EV_MAPPING_CHANGED:
    case WICK_TURN_EV_MOVED:
        gw_path_mapping_changed(gw, now_ms);
        break;
    case WICK_TURN_EV_SILENT:
        gw_standby_suspect(gw, now_ms);
        break;
    case WICK_TURN_EV_LOST:
        lost(gw, now_ms, o->status);
        break;
    case WICK_TURN_EV_FAILED:
        if (gw->relays.state == R_WAIT) {
            not_allocated(gw, now_ms, o->status);
        }
        break;
    default:
        break;
    }
}

bool gw_relay_poll(wick_gateway *gw, wick_gateway_out *out, uint64_t now_ms, uint64_t *deadline)
{
    for (unsigned i = 0; i < WICK_GW_TURNS; i++) {
        while (gw->turn_used[i]) {
            wick_out o;
            memset(&o, 0, sizeof o);
            wick_turn_poll(&gw->turn[i], now_ms, &o);
            if (o.kind == WICK_OUT_SEND) {
                out->kind = WICK_GW_OUT_SEND;
                out->socket = (uint8_t)i;
                out->over = gw_over(gw, (uint8_t)i);
                out->to = o.to;
                out->bytes = o.bytes;
                return true;
            }
            if (o.kind == WICK_OUT_EVENT) {
                if (i == gw_main_via(gw)) {
                    turn_event(gw, now_ms, &o);
                } else if (i == 1) {
                    gw_second_event(gw, now_ms, &o);
                } else {
                    gw_standby_event(gw, now_ms, &o);
                }
                *deadline = now_ms; /* something may be due now */
                return false;
            }
            if (o.kind == WICK_OUT_WAIT) {
                *deadline = wick_time_min(*deadline, o.deadline_ms);
                break;
            }
            gw->turn_used[i] = false;
            if (i == 1) {
                gw_second_ended(gw, now_ms);
            }
        }
    }
    return false;
}

void gw_relay_rehome(wick_gateway *gw, uint64_t now_ms)
{
    for (uint8_t i = 0; i < WICK_GW_TURNS; i++) {
        if (!gw->turn_used[i]) {
            continue;
        }
#if WICK_WITH_TURN_STREAM
        if (gw_over(gw, i) != WICK_GW_OVER_UDP && wick_turn_is_mobile(&gw->turn[i])) {
            gw_over_rehome(gw, now_ms, i); /* a stream ends with the address that it began at */
            continue;
        }
#endif
        wick_turn_probe(&gw->turn[i], now_ms); /* by a datagram the answer tells, and a ticket follows */
    }
}

uint64_t gw_relay_tick(wick_gateway *gw, uint64_t now_ms)
{
    static const uint8_t zero[20];
    wick_gateway_relays *r = &gw->relays;
    if (r->state == R_IDLE || !wick_time_reached(now_ms, r->due_ms)) {
        return r->state == R_IDLE ? WICK_TIME_NEVER(now_ms) : r->due_ms;
    }
    if (r->state == R_MEASURE) {
        r->due_ms = gw_choice_tick(gw, now_ms);
        return r->due_ms;
    }
    r->due_ms = WICK_TIME_NEVER(now_ms);
    switch (r->state) {
    case R_LIST:
        if (r->listed || memcmp(gw_registry(gw, 0)->relay_registry, zero, 20) == 0) {
            have_list(gw, now_ms);
        } else {
            bool room = read_list(gw);
            set(gw, room ? R_LISTING : R_LIST, room ? r->due_ms : now_ms + ROOM_PERIOD_MS);
        }
        break;
    case R_BACKOFF:
        r->listed = r->listed && r->count != 0; /* a list without relays is read again */
        set(gw, r->listed || gw->cfg.relay.port != 0 ? R_CRED : R_LIST, now_ms);
        break;
    case R_CRED:
        if (gw->cfg.relay_user != NULL || credentials_valid(gw, now_ms)) {
            set(gw, R_START, now_ms);
        } else if (gw->cfg.has_wallet_manager) {
            gw_ask(gw, &r->ask, WICK_GW_REQ_WALLET_RELAY);
            set(gw, R_CRED_WAIT, r->due_ms);
        } else {
            fail(gw, now_ms, WICK_E_CONFIG, true);
        }
        break;
    case R_UP: /* it settles after a minute, and is stable after an hour */
        if (!r->settled) {
            r->settled = true;
            r->backoff_ms = BACKOFF_MIN_MS;
            gw_keep(gw);
            r->due_ms = now_ms + STABLE_MS - SETTLED_MS;
        } else {
            gw->own.moved_gap_ms = 0;
        }
        break;
    case R_WAIT: /* no answer over UDP */
        if (gw_over_next(gw)) {
            set(gw, R_START, now_ms);
        }
        break;
    case R_CRED_WAIT: /* the answer woke it */
        set(gw, R_START, now_ms);
        break;
    case R_START: {
        wick_status s = gw_turn_start(gw, gw_main_via(gw), gw_relay_chosen_at(gw), now_ms);
        if (s == WICK_OK) {
            set(gw, R_WAIT, gw_over_patience(gw, now_ms));
        } else {
            fail(gw, now_ms, s, s != WICK_E_ENTROPY);
        }
        break;
    }
    default:
        break;
    }
    return r->due_ms;
}
