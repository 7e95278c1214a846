/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Following a Clique chain. Every header counts, so they are asked for in batches; after a long
 * absence the newest epoch header is skipped to, if the signers known so far have sealed it and
 * what follows. The header that is vouched for lies as far back as enough distinct signers need.
 *
 *   now    the chain followed
 *   back   the same chain some way back: where a rival branch is followed from, and what is stored,
 *          since the newest blocks may leave the chain while the device is off
 *   spare  on its way to become `back`; or a rival; or a skip
 *
 * A rival is followed from `back` until it is heavier, or ends without being so. After one that was
 * not, the next has to wait, longer each time: any sealed block beside the chain's begins one, and
 * each costs as many headers and recoveries as lie between. One that leaves
 * the chain before `back` is not followed: the node is on another chain, or this one has seen a
 * reorganisation of more than STRIDE blocks, after which the operator decides.
 */
#include "light_internal.h"

#if WICK_WITH_LIGHT && WICK_WITH_CLIQUE

#define STRIDE 24u      /* least distance of `back` from `now`, once there are so many blocks */
#define SKIP_MIN 256u   /* fewer headers are followed one by one */

#define SKIP_MAX (4u * WICK_SEAL_SIGNERS_MAX) /* headers that may be needed to end a skip */
#define RIVAL_MIN_MS 4000u
#define RIVALS_MAX 8u
#define RIVAL_MAX_MS (RIVAL_MIN_MS << RIVALS_MAX)

enum { FOR_PIN = 1, FOR_LATEST, FOR_NEXT, FOR_RIVAL, FOR_SKIP, FOR_SKIPPED, FOR_TRUST };
enum { SPARE_FREE = 0, SPARE_MIDDLE, SPARE_RIVAL, SPARE_SKIP };

static wick_status check(const wick_light_config *cfg)
{
    if (cfg->clique == NULL) {
        return WICK_E_BAD_ARG;
    }
    return cfg->epoch == 0 ? WICK_E_CONFIG : WICK_OK;
}

static wick_status begin(wick_light *lc)
{
    memset(lc->cfg.clique, 0, sizeof *lc->cfg.clique);
    return WICK_OK;
}

static bool is_pinned(const wick_light_clique *c)
{
    return c->now.known != 0;
}

/* ------------------------------------------------------------------ what to ask for */

static uint32_t batch(uint64_t from, uint64_t to)
{
    uint64_t n = to > from ? to - from : 1;
    return n < WICK_LIGHT_BATCH ? (uint32_t)n : WICK_LIGHT_BATCH;
}

/* Newest epoch header with room above it for enough signers; 0: following is shorter. */
static uint64_t skip_target(const wick_light *lc)
{
    const wick_light_clique *c = lc->cfg.clique;
    uint64_t room = WICK_CLIQUE_WINDOW;
    if (lc->steps != 0 || lc->target < c->now.number + SKIP_MIN + room) {
        return 0;
    }
    uint64_t at = (lc->target - room) / lc->cfg.epoch * lc->cfg.epoch;
    return at > c->now.number + SKIP_MIN ? at : 0;
}

/* The header to be vouched for next, if it is another one than at hand. */
static const uint8_t *wanted_head(const wick_light *lc)
{
    const wick_light_clique *c = lc->cfg.clique;
    uint64_t number = 0;
    if (c->no_head || wick_clique_usable(&c->now, &number, lc->cfg.depth) != WICK_OK ||
        (wick_trust_is_made(&lc->head[0]) && number <= lc->head[0].number) ||
        number < lc->mark_number) {
        return NULL;
    }
    return wick_clique_hash(&c->now, number);
}

