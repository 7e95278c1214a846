/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PORT_CRYPTO_H
#define WICK_PORT_CRYPTO_H
/*
 * The crypto back ends that the ports share: mbedtls (hashes, AEADs), libsecp256k1 (everything on
 * that curve) and, where it is built in, blst (BLS12-381), each behind one file, and a keystore in RAM for ports that have no secure
 * element.
 *
 *     static wick_crypto_ctx cc;
 *     static wick_ram_keystore ks;
 *     wick_hal_crypto crypto;
 *     wick_hal_keystore keys;
 *     wick_key device;
 *     wick_crypto_init(&crypto, &cc);
 *     wick_crypto_blind(&cc, &entropy);
 *     wick_ram_keystore_init(&keys, &ks, &cc);
 *     wick_ram_keystore_generate(&device, &ks, &entropy);
 *
 * A context belongs to one thread at a time; contexts are independent of each other. The one
 * exception is the pool below, which mbedtls allows only once per process.
 *
 * RSA-2048 keys, in builds with WICK_WITH_NSL_RSA:
 *
 *     wick_ram_keystore_rsa(&keys, &ks, &entropy);        after wick_ram_keystore_init()
 *     wick_ram_keystore_generate_rsa(&device, &ks, primes);
 *
 * Sizes: wick_crypto_ctx 0.9 KB; wick_ram_keystore 40 B + 40 B per key (64-bit), 3.1 KB more with
 * RSA. An RSA operation takes up to WICK_RSA_POOL_BYTES of the pool while it runs.
 */
#include "wick/base.h"
#include "wick/hal/crypto.h"
#include "wick/hal/entropy.h"
#include "wick/hal/keystore.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Room for libsecp256k1's context: 180 B on 32-bit, 208 B on 64-bit. Checked at initialisation. */
#ifndef WICK_SECP256K1_CTX_BYTES
#define WICK_SECP256K1_CTX_BYTES 256
#endif

/* Keys that a RAM keystore holds. Range 1..255. 36 B each. */
#ifndef WICK_RAM_KEYS_MAX
#define WICK_RAM_KEYS_MAX 8
#endif

/* RSA keys that a RAM keystore holds. Range 1..255. 780 B each. */
#ifndef WICK_RAM_RSA_KEYS_MAX
#define WICK_RAM_RSA_KEYS_MAX 4
#endif
/* Most that an RSA operation takes of the pool while it runs. */
#define WICK_RSA_POOL_BYTES (10u * 1024u)

/* Static pool for all of mbedtls, bytes. Each TLS or DTLS session takes 25 KB on Linux (web servers
 * send records of 16 KB whatever is asked for) and is admitted with 36 KB, an HTTPS connection with
 * 56 KB; 6 KB with the small records of microcontrollers. On Linux: 16 sessions of peers and 7
 * connections by https; memory that was never used costs none there. */
#ifndef WICK_MBEDTLS_POOL_BYTES
#if defined(__linux__)
#define WICK_MBEDTLS_POOL_BYTES (1024u * 1024u)
#else
#define WICK_MBEDTLS_POOL_BYTES (96u * 1024u)
#endif
#endif

/* Of it for what is no session: one RSA operation (WICK_RSA_POOL_BYTES), AEADs, PSA's tables, and gaps
 * between what is in use. */
#ifndef WICK_MBEDTLS_POOL_BASE
#define WICK_MBEDTLS_POOL_BASE (WICK_RSA_POOL_BYTES + 8u * 1024u)
#endif

/* Public keys whose point is remembered. A handshake meets each of its six keys two or three times,
 * and decompression is a square root (53 k instructions). Range 1..16. 104 B each. */
#ifndef WICK_SECP256K1_POINTS
#define WICK_SECP256K1_POINTS 6
#endif

/** Private: a compressed key and its point in the library's form. */
typedef struct wick_crypto_point {
    uint8_t pub33[33]; /* first byte 0: free */
    uint8_t point[64];
    uint32_t used;
} wick_crypto_point;

