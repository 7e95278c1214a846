/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The draw of a relay (core/gateway/relay_choice.c): near ones more often, as 1 / (round-trip time +
 * 20 ms). Frequencies over many draws with fixed seeds, held to chi-square bounds at 1 of 1,000.
 */
#include "../../core/gateway/gateway_internal.h"
#include "tap.h"

#define NEAR_MS 20.0
#define DRAWS 20000u

static wick_gateway gw;
static uint64_t state;

/* xorshift64*: plain, and the same everywhere. */
static wick_status fill(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    for (size_t i = 0; i < len; i++) {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        out[i] = (uint8_t)((state * UINT64_C(2685821657736338717)) >> 56);
    }
    return WICK_OK;
}

static const wick_hal_entropy entropy = {NULL, fill};

static void fresh(uint64_t seed, const uint16_t *rtt_ms, uint8_t count)
{
    memset(&gw, 0, sizeof gw);
    gw.cfg.entropy = &entropy;
    gw.relays.count = count;
    memcpy(gw.standby.rtt_ms, rtt_ms, count * sizeof rtt_ms[0]);
    state = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
}

static bool draw_all(unsigned seen[WICK_GW_RELAYS_MAX], uint8_t except)
{
    memset(seen, 0, WICK_GW_RELAYS_MAX * sizeof seen[0]);
    for (unsigned i = 0; i < DRAWS; i++) {
        uint8_t index = 0xff;
        if (!gw_choice_draw(&gw, &index, except) || index >= gw.relays.count) {
            return false;
        }
        seen[index]++;
    }
    return true;
}

/* Sum over relays of (seen - expected)^2 / expected. `weighted` false: what an even draw would be. */
static double chi2(const unsigned *seen, const uint16_t *rtt_ms, uint8_t count, bool weighted)
{
    double sum = 0, x = 0;
    for (uint8_t i = 0; i < count; i++) {
        sum += weighted ? 1 / (rtt_ms[i] + NEAR_MS) : 1;
    }
    for (uint8_t i = 0; i < count; i++) {
        double expected = DRAWS * (weighted ? 1 / (rtt_ms[i] + NEAR_MS) : 1) / sum;
        x += (seen[i] - expected) * (seen[i] - expected) / expected;
    }
    return x;
}

TEST(near_relays_are_drawn_more_often)
{
    static const uint16_t rtt[3][WICK_GW_RELAYS_MAX] = {
        {5, 10, 20, 40, 80, 160, 320, 640}, {1, 1, 1, 1, 1, 1, 1, 1}, {1, 65535, 100, 30, 30, 30, 2, 9}};
    unsigned seen[WICK_GW_RELAYS_MAX];
    for (unsigned k = 0; k < 3; k++) {
        for (uint64_t seed = 1; seed <= 8; seed++) {
            fresh(seed, rtt[k], 8);
            REQUIRE(draw_all(seen, WICK_GW_NO_SESSION));
            CHECK(chi2(seen, rtt[k], 8, true) < 24.3); /* 7 degrees of freedom */
            /* An even draw would be seen, where they differ. */
            CHECK((chi2(seen, rtt[k], 8, false) < 24.3) == (k == 1));
        }
    }
    fresh(1, rtt[0], 8);
    REQUIRE(draw_all(seen, WICK_GW_NO_SESSION));
    for (unsigned i = 1; i < 8; i++) {
        CHECK(seen[i] < seen[i - 1]);
    }
    CHECK(seen[7] != 0); /* far ones serve, too */
}

TEST(two_relays)
{
    static const uint16_t rtt[2] = {20, 100};
    unsigned seen[WICK_GW_RELAYS_MAX];
    for (uint64_t seed = 1; seed <= 8; seed++) {
        fresh(seed, rtt, 2);
        REQUIRE(draw_all(seen, WICK_GW_NO_SESSION));
        CHECK(chi2(seen, rtt, 2, true) < 10.8); /* one degree: three of four times the near one */
    }
}

