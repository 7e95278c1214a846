/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick-wallet [--config FILE]           serve
 * wick-wallet [--config FILE] new-key   make the manager's key and print its address
 * wick-wallet [--config FILE] audit     check the audit log
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "wallet.h"
#include "wick/port/tls.h"
#include "wick/tx.h"

#define CONNECTIONS_MAX 32 /* each takes about 25 KB of the TLS pool */
#define OF_A_DEVICE 2      /* its daemon, and the tool beside it */
#define PENDING_MS 20       /* how often a check command is looked at */
#define HANDSHAKE_MS 10000
#define IDLE_MS 60000
#define SETTLE_MS 2000

typedef struct connection {
    bool used, up;
    bool more; /* input is there that was not looked at yet */
    wick_sock sock;
    wick_addr from;
    wick_tls tls;
    wallet_device *device;
    uint32_t secrets; /* of the device, as TLS has used them */
    wallet_job job;
    uint64_t idle_at_ms;
    uint8_t challenge[32];
    size_t in_len, out_len, out_at;
    uint8_t in[WALLET_LINE_MAX];
    char out[WALLET_LINE_MAX];
} connection;

static wallet the_wallet;
static conf the_conf;
static connection connections[CONNECTIONS_MAX];

#ifdef WALLET_FAULTS
void wallet_step(void)
{
    static long steps;
    const char *at = getenv("WALLET_KILL_AT");
    if (at != NULL && ++steps == strtol(at, NULL, 10)) {
        (void)raise(SIGKILL);
    }
}
#endif

static uint64_t now_ms(const wallet *w)
{
    return w->clock.now_ms(w->clock.ctx);
}

static void drop(wallet *w, connection *c)
{
    wallet_check_end(&c->job.check);
    wallet_batch_forget(w, &c->job);
    if (c->up) {
        wick_tls_close(&c->tls);
    }
    wick_tls_free(&c->tls);
    w->hal_net.close(w->hal_net.ctx, c->sock);
    wick_wipe(c, sizeof *c);
}

static size_t count_of(const wallet_device *device)
{
    size_t n = 0;
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        n += connections[i].up && connections[i].device == device;
    }
    return n;
}

/* Of two, the one that was silent longer. Whom we keep waiting is not silent: see answer_line(). */
static connection *staler(connection *a, connection *b)
{
    return a == NULL || !wick_time_reached(b->idle_at_ms, a->idle_at_ms) ? b : a;
}

/* What a newcomer may have the place of: the oldest caller who has not shown a key yet; else one that a device
 * has besides another. */
static connection *spare(void)
{
    connection *stranger = NULL, *second = NULL;
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        connection *c = &connections[i];
        if (c->used && !c->up) {
            stranger = staler(stranger, c);
        } else if (c->used && count_of(c->device) > 1) {
            second = staler(second, c);
        }
    }
    return stranger != NULL ? stranger : second;
}

static connection *place(wallet *w)
{
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        if (!connections[i].used) {
            return &connections[i];
        }
    }
    connection *c = spare();
    if (c != NULL) {
        drop(w, c);
    }
    return c;
}

/* Of what a device has besides its newest connection the stalest, where that is one too many: it may have been
 * left behind by a power cut. */
static connection *too_many(const connection *newest)
{
    connection *stale = NULL;
    bool full = count_of(newest->device) > OF_A_DEVICE;
    for (size_t i = 0; i < CONNECTIONS_MAX && full; i++) {
        connection *c = &connections[i];
        if (c != newest && c->up && c->device == newest->device) {
            stale = staler(stale, c);
        }
    }
    return stale;
}

/* Whom a caller says he is: the secrets are those of the factory's file of now. */
static wick_status find_device(void *ctx, wick_dtls_entry *out, wick_span identity)
{
    connection *c = ctx;
    wick_status s = wallet_device_find(&c->device, &the_wallet, identity);
    if (s == WICK_OK) {
        s = wick_name_hash(out->peer, identity);
    }
    if (s != WICK_OK) {
        c->device = NULL;
        return s;
    }
    c->secrets = c->device->secrets;
    out->psk = wick_span_make(c->device->psk, sizeof c->device->psk);
    out->role = WICK_DTLS_SERVER;
    return WICK_OK;
}