typedef struct wick_crypto_ctx {
    uint64_t opaque[(WICK_SECP256K1_CTX_BYTES + 7) / 8];
    void *secp256k1;
    uint32_t uses;
    wick_crypto_point points[WICK_SECP256K1_POINTS];
} wick_crypto_ctx;

/**
 * Fills every function of `out` from all back ends (those of BLS12-381 stay NULL without blst); `out` points to `ctx` from then on, which must
 * stay where it is. Also sets up the pool of mbedtls.
 * @retval WICK_OK
 * @retval WICK_E_NO_SPACE WICK_SECP256K1_CTX_BYTES or the pool is too small for this build
 */
WICK_NODISCARD wick_status wick_crypto_init(wick_hal_crypto *out, wick_crypto_ctx *ctx);

/**
 * Blinds the secret-key operations of `ctx` with fresh randomness against side channels. Do it once
 * after wick_crypto_init(), and again whenever convenient.
 * @retval WICK_E_ENTROPY there is none; the context works, unblinded
 */
WICK_NODISCARD wick_status wick_crypto_blind(wick_crypto_ctx *ctx, const wick_hal_entropy *entropy);

/** Hashes and AEADs only; the other members of `out` stay as they are. Same statuses as above. */
WICK_NODISCARD wick_status wick_crypto_mbedtls_fill(wick_hal_crypto *out);

/** The curve only; the other members of `out` stay as they are. Same statuses as above. */
WICK_NODISCARD wick_status wick_crypto_secp256k1_fill(wick_hal_crypto *out, wick_crypto_ctx *ctx);

#if WICK_WITH_NSL_RSA
/** RSA-2048 only; the other members of `out` stay as they are. Sets up the pool of mbedtls. */
WICK_NODISCARD wick_status wick_crypto_rsa_fill(wick_hal_crypto *out);
#endif

/** BLS12-381 only; the other members of `out` stay as they are. In builds with WICK_BLST. */
void wick_crypto_blst_fill(wick_hal_crypto *out);

/**
 * Gives mbedtls its static pool, once per process; further calls change nothing. Needed before any
 * TLS session and before AES-GCM. Not thread-safe.
 * @retval WICK_OK (also in a build whose mbedtls uses the heap)
 */
WICK_NODISCARD wick_status wick_mbedtls_pool_init(void);

/** The pool, in bytes with the allocator's own headers; all zero where mbedtls uses the heap. */
typedef struct wick_mbedtls_pool {
    size_t size;
    size_t used, most;  /* now, and the most at any time */
    size_t promised;    /* sum of what is reserved */
} wick_mbedtls_pool;

void wick_mbedtls_pool_look(wick_mbedtls_pool *out);

/** The most counts from now on. */
void wick_mbedtls_pool_mark(void);

/**
 * Sets `bytes` aside for a session, its measured worst case: who has been admitted never fails for
 * memory, whatever the others do. WICK_MBEDTLS_POOL_BASE stays for what has no session. Changes
 * nothing unless WICK_OK. Not thread-safe, as the pool.
 * @retval WICK_OK  @retval WICK_E_POOL  so much is not left
 */
WICK_NODISCARD wick_status wick_mbedtls_pool_reserve(size_t bytes);

/** Gives back what wick_mbedtls_pool_reserve() gave. */
void wick_mbedtls_pool_release(size_t bytes);

/*
 * The operations on a secret at hand, for keystores.
 */

/** Compressed public key. @retval WICK_E_BAD_KEY the secret is 0 or not below the group order */
WICK_NODISCARD wick_status wick_crypto_secp256k1_public(wick_crypto_ctx *ctx, uint8_t pub33[33],
                                                        const uint8_t secret32[32]);

/** Raw x of secret * peer; zeroed on error. @retval WICK_E_BAD_KEY secret or point not valid */
WICK_NODISCARD wick_status wick_crypto_secp256k1_ecdh(wick_crypto_ctx *ctx, uint8_t x32[32],
                                                      const uint8_t secret32[32],
                                                      const uint8_t peer33[33]);

/**
 * ECDSA: RFC 6979 nonce, low s.
 * @param[out] sig64 r | s
 * @param[out] recid 0 or 1; may be NULL
 * @retval WICK_E_BAD_KEY the secret is 0 or not below the group order
 */
