/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_GATEWAY_INTERNAL_H
#define WICK_GATEWAY_INTERNAL_H
/*
 * What the files of the agent share.
 *
 *   agent.c    configuration, the loop, events
 *   read.c     proven answers of a chain                 ask.c      all other requests
 *   own.c      own record: what is there, what to do     transaction.c  and writing it
 *   relay.c    relays, credentials, the allocation       second.c   another allocation
 *   relay_choice.c  which relay                          standby.c  a second relay, kept warm
 *   over.c     relays over TCP and TLS
 *   path.c     other ways in, and which one is told
 *   lookup.c   records of peers                          call.c     from a name to a handshake
 *   handshake.c  NSL                                     session.c  after it
 *   keys.c     keys of which records hold the hash
 *   direct.c   messages about paths (direct_msg.c)       ways.c     paths of a session
 *   rekey.c    sessions that last
 *   service.c  words of local applications               peer_keys.c  keys for them
 *   ticket.c   leaves of other gateways              peer_cache.c  records that serve again
 */
#include "wick/gateway.h"

#include <string.h>

/* States of a read or an ask. */
enum { REQ_FREE = 0, REQ_WAITING, REQ_HEAD, REQ_WANTED, REQ_ASKED, REQ_ENDING };

/* Why something is read. */
enum {
    READ_OWN = 1,
    READ_ACCOUNT,
    READ_PEER,
    READ_ENDPOINT, /* of a peer, again, under a header that is not final */
    READ_NSL,
    READ_WATCH, /* of a session's peer, again */
    READ_ISSUER, /* of a ticket */
    READ_RELAY_COUNT,
    READ_RELAYS
};

/* States of a session. */
enum {
    SES_FREE = 0,
    SES_LOOKUP, /* wants to be looked up */
    SES_READ,   /* is being looked up */
    SES_PATH,   /* waits for the path and its permission */
    SES_NSL,    /* handshake under way */
    SES_UP,
    SES_GUEST, /* up as well, by a ticket: no handshake, no other paths */
    SES_ENDED /* its last event has not been polled yet */
};

#define VIA_DIRECT 0x80u /* no relay, by the socket in the lower bits; else index of the allocation */
#define GW_IS_DIRECT(via) (((via) & VIA_DIRECT) != 0)
#define VIA_SOCKET(via) ((uint8_t)((via) & 0x7Fu))

#define GW_BUSY_MS 30000u /* a session used so recently is not ended for a new one */

#define REQUEST_TRIES 3u
#define BACKOFF_MIN_MS 2000u
#define BACKOFF_MAX_MS 3600000u

static inline const wick_gateway_registry *gw_registry(const wick_gateway *gw, uint8_t index)
{
    return &gw->cfg.registries[index];
}

/* agent.c */
void gw_event(wick_gateway *gw, wick_gateway_event_kind kind, wick_status status, uint8_t session);
void gw_event_more(wick_gateway *gw, wick_gateway_event_kind kind, wick_status status, bool final,
                   bool sent);
/** The event pushed last is about this word. */
void gw_event_index(wick_gateway *gw, uint8_t index);
/** Forgets the events of a session. */
void gw_event_drop(wick_gateway *gw, uint8_t session);
/** Time of day: the clock's, but never behind the newest proven header. false: unknown. */
bool gw_unix(const wick_gateway *gw, uint64_t now_ms, uint64_t *unix_s);
uint32_t gw_request_id(wick_gateway *gw);
void gw_check_ready(wick_gateway *gw);
uint32_t gw_random(wick_gateway *gw);

/* read.c */
wick_gateway_read *gw_read_new(wick_gateway *gw, uint8_t purpose, uint8_t owner, uint8_t registry,
                               const uint8_t account[20]);
void gw_read_cancel(wick_gateway *gw, uint8_t purpose, uint8_t owner);
/** Reads under way under a block above `number`, which has left the chain, begin anew. */
void gw_read_reorg(wick_gateway *gw, uint8_t registry, uint64_t number);
bool gw_read_poll(wick_gateway *gw, wick_gateway_out *out, uint64_t now_ms);
uint64_t gw_read_tick(wick_gateway *gw, uint64_t now_ms);
wick_gateway_read *gw_read_find(wick_gateway *gw, uint32_t request);
/** An answer could not be had: tried again later, or handed on. */
void gw_read_fail(wick_gateway *gw, uint64_t now_ms, wick_gateway_read *read, wick_status status);
/** The same question may have another answer later. */
bool gw_retryable(wick_status status);
/** Does the status say that the answer was untrue? It says nothing of what another node would give. */
bool gw_untrue(wick_status status);

/* ask.c */
void gw_ask(wick_gateway *gw, wick_gateway_ask *ask, wick_gateway_request_kind kind);
bool gw_ask_poll(wick_gateway *gw, wick_gateway_out *out, uint64_t now_ms);
uint64_t gw_ask_tick(wick_gateway *gw, uint64_t now_ms);

/** Is this request under way? */
bool gw_ask_waits(wick_gateway *gw, uint32_t request, wick_gateway_request_kind kind);

