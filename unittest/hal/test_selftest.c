/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hal/selftest on the Linux port, and on ports that break one rule each: the check of that rule
 * must see it. A conformance test that cannot fail would let a bad port through.
 */
#include "wick/hal/selftest.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tap.h"
#include "wick/port/linux.h"

#include "../unit/rsa_keys.h"

static wick_selftest t;
static wick_hal_clock hc;
static wick_hal_entropy he;
static wick_hal_crypto hcr;
static wick_hal_store hs;
static wick_hal_net hn;
static wick_hal_keystore hk;
static wick_crypto_ctx cc;
static wick_ram_keystore ks;
static wick_linux_net net;
static wick_linux_store st;
static char dir[64];

static const char *watched; /* the rule that is to be reported broken */
static bool seen_broken;

static void report(void *ctx, const char *rule, bool kept)
{
    (void)ctx;
    if (watched == NULL) {
        tap_checks++;
        if (!kept) {
            tap_fail(__FILE__, __LINE__, rule);
        }
    } else if (!kept && strcmp(rule, watched) == 0) {
        seen_broken = true;
    }
}

static void wait_real(void *ctx, uint32_t ms)
{
    (void)ctx;
    (void)poll(NULL, 0, (int)(ms == 20 ? 1 : ms));
}

static void setup(void)
{
    static const char template[] = "/tmp/wick-hal-XXXXXX";
    memset(&t, 0, sizeof t);
    memcpy(dir, template, sizeof template);
    REQUIRE(mkdtemp(dir) != NULL);
    wick_linux_clock_init(&hc);
    wick_linux_entropy_init(&he);
    REQUIRE_STATUS(wick_crypto_init(&hcr, &cc), WICK_OK);
    wick_ram_keystore_init(&hk, &ks, &cc);
    REQUIRE_STATUS(wick_ram_keystore_generate(&t.key_a, &ks, &he), WICK_OK);
    REQUIRE_STATUS(wick_ram_keystore_generate(&t.key_b, &ks, &he), WICK_OK);
    REQUIRE_STATUS(wick_linux_store_init(&hs, &st, dir), WICK_OK);
    REQUIRE_STATUS(wick_linux_net_init(&hn, &net), WICK_OK);
    t.self = wick_addr_v4(127, 0, 0, 1, 0);
    t.wait = wait_real;
    t.report = report;
    watched = NULL;
    seen_broken = false;
}

static void teardown(void)
{
    wick_linux_net_close(&net);
    CHECK_INT(rmdir(dir), 0); /* the selftest left no value behind */
}

#if WICK_WITH_NSL_RSA
static void add_rsa(void)
{
    static const char hex[] = RSA_KEY_B2;
    uint8_t primes[WICK_RSA_PRIMES_BYTES];
    wick_ram_keystore_rsa(&hk, &ks, &he);
    REQUIRE_STATUS(wick_hex_decode(primes, sizeof primes, hex, sizeof hex - 1), WICK_OK);
    REQUIRE_STATUS(wick_ram_keystore_import_rsa(&t.key_rsa, &ks, primes), WICK_OK);
}
#endif

static void use_all(void)
{
    t.clock = &hc;
    t.entropy = &he;
    t.crypto = &hcr;
    t.store = &hs;
    t.net = &hn;
    t.keystore = &hk;
}

TEST(linux_port)
{
    setup();
#if WICK_WITH_NSL_RSA
    add_rsa();
#endif
    use_all();
    CHECK_INT(wick_hal_selftest(&t), 0);
    CHECK_INT(t.failed, 0);
    CHECK(t.checked >= 55 + (WICK_WITH_NSL_RSA ? 10 : 0));
    printf("# %u rules\n", t.checked);
    teardown();
}

TEST(linux_port_ipv6)
{
    setup();
    memset(t.self.ip, 0, 16);
    t.self.ip[15] = 1;
    wick_sock s;
    if (hn.udp_open(hn.ctx, &s, &t.self) != WICK_OK) {
        teardown();
        SKIP("this host has no IPv6 loopback");
    }
    hn.close(hn.ctx, s);
    t.net = &hn;
    CHECK_INT(wick_hal_selftest(&t), 0);
    teardown();
}

