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

#include "tap.h"
#include "wick/port/crypto.h"
#include "wick/port/https.h"
#include "wick/port/linux.h"

static wick_linux_net net;
static wick_hal_net hn;
static wick_hal_clock hal_clock;
static wick_hal_entropy entropy;
static wick_https client, server;
static wick_tls_identity gateway, caller, stranger;
static wick_https_trust tc, ts;
static wick_status st_c, st_s;

static const uint8_t secrets[3][32] = {{[31] = 1}, {[31] = 2}, {[0] = 7, [31] = 3}};

static void setup(void)
{
    wick_linux_entropy_init(&entropy);
    wick_linux_clock_init(&hal_clock);
    CHECK_STATUS(wick_tls_identity_make(&gateway, secrets[0], "gw-1.example_a", &entropy), WICK_OK);
    CHECK_STATUS(wick_tls_identity_make(&caller, secrets[1], "caller", &entropy), WICK_OK);
    CHECK_STATUS(wick_tls_identity_make(&stranger, secrets[2], "stranger", &entropy), WICK_OK);
    memset(&tc, 0, sizeof tc);
    tc.entropy = &entropy;
    tc.clock = &hal_clock;
    ts = tc;
    tc.pin32 = gateway.spki_hash;
    ts.own = &gateway;
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
    wick_addr any = wick_addr_v4(127, 0, 0, 1, 0), where, from;
    wick_sock listener, sc, ss;
    REQUIRE_STATUS(wick_linux_net_init(&hn, &net), WICK_OK);
    REQUIRE_STATUS(wick_linux_tcp_listen(&listener, &net, &any), WICK_OK);
    REQUIRE_STATUS(hn.local_addr(hn.ctx, listener, &where), WICK_OK);
    REQUIRE_STATUS(hn.tcp_open(hn.ctx, &sc, &where), WICK_OK);
    st_s = WICK_AGAIN;
    for (int i = 0; i < 100000 && st_s == WICK_AGAIN; i++) {
        st_s = wick_linux_tcp_accept(&ss, &from, &net, listener);
    }
    REQUIRE_STATUS(st_s, WICK_OK);
    REQUIRE_STATUS(wick_https_accept(&server, &ts, &hn, ss), WICK_OK);
    REQUIRE_STATUS(wick_https_start(&client, &tc, &hn, sc, "192.0.2.7"), WICK_OK);
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

static int32_t read_some(wick_https *t, uint8_t *buf, size_t cap)
{
    int32_t n = WICK_AGAIN;
    for (int i = 0; i < 100000 && n == (int32_t)WICK_AGAIN; i++) {
        n = wick_https_read(t, buf, cap);
    }
    return n;
}

/* In TLS 1.3 a client is up before the server has judged its certificate; it hears of it then. */
static bool talks(void)
{
    uint8_t buf[16];
    static const uint8_t word[5] = "hello";
    bool up = st_c == WICK_OK && st_s == WICK_OK &&
              wick_https_write(&client, wick_span_make(word, 5)) == 5 &&
              read_some(&server, buf, sizeof buf) == 5 &&
              wick_https_write(&server, wick_span_make(buf, 5)) == 5 &&
              read_some(&client, buf, sizeof buf) == 5 && memcmp(buf, word, 5) == 0;
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
        tc.pin32 = pin;
        meet();
        CHECK_STATUS(st_c, WICK_E_CERT_KEY);
        CHECK(!talks());
        part();
    }
    /* A name proves nothing: the same name with another key. */
    wick_tls_identity_free(&stranger);
    CHECK_STATUS(wick_tls_identity_make(&stranger, secrets[2], "gw-1.example_a", &entropy),
                 WICK_OK);
    ts.own = &stranger;
    tc.pin32 = gateway.spki_hash;
    meet();
    CHECK_STATUS(st_c, WICK_E_CERT_KEY);
    part();
    /* A server without a key, a client with nothing to go by. */
    ts.own = NULL;
    CHECK_STATUS(wick_https_accept(&server, &ts, &hn, 0), WICK_E_TRUST_ANCHOR);
    tc.pin32 = NULL;
    CHECK_STATUS(wick_https_start(&client, &tc, &hn, 0, "192.0.2.7"), WICK_E_TRUST_ANCHOR);
    teardown();
}

