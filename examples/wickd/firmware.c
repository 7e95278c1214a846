/* SPDX-License-Identifier: Apache-2.0 */
/* Firmware for leaves: firmware.h. */
#include "firmware.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "block_source.h"
#include "dag.h"
#include "link.h"
#include "release_read.h"
#include "sources.h"
#include "wick/unixfs.h"

#define PART "firmware" /* the folder in the store_dir */
#define ROUNDS 2u       /* that each source is asked for a block */
#define IDLE_MS 7000u   /* of a source: three that are silent take less than HELPER_MS */

void firmware_init(firmware *f, const agent *a, wick_leaf_service *service)
{
    memset(f, 0, sizeof *f);
    f->agent = a;
    f->service = service;
}

void firmware_close(firmware *f)
{
    helper_close(&f->helper);
}

/* ---- what is here ---- */

static const conf_product *find_served(const conf *c, const char *name)
{
    const conf_product *x = conf_find_product(c, name);
    return x != NULL && x->leaves ? x : NULL;
}

static bool serves(const conf *c)
{
    for (size_t i = 0; i < CONF_PRODUCTS_MAX; i++) {
        if (c->products[i].s.line != 0 && c->products[i].leaves) {
            return true;
        }
    }
    return false;
}

/* A name of a product has no slash, and is none of "." and "..". */
static bool release_path(char path[HELPER_PATH_BYTES + 64], const char *dir, const char *product)
{
    int n = snprintf(path, HELPER_PATH_BYTES + 64, "%s/%s.release", dir, product);
    return n > 0 && n < HELPER_PATH_BYTES + 64;
}

/* The one form of a CID: no path is hidden in it. */
static bool block_path(char path[HELPER_PATH_BYTES + 64], const char *dir, const wick_cid *cid)
{
    char text[WICK_CID_STR_BYTES];
    wick_cid_str(text, cid);
    int n = snprintf(path, HELPER_PATH_BYTES + 64, "%s/%s", dir, text);
    return n > 0 && n < HELPER_PATH_BYTES + 64;
}

/* As the other process has written it. */
static wick_status load_release(wick_leaf_release *out, const char *dir, const char *product)
{
    char path[HELPER_PATH_BYTES + 64];
    uint8_t bytes[256], id[32];
    FILE *file = release_path(path, dir, product) ? fopen(path, "rbe") : NULL;
    if (file == NULL) {
        return WICK_E_NOT_FOUND;
    }
    size_t len = fread(bytes, 1, sizeof bytes, file);
    (void)fclose(file);
    wick_status s = wick_name_hash(id, wick_span_text(product));
    return s == WICK_OK ? wick_leaf_release_read(out, wick_span_make(bytes, len), id) : s;
}

static wick_status hash_file(const host *h, uint8_t digest[32], int file)
{
    static uint8_t bytes[4096];
    wick_hash_ctx hash;
    uint32_t size = 0;
    ssize_t n = 1;
    wick_status s = h->crypto.hash_begin(h->crypto.ctx, &hash, WICK_HASH_SHA256);
    while (s == WICK_OK && n > 0) {
        n = read(file, bytes, sizeof bytes);
        size += n > 0 ? (uint32_t)n : 0;
        s = n < 0 ? WICK_E_HAL : size > WICK_UNIXFS_BLOCK_MAX ? WICK_E_FW_SIZE : WICK_OK;
        if (s == WICK_OK && n > 0) {
            s = h->crypto.hash_update(h->crypto.ctx, &hash, bytes, (size_t)n);
        }
    }
    return s == WICK_OK ? h->crypto.hash_finish(h->crypto.ctx, &hash, digest) : s;
}

/* A file is served under the CID that its content has, and no other: who puts it there need not be
 * believed. It is hashed when a leaf asks for its first byte, which costs that leaf a token; the rest
 * is of the file that was hashed for this leaf, as long as nobody has touched it. */
