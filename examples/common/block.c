/* SPDX-License-Identifier: Apache-2.0 */
/* Headers from JSON or RLP. */
#include "block.h"

#include <stdlib.h>
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
static wick_status from_json(wick_buf *rlp, const wick_json *block, bool check_hash)
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
    if (check_hash && s == WICK_OK && claim != NULL && wick_json_kind_of(claim) != WICK_JSON_NULL) {
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

/* A recorded block may carry its header's RLP beside the JSON; or it is that text. */
static wick_status one_json(wick_buf *rlp, const wick_json *block, bool check_hash)
{
    const wick_json *recorded = wick_json_member(block, "header_rlp");
    if (wick_json_kind_of(block) == WICK_JSON_TEXT) {
        recorded = block;
    }
    return recorded != NULL ? wick_json_data(rlp, recorded)
                            : from_json(rlp, block_of(block), check_hash);
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
            s = one_json(rlp, d.root, true);
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

/* ---- series ---- */

static wick_status add(block_series *s, size_t *cap, const wick_buf *rlp)
{
    wick_header h;
    wick_status status = wick_header_decode(&h, wick_buf_span(rlp));
    if (status != WICK_OK) {
        return status;
    }
    if (s->count == BLOCK_SERIES_MAX) {
        return WICK_E_LIMIT;
    }
    if (s->count == *cap) {
        *cap = *cap == 0 ? 64 : *cap * 2;
        wick_span *more = realloc(s->header, *cap * sizeof *more);
        if (more == NULL) {
            return WICK_E_HAL;
        }
        s->header = more;
    }
    uint8_t *copy = malloc(rlp->len);
    if (copy == NULL) {
        return WICK_E_HAL;
    }
    memcpy(copy, rlp->ptr, rlp->len);
    s->header[s->count++] = wick_span_make(copy, rlp->len);
    return WICK_OK;
}

static wick_status series_json(block_series *s, wick_span text)
{
    static uint8_t bytes[WICK_HEADER_MAX];
    json_doc d;
    size_t cap = 0;
    wick_status status = json_open(&d, text);
    const wick_json *list = d.root;
    for (int i = 0; i < 2 && list != NULL && wick_json_kind_of(list) == WICK_JSON_OBJECT; i++) {
        const wick_json *inner = wick_json_member(d.root, i == 0 ? "headers" : "blocks");
        list = inner != NULL ? inner : list;
    }
    if (status == WICK_OK && wick_json_kind_of(list) == WICK_JSON_OBJECT) {
        wick_buf rlp = wick_buf_make(bytes, sizeof bytes); /* a single one */
        status = one_json(&rlp, list, false);
        status = status == WICK_OK ? add(s, &cap, &rlp) : status;
    } else if (status == WICK_OK) {
        for (const wick_json *e = wick_json_first(list); e != NULL && status == WICK_OK;
             e = wick_json_next(e)) {
            wick_buf rlp = wick_buf_make(bytes, sizeof bytes);
            status = one_json(&rlp, e, false);
            status = status == WICK_OK ? add(s, &cap, &rlp) : status;
        }
    }
    json_free(&d);
    return status;
}

static wick_status series_hex(block_series *s, uint8_t *text, size_t len)
{
    size_t cap = 0, at = 0;
    wick_status status = WICK_OK;
    while (status == WICK_OK) {
        while (at < len && strchr(" \t\r\n", text[at]) != NULL && text[at] != '\0') {
            at++;
        }
        size_t n = 0;
        while (at + n < len && strchr(" \t\r\n", text[at + n]) == NULL) {
            n++;
        }
        if (n == 0) {
            return at == len ? WICK_OK : WICK_E_MALFORMED;
        }
        size_t bytes = n;
        status = cli_unhex(text + at, &bytes);
        wick_buf rlp = wick_buf_make(text + at, bytes);
        rlp.len = bytes;
        status = status == WICK_OK ? add(s, &cap, &rlp) : status;
        at += n;
    }
    return status;
}

wick_status block_series_load(block_series *s, size_t *at, const char *path)
{
    uint8_t *text = NULL;
    size_t len = 0, from = 0;
    memset(s, 0, sizeof *s);
    *at = 0;
    wick_status status = cli_read_file(&text, &len, path);
    if (status != WICK_OK) {
        return status;
    }
    while (from < len && strchr(" \t\r\n", text[from]) != NULL && text[from] != '\0') {
        from++;
    }
    status = from < len && (text[from] == '[' || text[from] == '{')
                 ? series_json(s, wick_span_make(text, len))
                 : series_hex(s, text, len);
    free(text);
    if (status == WICK_OK && s->count == 0) {
        status = WICK_E_TRUNCATED;
    }
    *at = status == WICK_OK || status == WICK_E_JSON ? 0 : s->count + 1;
    if (status != WICK_OK) {
        block_series_free(s);
    }
    return status;
}

void block_series_free(block_series *s)
{
    for (size_t i = 0; i < s->count; i++) {
        free((void *)(uintptr_t)s->header[i].ptr);
    }
    free(s->header);
    memset(s, 0, sizeof *s);
}

wick_status block_seal_hash(uint8_t hash[32], wick_seal_rule rule, wick_span rlp)
{
    wick_header h;
    wick_seal_extra e;
    wick_status s = wick_header_decode(&h, rlp);
    if (s == WICK_OK) {
        s = wick_seal_decode(&e, rule, &h);
    }
    if (s == WICK_OK) {
        wick_seal_hash(hash, WICK_SEAL_OF_BLOCK, &e, rlp, &h);
    }
    return s;
}
