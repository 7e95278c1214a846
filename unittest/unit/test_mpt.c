/* SPDX-License-Identifier: Apache-2.0 */
/* wick/mpt.h: each rule of the walker on nodes made for it. */
#include "wick/mpt.h"

#include "wick/keccak.h"
#include "wick/rlp.h"

#include "tap.h"

/* ---- nodes ---- */

struct node {
    uint8_t m[700];
    size_t len;
};

static wick_span span(const struct node *n)
{
    return wick_span_make(n->m, n->len);
}

/* [path, value]; `hp` is the hex-prefix path as bytes, `item` the second item's RLP. */
static void make_short(struct node *n, const uint8_t *hp, size_t hp_len, wick_span item)
{
    wick_buf b = wick_buf_make(n->m, sizeof n->m);
    size_t at = wick_rlp_open(&b);
    wick_rlp_put(&b, hp, hp_len);
    wick_buf_put(&b, item.ptr, item.len);
    wick_rlp_shut(&b, at);
    n->len = b.len;
}

/* A branch of `count` items, all empty but those two. */
static void make_branch(struct node *n, size_t count, size_t i, wick_span item, size_t j,
                        wick_span other)
{
    wick_buf b = wick_buf_make(n->m, sizeof n->m);
    size_t at = wick_rlp_open(&b);
    for (size_t k = 0; k < count; k++) {
        if (k == i) {
            wick_buf_put(&b, item.ptr, item.len);
        } else if (k == j) {
            wick_buf_put(&b, other.ptr, other.len);
        } else {
            wick_buf_put_u8(&b, 0x80);
        }
    }
    wick_rlp_shut(&b, at);
    n->len = b.len;
}

/* RLP of the hash of a node, as its parent holds it. */
static wick_span hash_item(uint8_t m[33], const struct node *n)
{
    m[0] = 0xa0;
    wick_keccak256(m + 1, n->m, n->len);
    return wick_span_make(m, 33);
}

static wick_span text_item(uint8_t *m, const char *text)
{
    wick_buf b = wick_buf_make(m, 64);
    wick_rlp_put(&b, (const uint8_t *)text, strlen(text));
    return wick_buf_span(&b);
}

#define LONG_TEXT "a value long enough that its leaf is not inlined"
#define NONE wick_span_make(NULL, 0)

static void begin_under(wick_mpt *w, const struct node *root, const uint8_t *key, size_t len)
{
    uint8_t h[32];
    wick_keccak256(h, root->m, root->len);
    CHECK_STATUS(wick_mpt_begin_key(w, h, wick_span_make(key, len)), WICK_OK);
}

/* Verdict of a proof of one node for the key 0x12 0x34. */
static wick_mpt_result single(const struct node *n)
{
    static const uint8_t key[2] = {0x12, 0x34};
    wick_mpt w;
    begin_under(&w, n, key, sizeof key);
    return wick_mpt_node(&w, span(n));
}

static wick_mpt_result single_short(const uint8_t *hp, size_t len, wick_span item)
{
    struct node n;
    make_short(&n, hp, len, item);
    return single(&n);
}

#define SHORT(item, ...)                                                                           \
    single_short((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), (item))

/* ---- tests ---- */

TEST(leaf_at_the_root)
{
    uint8_t m[64];
    wick_span v = text_item(m, "value");
    CHECK_INT(SHORT(v, 0x20, 0x12, 0x34), WICK_MPT_FOUND);
    CHECK_INT(SHORT(v, 0x20, 0x12, 0x35), WICK_MPT_ABSENT);       /* another key */
    CHECK_INT(SHORT(v, 0x20, 0x12), WICK_MPT_ABSENT);             /* a prefix of the key */
    CHECK_INT(SHORT(v, 0x31, 0x23), WICK_MPT_ABSENT);             /* odd prefix */
    CHECK_INT(SHORT(v, 0x20, 0x12, 0x34, 0x56), WICK_MPT_ABSENT); /* the key is a prefix of it */
    CHECK_INT(SHORT(v, 0x20), WICK_MPT_ABSENT);                   /* the empty key */
}

