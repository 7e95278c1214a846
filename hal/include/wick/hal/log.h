/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_HAL_LOG_H
#define WICK_HAL_LOG_H
/*
 * Log callback. Text is zero-terminated ASCII and never holds a key, PSK, token or password.
 */
#include "wick/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum wick_log_level {
    WICK_LOG_ERROR = 0,
    WICK_LOG_WARN,
    WICK_LOG_INFO,
    WICK_LOG_DEBUG
} wick_log_level;

typedef struct wick_hal_log {
    void *ctx;
    void (*write)(void *ctx, wick_log_level level, const char *module, const char *text);
} wick_hal_log;

#ifdef __cplusplus
}
#endif
#endif
