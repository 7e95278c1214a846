/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick release sign, relay: an approver whose key is on a machine without a network.
 *
 *   approver  wick release sign thermostat 3 manifest --epoch 1 --key approver.key > approval
 *   anybody   wick release relay approval                         sends it, and pays
 *
 * The approver's wick.conf names the chain and the index; no node is asked. Product, index, manifest, what
 * was reviewed of it and the epoch of the members are under the signature, for this index on this chain
 * alone, so nothing in it can be changed on the way, and it counts once.
 */
#include <string.h>

#include "commands.h"
#include "json.h"
#include "release_view.h"

static sender s;

/* An approval as it travels. */
typedef struct approval {
    wick_release reviewed;
    uint32_t epoch;
    wick_registry_domain domain;
    uint8_t approver[20], r[32], vs[32];
} approval;

static int done(int code)
{
    sender_close(&s);
    return code < 0 ? CLI_OK : code;
}

static void digest_of(uint8_t digest[32], const approval *x)
{
    wick_release_approve_digest(digest, &x->domain, &x->reviewed, x->epoch);
}

/* ---- sign ---- */

/* Integers above 2^53 are none in JSON: all are quantities. */
static void put_u64(out_rec *o, const char *key, uint64_t value)
{
    uint8_t bytes[8];
    wick_store_be64(bytes, value);
    out_quantity(o, key, bytes, sizeof bytes);
}

static int sign(const cli *c, const release_args *a)
{
    uint8_t digest[32], sig[64], recid = 0;
    approval x = {.epoch = (uint32_t)a->epoch};
    out_rec o;
    int code = release_begin(&s, c);
    code = code == CLI_OK ? release_reviewed(&s, &x.reviewed, a) : code;
    if (code != CLI_OK) {
        return code;
    }
    x.domain.chain_id = s.domain.chain_id;
    memcpy(x.domain.contract, release_contract(&s), sizeof x.domain.contract);
    digest_of(digest, &x);
    const wick_hal_keystore *k = &s.h.keystore;
    wick_status st = k->secp256k1_sign(k->ctx, sig, &recid, s.key, digest);
    st = st == WICK_OK ? wick_signature_compact(x.r, x.vs, sig, recid) : st;
    if (st != WICK_OK) {
        return cli_fail(c, st, "approval");
    }
    out_begin(&o, stdout, true); /* it is for `release relay` */
    out_str(&o, "product", a->name);
    put_u64(&o, "index", x.reviewed.index);
    put_u64(&o, "version", x.reviewed.version);
    put_u64(&o, "counter", x.reviewed.counter);
    put_u64(&o, "bytes", x.reviewed.manifest_bytes);
    out_bool(&o, "floor", (x.reviewed.flags & WICK_RELEASE_FLOOR) != 0);
    out_hex(&o, "manifest", x.reviewed.manifest, sizeof x.reviewed.manifest);
    put_u64(&o, "epoch", x.epoch);
    put_u64(&o, "chain_id", x.domain.chain_id);
    out_hex(&o, "release_index", x.domain.contract, sizeof x.domain.contract);
    out_hex(&o, "approver", s.address, sizeof s.address);
    out_hex(&o, "r", x.r, sizeof x.r);
    out_hex(&o, "vs", x.vs, sizeof x.vs);
    out_end(&o);
    return CLI_OK;
}

int cmd_release_sign(cli *c, int argc, char **argv)
{
    release_args a;
    s.offline = true;
    int code = release_take_reviewed(c, &s, &a, argc, argv);
    if (code == CLI_OK && !a.has_epoch) {
        code = cli_usage(c, "--epoch: that of the product's members, which `release list` shows");
    }
    return done(code == CLI_OK ? sign(c, &a) : code);
}

/* ---- relay ---- */

