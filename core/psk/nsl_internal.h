/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_NSL_INTERNAL_H
#define WICK_NSL_INTERNAL_H
/*
 * Parts of the handshake: wire form and transcript (nsl_wire.c), key types (nsl_suite.c, nsl_rsa.c), what
 * limits strangers (nsl_guard.c), the two roles (nsl_initiator.c, nsl_responder.c), and the node
 * that joins them (nsl.c). Section numbers are those of PROTOCOL.md beside this file.
 *
 * Inside, functions give the true status; wick_nsl_input() turns all that concern the peer into
 * WICK_E_NSL_DROP.
 */
#include "wick/nsl.h"

#define NSL_SPAN(a) wick_span_make((a), sizeof(a))

/* ---- wire (section 2) ---- */

enum nsl_type_octet { NSL_M0 = 0, NSL_M1 = 1, NSL_M2 = 2, NSL_M3 = 3, NSL_M4 = 4, NSL_ASK = 5 };
/* The last one that this build takes: ASK is for M1 of RSA, which are long. */
#if WICK_WITH_NSL_RSA
#define NSL_TYPE_LAST NSL_ASK
#else
#define NSL_TYPE_LAST NSL_M4
#endif
#define NSL_ASK_BYTES (WICK_NSL_HEADER_BYTES + 32u)

#define NSL_FLAG_COOKIE 0x01u
#define NSL_STUN_COOKIE 0x2112A442u
#define NSL_M1_PLAIN 107u
#define NSL_M2_PLAIN 98u

struct nsl_header {
    uint8_t type, suite, flags;
    uint32_t cid_i, cid_r;
};

void nsl_header_put(uint8_t out[WICK_NSL_HEADER_BYTES], const struct nsl_header *h);
/* False: not a datagram of this protocol and version, or of impossible form. */
bool nsl_header_get(struct nsl_header *h, wick_span bytes);

/* Exact lengths; 0 for a suite that this build does not have. */
size_t nsl_m1_bytes(uint8_t suite, bool cookie);
size_t nsl_m2_bytes(uint8_t suite);
size_t nsl_m3_bytes(uint8_t suite, uint8_t chosen);

/* ---- transcript and key schedule (sections 4 and 5) ---- */

/* SHA-256 over the parts. */
wick_status nsl_hash(const wick_hal_crypto *crypto, uint8_t out[32], const wick_span *parts,
                     size_t count);
wick_status nsl_m1_hash(const wick_hal_crypto *crypto, uint8_t out[32], wick_span m1);
wick_status nsl_th1(const wick_hal_crypto *crypto, uint8_t th1[32], const uint8_t th0[32],
                    const uint8_t m1_hash[32], const uint8_t id_i[32],
                    const uint8_t keyhash_i[32]);
wick_status nsl_th0(const wick_hal_crypto *crypto, uint8_t th0[32], uint8_t suite,
                    const uint8_t id_r[32], const uint8_t keyhash_r[32]);
/* th2 from th1 and M2, th3 from th2 and M3; `message_hash` is H of the message. */
wick_status nsl_th_next(const wick_hal_crypto *crypto, uint8_t th[32], uint8_t message_hash[32],
                        const uint8_t before[32], wick_span message);
/* What SigA signs. */
wick_status nsl_sig_digest(const wick_hal_crypto *crypto, uint8_t digest[32],
                           const uint8_t th2[32], const uint8_t id_i[32], const uint8_t id_r[32],
                           const uint8_t keyhash_r[32], const uint8_t ks[32]);
/* PRK and k3 from both nonces and the ephemerals' ECDH. */
wick_status nsl_prk(const wick_hal_crypto *crypto, uint8_t prk[32], uint8_t k3[32],
                    const uint8_t th2[32], const uint8_t n1[32], const uint8_t n2[32],
                    const uint8_t e_secret[32], const uint8_t e_peer[33]);
/* Root (PRK1) and the MAC of M4, whose header is given. */
wick_status nsl_root(const wick_hal_crypto *crypto, uint8_t root[32], uint8_t mac[16],
                     const uint8_t th3[32], const uint8_t prk[32], const uint8_t ks[32],
                     const uint8_t m4_header[WICK_NSL_HEADER_BYTES]);
unsigned nsl_session_uses(uint8_t chosen);

/* ---- key types (section 3) ---- */

struct nsl_seal {
    wick_span info, aad;
    wick_span psk; /* N1 in M2, empty in M1 */
};

/* What a type of key can do. A suite octet names two of them. */
struct nsl_type {
    uint8_t type;
    uint16_t seal_bytes; /* overhead of a seal */
    uint16_t sig_bytes;
    /* parity and word1 of the record, BAD_KEY if the key is not valid */
    wick_status (*words)(const wick_hal_crypto *crypto, uint8_t *parity, uint8_t word1[32],
                         const wick_nsl_key *key);
    wick_status (*own)(const wick_hal_keystore *keystore, const wick_nsl_key *pub, wick_key key);
    wick_status (*seal)(const wick_nsl_node *node, uint8_t *out, const struct nsl_seal *seal,
                        const wick_nsl_key *to, wick_span plain);
    wick_status (*open)(const wick_nsl_node *node, uint8_t *plain, const struct nsl_seal *seal,
                        const wick_nsl_own *own, wick_span sealed);
    wick_status (*sign)(const wick_nsl_node *node, uint8_t *sig, const wick_nsl_own *own,
                        const uint8_t digest[32]);
    wick_status (*verify)(const wick_hal_crypto *crypto, const uint8_t *sig,
                          const wick_nsl_key *key, const uint8_t digest[32]);
};

