/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_RECORD_H
#define WICK_RECORD_H
/*
 * What the contracts store, as C sees it: names and their hashes, the storage slots to ask a node
 * for, the packed words behind them, and the rules under which a record may be used. Layout, with
 * tables, is in core/registry/RECORDS.md; contracts/src holds the other side.
 *
 * To read a peer: one query names all slots, one eth_getProof answers them, wick/verified.h proves
 * each value under one trusted header, and this module assembles the record:
 *
 *   wick_peer_query q;
 *   wick_peer_query_init(&q, ref.name, ref.service, false);
 *   ... ask for q.slots[0..q.count); wick_verified_*() fills q.values ...
 *   wick_peer_record rec;
 *   wick_peer_record_read(&rec, &q);                       // absent, revoked, invalid are refused
 *   wick_device_check(&rec.device, &seen, now_s);          // expired, stale
 *   wick_endpoint_check(&rec.endpoint[0], seen.seq[0], now_s);  // if rec.has_endpoint[0]
 *   wick_device_pub33(pub33, &rec.device);                 // then let the crypto HAL parse the point
 *
 * Words are 32 bytes, big-endian, as eth_getProof gives them once padded; a slot that is proven
 * absent is the word zero. Functions here are pure: no clock, no keys, no memory but the caller's.
 * Whether the key is a point of the curve is the business of wick_hal_crypto.secp256k1_expand().
 *
 * Sizes on 32 bits: wick_peer_query 577 bytes, wick_peer_record 192 bytes. Stack below 400 bytes.
 */
#include "wick/base.h"
#include "wick/config.h"
#include "wick/hal/keystore.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WICK_WORD_BYTES 32
#define WICK_ID_BYTES 32
#define WICK_ADDRESS_BYTES 20

/* ---- names ---- */

/** Longest name of a device, service or registry. All are [a-z0-9._-]{1,63}. */
#define WICK_NAME_MAX 63
/** The service that is meant where a reference names none. */
#define WICK_SERVICE_DEFAULT "default"

/** Reference to a peer: name[/service][@registry]. Views into the text. */
typedef struct wick_peer_ref {
    wick_span name;     /* never empty */
    wick_span service;  /* empty if not given: WICK_SERVICE_DEFAULT */
    wick_span registry; /* empty if not given: the home registry */
} wick_peer_ref;

/** @retval WICK_OK  @retval WICK_E_NAME not [a-z0-9._-]{1,63} */
WICK_NODISCARD wick_status wick_name_check(wick_span name);

/**
 * keccak256(name): record id of a device, hash of a service, id of an organisation. The only way
 * from a name to a hash, so that no unchecked name is ever hashed.
 * @param[out] hash32 zeroed on error
 * @retval WICK_OK  @retval WICK_E_NAME not [a-z0-9._-]{1,63}
 */
WICK_NODISCARD wick_status wick_name_hash(uint8_t hash32[32], wick_span name);

/**
 * Parses name[/service][@registry] strictly; a part that is announced must be there.
 * @param[out] out zeroed on error
 * @retval WICK_OK  @retval WICK_E_NAME a part is not [a-z0-9._-]{1,63}, or the form is another
 */
WICK_NODISCARD wick_status wick_peer_ref_parse(wick_peer_ref *out, const char *text, size_t len);

/* ---- storage slots (keys of eth_getProof) ---- */

/** Slots of the mappings in DeviceRegistry, fixed for ever. */
enum {
    WICK_SLOT_DEVICES = 0,
    WICK_SLOT_ENDPOINTS = 1,
    WICK_SLOT_TLS_KEYS = 2,
    WICK_SLOT_MANAGERS = 3,
    WICK_SLOT_ORGS = 4,
    WICK_SLOT_ATTESTORS = 5,
    WICK_SLOT_ANNOUNCED = 6,
    WICK_SLOT_LEAF_ROOTS = 7,
    WICK_SLOT_OFFERS = 8,
    WICK_SLOT_ADMIN_OFFERS = 9
};

