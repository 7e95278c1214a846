/* SPDX-License-Identifier: Apache-2.0 */
/* wick/proof.h: accounts and slots, present and absent, in and out of order, true and claimed. */
#include "wick/proof.h"

#include "wick/header.h"
#include "wick/keccak.h"
#include "wick/rlp.h"

#include "tap.h"

/*
 * A world of one account: the state trie is one leaf, and so is its storage trie. All keys but one
 * are absent.
 */
static const uint8_t address[20] = {1, 2, 3}, other[20] = {9};
static const uint8_t slot[32] = {5}, other_slot[32] = {6};

struct world {
    uint8_t account_leaf[200], slot_leaf[100], header_rlp[700];
    wick_span account_node, slot_node;
    wick_trusted_header header;
    wick_account account;
};

static wick_span make_leaf(uint8_t *m, size_t cap, const uint8_t *preimage, size_t len,
                           wick_span value)
{
    uint8_t hp[33];
    wick_buf b = wick_buf_make(m, cap);
    hp[0] = 0x20;
    wick_keccak256(hp + 1, preimage, len);
    size_t at = wick_rlp_open(&b);
    wick_rlp_put(&b, hp, sizeof hp);
    wick_rlp_put(&b, value.ptr, value.len);
    wick_rlp_shut(&b, at);
    return wick_buf_span(&b);
}

static void trust(struct world *w, const uint8_t state_root[32])
{
    static const uint8_t zero[256];
    static const uint16_t lens[15] = {32, 32, 20, 32, 32, 32, 256, 0, 0, 0, 0, 0, 0, 32, 8};
    wick_header h;
    uint8_t hash[32];
    memset(&h, 0, sizeof h);
    h.fields = 15;
    for (size_t i = 0; i < 15; i++) {
        h.field[i] = wick_span_make(zero, lens[i]);
    }
    h.field[WICK_HEADER_STATE_ROOT].ptr = state_root;
    wick_buf b = wick_buf_make(w->header_rlp, sizeof w->header_rlp);
    CHECK_STATUS(wick_header_encode(&b, &h), WICK_OK);
    wick_header_hash(hash, wick_buf_span(&b));
    CHECK_STATUS(wick_trust_pinned(&w->header, wick_buf_span(&b), hash, 1), WICK_OK);
}

/* `value` is the RLP in the account's leaf. */
static void make_world_of(struct world *w, wick_span value)
{
    uint8_t root[32];
    w->account_node = make_leaf(w->account_leaf, sizeof w->account_leaf, address, 20, value);
    wick_keccak256(root, w->account_node.ptr, w->account_node.len);
    trust(w, root);
}

static void put_account(wick_buf *b, const wick_account *a)
{
    size_t at = wick_rlp_open(b);
    wick_rlp_put_u64(b, a->nonce);
    wick_rlp_put_uint(b, a->balance, 32);
    wick_rlp_put(b, a->storage_root, 32);
    wick_rlp_put(b, a->code_hash, 32);
    wick_rlp_shut(b, at);
}

/* The slot's leaf holds `word_rlp`. */
static void make_world(struct world *w, wick_span word_rlp)
{
    uint8_t m[120];
    wick_buf b = wick_buf_make(m, sizeof m);
    memset(w, 0, sizeof *w);
    w->slot_node = make_leaf(w->slot_leaf, sizeof w->slot_leaf, slot, 32, word_rlp);
    w->account.nonce = 7;
    w->account.balance[30] = 0x10;
    wick_keccak256(w->account.storage_root, w->slot_node.ptr, w->slot_node.len);
    memset(w->account.code_hash, 0xcc, 32);
    put_account(&b, &w->account);
    make_world_of(w, wick_buf_span(&b));
}

static const uint8_t word_rlp[3] = {0x82, 0x12, 0x34};
#define GOOD wick_span_make(word_rlp, sizeof word_rlp)

/* The good proof, of which nothing has been given yet. */
static void begin_good(struct world *w, wick_proof *p)
{
    make_world(w, GOOD);
    REQUIRE_STATUS(wick_proof_begin(p, &w->header), WICK_OK);
    REQUIRE_STATUS(wick_proof_account(p, address), WICK_OK);
}

