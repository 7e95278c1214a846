/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Append-only record of what was given: "unix-seconds op name detail [transaction]" lines. A line is on
 * disk before the thing is given, so a manager that is killed may have written one line too many, never
 * one too few. A transaction is there whole, so that it is the same one that is sent again; "done" and
 * "void" end it. A batch names the device of its first call; a "call" line before it names each of the
 * others. A torn last line (no newline) is cut off at the next start.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wallet.h"

#define LINE_MAX_BYTES (2 * WALLET_RAW_MAX + 512)

static char line[LINE_MAX_BYTES];

static bool is_of_this_day(uint64_t at, uint64_t now)
{
    return at <= now && now - at < WALLET_DAY_S;
}

/* A call of a device, in the batch of this hash. */
static void count_call(wallet_device *d, const uint8_t hash[32], uint64_t at, uint64_t now)
{
    memcpy(d->batch_hash, hash, sizeof d->batch_hash);
    if (is_of_this_day(at, now)) {
        d->calls_at_s = d->calls == 0 ? at : d->calls_at_s;
        d->calls++;
    }
}

/* A batch was not sent after all. */
static void uncount_calls(wallet *w, const uint8_t hash[32])
{
    for (size_t i = 0; i < w->device_count; i++) {
        wallet_device *d = &w->devices[i];
        if (memcmp(d->batch_hash, hash, 32) == 0 && d->calls > 0) {
            d->calls--;
        }
    }
}

/* Given to devices on this day. */
static void count(wallet *w, uint64_t wei, uint64_t at, uint64_t now)
{
    if (is_of_this_day(at, now)) {
        w->day_at_s = w->day_at_s == 0 ? at : w->day_at_s;
        w->day_wei = wei > UINT64_MAX - w->day_wei ? UINT64_MAX : w->day_wei + wei;
    }
}

/* A transaction that was under way when the line was written. */
static wick_status take_back(wallet *w, const char *op, const char *name, const char *hex,
                             uint64_t at, uint64_t now)
{
    wick_tx tx;
    static uint8_t raw[WALLET_RAW_MAX];
    size_t digits = strlen(hex);
    if (digits < 2 || digits % 2 != 0 || digits / 2 - 1 > sizeof raw || strncmp(hex, "0x", 2) != 0) {
        return WICK_E_MALFORMED;
    }
    wick_status s = wick_hex_decode(raw, digits / 2 - 1, hex + 2, digits - 2);
    if (s == WICK_OK) {
        s = wick_tx_decode(&tx, wick_span_make(raw, digits / 2 - 1));
    }
    if (s == WICK_OK && strcmp(op, "batch") == 0) {
        count(w, wallet_outbox_fee(&tx), at, now);
    }
    return s == WICK_OK ? wallet_outbox_take(w, op, name, wick_span_make(raw, digits / 2 - 1))
                        : WICK_E_MALFORMED;
}

static wick_status take_line(wallet *w, char *text, uint64_t now)
{
    unsigned long long at;
    char op[16], name[CONF_NAME_MAX], detail[80];
    uint8_t hash[32];
    int end = 0;
    if (sscanf(text, "%llu %15s %63s %79s%n", &at, op, name, detail, &end) != 4) {
        return WICK_E_MALFORMED;
    }
    bool fund = strcmp(op, "fund") == 0, ends = strcmp(op, "done") == 0 || strcmp(op, "void") == 0;
    bool batch = strcmp(op, "batch") == 0, call = strcmp(op, "call") == 0;
    wallet_device *d = fund || ends || batch || call ? wallet_device_known(w, name) : NULL;
    if (fund && d != NULL) {
        d->fundings++;
    }
    if (fund) {
        count(w, w->config->manager.fund_wei, at, now);
    }
    if ((batch || call || ends) &&
        (strlen(detail) < 2 || wick_hex_decode(hash, 32, detail + 2, strlen(detail) - 2) != WICK_OK)) {
        return WICK_E_MALFORMED;
    }
    if ((batch || call) && d != NULL) {
        count_call(d, hash, at, now);
    }
    if (ends) {
        const wallet_out *o = wallet_outbox_find(w, "fund", name);
        if (strcmp(op, "void") == 0 && d != NULL && o != NULL && memcmp(o->hash, hash, 32) == 0 &&
            d->fundings > 0) {
            d->fundings--; /* it was not given after all */
        }
        if (strcmp(op, "void") == 0) {
            uncount_calls(w, hash);
        }
        wallet_outbox_drop(w, hash);
    }
    char *raw = text + end;
    raw += strspn(raw, " ");
    raw[strcspn(raw, "\n")] = '\0';
    return raw[0] != '\0' ? take_back(w, op, name, raw, at, now) : WICK_OK;
}

