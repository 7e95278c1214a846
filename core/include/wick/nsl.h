/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_NSL_H
#define WICK_NSL_H
/*
 * DPK-NSL v1: mutual authentication with keys from the chain, fresh and forward-secret pre-shared
 * keys for (D)TLS. Three messages and a confirmation; core/psk/PROTOCOL.md is the specification.
 *
 *     initiator                              responder
 *        M1 ------------------------------------>          stateless: nothing is kept or computed
 *        <------------------------------------ M0 cookie   with a private key before the cookie
 *        M1 + cookie --------------------------->
 *                                                          opens M1, LOOKUP_WANTED(idA)
 *        <------------------------------------ M2          sealed with N1 as pre-shared key
 *        M3 ------------------------------------>          ESTABLISHED
 *        <------------------------------------ M4
 *     ESTABLISHED
 *
 * One wick_nsl_node serves both roles. It does no I/O:
 *
 *     wick_nsl_init(&node, &cfg, now);
 *     wick_nsl_connect(&node, &run, now, &peer);          as initiator
 *     for each datagram: wick_nsl_input(&node, now, bytes, &from);
 *     then, and at each deadline:
 *         while (wick_nsl_poll(&node, &out, now), out.kind != WICK_OUT_WAIT) {
 *             SEND: send out.bytes to out.to
 *             EVENT: see wick_nsl_event
 *         }
 *
 * Poll until WAIT after each input: the answer to a datagram waits in one place, and the next input
 * replaces it, which the peer's retransmission mends.
 *
 * Telling NSL from others on one socket: the first byte of NSL is 1, of DTLS 20..63 (RFC 7983). A
 * STUN message may begin with 1 too, but has 0x2112A442 in bytes 4..7, which NSL never has there.
 *
 * Failure is silent on the wire: whatever is wrong with a datagram, nothing is sent and no state
 * changes. The status of wick_nsl_input() and wick_nsl_stats are for the local side.
 *
 * Randomness, the crypto functions and the keystore are named in the configuration; private-key
 * operations run inside input(), poll(), connect() and lookup_result(), at most three per call.
 *
 * Keys are on secp256k1 or, with WICK_WITH_NSL_RSA, RSA-2048, in any combination: M1 is sealed to the
 * responder's type of key, M2 to the initiator's, and the initiator's signs. Ephemeral keys are on
 * secp256k1 always.
 *
 * Sizes: half-open entry 0.6 KB x WICK_NSL_HALF_OPEN_MAX, run 0.5 KB x WICK_NSL_CONNECT_MAX,
 * finished 0.12 KB x WICK_NSL_DONE_MAX; 10 KB in all, with RSA 17 KB. Stack with mbedtls and libsecp256k1: 7.2 KB
 * on x86-64 (unittest/bench). A run that ends with WICK_E_NSL_NO_ANSWER may be begun again at
 * once: where 30 of 100 datagrams are lost, nine runs of ten succeed.
 */
#include "wick/base.h"
#include "wick/hal/crypto.h"
#include "wick/hal/entropy.h"
#include "wick/hal/keystore.h"
#include "wick/hmac.h"
#include "wick/session_keys.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WICK_NSL_VERSION 1
#define WICK_NSL_HEADER_BYTES 12
#define WICK_NSL_COOKIE_BYTES 16
/* Largest key of a record, overhead of a seal and signature among the suites of this build: 0x22, and
 * with RSA-2048 also 0x11, 0x12, 0x21 (type of the initiator's key << 4 | type of the responder's). */
#if WICK_WITH_NSL_RSA
#define WICK_NSL_KEY_MAX 260
#define WICK_NSL_SEAL_MAX 272
#define WICK_NSL_SIG_MAX 256
#else
#define WICK_NSL_KEY_MAX 33
#define WICK_NSL_SEAL_MAX 49
#define WICK_NSL_SIG_MAX 64
#endif
#define WICK_NSL_M0_BYTES 28
#define WICK_NSL_M1_MAX (WICK_NSL_HEADER_BYTES + WICK_NSL_COOKIE_BYTES + 107 + WICK_NSL_SEAL_MAX)
#define WICK_NSL_M2_MAX (WICK_NSL_HEADER_BYTES + 98 + WICK_NSL_SEAL_MAX)
#define WICK_NSL_M3_MAX (WICK_NSL_HEADER_BYTES + 32 + WICK_NSL_SIG_MAX + 16)
#define WICK_NSL_M4_BYTES 28

/* Options (M1: opts, M2: chosen). Bits 8..15 are mandatory to understand; none is defined. */
#define WICK_NSL_OPT_NO_M4 0x01u /* no M4: the initiator repeats M3 with each ClientHello flight */
#define WICK_NSL_OPT_SIG 0x02u   /* M3 carries the initiator's signature: evidence */
#define WICK_NSL_OPT_PSK16 0x04u /* 16-byte keys for small (D)TLS stacks may be derived */
#define WICK_NSL_OPT_ALL 0x07u

