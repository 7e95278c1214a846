/* SPDX-License-Identifier: Apache-2.0 */
/* STUN: whatever comes in, every accessor stays inside it, and what decodes can be written again. */
#include "fuzz.h"

#include "wick/hmac.h"
#include "wick/port/crypto.h"
#include "wick/stun.h"

/* Of RFC 5769 section 2.1, so that the corpus has messages whose integrity is right. */
#define PASSWORD "VOkJxbRl1RmTxUk/WvJxBt"

static const wick_hmac_key *key_of(bool sha256)
{
    static wick_crypto_ctx ctx;
    static wick_hal_crypto crypto;
    static wick_hmac_key key[2];
    static bool made;
    if (!made) {
        wick_span password = wick_span_make((const uint8_t *)PASSWORD, sizeof PASSWORD - 1);
        FUZZ_CHECK(wick_crypto_init(&crypto, &ctx) == WICK_OK &&
                   wick_hmac_key_init(&key[0], &crypto, WICK_HASH_SHA1, password) == WICK_OK &&
                   wick_hmac_key_init(&key[1], &crypto, WICK_HASH_SHA256, password) == WICK_OK);
        made = true;
    }
    return &key[sha256];
}

static void integrity(const wick_stun_msg *m)
{
    bool one = wick_stun_check_integrity(m, key_of(false)) == WICK_OK;
    bool two = wick_stun_check_integrity_sha256(m, key_of(true)) == WICK_OK;
    FUZZ_CHECK(!one || wick_stun_has(m, WICK_STUN_MESSAGE_INTEGRITY));
    FUZZ_CHECK(!two || wick_stun_has(m, WICK_STUN_MESSAGE_INTEGRITY_SHA256));
    FUZZ_CHECK(wick_stun_check_integrity(m, key_of(true)) == WICK_E_BAD_ARG &&
               wick_stun_check_integrity_sha256(m, key_of(false)) == WICK_E_BAD_ARG);
}

static void use(wick_span s)
{
    volatile uint8_t sum = 0;
    for (size_t i = 0; i < s.len; i++) {
        sum = (uint8_t)(sum + s.ptr[i]);
    }
}

static size_t encode(uint8_t *out, size_t cap, const wick_stun_msg *m)
{
    wick_buf b = wick_buf_make(out, cap);
    wick_stun_build s;
    wick_stun_walk walk = {0};
    wick_stun_begin(&s, &b, m->method, (wick_stun_class)m->cls, wick_stun_tid(m));
    while (wick_stun_next(&walk, m)) {
        wick_stun_put_raw(&s, walk.type, walk.value);
    }
    if (wick_stun_end(&s) != WICK_OK || b.len != m->len) {
        abort();
    }
    return b.len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t one[65536], two[65536];
    wick_stun_msg m, n;
    wick_addr a;
    wick_span reason;
    uint16_t code;
    if (wick_stun_decode(&m, wick_span_make(data, size)) != WICK_OK) {
        if (m.present != 0 || m.len != 0 || m.unknown_count != 0) {
            abort();
        }
        return 0;
    }
    FUZZ_ACCEPTED();
    for (unsigned i = 0; i < WICK_STUN_ATTRS; i++) {
        uint32_t v;
        use(wick_stun_get(&m, (wick_stun_attr)i));
        (void)!wick_stun_get_u32(&v, &m, (wick_stun_attr)i);
        (void)!wick_stun_get_addr(&a, &m, (wick_stun_attr)i);
    }
    if (wick_stun_get_error(&code, &reason, &m) == WICK_OK) {
        use(reason);
    }
    (void)!wick_stun_get_error(&code, NULL, &m);
    (void)!wick_stun_check_fingerprint(&m);
    integrity(&m);
    size_t len = encode(one, sizeof one, &m);
    if (wick_stun_decode(&n, wick_span_make(one, len)) != WICK_OK || n.present != m.present ||
        n.unknown_count != m.unknown_count || encode(two, sizeof two, &n) != len ||
        memcmp(one, two, len) != 0) {
        abort();
    }
    return 0;
}
