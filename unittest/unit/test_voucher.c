/* SPDX-License-Identifier: Apache-2.0 */
/* core/registry/voucher: digests and signatures that Foundry's cast made from typed data, and what
 * each rule refuses. The key behind them is the well-known second account of anvil. */
#include "wick/voucher.h"

#include "wick/hal/keystore.h"
#include "wick/port/crypto.h"
#include "wick/rsa.h"
#include "rsa_keys.h"
#include "tap.h"

#define NOW UINT64_C(1800000000)

static wick_crypto_ctx crypto_ctx;
static wick_hal_crypto crypto;
static wick_registry_domain domain;
static wick_voucher voucher;
static uint8_t manager[20], r[32], vs[32], challenge[32];

static void unhex(uint8_t *out, size_t len, const char *hex)
{
    CHECK_STATUS(wick_hex_decode(out, len, hex, 2 * len), WICK_OK);
}

static bool is_hex(const uint8_t word[32], const char *hex)
{
    uint8_t want[32];
    unhex(want, 32, hex);
    return memcmp(word, want, 32) == 0;
}

static void setup(void)
{
    CHECK_STATUS(wick_crypto_init(&crypto, &crypto_ctx), WICK_OK);
    domain.chain_id = 31337;
    unhex(domain.contract, 20, "5fbdb2315678afecb367f032d93f642f64180aa3");
    memset(&voucher, 0, sizeof voucher);
    unhex(voucher.org, 32, "5a45a2c4696a359dfa0e723a4cf93e10521e9ee16b772a626834482343dc282c");
    unhex(voucher.id, 32, "b56fe408a807522347a064aab1eb9dd2cfc5bc88df67bb0ff3f5d3b6ef4ac4fd");
    unhex(voucher.owner, 20, "71c7656ec7ab88b098defb751b7401b5f6d8976f");
    unhex(voucher.key, 32, "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798");
    voucher.key_type = WICK_KEY_TYPE_SECP256K1;
    voucher.flags = 1;
    voucher.not_after = 1900000000;
    voucher.epoch = 7;
    voucher.manager_epoch = 3;
    voucher.deadline = NOW + 3600;
    unhex(manager, 20, "70997970c51812dc3a010c7d01b50e0d17dc79c8");
    unhex(r, 32, "bd99a4db330e55d5142bc87d945b183363a8b0a87b385a4288c09a1fc381d49e");
    unhex(vs, 32, "93a5684e4b67085985ca43096e5560f2090afad63338631dcdbd1023701a86ec");
    unhex(challenge, 32, "62357b294ca756256b576c5da68950c49d0d1823063551ffdcc1dad9d65a07a6");
}

TEST(digests)
{
    uint8_t h[32];
    setup();
    wick_registry_domain_separator(h, &domain);
    CHECK(is_hex(h, "9c8ce64ef056b033db86920918bb9fef8a1bf1c4a6d4e6e1534be6936d093b6e"));
    wick_voucher_digest(h, &domain, &voucher);
    CHECK(is_hex(h, "97ea00b1eeb0f84ea5e52ad9f793d5e11ea25192073b7acb21e2161d71487202"));
    wick_possession_digest(h, &domain, voucher.id, challenge);
    CHECK(is_hex(h, "2bf138f60efe4daf317e566a9339d5e02ea4d69a43383421d1ff40d985b8a8c5"));
}

static wick_status check(void)
{
    return wick_voucher_check(&crypto, &domain, &voucher, r, vs, manager);
}

TEST(signature_of_the_manager)
{
    setup();
    CHECK_STATUS(check(), WICK_OK);
    manager[19] ^= 1;
    CHECK_STATUS(check(), WICK_E_VOUCHER);
    manager[19] ^= 1;
    memset(manager, 0, sizeof manager); /* an absent manager signs nothing */
    CHECK_STATUS(check(), WICK_E_VOUCHER);
    setup();
    vs[0] ^= 0x80; /* the other recovery bit */
    CHECK_STATUS(check(), WICK_E_VOUCHER);
    setup();
    memset(r, 0, sizeof r);
    memset(vs, 0, sizeof vs);
    CHECK_STATUS(check(), WICK_E_VOUCHER);
    memset(manager, 0, sizeof manager);
    CHECK_STATUS(check(), WICK_E_VOUCHER);
}

