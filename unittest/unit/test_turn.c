/* SPDX-License-Identifier: Apache-2.0 */
/* The TURN client against scripted datagrams: what it must not believe, and its arguments. */
#include "turn_world.h"
#include "wick/turn.h"

static wick_hmac_key key;

static wick_span text(const char *s)
{
    return wick_span_make((const uint8_t *)s, strlen(s));
}

/* Brings the client to an authenticated Allocate, which is in `m`. */
static bool challenged(wick_stun_msg *m)
{
    struct answer a;
    uint8_t k[WICK_TURN_KEY_BYTES];
    wick_turn_config cfg = config();
    serial = 0;
    if (wick_turn_init(&t, &cfg) != WICK_OK || wick_turn_start(&t, 0) != WICK_OK ||
        wick_turn_permit(&t, 0, &peer) != WICK_OK ||
        wick_turn_key(k, &crypto, text("test"), text("r"), text("secret")) != WICK_OK ||
        wick_hmac_key_init(&key, &crypto, WICK_HASH_SHA1, wick_span_make(k, sizeof k)) != WICK_OK ||
        !request(m, WICK_STUN_ALLOCATE, 0) || wick_stun_has(m, WICK_STUN_USERNAME)) {
        return false;
    }
    begin_challenge(&a, m, 401, "nonce1");
    return give(&a, 0) == WICK_AGAIN && request(m, WICK_STUN_ALLOCATE, 0) &&
           wick_stun_check_integrity(m, &key) == WICK_OK;
}

/* Allocated and permitted. */
static bool allocated(void)
{
    struct answer a;
    wick_stun_msg m;
    if (!challenged(&m)) {
        return false;
    }
    begin_allocated(&a, &m, 600);
    wick_stun_put_integrity(&a.b, &key);
    if (give(&a, 0) != WICK_AGAIN || !request(&m, WICK_STUN_CREATE_PERMISSION, 0)) {
        return false;
    }
    begin(&a, &m, WICK_STUN_SUCCESS);
    wick_stun_put_integrity(&a.b, &key);
    wick_out out;
    if (give(&a, 0) != WICK_AGAIN) {
        return false;
    }
    wick_turn_poll(&t, 0, &out);
    return out.kind == WICK_OUT_EVENT && out.event == WICK_TURN_EV_PERMISSION_READY;
}

TEST(arguments)
{
    static const uint8_t long_text[300] = {'x'};
    wick_turn_config cfg = config();
    wick_out out;
    memset(&t, 0, sizeof t);
    CHECK_STATUS(wick_turn_start(&t, 0), WICK_E_STATE); /* not initialised */
    CHECK_STATUS(wick_turn_init(&t, &cfg), WICK_OK);
    wick_turn_poll(&t, 5, &out);
    CHECK_INT(out.kind, WICK_OUT_WAIT);
    CHECK_STATUS(wick_turn_bind(&t, 0, &peer), WICK_E_STATE);
    cfg.crypto = NULL;
    CHECK_STATUS(wick_turn_init(&t, &cfg), WICK_E_BAD_ARG);
    cfg = config();
    cfg.entropy = NULL;
    CHECK_STATUS(wick_turn_init(&t, &cfg), WICK_E_BAD_ARG);
    cfg = config();
    cfg.server.port = 0;
    CHECK_STATUS(wick_turn_init(&t, &cfg), WICK_E_BAD_ARG);
    cfg = config();
    cfg.username.len = 0;
    CHECK_STATUS(wick_turn_init(&t, &cfg), WICK_E_BAD_ARG);
    cfg = config();
    cfg.password.len = 0;
    CHECK_STATUS(wick_turn_init(&t, &cfg), WICK_E_BAD_ARG);
    cfg.key = wick_span_make(long_text, 16);
    CHECK_STATUS(wick_turn_init(&t, &cfg), WICK_E_BAD_ARG); /* a key belongs to a realm */
    cfg.realm = text("r");
    CHECK_STATUS(wick_turn_init(&t, &cfg), WICK_OK);
    cfg.key.len = 15;
    CHECK_STATUS(wick_turn_init(&t, &cfg), WICK_E_BAD_ARG);
    cfg = config();
    cfg.username = wick_span_make(long_text, WICK_TURN_USERNAME_MAX + 1);
    CHECK_STATUS(wick_turn_init(&t, &cfg), WICK_E_LIMIT);
    cfg = config();
    cfg.password = wick_span_make(long_text, WICK_TURN_PASSWORD_MAX + 1);
    CHECK_STATUS(wick_turn_init(&t, &cfg), WICK_E_LIMIT);
    cfg = config();
    cfg.realm = wick_span_make(long_text, WICK_TURN_REALM_MAX + 1);
    CHECK_STATUS(wick_turn_init(&t, &cfg), WICK_E_LIMIT);
}

