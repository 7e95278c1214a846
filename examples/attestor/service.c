/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a question to a signature. What costs least is looked at first, and nothing is sent to anybody
 * before the proven owner of a live record has signed that he is to be looked for there.
 */
#include <string.h>

#include "attestor.h"

/* A block's time is behind the clock: what is signed must not be ahead of the block that takes it. */
#define HEAD_AGE_MAX_S 300u
#define BEHIND_S 30u

/* What the status says of who asked or of the record. A chain out of reach is UNAVAILABLE whatever its status. */
static uint8_t code_of(wick_status s)
{
    switch ((int)s) {
    case WICK_E_NSL_RATE:
    case WICK_E_LIMIT:
    case WICK_E_STATE:
    case WICK_E_POOL:
        return WICK_COAP_CODE(4, 29); /* RFC 8516 */
    case WICK_E_AUTH:
    case WICK_E_NOT_OWNER:
    case WICK_E_NAT_DOUBLE:
    case WICK_E_RECORD_REVOKED:
    case WICK_E_RECORD_EXPIRED:
    case WICK_E_NSL_NO_ANSWER:
    case WICK_E_CERT_KEY:
        return WICK_COAP_FORBIDDEN;
    case WICK_E_RECORD_ABSENT:
        return WICK_COAP_NOT_FOUND;
    case WICK_E_TRUNCATED:
    case WICK_E_TRAILING:
    case WICK_E_UNSUPPORTED:
    case WICK_E_NON_CANONICAL:
    case WICK_E_EXPIRED:
    case WICK_E_RECORD_INVALID:
    case WICK_E_NO_ENDPOINT:
    case WICK_E_BAD_ARG:
    case WICK_E_BAD_KEY:
        return WICK_COAP_BAD_REQUEST;
    default:
        return WICK_COAP_UNAVAILABLE; /* the chain, or our own trouble: it may pass */
    }
}

static void answer(attestor *a, attestor_caller *c, uint8_t exchange, const wick_coap_response *r)
{
    /* Gone or answered: the caller asks again. */
    wick_status late = wick_coap_server_answer(&c->coap, attestor_now(a), exchange, r);
    (void)late;
}

static void refuse(attestor *a, attestor_caller *c, uint8_t exchange, uint8_t code, wick_status s)
{
    wick_coap_response r;
    memset(&r, 0, sizeof r);
    r.code = code;
    r.payload = wick_span_text(s == WICK_OK ? "" : wick_status_str(s));
    if (code == WICK_COAP_UNAVAILABLE) {
        r.has_max_age = true;
        r.max_age_s = ATTESTOR_LATER_S;
    }
    if (code == WICK_COAP_CODE(4, 29)) { /* ours to spare is a moment, an address's ten seconds */
        bool target = s == WICK_E_NSL_RATE || s == WICK_E_STATE;
        r.has_max_age = true;
        r.max_age_s = (target ? WICK_NSL_PROBE_GAP_MS : 2u * ATTESTOR_GAP_MS) / 1000u;
    }
    answer(a, c, exchange, &r);
}

/* A good answer: octets. */
static void put(attestor *a, attestor_caller *c, uint8_t exchange, wick_span body)
{
    wick_coap_response r;
    memset(&r, 0, sizeof r);
    r.code = WICK_COAP_CHANGED;
    r.has_content_format = true;
    r.content_format = WICK_COAP_OCTETS;
    r.payload = body;
    answer(a, c, exchange, &r);
}

/* ---- the record ---- */

/* Looks at the chain are what strangers could make us spend. */
static wick_status take_turn(attestor *a, const attestor_caller *c)
{
    uint64_t now = attestor_now(a);
    if (now - a->second_ms >= 1000u) {
        a->second_ms = now;
        a->reads = 0;
    }
    if (a->reads >= ATTESTOR_READS_PER_S) {
        return WICK_E_LIMIT;
    }
    attestor_asker *free_place = NULL;
    uint8_t net[16];
    wick_addr_net(net, &c->from);
    for (size_t i = 0; i < ATTESTOR_ASKERS_MAX; i++) {
        attestor_asker *x = &a->asker[i];
        if (x->until_ms == 0 || wick_time_reached(now, x->until_ms)) {
            free_place = x;
        } else if (memcmp(x->net, net, sizeof net) == 0) {
            return WICK_E_LIMIT;
        }
    }
    if (free_place == NULL) {
        return WICK_E_LIMIT; /* none is forgotten for another */
    }
    memcpy(free_place->net, net, sizeof net);
    free_place->until_ms = now + ATTESTOR_GAP_MS;
    a->reads++;
    a->looks++;
    return WICK_OK;
}

