/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is ours around mbedtls' RSA. Whether a padding was right is a secret like what was inside it (a
 * peer who learns it has Manger's oracle): both, and the length, come out of mbedtls marked, and no
 * branch and no address may depend on them until the AEAD, whose tag alone says no.
 */
#include "ct.h"
#include "wick/port/crypto.h"
#include "wick/rsa.h"

#include <mbedtls/rsa.h>

#include "rsa_keys.h"

int __real_mbedtls_rsa_rsaes_oaep_decrypt(mbedtls_rsa_context *rsa,
                                          int (*rng)(void *, unsigned char *, size_t), void *p_rng,
                                          const unsigned char *label, size_t label_len, size_t *olen,
                                          const unsigned char *input, unsigned char *output,
                                          size_t output_max);
int __wrap_mbedtls_rsa_rsaes_oaep_decrypt(mbedtls_rsa_context *rsa,
                                          int (*rng)(void *, unsigned char *, size_t), void *p_rng,
                                          const unsigned char *label, size_t label_len, size_t *olen,
                                          const unsigned char *input, unsigned char *output,
                                          size_t output_max);

static unsigned opened, refused;

int __wrap_mbedtls_rsa_rsaes_oaep_decrypt(mbedtls_rsa_context *rsa,
                                          int (*rng)(void *, unsigned char *, size_t), void *p_rng,
                                          const unsigned char *label, size_t label_len, size_t *olen,
                                          const unsigned char *input, unsigned char *output,
                                          size_t output_max)
{
    int rc = __real_mbedtls_rsa_rsaes_oaep_decrypt(rsa, rng, p_rng, label, label_len, olen, input,
                                                   output, output_max);
    opened += rc == 0 ? 1u : 0u;
    refused += rc != 0 ? 1u : 0u;
    SECRET(&rc, sizeof rc);
    SECRET(olen, sizeof *olen);
    SECRET(output, output_max);
    return rc;
}

static wick_crypto_ctx cc;
static wick_hal_crypto crypto;
static wick_hal_keystore keystore;
static wick_ram_keystore ram;
static wick_key key;
static uint8_t pub[WICK_RSA_PUB_BYTES];

static wick_status fill(void *ctx, uint8_t *out, size_t len)
{
    static uint8_t n = 1;
    (void)ctx;
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)(n++ * 37u + 1u);
    }
    return WICK_OK;
}

static const wick_hal_entropy entropy = {NULL, fill};

static void setup(void)
{
    static const char hex[] = RSA_KEY_A1;
    uint8_t primes[WICK_RSA_PRIMES_BYTES];
    CHECK_STATUS(wick_crypto_init(&crypto, &cc), WICK_OK);
    wick_ram_keystore_init(&keystore, &ram, &cc);
    wick_ram_keystore_rsa(&keystore, &ram, &entropy);
    CHECK_STATUS(wick_hex_decode(primes, sizeof primes, hex, sizeof hex - 1), WICK_OK);
    CHECK_STATUS(wick_ram_keystore_import_rsa(&key, &ram, primes), WICK_OK);
    CHECK_STATUS(keystore.rsa_public(keystore.ctx, pub, key), WICK_OK);
    opened = refused = 0;
    (void)ct_reports();
}

static bool sealed_with(uint8_t out[256], const uint8_t message[32], const char *label)
{
    uint8_t seed[32];
    memset(seed, 0x5a, sizeof seed);
    return crypto.rsa_seal(crypto.ctx, out, pub, wick_span_text(label), message, seed) == WICK_OK;
}

/* Opens; the message is public from here on. */
static wick_status open_it(uint8_t message[32], const uint8_t sealed[256])
{
    wick_status st = keystore.rsa_open(keystore.ctx, message, key, wick_span_text("label"), sealed);
    CHECK_INT(ct_secret_bytes(message, 32), 32);
    CHECK_INT(ct_secret_bytes(&st, sizeof st), 0); /* says nothing of the padding */
    CONSTANT_TIME();
    PUBLIC(message, 32);
    return st;
}

