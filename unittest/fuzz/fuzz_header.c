/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Block headers: what is decoded encodes to the same bytes, so its hash is the block's. With one
 * field replaced by some other bytes of the input it encodes to what decodes again, or not at all.
 */
#include "fuzz.h"

#include "wick/header.h"

static uint8_t copy[2 * WICK_HEADER_MAX];

/* The last byte of the input says which field, the first how many of its bytes go there. */
static void replace_field(const wick_header *h, const uint8_t *data, size_t size)
{
    wick_header other = *h, back;
    wick_buf out = wick_buf_make(copy, sizeof copy);
    unsigned which = data[size - 1] % (WICK_HEADER_FIELDS_KNOWN + 3u);
    size_t len = data[size - 2] % 64u;
    wick_span bytes = wick_span_make(data + size - len, len);
    if (which < WICK_HEADER_FIELDS_KNOWN) {
        other.field[which] = bytes;
    } else if (which == WICK_HEADER_FIELDS_KNOWN) {
        other.fields = data[size - 2] & 31u;
    } else {
        other.unknown = bytes;
    }
    if (wick_header_encode(&out, &other) == WICK_OK && out.len <= WICK_HEADER_MAX) {
        FUZZ_CHECK(wick_header_decode(&back, wick_buf_span(&out)) == WICK_OK);
        FUZZ_CHECK(back.fields == other.fields);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wick_header h;
    if (wick_header_decode(&h, wick_span_make(data, size)) != WICK_OK) {
        return 0;
    }
    FUZZ_ACCEPTED();
    for (size_t i = 0; i < WICK_HEADER_FIELDS_KNOWN; i++) {
        fuzz_touch(h.field[i]);
    }
    wick_buf out = wick_buf_make(copy, sizeof copy);
    FUZZ_CHECK(wick_header_encode(&out, &h) == WICK_OK);
    FUZZ_CHECK(out.len == size && memcmp(copy, data, size) == 0);
    replace_field(&h, data, size);
    for (size_t i = 0; i <= WICK_HEADER_FIELDS_KNOWN; i++) {
        FUZZ_CHECK((wick_header_field_name(i) != NULL) == (i < WICK_HEADER_FIELDS_KNOWN));
        FUZZ_CHECK(!wick_header_field_is_integer(i) || h.field[i].len <= 32);
    }
    return 0;
}
