/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_EXAMPLES_DAG_H
#define WICK_EXAMPLES_DAG_H
/*
 * The UnixFS DAG of a file, as IPFS importers make it (balanced layout), and as a CAR file.
 *
 *     dag d;
 *     s = dag_make(&d, &crypto, bytes, &dag_profiles[0].options);
 *     wick_cid_str(text, &d.block[d.root].cid);
 *     s = dag_write_car(&d, file);
 *     dag_free(&d);
 *
 * Leaves are views into the file's bytes, which must stay; nodes are on the heap.
 */
#include <stdio.h>

#include "wick/cid.h"
#include "wick/hal/crypto.h"

typedef struct dag_options {
    uint32_t chunk;  /* bytes of a leaf, 1..2^21 */
    uint32_t links;  /* of a node, from 2 */
    uint8_t version; /* of the CIDs of nodes; leaves that are not raw have the same */
    bool raw_leaves;
} dag_options;

/** Profiles of IPIP-499. */
typedef struct dag_profile {
    const char *name;
    dag_options options;
} dag_profile;
extern const dag_profile dag_profiles[3];

typedef struct dag_block {
    wick_cid cid;
    wick_span bytes;
    uint64_t file_bytes; /* of the file in and below it */
    uint64_t tree_bytes; /* of blocks in and below it */
    size_t first, count; /* children: a row of blocks */
    bool own;            /* bytes are on the heap */
    bool again;          /* another one before it is the same */
} dag_block;

typedef struct dag {
    dag_block *block; /* leaves first, then level by level */
    size_t count, root;
} dag;

/** @retval WICK_OK  @retval WICK_E_BAD_ARG options  @retval WICK_E_HAL no memory  @retval WICK_E_CRYPTO
 *  @retval WICK_E_FW_SIZE a node would be larger than a block may be */
WICK_NODISCARD wick_status dag_make(dag *d, const wick_hal_crypto *crypto, wick_span file,
                                    const dag_options *options);
void dag_free(dag *d);

/** Depth of nodes above the leaves. */
unsigned dag_levels(const dag *d);

/** Called for each block in the order of the file, parents before children; WICK_OK goes on. */
typedef wick_status (*dag_visit)(void *ctx, const dag_block *block);
WICK_NODISCARD wick_status dag_walk(const dag *d, dag_visit visit, void *ctx);

/** CAR version 1, one root, each block once, in the order of dag_walk(). @retval WICK_E_HAL */
WICK_NODISCARD wick_status dag_write_car(const dag *d, FILE *file);

/** SHA-256 of one span. */
WICK_NODISCARD wick_status dag_sha256(const wick_hal_crypto *crypto, uint8_t out[32], wick_span bytes);

#endif
