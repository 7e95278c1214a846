/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gateway's service for its leaves: wick/leaf.h. Each leaf has a place of its own with its exchanges
 * and one question; a place's state is
 *
 *   IDLE   -> a request that needs the gateway -> ASKING
 *   ASKING -> polled                           -> ASKED
 *   ASKED  -> answered, failed or given up     -> IDLE
 */
#include "wick/leaf.h"

#include <string.h>

#include "wick/record.h"

#if WICK_WITH_LEAVES

enum { IDLE = 0, ASKING, ASKED };

#define NOBODY WICK_LEAVES_MAX
#define LINK_FORMAT 40 /* RFC 6690 */
#define BODY_MS 30000u /* between two blocks */
#define BODY_MOST_MS 120000u /* for one leaf, while others want it */
#define BUSY_S 2u

static const char links[] = "</dpk/leaf>,</dpk/key>,</dpk/ticket>,</dpk/proof>,</dpk/send>,"
                            "</dpk/block>,</dpk/release>";

static const struct resource {
    const char *path;
    uint8_t method;
    wick_leaf_kind kind;
} resources[] = {
    {"dpk/leaf", WICK_COAP_GET, WICK_LEAF_ENROL},     {"dpk/leaf", WICK_COAP_POST, WICK_LEAF_ENROL},
    {"dpk/key", WICK_COAP_GET, WICK_LEAF_KEY},        {"dpk/ticket", WICK_COAP_GET, WICK_LEAF_TICKET},
    {"dpk/proof", WICK_COAP_GET, WICK_LEAF_PROOF},    {"dpk/send", WICK_COAP_POST, WICK_LEAF_SEND},
    {"dpk/block", WICK_COAP_GET, WICK_LEAF_BLOCK},    {"dpk/release", WICK_COAP_GET, WICK_LEAF_RELEASE},
};

void wick_leaf_init(wick_leaf_service *svc, const uint8_t gateway_id[32], uint8_t *body,
                    size_t body_cap)
{
    memset(svc, 0, sizeof *svc);
    memcpy(svc->gateway, gateway_id, sizeof svc->gateway);
    svc->body = body;
    svc->body_cap = body_cap;
    svc->body_leaf = NOBODY;
    svc->next_ask = 1;
}

wick_status wick_leaf_open(wick_leaf_service *svc, const wick_hal_entropy *entropy, uint8_t leaf,
                           const char *name)
{
    wick_span n = wick_span_text(name);
    if (leaf >= WICK_LEAVES_MAX) {
        return WICK_E_BAD_ARG;
    }
    wick_leaf_close(svc, leaf);
    if (n.len > WICK_LEAF_NAME_MAX || wick_name_check(n) != WICK_OK) {
        return WICK_E_NAME;
    }
    wick_leaf_place *p = &svc->leaf[leaf];
    wick_status s = wick_coap_server_init(&p->server, entropy);
    if (s == WICK_OK) {
        memcpy(p->name, n.ptr, n.len);
        p->tokens = WICK_LEAF_BURST;
        p->open = true;
    }
    return s;
}

static void drop_body(wick_leaf_service *svc)
{
    svc->body_leaf = NOBODY;
    svc->body_len = 0;
}

void wick_leaf_close(wick_leaf_service *svc, uint8_t leaf)
{
    if (leaf < WICK_LEAVES_MAX) {
        if (svc->body_leaf == leaf) {
            drop_body(svc);
        }
        wick_wipe(&svc->leaf[leaf], sizeof svc->leaf[leaf]);
    }
}

/* ------------------------------------------------------------------ answers to the leaf */

static wick_status respond(wick_leaf_service *svc, wick_leaf_place *p, uint64_t now_ms,
                           uint8_t exchange, const wick_coap_response *r)
{
    wick_status s = wick_coap_server_answer(&p->server, now_ms, exchange, r);
    if (WICK_COAP_CLASS(r->code) == 2) {
        svc->answered++;
    } else {
        svc->refused++;
    }
    return s;
}

