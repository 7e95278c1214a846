/* SPDX-License-Identifier: Apache-2.0 */
/* Content identifiers in binary (multiformats CID specification): version 0 is a multihash alone,
 * 12 20 digest; version 1 is 01 codec multihash. All numbers in it are varints below 128 here, so one
 * byte each: another first byte of any of them is something that is not taken. */
#include "wick/cid.h"

#include <string.h>

#define SHA2_256 0x12u

wick_status wick_cid_decode(wick_cid *out, wick_span bytes)
{
    static const uint8_t raw[4] = {1, WICK_CID_RAW, SHA2_256, 32};
    static const uint8_t dag_pb[4] = {1, WICK_CID_DAG_PB, SHA2_256, 32};
    size_t head = bytes.len != 0 && bytes.ptr[0] == SHA2_256 ? 2 : 4;
    const uint8_t *must = head == 2                                        ? dag_pb + 2
                          : bytes.len > 1 && bytes.ptr[1] == WICK_CID_RAW ? raw
                                                                           : dag_pb;
    size_t n = bytes.len < head ? bytes.len : head;
    if (n != 0 && memcmp(bytes.ptr, must, n) != 0) {
        return WICK_E_UNSUPPORTED;
    }
    if (bytes.len != head + 32) {
        return bytes.len < head + 32 ? WICK_E_TRUNCATED : WICK_E_TRAILING;
    }
    out->version = head == 2 ? 0 : 1;
    out->codec = head == 2 ? WICK_CID_DAG_PB : must[1];
    memcpy(out->digest, bytes.ptr + head, 32);
    return WICK_OK;
}

size_t wick_cid_encode(uint8_t out[WICK_CID_MAX], const wick_cid *cid)
{
    size_t at = 0;
    if (cid->version != 0) {
        out[at++] = 1;
        out[at++] = cid->codec;
    }
    out[at++] = SHA2_256;
    out[at++] = 32;
    memcpy(out + at, cid->digest, 32);
    return at + 32;
}

bool wick_cid_same_block(const wick_cid *a, const wick_cid *b)
{
    return a->codec == b->codec && memcmp(a->digest, b->digest, 32) == 0;
}
