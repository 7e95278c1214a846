/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_TX_H
#define WICK_TX_H
/*
 * Transactions: legacy (with and without EIP-155), access-list (EIP-2930) and dynamic-fee
 * (EIP-1559); and Ethereum addresses.
 *
 *     wick_tx tx = {.type = WICK_TX_DYNAMIC_FEE, .chain_id = 1, .nonce = 7, ...};
 *     s = wick_tx_sign(&tx, &keystore, key);
 *     s = wick_tx_encode(&buf, &tx);          what eth_sendRawTransaction takes
 *     wick_tx_hash(hash32, &tx);              what it answers
 *
 * Encoding needs no second buffer and hashing none at all: the large parts (data, access list) are
 * views. Decoding is strict: canonical RLP, signature numbers in range, low s (EIP-2), nothing
 * trailing. Gas prices are held in 64 bits (18 Ether a gas); more is refused.
 * Sizes: wick_tx is 184 bytes on a Cortex-M4. Stack below 1 KB over all.
 */
#include "wick/base.h"
#include "wick/hal/crypto.h"
#include "wick/hal/keystore.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum wick_tx_type {
    WICK_TX_LEGACY = 0,
    WICK_TX_ACCESS_LIST = 1, /* EIP-2930 */
    WICK_TX_DYNAMIC_FEE = 2  /* EIP-1559 */
} wick_tx_type;

/** A transaction. `data` and `access_list` are the caller's, or views into what was decoded. */
typedef struct wick_tx {
    wick_tx_type type;
    bool create;    /* no `to`: makes a contract */
    bool is_signed; /* y_parity, r, s are set */
    uint8_t y_parity;
    uint64_t chain_id; /* 0 only for legacy: signed without EIP-155 */
    uint64_t nonce;
    uint64_t max_priority_fee; /* wei per gas; dynamic-fee only */
    uint64_t max_fee;          /* wei per gas; the gas price of the other types */
    uint64_t gas_limit;
    uint8_t to[20];
    uint8_t value[32];     /* wei, big-endian */
    wick_span data;
    wick_span access_list; /* RLP of the list with its header; {NULL, 0} is the empty list */
    uint8_t r[32];
    uint8_t s[32];
} wick_tx;

/** Appends the unsigned form, whose Keccak-256 is signed.
 *  @retval WICK_OK
 *  @retval WICK_E_NO_SPACE   `out` is too small
 *  @retval WICK_E_BAD_ARG    unknown type, chain id 0 of a typed transaction, or an access list
 *                            that is not RLP of one list */
WICK_NODISCARD wick_status wick_tx_encode_unsigned(wick_buf *out, const wick_tx *tx);

/** Digest to be signed. @retval WICK_OK  @retval WICK_E_BAD_ARG as above */
WICK_NODISCARD wick_status wick_tx_digest(uint8_t out32[32], const wick_tx *tx);

/** Signs: sets r, s, y_parity, is_signed.
 *  @retval WICK_OK  @retval WICK_E_BAD_ARG as above  @retval others the keystore's */
WICK_NODISCARD wick_status wick_tx_sign(wick_tx *tx, const wick_hal_keystore *keystore,
                                        wick_key key);

/** Appends the signed form, as sent and as hashed.
 *  @retval WICK_OK  @retval WICK_E_STATE not signed  @retval others as wick_tx_encode_unsigned() */
WICK_NODISCARD wick_status wick_tx_encode(wick_buf *out, const wick_tx *tx);

/** Transaction hash: Keccak-256 of the signed form. @retval as wick_tx_encode() */
WICK_NODISCARD wick_status wick_tx_hash(uint8_t out32[32], const wick_tx *tx);

/** Decodes a signed or unsigned transaction (is_signed tells). On error `out` is zeroed.
 *  @retval WICK_OK
 *  @retval WICK_E_UNSUPPORTED    another type (blob, set-code, ...)
 *  @retval WICK_E_TX_SIGNATURE   r or s zero or not below the group order, or s high (EIP-2)
 *  @retval WICK_E_MALFORMED      wrong number of fields, wrong length, bad v or y parity
 *  @retval WICK_E_TRUNCATED, WICK_E_NON_CANONICAL, WICK_E_TRAILING, WICK_E_LIMIT as wick/rlp.h */
WICK_NODISCARD wick_status wick_tx_decode(wick_tx *out, wick_span in);

/** Recovers the sender's address.
 *  @retval WICK_OK  @retval WICK_E_STATE not signed
 *  @retval WICK_E_TX_SIGNATURE no public key belongs to this signature */
WICK_NODISCARD wick_status wick_tx_sender(uint8_t out20[20], const wick_tx *tx,
                                          const wick_hal_crypto *crypto);

/** Address of a public key in uncompressed form (04 | x | y).
 *  @retval WICK_OK  @retval WICK_E_BAD_KEY first byte is not 04 */
WICK_NODISCARD wick_status wick_eth_address(uint8_t out20[20], const uint8_t pub65[65]);

/** Address of a compressed public key. @retval WICK_OK  @retval WICK_E_BAD_KEY not a point */
WICK_NODISCARD wick_status wick_eth_address_of(uint8_t out20[20], const uint8_t pub33[33],
                                               const wick_hal_crypto *crypto);

/** Address of a contract that `sender20` makes with `nonce`. */
void wick_eth_create_address(uint8_t out20[20], const uint8_t sender20[20], uint64_t nonce);

#define WICK_ETH_ADDRESS_STR_BYTES 43

/** "0x" and 40 digits with the checksum of EIP-55, zero-terminated. */
void wick_eth_address_str(char out[WICK_ETH_ADDRESS_STR_BYTES], const uint8_t address20[20]);

/** Reads an address: "0x" is optional; digits of mixed case must carry a right EIP-55 checksum.
 *  @retval WICK_OK  @retval WICK_E_MALFORMED */
WICK_NODISCARD wick_status wick_eth_address_parse(uint8_t out20[20], const char *text, size_t len);

#ifdef __cplusplus
}
#endif
#endif
