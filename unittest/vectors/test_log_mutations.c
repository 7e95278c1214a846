/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every log of recorded and of made receipts x every kind of mutation: of the nodes that prove it, of the
 * place it is said to be in, and of what is sought. No altered proof may yield a log, and a log that
 * is found must be the one that the receipt holds, read by another reader (wick_log_next). Then the
 * receipt itself is rewritten in each way that a receipt must not have and gets a trie of its own, so
 * that all hashes are right: nothing may be found in it.
 */
#include "data.h"
#include "oracle.h"
#include "trie.h"
#include "wick/header.h"
#include "wick/receipt.h"
#include "wick/rlp.h"

#include "tap.h"

#define RECEIPTS_MAX 140u
#define DATA_MAX 65536u

enum kind {
    FLIP, CUT, DROP, DUPLICATE, SWAP, TRAILING, SHORTENED, OTHER_INDEX, OTHER_ROOT, OTHER_ADDRESS,
    OTHER_TOPIC, MORE_TOPICS, BEYOND, STATUS_TWO, STATUS_ROOT, FIELD_MISSING, FIELD_MORE, GAS_ZERO,
    BLOOM_SHORT, ADDRESS_SHORT, TOPIC_SHORT, TOPICS_FIVE, LOG_MORE, DATA_LIST, RECEIPT_TRAILING,
    TYPE_FIVE, TYPE_ZERO, KINDS
};
static const char *const names[KINDS] = {
    "flip", "cut", "drop", "duplicate", "swap", "trailing byte", "shortened", "other index",
    "other root", "other address", "other topic", "topic too many", "beyond the last",
    "status 2", "root in a typed receipt", "field missing", "field more", "gas with leading zero",
    "short bloom", "short address", "short topic", "five topics", "field more in a log",
    "list for data", "byte after the receipt", "type 5", "type 0"};
static unsigned long tried[KINDS], false_ones[KINDS], found_ones, logs;

static struct trie trie;
static wick_item_proof p;
static wick_log_copy got;
static uint8_t got_data[DATA_MAX];

static wick_span key_of(uint64_t index)
{
    wick_buf b = wick_buf_make(data_alloc(9), 9);
    wick_rlp_put_u64(&b, index);
    return wick_buf_span(&b);
}

/* The verdict, with the log that the filter asks for in `got`. */
static wick_mpt_result walk(const wick_trusted_header *th, const struct oracle_trail *t,
                            uint64_t index, const wick_log_filter *filter, bool pieces)
{
    got.data = wick_buf_make(got_data, sizeof got_data);
    CHECK_STATUS(wick_item_begin(&p, th, WICK_ITEM_RECEIPT, index), WICK_OK);
    wick_item_want_log(&p, filter, &got);
    for (size_t i = 0; i < t->count; i++) {
        wick_span n = t->node[i];
        if (!pieces || i + 1 != t->count) {
            (void)wick_item_node(&p, n);
            continue;
        }
        for (size_t at = 0; at < n.len; at += 97) {
            (void)wick_item_chunk(&p, wick_span_make(n.ptr + at, n.len - at < 97 ? n.len - at : 97));
        }
        (void)wick_item_chunk_end(&p);
    }
    return wick_item_end(&p);
}

/* With altered nodes or another place: no verdict that yields a log. */
static void refuse(const wick_trusted_header *th, const struct oracle_trail *t, uint64_t index,
                   const wick_log_filter *filter, enum kind kind)
{
    for (int pieces = 0; pieces < 2; pieces++) {
        tried[kind]++;
        false_ones[kind] += walk(th, t, index, filter, pieces != 0) == WICK_MPT_FOUND;
    }
}

static bool same_log(const wick_log *l)
{
    bool same = got.index == l->index && got.topics == l->topics && got.data.len == l->data.len &&
                memcmp(got.address, l->address, 20) == 0;
    for (size_t i = 0; i < l->topics && same; i++) {
        same = memcmp(got.topic[i], l->topic[i], 32) == 0;
    }
    return same && (l->data.len > sizeof got_data || l->data.len == 0 ||
                    memcmp(got_data, l->data.ptr, l->data.len) == 0);
}

/* Honest nodes, and a filter: what is found is what the other reader finds. */
static void seek(const wick_trusted_header *th, const struct oracle_trail *t, uint64_t index,
                 const wick_receipt *r, const wick_log_filter *filter, enum kind kind)
{
    wick_log l;
    size_t at = 0;
    bool there = wick_log_next(&l, &at, r, filter);
    for (int pieces = 0; pieces < 2; pieces++) {
        CHECK_INT(walk(th, t, index, filter, pieces != 0), WICK_MPT_FOUND);
        CHECK_INT(p.log_found, there);
        bool right = !p.log_found || (there && same_log(&l));
        if (kind == KINDS) {
            CHECK(right && there);
            found_ones++;
        } else {
            tried[kind]++;
            false_ones[kind] += !right;
        }
    }
}