/* A time that the chain has reached and at which nothing had been checked yet: never too young. */
static uint64_t time_for(uint64_t head, uint64_t now_s)
{
    return head <= now_s && now_s - head <= HEAD_AGE_MAX_S ? head : now_s - BEHIND_S;
}

/* ---- the verdict ---- */

static wick_status sign(attestor *a, wick_attest_answer *out, const attestor_job *job)
{
    uint8_t digest[32], sig[64], recid = 0;
    wick_attest_digest(digest, &a->domain, &job->attest);
    out->checked_at = job->attest.checked_at;
    wick_status s = a->h.keystore.secp256k1_sign(a->h.keystore.ctx, sig, &recid, a->key, digest);
    return s == WICK_OK ? wick_signature_compact(out->r, out->vs, sig, recid) : s;
}

/* @param[in] code  of the refusal, if it is none of our own trouble */
static void settle(attestor *a, const attestor_job *job, wick_status verdict, uint8_t code)
{
    uint8_t bytes[WICK_ATTEST_ANSWER_BYTES];
    wick_buf body = wick_buf_make(bytes, sizeof bytes);
    wick_attest_answer reached;
    wick_attest_ask ask;
    attestor_caller *c = attestor_caller_at(a, &job->from);
    memset(&ask, 0, sizeof ask);
    memcpy(ask.id, job->attest.id, 32);
    memcpy(ask.service, job->attest.service, 32);
    memcpy(ask.endpoint, job->attest.endpoint, 32);
    ask.asked_at = job->asked_at;
    wick_status s =
        attestor_audit(a, &job->from, &ask, verdict, verdict == WICK_OK ? &job->attest : NULL);
    s = verdict != WICK_OK ? verdict : s;
    if (s == WICK_OK) {
        s = sign(a, &reached, job);
    }
    if (c == NULL) {
        return; /* it asks again, and its address may be probed again in ten seconds */
    }
    if (s != WICK_OK) {
        refuse(a, c, job->exchange, verdict != WICK_OK ? code : code_of(s), s);
        return;
    }
    wick_attest_answer_encode(&body, job->how, &reached);
    put(a, c, job->exchange, wick_buf_span(&body));
}

static void conclude(attestor *a, attestor_job *job, wick_status verdict, uint8_t code)
{
    settle(a, job, verdict, code);
    memset(job, 0, sizeof *job);
}

/* ---- the question ---- */

static attestor_job *job_place(attestor *a)
{
    for (size_t i = 0; i < WICK_NSL_CONNECT_MAX; i++) {
        if (!a->job[i].used) {
            return &a->job[i];
        }
    }
    return NULL;
}

static attestor_job *place_for(attestor *a, wick_attest_ask_how how)
{
    attestor_fetch *f = how == WICK_ATTEST_ASK_HTTPS ? attestor_fetch_place(a) : NULL;
    return how == WICK_ATTEST_ASK_HTTPS ? (f != NULL ? &f->job : NULL) : job_place(a);
}

/* Is an endpoint of this record being looked at? The owner of one would else hold all places, with addresses
 * that do not answer. Whoever holds a place has been proven to be the owner. */
static bool is_looked_at(const attestor *a, const uint8_t id[32])
{
    bool looked = false;
    for (size_t i = 0; i < WICK_NSL_CONNECT_MAX; i++) {
        looked = looked || (a->job[i].used && memcmp(a->job[i].attest.id, id, 32) == 0);
    }
    for (size_t i = 0; i < ATTESTOR_FETCHES_MAX; i++) {
        const attestor_job *job = &a->fetch[i].job;
        looked = looked || (job->used && memcmp(job->attest.id, id, 32) == 0);
    }
    return looked;
}

/* A place among those that wait for a record. Nobody is proven to be anybody there, so a network has one, and a
 * stranger's question is not in the way of the owner's. @return NULL: not now */
static attestor_job *waiting_place(attestor *a, const wick_addr *from, const uint8_t id[32],
                                   const uint8_t signer[20])
{
    attestor_job *place = NULL;
    for (size_t i = 0; i < ATTESTOR_WAITING_MAX; i++) {
        attestor_job *x = &a->waiting[i];
        if (!x->used) {
            place = x;
        } else if (wick_addr_same_net(&x->from, from) ||
                   (memcmp(x->attest.id, id, 32) == 0 && memcmp(x->signer, signer, 20) == 0)) {
            return NULL;
        }
    }
    return place;
}

