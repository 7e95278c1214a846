/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of DeviceRegistry, a second time. Part of lab.differential. */
#include "lab_device_model.h"

#include <string.h>

#include "tap.h"
#include "wick/keccak.h"

lab_world lab_w;

/* ---- words and events of the model ---- */

static bool is_revoked(const lab_device *d)
{
    return (d->d.flags & WICK_DEVICE_FLAG_REVOKED) != 0;
}

void lab_device_words(uint8_t words[2][32], const lab_device *d)
{
    memset(words, 0, 64);
    if (d->d.epoch != 0) {
        CHECK_STATUS(wick_device_encode(words[0], words[1], &d->d), WICK_OK);
    }
}

uint32_t lab_seq_of(const uint8_t word[32])
{
    return wick_load_be32(word + 8);
}

/* An event of (id, words ..., device word). */
void lab_device_event(const char *signature, const lab_device *d, const uint8_t *a,
                      const uint8_t *b, const uint8_t *c)
{
    uint8_t words[4][32];
    const uint8_t *const data[] = {a, b, c};
    size_t count = 0;
    memcpy(words[0], d->id, 32);
    for (size_t i = 0; i < 3 && data[i] != NULL; i++) {
        memcpy(words[++count], data[i], 32);
    }
    lab_event(signature, 1, (const uint8_t (*)[32])words, count);
}

static void entry_of(uint8_t entry[32], const lab_device *d, unsigned index)
{
    uint8_t parts[96];
    memcpy(parts, d->id, 32);
    memcpy(parts + 32, lab_service, 32);
    lab_word_u64(parts + 64, index);
    wick_keccak256(entry, parts, index == 9 ? 64 : 96);
}

void lab_offer_word(uint8_t word[32], const uint8_t owner[20], uint64_t from, uint32_t epoch)
{
    memset(word, 0, 32);
    if (!wick_ct_is_zero(owner, 20)) {
        wick_store_be32(word + 3, epoch);
        word[7] = (uint8_t)(from >> 32);
        wick_store_be32(word + 8, (uint32_t)from);
        memcpy(word + 12, owner, 20);
    }
}

/* ---- rules, in the order of the contract ---- */

static bool writer(const lab_device *d, const uint8_t caller[20], uint32_t epoch)
{
    if (d->d.epoch == 0) {
        return lab_refuse("NotRegistered()");
    }
    if (memcmp(d->d.owner, caller, 20) != 0) {
        return lab_refuse("NotOwner()");
    }
    if (is_revoked(d)) {
        return lab_refuse("RecordRevoked()");
    }
    return d->d.epoch == epoch || lab_refuse_with("WrongEpoch(uint32)", d->d.epoch);
}

bool lab_live_at(const lab_device *d, uint32_t epoch)
{
    if (d->d.epoch == 0) {
        return lab_refuse("NotRegistered()");
    }
    if (is_revoked(d)) {
        return lab_refuse("RecordRevoked()");
    }
    return d->d.epoch == epoch || lab_refuse_with("WrongEpoch(uint32)", d->d.epoch);
}

static bool fits_key(uint8_t type, uint8_t flags, const uint8_t key[32])
{
    wick_device probe;
    uint8_t word[2][32];
    memset(&probe, 0, sizeof probe);
    if (type < 1 || type > 3) {
        return lab_refuse("BadKeyType()");
    }
    if ((flags & ~(type == WICK_KEY_TYPE_SECP256K1 ? 1 : 0)) != 0) {
        return lab_refuse("BadFlags()");
    }
    probe.owner[0] = 1;
    probe.key_type = type;
    probe.flags = flags;
    probe.epoch = 1;
    probe.not_after = 1;
    memcpy(probe.key, key, 32);
    return wick_device_encode(word[0], word[1], &probe) == WICK_OK || lab_refuse("BadKey()");
}

lab_organisation *lab_org_at(uint8_t number)
{
    for (size_t i = 0; i < LAB_ORGS; i++) {
        if (lab_w.org[i].there && lab_w.org[i].number == number) {
            return &lab_w.org[i];
        }
    }
    return NULL;
}

