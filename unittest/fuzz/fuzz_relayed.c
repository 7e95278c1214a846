/* SPDX-License-Identifier: Apache-2.0 */
/* Calldata of calls that an owner has signed: what is taken has one encoding,
 * what is not leaves nothing. */
#include "fuzz.h"

#include "wick/relayed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t r[32], vs[32], again[WICK_CALLDATA_RELAYED_MAX + 2 * 32];
    wick_relayed call;
    wick_span proof, in = wick_span_make(data, size);
    wick_buf b = wick_buf_make(again, sizeof again);
    if (wick_relayed_decode(&call, &proof, r, vs, in) != WICK_OK) {
        FUZZ_CHECK(wick_ct_is_zero((const uint8_t *)&call, sizeof call) && proof.len == 0);
        FUZZ_CHECK(wick_ct_is_zero(r, 32) && wick_ct_is_zero(vs, 32));
        return 0;
    }
    FUZZ_ACCEPTED();
    wick_calldata_relayed(&b, &call, r, vs);
    FUZZ_CHECK(wick_buf_status(&b) == WICK_OK);
    if (call.kind != WICK_RELAYED_PUBLISH_ATTESTED) {
        FUZZ_CHECK(proof.len == 0 && b.len == in.len && memcmp(again, in.ptr, in.len) == 0);
        return 0;
    }
    /* All but the attestations, which stand behind. */
    const size_t head = 4 + 6 * 32;
    FUZZ_CHECK(b.len == head + 4 && memcmp(again, in.ptr, head) == 0);
    FUZZ_CHECK(proof.ptr == in.ptr + head && head + proof.len == in.len && proof.len >= 4);
    return 0;
}
