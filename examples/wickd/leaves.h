/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICKD_LEAVES_H
#define WICKD_LEAVES_H
/*
 * The leaves of this gateway: they come in at [leaf] listen with the keys of [leaf.NAME], and what
 * they ask (wick/leaf.h) is looked up, sealed, proven (bundles.h), carried to a peer
 * (carry.h), or is firmware (firmware.h).
 *
 * A leaf's key is read from its file at each handshake. A leaf that enrols with a contribution of its
 * own gets another key: that waits beside the file, as psk_file.next, until the leaf has used it, and
 * then takes its place; the key of the factory is of no use any more. Its session begins anew then.
 */
#include "agent.h"
#include "bundles.h"
#include "carry.h"
#include "firmware.h"
#include "lookups.h"
#include "wick/port/leaf_port.h"
#include "wick/ticket.h"

#define LEAVES_BODY_BYTES (BUNDLES_FILE_MAX + WICK_LEAF_HEAD_BYTES)
#define LEAVES_KNOWN_MS 60000u  /* a peer of a carried message is looked up again after this */
#define LEAVES_TICKET_S 600u    /* life of a ticket */

/** Says what happened to a leaf. */
typedef void leaves_told(void *ctx, const char *name, wick_span identity, bool up,
                         wick_status status, const wick_addr *from);

/** What a leaf has asked. */
typedef struct leaves_job {
    uint32_t ask; /* 0: nothing */
    wick_leaf_kind kind;
    bool looked_up, calling; /* calling: a session with the peer is being made */
    bool making;             /* a proof bundle is being made, or waits for its turn */
    uint64_t making_until_ms;
    uint8_t session;
    uint64_t known_until_ms; /* id and epoch of the peer, from an earlier question */
    uint8_t id[32], registry;
    uint32_t epoch;
    size_t payload_len;
    uint8_t payload[WICK_LEAF_PAYLOAD_MAX];
    char name[WICK_LEAF_NAME_MAX + 1];
    char peer[WICK_LEAF_REF_BYTES], known[WICK_LEAF_REF_BYTES];
} leaves_job;

typedef struct leaves {
    agent *agent;
    lookups *lookups;
    carry *carry;
    leaves_told *told;
    void *ctx;
    bool open;
    uint64_t tickets, keys, proofs, carried, failed; /* counters */
    wick_ticket_own own;
    bundles bundles;
    firmware firmware;
    leaves_job job[WICK_LEAVES_MAX];
    unsigned turn; /* the leaf whose bundle is made next */
    wick_leaf_service service;
    wick_leaf_port port;
    uint8_t body[LEAVES_BODY_BYTES];
} leaves;

typedef struct leaves_config {
    agent *agent;
    lookups *lookups;
    carry *carry;
    leaves_told *told;
    void *ctx;
} leaves_config;

/** Listens if wick.conf has [leaf]. @retval WICK_OK also if it has not
 *  @retval others as wick_leaf_port_open() */
WICK_NODISCARD wick_status leaves_open(leaves *l, const leaves_config *cfg, uint64_t now_ms);
void leaves_close(leaves *l, uint64_t now_ms);
/** The agent has gone over to another device key: tickets are sealed with that one. @retval WICK_OK
 *  @retval others as wick_ticket_own_init() */
WICK_NODISCARD wick_status leaves_key(leaves *l);

/** Descriptor to watch, -1: none. */
int leaves_fd(const leaves *l);

/** Moves everything on. @return when to be called again */
uint64_t leaves_run(leaves *l, uint64_t now_ms);

/** Answers to what it asked others. */
void leaves_lookup_done(leaves *l, unsigned leaf, uint32_t serial, const lookup_result *result);
void leaves_carry_done(leaves *l, uint32_t ask, wick_status status, wick_span payload);
/** A session is open, or has ended with `status`. */
void leaves_session(leaves *l, uint8_t session, wick_status status);

#endif
