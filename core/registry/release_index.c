/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words of the release index. Big-endian:
 *   release: voters 4 | epoch 4 | flags 1 | threshold 1 | approvals 1 | size 4 | activeFrom 5 |
 *            counter 4 | version 8
 *   product: zero 4 | flags 1 | roots 1 | approvals 1 | delay 4 | epoch 4 | index 4 | updatedAt 5 |
 *            minCounter 4 | count 4
 */
#include "wick/release_index.h"

#include <string.h>

#include "registry_internal.h"

#define AT_VOTERS 0
#define AT_EPOCH 4
#define AT_FLAGS 8
#define AT_THRESHOLD 9
#define AT_APPROVALS 10
#define AT_SIZE 11
#define AT_ACTIVE_FROM 15
#define AT_COUNTER 20
#define AT_VERSION 24

#define AT_PRODUCT_FLAGS 4
#define AT_PRODUCT_ROOTS 5
#define AT_PRODUCT_APPROVALS 6
#define AT_PRODUCT_DELAY 7
#define AT_PRODUCT_EPOCH 11
#define AT_PRODUCT_INDEX 15
#define AT_PRODUCT_UPDATED_AT 19
#define AT_PRODUCT_MIN_COUNTER 24
#define AT_PRODUCT_COUNT 28

/* allowed[..]: the device may install. */
#define ALLOWED 1

static uint64_t load_be40(const uint8_t *p)
{
    return ((uint64_t)p[0] << 32) | wick_load_be32(p + 1);
}

static unsigned count_bits(uint32_t bits)
{
    unsigned count = 0;
    for (; bits != 0; bits &= bits - 1) {
        count++;
    }
    return count;
}

/* ---- slots ---- */

void wick_slot_release_head(uint8_t slot32[32], const uint8_t product32[32], unsigned word)
{
    wick_registry_slot(slot32, product32, WICK_SLOT_HEADS, word);
}

void wick_slot_release(uint8_t slot32[32], const uint8_t product32[32], uint32_t index,
                       unsigned word)
{
    uint8_t key[32] = {0};
    wick_store_be32(key + 28, index);
    wick_registry_pair(slot32, product32, key);
    wick_registry_slot(slot32, slot32, WICK_SLOT_RELEASES, word);
}

void wick_slot_release_member(uint8_t slot32[32], const uint8_t product32[32], uint32_t epoch,
                              const uint8_t member20[20])
{
    uint8_t parts[96] = {0};
    memcpy(parts, product32, 32);
    wick_store_be32(parts + 60, epoch);
    memcpy(parts + 76, member20, 20);
    wick_keccak256(slot32, parts, sizeof parts);
    wick_registry_slot(slot32, slot32, WICK_SLOT_MEMBERS, 0);
}

void wick_slot_release_allowed(uint8_t slot32[32], const uint8_t product32[32],
                               const uint8_t device32[32])
{
    wick_registry_pair(slot32, product32, device32);
    wick_registry_slot(slot32, slot32, WICK_SLOT_ALLOWED, 0);
}

/* ---- words ---- */

wick_status wick_product_decode(wick_product *out, const uint8_t word[32])
{
    memset(out, 0, sizeof *out);
    if (wick_ct_is_zero(word, 32)) {
        return WICK_E_RECORD_ABSENT;
    }
    out->count = wick_load_be32(word + AT_PRODUCT_COUNT);
    out->min_counter = wick_load_be32(word + AT_PRODUCT_MIN_COUNTER);
    out->updated_at = load_be40(word + AT_PRODUCT_UPDATED_AT);
    out->index = wick_load_be32(word + AT_PRODUCT_INDEX);
    out->epoch = wick_load_be32(word + AT_PRODUCT_EPOCH);
    out->delay_s = wick_load_be32(word + AT_PRODUCT_DELAY);
    out->approvals = word[AT_PRODUCT_APPROVALS];
    out->roots = word[AT_PRODUCT_ROOTS];
    out->flags = word[AT_PRODUCT_FLAGS];
    bool is_empty = out->index == 0 && out->min_counter == 0;
    bool has_head = out->index < out->count;
    if (!wick_ct_is_zero(word, AT_PRODUCT_FLAGS) || out->flags > WICK_PRODUCT_RESTRICTED ||
        out->epoch == 0 || out->approvals == 0 || out->roots < 2 ||
        out->approvals > WICK_PRODUCT_MEMBERS_MAX || out->roots > WICK_PRODUCT_MEMBERS_MAX ||
        out->delay_s > WICK_RELEASE_DELAY_MAX_S || !(out->updated_at != 0 ? has_head : is_empty)) {
        memset(out, 0, sizeof *out);
        return WICK_E_RECORD_INVALID;
    }
    return WICK_OK;
}

/* What no correct contract writes: it counts approvers one by one, and activates with the last one
 * that is needed. */
static bool is_release(const wick_release *release, uint32_t epoch, uint32_t voters)
{
    bool is_approved = release->approvals >= release->threshold;
    return release->version != 0 && release->manifest_bytes != 0 && release->threshold != 0 &&
           release->threshold <= WICK_PRODUCT_MEMBERS_MAX && epoch != 0 &&
           release->flags <= (WICK_RELEASE_REVOKED | WICK_RELEASE_FLOOR) &&
           release->approvals == count_bits(voters) && is_approved == (release->active_from != 0) &&
           !wick_ct_is_zero(release->manifest, sizeof release->manifest);
}

