/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Path manager. The rules have numbers in wick/path.h.
 *
 *   state      event                   to
 *   ABSENT     offered                 CLAIMED, GOOD (verified), BAD (private)
 *   CLAIMED    its turn to be tried    VERIFYING
 *   VERIFYING  reached                 GOOD            not reached: BAD
 *   GOOD       due, doubtful           GOOD, again     failed twice: BAD
 *   BAD        its pause is over       VERIFYING
 *   any        another address         as ABSENT       withdrawn: ABSENT
 */
#include "wick/path.h"

#include <string.h>

#define RETRY_MIN_MS 5000u
#define RETRY_MAX_MS 300000u
#define DOUBT_MS 1000u /* a second failure in a row comes no sooner */
#define FAILS_OF_GOOD 2u
#define FORGIVE_MS 3600000u

static const char *const names[WICK_PATH_SOURCES] = {"none",  "direct", "pcp",
                                                     "natpmp", "relay", "relay2"};

const char *wick_path_source_str(wick_path_source source)
{
    return (unsigned)source < WICK_PATH_SOURCES ? names[source] : names[0];
}

void wick_path_init(wick_path *p, const wick_path_config *cfg)
{
    memset(p, 0, sizeof *p);
    if (cfg != NULL) {
        p->cfg = *cfg;
    }
    p->cfg.gather_ms = p->cfg.gather_ms != 0 ? p->cfg.gather_ms : WICK_PATH_GATHER_MS;
    p->cfg.hold_ms = p->cfg.hold_ms != 0 ? p->cfg.hold_ms : WICK_PATH_HOLD_MS;
    p->cfg.grace_ms = p->cfg.grace_ms != 0 ? p->cfg.grace_ms : WICK_PATH_GRACE_MS;
    for (unsigned i = 0; i < WICK_PATH_SOURCES; i++) {
        p->claim[i].hold_ms = p->cfg.hold_ms;
    }
}

static wick_path_claim *claim_of(wick_path *p, wick_path_source source)
{
    return source > WICK_PATH_NONE && (unsigned)source < WICK_PATH_SOURCES ? &p->claim[source]
                                                                            : NULL;
}

/* The first word of any source begins the time of rule 4. */
static void begin(wick_path *p, uint64_t now_ms)
{
    if (!p->begun) {
        p->begun = true;
        p->gather_until_ms = now_ms + p->cfg.gather_ms;
    }
}

static bool is_relayed(unsigned source)
{
    return source >= WICK_PATH_RELAY;
}

/* ------------------------------------------------------------------ what sources say */

/* Rule 3. */
static void compare(wick_path *p, unsigned source)
{
    wick_path_claim *c = &p->claim[source];
    bool hidden = !wick_addr_is_public(&c->addr);
    bool other = p->reflexive.port != 0 && wick_addr_is_v4(&c->addr) == wick_addr_is_v4(&p->reflexive) &&
                 !wick_addr_same_ip(&c->addr, &p->reflexive);
    if (c->state == WICK_PATH_ABSENT || is_relayed(source) || c->double_told) {
        return;
    }
    if ((hidden && !p->cfg.allow_private) || other) {
        c->double_told = true;
        c->status = WICK_E_NAT_DOUBLE;
        p->report |= (uint8_t)(1u << source);
    }
}

static void good(wick_path_claim *c, uint64_t now_ms)
{
    if (c->state != WICK_PATH_GOOD) {
        c->good_ms = now_ms;
    }
    c->state = WICK_PATH_GOOD;
    c->status = WICK_OK;
    c->again = false;
    c->fails = 0;
    c->due_ms = now_ms + WICK_PATH_REVERIFY_MS;
}

/* It was good and is not any more: rule 6 asks more of it the next time. */
static void not_good(wick_path_claim *c, uint64_t now_ms, const wick_path_config *cfg)
{
    if (c->state != WICK_PATH_GOOD) {
        return;
    }
    if (now_ms - c->good_ms >= FORGIVE_MS) {
        c->hold_ms = cfg->hold_ms;
    } else {
        c->hold_ms = c->hold_ms < WICK_PATH_HOLD_MAX_MS / 2 ? c->hold_ms * 2 : WICK_PATH_HOLD_MAX_MS;
    }
}