/** What the manager's challenge asks to be signed; false: nobody asked. */
bool gw_possession_digest(wick_gateway *gw, uint8_t digest[32], const uint8_t challenge[32],
                          uint32_t request);

/* keys.c */
#if WICK_WITH_NSL_RSA
/** An own RSA key, and the word that a record has of it. */
wick_status gw_key_public(const wick_gateway *gw, wick_nsl_key *pub, uint8_t word[32], wick_key key);
/** rekey.c: the key that a session's peer has now. */
void gw_rekey_key_done(wick_gateway *gw, uint64_t now_ms, uint8_t index, const wick_nsl_key *key,
                       wick_status status);
/** The call that puts the own key into the log. */
void gw_key_announce(const wick_gateway *gw, wick_buf *call);
/** The key behind a key word, for a session (READ_PEER) or a look-up of a caller (READ_NSL).
 *  @retval WICK_OK  @retval WICK_AGAIN it is asked for: gw_peer_key_done() follows
 *  @retval WICK_E_NOT_FOUND  no node had it a short while ago */
WICK_NODISCARD wick_status gw_key_want(wick_gateway *gw, wick_nsl_key *key, uint64_t now_ms,
                                       uint8_t purpose, uint8_t owner, uint8_t registry,
                                       const uint8_t word[32]);
void gw_key_cancel(wick_gateway *gw, uint8_t purpose, uint8_t owner);
bool gw_key_poll(wick_gateway *gw, wick_gateway_out *out, uint64_t now_ms);
uint64_t gw_key_tick(wick_gateway *gw, uint64_t now_ms);
/** @return true if the request was for a key */
bool gw_key_failed(wick_gateway *gw, uint64_t now_ms, uint32_t request, wick_status status);
#else
#define gw_key_cancel(gw, purpose, owner) ((void)(gw))
#define gw_key_poll(gw, out, now_ms) false
#define gw_key_tick(gw, now_ms) WICK_TIME_NEVER(now_ms)
#define gw_key_failed(gw, now_ms, request, status) false
#endif

/* own.c */
enum {
    OWN_IDLE = 0,
    OWN_READ,    /* what does the chain hold? */
    OWN_VOUCHER, /* a voucher is asked for */
    OWN_MANAGER, /* own words and the manager's are read to check it */
    OWN_ACCOUNT, /* nonce and balance */
    OWN_FUND,    /* money is asked for */
    OWN_FUNDED,  /* and awaited */
    OWN_FEES,
    OWN_SEND,
    OWN_CONFIRM, /* the written words are awaited */
    OWN_NONCE,   /* they are not there: is the transaction included at all? */
    OWN_MINED,   /* it is: one last look at the words */
    OWN_SPONSOR, /* the manager is asked to send it */
    OWN_ATTEST,  /* attestors are asked for their signatures */
    OWN_REST,    /* all is as it should be */
    OWN_BACKOFF,
    OWN_FAILED
};
enum { ACT_NONE = 0, ACT_REGISTER, ACT_PUBLISH, ACT_ANNOUNCE };
/** What a word of the own record should say: words below WICK_GW_WORDS are the agent's own endpoints,
 *  those behind them services'. */
typedef enum gw_word_wish {
    GW_WORD_NONE = 0, /* nothing that leads anywhere */
    GW_WORD_THIS,     /* address, protocol and kind of `e` */
    GW_WORD_ANY,      /* whatever it says, for the moment */
    GW_WORD_GONE      /* nothing, and that was asked for: at once */
} gw_word_wish;
gw_word_wish gw_own_wish(const wick_gateway *gw, unsigned word, wick_endpoint *e, uint32_t *life_s);
/** Service and index that the contract knows a word by. */
/** There is a standby that peers do not find on chain yet. */
bool gw_own_standby_pending(const wick_gateway *gw);
const uint8_t *gw_own_service(const wick_gateway *gw, unsigned word, uint8_t *index);
void gw_own_start(wick_gateway *gw, uint64_t now_ms);
/** Something that the record depends on has changed: look again, unless that is under way. */
void gw_own_wake(wick_gateway *gw, uint64_t now_ms);
void gw_own_set(wick_gateway *gw, uint8_t state, uint64_t due_ms);
uint64_t gw_own_tick(wick_gateway *gw, uint64_t now_ms);
void gw_own_read_done(wick_gateway *gw, uint64_t now_ms, const wick_gateway_read *read,
                      wick_status status);
void gw_own_fail(wick_gateway *gw, uint64_t now_ms, wick_status status);
/** An endpoint is about to be written: another path has to wait after it. */
void gw_own_publishing(wick_gateway *gw, uint64_t now_ms);

/* attest.c: the state OWN_ATTEST */
#if WICK_WITH_ATTEST
/** Asks for attestations of a word that is about to be published, or that is right and was reached long
 *  ago. @return false: there is nothing to ask; what is published goes without them */
