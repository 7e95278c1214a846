/* SPDX-License-Identifier: Apache-2.0 */
/* Ethereum addresses: from keys, as text (EIP-55), of new contracts. */
#include <string.h>

#include "wick/keccak.h"
#include "wick/rlp.h"
#include "wick/tx.h"

#define DIGITS 40u

wick_status wick_eth_address(uint8_t out20[20], const uint8_t pub65[65])
{
    uint8_t h[32];
    memset(out20, 0, 20);
    if (pub65[0] != 0x04) {
        return WICK_E_BAD_KEY;
    }
    wick_keccak256(h, pub65 + 1, 64);
    memcpy(out20, h + 12, 20);
    return WICK_OK;
}

wick_status wick_eth_address_of(uint8_t out20[20], const uint8_t pub33[33],
                                const wick_hal_crypto *crypto)
{
    uint8_t pub65[65];
    memset(out20, 0, 20);
    wick_status s = crypto->secp256k1_expand(crypto->ctx, pub65, pub33);
    return s == WICK_OK ? wick_eth_address(out20, pub65) : s;
}

void wick_eth_create_address(uint8_t out20[20], const uint8_t sender20[20], uint64_t nonce)
{
    uint8_t m[32], h[32];
    wick_buf b = wick_buf_make(m, sizeof m);
    size_t at = wick_rlp_open(&b);
    wick_rlp_put(&b, sender20, 20);
    wick_rlp_put_u64(&b, nonce);
    wick_rlp_shut(&b, at);
    wick_keccak256(h, m, b.len);
    memcpy(out20, h + 12, 20);
}

/* EIP-55: a letter is upper case where the digit of the same place in the hash of the lower-case
 * text is 8 or more. */
void wick_eth_address_str(char out[WICK_ETH_ADDRESS_STR_BYTES], const uint8_t address20[20])
{
    uint8_t h[32];
    char *text = out + 2;
    out[0] = '0';
    out[1] = 'x';
    wick_hex_encode(text, address20, 20);
    wick_keccak256(h, (const uint8_t *)text, DIGITS);
    for (size_t i = 0; i < DIGITS; i++) {
        unsigned digit = (i & 1u) != 0 ? h[i / 2] & 15u : h[i / 2] >> 4;
        if (text[i] >= 'a' && digit >= 8) {
            text[i] = (char)(text[i] - 'a' + 'A');
        }
    }
}

wick_status wick_eth_address_parse(uint8_t out20[20], const char *text, size_t len)
{
    uint8_t a[20];
    char right[WICK_ETH_ADDRESS_STR_BYTES];
    bool lower = false, upper = false;
    if (wick_hex_decode(a, sizeof a, text, len) != WICK_OK) {
        return WICK_E_MALFORMED;
    }
    const char *digits = text + (len - DIGITS);
    for (size_t i = 0; i < DIGITS; i++) {
        lower = lower || (digits[i] >= 'a' && digits[i] <= 'f');
        upper = upper || (digits[i] >= 'A' && digits[i] <= 'F');
    }
    if (lower && upper) {
        wick_eth_address_str(right, a);
        if (memcmp(right + 2, digits, DIGITS) != 0) {
            return WICK_E_MALFORMED;
        }
    }
    memcpy(out20, a, sizeof a);
    return WICK_OK;
}
