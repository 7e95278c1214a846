/* SPDX-License-Identifier: Apache-2.0 */
/* Transactions: what is decoded encodes to the same bytes, and hashes as they do. */
#include "fuzz.h"

#include "wick/tx.h"

#include "wick/keccak.h"

static uint8_t copy[65536];

/* A keystore and a curve that answer what the transaction's bytes say. */
static const uint8_t *answer;

static wick_status sign(void *ctx, uint8_t sig64[64], uint8_t *recid, wick_key key,
                        const uint8_t hash32[32])
{
    (void)ctx;
    (void)key;
    (void)hash32;
    memcpy(sig64, answer, 64);
    *recid = answer[0] & 3u;
    return (answer[1] & 7u) != 0 ? WICK_OK : WICK_E_AUTH;
}

static wick_status recover(void *ctx, uint8_t pub65[65], const uint8_t sig64[64], uint8_t recid,
                           const uint8_t hash32[32])
{
    (void)ctx;
    (void)sig64;
    (void)hash32;
    memset(pub65, recid, 65);
    pub65[0] = 4;
    return (answer[1] & 7u) == 1 ? WICK_E_AUTH : (answer[1] & 7u) == 2 ? WICK_E_HAL : WICK_OK;
}

/* Only a signature in range ever makes a transaction signed, and only such a one has a sender. */
static void signatures(const wick_tx *tx, const uint8_t *data, size_t size)
{
    wick_hal_keystore keystore;
    wick_key key;
    wick_hal_crypto crypto;
    wick_tx other = *tx;
    uint8_t sender[20];
    memset(&key, 0, sizeof key);
    memset(&keystore, 0, sizeof keystore);
    memset(&crypto, 0, sizeof crypto);
    keystore.secp256k1_sign = sign;
    crypto.secp256k1_recover = recover;
    if (size < 64) {
        return;
    }
    answer = data + size - 64;
    (void)!wick_tx_sender(sender, &other, &crypto);
    wick_status s = wick_tx_sign(&other, &keystore, key);
    FUZZ_CHECK(s != WICK_OK || (other.is_signed && other.y_parity <= 1 && other.s[0] < 0x80));
    s = wick_tx_sender(sender, &other, &crypto);
    FUZZ_CHECK(s != WICK_OK || other.is_signed);
    memset(other.r, 0xff, sizeof other.r);
    FUZZ_CHECK(wick_tx_sender(sender, &other, &crypto) != WICK_OK);
    other.type = (wick_tx_type)7;
    FUZZ_CHECK(wick_tx_sign(&other, &keystore, key) != WICK_OK);
    memset(other.r, 1, sizeof other.r);
    FUZZ_CHECK(wick_tx_sender(sender, &other, &crypto) != WICK_OK);
}

/* What is not possible is refused by the encoder too. */
static void refuse(const wick_tx *tx)
{
    uint8_t hash[32];
    wick_tx other = *tx;
    wick_buf out = wick_buf_make(copy, sizeof copy);
    other.y_parity = 2;
    FUZZ_CHECK(wick_tx_encode(&out, &other) != WICK_OK);
    other = *tx;
    other.is_signed = false;
    FUZZ_CHECK(wick_tx_hash(hash, &other) == WICK_E_STATE);
    other.type = (wick_tx_type)7;
    FUZZ_CHECK(wick_tx_digest(hash, &other) == WICK_E_BAD_ARG);
    other = *tx;
    other.chain_id = tx->type == WICK_TX_LEGACY ? UINT64_MAX : 0;
    FUZZ_CHECK(wick_tx_digest(hash, &other) == WICK_E_BAD_ARG);
    other = *tx;
    other.access_list = other.data;
    wick_buf none = wick_buf_make(NULL, 0);
    wick_status s = wick_tx_encode_unsigned(&none, &other);
    FUZZ_CHECK(s == WICK_OK || s == WICK_E_BAD_ARG);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wick_tx tx;
    if (size > sizeof copy || wick_tx_decode(&tx, wick_span_make(data, size)) != WICK_OK) {
        return 0;
    }
    FUZZ_ACCEPTED();
    fuzz_touch(tx.data);
    fuzz_touch(tx.access_list);
    wick_buf out = wick_buf_make(copy, sizeof copy);
    wick_status s = tx.is_signed ? wick_tx_encode(&out, &tx) : wick_tx_encode_unsigned(&out, &tx);
    FUZZ_CHECK(s == WICK_OK);
    FUZZ_CHECK(out.len == size && memcmp(copy, data, size) == 0);
    if (tx.is_signed) {
        uint8_t hash[32], expected[32];
        wick_keccak256(expected, data, size);
        FUZZ_CHECK(wick_tx_hash(hash, &tx) == WICK_OK && memcmp(hash, expected, 32) == 0);
    }
    refuse(&tx);
    signatures(&tx, data, size);
    return 0;
}
