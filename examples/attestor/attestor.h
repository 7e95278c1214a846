/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_ATTESTOR_H
#define WICK_ATTESTOR_H
/*
 * wick-attestor: looks whether the holder of a record's key answers where its owner says, and signs
 * that it does. k of n of them let readers take an endpoint that is no relay's (core/registry/RECORDS.md).
 *
 *   main.c     sockets, callers, the loop
 *   routable.c does who asks receive at his address? Before anything else
 *   service.c  one question: is it lawful, whose is it, and what became of the look
 *   look.c     the record, read by a process of its own: a node that hangs keeps nobody else waiting
 *   fetch.c    the look at a service on TCP: HTTPS under the key of the record
 *   audit.c    a line for each decision that took a look at the chain, on disk before the signature goes
 *              out
 *
 * Protocol: CoAP over UDP, POST dpk/attest (wick/attest_ask.h). The answer to what is not known at once
 * comes as a separate response. It is signed, and so is the question: nothing on the way can be altered,
 * and all of it will be on the chain. An answer is never longer than the question.
 *
 * Before anything is kept or read: who asks has returned what only a receiver at his address can have seen
 * (Echo, RFC 9175). Before a log is searched for an RSA key or a place of a probe or fetch is taken: he is the
 * owner that the proven record names. Before anything is sent to an endpoint: the question is new, the endpoint
 * word is one that the contract would take, its address is a public one, the record is proven, live, and its
 * owner has signed. Then one datagram of at most 200 bytes, or one TCP connection, to an address in ten seconds,
 * from a port of the attestor's own choosing.
 *
 * A service on TCP is asked about twice. The first question (CHALLENGE) is answered by N1, which is made of
 * the question and of a secret of this process: nothing is kept, nothing is read. The second (HTTPS) has
 * keccak256(N1 | N2) fetched from the endpoint under the TLS key of the record.
 *
 * While its node does not answer, who asks for what takes the chain is told to come again (5.03, whatever the
 * status is); it starts without one too, and goes on by itself. N1, probes and fetches under way take no node.
 *
 * The attestor is registered like a gateway, because a gateway answers only who has a record. Its two
 * keys are apart: [identity] proves who knocks, [attestor] key_file signs what was found. It keeps no
 * state but that: one that is killed and started again has lost what was under way, and is asked again.
 *
 * Sizes: 4 KB for each of ATTESTOR_CALLERS_MAX, 25 KB for each of ATTESTOR_FETCHES_MAX (and 50 KB of the
 * TLS pool), 20 KB for the probes; 3.3 MB for the chain, in the other process.
 */
#include <poll.h>
#include <sys/types.h>

#include "chain.h"
#include "wick/coap_server.h"
#include "wick/attest_ask.h"
#include "wick/nsl_probe.h"
#include "wick/port/http.h"
#include "wick/port/responder.h"
#include "wick/rsa.h"

/* Hosts that can be served at a time; a newcomer takes the place of who has been silent longest. */
#define ATTESTOR_CALLERS_MAX 64
/* Services that can be looked at at a time, and for how long. */
#define ATTESTOR_FETCHES_MAX 4
#define ATTESTOR_FETCH_MS 8000u
/* Questions that can wait for their record at a time, one of a network: nobody is proven to be its owner yet, so they
 * hold none of the places of probes and fetches. */
#define ATTESTOR_WAITING_MAX 16
/* What is read of an answer: the lines of all attestors that ask at a time. */
#define ATTESTOR_BODY_MAX 2048
/* Questions a second that may cost a look at the chain, of everybody ... */
#define ATTESTOR_READS_PER_S 20u
/* ... and least time between two of one address (IPv6: /64), however many callers it has and has had. */
#define ATTESTOR_GAP_MS 1000u
/* As many as a gap can hold: what everybody may ask in the two seconds that it touches. */
#define ATTESTOR_ASKERS_MAX (2u * ATTESTOR_READS_PER_S)
/* When to come again while the chain is out of reach. */
#define ATTESTOR_LATER_S 5u

/** A question to the process that reads the chain. */
typedef struct look_question {
    uint32_t serial; /* not 0 */
    bool wants_key;
    uint8_t id[32], service[32], signer[20];
    uint64_t now_s;
} look_question;

typedef enum look_kind {
    LOOK_OPEN = 1, /* wick.conf is good: `domain`. The first report */
    LOOK_STATE,    /* WICK_OK: the chain is there; else what is in the way. When it changes */
    LOOK_ANSWER    /* to the question with this serial */
} look_kind;

typedef struct look_report {
    look_kind kind;
    uint32_t serial;
    wick_status status; /* WICK_OK: the record is live, and the signer is its owner */
    bool proven; /* the status is the record's, not the chain's */
    wick_registry_domain domain;
    wick_device device;
    uint64_t head_s; /* time of the block */
    uint8_t tls_key[32]; /* word of tlsKeys, zero: none */
    uint8_t pub[WICK_RSA_PUB_BYTES]; /* the key itself, if it was wanted */
} look_report;

