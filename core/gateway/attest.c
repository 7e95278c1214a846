/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attestors: before an endpoint of one's own that is no relay's is published, those of the organisation
 * are asked whether they reach it, and their signatures go into the transaction. What they do not do in
 * time is left out: an endpoint that nobody vouches for is published all the same, and said to be so.
 *
 *   the word is ...            then
 *   not what it should be      asked; enough: publishAttested, else publish
 *   right, reached long ago    asked; enough: publishAttested, else nothing, again after a while
 *
 * A service on TCP is reached by the HTTPS challenge, which the driver answers at its port before the
 * application has it: only when its word is to be written.
 */
#include "gateway_internal.h"

#if WICK_WITH_ATTEST

#define REFRESH_S (UINT64_C(18) * 3600u) /* readers count a day, and somebody may be away */
#define GAP_MIN_MS 600000u
#define GAP_MAX_MS 21600000u

static wick_registry_domain domain_of(const wick_gateway *gw)
{
    wick_registry_domain domain;
    domain.chain_id = gw_registry(gw, 0)->chain_id;
    memcpy(domain.contract, gw_registry(gw, 0)->device_registry, 20);
    return domain;
}

/* The port at which the challenge for this word comes in; 0: the agent itself is reached by UDP. */
static uint16_t challenge_port(const wick_gateway *gw, unsigned word)
{
#if WICK_WITH_SERVICES
    return word >= WICK_GW_WORDS ? gw_service_tcp_port(gw, word - WICK_GW_WORDS) : 0;
#else
    (void)gw, (void)word;
    return 0;
#endif
}

static bool concerns(const wick_gateway *gw, unsigned word)
{
    wick_endpoint e;
    uint32_t life_s = 0;
    bool asked = word < WICK_GW_WORDS ||
                 (gw->cfg.attest_services && challenge_port(gw, word) != 0);
    return gw->cfg.attest_needed != 0 && asked &&
           gw_own_wish(gw, word, &e, &life_s) == GW_WORD_THIS && e.kind != WICK_ENDPOINT_RELAY;
}

/* Seconds until a word that is right should be looked at again by attestors. */
static uint64_t fresh_for(const wick_gateway *gw, unsigned word, uint64_t unix_s)
{
    uint64_t until = (uint64_t)gw->own.endpoint[word].validated_at_h * 3600u + REFRESH_S;
    return until > unix_s ? until - unix_s : 0;
}

bool gw_attest_begin(wick_gateway *gw, uint64_t now_ms, uint8_t word, bool well)
{
    wick_gateway_own *o = &gw->own;
    uint64_t unix_s = 0;
    o->attest.count = 0;
    if (!concerns(gw, word) || !gw_unix(gw, now_ms, &unix_s) ||
        (o->attest.barred && !wick_time_reached(now_ms, o->attest.due_ms))) {
        return false;
    }
    if (well && word >= WICK_GW_WORDS) {
        return false; /* its application has the port */
    }
    if (well && (fresh_for(gw, word, unix_s) != 0 ||
                 (o->attest.gap_ms != 0 && !wick_time_reached(now_ms, o->attest.due_ms)))) {
        return false;
    }
    o->index = word;
    o->attest.must = !well;
    o->attest.barred = false;
    if (gw_tx_make_word(gw, now_ms) != WICK_OK) {
        return false;
    }
    o->action = ACT_NONE;
    gw_own_set(gw, OWN_ATTEST, now_ms);
    return true;
}

uint64_t gw_attest_rest_s(const wick_gateway *gw, uint64_t now_ms, uint64_t unix_s)
{
    uint64_t due = UINT64_MAX;
    for (uint8_t i = 0; i < WICK_GW_WORDS; i++) {
        if (concerns(gw, i)) {
            uint64_t fresh = fresh_for(gw, i, unix_s);
            due = fresh < due ? fresh : due;
        }
    }
    const wick_gateway_own *o = &gw->own;
    if (due != UINT64_MAX && o->attest.gap_ms != 0 && !wick_time_reached(now_ms, o->attest.due_ms)) {
        uint64_t wait = (o->attest.due_ms - now_ms) / 1000u + 1u;
        due = wait > due ? wait : due;
    }
    return due;
}

static void wait_longer(wick_gateway_own *o, uint64_t now_ms)
{
    uint32_t gap = o->attest.gap_ms;
    gap = gap == 0 ? GAP_MIN_MS : gap < GAP_MAX_MS / 2 ? gap * 2 : GAP_MAX_MS;
    o->attest.gap_ms = gap;
    o->attest.due_ms = now_ms + gap;
}