uint8_t wick_leaf_code(wick_status status, uint32_t *max_age_s)
{
    *max_age_s = 0;
    switch ((int)status) {
    case WICK_E_NAME:
    case WICK_E_BAD_ARG:
    case WICK_E_MALFORMED:
        return WICK_COAP_BAD_REQUEST;
    case WICK_E_CONFIG: /* no such registry */
    case WICK_E_NOT_FOUND:
    case WICK_E_RECORD_ABSENT:
    case WICK_E_RECORD_REVOKED:
    case WICK_E_RECORD_EXPIRED:
        return WICK_COAP_NOT_FOUND;
    case WICK_E_UNSUPPORTED:
        return WICK_COAP_UNIMPLEMENTED;
    case WICK_E_LEAF_REFUSED:
        return WICK_COAP_FORBIDDEN;
    case WICK_E_NO_SPACE:
        return WICK_COAP_INTERNAL;
    case WICK_E_TIMEOUT:
    case WICK_E_NSL_NO_ANSWER:
        return WICK_COAP_GATEWAY_TIMEOUT;
    case WICK_AGAIN:
    case WICK_E_LIMIT:
    case WICK_E_NSL_RATE:
    case WICK_E_NSL_TABLE_FULL:
        *max_age_s = BUSY_S;
        return WICK_COAP_UNAVAILABLE;
    case WICK_E_HEADER_STALE:
    case WICK_E_NO_CLOCK:
    case WICK_E_NO_ENDPOINT:
        *max_age_s = 30;
        return WICK_COAP_UNAVAILABLE;
    default:
        return WICK_COAP_BAD_GATEWAY;
    }
}

/* A refusal; its payload says why in one word (section 5.5.2). */
static void refuse(wick_leaf_service *svc, wick_leaf_place *p, uint64_t now_ms, uint8_t exchange,
                   uint8_t code, const char *why, uint32_t max_age_s)
{
    wick_coap_response r;
    memset(&r, 0, sizeof r);
    r.code = code;
    r.has_max_age = code == WICK_COAP_UNAVAILABLE;
    r.max_age_s = max_age_s;
    r.payload = wick_span_text(why);
    wick_status s = respond(svc, p, now_ms, exchange, &r);
    (void)s; /* it is short; and who has gone has gone */
}

static void refuse_status(wick_leaf_service *svc, wick_leaf_place *p, uint64_t now_ms,
                          uint8_t exchange, wick_status status)
{
    uint32_t max_age_s;
    uint8_t code = wick_leaf_code(status, &max_age_s);
    refuse(svc, p, now_ms, exchange, code, wick_status_str(status), max_age_s);
}

static wick_status respond_bytes(wick_leaf_service *svc, wick_leaf_place *p, uint64_t now_ms,
                                 const wick_buf *b)
{
    wick_coap_response r;
    memset(&r, 0, sizeof r);
    r.code = p->kind == WICK_LEAF_SEND || (p->kind == WICK_LEAF_ENROL && p->payload_len != 0)
                 ? WICK_COAP_CHANGED
                 : WICK_COAP_CONTENT;
    r.has_content_format = true;
    r.content_format = WICK_COAP_OCTETS;
    r.payload = wick_buf_span(b);
    p->state = IDLE;
    wick_status s = wick_buf_status(b);
    s = s == WICK_OK ? respond(svc, p, now_ms, p->exchange, &r) : s;
    if (s == WICK_E_NO_SPACE) {
        refuse_status(svc, p, now_ms, p->exchange, s);
    }
    wick_wipe(p->payload, sizeof p->payload);
    return s;
}

/* ------------------------------------------------------------------ bodies in blocks */

static void respond_block(wick_leaf_service *svc, wick_leaf_place *p, uint64_t now_ms,
                          uint8_t exchange, const wick_coap_block *block2)
{
    wick_coap_response r;
    wick_coap_request q;
    memset(&r, 0, sizeof r);
    memset(&q, 0, sizeof q);
    q.block2 = *block2;
    r.code = WICK_COAP_CONTENT;
    r.has_content_format = true;
    r.content_format = WICK_COAP_OCTETS;
    r.etag_len = 4;
    wick_store_be32(r.etag, svc->body_tag);
    uint8_t code = wick_coap_slice(&r, &q, wick_span_make(svc->body, svc->body_len));
    if (code != 0) {
        refuse(svc, p, now_ms, exchange, code, "no such block", 0);
        return;
    }
    svc->body_until_ms = now_ms + BODY_MS;
    wick_status s = respond(svc, p, now_ms, exchange, &r);
    if (s != WICK_OK) {
        refuse_status(svc, p, now_ms, exchange, s);
    }
}

static bool body_is_free(const wick_leaf_service *svc, uint64_t now_ms, uint8_t leaf)
{
    /* A leaf that asks for one block again and again does not keep it from the others. */
    return svc->body_leaf == NOBODY || svc->body_leaf == leaf ||
           wick_time_reached(now_ms, svc->body_until_ms) ||
           wick_time_reached(now_ms, svc->body_since_ms + BODY_MOST_MS);
}

