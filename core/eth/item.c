/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proofs of a block's transactions and receipts. The value of the leaf passes through a parser of
 * its own, be the node whole or in pieces; what it finds counts once the node's hash is right.
 */
#include <string.h>

#include "mpt_internal.h"
#include "rlp_push_internal.h"
#include "wick/rlp.h"

#if WICK_WITH_RECEIPT

enum phase { PHASE_NONE = 0, PHASE_NODES, PHASE_LEAF, PHASE_LEAF_DONE };
enum field { OUTCOME = 0, GAS, BLOOM, LOGS, FIELDS };
enum log_field { ADDRESS = 0, TOPICS, DATA, LOG_FIELDS };
enum depth { IN_RECEIPT = 1, IN_LOGS, IN_LOG, IN_TOPICS };

#define TYPE_MAX 4u
#define LIST_ITEM 0xc0u
#define BLOOM_BYTES 256u

static void fail(wick_item_proof *p, wick_status s)
{
    if (p->status == WICK_OK) {
        p->status = s;
    }
}

static void refuse(wick_item_proof *p)
{
    fail(p, WICK_E_PROOF_BAD_RLP);
}

/* ---- logs ---- */

static void check_topic(wick_item_proof *p, size_t i)
{
    const uint8_t *want = p->filter->topic[i];
    if (want != NULL && memcmp(want, p->small, 32) != 0) {
        p->passes = false;
    }
}

static void begin_log(wick_item_proof *p)
{
    p->log_field = ADDRESS;
    p->passes = p->log != NULL && !p->log_found && p->receipt.logs >= p->filter->from;
    if (p->passes) {
        p->log->topics = 0;
        p->log->data.len = 0;
        p->log->index = p->receipt.logs;
    }
}

/* A short field of a log is complete in `small`. */
static void take_log_field(wick_item_proof *p, size_t topic)
{
    if (!p->passes) {
        return;
    }
    if (topic != WICK_LOG_TOPICS_MAX) {
        memcpy(p->log->topic[topic], p->small, 32);
        p->log->topics = topic + 1;
        check_topic(p, topic);
        return;
    }
    memcpy(p->log->address, p->small, 20);
    if (p->filter->address != NULL && memcmp(p->filter->address, p->small, 20) != 0) {
        p->passes = false;
    }
}

static void end_log(wick_item_proof *p)
{
    for (size_t i = 0; p->passes && i < WICK_LOG_TOPICS_MAX; i++) {
        if (p->filter->topic[i] != NULL && i >= p->log->topics) {
            p->passes = false;
        }
    }
    p->log_found = p->log_found || p->passes;
    p->receipt.logs++;
}

/* ---- the receipt's fields, by depth ---- */

/* Whether a string of that length may stand here. */
static bool string_fits(const wick_item_proof *p, size_t len)
{
    switch (p->inner.depth) {
    case IN_RECEIPT:
        return p->field == OUTCOME ? len <= 1 || (len == 32 && p->receipt.type == 0)
               : p->field == GAS   ? len <= 8
                                   : p->field == BLOOM && len == BLOOM_BYTES;
    case IN_LOG:
        return p->log_field == ADDRESS ? len == 20 : p->log_field == DATA;
    case IN_TOPICS:
        return len == 32 && p->topics < WICK_LOG_TOPICS_MAX;
    default:
        return false;
    }
}

static void take_outcome(wick_item_proof *p)
{
    if (p->small_len == 32) {
        p->receipt.has_root = true;
        memcpy(p->receipt.root, p->small, 32);
    } else if (p->small_len == 1) {
        p->receipt.success = true;
        if (p->small[0] != 1) {
            refuse(p);
        }
    }
}

static void take_gas(wick_item_proof *p)
{
    if (p->small_len != 0 && p->small[0] == 0) {
        refuse(p);
    }
    for (size_t i = 0; i < p->small_len; i++) {
        p->receipt.cumulative_gas = (p->receipt.cumulative_gas << 8) | p->small[i];
    }
}

