/* SPDX-License-Identifier: Apache-2.0 */
/* Receipts of a block from JSON, checked as a whole against the header's root. */
#include "wick/port/receipts.h"

#include <string.h>

#include "wick/rlp.h"

/* Bytes of exactly that length. */
static wick_status put_fixed(wick_buf *out, const wick_json *node, size_t len)
{
    uint8_t bytes[256];
    wick_status s = wick_json_hex(bytes, len, node);
    if (s == WICK_OK) {
        wick_rlp_put(out, bytes, len);
    }
    return s;
}

static wick_status put_data(wick_buf *out, const wick_json *node)
{
    const char *text = wick_json_text(node);
    size_t digits = text != NULL ? strlen(text) : 0;
    if (digits < 2 || digits % 2 != 0) {
        return WICK_E_JSON;
    }
    size_t len = digits / 2 - 1;
    uint8_t one;
    if (len == 1) { /* the one length that may have no header */
        wick_status s = wick_json_hex(&one, 1, node);
        if (s == WICK_OK) {
            wick_rlp_put(out, &one, 1);
        }
        return s;
    }
    wick_rlp_put_string_header(out, len);
    return wick_json_data(out, node);
}

static wick_status put_log(wick_buf *out, const wick_json *node)
{
    const wick_json *topics = wick_json_member(node, "topics");
    size_t at = wick_rlp_open(out);
    wick_status s = put_fixed(out, wick_json_member(node, "address"), 20);
    if (s == WICK_OK && (wick_json_kind_of(topics) != WICK_JSON_ARRAY ||
                         wick_json_count(topics) > WICK_LOG_TOPICS_MAX)) {
        s = WICK_E_JSON;
    }
    size_t inner = wick_rlp_open(out);
    for (const wick_json *t = wick_json_first(topics); t != NULL && s == WICK_OK;
         t = wick_json_next(t)) {
        s = put_fixed(out, t, 32);
    }
    wick_rlp_shut(out, inner);
    if (s == WICK_OK) {
        s = put_data(out, wick_json_member(node, "data"));
    }
    wick_rlp_shut(out, at);
    return s;
}

/* Status since Byzantium, before it the state root (EIP-658). */
static wick_status put_outcome(wick_buf *out, const wick_json *node)
{
    uint64_t status;
    const wick_json *given = wick_json_member(node, "status");
    const wick_json *root = wick_json_member(node, "root");
    wick_json_kind kind = wick_json_kind_of(given);
    if (kind == WICK_JSON_MISSING || kind == WICK_JSON_NULL) {
        return put_fixed(out, root, 32);
    }
    wick_status s = wick_json_u64(&status, given);
    wick_rlp_put_u64(out, status);
    return s == WICK_OK && status > 1 ? WICK_E_JSON : s;
}

wick_status wick_eth_json_receipt_rlp(wick_buf *out, const wick_json *node)
{
    uint64_t type = 0, gas = 0;
    const wick_json *given = wick_json_member(node, "type");
    const wick_json *logs = wick_json_member(node, "logs");
    wick_json_kind kind = wick_json_kind_of(given);
    wick_status s = WICK_OK;
    if (kind != WICK_JSON_MISSING && kind != WICK_JSON_NULL) {
        s = wick_json_u64(&type, given);
    }
    if (s == WICK_OK && type > 4) {
        return WICK_E_UNSUPPORTED;
    }
    if (s == WICK_OK) {
        s = wick_json_u64(&gas, wick_json_member(node, "cumulativeGasUsed"));
    }
    if (s != WICK_OK || wick_json_kind_of(logs) != WICK_JSON_ARRAY) {
        return WICK_E_JSON;
    }
    if (type != 0) {
        wick_buf_put_u8(out, (uint8_t)type);
    }
    size_t at = wick_rlp_open(out);
    s = put_outcome(out, node);
    wick_rlp_put_u64(out, gas);
    if (s == WICK_OK) {
        s = put_fixed(out, wick_json_member(node, "logsBloom"), 256);
    }
    size_t inner = wick_rlp_open(out);
    for (const wick_json *l = wick_json_first(logs); l != NULL && s == WICK_OK;
         l = wick_json_next(l)) {
        s = put_log(out, l);
    }
    wick_rlp_shut(out, inner);
    wick_rlp_shut(out, at);
    return s == WICK_OK ? wick_buf_status(out) : s;
}

