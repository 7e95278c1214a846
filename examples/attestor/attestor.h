/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_ATTESTOR_H
#define WICK_ATTESTOR_H
/*
 * wick-attestor: looks whether the holder of a record's key answers where its owner says, and signs
 * that it does. k of n of them let readers take an endpoint that is no relay's (core/registry/RECORDS.md).
 *
 *   main.c     sockets, callers, the loop
 *   service.c  one question: is it lawful, whose is it, and what became of the probe
 *   audit.c    a line for each decision that took a look at the chain, on disk before the signature goes
 *              out
 *
 * Protocol: CoAP over UDP, POST dpk/attest (wick/attest_ask.h). The answer to what is not known at once
 * comes as a separate response. It is signed, and so is the question: nothing on the way can be altered,
 * and all of it will be on the chain. An answer is never longer than the question.
 *
 * Before anything is sent to an endpoint: the question is new, the endpoint word is one that the contract
 * would take, its address is a public one, the record is proven, live, and its owner has signed. Then one
 * datagram of at most 200 bytes to an address in ten seconds, from a port of the attestor's own choosing.
 *
 * The attestor is registered like a gateway, because a gateway answers only who has a record. Its two
 * keys are apart: [identity] proves who knocks, [attestor] key_file signs what was found. It keeps no
 * state but that: one that is killed and started again has lost what was under way, and is asked again.
 *
 * Sizes: 4 KB for each of ATTESTOR_CALLERS_MAX, 20 KB for the probes, 3.3 MB for the chain.
 */
#include "chain.h"
#include "wick/coap_server.h"
#include "wick/nsl_probe.h"
#include "wick/attest_ask.h"

/* Hosts that can be served at a time; a newcomer takes the place of who has been silent longest. */
#define ATTESTOR_CALLERS_MAX 64
/* Questions a second that may cost a look at the chain, of everybody ... */
#define ATTESTOR_READS_PER_S 20u
/* ... and least time between two of one address. */
#define ATTESTOR_GAP_MS 1000u

typedef struct attestor_caller {
    bool used;
    wick_addr from;
    uint64_t heard_ms, read_ms; /* read_ms: 0, or when it last cost a look at the chain */
    wick_coap_server coap;
} attestor_caller;

/** A question whose probe is under way. */
typedef struct attestor_job {
    uint32_t handle; /* of the probe, 0: free */
    wick_addr from;  /* of the caller */
    uint8_t exchange;
    wick_attest_ask_how how;
    uint64_t asked_at;
    uint64_t checked_at; /* not younger than what was seen, and no block is older */
    wick_attest attest;
} attestor_job;

typedef struct attestor {
    const cli *c;
    const conf_attestor *config;
    host h;
    reader r;
    chain_view view;
    wick_key key; /* signs */
    uint8_t signer[20];
    wick_registry_domain domain;
    wick_sock service, probes;
    wick_nsl_probe probe;
    int audit_fd; /* -1: standard output alone */
    uint64_t second_ms;
    uint32_t reads; /* in the present second */
    uint32_t looks; /* at the chain, ever: one keeps everybody waiting */
    attestor_job job[WICK_NSL_CONNECT_MAX];
    attestor_caller caller[ATTESTOR_CALLERS_MAX];
} attestor;

/** Milliseconds of the clock that never goes back. */
uint64_t attestor_now(const attestor *a);

/* ---- service.c ---- */

/** Answers a request now, or begins a probe. */
void attestor_request(attestor *a, attestor_caller *from, const wick_coap_request *r,
                      uint8_t exchange);

/** A probe has ended. */
void attestor_probed(attestor *a, uint32_t handle, wick_status status);

/** The caller at this address, NULL if it is gone. main.c */
attestor_caller *attestor_caller_at(attestor *a, const wick_addr *from);

/* ---- audit.c ---- */

/** Opens the file of [attestor] audit_file, if there is one.
 *  @retval WICK_E_HAL  @retval WICK_E_FILE_MODE others can write it
 *  @retval WICK_E_STATE another attestor writes it */
WICK_NODISCARD wick_status attestor_audit_open(attestor *a);

/** One decision: to standard output, and to the file, where it is on disk when this returns.
 *  @param to_sign what will be signed, NULL if nothing is
 *  @retval WICK_E_HAL it is not: nothing may be signed */
WICK_NODISCARD wick_status attestor_audit(attestor *a, const wick_addr *from, const wick_attest_ask *ask,
                                          wick_status verdict, const wick_attest *to_sign);

#endif