static wick_status no_hash(void *ctx, wick_hash_ctx *h, wick_hash_alg alg)
{
    (void)ctx;
    (void)h;
    (void)alg;
    return WICK_E_CRYPTO;
}

TEST(crypto_failure)
{
    wick_turn_config cfg = config();
    cfg.realm = text("r");
    crypto.hash_begin = no_hash;
    CHECK_STATUS(wick_turn_init(&t, &cfg), WICK_E_CRYPTO);
    CHECK(wick_ct_is_zero((const uint8_t *)&t, sizeof t));
}

TEST(longest_credentials_fit)
{
    static uint8_t longest[WICK_TURN_NONCE_MAX + 1];
    struct answer a;
    wick_stun_msg m;
    wick_out out;
    wick_turn_config cfg = config();
    memset(longest, 'n', sizeof longest);
    cfg.username = wick_span_make(longest, WICK_TURN_USERNAME_MAX);
    cfg.password = wick_span_make(longest, WICK_TURN_PASSWORD_MAX);
    cfg.realm = wick_span_make(longest, WICK_TURN_REALM_MAX);
    cfg.lifetime_s = 600;
    REQUIRE_STATUS(wick_turn_init(&t, &cfg), WICK_OK);
    for (unsigned more = 0; more < 2; more++) {
        REQUIRE_STATUS(wick_turn_start(&t, 0), WICK_OK);
        REQUIRE(request(&m, WICK_STUN_ALLOCATE, 0));
        begin(&a, &m, WICK_STUN_ERROR);
        wick_stun_put_error(&a.b, 401, "");
        wick_stun_put(&a.b, WICK_STUN_NONCE, wick_span_make(longest, WICK_TURN_NONCE_MAX + more));
        wick_stun_put(&a.b, WICK_STUN_REALM, cfg.realm);
        CHECK_STATUS(give(&a, 0), WICK_AGAIN);
        wick_turn_poll(&t, 0, &out);
        if (more == 0) {
            CHECK_INT(out.kind, WICK_OUT_SEND);
            CHECK(out.bytes.len <= WICK_TURN_TX_BYTES);
            wick_turn_release(&t, 0);
            wick_turn_poll(&t, 0, &out);
            CHECK_INT(out.kind, WICK_OUT_SEND);
            wick_turn_poll(&t, 5000, &out);
            wick_turn_poll(&t, 5500, &out);
            wick_turn_poll(&t, 9500, &out);
            wick_turn_poll(&t, 99500, &out);
            CHECK_INT(out.kind, WICK_OUT_DONE);
        } else {
            CHECK_INT(out.event, WICK_TURN_EV_FAILED);
            CHECK_STATUS(out.status, WICK_E_LIMIT);
        }
    }
}

