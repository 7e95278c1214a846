/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop of the agent: configuration, goals, events, and one poll function that asks each part in
 * turn what it has. Parts never call the driver; what they want to say waits in a queue or in
 * themselves until it is polled.
 */
#include "gateway_internal.h"

#define ROUNDS_MAX 64u /* internal steps per poll; each one consumes an event or a deadline */

static size_t text_len(const char *text, size_t cap)
{
    size_t n = 0;
    while (text != NULL && n < cap && text[n] != '\0') {
        n++;
    }
    return n;
}

static wick_status check_config(const wick_gateway_config *cfg)
{
    if (cfg->crypto == NULL || cfg->entropy == NULL || cfg->keystore == NULL ||
        cfg->clock == NULL || cfg->registries == NULL || cfg->registry_count == 0 ||
        cfg->registry_count > WICK_GW_REGISTRIES_MAX ||
        (cfg->relay_user != NULL && cfg->relay_password == NULL)) {
        return WICK_E_BAD_ARG;
    }
    if (gw_attest_config(cfg) != WICK_OK) {
        return WICK_E_BAD_ARG;
    }
    for (size_t i = 0; i < cfg->registry_count; i++) {
        const wick_light *light = cfg->registries[i].light;
        wick_tier tier = cfg->registries[i].tier;
        if (light != NULL && light->cfg.chain_id != cfg->registries[i].chain_id) {
            return WICK_E_CHAIN_MISMATCH;
        }
        if (cfg->registries[i].name == NULL || (light != NULL && !WICK_WITH_LIGHT) ||
            (light == NULL && tier != WICK_TIER_OWN_NODE && tier != WICK_TIER_PINNED)) {
            return WICK_E_UNSUPPORTED;
        }
    }
    return WICK_OK;
}

/* Ids from names, addresses from keys; the two keys must differ. */
static wick_status identity(wick_gateway *gw)
{
    const wick_hal_keystore *ks = gw->cfg.keystore;
    uint8_t wallet33[33];
    const char *service = gw->cfg.service != NULL ? gw->cfg.service : WICK_SERVICE_DEFAULT;
    wick_status s = wick_name_hash(
        gw->id, wick_span_make((const uint8_t *)gw->cfg.name, text_len(gw->cfg.name, 65)));
    if (s == WICK_OK) {
        s = wick_name_hash(gw->service,
                           wick_span_make((const uint8_t *)service, text_len(service, 65)));
    }
    if (s == WICK_OK) {
        s = ks->secp256k1_public(ks->ctx, wallet33, gw->cfg.wallet_key);
    }
    if (s == WICK_OK) {
        gw->device_pub.type = WICK_KEY_TYPE_SECP256K1;
        s = ks->secp256k1_public(ks->ctx, gw->device_pub.bytes, gw->cfg.device_key);
#if WICK_WITH_NSL_RSA
        s = s == WICK_E_NOT_FOUND ? gw_key_public(gw, &gw->device_pub, gw->keys.own_word,
                                                  gw->cfg.device_key)
                                  : s;
#endif
    }
    /* One secret may hide behind two handles; x alone tells, the parity may be flipped. */
    if (s == WICK_OK && gw->device_pub.type == WICK_KEY_TYPE_SECP256K1 &&
        memcmp(wallet33 + 1, gw->device_pub.bytes + 1, 32) == 0) {
        s = WICK_E_SAME_KEY;
    }
    if (s == WICK_OK) {
        s = wick_eth_address_of(gw->wallet, wallet33, gw->cfg.crypto);
    }
    return s;
}

/* The frame is idle before start and between outputs, and holds a value of the store. */
_Static_assert(WICK_GW_DATAGRAM_MAX + 64 >= WICK_STORE_VALUE_MAX, "frame holds a value");

static wick_status load_marks(wick_gateway *gw)
{
    wick_status s = WICK_OK;
    wick_marks_init(&gw->marks, gw->cfg.store);
    for (size_t i = 0; i < gw->cfg.registry_count && s == WICK_OK; i++) {
        const wick_gateway_registry *reg = &gw->cfg.registries[i];
        s = wick_marks_add(&gw->marks, reg->chain_id, reg->device_registry);
    }
    return s == WICK_OK ? wick_marks_load(&gw->marks, gw->frame) : s;
}

