/* SPDX-License-Identifier: Apache-2.0 */
/* Light client objects and receipts in JSON: what becomes of them is SSZ and RLP that core reads. The
 * first byte chooses kind and shape. */
#include "fuzz.h"

#include "wick/port/beacon_json.h"
#include "wick/port/receipts.h"

static uint64_t arena[262144 / 8];
static uint8_t ssz[WICK_BEACON_OBJECT_MAX], receipt[65536];

static void object(const wick_json *data, uint8_t choice)
{
    static const wick_beacon_shape *const shapes[] = {
        &wick_beacon_shape_altair, &wick_beacon_shape_capella, &wick_beacon_shape_deneb,
        &wick_beacon_shape_electra, &wick_beacon_shape_gloas};
    const wick_beacon_shape *shape = shapes[choice / 4 % 5];
    wick_beacon_kind kind = (wick_beacon_kind)(choice % 4);
    wick_beacon_object view;
    wick_buf out = wick_buf_make(ssz, sizeof ssz), small = wick_buf_make(ssz, 500);
    wick_buf none = wick_buf_make(NULL, 0);
    if (wick_beacon_json_object(&out, kind, shape, data, 32) == WICK_OK) {
        FUZZ_ACCEPTED();
        FUZZ_CHECK(wick_beacon_decode(&view, kind, shape, wick_buf_span(&out), 32) == WICK_OK);
    } else {
        FUZZ_CHECK(out.len == 0);
    }
    FUZZ_CHECK(wick_beacon_json_object(&small, kind, shape, data, 32) != WICK_OK || small.len < 500);
    FUZZ_CHECK(wick_beacon_json_object(&none, kind, shape, data, 32) != WICK_OK);
}

static void receipts(const wick_json *list)
{
    for (const wick_json *e = wick_json_first(list); e != NULL; e = wick_json_next(e)) {
        wick_receipt view;
        wick_buf out = wick_buf_make(receipt, sizeof receipt);
        if (wick_eth_json_receipt_rlp(&out, e) == WICK_OK) {
            FUZZ_ACCEPTED();
            FUZZ_CHECK(wick_receipt_decode(&view, wick_buf_span(&out)) == WICK_OK);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const wick_json *root = NULL;
    if (size == 0 || wick_json_parse(&root, (uint8_t *)arena, sizeof arena,
                                     wick_span_make(data + 1, size - 1)) != WICK_OK) {
        return 0;
    }
    object(root, data[0]);
    receipts(root);
    uint8_t le[8];
    (void)!wick_beacon_json_uint(le, sizeof le, root);
    return 0;
}
