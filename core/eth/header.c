/* SPDX-License-Identifier: Apache-2.0 */
/* Block headers (yellow paper 4.3; EIP-1559, 4895, 4844, 4788, 7685). */
#include "wick/header.h"

#include <string.h>

#include "wick/keccak.h"
#include "wick/rlp.h"

/* What a field holds: a byte string of one length, of any length, or an integer of at most 8 or 32
 * bytes. */
enum kind { BYTES, ANY, INTEGER };

struct rule {
    uint8_t kind;
    uint16_t len; /* BYTES: exactly; INTEGER: at most */
    char name[22];
};

static const struct rule rules[WICK_HEADER_FIELDS_KNOWN] = {
    {BYTES, 32, "parentHash"},
    {BYTES, 32, "sha3Uncles"},
    {BYTES, 20, "miner"},
    {BYTES, 32, "stateRoot"},
    {BYTES, 32, "transactionsRoot"},
    {BYTES, 32, "receiptsRoot"},
    {BYTES, 256, "logsBloom"},
    {INTEGER, 32, "difficulty"},
    {INTEGER, 8, "number"},
    {INTEGER, 8, "gasLimit"},
    {INTEGER, 8, "gasUsed"},
    {INTEGER, 8, "timestamp"},
    {ANY, 0, "extraData"},
    {ANY, 0, "mixHash"}, /* both: see seal_fits() */
    {ANY, 0, "nonce"},
    {INTEGER, 32, "baseFeePerGas"},
    {BYTES, 32, "withdrawalsRoot"},
    {INTEGER, 8, "blobGasUsed"},
    {INTEGER, 8, "excessBlobGas"},
    {BYTES, 32, "parentBeaconBlockRoot"},
    {BYTES, 32, "requestsHash"},
};

static wick_span trimmed(wick_span s)
{
    while (s.len != 0 && s.ptr[0] == 0) {
        s.ptr++;
        s.len--;
    }
    return s;
}

/* Does the payload fit the rule? Integers come trimmed. */
static bool fits(const struct rule *rule, wick_span payload)
{
    if (rule->kind == BYTES) {
        return payload.len == rule->len;
    }
    return rule->kind == ANY || payload.len <= rule->len;
}

/* Mix hash and nonce everywhere but on Authority Round chains (OpenEthereum), which put the step,
 * an integer, and the signature of its author there. */
static bool seal_fits(const wick_header *h)
{
    wick_span mix = h->field[WICK_HEADER_MIX_HASH];
    size_t nonce_len = h->field[WICK_HEADER_NONCE].len;
    if (nonce_len == 65) {
        return mix.len <= 8 && trimmed(mix).len == mix.len;
    }
    return mix.len == 32 && nonce_len == 8;
}

/* Big-endian bytes to an integer; more than 64 bits give the largest. */
static uint64_t saturated(wick_span s)
{
    uint64_t v = 0;
    if (s.len > 8) {
        return UINT64_MAX;
    }
    for (size_t i = 0; i < s.len; i++) {
        v = (v << 8) | s.ptr[i];
    }
    return v;
}

/* Fields after the known ones: canonical items of any kind, whatever a later fork puts there. */
static wick_status check_unknown(wick_span items)
{
    wick_rlp r = wick_rlp_make(items);
    while (!wick_rlp_at_end(&r)) {
        wick_span raw = wick_rlp_raw(&r);
        if (r.status == WICK_OK) {
            r.status = wick_rlp_check(raw);
        }
    }
    return r.status;
}

static wick_status decode(wick_header *h, wick_span rlp)
{
    if (rlp.len > WICK_HEADER_MAX) {
        return WICK_E_LIMIT;
    }
    wick_rlp r = wick_rlp_make(rlp);
    wick_rlp items = wick_rlp_list(&r);
    wick_status s = wick_rlp_end(&r);
    while (s == WICK_OK && h->fields < WICK_HEADER_FIELDS_KNOWN && !wick_rlp_at_end(&items)) {
        const struct rule *rule = &rules[h->fields];
        wick_span payload = wick_rlp_string(&items);
        s = items.status;
        if (s == WICK_OK && rule->kind == INTEGER && trimmed(payload).len != payload.len) {
            s = WICK_E_NON_CANONICAL;
        } else if (s == WICK_OK && !fits(rule, payload)) {
            s = WICK_E_MALFORMED;
        }
        h->field[h->fields] = payload;
        h->fields++;
    }
    if (s != WICK_OK) {
        return s;
    }
    if (h->fields < WICK_HEADER_FIELDS_MIN || !seal_fits(h)) {
        return WICK_E_MALFORMED;
    }
    h->unknown = wick_span_make(items.ptr, items.len);
    h->number = saturated(h->field[WICK_HEADER_NUMBER]);
    h->timestamp = saturated(h->field[WICK_HEADER_TIMESTAMP]);
    h->gas_limit = saturated(h->field[WICK_HEADER_GAS_LIMIT]);
    h->gas_used = saturated(h->field[WICK_HEADER_GAS_USED]);
    h->base_fee = saturated(h->field[WICK_HEADER_BASE_FEE]);
    return check_unknown(h->unknown);
}

wick_status wick_header_decode(wick_header *out, wick_span rlp)
{
    memset(out, 0, sizeof *out);
    wick_status s = decode(out, rlp);
    if (s != WICK_OK) {
        memset(out, 0, sizeof *out);
    }
    return s;
}

wick_status wick_header_encode(wick_buf *out, const wick_header *h)
{
    if (h->fields < WICK_HEADER_FIELDS_MIN || h->fields > WICK_HEADER_FIELDS_KNOWN ||
        !seal_fits(h) ||
        (h->unknown.len != 0 && h->fields != WICK_HEADER_FIELDS_KNOWN) ||
        check_unknown(h->unknown) != WICK_OK) {
        return WICK_E_MALFORMED;
    }
    for (size_t i = 0; i < h->fields; i++) {
        bool integer = rules[i].kind == INTEGER;
        if (!fits(&rules[i], integer ? trimmed(h->field[i]) : h->field[i])) {
            return WICK_E_MALFORMED;
        }
    }
    size_t at = wick_rlp_open(out);
    for (size_t i = 0; i < h->fields; i++) {
        if (rules[i].kind == INTEGER) {
            wick_rlp_put_uint(out, h->field[i].ptr, h->field[i].len);
        } else {
            wick_rlp_put(out, h->field[i].ptr, h->field[i].len);
        }
    }
    wick_buf_put(out, h->unknown.ptr, h->unknown.len);
    wick_rlp_shut(out, at);
    return wick_buf_status(out);
}

void wick_header_hash(uint8_t out32[32], wick_span rlp)
{
    wick_keccak256(out32, rlp.ptr, rlp.len);
}

const char *wick_header_field_name(size_t index)
{
    return index < WICK_HEADER_FIELDS_KNOWN ? rules[index].name : NULL;
}

bool wick_header_field_is_integer(size_t index)
{
    return index < WICK_HEADER_FIELDS_KNOWN && rules[index].kind == INTEGER;
}
