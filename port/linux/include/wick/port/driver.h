/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PORT_DRIVER_H
#define WICK_PORT_DRIVER_H
/*
 * Event loop that runs one gateway agent (wick/gateway.h) on real sockets: UDP for STUN, TURN and
 * handshakes, TCP and TLS to relays where the agent wants them, JSON-RPC to nodes of one or several chains, their light clients, TLS-PSK to the wallet manager, and a DTLS session for
 * each session of the agent. One thread, poll(), nothing blocks.
 *
 *     static wick_driver d;
 *     wick_driver_config cfg = {.gateway = &gw, .net = &hn, .linux_net = &net, .clock = &clock,
 *                               .entropy = &entropy, .rpc_url = url, .chain_id = 31337, ...};
 *     s = wick_driver_init(&d, &cfg);
 *     s = wick_gateway_start(&gw, now, WICK_GW_GOAL_SERVE);
 *     for (;;) {
 *         wick_driver_run(&d, &ev, until_ms);
 *         switch (ev.kind) {
 *         case WICK_DRIVER_GATEWAY: ev.gateway is an event of the agent
 *         case WICK_DRIVER_OPEN:    the DTLS session ev.session is up: wick_driver_send() works
 *         case WICK_DRIVER_DATA:    ev.bytes came, decrypted
 *         case WICK_DRIVER_CLOSED:  ev.session has ended with ev.status
 *         case WICK_DRIVER_REFUSED: a leaf with a ticket at ev.from was turned away for ev.status
 *         case WICK_DRIVER_IDLE:    until_ms has come
 *         case WICK_DRIVER_DONE:    the agent has stopped
 *         }
 *     }
 *
 *         case WICK_DRIVER_LIGHT:   ev.light is an event of the light client of chain ev.chain
 *
 * The functions of wick_gateway may be called between two runs. Each chain has a pool of endpoints
 * (wick/port/rpc_pool.h): its requests go out one after another, beside those of other chains. A chain
 * with a light client names it here as well as in the agent's registry; the driver runs it
 * (wick/port/light_driver.h). A proof that fails is held against the endpoint it came from.
 *
 * Attestors are asked where the agent wants it. A service on TCP is reached by the HTTPS challenge: while
 * they look the driver answers at the service's port, and then closes it for the application, which opens it
 * at the event SERVICE. Where something listens there already nobody is asked, and the service is published
 * without their word.
 *
 * Sessions of wick_get_psk() have no DTLS here: their keys are the application's.
 *
 * The wallet manager speaks one JSON object per line, at most WICK_DRIVER_LINE_MAX bytes, and
 * begins with {"challenge": 32 bytes}; operations are "voucher", "fund" and "relay".
 *
 * Sizes: wick_driver 0.7 MB, nearly all of it for the largest reply of a node; other chains bring
 * their own pools.
 */
#include "wick/gateway.h"
#include "wick/coap_client.h"
#include "wick/port/dtls.h"
#include "wick/port/light_driver.h"
#include "wick/port/linux.h"
#include "wick/port/pcp_link.h"
#include "wick/port/responder.h"
#include "wick/port/rpc_pool.h"
#include "wick/port/tls.h"
#include "wick/port/turn_link.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Longest line of the wallet protocol. */
#define WICK_DRIVER_LINE_MAX 4096
/* Time for one operation of the wallet manager. */
#define WICK_DRIVER_WALLET_MS 15000u
/* Requests of the agent that wait or are under way: its reads, one of its own record, one for credentials
 * of a relay, keys of which records hold the hash; and a few that the agent has given up meanwhile. What
 * comes beyond them is answered with WICK_E_BUSY, and asked again. */
#if WICK_WITH_NSL_RSA
#define WICK_DRIVER_JOBS (WICK_GW_READS_MAX + 2 + WICK_GW_KEY_FETCHES + 4)
#else
#define WICK_DRIVER_JOBS (WICK_GW_READS_MAX + 2 + 4)
#endif