static void save_marks(wick_gateway *gw)
{
    if (wick_marks_save(&gw->marks, gw->frame) != WICK_OK && gw->cfg.log != NULL) {
        /* Marks stay in RAM: only a restart would forget them. */
        gw->cfg.log->write(gw->cfg.log->ctx, WICK_LOG_WARN, "gateway",
                           "the store refused the high-water marks");
    }
}

wick_status wick_gateway_init(wick_gateway *gw, const wick_gateway_config *cfg)
{
    memset(gw, 0, sizeof *gw);
    wick_status s = check_config(cfg);
    if (s != WICK_OK) {
        return s;
    }
    gw->cfg = *cfg;
    if (gw->cfg.expires_s == 0) {
        gw->cfg.expires_s = 86400;
    }
    gw->data_session = WICK_GW_NO_SESSION;
#if WICK_WITH_DIRECT
    gw->direct.reply_session = WICK_GW_NO_SESSION;
#endif
    s = identity(gw);
    if (s == WICK_OK) {
        s = load_marks(gw);
    }
    if (s == WICK_OK) {
        gw_path_init(gw);
        gw_kept_load(gw);
    }
    return s;
}

wick_status wick_gateway_start(wick_gateway *gw, uint64_t now_ms, unsigned goals)
{
    if ((goals & WICK_GW_GOAL_PUBLISH) != 0) {
        goals |= WICK_GW_GOAL_REGISTER | WICK_GW_GOAL_PATH;
    }
    gw->stopping = false;
    gw->goals |= goals;
    gw->ready_told = false;
    if ((gw->goals & (WICK_GW_GOAL_ANSWER | WICK_GW_GOAL_PATH)) != 0) {
        wick_status s = gw_nsl_start(gw, now_ms);
        if (s == WICK_OK) {
            s = gw_ticket_start(gw, now_ms);
        }
        if (s != WICK_OK) {
            return s;
        }
    }
    gw_own_start(gw, now_ms);
    gw_relay_start(gw, now_ms);
    gw_path_start(gw, now_ms);
    gw_check_ready(gw);
    return WICK_OK;
}

void wick_gateway_stop(wick_gateway *gw, uint64_t now_ms)
{
    for (uint8_t i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        if (gw->session[i].state != SES_FREE && gw->session[i].state != SES_ENDED) {
            gw_session_end(gw, i, WICK_OK);
        }
    }
    for (unsigned i = 0; i < WICK_GW_READS_MAX; i++) {
        gw->read[i].state = REQ_FREE;
    }
    gw->own.ask.state = REQ_FREE;
    gw->own.state = OWN_IDLE;
    gw->goals = 0;
    gw_ticket_stop(gw);
    gw_path_stop(gw, now_ms);
    gw_relay_stop(gw, now_ms);
    gw->stopping = true;
}

void wick_gateway_wipe(wick_gateway *gw)
{
    wick_nsl_wipe(&gw->nsl);
    for (unsigned i = 0; i < WICK_GW_TURNS; i++) {
        wick_turn_wipe(&gw->turn[i]);
    }
    wick_wipe(gw, sizeof *gw);
}

/* ------------------------------------------------------------------ what parts need of it */

bool gw_unix(const wick_gateway *gw, uint64_t now_ms, uint64_t *unix_s)
{
    uint64_t floor = 0;
    if (gw->floor_unix_s != 0) {
        floor = gw->floor_unix_s + (now_ms - gw->floor_ms) / 1000;
    }
    *unix_s = 0;
    if (gw->cfg.clock->unix_s(gw->cfg.clock->ctx, unix_s) != WICK_OK) {
        *unix_s = floor;
        return floor != 0;
    }
    /* A chain's time may run a little ahead of the clock; it is a floor, not a correction. */
    *unix_s = *unix_s > gw->floor_unix_s ? *unix_s : gw->floor_unix_s;
    return true;
}

uint32_t gw_request_id(wick_gateway *gw)
{
    gw->next_request++;
    gw->next_request += gw->next_request == 0 ? 1 : 0;
    return gw->next_request;
}

uint32_t gw_random(wick_gateway *gw)
{
    uint8_t b[4];
    if (gw->cfg.entropy->fill(gw->cfg.entropy->ctx, b, sizeof b) != WICK_OK) {
        return 0; /* only a choice among equals */
    }
    return wick_load_be32(b);
}

