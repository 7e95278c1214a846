/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PORT_STUB_NODE_H
#define WICK_PORT_STUB_NODE_H
/*
 * Inhabitants of the stub world: relays, a wallet manager, and gateways, each an actor. A
 * wick_stub_node is the driver of one wick_gateway: it moves its datagrams through the world,
 * answers its requests from a wick_stub_chain and a wick_stub_wallet after their latency, and keeps
 * the newest event of each kind for whoever looks.
 *
 *   wick_stub_node_init(&a, &world, host, &chain, &wallet, "gw-a");
 *   wick_stub_node_begin(&a, WICK_GW_GOAL_SERVE);
 *   wick_stub_run(&world, 60000, &a.ready);
 */
#include "wick/gateway.h"
#include "wick/port/crypto.h"
#include "wick/port/stub.h"
#include "wick/port/stub_attestor.h"
#include "wick/port/stub_chain.h"
#include "wick/port/stub_turn.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WICK_STUB_STREAM_PORT 5349 /* of relays, for streams */

/** A TURN server on a public host. */
typedef struct wick_stub_relay {
    wick_stub_turn turn;
    int host, sock, actor;
    bool down;
} wick_stub_relay;

/** `secret`: time-limited users as wick_stub_wallet gives them. */
void wick_stub_relay_init(wick_stub_relay *r, wick_stub_world *w, const wick_hal_crypto *crypto,
                          wick_addr listen, const char *secret);

typedef enum wick_stub_wallet_fault {
    WICK_STUB_WALLET_OK = 0,
    WICK_STUB_WALLET_WRONG_SIGNER,  /* vouchers signed with another key */
    WICK_STUB_WALLET_OLD_EPOCH,     /* for an epoch that is over */
    WICK_STUB_WALLET_EXPIRED,       /* with a deadline that has passed */
    WICK_STUB_WALLET_OTHER_MANAGER, /* of another manager epoch */
    WICK_STUB_WALLET_NO_MONEY,      /* says that it funded, and did not */
    WICK_STUB_WALLET_REFUSES,       /* refuses everything */
    WICK_STUB_WALLET_SILENT,        /* never answers */
    WICK_STUB_WALLET_GIVES_NONE,    /* refuses to fund */
    WICK_STUB_WALLET_NO_SPONSOR,    /* refuses to send for others */
    WICK_STUB_WALLET_FORGETS        /* says that it sent, and did not */
} wick_stub_wallet_fault;

typedef struct wick_stub_wallet {
    wick_stub_chain *chain;
    wick_crypto_ctx *crypto_ctx;
    uint8_t secret[32], address[20];
    const char *relay_secret;
    uint32_t relay_life_s, latency_ms;
    uint64_t fund_gwei;
    wick_stub_wallet_fault fault;
    unsigned vouchers, funded, credentials, sponsored;
} wick_stub_wallet;

/** Makes the manager's key; its address goes into wick_stub_chain_init(). */
wick_status wick_stub_wallet_init(wick_stub_wallet *m, wick_crypto_ctx *ctx,
                                  const wick_hal_crypto *crypto, const char *relay_secret);

/** What a node of the chain does with the requests of a light client. */
typedef enum wick_stub_source {
    WICK_STUB_SOURCE_HONEST = 0,
    WICK_STUB_SOURCE_FORGED, /* headers with another state root */
    WICK_STUB_SOURCE_BEHIND, /* ten blocks behind, and knows nothing newer */
    WICK_STUB_SOURCE_AHEAD,  /* says that its newest block has a number far away */
    WICK_STUB_SOURCE_UNKNOWN, /* knows no block */
    WICK_STUB_SOURCE_OTHER,  /* gives the block before the one asked for */
    WICK_STUB_SOURCE_SHALLOW, /* asked for a hash, gives a block two above it */
    WICK_STUB_SOURCE_NO_HASH, /* knows no block by its hash */
    WICK_STUB_SOURCE_GARBAGE, /* bytes that are no header */
    WICK_STUB_SOURCE_SILENT
} wick_stub_source;

#define WICK_STUB_NODE_PENDING 8
#define WICK_STUB_EVENT_KINDS (WICK_GW_EV_ATTESTED + 1)

struct wick_stub_node;
typedef void (*wick_stub_event_fn)(void *ctx, struct wick_stub_node *n,
                                   const wick_gateway_event *e);
typedef void (*wick_stub_data_fn)(void *ctx, struct wick_stub_node *n, uint8_t session,
                                  wick_span bytes);

