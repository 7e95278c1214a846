/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of ReleaseIndex, a second time. Part of lab.differential. */
#include "lab_release_model.h"

#include <string.h>

#include "lab_storage.h"
#include "tap.h"
#include "wick/abi.h"
#include "wick/keccak.h"

lab_product lab_products[LAB_PRODUCTS];
lab_release_call lab_last;
static uint8_t registrar[20];

/* What a call may not hold beyond its terms: flags, roots, approvals, delay are its last 7 bytes. */
#define TERMS_BYTES 7u
#define TERMS_AT (32u - TERMS_BYTES)

void lab_release_world(const uint8_t registrar20[20])
{
    memset(lab_products, 0, sizeof lab_products);
    memcpy(registrar, registrar20, 20);
    lab_storage_clear();
}

/* ---- words ---- */

static void store_be40(uint8_t *out, uint64_t value)
{
    out[0] = (uint8_t)(value >> 32);
    wick_store_be32(out + 1, (uint32_t)value);
}

void lab_product_word(uint8_t word[32], const wick_product *product)
{
    memset(word, 0, 32);
    word[4] = product->flags;
    word[5] = product->roots;
    word[6] = product->approvals;
    wick_store_be32(word + 7, product->delay_s);
    wick_store_be32(word + 11, product->epoch);
    wick_store_be32(word + 15, product->index);
    store_be40(word + 19, product->updated_at);
    wick_store_be32(word + 24, product->min_counter);
    wick_store_be32(word + 28, product->count);
}

static void release_word(uint8_t word[32], const lab_release *r)
{
    CHECK_STATUS(wick_release_encode(word, &r->is, r->epoch, r->voters), WICK_OK);
}

static void put_product(const lab_product *p)
{
    uint8_t slot[32], word[32];
    wick_slot_release_head(slot, p->id, 2);
    lab_product_word(word, &p->is);
    lab_storage_put(slot, word);
}

/* A release of the history, and the head if it is the head. */
static void put_release(const lab_product *p, uint32_t index)
{
    const lab_release *r = &p->release[index];
    uint8_t slot[32], word[32];
    release_word(word, r);
    wick_slot_release(slot, p->id, index, 0);
    lab_storage_put(slot, r->is.manifest);
    wick_slot_release(slot, p->id, index, 1);
    lab_storage_put(slot, word);
    if (p->is.updated_at != 0 && p->is.index == index) {
        wick_slot_release_head(slot, p->id, 0);
        lab_storage_put(slot, r->is.manifest);
        wick_slot_release_head(slot, p->id, 1);
        lab_storage_put(slot, word);
    }
}

/* votes[keccak256(abi.encode(product, epoch, keccak256(abi.encode(keccak256(list), terms))))] */
static void vote_slot(uint8_t slot[32], uint8_t change[32], const lab_product *p,
                      const lab_members *m)
{
    uint8_t parts[96];
    wick_keccak256(parts, m->list, m->bytes);
    memcpy(parts + 32, m->terms, 32);
    wick_keccak256(change, parts, 64);
    memcpy(parts, p->id, 32);
    lab_word_u64(parts + 32, p->is.epoch);
    memcpy(parts + 64, change, 32);
    wick_keccak256(slot, parts, sizeof parts);
    wick_abi_mapping_slot_u64(slot, slot, WICK_SLOT_VOTES);
}

uint8_t lab_allowed_word(const lab_product *p, const uint8_t device32[32])
{
    uint8_t slot[32], word[32];
    wick_slot_release_allowed(slot, p->id, device32);
    lab_storage_get(word, slot);
    return word[31];
}

/* Event of a release: (product, index, who if he is named, manifest if it is, release word). */
static void release_event(const char *signature, const lab_product *p, uint32_t index,
                          const uint8_t *who20, bool has_manifest)
{
    const lab_release *r = &p->release[index];
    uint8_t words[4][32];
    size_t n = 0;
    memcpy(words[n++], p->id, 32);
    lab_word_u64(words[n++], index);
    if (who20 != NULL) {
        lab_word_address(words[n++], who20);
    }
    const size_t indexed = n;
    if (has_manifest) {
        memcpy(words[n++], r->is.manifest, 32);
    }
    release_word(words[n++], r);
    lab_event(signature, indexed, (const uint8_t (*)[32])words, n - indexed);
}

/* ---- members ---- */

bool lab_holds(unsigned *position, const lab_product *p, const uint8_t who20[20], uint8_t role)
{
    *position = 0;
    for (unsigned i = 0; p->is.epoch != 0 && i < p->members.bytes / LAB_MEMBER; i++) {
        const uint8_t *member = p->members.list + LAB_MEMBER * i;
        if (memcmp(member, who20, 20) == 0) {
            *position = i;
            return member[20] == role;
        }
    }
    return false;
}

