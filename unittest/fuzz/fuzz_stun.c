/* SPDX-License-Identifier: Apache-2.0 */
/* STUN: whatever comes in, every accessor stays inside it, and what decodes can be written again. */
#include "fuzz.h"

#include "wick/stun.h"

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
    (void)!wick_stun_check_fingerprint(&m);
    size_t len = encode(one, sizeof one, &m);
    if (wick_stun_decode(&n, wick_span_make(one, len)) != WICK_OK || n.present != m.present ||
        n.unknown_count != m.unknown_count || encode(two, sizeof two, &n) != len ||
        memcmp(one, two, len) != 0) {
        abort();
    }
    return 0;
}
