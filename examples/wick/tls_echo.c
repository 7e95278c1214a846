/* SPDX-License-Identifier: Apache-2.0 */
/* TLS-PSK over TCP: one call, and a server that sends back what comes. */
#include "tls_echo.h"

#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "out.h"

#define HANDSHAKE_MS 15000u
#define IDLE_MS 60000u
#define TURN_ROUNDS 32u

static uint64_t now_ms(const host *h)
{
    return h->clock.now_ms(h->clock.ctx);
}

static void set_entry(wick_dtls_entry *e, const wick_session_psk *psk, const uint8_t peer[32],
                      wick_dtls_role role, wick_session_use use)
{
    e->identity = wick_span_make((const uint8_t *)psk->identity, WICK_SESSION_IDENTITY_CHARS);
    e->psk = wick_span_make(psk->key, psk->key_len);
    e->role = role;
    e->uses = (unsigned)use;
    memcpy(e->peer, peer, sizeof e->peer);
}

static void put_up(const cli *c, const wick_tls *t)
{
    out_rec o;
    const wick_dtls_entry *e = wick_tls_peer(t);
    out_begin_step(&o, stdout, c->json, "tls");
    if (e != NULL) {
        out_hex(&o, "peer", e->peer, sizeof e->peer);
    }
    out_str(&o, "version", wick_tls_use(t) == WICK_USE_TLS13 ? "1.3" : "1.2");
    out_str(&o, "suite", wick_tls_suite(t));
    out_end(&o);
    (void)fflush(stdout);
}

/* ---- a call ---- */

typedef struct conversation {
    wick_tls tls;
    wick_dtls_entry entry;
    wick_sock sock;
    uint64_t until_ms;
} conversation;

/* Waits until the socket may be ready. @return false: it took too long */
static bool turn(const tls_call *x, const conversation *v)
{
    struct pollfd p = {wick_linux_net_fd(&x->host->linux_net, v->sock),
                       wick_tls_wants_write(&v->tls) ? POLLOUT : POLLIN, 0};
    (void)poll(&p, 1, 100);
    return !wick_time_reached(now_ms(x->host), v->until_ms);
}

static wick_status shake(const tls_call *x, conversation *v)
{
    wick_status s;
    while ((s = wick_tls_poll(&v->tls, now_ms(x->host))) == WICK_AGAIN) {
        if (!turn(x, v)) {
            return WICK_E_TIMEOUT;
        }
    }
    return s;
}

/* Sends the text and takes as many bytes back. */
static wick_status exchange(const tls_call *x, conversation *v)
{
    size_t len = strlen(x->text), sent = 0, got = 0;
    uint8_t back[TLS_ECHO_MAX];
    while (got < len) {
        int32_t n;
        if (sent < len) {
            n = wick_tls_write(&v->tls,
                               wick_span_make((const uint8_t *)x->text + sent, len - sent));
            sent += n > 0 ? (size_t)n : 0;
        } else {
            n = wick_tls_read(&v->tls, back + got, len - got);
            if (n == 0) {
                return WICK_E_NET;
            }
            got += n > 0 ? (size_t)n : 0;
        }
        if (n < 0 && n != WICK_AGAIN) {
            return (wick_status)n;
        }
        if (n == WICK_AGAIN && !turn(x, v)) {
            return WICK_E_TIMEOUT;
        }
    }
    return memcmp(back, x->text, len) == 0 ? WICK_OK : WICK_E_MALFORMED;
}

