/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick leaf: what a leaf asks of its gateway (wick/leaf.h), for tests and for people: CoAP over
 * DTLS-PSK with the leaf's key. The tool compares each answer with what was asked, as a leaf must.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "host.h"
#include "leaf_upload.h"
#include "out.h"
#include "wick/coap_client.h"
#include "wick/leaf_answer.h"
#include "wick/port/dtls.h"
#include "wick/record.h"
#include "wick/ticket_keys.h"
#include "wick/trust.h"

#define TIMEOUT_DEFAULT_S 60u
#define BODY_MAX 65536u

typedef struct leaf {
    const cli *c;
    host h;
    wick_addr gateway, audience;
    const char *name, *psk_file, *identity, *out_file, *data, *via;
    char identity_text[WICK_LEAF_IDENTITY_BYTES];
    uint64_t until_ms;
    uint8_t psk[32];
    size_t psk_len;
    wick_sock sock;
    wick_dtls_entry entry;
    wick_dtls dtls;
    wick_coap_client coap;
    wick_coap_response answer;
    uint8_t plain[WICK_DTLS_DATAGRAM_MAX];
    uint8_t body[BODY_MAX];
    size_t body_len;
    uint64_t begin_us, bytes;
} leaf;

static leaf l;

static uint64_t now_ms(void)
{
    return l.h.clock.now_ms(l.h.clock.ctx);
}

/* ---- session ---- */

static void send_out(wick_span bytes)
{
    int32_t n = l.h.net.udp_send(l.h.net.ctx, l.sock, &l.gateway, bytes);
    l.bytes += n > 0 ? (uint64_t)n : 0;
}

/* Sends what DTLS has to send. WICK_OK: it goes on. */
static wick_status pump(uint64_t *deadline_ms)
{
    wick_out out;
    for (;;) {
        wick_dtls_poll(&l.dtls, &out, now_ms());
        if (out.kind == WICK_OUT_SEND) {
            send_out(out.bytes);
        } else if (out.kind == WICK_OUT_DONE) {
            return out.status != WICK_OK ? out.status : WICK_E_TLS;
        } else if (out.kind == WICK_OUT_WAIT) {
            *deadline_ms = wick_time_min(*deadline_ms, out.deadline_ms);
            return WICK_OK;
        }
    }
}

/* Takes one datagram, or waits until the deadline. */
static wick_status turn(uint64_t deadline_ms)
{
    uint8_t bytes[2048];
    wick_addr from;
    struct pollfd fd = {wick_linux_net_fd(&l.h.linux_net, l.sock), POLLIN, 0};
    uint64_t now = now_ms();
    deadline_ms = wick_time_min(deadline_ms, l.until_ms);
    if (wick_time_reached(now, l.until_ms)) {
        return WICK_E_TIMEOUT;
    }
    if (!wick_time_reached(now, deadline_ms)) {
        uint64_t wait = deadline_ms - now;
        (void)poll(&fd, 1, wait > 1000 ? 1000 : (int)wait);
    }
    int32_t n = l.h.net.udp_recv(l.h.net.ctx, l.sock, &from, bytes, sizeof bytes);
    if (n > 0 && wick_addr_equal(&from, &l.gateway)) {
        l.bytes += (uint64_t)n;
        wick_status s = wick_dtls_input(&l.dtls, now_ms(), wick_span_make(bytes, (size_t)n));
        return s == WICK_E_NO_SPACE ? WICK_OK : s;
    }
    return n == WICK_E_NET ? WICK_E_NET : WICK_OK; /* nobody listens there */
}