/* A question whose words have been looked at: its owner's signature gives `signer`. */
typedef struct question {
    const wick_attest_ask *ask;
    wick_attest_ask_how how;
    wick_endpoint endpoint;
    uint8_t digest[32], signer[20];
    uint64_t now_s;
} question;

static void fill(attestor_job *job, const attestor_caller *c, const question *q, uint8_t exchange)
{
    const wick_attest_ask *ask = q->ask;
    memset(job, 0, sizeof *job);
    job->from = c->from;
    job->exchange = exchange;
    job->how = q->how;
    job->asked_at = ask->asked_at;
    job->now_s = q->now_s;
    job->endpoint = q->endpoint.addr;
    memcpy(job->signer, q->signer, sizeof job->signer);
    memcpy(job->digest, q->digest, sizeof job->digest);
    memcpy(job->nonce, ask->nonce, sizeof job->nonce);
    memcpy(job->attest.id, ask->id, 32);
    memcpy(job->attest.service, ask->service, 32);
    memcpy(job->attest.endpoint, ask->endpoint, 32);
}

/* Has the record read. */
static wick_status begin(attestor *a, attestor_caller *c, const question *q, uint8_t exchange)
{
    look_question to_read = {.wants_key = q->how == WICK_ATTEST_ASK_NSL, .now_s = q->now_s};
    attestor_job *job = waiting_place(a, &c->from, q->ask->id, q->signer);
    if (a->chain_status != WICK_OK) {
        refuse(a, c, exchange, WICK_COAP_UNAVAILABLE, a->chain_status);
        return WICK_OK; /* answered */
    }
    if (job == NULL || place_for(a, q->how) == NULL || is_looked_at(a, q->ask->id)) {
        return WICK_E_LIMIT;
    }
    wick_status s = take_turn(a, c);
    if (s != WICK_OK) {
        return s;
    }
    a->look_serial = a->look_serial == UINT32_MAX ? 1 : a->look_serial + 1;
    to_read.serial = a->look_serial;
    memcpy(to_read.id, q->ask->id, 32);
    memcpy(to_read.service, q->ask->service, 32);
    memcpy(to_read.signer, q->signer, sizeof to_read.signer);
    s = look_ask(a, &to_read);
    if (s == WICK_OK) {
        fill(job, c, q, exchange);
        job->used = true;
        job->look = to_read.serial;
    }
    return s;
}

static wick_status probe(attestor *a, attestor_job *job, const look_report *r)
{
    wick_nsl_peer peer;
    memset(&peer, 0, sizeof peer);
    memcpy(peer.key.bytes, r->pub, r->device.key_type == WICK_KEY_TYPE_RSA2048 ? sizeof r->pub : 33);
    memcpy(peer.id, job->attest.id, 32);
    peer.key.type = r->device.key_type;
    peer.addr = job->endpoint;
    return wick_nsl_probe_start(&a->probe, &job->handle, attestor_now(a), &peer);
}

static wick_status fetch(attestor *a, attestor_fetch *f, const look_report *r)
{
    static const uint8_t none[32] = {0};
    uint8_t n1[32];
    if (memcmp(r->tls_key, none, sizeof none) == 0) {
        return WICK_E_RECORD_ABSENT; /* of a key for this service */
    }
    wick_status s = attestor_n1(n1, a, f->job.digest);
    return s == WICK_OK ? attestor_fetch_start(a, f, &f->job.endpoint, r->tls_key, n1, f->job.nonce) : s;
}

static attestor_fetch *fetch_of(attestor *a, const attestor_job *job)
{
    attestor_fetch *f = NULL;
    for (size_t i = 0; i < ATTESTOR_FETCHES_MAX; i++) {
        f = job == &a->fetch[i].job ? &a->fetch[i] : f;
    }
    return f;
}

/* The record is read. If it is the owner who has asked, his question takes a place, for which there may have
 * been others meanwhile. */
static void go_on(attestor *a, attestor_job *waiting, const look_report *r)
{
    attestor_job *job = waiting;
    wick_status s = r->status;
    if (s == WICK_OK) {
        job = place_for(a, waiting->how);
        if (job == NULL || is_looked_at(a, waiting->attest.id)) {
            job = waiting;
            s = WICK_E_LIMIT;
        }
    }
    if (s == WICK_OK) {
        attestor_fetch *f = fetch_of(a, job);
        *job = *waiting;
        memset(waiting, 0, sizeof *waiting);
        memcpy(job->attest.key, r->device.key, 32);
        job->attest.epoch = r->device.epoch;
        /* not younger than what was seen, and no block is older */
        job->attest.checked_at = time_for(r->head_s, job->now_s);
        s = f != NULL ? fetch(a, f, r) : probe(a, job, r);
    }
    if (s != WICK_OK) {
        conclude(a, job, s, r->proven ? code_of(s) : WICK_COAP_UNAVAILABLE);
    }
}

