/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PORT_PCP_DRIVER_H
#define WICK_PORT_PCP_DRIVER_H
/*
 * PCP on Linux as a whole: finds the routers of this host, runs one wick_pcp_client for each of its
 * networks (interface, IPv4 and IPv6), and follows addresses and routes as they come and go.
 *
 *     wick_pcp_driver_config cfg = {.clock = &clock, .entropy = &entropy, .net = &net,
 *                                   .linux_net = &linux_net, .store = &store,
 *                                   .store_key = WICK_STORE_KEY(2, 0)};
 *     status = wick_pcp_driver_init(&d, &cfg);
 *     status = wick_pcp_driver_map(&d, &id, &want);
 *     while (wick_pcp_driver_run(&d, &event, until_ms)) {
 *         event.kind, event.status and event.addr as in wick/pcp_client.h, of mapping event.id
 *         at network event.network; or NETWORK_UP and NETWORK_DOWN
 *     }
 *
 * In a loop of one's own: wick_pcp_driver_step() instead, which does not wait, with
 * wick_pcp_driver_watch() and wick_pcp_driver_deadline() for the poll() in between.
 *
 * A mapping that is wanted is asked for at every network whose family suits the addresses in the
 * wish: one without addresses at all of them, so that a host with IPv4 and IPv6 gets a mapping and
 * its pinholes from one call. A network that goes away takes its mappings along: LOST comes for
 * each one that was held, then NETWORK_DOWN. When it comes back, with the same address or another,
 * MAPPED follows again; nonce and port come out of the store.
 *
 * Some routers announce a restart by IPv4 alone, so what one network hears is taken as a hint at
 * the others of the same interface too.
 *
 * One thread at a time. Size: 6.8 KB on 64-bit with the default bounds.
 */
#include "wick/hal/clock.h"
#include "wick/pcp_client.h"
#include "wick/port/linux.h"
#include "wick/port/pcp_link.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WICK_PCP_DRIVER_FDS (2 * WICK_PCP_NETWORKS + 1)

/** Kinds of events besides those of wick_pcp_event. */
enum {
    WICK_PCP_DRIVER_NETWORK_UP = 100, /* addr: the own address */
    WICK_PCP_DRIVER_NETWORK_DOWN,
    WICK_PCP_DRIVER_DONE /* after wick_pcp_driver_release(): every mapping is given back */
};

typedef struct wick_pcp_driver_config {
    const wick_hal_clock *clock;     /* all must outlive the driver */
    const wick_hal_entropy *entropy;
    const wick_hal_net *net;
    wick_linux_net *linux_net;   /* of `net`, for its change descriptor */
    const wick_hal_store *store; /* optional */
    uint16_t store_key;          /* and the WICK_PCP_NETWORKS - 1 keys behind it */
    const char *interface;       /* NULL: all that have a default router */
    const wick_addr *servers;    /* instead of the default routers; in the order in which to try.
                                  * Copied. Each network takes those of its family */
    unsigned server_count;       /* 0..WICK_PCP_SERVERS */
    bool no_ipv4, no_ipv6, no_natpmp;
    uint32_t watch_s; /* as in wick_pcp_client_config */
} wick_pcp_driver_config;

typedef struct wick_pcp_driver_event {
    int kind; /* wick_pcp_event, or one of the above */
    unsigned network; /* WICK_PCP_NETWORKS if it is about none */
    unsigned id; /* of wick_pcp_driver_map(); WICK_PCP_MAPPINGS if it is about no mapping */
    wick_status status;
    wick_addr addr; /* what the client gives in wick_out.to */
} wick_pcp_driver_event;

/** One network and its client. Private. */
typedef struct wick_pcp_driver_line {
    bool used, done;
    wick_pcp_network network;
    wick_pcp_link link;
    wick_pcp_client client;
    uint8_t id[WICK_PCP_MAPPINGS];   /* the client's, for each of ours */
    bool held[WICK_PCP_MAPPINGS];    /* MAPPED or HINT was reported, and no LOST */
    uint64_t deadline_ms;
} wick_pcp_driver_line;

