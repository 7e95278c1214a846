/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_EXAMPLES_CHAIN_H
#define WICK_EXAMPLES_CHAIN_H
/*
 * One registry of wick.conf, its chain, and a verified head of it: what every command that reads
 * records begins with.
 *
 *     int code = chain_open(&view, &r, cli, &host, ref.registry);
 *     s = chain_head(&view);
 *     s = reader_words(&r, values, slots, count, view.registry->device_registry);
 *     if (s != WICK_OK) { return chain_fail(&view, s, name); }
 */
#include "cli.h"
#include "host.h"
#include "reader.h"
#include "wick/bundle.h"
#include "wick/record.h"

typedef struct chain_view {
    reader *r; /* the caller's: it is large */
    const cli *c;
    const conf_chain *chain;
    const conf_registry *registry;
    size_t index; /* of the registry in the agent's marks: registries of this chain, in order */
    wick_bundle_kind kind; /* evidence that the chain's headers carry */
} chain_view;

/** Takes the registry of that name, "" for the home registry. `h` has been opened.
 *  @return exit code; the error is printed */
int chain_open(chain_view *v, reader *r, const cli *c, host *h, wick_span registry);

/** Gets the newest header that the chain's rule vouches for, into v->r->head.
 *  @retval statuses of reader_head() */
WICK_NODISCARD wick_status chain_head(chain_view *v);

/** Prints why something about `what` failed, with the node's words. @return exit code */
int chain_fail(const chain_view *v, wick_status s, const char *what);

/** Id and service of a peer reference, the default service if it names none.
 *  @retval WICK_OK  @retval WICK_E_NAME */
WICK_NODISCARD wick_status chain_peer_ids(uint8_t id32[32], uint8_t service32[32],
                                          const wick_peer_ref *ref);

#endif
