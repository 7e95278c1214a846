/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick release new: the manifest of a release (wick/manifest.h) from the image, and patches from
 * older ones. Nothing is sent and no key is needed: who publishes and who approves may make it
 * again and compare.
 */
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "dag.h"
#include "host.h"
#include "out.h"
#include "wick/delta.h"
#include "wick/manifest.h"
#include "wick/record.h"
#include "wick/unixfs.h"

static host h;

typedef struct making {
    wick_manifest m;
    const char *out, *vendor, *class_id, *cid;
    const char *patch[WICK_MANIFEST_DELTAS_MAX];
    size_t patches;
    bool has_version, has_counter;
} making;

typedef struct file {
    uint8_t *bytes;
    size_t len;
} file;

static int load(const cli *c, file *f, const char *path)
{
    memset(f, 0, sizeof *f);
    wick_status s = cli_read_file(&f->bytes, &f->len, path);
    s = s == WICK_OK && (f->len == 0 || f->len >= WICK_UNIXFS_SIZE_ANY) ? WICK_E_FW_SIZE : s;
    return s == WICK_OK ? CLI_OK : cli_fail(c, s, "%s", path);
}

/* The CID of a file is that of the DAG which importers make of it by default, `wick cid add` as
 * well; the one of another layout is given. */
static wick_status describe(wick_manifest_content *to, const file *f, const char *cid)
{
    wick_span bytes = wick_span_make(f->bytes, f->len);
    dag d;
    to->size = (uint32_t)f->len;
    wick_status s = dag_sha256(&h.crypto, to->sha256, bytes);
    if (s != WICK_OK || cid != NULL) {
        return s != WICK_OK ? s : wick_cid_parse(&to->cid, cid, strlen(cid));
    }
    s = dag_make(&d, &h.crypto, bytes, &dag_profiles[0].options);
    if (s == WICK_OK) {
        to->cid = d.block[d.root].cid;
    }
    dag_free(&d);
    return s;
}

static int add_image(const cli *c, making *k, const char *path)
{
    file image;
    int code = load(c, &image, path);
    if (code != CLI_OK) {
        return code;
    }
    wick_status s = describe(&k->m.payload, &image, k->cid);
    free(image.bytes);
    return s == WICK_OK ? CLI_OK : cli_fail(c, s, "%s", path);
}

/* BASE=PATCH, or =PATCH of a packed whole image: what the patch says of itself is taken from its head. */
static int add_patch(const cli *c, making *k, const char *both)
{
    char base_path[CONF_TEXT_MAX];
    const char *mid = strchr(both, '=');
    size_t len = mid == NULL ? 0 : (size_t)(mid - both);
    if (mid == NULL || len >= sizeof base_path) {
        return cli_usage(c, "--patch takes BASE=PATCH, two files, or =PATCH for a packed whole image");
    }
    memcpy(base_path, both, len);
    base_path[len] = '\0';
    file base = {0}, patch;
    int code = len == 0 ? CLI_OK : load(c, &base, base_path);
    if (code != CLI_OK) {
        return code;
    }
    code = load(c, &patch, mid + 1);
    if (code != CLI_OK) {
        free(base.bytes);
        return code;
    }
    wick_manifest_delta *d = &k->m.delta[k->m.deltas];
    wick_delta_info info;
    size_t head = patch.len < WICK_DELTA_HEADER_MAX ? patch.len : WICK_DELTA_HEADER_MAX;
    wick_status s = wick_delta_peek(&info, wick_span_make(patch.bytes, head));
    s = s == WICK_OK ? describe(&d->patch, &patch, NULL) : s;
    if (s == WICK_OK && len != 0) {
        s = dag_sha256(&h.crypto, d->base, wick_span_make(base.bytes, base.len));
    }
    if (s == WICK_OK && info.new_bytes != k->m.payload.size) {
        s = WICK_E_FW_SIZE;
    }
    if (s == WICK_OK) {
        d->base_size = (uint32_t)base.len;
        bool packed = info.packing == WICK_DELTA_LZMA;
        d->format = packed ? WICK_PATCH_DETOOLS_LZMA : WICK_PATCH_DETOOLS_NONE;
        if (info.segment_bytes != 0) {
            d->format = packed ? WICK_PATCH_IN_PLACE_LZMA : WICK_PATCH_IN_PLACE_NONE;
        }
        d->dict = info.window_bytes;
        memcpy(d->target, k->m.payload.sha256, sizeof d->target);
        k->m.deltas++;
    }
    free(base.bytes);
    free(patch.bytes);
    return s == WICK_OK ? CLI_OK : cli_fail(c, s, "%s", both);
}

