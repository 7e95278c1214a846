/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proof walker, one step: from any state that begin() or an earlier step can leave, with any node.
 *
 * The state stands for a prefix of a walk: `want` is the hash that the node before named for the
 * key at nibble `at` (at first: the root). Proven of one step, and so by induction of proofs with
 * any number of nodes:
 *
 *   - FOUND, ABSENT and "go on" come only from a node whose hash is `want`;
 *   - FOUND only where the key is used up: at a leaf, or at the value of a branch, not empty;
 *   - ABSENT only at an empty slot, an empty value of a branch, or a path that leaves the key;
 *   - "go on" only with the hash that the key's slot holds, and further along the key;
 *   - after FOUND, ABSENT or an error nothing that comes makes the verdict better;
 *   - no byte is read outside of what the reader gave.
 *
 * Two abstractions. Keccak-256 is uninterpreted: its result for the node is any 32 bytes, and the
 * harness only asks that it was compared with `want`. (That equal hashes mean equal nodes is
 * collision resistance: assumed of Keccak, needed nowhere here.) The RLP reader is replaced by what
 * cbmc_rlp.c proves of it: a list is a row of items, each canonical, or fails at any place; so
 * nodes of any size are covered, and inlined nodes inside them.
 *
 * Bound: keys of up to KEY_BYTES bytes, nodes of up to 18 items each with any length below 4 GiB,
 * nodes inlined INLINED deep.
 */
#include "cbmc.h"

#include "wick/mpt.h"
#include "wick/rlp.h"

#ifndef INLINED
#define INLINED 2
#endif
#ifndef KEY_BYTES
#define KEY_BYTES 2
#endif
#define NODES (INLINED + 1) /* the node and those inlined in it */
#define SLOTS 17
#define SHOWN 36 /* bytes of an item that are there to be read: nothing needs more than 1 + 33 */

/* ---- Keccak, uninterpreted ---- */

static uint8_t node_hash[32], node_first[1];
static wick_span node;
static unsigned hashed;

void wick_keccak256(uint8_t out32[32], const uint8_t *data, size_t len)
{
    hashed += data == node.ptr && len == node.len ? 1 : 2;
    memcpy(out32, node_hash, 32);
}

/* ---- the reader, as far as it is proven ---- */

struct item {
    uint8_t *raw; /* memory of its own, SHOWN bytes */
    size_t head, len;
    bool list;
};

static struct item item[NODES][SLOTS];
static size_t items[NODES];   /* how many; more than SLOTS are SLOTS + 1 */
static size_t bad_at[NODES];  /* where an item is not canonical, or beyond */
static size_t next_at[NODES]; /* cursor */
static bool bad_top;          /* the outer node is no list, or bytes follow */
static unsigned opened;       /* nodes */

static void any_item(struct item *it)
{
    it->raw = malloc(SHOWN);
    ASSUME(it->raw != NULL);
    uint8_t b = it->raw[0];
    it->list = b >= 0xc0;
    unsigned n = b - (it->list ? 0xc0u : 0x80u); /* of a header */
    it->len = nondet_size();
    ASSUME(it->len <= 0xffffffff);
    if (b < 0x80) {
        it->head = 0;
        ASSUME(it->len == 1);
    } else if (n <= 55) {
        it->head = 1;
        ASSUME(it->len == n && (it->list || n != 1 || it->raw[1] >= 0x80));
    } else {
        it->head = n - 54u; /* the byte and n - 55 of length */
        ASSUME(it->len > 55);
    }
}

wick_rlp wick_rlp_make(wick_span in)
{
    wick_rlp r = {in.ptr, in.len, WICK_OK, 0};
    return r;
}

wick_rlp wick_rlp_list(wick_rlp *r)
{
    wick_rlp sub = {NULL, 0, WICK_OK, 0};
    unsigned d = opened++;
    PROVE(d == 0 ? r->ptr == node.ptr : d < NODES, "a node is opened in its turn");
    if (d == 0 && bad_top) {
        r->status = WICK_E_MALFORMED;
    }
    sub.status = r->status;
    sub.depth = (uint8_t)d;
    sub.len = items[d];
    r->len = 0;
    return sub;
}

wick_status wick_rlp_end(wick_rlp *r)
{
    return r->status != WICK_OK ? r->status : r->len != 0 ? WICK_E_TRAILING : WICK_OK;
}