/* ---- the block ---- */

static wick_status encode(wick_span *out, wick_receipts *r, const wick_json *node)
{
    wick_buf b = wick_buf_make(r->work, r->cap);
    wick_status s = wick_eth_json_receipt_rlp(&b, node);
    *out = wick_buf_span(&b);
    return s == WICK_E_NO_SPACE ? WICK_E_LIMIT : s;
}

static const wick_json *nth(const wick_json *list, size_t n)
{
    const wick_json *e = wick_json_first(list);
    for (; n != 0 && e != NULL; n--) {
        e = wick_json_next(e);
    }
    return e;
}

static wick_status verify(wick_receipts *r, const uint8_t root32[32])
{
    wick_list_root l;
    uint8_t root[32];
    wick_status s = wick_list_root_begin(&l, r->count);
    const wick_json *e = NULL;
    size_t last = 0;
    for (size_t i = 0; i < r->count && s == WICK_OK; i++) {
        uint64_t index;
        wick_span item;
        size_t want = wick_list_root_wants(&l);
        e = e != NULL && want == last + 1 ? wick_json_next(e) : nth(r->list, want);
        last = want;
        if (wick_json_u64(&index, wick_json_member(e, "transactionIndex")) != WICK_OK ||
            index != want) {
            return WICK_E_JSON;
        }
        s = encode(&item, r, e);
        s = s == WICK_OK ? wick_list_root_item(&l, item) : s;
    }
    if (s == WICK_OK) {
        s = wick_list_root_end(&l, root);
    }
    if (s == WICK_OK && memcmp(root, root32, 32) != 0) {
        s = WICK_E_PROOF_BAD_HASH;
    }
    return s;
}

wick_status wick_receipts_begin(wick_receipts *r, const wick_json *list,
                                const wick_trusted_header *header, uint8_t *work, size_t cap)
{
    memset(r, 0, sizeof *r);
    if (!wick_trust_is_made(header)) {
        return WICK_E_BAD_ARG;
    }
    if (wick_json_kind_of(list) == WICK_JSON_NULL) {
        return WICK_E_NOT_FOUND;
    }
    if (wick_json_kind_of(list) != WICK_JSON_ARRAY) {
        return WICK_E_JSON;
    }
    r->list = list;
    r->work = work;
    r->cap = cap;
    r->count = wick_json_count(list);
    wick_status s = verify(r, header->receipts_root);
    if (s != WICK_OK) {
        memset(r, 0, sizeof *r);
        return s;
    }
    r->at = wick_json_first(list);
    return WICK_OK;
}

static wick_status open_receipt(wick_receipts *r)
{
    wick_span item;
    wick_status s = encode(&item, r, r->at);
    s = s == WICK_OK ? wick_receipt_decode(&r->receipt, item) : s;
    r->log_at = 0;
    r->open = s == WICK_OK;
    return s;
}

wick_status wick_receipts_next(wick_receipts *r, wick_log *log, const wick_log_filter *filter)
{
    wick_log_filter f;
    memset(&f, 0, sizeof f);
    memset(log, 0, sizeof *log);
    if (filter != NULL) {
        f = *filter;
        f.from = 0;
    }
    if (r->list == NULL) {
        return WICK_E_STATE;
    }
    while (r->at != NULL) {
        if (!r->open) {
            wick_status s = open_receipt(r);
            if (s != WICK_OK) {
                return s;
            }
        }
        if (wick_log_next(log, &r->log_at, &r->receipt, &f)) {
            return WICK_OK;
        }
        r->at = wick_json_next(r->at);
        r->index++;
        r->open = false;
    }
    return WICK_E_NOT_FOUND;
}

wick_status wick_receipts_get(wick_receipts *r, wick_receipt *out, size_t index)
{
    memset(out, 0, sizeof *out);
    if (r->list == NULL) {
        return WICK_E_STATE;
    }
    if (index >= r->count) {
        return WICK_E_NOT_FOUND;
    }
    r->at = nth(r->list, index);
    r->index = index;
    wick_status s = open_receipt(r);
    if (s == WICK_OK) {
        *out = r->receipt;
    }
    return s;
}
