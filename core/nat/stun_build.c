/* SPDX-License-Identifier: Apache-2.0 */
/* Writing STUN messages: RFC 8489 sections 5 and 14. */
#include <string.h>

#include "stun_internal.h"

/* Longest value of one attribute: the message must stay below WICK_STUN_MAX_BYTES with it. */
#define VALUE_MAX 65000u
#define REASON_MAX 763u

/* Makes room for len bytes. NULL when measuring, when full, and after an error. */
static uint8_t *take(wick_stun_build *s, size_t len)
{
    wick_buf *b = s->buf;
    size_t at = b->len;
    if (s->status != WICK_OK) {
        return NULL;
    }
    b->len = at > SIZE_MAX - len ? SIZE_MAX : at + len;
    return (b->ptr == NULL || b->len > b->cap) ? NULL : b->ptr + at;
}

/* Header of an attribute and room for its padded value; the padding is zeroed. */
static uint8_t *take_attr(wick_stun_build *s, uint16_t type, size_t len)
{
    uint8_t *p = take(s, 4 + ((len + 3u) & ~(size_t)3u));
    if (p == NULL) {
        return NULL;
    }
    wick_store_be16(p, type);
    wick_store_be16(p + 2, (uint16_t)len);
    if (len % 4 != 0) {
        memset(p + 4 + (len & ~(size_t)3u), 0, 4);
    }
    return p + 4;
}

/* Sets the length field for a message that will end `more` bytes behind what is written. */
static void set_length(wick_stun_build *s, size_t more)
{
    size_t len = s->buf->len - s->start + more;
    if (s->status != WICK_OK || s->buf->ptr == NULL || s->buf->len > s->buf->cap) {
        return;
    }
    if (len > WICK_STUN_MAX_BYTES) {
        s->status = WICK_E_BAD_ARG;
        return;
    }
    wick_store_be16(s->buf->ptr + s->start + 2, (uint16_t)(len - WICK_STUN_HEADER_BYTES));
}

void wick_stun_begin(wick_stun_build *s, wick_buf *buf, uint16_t method, wick_stun_class cls,
                     const uint8_t tid[WICK_STUN_TID_BYTES])
{
    unsigned m = method;
    unsigned c = (unsigned)cls;
    s->buf = buf;
    s->start = buf->len;
    s->status = m > 0xFFFu || c > 3u ? WICK_E_BAD_ARG : WICK_OK;
    uint8_t *p = take(s, WICK_STUN_HEADER_BYTES);
    if (p == NULL) {
        return;
    }
    wick_store_be16(p, (uint16_t)((m & 0x000Fu) | ((m & 0x0070u) << 1) | ((m & 0x0F80u) << 2) |
                                  ((c & 1u) << 4) | ((c & 2u) << 7)));
    wick_store_be16(p + 2, 0);
    wick_store_be32(p + 4, WICK_STUN_COOKIE);
    memcpy(p + 8, tid, WICK_STUN_TID_BYTES);
}

void wick_stun_put_raw(wick_stun_build *s, uint16_t type, wick_span value)
{
    if (value.len > VALUE_MAX) {
        s->status = WICK_E_BAD_ARG;
        return;
    }
    uint8_t *p = take_attr(s, type, value.len);
    if (p != NULL && value.len != 0) {
        memcpy(p, value.ptr, value.len);
    }
}

void wick_stun_put(wick_stun_build *s, wick_stun_attr attr, wick_span value)
{
    wick_stun_put_raw(s, wick_stun_attr_type(attr), value);
}

void wick_stun_put_u32(wick_stun_build *s, wick_stun_attr attr, uint32_t value)
{
    uint8_t *p = take_attr(s, wick_stun_attr_type(attr), 4);
    if (p != NULL) {
        wick_store_be32(p, value);
    }
}

void wick_stun_put_addr(wick_stun_build *s, wick_stun_attr attr, const wick_addr *addr)
{
    bool v4 = wick_addr_is_v4(addr);
    size_t ip_bytes = v4 ? 4 : 16;
    const uint8_t *ip = addr->ip + (sizeof addr->ip - ip_bytes);
    uint8_t *p = take_attr(s, wick_stun_attr_type(attr), 4 + ip_bytes);
    if (p == NULL) {
        return;
    }
    p[0] = 0;
    p[1] = v4 ? WICK_STUN_FAMILY_IPV4 : WICK_STUN_FAMILY_IPV6;
    wick_store_be16(p + 2, addr->port);
    memcpy(p + 4, ip, ip_bytes);
    if (wick_stun_is_xor(attr)) {
        const uint8_t *key = s->buf->ptr + s->start + 4;
        for (size_t i = 0; i < 2; i++) {
            p[2 + i] = (uint8_t)(p[2 + i] ^ key[i]);
        }
        for (size_t i = 0; i < ip_bytes; i++) {
            p[4 + i] = (uint8_t)(p[4 + i] ^ key[i]);
        }
    }
}

void wick_stun_put_error(wick_stun_build *s, uint16_t code, const char *reason)
{
    size_t len = 0;
    while (len <= REASON_MAX && reason[len] != '\0') {
        len++;
    }
    if (code < 300 || code > 699 || len > REASON_MAX) {
        s->status = WICK_E_BAD_ARG;
        return;
    }
    uint8_t *p = take_attr(s, wick_stun_attr_type(WICK_STUN_ERROR_CODE), 4 + len);
    if (p == NULL) {
        return;
    }
    wick_store_be16(p, 0);
    p[2] = (uint8_t)(code / 100);
    p[3] = (uint8_t)(code % 100);
    if (len != 0) {
        memcpy(p + 4, reason, len);
    }
}

/* The length field counts the integrity attribute while it is computed (RFC 8489 section 14.5). */
static void put_mac(wick_stun_build *s, wick_stun_attr attr, const wick_hmac_key *key,
                    wick_hash_alg alg)
{
    wick_hmac h;
    size_t end = s->buf->len;
    size_t bytes = wick_hash_bytes(alg);
    if (s->status == WICK_OK && key->alg != alg) {
        s->status = WICK_E_BAD_ARG;
    }
    set_length(s, 4 + bytes);
    uint8_t *p = take_attr(s, wick_stun_attr_type(attr), bytes);
    if (p == NULL) {
        return;
    }
    wick_hmac_begin(&h, key);
    wick_hmac_update(&h, wick_span_make(s->buf->ptr + s->start, end - s->start));
    s->status = wick_hmac_finish(&h, p);
}

void wick_stun_put_integrity(wick_stun_build *s, const wick_hmac_key *key)
{
    put_mac(s, WICK_STUN_MESSAGE_INTEGRITY, key, WICK_HASH_SHA1);
}

void wick_stun_put_integrity_sha256(wick_stun_build *s, const wick_hmac_key *key)
{
    put_mac(s, WICK_STUN_MESSAGE_INTEGRITY_SHA256, key, WICK_HASH_SHA256);
}

void wick_stun_put_fingerprint(wick_stun_build *s)
{
    size_t end = s->buf->len;
    set_length(s, 8);
    uint8_t *p = take_attr(s, wick_stun_attr_type(WICK_STUN_FINGERPRINT), 4);
    if (p != NULL) {
        wick_span text = wick_span_make(s->buf->ptr + s->start, end - s->start);
        wick_store_be32(p, wick_crc32(text) ^ WICK_STUN_FINGERPRINT_XOR);
    }
}

wick_status wick_stun_end(wick_stun_build *s)
{
    set_length(s, 0);
    return s->status != WICK_OK ? s->status : wick_buf_status(s->buf);
}