/* ------------------------------------------------------------------ questions */

static bool take_token(wick_leaf_place *p, uint64_t now_ms)
{
    while (p->tokens < WICK_LEAF_BURST && wick_time_reached(now_ms, p->refill_ms)) {
        p->tokens++;
        p->refill_ms += WICK_LEAF_REFILL_MS;
    }
    if (p->tokens == 0) {
        return false;
    }
    if (p->tokens == WICK_LEAF_BURST) {
        p->refill_ms = now_ms + WICK_LEAF_REFILL_MS;
    }
    p->tokens--;
    return true;
}

static bool take_peer(wick_leaf_place *p, const wick_coap_request *r)
{
    wick_span peer;
    wick_peer_ref ref;
    memset(p->peer, 0, sizeof p->peer);
    if (!wick_coap_query(&peer, r, "peer") || peer.len >= sizeof p->peer ||
        wick_peer_ref_parse(&ref, (const char *)peer.ptr, peer.len) != WICK_OK) {
        return false;
    }
    memcpy(p->peer, peer.ptr, peer.len);
    return true;
}

/* What a CID or the name of a product may be is for whoever has them to say. */
static bool take_text(wick_leaf_place *p, const wick_coap_request *r, const char *key)
{
    wick_span text;
    memset(p->peer, 0, sizeof p->peer);
    if (!wick_coap_query(&text, r, key) || text.len == 0 || text.len >= sizeof p->peer) {
        return false;
    }
    memcpy(p->peer, text.ptr, text.len);
    return true;
}

/* Whom or what it is about. */
static bool take_subject(wick_leaf_place *p, const wick_coap_request *r, wick_leaf_kind kind)
{
    return kind == WICK_LEAF_ENROL     ? true
           : kind == WICK_LEAF_BLOCK   ? take_text(p, r, "cid")
           : kind == WICK_LEAF_RELEASE ? take_text(p, r, "product")
                                       : take_peer(p, r);
}

static void begin_ask(wick_leaf_service *svc, uint64_t now_ms, uint8_t leaf, uint8_t exchange,
                      const wick_coap_request *r, wick_leaf_kind kind)
{
    wick_leaf_place *p = &svc->leaf[leaf];
    bool goes_on = kind == WICK_LEAF_BLOCK && r->block2.given && r->block2.num != 0;
    bool costs = kind != WICK_LEAF_ENROL && !goes_on;
    if (p->state != IDLE || (costs && !take_token(p, now_ms))) {
        refuse(svc, p, now_ms, exchange, WICK_COAP_UNAVAILABLE, "LIMIT", BUSY_S);
        return;
    }
    if (!take_subject(p, r, kind)) {
        refuse(svc, p, now_ms, exchange, WICK_COAP_BAD_REQUEST, "NAME", 0);
        return;
    }
    if (kind == WICK_LEAF_PROOF && svc->body == NULL) {
        refuse_status(svc, p, now_ms, exchange, WICK_E_UNSUPPORTED);
        return;
    }
    if (kind == WICK_LEAF_PROOF && r->block2.given && r->block2.num != 0) {
        bool there = svc->body_leaf == leaf && memcmp(svc->body_peer, p->peer, sizeof p->peer) == 0;
        if (there) {
            p->tokens++; /* not a new question */
            respond_block(svc, p, now_ms, exchange, &r->block2);
        } else {
            refuse(svc, p, now_ms, exchange, WICK_COAP_INCOMPLETE, "begin again", 0);
        }
        return;
    }
    if (kind == WICK_LEAF_PROOF && !body_is_free(svc, now_ms, leaf)) {
        refuse(svc, p, now_ms, exchange, WICK_COAP_UNAVAILABLE, "LIMIT", BUSY_S);
        return;
    }
    if (kind == WICK_LEAF_PROOF) { /* kept for this leaf until its answer is fetched */
        if (svc->body_leaf != leaf || wick_time_reached(now_ms, svc->body_until_ms)) {
            svc->body_since_ms = now_ms; /* another question of who holds it is no new beginning */
        }
        svc->body_leaf = leaf;
        svc->body_len = 0;
        svc->body_until_ms = now_ms + WICK_LEAF_ASK_MS;
    }
    if (r->payload.len != 0) {
        memcpy(p->payload, r->payload.ptr, r->payload.len);
    }
    p->payload_len = r->payload.len;
    p->block2 = r->block2;
    p->kind = (uint8_t)kind;
    p->exchange = exchange;
    p->state = ASKING;
    p->ask = svc->next_ask++;
    svc->next_ask += svc->next_ask == 0 ? 1u : 0u;
    p->give_up_ms = now_ms + WICK_LEAF_ASK_MS;
}

