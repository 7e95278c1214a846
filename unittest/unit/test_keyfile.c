/* SPDX-License-Identifier: Apache-2.0 */
/* port/linux secrets: forms that are taken, modes that are refused, files that are never lost. */
#include "wick/port/linux.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rsa_keys.h"
#include "tap.h"

static char dir[64], path[128];
static wick_crypto_ctx cc;
static wick_hal_crypto crypto;
static wick_ram_keystore ks;
static wick_hal_keystore keys;
static wick_hal_entropy entropy;

static const char hex_key[] = "0000000000000000000000000000000000000000000000000000000000000002";

static wick_status no_entropy(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    (void)out;
    (void)len;
    return WICK_E_ENTROPY;
}

static void setup(void)
{
    static const char template[] = "/tmp/wick-keys-XXXXXX";
    memcpy(dir, template, sizeof template);
    REQUIRE(mkdtemp(dir) != NULL);
    (void)snprintf(path, sizeof path, "%s/key", dir);
    REQUIRE_STATUS(wick_crypto_init(&crypto, &cc), WICK_OK);
    wick_ram_keystore_init(&keys, &ks, &cc);
    wick_linux_entropy_init(&entropy);
}

static void teardown(void)
{
    (void)unlink(path);
    CHECK_INT(rmdir(dir), 0); /* and nothing else was left there */
}

static void save(const char *text, size_t len, mode_t mode)
{
    (void)unlink(path);
    FILE *f = fopen(path, "wb");
    REQUIRE(f != NULL);
    CHECK_INT(fwrite(text, 1, len, f), len);
    (void)fclose(f);
    CHECK_INT(chmod(path, mode), 0);
}

TEST(forms_of_a_key)
{
    static const char *const good[] = {"%s", "%s\n", "0x%s", "0x%s\n", "0X%s\r\n"};
    char text[128];
    uint8_t raw[32] = {0}, got[32];
    setup();
    raw[31] = 2;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        const char *mark = strstr(good[i], "%s");
        int n = snprintf(text, sizeof text, "%.*s%s%s", (int)(mark - good[i]), good[i], hex_key,
                         mark + 2);
        save(text, (size_t)n, 0600);
        CHECK_STATUS(wick_linux_secret_bytes(got, path, 32), WICK_OK);
        CHECK_MEM(got, raw, 32);
    }
    save((const char *)raw, 32, 0400);
    CHECK_STATUS(wick_linux_secret_bytes(got, path, 32), WICK_OK);
    CHECK_MEM(got, raw, 32);
    teardown();
}

TEST(what_is_no_key)
{
    char text[600];
    uint8_t got[32], zero[32] = {0};
    wick_key k = {0};
    setup();
    memset(text, '1', sizeof text);
    static const size_t lengths[] = {0, 1, 31, 33, 62, 63, 65, 67, 128, 600};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        memset(got, 0xee, sizeof got);
        save(text, lengths[i], 0600);
        CHECK_STATUS(wick_linux_secret_bytes(got, path, 32), WICK_E_MALFORMED);
        CHECK_MEM(got, zero, 32);
    }
    text[5] = 'g';
    save(text, 64, 0600);
    CHECK_STATUS(wick_linux_secret_bytes(got, path, 32), WICK_E_MALFORMED);
    save((const char *)zero, 32, 0600);
    CHECK_STATUS(wick_linux_key_load(&k, &ks, path), WICK_E_BAD_KEY);
    CHECK_INT(k.handle, 0);
    teardown();
}

TEST(modes_and_kinds_of_files)
{
    char other[160];
    uint8_t got[32];
    setup();
    for (mode_t bit = 1; bit <= 040; bit = (mode_t)(bit << 1)) {
        save(hex_key, 64, 0600 | bit);
        CHECK_STATUS(wick_linux_secret_bytes(got, path, 32), WICK_E_FILE_MODE);
    }
    save(hex_key, 64, 0600);
    CHECK_STATUS(wick_linux_secret_bytes(got, path, 32), WICK_OK);
    (void)snprintf(other, sizeof other, "%s/link", dir);
    CHECK_INT(symlink(path, other), 0);
    CHECK_STATUS(wick_linux_secret_bytes(got, other, 32), WICK_E_FILE_MODE);
    CHECK_INT(unlink(other), 0);
    CHECK_STATUS(wick_linux_secret_bytes(got, other, 32), WICK_E_NOT_FOUND);
    CHECK_STATUS(wick_linux_secret_bytes(got, dir, 32), WICK_E_FILE_MODE);
    CHECK_INT(mkfifo(other, 0600), 0);
    CHECK_STATUS(wick_linux_secret_bytes(got, other, 32), WICK_E_FILE_MODE);
    CHECK_INT(unlink(other), 0);
    teardown();
}

TEST(file_of_another_user)
{
    uint8_t got[32];
    setup();
    save(hex_key, 64, 0600);
    if (geteuid() != 0 || chown(path, 12345, 12345) != 0) {
        teardown();
        SKIP("only root can give a file away");
    }
    CHECK_STATUS(wick_linux_secret_bytes(got, path, 32), WICK_E_FILE_MODE);
    teardown();
}