/** A public key as the record holds it. */
typedef struct wick_nsl_key {
    uint8_t type;                    /* WICK_KEY_TYPE_* */
    uint8_t bytes[WICK_NSL_KEY_MAX]; /* secp256k1: compressed, 33 bytes; RSA-2048: n 256 | e 4 */
} wick_nsl_key;

/** Whom to connect to: all of it from one verified record. */
typedef struct wick_nsl_peer {
    uint8_t id[32];
    wick_nsl_key key;
    wick_addr addr;
} wick_nsl_peer;

/** Kept by reference: pointers must live as long as the node. */
typedef struct wick_nsl_config {
    const wick_hal_crypto *crypto;
    const wick_hal_entropy *entropy;
    const wick_hal_keystore *keystore;
    uint8_t id[32];       /* own record id */
    wick_nsl_key pub;     /* own public key, as in the own record */
    wick_key key;         /* its private half in the keystore */
    unsigned opts;        /* WICK_NSL_OPT_*: offered as initiator, granted as responder */

    /* Peers that are never crowded out: WICK_NSL_HALF_OPEN_RESERVED places are kept for them and
     * for peers with a session in the last 24 h. With `allow_only` all others are refused. */
    const uint8_t (*allow)[32];
    size_t allow_count;
    bool allow_only;

    /* Relays, by IP: many peers share it, so the limit per address does not hold there. */
    const wick_addr *relays;
    size_t relay_count;

    uint16_t m1_per_s; /* private-key openings per second, 0: WICK_NSL_M1_PER_S */
    uint16_t m0_per_s; /* cookies sent per second, 0: WICK_NSL_M0_PER_S */
    uint32_t former_key_ms; /* use of a rotated key after wick_nsl_rotate(), 0: 15 minutes */
#if WICK_WITH_NSL_RSA
    uint8_t only_suite; /* 0: what the records say; else handshakes of this suite alone */
#endif
    bool no_cookie; /* point-to-point links only: M1 without cookie is answered */
} wick_nsl_config;

typedef enum wick_nsl_event {
    WICK_NSL_EV_LOOKUP_WANTED = 1, /* read the record of out.id (out.fresh: at the newest header);
                                      answer with wick_nsl_lookup_result() within 10 s */
    WICK_NSL_EV_ESTABLISHED,       /* take the session of out.run with wick_nsl_take() before the
                                      next poll; out.role, out.id */
    WICK_NSL_EV_FAILED,            /* out.run has ended; out.status */
    WICK_NSL_EV_FORMER_KEY_DONE    /* the key before the last rotation is not used any more: destroy
                                      it in the keystore */
} wick_nsl_event;

typedef struct wick_nsl_out {
    wick_out_kind kind;   /* SEND, EVENT or WAIT */
    wick_span bytes;      /* SEND; lives until the next call on the node */
    wick_addr to;
    uint64_t deadline_ms; /* WAIT */
    wick_nsl_event event;
    wick_status status;   /* FAILED */
    uint32_t run;         /* ESTABLISHED, FAILED */
    wick_session_role role;
    bool fresh;           /* LOOKUP_WANTED: not from a cache */
    uint8_t id[32];       /* whom it is about */
} wick_nsl_out;

/** What went wrong, for the local side. Saturating counters. */
typedef struct wick_nsl_stats {
    uint32_t m0_sent;
    uint32_t m1_opened;     /* private-key openings as responder */
    uint32_t established;
    uint32_t dropped;       /* all datagrams that were not accepted */
    uint32_t rate_limited;  /* of these: rate or per-source limits */
    uint32_t table_full;    /* of these: no place in the half-open table */
    uint32_t auth_failed;   /* of these: a tag, cookie, MAC, key or signature was wrong */
} wick_nsl_stats;

/* ------------------------------------------------------------------ private */

typedef struct wick_nsl_bucket {
    uint64_t at_ms;
    uint32_t milli; /* thousandths of a token */
    uint32_t per_s;
} wick_nsl_bucket;

/* Responder: a handshake under way. */
typedef struct wick_nsl_half {
    uint8_t state;
    uint8_t suite;
    uint8_t chosen;
    bool privileged;
    bool fresh; /* the record must be read at the newest header */
    bool late;  /* keys.late holds */
    bool send_m2;
    uint32_t run;
    uint32_t cid_i, cid_r;
    uint64_t since_ms, deadline_ms;
    wick_addr path, send_to;
    uint8_t m1_hash[32];
    uint8_t id[32];
    uint8_t kid[8];
    uint8_t keyhash[32];
    uint8_t own_keyhash[32];
    uint8_t th[32]; /* th0 until M2 is made, then th2 */
    wick_nsl_key key;
    uint8_t e_pub[33]; /* the initiator's ephemeral */
    union {
        struct { /* until M3 comes */
            uint8_t n1[32], n2[32], e_secret[32];
        } fresh;
        struct { /* after the first M3 that names this entry */
            uint8_t prk[32], k3[32];
        } late;
        uint8_t root[32]; /* established, not yet handed out */
    } keys;
    uint8_t m2[WICK_NSL_M2_MAX];
} wick_nsl_half;

