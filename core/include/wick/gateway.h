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
 * wick/reach.h): it can be called, and calls peers that are not behind relays. Where the registry names
 * several relays, one is drawn at random, weighted by its round-trip time, kept over restarts, and a
 * second one is held warm: it takes over as soon as the first one does not answer.
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
 *   WALLET_SPONSOR  "sponsor": the manager sends call_data in a transaction of his own ->
 *                 wick_gateway_sponsored(); his refusal as the status that it names
 * Any request may be answered by wick_gateway_failed(). A request not answered within
 * WICK_GW_REQUEST_MS is given up; a late answer gives WICK_E_STATE and changes nothing.
 *
 * Ends: every wait is bounded (WICK_GW_REQUEST_MS, WICK_GW_INCLUSION_MS, the schedules of TURN and
 * NSL). What fails for want of an answer is tried again, ever more rarely; what is refused for good
 * (`final`) waits for the next wick_gateway_start().
 *
 * Bounds: wick/config.h (WICK_GW_*). RAM: 24 KB with four sessions on 32-bit in the small profile
 * (toolchain/cortex-m/wick_profile.h), where toolchain/size.sh holds the bar, the handshakes (10 KB)
 * and two TURN clients (2.8 KB each) included; 32 KB with a second relay, routers (PCP) and
 * paths of sessions (WICK_WITH_STANDBY, _PATH, _DIRECT; the last 0.5 KB a session), 52 KB with all there is. A light client
 * (wick/light.h) is the caller's and comes on top.
 * Stack below 1 KB in each function.
 *
 * Configuration: wick/gateway_config.h. What comes out: wick/gateway_out.h.
 */
#include "wick/gateway_config.h"
#include "wick/gateway_out.h"
#include "wick/gateway_state.h"

#ifdef __cplusplus
extern "C" {
#endif

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
 * (REGISTERED, epoch + 1), unless it holds that key already. Handshakes to the former key are answered for
 * 15 minutes more, for records of that age may be in use; runs and sessions go on. Destroy the former key
 * after that time.
 * @retval WICK_OK
 * @retval WICK_E_SAME_KEY  the wallet's
 * @retval WICK_E_STATE     the last change is less than 15 minutes ago: see wick_gateway_forget_key()
 * @retval others           the keystore's, and of wick_nsl_rotate(); nothing has changed
 */
WICK_NODISCARD wick_status wick_gateway_rotate(wick_gateway *gw, uint64_t now_ms,
                                               wick_key device_key);

/** Ends the use of the former key before its time: for a record that holds the next one already. Who has a
 *  record that is two keys old reads it anew. Destroy that key then. */
void wick_gateway_forget_key(wick_gateway *gw);

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
 * @param[in]  from  where the leaf is, as a cookie has shown: each may have so many tickets opened
 * @retval WICK_OK
 * @retval WICK_AGAIN        the issuer's record is being read: refuse, the leaf tries again
 * @retval WICK_E_NOT_FOUND  no ticket in force has this identity, or tickets are not accepted here
 * @retval WICK_E_NSL_RATE   too many tickets were opened in this second, or from this source
 * @retval others            as wick_ticket_from_text(), wick_ticket_open(),
 *                           wick_ticket_table_accept(), or what is wrong with the issuer's record
 */
WICK_NODISCARD wick_status wick_gateway_ticket_key(wick_gateway *gw, wick_session_psk *out,
                                                   wick_ticket_peer *peer, wick_span identity,
                                                   const wick_addr *from, uint64_t now_ms);

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

/** The manager says that he has sent request.call_data; the agent proves the record itself.
 *  @retval WICK_E_UNSUPPORTED a build without WICK_WITH_RELAYED */
WICK_NODISCARD wick_status wick_gateway_sponsored(wick_gateway *gw, uint64_t now_ms,
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

/**
 * The same of a service on TCP, in two questions under one signature: the answer to the first is the
 * attestor's N1 (wick_attest_ask_challenge_decode()); the second may be asked once keccak256(N1 | N2) is
 * served for this mapping (wick/port/responder.h).
 * @param[out] first, second  WICK_ATTEST_ASK_BYTES are appended to each
 * @param[out] mapping32      the place in the contract that the challenge names
 * @param[out] n2             drawn anew
 * @retval as wick_gateway_attest_ask()  @retval WICK_E_ENTROPY
 */
WICK_NODISCARD wick_status wick_gateway_attest_challenge(wick_gateway *gw, wick_buf *first,
                                                         wick_buf *second, uint8_t mapping32[32],
                                                         uint8_t n2[32], uint64_t now_ms,
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

#ifdef __cplusplus
}
#endif
#endif
