/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes that few messages carry, read and written: families and their errors, ICMP, EVEN-PORT,
 * UNKNOWN-ATTRIBUTES (RFC 8656 section 18, RFC 8489 section 14). Apart from the codec, so that who
 * needs none of them does not carry them.
 */
#include "stun_internal.h"

#include <string.h>

wick_status wick_stun_get_address_error(uint8_t *family, uint16_t *code, const wick_stun_msg *m)
{
    wick_span v = wick_stun_get(m, WICK_STUN_ADDRESS_ERROR_CODE);
    if (v.ptr == NULL) {
        return WICK_E_NOT_FOUND;
    }
    wick_status s = wick_stun_read_code(code, v.ptr);
    if (s == WICK_OK) {
        *family = v.ptr[0];
    }
    return s;
}

wick_status wick_stun_get_icmp(uint8_t *type, uint16_t *code, uint32_t *data,
                               const wick_stun_msg *m)
{
    wick_span v = wick_stun_get(m, WICK_STUN_ICMP);
    if (v.ptr == NULL) {
        return WICK_E_NOT_FOUND;
    }
    unsigned both = wick_load_be16(v.ptr + 2);
    *type = (uint8_t)(both >> 9);
    *code = (uint16_t)(both & 0x1FFu);
    *data = wick_load_be32(v.ptr + 4);
    return WICK_OK;
}

void wick_stun_put_family(wick_stun_build *s, wick_stun_attr attr, uint8_t family)
{
    wick_stun_put_u32(s, attr, (uint32_t)family << 24);
}

void wick_stun_put_address_error(wick_stun_build *s, uint8_t family, uint16_t code,
                                 const char *reason)
{
    uint8_t value[4 + 64] = {family, 0, (uint8_t)(code / 100), (uint8_t)(code % 100)};
    size_t len = 0;
    while (len <= sizeof value - 4 && reason[len] != '\0') {
        len++;
    }
    if (code < 300 || code > 699 || len > sizeof value - 4) {
        s->status = WICK_E_BAD_ARG;
        return;
    }
    memcpy(value + 4, reason, len);
    wick_stun_put(s, WICK_STUN_ADDRESS_ERROR_CODE, wick_span_make(value, 4 + len));
}

void wick_stun_put_icmp(wick_stun_build *s, uint8_t type, uint16_t code, uint32_t data)
{
    uint8_t value[8] = {0};
    if (type > 127 || code > 511) {
        s->status = WICK_E_BAD_ARG;
        return;
    }
    wick_store_be16(value + 2, (uint16_t)(((unsigned)type << 9) | code));
    wick_store_be32(value + 4, data);
    wick_stun_put(s, WICK_STUN_ICMP, wick_span_make(value, sizeof value));
}

void wick_stun_put_even_port(wick_stun_build *s, bool reserve)
{
    uint8_t value = reserve ? 0x80 : 0;
    wick_stun_put(s, WICK_STUN_EVEN_PORT, wick_span_make(&value, 1));
}

void wick_stun_put_unknown(wick_stun_build *s, const wick_stun_msg *m)
{
    uint8_t value[2 * WICK_STUN_UNKNOWN_MAX];
    size_t n = m->unknown_count < WICK_STUN_UNKNOWN_MAX ? m->unknown_count : WICK_STUN_UNKNOWN_MAX;
    for (size_t i = 0; i < n; i++) {
        wick_store_be16(value + 2 * i, m->unknown[i]);
    }
    wick_stun_put(s, WICK_STUN_UNKNOWN_ATTRIBUTES, wick_span_make(value, 2 * n));
}
