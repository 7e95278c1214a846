/* SPDX-License-Identifier: Apache-2.0 */
#include "http_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

wick_linux_net world_net;
wick_hal_net world_hn;
world_server world[WORLD_SERVERS];

bool world_open(void)
{
    memset(world, 0, sizeof world);
    if (wick_linux_net_init(&world_hn, &world_net) != WICK_OK) {
        return false;
    }
    for (unsigned i = 0; i < WORLD_SERVERS; i++) {
        wick_addr local = wick_addr_v4(127, 0, 0, 1, 0);
        world[i].peer = -1;
        if (wick_linux_tcp_listen(&world[i].listener, &world_net, &local) != WICK_OK ||
            world_hn.local_addr(world_hn.ctx, world[i].listener, &world[i].here) != WICK_OK) {
            return false;
        }
    }
    return true;
}

void world_close(void)
{
    wick_linux_net_close(&world_net);
}

void world_leave(unsigned server)
{
    world_hn.close(world_hn.ctx, world[server].listener);
    world[server].listener = -1;
}

void world_url(char out[64], unsigned server, const char *path)
{
    (void)snprintf(out, 64, "http://127.0.0.1:%u%s", (unsigned)world[server].here.port, path);
}

static void drop(world_server *s)
{
    world_hn.close(world_hn.ctx, s->peer);
    s->peer = -1;
}

/* Where the body begins once the request is whole, else NULL. */
static const char *body_of(const world_server *s)
{
    const char *end = strstr(s->seen, "\r\n\r\n");
    const char *length = strstr(s->seen, "Content-Length: ");
    size_t want = length != NULL ? strtoul(length + 16, NULL, 10) : 0;
    return end != NULL && s->seen_len >= (size_t)(end + 4 - s->seen) + want ? end + 4 : NULL;
}

static void run(world_server *s)
{
    wick_addr from;
    if (s->peer < 0) {
        if (s->listener < 0 ||
            wick_linux_tcp_accept(&s->peer, &from, &world_net, s->listener) != WICK_OK) {
            s->peer = -1;
            return;
        }
        s->connections++;
        s->seen_len = s->sent = s->answer_len = 0;
        s->answering = false;
    }
    if (!s->answering) {
        int32_t n = world_hn.tcp_recv(world_hn.ctx, s->peer, (uint8_t *)s->seen + s->seen_len,
                                      sizeof s->seen - 1 - s->seen_len);
        if (n <= 0 && n != WICK_AGAIN) {
            drop(s);
            return;
        }
        s->seen_len += n > 0 ? (size_t)n : 0;
        s->seen[s->seen_len] = '\0';
        const char *body = body_of(s);
        if (body == NULL) {
            return;
        }
        int len = s->answer != NULL ? s->answer(s, s->seen, body, s->out) : 0;
        s->requests++;
        s->answering = true;
        if (len < 0) {
            drop(s);
            return;
        }
        s->answer_len = (size_t)len;
        s->waits = s->delay;
    }
    if (s->answer_len == 0 || s->waits != 0) {
        uint8_t byte; /* silent until the client leaves, or for its time */
        s->waits -= s->waits != 0;
        if (world_hn.tcp_recv(world_hn.ctx, s->peer, &byte, 1) != WICK_AGAIN) {
            drop(s);
        }
        return;
    }
    if (s->sent < s->answer_len) {
        int32_t n = world_hn.tcp_send(world_hn.ctx, s->peer,
                                      wick_span_make((const uint8_t *)s->out + s->sent,
                                                     s->answer_len - s->sent));
        if (n < 0 && n != WICK_AGAIN) {
            drop(s);
            return;
        }
        s->sent += n > 0 ? (size_t)n : 0;
    }
    if (s->sent == s->answer_len) {
        drop(s);
    }
}

void world_run(void)
{
    for (unsigned i = 0; i < WORLD_SERVERS; i++) {
        run(&world[i]);
    }
}

int world_reply(char *out, const char *status, const char *fields, const void *body, size_t len)
{
    int n = snprintf(out, WORLD_ANSWER, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n%s\r\n", status, len,
                     fields);
    memcpy(out + n, body, len);
    return n + (int)len;
}

int world_json(char *out, const char *body)
{
    return world_reply(out, "200 OK", "Content-Type: application/json\r\n", body, strlen(body));
}

int world_error(char *out, const char *body, int code, const char *message)
{
    char text[200];
    (void)snprintf(text, sizeof text,
                   "{\"jsonrpc\":\"2.0\",\"id\":%u,\"error\":{\"code\":%d,\"message\":\"%s\"}}",
                   world_id(body, 0), code, message);
    return world_json(out, text);
}

unsigned world_id(const char *body, unsigned n)
{
    const char *p = body;
    for (;; n--) {
        p = strstr(p, "\"id\":");
        if (p == NULL || n == 0) {
            return p != NULL ? (unsigned)strtoul(p + 5, NULL, 10) : 0;
        }
        p += 5;
    }
}
