/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICKD_SERVER_H
#define WICKD_SERVER_H
/*
 * The socket of wickd: lines in, lines out, for several clients. It knows nothing of what they say.
 * Nothing in it waits: a client that does not read, stops within a line or floods is that client's
 * trouble alone, and everything about a client is in one struct of fixed size. Where all places are
 * taken, newcomers wait until one is free or its client has been silent for a while.
 *
 *     s = server_open(&sv, path, on_line, ctx);
 *     wait until server_fd(&sv) is readable, or server_deadline(&sv)
 *     server_run(&sv, now_ms);        calls on_line() for each line
 *     server_reply(&sv, client, ...)  from on_line(), or later: until then its next line waits
 *
 * About 40 KB for each of SERVER_CLIENTS clients.
 */
#include <stdbool.h>
#include <sys/types.h>

#include "request.h"

#define SERVER_CLIENTS 16
#define SERVER_SUBSCRIBERS 12 /* and those held, so that they alone cannot take every place */
#define SERVER_REPLY_MAX 24576 /* of one answer or event, with its line end */
#define SERVER_OUT_MAX (SERVER_REPLY_MAX + 8192)

typedef struct server_client { /* private, but for `subscribed` */
    int fd;          /* -1: free */
    uint32_t serial; /* of the connection: a place is used again */
    bool subscribed;
    bool held;       /* it may be silent for as long as it likes: see server_hold() */
    bool waiting;    /* an answer is owed */
    bool ended;      /* nothing more comes in */
    bool closing;    /* gone once the output is out */
    uint32_t events; /* of epoll, as set */
    uint32_t lost;   /* events that it did not take */
    uint64_t heard_ms, moved_ms;
    uint64_t begun_ms; /* the line at hand */
    size_t in_len, out_at, out_len;
    char in[WICKD_LINE_MAX];
    char out[SERVER_OUT_MAX];
} server_client;

typedef struct server server;
typedef void server_on_line(void *ctx, unsigned client, wick_span line);

struct server {
    int epoll_fd, listen_fd;
    char path[108];
    bool full; /* somebody may be at the door, and there is no place */
    server_on_line *on_line;
    void *ctx;
    uint32_t serials;
    uint64_t now_ms, accepted, refused, lines;
    server_client client[SERVER_CLIENTS];
};

/**
 * Binds and listens. A socket that a dead daemon left behind is replaced.
 * @retval WICK_OK
 * @retval WICK_E_NO_SPACE   the path is longer than 107 characters
 * @retval WICK_E_FILE_MODE  others may write to its folder, or the file there is no socket of ours
 * @retval WICK_E_STATE      a living process listens there
 * @retval WICK_E_HAL
 */
WICK_NODISCARD wick_status server_open(server *sv, const char *path, server_on_line *on_line,
                                       void *ctx);

/** One descriptor for all of it, readable when there is something to do. */
int server_fd(const server *sv);

/** Adds a descriptor of the caller's to server_fd(). */
WICK_NODISCARD wick_status server_watch(server *sv, int fd);

/** Moves bytes, accepts, and turns away whoever stalls. */
void server_run(server *sv, uint64_t now_ms);

/** When server_run() has something to do though nothing moves. */
uint64_t server_deadline(const server *sv);

/** Serial of a client's connection, 0 if the place is free. */
uint32_t server_serial(const server *sv, unsigned client);

/** Gives the answer that is owed. `line` ends with its line end. */
void server_reply(server *sv, unsigned client, const char *line, size_t len);

/** Sends a line to every subscriber; one that has no room loses it. */
void server_publish(server *sv, const char *line, size_t len);

/** Sends a line to one client, if it is still the one of `serial`; one that has no room loses it. */
void server_tell(server *sv, unsigned client, uint32_t serial, const char *line, size_t len);

/** A client that is told things keeps its place though it is silent. @return false: too many do */
bool server_hold(server *sv, unsigned client, bool held);

/** `kept_only`: those that keep their place while they are silent. */
unsigned server_clients(const server *sv, bool kept_only);

/** Turns everybody away and removes the socket. May be called on a zeroed struct. */
void server_close(server *sv);

#endif
