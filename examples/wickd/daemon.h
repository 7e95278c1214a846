/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICKD_DAEMON_H
#define WICKD_DAEMON_H
/*
 * What the files of wickd share. One thread: the driver waits for the network, the server's
 * descriptor wakes it, and everything else is done in between.
 *
 *   main.c     options, signals, the loop             request.c  one line of the socket
 *   server.c   clients and their lines                ops.c      what each operation answers
 *   lookups.c  who waits for which record             events.c   what happened, to log and clients
 *   keys.c     keys and PSKs for applications        services.c services of applications
 *   status.c   the answer of "status"                 metrics.c  the same as figures
 *   light.c    chains, their heads and nodes          leaves.c   devices behind this gateway
 *   carry.c    their payload, to and from other gateways
 *   bundles.c  proof bundles for them, and         firmware.c releases and blocks, made by
 *   helper.c   another process
 *   talks.c    sessions of local applications
 */
#include "agent.h"
#include "carry.h"
#include "leaves.h"
#include "lookups.h"
#include "request.h"
#include "server.h"

#define WICKD_GW_EVENTS (WICK_GW_EV_ATTESTED + 1)

/** A session with a peer. */
typedef struct wickd_session {
    bool used, open; /* open: DTLS is up */
    bool initiator;
    uint8_t peer[32];
    char leaf[WICK_TICKET_SUB_BYTES + 1]; /* of a guest, whose issuer is `peer`; else empty */
    wick_addr addr;
    uint64_t since_ms;
    uint64_t rx_bytes, rx_messages;
} wickd_session;

/** A client that waits for a session. */
typedef struct wickd_call {
    bool waiting, existing, cached;
    uint8_t session, registry, id[32];
    wick_tier tier;
    uint32_t serial;
    uint64_t give_up_ms, block;
    uint64_t us[3]; /* asked, looked up, agreed on a key */
    uint64_t rpc, rpc_calls, udp; /* counters when it asked */
} wickd_call;

/** Whose a session is. */
typedef struct wickd_talk {
    bool owned, mine; /* mine: begun for that client */
    uint8_t client;
    uint32_t serial;
} wickd_talk;

typedef struct wickd_talks {
    bool listening;
    uint8_t listener;
    uint32_t listener_serial;
    wickd_call call[SERVER_CLIENTS];
    wickd_talk session[WICK_GW_SESSIONS_MAX];
} wickd_talks;

typedef struct wickd {
    cli cli;
    agent agent;
    server server;
    lookups lookups;
    leaves leaves;
    carry carry;
    wickd_talks talks;
    int signal_fd;
    bool stop, reload;
    bool stopped_by_key; /* to be started again */
    uint64_t started_ms;

    /* the last event of each kind, and how many there were */
    wick_gateway_event last[WICKD_GW_EVENTS];
    uint64_t last_ms[WICKD_GW_EVENTS];
    uint64_t seen[WICKD_GW_EVENTS];
    uint64_t failures[WICKD_GW_EVENTS];
    bool ready, path, published, registered;
    uint64_t retry_ms; /* when something that failed for good is tried again; 0: nothing did */
    wickd_session session[WICK_GW_SESSIONS_MAX];
    uint64_t reloads;
    uint64_t light_events[CONF_CHAINS_MAX][WICK_LIGHT_EV_STORE + 1];

    wickd_request asked[SERVER_CLIENTS]; /* what is owed an answer */
    struct {
        bool waiting, had; /* had: the session was there before */
        uint8_t session, registry, peer[32]; /* whose key it asked for */
        uint32_t serial;
        uint64_t give_up_ms;
    } psk[SERVER_CLIENTS]; /* get_psk that waits for its handshake */
    char line[SERVER_REPLY_MAX];
} wickd;

/* ops.c */
/** Hands a line of a client to its operation. */
void ops_on_line(void *ctx, unsigned client, wick_span line);
void ops_lookup_done(void *ctx, unsigned client, uint32_t serial, const lookup_result *result);

/** An answer is written between these two; one that does not fit becomes an error. */
bool ops_begin(wickd *d, out_rec *o, unsigned client, bool ok);
void ops_end(wickd *d, out_rec *o, unsigned client);

void ops_refuse(wickd *d, unsigned client, wick_status status, const char *error);

/* keys.c */
void keys_get(wickd *d, unsigned client);
void keys_find(wickd *d, unsigned client);
void keys_event(wickd *d, const wick_gateway_event *event);
/** Ends what took too long. @return when to be called again */
uint64_t keys_run(wickd *d, uint64_t now_ms);
/** Goes over to the device key that is on disk, if it is another one. Where it must, for the record does not
 *  hold the key in use, and cannot, the daemon ends. */
void keys_own_again(wickd *d, bool must);
/** Public key of a record. */
void keys_put_peer(out_rec *o, const lookup_result *result);

/* talks.c */
void talks_connect(wickd *d, unsigned client);
void talks_listen(wickd *d, unsigned client);
void talks_send(wickd *d, unsigned client);
void talks_close(wickd *d, unsigned client);
void talks_gateway(wickd *d, const wick_gateway_event *event);
/** @return true: these bytes were an application's */
bool talks_driver(wickd *d, const wick_driver_event *event);
/** Ends what took too long, and sessions of clients that have left. @return when to be called again */
uint64_t talks_run(wickd *d, uint64_t now_ms);

/* services.c */
void services_publish(wickd *d, unsigned client);
void services_unpublish(wickd *d, unsigned client);
void services_put(wickd *d, out_rec *o);

/* events.c */
void events_gateway(wickd *d, const wick_gateway_event *event);
void events_driver(wickd *d, const wick_driver_event *event);
void events_light(wickd *d, const wick_driver_event *event);
/** An event is written between these two, for `client` alone, or with EVENTS_ALL for subscribers. */
#define EVENTS_ALL UINT32_MAX
bool events_begin(wickd *d, out_rec *o, const char *event, wick_status status);
void events_end(wickd *d, out_rec *o, unsigned client, uint32_t serial);
/** One line to the log. */
__attribute__((format(printf, 3, 4))) void events_log(const wickd *d, wick_log_level level,
                                                      const char *format, ...);

/** What happened to a leaf, and the answer to a carried message. */
void events_leaf(void *ctx, const char *name, wick_span identity, bool up, wick_status status,
                 const wick_addr *from);
void events_carried(void *ctx, uint32_t ask, wick_status status, wick_span payload);

/* status.c */
void status_put_leaves(wickd *d, out_rec *o);
void status_put(wickd *d, out_rec *o);
void status_put_sessions(wickd *d, out_rec *o);
void status_put_path(wickd *d, out_rec *o);

/* light.c */
/** A head of a chain. */
typedef struct light_head {
    wick_tier tier;
    bool has;   /* there is one, though perhaps not one that serves */
    wick_status status; /* OK, AGAIN, HEADER_STALE, SEAL_CONFLICT */
    wick_trusted_header header;
    wick_light_age age;
} light_head;

/** Heads of a chain by tier. @return how many, at most 2; 0 for a chain without light client */
size_t light_heads(const wickd *d, light_head out[2], const chain_link *l);
/** "chains": heads, synchronisation, nodes. */
void light_put(wickd *d, out_rec *o);
/** "ok", "grace", "stale", "none", "conflict". */
const char *light_state(const light_head *h);

/* metrics.c */
/** Writes all figures in Prometheus' text format, version 0.0.4. */
void metrics_write(wickd *d, FILE *file);

#endif