bool gw_attest_begin(wick_gateway *gw, uint64_t now_ms, uint8_t word, bool well);
/** Seconds until a word that is right is to be asked about again; UINT64_MAX: never. */
uint64_t gw_attest_rest_s(const wick_gateway *gw, uint64_t now_ms, uint64_t unix_s);
void gw_attest_failed(wick_gateway *gw, uint64_t now_ms, wick_status status);
/** The publication has failed. @return true: it had attestations, and is tried again without */
bool gw_attest_refused(wick_gateway *gw, uint64_t now_ms);
/** The call, where there are attestations for it. */
bool gw_attest_call(const wick_gateway *gw, wick_buf *call);
/** Of the word that is being attested: the port at which its challenge comes in, 0: none. */
uint16_t gw_attest_port(const wick_gateway *gw);
/** Have enough of them signed? @param[out] proof  for the call, while the record is being written */
bool gw_attest_proof(const wick_gateway *gw, wick_attest_proof *proof);
wick_status gw_attest_config(const wick_gateway_config *cfg);
#else
#define gw_attest_begin(gw, now_ms, word, well) false
#define gw_attest_rest_s(gw, now_ms, unix_s) UINT64_MAX
#define gw_attest_refused(gw, now_ms) false
#define gw_attest_call(gw, call) false
#define gw_attest_proof(gw, proof) (memset(proof, 0, sizeof *(proof)), false)
#define gw_attest_config(cfg) WICK_OK
#endif

/* transaction.c: the states OWN_ACCOUNT to OWN_MINED */
/** The endpoint word that is to be published for o->index, into o->word. */
wick_status gw_tx_make_word(wick_gateway *gw, uint64_t now_ms);
void gw_tx_begin(wick_gateway *gw, uint64_t now_ms, uint8_t action);
void gw_tx_account(wick_gateway *gw, uint64_t now_ms, const wick_gateway_read *read);
void gw_tx_not_there(wick_gateway *gw, uint64_t now_ms);
void gw_tx_no_fees(wick_gateway *gw, uint64_t now_ms, wick_status status);
void gw_tx_fees(wick_gateway *gw, uint64_t now_ms, uint64_t base, uint64_t priority);
void gw_tx_sent(wick_gateway *gw, uint64_t now_ms, wick_status status, wick_span revert);

/* sponsor.c: the state OWN_SPONSOR */
#if WICK_WITH_RELAYED
/** May the manager send what he does not give money for; is he to send everything? */
bool gw_sponsor_instead(const wick_gateway *gw);
bool gw_sponsor_always(const wick_gateway *gw);
void gw_sponsor_begin(wick_gateway *gw, uint64_t now_ms);
/** He has said what became of it. */
void gw_sponsor_answered(wick_gateway *gw, uint64_t now_ms, wick_status status);
#else
#define gw_sponsor_instead(gw) false
#define gw_sponsor_always(gw) false
#define gw_sponsor_begin(gw, now_ms) ((void)0)
#define gw_sponsor_answered(gw, now_ms, status) ((void)0)
#endif

/* service.c */
#if WICK_WITH_SERVICES
/** Services that have a word in the record, or are to have one: one bit each. */
uint32_t gw_service_mask(const wick_gateway *gw);
const uint8_t *gw_service_hash(const wick_gateway *gw, unsigned index);
/** Where a service on TCP listens on this host; 0: it is none. */
uint16_t gw_service_tcp_port(const wick_gateway *gw, unsigned index);
gw_word_wish gw_service_wish(const wick_gateway *gw, unsigned index, wick_endpoint *e,
                             uint32_t *life_s);
/** The word is what it should be. */
void gw_service_written(wick_gateway *gw, uint64_t now_ms, unsigned index, gw_word_wish wish,
                        bool sent);
/** It could not be written. */
void gw_service_refused(wick_gateway *gw, uint64_t now_ms, unsigned index, wick_status status,
                        bool final);
void gw_service_tell(const wick_gateway *gw, wick_gateway_event *e);
/** Asks the router for what services need; all of that has gone; is this mapping not the agent's own;
 *  would a service be glad of a way that is proven now? */
void gw_service_map(wick_gateway *gw, uint64_t now_ms);
void gw_service_unmapped(wick_gateway *gw);
bool gw_service_mapping(wick_gateway *gw, uint64_t now_ms, unsigned mapping);
bool gw_service_waits(const wick_gateway *gw);
#else
#define gw_service_map(gw, now_ms) ((void)(gw))
#define gw_service_unmapped(gw) ((void)(gw))
#define gw_service_mapping(gw, now_ms, mapping) false
#define gw_service_waits(gw) false
#endif

/* relay.c */
enum {
    R_IDLE = 0,
    R_LIST,
    R_LISTING,
    R_MEASURE,
    R_CRED,
    R_CRED_WAIT,
    R_START,
    R_WAIT,
    R_CHECK,
    R_UP,
    R_BACKOFF,
    R_FAILED,
    R_STOPPED
};

/** Index of the allocation in use. */
static inline uint8_t gw_main_via(const wick_gateway *gw)
{
#if WICK_WITH_STANDBY
    return gw->standby.main;
#else
    (void)gw;
    return 0;
#endif
}
#define gw_main(gw) (&(gw)->turn[gw_main_via(gw)])