TEST(nothing_given_nothing_checked)
{
    memset(&t, 0, sizeof t);
    CHECK_INT(wick_hal_selftest(&t), 0);
    CHECK_INT(t.checked, 0);
}

/* ---- broken ports ---- */

static wick_hal_clock good_clock;
static uint64_t ticks;

static uint64_t clock_back(void *ctx)
{
    (void)ctx;
    return 1000000 - (ticks++ % 100);
}

static uint64_t clock_in_seconds(void *ctx)
{
    return good_clock.now_ms(ctx) / 1000;
}

static wick_status unix_zero(void *ctx, uint64_t *out)
{
    (void)ctx;
    *out = 0;
    return WICK_OK;
}

static wick_status fill_same(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)(i * 37u);
    }
    return WICK_OK;
}

static wick_status fill_low(void *ctx, uint8_t *out, size_t len)
{
    wick_hal_entropy e;
    (void)ctx;
    wick_linux_entropy_init(&e);
    wick_status s = e.fill(e.ctx, out, len);
    for (size_t i = 0; i < len; i++) {
        out[i] &= 0x3f; /* a quarter fewer ones: 25 standard deviations */
    }
    return s;
}

static wick_status fill_short(void *ctx, uint8_t *out, size_t len)
{
    wick_hal_entropy e;
    (void)ctx;
    wick_linux_entropy_init(&e);
    return e.fill(e.ctx, out, len & ~(size_t)3); /* whole words only */
}

static wick_hal_crypto good;

static wick_status open_leaks(void *ctx, wick_aead_alg alg, uint8_t *out, const uint8_t *key,
                              const uint8_t *nonce, wick_span aad, wick_span ct)
{
    wick_status s = good.aead_open(ctx, alg, out, key, nonce, aad, ct);
    if (s != WICK_OK && ct.len >= 16) {
        memcpy(out, ct.ptr, ct.len - 16);
    }
    return s;
}

static wick_status open_believes(void *ctx, wick_aead_alg alg, uint8_t *out, const uint8_t *key,
                                 const uint8_t *nonce, wick_span aad, wick_span ct)
{
    (void)good.aead_open(ctx, alg, out, key, nonce, aad, ct);
    if (ct.len == 32) {
        for (size_t i = 0; i < 16; i++) {
            out[i] = (uint8_t)i;
        }
    }
    return WICK_OK;
}

static wick_status ecdh_hashed(void *ctx, uint8_t x32[32], const uint8_t secret[32],
                               const uint8_t peer[33])
{
    wick_status s = good.secp256k1_ecdh(ctx, x32, secret, peer);
    x32[0] ^= 1; /* anything but the raw x */
    return s;
}

static wick_status expand_believes(void *ctx, uint8_t pub65[65], const uint8_t pub33[33])
{
    if (good.secp256k1_expand(ctx, pub65, pub33) != WICK_OK) {
        memset(pub65, 4, 65);
    }
    return WICK_OK;
}

static wick_status recover_high(void *ctx, uint8_t pub65[65], const uint8_t sig[64], uint8_t id,
                                const uint8_t digest[32])
{
    if (good.secp256k1_recover(ctx, pub65, sig, id, digest) != WICK_OK) {
        memset(pub65, 4, 65);
    }
    return WICK_OK;
}

static wick_status clone_shallow(void *ctx, wick_hash_ctx *dst, const wick_hash_ctx *src)
{
    (void)src;
    return good.hash_begin(ctx, dst, WICK_HASH_SHA256); /* a fresh state instead of a copy */
}

static wick_hal_store good_store;

static wick_status put_lost(void *ctx, uint16_t key, uint8_t version, wick_span value)
{
    (void)ctx;
    (void)key;
    (void)version;
    (void)value;
    return WICK_OK;
}

