/* SPDX-License-Identifier: Apache-2.0 */
/* Backups of an identity: PBKDF2 of RFC 7914 section 11 (PBKDF2-HMAC-SHA-256), and a file that says
 * nothing to another passphrase and nothing after any change. */
#include "backup.h"

#include "tap.h"
#include "wick/port/crypto.h"

static wick_hal_crypto crypto;
static wick_crypto_ctx ctx;
static const uint8_t salt[BACKUP_SALT_BYTES] = "0123456789abcdef";
static uint8_t bytes[BACKUP_BYTES_MAX];

static void begin(void)
{
    REQUIRE_STATUS(wick_crypto_init(&crypto, &ctx), WICK_OK);
}

static backup_keys sample(size_t device_len)
{
    backup_keys k = {.name = "gw-a", .device_len = device_len};
    memset(k.wallet, 0x11, sizeof k.wallet);
    memset(k.device, 0x22, device_len);
    return k;
}

static wick_span phrase(const char *text)
{
    return wick_span_text(text);
}

TEST(pbkdf2_of_rfc7914)
{
    uint8_t out[32], want[32];
    begin();
    CHECK_STATUS(backup_pbkdf2(out, &crypto, phrase("passwd"), phrase("salt"), 1), WICK_OK);
    REQUIRE_STATUS(wick_hex_decode(want, 32, "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c2"
                                             "0dacbc", 64), WICK_OK);
    CHECK_MEM(out, want, 32);
}

TEST(pbkdf2_of_many_rounds)
{
    uint8_t out[32], want[32];
    begin();
    CHECK_STATUS(backup_pbkdf2(out, &crypto, phrase("Password"), phrase("NaCl"), 80000), WICK_OK);
    REQUIRE_STATUS(wick_hex_decode(want, 32, "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b"
                                             "34ab56", 64), WICK_OK);
    CHECK_MEM(out, want, 32);
}

TEST(opens_with_the_passphrase_alone)
{
    begin();
    for (size_t len = 32; len <= BACKUP_DEVICE_KEY_MAX; len += BACKUP_DEVICE_KEY_MAX - 32) {
        backup_keys in = sample(len), out;
        wick_buf b = wick_buf_make(bytes, sizeof bytes);
        REQUIRE_STATUS(backup_seal(&b, &in, phrase("correct horse"), BACKUP_ITERATIONS_MIN, &crypto,
                                   salt), WICK_OK);
        REQUIRE_STATUS(backup_open(&out, wick_buf_span(&b), phrase("correct horse"), &crypto),
                       WICK_OK);
        CHECK(strcmp(out.name, "gw-a") == 0);
        CHECK_MEM(out.wallet, in.wallet, 32);
        CHECK_INT(out.device_len, len);
        CHECK_MEM(out.device, in.device, len);
        CHECK_STATUS(backup_open(&out, wick_buf_span(&b), phrase("correct hors"), &crypto),
                     WICK_E_AUTH);
        CHECK(wick_ct_is_zero(out.wallet, 32)); /* nothing of it is left */
    }
}

/* A change in any part is seen: magic, rounds, salt, text, tag. */
TEST(any_change_is_refused)
{
    static const size_t at[] = {17, 18, 33, 34, 60, 120};
    backup_keys in = sample(32), out;
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    begin();
    REQUIRE_STATUS(backup_seal(&b, &in, phrase("correct horse"), BACKUP_ITERATIONS_MIN, &crypto, salt),
                   WICK_OK);
    CHECK_INT(b.len, 14 + 4 + 16 + 1 + 4 + 32 + 2 + 32 + 16);
    for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
        bytes[at[i]] ^= 1;
        wick_status s = backup_open(&out, wick_buf_span(&b), phrase("correct horse"), &crypto);
        CHECK(s == WICK_E_AUTH || s == WICK_E_LIMIT);
        bytes[at[i]] ^= 1;
    }
    CHECK_STATUS(backup_open(&out, wick_span_make(bytes, b.len - 1), phrase("correct horse"), &crypto),
                 WICK_E_AUTH);
    CHECK_STATUS(backup_open(&out, wick_span_make(bytes, 40), phrase("correct horse"), &crypto),
                 WICK_E_UNSUPPORTED);
    bytes[12] = '2'; /* version */
    CHECK_STATUS(backup_open(&out, wick_buf_span(&b), phrase("correct horse"), &crypto),
                 WICK_E_UNSUPPORTED);
}

/* A file cannot make its reader work for a year, nor hide that it was made too cheap. */
TEST(rounds_have_bounds)
{
    backup_keys in = sample(32), out;
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    begin();
    CHECK_STATUS(backup_seal(&b, &in, phrase("correct horse"), BACKUP_ITERATIONS_MIN - 1, &crypto,
                             salt), WICK_E_BAD_ARG);
    REQUIRE_STATUS(backup_seal(&b, &in, phrase("correct horse"), BACKUP_ITERATIONS_MIN, &crypto, salt),
                   WICK_OK);
    wick_store_be32(bytes + 14, BACKUP_ITERATIONS_MAX + 1);
    CHECK_STATUS(backup_open(&out, wick_buf_span(&b), phrase("correct horse"), &crypto), WICK_E_LIMIT);
    wick_store_be32(bytes + 14, 1);
    CHECK_STATUS(backup_open(&out, wick_buf_span(&b), phrase("correct horse"), &crypto), WICK_E_LIMIT);
}

TEST(keys_of_another_form_are_refused)
{
    backup_keys in = sample(32);
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    begin();
    in.device_len = 33;
    CHECK_STATUS(backup_seal(&b, &in, phrase("correct horse"), BACKUP_ITERATIONS_MIN, &crypto, salt),
                 WICK_E_BAD_ARG);
    in = sample(32);
    in.name[0] = 'A';
    CHECK_STATUS(backup_seal(&b, &in, phrase("correct horse"), BACKUP_ITERATIONS_MIN, &crypto, salt),
                 WICK_E_BAD_ARG);
}

TAP_MAIN("backup", CASE(pbkdf2_of_rfc7914), CASE_LONG(pbkdf2_of_many_rounds),
         CASE_LONG(opens_with_the_passphrase_alone), CASE_LONG(any_change_is_refused),
         CASE_LONG(rounds_have_bounds), CASE(keys_of_another_form_are_refused))
