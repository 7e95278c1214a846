/* SPDX-License-Identifier: Apache-2.0 */
/* Headers from JSON or RLP. */
#include "block.h"

#include <string.h>

#include "cli.h"
#include "json.h"

/* Bytes of all 21 fields together: less than the RLP. */
typedef struct fields {
    uint8_t bytes[WICK_HEADER_MAX];
    size_t used;
} fields;

static wick_status put_field(wick_header *h, fields *f, size_t i, const cJSON *value)
{
    uint8_t *to = f->bytes + f->used;
    size_t room = sizeof f->bytes - f->used, len = 0;
    wick_status s;
    if (wick_header_field_is_integer(i)) {
        s = room < 32 ? WICK_E_LIMIT : json_quantity(to, value);
        len = 32;
    } else {
        s = json_hex(to, &len, value, room);
    }
    if (s == WICK_OK) {
        h->field[i] = wick_span_make(to, len);
        f->used += len;
    }
    return s;
}

static wick_status from_json(wick_buf *rlp, const cJSON *block)
{
    wick_header h;
    fields f;
    memset(&h, 0, sizeof h);
    f.used = 0;
    if (!cJSON_IsObject(block)) {
        return WICK_E_JSON;
    }
    for (size_t i = 0; i < WICK_HEADER_FIELDS_KNOWN; i++) {
        const cJSON *value = json_member(block, wick_header_field_name(i));
        if (value == NULL || cJSON_IsNull(value)) {
            break;
        }
        wick_status s = put_field(&h, &f, i, value);
        if (s != WICK_OK) {
            return s;
        }
        h.fields = (uint8_t)(i + 1);
    }
    wick_status s = wick_header_encode(rlp, &h);
    const cJSON *claim = json_member(block, "hash");
    if (s == WICK_OK && claim != NULL && !cJSON_IsNull(claim)) {
        uint8_t claimed[32], hash[32];
        s = json_hex_exact(claimed, claim, sizeof claimed);
        wick_header_hash(hash, wick_buf_span(rlp));
        if (s == WICK_OK && memcmp(hash, claimed, sizeof hash) != 0) {
            s = WICK_E_HEADER_HASH;
        }
    }
    return s;
}

/* A recorded block may carry its header's RLP beside the JSON. */
static wick_status from_recorded(wick_buf *rlp, const cJSON *hex)
{
    size_t len = 0;
    if (rlp->cap == 0) {
        return WICK_E_NO_SPACE;
    }
    wick_status s = json_hex(rlp->ptr, &len, hex, rlp->cap);
    rlp->len = len;
    return s;
}

static const cJSON *block_of(const cJSON *root)
{
    static const char *const wrappers[] = {"result", "block", "exec_block"};
    for (size_t i = 0; i < sizeof wrappers / sizeof wrappers[0]; i++) {
        const cJSON *inner = json_member(root, wrappers[i]);
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
        cJSON *root = NULL;
        s = json_parse(&root, text, len);
        if (s == WICK_OK) {
            const cJSON *recorded = json_member(root, "header_rlp");
            s = recorded != NULL ? from_recorded(rlp, recorded) : from_json(rlp, block_of(root));
        }
        cJSON_Delete(root);
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