/* Each field, the chain and the contract are under the signature. */
TEST(must_28_altered_vouchers)
{
    setup();
    voucher.org[0] ^= 1;
    CHECK_STATUS(check(), WICK_E_VOUCHER);
    setup();
    voucher.id[31] ^= 1;
    CHECK_STATUS(check(), WICK_E_VOUCHER);
    setup();
    voucher.owner[0] ^= 1;
    CHECK_STATUS(check(), WICK_E_VOUCHER);
    setup();
    voucher.key_type = WICK_KEY_TYPE_P256;
    CHECK_STATUS(check(), WICK_E_VOUCHER);
    setup();
    voucher.flags ^= 1; /* parity */
    CHECK_STATUS(check(), WICK_E_VOUCHER);
    setup();
    voucher.key[0] ^= 1;
    CHECK_STATUS(check(), WICK_E_VOUCHER);
    setup();
    voucher.not_after++;
    CHECK_STATUS(check(), WICK_E_VOUCHER);
    setup();
    voucher.epoch++;
    CHECK_STATUS(check(), WICK_E_VOUCHER);
    setup();
    voucher.manager_epoch++;
    CHECK_STATUS(check(), WICK_E_VOUCHER);
    setup();
    voucher.deadline++;
    CHECK_STATUS(check(), WICK_E_VOUCHER);
    setup();
    domain.chain_id++;
    CHECK_STATUS(check(), WICK_E_VOUCHER);
    setup();
    domain.contract[0] ^= 1;
    CHECK_STATUS(check(), WICK_E_VOUCHER);
    setup();
    CHECK_STATUS(check(), WICK_OK);
}

TEST(must_28_compact_signatures)
{
    static const char half[] = "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0";
    uint8_t sig[64] = {0}, a[32], b[32];
    sig[0] = 0x42;
    unhex(sig + 32, 32, half);
    CHECK_STATUS(wick_signature_compact(a, b, sig, 0), WICK_OK);
    CHECK(a[0] == 0x42 && b[0] == 0x7f);
    CHECK_STATUS(wick_signature_compact(a, b, sig, 1), WICK_OK);
    CHECK_INT(b[0], 0xff);
    CHECK_STATUS(wick_signature_compact(a, b, sig, 2), WICK_E_AUTH);
    CHECK(wick_ct_is_zero(a, 32) && wick_ct_is_zero(b, 32));
    sig[63]++; /* above n/2 */
    CHECK_STATUS(wick_signature_compact(a, b, sig, 0), WICK_E_AUTH);
    sig[32] = 0xff;
    CHECK_STATUS(wick_signature_compact(a, b, sig, 0), WICK_E_AUTH);
}

TEST(must_28_rules_without_a_signature)
{
    setup();
    CHECK_STATUS(wick_voucher_fits(&voucher, NOW), WICK_OK);
    CHECK_STATUS(wick_voucher_fits(&voucher, NOW + 3600), WICK_OK);
    CHECK_STATUS(wick_voucher_fits(&voucher, NOW + 3601), WICK_E_EXPIRED);
    voucher.deadline = NOW + WICK_VOUCHER_LIFE_MAX_S;
    CHECK_STATUS(wick_voucher_fits(&voucher, NOW), WICK_OK);
    voucher.deadline++;
    CHECK_STATUS(wick_voucher_fits(&voucher, NOW), WICK_E_VOUCHER);
    voucher.deadline = UINT64_MAX;
    CHECK_STATUS(wick_voucher_fits(&voucher, NOW), WICK_E_VOUCHER);
    setup();
    voucher.not_after = NOW;
    CHECK_STATUS(wick_voucher_fits(&voucher, NOW), WICK_E_VOUCHER);
    voucher.not_after = UINT64_C(1) << 40;
    CHECK_STATUS(wick_voucher_fits(&voucher, NOW), WICK_E_VOUCHER);
    setup();
    voucher.epoch = UINT32_MAX;
    CHECK_STATUS(wick_voucher_fits(&voucher, NOW), WICK_E_VOUCHER);
    setup();
    memset(voucher.owner, 0, 20);
    CHECK_STATUS(wick_voucher_fits(&voucher, NOW), WICK_E_VOUCHER);
    setup();
    voucher.key_type = 4;
    CHECK_STATUS(wick_voucher_fits(&voucher, NOW), WICK_E_VOUCHER);
    setup();
    voucher.flags = 2;
    CHECK_STATUS(wick_voucher_fits(&voucher, NOW), WICK_E_VOUCHER);
    setup();
    memset(voucher.key, 0xff, 32);
    CHECK_STATUS(wick_voucher_fits(&voucher, NOW), WICK_E_VOUCHER);
    setup();
    voucher.flags = 0x80; /* nobody is vouched for as revoked */
    memset(voucher.key, 0, 32);
    CHECK_STATUS(wick_voucher_fits(&voucher, NOW), WICK_E_VOUCHER);
}

