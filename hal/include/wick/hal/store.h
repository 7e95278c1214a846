/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_HAL_STORE_H
#define WICK_HAL_STORE_H
/*
 * Small durable values under 16-bit keys (module << 8 | item). A put is atomic: after a power cut
 * the old value or the new one is there. On the medium a value is version u8 | length u16 | bytes |
 * CRC32, in two copies; a version that the reader does not know is refused and never overwritten.
 */
#include "wick/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WICK_STORE_VALUE_MAX 1024
#define WICK_STORE_KEY(module, item) ((uint16_t)(((unsigned)(module) << 8) | (unsigned)(item)))

typedef struct wick_hal_store {
    void *ctx;
    /** out->len = length of the value. @retval WICK_E_NOT_FOUND  @retval WICK_E_NO_SPACE
     *  @retval WICK_E_STORE_CORRUPT  @retval WICK_E_STORE_VERSION */
    wick_status (*get)(void *ctx, uint16_t key, uint8_t *version, wick_buf *out);
    /** @retval WICK_E_STORE_FULL  @retval WICK_E_STORE_VERSION a newer version is there */
    wick_status (*put)(void *ctx, uint16_t key, uint8_t version, wick_span value);
    wick_status (*erase)(void *ctx, uint16_t key);
} wick_hal_store;

#ifdef __cplusplus
}
#endif
#endif