TEST(account_and_slots_present_and_absent)
{
    struct world w;
    wick_proof p;
    wick_account a;
    uint8_t word[32];
    begin_good(&w, &p);
    CHECK_STATUS(wick_proof_node(&p, w.account_node), WICK_OK);
    CHECK_INT(wick_proof_account_end(&p, &a), WICK_MPT_FOUND);
    CHECK(memcmp(&a, &w.account, sizeof a) == 0);
    CHECK_STATUS(wick_proof_account_claim(&p, &w.account), WICK_OK);

    REQUIRE_STATUS(wick_proof_slot(&p, slot), WICK_OK);
    CHECK_STATUS(wick_proof_node(&p, w.slot_node), WICK_OK);
    CHECK_INT(wick_proof_slot_end(&p, word), WICK_MPT_FOUND);
    CHECK(wick_ct_is_zero(word, 30) && word[30] == 0x12 && word[31] == 0x34);
    CHECK_STATUS(wick_proof_slot_claim(&p, word), WICK_OK);
    word[31] ^= 1;
    CHECK_STATUS(wick_proof_slot_claim(&p, word), WICK_E_PROOF_CLAIM);
    memset(word, 0, 32);
    CHECK_STATUS(wick_proof_slot_claim(&p, word), WICK_E_PROOF_CLAIM);

    REQUIRE_STATUS(wick_proof_slot(&p, other_slot), WICK_OK);
    CHECK_STATUS(wick_proof_slot_claim(&p, word), WICK_E_PROOF_INCOMPLETE); /* no node, no proof */
    CHECK_STATUS(wick_proof_node(&p, w.slot_node), WICK_OK);
    CHECK_INT(wick_proof_slot_end(&p, word), WICK_MPT_ABSENT);
    CHECK(wick_ct_is_zero(word, 32));
    CHECK_STATUS(wick_proof_slot_claim(&p, word), WICK_OK);
    word[0] = 1;
    CHECK_STATUS(wick_proof_slot_claim(&p, word), WICK_E_PROOF_CLAIM);
    /* The account's verdict is still there. */
    CHECK_STATUS(wick_proof_account_claim(&p, &w.account), WICK_OK);
}

TEST(absent_account)
{
    struct world w;
    wick_proof p;
    wick_account a, claim;
    uint8_t word[32];
    make_world(&w, GOOD);
    REQUIRE_STATUS(wick_proof_begin(&p, &w.header), WICK_OK);
    REQUIRE_STATUS(wick_proof_account(&p, other), WICK_OK);
    CHECK_STATUS(wick_proof_node(&p, w.account_node), WICK_OK);
    CHECK_INT(wick_proof_account_end(&p, &a), WICK_MPT_ABSENT);
    CHECK(a.nonce == 0 && wick_ct_is_zero(a.balance, 32));
    CHECK_MEM(a.storage_root, wick_mpt_empty_root, 32);
    CHECK_MEM(a.code_hash, wick_empty_code_hash, 32);
    CHECK_STATUS(wick_proof_account_claim(&p, &a), WICK_OK);
    memset(&claim, 0, sizeof claim); /* some nodes say zero instead of the hash of nothing */
    CHECK_STATUS(wick_proof_account_claim(&p, &claim), WICK_OK);
    CHECK_STATUS(wick_proof_account_claim(&p, &w.account), WICK_E_PROOF_CLAIM);
    for (int i = 0; i < 4; i++) {
        claim = a;
        claim.nonce += i == 0;
        claim.balance[0] = (uint8_t)(i == 1);
        claim.storage_root[0] ^= (uint8_t)(i == 2);
        claim.code_hash[0] ^= (uint8_t)(i == 3);
        CHECK_STATUS(wick_proof_account_claim(&p, &claim), WICK_E_PROOF_CLAIM);
    }
    /* Its slots are proven zero without a node, and a node is one too many. */
    REQUIRE_STATUS(wick_proof_slot(&p, slot), WICK_OK);
    CHECK_INT(wick_proof_slot_end(&p, word), WICK_MPT_ABSENT);
    REQUIRE_STATUS(wick_proof_slot(&p, slot), WICK_OK);
    CHECK_STATUS(wick_proof_node(&p, w.slot_node), WICK_E_PROOF_BAD_HASH);
    CHECK_INT(wick_proof_slot_end(&p, word), WICK_MPT_BAD_HASH);
}

