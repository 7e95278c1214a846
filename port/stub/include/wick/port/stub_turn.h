/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PORT_STUB_TURN_H
#define WICK_PORT_STUB_TURN_H
/*
 * A TURN server for tests (RFC 8656 with long-term or time-limited credentials; where it is told to,
 * with SHA-256 and nonce cookies of RFC 8489, RFC 8016 tickets, IPv6 relayed addresses and
 * reservations), sans-I/O. It
 * enforces permissions per IP and expires everything as the RFC says; where the RFC leaves room it
 * does what coturn does: 401, 437, 438 and 441 go out without MESSAGE-INTEGRITY, an unknown
 * allocation is 437 to Refresh but 400 to CreatePermission and ChannelBind, a repeated Allocate with
 * the same id gets the same answer. Faults are switched on while it runs.
 *
 *     wick_stub_turn_init(&s, &cfg);
 *     wick_stub_turn_input(&s, now, bytes, from, to);       // to: listening or a relayed address
 *     while (wick_stub_turn_poll(&s, now, &out)) { send out.bytes from out.from to out.to }
 *
 * For hosts: about 90 KB.
 */
#include "wick/base.h"
#include "wick/hal/crypto.h"
#include "wick/stun.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WICK_STUB_TURN_ALLOCATIONS 24
#define WICK_STUB_TURN_PERMISSIONS 24
#define WICK_STUB_TURN_CHANNELS 8
#define WICK_STUB_TURN_QUEUE 16
#define WICK_STUB_TURN_MTU 1600

typedef enum wick_stub_turn_fault {
    WICK_STUB_TURN_SILENT = 1 << 0,      /* answers nothing, relays nothing */
    WICK_STUB_TURN_401 = 1 << 1,         /* 401 whatever the credentials */
    WICK_STUB_TURN_438 = 1 << 2,         /* 438 with another nonce to every request */
    WICK_STUB_TURN_REALM = 1 << 3,       /* another realm in each challenge */
    WICK_STUB_TURN_NO_NONCE = 1 << 4,    /* challenges without NONCE */
    WICK_STUB_TURN_BAD_MI = 1 << 5,      /* MESSAGE-INTEGRITY of answers is wrong */
    WICK_STUB_TURN_ALTERNATE = 1 << 6,   /* 300 to an authenticated Allocate: `alternate` */
    WICK_STUB_TURN_ERRORS_BARE = 1 << 7, /* forced errors without MESSAGE-INTEGRITY */
    WICK_STUB_TURN_NO_RELAYED = 1 << 8,  /* Allocate success without XOR-RELAYED-ADDRESS */
    WICK_STUB_TURN_UNKNOWN_ATTR = 1 << 9, /* answers carry an unknown required attribute */
    WICK_STUB_TURN_MAPPED = 1 << 10,     /* Binding answers name port + 1 */
    WICK_STUB_TURN_OPEN = 1 << 11,       /* no authentication at all */
    WICK_STUB_TURN_ALTERNATE_BARE = 1 << 12, /* 300 to any Allocate, before authentication */
    WICK_STUB_TURN_STRIPPED = 1 << 13,   /* challenges keep the nonce cookie, lose the algorithms */
    WICK_STUB_TURN_PLAIN_NONCE = 1 << 14, /* challenges lose both, as if there were no SHA-256 */
    WICK_STUB_TURN_WEAK_MI = 1 << 15     /* answers to SHA-256 requests carry MESSAGE-INTEGRITY */
} wick_stub_turn_fault;

typedef struct wick_stub_turn_config {
    const wick_hal_crypto *crypto;
    wick_addr listen;
    wick_addr relay;        /* IP of relayed addresses; port: the first one */
    uint16_t relay_ports;   /* how many, 0: 1000 */
    const char *realm;      /* NULL: "wick.example" */
    const char *username;   /* with password: one long-term user */
    const char *password;
    const char *rest_secret; /* or time-limited users "expiry:name" */
    uint64_t unix_base_s;    /* time of day at time 0, for their expiry */
    uint32_t lifetime_max_s; /* 0: 3600 */
    uint32_t nonce_ms;       /* a nonce is stale after; 0: never */
    uint32_t quota;          /* allocations per user name (without expiry), 0: no limit */
    bool sha256;             /* nonce cookie, PASSWORD-ALGORITHMS {SHA-256, MD5} */
    bool anonymity;          /* asks for USERHASH */
    bool stream;             /* clients come over streams: ChannelData is padded */
    uint16_t stream_port;    /* of the listening IP, at which they do; 0: none */
    uint8_t mobility;        /* of wick_stub_turn_mobility */
    wick_addr relay6;        /* IPv6 relayed addresses, port: the first one; 0: none */
} wick_stub_turn_config;