TEST(value_is_a_view_into_the_last_node)
{
    static const uint8_t key[1] = {0xab}, hp[2] = {0x20, 0xab};
    uint8_t m[64];
    struct node n;
    wick_mpt w;
    wick_span value;
    make_short(&n, hp, 2, text_item(m, "hello"));
    begin_under(&w, &n, key, 1);
    CHECK_INT(wick_mpt_end(&w, &value), WICK_MPT_INCOMPLETE);
    CHECK(value.ptr == NULL && value.len == 0);
    CHECK_INT(wick_mpt_node(&w, span(&n)), WICK_MPT_FOUND);
    CHECK_INT(wick_mpt_end(&w, &value), WICK_MPT_FOUND);
    CHECK(value.ptr > n.m && value.len == 5 && memcmp(value.ptr, "hello", 5) == 0);
    CHECK_INT(wick_mpt_end(&w, NULL), WICK_MPT_FOUND);
    /* One node too many takes the verdict back, for good. */
    CHECK_INT(wick_mpt_node(&w, span(&n)), WICK_MPT_BAD_HASH);
    CHECK_INT(wick_mpt_node(&w, span(&n)), WICK_MPT_BAD_HASH);
    CHECK_INT(wick_mpt_end(&w, &value), WICK_MPT_BAD_HASH);
    CHECK(value.ptr == NULL);
}

/* Yellow paper, appendix C: flags 0..3, zero padding where the count is even. */
TEST(hex_prefix_is_strict)
{
    uint8_t m[64];
    wick_span v = text_item(m, "value");
    CHECK_INT(SHORT(v, 0x21, 0x12, 0x34), WICK_MPT_BAD_RLP);
    CHECK_INT(SHORT(v, 0x40, 0x12, 0x34), WICK_MPT_BAD_RLP);
    CHECK_INT(SHORT(v, 0x50, 0x12, 0x34), WICK_MPT_BAD_RLP);
    CHECK_INT(SHORT(v, 0x60, 0x12, 0x34), WICK_MPT_BAD_RLP);
    CHECK_INT(SHORT(v, 0xf1, 0x23, 0x4f), WICK_MPT_BAD_RLP);
    struct node n;
    make_short(&n, m, 0, v); /* no flag at all */
    CHECK_INT(single(&n), WICK_MPT_BAD_RLP);
    static const uint8_t list_as_path[3] = {0xc1, 0x20, 0x05}; /* [[0x20], 5] as items */
    n.len = 4;
    n.m[0] = 0xc3;
    memcpy(n.m + 1, list_as_path, 3);
    CHECK_INT(single(&n), WICK_MPT_BAD_RLP);
}

TEST(leaf_values)
{
    static const uint8_t empty[1] = {0x80}, list[2] = {0xc1, 0x05};
    CHECK_INT(SHORT(wick_span_make(empty, 1), 0x20, 0x12, 0x34), WICK_MPT_BAD_RLP);
    CHECK_INT(SHORT(wick_span_make(list, 2), 0x20, 0x12, 0x34), WICK_MPT_BAD_RLP);
    /* also when the key goes elsewhere: the node as such is no trie node */
    CHECK_INT(SHORT(wick_span_make(empty, 1), 0x20, 0x99, 0x99), WICK_MPT_BAD_RLP);
}

TEST(extensions)
{
    static const uint8_t empty[1] = {0x80};
    uint8_t hash[33] = {0xa0}, m[64];
    wick_span child = wick_span_make(hash, 33);
    CHECK_INT(SHORT(child, 0x00, 0x12), WICK_MPT_INCOMPLETE);
    CHECK_INT(SHORT(child, 0x11), WICK_MPT_INCOMPLETE);
    CHECK_INT(SHORT(child, 0x00, 0x13), WICK_MPT_ABSENT);
    CHECK_INT(SHORT(child, 0x00, 0x12, 0x34, 0x56), WICK_MPT_ABSENT); /* longer than the key */
    CHECK_INT(SHORT(child, 0x00), WICK_MPT_BAD_RLP);                  /* of no nibble */
    CHECK_INT(SHORT(wick_span_make(empty, 1), 0x00, 0x12), WICK_MPT_BAD_RLP);
    CHECK_INT(SHORT(wick_span_make(empty, 1), 0x00, 0x99), WICK_MPT_BAD_RLP);
    CHECK_INT(SHORT(text_item(m, "text"), 0x00, 0x12), WICK_MPT_BAD_RLP);
}

