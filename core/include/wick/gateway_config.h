/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_GATEWAY_CONFIG_H
#define WICK_GATEWAY_CONFIG_H
/*
 * What a gateway is told at its start (wick/gateway.h): its keys and name, registries and their chains,
 * relays, what is allowed, and the goals that it is to reach and to keep.
 */
#include "wick/base.h"
#include "wick/hal/clock.h"
#include "wick/hal/crypto.h"
#include "wick/hal/entropy.h"
#include "wick/hal/keystore.h"
#include "wick/hal/log.h"
#include "wick/hal/store.h"
#include "wick/light.h"
#include "wick/record.h"
#include "wick/ticket_table.h"
#include "wick/trust.h"

#ifdef __cplusplus
extern "C" {
#endif

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

/** Who pays for the own record. AUTO: the own wallet, which the manager is asked to fund; where he does not,
 *  he is asked to send what it would have sent (WALLET_SPONSOR). ALWAYS: he sends everything, and the wallet
 *  needs no Ether. */
typedef enum wick_gateway_sponsoring {
    WICK_GW_SPONSORED_AUTO = 0,
    WICK_GW_SPONSORED_ALWAYS,
    WICK_GW_SPONSORED_NEVER
} wick_gateway_sponsoring;

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
#if WICK_WITH_RELAYED
    uint8_t sponsored;        /* wick_gateway_sponsoring */
#endif
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
    bool attest_services;  /* services on TCP, too: the driver answers the HTTPS challenge at their port */
#endif

    wick_gateway_record *records; /* NULL, or WICK_GW_SESSIONS_MAX of them: PEER_RESOLVED of a
                                   * session, or of a look-up, fills the one of its index */
} wick_gateway_config;

#ifdef __cplusplus
}
#endif
#endif
