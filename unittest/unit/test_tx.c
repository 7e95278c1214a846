/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick/tx.h: EIP-155's example, encodings and digests computed by an independent implementation,
 * strict decoding, addresses. The curve is a fake here; vectors.tx runs the real one.
 */
#include "wick/tx.h"

#include "wick/keccak.h"
#include "wick/rlp.h"

#include "tap.h"

/* ---- fixtures ---- */

#define R "28ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276"
#define S "67cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83"
#define BODY "098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080"
/* [[0x11.., [1, 2]], [0x22.., []]] */
#define ACCESS_LIST                                                                                \
    "f872f859941111111111111111111111111111111111111111f842"                                       \
    "a00000000000000000000000000000000000000000000000000000000000000001"                           \
    "a00000000000000000000000000000000000000000000000000000000000000002"                           \
    "d6942222222222222222222222222222222222222222c0"

static uint8_t access_list[116], data[70];

static size_t unhex(uint8_t *out, size_t cap, const char *hex)
{
    size_t len = strlen(hex) / 2;
    CHECK(len <= cap);
    CHECK_STATUS(wick_hex_decode(out, len, hex, 2 * len), WICK_OK);
    return len;
}

static bool is_hex(const uint8_t *got, size_t len, const char *hex)
{
    uint8_t want[320];
    return unhex(want, sizeof want, hex) == len && memcmp(got, want, len) == 0;
}

static void sign_with_example(wick_tx *tx, uint8_t y_parity)
{
    (void)unhex(tx->r, 32, R);
    (void)unhex(tx->s, 32, S);
    tx->y_parity = y_parity;
    tx->is_signed = true;
}

/* EIP-155's example. */
static wick_tx legacy(uint64_t chain_id)
{
    wick_tx tx;
    memset(&tx, 0, sizeof tx);
    tx.chain_id = chain_id;
    tx.nonce = 9;
    tx.max_fee = UINT64_C(20000000000);
    tx.gas_limit = 21000;
    memset(tx.to, 0x35, 20);
    wick_store_be64(tx.value + 24, UINT64_C(1000000000000000000));
    return tx;
}

static wick_tx dynamic(void)
{
    wick_tx tx = legacy(31337);
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)i;
    }
    tx.type = WICK_TX_DYNAMIC_FEE;
    tx.nonce = 5;
    tx.max_priority_fee = 1000000000;
    tx.max_fee = 2000000000;
    tx.gas_limit = 100000;
    tx.data = wick_span_make(data, sizeof data);
    return tx;
}

static wick_tx with_access_list(void)
{
    wick_tx tx;
    memset(&tx, 0, sizeof tx);
    data[5] = 5;
    tx.type = WICK_TX_ACCESS_LIST;
    tx.chain_id = 1;
    tx.max_fee = 7;
    tx.gas_limit = 21000;
    tx.create = true;
    tx.data = wick_span_make(data + 5, 1); /* one byte below 0x80: no header */
    tx.access_list =
        wick_span_make(access_list, unhex(access_list, sizeof access_list, ACCESS_LIST));
    return tx;
}

/* ---- encoding ---- */

TEST(eip155_example)
{
    uint8_t m[256], h[32];
    wick_tx tx = legacy(1);
    wick_buf b = wick_buf_make(m, sizeof m);
    REQUIRE_STATUS(wick_tx_encode_unsigned(&b, &tx), WICK_OK);
    CHECK(is_hex(m, b.len, "ec" BODY "018080"));
    REQUIRE_STATUS(wick_tx_digest(h, &tx), WICK_OK);
    CHECK(is_hex(h, 32, "daf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53"));
    sign_with_example(&tx, 0);
    b = wick_buf_make(m, sizeof m);
    REQUIRE_STATUS(wick_tx_encode(&b, &tx), WICK_OK);
    CHECK(is_hex(m, b.len, "f86c" BODY "25a0" R "a0" S));
    uint8_t want[32];
    wick_keccak256(want, m, b.len);
    REQUIRE_STATUS(wick_tx_hash(h, &tx), WICK_OK);
    CHECK_MEM(h, want, 32);
}