/** How allocation `via` reaches its server: wick_gateway_over, never AUTO. */
static inline uint8_t gw_over(const wick_gateway *gw, uint8_t via)
{
#if WICK_WITH_TURN_STREAM
    return gw->stream[via].over;
#else
    (void)gw, (void)via;
    return WICK_GW_OVER_UDP;
#endif
}

void gw_relay_start(wick_gateway *gw, uint64_t now_ms);
void gw_relay_stop(wick_gateway *gw, uint64_t now_ms);
uint64_t gw_relay_tick(wick_gateway *gw, uint64_t now_ms);
void gw_relay_read_done(wick_gateway *gw, uint64_t now_ms, const wick_gateway_read *read,
                        wick_status status);
void gw_relay_credentials_failed(wick_gateway *gw, uint64_t now_ms, wick_status status);
bool gw_relay_poll(wick_gateway *gw, wick_gateway_out *out, uint64_t now_ms, uint64_t *deadline);
bool gw_relay_up(const wick_gateway *gw);
/** Sets client `index` up for `server` with the credentials at hand. */
WICK_NODISCARD wick_status gw_turn_start(wick_gateway *gw, uint8_t index, const wick_addr *server,
                                         uint64_t now_ms);
/** Verdict of the relay check. */
void gw_relay_checked(wick_gateway *gw, uint64_t now_ms, wick_status status);
/** Server of the approved relay at this IP, NULL if none is. */
const wick_addr *gw_relay_at(const wick_gateway *gw, const wick_addr *ip);
/** The relay in use or about to be. */
const wick_addr *gw_relay_chosen_at(const wick_gateway *gw);
/** A fresh allocation lets in those who come over approved relays. @return false: it is of no use,
 *  and given back */
bool gw_relay_admit(wick_gateway *gw, uint64_t now_ms, uint8_t via);
void gw_relay_chosen(wick_gateway *gw, uint64_t now_ms, uint8_t index);
/** The warm allocation is the one in use now. */
void gw_relay_promoted(wick_gateway *gw, uint64_t now_ms, uint8_t index);

/* relay_choice.c */
/** Takes the relay of the last time, or draws one. @return true: after a measurement, which ends with
 *  gw_relay_chosen() */
bool gw_choice_begin(wick_gateway *gw, uint64_t now_ms);
#if WICK_WITH_STANDBY
uint64_t gw_choice_tick(wick_gateway *gw, uint64_t now_ms);
bool gw_choice_poll(wick_gateway *gw, wick_gateway_out *out, uint64_t now_ms);
/** @return true if it answered a measurement */
bool gw_choice_input(wick_gateway *gw, uint64_t now_ms, wick_span bytes, const wick_addr *from);
/** Draws a relay, not `except`, weighted by round-trip times. @return false: there is no other one */
bool gw_choice_draw(wick_gateway *gw, uint8_t *index, uint8_t except);
/** What is to be found again after a restart: relay and open port. */
void gw_keep(wick_gateway *gw);
void gw_kept_load(wick_gateway *gw);

/* standby.c */
void gw_standby_wake(wick_gateway *gw, uint64_t now_ms);
void gw_standby_stop(wick_gateway *gw, uint64_t now_ms);
uint64_t gw_standby_tick(wick_gateway *gw, uint64_t now_ms);
void gw_standby_event(wick_gateway *gw, uint64_t now_ms, const wick_out *event);
void gw_standby_checked(wick_gateway *gw, uint64_t now_ms, wick_status status);
/** The allocation in use is lost or does not answer. @return true: the warm one has taken its place */
bool gw_standby_promote(wick_gateway *gw, uint64_t now_ms);
/** The relay in use may be gone: both are asked for a sign of life. */
void gw_standby_suspect(wick_gateway *gw, uint64_t now_ms);
/** Relayed address of the warm allocation, NULL if there is none; and its index. */
const wick_addr *gw_standby_relayed(const wick_gateway *gw);
uint8_t gw_standby_via(const wick_gateway *gw);
/** The server of an allocation has answered a request, ... */
void gw_standby_heard(wick_gateway *gw, uint64_t now_ms, uint8_t via);
/** ... data came from its address, which anybody can write, ... */
void gw_standby_hint(wick_gateway *gw, uint8_t via);
/** ... or something went to it. */
void gw_standby_asked(wick_gateway *gw, uint64_t now_ms, uint8_t via);
#else
#define gw_choice_tick(gw, now_ms) WICK_TIME_NEVER(now_ms)
#define gw_choice_poll(gw, out, now_ms) false
#define gw_choice_input(gw, now_ms, bytes, from) false
#define gw_keep(gw) ((void)(gw))
#define gw_kept_load(gw) ((void)(gw))
#define gw_standby_wake(gw, now_ms) ((void)(gw))
#define gw_standby_stop(gw, now_ms) ((void)(gw))
#define gw_standby_tick(gw, now_ms) WICK_TIME_NEVER(now_ms)
#define gw_standby_event(gw, now_ms, event) ((void)(gw))
#define gw_standby_checked(gw, now_ms, status) ((void)(gw))
#define gw_standby_promote(gw, now_ms) false
#define gw_standby_suspect(gw, now_ms) ((void)(gw))
#define gw_standby_relayed(gw) ((const wick_addr *)NULL)
#define gw_standby_via(gw) ((uint8_t)0)
#define gw_standby_heard(gw, now_ms, via) ((void)(gw))
#define gw_standby_hint(gw, via) ((void)(gw))
#define gw_standby_asked(gw, now_ms, via) ((void)(gw))
#endif
void gw_relay_describe(const wick_gateway *gw, wick_gateway_path_state *out);
/** Our address may be another one: every allocation finds out, and is taken along where it can be. */
void gw_relay_rehome(wick_gateway *gw, uint64_t now_ms);

