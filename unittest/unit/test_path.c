/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of the path manager, by their numbers in wick/path.h. */
#include "tap.h"
#include "wick/path.h"

static wick_path p;
static wick_path_out out;
static uint64_t now;
static unsigned changes, verifies, doubles;
static wick_path_source asked;

static wick_addr at(uint8_t last, uint16_t port)
{
    return wick_addr_v4(20, 0, 0, last, port);
}

static void fresh(void)
{
    wick_path_init(&p, NULL);
    now = UINT64_C(5000000000);
    changes = verifies = doubles = 0;
    asked = WICK_PATH_NONE;
    wick_path_judge(&p, now, true);
}

/* Polls until WAIT, as many times as there is something. */
static void poll(void)
{
    for (unsigned i = 0; i < 20; i++) {
        wick_path_poll(&p, now, &out);
        switch (out.kind) {
        case WICK_PATH_OUT_VERIFY:
            verifies++;
            asked = out.source;
            break;
        case WICK_PATH_OUT_CHANGED:
            changes++;
            break;
        case WICK_PATH_OUT_DOUBLE:
            doubles++;
            break;
        case WICK_PATH_OUT_WAIT:
        default:
            return;
        }
    }
    CHECK(false); /* it never rests */
}

/* Time passes; every verification is answered by `status` (AGAIN: not at all). */
static void run(uint64_t ms, wick_status status)
{
    uint64_t end = now + ms;
    for (;;) {
        poll();
        if (asked != WICK_PATH_NONE && status != WICK_AGAIN) {
            wick_path_source s = asked;
            asked = WICK_PATH_NONE;
            wick_path_verdict(&p, now, s, status);
            continue;
        }
        if (now >= end) {
            return;
        }
        uint64_t next = wick_time_min(end, out.deadline_ms);
        now = next > now ? next : now + 1;
    }
}

static void offer(wick_path_source source, wick_addr addr)
{
    wick_path_offer(&p, now, source, &addr, source >= WICK_PATH_RELAY);
}

static bool primary(wick_path_source source, wick_addr addr)
{
    const wick_path_point *x = wick_path_primary(&p);
    return x->source == source && (source == WICK_PATH_NONE || wick_addr_equal(&x->addr, &addr));
}

static bool standby(wick_path_source source)
{
    return wick_path_standby(&p)->source == source;
}

/* Rule 1, for every pair of sources. */
TEST(order)
{
    for (unsigned a = WICK_PATH_DIRECT; a < WICK_PATH_SOURCES; a++) {
        for (unsigned b = WICK_PATH_DIRECT; b < WICK_PATH_SOURCES; b++) {
            if (a == b) {
                continue;
            }
            fresh();
            offer((wick_path_source)b, at((uint8_t)b, 1000)); /* whichever comes first */
            offer((wick_path_source)a, at((uint8_t)a, 1000));
            run(1000, WICK_OK);
            unsigned best = a < b ? a : b, next = a < b ? b : a;
            CHECK(primary((wick_path_source)best, at((uint8_t)best, 1000)));
            CHECK(standby((wick_path_source)next));
            CHECK_INT(changes, next < WICK_PATH_RELAY ? 2 : 1); /* a standby is not waited for */
        }
    }
}

/* Rule 2: a claim alone is nothing. */
TEST(claim_is_no_endpoint)
{
    fresh();
    offer(WICK_PATH_PCP, at(1, 4000));
    run(60000, WICK_AGAIN); /* nobody answers the question */
    CHECK(primary(WICK_PATH_NONE, at(0, 0)));
    CHECK_INT(changes, 0);
    CHECK_INT(verifies, 1); /* and it is asked once */
    CHECK_INT(wick_path_look(&p, WICK_PATH_PCP, NULL, NULL), WICK_PATH_VERIFYING);
    wick_path_verdict(&p, now, WICK_PATH_DIRECT, WICK_OK); /* about another one: ignored */
    run(1, WICK_AGAIN);
    CHECK(primary(WICK_PATH_NONE, at(0, 0)));
    wick_path_verdict(&p, now, WICK_PATH_PCP, WICK_OK);
    run(1, WICK_AGAIN);
    CHECK(primary(WICK_PATH_PCP, at(1, 4000)));
    CHECK(wick_path_is_up(&p));
}

TEST(verdict_on_an_address_that_has_changed)
{
    fresh();
    offer(WICK_PATH_PCP, at(1, 4000));
    poll();
    offer(WICK_PATH_PCP, at(1, 4001)); /* while the first is tried */
    wick_path_verdict(&p, now, WICK_PATH_PCP, WICK_OK); /* about the first */
    CHECK_INT(wick_path_look(&p, WICK_PATH_PCP, NULL, NULL), WICK_PATH_CLAIMED);
    run(1000, WICK_OK);
    CHECK(primary(WICK_PATH_PCP, at(1, 4001)));
}

