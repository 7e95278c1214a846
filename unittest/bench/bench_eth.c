/* SPDX-License-Identifier: Apache-2.0 */
/* Keccak-256: what every hash of the proof path costs. */
#include "bench.h"

#include <string.h>

#include "wick/keccak.h"

static uint8_t in[1024], out[WICK_KECCAK256_BYTES];

BENCH_SETUP(keccak_32)
{
    memset(in, 0xa5, sizeof in);
    memset(out, 0, sizeof out);
    return BENCH_READY;
}

BENCH(keccak_32)
{
    wick_keccak256(out, in, 32);
}

BENCH_CHECK(keccak_32)
{
    return out[0] != 0 || out[1] != 0;
}

#define setup_keccak_1024 setup_keccak_32
#define check_keccak_1024 check_keccak_32
BENCH(keccak_1024)
{
    wick_keccak256(out, in, 1024);
}

BENCH_MAIN(BENCH_CASE(keccak_32), BENCH_CASE(keccak_1024))
