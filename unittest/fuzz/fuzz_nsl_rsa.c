/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same as fuzz_nsl.c where one side has an RSA key or both have: longer messages, another opening,
 * another signature.
 */
#define FUZZ_SUITES 0x11, 0x12, 0x21
#include "fuzz_nsl.c"
