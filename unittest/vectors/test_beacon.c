/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recorded light client objects: mainnet (Capella, 512 members), a devnet of 32 members across the
 * fork from Electra to Fulu, down to a proven storage word, and the sync tests of the consensus
 * specification, whose steps say what the store must be after each update.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "beacon_data.h"
#include "wick/beacon.h"
#include "wick/port/crypto.h"
#include "wick/proof.h"

#include "tap.h"

static wick_hal_crypto crypto;
static wick_crypto_ctx cc;
static wick_beacon b;

static bool setup(void)
{
    return wick_crypto_init(&crypto, &cc) == WICK_OK && crypto.bls_verify != NULL;
}

static wick_trust_now at_slot(const wick_beacon_chain *chain, uint64_t slot)
{
    wick_trust_now now = {wick_beacon_slot_time(chain, slot), true};
    return now;
}

/* Root of the header of a bootstrap, as the operator would have it from elsewhere. */
static bool trusted_root(uint8_t out[32], const cJSON *bootstrap)
{
    const cJSON *h = data_get(data_get(data_get(bootstrap, "data"), "header"), "beacon");
    const char *name[] = {"parent_root", "state_root", "body_root"};
    uint8_t leaf[8][32] = {{0}};
    if (h == NULL) {
        return false;
    }
    for (unsigned i = 0; i < 2; i++) {
        uint64_t v = strtoull(data_get(h, i == 0 ? "slot" : "proposer_index")->valuestring, NULL, 10);
        for (unsigned k = 0; k < 8; k++) {
            leaf[i][k] = (uint8_t)(v >> (8 * k));
        }
    }
    for (unsigned i = 0; i < 3; i++) {
        if (!data_fixed(leaf[2 + i], 32, data_get(h, name[i]))) {
            return false;
        }
    }
    for (unsigned n = 8; n > 1; n /= 2) {
        for (unsigned i = 0; i < n / 2; i++) {
            wick_hash_ctx c;
            memset(&c, 0, sizeof c);
            CHECK_STATUS(crypto.hash_begin(crypto.ctx, &c, WICK_HASH_SHA256), WICK_OK);
            CHECK_STATUS(crypto.hash_update(crypto.ctx, &c, leaf[2 * i], 64), WICK_OK);
            CHECK_STATUS(crypto.hash_finish(crypto.ctx, &c, leaf[i]), WICK_OK);
        }
    }
    memcpy(out, leaf[0], 32);
    return true;
}

/* Gives one beacon API object to the store. */
static wick_status take(unsigned *changed, const cJSON *object, uint64_t now_slot)
{
    wick_span ssz;
    wick_beacon_kind kind;
    char name[16];
    wick_trust_now now = at_slot(b.cfg.chain, now_slot);
    if (!beacon_ssz(&ssz, &kind, name, object)) {
        return WICK_E_MALFORMED;
    }
    const wick_beacon_fork *fork = wick_beacon_fork_by_name(b.cfg.chain, name, strlen(name));
    return wick_beacon_input(&b, changed, &crypto, kind, fork, ssz, &now);
}

static uint64_t slot_of(const cJSON *object, const char *header)
{
    const cJSON *v =
        data_get(data_get(data_get(data_get(object, "data"), header), "beacon"), "slot");
    return cJSON_IsString(v) ? strtoull(v->valuestring, NULL, 10) : 0;
}

/* The one file with such an object at its root. */
static const cJSON *find(const char *version, const char *member, const char *absent)
{
    size_t count;
    const data_file *f = data_files(&count);
    for (size_t i = 0; i < count; i++) {
        const cJSON *v = data_get(f[i].root, "version"), *data = data_get(f[i].root, "data");
        if (cJSON_IsString(v) && strcmp(v->valuestring, version) == 0 &&
            data_get(data, member) != NULL &&
            (absent == NULL || data_get(data, absent) == NULL)) {
            return f[i].root;
        }
    }
    return NULL;
}

static const cJSON *find_updates(const char *version)
{
    size_t count;
    const data_file *f = data_files(&count);
    for (size_t i = 0; i < count; i++) {
        const cJSON *first = cJSON_IsArray(f[i].root) ? f[i].root->child : NULL;
        const cJSON *v = data_get(first, "version");
        if (cJSON_IsString(v) && strcmp(v->valuestring, version) == 0 &&
            data_get(data_get(first, "data"), "next_sync_committee") != NULL) {
            return f[i].root;
        }
    }
    return NULL;
}

