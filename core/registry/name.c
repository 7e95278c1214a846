/* SPDX-License-Identifier: Apache-2.0 */
/* Names, their hashes, and references to peers. */
#include <string.h>

#include "wick/keccak.h"
#include "wick/record.h"

static bool is_name_char(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

wick_status wick_name_check(wick_span name)
{
    if (name.len == 0 || name.len > WICK_NAME_MAX) {
        return WICK_E_NAME;
    }
    for (size_t i = 0; i < name.len; i++) {
        if (!is_name_char(name.ptr[i])) {
            return WICK_E_NAME;
        }
    }
    return WICK_OK;
}

wick_status wick_name_hash(uint8_t hash32[32], wick_span name)
{
    wick_status s = wick_name_check(name);
    if (s != WICK_OK) {
        memset(hash32, 0, 32);
        return s;
    }
    wick_keccak256(hash32, name.ptr, name.len);
    return WICK_OK;
}

/* Takes a name from the front of `rest`; what follows it stays in `rest`. */
static wick_status take_name(wick_span *name, wick_span *rest)
{
    size_t n = 0;
    while (n < rest->len && is_name_char(rest->ptr[n])) {
        n++;
    }
    *name = wick_span_make(rest->ptr, n);
    *rest = wick_span_make(rest->ptr + n, rest->len - n);
    return wick_name_check(*name);
}

wick_status wick_peer_ref_parse(wick_peer_ref *out, const char *text, size_t len)
{
    wick_span rest = wick_span_make((const uint8_t *)text, len);
    memset(out, 0, sizeof *out);
    if (len == 0) {
        return WICK_E_NAME;
    }
    wick_status s = take_name(&out->name, &rest);
    if (s == WICK_OK && rest.len != 0 && rest.ptr[0] == '/') {
        rest = wick_span_make(rest.ptr + 1, rest.len - 1);
        s = take_name(&out->service, &rest);
    }
    if (s == WICK_OK && rest.len != 0 && rest.ptr[0] == '@') {
        rest = wick_span_make(rest.ptr + 1, rest.len - 1);
        s = take_name(&out->registry, &rest);
    }
    if (s == WICK_OK && rest.len != 0) {
        s = WICK_E_NAME;
    }
    if (s != WICK_OK) {
        memset(out, 0, sizeof *out);
    }
    return s;
}
