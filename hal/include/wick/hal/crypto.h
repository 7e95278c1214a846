/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_HAL_CRYPTO_H
#define WICK_HAL_CRYPTO_H
/*
 * Primitives that come from a well-kept library: hashes, AEADs, secp256k1, RSA-2048 where peers have
 * such keys, and where Ethereum's sync committee is followed BLS12-381. HMAC, HKDF and HPKE are built
 * on these in core. Contexts are caller-owned and of fixed size. Long-term private keys never pass
 * here: they stay behind wick/hal/keystore.h. Ephemeral ones do, because they live for one handshake
 * in a caller's struct that is wiped.
 */
#include "wick/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum wick_hash_alg {
    WICK_HASH_SHA256 = 1, /* 32 bytes out, 64-byte block */
    WICK_HASH_SHA1 = 2,   /* 20 bytes out, 64-byte block; STUN MESSAGE-INTEGRITY only */
    WICK_HASH_MD5 = 3     /* 16 bytes out, 64-byte block; TURN long-term key only */
} wick_hash_alg;

#define WICK_HASH_MAX_BYTES 32
#define WICK_HASH_BLOCK_BYTES 64

typedef enum wick_aead_alg {
    WICK_AEAD_AES128_GCM = 1,      /* RFC 9180 AEAD ids; key 16 */
    WICK_AEAD_AES256_GCM = 2,      /* key 32 */
    WICK_AEAD_CHACHA20_POLY1305 = 3 /* key 32 */
} wick_aead_alg;

#define WICK_AEAD_NONCE_BYTES 12
#define WICK_AEAD_TAG_BYTES 16

/** Opaque; clone with hash_clone only. */
typedef struct wick_hash_ctx {
    uint64_t opaque[(WICK_HASH_CTX_BYTES + 7) / 8];
} wick_hash_ctx;

/** BLS12-381 public key, decompressed: opaque and private to the back end. */
typedef struct wick_bls_key {
    uint64_t opaque[(WICK_BLS_KEY_BYTES + 7) / 8];
} wick_bls_key;

/** Sum of public keys; opaque. */
typedef struct wick_bls_sum {
    uint64_t opaque[(WICK_BLS_SUM_BYTES + 7) / 8];
} wick_bls_sum;

typedef struct wick_hal_crypto {
    void *ctx;

    wick_status (*hash_begin)(void *ctx, wick_hash_ctx *h, wick_hash_alg alg);
    wick_status (*hash_update)(void *ctx, wick_hash_ctx *h, const uint8_t *data, size_t len);
    /** Writes 32, 20 or 16 bytes by algorithm; the context is finished and may be begun again. */
    wick_status (*hash_finish)(void *ctx, wick_hash_ctx *h, uint8_t *out);
    wick_status (*hash_clone)(void *ctx, wick_hash_ctx *dst, const wick_hash_ctx *src);
    /** Wipes and releases; may be called on a finished or zeroed context. */
    void (*hash_free)(void *ctx, wick_hash_ctx *h);

    /** `out` has pt.len + 16 bytes and may equal pt.ptr; nonce 12 bytes. */
    wick_status (*aead_seal)(void *ctx, wick_aead_alg alg, uint8_t *out, const uint8_t *key,
                             const uint8_t *nonce12, wick_span aad, wick_span pt);
    /** `out` has ct.len - 16 bytes and is zeroed on failure.
     *  @retval WICK_E_AUTH tag wrong or shorter than a tag */
    wick_status (*aead_open)(void *ctx, wick_aead_alg alg, uint8_t *out, const uint8_t *key,
                             const uint8_t *nonce12, wick_span aad, wick_span ct);

    /** Compressed public key of an ephemeral secret.
     *  @retval WICK_E_BAD_KEY secret is 0 or not below the group order */
    wick_status (*secp256k1_public)(void *ctx, uint8_t pub33[33], const uint8_t secret32[32]);
    /** x coordinate of secret * peer. @retval WICK_E_BAD_KEY point or secret not valid */
    wick_status (*secp256k1_ecdh)(void *ctx, uint8_t x32[32], const uint8_t secret32[32],
                                  const uint8_t peer33[33]);
    /** Uncompressed form 04 | x | y. First byte must be 02 or 03.
     *  @retval WICK_E_BAD_KEY not a point of the curve */
    wick_status (*secp256k1_expand)(void *ctx, uint8_t pub65[65], const uint8_t pub33[33]);
    /** ECDSA over a 32-byte digest, sig = r | s. @retval WICK_E_AUTH wrong, or s is high */
    wick_status (*secp256k1_verify)(void *ctx, const uint8_t sig64[64], const uint8_t digest32[32],
                                    const uint8_t pub33[33]);
    /** Public key of the signer. recid 0 or 1. @retval WICK_E_AUTH none, or s is high */
    wick_status (*secp256k1_recover)(void *ctx, uint8_t pub65[65], const uint8_t sig64[64],
                                     uint8_t recid, const uint8_t digest32[32]);

#if WICK_WITH_NSL_RSA
    /*
     * RSA-2048 (RFC 8017) with SHA-256 and MGF1-SHA-256 in both schemes; a public key is
     * n 256 | e 4, as wick/rsa.h reads it from a SubjectPublicKeyInfo. Both are NULL where there is
     * no such back end.
     */

    /** RSAES-OAEP of 32 bytes. `seed32` is fresh randomness, drawn by the caller.
     *  @retval WICK_E_BAD_KEY n is not of 2048 bits or even, e even or below 65537 */
    wick_status (*rsa_seal)(void *ctx, uint8_t out256[256], const uint8_t pub260[260],
                            wick_span label, const uint8_t message32[32],
                            const uint8_t seed32[32]);
    /** RSASSA-PSS with a salt of 32 bytes over a digest. @retval WICK_E_AUTH wrong
     *  @retval WICK_E_BAD_KEY as above */
    wick_status (*rsa_verify)(void *ctx, const uint8_t sig256[256], const uint8_t digest32[32],
                              const uint8_t pub260[260]);
#endif

    /*
     * BLS signatures with keys in G1 (draft-irtf-cfrg-bls-signature, ciphersuite
     * BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_). Keys are decompressed once and summed up for each
     * check. All six are NULL where there is no such back end.
     */

    /** Decompresses a key. With `validate` it must be of the subgroup and not infinity (KeyValidate);
     *  without, the caller has had it validated before.
     *  @retval WICK_E_BAD_KEY it is no such key; `out` is zeroed */
    wick_status (*bls_key)(void *ctx, wick_bls_key *out, const uint8_t pub48[48], bool validate);
    /** The compressed form again. */
    void (*bls_compress)(void *ctx, uint8_t pub48[48], const wick_bls_key *key);
    /** An empty sum. */
    void (*bls_begin)(void *ctx, wick_bls_sum *sum);
    /** Adds a key or, with `subtract`, takes it away. */
    void (*bls_add)(void *ctx, wick_bls_sum *sum, const wick_bls_key *key, bool subtract);
    /** The sum as a key. @retval WICK_E_BAD_KEY it is infinity; `out` is zeroed */
    wick_status (*bls_total)(void *ctx, wick_bls_key *out, const wick_bls_sum *sum);
    /** Did the owners of all keys in the sum sign these 32 bytes?
     *  @retval WICK_E_AUTH no, or the sum is infinity, or the signature is no point of its group */
    wick_status (*bls_verify)(void *ctx, const wick_bls_sum *sum, const uint8_t message32[32],
                              const uint8_t sig96[96]);
} wick_hal_crypto;

#ifdef __cplusplus
}
#endif
#endif
