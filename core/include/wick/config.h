/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_CONFIG_H
#define WICK_CONFIG_H
/*
 * Every compile-time bound of the library, with its meaning, range, default and RAM cost. Override
 * by -D or by a header of your own named in WICK_CONFIG_FILE.
 */
#ifdef WICK_CONFIG_FILE
#include WICK_CONFIG_FILE
#endif

/* Cause and remedy of each status as text: 1 = yes (6 KB of read-only data), 0 = names only; the
 * cause is then the name and the remedy empty. No RAM. */
#ifndef WICK_STATUS_TEXT
#define WICK_STATUS_TEXT 1
#endif

/* Keccak: 1 = unrolled 64-bit permutation (fast, about 5 KB text), 0 = rolled (below 1 KB). */
#ifndef WICK_KECCAK_FAST
#define WICK_KECCAK_FAST 1
#endif

/* Deepest nesting of RLP lists that a reader follows. Range 2..16. No RAM. */
#ifndef WICK_RLP_DEPTH_MAX
#define WICK_RLP_DEPTH_MAX 8
#endif

/* Largest trie node accepted, bytes. 17 x 33 + 3 = 564 bounds a branch; a leaf carries the value
 * too. Range 600..4096. Costs one caller buffer in ports that collect nodes. */
#ifndef WICK_MPT_NODE_MAX
#define WICK_MPT_NODE_MAX 1024
#endif

/* Longest key of a trie walk, bytes. 32 for state and storage; RLP(index) of receipt tries is 1..9.
 * Range 32..64. RAM: one byte each in every wick_mpt. */
#ifndef WICK_MPT_KEY_MAX
#define WICK_MPT_KEY_MAX 32
#endif
#if WICK_MPT_KEY_MAX < 32 || WICK_MPT_KEY_MAX > 64
#error "WICK_MPT_KEY_MAX: range 32..64"
#endif

/* Largest block header, RLP bytes. Range 700..8192. A consortium header carries 21 bytes for each
 * validator and 67 for each seal: 6656 is enough for 64 of both. One buffer in ports. */
#ifndef WICK_HEADER_MAX
#define WICK_HEADER_MAX 6656
#endif

/* How far ahead of our clock a block's time may be, seconds. Range 0..3600. No RAM. */
#ifndef WICK_TRUST_FUTURE_S
#define WICK_TRUST_FUTURE_S 900
#endif

/* ---- parts that may be left out: 0 and the code is gone ---- */

/* Proofs of transactions, receipts and logs (wick/receipt.h). */
#ifndef WICK_WITH_RECEIPT
#define WICK_WITH_RECEIPT 1
#endif
/* Headers of QBFT, IBFT 2.0 and IBFT 1 chains (wick/bft.h). */
#ifndef WICK_WITH_BFT
#define WICK_WITH_BFT 1
#endif
/* Headers of Clique chains (wick/clique.h). */
#ifndef WICK_WITH_CLIQUE
#define WICK_WITH_CLIQUE 1
#endif

/* Headers of proof-of-stake Ethereum by its sync committee (wick/beacon.h). */
#ifndef WICK_WITH_BEACON
#define WICK_WITH_BEACON 1
#endif

/* RSA-2048 keys beside secp256k1 ones in handshakes (wick/nsl.h) and in the records of gateways. Costs
 * 450 B in each half-open handshake and each run. */
#ifndef WICK_WITH_NSL_RSA
#define WICK_WITH_NSL_RSA 1
#endif

/* ---- sync committee (wick/beacon.h) ---- */

/* Largest committee: 512 on public networks, 32 in the minimal preset. A power of two, range
 * 32..512. 144 bytes each in a wick_beacon, and 48 more with WICK_BEACON_FORCE. */
#ifndef WICK_BEACON_COMMITTEE_MAX
#define WICK_BEACON_COMMITTEE_MAX 512
#endif
#if WICK_BEACON_COMMITTEE_MAX < 32 || WICK_BEACON_COMMITTEE_MAX > 512 ||                           \
    (WICK_BEACON_COMMITTEE_MAX & (WICK_BEACON_COMMITTEE_MAX - 1)) != 0
#error "WICK_BEACON_COMMITTEE_MAX: a power of two, 32..512"
#endif
/* Going on without finality after a whole period (wick_beacon_force()): 1 = yes, 0 = no. 48 bytes
 * for each member of the committee. */
#ifndef WICK_BEACON_FORCE
#define WICK_BEACON_FORCE 1
#endif
/* Default trusting period (weak subjectivity) of the built-in chains, seconds: how old a trusted root
 * or a store may be. Range 1..2^32-1. No RAM. */
#ifndef WICK_BEACON_TRUSTING_S
#define WICK_BEACON_TRUSTING_S (14u * 24u * 3600u)
#endif

/* ---- proof bundles (wick/bundle.h) ---- */

