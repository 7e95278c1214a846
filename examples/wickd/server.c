/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of several clients over one Unix socket, with bounds on all that they can cost. */
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define LISTEN_TOKEN SERVER_CLIENTS
#define OTHER_TOKEN (SERVER_CLIENTS + 1)
#define EVENTS_AT_ONCE 32
#define ROOM_MS 2000u /* silent for so long, a client makes room for another */

static void drop(server *sv, unsigned i)
{
    server_client *c = &sv->client[i];
    if (c->fd >= 0) {
        (void)close(c->fd); /* epoll forgets it */
    }
    wick_wipe(c->out, sizeof c->out); /* it may have been a key, and nobody has read it */
    c->fd = -1;
    c->serial = 0;
}

/* ---- where it listens ---- */

/* Nobody else may put another file in the place of the socket. */
static bool folder_is_ours(const char *path)
{
    char dir[sizeof ((server *)0)->path];
    struct stat info;
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - path);
    memcpy(dir, path, len);
    dir[len] = '\0';
    if (stat(slash == NULL ? "." : len == 0 ? "/" : dir, &info) != 0 ||
        (info.st_uid != geteuid() && info.st_uid != 0)) {
        return false;
    }
    return (info.st_mode & (S_IWGRP | S_IWOTH)) == 0 || (info.st_mode & S_ISVTX) != 0;
}

static bool somebody_answers(const struct sockaddr_un *at)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool answers = fd >= 0 && (connect(fd, (const struct sockaddr *)at, sizeof *at) == 0 ||
                               errno == EAGAIN);
    if (fd >= 0) {
        (void)close(fd);
    }
    return answers;
}

/* What a dead daemon left is taken away; anything else is not touched. */
static wick_status clear_place(const struct sockaddr_un *at)
{
    struct stat info;
    if (lstat(at->sun_path, &info) != 0) {
        return errno == ENOENT ? WICK_OK : WICK_E_HAL;
    }
    if (!S_ISSOCK(info.st_mode) || info.st_uid != geteuid()) {
        return WICK_E_FILE_MODE;
    }
    if (somebody_answers(at)) {
        return WICK_E_STATE;
    }
    return unlink(at->sun_path) == 0 ? WICK_OK : WICK_E_HAL;
}

static bool add_fd(const server *sv, int fd, uint32_t events, uint32_t token)
{
    struct epoll_event e;
    memset(&e, 0, sizeof e);
    e.events = events;
    e.data.u32 = token;
    return epoll_ctl(sv->epoll_fd, EPOLL_CTL_ADD, fd, &e) == 0;
}

static wick_status open_listener(server *sv, const struct sockaddr_un *at)
{
    wick_status s = clear_place(at);
    if (s != WICK_OK) {
        return s;
    }
    sv->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    sv->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (sv->epoll_fd < 0 || sv->listen_fd < 0) {
        return WICK_E_HAL;
    }
    mode_t before = umask(0177); /* 0600 from the first moment */
    int bound = bind(sv->listen_fd, (const struct sockaddr *)at, sizeof *at);
    (void)umask(before);
    if (bound != 0) {
        return WICK_E_HAL;
    }
    memcpy(sv->path, at->sun_path, strlen(at->sun_path) + 1); /* ours to remove from now on */
    return listen(sv->listen_fd, 8 * SERVER_CLIENTS) == 0 &&
                   add_fd(sv, sv->listen_fd, EPOLLIN, LISTEN_TOKEN)
               ? WICK_OK
               : WICK_E_HAL;
}

wick_status server_open(server *sv, const char *path, server_on_line *on_line, void *ctx)
{
    struct sockaddr_un at;
    memset(sv, 0, sizeof *sv);
    sv->epoll_fd = sv->listen_fd = -1;
    sv->on_line = on_line;
    sv->ctx = ctx;
    for (unsigned i = 0; i < SERVER_CLIENTS; i++) {
        sv->client[i].fd = -1;
    }
    memset(&at, 0, sizeof at);
    at.sun_family = AF_UNIX;
    size_t len = strlen(path);
    if (len >= sizeof at.sun_path) {
        return WICK_E_NO_SPACE;
    }
    memcpy(at.sun_path, path, len + 1);
    wick_status s = folder_is_ours(path) ? open_listener(sv, &at) : WICK_E_FILE_MODE;
    if (s != WICK_OK) {
        server_close(sv);
    }
    return s;
}

