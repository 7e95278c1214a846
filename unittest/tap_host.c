/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "tap.h"

void tap_puts(const char *text)
{
    fputs(text, stdout);
    fflush(stdout);
}

bool tap_short(void)
{
    return getenv("WICK_TAP_SHORT") != NULL;
}