TEST(branches)
{
    static const uint8_t key[2] = {0x12, 0x34};
    uint8_t a[33] = {0xa0}, v[64];
    wick_span hash = wick_span_make(a, 33), value = text_item(v, "here");
    struct node n;
    make_branch(&n, 17, 1, hash, 7, hash);
    CHECK_INT(single(&n), WICK_MPT_INCOMPLETE);
    make_branch(&n, 17, 2, hash, 7, hash);
    CHECK_INT(single(&n), WICK_MPT_ABSENT);
    make_branch(&n, 17, 2, hash, 16, value); /* a value for the empty key says nothing about ours */
    CHECK_INT(single(&n), WICK_MPT_ABSENT);
    wick_mpt w;
    begin_under(&w, &n, key, 0);
    CHECK_INT(wick_mpt_node(&w, span(&n)), WICK_MPT_FOUND);
    wick_span got;
    CHECK_INT(wick_mpt_end(&w, &got), WICK_MPT_FOUND);
    CHECK(got.len == 4 && memcmp(got.ptr, "here", 4) == 0);
    make_branch(&n, 17, 1, hash, 7, hash); /* the empty key has no value */
    begin_under(&w, &n, key, 0);
    CHECK_INT(wick_mpt_node(&w, span(&n)), WICK_MPT_ABSENT);
}

TEST(branches_are_strict)
{
    static const uint8_t list[2] = {0xc1, 0x05}, byte[1] = {0x05};
    uint8_t a[33] = {0xa0}, short_hash[32] = {0x9f}, long_hash[34] = {0xa1}, v[64];
    uint8_t big[40];
    wick_span hash = wick_span_make(a, 33);
    struct node n;
    for (size_t count = 0; count < 20; count++) {
        if (count != 2 && count != 17) {
            make_branch(&n, count, 1, hash, 7, hash);
            CHECK_INT(single(&n), WICK_MPT_BAD_RLP);
        }
    }
    make_branch(&n, 17, 1, hash, 7, wick_span_make(short_hash, 32)); /* 31 bytes */
    CHECK_INT(single(&n), WICK_MPT_BAD_RLP);
    make_branch(&n, 17, 1, hash, 7, wick_span_make(long_hash, 34)); /* 33 bytes */
    CHECK_INT(single(&n), WICK_MPT_BAD_RLP);
    make_branch(&n, 17, 1, wick_span_make(byte, 1), 7, hash);
    CHECK_INT(single(&n), WICK_MPT_BAD_RLP);
    make_branch(&n, 17, 1, hash, 0, text_item(v, "a child as text"));
    CHECK_INT(single(&n), WICK_MPT_BAD_RLP);
    make_branch(&n, 17, 1, hash, 16, wick_span_make(list, 2)); /* a list as value */
    CHECK_INT(single(&n), WICK_MPT_BAD_RLP);
    memset(big, 0x01, sizeof big);
    big[0] = 0xc0 + 31; /* a list of 32 bytes in place: should have been hashed */
    make_branch(&n, 17, 1, wick_span_make(big, 32), 7, hash);
    CHECK_INT(single(&n), WICK_MPT_BAD_RLP);
}

/* extension(1) -> branch(2) -> leaf(34..), all short enough to be inside the root. */
TEST(inlined_nodes)
{
    static const uint8_t ext_path[1] = {0x11};
    static const uint8_t key[2] = {0x12, 0x34}, long_path[2] = {0x20, 0x34};
    uint8_t v[64];
    struct node leaf, branch, root;
    make_short(&leaf, long_path, 2, text_item(v, "in"));
    make_branch(&branch, 17, 2, span(&leaf), 99, NONE);
    CHECK(branch.len < 32);
    make_short(&root, ext_path, 1, span(&branch));
    CHECK_INT(single(&root), WICK_MPT_FOUND);
    wick_mpt w;
    wick_span value;
    begin_under(&w, &root, key, 2);
    CHECK_INT(wick_mpt_node(&w, span(&root)), WICK_MPT_FOUND);
    CHECK_INT(wick_mpt_end(&w, &value), WICK_MPT_FOUND);
    CHECK(value.len == 2 && memcmp(value.ptr, "in", 2) == 0);
    /* The inlined node is not a proof node of its own. */
    CHECK_INT(wick_mpt_node(&w, span(&branch)), WICK_MPT_BAD_HASH);

    make_branch(&branch, 17, 3, span(&leaf), 99, NONE); /* the key's slot is empty */
    make_short(&root, ext_path, 1, span(&branch));
    CHECK_INT(single(&root), WICK_MPT_ABSENT);

    static const uint8_t bad_leaf[4] = {0xc3, 0x44, 0x34, 0x05};
    make_branch(&branch, 17, 2, wick_span_make(bad_leaf, 4), 99, NONE); /* three items */
    make_short(&root, ext_path, 1, span(&branch));
    CHECK_INT(single(&root), WICK_MPT_BAD_RLP);
    static const uint8_t no_items[1] = {0xc0};
    make_branch(&branch, 17, 2, wick_span_make(no_items, 1), 99, NONE);
    make_short(&root, ext_path, 1, span(&branch));
    CHECK_INT(single(&root), WICK_MPT_BAD_RLP);
}

