/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick leaf: what a leaf asks of its gateway (wick/leaf.h), for tests and for people: CoAP over
 * DTLS-PSK with the leaf's key. The tool compares each answer with what was asked, as a leaf must.
 */
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "dag.h"
#include "leaf_link.h"
#include "wick/record.h"
#include "wick/ticket_keys.h"
#include "wick/trust.h"
#include "wick/unixfs.h"

#define TIMEOUT_DEFAULT_S 60u

static leaf l;

/* ---- what is printed ---- */

static int show_key(wick_span body, const uint8_t id[32])
{
    wick_leaf_key k;
    out_rec o;
    wick_status s = wick_leaf_key_read(&k, body, id, 0);
    if (s != WICK_OK) {
        return leaf_failed(&l, s, "key");
    }
    leaf_put_head(&l, &o, k.peer, k.epoch);
    out_u64(&o, "key_type", k.key_type);
    out_u64(&o, "flags", k.flags);
    out_hex(&o, "key", k.key, sizeof k.key);
    out_u64(&o, "not_after", k.not_after);
    out_u64(&o, "block", k.block_number);
    out_u64(&o, "block_time", k.block_time_s);
    out_str(&o, "tier", wick_tier_str((wick_tier)k.tier));
    leaf_put_end(&l, &o);
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
        return leaf_failed(&l, s, "ticket");
    }
    if (l.out_file != NULL) {
        code = leaf_write_file(&l, k.key, k.key_len, true);
    }
    if (code == CLI_OK) {
        char text[256];
        (void)snprintf(text, sizeof text, "%.*s", (int)t.text.len, (const char *)t.text.ptr);
        leaf_put_head(&l, &o, t.peer, t.epoch);
        out_str(&o, "ticket", text);
        out_str(&o, "short_identity", k.identity);
        leaf_put_end(&l, &o);
    }
    wick_wipe(&t, sizeof t);
    wick_wipe(&k, sizeof k);
    return code;
}

static int show_upload(wick_span body, const uint8_t id[32])
{
    return leaf_show_upload(&l, body, id);
}

