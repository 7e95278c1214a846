/* SPDX-License-Identifier: Apache-2.0 */
/*
 * C and Solidity agree: random calls of DeviceRegistry, RelayRegistry and ReleaseIndex, good and bad,
 * run on a node beside a model of them in C. Before each call the model says which custom error it will
 * be refused with, or which events it will leave; after it every word that calls write is compared.
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

typedef struct plan {
    const char *contract;
    unsigned calls; /* at least */
    void (*const *operations)(void);
    unsigned kinds;
    void (*check)(void);
    unsigned seldom, days; /* once in so many calls so many days pass */
    lab_unmet unmet;       /* so much of the ABI need not be met, or cannot be */
} plan;

/* Each call comes a second after the one before it; now and then days pass. A seed that leaves something
 * unmet gets more calls, up to six times as many. */
static void random_calls(const plan *p)
{
    const unsigned failed = tap_failed;
    unsigned i = 0;
    while (tap_failed == failed &&
           (i < p->calls || (i < 6 * p->calls && !lab_is_covered(p->contract, p->unmet)))) {
        if (lab_draw(p->seldom) == 0) { /* a dry run has the time of the newest block */
            lab_now_s += (uint64_t)p->days * 86400;
            REQUIRE(lab_next_block_at(lab_now_s) && lab_mine());
        }
        REQUIRE(lab_next_block_at(++lab_now_s));
        p->operations[lab_draw(p->kinds)]();
        p->check();
        i++;
    }
    printf("# %s: %u calls\n", p->contract, i);
    lab_covered(p->contract, p->unmet);
}

/* Seed and length of this run. */
static unsigned begin(void)
{
    const unsigned seed = number("WICK_LAB_SEED", 1);
    printf("# seed %u\n", seed);
    lab_seed(seed);
    return number("WICK_LAB_CALLS", 240);
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
    const unsigned calls = begin();
    const plan devices = {.contract = "DeviceRegistry",
                          .calls = calls,
                          .operations = lab_device_operations,
                          .kinds = LAB_DEVICE_OPERATIONS,
                          .check = lab_devices_compare,
                          .seldom = 40,
                          .days = 3,
                          .unmet = {calls < 1000 ? 2 : 0, 10}};
    lab_devices_begin();
    REQUIRE(lab_newest());
    random_calls(&devices);
    CHECK(lab_devices_done() > 20); /* enough of it succeeded */
}

TEST(relays)
{
    NEED_NODE();
    const plan relays = {.contract = "RelayRegistry",
                         .calls = begin() / 2,
                         .operations = lab_relay_operations,
                         .kinds = LAB_RELAY_OPERATIONS,
                         .check = lab_relays_compare,
                         .seldom = 10,
                         .days = 11,
                         .unmet = {0, 2}};
    REQUIRE(lab_newest());
    lab_relays_begin();
    random_calls(&relays);
    CHECK(lab_relays_done() > 20);
}

TEST(releases)
{
    NEED_NODE();
    const unsigned calls = begin();
    REQUIRE(lab_newest());
    lab_releases_begin();
    const plan releases = {.contract = "ReleaseIndex",
                           .calls = calls * 3 / 2,
                           .operations = lab_release_operations,
                           .kinds = LAB_RELEASE_OPERATIONS,
                           .check = lab_releases_compare,
                           .seldom = 12,
                           .days = 1,
                           .unmet = {0, lab_releases_registrar() ? 0 : 1}}; /* NotRegistrar */
    random_calls(&releases);
    lab_releases_done();
}

TAP_MAIN("lab.differential", CASE(devices), CASE(relays), CASE(releases))
