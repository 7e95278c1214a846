/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_EXAMPLES_BLOCK_SOURCE_H
#define WICK_EXAMPLES_BLOCK_SOURCE_H
/*
 * A file by its CID into memory or to nowhere: from a CAR file, or from gateways in turn, each block
 * checked by the verifier of the library.
 */
#include <stdio.h>

#include "cli.h"
#include "wick/port/fetch.h"
#include "wick/port/linux.h"
#include "wick/unixfs.h"

/** Bad answers of one source before it is not asked any more. */
#define BLOCK_SOURCE_STRIKES 3

/** Blocks that are taken from a CAR for one file, the same one again counted again: a few KB of nodes name
 *  any number of them. That is 4 GiB of chunks of 4 KiB. */
#define BLOCK_SOURCE_VISITS (1u << 20)

typedef struct block_walk {
    const wick_hal_crypto *crypto;
    FILE *out;          /* where the file goes, NULL: nowhere */
    unsigned most;      /* blocks of a CAR, 0: BLOCK_SOURCE_VISITS */
    uint64_t size;      /* of the file, as far as it is checked */
    unsigned blocks;    /* that were right */
    unsigned refused;   /* answers that were not */
    uint8_t sha256[32]; /* of the whole file */
    /** Told of each bad answer; may be NULL. */
    void (*bad)(void *ctx, unsigned source, const wick_cid *cid, wick_status why);
    void *ctx;
    wick_unixfs walk; /* private */
    wick_hash_ctx hash;
} block_walk;

/** Walks over a CAR file (version 1, any order).
 *  @retval WICK_OK
 *  @retval WICK_E_MALFORMED no CAR     @retval WICK_E_NOT_FOUND a block is not in it
 *  @retval WICK_E_LIMIT more than w->most blocks  @retval WICK_E_HAL no memory
 *  @return or as wick_unixfs_end() */
WICK_NODISCARD wick_status block_walk_car(block_walk *w, const wick_cid *root, wick_span car);

/** Takes bytes of a block, which may be none. WICK_OK goes on. */
typedef wick_status block_take(void *ctx, wick_span bytes);

/** One block from one source, not checked. @return WICK_OK, what `take` says, or as wick_fetch_poll() */
WICK_NODISCARD wick_status block_fetch(wick_fetch *fetch, const wick_linux_net *net, unsigned source,
                                       const wick_cid *cid, block_take *take, void *ctx);

/** Asks the sources in turn, the next one after each bad answer.
 *  @return WICK_OK, or what was wrong with the last answer when no source is left */
WICK_NODISCARD wick_status block_walk_fetch(block_walk *w, const wick_cid *root, wick_fetch *fetch,
                                            const wick_linux_net *net);

#endif
