/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines on standard error. */
#include "wick/port/linux.h"

#include <stdio.h>

static void write_line(void *ctx, wick_log_level level, const char *module, const char *text)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};
    const wick_linux_log *log = (const wick_linux_log *)ctx;
    unsigned n = (unsigned)level;
    if (n >= sizeof names / sizeof names[0] || level > log->most) {
        return;
    }
    (void)fprintf(stderr, "wick: %s %s: %s\n", names[n], module, text);
}

void wick_linux_log_init(wick_hal_log *out, wick_linux_log *log, wick_log_level most)
{
    log->most = most;
    out->ctx = log;
    out->write = write_line;
}
