/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages about paths. The first octet says how the rest is taken: as a datagram, or as what is
 * sealed in an offer of the peer, for behind the seal no mutation would ever come, as attributes, or as
 * what is to be written. What is opened is written again and must be the same.
 */
#include "fuzz.h"

#include "wick/direct.h"
#include "wick/hmac.h"
#include "wick/port/crypto.h"

static wick_crypto_ctx cc;
static wick_hal_crypto crypto;
static wick_direct_keys keys;
static uint8_t name[WICK_DIRECT_NAME_BYTES];

static void setup(void)
{
    wick_session session;
    memset(&session, 7, sizeof session);
    session.role = WICK_ROLE_INITIATOR;
    if (wick_crypto_init(&crypto, &cc) != WICK_OK ||
        wick_direct_keys_derive(&keys, &crypto, &session, WICK_ROLE_INITIATOR) != WICK_OK ||
        wick_direct_name(name, &crypto, &session) != WICK_OK) {
        abort();
    }
}

/* Right keys around whatever the input is: an offer, or the inside of a request or an answer. */
static wick_span wrap(uint8_t *out, size_t cap, const uint8_t *data, size_t size, bool sealed)
{
    static uint8_t body[400];
    uint8_t tid[WICK_STUN_TID_BYTES] = {0};
    char text[24];
    wick_stun_build s;
    wick_hmac_key mac;
    wick_buf b = wick_buf_make(out, cap);
    memcpy(tid, keys.tid, sizeof keys.tid);
    wick_base64url_encode(text, name, sizeof name);
    if (wick_hmac_key_init(&mac, &crypto, WICK_HASH_SHA256, wick_span_make(keys.mac, 32)) !=
        WICK_OK) {
        abort();
    }
    if (sealed) {
        size = size < sizeof body - 16 ? size : sizeof body - 16;
        if (crypto.aead_seal(crypto.ctx, WICK_AEAD_CHACHA20_POLY1305, body, keys.seal, tid,
                             wick_span_make(NULL, 0), wick_span_make(data, size)) != WICK_OK) {
            abort();
        }
        wick_stun_begin(&s, &b, WICK_STUN_BINDING, WICK_STUN_REQUEST, tid);
        wick_stun_put(&s, WICK_STUN_USERNAME, wick_span_make((const uint8_t *)text, 22));
        wick_stun_put(&s, WICK_STUN_DATA_ATTR, wick_span_make(body, size + 16));
    } else {
        unsigned head = size != 0 ? data[0] : 0;
        wick_stun_begin(&s, &b, (head & 0x20) != 0 ? WICK_STUN_BINDING : WICK_STUN_ALLOCATE,
                        (wick_stun_class)(head & 3), tid);
        for (size_t at = 1; at + 1 < size && b.len < 300;) {
            size_t len = data[at + 1] & 31u;
            len = len < size - at - 2 ? len : size - at - 2;
            wick_stun_put_raw(&s, data[at], wick_span_make(data + at + 2, len));
            at += 2 + len;
        }
    }
    wick_stun_put_integrity_sha256(&s, &mac);
    wick_stun_put_fingerprint(&s);
    bool made = wick_stun_end(&s) == WICK_OK;
    wick_hmac_key_wipe(&mac);
    return wick_span_make(out, made ? b.len : 0);
}

static wick_status no_hash(void *ctx, wick_hash_ctx *h, wick_hash_alg alg)
{
    (void)ctx, (void)h, (void)alg;
    return WICK_E_CRYPTO;
}

static wick_status no_seal(void *ctx, wick_aead_alg alg, uint8_t *out, const uint8_t *key,
                           const uint8_t *nonce12, wick_span aad, wick_span pt)
{
    (void)ctx, (void)alg, (void)out, (void)key, (void)nonce12, (void)aad, (void)pt;
    return WICK_E_CRYPTO;
}