void server_close(server *sv)
{
    if (sv->on_line == NULL) {
        return;
    }
    for (unsigned i = 0; i < SERVER_CLIENTS; i++) {
        drop(sv, i);
    }
    if (sv->path[0] != '\0') {
        (void)unlink(sv->path);
    }
    if (sv->listen_fd >= 0) {
        (void)close(sv->listen_fd);
    }
    if (sv->epoll_fd >= 0) {
        (void)close(sv->epoll_fd);
    }
    memset(sv, 0, sizeof *sv);
}

int server_fd(const server *sv)
{
    return sv->epoll_fd;
}

wick_status server_watch(server *sv, int fd)
{
    return add_fd(sv, fd, EPOLLIN, OTHER_TOKEN) ? WICK_OK : WICK_E_HAL;
}

uint32_t server_serial(const server *sv, unsigned client)
{
    return sv->client[client].serial;
}

/* Is it told things, and so expected to be silent? */
static bool is_kept(const server_client *c)
{
    return c->subscribed || c->held;
}

unsigned server_clients(const server *sv, bool kept_only)
{
    unsigned n = 0;
    for (unsigned i = 0; i < SERVER_CLIENTS; i++) {
        n += sv->client[i].fd >= 0 && (!kept_only || is_kept(&sv->client[i])) ? 1u : 0u;
    }
    return n;
}

bool server_hold(server *sv, unsigned client, bool held)
{
    server_client *c = &sv->client[client];
    if (held && !is_kept(c) && server_clients(sv, true) >= SERVER_SUBSCRIBERS) {
        return false;
    }
    c->held = held;
    return true;
}

/* ---- output ---- */

static bool has_room(const server_client *c, size_t len)
{
    return c->out_len - c->out_at + len <= sizeof c->out;
}

static void put(server *sv, server_client *c, const char *line, size_t len)
{
    if (c->out_at != 0) {
        memmove(c->out, c->out + c->out_at, c->out_len - c->out_at);
        c->out_len -= c->out_at;
        c->out_at = 0;
    }
    if (c->out_len == 0) {
        c->moved_ms = sv->now_ms; /* from now on it is expected to read */
    }
    memcpy(c->out + c->out_len, line, len);
    c->out_len += len;
}

static void put_lost(server *sv, server_client *c)
{
    char line[64];
    int len = snprintf(line, sizeof line, "{\"ok\":true,\"event\":\"lost\",\"count\":%lu}\n",
                       (unsigned long)c->lost);
    /* An answer that is owed has its room kept, here as for events. */
    if (c->lost != 0 && has_room(c, (size_t)len + SERVER_REPLY_MAX)) {
        put(sv, c, line, (size_t)len);
        c->lost = 0;
    }
}

void server_reply(server *sv, unsigned client, const char *line, size_t len)
{
    server_client *c = &sv->client[client];
    if (c->fd < 0 || !has_room(c, len)) { /* a line is only taken while there is room */
        return;
    }
    put(sv, c, line, len);
    c->waiting = false;
    c->heard_ms = sv->now_ms;
}

static void tell(server *sv, server_client *c, const char *line, size_t len)
{
    if (c->fd < 0 || c->closing) {
        return;
    }
    put_lost(sv, c);
    if (c->lost == 0 && has_room(c, len + SERVER_REPLY_MAX)) {
        put(sv, c, line, len);
    } else {
        c->lost++;
    }
}

void server_publish(server *sv, const char *line, size_t len)
{
    for (unsigned i = 0; i < SERVER_CLIENTS; i++) {
        if (sv->client[i].subscribed) {
            tell(sv, &sv->client[i], line, len);
        }
    }
}

void server_tell(server *sv, unsigned client, uint32_t serial, const char *line, size_t len)
{
    if (sv->client[client].serial == serial) {
        tell(sv, &sv->client[client], line, len);
    }
}

static bool flush(server *sv, server_client *c)
{
    while (c->out_at < c->out_len) {
        ssize_t n = send(c->fd, c->out + c->out_at, c->out_len - c->out_at, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return errno == EAGAIN || errno == EWOULDBLOCK;
        }
        c->out_at += (size_t)n;
        c->moved_ms = sv->now_ms;
    }
    wick_wipe(c->out, c->out_len); /* it may have been a key */
    c->out_at = c->out_len = 0;
    return true;
}

/* ---- input ---- */

static bool may_take(const server_client *c)
{
    return !c->waiting && !c->closing && has_room(c, SERVER_REPLY_MAX);
}

