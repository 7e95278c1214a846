/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_NSL_PROBE_H
#define WICK_NSL_PROBE_H
/*
 * Does the holder of a key answer at an address? The first messages of the handshake (wick/nsl.h,
 * core/psk/PROTOCOL.md): M1 is sealed to the key of the record and carries a fresh random N1; only
 * who holds that key learns N1, and an M2 opens only if it was made with N1. So an M2 that opens, names
 * the id that was asked for and comes from that address is the proof; an answer to anything less is none. The
 * probe ends there: no M3 is sent, no session begins, and the other side forgets its half-open entry
 * after 8 s.
 *
 *     wick_nsl_probe_init(&p, &cfg, now);                 an identity with a record of its own, or
 *                                                         nobody would answer it with M2
 *     wick_nsl_probe_start(&p, &handle, now, &peer);
 *     for each datagram: wick_nsl_probe_input(&p, now, bytes, &from);
 *     while (wick_nsl_probe_poll(&p, &out, now), out.kind != WICK_OUT_WAIT) {
 *         SEND: send out.bytes to out.to      EVENT: out.handle has ended with out.status
 *     }
 *
 * It is no reflector. To an address that has not answered goes one datagram of at most
 * WICK_NSL_PROBE_BYTES_MAX bytes in WICK_NSL_PROBE_GAP_MS, whoever asks and how often (IPv6: of each
 * /64); up to WICK_NSL_PROBE_REPEATS more follow when a cookie has come back that only a receiver of
 * the first can have sent. It answers nobody. Of an M1 that is longer than that (RSA-2048: 391 bytes) the
 * hash goes first, 44 bytes, to be answered by the cookie (PROTOCOL.md section 7, ASK). Which addresses may
 * be asked about is the caller's rule.
 *
 * Sizes: a wick_nsl_node and 2 KB. Stack as there.
 */
#include "wick/nsl.h"

#if WICK_WITH_ATTEST

#ifdef __cplusplus
extern "C" {
#endif

/** Longest datagram to an address that has not answered. */
#define WICK_NSL_PROBE_BYTES_MAX 200u
/** Least time between two probes of one address. */
#define WICK_NSL_PROBE_GAP_MS 10000u
/** A probe ends after that. */
#define WICK_NSL_PROBE_LIFE_MS 8000u
/** Datagrams to an address that has returned a cookie. */
#define WICK_NSL_PROBE_REPEATS 3u

typedef struct wick_nsl_probe_out {
    wick_out_kind kind;   /* SEND, EVENT or WAIT */
    wick_span bytes;      /* SEND; lives until the next call */
    wick_addr to;
    uint64_t deadline_ms; /* WAIT */
    uint32_t handle;      /* EVENT */
    wick_status status;   /* EVENT: WICK_OK, proven; WICK_E_NSL_NO_ANSWER; others: our own failure */
} wick_nsl_probe_out;

/** Fields are private. */
typedef struct wick_nsl_probe {
    wick_nsl_node node;
    struct {
        uint32_t run; /* 0: free */
        uint64_t end_ms;
        bool begun;      /* the one datagram without a cookie is out */
        uint8_t repeats; /* those with one */
        wick_addr to;
    } probe[WICK_NSL_CONNECT_MAX];
    uint8_t ask[44];
    struct {
        uint64_t until_ms; /* 0: free */
        uint8_t net[16];
    } target[WICK_NSL_PROBE_TARGETS_MAX];
} wick_nsl_probe;

/** @param[in] cfg  as for wick_nsl_init(); `opts` is not looked at
 *  @retval statuses of wick_nsl_init() */
WICK_NODISCARD wick_status wick_nsl_probe_init(wick_nsl_probe *p, const wick_nsl_config *cfg,
                                               uint64_t now_ms);

/** Ends all probes and wipes all secrets. */
void wick_nsl_probe_wipe(wick_nsl_probe *p);

/**
 * Begins a probe, with a nonce of our own.
 * @param[out] handle  names it in the event; never 0
 * @param[in] peer     id and key of a verified record, and where it is said to be
 * @retval WICK_OK
 * @retval WICK_E_BAD_ARG      no address or port, or the id is our own
 * @retval WICK_E_NSL_RATE     that address was probed a moment ago, or too many others were
 * @retval WICK_E_LIMIT        WICK_NSL_CONNECT_MAX probes are under way
 * @retval WICK_E_STATE        one of this peer is under way
 * @retval WICK_E_UNSUPPORTED  a key without a suite in this build
 * @retval WICK_E_BAD_KEY, WICK_E_NSL_PEER_KEY, WICK_E_ENTROPY  as of wick_nsl_connect()
 */
WICK_NODISCARD wick_status wick_nsl_probe_start(wick_nsl_probe *p, uint32_t *handle,
                                                uint64_t now_ms, const wick_nsl_peer *peer);

/**
 * Takes an address for a look of another kind (TCP), so that one rule holds for all: whoever asks and how
 * often, it is looked at once in WICK_NSL_PROBE_GAP_MS.
 * @retval WICK_OK  @retval WICK_E_BAD_ARG no address or port
 * @retval WICK_E_NSL_RATE  that address was looked at a moment ago, or too many others were
 */
WICK_NODISCARD wick_status wick_nsl_probe_reserve(wick_nsl_probe *p, uint64_t now_ms,
                                                  const wick_addr *to);

/** One datagram. @retval WICK_OK taken  @retval WICK_E_NSL_DROP, WICK_E_NSL_RATE not; nothing changed */
WICK_NODISCARD wick_status wick_nsl_probe_input(wick_nsl_probe *p, uint64_t now_ms, wick_span bytes,
                                                const wick_addr *from);

/** Gives the next output; call until WAIT. */
void wick_nsl_probe_poll(wick_nsl_probe *p, wick_nsl_probe_out *out, uint64_t now_ms);

#ifdef __cplusplus
}
#endif

#endif
#endif
