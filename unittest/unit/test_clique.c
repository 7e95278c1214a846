/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick/clique.h: EIP-225 on synthetic chains (seal_world.h), with a second book-keeping of votes
 * beside, written as the EIP tells it.
 */
#include "wick/clique.h"

#include "seal_world.h"
#include "tap.h"

#define EPOCH 40u

static const wick_clique_config cfg = {WORLD_CHAIN, EPOCH, WORLD_PERIOD};
static const wick_trust_now soon = {WORLD_GENESIS_TIME + 1000, true};
static const wick_trust_now no_clock = {0, false};

static wick_clique state, other;
static wick_trusted_header th;
static struct sealed chain[200]; /* by number */

/* ---- the other book-keeping ---- */

static struct {
    bool member[WORLD_KEYS];
    bool voted[WORLD_KEYS][WORLD_KEYS]; /* voter, subject */
} book;

static size_t members(void)
{
    size_t n = 0;
    for (int i = 0; i < WORLD_KEYS; i++) {
        n += book.member[i];
    }
    return n;
}

static void book_start(size_t n)
{
    memset(&book, 0, sizeof book);
    for (size_t i = 0; i < n; i++) {
        book.member[i] = true;
    }
}

static void book_vote(int voter, int subject, bool add)
{
    size_t votes = 0, n = members();
    if (subject < 0) {
        return;
    }
    book.voted[voter][subject] = add != book.member[subject];
    for (int i = 0; i < WORLD_KEYS; i++) {
        votes += book.voted[i][subject];
    }
    if (votes <= n / 2) {
        return;
    }
    book.member[subject] = !book.member[subject];
    for (int i = 0; i < WORLD_KEYS; i++) {
        book.voted[i][subject] = false;
        if (!book.member[subject]) {
            book.voted[subject][i] = false;
        }
    }
}

/* Place of a key among the members, whose keys are in the order of their addresses. */
static size_t turn_of(int key)
{
    size_t at = 0;
    for (int i = 0; i < key; i++) {
        at += book.member[i];
    }
    return at;
}

/* ---- making a chain ---- */

static struct spec next_spec(uint64_t number, int signer)
{
    struct spec s = world_spec(WICK_SEAL_CLIQUE, number, 0, number != 0 ? &chain[number - 1] : NULL);
    size_t n = members();
    s.proposer = signer;
    if (number % EPOCH == 0) {
        s.list_signers = true;
        for (int i = 0; i < WORLD_KEYS; i++) {
            if (book.member[i]) {
                s.set[s.set_len++] = i;
            }
        }
    }
    s.difficulty = n != 0 && number % n == turn_of(signer) ? 2 : 1;
    return s;
}

static wick_status give(const struct spec *s)
{
    struct sealed *b = &chain[s->number];
    world_make(b, s);
    return wick_clique_header(&state, world_crypto(), sealed_span(b), &soon);
}

static void refuse(const struct spec *s, wick_status want)
{
    wick_clique before = state;
    CHECK_STATUS(give(s), want);
    CHECK(memcmp(&before, &state, sizeof state) == 0);
}

/* Signers 0..n-1, pinned at genesis. */
static void start(size_t n)
{
    struct spec s;
    book_start(n);
    s = next_spec(0, 0);
    world_make(&chain[0], &s);
    CHECK_STATUS(wick_clique_pin(&state, &cfg, world_crypto(), sealed_span(&chain[0]),
                                 chain[0].hash), WICK_OK);
}

/* The next block by `signer`, with a vote or none. */
static void good(int signer, int subject, bool add)
{
    struct spec s = next_spec(state.number + 1, signer);
    s.subject = subject;
    s.add = add;
    CHECK_STATUS(give(&s), WICK_OK);
    book_vote(signer, subject, add);
    CHECK_INT(state.set.count, members());
}

static void plain(int signer)
{
    good(signer, -1, false);
}

static bool is_signer(int key)
{
    return wick_signers_find(&state.set, world_address(key)) < state.set.count;
}

static wick_status trust(uint64_t number)
{
    return wick_clique_trust(&th, &state, sealed_span(&chain[number]));
}