WICK_NODISCARD wick_status wick_crypto_secp256k1_sign(wick_crypto_ctx *ctx, uint8_t sig64[64],
                                                      uint8_t *recid, const uint8_t secret32[32],
                                                      const uint8_t digest32[32]);

/** Private: keys of a RAM keystore. */
typedef struct wick_ram_key {
    uint8_t secret[32];
    uint32_t handle; /* 0 = free */
} wick_ram_key;

#if WICK_WITH_NSL_RSA
typedef struct wick_ram_rsa_key {
    uint8_t n[256], d[256], p[128], q[128], e[4];
    uint32_t handle; /* 0 = free */
} wick_ram_rsa_key;
#endif

typedef struct wick_ram_keystore {
    wick_crypto_ctx *crypto;
    uint32_t serial;
    wick_ram_key keys[WICK_RAM_KEYS_MAX];
#if WICK_WITH_NSL_RSA
    const wick_hal_entropy *entropy; /* for blinding, salts and seeds */
    wick_ram_rsa_key rsa[WICK_RAM_RSA_KEYS_MAX];
#endif
} wick_ram_keystore;

/** An empty keystore. `crypto` must be initialised; both must outlive `out`. */
void wick_ram_keystore_init(wick_hal_keystore *out, wick_ram_keystore *ks, wick_crypto_ctx *crypto);

/**
 * Copies a secp256k1 secret in. The caller wipes its own copy.
 * @retval WICK_E_BAD_KEY the secret is 0 or not below the group order
 * @retval WICK_E_LIMIT the table is full (WICK_RAM_KEYS_MAX)
 */
WICK_NODISCARD wick_status wick_ram_keystore_import(wick_key *out, wick_ram_keystore *ks,
                                                    const uint8_t secret32[32]);

/** Makes a key. @retval WICK_E_ENTROPY  @retval WICK_E_LIMIT */
WICK_NODISCARD wick_status wick_ram_keystore_generate(wick_key *out, wick_ram_keystore *ks,
                                                      const wick_hal_entropy *entropy);

#if WICK_WITH_NSL_RSA
/* An RSA key as it is kept in files: its primes, the greater one first; the exponent is 65537. */
#define WICK_RSA_PRIMES_BYTES 256

/** Adds RSA-2048 to a keystore: fills the rsa_* functions of `out`. `entropy` must outlive it. */
void wick_ram_keystore_rsa(wick_hal_keystore *out, wick_ram_keystore *ks,
                           const wick_hal_entropy *entropy);

/**
 * Copies an RSA-2048 key in. The caller wipes its own copy of the primes.
 * @retval WICK_E_BAD_KEY  not two different primes of 1,024 bits whose product has 2,048
 * @retval WICK_E_LIMIT    the table is full (WICK_RAM_RSA_KEYS_MAX)
 * @retval WICK_E_STATE    wick_ram_keystore_rsa() comes first
 * @retval WICK_E_CRYPTO   the pool is full
 */
WICK_NODISCARD wick_status wick_ram_keystore_import_rsa(wick_key *out, wick_ram_keystore *ks,
                                                        const uint8_t primes[WICK_RSA_PRIMES_BYTES]);

/**
 * Makes a key: some tenths of a second on a PC, minutes on a microcontroller.
 * @param[out] primes  for wick_ram_keystore_import_rsa(); the caller wipes them; zeroed on error
 * @retval WICK_E_ENTROPY  @retval others as above
 */
WICK_NODISCARD wick_status wick_ram_keystore_generate_rsa(wick_key *out,
                                                          uint8_t primes[WICK_RSA_PRIMES_BYTES],
                                                          wick_ram_keystore *ks);
#else
#define wick_ram_keystore_rsa(out, ks, entropy) ((void)(ks))
#endif

/** Wipes one key; its handle is not given again soon. No effect if there is no such key. */
void wick_ram_keystore_remove(wick_ram_keystore *ks, wick_key key);

/** Wipes all keys; the keystore is empty and usable. */
void wick_ram_keystore_wipe(wick_ram_keystore *ks);

#ifdef __cplusplus
}
#endif
#endif