/* over.c */
#if WICK_WITH_TURN_STREAM
/** The next allocation is begun in the first way of the configuration, ... */
void gw_over_first(wick_gateway *gw);
/** ... in the one after that which was tried last. @return false: there is none */
bool gw_over_next(wick_gateway *gw);
/** May the relay be asked its round-trip time, by UDP? */
bool gw_over_measures(const wick_gateway *gw);
/** Client `index` is about to be set up for `server`. */
void gw_over_begin(wick_gateway *gw, uint8_t index, wick_turn_config *cfg);
/** When a relay that has not answered is given up for the next way. */
uint64_t gw_over_patience(wick_gateway *gw, uint64_t now_ms);
/** Why an allocation failed, as far as its stream says. */
wick_status gw_over_why(const wick_gateway *gw, uint8_t index, wick_status status);
/** Our address has changed: another stream under client `index`, which goes on by its ticket. */
void gw_over_rehome(wick_gateway *gw, uint64_t now_ms, uint8_t index);
/** Client `index` is the one in use now. */
void gw_over_promoted(wick_gateway *gw, uint8_t index);
uint64_t gw_over_tick(wick_gateway *gw, uint64_t now_ms);
/** Streams that are to be closed. */
bool gw_over_poll(wick_gateway *gw, wick_gateway_out *out);
#else
#define gw_over_first(gw) ((void)(gw))
#define gw_over_next(gw) false
#define gw_over_measures(gw) true
#define gw_over_begin(gw, index, cfg) ((void)(gw))
#define gw_over_patience(gw, now_ms) WICK_TIME_NEVER(now_ms)
#define gw_over_why(gw, index, status) (status)
#define gw_over_promoted(gw, index) ((void)(gw))
#define gw_over_tick(gw, now_ms) WICK_TIME_NEVER(now_ms)
#define gw_over_poll(gw, out) false
#endif

/* path.c */
/** Peers can get in, in the way that was told last. */
bool gw_path_up(const wick_gateway *gw);
/** Endpoint to publish: index 0 primary, 1 standby; NULL: none. */
const wick_addr *gw_path_endpoint(const wick_gateway *gw, unsigned index, uint8_t *source);
/** wick_endpoint_kind of a wick_path_source. */
uint8_t gw_path_kind(uint8_t source);
/** Is a relay the only way in at the moment, or none? */
bool gw_path_is_relayed(const wick_gateway *gw);
/** Relayed addresses may be others now. */
void gw_path_relays(wick_gateway *gw, uint64_t now_ms);
void gw_path_tell_event(const wick_gateway *gw, wick_gateway_event *e);
#if WICK_WITH_PATH
void gw_path_init(wick_gateway *gw);
void gw_path_start(wick_gateway *gw, uint64_t now_ms);
void gw_path_stop(wick_gateway *gw, uint64_t now_ms);
bool gw_path_released(const wick_gateway *gw);
void gw_path_mapping_changed(wick_gateway *gw, uint64_t now_ms);
/** @return true if it was a router's, or a trial's */
bool gw_path_input(wick_gateway *gw, uint64_t now_ms, uint8_t socket, wick_span bytes,
                   const wick_addr *from);
/** @return true if it was an answer of the STUN server that tries an endpoint, to any socket */
bool gw_path_reached(wick_gateway *gw, uint64_t now_ms, uint8_t socket, wick_span bytes,
                     const wick_addr *from);
uint64_t gw_path_tick(wick_gateway *gw, uint64_t now_ms);
bool gw_path_poll(wick_gateway *gw, wick_gateway_out *out, uint64_t now_ms, uint64_t *deadline);
#else
#define gw_path_init(gw) ((void)(gw))
#define gw_path_start(gw, now_ms) ((void)(gw))
#define gw_path_stop(gw, now_ms) ((void)(gw))
#define gw_path_released(gw) true
#define gw_path_mapping_changed(gw, now_ms) ((void)(gw))
#define gw_path_input(gw, now_ms, socket, bytes, from) false
#define gw_path_reached(gw, now_ms, socket, bytes, from) false
#define gw_path_tick(gw, now_ms) WICK_TIME_NEVER(now_ms)
#define gw_path_poll(gw, out, now_ms, deadline) false
#endif