static wick_status put_any_version(void *ctx, uint16_t key, uint8_t version, wick_span value)
{
    wick_status s = good_store.put(ctx, key, version, value);
    if (s == WICK_E_STORE_VERSION) {
        (void)good_store.erase(ctx, key);
        s = good_store.put(ctx, key, version, value);
    }
    return s;
}

static wick_status put_clips(void *ctx, uint16_t key, uint8_t version, wick_span value)
{
    if (value.len > WICK_STORE_VALUE_MAX) {
        value.len = WICK_STORE_VALUE_MAX;
    }
    return good_store.put(ctx, key, version, value);
}

static wick_status get_no_length(void *ctx, uint16_t key, uint8_t *version, wick_buf *out)
{
    wick_status s = good_store.get(ctx, key, version, out);
    if (s == WICK_E_NO_SPACE) {
        out->len = 0;
    }
    return s;
}

static wick_hal_net good_net;

static int32_t recv_truncates(void *ctx, wick_sock s, wick_addr *from, uint8_t *buf, size_t cap)
{
    int32_t n = good_net.udp_recv(ctx, s, from, buf, cap);
    return n == (int32_t)WICK_E_NO_SPACE ? (int32_t)cap : n;
}

static int32_t recv_from_nobody(void *ctx, wick_sock s, wick_addr *from, uint8_t *buf, size_t cap)
{
    int32_t n = good_net.udp_recv(ctx, s, from, buf, cap);
    memset(from, 0, sizeof *from);
    return n;
}

static wick_hal_keystore good_keys;

static wick_status sign_high(void *ctx, uint8_t sig[64], uint8_t *id, wick_key key,
                             const uint8_t digest[32])
{
    wick_status s = good_keys.secp256k1_sign(ctx, sig, id, key, digest);
    sig[32] |= 0x80;
    return s;
}

static wick_status sign_wrong_id(void *ctx, uint8_t sig[64], uint8_t *id, wick_key key,
                                 const uint8_t digest[32])
{
    wick_status s = good_keys.secp256k1_sign(ctx, sig, id, key, digest);
    if (id != NULL) {
        *id ^= 1u;
    }
    return s;
}

#if WICK_WITH_NSL_RSA
static wick_status seal_of_zero(void *ctx, uint8_t out[256], const uint8_t pub[260], wick_span label,
                                const uint8_t message[32], const uint8_t seed[32])
{
    static const uint8_t zero[32];
    (void)seed;
    return good.rsa_seal(ctx, out, pub, label, message, zero);
}

static wick_status seal_to_anybody(void *ctx, uint8_t out[256], const uint8_t pub[260],
                                   wick_span label, const uint8_t message[32], const uint8_t seed[32])
{
    uint8_t better[260];
    memcpy(better, pub, sizeof better);
    memcpy(better + 256, "\0\1\0\1", 4);
    return good.rsa_seal(ctx, out, better, label, message, seed);
}

static wick_status verify_believes(void *ctx, const uint8_t sig[256], const uint8_t digest[32],
                                   const uint8_t pub[260])
{
    wick_status s = good.rsa_verify(ctx, sig, digest, pub);
    return s == WICK_E_AUTH ? WICK_OK : s;
}

static wick_status verify_refuses(void *ctx, const uint8_t sig[256], const uint8_t digest[32],
                                  const uint8_t pub[260])
{
    wick_status s = good.rsa_verify(ctx, sig, digest, pub);
    return s == WICK_OK ? WICK_E_AUTH : s;
}

static wick_status open_is_an_oracle(void *ctx, uint8_t message[32], wick_key key, wick_span label,
                                     const uint8_t sealed[256])
{
    uint8_t again[32];
    wick_status s = good_keys.rsa_open(ctx, message, key, label, sealed);
    if (s == WICK_OK) {
        s = good_keys.rsa_open(ctx, again, key, label, sealed);
    }
    /* random, so the padding was wrong */
    return s == WICK_OK && memcmp(again, message, 32) != 0 ? WICK_E_AUTH : s;
}

