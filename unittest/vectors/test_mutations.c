/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every recorded proof x every kind of mutation: account and storage proofs, and the transactions
 * and receipts of recorded blocks. A verdict on a mutated proof may stand only if the honest nodes,
 * looked up by another program (oracle.h), say the same of that root and key. Where a rewritten
 * node gets a root of its own, so that its hash is right, nothing may be proven at all.
 *
 * Then every recorded sealed header x every kind: none may be taken by the state before it.
 */
#include "data.h"
#include "oracle.h"
#include "trie.h"
#include "wick/bft.h"
#include "wick/clique.h"
#include "wick/header.h"
#include "wick/keccak.h"
#include "wick/mpt.h"
#include "wick/port/crypto.h"
#include "wick/rlp.h"

#include "tap.h"

#define NODES_MAX 82

struct proof {
    uint8_t root[32];
    uint8_t key[WICK_MPT_KEY_MAX];
    size_t key_len;
    wick_span node[NODES_MAX];
    size_t count;
};

enum kind {
    CUT, DROP, SWAP, DUPLICATE, APPEND, FLIP, TRAILING, SHORTENED, EMPTIED, OTHER_KEY, OTHER_ROOT,
    LONG_LENGTH, LEADING_ZERO, BYTE_AS_STRING, TRAILING_ITEM, INLINED_HASH, HASHED_INLINE, KINDS
};
static const char *const names[KINDS] = {
    "cut", "drop", "swap", "duplicate", "append", "flip", "trailing byte", "shortened", "emptied",
    "other key", "other root", "length in long form", "length with leading zero",
    "byte as a string", "one item more", "hash inlined", "inlined node hashed"};
static unsigned long tried[KINDS], true_ones[KINDS], false_ones[KINDS];
static unsigned proofs;

static wick_mpt_result walk(wick_span *value, const struct proof *p)
{
    wick_mpt w;
    if (wick_mpt_begin_key(&w, p->root, wick_span_make(p->key, p->key_len)) != WICK_OK) {
        return WICK_MPT_BAD_RLP;
    }
    for (size_t i = 0; i < p->count; i++) {
        (void)wick_mpt_node(&w, p->node[i]);
    }
    return wick_mpt_end(&w, value);
}

static bool is_verdict(wick_mpt_result r)
{
    return r == WICK_MPT_FOUND || r == WICK_MPT_ABSENT;
}

/* A mutation that keeps to honest nodes may say what is so. */
static void try_one(const struct proof *m, const struct proof *honest, enum kind kind)
{
    wick_span value, truth;
    wick_mpt_result r = walk(&value, m);
    tried[kind]++;
    if (!is_verdict(r)) {
        return;
    }
    enum oracle_says says = oracle_look_up(&truth, NULL, honest->node, honest->count, m->root,
                                           wick_span_make(m->key, m->key_len));
    bool is_true = r == WICK_MPT_ABSENT
                       ? says == ORACLE_NOTHING
                       : says == ORACLE_VALUE && value.len == truth.len &&
                             memcmp(value.ptr, truth.ptr, truth.len) == 0;
    true_ones[kind] += is_true;
    false_ones[kind] += !is_true;
}

/* A node that is no canonical trie node, under a root that names it (or a parent that names it is
 * never reached): from node i on, the proof is one of its own. */
static void try_rooted(const struct proof *honest, size_t i, wick_span node, enum kind kind)
{
    struct proof m = *honest;
    wick_span value;
    wick_keccak256(m.root, node.ptr, node.len);
    m.count = honest->count - i;
    memmove(m.node, honest->node + i, m.count * sizeof m.node[0]);
    m.node[0] = node;
    tried[kind]++;
    false_ones[kind] += is_verdict(walk(&value, &m));
}

static wick_span copy_of(wick_span s, size_t more)
{
    uint8_t *m = data_alloc(s.len + more + 1);
    memcpy(m, s.ptr, s.len);
    return wick_span_make(m, s.len + more);
}