/* Is there a resource at this path, and does it take the method? */
static uint8_t find_resource(wick_leaf_kind *kind, const wick_coap_request *r)
{
    uint8_t code = WICK_COAP_NOT_FOUND;
    for (size_t i = 0; i < sizeof resources / sizeof resources[0]; i++) {
        if (wick_coap_path_is(r, resources[i].path)) {
            if (resources[i].method == r->method) {
                *kind = resources[i].kind;
                return 0;
            }
            code = WICK_COAP_METHOD;
        }
    }
    return code;
}

static uint8_t judge(wick_leaf_kind *kind, const wick_coap_request *r)
{
    uint8_t code = find_resource(kind, r);
    if (code != 0) {
        return code;
    }
    if (r->has_accept && r->accept != WICK_COAP_OCTETS) {
        return WICK_COAP_NOT_ACCEPTABLE;
    }
    if (r->has_content_format && r->content_format != WICK_COAP_OCTETS) {
        return WICK_COAP_CONTENT_FORMAT_NO;
    }
    if (*kind == WICK_LEAF_SEND ? r->payload.len > WICK_LEAF_PAYLOAD_MAX
                                : r->payload.len > WICK_LEAF_KEY_BYTES) {
        return WICK_COAP_TOO_LARGE;
    }
    bool none = r->method == WICK_COAP_GET;
    bool exact = *kind == WICK_LEAF_ENROL && r->payload.len != WICK_LEAF_KEY_BYTES;
    return none ? (r->payload.len != 0 ? WICK_COAP_BAD_REQUEST : 0)
                : (exact ? WICK_COAP_BAD_REQUEST : 0);
}

static void list_resources(wick_leaf_service *svc, wick_leaf_place *p, uint64_t now_ms,
                           uint8_t exchange)
{
    wick_coap_response r;
    memset(&r, 0, sizeof r);
    r.code = WICK_COAP_CONTENT;
    r.has_content_format = true;
    r.content_format = LINK_FORMAT;
    r.payload = wick_span_text(links);
    wick_status s = respond(svc, p, now_ms, exchange, &r);
    (void)s; /* it is short */
}

wick_status wick_leaf_input(wick_leaf_service *svc, uint64_t now_ms, uint8_t leaf,
                            wick_span datagram)
{
    wick_coap_request r;
    wick_leaf_kind kind = WICK_LEAF_ENROL;
    uint8_t exchange = 0;
    if (leaf >= WICK_LEAVES_MAX || !svc->leaf[leaf].open) {
        return WICK_E_STATE;
    }
    wick_leaf_place *p = &svc->leaf[leaf];
    wick_status s = wick_coap_server_input(&p->server, &r, &exchange, now_ms, datagram);
    if (s != WICK_OK) {
        return s;
    }
    svc->asked++;
    if (r.method == WICK_COAP_GET && wick_coap_path_is(&r, ".well-known/core")) {
        list_resources(svc, p, now_ms, exchange);
        return WICK_OK;
    }
    uint8_t code = judge(&kind, &r);
    if (code != 0) {
        refuse(svc, p, now_ms, exchange, code, "", 0);
    } else {
        begin_ask(svc, now_ms, leaf, exchange, &r, kind);
    }
    return WICK_OK;
}

/* ------------------------------------------------------------------ poll */

/* Where the block of CoAP that is asked for begins, and its size. */
static uint32_t slice_of(const wick_leaf_place *p, uint32_t *size)
{
    uint8_t szx = p->block2.given ? p->block2.szx : WICK_COAP_SZX_MAX;
    *size = UINT32_C(16) << szx;
    return p->block2.num * *size; /* num has 20 bits */
}

static void put_ask(wick_leaf_out *out, const wick_leaf_place *p, uint8_t leaf)
{
    out->kind = WICK_LEAF_OUT_ASK;
    out->leaf = leaf;
    out->ask.id = p->ask;
    out->ask.kind = (wick_leaf_kind)p->kind;
    out->ask.leaf = leaf;
    out->ask.name = p->name;
    out->ask.peer = p->kind == WICK_LEAF_ENROL ? "" : p->peer;
    out->ask.payload = wick_span_make(p->payload, p->payload_len);
    if (p->kind == WICK_LEAF_BLOCK) {
        out->ask.offset = slice_of(p, &out->ask.max);
    }
}