void gw_check_ready(wick_gateway *gw)
{
    bool ready = ((gw->goals & WICK_GW_GOAL_REGISTER) == 0 || gw->own.registered_told) &&
                 ((gw->goals & WICK_GW_GOAL_PATH) == 0 || gw_path_up(gw)) &&
                 ((gw->goals & WICK_GW_GOAL_PUBLISH) == 0 || gw->own.published) && gw->goals != 0;
    if (ready && !gw->ready_told) {
        gw_event(gw, WICK_GW_EV_READY, WICK_OK, WICK_GW_NO_SESSION);
    }
    gw->ready_told = ready;
}

/* ------------------------------------------------------------------ events */

static void push(wick_gateway *gw, wick_gateway_event_kind kind, wick_status status,
                 uint8_t session, bool final, bool sent)
{
    if (gw->event_count == WICK_GW_EVENTS) {
        /* The driver does not poll: the newest replaces the one before it. */
        gw->event_count--;
    }
    unsigned at = (gw->event_head + gw->event_count) % WICK_GW_EVENTS;
    gw->event[at].kind = (uint8_t)kind;
    gw->event[at].session = session;
    gw->event[at].final = final;
    gw->event[at].sent = sent;
    gw->event[at].index = 0;
    gw->event[at].status = status;
    gw->event_count++;
}

void gw_event(wick_gateway *gw, wick_gateway_event_kind kind, wick_status status, uint8_t session)
{
    push(gw, kind, status, session, false, false);
}

void gw_event_more(wick_gateway *gw, wick_gateway_event_kind kind, wick_status status, bool final,
                   bool sent)
{
    push(gw, kind, status, WICK_GW_NO_SESSION, final, sent);
    if (status != WICK_OK && kind != WICK_GW_EV_SERVICE) {
        gw->ready_told = false;
    }
}

void gw_event_index(wick_gateway *gw, uint8_t index)
{
    unsigned newest = ((unsigned)gw->event_head + gw->event_count + WICK_GW_EVENTS - 1u) % WICK_GW_EVENTS;
    gw->event[newest].index = index;
}

void gw_event_drop(wick_gateway *gw, uint8_t session)
{
    for (unsigned i = 0; i < gw->event_count; i++) {
        unsigned at = (gw->event_head + i) % WICK_GW_EVENTS;
        if (gw->event[at].session == session) {
            gw->event[at].kind = 0;
        }
    }
}

static void tell_age(const wick_gateway *gw, wick_gateway_event *e, uint64_t now_ms)
{
    uint64_t unix_s = 0;
    bool known = gw_unix(gw, now_ms, &unix_s) && e->block_time_s != 0;
    e->age_s = known && unix_s > e->block_time_s ? unix_s - e->block_time_s : 0;
}

static void tell_own(const wick_gateway *gw, wick_gateway_event *e)
{
    const wick_gateway_own *o = &gw->own;
    memcpy(e->id, gw->id, 32);
    memcpy(e->name, gw->cfg.name, text_len(gw->cfg.name, sizeof e->name - 1));
    e->epoch = o->registered ? o->device.epoch : 0;
    unsigned word = e->index;
#if WICK_WITH_SERVICES
    if (e->kind == WICK_GW_EV_SERVICE) {
        word += WICK_GW_WORDS;
        gw_service_tell(gw, e);
    }
#endif
    const wick_endpoint *at = &o->endpoint[word];
    bool has = o->has_endpoint[word];
    e->seq = has ? at->seq : 0;
    e->tier = o->tier;
    e->endpoint_tier = o->tier;
    e->grace = o->grace;
    e->block_number = o->block_number;
    e->block_time_s = o->block_time_s;
    e->endpoint_kind = has ? at->kind : 0;
    e->addr = at->addr;
    e->addr2 = *wick_turn_mapped(gw_main(gw));
    if (e->kind == WICK_GW_EV_PATH_CHANGED) {
        gw_path_tell_event(gw, e);
    }
    if (e->kind == WICK_GW_EV_READY) {
        e->standby_pending = gw_own_standby_pending(gw);
    }
    e->revert_selector = o->revert.selector;
    e->revert_name = o->revert.name;
}