static void take(wallet *w, wick_sock listener)
{
    wick_sock sock;
    wick_addr from;
    if (wick_linux_tcp_accept(&sock, &from, &w->net, listener) != WICK_OK) {
        return;
    }
    connection *c = place(w);
    wick_dtls_config cfg = {.role = WICK_DTLS_SERVER, .find = find_device, .find_ctx = c,
                            .suites = WICK_DTLS_SUITES_ALL, .entropy = &w->entropy};
    wick_status s = c != NULL ? wick_tls_init(&c->tls, &cfg, &w->hal_net, sock) : WICK_E_LIMIT;
    for (connection *x; s == WICK_E_POOL && (x = spare()) != NULL;) {
        drop(w, x); /* the pool may be full before the places are */
        s = wick_tls_init(&c->tls, &cfg, &w->hal_net, sock);
    }
    if (s != WICK_OK) {
        w->hal_net.close(w->hal_net.ctx, sock); /* full: the device tries again */
        return;
    }
    c->used = true;
    c->sock = sock;
    c->from = from;
    c->idle_at_ms = now_ms(w) + IDLE_MS;
    if (wick_tls_start(&c->tls, now_ms(w), HANDSHAKE_MS) != WICK_OK) {
        drop(w, c);
    }
}

/* Greets a device whose handshake is complete. */
static wick_status greet(wallet *w, connection *c)
{
    char hex[65];
    if (c->device == NULL || w->entropy.fill(w->entropy.ctx, c->challenge, 32) != WICK_OK) {
        return WICK_E_ENTROPY;
    }
    c->up = true;
    for (connection *stale; (stale = too_many(c)) != NULL;) {
        drop(w, stale);
    }
    wick_hex_encode(hex, c->challenge, 32);
    c->out_len = (size_t)snprintf(c->out, sizeof c->out, "{\"challenge\":\"0x%s\"}\n", hex);
    return WICK_OK;
}

static wick_status flush(connection *c)
{
    while (c->out_at < c->out_len) {
        int32_t n = wick_tls_write(&c->tls, wick_span_make((const uint8_t *)c->out + c->out_at,
                                                           c->out_len - c->out_at));
        if (n < 0) {
            return (wick_status)n;
        }
        c->out_at += (size_t)n;
    }
    c->out_at = 0;
    c->out_len = 0;
    return WICK_OK;
}

/* Takes one line out of the input, if there is a whole one, and answers it. */
static wick_status answer_line(wallet *w, connection *c)
{
    uint8_t *end = memchr(c->in, '\n', c->in_len);
    if (end == NULL) {
        return c->in_len == sizeof c->in ? WICK_E_LIMIT : WICK_AGAIN;
    }
    size_t len = (size_t)(end - c->in);
    if (c->secrets != c->device->secrets) {
        return WICK_E_AUTH; /* it has shown secrets that are void since */
    }
    if (c->job.state == WALLET_JOB_WAITS) { /* the slower the node, the longer: it is not read anew each time */
        c->idle_at_ms = now_ms(w) + IDLE_MS;
        return WICK_E_STATE;
    }
    wick_status s = wallet_answer(c->out, w, c->device, &c->job, c->challenge,
                                  wick_span_make(c->in, len));
    if (s != WICK_OK) {
        c->idle_at_ms = now_ms(w) + IDLE_MS; /* we keep the device waiting */
        return WICK_E_STATE;
    }
    wallet_check_end(&c->job.check); /* refused, though it may still run */
    memset(&c->job, 0, sizeof c->job);
    c->out_len = strlen(c->out);
    printf("%s %s\n", c->device->name, strncmp(c->out, "{\"ok\":true", 10) == 0 ? "served" : c->out);
    memmove(c->in, end + 1, c->in_len - len - 1);
    c->in_len -= len + 1;
    return WICK_OK;
}

/* At most one request a call, so that no device keeps the others waiting. */
static wick_status serve(wallet *w, connection *c)
{
    wick_status s = WICK_OK;
    c->more = false;
    if (!c->up) {
        s = wick_tls_poll(&c->tls, now_ms(w));
        if (s == WICK_OK) {
            s = greet(w, c);
        }
    }
    while (s == WICK_OK) {
        s = flush(c);
        if (s == WICK_OK) {
            s = answer_line(w, c);
        }
        if (s == WICK_OK) {
            c->more = true;
            s = flush(c);
            return s == WICK_OK ? WICK_AGAIN : s;
        }
        if (s == WICK_E_STATE) {
            return WICK_AGAIN; /* a check runs, or a batch fills */
        }
        if (s == WICK_AGAIN && c->out_len == 0) {
            int32_t n = wick_tls_read(&c->tls, c->in + c->in_len, sizeof c->in - c->in_len);
            if (n == 0) {
                return WICK_E_NOT_FOUND; /* the device has what it wanted */
            }
            if (n > 0) {
                c->in_len += (size_t)n;
                c->idle_at_ms = now_ms(w) + IDLE_MS;
            }
            s = n > 0 ? WICK_OK : (wick_status)n;
        }
    }
    return s;
}

