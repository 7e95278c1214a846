/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_EXAMPLES_RECORD_OUT_H
#define WICK_EXAMPLES_RECORD_OUT_H
/* A peer's record as values of an output record, the same wherever one is shown. */
#include "out.h"
#include "wick/bundle.h"
#include "wick/record.h"
#include "wick/trust.h"

/** Name and device words. */
void record_put_device(out_rec *o, const char *name, const uint8_t id[32],
                       const wick_device *device);

/** tls_pin, if the record vouches for a certificate: SHA-256 of its SPKI. */
void record_put_tls_pin(out_rec *o, const wick_peer_record *record);

/** The header under which something was proven. */
void record_put_header(out_rec *o, const wick_trusted_header *header);

/** May an endpoint be tried: valid by the time of day, and reached by attestors within a day if it is no
 *  relay's, or the policy (try_unvalidated) does without?
 *  @retval WICK_OK  @retval others of wick_endpoint_check() and wick_endpoint_validated() */
WICK_NODISCARD wick_status record_usable(const wick_endpoint *endpoint, bool try_unvalidated, uint64_t now_s);

/** One endpoint. @param usable  WICK_OK, or why it is not */
void record_put_endpoint(out_rec *o, const wick_endpoint *endpoint, wick_status usable);

/** Header and kind of evidence of a proof bundle. */
void record_put_bundle(out_rec *o, const wick_bundle *b);

#endif