static wick_status open_to_zero(void *ctx, uint8_t message[32], wick_key key, wick_span label,
                                const uint8_t sealed[256])
{
    if (open_is_an_oracle(ctx, message, key, label, sealed) == WICK_E_AUTH) {
        memset(message, 0, 32);
    }
    return WICK_OK;
}

static wick_status public_of_any(void *ctx, uint8_t pub[260], wick_key key)
{
    (void)key;
    return good_keys.rsa_public(ctx, pub, t.key_rsa);
}

static wick_status sign_once(void *ctx, uint8_t sig[256], wick_key key, const uint8_t digest[32])
{
    static uint8_t first[256];
    static bool have;
    wick_status s = good_keys.rsa_sign(ctx, sig, key, digest);
    if (s == WICK_OK && !have) {
        memcpy(first, sig, sizeof first);
        have = true;
    }
    if (s == WICK_OK) {
        memcpy(sig, first, sizeof first);
    }
    return s;
}

static wick_status sign_another(void *ctx, uint8_t sig[256], wick_key key, const uint8_t digest[32])
{
    wick_status s = good_keys.rsa_sign(ctx, sig, key, digest);
    sig[255] ^= 1;
    return s;
}
#endif

/* Runs with what `spoil` has changed; `rule` must be reported broken. */
static void expect_broken(const char *rule, void (*spoil)(void))
{
    setup();
    good = hcr;
    good_clock = hc;
    good_store = hs;
    good_net = hn;
    good_keys = hk;
    watched = rule;
    spoil();
    CHECK(wick_hal_selftest(&t) != 0);
    CHECK(seen_broken);
    if (!seen_broken) {
        printf("# not seen: %s\n", rule);
    }
    (void)hs.erase(hs.ctx, 0xfe00);
    (void)hs.erase(hs.ctx, 0xfe01);
    teardown();
}

#define SPOIL(name, part, member, fn)                                                              \
    static void name(void)                                                                         \
    {                                                                                              \
        part.member = fn;                                                                          \
        use_all();                                                                                 \
        t.wait = wait_real;                                                                        \
    }

SPOIL(spoil_clock_back, hc, now_ms, clock_back)
SPOIL(spoil_clock_unit, hc, now_ms, clock_in_seconds)
SPOIL(spoil_unix, hc, unix_s, unix_zero)
SPOIL(spoil_entropy_same, he, fill, fill_same)
SPOIL(spoil_entropy_low, he, fill, fill_low)
SPOIL(spoil_entropy_short, he, fill, fill_short)
SPOIL(spoil_open_leaks, hcr, aead_open, open_leaks)
SPOIL(spoil_open_believes, hcr, aead_open, open_believes)
SPOIL(spoil_ecdh, hcr, secp256k1_ecdh, ecdh_hashed)
SPOIL(spoil_expand, hcr, secp256k1_expand, expand_believes)
SPOIL(spoil_recover, hcr, secp256k1_recover, recover_high)
SPOIL(spoil_clone, hcr, hash_clone, clone_shallow)
SPOIL(spoil_put_lost, hs, put, put_lost)
SPOIL(spoil_put_version, hs, put, put_any_version)
SPOIL(spoil_put_clips, hs, put, put_clips)
SPOIL(spoil_get, hs, get, get_no_length)
SPOIL(spoil_recv, hn, udp_recv, recv_truncates)
SPOIL(spoil_from, hn, udp_recv, recv_from_nobody)
SPOIL(spoil_sign_high, hk, secp256k1_sign, sign_high)
SPOIL(spoil_sign_id, hk, secp256k1_sign, sign_wrong_id)

#if WICK_WITH_NSL_RSA
/* The same with an RSA key, and nothing else to check. */
#define SPOIL_RSA(name, part, member, fn)                                                          \
    static void name(void)                                                                         \
    {                                                                                              \
        add_rsa();                                                                                 \
        good_keys = hk;                                                                            \
        part.member = fn;                                                                          \
        t.crypto = &hcr;                                                                           \
        t.keystore = &hk;                                                                          \
    }