/* The bug of other verifiers: nothing, or a part, is no proof of absence. */
TEST(cut_proofs_show_nothing)
{
    struct world w;
    wick_proof p;
    wick_account a;
    begin_good(&w, &p);
    CHECK_INT(wick_proof_account_end(&p, &a), WICK_MPT_INCOMPLETE);
    CHECK(a.nonce == 0 && wick_ct_is_zero(a.code_hash, 32));
    memset(&a, 0, sizeof a);
    CHECK_STATUS(wick_proof_account_claim(&p, &a), WICK_E_PROOF_INCOMPLETE);
    CHECK_STATUS(wick_proof_slot(&p, slot), WICK_E_STATE);
}

TEST(wrong_claims_of_a_present_account)
{
    struct world w;
    wick_proof p;
    begin_good(&w, &p);
    CHECK_STATUS(wick_proof_node(&p, w.account_node), WICK_OK);
    CHECK_INT(wick_proof_account_end(&p, NULL), WICK_MPT_FOUND);
    for (int i = 0; i < 4; i++) {
        wick_account claim = w.account;
        claim.nonce += i == 0;
        claim.balance[31] ^= (uint8_t)(i == 1);
        claim.storage_root[31] ^= (uint8_t)(i == 2);
        claim.code_hash[31] ^= (uint8_t)(i == 3);
        CHECK_STATUS(wick_proof_account_claim(&p, &claim), WICK_E_PROOF_CLAIM);
    }
}

TEST(order_of_calls)
{
    struct world w;
    wick_proof p;
    wick_trusted_header untrusted;
    uint8_t word[32] = {1};
    make_world(&w, GOOD);
    memset(&untrusted, 0, sizeof untrusted);
    memcpy(untrusted.state_root, w.header.state_root, 32);
    CHECK_STATUS(wick_proof_begin(&p, &untrusted), WICK_E_BAD_ARG); /* nobody vouches */
    CHECK_STATUS(wick_proof_account(&p, address), WICK_E_STATE);
    CHECK_STATUS(wick_proof_node(&p, w.account_node), WICK_E_STATE);
    CHECK_STATUS(wick_proof_slot(&p, slot), WICK_E_STATE);
    CHECK_INT(wick_proof_account_end(&p, NULL), WICK_MPT_INCOMPLETE);
    CHECK_INT(wick_proof_slot_end(&p, word), WICK_MPT_INCOMPLETE);
    CHECK(wick_ct_is_zero(word, 32));
    CHECK_STATUS(wick_proof_slot_claim(&p, word), WICK_E_PROOF_INCOMPLETE);

    REQUIRE_STATUS(wick_proof_begin(&p, &w.header), WICK_OK);
    CHECK_STATUS(wick_proof_node(&p, w.account_node), WICK_E_STATE); /* of which account? */
    REQUIRE_STATUS(wick_proof_account(&p, address), WICK_OK);
    CHECK_STATUS(wick_proof_slot(&p, slot), WICK_E_STATE); /* no verdict yet */
    CHECK_STATUS(wick_proof_node(&p, w.account_node), WICK_OK);
    CHECK_STATUS(wick_proof_slot(&p, slot), WICK_E_STATE); /* verdict not taken */
    CHECK_INT(wick_proof_slot_end(&p, NULL), WICK_MPT_INCOMPLETE);
    CHECK_INT(wick_proof_account_end(&p, NULL), WICK_MPT_FOUND);
    CHECK_STATUS(wick_proof_node(&p, w.account_node), WICK_E_STATE); /* after the end */
    CHECK_INT(wick_proof_account_end(&p, NULL), WICK_MPT_FOUND);     /* may be asked again */
    /* Another account starts afresh. */
    REQUIRE_STATUS(wick_proof_account(&p, other), WICK_OK);
    CHECK_STATUS(wick_proof_slot(&p, slot), WICK_E_STATE);
}

TEST(bad_nodes_fail_the_account)
{
    struct world w;
    wick_proof p;
    wick_account a;
    begin_good(&w, &p);
    CHECK_STATUS(wick_proof_node(&p, w.account_node), WICK_OK);
    CHECK_STATUS(wick_proof_node(&p, w.account_node), WICK_E_PROOF_BAD_HASH); /* one too many */
    CHECK_INT(wick_proof_account_end(&p, &a), WICK_MPT_BAD_HASH);
    CHECK(a.nonce == 0 && wick_ct_is_zero(a.balance, 32));
    CHECK_STATUS(wick_proof_account_claim(&p, &w.account), WICK_E_PROOF_BAD_HASH);
    CHECK_STATUS(wick_proof_slot(&p, slot), WICK_E_STATE);
    REQUIRE_STATUS(wick_proof_account(&p, address), WICK_OK);
    CHECK_STATUS(wick_proof_node(&p, w.slot_node), WICK_E_PROOF_BAD_HASH);
    CHECK_STATUS(wick_proof_node(&p, w.account_node), WICK_E_PROOF_BAD_HASH); /* it sticks */
}

