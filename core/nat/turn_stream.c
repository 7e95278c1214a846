/* SPDX-License-Identifier: Apache-2.0 */
/* STUN and ChannelData on a stream: RFC 8489 section 6.2.2, RFC 8656 section 12.5. */
#include "wick/turn_stream.h"

#include <string.h>

/* Enough of a message to tell what it is: length and, of STUN, the cookie. */
#define HEAD_BYTES 8u

wick_status wick_turn_stream_length(size_t *bytes, wick_span front)
{
    bool channel = front.len != 0 && (front.ptr[0] & 0xC0u) == 0x40u;
    if (front.len != 0 && (front.ptr[0] & 0x80u) != 0) {
        return WICK_E_MALFORMED;
    }
    if (front.len < (channel ? WICK_CHANNELDATA_HEADER_BYTES : HEAD_BYTES)) {
        return WICK_AGAIN;
    }
    size_t len = wick_load_be16(front.ptr + 2);
    if (channel) {
        *bytes = WICK_CHANNELDATA_HEADER_BYTES + ((len + 3u) & ~(size_t)3u);
        return WICK_OK;
    }
    if (len % 4 != 0 || wick_load_be32(front.ptr + 4) != WICK_STUN_COOKIE) {
        return WICK_E_MALFORMED;
    }
    *bytes = WICK_STUN_HEADER_BYTES + len;
    return WICK_OK;
}

void wick_turn_stream_init(wick_turn_stream *s, uint8_t *room, size_t bytes)
{
    s->ptr = room;
    s->cap = bytes;
    s->start = 0;
    s->end = 0;
}

uint8_t *wick_turn_stream_space(wick_turn_stream *s, size_t *cap)
{
    if (s->start != 0) {
        memmove(s->ptr, s->ptr + s->start, s->end - s->start);
        s->end -= s->start;
        s->start = 0;
    }
    *cap = s->cap - s->end;
    return s->ptr + s->end;
}

void wick_turn_stream_filled(wick_turn_stream *s, size_t bytes)
{
    size_t room = s->cap - s->end;
    s->end += bytes < room ? bytes : room;
}

wick_status wick_turn_stream_next(wick_turn_stream *s, wick_span *message)
{
    size_t bytes = 0;
    size_t have = s->end - s->start;
    uint8_t *p = s->ptr + s->start;
    wick_status status = wick_turn_stream_length(&bytes, wick_span_make(p, have));
    if (status == WICK_AGAIN && s->cap < HEAD_BYTES) {
        return WICK_E_LIMIT;
    }
    if (status != WICK_OK) {
        return status;
    }
    if (bytes > s->cap) {
        return WICK_E_LIMIT;
    }
    if (bytes > have) {
        return WICK_AGAIN;
    }
    s->start += bytes;
    bool channel = (p[0] & 0xC0u) == 0x40u;
    size_t len = channel ? WICK_CHANNELDATA_HEADER_BYTES + (size_t)wick_load_be16(p + 2) : bytes;
    *message = wick_span_make(p, len);
    return WICK_OK;
}

wick_status wick_channeldata_encode_stream(wick_buf *buf, uint16_t channel, wick_span data)
{
    static const uint8_t zeros[3];
    size_t at = buf->len;
    size_t pad = (0u - data.len) & 3u;
    wick_status status = wick_channeldata_encode(buf, channel, data);
    if (status == WICK_E_BAD_ARG) {
        return status;
    }
    buf->len += pad;
    if (status != WICK_OK || buf->ptr == NULL) {
        return status;
    }
    if (buf->len > buf->cap) {
        return WICK_E_NO_SPACE;
    }
    memcpy(buf->ptr + at + WICK_CHANNELDATA_HEADER_BYTES + data.len, zeros, pad);
    return WICK_OK;
}
