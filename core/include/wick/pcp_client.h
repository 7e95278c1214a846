/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PCP_CLIENT_H
#define WICK_PCP_CLIENT_H
/*
 * PCP client (RFC 6887), sans-I/O: keeps mappings at a router alive. One client is one network: one
 * own address and one server, which may have several addresses; a host with several interfaces or
 * with IPv4 and IPv6 has several clients. Falls back to NAT-PMP (RFC 6886) when, and only when, the
 * server answers a request with a valid UNSUPP_VERSION of version 0.
 *
 *     wick_pcp_client c;
 *     wick_pcp_client_config cfg = {.entropy = &e, .store = &s, .store_key = key,
 *                                   .servers = &gateway, .server_count = 1, .client = own};
 *     status = wick_pcp_client_init(&c, &cfg);
 *     wick_pcp_want want = {.protocol = 17, .internal_port = 5001};
 *     status = wick_pcp_client_map(&c, &id, now, &want);
 *     for (;;) {
 *         wick_pcp_client_poll(&c, now, &out);         // until WAIT or DONE
 *         // SEND: out.bytes to out.to;  EVENT: out.event, out.status, out.to, about mapping
 *         // wick_pcp_client_event_id(&c)
 *         // datagram on this socket, or on port 5350 (multicast 224.0.0.1, ff02::1):
 *         (void)!wick_pcp_client_input(&c, now, bytes, &from);
 *     }
 *
 * Events and what `out.to` then holds:
 *     MAPPED        external address and port; NAT_DOUBLE in status says that it is not public.
 *                   Comes again after SERVER_RESET and LOST. A claim of the server: verify it from
 *                   outside before it is published
 *     CHANGED       the new external address and port of a mapping that goes on
 *     HINT          the same for a PEER mapping. Servers are known to answer PEER with ports that
 *                   packets then do not leave from: never rely on it
 *     FAILED        refused, status says why; the client asks again when the server said so.
 *                   A mapping that is held stays until it expires
 *     LOST          a mapping ended: expired unrenewed, or withdrawn by the server. Asked again
 *     DELETED       after wick_pcp_client_unmap(): OK, TIMEOUT, or what the server said instead of
 *                   OK (then it lives on at the router until it expires). The id is free
 *     SERVER_RESET  the server lost its state; mappings are asked again, MAPPED follows for each
 *     SILENT        no answer for 3 s, or to wick_pcp_client_probe(), or ICMP says that nobody
 *                   listens; the client goes on asking, ever more slowly
 *     NATPMP        the server speaks NAT-PMP only
 *     ALIVE         the answer to wick_pcp_client_probe(); wick_pcp_client_heard_s() is its epoch
 *
 * Time: requests are repeated after 3, 6, 12 ... 1024 s, each +-10 % (section 8.1.1); renewals are
 * sent at 1/2 to 5/8 of the lifetime, then 3/4 to 13/16 and so on, at least 4 s apart (11.2.1). A
 * refusal holds for the time that it names, but 1800 s at most; 0 counts as 30 s. An announcement
 * is answered after a random part of WICK_PCP_RECOVERY_MS, and at most once in 10 s.
 *
 * Trust: PCP has no authentication. Answers count only from the server's address and port, with the
 * nonce, opcode, protocol, port and (PEER) remote peer of a mapping. Announcements carry no nonce:
 * they make the client ask, but change nothing themselves. A server that once spoke PCP is believed
 * to have become NAT-PMP only after three requests went unanswered. Servers also say SUCCESS to
 * FILTER without filtering: ask wick_pcp_client_admits() about each source.
 *
 * The store keeps nonce, external port and epoch, so that after a restart the client can renew its
 * own mappings instead of meeting them as a stranger's. Written when a mapping is made, moved or
 * deleted, not at renewal.
 *
 * Size of wick_pcp_client with the default bounds: 1,080 bytes on 64-bit, 1,072 on 32-bit. Stack
 * below 700 bytes.
 */
#include "wick/base.h"
#include "wick/hal/entropy.h"
#include "wick/hal/store.h"
#include "wick/pcp.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum wick_pcp_event {
    WICK_PCP_EV_NONE = 0,
    WICK_PCP_EV_MAPPED,
    WICK_PCP_EV_CHANGED,
    WICK_PCP_EV_HINT,
    WICK_PCP_EV_FAILED,
    WICK_PCP_EV_LOST,
    WICK_PCP_EV_DELETED,
    WICK_PCP_EV_SERVER_RESET,
    WICK_PCP_EV_SILENT,
    WICK_PCP_EV_NATPMP,
    WICK_PCP_EV_ALIVE
} wick_pcp_event;

