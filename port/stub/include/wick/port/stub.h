/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PORT_STUB_H
#define WICK_PORT_STUB_H
/*
 * A deterministic world in one process: virtual time, a seeded network with NATs, and the HAL on
 * top of it. The same seed gives the same run, bit by bit. What lives in the world is an actor: it
 * is run when its deadline comes or a datagram arrives for it. Servers (TURN, chain, wallet) are
 * actors of their own headers beside this one.
 *
 *   static wick_stub_world w;
 *   wick_stub_init(&w, seed);
 *   int nat = wick_stub_nat(&w, -1, addr("20.0.0.1"), WICK_STUB_SYMMETRIC);
 *   int host = wick_stub_host(&w, nat, addr("10.10.1.10"));
 *   wick_stub_net sockets = {&w, host, -1}; wick_hal_net net;
 *   wick_stub_hal_net(&net, &sockets); ... net.udp_open(net.ctx, ...)
 *   wick_stub_run(&w, 5000, NULL);    five seconds of virtual time
 *
 * No heap; everything is in the world struct (below 1 MB, for hosts only).
 */
#include "wick/base.h"
#include "wick/hal/clock.h"
#include "wick/hal/entropy.h"
#include "wick/hal/net.h"
#include "wick/hal/store.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WICK_STUB_HOSTS 24
#define WICK_STUB_NATS 8
#define WICK_STUB_FLOWS 128 /* per NAT */
#define WICK_STUB_FORWARDS 8
#define WICK_STUB_SOCKS 64
#define WICK_STUB_PACKETS 256
#define WICK_STUB_MTU 1500
#define WICK_STUB_ACTORS 32
#define WICK_STUB_UNIX_BASE 1800000000u /* time of day when virtual time is 0 */

/* What a mapping or filter depends on (RFC 4787): nothing, the remote IP, or IP and port. */
typedef enum wick_stub_dep { WICK_STUB_EI = 0, WICK_STUB_AD = 1, WICK_STUB_APD = 2 } wick_stub_dep;

typedef struct wick_stub_nat_kind {
    wick_stub_dep mapping, filtering;
    bool preserve_port; /* external port = internal port where it is free; else random */
    bool hairpin;       /* with the external address as source (RFC 4787 REQ-9) */
    uint32_t timeout_ms; /* an idle flow ends; 0: 120 s (RFC 4787 REQ-5: not below it) */
    bool inbound_refreshes; /* what comes in keeps a flow alive too (REQ-6: may) */
    bool explicit_outbound; /* what leaves from a PCP mapping or forward has its port (RFC 6887
                             * section 10); routers on nftables give it any */
} wick_stub_nat_kind;

/** The usual ones. */
extern const wick_stub_nat_kind WICK_STUB_FULL_CONE, WICK_STUB_RESTRICTED_CONE,
    WICK_STUB_PORT_RESTRICTED, WICK_STUB_SYMMETRIC;
/** A carrier's NAT (RFC 6888): cone, ports at random, hairpin. */
extern const wick_stub_nat_kind WICK_STUB_CARRIER;

typedef struct wick_stub_flow {
    wick_addr in, remote;
    uint16_t ext_port; /* 0: free entry */
    bool fixed;        /* made by a forward or a PCP mapping: its port is for this remote only */
    uint64_t used_ms;
} wick_stub_flow;

struct wick_stub_pcp;

typedef struct wick_stub_nat_box {
    wick_stub_nat_kind kind;
    int outer; /* NAT in front of this one, -1 = public network */
    wick_addr ip;
    wick_addr inside; /* its address in the network behind it: default gateway; zero: none */
    wick_stub_flow flow[WICK_STUB_FLOWS];
    struct {
        uint16_t port; /* 0: free */
        wick_addr in;
    } forward[WICK_STUB_FORWARDS];
    const struct wick_stub_pcp *pcp; /* its mappings are open; NULL: none */
    unsigned filtered, evicted;      /* counters */
} wick_stub_nat_box;

/** How the network treats datagrams; chances in 1/1000. */
typedef struct wick_stub_link {
    unsigned loss, duplicate, corrupt;
    uint32_t delay_ms, jitter_ms; /* jitter reorders */
} wick_stub_link;

struct wick_stub_world;

/** Runs an actor; gives the time at which it wants to run again. */
typedef uint64_t (*wick_stub_run_fn)(void *ctx, struct wick_stub_world *w);
/** Sees each datagram as it leaves a socket (addresses after NAT); may change it in place or drop
 *  it (false): an attacker on the path. */
typedef bool (*wick_stub_tap_fn)(void *ctx, struct wick_stub_world *w, const wick_addr *from,
                                 const wick_addr *to, uint8_t *bytes, size_t *len);

typedef struct wick_stub_packet {
    uint8_t state; /* 0 free, 1 in flight, 2 arrived at sock */
    int sock;
    int host; /* multicast: for this one; else -1 */
    uint64_t due_ms, order;
    wick_addr from, to;
    size_t len;
    uint8_t bytes[WICK_STUB_MTU];
} wick_stub_packet;

typedef struct wick_stub_sock {
    bool open;
    int host;
    uint16_t port;
    int actor; /* woken when a datagram arrives, -1: none */
} wick_stub_sock;

typedef struct wick_stub_actor {
    void *ctx;
    wick_stub_run_fn run;
    uint64_t deadline_ms;
} wick_stub_actor;