TEST(before_eip155)
{
    uint8_t m[256];
    wick_tx tx = legacy(0);
    wick_buf b = wick_buf_make(m, sizeof m);
    REQUIRE_STATUS(wick_tx_encode_unsigned(&b, &tx), WICK_OK);
    CHECK(is_hex(m, b.len, "e9" BODY));
    sign_with_example(&tx, 0);
    b = wick_buf_make(m, sizeof m);
    REQUIRE_STATUS(wick_tx_encode(&b, &tx), WICK_OK);
    CHECK(is_hex(m, b.len, "f86c" BODY "1ba0" R "a0" S));
}

TEST(dynamic_fee)
{
    uint8_t m[400], h[32];
    wick_tx tx = dynamic();
    wick_buf b = wick_buf_make(m, sizeof m);
    REQUIRE_STATUS(wick_tx_encode_unsigned(&b, &tx), WICK_OK);
    CHECK(is_hex(m, b.len,
                 "02f879827a6905843b9aca008477359400830186a0"
                 "943535353535353535353535353535353535353535880de0b6b3a7640000"
                 "b846000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d"
                 "1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445"
                 "c0"));
    REQUIRE_STATUS(wick_tx_digest(h, &tx), WICK_OK);
    CHECK(is_hex(h, 32, "1cf20fdae9988e31fe72e5e5e7d69f39653079e69b82ea34f6d3c0c98d5857d4"));
    sign_with_example(&tx, 1);
    REQUIRE_STATUS(wick_tx_hash(h, &tx), WICK_OK);
    CHECK(is_hex(h, 32, "1848c8394c54f42db469204acdbcc03405a71a561a90a8ef2e3f25c17791f584"));
    tx.access_list =
        wick_span_make(access_list, unhex(access_list, sizeof access_list, ACCESS_LIST));
    REQUIRE_STATUS(wick_tx_digest(h, &tx), WICK_OK);
    CHECK(is_hex(h, 32, "a12bbbd9a05306c34e18c10303a7ef64f4d9f3d9250037c0aaa2405409fa7c0c"));
    REQUIRE_STATUS(wick_tx_hash(h, &tx), WICK_OK);
    CHECK(is_hex(h, 32, "19275899ebe86d2c647bec3280c911770ccbf04f064f69e015e08777f1040785"));
}

TEST(access_list_type)
{
    uint8_t m[400], h[32];
    wick_tx tx = with_access_list();
    wick_buf b = wick_buf_make(m, sizeof m);
    REQUIRE_STATUS(wick_tx_encode_unsigned(&b, &tx), WICK_OK);
    CHECK(is_hex(m, b.len, "01f87d018007825208808005" ACCESS_LIST));
    REQUIRE_STATUS(wick_tx_digest(h, &tx), WICK_OK);
    CHECK(is_hex(h, 32, "0f28c6dbed28d5b719e0e225c7ca7837f4da89ef088ac646fb0f960f325a9b13"));
    sign_with_example(&tx, 0);
    b = wick_buf_make(m, sizeof m);
    REQUIRE_STATUS(wick_tx_encode(&b, &tx), WICK_OK);
    CHECK(is_hex(m, b.len, "01f8c0018007825208808005" ACCESS_LIST "80a0" R "a0" S));
    REQUIRE_STATUS(wick_tx_hash(h, &tx), WICK_OK);
    CHECK(is_hex(h, 32, "88b6b6211ea846455233780c6ec46fbf55aa9c288c2558f427f0d73dac01d4b1"));
}

