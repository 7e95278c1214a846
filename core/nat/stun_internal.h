/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_STUN_INTERNAL_H
#define WICK_STUN_INTERNAL_H
/* What the reading and the writing half of the codec share. */
#include "wick/stun.h"

/* XOR-ed into the CRC so that it differs from one of an enclosing protocol (RFC 8489 14.7). */
#define WICK_STUN_FINGERPRINT_XOR UINT32_C(0x5354554e)

#define WICK_STUN_FAMILY_IPV4 1u
#define WICK_STUN_FAMILY_IPV6 2u

/* True for the address attributes that are XOR-ed with cookie and transaction id. */
static inline bool wick_stun_is_xor(wick_stun_attr attr)
{
    return attr == WICK_STUN_XOR_PEER_ADDRESS || attr == WICK_STUN_XOR_RELAYED_ADDRESS ||
           attr == WICK_STUN_XOR_MAPPED_ADDRESS;
}

/* The error code of ERROR-CODE and its kin, whose first octets are the same (RFC 8489 14.8). Untouched
 * where it is MALFORMED: no code of 300 to 699. */
WICK_NODISCARD wick_status wick_stun_read_code(uint16_t *code, const uint8_t value[4]);

#endif