bool lab_fits(const lab_members *m)
{
    static const uint8_t zero[20] = {0};
    const uint8_t *last = zero, *terms = m->terms + TERMS_AT;
    unsigned held[WICK_ROLE_ROOT + 1] = {0};
    if (m->bytes % LAB_MEMBER != 0 || m->bytes / LAB_MEMBER > 32 ||
        !wick_ct_is_zero(m->terms, TERMS_AT)) {
        return false;
    }
    for (size_t at = 0; at < m->bytes; at += LAB_MEMBER) {
        const uint8_t *member = m->list + at;
        const uint8_t role = member[20];
        if (memcmp(last, member, 20) >= 0 ||
            (role != WICK_ROLE_PUBLISHER && role != WICK_ROLE_APPROVER && role != WICK_ROLE_ROOT)) {
            return false;
        }
        held[role]++;
        last = member;
    }
    const unsigned flags = terms[0], roots = terms[1], approvals = terms[2];
    return held[WICK_ROLE_PUBLISHER] >= 1 && approvals >= 1 &&
           approvals <= held[WICK_ROLE_APPROVER] && roots >= 2 && roots <= held[WICK_ROLE_ROOT] &&
           flags <= 1 && wick_load_be32(terms + 3) <= 90 * 86400;
}

static bool takes_list(const lab_members *m)
{
    return lab_fits(m) || lab_refuse("BadRoles()");
}

/* Other members, under the next epoch. */
static void appoint(lab_product *p, const lab_members *m)
{
    uint8_t words[2][32], slot[32];
    const uint8_t *terms = m->terms + TERMS_AT;
    p->is.epoch++;
    p->is.flags = terms[0];
    p->is.roots = terms[1];
    p->is.approvals = terms[2];
    p->is.delay_s = wick_load_be32(terms + 3);
    p->members = *m;
    put_product(p);
    for (unsigned i = 0; i < m->bytes / LAB_MEMBER; i++) {
        const uint8_t *member = m->list + LAB_MEMBER * i;
        wick_slot_release_member(slot, p->id, p->is.epoch, member);
        lab_word_u64(words[0], (uint64_t)i << 8 | member[20]);
        lab_storage_put(slot, words[0]);
    }
    memcpy(words[0], p->id, 32);
    lab_product_word(words[1], &p->is);
    lab_event_bytes("RolesSet(bytes32,uint256,bytes)", 1, (const uint8_t (*)[32])words, 1,
                    wick_span_make(m->list, m->bytes));
}

bool lab_creates(lab_product *p, const uint8_t caller[20], const lab_members *m)
{
    if (!wick_ct_is_zero(registrar, 20) && memcmp(caller, registrar, 20) != 0) {
        return lab_refuse("NotRegistrar()");
    }
    if (wick_ct_is_zero(p->id, 32) || p->is.epoch != 0) {
        return lab_refuse("ProductTaken()");
    }
    if (!takes_list(m)) {
        return false;
    }
    appoint(p, m);
    return true;
}

bool lab_has_voted(const lab_product *p, const lab_members *m, unsigned position)
{
    uint8_t slot[32], change[32], word[32];
    vote_slot(slot, change, p, m);
    lab_storage_get(word, slot);
    return (wick_load_be32(word + 28) >> position & 1u) != 0;
}

bool lab_sets_roles(lab_product *p, const uint8_t caller[20], const lab_members *m)
{
    uint8_t words[4][32], slot[32];
    unsigned position;
    if (!lab_holds(&position, p, caller, WICK_ROLE_ROOT)) {
        return lab_refuse("NotRoot()");
    }
    if (!takes_list(m)) {
        return false;
    }
    if (lab_has_voted(p, m, position)) {
        return lab_refuse("AlreadyVoted()");
    }
    uint8_t vote[32];
    vote_slot(slot, words[2], p, m);
    lab_storage_get(vote, slot);
    wick_store_be32(vote + 28, wick_load_be32(vote + 28) | UINT32_C(1) << position);
    vote[27]++;
    lab_storage_put(slot, vote);
    memcpy(words[0], p->id, 32);
    lab_word_address(words[1], caller);
    lab_word_u64(words[3], vote[27]);
    lab_event("RolesVoted(bytes32,address,bytes32,uint256)", 2, (const uint8_t (*)[32])words, 2);
    if (vote[27] >= p->is.roots) {
        appoint(p, m);
    }
    return true;
}

/* ---- publishers ---- */

static bool by_publisher(const lab_product *p, const uint8_t caller[20])
{
    unsigned position;
    return lab_holds(&position, p, caller, WICK_ROLE_PUBLISHER) || lab_refuse("NotPublisher()");
}

