/* SPDX-License-Identifier: Apache-2.0 */
/* The TURN server: replies, nonces, and who may ask (RFC 8489 sections 9.2 and 14.5 to 14.16). */
#include "stub_turn_internal.h"

#define SOFTWARE "wick stub"

/* ---- replies ---- */

void stub_turn_begin(struct reply *r, const struct request *q, wick_stun_class cls)
{
    r->buf = wick_buf_make(r->bytes, sizeof r->bytes);
    wick_stun_begin(&r->b, &r->buf, q->m.method, cls, wick_stun_tid(&q->m));
}

void stub_turn_finish(wick_stub_turn *s, struct reply *r, const struct request *q, bool integrity)
{
    wick_stun_put(&r->b, WICK_STUN_SOFTWARE, text(SOFTWARE));
    if ((s->faults & WICK_STUB_TURN_UNKNOWN_ATTR) != 0) {
        wick_stun_put_raw(&r->b, 0x7FFE, text("?"));
    }
    if (integrity && q->authenticated && q->key.alg == WICK_HASH_SHA256 &&
        (s->faults & WICK_STUB_TURN_WEAK_MI) != 0) {
        static const uint8_t zeros[WICK_STUN_MI_BYTES];
        wick_stun_put(&r->b, WICK_STUN_MESSAGE_INTEGRITY, wick_span_make(zeros, sizeof zeros));
    } else if (integrity && q->authenticated) {
        if (q->key.alg == WICK_HASH_SHA256) {
            wick_stun_put_integrity_sha256(&r->b, &q->key);
        } else {
            wick_stun_put_integrity(&r->b, &q->key);
        }
        if ((s->faults & WICK_STUB_TURN_BAD_MI) != 0) {
            r->bytes[r->buf.len - 1] ^= 1;
        }
    }
    wick_stun_put_fingerprint(&r->b);
    if (wick_stun_end(&r->b) == WICK_OK) {
        stub_turn_push(s, q->at, q->from, wick_buf_span(&r->buf));
    }
}

void stub_turn_refuse(wick_stub_turn *s, const struct request *q, uint16_t code,
                      const char *phrase)
{
    struct reply r;
    /* coturn's habit, which clients must live with. */
    bool bare = code == 437 || code == 441;
    stub_turn_begin(&r, q, WICK_STUN_ERROR);
    wick_stun_put_error(&r.b, code, phrase);
    stub_turn_finish(s, &r, q, !bare);
}

/* PASSWORD-ALGORITHMS: SHA-256, then MD5. */
static const uint8_t algorithms[] = {0, 2, 0, 0, 0, 1, 0, 0};

static uint32_t features(const wick_stub_turn *s)
{
    return (s->cfg.sha256 ? (uint32_t)WICK_STUN_FEATURE_PASSWORD_ALGORITHMS : 0) |
           (s->cfg.anonymity ? (uint32_t)WICK_STUN_FEATURE_USERNAME_ANONYMITY : 0);
}

/* The nonce of this moment; a view of `out`. */
static wick_span nonce(const wick_stub_turn *s, uint8_t out[WICK_STUN_COOKIE_CHARS + 17])
{
    uint8_t raw[8];
    size_t at = 0;
    if (features(s) != 0) {
        wick_stun_nonce_cookie(out, features(s));
        at = WICK_STUN_COOKIE_CHARS;
    }
    wick_store_be64(raw, UINT64_C(0x77696b0000000000) | s->nonce_serial);
    wick_hex_encode((char *)out + at, raw, sizeof raw);
    return wick_span_make(out, at + 16);
}

static void put_nonce(const wick_stub_turn *s, struct reply *r)
{
    uint8_t bytes[WICK_STUN_COOKIE_CHARS + 17];
    wick_span n = nonce(s, bytes);
    if ((s->faults & WICK_STUB_TURN_PLAIN_NONCE) != 0 && features(s) != 0) {
        n = wick_span_make(n.ptr + WICK_STUN_COOKIE_CHARS, n.len - WICK_STUN_COOKIE_CHARS);
    }
    wick_stun_put(&r->b, WICK_STUN_NONCE, n);
    if (s->cfg.sha256 &&
        (s->faults & (WICK_STUB_TURN_PLAIN_NONCE | WICK_STUB_TURN_STRIPPED)) == 0) {
        wick_stun_put(&r->b, WICK_STUN_PASSWORD_ALGORITHMS,
                      wick_span_make(algorithms, sizeof algorithms));
    }
}

