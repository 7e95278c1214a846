/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DeviceRegistry in C, as far as devices write it: register, announce and publish, with the rules and custom
 * errors of contracts/src/DeviceRegistry.sol. Time is the block's.
 */
#include "stub_contracts.h"

#include "wick/abi.h"
#include "wick/calldata.h"
#include "wick/attest_ask.h"
#include "wick/record.h"
#include "wick/relayed.h"
#include "wick/voucher.h"

#include <string.h>

/* Revert data of a custom error, with or without one argument. */
static size_t refuse(uint8_t revert[36], const char *signature, bool has_value, uint32_t value)
{
    memset(revert, 0, 36);
    wick_abi_selector(revert, signature);
    wick_store_be32(revert + 32, value);
    return has_value ? 36 : 4;
}

static bool call_is(wick_span data, const char *signature)
{
    uint8_t sel[4];
    wick_abi_selector(sel, signature);
    return data.len >= 4 && memcmp(data.ptr, sel, 4) == 0;
}

typedef struct call {
    wick_voucher v;
    uint8_t r[32], vs[32];
    uint8_t org_number;
} call;

/* register(org, id, word, key, terms, r, vs) */
static bool read_register(call *k, wick_span data)
{
    if (data.len != 4 + 7 * 32) {
        return false;
    }
    const uint8_t *p = data.ptr + 4, *word = p + 64, *terms = p + 128;
    memset(k, 0, sizeof *k);
    memcpy(k->v.org, p, 32);
    memcpy(k->v.id, p + 32, 32);
    memcpy(k->v.owner, word + 12, 20);
    k->v.key_type = word[11];
    k->v.flags = word[10];
    k->v.not_after = (uint64_t)word[5] << 32 | wick_load_be32(word + 6);
    k->v.epoch = wick_load_be32(word + 1);
    k->org_number = word[0];
    memcpy(k->v.key, p + 96, 32);
    k->v.manager_epoch = wick_load_be32(terms + 20);
    k->v.deadline = wick_load_be64(terms + 24);
    memcpy(k->r, p + 160, 32);
    memcpy(k->vs, p + 192, 32);
    return true;
}

static size_t run_register(wick_stub_chain *c, uint8_t revert[36], wick_span data, bool commit)
{
    call k;
    uint8_t slot[2][32], word[2][32], mslot[32], mword[32];
    wick_manager manager;
    wick_device old;
    wick_registry_domain domain;
    uint64_t now = c->state.timestamp;
    if (!read_register(&k, data)) {
        return refuse(revert, "BadWord()", false, 0);
    }
    wick_slot_manager(mslot, k.v.org);
    wick_stub_chain_get(c, mword, 0, mslot);
    if (wick_manager_decode(&manager, mword) != WICK_OK) {
        return refuse(revert, "UnknownOrg()", false, 0);
    }
    if (manager.epoch != k.v.manager_epoch) {
        return refuse(revert, "WrongManagerEpoch(uint32)", true, manager.epoch);
    }
    if (k.v.deadline < now) {
        return refuse(revert, "VoucherExpired()", false, 0);
    }
    if (k.v.deadline - now > WICK_VOUCHER_LIFE_MAX_S) {
        return refuse(revert, "DeadlineTooFar()", false, 0);
    }
    if (k.v.not_after <= now) {
        return refuse(revert, "NotAfterPassed()", false, 0);
    }
    for (unsigned i = 0; i < 2; i++) {
        wick_slot_device(slot[i], k.v.id, i);
        wick_stub_chain_get(c, word[i], 0, slot[i]);
    }
    wick_status s = wick_device_decode(&old, word[0], word[1]);
    uint32_t stored = s == WICK_OK || s == WICK_E_RECORD_REVOKED ? old.epoch : 0;
    if (s == WICK_OK && old.not_after > now && memcmp(old.owner, k.v.owner, 20) != 0) {
        return refuse(revert, "NameTaken()", false, 0);
    }
    if (stored != k.v.epoch) {
        return refuse(revert, "WrongEpoch(uint32)", true, stored);
    }
    domain.chain_id = c->chain_id;
    memcpy(domain.contract, c->device_registry, 20);
    if (wick_voucher_check(c->crypto, &domain, &k.v, k.r, k.vs, manager.address) != WICK_OK) {
        return refuse(revert, "WrongSigner()", false, 0);
    }
    memset(&old, 0, sizeof old);
    memcpy(old.owner, k.v.owner, 20);
    old.key_type = k.v.key_type;
    old.flags = k.v.flags;
    old.org = k.org_number;
    old.epoch = k.v.epoch + 1;
    old.not_after = k.v.not_after;
    memcpy(old.key, k.v.key, 32);
    if (wick_device_encode(word[0], word[1], &old) != WICK_OK) {
        return refuse(revert, "BadKey()", false, 0);
    }
    for (unsigned i = 0; i < 2 && commit; i++) {
        wick_stub_chain_put(c, 0, slot[i], word[i]);
    }
    return 0;
}

