/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trust store: a power cut at every write leaves the old state or the new one, never a mix;
 * what is of another chain, rule, anchor or version is refused and stays; nothing goes back.
 */
#include "wick/port/stub.h"
#include "wick/trust_store.h"

#include "tap.h"

#define BASE WICK_STORE_KEY(16, 0)
#define CHAIN 2026u
#define RULE 4u
#define BLOB_MAX 24000u

static const uint8_t anchor[32] = {1, 2, 3};

/* ------------------------------------------------------------------ a store with power cuts */

static wick_stub_store mem, saved;
static wick_hal_store inner, hal;
static unsigned writes, cut_at; /* 0: never */
static wick_stub_fault cut_kind;

static wick_status cutting_put(void *ctx, uint16_t key, uint8_t version, wick_span value)
{
    (void)ctx;
    writes++;
    if (writes == cut_at) {
        mem.fault = cut_kind;
    }
    return inner.put(inner.ctx, key, version, value);
}

static void fresh(void)
{
    wick_stub_store_init(&mem);
    wick_stub_hal_store(&inner, &mem);
    hal = inner;
    hal.put = cutting_put;
    writes = 0;
    cut_at = 0;
}

static void power_on(void)
{
    wick_stub_store_power_on(&mem);
    cut_at = 0;
}

/* ------------------------------------------------------------------ contents */

/* All that is in a store is a function of one number. */
struct content {
    uint8_t n;
    size_t len; /* of the state */
    size_t sets;
    uint8_t set[WICK_TRUST_SETS_USED];
};

static uint8_t state_mem[WICK_TRUST_STATE_MAX], read_mem[WICK_TRUST_STATE_MAX];
static uint8_t work[WICK_STORE_VALUE_MAX];

static wick_span state_of(const struct content *c)
{
    for (size_t i = 0; i < c->len; i++) {
        state_mem[i] = (uint8_t)(c->n * 31 + i * 7 + i / 256);
    }
    return wick_span_make(state_mem, c->len);
}

static void put_piece(wick_buf *out, uint8_t set, size_t piece)
{
    for (size_t i = 0; i < 100 + piece; i++) {
        wick_buf_put_u8(out, (uint8_t)(set * 17 + piece * 5 + i));
    }
}

static wick_status piece(void *ctx, wick_buf *out, size_t set, size_t index)
{
    const struct content *c = ctx;
    put_piece(out, c->set[set], index);
    return WICK_OK;
}

static wick_status save(wick_trust_store *ts, struct content *c)
{
    wick_trust_set sets[WICK_TRUST_SETS_USED];
    memset(sets, 0, sizeof sets);
    for (size_t i = 0; i < c->sets; i++) {
        memset(sets[i].name, c->set[i], 32);
        sets[i].pieces = 3;
    }
    return wick_trust_store_save(ts, state_of(c), sets, c->sets, piece, c, work, 100u * c->n,
                                 1000u * c->n);
}

static wick_status open_as(wick_trust_store *ts, uint64_t chain, uint8_t rule,
                           const uint8_t *anchor32)
{
    return wick_trust_store_open(ts, &hal, BASE, chain, rule, anchor32);
}

static wick_status open(wick_trust_store *ts)
{
    return open_as(ts, CHAIN, RULE, anchor);
}

/* Is the store exactly this? */
static bool holds(const wick_trust_store *ts, const struct content *c)
{
    wick_buf b = wick_buf_make(read_mem, sizeof read_mem);
    if (ts->number != 100u * c->n || wick_trust_store_state(ts, &b) != WICK_OK ||
        b.len != c->len || memcmp(b.ptr, state_of(c).ptr, c->len) != 0) {
        return false;
    }
    for (size_t i = 0; i < WICK_TRUST_SETS_USED; i++) {
        const wick_trust_set *s = wick_trust_store_set(ts, i);
        if ((s != NULL) != (i < c->sets) || (s != NULL && s->name[0] != c->set[i])) {
            return false;
        }
        for (size_t k = 0; s != NULL && k < s->pieces; k++) {
            uint8_t want_mem[200], got_mem[200];
            wick_buf want = wick_buf_make(want_mem, sizeof want_mem);
            wick_buf got = wick_buf_make(got_mem, sizeof got_mem);
            put_piece(&want, c->set[i], k);
            if (wick_trust_store_piece(ts, &got, i, k) != WICK_OK || got.len != want.len ||
                memcmp(got_mem, want_mem, got.len) != 0) {
                return false;
            }
        }
    }
    return true;
}

