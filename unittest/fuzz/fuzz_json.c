/* SPDX-License-Identifier: Apache-2.0 */
/* Replies of nodes: JSON in a fixed arena, and Ethereum's forms in it. */
#include "fuzz.h"

#include "wick/header.h"
#include "wick/port/eth_json.h"
#include "wick/port/json.h"

#include "../../port/linux/rpc_internal.h"

static uint8_t arena[65536], header[WICK_HEADER_MAX];

/* A block is what its hash says, or nothing. */
static void block(const wick_json *node)
{
    wick_eth_block b;
    uint8_t hash[32];
    wick_buf out = wick_buf_make(header, sizeof header), small = wick_buf_make(header, 300);
    wick_buf none = wick_buf_make(NULL, 0);
    wick_status s = wick_eth_json_block(&b, &out, node);
    if (s == WICK_OK) {
        wick_header_hash(hash, wick_buf_span(&out));
        FUZZ_CHECK(memcmp(hash, b.hash, 32) == 0);
    }
    FUZZ_CHECK(wick_eth_json_block(&b, &small, node) != WICK_OK);
    FUZZ_CHECK(wick_eth_json_block(&b, &none, node) != WICK_OK);
}

/* Everything that a value may be asked for. */
static void ask(const wick_json *node)
{
    wick_eth_proof proof;
    wick_eth_slot slot;
    wick_eth_receipt receipt;
    uint8_t word[32], bytes[64];
    uint64_t v = 0;
    char quoted[64];
    wick_buf data = wick_buf_make(bytes, sizeof bytes);
    block(node);
    (void)!wick_eth_json_proof(&proof, node);
    (void)!wick_eth_json_slot(&slot, node);
    (void)!wick_eth_json_receipt(&receipt, node);
    if (wick_json_hex(word, sizeof word, node) == WICK_OK) {
        FUZZ_CHECK(wick_json_data(&data, node) == WICK_OK && data.len == sizeof word);
        FUZZ_CHECK(memcmp(bytes, word, sizeof word) == 0);
    } else {
        FUZZ_CHECK(wick_ct_is_zero(word, sizeof word));
        (void)!wick_json_data(&data, node);
    }
    wick_status uint = wick_json_uint(word, sizeof word, node);
    wick_status u64 = wick_json_u64(&v, node);
    FUZZ_CHECK(uint != WICK_OK || u64 != WICK_OK || wick_load_be64(word + 24) == v);
    (void)wick_json_integer(node);
    FUZZ_CHECK(!wick_json_is_true(node) || wick_json_kind_of(node) == WICK_JSON_BOOL);
    const char *text = wick_json_text(node);
    if (text != NULL && wick_json_quote(quoted, sizeof quoted, text) == WICK_OK) {
        size_t len = strlen(quoted);
        FUZZ_CHECK(len >= 2 && quoted[0] == '"' && quoted[len - 1] == '"');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const wick_json *root = NULL;
    wick_span in = wick_span_make(data, size);
    (void)!wick_json_parse(&root, arena, 200, in); /* too small for most */
    if (wick_json_parse(&root, arena, sizeof arena, in) != WICK_OK) {
        FUZZ_CHECK(root == NULL);
        return 0;
    }
    FUZZ_ACCEPTED();
    FUZZ_CHECK(wick_json_kind_of(root) != WICK_JSON_MISSING);
    const wick_json *result = wick_eth_json_result(root);
    ask(root);
    ask(result);
    ask(NULL);
    size_t n = 0;
    for (const wick_json *i = wick_json_first(result); i != NULL; i = wick_json_next(i)) {
        ask(i);
        FUZZ_CHECK(wick_json_kind_of(result) == WICK_JSON_OBJECT || wick_json_name(i)[0] == '\0');
        n++;
    }
    FUZZ_CHECK(n == wick_json_count(result));
    FUZZ_CHECK(wick_json_next(NULL) == NULL && wick_json_name(NULL)[0] == '\0');
    FUZZ_CHECK(wick_json_parse(&root, arena, 7, in) != WICK_OK);
    return 0;
}
