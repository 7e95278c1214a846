/* SPDX-License-Identifier: Apache-2.0 */
/* TURN credentials: long-term key (RFC 8489 section 9.2.2) and time-limited passwords. */
#include <string.h>

#include "turn_internal.h"

/* Hash of two or three texts with colons between them; `out` is zeroed on error. */
static wick_status hash_texts(uint8_t *out, const wick_hal_crypto *crypto, wick_hash_alg alg,
                              const wick_span *text, size_t texts)
{
    static const uint8_t colon = ':';
    wick_hash_ctx h;
    memset(&h, 0, sizeof h);
    wick_status status = crypto->hash_begin(crypto->ctx, &h, alg);
    for (size_t i = 0; i < texts && status == WICK_OK; i++) {
        if (i != 0) {
            status = crypto->hash_update(crypto->ctx, &h, &colon, 1);
        }
        if (status == WICK_OK) {
            status = crypto->hash_update(crypto->ctx, &h, text[i].ptr, text[i].len);
        }
    }
    if (status == WICK_OK) {
        status = crypto->hash_finish(crypto->ctx, &h, out);
    }
    crypto->hash_free(crypto->ctx, &h);
    if (status != WICK_OK) {
        memset(out, 0, wick_hash_bytes(alg));
    }
    return status;
}

wick_status wick_turn_key(uint8_t key[WICK_TURN_KEY_BYTES], const wick_hal_crypto *crypto,
                          wick_span username, wick_span realm, wick_span password)
{
    const wick_span text[] = {username, realm, password};
    return hash_texts(key, crypto, WICK_HASH_MD5, text, 3);
}

wick_status wick_turn_key_sha256(uint8_t key[WICK_TURN_KEY_SHA256_BYTES],
                                 const wick_hal_crypto *crypto, wick_span username,
                                 wick_span realm, wick_span password)
{
    const wick_span text[] = {username, realm, password};
    return hash_texts(key, crypto, WICK_HASH_SHA256, text, 3);
}

wick_status wick_turn_userhash(uint8_t hash[WICK_TURN_USERHASH_BYTES],
                               const wick_hal_crypto *crypto, wick_span username, wick_span realm)
{
    const wick_span text[] = {username, realm};
    return hash_texts(hash, crypto, WICK_HASH_SHA256, text, 2);
}

bool wick_turn_is_text_(wick_span text, bool prepared)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        /* OpaqueString (RFC 8265 section 4.2) allows no control characters, and beyond ASCII it
         * changes texts in ways that need Unicode's tables: somebody else must have done that. */
        if (c < 0x20 || c == 0x7F || (c > 0x7F && !prepared)) {
            return false;
        }
    }
    return true;
}

wick_status wick_turn_set_realm_(wick_turn *t, wick_span realm, unsigned algorithm)
{
    uint8_t key[WICK_TURN_KEY_SHA256_BYTES];
    size_t key_bytes = algorithm == WICK_STUN_SHA256 ? sizeof key : WICK_TURN_KEY_BYTES;
    wick_hash_alg alg = algorithm == 0 ? WICK_HASH_SHA1 : WICK_HASH_SHA256;
    wick_span secret = wick_span_make(t->password, t->password_len);
    if (realm.len > WICK_TURN_REALM_MAX) {
        return WICK_E_LIMIT;
    }
    bool same = realm.len == t->realm_len && memcmp(realm.ptr, t->realm, realm.len) == 0;
#if WICK_WITH_TURN_SHA256
    same = same && t->algorithm == algorithm;
    t->algorithm = (uint8_t)algorithm;
#endif
    if (same && t->hmac.crypto != NULL) {
        return WICK_OK; /* the key is cached for as long as realm and algorithm stay */
    }
    memcpy(t->realm, realm.ptr, realm.len);
    t->realm_len = (uint8_t)realm.len;
    wick_status status = WICK_OK;
    if (t->fixed_key != 0) {
        memcpy(key, secret.ptr, key_bytes);
    } else {
        const wick_span text[] = {wick_span_make(t->username, t->username_len),
                                  wick_span_make(t->realm, t->realm_len), secret};
        status = hash_texts(key, t->crypto,
                            key_bytes == sizeof key ? WICK_HASH_SHA256 : WICK_HASH_MD5, text, 3);
    }
    wick_hmac_key_wipe(&t->hmac);
    if (status == WICK_OK) {
        status = wick_hmac_key_init(&t->hmac, t->crypto, alg, wick_span_make(key, key_bytes));
    }
    wick_wipe(key, sizeof key);
    return status;
}