static uint8_t *bytes_of(wick_span s)
{
    return data_alloc(s.len + 16);
}

static void mutate_nodes(const struct proof *honest)
{
    struct proof m = *honest;
    static const uint8_t empty[1] = {0x80};
    for (size_t k = 0; k < honest->count; k++) {
        m.count = k;
        if (honest->node[0].len > 1) { /* [] and ["0x80"] both show the empty trie */
            try_one(&m, honest, CUT);
        }
        m = *honest;
        memmove(&m.node[k], &m.node[k + 1], (m.count - k - 1) * sizeof m.node[0]);
        m.count--;
        try_one(&m, honest, DROP);
        m = *honest;
        memmove(&m.node[k + 1], &m.node[k], (m.count - k) * sizeof m.node[0]);
        m.count++;
        try_one(&m, honest, DUPLICATE);
        m = *honest;
        for (size_t j = k + 1; j < honest->count; j++) {
            m.node[k] = honest->node[j];
            m.node[j] = honest->node[k];
            try_one(&m, honest, SWAP);
            m = *honest;
        }
        m.node[m.count++] = honest->node[k];
        try_one(&m, honest, APPEND);
        m = *honest;
        m.node[m.count++] = wick_span_make(empty, k % 2);
        try_one(&m, honest, APPEND);
        m = *honest;
    }
}

static void mutate_bytes(const struct proof *honest)
{
    struct proof m = *honest;
    for (size_t k = 0; k < honest->count; k++) {
        wick_span node = honest->node[k], copy = copy_of(node, 1);
        uint8_t *b = bytes_of(node);
        memcpy(b, node.ptr, node.len);
        m.node[k] = wick_span_make(b, node.len);
        for (size_t i = 0; i < 24; i++) {
            size_t at = i < 4 ? i % node.len : i * node.len / 24;
            b[at] ^= (uint8_t)(1u << (i & 7u));
            try_one(&m, honest, FLIP);
            b[at] = node.ptr[at];
        }
        m.node[k] = copy;
        try_one(&m, honest, TRAILING);
        m.node[k] = wick_span_make(node.ptr, node.len - 1);
        try_one(&m, honest, SHORTENED);
        m.node[k].len = 0;
        try_one(&m, honest, EMPTIED);
        m.node[k] = node;
    }
}

static void mutate_place(const struct proof *honest)
{
    struct proof m = *honest;
    for (size_t bit = 0; bit < 8 * m.key_len; bit += 5) {
        m.key[bit / 8] ^= (uint8_t)(1u << (bit & 7));
        try_one(&m, honest, OTHER_KEY);
        m.key[bit / 8] ^= (uint8_t)(1u << (bit & 7));
    }
    for (size_t bit = 0; bit < 256; bit += 37) {
        m.root[bit / 8] ^= (uint8_t)(1u << (bit & 7));
        try_one(&m, honest, OTHER_ROOT);
        m.root[bit / 8] ^= (uint8_t)(1u << (bit & 7));
    }
    for (size_t k = 1; k < honest->count; k++) { /* the root of a node further down */
        wick_keccak256(m.root, honest->node[k].ptr, honest->node[k].len);
        try_one(&m, honest, OTHER_ROOT);
    }
}

/* The list's items, and the header it has. */
static wick_span items_of(wick_span node, size_t *header)
{
    wick_rlp r = wick_rlp_make(node), items = wick_rlp_list(&r);
    *header = (size_t)(items.ptr - node.ptr);
    return wick_span_make(items.ptr, items.len);
}

static wick_span with_header(wick_span items, const uint8_t *header, size_t len)
{
    uint8_t *m = data_alloc(items.len + len);
    memcpy(m, header, len);
    memcpy(m + len, items.ptr, items.len);
    return wick_span_make(m, items.len + len);
}

