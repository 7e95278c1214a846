/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gateway's own record. What the chain holds is read with proof, compared with what should be
 * there, and the one difference that matters most is mended: first the registration, then the
 * endpoint. Nothing is written when nothing differs.
 *
 *   state      leaves when                          to
 *   READ       words proven                         decide(): REST | VOUCHER | ACCOUNT
 *   VOUCHER    the manager answered                 MANAGER
 *   MANAGER    own and manager's words proven       ACCOUNT, if the voucher is his and fits
 *   ATTEST                                          attest.c, then ACCOUNT or READ
 *   ACCOUNT .. MINED                                transaction.c
 *   SPONSOR                                         sponsor.c, then CONFIRM or MINED
 *   REST       renewal is due, or the path changed  READ
 *   BACKOFF    its time is over                     READ
 *   FAILED     wick_gateway_start()                 READ
 * Any state but REST goes to BACKOFF or FAILED on an error, with one event.
 */
#include "gateway_internal.h"

#define YEAR_S (UINT64_C(365) * 86400u)
#define ROOM_PERIOD_MS 200u /* all reads in use: look again */
#define MOVED_GAP_MIN_MS 30000u /* between publications of another path; doubles */
#define MOVED_GAP_MAX_MS 3600000u
#define ROTATED_MS 5000u /* for the owner, who has changed the key, to give it to the agent */

/* Services come last, and not when the manager's word is read. */
enum { W_DEVICE = 0, W_KEY = 1, W_ENDPOINT = 2, W_MANAGER = 2 + WICK_GW_WORDS };
_Static_assert(W_MANAGER < WICK_QUERY_SLOTS_MAX, "all words in one proof");
_Static_assert(2 + WICK_GW_OWN_WORDS + (WICK_WITH_NSL_RSA ? 1 : 0) <= WICK_QUERY_SLOTS_MAX,
               "and those of all services");

gw_word_wish gw_own_wish(const wick_gateway *gw, unsigned word, wick_endpoint *e, uint32_t *life_s)
{
    memset(e, 0, sizeof *e);
    *life_s = gw->cfg.expires_s;
#if WICK_WITH_SERVICES
    if (word >= WICK_GW_WORDS) {
        return gw_service_wish(gw, word - WICK_GW_WORDS, e, life_s);
    }
#endif
    uint8_t source = WICK_PATH_NONE;
    const wick_addr *at = gw_path_endpoint(gw, word, &source);
    if (at == NULL) {
        return GW_WORD_NONE;
    }
    e->addr = *at;
    e->kind = gw_path_kind(source);
    e->protocol = WICK_PROTOCOL_UDP;
    return GW_WORD_THIS;
}

const uint8_t *gw_own_service(const wick_gateway *gw, unsigned word, uint8_t *index)
{
    *index = (uint8_t)(word < WICK_GW_WORDS ? word : 0);
#if WICK_WITH_SERVICES
    if (word >= WICK_GW_WORDS) {
        return gw_service_hash(gw, word - WICK_GW_WORDS);
    }
#endif
    return gw->service;
}

/* Is there such a word? */
static bool is_used(const wick_gateway *gw, unsigned word)
{
#if WICK_WITH_SERVICES
    return word < WICK_GW_WORDS || (gw_service_mask(gw) >> (word - WICK_GW_WORDS) & 1u) != 0;
#else
    (void)gw;
    return word < WICK_GW_WORDS;
#endif
}

void gw_own_set(wick_gateway *gw, uint8_t state, uint64_t due_ms)
{
    gw->own.state = state;
    gw->own.due_ms = due_ms;
}

void gw_own_start(wick_gateway *gw, uint64_t now_ms)
{
    wick_gateway_own *o = &gw->own;
    if ((gw->goals & (WICK_GW_GOAL_REGISTER | WICK_GW_GOAL_PUBLISH)) != 0 &&
        (o->state == OWN_IDLE || o->state == OWN_FAILED || o->state == OWN_BACKOFF ||
         o->state == OWN_REST)) {
        o->backoff_ms = BACKOFF_MIN_MS;
        gw_own_set(gw, OWN_READ, now_ms);
    }
}