static bool begin(const wick_beacon_chain *chain, const cJSON *bootstrap, const uint8_t root[32],
                  uint64_t now_slot)
{
    wick_beacon_config cfg = {chain, {0}, 0};
    wick_span ssz;
    wick_beacon_kind kind;
    char name[16];
    wick_trust_now now = at_slot(chain, now_slot);
    memcpy(cfg.trusted_root, root, 32);
    CHECK(beacon_ssz(&ssz, &kind, name, bootstrap) && kind == WICK_BEACON_BOOTSTRAP);
    const wick_beacon_fork *fork = wick_beacon_fork_by_name(chain, name, strlen(name));
    wick_status s = wick_beacon_bootstrap(&b, &cfg, &crypto, fork, ssz, &now);
    CHECK_STATUS(s, WICK_OK);
    return s == WICK_OK;
}

TEST(mainnet_capella)
{
    uint8_t root[32];
    unsigned changed, rotations = 0;
    REQUIRE(setup());
    const cJSON *bootstrap = find("capella", "current_sync_committee", NULL);
    const cJSON *updates = find_updates("capella");
    const cJSON *finality = find("capella", "finalized_header", "next_sync_committee");
    const cJSON *optimistic = find("capella", "attested_header", "finalized_header");
    if (bootstrap == NULL || updates == NULL || finality == NULL || optimistic == NULL) {
        SKIP("no mainnet recording (Capella)");
    }
    uint64_t now = slot_of(optimistic, "attested_header") + 2;
    if (slot_of(finality, "attested_header") + 2 > now) {
        now = slot_of(finality, "attested_header") + 2;
    }
    REQUIRE(trusted_root(root, bootstrap));
    REQUIRE(begin(&wick_beacon_mainnet, bootstrap, root, now));
    for (const cJSON *u = updates->child; u != NULL; u = u->next) {
        CHECK_STATUS(take(&changed, u, now), WICK_OK);
        rotations += (changed & WICK_BEACON_NEW_PERIOD) != 0 ? 1u : 0u;
    }
    CHECK(rotations >= 4);
    CHECK_STATUS(take(&changed, finality, now), WICK_OK);
    CHECK((changed & WICK_BEACON_NEW_FINALIZED) != 0);
    CHECK_STATUS(take(&changed, optimistic, now), WICK_OK);
    const wick_beacon_head *h = wick_beacon_head_of(&b, WICK_TIER_FINALIZED);
    REQUIRE(h != NULL);
    CHECK_INT(h->slot, slot_of(finality, "finalized_header"));
    CHECK_INT(wick_beacon_head_of(&b, WICK_TIER_OPTIMISTIC)->slot,
              slot_of(optimistic, "attested_header"));
    uint8_t hash[32];
    REQUIRE(data_fixed(hash, 32,
                       data_get(data_get(data_get(data_get(finality, "data"), "finalized_header"),
                                         "execution"),
                                "block_hash")));
    CHECK_MEM(h->execution_hash, hash, 32);
}

/* ---- the devnet ---- */

static wick_beacon_fork devnet_forks[4];
static wick_beacon_chain devnet = {"devnet", 1337, 0, {0}, 1, 8, 8, 32, 86400, devnet_forks, 0,
                                   NULL,     0};

static const cJSON *find_member(const char *member)
{
    size_t count;
    const data_file *f = data_files(&count);
    for (size_t i = 0; i < count; i++) {
        const cJSON *data = data_get(f[i].root, "data");
        if (data_get(f[i].root, member) != NULL) {
            return f[i].root;
        }
        if (data_get(data, member) != NULL) {
            return data;
        }
    }
    return NULL;
}

static bool setup_devnet(void)
{
    static const char *const names[] = {"ELECTRA", "FULU"};
    static const char *const lower[] = {"electra", "fulu"};
    const cJSON *spec = find_member("SYNC_COMMITTEE_SIZE"), *genesis = find_member("genesis_time");
    if (spec == NULL || genesis == NULL) {
        return false;
    }
    devnet.forks = 0;
    for (size_t i = 0; i < 2; i++) {
        char key[32];
        wick_beacon_fork *f = &devnet_forks[devnet.forks++];
        (void)snprintf(key, sizeof key, "%s_FORK_EPOCH", names[i]);
        f->name = lower[i];
        f->epoch = strtoull(data_get(spec, key)->valuestring, NULL, 10);
        f->shape = &wick_beacon_shape_electra;
        (void)snprintf(key, sizeof key, "%s_FORK_VERSION", names[i]);
        CHECK(data_fixed(f->version, 4, data_get(spec, key)));
    }
    devnet.genesis_time = strtoull(data_get(genesis, "genesis_time")->valuestring, NULL, 10);
    devnet.committee =
        (uint16_t)strtoul(data_get(spec, "SYNC_COMMITTEE_SIZE")->valuestring, NULL, 10);
    return data_fixed(devnet.genesis_validators_root, 32,
                      data_get(genesis, "genesis_validators_root"));
}

