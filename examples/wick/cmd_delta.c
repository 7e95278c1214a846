/* SPDX-License-Identifier: Apache-2.0 */
/* wick delta: patches from one firmware image to the next (wick/delta.h). */
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "dag.h"
#include "delta_make.h"
#include "out.h"
#include "wick/port/crypto.h"

#define DICTIONARY_MAX (1u << 20)
#define MEMORY_MAX (1u << 30)

typedef struct file {
    uint8_t *bytes;
    size_t len;
} file;

static bool load(const cli *c, file *f, const char *path, int *code)
{
    wick_status s = cli_read_file(&f->bytes, &f->len, path);
    *code = s == WICK_OK ? CLI_OK : cli_fail(c, s, "%s", path);
    return s == WICK_OK;
}

static wick_span span(const file *f)
{
    return wick_span_make(f->bytes, f->len);
}

static wick_status put_digest(out_rec *o, const char *name, wick_span bytes)
{
    wick_hal_crypto crypto;
    uint8_t digest[32];
    wick_status s = wick_crypto_mbedtls_fill(&crypto);
    s = s == WICK_OK ? dag_sha256(&crypto, digest, bytes) : s;
    if (s == WICK_OK) {
        out_hex(o, name, digest, sizeof digest);
    }
    return s;
}

/* What a device must have for it. */
static void put_needs(out_rec *o, const wick_delta_info *info)
{
    out_str(o, "packing", info->packing == WICK_DELTA_LZMA ? "lzma" : "none");
    out_str(o, "kind", info->segment_bytes != 0 ? "in-place" : "sequential");
    out_u64(o, "new_bytes", info->new_bytes);
    out_u64(o, "dictionary_bytes", info->window_bytes);
    out_u64(o, "device_ram_bytes", delta_ram(info));
    if (info->segment_bytes != 0) { /* and one slot with so much memory, in sectors that divide these */
        out_u64(o, "memory_bytes", info->memory_bytes);
        out_u64(o, "segment_bytes", info->segment_bytes);
        out_u64(o, "shift_bytes", info->shift_bytes);
        out_u64(o, "old_bytes", info->old_bytes);
    }
}

/* Cause and remedy of a patch that does not go. */
static int refused(const cli *c, wick_status s, const char *path)
{
    switch ((int)s) {
    case WICK_E_TRUNCATED:
    case WICK_E_TRAILING:
    case WICK_E_MALFORMED:
    case WICK_E_FW_RUN:
        return cli_fail_remedy(c, s, "fetch or make it again", "%s is no whole patch", path);
    case WICK_E_UNSUPPORTED:
        return cli_fail_remedy(c, s,
                               "make it with `wick delta make`, or as detools' sequential or in-place "
                               "patch with compression none or lzma",
                               "%s is a patch of another kind", path);
    default:
        return cli_fail(c, s, "%s", path);
    }
}

/* ---- make ---- */

static int make(const cli *c, const file *old, const file *new, const char *path, const delta_kind *kind)
{
    file patch = {NULL, 0};
    uint8_t *again = NULL;
    delta_tally tally;
    wick_status s = delta_make(&patch.bytes, &patch.len, span(old), span(new), kind);
    if (s == WICK_E_FW_SIZE) {
        return cli_fail_remedy(c, s, "name more memory, if the device has it",
                               "an image has no room in %u bytes", (unsigned)kind->memory);
    }
    if (s != WICK_OK) {
        return cli_fail(c, s, "the patch");
    }
    /* No patch goes out that the device's own decoder has not applied. */
    s = delta_apply(&again, &tally, span(old), span(&patch));
    if (s == WICK_OK && (tally.info.new_bytes != new->len || memcmp(again, new->bytes, new->len) != 0)) {
        s = WICK_E_FW_DIGEST;
    }
    free(again);
    int code = CLI_OK;
    if (s != WICK_OK) {
        code = cli_fail_remedy(c, s, "tell the maintainers, with both images",
                               "the patch does not give the new image");
    } else if ((s = cli_write_file(path, patch.bytes, patch.len)) != WICK_OK) {
        code = cli_fail(c, s, "%s", path);
    } else if (strcmp(path, "-") != 0) {
        out_rec o;
        out_begin(&o, stdout, c->json);
        out_str(&o, "file", path);
        out_u64(&o, "patch_bytes", patch.len);
        put_needs(&o, &tally.info);
        out_u64(&o, "from_old_bytes", tally.from_old);
        s = old->len > 0 ? put_digest(&o, "old_sha256", span(old)) : WICK_OK;
        s = s == WICK_OK ? put_digest(&o, "new_sha256", span(new)) : s;
        s = s == WICK_OK ? put_digest(&o, "patch_sha256", span(&patch)) : s;
        out_end(&o);
        code = s == WICK_OK ? CLI_OK : cli_fail(c, s, "SHA-256");
    }
    free(patch.bytes);
    return code;
}

/* What a device with one slot has: by default a sixteenth more than the larger image. */
static void set_memory(delta_kind *kind, size_t old, size_t new)
{
    size_t larger = old > new ? old : new;
    if (kind->segment != 0 && kind->memory == 0) {
        larger += larger / 16;
        kind->memory = (uint32_t)((larger / kind->segment + 1) * kind->segment);
    }
}

