/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading STUN messages: RFC 8489 sections 5 and 14, attributes of RFC 8656 section 18, of RFC 5780,
 * 6062 and 8016 by name and length.
 */
#include "wick/stun.h"

#include <string.h>

#include "stun_internal.h"

#define NONE WICK_STUN_ATTRS
#define ANY 65535

/* Number on the wire and shortest and longest value, in the order of wick_stun_attr. */
static const struct {
    uint16_t type, min, max;
} attrs[WICK_STUN_ATTRS] = {
    [WICK_STUN_MAPPED_ADDRESS] = {0x0001, 8, 20},
    [WICK_STUN_CHANGE_REQUEST] = {0x0003, 4, 4},
    [WICK_STUN_USERNAME] = {0x0006, 0, 512},
    [WICK_STUN_MESSAGE_INTEGRITY] = {0x0008, 20, 20},
    [WICK_STUN_ERROR_CODE] = {0x0009, 4, 4 + 763},
    [WICK_STUN_UNKNOWN_ATTRIBUTES] = {0x000A, 0, ANY},
    [WICK_STUN_CHANNEL_NUMBER] = {0x000C, 4, 4},
    [WICK_STUN_LIFETIME] = {0x000D, 4, 4},
    [WICK_STUN_XOR_PEER_ADDRESS] = {0x0012, 8, 20},
    [WICK_STUN_DATA_ATTR] = {0x0013, 0, ANY},
    [WICK_STUN_REALM] = {0x0014, 0, 763},
    [WICK_STUN_NONCE] = {0x0015, 0, 763},
    [WICK_STUN_XOR_RELAYED_ADDRESS] = {0x0016, 8, 20},
    [WICK_STUN_REQUESTED_ADDRESS_FAMILY] = {0x0017, 4, 4},
    [WICK_STUN_EVEN_PORT] = {0x0018, 1, 1},
    [WICK_STUN_REQUESTED_TRANSPORT] = {0x0019, 4, 4},
    [WICK_STUN_DONT_FRAGMENT] = {0x001A, 0, 0},
    [WICK_STUN_MESSAGE_INTEGRITY_SHA256] = {0x001C, 16, 32},
    [WICK_STUN_PASSWORD_ALGORITHM] = {0x001D, 4, ANY},
    [WICK_STUN_USERHASH] = {0x001E, 32, 32},
    [WICK_STUN_XOR_MAPPED_ADDRESS] = {0x0020, 8, 20},
    [WICK_STUN_RESERVATION_TOKEN] = {0x0022, 8, 8},
    [WICK_STUN_PADDING] = {0x0026, 0, ANY},
    [WICK_STUN_RESPONSE_PORT] = {0x0027, 2, 4},
    [WICK_STUN_CONNECTION_ID] = {0x002A, 4, 4},
    [WICK_STUN_ADDITIONAL_ADDRESS_FAMILY] = {0x8000, 4, 4},
    [WICK_STUN_ADDRESS_ERROR_CODE] = {0x8001, 4, 4 + 763},
    [WICK_STUN_PASSWORD_ALGORITHMS] = {0x8002, 4, ANY},
    [WICK_STUN_ALTERNATE_DOMAIN] = {0x8003, 0, 255},
    [WICK_STUN_ICMP] = {0x8004, 8, 8},
    [WICK_STUN_SOFTWARE] = {0x8022, 0, 763},
    [WICK_STUN_ALTERNATE_SERVER] = {0x8023, 8, 20},
    [WICK_STUN_FINGERPRINT] = {0x8028, 4, 4},
    [WICK_STUN_RESPONSE_ORIGIN] = {0x802B, 8, 20},
    [WICK_STUN_OTHER_ADDRESS] = {0x802C, 8, 20},
    [WICK_STUN_MOBILITY_TICKET] = {0x8030, 0, ANY},
};