/* ---- what RFC 8489 adds to RFC 5389 ---- */

#if WICK_WITH_TURN_SHA256
bool wick_turn_is_stripped_(const wick_stun_msg *m)
{
    uint32_t features = wick_stun_nonce_features(wick_stun_get(m, WICK_STUN_NONCE));
    return (features & WICK_STUN_FEATURE_PASSWORD_ALGORITHMS) != 0 &&
           !wick_stun_has(m, WICK_STUN_PASSWORD_ALGORITHMS);
}

/* Can we do it, with what we were given? */
static bool is_known(const wick_turn *t, const wick_stun_algorithm *a)
{
    if (a->parameters.len != 0) {
        return false;
    }
    if (a->number == WICK_STUN_SHA256) {
        return t->fixed_key == 0 || t->password_len == WICK_TURN_KEY_SHA256_BYTES;
    }
    return a->number == WICK_STUN_MD5 && (t->flags & (FLAG_SHA256 | FLAG_HELD)) == 0;
}

wick_status wick_turn_choose_(const wick_turn *t, unsigned *algorithm, const wick_stun_msg *m)
{
    wick_span list = wick_stun_get(m, WICK_STUN_PASSWORD_ALGORITHMS);
    wick_stun_algorithm a;
    wick_status status = WICK_E_NOT_FOUND;
    *algorithm = 0;
    if (wick_turn_is_stripped_(m)) {
        return WICK_E_STUN_BID_DOWN;
    }
    if (list.len > WICK_TURN_ALGORITHMS_MAX) {
        return WICK_E_LIMIT;
    }
    bool offered = list.len != 0;
    /* The first one that we know counts, the rest must still be readable. */
    while ((status = wick_stun_next_algorithm(&a, &list)) == WICK_OK) {
        if (*algorithm == 0 && is_known(t, &a)) {
            *algorithm = a.number;
        }
    }
    if (status != WICK_E_NOT_FOUND) {
        return status;
    }
    if (*algorithm == 0 && (t->flags & (FLAG_SHA256 | FLAG_HELD)) != 0) {
        return WICK_E_STUN_BID_DOWN;
    }
    return offered && *algorithm == 0 ? WICK_E_UNSUPPORTED : WICK_OK;
}

void wick_turn_take_algorithms_(wick_turn *t, const wick_stun_msg *m, unsigned algorithm)
{
    wick_span list = wick_stun_get(m, WICK_STUN_PASSWORD_ALGORITHMS);
    uint32_t features = wick_stun_nonce_features(wick_stun_get(m, WICK_STUN_NONCE));
    t->userhash = (features & WICK_STUN_FEATURE_USERNAME_ANONYMITY) != 0 ? 1 : 0;
    t->algorithms_len = algorithm != 0 ? (uint8_t)list.len : 0;
    if (t->algorithms_len != 0) {
        memcpy(t->algorithms, list.ptr, list.len);
    }
}

void wick_turn_put_credentials_(wick_turn *t, wick_stun_build *s)
{
    uint8_t hash[WICK_TURN_USERHASH_BYTES];
    wick_span user = wick_span_make(t->username, t->username_len);
    wick_span realm = wick_span_make(t->realm, t->realm_len);
    if (t->userhash != 0) {
        wick_status status = wick_turn_userhash(hash, t->crypto, user, realm);
        s->status = s->status != WICK_OK ? s->status : status;
        wick_stun_put(s, WICK_STUN_USERHASH, wick_span_make(hash, sizeof hash));
    } else {
        wick_stun_put(s, WICK_STUN_USERNAME, user);
    }
    wick_stun_put(s, WICK_STUN_REALM, realm);
    wick_stun_put(s, WICK_STUN_NONCE, wick_span_make(t->nonce, t->nonce_len));
    if (t->algorithm == 0) {
        wick_stun_put_integrity(s, &t->hmac);
        return;
    }
    wick_stun_put(s, WICK_STUN_PASSWORD_ALGORITHMS,
                  wick_span_make(t->algorithms, t->algorithms_len));
    wick_stun_put_algorithm(s, t->algorithm);
    wick_stun_put_integrity_sha256(s, &t->hmac);
}