static void plan(wick_light *lc, uint64_t now_ms)
{
    wick_light_clique *c = lc->cfg.clique;
    (void)now_ms;
    if (!is_pinned(c)) {
        (void)light_ask_hash(lc, lc->cfg.trusted_hash, FOR_PIN);
    } else if (c->spare_use == SPARE_SKIP) {
        (void)light_ask_number(lc, c->spare.number + 1, batch(c->spare.number, lc->target),
                               FOR_SKIPPED);
    } else if (c->spare_use == SPARE_RIVAL) {
        (void)light_ask_number(lc, c->spare.number + 1, batch(c->spare.number, lc->target),
                               FOR_RIVAL);
    } else if (skip_target(lc) != 0) {
        (void)light_ask_number(lc, skip_target(lc), 1, FOR_SKIP);
    } else if (lc->target > c->now.number) {
        (void)light_ask_number(lc, c->now.number + 1, batch(c->now.number, lc->target), FOR_NEXT);
    } else if (wanted_head(lc) != NULL) {
        (void)light_ask_hash(lc, wanted_head(lc), FOR_TRUST);
    } else {
        lc->steps = 0;
        (void)light_ask_at(lc, WICK_LIGHT_AT_LATEST, FOR_LATEST);
    }
}

/* ------------------------------------------------------------------ the chain and its rivals */

static wick_status pin(wick_light *lc, wick_span rlp)
{
    wick_light_clique *c = lc->cfg.clique;
    wick_clique_config cfg = {lc->cfg.chain_id, lc->cfg.epoch, lc->cfg.period_s};
    wick_status s =
        wick_clique_pin(&c->now, &cfg, lc->cfg.crypto, rlp, lc->cfg.trusted_hash);
    if (s == WICK_OK) {
        c->back = c->now;
        light_tip(lc, c->now.number);
        light_progress(lc);
    }
    return s;
}

/* The copies behind the newest block. */
static void keep_back(wick_light_clique *c)
{
    if (c->spare_use == SPARE_FREE && c->now.number - c->back.number >= STRIDE) {
        c->spare = c->now;
        c->spare_use = SPARE_MIDDLE;
    } else if (c->spare_use == SPARE_MIDDLE && c->now.number - c->spare.number >= STRIDE) {
        c->back = c->spare;
        c->spare_use = SPARE_FREE;
    }
}

/* False: not yet. */
static bool start_rival(wick_light *lc, uint64_t target, uint64_t now_ms)
{
    wick_light_clique *c = lc->cfg.clique;
    if (c->rivals != 0 && !wick_time_reached(now_ms, c->rival_ms)) {
        return false;
    }
    if (c->rivals != 0 && wick_time_reached(now_ms, c->rival_ms + RIVAL_MAX_MS)) {
        c->rivals = 0; /* long ago */
    }
    c->spare = c->back;
    c->spare_use = SPARE_RIVAL;
    lc->target = target;
    /* Until it has won. */
    c->rival_ms = now_ms + (RIVAL_MIN_MS << c->rivals);
    c->rivals = c->rivals < RIVALS_MAX ? (uint8_t)(c->rivals + 1) : c->rivals;
    return true;
}

/* The head of the store may have left the chain while the device was off. */
static void compare_restored(wick_light *lc)
{
    wick_light_clique *c = lc->cfg.clique;
    const wick_trusted_header *head = &lc->head[0];
    const uint8_t *hash = wick_clique_hash(&c->now, head->number);
    if (!c->restored || c->now.number < head->number) {
        return;
    }
    c->restored = false;
    if (wick_trust_is_made(head) && (hash == NULL || memcmp(hash, head->hash, 32) != 0)) {
        light_reorg(lc, c->base_number, c->base_time_s);
        light_tip(lc, c->now.number);
    }
}

static wick_status follow(wick_light *lc, wick_light_ask *a, wick_span rlp, uint64_t now_ms)
{
    wick_light_clique *c = lc->cfg.clique;
    wick_trust_now now = light_now(lc, now_ms);
    wick_status s = wick_clique_header(&c->now, lc->cfg.crypto, rlp, &now);
    if (s == WICK_E_HEADER_PARENT && start_rival(lc, lc->target, now_ms)) {
        a->got = a->q.count - 1; /* the rest of the answer is of no use now */
        return WICK_OK;
    }
    if (s == WICK_OK) {
        light_tip(lc, c->now.number);
        light_progress(lc);
        compare_restored(lc);
        keep_back(c);
    }
    return s;
}