const lab_set *lab_attestors_of(const lab_device *d)
{
    const lab_organisation *o = lab_org_at(d->d.org);
    for (unsigned which = 2; o != NULL && which-- > 0;) { /* the service's own come first */
        if (o->set[which].count != 0) {
            return &o->set[which];
        }
    }
    return NULL;
}

bool lab_registers(lab_device *d, const wick_voucher *v, unsigned signer, bool high, bool bad)
{
    uint8_t words[2][32];
    const lab_organisation *org = NULL;
    for (size_t i = 0; i < LAB_ORGS; i++) {
        if (lab_w.org[i].there && memcmp(v->org, lab_w.org[i].id, 32) == 0) {
            org = &lab_w.org[i];
        }
    }
    if (org == NULL) {
        return lab_refuse("UnknownOrg()");
    }
    if (v->manager_epoch != org->epoch) {
        return lab_refuse_with("WrongManagerEpoch(uint32)", org->epoch);
    }
    if (v->deadline < lab_now_s) {
        return lab_refuse("VoucherExpired()");
    }
    if (v->deadline > lab_now_s + 7 * LAB_DAY) {
        return lab_refuse("DeadlineTooFar()");
    }
    if (bad) {
        return lab_refuse("BadWord()");
    }
    if (wick_ct_is_zero(v->owner, 20)) {
        return lab_refuse("ZeroAddress()");
    }
    if (v->not_after <= lab_now_s) {
        return lab_refuse("NotAfterPassed()");
    }
    if (!fits_key(v->key_type, v->flags, v->key)) {
        return false;
    }
    if (d->d.epoch != 0 && d->d.org != org->number) {
        return lab_refuse_with("WrongOrg(uint8)", d->d.org);
    }
    if (d->d.epoch != 0 && !is_revoked(d) && d->d.not_after > lab_now_s &&
        memcmp(d->d.owner, v->owner, 20) != 0) {
        return lab_refuse("NameTaken()");
    }
    if (v->epoch != d->d.epoch) {
        return lab_refuse_with("WrongEpoch(uint32)", d->d.epoch);
    }
    if (high) {
        return lab_refuse("HighS()");
    }
    if (signer != org->manager) {
        return lab_refuse("WrongSigner()");
    }
    memcpy(d->d.owner, v->owner, 20);
    memcpy(d->d.key, v->key, 32);
    d->d.key_type = v->key_type;
    d->d.flags = v->flags;
    d->d.not_after = v->not_after;
    d->d.org = org->number;
    d->d.epoch++;
    lab_device_words(words, d);
    lab_device_event("Registered(bytes32,uint256,bytes32)", d, words[0], words[1], NULL);
    return true;
}

static bool publishes(lab_device *d, const wick_relayed *c, uint64_t validated_h)
{
    uint8_t entry[32], word[32];
    const uint64_t expires = (uint64_t)c->word[3] << 32 | wick_load_be32(c->word + 4);
    const uint32_t seq = lab_seq_of(c->word);
    memcpy(word, c->word, 32);
    if (c->index > 1) {
        return lab_refuse("BadIndex()");
    }
    if (!wick_ct_is_zero(word, 3)) {
        return lab_refuse("ValidationClaimed()");
    }
    if (expires <= lab_now_s) {
        return lab_refuse("EndpointExpired()");
    }
    if (expires > lab_now_s + WICK_EXPIRY_MAX_S) {
        return lab_refuse("ExpiryTooFar()");
    }
    const uint32_t before = lab_seq_of(d->endpoint[c->index]);
    if (seq <= before) {
        return lab_refuse_with("SeqNotRising(uint32)", before);
    }
    if (seq - before > WICK_SEQ_JUMP_MAX) {
        return lab_refuse_with("SeqJump(uint32)", before);
    }
    if (validated_h != 0) {
        word[0] = (uint8_t)(validated_h >> 16);
        wick_store_be16(word + 1, (uint16_t)validated_h);
    } else if (memcmp(word + 12, d->endpoint[c->index] + 12, 20) == 0) {
        memcpy(word, d->endpoint[c->index], 3);
    }
    memcpy(d->endpoint[c->index], word, 32);
    entry_of(entry, d, c->index);
    lab_device_event("Published(bytes32,bytes32,uint256)", d, entry, word, NULL);
    return true;
}