static void mutate_sought(const wick_trusted_header *th, const struct oracle_trail *t,
                          uint64_t index, const wick_receipt *r, const wick_log *l)
{
    uint8_t address[20], topic[32];
    wick_log_filter f = {l->address, {NULL}, l->index};
    for (size_t i = 0; i < l->topics; i++) {
        f.topic[i] = l->topic[i];
    }
    seek(th, t, index, r, &f, KINDS);
    memcpy(address, l->address, 20);
    f.address = address;
    for (size_t i = 0; i < 20; i += 3) {
        address[i] ^= 0x10;
        seek(th, t, index, r, &f, OTHER_ADDRESS);
        address[i] ^= 0x10;
    }
    f.address = l->address;
    for (size_t i = 0; i < l->topics; i++) {
        memcpy(topic, l->topic[i], 32);
        topic[(index + i) % 32] ^= 0x01;
        f.topic[i] = topic;
        seek(th, t, index, r, &f, OTHER_TOPIC);
        f.topic[i] = l->topic[i];
    }
    if (l->topics < WICK_LOG_TOPICS_MAX) {
        static const uint8_t none[32];
        f.topic[l->topics] = none;
        seek(th, t, index, r, &f, MORE_TOPICS);
        f.topic[l->topics] = NULL;
    }
    f.from = r->log_count;
    seek(th, t, index, r, &f, BEYOND);
}

static void mutate_nodes(const wick_trusted_header *th, const struct oracle_trail *honest,
                         uint64_t index, const wick_log_filter *f, size_t where)
{
    struct oracle_trail t = *honest;
    for (size_t k = 0; k < honest->count; k++) {
        wick_span n = honest->node[k];
        uint8_t *m = data_alloc(n.len + 1);
        memcpy(m, n.ptr, n.len);
        t.node[k] = wick_span_make(m, n.len);
        for (size_t i = 0; i < 8; i++) {
            size_t at = (where + i * (n.len / 8 + 1)) % n.len;
            m[at] ^= (uint8_t)(1u << i);
            refuse(th, &t, index, f, FLIP);
            m[at] ^= (uint8_t)(1u << i);
        }
        t.node[k].len++;
        refuse(th, &t, index, f, TRAILING);
        t.node[k].len -= 2;
        refuse(th, &t, index, f, SHORTENED);
        t = *honest;
        t.count = k;
        refuse(th, &t, index, f, CUT);
        t = *honest;
        memmove(&t.node[k], &t.node[k + 1], (t.count - k - 1) * sizeof t.node[0]);
        t.count--;
        refuse(th, &t, index, f, DROP);
        t = *honest;
        memmove(&t.node[k + 1], &t.node[k], (t.count - k) * sizeof t.node[0]);
        t.count++;
        refuse(th, &t, index, f, DUPLICATE);
        t = *honest;
        if (k != 0) {
            t.node[k] = honest->node[k - 1];
            t.node[k - 1] = honest->node[k];
            refuse(th, &t, index, f, SWAP);
            t = *honest;
        }
    }
}

/* ---- receipts that are none ---- */

static void put_log(wick_buf *b, wick_rlp *from, enum kind kind)
{
    wick_rlp l = wick_rlp_list(from);
    wick_span address = wick_rlp_string(&l);
    wick_rlp topics = wick_rlp_list(&l);
    static const uint8_t topic[32] = {1};
    size_t at = wick_rlp_open(b);
    wick_rlp_put(b, address.ptr, kind == ADDRESS_SHORT ? 19 : address.len);
    size_t inner = wick_rlp_open(b);
    if (kind == TOPIC_SHORT) {
        wick_rlp_put(b, topic, 31);
    } else if (kind == TOPICS_FIVE) {
        for (int i = 0; i < 5; i++) {
            wick_rlp_put(b, topic, 32);
        }
    } else {
        wick_buf_put(b, topics.ptr, topics.len);
    }
    wick_rlp_shut(b, inner);
    wick_span data = wick_rlp_string(&l);
    if (kind == DATA_LIST) {
        wick_buf_put_u8(b, 0xc0);
    } else {
        wick_rlp_put(b, data.ptr, data.len);
    }
    if (kind == LOG_MORE) {
        wick_buf_put_u8(b, 0x80);
    }
    wick_rlp_shut(b, at);
}