wick_status tls_echo_call(const cli *c, const tls_call *x)
{
    static conversation v;
    wick_dtls_config cfg;
    out_rec o;
    uint64_t us[3] = {cli_now_us(), 0, 0};
    const wick_hal_net *net = &x->host->net;
    memset(&cfg, 0, sizeof cfg);
    set_entry(&v.entry, x->psk, x->peer_id, WICK_DTLS_CLIENT, x->use);
    cfg.role = WICK_DTLS_CLIENT;
    cfg.entries = &v.entry;
    cfg.entry_count = 1;
    cfg.expect_peer = x->peer_id;
    cfg.entropy = &x->host->entropy;
    v.until_ms = now_ms(x->host) + x->timeout_ms;
    wick_status s = net->tcp_open(net->ctx, &v.sock, &x->to);
    bool open = s == WICK_OK;
    s = s == WICK_OK ? wick_tls_init(&v.tls, &cfg, net, v.sock) : s;
    s = s == WICK_OK ? wick_tls_start(&v.tls, now_ms(x->host), HANDSHAKE_MS) : s;
    s = s == WICK_OK ? shake(x, &v) : s;
    us[1] = cli_now_us();
    if (s == WICK_OK) {
        put_up(c, &v.tls);
        s = exchange(x, &v);
        us[2] = cli_now_us();
    }
    if (s == WICK_OK) {
        out_begin_step(&o, stdout, c->json, "echo");
        out_u64(&o, "bytes", strlen(x->text));
        out_str(&o, "text", x->text);
        out_end(&o);
        wick_tls_close(&v.tls);
        out_begin_step(&o, stdout, c->json, "done");
        out_str(&o, "peer", x->peer);
        out_addr(&o, "endpoint", &x->to);
        out_ms(&o, "lookup_ms", x->lookup_us);
        out_ms(&o, "handshake_ms", x->handshake_us);
        out_ms(&o, "tls_ms", us[1] - us[0]);
        out_ms(&o, "echo_ms", us[2] - us[1]);
        out_end(&o);
    }
    if (open) {
        wick_tls_free(&v.tls);
        net->close(net->ctx, v.sock);
    }
    wick_wipe(&v, sizeof v);
    return s;
}

/* ---- the server ---- */

static wick_status find(void *ctx, wick_dtls_entry *out, wick_span identity)
{
    tls_client *k = (tls_client *)ctx;
    wick_status s = k->server->find(NULL, &k->psk, k->peer, identity, k->server->use);
    if (s == WICK_OK) {
        set_entry(out, &k->psk, k->peer, WICK_DTLS_SERVER, k->server->use);
    }
    return s;
}

int tls_server_open(const cli *c, tls_server *v, host *h, uint16_t port, wick_session_use use,
                    tls_find *finder)
{
    struct epoll_event e;
    wick_addr any = wick_addr_v4(0, 0, 0, 0, port);
    memset(v, 0, sizeof *v);
    memset(&e, 0, sizeof e);
    v->c = c;
    v->host = h;
    v->use = use;
    v->find = finder;
    v->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    wick_status s = v->epoll_fd >= 0 ? wick_linux_tcp_listen(&v->listener, &h->linux_net, &any)
                                     : WICK_E_HAL;
    v->open = s == WICK_OK;
    e.events = EPOLLIN;
    if (v->open && epoll_ctl(v->epoll_fd, EPOLL_CTL_ADD,
                             wick_linux_net_fd(&h->linux_net, v->listener), &e) != 0) {
        s = WICK_E_HAL;
    }
    return s == WICK_OK ? CLI_OK : cli_fail(c, s, "TCP port %u", (unsigned)port);
}

static void end(tls_server *v, tls_client *k, wick_status status)
{
    out_rec o;
    const wick_hal_net *net = &v->host->net;
    out_begin_step(&o, stdout, v->c->json, "closed");
    out_addr(&o, "from", &k->from);
    out_u64(&o, "messages", k->messages);
    out_str(&o, "status", wick_status_str(status));
    out_end(&o);
    (void)fflush(stdout);
    v->served += k->messages != 0 ? 1u : 0u;
    wick_tls_close(&k->tls);
    wick_tls_free(&k->tls);
    net->close(net->ctx, k->sock); /* epoll forgets it */
    wick_wipe(k, sizeof *k);
}