static void run(wallet *w, wick_sock listener)
{
    struct pollfd fds[1 + CONNECTIONS_MAX];
    uint64_t settle_at_ms = now_ms(w);
    while (!cli_interrupted()) {
        nfds_t count = 1;
        bool more = false, pending = false;
        fds[0] = (struct pollfd){wick_linux_net_fd(&w->net, listener), POLLIN, 0};
        for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
            connection *c = &connections[i];
            if (c->used) {
                short want = wick_tls_wants_write(&c->tls) ? POLLOUT : POLLIN;
                bool waits = c->job.state != WALLET_JOB_NEW;
                /* What a device sends while it waits is read afterwards: not woken by it. */
                int fd = waits ? -1 : wick_linux_net_fd(&w->net, c->sock);
                fds[count++] = (struct pollfd){fd, want, 0};
                more = more || c->more;
                pending = pending || waits;
            }
        }
        (void)poll(fds, count, more ? 0 : pending ? PENDING_MS : 1000);
        wallet_batch_run(w);
        if (wick_time_reached(now_ms(w), settle_at_ms)) {
            if (wallet_outbox_settle(w) != WICK_OK) {
                printf("the node does not answer: asked again\n");
            }
            settle_at_ms = now_ms(w) + SETTLE_MS;
        }
        if ((fds[0].revents & POLLIN) != 0) {
            take(w, listener);
        }
        for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
            connection *c = &connections[i];
            if (!c->used) {
                continue;
            }
            wick_status s = serve(w, c);
            if (s != WICK_AGAIN || wick_time_reached(now_ms(w), c->idle_at_ms)) {
                if (s != WICK_E_NOT_FOUND && s != WICK_AGAIN) {
                    char from[WICK_ADDR_STR_BYTES];
                    wick_addr_str(from, &c->from);
                    printf("%s dropped: %s\n", from, wick_status_cause(s));
                }
                drop(w, c);
            }
            (void)fflush(stdout);
        }
    }
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        if (connections[i].used) {
            drop(w, &connections[i]);
        }
    }
}

static wick_status base_init(wallet *w)
{
    wick_linux_clock_init(&w->clock);
    wick_linux_entropy_init(&w->entropy);
    wick_status s = wick_crypto_init(&w->crypto, &w->crypto_ctx);
    if (s == WICK_OK) {
        s = wick_crypto_blind(&w->crypto_ctx, &w->entropy);
    }
    if (s == WICK_OK) {
        wick_ram_keystore_init(&w->keys, &w->key_table, &w->crypto_ctx);
        w->manager.crypto = &w->crypto;
        w->manager.keys = &w->keys;
        s = wick_linux_net_init(&w->hal_net, &w->net);
    }
    return s;
}

static wick_status own_address(wallet *w)
{
    uint8_t pub33[33];
    wick_status s = w->keys.secp256k1_public(w->keys.ctx, pub33, w->manager.key);
    return s == WICK_OK ? wick_eth_address_of(w->manager.address, pub33, &w->crypto) : s;
}

static int new_key(const cli *c, wallet *w)
{
    char text[WICK_ETH_ADDRESS_STR_BYTES];
    const char *path = the_conf.manager.key_file;
    wick_status s = wick_linux_key_generate(&w->manager.key, &w->key_table, path, &w->entropy);
    if (s == WICK_OK) {
        s = own_address(w);
    }
    if (s != WICK_OK) {
        return cli_fail(c, s, "%s", path);
    }
    wick_eth_address_str(text, w->manager.address);
    printf("%s\n", text);
    return CLI_OK;
}

