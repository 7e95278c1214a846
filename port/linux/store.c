/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A directory of small values. Each key has two files, .a and .b, and each of them is replaced as a
 * whole: new file, fsync, rename, fsync of the directory. So no file is ever half-written by us; the
 * second copy is against what the medium does later. A put writes .a and then .b; a get believes .a
 * if it is whole, and brings .b into step, or .b brings .a.
 */
#include "wick/port/linux.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OVERHEAD 7 /* version u8, length u16, CRC32 */
#define PATH_BYTES 256

struct copy {
    uint8_t raw[OVERHEAD + WICK_STORE_VALUE_MAX];
    size_t len;
    enum { MISSING, DAMAGED, WHOLE } state;
};

static void path_of(char out[PATH_BYTES], const wick_linux_store *st, uint16_t key,
                    const char *suffix)
{
    (void)snprintf(out, PATH_BYTES, "%s/%04x.%s", st->dir, (unsigned)key, suffix);
}

static wick_status read_copy(struct copy *c, const wick_linux_store *st, uint16_t key,
                             const char *suffix)
{
    char path[PATH_BYTES];
    uint8_t more;
    path_of(path, st, key, suffix);
    c->len = 0;
    c->state = MISSING;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return errno == ENOENT ? WICK_OK : WICK_E_HAL;
    }
    ssize_t n = 1;
    while (n > 0 && c->len < sizeof c->raw) {
        n = read(fd, c->raw + c->len, sizeof c->raw - c->len);
        c->len += n > 0 ? (size_t)n : 0;
    }
    bool too_long = n > 0 && read(fd, &more, 1) > 0;
    (void)close(fd);
    if (n < 0) {
        c->state = DAMAGED; /* EIO: the other copy may do */
        return WICK_OK;
    }
    c->state = DAMAGED;
    if (!too_long && c->len >= OVERHEAD &&
        c->len == OVERHEAD + (size_t)wick_load_be16(c->raw + 1) &&
        wick_load_be32(c->raw + c->len - 4) == wick_crc32(wick_span_make(c->raw, c->len - 4))) {
        c->state = WHOLE;
    }
    return WICK_OK;
}

static bool sync_dir(const wick_linux_store *st)
{
    int fd = open(st->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    bool ok = fsync(fd) == 0;
    (void)close(fd);
    return ok;
}

static wick_status write_copy(const wick_linux_store *st, uint16_t key, const char *suffix,
                              const struct copy *c)
{
    char path[PATH_BYTES], temp[PATH_BYTES];
    size_t at = 0;
    path_of(path, st, key, suffix);
    path_of(temp, st, key, "new");
    int fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return (errno == ENOSPC || errno == EDQUOT) ? WICK_E_STORE_FULL : WICK_E_HAL;
    }
    bool ok = true;
    while (ok && at < c->len) {
        ssize_t n = write(fd, c->raw + at, c->len - at);
        ok = n > 0;
        at += ok ? (size_t)n : 0;
    }
    bool full = !ok && (errno == ENOSPC || errno == EDQUOT);
    ok = ok && fsync(fd) == 0;
    ok = close(fd) == 0 && ok;
    if (!ok || rename(temp, path) != 0 || !sync_dir(st)) {
        (void)unlink(temp);
        return full ? WICK_E_STORE_FULL : WICK_E_HAL;
    }
    return WICK_OK;
}

/* The value in force, or NULL. */
static const struct copy *best(wick_status *status, struct copy pair[2],
                               const wick_linux_store *st, uint16_t key)
{
    wick_status s0 = read_copy(&pair[0], st, key, "a");
    wick_status s1 = read_copy(&pair[1], st, key, "b");
    *status = WICK_OK;
    for (int i = 0; i < 2; i++) {
        if (pair[i].state == WHOLE) {
            return &pair[i];
        }
    }
    if (s0 != WICK_OK || s1 != WICK_OK) {
        *status = WICK_E_HAL;
    } else if (pair[0].state == MISSING && pair[1].state == MISSING) {
        *status = WICK_E_NOT_FOUND;
    } else {
        *status = WICK_E_STORE_CORRUPT;
    }
    return NULL;
}

