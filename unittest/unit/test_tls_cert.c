/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates of a device's own making (S0 III-F): a service is believed iff SHA-256 of its SPKI is
 * what its record says, whoever signed; callers may be asked to prove theirs; where the policy wants
 * chain and CA to agree, one of them alone is not enough.
 */
#include "wick/port/tls_identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tls_world.h"
#include "wick/port/crypto.h"
#include "wick/port/https.h"

static wick_hal_clock hal_clock;
static wick_https client, server;
static wick_tls_identity gateway, caller, stranger;
static wick_https_trust trust_c, trust_s;

static const uint8_t secrets[3][32] = {{[31] = 1}, {[31] = 2}, {[0] = 7, [31] = 3}};

static void setup(void)
{
    wick_linux_entropy_init(&entropy);
    wick_linux_clock_init(&hal_clock);
    CHECK_STATUS(wick_tls_identity_make(&gateway, secrets[0], "gw-1.example_a", &entropy), WICK_OK);
    CHECK_STATUS(wick_tls_identity_make(&caller, secrets[1], "caller", &entropy), WICK_OK);
    CHECK_STATUS(wick_tls_identity_make(&stranger, secrets[2], "stranger", &entropy), WICK_OK);
    memset(&trust_c, 0, sizeof trust_c);
    trust_c.entropy = &entropy;
    trust_c.clock = &hal_clock;
    trust_s = trust_c;
    trust_c.pin32 = gateway.spki_hash;
    trust_s.own = &gateway;
}

static void teardown(void)
{
    wick_mbedtls_pool p;
    wick_tls_identity_free(&gateway);
    wick_tls_identity_free(&caller);
    wick_tls_identity_free(&stranger);
    wick_tls_identity_free(&stranger);
    wick_mbedtls_pool_look(&p);
    CHECK_INT(p.promised, 0);
}

static void meet(void)
{
    connect_pair();
    REQUIRE_STATUS(wick_https_accept(&server, &trust_s, &hn, ss), WICK_OK);
    REQUIRE_STATUS(wick_https_start(&client, &trust_c, &hn, sc, "192.0.2.7"), WICK_OK);
    st_c = st_s = WICK_AGAIN;
    for (int i = 0; i < 100000 && (st_c == WICK_AGAIN || st_s == WICK_AGAIN); i++) {
        st_c = st_c == WICK_AGAIN ? wick_https_poll(&client) : st_c;
        st_s = st_s == WICK_AGAIN ? wick_https_poll(&server) : st_s;
        if (st_c < WICK_AGAIN) {
            wick_https_end(&client);
            hn.close(hn.ctx, sc); /* or the server would wait */
        }
    }
}

static int32_t https_write(void *end, wick_span bytes)
{
    return wick_https_write((wick_https *)end, bytes);
}

static int32_t https_read(void *end, uint8_t *buf, size_t cap)
{
    return wick_https_read((wick_https *)end, buf, cap);
}

/* In TLS 1.3 a client is up before the server has judged its certificate; it hears of it then. */
static bool talks(void)
{
    uint8_t buf[16];
    static const uint8_t word[5] = "hello";
    bool up = st_c == WICK_OK && st_s == WICK_OK &&
              wick_https_write(&client, wick_span_make(word, 5)) == 5 &&
              read_some(https_read, &server, buf, sizeof buf) == 5 &&
              wick_https_write(&server, wick_span_make(buf, 5)) == 5 &&
              read_some(https_read, &client, buf, sizeof buf) == 5 && memcmp(buf, word, 5) == 0;
    return up;
}

static void part(void)
{
    wick_https_end(&client);
    wick_https_end(&server);
    wick_linux_net_close(&net);
}