static wick_status read_approval(approval *x, release_args *a, const wick_json *root)
{
    struct { const char *name; uint8_t *to; size_t len; } hex[] = {
        {"manifest", x->reviewed.manifest, 32}, {"release_index", x->domain.contract, 20},
        {"approver", x->approver, 20},          {"r", x->r, 32},
        {"vs", x->vs, 32}};
    static const char *const numbers[] = {"index", "version", "counter",
                                          "bytes", "epoch",   "chain_id"};
    static const uint64_t most[] = {UINT32_MAX, UINT64_MAX, UINT32_MAX,
                                    UINT32_MAX, UINT32_MAX, UINT64_MAX};
    uint64_t n[6] = {0};
    wick_status st = WICK_OK;
    for (size_t i = 0; i < sizeof hex / sizeof *hex && st == WICK_OK; i++) {
        st = wick_json_hex(hex[i].to, hex[i].len, wick_json_member(root, hex[i].name));
    }
    for (size_t i = 0; i < 6 && st == WICK_OK; i++) {
        st = wick_json_u64(&n[i], wick_json_member(root, numbers[i]));
        st = st == WICK_OK && n[i] > most[i] ? WICK_E_JSON : st;
    }
    const wick_json *floor = wick_json_member(root, "floor");
    st = st == WICK_OK && wick_json_kind_of(floor) != WICK_JSON_BOOL ? WICK_E_JSON : st;
    a->name = wick_json_text(wick_json_member(root, "product"));
    if (st == WICK_OK && a->name == NULL) {
        st = WICK_E_JSON;
    }
    st = st == WICK_OK ? wick_name_hash(a->product, wick_span_text(a->name)) : st;
    a->index = n[0];
    memcpy(x->reviewed.product, a->product, sizeof x->reviewed.product);
    x->reviewed.index = (uint32_t)n[0];
    x->reviewed.version = n[1];
    x->reviewed.counter = (uint32_t)n[2];
    x->reviewed.manifest_bytes = (uint32_t)n[3];
    x->reviewed.flags = wick_json_is_true(floor) ? WICK_RELEASE_FLOOR : 0;
    x->epoch = (uint32_t)n[4];
    x->domain.chain_id = n[5];
    return st;
}

/* Did he sign it, and for this index? Under other members or another index the contract would see a
 * stranger's signature, and say so. */
static int check(const cli *c, const approval *x, const release_args *a)
{
    uint8_t digest[32], signer[20];
    release_product p;
    if (x->domain.chain_id != s.domain.chain_id ||
        memcmp(x->domain.contract, release_contract(&s), sizeof x->domain.contract) != 0) {
        return cli_fail(c, WICK_E_FW_TARGET, "the approval is for another release index");
    }
    digest_of(digest, x);
    wick_status st = wick_registry_signer(signer, &s.h.crypto, digest, x->r, x->vs);
    if (st == WICK_OK && memcmp(signer, x->approver, sizeof signer) != 0) {
        st = WICK_E_AUTH;
    }
    if (st != WICK_OK) {
        return cli_fail(c, st, "the approval was changed after it was signed");
    }
    int code = release_read_product(&s, &p, a);
    if (code == CLI_OK && p.product.epoch != x->epoch) {
        return cli_fail_remedy(c, WICK_E_RECORD_STALE,
                               "have the release proposed anew, and sign with its epoch",
                               "signed under members of epoch %lu, they are those of %lu now",
                               (unsigned long)x->epoch, (unsigned long)p.product.epoch);
    }
    return code;
}

static int relay(const cli *c, const wick_json *root)
{
    uint8_t bytes[WICK_CALLDATA_MAX];
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    approval x;
    release_args a;
    wick_release proposed;
    memset(&x, 0, sizeof x);
    memset(&a, 0, sizeof a);
    wick_status st = read_approval(&x, &a, root);
    if (st != WICK_OK) {
        return cli_fail(c, st, "approval");
    }
    int code = release_begin(&s, c);
    code = code == CLI_OK ? check(c, &x, &a) : code;
    code = code == CLI_OK ? release_read_at(&s, &proposed, &a, x.reviewed.index) : code;
    code = code == CLI_OK ? release_compare(c, &x.reviewed, &proposed) : code;
    if (code != CLI_OK) {
        return code;
    }
    wick_calldata_release_approve_for(&b, &x.reviewed, x.r, x.vs);
    code = sender_call(&s, NULL, "relay", release_contract(&s), wick_buf_span(&b));
    return code == CLI_OK && !s.dry_run ? release_show(&s, &a) : code;
}

int cmd_release_relay(cli *c, int argc, char **argv)
{
    static const struct option all[] = {SEND_OPTIONS, CLI_COMMON_OPTIONS};
    json_doc d;
    for (int got; (got = cli_getopt(c, argc, argv, all)) != -1;) {
        if (!sender_option(&s, got)) {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
    }
    if (argc - optind != 1) {
        return cli_usage(c, "one approval: a file of `release sign`, or - for standard input");
    }
    wick_status st = json_load(&d, argv[optind]);
    if (st != WICK_OK) {
        return cli_fail(c, st, "%s", argv[optind]);
    }
    int code = relay(c, d.root);
    json_free(&d);
    return done(code);
}