/* DTLS contexts for leaves with tickets: sessions, and handshakes that may become some. 6 KB each, and
 * 24 KB of the pool while in use. */
#ifndef WICK_DRIVER_GUESTS
#define WICK_DRIVER_GUESTS (WICK_GW_SESSIONS_MAX + 2)
#endif

/* Attestors have so long for their answers, milliseconds; below WICK_GW_REQUEST_MS. */
#ifndef WICK_DRIVER_ATTEST_MS
#define WICK_DRIVER_ATTEST_MS 15000
#endif

/* Chains that a driver serves. Range 1..8. 2.5 KB each. */
#ifndef WICK_DRIVER_CHAINS
#define WICK_DRIVER_CHAINS 4
#endif

/** How one chain is reached. */
typedef struct wick_driver_chain {
    wick_rpc_pool *pool;     /* initialised; its chain id names the chain */
    wick_light *light;       /* started by the caller; NULL: none */
    wick_beacon_api *beacon; /* of a sync committee; else NULL */
} wick_driver_chain;

/** All pointers are kept and must outlive the driver. */
typedef struct wick_driver_config {
    wick_gateway *gateway;
    const wick_hal_clock *clock;
    const wick_hal_entropy *entropy;
    const wick_hal_net *net;
    wick_linux_net *linux_net; /* behind `net` */

    const wick_driver_chain *chains; /* NULL: one chain with one node, as the next three say */
    size_t chain_count;
    const char *rpc_url;
    uint64_t chain_id; /* of the node at rpc_url */
    uint32_t rpc_timeout_ms;
    const wick_https_trust *rpc_trust; /* where rpc_url is https */

    wick_addr wallet; /* port 0: there is no wallet manager */
    wick_span wallet_identity, wallet_psk;
    const char *wallet_token; /* NULL: none */
    const wick_https_trust *relay_trust; /* of relays over TLS; NULL: there is none to be had */
    const char *relay_host; /* name in their certificates; NULL: their address */
#if WICK_WITH_ATTEST
    const wick_addr *attestors; /* in the order of the agent's list: port 0 of one that is not asked */
    size_t attestor_count;
    /* Both or neither: the key of the device's services and memory to answer the HTTPS challenge with, as
     * the agent's attest_services wants it. The port is open until attestors have looked, at most
     * WICK_DRIVER_ATTEST_MS, then closed: it is the application's. */
    wick_tls_identity *service_key;
    wick_responder *responder;
#endif
    bool interfaces; /* the agent is told of them, so that it looks for more ways in than relays */
    bool keys_only;  /* no DTLS over sessions: applications use their keys elsewhere */
    bool keep_keys;  /* a session whose peer begins no DTLS within WICK_DTLS_SERVER_WAIT_MS goes on, for
                      * the sake of its keys (wick/peer_keys.h); else it is closed */
} wick_driver_config;

/** What went over the wire so far. UDP is counted without IP headers, RPC without HTTP headers. */
typedef struct wick_driver_stats {
    uint64_t udp_tx_bytes, udp_rx_bytes, udp_tx, udp_rx;
    uint64_t rpc_tx_bytes, rpc_rx_bytes, rpc_calls;
    uint64_t wallet_tx_bytes, wallet_rx_bytes, wallet_calls;
    uint64_t stream_bytes; /* to and from relays over TCP and TLS, without what these add */
} wick_driver_stats;

typedef enum wick_driver_event_kind {
    WICK_DRIVER_IDLE = 0,
    WICK_DRIVER_GATEWAY,
    WICK_DRIVER_OPEN,
    WICK_DRIVER_DATA,
    WICK_DRIVER_CLOSED,
    WICK_DRIVER_DONE,
    WICK_DRIVER_LIGHT,
    WICK_DRIVER_REFUSED /* status AGAIN: its issuer is being read, the leaf may try again; else that of
                         * the ticket, or of (D)TLS where it has not the key of the ticket */
} wick_driver_event_kind;