#if WICK_WITH_ATTEST
/* A bit for each attestor who signed; then for each of them his attestation or his address.
 * @param[out] at_s the lowest of their times */
static size_t check_attested(wick_stub_chain *c, uint8_t revert[36], uint64_t *at_s,
                             const wick_attest *about, wick_span proof)
{
    uint64_t now = c->state.timestamp;
    size_t at = 4, signed_count = 0;
    *at_s = UINT64_MAX;
    if (c->attestor_count == 0) {
        return refuse(revert, "NoAttestors()", false, 0);
    }
    if (proof.len < at || (uint64_t)wick_load_be32(proof.ptr) >> c->attestor_count != 0) {
        return refuse(revert, "WrongAttestors()", false, 0);
    }
    const uint32_t bits = wick_load_be32(proof.ptr);
    for (size_t i = 0; i < c->attestor_count; i++) {
        const bool has_signed = (bits >> i & 1u) != 0;
        const size_t size = has_signed ? WICK_ATTESTATION_BYTES : 20;
        const uint8_t *p = proof.ptr + at;
        if (proof.len - at < size || (!has_signed && memcmp(p, c->attestor[i], 20) != 0)) {
            return refuse(revert, "WrongAttestors()", false, 0);
        }
        at += size;
        if (!has_signed) {
            continue;
        }
        wick_registry_domain domain;
        wick_attest a = *about;
        a.checked_at = (uint64_t)p[0] << 32 | wick_load_be32(p + 1);
        if (a.checked_at > now || now - a.checked_at > WICK_ATTESTATION_AGE_MAX_S) {
            return refuse(revert, "AttestationExpired()", false, 0);
        }
        domain.chain_id = c->chain_id;
        memcpy(domain.contract, c->device_registry, 20);
        if (wick_attest_check(c->crypto, &domain, &a, p + 5, p + 37, c->attestor[i]) != WICK_OK) {
            return refuse(revert, "WrongAttestors()", false, 0);
        }
        *at_s = a.checked_at < *at_s ? a.checked_at : *at_s;
        signed_count++;
    }
    if (at != proof.len) {
        return refuse(revert, "WrongAttestors()", false, 0);
    }
    if (signed_count < c->attestor_threshold) {
        return refuse(revert, "BadAttestation()", false, 0);
    }
    return 0;
}
#endif

/* publish(id, service, index, epoch, word), or publishAttested(terms, word, id, service) with the
 * attestations behind it */