static void tell_session(wick_gateway *gw, wick_gateway_event *e)
{
    wick_gateway_session *s = &gw->session[e->session];
    memcpy(e->id, s->id, 32);
    memcpy(e->name, s->name, sizeof e->name);
    e->initiator = s->initiator;
    e->keys_only = s->keys_only;
#if WICK_WITH_PEER_CACHE
    e->cached = s->cached;
#endif
    e->epoch = s->epoch;
    e->seq = s->seq;
    e->tier = s->tier;
    e->endpoint_tier = (wick_tier)s->endpoint_tier;
    e->grace = s->grace;
    e->block_number = s->block_number;
    e->block_time_s = s->block_time_s;
    e->endpoint_kind = s->endpoint_kind;
    e->addr = s->addr;
#if WICK_WITH_TICKETS
    e->guest = s->guest.expires_s != 0;
    memcpy(e->sub, s->guest.sub, sizeof e->sub);
#endif
    wick_gateway_path path;
    if (wick_gateway_session_path(gw, &path, e->session) == WICK_OK) {
        e->addr = path.addr;
        e->path_kind = (uint8_t)path.kind;
    }
    if (s->state == SES_ENDED && (e->kind == WICK_GW_EV_SESSION_DOWN || s->lookup_only)) {
        s->state = SES_FREE;
    }
}

static bool poll_event(wick_gateway *gw, wick_gateway_out *out, uint64_t now_ms)
{
    while (gw->event_count != 0) {
        unsigned at = gw->event_head;
        gw->event_head = (uint8_t)((at + 1) % WICK_GW_EVENTS);
        gw->event_count--;
        if (gw->event[at].kind == 0) {
            continue;
        }
        out->kind = WICK_GW_OUT_EVENT;
        out->event.kind = (wick_gateway_event_kind)gw->event[at].kind;
        out->event.status = gw->event[at].status;
        out->event.final = gw->event[at].final;
        out->event.sent = gw->event[at].sent;
        out->event.index = gw->event[at].index;
        out->event.session = gw->event[at].session;
        out->session = gw->event[at].session;
        if (out->session < WICK_GW_SESSIONS_MAX) {
            tell_session(gw, &out->event);
        } else {
            tell_own(gw, &out->event);
        }
        tell_age(gw, &out->event, now_ms);
        return true;
    }
    return false;
}

/* ------------------------------------------------------------------ the loop */

static bool poll_small(wick_gateway *gw, wick_gateway_out *out, uint64_t now_ms)
{
    if (poll_event(gw, out, now_ms)) {
        return true;
    }
    if (gw->data_session != WICK_GW_NO_SESSION) {
        out->kind = WICK_GW_OUT_DATA;
        out->session = gw->data_session;
        out->bytes = gw->data;
#if WICK_WITH_TICKETS
        out->to = gw->tickets.from;
        out->socket = gw->tickets.via;
#endif
        gw->data_session = WICK_GW_NO_SESSION;
        return true;
    }
    for (uint8_t i = 0; i < WICK_GW_SOCKETS; i++) {
        if (gw->socket_new[i]) {
            gw->socket_new[i] = false;
            out->kind = WICK_GW_OUT_SOCKET_NEW;
            out->socket = i;
#if WICK_WITH_PATH
            if (i == WICK_GW_SOCKET_OPEN) {
                out->kind = WICK_GW_OUT_SOCKET_OPEN;
                out->to.port = gw->open.port;
            }
#endif
            return true;
        }
    }
    return gw_over_poll(gw, out);
}

static void tick_reorgs(wick_gateway *gw, uint64_t now_ms)
{
    for (uint8_t i = 0; i < gw->cfg.registry_count; i++) {
        const wick_light *light = gw_registry(gw, i)->light;
        if (light != NULL && light->reorgs != gw->reorgs[i]) {
            uint64_t time_s = 0;
            uint64_t number = wick_light_reorg_floor(light, &time_s, gw->reorgs[i]);
            gw->reorgs[i] = wick_light_reorgs(light);
            wick_marks_lower(&gw->marks, i, number, time_s);
            gw_reorg(gw, now_ms, i, number);
        }
    }
}

static bool all_released(const wick_gateway *gw)
{
    for (unsigned i = 0; i < WICK_GW_TURNS; i++) {
        if (gw->turn_used[i]) {
            return false;
        }
    }
    return gw_path_released(gw);
}