/* second.c */
/** @return false: it serves something else now */
bool gw_second_start(wick_gateway *gw, uint64_t now_ms, const wick_addr *server, bool check,
                     uint8_t of);
/** Can this peer be called from it? */
bool gw_second_up(const wick_gateway *gw, const wick_addr *peer);
void gw_second_event(wick_gateway *gw, uint64_t now_ms, const wick_out *event);
void gw_second_ended(wick_gateway *gw, uint64_t now_ms);
/** @return true if it was a probe */
bool gw_second_input(wick_gateway *gw, uint64_t now_ms, uint8_t via, const wick_addr *from,
                     wick_span bytes);
bool gw_second_poll(wick_gateway *gw, wick_gateway_out *out, uint64_t now_ms);
uint64_t gw_second_tick(wick_gateway *gw, uint64_t now_ms);

/* peer_cache.c */
#if WICK_WITH_PEER_CACHE
/** A record that was read. `whole`: with endpoints of its service. */
void gw_cache_put(wick_gateway *gw, uint64_t now_ms, const wick_gateway_record *record, bool whole);
/** Newer endpoints of one. */
void gw_cache_endpoints(wick_gateway *gw, uint8_t registry, const uint8_t id[32],
                        const uint8_t service[32], const wick_peer_record *rec,
                        const wick_trusted_header *header);
/** One that still serves, or NULL. `service` NULL: its device words alone are wanted. */
const wick_gateway_record *gw_cache_get(wick_gateway *gw, uint64_t now_ms, uint8_t registry,
                                        const uint8_t id[32], const uint8_t *service);
/** A handshake with this peer has succeeded; nothing of it holds any more; blocks above `number` have
 *  left the chain. */
void gw_cache_confirm(wick_gateway *gw, const uint8_t id[32]);
void gw_cache_drop(wick_gateway *gw, uint8_t registry, const uint8_t id[32]);
void gw_cache_reorg(wick_gateway *gw, uint8_t registry, uint64_t number);
/** lookup.c: a call, a caller's look-up by what is remembered. @return false: it is to be read */
bool gw_peer_remembered(wick_gateway *gw, uint64_t now_ms, uint8_t session);
bool gw_caller_remembered(wick_gateway *gw, uint64_t now_ms, uint8_t lookup);
#define gw_is_remembered(s) ((s)->cached)
#else
#define gw_is_remembered(s) false
#define gw_cache_put(gw, now_ms, record, whole) ((void)(record))
#define gw_cache_endpoints(gw, registry, id, service, rec, header) ((void)(gw))
#define gw_cache_confirm(gw, id) ((void)(gw))
#define gw_cache_drop(gw, registry, id) ((void)(gw))
#define gw_cache_reorg(gw, registry, number) ((void)(gw))
#define gw_peer_remembered(gw, now_ms, session) false
#define gw_caller_remembered(gw, now_ms, lookup) false
#endif

/* call.c */
/** Parts of a reference, and what the chain knows them by. */
WICK_NODISCARD wick_status gw_call_parse(const wick_gateway *gw, wick_peer_ref *r, uint8_t id[32],
                                         uint8_t service[32], uint8_t *registry, const char *ref);
/** wick_gateway_lookup() or wick_gateway_connect(), with the place that it has. */
WICK_NODISCARD wick_status gw_call_begin(wick_gateway *gw, uint8_t *index, uint64_t now_ms,
                                         const char *ref, bool lookup_only);
void gw_session_resolved(wick_gateway *gw, uint64_t now_ms, uint8_t index, wick_status status);
uint64_t gw_session_tick(wick_gateway *gw, uint64_t now_ms);
/** The call looks for its way to the peer from now on. */
void gw_call_path(wick_gateway_session *s, uint64_t now_ms);
/** Begins a handshake with the session's peer, at the address that the session has. */
WICK_NODISCARD wick_status gw_call_handshake(wick_gateway *gw, wick_gateway_session *s,
                                             uint64_t now_ms);
/** The relay has decided about this IP. */
void gw_session_permission(wick_gateway *gw, uint64_t now_ms, const wick_addr *ip);
/** The handshake of a call ended. */
void gw_session_failed(wick_gateway *gw, uint64_t now_ms, uint32_t run, wick_status status);

/* peer_keys.c */
#if WICK_WITH_PEER_KEYS
/** The keys of a session are others now: each media session has its number under these once. */
static inline void gw_media_reset(wick_gateway_session *s)
{
    s->media_top = 0;
    s->media_seen = 0;
}
#else
#define gw_media_reset(s) ((void)(s))
#endif

/* rekey.c */
#if WICK_WITH_REKEY
/** The session has new keys. */
void gw_rekey_begin(wick_gateway *gw, uint64_t now_ms, uint8_t index);
void gw_rekey_tick(wick_gateway *gw, uint64_t now_ms, uint8_t index, uint64_t *deadline);
void gw_rekey_read_done(wick_gateway *gw, uint64_t now_ms, const wick_gateway_read *read,
                        wick_status status);