wick_status wick_release_decode(wick_release *out, const uint8_t product32[32], uint32_t index,
                                const uint8_t manifest[32], const uint8_t word[32],
                                uint64_t seen_at)
{
    memset(out, 0, sizeof *out);
    if (wick_ct_is_zero(word, 32) && wick_ct_is_zero(manifest, 32)) {
        return WICK_E_NOT_FOUND;
    }
    memcpy(out->product, product32, 32);
    memcpy(out->manifest, manifest, 32);
    out->version = wick_load_be64(word + AT_VERSION);
    out->counter = wick_load_be32(word + AT_COUNTER);
    out->active_from = load_be40(word + AT_ACTIVE_FROM);
    out->manifest_bytes = wick_load_be32(word + AT_SIZE);
    out->approvals = word[AT_APPROVALS];
    out->threshold = word[AT_THRESHOLD];
    out->flags = word[AT_FLAGS];
    out->index = index;
    out->seen_at = seen_at;
    if (!is_release(out, wick_load_be32(word + AT_EPOCH), wick_load_be32(word + AT_VOTERS))) {
        memset(out, 0, sizeof *out);
        return WICK_E_RECORD_INVALID;
    }
    return WICK_OK;
}

wick_status wick_release_encode(uint8_t word[32], const wick_release *release, uint32_t epoch,
                                uint32_t voters)
{
    memset(word, 0, 32);
    if (!is_release(release, epoch, voters) || release->active_from >> 40 != 0) {
        return WICK_E_RECORD_INVALID;
    }
    wick_store_be64(word + AT_VERSION, release->version);
    wick_store_be32(word + AT_COUNTER, release->counter);
    word[AT_ACTIVE_FROM] = (uint8_t)(release->active_from >> 32);
    wick_store_be32(word + AT_ACTIVE_FROM + 1, (uint32_t)release->active_from);
    wick_store_be32(word + AT_SIZE, release->manifest_bytes);
    word[AT_APPROVALS] = release->approvals;
    word[AT_THRESHOLD] = release->threshold;
    word[AT_FLAGS] = release->flags;
    wick_store_be32(word + AT_EPOCH, epoch);
    wick_store_be32(word + AT_VOTERS, voters);
    return WICK_OK;
}

void wick_registry_claims(uint8_t word32[32], const wick_release *release)
{
    memset(word32, 0, 32);
    wick_store_be64(word32 + AT_VERSION, release->version);
    wick_store_be32(word32 + AT_COUNTER, release->counter);
    wick_store_be32(word32 + AT_SIZE, release->manifest_bytes);
    word32[AT_FLAGS] = (uint8_t)(release->flags & WICK_RELEASE_FLOOR);
}

wick_release_role wick_release_role_decode(uint8_t *position, const uint8_t word[32])
{
    *position = 0;
    uint8_t role = word[31];
    if (!wick_ct_is_zero(word, 30) || word[30] >= WICK_PRODUCT_MEMBERS_MAX ||
        (role != WICK_ROLE_PUBLISHER && role != WICK_ROLE_APPROVER && role != WICK_ROLE_ROOT)) {
        return WICK_ROLE_NONE;
    }
    *position = word[30];
    return (wick_release_role)role;
}

/* ---- the head ---- */

void wick_release_query_init(wick_release_query *query, const uint8_t product32[32],
                             const uint8_t *device32)
{
    memset(query, 0, sizeof *query);
    memcpy(query->product, product32, 32);
    for (query->count = 0; query->count < 3; query->count++) {
        wick_slot_release_head(query->slots[query->count], product32, query->count);
    }
    if (device32 != NULL) {
        wick_slot_release_allowed(query->slots[query->count++], product32, device32);
    }
}

/* Is the one device that was asked for on the list? */
static bool is_allowed(const wick_release_query *query)
{
    const uint8_t *word = query->values[3];
    return query->count == WICK_RELEASE_SLOTS_MAX && wick_ct_is_zero(word, 31) &&
           word[31] == ALLOWED;
}

wick_status wick_release_query_read(wick_release *release, wick_product *product,
                                    const wick_release_query *query, uint64_t seen_at)
{
    memset(release, 0, sizeof *release);
    wick_status s = wick_product_decode(product, query->values[2]);
    if (s != WICK_OK) {
        return s;
    }
    s = wick_release_decode(release, query->product, product->index, query->values[0],
                            query->values[1], seen_at);
    /* One without the other: the words were not written together. Nor is one that waits for
     * approvals ever a head. */
    bool has_head = s == WICK_OK && release->active_from != 0;
    if (has_head != (product->updated_at != 0) || (s != WICK_E_NOT_FOUND && !has_head)) {
        memset(release, 0, sizeof *release);
        memset(product, 0, sizeof *product);
        return WICK_E_RECORD_INVALID;
    }
    if (s != WICK_OK) {
        return s;
    }
    release->min_counter = product->min_counter;
    release->updated_at = product->updated_at;
    bool is_restricted = (product->flags & WICK_PRODUCT_RESTRICTED) != 0;
    return is_restricted && !is_allowed(query) ? WICK_E_FW_DENIED : WICK_OK;
}