/* Index + 1 by number, for both halves of the number space, so that a look-up is one load. */
#define SPAN 0x31
#define AT(attr) ((uint8_t)((attr) + 1))
static const uint8_t required[SPAN] = {
    [0x01] = AT(WICK_STUN_MAPPED_ADDRESS),
    [0x03] = AT(WICK_STUN_CHANGE_REQUEST),
    [0x06] = AT(WICK_STUN_USERNAME),
    [0x08] = AT(WICK_STUN_MESSAGE_INTEGRITY),
    [0x09] = AT(WICK_STUN_ERROR_CODE),
    [0x0A] = AT(WICK_STUN_UNKNOWN_ATTRIBUTES),
    [0x0C] = AT(WICK_STUN_CHANNEL_NUMBER),
    [0x0D] = AT(WICK_STUN_LIFETIME),
    [0x12] = AT(WICK_STUN_XOR_PEER_ADDRESS),
    [0x13] = AT(WICK_STUN_DATA_ATTR),
    [0x14] = AT(WICK_STUN_REALM),
    [0x15] = AT(WICK_STUN_NONCE),
    [0x16] = AT(WICK_STUN_XOR_RELAYED_ADDRESS),
    [0x17] = AT(WICK_STUN_REQUESTED_ADDRESS_FAMILY),
    [0x18] = AT(WICK_STUN_EVEN_PORT),
    [0x19] = AT(WICK_STUN_REQUESTED_TRANSPORT),
    [0x1A] = AT(WICK_STUN_DONT_FRAGMENT),
    [0x1C] = AT(WICK_STUN_MESSAGE_INTEGRITY_SHA256),
    [0x1D] = AT(WICK_STUN_PASSWORD_ALGORITHM),
    [0x1E] = AT(WICK_STUN_USERHASH),
    [0x20] = AT(WICK_STUN_XOR_MAPPED_ADDRESS),
    [0x22] = AT(WICK_STUN_RESERVATION_TOKEN),
    [0x26] = AT(WICK_STUN_PADDING),
    [0x27] = AT(WICK_STUN_RESPONSE_PORT),
    [0x2A] = AT(WICK_STUN_CONNECTION_ID),
};
static const uint8_t optional[SPAN] = {
    [0x00] = AT(WICK_STUN_ADDITIONAL_ADDRESS_FAMILY),
    [0x01] = AT(WICK_STUN_ADDRESS_ERROR_CODE),
    [0x02] = AT(WICK_STUN_PASSWORD_ALGORITHMS),
    [0x03] = AT(WICK_STUN_ALTERNATE_DOMAIN),
    [0x04] = AT(WICK_STUN_ICMP),
    [0x22] = AT(WICK_STUN_SOFTWARE),
    [0x23] = AT(WICK_STUN_ALTERNATE_SERVER),
    [0x28] = AT(WICK_STUN_FINGERPRINT),
    [0x2B] = AT(WICK_STUN_RESPONSE_ORIGIN),
    [0x2C] = AT(WICK_STUN_OTHER_ADDRESS),
    [0x30] = AT(WICK_STUN_MOBILITY_TICKET),
};

_Static_assert(WICK_STUN_ATTRS <= 64, "one bit each in wick_stun_msg.present");
_Static_assert(sizeof(wick_stun_msg) <= 256, "a view stays small");

#define BIT(attr) (UINT64_C(1) << (attr))
#define REQUIRED_BELOW 0x8000u

wick_stun_attr wick_stun_attr_of(uint16_t type)
{
    unsigned low = type & (REQUIRED_BELOW - 1u);
    if (low >= SPAN) {
        return NONE;
    }
    unsigned at = type < REQUIRED_BELOW ? required[low] : optional[low];
    return at == 0 ? NONE : (wick_stun_attr)(at - 1);
}

uint16_t wick_stun_attr_type(wick_stun_attr attr)
{
    return attrs[attr].type;
}

bool wick_stun_is(wick_span in)
{
    return in.len >= WICK_STUN_HEADER_BYTES && (in.ptr[0] & 0xC0u) == 0 &&
           wick_load_be32(in.ptr + 4) == WICK_STUN_COOKIE;
}

#define ENDING                                                                                     \
    (BIT(WICK_STUN_MESSAGE_INTEGRITY) | BIT(WICK_STUN_MESSAGE_INTEGRITY_SHA256) |                  \
     BIT(WICK_STUN_FINGERPRINT))

/* Attributes that still count behind one of ENDING: what comes after integrity is not protected by
 * it (RFC 8489 sections 14.5 and 14.6), and nothing comes after FINGERPRINT. */
static uint64_t still_open(uint64_t open, wick_stun_attr attr)
{
    if (attr == WICK_STUN_FINGERPRINT) {
        return 0;
    }
    if (attr == WICK_STUN_MESSAGE_INTEGRITY) {
        return open & (BIT(WICK_STUN_MESSAGE_INTEGRITY_SHA256) | BIT(WICK_STUN_FINGERPRINT));
    }
    return open & BIT(WICK_STUN_FINGERPRINT);
}

static void note_unknown(wick_stun_msg *m, unsigned type)
{
    if (m->unknown_count < WICK_STUN_UNKNOWN_MAX) {
        m->unknown[m->unknown_count] = (uint16_t)type;
    }
    if (m->unknown_count < UINT8_MAX) {
        m->unknown_count++;
    }
}