/* Most storage slots in one bundle. Range 1..255. No RAM. */
#ifndef WICK_BUNDLE_SLOTS_MAX
#define WICK_BUNDLE_SLOTS_MAX 16
#endif
/* Most nodes of one proof in a bundle. A path of 64 nibbles has 65 nodes. Range 8..255. No RAM. */
#ifndef WICK_BUNDLE_NODES_MAX
#define WICK_BUNDLE_NODES_MAX 66
#endif
/* Most pieces of evidence in one bundle: headers before and after, updates. Range 1..65535. No RAM;
 * each may cost a signature check. */
#ifndef WICK_BUNDLE_STEPS_MAX
#define WICK_BUNDLE_STEPS_MAX 256
#endif

/* ---- sealed headers (wick/seal.h, wick/bft.h, wick/clique.h) ---- */

/* Largest set of validators or signers. Range 1..64. 20 bytes each in every state. */
#ifndef WICK_SEAL_SIGNERS_MAX
#define WICK_SEAL_SIGNERS_MAX 64
#endif
#if WICK_SEAL_SIGNERS_MAX < 1 || WICK_SEAL_SIGNERS_MAX > 64
#error "WICK_SEAL_SIGNERS_MAX: range 1..64"
#endif
/* Trusting period, seconds: how old a trusted set may be when it vouches for another one, for keys
 * of former validators may have been sold since. Range 1..2^32-1. No RAM. */
#ifndef WICK_SEAL_TRUSTING_S
#define WICK_SEAL_TRUSTING_S (30u * 24u * 3600u)
#endif
/* Clique: open votes of an epoch. Range 1..255. 40 bytes each. */
#ifndef WICK_CLIQUE_VOTES_MAX
#define WICK_CLIQUE_VOTES_MAX 32
#endif
#if WICK_CLIQUE_VOTES_MAX < 1 || WICK_CLIQUE_VOTES_MAX > 255
#error "WICK_CLIQUE_VOTES_MAX: range 1..255"
#endif
/* Clique: newest headers that may still be asked for. Range WICK_SEAL_SIGNERS_MAX / 2 + 1..255. 52
 * bytes each. */
#ifndef WICK_CLIQUE_WINDOW
#define WICK_CLIQUE_WINDOW 48
#endif
#if WICK_CLIQUE_WINDOW <= WICK_SEAL_SIGNERS_MAX / 2 || WICK_CLIQUE_WINDOW > 255
#error "WICK_CLIQUE_WINDOW: range WICK_SEAL_SIGNERS_MAX / 2 + 1..255"
#endif

/* ---- light client (wick/light.h) ---- */

/* The light client of a chain with its trust store: 0 leaves both out. */
#ifndef WICK_WITH_LIGHT
#define WICK_WITH_LIGHT 1
#endif
/* Nodes of a quorum (wick/quorum.h) and requests under way at once. Range 1..16. 56 bytes each in
 * wick_quorum, 88 in wick_light. */
#ifndef WICK_QUORUM_SOURCES_MAX
#define WICK_QUORUM_SOURCES_MAX 8
#endif
#if WICK_QUORUM_SOURCES_MAX < 1 || WICK_QUORUM_SOURCES_MAX > 16
#error "WICK_QUORUM_SOURCES_MAX: range 1..16"
#endif
/* Headers asked for with one request, when many have to be followed. Range 1..128. No RAM. */
#ifndef WICK_LIGHT_BATCH
#define WICK_LIGHT_BATCH 32
#endif
/* Headers in between asked for on the way to one newest header, when validators have changed a lot.
 * Range 64..2^32-1. No RAM. */
#ifndef WICK_LIGHT_STEPS_MAX
#define WICK_LIGHT_STEPS_MAX 4096
#endif
/* Between looks for a new head, milliseconds. */
#ifndef WICK_LIGHT_POLL_MS
#define WICK_LIGHT_POLL_MS 4000
#endif
/* A request that was not answered is given up after this, milliseconds. */
#ifndef WICK_LIGHT_REQUEST_MS
#define WICK_LIGHT_REQUEST_MS 20000
#endif
/* Oldest head that is not stale, seconds. Finalised ones are half an epoch to two epochs old by
 * nature and have twice as long. */
#ifndef WICK_LIGHT_MAX_AGE_S
#define WICK_LIGHT_MAX_AGE_S 900
#endif
/* Least time between two writes of the trust store, seconds: 24 a day spare a flash of 100,000 erase
 * cycles for 11 years even if each write erases. What was not written is followed again. */
#ifndef WICK_LIGHT_SAVE_S
#define WICK_LIGHT_SAVE_S 3600
#endif

/* ---- path manager (wick/path.h) ---- */

/* Direct and PCP endpoints of a gateway beside the relayed one: 0 leaves them out of the agent, and
 * with them the path manager and the PCP client, 1.6 KB of RAM. */
