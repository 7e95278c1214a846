/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profile for parts with little flash, put in front of every source by the Cortex-M toolchain file:
 * the smaller way where wick/config.h offers two.
 */
#ifndef WICK_PROFILE_H
#define WICK_PROFILE_H

#define WICK_KECCAK_FAST 0
#define WICK_STATUS_TEXT 0
/* Relays of a firmware are of its operator's choosing: SHA-1 over UDP, IPv4, no roaming. */
#define WICK_WITH_TURN_SHA256 0
#define WICK_WITH_TURN_MOBILITY 0
#define WICK_WITH_TURN_DUAL 0
#define WICK_WITH_TURN_STREAM 0
/* Sessions end with the relay on which they began. */
#define WICK_WITH_DIRECT 0
/* Keys on secp256k1 alone. */
#define WICK_WITH_NSL_RSA 0
/* Relays alone, one at a time. */
#define WICK_WITH_PATH 0
#define WICK_WITH_STANDBY 0
/* Whoever shows a ticket comes directly, so there is nothing to accept. */
#define WICK_WITH_TICKETS 0
/* The firmware is the only application. */
#define WICK_WITH_SERVICES 0
#define WICK_WITH_PEER_KEYS 0
/* Its calls are few, and its RAM is small. */
#define WICK_WITH_PEER_CACHE 0
/* A session lasts until it is idle or the device sleeps. */
#define WICK_WITH_REKEY 0
#define WICK_WITH_LEAVES 0
#define WICK_WITH_RELAYED 0
/* There are two slots. */
#define WICK_WITH_IN_PLACE 0
/* Relays need no attestor. */
#define WICK_WITH_ATTEST 0

#endif
