/* SPDX-License-Identifier: Apache-2.0 */
/* wick/natpmp.h: RFC 6886 sections 3.2 to 3.6. */
#include "wick/natpmp.h"

#include "tap.h"

static wick_status decode(wick_natpmp_msg *m, const char *hex)
{
    uint8_t in[64];
    size_t len = strlen(hex) / 2;
    CHECK_STATUS(wick_hex_decode(in, len, hex, 2 * len), WICK_OK);
    return wick_natpmp_decode(m, wick_span_make(in, len));
}

static bool same_again(const wick_natpmp_msg *m, const char *hex)
{
    uint8_t out[16];
    char text[33];
    wick_buf b = wick_buf_make(out, sizeof out);
    if (wick_natpmp_encode(&b, m) != WICK_OK) {
        return false;
    }
    wick_hex_encode(text, out, b.len);
    return strcmp(text, hex) == 0;
}

TEST(messages)
{
    wick_natpmp_msg m;
    static const char *const good[] = {"0000", "008000000000000509090909", "000100001391000000000064",
                                       "000200001391139100001c20",
                                       "00810000000000381391139100000064",
                                       "00820004000000380000000000000000"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        CHECK_STATUS(decode(&m, good[i]), WICK_OK);
        CHECK(same_again(&m, good[i]));
    }
    CHECK_STATUS(decode(&m, good[4]), WICK_OK);
    CHECK(m.response == 1 && m.opcode == WICK_NATPMP_UDP && m.result == 0 && m.epoch_s == 0x38);
    CHECK(m.internal_port == 5009 && m.external_port == 5009 && m.lifetime_s == 100);
    CHECK_STATUS(decode(&m, good[1]), WICK_OK);
    CHECK(m.epoch_s == 5 && m.external_ip[3] == 9);
    CHECK_STATUS(decode(&m, good[2]), WICK_OK);
    CHECK(m.response == 0 && m.internal_port == 5009 && m.external_port == 0);
}

TEST(refused)
{
    wick_natpmp_msg m;
    CHECK_STATUS(decode(&m, "00"), WICK_E_TRUNCATED);
    CHECK_STATUS(decode(&m, "0100"), WICK_E_UNSUPPORTED);
    CHECK_STATUS(decode(&m, "0003"), WICK_E_UNSUPPORTED);
    CHECK_STATUS(decode(&m, "000000"), WICK_E_TRAILING);
    CHECK_STATUS(decode(&m, "0001000013910000000000"), WICK_E_TRUNCATED);
    CHECK_STATUS(decode(&m, "00010000139100000000006400"), WICK_E_TRAILING);
    CHECK_STATUS(decode(&m, "0080000000000005090909"), WICK_E_TRUNCATED);
    CHECK_STATUS(decode(&m, "00810000000000381391139100000064ff"), WICK_E_TRAILING);
    /* an error may be short, a success not */
    CHECK_STATUS(decode(&m, "0081000200000038"), WICK_OK);
    CHECK(m.result == 2 && m.internal_port == 0);
    CHECK_STATUS(decode(&m, "0081000000000038"), WICK_E_TRUNCATED);
    CHECK_STATUS(decode(&m, "008100020000003813"), WICK_E_TRUNCATED);
    m.opcode = 3;
    wick_buf b = wick_buf_make(NULL, 0);
    CHECK_STATUS(wick_natpmp_encode(&b, &m), WICK_E_BAD_ARG);
    uint8_t one[1];
    m.opcode = 0;
    m.response = 0;
    b = wick_buf_make(one, 1);
    CHECK_STATUS(wick_natpmp_encode(&b, &m), WICK_E_NO_SPACE);
}

/* Section 3.6. */
TEST(epoch)
{
    CHECK(!wick_natpmp_is_reset(0, 0, 0));
    CHECK(!wick_natpmp_is_reset(1, 0, 0)); /* two seconds of grace */
    CHECK(!wick_natpmp_is_reset(2, 0, 0));
    CHECK(wick_natpmp_is_reset(3, 0, 0));
    CHECK(!wick_natpmp_is_reset(100, 198, 100000)); /* 187 expected */
    CHECK(!wick_natpmp_is_reset(100, 185, 100000));
    CHECK(wick_natpmp_is_reset(100, 184, 100000));
    CHECK(!wick_natpmp_is_reset(UINT32_MAX, UINT32_MAX, 0));
    CHECK(wick_natpmp_is_reset(UINT32_MAX, 0, 0));
}

TAP_MAIN("unit.natpmp", CASE(messages), CASE(refused), CASE(epoch))
