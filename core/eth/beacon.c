/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sync committee's light client: consensus-specs altair/light-client/sync-protocol.md, function by
 * function, with the levels of trust of wick/beacon.h beside the specification's store.
 */
#include "wick/beacon.h"

#include <string.h>

#include "beacon_internal.h"
#include "trust_internal.h"

#if WICK_WITH_BEACON

/* ---- time ---- */

wick_status wick_beacon_slot_now(uint64_t *slot, const wick_beacon_chain *chain,
                                 const wick_trust_now *now)
{
    *slot = 0;
    if (!now->valid || now->unix_s < chain->genesis_time) {
        return WICK_E_NO_CLOCK;
    }
    *slot = (now->unix_s - chain->genesis_time) / chain->seconds_per_slot;
    return WICK_OK;
}

uint64_t wick_beacon_slot_time(const wick_beacon_chain *chain, uint64_t slot)
{
    return chain->genesis_time + slot * chain->seconds_per_slot;
}

wick_status wick_beacon_check_age(const wick_beacon_config *cfg, uint64_t slot, uint64_t now_slot)
{
    uint64_t trusting = cfg->trusting_s != 0 ? cfg->trusting_s : cfg->chain->trusting_s;
    if (slot > now_slot) {
        return WICK_E_HEADER_FUTURE;
    }
    return now_slot - slot > trusting / cfg->chain->seconds_per_slot ? WICK_E_EXPIRED : WICK_OK;
}

static uint64_t period_of(const wick_beacon *b, uint64_t slot)
{
    return wick_beacon_period(b->cfg.chain, slot);
}

static const wick_beacon_fork *fork_of(const wick_beacon_chain *chain, uint64_t slot)
{
    return wick_beacon_fork_at(chain, slot / chain->slots_per_epoch);
}

static bool is_fork_of(const wick_beacon_chain *chain, const wick_beacon_fork *fork)
{
    for (size_t i = 0; i < chain->forks; i++) {
        if (fork == &chain->fork[i]) {
            return true;
        }
    }
    return false;
}

/* ---- bootstrap ---- */

static wick_status check_bootstrap(wick_beacon *b, wick_ssz *z, const wick_beacon_object *o)
{
    const wick_beacon_chain *chain = b->cfg.chain;
    const wick_beacon_fork *own = fork_of(chain, o->attested.slot);
    wick_beacon_root(z, b->finalized.root, &o->attested);
    if (memcmp(b->finalized.root, b->cfg.trusted_root, 32) != 0) {
        return z->status != WICK_OK ? z->status : WICK_E_HEADER_HASH;
    }
    wick_status s = wick_beacon_reduce(z, &b->finalized, chain, o->shape, &o->attested);
    if (s != WICK_OK) {
        return s;
    }
    size_t members = wick_beacon_members(b);
    memcpy(b->current.aggregate, o->committee.ptr + 48 * members, 48);
    wick_beacon_committee_root(z, b->current.root, o->committee.ptr, 48, members,
                               b->current.aggregate);
    return wick_ssz_branch(z, o->attested.beacon.ptr + WICK_BEACON_STATE_ROOT, b->current.root,
                           o->committee_branch, own->shape->current)
               ? WICK_OK
               : WICK_E_BEACON_BRANCH;
}

static wick_status bootstrap(wick_beacon *b, const wick_hal_crypto *crypto,
                             const wick_beacon_fork *fork, wick_span ssz,
                             const wick_trust_now *now)
{
    const wick_beacon_chain *chain = b->cfg.chain;
    wick_beacon_object o;
    uint64_t now_slot;
    wick_ssz z;
    wick_status s = wick_beacon_chain_check(chain);
    if (s != WICK_OK) {
        return s;
    }
    if (!wick_beacon_has_bls(crypto) || !is_fork_of(chain, fork)) {
        return WICK_E_UNSUPPORTED;
    }
    s = wick_beacon_slot_now(&now_slot, chain, now);
    if (s == WICK_OK) {
        s = wick_beacon_decode(&o, WICK_BEACON_BOOTSTRAP, fork->shape, ssz, chain->committee);
    }
    if (s != WICK_OK) {
        return s;
    }
    wick_ssz_begin(&z, crypto);
    s = check_bootstrap(b, &z, &o);
    wick_status hashed = wick_ssz_end(&z);
    if (s == WICK_OK) {
        s = hashed;
    }
    if (s == WICK_OK) {
        s = wick_beacon_check_age(&b->cfg, b->finalized.slot, now_slot);
    }
    if (s == WICK_OK) {
        s = wick_beacon_keys_load(b, crypto, o.committee.ptr, 48);
    }
    return s;
}

