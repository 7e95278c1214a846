/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_GATEWAY_STATE_H
#define WICK_GATEWAY_STATE_H
/*
 * The struct wick_gateway, visible so that it can be declared. All of it is private: nobody but
 * core/gateway looks into it. Sizes: wick/gateway.h.
 */
#include "wick/gateway_config.h"
#include "wick/gateway_out.h"
#include "wick/calldata.h"
#include "wick/direct.h"
#include "wick/marks.h"
#include "wick/hal/net.h"
#include "wick/nsl.h"
#include "wick/path.h"
#include "wick/pcp_client.h"
#include "wick/proof.h"
#include "wick/attest_ask.h"
#include "wick/reach.h"
#include "wick/session_keys.h"
#include "wick/ticket_upload.h"
#include "wick/turn.h"
#include "wick/tx.h"
#include "wick/voucher.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wick_gateway wick_gateway;

#define WICK_GW_EVENTS 16
#define WICK_GW_ROUTES 8 /* by which path a peer under handshake was heard */
#define WICK_GW_NSL_LOOKUPS 2 /* records of callers being read */
#define WICK_GW_WORDS (WICK_WITH_PATH || WICK_WITH_STANDBY ? 2 : 1) /* endpoints published */
#define WICK_GW_OWN_WORDS (WICK_GW_WORDS + (WICK_WITH_SERVICES ? WICK_GW_SERVICES_MAX : 0))
/* Calldata (register 228 bytes, announce 388, publishAttested) in about 140 bytes of transaction. */
#if WICK_WITH_ATTEST
#define WICK_GW_CALL_ATTESTED                                                                      \
    WICK_CALLDATA_ATTESTED_BYTES(WICK_GW_ATTESTORS_MAX, WICK_GW_ATTESTATIONS_MAX)
#define WICK_GW_CALL_MAX                                                                           \
    (WICK_GW_CALL_ATTESTED > WICK_CALLDATA_MAX ? WICK_GW_CALL_ATTESTED : WICK_CALLDATA_MAX)
#define WICK_GW_TX_MAX (WICK_GW_CALL_MAX + 220)
#else
#define WICK_GW_CALL_MAX WICK_CALLDATA_MAX
#define WICK_GW_TX_MAX (WICK_WITH_NSL_RSA ? 608 : 448)
#endif

/** A proven answer being read. */
typedef struct wick_gateway_read {
    uint32_t request; /* id once asked */
    uint8_t state, purpose, owner, registry;
    uint8_t tries;
    uint8_t tier; /* of the header wanted from a light client */
    bool grace;
    int8_t part; /* where the answer is: -2 no header yet, -1 account, then slots */
    wick_status status;
    uint64_t due_ms;
    uint8_t account[20];
    wick_peer_query query; /* slots asked for and the values proven */
    uint64_t nonce;        /* of the account, as proven */
    uint8_t balance[32];
    wick_trusted_header header;
    wick_proof proof;
} wick_gateway_read;

/** Any other request. */
typedef struct wick_gateway_ask {
    uint32_t request;
    uint8_t kind, state, tries;
    uint64_t due_ms;
} wick_gateway_ask;

/** The gateway's own record: what is proven, and the transaction under way. */
typedef struct wick_gateway_own {
    uint8_t state, action;
    uint8_t fund_tries;
    uint8_t sends; /* of the transaction under way: the first, and replacements of it */
    bool bid;      /* nonce, max_fee and priority are those of a transaction that was sent */
    bool registered, registered_told, published, funded;
    bool key_asked; /* for the key that the record has in place of ours */
#if WICK_WITH_RELAYED
    bool sponsored; /* what is under way is the manager's transaction */
#endif
    wick_status sent_status, failed_status;
    uint64_t due_ms, started_ms;
    uint32_t backoff_ms;
    uint32_t moved_gap_ms; /* least time between publications of another path */
    wick_device device;
    wick_endpoint endpoint[WICK_GW_OWN_WORDS];
    bool has_endpoint[WICK_GW_OWN_WORDS];
    uint8_t index; /* word that the transaction writes */
    uint32_t moved_at_ms; /* low 32 bits of the time of the last of them */
    uint64_t block_number, block_time_s;
    wick_tier tier;
    bool grace;
    uint32_t seq_floor[WICK_GW_OWN_WORDS]; /* highest sequence number ever proven of it */
#if WICK_WITH_SERVICES
    uint32_t asked, known; /* services in the read under way, and whose words are known; bits */
#endif
    wick_voucher voucher;
    uint8_t r[32], vs[32];
    uint8_t word[32];
    uint64_t nonce, max_fee, priority;
    uint8_t balance[32];
    wick_revert revert;
    wick_gateway_ask ask;
#if WICK_WITH_ATTEST
    struct {
        uint8_t count;
        bool must;       /* the word is to be written whatever they say */
        bool barred;     /* the contract has refused theirs: not before due_ms */
        uint32_t gap_ms; /* 0: the last time it went well */
        uint64_t due_ms; /* of the next try where only they are lacking */
        wick_attestation attestation[WICK_GW_ATTESTATIONS_MAX];
    } attest;
#endif
    size_t raw_len, call_at, call_len;
    uint8_t raw[WICK_GW_TX_MAX];
} wick_gateway_own;