SPOIL_RSA(spoil_rsa_half, hk, rsa_sign, NULL)
SPOIL_RSA(spoil_rsa_seed, hcr, rsa_seal, seal_of_zero)
SPOIL_RSA(spoil_rsa_key, hcr, rsa_seal, seal_to_anybody)
SPOIL_RSA(spoil_rsa_believes, hcr, rsa_verify, verify_believes)
SPOIL_RSA(spoil_rsa_refuses, hcr, rsa_verify, verify_refuses)
SPOIL_RSA(spoil_rsa_oracle, hk, rsa_open, open_is_an_oracle)
SPOIL_RSA(spoil_rsa_zero, hk, rsa_open, open_to_zero)
SPOIL_RSA(spoil_rsa_handle, hk, rsa_public, public_of_any)
SPOIL_RSA(spoil_rsa_salt, hk, rsa_sign, sign_once)
SPOIL_RSA(spoil_rsa_sign, hk, rsa_sign, sign_another)

TEST(broken_rsa_is_seen)
{
    expect_broken("rsa.all_or_none", spoil_rsa_half);
    expect_broken("rsa.oaep_of_rfc8017", spoil_rsa_seed);
    expect_broken("rsa.refuses_bad_keys", spoil_rsa_key);
    expect_broken("rsa.verify_refuses_altered", spoil_rsa_believes);
    expect_broken("rsa.pss_of_rfc8017", spoil_rsa_refuses);
    expect_broken("keystore.rsa_open_tells_nothing", spoil_rsa_oracle);
    expect_broken("keystore.rsa_open_tells_nothing", spoil_rsa_zero);
    expect_broken("keystore.rsa_handles", spoil_rsa_handle);
    expect_broken("keystore.rsa_salt_is_random", spoil_rsa_salt);
    expect_broken("keystore.rsa_sign_verifies", spoil_rsa_sign);
}
#define RSA_CASES , CASE_LONG(broken_rsa_is_seen)
#else
#define RSA_CASES
#endif

TEST(broken_clock_and_entropy_are_seen)
{
    expect_broken("clock.never_back", spoil_clock_back);
    expect_broken("clock.in_milliseconds", spoil_clock_unit);
    expect_broken("clock.unix_or_none", spoil_unix);
    expect_broken("entropy.never_repeats", spoil_entropy_same);
    expect_broken("entropy.balanced", spoil_entropy_low);
    expect_broken("entropy.exact_length", spoil_entropy_short);
}

TEST(broken_crypto_is_seen)
{
    expect_broken("aes128gcm.zeroes_on_failure", spoil_open_leaks);
    expect_broken("chacha20poly1305.refuses_altered", spoil_open_believes);
    expect_broken("secp256k1.ecdh_is_raw_x", spoil_ecdh);
    expect_broken("secp256k1.refuses_off_curve", spoil_expand);
    expect_broken("secp256k1.refuses_other_prefixes", spoil_expand);
    expect_broken("secp256k1.refuses_x_above_p", spoil_expand);
    expect_broken("secp256k1.refuses_high_s", spoil_recover);
    expect_broken("sha256.clone", spoil_clone);
}

TEST(broken_store_is_seen)
{
    expect_broken("store.put_get", spoil_put_lost);
    expect_broken("store.newer_version_is_kept", spoil_put_version);
    expect_broken("store.too_large_keeps_the_old", spoil_put_clips);
    expect_broken("store.small_buffer", spoil_get);
}

TEST(broken_net_and_keystore_are_seen)
{
    expect_broken("net.too_long_is_dropped_whole", spoil_recv);
    expect_broken("net.datagram_arrives", spoil_from);
    expect_broken("keystore.sign_verifies", spoil_sign_high);
    expect_broken("keystore.sign_recovers", spoil_sign_id);
}

TAP_MAIN("hal.selftest", CASE(linux_port), CASE(linux_port_ipv6),
         CASE(nothing_given_nothing_checked), CASE(broken_clock_and_entropy_are_seen),
         CASE_LONG(broken_crypto_is_seen), CASE(broken_store_is_seen),
         CASE(broken_net_and_keystore_are_seen) RSA_CASES)
