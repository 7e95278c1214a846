/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transactions on the real curve: EIP-155's example signed by its key, ethereum/tests BasicTests
 * (txtest, keyaddrtest), and every raw transaction of the recorded blocks: decoded, its sender
 * recovered, encoded again.
 */
#include "data.h"
#include "wick/keccak.h"
#include "wick/port/crypto.h"
#include "wick/tx.h"

#include "tap.h"

static wick_crypto_ctx ctx;
static wick_ram_keystore ram;
static wick_hal_crypto crypto;
static wick_hal_keystore keystore;

static bool start(void)
{
    bool ok = wick_crypto_init(&crypto, &ctx) == WICK_OK;
    wick_ram_keystore_init(&keystore, &ram, &ctx);
    CHECK(ok);
    return ok;
}

static wick_span encode(const wick_tx *tx)
{
    size_t cap = 1024 + tx->data.len + tx->access_list.len;
    wick_buf b = wick_buf_make(data_alloc(cap), cap);
    CHECK_STATUS(tx->is_signed ? wick_tx_encode(&b, tx) : wick_tx_encode_unsigned(&b, tx), WICK_OK);
    return wick_buf_span(&b);
}

static bool same(wick_span a, wick_span b)
{
    return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

/* EIP-155, "Example": key 0x46.., chain 1; RFC 6979 makes the signature reproducible. */
TEST(eip155_example)
{
    static const char want[] =
        "f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a0"
        "28ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a0"
        "67cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83";
    uint8_t secret[32], sender[20], pub33[33], address[20];
    char text[WICK_ETH_ADDRESS_STR_BYTES];
    wick_key key;
    wick_tx tx;
    wick_span expected;
    if (!start()) {
        return;
    }
    memset(secret, 0x46, 32);
    REQUIRE_STATUS(wick_ram_keystore_import(&key, &ram, secret), WICK_OK);
    memset(&tx, 0, sizeof tx);
    tx.chain_id = 1;
    tx.nonce = 9;
    tx.max_fee = UINT64_C(20000000000);
    tx.gas_limit = 21000;
    memset(tx.to, 0x35, 20);
    wick_store_be64(tx.value + 24, UINT64_C(1000000000000000000));
    REQUIRE_STATUS(wick_tx_sign(&tx, &keystore, key), WICK_OK);
    REQUIRE(data_hex_text(&expected, want));
    CHECK(same(encode(&tx), expected));
    REQUIRE_STATUS(wick_tx_sender(sender, &tx, &crypto), WICK_OK);
    wick_eth_address_str(text, sender);
    CHECK(strcmp(text, "0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F") == 0);
    REQUIRE_STATUS(keystore.secp256k1_public(keystore.ctx, pub33, key), WICK_OK);
    REQUIRE_STATUS(wick_eth_address_of(address, pub33, &crypto), WICK_OK);
    CHECK_MEM(address, sender, 20);
    tx.nonce++; /* another transaction: the signature names somebody else */
    wick_status s = wick_tx_sender(address, &tx, &crypto);
    CHECK(s == WICK_E_TX_SIGNATURE || memcmp(address, sender, 20) != 0);
}

/* The same key signs the typed forms; decode and recovery agree. */
TEST(typed_transactions)
{
    uint8_t secret[32], want[20], got[20], pub33[33];
    wick_key key;
    if (!start()) {
        return;
    }
    memset(secret, 0x46, 32);
    REQUIRE_STATUS(wick_ram_keystore_import(&key, &ram, secret), WICK_OK);
    REQUIRE_STATUS(keystore.secp256k1_public(keystore.ctx, pub33, key), WICK_OK);
    REQUIRE_STATUS(wick_eth_address_of(want, pub33, &crypto), WICK_OK);
    for (int type = WICK_TX_LEGACY; type <= WICK_TX_DYNAMIC_FEE; type++) {
        for (uint64_t nonce = 0; nonce < 20; nonce++) {
            wick_tx tx, back;
            memset(&tx, 0, sizeof tx);
            tx.type = (wick_tx_type)type;
            tx.chain_id = 31337;
            tx.nonce = nonce;
            tx.max_fee = 7;
            tx.create = nonce % 2 == 0;
            tx.data = wick_span_make(pub33, (size_t)nonce);
            REQUIRE_STATUS(wick_tx_sign(&tx, &keystore, key), WICK_OK);
            REQUIRE_STATUS(wick_tx_decode(&back, encode(&tx)), WICK_OK);
            REQUIRE_STATUS(wick_tx_sender(got, &back, &crypto), WICK_OK);
            CHECK_MEM(got, want, 20);
        }
    }
}

/* ---- BasicTests ---- */

static bool number(uint64_t *out, const cJSON *item)
{
    *out = cJSON_IsNumber(item) ? (uint64_t)item->valuedouble : 0;
    return cJSON_IsNumber(item);
}

static unsigned check_txtest(const cJSON *c)
{
    uint8_t secret[32];
    wick_span want_unsigned, want_signed, to;
    wick_tx tx, back;
    wick_key key;
    uint64_t value = 0;
    memset(&tx, 0, sizeof tx);
    if (!data_hex(&want_unsigned, data_get(c, "unsigned")) ||
        !data_hex(&want_signed, data_get(c, "signed")) ||
        !data_fixed(secret, 32, data_get(c, "key")) || !data_hex(&to, data_get(c, "to")) ||
        !data_hex(&tx.data, data_get(c, "data")) || !number(&tx.nonce, data_get(c, "nonce")) ||
        !number(&tx.max_fee, data_get(c, "gasprice")) ||
        !number(&tx.gas_limit, data_get(c, "startgas")) || !number(&value, data_get(c, "value"))) {
        return 0;
    }
    wick_store_be64(tx.value + 24, value);
    tx.create = to.len == 0;
    memcpy(tx.to, to.ptr, to.len);
    /* "unsigned" is the old form with three empty fields at the end in place of a signature. */
    wick_span bare = encode(&tx);
    CHECK(bare.len + 3 == want_unsigned.len);
    size_t header = bare.ptr[0] > 0xf7 ? 2 : 1;
    CHECK(memcmp(bare.ptr + header, want_unsigned.ptr + header, bare.len - header) == 0);
    CHECK_STATUS(wick_tx_decode(&back, want_unsigned), WICK_E_MALFORMED); /* chain id 0 */
    /* The recorded signature: recovered where s is low, refused where it is not (EIP-2). */
    uint8_t sender[20], mine[20], pub33[33];
    CHECK_STATUS(wick_ram_keystore_import(&key, &ram, secret), WICK_OK);
    CHECK_STATUS(keystore.secp256k1_public(keystore.ctx, pub33, key), WICK_OK);
    CHECK_STATUS(wick_eth_address_of(mine, pub33, &crypto), WICK_OK);
    wick_status s = wick_tx_decode(&back, want_signed);
    if (want_signed.ptr[want_signed.len - 32] < 0x80) {
        CHECK_STATUS(s, WICK_OK);
        CHECK(same(encode(&back), want_signed));
        CHECK_STATUS(wick_tx_sender(sender, &back, &crypto), WICK_OK);
        CHECK_MEM(sender, mine, 20);
    } else {
        CHECK_STATUS(s, WICK_E_TX_SIGNATURE);
    }
    CHECK_STATUS(wick_tx_sign(&tx, &keystore, key), WICK_OK);
    CHECK_STATUS(wick_tx_sender(sender, &tx, &crypto), WICK_OK);
    CHECK_MEM(sender, mine, 20);
    return 1;
}

static unsigned check_keyaddr(const cJSON *c)
{
    uint8_t secret[32], want[20], got[20], pub33[33], hash[32];
    wick_key key;
    const cJSON *text = data_get(c, "seed");
    if (!cJSON_IsString(text) || !data_fixed(secret, 32, data_get(c, "key")) ||
        !data_fixed(want, 20, data_get(c, "addr"))) {
        return 0;
    }
    wick_keccak256(hash, (const uint8_t *)text->valuestring, strlen(text->valuestring));
    CHECK_MEM(hash, secret, 32);
    CHECK_STATUS(wick_ram_keystore_import(&key, &ram, secret), WICK_OK);
    CHECK_STATUS(keystore.secp256k1_public(keystore.ctx, pub33, key), WICK_OK);
    CHECK_STATUS(wick_eth_address_of(got, pub33, &crypto), WICK_OK);
    CHECK_MEM(got, want, 20);
    return 1;
}

TEST(basic_tests)
{
    size_t count = 0;
    unsigned txs = 0, keys = 0;
    const data_file *f = data_files(&count);
    if (!start()) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        for (const cJSON *c = cJSON_IsArray(f[i].root) ? f[i].root->child : NULL; c != NULL;
             c = c->next) {
            wick_ram_keystore_init(&keystore, &ram, &ctx);
            txs += check_txtest(c);
            keys += check_keyaddr(c);
        }
    }
    if (txs == 0 && keys == 0) {
        SKIP("no txtest or keyaddrtest below WICK_VECTORS_DIR");
    }
    data_note("%u transactions, %u keys", txs, keys);
}

