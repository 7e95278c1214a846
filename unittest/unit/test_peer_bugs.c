/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What other verifiers have got wrong, one test for each class, named after it. Each builds the
 * attack on a trie of its own and shows that the same nodes, unaltered, do prove what is so.
 *
 *   truncated_proof_is_no_absence   in3, colibri (storage), alloy-rs/trie#134,
 * ava-labs/firewood#1950, madara-alliance/bonsai-trie#33, crosschain-alliance/safe-crosschain#4,
 *                                   clrfund/monorepo#772, withtally/rollcall#11,
 *                                   polytope-labs/solidity-merkle-trees#39,
 * ava-labs/avalanchego#2789 empty_proof_is_no_absence       in3 (accountProof [] with balance 0)
 *   value_is_no_reference           alloy-rs/trie#134: a leaf's value taken for the hash of a node
 *   nodes_after_the_end             in3, colibri: what was appended was not looked at
 *   inlined_nodes_are_followed      alloy-rs/trie#26, colibri patricia.c (one pointer past the end)
 *   absence_is_no_empty_account     nimbus: absence reported as an empty account whatever was
 * claimed claims_are_compared             colibri: the root is an output that callers forget to
 * compare lax_rlp                         in3, colibri: 15 of the 26 invalid vectors accepted,
 * shifts too far type_zero_is_no_type            one receipt in two forms headers_without_authority
 * in3: signatureCount 0 accepts any header that hashes right endless_proofs colibri: memory by a
 * length that the peer gives not_yet_is_not_no               in3, colibri, ethereumjs: one result
 * for "walking", "found", "absent"
 */
#include "wick/keccak.h"
#include "wick/mpt.h"
#include "wick/proof.h"
#include "wick/receipt.h"
#include "wick/rlp.h"

#include "tap.h"

/* ---- a trie of two levels: a branch at the root, leaves of 31 bytes of path below it ---- */

static uint8_t key[32], root[32], branch_mem[600], leaf_mem[200], other_mem[200];
static wick_span branch, leaf;

static wick_span make_leaf(uint8_t *mem, size_t cap, const uint8_t *of, wick_span value)
{
    uint8_t hp[32];
    wick_buf b = wick_buf_make(mem, cap);
    memcpy(hp, of, 32);
    hp[0] = (uint8_t)(0x30 | (of[0] & 15u)); /* all nibbles but the first */
    size_t at = wick_rlp_open(&b);
    wick_rlp_put(&b, hp, 32);
    wick_rlp_put(&b, value.ptr, value.len);
    wick_rlp_shut(&b, at);
    return wick_buf_span(&b);
}

/* A branch with one child, at the key's first nibble. */
static wick_span make_branch(uint8_t *mem, size_t cap, wick_span child)
{
    wick_buf b = wick_buf_make(mem, cap);
    size_t at = wick_rlp_open(&b);
    for (unsigned i = 0; i < 17; i++) {
        if (i == key[0] >> 4) {
            wick_buf_put(&b, child.ptr, child.len);
        } else {
            wick_buf_put_u8(&b, 0x80);
        }
    }
    wick_rlp_shut(&b, at);
    return wick_buf_span(&b);
}

static wick_span text(const char *s)
{
    return wick_span_make((const uint8_t *)s, strlen(s));
}

static void build(wick_span value)
{
    uint8_t item[33] = {0xa0};
    for (unsigned i = 0; i < 32; i++) {
        key[i] = (uint8_t)(0x51 + 7 * i);
    }
    leaf = make_leaf(leaf_mem, sizeof leaf_mem, key, value);
    wick_keccak256(item + 1, leaf.ptr, leaf.len);
    branch = make_branch(branch_mem, sizeof branch_mem, wick_span_make(item, sizeof item));
    wick_keccak256(root, branch.ptr, branch.len);
}

static wick_mpt_result walk(const uint8_t *of, const wick_span *nodes, size_t count)
{
    wick_mpt w;
    wick_mpt_begin(&w, root, of);
    for (size_t i = 0; i < count; i++) {
        (void)wick_mpt_node(&w, nodes[i]);
    }
    return wick_mpt_end(&w, NULL);
}

/* ---- classes ---- */

