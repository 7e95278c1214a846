/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_CONFIG_H
#define WICK_CONFIG_H
/*
 * Every compile-time bound of the library, with its meaning, range, default and RAM cost. Override
 * by -D or by a header of your own named in WICK_CONFIG_FILE.
 */
#ifdef WICK_CONFIG_FILE
#include WICK_CONFIG_FILE
#endif

/* Keccak: 1 = unrolled 64-bit permutation (fast, about 5 KB text), 0 = rolled (below 1 KB). */
#ifndef WICK_KECCAK_FAST
#define WICK_KECCAK_FAST 1
#endif

/* Deepest nesting of RLP lists that a reader follows. Range 2..16. No RAM. */
#ifndef WICK_RLP_DEPTH_MAX
#define WICK_RLP_DEPTH_MAX 8
#endif

/* Largest trie node accepted, bytes. 17 x 33 + 3 = 564 bounds a branch; a leaf carries the value
 * too. Range 600..4096. Costs one caller buffer in ports that collect nodes. */
#ifndef WICK_MPT_NODE_MAX
#define WICK_MPT_NODE_MAX 1024
#endif

/* Largest block header, RLP bytes. Range 700..4096 (consortium chains carry seals). */
#ifndef WICK_HEADER_MAX
#define WICK_HEADER_MAX 4096
#endif

/* Sizes of the opaque crypto contexts of wick/hal/crypto.h, bytes. Range: what the back end needs,
 * checked there at compile time. */
#ifndef WICK_HASH_CTX_BYTES
#define WICK_HASH_CTX_BYTES 128
#endif

#endif