/* Off-path or wrong: dropped, and the run goes on to success. */
TEST(forged_answers)
{
    struct answer a;
    wick_stun_msg m;
    wick_turn_data data;
    wick_addr other = server;
    uint8_t mute[512];
    REQUIRE(challenged(&m));
    memcpy(mute, m.ptr, m.len); /* the client's buffer changes */
    REQUIRE_STATUS(wick_stun_decode(&m, wick_span_make(mute, m.len)), WICK_OK);
    /* another source */
    begin_allocated(&a, &m, 600);
    wick_stun_put_integrity(&a.b, &key);
    REQUIRE_STATUS(wick_stun_end(&a.b), WICK_OK);
    other.port++;
    CHECK_STATUS(wick_turn_input(&t, 0, wick_buf_span(&a.buf), &other, &data), WICK_E_NOT_FOUND);
    other = server;
    other.ip[15] ^= 1;
    CHECK_STATUS(wick_turn_input(&t, 0, wick_buf_span(&a.buf), &other, &data), WICK_E_NOT_FOUND);
    /* no integrity, wrong integrity */
    begin_allocated(&a, &m, 600);
    CHECK_STATUS(give(&a, 0), WICK_E_STUN_INTEGRITY);
    begin_allocated(&a, &m, 600);
    wick_stun_put_integrity(&a.b, &key);
    a.bytes[a.buf.len - 1] ^= 1;
    CHECK_STATUS(give(&a, 0), WICK_E_STUN_INTEGRITY);
    /* wrong fingerprint */
    begin_allocated(&a, &m, 600);
    wick_stun_put_integrity(&a.b, &key);
    wick_stun_put_fingerprint(&a.b);
    a.bytes[a.buf.len - 1] ^= 1;
    CHECK_STATUS(give(&a, 0), WICK_E_STUN_FINGERPRINT);
    /* another transaction, another method, a request instead of an answer */
    wick_stun_msg x = m;
    mute[19] ^= 1;
    begin_allocated(&a, &x, 600);
    CHECK_STATUS(give(&a, 0), WICK_E_NOT_FOUND);
    mute[19] ^= 1;
    x.method = WICK_STUN_REFRESH;
    begin_allocated(&a, &x, 600);
    CHECK_STATUS(give(&a, 0), WICK_E_NOT_FOUND);
    begin(&a, &m, WICK_STUN_REQUEST);
    CHECK_STATUS(give(&a, 0), WICK_E_NOT_FOUND);
    /* an error without ERROR-CODE, one with wrong integrity */
    begin(&a, &m, WICK_STUN_ERROR);
    CHECK_STATUS(give(&a, 0), WICK_E_MALFORMED);
    begin(&a, &m, WICK_STUN_ERROR);
    wick_stun_put_error(&a.b, 437, "");
    wick_stun_put_integrity(&a.b, &key);
    a.bytes[a.buf.len - 1] ^= 1;
    CHECK_STATUS(give(&a, 0), WICK_E_STUN_INTEGRITY);
    /* not STUN */
    CHECK_STATUS(wick_turn_input(&t, 0, text("GET / HTTP/1.1\r\n\r\n...."), &server, &data),
                 WICK_E_STATE); /* 'G' is 0x47: would be channel data, without an allocation */
    CHECK_STATUS(wick_turn_input(&t, 0, text(""), &server, &data), WICK_E_TRUNCATED);
    /* and the right one still counts, once */
    begin_allocated(&a, &m, 600);
    wick_stun_put_integrity(&a.b, &key);
    CHECK_STATUS(give(&a, 0), WICK_AGAIN);
    CHECK(wick_turn_is_allocated(&t));
    CHECK_STATUS(give(&a, 0), WICK_E_NOT_FOUND);
}

/* Ever new servers: WICK_TURN_REDIRECTS of them are tried. An authenticated Allocate is redirected
 * with integrity only. */
TEST(redirects)
{
    struct answer a;
    wick_stun_msg m;
    wick_out out;
    wick_addr next = wick_addr_v4(20, 0, 1, 1, 3478), at = server;
    wick_turn_data data;
    wick_turn_config cfg = config();
    at = server;
    REQUIRE_STATUS(wick_turn_init(&t, &cfg), WICK_OK);
    REQUIRE_STATUS(wick_turn_start(&t, 0), WICK_OK);
    for (unsigned i = 0; i <= WICK_TURN_REDIRECTS; i++) {
        REQUIRE(request(&m, WICK_STUN_ALLOCATE, 0));
        begin(&a, &m, WICK_STUN_ERROR);
        wick_stun_put_error(&a.b, 300, "");
        next.ip[15]++;
        wick_stun_put_addr(&a.b, WICK_STUN_ALTERNATE_SERVER, &next);
        REQUIRE_STATUS(wick_stun_end(&a.b), WICK_OK);
        CHECK_STATUS(wick_turn_input(&t, 0, wick_buf_span(&a.buf), &at, &data), WICK_AGAIN);
        at = *wick_turn_server(&t);
        CHECK(wick_addr_equal(&at, &next) == (i < WICK_TURN_REDIRECTS));
    }
    wick_turn_poll(&t, 0, &out);
    CHECK_INT(out.event, WICK_TURN_EV_FAILED);
    CHECK_STATUS(out.status, WICK_E_TURN_LOOP);
    for (unsigned integrity = 0; integrity < 2; integrity++) {
        REQUIRE(challenged(&m));
        begin(&a, &m, WICK_STUN_ERROR);
        wick_stun_put_error(&a.b, 300, "");
        wick_stun_put_addr(&a.b, WICK_STUN_ALTERNATE_SERVER, &next);
        if (integrity != 0) {
            wick_stun_put_integrity(&a.b, &key);
        }
        CHECK_STATUS(give(&a, 0), WICK_AGAIN);
        wick_turn_poll(&t, 0, &out);
        CHECK_INT(out.kind, integrity != 0 ? WICK_OUT_SEND : WICK_OUT_WAIT);
        CHECK(wick_addr_equal(wick_turn_server(&t), &next) == (integrity != 0));
        for (uint64_t ms = 250; integrity == 0 && ms <= 750; ms += 500) { /* nor if it insists */
            REQUIRE(request(&m, WICK_STUN_ALLOCATE, ms));
            CHECK_STATUS(give(&a, ms), WICK_AGAIN);
        }
        if (integrity == 0) {
            wick_turn_poll(&t, 750, &out);
            CHECK_INT(out.kind, WICK_OUT_EVENT);
            CHECK_STATUS(out.status, WICK_E_TURN_REFUSED);
        }
    }
}