/* Responder: finished; answers repeated M3. */
typedef struct wick_nsl_done {
    bool used;
    bool no_m4;
    uint32_t cid_i, cid_r;
    uint64_t until_ms;
    uint8_t m1_hash[32], m3_hash[32];
    uint8_t m4[WICK_NSL_M4_BYTES];
} wick_nsl_done;

/* Initiator. */
typedef struct wick_nsl_run {
    uint8_t state;
    uint8_t own;
    uint8_t suite;
    uint8_t chosen;
    uint8_t attempt;  /* transmissions of the present message by timer */
    uint8_t m0_count; /* M0 taken since the last of these */
    uint8_t opens;    /* M2 opened in the present second */
    bool asked;       /* re-reading of the peer's record was wanted */
    bool want_lookup;
    bool send;
    bool has_cookie;
    uint32_t run;
    uint32_t cid_i, cid_r;
    uint64_t give_up_ms; /* end of the whole run */
    uint64_t restart_ms; /* M3 not confirmed by then: begin again with a new M1 */
    uint64_t next_ms;    /* next transmission by timer */
    uint64_t m0_ms;      /* before that no cookie causes a transmission */
    uint64_t second_ms;  /* begin of the present second of `opens` */
    wick_status status;
    wick_nsl_peer peer;
    uint8_t keyhash[32];
    uint8_t own_keyhash[32];
    uint8_t th1[32];
    union {
        struct { /* until M2 comes */
            uint8_t n1[32], e_secret[32];
        } fresh;
        struct { /* until M4 comes and the session is taken */
            uint8_t root[32], mac[16];
        } late;
    } keys;
    size_t msg_len;
    uint8_t msg[WICK_NSL_M1_MAX]; /* M1 with room for the cookie, later M3 */
} wick_nsl_run;

typedef struct wick_nsl_lookup {
    bool used, announced, fresh;
    uint64_t until_ms;
    uint8_t id[32];
} wick_nsl_lookup;

typedef struct wick_nsl_memo {
    bool used;
    uint64_t until_ms;
    uint8_t id[32];
} wick_nsl_memo;

typedef struct wick_nsl_own {
    wick_key key; /* handle 0: none */
    wick_nsl_key pub;
    uint8_t keyhash[32];
    uint64_t until_ms; /* former key */
} wick_nsl_own;

/** Fields are private, but for `stats`. */
typedef struct wick_nsl_node {
    wick_nsl_stats stats;
    wick_nsl_config cfg;
    wick_nsl_own own[2]; /* current, former */
    bool former_done;
    uint32_t serial;
    wick_hmac_key cookie_key[2]; /* one is current, the other former */
    uint64_t cookie_ms;          /* begin of the current one */
    uint8_t cookie_at;           /* which is current */
    wick_nsl_bucket m1_bucket, m0_bucket;
    bool reply_pending; /* M0, or M4 */
    size_t reply_len;
    wick_addr reply_to;
    uint8_t reply[WICK_NSL_M4_BYTES];
    uint32_t handed; /* run whose session may be taken until the next poll */
    wick_nsl_half half[WICK_NSL_HALF_OPEN_MAX];
    wick_nsl_done done[WICK_NSL_DONE_MAX];
    wick_nsl_run runs[WICK_NSL_CONNECT_MAX];
    wick_nsl_lookup lookups[WICK_NSL_LOOKUPS_MAX];
    wick_nsl_memo negative[WICK_NSL_NEGATIVE_MAX];
    wick_nsl_memo reread[WICK_NSL_LOOKUPS_MAX * 4];
    wick_nsl_memo recent[WICK_NSL_RECENT_MAX];
} wick_nsl_node;

/* ------------------------------------------------------------------ functions */

/**
 * Makes a node; draws the first cookie secret.
 * @retval WICK_OK
 * @retval WICK_E_BAD_ARG      a pointer or the private key is missing, or opts has unknown bits
 * @retval WICK_E_UNSUPPORTED  own key is of a type that this build has no suite for
 * @retval WICK_E_BAD_KEY      own public key is not a point, or not that of the private key
 * @retval WICK_E_ENTROPY      no randomness
 * On error the node is wiped.
 */
WICK_NODISCARD wick_status wick_nsl_init(wick_nsl_node *node, const wick_nsl_config *cfg,
                                         uint64_t now_ms);