wick_status wick_beacon_bootstrap(wick_beacon *b, const wick_beacon_config *cfg,
                                  const wick_hal_crypto *crypto, const wick_beacon_fork *fork,
                                  wick_span ssz, const wick_trust_now *now)
{
    memset(b, 0, sizeof *b);
    b->cfg = *cfg;
    wick_status s = bootstrap(b, crypto, fork, ssz, now);
    if (s != WICK_OK) {
        memset(b, 0, sizeof *b);
        return s;
    }
    b->current.level = WICK_BEACON_FINAL;
    b->optimistic = b->finalized;
    b->proven = b->finalized;
    b->signed_by_most = b->finalized;
    b->phase = WICK_BEACON_PHASE_READY;
    return WICK_OK;
}

/* ---- an update by itself: validate_light_client_update() ---- */

struct update {
    wick_beacon_object o;
    wick_beacon_facts is;
    bool strong;         /* 2/3 of a FINAL committee signed, and something is finalised */
};

/* Which of the two committees signed. */
static bool is_by_next(const wick_beacon *b, const struct update *u)
{
    return period_of(b, u->is.signature_slot) != period_of(b, b->finalized.slot);
}

/* is_next_sync_committee_known() */
static bool knows_next(const wick_beacon *b)
{
    return b->has_next && !b->provisional;
}

/* Two thirds, exactly: 342 of 512 (sync-protocol.md, process_light_client_update). */
static bool is_supermajority(const wick_beacon *b, size_t participants)
{
    return 3 * participants >= 2 * wick_beacon_members(b);
}

static bool is_majority(const wick_beacon *b, size_t participants)
{
    return 2 * participants > wick_beacon_members(b);
}

/* Does the finalised header vouch for the committee? Within one period the next one is fixed. */
static bool is_committee_final(const wick_beacon *b, const wick_beacon_facts *u)
{
    return u->has_committee && u->finalized.slot != 0 &&
           period_of(b, u->finalized.slot) == period_of(b, u->attested.slot);
}

static wick_status check_slots(const wick_beacon *b, const struct update *u, uint64_t now_slot)
{
    uint64_t attested = u->o.attested.slot, signed_at = u->o.signature_slot;
    uint64_t store = period_of(b, b->finalized.slot), period = period_of(b, signed_at);
    if (signed_at > now_slot) {
        return WICK_E_HEADER_FUTURE;
    }
    if (signed_at <= attested || attested < u->o.finalized.slot) {
        return WICK_E_MALFORMED;
    }
    if (period < store) {
        return WICK_E_HEADER_STALE;
    }
    if (period > store + (b->has_next ? 1u : 0u)) {
        return WICK_E_BEACON_PERIOD;
    }
    bool brings_next = u->is.has_committee && period_of(b, attested) == store &&
                       (!knows_next(b) || b->next.level != WICK_BEACON_FINAL);
    return attested > b->finalized.slot || brings_next ? WICK_OK : WICK_E_HEADER_STALE;
}

static wick_status check_finality(struct update *u, const wick_beacon *b, wick_ssz *z,
                                  const wick_beacon_shape *own)
{
    if (u->o.kind == WICK_BEACON_OPTIMISTIC) {
        return WICK_OK;
    }
    if (!u->is.has_finality || u->o.finalized.slot == 0) {
        if (!wick_beacon_is_default(&u->o.finalized)) {
            return WICK_E_MALFORMED;
        }
        if (!u->is.has_finality) {
            return WICK_OK;
        }
    } else {
        wick_status s =
            wick_beacon_reduce(z, &u->is.finalized, b->cfg.chain, u->o.shape, &u->o.finalized);
        if (s != WICK_OK) {
            return s;
        }
    }
    /* Nothing finalised but genesis is a zero root. */
    return wick_ssz_branch(z, u->o.attested.beacon.ptr + WICK_BEACON_STATE_ROOT,
                           u->is.finalized.root, u->o.finality_branch, own->finalized)
               ? WICK_OK
               : WICK_E_BEACON_BRANCH;
}