wick_status wick_turn_check_(const wick_turn *t, const wick_stun_msg *m)
{
    if (t->algorithm == 0) {
        return wick_stun_has(m, WICK_STUN_MESSAGE_INTEGRITY)
                   ? wick_stun_check_integrity(m, &t->hmac)
                   : WICK_E_NOT_FOUND;
    }
    wick_span mac = wick_stun_get(m, WICK_STUN_MESSAGE_INTEGRITY_SHA256);
    if (mac.ptr == NULL && wick_stun_has(m, WICK_STUN_MESSAGE_INTEGRITY)) {
        return WICK_E_STUN_BID_DOWN; /* who sends that does not have our request */
    }
    if (mac.ptr == NULL) {
        return WICK_E_NOT_FOUND;
    }
    /* TURN allows no truncation (RFC 8489 section 14.6). */
    return mac.len == WICK_STUN_MI_SHA256_BYTES ? wick_stun_check_integrity_sha256(m, &t->hmac)
                                                : WICK_E_STUN_INTEGRITY;
}
#else
bool wick_turn_is_stripped_(const wick_stun_msg *m)
{
    (void)m;
    return false;
}

wick_status wick_turn_choose_(const wick_turn *t, unsigned *algorithm, const wick_stun_msg *m)
{
    (void)t;
    (void)m;
    *algorithm = 0;
    return WICK_OK;
}

void wick_turn_take_algorithms_(wick_turn *t, const wick_stun_msg *m, unsigned algorithm)
{
    (void)t;
    (void)m;
    (void)algorithm;
}

void wick_turn_put_credentials_(wick_turn *t, wick_stun_build *s)
{
    wick_stun_put(s, WICK_STUN_USERNAME, wick_span_make(t->username, t->username_len));
    wick_stun_put(s, WICK_STUN_REALM, wick_span_make(t->realm, t->realm_len));
    wick_stun_put(s, WICK_STUN_NONCE, wick_span_make(t->nonce, t->nonce_len));
    wick_stun_put_integrity(s, &t->hmac);
}

wick_status wick_turn_check_(const wick_turn *t, const wick_stun_msg *m)
{
    return wick_stun_has(m, WICK_STUN_MESSAGE_INTEGRITY) ? wick_stun_check_integrity(m, &t->hmac)
                                                         : WICK_E_NOT_FOUND;
}
#endif

/* Base64 with padding (RFC 4648 section 4), zero-terminated. */
static void base64(char *out, const uint8_t *in, size_t len)
{
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t n = 0;
    for (size_t i = 0; i < len; i += 3) {
        size_t have = len - i < 3 ? len - i : 3;
        uint32_t v = (uint32_t)in[i] << 16;
        v |= have > 1 ? (uint32_t)in[i + 1] << 8 : 0;
        v |= have > 2 ? (uint32_t)in[i + 2] : 0;
        out[n++] = digit[v >> 18];
        out[n++] = digit[(v >> 12) & 63u];
        out[n++] = digit[(v >> 6) & 63u];
        out[n++] = digit[v & 63u];
        for (size_t pad = have; pad < 3; pad++) {
            out[n - 3 + pad] = '=';
        }
    }
    out[n] = '\0';
}

wick_status wick_turn_rest_password(char out[WICK_TURN_REST_PASSWORD_BYTES],
                                    const wick_hal_crypto *crypto, wick_span secret,
                                    wick_span username)
{
    uint8_t mac[WICK_STUN_MI_BYTES];
    memset(out, 0, WICK_TURN_REST_PASSWORD_BYTES);
    wick_status status = wick_hmac_once(crypto, mac, WICK_HASH_SHA1, secret, username);
    if (status == WICK_OK) {
        base64(out, mac, sizeof mac);
    }
    wick_wipe(mac, sizeof mac);
    return status;
}

wick_status wick_turn_rest_username(char *out, size_t cap, uint64_t expiry_unix_s, wick_span name)
{
    char digits[20];
    size_t n = 0;
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] < 0x21 || name.ptr[i] > 0x7E || name.ptr[i] == ':') {
            return WICK_E_BAD_ARG;
        }
    }
    if (name.len == 0) {
        return WICK_E_BAD_ARG;
    }
    do {
        digits[n++] = (char)('0' + (int)(expiry_unix_s % 10));
        expiry_unix_s /= 10;
    } while (expiry_unix_s != 0);
    if (cap < n + 2 || name.len > cap - n - 2) {
        return WICK_E_NO_SPACE;
    }
    for (size_t i = 0; i < n; i++) {
        out[i] = digits[n - 1 - i];
    }
    out[n] = ':';
    memcpy(out + n + 1, name.ptr, name.len);
    out[n + 1 + name.len] = '\0';
    return WICK_OK;
}