/* REALM is needed once; a later challenge may leave it out, and another one makes another key. */
TEST(realms)
{
    struct answer a;
    wick_stun_msg m;
    wick_out out;
    wick_turn_config cfg = config();
    REQUIRE_STATUS(wick_turn_init(&t, &cfg), WICK_OK);
    REQUIRE_STATUS(wick_turn_start(&t, 0), WICK_OK);
    REQUIRE(request(&m, WICK_STUN_ALLOCATE, 0));
    begin(&a, &m, WICK_STUN_ERROR);
    wick_stun_put_error(&a.b, 401, "");
    wick_stun_put(&a.b, WICK_STUN_NONCE, text("n"));
    CHECK_STATUS(give(&a, 0), WICK_AGAIN);
    wick_turn_poll(&t, 0, &out);
    CHECK_STATUS(out.status, WICK_E_MALFORMED);
    REQUIRE(challenged(&m));
    begin(&a, &m, WICK_STUN_ERROR);
    wick_stun_put_error(&a.b, 438, "");
    wick_stun_put(&a.b, WICK_STUN_NONCE, text("nonce2"));
    CHECK_STATUS(give(&a, 0), WICK_AGAIN);
    REQUIRE(request(&m, WICK_STUN_ALLOCATE, 0));
    CHECK_STATUS(wick_stun_check_integrity(&m, &key), WICK_OK);
    CHECK_MEM(wick_stun_get(&m, WICK_STUN_NONCE).ptr, "nonce2", 6);
    CHECK_INT(wick_stun_get(&m, WICK_STUN_REALM).len, 1);
    begin(&a, &m, WICK_STUN_ERROR);
    wick_stun_put_error(&a.b, 438, "");
    wick_stun_put(&a.b, WICK_STUN_NONCE, text("nonce3"));
    wick_stun_put(&a.b, WICK_STUN_REALM, text("s"));
    CHECK_STATUS(give(&a, 0), WICK_AGAIN);
    REQUIRE(request(&m, WICK_STUN_ALLOCATE, 0));
    CHECK_STATUS(wick_stun_check_integrity(&m, &key), WICK_E_STUN_INTEGRITY);
    CHECK_MEM(wick_stun_get(&m, WICK_STUN_REALM).ptr, "s", 1);
}

TEST(truncated_answers)
{
    struct answer a;
    wick_stun_msg m;
    wick_turn_data data;
    uint8_t copy[512];
    REQUIRE(challenged(&m));
    begin_allocated(&a, &m, 600);
    wick_stun_put_integrity(&a.b, &key);
    REQUIRE_STATUS(wick_stun_end(&a.b), WICK_OK);
    for (size_t len = 0; len < a.buf.len; len++) {
        memcpy(copy, a.bytes, len);
        CHECK_STATUS(wick_turn_input(&t, 0, wick_span_make(copy, len), &server, &data),
                     WICK_E_TRUNCATED);
        if (len >= 20) {
            wick_store_be16(copy + 2, (uint16_t)(len - 20));
            CHECK(wick_turn_input(&t, 0, wick_span_make(copy, len), &server, &data) < WICK_AGAIN);
        }
    }
    for (size_t i = 0; i < a.buf.len; i++) {
        memcpy(copy, a.bytes, a.buf.len);
        copy[i] ^= 0x01;
        CHECK(wick_turn_input(&t, 0, wick_span_make(copy, a.buf.len), &server, &data) <
              WICK_AGAIN);
    }
    CHECK(!wick_turn_is_allocated(&t));
}