static int show_proof(wick_span body, const uint8_t id[32])
{
    wick_leaf_head h;
    out_rec o;
    wick_status s = wick_leaf_head_read(&h, body, id, 0);
    if (s != WICK_OK) {
        return leaf_failed(&l, s, "proof");
    }
    int code = l.out_file != NULL ? leaf_write_file(&l, h.rest.ptr, h.rest.len, false) : CLI_OK;
    if (code == CLI_OK) {
        leaf_put_head(&l, &o, h.peer, h.epoch);
        out_u64(&o, "bundle_bytes", h.rest.len);
        leaf_put_end(&l, &o);
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
        return leaf_failed(&l, s, "send");
    }
    size_t n = 0;
    for (; n < h.rest.len && n < sizeof text - 1; n++) {
        text[n] = h.rest.ptr[n] >= 0x20 && h.rest.ptr[n] < 0x7f ? (char)h.rest.ptr[n] : '.';
    }
    text[n] = '\0';
    leaf_put_head(&l, &o, h.peer, h.epoch);
    out_u64(&o, "answer_bytes", h.rest.len);
    out_str(&o, "answer", text);
    leaf_put_end(&l, &o);
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
                                            {"bits", required_argument, NULL, 'b'},
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
        } else if (got == 'b') {
            l.small_key = strcmp(optarg, "128") == 0;
            if (!l.small_key && strcmp(optarg, "256") != 0) {
                return cli_usage(c, "--bits takes 128 or 256");
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
    l.until_ms = code == CLI_OK ? leaf_now(&l) + timeout_s * 1000u : 0;
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

static int show_release(wick_span body, const uint8_t id[32])
{
    wick_leaf_release r;
    out_rec o;
    wick_status s = wick_leaf_release_read(&r, body, id);
    if (s != WICK_OK) {
        return leaf_failed(&l, s, "release");
    }
    out_begin(&o, stdout, l.c->json);
    out_hex(&o, "product", r.release.product, 32);
    out_u64(&o, "version", r.release.version);
    out_u64(&o, "counter", r.release.counter);
    out_hex(&o, "manifest", r.release.manifest, 32);
    out_u64(&o, "approvals", r.release.approvals);
    out_u64(&o, "threshold", r.release.threshold);
    out_bool(&o, "revoked", (r.release.flags & WICK_RELEASE_REVOKED) != 0);
    out_u64(&o, "active_from", r.release.active_from);
    out_u64(&o, "seen_at", r.release.seen_at);
    out_str(&o, "tier", wick_tier_str((wick_tier)r.tier));
    leaf_put_end(&l, &o);
    return CLI_OK;
}

typedef int show(wick_span body, const uint8_t id[32]);

static int run(cli *c, int argc, char **argv, uint8_t method, const char *path, show *print)
{
    wick_coap_call call;
    wick_peer_ref ref;
    char query[256];
    uint8_t id[32];
    int code = parse_options(c, argc, argv, "one name: of a peer, NAME[/SERVICE][@REGISTRY], or of a product");
    if (code >= 0) {
        return code;
    }
    const char *peer = argv[optind];
    if (print == show_upload && (l.via == NULL) == (l.audience.port == 0)) {
        leaf_finish(&l);
        return cli_usage(c, "--to ADDR:PORT or --via GATEWAY/SERVICE");
    }
    l.begin_us = cli_now_us();
    wick_status s = wick_peer_ref_parse(&ref, peer, strlen(peer));
    s = s == WICK_OK ? wick_name_hash(id, ref.name) : s;
    (void)snprintf(query, sizeof query, "%s=%.191s", print == show_release ? "product" : "peer",
                   peer);
    memset(&call, 0, sizeof call);
    call.method = method;
    call.path = path;
    call.query = query;
    if (method == WICK_COAP_POST) {
        call.payload = wick_span_text(l.data != NULL ? l.data : "hello");
    }
    s = s == WICK_OK ? load_key() : s;
    s = s == WICK_OK ? leaf_connect(&l) : s;
    s = s == WICK_OK ? leaf_fetch(&l, &call) : s;
    code = s == WICK_OK ? print(wick_span_make(l.body, l.body_len), id) : leaf_failed(&l, s, peer);
    leaf_finish(&l);
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

int cmd_leaf_release(cli *c, int argc, char **argv)
{
    return run(c, argc, argv, WICK_COAP_GET, "dpk/release", show_release);
}

/* A block of firmware from the gateway, held against its CID. */
int cmd_leaf_block(cli *c, int argc, char **argv)
{
    static uint8_t bytes[WICK_UNIXFS_BLOCK_MAX];
    char query[WICK_CID_STR_BYTES + 8] = "", text[WICK_CID_STR_BYTES] = "";
    uint8_t digest[32];
    wick_buf out = wick_buf_make(bytes, sizeof bytes);
    wick_coap_call call;
    wick_cid cid;
    int code = parse_options(c, argc, argv, "one CID");
    if (code >= 0) {
        return code;
    }
    if (l.out_file == NULL) {
        leaf_finish(&l);
        return cli_usage(c, "-o FILE");
    }
    l.begin_us = cli_now_us();
    wick_status s = wick_cid_parse(&cid, argv[optind], strlen(argv[optind]));
    if (s == WICK_OK) {
        wick_cid_str(text, &cid);
        (void)snprintf(query, sizeof query, "cid=%s", text);
    }
    memset(&call, 0, sizeof call);
    call.method = WICK_COAP_GET;
    call.path = "dpk/block";
    call.query = query;
    s = s == WICK_OK ? load_key() : s;
    s = s == WICK_OK ? leaf_connect(&l) : s;
    s = s == WICK_OK ? leaf_fetch_into(&l, &call, &out) : s;
    s = s == WICK_OK ? dag_sha256(&l.h.crypto, digest, wick_buf_span(&out)) : s;
    s = s == WICK_OK && memcmp(digest, cid.digest, sizeof digest) != 0 ? WICK_E_FW_DIGEST : s;
    code = s == WICK_OK ? leaf_write_file(&l, out.ptr, out.len, false)
                        : leaf_failed(&l, s, argv[optind]);
    if (code == CLI_OK) {
        out_rec o;
        out_begin(&o, stdout, c->json);
        out_str(&o, "cid", text);
        out_u64(&o, "content_bytes", out.len);
        leaf_put_end(&l, &o);
    }
    leaf_finish(&l);
    return code;
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
    s = s == WICK_OK ? leaf_connect(&l) : s;
    s = s == WICK_OK ? leaf_fetch(&l, &call) : s;
    s = s == WICK_OK ? wick_leaf_enrolment_read(&e, wick_span_make(l.body, l.body_len)) : s;
    if (s == WICK_OK && l.out_file != NULL) {
        s = !e.changes ? WICK_E_LEAF_REFUSED
                       : wick_leaf_key_next(next, identity, &l.h.crypto,
                                            wick_span_make(l.psk, l.psk_len), mine, &e);
    }
    code = s == WICK_OK ? CLI_OK : leaf_failed(&l, s, "enrol");
    if (code == CLI_OK && l.out_file != NULL) {
        code = leaf_write_file(&l, next, sizeof next, true);
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
        leaf_put_end(&l, &o);
    }
    wick_wipe(next, sizeof next);
    wick_wipe(mine, sizeof mine);
    leaf_finish(&l);
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