/* One that did not answer is drawn only where none does, and the one in use never as its own standby. */
TEST(silent_and_excepted)
{
    static const uint16_t some[4] = {0, 30, 0, 60}, none[4] = {0, 0, 0, 0}, one[4] = {0, 0, 9, 0};
    unsigned seen[WICK_GW_RELAYS_MAX];
    fresh(3, some, 4);
    REQUIRE(draw_all(seen, WICK_GW_NO_SESSION));
    CHECK(seen[0] == 0 && seen[2] == 0 && seen[1] > seen[3] && seen[3] != 0);
    REQUIRE(draw_all(seen, 1));
    CHECK(seen[3] == DRAWS);
    fresh(4, none, 4);
    REQUIRE(draw_all(seen, WICK_GW_NO_SESSION));
    CHECK(chi2(seen, none, 4, true) < 16.3); /* 3 degrees */
    fresh(5, one, 4);
    REQUIRE(draw_all(seen, 2));
    CHECK(seen[2] == 0 && seen[0] != 0 && seen[1] != 0 && seen[3] != 0);
    uint8_t index = 7;
    fresh(6, one, 1);
    CHECK(!gw_choice_draw(&gw, &index, 0));
    CHECK_INT(index, 7);
    fresh(6, one, 0);
    CHECK(!gw_choice_draw(&gw, &index, WICK_GW_NO_SESSION));
}

/* ---- the measurement ---- */

static uint8_t bytes[64];

static void measure(uint64_t now_ms)
{
    static const uint16_t none[2];
    fresh(5, none, 2);
    gw.relay[0] = wick_addr_v4(20, 0, 0, 10, 3478);
    gw.relay[1] = wick_addr_v4(20, 0, 0, 11, 3478);
    CHECK(gw_choice_begin(&gw, now_ms));
    gw.relays.state = R_MEASURE;
}

/* The answer to the next request; its relay in `to`. */
static wick_span answer(wick_addr *to, uint64_t now_ms)
{
    wick_gateway_out out;
    wick_stun_msg m;
    wick_stun_build s;
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    memset(&out, 0, sizeof out);
    CHECK(gw_choice_poll(&gw, &out, now_ms));
    CHECK_STATUS(wick_stun_decode(&m, out.bytes), WICK_OK);
    *to = out.to;
    wick_stun_begin(&s, &b, WICK_STUN_BINDING, WICK_STUN_SUCCESS, wick_stun_tid(&m));
    CHECK_STATUS(wick_stun_end(&s), WICK_OK);
    return wick_buf_span(&b);
}

/* An answer counts from the relay that was asked, and only there. */
TEST(answers_from_elsewhere)
{
    wick_addr to, other = wick_addr_v4(20, 0, 0, 99, 3478);
    measure(1000);
    wick_span a = answer(&to, 1000);
    CHECK(wick_addr_equal(&to, &gw.relay[0]));
    CHECK(!gw_choice_input(&gw, 1010, a, &other));
    CHECK(!gw_choice_input(&gw, 1010, a, &gw.relay[1]));
    CHECK_INT(gw.standby.rtt_ms[0] + gw.standby.rtt_ms[1], 0);
    CHECK(gw_choice_input(&gw, 1010, a, &gw.relay[0]));
    CHECK_INT(gw.standby.rtt_ms[0], 11);
    CHECK_INT(gw.standby.rtt_ms[1], 0);
}

/* Who has not answered is asked once more, and nobody else. */
TEST(silent_relays_are_asked_twice)
{
    wick_addr to;
    wick_gateway_out out;
    measure(1000);
    CHECK(gw_choice_input(&gw, 1010, answer(&to, 1000), &gw.relay[0]));
    (void)answer(&to, 1000);
    CHECK(!gw_choice_poll(&gw, &out, 1000));
    CHECK_INT(gw_choice_tick(&gw, 1399), 1400);
    CHECK_INT(gw_choice_tick(&gw, 1400), 1800);
    CHECK_INT(gw.relays.state, R_MEASURE);
    (void)answer(&to, 1400);
    CHECK(wick_addr_equal(&to, &gw.relay[1]));
    CHECK(!gw_choice_poll(&gw, &out, 1400));
    (void)gw_choice_tick(&gw, 1800);
    CHECK_INT(gw.relays.state, R_CRED);
    CHECK_INT(gw.relays.chosen, 0); /* the one that answers */
}

/* The relay of the last time is taken without asking, where it is still approved. */
TEST(the_relay_of_the_last_time)
{
    measure(1000);
    gw.standby.kept = gw.relay[1];
    CHECK(!gw_choice_begin(&gw, 2000));
    CHECK_INT(gw.relays.chosen, 1);
    gw.standby.kept.port++;
    CHECK(gw_choice_begin(&gw, 2000));
}

TAP_MAIN("unit.relay_choice", CASE_LONG(near_relays_are_drawn_more_often), CASE(two_relays),
         CASE(silent_and_excepted),
         CASE(answers_from_elsewhere), CASE(silent_relays_are_asked_twice),
         CASE(the_relay_of_the_last_time))