/* ---- following ---- */

TEST(headers_in_turn_and_out_of_turn)
{
    start(3);
    plain(1); /* 1 % 3 */
    plain(2);
    plain(1); /* out of turn */
    struct spec s = next_spec(4, 0);
    CHECK_INT(s.difficulty, 1);
    s.difficulty = 2;
    refuse(&s, WICK_E_SEAL_SIGNER); /* claims a turn that is another's */
    s = next_spec(4, 2);
    s.difficulty = 1;
    plain(0);
    s = next_spec(5, 2);
    CHECK_INT(s.difficulty, 2);
    s.difficulty = 1;
    refuse(&s, WICK_E_SEAL_SIGNER);
    s.difficulty = 0;
    refuse(&s, WICK_E_SEAL_SIGNER);
    s.difficulty = 3;
    refuse(&s, WICK_E_SEAL_SIGNER);
    plain(2);
}

TEST(strangers_and_recent_signers)
{
    for (size_t n = 1; n <= 7; n++) {
        start(n);
        struct spec s = next_spec(1, 20);
        refuse(&s, WICK_E_SEAL_SIGNER);
        /* Each of the last n / 2 must wait. */
        for (int i = 0; i < 3 * (int)n; i++) {
            plain(i % ((int)n / 2 + 1));
            for (int back = 0; back < (int)n / 2 && back <= i; back++) {
                s = next_spec(state.number + 1, (i - back) % ((int)n / 2 + 1));
                refuse(&s, WICK_E_SEAL_SIGNER);
            }
        }
    }
}

TEST(high_s_is_the_same_signer)
{
    start(3);
    struct spec s = next_spec(1, 1);
    s.high_s = true;
    CHECK_STATUS(give(&s), WICK_OK);
    s = next_spec(2, 1);
    s.high_s = true;
    refuse(&s, WICK_E_SEAL_SIGNER);
}

TEST(parents_and_times)
{
    start(3);
    plain(1);
    struct spec s = next_spec(2, 2);
    s.parent[0] ^= 1;
    refuse(&s, WICK_E_HEADER_PARENT);
    s = next_spec(2, 2);
    s.number = 3;
    s.difficulty = 1;
    refuse(&s, WICK_E_HEADER_PARENT);
    struct sealed first = chain[1];
    s.number = 1;
    refuse(&s, WICK_E_HEADER_PARENT);
    chain[1] = first;
    s = next_spec(2, 2);
    s.timestamp--;
    refuse(&s, WICK_E_HEADER_STALE); /* before the period has passed */
    s.timestamp -= 100;
    refuse(&s, WICK_E_HEADER_STALE);
    s.timestamp = soon.unix_s + WICK_TRUST_FUTURE_S + 1;
    refuse(&s, WICK_E_HEADER_FUTURE);
    wick_clique copy = state;
    CHECK_STATUS(wick_clique_header(&copy, world_crypto(), sealed_span(&chain[2]), &no_clock),
                 WICK_OK);
    s.timestamp--;
    CHECK_STATUS(give(&s), WICK_OK);
}

TEST(fields_as_the_eip_says)
{
    start(3);
    plain(1);
    struct spec s = next_spec(2, 2);
    s.other_mix = true;
    refuse(&s, WICK_E_MALFORMED);
    s = next_spec(2, 2);
    s.list_signers = true; /* no epoch */
    s.set_len = 1;
    refuse(&s, WICK_E_MALFORMED);
    s = next_spec(2, 2);
    s.more_fields = 6; /* of forks to come */
    CHECK_STATUS(give(&s), WICK_OK);
    /* The nonce is all zeros or all ones: byte by byte, from the end of the header. */
    s = next_spec(3, 0);
    world_make(&chain[3], &s);
    chain[3].rlp[chain[3].len - 2] = 1;
    CHECK_STATUS(wick_clique_header(&state, world_crypto(), sealed_span(&chain[3]), &soon),
                 WICK_E_MALFORMED);
}