#if WICK_WITH_NSL_RSA
extern const struct nsl_type nsl_rsa2048;
#endif
/* NULL: no suite of this build has it. */
const struct nsl_type *nsl_type(unsigned type);
static inline const struct nsl_type *nsl_type_i(uint8_t suite)
{
    return nsl_type((unsigned)suite >> 4);
}
static inline const struct nsl_type *nsl_type_r(uint8_t suite)
{
    return nsl_type((unsigned)suite & 15u);
}
static inline bool nsl_suite_allowed(const wick_nsl_node *node, uint8_t suite)
{
#if WICK_WITH_NSL_RSA
    return node->cfg.only_suite == 0 || node->cfg.only_suite == suite;
#else
    (void)node, (void)suite;
    return true;
#endif
}
/* WICK_E_UNSUPPORTED, WICK_E_BAD_KEY. */
wick_status nsl_keyhash(const wick_hal_crypto *crypto, uint8_t keyhash[32],
                        const wick_nsl_key *key);
/* A fresh secp256k1 key pair for one handshake, in every suite. */
wick_status nsl_ephemeral(const wick_nsl_node *node, uint8_t secret[32], uint8_t pub[33]);

/* ---- limits (section 7) ---- */

#define NSL_COOKIE_MS 64000u
#define NSL_HALF_MS 8000u
#define NSL_LOOKUP_MS 10000u
#define NSL_EVICT_MS 2000u
#define NSL_DONE_MS 60000u
#define NSL_NEGATIVE_MS 60000u
#define NSL_REREAD_MS 30000u
#define NSL_RECENT_MS (24u * 3600u * 1000u)

void nsl_bucket_init(wick_nsl_bucket *b, uint64_t now_ms, uint32_t per_s);
bool nsl_bucket_take(wick_nsl_bucket *b, uint64_t now_ms);
/* Is this the address of a relay, which many peers share? */
bool nsl_is_relay(const wick_nsl_node *node, const wick_addr *a);
wick_status nsl_cookie_init(wick_nsl_node *node, uint64_t now_ms);
wick_status nsl_cookie_make(wick_nsl_node *node, uint8_t cookie[WICK_NSL_COOKIE_BYTES],
                            uint64_t now_ms, const wick_addr *from, const uint8_t m1_hash[32]);
wick_status nsl_cookie_check(wick_nsl_node *node, const uint8_t cookie[WICK_NSL_COOKIE_BYTES],
                             uint64_t now_ms, const wick_addr *from, const uint8_t m1_hash[32]);
bool nsl_memo_has(const wick_nsl_memo *memos, size_t count, uint64_t now_ms,
                  const uint8_t id[32]);
void nsl_memo_add(wick_nsl_memo *memos, size_t count, uint64_t now_ms, uint64_t until_ms,
                  const uint8_t id[32]);
bool nsl_is_allowed(const wick_nsl_node *node, const uint8_t id[32]);
/* Where a newcomer may go: a free entry, or one that gives way to it (not yet wiped). */
wick_status nsl_place(wick_nsl_node *node, wick_nsl_half **out, uint64_t now_ms,
                      const wick_addr *from, bool privileged);

/* ---- roles ---- */

enum nsl_half_state { NSL_HALF_FREE = 0, NSL_OPENED, NSL_LOOKUP, NSL_M2_SENT, NSL_HALF_DONE };
enum nsl_run_state {
    NSL_RUN_FREE = 0,
    NSL_WAIT_M2,
    NSL_WAIT_M4,
    NSL_RUN_DONE,   /* session waits to be handed out */
    NSL_RUN_LINGER, /* NO_M4: session handed out, M3 may be repeated */
    NSL_RUN_FAILED  /* event waits to be given */
};

wick_status nsl_new_cid(const wick_nsl_node *node, uint32_t *out);
uint32_t nsl_new_run(wick_nsl_node *node);
void nsl_reply(wick_nsl_node *node, const uint8_t *bytes, size_t len, const wick_addr *to);

wick_status nsl_on_m1(wick_nsl_node *node, uint64_t now_ms, wick_span bytes,
                      const struct nsl_header *h, const wick_addr *from);
#if WICK_WITH_NSL_RSA
/* Somebody who may not send a whole M1 yet wants its cookie. */
wick_status nsl_on_ask(wick_nsl_node *node, uint64_t now_ms, wick_span bytes,
                       const struct nsl_header *h, const wick_addr *from);
#endif
wick_status nsl_on_m3(wick_nsl_node *node, uint64_t now_ms, wick_span bytes,
                      const struct nsl_header *h, const wick_addr *from);
void nsl_half_lookup_result(wick_nsl_node *node, wick_nsl_half *e, uint64_t now_ms,
                            const wick_nsl_key *key, wick_status status, bool fresh);
/* Begins the look-ups that are wanted and for which there is room. */
void nsl_start_lookups(wick_nsl_node *node, uint64_t now_ms);

wick_status nsl_on_m0(wick_nsl_node *node, uint64_t now_ms, wick_span bytes,
                      const struct nsl_header *h, const wick_addr *from);
wick_status nsl_on_m2(wick_nsl_node *node, uint64_t now_ms, wick_span bytes,
                      const struct nsl_header *h);
wick_status nsl_on_m4(wick_nsl_node *node, wick_span bytes, const struct nsl_header *h);
void nsl_run_lookup_result(wick_nsl_node *node, wick_nsl_run *r, uint64_t now_ms,
                           const wick_nsl_key *key, wick_status status);
void nsl_run_tick(wick_nsl_node *node, wick_nsl_run *r, uint64_t now_ms);
void nsl_run_forget(wick_nsl_run *r);

#endif
