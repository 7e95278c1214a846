/* SPDX-License-Identifier: Apache-2.0 */
/* wick id tls, wick challenge answer: a device's own certificate, and the proof that an endpoint is its. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chain.h"
#include "commands.h"
#include "host.h"
#include "out.h"
#include "wick/port/responder.h"
#include "wick/record.h"

#define LISTEN_FD 3 /* where services look for a socket that they are given */

static host h;
static wick_tls_identity own;
static wick_responder responder;

/* A new file, so that nothing is overwritten. */
static wick_status put_file(const char *path, const char *text, mode_t mode)
{
    size_t len = strlen(text);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0) {
        return access(path, F_OK) == 0 ? WICK_E_STATE : WICK_E_HAL;
    }
    bool good = write(fd, text, len) == (ssize_t)len;
    good = close(fd) == 0 && good;
    return good ? WICK_OK : WICK_E_HAL;
}

static wick_status put_pem(const char *cert, const char *key)
{
    char text[WICK_TLS_PEM_MAX];
    wick_status s = WICK_OK;
    if (cert != NULL) {
        (void)wick_tls_identity_cert_pem(text, &own);
        s = put_file(cert, text, 0644);
    }
    if (s == WICK_OK && key != NULL) {
        s = wick_tls_identity_key_pem(text, &own) != 0 ? put_file(key, text, 0600) : WICK_E_POOL;
    }
    wick_wipe(text, sizeof text);
    return s;
}

int cmd_id_tls(cli *c, int argc, char **argv)
{
    static const struct option options[] = {{"key", required_argument, NULL, 'k'},
                                            {"cert", required_argument, NULL, 'c'},
                                            {"pem", required_argument, NULL, 'p'},
                                            CLI_COMMON_OPTIONS};
    const char *key = NULL, *cert = NULL, *pem = NULL;
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        if (got != 'k' && got != 'c' && got != 'p') {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
        *(got == 'k' ? &key : got == 'c' ? &cert : &pem) = optarg;
    }
    if (argc - optind != 1 || key == NULL) {
        return cli_usage(c, "one name, and --key");
    }
    int code = host_open_hal(&h, c);
    if (code != CLI_OK) {
        return code;
    }
    bool made = access(key, F_OK) != 0;
    wick_status s = made ? wick_tls_identity_create(key, &h.entropy) : WICK_OK;
    s = s == WICK_OK ? wick_tls_identity_load(&own, key, argv[optind], &h.entropy) : s;
    s = s == WICK_OK ? put_pem(cert, pem) : s;
    if (s == WICK_OK) {
        out_rec o;
        out_begin(&o, stdout, c->json);
        out_str(&o, "name", argv[optind]);
        out_hex(&o, "spki_sha256", own.spki_hash, sizeof own.spki_hash);
        out_str(&o, "key_file", key);
        out_bool(&o, "made", made);
        out_end(&o);
    } else {
        code = cli_fail(c, s, "%s", key);
    }
    wick_tls_identity_free(&own);
    host_close(&h);
    return code;
}

/* ---- challenge ---- */

typedef struct challenge {
    const char *key, *name;
    wick_addr listen;
    uint8_t n1[32], n2[32], mapping[32];
    uint64_t timeout_s, index;
    char *const *program; /* NULL: none */
} challenge;

static wick_status names(challenge *ch, const char *text, char name[WICK_NAME_MAX + 1])
{
    wick_peer_ref ref;
    uint8_t id[32], service[32];
    wick_status s = chain_peer(&ref, id, service, text);
    if (s != WICK_OK) {
        return s;
    }
    wick_slot_endpoint(ch->mapping, id, service, (unsigned)ch->index);
    memcpy(name, ref.name.ptr, ref.name.len);
    name[ref.name.len] = '\0';
    return WICK_OK;
}

static wick_status serve(const challenge *ch)
{
    uint64_t now_ms = h.clock.now_ms(h.clock.ctx), end_ms = now_ms + ch->timeout_s * 1000;
    while (responder.served == 0) {
        struct pollfd fds[1 + WICK_RESPONDER_CONNECTIONS];
        uint64_t at = wick_time_min(end_ms, wick_responder_deadline(&responder));
        size_t n = wick_responder_fds(&responder, fds);
        if (wick_time_reached(now_ms, end_ms)) {
            return WICK_E_TIMEOUT;
        }
        (void)poll(fds, (nfds_t)n, at > now_ms ? (int)(at - now_ms) : 0);
        wick_responder_run(&responder);
        now_ms = h.clock.now_ms(h.clock.ctx);
    }
    return WICK_OK;
}

