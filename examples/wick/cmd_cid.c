/* SPDX-License-Identifier: Apache-2.0 */
/* wick cid add, wick cid verify: content identifiers of files, and files by their content identifiers. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "block_source.h"
#include "commands.h"
#include "dag.h"
#include "host.h"
#include "link.h"
#include "out.h"

typedef struct layout {
    dag_options options;
    bool given; /* an option about it was */
} layout;

#define LAYOUT_OPTIONS                                                                             \
    {"profile", required_argument, NULL, 'p'}, {"chunk", required_argument, NULL, 'k'},            \
        {"links", required_argument, NULL, 'l'}, {"cid-version", required_argument, NULL, 'V'},    \
        {"raw-leaves", required_argument, NULL, 'r'}

/* @return CLI_OK, or the exit code after the error was printed */
static int layout_option(cli *c, layout *l, int option)
{
    uint64_t n;
    l->given = true;
    switch (option) {
    case 'p':
        for (size_t i = 0; i < sizeof dag_profiles / sizeof *dag_profiles; i++) {
            if (strcmp(optarg, dag_profiles[i].name) == 0) {
                l->options = dag_profiles[i].options;
                return CLI_OK;
            }
        }
        return cli_usage(c, "no such profile: unixfs-v1-2025, unixfs-v0-2015, kubo-v1");
    case 'k':
        if (cli_u64_arg(&n, optarg, WICK_UNIXFS_BLOCK_MAX) != WICK_OK || n == 0) {
            return cli_usage(c, "--chunk: bytes, 1..%u", WICK_UNIXFS_BLOCK_MAX);
        }
        l->options.chunk = (uint32_t)n;
        return CLI_OK;
    case 'l':
        if (cli_u64_arg(&n, optarg, 65536) != WICK_OK || n < 2) {
            return cli_usage(c, "--links: children of a node, 2..65536");
        }
        l->options.links = (uint32_t)n;
        return CLI_OK;
    case 'V':
        if (cli_u64_arg(&n, optarg, 1) != WICK_OK) {
            return cli_usage(c, "--cid-version: 0 or 1");
        }
        l->options.version = (uint8_t)n;
        return CLI_OK;
    default:
        if (strcmp(optarg, "yes") != 0 && strcmp(optarg, "no") != 0) {
            return cli_usage(c, "--raw-leaves: yes or no");
        }
        l->options.raw_leaves = optarg[0] == 'y';
        return CLI_OK;
    }
}

/* A whole file, not copied: images may be large. An empty one has ptr NULL. */
static wick_status map_file(wick_span *out, const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    *out = wick_span_make(NULL, 0);
    if (fd < 0) {
        return errno == ENOENT ? WICK_E_NOT_FOUND : WICK_E_HAL;
    }
    wick_status s = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? WICK_OK : WICK_E_HAL;
    if (s == WICK_OK && st.st_size >= (off_t)WICK_UNIXFS_SIZE_ANY) {
        s = WICK_E_FW_SIZE;
    }
    if (s == WICK_OK && st.st_size > 0) {
        void *at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (at == MAP_FAILED) {
            s = WICK_E_HAL;
        } else {
            *out = wick_span_make((const uint8_t *)at, (size_t)st.st_size);
        }
    }
    (void)close(fd);
    return s;
}

static void unmap(wick_span file)
{
    if (file.ptr != NULL) {
        (void)munmap((void *)(uintptr_t)file.ptr, file.len);
    }
}

static void put_cid(out_rec *o, const char *key, const wick_cid *cid)
{
    char text[WICK_CID_STR_BYTES];
    wick_cid_str(text, cid);
    out_str(o, key, text);
}

/* ---- add ---- */

static wick_status write_car(const dag *d, const char *path)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        return WICK_E_HAL;
    }
    wick_status s = dag_write_car(d, file);
    if (fclose(file) != 0 && s == WICK_OK) {
        s = WICK_E_HAL;
    }
    return s;
}

/* What a device needs for it: the largest block to fetch, and the room for lists. */
static void put_dag(out_rec *o, const dag *d, wick_span file)
{
    size_t largest = 0, links = 0, unique = 0;
    for (size_t i = 0; i < d->count; i++) {
        const dag_block *b = &d->block[i];
        largest = b->bytes.len > largest ? b->bytes.len : largest;
        links = b->count > links ? b->count : links;
        unique += b->again ? 0 : 1;
    }
    put_cid(o, "cid", &d->block[d->root].cid);
    out_u64(o, "bytes", file.len);
    out_u64(o, "blocks", unique);
    out_u64(o, "levels", dag_levels(d));
    out_u64(o, "largest_block", largest);
    out_u64(o, "overhead", d->block[d->root].tree_bytes - file.len);
    out_u64(o, "list_bytes", links * (WICK_UNIXFS_LINK_BYTES + WICK_UNIXFS_SIZE_BYTES));
    out_bool(o, "fits_device", dag_levels(d) <= WICK_UNIXFS_LEVELS);
}

