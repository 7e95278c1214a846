/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PORT_RPC_POOL_H
#define WICK_PORT_RPC_POOL_H
/*
 * Several nodes of one chain behind one JSON-RPC client. A request goes to the endpoint that serves
 * best (wick/port/health.h); where that one fails, the same request goes to the next, so the caller
 * sees a failure only when all have failed. Each endpoint is asked for its chain id before it is
 * asked anything else, and again after each failure; one of another chain is left alone and the
 * others serve on. For a quorum of nodes a request names its endpoint.
 *
 *     static wick_rpc_pool pool;
 *     wick_rpc_endpoint e[] = {{"https://a.example/rpc", 1, 5000, &trust_a},
 *                              {"http://10.0.0.7:8545", 2, 5000, NULL}};
 *     wick_rpc_pool_config cfg = {&net, &entropy, 1, e, 2, 15000};
 *     s = wick_rpc_pool_init(&pool, &cfg);
 *
 *     wick_rpc *rpc = wick_rpc_pool_rpc(&pool);
 *     s = wick_rpc_block_by_hash(rpc, now, hash);       any request function, or a batch: only built
 *     s = wick_rpc_pool_start(&pool, now, WICK_RPC_ANY);
 *     while ((s = wick_rpc_pool_poll(&pool, now)) == WICK_AGAIN) { wait for wick_rpc_pool_sock() }
 *     s = wick_rpc_result_block(&block, &header, rpc);
 *     if (the answer proves untrue) { s = wick_rpc_pool_again(&pool, now, why); then poll again }
 *
 * Where every endpoint is in a pause, the request waits for the first one to come out of it, if that
 * is soon (WICK_RPC_POOL_PATIENCE_MS), and fails at once otherwise. One that names its endpoint does
 * not wait.
 *
 * One request at a time. Parts that share a pool take turns: wick_rpc_pool_take() and _release().
 * Requests that must not wait for each other, as those of a quorum, need a twin each: another client
 * over the same endpoints, with what is known of them in common.
 *
 *     static wick_rpc_pool twins[2];
 *     wick_rpc_pool_twin(&pool, twins, 2);
 *
 * Nothing that comes out is trusted; the pool knows that an answer is untrue only when told so.
 *
 * Sizes (64-bit): wick_rpc_pool is a wick_rpc (0.7 MB) and 600 B for each endpoint. A twin is as large;
 * of both only as much memory is touched as the answers need.
 */
#include "wick/port/health.h"
#include "wick/port/rpc.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Endpoints of a pool. Range 1..32. */
#ifndef WICK_RPC_POOL_MAX
#define WICK_RPC_POOL_MAX 8
#endif

/* How long a request waits for an endpoint that is in a pause. */
#ifndef WICK_RPC_POOL_PATIENCE_MS
#define WICK_RPC_POOL_PATIENCE_MS 5000u
#endif

/** As `source` of a request: whichever serves best. */
#define WICK_RPC_ANY 255u

typedef struct wick_rpc_endpoint {
    const char *url;       /* http or https */
    uint32_t operator_id;  /* who runs it; a quorum counts operators */
    uint32_t timeout_ms;   /* 0: 5000 */
    const wick_https_trust *trust; /* https; kept. NULL: https is refused */
} wick_rpc_endpoint;

/** All pointers are kept but for the endpoints and their URLs, which are copied. */
typedef struct wick_rpc_pool_config {
    const wick_hal_net *net;
    const wick_hal_entropy *entropy; /* for jitter; may be NULL */
    uint64_t chain_id;
    const wick_rpc_endpoint *endpoints;
    size_t count;
    uint32_t budget_ms; /* no further endpoint is tried after that; 0: 15000 */
} wick_rpc_pool_config;

/** An endpoint and how it does. Read only. */
typedef struct wick_rpc_source {
    wick_http_url url;
    uint32_t operator_id;
    uint32_t timeout_ms;
    const wick_https_trust *trust;
    bool checked; /* it has named the right chain since its last failure */
    /* What it was found not to take, by who asked; forgotten with `checked`. */
    bool no_batch, by_number; /* batches; proofs at a block hash */
    uint8_t batch;            /* most requests in one, 0: not known */
    wick_health health;
} wick_rpc_source;

typedef struct wick_rpc_pool wick_rpc_pool;

