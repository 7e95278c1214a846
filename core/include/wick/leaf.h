/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_LEAF_H
#define WICK_LEAF_H
/*
 * What a gateway does for its leaves: devices with symmetric crypto only, each with a DTLS-PSK
 * session of its own to the gateway. CoAP datagrams of these sessions go in; what the gateway has to
 * find out comes out as questions, which are answered when they are, while other leaves go on.
 *
 *     wick_leaf_init(&svc, gateway_id, body, sizeof body);
 *     s = wick_leaf_open(&svc, &entropy, leaf, "sensor-1");     its DTLS session is up
 *     s = wick_leaf_input(&svc, now, leaf, datagram);
 *     while (wick_leaf_poll(&svc, &out, now), out.kind != WICK_LEAF_OUT_WAIT) {
 *         SEND: give out.bytes to the DTLS session of out.leaf
 *         ASK:  out.ask; answer by wick_leaf_<kind>(&svc, now, out.ask.id, ...) or wick_leaf_failed()
 *     }
 *
 * Resources (core/psk/PROTOCOL.md section 14; answers: wick/leaf_answer.h, application/octet-stream):
 *     GET  /dpk/leaf                 enrolment; POST with 32 bytes changes the leaf's key
 *     GET  /dpk/key?peer=REF         the peer's public key
 *     GET  /dpk/ticket?peer=REF      Ks and a ticket for the peer
 *     GET  /dpk/proof?peer=REF       the peer's record as a proof bundle, in blocks (RFC 7959)
 *     POST /dpk/send?peer=REF        the payload is carried to the peer's service, its answer back
 *     GET  /dpk/block?cid=CID        a block of firmware by its content identifier, in blocks of CoAP
 *     GET  /dpk/release?product=NAME the newest release of a product, as the gateway has proven it
 *     GET  /.well-known/core         these (RFC 6690)
 * REF is NAME[/SERVICE][@REGISTRY].
 *
 * Refusals: 4.00 no name, 4.04 proven absent or revoked, 5.03 with Max-Age where trying again helps,
 * 5.04 where somebody did not answer; their payload is the name of a wick_status. A leaf has one
 * question under way and WICK_LEAF_BURST in a row; a body in blocks is for one leaf at a time,
 * and where others want one, for at most two minutes.
 *
 * RAM: 4.3 KB for each of WICK_LEAVES_MAX leaves, and the body, which bounds the proof bundle.
 * Stack below 600 bytes. Secrets of answers are wiped 247 s after them, or when the leaf is closed.
 */
#include "wick/coap_server.h"
#include "wick/leaf_answer.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Longest reference to a peer, with its zero. */
#define WICK_LEAF_REF_BYTES 192

typedef enum wick_leaf_kind {
    WICK_LEAF_ENROL = 1,
    WICK_LEAF_KEY,
    WICK_LEAF_TICKET,
    WICK_LEAF_PROOF, /* a bundle (wick/bundle.h), kept or made meanwhile: within WICK_LEAF_ASK_MS */
    WICK_LEAF_SEND,
    WICK_LEAF_BLOCK,
    WICK_LEAF_RELEASE
} wick_leaf_kind;

/** A question of a leaf. Views live until it is answered. */
typedef struct wick_leaf_ask {
    uint32_t id; /* not 0 */
    wick_leaf_kind kind;
    uint8_t leaf;
    const char *name;  /* of the leaf */
    const char *peer;  /* reference; "" of ENROL; the CID's text of BLOCK, the product's name of RELEASE,
                        * as the leaf gave it */
    wick_span payload; /* of SEND; of ENROL: empty, or 32 bytes */
    uint32_t offset;   /* of BLOCK: from which byte on, */
    uint32_t max;      /* and how many at most */
} wick_leaf_ask;

typedef enum wick_leaf_out_kind {
    WICK_LEAF_OUT_WAIT = 0, /* nothing before deadline_ms */
    WICK_LEAF_OUT_SEND,     /* `bytes` to `leaf`; they live until the next call */
    WICK_LEAF_OUT_ASK       /* `ask` */
} wick_leaf_out_kind;

typedef struct wick_leaf_out {
    wick_leaf_out_kind kind;
    uint8_t leaf;
    wick_span bytes;
    wick_leaf_ask ask;
    uint64_t deadline_ms;
} wick_leaf_out;

/** One leaf. Private. */
typedef struct wick_leaf_place {
    bool open;
    uint8_t state, kind, exchange, tokens;
    uint32_t ask;
    wick_coap_block block2; /* of the question */
    uint64_t give_up_ms, refill_ms;
    size_t payload_len;
    uint8_t payload[WICK_LEAF_HEAD_BYTES + WICK_LEAF_PAYLOAD_MAX]; /* of the question, then of the answer */
    char name[WICK_LEAF_NAME_MAX + 1];
    char peer[WICK_LEAF_REF_BYTES];
    wick_coap_server server;
} wick_leaf_place;