void gw_own_wake(wick_gateway *gw, uint64_t now_ms)
{
    if (gw->own.state == OWN_REST) {
        gw_own_set(gw, OWN_READ, now_ms);
    }
}

static bool is_final(wick_status status)
{
    switch ((int)status) {
    case WICK_E_NAME:
    case WICK_E_NAME_TAKEN:
    case WICK_E_RECORD_REVOKED:
    case WICK_E_NO_CONTRACT:
    case WICK_E_CHAIN_MISMATCH:
    case WICK_E_BAD_KEY:
    case WICK_E_BAD_ARG:
    case WICK_E_UNSUPPORTED:
    case WICK_E_CONFIG:
    case WICK_E_VOUCHER:
    case WICK_E_AUTH:
        return true;
    default:
        return false;
    }
}

static bool is_vouched(const wick_gateway *gw);

void gw_own_fail(wick_gateway *gw, uint64_t now_ms, wick_status status)
{
    wick_gateway_own *o = &gw->own;
    if (o->state == OWN_VOUCHER && !is_vouched(gw)) { /* the key asked for is not the one shown */
        o->ask.state = REQ_FREE;
        o->action = ACT_NONE;
        gw_own_set(gw, OWN_READ, now_ms);
        return;
    }
    /* What the contract refuses with attestations it may take without. */
    bool final = !gw_attest_refused(gw, now_ms) && is_final(status);
#if WICK_WITH_SERVICES
    if (o->action == ACT_PUBLISH && o->index >= WICK_GW_WORDS) {
        gw_service_refused(gw, now_ms, o->index - WICK_GW_WORDS, status, final);
        final = false; /* for the others */
    } else
#endif
    {
        gw_event_more(gw, o->registered_told ? WICK_GW_EV_PUBLISH_FAILED : WICK_GW_EV_REGISTERED,
                      status, final, false);
    }
    o->ask.state = REQ_FREE;
    o->action = ACT_NONE;
    o->failed_status = status;
    if (final) {
        gw_own_set(gw, OWN_FAILED, WICK_TIME_NEVER(now_ms));
        return;
    }
    gw_own_set(gw, OWN_BACKOFF, now_ms + o->backoff_ms);
    o->backoff_ms = o->backoff_ms < BACKOFF_MAX_MS / 2 ? o->backoff_ms * 2 : BACKOFF_MAX_MS;
}

static bool has_our_key(const wick_gateway *gw)
{
    const wick_device *d = &gw->own.device;
    uint8_t pub33[33];
#if WICK_WITH_NSL_RSA
    if (gw->device_pub.type == WICK_KEY_TYPE_RSA2048) {
        return d->key_type == WICK_KEY_TYPE_RSA2048 && memcmp(d->key, gw->keys.own_word, 32) == 0;
    }
#endif
    return wick_device_pub33(pub33, d) == WICK_OK &&
           memcmp(pub33, gw->device_pub.bytes, 33) == 0;
}

#if WICK_WITH_NSL_RSA
/* Is the own key one that has to be told, and is not? */
static bool is_untold(const wick_gateway *gw)
{
    return gw->device_pub.type == WICK_KEY_TYPE_RSA2048 && !gw->keys.announced;
}
#endif

/* The key words of the own record. */
static wick_status own_key(const wick_gateway *gw, wick_device *out)
{
    memset(out, 0, sizeof *out);
#if WICK_WITH_NSL_RSA
    if (gw->device_pub.type == WICK_KEY_TYPE_RSA2048) {
        out->key_type = WICK_KEY_TYPE_RSA2048;
        memcpy(out->key, gw->keys.own_word, 32);
        return WICK_OK;
    }
#endif
    return wick_device_set_pub33(out, gw->device_pub.bytes);
}

/* Is the record ours, with our key, and valid? */
static bool registered_well(const wick_gateway *gw, uint64_t unix_s)
{
    const wick_gateway_own *o = &gw->own;
    return o->registered && memcmp(o->device.owner, gw->wallet, 20) == 0 && has_our_key(gw) &&
           o->device.not_after > unix_s;
}

