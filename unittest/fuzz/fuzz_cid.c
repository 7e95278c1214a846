/* SPDX-License-Identifier: Apache-2.0 */
/* CIDs as text and in binary: what is accepted has one form, so writing it gives the same again. */
#include "fuzz.h"

#include "wick/cid.h"

static void binary(const uint8_t *data, size_t size)
{
    wick_cid cid;
    uint8_t again[WICK_CID_MAX];
    if (wick_cid_decode(&cid, wick_span_make(data, size)) == WICK_OK) {
        wick_cid other = cid;
        FUZZ_ACCEPTED();
        FUZZ_CHECK(wick_cid_same_block(&cid, &other));
        other.digest[data[size - 1] & 31] ^= 1;
        FUZZ_CHECK(!wick_cid_same_block(&cid, &other));
        other = cid;
        other.codec = (uint8_t)(WICK_CID_RAW + WICK_CID_DAG_PB - cid.codec);
        FUZZ_CHECK(!wick_cid_same_block(&cid, &other));
        FUZZ_CHECK(wick_cid_encode(again, &cid) == size && memcmp(again, data, size) == 0);
    }
}

static void text(const uint8_t *data, size_t size)
{
    wick_cid cid;
    char again[WICK_CID_STR_BYTES];
    if (wick_cid_parse(&cid, (const char *)data, size) == WICK_OK) {
        FUZZ_ACCEPTED();
        wick_cid_str(again, &cid);
        FUZZ_CHECK(strlen(again) == size && memcmp(again, data, size) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    binary(data, size);
    text(data, size);
    return 0;
}
