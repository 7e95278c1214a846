/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets in files that nobody else can read, and the keys among them. */
#include "wick/port/linux.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET_MAX 256 /* longest secret as raw bytes; its hex form takes twice as much */

/* Whole file to `out`; *len is its length. */
static wick_status read_private(uint8_t *out, size_t *len, const char *path, size_t cap)
{
    struct stat info;
    wick_status st = WICK_OK;
    size_t at = 0;
    ssize_t n = 1;
    *len = 0;
    /* O_NONBLOCK: a pipe in place of the file must not hold us up. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        return (errno == ENOENT || errno == ENOTDIR) ? WICK_E_NOT_FOUND : WICK_E_FILE_MODE;
    }
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || (info.st_mode & 077) != 0 ||
        (info.st_uid != geteuid() && info.st_uid != 0)) {
        st = WICK_E_FILE_MODE;
    }
    while (st == WICK_OK && n > 0 && at < cap) {
        n = read(fd, out + at, cap - at);
        at += n > 0 ? (size_t)n : 0;
    }
    if (st == WICK_OK && n < 0) {
        st = WICK_E_HAL;
    } else if (st == WICK_OK && at == cap) {
        uint8_t more;
        if (read(fd, &more, 1) > 0) {
            st = WICK_E_NO_SPACE;
        }
        wick_wipe(&more, 1);
    }
    (void)close(fd);
    *len = at;
    return st;
}

wick_status wick_linux_secret_text(char *out, const char *path, size_t cap)
{
    size_t len = 0;
    if (cap < 2) {
        return WICK_E_NO_SPACE;
    }
    /* One byte more for the line end that does not count. */
    wick_status st = read_private((uint8_t *)out, &len, path, cap);
    if (st == WICK_OK && len != 0 && out[len - 1] == '\n') {
        len--;
        if (len != 0 && out[len - 1] == '\r') {
            len--;
        }
    }
    if (st == WICK_OK && len >= cap) {
        st = WICK_E_NO_SPACE;
    }
    if (st == WICK_OK && (len == 0 || memchr(out, '\0', len) != NULL)) {
        st = WICK_E_MALFORMED;
    }
    if (st != WICK_OK) {
        wick_wipe(out, cap);
        return st;
    }
    wick_wipe(out + len, cap - len);
    return WICK_OK;
}

wick_status wick_linux_secret_bytes(uint8_t *out, const char *path, size_t len)
{
    uint8_t raw[2 * SECRET_MAX + 4]; /* 0x, digits, line end */
    size_t n = 0;
    if (len == 0 || len > SECRET_MAX) {
        return WICK_E_BAD_ARG;
    }
    wick_status st = read_private(raw, &n, path, sizeof raw);
    if (st == WICK_E_NO_SPACE) {
        st = WICK_E_MALFORMED;
    }
    if (st == WICK_OK && n == len) {
        memcpy(out, raw, len);
    } else if (st == WICK_OK) {
        if (n != 0 && raw[n - 1] == '\n') {
            n--;
            n -= (n != 0 && raw[n - 1] == '\r') ? 1u : 0u;
        }
        st = wick_hex_decode(out, len, (const char *)raw, n);
    }
    wick_wipe(raw, sizeof raw);
    if (st != WICK_OK) {
        wick_wipe(out, len);
    }
    return st;
}