TEST(useless_successes)
{
    /* each of the three attributes missing, and a lifetime of 0 */
    for (unsigned skip = 0; skip < 4; skip++) {
        struct answer a;
        wick_stun_msg m;
        wick_out out;
        REQUIRE(challenged(&m));
        begin(&a, &m, WICK_STUN_SUCCESS);
        if (skip != 0) {
            wick_stun_put_addr(&a.b, WICK_STUN_XOR_RELAYED_ADDRESS, &relayed);
        }
        if (skip != 1) {
            wick_stun_put_addr(&a.b, WICK_STUN_XOR_MAPPED_ADDRESS, &me);
        }
        if (skip != 2) {
            wick_stun_put_u32(&a.b, WICK_STUN_LIFETIME, skip == 3 ? 0 : 600);
        }
        wick_stun_put_integrity(&a.b, &key);
        CHECK_STATUS(give(&a, 0), WICK_AGAIN);
        wick_turn_poll(&t, 0, &out);
        CHECK_INT(out.event, WICK_TURN_EV_FAILED);
        CHECK_STATUS(out.status, WICK_E_MALFORMED);
    }
}

TEST(extreme_lifetimes)
{
    static const uint32_t lifetimes[] = {1, UINT32_MAX};
    for (size_t i = 0; i < 2; i++) {
        struct answer a;
        wick_stun_msg m;
        wick_out out;
        REQUIRE(challenged(&m));
        begin_allocated(&a, &m, lifetimes[i]);
        wick_stun_put_integrity(&a.b, &key);
        CHECK_STATUS(give(&a, 0), WICK_AGAIN);
        CHECK(wick_turn_lifetime_s(&t) == lifetimes[i]);
        wick_turn_poll(&t, 0, &out);
        CHECK_INT(out.event, WICK_TURN_EV_ALLOCATED);
        REQUIRE(request(&m, WICK_STUN_CREATE_PERMISSION, 0));
        wick_turn_poll(&t, 0, &out);
        CHECK_INT(out.kind, WICK_OUT_WAIT);
        CHECK(out.deadline_ms > 0 && out.deadline_ms <= 500);
    }
}

TEST(refresh_answers)
{
    /* LIFETIME 0 without being asked: gone; LIFETIME missing: as before */
    for (unsigned i = 0; i < 2; i++) {
        struct answer a;
        wick_stun_msg m;
        wick_out out;
        REQUIRE(allocated());
        /* past all keep-alives: they are the first due */
        wick_turn_poll(&t, 301000, &out);
        while (out.kind == WICK_OUT_SEND &&
               (wick_stun_decode(&m, out.bytes) != WICK_OK || m.method != WICK_STUN_REFRESH)) {
            wick_turn_poll(&t, 301000, &out);
        }
        REQUIRE(out.kind == WICK_OUT_SEND);
        begin(&a, &m, WICK_STUN_SUCCESS);
        if (i == 0) {
            wick_stun_put_u32(&a.b, WICK_STUN_LIFETIME, 0);
        }
        wick_stun_put_integrity(&a.b, &key);
        CHECK_STATUS(give(&a, 301000), WICK_AGAIN);
        CHECK(wick_turn_is_allocated(&t) == (i == 1));
    }
}

TEST(binding_answers)
{
    struct answer a;
    wick_stun_msg m;
    wick_out out;
    wick_addr moved = me;
    moved.port++;
    for (unsigned i = 0; i < 4; i++) {
        REQUIRE(allocated());
        wick_turn_probe(&t, 2000);
        REQUIRE(request(&m, WICK_STUN_BINDING, 2000));
        CHECK_INT(m.len, 20); /* nothing to authenticate, nothing to tell */
        begin(&a, &m, i == 3 ? WICK_STUN_ERROR : WICK_STUN_SUCCESS);
        if (i == 0) {
            wick_stun_put_addr(&a.b, WICK_STUN_MAPPED_ADDRESS, &moved); /* RFC 3489 server */
        } else if (i == 1) {
            wick_stun_put_addr(&a.b, WICK_STUN_XOR_MAPPED_ADDRESS, &me);
        } else if (i == 3) {
            wick_stun_put_error(&a.b, 401, "");
        }
        CHECK_STATUS(give(&a, 2000), WICK_AGAIN);
        wick_turn_poll(&t, 2000, &out);
        CHECK_INT(out.kind, i == 0 ? WICK_OUT_EVENT : WICK_OUT_WAIT);
        if (i == 0) {
            CHECK_INT(out.event, WICK_TURN_EV_MAPPING_CHANGED);
            CHECK(wick_addr_equal(&out.to, &moved));
            CHECK(request(&m, WICK_STUN_REFRESH, 2000)); /* at once */
        }
    }
}