typedef struct wick_leaf_service { /* private, but for the counters */
    uint8_t gateway[32];
    uint32_t next_ask;
    uint8_t turn;
    uint8_t *body; /* the bundle that is being fetched */
    size_t body_cap, body_len;
    uint8_t body_leaf; /* whose it is; WICK_LEAVES_MAX: nobody's */
    uint32_t body_tag;
    uint64_t body_since_ms, body_until_ms;
    char body_peer[WICK_LEAF_REF_BYTES];
    uint64_t asked, answered, refused;
    wick_leaf_place leaf[WICK_LEAVES_MAX];
} wick_leaf_service;

/** @param[in] body  memory for one proof bundle and its head; lives as long as the service. NULL: none
 *                   is served */
void wick_leaf_init(wick_leaf_service *svc, const uint8_t gateway_id[32], uint8_t *body,
                    size_t body_cap);

/**
 * A leaf's session is up; what was under way in the place is forgotten.
 * @param[in] leaf  below WICK_LEAVES_MAX
 * @retval WICK_OK  @retval WICK_E_BAD_ARG  @retval WICK_E_NAME not [a-z0-9._-]{1,16}
 * @retval WICK_E_ENTROPY
 */
WICK_NODISCARD wick_status wick_leaf_open(wick_leaf_service *svc, const wick_hal_entropy *entropy,
                                          uint8_t leaf, const char *name);
/** It has ended: its place is wiped, an answer to its question is refused from now on. */
void wick_leaf_close(wick_leaf_service *svc, uint8_t leaf);

/** One datagram of a leaf. @retval WICK_OK  @retval WICK_AGAIN nothing for the gateway
 *  @retval WICK_E_STATE no such leaf  @retval others as wick_coap_decode(): dropped */
WICK_NODISCARD wick_status wick_leaf_input(wick_leaf_service *svc, uint64_t now_ms, uint8_t leaf,
                                           wick_span datagram);

void wick_leaf_poll(wick_leaf_service *svc, wick_leaf_out *out, uint64_t now_ms);

/*
 * Answers. @retval WICK_OK  @retval WICK_E_STATE no such question (any more), or of another kind
 * @retval WICK_E_NO_SPACE  longer than the bounds; the leaf is told 5.00
 */
WICK_NODISCARD wick_status wick_leaf_enrolled(wick_leaf_service *svc, uint64_t now_ms, uint32_t ask,
                                              const wick_leaf_enrolment *e);
WICK_NODISCARD wick_status wick_leaf_key_is(wick_leaf_service *svc, uint64_t now_ms, uint32_t ask,
                                            const wick_leaf_key *key);
/** @param[in] text  the ticket as text */
WICK_NODISCARD wick_status wick_leaf_ticket_is(wick_leaf_service *svc, uint64_t now_ms, uint32_t ask,
                                               const uint8_t peer32[32], uint32_t epoch,
                                               const uint8_t ks32[32], wick_span text);
WICK_NODISCARD wick_status wick_leaf_proof_is(wick_leaf_service *svc, uint64_t now_ms, uint32_t ask,
                                              const uint8_t peer32[32], uint32_t epoch,
                                              wick_span bundle);
/** @param[in] payload  of the peer's service: at most WICK_LEAF_PAYLOAD_MAX bytes */
WICK_NODISCARD wick_status wick_leaf_sent(wick_leaf_service *svc, uint64_t now_ms, uint32_t ask,
                                          const uint8_t peer32[32], uint32_t epoch,
                                          wick_span payload);
/** Bytes of a block at ask.offset: ask.max of them, or as many as there are up to its end. Each piece is
 *  a question of its own, of which only the first takes from the leaf's burst; the leaf holds the
 *  whole against the CID. @param[in] total  bytes of the whole block
 *  @retval WICK_E_BAD_ARG another number of bytes; the leaf is told 4.00 where nothing is there */
WICK_NODISCARD wick_status wick_leaf_block_is(wick_leaf_service *svc, uint64_t now_ms, uint32_t ask,
                                              uint32_t total, wick_span bytes);
WICK_NODISCARD wick_status wick_leaf_release_is(wick_leaf_service *svc, uint64_t now_ms, uint32_t ask,
                                                const wick_leaf_release *release);
/** It cannot be answered. @param[in] status  why; not WICK_OK */
WICK_NODISCARD wick_status wick_leaf_failed(wick_leaf_service *svc, uint64_t now_ms, uint32_t ask,
                                            wick_status status);

/** Code of a refusal, and whether a Max-Age goes with it. */
uint8_t wick_leaf_code(wick_status status, uint32_t *max_age_s);

#ifdef __cplusplus
}
#endif
#endif