static wick_status open_block(firmware *f, const firmware_job *j, const wick_cid *cid,
                              const char *dir, int *file)
{
    firmware_block *b = &f->block[j->leaf];
    char path[HELPER_PATH_BYTES + 64];
    uint8_t digest[32];
    struct stat st;
    *file = block_path(path, dir, cid)
                ? open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
                : -1;
    if (*file < 0 || fstat(*file, &st) != 0 || !S_ISREG(st.st_mode)) {
        return WICK_E_NOT_FOUND;
    }
    if (j->offset != 0) {
        bool same = b->bytes != 0 && wick_cid_same_block(cid, &b->cid) && st.st_dev == b->dev &&
                    st.st_ino == b->ino && st.st_size == (off_t)b->bytes &&
                    st.st_mtim.tv_sec == b->changed.tv_sec &&
                    st.st_mtim.tv_nsec == b->changed.tv_nsec;
        return same ? WICK_OK : WICK_E_NOT_FOUND;
    }
    b->bytes = 0;
    wick_status s = st.st_size > (off_t)WICK_UNIXFS_BLOCK_MAX
                        ? WICK_E_FW_SIZE
                        : hash_file(&f->agent->host, digest, *file);
    s = s == WICK_OK && memcmp(digest, cid->digest, sizeof digest) != 0 ? WICK_E_FW_DIGEST : s;
    if (s == WICK_OK) {
        b->cid = *cid;
        b->bytes = (uint32_t)st.st_size;
        b->dev = st.st_dev;
        b->ino = st.st_ino;
        b->changed = st.st_mtim;
    }
    return s;
}

/* ---- answers ---- */

static void end(firmware *f, firmware_job *j, wick_status s, uint64_t now_ms)
{
    if (s != WICK_OK) {
        wick_status told = wick_leaf_failed(f->service, now_ms, j->ask, s);
        (void)told; /* the leaf may have gone */
        f->failed++;
    }
    j->ask = 0;
}

static wick_status answer_release(firmware *f, const firmware_job *j, uint64_t now_ms)
{
    wick_leaf_release r;
    char dir[HELPER_PATH_BYTES];
    wick_status s = helper_dir(dir, &f->agent->host.conf, PART) ? load_release(&r, dir, j->text)
                                                                : WICK_E_UNSUPPORTED;
    s = s == WICK_OK ? wick_leaf_release_is(f->service, now_ms, j->ask, &r) : s;
    f->releases += s == WICK_OK ? 1u : 0u;
    return s;
}

static wick_status answer_block(firmware *f, const firmware_job *j, uint64_t now_ms)
{
    const conf *c = &f->agent->host.conf;
    const conf_leaf *x = conf_find_leaf(c, "");
    const char *given = x != NULL ? x->block_dir : "";
    char own[HELPER_PATH_BYTES];
    uint8_t piece[1024];
    wick_cid cid;
    int file = -1;
    ssize_t n = 0;
    if (given[0] == '\0' && !serves(c)) {
        return WICK_E_UNSUPPORTED;
    }
    if (wick_cid_parse(&cid, j->text, strlen(j->text)) != WICK_OK) {
        return WICK_E_NOT_FOUND;
    }
    wick_status s = given[0] != '\0' ? open_block(f, j, &cid, given, &file) : WICK_E_NOT_FOUND;
    if (s != WICK_OK && serves(c) && helper_dir(own, c, PART)) {
        if (file >= 0) {
            (void)close(file);
        }
        s = open_block(f, j, &cid, own, &file);
    }
    if (s == WICK_OK) {
        n = pread(file, piece, j->max < sizeof piece ? j->max : sizeof piece, (off_t)j->offset);
        s = n < 0 ? WICK_E_HAL : WICK_OK;
    }
    if (file >= 0) {
        (void)close(file);
    }
    s = s == WICK_OK ? wick_leaf_block_is(f->service, now_ms, j->ask, f->block[j->leaf].bytes,
                                          wick_span_make(piece, (size_t)n))
                     : s;
    f->blocks += s == WICK_OK ? 1u : 0u;
    return s;
}

static wick_status answer(firmware *f, const firmware_job *j, uint64_t now_ms)
{
    return j->kind == WICK_LEAF_RELEASE ? answer_release(f, j, now_ms)
                                        : answer_block(f, j, now_ms);
}

