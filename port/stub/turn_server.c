/* SPDX-License-Identifier: Apache-2.0 */
/* TURN server for tests: see wick/port/stub_turn.h. RFC 8656 sections 7 to 12. */
#include "wick/port/stub_turn.h"

#include <string.h>

#include "wick/turn.h"

#define PERMISSION_MS UINT64_C(300000)
#define CHANNEL_MS UINT64_C(600000)
#define LIFETIME_DEFAULT_S UINT32_C(600)
#define SOFTWARE "wick stub"

/* What is known of the request that is being answered. */
struct request {
    wick_stun_msg m;
    const wick_addr *from;
    uint64_t now_ms;
    wick_hmac_key key;
    bool authenticated;
    wick_span name; /* user name without expiry */
};

static wick_span text(const char *s)
{
    return wick_span_make((const uint8_t *)s, strlen(s));
}

static bool same(wick_span a, wick_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* ---- sending ---- */

static void push(wick_stub_turn *s, const wick_addr *from, const wick_addr *to, wick_span bytes)
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

struct reply {
    uint8_t bytes[512];
    wick_buf buf;
    wick_stun_build b;
};

static void begin(struct reply *r, const struct request *q, wick_stun_class cls)
{
    r->buf = wick_buf_make(r->bytes, sizeof r->bytes);
    wick_stun_begin(&r->b, &r->buf, q->m.method, cls, wick_stun_tid(&q->m));
}

static void finish(wick_stub_turn *s, struct reply *r, const struct request *q, bool integrity)
{
    wick_stun_put(&r->b, WICK_STUN_SOFTWARE, text(SOFTWARE));
    if ((s->faults & WICK_STUB_TURN_UNKNOWN_ATTR) != 0) {
        wick_stun_put_raw(&r->b, 0x7FFE, text("?"));
    }
    if (integrity && q->authenticated) {
        wick_stun_put_integrity(&r->b, &q->key);
        if ((s->faults & WICK_STUB_TURN_BAD_MI) != 0) {
            r->bytes[r->buf.len - 1] ^= 1;
        }
    }
    wick_stun_put_fingerprint(&r->b);
    if (wick_stun_end(&r->b) == WICK_OK) {
        push(s, &s->cfg.listen, q->from, wick_buf_span(&r->buf));
    }
}

static void refuse(wick_stub_turn *s, const struct request *q, uint16_t code, const char *phrase)
{
    struct reply r;
    /* coturn's habit, which clients must live with. */
    bool bare = code == 437 || code == 441;
    begin(&r, q, WICK_STUN_ERROR);
    wick_stun_put_error(&r.b, code, phrase);
    finish(s, &r, q, !bare);
}

static void put_nonce(wick_stub_turn *s, struct reply *r)
{
    uint8_t raw[8];
    char hex[17];
    wick_store_be64(raw, UINT64_C(0x77696b0000000000) | s->nonce_serial);
    wick_hex_encode(hex, raw, sizeof raw);
    wick_stun_put(&r->b, WICK_STUN_NONCE, text(hex));
}

static bool is_nonce(const wick_stub_turn *s, const struct request *q)
{
    uint8_t raw[8];
    char hex[17];
    wick_store_be64(raw, UINT64_C(0x77696b0000000000) | s->nonce_serial);
    wick_hex_encode(hex, raw, sizeof raw);
    return same(wick_stun_get(&q->m, WICK_STUN_NONCE), text(hex)) &&
           (s->cfg.nonce_ms == 0 ||
            !wick_time_reached(q->now_ms, s->nonce_born_ms + s->cfg.nonce_ms));
}

static void challenge(wick_stub_turn *s, const struct request *q, uint16_t code)
{
    struct reply r;
    char realm[8] = "realm-x";
    if (code == 438 || (s->cfg.nonce_ms != 0 &&
                        wick_time_reached(q->now_ms, s->nonce_born_ms + s->cfg.nonce_ms))) {
        s->nonce_serial++;
        s->nonce_born_ms = q->now_ms;
    }
    realm[6] = (char)('a' + (int)(s->requests % 26));
    begin(&r, q, WICK_STUN_ERROR);
    wick_stun_put_error(&r.b, code, code == 401 ? "Unauthorized" : "Stale nonce");
    if ((s->faults & WICK_STUB_TURN_NO_NONCE) == 0) {
        put_nonce(s, &r);
    }
    wick_stun_put(&r.b, WICK_STUN_REALM,
                  text((s->faults & WICK_STUB_TURN_REALM) != 0 ? realm : s->cfg.realm));
    finish(s, &r, q, false);
}

/* ---- authentication (RFC 8489 section 9.2.4) ---- */

/* Password of the user that the request names. */
static bool find_password(const wick_stub_turn *s, struct request *q,
                          char out[WICK_TURN_REST_PASSWORD_BYTES], wick_span *password)
{
    wick_span user = wick_stun_get(&q->m, WICK_STUN_USERNAME);
    q->name = user;
    if (s->cfg.rest_secret == NULL) {
        *password = text(s->cfg.password);
        return same(user, text(s->cfg.username));
    }
    uint64_t expiry = 0;
    size_t i = 0;
    while (i < user.len && user.ptr[i] >= '0' && user.ptr[i] <= '9' && i < 18) {
        expiry = expiry * 10 + (uint64_t)(user.ptr[i] - '0');
        i++;
    }
    if (i < user.len && user.ptr[i] == ':') {
        q->name = wick_span_make(user.ptr + i + 1, user.len - i - 1);
    }
    /* As coturn: a credential that expires under a live allocation goes on working for it. */
    const wick_stub_turn_allocation *a = wick_stub_turn_find(s, q->from);
    bool held = a != NULL && same(q->name, wick_span_make(a->username, a->username_len));
    if (i == 0 || (!held && expiry <= s->cfg.unix_base_s + q->now_ms / 1000)) {
        return false;
    }
    if (wick_turn_rest_password(out, s->cfg.crypto, text(s->cfg.rest_secret), user) != WICK_OK) {
        return false;
    }
    *password = text(out);
    return true;
}

/* Answers itself when it gives false. */
static bool authenticate(wick_stub_turn *s, struct request *q)
{
    char buffer[WICK_TURN_REST_PASSWORD_BYTES];
    uint8_t key[WICK_TURN_KEY_BYTES];
    wick_span password;
    const wick_stun_msg *m = &q->m;
    if ((s->faults & WICK_STUB_TURN_OPEN) != 0) {
        return true;
    }
    bool complete = wick_stun_has(m, WICK_STUN_USERNAME) && wick_stun_has(m, WICK_STUN_NONCE) &&
                    wick_stun_has(m, WICK_STUN_REALM);
    if (!wick_stun_has(m, WICK_STUN_MESSAGE_INTEGRITY) || !complete ||
        (s->faults & WICK_STUB_TURN_401) != 0) {
        challenge(s, q, 401);
        return false;
    }
    if (!is_nonce(s, q) || (s->faults & WICK_STUB_TURN_438) != 0) {
        challenge(s, q, 438);
        return false;
    }
    if (!find_password(s, q, buffer, &password) ||
        wick_turn_key(key, s->cfg.crypto, wick_stun_get(m, WICK_STUN_USERNAME),
                      wick_stun_get(m, WICK_STUN_REALM), password) != WICK_OK ||
        wick_hmac_key_init(&q->key, s->cfg.crypto, WICK_HASH_SHA1,
                           wick_span_make(key, sizeof key)) != WICK_OK ||
        wick_stun_check_integrity(m, &q->key) != WICK_OK) {
        challenge(s, q, 401);
        return false;
    }
    q->authenticated = true;
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
        if (a->client.port != 0 && wick_addr_equal(&a->relayed, relayed)) {
            return a;
        }
    }
    return NULL;
}

