/* SPDX-License-Identifier: Apache-2.0 */
/* Leaves behind a device (RECORDS.md, "Leaf root"): the root as the rule spells it out, proofs of
 * every leaf of every small tree, and what is none. */
#include "wick/leaf_root.h"

#include "tap.h"
#include "wick/keccak.h"

#define LEAVES 19u

static wick_leaf_entry leaf[LEAVES];
static wick_leaf_tree work;

static void setup(void)
{
    for (size_t i = 0; i < LEAVES; i++) {
        memset(&leaf[i], 0, sizeof leaf[i]);
        leaf[i].id[0] = (uint8_t)(i * 3 + 1);
        leaf[i].id[31] = 7;
        memset(leaf[i].key, (int)(0x40 + i), 32);
    }
}

/* The rule itself, level by level. */
static void root_by_levels(uint8_t out[32], size_t count)
{
    static uint8_t level[LEAVES][32];
    uint8_t message[65];
    for (size_t i = 0; i < count; i++) {
        message[0] = 0;
        memcpy(message + 1, leaf[i].id, 32);
        memcpy(message + 33, leaf[i].key, 32);
        wick_keccak256(level[i], message, sizeof message);
    }
    for (; count > 1; count = count / 2 + count % 2) {
        for (size_t i = 0; i < count; i += 2) {
            if (i + 1 == count) {
                memcpy(level[i / 2], level[i], 32);
                continue;
            }
            message[0] = 1;
            memcpy(message + 1, level[i], 32);
            memcpy(message + 33, level[i + 1], 32);
            wick_keccak256(level[i / 2], message, sizeof message);
        }
    }
    memcpy(out, level[0], 32);
}

static void root_of(uint8_t out[32], size_t count)
{
    wick_leaf_tree t;
    wick_leaf_tree_init(&t);
    for (size_t i = 0; i < count; i++) {
        CHECK_STATUS(wick_leaf_tree_add(&t, leaf[i].id, leaf[i].key), WICK_OK);
    }
    wick_leaf_tree_root(&t, out);
}

TEST(root_as_the_rule_says)
{
    uint8_t root[32], want[32];
    setup();
    root_of(root, 0);
    CHECK(wick_ct_is_zero(root, 32));
    for (size_t n = 1; n <= LEAVES; n++) {
        root_of(root, n);
        root_by_levels(want, n);
        CHECK_MEM(root, want, 32);
    }
}

TEST(every_leaf_of_every_tree)
{
    uint8_t root[32], path[WICK_LEAF_TREE_DEPTH][32];
    size_t steps = 0;
    setup();
    for (size_t n = 1; n <= LEAVES; n++) {
        root_of(root, n);
        for (size_t i = 0; i < n; i++) {
            const wick_leaf_entry *x = &leaf[i];
            const uint8_t(*way)[32] = (const uint8_t(*)[32])path;
            REQUIRE_STATUS(wick_leaf_proof(path, &steps, &work, leaf, n, i), WICK_OK);
            CHECK_STATUS(wick_leaf_check(root, x->id, x->key, i, n, way, steps), WICK_OK);
            CHECK_STATUS(wick_leaf_check(root, leaf[(i + 1) % LEAVES].id, x->key, i, n, way, steps),
                         WICK_E_PROOF_BAD_HASH);
            CHECK_STATUS(wick_leaf_check(root, x->id, x->id, i, n, way, steps),
                         WICK_E_PROOF_BAD_HASH);
            CHECK_STATUS(wick_leaf_check(root, x->id, x->key, i, n, way, steps + 1),
                         WICK_E_TRAILING);
            if (steps != 0) {
                CHECK_STATUS(wick_leaf_check(root, x->id, x->key, i, n, way, steps - 1),
                             WICK_E_PROOF_INCOMPLETE);
                path[steps - 1][31] ^= 1;
                CHECK_STATUS(wick_leaf_check(root, x->id, x->key, i, n, way, steps),
                             WICK_E_PROOF_BAD_HASH);
            }
        }
    }
}

/* A node is no leaf, whatever its children are called. */
TEST(a_node_is_no_leaf)
{
    uint8_t root[32], message[65], a[32], b[32];
    setup();
    root_of(root, 2);
    message[0] = 0;
    for (unsigned i = 0; i < 2; i++) {
        memcpy(message + 1, leaf[i].id, 32);
        memcpy(message + 33, leaf[i].key, 32);
        wick_keccak256(i == 0 ? a : b, message, sizeof message);
    }
    CHECK_STATUS(wick_leaf_check(root, a, b, 0, 1, NULL, 0), WICK_E_PROOF_BAD_HASH);
}

TEST(what_is_refused)
{
    uint8_t root[32] = {0}, path[WICK_LEAF_TREE_DEPTH][32];
    const uint8_t(*way)[32] = (const uint8_t(*)[32])path;
    size_t steps = 9;
    wick_leaf_tree t;
    setup();
    CHECK_STATUS(wick_leaf_check(root, leaf[0].id, leaf[0].key, 0, 1, way, 0),
                 WICK_E_RECORD_ABSENT);
    root_of(root, 3);
    CHECK_STATUS(wick_leaf_check(root, leaf[0].id, leaf[0].key, 3, 3, way, 2), WICK_E_BAD_ARG);
    CHECK_STATUS(wick_leaf_check(root, leaf[0].id, leaf[0].key, 0, 0, way, 0), WICK_E_BAD_ARG);
    CHECK_STATUS(wick_leaf_check(root, leaf[0].id, leaf[0].key, 0,
                                 (UINT64_C(1) << WICK_LEAF_TREE_DEPTH) + 1, way, 32),
                 WICK_E_BAD_ARG);
    CHECK_STATUS(wick_leaf_proof(path, &steps, &work, leaf, 3, 3), WICK_E_BAD_ARG);
    CHECK_INT(steps, 0);
    wick_leaf_tree_init(&t);
    CHECK_STATUS(wick_leaf_tree_add(&t, leaf[1].id, leaf[1].key), WICK_OK);
    CHECK_STATUS(wick_leaf_tree_add(&t, leaf[1].id, leaf[2].key), WICK_E_NON_CANONICAL);
    CHECK_STATUS(wick_leaf_tree_add(&t, leaf[0].id, leaf[0].key), WICK_E_NON_CANONICAL);
    t.count = UINT64_C(1) << WICK_LEAF_TREE_DEPTH;
    CHECK_STATUS(wick_leaf_tree_add(&t, leaf[2].id, leaf[2].key), WICK_E_LIMIT);
    leaf[2].id[0] = 0;
    CHECK_STATUS(wick_leaf_proof(path, &steps, &work, leaf, 3, 0), WICK_E_NON_CANONICAL);
}

TAP_MAIN("unit.leaf_root", CASE(root_as_the_rule_says), CASE(every_leaf_of_every_tree),
         CASE(a_node_is_no_leaf), CASE(what_is_refused))
