/* SPDX-License-Identifier: Apache-2.0 */
/* The handshake as it should go, and with a network that loses, repeats and reorders. */
#include "nsl_world.h"

#define A 0
#define B 1

static void two_sides(void)
{
    world_init();
    world_side(A, 0xa1);
    world_side(B, 0xb2);
}

TEST(happy_path_and_bytes)
{
    two_sides();
    world_connect(A, B);
    world_run(now_ms + 500);
    CHECK_INT(side[A].established, 1);
    CHECK_INT(side[B].established, 1);
    CHECK_INT(side[B].lookups, 1);
    CHECK(world_same_session(A, B));
    CHECK(wick_addr_equal(&side[A].session.path, &side[B].addr));
    CHECK(wick_addr_equal(&side[B].session.path, &side[A].addr));
    /* M1 168, M0 28, M1 with cookie 184, M2 159, M3 124, M4 28 */
    CHECK_INT(side[A].sent_bytes, 168 + 184 + 124);
    CHECK_INT(side[B].sent_bytes, 28 + 159 + 28);
    CHECK_INT(side[A].sent_bytes + side[B].sent_bytes, 691);
}

TEST(without_cookie_479_bytes)
{
    two_sides();
    side[B].cfg.no_cookie = true;
    world_start(B);
    world_connect(A, B);
    world_run(now_ms + 500);
    CHECK(world_same_session(A, B));
    CHECK_INT(side[A].sent_bytes + side[B].sent_bytes, 479);
}

TAP_MAIN("unit.nsl", CASE(happy_path_and_bytes), CASE(without_cookie_479_bytes))
