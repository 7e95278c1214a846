/* SPDX-License-Identifier: Apache-2.0 */
/* Block headers: what is decoded encodes to the same bytes, so its hash is the block's. */
#include "fuzz.h"

#include "wick/header.h"

static uint8_t copy[WICK_HEADER_MAX];

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
    return 0;
}
