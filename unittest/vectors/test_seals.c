/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recorded headers of consortium chains: Clique (Rinkeby 30000, a chain of Besu) and IBFT 1. Each
 * decodes, hashes to its block by the rule of its chain, and is sealed by those the file says; where
 * the headers follow each other, a state follows them too. QBFT headers, where a file has some, come
 * with a verdict.
 */
#include "data.h"
#include "wick/bft.h"
#include "wick/clique.h"
#include "wick/port/crypto.h"

#include "tap.h"

static wick_hal_crypto crypto;
static wick_crypto_ctx cc;

static bool setup(void)
{
    return wick_crypto_init(&crypto, &cc) == WICK_OK;
}

static bool engine_is(const cJSON *o, const char *name)
{
    const cJSON *e = data_get(o, "engine");
    return cJSON_IsString(e) && strcmp(e->valuestring, name) == 0;
}

static const cJSON *first_item(const cJSON *root)
{
    const cJSON *blocks = cJSON_IsArray(root) ? root : data_get(root, "blocks");
    return cJSON_IsArray(blocks) ? blocks->child : NULL;
}

/* Calls with the first header of every file of that engine. */
static unsigned each_chain(const char *engine, void (*use)(const cJSON *first))
{
    size_t count = 0;
    unsigned found = 0;
    const data_file *f = data_files(&count);
    for (size_t i = 0; i < count; i++) {
        const cJSON *first = first_item(f[i].root);
        if (first != NULL && engine_is(first, engine)) {
            use(first);
            found++;
        }
    }
    return found;
}

static wick_span rlp_of(const cJSON *o)
{
    wick_span s = {NULL, 0};
    CHECK(data_hex(&s, data_get(o, "header_rlp")));
    return s;
}

static void hash_of(uint8_t out[32], const cJSON *o)
{
    CHECK(data_fixed(out, 32, data_get(o, "block_hash")));
}

/* The header of a vector, whose block hash is that of the rule. */
static bool decode(wick_header *h, wick_seal_extra *e, wick_seal_rule rule, wick_span rlp,
                   const cJSON *o)
{
    uint8_t want[32], got[32];
    CHECK_STATUS(wick_header_decode(h, rlp), WICK_OK);
    CHECK_STATUS(wick_seal_decode(e, rule, h), WICK_OK);
    if (e->rule != rule) {
        return false;
    }
    hash_of(want, o);
    wick_seal_hash(got, WICK_SEAL_OF_BLOCK, e, rlp, h);
    CHECK_MEM(got, want, 32);
    return true;
}

/* ---- Clique ---- */

static unsigned clique_headers, clique_followed;

static void check_clique(const cJSON *o)
{
    uint8_t want[32], got[32], address[20];
    wick_header h;
    wick_seal_extra e;
    wick_span rlp = rlp_of(o);
    REQUIRE(decode(&h, &e, WICK_SEAL_CLIQUE, rlp, o));
    clique_headers++;
    const cJSON *list = data_get(o, "epoch_signers");
    list = list != NULL ? list : (h.number == 0 ? data_get(o, "signers") : NULL);
    if (list != NULL) {
        CHECK_INT(e.signers, cJSON_GetArraySize(list));
        for (int i = 0; i < cJSON_GetArraySize(list); i++) {
            REQUIRE(data_fixed(address, 20, cJSON_GetArrayItem(list, i)));
            CHECK_MEM(wick_seal_signer(&e, (size_t)i), address, 20);
        }
    }
    if (h.number != 0) {
        REQUIRE(data_fixed(want, 20, data_get(o, "recovered_signer")));
        wick_seal_hash(got, WICK_SEAL_OF_COMMIT, &e, rlp, &h);
        CHECK_STATUS(wick_seal_recover(address, &crypto, got, e.proposer), WICK_OK);
        CHECK_MEM(address, want, 20);
    }
}

static void follow_clique(const cJSON *first)
{
    static wick_clique c;
    static const wick_trust_now now = {0, false};
    const wick_clique_config cfg = {4, 30000, 0};
    wick_trusted_header th;
    uint8_t hash[32];
    const cJSON *o = first;
    for (; o != NULL; o = o->next) {
        check_clique(o);
    }
    hash_of(hash, first);
    REQUIRE_STATUS(wick_clique_pin(&c, &cfg, &crypto, rlp_of(first), hash), WICK_OK);
    for (o = first->next; o != NULL; o = o->next) {
        CHECK_STATUS(wick_clique_header(&c, &crypto, rlp_of(o), &now), WICK_OK);
        CHECK_STATUS(wick_clique_trust(&th, &c, rlp_of(o)), WICK_OK); /* one signer */
        hash_of(hash, o);
        CHECK_MEM(th.hash, hash, 32);
        CHECK_INT(th.tier, WICK_TIER_POA);
        clique_followed++;
    }
}

TEST(clique)
{
    REQUIRE(setup());
    if (each_chain("clique", follow_clique) == 0) {
        SKIP("no Clique headers below WICK_VECTORS_DIR");
    }
    data_note("%u headers, %u followed", clique_headers, clique_followed);
}

/* ---- IBFT 1 ---- */

static unsigned ibft_headers, ibft_seals;