/* What a power cut leaves has no line end; zeroes follow where the file grew before its content. */
bool wallet_is_torn(FILE *f, long from, size_t line_max)
{
    size_t at = 0, text = 0;
    if (fseek(f, from, SEEK_SET) != 0) {
        return false;
    }
    for (int c = getc(f); c != EOF; c = getc(f)) {
        if (c == '\n') {
            return false;
        }
        at++;
        text = c != 0 ? at : text;
    }
    return ferror(f) == 0 && text < line_max;
}

void wallet_cut(int fd, off_t end)
{
    if (end < 0 || ftruncate(fd, end) != 0) {
        fprintf(stderr, "wick-wallet: a line that is not whole could not be taken back\n");
    }
}

static wick_status replay(wallet *w)
{
    uint64_t now = 0;
    off_t whole = 0; /* end of the last complete line */
    int copy = dup(w->ledger_fd);
    FILE *f = copy < 0 ? NULL : fdopen(copy, "r");
    if (f == NULL) {
        return WICK_E_HAL;
    }
    wick_status s = WICK_OK;
    if (w->clock.unix_s(w->clock.ctx, &now) != WICK_OK) {
        now = 0;
    }
    while (s == WICK_OK && fgets(line, sizeof line, f) != NULL) {
        size_t len = strlen(line);
        if (len == 0 || line[len - 1] != '\n') {
            s = wallet_is_torn(f, (long)whole, sizeof line) ? WICK_OK : WICK_E_MALFORMED;
            break;
        }
        whole += (off_t)len;
        s = take_line(w, line, now);
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

wick_status wallet_ledger_add(wallet *w, const char *op, const char *name, const char *detail,
                              wick_span raw)
{
    uint64_t now = 0;
    if (w->clock.unix_s(w->clock.ctx, &now) != WICK_OK) {
        now = 0; /* the order of the lines is what counts */
    }
    int n = snprintf(line, sizeof line, "%llu %s %s %s%s", (unsigned long long)now, op, name, detail,
                     raw.len != 0 ? " 0x" : "");
    if (n < 0 || (size_t)n + 2 * raw.len + 2 > sizeof line) {
        return WICK_E_HAL;
    }
    size_t len = (size_t)n;
    if (raw.len != 0) {
        wick_hex_encode(line + len, raw.ptr, raw.len);
        len += 2 * raw.len;
    }
    line[len++] = '\n';
    off_t end = lseek(w->ledger_fd, 0, SEEK_END);
    for (size_t at = 0; at < len;) {
        ssize_t wrote = write(w->ledger_fd, line + at, len - at);
        if (wrote < 0 && errno != EINTR) {
            wallet_cut(w->ledger_fd, end);
            return WICK_E_HAL;
        }
        at += wrote > 0 ? (size_t)wrote : 0;
        WALLET_STEP(); /* a torn line */
    }
    if (strcmp(op, "call") != 0 && fsync(w->ledger_fd) != 0) { /* that of its batch follows */
        wallet_cut(w->ledger_fd, end);
        return WICK_E_HAL;
    }
    return WICK_OK;
}
