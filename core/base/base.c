/* SPDX-License-Identifier: Apache-2.0 */
/* Spans, cursors, addresses, text forms. */
#include "wick/base.h"

#include <string.h>

/* ---- span ---- */

wick_span wick_span_text(const char *text)
{
    size_t n = 0;
    while (text[n] != '\0') {
        n++;
    }
    return wick_span_make((const uint8_t *)text, n);
}

/* ---- buffer ---- */

/* Reserves len bytes and gives where they go, or NULL when measuring or full. Saturates, so that
 * len can never wrap back below cap. */
static uint8_t *reserve(wick_buf *b, size_t len)
{
    size_t at = b->len;
    b->len = (len > SIZE_MAX - at) ? SIZE_MAX : at + len;
    if (b->ptr == NULL || b->len > b->cap) {
        return NULL;
    }
    return b->ptr + at;
}

void wick_buf_put(wick_buf *b, const uint8_t *data, size_t len)
{
    uint8_t *p = reserve(b, len);
    if (p != NULL && len != 0) {
        memcpy(p, data, len);
    }
}

void wick_buf_put_u8(wick_buf *b, uint8_t v)
{
    wick_buf_put(b, &v, 1);
}

void wick_buf_put_be16(wick_buf *b, uint16_t v)
{
    uint8_t t[2];
    wick_store_be16(t, v);
    wick_buf_put(b, t, sizeof t);
}

void wick_buf_put_be32(wick_buf *b, uint32_t v)
{
    uint8_t t[4];
    wick_store_be32(t, v);
    wick_buf_put(b, t, sizeof t);
}

void wick_buf_put_be64(wick_buf *b, uint64_t v)
{
    uint8_t t[8];
    wick_store_be64(t, v);
    wick_buf_put(b, t, sizeof t);
}

void wick_buf_put_zero(wick_buf *b, size_t len)
{
    uint8_t *p = reserve(b, len);
    if (p != NULL && len != 0) {
        memset(p, 0, len);
    }
}

/* ---- reader ---- */

wick_reader wick_reader_make(wick_span in)
{
    wick_reader r;
    r.ptr = in.ptr;
    r.len = in.len;
    r.pos = 0;
    r.status = WICK_OK;
    return r;
}

wick_span wick_read_span(wick_reader *r, size_t len)
{
    if (r->status != WICK_OK) {
        return wick_span_make(NULL, 0);
    }
    if (len > r->len - r->pos) {
        r->status = WICK_E_TRUNCATED;
        return wick_span_make(NULL, 0);
    }
    wick_span s = wick_span_make(r->ptr + r->pos, len);
    r->pos += len;
    return s;
}

uint8_t wick_read_u8(wick_reader *r)
{
    wick_span s = wick_read_span(r, 1);
    return s.ptr != NULL ? s.ptr[0] : 0;
}

uint16_t wick_read_be16(wick_reader *r)
{
    wick_span s = wick_read_span(r, 2);
    return s.ptr != NULL ? wick_load_be16(s.ptr) : 0;
}

uint32_t wick_read_be32(wick_reader *r)
{
    wick_span s = wick_read_span(r, 4);
    return s.ptr != NULL ? wick_load_be32(s.ptr) : 0;
}

uint64_t wick_read_be64(wick_reader *r)
{
    wick_span s = wick_read_span(r, 8);
    return s.ptr != NULL ? wick_load_be64(s.ptr) : 0;
}

void wick_read_bytes(wick_reader *r, uint8_t *out, size_t len)
{
    wick_span s = wick_read_span(r, len);
    if (s.ptr != NULL) {
        memcpy(out, s.ptr, len);
    } else {
        memset(out, 0, len);
    }
}

wick_status wick_read_end(wick_reader *r)
{
    if (r->status == WICK_OK && r->pos != r->len) {
        r->status = WICK_E_TRAILING;
    }
    return r->status;
}

/* ---- secrets ---- */

void wick_wipe(void *p, size_t len)
{
#if defined(__GNUC__)
    memset(p, 0, len);
    /* To the compiler this reads the memory, so that the memset above is not dead. */
    __asm__ volatile("" : : "r"(p) : "memory");
#else
    volatile uint8_t *v = (volatile uint8_t *)p;
    while (len != 0) {
        *v = 0;
        v++;
        len--;
    }
#endif
}

bool wick_ct_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
    uint8_t diff = 0;
    for (size_t i = 0; i < len; i++) {
        diff = (uint8_t)(diff | (a[i] ^ b[i]));
    }
    return diff == 0;
}