#ifndef WICK_WITH_PATH
#define WICK_WITH_PATH 1
#endif
/* A second relay, kept warm: 0 leaves it out of the agent, 2.9 KB of RAM. */
#ifndef WICK_WITH_STANDBY
#define WICK_WITH_STANDBY 1
#endif
/* How long the first publication waits for sources that may be better, milliseconds. */
#ifndef WICK_PATH_GATHER_MS
#define WICK_PATH_GATHER_MS 5000
#endif
/* How long what is published may be lost before something else is, milliseconds. */
#ifndef WICK_PATH_GRACE_MS
#define WICK_PATH_GRACE_MS 5000
#endif
/* How long a better source must have been good before it is published; doubles to the maximum each
 * time that it fails, milliseconds. */
#ifndef WICK_PATH_HOLD_MS
#define WICK_PATH_HOLD_MS 10000
#endif
#ifndef WICK_PATH_HOLD_MAX_MS
#define WICK_PATH_HOLD_MAX_MS 3600000
#endif
/* Between two tries of a verified endpoint from outside, milliseconds. */
#ifndef WICK_PATH_REVERIFY_MS
#define WICK_PATH_REVERIFY_MS 600000
#endif

/* Gateway agent (wick/gateway.h). Sessions and pending calls, range 1..32, about 0.7 KB each. */
#ifndef WICK_GW_SESSIONS_MAX
#define WICK_GW_SESSIONS_MAX 4
#endif
/* Records that serve again without another reading (wick/peer_cache.h): 0 leaves it out. */
#ifndef WICK_WITH_PEER_CACHE
#define WICK_WITH_PEER_CACHE 1
#endif
/* How many are remembered, range 1..255, about 0.6 KB each in memory of the caller's. */
#ifndef WICK_GW_PEERS_CACHED
#define WICK_GW_PEERS_CACHED 16
#endif
/* Longest time for which one serves: as long as responders keep their former key. */
#define WICK_GW_CACHE_MAX_S 900u
/* Allocations at once: 0 and 2 on relays of one's own, 1 at a peer's relay or for a check. */
#define WICK_GW_TURNS (2 + (WICK_WITH_STANDBY ? 1 : 0))
/* UDP sockets that the agent may name: one for each allocation, the open one, to which direct and PCP
 * endpoints lead, and the one for the router. */
#define WICK_GW_SOCKETS (WICK_GW_TURNS + (WICK_WITH_PATH ? 2 : 0))
/* Registries in the configuration, range 1..16. 48 B each (high-water marks of its chain). */
#ifndef WICK_GW_REGISTRIES_MAX
#define WICK_GW_REGISTRIES_MAX 4
#endif
/* Proven answers being read at once, range 1..8, about 1 KB each. */
#ifndef WICK_GW_READS_MAX
#define WICK_GW_READS_MAX 3
#endif
/* Approved relays kept, range 1..16, 24 B each. */
#ifndef WICK_GW_RELAYS_MAX
#define WICK_GW_RELAYS_MAX 8
#endif
/* Peers and services whose (epoch, seq) high-water marks are kept (wick/marks.h), range 4..19: they
 * fit in one value of the store. 52 B each in RAM and in the store. */
#ifndef WICK_GW_MARKS_MAX
#define WICK_GW_MARKS_MAX 16
#endif
/* A request that the driver has not answered is given up after this, milliseconds. */
#ifndef WICK_GW_REQUEST_MS
#define WICK_GW_REQUEST_MS 20000
#endif
/* A transaction that is not proven on chain after this is TX_LOST, milliseconds. */
#ifndef WICK_GW_INCLUSION_MS
#define WICK_GW_INCLUSION_MS 90000
#endif
/* A transaction that is not in a block after this is offered again with the same nonce and an eighth
 * more for its gas, as nodes ask of a replacement, so often at most. Milliseconds; range 0..8. */
#ifndef WICK_GW_REPLACE_MS
#define WICK_GW_REPLACE_MS 20000
#endif
#ifndef WICK_GW_REPLACE_MAX
#define WICK_GW_REPLACE_MAX 3
#endif
/* Largest application datagram and the frame buffer around it, bytes. Range 1200..1400. */
#ifndef WICK_GW_DATAGRAM_MAX
#define WICK_GW_DATAGRAM_MAX 1300
#endif
/* A session without a datagram in either direction for so long is ended, milliseconds. */
#ifndef WICK_GW_IDLE_MS
#define WICK_GW_IDLE_MS 600000
#endif
/* Sessions move between relays and to direct paths (wick/direct.h). 0 leaves it out: they end with
 * the path on which they began. */
#ifndef WICK_WITH_DIRECT
#define WICK_WITH_DIRECT 1
#endif
/* Callers at once that are told that there is no room for a session. Range 1..16. 136 B each. */
#ifndef WICK_GW_REFUSED_MAX
#define WICK_GW_REFUSED_MAX 4
#endif
/* Paths known of a session, range 4..16, 56 B each. Half of them at most are over relays. */
#ifndef WICK_DIRECT_WAYS
#define WICK_DIRECT_WAYS 8
#endif
/* Services of local applications that the agent publishes beside its own (wick/service.h): 0 leaves
 * them out. */
