/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Append-only record of what was given: "unix-seconds op name detail" lines. A line is on disk
 * before the thing is given, so a manager that is killed may have written one line too many, never
 * one too few. A torn last line (no newline) is cut off at the next start.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wallet.h"

#define LINE_MAX_BYTES 256

static wick_status take_line(wallet *w, const char *line)
{
    unsigned long long at;
    char op[16], name[CONF_NAME_MAX], detail[80];
    if (sscanf(line, "%llu %15s %63s %79s", &at, op, name, detail) != 4) {
        return WICK_E_MALFORMED;
    }
    for (size_t i = 0; i < w->device_count; i++) {
        if (strcmp(op, "fund") == 0 && strcmp(w->devices[i].name, name) == 0) {
            w->devices[i].fundings++;
        }
    }
    return WICK_OK;
}

static wick_status replay(wallet *w)
{
    char line[LINE_MAX_BYTES];
    off_t whole = 0; /* end of the last complete line */
    int copy = dup(w->ledger_fd);
    FILE *f = copy < 0 ? NULL : fdopen(copy, "r");
    if (f == NULL) {
        return WICK_E_HAL;
    }
    wick_status s = WICK_OK;
    while (s == WICK_OK && fgets(line, sizeof line, f) != NULL) {
        size_t len = strlen(line);
        if (len == 0) {
            break; /* zeroes at the end: a file that grew before the power cut, not its content */
        }
        if (line[len - 1] != '\n') {
            s = len + 1 == sizeof line ? WICK_E_MALFORMED : WICK_OK;
            break;
        }
        whole += (off_t)len;
        s = take_line(w, line);
    }
    (void)fclose(f);
    if (s == WICK_OK && ftruncate(w->ledger_fd, whole) != 0) {
        s = WICK_E_HAL;
    }
    return s;
}

wick_status wallet_ledger_open(wallet *w, const char *path)
{
    struct stat st;
    w->ledger_fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (w->ledger_fd < 0 || fstat(w->ledger_fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        return WICK_E_HAL;
    }
    if ((st.st_mode & 022) != 0) {
        return WICK_E_FILE_MODE;
    }
    if (flock(w->ledger_fd, LOCK_EX | LOCK_NB) != 0) {
        return WICK_E_STATE; /* another manager runs on it */
    }
    return replay(w);
}

wick_status wallet_ledger_add(wallet *w, const char *op, const char *name, const char *detail)
{
    char line[LINE_MAX_BYTES];
    uint64_t now = 0;
    if (w->clock.unix_s(w->clock.ctx, &now) != WICK_OK) {
        now = 0; /* the order of the lines is what counts */
    }
    int n = snprintf(line, sizeof line, "%llu %s %s %s\n", (unsigned long long)now, op, name,
                     detail);
    if (n < 0 || (size_t)n >= sizeof line) {
        return WICK_E_HAL;
    }
    struct stat st;
    if (fstat(w->ledger_fd, &st) != 0) {
        return WICK_E_HAL;
    }
    ssize_t done = write(w->ledger_fd, line, (size_t)n);
    if (done == n && fsync(w->ledger_fd) == 0) {
        return WICK_OK;
    }
    /* A piece of a line must not stay: the next one would be glued to it. */
    return ftruncate(w->ledger_fd, st.st_size) == 0 ? WICK_E_HAL : WICK_E_STORE_CORRUPT;
}
