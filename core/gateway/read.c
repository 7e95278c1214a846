/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proven answers. A read names an account and slots; the driver brings a header and trie nodes; the
 * header goes through the authenticator and the policy of its registry and past the high-water
 * mark, each node through the proof walker. Whoever asked gets words that are proven under that one
 * header, or a status, never something in between. A read that failed for want of an answer is
 * tried again twice after a pause; one whose answer was untrue twice at once, for the driver does not
 * ask the same node for a while: a node that lies must not end what another would prove.
 */
#include "gateway_internal.h"

#define PART_HEADER (-2)
#define PART_ACCOUNT (-1)
#define UNTRUE_PAUSE_MS 20u
#define HEAD_PERIOD_MS 100u /* a light client has no header yet: look again */

bool gw_retryable(wick_status status)
{
    switch ((int)status) {
    case WICK_E_TIMEOUT:
    case WICK_E_NET:
    case WICK_E_BUSY:
    case WICK_E_RESOLVE:
    case WICK_E_HTTP:
    case WICK_E_HTTP_RATE:
    case WICK_E_RPC:
    case WICK_E_JSON:
    case WICK_E_RPC_ID:
    case WICK_E_TLS:
    case WICK_E_CERT:
    case WICK_E_CERT_ISSUER:
    case WICK_E_CERT_NAME:
    case WICK_E_CERT_TIME:
    case WICK_E_CERT_KEY:
    case WICK_E_CHAIN_MISMATCH: /* one answer, maybe forged on the way */
    case WICK_E_HEADER_STALE: /* a node that is behind; another one may answer next */
        return true;
    default:
        return false;
    }
}

bool gw_untrue(wick_status status)
{
    switch ((int)status) {
    case WICK_E_PROOF_INCOMPLETE:
    case WICK_E_PROOF_BAD_HASH:
    case WICK_E_PROOF_BAD_RLP:
    case WICK_E_PROOF_CLAIM:
    case WICK_E_HEADER_HASH:
    case WICK_E_HEADER_OTHER:
    case WICK_E_HEADER_FUTURE:
    case WICK_E_MALFORMED:
    case WICK_E_TRUNCATED:
    case WICK_E_TRAILING:
    case WICK_E_NON_CANONICAL:
    case WICK_E_LIMIT: /* of an answer that is too large */
        return true;
    default:
        return false;
    }
}

wick_gateway_read *gw_read_new(wick_gateway *gw, uint8_t purpose, uint8_t owner, uint8_t registry,
                               const uint8_t account[20])
{
    for (unsigned i = 0; i < WICK_GW_READS_MAX; i++) {
        wick_gateway_read *r = &gw->read[i];
        if (r->state == REQ_FREE) {
            memset(r, 0, sizeof *r);
            r->state = gw_registry(gw, registry)->light != NULL ? REQ_HEAD : REQ_WANTED;
            r->purpose = purpose;
            r->owner = owner;
            r->registry = registry;
            r->part = PART_HEADER;
            memcpy(r->account, account, 20);
            return r;
        }
    }
    return NULL;
}

void gw_read_cancel(wick_gateway *gw, uint8_t purpose, uint8_t owner)
{
    for (unsigned i = 0; i < WICK_GW_READS_MAX; i++) {
        if (gw->read[i].purpose == purpose && gw->read[i].owner == owner) {
            gw->read[i].state = REQ_FREE;
        }
    }
}

void gw_read_reorg(wick_gateway *gw, uint8_t registry, uint64_t number)
{
    for (unsigned i = 0; i < WICK_GW_READS_MAX; i++) {
        wick_gateway_read *r = &gw->read[i];
        bool under_way = r->state == REQ_WANTED || r->state == REQ_ASKED;
        if (under_way && r->registry == registry && r->header.number > number) {
            memset(&r->header, 0, sizeof r->header);
            r->state = REQ_HEAD; /* an answer to the request of before finds no read */
            r->part = PART_HEADER;
            r->tier = WICK_TIER_NONE;
            r->grace = false;
        }
    }
}

/* Told once; the next answer proven under a fresh header ends it. */
static void tell_stale(wick_gateway *gw, const wick_gateway_read *r, wick_status status)
{
    bool stale = status == WICK_E_HEADER_STALE || status == WICK_E_SEAL_CONFLICT;
    if (status == WICK_OK && !r->grace) {
        gw->trust_stale = false;
    } else if ((stale || status == WICK_OK) && !gw->trust_stale) {
        gw->trust_stale = true;
        gw_event(gw, WICK_GW_EV_TRUST_STALE, stale ? status : WICK_E_HEADER_STALE,
                 WICK_GW_NO_SESSION);
    }
}

