/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sync committee of 512, of whom 480 sign: an optimistic update beside the signature check alone as
 * blst does it with keys at hand (fast_aggregate_verify: sum of those who signed, one verification),
 * and what a change of committee costs.
 */
#include "bench.h"

#include <string.h>

#include <blst.h>

#include "../../core/eth/beacon_internal.h"
#include "unit/beacon_world.h"

#define SIGNERS 480

static wick_beacon b, other;
static wick_status status;
static unsigned changed;
static uint8_t object[2][32768];
static wick_span ssz[2];
static beacon_plan plan[2];
static wick_trust_now now;
static wick_beacon_config cfg;

static const char *begin(void)
{
    if (!beacon_world(512, "electra", NULL, 0)) {
        BENCH_SKIP("no blst");
    }
    beacon_plan p = beacon_plan_at(WICK_BEACON_BOOTSTRAP, 16, 0);
    cfg.chain = &beacon_chain;
    beacon_root_of(cfg.trusted_root, &p);
    now = beacon_at(100);
    status = wick_beacon_bootstrap(&b, &cfg, &beacon_crypto, beacon_wire(&p), beacon_make(&p), &now);
    plan[0] = beacon_plan_at(WICK_BEACON_OPTIMISTIC, 40, 0);
    plan[1] = beacon_plan_at(WICK_BEACON_UPDATE, 40, 32);
    for (size_t i = 0; i < 2; i++) {
        plan[i].participants = SIGNERS;
        wick_span made = beacon_make(&plan[i]);
        memcpy(object[i], made.ptr, made.len);
        ssz[i] = wick_span_make(object[i], made.len);
    }
    return status == WICK_OK ? BENCH_READY : "no bootstrap";
}

#define setup_beacon_optimistic begin
BENCH(beacon_optimistic)
{
    status = wick_beacon_input(&b, &changed, &beacon_crypto, plan[0].kind, beacon_wire(&plan[0]),
                               ssz[0], &now);
}

BENCH_CHECK(beacon_optimistic)
{
    return status == WICK_OK && changed == WICK_BEACON_NEW_OPTIMISTIC;
}

#define setup_beacon_update begin
BENCH(beacon_update)
{
    status = wick_beacon_input(&b, &changed, &beacon_crypto, plan[1].kind, beacon_wire(&plan[1]),
                               ssz[1], &now);
}

BENCH_CHECK(beacon_update)
{
    return status == WICK_OK && (changed & WICK_BEACON_NEW_NEXT) != 0;
}

/* ---- the reference ---- */

static blst_p1_affine keys[512];
static uint8_t message[32];
static int verdict;

BENCH_SETUP(beacon_blst)
{
    const char *skip = begin();
    if (skip != BENCH_READY) {
        return skip;
    }
    for (size_t i = 0; i < 512; i++) {
        if (blst_p1_uncompress(&keys[i], beacon_committee(beacon_seed(0)) + 48 * i) !=
            BLST_SUCCESS) {
            return "no keys";
        }
    }
    wick_ssz z;
    uint8_t root[32];
    wick_ssz_begin(&z, &beacon_crypto);
    beacon_root_of(root, &plan[0]);
    wick_beacon_signing_root(&z, message, &beacon_chain, &beacon_forks[0], root);
    status = wick_ssz_end(&z);
    return status == WICK_OK ? BENCH_READY : "no signing root";
}

BENCH(beacon_blst)
{
    static const uint8_t suite[] = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";
    const uint8_t *sig = object[0] + 4 + 64;
    blst_p1 sum;
    blst_p1_affine key;
    blst_p2_affine point;
    memset(&sum, 0, sizeof sum);
    for (size_t i = 0; i < SIGNERS; i++) {
        blst_p1_add_or_double_affine(&sum, &sum, &keys[i]);
    }
    blst_p1_to_affine(&key, &sum);
    verdict = -1;
    if (blst_p2_uncompress(&point, sig) == BLST_SUCCESS) {
        verdict = (int)blst_core_verify_pk_in_g1(&key, &point, true, message, 32, suite,
                                                 sizeof suite - 1, NULL, 0);
    }
}

BENCH_CHECK(beacon_blst)
{
    return verdict == BLST_SUCCESS;
}

/* ---- a change of committee ---- */

static uint8_t committee_root[32];

#define setup_beacon_committee_root begin
BENCH(beacon_committee_root)
{
    wick_ssz z;
    const uint8_t *committee = beacon_committee(beacon_seed(0));
    wick_ssz_begin(&z, &beacon_crypto);
    wick_beacon_committee_root(&z, committee_root, committee, 48, 512, committee + 512 * 48);
    status = wick_ssz_end(&z);
}

BENCH_CHECK(beacon_committee_root)
{
    return status == WICK_OK && memcmp(committee_root, b.current.root, 32) == 0;
}

BENCH_SETUP(beacon_keys)
{
    const char *skip = begin();
    memcpy(&other, &b, sizeof other);
    return skip;
}

BENCH(beacon_keys)
{
    status = wick_beacon_keys_load(&other, &beacon_crypto, beacon_committee(beacon_seed(0)), 48);
}

BENCH_CHECK(beacon_keys)
{
    return status == WICK_OK && memcmp(other.bank, b.bank, sizeof b.bank) == 0;
}

BENCH_MAIN(BENCH_CASE(beacon_optimistic), BENCH_CASE(beacon_blst), BENCH_CASE(beacon_update),
           BENCH_CASE(beacon_committee_root), BENCH_CASE(beacon_keys))