/* Hands on the lines that are there, as long as each has its answer. */
static void take_lines(server *sv, unsigned i)
{
    server_client *c = &sv->client[i];
    while (c->fd >= 0 && may_take(c)) {
        char *end = memchr(c->in, '\n', c->in_len);
        if (end == NULL) {
            break;
        }
        size_t len = (size_t)(end - c->in), used = len + 1;
        static char line[WICKD_LINE_MAX];
        memcpy(line, c->in, len);
        memmove(c->in, c->in + used, c->in_len - used);
        c->in_len -= used;
        c->begun_ms = sv->now_ms;
        c->waiting = true;
        sv->lines++;
        sv->on_line(sv->ctx, i, wick_span_make((const uint8_t *)line, len));
    }
}

static const char too_long[] =
    "{\"ok\":false,\"code\":\"LIMIT\",\"error\":\"a line is longer than 4095 bytes\","
    "\"remedy\":\"send one JSON object of fewer bytes on each line\"}\n";
static const char stalled[] =
    "{\"ok\":false,\"code\":\"TIMEOUT\",\"error\":\"the line was not ended in time\","
    "\"remedy\":\"send whole lines\"}\n";

/* Last words, then the end. */
static void turn_away(server *sv, server_client *c, const char *words, size_t len)
{
    if (has_room(c, len)) {
        put(sv, c, words, len);
    }
    c->closing = true;
}

static bool receive(server *sv, server_client *c)
{
    while (c->in_len < sizeof c->in) {
        ssize_t n = recv(c->fd, c->in + c->in_len, sizeof c->in - c->in_len, 0);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return errno == EAGAIN || errno == EWOULDBLOCK;
        }
        if (n == 0) {
            c->ended = true;
            return true;
        }
        c->begun_ms = c->in_len == 0 ? sv->now_ms : c->begun_ms;
        c->in_len += (size_t)n;
        c->heard_ms = sv->now_ms;
    }
    return true;
}

/* All that can be done for a client now, and what to wait for after that. */
static void serve(server *sv, unsigned i, bool readable)
{
    server_client *c = &sv->client[i];
    bool alive = !readable || c->ended || receive(sv, c);
    if (alive) {
        take_lines(sv, i);
        if (!c->closing && c->in_len == sizeof c->in && memchr(c->in, '\n', c->in_len) == NULL) {
            turn_away(sv, c, too_long, sizeof too_long - 1);
        }
        alive = flush(sv, c);
    }
    if (alive && c->out_len == 0) {
        put_lost(sv, c);
        take_lines(sv, i); /* there is room now */
        alive = flush(sv, c);
    }
    bool idle = c->out_len == 0 && !c->waiting;
    if (!alive || (idle && (c->closing || (c->ended && may_take(c))))) {
        drop(sv, i);
        return;
    }
    struct epoll_event e;
    memset(&e, 0, sizeof e);
    e.data.u32 = i;
    e.events = (!c->ended && !c->closing && c->in_len < sizeof c->in ? (uint32_t)EPOLLIN : 0u) |
               (c->out_len != 0 ? (uint32_t)EPOLLOUT : 0u);
    if (e.events != c->events && epoll_ctl(sv->epoll_fd, EPOLL_CTL_MOD, c->fd, &e) == 0) {
        c->events = e.events;
    }
}

/* ---- connections ---- */

static bool is_allowed(int fd)
{
    struct ucred peer;
    socklen_t len = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && len == sizeof peer &&
           (peer.uid == geteuid() || peer.uid == 0);
}

/* Is this a client whose place another one may have, now or later? */
static bool makes_room(const server_client *c)
{
    return c->fd >= 0 && !is_kept(c) && !c->waiting && c->out_len == 0;
}

/* A free place, or that of the client that has been silent for longest; -1: none now. */
static int find_place(server *sv)
{
    int oldest = -1;
    for (unsigned i = 0; i < SERVER_CLIENTS; i++) {
        const server_client *c = &sv->client[i];
        if (c->fd < 0) {
            return (int)i;
        }
        if (makes_room(c) && sv->now_ms - c->heard_ms >= ROOM_MS &&
            (oldest < 0 || c->heard_ms < sv->client[oldest].heard_ms)) {
            oldest = (int)i;
        }
    }
    if (oldest >= 0) {
        drop(sv, (unsigned)oldest);
    }
    return oldest;
}