TEST(texts)
{
    char got[9];
    setup();
    save("password\n", 9, 0600);
    CHECK_STATUS(wick_linux_secret_text(got, path, sizeof got), WICK_OK);
    CHECK(strcmp(got, "password") == 0);
    save("pass word\n", 10, 0600);
    CHECK_STATUS(wick_linux_secret_text(got, path, sizeof got), WICK_E_NO_SPACE);
    CHECK(wick_ct_is_zero((const uint8_t *)got, sizeof got));
    save("password1", 9, 0600);
    CHECK_STATUS(wick_linux_secret_text(got, path, sizeof got), WICK_E_NO_SPACE);
    save("\n", 1, 0600);
    CHECK_STATUS(wick_linux_secret_text(got, path, sizeof got), WICK_E_MALFORMED);
    save("", 0, 0600);
    CHECK_STATUS(wick_linux_secret_text(got, path, sizeof got), WICK_E_MALFORMED);
    save("a\0b", 3, 0600);
    CHECK_STATUS(wick_linux_secret_text(got, path, sizeof got), WICK_E_MALFORMED);
    save("secret", 6, 0644);
    CHECK_STATUS(wick_linux_secret_text(got, path, sizeof got), WICK_E_FILE_MODE);
    teardown();
}

TEST(generate_never_replaces)
{
    struct stat info;
    uint8_t first[33], again[33];
    wick_key a = {0}, b = {0}, c = {0};
    wick_hal_entropy dead = {NULL, no_entropy};
    setup();
    CHECK_STATUS(wick_linux_key_generate(&a, &ks, path, &dead), WICK_E_ENTROPY);
    CHECK_STATUS(wick_linux_key_generate(&a, &ks, path, &entropy), WICK_OK);
    CHECK_INT(stat(path, &info), 0);
    CHECK_INT(info.st_mode & 07777, 0600);
    CHECK_INT(info.st_nlink, 1);
    CHECK_STATUS(keys.secp256k1_public(keys.ctx, first, a), WICK_OK);
    CHECK_STATUS(wick_linux_key_generate(&b, &ks, path, &entropy), WICK_E_STATE);
    CHECK_INT(b.handle, 0);
    CHECK_STATUS(wick_linux_secret_create(path, first, 32), WICK_E_STATE);
    CHECK_STATUS(wick_linux_key_load(&c, &ks, path), WICK_OK);
    CHECK_STATUS(keys.secp256k1_public(keys.ctx, again, c), WICK_OK);
    CHECK_MEM(first, again, 33);
    CHECK_STATUS(wick_linux_key_generate(&b, &ks, "/nonexistent/key", &entropy), WICK_E_HAL);
    CHECK_INT(b.handle, 0);
    teardown();
}

/* A device key is of either type, and the file says which; a wallet's is a secret on the curve. */
TEST(rsa_keys)
{
    uint8_t primes[WICK_RSA_PRIMES_BYTES], pub[260], again[260], pub33[33];
    wick_key key = {0}, other = {0};
    struct stat info;
    setup();
    wick_ram_keystore_rsa(&keys, &ks, &entropy);
    CHECK_STATUS(wick_hex_decode(primes, sizeof primes, RSA_KEY_C3, strlen(RSA_KEY_C3)), WICK_OK);
    CHECK_STATUS(wick_linux_secret_create(path, primes, sizeof primes), WICK_OK);
    CHECK_STATUS(wick_linux_key_load(&key, &ks, path), WICK_E_MALFORMED);
    CHECK_STATUS(wick_linux_device_key_load(&key, &ks, path), WICK_OK);
    CHECK_STATUS(keys.rsa_public(keys.ctx, pub, key), WICK_OK);
    CHECK_STATUS(keys.secp256k1_public(keys.ctx, pub33, key), WICK_E_NOT_FOUND);
    CHECK_STATUS(wick_linux_rsa_key_generate(&other, &ks, path), WICK_E_STATE);
    CHECK_INT(other.handle, 0);
    unlink(path);
    /* primes that are none, and another length */
    primes[255] ^= 1;
    CHECK_STATUS(wick_linux_secret_create(path, primes, sizeof primes), WICK_OK);
    CHECK_STATUS(wick_linux_device_key_load(&other, &ks, path), WICK_E_BAD_KEY);
    unlink(path);
    CHECK_STATUS(wick_linux_secret_create(path, primes, 255), WICK_OK);
    CHECK_STATUS(wick_linux_device_key_load(&other, &ks, path), WICK_E_MALFORMED);
    unlink(path);
    /* a secret on the curve goes on as it was */
    CHECK_STATUS(wick_linux_key_generate(&other, &ks, path, &entropy), WICK_OK);
    CHECK_STATUS(wick_linux_device_key_load(&other, &ks, path), WICK_OK);
    CHECK_STATUS(keys.secp256k1_public(keys.ctx, pub33, other), WICK_OK);
    unlink(path);
    CHECK_STATUS(wick_linux_rsa_key_generate(&other, &ks, path), WICK_OK);
    CHECK_INT(stat(path, &info), 0);
    CHECK_INT(info.st_mode & 07777, 0600);
    CHECK_STATUS(keys.rsa_public(keys.ctx, pub, other), WICK_OK);
    CHECK_STATUS(wick_linux_device_key_load(&key, &ks, path), WICK_OK);
    CHECK_STATUS(keys.rsa_public(keys.ctx, again, key), WICK_OK);
    CHECK_MEM(pub, again, sizeof pub);
    teardown();
}

TAP_MAIN("unit.keyfile", CASE(forms_of_a_key), CASE(what_is_no_key),
         CASE(modes_and_kinds_of_files), CASE(file_of_another_user), CASE(texts),
         CASE(generate_never_replaces), CASE_LONG(rsa_keys))
