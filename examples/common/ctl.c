/* SPDX-License-Identifier: Apache-2.0 */
/* Client of wickd's socket. */
#include "ctl.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Whoever owns the socket gets our questions and gives us what we show as proven. */
static bool is_trusted(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0 && S_ISSOCK(info.st_mode) &&
           (info.st_uid == geteuid() || info.st_uid == 0);
}

/* Who listens, whatever has become of the path meanwhile. */
static bool is_trusted_peer(int fd)
{
    struct ucred peer;
    socklen_t len = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
           (peer.uid == geteuid() || peer.uid == 0);
}

wick_status ctl_open(ctl *link, const conf *c)
{
    struct sockaddr_un at;
    char path[CONF_TEXT_MAX];
    memset(link, 0, sizeof *link);
    link->fd = -1;
    memset(&at, 0, sizeof at);
    at.sun_family = AF_UNIX;
    if (!conf_socket_path(path, c) || strlen(path) >= sizeof at.sun_path ||
        access(path, F_OK) != 0) {
        return WICK_E_NOT_FOUND;
    }
    if (!is_trusted(path)) {
        return WICK_E_FILE_MODE;
    }
    memcpy(at.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return WICK_E_HAL;
    }
    if (connect(fd, (const struct sockaddr *)&at, sizeof at) != 0) {
        bool nobody = errno == ECONNREFUSED || errno == ENOENT;
        (void)close(fd);
        return nobody ? WICK_E_NOT_FOUND : WICK_E_HAL;
    }
    if (!is_trusted_peer(fd)) {
        (void)close(fd);
        return WICK_E_FILE_MODE;
    }
    link->fd = fd;
    return WICK_OK;
}

wick_status ctl_send(ctl *link, const char *request)
{
    const char *part[2] = {request, "\n"};
    for (size_t i = 0; i < 2; i++) {
        for (size_t at = 0, len = strlen(part[i]); at < len;) {
            ssize_t n = send(link->fd, part[i] + at, len - at, MSG_NOSIGNAL);
            if (n < 0 && errno == EINTR) {
                continue;
            }
            if (n <= 0) {
                return WICK_E_NET;
            }
            at += (size_t)n;
        }
    }
    return WICK_OK;
}

/* The next line, zero-terminated, at the beginning of link->line; `used` is taken away first. */
static wick_status read_line(ctl *link, size_t *used, int timeout_ms)
{
    uint64_t until = cli_now_us() + (uint64_t)timeout_ms * 1000;
    for (;;) {
        char *end = memchr(link->line, '\n', link->len);
        if (end != NULL) {
            *end = '\0';
            *used = (size_t)(end - link->line) + 1;
            return WICK_OK;
        }
        if (link->len == sizeof link->line) {
            return WICK_E_JSON;
        }
        uint64_t now = cli_now_us();
        struct pollfd p = {link->fd, POLLIN, 0};
        int ready = now >= until ? 0 : poll(&p, 1, (int)((until - now) / 1000) + 1);
        if (ready == 0) {
            return WICK_E_TIMEOUT;
        }
        if (ready < 0) {
            if (errno == EINTR) {
                continue;
            }
            return WICK_E_HAL;
        }
        ssize_t n = recv(link->fd, link->line + link->len, sizeof link->line - link->len, 0);
        if (n <= 0) {
            return WICK_E_NET;
        }
        link->len += (size_t)n;
    }
}

/* The line that was given last. */
static char kept[CTL_LINE_MAX];

wick_status ctl_next(ctl *link, const wick_json **answer, const char **text, int timeout_ms)
{
    size_t used = 0;
    *answer = NULL;
    *text = "";
    wick_status s = read_line(link, &used, timeout_ms);
    if (s != WICK_OK) {
        return s;
    }
    memcpy(kept, link->line, used);
    memmove(link->line, link->line + used, link->len - used);
    link->len -= used;
    json_free(&link->doc);
    s = json_open(&link->doc, wick_span_make((const uint8_t *)kept, used - 1));
    if (s == WICK_OK) {
        *answer = link->doc.root;
        *text = kept;
    }
    return s;
}

/* The daemon's own words; its code says which exit code is meant. */
int ctl_verdict(const cli *c, const wick_json *answer, const char *text)
{
    if (wick_json_is_true(wick_json_member(answer, "ok"))) {
        return CLI_OK;
    }
    const char *code = wick_json_text(wick_json_member(answer, "code"));
    const char *error = wick_json_text(wick_json_member(answer, "error"));
    const char *remedy = wick_json_text(wick_json_member(answer, "remedy"));
    const char *name = wick_json_text(wick_json_member(answer, "name"));
    if (c->json) {
        puts(text);
    } else {
        fflush(stdout);
        fprintf(stderr, "wick: %s: %s%s%s\n  remedy: %s\n", code != NULL ? code : "?",
                name != NULL ? name : "", name != NULL ? ": " : "", error != NULL ? error : "",
                remedy != NULL ? remedy : "");
    }
    for (int s = 0; code != NULL && s > -800; s--) {
        if (strcmp(wick_status_str((wick_status)s), code) == 0) {
            return cli_exit_code((wick_status)s);
        }
    }
    return CLI_REFUSED;
}

int ctl_ask(ctl *link, const cli *c, const wick_json **answer, const char **text,
            const char *request)
{
    wick_status s = ctl_send(link, request);
    if (s == WICK_OK) {
        s = ctl_next(link, answer, text, CTL_TIMEOUT_MS);
    }
    if (s != WICK_OK) {
        return cli_fail(c, s, "wickd does not answer");
    }
    return ctl_verdict(c, *answer, *text);
}

void ctl_put_as(out_rec *o, const wick_json *value, const char *member)
{
    uint64_t number = 0;
    switch (wick_json_kind_of(value)) {
    case WICK_JSON_TEXT:
        out_str(o, member, wick_json_text(value));
        break;
    case WICK_JSON_NUMBER:
        if (wick_json_u64(&number, value) == WICK_OK) {
            out_u64(o, member, number);
        }
        break;
    case WICK_JSON_BOOL:
        out_bool(o, member, wick_json_is_true(value));
        break;
    case WICK_JSON_MISSING:
    case WICK_JSON_NULL:
    case WICK_JSON_ARRAY:
    case WICK_JSON_OBJECT:
    default:
        break;
    }
}

void ctl_put(out_rec *o, const wick_json *object, const char *member)
{
    ctl_put_as(o, wick_json_member(object, member), member);
}

void ctl_wipe(ctl *link)
{
    json_wipe(&link->doc);
    wick_wipe(kept, sizeof kept);
    wick_wipe(link->line + link->len, sizeof link->line - link->len); /* what came since stays */
}

void ctl_close(ctl *link)
{
    if (link->fd >= 0) {
        (void)close(link->fd);
    }
    link->fd = -1;
    json_free(&link->doc);
}
