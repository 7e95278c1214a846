/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that reads the chain. A node that takes a connection and is silent keeps this one waiting, and
 * nobody else: who asks for what needs no node, probes and fetches are served by the other one meanwhile. It is
 * made before a key is loaded, so what parses the answers of nodes holds none.
 *
 * Questions go in and reports come out over a socket pair, each in one piece and in order. Both are of one
 * program, so they are structs as they are.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attestor.h"
#include "wick/rsa.h"

#define CHAIN_SLOTS 3 /* the record, and the TLS key of the service */
#define RETRY_MS 1000u
#define IDLE_MS 60000u
/* A light client that follows headers has no trouble yet, however long the way is. */
#define FIRST_HEAD_MS 60000u
#define STOP_MS 2000u

/* ---- the process that reads ---- */

typedef struct looker {
    attestor *a;
    int fd;
    bool told, up, gone;
    wick_status why;
    uint64_t begun_ms, retry_ms;
} looker;

static void tell(looker *l, const look_report *r)
{
    l->gone = l->gone || send(l->fd, r, sizeof *r, MSG_NOSIGNAL) != (ssize_t)sizeof *r;
}

/* How the node does, where that is news. */
static void tell_state(looker *l, wick_status s)
{
    look_report r = {.kind = LOOK_STATE, .status = s};
    l->retry_ms = attestor_now(l->a) + RETRY_MS;
    l->up = s == WICK_OK;
    if (!l->told || s != l->why) {
        tell(l, &r);
    }
    l->told = true;
    l->why = s;
}

/* The key of which the record holds the hash.
 * @param[out] proven  as in a report */
static wick_status announced(attestor *a, uint8_t pub[WICK_RSA_PUB_BYTES], bool *proven,
                             const wick_device *device)
{
    uint8_t der[WICK_RSA_SPKI_MAX];
    wick_buf spki = wick_buf_make(der, sizeof der);
    wick_status s = reader_announced(&a->r, &spki, &a->h.crypto, device->key,
                                     a->view.registry->device_registry);
    *proven = s == WICK_OK || s == WICK_E_NOT_FOUND;
    s = s == WICK_OK ? wick_rsa_spki_decode(pub, wick_buf_span(&spki)) : s;
    return s == WICK_E_NOT_FOUND ? WICK_E_BAD_KEY : s; /* it was never announced: nobody can use it */
}

/* @param[out] answers  the node does: those behind this question need not be told that it does not */
static wick_status read_record(attestor *a, look_report *r, bool *answers, const look_question *q)
{
    static const wick_record_seen never;
    uint8_t slots[CHAIN_SLOTS][32], words[CHAIN_SLOTS][32];
    const uint8_t *contract = a->view.registry->device_registry;
    wick_slot_device(slots[0], q->id, 0);
    wick_slot_device(slots[1], q->id, 1);
    wick_slot_tls_key(slots[2], q->id, q->service);
    link_tend(a->view.link, true);
    wick_status s = chain_head(&a->view);
    if (s == WICK_OK) {
        s = reader_words(&a->r, words, (const uint8_t(*)[32])slots, CHAIN_SLOTS, contract);
    }
    r->proven = *answers = s == WICK_OK;
    if (s == WICK_OK) {
        r->head_s = a->r.head.timestamp;
        memcpy(r->tls_key, words[2], 32);
        s = wick_device_decode(&r->device, words[0], words[1]);
    }
    if (s == WICK_OK) {
        s = wick_device_check(&r->device, &never, q->now_s);
    }
    if (s == WICK_OK && memcmp(r->device.owner, q->signer, sizeof q->signer) != 0) {
        s = WICK_E_NOT_OWNER; /* no stranger has a log searched */
    }
    if (s == WICK_OK && q->wants_key && r->device.key_type == WICK_KEY_TYPE_RSA2048) {
        s = announced(a, r->pub, &r->proven, &r->device);
        *answers = s != WICK_E_TIMEOUT;
    } else if (s == WICK_OK && q->wants_key) {
        s = wick_device_pub33(r->pub, &r->device);
    }
    return s;
}

static void answer(looker *l, const look_question *q)
{
    look_report r;
    bool answers = false;
    memset(&r, 0, sizeof r);
    r.kind = LOOK_ANSWER;
    r.serial = q->serial;
    /* Those behind one that the node left without an answer do not wait for it, too. */
    r.status = l->up ? read_record(l->a, &r, &answers, q) : l->why;
    tell(l, &r);
    if (l->up) {
        tell_state(l, answers ? WICK_OK : r.status);
    }
}

/* Looks whether there is a head. @return false: there will never be one */
static bool try_head(looker *l)
{
    const chain_link *link = l->a->view.link;
    wick_status s = chain_head(&l->a->view);
    if (s == WICK_E_TRUST_TIER || s == WICK_E_SEAL_CONFLICT) {
        l->why = s;
        return false;
    }
    bool follows = s == WICK_E_TIMEOUT && link->has_light &&
                   wick_light_trouble(&link->light, NULL) == WICK_OK &&
                   attestor_now(l->a) - l->begun_ms < FIRST_HEAD_MS;
    if (!l->told && follows) {
        l->retry_ms = attestor_now(l->a);
    } else {
        tell_state(l, s);
    }
    return true;
}