TEST(every_byte_is_sealed)
{
    unsigned accepted = 0;
    start(3);
    struct spec s = next_spec(1, 1);
    struct sealed *b = &chain[1];
    world_make(b, &s);
    for (size_t i = 0; i < b->len; i++) {
        wick_clique copy = state;
        b->rlp[i] ^= (uint8_t)(1u << (i % 8));
        accepted += wick_clique_header(&copy, world_crypto(), sealed_span(b), &soon) == WICK_OK;
        b->rlp[i] ^= (uint8_t)(1u << (i % 8));
    }
    for (size_t len = 0; len < b->len; len++) {
        accepted += wick_clique_header(&state, world_crypto(), wick_span_make(b->rlp, len),
                                       &soon) == WICK_OK;
    }
    CHECK_INT(accepted, 0);
    CHECK_STATUS(give(&s), WICK_OK);
}

/* ---- votes ---- */

TEST(more_than_half_vote_a_signer_in)
{
    start(4);
    good(1, 20, true);
    good(2, 20, true);
    CHECK(!is_signer(20)); /* 2 of 4 */
    good(3, 20, true);
    CHECK(is_signer(20));
    plain(20);
    /* And out, which voids what it voted. */
    plain(1);
    plain(2);
    good(20, 30, true);
    good(0, 30, true);
    good(1, 20, false);
    good(2, 20, false);
    CHECK(is_signer(20));
    good(3, 20, false); /* 3 of 5 */
    CHECK(!is_signer(20));
    struct spec s = next_spec(state.number + 1, 20);
    refuse(&s, WICK_E_SEAL_SIGNER);
    good(0, 30, true);
    good(1, 30, true);
    CHECK(!is_signer(30)); /* 0 twice is one vote; that of 20 is gone */
    good(2, 30, true);
    CHECK(is_signer(30));
}

TEST(a_vote_counts_once_and_may_be_withdrawn)
{
    start(3);
    for (int i = 0; i < 4; i++) {
        good(1, 20, true);
        plain(2);
        plain(0);
    }
    CHECK(!is_signer(20));
    good(1, 20, false); /* withdraws */
    good(2, 20, true);
    CHECK(!is_signer(20));
    good(0, 20, true);
    CHECK(is_signer(20));
}

TEST(votes_for_what_is_so_are_none)
{
    start(3);
    good(1, 0, true);
    good(2, 0, true);
    good(0, 30, false);
    good(1, 30, false);
    CHECK_INT(state.set.count, 3);
    CHECK_INT(state.votes, 0);
}

/* 2 of 4 vote one out; then another leaves, and 2 of 3 would do: the next header about it decides,
 * whatever that one votes. */
TEST(a_smaller_set_lowers_the_bar)
{
    start(4);
    good(1, 0, false);
    good(2, 0, false);
    CHECK(is_signer(0));
    plain(3);
    good(1, 3, false);
    good(2, 3, false);
    good(0, 3, false);
    CHECK(!is_signer(3));
    CHECK(is_signer(0));
    good(1, -1, false);
    good(2, -1, false);
    good(0, 0, true);
    CHECK(!is_signer(0));
}

TEST(an_epoch_forgets_votes)
{
    start(4);
    for (int i = 1; i < (int)EPOCH; i++) {
        good(i % 4, i >= (int)EPOCH - 2 ? 20 : -1, i >= (int)EPOCH - 2);
    }
    CHECK_INT(state.votes, 2);
    struct spec s = next_spec(EPOCH, 0);
    s.add = true;
    refuse(&s, WICK_E_MALFORMED); /* votes */
    s = next_spec(EPOCH, 0);
    s.subject = 20;
    refuse(&s, WICK_E_MALFORMED);
    s = next_spec(EPOCH, 0);
    s.set[3] = 20;
    refuse(&s, WICK_E_MALFORMED); /* lists somebody else */
    s.set_len = 3;
    refuse(&s, WICK_E_MALFORMED); /* leaves one out */
    s.list_signers = false;
    refuse(&s, WICK_E_MALFORMED);
    s = next_spec(EPOCH, 0);
    s.set[0] = 1;
    s.set[1] = 0;
    refuse(&s, WICK_E_MALFORMED); /* out of order */
    plain(0);
    CHECK_INT(state.votes, 0);
    memset(book.voted, 0, sizeof book.voted);
    good(1, 20, true); /* the third vote, had the two not been forgotten */
    CHECK(!is_signer(20));
}