#ifndef WICK_WITH_SERVICES
#define WICK_WITH_SERVICES 1
#endif
/* So many. Range 1..8. 190 B each, and 64 B in every read. */
#ifndef WICK_GW_SERVICES_MAX
#define WICK_GW_SERVICES_MAX 4
#endif
#if WICK_GW_SERVICES_MAX < 1 || WICK_GW_SERVICES_MAX > 8
#error "WICK_GW_SERVICES_MAX: range 1..8"
#endif
/* Words that one proof can hold: those of a peer, or the own ones with all services. */
#ifndef WICK_QUERY_SLOTS_MAX
#define WICK_QUERY_SLOTS_MAX                                                                       \
    (5 + (WICK_WITH_SERVICES ? WICK_GW_SERVICES_MAX : 0) + (WICK_WITH_NSL_RSA ? 1 : 0))
#endif
/* RSA keys of peers that are remembered, for their logs are two calls of a node each. Range 1..64.
 * 296 B each. */
#ifndef WICK_GW_KEYS_MAX
#define WICK_GW_KEYS_MAX 4
#endif
/* RSA keys of which no node had the log: hashes that are not asked for again for a while in the
 * registry where they are missing. Range 1..64. 24 B each. */
#ifndef WICK_GW_KEYS_MISSING_MAX
#define WICK_GW_KEYS_MISSING_MAX 4
#endif
/* That while, milliseconds. */
#ifndef WICK_GW_KEY_MISSING_MS
#define WICK_GW_KEY_MISSING_MS 30000u
#endif
/* Keys and PSKs of peers for local applications (wick/peer_keys.h): 0 leaves them out. 8 B
 * a session. */
#ifndef WICK_WITH_PEER_KEYS
#define WICK_WITH_PEER_KEYS 1
#endif
/* Sessions that last: their peers' records are read again, and their keys changed: 0 leaves it out. 32 B
 * a session. */
#ifndef WICK_WITH_REKEY
#define WICK_WITH_REKEY 1
#endif
/* Age of a session at which the side that called begins a new handshake, milliseconds. */
#ifndef WICK_GW_REKEY_MS
#define WICK_GW_REKEY_MS 3600000u
#endif
/* Or so many bytes in both directions. */
#ifndef WICK_GW_REKEY_BYTES
#define WICK_GW_REKEY_BYTES (UINT64_C(1) << 32)
#endif
/* Between two looks at the record of a session's peer, milliseconds. */
#ifndef WICK_GW_WATCH_MS
#define WICK_GW_WATCH_MS 900000u
#endif
/* Gas asked for, by call. Unused gas costs nothing. */
#ifndef WICK_GW_GAS_REGISTER
#define WICK_GW_GAS_REGISTER 220000
#endif
#ifndef WICK_GW_GAS_PUBLISH
#define WICK_GW_GAS_PUBLISH 140000
#endif
#ifndef WICK_GW_GAS_ANNOUNCE
#define WICK_GW_GAS_ANNOUNCE 120000
#endif
/* Most that a unit of gas may cost unless configured otherwise, wei. */
#ifndef WICK_GW_MAX_FEE_WEI
#define WICK_GW_MAX_FEE_WEI UINT64_C(500000000000)
#endif
/* Relay user name and password with their zero, bytes. */
#ifndef WICK_GW_RELAY_USER_MAX
#define WICK_GW_RELAY_USER_MAX 96
#endif
#ifndef WICK_GW_RELAY_PASSWORD_MAX
#define WICK_GW_RELAY_PASSWORD_MAX 64
#endif

/* ---- updates (wick/plan.h, wick/update.h) ---- */

/* Longest chain of patches. Range 1..8. 160 bytes each. */
#ifndef WICK_PLAN_STEPS_MAX
#define WICK_PLAN_STEPS_MAX 3
#endif
#if WICK_PLAN_STEPS_MAX < 1 || WICK_PLAN_STEPS_MAX > 8
#error "WICK_PLAN_STEPS_MAX: range 1..8"
#endif
/* Wrong or missing answers after which a source is not asked any more in an update. Range 1..255. */
#ifndef WICK_UPDATE_STRIKES
#define WICK_UPDATE_STRIKES 3
#endif
/* Time for one answer, a block of up to WICK_UNIXFS_BLOCK_MAX bytes, milliseconds; and how long a source
 * with a strike is left alone, for each of them. */
#ifndef WICK_UPDATE_ANSWER_MS
#define WICK_UPDATE_ANSWER_MS 300000
#endif
#ifndef WICK_UPDATE_PAUSE_MS
#define WICK_UPDATE_PAUSE_MS 2000
#endif
/* Bytes after which progress goes to the journal, whole sectors at least. What was not saved is fetched
 * or applied again after a reset. */
