/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_EXAMPLES_RELEASE_VIEW_H
#define WICK_EXAMPLES_RELEASE_VIEW_H
/*
 * What the commands of the release index share: reading and printing what is there, proven, and what an
 * approver says that he has reviewed.
 *
 *     int code = release_begin(&s, cli);
 *     code = code == CLI_OK ? release_reviewed(&s, &reviewed, &args) : code;
 *     code = code == CLI_OK ? release_read_at(&s, &proposed, &args, index) : code;
 *     code = code == CLI_OK ? release_compare(cli, &reviewed, &proposed) : code;
 *
 * All return an exit code; the error is printed. Those that ask a node take a sender that is open.
 */
#include "release_args.h"
#include "send.h"
#include "wick/release_index.h"

/* Words of a product: who decides, and the head. */
typedef struct release_product {
    wick_product product;
    wick_release head;
    bool has_head;
} release_product;

/** sender_open(), and wick.conf must name the release index. */
int release_begin(sender *s, const cli *c);
/** Address of the index. */
const uint8_t *release_contract(const sender *s);

int release_read_product(sender *s, release_product *p, const release_args *a);
int release_read_at(sender *s, wick_release *r, const release_args *a, uint32_t index);

/** One release, as a step. */
void release_put(const sender *s, const wick_release *r, const release_product *p);
/** Release `a->index` as it is now. */
int release_show(sender *s, const release_args *a);
/** The product and all its releases. */
int release_list(sender *s, const release_args *a);

/** What the manifest in a file says of itself: it must be one that a device takes, and of this product. */
int release_of_manifest(sender *s, wick_release *r, const release_args *a);
/** What was reviewed: a manifest by its file, or its digest and what the approver says is in it. */
int release_reviewed(sender *s, wick_release *r, const release_args *a);
/** Is it what was proposed? The contract compares them, too; said here, a refusal costs nothing and has
 *  its reason. */
int release_compare(const cli *c, const wick_release *reviewed, const wick_release *proposed);

#endif
