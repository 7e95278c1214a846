/* SPDX-License-Identifier: Apache-2.0 */
/* Keys behind handles: what they do must fit what the crypto part verifies. */
#include <string.h>

#include "selftest_internal.h"

static void check_signing(wick_selftest *t, const uint8_t pub[33])
{
    const wick_hal_keystore *k = t->keystore;
    const wick_hal_crypto *c = t->crypto;
    uint8_t sig[64], again[64], digest[32], plain[65], back[65], id = 9;
    bool verifies = c->secp256k1_expand(c->ctx, plain, pub) == WICK_OK, recovers = true, same = true;
    for (size_t i = 0; i < 16; i++) {
        memset(digest, (int)(i * 17), sizeof digest);
        /* verify() refuses high s, so this is the low-s rule as well */
        verifies = verifies &&
                   k->secp256k1_sign(k->ctx, sig, &id, t->key_a, digest) == WICK_OK &&
                   c->secp256k1_verify(c->ctx, sig, digest, pub) == WICK_OK;
        recovers = recovers && id <= 1 &&
                   c->secp256k1_recover(c->ctx, back, sig, id, digest) == WICK_OK &&
                   memcmp(back, plain, 65) == 0;
        same = same && k->secp256k1_sign(k->ctx, again, NULL, t->key_a, digest) == WICK_OK &&
               memcmp(again, sig, 64) == 0;
    }
    (void)wick_selftest_rule(t, "keystore.sign_verifies", verifies);
    (void)wick_selftest_rule(t, "keystore.sign_recovers", recovers);
    (void)wick_selftest_rule(t, "keystore.sign_is_deterministic", same);
}

void wick_selftest_keystore(wick_selftest *t)
{
    const wick_hal_keystore *k = t->keystore;
    uint8_t a[33], b[33], x[32], y[32], sig[64];
    wick_key none = {0}, unknown = {0xfffffffeu};
    bool ok = k->secp256k1_public(k->ctx, a, t->key_a) == WICK_OK &&
              k->secp256k1_public(k->ctx, b, t->key_b) == WICK_OK && memcmp(a, b, 33) != 0 &&
              (a[0] == 2 || a[0] == 3);
    if (!wick_selftest_rule(t, "keystore.public", ok)) {
        return;
    }
    (void)wick_selftest_rule(t, "keystore.ecdh_agrees",
                             k->secp256k1_ecdh(k->ctx, x, t->key_a, b) == WICK_OK &&
                                 k->secp256k1_ecdh(k->ctx, y, t->key_b, a) == WICK_OK &&
                                 memcmp(x, y, 32) == 0 && !wick_ct_is_zero(x, 32));
    check_signing(t, a);
    b[0] = 4;
    (void)wick_selftest_rule(t, "keystore.refuses_bad_point",
                             k->secp256k1_ecdh(k->ctx, x, t->key_a, b) == WICK_E_BAD_KEY);
    ok = k->secp256k1_public(k->ctx, b, none) == WICK_E_NOT_FOUND &&
         k->secp256k1_public(k->ctx, b, unknown) == WICK_E_NOT_FOUND &&
         k->secp256k1_sign(k->ctx, sig, NULL, unknown, x) == WICK_E_NOT_FOUND &&
         k->secp256k1_ecdh(k->ctx, y, unknown, a) == WICK_E_NOT_FOUND;
    (void)wick_selftest_rule(t, "keystore.refuses_unknown_handle", ok);
}