#ifndef WICK_UPDATE_SAVE_BYTES
#define WICK_UPDATE_SAVE_BYTES 4096
#endif
/* How often an image is fetched whose digest is wrong once it is in flash. Range 1..10. Not counted where all
 * of it came from one plain source, which is not asked again. */
#ifndef WICK_UPDATE_ROUNDS
#define WICK_UPDATE_ROUNDS 2
#endif

/* ---- CoAP and leaves (wick/coap.h, wick/leaf.h) ---- */

/* Path segments, and queries, of a request. Range 2..16. 16 B each in a wick_coap_request. */
#ifndef WICK_COAP_SEGMENTS_MAX
#define WICK_COAP_SEGMENTS_MAX 4
#endif
/* Largest message, bytes: a block of 1024 and what stands around it. Range 160..1152. Once in each
 * exchange. */
#ifndef WICK_COAP_MESSAGE_MAX
#define WICK_COAP_MESSAGE_MAX 1120
#endif
/* Exchanges that a server keeps of one client: requests being answered, and answers kept for
 * duplicates. Range 1..8. About 1.2 KB each. */
#ifndef WICK_COAP_EXCHANGES
#define WICK_COAP_EXCHANGES 2
#endif
/* An answer that takes longer goes out by itself, after an empty acknowledgement (RFC 7252 section
 * 5.2.2), milliseconds. Below ACK_TIMEOUT, 2000. */
#ifndef WICK_COAP_ACK_MS
#define WICK_COAP_ACK_MS 1000
#endif

/* Leaves: a gateway's service for devices without public-key crypto (wick/leaf.h). 0 leaves it out. */
#ifndef WICK_WITH_LEAVES
#define WICK_WITH_LEAVES 1
#endif
/* Leaves at once, range 1..64. About 4.3 KB each in a wick_leaf_service. */
#ifndef WICK_LEAVES_MAX
#define WICK_LEAVES_MAX 4
#endif
/* Most payload of one carried message, bytes, either way. Range 64..960. Once for each leaf. */
#ifndef WICK_LEAF_PAYLOAD_MAX
#define WICK_LEAF_PAYLOAD_MAX 960
#endif
/* A leaf's question that has no answer after this is answered 5.04, milliseconds. Below the 93 s that
 * a client waits. */
#ifndef WICK_LEAF_ASK_MS
#define WICK_LEAF_ASK_MS 45000
#endif
/* Questions about peers that a leaf may ask in a row, and how long it takes to have one more of them,
 * milliseconds. */
#ifndef WICK_LEAF_BURST
#define WICK_LEAF_BURST 8
#endif
#ifndef WICK_LEAF_REFILL_MS
#define WICK_LEAF_REFILL_MS 1000
#endif
#if WICK_COAP_MESSAGE_MAX < 160 || WICK_COAP_MESSAGE_MAX > 1152
#error "WICK_COAP_MESSAGE_MAX: range 160..1152"
#endif
#if WICK_COAP_EXCHANGES < 1 || WICK_COAP_EXCHANGES > 8 || WICK_COAP_ACK_MS >= 2000
#error "WICK_COAP_EXCHANGES: range 1..8, WICK_COAP_ACK_MS: below 2000"
#endif
#if WICK_LEAVES_MAX < 1 || WICK_LEAVES_MAX > 64
#error "WICK_LEAVES_MAX: range 1..64"
#endif
#if WICK_LEAF_PAYLOAD_MAX < 64 || WICK_LEAF_PAYLOAD_MAX > 960
#error "WICK_LEAF_PAYLOAD_MAX: range 64..960"
#endif

/* ---- firmware: content and manifests (wick/unixfs.h, wick/manifest.h) ---- */

/* Levels of nodes above the leaves of a file. Range 1..8. 16 bytes each. */
#ifndef WICK_UNIXFS_LEVELS
#define WICK_UNIXFS_LEVELS 4
#endif
#if WICK_UNIXFS_LEVELS < 1 || WICK_UNIXFS_LEVELS > 8
#error "WICK_UNIXFS_LEVELS: range 1..8"
#endif
/* Largest block, bytes. 2 MiB is what gateways serve. Range 64..2^26. No RAM. */
#ifndef WICK_UNIXFS_BLOCK_MAX
#define WICK_UNIXFS_BLOCK_MAX (2u * 1024u * 1024u)
#endif
/* wick_manifest_encode(). 0 or 1. Devices read manifests alone, and save 0.4 KB of code without it. */
#ifndef WICK_WITH_MANIFEST_WRITE
#define WICK_WITH_MANIFEST_WRITE 1
#endif
/* URIs of mirrors in a manifest. Range 1..16. 8 bytes each. */
#ifndef WICK_MANIFEST_MIRRORS_MAX
#define WICK_MANIFEST_MIRRORS_MAX 4
#endif
/* Patches. 156 bytes each; about 6 fit a manifest. Range 1..16. */
#ifndef WICK_MANIFEST_DELTAS_MAX
#define WICK_MANIFEST_DELTAS_MAX 6
#endif
/* Images that may be updated. 32 bytes each. Range 1..16. */
#ifndef WICK_MANIFEST_PRECURSORS_MAX
#define WICK_MANIFEST_PRECURSORS_MAX 4
#endif
/* Components that must be of some version. 40 bytes each. Range 1..16. */
#ifndef WICK_MANIFEST_DEPENDENCIES_MAX
#define WICK_MANIFEST_DEPENDENCIES_MAX 4
#endif