int cmd_cid_add(cli *c, int argc, char **argv)
{
    static const struct option options[] = {{"car", required_argument, NULL, 'c'}, LAYOUT_OPTIONS,
                                            CLI_COMMON_OPTIONS};
    static host h;
    layout l = {dag_profiles[0].options, false};
    const char *car = NULL;
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        int code = CLI_OK;
        if (got == CLI_OPT_HELP || got == '?') {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
        if (got == 'c') {
            car = optarg;
        } else if ((code = layout_option(c, &l, got)) != CLI_OK) {
            return code;
        }
    }
    if (argc - optind != 1) {
        return cli_usage(c, "one file");
    }
    int code = host_open_hal(&h, c);
    if (code != CLI_OK) {
        return code;
    }
    dag d;
    wick_span file;
    memset(&d, 0, sizeof d);
    const char *path = argv[optind];
    wick_status s = map_file(&file, path);
    if (s == WICK_OK) {
        s = dag_make(&d, &h.crypto, file, &l.options);
    }
    uint8_t sha256[32];
    if (s == WICK_OK) {
        s = dag_sha256(&h.crypto, sha256, file);
    }
    if (s == WICK_OK && car != NULL) {
        path = car;
        s = write_car(&d, car);
    }
    if (s == WICK_OK) {
        out_rec o;
        out_begin(&o, stdout, c->json);
        put_dag(&o, &d, file);
        out_hex(&o, "sha256", sha256, 32);
        out_end(&o);
    }
    dag_free(&d);
    unmap(file);
    host_close(&h);
    return s == WICK_OK ? CLI_OK : cli_fail(c, s, "%s", path);
}

/* ---- verify ---- */

typedef struct verify {
    const cli *c;
    layout layout;
    wick_cid cid;
    const char *file, *car, *out;
    wick_fetch_source from[WICK_FETCH_SOURCES_MAX];
    size_t sources;
    uint32_t idle_ms;
    const char *ca_file;
    uint8_t pin[32];
    bool pinned;
} verify;

static void bad_answer(void *ctx, unsigned source, const wick_cid *cid, wick_status why)
{
    const verify *v = (const verify *)ctx;
    out_rec o;
    out_begin_step(&o, stdout, v->c->json, "refused");
    out_str(&o, "source", v->from[source].url);
    put_cid(&o, "cid", cid);
    out_str(&o, "code", wick_status_str(why));
    out_end(&o);
}

static int put_walk(const cli *c, const verify *v, const block_walk *w, wick_status s)
{
    if (s != WICK_OK) {
        return cli_fail(c, s, "%s", v->car != NULL ? v->car : "no source has it");
    }
    out_rec o;
    out_begin(&o, stdout, c->json);
    put_cid(&o, "cid", &v->cid);
    out_u64(&o, "bytes", w->size);
    out_u64(&o, "blocks", w->blocks);
    out_u64(&o, "refused", w->refused);
    out_hex(&o, "sha256", w->sha256, 32);
    out_end(&o);
    return CLI_OK;
}

/* A file has no CID of its own: it is added again, with the layout given. */
static int verify_file(cli *c, const verify *v, const host *h)
{
    dag d;
    wick_span file;
    dag_options options = v->layout.options;
    if (!v->layout.given && v->cid.codec == WICK_CID_RAW) {
        options.chunk = WICK_UNIXFS_BLOCK_MAX; /* one block is all that there can be */
    }
    memset(&d, 0, sizeof d);
    wick_status s = map_file(&file, v->file);
    if (s == WICK_OK) {
        s = dag_make(&d, &h->crypto, file, &options);
    }
    int code = CLI_OK;
    if (s == WICK_OK && !wick_cid_same_block(&d.block[d.root].cid, &v->cid)) {
        char text[WICK_CID_STR_BYTES];
        wick_cid_str(text, &d.block[d.root].cid);
        code = cli_fail_remedy(c, WICK_E_FW_DIGEST, "name the layout by which the CID was made",
                               "%s: with this layout its CID is %s", v->file, text);
    } else if (s == WICK_OK) {
        out_rec o;
        out_begin(&o, stdout, c->json);
        put_dag(&o, &d, file);
        out_end(&o);
    }
    dag_free(&d);
    unmap(file);
    return s == WICK_OK ? code : cli_fail(c, s, "%s", v->file);
}

static wick_status walk_fetch(verify *v, block_walk *w, host *h)
{
    static wick_fetch fetch;
    wick_https_trust trust;
    memset(&trust, 0, sizeof trust);
    link_trust_of(&trust, h, v->ca_file != NULL ? v->ca_file : "", v->pinned ? v->pin : NULL);
    for (size_t i = 0; i < v->sources; i++) {
        v->from[i].trust = &trust;
    }
    wick_fetch_config cfg = {&h->net, v->from, v->sources, v->idle_ms, 0};
    wick_status s = wick_fetch_init(&fetch, &cfg);
    s = s == WICK_OK ? block_walk_fetch(w, &v->cid, &fetch, &h->linux_net) : s;
    wick_fetch_cancel(&fetch);
    return s;
}

