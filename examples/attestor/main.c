/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick-attestor [--config FILE]           serve
 * wick-attestor [--config FILE] new-key   make the key that signs and print its address
 */
#include <stdio.h>
#include <string.h>

#include "attestor.h"
#include "wick/tx.h"

#define IDLE_WAIT_MS 1000u
#define BURST_MAX 64u

static attestor the_attestor;

uint64_t attestor_now(const attestor *a)
{
    return a->h.clock.now_ms(a->h.clock.ctx);
}

/* ---- callers ---- */

attestor_caller *attestor_caller_at(attestor *a, const wick_addr *from)
{
    for (size_t i = 0; i < ATTESTOR_CALLERS_MAX; i++) {
        if (a->caller[i].used && wick_addr_equal(&a->caller[i].from, from)) {
            return &a->caller[i];
        }
    }
    return NULL;
}

static bool is_waiting(const attestor *a, const attestor_caller *c)
{
    bool waits = false;
    for (size_t i = 0; i < ATTESTOR_WAITING_MAX; i++) {
        waits = waits || (a->waiting[i].used && wick_addr_equal(&a->waiting[i].from, &c->from));
    }
    for (size_t i = 0; i < WICK_NSL_CONNECT_MAX; i++) {
        waits = waits || (a->job[i].used && wick_addr_equal(&a->job[i].from, &c->from));
    }
    for (size_t i = 0; i < ATTESTOR_FETCHES_MAX; i++) {
        const attestor_job *job = &a->fetch[i].job;
        waits = waits || (job->used && wick_addr_equal(&job->from, &c->from));
    }
    return waits;
}

/* The caller's place, or a new one: of nobody, or of who has been silent longest and waits for nothing. */
static attestor_caller *place(attestor *a, const wick_addr *from)
{
    attestor_caller *c = attestor_caller_at(a, from), *best = NULL;
    for (size_t i = 0; i < ATTESTOR_CALLERS_MAX && c == NULL; i++) {
        attestor_caller *x = &a->caller[i];
        if (!x->used) {
            best = x;
            break;
        }
        if (!is_waiting(a, x) && (best == NULL || x->heard_ms < best->heard_ms)) {
            best = x;
        }
    }
    if (c == NULL && best != NULL) {
        memset(best, 0, sizeof *best);
        best->from = *from;
        best->used = wick_coap_server_init(&best->coap, &a->h.entropy) == WICK_OK;
        c = best->used ? best : NULL;
    }
    if (c != NULL) {
        c->heard_ms = attestor_now(a);
    }
    return c;
}

/* ---- datagrams ---- */

static void send_to(const attestor *a, wick_sock s, const wick_addr *to, wick_span bytes)
{
    int32_t n = a->h.net.udp_send(a->h.net.ctx, s, to, bytes);
    (void)n; /* lost, as on any path */
}

static void take_request(attestor *a, wick_span datagram, const wick_addr *from)
{
    wick_coap_request r;
    uint8_t exchange = 0, bytes[64];
    wick_buf echo = wick_buf_make(bytes, sizeof bytes);
    bool there = attestor_is_routable(a, &echo, from, datagram);
    if (echo.len != 0) {
        send_to(a, a->service, from, wick_buf_span(&echo));
        return;
    }
    /* What is no request is of use to one who is there already: he acknowledges an answer. */
    attestor_caller *c = there ? place(a, from) : attestor_caller_at(a, from);
    if (c != NULL &&
        wick_coap_server_input(&c->coap, &r, &exchange, attestor_now(a), datagram) == WICK_OK) {
        attestor_request(a, c, &r, exchange);
    }
}

static void receive(attestor *a, wick_sock s)
{
    uint8_t bytes[WICK_COAP_MESSAGE_MAX];
    for (unsigned i = 0; i < BURST_MAX; i++) {
        wick_addr from;
        int32_t n = a->h.net.udp_recv(a->h.net.ctx, s, &from, bytes, sizeof bytes);
        if (n == WICK_AGAIN) {
            return;
        }
        if (n < 0) {
            continue; /* one datagram's trouble */
        }
        if (s == a->service) {
            take_request(a, wick_span_make(bytes, (size_t)n), &from);
        } else {
            wick_status st = wick_nsl_probe_input(&a->probe, attestor_now(a),
                                                  wick_span_make(bytes, (size_t)n), &from);
            (void)st; /* what is not an answer changes nothing */
        }
    }
}

