/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_HAL_CLOCK_H
#define WICK_HAL_CLOCK_H
/*
 * Time. `now_ms` is monotonic, 64 bits wide (a port extends a narrower tick) and never goes back.
 * `unix_s` is the time of day, which a device may not have.
 */
#include "wick/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wick_hal_clock {
    void *ctx;
    uint64_t (*now_ms)(void *ctx);
    /** @retval WICK_OK *out is set  @retval WICK_E_NO_CLOCK there is no time of day yet */
    wick_status (*unix_s)(void *ctx, uint64_t *out);
} wick_hal_clock;

#ifdef __cplusplus
}
#endif
#endif