/** Slots in RelayRegistry. */
enum {
    WICK_SLOT_RELAY_COUNT = 0,
    WICK_SLOT_RELAYS = 1,
    WICK_SLOT_RELAY_MANAGERS = 2,
    WICK_SLOT_RELAY_INVITATIONS = 3,
    WICK_SLOT_RELAY_REALMS = 4,
    WICK_SLOT_RELAY_STAKES = 5,
    WICK_SLOT_RELAY_STAKE_REQUIRED = 6,
    WICK_SLOT_RELAY_OWED = 7,
    WICK_SLOT_RELAY_VACANT = 8
};

/** Places in RelayRegistry: no more relays than these. */
#define WICK_RELAY_PLACES_MAX 255u

/** devices[id], word 0 (owner, type, epoch ...) or 1 (key). */
void wick_slot_device(uint8_t slot32[32], const uint8_t id32[32], unsigned word);
/** endpoints[keccak256(abi.encode(id, service, index))]; index 0 = primary, 1 = standby. */
void wick_slot_endpoint(uint8_t slot32[32], const uint8_t id32[32], const uint8_t service32[32],
                        unsigned index);
/** tlsKeys[keccak256(abi.encode(id, service))]. */
void wick_slot_tls_key(uint8_t slot32[32], const uint8_t id32[32], const uint8_t service32[32]);
/** announced[key]: block whose log holds the SPKI that has this SHA-256. */
void wick_slot_announced(uint8_t slot32[32], const uint8_t key32[32]);
/** attestors[keccak256(abi.encode(number, class))]: number of the organisation; class is a service,
 *  or zero for those that have no attestors of their own. */
void wick_slot_attestors(uint8_t slot32[32], uint8_t number, const uint8_t class32[32]);
/** leafRoots[id]: Merkle root of the leaves behind a device. */
void wick_slot_leaf_root(uint8_t slot32[32], const uint8_t id32[32]);
/** offers[id]: to whom a record is offered. */
void wick_slot_offer(uint8_t slot32[32], const uint8_t id32[32]);
/** adminOffers[org]: to whom an organisation's administration is offered. */
void wick_slot_admin_offer(uint8_t slot32[32], const uint8_t org32[32]);
/** managers[org]; org is the organisation's id, not its number. */
void wick_slot_manager(uint8_t slot32[32], const uint8_t org32[32]);
/** orgs[number], word 0 (id) or 1 (admin). */
void wick_slot_org(uint8_t slot32[32], uint8_t number, unsigned word);
/** RelayRegistry: number of entries. */
void wick_slot_relay_count(uint8_t slot32[32]);
/** RelayRegistry: relays[index], word 0 (endpoint) or 1 (info). */
void wick_slot_relay(uint8_t slot32[32], uint32_t index, unsigned word);

/** RelayRegistry: realms[index]. */
void wick_slot_relay_realm(uint8_t slot32[32], uint32_t index);
/** RelayRegistry: stakes[index]. */
void wick_slot_relay_stake(uint8_t slot32[32], uint32_t index);
/** managers[address] of RelayRegistry: 1 if it is one. */
void wick_slot_relay_manager(uint8_t slot32[32], const uint8_t manager20[20]);
/** invitations[operator]: relays that he may still register. */
void wick_slot_relay_invitations(uint8_t slot32[32], const uint8_t operator20[20]);
/** RelayRegistry: owed[operator]. */
void wick_slot_relay_owed(uint8_t slot32[32], const uint8_t operator20[20]);
/** RelayRegistry: a bit for each place that is vacated, from the lowest on. */
void wick_slot_relay_vacant(uint8_t slot32[32]);

/* ---- device record ---- */

/* Key types are WICK_KEY_TYPE_* of wick/hal/keystore.h. The key word is the x coordinate for
 * secp256k1, with the parity of y in flags; SHA-256 of the SPKI for RSA-2048 and P-256. */