/* Sends what is due. @return when to look again */
static uint64_t pump(attestor *a)
{
    uint64_t next = attestor_now(a) + IDLE_WAIT_MS;
    wick_nsl_probe_out p;
    wick_out out;
    for (;;) {
        wick_nsl_probe_poll(&a->probe, &p, attestor_now(a));
        if (p.kind == WICK_OUT_SEND) {
            send_to(a, a->probes, &p.to, p.bytes);
        } else if (p.kind == WICK_OUT_EVENT) {
            attestor_probed(a, p.handle, p.status);
        } else {
            next = wick_time_min(next, p.deadline_ms);
            break;
        }
    }
    next = wick_time_min(next, attestor_fetch_run(a));
    for (size_t i = 0; i < ATTESTOR_CALLERS_MAX; i++) {
        attestor_caller *c = &a->caller[i];
        while (c->used) {
            wick_coap_server_poll(&c->coap, &out, attestor_now(a));
            if (out.kind != WICK_OUT_SEND) {
                next = wick_time_min(next, out.deadline_ms);
                break;
            }
            send_to(a, a->service, &c->from, out.bytes);
        }
    }
    return next;
}

static void print_signer(const attestor *a, const char *before)
{
    char text[WICK_ETH_ADDRESS_STR_BYTES];
    wick_eth_address_str(text, a->signer);
    printf("%s%s\n", before, text);
    (void)fflush(stdout);
}

static void run(attestor *a)
{
    look_report report;
    bool ready = false;
    while (!cli_interrupted() && !a->look_gone) {
        struct pollfd fds[3 + ATTESTOR_FETCHES_MAX] = {
            {wick_linux_net_fd(&a->h.linux_net, a->service), POLLIN, 0},
            {wick_linux_net_fd(&a->h.linux_net, a->probes), POLLIN, 0},
            {a->look_fd, POLLIN, 0}};
        receive(a, a->probes); /* what has come counts: it is read before pump() ends probes */
        uint64_t next = pump(a), now = attestor_now(a);
        (void)poll(fds, 3 + attestor_fetch_fds(a, fds + 3), wick_time_reached(now, next) ? 0 : (int)(next - now));
        receive(a, a->service);
        while (look_next(a, &report, false)) {
            attestor_looked(a, &report);
            if (!ready && report.kind == LOOK_STATE) { /* the chain is there, or not: it is served */
                print_signer(a, "READY signer=");
                ready = true;
            }
        }
    }
}

/* ---- start ---- */

static wick_status own_address(attestor *a)
{
    uint8_t pub33[33];
    wick_status s = a->h.keystore.secp256k1_public(a->h.keystore.ctx, pub33, a->key);
    return s == WICK_OK ? wick_eth_address_of(a->signer, pub33, &a->h.crypto) : s;
}

static int new_key(const cli *c, attestor *a)
{
    wick_status s = wick_linux_key_generate(&a->key, &a->h.ram, a->config->key_file, &a->h.entropy);
    s = s == WICK_OK ? own_address(a) : s;
    if (s != WICK_OK) {
        return cli_fail(c, s, "%s", a->config->key_file);
    }
    print_signer(a, "");
    return CLI_OK;
}

static int open_probe(const cli *c, attestor *a)
{
    wick_nsl_config cfg;
    const char *name = a->h.conf.identity.name;
    memset(&cfg, 0, sizeof cfg);
    cfg.crypto = &a->h.crypto;
    cfg.entropy = &a->h.entropy;
    cfg.keystore = &a->h.keystore;
    cfg.key = a->h.device_key;
    cfg.pub.type = WICK_KEY_TYPE_SECP256K1;
    wick_status s = wick_name_hash(cfg.id, wick_span_text(name));
    if (s == WICK_OK) {
        s = a->h.keystore.secp256k1_public(a->h.keystore.ctx, cfg.pub.bytes, cfg.key);
        if (s == WICK_E_NOT_FOUND) {
            return cli_fail_remedy(c, WICK_E_UNSUPPORTED, "make one by wick id new",
                                   "%s: an attestor needs a secp256k1 device key",
                                   a->h.conf.identity.device_key_file);
        }
    }
    s = s == WICK_OK ? wick_nsl_probe_init(&a->probe, &cfg, attestor_now(a)) : s;
    return s == WICK_OK ? CLI_OK : cli_fail(c, s, "%s", name);
}