/* The same bytes are there as a file, made by the chain's own client. */
static bool is_recorded(const cJSON *object)
{
    size_t count;
    wick_span ssz;
    wick_beacon_kind kind;
    char name[16];
    const raw_file *f = raw_files(&count);
    if (!beacon_ssz(&ssz, &kind, name, object)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (f[i].bytes.len == ssz.len && memcmp(f[i].bytes.ptr, ssz.ptr, ssz.len) == 0) {
            return true;
        }
    }
    return false;
}

static void check_proof(const cJSON *proof, const wick_trusted_header *th)
{
    wick_proof p;
    uint8_t address[20], key[32], word[32], claim[32];
    wick_span node;
    unsigned slots = 0;
    REQUIRE(data_fixed(address, 20, data_get(proof, "address")));
    REQUIRE_STATUS(wick_proof_begin(&p, th), WICK_OK);
    REQUIRE_STATUS(wick_proof_account(&p, address), WICK_OK);
    for (const cJSON *n = data_get(proof, "accountProof")->child; n != NULL; n = n->next) {
        REQUIRE(data_hex(&node, n));
        CHECK_STATUS(wick_proof_node(&p, node), WICK_OK);
    }
    CHECK_INT(wick_proof_account_end(&p, NULL), WICK_MPT_FOUND);
    for (const cJSON *s = data_get(proof, "storageProof")->child; s != NULL; s = s->next) {
        REQUIRE(data_word(key, data_get(s, "key")) && data_word(claim, data_get(s, "value")));
        REQUIRE_STATUS(wick_proof_slot(&p, key), WICK_OK);
        for (const cJSON *n = data_get(s, "proof")->child; n != NULL; n = n->next) {
            REQUIRE(data_hex(&node, n));
            CHECK_STATUS(wick_proof_node(&p, node), WICK_OK);
        }
        wick_mpt_result r = wick_proof_slot_end(&p, word);
        CHECK(r == WICK_MPT_FOUND || r == WICK_MPT_ABSENT);
        CHECK_MEM(word, claim, 32);
        slots++;
    }
    CHECK(slots >= 2);
}

TEST(devnet_across_a_fork_to_a_storage_word)
{
    uint8_t root[32], hash[32];
    unsigned changed;
    REQUIRE(setup());
    const cJSON *expected = find_member("verified_finalized_slot");
    const cJSON *updates = find_updates("electra");
    const cJSON *bootstrap = find("fulu", "current_sync_committee", NULL);
    const cJSON *finality = find("fulu", "finalized_header", "next_sync_committee");
    const cJSON *optimistic = find("fulu", "attested_header", "finalized_header");
    const cJSON *proof = find_member("exec_block");
    if (expected == NULL || updates == NULL || bootstrap == NULL || finality == NULL ||
        optimistic == NULL || proof == NULL || !setup_devnet()) {
        SKIP("no recording of a devnet");
    }
    CHECK(is_recorded(bootstrap) && is_recorded(finality) && is_recorded(optimistic));
    uint64_t now = (uint64_t)data_get(expected, "verified_optimistic_slot")->valuedouble + 1;
    REQUIRE(trusted_root(root, bootstrap));
    for (const cJSON *u = updates->child; u != NULL; u = u->next) {
        CHECK(is_recorded(u));
    }
    REQUIRE(begin(&devnet, bootstrap, root, now));
    for (const cJSON *u = updates->child; u != NULL; u = u->next) {
        wick_status s = take(&changed, u, now);
        /* The first is of the period before the bootstrap. */
        CHECK_STATUS(s, u == updates->child ? WICK_E_HEADER_STALE : WICK_OK);
    }
    CHECK_STATUS(take(&changed, finality, now), WICK_OK);
    CHECK_INT(changed, WICK_BEACON_NEW_OPTIMISTIC); /* what it finalises is older than the bootstrap */
    CHECK_STATUS(take(&changed, optimistic, now), WICK_OK);
    const wick_beacon_head *h = wick_beacon_head_of(&b, WICK_TIER_FINALIZED);
    const wick_beacon_head *o = wick_beacon_head_of(&b, WICK_TIER_OPTIMISTIC);
    REQUIRE(h != NULL && o != NULL);
    CHECK_INT(o->slot, data_get(expected, "verified_optimistic_slot")->valuedouble);
    REQUIRE(data_fixed(hash, 32, data_get(expected, "verified_optimistic_exec_hash")));
    CHECK_MEM(o->execution_hash, hash, 32);
    CHECK_INT(h->slot, data_get(expected, "verified_finalized_slot")->valuedouble);
    REQUIRE(data_fixed(hash, 32, data_get(expected, "verified_finalized_exec_hash")));
    CHECK_MEM(h->execution_hash, hash, 32);
    wick_trusted_header th;
    wick_span rlp;
    REQUIRE(data_hex(&rlp, data_get(proof, "header_rlp")));
    REQUIRE_STATUS(wick_beacon_trust(&th, &b, rlp, WICK_TIER_FINALIZED), WICK_OK);
    CHECK_INT(th.tier, WICK_TIER_FINALIZED);
    REQUIRE(data_fixed(hash, 32, data_get(expected, "verified_finalized_exec_state_root")));
    CHECK_MEM(th.state_root, hash, 32);
    check_proof(data_get(proof, "proof"), &th);
}

