/* SPDX-License-Identifier: Apache-2.0 */
/* TURN server for tests: see wick/port/stub_turn.h. RFC 8656 sections 7 to 12. */
#include "stub_turn_internal.h"

#define PERMISSION_MS UINT64_C(300000)
#define CHANNEL_MS UINT64_C(600000)
#define LIFETIME_DEFAULT_S UINT32_C(600)

/* ---- sending ---- */

void stub_turn_push(wick_stub_turn *s, const wick_addr *from, const wick_addr *to, wick_span bytes)
{
    if (s->queued == WICK_STUB_TURN_QUEUE || bytes.len > WICK_STUB_TURN_MTU) {
        s->dropped++;
        return;
    }
    unsigned i = (s->head + s->queued) % WICK_STUB_TURN_QUEUE;
    s->queued++;
    s->queue[i].from = *from;
    s->queue[i].to = *to;
    s->queue[i].len = bytes.len;
    memcpy(s->queue[i].bytes, bytes.ptr, bytes.len);
}

bool wick_stub_turn_poll(wick_stub_turn *s, uint64_t now_ms, wick_stub_turn_out *out)
{
    (void)now_ms;
    if (s->queued == 0) {
        return false;
    }
    unsigned i = s->head;
    s->head = (s->head + 1) % WICK_STUB_TURN_QUEUE;
    s->queued--;
    out->bytes = wick_span_make(s->queue[i].bytes, s->queue[i].len);
    out->from = s->queue[i].from;
    out->to = s->queue[i].to;
    return true;
}

/* ---- tables ---- */

static wick_stub_turn_allocation *find(wick_stub_turn *s, const wick_addr *client)
{
    for (unsigned i = 0; i < WICK_STUB_TURN_ALLOCATIONS; i++) {
        wick_stub_turn_allocation *a = &s->allocation[i];
        if (a->client.port != 0 && wick_addr_equal(&a->client, client)) {
            return a;
        }
    }
    return NULL;
}

const wick_stub_turn_allocation *wick_stub_turn_find(const wick_stub_turn *s,
                                                         const wick_addr *client)
{
    for (unsigned i = 0; i < WICK_STUB_TURN_ALLOCATIONS; i++) {
        const wick_stub_turn_allocation *a = &s->allocation[i];
        if (a->client.port != 0 && wick_addr_equal(&a->client, client)) {
            return a;
        }
    }
    return NULL;
}

static wick_stub_turn_allocation *find_relayed(wick_stub_turn *s, const wick_addr *relayed)
{
    for (unsigned i = 0; i < WICK_STUB_TURN_ALLOCATIONS; i++) {
        wick_stub_turn_allocation *a = &s->allocation[i];
        if (a->client.port != 0 &&
            (wick_addr_equal(&a->relayed, relayed) ||
             (a->relayed2.port != 0 && wick_addr_equal(&a->relayed2, relayed)))) {
            return a;
        }
    }
    return NULL;
}

static bool listens(const wick_stub_turn *s, const wick_addr *to)
{
    return wick_addr_same_ip(to, &s->cfg.listen) &&
           (to->port == s->cfg.listen.port || (to->port != 0 && to->port == s->cfg.stream_port));
}

bool wick_stub_turn_owns(const wick_stub_turn *s, const wick_addr *to)
{
    if (listens(s, to)) {
        return true;
    }
    for (unsigned i = 0; i < WICK_STUB_TURN_ALLOCATIONS; i++) {
        const wick_stub_turn_allocation *a = &s->allocation[i];
        if (a->client.port != 0 && (wick_addr_equal(&a->relayed, to) ||
                                    (a->relayed2.port != 0 && wick_addr_equal(&a->relayed2, to)))) {
            return true;
        }
    }
    return false;
}

static void expire(wick_stub_turn *s, uint64_t now_ms)
{
    for (unsigned i = 0; i < WICK_STUB_TURN_ALLOCATIONS; i++) {
        wick_stub_turn_allocation *a = &s->allocation[i];
        if (a->client.port != 0 && wick_time_reached(now_ms, a->until_ms)) {
            memset(a, 0, sizeof *a);
        }
        for (unsigned k = 0; k < WICK_STUB_TURN_PERMISSIONS; k++) {
            if (wick_time_reached(now_ms, a->permission[k].until_ms)) {
                a->permission[k].used = false;
            }
        }
        for (unsigned k = 0; k < WICK_STUB_TURN_CHANNELS; k++) {
            if (wick_time_reached(now_ms, a->channel[k].until_ms)) {
                a->channel[k].number = 0;
            }
        }
    }
}