/* ---- recorded blocks ---- */

static unsigned recorded, unsupported;

static void check_raw(const cJSON *raw, const cJSON *json)
{
    wick_span in;
    uint8_t want[32], got[32], from[20], sender[20];
    wick_tx tx;
    REQUIRE(data_hex(&in, raw));
    wick_status s = wick_tx_decode(&tx, in);
    if (s == WICK_E_UNSUPPORTED && in.ptr[0] >= 3) {
        unsupported++;
        return;
    }
    REQUIRE_STATUS(s, WICK_OK);
    CHECK(same(encode(&tx), in));
    REQUIRE_STATUS(wick_tx_hash(got, &tx), WICK_OK);
    wick_keccak256(want, in.ptr, in.len);
    CHECK_MEM(got, want, 32);
    if (data_fixed(want, 32, data_get(json, "hash"))) {
        CHECK_MEM(got, want, 32);
    }
    if (data_fixed(from, 20, data_get(json, "from"))) {
        REQUIRE_STATUS(wick_tx_sender(sender, &tx, &crypto), WICK_OK);
        CHECK_MEM(sender, from, 20);
    }
    recorded++;
}

TEST(recorded_transactions)
{
    size_t count = 0;
    const data_file *f = data_files(&count);
    if (!start()) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const cJSON *raw = data_get(f[i].root, "raw_transactions");
        const cJSON *txs = data_get(data_get(f[i].root, "block"), "transactions");
        int n = 0;
        for (const cJSON *r = raw != NULL ? raw->child : NULL; r != NULL; r = r->next, n++) {
            check_raw(r, cJSON_GetArrayItem(txs, n));
        }
    }
    if (recorded + unsupported == 0) {
        SKIP("no block with raw_transactions below WICK_VECTORS_DIR");
    }
    data_note("%u transactions, %u of types not supported", recorded, unsupported);
}

TAP_MAIN("vectors.tx", CASE(eip155_example), CASE(typed_transactions), CASE(basic_tests),
         CASE(recorded_transactions))