static int start(const cli *c, attestor *a)
{
    conf_error e;
    int code = host_load_keys(&a->h, c);
    if (code != CLI_OK) {
        return code;
    }
    if (conf_require(&a->h.conf, &e, &a->config->s, "listen key_file") != WICK_OK) {
        return cli_fail(c, WICK_E_CONFIG, "%.200s: %.280s", a->h.conf.path, e.text);
    }
    wick_status s = wick_linux_key_load(&a->key, &a->h.ram, a->config->key_file);
    s = s == WICK_OK ? own_address(a) : s;
    if (s != WICK_OK) {
        return cli_fail(c, s, "%s", a->config->key_file);
    }
    s = a->h.entropy.fill(a->h.entropy.ctx, a->secret, sizeof a->secret);
    if (s != WICK_OK) {
        return cli_fail(c, s, "start");
    }
    s = attestor_audit_open(a);
    if (s != WICK_OK) {
        return cli_fail(c, s, "%s", a->config->audit_file);
    }
    code = open_probe(c, a);
    if (code != CLI_OK) {
        return code;
    }
    s = a->h.net.udp_open(a->h.net.ctx, &a->service, &a->config->listen);
    if (s == WICK_OK) {
        s = a->h.net.udp_open(a->h.net.ctx, &a->probes, &a->config->probe_from);
    }
    return s == WICK_OK ? CLI_OK : cli_fail(c, s, "listen");
}

static int serve(const cli *c, attestor *a)
{
    look_report r;
    bool is_looker = false;
    int code = look_start(a, &is_looker);
    if (is_looker || code != CLI_OK) {
        return code;
    }
    code = start(c, a);
    if (code == CLI_OK && look_next(a, &r, true)) { /* LOOK_OPEN is the first */
        a->domain = r.domain;
        cli_catch_signals();
        run(a);
    }
    bool gone = a->look_gone;
    int end = look_stop(a);
    if (gone && end == CLI_OK) {
        code = cli_fail(c, WICK_E_STATE, "the process that reads the chain");
    }
    return gone && end != CLI_OK ? end : code; /* it has said why */
}

int main(int argc, char **argv)
{
    static const struct option options[] = {CLI_COMMON_OPTIONS};
    cli c = {.program = "wick-attestor", .usage = "[--config FILE] [new-key]"};
    c.help = "looks whether gateways answer where they say, with the key of their record, and signs that\n"
             "  they do; [attestor] of wick.conf says where it is asked. new-key makes the key that signs\n"
             "  and shows its address. SIGTERM ends it. Exit codes: 0 ended, 1 refused, 2 usage, 3 no\n"
             "  network";
    attestor *a = &the_attestor;
    int opt = cli_getopt(&c, argc, argv, options);
    if (opt != -1) {
        return opt == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
    }
    bool make_key = optind + 1 == argc && strcmp(argv[optind], "new-key") == 0;
    if (!make_key && optind != argc) {
        return cli_usage(&c, "unknown command '%s'", argv[optind]);
    }
    a->c = &c;
    a->audit_fd = -1;
    int code = host_open(&a->h, &c);
    if (code != CLI_OK) {
        return code;
    }
    a->config = conf_find_attestor(&a->h.conf, "");
    if (a->config == NULL || a->config->key_file[0] == '\0') {
        code = cli_fail(&c, WICK_E_CONFIG, "%.200s: [attestor] with its key_file is missing",
                        a->h.conf.path);
    } else if (make_key) {
        code = new_key(&c, a);
    } else {
        code = serve(&c, a);
    }
    attestor_fetch_end(a);
    wick_nsl_probe_wipe(&a->probe);
    wick_wipe(a->secret, sizeof a->secret);
    host_close(&a->h);
    return code;
}
