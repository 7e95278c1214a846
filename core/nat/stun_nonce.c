/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The nonce cookie and password algorithms: RFC 8489 sections 9.2, 14.11, 14.12, 18.1 and 18.5. The
 * nonce tells what the server can do, and it comes back under the integrity of the next request, so
 * whoever takes an offer out of an answer has to change the nonce too, and the server notices.
 */
#include "wick/stun.h"

#include <string.h>

#define COOKIE_LEN (sizeof WICK_STUN_COOKIE_TEXT - 1)

_Static_assert(COOKIE_LEN + 4 == WICK_STUN_COOKIE_CHARS, "four characters hold 24 bits");

/* Value of a base64 digit, 64 for another character. */
static uint32_t digit(uint8_t c)
{
    if (c >= 'A' && c <= 'Z') {
        return (uint32_t)c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return (uint32_t)c - 'a' + 26u;
    }
    if (c >= '0' && c <= '9') {
        return (uint32_t)c - '0' + 52u;
    }
    return c == '+' ? 62u : c == '/' ? 63u : 64u;
}

uint32_t wick_stun_nonce_features(wick_span nonce)
{
    uint32_t bits = 0;
    if (nonce.len < WICK_STUN_COOKIE_CHARS ||
        memcmp(nonce.ptr, WICK_STUN_COOKIE_TEXT, COOKIE_LEN) != 0) {
        return 0;
    }
    for (size_t i = COOKIE_LEN; i < WICK_STUN_COOKIE_CHARS; i++) {
        uint32_t d = digit(nonce.ptr[i]);
        if (d > 63) {
            return 0;
        }
        bits = (bits << 6) | d;
    }
    /* The text of section 18.1 counts from the left. */
    bits |= (bits >> 23) & WICK_STUN_FEATURE_PASSWORD_ALGORITHMS;
    bits |= (bits >> 21) & WICK_STUN_FEATURE_USERNAME_ANONYMITY;
    return bits;
}

void wick_stun_nonce_cookie(uint8_t out[WICK_STUN_COOKIE_CHARS], uint32_t features)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    memcpy(out, WICK_STUN_COOKIE_TEXT, COOKIE_LEN);
    for (unsigned i = 0; i < 4; i++) {
        out[COOKIE_LEN + i] = (uint8_t)digits[(features >> (18u - 6u * i)) & 63u];
    }
}

wick_status wick_stun_next_algorithm(wick_stun_algorithm *out, wick_span *list)
{
    if (list->len == 0) {
        return WICK_E_NOT_FOUND;
    }
    size_t rest = list->len;
    list->len = 0;
    if (rest < 4) {
        return WICK_E_MALFORMED;
    }
    size_t len = wick_load_be16(list->ptr + 2);
    size_t padded = (len + 3u) & ~(size_t)3u;
    if (len > rest - 4) {
        return WICK_E_MALFORMED;
    }
    out->number = wick_load_be16(list->ptr);
    out->parameters = wick_span_make(list->ptr + 4, len);
    /* The padding of the last entry may be counted as the attribute's own. */
    padded = padded < rest - 4 ? padded : rest - 4;
    list->ptr += 4 + padded;
    list->len = rest - 4 - padded;
    return WICK_OK;
}

void wick_stun_put_algorithm(wick_stun_build *s, uint16_t number)
{
    wick_stun_put_u32(s, WICK_STUN_PASSWORD_ALGORITHM, (uint32_t)number << 16);
}
