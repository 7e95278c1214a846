/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host names without waiting: each look-up runs getaddrinfo() in a thread of its own, because that
 * is the one interface that follows the system's settings, and it has no non-blocking form. The job
 * is shared by the thread and the table, and the last one to leave frees it.
 */
#include "net_internal.h"

#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct job {
    char host[256];
    wick_addr addr;
    wick_status status;
    atomic_int done;
    atomic_int users;
};

static wick_status look_up(wick_addr *out, const char *host, int flags)
{
    struct addrinfo hints, *list = NULL;
    wick_status st = WICK_E_RESOLVE;
    memset(&hints, 0, sizeof hints);
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_DGRAM;
    hints.ai_flags = flags;
    if (getaddrinfo(host, NULL, &hints, &list) != 0) {
        return WICK_E_RESOLVE;
    }
    /* IPv4 first: gateways mostly sit behind NATs of that family. */
    for (int family = AF_INET; st != WICK_OK; family = AF_INET6) {
        for (const struct addrinfo *a = list; a != NULL && st != WICK_OK; a = a->ai_next) {
            if (a->ai_family == family && wick_linux_from_sockaddr(out, a->ai_addr)) {
                st = WICK_OK;
            }
        }
        if (family == AF_INET6) {
            break;
        }
    }
    freeaddrinfo(list);
    out->port = 0;
    return st;
}

static void leave(struct job *j)
{
    if (atomic_fetch_sub(&j->users, 1) == 1) {
        free(j);
    }
}

static void *run(void *arg)
{
    struct job *j = (struct job *)arg;
    j->status = look_up(&j->addr, j->host, AI_ADDRCONFIG);
    atomic_store(&j->done, 1);
    leave(j);
    return NULL;
}

static struct job *begin(const char *host)
{
    pthread_t thread;
    pthread_attr_t attr;
    struct job *j = (struct job *)calloc(1, sizeof *j);
    if (j == NULL) {
        return NULL;
    }
    memcpy(j->host, host, strlen(host) + 1);
    atomic_init(&j->done, 0);
    atomic_init(&j->users, 2);
    (void)pthread_attr_init(&attr);
    (void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    int rc = pthread_create(&thread, &attr, run, j);
    (void)pthread_attr_destroy(&attr);
    if (rc != 0) {
        free(j);
        return NULL;
    }
    return j;
}

/* A look-up that has ended and whose result nobody has come for: whoever asked has given up. Who still
 * waits asks again. */
static size_t forsaken(wick_linux_net *net)
{
    for (size_t i = 0; i < WICK_LINUX_RESOLVE_MAX; i++) {
        struct job *j = (struct job *)net->resolve[i].job;
        if (j != NULL && atomic_load(&j->done) != 0) {
            net->resolve[i].job = NULL;
            leave(j);
            return i;
        }
    }
    return WICK_LINUX_RESOLVE_MAX;
}

wick_status wick_linux_resolve(void *ctx, const char *host, wick_addr *out)
{
    wick_linux_net *net = (wick_linux_net *)ctx;
    size_t len = strlen(host), free_slot = WICK_LINUX_RESOLVE_MAX;
    memset(out, 0, sizeof *out);
    if (len == 0 || len >= sizeof net->resolve[0].host) {
        return WICK_E_RESOLVE;
    }
    if (look_up(out, host, AI_NUMERICHOST) == WICK_OK) {
        return WICK_OK;
    }
    for (size_t i = 0; i < WICK_LINUX_RESOLVE_MAX; i++) {
        struct job *j = (struct job *)net->resolve[i].job;
        if (j == NULL) {
            free_slot = i;
        } else if (strcmp(net->resolve[i].host, host) == 0) {
            if (atomic_load(&j->done) == 0) {
                return WICK_AGAIN;
            }
            wick_status st = j->status;
            *out = j->addr;
            net->resolve[i].job = NULL;
            leave(j);
            return st;
        }
    }
    if (free_slot == WICK_LINUX_RESOLVE_MAX) {
        free_slot = forsaken(net);
    }
    if (free_slot == WICK_LINUX_RESOLVE_MAX) {
        return WICK_AGAIN; /* its turn comes when another look-up has ended */
    }
    struct job *j = begin(host);
    if (j == NULL) {
        return WICK_E_RESOLVE;
    }
    memcpy(net->resolve[free_slot].host, host, len + 1);
    net->resolve[free_slot].job = j;
    return WICK_AGAIN;
}

void wick_linux_resolve_close(wick_linux_net *net)
{
    for (size_t i = 0; i < WICK_LINUX_RESOLVE_MAX; i++) {
        if (net->resolve[i].job != NULL) {
            leave((struct job *)net->resolve[i].job);
            net->resolve[i].job = NULL;
        }
    }
}