static void check_ibft1(const cJSON *o)
{
    uint8_t want[32], got[32], address[20];
    wick_header h;
    wick_seal_extra e;
    wick_span rlp = rlp_of(o);
    REQUIRE(decode(&h, &e, WICK_SEAL_IBFT1, rlp, o));
    ibft_headers++;
    const cJSON *list = data_get(o, "validators");
    REQUIRE(e.signers == (size_t)cJSON_GetArraySize(list));
    for (size_t i = 0; i < e.signers; i++) {
        REQUIRE(data_fixed(address, 20, cJSON_GetArrayItem(list, (int)i)));
        CHECK_MEM(wick_seal_signer(&e, i), address, 20);
    }
    if (h.number == 0) {
        return;
    }
    REQUIRE(data_fixed(want, 20, data_get(o, "proposer")));
    wick_seal_hash(got, WICK_SEAL_OF_PROPOSER, &e, rlp, &h);
    CHECK_STATUS(wick_seal_recover(address, &crypto, got, e.proposer), WICK_OK);
    CHECK_MEM(address, want, 20);
    wick_seal_hash(got, WICK_SEAL_OF_COMMIT, &e, rlp, &h);
    list = data_get(o, "committers");
    REQUIRE(e.seals == (size_t)cJSON_GetArraySize(list));
    for (size_t i = 0; i < e.seals; i++) {
        REQUIRE(data_fixed(want, 20, cJSON_GetArrayItem(list, (int)i)));
        CHECK_STATUS(wick_seal_recover(address, &crypto, got, wick_seal_at(&e, i)), WICK_OK);
        CHECK_MEM(address, want, 20);
        ibft_seals++;
    }
}

static void follow_ibft1(const cJSON *first)
{
    wick_bft b;
    wick_trusted_header th;
    uint8_t hash[32];
    const cJSON *last = first;
    hash_of(hash, first);
    REQUIRE_STATUS(wick_bft_pin(&b, &th, WICK_SEAL_IBFT1, rlp_of(first), hash, 10), WICK_OK);
    wick_bft pinned = b;
    for (const cJSON *o = first; o != NULL; o = o->next) {
        wick_header h;
        check_ibft1(o);
        REQUIRE_STATUS(wick_header_decode(&h, rlp_of(o)), WICK_OK);
        const wick_trust_now now = {h.timestamp, true};
        /* Genesis is much older than the first block. */
        wick_status s = wick_bft_header(&b, &th, &crypto, rlp_of(o), &now, UINT32_MAX);
        CHECK_STATUS(s, WICK_OK);
        hash_of(hash, o);
        CHECK_MEM(th.hash, hash, 32);
        CHECK_INT(th.tier, o == first ? WICK_TIER_PINNED : WICK_TIER_BFT);
        last = o;
    }
    const wick_trust_now now = {b.timestamp, true};
    CHECK_STATUS(wick_bft_header(&pinned, &th, &crypto, rlp_of(last), &now, UINT32_MAX), WICK_OK);
}

TEST(ibft1)
{
    REQUIRE(setup());
    if (each_chain("ibft1", follow_ibft1) == 0) {
        SKIP("no IBFT 1 headers below WICK_VECTORS_DIR");
    }
    data_note("%u headers, %u commit seals", ibft_headers, ibft_seals);
}

/* ---- QBFT ---- */

static unsigned qbft_headers;

/* Each stands alone: "verdict" begins with accept or reject, "block_hash" and "commit_seal_hash"
 * are given. The set is trusted as the header states it. */
static void check_qbft(const cJSON *o)
{
    uint8_t want[32], got[32];
    wick_header h;
    wick_seal_extra e;
    wick_bft b;
    wick_trusted_header th;
    const cJSON *verdict = data_get(o, "verdict");
    wick_span rlp = rlp_of(o);
    bool good = cJSON_IsString(verdict) && strncmp(verdict->valuestring, "accept", 6) == 0;
    REQUIRE(decode(&h, &e, WICK_SEAL_QBFT, rlp, o));
    REQUIRE(data_fixed(want, 32, data_get(o, "commit_seal_hash")));
    wick_seal_hash(got, WICK_SEAL_OF_COMMIT, &e, rlp, &h);
    CHECK_MEM(got, want, 32);
    /* A state one block earlier with the same set, made through the store. */
    uint8_t m[WICK_BFT_EXPORT_MAX];
    wick_buf out = wick_buf_make(m, sizeof m);
    memset(&b, 0, sizeof b);
    b.rule = WICK_SEAL_QBFT;
    b.tier = WICK_TIER_PINNED;
    b.phase = 1;
    b.number = h.number - 1;
    b.timestamp = h.timestamp - 1;
    memcpy(b.hash, h.field[WICK_HEADER_PARENT_HASH].ptr, 32);
    REQUIRE_STATUS(wick_signers_from(&b.set, &e), WICK_OK);
    REQUIRE_STATUS(wick_bft_export(&out, &b), WICK_OK);
    REQUIRE_STATUS(wick_bft_import(&b, wick_buf_span(&out)), WICK_OK);
    const wick_trust_now now = {h.timestamp, true};
    wick_status s = wick_bft_header(&b, &th, &crypto, rlp, &now, 0);
    CHECK((s == WICK_OK) == good);
    qbft_headers++;
}

TEST(qbft)
{
    size_t count = 0;
    REQUIRE(setup());
    const data_file *f = data_files(&count);
    for (size_t i = 0; i < count; i++) {
        for (const cJSON *o = first_item(f[i].root); o != NULL; o = o->next) {
            if (data_get(o, "commit_seal_hash") != NULL) {
                check_qbft(o);
            }
        }
    }
    if (qbft_headers == 0) {
        SKIP("no QBFT headers below WICK_VECTORS_DIR");
    }
    data_note("%u headers", qbft_headers);
}

TAP_MAIN("vectors.seals", CASE(clique), CASE(ibft1), CASE(qbft))