static wick_status check_committee(struct update *u, const wick_beacon *b, wick_ssz *z,
                                   const wick_beacon_shape *own)
{
    size_t members = wick_beacon_members(b);
    if (!u->is.has_committee) {
        return wick_ct_is_zero(u->o.committee.ptr, u->o.committee.len) ? WICK_OK
                                                                       : WICK_E_MALFORMED;
    }
    memcpy(u->is.aggregate, u->o.committee.ptr + 48 * members, 48);
    wick_beacon_committee_root(z, u->is.root, u->o.committee.ptr, 48, members, u->is.aggregate);
    /* One that was learned by force gives way to better evidence. */
    bool gives_way = b->next.level != WICK_BEACON_FINAL && u->strong &&
                     is_committee_final(b, &u->is);
    if (knows_next(b) && !gives_way &&
        period_of(b, u->is.attested.slot) == period_of(b, b->finalized.slot) &&
        memcmp(u->is.root, b->next.root, 32) != 0) {
        return WICK_E_BEACON_COMMITTEE;
    }
    return wick_ssz_branch(z, u->o.attested.beacon.ptr + WICK_BEACON_STATE_ROOT, u->is.root,
                           u->o.committee_branch, own->next)
               ? WICK_OK
               : WICK_E_BEACON_BRANCH;
}

/* Everything but the signature; its signing root. */
static wick_status check_content(struct update *u, uint8_t root32[32], const wick_beacon *b,
                                 wick_ssz *z)
{
    const wick_beacon_chain *chain = b->cfg.chain;
    wick_status s = wick_beacon_reduce(z, &u->is.attested, chain, u->o.shape, &u->o.attested);
    if (s != WICK_OK) {
        return s;
    }
    const wick_beacon_shape *own = fork_of(chain, u->o.attested.slot)->shape;
    s = check_finality(u, b, z, own);
    if (s == WICK_OK) {
        u->strong = is_supermajority(b, u->is.participants) &&
                    u->is.level == WICK_BEACON_FINAL && u->is.finalized.slot != 0;
        s = check_committee(u, b, z, own);
    }
    /* Not the fork of the attested header: that in force when its successor was due. */
    const wick_beacon_fork *fork = fork_of(chain, u->o.signature_slot - 1);
    wick_beacon_signing_root(z, root32, chain, fork, u->is.attested.root);
    return s;
}

static bool is_filled(wick_span branch)
{
    return branch.len != 0 && !wick_ct_is_zero(branch.ptr, branch.len);
}

static wick_status validate(struct update *u, wick_beacon *b, const wick_hal_crypto *crypto,
                            uint64_t now_slot)
{
    uint8_t root[32];
    wick_ssz z;
    u->is.signature_slot = u->o.signature_slot;
    u->is.participants = (uint16_t)wick_beacon_count(u->o.bits);
    u->is.has_finality = is_filled(u->o.finality_branch);
    u->is.has_committee = is_filled(u->o.committee_branch);
    if (u->is.participants == 0) { /* MIN_SYNC_COMMITTEE_PARTICIPANTS is 1 */
        return WICK_E_SEAL_QUORUM;
    }
    wick_status s = check_slots(b, u, now_slot);
    if (s != WICK_OK) {
        return s;
    }
    u->is.level = is_by_next(b, u) ? b->next.level : b->current.level;
    wick_ssz_begin(&z, crypto);
    s = check_content(u, root, b, &z);
    wick_status hashed = wick_ssz_end(&z);
    if (hashed != WICK_OK) {
        return hashed;
    }
    if (s == WICK_OK) {
        s = wick_beacon_keys_use(b, crypto, is_by_next(b, u));
    }
    return s != WICK_OK ? s
                        : wick_beacon_keys_verify(b, crypto, u->o.bits, u->is.participants, root,
                                                  u->o.signature);
}

/* ---- the store ---- */

