/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_GATEWAY_H
#define WICK_GATEWAY_H
/*
 * The agent: one machine that takes a gateway from a name and two keys to sessions with peers.
 *
 *   register -> allocate on a relay -> publish -> look peers up -> handshake -> session
 *
 * It does no I/O. It takes datagrams, answers and the time, and gives datagrams, requests, events
 * and the time of its next need. What it cannot know by itself it asks for with a typed request;
 * a driver (a port's event loop) answers by a call that carries the request's id. No answer is
 * believed because of who gave it: headers are authenticated, words are proven under them, vouchers
 * are checked against the manager that the chain names, inclusion is a proof and not a receipt.
 *
 *   static wick_gateway gw;
 *   wick_gateway_init(&gw, &cfg);
 *   wick_gateway_start(&gw, now, WICK_GW_GOAL_SERVE);
 *   for (;;) {
 *       while (wick_gateway_poll(&gw, &out, now), out.kind != WICK_GW_OUT_WAIT) {
 *           ... SEND: sendto(sock[out.socket], out.bytes, out.to)
 *           ... REQUEST: start it; answer later with wick_gateway_<kind>(&gw, ..., out.request.id)
 *           ... DATA: give out.bytes to the DTLS of out.session
 *           ... EVENT: tell the application
 *       }
 *       wait until out.deadline_ms, a datagram (wick_gateway_input) or an answer
 *   }
 *
 * Sockets are small indices below WICK_GW_SOCKETS; the driver opens UDP socket i when it is first
 * named in SEND, and again after WICK_GW_OUT_SOCKET_NEW (another 5-tuple is needed). Where out.over
 * says TCP or TLS, it is a stream to a relay instead (wick_gateway_stream_input()). One of them, the
 * open socket, is opened on demand (WICK_GW_OUT_SOCKET_OPEN), since its port is what routers map; the
 * one for the router must send from the address by which the router is reached.
 * Addresses are numeric: from the configuration or from the chain.
 *
 * Endpoints: once the driver tells its interfaces (wick_gateway_interfaces()), the agent looks for a
 * better way in than a relay, as wick/path.h says: an own public address, then a mapping by PCP or
 * NAT-PMP. Each is tried from outside, by a datagram with a nonce from the own relayed address to the
 * open socket, before peers are told. The best is published as primary (index 0 of the record), the
 * next one as standby (index 1). A gateway without a relay is tried by a STUN server instead (cfg.stun,
 * wick/reach.h): it can be called, and calls peers that are not behind relays. Where the registry names several relays, one is drawn at random,
 * weighted by its round-trip time, kept over restarts, and a second one is held warm: it takes over as
 * soon as the first one does not answer.
 *
 * Application bytes are DTLS records made by the driver. wick_gateway_send() wraps one for the
 * session's present path; what arrives for a session comes out as DATA. The first byte tells NSL
 * (1) from DTLS (20..63, RFC 7983) and STUN (0..1 with its cookie); anything else is dropped.
 *
 * Local applications publish endpoints of their own under the gateway's name by wick/service.h, and
 * get keys and PSKs of peers by wick/peer_keys.h.
 *
 * A session that is up over a relay is moved to a direct path where there is one, and back at once
 * when that falls silent (SESSION_MOVED); when its relay dies it goes on over another one that the
 * ends have named to each other. The driver tells addresses that the agent cannot know by
 * wick_gateway_candidate(), and gives DTLS the connection ids of wick_gateway_session_cid().
 * core/psk/PROTOCOL.md section 12.
 *
 * Headers come from a light client (registry.light), which the driver runs beside the agent, or
 * from the answer itself (own node, pinned block). With a sync committee a peer's key is read
 * under the newest final header, its endpoint once more under the newest signed one. When the
 * light client tells of a reorganisation, the own record is read again, and calls and sessions
 * whose record was read above it are looked up again or ended (RECORD_STALE).
 *
 * Requests and their answers:
 *   CHAIN_PROOF   eth_getBlockByNumber("latest") (or the block of request.block_hash when
 *                 request.at_hash; not needed when request.has_header) and
 *                 eth_getProof(account, slots) at that very block ->
 *                 wick_gateway_header(), then wick_gateway_proof_node() for each node of the
 *                 account (part -1) and of each slot (part 0, 1, ...) in the order of the reply,
 *                 then wick_gateway_proof_end()
 *   CHAIN_FEES    base fee of the newest block and a priority fee -> wick_gateway_fees()
 *   CHAIN_SEND    eth_call {from, to, data} as a dry run, then eth_sendRawTransaction(raw_tx) ->
 *                 wick_gateway_sent(); a refused dry run gives WICK_E_TX_REVERTED and the data
 *   CHAIN_KEY     the word slots[0] of account (eth_call of storedWord(), as `from`) names a block; the
 *                 log of account in that block with the topics Announced and `key` holds an SPKI ->
 *                 wick_gateway_key(). No proof: the key counts if its hash is the proven word. NOT_FOUND
 *                 three times: not asked for again for WICK_GW_KEY_MISSING_MS
 *   WALLET_VOUCHER / WALLET_FUND / WALLET_RELAY
 *                 the wallet manager's "voucher", "fund" and "relay" over TLS-PSK ->
 *                 wick_gateway_voucher(), wick_gateway_funded(), wick_gateway_relay(). While a
 *                 voucher is asked for, wick_gateway_possession() signs the manager's challenge; for
 *                 request.key_type RSA-2048 wick_gateway_possession_rsa().
 * Any request may be answered by wick_gateway_failed(). A request not answered within
 * WICK_GW_REQUEST_MS is given up; a late answer gives WICK_E_STATE and changes nothing.
 *
 * Ends: every wait is bounded (WICK_GW_REQUEST_MS, WICK_GW_INCLUSION_MS, the schedules of TURN and
 * NSL). What fails for want of an answer is tried again, ever more rarely; what is refused for good
 * (`final`) waits for the next wick_gateway_start().
 *
 * Bounds: wick/config.h (WICK_GW_*). RAM: 24 KB with four sessions on 32-bit in the small profile
 * (toolchain/cortex-m/wick_profile.h), where toolchain/size.sh holds the bar, the handshakes (10 KB)
 * and two TURN clients (2.8 KB each) included; 33 KB on 64-bit with a second relay, routers (PCP) and
 * paths of sessions (WICK_WITH_STANDBY, _PATH, _DIRECT; the last 0.5 KB a session). A light client
 * (wick/light.h) is the caller's and comes on top.
 * Stack below 1 KB in each function.
 */
