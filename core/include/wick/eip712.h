/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_EIP712_H
#define WICK_EIP712_H
/*
 * Typed structured data (EIP-712): domain separator, struct hash, digest to sign.
 *
 *     wick_eip712_domain(domain32, "wick DeviceRegistry", "1", chain_id, contract20);
 *     wick_eip712 h;
 *     wick_eip712_begin(&h, "Possession(bytes32 id,bytes32 challenge)");
 *     wick_eip712_word(&h, id32);
 *     wick_eip712_word(&h, challenge32);
 *     wick_eip712_end(&h, struct32);
 *     wick_eip712_digest(digest32, domain32, struct32);
 *
 * Members are given in the order of the type. Nothing here can fail.
 */
#include "wick/keccak.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A struct being hashed. The field is private. */
typedef struct wick_eip712 {
    wick_keccak hash;
} wick_eip712;

/** Domain separator of EIP712Domain(string name,string version,uint256 chainId,
 *  address verifyingContract). */
void wick_eip712_domain(uint8_t out32[32], const char *name, const char *version,
                        uint64_t chain_id, const uint8_t contract20[20]);

/** Starts a struct. @param[in] type encodeType, e.g. "Mail(address to,string contents)" */
void wick_eip712_begin(wick_eip712 *h, const char *type);

/** Member bytes32, uint256, or the hash of a nested struct. */
void wick_eip712_word(wick_eip712 *h, const uint8_t word32[32]);
/** Member uint8 .. uint64. */
void wick_eip712_u64(wick_eip712 *h, uint64_t v);
/** Member address. */
void wick_eip712_address(wick_eip712 *h, const uint8_t address20[20]);
/** Member bytes or string. */
void wick_eip712_bytes(wick_eip712 *h, wick_span bytes);

/** Struct hash. */
void wick_eip712_end(wick_eip712 *h, uint8_t out32[32]);

/** keccak256(0x19 0x01 | domain | struct hash): what is signed. */
void wick_eip712_digest(uint8_t out32[32], const uint8_t domain32[32],
                        const uint8_t struct32[32]);

#ifdef __cplusplus
}
#endif
#endif