TEST(truncated_proof_is_no_absence)
{
    build(text("a value that is there"));
    const wick_span nodes[2] = {branch, leaf};
    CHECK_INT(walk(key, nodes, 2), WICK_MPT_FOUND);
    CHECK_INT(walk(key, nodes, 1),
              WICK_MPT_INCOMPLETE); /* the child that would have it is missing */
    CHECK_INT(walk(key, nodes + 1, 1), WICK_MPT_BAD_HASH);
    uint8_t elsewhere[32];
    memcpy(elsewhere, key, 32);
    elsewhere[0] ^= 0x10; /* an empty slot of the same branch: one node is enough */
    CHECK_INT(walk(elsewhere, nodes, 1), WICK_MPT_ABSENT);
    memcpy(elsewhere, key, 32);
    elsewhere[31] ^= 1; /* the same slot: the leaf must be shown, although it is another one's */
    CHECK_INT(walk(elsewhere, nodes, 1), WICK_MPT_INCOMPLETE);
    CHECK_INT(walk(elsewhere, nodes, 2), WICK_MPT_ABSENT);
}

TEST(empty_proof_is_no_absence)
{
    build(text("a value that is there"));
    static const uint8_t empty_string[1] = {0x80}, empty_list[1] = {0xc0};
    const wick_span forms[3] = {wick_span_make(empty_string, 1), wick_span_make(empty_list, 1),
                                wick_span_make(empty_string, 0)};
    CHECK_INT(walk(key, NULL, 0), WICK_MPT_INCOMPLETE);
    for (unsigned i = 0; i < 3; i++) {
        CHECK_INT(walk(key, &forms[i], 1), WICK_MPT_BAD_HASH);
    }
    memset(root, 0, sizeof root); /* nor under a root of zeros */
    CHECK_INT(walk(key, NULL, 0), WICK_MPT_INCOMPLETE);
    memcpy(root, wick_mpt_empty_root, sizeof root);
    CHECK_INT(walk(key, NULL, 0), WICK_MPT_ABSENT);
    CHECK_INT(walk(key, forms, 1), WICK_MPT_ABSENT);
}

TEST(value_is_no_reference)
{
    /* The genuine value has the length of a hash: that of a node that the attacker appends. */
    uint8_t value[32];
    wick_span forged =
        make_leaf(other_mem, sizeof other_mem, key, text("a value that is not there"));
    wick_keccak256(value, forged.ptr, forged.len);
    build(wick_span_make(value, sizeof value));
    const wick_span nodes[3] = {branch, leaf, forged};
    wick_mpt w;
    wick_span got;
    wick_mpt_begin(&w, root, key);
    CHECK_INT(wick_mpt_node(&w, branch), WICK_MPT_INCOMPLETE);
    CHECK_INT(wick_mpt_node(&w, leaf), WICK_MPT_FOUND);
    REQUIRE(wick_mpt_end(&w, &got) == WICK_MPT_FOUND && got.len == 32);
    CHECK_MEM(got.ptr, value, 32);
    CHECK_INT(walk(key, nodes, 3), WICK_MPT_BAD_HASH);
    /* Nor does a value of a branch lead on. */
    wick_buf b = wick_buf_make(branch_mem, sizeof branch_mem);
    size_t at = wick_rlp_open(&b);
    for (unsigned i = 0; i < 16; i++) {
        wick_buf_put_u8(&b, 0x80);
    }
    wick_rlp_put(&b, value, 32);
    wick_rlp_shut(&b, at);
    wick_keccak256(root, b.ptr, b.len);
    const wick_span two[2] = {wick_buf_span(&b), forged};
    CHECK_INT(walk(key, two, 1), WICK_MPT_ABSENT);
    CHECK_INT(walk(key, two, 2), WICK_MPT_BAD_HASH);
    REQUIRE_STATUS(wick_mpt_begin_key(&w, root, wick_span_make(key, 0)), WICK_OK);
    CHECK_INT(wick_mpt_node(&w, two[0]), WICK_MPT_FOUND);
    CHECK_INT(wick_mpt_node(&w, forged), WICK_MPT_BAD_HASH);
}

TEST(nodes_after_the_end)
{
    build(text("a value that is there"));
    const wick_span again[4] = {branch, leaf, leaf, branch};
    CHECK_INT(walk(key, again, 2), WICK_MPT_FOUND);
    CHECK_INT(walk(key, again, 3), WICK_MPT_BAD_HASH);
    CHECK_INT(walk(key, again, 4), WICK_MPT_BAD_HASH);
    uint8_t elsewhere[32];
    memcpy(elsewhere, key, 32);
    elsewhere[0] ^= 0x10;
    CHECK_INT(walk(elsewhere, again, 1), WICK_MPT_ABSENT);
    CHECK_INT(walk(elsewhere, again, 2), WICK_MPT_BAD_HASH);
    memcpy(root, wick_mpt_empty_root, sizeof root);
    CHECK_INT(walk(key, again, 1), WICK_MPT_BAD_HASH);
}

