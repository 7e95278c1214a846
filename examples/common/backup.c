/* SPDX-License-Identifier: Apache-2.0 */
/* An identity's keys under a passphrase. */
#include "backup.h"

#include <string.h>

#include "wick/hmac.h"
#include "wick/record.h"

static const uint8_t magic[] = "wick backup 1\n";
#define MAGIC_BYTES (sizeof magic - 1)
#define HEAD_BYTES (MAGIC_BYTES + 4 + BACKUP_SALT_BYTES)
#define PLAIN_MAX (1 + 63 + 32 + 2 + BACKUP_DEVICE_KEY_MAX)

wick_status backup_pbkdf2(uint8_t out[32], const wick_hal_crypto *crypto, wick_span passphrase,
                          wick_span salt, uint32_t iterations)
{
    static const uint8_t first[4] = {0, 0, 0, 1}; /* INT(1): one block is all that is asked for */
    wick_hmac_key key;
    wick_hmac h;
    uint8_t u[32];
    wick_status s = wick_hmac_key_init(&key, crypto, WICK_HASH_SHA256, passphrase);
    if (s != WICK_OK) {
        return s;
    }
    wick_hmac_begin(&h, &key);
    wick_hmac_update(&h, salt);
    wick_hmac_update(&h, wick_span_make(first, sizeof first));
    s = wick_hmac_finish(&h, u);
    memcpy(out, u, 32);
    for (uint32_t i = 1; i < iterations && s == WICK_OK; i++) {
        wick_hmac_begin(&h, &key);
        wick_hmac_update(&h, wick_span_make(u, sizeof u));
        s = wick_hmac_finish(&h, u);
        for (size_t j = 0; j < 32; j++) {
            out[j] ^= u[j];
        }
    }
    wick_hmac_key_wipe(&key);
    wick_wipe(u, sizeof u);
    if (s != WICK_OK) {
        wick_wipe(out, 32);
    }
    return s;
}

wick_status backup_seal(wick_buf *out, const backup_keys *keys, wick_span passphrase,
                        uint32_t iterations, const wick_hal_crypto *crypto,
                        const uint8_t salt[BACKUP_SALT_BYTES])
{
    static const uint8_t nonce[WICK_AEAD_NONCE_BYTES] = {0};
    uint8_t head[HEAD_BYTES], plain[PLAIN_MAX], sealed[PLAIN_MAX + WICK_AEAD_TAG_BYTES], key[32];
    size_t name = strlen(keys->name), n = 0;
    if (iterations < BACKUP_ITERATIONS_MIN || iterations > BACKUP_ITERATIONS_MAX ||
        wick_name_check(wick_span_text(keys->name)) != WICK_OK ||
        (keys->device_len != 32 && keys->device_len != BACKUP_DEVICE_KEY_MAX)) {
        return WICK_E_BAD_ARG;
    }
    memcpy(head, magic, MAGIC_BYTES);
    wick_store_be32(head + MAGIC_BYTES, iterations);
    memcpy(head + MAGIC_BYTES + 4, salt, BACKUP_SALT_BYTES);
    plain[n++] = (uint8_t)name;
    memcpy(plain + n, keys->name, name);
    n += name;
    memcpy(plain + n, keys->wallet, 32);
    n += 32;
    wick_store_be16(plain + n, (uint16_t)keys->device_len);
    memcpy(plain + n + 2, keys->device, keys->device_len);
    n += 2 + keys->device_len;
    wick_status s = backup_pbkdf2(key, crypto, passphrase, wick_span_make(salt, BACKUP_SALT_BYTES),
                                  iterations);
    if (s == WICK_OK) {
        s = crypto->aead_seal(crypto->ctx, WICK_AEAD_CHACHA20_POLY1305, sealed, key, nonce,
                              wick_span_make(head, sizeof head), wick_span_make(plain, n));
    }
    if (s == WICK_OK) {
        wick_buf_put(out, head, sizeof head);
        wick_buf_put(out, sealed, n + WICK_AEAD_TAG_BYTES);
        s = wick_buf_status(out);
    }
    wick_wipe(plain, sizeof plain);
    wick_wipe(key, sizeof key);
    return s;
}

static wick_status take(backup_keys *out, const uint8_t *plain, size_t len)
{
    size_t name = len > 0 ? plain[0] : 0;
    if (name == 0 || name >= sizeof out->name || len < 1 + name + 32 + 2) {
        return WICK_E_MALFORMED;
    }
    memcpy(out->name, plain + 1, name);
    memcpy(out->wallet, plain + 1 + name, 32);
    const uint8_t *device = plain + 1 + name + 32;
    out->device_len = wick_load_be16(device);
    if ((out->device_len != 32 && out->device_len != BACKUP_DEVICE_KEY_MAX) ||
        len != 1 + name + 32 + 2 + out->device_len ||
        wick_name_check(wick_span_text(out->name)) != WICK_OK) {
        return WICK_E_MALFORMED;
    }
    memcpy(out->device, device + 2, out->device_len);
    return WICK_OK;
}

wick_status backup_open(backup_keys *out, wick_span bytes, wick_span passphrase,
                        const wick_hal_crypto *crypto)
{
    static const uint8_t nonce[WICK_AEAD_NONCE_BYTES] = {0};
    uint8_t plain[PLAIN_MAX], key[32];
    memset(out, 0, sizeof *out);
    if (bytes.len < HEAD_BYTES + WICK_AEAD_TAG_BYTES || memcmp(bytes.ptr, magic, MAGIC_BYTES) != 0) {
        return WICK_E_UNSUPPORTED;
    }
    uint32_t iterations = wick_load_be32(bytes.ptr + MAGIC_BYTES);
    wick_span sealed = wick_span_make(bytes.ptr + HEAD_BYTES, bytes.len - HEAD_BYTES);
    if (sealed.len > sizeof plain + WICK_AEAD_TAG_BYTES || iterations > BACKUP_ITERATIONS_MAX ||
        iterations < BACKUP_ITERATIONS_MIN) {
        return WICK_E_LIMIT;
    }
    wick_status s = backup_pbkdf2(key, crypto, passphrase,
                                  wick_span_make(bytes.ptr + MAGIC_BYTES + 4, BACKUP_SALT_BYTES),
                                  iterations);
    if (s == WICK_OK) {
        s = crypto->aead_open(crypto->ctx, WICK_AEAD_CHACHA20_POLY1305, plain, key, nonce,
                              wick_span_make(bytes.ptr, HEAD_BYTES), sealed);
    }
    if (s == WICK_OK) {
        s = take(out, plain, sealed.len - WICK_AEAD_TAG_BYTES);
    }
    wick_wipe(plain, sizeof plain);
    wick_wipe(key, sizeof key);
    if (s != WICK_OK) {
        wick_wipe(out, sizeof *out);
    }
    return s;
}