static bool permitted(const wick_stub_turn_allocation *a, const wick_addr *peer)
{
    for (unsigned i = 0; i < WICK_STUB_TURN_PERMISSIONS; i++) {
        if (a->permission[i].used && wick_addr_same_ip(&a->permission[i].peer, peer)) {
            return true;
        }
    }
    return false;
}

/* Installs or renews. @return false: table full */
static bool permit(wick_stub_turn_allocation *a, const wick_addr *peer, uint64_t now_ms)
{
    unsigned at = WICK_STUB_TURN_PERMISSIONS;
    for (unsigned i = 0; i < WICK_STUB_TURN_PERMISSIONS; i++) {
        bool mine = a->permission[i].used && wick_addr_same_ip(&a->permission[i].peer, peer);
        if (mine || (!a->permission[i].used && at == WICK_STUB_TURN_PERMISSIONS)) {
            at = i;
            if (mine) {
                break;
            }
        }
    }
    if (at == WICK_STUB_TURN_PERMISSIONS) {
        return false;
    }
    a->permission[at].used = true;
    a->permission[at].peer = *peer;
    a->permission[at].until_ms = now_ms + PERMISSION_MS;
    return true;
}

/* ---- requests ---- */

static uint32_t granted(const wick_stub_turn *s, const wick_stun_msg *m)
{
    uint32_t asked = 0;
    uint32_t most = s->cfg.lifetime_max_s != 0 ? s->cfg.lifetime_max_s : 3600;
    uint32_t least = most < LIFETIME_DEFAULT_S ? most : LIFETIME_DEFAULT_S;
    if (wick_stun_get_u32(&asked, m, WICK_STUN_LIFETIME) != WICK_OK || asked < least) {
        return least;
    }
    return asked < most ? asked : most;
}

static void put_ticket(struct reply *r, const wick_stub_turn_allocation *a)
{
    if (!wick_ct_is_zero(a->ticket, sizeof a->ticket)) {
        wick_stun_put(&r->b, WICK_STUN_MOBILITY_TICKET, wick_span_make(a->ticket, sizeof a->ticket));
    }
}

static void make_ticket(wick_stub_turn *s, wick_stub_turn_allocation *a)
{
    memset(a->ticket, 0x54, sizeof a->ticket);
    wick_store_be32(a->ticket, ++s->ticket_serial);
}

static void answer_allocate(wick_stub_turn *s, const struct request *q,
                            const wick_stub_turn_allocation *a)
{
    struct reply r;
    stub_turn_begin(&r, q, WICK_STUN_SUCCESS);
    if ((s->faults & WICK_STUB_TURN_NO_RELAYED) == 0) {
        wick_stun_put_addr(&r.b, WICK_STUN_XOR_RELAYED_ADDRESS, &a->relayed);
    }
    if (a->relayed2.port != 0) {
        wick_stun_put_addr(&r.b, WICK_STUN_XOR_RELAYED_ADDRESS, &a->relayed2);
    } else if (wick_stun_has(&q->m, WICK_STUN_ADDITIONAL_ADDRESS_FAMILY)) {
        wick_stun_put_address_error(&r.b, WICK_TURN_FAMILY_IPV6, 440, "no IPv6 here");
    }
    put_ticket(&r, a);
    if (s->reserved_port != 0 && s->reserved_port == a->relayed.port + 1u) {
        uint8_t token[8] = {'w', 'i', 'c', 'k', 0, 0, 0, 0};
        wick_store_be16(token + 6, s->reserved_port);
        wick_stun_put(&r.b, WICK_STUN_RESERVATION_TOKEN, wick_span_make(token, sizeof token));
    }
    wick_stun_put_addr(&r.b, WICK_STUN_XOR_MAPPED_ADDRESS, q->from);
    wick_stun_put_u32(&r.b, WICK_STUN_LIFETIME, a->lifetime_s);
    stub_turn_finish(s, &r, q, true);
}