static int serve(looker *l)
{
    chain_link *link = l->a->view.link;
    while (!l->gone) {
        struct pollfd fds[1 + WICK_LIGHT_DRIVER_SOCKS] = {{l->fd, POLLIN, 0}};
        uint64_t now = attestor_now(l->a);
        uint64_t next = l->up ? now + IDLE_MS : l->retry_ms;
        nfds_t n = 1 + (nfds_t)link_watch(link, fds + 1, &next);
        (void)poll(fds, n, wick_time_reached(now, next) ? 0 : (int)(next - now));
        if (fds[0].revents != 0) {
            look_question q;
            ssize_t got = recv(l->fd, &q, sizeof q, MSG_DONTWAIT);
            if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
                break; /* the other process has gone */
            }
            if (got == (ssize_t)sizeof q) {
                answer(l, &q);
            }
        }
        link_turn(link); /* or there is much to follow when somebody asks */
        if (!l->up && wick_time_reached(attestor_now(l->a), l->retry_ms) && !try_head(l)) {
            return chain_fail(&l->a->view, l->why, "head");
        }
    }
    return CLI_OK;
}

static int be_the_looker(attestor *a, int fd)
{
    looker l = {.a = a, .fd = fd};
    look_report r = {.kind = LOOK_OPEN};
    (void)signal(SIGINT, SIG_IGN); /* the other process is told, and closes the socket */
    (void)signal(SIGTERM, SIG_IGN);
    int code = chain_open(&a->view, &a->r, a->c, &a->h, (wick_span){NULL, 0});
    if (code == CLI_OK) {
        a->view.wait_ms = RETRY_MS; /* between these, who asks is told something */
        if (a->view.chain->rule == CONF_RULE_SYNC_COMMITTEE) {
            /* Key and epoch go into what is signed, and the contract compares them with its own: nothing is
             * gained by a record that is final, and a new one would have to wait for that. */
            a->view.tier = WICK_TIER_OPTIMISTIC;
        }
        r.domain.chain_id = a->view.chain->chain_id;
        memcpy(r.domain.contract, a->view.registry->device_registry, sizeof r.domain.contract);
        tell(&l, &r);
        l.begun_ms = l.retry_ms = attestor_now(a);
        code = serve(&l);
    }
    chain_close(&a->view);
    (void)close(fd);
    return code;
}

/* ---- the one that asks ---- */

int look_start(attestor *a, bool *is_looker)
{
    int pair[2];
    const pid_t us = getpid();
    *is_looker = false;
    (void)fflush(stdout);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        return cli_fail(a->c, WICK_E_HAL, "sockets");
    }
    (void)signal(SIGCHLD, SIG_DFL); /* who started us may have ignored it */
    a->look_pid = fork();
    if (a->look_pid == 0) {
        *is_looker = true;
        (void)close(pair[0]);
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        return getppid() == us ? be_the_looker(a, pair[1]) : CLI_REFUSED;
    }
    (void)close(pair[1]);
    a->look_fd = pair[0];
    a->chain_status = WICK_E_BUSY; /* nothing is known of it yet */
    return a->look_pid > 0 ? CLI_OK : cli_fail(a->c, WICK_E_HAL, "fork");
}

bool look_next(attestor *a, look_report *r, bool wait)
{
    ssize_t got;
    do {
        got = recv(a->look_fd, r, sizeof *r, wait ? 0 : MSG_DONTWAIT);
    } while (got < 0 && errno == EINTR && !cli_interrupted());
    a->look_gone = a->look_gone || got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
    return got == (ssize_t)sizeof *r;
}

wick_status look_ask(attestor *a, const look_question *q)
{
    return send(a->look_fd, q, sizeof *q, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)sizeof *q
               ? WICK_OK
               : WICK_E_LIMIT;
}

int look_stop(attestor *a)
{
    int end = 0;
    pid_t got = 0;
    if (a->look_pid <= 0) {
        return CLI_OK;
    }
    (void)close(a->look_fd);
    /* It saves what its light client knows, unless a node keeps it waiting. */
    for (uint64_t until = attestor_now(a) + STOP_MS;
         (got = waitpid(a->look_pid, &end, WNOHANG)) == 0 && !wick_time_reached(attestor_now(a), until);) {
        (void)poll(NULL, 0, 10);
    }
    if (got == 0) {
        (void)kill(a->look_pid, SIGKILL);
        (void)waitpid(a->look_pid, &end, 0);
        return CLI_OK;
    }
    if (!WIFEXITED(end)) { /* it could not say so itself */
        return cli_fail(a->c, WICK_E_STATE, "the process that reads the chain was ended by signal %d",
                        WTERMSIG(end));
    }
    return WEXITSTATUS(end);
}