#define WICK_DEVICE_FLAG_ODD 0x01u     /* secp256k1: y is odd */
#define WICK_DEVICE_FLAG_REVOKED 0x80u /* revoked; the key is void */

typedef struct wick_device {
    uint8_t owner[20];  /* wallet that may write */
    uint8_t key_type;   /* WICK_KEY_TYPE_* */
    uint8_t flags;      /* WICK_DEVICE_FLAG_* */
    uint8_t org;        /* number of the organisation that vouched first */
    uint32_t epoch;     /* 1 = first registration; rises with each registration, rotation, revocation */
    uint64_t not_after; /* unix seconds, below 2^40 */
    uint8_t key[32];    /* void if revoked */
} wick_device;

/**
 * Decodes words 0 and 1.
 * @param[out] out zeroed but for WICK_OK and WICK_E_RECORD_REVOKED
 * @retval WICK_OK                a live record (its expiry is not looked at)
 * @retval WICK_E_RECORD_ABSENT   both words are zero
 * @retval WICK_E_RECORD_REVOKED  revoked; `out` tells owner, org and epoch
 * @retval WICK_E_RECORD_INVALID  a pair of words that no correct contract writes
 */
WICK_NODISCARD wick_status wick_device_decode(wick_device *out, const uint8_t word0[32],
                                              const uint8_t word1[32]);

/**
 * The words that the contract holds for this record.
 * @retval WICK_OK  @retval WICK_E_RECORD_INVALID wick_device_decode() would refuse them; zeroed
 */
WICK_NODISCARD wick_status wick_device_encode(uint8_t word0[32], uint8_t word1[32],
                                              const wick_device *device);

/**
 * Compressed public key from x and parity. Not yet known to be a point of the curve: let
 * wick_hal_crypto.secp256k1_expand() look at it.
 * @param[out] pub33 zeroed on error
 * @retval WICK_OK
 * @retval WICK_E_RECORD_REVOKED
 * @retval WICK_E_UNSUPPORTED  another key type
 * @retval WICK_E_BAD_KEY      x is zero or not below the field prime
 */
WICK_NODISCARD wick_status wick_device_pub33(uint8_t pub33[33], const wick_device *device);

/** Puts a compressed public key into a record: type, flags and key.
 *  @retval WICK_OK  @retval WICK_E_BAD_KEY first byte not 02 or 03, or x out of range */
WICK_NODISCARD wick_status wick_device_set_pub33(wick_device *device, const uint8_t pub33[33]);

/** Highest values already seen of one peer; all zero = never seen. Kept by the caller's store. */
typedef struct wick_record_seen {
    uint32_t epoch;
    uint32_t seq[2];
} wick_record_seen;

/**
 * May this key be used now?
 * @retval WICK_OK
 * @retval WICK_E_RECORD_REVOKED  revoked flag
 * @retval WICK_E_RECORD_STALE    epoch lower than one already seen
 * @retval WICK_E_RECORD_EXPIRED  notAfter <= now_s
 */
WICK_NODISCARD wick_status wick_device_check(const wick_device *device,
                                             const wick_record_seen *seen, uint64_t now_s);

/* ---- endpoint word ---- */

typedef enum wick_endpoint_kind {
    WICK_ENDPOINT_WITHDRAWN = 0, /* no place: taken back, or its owner left a part of it out */
    WICK_ENDPOINT_DIRECT = 1,    /* the device's own public address */
    WICK_ENDPOINT_PCP = 2,       /* mapped by a NAT on request */
    WICK_ENDPOINT_RELAY = 3      /* relayed address of a TURN allocation */
} wick_endpoint_kind;

#define WICK_PROTOCOL_TCP 6
#define WICK_PROTOCOL_UDP 17

/** A sequence number may rise by this much at once; so one bad signature cannot burn the range. */
#define WICK_SEQ_JUMP_MAX 65536u
/** An endpoint may expire at most so far ahead. */
#define WICK_EXPIRY_MAX_S (UINT64_C(365) * 86400u)