/* Nobody has its key: a vote for address zero is none, whoever casts it. */
TEST(address_zero_is_never_voted_in)
{
    start(3);
    for (int i = 1; i < 10; i++) {
        good(i % 3, -1, true);
    }
    CHECK_INT(state.votes, 0);
}

/* Random votes, 180 blocks: the list of each epoch header is the other book's. */
TEST(random_votes_agree_with_the_other_book)
{
    uint32_t r = 12345;
    unsigned changed = 0;
    start(5);
    for (uint64_t n = 1; n < 180; n++) {
        size_t before = members();
        int signer = -1;
        if (n % EPOCH == 0) {
            memset(book.voted, 0, sizeof book.voted);
        }
        for (int tries = 0; signer < 0 && tries < 1000; tries++) {
            r = r * 1103515245u + 12345u;
            int key = (int)((r >> 16) % 9);
            bool lately = false;
            for (uint64_t i = n - 1; i != 0 && i + before / 2 >= n; i--) {
                lately = lately || memcmp(state.block[i % WICK_CLIQUE_WINDOW].signer,
                                          world_address(key), 20) == 0;
            }
            signer = book.member[key] && !lately ? key : -1;
        }
        REQUIRE(signer >= 0);
        r = r * 1103515245u + 12345u;
        int subject = n % EPOCH == 0 || (r >> 30) == 0 ? -1 : (int)(n / 10 + (r >> 16) % 2) % 9;
        bool add = subject >= 0 && ((r >> 24) & 3u) != 0 ? !book.member[subject] : (r >> 29) & 1u;
        if (before <= 3 && subject >= 0 && book.member[subject]) {
            add = true;
        }
        good(signer, subject, subject >= 0 && add);
        changed += members() != before;
        for (int key = 0; key < 9; key++) {
            CHECK(is_signer(key) == book.member[key]);
        }
    }
    CHECK(changed > 10);
}

TEST(more_votes_than_a_state_holds)
{
    start(7);
    int subject = 8;
    for (int i = 0; i < WICK_CLIQUE_VOTES_MAX; i++) {
        good((i + 1) % 7, subject++, true);
    }
    struct spec s = next_spec(state.number + 1, (WICK_CLIQUE_VOTES_MAX + 1) % 7);
    s.subject = subject;
    s.add = true;
    refuse(&s, WICK_E_LIMIT);
}

/* ---- trust ---- */

TEST(depth_of_distinct_signers)
{
    for (size_t n = 1; n <= 7; n++) {
        start(n);
        uint64_t need = n / 2 + 1;
        CHECK_STATUS(trust(0), WICK_E_TRUST_DEPTH); /* nobody sealed genesis */
        for (uint64_t i = 1; i < need; i++) {
            plain((int)(i % n));
            CHECK_STATUS(trust(1), WICK_E_TRUST_DEPTH);
            CHECK(!wick_trust_is_made(&th));
        }
        plain((int)(need % n));
        REQUIRE_STATUS(trust(1), WICK_OK);
        CHECK_INT(th.tier, WICK_TIER_POA);
        CHECK_INT(th.number, 1);
        CHECK_INT(th.chain_id, WORLD_CHAIN);
        CHECK_MEM(th.hash, chain[1].hash, 32);
        CHECK(th.transactions_root[1] == 1 && th.receipts_root[1] == 2);
        CHECK_STATUS(trust(0), WICK_OK);
        CHECK_STATUS(trust(2), need > 1 || state.number < 2
                                   ? (state.number < 2 ? WICK_E_HEADER_PARENT : WICK_E_TRUST_DEPTH)
                                   : WICK_OK);
    }
}