static int check_audit(const cli *c)
{
    conf_error e;
    uint64_t lines = 0;
    uint8_t last[32];
    long whole = 0;
    const char *path = the_conf.manager.audit_file;
    if (conf_require(&the_conf, &e, &the_conf.manager.s, "audit_file") != WICK_OK) {
        return cli_fail(c, WICK_E_CONFIG, "%s: %s", the_conf.path, e.text);
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    wick_status s = fd < 0 ? WICK_E_NOT_FOUND : wallet_audit_check(&lines, last, &whole, fd);
    if (fd >= 0) {
        (void)close(fd);
    }
    if (s != WICK_OK) {
        return cli_fail_remedy(c, s, "compare it with a copy: somebody has altered it",
                               "%s, line %llu", path, (unsigned long long)lines + 1);
    }
    printf("%llu lines\n", (unsigned long long)lines);
    return CLI_OK;
}

static int start(const cli *c, wallet *w)
{
    conf_error e;
    char what[CONF_TEXT_MAX] = "";
    const conf_manager *m = &the_conf.manager;
    const conf_registry *registry = conf_find_registry(&the_conf, NULL);
    const conf_chain *chain = registry == NULL ? NULL : conf_find_chain(&the_conf, registry->chain);
    if (conf_require(&the_conf, &e, &m->s, "listen key_file org devices_dir ledger_file") !=
            WICK_OK ||
        conf_require(&the_conf, &e, &the_conf.rpcs[0].s, "url") != WICK_OK) {
        return cli_fail(c, WICK_E_CONFIG, "%s: %s", the_conf.path, e.text);
    }
    if (chain == NULL) {
        return cli_fail(c, WICK_E_CONFIG, "%s: [registry.NAME] and its [chain.NAME] are missing",
                        the_conf.path);
    }
    w->config = &the_conf;
    w->manager.domain.chain_id = chain->chain_id;
    memcpy(w->manager.domain.contract, registry->device_registry, sizeof w->manager.domain.contract);
    wick_status s = wick_name_hash(w->manager.org, wick_span_make((const uint8_t *)m->org, strlen(m->org)));
    if (s == WICK_OK) {
        (void)snprintf(what, sizeof what, "%s", m->key_file);
        s = wick_linux_key_load(&w->manager.key, &w->key_table, m->key_file);
    }
    if (s == WICK_OK) {
        s = own_address(w);
    }
    if (s == WICK_OK && m->relay_secret_file[0] != '\0') {
        (void)snprintf(what, sizeof what, "%s", m->relay_secret_file);
        s = wick_linux_secret_text(w->relay_secret, m->relay_secret_file, sizeof w->relay_secret);
    }
    if (s == WICK_OK) {
        s = wallet_devices_load(w, what, m->devices_dir);
    }
    if (s == WICK_OK) {
        (void)snprintf(what, sizeof what, "%s", m->ledger_file);
        s = wallet_ledger_open(w, m->ledger_file);
    }
    w->audit_fd = -1;
    if (s == WICK_OK && m->audit_file[0] != '\0') {
        (void)snprintf(what, sizeof what, "%s", m->audit_file);
        s = wallet_audit_open(w, m->audit_file);
    }
    if (s == WICK_OK && m->check[0] != '\0') {
        (void)snprintf(what, sizeof what, "%s", m->check);
        s = access(m->check, X_OK) == 0 ? WICK_OK : WICK_E_NOT_FOUND;
    }
    if (s == WICK_OK) {
        (void)snprintf(what, sizeof what, "%s", the_conf.rpcs[0].url);
        w->chain.net = &w->net;
        w->chain.clock = &w->clock;
        w->chain.chain_id = chain->chain_id;
        w->chain.tier = WICK_TIER_OWN_NODE;
        s = wick_rpc_init(&w->chain.rpc, &w->hal_net, the_conf.rpcs[0].url,
                          (uint32_t)the_conf.rpcs[0].timeout_ms);
    }
    if (s != WICK_OK) {
        return cli_fail(c, s, "%s", what);
    }
    return CLI_OK;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {CLI_COMMON_OPTIONS};
    cli c = {.program = "wick-wallet", .usage = "[--config FILE] [new-key | audit]"};
    c.help = "vouches for the devices of wick.conf's [manager] and pays for their first steps; new-key\n"
             "  makes its key and shows the address; audit checks that no line of the audit log is altered\n"
             "  or missing between others. With [manager] check = COMMAND a name is vouched for only if\n"
             "  `COMMAND NAME` exits with 0 within check_timeout_s. SIGTERM ends it. Exit codes: 0 ended, 1 refused,\n"
             "  2 usage, 3 no network";
    wallet *w = &the_wallet;
    conf_error e;
    wick_sock listener;
    int opt = cli_getopt(&c, argc, argv, options);
    if (opt != -1) {
        return opt == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
    }
    bool make_key = optind + 1 == argc && strcmp(argv[optind], "new-key") == 0;
    bool audit = optind + 1 == argc && strcmp(argv[optind], "audit") == 0;
    if (!make_key && !audit && optind != argc) {
        return cli_usage(&c, "unknown command '%s'", argv[optind]);
    }
    if (conf_load(&the_conf, &e, c.config) != WICK_OK) {
        return cli_fail(&c, WICK_E_CONFIG, "%s", e.text);
    }
    wick_status s = base_init(w);
    if (s != WICK_OK) {
        return cli_fail(&c, s, "start");
    }
    if (make_key) {
        if (conf_require(&the_conf, &e, &the_conf.manager.s, "key_file") != WICK_OK) {
            return cli_fail(&c, WICK_E_CONFIG, "%s: %s", the_conf.path, e.text);
        }
        return new_key(&c, w);
    }
    if (audit) {
        return check_audit(&c);
    }
    int rc = start(&c, w);
    if (rc != CLI_OK) {
        return rc;
    }
    s = wick_linux_tcp_listen(&listener, &w->net, &the_conf.manager.listen);
    if (s != WICK_OK) {
        return cli_fail(&c, s, "listen");
    }
    cli_catch_signals();
    printf("READY %zu devices\n", w->device_count);
    (void)fflush(stdout);
    run(w, listener);
    wick_ram_keystore_wipe(&w->key_table);
    wick_wipe(w, sizeof *w);
    return CLI_OK;
}