typedef struct wick_endpoint {
    wick_addr addr;          /* IPv4 mapped; zero when withdrawn */
    uint8_t protocol;        /* IANA number */
    uint8_t kind;            /* wick_endpoint_kind */
    uint32_t seq;            /* 1 or more */
    uint64_t expires;        /* unix seconds, below 2^40 */
    uint32_t validated_at_h; /* hours since 1970 when attestors reached it, 0 = never */
} wick_endpoint;

/**
 * @param[out] out zeroed but for WICK_OK
 * @retval WICK_OK                also for a withdrawn one: see wick_endpoint_check()
 * @retval WICK_E_NO_ENDPOINT     the word is zero: never written
 * @retval WICK_E_RECORD_INVALID  a word that no correct contract writes
 */
WICK_NODISCARD wick_status wick_endpoint_decode(wick_endpoint *out, const uint8_t word[32]);

/** @retval WICK_OK  @retval WICK_E_RECORD_INVALID the contract would refuse it; `word` zeroed */
WICK_NODISCARD wick_status wick_endpoint_encode(uint8_t word[32], const wick_endpoint *endpoint);

/**
 * May this endpoint be tried now? kind and validated_at_h are hints; only the handshake proves who
 * answers there.
 * @retval WICK_OK
 * @retval WICK_E_RECORD_STALE    seq lower than one already seen
 * @retval WICK_E_NO_ENDPOINT     withdrawn
 * @retval WICK_E_RECORD_EXPIRED  expires <= now_s
 * @retval WICK_E_UNSUPPORTED     protocol neither UDP nor TCP, or an unknown kind
 */
WICK_NODISCARD wick_status wick_endpoint_check(const wick_endpoint *endpoint, uint32_t seen_seq,
                                               uint64_t now_s);

/** Attestors' word about an endpoint counts for so long (they cannot take it back). */
#define WICK_VALIDATION_AGE_MAX_S UINT64_C(86400)

/**
 * Have attestors reached it lately? A relay's address is the relay's to vouch for and needs none.
 * @retval WICK_OK
 * @retval WICK_E_NO_ENDPOINT  direct or PCP, and never reached, longer ago than
 *                             WICK_VALIDATION_AGE_MAX_S, or at a time that is ahead
 */
WICK_NODISCARD wick_status wick_endpoint_validated(const wick_endpoint *endpoint, uint64_t now_s);

/* ---- manager and relay words ---- */

/** managers[org]: who vouches for an organisation now. */
typedef struct wick_manager {
    uint8_t address[20];
    uint32_t epoch; /* rises at every change; 1 = first */
    uint8_t org;    /* number of the organisation */
} wick_manager;

/** @retval WICK_OK  @retval WICK_E_RECORD_ABSENT no such organisation
 *  @retval WICK_E_RECORD_INVALID a word that no correct contract writes; `out` zeroed on error */
WICK_NODISCARD wick_status wick_manager_decode(wick_manager *out, const uint8_t word[32]);

typedef enum wick_relay_status {
    WICK_RELAY_PENDING = 1,
    WICK_RELAY_APPROVED = 2,
    WICK_RELAY_SUSPENDED = 3
} wick_relay_status;

typedef struct wick_relay {
    wick_addr addr;        /* where the TURN server listens */
    uint8_t protocol;      /* transport to the server, IANA number */
    uint8_t status;        /* wick_relay_status; use approved ones only */
    uint8_t operator20[20]; /* who runs it */
    uint32_t checked_at_h; /* hours since 1970 of the last approval or suspension; 0 = neither */
} wick_relay;

/** @retval WICK_OK  @retval WICK_E_RECORD_ABSENT both words zero
 *  @retval WICK_E_RECORD_INVALID words that no correct contract writes; `out` zeroed on error */
WICK_NODISCARD wick_status wick_relay_decode(wick_relay *out, const uint8_t endpoint_word[32],
                                             const uint8_t info_word[32]);