TEST(inlined_nodes_are_followed)
{
    /* branch -> [extension of one nibble -> [leaf]] inlined twice, keys of one byte. */
    static const uint8_t nested[] = {0xc5, 0x12, 0xc3, 0x20, 0x81, 0x99};
    static const uint8_t cut[] = {0xc5, 0x12, 0xc3, 0x20, 0x81}; /* reaches beyond its parent */
    static const uint8_t bare[] = {0xc2, 0x12, 0x80};            /* an extension to nothing */
    static const uint8_t one[] = {0xc1, 0x20};                   /* a path and nothing behind it */
    wick_mpt w;
    wick_span v;
    key[0] = 0x32;
    wick_span node =
        make_branch(branch_mem, sizeof branch_mem, wick_span_make(nested, sizeof nested));
    wick_keccak256(root, node.ptr, node.len);
    REQUIRE_STATUS(wick_mpt_begin_key(&w, root, wick_span_make(key, 1)), WICK_OK);
    CHECK_INT(wick_mpt_node(&w, node), WICK_MPT_FOUND);
    REQUIRE(wick_mpt_end(&w, &v) == WICK_MPT_FOUND && v.len == 1);
    CHECK(v.ptr[0] == 0x99);
    uint8_t other = 0x33;
    REQUIRE_STATUS(wick_mpt_begin_key(&w, root, wick_span_make(&other, 1)), WICK_OK);
    CHECK_INT(wick_mpt_node(&w, node), WICK_MPT_ABSENT);
    uint8_t large[34] = {0xe1, 0x20,
                         0x9f}; /* a leaf of 34 bytes, which only a hash may stand for */
    const wick_span bad[4] = {wick_span_make(cut, sizeof cut), wick_span_make(bare, sizeof bare),
                              wick_span_make(one, sizeof one), wick_span_make(large, sizeof large)};
    for (unsigned i = 0; i < 4; i++) {
        node = make_branch(branch_mem, sizeof branch_mem, bad[i]);
        wick_keccak256(root, node.ptr, node.len);
        REQUIRE_STATUS(wick_mpt_begin_key(&w, root, wick_span_make(key, 1)), WICK_OK);
        CHECK_INT(wick_mpt_node(&w, node), WICK_MPT_BAD_RLP);
    }
}

/* A state whose only account is at keccak(address). */
static void build_account(wick_trusted_header *th, const uint8_t address[20], wick_account *account)
{
    uint8_t mem[120], path[32];
    wick_buf b = wick_buf_make(mem, sizeof mem);
    memset(account, 0, sizeof *account);
    account->nonce = 3;
    account->balance[31] = 9;
    memcpy(account->storage_root, wick_mpt_empty_root, 32);
    memcpy(account->code_hash, wick_empty_code_hash, 32);
    size_t at = wick_rlp_open(&b);
    wick_rlp_put_u64(&b, account->nonce);
    wick_rlp_put_uint(&b, account->balance, 32);
    wick_rlp_put(&b, account->storage_root, 32);
    wick_rlp_put(&b, account->code_hash, 32);
    wick_rlp_shut(&b, at);
    wick_keccak256(path, address, 20);
    memcpy(key, path, 32);
    leaf = make_leaf(leaf_mem, sizeof leaf_mem, path, wick_buf_span(&b));
    uint8_t item[33] = {0xa0};
    wick_keccak256(item + 1, leaf.ptr, leaf.len);
    branch = make_branch(branch_mem, sizeof branch_mem, wick_span_make(item, sizeof item));
    wick_keccak256(root, branch.ptr, branch.len);
    wick_trust_pinned_root(th, root, 1);
}

static const uint8_t address[20] = {0xde, 0xad, 1};

/* All nodes of the account. */
static void give_account(wick_proof *p, const wick_trusted_header *th)
{
    CHECK_STATUS(wick_proof_begin(p, th), WICK_OK);
    CHECK_STATUS(wick_proof_account(p, address), WICK_OK);
    CHECK_STATUS(wick_proof_node(p, branch), WICK_OK);
    CHECK_STATUS(wick_proof_node(p, leaf), WICK_OK);
    CHECK_INT(wick_proof_account_end(p, NULL), WICK_MPT_FOUND);
}