#include "wick/base.h"
#include "wick/hal/clock.h"
#include "wick/hal/crypto.h"
#include "wick/hal/entropy.h"
#include "wick/hal/keystore.h"
#include "wick/hal/log.h"
#include "wick/hal/store.h"
#include "wick/calldata.h"
#include "wick/direct.h"
#include "wick/light.h"
#include "wick/marks.h"
#include "wick/hal/net.h"
#include "wick/nsl.h"
#include "wick/path.h"
#include "wick/pcp_client.h"
#include "wick/proof.h"
#include "wick/attest_ask.h"
#include "wick/reach.h"
#include "wick/record.h"
#include "wick/session_keys.h"
#include "wick/ticket_table.h"
#include "wick/ticket_upload.h"
#include "wick/trust.h"
#include "wick/turn.h"
#include "wick/tx.h"
#include "wick/voucher.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WICK_GW_NO_SESSION 0xFFu
/** DATA of no session: DTLS of somebody who may have a ticket. */
#define WICK_GW_GUEST 0xFEu

/** One registry: a chain, its contracts, and how its headers are authenticated. */
typedef struct wick_gateway_registry {
    const char *name; /* section name, for "peer@name"; [0] is the home registry */
    uint64_t chain_id;
    uint8_t device_registry[20];
    uint8_t relay_registry[20]; /* zero: none, then cfg.relay is the only relay */
    wick_light *light;        /* vouches for headers; run by the driver. NULL: the next four do */
    wick_tier tier;           /* WICK_TIER_OWN_NODE or WICK_TIER_PINNED */
    uint8_t pinned_hash[32];  /* tier PINNED */
    uint32_t max_age_s;       /* oldest header accepted, 0: 900; not asked of PINNED, or without
                               * a clock */
#if WICK_WITH_PEER_CACHE
    uint32_t cache_s; /* for how long a record serves again (wick/peer_cache.h); 0: not at all */
#endif
    const wick_trust_policy *policy; /* further allow list for headers of `light`; NULL: all that
                                      * its rule gives */
} wick_gateway_registry;

/* What the agent is asked to reach and to keep. */
#define WICK_GW_GOAL_REGISTER 1u /* the name is registered with this device's key */
#define WICK_GW_GOAL_PATH 2u     /* a relayed address is held */
#define WICK_GW_GOAL_PUBLISH 4u  /* and written to the record, kept fresh */
#define WICK_GW_GOAL_ANSWER 8u   /* answer handshakes of peers */
#define WICK_GW_GOAL_CALL (WICK_GW_GOAL_REGISTER | WICK_GW_GOAL_PATH)
#define WICK_GW_GOAL_SERVE                                                                         \
    (WICK_GW_GOAL_REGISTER | WICK_GW_GOAL_PATH | WICK_GW_GOAL_PUBLISH | WICK_GW_GOAL_ANSWER)

