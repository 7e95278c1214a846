/* SPDX-License-Identifier: Apache-2.0 */
/* A small table of secp256k1 secrets behind wick_hal_keystore, for ports without a secure element. */
#include "wick/port/crypto.h"

#include <string.h>

_Static_assert(WICK_RAM_KEYS_MAX >= 1 && WICK_RAM_KEYS_MAX <= 255, "index is one octet");

/* A handle is a serial number and the index + 1, so that a removed key's handle meets no other. */
static const wick_ram_key *find(const wick_ram_keystore *ks, wick_key key)
{
    uint32_t index = (key.handle & 0xffu) - 1u;
    if (key.handle == 0 || index >= WICK_RAM_KEYS_MAX || ks->keys[index].handle != key.handle) {
        return NULL;
    }
    return &ks->keys[index];
}

static wick_status key_public(void *ctx, uint8_t pub33[33], wick_key key)
{
    const wick_ram_keystore *ks = (const wick_ram_keystore *)ctx;
    const wick_ram_key *k = find(ks, key);
    if (k == NULL) {
        return WICK_E_NOT_FOUND;
    }
    return wick_crypto_secp256k1_public(ks->crypto, pub33, k->secret);
}

static wick_status key_sign(void *ctx, uint8_t sig64[64], uint8_t *recid, wick_key key,
                            const uint8_t digest32[32])
{
    const wick_ram_keystore *ks = (const wick_ram_keystore *)ctx;
    const wick_ram_key *k = find(ks, key);
    if (k == NULL) {
        return WICK_E_NOT_FOUND;
    }
    return wick_crypto_secp256k1_sign(ks->crypto, sig64, recid, k->secret, digest32);
}

static wick_status key_ecdh(void *ctx, uint8_t x32[32], wick_key key, const uint8_t peer33[33])
{
    const wick_ram_keystore *ks = (const wick_ram_keystore *)ctx;
    const wick_ram_key *k = find(ks, key);
    if (k == NULL) {
        return WICK_E_NOT_FOUND;
    }
    return wick_crypto_secp256k1_ecdh(ks->crypto, x32, k->secret, peer33);
}

void wick_ram_keystore_init(wick_hal_keystore *out, wick_ram_keystore *ks, wick_crypto_ctx *crypto)
{
    memset(ks, 0, sizeof *ks);
    memset(out, 0, sizeof *out);
    ks->crypto = crypto;
    out->ctx = ks;
    out->secp256k1_public = key_public;
    out->secp256k1_sign = key_sign;
    out->secp256k1_ecdh = key_ecdh;
}

wick_status wick_ram_keystore_import(wick_key *out, wick_ram_keystore *ks,
                                     const uint8_t secret32[32])
{
    uint8_t pub[33];
    if (wick_crypto_secp256k1_public(ks->crypto, pub, secret32) != WICK_OK) {
        return WICK_E_BAD_KEY;
    }
    for (uint32_t i = 0; i < WICK_RAM_KEYS_MAX; i++) {
        if (ks->keys[i].handle == 0) {
            ks->serial = (ks->serial + 1u) & 0xffffffu;
            memcpy(ks->keys[i].secret, secret32, 32);
            ks->keys[i].handle = (ks->serial << 8) | (i + 1u);
            out->handle = ks->keys[i].handle;
            return WICK_OK;
        }
    }
    return WICK_E_LIMIT;
}

wick_status wick_ram_keystore_generate(wick_key *out, wick_ram_keystore *ks,
                                       const wick_hal_entropy *entropy)
{
    uint8_t secret[32];
    wick_status st = WICK_E_BAD_KEY;
    /* A secret outside the group comes once in 2^128 draws; more than twice means a dead source. */
    for (int i = 0; i < 3 && st == WICK_E_BAD_KEY; i++) {
        if (entropy->fill(entropy->ctx, secret, sizeof secret) != WICK_OK) {
            st = WICK_E_ENTROPY;
        } else {
            st = wick_ram_keystore_import(out, ks, secret);
        }
    }
    wick_wipe(secret, sizeof secret);
    return st == WICK_E_BAD_KEY ? WICK_E_ENTROPY : st;
}

void wick_ram_keystore_remove(wick_ram_keystore *ks, wick_key key)
{
    uint32_t index = (key.handle & 0xffu) - 1u;
    if (find(ks, key) != NULL) {
        wick_wipe(&ks->keys[index], sizeof ks->keys[index]);
    }
#if WICK_WITH_NSL_RSA
    for (size_t i = 0; i < WICK_RAM_RSA_KEYS_MAX; i++) {
        if (key.handle != 0 && ks->rsa[i].handle == key.handle) {
            wick_wipe(&ks->rsa[i], sizeof ks->rsa[i]);
        }
    }
#endif
}

void wick_ram_keystore_wipe(wick_ram_keystore *ks)
{
    wick_wipe(ks->keys, sizeof ks->keys);
#if WICK_WITH_NSL_RSA
    wick_wipe(ks->rsa, sizeof ks->rsa);
#endif
}
