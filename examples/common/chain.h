/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_EXAMPLES_CHAIN_H
#define WICK_EXAMPLES_CHAIN_H
/*
 * One registry of wick.conf, its chain, and a verified head of it: what every command that reads
 * records begins with.
 *
 *     int code = chain_open(&view, &r, cli, &host, ref.registry);
 *     s = chain_words(&view, values, slots, count, view.registry->device_registry);
 *     if (s != WICK_OK) { return chain_fail(&view, s, name); }
 *     chain_close(&view);
 */
#include "cli.h"
#include "host.h"
#include "link.h"
#include "reader.h"
#include "wick/bundle.h"
#include "wick/record.h"

/* Blocks between a trusted head and one that is sought. */
#define CHAIN_ANCESTORS_MAX 512u

typedef struct chain_view {
    reader *r; /* the caller's: it is large */
    const cli *c;
    const conf_chain *chain;
    const conf_registry *registry;
    size_t index; /* of the registry in the agent's marks: registries of this chain, in order */
    wick_bundle_kind kind; /* evidence that the chain's headers carry */
    chain_link *link;
    wick_tier tier; /* wanted; NONE: the strongest that the rule gives */
    uint32_t wait_ms;  /* for a light client to have a head; 0: a minute */
    bool stopped;      /* open the light client without starting it */
    bool may_share;    /* without the store, if another process holds it; else that is an error */
    wick_linux_store linux_store;
    wick_linux_store_lock lock;
    wick_hal_store store; /* of the identity, held by this process */
    bool has_store;
} chain_view;

/** Takes the registry of that name, on whichever chain; "" for the home registry. `h` has been opened. Of `v` the caller
 *  sets `tier`, `wait_ms`, `stopped` and `may_share` before; all else begins as zero.
 *  @return exit code; the error is printed */
int chain_open(chain_view *v, reader *r, const cli *c, host *h, wick_span registry);

/** Takes a chain alone, by name; NULL: that of the first [rpc]. As chain_open(). */
int chain_open_link(chain_view *v, const cli *c, host *h, const char *name);

/** Gets the newest header that the chain's rule vouches for, into v->r->head. With a light client it
 *  waits for it at most a minute.
 *  @retval statuses of reader_head() and link_head()
 *  @retval WICK_E_TRUST_TIER the rule does not give the tier that is wanted */
WICK_NODISCARD wick_status chain_head(chain_view *v);

/** Words of a contract under a new head. A node that makes a block between its two answers may prove what is in
 *  the next one: then both are asked for again, a few times. Who lies does it each time.
 *  @retval statuses of chain_head() and reader_words() */
WICK_NODISCARD wick_status chain_words(chain_view *v, uint8_t (*values)[32], const uint8_t (*slots)[32],
                                       size_t count, const uint8_t contract[20]);

/** Sets a reader up for the chain of a link, as chain_open() does. */
void chain_read_with(chain_view *v, reader *r, host *h);

/** From the trusted head in v->r down to block `number`, parent by parent; v->r->header is that block's
 *  then. @retval WICK_E_LIMIT it is not below the head, or more than CHAIN_ANCESTORS_MAX below
 *  @retval others of the node, and of wick_trust_parent() */
WICK_NODISCARD wick_status chain_ancestor(chain_view *v, wick_trusted_header *th, uint64_t number);

/** Also after an error of chain_open(). */
void chain_close(chain_view *v);

/** Rule of a chain's seals; 0: it has none. */
wick_seal_rule chain_seal_rule(const conf_chain *chain);

/** Prints why something about `what` failed, with the node's words. @return exit code */
int chain_fail(const chain_view *v, wick_status s, const char *what);

/** Options of a command that reads one name: --tier, --timeout (a minute), and the name at argv[optind].
 *  @return CLI_OK; else *over and what the command returns */
int chain_options(chain_view *v, bool *over, cli *c, int argc, char **argv);

/** A peer reference with its id and service, the default service if it names none. `ref` points into
 *  `text`.
 *  @retval WICK_OK  @retval statuses of wick_peer_ref_parse() and wick_name_hash() */
WICK_NODISCARD wick_status chain_peer(wick_peer_ref *ref, uint8_t id32[32], uint8_t service32[32],
                                      const char *text);

#endif