/* ---- the specification's sync tests ---- */

/* A value of flat YAML: the text behind "name: ", without quotes. */
static bool yaml(char *out, size_t cap, const char *from, const char *end, const char *name)
{
    size_t len = strlen(name);
    for (const char *p = from; p != NULL && p < end; p = memchr(p, '\n', (size_t)(end - p))) {
        while (p < end && (*p == '\n' || *p == ' ' || *p == '-')) {
            p++;
        }
        if ((size_t)(end - p) > len && strncmp(p, name, len) == 0 && p[len] == ':') {
            size_t n = 0;
            for (p += len + 1; p < end && *p != '\n' && *p != '#' && n + 1 < cap; p++) {
                if (*p != ' ' && *p != '\'' && *p != '"') {
                    out[n++] = *p;
                }
            }
            out[n] = '\0';
            return true;
        }
    }
    return false;
}

static bool yaml_hex(uint8_t *out, size_t len, const char *from, const char *end, const char *name)
{
    char text[80];
    return yaml(text, sizeof text, from, end, name) &&
           wick_hex_decode(out, len, text, strlen(text)) == WICK_OK;
}

static uint64_t yaml_number(const char *from, const char *end, const char *name)
{
    char text[80];
    return yaml(text, sizeof text, from, end, name) ? strtoull(text, NULL, 10) : UINT64_MAX;
}

static wick_beacon_fork spec_forks[6];
static wick_beacon_chain spec_chain = {"spec", 1, 0, {0}, 6, 8, 8, 32, 864000, spec_forks, 0, NULL, 0};

static bool setup_spec(const raw_file *config, const raw_file *meta)
{
    static const char *const upper[] = {"ALTAIR", "BELLATRIX", "CAPELLA", "DENEB", "ELECTRA", "FULU"};
    static const char *const lower[] = {"altair", "bellatrix", "capella", "deneb", "electra", "fulu"};
    const char *from = (const char *)config->bytes.ptr, *end = from + config->bytes.len;
    spec_chain.forks = 0;
    for (size_t i = 0; i < 6; i++) {
        char key[40];
        wick_beacon_fork *f = &spec_forks[spec_chain.forks];
        (void)snprintf(key, sizeof key, "%s_FORK_EPOCH", upper[i]);
        f->epoch = yaml_number(from, end, key);
        (void)snprintf(key, sizeof key, "%s_FORK_VERSION", upper[i]);
        if (f->epoch != UINT64_MAX && yaml_hex(f->version, 4, from, end, key)) {
            f->name = lower[i];
            f->shape = wick_beacon_shape_by_name(lower[i], strlen(lower[i]));
            spec_chain.forks++;
        }
    }
    spec_chain.seconds_per_slot = (uint16_t)yaml_number(from, end, "SECONDS_PER_SLOT");
    spec_chain.genesis_time = yaml_number(from, end, "MIN_GENESIS_TIME");
    from = (const char *)meta->bytes.ptr;
    end = from + meta->bytes.len;
    return yaml_hex(spec_chain.genesis_validators_root, 32, from, end, "genesis_validators_root") &&
           wick_beacon_chain_check(&spec_chain) == WICK_OK;
}