static size_t run_publish(wick_stub_chain *c, uint8_t revert[36], const uint8_t from[20],
                          wick_span data, bool commit, bool attested)
{
    uint8_t slot[32], word[2][32], now_word[32];
    wick_device device;
    wick_endpoint next, before;
    uint64_t now = c->state.timestamp;
    wick_abi a = wick_abi_make(wick_span_make(data.ptr + 4, data.len - 4));
    const uint8_t *id = wick_abi_word(&a, attested ? 2 : 0);
    const uint8_t *service = wick_abi_word(&a, attested ? 3 : 1);
    const uint8_t *terms = attested ? wick_abi_word(&a, 0) : NULL;
    uint64_t index = terms != NULL ? terms[19] : wick_abi_u64(&a, 2);
    uint64_t epoch = terms != NULL ? wick_load_be32(terms + 20) : wick_abi_u64(&a, 3);
    const uint8_t *value = wick_abi_word(&a, attested ? 1 : 4);
    if (a.status != WICK_OK || id == NULL || service == NULL || value == NULL) {
        return refuse(revert, "BadWord()", false, 0);
    }
    for (unsigned i = 0; i < 2; i++) {
        wick_slot_device(slot, id, i);
        wick_stub_chain_get(c, word[i], 0, slot);
    }
    wick_status s = wick_device_decode(&device, word[0], word[1]);
    if (s != WICK_OK && s != WICK_E_RECORD_REVOKED) {
        return refuse(revert, "NotRegistered()", false, 0);
    }
    if (memcmp(device.owner, from, 20) != 0) {
        return refuse(revert, "NotOwner()", false, 0);
    }
    if (s == WICK_E_RECORD_REVOKED) {
        return refuse(revert, "RecordRevoked()", false, 0);
    }
    if (device.epoch != epoch) {
        return refuse(revert, "WrongEpoch(uint32)", true, device.epoch);
    }
    if (index > 1) {
        return refuse(revert, "BadIndex()", false, 0);
    }
    if (wick_endpoint_decode(&next, value) != WICK_OK) {
        return refuse(revert, "BadWord()", false, 0);
    }
    if (next.expires <= now) {
        return refuse(revert, "EndpointExpired()", false, 0);
    }
    if (next.expires > now + WICK_EXPIRY_MAX_S) {
        return refuse(revert, "ExpiryTooFar()", false, 0);
    }
    wick_slot_endpoint(slot, id, service, (unsigned)index);
    wick_stub_chain_get(c, now_word, 0, slot);
    uint32_t seq = wick_endpoint_decode(&before, now_word) == WICK_OK ? before.seq : 0;
    if (next.seq <= seq) {
        return refuse(revert, "SeqNotRising(uint32)", true, seq);
    }
    if (next.seq - seq > WICK_SEQ_JUMP_MAX) {
        return refuse(revert, "SeqJump(uint32)", true, seq);
    }
    /* validatedAt: a pure renewal keeps it, another place starts at zero. */
    bool same = seq != 0 && next.kind == before.kind && next.protocol == before.protocol &&
                wick_addr_equal(&next.addr, &before.addr);
    next.validated_at_h = same ? before.validated_at_h : 0;
#if WICK_WITH_ATTEST
    if (attested) {
        wick_attest about;
        uint64_t at_s = 0;
        wick_span proof = wick_span_make(data.ptr + 4 + 4 * 32, data.len - 4 - 4 * 32);
        memset(&about, 0, sizeof about);
        memcpy(about.id, id, 32);
        memcpy(about.key, word[1], 32);
        memcpy(about.service, service, 32);
        memcpy(about.endpoint, value, 32);
        about.epoch = device.epoch;
        size_t refused = check_attested(c, revert, &at_s, &about, proof);
        if (refused != 0) {
            return refused;
        }
        next.validated_at_h = (uint32_t)(at_s / 3600);
    }
#endif
    memcpy(now_word, value, 32);
    now_word[0] = (uint8_t)(next.validated_at_h >> 16);
    wick_store_be16(now_word + 1, (uint16_t)next.validated_at_h);
    if (commit) {
        wick_stub_chain_put(c, 0, slot, now_word);
    }
    return 0;
}

/* announce(spki) */
static size_t run_announce(wick_stub_chain *c, uint8_t revert[36], wick_span data, bool commit)
{
    uint8_t hash[32], slot[32], word[32];
    wick_hash_ctx h;
    if (data.len < 4 + 64 || wick_load_be32(data.ptr + 4 + 28) != 32) {
        return refuse(revert, "BadWord()", false, 0);
    }
    const size_t len = wick_load_be32(data.ptr + 4 + 60);
    if (len > sizeof c->key[0].spki || data.len < 4 + 64 + len) {
        return refuse(revert, "BadWord()", false, 0);
    }
    memset(&h, 0, sizeof h);
    if (c->crypto->hash_begin(c->crypto->ctx, &h, WICK_HASH_SHA256) != WICK_OK ||
        c->crypto->hash_update(c->crypto->ctx, &h, data.ptr + 68, len) != WICK_OK ||
        c->crypto->hash_finish(c->crypto->ctx, &h, hash) != WICK_OK) {
        return refuse(revert, "BadKey()", false, 0);
    }
    wick_slot_announced(slot, hash);
    wick_stub_chain_get(c, word, 0, slot);
    for (unsigned i = 0; i < WICK_STUB_CHAIN_KEYS && commit && wick_ct_is_zero(word, 32); i++) {
        if (c->key[i].len == 0 || memcmp(c->key[i].hash, hash, 32) == 0) {
            c->key[i].len = len;
            memcpy(c->key[i].hash, hash, 32);
            memcpy(c->key[i].spki, data.ptr + 68, len);
            wick_store_be64(word + 24, c->state.number);
            wick_stub_chain_put(c, 0, slot, word);
            break;
        }
    }
    return 0;
}

