/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "tap.h"

void tap_puts(const char *text)
{
    fputs(text, stdout);
    fflush(stdout);
}