/* Newest proven time, for when there is no clock. A header from further ahead of the clock than
 * clocks may differ is no measure of time: records would be judged by it ever after. */
static void raise_floor(wick_gateway *gw, uint64_t now_ms, uint64_t time_s)
{
    uint64_t unix_s = 0;
    if (time_s <= gw->floor_unix_s) {
        return;
    }
    if (gw->cfg.clock->unix_s(gw->cfg.clock->ctx, &unix_s) == WICK_OK && time_s > unix_s &&
        time_s - unix_s > WICK_TRUST_FUTURE_S) {
        return;
    }
    gw->floor_unix_s = time_s;
    gw->floor_ms = now_ms;
}

static void complete(wick_gateway *gw, uint64_t now_ms, wick_gateway_read *r, wick_status status)
{
    r->state = REQ_ENDING; /* whoever asked may ask again at once, in another entry */
    if (status == WICK_OK) {
        /* What is not final may go back: it raises no mark. */
        if (r->header.tier != WICK_TIER_OPTIMISTIC) {
            wick_marks_header_proven(&gw->marks, r->registry, &r->header);
        }
        raise_floor(gw, now_ms, r->header.timestamp);
    }
    tell_stale(gw, r, status);
    switch (r->purpose) {
    case READ_OWN:
    case READ_ACCOUNT:
        gw_own_read_done(gw, now_ms, r, status);
        break;
#if WICK_WITH_REKEY
    case READ_WATCH:
        gw_rekey_read_done(gw, now_ms, r, status);
        break;
#endif
    case READ_PEER:
    case READ_ENDPOINT:
    case READ_NSL:
    case READ_ISSUER:
        gw_peer_read_done(gw, now_ms, r, status);
        break;
    default:
        gw_relay_read_done(gw, now_ms, r, status);
        break;
    }
    r->state = REQ_FREE;
}

void gw_read_fail(wick_gateway *gw, uint64_t now_ms, wick_gateway_read *r, wick_status status)
{
    r->tries++;
    if (gw_untrue(status) && r->tries < REQUEST_TRIES) {
        r->state = REQ_WAITING;
        r->due_ms = now_ms + UNTRUE_PAUSE_MS;
        return;
    }
    if (gw_retryable(status) && r->tries < REQUEST_TRIES) {
        r->state = REQ_WAITING;
        r->due_ms = now_ms + ((status == WICK_E_HTTP_RATE ? 2000u : 500u) << r->tries);
        return;
    }
    complete(gw, now_ms, r, status);
}

/* Ends the part at hand and names the next, up to `part`. */
static wick_status advance(wick_gateway_read *r, int part)
{
    while (r->part < part) {
        wick_account account;
        wick_mpt_result m = r->part == PART_ACCOUNT
                                ? wick_proof_account_end(&r->proof, &account)
                                : wick_proof_slot_end(&r->proof, r->query.values[r->part]);
        if (m != WICK_MPT_FOUND && m != WICK_MPT_ABSENT) {
            return wick_mpt_status(m);
        }
        if (r->part == PART_ACCOUNT) {
            if (r->purpose != READ_ACCOUNT &&
                (m == WICK_MPT_ABSENT ||
                 memcmp(account.code_hash, wick_empty_code_hash, 32) == 0)) {
                return WICK_E_NO_CONTRACT;
            }
            r->nonce = account.nonce;
            memcpy(r->balance, account.balance, 32);
        }
        r->part++;
        if (r->part < (int)r->query.count) {
            wick_status s = wick_proof_slot(&r->proof, r->query.slots[r->part]);
            if (s != WICK_OK) {
                return s;
            }
        }
    }
    return WICK_OK;
}

wick_gateway_read *gw_read_find(wick_gateway *gw, uint32_t request)
{
    for (unsigned i = 0; i < WICK_GW_READS_MAX; i++) {
        if (gw->read[i].state == REQ_ASKED && gw->read[i].request == request) {
            return &gw->read[i];
        }
    }
    return NULL;
}

