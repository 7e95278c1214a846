/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_GATEWAY_OUT_H
#define WICK_GATEWAY_OUT_H
/*
 * What wick_gateway_poll() gives: datagrams to send, application bytes, requests that the driver answers,
 * and events for the application. What each request asks for is told in wick/gateway.h.
 */
#include "wick/base.h"
#include "wick/trust.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WICK_GW_NO_SESSION 0xFFu
/** DATA of no session: DTLS of somebody who may have a ticket. */
#define WICK_GW_GUEST 0xFEu

typedef enum wick_gateway_out_kind {
    WICK_GW_OUT_WAIT = 0,   /* nothing before deadline_ms, a datagram or an answer */
    WICK_GW_OUT_SEND,       /* send `bytes` to `to` on `socket` */
    WICK_GW_OUT_DATA,       /* `bytes` (a DTLS record) came for `session`; for WICK_GW_GUEST, from `to`
                             * by the path `socket`: see wick_gateway_ticket_key() */
    WICK_GW_OUT_REQUEST,    /* `request` */
    WICK_GW_OUT_EVENT,      /* `event` */
    WICK_GW_OUT_SOCKET_NEW, /* close `socket` and open a new one at its next SEND */
    WICK_GW_OUT_SOCKET_OPEN, /* open `socket` (again) now, on local port to.port, 0: any; then
                              * wick_gateway_opened() */
    WICK_GW_OUT_DONE        /* stopped; event.status says why */
} wick_gateway_out_kind;

typedef enum wick_gateway_request_kind {
    WICK_GW_REQ_CHAIN_PROOF = 1,
    WICK_GW_REQ_CHAIN_FEES,
    WICK_GW_REQ_CHAIN_SEND,
    WICK_GW_REQ_CHAIN_KEY,
    WICK_GW_REQ_WALLET_VOUCHER,
    WICK_GW_REQ_WALLET_FUND,
    WICK_GW_REQ_WALLET_RELAY,
    WICK_GW_REQ_WALLET_SPONSOR,
    WICK_GW_REQ_ATTEST /* wick_gateway_attest_ask() gives the question, wick_gateway_attestation() takes
                        * answers; wick_gateway_failed() when there will be no more */
} wick_gateway_request_kind;

typedef struct wick_gateway_request {
    uint32_t id; /* not 0, unique in this agent's life */
    wick_gateway_request_kind kind;
    uint8_t registry; /* index in cfg.registries: names the chain (all CHAIN_* requests) */
    uint64_t chain_id;

    /* CHAIN_PROOF */
    const uint8_t *account; /* 20 bytes */
    const uint8_t (*slots)[32];
    size_t slot_count;
    bool at_hash;              /* the block is given */
    bool has_header;           /* and its header is known: wick_gateway_header() may be left out */
    const uint8_t *block_hash; /* 32 bytes when at_hash */

    /* CHAIN_SEND */
    wick_span raw_tx;
    const uint8_t *from; /* 20 bytes; also the owner of WALLET_VOUCHER and WALLET_FUND */
    const uint8_t *to;   /* 20 bytes */
    wick_span call_data; /* what raw_tx carries */

    /* WALLET_VOUCHER: what the manager is to vouch for; `from` is the owner */
    const char *name;
    const uint8_t *record_id; /* 32 bytes */
    uint8_t key_type, flags;
    const uint8_t *key; /* 32 bytes: word 1 of the record; also of CHAIN_KEY, there of the peer's */
    uint64_t not_after_s;

#if WICK_WITH_ATTEST
    /* ATTEST: 0: wick_gateway_attest_ask(); else the local port of a service on TCP, at which the driver
     * answers the challenge: wick_gateway_attest_challenge() */
    uint16_t challenge_port;
#endif
} wick_gateway_request;