static bool poll_place(wick_leaf_service *svc, wick_leaf_out *out, uint64_t now_ms, uint8_t leaf)
{
    wick_leaf_place *p = &svc->leaf[leaf];
    wick_out o;
    if (!p->open) {
        return false;
    }
    if (p->state == ASKING) {
        p->state = ASKED;
        put_ask(out, p, leaf);
        return true;
    }
    if (p->state == ASKED) {
        if (wick_time_reached(now_ms, p->give_up_ms)) {
            wick_status s = wick_leaf_failed(svc, now_ms, p->ask, WICK_E_TIMEOUT);
            (void)s; /* it is there */
        } else {
            out->deadline_ms = wick_time_min(out->deadline_ms, p->give_up_ms);
        }
    }
    wick_coap_server_poll(&p->server, &o, now_ms);
    if (o.kind == WICK_OUT_SEND) {
        out->kind = WICK_LEAF_OUT_SEND;
        out->leaf = leaf;
        out->bytes = o.bytes;
        return true;
    }
    out->deadline_ms = wick_time_min(out->deadline_ms, o.deadline_ms);
    return false;
}

void wick_leaf_poll(wick_leaf_service *svc, wick_leaf_out *out, uint64_t now_ms)
{
    memset(out, 0, sizeof *out);
    out->deadline_ms = WICK_TIME_NEVER(now_ms);
    for (unsigned i = 0; i < WICK_LEAVES_MAX; i++) {
        uint8_t leaf = (uint8_t)((svc->turn + i) % WICK_LEAVES_MAX);
        if (poll_place(svc, out, now_ms, leaf)) {
            svc->turn = (uint8_t)((leaf + 1u) % WICK_LEAVES_MAX); /* the next one's turn */
            return;
        }
    }
    out->kind = WICK_LEAF_OUT_WAIT;
}

/* ------------------------------------------------------------------ answers of the gateway */

static wick_leaf_place *find_ask(wick_leaf_service *svc, uint32_t ask, int kind)
{
    for (unsigned i = 0; i < WICK_LEAVES_MAX; i++) {
        wick_leaf_place *p = &svc->leaf[i];
        if (p->open && p->state == ASKED && p->ask == ask && (kind == 0 || p->kind == kind)) {
            return p;
        }
    }
    return NULL;
}

wick_status wick_leaf_enrolled(wick_leaf_service *svc, uint64_t now_ms, uint32_t ask,
                               const wick_leaf_enrolment *e)
{
    uint8_t bytes[96];
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    wick_leaf_place *p = find_ask(svc, ask, WICK_LEAF_ENROL);
    if (p == NULL) {
        return WICK_E_STATE;
    }
    wick_leaf_enrolment_put(&b, e);
    return respond_bytes(svc, p, now_ms, &b);
}

wick_status wick_leaf_key_is(wick_leaf_service *svc, uint64_t now_ms, uint32_t ask,
                             const wick_leaf_key *key)
{
    uint8_t bytes[128];
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    wick_leaf_place *p = find_ask(svc, ask, WICK_LEAF_KEY);
    if (p == NULL) {
        return WICK_E_STATE;
    }
    wick_leaf_key_put(&b, key);
    return respond_bytes(svc, p, now_ms, &b);
}

wick_status wick_leaf_ticket_is(wick_leaf_service *svc, uint64_t now_ms, uint32_t ask,
                                const uint8_t peer32[32], uint32_t epoch, const uint8_t ks32[32],
                                wick_span text)
{
    uint8_t bytes[WICK_LEAF_HEAD_BYTES + 32 + 255];
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    wick_leaf_place *p = find_ask(svc, ask, WICK_LEAF_TICKET);
    if (p == NULL) {
        return WICK_E_STATE;
    }
    wick_leaf_ticket_put(&b, peer32, epoch, ks32, text);
    wick_status s = respond_bytes(svc, p, now_ms, &b);
    wick_wipe(bytes, sizeof bytes);
    return s;
}

