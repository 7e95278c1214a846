/* SPDX-License-Identifier: Apache-2.0 */
/* Headers from JSON or RLP. */
#include "block.h"

#include <string.h>

#include "cli.h"
#include "json.h"

/* Bytes of the fields: what the RLP holds, and integers with 32 bytes each. */
#define FIELD_BYTES (WICK_HEADER_MAX + 9 * 32)

static wick_status put_field(wick_buf *b, const wick_json *value, size_t i)
{
    uint8_t word[32];
    if (!wick_header_field_is_integer(i)) {
        return wick_json_data(b, value);
    }
    wick_status s = wick_json_uint(word, sizeof word, value);
    wick_buf_put(b, word, sizeof word);
    return s == WICK_OK ? wick_buf_status(b) : s;
}

/* Unlike the port's reader this one takes a block that names no hash: the user asks for it. */
static wick_status from_json(wick_buf *rlp, const wick_json *block)
{
    static uint8_t bytes[FIELD_BYTES];
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    wick_header h;
    memset(&h, 0, sizeof h);
    for (size_t i = 0; i < WICK_HEADER_FIELDS_KNOWN; i++) {
        const wick_json *value = wick_json_member(block, wick_header_field_name(i));
        size_t at = b.len;
        if (value == NULL || wick_json_kind_of(value) == WICK_JSON_NULL) {
            break;
        }
        wick_status s = put_field(&b, value, i);
        if (s != WICK_OK) {
            return s;
        }
        h.field[i] = wick_span_make(bytes + at, b.len - at);
        h.fields = (uint8_t)(i + 1);
    }
    if (h.fields < WICK_HEADER_FIELDS_MIN) {
        return WICK_E_JSON;
    }
    wick_status s = wick_header_encode(rlp, &h);
    const wick_json *claim = wick_json_member(block, "hash");
    if (s == WICK_OK && claim != NULL && wick_json_kind_of(claim) != WICK_JSON_NULL) {
        uint8_t claimed[32], hash[32];
        s = wick_json_hex(claimed, sizeof claimed, claim);
        wick_header_hash(hash, wick_buf_span(rlp));
        if (s == WICK_OK && memcmp(hash, claimed, sizeof hash) != 0) {
            s = WICK_E_HEADER_HASH;
        }
    }
    return s;
}

static const wick_json *block_of(const wick_json *root)
{
    static const char *const wrappers[] = {"result", "block", "exec_block"};
    for (size_t i = 0; i < sizeof wrappers / sizeof wrappers[0]; i++) {
        const wick_json *inner = wick_json_member(root, wrappers[i]);
        if (inner != NULL) {
            return inner;
        }
    }
    return root;
}

wick_status block_header_read(wick_buf *rlp, wick_header *header, uint8_t *text, size_t len)
{
    size_t from = 0;
    wick_status s;
    while (from < len && strchr(" \t\r\n", text[from]) != NULL && text[from] != '\0') {
        from++;
    }
    if (from < len && text[from] == '{') {
        json_doc d;
        s = json_open(&d, wick_span_make(text, len));
        if (s == WICK_OK) {
            /* A recorded block may carry its header's RLP beside the JSON. */
            const wick_json *recorded = wick_json_member(d.root, "header_rlp");
            s = recorded != NULL ? wick_json_data(rlp, recorded)
                                 : from_json(rlp, block_of(d.root));
        }
        json_free(&d);
    } else {
        /* A header is an RLP list longer than 55 bytes, so its first byte is f8 or more, which no
         * hex text begins with. */
        s = len > 0 && text[0] >= 0xf8 ? WICK_OK : cli_unhex(text, &len);
        if (s == WICK_OK && len > rlp->cap) {
            s = WICK_E_LIMIT;
        }
        if (s == WICK_OK) {
            wick_buf_put(rlp, text, len);
        }
    }
    return s == WICK_OK ? wick_header_decode(header, wick_buf_span(rlp)) : s;
}
