/* SPDX-License-Identifier: Apache-2.0 */
/* The parent of a header that is vouched for. */
#include "wick/ancestor.h"

#include <string.h>

#include "trust_internal.h"

#if WICK_WITH_BFT || WICK_WITH_CLIQUE
static wick_status hash_sealed(uint8_t out32[32], const wick_header *h, wick_span rlp,
                               wick_seal_rule rule)
{
    wick_seal_extra e;
    wick_status s = wick_seal_decode(&e, rule, h);
    if (s == WICK_OK) {
        wick_seal_hash(out32, WICK_SEAL_OF_BLOCK, &e, rlp, h);
    }
    return s;
}
#endif

/* The block hash by the rule of its chain. */
static wick_status hash_of(uint8_t out32[32], wick_header *h, wick_span rlp, wick_seal_rule rule)
{
    wick_status s = wick_header_decode(h, rlp);
    if (s != WICK_OK) {
        return s;
    }
    if ((int)rule == 0) {
        wick_header_hash(out32, rlp);
        return WICK_OK;
    }
#if WICK_WITH_BFT || WICK_WITH_CLIQUE
    return hash_sealed(out32, h, rlp, rule);
#else
    return WICK_E_UNSUPPORTED;
#endif
}

/* What a trusted header names as its parent. */
static wick_status parent_of(uint8_t out32[32], const wick_trusted_header *child, wick_span rlp,
                             wick_seal_rule rule)
{
    wick_header h;
    uint8_t hash[32];
    wick_status s = hash_of(hash, &h, rlp, rule);
    if (s != WICK_OK) {
        return s;
    }
    memcpy(out32, h.field[WICK_HEADER_PARENT_HASH].ptr, 32);
    return memcmp(hash, child->hash, sizeof hash) == 0 ? WICK_OK : WICK_E_HEADER_OTHER;
}

static wick_status take(wick_trusted_header *out, const wick_trusted_header *child,
                        const uint8_t wanted[32], wick_span rlp, wick_seal_rule rule)
{
    wick_header h;
    uint8_t hash[32];
    uint64_t chain_id = child->chain_id, number = child->number;
    wick_tier tier = child->tier;
    wick_status s = hash_of(hash, &h, rlp, rule);
    if (s == WICK_OK && (memcmp(hash, wanted, sizeof hash) != 0 || h.number + 1 != number)) {
        s = WICK_E_HEADER_PARENT;
    }
    memset(out, 0, sizeof *out);
    if (s == WICK_OK) {
        wick_trust_make(out, &h, hash, chain_id, tier);
    }
    return s;
}

wick_status wick_trust_parent(wick_trusted_header *out, const wick_trusted_header *child,
                              wick_span child_rlp, wick_span parent_rlp, wick_seal_rule rule)
{
    uint8_t wanted[32];
    wick_status s = wick_trust_is_made(child) ? parent_of(wanted, child, child_rlp, rule)
                                              : WICK_E_BAD_ARG;
    if (s != WICK_OK) {
        memset(out, 0, sizeof *out);
        return s;
    }
    return take(out, child, wanted, parent_rlp, rule);
}
