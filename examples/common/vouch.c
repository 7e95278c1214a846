/* SPDX-License-Identifier: Apache-2.0 */
/* From a device's request to a signed voucher. */
#include "vouch.h"

#include <string.h>

#include "dag.h"
#include "wick/rsa.h"
#include "wick/tx.h"

/* Does the device hold its key, and is that not its wallet's? */
static wick_status check_secp256k1(const wick_voucher *v, const vouch_manager *m,
                                   const uint8_t challenge[32], const wick_json *root)
{
    uint8_t possession[64], pub33[33], key_address[20];
    wick_device record;
    memset(&record, 0, sizeof record);
    record.key_type = v->key_type;
    record.flags = v->flags;
    memcpy(record.key, v->key, sizeof record.key);
    wick_status s =
        wick_json_hex(possession, sizeof possession, wick_json_member(root, "possession"));
    if (s == WICK_OK) {
        s = wick_device_pub33(pub33, &record);
    }
    if (s == WICK_OK) {
        s = wick_possession_check(m->crypto, &m->domain, v->id, challenge, possession, pub33);
    }
    if (s == WICK_OK) {
        s = wick_eth_address_of(key_address, pub33, m->crypto);
    }
    if (s == WICK_OK && memcmp(key_address, v->owner, sizeof key_address) == 0) {
        s = WICK_E_SAME_KEY;
    }
    return s;
}

/* The record will hold the hash of the key: the key itself comes along. */
static wick_status check_rsa(const wick_voucher *v, const vouch_manager *m,
                             const uint8_t challenge[32], const wick_json *root)
{
    uint8_t possession[WICK_RSA_BYTES], der[WICK_RSA_SPKI_MAX];
    wick_buf spki = wick_buf_make(der, sizeof der);
    wick_status s =
        wick_json_hex(possession, sizeof possession, wick_json_member(root, "possession"));
    if (s == WICK_OK) {
        s = wick_json_data(&spki, wick_json_member(root, "spki"));
    }
    return s == WICK_OK ? wick_possession_check_rsa(m->crypto, &m->domain, v->id, challenge,
                                                    possession, wick_buf_span(&spki), v->key)
                        : s;
}

static wick_status read_fields(wick_voucher *v, uint8_t id[32], uint64_t *key_type, uint64_t *flags,
                               const wick_json *root)
{
    wick_status s = wick_json_hex(id, 32, wick_json_member(root, "id"));
    if (s == WICK_OK) {
        s = wick_json_hex(v->owner, sizeof v->owner, wick_json_member(root, "owner"));
    }
    if (s == WICK_OK) {
        s = wick_json_u64(key_type, wick_json_member(root, "keyType"));
    }
    if (s == WICK_OK) {
        s = wick_json_u64(flags, wick_json_member(root, "flags"));
    }
    if (s == WICK_OK) {
        s = wick_json_hex(v->key, sizeof v->key, wick_json_member(root, "key"));
    }
    return s == WICK_OK ? wick_json_u64(&v->not_after, wick_json_member(root, "notAfter")) : s;
}

wick_status vouch_read(wick_voucher *v, const vouch_manager *m, const uint8_t challenge[32],
                       const wick_json *root)
{
    uint8_t id[32];
    uint64_t key_type = 0, flags = 0;
    const char *name = wick_json_text(wick_json_member(root, "name"));
    memset(v, 0, sizeof *v);
    if (name == NULL) {
        return WICK_E_JSON;
    }
    memcpy(v->org, m->org, sizeof v->org);
    wick_status s = wick_name_hash(v->id, wick_span_text(name));
    if (s == WICK_OK) {
        s = read_fields(v, id, &key_type, &flags, root);
    }
    if (s == WICK_OK && memcmp(id, v->id, sizeof id) != 0) {
        s = WICK_E_MALFORMED;
    }
    if (s != WICK_OK) {
        return s;
    }
    v->key_type = (uint8_t)key_type;
    v->flags = (uint8_t)flags;
    if (key_type == WICK_KEY_TYPE_RSA2048 && flags == 0) {
        return check_rsa(v, m, challenge, root);
    }
    return key_type == WICK_KEY_TYPE_SECP256K1 && flags <= WICK_DEVICE_FLAG_ODD
               ? check_secp256k1(v, m, challenge, root)
               : WICK_E_UNSUPPORTED;
}