void wick_path_expect(wick_path *p, uint64_t now_ms, wick_path_source source)
{
    wick_path_claim *c = claim_of(p, source);
    if (c != NULL && c->state == WICK_PATH_ABSENT) {
        begin(p, now_ms);
        c->expected = true;
    }
}

void wick_path_offer(wick_path *p, uint64_t now_ms, wick_path_source source, const wick_addr *addr,
                     bool verified)
{
    wick_path_claim *c = claim_of(p, source);
    if (c == NULL || addr->port == 0) {
        return;
    }
    begin(p, now_ms);
    c->expected = false;
    if (c->state != WICK_PATH_ABSENT && wick_addr_equal(&c->addr, addr)) {
        return;
    }
    not_good(c, now_ms, &p->cfg);
    p->busy = p->busy == (uint8_t)source ? (uint8_t)WICK_PATH_NONE : p->busy;
    c->addr = *addr;
    c->double_told = false;
    c->again = false;
    c->fails = 0;
    c->status = WICK_AGAIN;
    c->state = WICK_PATH_CLAIMED;
    c->due_ms = now_ms;
    if (verified) {
        good(c, now_ms);
        return;
    }
    compare(p, (unsigned)source);
    if (!p->cfg.allow_private && !wick_addr_is_public(addr)) {
        c->state = WICK_PATH_BAD;
        c->due_ms = WICK_TIME_NEVER(now_ms);
    }
}

void wick_path_withdraw(wick_path *p, uint64_t now_ms, wick_path_source source, wick_status status)
{
    wick_path_claim *c = claim_of(p, source);
    if (c == NULL) {
        return;
    }
    not_good(c, now_ms, &p->cfg);
    p->busy = p->busy == (uint8_t)source ? (uint8_t)WICK_PATH_NONE : p->busy;
    p->report &= (uint8_t)~(1u << source);
    c->expected = false;
    c->again = false;
    c->double_told = false;
    c->fails = 0;
    c->state = WICK_PATH_ABSENT;
    c->status = status;
}

static void doubt(wick_path *p, uint64_t now_ms, unsigned source)
{
    wick_path_claim *c = &p->claim[source];
    bool wait = c->state == WICK_PATH_VERIFYING || c->again;
    if (c->state == WICK_PATH_ABSENT || is_relayed(source) || wait) {
        return;
    }
    if (c->state == WICK_PATH_BAD && !p->cfg.allow_private && !wick_addr_is_public(&c->addr)) {
        return;
    }
    c->due_ms = now_ms;
}

void wick_path_doubt(wick_path *p, uint64_t now_ms, wick_path_source source)
{
    for (unsigned i = 1; i < WICK_PATH_SOURCES; i++) {
        if (source == WICK_PATH_NONE || (unsigned)source == i) {
            doubt(p, now_ms, i);
        }
    }
}

void wick_path_reflexive(wick_path *p, uint64_t now_ms, const wick_addr *seen)
{
    bool same = p->reflexive.port != 0 && wick_addr_same_ip(&p->reflexive, seen);
    bool first = p->reflexive.port == 0;
    p->reflexive = *seen;
    if (seen->port == 0) {
        p->reflexive.port = 1; /* only the IP counts */
    }
    if (same) {
        return;
    }
    for (unsigned i = 1; i < WICK_PATH_SOURCES; i++) {
        compare(p, i);
    }
    if (!first) {
        wick_path_doubt(p, now_ms, WICK_PATH_NONE);
    }
}

void wick_path_judge(wick_path *p, uint64_t now_ms, bool possible)
{
    if (possible && !p->judge) {
        /* Nobody could be asked, so nothing is held against those who waited. */
        for (unsigned i = 1; i < WICK_PATH_SOURCES; i++) {
            if (p->claim[i].state == WICK_PATH_CLAIMED) {
                p->claim[i].due_ms = now_ms;
            }
        }
    }
    p->judge = possible;
}