static wick_status connect_gateway(void)
{
    static const wick_addr any;
    wick_dtls_config cfg;
    memset(&cfg, 0, sizeof cfg);
    l.entry.identity = wick_span_text(l.identity);
    l.entry.psk = wick_span_make(l.psk, l.psk_len);
    l.entry.role = WICK_DTLS_CLIENT;
    cfg.role = WICK_DTLS_CLIENT;
    cfg.entries = &l.entry;
    cfg.entry_count = 1;
    cfg.entropy = &l.h.entropy;
    cfg.suites = WICK_DTLS_SUITES_ALL;
    wick_status s = l.h.net.udp_open(l.h.net.ctx, &l.sock, &any);
    s = s == WICK_OK ? wick_dtls_init(&l.dtls, &cfg) : s;
    s = s == WICK_OK ? wick_dtls_start(&l.dtls, now_ms()) : s;
    s = s == WICK_OK ? wick_coap_client_init(&l.coap, &l.h.entropy) : s;
    while (s == WICK_OK && !wick_dtls_is_up(&l.dtls)) {
        uint64_t deadline = l.until_ms;
        s = pump(&deadline);
        s = s == WICK_OK && !wick_dtls_is_up(&l.dtls) ? turn(deadline) : s;
    }
    return s;
}

/* ---- questions ---- */

/* One request and its answer; views of it live until the next. */
static wick_status ask(const wick_coap_call *call)
{
    wick_out out;
    wick_status s = wick_coap_client_begin(&l.coap, now_ms(), call);
    bool answered = false;
    while (s == WICK_OK && !answered) {
        uint64_t deadline = l.until_ms;
        size_t len = 0;
        wick_coap_client_poll(&l.coap, &out, now_ms());
        if (out.kind == WICK_OUT_SEND) {
            s = wick_dtls_write(&l.dtls, now_ms(), out.bytes);
            s = s == WICK_OK ? pump(&deadline) : s;
            continue;
        }
        if (out.kind == WICK_OUT_DONE) {
            return out.status;
        }
        deadline = wick_time_min(deadline, out.deadline_ms);
        s = pump(&deadline);
        if (s == WICK_OK && wick_dtls_read(&l.dtls, l.plain, sizeof l.plain, &len) == WICK_OK) {
            answered = wick_coap_client_input(&l.coap, &l.answer, now_ms(),
                                              wick_span_make(l.plain, len)) == WICK_OK;
            continue;
        }
        s = s == WICK_OK ? turn(deadline) : s;
    }
    /* It may have to be acknowledged. */
    uint64_t deadline = l.until_ms;
    wick_coap_client_poll(&l.coap, &out, now_ms());
    if (s == WICK_OK && out.kind == WICK_OUT_SEND) {
        s = wick_dtls_write(&l.dtls, now_ms(), out.bytes);
        s = s == WICK_OK ? pump(&deadline) : s;
    }
    return s;
}

/* The whole body of an answer, block by block. */
static wick_status fetch(wick_coap_call *call)
{
    l.body_len = 0;
    for (;;) {
        wick_status s = ask(call);
        if (s != WICK_OK || WICK_COAP_CLASS(l.answer.code) != 2) {
            return s != WICK_OK ? s : WICK_E_LEAF_REFUSED;
        }
        if (l.answer.block2.given && l.answer.block2.num != call->block2.num) {
            return WICK_E_MALFORMED;
        }
        if (l.answer.payload.len > sizeof l.body - l.body_len) {
            return WICK_E_LIMIT;
        }
        if (l.answer.payload.len != 0) {
            memcpy(l.body + l.body_len, l.answer.payload.ptr, l.answer.payload.len);
        }
        l.body_len += l.answer.payload.len;
        if (!l.answer.block2.given || !l.answer.block2.more) {
            return WICK_OK;
        }
        call->block2.given = true;
        call->block2.szx = l.answer.block2.szx;
        call->block2.num++;
    }
}

static int failed(wick_status s, const char *what)
{
    if (s != WICK_E_LEAF_REFUSED) {
        return cli_fail(l.c, s, "%s", what);
    }
    return cli_fail(l.c, s, "%s: %u.%02u %.*s%s", what, WICK_COAP_CLASS(l.answer.code),
                    WICK_COAP_DETAIL(l.answer.code), (int)l.answer.payload.len,
                    l.answer.payload.len != 0 ? (const char *)l.answer.payload.ptr : "",
                    l.answer.has_max_age ? " (ask again)" : "");
}

