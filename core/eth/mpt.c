/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Merkle-Patricia proof walker (yellow paper, appendix D).
 *
 * One node at a time: hash it, compare with the hash its parent gave, follow the key inside it. The
 * walk ends with FOUND or ABSENT in exactly the places marked "proves" below; running out of nodes
 * is not one of them.
 */
#include "wick/mpt.h"

#include <string.h>

#include "wick/keccak.h"
#include "wick/rlp.h"

#include "mpt_internal.h"

#define BRANCH_CHILDREN 16u
#define EMPTY_ITEM 0x80u /* RLP of the empty string */
#define HASH_ITEM 0xa0u  /* first byte of the RLP of 32 bytes */
#define LIST_ITEM 0xc0u
#define HASH_BYTES 32u

const uint8_t wick_mpt_empty_root[32] = {
    0x56, 0xe8, 0x1f, 0x17, 0x1b, 0xcc, 0x55, 0xa6, 0xff, 0x83, 0x45, 0xe6, 0x92, 0xc0, 0xf8, 0x6e,
    0x5b, 0x48, 0xe0, 0x1b, 0x99, 0x6c, 0xad, 0xc0, 0x01, 0x62, 0x2f, 0xb5, 0xe3, 0x63, 0xb4, 0x21};

/* ---- paths ---- */

static unsigned nibble(const uint8_t *bytes, size_t i)
{
    return (i & 1u) != 0 ? bytes[i / 2] & 15u : bytes[i / 2] >> 4;
}

/* Hex-prefix encoding (yellow paper, appendix C). */
struct path {
    const uint8_t *bytes; /* nibble i of the path is nibble `first + i` of bytes */
    size_t first;
    size_t count;
    bool is_leaf;
};

/* Strict: a known flag, and a zero nibble as padding where the count is even. */
static bool parse_path(struct path *p, wick_span hp)
{
    if (hp.len == 0) {
        return false;
    }
    unsigned flag = hp.ptr[0] >> 4;
    bool odd = (flag & 1u) != 0;
    if (flag > 3 || (!odd && (hp.ptr[0] & 15u) != 0)) {
        return false;
    }
    p->bytes = hp.ptr;
    p->first = odd ? 1 : 2;
    p->count = 2 * hp.len - p->first;
    p->is_leaf = (flag & 2u) != 0;
    return true;
}

/* Does the key go on with the whole path? */
static bool key_follows(const wick_mpt *w, const struct path *p)
{
    if (p->count > (size_t)w->nibbles - w->at) {
        return false;
    }
    for (size_t i = 0; i < p->count; i++) {
        if (nibble(p->bytes, p->first + i) != nibble(w->key, w->at + i)) {
            return false;
        }
    }
    return true;
}

/* ---- nodes ---- */

enum child_kind { CHILD_BAD, CHILD_EMPTY, CHILD_HASH, CHILD_INLINE };

/* A child is nothing, a hash, or a node shorter than a hash in place. `raw` is canonical RLP. */
static enum child_kind child_kind(wick_span raw)
{
    if (raw.len == 0) {
        return CHILD_BAD;
    }
    if (raw.ptr[0] == EMPTY_ITEM) {
        return CHILD_EMPTY;
    }
    if (raw.ptr[0] == HASH_ITEM) {
        return CHILD_HASH;
    }
    return (raw.ptr[0] >= LIST_ITEM && raw.len < HASH_BYTES) ? CHILD_INLINE : CHILD_BAD;
}

/* Goes to a child: sets the hash wanted next, or gives an inlined node in *node to walk at once. */
static wick_mpt_result descend(wick_mpt *w, wick_span *node, wick_span raw)
{
    switch (child_kind(raw)) {
    case CHILD_EMPTY:
        return WICK_MPT_ABSENT; /* proves: the key's slot is empty */
    case CHILD_HASH:
        memcpy(w->want, raw.ptr + 1, HASH_BYTES);
        *node = wick_span_make(NULL, 0);
        return WICK_MPT_INCOMPLETE;
    case CHILD_INLINE:
        *node = raw;
        return WICK_MPT_INCOMPLETE;
    case CHILD_BAD:
    default:
        return WICK_MPT_BAD_RLP;
    }
}