static bool over_quota(const wick_stub_turn *s, wick_span name)
{
    unsigned n = 0;
    for (unsigned i = 0; i < WICK_STUB_TURN_ALLOCATIONS; i++) {
        const wick_stub_turn_allocation *a = &s->allocation[i];
        n += a->client.port != 0 && same(wick_span_make(a->username, a->username_len), name);
    }
    return s->cfg.quota != 0 && n >= s->cfg.quota;
}

static void redirect(wick_stub_turn *s, const struct request *q)
{
    struct reply r;
    stub_turn_begin(&r, q, WICK_STUN_ERROR);
    wick_stun_put_error(&r.b, 300, "Try Alternate");
    wick_stun_put_addr(&r.b, WICK_STUN_ALTERNATE_SERVER, &s->alternate);
    stub_turn_finish(s, &r, q, true);
}

static bool is_taken(const wick_stub_turn *s, const wick_stub_turn_allocation *mine)
{
    for (unsigned i = 0; i < WICK_STUB_TURN_ALLOCATIONS; i++) {
        const wick_stub_turn_allocation *a = &s->allocation[i];
        if (a != mine && a->client.port != 0 && wick_addr_equal(&a->relayed, &mine->relayed)) {
            return true;
        }
    }
    return false;
}

/* Family of relayed addresses by the request. 0: refused, with its answer sent. */
static unsigned family_of(wick_stub_turn *s, const struct request *q)
{
    wick_span one = wick_stun_get(&q->m, WICK_STUN_REQUESTED_ADDRESS_FAMILY);
    wick_span more = wick_stun_get(&q->m, WICK_STUN_ADDITIONAL_ADDRESS_FAMILY);
    unsigned family = one.ptr != NULL ? one.ptr[0] : (unsigned)WICK_TURN_FAMILY_IPV4;
    if ((one.ptr != NULL && more.ptr != NULL) ||
        (more.ptr != NULL && more.ptr[0] != WICK_TURN_FAMILY_IPV6)) {
        stub_turn_refuse(s, q, 400, "Bad Request");
        return 0;
    }
    if (family < 1 || family > 2 || (family == WICK_TURN_FAMILY_IPV6 && s->cfg.relay6.port == 0)) {
        stub_turn_refuse(s, q, 440, "Address Family not Supported");
        return 0;
    }
    return more.ptr != NULL && s->cfg.relay6.port != 0 ? (unsigned)WICK_TURN_FAMILY_BOTH : family;
}

/* A port by RESERVATION-TOKEN or EVEN-PORT (RFC 8656 sections 18.6, 18.10). false: refused. */
static bool choose_port(wick_stub_turn *s, const struct request *q, wick_stub_turn_allocation *a)
{
    wick_span token = wick_stun_get(&q->m, WICK_STUN_RESERVATION_TOKEN);
    wick_span even = wick_stun_get(&q->m, WICK_STUN_EVEN_PORT);
    if (token.ptr != NULL) {
        bool known = s->reserved_port != 0 && even.ptr == NULL &&
                     wick_load_be16(token.ptr + 6) == s->reserved_port;
        a->relayed.port = s->reserved_port;
        s->reserved_port = known ? 0 : s->reserved_port;
        return known;
    }
    do {
        a->relayed.port = (uint16_t)(s->cfg.relay.port + s->next_port);
        s->next_port = (uint16_t)((s->next_port + 1u) % s->cfg.relay_ports);
    } while (is_taken(s, a) || a->relayed.port == s->reserved_port ||
             (even.ptr != NULL && a->relayed.port % 2 != 0));
    if (even.ptr != NULL && (even.ptr[0] & 0x80u) != 0) {
        s->reserved_port = (uint16_t)(a->relayed.port + 1u);
    }
    return true;
}

