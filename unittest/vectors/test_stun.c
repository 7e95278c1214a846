/* SPDX-License-Identifier: Apache-2.0 */
/*
 * STUN and TURN data from outside: every file below $WICK_VECTORS_DIR, at any depth and under any
 * name, is looked at by content.
 *
 *   - one message in hex with an integrity value of RFC 5769, or with USERHASH (RFC 8489 appendix B.1,
 *     corrected): integrity and fingerprint must verify
 *   - lines "time src:port > dst:port hex", where one port is 3478: a capture of turnutils_uclient
 *     with coturn, user test, password secret: decodes, verifies, and is written again byte for byte
 *   - any other hex: hostile input; no crash, and decode(encode(decode(x))) == decode(x)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"
#include "walk.h"
#include "wick/port/crypto.h"
#include "wick/stun.h"
#include "wick/turn.h"

#define FILE_MAX (1024u * 1024u)
#define MESSAGE_MAX 65536u

static wick_crypto_ctx cc;
static wick_hal_crypto crypto;
static unsigned vectors, frames, channel_frames, hostile, hostile_good;
static char *content;
static uint8_t message[MESSAGE_MAX];

static wick_span text(const char *s)
{
    return wick_span_make((const uint8_t *)s, strlen(s));
}

/* ---- writing again ---- */

/* The attributes of `m` in order; integrity and fingerprint are computed, where there is a key. */
static bool encode(wick_buf *out, const wick_stun_msg *m, const wick_hmac_key *key)
{
    wick_stun_build s;
    wick_stun_walk walk = {0};
    wick_stun_begin(&s, out, m->method, (wick_stun_class)m->cls, wick_stun_tid(m));
    while (wick_stun_next(&walk, m)) {
        wick_stun_attr attr = wick_stun_attr_of(walk.type);
        wick_addr a;
        if (key != NULL && attr == WICK_STUN_MESSAGE_INTEGRITY) {
            wick_stun_put_integrity(&s, key);
        } else if (attr == WICK_STUN_FINGERPRINT && key != NULL) {
            wick_stun_put_fingerprint(&s);
        } else if ((attr == WICK_STUN_XOR_PEER_ADDRESS || attr == WICK_STUN_XOR_MAPPED_ADDRESS ||
                    attr == WICK_STUN_XOR_RELAYED_ADDRESS || attr == WICK_STUN_MAPPED_ADDRESS) &&
                   walk.value.ptr[0] == 0 &&
                   wick_stun_read_addr(&a, walk.value, m, attr) == WICK_OK) {
            wick_stun_put_addr(&s, attr, &a);
        } else {
            wick_stun_put_raw(&s, walk.type, walk.value);
        }
    }
    return wick_stun_end(&s) == WICK_OK;
}

