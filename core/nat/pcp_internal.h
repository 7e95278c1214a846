/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PCP_INTERNAL_H
#define WICK_PCP_INTERNAL_H
/*
 * How the PCP client is divided: pcp_client.c holds what the caller wants and the poll loop,
 * pcp_request.c the timers and requests of both protocols, pcp_answer.c judges answers,
 * pcp_store.c remembers mappings over a restart.
 */
#include "wick/natpmp.h"
#include "wick/pcp_client.h"

enum {
    M_FREE,
    M_REMEMBERED, /* from the store, not wanted yet */
    M_ASKING,     /* not held; requests are repeated as section 8.1.1 says */
    M_HELD,
    M_WAITING, /* refused; due_ms is when to ask again */
    M_DELETING,
    M_GONE /* DELETED is still to be reported */
};

/* wick_pcp_client.probe_wanted: why the server is asked about itself */
enum { PROBE_NONE, PROBE_ADDRESS /* NAT-PMP needs its address */, PROBE_ASKED /* by the caller */ };

#define IRT_MS UINT32_C(3000)
#define MRT_MS UINT32_C(1024000)
#define NATPMP_IRT_MS UINT32_C(250) /* RFC 6886 section 3.1: nine requests in 64 s */
#define NATPMP_TRIES 9u
#define RENEW_GAP_MS UINT64_C(4000)
#define ERROR_S UINT32_C(30)
#define ERROR_MAX_S UINT32_C(1800)   /* section 7.4: long-lived errors hold for 30 minutes */
#define LIFETIME_MAX_S UINT32_C(86400) /* however long a server promises */
#define HINT_GAP_MS UINT64_C(10000)
#define BID_DOWN_TRIES 3u

_Static_assert(WICK_PCP_MAPPINGS >= 1 && WICK_PCP_MAPPINGS <= 16, "WICK_PCP_MAPPINGS");
_Static_assert(WICK_PCP_FILTERS >= 1 && WICK_PCP_FILTERS <= 8, "WICK_PCP_FILTERS");
_Static_assert(WICK_PCP_SERVERS >= 1 && WICK_PCP_SERVERS <= 8, "WICK_PCP_SERVERS");
_Static_assert(WICK_PCP_TRIES >= 2 && WICK_PCP_TRIES <= 8, "WICK_PCP_TRIES");
_Static_assert(WICK_PCP_RECOVERY_MS >= 0 && WICK_PCP_RECOVERY_MS <= 5000, "WICK_PCP_RECOVERY_MS");

static inline bool wick_pcp_is_peer_(const wick_pcp_mapping *m)
{
    return m->want.remote.port != 0;
}

/* pcp_client.c */
void wick_pcp_event_(wick_pcp_mapping *m, wick_pcp_event event, wick_status status);
void wick_pcp_server_event_(wick_pcp_client *c, wick_pcp_event event);
/* The server does not answer: told once until it does. */
void wick_pcp_silent_(wick_pcp_client *c);
void wick_pcp_probe_(wick_pcp_client *c, uint64_t now_ms, uint8_t by);
/* Not held (any more): asks from `at_ms` on. */
void wick_pcp_ask_(wick_pcp_mapping *m, uint64_t at_ms);
/* Everything that is wanted is asked for again, of the server and version now set. */
void wick_pcp_ask_all_(wick_pcp_client *c, uint64_t now_ms);
/* Held mappings are asked again soon, without being given up. */
void wick_pcp_doubt_(wick_pcp_client *c, uint64_t now_ms, uint64_t delay_ms);
/* A deleted mapping: free, or to be asked again if it was undone. */
void wick_pcp_gone_(wick_pcp_client *c, wick_pcp_mapping *m, uint64_t now_ms, wick_status status);
uint32_t wick_pcp_jitter_(wick_pcp_client *c, uint32_t below);
wick_addr wick_pcp_suggestion_(const wick_pcp_want *want);

/* pcp_request.c */
/* When a held mapping is to be renewed next. */
void wick_pcp_schedule_(wick_pcp_client *c, wick_pcp_mapping *m);
/* A request that is due. WICK_OK: in out; WICK_AGAIN: none */
wick_status wick_pcp_next_send_(wick_pcp_client *c, uint64_t now_ms, wick_span *out);
uint64_t wick_pcp_deadline_(const wick_pcp_client *c, uint64_t now_ms);

/* pcp_store.c */
void wick_pcp_load_(wick_pcp_client *c);
void wick_pcp_save_(wick_pcp_client *c);

#endif