void gw_attest_failed(wick_gateway *gw, uint64_t now_ms, wick_status status)
{
    wick_gateway_own *o = &gw->own;
    gw_event(gw, WICK_GW_EV_ATTESTED, status, WICK_GW_NO_SESSION);
    gw_event_index(gw, o->index);
    o->attest.count = 0;
    if (o->index < WICK_GW_WORDS) {
        wait_longer(o, now_ms);
    }
    if (o->attest.must) {
        gw_tx_begin(gw, now_ms, ACT_PUBLISH);
    } else {
        gw_own_set(gw, OWN_READ, now_ms);
    }
}

bool gw_attest_refused(wick_gateway *gw, uint64_t now_ms)
{
    wick_gateway_own *o = &gw->own;
    if (o->action != ACT_PUBLISH || o->attest.count == 0) {
        return false;
    }
    o->attest.count = 0;
    o->attest.barred = true; /* the next try goes without them */
    wait_longer(o, now_ms);
    return true;
}

bool gw_attest_proof(const wick_gateway *gw, wick_attest_proof *proof)
{
    const wick_gateway_own *o = &gw->own;
    const wick_attest_proof given = {gw->cfg.attestors, gw->cfg.attestor_count,
                                     o->attest.attestation, o->attest.count};
    *proof = given;
    return o->attest.count != 0 && o->attest.count >= gw->cfg.attest_needed;
}

bool gw_attest_call(const wick_gateway *gw, wick_buf *call)
{
    const wick_gateway_own *o = &gw->own;
    uint8_t index = 0;
    const uint8_t *service = gw_own_service(gw, o->index, &index);
    wick_attest_proof proof;
    if (!gw_attest_proof(gw, &proof)) {
        return false;
    }
    wick_calldata_publish_attested(call, gw->id, service, index, o->device.epoch, o->word, &proof);
    return true;
}

/* ---- the driver's part ---- */

uint16_t gw_attest_port(const wick_gateway *gw)
{
    return challenge_port(gw, gw->own.index);
}

/* The question about the word that is at hand, with the owner's signature. */
static wick_status sign_question(wick_gateway *gw, wick_attest_ask *ask, uint8_t r[32], uint8_t vs[32],
                                 const uint8_t *n2, uint64_t now_ms)
{
    const wick_hal_keystore *keys = gw->cfg.keystore;
    const wick_registry_domain domain = domain_of(gw);
    uint8_t index = 0, digest[32], sig[64], recid = 0;
    memset(ask, 0, sizeof *ask);
    if (!gw_unix(gw, now_ms, &ask->asked_at)) {
        return WICK_E_NO_CLOCK;
    }
    memcpy(ask->id, gw->id, 32);
    memcpy(ask->service, gw_own_service(gw, gw->own.index, &index), 32);
    memcpy(ask->endpoint, gw->own.word, 32);
    if (n2 != NULL) {
        memcpy(ask->nonce, n2, 32);
    }
    wick_attest_ask_digest(digest, &domain, ask);
    wick_status s = keys->secp256k1_sign(keys->ctx, sig, &recid, gw->cfg.wallet_key, digest);
    return s == WICK_OK ? wick_signature_compact(r, vs, sig, recid) : s;
}

wick_status wick_gateway_attest_ask(wick_gateway *gw, wick_buf *question, uint64_t now_ms,
                               uint32_t request)
{
    wick_attest_ask ask;
    uint8_t r[32], vs[32];
    if (!gw_ask_waits(gw, request, WICK_GW_REQ_ATTEST) || gw_attest_port(gw) != 0) {
        return WICK_E_STATE;
    }
    wick_status s = sign_question(gw, &ask, r, vs, NULL, now_ms);
    if (s == WICK_OK) {
        wick_attest_ask_encode(question, &ask, WICK_ATTEST_ASK_NSL, r, vs);
        s = wick_buf_status(question);
    }
    return s;
}

wick_status wick_gateway_attest_challenge(wick_gateway *gw, wick_buf *first, wick_buf *second,
                                          uint8_t mapping32[32], uint8_t n2[32], uint64_t now_ms,
                                          uint32_t request)
{
    wick_attest_ask ask;
    uint8_t r[32], vs[32];
    memset(mapping32, 0, 32);
    memset(n2, 0, 32);
    if (!gw_ask_waits(gw, request, WICK_GW_REQ_ATTEST) || gw_attest_port(gw) == 0) {
        return WICK_E_STATE;
    }
    wick_status s = gw->cfg.entropy->fill(gw->cfg.entropy->ctx, n2, 32);
    if (s == WICK_OK) {
        s = sign_question(gw, &ask, r, vs, n2, now_ms);
    }
    if (s == WICK_OK) {
        wick_slot_endpoint(mapping32, ask.id, ask.service, 0);
        wick_attest_ask_encode(first, &ask, WICK_ATTEST_ASK_CHALLENGE, r, vs);
        wick_attest_ask_encode(second, &ask, WICK_ATTEST_ASK_HTTPS, r, vs);
        s = wick_buf_status(first) != WICK_OK ? wick_buf_status(first) : wick_buf_status(second);
    }
    return s;
}