static bool same_view(const wick_stun_msg *x, const wick_stun_msg *y)
{
    bool same = x->method == y->method && x->cls == y->cls && x->len == y->len &&
                x->present == y->present && x->unknown_count == y->unknown_count &&
                memcmp(wick_stun_tid(x), wick_stun_tid(y), WICK_STUN_TID_BYTES) == 0;
    for (unsigned i = 0; i < x->unknown_count && i < WICK_STUN_UNKNOWN_MAX && same; i++) {
        same = x->unknown[i] == y->unknown[i];
    }
    for (unsigned i = 0; i < WICK_STUN_ATTRS && same; i++) {
        wick_span a = wick_stun_get(x, (wick_stun_attr)i);
        wick_span b = wick_stun_get(y, (wick_stun_attr)i);
        same = a.len == b.len && (a.ptr == NULL) == (b.ptr == NULL) &&
               (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
    }
    return same;
}

/* ---- the three kinds ---- */

static const struct {
    const char *mac; /* hex of the integrity value */
    const char *username, *realm, *password;
    unsigned bits;
} known[] = {
    {"9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2", NULL, NULL, "VOkJxbRl1RmTxUk/WvJxBt", 1},
    {"2b91f599fd9e90c38c7489f92af9ba53f06be7d7", NULL, NULL, "VOkJxbRl1RmTxUk/WvJxBt", 1},
    {"a382954e4be67bf11784c97c8292c275bfe3ed41", NULL, NULL, "VOkJxbRl1RmTxUk/WvJxBt", 1},
    {"f67024656dd64a3e02b8e0712e85c9a28ca89666",
     "\xe3\x83\x9e\xe3\x83\x88\xe3\x83\xaa\xe3\x83\x83\xe3\x82\xaf\xe3\x82\xb9", "example.org",
     "TheMatrIX", 1},
    {"b5c7bf005b6c52a21c51c5e892f81924136296cb927c43149309278cc6518e65",
     "\xe3\x83\x9e\xe3\x83\x88\xe3\x83\xaa\xe3\x83\x83\xe3\x82\xaf\xe3\x82\xb9", "example.org",
     "TheMatrIX", 256},
};

static bool make_key(wick_hmac_key *key, size_t i)
{
    uint8_t k[32];
    if (known[i].username == NULL) {
        return wick_hmac_key_init(key, &crypto, WICK_HASH_SHA1, text(known[i].password)) ==
               WICK_OK;
    }
    if (known[i].bits == 1) {
        return wick_turn_key(k, &crypto, text(known[i].username), text(known[i].realm),
                             text(known[i].password)) == WICK_OK &&
               wick_hmac_key_init(key, &crypto, WICK_HASH_SHA1, wick_span_make(k, 16)) == WICK_OK;
    }
    /* PASSWORD-ALGORITHM SHA-256: the key is SHA-256 of the same text (RFC 8489 section 18.5.1.2) */
    char joined[128];
    wick_hash_ctx h;
    memset(&h, 0, sizeof h);
    snprintf(joined, sizeof joined, "%s:%s:%s", known[i].username, known[i].realm,
             known[i].password);
    bool good = crypto.hash_begin(crypto.ctx, &h, WICK_HASH_SHA256) == WICK_OK &&
                crypto.hash_update(crypto.ctx, &h, (const uint8_t *)joined, strlen(joined)) ==
                    WICK_OK &&
                crypto.hash_finish(crypto.ctx, &h, k) == WICK_OK;
    crypto.hash_free(crypto.ctx, &h);
    return good && wick_hmac_key_init(key, &crypto, WICK_HASH_SHA256, wick_span_make(k, 32)) ==
                       WICK_OK;
}

static void check_vector(size_t i, wick_span bytes)
{
    wick_stun_msg m;
    wick_hmac_key key;
    REQUIRE_STATUS(wick_stun_decode(&m, bytes), WICK_OK);
    REQUIRE(make_key(&key, i));
    CHECK_STATUS(known[i].bits == 1 ? wick_stun_check_integrity(&m, &key)
                                    : wick_stun_check_integrity_sha256(&m, &key),
                 WICK_OK);
    CHECK(wick_stun_check_fingerprint(&m) != WICK_E_STUN_FINGERPRINT);
    wick_hmac_key_wipe(&key);
    vectors++;
}

static void check_hostile(wick_span bytes)
{
    static uint8_t out[MESSAGE_MAX], again[MESSAGE_MAX];
    wick_stun_msg x, y;
    wick_channeldata c;
    wick_buf b = wick_buf_make(out, sizeof out);
    hostile++;
    tap_checks++;
    if (wick_channeldata_decode(&c, bytes) == WICK_OK) {
        CHECK_STATUS(wick_channeldata_encode(&b, c.channel, c.data), WICK_OK);
        CHECK(b.len <= bytes.len && memcmp(out, bytes.ptr, b.len) == 0);
    }
    if (wick_stun_decode(&x, bytes) != WICK_OK) {
        return;
    }
    hostile_good++;
    b = wick_buf_make(out, sizeof out);
    REQUIRE(encode(&b, &x, NULL));
    REQUIRE_STATUS(wick_stun_decode(&y, wick_buf_span(&b)), WICK_OK);
    CHECK(same_view(&x, &y));
    wick_buf c2 = wick_buf_make(again, sizeof again);
    CHECK(encode(&c2, &y, NULL));
    CHECK(c2.len == b.len && memcmp(out, again, b.len) == 0);
}

static void check_frame(wick_span bytes, const wick_hmac_key *key, const char *where)
{
    uint8_t out[2048];
    wick_stun_msg m;
    wick_channeldata c;
    wick_buf b = wick_buf_make(out, sizeof out);
    unsigned failed = tap_failed;
    if (bytes.len != 0 && (bytes.ptr[0] & 0xC0u) == 0x40u) {
        /* uclient 4.6.1 numbers its channels from 0x7xxx at times, which RFC 8656 reserves. */
        bool reserved = bytes.ptr[0] >= 0x50;
        CHECK_STATUS(wick_channeldata_decode(&c, bytes), reserved ? WICK_E_UNSUPPORTED : WICK_OK);
        if (!reserved) {
            CHECK_STATUS(wick_channeldata_encode(&b, c.channel, c.data), WICK_OK);
            CHECK(b.len == bytes.len && memcmp(out, bytes.ptr, b.len) == 0);
        }
        channel_frames++;
    } else {
        REQUIRE_STATUS(wick_stun_decode(&m, bytes), WICK_OK);
        CHECK_INT(m.unknown_count, 0);
        if (wick_stun_has(&m, WICK_STUN_MESSAGE_INTEGRITY)) {
            CHECK_STATUS(wick_stun_check_integrity(&m, key), WICK_OK);
        }
        CHECK(wick_stun_check_fingerprint(&m) != WICK_E_STUN_FINGERPRINT);
        REQUIRE(encode(&b, &m, key));
        CHECK(b.len == bytes.len && memcmp(out, bytes.ptr, b.len) == 0);
        frames++;
    }
    if (tap_failed != failed) {
        printf("# %s: %s\n", where, wick_stun_method_name(m.method));
    }
}

/* ---- finding them ---- */

/* Bytes of the hex digits at s, up to the first other character. */
static size_t hex_at(const char *s, size_t digits)
{
    return digits % 2 == 0 && digits / 2 <= MESSAGE_MAX &&
                   wick_hex_decode(message, digits / 2, s, digits) == WICK_OK
               ? digits / 2
               : 0;
}

static void look_at_capture(const char *path)
{
    wick_hmac_key key;
    uint8_t k[WICK_TURN_KEY_BYTES];
    CHECK_STATUS(wick_turn_key(k, &crypto, text("test"), text("lab.example"), text("secret")),
                 WICK_OK);
    CHECK_STATUS(wick_hmac_key_init(&key, &crypto, WICK_HASH_SHA1, wick_span_make(k, sizeof k)),
                 WICK_OK);
    for (char *line = strtok(content, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        unsigned from = 0, to = 0;
        int at = 0;
        if (sscanf(line, "%*f %*[0-9.]:%u > %*[0-9.]:%u %n", &from, &to, &at) == 2 && at > 0 &&
            (from == 3478 || to == 3478)) {
            size_t len = hex_at(line + at, strspn(line + at, "0123456789abcdef"));
            if (len != 0) {
                check_frame(wick_span_make(message, len), &key, path);
            }
        }
    }
    wick_hmac_key_wipe(&key);
}

static void look_at(const char *path, size_t size)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    FILE *f = fopen(path, "rb");
    size_t len = f != NULL ? fread(content, 1, size, f) : 0;
    if (f != NULL) {
        fclose(f);
    }
    content[len] = '\0';
    size_t hex = strspn(content, digits);
    size_t rest = strspn(content + hex, " \r\n");
    if (hex >= 2 && hex + rest == len) {
        size_t bytes = hex_at(content, hex);
        for (size_t i = 0; i < sizeof known / sizeof known[0] && bytes != 0; i++) {
            if (strstr(content, known[i].mac) != NULL) {
                check_vector(i, wick_span_make(message, bytes));
            }
        }
        if (bytes != 0) {
            /* exact bytes on the heap, so that a sanitizer sees one too many */
            uint8_t *copy = malloc(bytes);
            REQUIRE(copy != NULL);
            memcpy(copy, message, bytes);
            check_hostile(wick_span_make(copy, bytes));
            free(copy);
        }
    } else if (strstr(content, " > ") != NULL && content[0] >= '0' && content[0] <= '9') {
        look_at_capture(path);
    }
}

static void look_everywhere(void)
{
    static bool looked;
    if (looked) {
        return;
    }
    looked = true;
    content = malloc(FILE_MAX + 1);
    if (content != NULL && wick_crypto_init(&crypto, &cc) == WICK_OK) {
        walk_vectors(FILE_MAX - 1, look_at);
    }
    free(content);
}

TEST(rfc5769_and_rfc8489)
{
    look_everywhere();
    if (vectors == 0) {
        SKIP("no RFC 5769 message below WICK_VECTORS_DIR");
    }
    printf("# %u messages verified\n", vectors);
    CHECK(vectors > 0);
}

TEST(captures)
{
    if (frames == 0) {
        SKIP("no TURN capture below WICK_VECTORS_DIR");
    }
    printf("# %u messages and %u ChannelData frames written again byte for byte\n", frames,
           channel_frames);
    CHECK(frames > 0);
}

TEST(corpus)
{
    if (hostile == 0) {
        SKIP("no message in hex below WICK_VECTORS_DIR");
    }
    printf("# %u inputs, %u of them well formed\n", hostile, hostile_good);
    CHECK(hostile >= hostile_good);
}

TAP_MAIN("vectors.stun", CASE(rfc5769_and_rfc8489), CASE(captures), CASE(corpus))
