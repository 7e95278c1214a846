/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICKD_CARRY_H
#define WICKD_CARRY_H
/*
 * Payload of leaves between two gateways: CoAP inside their session, POST /dpk/in?service=S&leaf=NAME.
 * This side sends for its own leaves, and takes for the services behind it: [carry.S] names a UDP
 * address, to which each leaf's payload goes from a socket of its own; the first datagram that comes back
 * is the answer. What comes later waits for the leaf's next messages, which may be empty; of more than
 * CARRY_QUEUE the newest, for what a service says again tells no less than what it said before. The payload
 * is the leaf's affair: the gateways need not understand it, and can not if it is a DTLS record.
 *
 * The other gateway is authenticated by the session; the leaf's name is its word. Bounds: one message
 * of ours at a time for each session; CARRY_FLOWS flows (a leaf of others and a service) with 4 KB
 * waiting for each, half of them of one session at most. Each session is sure of CARRY_SHARE.
 */
#include "agent.h"
#include "wick/coap_client.h"
#include "wick/leaf.h"

#define CARRY_FLOWS (WICK_GW_SESSIONS_MAX > 4 ? 2 * WICK_GW_SESSIONS_MAX : 8)
#define CARRY_SHARE (CARRY_FLOWS / WICK_GW_SESSIONS_MAX)
#define CARRY_WAIT_MS 4000u   /* for the service behind us */
#define CARRY_IDLE_MS 120000u
#define CARRY_QUEUE 4u /* datagrams that wait for a leaf */
#define CARRY_MAX 960 /* payload, as WICK_LEAF_PAYLOAD_MAX */

_Static_assert(CARRY_SHARE >= 1, "each session can have a flow");

/** A message of ours is answered: `status` OK and `payload`, or why not. */
typedef void carry_done(void *ctx, uint32_t ask, wick_status status, wick_span payload);
/** A descriptor is to be watched for reading. */
typedef void carry_watch(void *ctx, int fd);

typedef struct carry_config {
    agent *agent;
    carry_done *done;
    carry_watch *watch;
    void *ctx;
} carry_config;

typedef struct carry {
    carry_config cfg;
    uint64_t sent, taken, refused; /* counters */
    struct {
        bool used;
        uint32_t ask; /* 0: nothing of ours is under way */
        uint8_t token_len, token[WICK_COAP_TOKEN_MAX]; /* of the last request of ours */
        wick_coap_client client;
        wick_coap_server server;
        size_t out_len; /* could not be sent yet */
        uint8_t out[WICK_COAP_MESSAGE_MAX];
    } session[WICK_GW_SESSIONS_MAX];
    struct {
        bool used, waiting;
        uint8_t session, exchange;
        wick_sock sock;
        wick_addr to;
        uint64_t used_ms, give_up_ms;
        char service[CONF_NAME_MAX], leaf[WICK_LEAF_NAME_MAX + 1];
        unsigned first, queued; /* of `queue`, which is a ring */
        size_t queue_len[CARRY_QUEUE];
        uint8_t queue[CARRY_QUEUE][CARRY_MAX];
    } flow[CARRY_FLOWS];
} carry;

void carry_init(carry *c, const carry_config *cfg);
void carry_close(carry *c);

/** Sends a leaf's payload over a session that is open. @retval WICK_OK done() follows
 *  @retval WICK_E_LIMIT something is under way there  @retval WICK_E_STATE */
WICK_NODISCARD wick_status carry_send(carry *c, uint8_t session, uint32_t ask, const char *service,
                                      const char *leaf, wick_span payload, uint64_t now_ms);

/** What came in a session. @return false: it is none of this, the application's */
bool carry_input(carry *c, uint8_t session, wick_span bytes, uint64_t now_ms);

/** The session has begun anew, or ended. */
void carry_reset(carry *c, uint8_t session, wick_status status);

/** @return when to be called again */
uint64_t carry_run(carry *c, uint64_t now_ms);

#endif