TEST(nobody_to_ask)
{
    fresh();
    wick_path_judge(&p, now, false);
    offer(WICK_PATH_PCP, at(1, 4000));
    run(600000, WICK_OK);
    CHECK_INT(verifies, 0);
    CHECK(primary(WICK_PATH_NONE, at(0, 0)));
    wick_path_judge(&p, now, true);
    run(1, WICK_OK);
    CHECK(primary(WICK_PATH_PCP, at(1, 4000)));
    /* It could not be tried: later, and nothing is held against it. */
    fresh();
    offer(WICK_PATH_PCP, at(1, 4000));
    poll();
    wick_path_verdict(&p, now, WICK_PATH_PCP, WICK_AGAIN);
    CHECK_INT(wick_path_look(&p, WICK_PATH_PCP, NULL, NULL), WICK_PATH_CLAIMED);
    run(4999, WICK_AGAIN);
    CHECK_INT(verifies, 1);
    run(2, WICK_AGAIN);
    CHECK_INT(verifies, 2);
}

/* Rule 3. */
TEST(private_and_shared_claims)
{
    static const uint8_t hidden[][4] = {
        {10, 0, 0, 1}, {192, 168, 1, 1}, {172, 16, 3, 4}, {100, 64, 0, 1}, {127, 0, 0, 1}, {0, 0, 0, 0}};
    for (unsigned i = 0; i < sizeof hidden / sizeof hidden[0]; i++) {
        const uint8_t *h = hidden[i];
        wick_status s = WICK_OK;
        fresh();
        offer(WICK_PATH_PCP, wick_addr_v4(h[0], h[1], h[2], h[3], 4000));
        run(700000, WICK_OK);
        CHECK_INT(verifies, 0);
        CHECK_INT(doubles, 1);
        CHECK(wick_path_look(&p, WICK_PATH_PCP, NULL, &s) == WICK_PATH_BAD);
        CHECK_STATUS(s, WICK_E_NAT_DOUBLE);
        wick_path_doubt(&p, now, WICK_PATH_NONE); /* doubt does not make it public */
        run(1000, WICK_OK);
        CHECK_INT(verifies, 0);
    }
    wick_path_config cfg;
    memset(&cfg, 0, sizeof cfg);
    cfg.allow_private = true; /* in a laboratory */
    wick_path_init(&p, &cfg);
    wick_path_judge(&p, now, true);
    offer(WICK_PATH_PCP, wick_addr_v4(10, 0, 0, 1, 4000));
    run(1000, WICK_OK);
    CHECK(primary(WICK_PATH_PCP, wick_addr_v4(10, 0, 0, 1, 4000)));
}

TEST(claim_is_not_the_reflexive_address)
{
    wick_addr seen = at(9, 3333);
    fresh();
    wick_path_reflexive(&p, now, &seen);
    offer(WICK_PATH_PCP, at(1, 4000));
    run(1000, WICK_OK);
    CHECK_INT(doubles, 1); /* reported once ... */
    CHECK(primary(WICK_PATH_PCP, at(1, 4000))); /* ... and taken, for it was reached */
    fresh();
    wick_path_reflexive(&p, now, &seen);
    offer(WICK_PATH_PCP, at(9, 4000)); /* the port does not count */
    run(1000, WICK_OK);
    CHECK_INT(doubles, 0);
}

/* Rule 4. */
TEST(first_publication_waits)
{
    fresh();
    wick_path_expect(&p, now, WICK_PATH_PCP);
    offer(WICK_PATH_RELAY, at(3, 50000));
    run(3000, WICK_OK);
    CHECK_INT(changes, 0);
    offer(WICK_PATH_PCP, at(1, 4000));
    run(10, WICK_OK);
    CHECK_INT(changes, 1);
    CHECK(primary(WICK_PATH_PCP, at(1, 4000)));
    CHECK(standby(WICK_PATH_RELAY));
    fresh(); /* not for ever */
    wick_path_expect(&p, now, WICK_PATH_PCP);
    offer(WICK_PATH_RELAY, at(3, 50000));
    run(WICK_PATH_GATHER_MS - 1, WICK_OK);
    CHECK_INT(changes, 0);
    run(2, WICK_OK);
    CHECK(primary(WICK_PATH_RELAY, at(3, 50000)));
    fresh(); /* and not for one that has said no, or is worse */
    wick_path_expect(&p, now, WICK_PATH_PCP);
    wick_path_expect(&p, now, WICK_PATH_RELAY2);
    offer(WICK_PATH_RELAY, at(3, 50000));
    wick_path_withdraw(&p, now, WICK_PATH_PCP, WICK_E_TIMEOUT);
    run(1, WICK_OK);
    CHECK(primary(WICK_PATH_RELAY, at(3, 50000)));
}