void firmware_ask(firmware *f, const wick_leaf_ask *ask, uint64_t now_ms)
{
    const conf *c = &f->agent->host.conf;
    firmware_job *j = &f->job[ask->leaf];
    wick_cid cid;
    j->ask = ask->id;
    j->kind = ask->kind;
    j->leaf = ask->leaf;
    j->offset = ask->offset;
    j->max = ask->max;
    j->until_ms = now_ms + WICK_LEAF_ASK_MS;
    (void)snprintf(j->text, sizeof j->text, "%s", ask->peer);
    if (j->kind == WICK_LEAF_RELEASE) {
        /* Read for each question anew: what was approved or revoked a moment ago counts. */
        if (find_served(c, j->text) == NULL) {
            end(f, j, WICK_E_NOT_FOUND, now_ms);
        }
        return;
    }
    wick_status s = answer(f, j, now_ms);
    if ((s == WICK_E_NOT_FOUND || s == WICK_E_FW_DIGEST) && j->offset == 0 && serves(c) &&
        wick_cid_parse(&cid, j->text, strlen(j->text)) == WICK_OK) {
        return; /* firmware_run() fetches it */
    }
    end(f, j, s, now_ms);
}

/* ---- the other process, from here ---- */

static wick_status make(firmware *f, const firmware_job *j, uint64_t now_ms)
{
    const conf *c = &f->agent->host.conf;
    char dir[HELPER_PATH_BYTES], path[HELPER_PATH_BYTES + 64];
    wick_cid cid;
    bool release = j->kind == WICK_LEAF_RELEASE;
    if (!helper_dir(dir, c, PART)) {
        return WICK_E_UNSUPPORTED;
    }
    wick_status s = release ? WICK_OK : wick_cid_parse(&cid, j->text, strlen(j->text));
    if (s != WICK_OK) {
        return s;
    }
    bool fits = release ? release_path(path, dir, j->text) : block_path(path, dir, &cid);
    if (!fits || strlen(path) >= HELPER_PATH_BYTES) {
        return WICK_E_NO_SPACE;
    }
    s = helper_start(&f->helper, c, PART, release ? "release" : "block", j->text, path, now_ms);
    if (s == WICK_OK) {
        f->making = j->kind;
        (void)snprintf(f->text, sizeof f->text, "%s", j->text);
    }
    return s;
}

uint64_t firmware_run(firmware *f, uint64_t now_ms)
{
    wick_status done;
    bool ended = helper_run(&f->helper, &done, now_ms);
    if (ended && done == WICK_OK) {
        *(f->making == WICK_LEAF_RELEASE ? &f->read : &f->fetched) += 1u;
    }
    for (unsigned i = 0; i < WICK_LEAVES_MAX; i++) {
        firmware_job *j = &f->job[i];
        if (j->ask != 0 && ended && j->kind == f->making && strcmp(j->text, f->text) == 0) {
            end(f, j, done == WICK_OK ? answer(f, j, now_ms) : done, now_ms);
        } else if (j->ask != 0 && wick_time_reached(now_ms, j->until_ms)) {
            end(f, j, WICK_E_TIMEOUT, now_ms); /* the leaf has been told so already */
        }
    }
    /* In turn: two leaves that ask without a pause would else keep the rest away. */
    for (unsigned i = 0; i < WICK_LEAVES_MAX && f->helper.pid == 0; i++) {
        firmware_job *j = &f->job[f->turn];
        f->turn = (f->turn + 1) % WICK_LEAVES_MAX;
        wick_status s = j->ask != 0 ? make(f, j, now_ms) : WICK_OK;
        if (s != WICK_OK) {
            end(f, j, s, now_ms);
        }
    }
    return f->helper.pid != 0 ? now_ms + HELPER_POLL_MS : WICK_TIME_NEVER(now_ms);
}

/* ---- the other process ---- */

int firmware_release_main(const cli *c, const char *product, const char *path)
{
    static chain_view view;
    static reader r;
    static host h;
    uint8_t id[32], bytes[256];
    wick_leaf_release out;
    wick_product index;
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    view.wait_ms = HELPER_MS - 5000; /* and proofs after it */
    memset(&out, 0, sizeof out);
    int code = helper_open(&h, c, PART);
    const conf_product *x = code == CLI_OK ? find_served(&h.conf, product) : NULL;
    if (code == CLI_OK && (x == NULL || wick_name_hash(id, wick_span_text(product)) != WICK_OK)) {
        code = cli_fail(c, WICK_E_CONFIG, "there is no [product.%s] with leaves = yes", product);
    }
    code = code == CLI_OK ? release_open(&view, &r, c, &h, x) : code;
    if (code == CLI_OK) {
        wick_status s = release_read(&out.release, &index, &view, &h, id);
        out.tier = (uint8_t)r.head.tier;
        code = s == WICK_OK            ? CLI_OK
               : s == WICK_E_NOT_FOUND ? HELPER_NOTHING
               : s == WICK_E_FW_DENIED ? HELPER_NOTHING /* to ask again does not change it */
                                       : chain_fail(&view, s, product);
    }
    if (code == CLI_OK) {
        wick_leaf_release_put(&b, &out);
        code = helper_replace(path, wick_buf_span(&b)) ? CLI_OK
                                                       : cli_fail(c, WICK_E_HAL, "%s", path);
    }
    chain_close(&view);
    host_close(&h);
    return code;
}

