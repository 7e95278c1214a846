/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSL_WORLD_H
#define NSL_WORLD_H
/*
 * Two or more handshake nodes, a network between them under the test's control, virtual time,
 * deterministic randomness, and counters of every private-key operation.
 */
#include "tap.h"
#include "wick/nsl.h"
#include "wick/port/crypto.h"

#define SIDES 4
#define PACKET_MAX 512
#define QUEUE_MAX 256
#define LATENCY_MS 10u

/* Type of side 0's key << 4 | type of all others' keys: what world_side() makes. Side 0 is the initiator
 * where a test does not say otherwise. Set by the cases of IN_ALL_SUITES(). */
extern uint8_t world_suite;
#define M1_LEN nsl_m1_bytes(world_suite, false)
#define M1C_LEN nsl_m1_bytes(world_suite, true)
#define M2_LEN nsl_m2_bytes(world_suite)
#define M3_LEN nsl_m3_bytes(world_suite, WICK_NSL_OPT_SIG)

/* A test in each suite that the build has; the mixed ones are long cases, for an RSA key is slow. */
#if WICK_WITH_NSL_RSA
#define IN_ALL_SUITES(name)                                                                        \
    static void name##_0x11(void)                                                                  \
    {                                                                                              \
        in_suite(0x11, name);                                                                      \
    }                                                                                              \
    static void name##_0x12(void)                                                                  \
    {                                                                                              \
        in_suite(0x12, name);                                                                      \
    }                                                                                              \
    static void name##_0x21(void)                                                                  \
    {                                                                                              \
        in_suite(0x21, name);                                                                      \
    }
#define CASES(name)                                                                                \
    CASE(name), CASE_LONG(name##_0x11), CASE_LONG(name##_0x12), CASE_LONG(name##_0x21)
#else
#define IN_ALL_SUITES(name)
#define CASES(name) CASE(name)
#endif
static inline void in_suite(uint8_t suite, void (*test)(void))
{
    world_suite = suite;
    test();
    world_suite = 0x22;
}

struct packet {
    bool used;
    uint64_t at_ms;
    uint64_t serial;
    wick_addr from, to;
    size_t len;
    uint8_t bytes[PACKET_MAX];
};

struct side {
    wick_nsl_node node;
    wick_nsl_config cfg;
    wick_addr addr;
    wick_nsl_key record; /* what the chain says about it */
    wick_key key;
    uint64_t entropy_state;
    uint32_t entropy_left; /* fills until it fails; UINT32_MAX: never */
    /* what happened */
    unsigned established, failed, lookups, fresh_lookups, former_done;
    wick_status last_failure;
    wick_session session;
    uint32_t last_run;
    unsigned sent;
    size_t sent_bytes;
};

enum lookup_mode { LOOKUP_NOW, LOOKUP_NEVER, LOOKUP_LATER };

extern struct side side[SIDES];
extern uint64_t now_ms;
extern struct packet queue[QUEUE_MAX];

/* Calls of the back end since world_init(); openings and signatures with long-term keys of any type. */
struct calls {
    unsigned key_opens, key_signs, ecdh, pub, verify, seal, open;
};
extern struct calls calls;
extern wick_hal_crypto real_crypto;
extern wick_hal_crypto crypto;
extern wick_hal_keystore keystore;
extern wick_ram_keystore ram;

/* How look-ups are answered. */
extern enum lookup_mode lookup_mode;
extern uint64_t lookup_delay_ms;
/* NULL, or sees each packet before it is queued; false drops it. */
extern bool (*on_packet)(struct packet *p);

/* What the last delivered datagram and the last answered look-up gave. */
extern wick_status last_input, last_lookup;

void world_init(void);
/* A node whose record id is 32 x `name` and whose secret key is 31 x 0 and `name`, or that of this name
 * in rsa_keys.h. */
void world_side(unsigned n, uint8_t name);
/* The same, with a configuration changed by the test. */
void world_start(unsigned n);
wick_nsl_peer world_peer(unsigned n);
uint32_t world_connect(unsigned from, unsigned to);
/* Hands a datagram to a side at once. */
wick_status world_give(unsigned n, const uint8_t *bytes, size_t len, const wick_addr *from);
void world_put(const uint8_t *bytes, size_t len, const wick_addr *from, const wick_addr *to,
               uint64_t at_ms);
/* Runs until `until_ms`, or until nothing is left to happen before it. */
void world_run(uint64_t until_ms);
/* Takes all outputs of one side: sends are queued, events noted, look-ups answered. */
void world_poll(unsigned n);
/* The last packet of a type (second octet) that was sent; NULL: none. */
const struct packet *world_sent(uint8_t type);
bool world_same_session(unsigned a, unsigned b);
void world_entropy(unsigned n, uint64_t seed);
uint32_t world_random(void);

/* ---- what a dishonest party can make ---- */

/* Contents of an M1 and how its header is. Filled by world_m1() with honest values; change any. */
struct m1_made {
    uint8_t suite;
    uint32_t cid_i;
    uint8_t n1[32], e_secret[32], e_pub[33], id[32], kid[8];
    uint16_t opts;
};
struct m1_made world_m1(unsigned from);
/* Seals it to a side, with the record id given as its own; M1_LEN bytes, no cookie. */
void world_seal_m1(uint8_t out[WICK_NSL_M1_MAX], const struct m1_made *m, unsigned to, const uint8_t to_id[32]);
/* Opens an M1 without cookie with a side's own key. */
wick_status world_open_m1(struct m1_made *out, unsigned n, const uint8_t m1[WICK_NSL_M1_MAX]);
/* Puts the cookie in that `to` would give to `from` now: M1C_LEN bytes. */
void world_add_cookie(uint8_t out[WICK_NSL_M1_MAX], const uint8_t m1[WICK_NSL_M1_MAX], unsigned to,
                      const wick_addr *from);
/* An M2 to side `to` under info th1, psk N1 (NULL: without). M2_LEN bytes. */
void world_seal_m2(uint8_t out[WICK_NSL_M2_MAX], unsigned to, const uint8_t th1[32], const uint8_t *n1,
                   const uint8_t plain98[98], uint32_t cid_i, uint32_t cid_r);
/* Opens an M2 to side `n` with its key, under info th1 and psk N1 (NULL: without). */
wick_status world_open_m2(uint8_t plain98[98], unsigned n, const uint8_t th1[32], const uint8_t *n1,
                          const uint8_t m2[WICK_NSL_M2_MAX]);
void world_keyhash(uint8_t out[32], unsigned n);
void world_random_bytes(uint8_t *out, size_t len);
unsigned world_halves(unsigned n);

/* Is this string of bytes anywhere in the node? */
bool world_node_has(unsigned n, const uint8_t *bytes, size_t len);

#endif
