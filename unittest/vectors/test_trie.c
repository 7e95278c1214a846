/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The proof walker over whole tries: ethereum/tests TrieTests, the transaction and receipt tries of
 * recorded blocks, and random tries dense enough to inline nodes and to put values into branches.
 * Of each trie the root is checked, the proof of every key, proofs of absence around every key, and
 * that neither stands after a cut or with a node too many.
 */
#include "data.h"
#include "oracle.h"
#include "trie.h"
#include "wick/header.h"
#include "wick/keccak.h"
#include "wick/mpt.h"
#include "wick/rlp.h"

#include "tap.h"

static struct trie trie;
static unsigned long found, absent, cut;

static wick_mpt_result walk(wick_span *value, const struct oracle_trail *proof, size_t nodes,
                            wick_span key)
{
    wick_mpt w;
    if (wick_mpt_begin_key(&w, trie.root, key) != WICK_OK) {
        return WICK_MPT_BAD_RLP;
    }
    for (size_t i = 0; i < nodes; i++) {
        (void)wick_mpt_node(&w, proof->node[i]);
    }
    return wick_mpt_end(&w, value);
}

/* Looks `key` up by proof; `expected` is its value, empty for none. */
static void check_key(wick_span key, wick_span expected)
{
    struct oracle_trail proof;
    wick_span value;
    enum oracle_says says =
        oracle_look_up(&value, &proof, trie.node, trie.nodes, trie.root, key);
    bool empty_trie = trie.entries == 0;
    CHECK_INT(says, expected.len != 0 ? ORACLE_VALUE : ORACLE_NOTHING);
    wick_mpt_result r = walk(&value, &proof, proof.count, key);
    CHECK_INT(r, expected.len != 0 ? WICK_MPT_FOUND : WICK_MPT_ABSENT);
    CHECK(value.len == expected.len &&
          (value.len == 0 || memcmp(value.ptr, expected.ptr, value.len) == 0));
    found += r == WICK_MPT_FOUND;
    absent += r == WICK_MPT_ABSENT;
    for (size_t n = 0; n < proof.count && !empty_trie; n++) {
        CHECK_INT(walk(&value, &proof, n, key), WICK_MPT_INCOMPLETE);
        CHECK(value.ptr == NULL);
        cut++;
    }
    proof.node[proof.count] = proof.count != 0 ? proof.node[proof.count - 1] : trie.node[0];
    r = walk(&value, &proof, proof.count + 1, key);
    CHECK_INT(r, empty_trie && proof.count == 0 ? WICK_MPT_ABSENT : WICK_MPT_BAD_HASH);
    CHECK(value.ptr == NULL);
}

static wick_span expected_of(wick_span key)
{
    for (size_t i = 0; i < trie.entries; i++) {
        if (trie.entry[i].key.len == key.len &&
            (key.len == 0 || memcmp(trie.entry[i].key.ptr, key.ptr, key.len) == 0)) {
            return trie.entry[i].value;
        }
    }
    return wick_span_make(NULL, 0);
}

/* The key itself, every prefix, one byte more, and every nibble changed. */
static void check_around(wick_span key)
{
    uint8_t m[WICK_MPT_KEY_MAX + 1];
    REQUIRE(key.len <= WICK_MPT_KEY_MAX);
    memcpy(m, key.ptr, key.len);
    m[key.len] = 0x10;
    for (size_t n = 0; n <= key.len + 1 && n <= WICK_MPT_KEY_MAX; n++) {
        check_key(wick_span_make(m, n), expected_of(wick_span_make(m, n)));
    }
    for (size_t i = 0; i < 2 * key.len; i++) {
        uint8_t flip = (uint8_t)((i & 1u) ? 0x01u : 0x10u);
        m[i / 2] ^= flip;
        check_key(wick_span_make(m, key.len), expected_of(wick_span_make(m, key.len)));
        m[i / 2] ^= flip;
    }
}

