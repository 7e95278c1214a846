/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick release: firmware in the release index. A publisher proposes a manifest, approvers approve
 * the manifest that they have reviewed, any one of them revokes it, roots say who they are. What a
 * command acts on is read and proven before, so a refusal costs nothing.
 */
#include <string.h>

#include "commands.h"
#include "release_view.h"

static sender s;

/* ---- what is sent ---- */

static int call(const char *what, const wick_buf *data)
{
    return sender_call(&s, NULL, what, release_contract(&s), wick_buf_span(data));
}

static int set_roles(const cli *c, const release_args *a, bool is_new)
{
    uint8_t bytes[WICK_CALLDATA_ROLES_MAX];
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    if (wick_product_roles_check(&a->members) != WICK_OK) {
        return cli_usage(c, "a publisher, --approvals of that many --approver, and --roots, two at "
                            "least, of that many --root; each address has one role");
    }
    if (is_new) {
        wick_calldata_product_create(&b, a->product, &a->members);
    } else {
        wick_calldata_product_set_roles(&b, a->product, &a->members);
    }
    int code = release_begin(&s, c);
    code = code == CLI_OK ? call(is_new ? "create" : "roles", &b) : code;
    return code == CLI_OK && !s.dry_run ? release_list(&s, a) : code;
}

static int publish(const cli *c, const release_args *a)
{
    uint8_t bytes[WICK_CALLDATA_MAX];
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    release_product p;
    wick_release r;
    int code = release_begin(&s, c);
    code = code == CLI_OK ? release_of_manifest(&s, &r, a) : code;
    if (code == CLI_OK) {
        wick_calldata_release_publish(&b, &r);
        code = call("publish", &b);
    }
    code = code == CLI_OK && !s.dry_run ? release_read_product(&s, &p, a) : code;
    for (uint32_t i = code == CLI_OK && !s.dry_run ? p.product.count : 0; i > 0; i--) {
        wick_release found;
        code = release_read_at(&s, &found, a, i - 1);
        if (code != CLI_OK || memcmp(found.manifest, r.manifest, sizeof r.manifest) == 0) {
            if (code == CLI_OK) {
                release_put(&s, &found, &p);
            }
            break;
        }
    }
    return code;
}

static int approve(const cli *c, const release_args *a)
{
    uint8_t bytes[WICK_CALLDATA_MAX];
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    wick_release r, reviewed;
    int code = release_begin(&s, c);
    code = code == CLI_OK ? release_reviewed(&s, &reviewed, a) : code;
    code = code == CLI_OK ? release_read_at(&s, &r, a, (uint32_t)a->index) : code;
    code = code == CLI_OK ? release_compare(c, &reviewed, &r) : code;
    if (code != CLI_OK) {
        return code;
    }
    wick_calldata_release_approve(&b, &reviewed);
    code = call("approve", &b);
    return code == CLI_OK && !s.dry_run ? release_show(&s, a) : code;
}

/* ---- commands ---- */

static int done(int code)
{
    sender_close(&s);
    return code < 0 ? CLI_OK : code;
}

int cmd_release_list(cli *c, int argc, char **argv)
{
    release_args a;
    s.no_key = true;
    int code = release_take(c, &s, &a, argc, argv, 0, 0, "one product");
    code = code == CLI_OK ? release_begin(&s, c) : code;
    return done(code == CLI_OK ? release_list(&s, &a) : code);
}

int cmd_release_create(cli *c, int argc, char **argv)
{
    release_args a;
    int code = release_take(c, &s, &a, argc, argv, 0, 0, "one product");
    return done(code == CLI_OK ? set_roles(c, &a, true) : code);
}

int cmd_release_roles(cli *c, int argc, char **argv)
{
    release_args a;
    int code = release_take(c, &s, &a, argc, argv, 0, 0, "one product");
    return done(code == CLI_OK ? set_roles(c, &a, false) : code);
}

int cmd_release_publish(cli *c, int argc, char **argv)
{
    release_args a;
    int code = release_take(c, &s, &a, argc, argv, 1, 1, "a product and the file of a manifest");
    if (code == CLI_OK) {
        a.manifest = argv[optind + 1];
        code = publish(c, &a);
    }
    return done(code);
}

int cmd_release_approve(cli *c, int argc, char **argv)
{
    release_args a;
    int code = release_take_reviewed(c, &s, &a, argc, argv);
    return done(code == CLI_OK ? approve(c, &a) : code);
}

int cmd_release_revoke(cli *c, int argc, char **argv)
{
    release_args a;
    uint8_t bytes[WICK_CALLDATA_MAX];
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    int code = release_take(c, &s, &a, argc, argv, 1, 1, "a product and an index");
    code = code == CLI_OK ? release_take_index(c, &a, argv[optind + 1]) : code;
    code = code == CLI_OK ? release_begin(&s, c) : code;
    if (code == CLI_OK) {
        wick_calldata_release_revoke(&b, a.product, (uint32_t)a.index);
        code = call("revoke", &b);
    }
    return done(code == CLI_OK && !s.dry_run ? release_list(&s, &a) : code);
}

int cmd_release_allow(cli *c, int argc, char **argv)
{
    release_args a;
    uint8_t bytes[WICK_CALLDATA_MAX], device[32];
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    int code = release_take(c, &s, &a, argc, argv, 1, 1, "a product and the name of a device");
    if (code == CLI_OK) {
        wick_status st = wick_name_hash(device, wick_span_text(argv[optind + 1]));
        code = st == WICK_OK ? release_begin(&s, c) : cli_fail(c, st, "device '%s'", argv[optind + 1]);
    }
    if (code == CLI_OK) {
        wick_calldata_product_allow(&b, a.product, device, !a.no);
        code = call(a.no ? "deny" : "allow", &b);
    }
    return done(code);
}