static struct content one = {1, 2500, 2, {11, 12}}, two = {2, 5100, 2, {12, 13}},
                      three = {3, 40, 1, {13, 0}}, same_sets = {2, 1024, 2, {11, 12}};

/* ------------------------------------------------------------------ tests */

TEST(what_is_saved_is_read)
{
    wick_trust_store ts;
    fresh();
    REQUIRE_STATUS(open(&ts), WICK_OK);
    CHECK(wick_trust_store_is_empty(&ts));
    wick_buf b = wick_buf_make(read_mem, sizeof read_mem);
    CHECK_STATUS(wick_trust_store_state(&ts, &b), WICK_E_NOT_FOUND);
    struct content *all[] = {&one, &two, &three};
    for (unsigned i = 0; i < 3; i++) {
        REQUIRE_STATUS(save(&ts, all[i]), WICK_OK);
        CHECK(holds(&ts, all[i]));
        REQUIRE_STATUS(open(&ts), WICK_OK);
        CHECK(holds(&ts, all[i]));
    }
}

/* Flash is spared: sets that are there, and a state that is the same, are not written again. */
TEST(only_what_differs_is_written)
{
    wick_trust_store ts;
    fresh();
    REQUIRE_STATUS(open(&ts), WICK_OK);
    REQUIRE_STATUS(save(&ts, &one), WICK_OK);
    CHECK_INT(writes, 6 + 3 + 2); /* pieces, state, head and marks */
    writes = 0;
    REQUIRE_STATUS(save(&ts, &same_sets), WICK_OK);
    CHECK_INT(writes, 1 + 2);
    writes = 0;
    REQUIRE_STATUS(save(&ts, &same_sets), WICK_OK);
    CHECK_INT(writes, 1); /* the marks are there too */
    writes = 0;
    REQUIRE_STATUS(save(&ts, &two), WICK_OK);
    CHECK_INT(writes, 3 + 5 + 1); /* one set of the two is new; the marks were at this number */
}

/* Cuts the power at every write of an update, in every way. */
static void cut_everywhere(struct content *from, struct content *to, bool lower)
{
    static const wick_stub_fault kinds[] = {WICK_STUB_FAULT_BEFORE, WICK_STUB_FAULT_TORN,
                                            WICK_STUB_FAULT_AFTER};
    wick_trust_store ts;
    unsigned total = 0, olds = 0, news = 0;
    fresh();
    REQUIRE_STATUS(open(&ts), WICK_OK);
    REQUIRE_STATUS(save(&ts, from), WICK_OK);
    saved = mem;
    for (unsigned k = 0; k < 3; k++) {
        for (unsigned at = 1;; at++) {
            mem = saved;
            writes = 0;
            cut_kind = kinds[k];
            REQUIRE_STATUS(open(&ts), WICK_OK);
            cut_at = at;
            if (lower) {
                wick_trust_store_lower(&ts, 0, 0);
            }
            wick_status s = save(&ts, to);
            if (s == WICK_OK) {
                break; /* beyond the last write */
            }
            total++;
            power_on();
            REQUIRE_STATUS(open(&ts), WICK_OK);
            bool is_old = holds(&ts, from), is_new = holds(&ts, to);
            CHECK(is_old != is_new);
            olds += is_old ? 1 : 0;
            news += is_new ? 1 : 0;
            /* And life goes on. */
            if (lower) {
                wick_trust_store_lower(&ts, 0, 0);
            }
            CHECK_STATUS(save(&ts, to), WICK_OK);
            REQUIRE_STATUS(open(&ts), WICK_OK);
            CHECK(holds(&ts, to));
        }
    }
    CHECK(total >= 9 && olds != 0 && news != 0);
}

TEST(power_cut_at_every_write)
{
    cut_everywhere(&one, &two, false);
    cut_everywhere(&two, &three, false);
    cut_everywhere(&one, &same_sets, false);
}

/* A reorganisation takes the head and the marks down. */
TEST(power_cut_at_every_write_of_a_reorganisation)
{
    cut_everywhere(&three, &one, true);
    cut_everywhere(&two, &one, true);
}

