/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_BASE_H
#define WICK_BASE_H
/*
 * Spans, buffers, addresses and time: the few types that every module shares.
 *
 * A wick_span is a view; it owns nothing and lives as long as what it points to. A wick_buf is a
 * caller's buffer under construction: writers append and `len` counts what is needed, also beyond
 * `cap`, so an encoder writes without looking and the caller checks once with wick_buf_status().
 * A wick_buf with ptr == NULL measures.
 *
 * A wick_reader walks a span from front to back and latches the first error: after it, every read
 * gives zero and leaves the position alone. Check `status` once at the end.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wick/config.h"
#include "wick/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wick_span {
    const uint8_t *ptr;
    size_t len;
} wick_span;

typedef struct wick_buf {
    uint8_t *ptr; /* NULL measures */
    size_t cap;   /* bytes at ptr */
    size_t len;   /* bytes needed so far; > cap means it did not fit */
} wick_buf;

typedef struct wick_reader {
    const uint8_t *ptr;
    size_t len;
    size_t pos;
    wick_status status; /* WICK_OK or the first error */
} wick_reader;

/** IP address and port. IPv4 is held as an IPv4-mapped IPv6 address (RFC 4291 2.5.5.2). */
typedef struct wick_addr {
    uint8_t ip[16];
    uint16_t port;
} wick_addr;

static inline wick_span wick_span_make(const uint8_t *ptr, size_t len)
{
    wick_span s;
    s.ptr = ptr;
    s.len = len;
    return s;
}

/** The bytes of a zero-terminated text, without the zero. */
wick_span wick_span_text(const char *text);

static inline wick_buf wick_buf_make(uint8_t *ptr, size_t cap)
{
    wick_buf b;
    b.ptr = ptr;
    b.cap = cap;
    b.len = 0;
    return b;
}

/** @retval WICK_OK all of it fitted (or is being measured)  @retval WICK_E_NO_SPACE it did not */
static inline wick_status wick_buf_status(const wick_buf *b)
{
    return (b->ptr == NULL || b->len <= b->cap) ? WICK_OK : WICK_E_NO_SPACE;
}

static inline wick_span wick_buf_span(const wick_buf *b)
{
    return wick_span_make(b->ptr, b->len);
}

void wick_buf_put(wick_buf *b, const uint8_t *data, size_t len);
void wick_buf_put_u8(wick_buf *b, uint8_t v);
void wick_buf_put_be16(wick_buf *b, uint16_t v);
void wick_buf_put_be32(wick_buf *b, uint32_t v);
void wick_buf_put_be64(wick_buf *b, uint64_t v);
void wick_buf_put_zero(wick_buf *b, size_t len);

wick_reader wick_reader_make(wick_span in);
uint8_t wick_read_u8(wick_reader *r);
uint16_t wick_read_be16(wick_reader *r);
uint32_t wick_read_be32(wick_reader *r);
uint64_t wick_read_be64(wick_reader *r);
/** View of the next `len` bytes, {NULL, 0} on error. Lives as long as the input. */
wick_span wick_read_span(wick_reader *r, size_t len);
void wick_read_bytes(wick_reader *r, uint8_t *out, size_t len);
/** Latches WICK_E_TRAILING if bytes are left; gives the final status. */
wick_status wick_read_end(wick_reader *r);

static inline uint16_t wick_load_be16(const uint8_t *p)
{
    return (uint16_t)(((unsigned)p[0] << 8) | p[1]);
}

static inline uint32_t wick_load_be32(const uint8_t *p)
{
    return ((uint32_t)p[0] << 24) | ((uint32_t)p[1] << 16) | ((uint32_t)p[2] << 8) | p[3];
}

static inline uint64_t wick_load_be64(const uint8_t *p)
{
    return ((uint64_t)wick_load_be32(p) << 32) | wick_load_be32(p + 4);
}

static inline void wick_store_be16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static inline void wick_store_be32(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 24);
    p[1] = (uint8_t)(v >> 16);
    p[2] = (uint8_t)(v >> 8);
    p[3] = (uint8_t)v;
}

static inline void wick_store_be64(uint8_t *p, uint64_t v)
{
    wick_store_be32(p, (uint32_t)(v >> 32));
    wick_store_be32(p + 4, (uint32_t)v);
}