/** Session whose new handshake this is, WICK_GW_NO_SESSION: none's. */
uint8_t gw_rekey_of(const wick_gateway *gw, uint32_t run);
void gw_rekey_failed(wick_gateway *gw, uint64_t now_ms, uint8_t index);
void gw_rekey_end(wick_gateway *gw, uint8_t index);
#define gw_rekey_count(s, len) ((void)((s)->bytes += (len)))
#else
#define gw_rekey_begin(gw, now_ms, index) ((void)(gw))
#define gw_rekey_tick(gw, now_ms, index, deadline) ((void)(gw))
#define gw_rekey_of(gw, run) WICK_GW_NO_SESSION
#define gw_rekey_failed(gw, now_ms, index) ((void)(gw))
#define gw_rekey_end(gw, index) ((void)(gw))
#define gw_rekey_count(s, len) ((void)(s))
#endif

/* session.c */
wick_gateway_session *gw_session_new(wick_gateway *gw, uint8_t *index);
/** No place is free: ends the session that nobody has used for longest, if that is long enough, so that
 *  the next try finds one. */
void gw_session_make_room(wick_gateway *gw, uint64_t now_ms);
/** Gives up the channel and the permission of a session that no other one needs. */
void gw_path_release(wick_gateway *gw, uint8_t index);
/** The same for one path that session `index` has left. */
void gw_way_release(wick_gateway *gw, uint8_t index, uint8_t via, const wick_addr *addr);
void gw_session_end(wick_gateway *gw, uint8_t index, wick_status status);
void gw_session_path_lost(wick_gateway *gw, uint64_t now_ms, uint8_t via, wick_status status);
void gw_session_established(wick_gateway *gw, uint64_t now_ms, uint32_t run,
                            const wick_session *keys);
/** One datagram of a peer, unwrapped. */
void gw_session_input(wick_gateway *gw, uint64_t now_ms, uint8_t via, const wick_addr *from,
                      wick_span bytes);
/** Frames `bytes` for a peer into gw->frame; on WICK_OK `out` is a SEND. */
WICK_NODISCARD wick_status gw_path_send(wick_gateway *gw, wick_gateway_out *out, wick_span bytes,
                                        uint64_t now_ms, uint8_t via, const wick_addr *to);

#if WICK_WITH_DIRECT
/* States of a way. */
enum { WAY_FREE = 0, WAY_KNOWN, WAY_TRIED, WAY_PROVEN, WAY_DEAD };

#define GW_NO_WAY 0xFFu
#define GW_OFFER_FIRST_MS 100u /* the peer may not have its session yet */

/* Counter of a request: a number, whether it is an offer, and the way it went. */
#define GW_COUNTER_SHIFT 5u
#define GW_COUNTER_OFFER 0x10u
#define GW_COUNTER_SLOT 0x0Fu

/* direct.c */
/** @return true if it was a message about the paths of a session */
bool gw_direct_input(wick_gateway *gw, uint64_t now_ms, uint8_t via, const wick_addr *from,
                     wick_span bytes);
bool gw_direct_poll(wick_gateway *gw, wick_gateway_out *out, uint64_t now_ms, uint64_t *deadline);

/* refusal.c */
/** There is no room for the session of a responder: its caller is told. */
void gw_refuse(wick_gateway *gw, uint64_t now_ms, const wick_session *keys, uint8_t via);
/** Something came that belongs to no session. */
void gw_refusal_heard(wick_gateway *gw, uint64_t now_ms, uint8_t via, const wick_addr *from);
bool gw_refusal_poll(wick_gateway *gw, wick_gateway_out *out, uint64_t now_ms);

/* ways.c */
/** The session is up on its first path. */
void gw_ways_begin(wick_gateway *gw, uint64_t now_ms, uint8_t index);
void gw_ways_end(wick_gateway *gw, uint8_t index);
/** The peer knows of all this. */
void gw_ways_speak(wick_gateway *gw, uint64_t now_ms, uint8_t index);
/** Allocation `via` is gone. @return true if the session goes on */
bool gw_ways_lost(wick_gateway *gw, uint64_t now_ms, uint8_t index, uint8_t via,
                  wick_status status);
/** A datagram was refused on its way (ICMP, which anybody can forge): the way is checked at once. */
void gw_ways_refused(wick_gateway *gw, uint64_t now_ms, uint8_t via, const wick_addr *to);
/** The own addresses have changed. */
void gw_ways_renew(wick_gateway *gw, uint64_t now_ms, uint8_t index);
/** Times that are over. @return false if the session has ended by it */
bool gw_ways_tick(wick_gateway *gw, uint64_t now_ms, uint8_t index, uint64_t *deadline);
/** Is this an address that peers may be told, or be sent to? */
bool gw_way_unicast(const wick_gateway *gw, const wick_addr *addr);
/** An allocation that peers may be told of. */
bool gw_way_via_up(const wick_gateway *gw, uint8_t via);
/** May a request from here be answered directly? */
bool gw_way_open(const wick_gateway *gw, uint8_t index, uint8_t via, const wick_addr *from);
uint8_t gw_way_find(const wick_gateway *gw, uint8_t index, uint8_t via, const wick_addr *addr);
/** An authentic request came, by way `at` or from an address that is none. */
void gw_way_asked(wick_gateway *gw, uint64_t now_ms, uint8_t index, uint8_t at, uint8_t via,
                  const wick_addr *from);
