/* SPDX-License-Identifier: Apache-2.0 */
/* A light client in the stub world: see light_lab.h. */
#include "light_lab.h"

struct lab lab;
wick_stub_node *const n = &lab.a;

static const uint8_t four[] = {1, 2, 3, 4};

void sealed(uint64_t seed, wick_seal_rule seal, wick_light_rule rule)
{
    lab_init(&lab, seed, WICK_STUB_SYMMETRIC, WICK_STUB_SYMMETRIC, 1);
    wick_stub_chain_seal(&lab.chain, &lab.crypto_ctx, seal, four, 4);
    wick_stub_node_light(n, rule);
}

const uint32_t operators[5] = {1, 2, 3, 4, 5};

void quorum(uint64_t seed, uint8_t sources, uint8_t k, uint32_t depth)
{
    lab_init(&lab, seed, WICK_STUB_SYMMETRIC, WICK_STUB_SYMMETRIC, 1);
    wick_stub_node_light(n, WICK_LIGHT_QUORUM);
    n->light_cfg.operators = operators;
    n->light_cfg.sources = sources;
    n->light_cfg.quorum = k;
    n->light_cfg.depth = depth;
    n->light_cfg.max_age_s = 60;
}

void run_ms(uint64_t ms)
{
    (void)wick_stub_run(&lab.w, ms, NULL);
}

void start(void)
{
    REQUIRE_STATUS(wick_stub_node_begin(n, 0), WICK_OK);
}

void restart(wick_status want)
{
    memset(n->light_seen, 0, sizeof n->light_seen);
    CHECK_STATUS(wick_stub_node_begin(n, 0), want);
}

wick_trusted_header th;
wick_light_age age;

wick_status head(wick_tier tier)
{
    return wick_light_head(&n->light, &th, &age, lab.w.now_ms, tier);
}

bool is_at(wick_tier tier, uint64_t behind)
{
    wick_light_request q;
    memset(&q, 0, sizeof q);
    if (head(tier) != WICK_OK || th.tier != tier) {
        return false;
    }
    q.at = WICK_LIGHT_AT_NUMBER;
    q.number = th.number;
    const wick_stub_chain_state *b = wick_stub_chain_block(&lab.chain, &q, 0);
    return b != NULL && memcmp(b->hash, th.hash, 32) == 0 &&
           lab.chain.state.number - th.number <= behind;
}