bool wick_rlp_at_end(const wick_rlp *r)
{
    return r->status != WICK_OK || r->len == 0;
}

wick_span wick_rlp_raw(wick_rlp *r)
{
    unsigned d = r->depth;
    size_t i = next_at[d]++;
    if (r->status != WICK_OK || r->len == 0 || i >= bad_at[d]) {
        r->status = r->status != WICK_OK ? r->status
                                         : r->len == 0 ? WICK_E_TRUNCATED : WICK_E_NON_CANONICAL;
        return wick_span_make(NULL, 0);
    }
    r->len--;
    return wick_span_make(item[d][i].raw, item[d][i].head + item[d][i].len);
}

static wick_span payload(wick_rlp *r, const struct item *it)
{
    if (it->list) {
        r->status = WICK_E_MALFORMED;
        return wick_span_make(NULL, 0);
    }
    return wick_span_make(it->raw + it->head, it->len);
}

/* Of a list's cursor, where it is the value of a branch, or of a cursor over one item that raw()
 * gave, which is a path or a leaf's value. */
wick_span wick_rlp_string(wick_rlp *r)
{
    for (unsigned d = 0; d < NODES; d++) {
        if (r->ptr == NULL && r->depth == d) {
            wick_span raw = wick_rlp_raw(r);
            return r->status == WICK_OK ? payload(r, &item[d][SLOTS - 1]) : raw;
        }
        for (unsigned i = 0; i < 2; i++) {
            if (r->ptr == item[d][i].raw) {
                return payload(r, &item[d][i]);
            }
        }
    }
    PROVE(false, "only paths and values are read as strings");
    return wick_span_make(NULL, 0);
}

/* ---- what the nodes say, by the yellow paper's appendix D ---- */

enum says { GO_ON, HAS_VALUE, HAS_NOTHING, NO_NODE };

static struct item slot_of(const struct item n[SLOTS], unsigned nibble)
{
    struct item it = n[0];
    for (unsigned i = 1; i < SLOTS - 1; i++) {
        it = nibble == i ? n[i] : it;
    }
    return it;
}

static unsigned nib(const uint8_t *p, size_t i)
{
    return i % 2 == 0 ? p[i / 2] / 16 : p[i / 2] % 16;
}

/* Follows the key from nibble *at. *where: the item with the child's hash or with the value. */
static enum says spec(size_t *at, struct item *where, const uint8_t *key, size_t nibbles)
{
    if (bad_top) {
        return NO_NODE;
    }
    for (unsigned d = 0; d < NODES; d++) {
        const struct item *n = item[d];
        struct item next;
        if ((items[d] != 2 && items[d] != SLOTS) || bad_at[d] < items[d]) {
            return NO_NODE;
        }
        if (items[d] == SLOTS && *at == nibbles) {
            *where = n[16];
            return n[16].list ? NO_NODE : n[16].len != 0 ? HAS_VALUE : HAS_NOTHING;
        }
        if (items[d] == SLOTS) {
            next = slot_of(n, nib(key, *at));
            *at += 1;
            if (!next.list && next.len == 0) {
                return HAS_NOTHING;
            }
        } else {
            const uint8_t *path = n[0].raw + n[0].head;
            if (n[0].list || n[0].len == 0 || path[0] / 16 > 3) {
                return NO_NODE;
            }
            bool odd = path[0] / 16 % 2 == 1, leaf = path[0] / 16 >= 2;
            size_t count = 2 * n[0].len - (odd ? 1 : 2);
            bool same = count <= nibbles - *at;
            for (size_t i = 0; i < 2 * KEY_BYTES; i++) {
                same = same && (i >= count || nib(path, i + (odd ? 1 : 2)) == nib(key, *at + i));
            }
            *where = n[1];
            if (leaf) {
                return n[1].list || n[1].len == 0              ? NO_NODE
                       : same && *at + count == nibbles ? HAS_VALUE
                                                        : HAS_NOTHING;
            }
            if (!same) {
                return HAS_NOTHING;
            }
            *at += count;
            next = n[1];
        }
        if (!next.list) {
            *where = next;
            return next.len == 32 ? GO_ON : NO_NODE;
        }
        if (next.head + next.len >= 32) {
            return NO_NODE;
        }
    }
    return NO_NODE;
}

