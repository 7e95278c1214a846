/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_TURN_STREAM_H
#define WICK_TURN_STREAM_H
/*
 * STUN and ChannelData on a stream: TCP or TLS between a TURN client and its server (RFC 8489 section
 * 6.2.2, RFC 8656 section 12.5). Both kinds tell their length in the first four bytes, and ChannelData
 * is padded to a multiple of 4 there. The framer cuts the stream into messages; it knows no socket.
 *
 *     static uint8_t room[2048];
 *     wick_turn_stream s;
 *     wick_turn_stream_init(&s, room, sizeof room);
 *     n = recv(fd, wick_turn_stream_space(&s, &cap), cap);    // then, for n > 0:
 *     wick_turn_stream_filled(&s, n);
 *     while ((status = wick_turn_stream_next(&s, &message)) == WICK_OK) {
 *         wick_turn_input(&turn, now, message, &server, &data);
 *     }
 *     // WICK_AGAIN: receive more; anything else: close the connection, nothing in it can be found
 *
 * Bounds: the longest message is as long as the room that was given; 4 bytes at least. Sizes: 16 bytes
 * on 32-bit. Stack below 64 bytes.
 */
#include "wick/stun.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Fields are private. */
typedef struct wick_turn_stream {
    uint8_t *ptr;
    size_t cap;
    size_t start, end; /* of what has not been taken */
} wick_turn_stream;

/** Begins an empty stream in `room`, which must outlive it. */
void wick_turn_stream_init(wick_turn_stream *s, uint8_t *room, size_t bytes);

/** Where the next bytes are received, and how many fit: at least 1 after wick_turn_stream_next() gave
 *  WICK_AGAIN. Views that it gave before are gone. */
uint8_t *wick_turn_stream_space(wick_turn_stream *s, size_t *cap);

/** So many bytes have been received there; at most as many as fit. */
void wick_turn_stream_filled(wick_turn_stream *s, size_t bytes);

/**
 * Takes the next whole message off the front.
 * @param[out] message  without the padding of ChannelData; lives until wick_turn_stream_space()
 * @retval WICK_OK           a message; what is in it is for the caller to judge
 * @retval WICK_AGAIN        more bytes are needed
 * @retval WICK_E_MALFORMED  neither STUN nor ChannelData: the stream is out of step
 * @retval WICK_E_LIMIT      a message longer than the room
 */
WICK_NODISCARD wick_status wick_turn_stream_next(wick_turn_stream *s, wick_span *message);

/** Bytes that the message at the front of a stream takes up there, padding included.
 *  @retval WICK_OK  @retval WICK_AGAIN fewer than 8 bytes are given, and all of them may be right
 *  @retval WICK_E_MALFORMED as above */
WICK_NODISCARD wick_status wick_turn_stream_length(size_t *bytes, wick_span front);

#ifdef __cplusplus
}
#endif
#endif