static void check_trie(void)
{
    static const uint8_t nothing_there[3] = {0xde, 0xad, 0x99};
    for (size_t i = 0; i < trie.entries; i++) {
        check_around(trie.entry[i].key);
    }
    check_around(wick_span_make(nothing_there, 3));
}

static void note(const char *what, unsigned n)
{
    data_note("%u %s: %lu found, %lu absent, %lu cut proofs refused", n, what, found, absent, cut);
    found = absent = cut = 0;
}

/* ---- TrieTests ---- */

static wick_span bytes_of(const char *text)
{
    wick_span s;
    if (text[0] == '0' && text[1] == 'x' && data_hex_text(&s, text)) {
        return s;
    }
    return wick_span_make((const uint8_t *)text, strlen(text));
}

static void set(const char *key, const cJSON *value, bool secure)
{
    wick_span k = bytes_of(key), v = {NULL, 0};
    if (secure) {
        uint8_t *hash = data_alloc(32);
        wick_keccak256(hash, k.ptr, k.len);
        k = wick_span_make(hash, 32);
    }
    if (cJSON_IsString(value)) {
        v = bytes_of(value->valuestring);
    }
    trie_set(&trie, k, v);
}

static void build(const cJSON *in, bool secure)
{
    trie.entries = 0;
    for (const cJSON *e = in->child; e != NULL; e = e->next) {
        if (cJSON_IsArray(e)) {
            set(e->child->valuestring, e->child->next, secure);
        } else {
            set(e->string, e, secure);
        }
    }
    trie_build(&trie);
}

/* A case does not say whether its keys are hashed, but its root tells. */
static unsigned check_cases(const cJSON *file)
{
    unsigned n = 0;
    for (const cJSON *c = file->child; c != NULL; c = c->next) {
        uint8_t root[32];
        const cJSON *in = data_get(c, "in");
        if (in == NULL || !data_fixed(root, 32, data_get(c, "root"))) {
            continue;
        }
        build(in, false);
        if (memcmp(root, trie.root, 32) != 0) {
            build(in, true);
        }
        tap_checks++;
        if (memcmp(root, trie.root, 32) != 0) {
            tap_fail(__FILE__, __LINE__, c->string);
        }
        check_trie();
        n++;
    }
    return n;
}

TEST(trie_tests)
{
    size_t count = 0;
    unsigned n = 0;
    const data_file *f = data_files(&count);
    for (size_t i = 0; i < count; i++) {
        n += cJSON_IsObject(f[i].root) ? check_cases(f[i].root) : 0;
    }
    if (n == 0) {
        SKIP("no TrieTests below WICK_VECTORS_DIR");
    }
    note("tries of TrieTests", n);
}

/* ---- blocks: tries under RLP(index) ---- */

static bool build_list(const cJSON *array)
{
    uint64_t index = 0;
    trie.entries = 0;
    for (const cJSON *e = array != NULL ? array->child : NULL; e != NULL; e = e->next, index++) {
        wick_span value;
        wick_buf key = wick_buf_make(data_alloc(9), 9);
        wick_rlp_put_u64(&key, index);
        if (!data_hex(&value, e)) {
            return false;
        }
        trie_set(&trie, wick_buf_span(&key), value);
    }
    trie_build(&trie);
    return cJSON_IsArray(array);
}

TEST(transactions_and_receipts_of_blocks)
{
    size_t count = 0;
    unsigned n = 0;
    const data_file *f = data_files(&count);
    for (size_t i = 0; i < count; i++) {
        wick_span rlp;
        wick_header h;
        if (!data_hex(&rlp, data_get(f[i].root, "header_rlp"))) {
            continue;
        }
        if (build_list(data_get(f[i].root, "raw_transactions"))) {
            REQUIRE_STATUS(wick_header_decode(&h, rlp), WICK_OK);
            CHECK_MEM(h.field[WICK_HEADER_TRANSACTIONS_ROOT].ptr, trie.root, 32);
            check_trie();
            n++;
        }
        if (build_list(data_get(f[i].root, "raw_receipts"))) {
            REQUIRE_STATUS(wick_header_decode(&h, rlp), WICK_OK);
            CHECK_MEM(h.field[WICK_HEADER_RECEIPTS_ROOT].ptr, trie.root, 32);
            check_trie();
            n++;
        }
    }
    if (n == 0) {
        SKIP("no block with raw_transactions below WICK_VECTORS_DIR");
    }
    note("tries of blocks", n);
}

