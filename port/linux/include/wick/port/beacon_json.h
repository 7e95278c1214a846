/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PORT_BEACON_JSON_H
#define WICK_PORT_BEACON_JSON_H
/*
 * Light client objects as the beacon API writes them in JSON, to the SSZ that wick/beacon.h reads: the
 * same bytes that a server sends for Accept: application/octet-stream. All forks, strictly: every
 * member there and of the right length, integers in decimal text without leading zeros; members that
 * the shape does not have are passed over.
 *
 *     s = wick_beacon_json_object(&ssz, WICK_BEACON_UPDATE, fork->shape, data, 512);
 *     s = wick_beacon_input(&b, &changed, &crypto, WICK_BEACON_UPDATE, fork, wick_buf_span(&ssz), &now);
 *
 * Nothing is verified here.
 */
#include "wick/beacon.h"
#include "wick/port/json.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Appends one object.
 *  @param[in,out] ssz    WICK_BEACON_OBJECT_MAX bytes suffice
 *  @param[in] data       the member `data` of an answer
 *  @param[in] committee  members of a committee of the chain
 *  @retval WICK_OK
 *  @retval WICK_E_JSON      a member is missing, too long, too short, or no number
 *  @retval WICK_E_NO_SPACE */
WICK_NODISCARD wick_status wick_beacon_json_object(wick_buf *ssz, wick_beacon_kind kind,
                                                   const wick_beacon_shape *shape,
                                                   const wick_json *data, uint16_t committee);

/** Unsigned integer in decimal text, little-endian. Zeroed on error. @retval WICK_OK
 *  @retval WICK_E_JSON no such text, leading zeros, or more than `len` bytes */
WICK_NODISCARD wick_status wick_beacon_json_uint(uint8_t *out, size_t len, const wick_json *node);

#ifdef __cplusplus
}
#endif
#endif
