/* SPDX-License-Identifier: Apache-2.0 */
/* Down from a trusted header, parent by parent: only what the header names, by the chain's hash. */
#include "wick/ancestor.h"

#include <string.h>

#include "seal_world.h"
#include "tap.h"
#include "wick/header.h"

#define BLOCKS 4u

static struct sealed block[BLOCKS], other;
static const wick_seal_rule rules[] = {WICK_SEAL_QBFT, WICK_SEAL_IBFT2, WICK_SEAL_IBFT1,
                                       WICK_SEAL_CLIQUE};

static void make(wick_seal_rule rule)
{
    for (unsigned n = 0; n < BLOCKS; n++) {
        struct spec s = world_spec(rule, n + 1, 4, n != 0 ? &block[n - 1] : NULL);
        s.proposer = (int)(n % 4);
        world_make(&block[n], &s);
        if (n == BLOCKS - 2) {
            s.salt = 9;
            world_make(&other, &s);
        }
    }
}

/* Some authenticator vouches for the newest. */
static wick_trusted_header newest(void)
{
    wick_trusted_header th;
    uint8_t keccak[32];
    wick_header_hash(keccak, sealed_span(&block[BLOCKS - 1]));
    CHECK_STATUS(wick_trust_own_node(&th, sealed_span(&block[BLOCKS - 1]), keccak, 7), WICK_OK);
    memcpy(th.hash, block[BLOCKS - 1].hash, sizeof th.hash);
    th.tier = WICK_TIER_BFT;
    return th;
}

TEST(down_to_the_first)
{
    for (unsigned k = 0; k < 4; k++) {
        make(rules[k]);
        wick_trusted_header th = newest();
        for (unsigned n = BLOCKS - 1; n > 0; n--) {
            REQUIRE_STATUS(wick_trust_parent(&th, &th, sealed_span(&block[n]),
                                             sealed_span(&block[n - 1]), rules[k]), WICK_OK);
            CHECK(wick_trust_is_made(&th));
            CHECK_INT(th.number, n);
            CHECK_INT(th.chain_id, 7);
            CHECK_INT(th.tier, WICK_TIER_BFT);
            CHECK_MEM(th.hash, block[n - 1].hash, 32);
        }
    }
}

TEST(only_what_is_named)
{
    for (unsigned k = 0; k < 4; k++) {
        make(rules[k]);
        wick_trusted_header th, top = newest(), none;
        wick_span child = sealed_span(&block[BLOCKS - 1]), parent = sealed_span(&block[BLOCKS - 2]);
        CHECK_STATUS(wick_trust_parent(&th, &top, child, sealed_span(&other), rules[k]),
                     WICK_E_HEADER_PARENT);
        CHECK(!wick_trust_is_made(&th) && th.number == 0);
        CHECK_STATUS(wick_trust_parent(&th, &top, child, sealed_span(&block[0]), rules[k]),
                     WICK_E_HEADER_PARENT);
        CHECK_STATUS(wick_trust_parent(&th, &top, parent, sealed_span(&block[BLOCKS - 3]),
                                       rules[k]), WICK_E_HEADER_OTHER);
        CHECK(!wick_trust_is_made(&th));
        parent.len--;
        CHECK(wick_trust_parent(&th, &top, child, parent, rules[k]) != WICK_OK);
        memset(&none, 0, sizeof none);
        CHECK_STATUS(wick_trust_parent(&th, &none, child, sealed_span(&block[BLOCKS - 2]),
                                       rules[k]), WICK_E_BAD_ARG);
    }
}

/* Seals are left out of the hash where the chain does so, and nowhere else. */
TEST(hash_of_the_chain)
{
    make(WICK_SEAL_QBFT);
    wick_trusted_header th, top = newest();
    CHECK_STATUS(wick_trust_parent(&th, &top, sealed_span(&block[BLOCKS - 1]),
                                   sealed_span(&block[BLOCKS - 2]), (wick_seal_rule)0),
                 WICK_E_HEADER_OTHER);
    CHECK(wick_trust_parent(&th, &top, sealed_span(&block[BLOCKS - 1]),
                            sealed_span(&block[BLOCKS - 2]), WICK_SEAL_CLIQUE) != WICK_OK);
}

TAP_MAIN("unit.ancestor", CASE(down_to_the_first), CASE(only_what_is_named),
         CASE(hash_of_the_chain))