static wick_status indication(uint16_t method, const wick_addr *from, const char *data,
                              uint16_t unknown)
{
    static struct answer a;
    static wick_turn_data d;
    wick_stun_msg m;
    static const uint8_t tid[WICK_STUN_TID_BYTES] = {5};
    memset(&m, 0, sizeof m);
    a.buf = wick_buf_make(a.bytes, sizeof a.bytes);
    wick_stun_begin(&a.b, &a.buf, method, WICK_STUN_INDICATION, tid);
    if (from != NULL) {
        wick_stun_put_addr(&a.b, WICK_STUN_XOR_PEER_ADDRESS, from);
    }
    if (data != NULL) {
        wick_stun_put(&a.b, WICK_STUN_DATA_ATTR, text(data));
    }
    if (unknown != 0) {
        wick_stun_put_raw(&a.b, unknown, text(""));
    }
    CHECK_STATUS(wick_stun_end(&a.b), WICK_OK);
    memset(&d, 0, sizeof d);
    wick_status status = wick_turn_input(&t, 0, wick_buf_span(&a.buf), &server, &d);
    if (status == WICK_OK) {
        CHECK(wick_addr_equal(&d.peer, from));
        CHECK_INT(d.data.len, strlen(data));
    }
    return status;
}

TEST(data_indications)
{
    wick_addr stranger = wick_addr_v4(20, 0, 0, 66, 7000), port = peer;
    wick_stun_msg m;
    REQUIRE(challenged(&m));
    CHECK_STATUS(indication(WICK_STUN_DATA, &peer, "x", 0), WICK_E_STATE);
    REQUIRE(allocated());
    port.port = 9;
    CHECK_STATUS(indication(WICK_STUN_DATA, &peer, "x", 0), WICK_OK);
    CHECK_STATUS(indication(WICK_STUN_DATA, &port, "", 0), WICK_OK); /* empty is data */
    CHECK_STATUS(indication(WICK_STUN_DATA, &stranger, "x", 0), WICK_E_TURN_FORBIDDEN);
    CHECK_STATUS(indication(WICK_STUN_DATA, NULL, "x", 0), WICK_E_MALFORMED);
    CHECK_STATUS(indication(WICK_STUN_DATA, &peer, NULL, 0), WICK_E_MALFORMED);
    CHECK_STATUS(indication(WICK_STUN_DATA, &peer, "x", 0x7FFE), WICK_E_STUN_UNKNOWN_ATTR);
    CHECK_STATUS(indication(WICK_STUN_DATA, &peer, "x", 0xFFFE), WICK_OK);
    CHECK_STATUS(indication(WICK_STUN_SEND, &peer, "x", 0), WICK_E_NOT_FOUND);
}

TEST(channel_data)
{
    struct answer a;
    wick_stun_msg m;
    wick_turn_data d;
    static const uint8_t bytes[] = {0x40, 0x00, 0, 1, 'x', 0, 0, 0};
    static const uint8_t other[] = {0x40, 0x01, 0, 1, 'x'};
    REQUIRE(allocated());
    CHECK_STATUS(wick_turn_input(&t, 0, wick_span_make(bytes, 5), &server, &d),
                 WICK_E_TURN_FORBIDDEN);
    REQUIRE_STATUS(wick_turn_bind(&t, 0, &peer), WICK_OK);
    REQUIRE(request(&m, WICK_STUN_CHANNEL_BIND, 0));
    begin(&a, &m, WICK_STUN_SUCCESS);
    wick_stun_put_integrity(&a.b, &key);
    REQUIRE_STATUS(give(&a, 0), WICK_AGAIN);
    CHECK_STATUS(wick_turn_input(&t, 0, wick_span_make(bytes, 5), &server, &d), WICK_OK);
    CHECK(wick_addr_equal(&d.peer, &peer) && d.data.len == 1 && d.channel == 0x4000);
    CHECK_STATUS(wick_turn_input(&t, 0, wick_span_make(bytes, 8), &server, &d), WICK_OK);
    CHECK_INT(d.data.len, 1);
    CHECK_STATUS(wick_turn_input(&t, 0, wick_span_make(bytes, 4), &server, &d),
                 WICK_E_TRUNCATED);
    CHECK_STATUS(wick_turn_input(&t, 0, wick_span_make(other, 5), &server, &d),
                 WICK_E_TURN_FORBIDDEN);
    /* sending: capacity counts, and an expired channel is not used */
    uint8_t small[4 + 1];
    wick_buf b = wick_buf_make(small, sizeof small);
    CHECK_STATUS(wick_turn_send(&t, 0, &b, &peer, text("y")), WICK_OK);
    CHECK_MEM(small, "\x40\x00\x00\x01y", 5);
    b = wick_buf_make(small, 4);
    CHECK_STATUS(wick_turn_send(&t, 0, &b, &peer, text("y")), WICK_E_NO_SPACE);
    b = wick_buf_make(NULL, 0);
    CHECK_STATUS(wick_turn_send(&t, 599999, &b, &peer, text("y")), WICK_OK);
    CHECK_INT(b.len, 5);
    b = wick_buf_make(NULL, 0);
    CHECK_STATUS(wick_turn_send(&t, 600000, &b, &peer, text("y")), WICK_AGAIN);
    wick_addr port = peer;
    port.port++;
    b = wick_buf_make(NULL, 0);
    CHECK_STATUS(wick_turn_send(&t, 299999, &b, &port, text("y")), WICK_OK);
    CHECK_INT(b.len, 20 + 12 + 8);
    CHECK_STATUS(wick_turn_send(&t, 300000, &b, &port, text("y")), WICK_AGAIN);
}