TEST(headers_that_are_not_followed)
{
    start(1);
    for (uint64_t i = 1; i < 10; i++) {
        plain(0);
    }
    struct spec s = next_spec(5, 0);
    struct sealed rival;
    s.salt = 1;
    world_make(&rival, &s);
    CHECK_STATUS(wick_clique_trust(&th, &state, sealed_span(&rival)), WICK_E_HEADER_HASH);
    s = next_spec(10, 0);
    world_make(&rival, &s);
    CHECK_STATUS(wick_clique_trust(&th, &state, sealed_span(&rival)), WICK_E_HEADER_PARENT);
    CHECK(!wick_trust_is_made(&th));
    for (uint64_t i = 10; i < WICK_CLIQUE_WINDOW; i++) {
        plain(0);
    }
    CHECK_STATUS(trust(0), WICK_OK);
    plain(0);
    CHECK_STATUS(trust(0), WICK_E_HEADER_STALE);
    CHECK_STATUS(trust(1), WICK_OK);
    memset(&other, 0, sizeof other);
    CHECK_STATUS(wick_clique_trust(&th, &other, sealed_span(&chain[1])), WICK_E_STATE);
}

TEST(heavier_branch)
{
    start(3);
    plain(1);
    plain(2);
    wick_clique at2 = state;
    struct sealed own3;
    plain(1); /* out of turn */
    own3 = chain[3];
    wick_clique own = state;
    state = at2;
    plain(0); /* in turn */
    CHECK(wick_clique_is_heavier(&state, &own));
    CHECK(!wick_clique_is_heavier(&own, &state));
    CHECK(!wick_clique_is_heavier(&own, &own));
    CHECK_STATUS(wick_clique_trust(&th, &state, sealed_span(&own3)), WICK_E_HEADER_HASH);
    memset(&other, 0, sizeof other);
    CHECK(!wick_clique_is_heavier(&other, &own));
    CHECK(!wick_clique_is_heavier(&state, &other));
}

/* ---- pins and skips ---- */

TEST(pins)
{
    uint8_t hash[32];
    start(3);
    memcpy(hash, chain[0].hash, 32);
    hash[0] ^= 1;
    CHECK_STATUS(wick_clique_pin(&other, &cfg, world_crypto(), sealed_span(&chain[0]), hash),
                 WICK_E_HEADER_HASH);
    CHECK_STATUS(wick_clique_header(&other, world_crypto(), sealed_span(&chain[0]), &soon),
                 WICK_E_STATE);
    wick_clique_config none = cfg;
    none.epoch = 0;
    CHECK_STATUS(wick_clique_pin(&other, &none, world_crypto(), sealed_span(&chain[0]),
                                 chain[0].hash), WICK_E_BAD_ARG);
    plain(1);
    CHECK_STATUS(wick_clique_pin(&other, &cfg, world_crypto(), sealed_span(&chain[1]),
                                 chain[1].hash), WICK_E_MALFORMED); /* lists nobody */
    /* An epoch header may be pinned; it is sealed by one of those it lists. */
    struct spec s = next_spec(EPOCH, 20);
    world_make(&chain[2], &s);
    CHECK_STATUS(wick_clique_pin(&other, &cfg, world_crypto(), sealed_span(&chain[2]),
                                 chain[2].hash), WICK_E_SEAL_SIGNER);
    s = next_spec(EPOCH, 0);
    world_make(&chain[2], &s);
    CHECK_STATUS(wick_clique_pin(&other, &cfg, world_crypto(), sealed_span(&chain[2]),
                                 chain[2].hash), WICK_OK);
    s.set_len = 0;
    world_make(&chain[2], &s);
    CHECK_STATUS(wick_clique_pin(&other, &cfg, world_crypto(), sealed_span(&chain[2]),
                                 chain[2].hash), WICK_E_MALFORMED);
}

/* A chain up to the epoch with some votes; `from` stays at block 3. */
static wick_clique from;

static void to_epoch(size_t n)
{
    start(n);
    for (uint64_t i = 1; i < EPOCH; i++) {
        plain((int)(i % n));
        if (i == 3) {
            from = state;
        }
    }
    plain((int)(EPOCH % n));
}