static wick_status authenticate(wick_gateway *gw, wick_gateway_read *r, wick_span rlp,
                                const uint8_t hash[32], uint64_t now_ms)
{
    const wick_gateway_registry *reg = gw_registry(gw, r->registry);
    if (reg->light != NULL) {
        return WICK_OK; /* r->header is the light client's: nothing given here is believed */
    }
    bool pinned = reg->tier == WICK_TIER_PINNED;
    wick_status s = pinned
                        ? wick_trust_pinned(&r->header, rlp, reg->pinned_hash, reg->chain_id)
                        : wick_trust_own_node(&r->header, rlp, hash, reg->chain_id);
    if (s != WICK_OK) {
        return s;
    }
    wick_trust_now now = {0, false};
    now.valid = gw_unix(gw, now_ms, &now.unix_s);
    wick_trust_rule rule = {reg->chain_id, reg->tier, 0, 0};
    if (!pinned && now.valid) {
        rule.max_age_s = reg->max_age_s != 0 ? reg->max_age_s : 900;
    }
    wick_trust_policy policy = {&rule, 1};
    s = wick_trust_policy_allows(&policy, &r->header, r->header.number, &now);
    if (s == WICK_OK && !pinned) {
        s = wick_marks_header(&gw->marks, r->registry, &r->header);
    }
    return s;
}

static wick_status begin_proof(wick_gateway_read *r)
{
    wick_status s = wick_proof_begin(&r->proof, &r->header);
    if (s == WICK_OK) {
        s = wick_proof_account(&r->proof, r->account);
    }
    r->part = s == WICK_OK ? PART_ACCOUNT : PART_HEADER;
    return s;
}

wick_status wick_gateway_header(wick_gateway *gw, wick_span header_rlp,
                                const uint8_t block_hash[32], uint64_t now_ms, uint32_t request)
{
    wick_gateway_read *r = gw_read_find(gw, request);
    bool known = r != NULL && gw_registry(gw, r->registry)->light != NULL;
    if (r == NULL || r->part != (known ? PART_ACCOUNT : PART_HEADER)) {
        return WICK_E_STATE;
    }
    wick_status s = authenticate(gw, r, header_rlp, block_hash, now_ms);
    if (s == WICK_OK) {
        s = begin_proof(r);
    }
    if (s != WICK_OK) {
        gw_read_fail(gw, now_ms, r, s);
    }
    return s;
}

#if WICK_WITH_LIGHT
/* A sync committee makes two tiers. Keys need the final one; whether an own transaction has been
 * included is worth knowing sooner, for nothing but the next step hangs on it; an endpoint is read
 * a second time (lookup.c), since a wrong one costs no more than a failed handshake. */
static wick_tier tier_wanted(const wick_gateway *gw, const wick_gateway_read *r)
{
    const wick_light *light = gw_registry(gw, r->registry)->light;
    bool hasty =
        r->purpose == READ_OWN || r->purpose == READ_ACCOUNT || r->purpose == READ_ENDPOINT;
    return hasty && light->cfg.rule == WICK_LIGHT_SYNC_COMMITTEE
               ? WICK_TIER_OPTIMISTIC
               : wick_light_rule_tier(light->cfg.rule);
}

/* The light client's header for this read. One that is not there yet is waited for as long as for
 * an answer. */
static wick_status take_head(wick_gateway *gw, wick_gateway_read *r, uint64_t now_ms)
{
    const wick_gateway_registry *reg = gw_registry(gw, r->registry);
    wick_light_age age;
    wick_trust_now now = {0, false};
    wick_status s = wick_light_head(reg->light, &r->header, &age, now_ms, (wick_tier)r->tier);
    r->grace = age.grace;
    if (s == WICK_OK && r->header.chain_id != reg->chain_id) {
        s = WICK_E_CHAIN_MISMATCH;
    }
    now.valid = gw_unix(gw, now_ms, &now.unix_s);
    if (s == WICK_OK && reg->policy != NULL) {
        s = wick_trust_policy_allows(reg->policy, &r->header, wick_light_tip(reg->light), &now);
    }
    if (s == WICK_OK && r->header.tier != WICK_TIER_PINNED) {
        s = wick_marks_header(&gw->marks, r->registry, &r->header);
    }
    return s == WICK_OK ? begin_proof(r) : s;
}

/* Reads that wait for a header of a light client. */
static void tick_head(wick_gateway *gw, wick_gateway_read *r, uint64_t now_ms)
{
    const wick_gateway_registry *reg = gw_registry(gw, r->registry);
    if (r->tier == WICK_TIER_NONE) {
        r->tier = (uint8_t)tier_wanted(gw, r);
        r->due_ms = now_ms + WICK_GW_REQUEST_MS;
    }
    if (r->purpose == READ_OWN || r->purpose == READ_ACCOUNT) {
        wick_light_hurry(reg->light, now_ms); /* a transaction may wait for its block */
    }
    wick_status s = take_head(gw, r, now_ms);
    if (s == WICK_OK) {
        r->state = REQ_WANTED;
    } else if (s != WICK_AGAIN) {
        gw_read_fail(gw, now_ms, r, s);
    } else if (wick_time_reached(now_ms, r->due_ms)) {
        gw_read_fail(gw, now_ms, r, WICK_E_TIMEOUT);
    } else {
        wick_light_hurry(reg->light, now_ms);
    }
}