/* Is word `i` what it should be? */
static bool endpoint_well(const wick_gateway *gw, unsigned i, uint64_t unix_s)
{
    const wick_gateway_own *o = &gw->own;
    const wick_endpoint *e = &o->endpoint[i];
    wick_endpoint want;
    uint32_t life_s = 0;
    gw_word_wish wish = gw_own_wish(gw, i, &want, &life_s);
    if (wish != GW_WORD_THIS) { /* nothing that would lead peers astray */
        return wish == GW_WORD_ANY || !o->has_endpoint[i] || e->kind == WICK_ENDPOINT_WITHDRAWN ||
               e->expires <= unix_s;
    }
    return o->has_endpoint[i] && e->kind == want.kind &&
           e->seq >= o->seq_floor[i] && /* else peers take it for an old one */
           e->protocol == want.protocol && wick_addr_equal(&e->addr, &want.addr) &&
           e->expires > unix_s + life_s / 2;
}

/* Does word `i` lead somewhere else than it should? */
static bool moved(const wick_gateway *gw, unsigned i)
{
    const wick_gateway_own *o = &gw->own;
    wick_endpoint want;
    uint32_t life_s = 0;
    gw_word_wish wish = gw_own_wish(gw, i, &want, &life_s);
    return o->has_endpoint[i] && o->endpoint[i].kind != WICK_ENDPOINT_WITHDRAWN &&
           (wish == GW_WORD_NONE ||
            (wish == GW_WORD_THIS && !wick_addr_equal(&o->endpoint[i].addr, &want.addr)));
}

bool gw_own_standby_pending(const wick_gateway *gw)
{
    const wick_gateway_own *o = &gw->own;
    wick_endpoint want;
    uint32_t life_s = 0;
    unsigned last = WICK_GW_WORDS - 1;
    return last == 1 && (gw->goals & WICK_GW_GOAL_PUBLISH) != 0 &&
           gw_own_wish(gw, last, &want, &life_s) == GW_WORD_THIS &&
           (!o->has_endpoint[last] || o->endpoint[last].kind != want.kind ||
            !wick_addr_equal(&o->endpoint[last].addr, &want.addr));
}

void gw_own_publishing(wick_gateway *gw, uint64_t now_ms)
{
    wick_gateway_own *o = &gw->own;
    if (moved(gw, o->index)) {
        uint32_t since = (uint32_t)now_ms - o->moved_at_ms;
        if (since >= o->moved_gap_ms && since - o->moved_gap_ms >= MOVED_GAP_MAX_MS) {
            o->moved_gap_ms = 0; /* an hour of rest, with or without a relay */
        }
        uint32_t twice = o->moved_gap_ms < MOVED_GAP_MAX_MS / 2 ? o->moved_gap_ms * 2
                                                                : MOVED_GAP_MAX_MS;
        o->moved_gap_ms = o->moved_gap_ms == 0 ? MOVED_GAP_MIN_MS : twice;
        o->moved_at_ms = (uint32_t)now_ms;
    }
}

/* How long another path has to wait until it is published: each one costs the wallet money. */
static uint32_t moved_wait(const wick_gateway *gw, unsigned i, uint64_t now_ms)
{
    uint32_t since = (uint32_t)now_ms - gw->own.moved_at_ms;
    return moved(gw, i) && since < gw->own.moved_gap_ms ? gw->own.moved_gap_ms - since : 0;
}

static void begin_register(wick_gateway *gw, uint64_t now_ms, uint64_t unix_s)
{
    wick_gateway_own *o = &gw->own;
    wick_device key;
    if (!gw->cfg.has_wallet_manager) {
        gw_own_fail(gw, now_ms, WICK_E_CONFIG);
        return;
    }
    wick_status s = own_key(gw, &key);
    if (s != WICK_OK) {
        gw_own_fail(gw, now_ms, s);
        return;
    }
    memset(&o->voucher, 0, sizeof o->voucher);
    memcpy(o->voucher.id, gw->id, 32);
    memcpy(o->voucher.owner, gw->wallet, 20);
    memcpy(o->voucher.key, key.key, 32);
    o->voucher.key_type = key.key_type;
    o->voucher.flags = key.flags;
    o->voucher.not_after = gw->cfg.not_after_s != 0 ? gw->cfg.not_after_s : unix_s + YEAR_S;
    o->action = ACT_REGISTER;
    gw_own_set(gw, OWN_VOUCHER, now_ms);
}