static bool open_part(FILE **file, char *part, size_t size, const char *path)
{
    int n = snprintf(part, size, "%s.part-%ld", path, (long)getpid());
    if (n < 0 || (size_t)n >= size) {
        return false;
    }
    int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    *file = fd < 0 ? NULL : fdopen(fd, "wb");
    if (*file == NULL && fd >= 0) {
        (void)close(fd);
    }
    return *file != NULL;
}

static int run_verify(cli *c, verify *v, host *h)
{
    static block_walk w;
    wick_span car;
    wick_status s = WICK_OK;
    if (v->file != NULL) {
        return verify_file(c, v, h);
    }
    memset(&w, 0, sizeof w);
    w.crypto = &h->crypto;
    w.bad = bad_answer;
    w.ctx = v;
    /* Beside the file of that name, which stays what it is until all of the new one is verified. */
    char part[PATH_MAX];
    if (v->out != NULL && !open_part(&w.out, part, sizeof part, v->out)) {
        return cli_fail(c, WICK_E_HAL, "%s", v->out);
    }
    if (v->car != NULL) {
        s = map_file(&car, v->car);
        s = s == WICK_OK ? block_walk_car(&w, &v->cid, car) : s;
        unmap(car);
    } else {
        s = walk_fetch(v, &w, h);
    }
    if (w.out != NULL) {
        bool kept = fflush(w.out) == 0 && fsync(fileno(w.out)) == 0;
        kept = fclose(w.out) == 0 && kept;
        if (s == WICK_OK && !(kept && rename(part, v->out) == 0)) {
            s = WICK_E_HAL;
        }
        if (s != WICK_OK) {
            (void)unlink(part); /* half a file is none */
        }
    }
    return put_walk(c, v, &w, s);
}

static int verify_option(cli *c, verify *v, int option)
{
    uint64_t seconds;
    switch (option) {
    case 'f':
        v->file = optarg;
        return CLI_OK;
    case 'c':
        v->car = optarg;
        return CLI_OK;
    case 'o':
        v->out = optarg;
        return CLI_OK;
    case 'u':
        if (v->sources == WICK_FETCH_SOURCES_MAX) {
            return cli_usage(c, "--from: %d at most", WICK_FETCH_SOURCES_MAX);
        }
        v->from[v->sources].url = optarg;
        v->from[v->sources++].kind = WICK_FETCH_GATEWAY;
        return CLI_OK;
    case 't':
        if (cli_u64_arg(&seconds, optarg, 3600) != WICK_OK || seconds == 0) {
            return cli_usage(c, "--timeout: seconds, 1..3600");
        }
        v->idle_ms = (uint32_t)seconds * 1000;
        return CLI_OK;
    case 'a':
        v->ca_file = optarg;
        return CLI_OK;
    case 'P':
        v->pinned = cli_hex_arg(v->pin, 32, optarg) == WICK_OK;
        return v->pinned ? CLI_OK : cli_usage(c, "--pin: SHA-256 of the server's key, 32 bytes");
    default:
        return layout_option(c, &v->layout, option);
    }
}

int cmd_cid_verify(cli *c, int argc, char **argv)
{
    static const struct option options[] = {
        {"file", required_argument, NULL, 'f'},    {"car", required_argument, NULL, 'c'},
        {"from", required_argument, NULL, 'u'},    {"output", required_argument, NULL, 'o'},
        {"timeout", required_argument, NULL, 't'}, {"ca-file", required_argument, NULL, 'a'},
        {"pin", required_argument, NULL, 'P'},     LAYOUT_OPTIONS,
        CLI_COMMON_OPTIONS};
    static host h;
    static verify v;
    memset(&v, 0, sizeof v);
    v.c = c;
    v.layout.options = dag_profiles[0].options;
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        if (got == CLI_OPT_HELP || got == '?') {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
        int code = verify_option(c, &v, got);
        if (code != CLI_OK) {
            return code;
        }
    }
    if (argc - optind != 1 || (v.file != NULL) + (v.car != NULL) + (v.sources != 0) != 1) {
        return cli_usage(c, "one CID, and one of --file, --car and --from");
    }
    if (v.file != NULL && v.out != NULL) {
        return cli_usage(c, "--output: what comes from a CAR file or a gateway");
    }
    wick_status s = wick_cid_parse(&v.cid, argv[optind], strlen(argv[optind]));
    if (s != WICK_OK) {
        return cli_fail(c, s, "CID");
    }
    int code = host_open_hal(&h, c);
    if (code != CLI_OK) {
        return code;
    }
    code = run_verify(c, &v, &h);
    host_close(&h);
    return code;
}