static bool accept_one(tls_server *v)
{
    wick_sock sock;
    wick_addr from;
    struct epoll_event e;
    const wick_hal_net *net = &v->host->net;
    tls_client *k = NULL;
    if (wick_linux_tcp_accept(&sock, &from, &v->host->linux_net, v->listener) != WICK_OK) {
        return false;
    }
    for (unsigned i = 0; i < TLS_SERVER_CLIENTS && k == NULL; i++) {
        k = v->client[i].used ? NULL : &v->client[i];
    }
    if (k == NULL) {
        net->close(net->ctx, sock);
        return true;
    }
    wick_dtls_config cfg;
    memset(&cfg, 0, sizeof cfg);
    memset(k, 0, sizeof *k);
    k->server = v;
    k->sock = sock;
    k->from = from;
    k->idle_at_ms = now_ms(v->host) + HANDSHAKE_MS;
    cfg.role = WICK_DTLS_SERVER;
    cfg.entropy = &v->host->entropy;
    cfg.find = find;
    cfg.find_ctx = k;
    cfg.uses = (unsigned)v->use;
    memset(&e, 0, sizeof e);
    e.events = EPOLLIN;
    if (wick_tls_init(&k->tls, &cfg, net, sock) != WICK_OK ||
        wick_tls_start(&k->tls, now_ms(v->host), HANDSHAKE_MS) != WICK_OK ||
        epoll_ctl(v->epoll_fd, EPOLL_CTL_ADD, wick_linux_net_fd(&v->host->linux_net, sock), &e) !=
            0) {
        wick_tls_free(&k->tls);
        net->close(net->ctx, sock);
        wick_wipe(k, sizeof *k);
        return true;
    }
    k->watched = e.events;
    k->used = true;
    return true;
}

/* What the next turn of a client waits for. One that has more to do is told so by a socket that can be
 * written, for its input may be in the TLS library already. */
static void watch(const tls_server *v, tls_client *k)
{
    struct epoll_event e;
    memset(&e, 0, sizeof e);
    e.events = k->more || wick_tls_wants_write(&k->tls) ? EPOLLOUT : EPOLLIN;
    int fd = wick_linux_net_fd(&v->host->linux_net, k->sock);
    if (e.events != k->watched && epoll_ctl(v->epoll_fd, EPOLL_CTL_MOD, fd, &e) == 0) {
        k->watched = e.events;
    }
}

/* @return AGAIN while it lives, NOT_FOUND when it has closed */
static wick_status serve(tls_server *v, tls_client *k)
{
    if (!k->up) {
        wick_status s = wick_tls_poll(&k->tls, now_ms(v->host));
        if (s != WICK_OK) {
            return s;
        }
        k->up = true;
        put_up(v->c, &k->tls);
        k->idle_at_ms = now_ms(v->host) + IDLE_MS;
    }
    k->more = false;
    for (unsigned round = 0; round < TURN_ROUNDS; round++) {
        int32_t n;
        if (k->sent < k->len) {
            n = wick_tls_write(&k->tls, wick_span_make(k->bytes + k->sent, k->len - k->sent));
            k->sent += n > 0 ? (size_t)n : 0;
        } else {
            k->sent = k->len = 0;
            n = wick_tls_read(&k->tls, k->bytes, sizeof k->bytes);
            if (n == 0) {
                return WICK_E_NOT_FOUND;
            }
            if (n > 0) {
                k->len = (size_t)n;
                k->messages++;
                k->idle_at_ms = now_ms(v->host) + IDLE_MS;
            }
        }
        if (n < 0) {
            return (wick_status)n;
        }
    }
    k->more = true; /* the others have a turn */
    return WICK_AGAIN;
}

void tls_server_run(tls_server *v)
{
    while (accept_one(v)) {
    }
    for (unsigned i = 0; i < TLS_SERVER_CLIENTS; i++) {
        tls_client *k = &v->client[i];
        wick_status s = k->used ? serve(v, k) : WICK_AGAIN;
        if (s == WICK_AGAIN && k->used && wick_time_reached(now_ms(v->host), k->idle_at_ms)) {
            s = WICK_E_TIMEOUT;
        }
        if (s != WICK_AGAIN) {
            end(v, k, s == WICK_E_NOT_FOUND ? WICK_OK : s);
        } else if (k->used) {
            watch(v, k);
        }
    }
}

void tls_server_close(tls_server *v)
{
    for (unsigned i = 0; i < TLS_SERVER_CLIENTS; i++) {
        if (v->client[i].used) {
            end(v, &v->client[i], WICK_OK);
        }
    }
    if (v->open) {
        v->host->net.close(v->host->net.ctx, v->listener);
        (void)close(v->epoll_fd);
    }
    v->open = false;
}