/* Highest block that both branches have. */
static uint64_t fork_number(const wick_clique *a, const wick_clique *b)
{
    uint64_t n = a->number < b->number ? a->number : b->number;
    while (n != 0) {
        const uint8_t *x = wick_clique_hash(a, n), *y = wick_clique_hash(b, n);
        if (x == NULL || y == NULL || memcmp(x, y, 32) == 0) {
            break;
        }
        n--;
    }
    return n;
}

static wick_status follow_rival(wick_light *lc, wick_light_ask *a, wick_span rlp, uint64_t now_ms)
{
    wick_light_clique *c = lc->cfg.clique;
    wick_trust_now now = light_now(lc, now_ms);
    wick_status s = wick_clique_header(&c->spare, lc->cfg.crypto, rlp, &now);
    if (s != WICK_OK) {
        return s;
    }
    if (wick_clique_is_heavier(&c->spare, &c->now)) {
        light_reorg(lc, fork_number(&c->now, &c->spare), c->back.timestamp);
        c->now = c->spare;
        c->spare_use = SPARE_FREE;
        c->restored = false;
        c->rivals = 0;
        a->got = a->q.count - 1; /* the way goes on from here */
        light_tip(lc, c->now.number);
    } else if (c->spare.number >= lc->target) {
        c->spare_use = SPARE_FREE; /* not the heavier one */
        lc->target = 0;
    }
    return WICK_OK;
}

/* ------------------------------------------------------------------ skipping */

static wick_status start_skip(wick_light *lc, wick_span rlp, uint64_t now_ms)
{
    wick_light_clique *c = lc->cfg.clique;
    wick_trust_now now = light_now(lc, now_ms);
    wick_status s = wick_clique_skip(&c->spare, &c->now, lc->cfg.crypto, rlp, &now,
                                     lc->cfg.trusting_s);
    c->spare_use = s == WICK_OK ? SPARE_SKIP : SPARE_FREE;
    c->skip_from = c->spare.number;
    return s;
}

static wick_status follow_skip(wick_light *lc, wick_light_ask *a, wick_span rlp, uint64_t now_ms)
{
    wick_light_clique *c = lc->cfg.clique;
    wick_trust_now now = light_now(lc, now_ms);
    wick_status s = wick_clique_header(&c->spare, lc->cfg.crypto, rlp, &now);
    if (s != WICK_OK) {
        return s;
    }
    s = wick_clique_skip_end(&c->spare, &c->now);
    if (s == WICK_E_TRUST_DEPTH && c->spare.number - c->skip_from < SKIP_MAX) {
        return WICK_OK; /* further headers decide */
    }
    if (s == WICK_OK) {
        c->now = c->spare;
        c->back = c->now;
        c->spare_use = SPARE_FREE;
        a->got = a->q.count - 1;
        light_tip(lc, c->now.number);
        light_progress(lc);
        compare_restored(lc);
    }
    return s;
}

/* ------------------------------------------------------------------ answers */

static wick_status take_latest(wick_light *lc, wick_span rlp, const wick_header *h,
                               uint64_t now_ms)
{
    wick_light_clique *c = lc->cfg.clique;
    uint8_t hash[32];
    if (h->number > c->now.number) {
        wick_trust_now now = light_now(lc, now_ms);
        /* A claim that no chain of this period can have reached would be followed for ever. */
        if (now.valid && h->timestamp > now.unix_s + WICK_TRUST_FUTURE_S) {
            return WICK_E_HEADER_FUTURE;
        }
        lc->target = h->number;
        return WICK_OK;
    }
    lc->target = 0;
    const uint8_t *known = wick_clique_hash(&c->now, h->number);
    wick_header_hash(hash, rlp);
    if (known != NULL && memcmp(known, hash, sizeof hash) == 0) {
        return WICK_OK;
    }
    if (h->number <= c->back.number) {
        return WICK_E_HEADER_STALE; /* a node that is far behind, or on another chain */
    }
    (void)start_rival(lc, h->number, now_ms);
    return WICK_OK;
}