typedef struct wick_driver_event {
    wick_driver_event_kind kind;
    uint8_t session;
    wick_status status;
    const uint8_t *peer; /* 32-byte id of the session's peer, of a guest its issuer's
                          * (wick_gateway_guest()); lives until the next run */
    wick_span bytes;     /* lives until the next run */
    wick_addr from;      /* REFUSED: it has shown that it is there */
    wick_gateway_event gateway;
    uint8_t chain; /* LIGHT: index in the configuration */
    wick_light_event light;
} wick_driver_event;

/** Private: one session and its DTLS. */
typedef struct wick_driver_session {
    bool used, initiator;
    bool opened; /* DTLS was up */
    uint8_t peer[32];
    wick_session_psk psk;
    uint8_t address[18];
    uint8_t cid[WICK_DIRECT_CID_BYTES];
    wick_dtls_entry entry;
    wick_dtls dtls;
    uint64_t deadline_ms;
} wick_driver_session;

#if WICK_WITH_TICKETS
/** Private: a leaf that came with a ticket, or is about to. */
typedef struct wick_driver_guest {
    uint8_t state, via, session;
    wick_addr addr;
    uint8_t address[18];
    uint64_t since_ms, deadline_ms;
    wick_session_psk psk;
    wick_ticket_peer peer;
    wick_status refused; /* why it will be turned away, OK: nothing speaks against it yet */
    struct wick_driver *driver;
    wick_dtls dtls;
} wick_driver_guest;
#endif

/** Private: a request of the agent. */
typedef struct wick_driver_job {
    wick_gateway_request request; /* id 0: free */
    uint32_t order;
    uint8_t step; /* 0: waits */
} wick_driver_job;

/** Private: one chain. */
typedef struct wick_driver_line {
    wick_rpc_pool *pool;
    bool has_light;
    bool at_hash;   /* the proof under way was asked for by block hash */
    uint8_t source; /* of the block, where the proof comes second */
    uint32_t offered; /* endpoints that have been given the transaction, one bit each */
    uint64_t key_block; /* whose log holds the key that is asked for */
    wick_light_driver light;
    wick_driver_job *job; /* under way, or NULL */
    wick_eth_block block;
    size_t header_len;
    uint8_t header[WICK_HEADER_MAX];
} wick_driver_line;

/** Private: the connection to the wallet manager. */
typedef struct wick_driver_wallet {
    wick_driver_job *job; /* NULL: idle */
    wick_sock sock;
    wick_tls tls;
    wick_dtls_entry entry;
    uint64_t deadline_ms;
    uint8_t state;
    size_t line_len, sent;
    char line[WICK_DRIVER_LINE_MAX];
    uint64_t arena[4 * WICK_DRIVER_LINE_MAX / 8];
} wick_driver_wallet;

#if WICK_WITH_ATTEST
/** Private: questions to attestors. */
typedef struct wick_driver_attest {
    wick_driver_job *job; /* NULL: idle */
    wick_sock sock;
    uint64_t deadline_ms, next_ms;
    wick_status last; /* why the last of them did not attest */
    struct {
        bool done;
        bool second; /* it has told N1, and is asked to look now */
        uint64_t again_ms; /* 0, or when it is asked again: it has said "later" */
        wick_coap_client coap;
    } peer[WICK_GW_ATTESTORS_MAX];
    bool answering; /* cfg.responder is open */
    uint8_t mapping[32], n2[32];
    uint8_t question[2][WICK_ATTEST_ASK_BYTES];
} wick_driver_attest;
#endif

/** Private: the link to the router that is asked for a mapping. */
typedef struct wick_driver_router {
    bool open, readable;
    wick_addr at;
    wick_pcp_link link;
    wick_pcp_network list[WICK_PCP_NETWORKS];
} wick_driver_router;