/* A string is complete; if it is short, it is in `small`. */
static void end_string(wick_item_proof *p)
{
    switch (p->inner.depth) {
    case IN_RECEIPT:
        if (p->field == OUTCOME) {
            take_outcome(p);
        } else if (p->field == GAS) {
            take_gas(p);
        }
        p->field++;
        break;
    case IN_LOG:
        if (p->log_field == ADDRESS) {
            take_log_field(p, WICK_LOG_TOPICS_MAX);
        }
        p->log_field++;
        break;
    default:
        take_log_field(p, p->topics);
        p->topics++;
        break;
    }
}

static void begin_list(wick_item_proof *p)
{
    bool good = true;
    switch (p->inner.depth) {
    case IN_RECEIPT:
        break;
    case IN_LOGS:
        good = p->field == LOGS;
        p->field++;
        break;
    case IN_LOG:
        begin_log(p);
        break;
    default:
        good = p->inner.depth == IN_TOPICS && p->log_field == TOPICS;
        p->log_field++;
        p->topics = 0;
        break;
    }
    if (!good) {
        refuse(p);
    }
}

/* A list has ended; depth is that of the list around it. */
static void end_list(wick_item_proof *p)
{
    if (p->inner.depth == 0 && p->field != FIELDS) {
        refuse(p);
    } else if (p->inner.depth == IN_LOGS) {
        if (p->log_field != LOG_FIELDS) {
            refuse(p);
        }
        end_log(p);
    }
}

static void take_bytes(wick_item_proof *p, wick_span bytes)
{
    bool data = p->inner.depth == IN_LOG && p->log_field == DATA;
    if (data && p->passes) {
        wick_buf_put(&p->log->data, bytes.ptr, bytes.len);
    }
    if (!data && !(p->inner.depth == IN_RECEIPT && p->field == BLOOM)) {
        memcpy(p->small + p->small_len, bytes.ptr, bytes.len);
        p->small_len += (uint32_t)bytes.len;
    }
}

static void parse_receipt(wick_item_proof *p, wick_span piece)
{
    wick_span bytes;
    enum push_token t = PUSH_LIST;
    while (t != PUSH_NEED && p->status == WICK_OK) {
        t = wick_rlp_push_next(&p->inner, &bytes, &piece);
        switch (t) {
        case PUSH_LIST:
            begin_list(p);
            break;
        case PUSH_STRING:
            p->small_len = 0;
            if (!string_fits(p, bytes.len)) {
                refuse(p);
            } else if (bytes.len == 0) {
                end_string(p);
            }
            break;
        case PUSH_BYTES:
            take_bytes(p, bytes);
            if (p->inner.string == 0) {
                end_string(p);
            }
            break;
        case PUSH_END:
            end_list(p);
            break;
        case PUSH_NEED:
            break;
        case PUSH_BAD:
        default:
            refuse(p);
            break;
        }
    }
}

/* ---- the value of the leaf ---- */

static void take_value(wick_item_proof *p, wick_span piece)
{
    if (p->item == WICK_ITEM_TRANSACTION) {
        wick_keccak_update(&p->value, piece.ptr, piece.len);
        return;
    }
    if (!p->type_known && piece.len != 0) {
        p->type_known = true;
        if (piece.ptr[0] < LIST_ITEM) {
            p->receipt.type = piece.ptr[0];
            if (p->receipt.type > TYPE_MAX) {
                fail(p, WICK_E_UNSUPPORTED);
            } else if (p->receipt.type == 0) {
                refuse(p);
            }
            piece = wick_span_make(piece.ptr + 1, piece.len - 1);
        }
    }
    parse_receipt(p, piece);
}

static void end_value(wick_item_proof *p)
{
    if (p->item == WICK_ITEM_TRANSACTION) {
        wick_keccak_final(&p->value, p->tx_hash);
    } else if (!wick_rlp_push_ended(&p->inner)) {
        refuse(p);
    }
}

/* ---- public ---- */

wick_status wick_item_begin(wick_item_proof *p, const wick_trusted_header *header, wick_item item,
                            uint64_t index)
{
    uint8_t key[9];
    wick_buf b = wick_buf_make(key, sizeof key);
    memset(p, 0, sizeof *p);
    if (!wick_trust_is_made(header) ||
        (item != WICK_ITEM_TRANSACTION && item != WICK_ITEM_RECEIPT)) {
        return WICK_E_BAD_ARG;
    }
    wick_rlp_put_u64(&b, index);
    p->item = (uint8_t)item;
    p->phase = PHASE_NODES;
    wick_keccak_init(&p->value);
    return wick_mpt_begin_key(&p->walk, item == WICK_ITEM_RECEIPT ? header->receipts_root
                                                                   : header->transactions_root,
                              wick_buf_span(&b));
}