TEST(identity_of_a_key)
{
    /* G, the generator, is the public key of 1 (FIPS 186-4 D.1.2.3). */
    static const char spki_of_1[] =
        "3059301306072a8648ce3d020106082a8648ce3d03010703420004"
        "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
        "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";
    static const uint8_t zero[32], ones[32] = {
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff};
    uint8_t want[WICK_TLS_SPKI_BYTES];
    char longest[65];
    static wick_tls_identity id;
    setup();
    REQUIRE_STATUS(wick_hex_decode(want, sizeof want, spki_of_1, strlen(spki_of_1)), WICK_OK);
    CHECK_MEM(gateway.spki, want, sizeof want);
    CHECK(gateway.cert_len > 300 && gateway.cert_len < WICK_TLS_CERT_MAX);
    /* The same key has the same word, and each certificate is another one. */
    CHECK_STATUS(wick_tls_identity_make(&id, secrets[0], "gw-1.example_a", &entropy), WICK_OK);
    CHECK_MEM(id.spki_hash, gateway.spki_hash, 32);
    CHECK(id.cert_len != gateway.cert_len || memcmp(id.cert, gateway.cert, id.cert_len) != 0);
    wick_tls_identity_free(&id);
    memset(longest, 'x', sizeof longest);
    longest[63] = '\0';
    wick_mbedtls_pool before, made;
    wick_mbedtls_pool_look(&before);
    wick_mbedtls_pool_mark();
    CHECK_STATUS(wick_tls_identity_make(&id, secrets[0], longest, &entropy), WICK_OK);
    wick_mbedtls_pool_look(&made);
    CHECK(made.most - before.used <= made.promised - before.promised);
    (void)printf("# %zu bytes of the pool, %zu while it is made\n", made.used - before.used,
                 made.most - before.used);
    wick_tls_identity_free(&id);
    longest[63] = 'x';
    longest[64] = '\0';
    CHECK_STATUS(wick_tls_identity_make(&id, secrets[0], longest, &entropy), WICK_E_NAME);
    CHECK_STATUS(wick_tls_identity_make(&id, secrets[0], "a,O=b", &entropy), WICK_E_NAME);
    CHECK_STATUS(wick_tls_identity_make(&id, secrets[0], "", &entropy), WICK_E_NAME);
    CHECK_STATUS(wick_tls_identity_make(&id, zero, "gw", &entropy), WICK_E_BAD_KEY);
    CHECK_STATUS(wick_tls_identity_make(&id, ones, "gw", &entropy), WICK_E_BAD_KEY);
    for (size_t i = 0; i < sizeof id; i++) {
        CHECK(((const uint8_t *)&id)[i] == 0);
    }
    teardown();
}

TEST(identity_in_a_file)
{
    char dir[] = "/tmp/wick-tls-XXXXXX", path[64];
    static wick_tls_identity a, b;
    setup();
    REQUIRE(mkdtemp(dir) != NULL);
    (void)snprintf(path, sizeof path, "%s/gw.tls.key", dir);
    CHECK_STATUS(wick_tls_identity_load(&a, path, "gw", &entropy), WICK_E_NOT_FOUND);
    CHECK_STATUS(wick_tls_identity_create(path, &entropy), WICK_OK);
    CHECK_STATUS(wick_tls_identity_create(path, &entropy), WICK_E_STATE);
    CHECK_STATUS(wick_tls_identity_load(&a, path, "gw", &entropy), WICK_OK);
    CHECK_STATUS(wick_tls_identity_load(&b, path, "gw", &entropy), WICK_OK);
    CHECK_MEM(a.spki_hash, b.spki_hash, 32);
    CHECK(memcmp(a.spki_hash, gateway.spki_hash, 32) != 0);
    wick_tls_identity_free(&a);
    wick_tls_identity_free(&b);
    CHECK(chmod(path, 0644) == 0);
    CHECK_STATUS(wick_tls_identity_load(&a, path, "gw", &entropy), WICK_E_FILE_MODE);
    CHECK(unlink(path) == 0 && rmdir(dir) == 0);
    teardown();
}