static void allocate(wick_stub_turn *s, const struct request *q)
{
    unsigned family;
    uint32_t transport = 0;
    wick_stub_turn_allocation *a = find(s, q->from);
    if (a != NULL) {
        if (memcmp(a->tid, wick_stun_tid(&q->m), sizeof a->tid) == 0) {
            answer_allocate(s, q, a);
        } else {
            stub_turn_refuse(s, q, 437, "Wrong TID");
        }
        return;
    }
    if (wick_stun_get_u32(&transport, &q->m, WICK_STUN_REQUESTED_TRANSPORT) != WICK_OK) {
        stub_turn_refuse(s, q, 400, "Bad Request");
        return;
    }
    if (transport >> 24 != 17) {
        stub_turn_refuse(s, q, 442, "Unsupported Transport");
        return;
    }
    if ((s->faults & WICK_STUB_TURN_ALTERNATE) != 0) {
        redirect(s, q);
        return;
    }
    if (s->cfg.mobility == WICK_STUB_TURN_IMMOBILE &&
        wick_stun_has(&q->m, WICK_STUN_MOBILITY_TICKET)) {
        stub_turn_refuse(s, q, 405, "Mobility Forbidden");
        return;
    }
    family = family_of(s, q);
    if (family == 0) {
        return;
    }
    if (over_quota(s, q->name)) {
        stub_turn_refuse(s, q, 486, "Allocation Quota Reached");
        return;
    }
    for (unsigned i = 0; i < WICK_STUB_TURN_ALLOCATIONS && a == NULL; i++) {
        a = s->allocation[i].client.port == 0 ? &s->allocation[i] : NULL;
    }
    if (a == NULL || q->name.len > sizeof a->username) {
        stub_turn_refuse(s, q, 508, "Insufficient Capacity");
        return;
    }
    memset(a, 0, sizeof *a);
    a->client = *q->from;
    a->at = *q->at;
    a->relayed = s->cfg.relay;
    if (!choose_port(s, q, a)) {
        memset(a, 0, sizeof *a);
        stub_turn_refuse(s, q, 508, "Insufficient Capacity");
        return;
    }
    if (family != WICK_TURN_FAMILY_IPV4) {
        wick_addr *six = family == WICK_TURN_FAMILY_IPV6 ? &a->relayed : &a->relayed2;
        uint16_t port = a->relayed.port;
        *six = s->cfg.relay6;
        six->port = port;
    }
    if (s->cfg.mobility != WICK_STUB_TURN_NO_MOBILITY &&
        wick_stun_has(&q->m, WICK_STUN_MOBILITY_TICKET)) {
        make_ticket(s, a);
    }
    a->lifetime_s = granted(s, &q->m);
    a->until_ms = q->now_ms + (uint64_t)a->lifetime_s * 1000;
    memcpy(a->tid, wick_stun_tid(&q->m), sizeof a->tid);
    if (q->name.len != 0) {
        memcpy(a->username, q->name.ptr, q->name.len);
    }
    a->username_len = q->name.len;
    answer_allocate(s, q, a);
}

/* RFC 8016 section 3.2.2: the allocation of this ticket goes to who sent it. */
static wick_stub_turn_allocation *move(wick_stub_turn *s, const struct request *q)
{
    wick_span ticket = wick_stun_get(&q->m, WICK_STUN_MOBILITY_TICKET);
    for (unsigned i = 0; i < WICK_STUB_TURN_ALLOCATIONS; i++) {
        wick_stub_turn_allocation *a = &s->allocation[i];
        if (a->client.port != 0 && same(ticket, wick_span_make(a->ticket, sizeof a->ticket)) &&
            same(q->name, wick_span_make(a->username, a->username_len))) {
            a->client = *q->from;
            a->at = *q->at;
            a->shy = s->cfg.mobility == WICK_STUB_TURN_MOBILE_SHY;
            make_ticket(s, a);
            s->moves++;
            return a;
        }
    }
    return NULL;
}

static void refresh(wick_stub_turn *s, const struct request *q, wick_stub_turn_allocation *a)
{
    uint32_t asked = 1;
    struct reply r;
    if (wick_stun_has(&q->m, WICK_STUN_MOBILITY_TICKET) &&
        s->cfg.mobility != WICK_STUB_TURN_NO_MOBILITY) {
        /* Who has not moved may not say so. */
        a = a == NULL ? move(s, q) : NULL;
        if (a == NULL) {
            stub_turn_refuse(s, q, 400, "Bad Request");
            return;
        }
    }
    if (a == NULL) {
        stub_turn_refuse(s, q, 437, "Allocation Mismatch");
        return;
    }
    if (wick_stun_get_u32(&asked, &q->m, WICK_STUN_LIFETIME) == WICK_OK && asked == 0) {
        memset(a, 0, sizeof *a);
    } else {
        asked = granted(s, &q->m);
        a->lifetime_s = asked;
        a->until_ms = q->now_ms + (uint64_t)asked * 1000;
    }
    stub_turn_begin(&r, q, WICK_STUN_SUCCESS);
    wick_stun_put_u32(&r.b, WICK_STUN_LIFETIME, asked);
    if (wick_stun_has(&q->m, WICK_STUN_MOBILITY_TICKET)) {
        put_ticket(&r, a);
    }
    stub_turn_finish(s, &r, q, true);
}