typedef enum wick_gateway_event_kind {
    WICK_GW_EV_READY = 1,      /* all goals are reached (again) */
    WICK_GW_EV_REGISTERED,     /* OK: the record is proven (epoch, block); else why not. BAD_KEY, not final: its
                                * owner has given it another key, also before the start. Who has that one calls
                                * wick_gateway_rotate(); after five seconds the record is written anew with the
                                * key that is there */
    WICK_GW_EV_PATH_CHANGED,   /* OK: addr of endpoint_kind (and source) is how peers get in, standby of
                                * standby_kind comes next, addr2 = reflexive. NAT_DOUBLE: the router is
                                * behind another one, addr is what it claims; else there is no path */
    WICK_GW_EV_PUBLISHED,      /* proven on chain: index, addr, seq, block; !sent: it was so already */
    WICK_GW_EV_PUBLISH_FAILED, /* status; revert_name when the contract refused */
    WICK_GW_EV_PEER_RESOLVED,  /* name, id, epoch, addr, seq, tier, block; or why not. `session` is
                                * the index of cfg.records, also for a look-up */
    WICK_GW_EV_SESSION_UP,     /* session, initiator, id, addr; wick_gateway_session_psk(). Again
                                * for a session that is up: its keys are new, begin DTLS anew */
    WICK_GW_EV_SESSION_MOVED,  /* session, addr, path_kind: it goes on over another path */
    WICK_GW_EV_SESSION_DOWN,   /* session is free again; status says why */
    WICK_GW_EV_LEAF_REQUEST,   /* reserved for the leaf interface */
    WICK_GW_EV_UPDATE_STATE,   /* reserved for firmware */
    WICK_GW_EV_TRUST_STALE,    /* there are only headers older than the policy allows or than one
                                * already proven, or in the grace period (`grace`), or none is
                                * vouched for any more (SEAL_CONFLICT); told once until that ends */
    WICK_GW_EV_SERVICE,        /* of index, name: OK: addr of endpoint_kind and protocol is proven on
                                * chain, seq, block, sent; WITHDRAWN: unpublished, its place is free.
                                * NO_ENDPOINT: there is no way to it yet; else refused (`final`: not
                                * tried again) or tried again */
    WICK_GW_EV_ATTESTED        /* of index: OK: enough attestors have reached what is about to be
                                * published; else why not, and it is published without them */
} wick_gateway_event_kind;

typedef struct wick_gateway_event {
    wick_gateway_event_kind kind;
    wick_status status;
    bool final;        /* a failure that the agent will not try to mend by itself */
    uint8_t session;   /* WICK_GW_NO_SESSION if none */
    bool initiator;    /* SESSION_*: this side is the DTLS client */
    bool keys_only;    /* SESSION_UP: an application asked for a PSK: no DTLS is to begin here */
    bool cached;       /* PEER_RESOLVED: from memory (wick/peer_cache.h) */
    bool sent;         /* REGISTERED, PUBLISHED: a transaction was needed */
    wick_tier tier;        /* of the header under which it was proven */
    bool grace;            /* proven under an old header, for there is no newer one: still served */
    uint64_t age_s;        /* of that header now; 0 without a time of day */
    wick_tier endpoint_tier; /* of the header under which the endpoint was proven, if another */
    uint8_t endpoint_kind; /* wick_endpoint_kind */
    uint8_t path_kind;     /* SESSION_UP, SESSION_MOVED: wick_direct_kind of the path in use */
    uint8_t standby_kind;  /* PATH_CHANGED: of `standby`, WITHDRAWN if there is none */
    uint8_t source;        /* PATH_CHANGED: wick_path_source of addr */
    uint8_t index;         /* PUBLISHED: 0 primary, 1 standby; SERVICE: which */
    uint8_t protocol;      /* SERVICE: WICK_PROTOCOL_* */
    bool standby_pending;  /* READY: there is a standby, and PUBLISHED of index 1 is yet to come */
    uint8_t id[32];    /* record id: own or peer's */
    char name[64];     /* name as asked for, "" if only the id is known */
    uint32_t epoch, seq;
    uint64_t block_number, block_time_s;
    wick_addr addr, addr2, standby;
    uint32_t revert_selector; /* first four bytes of the revert data, 0 if none */
    const char *revert_name;  /* name of that custom error, NULL if unknown */
    bool guest;      /* SESSION_*: a leaf that came with a ticket: id is its issuer's, and ... */
    uint8_t sub[16]; /* ... this its name there (wick_ticket_sub_name()) */
} wick_gateway_event;

typedef struct wick_gateway_out {
    wick_gateway_out_kind kind;
    uint64_t deadline_ms;
    uint8_t socket;
    uint8_t session;
    uint8_t over; /* SEND: wick_gateway_over of `socket`, never AUTO; SOCKET_NEW: not UDP is the stream */
    wick_addr to;
    wick_span bytes; /* lives until the next call on this agent */
    wick_gateway_request request; /* its pointers live until the request is answered */
    wick_gateway_event event;
} wick_gateway_out;

#ifdef __cplusplus
}
#endif
#endif