static bool is_nonce(const wick_stub_turn *s, const struct request *q)
{
    uint8_t bytes[WICK_STUN_COOKIE_CHARS + 17];
    return same(wick_stun_get(&q->m, WICK_STUN_NONCE), nonce(s, bytes)) &&
           (s->cfg.nonce_ms == 0 ||
            !wick_time_reached(q->now_ms, s->nonce_born_ms + s->cfg.nonce_ms));
}

static void challenge(wick_stub_turn *s, const struct request *q, uint16_t code)
{
    struct reply r;
    char realm[8] = "realm-x";
    if (code == 438 || (s->cfg.nonce_ms != 0 &&
                        wick_time_reached(q->now_ms, s->nonce_born_ms + s->cfg.nonce_ms))) {
        s->nonce_serial++;
        s->nonce_born_ms = q->now_ms;
    }
    realm[6] = (char)('a' + (int)(s->requests % 26));
    stub_turn_begin(&r, q, WICK_STUN_ERROR);
    wick_stun_put_error(&r.b, code, code == 401 ? "Unauthorized" : "Stale nonce");
    if ((s->faults & WICK_STUB_TURN_NO_NONCE) == 0) {
        put_nonce(s, &r);
    }
    wick_stun_put(&r.b, WICK_STUN_REALM,
                  text((s->faults & WICK_STUB_TURN_REALM) != 0 ? realm : s->cfg.realm));
    stub_turn_finish(s, &r, q, false);
}

/* ---- authentication (RFC 8489 section 9.2.4) ---- */

/* Password of the user that the request names. */
static bool find_password(const wick_stub_turn *s, struct request *q,
                          char out[WICK_TURN_REST_PASSWORD_BYTES], wick_span *password)
{
    wick_span user = wick_stun_get(&q->m, WICK_STUN_USERNAME);
    q->name = user;
    if (s->cfg.rest_secret == NULL) {
        *password = text(s->cfg.password);
        if (wick_stun_has(&q->m, WICK_STUN_USERHASH)) {
            uint8_t hash[WICK_TURN_USERHASH_BYTES];
            q->name = text(s->cfg.username);
            return wick_turn_userhash(hash, s->cfg.crypto, q->name,
                                      wick_stun_get(&q->m, WICK_STUN_REALM)) == WICK_OK &&
                   same(wick_stun_get(&q->m, WICK_STUN_USERHASH),
                        wick_span_make(hash, sizeof hash));
        }
        return same(user, text(s->cfg.username));
    }
    uint64_t expiry = 0;
    size_t i = 0;
    while (i < user.len && user.ptr[i] >= '0' && user.ptr[i] <= '9' && i < 18) {
        expiry = expiry * 10 + (uint64_t)(user.ptr[i] - '0');
        i++;
    }
    if (i < user.len && user.ptr[i] == ':') {
        q->name = wick_span_make(user.ptr + i + 1, user.len - i - 1);
    }
    /* As coturn: a credential that expires under a live allocation goes on working for it. */
    const wick_stub_turn_allocation *a = wick_stub_turn_find(s, q->from);
    bool held = a != NULL && same(q->name, wick_span_make(a->username, a->username_len));
    if (i == 0 || (!held && expiry <= s->cfg.unix_base_s + q->now_ms / 1000)) {
        return false;
    }
    if (wick_turn_rest_password(out, s->cfg.crypto, text(s->cfg.rest_secret), user) != WICK_OK) {
        return false;
    }
    *password = text(out);
    return true;
}

/* The number of PASSWORD-ALGORITHM, MD5 where there is none; 0: the request is bad (RFC 8489 section
 * 9.2.4). */