/* Whoever finds no place waits at the door, in the kernel's queue; nobody is heard there until then. */
static void set_full(server *sv, bool full)
{
    struct epoll_event e;
    memset(&e, 0, sizeof e);
    e.events = full ? 0u : (uint32_t)EPOLLIN;
    e.data.u32 = LISTEN_TOKEN;
    if (full != sv->full && epoll_ctl(sv->epoll_fd, EPOLL_CTL_MOD, sv->listen_fd, &e) == 0) {
        sv->full = full;
    }
}

/* Does anybody wait at the door? For nobody, no client loses its place. */
static bool is_knocked(const server *sv)
{
    struct pollfd p = {sv->listen_fd, POLLIN, 0};
    return poll(&p, 1, 0) > 0;
}

static void accept_all(server *sv)
{
    for (;;) {
        if (!is_knocked(sv)) {
            set_full(sv, false);
            return;
        }
        int place = find_place(sv);
        set_full(sv, place < 0);
        int fd = place < 0 ? -1 : accept4(sv->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) {
            return;
        }
        if (!is_allowed(fd)) {
            static const char words[] =
                "{\"ok\":false,\"code\":\"AUTH\",\"error\":\"the daemon of another user\","
                "\"remedy\":\"ask as the user that runs wickd, or as root\"}\n";
            (void)!send(fd, words, sizeof words - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
            (void)close(fd);
            sv->refused++;
            continue;
        }
        server_client *c = &sv->client[place];
        memset(c, 0, offsetof(server_client, in));
        c->fd = fd;
        sv->serials += sv->serials == UINT32_MAX ? 2 : 1;
        c->serial = sv->serials;
        c->heard_ms = c->moved_ms = sv->now_ms;
        c->events = EPOLLIN;
        sv->accepted++;
        if (!add_fd(sv, fd, EPOLLIN, (uint32_t)place)) {
            drop(sv, (unsigned)place);
        }
    }
}

/* When this client has been waited for long enough. */
static uint64_t patience(const server_client *c)
{
    uint64_t until = c->heard_ms + WICKD_IDLE_MS;
    if (c->out_len != 0) {
        return c->moved_ms + WICKD_STALL_MS;
    }
    if (c->in_len != 0 && !c->waiting) {
        return c->begun_ms + WICKD_STALL_MS; /* a byte now and then does not prolong it */
    }
    return is_kept(c) || c->waiting ? UINT64_MAX : until;
}

static void turn_stalled_away(server *sv)
{
    for (unsigned i = 0; i < SERVER_CLIENTS; i++) {
        server_client *c = &sv->client[i];
        if (c->fd < 0 || sv->now_ms < patience(c)) {
            continue;
        }
        if (c->out_len == 0 && c->in_len != 0) {
            turn_away(sv, c, stalled, sizeof stalled - 1);
            (void)flush(sv, c);
        }
        drop(sv, i);
    }
}

uint64_t server_deadline(const server *sv)
{
    uint64_t at = UINT64_MAX;
    for (unsigned i = 0; i < SERVER_CLIENTS; i++) {
        const server_client *c = &sv->client[i];
        if (c->fd >= 0 && patience(c) < at) {
            at = patience(c);
        }
        if (sv->full && makes_room(c) && c->heard_ms + ROOM_MS < at) {
            at = c->heard_ms + ROOM_MS;
        }
    }
    return at;
}

void server_run(server *sv, uint64_t now_ms)
{
    struct epoll_event e[EVENTS_AT_ONCE];
    bool readable[SERVER_CLIENTS] = {false}, gone[SERVER_CLIENTS] = {false};
    sv->now_ms = now_ms;
    int n = epoll_wait(sv->epoll_fd, e, EVENTS_AT_ONCE, 0);
    bool knock = false;
    for (int i = 0; i < n; i++) {
        if (e[i].data.u32 < SERVER_CLIENTS) {
            readable[e[i].data.u32] = (e[i].events & EPOLLIN) != 0;
            gone[e[i].data.u32] = (e[i].events & (EPOLLHUP | EPOLLERR)) != 0;
        } else {
            knock = knock || e[i].data.u32 == LISTEN_TOKEN;
        }
    }
    for (unsigned i = 0; i < SERVER_CLIENTS; i++) {
        if (sv->client[i].fd >= 0 && gone[i]) {
            drop(sv, i); /* nobody is there to read an answer */
        } else if (sv->client[i].fd >= 0) {
            serve(sv, i, readable[i]);
        }
    }
    turn_stalled_away(sv);
    if (knock || sv->full) {
        accept_all(sv);
    }
}
