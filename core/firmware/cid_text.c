/* SPDX-License-Identifier: Apache-2.0 */
/* Content identifiers as text: multibase base32 (RFC 4648 section 6, lower case, without padding) with
 * its prefix 'b' for version 1; base58btc without prefix for version 0, whose 34 bytes always give 46
 * characters that begin with "Qm". */
#include "wick/cid.h"

#include <string.h>

#define BASE32_CHARS 58u /* of 36 bytes: the last one carries 3 bits */
#define BASE58_CHARS 46u

static const char base32[] = "abcdefghijklmnopqrstuvwxyz234567";
static const char base58[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/* Value of a character in an alphabet, -1: none of it. */
static int digit(const char *alphabet, size_t base, char c)
{
    for (size_t i = 0; i < base; i++) {
        if (alphabet[i] == c) {
            return (int)i;
        }
    }
    return -1;
}

/* Whole bytes of `chars` characters. */
static wick_status parse_base32(uint8_t *out, const char *text, size_t chars)
{
    uint32_t bits = 0;
    unsigned have = 0;
    for (size_t i = 0; i < chars; i++) {
        int v = digit(base32, 32, text[i]);
        if (v < 0) {
            return WICK_E_MALFORMED;
        }
        bits = bits << 5 | (uint32_t)v;
        have += 5;
        if (have >= 8) {
            have -= 8;
            *out++ = (uint8_t)(bits >> have);
        }
    }
    return (bits & ((1u << have) - 1u)) == 0 ? WICK_OK : WICK_E_NON_CANONICAL;
}

/* 34 bytes, big-endian, from 46 digits: these have below 270 bits, so nothing is carried out. */
static wick_status parse_base58(uint8_t out[34], const char *text)
{
    memset(out, 0, 34);
    for (size_t i = 0; i < BASE58_CHARS; i++) {
        int v = digit(base58, 58, text[i]);
        if (v < 0) {
            return WICK_E_MALFORMED;
        }
        uint32_t carry = (uint32_t)v;
        for (size_t k = 34; k-- > 0;) {
            carry += out[k] * 58u;
            out[k] = (uint8_t)carry;
            carry >>= 8;
        }
    }
    return WICK_OK;
}

/* Base32 of no 36 bytes: a CID of another kind, or a piece of one of ours? */
static wick_status other_length(const char *text, size_t len)
{
    uint8_t head[4]; /* of 7 characters, and 3 bits of the next byte */
    wick_cid none;
    if (len < 7 || parse_base32(head, text, 7) == WICK_E_MALFORMED) {
        return WICK_E_MALFORMED;
    }
    wick_status s = wick_cid_decode(&none, wick_span_make(head, 4));
    return s == WICK_E_UNSUPPORTED ? s : WICK_E_MALFORMED;
}

wick_status wick_cid_parse(wick_cid *out, const char *text, size_t len)
{
    uint8_t bytes[WICK_CID_MAX];
    wick_status s;
    if (len == BASE58_CHARS && text[0] == 'Q' && text[1] == 'm') {
        s = parse_base58(bytes, text);
        return s == WICK_OK ? wick_cid_decode(out, wick_span_make(bytes, 34)) : s;
    }
    if (len == 0 || digit(base58, 58, text[0]) < 0 || text[0] == 'Q') {
        return WICK_E_MALFORMED;
    }
    if (text[0] != 'b') { /* another multibase */
        return WICK_E_UNSUPPORTED;
    }
    if (len == 1 + BASE32_CHARS) {
        s = parse_base32(bytes, text + 1, BASE32_CHARS);
        return s == WICK_OK ? wick_cid_decode(out, wick_span_make(bytes, 36)) : s;
    }
    return other_length(text + 1, len - 1);
}

static void base32_text(char *out, const uint8_t bytes[36])
{
    uint32_t bits = 0;
    unsigned have = 0;
    for (size_t i = 0; i < 36; i++) {
        bits = bits << 8 | bytes[i];
        have += 8;
        while (have >= 5) {
            have -= 5;
            *out++ = base32[bits >> have & 31u];
        }
    }
    *out++ = base32[bits << (5 - have) & 31u];
    *out = '\0';
}

/* Divides by 58 again and again: the digits come last first. */
static void base58_text(char out[BASE58_CHARS + 1], uint8_t bytes[34])
{
    for (size_t i = BASE58_CHARS; i-- > 0;) {
        uint32_t rest = 0;
        for (size_t k = 0; k < 34; k++) {
            rest = rest << 8 | bytes[k];
            bytes[k] = (uint8_t)(rest / 58u);
            rest %= 58u;
        }
        out[i] = base58[rest];
    }
    out[BASE58_CHARS] = '\0';
}

void wick_cid_str(char out[WICK_CID_STR_BYTES], const wick_cid *cid)
{
    uint8_t bytes[WICK_CID_MAX];
    (void)wick_cid_encode(bytes, cid);
    if (cid->version == 0) {
        base58_text(out, bytes);
    } else {
        *out = 'b';
        base32_text(out + 1, bytes);
    }
}