static int set_uuid(const cli *c, uint8_t out[16], const char *text, const uint8_t *configured,
                    const char *what)
{
    if (text == NULL && configured == NULL) {
        return cli_usage(c, "--%s UUID, here or in [product.NAME]", what);
    }
    if (text == NULL) {
        memcpy(out, configured, 16);
        return CLI_OK;
    }
    return conf_uuid(out, text) ? CLI_OK : cli_usage(c, "--%s takes a UUID", what);
}

static int finish(const cli *c, making *k, const char *name)
{
    uint8_t bytes[WICK_MANIFEST_MAX], digest[32];
    char text[WICK_CID_STR_BYTES];
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    wick_status s = wick_manifest_encode(&b, &k->m);
    s = s == WICK_OK ? dag_sha256(&h.crypto, digest, wick_buf_span(&b)) : s;
    s = s == WICK_OK ? cli_write_file(k->out, b.ptr, b.len) : s;
    if (s != WICK_OK) {
        return cli_fail(c, s, "%s", k->out);
    }
    const wick_cid own = {.version = 1, .codec = WICK_CID_RAW};
    wick_cid cid = own;
    memcpy(cid.digest, digest, sizeof cid.digest);
    out_rec o;
    out_begin(&o, strcmp(k->out, "-") == 0 ? stderr : stdout, c->json);
    out_str(&o, "product", name);
    out_u64(&o, "version", k->m.version);
    out_u64(&o, "counter", k->m.counter);
    out_hex(&o, "digest", digest, sizeof digest);
    out_u64(&o, "manifest_bytes", b.len);
    wick_cid_str(text, &cid);
    out_str(&o, "manifest_cid", text);
    wick_cid_str(text, &k->m.payload.cid);
    out_str(&o, "image_cid", text);
    out_u64(&o, "image_bytes", k->m.payload.size);
    out_u64(&o, "patches", k->m.deltas);
    out_end(&o);
    return CLI_OK;
}

static int make(const cli *c, making *k, const char *name, const char *image)
{
    wick_status s = wick_name_hash(k->m.product, wick_span_text(name));
    int code = s == WICK_OK ? host_open_hal(&h, c) : cli_fail(c, s, "product '%s'", name);
    const conf_product *p = NULL;
    conf_error e;
    if (code == CLI_OK && (k->vendor == NULL || k->class_id == NULL)) {
        /* What is not given is in wick.conf, which is not needed otherwise. */
        if (conf_load(&h.conf, &e, c->config) != WICK_OK) {
            return cli_fail(c, WICK_E_CONFIG, "%s", e.text);
        }
        p = conf_find_product(&h.conf, name);
    }
    const uint8_t *vendor = p != NULL && conf_has(&h.conf, &p->s, "vendor") ? p->vendor : NULL;
    const uint8_t *class_id =
        p != NULL && conf_has(&h.conf, &p->s, "class_id") ? p->class_id : NULL;
    code = code == CLI_OK ? set_uuid(c, k->m.vendor, k->vendor, vendor, "vendor") : code;
    code = code == CLI_OK ? set_uuid(c, k->m.class_id, k->class_id, class_id, "class") : code;
    code = code == CLI_OK ? add_image(c, k, image) : code;
    for (size_t i = 0; i < k->patches && code == CLI_OK; i++) {
        code = add_patch(c, k, k->patch[i]);
    }
    return code == CLI_OK ? finish(c, k, name) : code;
}