/* The socket becomes descriptor 3 of the service, as systemd gives them. */
static int become(const cli *c, const challenge *ch, wick_sock listener)
{
    char pid[16];
    int fd = wick_linux_net_fd(&h.linux_net, listener);
    (void)snprintf(pid, sizeof pid, "%ld", (long)getpid());
    bool ready = fd == LISTEN_FD ? fcntl(fd, F_SETFD, 0) == 0 : dup2(fd, LISTEN_FD) == LISTEN_FD;
    if (ready && fcntl(LISTEN_FD, F_SETFL, 0) == 0 && setenv("LISTEN_FDS", "1", 1) == 0 &&
        setenv("LISTEN_PID", pid, 1) == 0) {
        (void)execvp(ch->program[0], ch->program);
    }
    return cli_fail(c, WICK_E_HAL, "cannot start %s", ch->program[0]);
}

static int answer(const cli *c, const challenge *ch)
{
    wick_responder_config cfg = {.net = &h.net,
                                 .linux_net = &h.linux_net,
                                 .clock = &h.clock,
                                 .entropy = &h.entropy,
                                 .own = &own};
    out_rec o;
    wick_status s = wick_responder_open(&responder, &cfg, &ch->listen);
    s = s == WICK_OK ? wick_responder_arm(&responder, ch->mapping, ch->n1, ch->n2) : s;
    if (s != WICK_OK) {
        return cli_fail(c, s, "cannot listen");
    }
    out_begin_step(&o, stdout, c->json, "challenge");
    out_str(&o, "path", responder.path);
    out_hex(&o, "n2", ch->n2, sizeof ch->n2);
    out_hex(&o, "spki_sha256", own.spki_hash, sizeof own.spki_hash);
    out_end(&o);
    (void)fflush(stdout);
    s = serve(ch);
    if (s != WICK_OK) {
        wick_responder_close(&responder);
        return cli_fail(c, s, "nobody has fetched the answer");
    }
    out_begin_step(&o, stdout, c->json, "answered");
    out_u64(&o, "refused", responder.refused);
    out_end(&o);
    (void)fflush(stdout);
    wick_sock listener;
    s = wick_responder_hand_over(&responder, &listener);
    if (s == WICK_OK && ch->program != NULL) {
        return become(c, ch, listener);
    }
    return CLI_OK;
}

int cmd_challenge(cli *c, int argc, char **argv)
{
    static const struct option options[] = {
        {"key", required_argument, NULL, 'k'},     {"listen", required_argument, NULL, 'l'},
        {"n1", required_argument, NULL, '1'},      {"n2", required_argument, NULL, '2'},
        {"timeout", required_argument, NULL, 't'}, {"index", required_argument, NULL, 'i'},
        CLI_COMMON_OPTIONS};
    challenge ch = {.timeout_s = 120};
    bool has_listen = false, has_n1 = false, has_n2 = false;
    char name[WICK_NAME_MAX + 1];
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        wick_status s = WICK_OK;
        switch (got) {
        case 'k':
            ch.key = optarg;
            break;
        case 'l':
            s = wick_addr_parse(&ch.listen, optarg, strlen(optarg));
            has_listen = true;
            break;
        case '1':
            s = cli_hex_arg(ch.n1, sizeof ch.n1, optarg);
            has_n1 = true;
            break;
        case '2':
            s = cli_hex_arg(ch.n2, sizeof ch.n2, optarg);
            has_n2 = true;
            break;
        case 't':
            s = cli_u64_arg(&ch.timeout_s, optarg, 86400);
            break;
        case 'i':
            s = cli_u64_arg(&ch.index, optarg, 1);
            break;
        default:
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
        if (s != WICK_OK) {
            return cli_usage(c, "'%s' is no value of this option", optarg);
        }
    }
    if (optind >= argc || ch.key == NULL || !has_listen || !has_n1) {
        return cli_usage(c, "a name, --key, --listen and --n1");
    }
    wick_status s = names(&ch, argv[optind], name);
    if (s != WICK_OK) {
        return cli_fail(c, s, "'%s'", argv[optind]);
    }
    ch.program = optind + 1 < argc ? argv + optind + 1 : NULL;
    int code = host_open_hal(&h, c);
    if (code != CLI_OK) {
        return code;
    }
    s = has_n2 ? WICK_OK : h.entropy.fill(h.entropy.ctx, ch.n2, sizeof ch.n2);
    s = s == WICK_OK ? wick_tls_identity_load(&own, ch.key, name, &h.entropy) : s;
    code = s == WICK_OK ? answer(c, &ch) : cli_fail(c, s, "%s", ch.key);
    wick_tls_identity_free(&own);
    host_close(&h);
    return code;
}
