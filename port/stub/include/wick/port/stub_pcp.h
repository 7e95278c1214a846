/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PORT_STUB_PCP_H
#define WICK_PORT_STUB_PCP_H
/*
 * A PCP and NAT-PMP server for tests (RFC 6887, RFC 6886), sans-I/O, on the library's own codec. As
 * it comes it does what the RFCs say; each fault makes it do one wrong thing that a real server
 * does, or that an attacker would like to.
 *
 *     wick_stub_pcp_init(&s, &cfg, now);
 *     wick_stub_pcp_input(&s, now, bytes, from);
 *     while (wick_stub_pcp_poll(&s, &out)) { send out.bytes from out.from to out.to }
 *     const wick_stub_pcp_mapping *m = wick_stub_pcp_find(&s, now, 17, external_port);
 *
 * For hosts: about 20 KB.
 */
#include "wick/natpmp.h"
#include "wick/pcp.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WICK_STUB_PCP_MAPPINGS 16
#define WICK_STUB_PCP_QUEUE 16
#define WICK_STUB_PCP_FILTERS 4

typedef enum wick_stub_pcp_fault {
    WICK_STUB_PCP_SILENT = 1 << 0,
    WICK_STUB_PCP_NATPMP_ONLY = 1 << 1,    /* UNSUPP_VERSION of version 0 to PCP */
    WICK_STUB_PCP_VERSION_1 = 1 << 2,      /* UNSUPP_VERSION of version 1 */
    WICK_STUB_PCP_VERSION_0_BROKEN = 1 << 3, /* version 0, result 3, to everything */
    WICK_STUB_PCP_ANY_NONCE = 1 << 4,      /* renews, and takes over, with another nonce */
    WICK_STUB_PCP_NO_PREFER = 1 << 5,      /* PREFER_FAILURE: another port, and SUCCESS */
    WICK_STUB_PCP_ERROR_LIFE_0 = 1 << 6,   /* errors name no time */
    WICK_STUB_PCP_ERROR_BLANK = 1 << 7,    /* errors with ports and addresses zero */
    WICK_STUB_PCP_ECHO_UNKNOWN = 1 << 8,   /* unknown optional options are echoed */
    WICK_STUB_PCP_QUIET_START = 1 << 9,    /* no announcement after a restart */
    WICK_STUB_PCP_WRONG_NONCE = 1 << 10,   /* answers carry another nonce */
    WICK_STUB_PCP_WRONG_PORT = 1 << 11,    /* answers name another internal port */
    WICK_STUB_PCP_WRONG_PROTOCOL = 1 << 12,
    WICK_STUB_PCP_NO_R_BIT = 1 << 13,      /* answers are requests */
    WICK_STUB_PCP_WRONG_SOURCE = 1 << 14,  /* answers come from another port */
    WICK_STUB_PCP_ZERO_EXTERNAL = 1 << 15, /* SUCCESS with address 0.0.0.0 */
    WICK_STUB_PCP_OTHER_PORT = 1 << 16,    /* never the port that was suggested */
    WICK_STUB_PCP_NO_FILTER = 1 << 17,     /* FILTER: SUCCESS, echoed, and everybody gets in */
    WICK_STUB_PCP_NO_ADDRESS = 1 << 18     /* NAT-PMP: SUCCESS with address 0.0.0.0 */
} wick_stub_pcp_fault;

typedef struct wick_stub_pcp_config {
    wick_addr listen;   /* port 0: 5351 */
    wick_addr external; /* its address; zero for IPv6: pinholes instead of mappings */
    uint32_t lifetime_min_s, lifetime_max_s; /* 0: 120, 86400 */
} wick_stub_pcp_config;

typedef struct wick_stub_pcp_mapping {
    bool used;
    uint8_t protocol, opcode;
    wick_addr internal; /* port 0: all */
    uint16_t external_port;
    wick_addr remote;
    uint8_t filter_count; /* who may send in; 0: everybody */
    wick_pcp_filter filter[WICK_STUB_PCP_FILTERS];
    uint8_t nonce[WICK_PCP_NONCE_BYTES];
    wick_addr client; /* to whom unsolicited responses go */
    uint64_t until_ms;
} wick_stub_pcp_mapping;

typedef struct wick_stub_pcp {
    wick_stub_pcp_config cfg;
    /* switches */
    unsigned faults; /* of wick_stub_pcp_fault */
    struct {
        uint8_t result; /* wick_pcp_result */
        uint32_t lifetime_s;
        unsigned count; /* so many times, then as usual */
    } force;
    uint32_t lifetime_s; /* granted whatever was asked; 0: as asked */
    bool grant_zero;     /* SUCCESS with lifetime 0 */
    int32_t epoch_skew_s; /* added to the epoch of answers */
    /* counters */
    unsigned requests, maps, deletes, announces, natpmp;
    wick_pcp_msg last; /* the last PCP request; its options are not kept */
    size_t last_options;
    /* private */
    uint64_t born_ms;
    wick_stub_pcp_mapping mapping[WICK_STUB_PCP_MAPPINGS];
    struct {
        wick_addr from, to;
        size_t len;
        uint8_t bytes[WICK_PCP_MAX_BYTES];
    } queue[WICK_STUB_PCP_QUEUE];
    unsigned head, queued;
} wick_stub_pcp;

typedef struct wick_stub_pcp_out {
    wick_span bytes; /* lives until the next call */
    wick_addr from, to;
} wick_stub_pcp_out;

void wick_stub_pcp_init(wick_stub_pcp *s, const wick_stub_pcp_config *cfg, uint64_t now_ms);
void wick_stub_pcp_input(wick_stub_pcp *s, uint64_t now_ms, wick_span bytes,
                         const wick_addr *from);
/** @return true and a datagram to send, or false. Announcements go to 224.0.0.1 or ff02::1, 5350 */
bool wick_stub_pcp_poll(wick_stub_pcp *s, wick_stub_pcp_out *out);
/** Forgets all mappings, the epoch begins again, and it is announced. */
void wick_stub_pcp_restart(wick_stub_pcp *s, uint64_t now_ms);
/** Another external address; `tell`: by unsolicited MAP responses (section 14.2). */
void wick_stub_pcp_move(wick_stub_pcp *s, uint64_t now_ms, const wick_addr *external, bool tell);
/** The live mapping of an external port, or NULL. */
const wick_stub_pcp_mapping *wick_stub_pcp_find(const wick_stub_pcp *s, uint64_t now_ms,
                                                uint8_t protocol, uint16_t external_port);

/** Does the router let a datagram of this sender through the mapping? */
bool wick_stub_pcp_admits(const wick_stub_pcp *s, const wick_stub_pcp_mapping *m,
                          const wick_addr *from);

#ifdef __cplusplus
}
#endif
#endif
