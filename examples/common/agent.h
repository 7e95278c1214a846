/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_EXAMPLES_AGENT_H
#define WICK_EXAMPLES_AGENT_H
/*
 * A gateway agent on Linux, put together from wick.conf: keys, store, sockets, node, wallet
 * manager, relay. One per program; about 0.1 MB, all of it static, and a link from the heap for each
 * chain.
 *
 *     static agent a;
 *     int code = agent_open(&a, cli);
 *     if (code == CLI_OK) { wick_gateway_start(&a.gateway, ...); wick_driver_run(&a.driver, ...); }
 *     agent_close(&a);
 */
#include "host.h"
#include "link.h"
#include "out.h"
#include "wick/gateway.h"
#include "wick/peer_cache.h"
#include "wick/port/driver.h"

#define AGENT_TICKET_RULES 16

typedef struct agent {
    host host;
    const cli *cli;
    wick_linux_log linux_log;
    wick_hal_log log;
    wick_linux_store linux_store;
    wick_hal_store store;
    wick_linux_store_lock store_lock;
    wick_gateway_registry registries[CONF_REGISTRIES_MAX]; /* [0] is the home registry */
    chain_link *links[CONF_CHAINS_MAX];                    /* [0] is the home chain */
    wick_driver_chain chains[CONF_CHAINS_MAX];             /* the same, for the driver */
    size_t link_count;
    wick_ticket_rule ticket_rules[AGENT_TICKET_RULES];
    uint8_t attestors[WICK_GW_ATTESTORS_MAX][20]; /* ascending */
    wick_addr attestor_addr[WICK_GW_ATTESTORS_MAX];
    wick_tls_identity service_key; /* with `responder`: where [identity] has a tls_key_file */
    wick_responder responder;
    char relay_password[256];
    wick_https_trust relay_trust;
    char wallet_token[256];
    uint8_t wallet_psk[32];
    wick_gateway_record records[WICK_GW_SESSIONS_MAX]; /* what PEER_RESOLVED is about */
    wick_peer_cache cache;
    wick_gateway gateway;
    wick_driver driver;
    bool driving;
    wick_device key_words; /* of the device key in use */
    wick_key former_key;   /* of the rotation before, until the next one; none: 0 */
    bool key_is_next;      /* it is that of a rotation, and has not taken the former one's place */
    uint64_t begin_us, step_us;
    wick_driver_stats step_stats;
} agent;

/** Configuration, keys, and the agent with its driver. @return exit code; the error is printed */
int agent_open(agent *a, const cli *c);
void agent_close(agent *a);

/**
 * A rotation by the tool has the new key on disk, beside the former one, before anybody else sees it, and in
 * its place when the record is proven to hold it. An agent takes the new key when the record has it, not before,
 * and then ends what was cut short: the record decides which key is used.
 *
 * agent_key_again(): looks at the files again, when the record has a key that the agent does not know, or the
 * tool says so. @retval WICK_OK it goes over to another key  @retval WICK_E_NOT_FOUND there is no other
 * @retval others of the file, the key store, and of wick_gateway_rotate()
 * agent_key_proven(): the record holds the agent's key, which is put in its place. @retval WICK_OK
 * @retval WICK_E_HAL the next start ends it
 */
WICK_NODISCARD wick_status agent_key_again(agent *a);
WICK_NODISCARD wick_status agent_key_proven(agent *a);

/** Publishes what wick.conf says beside the agent's own service: after wick_gateway_start(), also again.
 *  @return exit code; the error is printed */
int agent_publish(agent *a);
/** --suite rsa|secp256k1: handshakes of this suite alone. NULL: what the records say.
 *  @return exit code; the error is printed */
int agent_suite(agent *a, const char *text);

/** Part of agent_open() and agent_close(): links to the chains that registries are on. */
int agent_take_chains(agent *a, size_t *count);
void agent_drop_chains(agent *a);
int agent_conf_fail(const agent *a, const conf_error *e);

/** Policy for tickets: "NAME[:SCOPES] ...", "*" for every registered issuer; SCOPES is a number, in
 *  decimal or 0x hex, and WICK_TICKET_CONNECT where it is left out.
 *  @return number of rules, or -1: `text` is none */
int agent_ticket_rules(wick_ticket_rule *rules, size_t max, const char *text);

/** Milliseconds of the driver's clock. */
uint64_t agent_now(const agent *a);

/** Prints one step: event, the values that `fill` adds, time since the step before and since the
 *  beginning, and bytes since the step before. */
void agent_step_begin(agent *a, out_rec *o, const char *event);
void agent_step_end(agent *a, out_rec *o);

/** Name of an event, and what a good one says, in a record that has begun. */
const char *agent_event_name(wick_gateway_event_kind kind);
void agent_event_put(out_rec *o, const wick_gateway_event *event);

/** Prints what an event of the agent says, as a step; refusals as notes on stderr. */
void agent_print(agent *a, const wick_gateway_event *event);

/** Exit code of a refusal that ends the command, with the reason printed. */
int agent_fail(const agent *a, wick_status status, const char *what);

#endif