/* One item replaced: by its first byte behind a header, by a list of it, by its hash. */
static wick_span with_item(wick_span node, size_t which, enum kind kind)
{
    static const uint8_t list_item[3] = {0xc2, 0x20, 0x01};
    wick_rlp r = wick_rlp_make(node), l = wick_rlp_list(&r);
    uint8_t *m = bytes_of(wick_span_make(NULL, 2 * node.len + 80)), hash[32];
    wick_buf b = wick_buf_make(m, 2 * node.len + 80);
    size_t at = wick_rlp_open(&b);
    for (size_t i = 0; !wick_rlp_at_end(&l); i++) {
        wick_span raw = wick_rlp_raw(&l);
        if (i != which) {
            wick_buf_put(&b, raw.ptr, raw.len);
        } else if (kind == BYTE_AS_STRING) {
            wick_buf_put_u8(&b, 0x81);
            wick_buf_put_u8(&b, 0x05);
        } else if (kind == INLINED_HASH) {
            wick_buf_put(&b, list_item, sizeof list_item);
        } else {
            wick_keccak256(hash, raw.ptr, raw.len);
            wick_rlp_put(&b, hash, 32);
        }
    }
    wick_rlp_shut(&b, at);
    return wick_buf_span(&b);
}

static void rewrite_nodes(const struct proof *honest)
{
    for (size_t k = 0; k < honest->count; k++) {
        wick_span node = honest->node[k];
        size_t had = 0, count = 0;
        wick_span items = items_of(node, &had);
        if (items.ptr == NULL) {
            continue; /* the empty trie's */
        }
        for (wick_rlp l = wick_rlp_make(items); !wick_rlp_at_end(&l); count++) {
            (void)wick_rlp_raw(&l);
        }
        uint8_t header[9] = {0};
        header[0] = 0xfb; /* four bytes of length */
        wick_store_be32(header + 1, (uint32_t)items.len);
        try_rooted(honest, k, with_header(items, header, 5), LEADING_ZERO);
        if (items.len <= 55) {
            header[0] = 0xf8;
            header[1] = (uint8_t)items.len;
            try_rooted(honest, k, with_header(items, header, 2), LONG_LENGTH);
        }
        for (size_t i = 0; i < count; i++) {
            try_rooted(honest, k, with_item(node, i, BYTE_AS_STRING), BYTE_AS_STRING);
        }
        wick_span more = copy_of(items, 1);
        uint8_t *last = bytes_of(more);
        memcpy(last, more.ptr, more.len);
        last[items.len] = 0x80;
        wick_buf b = wick_buf_make(bytes_of(more), more.len + 9);
        wick_rlp_put_list_header(&b, more.len);
        wick_buf_put(&b, last, more.len);
        try_rooted(honest, k, wick_buf_span(&b), TRAILING_ITEM);
    }
}

/* A child that was a hash stands there as a short list, or an inlined one as a hash: with the
 * parent rooted anew, what comes after it does not fit any more. */
static void swap_forms(const struct proof *honest)
{
    for (size_t k = 0; k + 1 < honest->count; k++) {
        wick_rlp r = wick_rlp_make(honest->node[k]), l = wick_rlp_list(&r);
        uint8_t next[32];
        wick_keccak256(next, honest->node[k + 1].ptr, honest->node[k + 1].len);
        for (size_t i = 0; !wick_rlp_at_end(&l); i++) {
            wick_span raw = wick_rlp_raw(&l);
            if (raw.len == 33 && memcmp(raw.ptr + 1, next, 32) == 0) {
                try_rooted(honest, k, with_item(honest->node[k], i, INLINED_HASH), INLINED_HASH);
                try_rooted(honest, k, with_item(honest->node[k], i, HASHED_INLINE), HASHED_INLINE);
            }
        }
    }
}

static void check_proof(const struct proof *honest)
{
    wick_span value;
    if (honest->count == 0 || honest->count + 2 > NODES_MAX) {
        return;
    }
    CHECK(is_verdict(walk(&value, honest)));
    proofs++;
    mutate_nodes(honest);
    mutate_bytes(honest);
    mutate_place(honest);
    rewrite_nodes(honest);
    swap_forms(honest);
}

