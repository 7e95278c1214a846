/* SPDX-License-Identifier: Apache-2.0 */
/* Receipts and logs in memory (EIP-658, EIP-2718). */
#include "wick/receipt.h"

#include <string.h>

#include "wick/rlp.h"

#if WICK_WITH_RECEIPT

#define TYPE_MAX 4u
#define LIST_ITEM 0xc0u

static void read_log(wick_log *log, wick_rlp *logs)
{
    wick_rlp l = wick_rlp_list(logs);
    log->address = wick_rlp_fixed_view(&l, 20);
    wick_rlp topics = wick_rlp_list(&l);
    log->topics = 0;
    while (!wick_rlp_at_end(&topics) && log->topics < WICK_LOG_TOPICS_MAX) {
        log->topic[log->topics] = wick_rlp_fixed_view(&topics, 32);
        log->topics++;
    }
    wick_rlp_close(&l, &topics);
    log->data = wick_rlp_string(&l);
    wick_rlp_close(logs, &l);
}

/* Status 0 or 1, or before Byzantium the state root. */
static void read_outcome(wick_receipt *r, wick_rlp *l)
{
    wick_span s = wick_rlp_string(l);
    if (s.len == 32 && r->type == 0) {
        r->root = s.ptr;
    } else if (s.len == 1 && s.ptr[0] == 1) {
        r->success = true;
    } else if (s.len != 0 && l->status == WICK_OK) {
        l->status = WICK_E_MALFORMED;
    }
}

static wick_status decode(wick_receipt *r, wick_span in)
{
    wick_log log;
    if (in.len == 0) {
        return WICK_E_TRUNCATED;
    }
    if (in.ptr[0] < LIST_ITEM) {
        r->type = in.ptr[0];
        if (r->type == 0 || r->type > TYPE_MAX) {
            return r->type == 0 ? WICK_E_MALFORMED : WICK_E_UNSUPPORTED;
        }
        in = wick_span_make(in.ptr + 1, in.len - 1);
    }
    wick_rlp top = wick_rlp_make(in);
    wick_rlp l = wick_rlp_list(&top);
    read_outcome(r, &l);
    r->cumulative_gas = wick_rlp_u64(&l);
    r->bloom = wick_rlp_fixed_view(&l, 256);
    wick_rlp logs = wick_rlp_list(&l);
    r->logs = wick_span_make(logs.ptr, logs.len);
    while (!wick_rlp_at_end(&logs)) {
        read_log(&log, &logs);
        r->log_count++;
    }
    wick_rlp_close(&l, &logs);
    wick_rlp_close(&top, &l);
    return wick_rlp_end(&top);
}

wick_status wick_receipt_decode(wick_receipt *out, wick_span in)
{
    memset(out, 0, sizeof *out);
    wick_status s = decode(out, in);
    if (s != WICK_OK) {
        memset(out, 0, sizeof *out);
    }
    return s;
}

static bool passes(const wick_log *log, const wick_log_filter *f)
{
    if (f == NULL) {
        return true;
    }
    if (log->index < f->from || (f->address != NULL && memcmp(f->address, log->address, 20) != 0)) {
        return false;
    }
    for (size_t i = 0; i < WICK_LOG_TOPICS_MAX; i++) {
        if (f->topic[i] != NULL &&
            (i >= log->topics || memcmp(f->topic[i], log->topic[i], 32) != 0)) {
            return false;
        }
    }
    return true;
}

bool wick_log_next(wick_log *out, size_t *at, const wick_receipt *r, const wick_log_filter *filter)
{
    wick_rlp logs = wick_rlp_make(r->logs);
    for (size_t i = 0; !wick_rlp_at_end(&logs); i++) {
        memset(out, 0, sizeof *out);
        read_log(out, &logs);
        out->index = i;
        if (i >= *at && logs.status == WICK_OK && passes(out, filter)) {
            *at = i + 1;
            return true;
        }
    }
    memset(out, 0, sizeof *out);
    *at = r->log_count;
    return false;
}

#else
/* ISO C forbids an empty file. */
typedef int wick_receipt_is_off;
#endif