/** All that was proven of a peer, for applications that want more of it than the event says. */
typedef struct wick_gateway_record {
    uint8_t id[32], service[32];
    uint8_t registry;           /* index in cfg.registries */
    wick_status proven;         /* what the words say, whether or not an endpoint is usable now: OK,
                                 * RECORD_ABSENT, RECORD_REVOKED, RECORD_EXPIRED ...; AGAIN: none */
    bool grace;                 /* in the grace period of the light client */
    wick_trusted_header header; /* under which, unless AGAIN */
    wick_trusted_header endpoint_header; /* for the endpoints: the same, or a newer one of less weight */
    wick_peer_record record;    /* of a live or revoked record, else zero */
} wick_gateway_record;

/** How relays are reached. AUTO: by UDP; one that does not answer within 8 s by TLS, then by TCP,
 *  for there are networks that let no datagram out. Over a stream there is no reflexive address, so
 *  that direct paths are found only where a router maps one. */
typedef enum wick_gateway_over {
    WICK_GW_OVER_UDP = 0,
    WICK_GW_OVER_TCP,
    WICK_GW_OVER_TLS,
    WICK_GW_OVER_AUTO
} wick_gateway_over;

/** All pointers are kept and must live as long as the agent. */
typedef struct wick_gateway_config {
    const wick_hal_crypto *crypto;
    const wick_hal_entropy *entropy;
    const wick_hal_keystore *keystore;
    const wick_hal_clock *clock; /* only unix_s is used; may answer WICK_E_NO_CLOCK */
    const wick_hal_store *store; /* NULL: high-water marks are forgotten at restart */
    const wick_hal_log *log;     /* NULL: silent */

    const char *name; /* [a-z0-9._-]{1,63} */
    wick_key wallet_key; /* secp256k1: pays and owns the record */
    wick_key device_key; /* secp256k1 or RSA-2048 (WICK_WITH_NSL_RSA): proves the name in handshakes;
                          * never equal to the wallet's */
    uint64_t not_after_s; /* wished end of the record's validity, 0: one year from now */

    const wick_gateway_registry *registries;
    size_t registry_count; /* 1..WICK_GW_REGISTRIES_MAX */

    const char *service; /* NULL: "default" */
    uint32_t expires_s;  /* life of a published endpoint; renewed at half of it; 0: 86400 */

    wick_addr relay;            /* TURN server; port 0: an approved one from the chain */
    const char *relay_user;     /* NULL: WALLET_RELAY is asked for */
    const char *relay_password;
    bool allow_private_relay; /* laboratories: a relayed address that is not public is accepted */
    bool allow_unvalidated;   /* direct and PCP endpoints that no attestor has reached are tried */
    bool has_wallet_manager;  /* WALLET_* requests can be answered */
    bool check_relay;         /* two allocations and a datagram each way before publishing */
    bool no_direct;            /* no address but relayed ones is told to peers or tried, in the
                                * record and in sessions. These move between relays all the same */
    bool allow_private_direct; /* private addresses are told to peers, and theirs are tried */
    bool no_pcp;              /* routers are not asked for a mapping */
    bool no_standby;          /* no second relay is kept */
    wick_addr pcp_server;     /* zero: the default gateway; port 0: 5351 */
    uint16_t open_port;       /* local port of the open socket; 0: the one in the store, or drawn */
#if WICK_WITH_PATH
    wick_addr stun;           /* STUN server with two addresses (RFC 5780), by which endpoints are tried
                               * while there is no relay; port 0: then they wait for one */
#endif
#if WICK_WITH_TURN_STREAM
    uint8_t relay_over;       /* wick_gateway_over */
    uint16_t relay_tls_port;  /* of relays, for TLS; 0: the port that they have for UDP and TCP */
#endif
#if WICK_WITH_TURN_MOBILITY
    bool relay_mobile;        /* relays are asked for tickets (RFC 8016): the relayed address outlives
                               * another own address and a broken stream */
#endif
    uint64_t max_fee_wei;     /* most that a unit of gas may cost, 0: WICK_GW_MAX_FEE_WEI */

#if WICK_WITH_TICKETS
    /* Who may introduce leaves, and for what (wick/ticket_table.h); none: nobody. Goal ANSWER. */
    const wick_ticket_rule *ticket_rules;
    size_t ticket_rule_count;
#endif

#if WICK_WITH_PEER_CACHE
    struct wick_peer_cache *cache; /* NULL, or zeroed: records that serve again (wick/peer_cache.h) */
#endif

#if WICK_WITH_ATTEST
    /* Attestors of the organisation, as the contract has them: all, ascending. attest_needed 0: nobody is
     * asked. */
    const uint8_t (*attestors)[20];
    size_t attestor_count; /* at most WICK_GW_ATTESTORS_MAX */
    uint8_t attest_needed; /* the contract's threshold, at most WICK_GW_ATTESTATIONS_MAX */
#endif

    wick_gateway_record *records; /* NULL, or WICK_GW_SESSIONS_MAX of them: PEER_RESOLVED of a
                                   * session, or of a look-up, fills the one of its index */
} wick_gateway_config;