/* A leaf that is linked, but holds no account: too few or too many fields, wrong lengths, forms. */
TEST(malformed_accounts)
{
    for (int i = 0; i < 7; i++) {
        struct world w;
        wick_proof p;
        uint8_t m[160], bytes[40] = {1};
        wick_buf b = wick_buf_make(m, sizeof m);
        size_t at = wick_rlp_open(&b);
        if (i == 0) {
            wick_buf_put_u8(&b, 0x00); /* nonce 0 as a zero byte */
        } else {
            wick_rlp_put(&b, bytes, i == 1 ? 9 : 1);
        }
        wick_rlp_put(&b, bytes, i == 2 ? 33 : 1);
        wick_rlp_put(&b, bytes, i == 3 ? 31 : 32);
        if (i != 4) {
            wick_rlp_put(&b, bytes, 32);
        }
        if (i == 5) {
            wick_rlp_put(&b, bytes, 1);
        }
        wick_rlp_shut(&b, at);
        if (i == 6) {
            wick_buf_put_u8(&b, 0x05); /* after the list */
        }
        memset(&w, 0, sizeof w);
        make_world_of(&w, wick_buf_span(&b));
        REQUIRE_STATUS(wick_proof_begin(&p, &w.header), WICK_OK);
        REQUIRE_STATUS(wick_proof_account(&p, address), WICK_OK);
        CHECK_STATUS(wick_proof_node(&p, w.account_node), WICK_E_PROOF_BAD_RLP);
        CHECK_INT(wick_proof_account_end(&p, NULL), WICK_MPT_BAD_RLP);
    }
}

TEST(malformed_words)
{
    static const uint8_t zero[1] = {0x80}, lead[3] = {0x82, 0x00, 0x01}, list[2] = {0xc1, 0x01},
                         tail[2] = {0x01, 0x02}, cut[2] = {0x82, 0x01};
    uint8_t wide[34] = {0xa1, 1};
    const wick_span bad[] = {wick_span_make(zero, 1), wick_span_make(lead, 3),
                             wick_span_make(list, 2), wick_span_make(tail, 2),
                             wick_span_make(cut, 2),  wick_span_make(wide, 34)};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct world w;
        wick_proof p;
        uint8_t word[32] = {1};
        make_world(&w, bad[i]);
        REQUIRE_STATUS(wick_proof_begin(&p, &w.header), WICK_OK);
        REQUIRE_STATUS(wick_proof_account(&p, address), WICK_OK);
        CHECK_STATUS(wick_proof_node(&p, w.account_node), WICK_OK);
        CHECK_INT(wick_proof_account_end(&p, NULL), WICK_MPT_FOUND);
        REQUIRE_STATUS(wick_proof_slot(&p, slot), WICK_OK);
        CHECK_STATUS(wick_proof_node(&p, w.slot_node), WICK_E_PROOF_BAD_RLP);
        CHECK_INT(wick_proof_slot_end(&p, word), WICK_MPT_BAD_RLP);
        CHECK(wick_ct_is_zero(word, 32));
        CHECK_STATUS(wick_proof_slot_claim(&p, word), WICK_E_PROOF_BAD_RLP);
    }
}

TEST(empty_state)
{
    static const uint8_t form[1] = {0x80};
    struct world w;
    wick_proof p;
    memset(&w, 0, sizeof w);
    trust(&w, wick_mpt_empty_root);
    REQUIRE_STATUS(wick_proof_begin(&p, &w.header), WICK_OK);
    REQUIRE_STATUS(wick_proof_account(&p, address), WICK_OK);
    CHECK_STATUS(wick_proof_node(&p, wick_span_make(form, 1)), WICK_OK);
    CHECK_INT(wick_proof_account_end(&p, NULL), WICK_MPT_ABSENT);
}

TAP_MAIN("unit.proof", CASE(account_and_slots_present_and_absent), CASE(absent_account),
         CASE(cut_proofs_show_nothing), CASE(wrong_claims_of_a_present_account),
         CASE(order_of_calls), CASE(bad_nodes_fail_the_account), CASE(malformed_accounts),
         CASE(malformed_words), CASE(empty_state))
