/* SPDX-License-Identifier: Apache-2.0 */
/* TURN credentials: long-term key (RFC 8489 section 9.2.2) and time-limited passwords. */
#include <string.h>

#include "turn_internal.h"

wick_status wick_turn_key(uint8_t key[WICK_TURN_KEY_BYTES], const wick_hal_crypto *crypto,
                          wick_span username, wick_span realm, wick_span password)
{
    static const uint8_t colon = ':';
    const wick_span part[] = {username, {&colon, 1}, realm, {&colon, 1}, password};
    wick_hash_ctx h;
    memset(&h, 0, sizeof h);
    wick_status status = crypto->hash_begin(crypto->ctx, &h, WICK_HASH_MD5);
    for (size_t i = 0; i < sizeof part / sizeof part[0] && status == WICK_OK; i++) {
        status = crypto->hash_update(crypto->ctx, &h, part[i].ptr, part[i].len);
    }
    if (status == WICK_OK) {
        status = crypto->hash_finish(crypto->ctx, &h, key);
    }
    crypto->hash_free(crypto->ctx, &h);
    if (status != WICK_OK) {
        memset(key, 0, WICK_TURN_KEY_BYTES);
    }
    return status;
}

wick_status wick_turn_set_realm_(wick_turn *t, wick_span realm)
{
    uint8_t key[WICK_TURN_KEY_BYTES];
    wick_span secret = wick_span_make(t->password, t->password_len);
    if (realm.len > WICK_TURN_REALM_MAX) {
        return WICK_E_LIMIT;
    }
    bool same = realm.len == t->realm_len && memcmp(realm.ptr, t->realm, realm.len) == 0;
    if (same && t->hmac.crypto != NULL) {
        return WICK_OK; /* the key is cached for as long as the realm stays */
    }
    memcpy(t->realm, realm.ptr, realm.len);
    t->realm_len = (uint8_t)realm.len;
    wick_status status = WICK_OK;
    if (t->fixed_key != 0) {
        memcpy(key, secret.ptr, sizeof key);
    } else {
        status = wick_turn_key(key, t->crypto, wick_span_make(t->username, t->username_len),
                               wick_span_make(t->realm, t->realm_len), secret);
    }
    wick_hmac_key_wipe(&t->hmac);
    if (status == WICK_OK) {
        status = wick_hmac_key_init(&t->hmac, t->crypto, WICK_HASH_SHA1,
                                    wick_span_make(key, sizeof key));
    }
    wick_wipe(key, sizeof key);
    return status;
}

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