/* ---- where the proofs come from ---- */

static void read_list(struct proof *p, const cJSON *array, const uint8_t *preimage, size_t len)
{
    p->count = 0;
    p->key_len = 32;
    wick_keccak256(p->key, preimage, len);
    for (const cJSON *n = array != NULL ? array->child : NULL; n != NULL; n = n->next) {
        if (p->count == NODES_MAX || !data_hex(&p->node[p->count], n)) {
            p->count = 0;
            return;
        }
        p->count++;
    }
    if (p->count != 0) {
        wick_keccak256(p->root, p->node[0].ptr, p->node[0].len);
    }
}

/* Every object with an accountProof, at any depth up to four. */
static void read_answers(const cJSON *o, unsigned depth)
{
    static struct proof p;
    uint8_t word[32], address[20];
    const cJSON *stack[5];
    unsigned at = 0;
    stack[0] = o;
    while (at <= depth) {
        const cJSON *c = stack[at];
        if (c == NULL) {
            if (at == 0) {
                return;
            }
            at--;
            stack[at] = stack[at]->next;
            continue;
        }
        if (cJSON_IsObject(c) && data_get(c, "accountProof") != NULL &&
            data_fixed(address, 20, data_get(c, "address"))) {
            read_list(&p, data_get(c, "accountProof"), address, 20);
            check_proof(&p);
            const cJSON *slots = data_get(c, "storageProof");
            for (const cJSON *s = slots != NULL ? slots->child : NULL; s != NULL; s = s->next) {
                if (data_word(word, data_get(s, "key"))) {
                    read_list(&p, data_get(s, "proof"), word, 32);
                    check_proof(&p);
                }
            }
        }
        if (c->child != NULL && at < depth) {
            stack[++at] = c->child;
        } else {
            stack[at] = c->next;
        }
        if (at == 0) {
            return; /* only what is below o */
        }
    }
}

static void read_items(const cJSON *list)
{
    static struct trie trie;
    static struct proof p;
    struct oracle_trail trail;
    memset(&trie, 0, sizeof trie);
    uint64_t count = 0;
    for (const cJSON *o = cJSON_IsArray(list) ? list->child : NULL; o != NULL; o = o->next) {
        wick_span raw;
        uint8_t *m = data_alloc(9);
        wick_buf key = wick_buf_make(m, 9);
        wick_rlp_put_u64(&key, count++);
        REQUIRE(data_hex(&raw, o));
        trie_set(&trie, wick_buf_span(&key), raw);
    }
    trie_build(&trie);
    for (uint64_t i = 0; count != 0 && i < count + 2; i++) {
        wick_span value;
        wick_buf key = wick_buf_make(p.key, sizeof p.key);
        wick_rlp_put_u64(&key, i);
        p.key_len = key.len;
        memcpy(p.root, trie.root, 32);
        (void)oracle_look_up(&value, &trail, trie.node, trie.nodes, trie.root, wick_buf_span(&key));
        p.count = trail.count;
        memcpy(p.node, trail.node, trail.count * sizeof p.node[0]);
        check_proof(&p);
    }
}

TEST(proofs_of_all_kinds)
{
    size_t count = 0;
    const data_file *f = data_files(&count);
    unsigned long all = 0, lies = 0;
    for (size_t i = 0; i < count; i++) {
        read_answers(f[i].root, 4);
        read_items(data_get(f[i].root, "raw_receipts"));
        read_items(data_get(f[i].root, "raw_transactions"));
    }
    if (proofs == 0) {
        SKIP("no proofs below WICK_VECTORS_DIR");
    }
    for (size_t k = 0; k < KINDS; k++) {
        data_note("%-25s %6lu tried, %5lu true all the same, %lu false accepts", names[k], tried[k],
                  true_ones[k], false_ones[k]);
        CHECK_INT(false_ones[k], 0);
        CHECK(tried[k] != 0 || k == LONG_LENGTH);
        all += tried[k];
        lies += false_ones[k];
    }
    data_note("%u proofs, %lu mutations, %lu false accepts", proofs, all, lies);
    CHECK(all > 10000);
    CHECK_INT(true_ones[CUT] + true_ones[FLIP] + true_ones[APPEND] + true_ones[TRAILING], 0);
}

