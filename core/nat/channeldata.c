/* SPDX-License-Identifier: Apache-2.0 */
/* ChannelData messages: RFC 8656 sections 12.4 to 12.6. */
#include <string.h>

#include "wick/stun.h"

wick_status wick_channeldata_decode(wick_channeldata *out, wick_span in)
{
    if (in.len < WICK_CHANNELDATA_HEADER_BYTES) {
        return WICK_E_TRUNCATED;
    }
    /* 0x40..0x4F tells ChannelData from STUN and from DTLS (RFC 8656 section 12, RFC 7983). */
    if ((in.ptr[0] & 0xF0u) != 0x40u) {
        return WICK_E_UNSUPPORTED;
    }
    size_t len = wick_load_be16(in.ptr + 2);
    size_t rest = in.len - WICK_CHANNELDATA_HEADER_BYTES;
    if (len != rest) {
        if (len > rest) {
            return WICK_E_TRUNCATED;
        }
        /* Padding is allowed on datagrams, and nothing else (section 12.6). */
        if (rest - len > 3 || rest % 4 != 0) {
            return WICK_E_TRAILING;
        }
    }
    out->channel = wick_load_be16(in.ptr);
    out->data = wick_span_make(in.ptr + WICK_CHANNELDATA_HEADER_BYTES, len);
    return WICK_OK;
}

wick_status wick_channeldata_encode(wick_buf *buf, uint16_t channel, wick_span data)
{
    if ((channel & 0xF000u) != WICK_CHANNEL_MIN || data.len > UINT16_MAX) {
        return WICK_E_BAD_ARG;
    }
    size_t at = buf->len;
    buf->len = at + WICK_CHANNELDATA_HEADER_BYTES + data.len;
    if (buf->ptr == NULL) {
        return WICK_OK;
    }
    if (buf->len > buf->cap) {
        return WICK_E_NO_SPACE;
    }
    uint8_t *p = buf->ptr + at;
    wick_channeldata_head(p, channel, (uint16_t)data.len);
    if (data.len != 0) {
        memcpy(p + WICK_CHANNELDATA_HEADER_BYTES, data.ptr, data.len);
    }
    return WICK_OK;
}
