/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profile for parts with little flash, put in front of every source by the Cortex-M toolchain file:
 * the smaller way where wick/config.h offers two.
 */
#ifndef WICK_PROFILE_H
#define WICK_PROFILE_H

#define WICK_KECCAK_FAST 0
#define WICK_STATUS_TEXT 0

#endif