void wick_path_verdict(wick_path *p, uint64_t now_ms, wick_path_source source, wick_status status)
{
    wick_path_claim *c = claim_of(p, source);
    if (c == NULL || p->busy != (uint8_t)source) {
        return;
    }
    p->busy = (uint8_t)WICK_PATH_NONE;
    if (status == WICK_AGAIN) {
        c->again = false;
        c->state = c->state == WICK_PATH_GOOD ? (uint8_t)WICK_PATH_GOOD : (uint8_t)WICK_PATH_CLAIMED;
        c->due_ms = now_ms + RETRY_MIN_MS;
        return;
    }
    if (status == WICK_OK) {
        good(c, now_ms);
        return;
    }
    c->fails = c->fails < 16 ? (uint8_t)(c->fails + 1u) : c->fails;
    c->status = status;
    if (c->state == WICK_PATH_GOOD && c->fails < FAILS_OF_GOOD) {
        c->again = false;
        c->due_ms = now_ms + DOUBT_MS;
        return;
    }
    not_good(c, now_ms, &p->cfg);
    uint32_t pause = RETRY_MIN_MS;
    for (unsigned i = 1; i < c->fails && pause < RETRY_MAX_MS; i++) {
        pause *= 2;
    }
    c->again = false;
    c->state = WICK_PATH_BAD;
    c->due_ms = now_ms + (pause < RETRY_MAX_MS ? pause : RETRY_MAX_MS);
}

/* ------------------------------------------------------------------ what follows */

static bool verify_next(wick_path *p, uint64_t now_ms, wick_path_out *out, uint64_t *deadline)
{
    if (!p->judge || p->busy != WICK_PATH_NONE) {
        return false;
    }
    for (unsigned i = 1; i < WICK_PATH_SOURCES; i++) {
        wick_path_claim *c = &p->claim[i];
        if (is_relayed(i) || c->state == WICK_PATH_ABSENT) {
            continue;
        }
        if (!wick_time_reached(now_ms, c->due_ms)) {
            *deadline = wick_time_min(*deadline, c->due_ms);
            continue;
        }
        c->again = c->state == WICK_PATH_GOOD;
        c->state = c->again ? (uint8_t)WICK_PATH_GOOD : (uint8_t)WICK_PATH_VERIFYING;
        p->busy = (uint8_t)i;
        out->kind = WICK_PATH_OUT_VERIFY;
        out->source = (wick_path_source)i;
        out->addr = c->addr;
        return true;
    }
    return false;
}

/* The best of those that are good now, from `from` on. */
static wick_path_point first_good(const wick_path *p, unsigned from)
{
    wick_path_point x;
    memset(&x, 0, sizeof x);
    for (unsigned i = from; i < WICK_PATH_SOURCES; i++) {
        if (i != WICK_PATH_NONE && p->claim[i].state == WICK_PATH_GOOD) {
            x.addr = p->claim[i].addr;
            x.source = (uint8_t)i;
            break;
        }
    }
    return x;
}

static bool same_point(const wick_path_point *a, const wick_path_point *b)
{
    return a->source == b->source &&
           (a->source == WICK_PATH_NONE || wick_addr_equal(&a->addr, &b->addr));
}

/* Is what was told still so? */
static bool holds(const wick_path *p, const wick_path_point *said)
{
    const wick_path_claim *c = &p->claim[said->source];
    return said->source != WICK_PATH_NONE && c->state == WICK_PATH_GOOD &&
           wick_addr_equal(&c->addr, &said->addr);
}

/* Rule 5: may what was told be back soon? Good under another address is news, not a pause. */
static bool in_grace(wick_path *p, uint64_t now_ms, unsigned which, uint64_t *deadline)
{
    const wick_path_point *said = &p->said[which];
    if (said->source == WICK_PATH_NONE || holds(p, said)) {
        p->lost[which] = false;
        return false;
    }
    if (!p->lost[which]) {
        p->lost[which] = true;
        p->lost_ms[which] = now_ms;
    }
    uint64_t until = p->lost_ms[which] + p->cfg.grace_ms;
    if (p->claim[said->source].state == WICK_PATH_GOOD || wick_time_reached(now_ms, until)) {
        return false;
    }
    *deadline = wick_time_min(*deadline, until);
    return true;
}