/** Ends all handshakes without a word and wipes all secrets. */
void wick_nsl_wipe(wick_nsl_node *node);

/**
 * Begins a handshake as initiator; ends with ESTABLISHED or FAILED within 31 s.
 * After the second unanswered M1 the node asks for the peer's record again (LOOKUP_WANTED with
 * fresh): its key may have changed.
 * @param[out] run  names it in events; never 0
 * @retval WICK_OK
 * @retval WICK_E_LIMIT         WICK_NSL_CONNECT_MAX runs are under way
 * @retval WICK_E_STATE         a run with this peer is under way
 * @retval WICK_E_BAD_ARG       the peer's id is our own
 * @retval WICK_E_NSL_PEER_KEY  the peer's key is our own: its record copies it
 * @retval WICK_E_UNSUPPORTED   key type without a suite (P-256 is for TLS only), or another suite
 *                              than cfg.only_suite
 * @retval WICK_E_BAD_KEY       not a point of the curve; RSA: not of 2048 bits, or e unfit
 * @retval WICK_E_ENTROPY       no randomness
 */
WICK_NODISCARD wick_status wick_nsl_connect(wick_nsl_node *node, uint32_t *run, uint64_t now_ms,
                                            const wick_nsl_peer *peer);

/** Ends a run and wipes it, whatever its state; unknown runs are ignored. No event follows. */
void wick_nsl_close(wick_nsl_node *node, uint32_t run);

/**
 * NO_M4 only: sends M3 again, before each ClientHello flight until the ServerHello has come.
 * @retval WICK_OK  @retval WICK_E_STATE no such run, closed, or more than 60 s old
 */
WICK_NODISCARD wick_status wick_nsl_repeat(wick_nsl_node *node, uint32_t run, uint64_t now_ms);

/**
 * One datagram.
 * @retval WICK_OK                taken (or a duplicate that is answered or awaits its answer)
 * @retval WICK_E_NSL_DROP        dropped; stats say more
 * @retval WICK_E_NSL_RATE        dropped: rate or per-source limit
 * @retval WICK_E_NSL_TABLE_FULL  dropped: no place
 * @retval WICK_E_ENTROPY         dropped: no randomness
 */
WICK_NODISCARD wick_status wick_nsl_input(wick_nsl_node *node, uint64_t now_ms, wick_span bytes,
                                          const wick_addr *from);

/** Gives the next output; call until WAIT. A session not taken since the last call is wiped. */
void wick_nsl_poll(wick_nsl_node *node, wick_nsl_out *out, uint64_t now_ms);

/**
 * Answer to LOOKUP_WANTED.
 * @param[in] id      whose record
 * @param[in] key     from the verified record; ignored unless `status` is WICK_OK
 * @param[in] status  WICK_OK; a registry status, BAD_KEY or UNSUPPORTED (remembered for 60 s); any
 *                    other: could not be read, peers may try again at once
 * @retval WICK_OK
 * @retval WICK_E_BAD_ARG  WICK_OK without a key; nothing changes
 * @retval WICK_E_STATE    this record was not asked for, or more than 10 s ago; nothing changes
 */
WICK_NODISCARD wick_status wick_nsl_lookup_result(wick_nsl_node *node, uint64_t now_ms,
                                                  const uint8_t id[32], const wick_nsl_key *key,
                                                  wick_status status);

/**
 * Hands the session of an ESTABLISHED event out, once.
 * @param[out] out  zeroed on error; the caller wipes it
 * @retval WICK_OK
 * @retval WICK_E_STATE  already taken, or another call of poll came between
 */
WICK_NODISCARD wick_status wick_nsl_take(wick_nsl_node *node, wick_session *out, uint32_t run);

/**
 * Changes to a new own key. The former one keeps answering for cfg.former_key_ms, because records
 * of that age may still be in use; then FORMER_KEY_DONE. Runs under way go on with their key.
 * @retval WICK_OK
 * @retval WICK_E_STATE  the key before is still in use: two rotations are too close, see wick_nsl_forget()
 * @retval WICK_E_UNSUPPORTED  also: no handshake of cfg.only_suite has a key of this type
 * @retval others        as wick_nsl_init(); nothing changes
 */
WICK_NODISCARD wick_status wick_nsl_rotate(wick_nsl_node *node, uint64_t now_ms,
                                           const wick_nsl_key *pub, wick_key key);

/**
 * Ends the use of the former key before its time, so that the next rotation need not wait: who has a record that
 * is two keys old learns the present one from the chain. Runs that began with that key and have no M2 yet fail
 * (NSL_NO_ANSWER). Without such a key nothing happens. No FORMER_KEY_DONE follows.
 */
void wick_nsl_forget(wick_nsl_node *node);

#ifdef __cplusplus
}
#endif
#endif