/* branch -> leaf, linked by hash, under a key of 32 bytes. */
TEST(two_linked_nodes)
{
    uint8_t key[32], hp[32], h[33], v[64], root[32];
    struct node leaf, branch;
    wick_mpt w;
    memset(key, 0x55, sizeof key);
    memset(hp, 0x55, sizeof hp);
    hp[0] = 0x35; /* 63 nibbles */
    make_short(&leaf, hp, 32, text_item(v, LONG_TEXT));
    make_branch(&branch, 17, 5, hash_item(h, &leaf), 99, NONE);
    wick_keccak256(root, branch.m, branch.len);

    wick_mpt_begin(&w, root, key);
    CHECK_INT(wick_mpt_node(&w, span(&branch)), WICK_MPT_INCOMPLETE);
    CHECK_INT(wick_mpt_end(&w, NULL), WICK_MPT_INCOMPLETE);
    CHECK_INT(wick_mpt_node(&w, span(&leaf)), WICK_MPT_FOUND);

    wick_mpt_begin(&w, root, key); /* leaf first */
    CHECK_INT(wick_mpt_node(&w, span(&leaf)), WICK_MPT_BAD_HASH);
    CHECK_INT(wick_mpt_node(&w, span(&branch)), WICK_MPT_BAD_HASH);
    CHECK_INT(wick_mpt_end(&w, NULL), WICK_MPT_BAD_HASH);

    wick_mpt_begin(&w, root, key); /* the branch twice */
    CHECK_INT(wick_mpt_node(&w, span(&branch)), WICK_MPT_INCOMPLETE);
    CHECK_INT(wick_mpt_node(&w, span(&branch)), WICK_MPT_BAD_HASH);

    for (size_t i = 0; i < leaf.len; i++) { /* one bit of the leaf */
        wick_mpt_begin(&w, root, key);
        CHECK_INT(wick_mpt_node(&w, span(&branch)), WICK_MPT_INCOMPLETE);
        leaf.m[i] ^= 0x04;
        CHECK_INT(wick_mpt_node(&w, span(&leaf)), WICK_MPT_BAD_HASH);
        leaf.m[i] ^= 0x04;
    }
    key[31] ^= 1; /* a neighbour is absent, by the same nodes */
    wick_mpt_begin(&w, root, key);
    CHECK_INT(wick_mpt_node(&w, span(&branch)), WICK_MPT_INCOMPLETE);
    CHECK_INT(wick_mpt_node(&w, span(&leaf)), WICK_MPT_ABSENT);
    CHECK_INT(wick_mpt_node(&w, span(&leaf)), WICK_MPT_BAD_HASH);
}

/* A node below 32 bytes lives in its parent; by hash only the root may be so short. */
TEST(short_nodes_are_not_linked_by_hash)
{
    static const uint8_t key[2] = {0x12, 0x34}, hp[2] = {0x32, 0x34};
    uint8_t h[33], v[64];
    struct node leaf, branch;
    wick_mpt w;
    make_short(&leaf, hp, 2, text_item(v, "in"));
    make_branch(&branch, 17, 1, hash_item(h, &leaf), 99, NONE);
    begin_under(&w, &branch, key, 2);
    CHECK_INT(wick_mpt_node(&w, span(&branch)), WICK_MPT_INCOMPLETE);
    CHECK_INT(wick_mpt_node(&w, span(&leaf)), WICK_MPT_BAD_RLP);
    CHECK_INT(wick_mpt_node(&w, span(&leaf)), WICK_MPT_BAD_RLP);
}