/* Rule 5. */
TEST(grace)
{
    fresh();
    offer(WICK_PATH_PCP, at(1, 4000));
    offer(WICK_PATH_RELAY, at(3, 50000));
    run(1000, WICK_OK);
    CHECK_INT(changes, 1);
    wick_path_withdraw(&p, now, WICK_PATH_PCP, WICK_E_TIMEOUT);
    run(WICK_PATH_GRACE_MS - 1, WICK_OK);
    CHECK_INT(changes, 1);
    CHECK(!wick_path_is_up(&p)); /* but who asks is told the truth */
    offer(WICK_PATH_PCP, at(1, 4000));
    run(60000, WICK_OK);
    CHECK_INT(changes, 1); /* the same address again: nothing happened */
    CHECK(wick_path_is_up(&p));
    wick_path_withdraw(&p, now, WICK_PATH_PCP, WICK_E_TIMEOUT);
    run(WICK_PATH_GRACE_MS + 1, WICK_OK);
    CHECK_INT(changes, 2);
    CHECK(primary(WICK_PATH_RELAY, at(3, 50000)));
    CHECK(standby(WICK_PATH_NONE));
    /* Another address of the same source is news at once. */
    offer(WICK_PATH_RELAY, at(4, 50000));
    run(1, WICK_OK);
    CHECK_INT(changes, 3);
    CHECK(primary(WICK_PATH_RELAY, at(4, 50000)));
    wick_path_withdraw(&p, now, WICK_PATH_RELAY, WICK_E_TURN_LOST);
    run(WICK_PATH_GRACE_MS + 1, WICK_OK);
    CHECK(primary(WICK_PATH_NONE, at(0, 0)));
}

/* Rule 6. */
TEST(better_source_has_to_prove_itself)
{
    fresh();
    offer(WICK_PATH_RELAY, at(3, 50000));
    run(1, WICK_OK);
    CHECK_INT(changes, 1);
    uint32_t hold = WICK_PATH_HOLD_MS;
    for (unsigned i = 0; i < 4; i++) {
        offer(WICK_PATH_PCP, at(1, 4000));
        run(1, WICK_OK);
        unsigned before = changes;
        run(hold - 10, WICK_OK);
        CHECK_INT(changes, before);
        CHECK(primary(WICK_PATH_RELAY, at(3, 50000)));
        run(20, WICK_OK);
        CHECK(primary(WICK_PATH_PCP, at(1, 4000)));
        wick_path_withdraw(&p, now, WICK_PATH_PCP, WICK_E_TIMEOUT);
        run(WICK_PATH_GRACE_MS + 1, WICK_OK);
        CHECK(primary(WICK_PATH_RELAY, at(3, 50000)));
        hold *= 2; /* each failure asks for twice as much */
    }
    /* A good hour forgives. */
    offer(WICK_PATH_PCP, at(1, 4000));
    run(hold + 3600000u, WICK_OK);
    wick_path_withdraw(&p, now, WICK_PATH_PCP, WICK_E_TIMEOUT);
    run(WICK_PATH_GRACE_MS + 1, WICK_OK);
    offer(WICK_PATH_PCP, at(1, 4000));
    run(WICK_PATH_HOLD_MS + 10, WICK_OK);
    CHECK(primary(WICK_PATH_PCP, at(1, 4000)));
    /* Where there is nothing else, it does not have to wait. */
    wick_path_withdraw(&p, now, WICK_PATH_RELAY, WICK_E_TURN_LOST);
    wick_path_withdraw(&p, now, WICK_PATH_PCP, WICK_E_TIMEOUT);
    run(60000, WICK_OK);
    offer(WICK_PATH_PCP, at(1, 4002));
    run(1, WICK_OK);
    CHECK(primary(WICK_PATH_PCP, at(1, 4002)));
}