void harness(void)
{
    wick_mpt w, before;
    wick_span value;
    __CPROVER_havoc_object(&w);
    __CPROVER_havoc_object(node_hash);
    __CPROVER_havoc_object(node_first);
    for (unsigned d = 0; d < NODES; d++) {
        for (unsigned i = 0; i < SLOTS; i++) {
            any_item(&item[d][i]);
            /* Nothing is inlined deeper than that: the same loop once more. */
            ASSUME(d != NODES - 1 || !item[d][i].list || item[d][i].head + item[d][i].len >= 32);
        }
        items[d] = nondet_size();
        bad_at[d] = nondet_size();
        ASSUME(items[d] <= SLOTS + 1);
    }
    bad_top = nondet_bool();
    node = wick_span_make(node_first, nondet_size());
    ASSUME(w.nibbles % 2 == 0 && w.nibbles <= 2 * KEY_BYTES && w.at <= w.nibbles);
    ASSUME(w.result <= WICK_MPT_BAD_RLP);
    ASSUME(w.empty == 0 || (w.empty == 1 && w.result == WICK_MPT_ABSENT && w.at == 0));
    w.value = wick_span_make(NULL, 0);
    before = w;

    wick_mpt_result r = wick_mpt_node(&w, node);

    PROVE(r == wick_mpt_end(&w, &value), "the verdict is the last result");
    PROVE(memcmp(w.key, before.key, sizeof w.key) == 0 && w.nibbles == before.nibbles,
          "the key stays");
    PROVE(value.ptr == NULL || r == WICK_MPT_FOUND, "a value only when found");
    PROVE(w.at <= w.nibbles, "the position stays in the key");
    bool good = r == WICK_MPT_FOUND || r == WICK_MPT_ABSENT || r == WICK_MPT_INCOMPLETE;
    if (before.result != WICK_MPT_INCOMPLETE) {
        bool shown_empty = before.empty != 0 && node.len == 1 && node_first[0] == 0x80;
        PROVE(!good || (shown_empty && r == WICK_MPT_ABSENT && w.empty == 0),
              "nothing comes after the end but the empty trie's one node, once");
        PROVE(before.result <= WICK_MPT_ABSENT || r == before.result,
              "a failed walk stays failed as it was");
    } else if (good) {
        struct item where = item[0][0];
        size_t at = before.at;
        PROVE(hashed == 1 && memcmp(node_hash, before.want, 32) == 0, "linked by its whole hash");
        enum says says = spec(&at, &where, before.key, before.nibbles);
        if (r == WICK_MPT_FOUND) {
            PROVE(says == HAS_VALUE && value.ptr == where.raw + where.head &&
                      value.len == where.len,
                  "FOUND: the key ends at this value");
        } else if (r == WICK_MPT_ABSENT) {
            PROVE(says == HAS_NOTHING, "ABSENT: the key has no value below this node");
        } else {
            PROVE(says == GO_ON && memcmp(w.want, where.raw + 1, 32) == 0 && w.at == at &&
                      at > before.at,
                  "on to the child that the key names, further along");
        }
        PROVE(node.len >= 32 || before.at == 0, "no short node but the root");
    }
    COVER(r == WICK_MPT_FOUND && before.at == 0);
    COVER(r == WICK_MPT_FOUND && opened > 1);
    COVER(r == WICK_MPT_FOUND && items[0] == SLOTS && opened == 1);
    COVER(r == WICK_MPT_ABSENT && before.result == WICK_MPT_INCOMPLETE && items[0] == 2);
    COVER(r == WICK_MPT_ABSENT && before.result == WICK_MPT_INCOMPLETE && items[0] == SLOTS);
    COVER(r == WICK_MPT_ABSENT && before.empty != 0);
    COVER(r == WICK_MPT_INCOMPLETE && items[0] == SLOTS && opened == 1);
    COVER(r == WICK_MPT_INCOMPLETE && items[0] == 2 && opened == 1);
    COVER(r == WICK_MPT_INCOMPLETE && opened == NODES);
    COVER(r == WICK_MPT_BAD_HASH && before.result == WICK_MPT_INCOMPLETE);
    COVER(r == WICK_MPT_BAD_HASH && before.result == WICK_MPT_FOUND);
    COVER(r == WICK_MPT_BAD_RLP && before.result == WICK_MPT_INCOMPLETE && opened == NODES);
}
