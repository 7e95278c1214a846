/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICKD_LOOKUPS_H
#define WICKD_LOOKUPS_H
/*
 * Look-ups for clients of the socket, through the agent, which holds each record against its marks.
 * Whoever asks for a record that is being read waits for the same answer. Records that were proven
 * are kept: where no newer header can be had, the last one serves for the grace time of its chain,
 * and the answer says so. A proven absence or revocation is an answer, never a reason for that.
 *
 * Table sizes: as many look-ups as there are clients and leaves, LOOKUPS_KEPT records of 0.5 KB.
 */
#include "agent.h"
#include "server.h"

#define LOOKUPS_KEPT 64
/* Whoever may wait: clients of the socket first, then leaves. */
#define LOOKUPS_WAITERS (SERVER_CLIENTS + WICK_LEAVES_MAX)
#define LOOKUPS_LEAF(leaf) (SERVER_CLIENTS + (unsigned)(leaf))
#define LOOKUPS_AT_ONCE 2   /* in the agent, whose places are there for sessions too */
#define LOOKUPS_MS 25000u   /* an answer is given by then */
#define LOOKUPS_RETRY_MS 100u

/** What a look-up came to. */
typedef struct lookup_result {
    const char *name; /* as asked for */
    wick_status status; /* OK, or why there is no usable record */
    wick_gateway_record found; /* its `proven` is AGAIN where nothing was */
    bool grace;         /* from memory: no newer header can be had */
    bool has_age;
    uint64_t age_s;     /* of the header */
    uint64_t now_s;     /* time of day by which validity was judged */
    bool any;           /* endpoints that no attestor has reached are taken too */
} lookup_result;

typedef void lookup_done(void *ctx, unsigned client, uint32_t serial, const lookup_result *result);

typedef struct lookups {
    agent *agent;
    lookup_done *done;
    void *ctx;
    uint64_t asked, answered, from_grace, failed; /* counters */
    uint32_t orders;
    struct {
        bool used, started;
        uint8_t id[32], service[32], registry;
        uint32_t order, serial; /* serial of the client's connection */
        uint64_t give_up_ms;
        char name[256];
    } job[LOOKUPS_WAITERS]; /* that of waiter i is job i */
    struct {
        uint32_t used; /* 0: free */
        wick_gateway_record record;
    } kept[LOOKUPS_KEPT];
    uint32_t uses;
} lookups;

void lookups_init(lookups *l, agent *a, lookup_done *done, void *ctx);

/** Registry of a reference, by its name; none is the home registry. @return false: no such one */
bool lookups_registry(uint8_t *out, const agent *a, wick_span name);

/** Begins for a client. @retval WICK_OK: done() follows  @retval WICK_E_NAME
 *  @retval WICK_E_CONFIG no such registry */
WICK_NODISCARD wick_status lookups_begin(lookups *l, unsigned client, uint32_t serial,
                                         const char *name, uint64_t now_ms);

/** PEER_RESOLVED of the agent. */
void lookups_event(lookups *l, const wick_gateway_event *event, uint64_t now_ms);

/** Starts what waits and ends what took too long. @return when to be called again */
uint64_t lookups_run(lookups *l, uint64_t now_ms);

/** Blocks of a chain above `number` have left it: what was read there is dropped. */
void lookups_reorg(lookups *l, uint64_t chain_id, uint64_t number);

/** The client is gone. */
void lookups_forget(lookups *l, unsigned client);

#endif