/* The record has another key than ours, by its owner's hand, now or before we were started: he is asked
 * once, and gets the time to give it to us before the record is written anew with ours. */
static void key_of_another_hand(wick_gateway *gw, uint64_t now_ms)
{
    gw_event_more(gw, WICK_GW_EV_REGISTERED, WICK_E_BAD_KEY, false, false);
    gw->own.action = ACT_NONE;
    gw->own.key_asked = true;
    gw_own_set(gw, OWN_BACKOFF, now_ms + ROTATED_MS);
    gw_check_ready(gw);
}

static void rest(wick_gateway *gw, uint64_t now_ms, uint64_t unix_s)
{
    wick_gateway_own *o = &gw->own;
    uint64_t due = o->device.not_after > unix_s ? o->device.not_after - unix_s : 1;
    for (unsigned i = 0; i < WICK_GW_OWN_WORDS && o->published; i++) {
        wick_endpoint want;
        uint32_t life_s = 0;
        if (is_used(gw, i) && gw_own_wish(gw, i, &want, &life_s) == GW_WORD_THIS &&
            o->endpoint[i].expires > unix_s) {
            uint64_t left = o->endpoint[i].expires - unix_s; /* more than half of a life */
            uint64_t half = life_s / 2;
            uint64_t until_half = left > half ? left - half : 0;
            due = until_half < due ? until_half : due;
        }
    }
    uint64_t attest = o->published ? gw_attest_rest_s(gw, now_ms, unix_s) : UINT64_MAX;
    due = attest < due ? attest : due;
    due = due < 86400 ? due : 86400; /* look daily whatever happens: a revocation shows */
    gw_own_set(gw, OWN_REST, now_ms + due * 1000 + 1000);
    gw_check_ready(gw);
}

static void told(wick_gateway *gw, uint8_t index, bool sent)
{
    gw_event_more(gw, WICK_GW_EV_PUBLISHED, WICK_OK, false, sent);
    gw_event_index(gw, index);
}

/* Word `i` is what it should be. */
static void is_well(wick_gateway *gw, uint64_t now_ms, uint8_t i)
{
    wick_gateway_own *o = &gw->own;
    bool sent = o->action == ACT_PUBLISH && o->index == i;
    if (i < WICK_GW_WORDS) {
        if (sent || (i == 0 && !o->published)) {
            told(gw, i, sent);
        }
        o->published = o->published || i == 0;
        return;
    }
#if WICK_WITH_SERVICES
    wick_endpoint want;
    uint32_t life_s = 0;
    gw_service_written(gw, now_ms, i - WICK_GW_WORDS, gw_own_wish(gw, i, &want, &life_s), sent);
#else
    (void)now_ms;
#endif
}

/* The endpoints, the primary one first, services last. @return true: one is being written, or has to wait */
static bool tend(wick_gateway *gw, uint64_t now_ms, uint64_t unix_s)
{
    wick_gateway_own *o = &gw->own;
    for (uint8_t i = 0; i < WICK_GW_OWN_WORDS; i++) {
        if (!is_used(gw, i)) {
            continue;
        }
#if WICK_WITH_SERVICES
        if (i >= WICK_GW_WORDS && (o->known >> (i - WICK_GW_WORDS) & 1u) == 0) {
            o->action = ACT_NONE;
            gw_own_set(gw, OWN_READ, now_ms); /* it has come up since the words were asked for */
            return true;
        }
#endif
        if (endpoint_well(gw, i, unix_s)) {
            is_well(gw, now_ms, i);
            if (gw_attest_begin(gw, now_ms, i, true)) {
                gw_check_ready(gw);
                return true;
            }
            continue;
        }
        o->published = o->published && i != 0;
        uint32_t wait = moved_wait(gw, i, now_ms);
        o->action = ACT_NONE;
        if (wait != 0) {
            gw_own_set(gw, OWN_REST, now_ms + wait);
        } else if (!gw_attest_begin(gw, now_ms, i, false)) {
            o->index = i;
            gw_tx_begin(gw, now_ms, ACT_PUBLISH);
        }
        gw_check_ready(gw);
        return true;
    }
    return false;
}