/* Sizes of the opaque crypto contexts of wick/hal/crypto.h, bytes. Range: what the back end needs,
 * checked there at compile time. */
#ifndef WICK_HASH_CTX_BYTES
#define WICK_HASH_CTX_BYTES 128
#endif
/* A decompressed BLS12-381 key and a sum of keys. */
#ifndef WICK_BLS_KEY_BYTES
#define WICK_BLS_KEY_BYTES 96
#endif
#ifndef WICK_BLS_SUM_BYTES
#define WICK_BLS_SUM_BYTES 144
#endif

/* ---- TURN client (wick/turn.h) ---- */

/* Peer IPs with a permission per allocation. Range 1..64. 56 bytes each. */
#ifndef WICK_TURN_PERMISSIONS
#define WICK_TURN_PERMISSIONS 16
#endif

/* Channels per allocation. Range 1..64. 56 bytes each. */
#ifndef WICK_TURN_CHANNELS
#define WICK_TURN_CHANNELS 8
#endif

/* Requests under way at a time. Range 2..16. 32 bytes each. */
#ifndef WICK_TURN_TRANSACTIONS
#define WICK_TURN_TRANSACTIONS 4
#endif

/* Longest credentials and challenge, bytes. RFC 8489 allows up to 508 for USERNAME and 763 for REALM
 * and NONCE; known servers stay far below. Range 16..255. That many bytes each. */
#ifndef WICK_TURN_USERNAME_MAX
#define WICK_TURN_USERNAME_MAX 128
#endif
#ifndef WICK_TURN_PASSWORD_MAX
#define WICK_TURN_PASSWORD_MAX 128
#endif
#ifndef WICK_TURN_REALM_MAX
#define WICK_TURN_REALM_MAX 128
#endif
#ifndef WICK_TURN_NONCE_MAX
#define WICK_TURN_NONCE_MAX 128
#endif
/* SHA-256 credentials: MESSAGE-INTEGRITY-SHA256, PASSWORD-ALGORITHMS, USERHASH and the nonce cookie
 * of RFC 8489 where a server offers them. 0: such servers are spoken to with SHA-1 and MD5. */
#ifndef WICK_WITH_TURN_SHA256
#define WICK_WITH_TURN_SHA256 1
#endif
/* PASSWORD-ALGORITHMS of a server, which must be sent back. Range 8..128. That many bytes. */
#ifndef WICK_TURN_ALGORITHMS_MAX
#define WICK_TURN_ALGORITHMS_MAX 32
#endif
/* Mobility (RFC 8016): an allocation goes along to another socket. */
#ifndef WICK_WITH_TURN_MOBILITY
#define WICK_WITH_TURN_MOBILITY 1
#endif
/* Longest mobility ticket; a server that gives a longer one has none for us. coturn's have 12 bytes.
 * Range 12..255. That many bytes. */
#ifndef WICK_TURN_TICKET_MAX
#define WICK_TURN_TICKET_MAX 128
#endif
/* A stream to the server: TCP or TLS. */
#ifndef WICK_WITH_TURN_STREAM
#define WICK_WITH_TURN_STREAM 1
#endif
/* IPv6 relayed addresses, alone or beside an IPv4 one (dual allocation). 20 bytes. */
#ifndef WICK_WITH_TURN_DUAL
#define WICK_WITH_TURN_DUAL 1
#endif
/* One request: header, three strings with header and padding, 84 bytes for all other attributes, and
 * what the three parts above add. */
#define WICK_TURN_TX_BYTES                                                                         \
    (20 + WICK_TURN_USERNAME_MAX + WICK_TURN_REALM_MAX + WICK_TURN_NONCE_MAX + 3 * 8 + 84 +        \
     (WICK_WITH_TURN_SHA256 ? WICK_TURN_ALGORITHMS_MAX + 28 : 0) +                                 \
     (WICK_WITH_TURN_MOBILITY ? WICK_TURN_TICKET_MAX + 8 : 0))

/* ---- STUN clients (wick/stun_client.h, wick/nat_behaviour.h) ---- */

/* Between Binding requests that keep a NAT's mapping, milliseconds: shorter than the 30 s after
 * which many NATs forget a UDP mapping (RFC 4787 REQ-5 allows 2 minutes and more). No RAM. */
#ifndef WICK_STUN_KEEPALIVE_MS
#define WICK_STUN_KEEPALIVE_MS 15000
#endif

