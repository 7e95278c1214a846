/* SPDX-License-Identifier: Apache-2.0 */
/* Each rule about a release, broken alone. */
#include "tap.h"
#include "wick/release.h"

#define NOW UINT64_C(1800000000)

static const wick_release good = {.version = 7,
                                  .counter = 3,
                                  .manifest_bytes = 400,
                                  .active_from = NOW - 100,
                                  .approvals = 2,
                                  .threshold = 2,
                                  .index = 6,
                                  .min_counter = 2,
                                  .updated_at = NOW - 200,
                                  .seen_at = NOW - 10};
static const wick_release_rules rules = {
    .running_version = 6, .counter = 3, .approvals_min = 2, .max_age_s = 3600};

static wick_status usable(wick_release release, uint64_t now_s)
{
    return wick_release_usable(&release, &rules, now_s);
}

TEST(good_release)
{
    CHECK_STATUS(usable(good, NOW), WICK_OK);
    CHECK_STATUS(usable(good, 0), WICK_OK); /* no clock: the header's time counts */
    CHECK_STATUS(usable(good, good.seen_at + 3600), WICK_OK);
}

TEST(one_rule_broken)
{
    wick_release r = good;
    r.version = 0;
    CHECK_STATUS(usable(r, NOW), WICK_E_NOT_FOUND);
    CHECK_STATUS(usable(good, good.seen_at + 3601), WICK_E_FW_FROZEN);
    r = good;
    r.flags = WICK_RELEASE_REVOKED;
    CHECK_STATUS(usable(r, NOW), WICK_E_FW_REVOKED);
    r = good;
    r.approvals = 1;
    CHECK_STATUS(usable(r, NOW), WICK_E_FW_APPROVALS);
    r.threshold = 1; /* the index asks for less than the device does */
    CHECK_STATUS(usable(r, NOW), WICK_E_FW_APPROVALS);
    r = good;
    r.threshold = 0;
    CHECK_STATUS(usable(r, NOW), WICK_E_FW_APPROVALS);
    r = good;
    r.active_from = 0;
    CHECK_STATUS(usable(r, NOW), WICK_E_FW_APPROVALS);
    r.active_from = r.seen_at + 1; /* our clock says it is active: the chain's does not */
    CHECK_STATUS(usable(r, NOW), WICK_E_FW_NOT_ACTIVE);
    r = good;
    r.counter = 2;
    CHECK_STATUS(usable(r, NOW), WICK_E_FW_ROLLBACK);
    r = good;
    r.min_counter = 4;
    CHECK_STATUS(usable(r, NOW), WICK_E_FW_ROLLBACK);
    r = good;
    r.version = 5;
    CHECK_STATUS(usable(r, NOW), WICK_E_FW_ROLLBACK);
    r.version = 6;
    CHECK_STATUS(usable(r, NOW), WICK_E_STATE);
}

TAP_MAIN("unit.release", CASE(good_release), CASE(one_rule_broken))