TEST(absence_is_no_empty_account)
{
    wick_trusted_header th;
    wick_account account, got;
    wick_proof p;
    build_account(&th, address, &account);
    REQUIRE_STATUS(wick_proof_begin(&p, &th), WICK_OK);
    REQUIRE_STATUS(wick_proof_account(&p, address), WICK_OK);
    CHECK_STATUS(wick_proof_node(&p, branch), WICK_OK);
    /* The node that decides is withheld, and the claim is an account with nothing in it. */
    CHECK_INT(wick_proof_account_end(&p, &got), WICK_MPT_INCOMPLETE);
    wick_account nothing = account;
    nothing.nonce = 0;
    memset(nothing.balance, 0, 32);
    CHECK_STATUS(wick_proof_account_claim(&p, &nothing), WICK_E_PROOF_INCOMPLETE);
    give_account(&p, &th);
    CHECK(wick_proof_account_claim(&p, &nothing) != WICK_OK);
    give_account(&p, &th);
    CHECK_STATUS(wick_proof_account_claim(&p, &account), WICK_OK);
}

TEST(claims_are_compared)
{
    wick_trusted_header th;
    wick_account account;
    wick_proof p;
    uint8_t slot[32] = {0}, value[32] = {0};
    build_account(&th, address, &account);
    for (unsigned field = 0; field < 4; field++) {
        wick_account lie = account;
        lie.nonce += field == 0;
        lie.balance[0] ^= field == 1;
        lie.storage_root[5] ^= field == 2;
        lie.code_hash[5] ^= field == 3;
        give_account(&p, &th);
        CHECK(wick_proof_account_claim(&p, &lie) != WICK_OK);
    }
    give_account(&p, &th);
    CHECK_STATUS(wick_proof_account_claim(&p, &account), WICK_OK);
    /* A slot hangs under the account's own storage root: nodes of another trie prove nothing, and a
     * zero is proven by the empty trie only because that is what the account says. */
    REQUIRE_STATUS(wick_proof_slot(&p, slot), WICK_OK);
    CHECK(wick_proof_node(&p, branch) != WICK_OK);
    CHECK(wick_proof_slot_claim(&p, value) != WICK_OK);
    give_account(&p, &th);
    CHECK_STATUS(wick_proof_account_claim(&p, &account), WICK_OK);
    REQUIRE_STATUS(wick_proof_slot(&p, slot), WICK_OK);
    CHECK_STATUS(wick_proof_slot_claim(&p, value), WICK_OK);
    give_account(&p, &th);
    CHECK_STATUS(wick_proof_account_claim(&p, &account), WICK_OK);
    REQUIRE_STATUS(wick_proof_slot(&p, slot), WICK_OK);
    value[31] = 1;
    CHECK(wick_proof_slot_claim(&p, value) != WICK_OK);
}

TEST(lax_rlp)
{
    /* Bytes; what both C peers take, and more. */
    static const struct {
        uint8_t b[12];
        uint8_t len;
    } bad[] = {
        {{0x81, 0x00}, 2}, /* a byte with a header */
        {{0x81, 0x7f}, 2},
        {{0xb8, 0x01, 0x61}, 3},                                     /* short in the long form */
        {{0xb9, 0x00, 0x38}, 3},                                     /* length with a zero */
        {{0xbf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 9}, /* length that wraps */
        {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 9},
        {{0xbf, 0x0f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0x11}, 10},
        {{0xf8, 0x02, 0x61, 0x61}, 4},
        {{0xb8}, 1}, /* length bytes missing */
        {{0xbb, 0x01}, 2},
        {{0xf9, 0x01}, 2},
        {{0x83, 0x61, 0x61}, 3}, /* payload missing */
        {{0xc3, 0x61, 0x61}, 3},
        {{0xc2, 0x82, 0x61}, 3}, /* item beyond its list */
        {{0xc1, 0x61, 0x61}, 3}, /* a byte after the end */
        {{0x61, 0x61}, 2},
    };
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK(wick_rlp_check(wick_span_make(bad[i].b, bad[i].len)) != WICK_OK);
        /* And inside a node whose hash is right. */
        uint8_t node[16] = {(uint8_t)(0xc1 + bad[i].len), 0x20};
        memcpy(node + 2, bad[i].b, bad[i].len);
        wick_span n = wick_span_make(node, bad[i].len + 2u);
        wick_mpt w;
        wick_keccak256(root, n.ptr, n.len);
        REQUIRE_STATUS(wick_mpt_begin_key(&w, root, wick_span_make(key, 0)), WICK_OK);
        CHECK_INT(wick_mpt_node(&w, n), WICK_MPT_BAD_RLP);
    }
}

