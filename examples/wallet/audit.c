/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was decided, one JSON object a line, on disk before the answer leaves:
 *
 *   {"at":UNIX,"device":"NAME","op":"voucher","decision":"granted"|"refused","code":"...",
 *    "detail":"0x...","prev":"0x..."}
 *
 * No secrets: names, keys' public words, hashes of transactions. `prev` is the Keccak-256 of the line
 * before, without its line end, so that a line that was altered, taken out or put in shows
 * (wick-wallet audit); the first line's is zero. A torn last line is cut off at the next start.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wallet.h"
#include "wick/keccak.h"

#define LINE_MAX_BYTES 1024

/* Does this line follow the one whose hash is `prev`? */
static bool follows(const char *line, size_t len, const uint8_t prev[32])
{
    char want[80] = "\"prev\":\"0x";
    size_t head = strlen(want);
    wick_hex_encode(want + head, prev, 32);
    memcpy(want + head + 64, "\"}", 3);
    size_t n = strlen(want);
    return len > n && memcmp(line + len - n, want, n) == 0;
}

wick_status wallet_audit_check(uint64_t *lines, uint8_t last[32], long *whole, int fd)
{
    char line[LINE_MAX_BYTES];
    int copy = dup(fd);
    FILE *f = copy < 0 ? NULL : fdopen(copy, "r");
    *lines = 0;
    *whole = 0;
    memset(last, 0, 32);
    if (f == NULL) {
        return WICK_E_HAL;
    }
    rewind(f);
    wick_status s = WICK_OK;
    while (s == WICK_OK && fgets(line, sizeof line, f) != NULL) {
        size_t len = strlen(line);
        if (len == 0 || line[len - 1] != '\n') {
            s = wallet_is_torn(f, *whole, sizeof line) ? WICK_OK : WICK_E_MALFORMED;
            break;
        }
        s = follows(line, len - 1, last) ? WICK_OK : WICK_E_MALFORMED;
        wick_keccak256(last, (const uint8_t *)line, len - 1);
        *whole += (long)len;
        *lines += s == WICK_OK;
    }
    (void)fclose(f);
    return s;
}

wick_status wallet_audit_open(wallet *w, const char *path)
{
    struct stat st;
    uint64_t lines;
    long whole;
    w->audit_fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (w->audit_fd < 0 || fstat(w->audit_fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        return WICK_E_HAL;
    }
    if ((st.st_mode & 022) != 0) {
        return WICK_E_FILE_MODE;
    }
    if (flock(w->audit_fd, LOCK_EX | LOCK_NB) != 0) {
        return WICK_E_STATE;
    }
    wick_status s = wallet_audit_check(&lines, w->audit_last, &whole, w->audit_fd);
    return s == WICK_OK && ftruncate(w->audit_fd, whole) != 0 ? WICK_E_HAL : s;
}

wick_status wallet_audit(wallet *w, const char *device, const char *op, wick_status decision,
                         const char *detail)
{
    char line[LINE_MAX_BYTES], prev[65];
    uint64_t now = 0;
    if (w->audit_fd < 0) {
        return WICK_OK;
    }
    if (w->clock.unix_s(w->clock.ctx, &now) != WICK_OK) {
        now = 0; /* the order of the lines is what counts */
    }
    wick_hex_encode(prev, w->audit_last, 32);
    int n = snprintf(line, sizeof line,
                     "{\"at\":%llu,\"device\":\"%s\",\"op\":\"%s\",\"decision\":\"%s\",\"code\":\"%s\","
                     "\"detail\":\"%s\",\"prev\":\"0x%s\"}\n",
                     (unsigned long long)now, device, op,
                     decision == WICK_OK ? "granted" : "refused", wick_status_str(decision), detail,
                     prev);
    if (n < 0 || (size_t)n >= sizeof line) {
        return WICK_E_HAL;
    }
    off_t end = lseek(w->audit_fd, 0, SEEK_END);
    if (write(w->audit_fd, line, (size_t)n) != (ssize_t)n || fsync(w->audit_fd) != 0) {
        wallet_cut(w->audit_fd, end); /* else the next line would follow half of this one */
        return WICK_E_HAL;
    }
    wick_keccak256(w->audit_last, (const uint8_t *)line, (size_t)n - 1);
    return WICK_OK;
}