void wick_item_want_log(wick_item_proof *p, const wick_log_filter *filter, wick_log_copy *log)
{
    static const wick_log_filter any;
    p->filter = filter != NULL ? filter : &any;
    p->log = log;
}

wick_status wick_item_node(wick_item_proof *p, wick_span node)
{
    wick_span value;
    if (p->phase != PHASE_NODES && p->phase != PHASE_LEAF_DONE) {
        return WICK_E_STATE;
    }
    wick_mpt_result r = wick_mpt_node(&p->walk, node);
    if (r == WICK_MPT_FOUND && wick_mpt_end(&p->walk, &value) == WICK_MPT_FOUND) {
        take_value(p, value);
        end_value(p);
        p->walk.value = wick_span_make(NULL, 0); /* the node may be forgotten */
    }
    if (p->status != WICK_OK) {
        return p->status;
    }
    return r == WICK_MPT_INCOMPLETE ? WICK_OK : wick_mpt_status(r);
}

/* The leaf is a list of its path, whose length RLP(index) bounds, and the value. */
static void take_leaf(wick_item_proof *p, enum push_token t, wick_span bytes)
{
    if (t == PUSH_STRING) {
        p->fields++;
        if (p->outer.depth != 1 || p->fields > 2 || bytes.len == 0 ||
            (p->fields == 1 && bytes.len > sizeof p->path)) {
            refuse(p);
        }
    } else if (t == PUSH_BYTES && p->fields == 1) {
        memcpy(p->path + p->path_len, bytes.ptr, bytes.len);
        p->path_len = (uint8_t)(p->path_len + bytes.len);
    } else if (t == PUSH_BYTES) {
        take_value(p, bytes);
    } else if (t == PUSH_BAD || (t == PUSH_LIST && p->outer.depth != 1)) {
        refuse(p);
    }
}

wick_status wick_item_chunk(wick_item_proof *p, wick_span piece)
{
    wick_span bytes;
    enum push_token t = PUSH_LIST;
    if (p->phase == PHASE_NODES) {
        p->phase = PHASE_LEAF;
        wick_keccak_init(&p->node);
    }
    if (p->phase != PHASE_LEAF) {
        return WICK_E_STATE;
    }
    wick_keccak_update(&p->node, piece.ptr, piece.len);
    while (t != PUSH_NEED && p->status == WICK_OK) {
        t = wick_rlp_push_next(&p->outer, &bytes, &piece);
        take_leaf(p, t, bytes);
    }
    return p->status;
}

wick_status wick_item_chunk_end(wick_item_proof *p)
{
    uint8_t hash[32];
    if (p->phase != PHASE_LEAF) {
        return WICK_E_STATE;
    }
    p->phase = PHASE_LEAF_DONE;
    wick_keccak_final(&p->node, hash);
    if (p->status == WICK_OK && (!wick_rlp_push_ended(&p->outer) || p->fields != 2)) {
        refuse(p);
    }
    if (p->status == WICK_OK) {
        end_value(p);
    }
    if (p->status == WICK_OK) {
        fail(p, wick_mpt_status(wick_mpt_hashed_leaf(&p->walk, hash,
                                                     wick_span_make(p->path, p->path_len))));
    }
    return p->status;
}

wick_mpt_result wick_item_end(const wick_item_proof *p)
{
    wick_mpt_result r = wick_mpt_end(&p->walk, NULL);
    if (p->phase == PHASE_NONE || p->phase == PHASE_LEAF) {
        return WICK_MPT_INCOMPLETE;
    }
    if (p->status == WICK_E_PROOF_BAD_HASH) {
        return WICK_MPT_BAD_HASH;
    }
    return p->status != WICK_OK ? WICK_MPT_BAD_RLP : r;
}

#else
/* ISO C forbids an empty file. */
typedef int wick_item_is_off;
#endif
