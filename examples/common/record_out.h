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

/** The header under which something was proven. */
void record_put_header(out_rec *o, const wick_trusted_header *header);

/** One endpoint. @param usable  WICK_OK, or why it is not */
void record_put_endpoint(out_rec *o, const wick_endpoint *endpoint, wick_status usable);

/** Header and kind of evidence of a proof bundle. */
void record_put_bundle(out_rec *o, const wick_bundle *b);

#endif