static wick_status skip(const wick_trust_now *now, uint32_t trusting_s)
{
    return wick_clique_skip(&other, &from, world_crypto(), sealed_span(&chain[EPOCH]), now,
                            trusting_s);
}

TEST(skip_to_an_epoch)
{
    for (size_t n = 1; n <= 7; n++) {
        to_epoch(n);
        REQUIRE_STATUS(skip(&soon, 0), WICK_OK);
        uint64_t at = EPOCH;
        while (wick_clique_skip_end(&other, &from) == WICK_E_TRUST_DEPTH) {
            CHECK_STATUS(wick_clique_trust(&th, &other, sealed_span(&chain[EPOCH])), WICK_E_STATE);
            at++;
            plain((int)(at % n));
            REQUIRE_STATUS(wick_clique_header(&other, world_crypto(), sealed_span(&chain[at]),
                                              &soon), WICK_OK);
        }
        CHECK_INT(at - EPOCH + 1, n / 2 + 1);
        CHECK_STATUS(wick_clique_skip_end(&other, &from), WICK_E_STATE); /* has ended */
        CHECK_STATUS(wick_clique_trust(&th, &other, sealed_span(&chain[EPOCH])), WICK_OK);
        CHECK_MEM(other.origin, state.origin, 32);
    }
}

/* Somebody makes an epoch header of his own signers. */
TEST(skip_by_strangers_never_ends)
{
    to_epoch(4);
    book_start(0);
    for (int i = 20; i < 24; i++) {
        book.member[i] = true;
    }
    struct spec s = next_spec(EPOCH, 20);
    world_make(&chain[EPOCH], &s);
    REQUIRE_STATUS(skip(&soon, 0), WICK_OK);
    for (uint64_t at = EPOCH + 1; at < EPOCH + 20; at++) {
        s = next_spec(at, 20 + (int)(at % 4));
        world_make(&chain[at], &s);
        REQUIRE_STATUS(wick_clique_header(&other, world_crypto(), sealed_span(&chain[at]), &soon),
                       WICK_OK);
        CHECK_STATUS(wick_clique_skip_end(&other, &from), WICK_E_TRUST_DEPTH);
    }
    /* With two of ours (half, not more) among his signers it does not end either. */
    book.member[0] = book.member[1] = true;
    s = next_spec(EPOCH, 0);
    world_make(&chain[EPOCH], &s);
    REQUIRE_STATUS(skip(&soon, 0), WICK_OK);
    static const int order[] = {1, 20, 21, 22, 23, 0, 1, 20};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        s = next_spec(EPOCH + 1 + i, order[i]);
        world_make(&chain[s.number], &s);
        REQUIRE_STATUS(wick_clique_header(&other, world_crypto(), sealed_span(&chain[s.number]),
                                          &soon), WICK_OK);
        CHECK_STATUS(wick_clique_skip_end(&other, &from), WICK_E_TRUST_DEPTH);
    }
}

TEST(skip_in_time_and_forward_only)
{
    wick_trust_now now = {0, true};
    to_epoch(3);
    now.unix_s = from.timestamp + WICK_SEAL_TRUSTING_S + 1;
    CHECK_STATUS(skip(&now, 0), WICK_E_EXPIRED);
    CHECK_STATUS(wick_clique_header(&other, world_crypto(), sealed_span(&chain[EPOCH]), &soon),
                 WICK_E_STATE);
    now.unix_s--;
    CHECK_STATUS(skip(&now, 0), WICK_OK);
    CHECK_STATUS(skip(&soon, 900), WICK_E_EXPIRED);
    CHECK_STATUS(skip(&no_clock, 0), WICK_E_NO_CLOCK);
    now.unix_s = from.timestamp - WICK_TRUST_FUTURE_S;
    CHECK_STATUS(skip(&now, 0), WICK_E_HEADER_FUTURE);
    from = state; /* stands at the epoch already */
    CHECK_STATUS(skip(&soon, 0), WICK_E_HEADER_STALE);
    memset(&from, 0, sizeof from);
    CHECK_STATUS(skip(&soon, 0), WICK_E_STATE);
    to_epoch(3);
    CHECK_STATUS(wick_clique_skip(&other, &from, world_crypto(), sealed_span(&chain[9]), &soon, 0),
                 WICK_E_MALFORMED); /* no epoch header */
    CHECK_STATUS(skip(&soon, 0), WICK_OK);
    wick_clique foreign = from;
    foreign.origin[0] ^= 1;
    CHECK_STATUS(wick_clique_skip_end(&other, &foreign), WICK_E_BAD_ARG);
    CHECK_STATUS(wick_clique_skip(&foreign, &other, world_crypto(), sealed_span(&chain[EPOCH]),
                                  &soon, 0), WICK_E_STATE);
}