TEST(power_cut_at_the_first_save)
{
    wick_trust_store ts;
    for (unsigned at = 1; at <= 11; at++) {
        fresh();
        REQUIRE_STATUS(open(&ts), WICK_OK);
        cut_at = at;
        cut_kind = WICK_STUB_FAULT_TORN;
        CHECK_STATUS(save(&ts, &one), WICK_E_HAL);
        power_on();
        REQUIRE_STATUS(open(&ts), WICK_OK);
        CHECK(wick_trust_store_is_empty(&ts) || holds(&ts, &one));
    }
}

TEST(of_another_chain_rule_or_anchor)
{
    static const uint8_t other[32] = {9};
    wick_trust_store ts;
    fresh();
    REQUIRE_STATUS(open(&ts), WICK_OK);
    REQUIRE_STATUS(save(&ts, &one), WICK_OK);
    saved = mem;
    CHECK_STATUS(open_as(&ts, CHAIN + 1, RULE, anchor), WICK_E_CONFIG);
    CHECK_STATUS(open_as(&ts, CHAIN, RULE + 1, anchor), WICK_E_CONFIG);
    CHECK_STATUS(open_as(&ts, CHAIN, RULE, other), WICK_E_CONFIG);
    CHECK_MEM(&saved, &mem, sizeof mem);
    /* On purpose: another anchor, the same marks. */
    REQUIRE_STATUS(wick_trust_store_erase(&hal, BASE, false), WICK_OK);
    REQUIRE_STATUS(open_as(&ts, CHAIN, RULE, other), WICK_OK);
    CHECK(wick_trust_store_is_empty(&ts));
    CHECK_INT(ts.mark_number, 100);
    CHECK_STATUS(open_as(&ts, CHAIN + 1, RULE, other), WICK_E_CONFIG); /* marks of the old chain */
    REQUIRE_STATUS(wick_trust_store_erase(&hal, BASE, true), WICK_OK);
    CHECK_STATUS(open_as(&ts, CHAIN + 1, RULE, other), WICK_OK);
}

TEST(unknown_versions_stay)
{
    wick_trust_store ts;
    uint8_t bytes[300] = {0};
    for (uint16_t key = BASE; key < BASE + 2; key++) {
        for (size_t len = 3; len <= sizeof bytes; len += 297) { /* also longer than ours */
            fresh();
            REQUIRE_STATUS(inner.put(inner.ctx, key, 2, wick_span_make(bytes, len)), WICK_OK);
            saved = mem;
            CHECK_STATUS(open(&ts), WICK_E_STORE_VERSION);
            CHECK_MEM(&saved, &mem, sizeof mem);
        }
    }
    /* Ours, but not as we write it. */
    fresh();
    REQUIRE_STATUS(inner.put(inner.ctx, BASE, 1, wick_span_make(bytes, 50)), WICK_OK);
    CHECK_STATUS(open(&ts), WICK_E_STORE_CORRUPT);
    REQUIRE_STATUS(inner.put(inner.ctx, BASE, 1, wick_span_make(bytes, 300)), WICK_OK);
    CHECK_STATUS(open(&ts), WICK_E_STORE_CORRUPT);
}

/* An old head beside newer marks was put there by somebody. */
TEST(rolled_back)
{
    wick_trust_store ts;
    uint8_t head[300], version = 0;
    wick_buf b = wick_buf_make(head, sizeof head);
    fresh();
    REQUIRE_STATUS(open(&ts), WICK_OK);
    REQUIRE_STATUS(save(&ts, &one), WICK_OK);
    REQUIRE_STATUS(inner.get(inner.ctx, BASE, &version, &b), WICK_OK);
    REQUIRE_STATUS(save(&ts, &two), WICK_OK);
    REQUIRE_STATUS(inner.put(inner.ctx, BASE, version, wick_buf_span(&b)), WICK_OK);
    CHECK_STATUS(open(&ts), WICK_E_HEADER_STALE);
}

TEST(saving_does_not_go_back)
{
    wick_trust_store ts;
    fresh();
    REQUIRE_STATUS(open(&ts), WICK_OK);
    REQUIRE_STATUS(save(&ts, &two), WICK_OK);
    CHECK_STATUS(save(&ts, &one), WICK_E_HEADER_STALE);
    CHECK(holds(&ts, &two));
    wick_trust_store_lower(&ts, 150, 1500);
    CHECK_STATUS(save(&ts, &one), WICK_E_HEADER_STALE);
    wick_trust_store_lower(&ts, 100, 1000);
    CHECK_STATUS(save(&ts, &one), WICK_OK);
    REQUIRE_STATUS(open(&ts), WICK_OK);
    CHECK(holds(&ts, &one));
}