static wick_mpt_result take_value(wick_mpt *w, wick_span value)
{
    w->value = value;
    return WICK_MPT_FOUND; /* proves: the path is used up, and here is a value */
}

static wick_mpt_result walk_branch(wick_mpt *w, wick_span *node, wick_rlp items,
                                   const wick_span first[2])
{
    bool ends_here = w->at == w->nibbles;
    size_t want = ends_here ? BRANCH_CHILDREN : nibble(w->key, w->at);
    wick_span chosen = {NULL, 0};
    for (size_t i = 0; i < BRANCH_CHILDREN; i++) {
        wick_span raw = i < 2 ? first[i] : wick_rlp_raw(&items);
        if (child_kind(raw) == CHILD_BAD) {
            return WICK_MPT_BAD_RLP;
        }
        if (i == want) {
            chosen = raw;
        }
    }
    wick_span value = wick_rlp_string(&items);
    if (wick_rlp_end(&items) != WICK_OK) {
        return WICK_MPT_BAD_RLP;
    }
    if (ends_here) {
        /* An empty value proves absence of a key that ends here. */
        return value.len != 0 ? take_value(w, value) : WICK_MPT_ABSENT;
    }
    w->at++;
    return descend(w, node, chosen);
}

static wick_mpt_result walk_short(wick_mpt *w, wick_span *node, const wick_span first[2])
{
    wick_rlp hp = wick_rlp_make(first[0]);
    struct path p;
    if (!parse_path(&p, wick_rlp_string(&hp))) {
        return WICK_MPT_BAD_RLP;
    }
    bool follows = key_follows(w, &p);
    if (p.is_leaf) {
        wick_rlp r = wick_rlp_make(first[1]);
        wick_span value = wick_rlp_string(&r);
        if (value.len == 0) {
            return WICK_MPT_BAD_RLP; /* no trie stores an empty value */
        }
        /* proves: the only key below this point is another one */
        return follows && w->at + p.count == w->nibbles ? take_value(w, value) : WICK_MPT_ABSENT;
    }
    enum child_kind kind = child_kind(first[1]);
    if (p.count == 0 || kind == CHILD_BAD || kind == CHILD_EMPTY) {
        return WICK_MPT_BAD_RLP;
    }
    if (!follows) {
        return WICK_MPT_ABSENT; /* proves: all keys below this point go another way */
    }
    w->at = (uint16_t)(w->at + p.count);
    return descend(w, node, first[1]);
}

/* Walks a node whose hash is right, and the nodes inlined in it. An inlined node is shorter than
 * the one around it, so this ends. */
static wick_mpt_result walk(wick_mpt *w, wick_span node)
{
    wick_mpt_result result = WICK_MPT_INCOMPLETE;
    do {
        wick_rlp r = wick_rlp_make(node);
        wick_rlp items = wick_rlp_list(&r);
        wick_span first[2];
        if (wick_rlp_end(&r) != WICK_OK) {
            return WICK_MPT_BAD_RLP;
        }
        first[0] = wick_rlp_raw(&items);
        first[1] = wick_rlp_raw(&items);
        if (items.status != WICK_OK) {
            return WICK_MPT_BAD_RLP;
        }
        result = wick_rlp_at_end(&items) ? walk_short(w, &node, first)
                                         : walk_branch(w, &node, items, first);
    } while (result == WICK_MPT_INCOMPLETE && node.len != 0);
    return result;
}

/* ---- public ---- */

static void begin(wick_mpt *w, const uint8_t root32[32], wick_span key)
{
    memset(w, 0, sizeof *w);
    memcpy(w->want, root32, sizeof w->want);
    if (key.len != 0) {
        memcpy(w->key, key.ptr, key.len);
    }
    w->nibbles = (uint16_t)(2 * key.len);
    if (memcmp(root32, wick_mpt_empty_root, sizeof wick_mpt_empty_root) == 0) {
        w->result = WICK_MPT_ABSENT; /* proves: the trie is empty */
        w->empty = 1;
    }
}