TEST(believed_by_the_record_alone)
{
    uint8_t pin[32], hash[32];
    setup();
    meet();
    CHECK_STATUS(st_c, WICK_OK);
    CHECK_STATUS(st_s, WICK_OK);
    CHECK(talks());
    CHECK(wick_https_peer_key(&client, hash));
    CHECK_MEM(hash, gateway.spki_hash, 32);
    CHECK(!wick_https_peer_key(&server, hash)); /* nobody asked the caller */
    CHECK(wick_ct_is_zero(hash, sizeof hash));
    part();
    CHECK(!wick_https_peer_key(&client, hash));
    for (unsigned bit = 0; bit < 256; bit += 51) {
        memcpy(pin, gateway.spki_hash, 32);
        pin[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        trust_c.pin32 = pin;
        meet();
        CHECK_STATUS(st_c, WICK_E_CERT_KEY);
        CHECK(!talks());
        part();
    }
    /* A name proves nothing: the same name with another key. */
    wick_tls_identity_free(&stranger);
    CHECK_STATUS(wick_tls_identity_make(&stranger, secrets[2], "gw-1.example_a", &entropy),
                 WICK_OK);
    trust_s.own = &stranger;
    trust_c.pin32 = gateway.spki_hash;
    meet();
    CHECK_STATUS(st_c, WICK_E_CERT_KEY);
    part();
    /* A server without a key, a client with nothing to go by. */
    trust_s.own = NULL;
    CHECK_STATUS(wick_https_accept(&server, &trust_s, &hn, 0), WICK_E_TRUST_ANCHOR);
    trust_c.pin32 = NULL;
    CHECK_STATUS(wick_https_start(&client, &trust_c, &hn, 0, "192.0.2.7"), WICK_E_TRUST_ANCHOR);
    teardown();
}

TEST(callers_prove_themselves)
{
    uint8_t hash[32];
    setup();
    trust_s.ask = true;
    meet(); /* it has no certificate */
    CHECK(!talks());
    CHECK_STATUS(st_s, WICK_E_CERT);
    part();
    trust_c.own = &caller;
    meet();
    CHECK(talks());
    CHECK(wick_https_peer_key(&server, hash));
    CHECK_MEM(hash, caller.spki_hash, 32);
    part();
    trust_s.pin32 = caller.spki_hash;
    meet();
    CHECK(talks());
    part();
    trust_c.own = &stranger;
    meet();
    CHECK(!talks());
    CHECK_STATUS(st_s, WICK_E_CERT_KEY);
    CHECK(!wick_https_peer_key(&server, hash));
    part();
    teardown();
}

static void put_pem(const char *path, const wick_tls_identity *id)
{
    char text[WICK_TLS_PEM_MAX];
    FILE *f = fopen(path, "w");
    REQUIRE(f != NULL);
    CHECK(wick_tls_identity_cert_pem(text, id) == strlen(text) && text[0] == '-');
    CHECK(fputs(text, f) >= 0);
    CHECK(fclose(f) == 0);
}

/* S2-29: chain key and X.509 must agree. The CA here is the certificate itself, or somebody else's. */
TEST(chain_and_ca_must_agree)
{
    char dir[] = "/tmp/wick-tls-XXXXXX", other[64];
    setup();
    REQUIRE(mkdtemp(dir) != NULL);
    (void)snprintf(other, sizeof other, "%s/other.pem", dir);
    put_pem(other, &stranger);
    trust_c.ca_file = other;
    meet(); /* the record says yes, the CA no */
    CHECK_STATUS(st_c, WICK_E_CERT_ISSUER);
    part();
    trust_c.pin32 = stranger.spki_hash;
    trust_c.ca_file = other;
    trust_s.own = &gateway;
    meet(); /* both no: the key counts */
    CHECK_STATUS(st_c, WICK_E_CERT_KEY);
    part();
    trust_s.ca_file = other;
    trust_c.own = &caller;
    trust_c.ca_file = NULL;
    trust_c.pin32 = gateway.spki_hash;
    meet(); /* a caller whom no CA knows */
    CHECK(!talks());
    CHECK_STATUS(st_s, WICK_E_CERT_ISSUER);
    part();
    CHECK(unlink(other) == 0 && rmdir(dir) == 0);
    teardown();
}

TEST(more_after_again)
{
    setup();
    meet();
    REQUIRE(st_c == WICK_OK && st_s == WICK_OK);
    check_more_after_again(https_write, &client, https_read, &server);
    part();
    teardown();
}

TAP_MAIN("unit.tls_cert", CASE(identity_of_a_key), CASE(identity_in_a_file),
         CASE(believed_by_the_record_alone), CASE(callers_prove_themselves),
         CASE(chain_and_ca_must_agree), CASE(more_after_again))