/* @return CLI_OK, or what the command returns */
static int take_number(cli *c, uint64_t *out, uint64_t max)
{
    return cli_u64_arg(out, optarg, max) == WICK_OK
               ? CLI_OK
               : cli_usage(c, "'%s' is not a number that fits", optarg);
}

static int take_list(cli *c, making *k, int got)
{
    if (got == 'p' && k->patches < WICK_MANIFEST_DELTAS_MAX) {
        k->patch[k->patches++] = optarg;
        return CLI_OK;
    }
    if (got == 'm' && k->m.mirrors < WICK_MANIFEST_MIRRORS_MAX &&
        strlen(optarg) <= WICK_MANIFEST_URI_MAX) {
        k->m.mirror[k->m.mirrors++] = wick_span_text(optarg);
        return CLI_OK;
    }
    return cli_usage(c, "'%s': too many of these, or too long", optarg);
}

static int take_option(cli *c, making *k, int got)
{
    uint64_t n = 0;
    int code = CLI_OK;
    switch (got) {
    case 'V':
        k->has_version = true;
        return take_number(c, &k->m.version, INT64_MAX);
    case 'C':
        k->has_counter = true;
        code = take_number(c, &n, UINT32_MAX);
        k->m.counter = (uint32_t)n;
        return code;
    case 'n':
        code = take_number(c, &n, UINT8_MAX);
        k->m.component = (uint8_t)n;
        return code;
    case 't':
        code = take_number(c, &n, UINT8_MAX);
        k->m.trial_boots = (uint8_t)n;
        return code;
    case 's':
        code = take_number(c, &n, UINT32_MAX);
        k->m.confirm_s = (uint32_t)n;
        return code;
    case 'e':
        return take_number(c, &k->m.expires, INT64_MAX);
    case 'o':
        k->out = optarg;
        return CLI_OK;
    case 'w':
        k->vendor = optarg;
        return CLI_OK;
    case 'c':
        k->class_id = optarg;
        return CLI_OK;
    case 'i':
        k->cid = optarg;
        return CLI_OK;
    default:
        return take_list(c, k, got);
    }
}

int cmd_release_new(cli *c, int argc, char **argv)
{
    static const struct option all[] = {{"version", required_argument, NULL, 'V'},
                                        {"counter", required_argument, NULL, 'C'},
                                        {"component", required_argument, NULL, 'n'},
                                        {"trial-boots", required_argument, NULL, 't'},
                                        {"confirm", required_argument, NULL, 's'},
                                        {"expires", required_argument, NULL, 'e'},
                                        {"output", required_argument, NULL, 'o'},
                                        {"vendor", required_argument, NULL, 'w'},
                                        {"class", required_argument, NULL, 'c'},
                                        {"cid", required_argument, NULL, 'i'},
                                        {"patch", required_argument, NULL, 'p'},
                                        {"mirror", required_argument, NULL, 'm'},
                                        CLI_COMMON_OPTIONS};
    static making k;
    memset(&k, 0, sizeof k);
    k.m.trial_boots = 1;
    for (int got; (got = cli_getopt(c, argc, argv, all)) != -1;) {
        if (got == CLI_OPT_HELP || got == '?') {
            return got == '?' ? CLI_USAGE : CLI_OK;
        }
        int code = take_option(c, &k, got);
        if (code != CLI_OK) {
            return code;
        }
    }
    if (argc - optind != 2 || !k.has_version || !k.has_counter || k.out == NULL) {
        return cli_usage(c, "a product, its image, --version, --counter and -o FILE");
    }
    int code = make(c, &k, argv[optind], argv[optind + 1]);
    host_close(&h);
    return code;
}
