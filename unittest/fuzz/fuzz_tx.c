/* SPDX-License-Identifier: Apache-2.0 */
/* Transactions: what is decoded encodes to the same bytes. */
#include "fuzz.h"

#include "wick/tx.h"

static uint8_t copy[65536];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wick_tx tx;
    if (size > sizeof copy || wick_tx_decode(&tx, wick_span_make(data, size)) != WICK_OK) {
        return 0;
    }
    FUZZ_ACCEPTED();
    fuzz_touch(tx.data);
    fuzz_touch(tx.access_list);
    wick_buf out = wick_buf_make(copy, sizeof copy);
    wick_status s = tx.is_signed ? wick_tx_encode(&out, &tx) : wick_tx_encode_unsigned(&out, &tx);
    FUZZ_CHECK(s == WICK_OK);
    FUZZ_CHECK(out.len == size && memcmp(copy, data, size) == 0);
    return 0;
}
