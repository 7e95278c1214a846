/* SPDX-License-Identifier: Apache-2.0 */
/* Beacon chains: fork schedules, and the generalised indices of each generation of forks. */
#include "wick/chains.h"

#include <string.h>

#if WICK_WITH_BEACON

/* ---- shapes: the constants of the specification's light-client/sync-protocol.md, by fork ---- */

const wick_beacon_shape wick_beacon_shape_altair = {
    105, 54, 55, 0, 0, 0, WICK_BEACON_HEADER_PLAIN};
const wick_beacon_shape wick_beacon_shape_capella = {
    105, 54, 55, 25, 412, 15, WICK_BEACON_HEADER_PAYLOAD};
const wick_beacon_shape wick_beacon_shape_deneb = {
    105, 54, 55, 25, 812, 17, WICK_BEACON_HEADER_PAYLOAD};
const wick_beacon_shape wick_beacon_shape_electra = {
    169, 86, 87, 25, 812, 17, WICK_BEACON_HEADER_PAYLOAD};
const wick_beacon_shape wick_beacon_shape_gloas = {
    735, 2945, 2946, 0, 2856, 0, WICK_BEACON_HEADER_BLOCK_HASH};

static bool is_name(const char *have, const char *name, size_t len)
{
    size_t at = 0;
    while (at < len && have[at] != '\0' && have[at] == name[at]) {
        at++;
    }
    return at == len && have[at] == '\0';
}

const wick_beacon_shape *wick_beacon_shape_by_name(const char *name, size_t len)
{
    static const struct {
        const char *name;
        const wick_beacon_shape *shape;
    } known[] = {{"altair", &wick_beacon_shape_altair},   {"bellatrix", &wick_beacon_shape_altair},
                 {"capella", &wick_beacon_shape_capella}, {"deneb", &wick_beacon_shape_deneb},
                 {"electra", &wick_beacon_shape_electra}, {"fulu", &wick_beacon_shape_electra},
                 {"gloas", &wick_beacon_shape_gloas}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (is_name(known[i].name, name, len)) {
            return known[i].shape;
        }
    }
    return NULL;
}

/* ---- chains: eth-clients/{mainnet,sepolia} and gnosischain/configs ---- */

static const wick_beacon_fork mainnet_forks[] = {
    {"altair", 74240, {0x01, 0, 0, 0}, &wick_beacon_shape_altair},
    {"bellatrix", 144896, {0x02, 0, 0, 0}, &wick_beacon_shape_altair},
    {"capella", 194048, {0x03, 0, 0, 0}, &wick_beacon_shape_capella},
    {"deneb", 269568, {0x04, 0, 0, 0}, &wick_beacon_shape_deneb},
    {"electra", 364032, {0x05, 0, 0, 0}, &wick_beacon_shape_electra},
    {"fulu", 411392, {0x06, 0, 0, 0}, &wick_beacon_shape_electra}};
static const wick_beacon_blobs mainnet_blobs[] = {{364032, 9}, {412672, 15}, {419072, 21}};

const wick_beacon_chain wick_beacon_mainnet = {
    "mainnet",
    1,
    1606824023,
    {0x4b, 0x36, 0x3d, 0xb9, 0x4e, 0x28, 0x61, 0x20, 0xd7, 0x6e, 0xb9, 0x05, 0x34, 0x0f, 0xdd, 0x4e,
     0x54, 0xbf, 0xe9, 0xf0, 0x6b, 0xf3, 0x3f, 0xf6, 0xcf, 0x5a, 0xd2, 0x7f, 0x51, 0x1b, 0xfe, 0x95},
    12,
    32,
    256,
    512,
    WICK_BEACON_TRUSTING_S,
    mainnet_forks,
    sizeof mainnet_forks / sizeof mainnet_forks[0],
    mainnet_blobs,
    sizeof mainnet_blobs / sizeof mainnet_blobs[0]};

static const wick_beacon_fork sepolia_forks[] = {
    {"altair", 50, {0x90, 0, 0, 0x70}, &wick_beacon_shape_altair},
    {"bellatrix", 100, {0x90, 0, 0, 0x71}, &wick_beacon_shape_altair},
    {"capella", 56832, {0x90, 0, 0, 0x72}, &wick_beacon_shape_capella},
    {"deneb", 132608, {0x90, 0, 0, 0x73}, &wick_beacon_shape_deneb},
    {"electra", 222464, {0x90, 0, 0, 0x74}, &wick_beacon_shape_electra},
    {"fulu", 272640, {0x90, 0, 0, 0x75}, &wick_beacon_shape_electra}};
static const wick_beacon_blobs sepolia_blobs[] = {{222464, 9}, {274176, 15}, {275712, 21}};