typedef struct wick_stub_world {
    uint64_t now_ms, order, rng, entropy_rng;
    wick_stub_link link;
    wick_stub_tap_fn tap;
    void *tap_ctx;
    bool entropy_fails, no_clock;
    int64_t skew_s; /* of the clocks that nodes have, from the time of day */
    wick_stub_nat_box nat[WICK_STUB_NATS];
    unsigned nat_count;
    struct {
        int nat;
        wick_addr ip;
        uint32_t changes;
    } host[WICK_STUB_HOSTS];
    unsigned host_count;
    wick_stub_sock sock[WICK_STUB_SOCKS];
    wick_stub_packet packet[WICK_STUB_PACKETS];
    wick_stub_actor actor[WICK_STUB_ACTORS];
    unsigned actor_count;
    uint64_t sent, lost, delivered, filtered, bytes; /* counters; filtered = dropped by a NAT */
} wick_stub_world;

void wick_stub_init(wick_stub_world *w, uint64_t seed);

/** Next pseudo-random number of the network (not of the nodes' entropy). */
uint64_t wick_stub_random(wick_stub_world *w);

/** Adds a NAT with external address `ip` behind NAT `outer` (-1: public). @return its index */
int wick_stub_nat(wick_stub_world *w, int outer, wick_addr ip, wick_stub_nat_kind kind);
/** Forgets all flows, as a reboot does; forwards are configuration and stay. */
void wick_stub_nat_reboot(wick_stub_world *w, int nat);
/** The same, and another external address. */
void wick_stub_nat_renumber(wick_stub_world *w, int nat, wick_addr ip);
/** Port forward by hand: all that comes to `port` goes to `in`; in.port 0 takes it away.
 *  @return false if there is no room */
bool wick_stub_nat_forward(wick_stub_world *w, int nat, uint16_t port, wick_addr in);

/** Adds a host with address `ip` behind NAT `nat` (-1: public). @return its index */
int wick_stub_host(wick_stub_world *w, int nat, wick_addr ip);
/** Moves a host to another network; its sockets live on. */
void wick_stub_host_move(wick_stub_world *w, int host, int nat, wick_addr ip);

/** Adds an actor, which runs at once and then when it asks. @return its index */
int wick_stub_actor_add(wick_stub_world *w, wick_stub_run_fn run, void *ctx);
void wick_stub_actor_wake(wick_stub_world *w, int actor);

/** @return socket, or -1. port 0: any free one. `actor` is woken on arrival (-1: none). */
int wick_stub_open(wick_stub_world *w, int host, uint16_t port, int actor);
void wick_stub_close(wick_stub_world *w, int sock);
void wick_stub_send(wick_stub_world *w, int sock, const wick_addr *to, wick_span bytes);
/** @return length of the next datagram that arrived, or -1 */
int wick_stub_recv(wick_stub_world *w, int sock, wick_addr *from, uint8_t *buf, size_t cap);

/** A datagram that appears in network `net` (-1: public) with any source, as a spoofer makes it. */
void wick_stub_inject(wick_stub_world *w, int net, const wick_addr *source, const wick_addr *to,
                      wick_span bytes);

/* A server that owns many ports: one socket for all ports of its host that no other socket has. */
int wick_stub_open_all(wick_stub_world *w, int host, int actor);
void wick_stub_send_from(wick_stub_world *w, int sock, uint16_t port, const wick_addr *to,
                         wick_span bytes);
/** As wick_stub_recv(); `to` is the port that it came to, with the host's address. */
int wick_stub_recv_at(wick_stub_world *w, int sock, wick_addr *from, wick_addr *to, uint8_t *buf,
                      size_t cap);

/** Runs until virtual time has advanced by `ms`, or *until becomes true (NULL: never).
 *  @return true if *until is true */
bool wick_stub_run(wick_stub_world *w, uint64_t ms, const bool *until);

/* ------------------------------------------------------------------ HAL on the world */

void wick_stub_hal_clock(wick_hal_clock *out, wick_stub_world *w);
void wick_stub_hal_entropy(wick_hal_entropy *out, wick_stub_world *w);

typedef struct wick_stub_net {
    wick_stub_world *w;
    int host;
    int actor; /* woken when something arrives, -1: none */
} wick_stub_net;

/** Datagram sockets of one host; streams and names give WICK_E_UNSUPPORTED. */
void wick_stub_hal_net(wick_hal_net *out, wick_stub_net *ctx);

#define WICK_STUB_STORE_ITEMS 160

typedef enum wick_stub_fault {
    WICK_STUB_FAULT_NONE = 0,
    WICK_STUB_FAULT_BEFORE, /* power goes before anything is written */
    WICK_STUB_FAULT_TORN,   /* one copy is half written */
    WICK_STUB_FAULT_AFTER   /* one copy is whole, the other is old */
} wick_stub_fault;

/** In-RAM store of two copies per value, with power cuts on demand. */
typedef struct wick_stub_store {
    struct {
        bool used;
        uint16_t key;
        struct {
            uint8_t raw[WICK_STORE_VALUE_MAX + 11]; /* version, length, counter 4, value, CRC32 */
            size_t len;
        } copy[2];
    } item[WICK_STUB_STORE_ITEMS];
    wick_stub_fault fault; /* what happens to the next put; the store is dead until power_on */
    bool dead;
    unsigned puts;
} wick_stub_store;

void wick_stub_store_init(wick_stub_store *s);
void wick_stub_store_power_on(wick_stub_store *s);
void wick_stub_hal_store(wick_hal_store *out, wick_stub_store *s);

#ifdef __cplusplus
}
#endif
#endif