TEST(encode_refuses)
{
    static const uint8_t bad_list[][3] = {{0x80}, {0xc1, 0x05}, {0xc2, 0xc1, 0x05}, {0xc1, 0xc0}};
    static const size_t bad_len[] = {1, 2, 3, 2};
    uint8_t m[400], h[32];
    wick_buf b = wick_buf_make(m, sizeof m);
    wick_tx tx = legacy(1);
    CHECK_STATUS(wick_tx_encode(&b, &tx), WICK_E_STATE); /* not signed */
    CHECK_STATUS(wick_tx_hash(h, &tx), WICK_E_STATE);
    CHECK(wick_ct_is_zero(h, 32));
    sign_with_example(&tx, 2);
    CHECK_STATUS(wick_tx_encode(&b, &tx), WICK_E_STATE); /* no such parity */
    tx = legacy(UINT64_MAX / 2); /* v would not fit */
    CHECK_STATUS(wick_tx_encode_unsigned(&b, &tx), WICK_E_BAD_ARG);
    tx = legacy((UINT64_MAX - 36) / 2);
    sign_with_example(&tx, 1);
    CHECK_STATUS(wick_tx_encode(&b, &tx), WICK_OK);
    tx = dynamic();
    tx.chain_id = 0;
    CHECK_STATUS(wick_tx_digest(h, &tx), WICK_E_BAD_ARG);
    tx = dynamic();
    tx.type = (wick_tx_type)3;
    CHECK_STATUS(wick_tx_digest(h, &tx), WICK_E_BAD_ARG);
    tx = legacy(1);
    tx.access_list = wick_span_make(bad_list[0], 1);
    CHECK_STATUS(wick_tx_digest(h, &tx), WICK_E_BAD_ARG);
    for (size_t i = 0; i < 4; i++) {
        tx = dynamic();
        tx.access_list = wick_span_make(bad_list[i], bad_len[i]);
        CHECK_STATUS(wick_tx_digest(h, &tx), WICK_E_BAD_ARG);
    }
    tx = dynamic();
    b = wick_buf_make(m, 40);
    CHECK_STATUS(wick_tx_encode_unsigned(&b, &tx), WICK_E_NO_SPACE);
    wick_buf measure = wick_buf_make(NULL, 0);
    CHECK_STATUS(wick_tx_encode_unsigned(&measure, &tx), WICK_OK);
    CHECK_INT(measure.len, b.len);
}

/* ---- decoding ---- */

static void check_round_trip(const wick_tx *tx)
{
    uint8_t m[400], again[400];
    wick_buf b = wick_buf_make(m, sizeof m), c = wick_buf_make(again, sizeof again);
    wick_tx back;
    REQUIRE_STATUS(tx->is_signed ? wick_tx_encode(&b, tx) : wick_tx_encode_unsigned(&b, tx),
                   WICK_OK);
    REQUIRE_STATUS(wick_tx_decode(&back, wick_buf_span(&b)), WICK_OK);
    CHECK_INT(back.type, tx->type);
    CHECK_INT(back.is_signed, tx->is_signed);
    CHECK_INT(back.create, tx->create);
    CHECK(back.chain_id == tx->chain_id && back.nonce == tx->nonce);
    CHECK(back.max_fee == tx->max_fee && back.max_priority_fee == tx->max_priority_fee);
    CHECK_MEM(back.to, tx->to, 20);
    CHECK_MEM(back.value, tx->value, 32);
    REQUIRE_STATUS(back.is_signed ? wick_tx_encode(&c, &back) : wick_tx_encode_unsigned(&c, &back),
                   WICK_OK);
    CHECK(b.len == c.len && memcmp(m, again, b.len) == 0);
    /* Cut anywhere, or with a byte after it, it is refused. */
    for (size_t n = 0; n < b.len; n++) {
        CHECK(wick_tx_decode(&back, wick_span_make(m, n)) != WICK_OK);
    }
    m[b.len] = 0;
    CHECK_STATUS(wick_tx_decode(&back, wick_span_make(m, b.len + 1)), WICK_E_TRAILING);
    CHECK_INT(back.gas_limit, 0); /* zeroed on error */
}

TEST(round_trips)
{
    for (int i = 0; i < 8; i++) {
        wick_tx tx = i < 2 ? legacy(0) : i < 4 ? legacy(1) : i < 6 ? dynamic() : with_access_list();
        if (i & 1) {
            sign_with_example(&tx, (uint8_t)((i >> 1) & 1));
        }
        check_round_trip(&tx);
    }
}

static wick_status decode_hex(const char *hex)
{
    uint8_t m[320];
    wick_tx tx;
    size_t len = unhex(m, sizeof m, hex);
    return wick_tx_decode(&tx, wick_span_make(m, len));
}

