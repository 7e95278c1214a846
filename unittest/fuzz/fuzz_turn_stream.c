/* SPDX-License-Identifier: Apache-2.0 */
/*
 * STUN and ChannelData on a stream: the first byte says how large the room is, the second how the
 * rest comes in pieces. However it is cut, the same messages come out, none longer than the room,
 * and each is one that its decoder can look at; ChannelData is written again as it came.
 */
#include "fuzz.h"

#include "wick/turn_stream.h"

#define ROOM_MAX 300u
#define MESSAGES 64u

typedef struct result {
    size_t at[MESSAGES], len[MESSAGES]; /* of each message: where in the stream it ended, its bytes */
    unsigned count;
    wick_status end;
} result;

static void check(wick_span message)
{
    static uint8_t out[ROOM_MAX + 8];
    wick_channeldata c;
    wick_stun_msg m;
    fuzz_touch(message);
    if ((message.ptr[0] & 0xc0u) != 0x40u) {
        FUZZ_CHECK(message.len >= 20 && message.len % 4 == 0);
        (void)!wick_stun_decode(&m, message);
        return;
    }
    if (wick_channeldata_decode(&c, message) != WICK_OK) {
        FUZZ_CHECK((message.ptr[0] & 0xf0u) != 0x40u); /* a channel number out of range */
        return;
    }
    wick_buf b = wick_buf_make(out, sizeof out), none = wick_buf_make(NULL, 0);
    wick_buf small = wick_buf_make(out, message.len - 1);
    FUZZ_CHECK(wick_channeldata_encode_stream(&none, c.channel, c.data) == WICK_OK);
    FUZZ_CHECK(wick_channeldata_encode_stream(&small, c.channel, c.data) == WICK_E_NO_SPACE);
    FUZZ_CHECK(wick_channeldata_encode_stream(&small, 0x3fff, c.data) == WICK_E_BAD_ARG);
    if (message.len % 4 != 0) { /* no room for the padding */
        small = wick_buf_make(out, message.len);
        FUZZ_CHECK(wick_channeldata_encode_stream(&small, c.channel, c.data) == WICK_E_NO_SPACE);
    }
    FUZZ_CHECK(wick_channeldata_encode_stream(&b, c.channel, c.data) == WICK_OK);
    FUZZ_CHECK(b.len == none.len && b.len % 4 == 0 && b.len - message.len < 4 &&
               memcmp(out, message.ptr, message.len) == 0);
}

static void pass(result *r, const uint8_t *data, size_t size, size_t room_bytes, size_t piece)
{
    static uint8_t room[ROOM_MAX];
    wick_turn_stream s;
    wick_span message;
    size_t used = 0;
    memset(r, 0, sizeof *r);
    wick_turn_stream_init(&s, room, room_bytes);
    for (;;) {
        size_t cap;
        uint8_t *to = wick_turn_stream_space(&s, &cap);
        FUZZ_CHECK(to >= room && cap <= room_bytes && (size_t)(to - room) + cap == room_bytes);
        size_t n = piece < cap ? piece : cap;
        n = n < size - used ? n : size - used;
        if (n != 0) {
            memcpy(to, data + used, n);
        }
        used += n;
        wick_turn_stream_filled(&s, n);
        while ((r->end = wick_turn_stream_next(&s, &message)) == WICK_OK) {
            check(message);
            if (r->count < MESSAGES) {
                r->at[r->count] = used - (s.end - s.start);
                r->len[r->count++] = message.len;
            }
        }
        if (r->end != WICK_AGAIN || n == 0) {
            return; /* AGAIN with no space is a message that does not fit: LIMIT says so before */
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static result whole, cut;
    if (size < 2) {
        return 0;
    }
    size_t room = data[0] < 8 ? data[0] : (size_t)data[0] + 45u, piece = 1u + data[1] % 32u;
    pass(&whole, data + 2, size - 2, room, ROOM_MAX);
    pass(&cut, data + 2, size - 2, room, piece);
    if (whole.count != 0) {
        FUZZ_ACCEPTED();
    }
    if (room < 8) { /* not even a header has room: when that shows depends on the pieces */
        return 0;
    }
    FUZZ_CHECK(whole.count == cut.count && whole.end == cut.end);
    for (unsigned i = 0; i < whole.count; i++) {
        FUZZ_CHECK(whole.at[i] == cut.at[i] && whole.len[i] == cut.len[i]);
    }
    return 0;
}
