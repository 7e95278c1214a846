/* SPDX-License-Identifier: Apache-2.0 */
/* HKDF-SHA256 (RFC 5869). */
#include "wick/hkdf.h"

#include <string.h>

wick_status wick_hkdf_extract_with(const wick_hmac_key *salt, uint8_t prk[WICK_HKDF_PRK_BYTES],
                                   const wick_span *ikm, size_t ikm_count)
{
    wick_hmac h;

    if (salt->crypto == NULL || salt->alg != WICK_HASH_SHA256) {
        memset(prk, 0, WICK_HKDF_PRK_BYTES);
        return salt->crypto == NULL ? WICK_E_STATE : WICK_E_BAD_ARG;
    }
    wick_hmac_begin(&h, salt);
    for (size_t i = 0; i < ikm_count; i++) {
        wick_hmac_update(&h, ikm[i]);
    }
    return wick_hmac_finish(&h, prk);
}

wick_status wick_hkdf_extract(const wick_hal_crypto *crypto, uint8_t prk[WICK_HKDF_PRK_BYTES],
                              wick_span salt, const wick_span *ikm, size_t ikm_count)
{
    wick_hmac_key key;

    /* An empty salt and 32 zero bytes give one HMAC key: both are filled with zeros to a block. */
    wick_status st = wick_hmac_key_init(&key, crypto, WICK_HASH_SHA256, salt);
    if (st != WICK_OK) {
        memset(prk, 0, WICK_HKDF_PRK_BYTES);
        return st;
    }
    st = wick_hkdf_extract_with(&key, prk, ikm, ikm_count);
    wick_hmac_key_wipe(&key);
    return st;
}

wick_status wick_hkdf_expand_with(const wick_hmac_key *prk, uint8_t *out, size_t len,
                                  const wick_span *info, size_t info_count)
{
    uint8_t t[32];
    size_t t_len = 0; /* T(0) is empty */
    size_t at = 0;
    uint8_t counter = 0;
    wick_status st = WICK_OK;

    if (len > WICK_HKDF_OUT_MAX || (prk->crypto != NULL && prk->alg != WICK_HASH_SHA256)) {
        return WICK_E_BAD_ARG;
    }
    while (at < len && st == WICK_OK) {
        wick_hmac h;
        const size_t n = (len - at < sizeof t) ? len - at : sizeof t;
        counter++;
        wick_hmac_begin(&h, prk);
        wick_hmac_update(&h, wick_span_make(t, t_len));
        for (size_t i = 0; i < info_count; i++) {
            wick_hmac_update(&h, info[i]);
        }
        wick_hmac_update(&h, wick_span_make(&counter, 1));
        st = wick_hmac_finish(&h, t);
        if (st == WICK_OK) {
            memcpy(out + at, t, n);
            t_len = sizeof t;
            at += n;
        }
    }
    wick_wipe(t, sizeof t);
    if (st != WICK_OK) {
        wick_wipe(out, len);
    }
    return st;
}

wick_status wick_hkdf_expand(const wick_hal_crypto *crypto, uint8_t *out, size_t len,
                             const uint8_t prk[WICK_HKDF_PRK_BYTES], const wick_span *info,
                             size_t info_count)
{
    wick_hmac_key key;

    if (len > WICK_HKDF_OUT_MAX) {
        return WICK_E_BAD_ARG;
    }
    wick_status st = wick_hmac_key_init(&key, crypto, WICK_HASH_SHA256,
                                        wick_span_make(prk, WICK_HKDF_PRK_BYTES));
    if (st == WICK_OK) {
        st = wick_hkdf_expand_with(&key, out, len, info, info_count);
    } else {
        memset(out, 0, len);
    }
    wick_hmac_key_wipe(&key);
    return st;
}