/* ---- what is printed ---- */

static void put_head(out_rec *o, const uint8_t peer[32], uint32_t epoch)
{
    out_begin(o, stdout, l.c->json);
    out_hex(o, "peer", peer, 32);
    out_u64(o, "epoch", epoch);
}

static void put_end(out_rec *o)
{
    out_str(o, "suite", wick_dtls_suite(&l.dtls));
    out_ms(o, "ms", cli_now_us() - l.begin_us);
    out_u64(o, "bytes", l.bytes);
    out_end(o);
}

static int write_file(const uint8_t *bytes, size_t len, bool secret)
{
    if (secret) {
        wick_status s = wick_linux_secret_create(l.out_file, bytes, len);
        return s == WICK_OK ? CLI_OK : cli_fail(l.c, s, "%s", l.out_file);
    }
    FILE *f = fopen(l.out_file, "wb");
    bool ok = f != NULL && fwrite(bytes, 1, len, f) == len;
    ok = f != NULL && fclose(f) == 0 && ok;
    return ok ? CLI_OK : cli_fail(l.c, WICK_E_HAL, "%s", l.out_file);
}

static int show_key(wick_span body, const uint8_t id[32])
{
    wick_leaf_key k;
    out_rec o;
    wick_status s = wick_leaf_key_read(&k, body, id, 0);
    if (s != WICK_OK) {
        return failed(s, "key");
    }
    put_head(&o, k.peer, k.epoch);
    out_u64(&o, "key_type", k.key_type);
    out_u64(&o, "flags", k.flags);
    out_hex(&o, "key", k.key, sizeof k.key);
    out_u64(&o, "not_after", k.not_after);
    out_u64(&o, "block", k.block_number);
    out_u64(&o, "block_time", k.block_time_s);
    out_str(&o, "tier", wick_tier_str((wick_tier)k.tier));
    put_end(&o);
    return CLI_OK;
}

/* The key for DTLS goes into a file, the ticket is its identity. */
static int show_ticket(wick_span body, const uint8_t id[32])
{
    wick_leaf_ticket t;
    wick_session_psk k;
    out_rec o;
    int code = CLI_OK;
    wick_status s = wick_leaf_ticket_read(&t, body, id, 0);
    s = s == WICK_OK ? wick_ticket_psk(&k, &l.h.crypto, t.ks, WICK_USE_DTLS12) : s;
    if (s != WICK_OK) {
        return failed(s, "ticket");
    }
    if (l.out_file != NULL) {
        code = write_file(k.key, k.key_len, true);
    }
    if (code == CLI_OK) {
        char text[256];
        (void)snprintf(text, sizeof text, "%.*s", (int)t.text.len, (const char *)t.text.ptr);
        put_head(&o, t.peer, t.epoch);
        out_str(&o, "ticket", text);
        out_str(&o, "short_identity", k.identity);
        put_end(&o);
    }
    wick_wipe(&t, sizeof t);
    wick_wipe(&k, sizeof k);
    return code;
}

/* By datagrams of our own to the audience. */
static wick_status exchange_direct(void *ctx, wick_buf *answer, wick_span datagram, uint64_t wait_ms)
{
    const wick_sock *sock = (const wick_sock *)ctx;
    wick_addr from;
    int32_t n = 0;
    if (datagram.len != 0) {
        n = l.h.net.udp_send(l.h.net.ctx, *sock, &l.audience, datagram);
        l.bytes += n > 0 ? (uint64_t)n : 0;
    }
    for (uint64_t until = now_ms() + wait_ms, now = now_ms(); !wick_time_reached(now, until);
         now = now_ms()) {
        struct pollfd fd = {wick_linux_net_fd(&l.h.linux_net, *sock), POLLIN, 0};
        (void)poll(&fd, 1, (int)(until - now));
        n = l.h.net.udp_recv(l.h.net.ctx, *sock, &from, answer->ptr, answer->cap);
        if (n > 0 && wick_addr_equal(&from, &l.audience)) {
            l.bytes += (uint64_t)n;
            answer->len = (size_t)n;
            return WICK_OK;
        }
    }
    return WICK_AGAIN;
}