/* Rule 7. */
TEST(verified_again)
{
    fresh();
    offer(WICK_PATH_PCP, at(1, 4000));
    offer(WICK_PATH_RELAY, at(3, 50000));
    run(1000, WICK_OK);
    verifies = 0;
    run(WICK_PATH_REVERIFY_MS - 2000, WICK_OK);
    CHECK_INT(verifies, 0);
    run(4000, WICK_OK);
    CHECK_INT(verifies, 1);
    wick_path_doubt(&p, now, WICK_PATH_RELAY); /* relays are others' to check */
    run(10, WICK_OK);
    CHECK_INT(verifies, 1);
    wick_path_doubt(&p, now, WICK_PATH_PCP);
    poll();
    CHECK_INT(verifies, 2);
    asked = WICK_PATH_NONE;
    wick_path_verdict(&p, now, WICK_PATH_PCP, WICK_E_NAT_UNREACHED);
    CHECK_INT(wick_path_look(&p, WICK_PATH_PCP, NULL, NULL), WICK_PATH_GOOD); /* once is nothing */
    run(999, WICK_AGAIN);
    CHECK_INT(verifies, 2);
    run(2, WICK_AGAIN);
    CHECK_INT(verifies, 3);
    asked = WICK_PATH_NONE;
    wick_path_verdict(&p, now, WICK_PATH_PCP, WICK_E_NAT_UNREACHED);
    wick_status s = WICK_OK;
    CHECK_INT(wick_path_look(&p, WICK_PATH_PCP, NULL, &s), WICK_PATH_BAD);
    CHECK_STATUS(s, WICK_E_NAT_UNREACHED);
    run(WICK_PATH_GRACE_MS + 1, WICK_E_NAT_UNREACHED);
    CHECK(primary(WICK_PATH_RELAY, at(3, 50000)));
    /* 5 s doubling to 5 min: in a day some 290 tries, not 17,000. */
    verifies = 0;
    run(86400000u, WICK_E_NAT_UNREACHED);
    CHECK(verifies >= 280 && verifies <= 300);
}

TEST(other_reflexive_address)
{
    wick_addr seen = at(1, 3333), moved = at(2, 3333), port = at(2, 4444);
    fresh();
    wick_path_reflexive(&p, now, &seen);
    offer(WICK_PATH_PCP, at(1, 4000));
    run(1000, WICK_OK);
    verifies = 0;
    wick_path_reflexive(&p, now, &moved);
    run(10, WICK_OK);
    CHECK_INT(verifies, 1);
    CHECK_INT(doubles, 1); /* the claim is behind the times, or the router behind a NAT */
    wick_path_reflexive(&p, now, &port); /* another port is no reason */
    run(10, WICK_OK);
    CHECK_INT(verifies, 1);
}

TEST(one_at_a_time)
{
    fresh();
    offer(WICK_PATH_DIRECT, at(1, 4000));
    offer(WICK_PATH_PCP, at(1, 4001));
    poll();
    CHECK_INT(verifies, 1);
    CHECK_INT(asked, WICK_PATH_DIRECT);
    wick_path_verdict(&p, now, WICK_PATH_DIRECT, WICK_E_NAT_UNREACHED);
    asked = WICK_PATH_NONE;
    poll();
    CHECK_INT(asked, WICK_PATH_PCP);
}

TEST(strange_arguments)
{
    wick_addr none = at(1, 0);
    fresh();
    wick_path_offer(&p, now, WICK_PATH_NONE, &none, true);
    wick_path_offer(&p, now, (wick_path_source)99, &none, true);
    wick_path_offer(&p, now, WICK_PATH_RELAY, &none, true); /* no port, no endpoint */
    wick_path_withdraw(&p, now, (wick_path_source)99, WICK_OK);
    wick_path_verdict(&p, now, (wick_path_source)99, WICK_OK);
    wick_path_expect(&p, now, WICK_PATH_NONE);
    run(60000, WICK_OK);
    CHECK_INT(changes, 0);
    CHECK(strcmp(wick_path_source_str((wick_path_source)99), "none") == 0);
    CHECK(strcmp(wick_path_source_str(WICK_PATH_NATPMP), "natpmp") == 0);
}

/* The clock has run for 584 million years, nearly. */
TEST(clock_wraps)
{
    fresh();
    now = UINT64_MAX - 2000;
    wick_path_init(&p, NULL);
    wick_path_judge(&p, now, true);
    wick_path_expect(&p, now, WICK_PATH_PCP);
    offer(WICK_PATH_RELAY, at(3, 50000));
    poll();
    CHECK_INT(changes, 0);
    now += WICK_PATH_GATHER_MS; /* wraps */
    poll();
    CHECK_INT(changes, 1);
}

TAP_MAIN("unit.path", CASE(order), CASE(claim_is_no_endpoint),
         CASE(verdict_on_an_address_that_has_changed), CASE(nobody_to_ask),
         CASE(private_and_shared_claims), CASE(claim_is_not_the_reflexive_address),
         CASE(first_publication_waits), CASE(grace), CASE(better_source_has_to_prove_itself),
         CASE(verified_again), CASE(other_reflexive_address), CASE(one_at_a_time),
         CASE(strange_arguments), CASE(clock_wraps))