/* Servers tried on account of ALTERNATE-SERVER. Range 1..8. 18 bytes each. */
#ifndef WICK_TURN_REDIRECTS
#define WICK_TURN_REDIRECTS 3
#endif

/* New nonces (438) taken in a row for one request before it waits. Range 1..16. */
#ifndef WICK_TURN_RETRIES
#define WICK_TURN_RETRIES 3
#endif

/* Errors without integrity that end an established allocation. Range 2..8. */
#ifndef WICK_TURN_STRIKES
#define WICK_TURN_STRIKES 3
#endif

/* ---- PCP client (wick/pcp_client.h) ---- */

/* Mappings of one client. Range 1..16. 192 bytes each, 71 in the store (8 at
 * most are kept there). */
#ifndef WICK_PCP_MAPPINGS
#define WICK_PCP_MAPPINGS 4
#endif
/* FILTER options per mapping. Range 1..8. 20 bytes each in a mapping, 24 in the request. */
#ifndef WICK_PCP_FILTERS
#define WICK_PCP_FILTERS 2
#endif
/* Addresses tried one after the other for one network. Range 1..8. 18 bytes each. */
#ifndef WICK_PCP_SERVERS
#define WICK_PCP_SERVERS 3
#endif
/* Unanswered requests before the next server address is tried. Range 2..8. */
#ifndef WICK_PCP_TRIES
#define WICK_PCP_TRIES 3
#endif
/* Lifetime asked for by default, seconds. Range 120..86400. */
#ifndef WICK_PCP_LIFETIME_S
#define WICK_PCP_LIFETIME_S 7200
#endif
/* After an announcement, clients ask again within this time, each at its own moment, milliseconds.
 * Range 0..5000. */
#ifndef WICK_PCP_RECOVERY_MS
#define WICK_PCP_RECOVERY_MS 2500
#endif
/* One request: PEER, THIRD_PARTY, PREFER_FAILURE and the filters. */
#define WICK_PCP_TX_BYTES (80 + 20 + 4 + 24 * WICK_PCP_FILTERS)

/* ---- handshake (wick/nsl.h, wick/session_keys.h) ---- */

/* Responder: handshakes under way. Range 4..64. About 0.6 KB each. */
#ifndef WICK_NSL_HALF_OPEN_MAX
#define WICK_NSL_HALF_OPEN_MAX 8
#endif
/* Of these, kept for allow-listed and recent peers. Range 1..WICK_NSL_HALF_OPEN_MAX / 2. */
#ifndef WICK_NSL_HALF_OPEN_RESERVED
#define WICK_NSL_HALF_OPEN_RESERVED 2
#endif
/* Initiator: runs under way. Range 1..64. About 0.5 KB each. */
#ifndef WICK_NSL_CONNECT_MAX
#define WICK_NSL_CONNECT_MAX 4
#endif
/* Responder: finished handshakes that still answer a repeated M3. Range 1..64. 128 B each. */
#ifndef WICK_NSL_DONE_MAX
#define WICK_NSL_DONE_MAX 8
#endif
/* Peer records being read at once. Range 1..8. 48 B each. */
#ifndef WICK_NSL_LOOKUPS_MAX
#define WICK_NSL_LOOKUPS_MAX 2
#endif
/* Ids known not to be usable, for 60 s. Range 1..64. 48 B each. */
#ifndef WICK_NSL_NEGATIVE_MAX
#define WICK_NSL_NEGATIVE_MAX 16
#endif
/* Peers with a session in the last 24 h. Range 1..64. 48 B each. */
#ifndef WICK_NSL_RECENT_MAX
#define WICK_NSL_RECENT_MAX 8
#endif
/* M1 opened per second (a private-key operation each): 5 on a microcontroller. Range 1..1000. */
#ifndef WICK_NSL_M1_PER_S
#define WICK_NSL_M1_PER_S 200
#endif
/* Cookies sent per second. Range 1..10000. */
#ifndef WICK_NSL_M0_PER_S
#define WICK_NSL_M0_PER_S 200
#endif
/* Sessions whose keys are kept for (D)TLS. Range 1..64. About 230 B each. */
#ifndef WICK_SESSIONS_MAX
#define WICK_SESSIONS_MAX 8
#endif

/* ---- calls that others send, and attestations (wick/relayed.h, wick/attest.h) ---- */

/* 0 leaves them out: for a device that pays for its own transactions. No RAM. */
#ifndef WICK_WITH_RELAYED
#define WICK_WITH_RELAYED 1
#endif

/* ---- attestation (wick/nsl_probe.h, wick/attest_ask.h) ---- */