void wick_mpt_begin(wick_mpt *w, const uint8_t root32[32], const uint8_t key32[32])
{
    begin(w, root32, wick_span_make(key32, 32));
}

wick_status wick_mpt_begin_key(wick_mpt *w, const uint8_t root32[32], wick_span key)
{
    if (key.len > WICK_MPT_KEY_MAX) {
        memset(w, 0, sizeof *w);
        w->result = WICK_MPT_BAD_RLP;
        return WICK_E_LIMIT;
    }
    begin(w, root32, key);
    return WICK_OK;
}

wick_mpt_result wick_mpt_node(wick_mpt *w, wick_span node)
{
    wick_mpt_result result = (wick_mpt_result)w->result;
    if (result == WICK_MPT_ABSENT && w->empty != 0 && node.len == 1 && node.ptr[0] == EMPTY_ITEM) {
        w->empty = 0; /* the empty trie may be shown as one node */
        return WICK_MPT_ABSENT;
    }
    if (result == WICK_MPT_FOUND || result == WICK_MPT_ABSENT) {
        result = WICK_MPT_BAD_HASH; /* nothing names a node after the end */
    } else if (result == WICK_MPT_INCOMPLETE) {
        uint8_t hash[HASH_BYTES];
        wick_keccak256(hash, node.ptr, node.len);
        if (memcmp(hash, w->want, sizeof hash) != 0) {
            result = WICK_MPT_BAD_HASH;
        } else if (node.len < HASH_BYTES && w->at != 0) {
            result = WICK_MPT_BAD_RLP; /* would have been inlined; only the root may be short */
        } else {
            result = walk(w, node);
        }
    }
    if (result != WICK_MPT_FOUND) {
        w->value = wick_span_make(NULL, 0);
    }
    w->result = (uint8_t)result;
    return result;
}

#if WICK_WITH_RECEIPT
wick_mpt_result wick_mpt_hashed_leaf(wick_mpt *w, const uint8_t hash32[32], wick_span hp)
{
    struct path p;
    wick_mpt_result result = (wick_mpt_result)w->result;
    if (result == WICK_MPT_FOUND || result == WICK_MPT_ABSENT) {
        result = WICK_MPT_BAD_HASH;
    } else if (result == WICK_MPT_INCOMPLETE) {
        if (memcmp(hash32, w->want, HASH_BYTES) != 0) {
            result = WICK_MPT_BAD_HASH;
        } else if (!parse_path(&p, hp) || !p.is_leaf) {
            result = WICK_MPT_BAD_RLP;
        } else {
            /* Both prove, as in walk_short(). */
            result = key_follows(w, &p) && w->at + p.count == w->nibbles ? WICK_MPT_FOUND
                                                                         : WICK_MPT_ABSENT;
        }
    }
    w->value = wick_span_make(NULL, 0);
    w->result = (uint8_t)result;
    return result;
}
#endif

wick_mpt_result wick_mpt_end(const wick_mpt *w, wick_span *value)
{
    if (value != NULL) {
        *value = w->value;
    }
    return (wick_mpt_result)w->result;
}

wick_status wick_mpt_status(wick_mpt_result result)
{
    switch (result) {
    case WICK_MPT_FOUND:
    case WICK_MPT_ABSENT:
        return WICK_OK;
    case WICK_MPT_BAD_HASH:
        return WICK_E_PROOF_BAD_HASH;
    case WICK_MPT_BAD_RLP:
        return WICK_E_PROOF_BAD_RLP;
    case WICK_MPT_INCOMPLETE:
    default:
        return WICK_E_PROOF_INCOMPLETE;
    }
}

const char *wick_mpt_str(wick_mpt_result result)
{
    switch (result) {
    case WICK_MPT_FOUND:
        return "FOUND";
    case WICK_MPT_ABSENT:
        return "ABSENT";
    case WICK_MPT_BAD_HASH:
        return "BAD_HASH";
    case WICK_MPT_BAD_RLP:
        return "BAD_RLP";
    case WICK_MPT_INCOMPLETE:
    default:
        return "INCOMPLETE";
    }
}