/* As payload that the gateways carry to a service behind the audience's, which leads to itself. */
static wick_status exchange_carried(void *ctx, wick_buf *answer, wick_span datagram,
                                    uint64_t wait_ms)
{
    const uint8_t *id = (const uint8_t *)ctx;
    char query[256];
    wick_leaf_head head;
    wick_coap_call call;
    const uint64_t until = now_ms() + wait_ms;
    (void)snprintf(query, sizeof query, "peer=%.191s", l.via);
    memset(&call, 0, sizeof call);
    call.method = WICK_COAP_POST;
    call.path = "dpk/send";
    call.query = query;
    call.payload = datagram;
    wick_status s = ask(&call);
    if (s == WICK_OK && WICK_COAP_CLASS(l.answer.code) == 2) {
        s = wick_leaf_head_read(&head, l.answer.payload, id, 0);
        wick_buf_put(answer, head.rest.ptr, head.rest.len);
        s = s != WICK_OK ? s : answer->len == 0 ? WICK_AGAIN : wick_buf_status(answer);
    } else if (s == WICK_OK) {
        s = l.answer.has_max_age || l.answer.code == WICK_COAP_GATEWAY_TIMEOUT ? WICK_AGAIN
                                                                               : WICK_E_LEAF_REFUSED;
    }
    const uint64_t now = now_ms();
    if (s == WICK_AGAIN && !wick_time_reached(now, until)) {
        (void)poll(NULL, 0, (int)(until - now)); /* the gateway has said so before the time was up */
    }
    return s;
}

static wick_status upload(unsigned *sent, const wick_leaf_ticket *t)
{
    static const wick_addr any;
    wick_peer_ref ref;
    wick_sock sock = -1;
    uint8_t id[32];
    wick_status s;
    if (l.via == NULL) {
        s = l.h.net.udp_open(l.h.net.ctx, &sock, &any);
        s = s == WICK_OK ? leaf_upload(&l.h, sent, t, exchange_direct, &sock, l.until_ms) : s;
        if (sock >= 0) {
            l.h.net.close(l.h.net.ctx, sock);
        }
        return s;
    }
    s = wick_peer_ref_parse(&ref, l.via, strlen(l.via));
    s = s == WICK_OK ? wick_name_hash(id, ref.name) : s;
    return s == WICK_OK ? leaf_upload(&l.h, sent, t, exchange_carried, id, l.until_ms) : s;
}

/* The ticket goes ahead: what works from then on is its short identity. */
static int show_upload(wick_span body, const uint8_t id[32])
{
    static uint8_t kept[512]; /* the body is used for other answers meanwhile */
    wick_leaf_ticket t;
    wick_session_psk k, small;
    out_rec o;
    unsigned sent = 0;
    int code = CLI_OK;
    wick_status s = body.len <= sizeof kept ? WICK_OK : WICK_E_MALFORMED;
    if (s == WICK_OK) {
        memcpy(kept, body.ptr, body.len);
        s = wick_leaf_ticket_read(&t, wick_span_make(kept, body.len), id, 0);
    }
    s = s == WICK_OK ? upload(&sent, &t) : s;
    s = s == WICK_OK ? wick_ticket_psk(&k, &l.h.crypto, t.ks, WICK_USE_DTLS12) : s;
    s = s == WICK_OK ? wick_ticket_psk(&small, &l.h.crypto, t.ks, WICK_USE_PSK16) : s;
    if (s != WICK_OK) {
        wick_wipe(kept, sizeof kept);
        return failed(s, "upload");
    }
    if (l.out_file != NULL) {
        code = write_file(k.key, k.key_len, true);
    }
    if (code == CLI_OK) {
        put_head(&o, t.peer, t.epoch);
        out_str(&o, "short_identity", k.identity);
        out_str(&o, "psk16_identity", small.identity);
        out_u64(&o, "uploads", sent);
        put_end(&o);
    }
    wick_wipe(kept, sizeof kept);
    wick_wipe(&t, sizeof t);
    wick_wipe(&k, sizeof k);
    wick_wipe(&small, sizeof small);
    return code;
}