/* What a node gives where it is asked for a key that a record holds the hash of. */
typedef enum wick_stub_key_fault {
    WICK_STUB_KEY_TRUE = 0,
    WICK_STUB_KEY_SILENT,
    WICK_STUB_KEY_UNKNOWN,   /* it has no such log */
    WICK_STUB_KEY_OTHER,     /* another key */
    WICK_STUB_KEY_OTHER_ONCE /* each second time */
} wick_stub_key_fault;

typedef struct wick_stub_node {
    wick_gateway gw;
    wick_gateway_config cfg;
    wick_gateway_registry registry;
    wick_stub_world *w;
    wick_stub_chain *chain;
    wick_stub_wallet *wallet;
    int host, actor;
    int sock[WICK_GW_SOCKETS]; /* -1: not open */
    int news;                  /* port 5350, where routers announce themselves; -1: not open */
    struct {
        int sock; /* -1: none */
        wick_addr to;
        bool ended; /* the agent is about to be told */
    } stream[WICK_GW_TURNS];
    unsigned streams;  /* opened so far */
    bool no_udp;       /* the network of this node drops every datagram */
    unsigned refused;  /* streams that are refused, 1 << wick_gateway_over */
    bool interfaces; /* set before begin: the agent is told its interfaces, and looks for more than
                      * relays */
    wick_stub_key_fault key_fault;
#if WICK_WITH_ATTEST
    wick_stub_attestors *attestors; /* whom it asks; NULL: nobody */
#endif
    uint32_t changes;
    unsigned opened; /* open sockets asked for */
    wick_crypto_ctx crypto_ctx;
    wick_ram_keystore ram;
    wick_hal_crypto crypto;
    wick_hal_entropy entropy;
    wick_hal_keystore keystore;
    wick_hal_clock clock;
    wick_hal_store store;
    wick_stub_store store_mem;
    struct {
        wick_gateway_request q; /* id 0: free */
        uint64_t due_ms;
    } pending[WICK_STUB_NODE_PENDING];
    /* the light client, if there is one */
    bool has_light;
    wick_light light;
    wick_light_config light_cfg;
    wick_bft bft;
    wick_light_clique clique;
    wick_quorum quorum;
    uint8_t light_work[WICK_LIGHT_WORK_BYTES];
    wick_stub_source source[WICK_QUORUM_SOURCES_MAX];
    struct {
        wick_light_request q; /* id 0: free */
        uint64_t due_ms;
    } light_pending[WICK_QUORUM_SOURCES_MAX];
    unsigned light_seen[WICK_LIGHT_EV_STORE + 1], light_requests;
    wick_light_event light_last[WICK_LIGHT_EV_STORE + 1];
    wick_stub_event_fn on_event; /* may be NULL */
    wick_stub_data_fn on_data;
    void *ctx;
    /* what happened */
    bool ready, done;
    unsigned seen[WICK_STUB_EVENT_KINDS];
    wick_gateway_event last[WICK_STUB_EVENT_KINDS];
    unsigned requests[WICK_GW_REQ_ATTEST + 1];
    uint64_t bytes_out, bytes_in;
} wick_stub_node;

/** Keys are drawn, the configuration is filled in (cfg may be changed before begin). */
wick_status wick_stub_node_init(wick_stub_node *n, wick_stub_world *w, int host,
                                wick_stub_chain *chain, wick_stub_wallet *wallet,
                                const char *name);
/** Gives the node a light client of the chain as it is sealed now, pinned at chain->genesis.
 *  n->light_cfg may be changed before begin. */
void wick_stub_node_light(wick_stub_node *n, wick_light_rule rule);
/** Initialises the agent from n->cfg and starts it. Also after a restart of the device. */
wick_status wick_stub_node_begin(wick_stub_node *n, unsigned goals);
/** Takes the node out of the world without a word, as a power cut does. */
void wick_stub_node_kill(wick_stub_node *n);
wick_status wick_stub_node_connect(wick_stub_node *n, uint8_t *session, const char *ref);
wick_status wick_stub_node_lookup(wick_stub_node *n, const char *ref);
wick_status wick_stub_node_send(wick_stub_node *n, uint8_t session, wick_span bytes);
/** Ends all streams. */
void wick_stub_node_cut(wick_stub_node *n);
void wick_stub_node_wake(wick_stub_node *n);

#ifdef __cplusplus
}
#endif
#endif