#if WICK_WITH_SERVICES
/** A service of a local application. */
typedef struct wick_gateway_service {
    uint8_t state;
    bool told, told_none; /* published; that there is no way to it */
    uint8_t protocol;
    bool mapped;
    uint8_t mapping;   /* id at the router, while mapped */
    uint16_t port;     /* of the application, 0: behind the agent's own endpoint */
    uint32_t expires_s;
    wick_addr given;   /* by the application, port 0: found by the agent */
    uint8_t hash[32];
    char name[64];
} wick_gateway_service;
#endif

#if WICK_WITH_NSL_RSA
#define WICK_GW_KEY_FETCHES (WICK_GW_SESSIONS_MAX + WICK_GW_NSL_LOOKUPS)

/** A key that is asked for. */
typedef struct wick_gateway_key_fetch {
    wick_gateway_ask ask;
    uint8_t purpose, owner, registry;
    uint8_t word[32], slot[1][32];
} wick_gateway_key_fetch;

/** Keys of which records hold the hash. */
typedef struct wick_gateway_keys {
    wick_gateway_key_fetch fetch[WICK_GW_KEY_FETCHES];
    struct {
        uint32_t used; /* 0: free */
        uint8_t word[32], pub[260];
    } known[WICK_GW_KEYS_MAX];
    struct {
        uint64_t until_ms; /* 0: free */
        uint8_t word[15];  /* of the hash */
        uint8_t registry;  /* another one may have the log */
    } missing[WICK_GW_KEYS_MISSING_MAX]; /* no node that was asked had the log */
    uint32_t clock;
    uint8_t own_word[32]; /* hash of the own key, if that is RSA */
    bool announced;       /* and proven to be in the log */
    uint8_t only_suite;
} wick_gateway_keys;
#endif

#if WICK_WITH_STANDBY
/** Round-trip times of relays, and a second allocation that is kept warm. */
typedef struct wick_gateway_standby {
    uint8_t main;  /* allocation in use, 0 or 2; the warm one is the other of the two */
    uint8_t state, chosen, tries;
    uint8_t to_measure, round; /* relays to be asked, one bit each */
    bool suspect;              /* the one in use was asked for a sign of life */
    bool checked;
    uint16_t rtt_ms[WICK_GW_RELAYS_MAX]; /* 0: not answered */
    uint32_t backoff_ms;
    uint64_t due_ms, measured_ms, suspect_ms;
    uint64_t heard_ms[WICK_GW_TURNS]; /* last datagram of the server */
    uint64_t asked_ms[WICK_GW_TURNS]; /* first one to it since, 0: none */
    uint8_t tid[8];
    wick_addr kept; /* relay that the store holds */
} wick_gateway_standby;
#endif

#if WICK_WITH_PATH
/** The trial of an endpoint through a relay. */
typedef struct wick_gateway_probe {
    uint64_t due_ms, until_ms;
    uint8_t bytes[20];
} wick_gateway_probe;

/** The open socket, and the endpoints that lead to it. */
typedef struct wick_gateway_open {
    wick_path path;
    wick_pcp_client pcp;
    bool begun, asking, mapped, open, opening, reopened, send_probe;
    bool reaching; /* the trial is by the STUN server */
    uint8_t probing; /* wick_path_source, NONE: nothing is tried */
    uint8_t probe_via, mapping;
    uint16_t port, kept_port;
    wick_addr local, router; /* whom PCP asks, and from where */
    wick_addr own, seen_local, seen_router; /* of the interfaces: a public address, and as above */
    wick_addr probe_to;
    union {
        wick_gateway_probe probe;
        wick_reach reach;
    } trial;
} wick_gateway_open;
#endif