/* ---- sealed headers ---- */

enum seal_kind { S_FLIP, S_CUT, S_MORE, S_DROP, S_DUP, S_FOREIGN, S_ORDER, S_FIELD, S_KINDS };
static const char *const seal_names[S_KINDS] = {
    "flip", "shortened", "trailing byte", "seal left out", "seal twice", "seal of another block",
    "seals of one signer only", "field more"};
static unsigned long seal_tried[S_KINDS], seal_false[S_KINDS];
static wick_hal_crypto crypto;
static wick_crypto_ctx cc;

/* A state that takes the honest header: of a BFT chain, or of Clique. */
struct before {
    bool is_clique;
    wick_bft bft;
    wick_clique clique;
};

static wick_status take(const struct before *b, wick_span rlp, uint64_t now_s)
{
    static struct before copy;
    wick_trusted_header th;
    const wick_trust_now now = {now_s, true};
    copy = *b;
    if (b->is_clique) {
        return wick_clique_header(&copy.clique, &crypto, rlp, &now);
    }
    return wick_bft_header(&copy.bft, &th, &crypto, rlp, &now, UINT32_MAX);
}

static void try_header(const struct before *b, wick_span rlp, uint64_t now_s, enum seal_kind kind)
{
    seal_tried[kind]++;
    seal_false[kind] += take(b, rlp, now_s) == WICK_OK;
}

/* extraData with other seals: the list of seals is the last item of the list in it. */
static wick_span with_seals(const wick_header *h, const wick_seal_extra *e, const uint8_t **seal,
                            size_t count)
{
    wick_span extra = h->field[WICK_HEADER_EXTRA_DATA];
    wick_header other = *h;
    size_t vanity = e->rule == WICK_SEAL_IBFT1 ? WICK_SEAL_VANITY_BYTES : 0;
    size_t list = 67 * e->seals, head = list <= 255 ? 2 : 3;
    const uint8_t *first = e->first_seal - 2 - head;
    uint8_t *m = data_alloc(extra.len + 200), *out = data_alloc(WICK_HEADER_MAX);
    wick_buf b = wick_buf_make(m, extra.len + 200), rlp = wick_buf_make(out, WICK_HEADER_MAX);
    wick_buf_put(&b, extra.ptr, vanity);
    size_t at = wick_rlp_open(&b);
    wick_buf_put(&b, e->kept.ptr, (size_t)(first - e->kept.ptr));
    size_t inner = wick_rlp_open(&b);
    for (size_t i = 0; i < count; i++) {
        wick_rlp_put(&b, seal[i], WICK_SEAL_BYTES);
    }
    wick_rlp_shut(&b, inner);
    wick_rlp_shut(&b, at);
    other.field[WICK_HEADER_EXTRA_DATA] = wick_buf_span(&b);
    CHECK_STATUS(wick_header_encode(&rlp, &other), WICK_OK);
    return wick_buf_span(&rlp);
}

