/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device and manager words. Big-endian, so the field at the least significant end is last:
 *   org 1 | epoch 4 | notAfter 5 | flags 1 | keyType 1 | owner 20
 */
#include <string.h>

#include "wick/record.h"

#define AT_ORG 0
#define AT_EPOCH 1
#define AT_NOT_AFTER 5
#define AT_FLAGS 10
#define AT_KEY_TYPE 11
#define AT_OWNER 12

#define UINT40_MAX ((UINT64_C(1) << 40) - 1)

/* Field prime of secp256k1 (SEC 2, 2.4.1). */
static const uint8_t field_prime[32] = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xfc, 0x2f};

static bool is_zero(const uint8_t *p, size_t len)
{
    return wick_ct_is_zero(p, len);
}

static bool is_x_coordinate(const uint8_t x32[32])
{
    return !is_zero(x32, 32) && memcmp(x32, field_prime, 32) < 0;
}

static uint64_t load_be40(const uint8_t *p)
{
    return ((uint64_t)p[0] << 32) | wick_load_be32(p + 1);
}

static void store_be40(uint8_t *p, uint64_t v)
{
    p[0] = (uint8_t)(v >> 32);
    wick_store_be32(p + 1, (uint32_t)v);
}

/* The rules that every stored record obeys, whatever it says. */
static bool is_consistent(const wick_device *d)
{
    if (is_zero(d->owner, sizeof d->owner) || d->epoch == 0 || d->not_after == 0 ||
        d->not_after > UINT40_MAX || d->key_type < WICK_KEY_TYPE_RSA2048 ||
        d->key_type > WICK_KEY_TYPE_P256) {
        return false;
    }
    if ((d->flags & WICK_DEVICE_FLAG_REVOKED) != 0) {
        /* Its key is void, so nobody looks at it. */
        return d->flags == WICK_DEVICE_FLAG_REVOKED ||
               (d->flags == (WICK_DEVICE_FLAG_REVOKED | WICK_DEVICE_FLAG_ODD) &&
                d->key_type == WICK_KEY_TYPE_SECP256K1);
    }
    if (d->key_type == WICK_KEY_TYPE_SECP256K1) {
        return d->flags <= WICK_DEVICE_FLAG_ODD && is_x_coordinate(d->key);
    }
    return d->flags == 0 && !is_zero(d->key, sizeof d->key);
}

wick_status wick_device_decode(wick_device *out, const uint8_t word0[32], const uint8_t word1[32])
{
    if (is_zero(word0, 32) && is_zero(word1, 32)) {
        memset(out, 0, sizeof *out);
        return WICK_E_RECORD_ABSENT;
    }
    memcpy(out->owner, word0 + AT_OWNER, sizeof out->owner);
    memcpy(out->key, word1, sizeof out->key);
    out->key_type = word0[AT_KEY_TYPE];
    out->flags = word0[AT_FLAGS];
    out->org = word0[AT_ORG];
    out->epoch = wick_load_be32(word0 + AT_EPOCH);
    out->not_after = load_be40(word0 + AT_NOT_AFTER);
    if (!is_consistent(out)) {
        memset(out, 0, sizeof *out);
        return WICK_E_RECORD_INVALID;
    }
    return (out->flags & WICK_DEVICE_FLAG_REVOKED) != 0 ? WICK_E_RECORD_REVOKED : WICK_OK;
}

wick_status wick_device_encode(uint8_t word0[32], uint8_t word1[32], const wick_device *device)
{
    memset(word0, 0, 32);
    memset(word1, 0, 32);
    if (!is_consistent(device)) {
        return WICK_E_RECORD_INVALID;
    }
    memcpy(word0 + AT_OWNER, device->owner, sizeof device->owner);
    memcpy(word1, device->key, sizeof device->key);
    word0[AT_KEY_TYPE] = device->key_type;
    word0[AT_FLAGS] = device->flags;
    word0[AT_ORG] = device->org;
    wick_store_be32(word0 + AT_EPOCH, device->epoch);
    store_be40(word0 + AT_NOT_AFTER, device->not_after);
    return WICK_OK;
}

wick_status wick_device_pub33(uint8_t pub33[33], const wick_device *device)
{
    memset(pub33, 0, 33);
    if ((device->flags & WICK_DEVICE_FLAG_REVOKED) != 0) {
        return WICK_E_RECORD_REVOKED;
    }
    if (device->key_type != WICK_KEY_TYPE_SECP256K1) {
        return WICK_E_UNSUPPORTED;
    }
    if (!is_x_coordinate(device->key)) {
        return WICK_E_BAD_KEY;
    }
    pub33[0] = (device->flags & WICK_DEVICE_FLAG_ODD) != 0 ? 3 : 2;
    memcpy(pub33 + 1, device->key, 32);
    return WICK_OK;
}

wick_status wick_device_set_pub33(wick_device *device, const uint8_t pub33[33])
{
    if ((pub33[0] != 2 && pub33[0] != 3) || !is_x_coordinate(pub33 + 1)) {
        return WICK_E_BAD_KEY;
    }
    device->key_type = WICK_KEY_TYPE_SECP256K1;
    device->flags = pub33[0] == 3 ? WICK_DEVICE_FLAG_ODD : 0;
    memcpy(device->key, pub33 + 1, 32);
    return WICK_OK;
}

wick_status wick_device_check(const wick_device *device, const wick_record_seen *seen,
                              uint64_t now_s)
{
    if (device->epoch < seen->epoch) {
        return WICK_E_RECORD_STALE;
    }
    if ((device->flags & WICK_DEVICE_FLAG_REVOKED) != 0) {
        return WICK_E_RECORD_REVOKED;
    }
    return device->not_after <= now_s ? WICK_E_RECORD_EXPIRED : WICK_OK;
}

/* managers[org]: unused 7 | org 1 | epoch 4 | address 20 */
wick_status wick_manager_decode(wick_manager *out, const uint8_t word[32])
{
    memset(out, 0, sizeof *out);
    if (is_zero(word, 32)) {
        return WICK_E_RECORD_ABSENT;
    }
    if (!is_zero(word, 7) || wick_load_be32(word + 8) == 0 || is_zero(word + 12, 20)) {
        return WICK_E_RECORD_INVALID;
    }
    out->org = word[7];
    out->epoch = wick_load_be32(word + 8);
    memcpy(out->address, word + 12, sizeof out->address);
    return WICK_OK;
}
