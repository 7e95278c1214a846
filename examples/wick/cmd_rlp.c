/* SPDX-License-Identifier: Apache-2.0 */
/* wick rlp decode: the items of an RLP input, one line each, indented by depth. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "commands.h"
#include "out.h"
#include "wick/rlp.h"

static const char *reason_of(wick_status s)
{
    switch ((int)s) {
    case WICK_E_TRUNCATED:
        return "an item is longer than what is left";
    case WICK_E_NON_CANONICAL:
        return "a length or a single byte is not in its shortest form";
    case WICK_E_TRAILING:
        return "bytes follow the item";
    case WICK_E_LIMIT:
        return "lists are nested too deep";
    case WICK_E_MALFORMED:
        return "not an item";
    default:
        return "not RLP";
    }
}

static void put_item(const cli *c, wick_span payload, size_t depth, bool is_list)
{
    if (c->json) {
        out_rec o;
        out_begin(&o, stdout, true);
        out_u64(&o, "depth", depth);
        out_str(&o, "kind", is_list ? "list" : "string");
        out_u64(&o, "bytes", payload.len);
        if (!is_list) {
            out_hex(&o, "value", payload.ptr, payload.len);
        }
        out_end(&o);
        return;
    }
    printf("%*s", (int)(2 * depth), "");
    if (is_list) {
        printf("list %zu bytes\n", payload.len);
        return;
    }
    printf("0x");
    for (size_t i = 0; i < payload.len; i++) {
        printf("%02x", payload.ptr[i]);
    }
    printf("  (%zu)\n", payload.len);
}

/* The whole input is known to be canonical, so the cursors cannot fail here. */
static void put_items(const cli *c, wick_span in)
{
    wick_rlp stack[WICK_RLP_DEPTH_MAX + 1];
    size_t depth = 0;
    stack[0] = wick_rlp_make(in);
    for (;;) {
        wick_rlp *r = &stack[depth];
        wick_rlp_kind kind = wick_rlp_peek(r);
        if (kind == WICK_RLP_NONE) {
            if (depth == 0) {
                return;
            }
            depth--;
        } else if (kind == WICK_RLP_STRING) {
            put_item(c, wick_rlp_string(r), depth, false);
        } else {
            wick_rlp sub = wick_rlp_list(r);
            put_item(c, wick_span_make(sub.ptr, sub.len), depth, true);
            if (sub.status == WICK_OK && depth < WICK_RLP_DEPTH_MAX) {
                stack[++depth] = sub;
            }
        }
    }
}

int cmd_rlp_decode(cli *c, int argc, char **argv)
{
    uint8_t *bytes;
    size_t len;
    int code;
    if (!cli_hex_input(c, &bytes, &len, &code, argc, argv)) {
        return code;
    }
    wick_span in = wick_span_make(bytes, len);
    wick_status s = wick_rlp_check(in);
    if (s == WICK_OK) {
        put_items(c, in);
    }
    free(bytes);
    return s == WICK_OK ? CLI_OK : cli_fail(c, s, "%s", reason_of(s));
}