TEST(nodes_are_one_canonical_list)
{
    uint8_t v[64];
    static const uint8_t hp[3] = {0x20, 0x12, 0x34};
    struct node n;
    make_short(&n, hp, 3, text_item(v, "value"));
    n.m[n.len] = 0;
    n.len++;
    CHECK_INT(single(&n), WICK_MPT_BAD_RLP); /* trailing */
    n.len -= 2;
    CHECK_INT(single(&n), WICK_MPT_BAD_RLP); /* cut, yet the root says it is so */
    n.len = 0;
    CHECK_INT(single(&n), WICK_MPT_BAD_RLP); /* no bytes at all */
    n.m[0] = 0x83;
    n.len = 4;
    CHECK_INT(single(&n), WICK_MPT_BAD_RLP); /* a string */
    static const uint8_t loose[6] = {0xc5, 0x82, 0x20, 0x12, 0x81, 0x05};
    memcpy(n.m, loose, 6);
    n.len = 6;
    CHECK_INT(single(&n), WICK_MPT_BAD_RLP); /* value in the long form of one byte */
}

TEST(empty_trie_in_both_forms)
{
    static const uint8_t form[1] = {0x80}, other[1] = {0x81};
    uint8_t key[32] = {1}, h[32];
    wick_mpt w;
    wick_keccak256(h, form, 1);
    CHECK_MEM(h, wick_mpt_empty_root, 32);
    wick_mpt_begin(&w, wick_mpt_empty_root, key);
    CHECK_INT(wick_mpt_end(&w, NULL), WICK_MPT_ABSENT);
    CHECK_INT(wick_mpt_node(&w, wick_span_make(form, 1)), WICK_MPT_ABSENT);
    CHECK_INT(wick_mpt_end(&w, NULL), WICK_MPT_ABSENT);
    CHECK_INT(wick_mpt_node(&w, wick_span_make(form, 1)), WICK_MPT_BAD_HASH); /* once only */
    wick_mpt_begin(&w, wick_mpt_empty_root, key);
    CHECK_INT(wick_mpt_node(&w, wick_span_make(other, 1)), WICK_MPT_BAD_HASH);
    wick_mpt_begin(&w, wick_mpt_empty_root, key);
    CHECK_INT(wick_mpt_node(&w, wick_span_make(form, 0)), WICK_MPT_BAD_HASH);
    /* Under any other root 0x80 is no proof. */
    wick_mpt_begin(&w, key, key);
    CHECK_INT(wick_mpt_end(&w, NULL), WICK_MPT_INCOMPLETE);
    CHECK_INT(wick_mpt_node(&w, wick_span_make(form, 1)), WICK_MPT_BAD_HASH);
}

TEST(keys_are_bounded)
{
    uint8_t key[WICK_MPT_KEY_MAX + 1] = {0}, root[32] = {0};
    wick_mpt w;
    CHECK_STATUS(wick_mpt_begin_key(&w, root, wick_span_make(key, sizeof key)), WICK_E_LIMIT);
    CHECK_INT(wick_mpt_end(&w, NULL), WICK_MPT_BAD_RLP);
    CHECK_STATUS(wick_mpt_begin_key(&w, root, wick_span_make(key, WICK_MPT_KEY_MAX)), WICK_OK);
    CHECK_INT(wick_mpt_end(&w, NULL), WICK_MPT_INCOMPLETE);
    /* Cleared memory claims nothing. */
    memset(&w, 0, sizeof w);
    CHECK_INT(wick_mpt_end(&w, NULL), WICK_MPT_INCOMPLETE);
}

TEST(results_have_status_and_name)
{
    static const struct {
        wick_mpt_result result;
        wick_status status;
        const char *name;
    } t[] = {{WICK_MPT_FOUND, WICK_OK, "FOUND"},
             {WICK_MPT_ABSENT, WICK_OK, "ABSENT"},
             {WICK_MPT_INCOMPLETE, WICK_E_PROOF_INCOMPLETE, "INCOMPLETE"},
             {WICK_MPT_BAD_HASH, WICK_E_PROOF_BAD_HASH, "BAD_HASH"},
             {WICK_MPT_BAD_RLP, WICK_E_PROOF_BAD_RLP, "BAD_RLP"}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        CHECK_STATUS(wick_mpt_status(t[i].result), t[i].status);
        CHECK(strcmp(wick_mpt_str(t[i].result), t[i].name) == 0);
    }
}

TAP_MAIN("unit.mpt", CASE(leaf_at_the_root), CASE(value_is_a_view_into_the_last_node),
         CASE(hex_prefix_is_strict), CASE(leaf_values), CASE(extensions), CASE(branches),
         CASE(branches_are_strict), CASE(inlined_nodes), CASE(two_linked_nodes),
         CASE(short_nodes_are_not_linked_by_hash), CASE(nodes_are_one_canonical_list),
         CASE(empty_trie_in_both_forms), CASE(keys_are_bounded),
         CASE(results_have_status_and_name))
