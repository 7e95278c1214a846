/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CA files: PEM (RFC 7468) read in small blocks and decoded on the way, so that the size of a bundle
 * does not matter. Text between the certificates is passed over, as bundles have comments.
 */
#include "https_internal.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

wick_status wick_ca_file_open(wick_ca_file *f, const char *path)
{
    memset(f, 0, sizeof *f);
    f->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    return f->fd >= 0 ? WICK_OK : WICK_E_HAL;
}

void wick_ca_file_close(wick_ca_file *f)
{
    if (f->fd >= 0) {
        (void)close(f->fd);
    }
    f->fd = -1;
}

/* Next octet of the file, -1 at its end, -2 on an error. */
static int octet(wick_ca_file *f)
{
    if (f->at == f->len) {
        ssize_t n = read(f->fd, f->block, sizeof f->block);
        if (n <= 0) {
            return n == 0 ? -1 : -2;
        }
        f->at = 0;
        f->len = (size_t)n;
    }
    return f->block[f->at++];
}

static int sextet(int c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Reads up to and with the end of `mark`. Its first octet does not come again in it, but for '-',
 * of which there are five at both ends. */
static wick_status skip_to(wick_ca_file *f, const char *mark)
{
    size_t n = 0;
    while (mark[n] != '\0') {
        int c = octet(f);
        if (c < 0) {
            return c == -1 ? WICK_E_NOT_FOUND : WICK_E_HAL;
        }
        if (c == mark[n]) {
            n++;
        } else if (c != '-') {
            n = 0;
        } else {
            n = n == 5 ? 5 : 1; /* "------BEGIN": the last five count */
        }
    }
    return WICK_OK;
}

wick_status wick_ca_file_next(wick_ca_file *f, wick_span *der, uint8_t *mem, size_t cap)
{
    for (;;) {
        wick_status s = skip_to(f, "-----BEGIN CERTIFICATE-----");
        if (s != WICK_OK) {
            return s;
        }
        uint32_t bits = 0;
        unsigned have = 0;
        size_t len = 0;
        bool good = true;
        int c = octet(f);
        for (; c >= 0 && c != '-'; c = octet(f)) {
            int v = sextet(c);
            if (v < 0) {
                good = good && (c == '\n' || c == '\r' || c == '=' || c == ' ' || c == '\t');
                continue;
            }
            bits = (bits << 6 | (uint32_t)v) & 0x3FFFu;
            have += 6;
            if (have >= 8) {
                have -= 8;
                if (len < cap) {
                    mem[len++] = (uint8_t)(bits >> have);
                } else {
                    good = false;
                }
            }
        }
        if (c < 0) {
            return WICK_E_HAL;
        }
        if (good && len != 0) {
            *der = wick_span_make(mem, len);
            return WICK_OK;
        }
    }
}

/* One DER element: its contents, its whole, and what follows it. */
static bool take(wick_span *whole, wick_span *inside, wick_span *rest, uint8_t tag)
{
    const uint8_t *p = rest->ptr;
    size_t at = 2, n;
    if (rest->len < 2 || p[0] != tag) {
        return false;
    }
    n = p[1];
    if (n >= 0x80) {
        size_t octets = n & 0x7Fu;
        if (octets == 0 || octets > 2 || rest->len < 2 + octets) {
            return false;
        }
        for (n = 0; at < 2 + octets; at++) {
            n = n << 8 | p[at];
        }
    }
    if (n > rest->len - at) {
        return false;
    }
    *inside = wick_span_make(p + at, n);
    *whole = wick_span_make(p, at + n);
    *rest = wick_span_make(p + at + n, rest->len - at - n);
    return true;
}

wick_status wick_ca_subject(wick_span *out, wick_span der)
{
    wick_span whole, tbs, inside, rest = der;
    *out = wick_span_make(NULL, 0);
    /* Certificate, TBSCertificate, [0] version, serial, algorithm, issuer, validity (RFC 5280 4.1) */
    if (!take(&whole, &inside, &rest, 0x30)) {
        return WICK_E_MALFORMED;
    }
    rest = inside;
    if (!take(&whole, &tbs, &rest, 0x30)) {
        return WICK_E_MALFORMED;
    }
    if (tbs.len != 0 && tbs.ptr[0] == 0xA0 && !take(&whole, &inside, &tbs, 0xA0)) {
        return WICK_E_MALFORMED;
    }
    if (!take(&whole, &inside, &tbs, 0x02) || !take(&whole, &inside, &tbs, 0x30) ||
        !take(&whole, &inside, &tbs, 0x30) || !take(&whole, &inside, &tbs, 0x30) ||
        !take(out, &inside, &tbs, 0x30)) {
        return WICK_E_MALFORMED;
    }
    return WICK_OK;
}

bool wick_ca_literal(wick_addr *out, const char *host)
{
    uint8_t v4[4];
    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, host, v4) == 1) {
        out->ip[10] = out->ip[11] = 0xFF;
        memcpy(out->ip + 12, v4, 4);
        return true;
    }
    return inet_pton(AF_INET6, host, out->ip) == 1;
}