wick_status wick_linux_secret_create(const char *path, const uint8_t *secret, size_t len)
{
    char text[2 * SECRET_MAX + 2], temp[512];
    size_t path_len = strlen(path), at = 0;
    if (len == 0 || len > SECRET_MAX || path_len + 16 > sizeof temp) {
        return WICK_E_BAD_ARG;
    }
    (void)snprintf(temp, sizeof temp, "%s.%ld", path, (long)getpid());
    (void)unlink(temp); /* a left-over of a power cut */
    int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return WICK_E_HAL;
    }
    wick_hex_encode(text, secret, len);
    text[2 * len] = '\n';
    bool ok = fchmod(fd, 0600) == 0;
    while (ok && at < 2 * len + 1) {
        ssize_t n = write(fd, text + at, 2 * len + 1 - at);
        ok = n > 0;
        at += ok ? (size_t)n : 0;
    }
    wick_wipe(text, sizeof text);
    ok = ok && fsync(fd) == 0;
    ok = close(fd) == 0 && ok;
    wick_status st = ok ? WICK_OK : WICK_E_HAL;
    /* link() fails where rename() would replace: an existing key is never lost. */
    if (ok && link(temp, path) != 0) {
        st = errno == EEXIST ? WICK_E_STATE : WICK_E_HAL;
    }
    (void)unlink(temp);
    return st;
}

wick_status wick_linux_key_load(wick_key *out, wick_ram_keystore *ks, const char *path)
{
    uint8_t secret[32];
    wick_status st = wick_linux_secret_bytes(secret, path, sizeof secret);
    if (st == WICK_OK) {
        st = wick_ram_keystore_import(out, ks, secret);
    }
    wick_wipe(secret, sizeof secret);
    return st;
}

wick_status wick_linux_key_generate(wick_key *out, wick_ram_keystore *ks, const char *path,
                                    const wick_hal_entropy *entropy)
{
    uint8_t secret[32];
    wick_key key = {0};
    struct stat info;
    if (lstat(path, &info) == 0) {
        return WICK_E_STATE;
    }
    wick_status st = WICK_E_BAD_KEY;
    for (int i = 0; i < 3 && st == WICK_E_BAD_KEY; i++) {
        st = entropy->fill(entropy->ctx, secret, sizeof secret) == WICK_OK
                 ? wick_ram_keystore_import(&key, ks, secret)
                 : WICK_E_ENTROPY;
    }
    if (st == WICK_E_BAD_KEY) {
        st = WICK_E_ENTROPY;
    }
    if (st == WICK_OK) {
        st = wick_linux_secret_create(path, secret, sizeof secret);
        if (st == WICK_OK) {
            *out = key;
        } else {
            wick_ram_keystore_remove(ks, key);
        }
    }
    wick_wipe(secret, sizeof secret);
    return st;
}

#if WICK_WITH_NSL_RSA
wick_status wick_linux_device_key_load(wick_key *out, wick_ram_keystore *ks, const char *path)
{
    uint8_t primes[WICK_RSA_PRIMES_BYTES];
    wick_status st = wick_linux_key_load(out, ks, path);
    if (st != WICK_E_MALFORMED) {
        return st;
    }
    st = wick_linux_secret_bytes(primes, path, sizeof primes);
    if (st == WICK_OK) {
        st = wick_ram_keystore_import_rsa(out, ks, primes);
    }
    wick_wipe(primes, sizeof primes);
    return st;
}

wick_status wick_linux_rsa_key_generate(wick_key *out, wick_ram_keystore *ks, const char *path)
{
    uint8_t primes[WICK_RSA_PRIMES_BYTES];
    wick_key key = {0};
    struct stat info;
    if (lstat(path, &info) == 0) {
        return WICK_E_STATE;
    }
    wick_status st = wick_ram_keystore_generate_rsa(&key, primes, ks);
    if (st == WICK_OK) {
        st = wick_linux_secret_create(path, primes, sizeof primes);
        if (st == WICK_OK) {
            *out = key;
        } else {
            wick_ram_keystore_remove(ks, key);
        }
    }
    wick_wipe(primes, sizeof primes);
    return st;
}
#else
wick_status wick_linux_device_key_load(wick_key *out, wick_ram_keystore *ks, const char *path)
{
    return wick_linux_key_load(out, ks, path);
}

wick_status wick_linux_rsa_key_generate(wick_key *out, wick_ram_keystore *ks, const char *path)
{
    (void)out, (void)ks, (void)path;
    return WICK_E_UNSUPPORTED;
}
#endif