typedef struct wick_pcp_driver { /* private but for the counters */
    wick_pcp_driver_config cfg;
    wick_addr server[WICK_PCP_SERVERS];
    wick_pcp_driver_line line[WICK_PCP_NETWORKS];
    wick_pcp_want want[WICK_PCP_MAPPINGS];
    uint8_t want_used[WICK_PCP_MAPPINGS]; /* 1: wanted, 2: being deleted */
    uint32_t changes;
    bool looked, ending, done;
    struct {
        wick_pcp_driver_event event[2 * WICK_PCP_NETWORKS * (WICK_PCP_MAPPINGS + 1)];
        unsigned head, count;
    } queue;
    uint64_t tx, tx_bytes, rx, rx_bytes; /* datagrams and their bytes, without headers */
} wick_pcp_driver;

/**
 * Takes the configuration and looks for networks; finding none is no error, since they may come.
 * @retval WICK_E_BAD_ARG  something needed is missing  @retval WICK_E_LIMIT  too many servers
 */
WICK_NODISCARD wick_status wick_pcp_driver_init(wick_pcp_driver *d,
                                                const wick_pcp_driver_config *cfg);
/** Closes every socket; mappings stay at the routers until they expire. */
void wick_pcp_driver_close(wick_pcp_driver *d);

/** As wick_pcp_client_map(), at every network that suits. Statuses of that. */
WICK_NODISCARD wick_status wick_pcp_driver_map(wick_pcp_driver *d, unsigned *id,
                                               const wick_pcp_want *want);
/** As wick_pcp_client_adopt(), at the networks that are there now. */
WICK_NODISCARD wick_status wick_pcp_driver_adopt(wick_pcp_driver *d, unsigned *id,
                                                 const wick_pcp_want *want,
                                                 const uint8_t nonce[WICK_PCP_NONCE_BYTES]);
/** As wick_pcp_client_unmap(); DELETED follows for each network. @retval WICK_E_NOT_FOUND */
WICK_NODISCARD wick_status wick_pcp_driver_unmap(wick_pcp_driver *d, unsigned id);
/** Gives everything back; DONE follows. */
void wick_pcp_driver_release(wick_pcp_driver *d);
/** As wick_pcp_client_probe(), at every network. */
void wick_pcp_driver_probe(wick_pcp_driver *d);

/** Does what is due, without waiting. @return true: an event */
bool wick_pcp_driver_step(wick_pcp_driver *d, wick_pcp_driver_event *event);
/** Waits for the next event. @return false: `until_ms` has come */
bool wick_pcp_driver_run(wick_pcp_driver *d, wick_pcp_driver_event *event, uint64_t until_ms);
/** Until when wick_pcp_driver_step() has nothing to do if no descriptor becomes readable. */
uint64_t wick_pcp_driver_deadline(const wick_pcp_driver *d);
/** Fills at most WICK_PCP_DRIVER_FDS entries. @return how many */
size_t wick_pcp_driver_watch(const wick_pcp_driver *d, struct pollfd *out);

/** The n-th network, NULL if there is none of that number. */
const wick_pcp_network *wick_pcp_driver_network(const wick_pcp_driver *d, unsigned network);
/** Its client, for what else it can tell: wick_pcp_client_is_natpmp(), wick_pcp_client_server().
 *  NULL as above. */
const wick_pcp_client *wick_pcp_driver_client(const wick_pcp_driver *d, unsigned network);
/** External address and port of a mapping at a network while it is held, else NULL. */
const wick_addr *wick_pcp_driver_external(const wick_pcp_driver *d, unsigned network, unsigned id);
/** Nonce of a mapping at a network, NULL if it is not wanted there. */
const uint8_t *wick_pcp_driver_nonce(const wick_pcp_driver *d, unsigned network, unsigned id);
/** Seconds granted for it; 0 if it is not held. */
uint32_t wick_pcp_driver_lifetime_s(const wick_pcp_driver *d, unsigned network, unsigned id);

#ifdef __cplusplus
}
#endif
#endif