TEST(padding_and_message_are_not_looked_at)
{
    uint8_t message[32], sealed[256], got[32], first[32];
    setup();
    memset(message, 0x21, sizeof message);
    REQUIRE(sealed_with(sealed, message, "label"));
    CHECK_STATUS(open_it(got, sealed), WICK_OK);
    CHECK_MEM(got, message, 32);
    CHECK(opened == 1 && refused == 0);
    /* wrong octets, another label: another seed each time, and the same way through */
    memset(first, 0, sizeof first);
    for (unsigned how = 0; how < 4; how++) {
        REQUIRE(sealed_with(sealed, message, how == 3 ? "other" : "label"));
        sealed[how == 0 ? 255 : 100 * (how - 1)] ^= how < 3 ? 1 : 0;
        CHECK_STATUS(open_it(got, sealed), WICK_OK);
        CHECK(memcmp(got, message, 32) != 0 && memcmp(got, first, 32) != 0);
        memcpy(first, got, sizeof first);
    }
    CHECK(opened == 1 && refused == 4);
}

static int seed(void *ctx, unsigned char *out, size_t len)
{
    return fill(ctx, out, len) == WICK_OK ? 0 : -1;
}

/* A message of another length is right padding and a wrong message: no other way through either. */
TEST(other_lengths_are_not_looked_at)
{
    static const size_t lengths[] = {0, 31, 33, 190};
    uint8_t message[190], sealed[256], got[32];
    setup();
    memset(message, 0x33, sizeof message);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        mbedtls_rsa_context rsa;
        mbedtls_rsa_init(&rsa);
        CHECK_INT(mbedtls_rsa_set_padding(&rsa, MBEDTLS_RSA_PKCS_V21, MBEDTLS_MD_SHA256), 0);
        CHECK_INT(mbedtls_rsa_import_raw(&rsa, pub, 256, NULL, 0, NULL, 0, NULL, 0, pub + 256, 4), 0);
        CHECK_INT(mbedtls_rsa_complete(&rsa), 0);
        CHECK_INT(mbedtls_rsa_rsaes_oaep_encrypt(&rsa, seed, NULL, (const unsigned char *)"label", 5,
                                                 lengths[i], message, sealed),
                  0);
        mbedtls_rsa_free(&rsa);
        CHECK_STATUS(open_it(got, sealed), WICK_OK);
        CHECK(memcmp(got, message, 32) != 0);
    }
    CHECK_INT(opened, sizeof lengths / sizeof lengths[0]);
}

/* Nothing of what was opened stays behind: not in the keystore, not where it is put on failure. */
TEST(nothing_stays)
{
    uint8_t message[32] = {7}, sealed[256], got[32];
    setup();
    REQUIRE(sealed_with(sealed, message, "label"));
    CHECK_STATUS(open_it(got, sealed), WICK_OK);
    CHECK_INT(ct_secret_bytes(&ram, sizeof ram), 0);
    CHECK_INT(ct_secret_bytes(&cc, sizeof cc), 0);
    CONSTANT_TIME();
}

/* ---- the test can fail: the same with a branch ---- */

static __attribute__((noinline)) void leaky_choose(volatile uint8_t *out, const volatile uint8_t *ours,
                                                   const volatile uint8_t *instead, int rc)
{
    for (size_t i = 0; i < 32; i++) {
        if (rc == 0) {
            out[i] = ours[i];
        } else {
            out[i] = instead[i];
        }
    }
}

TEST(a_branch_on_the_padding_is_seen)
{
    uint8_t a[32] = {1}, b[32] = {2}, out[32];
    int rc = 0;
    setup();
    leaky_choose(out, a, b, rc);
    CONSTANT_TIME();
    SECRET(&rc, sizeof rc);
    leaky_choose(out, a, b, rc);
    CHECK(ct_reports() > 0);
}

CT_MAIN("ct.rsa", CASE(padding_and_message_are_not_looked_at), CASE(other_lengths_are_not_looked_at),
        CASE(nothing_stays), CASE(a_branch_on_the_padding_is_seen))