/** Overwrites secrets; the compiler may not drop it. */
void wick_wipe(void *p, size_t len);

/** Constant time in the contents. @return true if equal */
bool wick_ct_equal(const uint8_t *a, const uint8_t *b, size_t len);

/** True if `len` bytes are all zero; constant time. */
bool wick_ct_is_zero(const uint8_t *p, size_t len);

/** CRC-32 of ISO 3309 (the one of STUN's FINGERPRINT and zlib). 64-byte constant table. */
uint32_t wick_crc32(wick_span in);

/** Wrap-safe: has `deadline_ms` come at `now_ms`? */
static inline bool wick_time_reached(uint64_t now_ms, uint64_t deadline_ms)
{
    return (int64_t)(now_ms - deadline_ms) >= 0;
}

/** The earlier of two deadlines, wrap-safe. */
static inline uint64_t wick_time_min(uint64_t a_ms, uint64_t b_ms)
{
    return (int64_t)(a_ms - b_ms) < 0 ? a_ms : b_ms;
}

#define WICK_TIME_NEVER(now_ms) ((now_ms) + (UINT64_C(1) << 62))

wick_addr wick_addr_v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port);
bool wick_addr_is_v4(const wick_addr *a);
/** Same IP and port. */
bool wick_addr_equal(const wick_addr *a, const wick_addr *b);
bool wick_addr_same_ip(const wick_addr *a, const wick_addr *b);
/** Who shares a limit: an IPv4 address, or the /64 that one host of IPv6 has to itself. */
void wick_addr_net(uint8_t net[16], const wick_addr *a);
bool wick_addr_same_net(const wick_addr *a, const wick_addr *b);
/** Not private, loopback, link-local, shared (100.64/10), multicast, documentation or unspecified
 *  (RFC 6890). */
bool wick_addr_is_public(const wick_addr *a);
#define WICK_ADDR_STR_BYTES 56
/** "a.b.c.d:port" or "[v6]:port", zero-terminated. `out` has WICK_ADDR_STR_BYTES. */
void wick_addr_str(char out[WICK_ADDR_STR_BYTES], const wick_addr *a);
/** Strict; accepts what wick_addr_str() writes. @retval WICK_E_MALFORMED anything else */
WICK_NODISCARD wick_status wick_addr_parse(wick_addr *out, const char *text, size_t len);

/** Lower-case hex, no prefix, zero-terminated: `out` has 2 * len + 1 bytes. */
void wick_hex_encode(char *out, const uint8_t *in, size_t len);
/** Strict: even number of hex digits, optional "0x". Writes exactly `len` bytes.
 *  @retval WICK_E_MALFORMED a digit that is none, or another length */
WICK_NODISCARD wick_status wick_hex_decode(uint8_t *out, size_t len, const char *hex,
                                           size_t hex_len);
/** base64url without padding (RFC 4648 5), zero-terminated: `out` has (len * 4 + 2) / 3 + 1. */
void wick_base64url_encode(char *out, const uint8_t *in, size_t len);
/** Strict: writes exactly `len` bytes; on error `out` holds what was read so far.
 *  @retval WICK_E_MALFORMED a character that is none, or another length
 *  @retval WICK_E_NON_CANONICAL the last character has bits that belong to no byte */
WICK_NODISCARD wick_status wick_base64url_decode(uint8_t *out, size_t len, const char *text,
                                                 size_t text_len);

/*
 * What every state machine's poll function gives. Poll until WAIT or DONE. `bytes` lives until the
 * next call on the same machine.
 */
typedef enum wick_out_kind {
    WICK_OUT_WAIT = 0, /* nothing to do before deadline_ms, or before input */
    WICK_OUT_SEND,     /* send `bytes` to `to` */
    WICK_OUT_EVENT,    /* `event` (the module's enum) with `status` */
    WICK_OUT_DONE      /* the machine has ended with `status` */
} wick_out_kind;

typedef struct wick_out {
    wick_out_kind kind;
    wick_span bytes;
    wick_addr to;
    uint64_t deadline_ms;
    int event;
    wick_status status;
} wick_out;

#ifdef __cplusplus
}
#endif
#endif