TEST(possession)
{
    uint8_t sig[64], pub[33], other[33];
    setup();
    unhex(sig, 32, "95c8325dd6cc17ee41d49f1f8ee333ca52d7215d03458e4480c428b80e07bf16");
    unhex(sig + 32, 32, "4c7868c0324ea5fd884e1e3751d83f1cc5ae048d9032d0fc3ce3ddfb480a0573");
    pub[0] = 2;
    unhex(pub + 1, 32, "ba5734d8f7091719471e7f7ed6b9df170dc70cc661ca05e688601ad984f068b0");
    CHECK_STATUS(wick_possession_check(&crypto, &domain, voucher.id, challenge, sig, pub), WICK_OK);
    memcpy(other, pub, 33);
    other[0] = 3;
    CHECK_STATUS(wick_possession_check(&crypto, &domain, voucher.id, challenge, sig, other),
                 WICK_E_AUTH);
    other[0] = 4;
    CHECK_STATUS(wick_possession_check(&crypto, &domain, voucher.id, challenge, sig, other),
                 WICK_E_BAD_KEY);
    challenge[0] ^= 1;
    CHECK_STATUS(wick_possession_check(&crypto, &domain, voucher.id, challenge, sig, pub),
                 WICK_E_AUTH);
    challenge[0] ^= 1;
    voucher.id[0] ^= 1;
    CHECK_STATUS(wick_possession_check(&crypto, &domain, voucher.id, challenge, sig, pub),
                 WICK_E_AUTH);
    voucher.id[0] ^= 1;
    domain.chain_id = 1;
    CHECK_STATUS(wick_possession_check(&crypto, &domain, voucher.id, challenge, sig, pub),
                 WICK_E_AUTH);
}

#if WICK_WITH_NSL_RSA
static wick_status fixed_fill(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    memset(out, 0x5b, len);
    return WICK_OK;
}

TEST(possession_of_an_rsa_key)
{
    uint8_t primes[WICK_RSA_PRIMES_BYTES], pub[WICK_RSA_PUB_BYTES], spki[WICK_RSA_SPKI_MAX + 1] = {0};
    uint8_t sig[WICK_RSA_BYTES], digest[32], word[32];
    static const wick_hal_entropy fixed = {NULL, fixed_fill};
    static wick_ram_keystore store;
    wick_hal_keystore keys;
    wick_hash_ctx h;
    wick_key key;
    setup();
    wick_ram_keystore_init(&keys, &store, &crypto_ctx);
    wick_ram_keystore_rsa(&keys, &store, &fixed);
    CHECK_STATUS(wick_hex_decode(primes, sizeof primes, RSA_KEY_D4, strlen(RSA_KEY_D4)), WICK_OK);
    CHECK_STATUS(wick_ram_keystore_import_rsa(&key, &store, primes), WICK_OK);
    CHECK_STATUS(keys.rsa_public(keys.ctx, pub, key), WICK_OK);
    const size_t len = wick_rsa_spki_encode(spki, pub);
    CHECK_STATUS(crypto.hash_begin(crypto.ctx, &h, WICK_HASH_SHA256), WICK_OK);
    CHECK_STATUS(crypto.hash_update(crypto.ctx, &h, spki, len), WICK_OK);
    CHECK_STATUS(crypto.hash_finish(crypto.ctx, &h, word), WICK_OK);
    wick_possession_digest(digest, &domain, voucher.id, challenge);
    CHECK_STATUS(keys.rsa_sign(keys.ctx, sig, key, digest), WICK_OK);
#define CHECK_RSA(n) wick_possession_check_rsa(&crypto, &domain, voucher.id, challenge, sig,         \
                                               wick_span_make(spki, (n)), word)
    CHECK_STATUS(CHECK_RSA(len), WICK_OK);
    CHECK_STATUS(CHECK_RSA(len + 1), WICK_E_BAD_KEY);
    CHECK_STATUS(CHECK_RSA(len - 1), WICK_E_BAD_KEY);
    word[0] ^= 1; /* not the key that is to be vouched for */
    CHECK_STATUS(CHECK_RSA(len), WICK_E_BAD_KEY);
    word[0] ^= 1;
    challenge[0] ^= 1;
    CHECK_STATUS(CHECK_RSA(len), WICK_E_AUTH);
    challenge[0] ^= 1;
    sig[255] ^= 1;
    CHECK_STATUS(CHECK_RSA(len), WICK_E_AUTH);
    sig[255] ^= 1;
    crypto.rsa_verify = NULL;
    CHECK_STATUS(CHECK_RSA(len), WICK_E_UNSUPPORTED);
}
#define RSA_CASES , CASE(possession_of_an_rsa_key)
#else
#define RSA_CASES
#endif

TAP_MAIN("unit.voucher", CASE(digests), CASE(signature_of_the_manager),
         CASE(must_28_altered_vouchers), CASE(must_28_compact_signatures),
         CASE(must_28_rules_without_a_signature), CASE(possession)
         RSA_CASES)