/** Relays and the allocation on one of them. */
typedef struct wick_gateway_relays {
    uint8_t state, tries, count, chosen;
    bool listed, from_wallet, checked;
    uint8_t read_at, total; /* reading the registry */
    bool settled;           /* the path has been up for a while */
#if WICK_WITH_TURN_STREAM
    uint8_t over;  /* wick_gateway_over of the allocations that are begun now */
    bool answered; /* the relay has, since the last of them was begun */
#endif
    uint64_t due_ms;
    uint32_t backoff_ms;
    uint64_t expires_s;
    wick_gateway_ask ask;
    wick_status status;
    char user[WICK_GW_RELAY_USER_MAX];
    char password[WICK_GW_RELAY_PASSWORD_MAX];
} wick_gateway_relays;

/** Second allocation: relay check, or calls over the peer's relay. */
typedef struct wick_gateway_second {
    uint8_t state, got, to_send;
    uint8_t of; /* allocation that is checked */
    bool check;
    uint64_t due_ms, until_ms, used_ms;
    wick_addr server;
    uint8_t probe[12];
} wick_gateway_second;

#if WICK_WITH_DIRECT
/** One path of a session. */
typedef struct wick_gateway_way {
    wick_addr addr;
    uint8_t via, kind, state;
    uint8_t unanswered; /* requests in a row */
    bool heard;         /* authentic requests came this way */
    bool asked;         /* data went out at asked_ms, and nothing has come since */
    uint16_t rtt_ms;
    uint32_t first;     /* counter of the first of the unanswered */
    uint32_t sent_ms, proven_ms, asked_ms; /* low 32 bits */
    uint64_t due_ms;
} wick_gateway_way;

/** Paths of a session. Way 0 is the one that is fallen back to. */
typedef struct wick_gateway_ways {
    uint8_t name[WICK_DIRECT_NAME_BYTES];
    uint8_t cid[WICK_DIRECT_CID_BYTES]; /* own */
    uint8_t at;     /* the way in use */
    bool speaks;    /* the peer has shown that it knows of all this */
    bool lost;      /* way 0 has no allocation any more, for `lost_status` */
    uint8_t offers; /* sent without an answer */
    uint8_t probes; /* to addresses that have not answered, left in this round */
    uint8_t round;  /* rounds that failed in a row */
    uint8_t offered, told; /* version of the own list that is being told, that the peer has */
    bool has_data;
    uint32_t counter, offer_first;
    uint32_t seen_high, seen_mask; /* requests of the peer */
    uint32_t data_ms, moved_ms; /* low 32 bits */
    wick_status lost_status;
    uint64_t offer_due_ms, round_ms, again_ms, lost_ms;
    wick_gateway_way way[WICK_DIRECT_WAYS];
} wick_gateway_ways;

/** A caller for whom there was no session, and what it is told. */
typedef struct wick_gateway_away {
    bool due;
    uint8_t via, len; /* 0: free */
    wick_addr to;
    uint64_t next_ms, until_ms;
    uint8_t bytes[WICK_DIRECT_BUSY_BYTES];
} wick_gateway_away;

/** What the agent knows of its own addresses, and one answer on its way out. */
typedef struct wick_gateway_direct {
    wick_direct_candidate given[4]; /* host and mapped, IPv4 and IPv6 */
    wick_direct_candidate own[WICK_DIRECT_CANDIDATES];
    uint8_t own_count, version;
    uint8_t tokens; /* for requests from strange addresses */
    uint64_t tokens_ms;
    uint8_t reply_session, reply_via; /* NO_SESSION: none */
    wick_addr reply_to;
    uint8_t reply_tid[WICK_STUN_TID_BYTES];
    wick_gateway_away refused[WICK_GW_REFUSED_MAX];
} wick_gateway_direct;
#endif

#if WICK_WITH_TICKETS
/** Record of a gateway whose leaves come here. */
typedef struct wick_gateway_issuer {
    uint8_t state;
    bool asked; /* being read */
    uint8_t id[32], pub33[33];
    uint32_t epoch;
    wick_status status; /* why it is refused */
    uint64_t due_ms, give_up_ms, used_ms, read_ms, proven_ms;
} wick_gateway_issuer;

/** Tickets accepted here. */
typedef struct wick_gateway_tickets {
    bool ready, has_reply;
    uint8_t via, reply_via;
    wick_status status;
    wick_addr from; /* of the DATA that waits */
    wick_addr reply_to;
    uint8_t reply[WICK_TICKET_COOKIE_BYTES];
    wick_ticket_own own;
    wick_ticket_door door;
    wick_gateway_issuer issuer[WICK_GW_ISSUERS_MAX];
    wick_ticket_table table;
} wick_gateway_tickets;
#endif