static void decide(wick_gateway *gw, uint64_t now_ms)
{
    wick_gateway_own *o = &gw->own;
    uint64_t unix_s = 0;
    bool sent = o->action != ACT_NONE;
    if (!gw_unix(gw, now_ms, &unix_s)) {
        gw_own_fail(gw, now_ms, WICK_E_NO_CLOCK);
        return;
    }
    if (o->registered && memcmp(o->device.owner, gw->wallet, 20) != 0) {
        gw_own_fail(gw, now_ms, WICK_E_NAME_TAKEN);
        return;
    }
    if (!registered_well(gw, unix_s)) {
        o->registered_told = false;
        if (o->registered && !has_our_key(gw) && !o->key_asked) {
            key_of_another_hand(gw, now_ms);
        } else {
            begin_register(gw, now_ms, unix_s);
        }
        return;
    }
    o->key_asked = false;
#if WICK_WITH_NSL_RSA
    if (is_untold(gw)) {
        o->registered_told = false;
        gw_tx_begin(gw, now_ms, ACT_ANNOUNCE);
        return;
    }
#endif
    if (!o->registered_told) {
        o->registered_told = true;
        gw_event_more(gw, WICK_GW_EV_REGISTERED, WICK_OK, false, sent && o->action != ACT_PUBLISH);
    }
    if ((gw->goals & WICK_GW_GOAL_PUBLISH) == 0 || !gw_path_up(gw)) {
        o->published = false;
    } else if (tend(gw, now_ms, unix_s)) {
        return;
    }
    o->action = ACT_NONE;
    o->backoff_ms = BACKOFF_MIN_MS;
    rest(gw, now_ms, unix_s);
}

static wick_status take_word(wick_gateway_own *o, unsigned i, const uint8_t word[32],
                             uint32_t seen_seq)
{
    wick_status s = wick_endpoint_decode(&o->endpoint[i], word);
    o->has_endpoint[i] = s == WICK_OK;
    o->seq_floor[i] = seen_seq;
    if (o->has_endpoint[i] && o->endpoint[i].seq > seen_seq) {
        o->seq_floor[i] = o->endpoint[i].seq;
    }
    return s == WICK_E_NO_ENDPOINT ? WICK_OK : s;
}

/* Their numbers are kept while the agent runs; a restart trusts the newest block for them. */
static wick_status take_services(wick_gateway *gw, const wick_gateway_read *read)
{
#if WICK_WITH_SERVICES
    wick_gateway_own *o = &gw->own;
    unsigned at = W_ENDPOINT + WICK_GW_WORDS;
    for (unsigned i = 0; i < WICK_GW_SERVICES_MAX && o->state != OWN_MANAGER; i++) {
        if ((o->asked >> i & 1u) == 0) {
            continue;
        }
        unsigned word = WICK_GW_WORDS + i;
        wick_status s = take_word(o, word, read->query.values[at++], o->seq_floor[word]);
        if (s != WICK_OK) {
            return s;
        }
        o->known |= 1u << i;
    }
#else
    (void)gw, (void)read;
#endif
    return WICK_OK;
}

/*
 * Proven words to fields. A peer's record that falls behind its mark is refused; the own one is
 * mended, for a reorganisation of the chain may have undone what was proven: absent is not
 * registered, and a lower sequence number is written anew above the highest that peers may have
 * seen. The header is no older than the newest one proven, and the flag of a revocation counts.
 */
static wick_status take(wick_gateway *gw, const wick_gateway_read *read)
{
    wick_gateway_own *o = &gw->own;
    wick_record_seen seen;
    wick_marks_get(&gw->marks, &seen, 0, gw->id, gw->service);
    wick_status s = wick_device_decode(&o->device, read->query.values[W_DEVICE],
                                       read->query.values[W_KEY]);
    o->registered = s == WICK_OK;
    if (s == WICK_E_RECORD_ABSENT) {
        s = WICK_OK;
    }
    if (s != WICK_OK) {
        return s;
    }
    for (unsigned i = 0; i < WICK_GW_WORDS; i++) {
        s = take_word(o, i, read->query.values[W_ENDPOINT + i], seen.seq[i]);
        if (s != WICK_OK) {
            return s;
        }
        seen.seq[i] = o->seq_floor[i];
    }
    s = take_services(gw, read);
    if (s != WICK_OK) {
        return s;
    }
#if WICK_WITH_NSL_RSA
    if (gw->device_pub.type == WICK_KEY_TYPE_RSA2048 && o->state != OWN_MANAGER) {
        gw->keys.announced = !wick_ct_is_zero(read->query.values[read->query.count - 1], 32);
    }
#endif
    o->block_number = read->header.number;
    o->block_time_s = read->header.timestamp;
    o->tier = read->header.tier;
    o->grace = read->grace;
    if (o->registered) {
        seen.epoch = o->device.epoch;
        wick_marks_put(&gw->marks, 0, gw->id, gw->service, &seen);
    }
    return WICK_OK;
}