static wick_span rewritten(wick_span raw, enum kind kind)
{
    static const uint8_t root[32] = {9}, two[1] = {2}, gas[2] = {0, 5}, type_two[1] = {2};
    wick_buf b = wick_buf_make(data_alloc(raw.len + 1024), raw.len + 1024);
    bool typed = raw.ptr[0] < 0xc0;
    wick_rlp r = wick_rlp_make(typed ? wick_span_make(raw.ptr + 1, raw.len - 1) : raw);
    wick_rlp l = wick_rlp_list(&r);
    wick_span outcome = wick_rlp_string(&l), used = wick_rlp_string(&l), bloom = wick_rlp_string(&l);
    wick_rlp all = wick_rlp_list(&l);
    if (kind == TYPE_FIVE || kind == TYPE_ZERO) {
        wick_buf_put_u8(&b, kind == TYPE_FIVE ? 5 : 0);
    } else if (typed || kind == STATUS_ROOT) {
        wick_buf_put(&b, typed ? raw.ptr : type_two, 1);
    }
    size_t at = wick_rlp_open(&b);
    if (kind == STATUS_TWO) {
        wick_rlp_put(&b, two, 1);
    } else if (kind == STATUS_ROOT) {
        wick_rlp_put(&b, root, 32);
    } else {
        wick_rlp_put(&b, outcome.ptr, outcome.len);
    }
    if (kind == GAS_ZERO) {
        wick_rlp_put(&b, gas, 2);
    } else {
        wick_rlp_put(&b, used.ptr, used.len);
    }
    if (kind != FIELD_MISSING) {
        wick_rlp_put(&b, bloom.ptr, kind == BLOOM_SHORT ? bloom.len - 1 : bloom.len);
    }
    size_t list = wick_rlp_open(&b);
    while (!wick_rlp_at_end(&all)) {
        put_log(&b, &all, kind);
    }
    wick_rlp_shut(&b, list);
    if (kind == FIELD_MORE) {
        wick_buf_put_u8(&b, 0x80);
    }
    wick_rlp_shut(&b, at);
    if (kind == RECEIPT_TRAILING) {
        wick_buf_put_u8(&b, 0x80);
    }
    CHECK_STATUS(wick_buf_status(&b), WICK_OK);
    return wick_buf_span(&b);
}

/* The same header with the trie's root, provisioned. */
static void pin_root(wick_trusted_header *th, wick_span rlp)
{
    wick_header h;
    uint8_t hash[32];
    wick_buf b = wick_buf_make(data_alloc(WICK_HEADER_MAX), WICK_HEADER_MAX);
    REQUIRE_STATUS(wick_header_decode(&h, rlp), WICK_OK);
    h.field[WICK_HEADER_RECEIPTS_ROOT].ptr = trie.root;
    REQUIRE_STATUS(wick_header_encode(&b, &h), WICK_OK);
    wick_header_hash(hash, wick_buf_span(&b));
    REQUIRE_STATUS(wick_trust_pinned(th, wick_buf_span(&b), hash, 1), WICK_OK);
}

static void prove(struct oracle_trail *t, uint64_t index)
{
    wick_span value;
    CHECK_INT(oracle_look_up(&value, t, trie.node, trie.nodes, trie.root, key_of(index)),
              ORACLE_VALUE);
}

/* Alone in its trie, the receipt as it is must be found; as it must not be, nothing. */
static void rewrite(wick_span rlp, wick_span raw, uint64_t index)
{
    wick_trusted_header th;
    struct oracle_trail t;
    for (int kind = STATUS_TWO; kind <= KINDS; kind++) {
        memset(&trie, 0, sizeof trie);
        trie_set(&trie, key_of(index), kind == KINDS ? raw : rewritten(raw, (enum kind)kind));
        trie_build(&trie);
        pin_root(&th, rlp);
        prove(&t, index);
        if (kind == KINDS) {
            CHECK_INT(walk(&th, &t, index, NULL, true), WICK_MPT_FOUND);
            CHECK(p.log_found);
        } else {
            refuse(&th, &t, index, NULL, (enum kind)kind);
        }
    }
}

