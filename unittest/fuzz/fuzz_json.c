/* SPDX-License-Identifier: Apache-2.0 */
/* Replies of nodes: JSON in a fixed arena, and Ethereum's forms in it. */
#include "fuzz.h"

#include "wick/port/eth_json.h"
#include "wick/port/json.h"

static uint8_t arena[65536], header[WICK_HEADER_MAX];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const wick_json *root = NULL;
    if (wick_json_parse(&root, arena, sizeof arena, wick_span_make(data, size)) != WICK_OK) {
        return 0;
    }
    FUZZ_ACCEPTED();
    FUZZ_CHECK(wick_json_kind_of(root) != WICK_JSON_MISSING);
    wick_eth_block block;
    wick_eth_proof proof;
    uint8_t word[32];
    uint64_t v = 0;
    const wick_json *result = wick_json_member(root, "result");
    wick_buf out = wick_buf_make(header, sizeof header);
    (void)!wick_eth_json_block(&block, &out, result);
    (void)!wick_eth_json_proof(&proof, result);
    size_t n = 0;
    for (const wick_json *i = wick_json_first(root); i != NULL; i = wick_json_next(i)) {
        (void)!wick_json_hex(word, sizeof word, i);
        (void)!wick_json_uint(word, sizeof word, i);
        (void)!wick_json_u64(&v, i);
        n++;
    }
    FUZZ_CHECK(n == wick_json_count(root));
    return 0;
}