typedef struct wick_pcp_client_config {
    const wick_hal_entropy *entropy; /* must outlive the client */
    const wick_hal_store *store;     /* optional; must outlive the client */
    uint16_t store_key;              /* of this client */
    const wick_addr *servers;        /* copied; port 0: 5351. In the order in which to try them */
    unsigned server_count;           /* 1..WICK_PCP_SERVERS */
    wick_addr client; /* own address on the way to the server; its port does not matter */
    uint32_t watch_s; /* ask at least so often, to notice a changed external address that the server
                       * does not announce; 0: at renewals only */
    bool no_natpmp;
} wick_pcp_client_config;

/** What to map. */
typedef struct wick_pcp_want {
    uint8_t protocol;       /* IANA number; 0: all, with internal_port 0 */
    uint16_t internal_port; /* 0: all ports */
    wick_addr external;     /* suggestion. Port 0: the internal port, so that traffic that starts
                             * inside keeps its port; address zero: any */
    wick_addr remote;       /* port not 0: PEER with this host instead of MAP */
    uint8_t third_party[16]; /* not zero: for this host (THIRD_PARTY) */
    uint32_t lifetime_s;    /* 0: WICK_PCP_LIFETIME_S */
    bool prefer_failure;    /* that external port (and address, if given) or none */
    uint8_t filter_count;   /* 0..WICK_PCP_FILTERS; MAP only */
    wick_pcp_filter filter[WICK_PCP_FILTERS];
} wick_pcp_want;

/** One mapping. Private. */
typedef struct wick_pcp_mapping {
    wick_pcp_want want;
    wick_addr external; /* assigned, or suggested */
    uint8_t there;      /* the server may hold it, from before this run */
    uint64_t due_ms;    /* next request */
    uint64_t since_ms, expires_ms;
    uint64_t sent_ms;
    uint32_t lifetime_s;
    uint32_t rt_ms;
    wick_status event_status;
    uint8_t nonce[WICK_PCP_NONCE_BYTES];
    uint8_t state;
    uint8_t tries;  /* requests since the last answer */
    uint8_t flight; /* an answer is awaited */
    uint8_t rounds; /* renewals sent in this lifetime */
    uint8_t urgent; /* held, but doubtful: repeated like a new request */
    uint8_t told;   /* MAPPED was reported */
    uint8_t undo;   /* being deleted since it is not what was wanted */
    uint8_t unsaved; /* the store knows another external address */
    uint8_t event;
} wick_pcp_mapping;

/** All state of one client. Fields are private. */
typedef struct wick_pcp_client {
    const wick_hal_entropy *entropy;
    const wick_hal_store *store;
    wick_addr server[WICK_PCP_SERVERS];
    wick_addr client;
    wick_pcp_mapping mapping[WICK_PCP_MAPPINGS];
    uint64_t epoch_ms;      /* own time of the last epoch */
    uint64_t hint_next_ms;  /* no announcement counts before */
    uint64_t probe_due_ms;  /* ANNOUNCE, or NAT-PMP's address request */
    uint32_t probe_rt_ms;
    uint32_t epoch_s;
    uint32_t heard_s; /* epoch of the last answer to a probe; it has no nonce: for show only */
    uint32_t watch_s;
    uint16_t store_key;
    uint8_t server_count, current;
    uint8_t version; /* 2, or 0 for NAT-PMP */
    uint8_t epoch_known; /* 1: from an answer, 2: from the store */
    uint8_t proven;      /* the server answered with a nonce of ours */
    uint8_t probe_tries, probe_wanted;
    uint8_t unanswered;
    uint8_t silent_told;
    uint8_t events; /* server events to report, one bit each */
    uint8_t event_id;
    uint8_t ending, no_natpmp;
    uint8_t address_known; /* NAT-PMP: external_ip */
    uint8_t external_ip[16];
    uint8_t tx[WICK_PCP_TX_BYTES];
} wick_pcp_client;

/**
 * Takes the configuration and reads the store; sends nothing.
 * @retval WICK_OK         ready; a store that is empty, damaged or newer counts as empty
 * @retval WICK_E_BAD_ARG  no entropy, no server, no own address, or not one address family
 * @retval WICK_E_LIMIT    more than WICK_PCP_SERVERS servers
 */
WICK_NODISCARD wick_status wick_pcp_client_init(wick_pcp_client *c,
                                                const wick_pcp_client_config *cfg);

/** Does the wish make sense? What wick_pcp_client_map() refuses as WICK_E_BAD_ARG does not. */
bool wick_pcp_want_is_possible(const wick_pcp_want *want);