TEST(decode_refuses)
{
    CHECK_STATUS(decode_hex(""), WICK_E_TRUNCATED);
    CHECK_STATUS(decode_hex("00"), WICK_E_UNSUPPORTED);
    CHECK_STATUS(decode_hex("03c0"), WICK_E_UNSUPPORTED); /* blob transaction */
    CHECK_STATUS(decode_hex("04c0"), WICK_E_UNSUPPORTED);
    CHECK_STATUS(decode_hex("80"), WICK_E_MALFORMED);
    CHECK_STATUS(decode_hex("02"), WICK_E_TRUNCATED);
    CHECK_STATUS(decode_hex("c0"), WICK_E_TRUNCATED);
    /* `to` of 19 and 21 bytes */
    CHECK_STATUS(decode_hex("db800101"
                            "9311111111111111111111111111111111111111"
                            "8080018080"),
                 WICK_E_MALFORMED);
    CHECK_STATUS(decode_hex("dd800101"
                            "95111111111111111111111111111111111111111111"
                            "8080018080"),
                 WICK_E_MALFORMED);
    /* `to` as a list */
    CHECK_STATUS(decode_hex("c9800101c08080018080"), WICK_E_MALFORMED);
    /* a leading zero in the nonce; unsigned with chain id 0 */
    CHECK_STATUS(decode_hex("c9000101808080018080"), WICK_E_NON_CANONICAL);
    CHECK_STATUS(decode_hex("c9800101808080808080"), WICK_E_MALFORMED);
    CHECK_STATUS(decode_hex("c9800101808080018080"), WICK_OK);
    /* a fee above 64 bits */
    CHECK_STATUS(decode_hex("d28089010000000000000000018080800180"
                            "80"),
                 WICK_E_MALFORMED);
    /* typed, chain id 0; y parity 2 */
    CHECK_STATUS(decode_hex("02c9808080808080808080"), WICK_E_MALFORMED);
    CHECK_STATUS(decode_hex("02c9018080808080808080"), WICK_E_MALFORMED); /* access list missing */
    CHECK_STATUS(decode_hex("02c90180808080808080c0"), WICK_OK);
    CHECK_STATUS(decode_hex("02cc0180808080808080c0020101"), WICK_E_MALFORMED);
    CHECK_STATUS(decode_hex("02cc0180808080808080c0010101"), WICK_OK);
    CHECK_STATUS(decode_hex("02cd0180808080808080c001010180"), WICK_E_TRAILING); /* 13 fields */
    CHECK_STATUS(decode_hex("02cb0180808080808080c00101"), WICK_E_TRUNCATED);    /* no s */
    CHECK_STATUS(decode_hex("02ca0180808080808080c105"), WICK_E_MALFORMED); /* bad access list */
}

TEST(decode_refuses_bad_v)
{
    static const char *const bad[] = {"1a", "1d", "22", "23", "24", "01", "80"};
    static const char *const good[] = {"1b", "1c", "25", "26"};
    char hex[2 * 16 + 1] = "c9800101808080000101";
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        memcpy(hex + 14, bad[i], 2);
        CHECK_STATUS(decode_hex(hex), WICK_E_MALFORMED);
    }
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        memcpy(hex + 14, good[i], 2);
        CHECK_STATUS(decode_hex(hex), WICK_OK);
    }
    /* The largest chain id fits with both parities, or it is none. */
    CHECK_STATUS(decode_hex("d180010180808088fffffffffffffffd0101"), WICK_OK);
    CHECK_STATUS(decode_hex("d180010180808088fffffffffffffffe0101"), WICK_OK);
    CHECK_STATUS(decode_hex("d180010180808088ffffffffffffffff0101"), WICK_E_MALFORMED);
}

/* EIP-2: s at most n / 2; r below n; neither zero. */
TEST(signature_range)
{
    static const char n[] = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    static const char half[] = "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0";
    for (int i = 0; i < 6; i++) {
        uint8_t m[256];
        wick_tx tx = dynamic(), back;
        sign_with_example(&tx, 0);
        wick_status want = WICK_E_TX_SIGNATURE;
        switch (i) {
        case 0:
            memset(tx.r, 0, 32);
            break;
        case 1:
            memset(tx.s, 0, 32);
            break;
        case 2:
            (void)unhex(tx.r, 32, n);
            break;
        case 3:
            (void)unhex(tx.r, 32, n);
            tx.r[31]--;
            want = WICK_OK;
            break;
        case 4:
            (void)unhex(tx.s, 32, half);
            want = WICK_OK;
            break;
        default:
            (void)unhex(tx.s, 32, half);
            tx.s[31]++;
            break;
        }
        wick_buf b = wick_buf_make(m, sizeof m);
        REQUIRE_STATUS(wick_tx_encode(&b, &tx), WICK_OK);
        CHECK_STATUS(wick_tx_decode(&back, wick_buf_span(&b)), want);
    }
}