wick_status wick_leaf_sent(wick_leaf_service *svc, uint64_t now_ms, uint32_t ask,
                           const uint8_t peer32[32], uint32_t epoch, wick_span payload)
{
    wick_leaf_place *p = find_ask(svc, ask, WICK_LEAF_SEND);
    if (p == NULL) {
        return WICK_E_STATE;
    }
    if (payload.len > WICK_LEAF_PAYLOAD_MAX) {
        wick_status s = wick_leaf_failed(svc, now_ms, ask, WICK_E_NO_SPACE);
        return s == WICK_OK ? WICK_E_NO_SPACE : s;
    }
    /* The question has been asked: its place takes the answer. `payload` may lie in it. */
    if (payload.len != 0) {
        memmove(p->payload + WICK_LEAF_HEAD_BYTES, payload.ptr, payload.len);
    }
    wick_buf b = wick_buf_make(p->payload, sizeof p->payload);
    wick_leaf_head_put(&b, peer32, epoch);
    b.len += payload.len;
    return respond_bytes(svc, p, now_ms, &b);
}

wick_status wick_leaf_proof_is(wick_leaf_service *svc, uint64_t now_ms, uint32_t ask,
                               const uint8_t peer32[32], uint32_t epoch, wick_span bundle)
{
    wick_leaf_place *p = find_ask(svc, ask, WICK_LEAF_PROOF);
    if (p == NULL) {
        return WICK_E_STATE;
    }
    wick_buf b = wick_buf_make(svc->body, svc->body_cap);
    uint8_t leaf = (uint8_t)(p - svc->leaf);
    if (svc->body_leaf != leaf) {
        return wick_leaf_failed(svc, now_ms, ask, WICK_E_LIMIT);
    }
    wick_leaf_head_put(&b, peer32, epoch);
    wick_buf_put(&b, bundle.ptr, bundle.len);
    if (wick_buf_status(&b) != WICK_OK) {
        wick_status s = wick_leaf_failed(svc, now_ms, ask, WICK_E_NO_SPACE);
        return s == WICK_OK ? WICK_E_NO_SPACE : s;
    }
    svc->body_len = b.len;
    svc->body_tag++;
    memcpy(svc->body_peer, p->peer, sizeof svc->body_peer);
    p->state = IDLE;
    respond_block(svc, p, now_ms, p->exchange, &p->block2);
    return WICK_OK;
}

wick_status wick_leaf_block_is(wick_leaf_service *svc, uint64_t now_ms, uint32_t ask,
                               uint32_t total, wick_span bytes)
{
    wick_leaf_place *p = find_ask(svc, ask, WICK_LEAF_BLOCK);
    wick_coap_response r;
    uint32_t size;
    if (p == NULL) {
        return WICK_E_STATE;
    }
    uint32_t from = slice_of(p, &size);
    uint32_t left = from < total ? total - from : 0;
    if (bytes.len == 0 || bytes.len != (left < size ? left : size)) {
        wick_status s = wick_leaf_failed(svc, now_ms, ask, WICK_E_BAD_ARG);
        return s == WICK_OK ? WICK_E_BAD_ARG : s;
    }
    memset(&r, 0, sizeof r);
    r.code = WICK_COAP_CONTENT;
    r.has_content_format = true;
    r.content_format = WICK_COAP_OCTETS;
    r.payload = bytes;
    r.block2 = p->block2;
    r.block2.given = p->block2.given || left > size;
    r.block2.more = left > size;
    r.block2.szx = p->block2.given ? p->block2.szx : WICK_COAP_SZX_MAX;
    p->state = IDLE;
    wick_status s = respond(svc, p, now_ms, p->exchange, &r);
    if (s != WICK_OK) {
        refuse_status(svc, p, now_ms, p->exchange, s);
    }
    return s;
}

wick_status wick_leaf_release_is(wick_leaf_service *svc, uint64_t now_ms, uint32_t ask,
                                 const wick_leaf_release *release)
{
    uint8_t bytes[128];
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    wick_leaf_place *p = find_ask(svc, ask, WICK_LEAF_RELEASE);
    if (p == NULL) {
        return WICK_E_STATE;
    }
    wick_leaf_release_put(&b, release);
    return respond_bytes(svc, p, now_ms, &b);
}

wick_status wick_leaf_failed(wick_leaf_service *svc, uint64_t now_ms, uint32_t ask,
                             wick_status status)
{
    wick_leaf_place *p = find_ask(svc, ask, 0);
    if (p == NULL) {
        return WICK_E_STATE;
    }
    p->state = IDLE;
    if (p->kind == WICK_LEAF_PROOF && svc->body_leaf == (uint8_t)(p - svc->leaf)) {
        drop_body(svc);
    }
    refuse_status(svc, p, now_ms, p->exchange, status);
    wick_wipe(p->payload, sizeof p->payload);
    return WICK_OK;
}

#else
typedef int wick_leaf_is_left_out;
#endif
