/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_WORLD_H
#define HTTP_WORLD_H
/* HTTP servers inside the test process, one per endpoint, each answering as its function says. */
#include "wick/port/linux.h"

#define WORLD_SERVERS 4
#define WORLD_ANSWER 200000

typedef struct world_server {
    wick_sock listener, peer;
    wick_addr here;
    char seen[20000]; /* the request */
    size_t seen_len, sent, answer_len;
    bool answering;
    unsigned connections, requests;
    unsigned delay, waits; /* calls of world_run() that an answer takes; that are left */
    /* Fills `out` with a whole reply and returns its length; 0: says nothing; -1: closes. */
    int (*answer)(struct world_server *s, const char *head, const char *body, char *out);
    void *ctx;
    char out[WORLD_ANSWER];
} world_server;

extern wick_linux_net world_net;
extern wick_hal_net world_hn;
extern world_server world[WORLD_SERVERS];

bool world_open(void);
void world_close(void);
/* The servers do what they can. */
void world_run(void);
void world_url(char out[64], unsigned server, const char *path);
/* Closes the listener: nobody is there. */
void world_leave(unsigned server);

/* Whole replies. */
int world_reply(char *out, const char *status, const char *fields, const void *body, size_t len);
int world_json(char *out, const char *body);

/* An error object in answer to the request `body`. */
int world_error(char *out, const char *body, int code, const char *message);

/* Id of the n-th request in a JSON-RPC body, 0 if there is none. */
unsigned world_id(const char *body, unsigned n);

#endif