/* Does the file hold these 32 bytes? In a manifest or a node they are a CID's, or the digest of an image,
 * which is that of its one raw block. */
static bool file_names(const char *path, const uint8_t digest[32])
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    bool found = cli_read_file(&bytes, &len, path) == WICK_OK &&
                 memmem(bytes, len, digest, 32) != NULL;
    free(bytes);
    return found;
}

/* A manifest of a release that leaves may have, or what it names. */
static bool manifest_names(const conf *c, const char *dir, const wick_cid *cid)
{
    char path[HELPER_PATH_BYTES + 64];
    const conf_leaf *x = conf_find_leaf(c, "");
    for (size_t i = 0; i < CONF_PRODUCTS_MAX; i++) {
        wick_leaf_release r;
        wick_cid of = {.version = 1, .codec = WICK_CID_RAW};
        const conf_product *p = &c->products[i];
        if (p->s.line == 0 || !p->leaves || load_release(&r, dir, p->s.name) != WICK_OK) {
            continue;
        }
        memcpy(of.digest, r.release.manifest, sizeof of.digest);
        if (wick_cid_same_block(&of, cid) ||
            (block_path(path, dir, &of) && file_names(path, cid->digest)) ||
            (x != NULL && x->block_dir[0] != '\0' && block_path(path, x->block_dir, &of) &&
             file_names(path, cid->digest))) {
            return true;
        }
    }
    return false;
}

/* A node that was fetched, because something named it. */
static bool node_names(const char *dir, const wick_cid *cid)
{
    char path[HELPER_PATH_BYTES + 64];
    bool found = false;
    wick_cid name;
    DIR *d = opendir(dir);
    for (const struct dirent *e; !found && d != NULL && (e = readdir(d)) != NULL;) {
        bool node = wick_cid_parse(&name, e->d_name, strlen(e->d_name)) == WICK_OK &&
                    name.codec == WICK_CID_DAG_PB; /* of either version */
        int n = node ? snprintf(path, sizeof path, "%s/%s", dir, e->d_name) : -1;
        found = n > 0 && n < (int)sizeof path && file_names(path, cid->digest);
    }
    if (d != NULL) {
        (void)closedir(d);
    }
    return found;
}

/* What helper_replace() was writing when it was killed. No other helper of this part runs. */
static bool is_left_over(const char *name)
{
    size_t len = strlen(name);
    return len > 4 && strcmp(name + len - 4, ".new") == 0;
}

/* Makes room for one more block: the oldest one goes first. */
static void trim(const char *dir)
{
    for (;;) {
        char path[HELPER_PATH_BYTES + 64], oldest[sizeof path] = "";
        struct stat st, least = {0};
        uint64_t total = WICK_UNIXFS_BLOCK_MAX;
        wick_cid cid;
        DIR *d = opendir(dir);
        for (const struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
            int n = snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
            if (n <= 0 || n >= (int)sizeof path) {
                continue;
            }
            if (is_left_over(e->d_name)) {
                (void)unlink(path);
                continue;
            }
            if (wick_cid_parse(&cid, e->d_name, strlen(e->d_name)) != WICK_OK ||
                stat(path, &st) != 0) {
                continue;
            }
            total += (uint64_t)st.st_size;
            if (oldest[0] == '\0' || st.st_mtim.tv_sec < least.st_mtim.tv_sec) {
                memcpy(oldest, path, sizeof oldest);
                least = st;
            }
        }
        if (d != NULL) {
            (void)closedir(d);
        }
        if (total <= FIRMWARE_KEPT_BYTES || oldest[0] == '\0' || unlink(oldest) != 0) {
            return;
        }
    }
}

static wick_status put(void *ctx, wick_span bytes)
{
    wick_buf_put(ctx, bytes.ptr, bytes.len);
    return wick_buf_status(ctx);
}