/* The attributes of a message whose header is in order; total is a multiple of 4. */
static wick_status read_attributes(wick_stun_msg *m, const uint8_t *p, unsigned total)
{
    uint64_t open = UINT64_MAX;
    uint64_t present = 0;
    unsigned pos = WICK_STUN_HEADER_BYTES;
    while (pos < total) {
        unsigned type = wick_load_be16(p + pos);
        unsigned len = wick_load_be16(p + pos + 2);
        unsigned at = pos + 4;
        if (len > total - at || open == 0) {
            return WICK_E_MALFORMED;
        }
        pos = at + ((len + 3u) & ~3u);
        wick_stun_attr attr = wick_stun_attr_of((uint16_t)type);
        if (attr == NONE) {
            if (type < REQUIRED_BELOW && open == UINT64_MAX) {
                note_unknown(m, type);
            }
            continue;
        }
        uint64_t bit = BIT(attr);
        if ((open & bit & ~present) == 0) {
            continue;
        }
        if (len < attrs[attr].min || len > attrs[attr].max) {
            return WICK_E_MALFORMED;
        }
        present |= bit;
        m->attr[attr].off = (uint16_t)at;
        m->attr[attr].len = (uint16_t)len;
        if ((bit & ENDING) != 0) {
            open = still_open(open, attr);
        }
    }
    m->present = present;
    return WICK_OK;
}

wick_status wick_stun_decode(wick_stun_msg *m, wick_span in)
{
    m->ptr = in.ptr;
    m->present = 0;
    m->len = 0;
    m->method = 0;
    m->cls = 0;
    m->unknown_count = 0;
    if (in.len < WICK_STUN_HEADER_BYTES) {
        return WICK_E_TRUNCATED;
    }
    if (!wick_stun_is(in)) {
        return WICK_E_STUN_COOKIE;
    }
    unsigned total = WICK_STUN_HEADER_BYTES + (unsigned)wick_load_be16(in.ptr + 2);
    if (total % 4 != 0) {
        return WICK_E_MALFORMED;
    }
    if (total > WICK_STUN_MAX_BYTES) {
        return WICK_E_LIMIT;
    }
    if (total != in.len) {
        return total > in.len ? WICK_E_TRUNCATED : WICK_E_TRAILING;
    }
    wick_status status = read_attributes(m, in.ptr, total);
    if (status != WICK_OK) {
        m->unknown_count = 0;
        return status;
    }
    /* Class bits C1 and C0 sit at 8 and 4 among the method's 12 bits (RFC 8489 section 5). */
    unsigned type = wick_load_be16(in.ptr);
    m->len = (uint16_t)total;
    m->method = (uint16_t)((type & 0x000Fu) | ((type >> 1) & 0x0070u) | ((type >> 2) & 0x0F80u));
    m->cls = (uint8_t)(((type >> 7) & 2u) | ((type >> 4) & 1u));
    return WICK_OK;
}

wick_span wick_stun_get(const wick_stun_msg *m, wick_stun_attr attr)
{
    if (!wick_stun_has(m, attr)) {
        return wick_span_make(NULL, 0);
    }
    return wick_span_make(m->ptr + m->attr[attr].off, m->attr[attr].len);
}

wick_status wick_stun_get_u32(uint32_t *out, const wick_stun_msg *m, wick_stun_attr attr)
{
    wick_span v = wick_stun_get(m, attr);
    if (v.ptr == NULL) {
        return WICK_E_NOT_FOUND;
    }
    if (attrs[attr].min != 4 || attrs[attr].max != 4) {
        return WICK_E_BAD_ARG;
    }
    *out = wick_load_be32(v.ptr);
    return WICK_OK;
}

/* IPv4 in its fast lane: nearly all addresses are of this kind, and each datagram has one. */
static void read_v4(wick_addr *out, const uint8_t *value, bool xored)
{
    static const uint8_t prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    uint32_t key = xored ? WICK_STUN_COOKIE : 0;
    memcpy(out->ip, prefix, sizeof prefix);
    wick_store_be32(out->ip + sizeof prefix, wick_load_be32(value + 4) ^ key);
    out->port = (uint16_t)(wick_load_be16(value + 2) ^ (key >> 16));
}

static wick_status read_v6(wick_addr *out, const uint8_t *value, const wick_stun_msg *m, bool xored)
{
    wick_addr a;
    memcpy(a.ip, value + 4, sizeof a.ip);
    a.port = wick_load_be16(value + 2);
    if (xored) {
        /* The key stream is the cookie and the transaction id behind it. */
        const uint8_t *key = m->ptr + 4;
        a.port = (uint16_t)(a.port ^ wick_load_be16(key));
        for (size_t i = 0; i < sizeof a.ip; i++) {
            a.ip[i] = (uint8_t)(a.ip[i] ^ key[i]);
        }
    }
    if (wick_addr_is_v4(&a)) {
        return WICK_E_NON_CANONICAL; /* an IPv4 address has its own family; one form only */
    }
    *out = a;
    return WICK_OK;
}

