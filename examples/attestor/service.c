/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a question to a signature. What costs least is looked at first, and nothing is sent to anybody
 * before the proven owner of a live record has signed that he is to be looked for there.
 */
#include <string.h>

#include "attestor.h"

#define CHAIN_SLOTS 2
/* A block's time is behind the clock: what is signed must not be ahead of the block that takes it. */
#define HEAD_AGE_MAX_S 300u
#define BEHIND_S 30u

static uint8_t code_of(wick_status s)
{
    switch ((int)s) {
    case WICK_E_NSL_RATE:
    case WICK_E_LIMIT:
    case WICK_E_STATE:
        return WICK_COAP_CODE(4, 29); /* RFC 8516 */
    case WICK_E_AUTH:
    case WICK_E_NOT_OWNER:
    case WICK_E_NAT_DOUBLE:
    case WICK_E_RECORD_REVOKED:
    case WICK_E_RECORD_EXPIRED:
    case WICK_E_NSL_NO_ANSWER:
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

static void refuse(attestor *a, attestor_caller *c, uint8_t exchange, uint8_t code, const char *text)
{
    wick_coap_response r;
    memset(&r, 0, sizeof r);
    r.code = code;
    r.payload = wick_span_text(text);
    if (code == WICK_COAP_CODE(4, 29)) {
        r.has_max_age = true;
        r.max_age_s = WICK_NSL_PROBE_GAP_MS / 1000u;
    }
    answer(a, c, exchange, &r);
}

/* ---- the record ---- */

/* Looks at the chain are what strangers could make us spend. */
static wick_status take_turn(attestor *a, attestor_caller *c)
{
    uint64_t now = attestor_now(a);
    if (now - a->second_ms >= 1000u) {
        a->second_ms = now;
        a->reads = 0;
    }
    if (a->reads >= ATTESTOR_READS_PER_S) {
        return WICK_E_NSL_RATE;
    }
    for (size_t i = 0; i < ATTESTOR_CALLERS_MAX; i++) { /* of another port too */
        const attestor_caller *x = &a->caller[i];
        if (x->used && x->read_ms != 0 && now - x->read_ms < ATTESTOR_GAP_MS &&
            wick_addr_same_ip(&x->from, &c->from)) {
            return WICK_E_NSL_RATE;
        }
    }
    a->reads++;
    a->looks++;
    c->read_ms = now;
    return WICK_OK;
}

static wick_status read_record(attestor *a, wick_device *device, const uint8_t id[32], uint64_t now_s)
{
    static const wick_record_seen never;
    uint8_t slots[CHAIN_SLOTS][32], words[CHAIN_SLOTS][32];
    wick_slot_device(slots[0], id, 0);
    wick_slot_device(slots[1], id, 1);
    wick_status s = chain_head(&a->view);
    if (s == WICK_OK) {
        s = reader_words(&a->r, words, (const uint8_t(*)[32])slots, CHAIN_SLOTS, a->domain.contract);
    }
    if (s == WICK_OK) {
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
        if (a->job[i].handle == 0) {
            return &a->job[i];
        }
    }
    return NULL;
}

static wick_status begin(attestor *a, attestor_caller *c, const wick_attest_ask *ask, wick_attest_ask_how how,
                         const uint8_t signer[20], const wick_endpoint *e, uint8_t exchange,
                         uint64_t now_s)
{
    wick_nsl_peer peer;
    wick_device device;
    attestor_job *job = job_place(a);
    if (job == NULL) {
        return WICK_E_LIMIT;
    }
    wick_status s = take_turn(a, c);
    if (s == WICK_OK) {
        s = read_record(a, &device, ask->id, now_s);
    }
    if (s == WICK_OK && memcmp(device.owner, signer, sizeof device.owner) != 0) {
        s = WICK_E_NOT_OWNER;
    }
    memset(&peer, 0, sizeof peer);
    if (s == WICK_OK) {
        s = wick_device_pub33(peer.key.bytes, &device);
    }
    if (s != WICK_OK) {
        return s;
    }
    memcpy(peer.id, ask->id, 32);
    peer.key.type = device.key_type;
    peer.addr = e->addr;
    memset(job, 0, sizeof *job);
    job->from = c->from;
    job->exchange = exchange;
    job->how = how;
    job->asked_at = ask->asked_at;
    job->checked_at = time_for(a, now_s);
    memcpy(job->attest.id, ask->id, 32);
    memcpy(job->attest.service, ask->service, 32);
    memcpy(job->attest.endpoint, ask->endpoint, 32);
    memcpy(job->attest.key, device.key, 32);
    job->attest.epoch = device.epoch;
    return wick_nsl_probe_start(&a->probe, &job->handle, attestor_now(a), &peer);
}

static wick_status look(attestor *a, attestor_caller *c, wick_attest_ask *ask, wick_span question,
                        uint8_t exchange)
{
    wick_endpoint e;
    wick_attest_ask_how how;
    uint8_t r[32], vs[32], digest[32], signer[20];
    uint64_t now_s = 0;
    wick_status s = wick_attest_ask_decode(ask, &how, r, vs, question);
    if (s == WICK_OK && how != WICK_ATTEST_ASK_NSL) {
        s = WICK_E_UNSUPPORTED;
    }
    if (s == WICK_OK) {
        s = a->h.clock.unix_s(a->h.clock.ctx, &now_s);
    }
    if (s == WICK_OK) {
        s = wick_attest_ask_fits(&e, ask, how, now_s);
    }
    if (s == WICK_OK && !a->config->allow_private && !wick_addr_is_public(&e.addr)) {
        s = WICK_E_NAT_DOUBLE; /* our own network is nobody's to have looked at */
    }
    if (s == WICK_OK) {
        wick_attest_ask_digest(digest, &a->domain, ask);
        s = wick_registry_signer(signer, &a->h.crypto, digest, r, vs);
    }
    return s == WICK_OK ? begin(a, c, ask, how, signer, &e, exchange, now_s) : s;
}

void attestor_request(attestor *a, attestor_caller *from, const wick_coap_request *r,
                      uint8_t exchange)
{
    wick_attest_ask ask;
    if (!wick_coap_path_is(r, WICK_ATTEST_ASK_PATH)) {
        refuse(a, from, exchange, WICK_COAP_NOT_FOUND, "");
        return;
    }
    if (r->method != WICK_COAP_POST) {
        refuse(a, from, exchange, WICK_COAP_METHOD, "");
        return;
    }
    if (r->has_content_format && r->content_format != WICK_COAP_OCTETS) {
        refuse(a, from, exchange, WICK_COAP_CONTENT_FORMAT_NO, "");
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
        refuse(a, from, exchange, code_of(s), wick_status_str(s));
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

static void conclude(attestor *a, attestor_job *job, wick_status verdict)
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
    job->attest.checked_at = job->checked_at;
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
        refuse(a, c, job->exchange, code_of(s), wick_status_str(s));
        return;
    }
    wick_coap_response r;
    memset(&r, 0, sizeof r);
    wick_attest_answer_encode(&body, job->how, &reached);
    r.code = WICK_COAP_CHANGED;
    r.has_content_format = true;
    r.content_format = WICK_COAP_OCTETS;
    r.payload = wick_buf_span(&body);
    answer(a, c, job->exchange, &r);
}

void attestor_probed(attestor *a, uint32_t handle, wick_status status)
{
    for (size_t i = 0; i < WICK_NSL_CONNECT_MAX; i++) {
        if (a->job[i].handle == handle) {
            conclude(a, &a->job[i], status);
            memset(&a->job[i], 0, sizeof a->job[i]);
            return;
        }
    }
}
