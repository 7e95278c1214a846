/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Randomness of mbedtls's PSA layer, which only TLS 1.3 uses. PSA keeps one generator per process
 * and asks for it by this name; every other operation takes the caller's wick_hal_entropy.
 */
#include <sys/random.h>

#include <psa/crypto.h>

psa_status_t mbedtls_psa_external_get_random(mbedtls_psa_external_random_context_t *context,
                                             uint8_t *out, size_t cap, size_t *len)
{
    (void)context;
    *len = 0;
    while (*len < cap) {
        /* GRND_NONBLOCK: before the kernel's pool is ready there is no randomness. */
        ssize_t n = getrandom(out + *len, cap - *len, GRND_NONBLOCK);
        if (n <= 0) {
            return PSA_ERROR_INSUFFICIENT_ENTROPY;
        }
        *len += (size_t)n;
    }
    return PSA_SUCCESS;
}