/* A state chunk that the medium has changed, with a right checksum of its own. */
TEST(a_changed_state_is_corrupt)
{
    wick_trust_store ts;
    uint8_t chunk[WICK_STORE_VALUE_MAX], version = 0;
    fresh();
    REQUIRE_STATUS(open(&ts), WICK_OK);
    REQUIRE_STATUS(save(&ts, &one), WICK_OK);
    wick_buf b = wick_buf_make(chunk, sizeof chunk), out;
    uint16_t key = (uint16_t)(BASE + 2 + WICK_TRUST_STATE_CHUNKS * ts.area);
    REQUIRE_STATUS(inner.get(inner.ctx, key, &version, &b), WICK_OK);
    chunk[500] ^= 1;
    REQUIRE_STATUS(inner.put(inner.ctx, key, version, wick_buf_span(&b)), WICK_OK);
    out = wick_buf_make(read_mem, sizeof read_mem);
    CHECK_STATUS(wick_trust_store_state(&ts, &out), WICK_E_STORE_CORRUPT);
    REQUIRE_STATUS(inner.erase(inner.ctx, key), WICK_OK);
    out = wick_buf_make(read_mem, sizeof read_mem);
    CHECK_STATUS(wick_trust_store_state(&ts, &out), WICK_E_STORE_CORRUPT);
    out = wick_buf_make(read_mem, one.len - 1);
    CHECK_STATUS(wick_trust_store_state(&ts, &out), WICK_E_NO_SPACE);
}

TEST(bounds)
{
    static uint8_t large[WICK_TRUST_STATE_MAX + 1];
    wick_trust_store ts;
    wick_trust_set sets[3];
    memset(sets, 0, sizeof sets);
    fresh();
    REQUIRE_STATUS(open(&ts), WICK_OK);
    CHECK_STATUS(wick_trust_store_save(&ts, wick_span_make(large, sizeof large), NULL, 0, NULL,
                                       NULL, work, 1, 1),
                 WICK_E_LIMIT);
    CHECK_STATUS(
        wick_trust_store_save(&ts, wick_span_make(large, 1), sets, 3, piece, &one, work, 1, 1),
        WICK_E_LIMIT);
    sets[0].pieces = WICK_TRUST_PIECES + 1;
    CHECK_STATUS(
        wick_trust_store_save(&ts, wick_span_make(large, 1), sets, 1, piece, &one, work, 1, 1),
        WICK_E_LIMIT);
    CHECK_STATUS(wick_trust_store_save(&ts, wick_span_make(large, WICK_TRUST_STATE_MAX), NULL, 0,
                                       NULL, NULL, work, 1, 1),
                 WICK_OK);
    CHECK(wick_trust_store_is_empty(&ts) == false);
}

/* ------------------------------------------------------------------ export and import */

static uint8_t blob[BLOB_MAX], other_blob[BLOB_MAX];

static size_t export_to(uint8_t *out, const wick_trust_store *ts)
{
    wick_trust_export x;
    wick_buf b = wick_buf_make(out, BLOB_MAX);
    if (wick_trust_export_begin(&x, ts) != WICK_OK) {
        return 0;
    }
    wick_status s = WICK_AGAIN;
    while (s == WICK_AGAIN) {
        s = wick_trust_export_next(&x, &b);
    }
    CHECK_STATUS(s, WICK_OK);
    return b.len;
}

static wick_status import_from(wick_trust_store *ts, const uint8_t *bytes, size_t len, size_t step)
{
    static wick_trust_import im;
    wick_status s = WICK_OK;
    wick_trust_import_begin(&im, ts);
    for (size_t at = 0; at < len && s == WICK_OK; at += step) {
        size_t n = len - at < step ? len - at : step;
        s = wick_trust_import_input(&im, wick_span_make(bytes + at, n));
    }
    s = s == WICK_OK ? wick_trust_import_end(&im) : s;
    return s == WICK_OK ? wick_trust_import_commit(&im) : s;
}