typedef enum wick_stub_turn_mobility {
    WICK_STUB_TURN_NO_MOBILITY = 0, /* never heard of it */
    WICK_STUB_TURN_MOBILE,
    WICK_STUB_TURN_MOBILE_SHY,      /* relays to the new place after a CreatePermission from there */
    WICK_STUB_TURN_IMMOBILE         /* 405 to who asks for it */
} wick_stub_turn_mobility;

typedef struct wick_stub_turn_allocation {
    wick_addr client, relayed; /* client.port 0: free */
    wick_addr at;              /* where the client comes to */
    wick_addr relayed2;        /* IPv6 beside IPv4; port 0: none */
    uint8_t ticket[12];        /* zero: none */
    bool shy;                  /* moved, and no CreatePermission since */
    uint64_t until_ms;
    uint32_t lifetime_s;
    uint8_t tid[WICK_STUN_TID_BYTES];
    uint8_t username[128];
    size_t username_len;
    struct {
        wick_addr peer;
        uint64_t until_ms;
        bool used;
    } permission[WICK_STUB_TURN_PERMISSIONS];
    struct {
        wick_addr peer;
        uint64_t until_ms;
        uint16_t number; /* 0: free */
    } channel[WICK_STUB_TURN_CHANNELS];
} wick_stub_turn_allocation;

typedef struct wick_stub_turn {
    wick_stub_turn_config cfg;
    /* switches for tests */
    unsigned faults; /* of wick_stub_turn_fault */
    wick_addr alternate;
    wick_addr denied_ip; /* 403 for this peer; port 1 switches it on */
    struct {
        uint16_t method;
        uint16_t code;
        unsigned count; /* so many times, then as usual */
    } force;
    /* counters */
    unsigned requests, allocates, refreshes, permissions, channels, bindings;
    unsigned relayed_in, relayed_out, dropped;
    unsigned sha256_requests, userhashes, moves;
    /* private */
    uint32_t nonce_serial;
    uint64_t nonce_born_ms;
    uint16_t next_port;
    uint32_t ticket_serial;
    uint16_t reserved_port; /* RESERVATION-TOKEN; 0: none */
    wick_stub_turn_allocation allocation[WICK_STUB_TURN_ALLOCATIONS];
    struct {
        wick_addr from, to;
        size_t len;
        uint8_t bytes[WICK_STUB_TURN_MTU];
    } queue[WICK_STUB_TURN_QUEUE];
    unsigned head, queued;
} wick_stub_turn;

typedef struct wick_stub_turn_out {
    wick_span bytes; /* lives until the next call */
    wick_addr from, to;
} wick_stub_turn_out;

void wick_stub_turn_init(wick_stub_turn *s, const wick_stub_turn_config *cfg);
/** Takes a datagram that arrived at `to`. */
void wick_stub_turn_input(wick_stub_turn *s, uint64_t now_ms, wick_span bytes,
                            const wick_addr *from, const wick_addr *to);
/** @return true and a datagram to send, or false */
bool wick_stub_turn_poll(wick_stub_turn *s, uint64_t now_ms, wick_stub_turn_out *out);
/** True for the listening and every relayed address: datagrams to them are the server's. */
bool wick_stub_turn_owns(const wick_stub_turn *s, const wick_addr *to);
/** Passes an ICMP error on to the client of a relayed address, as about a datagram to `peer`. */
void wick_stub_turn_icmp(wick_stub_turn *s, const wick_addr *relayed, const wick_addr *peer,
                         uint8_t type, uint16_t code, uint32_t data);
/** Forgets all allocations and nonces, as a restart does. */
void wick_stub_turn_restart(wick_stub_turn *s);
/** The allocation of a client, or NULL. */
const wick_stub_turn_allocation *wick_stub_turn_find(const wick_stub_turn *s,
                                                         const wick_addr *client);

#ifdef __cplusplus
}
#endif
#endif