TEST(callers_prove_themselves)
{
    uint8_t hash[32];
    setup();
    ts.ask = true;
    meet(); /* it has no certificate */
    CHECK(!talks());
    CHECK_STATUS(st_s, WICK_E_CERT);
    part();
    tc.own = &caller;
    meet();
    CHECK(talks());
    CHECK(wick_https_peer_key(&server, hash));
    CHECK_MEM(hash, caller.spki_hash, 32);
    part();
    ts.pin32 = caller.spki_hash;
    meet();
    CHECK(talks());
    part();
    tc.own = &stranger;
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
    tc.ca_file = other;
    meet(); /* the record says yes, the CA no */
    CHECK_STATUS(st_c, WICK_E_CERT_ISSUER);
    part();
    tc.pin32 = stranger.spki_hash;
    tc.ca_file = other;
    ts.own = &gateway;
    meet(); /* both no: the key counts */
    CHECK_STATUS(st_c, WICK_E_CERT_KEY);
    part();
    ts.ca_file = other;
    tc.own = &caller;
    tc.ca_file = NULL;
    tc.pin32 = gateway.spki_hash;
    meet(); /* a caller whom no CA knows */
    CHECK(!talks());
    CHECK_STATUS(st_s, WICK_E_CERT_ISSUER);
    part();
    CHECK(unlink(other) == 0 && rmdir(dir) == 0);
    teardown();
}

/* A socket that takes no more than `room`, as where the other side is slow. */
static size_t room;
static int32_t (*send_all)(void *ctx, wick_sock s, wick_span bytes);

static int32_t send_some(void *ctx, wick_sock s, wick_span bytes)
{
    wick_span part = wick_span_make(bytes.ptr, bytes.len < room ? bytes.len : room);
    int32_t n = part.len == 0 ? (int32_t)WICK_AGAIN : send_all(ctx, s, part);
    room -= n > 0 ? (size_t)n : 0;
    return n;
}

/* What is written after AGAIN may be more than before: all of it arrives, wherever it was cut. */
TEST(more_after_again)
{
    static const size_t cuts[] = {0, 1, 5, 40, 1000, 17000};
    static const size_t first[] = {1, 300, 16384, 20000};
    static uint8_t all[50000], got[50000];
    setup();
    meet();
    REQUIRE(st_c == WICK_OK && st_s == WICK_OK);
    for (size_t i = 0; i < sizeof all; i++) {
        all[i] = (uint8_t)(i * 31u >> 3);
    }
    send_all = hn.tcp_send;
    hn.tcp_send = send_some;
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        for (size_t k = 0; k < sizeof first / sizeof first[0]; k++) {
            size_t at = 0, in = 0, told = first[k];
            room = cuts[i];
            memset(got, 0, sizeof got);
            for (int32_t n = 0; n != (int32_t)WICK_AGAIN && at < told;) {
                n = wick_https_write(&client, wick_span_make(all + at, told - at));
                REQUIRE(n > 0 || n == (int32_t)WICK_AGAIN);
                at += n > 0 ? (size_t)n : 0;
            }
            if (at < told) { /* nothing can be taken back, and nothing gets through yet */
                wick_span same = wick_span_make(all + at, told - at);
                wick_span more = wick_span_make(all + at, told - at + 9);
                CHECK_INT(wick_https_write(&client, more), WICK_AGAIN);
                CHECK_INT(wick_https_write(&client, same), WICK_AGAIN);
                if (--same.len != 0) {
                    CHECK_INT(wick_https_write(&client, same), WICK_E_BAD_ARG);
                }
            }
            told = sizeof all;
            for (int j = 0; j < 1000000 && in < told; j++) {
                room = j % 2 == 0 ? 700 : 0; /* it stops again and again */
                if (at < told) {
                    int32_t n = wick_https_write(&client, wick_span_make(all + at, told - at));
                    REQUIRE(n > 0 || n == (int32_t)WICK_AGAIN);
                    at += n > 0 ? (size_t)n : 0;
                }
                int32_t n = wick_https_read(&server, got + in, sizeof got - in);
                REQUIRE(n > 0 || n == (int32_t)WICK_AGAIN);
                in += n > 0 ? (size_t)n : 0;
            }
            CHECK_INT(in, told);
            CHECK_MEM(got, all, sizeof all);
        }
    }
    hn.tcp_send = send_all;
    part();
    teardown();
}

TAP_MAIN("unit.tls_cert", CASE(identity_of_a_key), CASE(identity_in_a_file),
         CASE(believed_by_the_record_alone), CASE(callers_prove_themselves),
         CASE(chain_and_ca_must_agree), CASE(more_after_again))
