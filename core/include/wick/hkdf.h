/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_HKDF_H
#define WICK_HKDF_H
/*
 * HKDF-SHA256 (RFC 5869) over wick/hmac.h.
 *
 * Salt-and-label inputs come in parts, so nothing is concatenated in a buffer:
 *
 *     const wick_span ikm[] = {n1, n2, ee};
 *     wick_hkdf_extract(crypto, prk, salt, ikm, 3);
 *     const wick_span info[] = {label};
 *     wick_hkdf_expand(crypto, key, 32, prk, info, 1);
 *
 * Several outputs under one PRK: prepare it once as a wick_hmac_key (SHA-256) and use
 * wick_hkdf_expand_with(). Stack below 700 bytes. Constant time in all secrets.
 */
#include "wick/base.h"
#include "wick/hal/crypto.h"
#include "wick/hmac.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WICK_HKDF_PRK_BYTES 32
#define WICK_HKDF_OUT_MAX (255 * 32)

/**
 * PRK = HMAC(salt, ikm[0] | ikm[1] | ...).
 * @param[out] prk   zeroed on error; may be one of the parts
 * @param[in]  salt  empty is the same as 32 zero bytes (RFC 5869 section 2.2)
 * @retval WICK_OK  @retval others the back end's
 */
WICK_NODISCARD wick_status wick_hkdf_extract(const wick_hal_crypto *crypto,
                                             uint8_t prk[WICK_HKDF_PRK_BYTES], wick_span salt,
                                             const wick_span *ikm, size_t ikm_count);

/** The same with the salt prepared as an HMAC-SHA256 key, for several extractions under it.
 *  @retval WICK_E_BAD_ARG a key of another hash  @retval WICK_E_STATE the key was wiped */
WICK_NODISCARD wick_status wick_hkdf_extract_with(const wick_hmac_key *salt,
                                                  uint8_t prk[WICK_HKDF_PRK_BYTES],
                                                  const wick_span *ikm, size_t ikm_count);

/**
 * out = Expand(prk, info[0] | info[1] | ..., len).
 * @param[out] out  `len` bytes, zeroed on error; must not overlap prk or info
 * @retval WICK_OK
 * @retval WICK_E_BAD_ARG  len is above WICK_HKDF_OUT_MAX; `out` is untouched
 * @retval others          the back end's
 */
WICK_NODISCARD wick_status wick_hkdf_expand(const wick_hal_crypto *crypto, uint8_t *out,
                                            size_t len, const uint8_t prk[WICK_HKDF_PRK_BYTES],
                                            const wick_span *info, size_t info_count);

/** The same with the PRK prepared as an HMAC-SHA256 key. @retval WICK_E_BAD_ARG also for a key of
 *  another hash  @retval WICK_E_STATE the key was wiped */
WICK_NODISCARD wick_status wick_hkdf_expand_with(const wick_hmac_key *prk, uint8_t *out,
                                                 size_t len, const wick_span *info,
                                                 size_t info_count);

#ifdef __cplusplus
}
#endif
#endif
