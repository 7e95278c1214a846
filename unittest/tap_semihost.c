/* SPDX-License-Identifier: Apache-2.0 */
/* Test output of bare-metal images: semihosting's WRITE0 prints a string on the emulator's host. */
#include "tap.h"

uint32_t wick_semihost(uint32_t op, const void *arg);

void tap_puts(const char *text)
{
    (void)wick_semihost(0x04u, text);
}

bool tap_short(void)
{
    return false;
}
