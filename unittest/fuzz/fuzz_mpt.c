/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The proof walker on hostile nodes. The first 32 bytes are the key, then nodes with a 16-bit
 * length each. The root is the hash of the first node, so that the walk begins. A found value must
 * lie in a node that was given; with one bit of the root changed nothing may be proven. Then the
 * same with keys of other lengths, and with a leaf that was hashed elsewhere.
 */
#include "fuzz.h"

#include "wick/keccak.h"
#include "wick/mpt.h"

#include "../../core/eth/mpt_internal.h"

static wick_mpt_result walk(wick_span *value, const uint8_t root[32], const uint8_t key[32],
                            const uint8_t *data, size_t size)
{
    wick_mpt w;
    wick_mpt_begin(&w, root, key);
    size_t at = 0;
    while (at + 2 <= size) {
        size_t len = wick_load_be16(data + at);
        at += 2;
        if (len > size - at) {
            len = size - at;
        }
        (void)wick_mpt_node(&w, wick_span_make(data + at, len));
        at += len;
    }
    return wick_mpt_end(&w, value);
}

/* Keys of every length: the first byte of the input says which. */
static void walk_key(const uint8_t root[32], const uint8_t *data, size_t size)
{
    wick_mpt w;
    size_t len = data[0] % (WICK_MPT_KEY_MAX + 2u);
    wick_status s = wick_mpt_begin_key(&w, root, wick_span_make(data, len));
    FUZZ_CHECK((s == WICK_OK) == (len <= WICK_MPT_KEY_MAX));
    size_t at = 32;
    while (at + 2 <= size) {
        size_t n = wick_load_be16(data + at);
        at += 2;
        n = n > size - at ? size - at : n;
        wick_mpt_result r = wick_mpt_node(&w, wick_span_make(data + at, n));
        FUZZ_CHECK((wick_mpt_status(r) == WICK_OK) ==
                   (r == WICK_MPT_FOUND || r == WICK_MPT_ABSENT));
        FUZZ_CHECK(wick_mpt_str(r)[0] != '\0');
        at += n;
    }
    FUZZ_CHECK(s == WICK_OK || wick_mpt_end(&w, NULL) == WICK_MPT_BAD_RLP);
}

/* A leaf that is the root, known by its hash and its path alone. */
static void walk_hashed(const uint8_t root[32], const uint8_t *data, size_t size)
{
    wick_mpt w;
    uint8_t other[32];
    wick_span path = wick_span_make(data + 34, size - 34 < 40 ? size - 34 : 40);
    memcpy(other, root, sizeof other);
    other[31] ^= (uint8_t)(data[33] & 1u);
    (void)!wick_mpt_begin_key(&w, root, wick_span_make(data, data[0] % 4u));
    wick_mpt_result r = wick_mpt_hashed_leaf(&w, other, path);
    FUZZ_CHECK(r != WICK_MPT_INCOMPLETE && (other[31] == root[31] || r == WICK_MPT_BAD_HASH));
    r = wick_mpt_hashed_leaf(&w, root, path);
    FUZZ_CHECK(r == WICK_MPT_BAD_HASH || r == WICK_MPT_BAD_RLP);
}

/* The empty trie: no node or one node 0x80, and nothing else. */
static void walk_empty(const uint8_t *data, size_t size)
{
    wick_mpt w;
    wick_mpt_begin(&w, wick_mpt_empty_root, data);
    wick_mpt_result r = wick_mpt_node(&w, wick_span_make(data + 34, size - 34));
    FUZZ_CHECK((r == WICK_MPT_ABSENT) == (size == 35 && data[34] == 0x80));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t root[32];
    wick_span value = {NULL, 0};
    if (size < 34) {
        return 0;
    }
    size_t first = wick_load_be16(data + 32);
    if (first > size - 34) {
        first = size - 34;
    }
    wick_keccak256(root, data + 34, first);
    wick_mpt_result r = walk(&value, root, data, data + 32, size - 32);
    if (r == WICK_MPT_FOUND) {
        FUZZ_ACCEPTED();
        fuzz_touch(value);
        FUZZ_CHECK(value.len != 0);
        FUZZ_CHECK(value.ptr >= data && value.ptr + value.len <= data + size);
    }
    root[0] ^= 1;
    r = walk(&value, root, data, data + 32, size - 32);
    FUZZ_CHECK(r != WICK_MPT_FOUND && r != WICK_MPT_ABSENT);
    root[0] ^= 1;
    walk_key(root, data, size);
    walk_hashed(root, data, size);
    walk_empty(data, size);
    return 0;
}