/* Transaction ids of indications differ, and requests have fresh random ones. */
TEST(fresh_transaction_ids)
{
    uint8_t one[64], two[64];
    REQUIRE(allocated());
    wick_buf a = wick_buf_make(one, sizeof one), b = wick_buf_make(two, sizeof two);
    CHECK_STATUS(wick_turn_send(&t, 0, &a, &peer, text("x")), WICK_OK);
    CHECK_STATUS(wick_turn_send(&t, 0, &b, &peer, text("x")), WICK_OK);
    CHECK(memcmp(one + 8, two + 8, 12) != 0);
}

TEST(ipv6_peers)
{
    wick_addr v6 = {{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 99};
    uint8_t out[80];
    wick_stun_msg m;
    wick_addr got;
    REQUIRE(allocated());
    REQUIRE_STATUS(wick_turn_permit(&t, 0, &v6), WICK_OK);
    REQUIRE(request(&m, WICK_STUN_CREATE_PERMISSION, 0));
    REQUIRE_STATUS(wick_stun_get_addr(&got, &m, WICK_STUN_XOR_PEER_ADDRESS), WICK_OK);
    CHECK(wick_addr_same_ip(&got, &v6) && got.port == 0);
    struct answer a;
    begin(&a, &m, WICK_STUN_SUCCESS);
    wick_stun_put_integrity(&a.b, &key);
    REQUIRE_STATUS(give(&a, 0), WICK_AGAIN);
    wick_buf b = wick_buf_make(out, sizeof out);
    CHECK_STATUS(wick_turn_send(&t, 0, &b, &v6, text("abc")), WICK_OK);
    CHECK_INT(b.len, 20 + 24 + 8);
    REQUIRE_STATUS(wick_stun_decode(&m, wick_buf_span(&b)), WICK_OK);
    REQUIRE_STATUS(wick_stun_get_addr(&got, &m, WICK_STUN_XOR_PEER_ADDRESS), WICK_OK);
    CHECK(wick_addr_equal(&got, &v6));
    CHECK_STATUS(indication(WICK_STUN_DATA, &v6, "x", 0), WICK_OK);
}

/* An error without integrity ends no transaction (RFC 8489 section 9.2.5): whoever sees a request could
 * answer it before the server does. One counts for each transmission, and the third is believed. */
TEST(bare_errors_are_doubted)
{
    static const uint16_t codes[] = {300, 400, 403, 405, 420, 437, 441, 442, 486, 500, 508, 600};
    struct answer a;
    wick_stun_msg m, again;
    wick_out out;
    uint8_t tid[WICK_STUN_TID_BYTES];
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        for (unsigned insists = 0; insists < 2; insists++) {
            REQUIRE(challenged(&m));
            memcpy(tid, wick_stun_tid(&m), sizeof tid);
            begin(&a, &m, WICK_STUN_ERROR);
            wick_stun_put_error(&a.b, codes[i], "");
            CHECK_STATUS(give(&a, 0), WICK_AGAIN);
            for (unsigned k = 0; k < 5; k++) { /* a forger sends many */
                CHECK_STATUS(give(&a, 0), WICK_E_STUN_INTEGRITY);
            }
            wick_turn_poll(&t, 0, &out);
            CHECK_INT(out.kind, WICK_OUT_WAIT);
            CHECK_INT(out.deadline_ms, 250);
            REQUIRE(request(&again, WICK_STUN_ALLOCATE, 250));
            CHECK(memcmp(wick_stun_tid(&again), tid, sizeof tid) == 0); /* the same transaction */
            CHECK_STATUS(give(&a, 250), WICK_AGAIN);
            CHECK_STATUS(give(&a, 250), WICK_E_STUN_INTEGRITY);
            wick_turn_poll(&t, 250, &out);
            CHECK_INT(out.kind, WICK_OUT_WAIT);
            CHECK_INT(out.deadline_ms, 750);
            REQUIRE(request(&again, WICK_STUN_ALLOCATE, 750));
            CHECK(memcmp(wick_stun_tid(&again), tid, sizeof tid) == 0);
            if (insists == 0) {
                begin_allocated(&a, &again, 600);
                wick_stun_put_integrity(&a.b, &key);
            }
            CHECK_STATUS(give(&a, 760), WICK_AGAIN);
            CHECK_INT(wick_turn_is_allocated(&t), insists == 0);
            CHECK_STATUS(give(&a, 760), WICK_E_NOT_FOUND); /* the transaction is over */
        }
    }
    /* With integrity it counts at once. */
    REQUIRE(challenged(&m));
    begin(&a, &m, WICK_STUN_ERROR);
    wick_stun_put_error(&a.b, 486, "");
    wick_stun_put_integrity(&a.b, &key);
    CHECK_STATUS(give(&a, 0), WICK_AGAIN);
    wick_turn_poll(&t, 0, &out);
    CHECK_INT(out.event, WICK_TURN_EV_FAILED);
    CHECK_STATUS(out.status, WICK_E_TURN_QUOTA);
    /* Once the allocation is there, and after a success, it begins anew. */
    for (unsigned round = 0; round < 3; round++) {
        uint64_t at = 301000 + (uint64_t)round * 400000;
        if (round == 0) {
            REQUIRE(allocated());
        }
        REQUIRE(request(&m, WICK_STUN_REFRESH, at));
        for (unsigned k = 0; k < 2; k++) {
            begin(&a, &m, WICK_STUN_ERROR);
            wick_stun_put_error(&a.b, 437, "");
            CHECK_STATUS(give(&a, at), WICK_AGAIN);
            at += 500;
            REQUIRE(request(&m, WICK_STUN_REFRESH, at));
        }
        begin(&a, &m, WICK_STUN_SUCCESS);
        wick_stun_put_u32(&a.b, WICK_STUN_LIFETIME, 600);
        wick_stun_put_integrity(&a.b, &key);
        CHECK_STATUS(give(&a, at), WICK_AGAIN);
        CHECK(wick_turn_is_allocated(&t));
    }
}