const wick_beacon_chain wick_beacon_sepolia = {
    "sepolia",
    11155111,
    1655733600,
    {0xd8, 0xea, 0x17, 0x1f, 0x3c, 0x94, 0xae, 0xa2, 0x1e, 0xbc, 0x42, 0xa1, 0xed, 0x61, 0x05, 0x2a,
     0xcf, 0x3f, 0x92, 0x09, 0xc0, 0x0e, 0x4e, 0xfb, 0xaa, 0xdd, 0xac, 0x09, 0xed, 0x9b, 0x80, 0x78},
    12,
    32,
    256,
    512,
    WICK_BEACON_TRUSTING_S,
    sepolia_forks,
    sizeof sepolia_forks / sizeof sepolia_forks[0],
    sepolia_blobs,
    sizeof sepolia_blobs / sizeof sepolia_blobs[0]};

static const wick_beacon_fork gnosis_forks[] = {
    {"altair", 512, {0x01, 0, 0, 0x64}, &wick_beacon_shape_altair},
    {"bellatrix", 385536, {0x02, 0, 0, 0x64}, &wick_beacon_shape_altair},
    {"capella", 648704, {0x03, 0, 0, 0x64}, &wick_beacon_shape_capella},
    {"deneb", 889856, {0x04, 0, 0, 0x64}, &wick_beacon_shape_deneb},
    {"electra", 1337856, {0x05, 0, 0, 0x64}, &wick_beacon_shape_electra},
    {"fulu", 1714688, {0x06, 0, 0, 0x64}, &wick_beacon_shape_electra}};
static const wick_beacon_blobs gnosis_blobs[] = {{1337856, 2}};

const wick_beacon_chain wick_beacon_gnosis = {
    "gnosis",
    100,
    1638993340,
    {0xf5, 0xdc, 0xb5, 0x56, 0x4e, 0x82, 0x9a, 0xab, 0x27, 0x26, 0x4b, 0x9b, 0xec, 0xd5, 0xdf, 0xaa,
     0x01, 0x70, 0x85, 0x61, 0x12, 0x24, 0xcb, 0x30, 0x36, 0xf5, 0x73, 0x36, 0x8d, 0xbb, 0x9d, 0x47},
    5,
    16,
    512,
    512,
    WICK_BEACON_TRUSTING_S,
    gnosis_forks,
    sizeof gnosis_forks / sizeof gnosis_forks[0],
    gnosis_blobs,
    sizeof gnosis_blobs / sizeof gnosis_blobs[0]};

const wick_beacon_chain *wick_beacon_chain_by_name(const char *name, size_t len)
{
    static const wick_beacon_chain *const known[] = {&wick_beacon_mainnet, &wick_beacon_sepolia,
                                                     &wick_beacon_gnosis};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (is_name(known[i]->name, name, len)) {
            return known[i];
        }
    }
    return NULL;
}

static bool is_shape(const wick_beacon_shape *s)
{
    return s != NULL && s->finalized > 1 && s->current > 1 && s->next > 1 &&
           (s->header != WICK_BEACON_HEADER_PAYLOAD ||
            (s->payload > 1 && s->block_hash > 1 &&
             (s->payload_fields == 15 || s->payload_fields == 17))) &&
           (s->header != WICK_BEACON_HEADER_BLOCK_HASH || s->block_hash > 1) &&
           s->header <= WICK_BEACON_HEADER_BLOCK_HASH;
}

wick_status wick_beacon_chain_check(const wick_beacon_chain *chain)
{
    if (chain == NULL || chain->seconds_per_slot == 0 || chain->slots_per_epoch == 0 ||
        chain->epochs_per_period == 0 || chain->trusting_s == 0 || chain->forks == 0 ||
        chain->fork == NULL || chain->committee < 32 ||
        (chain->committee & (chain->committee - 1u)) != 0) {
        return WICK_E_BAD_ARG;
    }
    for (size_t i = 0; i < chain->forks; i++) {
        if (!is_shape(chain->fork[i].shape) ||
            (i > 0 && chain->fork[i].epoch < chain->fork[i - 1].epoch)) {
            return WICK_E_BAD_ARG;
        }
    }
    return chain->committee <= WICK_BEACON_COMMITTEE_MAX ? WICK_OK : WICK_E_LIMIT;
}

const wick_beacon_fork *wick_beacon_fork_at(const wick_beacon_chain *chain, uint64_t epoch)
{
    const wick_beacon_fork *found = NULL;
    for (size_t i = 0; i < chain->forks && chain->fork[i].epoch <= epoch; i++) {
        found = &chain->fork[i];
    }
    return found;
}

const wick_beacon_fork *wick_beacon_fork_by_name(const wick_beacon_chain *chain, const char *name,
                                                 size_t len)
{
    for (size_t i = 0; i < chain->forks; i++) {
        if (is_name(chain->fork[i].name, name, len)) {
            return &chain->fork[i];
        }
    }
    return NULL;
}

const wick_beacon_fork *wick_beacon_fork_by_version(const wick_beacon_chain *chain,
                                                    const uint8_t version4[4])
{
    for (size_t i = 0; i < chain->forks; i++) {
        if (memcmp(chain->fork[i].version, version4, 4) == 0) {
            return &chain->fork[i];
        }
    }
    return NULL;
}

#else
/* ISO C forbids an empty file. */
typedef int wick_chains_is_off;
#endif