static void mutate_seals(const struct before *b, const wick_header *h, const wick_seal_extra *e,
                         const uint8_t *foreign, uint64_t now_s)
{
    const uint8_t *seal[WICK_SEAL_SIGNERS_MAX + 1];
    for (size_t i = 0; i < e->seals; i++) {
        seal[i] = wick_seal_at(e, i);
    }
    wick_span same = with_seals(h, e, seal, e->seals);
    CHECK_STATUS(take(b, same, now_s), WICK_OK); /* or the rest would prove nothing */
    for (size_t i = 0; i < e->seals; i++) {
        const uint8_t *own = seal[i];
        seal[i] = seal[(i + 1) % e->seals];
        try_header(b, with_seals(h, e, seal, e->seals), now_s, S_DUP);
        if (foreign != NULL) {
            seal[i] = foreign;
            try_header(b, with_seals(h, e, seal, e->seals), now_s, S_FOREIGN);
        }
        seal[i] = seal[e->seals - 1];
        try_header(b, with_seals(h, e, seal, e->seals - 1), now_s, S_DROP);
        seal[i] = own;
    }
    for (size_t i = 0; i < e->seals; i++) {
        seal[i] = wick_seal_at(e, 0);
    }
    try_header(b, with_seals(h, e, seal, e->seals), now_s, S_ORDER);
}

static void mutate_header(const struct before *b, wick_span rlp, wick_seal_rule rule,
                          const uint8_t *foreign)
{
    wick_header h;
    wick_seal_extra e;
    REQUIRE_STATUS(wick_header_decode(&h, rlp), WICK_OK);
    REQUIRE_STATUS(wick_seal_decode(&e, rule, &h), WICK_OK);
    CHECK_STATUS(take(b, rlp, h.timestamp), WICK_OK);
    wick_span copy = copy_of(rlp, 1);
    uint8_t *m = bytes_of(rlp);
    memcpy(m, rlp.ptr, rlp.len);
    for (size_t at = 0; at < rlp.len; at += at < 500 ? 29 : 7) {
        m[at] ^= (uint8_t)(1u << (at & 7));
        try_header(b, wick_span_make(m, rlp.len), h.timestamp, S_FLIP);
        m[at] = rlp.ptr[at];
    }
    try_header(b, wick_span_make(rlp.ptr, rlp.len - 1), h.timestamp, S_CUT);
    try_header(b, copy, h.timestamp, S_MORE);
    wick_buf out = wick_buf_make(data_alloc(rlp.len + 50), rlp.len + 50);
    wick_header more = h;
    static const uint8_t fee[1] = {7};
    more.field[h.fields] = wick_span_make(fee, h.fields == 15 ? 1 : 0);
    more.fields++;
    if (wick_header_encode(&out, &more) == WICK_OK) {
        try_header(b, wick_buf_span(&out), h.timestamp, S_FIELD);
    }
    if (rule != WICK_SEAL_CLIQUE && e.seals > 1) {
        mutate_seals(b, &h, &e, foreign, h.timestamp);
    }
}

static wick_span rlp_of(const cJSON *o)
{
    wick_span s = {NULL, 0};
    CHECK(data_hex(&s, data_get(o, "header_rlp")));
    return s;
}

static const cJSON *chain_of(const cJSON *root, const char *engine)
{
    const cJSON *blocks = cJSON_IsArray(root) ? root : data_get(root, "blocks");
    const cJSON *first = cJSON_IsArray(blocks) ? blocks->child : NULL;
    const cJSON *e = data_get(first, "engine");
    return cJSON_IsString(e) && strcmp(e->valuestring, engine) == 0 ? first : NULL;
}

static unsigned headers;