/* ---- store ---- */

TEST(export_and_import)
{
    static uint8_t m[WICK_CLIQUE_EXPORT_MAX], again[WICK_CLIQUE_EXPORT_MAX];
    wick_buf b = wick_buf_make(m, sizeof m), c = wick_buf_make(again, sizeof again);
    memset(&other, 0, sizeof other);
    CHECK_STATUS(wick_clique_export(&b, &other), WICK_E_STATE);
    start(4);
    for (int i = 1; i < 9; i++) {
        good(i % 4, i < 3 ? 20 : -1, i < 3);
    }
    REQUIRE_STATUS(wick_clique_export(&b, &state), WICK_OK);
    REQUIRE_STATUS(wick_clique_import(&other, wick_buf_span(&b)), WICK_OK);
    REQUIRE_STATUS(wick_clique_export(&c, &other), WICK_OK);
    REQUIRE(b.len == c.len);
    CHECK_MEM(m, again, b.len);
    state = other;
    good(1, -1, false);
    good(2, -1, false);
    CHECK_STATUS(trust(8), WICK_OK);
    good(3, 20, true); /* the votes came along */
    CHECK(is_signer(20));
    for (size_t len = 0; len < b.len; len++) {
        CHECK_STATUS(wick_clique_import(&other, wick_span_make(m, len)), WICK_E_TRUNCATED);
        CHECK_INT(other.phase, 0);
    }
    static const struct {
        uint8_t at, to;
        wick_status want;
    } bad[] = {{0, 9, WICK_E_UNSUPPORTED}, {1, 65, WICK_E_LIMIT},
               {2, 255, WICK_E_LIMIT},     {3, 0, WICK_E_MALFORMED},
               {3, 11, WICK_E_MALFORMED},  {3, 8, WICK_E_TRAILING},
               {1, 3, WICK_E_TRAILING},    {108, 0xff, WICK_E_MALFORMED}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint8_t keep = m[bad[i].at];
        m[bad[i].at] = bad[i].to;
        CHECK_STATUS(wick_clique_import(&other, wick_buf_span(&b)), bad[i].want);
        CHECK_INT(other.phase, 0);
        m[bad[i].at] = keep;
    }
    memset(m + 12, 0, 4); /* epoch */
    CHECK_STATUS(wick_clique_import(&other, wick_buf_span(&b)), WICK_E_MALFORMED);
}

TAP_MAIN("unit.clique", CASE(headers_in_turn_and_out_of_turn), CASE(strangers_and_recent_signers),
         CASE(high_s_is_the_same_signer), CASE(parents_and_times), CASE(fields_as_the_eip_says),
         CASE(every_byte_is_sealed), CASE(more_than_half_vote_a_signer_in),
         CASE(a_vote_counts_once_and_may_be_withdrawn), CASE(votes_for_what_is_so_are_none),
         CASE(a_smaller_set_lowers_the_bar), CASE(an_epoch_forgets_votes), CASE(address_zero_is_never_voted_in),
         CASE(random_votes_agree_with_the_other_book), CASE(more_votes_than_a_state_holds),
         CASE(depth_of_distinct_signers), CASE(headers_that_are_not_followed), CASE(heavier_branch),
         CASE(pins), CASE(skip_to_an_epoch), CASE(skip_by_strangers_never_ends),
         CASE(skip_in_time_and_forward_only), CASE(export_and_import))