/* ---- hexencodetest.json: hex-prefix paths ---- */

/* The walker's own reading of a path: a root leaf with this path must hold the key's value. */
static unsigned check_hex_prefix(const cJSON *c)
{
    static const uint8_t value[1] = {7};
    wick_span hp;
    uint8_t key[8] = {0}, node[32], root[32];
    size_t n = 0;
    const cJSON *seq = data_get(c, "seq");
    if (!cJSON_IsArray(seq) || !data_hex(&hp, data_get(c, "out"))) {
        return 0;
    }
    for (const cJSON *e = seq->child; e != NULL; e = e->next, n++) {
        key[n / 2] = (uint8_t)(key[n / 2] | ((unsigned)e->valueint << ((n & 1u) ? 0 : 4)));
    }
    bool leaf = cJSON_IsTrue(data_get(c, "term"));
    wick_buf b = wick_buf_make(node, sizeof node);
    size_t at = wick_rlp_open(&b);
    wick_rlp_put(&b, hp.ptr, hp.len);
    wick_rlp_put(&b, value, 1);
    wick_rlp_shut(&b, at);
    wick_keccak256(root, node, b.len);
    wick_mpt w;
    CHECK_STATUS(wick_mpt_begin_key(&w, root, wick_span_make(key, (n + 1) / 2)), WICK_OK);
    wick_mpt_result r = wick_mpt_node(&w, wick_buf_span(&b));
    if (!leaf) {
        CHECK_INT(r, WICK_MPT_BAD_RLP); /* an extension to a value, not to a node */
    } else {
        /* Keys are whole bytes: an odd path is a proper prefix of its key. */
        CHECK_INT(r, n % 2 == 0 ? WICK_MPT_FOUND : WICK_MPT_ABSENT);
    }
    return 1;
}

TEST(hex_prefix)
{
    size_t count = 0;
    unsigned n = 0;
    const data_file *f = data_files(&count);
    for (size_t i = 0; i < count; i++) {
        for (const cJSON *c = cJSON_IsObject(f[i].root) ? f[i].root->child : NULL; c != NULL;
             c = c->next) {
            n += check_hex_prefix(c);
        }
    }
    if (n == 0) {
        SKIP("no hexencodetest below WICK_VECTORS_DIR");
    }
    data_note("%u paths", n);
}

/* ---- random tries ---- */

static uint32_t seed = 2463534242u;

static uint32_t random_below(uint32_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed % n;
}

/* Short keys over four nibble values share prefixes and end within each other; values from 1 to 40
 * bytes make nodes on both sides of 32. */
TEST(random_tries)
{
    unsigned n = 0;
    for (; n < 150; n++) {
        trie.entries = 0;
        for (uint32_t k = random_below(24); k != 0; k--) {
            size_t key_len = 1 + random_below(4), value_len = 1 + random_below(n % 2 ? 4 : 40);
            uint8_t *key = data_alloc(key_len), *value = data_alloc(value_len);
            for (size_t i = 0; i < key_len; i++) {
                key[i] = (uint8_t)(random_below(4) << 4 | random_below(4));
            }
            for (size_t i = 0; i < value_len; i++) {
                value[i] = (uint8_t)random_below(256);
            }
            trie_set(&trie, wick_span_make(key, key_len), wick_span_make(value, value_len));
        }
        trie_build(&trie);
        check_trie();
    }
    note("random tries", n);
}

TAP_MAIN("vectors.trie", CASE(trie_tests), CASE(transactions_and_receipts_of_blocks),
         CASE(hex_prefix), CASE(random_tries))