static bool is_denied(const wick_stub_turn *s, const wick_addr *peer)
{
    return s->denied_ip.port != 0 && wick_addr_same_ip(&s->denied_ip, peer);
}

/* The relayed address of the peer's family, NULL if there is none. */
static const wick_addr *relayed_for(const wick_stub_turn_allocation *a, const wick_addr *peer)
{
    bool v4 = wick_addr_is_v4(peer);
    if (wick_addr_is_v4(&a->relayed) == v4) {
        return &a->relayed;
    }
    return a->relayed2.port != 0 && !v4 ? &a->relayed2 : NULL;
}

/* May the allocation send there at all? Says so if not. */
static bool is_refused_peer(wick_stub_turn *s, const struct request *q,
                            const wick_stub_turn_allocation *a, const wick_addr *peer)
{
    if (is_denied(s, peer)) {
        stub_turn_refuse(s, q, 403, "Forbidden IP");
        return true;
    }
    if (relayed_for(a, peer) == NULL) {
        stub_turn_refuse(s, q, 443, "Peer Address Family Mismatch");
        return true;
    }
    return false;
}

/* All addresses or none (RFC 8656 section 10.2). */
static void create_permission(wick_stub_turn *s, const struct request *q,
                              wick_stub_turn_allocation *a)
{
    struct reply r;
    unsigned peers = 0;
    for (int install = 0; install < 2; install++) {
        wick_stun_walk walk = {0};
        while (a != NULL && wick_stun_next(&walk, &q->m)) {
            wick_addr peer;
            if (walk.type != wick_stun_attr_type(WICK_STUN_XOR_PEER_ADDRESS)) {
                continue;
            }
            if (wick_stun_read_addr(&peer, walk.value, &q->m, WICK_STUN_XOR_PEER_ADDRESS) !=
                WICK_OK) {
                stub_turn_refuse(s, q, 400, "Bad Request");
                return;
            }
            if (is_refused_peer(s, q, a, &peer)) {
                return;
            }
            if (install != 0 && !permit(a, &peer, q->now_ms)) {
                stub_turn_refuse(s, q, 508, "Insufficient Capacity");
                return;
            }
            peers++;
        }
    }
    if (peers == 0) {
        stub_turn_refuse(s, q, 400, "Bad Request");
        return;
    }
    a->shy = false;
    stub_turn_begin(&r, q, WICK_STUN_SUCCESS);
    stub_turn_finish(s, &r, q, true);
}

static void channel_bind(wick_stub_turn *s, const struct request *q,
                         wick_stub_turn_allocation *a)
{
    wick_addr peer;
    uint32_t word = 0;
    struct reply r;
    unsigned at = WICK_STUB_TURN_CHANNELS;
    bool good = a != NULL &&
                wick_stun_get_addr(&peer, &q->m, WICK_STUN_XOR_PEER_ADDRESS) == WICK_OK &&
                wick_stun_get_u32(&word, &q->m, WICK_STUN_CHANNEL_NUMBER) == WICK_OK;
    uint16_t number = (uint16_t)(word >> 16);
    good = good && number >= WICK_CHANNEL_MIN && number <= WICK_CHANNEL_MAX;
    for (unsigned i = 0; i < WICK_STUB_TURN_CHANNELS && good; i++) {
        bool by_number = a->channel[i].number == number;
        bool by_peer = a->channel[i].number != 0 && wick_addr_equal(&a->channel[i].peer, &peer);
        good = by_number == by_peer; /* one number per peer and one peer per number */
        if (by_number || (a->channel[i].number == 0 && at == WICK_STUB_TURN_CHANNELS)) {
            at = i;
        }
        if (by_number) {
            break;
        }
    }
    if (!good) {
        stub_turn_refuse(s, q, 400, "Bad Request");
        return;
    }
    if (is_refused_peer(s, q, a, &peer)) {
        return;
    }
    if (at == WICK_STUB_TURN_CHANNELS || !permit(a, &peer, q->now_ms)) {
        stub_turn_refuse(s, q, 508, "Insufficient Capacity");
        return;
    }
    a->channel[at].number = number;
    a->channel[at].peer = peer;
    a->channel[at].until_ms = q->now_ms + CHANNEL_MS;
    stub_turn_begin(&r, q, WICK_STUN_SUCCESS);
    stub_turn_finish(s, &r, q, true);
}