bool lab_allows(lab_product *p, const uint8_t caller[20], const uint8_t device32[32], bool allow)
{
    uint8_t words[3][32], slot[32];
    if (!by_publisher(p, caller)) {
        return false;
    }
    if ((lab_allowed_word(p, device32) == 1) == allow) {
        return lab_refuse("SameEntry()");
    }
    wick_slot_release_allowed(slot, p->id, device32);
    lab_word_u64(words[2], allow ? 1 : 2);
    lab_storage_put(slot, words[2]);
    memcpy(words[0], p->id, 32);
    memcpy(words[1], device32, 32);
    lab_word_u64(words[2], allow);
    lab_event("Allowed(bytes32,bytes32,bool)", 2, (const uint8_t (*)[32])words, 1);
    return true;
}

/* Does it rise above the head, if there is one? */
static bool rises(const lab_product *p, const wick_release *r)
{
    const wick_release *head = &p->release[p->is.index].is;
    if (p->is.updated_at == 0) {
        return true;
    }
    if (r->version <= head->version) {
        return lab_refuse("VersionNotRising()");
    }
    return r->counter >= head->counter || lab_refuse_with("CounterFalls(uint32)", head->counter);
}

bool lab_publishes(lab_product *p, const uint8_t caller[20], const wick_release *proposed)
{
    if (!by_publisher(p, caller)) {
        return false;
    }
    if (wick_ct_is_zero(proposed->manifest, 32) || proposed->version == 0 ||
        proposed->manifest_bytes == 0) {
        return lab_refuse("BadRelease()");
    }
    if (!rises(p, proposed)) {
        return false;
    }
    const uint32_t index = p->is.count++;
    lab_release *r = &p->release[index];
    memset(r, 0, sizeof *r);
    r->is = *proposed;
    r->is.index = index;
    r->is.threshold = p->is.approvals;
    r->epoch = p->is.epoch;
    put_product(p);
    put_release(p, index);
    release_event("Proposed(bytes32,uint256,bytes32,uint256)", p, index, NULL, true);
    return true;
}

/* ---- approvers ---- */

static bool by_approver(unsigned *position, const lab_product *p, const uint8_t who[20])
{
    return lab_holds(position, p, who, WICK_ROLE_APPROVER) || lab_refuse("NotApprover()");
}

static bool is_live(const lab_product *p, uint32_t index)
{
    if (index >= p->is.count) {
        return lab_refuse("UnknownRelease()");
    }
    return (p->release[index].is.flags & WICK_RELEASE_REVOKED) == 0 ||
           lab_refuse("ReleaseRevoked()");
}

/* Version, counter, size and floor of a release word, where they stand. */
static void claims_of(uint8_t claims[32], const wick_release *r)
{
    memset(claims, 0, 32);
    claims[8] = r->flags & WICK_RELEASE_FLOOR;
    wick_store_be32(claims + 11, r->manifest_bytes);
    wick_store_be32(claims + 20, r->counter);
    wick_store_be64(claims + 24, r->version);
}

/* The head's words were changed now, if this is the head. */
static void touch(lab_product *p, uint32_t index)
{
    if (p->is.updated_at != 0 && p->is.index == index) {
        p->is.updated_at = lab_now_s;
        put_product(p);
    }
    put_release(p, index);
}

bool lab_approves(lab_product *p, uint32_t index, const uint8_t manifest[32],
                  const uint8_t claims[32], const uint8_t approver[20])
{
    uint8_t own[32];
    unsigned position;
    if (!by_approver(&position, p, approver) || !is_live(p, index)) {
        return false;
    }
    lab_release *r = &p->release[index];
    claims_of(own, &r->is);
    if (memcmp(manifest, r->is.manifest, 32) != 0 || memcmp(claims, own, 32) != 0) {
        return lab_refuse("WrongManifest()");
    }
    if (r->epoch != p->is.epoch) {
        return lab_refuse_with("RolesChanged(uint32)", p->is.epoch);
    }
    if ((r->voters >> position & 1u) != 0) {
        return lab_refuse("AlreadyVoted()");
    }
    if (r->is.active_from == 0 && !rises(p, &r->is)) {
        return false;
    }
    r->voters |= UINT32_C(1) << position;
    r->is.approvals++;
    const bool activates = r->is.active_from == 0 && r->is.approvals >= r->is.threshold;
    if (activates) {
        r->is.active_from = lab_now_s + p->is.delay_s;
        p->is.index = index;
        p->is.updated_at = lab_now_s;
        if ((r->is.flags & WICK_RELEASE_FLOOR) != 0) {
            p->is.min_counter = r->is.counter;
        }
    }
    touch(p, index);
    release_event("Approved(bytes32,uint256,address,uint256)", p, index, approver, false);
    if (activates) {
        release_event("Activated(bytes32,uint256,bytes32,uint256)", p, index, NULL, true);
    }
    return true;
}

bool lab_revokes(lab_product *p, uint32_t index, const uint8_t caller[20])
{
    unsigned position;
    if (!by_approver(&position, p, caller) || !is_live(p, index)) {
        return false;
    }
    p->release[index].is.flags |= WICK_RELEASE_REVOKED;
    touch(p, index);
    release_event("Revoked(bytes32,uint256,address,uint256)", p, index, caller, false);
    return true;
}
