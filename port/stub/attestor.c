/* SPDX-License-Identifier: Apache-2.0 */
/* Attestors of the stub world: they sign what they are asked, each as honest as the test has it. */
#include "wick/port/stub_attestor.h"

#include "wick/keccak.h"

#include <string.h>

#if WICK_WITH_ATTEST

wick_status wick_stub_attestors_init(wick_stub_attestors *m, wick_stub_chain *chain,
                                     wick_crypto_ctx *ctx, uint8_t threshold)
{
    uint8_t pub33[33];
    memset(m, 0, sizeof *m);
    m->chain = chain;
    m->crypto_ctx = ctx;
    chain->attestor_count = 0;
    chain->attestor_threshold = threshold;
    for (uint8_t i = 0; i < WICK_STUB_ATTESTORS; i++) {
        uint8_t seed[9] = {'a', 't', 't', 'e', 's', 't', 'o', 'r', i};
        uint8_t secret[32], address[20];
        wick_keccak256(secret, seed, sizeof seed);
        wick_status s = wick_crypto_secp256k1_public(ctx, pub33, secret);
        if (s == WICK_OK) {
            s = wick_eth_address_of(address, pub33, chain->crypto);
        }
        if (s != WICK_OK) {
            return s;
        }
        unsigned at = chain->attestor_count++;
        for (; at > 0 && memcmp(chain->attestor[at - 1], address, 20) > 0; at--) {
            memcpy(chain->attestor[at], chain->attestor[at - 1], 20);
            memcpy(m->secret[at], m->secret[at - 1], 32);
        }
        memcpy(chain->attestor[at], address, 20);
        memcpy(m->secret[at], secret, 32);
    }
    return WICK_OK;
}

void wick_stub_attestors_of(wick_stub_attestors *m, wick_gateway_config *cfg)
{
    cfg->attestors = (const uint8_t(*)[20])m->chain->attestor;
    cfg->attestor_count = WICK_STUB_ATTESTORS;
    cfg->attest_needed = m->chain->attestor_threshold;
}

static wick_status sign(wick_stub_attestors *m, wick_attest_answer *out, unsigned i, const wick_attest_ask *ask,
                        uint64_t now_s)
{
    uint8_t slot[32], word[2][32], digest[32], sig[64], recid = 0;
    wick_registry_domain domain;
    wick_device device;
    wick_attest a;
    for (unsigned k = 0; k < 2; k++) {
        wick_slot_device(slot, ask->id, k);
        wick_stub_chain_get(m->chain, word[k], 0, slot);
    }
    wick_status s = wick_device_decode(&device, word[0], word[1]);
    if (s != WICK_OK) {
        return s;
    }
    memset(&a, 0, sizeof a);
    memcpy(a.id, ask->id, 32);
    memcpy(a.key, word[1], 32);
    memcpy(a.service, ask->service, 32);
    memcpy(a.endpoint, ask->endpoint, 32);
    a.epoch = device.epoch;
    a.checked_at = now_s;
    a.endpoint[31] ^= m->fault[i] == WICK_STUB_ATTESTOR_OTHER_PLACE ? 1 : 0;
    a.key[31] ^= m->fault[i] == WICK_STUB_ATTESTOR_OTHER_KEY ? 1 : 0;
    a.checked_at -= m->fault[i] == WICK_STUB_ATTESTOR_OLD ? WICK_ATTESTATION_AGE_MAX_S : 0;
    a.checked_at += m->fault[i] == WICK_STUB_ATTESTOR_AHEAD ? 60 : 0;
    domain.chain_id = m->chain->chain_id;
    memcpy(domain.contract, m->chain->device_registry, 20);
    wick_attest_digest(digest, &domain, &a);
    out->checked_at = a.checked_at;
    unsigned who = m->fault[i] == WICK_STUB_ATTESTOR_OTHER_SIGNER ? (i + 1) % WICK_STUB_ATTESTORS : i;
    s = wick_crypto_secp256k1_sign(m->crypto_ctx, sig, &recid, m->secret[who], digest);
    return s == WICK_OK ? wick_signature_compact(out->r, out->vs, sig, recid) : s;
}

/* Both questions; the second is the one that is looked into. */
static wick_status challenge(wick_stub_attestors *m, wick_gateway *gw, wick_buf *second,
                             uint64_t now_ms, uint32_t request)
{
    uint8_t bytes[WICK_ATTEST_ASK_BYTES], n2[32];
    wick_buf first = wick_buf_make(bytes, sizeof bytes);
    wick_status s = wick_gateway_attest_challenge(gw, &first, second, m->mapping, n2, now_ms, request);
    m->challenged++;
    if (s == WICK_OK && (first.len != second->len || bytes[1] != WICK_ATTEST_ASK_CHALLENGE ||
                         memcmp(bytes + 2, second->ptr + 2, first.len - 2) != 0 ||
                         memcmp(bytes + 98, n2, 32) != 0)) {
        s = WICK_E_STATE; /* one signature for both */
    }
    return s;
}

wick_status wick_stub_attestors_serve(wick_stub_attestors *m, wick_gateway *gw, uint64_t now_ms,
                                      uint32_t request, uint16_t port)
{
    uint8_t question[WICK_ATTEST_ASK_BYTES], answer[WICK_ATTEST_ANSWER_BYTES], r[32], vs[32];
    wick_buf q = wick_buf_make(question, sizeof question);
    uint64_t now_s = WICK_STUB_UNIX_BASE + now_ms / 1000;
    wick_attest_ask ask;
    wick_attest_ask_how how;
    wick_endpoint e;
    m->asked++;
    wick_status s = WICK_OK;
    if (port != 0) {
        s = challenge(m, gw, &q, now_ms, request);
    } else {
        s = wick_gateway_attest_ask(gw, &q, now_ms, request);
    }
    if (s == WICK_OK) {
        s = wick_attest_ask_decode(&ask, &how, r, vs, wick_buf_span(&q));
    }
    if (s == WICK_OK) {
        s = wick_attest_ask_fits(&e, &ask, how, now_s);
    }
    m->last = s;
    for (unsigned k = 0; k < WICK_STUB_ATTESTORS && s == WICK_OK; k++) {
        unsigned i = (m->first + k) % WICK_STUB_ATTESTORS;
        wick_attest_answer reached;
        wick_buf b = wick_buf_make(answer, sizeof answer);
        if (m->fault[i] == WICK_STUB_ATTESTOR_SILENT) {
            continue;
        }
        s = sign(m, &reached, i, &ask, now_s);
        if (s != WICK_OK) {
            break;
        }
        wick_attest_answer_encode(&b, how, &reached);
        m->taken[i] = wick_gateway_attestation(gw, wick_buf_span(&b), now_ms, i, request);
        if (m->taken[i] == WICK_OK) {
            return WICK_OK;
        }
        if (m->fault[i] == WICK_STUB_ATTESTOR_TWICE) {
            m->again = wick_gateway_attestation(gw, wick_buf_span(&b), now_ms, i, request);
        }
    }
    return wick_gateway_failed(gw, now_ms, request, s != WICK_OK ? s : WICK_E_TIMEOUT);
}

#else
/* ISO C forbids an empty file. */
typedef int wick_stub_attestor_is_off;
#endif