/* ------------------------------------------------------------------ what comes out of poll() */

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
} wick_gateway_request;

typedef enum wick_gateway_event_kind {
    WICK_GW_EV_READY = 1,      /* all goals are reached (again) */
    WICK_GW_EV_REGISTERED,     /* OK: the record is proven (epoch, block); else why not */
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

typedef struct wick_gateway wick_gateway; /* visible struct, fields private: end of this header */

/**
 * Checks the configuration, derives ids and addresses, loads high-water marks. No output yet.
 * @retval WICK_OK
 * @retval WICK_E_NAME      name or service breaks [a-z0-9._-]{1,63}
 * @retval WICK_E_SAME_KEY  wallet key and device key are one key
 * @retval WICK_E_BAD_ARG   a pointer or count is missing
 * @retval WICK_E_STORE_*   the store refuses to read what it holds
 */
WICK_NODISCARD wick_status wick_gateway_init(wick_gateway *gw, const wick_gateway_config *cfg);

/** Begins to work for `goals`, or adds goals. Failures that were final are tried again. */
WICK_NODISCARD wick_status wick_gateway_start(wick_gateway *gw, uint64_t now_ms, unsigned goals);

/** Ends sessions and gives allocations back; poll until DONE. */
void wick_gateway_stop(wick_gateway *gw, uint64_t now_ms);

/** Wipes every secret. The struct may then be thrown away or initialised again. */
void wick_gateway_wipe(wick_gateway *gw);

/** Has a transaction been sent of which it is not known yet what became of it? */
bool wick_gateway_tx_waits(const wick_gateway *gw);

/** Gives the next output; call until WAIT (or DONE). */
void wick_gateway_poll(wick_gateway *gw, wick_gateway_out *out, uint64_t now_ms);

/**
 * One datagram. `bytes` must stay until poll gave WAIT: a DATA output points into it. Whatever does
 * not belong to the agent is dropped without a trace but a counter.
 */
void wick_gateway_input(wick_gateway *gw, uint64_t now_ms, uint8_t socket, wick_span bytes,
                        const wick_addr *from);

/**
 * One message of the stream of `socket` (wick/turn_stream.h): a STUN message or ChannelData. The bytes
 * live as those of wick_gateway_input(). A stream is opened to out.to by the first SEND over it, and
 * again after SOCKET_NEW over it, or where out.to is another. The UDP socket of the same number is a
 * thing of its own.
 */
void wick_gateway_stream_input(wick_gateway *gw, uint64_t now_ms, uint8_t socket, wick_span bytes);
/** The stream of `socket` has ended or could not be opened, for `status`. A relay that has given a ticket
 *  is asked over a few more, for some seconds, before its allocation is lost. */
void wick_gateway_stream_closed(wick_gateway *gw, uint64_t now_ms, uint8_t socket,
                                wick_status status);

/** The open socket, and the one for the router: what comes to port 5350 (announcements of routers to
 *  224.0.0.1 and ff02::1) may be given to wick_gateway_input() under the latter's name too. */
#define WICK_GW_SOCKET_OPEN ((uint8_t)WICK_GW_TURNS)
#define WICK_GW_SOCKET_ROUTER ((uint8_t)(WICK_GW_TURNS + 1))

/**
 * The network as it is now: at the beginning, and whenever an address or a default gateway changed.
 * Never called: relays are the only way in.
 */
void wick_gateway_interfaces(wick_gateway *gw, uint64_t now_ms, const wick_netif *list,
                             size_t count);
/** Answer to SOCKET_OPEN: its local port, 0 if it could not be opened. */
void wick_gateway_opened(wick_gateway *gw, uint64_t now_ms, uint8_t socket, uint16_t port);
/** A datagram from `socket` to `to` was refused (ICMP) or could not be sent. */
void wick_gateway_refused(wick_gateway *gw, uint64_t now_ms, uint8_t socket, const wick_addr *to);

/** How peers get in, and how that is known. */
typedef struct wick_gateway_path_state {
    uint8_t source, standby_source; /* wick_path_source */
    wick_addr primary, standby, reflexive;
    wick_addr relay, relay2;  /* servers of the allocations held, port 0: none */
    uint8_t relay_over;       /* wick_gateway_over of `relay`, never AUTO */
    wick_addr router, local;  /* whom PCP asks, and from where; zero: nobody */
    uint16_t open_port;
    bool natpmp;              /* the router speaks NAT-PMP only */
    bool double_nat;          /* a claim is private, or is not the reflexive address */
    struct {
        uint8_t state; /* wick_path_state */
        wick_status status;
        wick_addr addr;
    } claim[WICK_PATH_SOURCES];
} wick_gateway_path_state;
void wick_gateway_path_look(const wick_gateway *gw, wick_gateway_path_state *out);

/**
 * Looks a peer up: verified record, PEER_RESOLVED, no session.
 * @retval WICK_E_NAME      reference malformed
 * @retval WICK_E_CONFIG    no such registry is configured
 * @retval WICK_E_LIMIT     WICK_GW_SESSIONS_MAX operations are under way; a session that was not used
 *                          for 30 s is ended by it, so that the next try finds a place
 */
WICK_NODISCARD wick_status wick_gateway_lookup(wick_gateway *gw, uint64_t now_ms, const char *ref);

/**
 * Looks a peer up, handshakes, and opens a session: PEER_RESOLVED, then SESSION_UP or SESSION_DOWN
 * for *session. Needs WICK_GW_GOAL_REGISTER and WICK_GW_GOAL_PATH; waits until they are reached.
 * Errors as wick_gateway_lookup(), and WICK_E_BAD_ARG for a reference to oneself.
 */
WICK_NODISCARD wick_status wick_gateway_connect(wick_gateway *gw, uint8_t *session,
                                                uint64_t now_ms, const char *ref);

/**
 * Wraps one application datagram for the session's path, at once: on WICK_OK `out` is a SEND.
 * @retval WICK_E_STATE     no such session, or it is not up
 * @retval WICK_E_NO_SPACE  longer than WICK_GW_DATAGRAM_MAX
 * @retval WICK_E_TURN_LOST the path is being mended; send again later
 */
WICK_NODISCARD wick_status wick_gateway_send(wick_gateway *gw, wick_gateway_out *out,
                                             wick_span bytes, uint64_t now_ms, uint8_t session);

/**
 * Tells an address at which socket 0 can be reached and which the agent cannot know: of an interface
 * (HOST), or of a mapping (MAPPED). Peers of sessions are told, private ones by policy only. The
 * reflexive and the relayed addresses are known.
 * @param[in] addr  NULL: there is none of this kind and family any more
 * @param[in] ipv6  which family is meant where addr is NULL
 * @retval WICK_OK
 * @retval WICK_E_BAD_ARG      another kind
 * @retval WICK_E_UNSUPPORTED  built without WICK_WITH_DIRECT
 */
WICK_NODISCARD wick_status wick_gateway_candidate(wick_gateway *gw, wick_direct_kind kind,
                                                  const wick_addr *addr, bool ipv6);

/** The path of a session. */
typedef struct wick_gateway_path {
    wick_direct_kind kind; /* RELAYED, or how the peer's address came about */
    wick_addr addr;        /* of the peer */
    bool proven;           /* by a check and its answer; of the first path: by the handshake */
    bool trying;           /* other paths are being tried */
    uint16_t rtt_ms;       /* 0: not measured */
} wick_gateway_path;

/** How a session goes at this moment. @retval WICK_E_STATE no such session, or it is not up */
WICK_NODISCARD wick_status wick_gateway_session_path(const wick_gateway *gw,
                                                     wick_gateway_path *out, uint8_t session);

/** Connection id that this side of a session asks for in DTLS (RFC 9146): by it the agent knows
 *  records of a peer whose address has changed. @retval WICK_E_STATE no such session
 *  @retval WICK_E_UNSUPPORTED built without WICK_WITH_DIRECT  @retval others the back end's */
WICK_NODISCARD wick_status wick_gateway_session_cid(const wick_gateway *gw,
                                                    uint8_t out[WICK_DIRECT_CID_BYTES],
                                                    uint8_t session);

/**
 * Changes the keys of a session that this side began, as the agent does by itself after
 * WICK_GW_REKEY_MS or WICK_GW_REKEY_BYTES: the peer's record is read again, then a handshake runs beside
 * the data, then SESSION_UP comes again. A peer that is revoked or expired ends the session at once,
 * also at the looks in between (WICK_GW_WATCH_MS); one that has another key ends it here, unless the
 * handshake with that key succeeds (RECORD_STALE).
 * @retval WICK_OK  @retval WICK_E_STATE no such session, or the peer began it
 * @retval WICK_E_UNSUPPORTED built without WICK_WITH_REKEY
 */
WICK_NODISCARD wick_status wick_gateway_rekey(wick_gateway *gw, uint64_t now_ms, uint8_t session);

/**
 * Goes over to another device key, a new one in the keystore: the record is written anew by a voucher
 * (REGISTERED, epoch + 1). Handshakes to the former key are answered for 15 minutes more, for records of
 * that age may be in use; runs and sessions go on. Destroy the former key after that time.
 * @retval WICK_OK
 * @retval WICK_E_SAME_KEY  the wallet's
 * @retval WICK_E_STATE     the last change is less than 15 minutes ago
 * @retval others           the keystore's, and of wick_nsl_rotate(); nothing has changed
 */
WICK_NODISCARD wick_status wick_gateway_rotate(wick_gateway *gw, uint64_t now_ms,
                                               wick_key device_key);

/** Ends a session and wipes its keys. No event follows. */
void wick_gateway_close(wick_gateway *gw, uint8_t session);

/** Ends a session that the driver cannot serve (no memory for its DTLS), like wick_gateway_close(); who
 *  has called learns so at once and sees WICK_E_PEER_BUSY. */
void wick_gateway_turn_away(wick_gateway *gw, uint64_t now_ms, uint8_t session);

/**
 * Key and identity of a session that is up, for one use (WICK_USE_DTLS12 for DTLS). `role` must be
 * the caller's: an initiator is the (D)TLS client, a responder the server, and an entry serves one
 * role only. Wipe `out` when it is no longer needed.
 * @retval WICK_OK
 * @retval WICK_E_STATE        not up, or of the other role
 * @retval WICK_E_UNSUPPORTED  a use that the handshake did not agree on
 * @retval others              the back end's; `out` is zeroed on every error
 */
WICK_NODISCARD wick_status wick_gateway_session_psk(const wick_gateway *gw, wick_session_psk *out,
                                                    uint8_t session, wick_session_role role,
                                                    wick_session_use use);

#if WICK_WITH_TICKETS
/* ------------------------------------------------------------------ guests
 *
 * Leaves of other gateways that come with a ticket (wick/ticket.h). Their DTLS begins without a
 * session: the driver gets its datagrams as DATA of WICK_GW_GUEST and runs a DTLS server for each
 * path and address, with a cookie first. In that server's callback it asks wick_gateway_ticket_key(),
 * after Finished it says wick_gateway_guest_up(), and has a session: its datagrams come as DATA of
 * that, wick_gateway_send() and wick_gateway_close() serve it, SESSION_DOWN ends it. Its SESSION_UP
 * (`guest`) is for the application: DTLS is up already. Guests stay on the path on which they came.
 */

/**
 * The key that an identity names: of a ticket in its text form, or the short identity of one that was
 * uploaded or shown before.
 * @param[out] out   for DTLS 1.2; zeroed unless WICK_OK
 * @param[out] peer  for wick_gateway_guest_up(); zeroed unless WICK_OK
 * @retval WICK_OK
 * @retval WICK_AGAIN        the issuer's record is being read: refuse, the leaf tries again
 * @retval WICK_E_NOT_FOUND  no ticket in force has this identity, or tickets are not accepted here
 * @retval WICK_E_NSL_RATE   too many tickets were opened in this second
 * @retval others            as wick_ticket_from_text(), wick_ticket_open(),
 *                           wick_ticket_table_accept(), or what is wrong with the issuer's record
 */
WICK_NODISCARD wick_status wick_gateway_ticket_key(wick_gateway *gw, wick_session_psk *out,
                                                   wick_ticket_peer *peer, wick_span identity,
                                                   uint64_t now_ms);

/** What became of the ticket or upload that came last. */
wick_status wick_gateway_ticket_status(const wick_gateway *gw);

/** Frames a datagram for a guest that has no session yet: `to` and `via` as DATA gave them.
 *  @retval as wick_gateway_send() */
WICK_NODISCARD wick_status wick_gateway_guest_send(wick_gateway *gw, wick_gateway_out *out,
                                                   wick_span bytes, const wick_addr *to,
                                                   uint64_t now_ms, uint8_t via);

/**
 * Finished has come: the guest has a session, and its ticket is used.
 * @param[out] session  WICK_GW_NO_SESSION on error
 * @retval WICK_OK
 * @retval WICK_E_LIMIT          all sessions are in use, or half of them by guests
 * @retval WICK_E_TICKET_REPLAY  another session has begun with this ticket in the meantime
 * @retval WICK_E_NOT_FOUND      the ticket has ended, by time or with its issuer's record
 * @retval WICK_E_STATE          tickets are not accepted
 */
WICK_NODISCARD wick_status wick_gateway_guest_up(wick_gateway *gw, uint8_t *session,
                                                 const wick_ticket_peer *peer,
                                                 const wick_addr *addr, uint64_t now_ms,
                                                 uint8_t via);

/** A record of a guest was authentic: its session is in use. What only came from its address does not
 *  count, for anybody can write that. */
void wick_gateway_guest_heard(wick_gateway *gw, uint64_t now_ms, uint8_t session);

/** Who the guest of a session is. @retval WICK_E_STATE no session, or not of a guest; zeroed */
WICK_NODISCARD wick_status wick_gateway_guest(const wick_gateway *gw, wick_ticket_peer *out,
                                              uint8_t session);
#endif

/* ------------------------------------------------------------------ answers to requests */

/** Header of the block under which the proof is. `block_hash` is what the node calls it.
 *  @retval WICK_E_HEADER_HASH  @retval WICK_E_HEADER_STALE  @retval WICK_E_MALFORMED and others:
 *  the request has failed, further answers to it give WICK_E_STATE */
WICK_NODISCARD wick_status wick_gateway_header(wick_gateway *gw, wick_span header_rlp,
                                               const uint8_t block_hash[32], uint64_t now_ms,
                                               uint32_t request);
/** One trie node: part -1 = account proof, 0.. = slot in the order of the request. Parts come in
 *  ascending order, nodes from the root down. */
WICK_NODISCARD wick_status wick_gateway_proof_node(wick_gateway *gw, wick_span node,
                                                   uint64_t now_ms, uint32_t request, int part);
/** End of the answer: WICK_OK, or why the driver could not get it. */
WICK_NODISCARD wick_status wick_gateway_proof_end(wick_gateway *gw, uint64_t now_ms,
                                                  uint32_t request, wick_status status);

/** Wei per gas. */
WICK_NODISCARD wick_status wick_gateway_fees(wick_gateway *gw, uint64_t now_ms, uint32_t request,
                                             uint64_t base_fee_wei, uint64_t priority_wei);

/** Node's word on a transaction: WICK_OK = taken into its pool. `revert` may be empty. */
WICK_NODISCARD wick_status wick_gateway_sent(wick_gateway *gw, wick_span revert, uint64_t now_ms,
                                             uint32_t request, wick_status status);

/** Answer of the wallet manager; epochs and deadline as it signed them. */
typedef struct wick_gateway_voucher_answer {
    uint8_t org[32];
    uint32_t epoch, manager_epoch;
    uint64_t deadline_s;
    uint8_t r[32], vs[32];
} wick_gateway_voucher_answer;

/** @retval WICK_E_VOUCHER not signed by the manager that the chain names over what was asked for */
WICK_NODISCARD wick_status wick_gateway_voucher(wick_gateway *gw,
                                                const wick_gateway_voucher_answer *answer,
                                                uint64_t now_ms, uint32_t request);

/** Signature (r | s) of the device key over EIP-712 Possession(id, challenge), for the manager.
 *  @retval WICK_E_STATE no voucher is being asked for under this id */
WICK_NODISCARD wick_status wick_gateway_possession(wick_gateway *gw, uint8_t sig64[64],
                                                   const uint8_t challenge[32], uint32_t request);

/** The same with an RSA-2048 device key: PSS over the digest, and the SPKI of which the manager knows
 *  the hash, appended to `spki` (up to 296 bytes).
 *  @retval WICK_E_UNSUPPORTED the device key is another one, or a build without WICK_WITH_NSL_RSA
 *  @retval WICK_E_STATE as above  @retval WICK_E_NO_SPACE  @retval others the keystore's */
WICK_NODISCARD wick_status wick_gateway_possession_rsa(wick_gateway *gw, uint8_t sig256[256],
                                                       wick_buf *spki, const uint8_t challenge[32],
                                                       uint32_t request);

/** SubjectPublicKeyInfo of the key that a record has the hash of.
 *  @retval WICK_E_PROOF_CLAIM it has another hash: another node is asked
 *  @retval WICK_E_BAD_KEY     it is what the record means, and no key that may be used */
WICK_NODISCARD wick_status wick_gateway_key(wick_gateway *gw, wick_span spki, uint64_t now_ms,
                                            uint32_t request);

/**
 * Handshakes of this suite alone from now on (type of the caller's key << 4 | type of the callee's);
 * 0: what the records say. To be called before wick_gateway_start(). A call to a peer with another
 * type of key ends with WICK_E_UNSUPPORTED; callers of another suite are not answered.
 * @retval WICK_OK  @retval WICK_E_UNSUPPORTED the own key has no part in it, or a build without RSA
 */
WICK_NODISCARD wick_status wick_gateway_suite(wick_gateway *gw, uint8_t suite);

/** The manager says that it funded the wallet; the agent proves the balance itself. */
WICK_NODISCARD wick_status wick_gateway_funded(wick_gateway *gw, uint64_t now_ms,
                                               uint32_t request);

/** Relay credentials; copied. Below WICK_GW_RELAY_USER_MAX and WICK_GW_RELAY_PASSWORD_MAX.
 *  @retval WICK_E_LIMIT they are longer */
WICK_NODISCARD wick_status wick_gateway_relay(wick_gateway *gw, const char *user,
                                              const char *password, uint64_t expires_s,
                                              uint64_t now_ms, uint32_t request);

#if WICK_WITH_ATTEST
/** The question to all attestors (wick/attest_ask.h): WICK_ATTEST_ASK_BYTES are appended.
 *  @retval WICK_OK  @retval WICK_E_STATE nothing is being asked under this id
 *  @retval WICK_E_NO_CLOCK  @retval WICK_E_NO_SPACE  @retval others the keystore's */
WICK_NODISCARD wick_status wick_gateway_attest_ask(wick_gateway *gw, wick_buf *question, uint64_t now_ms,
                                              uint32_t request);

/** Answer of one of cfg.attestors.
 *  @retval WICK_OK         that was enough: the request is done
 *  @retval WICK_AGAIN      taken, and others are needed
 *  @retval WICK_E_AUTH     it did not sign that: it counts for nothing
 *  @retval WICK_E_EXPIRED  checked too long ago, or at a time that is ahead
 *  @retval WICK_E_STATE    nothing is being asked, no such attestor, or it has answered already
 *  @retval others          of wick_attest_answer_decode() */
WICK_NODISCARD wick_status wick_gateway_attestation(wick_gateway *gw, wick_span answer,
                                                    uint64_t now_ms, size_t attestor,
                                                    uint32_t request);
#endif

/** A request could not be carried out (time-out, HTTP, JSON, TLS, refusal by the manager ...). */
WICK_NODISCARD wick_status wick_gateway_failed(wick_gateway *gw, uint64_t now_ms,
                                               uint32_t request, wick_status status);

/* ------------------------------------------------------------------ private */

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

/** A proven answer being read. Private. */
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

/** Any other request. Private. */
typedef struct wick_gateway_ask {
    uint32_t request;
    uint8_t kind, state, tries;
    uint64_t due_ms;
} wick_gateway_ask;

/** The gateway's own record: what is proven, and the transaction under way. Private. */
typedef struct wick_gateway_own {
    uint8_t state, action;
    uint8_t fund_tries;
    uint8_t sends; /* of the transaction under way: the first, and replacements of it */
    bool bid;      /* nonce, max_fee and priority are those of a transaction that was sent */
    bool registered, registered_told, published, funded;
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
/** A service of a local application. Private. */
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

/** A key that is asked for. Private. */
typedef struct wick_gateway_key_fetch {
    wick_gateway_ask ask;
    uint8_t purpose, owner, registry;
    uint8_t word[32], slot[1][32];
} wick_gateway_key_fetch;

/** Keys of which records hold the hash. Private. */
typedef struct wick_gateway_keys {
    wick_gateway_key_fetch fetch[WICK_GW_KEY_FETCHES];
    struct {
        uint32_t used; /* 0: free */
        uint8_t word[32], pub[260];
    } known[WICK_GW_KEYS_MAX];
    struct {
        uint64_t until_ms; /* 0: free */
        uint8_t word[16];  /* first half of the hash */
    } missing[WICK_GW_KEYS_MISSING_MAX]; /* no node that was asked had the log */
    uint32_t clock;
    uint8_t own_word[32]; /* hash of the own key, if that is RSA */
    bool announced;       /* and proven to be in the log */
    uint8_t only_suite;
} wick_gateway_keys;
#endif

#if WICK_WITH_STANDBY
/** Round-trip times of relays, and a second allocation that is kept warm. Private. */
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
/** The trial of an endpoint through a relay. Private. */
typedef struct wick_gateway_probe {
    uint64_t due_ms, until_ms;
    uint8_t bytes[20];
} wick_gateway_probe;

/** The open socket, and the endpoints that lead to it. Private. */
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

/** Relays and the allocation on one of them. Private. */
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

/** Second allocation: relay check, or calls over the peer's relay. Private. */
typedef struct wick_gateway_second {
    uint8_t state, got, to_send;
    uint8_t of; /* allocation that is checked */
    bool check;
    uint64_t due_ms, until_ms, used_ms;
    wick_addr server;
    uint8_t probe[12];
} wick_gateway_second;

#if WICK_WITH_DIRECT
/** One path of a session. Private. */
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

/** Paths of a session. Way 0 is the one that is fallen back to. Private. */
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

/** A caller for whom there was no session, and what it is told. Private. */
typedef struct wick_gateway_away {
    bool due;
    uint8_t via, len; /* 0: free */
    wick_addr to;
    uint64_t next_ms, until_ms;
    uint8_t bytes[WICK_DIRECT_BUSY_BYTES];
} wick_gateway_away;

/** What the agent knows of its own addresses, and one answer on its way out. Private. */
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
/** Record of a gateway whose leaves come here. Private. */
typedef struct wick_gateway_issuer {
    uint8_t state;
    bool asked; /* being read */
    uint8_t id[32], pub33[33];
    uint32_t epoch;
    wick_status status; /* why it is refused */
    uint64_t due_ms, give_up_ms, used_ms, read_ms, proven_ms;
} wick_gateway_issuer;

/** Tickets accepted here. Private. */
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

/** A call to a peer, or a session with it. Private. */
typedef struct wick_gateway_session {
    uint8_t state, registry, via, tries;
    bool initiator, lookup_only, has_next, asked, over_second;
    bool keys_only; /* for an application that asked for a PSK */
#if WICK_WITH_PEER_CACHE
    bool cached; /* its record was remembered */
#endif
#if WICK_WITH_PEER_KEYS
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
