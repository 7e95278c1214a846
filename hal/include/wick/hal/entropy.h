/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_HAL_ENTROPY_H
#define WICK_HAL_ENTROPY_H
/*
 * Randomness of cryptographic quality. It can fail, and the library then makes nothing secret.
 */
#include "wick/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wick_hal_entropy {
    void *ctx;
    /** Fills all of `out`. @retval WICK_E_ENTROPY nothing was written that may be used */
    wick_status (*fill)(void *ctx, uint8_t *out, size_t len);
} wick_hal_entropy;

#ifdef __cplusplus
}
#endif
#endif