/* Is the answer what this attestor would have to sign for the contract to take it now? */
static wick_status check_answer(const wick_gateway *gw, const wick_attest_answer *answer, size_t attestor,
                                uint64_t unix_s)
{
    const wick_gateway_own *o = &gw->own;
    const wick_registry_domain domain = domain_of(gw);
    wick_attest a;
    uint8_t index = 0;
    if (answer->checked_at > unix_s ||
        unix_s - answer->checked_at > WICK_ATTESTATION_AGE_MAX_S / 2) {
        return WICK_E_EXPIRED; /* half of it is for the transaction */
    }
    memset(&a, 0, sizeof a);
    memcpy(a.id, gw->id, 32);
    a.epoch = o->device.epoch;
    memcpy(a.key, o->device.key, 32);
    memcpy(a.service, gw_own_service(gw, o->index, &index), 32);
    memcpy(a.endpoint, o->word, 32);
    a.checked_at = answer->checked_at;
    return wick_attest_check(gw->cfg.crypto, &domain, &a, answer->r, answer->vs,
                             gw->cfg.attestors[attestor]);
}

/* In the order of the list, which is that of the contract. @return false: it is there already */
static bool insert(wick_gateway_own *o, const wick_attest_answer *answer, uint8_t attestor)
{
    wick_attestation *list = o->attest.attestation;
    size_t at = 0;
    while (at < o->attest.count && list[at].position < attestor) {
        at++;
    }
    if (at < o->attest.count && list[at].position == attestor) {
        return false;
    }
    for (size_t i = o->attest.count; i > at; i--) {
        list[i] = list[i - 1];
    }
    list[at].position = attestor;
    list[at].checked_at = answer->checked_at;
    memcpy(list[at].r, answer->r, 32);
    memcpy(list[at].vs, answer->vs, 32);
    o->attest.count++;
    return true;
}

wick_status wick_gateway_attestation(wick_gateway *gw, wick_span answer, uint64_t now_ms,
                                     size_t attestor, uint32_t request)
{
    wick_gateway_own *o = &gw->own;
    wick_attest_answer a;
    uint64_t unix_s = 0;
    if (!gw_ask_waits(gw, request, WICK_GW_REQ_ATTEST) || attestor >= gw->cfg.attestor_count) {
        return WICK_E_STATE;
    }
    wick_status s = wick_attest_answer_decode(&a, answer);
    if (s == WICK_OK) {
        s = gw_unix(gw, now_ms, &unix_s) ? check_answer(gw, &a, attestor, unix_s) : WICK_E_NO_CLOCK;
    }
    if (s == WICK_OK && !insert(o, &a, (uint8_t)attestor)) {
        s = WICK_E_STATE;
    }
    if (s != WICK_OK) {
        return s;
    }
    if (o->attest.count < gw->cfg.attest_needed) {
        return WICK_AGAIN;
    }
    o->ask.state = REQ_FREE;
    o->attest.gap_ms = 0;
    gw_event(gw, WICK_GW_EV_ATTESTED, WICK_OK, WICK_GW_NO_SESSION);
    gw_event_index(gw, o->index);
    gw_tx_begin(gw, now_ms, ACT_PUBLISH);
    return WICK_OK;
}

wick_status gw_attest_config(const wick_gateway_config *cfg)
{
    if (cfg->attest_needed == 0) {
        return WICK_OK;
    }
    if (cfg->attestors == NULL || cfg->attestor_count > WICK_GW_ATTESTORS_MAX ||
        cfg->attest_needed > WICK_GW_ATTESTATIONS_MAX ||
        cfg->attest_needed > cfg->attestor_count) {
        return WICK_E_BAD_ARG;
    }
    uint8_t word[32]; /* what the contract would not take is none here either */
    return wick_attestors_encode(word, cfg->attest_needed, cfg->attestors, cfg->attestor_count);
}

#else
/* ISO C forbids an empty file. */
typedef int gw_attest_is_off;
#endif