static void check_block(wick_span rlp, const wick_span *raw, uint64_t count)
{
    wick_trusted_header th, other;
    memset(&trie, 0, sizeof trie);
    for (uint64_t i = 0; i < count; i++) {
        trie_set(&trie, key_of(i), raw[i]);
    }
    trie_build(&trie);
    pin_root(&th, rlp);
    other = th;
    other.receipts_root[31] ^= 1;
    for (uint64_t i = 0; i < count; i++) {
        wick_receipt r;
        wick_log l;
        size_t at = 0;
        struct oracle_trail t;
        REQUIRE_STATUS(wick_receipt_decode(&r, raw[i]), WICK_OK);
        prove(&t, i);
        while (wick_log_next(&l, &at, &r, NULL)) {
            wick_log_filter f = {l.address, {NULL}, l.index};
            mutate_sought(&th, &t, i, &r, &l);
            refuse(&other, &t, i, &f, OTHER_ROOT);
            refuse(&th, &t, i + 1, &f, OTHER_INDEX);
            if (l.index < 3) {
                mutate_nodes(&th, &t, i, &f, (size_t)(l.address - raw[i].ptr));
            }
            logs++;
        }
    }
    for (uint64_t i = 0; i < count; i++) {
        wick_receipt r;
        REQUIRE_STATUS(wick_receipt_decode(&r, raw[i]), WICK_OK);
        if (r.log_count != 0) {
            rewrite(rlp, raw[i], i);
        }
    }
}

/* ---- made receipts: each type, with up to four logs of up to four topics ---- */

#define MADE 48u

static uint32_t seed = 2463534242u;

static wick_span random_bytes(size_t len)
{
    uint8_t *m = data_alloc(len + 1);
    for (size_t i = 0; i < len; i++) {
        seed ^= seed << 13;
        seed ^= seed >> 17;
        seed ^= seed << 5;
        m[i] = (uint8_t)seed;
    }
    return wick_span_make(m, len);
}

static void put_random(wick_buf *b, size_t len)
{
    wick_rlp_put(b, random_bytes(len).ptr, len);
}

static wick_span made_receipt(unsigned i)
{
    wick_buf b = wick_buf_make(data_alloc(8192), 8192);
    if (i % 5 != 0) {
        wick_buf_put_u8(&b, (uint8_t)(i % 5));
    }
    size_t at = wick_rlp_open(&b);
    wick_rlp_put_u64(&b, i % 3 != 0);
    wick_rlp_put_u64(&b, 21000u * (i + 1u));
    put_random(&b, 256);
    size_t all = wick_rlp_open(&b);
    for (unsigned k = 0; k < i % 5; k++) {
        size_t one = wick_rlp_open(&b);
        put_random(&b, 20);
        size_t topics = wick_rlp_open(&b);
        for (unsigned n = 0; n < (i + k) % 5; n++) {
            put_random(&b, 32);
        }
        wick_rlp_shut(&b, topics);
        put_random(&b, (i * 37u + k * 101u) % 700u);
        wick_rlp_shut(&b, one);
    }
    wick_rlp_shut(&b, all);
    wick_rlp_shut(&b, at);
    CHECK_STATUS(wick_buf_status(&b), WICK_OK);
    return wick_buf_span(&b);
}

/* A header of fifteen fields, whose receipts root pin_root() sets. */
static wick_span made_header(void)
{
    static const size_t length[15] = {32, 32, 20, 32, 32, 32, 256, 0, 1, 4, 3, 4, 0, 32, 8};
    wick_buf b = wick_buf_make(data_alloc(WICK_HEADER_MAX), WICK_HEADER_MAX);
    wick_header h;
    memset(&h, 0, sizeof h);
    h.fields = 15;
    for (size_t i = 0; i < 15; i++) {
        h.field[i] = random_bytes(length[i]);
    }
    CHECK_STATUS(wick_header_encode(&b, &h), WICK_OK);
    return wick_buf_span(&b);
}

TEST(logs_of_all_kinds)
{
    static wick_span raw[RECEIPTS_MAX];
    size_t files = 0;
    unsigned long all = 0, lies = 0;
    const data_file *f = data_files(&files);
    for (unsigned i = 0; i < MADE; i++) {
        raw[i] = made_receipt(i);
    }
    check_block(made_header(), raw, MADE);
    for (size_t i = 0; i < files; i++) {
        const cJSON *receipts = data_get(f[i].root, "raw_receipts");
        wick_span rlp;
        uint64_t count = 0;
        if (!cJSON_IsArray(receipts) || !data_hex(&rlp, data_get(f[i].root, "header_rlp"))) {
            continue;
        }
        for (const cJSON *o = receipts->child; o != NULL; o = o->next) {
            REQUIRE(count < RECEIPTS_MAX && data_hex(&raw[count], o));
            count++;
        }
        check_block(rlp, raw, count);
    }
    for (size_t k = 0; k < KINDS; k++) {
        data_note("%-25s %6lu tried, %lu false accepts", names[k], tried[k], false_ones[k]);
        CHECK_INT(false_ones[k], 0);
        CHECK(tried[k] != 0);
        all += tried[k];
        lies += false_ones[k];
    }
    data_note("%lu logs, %lu found as they are, %lu mutations, %lu false accepts", logs, found_ones,
              all, lies);
}

TAP_MAIN("vectors.log_mutations", CASE(logs_of_all_kinds))