typedef struct wick_driver {
    wick_driver_config cfg;
    wick_driver_stats stats;
    wick_sock sock[WICK_GW_SOCKETS]; /* -1: not open */
    wick_driver_session session[WICK_GW_SESSIONS_MAX];
#if WICK_WITH_TICKETS
    wick_driver_guest guest[WICK_DRIVER_GUESTS];
#endif
    wick_driver_job job[WICK_DRIVER_JOBS];
    uint32_t orders;
    uint64_t gateway_deadline_ms;
    wick_responder *challenge; /* the caller's, or NULL */
    uint32_t challenged;       /* of its answers, told so far */
    int watched_fd; /* the caller's, or -1 */
    bool watched;   /* it has become readable */
    bool done;
    bool readable[WICK_GW_SOCKETS];
    bool looked;      /* at the interfaces, when they were as they are at */
    uint32_t changes; /* this number of changes */
    wick_driver_router router;
    wick_turn_link relay[WICK_GW_TURNS]; /* streams */
    bool relay_readable[WICK_GW_TURNS];
    uint8_t next_sock, burst; /* read from next; datagrams since poll() */
    uint8_t next_relay;
    bool streams_first; /* before datagrams, in the next round */
    uint8_t lines;
    wick_driver_line line[WICK_DRIVER_CHAINS];
    uint8_t datagram[2048];
    uint8_t plain[WICK_DTLS_DATAGRAM_MAX];
    uint8_t node[WICK_MPT_NODE_MAX];
    uint8_t closed_peer[32];
    char wallet_text[256], rpc_text[256];
    wick_driver_wallet wallet;
#if WICK_WITH_ATTEST
    wick_driver_attest attest;
#endif
    wick_rpc_pool pool; /* of cfg.rpc_url */
} wick_driver;

/**
 * Opens nothing yet; sockets are opened when they are first needed.
 * @retval WICK_E_BAD_ARG  a pointer is missing, or more chains than WICK_DRIVER_CHAINS
 * @retval others          as wick_rpc_pool_init()
 */
WICK_NODISCARD wick_status wick_driver_init(wick_driver *d, const wick_driver_config *cfg);

/** Lets the caller wait for something of its own: from now on a run ends with IDLE as soon as `fd`
 *  is readable (an epoll descriptor stands for many). -1: no more. The descriptor is the caller's. */
void wick_driver_watch(wick_driver *d, int fd);

/** From now on the driver also runs this responder (wick/port/responder.h), which the caller has opened
 *  and armed for an endpoint that is to be validated; a run ends with IDLE when the answer was fetched:
 *  look at its `served`. NULL: no more; then hand its socket over, or close it. */
void wick_driver_challenge(wick_driver *d, wick_responder *responder);

/** Runs until there is something to tell, at most until `until_ms` of the clock. */
void wick_driver_run(wick_driver *d, wick_driver_event *event, uint64_t until_ms);

/**
 * Sends application bytes in one DTLS record.
 * @retval WICK_E_STATE no such session, or it is not up  @retval WICK_E_NO_SPACE longer than
 * WICK_DTLS_WRITE_MAX  @retval WICK_AGAIN the one before is not out: run first
 */
WICK_NODISCARD wick_status wick_driver_send(wick_driver *d, uint8_t session, wick_span bytes);

/** Ends a session with close_notify; CLOSED follows. */
void wick_driver_close(wick_driver *d, uint8_t session);

/** DTLS cipher suite of a session that is up, else "". */
const char *wick_driver_suite(const wick_driver *d, uint8_t session);

/** What fetches for the light client of a chain (index in the configuration); NULL: it has none. */
const wick_light_driver *wick_driver_light(const wick_driver *d, size_t chain);

/** What the wallet manager or the node said when it last refused; printable, "" if it did not. */
const char *wick_driver_wallet_text(const wick_driver *d);
const char *wick_driver_rpc_text(const wick_driver *d);

/** Closes all sockets and wipes all keys. The agent is the caller's to wipe. */
void wick_driver_free(wick_driver *d);

#ifdef __cplusplus
}
#endif
#endif