/* A blob of `c`, and an empty store. */
static size_t make_blob(uint8_t *out, struct content *c)
{
    wick_trust_store ts;
    fresh();
    CHECK_STATUS(open(&ts), WICK_OK);
    CHECK_STATUS(save(&ts, c), WICK_OK);
    size_t len = export_to(out, &ts);
    fresh();
    return len;
}

TEST(exported_and_imported)
{
    struct content *all[] = {&one, &two, &three};
    static const size_t steps[] = {1, 7, 1024, BLOB_MAX};
    for (unsigned i = 0; i < 3; i++) {
        for (unsigned k = 0; k < 4; k++) {
            wick_trust_store ts;
            size_t len = make_blob(blob, all[i]);
            REQUIRE(len > all[i]->len);
            REQUIRE_STATUS(open(&ts), WICK_OK);
            REQUIRE_STATUS(import_from(&ts, blob, len, steps[k]), WICK_OK);
            CHECK(holds(&ts, all[i]));
            REQUIRE_STATUS(open(&ts), WICK_OK);
            CHECK(holds(&ts, all[i]));
            CHECK_INT(export_to(other_blob, &ts), len); /* the same bytes again */
            CHECK_MEM(blob, other_blob, len);
        }
    }
}

TEST(nothing_to_export)
{
    wick_trust_store ts;
    wick_trust_export x;
    fresh();
    REQUIRE_STATUS(open(&ts), WICK_OK);
    CHECK_STATUS(wick_trust_export_begin(&x, &ts), WICK_E_NOT_FOUND);
    REQUIRE_STATUS(save(&ts, &one), WICK_OK);
    REQUIRE_STATUS(wick_trust_export_begin(&x, &ts), WICK_OK);
    wick_buf b = wick_buf_make(blob, WICK_TRUST_STEP_MAX - 1);
    CHECK_STATUS(wick_trust_export_next(&x, &b), WICK_E_NO_SPACE);
}

/* What is written between two steps of an export would be mixed into it. */
TEST(a_save_ends_an_export)
{
    wick_trust_store ts;
    wick_trust_export x;
    fresh();
    REQUIRE_STATUS(open(&ts), WICK_OK);
    REQUIRE_STATUS(save(&ts, &one), WICK_OK);
    REQUIRE_STATUS(wick_trust_export_begin(&x, &ts), WICK_OK);
    wick_buf b = wick_buf_make(blob, sizeof blob);
    CHECK_STATUS(wick_trust_export_next(&x, &b), WICK_AGAIN);
    REQUIRE_STATUS(save(&ts, &two), WICK_OK);
    CHECK_STATUS(wick_trust_export_next(&x, &b), WICK_E_STATE);
    CHECK(export_to(blob, &ts) != 0); /* begun anew */
}

/* No change of any byte gets in, and what was there stays. */
TEST(every_byte_of_an_import_counts)
{
    wick_trust_store ts;
    size_t len = make_blob(blob, &three);
    struct content before = {1, 700, 1, {77, 0}};
    REQUIRE_STATUS(open(&ts), WICK_OK);
    REQUIRE_STATUS(save(&ts, &before), WICK_OK);
    for (size_t i = 0; i < len; i++) {
        blob[i] ^= 0x40;
        wick_status s = import_from(&ts, blob, len, BLOB_MAX);
        CHECK(s != WICK_OK);
        CHECK(holds(&ts, &before));
        blob[i] ^= 0x40;
    }
    for (size_t i = 0; i < len; i++) {
        CHECK_STATUS(import_from(&ts, blob, i, BLOB_MAX), WICK_E_TRUNCATED);
    }
    blob[len] = 0;
    CHECK_STATUS(import_from(&ts, blob, len + 1, BLOB_MAX), WICK_E_TRAILING);
    REQUIRE_STATUS(open(&ts), WICK_OK);
    CHECK(holds(&ts, &before));
    CHECK_STATUS(import_from(&ts, blob, len, BLOB_MAX), WICK_OK);
}