/* Rule 4: does a source that may be better have yet to speak, or to be verified? */
static bool gathering(const wick_path *p, uint64_t now_ms, unsigned best, uint64_t *deadline)
{
    if (p->told || wick_time_reached(now_ms, p->gather_until_ms)) {
        return false;
    }
    for (unsigned i = 1; i < WICK_PATH_SOURCES && (best == WICK_PATH_NONE || i < best); i++) {
        const wick_path_claim *c = &p->claim[i];
        if (c->expected || c->state == WICK_PATH_CLAIMED || c->state == WICK_PATH_VERIFYING) {
            *deadline = wick_time_min(*deadline, p->gather_until_ms);
            return true;
        }
    }
    return false;
}

/* Rule 6: the best one that has been good for long enough, or the worse one that is told already. */
static wick_path_point choose(const wick_path *p, uint64_t now_ms, uint64_t *deadline)
{
    unsigned said = p->said[0].source;
    bool have = said != WICK_PATH_NONE && p->claim[said].state == WICK_PATH_GOOD;
    wick_path_point x = first_good(p, 1);
    while (have && x.source < said) {
        uint64_t since = p->claim[x.source].good_ms + p->claim[x.source].hold_ms;
        if (wick_time_reached(now_ms, since)) {
            break;
        }
        *deadline = wick_time_min(*deadline, since);
        x = first_good(p, x.source + 1u);
    }
    return x;
}

static bool decide(wick_path *p, uint64_t now_ms, uint64_t *deadline)
{
    bool missed = in_grace(p, now_ms, 0, deadline);
    bool standby_missed = in_grace(p, now_ms, 1, deadline);
    wick_path_point best = choose(p, now_ms, deadline);
    if (gathering(p, now_ms, best.source, deadline)) {
        return false;
    }
    if (missed && (best.source == WICK_PATH_NONE || best.source > p->said[0].source)) {
        best = p->said[0];
    }
    wick_path_point next = first_good(p, best.source != WICK_PATH_NONE ? best.source + 1u
                                                                       : WICK_PATH_SOURCES);
    if (standby_missed && p->said[1].source > best.source &&
        (next.source == WICK_PATH_NONE || next.source > p->said[1].source)) {
        next = p->said[1];
    }
    if (same_point(&best, &p->said[0]) && same_point(&next, &p->said[1])) {
        return false;
    }
    p->lost[0] = p->lost[0] && same_point(&best, &p->said[0]);
    p->lost[1] = p->lost[1] && same_point(&next, &p->said[1]);
    p->said[0] = best;
    p->said[1] = next;
    p->told = p->told || best.source != WICK_PATH_NONE;
    return true;
}

void wick_path_poll(wick_path *p, uint64_t now_ms, wick_path_out *out)
{
    uint64_t deadline = WICK_TIME_NEVER(now_ms);
    memset(out, 0, sizeof *out);
    for (unsigned i = 1; i < WICK_PATH_SOURCES; i++) {
        if ((p->report & (1u << i)) != 0) {
            p->report &= (uint8_t)~(1u << i);
            out->kind = WICK_PATH_OUT_DOUBLE;
            out->source = (wick_path_source)i;
            out->addr = p->claim[i].addr;
            return;
        }
    }
    if (verify_next(p, now_ms, out, &deadline)) {
        return;
    }
    if (decide(p, now_ms, &deadline)) {
        out->kind = WICK_PATH_OUT_CHANGED;
        out->source = (wick_path_source)p->said[0].source;
        out->addr = p->said[0].addr;
        return;
    }
    out->deadline_ms = deadline;
}

const wick_path_point *wick_path_primary(const wick_path *p)
{
    return &p->said[0];
}

const wick_path_point *wick_path_standby(const wick_path *p)
{
    return &p->said[1];
}

bool wick_path_is_up(const wick_path *p)
{
    return holds(p, &p->said[0]);
}

wick_path_state wick_path_look(const wick_path *p, wick_path_source source, wick_addr *addr,
                               wick_status *status)
{
    const wick_path_claim *c =
        &p->claim[(unsigned)source < WICK_PATH_SOURCES ? (unsigned)source : 0];
    if (addr != NULL) {
        *addr = c->addr;
    }
    if (status != NULL) {
        *status = c->status;
    }
    return (wick_path_state)c->state;
}