/* The voucher is used only if the manager whom the chain names now has signed every word of it. */
static wick_status check_voucher(wick_gateway *gw, uint64_t now_ms, const wick_gateway_read *read)
{
    const wick_gateway_own *o = &gw->own;
    const wick_gateway_registry *reg = gw_registry(gw, 0);
    wick_registry_domain domain;
    wick_manager manager;
    uint64_t unix_s = 0;
    if (wick_manager_decode(&manager, read->query.values[W_MANAGER]) != WICK_OK) {
        return WICK_E_VOUCHER;
    }
    if (manager.epoch != o->voucher.manager_epoch ||
        o->voucher.epoch != (o->registered ? o->device.epoch : 0)) {
        return WICK_E_RECORD_STALE; /* not yet: one of the two nodes is behind; asked for again */
    }
    domain.chain_id = reg->chain_id;
    memcpy(domain.contract, reg->device_registry, 20);
    wick_status s =
        wick_voucher_check(gw->cfg.crypto, &domain, &o->voucher, o->r, o->vs, manager.address);
    if (s == WICK_OK && gw_unix(gw, now_ms, &unix_s)) {
        s = wick_voucher_fits(&o->voucher, unix_s);
    }
    return s;
}

/* Is the voucher for the key that we have? There may be another one since it was asked for. */
static bool is_vouched(const wick_gateway *gw)
{
    const wick_voucher *v = &gw->own.voucher;
    wick_device key;
    return own_key(gw, &key) == WICK_OK && v->key_type == key.key_type && v->flags == key.flags &&
           memcmp(v->key, key.key, sizeof v->key) == 0;
}

/* Does the chain hold what the transaction was to write? */
static bool written(const wick_gateway *gw)
{
    const wick_gateway_own *o = &gw->own;
    wick_endpoint want;
#if WICK_WITH_NSL_RSA
    if (o->action == ACT_ANNOUNCE) {
        return gw->keys.announced;
    }
#endif
    if (o->action == ACT_REGISTER) {
        return registered_well(gw, 0) && o->device.epoch > o->voucher.epoch;
    }
    const wick_endpoint *e = &o->endpoint[o->index];
    return wick_endpoint_decode(&want, o->word) == WICK_OK && o->has_endpoint[o->index] &&
           e->seq == want.seq && e->expires == want.expires && e->kind == want.kind &&
           wick_addr_equal(&e->addr, &want.addr);
}

void gw_own_read_done(wick_gateway *gw, uint64_t now_ms, const wick_gateway_read *read,
                      wick_status status)
{
    wick_gateway_own *o = &gw->own;
    bool waiting = o->state == OWN_CONFIRM || o->state == OWN_NONCE;
    if (status == WICK_OK && read->purpose == READ_OWN) {
        status = take(gw, read);
    }
    if (status != WICK_OK) {
        if (waiting && (gw_retryable(status) || gw_untrue(status))) {
            gw_tx_not_there(gw, now_ms); /* the inclusion deadline bounds this */
        } else {
            gw_own_fail(gw, now_ms, status);
        }
        return;
    }
    if (read->purpose == READ_ACCOUNT) {
        gw_tx_account(gw, now_ms, read);
    } else if (o->state == OWN_MANAGER) {
        uint64_t unix_s = 0;
        status = check_voucher(gw, now_ms, read);
        if ((gw_unix(gw, now_ms, &unix_s) && registered_well(gw, unix_s)) || !is_vouched(gw)) {
            o->action = ACT_NONE; /* by another hand, or of another key meanwhile: it is paid for once */
            decide(gw, now_ms);
        } else if (status == WICK_OK) {
            gw_tx_begin(gw, now_ms, ACT_REGISTER);
        } else {
            gw_own_fail(gw, now_ms, status);
        }
    } else if (o->state == OWN_READ) {
        o->action = ACT_NONE;
        decide(gw, now_ms);
    } else if (written(gw)) {
        decide(gw, now_ms);
    } else {
        gw_tx_not_there(gw, now_ms);
    }
}