static int show_proof(wick_span body, const uint8_t id[32])
{
    wick_leaf_head h;
    out_rec o;
    wick_status s = wick_leaf_head_read(&h, body, id, 0);
    if (s != WICK_OK) {
        return failed(s, "proof");
    }
    int code = l.out_file != NULL ? write_file(h.rest.ptr, h.rest.len, false) : CLI_OK;
    if (code == CLI_OK) {
        put_head(&o, h.peer, h.epoch);
        out_u64(&o, "bundle_bytes", h.rest.len);
        put_end(&o);
    }
    return code;
}

static int show_sent(wick_span body, const uint8_t id[32])
{
    wick_leaf_head h;
    char text[WICK_LEAF_PAYLOAD_MAX + 1];
    out_rec o;
    wick_status s = wick_leaf_head_read(&h, body, id, 0);
    if (s != WICK_OK) {
        return failed(s, "send");
    }
    size_t n = 0;
    for (; n < h.rest.len && n < sizeof text - 1; n++) {
        text[n] = h.rest.ptr[n] >= 0x20 && h.rest.ptr[n] < 0x7f ? (char)h.rest.ptr[n] : '.';
    }
    text[n] = '\0';
    put_head(&o, h.peer, h.epoch);
    out_u64(&o, "answer_bytes", h.rest.len);
    out_str(&o, "answer", text);
    put_end(&o);
    return CLI_OK;
}

/* ---- commands ---- */

static int parse_options(cli *c, int argc, char **argv, const char *given)
{
    static const struct option options[] = {{"gateway", required_argument, NULL, 'g'},
                                            {"name", required_argument, NULL, 'n'},
                                            {"psk-file", required_argument, NULL, 'k'},
                                            {"identity", required_argument, NULL, 'i'},
                                            {"send", required_argument, NULL, 's'},
                                            {"timeout", required_argument, NULL, 't'},
                                            {"output", required_argument, NULL, 'o'},
                                            {"to", required_argument, NULL, 'a'},
                                            {"via", required_argument, NULL, 'v' + 256},
                                            CLI_COMMON_OPTIONS};
    unsigned long timeout_s = TIMEOUT_DEFAULT_S;
    memset(&l, 0, sizeof l);
    l.c = c;
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        char *end = NULL;
        if (got == 'g') {
            if (wick_addr_parse(&l.gateway, optarg, strlen(optarg)) != WICK_OK) {
                return cli_usage(c, "--gateway takes ADDR:PORT");
            }
        } else if (got == 'a') {
            if (wick_addr_parse(&l.audience, optarg, strlen(optarg)) != WICK_OK) {
                return cli_usage(c, "--to takes ADDR:PORT");
            }
        } else if (got == 'v' + 256) {
            l.via = optarg;
        } else if (got == 'n') {
            l.name = optarg;
        } else if (got == 'k') {
            l.psk_file = optarg;
        } else if (got == 'i') {
            l.identity = optarg;
        } else if (got == 's') {
            l.data = optarg;
        } else if (got == 'o') {
            l.out_file = optarg;
        } else if (got == 't') {
            timeout_s = strtoul(optarg, &end, 10);
            if (*end != '\0' || timeout_s == 0 || timeout_s > 3600) {
                return cli_usage(c, "--timeout takes seconds, 1 to 3600");
            }
        } else {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
    }
    if (argc - optind != (given != NULL ? 1 : 0)) {
        return cli_usage(c, "%s", given != NULL ? given : "no argument but options");
    }
    if (l.gateway.port == 0 || l.name == NULL || l.psk_file == NULL) {
        return cli_usage(c, "--gateway, --name and --psk-file are needed");
    }
    int code = host_open_hal(&l.h, c);
    l.until_ms = code == CLI_OK ? now_ms() + timeout_s * 1000u : 0;
    return code == CLI_OK ? -1 : code;
}