wick_status wick_stun_read_addr(wick_addr *out, wick_span value, const wick_stun_msg *m,
                                wick_stun_attr attr)
{
    if (value.len == 8 && value.ptr[1] == WICK_STUN_FAMILY_IPV4) {
        read_v4(out, value.ptr, wick_stun_is_xor(attr));
        return WICK_OK;
    }
    if (value.len == 20 && value.ptr[1] == WICK_STUN_FAMILY_IPV6) {
        return read_v6(out, value.ptr, m, wick_stun_is_xor(attr));
    }
    if (value.len >= 4 && value.ptr[1] != WICK_STUN_FAMILY_IPV4 &&
        value.ptr[1] != WICK_STUN_FAMILY_IPV6) {
        return WICK_E_UNSUPPORTED;
    }
    return WICK_E_MALFORMED;
}

wick_status wick_stun_get_addr(wick_addr *out, const wick_stun_msg *m, wick_stun_attr attr)
{
    wick_span v = wick_stun_get(m, attr);
    if (v.ptr == NULL) {
        return WICK_E_NOT_FOUND;
    }
    return wick_stun_read_addr(out, v, m, attr);
}

wick_status wick_stun_read_code(uint16_t *code, const uint8_t value[4])
{
    unsigned hundreds = value[2] & 7u;
    unsigned rest = value[3];
    if (hundreds < 3 || hundreds > 6 || rest > 99) {
        return WICK_E_MALFORMED;
    }
    *code = (uint16_t)(hundreds * 100 + rest);
    return WICK_OK;
}

wick_status wick_stun_get_error(uint16_t *code, wick_span *reason, const wick_stun_msg *m)
{
    wick_span v = wick_stun_get(m, WICK_STUN_ERROR_CODE);
    if (v.ptr == NULL) {
        return WICK_E_NOT_FOUND;
    }
    wick_status s = wick_stun_read_code(code, v.ptr);
    if (s == WICK_OK && reason != NULL) {
        *reason = wick_span_make(v.ptr + 4, v.len - 4);
    }
    return s;
}

bool wick_stun_next(wick_stun_walk *walk, const wick_stun_msg *m)
{
    unsigned pos = walk->pos == 0 ? WICK_STUN_HEADER_BYTES : walk->pos;
    if (pos >= m->len) {
        return false;
    }
    unsigned len = wick_load_be16(m->ptr + pos + 2);
    walk->type = wick_load_be16(m->ptr + pos);
    walk->value = wick_span_make(m->ptr + pos + 4, len);
    walk->pos = (uint16_t)(pos + 4 + ((len + 3u) & ~3u));
    return true;
}

/* ---- integrity ---- */

/* Hashes the message up to the integrity attribute at `end`, with the length that it had when that
 * attribute of `attr_bytes` was its last one, and compares. */
static wick_status check_mac(const wick_stun_msg *m, const wick_hmac_key *key, wick_stun_attr attr,
                             wick_hash_alg alg)
{
    uint8_t head[WICK_STUN_HEADER_BYTES];
    wick_hmac h;
    wick_span value = wick_stun_get(m, attr);
    if (key->alg != alg) {
        return WICK_E_BAD_ARG;
    }
    if (value.ptr == NULL || value.len % 4 != 0) {
        return WICK_E_STUN_INTEGRITY;
    }
    size_t before = (size_t)m->attr[attr].off - 4;
    memcpy(head, m->ptr, sizeof head);
    wick_store_be16(head + 2, (uint16_t)(before + 4 + value.len - sizeof head));
    wick_hmac_begin(&h, key);
    wick_hmac_update(&h, wick_span_make(head, sizeof head));
    wick_hmac_update(&h, wick_span_make(m->ptr + sizeof head, before - sizeof head));
    wick_status status = wick_hmac_verify(&h, value);
    return status == WICK_E_AUTH ? WICK_E_STUN_INTEGRITY : status;
}

wick_status wick_stun_check_integrity(const wick_stun_msg *m, const wick_hmac_key *key)
{
    return check_mac(m, key, WICK_STUN_MESSAGE_INTEGRITY, WICK_HASH_SHA1);
}

wick_status wick_stun_check_integrity_sha256(const wick_stun_msg *m, const wick_hmac_key *key)
{
    return check_mac(m, key, WICK_STUN_MESSAGE_INTEGRITY_SHA256, WICK_HASH_SHA256);
}

wick_status wick_stun_check_fingerprint(const wick_stun_msg *m)
{
    wick_span v = wick_stun_get(m, WICK_STUN_FINGERPRINT);
    if (v.ptr == NULL) {
        return WICK_E_NOT_FOUND;
    }
    uint32_t crc = wick_crc32(wick_span_make(m->ptr, (size_t)m->len - 8));
    return (crc ^ WICK_STUN_FINGERPRINT_XOR) == wick_load_be32(v.ptr) ? WICK_OK
                                                                      : WICK_E_STUN_FINGERPRINT;
}