bool wick_ct_is_zero(const uint8_t *p, size_t len)
{
    uint8_t any = 0;
    for (size_t i = 0; i < len; i++) {
        any = (uint8_t)(any | p[i]);
    }
    return any == 0;
}

/* ---- addresses ---- */

static const uint8_t v4_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

wick_addr wick_addr_v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port)
{
    wick_addr r;
    memcpy(r.ip, v4_prefix, sizeof v4_prefix);
    r.ip[12] = a;
    r.ip[13] = b;
    r.ip[14] = c;
    r.ip[15] = d;
    r.port = port;
    return r;
}

bool wick_addr_is_v4(const wick_addr *a)
{
    return memcmp(a->ip, v4_prefix, sizeof v4_prefix) == 0;
}

bool wick_addr_same_ip(const wick_addr *a, const wick_addr *b)
{
    return memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

void wick_addr_net(uint8_t net[16], const wick_addr *a)
{
    memcpy(net, a->ip, 16);
    if (!wick_addr_is_v4(a)) {
        memset(net + 8, 0, 8);
    }
}

bool wick_addr_same_net(const wick_addr *a, const wick_addr *b)
{
    uint8_t net_a[16], net_b[16];
    wick_addr_net(net_a, a);
    wick_addr_net(net_b, b);
    return memcmp(net_a, net_b, 16) == 0;
}

bool wick_addr_equal(const wick_addr *a, const wick_addr *b)
{
    return a->port == b->port && wick_addr_same_ip(a, b);
}

/* IPv4 blocks that are not globally reachable (RFC 6890 and its registry). */
static bool v4_is_public(const uint8_t ip[4])
{
    static const struct {
        uint8_t net[4];
        uint8_t bits;
    } special[] = {
        {{0, 0, 0, 0}, 8},      {{10, 0, 0, 0}, 8},     {{100, 64, 0, 0}, 10},
        {{127, 0, 0, 0}, 8},    {{169, 254, 0, 0}, 16}, {{172, 16, 0, 0}, 12},
        {{192, 0, 0, 0}, 24},   {{192, 0, 2, 0}, 24},   {{192, 168, 0, 0}, 16},
        {{198, 18, 0, 0}, 15},  {{198, 51, 100, 0}, 24}, {{203, 0, 113, 0}, 24},
        {{224, 0, 0, 0}, 3},
    };
    uint32_t v = wick_load_be32(ip);
    for (size_t i = 0; i < sizeof special / sizeof special[0]; i++) {
        uint32_t mask = UINT32_MAX << (32 - special[i].bits);
        if ((v & mask) == wick_load_be32(special[i].net)) {
            return false;
        }
    }
    return true;
}

bool wick_addr_is_public(const wick_addr *a)
{
    if (wick_addr_is_v4(a)) {
        return v4_is_public(a->ip + 12);
    }
    /* Global unicast is 2000::/3 (RFC 4291 2.4) without documentation 2001:db8::/32. */
    return (a->ip[0] & 0xe0u) == 0x20u && wick_load_be32(a->ip) != UINT32_C(0x20010db8);
}

static char hex_digit(unsigned v)
{
    return (char)(v < 10 ? '0' + v : 'a' + (v - 10));
}

static size_t put_dec(char *out, unsigned v)
{
    char t[5];
    size_t n = 0;
    do {
        t[n++] = (char)('0' + v % 10);
        v /= 10;
    } while (v != 0);
    for (size_t i = 0; i < n; i++) {
        out[i] = t[n - 1 - i];
    }
    return n;
}

void wick_addr_str(char out[WICK_ADDR_STR_BYTES], const wick_addr *a)
{
    size_t n = 0;
    if (wick_addr_is_v4(a)) {
        for (size_t i = 12; i < 16; i++) {
            n += put_dec(out + n, a->ip[i]);
            out[n++] = (i < 15) ? '.' : ':';
        }
    } else {
        /* All eight groups, without "::": longer, but one form only. */
        out[n++] = '[';
        for (size_t i = 0; i < 16; i += 2) {
            unsigned g = wick_load_be16(a->ip + i);
            bool started = false;
            for (int shift = 12; shift >= 0; shift -= 4) {
                unsigned d = (g >> (unsigned)shift) & 15u;
                started = started || d != 0 || shift == 0;
                if (started) {
                    out[n++] = hex_digit(d);
                }
            }
            out[n++] = (i < 14) ? ':' : ']';
        }
        out[n++] = ':';
    }
    n += put_dec(out + n, a->port);
    out[n] = '\0';
}

/* Decimal without leading zeros, at most max. Gives the digits consumed, 0 on error. */
static size_t get_dec(const char *text, size_t len, unsigned max, unsigned *out)
{
    unsigned v = 0;
    size_t n = 0;
    while (n < len && text[n] >= '0' && text[n] <= '9') {
        if (n != 0 && v == 0) {
            return 0;
        }
        v = v * 10 + (unsigned)(text[n] - '0');
        if (v > max) {
            return 0;
        }
        n++;
    }
    *out = v;
    return n;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

wick_status wick_addr_parse(wick_addr *out, const char *text, size_t len)
{
    wick_addr a;
    size_t at = 0;
    unsigned v = 0;
    memset(&a, 0, sizeof a);
    if (len != 0 && text[0] == '[') {
        at = 1;
        for (size_t g = 0; g < 8; g++) {
            unsigned w = 0;
            size_t n = 0;
            while (at < len && n < 4 && hex_value(text[at]) >= 0) {
                w = w * 16 + (unsigned)hex_value(text[at]);
                at++;
                n++;
            }
            if (n == 0 || at >= len || text[at] != (g < 7 ? ':' : ']')) {
                return WICK_E_MALFORMED;
            }
            at++;
            wick_store_be16(a.ip + 2 * g, (uint16_t)w);
        }
        if (at >= len || text[at] != ':') {
            return WICK_E_MALFORMED;
        }
        at++;
    } else {
        memcpy(a.ip, v4_prefix, sizeof v4_prefix);
        for (size_t i = 12; i < 16; i++) {
            size_t n = get_dec(text + at, len - at, 255, &v);
            at += n;
            if (n == 0 || at >= len || text[at] != (i < 15 ? '.' : ':')) {
                return WICK_E_MALFORMED;
            }
            at++;
            a.ip[i] = (uint8_t)v;
        }
    }
    size_t n = get_dec(text + at, len - at, 65535, &v);
    if (n == 0 || at + n != len) {
        return WICK_E_MALFORMED;
    }
    a.port = (uint16_t)v;
    *out = a;
    return WICK_OK;
}

/* ---- text forms ---- */

void wick_hex_encode(char *out, const uint8_t *in, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = hex_digit(in[i] >> 4);
        out[2 * i + 1] = hex_digit(in[i] & 15u);
    }
    out[2 * len] = '\0';
}

wick_status wick_hex_decode(uint8_t *out, size_t len, const char *hex, size_t hex_len)
{
    if (hex_len >= 2 && hex[0] == '0' && (hex[1] == 'x' || hex[1] == 'X')) {
        hex += 2;
        hex_len -= 2;
    }
    if (hex_len % 2 != 0 || hex_len / 2 != len) {
        return WICK_E_MALFORMED;
    }
    for (size_t i = 0; i < len; i++) {
        int hi = hex_value(hex[2 * i]);
        int lo = hex_value(hex[2 * i + 1]);
        if (hi < 0 || lo < 0) {
            return WICK_E_MALFORMED;
        }
        out[i] = (uint8_t)((hi << 4) | lo);
    }
    return WICK_OK;
}

void wick_base64url_encode(char *out, const uint8_t *in, size_t len)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t n = 0;
    uint32_t acc = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < len; i++) {
        acc = (acc << 8) | in[i];
        bits += 8;
        while (bits >= 6) {
            bits -= 6;
            out[n++] = alphabet[(acc >> bits) & 63u];
        }
    }
    if (bits != 0) {
        out[n++] = alphabet[(acc << (6 - bits)) & 63u];
    }
    out[n] = '\0';
}

/* 64: not of the alphabet. */
static unsigned base64url_value(char c)
{
    const unsigned u = (unsigned char)c;
    const unsigned upper = u - 'A', lower = u - 'a', digit = u - '0';
    unsigned v = 64;
    v = upper < 26 ? upper : v;
    v = lower < 26 ? lower + 26 : v;
    v = digit < 10 ? digit + 52 : v;
    v = u == '-' ? 62 : v;
    return u == '_' ? 63 : v;
}

wick_status wick_base64url_decode(uint8_t *out, size_t len, const char *text, size_t text_len)
{
    uint32_t acc = 0;
    unsigned bits = 0;
    size_t n = 0;
    if (text_len != (len * 4 + 2) / 3) {
        return WICK_E_MALFORMED;
    }
    for (size_t i = 0; i < text_len; i++) {
        const unsigned v = base64url_value(text[i]);
        if (v > 63) {
            return WICK_E_MALFORMED;
        }
        acc = (acc << 6) | v;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[n++] = (uint8_t)(acc >> bits);
        }
    }
    return (acc & ((1u << bits) - 1u)) == 0 ? WICK_OK : WICK_E_NON_CANONICAL;
}