/* ---- signing and recovery against fakes ---- */

struct fake {
    uint8_t digest[32];
    uint8_t recid;
    bool high_s;
    wick_status status;
};

static wick_status fake_sign(void *ctx, uint8_t sig64[64], uint8_t *recid, wick_key key,
                             const uint8_t digest32[32])
{
    struct fake *f = ctx;
    (void)key;
    memcpy(f->digest, digest32, 32);
    *recid = f->recid;
    memset(sig64, 1, 64);
    sig64[32] = f->high_s ? 0xf0 : 1;
    return f->status;
}

static wick_status fake_recover(void *ctx, uint8_t pub65[65], const uint8_t sig64[64],
                                uint8_t recid, const uint8_t digest32[32])
{
    struct fake *f = ctx;
    CHECK_INT(recid, f->recid);
    CHECK_INT(sig64[0], 1);
    CHECK_MEM(digest32, f->digest, 32);
    memset(pub65, 0x44, 65);
    pub65[0] = 4;
    return f->status;
}

TEST(sign_and_recover)
{
    struct fake f = {{0}, 1, false, WICK_OK};
    wick_hal_keystore keystore = {.ctx = &f, .secp256k1_sign = fake_sign};
    wick_hal_crypto crypto;
    wick_key key = {1};
    uint8_t digest[32], pub[65], sender[20], want[20];
    wick_tx tx = dynamic();
    memset(&crypto, 0, sizeof crypto);
    crypto.ctx = &f;
    crypto.secp256k1_recover = fake_recover;
    CHECK_STATUS(wick_tx_sender(sender, &tx, &crypto), WICK_E_STATE);
    REQUIRE_STATUS(wick_tx_sign(&tx, &keystore, key), WICK_OK);
    REQUIRE_STATUS(wick_tx_digest(digest, &tx), WICK_OK);
    CHECK_MEM(digest, f.digest, 32);
    CHECK(tx.is_signed && tx.y_parity == 1 && tx.r[0] == 1 && tx.s[31] == 1);
    REQUIRE_STATUS(wick_tx_sender(sender, &tx, &crypto), WICK_OK);
    memset(pub, 0x44, 65);
    pub[0] = 4;
    REQUIRE_STATUS(wick_eth_address(want, pub), WICK_OK);
    CHECK_MEM(sender, want, 20);

    f.status = WICK_E_AUTH;
    CHECK_STATUS(wick_tx_sender(sender, &tx, &crypto), WICK_E_TX_SIGNATURE);
    CHECK(wick_ct_is_zero(sender, 20));
    f.status = WICK_E_CRYPTO;
    CHECK_STATUS(wick_tx_sender(sender, &tx, &crypto), WICK_E_CRYPTO);
    CHECK_STATUS(wick_tx_sign(&tx, &keystore, key), WICK_E_CRYPTO);
    tx.s[0] = 0xff; /* high: never handed to the curve */
    f.status = WICK_OK;
    CHECK_STATUS(wick_tx_sender(sender, &tx, &crypto), WICK_E_TX_SIGNATURE);
    tx.chain_id = 0;
    CHECK_STATUS(wick_tx_sign(&tx, &keystore, key), WICK_E_BAD_ARG);
    tx.s[0] = 1;
    CHECK_STATUS(wick_tx_sender(sender, &tx, &crypto), WICK_E_BAD_ARG);
    /* A keystore that gives what no chain accepts. */
    tx = dynamic();
    f.high_s = true;
    CHECK_STATUS(wick_tx_sign(&tx, &keystore, key), WICK_E_TX_SIGNATURE);
    CHECK(!tx.is_signed);
    f.high_s = false;
    f.recid = 2;
    CHECK_STATUS(wick_tx_sign(&tx, &keystore, key), WICK_E_TX_SIGNATURE);
    CHECK(!tx.is_signed);
}