static bool same_trust(const wick_https_trust *a, const wick_https_trust *b)
{
    bool both = a->ca_file != NULL && b->ca_file != NULL;
    return both ? strcmp(a->ca_file, b->ca_file) == 0 : a->ca_file == b->ca_file;
}

static bool has_source(const sources *from, const wick_fetch_source *x)
{
    for (unsigned i = 0; i < from->count; i++) {
        if (strcmp(from->url[i], x->url) == 0 && same_trust(from->from[i].trust, x->trust)) {
            return true;
        }
    }
    return false;
}

/* The first gateway of each product that leaves may have, then the second of each: as many as there is
 * room for, so that none is without one. Products have the same ones most often: once is enough. One that
 * cannot be asked is no reason not to ask the others. */
static void add_gateways(sources *from, wick_https_trust trust[CONF_PRODUCTS_MAX], const cli *c,
                         const host *h)
{
    char url[CONF_TEXT_MAX];
    bool more = true;
    for (size_t at = 0; more; at++) {
        more = false;
        for (size_t i = 0; i < CONF_PRODUCTS_MAX; i++) {
            const conf_product *p = &h->conf.products[i];
            const wick_fetch_source x = {url, WICK_FETCH_GATEWAY, &trust[i]};
            if (p->s.line == 0 || !p->leaves || !conf_list_at(url, sizeof url, p->gateways, at)) {
                continue;
            }
            more = true;
            link_trust_of(&trust[i], h, p->ca_file, NULL);
            wick_status s = wick_fetch_source_check(&x);
            if (s != WICK_OK) {
                cli_note(c, 0, "firmware: %s: %s", url, wick_status_str(s));
            } else if (!has_source(from, &x) &&
                       sources_add(from, url, WICK_FETCH_GATEWAY, &trust[i]) != WICK_OK) {
                return; /* full */
            }
        }
    }
}

/* From the gateways in turn; `first` is asked first. */
static wick_status fetch_block(const cli *c, const host *h, wick_buf *out, const wick_cid *cid,
                               unsigned first)
{
    static wick_fetch fetch;
    static sources from;
    static wick_https_trust trust[CONF_PRODUCTS_MAX];
    uint8_t digest[32];
    add_gateways(&from, trust, c, h);
    const wick_fetch_config config = {&h->net, from.from, from.count, IDLE_MS, 0};
    wick_status s = wick_fetch_init(&fetch, &config);
    if (s != WICK_OK) {
        return s;
    }
    s = WICK_E_NOT_FOUND;
    for (unsigned i = 0; i < ROUNDS * from.count && s != WICK_OK; i++) {
        unsigned source = (first % from.count + i) % from.count;
        out->len = 0;
        s = block_fetch(&fetch, &h->linux_net, source, cid, put, out);
        s = s == WICK_OK ? dag_sha256(&h->crypto, digest, wick_buf_span(out)) : s;
        s = s == WICK_OK && memcmp(digest, cid->digest, sizeof digest) != 0 ? WICK_E_FW_DIGEST : s;
        if (s != WICK_OK) {
            cli_note(c, 0, "firmware: %s: %s", from.url[source], wick_status_str(s));
        }
    }
    return s;
}

int firmware_block_main(const cli *c, const char *text, const char *path, unsigned turn)
{
    static host h;
    static uint8_t bytes[WICK_UNIXFS_BLOCK_MAX];
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    char dir[HELPER_PATH_BYTES] = "";
    wick_cid cid;
    const char *slash = strrchr(path, '/');
    int code = helper_open(&h, c, PART);
    if (slash != NULL) {
        (void)snprintf(dir, sizeof dir, "%.*s", (int)(slash - path), path);
    }
    if (code == CLI_OK && (wick_cid_parse(&cid, text, strlen(text)) != WICK_OK ||
                           !(manifest_names(&h.conf, dir, &cid) || node_names(dir, &cid)))) {
        code = HELPER_NOTHING; /* nobody whom we believe has named it */
    }
    if (code == CLI_OK) {
        wick_status s = fetch_block(c, &h, &b, &cid, turn);
        code = s == WICK_OK ? CLI_OK : cli_fail(c, s, "%s", text);
    }
    if (code == CLI_OK) {
        trim(dir);
        code = helper_replace(path, wick_buf_span(&b)) ? CLI_OK
                                                       : cli_fail(c, WICK_E_HAL, "%s", path);
    }
    host_close(&h);
    return code;
}