bool vouch_same_key(const wick_device *a, const wick_device *b)
{
    return a->key_type == b->key_type &&
           (a->flags & WICK_DEVICE_FLAG_ODD) == (b->flags & WICK_DEVICE_FLAG_ODD) &&
           memcmp(a->key, b->key, sizeof a->key) == 0;
}

void vouch_slots(uint8_t slots[VOUCH_SLOTS][32], const uint8_t id[32], const uint8_t org[32])
{
    wick_slot_device(slots[0], id, 0);
    wick_slot_device(slots[1], id, 1);
    wick_slot_manager(slots[2], org);
}

/* Adds what the chain says: epochs, and whether the name is this owner's to take. */
wick_status vouch_complete(wick_voucher *v, const vouch_manager *m,
                           const uint8_t words[VOUCH_SLOTS][32], uint64_t now_s)
{
    wick_device device;
    wick_manager manager;
    wick_status record = wick_device_decode(&device, words[0], words[1]);
    wick_status s = wick_manager_decode(&manager, words[2]);
    if (s != WICK_OK) {
        return s;
    }
    if (memcmp(manager.address, m->address, sizeof m->address) != 0) {
        return WICK_E_VOUCHER;
    }
    if (record == WICK_OK && device.not_after > now_s &&
        memcmp(device.owner, v->owner, sizeof v->owner) != 0) {
        return WICK_E_NAME_TAKEN;
    }
    if (record != WICK_OK && record != WICK_E_RECORD_ABSENT && record != WICK_E_RECORD_REVOKED) {
        return record;
    }
    v->epoch = device.epoch;
    v->manager_epoch = manager.epoch;
    v->deadline = now_s + VOUCH_LIFE_S;
    if (v->not_after > now_s + VOUCH_NOT_AFTER_MAX_S) {
        return WICK_E_VOUCHER;
    }
    return wick_voucher_fits(v, now_s);
}

wick_status vouch_sign(uint8_t r[32], uint8_t vs[32], const wick_voucher *v, const vouch_manager *m)
{
    uint8_t digest[32], sig[64], recid = 0;
    wick_voucher_digest(digest, &m->domain, v);
    wick_status s = m->keys->secp256k1_sign(m->keys->ctx, sig, &recid, m->key, digest);
    return s == WICK_OK ? wick_signature_compact(r, vs, sig, recid) : s;
}

wick_status vouch_key_words(wick_device *out, wick_buf *spki, const wick_hal_crypto *crypto,
                            const wick_hal_keystore *keys, wick_key key)
{
    uint8_t pub33[33], pub[WICK_RSA_PUB_BYTES], der[WICK_RSA_SPKI_MAX];
    memset(out, 0, sizeof *out);
    wick_status s = keys->secp256k1_public(keys->ctx, pub33, key);
    if (s == WICK_OK) {
        return wick_device_set_pub33(out, pub33);
    }
    if (s != WICK_E_NOT_FOUND || keys->rsa_public == NULL) {
        return s;
    }
    s = keys->rsa_public(keys->ctx, pub, key);
    if (s == WICK_OK) {
        size_t len = wick_rsa_spki_encode(der, pub);
        out->key_type = WICK_KEY_TYPE_RSA2048;
        s = dag_sha256(crypto, out->key, wick_span_make(der, len));
        if (spki != NULL) {
            wick_buf_put(spki, der, len);
        }
    }
    return s;
}