/* Once, when it changes. */
static void take_state(attestor *a, wick_status s)
{
    if (s == WICK_OK && a->chain_told) {
        cli_note(a->c, 0, "wick-attestor: its chain is there");
    } else if (s != WICK_OK && !a->chain_told) {
        cli_note(a->c, 0, "wick-attestor: %s: no answer of its chain (%s): who asks is told to come again",
                 wick_status_str(s), wick_status_cause(s));
    }
    a->chain_told = s != WICK_OK;
    a->chain_status = s;
}

void attestor_looked(attestor *a, const look_report *r)
{
    if (r->kind == LOOK_STATE) {
        take_state(a, r->status);
    }
    for (size_t i = 0; i < ATTESTOR_WAITING_MAX && r->kind == LOOK_ANSWER; i++) {
        if (a->waiting[i].used && a->waiting[i].look == r->serial) {
            go_on(a, &a->waiting[i], r);
            return;
        }
    }
}

/* N1, which costs nothing and binds nobody. */
static wick_status challenge(attestor *a, attestor_caller *c, const question *q, uint8_t exchange)
{
    uint8_t n1[32], bytes[WICK_ATTEST_ASK_CHALLENGE_BYTES];
    wick_buf body = wick_buf_make(bytes, sizeof bytes);
    wick_status s = attestor_n1(n1, a, q->digest);
    if (s == WICK_OK) {
        wick_attest_ask_challenge_encode(&body, n1);
        put(a, c, exchange, wick_buf_span(&body));
    }
    return s;
}

static wick_status look(attestor *a, attestor_caller *c, wick_attest_ask *ask, wick_span bytes,
                        uint8_t exchange)
{
    question q = {.ask = ask};
    uint8_t r[32], vs[32];
    wick_status s = wick_attest_ask_decode(ask, &q.how, r, vs, bytes);
    if (s == WICK_OK) {
        s = a->h.clock.unix_s(a->h.clock.ctx, &q.now_s);
    }
    if (s == WICK_OK) {
        s = wick_attest_ask_fits(&q.endpoint, ask, q.how, q.now_s);
    }
    if (s == WICK_OK && !a->config->allow_private && !wick_addr_is_public(&q.endpoint.addr)) {
        s = WICK_E_NAT_DOUBLE; /* our own network is nobody's to have looked at */
    }
    if (s != WICK_OK) {
        return s;
    }
    wick_attest_ask_digest(q.digest, &a->domain, ask);
    if (q.how == WICK_ATTEST_ASK_CHALLENGE) {
        return challenge(a, c, &q, exchange);
    }
    s = wick_registry_signer(q.signer, &a->h.crypto, q.digest, r, vs);
    return s == WICK_OK ? begin(a, c, &q, exchange) : s;
}

void attestor_request(attestor *a, attestor_caller *from, const wick_coap_request *r,
                      uint8_t exchange)
{
    wick_attest_ask ask;
    if (!wick_coap_path_is(r, WICK_ATTEST_ASK_PATH)) {
        refuse(a, from, exchange, WICK_COAP_NOT_FOUND, WICK_OK);
        return;
    }
    if (r->method != WICK_COAP_POST) {
        refuse(a, from, exchange, WICK_COAP_METHOD, WICK_OK);
        return;
    }
    if (r->has_content_format && r->content_format != WICK_COAP_OCTETS) {
        refuse(a, from, exchange, WICK_COAP_CONTENT_FORMAT_NO, WICK_OK);
        return;
    }
    const uint32_t looks = a->looks;
    wick_status s = look(a, from, &ask, r->payload, exchange);
    if (s != WICK_OK) {
        /* What costs its sender nothing is not written down: it would fill the disk, and without a line
         * nothing is signed. */
        if (a->looks != looks) {
            wick_status kept = attestor_audit(a, &from->from, &ask, s, NULL);
            (void)kept; /* a refusal binds nobody */
        }
        refuse(a, from, exchange, code_of(s), s);
    }
}

void attestor_conclude(attestor *a, attestor_job *job, wick_status verdict)
{
    conclude(a, job, verdict, code_of(verdict));
}

void attestor_probed(attestor *a, uint32_t handle, wick_status status)
{
    for (size_t i = 0; i < WICK_NSL_CONNECT_MAX; i++) {
        if (a->job[i].used && a->job[i].handle == handle) {
            attestor_conclude(a, &a->job[i], status);
            return;
        }
    }
}
