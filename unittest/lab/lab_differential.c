/* SPDX-License-Identifier: Apache-2.0 */
/*
 * C and Solidity agree: random calls of DeviceRegistry and RelayRegistry, good and bad, run on a
 * node beside a model of them in C. Before each call the model says which custom error it will be
 * refused with, or which events it will leave; after it every word that calls write is compared.
 * Calldata, words and digests are core/registry's. registry.sh starts the node.
 *   WICK_LAB_SEED, WICK_LAB_CALLS    which calls, and how many
 */
#include <stdio.h>
#include <stdlib.h>

#include "lab_differential.h"
#include "tap.h"

static unsigned number(const char *name, unsigned otherwise)
{
    const char *text = getenv(name);
    return text == NULL ? otherwise : (unsigned)strtoul(text, NULL, 10);
}

/* Each call comes a second after the one before it; now and then days pass. */
static void random_calls(unsigned calls, void (*const *operations)(void), unsigned kinds,
                         void (*check)(void), unsigned seldom, unsigned days)
{
    const unsigned failed = tap_failed;
    for (unsigned i = 0; i < calls && tap_failed == failed; i++) {
        if (lab_draw(seldom) == 0) { /* a dry run has the time of the newest block */
            lab_now_s += (uint64_t)days * 86400;
            REQUIRE(lab_next_block_at(lab_now_s) && lab_mine());
        }
        REQUIRE(lab_next_block_at(++lab_now_s));
        operations[lab_draw(kinds)]();
        check();
    }
}

#define NEED_NODE()                                                                                \
    do {                                                                                           \
        if (!lab_node_init()) {                                                                    \
            SKIP("run by unittest/lab/registry.sh");                                               \
        }                                                                                          \
    } while (0)

TEST(devices)
{
    NEED_NODE();
    const unsigned seed = number("WICK_LAB_SEED", 1);
    printf("# seed %u\n", seed);
    lab_seed(seed);
    lab_devices_begin();
    REQUIRE(lab_newest());
    random_calls(number("WICK_LAB_CALLS", 240), lab_device_operations, LAB_DEVICE_OPERATIONS,
                 lab_devices_compare, 40, 3);
    CHECK(lab_devices_done() > 20); /* enough of it succeeded */
    lab_covered("DeviceRegistry", number("WICK_LAB_CALLS", 240) < 1000 ? 5 : 0); /* a short run is one */
}

TEST(relays)
{
    NEED_NODE();
    lab_seed(number("WICK_LAB_SEED", 1));
    REQUIRE(lab_newest());
    lab_relays_begin();
    random_calls(number("WICK_LAB_CALLS", 240) / 2, lab_relay_operations, LAB_RELAY_OPERATIONS,
                 lab_relays_compare, 10, 11);
    CHECK(lab_relays_done() > 20);
    lab_covered("RelayRegistry", 0);
}

TAP_MAIN("lab.differential", CASE(devices), CASE(relays))