static void check_head(const wick_beacon_head *h, const char *from, const char *end)
{
    uint8_t root[32];
    CHECK_INT(h->slot, yaml_number(from, end, "slot"));
    REQUIRE(yaml_hex(root, 32, from, end, "beacon_root"));
    CHECK_MEM(h->root, root, 32);
    REQUIRE(yaml_hex(root, 32, from, end, "execution_root"));
    CHECK_MEM(h->execution_root, root, 32);
}

static void check_store(const char *from, const char *end)
{
    static const char final[] = "finalized_header:", optimistic[] = "optimistic_header:";
    const char *f = strstr(from, final), *o = strstr(from, optimistic);
    REQUIRE(f != NULL && o != NULL && f < o && o < end);
    check_head(&b.finalized, f + sizeof final - 1, o);
    check_head(&b.optimistic, o + sizeof optimistic - 1, end);
}

static const wick_beacon_fork *fork_of(const char *from, const char *end, const char *name)
{
    uint8_t digest[4];
    const wick_beacon_fork *fork = NULL;
    CHECK(yaml_hex(digest, 4, from, end, name));
    CHECK_STATUS(wick_beacon_fork_by_digest(&fork, &spec_chain, &crypto, digest), WICK_OK);
    return fork;
}

static void run_step(const raw_file *steps, const char *from, const char *end)
{
    unsigned changed;
    char name[128], file[160];
    wick_trust_now now = at_slot(&spec_chain, yaml_number(from, end, "current_slot"));
    if (strncmp(from, "- force_update", 14) == 0) {
        wick_status s = wick_beacon_force(&b, &changed, &crypto, &now);
        CHECK(s == WICK_OK || s == WICK_AGAIN);
    } else {
        wick_span ssz = {NULL, 0};
        REQUIRE(strncmp(from, "- process_update", 16) == 0);
        REQUIRE(yaml(name, sizeof name, from, end, "update"));
        (void)snprintf(file, sizeof file, "%s.ssz_snappy", name);
        const raw_file *f = raw_beside(steps->path, file);
        REQUIRE(f != NULL && snappy(&ssz, f->bytes));
        CHECK_STATUS(wick_beacon_input(&b, &changed, &crypto, WICK_BEACON_UPDATE,
                                       fork_of(from, end, "update_fork_digest"), ssz, &now),
                     WICK_OK);
    }
    check_store(from, end);
}

static void run_steps(const raw_file *steps)
{
    const raw_file *config = raw_beside(steps->path, "config.yaml");
    const raw_file *meta = raw_beside(steps->path, "meta.yaml");
    const raw_file *bootstrap = raw_beside(steps->path, "bootstrap.ssz_snappy");
    wick_span ssz = {NULL, 0};
    wick_beacon_config cfg = {&spec_chain, {0}, 0};
    unsigned count = 0;
    REQUIRE(config != NULL && meta != NULL && bootstrap != NULL && setup_spec(config, meta));
    const char *from = (const char *)meta->bytes.ptr, *end = from + meta->bytes.len;
    REQUIRE(yaml_hex(cfg.trusted_root, 32, from, end, "trusted_block_root"));
    REQUIRE(snappy(&ssz, bootstrap->bytes));
    wick_trust_now now = at_slot(&spec_chain, 1000);
    REQUIRE_STATUS(wick_beacon_bootstrap(&b, &cfg, &crypto,
                                         fork_of(from, end, "bootstrap_fork_digest"), ssz, &now),
                   WICK_OK);
    from = (const char *)steps->bytes.ptr;
    end = from + steps->bytes.len;
    while (from < end) {
        const char *next = strstr(from + 1, "\n- ");
        next = next == NULL ? end : next + 1;
        run_step(steps, from, next);
        from = next;
        count++;
    }
    CHECK(count > 0);
    data_note("%u steps", count);
}

TEST(consensus_spec_sync)
{
    size_t count;
    unsigned found = 0;
    REQUIRE(setup());
    const raw_file *f = raw_files(&count);
    for (size_t i = 0; i < count; i++) {
        if (strncmp((const char *)f[i].bytes.ptr, "- process_update:", 17) == 0) {
            run_steps(&f[i]);
            found++;
        }
    }
    if (found == 0) {
        SKIP("no consensus-spec sync tests");
    }
}

TAP_MAIN("vectors.beacon", CASE(mainnet_capella), CASE(devnet_across_a_fork_to_a_storage_word),
         CASE(consensus_spec_sync))