static unsigned algorithm_of(const wick_stub_turn *s, const wick_stun_msg *m)
{
    wick_span list = wick_stun_get(m, WICK_STUN_PASSWORD_ALGORITHMS);
    wick_span one = wick_stun_get(m, WICK_STUN_PASSWORD_ALGORITHM);
    wick_stun_algorithm a;
    if (!s->cfg.sha256 || (list.ptr == NULL && one.ptr == NULL)) {
        return WICK_STUN_MD5;
    }
    if (!same(list, wick_span_make(algorithms, sizeof algorithms)) || one.len != 4 ||
        wick_stun_next_algorithm(&a, &one) != WICK_OK || a.parameters.len != 0) {
        return 0;
    }
    return a.number == WICK_STUN_MD5 || a.number == WICK_STUN_SHA256 ? a.number : 0;
}

/* Key of the request, and is it signed with it? */
static bool verify(const wick_stub_turn *s, struct request *q, unsigned algorithm,
                   wick_span password)
{
    const wick_stun_msg *m = &q->m;
    uint8_t key[WICK_TURN_KEY_SHA256_BYTES];
    wick_span realm = wick_stun_get(m, WICK_STUN_REALM);
    wick_span user = wick_stun_get(m, WICK_STUN_USERNAME);
    user = user.ptr == NULL ? text(s->cfg.username) : user;
    bool wide = algorithm == WICK_STUN_SHA256;
    bool strong = wick_stun_has(m, WICK_STUN_MESSAGE_INTEGRITY_SHA256);
    wick_status status = wide ? wick_turn_key_sha256(key, s->cfg.crypto, user, realm, password)
                              : wick_turn_key(key, s->cfg.crypto, user, realm, password);
    if (status == WICK_OK) {
        status = wick_hmac_key_init(&q->key, s->cfg.crypto,
                                    strong ? WICK_HASH_SHA256 : WICK_HASH_SHA1,
                                    wick_span_make(key, wide ? sizeof key : WICK_TURN_KEY_BYTES));
    }
    if (status != WICK_OK) {
        return false;
    }
    return strong ? wick_stun_get(m, WICK_STUN_MESSAGE_INTEGRITY_SHA256).len ==
                            WICK_STUN_MI_SHA256_BYTES &&
                        wick_stun_check_integrity_sha256(m, &q->key) == WICK_OK
                  : wick_stun_check_integrity(m, &q->key) == WICK_OK;
}

bool stub_turn_authenticate(wick_stub_turn *s, struct request *q)
{
    char buffer[WICK_TURN_REST_PASSWORD_BYTES];
    wick_span password;
    const wick_stun_msg *m = &q->m;
    unsigned algorithm = algorithm_of(s, m);
    bool hashed = s->cfg.anonymity && wick_stun_has(m, WICK_STUN_USERHASH);
    bool strong = s->cfg.sha256 && wick_stun_has(m, WICK_STUN_MESSAGE_INTEGRITY_SHA256);
    if ((s->faults & WICK_STUB_TURN_OPEN) != 0) {
        return true;
    }
    bool complete = (wick_stun_has(m, WICK_STUN_USERNAME) || hashed) &&
                    wick_stun_has(m, WICK_STUN_NONCE) && wick_stun_has(m, WICK_STUN_REALM);
    if ((!strong && !wick_stun_has(m, WICK_STUN_MESSAGE_INTEGRITY)) || !complete ||
        (s->faults & WICK_STUB_TURN_401) != 0) {
        challenge(s, q, 401);
        return false;
    }
    if (!is_nonce(s, q) || (s->faults & WICK_STUB_TURN_438) != 0) {
        challenge(s, q, 438);
        return false;
    }
    if (algorithm == 0) {
        stub_turn_refuse(s, q, 400, "Bad Request");
        return false;
    }
    if (!find_password(s, q, buffer, &password) || !verify(s, q, algorithm, password)) {
        challenge(s, q, 401);
        return false;
    }
    q->authenticated = true;
    s->sha256_requests += strong ? 1 : 0;
    s->userhashes += hashed ? 1 : 0;
    /* RFC 8656 section 5: an allocation belongs to who made it. */
    const wick_stub_turn_allocation *a = wick_stub_turn_find(s, q->from);
    if (a != NULL && a->username_len != 0 &&
        !same(q->name, wick_span_make(a->username, a->username_len))) {
        stub_turn_refuse(s, q, 441, "Wrong Credentials");
        return false;
    }
    return true;
}