size_t wick_stub_chain_spki(const wick_stub_chain *c, uint8_t out[320], const uint8_t hash32[32])
{
    for (unsigned i = 0; i < WICK_STUB_CHAIN_KEYS; i++) {
        if (c->key[i].len != 0 && memcmp(c->key[i].hash, hash32, 32) == 0) {
            memcpy(out, c->key[i].spki, c->key[i].len);
            return c->key[i].len;
        }
    }
    return 0;
}

#if WICK_WITH_RELAYED
/* publishFor, publishAttestedFor: the owner's signature in place of his transaction. */
static size_t run_relayed(wick_stub_chain *c, uint8_t revert[36], wick_span data, bool commit)
{
    static uint8_t bytes[1024]; /* one world at a time asks */
    wick_buf direct = wick_buf_make(bytes, sizeof bytes);
    wick_registry_domain domain = {.chain_id = c->chain_id};
    wick_relayed x;
    wick_span proof;
    uint8_t r[32], vs[32], owner[20], terms[32] = {0};
    memcpy(domain.contract, c->device_registry, 20);
    if (wick_relayed_decode(&x, &proof, r, vs, data) != WICK_OK ||
        (x.kind != WICK_RELAYED_PUBLISH && x.kind != WICK_RELAYED_PUBLISH_ATTESTED)) {
        return refuse(revert, "BadWord()", false, 0);
    }
    if (x.deadline < c->state.timestamp) {
        return refuse(revert, "SignatureExpired()", false, 0);
    }
    if (x.deadline > c->state.timestamp + WICK_RELAYED_LIFE_MAX_S) {
        return refuse(revert, "DeadlineTooFar()", false, 0);
    }
    if (wick_relayed_signer(owner, c->crypto, &domain, &x, r, vs) != WICK_OK) {
        return refuse(revert, "WrongSigner()", false, 0);
    }
    if (x.kind == WICK_RELAYED_PUBLISH) {
        wick_calldata_direct(&direct, &x);
        return run_publish(c, revert, owner, wick_buf_span(&direct), commit, false);
    }
    terms[19] = x.index;
    wick_store_be32(terms + 20, x.epoch);
    wick_abi_put_call(&direct, "publishAttested(uint256,uint256,bytes32,bytes32)");
    wick_abi_put_word(&direct, terms);
    wick_abi_put_word(&direct, x.word);
    wick_abi_put_word(&direct, x.id);
    wick_abi_put_word(&direct, x.service);
    wick_buf_put(&direct, proof.ptr, proof.len);
    return run_publish(c, revert, owner, wick_buf_span(&direct), commit, true);
}
#endif

size_t stub_contract_run(wick_stub_chain *c, uint8_t revert[36], const uint8_t from[20],
                         wick_span data, bool commit)
{
    if (call_is(data, "publish(bytes32,bytes32,uint8,uint32,uint256)")) {
        return run_publish(c, revert, from, data, commit, false);
    }
#if WICK_WITH_ATTEST
    if (call_is(data, "publishAttested(uint256,uint256,bytes32,bytes32)")) {
        return run_publish(c, revert, from, data, commit, true);
    }
#endif
    if (call_is(data, "register(bytes32,bytes32,uint256,bytes32,uint256,bytes32,bytes32)")) {
        return run_register(c, revert, data, commit);
    }
    if (call_is(data, "announce(bytes)")) {
        return run_announce(c, revert, data, commit);
    }
#if WICK_WITH_RELAYED
    return run_relayed(c, revert, data, commit);
#else
    return refuse(revert, "BadWord()", false, 0);
#endif
}