/* Both copies the same again. It is the second line of defence, so failure is not reported. */
static void mend(const struct copy pair[2], const struct copy *good, const wick_linux_store *st,
                 uint16_t key)
{
    const struct copy *other = good == &pair[0] ? &pair[1] : &pair[0];
    if (other->state != WHOLE || other->len != good->len ||
        memcmp(other->raw, good->raw, good->len) != 0) {
        (void)write_copy(st, key, other == &pair[0] ? "a" : "b", good);
    }
}

static wick_status store_get(void *ctx, uint16_t key, uint8_t *version, wick_buf *out)
{
    const wick_linux_store *st = (const wick_linux_store *)ctx;
    struct copy pair[2];
    wick_status status;
    const struct copy *c = best(&status, pair, st, key);
    *version = 0;
    out->len = 0;
    if (c != NULL) {
        size_t len = c->len - OVERHEAD;
        mend(pair, c, st, key);
        *version = c->raw[0];
        out->len = len;
        if (out->ptr != NULL && len <= out->cap) {
            memcpy(out->ptr, c->raw + 3, len);
        } else {
            status = WICK_E_NO_SPACE;
        }
    }
    wick_wipe(pair, sizeof pair);
    return status;
}

static wick_status store_put(void *ctx, uint16_t key, uint8_t version, wick_span value)
{
    wick_linux_store *st = (wick_linux_store *)ctx;
    struct copy pair[2], next;
    wick_status status;
    if (value.len > WICK_STORE_VALUE_MAX) {
        return WICK_E_STORE_FULL;
    }
    const struct copy *c = best(&status, pair, st, key);
    if (c != NULL && c->raw[0] > version) {
        status = WICK_E_STORE_VERSION;
    } else if (status == WICK_E_HAL) {
        /* Whether a newer value is there cannot be told. */
        status = WICK_E_HAL;
    } else {
        next.raw[0] = version;
        wick_store_be16(next.raw + 1, (uint16_t)value.len);
        if (value.len != 0) {
            memcpy(next.raw + 3, value.ptr, value.len);
        }
        wick_store_be32(next.raw + 3 + value.len, wick_crc32(wick_span_make(next.raw, 3 + value.len)));
        next.len = OVERHEAD + value.len;
        status = write_copy(st, key, "a", &next);
        if (status == WICK_OK) {
            st->writes++;
            /* From here on the new value is in force; .b follows now or at the next get. */
            (void)write_copy(st, key, "b", &next);
        }
        wick_wipe(&next, sizeof next);
    }
    wick_wipe(pair, sizeof pair);
    return status;
}

static wick_status store_erase(void *ctx, uint16_t key)
{
    const wick_linux_store *st = (const wick_linux_store *)ctx;
    static const char *const suffix[] = {"b", "a", "new"};
    char path[PATH_BYTES];
    bool ok = true;
    /* The older copy first, so that a cut in the middle leaves the value in force. */
    for (size_t i = 0; i < 3; i++) {
        path_of(path, st, key, suffix[i]);
        ok = (unlink(path) == 0 || errno == ENOENT) && ok;
    }
    ok = sync_dir(st) && ok;
    return ok ? WICK_OK : WICK_E_HAL;
}

wick_status wick_linux_store_init(wick_hal_store *out, wick_linux_store *st, const char *dir)
{
    size_t len = strlen(dir);
    if (len == 0 || len >= sizeof st->dir) {
        return WICK_E_NO_SPACE;
    }
    memcpy(st->dir, dir, len + 1);
    st->writes = 0;
    if ((mkdir(dir, 0700) != 0 && errno != EEXIST) || access(dir, R_OK | W_OK | X_OK) != 0 ||
        !sync_dir(st)) {
        return WICK_E_HAL;
    }
    out->ctx = st;
    out->get = store_get;
    out->put = store_put;
    out->erase = store_erase;
    return WICK_OK;
}