/* The key of the file, by the name of the leaf, or by its own short identity ("--identity key"). */
static wick_status load_key(void)
{
    wick_status s = host_leaf_key(l.psk, &l.psk_len, l.psk_file);
    if (l.identity == NULL) {
        l.identity = l.name;
    } else if (s == WICK_OK && strcmp(l.identity, "key") == 0) {
        s = wick_leaf_identity(l.identity_text, &l.h.crypto, wick_span_make(l.psk, l.psk_len));
        l.identity = l.identity_text;
    }
    return s;
}

static void finish(void)
{
    uint64_t deadline = 0;
    if (wick_dtls_is_up(&l.dtls)) {
        wick_dtls_close(&l.dtls, now_ms());
        (void)!pump(&deadline);
    }
    wick_dtls_free(&l.dtls);
    host_close(&l.h);
    wick_wipe(&l, sizeof l);
}

typedef int show(wick_span body, const uint8_t id[32]);

static int run(cli *c, int argc, char **argv, uint8_t method, const char *path, show *print)
{
    wick_coap_call call;
    wick_peer_ref ref;
    char query[256];
    uint8_t id[32];
    int code = parse_options(c, argc, argv, "one peer: NAME[/SERVICE][@REGISTRY]");
    if (code >= 0) {
        return code;
    }
    const char *peer = argv[optind];
    if (print == show_upload && (l.via == NULL) == (l.audience.port == 0)) {
        finish();
        return cli_usage(c, "--to ADDR:PORT or --via GATEWAY/SERVICE");
    }
    l.begin_us = cli_now_us();
    wick_status s = wick_peer_ref_parse(&ref, peer, strlen(peer));
    s = s == WICK_OK ? wick_name_hash(id, ref.name) : s;
    (void)snprintf(query, sizeof query, "peer=%.191s", peer);
    memset(&call, 0, sizeof call);
    call.method = method;
    call.path = path;
    call.query = query;
    if (method == WICK_COAP_POST) {
        call.payload = wick_span_text(l.data != NULL ? l.data : "hello");
    }
    s = s == WICK_OK ? load_key() : s;
    s = s == WICK_OK ? connect_gateway() : s;
    s = s == WICK_OK ? fetch(&call) : s;
    code = s == WICK_OK ? print(wick_span_make(l.body, l.body_len), id) : failed(s, peer);
    finish();
    return code;
}

int cmd_leaf_key(cli *c, int argc, char **argv)
{
    return run(c, argc, argv, WICK_COAP_GET, "dpk/key", show_key);
}

int cmd_leaf_ticket(cli *c, int argc, char **argv)
{
    return run(c, argc, argv, WICK_COAP_GET, "dpk/ticket", show_ticket);
}

int cmd_leaf_upload(cli *c, int argc, char **argv)
{
    return run(c, argc, argv, WICK_COAP_GET, "dpk/ticket", show_upload);
}

int cmd_leaf_proof(cli *c, int argc, char **argv)
{
    return run(c, argc, argv, WICK_COAP_GET, "dpk/proof", show_proof);
}

int cmd_leaf_send(cli *c, int argc, char **argv)
{
    return run(c, argc, argv, WICK_COAP_POST, "dpk/send", show_sent);
}

