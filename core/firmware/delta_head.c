/* SPDX-License-Identifier: Apache-2.0 */
/* What a patch needs, read from its first bytes by the decoder itself. */
#include <string.h>

#include "lzma_internal.h"

wick_status wick_delta_peek(wick_delta_info *out, wick_span patch)
{
    wick_delta decoder;
    wick_delta_config any;
    memset(&any, 0, sizeof any);
    any.new_max = INT32_MAX;
    any.old_bytes = INT32_MAX;
    wick_delta_init(&decoder, &any);
    wick_status status = WICK_OK;
    size_t at = 0;
    while (status == WICK_OK && decoder.step <= WICK_STEP_NEW_LENGTH && at < patch.len) {
        status = wick_delta_runs(&decoder, patch.ptr + at, 1);
        at++;
    }
    *out = decoder.info;
    if (status == WICK_OK && decoder.step <= WICK_STEP_NEW_LENGTH) {
        status = WICK_E_TRUNCATED;
    } else if (status == WICK_OK && out->packing == WICK_DELTA_LZMA && out->new_bytes > 0) {
        status = patch.len - at < WICK_LZMA_HEAD_BYTES ? WICK_E_TRUNCATED
                                                       : wick_lzma_head(out, patch.ptr + at);
        at += WICK_LZMA_HEAD_BYTES;
    }
    out->header_bytes = (uint8_t)at;
    if (status != WICK_OK) {
        memset(out, 0, sizeof *out);
    }
    return status;
}