/* How well the committee of an update is known afterwards. */
static uint8_t level_of(const wick_beacon *b, const wick_beacon_facts *u)
{
    if (is_supermajority(b, u->participants) && is_committee_final(b, u)) {
        return u->level;
    }
    if (!is_majority(b, u->participants)) {
        return WICK_BEACON_WEAK;
    }
    return u->level < WICK_BEACON_MAJORITY ? u->level : (uint8_t)WICK_BEACON_MAJORITY;
}

/* The committee of an update, or none, as the next one. */
static wick_status learn_next(wick_beacon *b, unsigned *changed, const wick_hal_crypto *crypto,
                              const wick_beacon_facts *u, const uint8_t *keys)
{
    wick_status s = wick_beacon_keys_use(b, crypto, false);
    if (s != WICK_OK) {
        return s;
    }
    b->has_next = u->has_committee;
    b->provisional = false;
    memset(&b->next, 0, sizeof b->next);
    if (u->has_committee) {
        wick_beacon_keys_next(b, keys);
        memcpy(b->next.root, u->root, sizeof b->next.root);
        memcpy(b->next.aggregate, u->aggregate, sizeof b->next.aggregate);
        b->next.level = level_of(b, u);
        *changed |= WICK_BEACON_NEW_NEXT;
    }
    return WICK_OK;
}

/* apply_light_client_update(), with `to` as the finalised header. */
static wick_status apply(wick_beacon *b, unsigned *changed, const wick_hal_crypto *crypto,
                         const wick_beacon_facts *u, const uint8_t *keys, const wick_beacon_head *to)
{
    uint64_t store = period_of(b, b->finalized.slot), period = period_of(b, to->slot);
    wick_status s = WICK_OK;
    if (!knows_next(b)) {
        s = period == store ? learn_next(b, changed, crypto, u, keys) : WICK_E_BEACON_PERIOD;
    } else if (period == store + 1) {
        s = wick_beacon_keys_use(b, crypto, true);
        if (s == WICK_OK) {
            wick_beacon_keys_turn(b);
            b->current = b->next;
            b->max_before = b->max_now;
            b->max_now = 0;
            *changed |= WICK_BEACON_NEW_PERIOD;
            s = learn_next(b, changed, crypto, u, keys);
        }
    }
    if (s == WICK_OK && to->slot > b->finalized.slot) {
        b->finalized = *to;
        if (b->finalized.slot > b->optimistic.slot) {
            b->optimistic = b->finalized;
        }
    }
    return s;
}

/* What this library vouches for, beside the specification's two headers. */
static void note_heads(wick_beacon *b, unsigned *changed, const struct update *u)
{
    if (u->strong && u->is.finalized.slot > b->proven.slot) {
        b->proven = u->is.finalized;
        *changed |= WICK_BEACON_NEW_FINALIZED;
    }
    if (is_majority(b, u->is.participants) && u->is.level != WICK_BEACON_WEAK &&
        u->is.attested.slot > b->signed_by_most.slot) {
        b->signed_by_most = u->is.attested;
        *changed |= WICK_BEACON_NEW_OPTIMISTIC;
    }
}

#if WICK_BEACON_FORCE
/* is_better_update() */
static bool is_better(const wick_beacon *b, const wick_beacon_facts *u)
{
    const wick_beacon_facts *old = &b->best;
    bool super = is_supermajority(b, u->participants);
    bool old_super = is_supermajority(b, old->participants);
    if (super != old_super) {
        return super;
    }
    if (!super && u->participants != old->participants) {
        return u->participants > old->participants;
    }
    bool relevant = u->has_committee &&
                    period_of(b, u->attested.slot) == period_of(b, u->signature_slot);
    bool old_relevant = old->has_committee &&
                        period_of(b, old->attested.slot) == period_of(b, old->signature_slot);
    if (relevant != old_relevant) {
        return relevant;
    }
    if (u->has_finality != old->has_finality) {
        return u->has_finality;
    }
    if (u->has_finality) {
        bool same = period_of(b, u->finalized.slot) == period_of(b, u->attested.slot);
        bool old_same = period_of(b, old->finalized.slot) == period_of(b, old->attested.slot);
        if (same != old_same) {
            return same;
        }
    }
    if (u->participants != old->participants) {
        return u->participants > old->participants;
    }
    if (u->attested.slot != old->attested.slot) {
        return u->attested.slot < old->attested.slot;
    }
    return u->signature_slot < old->signature_slot;
}