/* With -o the leaf gets another key, which the gateway takes once it is used: --identity key. */
int cmd_leaf_enrol(cli *c, int argc, char **argv)
{
    wick_coap_call call;
    wick_leaf_enrolment e;
    uint8_t mine[WICK_LEAF_KEY_BYTES], next[WICK_LEAF_KEY_BYTES];
    char identity[WICK_LEAF_IDENTITY_BYTES] = "", subject[WICK_LEAF_SUBJECT_BYTES + 1];
    out_rec o;
    int code = parse_options(c, argc, argv, NULL);
    if (code >= 0) {
        return code;
    }
    l.begin_us = cli_now_us();
    memset(&call, 0, sizeof call);
    call.method = WICK_COAP_GET;
    call.path = "dpk/leaf";
    wick_status s = load_key();
    if (s == WICK_OK && l.out_file != NULL) {
        call.method = WICK_COAP_POST;
        call.payload = wick_span_make(mine, sizeof mine);
        s = l.h.entropy.fill(l.h.entropy.ctx, mine, sizeof mine);
    }
    s = s == WICK_OK ? connect_gateway() : s;
    s = s == WICK_OK ? fetch(&call) : s;
    s = s == WICK_OK ? wick_leaf_enrolment_read(&e, wick_span_make(l.body, l.body_len)) : s;
    if (s == WICK_OK && l.out_file != NULL) {
        s = !e.changes ? WICK_E_LEAF_REFUSED
                       : wick_leaf_key_next(next, identity, &l.h.crypto,
                                            wick_span_make(l.psk, l.psk_len), mine, &e);
    }
    code = s == WICK_OK ? CLI_OK : failed(s, "enrol");
    if (code == CLI_OK && l.out_file != NULL) {
        code = write_file(next, sizeof next, true);
    }
    if (code == CLI_OK) {
        memcpy(subject, e.subject, sizeof e.subject);
        subject[sizeof e.subject] = '\0';
        out_begin(&o, stdout, c->json);
        out_hex(&o, "gateway", e.gateway, sizeof e.gateway);
        out_str(&o, "subject", subject);
        out_u64(&o, "time", e.unix_s);
        if (l.out_file != NULL) {
            out_str(&o, "identity", identity);
        }
        put_end(&o);
    }
    wick_wipe(next, sizeof next);
    wick_wipe(mine, sizeof mine);
    finish();
    return code;
}

/* A new leaf: its key into a file, and the section that wick.conf wants. */
int cmd_leaf_add(cli *c, int argc, char **argv)
{
    static const struct option options[] = {{"output", required_argument, NULL, 'o'},
                                            CLI_COMMON_OPTIONS};
    static host h;
    const char *path = NULL;
    uint8_t psk[32];
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        if (got != 'o') {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
        path = optarg;
    }
    if (argc - optind != 1 || path == NULL) {
        return cli_usage(c, "a name, and -o FILE for its key");
    }
    wick_span name = wick_span_text(argv[optind]);
    if (name.len > WICK_LEAF_NAME_MAX || wick_name_check(name) != WICK_OK) {
        return cli_fail_remedy(c, WICK_E_NAME, "use 1 to 16 of a-z 0-9 . _ -", "'%s'", argv[optind]);
    }
    int code = host_open_hal(&h, c);
    if (code != CLI_OK) {
        return code;
    }
    wick_status s = h.entropy.fill(h.entropy.ctx, psk, sizeof psk);
    s = s == WICK_OK ? wick_linux_secret_create(path, psk, sizeof psk) : s;
    wick_wipe(psk, sizeof psk);
    host_close(&h);
    if (s != WICK_OK) {
        return cli_fail(c, s, "%s", path);
    }
    if (c->json) {
        out_rec o;
        out_begin(&o, stdout, true);
        out_str(&o, "leaf", argv[optind]);
        out_str(&o, "psk_file", path);
        out_end(&o);
    } else {
        printf("[leaf.%s]\npsk_file = %s\n", argv[optind], path);
    }
    return CLI_OK;
}