bool wick_stub_turn_owns(const wick_stub_turn *s, const wick_addr *to)
{
    if (wick_addr_equal(to, &s->cfg.listen)) {
        return true;
    }
    for (unsigned i = 0; i < WICK_STUB_TURN_ALLOCATIONS; i++) {
        const wick_stub_turn_allocation *a = &s->allocation[i];
        if (a->client.port != 0 && wick_addr_equal(&a->relayed, to)) {
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

static void answer_allocate(wick_stub_turn *s, const struct request *q,
                            const wick_stub_turn_allocation *a)
{
    struct reply r;
    begin(&r, q, WICK_STUN_SUCCESS);
    if ((s->faults & WICK_STUB_TURN_NO_RELAYED) == 0) {
        wick_stun_put_addr(&r.b, WICK_STUN_XOR_RELAYED_ADDRESS, &a->relayed);
    }
    wick_stun_put_addr(&r.b, WICK_STUN_XOR_MAPPED_ADDRESS, q->from);
    wick_stun_put_u32(&r.b, WICK_STUN_LIFETIME, a->lifetime_s);
    finish(s, &r, q, true);
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
    begin(&r, q, WICK_STUN_ERROR);
    wick_stun_put_error(&r.b, 300, "Try Alternate");
    wick_stun_put_addr(&r.b, WICK_STUN_ALTERNATE_SERVER, &s->alternate);
    finish(s, &r, q, true);
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

static void allocate(wick_stub_turn *s, const struct request *q)
{
    uint32_t transport = 0;
    wick_stub_turn_allocation *a = find(s, q->from);
    if (a != NULL) {
        if (memcmp(a->tid, wick_stun_tid(&q->m), sizeof a->tid) == 0) {
            answer_allocate(s, q, a);
        } else {
            refuse(s, q, 437, "Wrong TID");
        }
        return;
    }
    if (wick_stun_get_u32(&transport, &q->m, WICK_STUN_REQUESTED_TRANSPORT) != WICK_OK) {
        refuse(s, q, 400, "Bad Request");
        return;
    }
    if (transport >> 24 != 17) {
        refuse(s, q, 442, "Unsupported Transport");
        return;
    }
    if ((s->faults & WICK_STUB_TURN_ALTERNATE) != 0) {
        redirect(s, q);
        return;
    }
    if (over_quota(s, q->name)) {
        refuse(s, q, 486, "Allocation Quota Reached");
        return;
    }
    for (unsigned i = 0; i < WICK_STUB_TURN_ALLOCATIONS && a == NULL; i++) {
        a = s->allocation[i].client.port == 0 ? &s->allocation[i] : NULL;
    }
    if (a == NULL || q->name.len > sizeof a->username) {
        refuse(s, q, 508, "Insufficient Capacity");
        return;
    }
    memset(a, 0, sizeof *a);
    a->client = *q->from;
    a->relayed = s->cfg.relay;
    do {
        a->relayed.port = (uint16_t)(s->cfg.relay.port + s->next_port);
        s->next_port = (uint16_t)((s->next_port + 1u) % s->cfg.relay_ports);
    } while (is_taken(s, a));
    a->lifetime_s = granted(s, &q->m);
    a->until_ms = q->now_ms + (uint64_t)a->lifetime_s * 1000;
    memcpy(a->tid, wick_stun_tid(&q->m), sizeof a->tid);
    if (q->name.len != 0) {
        memcpy(a->username, q->name.ptr, q->name.len);
    }
    a->username_len = q->name.len;
    answer_allocate(s, q, a);
}

static void refresh(wick_stub_turn *s, const struct request *q, wick_stub_turn_allocation *a)
{
    uint32_t asked = 1;
    struct reply r;
    if (a == NULL) {
        refuse(s, q, 437, "Allocation Mismatch");
        return;
    }
    if (wick_stun_get_u32(&asked, &q->m, WICK_STUN_LIFETIME) == WICK_OK && asked == 0) {
        memset(a, 0, sizeof *a);
    } else {
        asked = granted(s, &q->m);
        a->lifetime_s = asked;
        a->until_ms = q->now_ms + (uint64_t)asked * 1000;
    }
    begin(&r, q, WICK_STUN_SUCCESS);
    wick_stun_put_u32(&r.b, WICK_STUN_LIFETIME, asked);
    finish(s, &r, q, true);
}

static bool is_denied(const wick_stub_turn *s, const wick_addr *peer)
{
    return s->denied_ip.port != 0 && wick_addr_same_ip(&s->denied_ip, peer);
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
                refuse(s, q, 400, "Bad Request");
                return;
            }
            if (is_denied(s, &peer)) {
                refuse(s, q, 403, "Forbidden IP");
                return;
            }
            if (install != 0 && !permit(a, &peer, q->now_ms)) {
                refuse(s, q, 508, "Insufficient Capacity");
                return;
            }
            peers++;
        }
    }
    if (peers == 0) {
        refuse(s, q, 400, "Bad Request");
        return;
    }
    begin(&r, q, WICK_STUN_SUCCESS);
    finish(s, &r, q, true);
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
        refuse(s, q, 400, "Bad Request");
        return;
    }
    if (is_denied(s, &peer)) {
        refuse(s, q, 403, "Forbidden IP");
        return;
    }
    if (at == WICK_STUB_TURN_CHANNELS || !permit(a, &peer, q->now_ms)) {
        refuse(s, q, 508, "Insufficient Capacity");
        return;
    }
    a->channel[at].number = number;
    a->channel[at].peer = peer;
    a->channel[at].until_ms = q->now_ms + CHANNEL_MS;
    begin(&r, q, WICK_STUN_SUCCESS);
    finish(s, &r, q, true);
}