/* Having endpoints attested, and attesting those of others: 0 leaves it out, of the agent as well. */
#ifndef WICK_WITH_ATTEST
#define WICK_WITH_ATTEST 1
#endif
/* Members of an organisation's attestor set that an agent knows. Range 1..32. 20 B each. */
#ifndef WICK_GW_ATTESTORS_MAX
#define WICK_GW_ATTESTORS_MAX 8
#endif
/* Attestors whose signatures go into one publication. Range 1..8. 92 B each, and 96 B of transaction. */
#ifndef WICK_GW_ATTESTATIONS_MAX
#define WICK_GW_ATTESTATIONS_MAX 3
#endif
#if WICK_WITH_ATTEST && !WICK_WITH_RELAYED
#error "WICK_WITH_ATTEST needs WICK_WITH_RELAYED"
#endif
/* Addresses that were probed in the last ten seconds. Range 4..4096. 24 B each, in a wick_nsl_probe. */
#ifndef WICK_NSL_PROBE_TARGETS_MAX
#define WICK_NSL_PROBE_TARGETS_MAX 64
#endif
#if WICK_NSL_PROBE_TARGETS_MAX < 4 || WICK_NSL_PROBE_TARGETS_MAX > 4096
#error "WICK_NSL_PROBE_TARGETS_MAX: range 4..4096"
#endif

/* ---- tickets of leaves (wick/ticket.h) ---- */

/* Making, opening and accepting tickets: 0 leaves it out, of the agent as well. */
#ifndef WICK_WITH_TICKETS
#define WICK_WITH_TICKETS 1
#endif
/* Accepted tickets kept against replay until they end. Range 4..1024. 180 B each. */
#ifndef WICK_TICKETS_MAX
#define WICK_TICKETS_MAX 32
#endif
#if WICK_TICKETS_MAX < 4 || WICK_TICKETS_MAX > 1024
#error "WICK_TICKETS_MAX: range 4..1024"
#endif
/* Tickets opened per second (two private-key operations each): 5 on a microcontroller. Range 1..1000. */
#ifndef WICK_TICKET_OPENS_PER_S
#define WICK_TICKET_OPENS_PER_S 100
#endif
/* Of these for one source: an address, at a relay an address and port. Range 1..WICK_TICKET_OPENS_PER_S. */
#ifndef WICK_TICKET_OPENS_PER_SOURCE
#define WICK_TICKET_OPENS_PER_SOURCE ((WICK_TICKET_OPENS_PER_S + 3) / 4)
#endif
/* Sources that are counted in one second. Range 2..64. 24 B each. */
#ifndef WICK_TICKET_SOURCES
#define WICK_TICKET_SOURCES 8
#endif
/* Gateways whose leaves come with tickets and whose records are remembered by the agent. Range 1..32.
 * 100 B each. */
#ifndef WICK_GW_ISSUERS_MAX
#define WICK_GW_ISSUERS_MAX 8
#endif
/* Longest life of a ticket, seconds. Range 1..3600. No RAM. */
#ifndef WICK_TICKET_LIFE_MAX
#define WICK_TICKET_LIFE_MAX 3600
#endif
#if WICK_TICKET_LIFE_MAX < 1 || WICK_TICKET_LIFE_MAX > 3600
#error "WICK_TICKET_LIFE_MAX: range 1..3600"
#endif

/* ---- journal of updates (wick/journal.h) ---- */

/* Kinds of values in a journal, 1..WICK_JOURNAL_KINDS. Range 1..32. 2 bytes each. */
#ifndef WICK_JOURNAL_KINDS
#define WICK_JOURNAL_KINDS 12
#endif
#if WICK_JOURNAL_KINDS < 1 || WICK_JOURNAL_KINDS > 32
#error "WICK_JOURNAL_KINDS: range 1..32"
#endif

/* ---- patches of firmware (wick/delta.h) ---- */

/* Largest dictionary of a packed patch, bytes. Range 4096..2^20. As much RAM in a wick_delta_memory. */
#ifndef WICK_DELTA_DICT_MAX
#define WICK_DELTA_DICT_MAX 4096
#endif
#if WICK_DELTA_DICT_MAX < 4096 || WICK_DELTA_DICT_MAX > 1048576
#error "WICK_DELTA_DICT_MAX: range 4096..2^20"
#endif
/* Patches that are applied in the place of the old image: detools' "in-place" container in wick_delta, and
 * wick/in_place.h for devices with one slot. 0 or 1. 28 bytes of RAM in every wick_delta; 0.2 KB of code
 * in the decoder, 0.3 KB in the update, and what wick/in_place.h says where it is used. */
#ifndef WICK_WITH_IN_PLACE
#define WICK_WITH_IN_PLACE 1
#endif
/* New bytes are written so many at a time: a multiple of the flash's unit of programming. A power of two,
 * range 32..4096. As much RAM in every wick_delta. */
#ifndef WICK_DELTA_PIECE
#define WICK_DELTA_PIECE 256
#endif
#if WICK_DELTA_PIECE < 32 || WICK_DELTA_PIECE > 4096 || (WICK_DELTA_PIECE & (WICK_DELTA_PIECE - 1)) != 0
#error "WICK_DELTA_PIECE: a power of two, 32..4096"
#endif

#endif