TEST(type_zero_is_no_type)
{
    /* EIP-2718: 0x00 in front of a legacy receipt would be a second form of the same receipt. */
    uint8_t mem[300];
    static const uint8_t bloom[256], one[1] = {1};
    wick_buf b = wick_buf_make(mem, sizeof mem);
    wick_receipt r;
    wick_buf_put_u8(&b, 0);
    size_t at = wick_rlp_open(&b);
    wick_rlp_put(&b, one, 1);
    wick_rlp_put_u64(&b, 21000);
    wick_rlp_put(&b, bloom, sizeof bloom);
    wick_rlp_put_list_header(&b, 0);
    wick_rlp_shut(&b, at);
    CHECK_STATUS(wick_receipt_decode(&r, wick_span_make(mem + 1, b.len - 1)), WICK_OK);
    CHECK_STATUS(wick_receipt_decode(&r, wick_buf_span(&b)), WICK_E_MALFORMED);
    mem[0] = 2;
    CHECK_STATUS(wick_receipt_decode(&r, wick_buf_span(&b)), WICK_OK);
}

TEST(headers_without_authority)
{
    /* A header struct that no authenticator made: a cleared one, and one filled in by hand. */
    wick_trusted_header th;
    wick_account account;
    wick_proof p;
    build_account(&th, address, &account);
    wick_trusted_header forged;
    memset(&forged, 0, sizeof forged);
    CHECK(wick_proof_begin(&p, &forged) != WICK_OK);
    memcpy(forged.state_root, root, sizeof root);
    forged.number = 7;
    forged.tier = WICK_TIER_FINALIZED;
    CHECK(wick_proof_begin(&p, &forged) != WICK_OK);
    CHECK_STATUS(wick_proof_begin(&p, &th), WICK_OK);
}

TEST(endless_proofs)
{
    /* A chain of extensions and branches cannot be longer than the key; what is longer fails at the
     * first node too many, and no state grows. */
    build(text("a value that is there"));
    wick_mpt w;
    wick_mpt_begin(&w, root, key);
    CHECK_INT(wick_mpt_node(&w, branch), WICK_MPT_INCOMPLETE);
    for (unsigned i = 0; i < 5000; i++) {
        CHECK_INT(wick_mpt_node(&w, branch), WICK_MPT_BAD_HASH);
    }
    CHECK_INT(wick_mpt_node(&w, leaf), WICK_MPT_BAD_HASH); /* for good */
}

TEST(not_yet_is_not_no)
{
    wick_mpt w;
    memset(&w, 0, sizeof w);
    CHECK_INT(wick_mpt_end(&w, NULL), WICK_MPT_INCOMPLETE); /* cleared memory says nothing */
    CHECK(WICK_MPT_INCOMPLETE != WICK_MPT_ABSENT && WICK_MPT_INCOMPLETE != WICK_MPT_FOUND);
    CHECK_STATUS(wick_mpt_status(WICK_MPT_INCOMPLETE), WICK_E_PROOF_INCOMPLETE);
    CHECK_STATUS(wick_mpt_status(WICK_MPT_BAD_HASH), WICK_E_PROOF_BAD_HASH);
    CHECK_STATUS(wick_mpt_status(WICK_MPT_BAD_RLP), WICK_E_PROOF_BAD_RLP);
    CHECK(strcmp(wick_mpt_str(WICK_MPT_INCOMPLETE), wick_mpt_str(WICK_MPT_ABSENT)) != 0);
}

TAP_MAIN("unit.peer_bugs", CASE(truncated_proof_is_no_absence), CASE(empty_proof_is_no_absence),
         CASE(value_is_no_reference), CASE(nodes_after_the_end), CASE(inlined_nodes_are_followed),
         CASE(absence_is_no_empty_account), CASE(claims_are_compared), CASE(lax_rlp),
         CASE(type_zero_is_no_type), CASE(headers_without_authority), CASE(endless_proofs),
         CASE(not_yet_is_not_no))
