/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_EXAMPLES_LINK_H
#define WICK_EXAMPLES_LINK_H
/*
 * How one chain of wick.conf is reached, and who vouches for its headers: the [rpc] sections of the
 * chain as a pool, and, where its rule needs one, a light client with its state, store and beacon
 * nodes.
 *
 *     chain_link *l = NULL;
 *     int code = link_open(&l, cli, &host, chain, index, store);
 *     s = link_head(l, &th, WICK_TIER_BFT, 20000);               blocks
 *     link_close(l);
 *
 * A link is 2.5 MB, from the heap: the largest answers of nodes, and a sync committee. The nodes of a
 * quorum are asked beside each other, for 0.7 MB more each, of which only what is used is touched.
 */
#include "cli.h"
#include "host.h"
#include "wick/beacon.h"
#include "wick/light.h"
#include "wick/port/light_driver.h"

typedef struct chain_link {
    const cli *c;
    host *h;
    const conf_chain *chain;
    wick_https_trust trust[CONF_RPCS_MAX], beacon_trust;
    uint32_t operators[CONF_RPCS_MAX];
    wick_rpc_pool pool;
    wick_rpc_pool *twins; /* of a quorum, else NULL */
    bool has_light, has_beacon;
    wick_light light;
    wick_light_config config;
    wick_light_driver driver;
    union {
        wick_bft bft;
        wick_light_clique clique;
        wick_quorum quorum;
        wick_beacon beacon;
    } state;
    wick_beacon_chain devnet;
    wick_beacon_fork forks[CONF_FORKS_MAX];
    wick_beacon_blobs blobs; /* of the devnet, from its first epoch on */
    wick_beacon_api api;
    uint8_t work[WICK_LIGHT_WORK_BYTES];
} chain_link;

/** Opens a link; a light client is started with what the store knows.
 *  @param[out] out    to be closed by link_close(), also after an error
 *  @param[in] index   of the chain in wick.conf: its place in the store
 *  @param[in] store   NULL: nothing is kept
 *  @return exit code; the error is printed */
int link_open(chain_link **out, const cli *c, host *h, const conf_chain *chain, size_t index,
              const wick_hal_store *store);
/** The same, with a light client that is not started: for imports. */
int link_open_stopped(chain_link **out, const cli *c, host *h, const conf_chain *chain, size_t index,
                      const wick_hal_store *store);
void link_close(chain_link *l);

/** Place of a chain in wick.conf. */
size_t link_index(const conf *c, const conf_chain *chain);

/** The beacon chain that a section describes: a built-in one, or that of a devnet.
 *  @param[in] l  memory for the latter  @return NULL: it is not usable; the error is printed */
const wick_beacon_chain *link_beacon_chain(chain_link *l, const cli *c, const conf_chain *chain);

/** What an https server of this section must show. */
void link_trust(wick_https_trust *out, const host *h, const conf_rpc *rpc);
/** The same of a CA file ("": the system's CAs) or a pin (NULL: none). */
void link_trust_of(wick_https_trust *out, const host *h, const char *ca_file, const uint8_t *pin);

wick_light_rule link_rule(const conf_chain *chain);
/** Tier of the newest headers of the chain's rule. */
wick_tier link_tier(const conf_chain *chain);

/** Waits: who asks again and again lets the light client look for newer heads meanwhile, or he would get
 *  the same one each time. When this returns no request of the light client is under way, unless a node
 *  takes longer than two seconds. */
void link_pass(chain_link *l, uint32_t period_ms);

/** Lets the light client do what is due, with what it has asked for; at most LINK_TEND_MS.
 *  @param hurry  a look for a newer head is due, if the last one is a second ago */
void link_tend(chain_link *l, bool hurry);
#define LINK_TEND_MS 1000u

/** The same without waiting, for who has descriptors of his own to watch. */
void link_turn(chain_link *l);
/** What a light client waits for.
 *  @param[out] fds         room for WICK_LIGHT_DRIVER_SOCKS
 *  @param[in,out] next_ms  made earlier if link_turn() is due before
 *  @return how many descriptors */
size_t link_watch(const chain_link *l, struct pollfd *fds, uint64_t *next_ms);

/** Runs the light client until it is synchronised and has a head of the tier.
 *  @retval WICK_OK  @retval WICK_E_TIMEOUT
 *  @retval WICK_E_QUORUM_SPLIT  before the time-out too, when the nodes have contradicted each other
 *                               several times in a row
 *  @retval others what stood in the way: as wick_light_head(), wick_light_trouble(), or the last
 *                 refusal */
WICK_NODISCARD wick_status link_head(chain_link *l, wick_trusted_header *th, wick_tier tier,
                                     uint32_t timeout_ms);

/** Evidence for a finalised header: asks a beacon node for the newest finality update, and moves the
 *  sync committee's store on to it. Then wick_beacon_head_of() names the execution block.
 *  @param[out] ssz  lives until the link's next request  @param[out] version4  of its fork
 *  @retval WICK_OK  @retval others as wick_beacon_api_poll() and wick_beacon_input() */
WICK_NODISCARD wick_status link_finality(chain_link *l, wick_span *ssz, uint8_t version4[4]);

/** Asks a beacon node for light client updates, a few at a time; none is judged.
 *  @param[in] first, count  periods; then link_update_next() until NOT_FOUND */
WICK_NODISCARD wick_status link_updates(chain_link *l, uint64_t first, uint64_t count);
WICK_NODISCARD wick_status link_update_next(chain_link *l, wick_span *ssz, uint8_t version4[4]);

#endif
