/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICKD_BUNDLES_H
#define WICKD_BUNDLES_H
/*
 * Proof bundles for leaves: those of [leaf] bundle_dir, which somebody has made ahead, and those that
 * the daemon makes when it is asked, which it keeps in a folder of its own, `bundles` in the store_dir.
 *
 * Making one takes many answers of nodes, and a light client its time to have a head. It is done by
 * another process, one at a time: helper.h, as `wickd --bundle NAME --output FILE`.
 */
#include "agent.h"
#include "helper.h"
#include "wick/leaf.h"
#include "wick/marks.h"

#define BUNDLES_FILE_MAX 32768 /* longest proof bundle */

typedef struct bundles {
    const agent *agent;
    helper helper; /* makes one at a time */
    char peer[WICK_LEAF_REF_BYTES]; /* whose */
    uint64_t made, failed;          /* counters */
    uint8_t file[BUNDLES_FILE_MAX];
    wick_marks marks; /* none is kept: nobody vouches for what is read here */
} bundles;

/** Whose bundle, and what is known of the record. */
typedef struct bundles_ask {
    const char *peer; /* NAME[/SERVICE][@REGISTRY] */
    uint8_t registry; /* index in the agent */
    uint32_t epoch;   /* of its record now */
    bool any;         /* of whatever age and epoch */
} bundles_ask;

void bundles_init(bundles *b, const agent *a);

/** A bundle from its file: about this peer, under a header that is not too old, with the record's
 *  epoch. What it proves is the leaf's to judge.
 *  @param[out] out  lives until the next call
 *  @retval WICK_OK  @retval WICK_E_NOT_FOUND there is none, or it is too old
 *  @retval WICK_E_BUNDLE_OTHER about another one
 *  @retval WICK_E_NO_SPACE longer than BUNDLES_FILE_MAX  @retval others as wick_bundle_decode() */
WICK_NODISCARD wick_status bundles_find(bundles *b, wick_span *out, const bundles_ask *ask);

/** Begins to make one.
 *  @retval WICK_OK bundles_run() will say  @retval WICK_E_LIMIT another is being made
 *  @retval WICK_E_UNSUPPORTED no store_dir, and so no place for it  @retval WICK_E_HAL */
WICK_NODISCARD wick_status bundles_make(bundles *b, const char *peer, uint64_t now_ms);

/** @param[out] status  of the one that was being made, b->peer's: OK, TIMEOUT where a node or the time
 *                      was short, AGAIN where it failed otherwise (stderr says why)
 *  @return true: it has ended */
bool bundles_run(bundles *b, wick_status *status, uint64_t now_ms);

/** Ends what is being made. */
void bundles_close(bundles *b);

/** The other process: makes the bundle and writes it, readable by its owner alone. @return exit code */
int bundles_main(const cli *c, const char *peer, const char *path);

#endif
