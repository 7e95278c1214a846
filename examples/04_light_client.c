/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A light client of a QBFT chain without a network: follows sealed headers from a trusted block hash
 * on, while validators join and leave, and proves words of a contract under the last one. Then what a
 * liar would give: a header that too few have sealed, and a proof that stops early.
 *
 *     04_light_client examples/data/qbft.txt
 *
 * The file is made by unittest/lab/fixture.sh: lines of a kind and hex.
 */
#include <stdio.h>
#include <string.h>

#include "wick/bft.h"
#include "wick/port/crypto.h"
#include "wick/record.h"
#include "wick/verified.h"

#define CHAIN_ID 31337
#define SLOTS 2

static wick_hal_crypto crypto;
static wick_crypto_ctx crypto_ctx;
static const wick_trust_now now = {1767225600 + 3600, true}; /* an hour after the chain began */

/* The next line: its kind, and its bytes. */
static bool next(FILE *file, char kind[16], uint8_t *bytes, size_t cap, size_t *len)
{
    static char line[2 * WICK_HEADER_MAX + 32];
    while (fgets(line, sizeof line, file) != NULL) {
        char *hex = strchr(line, ' ');
        size_t digits = hex == NULL ? 0 : strcspn(hex + 1, "\n");
        if (line[0] == '#' || hex == NULL || digits / 2 > cap || hex - line > 15) {
            continue;
        }
        memcpy(kind, line, (size_t)(hex - line));
        kind[hex - line] = '\0';
        *len = digits / 2;
        return wick_hex_decode(bytes, *len, hex + 1, digits) == WICK_OK;
    }
    return false;
}

/* Who sealed it, and are they the chain's? */
static wick_status follow(wick_bft *chain, wick_trusted_header *head, wick_span rlp,
                          const uint8_t trusted[32], bool first)
{
    wick_header h;
    wick_seal_extra e;
    wick_status s = first
                        ? wick_bft_pin(chain, head, WICK_SEAL_QBFT, rlp, trusted, CHAIN_ID)
                        : wick_bft_header(chain, head, &crypto, rlp, &now, 0);
    s = s == WICK_OK ? wick_header_decode(&h, rlp) : s;
    s = s == WICK_OK ? wick_seal_decode(&e, WICK_SEAL_QBFT, &h) : s;
    if (s == WICK_OK) {
        printf("block %2u  %-6s  %u validators, %u seals\n", (unsigned)head->number,
               wick_tier_str(head->tier), (unsigned)e.signers, (unsigned)e.seals);
    }
    return s;
}

/* The same header with all of its seals but two: nobody would know the block hash from the real one,
 * which leaves the seals out. */
static void lie(const wick_bft *chain, wick_span rlp)
{
    wick_bft copy = *chain;
    wick_trusted_header th;
    static uint8_t other[WICK_HEADER_MAX];
    memcpy(other, rlp.ptr, rlp.len);
    wick_header h;
    wick_seal_extra e;
    if (wick_header_decode(&h, wick_span_make(other, rlp.len)) != WICK_OK ||
        wick_seal_decode(&e, WICK_SEAL_QBFT, &h) != WICK_OK) {
        return;
    }
    for (size_t i = 2; i < e.seals; i++) { /* copies of the first seal */
        memcpy(other + (wick_seal_at(&e, i) - other), wick_seal_at(&e, 0), WICK_SEAL_BYTES);
    }
    wick_status s = wick_bft_header(&copy, &th, &crypto, wick_span_make(other, rlp.len), &now, 0);
    printf("fewer seals: %s\n", wick_status_str(s));
}

int main(int argc, char **argv)
{
    static uint8_t bytes[WICK_HEADER_MAX], last[WICK_HEADER_MAX];
    static wick_bft chain, before;
    uint8_t trusted[32], contract[20], slots[SLOTS][32], values[SLOTS][32];
    const uint8_t none[32] = {0};
    wick_trusted_header head;
    wick_verified proof, cut;
    wick_manager manager;
    wick_status s = wick_crypto_init(&crypto, &crypto_ctx);
    char kind[16];
    size_t len, last_len = 0;
    int part = WICK_VERIFIED_ACCOUNT;
    FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
    if (file == NULL) {
        fprintf(stderr, "usage: 04_light_client FILE\n");
        return 2;
    }
    /* The slots are ours: a proof may name what it likes. */
    wick_status named = wick_name_hash(values[0], wick_span_text("example"));
    wick_slot_manager(slots[0], values[0]);
    named = named == WICK_OK ? wick_name_hash(values[0], wick_span_text("nobody")) : named;
    wick_slot_manager(slots[1], values[0]);
    while (s == WICK_OK && named == WICK_OK && next(file, kind, bytes, sizeof bytes, &len)) {
        wick_span in = wick_span_make(bytes, len);
        if (strcmp(kind, "trusted") == 0) {
            memcpy(trusted, bytes, sizeof trusted);
        } else if (strcmp(kind, "header") == 0) {
            before = chain;
            memcpy(last, bytes, len);
            s = follow(&chain, &head, in, trusted, last_len == 0);
            last_len = len;
        } else if (strcmp(kind, "contract") == 0) {
            lie(&before, wick_span_make(last, last_len));
            memcpy(contract, bytes, sizeof contract);
            s = wick_verified_begin(&proof, &head, contract, (const uint8_t(*)[32])slots, values,
                                    SLOTS);
        } else if (strcmp(kind, "slot") == 0) {
            part++;
        } else {
            cut = proof; /* all nodes but the last one */
            s = wick_verified_node(&proof, in, part);
        }
    }
    fclose(file);
    s = s == WICK_OK ? wick_verified_end(&proof) : s;
    s = s == WICK_OK ? wick_manager_decode(&manager, values[0]) : s;
    if (s != WICK_OK) {
        printf("refused: %s\n", wick_status_str(s));
        return 1;
    }
    printf("manager of \"example\": 0x%02x%02x..%02x, epoch %u, under block %u\n",
           manager.address[0], manager.address[1], manager.address[19], (unsigned)manager.epoch,
           (unsigned)head.number);
    printf("manager of \"nobody\": %s\n",
           memcmp(values[1], none, 32) == 0 ? "proven to be none" : "somebody");
    printf("one node less: %s\n", wick_status_str(wick_verified_end(&cut)));
    return 0;
}