void gw_way_offered(wick_gateway *gw, uint64_t now_ms, uint8_t index, const wick_direct_msg *m);
void gw_way_answered(wick_gateway *gw, uint64_t now_ms, uint8_t index, uint8_t i);
/** Is a check to be sent now? */
bool gw_way_due(wick_gateway *gw, uint64_t now_ms, uint8_t index, uint8_t i);
void gw_way_checked(wick_gateway *gw, uint64_t now_ms, uint8_t index, uint8_t i, uint32_t counter);
/** By which way to send now. */
uint8_t gw_way_best(const wick_gateway *gw, uint64_t now_ms, uint8_t index);
/** Data of the session goes out, or came in. @return true if it came by one of its ways */
void gw_way_data_out(wick_gateway *gw, uint64_t now_ms, uint8_t index);
bool gw_way_data_in(wick_gateway *gw, uint64_t now_ms, uint8_t index, uint8_t via,
                    const wick_addr *from);
#endif

/* handshake.c */
WICK_NODISCARD wick_status gw_nsl_start(wick_gateway *gw, uint64_t now_ms);
void gw_nsl_input(wick_gateway *gw, uint64_t now_ms, uint8_t via, const wick_addr *from,
                  wick_span bytes);
bool gw_nsl_poll(wick_gateway *gw, wick_gateway_out *out, uint64_t now_ms, uint64_t *deadline);
uint64_t gw_nsl_tick(wick_gateway *gw, uint64_t now_ms);
/** By which path to send to `addr`. */
uint8_t gw_route_get(const wick_gateway *gw, const wick_addr *addr);
/* lookup.c */
/** The proven words as a record that may be used now, its key a point of the curve; of an RSA record
 *  the type of the key alone, which gw_key_want() finds. */
WICK_NODISCARD wick_status gw_record_verify(wick_gateway *gw, uint64_t now_ms,
                                            wick_peer_record *rec, wick_nsl_key *key,
                                            const wick_gateway_read *read, const uint8_t id[32],
                                            const uint8_t *service);
void gw_peer_read_done(wick_gateway *gw, uint64_t now_ms, const wick_gateway_read *read,
                       wick_status status);
#if WICK_WITH_NSL_RSA
/** The key that a record stands for, or why there is none. */
void gw_peer_key_done(wick_gateway *gw, uint64_t now_ms, uint8_t purpose, uint8_t owner,
                      const wick_nsl_key *key, wick_status status);
#endif
/** Begins to read for a session; false: no room now. */
bool gw_peer_read(wick_gateway *gw, uint8_t session);
/** A chain was reorganised: what was read of it above `number` is read again. */
void gw_reorg(wick_gateway *gw, uint64_t now_ms, uint8_t registry, uint64_t number);
/** Begins to read the record of a caller; false: no room now. */
bool gw_peer_read_caller(wick_gateway *gw, uint8_t lookup);

/* ticket.c */
#if WICK_WITH_TICKETS
WICK_NODISCARD wick_status gw_ticket_start(wick_gateway *gw, uint64_t now_ms);
/** The device key is another one: tickets have to be sealed to that. */
void gw_ticket_rotated(wick_gateway *gw, uint64_t now_ms);
void gw_ticket_stop(wick_gateway *gw);
void gw_ticket_reorg(wick_gateway *gw, uint64_t now_ms);
uint64_t gw_ticket_tick(wick_gateway *gw, uint64_t now_ms);
/** @return true if it was an upload */
bool gw_ticket_input(wick_gateway *gw, uint64_t now_ms, uint8_t via, const wick_addr *from,
                     wick_span bytes);
/** DTLS of no peer's session. @return true: it may be a guest's, the driver gets it */
bool gw_ticket_dtls(wick_gateway *gw, uint8_t via, const wick_addr *from, wick_span bytes);
bool gw_ticket_poll(wick_gateway *gw, wick_gateway_out *out, uint64_t now_ms);
void gw_ticket_read_done(wick_gateway *gw, uint64_t now_ms, const wick_gateway_read *read,
                         wick_status status);
/** Begins to read the record of an issuer; false: no room now. (lookup.c) */
bool gw_issuer_read(wick_gateway *gw, uint8_t issuer);
#else
#define gw_ticket_start(gw, now_ms) WICK_OK
#define gw_ticket_rotated(gw, now_ms) ((void)(gw))
#define gw_ticket_stop(gw) ((void)(gw))
#define gw_ticket_reorg(gw, now_ms) ((void)(gw))
#define gw_ticket_tick(gw, now_ms) WICK_TIME_NEVER(now_ms)
#define gw_ticket_input(gw, now_ms, via, from, bytes) false
#define gw_ticket_dtls(gw, via, from, bytes) false
#define gw_ticket_poll(gw, out, now_ms) false
#define gw_ticket_read_done(gw, now_ms, read, status) ((void)(gw))
#endif

#endif
