/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_TEST_BEACON_DATA_H
#define WICK_TEST_BEACON_DATA_H
/*
 * Light client objects from outside: files of any kind below $WICK_VECTORS_DIR with their bytes, Snappy,
 * and the beacon API's JSON written as SSZ. The SSZ writer is the test's own, and simple: field by
 * field as the specification lists them.
 */
#include "data.h"
#include "wick/beacon.h"

/** Any file. */
typedef struct raw_file {
    char *path;
    wick_span bytes;
} raw_file;

/** All files below $WICK_VECTORS_DIR that are no larger than 1 MB, by path. */
const raw_file *raw_files(size_t *count);

/** The file of that name beside another one; NULL if there is none. */
const raw_file *raw_beside(const char *path, const char *name);

/** A Snappy block or a stream of frames, unpacked. False if it is neither. */
bool snappy(wick_span *out, wick_span in);

/** SSZ of a beacon API object {"version", "data"}: kind and fork by what is in it. False if it is no
 *  light client object.
 *  @param[out] fork  name of its fork, in `text` of at least 16 bytes */
bool beacon_ssz(wick_span *out, wick_beacon_kind *kind, char *text, const cJSON *object);

#endif