/**
 * Wants a mapping and keeps it. The same protocol, internal port, remote and third party give the
 * same mapping again, with the new wishes.
 * @param[out] id  0..WICK_PCP_MAPPINGS-1, until DELETED
 * @retval WICK_E_BAD_ARG  protocol 0 with a port, PEER with filters or PREFER_FAILURE, too many
 *                         filters, or one with a prefix that is not valid
 * @retval WICK_E_LIMIT    WICK_PCP_MAPPINGS are in use
 * @retval WICK_E_ENTROPY  no randomness for the nonce
 */
WICK_NODISCARD wick_status wick_pcp_client_map(wick_pcp_client *c, unsigned *id, uint64_t now_ms,
                                               const wick_pcp_want *want);
/**
 * The same for a mapping that is at the server already: made by an earlier run, or by another
 * program that tells its nonce. It is renewed, or, if wick_pcp_client_unmap() follows at once,
 * deleted; a new mapping that is unmapped before its first request is forgotten instead.
 * @param[in] nonce  NULL: what the store remembers, else a new one (NAT-PMP has none)
 */
WICK_NODISCARD wick_status wick_pcp_client_adopt(wick_pcp_client *c, unsigned *id, uint64_t now_ms,
                                                 const wick_pcp_want *want,
                                                 const uint8_t nonce[WICK_PCP_NONCE_BYTES]);
/** Deletes the mapping at the server; DELETED follows. @retval WICK_E_NOT_FOUND no such id */
WICK_NODISCARD wick_status wick_pcp_client_unmap(wick_pcp_client *c, uint64_t now_ms, unsigned id);
/** Deletes everything; poll until DONE. */
void wick_pcp_client_release(wick_pcp_client *c, uint64_t now_ms);

/**
 * Takes one datagram.
 * @retval WICK_OK           it was ours: poll
 * @retval WICK_E_NOT_FOUND  not from the server, or answers nothing: dropped
 * @retval others            of wick_pcp_decode(), wick_natpmp_decode(): dropped
 */
WICK_NODISCARD wick_status wick_pcp_client_input(wick_pcp_client *c, uint64_t now_ms,
                                                 wick_span bytes, const wick_addr *from);

/** Gives the next thing to do. Call until WAIT or DONE; `out.bytes` lives until the next call. */
void wick_pcp_client_poll(wick_pcp_client *c, uint64_t now_ms, wick_out *out);
/** The mapping that the last event was about; of no meaning for server events. */
unsigned wick_pcp_client_event_id(const wick_pcp_client *c);

/** The mappings may be gone (send failures, a changed reflexive address): asks now. At most once in
 *  10 s. */
void wick_pcp_client_check(wick_pcp_client *c, uint64_t now_ms);
/** The same router announced something elsewhere, say by its other address family: asks after a
 *  random part of WICK_PCP_RECOVERY_MS, as for an announcement. At most once in 10 s. */
void wick_pcp_client_announced(wick_pcp_client *c, uint64_t now_ms);
/** Asks for the server's epoch (ANNOUNCE, section 14.1.1); ALIVE or SILENT follows, and
 *  SERVER_RESET if the epoch says so and an answer with a nonce confirms it. */
void wick_pcp_client_probe(wick_pcp_client *c, uint64_t now_ms);
/** ICMP says that nobody listens at `from`: SILENT follows if that is the server. Anybody can forge
 *  this, so the client goes on asking. */
void wick_pcp_client_refused(wick_pcp_client *c, const wick_addr *from);
/** The own address has changed: all mappings are asked for it. */
void wick_pcp_client_set_address(wick_pcp_client *c, uint64_t now_ms, const wick_addr *client);

/** External address and port while the mapping is held, else NULL. */
const wick_addr *wick_pcp_client_external(const wick_pcp_client *c, unsigned id);
/** What the server granted, seconds; 0 if not held. */
uint32_t wick_pcp_client_lifetime_s(const wick_pcp_client *c, unsigned id);
/** Does the mapping's FILTER list let this source in? True without filters. For the caller to
 *  enforce, since servers do not. */
bool wick_pcp_client_admits(const wick_pcp_client *c, unsigned id, const wick_addr *from);
/** The nonce that authorises changes of a mapping (12 bytes), NULL if there is no such id. Whoever
 *  knows it can delete the mapping. */
const uint8_t *wick_pcp_client_nonce(const wick_pcp_client *c, unsigned id);
/** Epoch in the last answer to wick_pcp_client_probe(), seconds. Not authenticated. */
uint32_t wick_pcp_client_heard_s(const wick_pcp_client *c);
/** The server in use. */
const wick_addr *wick_pcp_client_server(const wick_pcp_client *c);
/** True while the server is asked by NAT-PMP. */
bool wick_pcp_client_is_natpmp(const wick_pcp_client *c);

#ifdef __cplusplus
}
#endif
#endif
