/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Authenticators against headers of a chain that lives: each line of the standard input is
 *     STATUS pin|next|trust HASH RLP
 * and must end with that status: `pin` starts at the block, `next` gives a newer one, `trust` asks
 * Clique for a trusted header.
 *     lab_headers TEST qbft|ibft2|ibft1|clique EPOCH LEAST_LINES
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "wick/bft.h"
#include "wick/clique.h"
#include "wick/port/crypto.h"

#define CHAIN_ID 31337u

static wick_crypto_ctx crypto_ctx;
static wick_hal_crypto crypto;
static wick_bft bft;
static wick_clique clique;
static wick_clique_config config = {CHAIN_ID, 0, 0};
static wick_seal_rule rule;

static wick_status run_bft(const char *op, wick_trusted_header *th, wick_span rlp,
                           const uint8_t hash[32], const wick_trust_now *now)
{
    if (strcmp(op, "pin") == 0) {
        return wick_bft_pin(&bft, th, rule, rlp, hash, CHAIN_ID);
    }
    return wick_bft_header(&bft, th, &crypto, rlp, now, 0);
}

static wick_status run_clique(const char *op, wick_trusted_header *th, wick_span rlp,
                              const uint8_t hash[32], const wick_trust_now *now)
{
    if (strcmp(op, "pin") == 0) {
        return wick_clique_pin(&clique, &config, &crypto, rlp, hash);
    }
    if (strcmp(op, "trust") == 0) {
        return wick_clique_trust(th, &clique, rlp);
    }
    return wick_clique_header(&clique, &crypto, rlp, now);
}

/* A trusted header must be the block that the line names. */
static bool is_block(const wick_trusted_header *th, const char *op, const uint8_t hash[32])
{
    if (!wick_trust_is_made(th)) {
        return rule == WICK_SEAL_CLIQUE && strcmp(op, "trust") != 0;
    }
    wick_tier tier = rule == WICK_SEAL_CLIQUE       ? WICK_TIER_POA
                     : strcmp(op, "pin") == 0 ? WICK_TIER_PINNED
                                                    : WICK_TIER_BFT;
    return th->tier == tier && memcmp(th->hash, hash, 32) == 0;
}

static bool check(unsigned long number, const char *want, const char *op, const char *hash_hex,
                  const char *rlp_hex)
{
    static uint8_t rlp[WICK_HEADER_MAX];
    uint8_t hash[32];
    size_t digits = strlen(rlp_hex);
    wick_trusted_header th;
    wick_trust_now now = {(uint64_t)time(NULL), true};
    memset(&th, 0, sizeof th);
    if (strlen(hash_hex) != 66 || digits < 2 || digits / 2 - 1 > sizeof rlp ||
        wick_hex_decode(hash, 32, hash_hex + 2, 64) != WICK_OK ||
        wick_hex_decode(rlp, digits / 2 - 1, rlp_hex + 2, digits - 2) != WICK_OK) {
        printf("# line %lu cannot be read\n", number);
        return false;
    }
    wick_span span = wick_span_make(rlp, digits / 2 - 1);
    wick_status s = rule == WICK_SEAL_CLIQUE ? run_clique(op, &th, span, hash, &now)
                                             : run_bft(op, &th, span, hash, &now);
    if (strcmp(wick_status_str(s), want) != 0) {
        printf("# line %lu: %s gives %s, not %s\n", number, op, wick_status_str(s), want);
        return false;
    }
    if (s == WICK_OK && !is_block(&th, op, hash)) {
        printf("# line %lu: %s makes another header\n", number, op);
        return false;
    }
    return s == WICK_OK || !wick_trust_is_made(&th);
}

int main(int argc, char **argv)
{
    static char text[2 * WICK_HEADER_MAX + 256];
    static const struct {
        const char *name;
        wick_seal_rule rule;
    } rules[] = {{"qbft", WICK_SEAL_QBFT},
                 {"ibft2", WICK_SEAL_IBFT2},
                 {"ibft1", WICK_SEAL_IBFT1},
                 {"clique", WICK_SEAL_CLIQUE}};
    unsigned long lines = 0, refused = 0, bad = 0;
    if (argc != 5 || wick_crypto_init(&crypto, &crypto_ctx) != WICK_OK) {
        return 2;
    }
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        rule = strcmp(argv[2], rules[i].name) == 0 ? rules[i].rule : rule;
    }
    config.epoch = (uint32_t)strtoul(argv[3], NULL, 10);
    while (fgets(text, sizeof text, stdin) != NULL) {
        char *save = NULL;
        const char *want = strtok_r(text, " \n", &save), *op = strtok_r(NULL, " \n", &save);
        const char *hash = strtok_r(NULL, " \n", &save), *rlp = strtok_r(NULL, " \n", &save);
        lines++;
        if (rlp == NULL || !check(lines, want, op, hash, rlp)) {
            bad++;
        } else if (strcmp(want, "OK") != 0) {
            refused++;
        }
    }
    /* A scenario that broke off proves nothing. */
    bool enough = lines >= strtoul(argv[4], NULL, 10);
    printf("%s - %s # %lu headers, %lu of them refused with the right status\n",
           bad == 0 && enough ? "ok 1" : "not ok 1", argv[1], lines, refused);
    return bad == 0 && enough ? 0 : 1;
}
