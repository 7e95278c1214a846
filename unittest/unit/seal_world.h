/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_TEST_SEAL_WORLD_H
#define WICK_TEST_SEAL_WORLD_H
/*
 * Makes sealed headers of consortium chains from scratch: its own RLP, the rules as the clients'
 * sources state them, keys 0.. in the order of their addresses. Shares Keccak and the curve with the
 * library, nothing else.
 */
#include "wick/seal.h"

#define WORLD_KEYS 70
#define WORLD_LIST_MAX 70
#define WORLD_CHAIN 2026u

/** What a header says. Members of sets and sealers are key numbers. */
struct spec {
    wick_seal_rule rule;
    uint64_t number, timestamp;
    uint8_t parent[32];
    int set[WORLD_LIST_MAX];
    size_t set_len;
    int seal[WORLD_LIST_MAX];
    size_t seal_len;
    int proposer; /* IBFT 1, Clique */
    int subject;  /* -1: no vote; Clique: the beneficiary, -1 is zero */
    bool add;
    uint32_t round;
    uint32_t round_signed; /* round in what is signed, usually the same */
    uint8_t difficulty;
    bool other_mix;
    bool high_s;
    uint8_t salt;      /* makes blocks differ */
    const uint8_t *state_root; /* 32 bytes; NULL: made of the salt */
    size_t more_fields; /* beyond base fee: fields of forks to come */
    bool list_signers;  /* Clique: epoch header */
};

struct sealed {
    uint8_t rlp[WICK_HEADER_MAX + 512];
    size_t len;
    uint8_t hash[32]; /* block hash */
};

const wick_hal_crypto *world_crypto(void);

/** Address of key i; key -1 has address zero. */
const uint8_t *world_address(int key);

/** A header of `n` validators 0..n-1, all of whom seal, on top of `parent` (NULL: some parent). */
struct spec world_spec(wick_seal_rule rule, uint64_t number, size_t n, const struct sealed *parent);

/** The first `n` keys from `from` seal. */
void world_sealers(struct spec *s, int from, size_t n);

void world_make(struct sealed *out, const struct spec *s);

static inline wick_span sealed_span(const struct sealed *s)
{
    return wick_span_make(s->rlp, s->len);
}

#define WORLD_GENESIS_TIME 1700000000u
#define WORLD_PERIOD 5u

#endif