static void binding(wick_stub_turn *s, const struct request *q)
{
    struct reply r;
    wick_addr mapped = *q->from;
    if ((s->faults & WICK_STUB_TURN_MAPPED) != 0) {
        mapped.port++;
    }
    stub_turn_begin(&r, q, WICK_STUN_SUCCESS);
    wick_stun_put_addr(&r.b, WICK_STUN_XOR_MAPPED_ADDRESS, &mapped);
    stub_turn_finish(s, &r, q, false);
}

static void request(wick_stub_turn *s, struct request *q)
{
    s->requests++;
    switch (q->m.method) {
    case WICK_STUN_BINDING:
        s->bindings++;
        break;
    case WICK_STUN_ALLOCATE:
        s->allocates++;
        break;
    case WICK_STUN_REFRESH:
        s->refreshes++;
        break;
    case WICK_STUN_CREATE_PERMISSION:
        s->permissions++;
        break;
    case WICK_STUN_CHANNEL_BIND:
        s->channels++;
        break;
    default:
        stub_turn_refuse(s, q, 400, "Bad Request");
        return;
    }
    if (q->m.unknown_count != 0) {
        struct reply r; /* RFC 8489 section 6.3.1 */
        stub_turn_begin(&r, q, WICK_STUN_ERROR);
        wick_stun_put_error(&r.b, 420, "Unknown Attribute");
        wick_stun_put_unknown(&r.b, &q->m);
        stub_turn_finish(s, &r, q, false);
        return;
    }
    bool forced = s->force.count != 0 && s->force.method == q->m.method;
    if (forced && (s->faults & WICK_STUB_TURN_ERRORS_BARE) != 0) {
        s->force.count--;
        stub_turn_refuse(s, q, s->force.code, "Forced");
        return;
    }
    if (q->m.method == WICK_STUN_BINDING) {
        binding(s, q);
        return;
    }
    if (q->m.method == WICK_STUN_ALLOCATE && (s->faults & WICK_STUB_TURN_ALTERNATE_BARE) != 0) {
        redirect(s, q);
        return;
    }
    if (!stub_turn_authenticate(s, q)) {
        return;
    }
    if (forced) {
        struct reply r;
        s->force.count--;
        stub_turn_begin(&r, q, WICK_STUN_ERROR);
        wick_stun_put_error(&r.b, s->force.code, "Forced");
        stub_turn_finish(s, &r, q, true);
        return;
    }
    wick_stub_turn_allocation *a = find(s, q->from);
    if (q->m.method == WICK_STUN_ALLOCATE) {
        allocate(s, q);
    } else if (q->m.method == WICK_STUN_REFRESH) {
        refresh(s, q, a);
    } else if (q->m.method == WICK_STUN_CREATE_PERMISSION) {
        create_permission(s, q, a);
    } else {
        channel_bind(s, q, a);
    }
}

/* ---- data ---- */

static void from_client(wick_stub_turn *s, const wick_stub_turn_allocation *a,
                        const wick_addr *peer, wick_span data)
{
    if (a == NULL || !permitted(a, peer)) {
        s->dropped++;
        return;
    }
    const wick_addr *relayed = relayed_for(a, peer);
    if (relayed != NULL) {
        s->relayed_out++;
        stub_turn_push(s, relayed, peer, data);
    }
}

static void channel_data(wick_stub_turn *s, const wick_stub_turn_allocation *a, wick_span in)
{
    wick_channeldata c;
    if (a == NULL || wick_channeldata_decode(&c, in) != WICK_OK) {
        s->dropped++;
        return;
    }
    for (unsigned i = 0; i < WICK_STUB_TURN_CHANNELS; i++) {
        if (a->channel[i].number == c.channel) {
            from_client(s, a, &a->channel[i].peer, c.data);
            return;
        }
    }
    s->dropped++;
}