/** A call to a peer, or a session with it. */
typedef struct wick_gateway_session {
    uint8_t state, registry, via, tries;
    bool initiator, lookup_only, has_next, asked, over_second;
    bool keys_only; /* for an application that asked for a PSK */
#if WICK_WITH_PEER_CACHE
    bool cached; /* its record was remembered */
#endif
#if WICK_WITH_PEER_KEYS
    bool has_tls_key, has_tls_pin; /* of the service, proven with the record; wick_peer_tls_pin() */
    uint8_t tls_pin[32];
    uint32_t media_top, media_seen; /* numbers of media sessions that were given out under `keys` */
#endif
#if WICK_WITH_REKEY
    uint8_t renew;
    bool outdated; /* its peer has another key by now */
    uint64_t watch_ms, rekey_ms, bytes;
#endif
    wick_status status; /* why it ended */
    uint64_t due_ms, give_up_ms, used_ms;
    uint32_t run; /* of the handshake */
    uint8_t id[32], service[32];
    wick_nsl_key key;
    uint8_t device_digest[32]; /* of the device words, for a second reading */
    uint8_t endpoint_kind, next_kind, endpoint_tier;
    uint8_t hops; /* between the two endpoints of the record */
    bool grace;
    uint32_t epoch, seq, next_seq;
    wick_tier tier;
    uint64_t block_number, block_time_s;
    wick_addr addr, next; /* where it is; where else it may be */
    wick_session keys;
#if WICK_WITH_DIRECT
    wick_gateway_ways ways;
#endif
#if WICK_WITH_TICKETS
    wick_ticket_peer guest; /* expires_s 0: none */
#endif
    char name[64];
} wick_gateway_session;

struct wick_gateway {
    wick_gateway_config cfg;
    unsigned goals;
    bool ready_told, stopping, trust_stale;
    uint32_t next_request;
    uint32_t reorgs[WICK_GW_REGISTRIES_MAX]; /* seen so far */
    uint8_t id[32], service[32], wallet[20];
    wick_nsl_key device_pub;
    uint64_t floor_unix_s, floor_ms; /* newest proven header time and when it was proven */
    struct {
        uint8_t kind, session, index;
        bool final, sent;
        wick_status status;
    } event[WICK_GW_EVENTS];
    uint8_t event_head, event_count;
    wick_gateway_read read[WICK_GW_READS_MAX];
    wick_gateway_own own;
#if WICK_WITH_SERVICES
    wick_gateway_service services[WICK_GW_SERVICES_MAX];
#endif
    wick_gateway_relays relays;
    wick_gateway_second second;
#if WICK_WITH_STANDBY
    wick_gateway_standby standby;
#endif
#if WICK_WITH_NSL_RSA
    wick_gateway_keys keys;
#endif
#if WICK_WITH_PATH
    wick_gateway_open open;
#endif
    wick_turn turn[WICK_GW_TURNS];
    bool turn_used[WICK_GW_TURNS], socket_new[WICK_GW_SOCKETS];
#if WICK_WITH_TURN_STREAM
    struct {
        uint8_t over;    /* how it reaches its server */
        bool begin;      /* another stream is to be opened */
        bool broken;     /* it has ended, ... */
        uint64_t at_ms;  /* at first at this time since the last message */
        uint64_t due_ms; /* another one is opened then; 0: none */
        bool moving;     /* a ticket went out over it at moved_ms, and nothing has come back */
        uint64_t moved_ms;
        wick_status why; /* the last one ended */
    } stream[WICK_GW_TURNS];
#endif
    wick_gateway_session session[WICK_GW_SESSIONS_MAX];
    wick_marks marks;
    wick_nsl_node nsl;
    bool nsl_ready;
    wick_addr relay[WICK_GW_RELAYS_MAX + WICK_GW_TURNS - 1]; /* approved ones, and the IPs of the own
                                                              * allocations (not of the second) */
    struct {
        wick_addr addr;
        uint8_t via;
        uint32_t used;
    } route[WICK_GW_ROUTES];
    uint32_t route_clock;
    struct {
        bool used, asked;
        uint8_t id[32];
        uint64_t give_up_ms;
    } nsl_lookup[WICK_GW_NSL_LOOKUPS];
#if WICK_WITH_DIRECT
    wick_gateway_direct direct;
#endif
#if WICK_WITH_TICKETS
    wick_gateway_tickets tickets;
#endif
    uint8_t data_session; /* DATA waiting to be polled */
    wick_span data;
    uint32_t dropped;
    uint8_t frame[WICK_GW_DATAGRAM_MAX + 64];
};

#ifdef __cplusplus
}
#endif
#endif
