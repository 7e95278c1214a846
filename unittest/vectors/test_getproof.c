/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every recorded eth_getProof answer: right as it is, refused when mutated.
 *
 * An answer is accepted if all of it is proven and equals what it claims, as `wick proof verify`
 * does. The mutations cut, drop, swap, repeat, append and alter nodes and look under other keys,
 * each with the claims untouched and with claims of absence. Whatever is accepted must be what an
 * independent look-up in the honest nodes says (oracle.h).
 */
#include "oracle.h"
#include "data.h"
#include "wick/header.h"
#include "wick/keccak.h"
#include "wick/proof.h"
#include "wick/rlp.h"

#include "tap.h"

#define NODES_MAX 80
#define SLOTS_MAX 16

struct list {
    wick_span node[NODES_MAX];
    size_t count;
};

struct slot {
    uint8_t key[32];
    uint8_t value[32]; /* claimed */
    struct list proof;
};

struct answer {
    const char *name;
    wick_trusted_header header;
    uint8_t address[20];
    wick_account claim;
    struct list account;
    struct slot slot[SLOTS_MAX];
    size_t slots;
};

/* ---- reading ---- */

static bool read_list(struct list *l, const cJSON *array)
{
    l->count = 0;
    for (const cJSON *n = cJSON_IsArray(array) ? array->child : NULL; n != NULL; n = n->next) {
        if (l->count == NODES_MAX || !data_hex(&l->node[l->count], n)) {
            return false;
        }
        l->count++;
    }
    return cJSON_IsArray(array);
}

static const cJSON *find_proof(const cJSON *root)
{
    for (const cJSON *c = root->child; c != NULL; c = c->next) {
        if (data_get(c, "accountProof") != NULL) {
            return c;
        }
    }
    return data_get(root, "accountProof") != NULL ? root : NULL;
}