#define WICK_RELAY_TRANSPORT_UDP 0x01u
#define WICK_RELAY_TRANSPORT_TCP 0x02u
#define WICK_RELAY_TRANSPORT_TLS 0x04u
#define WICK_RELAY_TRANSPORT_DTLS 0x08u

/** What an operator told about a relay: hints. */
typedef struct wick_relay_details {
    char region[3];     /* two letters of ISO 3166-1, or "" */
    char realm[33];     /* realm of the TURN server, or "" */
    uint8_t transports; /* WICK_RELAY_TRANSPORT_*, 0 = not told */
} wick_relay_details;

/** From the info word and realms[index]; zeroed where the words make no sense. */
void wick_relay_details_decode(wick_relay_details *out, const uint8_t info_word[32],
                               const uint8_t realm_word[32]);

/** Endpoint word of a relay (kind WICK_ENDPOINT_RELAY, no seq, no expiry), for registering it.
 *  @retval WICK_OK  @retval WICK_E_BAD_ARG address, port or protocol is zero; `word` zeroed */
WICK_NODISCARD wick_status wick_relay_word(uint8_t word[32], const wick_addr *addr,
                                           uint8_t protocol);

/** Places of the list; the contract has the same bound. */
#define WICK_RELAYS_MAX 255u

/** Number of relays. @retval WICK_OK  @retval WICK_E_RECORD_INVALID above WICK_RELAYS_MAX */
WICK_NODISCARD wick_status wick_relay_count_decode(uint32_t *count, const uint8_t word[32]);

/* ---- one peer in one proof ---- */

/** Words of a peer, with the TLS key. */
#define WICK_PEER_SLOTS_MAX 5

/** What to ask for one peer, and room for what was proven. */
typedef struct wick_peer_query {
    uint8_t slots[WICK_QUERY_SLOTS_MAX][32];  /* keys for eth_getProof, in this order */
    uint8_t values[WICK_QUERY_SLOTS_MAX][32]; /* the caller puts the proven values here */
    uint8_t count;                           /* 4, or 5 with the TLS key */
} wick_peer_query;

typedef struct wick_peer_record {
    wick_device device;
    wick_endpoint endpoint[2]; /* primary, standby; zeroed unless has_endpoint */
    bool has_endpoint[2];      /* written at least once (perhaps withdrawn or expired) */
    bool has_tls_key;
    uint8_t tls_key[32];
} wick_peer_record;

/**
 * Slots of device words 0 and 1, endpoints 0 and 1 of the service, and on request its TLS key.
 * Values start as zero.
 */
void wick_peer_query_init(wick_peer_query *query, const uint8_t id32[32],
                          const uint8_t service32[32], bool want_tls_key);

/**
 * Assembles the record from the values in `query`, all proven under one header (mixing headers
 * would let a revoked key meet a fresh endpoint). An endpoint that was never written is no error.
 * @param[out] out zeroed but for WICK_OK and WICK_E_RECORD_REVOKED (device only)
 * @retval WICK_OK
 * @retval WICK_E_RECORD_ABSENT   never registered; of an id that was seen before it means REVOKED
 * @retval WICK_E_RECORD_REVOKED
 * @retval WICK_E_RECORD_INVALID  a word that no correct contract writes
 */
WICK_NODISCARD wick_status wick_peer_record_read(wick_peer_record *out,
                                                 const wick_peer_query *query);

/**
 * SHA-256 of the SPKI that the certificate of the service must have, for callers by TLS with
 * certificates (S0 III-F): the TLS key of the service, else the device's own, of which the record holds
 * that hash where it is RSA-2048 or P-256. `pin` of wick/port/https.h.
 * @return false: the record vouches for no certificate; `pin32` is zeroed
 */
bool wick_peer_tls_pin(uint8_t pin32[32], const wick_peer_record *record);

#ifdef __cplusplus
}
#endif
#endif