TEST(imports_that_are_refused)
{
    static const uint8_t other[32] = {9};
    wick_trust_store ts;
    size_t len = make_blob(blob, &two);
    REQUIRE_STATUS(open_as(&ts, CHAIN + 1, RULE, anchor), WICK_OK);
    CHECK_STATUS(import_from(&ts, blob, len, BLOB_MAX), WICK_E_CONFIG);
    REQUIRE_STATUS(open_as(&ts, CHAIN, RULE + 1, anchor), WICK_OK);
    CHECK_STATUS(import_from(&ts, blob, len, BLOB_MAX), WICK_E_CONFIG);
    REQUIRE_STATUS(open_as(&ts, CHAIN, RULE, other), WICK_OK);
    CHECK_STATUS(import_from(&ts, blob, len, BLOB_MAX), WICK_E_CONFIG);
    REQUIRE_STATUS(open(&ts), WICK_OK);
    blob[10] = 2;
    CHECK_STATUS(import_from(&ts, blob, len, BLOB_MAX), WICK_E_UNSUPPORTED);
    blob[10] = 1;
    blob[0] = 'W';
    CHECK_STATUS(import_from(&ts, blob, len, BLOB_MAX), WICK_E_MALFORMED);
    blob[0] = 'w';
    blob[len - 1] ^= 1;
    CHECK_STATUS(import_from(&ts, blob, len, BLOB_MAX), WICK_E_AUTH);
    blob[len - 1] ^= 1;
    /* Older than what is known here. */
    REQUIRE_STATUS(save(&ts, &three), WICK_OK);
    CHECK_STATUS(import_from(&ts, blob, len, BLOB_MAX), WICK_E_HEADER_STALE);
    CHECK(holds(&ts, &three));
    /* Also where the head is gone and only the marks are left. */
    REQUIRE_STATUS(wick_trust_store_erase(&hal, BASE, false), WICK_OK);
    REQUIRE_STATUS(open(&ts), WICK_OK);
    CHECK_STATUS(import_from(&ts, blob, len, BLOB_MAX), WICK_E_HEADER_STALE);
}

TEST(power_cut_at_every_write_of_an_import)
{
    static const wick_stub_fault kinds[] = {WICK_STUB_FAULT_BEFORE, WICK_STUB_FAULT_TORN,
                                            WICK_STUB_FAULT_AFTER};
    wick_trust_store ts;
    size_t len = make_blob(blob, &two);
    unsigned total = 0;
    REQUIRE_STATUS(open(&ts), WICK_OK);
    REQUIRE_STATUS(save(&ts, &one), WICK_OK);
    saved = mem;
    for (unsigned k = 0; k < 3; k++) {
        for (unsigned at = 1;; at++) {
            mem = saved;
            writes = 0;
            REQUIRE_STATUS(open(&ts), WICK_OK);
            cut_at = at;
            cut_kind = kinds[k];
            if (import_from(&ts, blob, len, 100) == WICK_OK) {
                break;
            }
            total++;
            power_on();
            REQUIRE_STATUS(open(&ts), WICK_OK);
            CHECK(holds(&ts, &one) != holds(&ts, &two));
        }
    }
    CHECK(total > 30);
}

TEST(a_commit_comes_after_a_good_end)
{
    static wick_trust_import im;
    wick_trust_store ts;
    size_t len = make_blob(blob, &three);
    REQUIRE_STATUS(open(&ts), WICK_OK);
    wick_trust_import_begin(&im, &ts);
    CHECK_STATUS(wick_trust_import_commit(&im), WICK_E_STATE);
    CHECK_STATUS(wick_trust_import_input(&im, wick_span_make(blob, len)), WICK_OK);
    CHECK_STATUS(wick_trust_import_commit(&im), WICK_E_STATE);
    CHECK_STATUS(wick_trust_import_end(&im), WICK_OK);
    CHECK_STATUS(wick_trust_import_commit(&im), WICK_OK);
    CHECK_STATUS(wick_trust_import_commit(&im), WICK_E_STATE);
}

TAP_MAIN("unit.trust_store", CASE(what_is_saved_is_read), CASE(only_what_differs_is_written),
         CASE(power_cut_at_every_write), CASE(power_cut_at_every_write_of_a_reorganisation),
         CASE(power_cut_at_the_first_save), CASE(of_another_chain_rule_or_anchor),
         CASE(unknown_versions_stay), CASE(rolled_back), CASE(saving_does_not_go_back),
         CASE(a_changed_state_is_corrupt), CASE(bounds), CASE(exported_and_imported),
         CASE(nothing_to_export), CASE(a_save_ends_an_export), CASE(every_byte_of_an_import_counts),
         CASE(imports_that_are_refused), CASE(power_cut_at_every_write_of_an_import),
         CASE(a_commit_comes_after_a_good_end))