/* ---- addresses ---- */

TEST(eip55_examples)
{
    static const char *const good[] = {"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
                                       "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
                                       "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
                                       "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
                                       "0x52908400098527886E0F7030069857D2E4169EE7",
                                       "0xde709f2102306220921060314715629080e2fb77"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        uint8_t a[20], b[20];
        char text[WICK_ETH_ADDRESS_STR_BYTES], other[43];
        REQUIRE_STATUS(wick_eth_address_parse(a, good[i], 42), WICK_OK);
        wick_eth_address_str(text, a);
        CHECK(strcmp(text, good[i]) == 0);
        REQUIRE_STATUS(wick_eth_address_parse(b, good[i] + 2, 40), WICK_OK); /* without 0x */
        CHECK_MEM(a, b, 20);
        memcpy(other, good[i], 43); /* one letter in the other case */
        for (size_t k = 2; k < 42 && i < 4; k++) {
            if (other[k] > '9') {
                other[k] = (char)(other[k] ^ 0x20);
                CHECK_STATUS(wick_eth_address_parse(b, other, 42), WICK_E_MALFORMED);
                other[k] = (char)(other[k] ^ 0x20);
            }
        }
        for (size_t k = 2; k < 42; k++) { /* one case only: no checksum to check */
            other[k] = (char)(other[k] > '9' ? other[k] | 0x20 : other[k]);
        }
        CHECK_STATUS(wick_eth_address_parse(b, other, 42), WICK_OK);
        CHECK_MEM(a, b, 20);
        CHECK_STATUS(wick_eth_address_parse(b, good[i], 41), WICK_E_MALFORMED);
        CHECK_STATUS(wick_eth_address_parse(b, good[i], 40), WICK_E_MALFORMED);
    }
}

static wick_status fake_expand(void *ctx, uint8_t pub65[65], const uint8_t pub33[33])
{
    (void)ctx;
    memset(pub65, 0, 65);
    pub65[0] = 4;
    return pub33[0] == 2 ? WICK_OK : WICK_E_BAD_KEY;
}

TEST(addresses_of_keys_and_contracts)
{
    uint8_t pub[65] = {0}, out[20], sender[20];
    wick_hal_crypto crypto;
    /* keccak256 of 64 zero bytes is ad3228b6..., whose last 20 bytes are well known. */
    pub[0] = 4;
    REQUIRE_STATUS(wick_eth_address(out, pub), WICK_OK);
    CHECK(is_hex(out, 20, "3f17f1962b36e491b30a40b2405849e597ba5fb5"));
    pub[0] = 2;
    CHECK_STATUS(wick_eth_address(out, pub), WICK_E_BAD_KEY);
    CHECK(wick_ct_is_zero(out, 20));
    memset(&crypto, 0, sizeof crypto);
    crypto.secp256k1_expand = fake_expand;
    REQUIRE_STATUS(wick_eth_address_of(out, pub, &crypto), WICK_OK);
    CHECK(is_hex(out, 20, "3f17f1962b36e491b30a40b2405849e597ba5fb5"));
    pub[0] = 9;
    CHECK_STATUS(wick_eth_address_of(out, pub, &crypto), WICK_E_BAD_KEY);
    /* Known contracts of one sender, nonces 0 and 1. */
    (void)unhex(sender, 20, "6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0");
    wick_eth_create_address(out, sender, 0);
    CHECK(is_hex(out, 20, "cd234a471b72ba2f1ccf0a70fcaba648a5eecd8d"));
    wick_eth_create_address(out, sender, 1);
    CHECK(is_hex(out, 20, "343c43a37d37dff08ae8c4a11544c718abb4fcf8"));
}

TAP_MAIN("unit.tx", CASE(eip155_example), CASE(before_eip155), CASE(dynamic_fee),
         CASE(access_list_type), CASE(encode_refuses), CASE(round_trips), CASE(decode_refuses),
         CASE(decode_refuses_bad_v), CASE(signature_range), CASE(sign_and_recover),
         CASE(eip55_examples), CASE(addresses_of_keys_and_contracts))