static void keep_if_better(wick_beacon *b, const struct update *u)
{
    if (b->best.participants != 0 && !is_better(b, &u->is)) {
        return;
    }
    b->best = u->is;
    if (b->best.has_committee) {
        memcpy(b->best_keys[0], u->o.committee.ptr, 48 * wick_beacon_members(b));
    }
}

static void drop_best(wick_beacon *b)
{
    b->best.participants = 0;
}

wick_status wick_beacon_force(wick_beacon *b, unsigned *changed, const wick_hal_crypto *crypto,
                              const wick_trust_now *now)
{
    uint64_t now_slot;
    *changed = 0;
    if (b->phase != WICK_BEACON_PHASE_READY) {
        return WICK_E_STATE;
    }
    const wick_beacon_chain *chain = b->cfg.chain;
    wick_status s = wick_beacon_slot_now(&now_slot, chain, now);
    if (s != WICK_OK) {
        return s;
    }
    /* UPDATE_TIMEOUT is one period. */
    uint64_t timeout = (uint64_t)chain->slots_per_epoch * chain->epochs_per_period;
    if (b->best.participants == 0 || now_slot <= b->finalized.slot + timeout) {
        return WICK_AGAIN;
    }
    const wick_beacon_head *to = b->best.finalized.slot <= b->finalized.slot ? &b->best.attested
                                                                            : &b->best.finalized;
    s = apply(b, changed, crypto, &b->best, b->best_keys[0], to);
    drop_best(b);
    return s;
}
#else
static void keep_if_better(wick_beacon *b, const struct update *u)
{
    (void)b;
    (void)u;
}

static void drop_best(wick_beacon *b)
{
    (void)b;
}
#endif

/* A committee that is not proven yet, for OPTIMISTIC headers of the next period. */
static wick_status learn_provisional(wick_beacon *b, unsigned *changed,
                                     const wick_hal_crypto *crypto, const struct update *u)
{
    bool fit = !knows_next(b) && u->is.has_committee && is_supermajority(b, u->is.participants) &&
               period_of(b, u->is.attested.slot) == period_of(b, b->finalized.slot) &&
               (!b->has_next || memcmp(b->next.root, u->is.root, 32) != 0);
    if (!fit) {
        return WICK_OK;
    }
    wick_status s = learn_next(b, changed, crypto, &u->is, u->o.committee.ptr);
    if (s == WICK_OK) {
        b->provisional = true;
        if (b->next.level > WICK_BEACON_MAJORITY) {
            b->next.level = WICK_BEACON_MAJORITY;
        }
    }
    return s;
}

/* process_light_client_update() after validation. */
static wick_status process(wick_beacon *b, unsigned *changed, const wick_hal_crypto *crypto,
                           const struct update *u)
{
    /* update_has_finalized_next_sync_committee; a finality of genesis counts here, and gives no more
     * than MAJORITY. */
    bool brings_next = !knows_next(b) && u->is.has_committee && u->is.has_finality &&
                       period_of(b, u->is.finalized.slot) == period_of(b, u->is.attested.slot);
    bool replaces_next = knows_next(b) && b->next.level != WICK_BEACON_FINAL && u->strong &&
                         is_committee_final(b, &u->is) &&
                         period_of(b, u->is.attested.slot) == period_of(b, b->finalized.slot);
    wick_status s = WICK_OK;
    if (b->provisional && is_by_next(b, u)) {
        note_heads(b, changed, u);
        return WICK_OK;
    }
    keep_if_better(b, u);
    if (u->is.participants > b->max_now) {
        b->max_now = u->is.participants;
    }
    uint16_t most = b->max_now > b->max_before ? b->max_now : b->max_before;
    if (u->is.participants > most / 2 && u->is.attested.slot > b->optimistic.slot) {
        b->optimistic = u->is.attested;
    }
    note_heads(b, changed, u);
    if (replaces_next) {
        s = learn_next(b, changed, crypto, &u->is, u->o.committee.ptr);
    }
    if (s == WICK_OK && is_supermajority(b, u->is.participants) &&
        (u->is.finalized.slot > b->finalized.slot || brings_next)) {
        s = apply(b, changed, crypto, &u->is, u->o.committee.ptr, &u->is.finalized);
        drop_best(b);
    }
    return s == WICK_OK ? learn_provisional(b, changed, crypto, u) : s;
}

