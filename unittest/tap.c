/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

unsigned tap_checks, tap_failed;
const char *tap_skip;

static void put_int(long long v)
{
    char t[24];
    size_t n = sizeof t;
    unsigned long long u = v < 0 ? 0ull - (unsigned long long)v : (unsigned long long)v;
    t[--n] = '\0';
    do {
        t[--n] = (char)('0' + (int)(u % 10));
        u /= 10;
    } while (u != 0);
    if (v < 0) {
        t[--n] = '-';
    }
    tap_puts(t + n);
}

static void put_where(const char *file, int line, const char *what)
{
    tap_failed++;
    tap_puts("# ");
    tap_puts(file);
    tap_puts(":");
    put_int(line);
    tap_puts(": ");
    tap_puts(what);
}

void tap_fail(const char *file, int line, const char *what)
{
    put_where(file, line, what);
    tap_puts("\n");
}

void tap_fail_status(const char *file, int line, const char *what, wick_status got,
                     wick_status want)
{
    put_where(file, line, what);
    tap_puts(" is ");
    tap_puts(wick_status_str(got));
    tap_puts(", not ");
    tap_puts(wick_status_str(want));
    tap_puts("\n");
}

void tap_fail_int(const char *file, int line, const char *what, long long got, long long want)
{
    put_where(file, line, what);
    tap_puts(" is ");
    put_int(got);
    tap_puts(", not ");
    put_int(want);
    tap_puts("\n");
}

int tap_run(const char *suite, const struct tap_case *cases, size_t count)
{
    unsigned bad = 0, skipped = 0;
    tap_puts("1..");
    put_int((long long)count);
    tap_puts("\n");
    for (size_t i = 0; i < count; i++) {
        tap_checks = 0;
        tap_failed = 0;
        tap_skip = NULL;
        if (cases[i].is_long && tap_short()) {
            tap_skip = "long: the sanitizers run it";
        } else {
            cases[i].run();
        }
        if (tap_checks == 0 && tap_skip == NULL) {
            tap_puts("# no check was made\n");
            tap_failed = 1;
        }
        tap_puts(tap_failed != 0 ? "not ok " : "ok ");
        put_int((long long)i + 1);
        tap_puts(" - ");
        tap_puts(suite);
        tap_puts(".");
        tap_puts(cases[i].name);
        if (tap_failed == 0 && tap_skip != NULL) {
            tap_puts(" # SKIP ");
            tap_puts(tap_skip);
            skipped++;
        }
        tap_puts("\n");
        bad += tap_failed != 0 ? 1u : 0u;
    }
    if (bad != 0) {
        return 1;
    }
    return (count != 0 && skipped == count) ? 77 : 0; /* 77: ctest's SKIP_RETURN_CODE */
}
