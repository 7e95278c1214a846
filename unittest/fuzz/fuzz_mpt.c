/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The proof walker on hostile nodes. The first 32 bytes are the key, then nodes with a 16-bit length
 * each. The root is the hash of the first node, so that the walk begins. A found value must lie in
 * a node that was given; with one bit of the root changed nothing may be proven.
 */
#include "fuzz.h"

#include "wick/keccak.h"
#include "wick/mpt.h"

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
    return 0;
}