wick_status wick_beacon_input(wick_beacon *b, unsigned *changed, const wick_hal_crypto *crypto,
                              wick_beacon_kind kind, const wick_beacon_fork *fork, wick_span ssz,
                              const wick_trust_now *now)
{
    struct update u;
    uint64_t now_slot;
    *changed = 0;
    if (b->phase != WICK_BEACON_PHASE_READY) {
        return WICK_E_STATE;
    }
    if (kind == WICK_BEACON_BOOTSTRAP || !is_fork_of(b->cfg.chain, fork)) {
        return WICK_E_BAD_ARG;
    }
    if (!wick_beacon_has_bls(crypto)) {
        return WICK_E_UNSUPPORTED;
    }
    wick_status s = wick_beacon_slot_now(&now_slot, b->cfg.chain, now);
    /* A clock behind the store stops nothing by itself: what was signed later than now is refused. */
    if (s == WICK_OK && wick_beacon_check_age(&b->cfg, b->proven.slot, now_slot) == WICK_E_EXPIRED) {
        s = WICK_E_EXPIRED;
    }
    if (s == WICK_OK) {
        memset(&u, 0, sizeof u);
        s = wick_beacon_decode(&u.o, kind, fork->shape, ssz, b->cfg.chain->committee);
    }
    if (s == WICK_OK) {
        s = validate(&u, b, crypto, now_slot);
    }
    return s == WICK_OK ? process(b, changed, crypto, &u) : s;
}

/* ---- asking ---- */

const wick_beacon_head *wick_beacon_head_of(const wick_beacon *b, wick_tier tier)
{
    const wick_beacon_head *h = NULL;
    if (b->phase == WICK_BEACON_PHASE_READY && tier == WICK_TIER_FINALIZED) {
        h = &b->proven;
    } else if (b->phase == WICK_BEACON_PHASE_READY && tier == WICK_TIER_OPTIMISTIC) {
        h = b->signed_by_most.slot > b->proven.slot ? &b->signed_by_most : &b->proven;
    }
    return h;
}

wick_status wick_beacon_wanted(uint64_t *first, uint64_t *count, const wick_beacon *b,
                               const wick_trust_now *now)
{
    uint64_t now_slot;
    *first = 0;
    *count = 0;
    if (b->phase != WICK_BEACON_PHASE_READY) {
        return WICK_E_STATE;
    }
    wick_status s = wick_beacon_slot_now(&now_slot, b->cfg.chain, now);
    if (s != WICK_OK) {
        return s;
    }
    uint64_t period = period_of(b, now_slot);
    /* A next committee that is not proven is asked for again. */
    bool settled = knows_next(b) && (b->next.level == WICK_BEACON_FINAL ||
                                   b->current.level != WICK_BEACON_FINAL);
    *first = period_of(b, b->finalized.slot) + (settled ? 1u : 0u);
    *count = period >= *first ? period - *first + 1 : 0;
    return WICK_OK;
}

wick_status wick_beacon_trust(wick_trusted_header *th, const wick_beacon *b, wick_span header_rlp,
                              wick_tier tier)
{
    wick_header h;
    uint8_t hash[32];
    memset(th, 0, sizeof *th);
    if (tier != WICK_TIER_FINALIZED && tier != WICK_TIER_OPTIMISTIC) {
        return WICK_E_TRUST_TIER;
    }
    const wick_beacon_head *head = wick_beacon_head_of(b, tier);
    if (head == NULL || wick_ct_is_zero(head->execution_hash, 32)) {
        return WICK_E_STATE;
    }
    wick_header_hash(hash, header_rlp);
    if (memcmp(hash, b->proven.execution_hash, sizeof hash) == 0) {
        tier = WICK_TIER_FINALIZED;
    } else if (memcmp(hash, head->execution_hash, sizeof hash) != 0) {
        return WICK_E_HEADER_HASH;
    }
    wick_status s = wick_header_decode(&h, header_rlp);
    if (s == WICK_OK) {
        wick_trust_make(th, &h, hash, b->cfg.chain->chain_id, tier);
    }
    return s;
}

#else
/* ISO C forbids an empty file. */
typedef int wick_beacon_is_off;
#endif