static void follow(const cJSON *first, bool is_clique)
{
    static struct before b;
    static uint8_t seal[WICK_SEAL_BYTES];
    wick_trusted_header th;
    uint8_t hash[32];
    bool has_seal = false;
    const wick_clique_config cfg = {4, 30000, 0};
    if (first == NULL || !data_fixed(hash, 32, data_get(first, "block_hash"))) {
        return;
    }
    memset(&b, 0, sizeof b);
    b.is_clique = is_clique;
    wick_status s = is_clique ? wick_clique_pin(&b.clique, &cfg, &crypto, rlp_of(first), hash)
                              : wick_bft_pin(&b.bft, &th, WICK_SEAL_IBFT1, rlp_of(first), hash, 10);
    CHECK_STATUS(s, WICK_OK);
    for (const cJSON *o = first->next; o != NULL && s == WICK_OK && headers < 60; o = o->next) {
        wick_header h;
        wick_seal_extra e;
        wick_span rlp = rlp_of(o);
        wick_seal_rule rule = is_clique ? WICK_SEAL_CLIQUE : WICK_SEAL_IBFT1;
        mutate_header(&b, rlp, rule, has_seal ? seal : NULL);
        headers++;
        REQUIRE_STATUS(wick_header_decode(&h, rlp), WICK_OK);
        REQUIRE_STATUS(wick_seal_decode(&e, rule, &h), WICK_OK);
        if (e.seals != 0) {
            memcpy(seal, wick_seal_at(&e, 0), sizeof seal);
            has_seal = true;
        }
        const wick_trust_now now = {h.timestamp, true};
        s = is_clique ? wick_clique_header(&b.clique, &crypto, rlp, &now)
                      : wick_bft_header(&b.bft, &th, &crypto, rlp, &now, UINT32_MAX);
    }
}

/* A QBFT header that stands alone, under a state one block before it with the same set. */
static void alone(const cJSON *o)
{
    static struct before b;
    wick_header h;
    wick_seal_extra e;
    const cJSON *verdict = data_get(o, "verdict");
    if (data_get(o, "commit_seal_hash") == NULL || !cJSON_IsString(verdict) ||
        strncmp(verdict->valuestring, "accept", 6) != 0) {
        return;
    }
    wick_span rlp = rlp_of(o);
    uint8_t m[WICK_BFT_EXPORT_MAX];
    wick_buf out = wick_buf_make(m, sizeof m);
    REQUIRE_STATUS(wick_header_decode(&h, rlp), WICK_OK);
    REQUIRE_STATUS(wick_seal_decode(&e, WICK_SEAL_QBFT, &h), WICK_OK);
    memset(&b, 0, sizeof b);
    b.bft.rule = WICK_SEAL_QBFT;
    b.bft.tier = WICK_TIER_PINNED;
    b.bft.phase = 1;
    b.bft.number = h.number - 1;
    b.bft.timestamp = h.timestamp - 1;
    memcpy(b.bft.hash, h.field[WICK_HEADER_PARENT_HASH].ptr, 32);
    REQUIRE_STATUS(wick_signers_from(&b.bft.set, &e), WICK_OK);
    REQUIRE_STATUS(wick_bft_export(&out, &b.bft), WICK_OK);
    REQUIRE_STATUS(wick_bft_import(&b.bft, wick_buf_span(&out)), WICK_OK);
    mutate_header(&b, rlp, WICK_SEAL_QBFT, NULL);
    headers++;
}

TEST(sealed_headers_of_all_kinds)
{
    size_t count = 0;
    unsigned long all = 0, lies = 0;
    REQUIRE_STATUS(wick_crypto_init(&crypto, &cc), WICK_OK);
    const data_file *f = data_files(&count);
    for (size_t i = 0; i < count; i++) {
        follow(chain_of(f[i].root, "clique"), true);
        follow(chain_of(f[i].root, "ibft1"), false);
        const cJSON *blocks = cJSON_IsArray(f[i].root) ? f[i].root : data_get(f[i].root, "blocks");
        for (const cJSON *o = cJSON_IsArray(blocks) ? blocks->child : NULL; o != NULL;
             o = o->next) {
            alone(o);
        }
    }
    if (headers == 0) {
        SKIP("no sealed headers below WICK_VECTORS_DIR");
    }
    for (size_t k = 0; k < S_KINDS; k++) {
        data_note("%-25s %6lu tried, %lu false accepts", seal_names[k], seal_tried[k],
                  seal_false[k]);
        CHECK_INT(seal_false[k], 0);
        all += seal_tried[k];
        lies += seal_false[k];
    }
    data_note("%u sealed headers, %lu mutations, %lu false accepts", headers, all, lies);
}

TAP_MAIN("vectors.mutations", CASE(proofs_of_all_kinds), CASE(sealed_headers_of_all_kinds))