#else
/* The configuration names no light client (agent.c). */
static void tick_head(wick_gateway *gw, wick_gateway_read *r, uint64_t now_ms)
{
    gw_read_fail(gw, now_ms, r, WICK_E_UNSUPPORTED);
}
#endif

wick_status wick_gateway_proof_node(wick_gateway *gw, wick_span node, uint64_t now_ms,
                                    uint32_t request, int part)
{
    wick_gateway_read *r = gw_read_find(gw, request);
    if (r == NULL || r->part == PART_HEADER || part < r->part || part >= (int)r->query.count) {
        return WICK_E_STATE;
    }
    wick_status s = advance(r, part);
    if (s == WICK_OK) {
        s = wick_proof_node(&r->proof, node);
    }
    if (s != WICK_OK) {
        gw_read_fail(gw, now_ms, r, s);
    }
    return s;
}

wick_status wick_gateway_proof_end(wick_gateway *gw, uint64_t now_ms, uint32_t request,
                                   wick_status status)
{
    wick_gateway_read *r = gw_read_find(gw, request);
    if (r == NULL) {
        return WICK_E_STATE;
    }
    if (status == WICK_OK && r->part == PART_HEADER) {
        status = WICK_E_PROOF_INCOMPLETE;
    }
    if (status == WICK_OK) {
        status = advance(r, (int)r->query.count);
    }
    if (status == WICK_OK) {
        complete(gw, now_ms, r, WICK_OK);
    } else {
        gw_read_fail(gw, now_ms, r, status);
    }
    return status;
}

bool gw_read_poll(wick_gateway *gw, wick_gateway_out *out, uint64_t now_ms)
{
    for (unsigned i = 0; i < WICK_GW_READS_MAX; i++) {
        wick_gateway_read *r = &gw->read[i];
        if (r->state != REQ_WANTED) {
            continue;
        }
        const wick_gateway_registry *reg = gw_registry(gw, r->registry);
        bool known = reg->light != NULL;
        r->state = REQ_ASKED;
        r->part = known ? PART_ACCOUNT : PART_HEADER;
        r->request = gw_request_id(gw);
        r->due_ms = now_ms + WICK_GW_REQUEST_MS;
        out->kind = WICK_GW_OUT_REQUEST;
        out->request.id = r->request;
        out->request.kind = WICK_GW_REQ_CHAIN_PROOF;
        out->request.registry = r->registry;
        out->request.chain_id = reg->chain_id;
        out->request.account = r->account;
        out->request.slots = (const uint8_t(*)[32])r->query.slots;
        out->request.slot_count = r->query.count;
        out->request.at_hash = known || reg->tier == WICK_TIER_PINNED;
        out->request.has_header = known;
        out->request.block_hash = known ? r->header.hash : reg->pinned_hash;
        return true;
    }
    return false;
}

uint64_t gw_read_tick(wick_gateway *gw, uint64_t now_ms)
{
    uint64_t next = WICK_TIME_NEVER(now_ms);
    for (unsigned i = 0; i < WICK_GW_READS_MAX; i++) {
        wick_gateway_read *r = &gw->read[i];
        if (r->state == REQ_ASKED && wick_time_reached(now_ms, r->due_ms)) {
            gw_read_fail(gw, now_ms, r, WICK_E_TIMEOUT);
        }
        if (r->state == REQ_WAITING && wick_time_reached(now_ms, r->due_ms)) {
            r->state = gw_registry(gw, r->registry)->light != NULL ? REQ_HEAD : REQ_WANTED;
            r->due_ms = now_ms + WICK_GW_REQUEST_MS;
        }
        if (r->state == REQ_HEAD) {
            tick_head(gw, r, now_ms);
        }
        if (r->state == REQ_HEAD) {
            next = wick_time_min(next, now_ms + HEAD_PERIOD_MS);
        }
        if (r->state == REQ_ASKED || r->state == REQ_WAITING) {
            next = wick_time_min(next, r->due_ms);
        }
    }
    return next;
}