static void from_peer(wick_stub_turn *s, const wick_stub_turn_allocation *a,
                      const wick_addr *peer, wick_span data)
{
    uint8_t bytes[WICK_STUB_TURN_MTU];
    uint8_t tid[WICK_STUN_TID_BYTES] = {0};
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    wick_stun_build m;
    if (!permitted(a, peer) || a->shy) {
        s->dropped++;
        return;
    }
    s->relayed_in++;
    for (unsigned i = 0; i < WICK_STUB_TURN_CHANNELS; i++) {
        if (a->channel[i].number != 0 && wick_addr_equal(&a->channel[i].peer, peer)) {
            bool stream = s->cfg.stream || a->at.port != s->cfg.listen.port;
            wick_status status =
                stream        ? wick_channeldata_encode_stream(&b, a->channel[i].number, data)
                              : wick_channeldata_encode(&b, a->channel[i].number, data);
            if (status == WICK_OK) {
                stub_turn_push(s, &a->at, &a->client, wick_buf_span(&b));
            }
            return;
        }
    }
    wick_store_be32(tid, s->relayed_in);
    wick_stun_begin(&m, &b, WICK_STUN_DATA, WICK_STUN_INDICATION, tid);
    wick_stun_put_addr(&m, WICK_STUN_XOR_PEER_ADDRESS, peer);
    wick_stun_put(&m, WICK_STUN_DATA_ATTR, data);
    if (wick_stun_end(&m) == WICK_OK) {
        stub_turn_push(s, &a->at, &a->client, wick_buf_span(&b));
    }
}

void wick_stub_turn_icmp(wick_stub_turn *s, const wick_addr *relayed, const wick_addr *peer,
                         uint8_t type, uint16_t code, uint32_t data)
{
    uint8_t bytes[WICK_STUB_TURN_MTU];
    uint8_t tid[WICK_STUN_TID_BYTES] = {1};
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    wick_stun_build m;
    const wick_stub_turn_allocation *a = find_relayed(s, relayed);
    wick_stun_begin(&m, &b, WICK_STUN_DATA, WICK_STUN_INDICATION, tid);
    wick_stun_put_addr(&m, WICK_STUN_XOR_PEER_ADDRESS, peer);
    wick_stun_put_icmp(&m, type, code, data);
    if (a != NULL && wick_stun_end(&m) == WICK_OK) {
        stub_turn_push(s, &a->at, &a->client, wick_buf_span(&b));
    }
}

void wick_stub_turn_input(wick_stub_turn *s, uint64_t now_ms, wick_span bytes,
                            const wick_addr *from, const wick_addr *to)
{
    struct request q;
    expire(s, now_ms);
    if ((s->faults & WICK_STUB_TURN_SILENT) != 0) {
        s->dropped++;
        return;
    }
    if (!listens(s, to)) {
        const wick_stub_turn_allocation *a = find_relayed(s, to);
        if (a != NULL) {
            from_peer(s, a, from, bytes);
        }
        return;
    }
    if (bytes.len != 0 && (bytes.ptr[0] & 0xC0u) == 0x40u) {
        channel_data(s, find(s, from), bytes);
        return;
    }
    memset(&q, 0, sizeof q);
    q.from = from;
    q.at = to;
    q.now_ms = now_ms;
    if (wick_stun_decode(&q.m, bytes) != WICK_OK) {
        s->dropped++;
        return;
    }
    if (q.m.cls == WICK_STUN_REQUEST) {
        request(s, &q);
        wick_hmac_key_wipe(&q.key);
    } else if (q.m.cls == WICK_STUN_INDICATION && q.m.method == WICK_STUN_SEND) {
        wick_addr peer;
        wick_span data = wick_stun_get(&q.m, WICK_STUN_DATA_ATTR);
        if (data.ptr != NULL &&
            wick_stun_get_addr(&peer, &q.m, WICK_STUN_XOR_PEER_ADDRESS) == WICK_OK) {
            from_client(s, find(s, from), &peer, data);
        }
    }
}

void wick_stub_turn_init(wick_stub_turn *s, const wick_stub_turn_config *cfg)
{
    memset(s, 0, sizeof *s);
    s->cfg = *cfg;
    if (s->cfg.realm == NULL) {
        s->cfg.realm = "wick.example";
    }
    if (s->cfg.relay_ports == 0) {
        s->cfg.relay_ports = 1000;
    }
    s->nonce_serial = 1;
}

void wick_stub_turn_restart(wick_stub_turn *s)
{
    memset(s->allocation, 0, sizeof s->allocation);
    s->nonce_serial += 1000;
    s->queued = 0;
}