/* The header of the block named by `hash`, from whichever file has it. */
static bool find_header(wick_span *rlp, const uint8_t hash[32])
{
    size_t count = 0;
    const data_file *f = data_files(&count);
    for (size_t i = 0; i < count; i++) {
        uint8_t h[32];
        if (data_hex(rlp, data_get(f[i].root, "header_rlp"))) {
            wick_header_hash(h, *rlp);
            if (memcmp(h, hash, 32) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* The header of the answer's block, or the state root that the file names. */
static bool read_trust(struct answer *a, const cJSON *root)
{
    uint8_t h[32];
    wick_span rlp;
    const cJSON *hash = data_get(root, "block_hash");
    hash = hash != NULL ? hash : data_get(data_get(root, "exec_block"), "hash");
    if (data_fixed(h, 32, hash) && find_header(&rlp, h)) {
        return wick_trust_pinned(&a->header, rlp, h, 1) == WICK_OK;
    }
    if (!data_fixed(h, 32, data_get(root, "state_root"))) {
        return false;
    }
    wick_trust_pinned_root(&a->header, h, 1);
    return true;
}

static bool read_answer(struct answer *a, const data_file *f)
{
    uint8_t nonce[32];
    const cJSON *p = cJSON_IsObject(f->root) ? find_proof(f->root) : NULL;
    if (p == NULL) {
        return false;
    }
    memset(a, 0, sizeof *a);
    a->name = f->path;
    if (!read_trust(a, f->root) || !data_fixed(a->address, 20, data_get(p, "address")) ||
        !data_word(nonce, data_get(p, "nonce")) ||
        !data_word(a->claim.balance, data_get(p, "balance")) ||
        !data_word(a->claim.storage_root, data_get(p, "storageHash")) ||
        !data_word(a->claim.code_hash, data_get(p, "codeHash")) ||
        !read_list(&a->account, data_get(p, "accountProof"))) {
        return false;
    }
    a->claim.nonce = wick_load_be64(nonce + 24);
    const cJSON *slots = data_get(p, "storageProof");
    for (const cJSON *s = slots != NULL ? slots->child : NULL; s != NULL; s = s->next) {
        struct slot *t = &a->slot[a->slots];
        if (a->slots == SLOTS_MAX || !data_word(t->key, data_get(s, "key")) ||
            !data_word(t->value, data_get(s, "value")) ||
            !read_list(&t->proof, data_get(s, "proof"))) {
            return false;
        }
        a->slots++;
    }
    return true;
}

/* ---- checking ---- */

static wick_status feed(wick_proof *p, const struct list *l)
{
    /* Each node in memory of its own that is gone afterwards: none may be kept. */
    uint8_t node[2048];
    wick_status first = WICK_OK;
    for (size_t i = 0; i < l->count; i++) {
        if (l->node[i].len > sizeof node) {
            return WICK_E_LIMIT;
        }
        memcpy(node, l->node[i].ptr, l->node[i].len);
        wick_status s = wick_proof_node(p, wick_span_make(node, l->node[i].len));
        first = first == WICK_OK ? s : first;
        memset(node, 0xee, sizeof node);
    }
    return first;
}

/* The verdicts of the last verify(). */
static wick_mpt_result account_verdict, slot_verdict[SLOTS_MAX];

static wick_status verify(const struct answer *a)
{
    wick_proof p;
    wick_status s = wick_proof_begin(&p, &a->header);
    if (s != WICK_OK || wick_proof_account(&p, a->address) != WICK_OK) {
        return WICK_E_STATE;
    }
    wick_status fed = feed(&p, &a->account);
    account_verdict = wick_proof_account_end(&p, NULL);
    s = wick_proof_account_claim(&p, &a->claim);
    if (fed != WICK_OK || s != WICK_OK) {
        return fed != WICK_OK ? fed : s;
    }
    for (size_t i = 0; i < a->slots; i++) {
        s = wick_proof_slot(&p, a->slot[i].key);
        fed = s == WICK_OK ? feed(&p, &a->slot[i].proof) : s;
        slot_verdict[i] = wick_proof_slot_end(&p, NULL);
        s = wick_proof_slot_claim(&p, a->slot[i].value);
        if (fed != WICK_OK || s != WICK_OK) {
            return fed != WICK_OK ? fed : s;
        }
    }
    return WICK_OK;
}

static unsigned answers, incl_accounts, excl_accounts, incl_slots, excl_slots;

static void check_expectation(const cJSON *said, wick_mpt_result verdict)
{
    if (cJSON_IsString(said)) {
        bool incl = strcmp(said->valuestring, "incl") == 0;
        CHECK_INT(verdict, incl ? WICK_MPT_FOUND : WICK_MPT_ABSENT);
    }
}

static void check_answer(const struct answer *a, const cJSON *root)
{
    CHECK_STATUS(verify(a), WICK_OK);
    answers++;
    incl_accounts += account_verdict == WICK_MPT_FOUND;
    excl_accounts += account_verdict == WICK_MPT_ABSENT;
    check_expectation(data_get(root, "account_expect"), account_verdict);
    const cJSON *said = data_get(root, "storage_expect");
    for (size_t i = 0; i < a->slots; i++) {
        incl_slots += slot_verdict[i] == WICK_MPT_FOUND;
        excl_slots += slot_verdict[i] == WICK_MPT_ABSENT;
        check_expectation(cJSON_GetArrayItem(said, (int)i), slot_verdict[i]);
    }
}

static void each_answer(void (*check)(const struct answer *a, const cJSON *root))
{
    static struct answer a;
    size_t count = 0;
    const data_file *f = data_files(&count);
    for (size_t i = 0; i < count; i++) {
        if (read_answer(&a, &f[i])) {
            check(&a, f[i].root);
        }
    }
}

TEST(recorded_answers_are_proven)
{
    each_answer(check_answer);
    if (answers == 0) {
        SKIP("no eth_getProof answer with header or state root below WICK_VECTORS_DIR");
    }
    data_note("%u answers: accounts %u present, %u absent; slots %u present, %u absent", answers,
                 incl_accounts, excl_accounts, incl_slots, excl_slots);
}

/* ---- mutations ---- */

enum kind { CUT, ORDER, BYTES, KEY, KINDS };
static const char *const kind_name[KINDS] = {"cut", "order", "bytes", "key"};
static enum kind kind;
static unsigned long tried[KINDS], accepted_truth[KINDS], accepted_false[KINDS];

/* What the honest nodes say about `key` in the trie under `root`. */
static enum oracle_says truth(wick_span *value, const struct list *honest, const uint8_t root[32],
                              const uint8_t *preimage, size_t len)
{
    uint8_t key[32];
    wick_keccak256(key, preimage, len);
    return oracle_look_up(value, NULL, honest->node, honest->count, root, wick_span_make(key, 32));
}

static bool account_is_true(const struct answer *m, const struct answer *honest)
{
    uint8_t rlp[128];
    wick_span value;
    enum oracle_says says =
        truth(&value, &honest->account, honest->header.state_root, m->address, 20);
    if (says == ORACLE_VALUE) {
        wick_buf b = wick_buf_make(rlp, sizeof rlp);
        size_t at = wick_rlp_open(&b);
        wick_rlp_put_u64(&b, m->claim.nonce);
        wick_rlp_put_uint(&b, m->claim.balance, 32);
        wick_rlp_put(&b, m->claim.storage_root, 32);
        wick_rlp_put(&b, m->claim.code_hash, 32);
        wick_rlp_shut(&b, at);
        return b.len == value.len && memcmp(rlp, value.ptr, b.len) == 0;
    }
    return says == ORACLE_NOTHING && m->claim.nonce == 0 && wick_ct_is_zero(m->claim.balance, 32);
}

static bool slot_is_true(const struct answer *m, const struct answer *honest, size_t i)
{
    uint8_t rlp[40];
    wick_span value;
    bool zero = wick_ct_is_zero(m->slot[i].value, 32);
    if (account_verdict == WICK_MPT_ABSENT) {
        return zero;
    }
    enum oracle_says says = truth(&value, &honest->slot[i].proof, m->claim.storage_root,
                                  m->slot[i].key, 32);
    if (says == ORACLE_VALUE) {
        wick_buf b = wick_buf_make(rlp, sizeof rlp);
        wick_rlp_put_uint(&b, m->slot[i].value, 32);
        return b.len == value.len && memcmp(rlp, value.ptr, b.len) == 0;
    }
    return says == ORACLE_NOTHING && zero;
}

/* One mutated answer with the claims it has. */
static wick_status try_one(const struct answer *m, const struct answer *honest)
{
    wick_status s = verify(m);
    tried[kind]++;
    if (s == WICK_OK) {
        bool is_true = account_is_true(m, honest);
        for (size_t i = 0; i < m->slots && is_true; i++) {
            is_true = slot_is_true(m, honest, i);
        }
        accepted_truth[kind] += is_true;
        accepted_false[kind] += !is_true;
        if (!is_true) {
            data_note("false accept (%s): %s", kind_name[kind], m->name);
        }
    }
    return s;
}

static void claim_absent_account(struct answer *m)
{
    memset(&m->claim, 0, sizeof m->claim);
    memcpy(m->claim.storage_root, wick_mpt_empty_root, 32);
    memcpy(m->claim.code_hash, wick_empty_code_hash, 32);
    for (size_t i = 0; i < m->slots; i++) {
        memset(m->slot[i].value, 0, 32);
        m->slot[i].proof.count = 0;
    }
}

/* With the claims untouched, with the value claimed absent, and with another value. */
static void try_claims(struct answer *m, const struct answer *honest, size_t which)
{
    struct answer saved = *m;
    (void)try_one(m, honest);
    if (which == 0) {
        claim_absent_account(m);
        (void)try_one(m, honest);
        memset(m->claim.storage_root, 0, 32);
        memset(m->claim.code_hash, 0, 32);
        (void)try_one(m, honest);
        *m = saved;
        m->claim.balance[31] ^= 1;
    } else {
        memset(m->slot[which - 1].value, 0, 32);
        (void)try_one(m, honest);
        *m = saved;
        m->slot[which - 1].value[31] ^= 1;
    }
    (void)try_one(m, honest);
    *m = saved;
}

static struct list *list_of(struct answer *m, size_t which)
{
    return which == 0 ? &m->account : &m->slot[which - 1].proof;
}

static void insert(struct list *l, size_t at, wick_span node)
{
    memmove(&l->node[at + 1], &l->node[at], (l->count - at) * sizeof l->node[0]);
    l->node[at] = node;
    l->count++;
}

static void take_out(struct list *l, size_t at)
{
    l->count--;
    memmove(&l->node[at], &l->node[at + 1], (l->count - at) * sizeof l->node[0]);
}

/* A proof that stops early is INCOMPLETE whatever it claims, never a proof of absence. */
static void mutate_cut(struct answer *m, const struct answer *honest, size_t which)
{
    struct list *l = list_of(m, which);
    size_t full = l->count;
    for (size_t k = 0; k < full; k++) {
        l->count = k;
        if (full > 1 || l->node[0].len > 1) { /* [] and ["0x80"] both show the empty trie */
            wick_status s = try_one(m, honest);
            CHECK_STATUS(s, WICK_E_PROOF_INCOMPLETE);
        }
        try_claims(m, honest, which);
    }
    l->count = full;
}

static void mutate_order(struct answer *m, const struct answer *honest, size_t which)
{
    struct list *l = list_of(m, which), saved = *l;
    static const uint8_t empty[1] = {0x80};
    for (size_t i = 0; i < saved.count; i++) {
        take_out(l, i);
        try_claims(m, honest, which);
        *l = saved;
        insert(l, i, saved.node[i]);
        try_claims(m, honest, which);
        *l = saved;
        for (size_t j = i + 1; j < saved.count; j++) {
            l->node[i] = saved.node[j];
            l->node[j] = saved.node[i];
            try_claims(m, honest, which);
            *l = saved;
        }
    }
    const wick_span more[] = {wick_span_make(empty, 1), wick_span_make(empty, 0),
                              honest->account.count != 0 ? honest->account.node[0]
                                                         : wick_span_make(empty, 1)};
    for (size_t k = 0; k < sizeof more / sizeof more[0]; k++) {
        insert(l, l->count, more[k]);
        try_claims(m, honest, which);
        *l = saved;
        insert(l, 0, more[k]);
        try_claims(m, honest, which);
        *l = saved;
    }
}

/* 16 places of each node, its last byte cut off, a byte after it, an empty string in its place. */
static void mutate_bytes(struct answer *m, const struct answer *honest, size_t which)
{
    struct list *l = list_of(m, which);
    for (size_t i = 0; i < l->count; i++) {
        wick_span saved = l->node[i];
        uint8_t *copy = data_alloc(saved.len + 1);
        memcpy(copy, saved.ptr, saved.len);
        l->node[i].ptr = copy;
        for (size_t k = 0; k < 16; k++) {
            size_t at = k * saved.len / 16;
            copy[at] ^= (uint8_t)(1u << (k & 7));
            try_claims(m, honest, which);
            copy[at] = saved.ptr[at];
        }
        for (size_t len = saved.len - 1; len <= saved.len + 1; len += 2) {
            l->node[i].len = len;
            try_claims(m, honest, which);
        }
        l->node[i].len = 0;
        try_claims(m, honest, which);
        l->node[i] = saved;
    }
}

static void mutate_key(struct answer *m, const struct answer *honest, size_t which)
{
    uint8_t *key = which == 0 ? m->address : m->slot[which - 1].key;
    size_t bits = which == 0 ? 160 : 256;
    for (size_t bit = 0; bit < bits; bit++) {
        key[bit / 8] ^= (uint8_t)(1u << (bit & 7));
        try_claims(m, honest, which);
        key[bit / 8] ^= (uint8_t)(1u << (bit & 7));
    }
}

static void mutate(const struct answer *honest, const cJSON *root)
{
    static void (*const run[KINDS])(struct answer *, const struct answer *, size_t) = {
        mutate_cut, mutate_order, mutate_bytes, mutate_key};
    static struct answer m;
    (void)root;
    m = *honest;
    for (size_t which = 0; which <= honest->slots; which++) {
        for (kind = CUT; kind < KINDS; kind++) {
            run[kind](&m, honest, which);
        }
        CHECK(memcmp(m.address, honest->address, 20) == 0);
    }
    /* Nothing was left mutated. */
    CHECK_STATUS(verify(&m), WICK_OK);
}

TEST(mutations_are_refused)
{
    each_answer(mutate);
    unsigned long all = 0, false_accepts = 0;
    for (size_t k = 0; k < KINDS; k++) {
        data_note("%-5s %6lu tried, %6lu refused, %5lu accepted and true", kind_name[k], tried[k],
                     tried[k] - accepted_truth[k] - accepted_false[k], accepted_truth[k]);
        all += tried[k];
        false_accepts += accepted_false[k];
    }
    if (all == 0) {
        SKIP("no eth_getProof answer with header or state root below WICK_VECTORS_DIR");
    }
    data_note("%lu mutations, %lu falsely accepted", all, false_accepts);
    CHECK_INT(false_accepts, 0);
    CHECK_INT(accepted_truth[BYTES], 0); /* no altered node can show anything */
}

TAP_MAIN("vectors.getproof", CASE(recorded_answers_are_proven), CASE(mutations_are_refused))