/* Writing, with what an input says: refused or written, never half. */
static void write_some(const uint8_t *data, size_t size)
{
    static uint8_t bytes[WICK_DIRECT_MAX_BYTES];
    wick_direct_candidate list[WICK_DIRECT_CANDIDATES + 1];
    wick_direct_msg m;
    wick_direct_keys none;
    wick_session session;
    wick_hal_crypto broken = crypto;
    size_t count = size != 0 ? data[0] % (WICK_DIRECT_CANDIDATES + 2) : 0;
    bool sound = count <= WICK_DIRECT_CANDIDATES;
    memset(list, 0, sizeof list);
    for (size_t i = 0; i < count && i < sizeof list / sizeof list[0]; i++) {
        uint8_t b = i + 1 < size ? data[i + 1] : 0;
        list[i].kind = b & 7;
        list[i].addr = wick_addr_v4(b, b, 0, 1, (uint16_t)(b >> 4));
        list[i].addr.ip[0] = (b & 8) != 0 ? 0x20 : 0;
        sound = sound && list[i].kind != 0 && list[i].kind != WICK_DIRECT_LEARNED &&
                list[i].kind <= WICK_DIRECT_RELAYED && list[i].addr.port != 0;
        fuzz_touch(wick_span_text(wick_direct_kind_str((wick_direct_kind)list[i].kind)));
    }
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    FUZZ_CHECK((wick_direct_request(&b, &crypto, &keys, name, 7, list, count) == WICK_OK) ==
               sound);
    b.len = 0;
    FUZZ_CHECK(wick_direct_answer(&b, &crypto, &keys, name, &list[0].addr) == WICK_OK);
    FUZZ_CHECK(wick_direct_read(&m, wick_buf_span(&b)) == WICK_OK && m.answer);
    b.len = 0;
    FUZZ_CHECK(wick_direct_busy(&b, &crypto, &keys) == WICK_OK);
    FUZZ_CHECK(wick_direct_read(&m, wick_buf_span(&b)) == WICK_OK && m.busy);
    memset(&session, 7, sizeof session);
    broken.hash_begin = no_hash;
    FUZZ_CHECK(wick_direct_open(&m, &broken, &keys) != WICK_OK);
    b.len = 0;
    FUZZ_CHECK(wick_direct_answer(&b, &broken, &keys, name, &list[0].addr) != WICK_OK);
    FUZZ_CHECK(wick_direct_keys_derive(&none, &broken, &session, WICK_ROLE_RESPONDER) != WICK_OK);
    broken = crypto;
    broken.aead_seal = no_seal;
    b.len = 0;
    FUZZ_CHECK(wick_direct_request(&b, &broken, &keys, name, 7, list, 0) != WICK_OK);
    b.len = 0;
    FUZZ_CHECK(wick_direct_request(&b, &broken, &keys, name, 7, NULL, 0) == WICK_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t datagram[800], again[WICK_DIRECT_MAX_BYTES];
    wick_direct_msg m, n;
    if (crypto.hash_begin == NULL) {
        setup();
    }
    if (size == 0) {
        return 0;
    }
    wick_span in = wick_span_make(data + 1, size - 1);
    if (data[0] == 3) {
        write_some(data + 1, size - 1);
        return 0;
    }
    if (data[0] == 4) { /* right but for the transaction id, which is the other side's */
        wick_direct_keys mixed = keys;
        wick_buf b = wick_buf_make(datagram, sizeof datagram);
        memset(mixed.tid, data[size - 1], sizeof mixed.tid);
        FUZZ_CHECK(wick_direct_request(&b, &crypto, &mixed, name, 1, NULL, 0) == WICK_OK);
        in = wick_buf_span(&b);
    } else if (data[0] != 0) {
        in = wrap(datagram, sizeof datagram, data + 1, size - 1, data[0] == 1);
    }
    if (wick_direct_read(&m, in) != WICK_OK || wick_direct_open(&m, &crypto, &keys) != WICK_OK) {
        FUZZ_CHECK(m.count == 0);
        return 0;
    }
    FUZZ_ACCEPTED();
    FUZZ_CHECK(m.count <= WICK_DIRECT_CANDIDATES && (m.answer || m.busy || m.name.len == 22));
    if (m.offer && wick_direct_is_named(&m, name)) {
        wick_buf b = wick_buf_make(again, sizeof again);
        FUZZ_CHECK(wick_direct_request(&b, &crypto, &keys, name, m.counter, m.candidate,
                                       m.count) == WICK_OK);
        FUZZ_CHECK(wick_direct_read(&n, wick_buf_span(&b)) == WICK_OK &&
                   wick_direct_open(&n, &crypto, &keys) == WICK_OK);
        FUZZ_CHECK(n.count == m.count &&
                   memcmp(n.candidate, m.candidate, m.count * sizeof m.candidate[0]) == 0);
    }
    return 0;
}
