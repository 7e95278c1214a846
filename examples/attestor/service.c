/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a question to a signature. What costs least is looked at first, and nothing is sent to anybody
 * before the proven owner of a live record has signed that he is to be looked for there.
 */
#include <string.h>

#include "attestor.h"
#include "wick/rsa.h"

#define CHAIN_SLOTS 3 /* the record, and the TLS key of the service */
/* A block's time is behind the clock: what is signed must not be ahead of the block that takes it. */
#define HEAD_AGE_MAX_S 300u
#define BEHIND_S 30u

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
        return WICK_COAP_BAD_GATEWAY; /* the chain, or our own trouble */
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

/* @param[out] tls_key  word of tlsKeys, zero: none */
static wick_status read_record(attestor *a, wick_device *device, uint8_t tls_key[32],
                               const wick_attest_ask *ask, uint64_t now_s)
{
    static const wick_record_seen never;
    uint8_t slots[CHAIN_SLOTS][32], words[CHAIN_SLOTS][32];
    wick_slot_device(slots[0], ask->id, 0);
    wick_slot_device(slots[1], ask->id, 1);
    wick_slot_tls_key(slots[2], ask->id, ask->service);
    link_tend(a->view.link, true);
    wick_status s = chain_head(&a->view);
    if (s == WICK_OK) {
        s = reader_words(&a->r, words, (const uint8_t(*)[32])slots, CHAIN_SLOTS, a->domain.contract);
    }
    if (s == WICK_OK) {
        memcpy(tls_key, words[2], 32);
        s = wick_device_decode(device, words[0], words[1]);
    }
    return s == WICK_OK ? wick_device_check(device, &never, now_s) : s;
}

/* A time that the chain has reached and at which nothing had been checked yet: never too young. */
static uint64_t time_for(const attestor *a, uint64_t now_s)
{
    uint64_t head = a->r.head.timestamp;
    return head <= now_s && now_s - head <= HEAD_AGE_MAX_S ? head : now_s - BEHIND_S;
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

/* Is a question about this record being looked into? The owner of one would else hold all places, with
 * addresses that do not answer. */
static bool is_asked_about(const attestor *a, const uint8_t id[32])
{
    bool asked = false;
    for (size_t i = 0; i < WICK_NSL_CONNECT_MAX; i++) {
        asked = asked || (a->job[i].used && memcmp(a->job[i].attest.id, id, 32) == 0);
    }
    for (size_t i = 0; i < ATTESTOR_FETCHES_MAX; i++) {
        const attestor_job *job = &a->fetch[i].job;
        asked = asked || (job->used && memcmp(job->attest.id, id, 32) == 0);
    }
    return asked;
}

/* A question whose words have been looked at: its owner's signature gives `signer`. */
typedef struct question {
    const wick_attest_ask *ask;
    wick_attest_ask_how how;
    wick_endpoint endpoint;
    uint8_t digest[32], signer[20];
    uint64_t now_s;
} question;

static void fill(attestor_job *job, const attestor *a, const attestor_caller *c, const question *q,
                 const wick_device *device, uint8_t exchange)
{
    const wick_attest_ask *ask = q->ask;
    memset(job, 0, sizeof *job);
    job->from = c->from;
    job->exchange = exchange;
    job->how = q->how;
    job->asked_at = ask->asked_at;
    job->attest.checked_at = time_for(a, q->now_s); /* not younger than what was seen, and no block is older */
    memcpy(job->attest.id, ask->id, 32);
    memcpy(job->attest.service, ask->service, 32);
    memcpy(job->attest.endpoint, ask->endpoint, 32);
    memcpy(job->attest.key, device->key, 32);
    job->attest.epoch = device->epoch;
}

/* The key of which the record holds the hash. */
static wick_status announced(attestor *a, uint8_t pub[WICK_RSA_PUB_BYTES], const wick_device *device)
{
    uint8_t der[WICK_RSA_SPKI_MAX];
    wick_buf spki = wick_buf_make(der, sizeof der);
    wick_status s = reader_announced(&a->r, &spki, &a->h.crypto, device->key, a->domain.contract);
    s = s == WICK_OK ? wick_rsa_spki_decode(pub, wick_buf_span(&spki)) : s;
    return s == WICK_E_NOT_FOUND ? WICK_E_BAD_KEY : s; /* it was never announced: nobody can use it */
}

static wick_status probe(attestor *a, attestor_job *job, const question *q, const wick_device *device)
{
    wick_nsl_peer peer;
    memset(&peer, 0, sizeof peer);
    wick_status s = device->key_type == WICK_KEY_TYPE_RSA2048
                        ? announced(a, peer.key.bytes, device)
                        : wick_device_pub33(peer.key.bytes, device);
    if (s != WICK_OK) {
        return s;
    }
    memcpy(peer.id, q->ask->id, 32);
    peer.key.type = device->key_type;
    peer.addr = q->endpoint.addr;
    s = wick_nsl_probe_start(&a->probe, &job->handle, attestor_now(a), &peer);
    job->used = s == WICK_OK;
    return s;
}

static wick_status begin(attestor *a, attestor_caller *c, const question *q, uint8_t exchange)
{
    static const uint8_t none[32] = {0};
    uint8_t tls_key[32], n1[32];
    wick_device device;
    attestor_fetch *f = q->how == WICK_ATTEST_ASK_HTTPS ? attestor_fetch_place(a) : NULL;
    attestor_job *job = q->how == WICK_ATTEST_ASK_HTTPS ? (f != NULL ? &f->job : NULL) : job_place(a);
    if (job == NULL || is_asked_about(a, q->ask->id)) {
        return WICK_E_LIMIT;
    }
    wick_status s = take_turn(a, c);
    if (s == WICK_OK) {
        s = read_record(a, &device, tls_key, q->ask, q->now_s);
    }
    if (s == WICK_OK && memcmp(device.owner, q->signer, sizeof device.owner) != 0) {
        s = WICK_E_NOT_OWNER;
    }
    if (s != WICK_OK) {
        return s;
    }
    fill(job, a, c, q, &device, exchange);
    if (f == NULL) {
        return probe(a, job, q, &device);
    }
    if (memcmp(tls_key, none, sizeof none) == 0) {
        return WICK_E_RECORD_ABSENT; /* of a key for this service */
    }
    s = attestor_n1(n1, a, q->digest);
    return s == WICK_OK ? attestor_fetch_start(a, f, &q->endpoint.addr, tls_key, n1, q->ask->nonce) : s;
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

/* ---- the verdict ---- */

static wick_status sign(attestor *a, wick_attest_answer *out, const attestor_job *job)
{
    uint8_t digest[32], sig[64], recid = 0;
    wick_attest_digest(digest, &a->domain, &job->attest);
    out->checked_at = job->attest.checked_at;
    wick_status s = a->h.keystore.secp256k1_sign(a->h.keystore.ctx, sig, &recid, a->key, digest);
    return s == WICK_OK ? wick_signature_compact(out->r, out->vs, sig, recid) : s;
}

static void conclude(attestor *a, const attestor_job *job, wick_status verdict)
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
        refuse(a, c, job->exchange, code_of(s), s);
        return;
    }
    wick_attest_answer_encode(&body, job->how, &reached);
    put(a, c, job->exchange, wick_buf_span(&body));
}

void attestor_conclude(attestor *a, attestor_job *job, wick_status verdict)
{
    conclude(a, job, verdict);
    memset(job, 0, sizeof *job);
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