static wick_status take_head(wick_light *lc, const wick_light_ask *a, wick_span rlp,
                             uint64_t now_ms)
{
    wick_trusted_header th;
    wick_status s = wick_clique_trust(&th, &lc->cfg.clique->now, rlp);
    /* Enough signers may stand on a newer block, too: `depth` is what was asked for. */
    if (s == WICK_OK && memcmp(th.hash, a->q.hash, sizeof th.hash) != 0) {
        s = WICK_E_HEADER_OTHER;
    }
    return s == WICK_OK ? light_take_head(lc, &th, now_ms, 0) : s;
}

static wick_status header(wick_light *lc, wick_light_ask *a, wick_span rlp, const wick_header *h,
                          const uint8_t *hash32, uint64_t now_ms)
{
    (void)hash32;
    switch (a->purpose) {
    case FOR_PIN:
        return pin(lc, rlp);
    case FOR_LATEST:
        return take_latest(lc, rlp, h, now_ms);
    case FOR_NEXT:
        return follow(lc, a, rlp, now_ms);
    case FOR_RIVAL:
        return follow_rival(lc, a, rlp, now_ms);
    case FOR_SKIP:
        return start_skip(lc, rlp, now_ms);
    case FOR_SKIPPED:
        return follow_skip(lc, a, rlp, now_ms);
    default:
        return take_head(lc, a, rlp, now_ms);
    }
}

static void done(wick_light *lc, const wick_light_ask *a, uint64_t now_ms, wick_status status)
{
    wick_light_clique *c = lc->cfg.clique;
    bool skip = a->purpose == FOR_SKIP || a->purpose == FOR_SKIPPED;
    if (status != WICK_OK) {
        if (skip) {
            lc->steps = 1; /* no further skip on this way: all headers are followed */
        }
        if (c->spare_use != SPARE_MIDDLE) {
            c->spare_use = SPARE_FREE;
        }
        lc->target = skip ? lc->target : 0;
        /* The next newest block shows whether the chain has gone on without it. */
        c->no_head = a->purpose == FOR_TRUST;
        light_back_off(lc, now_ms, status);
    } else if (lc->target <= c->now.number && c->spare_use != SPARE_RIVAL &&
               c->spare_use != SPARE_SKIP && wanted_head(lc) == NULL) {
        lc->target = 0;
        if (c->no_head) {
            c->no_head = false;
            light_back_off(lc, now_ms, lc->last_status);
        } else {
            light_rest(lc, now_ms);
        }
    } else {
        light_go_on(lc, now_ms);
    }
}

/* ------------------------------------------------------------------ store */

static wick_status save(wick_buf *out, const wick_light *lc)
{
    return is_pinned(lc->cfg.clique) ? wick_clique_export(out, &lc->cfg.clique->back) : WICK_OK;
}

static wick_status load(wick_light *lc, wick_span in)
{
    wick_light_clique *c = lc->cfg.clique;
    if (in.len == 0) {
        return WICK_OK;
    }
    wick_status s = wick_clique_import(&c->now, in);
    if (s != WICK_OK) {
        return s;
    }
    if (c->now.cfg.chain_id != lc->cfg.chain_id || c->now.cfg.epoch != lc->cfg.epoch ||
        c->now.cfg.period_s != lc->cfg.period_s ||
        memcmp(c->now.origin, lc->cfg.trusted_hash, 32) != 0) {
        memset(c, 0, sizeof *c);
        return WICK_E_CONFIG;
    }
    c->back = c->now;
    c->restored = wick_trust_is_made(&lc->head[0]);
    c->base_number = c->now.number;
    c->base_time_s = c->now.timestamp;
    compare_restored(lc);
    return WICK_OK;
}

const struct wick_light_ops light_clique = {
    .check = check,
    .begin = begin,
    .plan = plan,
    .header = header,
    .done = done,
    .save = save,
    .load = load,
};

#else
/* ISO C forbids an empty file. */
typedef int wick_light_clique_is_off;
#endif
