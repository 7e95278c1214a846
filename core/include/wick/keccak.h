/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_KECCAK_H
#define WICK_KECCAK_H
/*
 * Keccak-256 as Ethereum uses it: Keccak[c = 512] with the original padding 0x01 (not FIPS 202,
 * whose SHA3-256 pads with 0x06). No function can fail.
 *
 *     wick_keccak k;
 *     wick_keccak_init(&k);
 *     wick_keccak_update(&k, part1, len1);
 *     wick_keccak_update(&k, part2, len2);
 *     wick_keccak_final(&k, out32);
 *
 * or in one call wick_keccak256(out32, data, len). A context is 208 bytes and may be copied with
 * `=` to fork a common prefix. Stack: 0.6 KB. WICK_KECCAK_FAST in wick/config.h chooses
 * between the unrolled permutation and a rolled one below 1 KB of Cortex-M4 text. Constant time in
 * the data.
 */
#include "wick/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WICK_KECCAK256_BYTES 32

/** Streaming state. The fields are private. */
typedef struct wick_keccak {
    uint64_t lane[25];
    uint32_t pos; /* bytes of the current 136-byte block already absorbed */
} wick_keccak;

/** Starts a hash. @param[out] k caller-owned */
void wick_keccak_init(wick_keccak *k);

/** Absorbs `len` bytes. `data` may be NULL if `len` is 0. */
void wick_keccak_update(wick_keccak *k, const uint8_t *data, size_t len);

/** Writes the digest; init the context before further use. It is not wiped: what Ethereum hashes is
 *  public. */
void wick_keccak_final(wick_keccak *k, uint8_t out32[WICK_KECCAK256_BYTES]);

/** All at once. `out32` may overlap `data`. */
void wick_keccak256(uint8_t out32[WICK_KECCAK256_BYTES], const uint8_t *data, size_t len);

#ifdef __cplusplus
}
#endif
#endif
