/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_NAIVE_FLASH_H
#define WICK_NAIVE_FLASH_H
/*
 * What a journal sees that takes its next slot for free when no whole entry is in it, and does not look at
 * what it has written: torn slots are blank, and what it wrote is there. The journal itself stays as it is.
 */
#include "wick/port/stub_flash.h"

/** The stub's flash through such eyes. */
void naive_flash_hal(wick_hal_flash *hal, wick_stub_flash *flash);
/** After a reset: what was believed is forgotten. */
void naive_flash_reset(void);

#endif