static bool begin_read(wick_gateway *gw, uint8_t purpose)
{
    const wick_gateway_registry *reg = gw_registry(gw, 0);
    bool words = purpose == READ_OWN;
    wick_gateway_read *r =
        gw_read_new(gw, purpose, 0, 0, words ? reg->device_registry : gw->wallet);
    if (r == NULL) {
        return false;
    }
    if (words) {
        wick_slot_device(r->query.slots[W_DEVICE], gw->id, 0);
        wick_slot_device(r->query.slots[W_KEY], gw->id, 1);
        for (unsigned i = 0; i < WICK_GW_WORDS; i++) {
            wick_slot_endpoint(r->query.slots[W_ENDPOINT + i], gw->id, gw->service, i);
        }
        r->query.count = W_MANAGER;
        if (gw->own.state == OWN_MANAGER) {
            wick_slot_manager(r->query.slots[W_MANAGER], gw->own.voucher.org);
            r->query.count = W_MANAGER + 1;
            return true;
        }
#if WICK_WITH_SERVICES
        gw->own.asked = gw_service_mask(gw);
        for (unsigned i = 0; i < WICK_GW_SERVICES_MAX; i++) {
            if ((gw->own.asked >> i & 1u) != 0) {
                wick_slot_endpoint(r->query.slots[r->query.count++], gw->id,
                                   gw_service_hash(gw, i), 0);
            }
        }
#endif
#if WICK_WITH_NSL_RSA
        if (gw->device_pub.type == WICK_KEY_TYPE_RSA2048) {
            wick_slot_announced(r->query.slots[r->query.count++], gw->keys.own_word);
        }
#endif
    }
    return true;
}

uint64_t gw_own_tick(wick_gateway *gw, uint64_t now_ms)
{
    wick_gateway_own *o = &gw->own;
    if (o->state == OWN_IDLE || !wick_time_reached(now_ms, o->due_ms)) {
        return o->state == OWN_IDLE ? WICK_TIME_NEVER(now_ms) : o->due_ms;
    }
    uint64_t next = WICK_TIME_NEVER(now_ms); /* the answer sets the next step */
    switch (o->state) {
    case OWN_REST:
    case OWN_BACKOFF:
        o->state = OWN_READ;
        /* fall through */
    case OWN_READ:
    case OWN_MANAGER:
    case OWN_CONFIRM:
    case OWN_MINED:
        next = begin_read(gw, READ_OWN) ? next : now_ms + ROOM_PERIOD_MS;
        break;
    case OWN_ACCOUNT:
    case OWN_FUNDED:
    case OWN_NONCE:
        next = begin_read(gw, READ_ACCOUNT) ? next : now_ms + ROOM_PERIOD_MS;
        break;
    case OWN_VOUCHER:
        gw_ask(gw, &o->ask, WICK_GW_REQ_WALLET_VOUCHER);
        break;
#if WICK_WITH_ATTEST
    case OWN_ATTEST:
        gw_ask(gw, &o->ask, WICK_GW_REQ_ATTEST);
        break;
#endif
    case OWN_FUND:
        gw_ask(gw, &o->ask, WICK_GW_REQ_WALLET_FUND);
        break;
#if WICK_WITH_RELAYED
    case OWN_SPONSOR:
        gw_ask(gw, &o->ask, WICK_GW_REQ_WALLET_SPONSOR);
        break;
#endif
    case OWN_FEES:
        gw_ask(gw, &o->ask, WICK_GW_REQ_CHAIN_FEES);
        break;
    case OWN_SEND:
        gw_ask(gw, &o->ask, WICK_GW_REQ_CHAIN_SEND);
        break;
    default:
        break;
    }
    o->due_ms = next;
    return next;
}