static bool attested(const lab_device *d)
{
    if (lab_attestors_of(d) == NULL) {
        return lab_refuse("NoAttestors()");
    }
    if (lab_w.attest_kind == ATTEST_OLD) {
        return lab_refuse("AttestationExpired()");
    }
    if (lab_w.attest_kind == ATTEST_FORGED) {
        return lab_refuse("WrongAttestors()");
    }
    return lab_w.attest_kind == ATTEST_GOOD || lab_refuse("BadAttestation()");
}

/* The calls that owners make, by themselves or relayed. */
bool lab_does(lab_device *d, const wick_relayed *c, const uint8_t caller[20], bool relayed)
{
    uint8_t words[2][32], entry[32];
    if (c->kind == WICK_RELAYED_CLAIM_OWNER ? !lab_live_at(d, c->epoch)
                                            : !writer(d, caller,
                                                      c->kind == WICK_RELAYED_REVOKE && !relayed
                                                          ? d->d.epoch
                                                          : c->epoch)) {
        return false;
    }
    switch (c->kind) {
    case WICK_RELAYED_PUBLISH:
        return publishes(d, c, 0);
    case WICK_RELAYED_PUBLISH_ATTESTED:
        return attested(d) && publishes(d, c, lab_w.attest_time / 3600);
    case WICK_RELAYED_ROTATE:
        if (!fits_key(c->key_type, c->flags, c->word)) {
            return false;
        }
        d->d.key_type = c->key_type;
        d->d.flags = c->flags;
        memcpy(d->d.key, c->word, 32);
        break;
    case WICK_RELAYED_REVOKE:
        d->d.flags |= WICK_DEVICE_FLAG_REVOKED;
        break;
    case WICK_RELAYED_CLAIM_OWNER:
        if (memcmp(d->offer + 12, caller, 20) != 0 || wick_load_be32(d->offer + 3) != c->epoch) {
            return lab_refuse("NotOffered()");
        }
        if (((uint64_t)d->offer[7] << 32 | wick_load_be32(d->offer + 8)) > lab_now_s) {
            return lab_refuse("RecoveryPending()");
        }
        memcpy(d->d.owner, caller, 20);
        memset(d->offer, 0, 32);
        break;
    case WICK_RELAYED_TLS_KEY:
        memcpy(d->tls, c->word, 32);
        break;
    case WICK_RELAYED_LEAF_ROOT:
        memcpy(d->leaf, c->word, 32);
        break;
    default:
        lab_offer_word(d->offer, c->owner, lab_now_s, c->epoch + 1);
        break;
    }
    d->d.epoch++;
    lab_device_words(words, d);
    switch (c->kind) {
    case WICK_RELAYED_ROTATE:
        lab_device_event("Rotated(bytes32,uint256,bytes32)", d, words[0], words[1], NULL);
        break;
    case WICK_RELAYED_REVOKE:
        lab_device_event("Revoked(bytes32,uint256)", d, words[0], NULL, NULL);
        break;
    case WICK_RELAYED_CLAIM_OWNER:
        lab_device_event("OwnerChanged(bytes32,uint256)", d, words[0], NULL, NULL);
        break;
    case WICK_RELAYED_TLS_KEY:
        entry_of(entry, d, 9);
        lab_device_event("TlsKeySet(bytes32,bytes32,bytes32,uint256)", d, entry, d->tls, words[0]);
        break;
    case WICK_RELAYED_LEAF_ROOT:
        lab_device_event("LeafRootSet(bytes32,bytes32,uint256)", d, d->leaf, words[0], NULL);
        break;
    default:
        lab_device_event("OwnerOffered(bytes32,uint256,uint256)", d, d->offer, words[0], NULL);
        break;
    }
    return true;
}

/* Signed and relayed: the deadline comes first, then the signature. */
bool lab_does_relayed(lab_device *d, const wick_relayed *c, unsigned signer, bool high)
{
    if (c->deadline < lab_now_s) {
        return lab_refuse("SignatureExpired()");
    }
    if (c->deadline > lab_now_s + 7 * LAB_DAY) {
        return lab_refuse("DeadlineTooFar()");
    }
    if (high) {
        return lab_refuse("HighS()");
    }
    return lab_does(d, c, lab_account[signer], true);
}
