/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_SIM_SITES_H
#define WICK_SIM_SITES_H
/*
 * The laboratory with each gateway at a place of its own, the ways that its datagrams take, and an
 * echo that is authenticated with the keys of the session.
 */
#include "lab.h"
#include "wick/port/stub_router.h"

/** Where a gateway stands. The NATs are those of RFC 3489's names, in RFC 4787's terms. */
enum site {
    SITE_PUBLIC,
    SITE_FULL_CONE,          /* mapping EI, filtering EI */
    SITE_ADDRESS_RESTRICTED, /* EI, filtering by address */
    SITE_PORT_RESTRICTED,    /* EI, filtering by address and port */
    SITE_SYMMETRIC,          /* mapping and filtering by address and port, ports at random */
    SITE_PCP,                /* port-restricted, and the router serves PCP */
    SITE_NATPMP,             /* port-restricted, and the router serves NAT-PMP only */
    SITE_DOUBLE,             /* port-restricted behind a carrier's NAT, shared addresses between */
    SITES
};
extern const char *const site_name[SITES];

enum way { WAY_NONE, WAY_DIRECT, WAY_MAPPED, WAY_RELAY, WAY_RELAYS, WAYS };
extern const char *const way_name[WAYS];

struct sites {
    struct lab lab;
    wick_stub_router router[2]; /* of a and b, where the site has one */
    enum site at[2];
    bool two_relays;
    /* the echo */
    uint32_t serial;
    uint8_t text[12]; /* of the datagram that is looked for; it is in clear for that */
    bool there, back;
    unsigned forged; /* payloads that did not verify */
    uint8_t relays_seen; /* bit i: relay i */
    bool mapped_seen;
    unsigned hops;
};

/** A fresh world. With two relays a's is the first and b's the second. Nothing has begun. */
void sites_init(struct sites *s, uint64_t seed, enum site a, enum site b, unsigned relays);
/** Puts two port-restricted routers behind one carrier's NAT. Call before anything begins. */
void sites_share_carrier(struct sites *s, bool hairpin);
/** a sends a payload that b verifies and echoes, and a verifies that, each with the key of its own
 *  side of the session. @return the way both took, WAY_NONE: nothing came back within `ms` */
enum way sites_echo(struct sites *s, uint8_t session, uint64_t ms);

#endif