void wick_gateway_poll(wick_gateway *gw, wick_gateway_out *out, uint64_t now_ms)
{
    uint64_t deadline = WICK_TIME_NEVER(now_ms);
    memset(out, 0, sizeof *out);
    out->session = WICK_GW_NO_SESSION;
    out->event.session = WICK_GW_NO_SESSION;
    tick_reorgs(gw, now_ms);
    for (unsigned round = 0; round < ROUNDS_MAX; round++) {
        deadline = gw_own_tick(gw, now_ms);
        deadline = wick_time_min(deadline, gw_relay_tick(gw, now_ms));
        deadline = wick_time_min(deadline, gw_over_tick(gw, now_ms));
        deadline = wick_time_min(deadline, gw_second_tick(gw, now_ms));
        deadline = wick_time_min(deadline, gw_standby_tick(gw, now_ms));
        deadline = wick_time_min(deadline, gw_path_tick(gw, now_ms));
        deadline = wick_time_min(deadline, gw_session_tick(gw, now_ms));
        deadline = wick_time_min(deadline, gw_nsl_tick(gw, now_ms));
        deadline = wick_time_min(deadline, gw_ticket_tick(gw, now_ms));
        deadline = wick_time_min(deadline, gw_read_tick(gw, now_ms));
        deadline = wick_time_min(deadline, gw_ask_tick(gw, now_ms));
        deadline = wick_time_min(deadline, gw_key_tick(gw, now_ms));
        if (poll_small(gw, out, now_ms) || gw_read_poll(gw, out, now_ms) ||
            gw_ask_poll(gw, out, now_ms) || gw_key_poll(gw, out, now_ms) || gw_relay_poll(gw, out, now_ms, &deadline) ||
            gw_second_poll(gw, out, now_ms) || gw_choice_poll(gw, out, now_ms) ||
            gw_ticket_poll(gw, out, now_ms) ||
            gw_path_poll(gw, out, now_ms, &deadline) || gw_nsl_poll(gw, out, now_ms, &deadline)) {
            return;
        }
#if WICK_WITH_DIRECT
        if (gw_refusal_poll(gw, out, now_ms) || gw_direct_poll(gw, out, now_ms, &deadline)) {
            return;
        }
#endif
        save_marks(gw);
        if (gw->stopping && all_released(gw) && gw->event_count == 0) {
            out->kind = WICK_GW_OUT_DONE;
            return;
        }
        if (gw->event_count == 0 && !wick_time_reached(now_ms, deadline)) {
            break;
        }
    }
    out->kind = WICK_GW_OUT_WAIT;
    out->deadline_ms = deadline;
}

/* What came from the server of an allocation. */
static void relay_input(wick_gateway *gw, uint64_t now_ms, uint8_t socket, wick_span bytes,
                        const wick_addr *from)
{
    wick_turn_data data;
    memset(&data, 0, sizeof data);
    wick_status s = wick_turn_input(&gw->turn[socket], now_ms, bytes, from, &data);
    if (s == WICK_AGAIN) { /* an answer is a sign of life; anybody can write a relay's address */
        gw_standby_heard(gw, now_ms, socket);
#if WICK_WITH_TURN_STREAM
        gw->relays.answered = gw->relays.answered || socket == gw_main_via(gw);
#endif
    }
    if (s == WICK_OK) {
        gw_standby_hint(gw, socket);
        gw_session_input(gw, now_ms, socket, &data.peer, data.data);
    }
}

#if WICK_WITH_TURN_STREAM
void wick_gateway_stream_input(wick_gateway *gw, uint64_t now_ms, uint8_t socket, wick_span bytes)
{
    if (socket < WICK_GW_TURNS && gw->turn_used[socket] &&
        gw_over(gw, socket) != WICK_GW_OVER_UDP) {
        gw->stream[socket].broken = gw->stream[socket].moving = false;
        relay_input(gw, now_ms, socket, bytes, wick_turn_server(&gw->turn[socket]));
    }
}
#endif

void wick_gateway_input(wick_gateway *gw, uint64_t now_ms, uint8_t socket, wick_span bytes,
                        const wick_addr *from)
{
    if (socket >= WICK_GW_SOCKETS) {
        return;
    }
    if (socket >= WICK_GW_TURNS) {
        if (!gw_path_input(gw, now_ms, socket, bytes, from)) {
            gw_session_input(gw, now_ms, (uint8_t)(VIA_DIRECT | socket), from, bytes);
        }
    } else if (gw_choice_input(gw, now_ms, bytes, from) ||
               (socket == 0 && gw_path_reached(gw, now_ms, socket, bytes, from))) {
        return;
    } else if (gw->turn_used[socket] && gw_over(gw, socket) == WICK_GW_OVER_UDP &&
               wick_addr_equal(from, wick_turn_server(&gw->turn[socket]))) {
        relay_input(gw, now_ms, socket, bytes, from);
    } else if (socket == 0) {
        gw_session_input(gw, now_ms, VIA_DIRECT, from, bytes);
    }
}
