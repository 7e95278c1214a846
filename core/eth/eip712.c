/* SPDX-License-Identifier: Apache-2.0 */
/* Typed structured data (EIP-712). */
#include "wick/eip712.h"

static void put_text_hash(wick_eip712 *h, const char *text)
{
    wick_eip712_bytes(h, wick_span_text(text));
}

void wick_eip712_begin(wick_eip712 *h, const char *type)
{
    wick_keccak_init(&h->hash);
    put_text_hash(h, type);
}

void wick_eip712_word(wick_eip712 *h, const uint8_t word32[32])
{
    wick_keccak_update(&h->hash, word32, 32);
}

void wick_eip712_u64(wick_eip712 *h, uint64_t v)
{
    uint8_t word[32] = {0};
    wick_store_be64(word + 24, v);
    wick_eip712_word(h, word);
}

void wick_eip712_address(wick_eip712 *h, const uint8_t address20[20])
{
    static const uint8_t zero[12] = {0};
    wick_keccak_update(&h->hash, zero, sizeof zero);
    wick_keccak_update(&h->hash, address20, 20);
}

void wick_eip712_bytes(wick_eip712 *h, wick_span bytes)
{
    uint8_t hash[32];
    wick_keccak256(hash, bytes.ptr, bytes.len);
    wick_eip712_word(h, hash);
}

void wick_eip712_end(wick_eip712 *h, uint8_t out32[32])
{
    wick_keccak_final(&h->hash, out32);
}

void wick_eip712_domain(uint8_t out32[32], const char *name, const char *version,
                        uint64_t chain_id, const uint8_t contract20[20])
{
    wick_eip712 h;
    wick_eip712_begin(&h, "EIP712Domain(string name,string version,uint256 chainId,"
                          "address verifyingContract)");
    put_text_hash(&h, name);
    put_text_hash(&h, version);
    wick_eip712_u64(&h, chain_id);
    wick_eip712_address(&h, contract20);
    wick_eip712_end(&h, out32);
}

void wick_eip712_digest(uint8_t out32[32], const uint8_t domain32[32], const uint8_t struct32[32])
{
    static const uint8_t prefix[2] = {0x19, 0x01};
    wick_keccak k;
    wick_keccak_init(&k);
    wick_keccak_update(&k, prefix, sizeof prefix);
    wick_keccak_update(&k, domain32, 32);
    wick_keccak_update(&k, struct32, 32);
    wick_keccak_final(&k, out32);
}
