/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_RSA_H
#define WICK_RSA_H
/*
 * RSA-2048 public keys: how a key travels and how it is held. It travels as SubjectPublicKeyInfo in
 * DER (RFC 5280, RFC 8017 A.1), and the record on the chain is SHA-256 of exactly these octets; it is
 * held as n 256 | e 4, big-endian.
 *
 *     if (wick_rsa_spki_decode(pub, spki) == WICK_OK) { ... crypto->rsa_verify(..., pub) ... }
 *
 * One key has one encoding: whatever decodes encodes to the same octets again, so neither trailing
 * octets nor another form of a length can give a key a second hash. Exponents have 17 to 32 bits.
 * Pure functions without a clock or memory of their own; public values only, not constant time.
 * Stack below 400 B. Part of builds with WICK_WITH_NSL_RSA.
 */
#include "wick/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WICK_RSA_BYTES 256     /* modulus, ciphertext, signature */
#define WICK_RSA_PUB_BYTES 260 /* n 256 | e 4 */
#define WICK_RSA_SPKI_MAX 296  /* 294 with e = 65537 */

/** Is it a key that may be used? Not whether n has two prime factors: its owner alone knows.
 *  @retval WICK_OK  @retval WICK_E_BAD_KEY n not of 2048 bits or even, e even or below 65537 */
WICK_NODISCARD wick_status wick_rsa_check(const uint8_t pub260[WICK_RSA_PUB_BYTES]);

/**
 * @param[out] pub260 zeroed on error
 * @retval WICK_OK
 * @retval WICK_E_BAD_KEY not the one encoding of a key that wick_rsa_check() takes
 */
WICK_NODISCARD wick_status wick_rsa_spki_decode(uint8_t pub260[WICK_RSA_PUB_BYTES], wick_span spki);

/**
 * @param[out] out 294 to 296 octets
 * @return their number; 0 if wick_rsa_check() refuses the key
 */
size_t wick_rsa_spki_encode(uint8_t out[WICK_RSA_SPKI_MAX],
                            const uint8_t pub260[WICK_RSA_PUB_BYTES]);

#ifdef __cplusplus
}
#endif
#endif