static void binding(wick_stub_turn *s, const struct request *q)
{
    struct reply r;
    wick_addr mapped = *q->from;
    if ((s->faults & WICK_STUB_TURN_MAPPED) != 0) {
        mapped.port++;
    }
    begin(&r, q, WICK_STUN_SUCCESS);
    wick_stun_put_addr(&r.b, WICK_STUN_XOR_MAPPED_ADDRESS, &mapped);
    finish(s, &r, q, false);
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
        refuse(s, q, 400, "Bad Request");
        return;
    }
    bool forced = s->force.count != 0 && s->force.method == q->m.method;
    if (forced && (s->faults & WICK_STUB_TURN_ERRORS_BARE) != 0) {
        s->force.count--;
        refuse(s, q, s->force.code, "Forced");
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
    if (!authenticate(s, q)) {
        return;
    }
    if (forced) {
        struct reply r;
        s->force.count--;
        begin(&r, q, WICK_STUN_ERROR);
        wick_stun_put_error(&r.b, s->force.code, "Forced");
        finish(s, &r, q, true);
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
    s->relayed_out++;
    push(s, &a->relayed, peer, data);
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
    if (!permitted(a, peer)) {
        s->dropped++;
        return;
    }
    s->relayed_in++;
    for (unsigned i = 0; i < WICK_STUB_TURN_CHANNELS; i++) {
        if (a->channel[i].number != 0 && wick_addr_equal(&a->channel[i].peer, peer)) {
            if (wick_channeldata_encode(&b, a->channel[i].number, data) == WICK_OK) {
                push(s, &s->cfg.listen, &a->client, wick_buf_span(&b));
            }
            return;
        }
    }
    wick_store_be32(tid, s->relayed_in);
    wick_stun_begin(&m, &b, WICK_STUN_DATA, WICK_STUN_INDICATION, tid);
    wick_stun_put_addr(&m, WICK_STUN_XOR_PEER_ADDRESS, peer);
    wick_stun_put(&m, WICK_STUN_DATA_ATTR, data);
    if (wick_stun_end(&m) == WICK_OK) {
        push(s, &s->cfg.listen, &a->client, wick_buf_span(&b));
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
    if (!wick_addr_equal(to, &s->cfg.listen)) {
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