int cmd_delta_make(cli *c, int argc, char **argv)
{
    static const struct option options[] = {{"output", required_argument, NULL, 'o'},
                                            {"dict", required_argument, NULL, 'd'},
                                            {"plain", no_argument, NULL, 'p'},
                                            {"full", no_argument, NULL, 'f'},
                                            {"in-place", no_argument, NULL, 'i'},
                                            {"memory", required_argument, NULL, 'm'},
                                            {"segment", required_argument, NULL, 's'},
                                            CLI_COMMON_OPTIONS};
    const char *path = NULL;
    uint64_t dictionary = WICK_DELTA_DICT_MAX;
    uint64_t memory = 0, segment = 0;
    bool plain = false, full = false, in_place = false;
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        switch (got) {
        case 'o':
            path = optarg;
            break;
        case 'd':
            if (cli_u64_arg(&dictionary, optarg, DICTIONARY_MAX) != WICK_OK || dictionary < 4096) {
                return cli_usage(c, "--dict takes 4096 to %u bytes", DICTIONARY_MAX);
            }
            break;
        case 'p':
            plain = true;
            break;
        case 'f':
            full = true;
            break;
        case 'i':
            in_place = true;
            break;
        case 'm':
            if (cli_u64_arg(&memory, optarg, MEMORY_MAX) != WICK_OK || memory == 0) {
                return cli_usage(c, "--memory takes 1 to %u bytes", MEMORY_MAX);
            }
            break;
        case 's':
            if (cli_u64_arg(&segment, optarg, MEMORY_MAX) != WICK_OK || segment < 256 ||
                (segment & (segment - 1)) != 0) {
                return cli_usage(c, "--segment takes a power of two from 256 on");
            }
            break;
        default:
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
    }
    if (!in_place && (memory != 0 || segment != 0)) {
        return cli_usage(c, "--memory and --segment go with --in-place");
    }
    segment = in_place && segment == 0 ? 4096 : segment;
    if (in_place && memory % segment != 0) {
        return cli_usage(c, "--memory takes whole segments of %u bytes", (unsigned)segment);
    }
    delta_kind kind = {.dictionary = plain ? 0 : (uint32_t)dictionary,
                       .segment = (uint32_t)segment,
                       .memory = (uint32_t)memory};
    int images = full ? 1 : 2;
    if (argc - optind != images || path == NULL) {
        return cli_usage(c, "%s, and -o FILE", full ? "the new image" : "the old and the new image");
    }
    file old = {NULL, 0}, new = {NULL, 0};
    int code = CLI_OK;
    if ((full || load(c, &old, argv[optind], &code)) && load(c, &new, argv[optind + images - 1], &code)) {
        set_memory(&kind, old.len, new.len);
        code = make(c, &old, &new, path, &kind);
    }
    free(old.bytes);
    free(new.bytes);
    return code;
}

/* ---- apply ---- */

int cmd_delta_apply(cli *c, int argc, char **argv)
{
    static const struct option options[] = {{"output", required_argument, NULL, 'o'}, CLI_COMMON_OPTIONS};
    const char *path = NULL;
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        if (got != 'o') {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
        path = optarg;
    }
    if (argc - optind != 2 || path == NULL) {
        return cli_usage(c, "the old image and the patch, and -o FILE");
    }
    file old = {NULL, 0}, patch = {NULL, 0}, new = {NULL, 0};
    int code = CLI_OK;
    if (load(c, &old, argv[optind], &code) && load(c, &patch, argv[optind + 1], &code)) {
        delta_tally tally;
        wick_status s = delta_apply(&new.bytes, &tally, span(&old), span(&patch));
        new.len = tally.info.new_bytes;
        if (s != WICK_OK) {
            code = refused(c, s, argv[optind + 1]);
        } else if ((s = cli_write_file(path, new.bytes, new.len)) != WICK_OK) {
            code = cli_fail(c, s, "%s", path);
        } else if (strcmp(path, "-") != 0) {
            out_rec o;
            out_begin(&o, stdout, c->json);
            out_str(&o, "file", path);
            out_u64(&o, "new_bytes", new.len);
            s = put_digest(&o, "new_sha256", span(&new));
            out_end(&o);
            code = s == WICK_OK ? CLI_OK : cli_fail(c, s, "SHA-256");
        }
    }
    free(old.bytes);
    free(patch.bytes);
    free(new.bytes);
    return code;
}

/* ---- info ---- */

int cmd_delta_info(cli *c, int argc, char **argv)
{
    static const struct option options[] = {CLI_COMMON_OPTIONS};
    int got = cli_getopt(c, argc, argv, options);
    if (got != -1) {
        return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
    }
    if (argc - optind != 1) {
        return cli_usage(c, "one patch");
    }
    file patch = {NULL, 0};
    int code;
    if (!load(c, &patch, argv[optind], &code)) {
        return code;
    }
    delta_tally tally;
    wick_status s = delta_apply(NULL, &tally, wick_span_make(NULL, 0), span(&patch));
    if (s != WICK_OK) {
        code = refused(c, s, argv[optind]);
    } else {
        const wick_delta_info *info = &tally.info;
        out_rec o;
        out_begin(&o, stdout, c->json);
        out_u64(&o, "patch_bytes", patch.len);
        put_needs(&o, info);
        out_bool(&o, "default_build",
                 info->window_bytes <= WICK_DELTA_DICT_MAX && info->probs <= WICK_DELTA_PROBS(0, 0));
        out_u64(&o, "lc", info->lc);
        out_u64(&o, "lp", info->lp);
        out_u64(&o, "pb", info->pb);
        out_u64(&o, "from_old_bytes", tally.from_old);
        out_u64(&o, "old_bytes_min", tally.old_end);
        out_end(&o);
    }
    free(patch.bytes);
    return code;
}