/* A server that keeps what was given back (coturn does for a while, and grants 600 s more): released is
 * released. */
TEST(a_released_allocation_lingers)
{
    struct answer a;
    wick_stun_msg m;
    wick_out out;
    uint32_t lifetime = 1;
    uint8_t frame[64];
    REQUIRE(allocated());
    wick_turn_release(&t, 0);
    CHECK(!wick_turn_is_allocated(&t));
    REQUIRE(request(&m, WICK_STUN_REFRESH, 0));
    CHECK_STATUS(wick_stun_get_u32(&lifetime, &m, WICK_STUN_LIFETIME), WICK_OK);
    CHECK_INT(lifetime, 0);
    begin(&a, &m, WICK_STUN_SUCCESS);
    wick_stun_put_u32(&a.b, WICK_STUN_LIFETIME, 600);
    wick_stun_put_integrity(&a.b, &key);
    CHECK_STATUS(give(&a, 0), WICK_AGAIN);
    CHECK(!wick_turn_is_allocated(&t));
    wick_turn_poll(&t, 0, &out);
    CHECK_INT(out.kind, WICK_OUT_DONE);
    CHECK_STATUS(out.status, WICK_OK);
    wick_buf b = wick_buf_make(frame, sizeof frame);
    CHECK_STATUS(wick_turn_send(&t, 0, &b, &peer, text("x")), WICK_E_STATE);
    CHECK_STATUS(indication(WICK_STUN_DATA, &peer, "x", 0), WICK_E_STATE);
}

TEST(wipe_leaves_nothing)
{
    REQUIRE(allocated());
    wick_turn_wipe(&t);
    CHECK(wick_ct_is_zero((const uint8_t *)&t, sizeof t));
    wick_turn_wipe(&t);
    CHECK(sizeof t <= 3600);
}

TAP_MAIN("unit.turn", CASE(arguments), CASE(crypto_failure), CASE(longest_credentials_fit),
         CASE(forged_answers), CASE(redirects), CASE(realms), CASE(truncated_answers), CASE(useless_successes),
         CASE(extreme_lifetimes), CASE(refresh_answers), CASE(binding_answers),
         CASE(data_indications), CASE(channel_data), CASE(fresh_transaction_ids), CASE(ipv6_peers),
         CASE(bare_errors_are_doubted),
         CASE(a_released_allocation_lingers), CASE(wipe_leaves_nothing))
