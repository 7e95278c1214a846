/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests: what is accepted is the one form of its content, so writing what was read gives the same bytes. */
#include "fuzz.h"

#include "wick/manifest.h"

static wick_manifest m;

/* What the decoder would not take is not written, and what does not fit is measured. */
static void change(size_t size)
{
    uint8_t small[64];
    wick_manifest x = m;
    wick_buf b = wick_buf_make(NULL, 0);
    FUZZ_CHECK(wick_manifest_encode(&b, &m) == WICK_OK && b.len == size);
    b = wick_buf_make(small, sizeof small);
    FUZZ_CHECK(wick_manifest_encode(&b, &m) == WICK_E_NO_SPACE && b.len == size);
    /* No version 2, no other codec, and raw has no version 0. */
    static const uint8_t versions[] = {2, 1, 0}, codecs[] = {WICK_CID_RAW, 0x71, WICK_CID_RAW};
    x.payload.cid.version = versions[size % 3];
    x.payload.cid.codec = codecs[size % 3];
    FUZZ_CHECK(wick_manifest_encode(&b, &x) == WICK_E_BAD_ARG);
    x = m;
    x.payload.cid.version = 0;
    x.payload.cid.codec = WICK_CID_DAG_PB;
    b = wick_buf_make(NULL, 0);
    FUZZ_CHECK(wick_manifest_encode(&b, &x) == WICK_OK);
    b = wick_buf_make(small, sizeof small);
    x = m;
    x.trial_boots = 0;
    FUZZ_CHECK(wick_manifest_encode(&b, &x) == WICK_E_BAD_ARG);
    uint8_t *const counts[] = {&x.mirrors, &x.deltas, &x.precursors, &x.dependencies};
    x = m;
    *counts[size & 3] = 255;
    FUZZ_CHECK(wick_manifest_encode(&b, &x) == WICK_E_BAD_ARG);
    /* As often as there is room for each: too long, or read again. */
    x = m;
    while (x.deltas != 0 && x.deltas < WICK_MANIFEST_DELTAS_MAX) {
        x.delta[x.deltas++] = m.delta[0];
    }
    b = wick_buf_make(NULL, 0);
    wick_status s = wick_manifest_encode(&b, &x);
    FUZZ_CHECK(s == (b.len > WICK_MANIFEST_MAX ? WICK_E_FW_SIZE : WICK_OK));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t again[WICK_MANIFEST_MAX];
    wick_buf b = wick_buf_make(again, sizeof again);
    if (wick_manifest_decode(&m, wick_span_make(data, size)) != WICK_OK) {
        return 0;
    }
    FUZZ_ACCEPTED();
    for (unsigned i = 0; i < m.mirrors; i++) {
        fuzz_touch(m.mirror[i]);
    }
    FUZZ_CHECK(wick_manifest_encode(&b, &m) == WICK_OK);
    FUZZ_CHECK(b.len == size && memcmp(again, data, size) == 0);
    change(size);
    return 0;
}
