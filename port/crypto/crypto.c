/* SPDX-License-Identifier: Apache-2.0 */
/* The back ends in one wick_hal_crypto. */
#include "wick/port/crypto.h"

#include <string.h>

wick_status wick_crypto_init(wick_hal_crypto *out, wick_crypto_ctx *ctx)
{
    memset(out, 0, sizeof *out);
    memset(ctx, 0, sizeof *ctx);
    out->ctx = ctx;
    wick_status st = wick_crypto_mbedtls_fill(out);
    if (st == WICK_OK) {
        st = wick_crypto_secp256k1_fill(out, ctx);
    }
#if WICK_WITH_NSL_RSA
    if (st == WICK_OK) {
        st = wick_crypto_rsa_fill(out);
    }
#endif
#if WICK_HAVE_BLST
    wick_crypto_blst_fill(out);
#endif
    return st;
}
