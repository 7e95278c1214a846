/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sync committee store against a chain that lives: each line of the standard input is an object
 * and the status that must come of it (devnet/scenario.mjs).
 *     lab_beacon LEAST_LINES
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "wick/beacon.h"
#include "wick/port/crypto.h"

#define BYTES_MAX 65536

static wick_crypto_ctx crypto_ctx;
static wick_hal_crypto crypto;
static wick_beacon beacon;
static wick_beacon_config config;
static unsigned periods;

/* Minimal preset: 8 slots an epoch, 8 epochs a period, 32 members; one slot a second. */
static wick_beacon_fork forks[] = {{"electra", 0, {0x05, 0, 0, 1}, &wick_beacon_shape_electra},
                                   {"fulu", 0, {0x06, 0, 0, 1}, &wick_beacon_shape_electra}};
static wick_beacon_chain chain = {.name = "devnet",
                                  .chain_id = 7331,
                                  .seconds_per_slot = 1,
                                  .slots_per_epoch = 8,
                                  .epochs_per_period = 8,
                                  .committee = 32,
                                  .trusting_s = 86400,
                                  .fork = forks,
                                  .forks = 2};

static bool unhex(uint8_t *out, size_t *len, size_t cap, const char *text)
{
    size_t digits = text == NULL ? 0 : strlen(text);
    if (digits < 2 || (digits - 2) / 2 > cap) {
        return false;
    }
    *len = (digits - 2) / 2;
    return wick_hex_decode(out, *len, text + 2, digits - 2) == WICK_OK;
}

static bool start(const char *genesis_time, const char *root, const char *fulu, const char *trusted)
{
    size_t len;
    chain.genesis_time = strtoull(genesis_time, NULL, 10);
    forks[1].epoch = strtoull(fulu, NULL, 10);
    config.chain = &chain;
    return unhex(chain.genesis_validators_root, &len, 32, root) && len == 32 &&
           unhex(config.trusted_root, &len, 32, trusted) && len == 32 &&
           wick_beacon_chain_check(&chain) == WICK_OK;
}

static wick_status input(const char *kind, const char *fork_name, wick_span ssz)
{
    static const char *const kinds[] = {"bootstrap", "update", "finality", "optimistic"};
    wick_trust_now now = {(uint64_t)time(NULL), true};
    const wick_beacon_fork *fork =
        wick_beacon_fork_by_name(&chain, fork_name, strlen(fork_name));
    unsigned changed = 0;
    size_t k = 0;
    while (k < 3 && strcmp(kind, kinds[k]) != 0) {
        k++;
    }
    if (k == 0) {
        return wick_beacon_bootstrap(&beacon, &config, &crypto, fork, ssz, &now);
    }
    wick_status s =
        wick_beacon_input(&beacon, &changed, &crypto, (wick_beacon_kind)k, fork, ssz, &now);
    periods += (changed & WICK_BEACON_NEW_PERIOD) != 0;
    return s;
}

/* The header of the newest block of a tier: it must be the one that the line names. */
static wick_status header(wick_tier tier, const char *hash_hex, wick_span rlp)
{
    wick_trusted_header th;
    uint8_t hash[32];
    size_t len;
    wick_status s = wick_beacon_trust(&th, &beacon, rlp, tier);
    if (s == WICK_OK && (!unhex(hash, &len, 32, hash_hex) || !wick_trust_is_made(&th) ||
                         th.tier != tier || memcmp(th.hash, hash, 32) != 0)) {
        return WICK_E_STATE;
    }
    return s;
}

static bool check(unsigned long number, const char *want, const char *what, const char *which,
                  const char *bytes_hex)
{
    static uint8_t bytes[BYTES_MAX];
    size_t len;
    if (!unhex(bytes, &len, sizeof bytes, bytes_hex)) {
        printf("# line %lu cannot be read\n", number);
        return false;
    }
    wick_span span = wick_span_make(bytes, len);
    wick_status s = strcmp(what, "FINALIZED") == 0    ? header(WICK_TIER_FINALIZED, which, span)
                    : strcmp(what, "OPTIMISTIC") == 0 ? header(WICK_TIER_OPTIMISTIC, which, span)
                                                      : input(what, which, span);
    if (strcmp(wick_status_str(s), want) != 0) {
        printf("# line %lu: %s gives %s, not %s\n", number, what, wick_status_str(s), want);
        return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    static char text[2 * BYTES_MAX + 256];
    unsigned long lines = 0, refused = 0, bad = 0;
    if (argc != 2 || wick_crypto_init(&crypto, &crypto_ctx) != WICK_OK) {
        return 2;
    }
    while (fgets(text, sizeof text, stdin) != NULL) {
        char *save = NULL, *word[5] = {NULL};
        word[0] = strtok_r(text, " \n", &save);
        for (size_t i = 1; i < 5 && word[i - 1] != NULL; i++) {
            word[i] = strtok_r(NULL, " \n", &save);
        }
        if (word[3] == NULL) {
            bad++;
            continue;
        }
        if (strcmp(word[0], "chain") == 0) {
            bad += word[4] == NULL || !start(word[1], word[2], word[3], word[4]);
            continue;
        }
        lines++;
        if (!check(lines, word[0], word[1], word[2], word[3])) {
            bad++;
        } else if (strcmp(word[0], "OK") != 0) {
            refused++;
        }
    }
    /* A scenario that broke off, or saw no committee go, proves nothing. */
    bool enough = lines >= strtoul(argv[1], NULL, 10) && periods >= 3;
    printf("%s - lab.devnet.beacon # %lu objects, %lu of them refused with the right status, %u "
           "rotations\n",
           bad == 0 && enough ? "ok 2" : "not ok 2", lines, refused, periods);
    return bad == 0 && enough ? 0 : 1;
}
