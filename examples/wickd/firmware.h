/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICKD_FIRMWARE_H
#define WICKD_FIRMWARE_H
/*
 * Firmware for leaves: the newest release of a product, and blocks of content.
 *
 * Of each [product.NAME] with `leaves = yes` the release index is read when a leaf asks, proven under a
 * head of the chain as for ourselves. Blocks are those in [leaf] block_dir, and those that are fetched
 * from the product's gateways when a leaf asks for them: a manifest of such a release, and what a manifest
 * or a node that is here names. Nothing else is fetched, so a leaf cannot make us fetch what it likes.
 * Reading and fetching is done by another process, one at a time: helper.h, as `wickd --release NAME
 * --output FILE` and `wickd --block CID --output FILE`. Whoever waits for the same has it then.
 *
 * What was fetched is kept in the folder `firmware` of the store_dir, up to FIRMWARE_KEPT_BYTES; the oldest
 * goes first.
 */
#include <sys/stat.h>
#include <time.h>

#include "agent.h"
#include "helper.h"
#include "wick/cid.h"
#include "wick/leaf.h"

#define FIRMWARE_KEPT_BYTES (64u << 20)

/** The file that was hashed for a leaf. */
typedef struct firmware_block {
    wick_cid cid;
    uint32_t bytes; /* 0: none, or it is not what it is called */
    dev_t dev;      /* it is served as long as it is this one, and untouched */
    ino_t ino;
    struct timespec changed;
} firmware_block;

/** What a leaf has asked and waits for. */
typedef struct firmware_job {
    uint32_t ask; /* 0: nothing */
    wick_leaf_kind kind;
    uint8_t leaf;
    uint32_t offset, max;
    uint64_t until_ms;
    char text[WICK_LEAF_REF_BYTES]; /* name of the product, or CID */
} firmware_job;

typedef struct firmware {
    const agent *agent;
    wick_leaf_service *service;
    uint64_t releases, blocks, failed; /* counters of answers; blocks: pieces of them */
    uint64_t read, fetched;            /* of the other process: releases and blocks */
    helper helper;
    wick_leaf_kind making; /* what it makes */
    unsigned turn;         /* the leaf that is next */
    char text[WICK_LEAF_REF_BYTES];
    firmware_block block[WICK_LEAVES_MAX];
    firmware_job job[WICK_LEAVES_MAX];
} firmware;

void firmware_init(firmware *f, const agent *a, wick_leaf_service *service);
void firmware_close(firmware *f);

/** A leaf asks for a RELEASE or a BLOCK; it is answered now or later. */
void firmware_ask(firmware *f, const wick_leaf_ask *ask, uint64_t now_ms);

/** Answers what was made meanwhile. @return when to be called again */
uint64_t firmware_run(firmware *f, uint64_t now_ms);

/** The other process. @param turn  which gateway is asked first: it counts on where the time was short,
 *  so that one that trickles does not keep the others away  @return exit code */
int firmware_release_main(const cli *c, const char *product, const char *path);
int firmware_block_main(const cli *c, const char *cid, const char *path, unsigned turn);

#endif
