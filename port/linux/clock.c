/* SPDX-License-Identifier: Apache-2.0 */
/* Time and randomness from the kernel. */
#include "wick/port/linux.h"

#include <errno.h>
#include <sys/random.h>
#include <time.h>

#define UNIX_2024 1704067200

static uint64_t now_ms(void *ctx)
{
    struct timespec t = {0, 0};
    (void)ctx;
    (void)clock_gettime(CLOCK_BOOTTIME, &t);
    return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
}

static wick_status unix_s(void *ctx, uint64_t *out)
{
    struct timespec t = {0, 0};
    (void)ctx;
    if (clock_gettime(CLOCK_REALTIME, &t) != 0 || t.tv_sec < UNIX_2024) {
        *out = 0;
        return WICK_E_NO_CLOCK;
    }
    *out = (uint64_t)t.tv_sec;
    return WICK_OK;
}

static wick_status fill(void *ctx, uint8_t *out, size_t len)
{
    size_t got = 0;
    (void)ctx;
    while (got < len) {
        ssize_t n = getrandom(out + got, len - got, GRND_NONBLOCK);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            wick_wipe(out, len);
            return WICK_E_ENTROPY;
        }
        got += (size_t)n;
    }
    return WICK_OK;
}

void wick_linux_clock_init(wick_hal_clock *out)
{
    out->ctx = NULL;
    out->now_ms = now_ms;
    out->unix_s = unix_s;
}

void wick_linux_entropy_init(wick_hal_entropy *out)
{
    out->ctx = NULL;
    out->fill = fill;
}