/** Who has just cost a look at the chain. */
typedef struct attestor_asker {
    uint8_t net[16];   /* wick_addr_net() */
    uint64_t until_ms; /* he costs none before; 0: free */
} attestor_asker;

typedef struct attestor_caller {
    bool used;
    wick_addr from;
    uint64_t heard_ms;
    wick_coap_server coap;
} attestor_caller;

/** A question that is being looked into. */
typedef struct attestor_job {
    bool used;
    uint32_t look;   /* the question about its record */
    uint32_t handle; /* of its probe */
    wick_addr from;  /* of the caller */
    uint8_t exchange;
    wick_attest_ask_how how;
    uint64_t asked_at, now_s; /* when it was signed, and when it came */
    wick_addr endpoint;
    uint8_t signer[20], digest[32], nonce[32];
    wick_attest attest;
} attestor_job;

/** A look at a service on TCP. */
typedef struct attestor_fetch {
    attestor_job job;
    uint8_t pin[32]; /* the key that must show */
    char line[WICK_RESPONDER_ANSWER_BYTES]; /* that must be in the answer */
    wick_https_trust trust;
    wick_http http;
    uint8_t body[ATTESTOR_BODY_MAX];
} attestor_fetch;

typedef struct attestor {
    const cli *c;
    const conf_attestor *config;
    host h;
    reader r; /* of the other process, with `view` */
    chain_view view;
    pid_t look_pid;
    int look_fd;
    bool look_gone;           /* the other process has ended */
    uint32_t look_serial;
    wick_status chain_status; /* WICK_OK: it can be asked */
    bool chain_told;          /* that it cannot */
    wick_key key; /* signs */
    uint8_t signer[20];
    wick_registry_domain domain;
    wick_sock service, probes;
    wick_nsl_probe probe;
    int audit_fd; /* -1: standard output alone */
    uint64_t second_ms;
    uint32_t reads; /* in the present second */
    uint32_t looks; /* questions that had a turn at the chain, ever */
    uint8_t secret[32]; /* of N1 and of Echo, drawn at the start */
    attestor_asker asker[ATTESTOR_ASKERS_MAX];
    attestor_job waiting[ATTESTOR_WAITING_MAX]; /* for their records */
    attestor_job job[WICK_NSL_CONNECT_MAX];     /* of owners, like those of fetches */
    attestor_fetch fetch[ATTESTOR_FETCHES_MAX];
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

/** What the process that reads the chain says. */
void attestor_looked(attestor *a, const look_report *r);

/** What was found out about a question: written down, signed, answered. The job is free then. */
void attestor_conclude(attestor *a, attestor_job *job, wick_status verdict);

/** The caller at this address, NULL if it is gone. main.c */
attestor_caller *attestor_caller_at(attestor *a, const wick_addr *from);

/* ---- look.c ---- */

/** Makes the process that reads the chain: before keys are loaded and sockets opened, for it takes all there is.
 *  @param[out] is_looker  this is it, at its end: nothing but an exit is left
 *  @return exit code; the error is printed */
int look_start(attestor *a, bool *is_looker);
/** The next report. @param[in] wait  for one  @return false: there is none, or `look_gone` */
bool look_next(attestor *a, look_report *r, bool wait);
/** @retval WICK_OK the answer comes as a report  @retval WICK_E_LIMIT not now */
WICK_NODISCARD wick_status look_ask(attestor *a, const look_question *q);
/** Ends it. @return its exit code */
int look_stop(attestor *a);

/* ---- routable.c ---- */

/** Does the sender of this request receive at his address? If he has not shown it, he is told how.
 *  @param[out] answer  to be sent to him, never longer than what he sent; empty: nothing
 *  @return true: it is a request of somebody who is there */
bool attestor_is_routable(attestor *a, wick_buf *answer, const wick_addr *from, wick_span datagram);

/** N1 of a question, by its digest. @retval WICK_OK  @retval others the back end's */
WICK_NODISCARD wick_status attestor_n1(uint8_t n1[32], const attestor *a, const uint8_t digest[32]);

/* ---- fetch.c ---- */

/** A free place, or NULL. */
attestor_fetch *attestor_fetch_place(attestor *a);
/** Begins to look, for `f->job`.
 *  @param[in] pin   SHA-256 of the SPKI that must show
 *  @retval WICK_OK  @retval WICK_E_NSL_RATE that address was looked at a moment ago
 *  @retval others of wick_http_start() */
WICK_NODISCARD wick_status attestor_fetch_start(attestor *a, attestor_fetch *f, const wick_addr *at,
                                                const uint8_t pin[32], const uint8_t n1[32],
                                                const uint8_t n2[32]);
/** Goes on with all of them. @return when to look again */
uint64_t attestor_fetch_run(attestor *a);
/** Descriptors to wait for. @return how many */
nfds_t attestor_fetch_fds(const attestor *a, struct pollfd out[ATTESTOR_FETCHES_MAX]);
void attestor_fetch_end(attestor *a);

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