struct wick_rpc_pool { /* private but for `source` and the counters */
    const wick_hal_net *net;
    const wick_hal_entropy *entropy;
    uint64_t chain_id;
    uint32_t budget_ms;
    uint8_t count;
    uint8_t state;
    uint8_t at;         /* endpoint of the request under way, or of the last answer */
    bool one;           /* the request goes to that one only */
    bool taken;         /* the last answer was good, and nobody has said that it is of no use */
    uint32_t tried;     /* endpoints, one bit each */
    uint64_t begun_ms, sent_ms, wake_ms;
    const void *holder;
    wick_rpc_pool *main;  /* of a twin: the pool with the endpoints; else NULL */
    wick_rpc_pool *twin;  /* its twins, or NULL */
    uint8_t twins;
    uint64_t calls, tx_bytes, rx_bytes; /* read only: HTTP bodies so far, chain ids included */
    wick_rpc_source source[WICK_RPC_POOL_MAX];
    uint8_t probe[512]; /* answer to eth_chainId */
    wick_rpc rpc;
};

/** @retval WICK_OK
 *  @retval WICK_E_CONFIG no endpoint, or more than WICK_RPC_POOL_MAX
 *  @retval WICK_E_MALFORMED, WICK_E_UNSUPPORTED a URL, as wick_http_url_parse()
 *  @retval WICK_E_TRUST_ANCHOR an https endpoint without CA file and pinned key */
WICK_NODISCARD wick_status wick_rpc_pool_init(wick_rpc_pool *p, const wick_rpc_pool_config *cfg);

/** Gives a pool its twins; they live as long as it. Not while a request is under way.
 *  @param[in] count  at most WICK_RPC_POOL_MAX */
void wick_rpc_pool_twin(wick_rpc_pool *p, wick_rpc_pool *twins, size_t count);

/** The client in which requests are built and results are read. */
wick_rpc *wick_rpc_pool_rpc(wick_rpc_pool *p);

/** Sends what was built.
 *  @param[in] source  index of an endpoint, or WICK_RPC_ANY
 *  @retval WICK_OK  under way, poll
 *  @retval WICK_E_BAD_ARG   no such endpoint
 *  @retval WICK_E_NO_SPACE  the request was too large
 *  @retval others           no endpoint is to be asked now: status of the one that will be ready first */
WICK_NODISCARD wick_status wick_rpc_pool_start(wick_rpc_pool *p, uint64_t now_ms, unsigned source);

/** Goes on. Statuses as wick_rpc_poll(), of the endpoint that was tried last, and
 *  @retval WICK_E_CHAIN_MISMATCH  every endpoint left is of another chain
 *  @retval WICK_E_STATE           nothing is under way */
WICK_NODISCARD wick_status wick_rpc_pool_poll(wick_rpc_pool *p, uint64_t now_ms);

/** Blocks until the request has ended. `net` is the one behind the HAL table. */
WICK_NODISCARD wick_status wick_rpc_pool_wait(wick_rpc_pool *p, const wick_linux_net *net);

/** The last answer was untrue or of no use, for the reason `why`: its endpoint is treated accordingly
 *  and the same request goes to another one.
 *  @retval WICK_OK under way  @retval others nobody else is to be asked: `why` */
WICK_NODISCARD wick_status wick_rpc_pool_again(wick_rpc_pool *p, uint64_t now_ms, wick_status why);

/** As wick_rpc_pool_again(), without asking anybody. */
void wick_rpc_pool_blame(wick_rpc_pool *p, uint64_t now_ms, wick_status why);

wick_sock wick_rpc_pool_sock(const wick_rpc_pool *p);
bool wick_rpc_pool_wants_write(const wick_rpc_pool *p);
uint64_t wick_rpc_pool_deadline(const wick_rpc_pool *p);
void wick_rpc_pool_cancel(wick_rpc_pool *p);

/** When the first endpoint may be asked again; `now_ms` if one may be now. */
uint64_t wick_rpc_pool_ready_at(const wick_rpc_pool *p, uint64_t now_ms);

/** The endpoint that a request to WICK_RPC_ANY would go to first, so that it can be one that this endpoint
 *  takes; it may go on to others. */
unsigned wick_rpc_pool_next(const wick_rpc_pool *p, uint64_t now_ms);

/** An endpoint by its index, of the pool or of the one that this is a twin of. */
wick_rpc_source *wick_rpc_pool_endpoint(wick_rpc_pool *p, unsigned source);

/** Index of the endpoint that answered last. */
unsigned wick_rpc_pool_source(const wick_rpc_pool *p);

/** Takes the pool for `holder`, if nobody else holds it. */
bool wick_rpc_pool_take(wick_rpc_pool *p, const void *holder);
void wick_rpc_pool_release(wick_rpc_pool *p, const void *holder);

#ifdef __cplusplus
}
#endif
#endif
