/* SPDX-License-Identifier: Apache-2.0 */
/* Random calls of ReleaseIndex, good and bad, by members of all roles and by strangers. Part of
 * lab.differential. */
#include <stdio.h>
#include <string.h>

#include "lab_differential.h"
#include "lab_release_model.h"
#include "lab_storage.h"
#include "tap.h"
#include "wick/abi.h"
#include "wick/eip712.h"

#define DEVICES 3u

static uint8_t call_bytes[WICK_CALLDATA_ROLES_MAX + 64];
static uint8_t device[DEVICES][32], registrar[20];
static wick_registry_domain domain;
static lab_members asked[LAB_PRODUCTS]; /* the change that the roots of a product talk about */
/* Calls that were not refused; of these, heads that are floors, and approvals after the last one needed. */
static unsigned done, floors, late;

static wick_buf new_call(void)
{
    lab_expect(lab_releases);
    return wick_buf_make(call_bytes, sizeof call_bytes);
}

static void run(unsigned from, const wick_buf *call, bool good, const char *what)
{
    (void)lab_run(from, call, 0, what);
    done += good ? 1 : 0;
}

/* ---- who ---- */

/* One that has an account at the node. */
static unsigned draw_account(void)
{
    const unsigned n = lab_draw(LAB_ACCOUNTS + LAB_PEOPLE - LAB_KEYS);
    return n < LAB_ACCOUNTS ? n : n + LAB_KEYS - LAB_ACCOUNTS;
}

/* One who holds this role, and whose bit is not set if there is one; somebody else now and then.
 * `signs`: whose key is known, else who has an account. */
static unsigned draw_holder(const lab_product *p, uint8_t role, uint32_t voters, bool signs)
{
    const unsigned first = lab_draw(LAB_PEOPLE);
    const bool anybody = lab_one_in(10);
    unsigned found = signs ? lab_draw(LAB_KEYS) : draw_account(), position;
    for (unsigned i = 0; i < LAB_PEOPLE && !anybody; i++) {
        const unsigned who = (first + i) % LAB_PEOPLE;
        if ((signs ? who < LAB_KEYS : lab_has_account(who)) &&
            lab_holds(&position, p, lab_account[who], role)) {
            found = who;
            if ((voters >> position & 1u) == 0) {
                break;
            }
        }
    }
    return found;
}

/* One that is there and has as many releases at least, mostly. */
static lab_product *draw_product(uint32_t releases)
{
    const uint32_t first = lab_draw(LAB_PRODUCTS);
    lab_last.product = &lab_products[first];
    for (uint32_t i = 0; i < LAB_PRODUCTS && !lab_one_in(20); i++) {
        lab_product *p = &lab_products[(first + i) % LAB_PRODUCTS];
        if (p->is.epoch != 0 && p->is.count >= releases) {
            return lab_last.product = p;
        }
    }
    return lab_last.product;
}

/* The votes of roots for a change, who has voted. */
static uint32_t voters_of(const lab_product *p, const lab_members *m)
{
    uint32_t voters = 0;
    for (unsigned i = 0; i < WICK_PRODUCT_MEMBERS_MAX; i++) {
        voters |= (uint32_t)lab_has_voted(p, m, i) << i;
    }
    return voters;
}

static void random_set_roles(void)
{
    lab_product *p = draw_product(0);
    lab_members *m = &asked[p - lab_products];
    if (m->bytes == 0 || lab_one_in(4)) {
        lab_draw_members(m, p);
    }
    const unsigned caller =
        draw_holder(p, WICK_ROLE_ROOT, lab_one_in(6) ? 0 : voters_of(p, m), false);
    const uint32_t epoch = p->is.epoch;
    wick_buf call = new_call();
    lab_put_members(&call, "setRoles(bytes32,bytes,uint256)", p, m);
    const bool good = lab_sets_roles(p, lab_account[caller], m);
    run(caller, &call, good, "release setRoles");
    if (!lab_fits(m) || (p->is.epoch != epoch && lab_one_in(2))) {
        /* else they vote for it once more */
        m->bytes = 0;
    }
}

/* ---- releases ---- */

static void random_allow(void)
{
    lab_product *p = draw_product(0);
    const unsigned caller = draw_holder(p, WICK_ROLE_PUBLISHER, 0, false);
    lab_last.device = device[lab_draw(DEVICES)];
    const bool allow =
        (lab_allowed_word(p, lab_last.device) == 1) == lab_one_in(4);
    wick_buf call = new_call();
    wick_calldata_product_allow(&call, p->id, lab_last.device, allow);
    run(caller, &call, lab_allows(p, lab_account[caller], lab_last.device, allow),
        "release setAllowed");
}

static void random_publish(void)
{
    lab_product *p = draw_product(0);
    const wick_release *head = &p->release[p->is.index].is;
    const bool has_head = p->is.updated_at != 0;
    const unsigned caller = draw_holder(p, WICK_ROLE_PUBLISHER, 0, false);
    uint8_t index[32];
    wick_release r;
    REQUIRE(p->is.count < LAB_RELEASES);
    memset(&r, 0, sizeof r);
    memcpy(r.product, p->id, 32);
    if (!lab_one_in(30)) {
        memset(r.manifest, (int)lab_draw(256), 32);
        wick_store_be32(r.manifest + 3, lab_draw(1u << 24));
    }
    r.version = has_head && !lab_one_in(12) ? head->version + 1 + lab_draw(3) : lab_draw(8);
    r.counter = has_head ? head->counter + (lab_one_in(4) ? lab_draw(3) : 0) : lab_draw(4);
    if (lab_one_in(12) && r.counter != 0) {
        r.counter--;
    }
    r.manifest_bytes = lab_one_in(30) ? 0 : 1 + lab_draw(1u << 20);
    if (lab_one_in(40)) { /* the longest fields */
        r.manifest_bytes = UINT32_MAX;
    }
    r.flags = lab_one_in(3) ? WICK_RELEASE_FLOOR : 0;
    wick_buf call = new_call();
    wick_calldata_release_publish(&call, &r);
    lab_word_u64(index, p->is.count);
    const bool good = lab_publishes(p, lab_account[caller], &r);
    if (good) {
        uint8_t answer[32];
        CHECK(lab_view(answer, caller, lab_releases, &call));
        CHECK_MEM(answer, index, 32);
    }
    run(caller, &call, good, "release publish");
}

/* One that waits for approvals, mostly. */
static uint32_t draw_index(const lab_product *p)
{
    const uint32_t first = lab_draw(p->is.count + 1);
    for (uint32_t i = 0; i < p->is.count && !lab_one_in(12); i++) {
        const uint32_t index = (first + i) % p->is.count;
        const lab_release *r = &p->release[index];
        if (r->is.active_from == 0 && r->epoch == p->is.epoch && r->is.flags % 2 == 0 &&
            (p->is.updated_at == 0 || r->is.version > p->release[p->is.index].is.version)) {
            return index;
        }
    }
    return lab_one_in(12) ? p->is.count + lab_draw(2)
           : lab_one_in(2) ? p->is.index
                       : lab_draw(p->is.count + 1);
}

/* What an approver has before him: the release as it was proposed, or something else. */
static void draw_reviewed(wick_release *reviewed, const lab_product *p, uint32_t index)
{
    *reviewed = p->release[index].is; /* zero if there is none */
    memcpy(reviewed->product, p->id, 32);
    reviewed->index = index;
    if (!lab_one_in(8)) {
        return;
    }
    switch (lab_draw(5)) {
    case 0:
        reviewed->manifest[lab_draw(32)] ^= (uint8_t)(1u << lab_draw(8));
        break;
    case 1:
        reviewed->version ^= UINT64_C(1) << lab_draw(64);
        break;
    case 2:
        reviewed->counter ^= UINT32_C(1) << lab_draw(32);
        break;
    case 3:
        reviewed->manifest_bytes ^= UINT32_C(1) << lab_draw(32);
        break;
    default:
        reviewed->flags ^= WICK_RELEASE_FLOOR;
        break;
    }
}

/* Claims as they stand in a call, with a bit now and then that the publisher does not set. */
static uint8_t *claims_in_call(void)
{
    uint8_t *claims = call_bytes + 4 + 3 * 32;
    if (lab_one_in(20)) {
        claims[lab_draw(32)] ^= (uint8_t)(1u << lab_draw(8));
    }
    return claims;
}

static bool approves(lab_product *p, const wick_release *reviewed, const uint8_t claims[32],
                     const uint8_t who[20])
{
    const uint32_t before = p->is.index;
    const uint64_t head_at = p->is.updated_at;
    const bool good = lab_approves(p, reviewed->index, reviewed->manifest, claims, who);
    const bool is_head = p->is.updated_at != 0 && p->is.index == reviewed->index;
    floors += good && is_head && p->release[p->is.index].is.flags == WICK_RELEASE_FLOOR;
    late += good && is_head && head_at != 0 && before == p->is.index;
    return good;
}

static void random_approve(void)
{
    lab_product *p = draw_product(1);
    const uint32_t index = draw_index(p);
    wick_release reviewed;
    const unsigned caller =
        draw_holder(p, WICK_ROLE_APPROVER, lab_one_in(8) ? 0 : p->release[index].voters, false);
    draw_reviewed(&reviewed, p, index);
    wick_buf call = new_call();
    wick_calldata_release_approve(&call, &reviewed);
    const uint8_t *claims = claims_in_call();
    run(caller, &call, approves(p, &reviewed, claims, lab_account[caller]), "release approve");
}

static void random_create(void)
{
    lab_members m;
    lab_product *p = lab_last.product = &lab_products[lab_draw(LAB_PRODUCTS)];
    for (unsigned i = 0; i < LAB_PRODUCTS && p->is.epoch != 0 && !lab_one_in(8); i++) {
        p = lab_last.product = &lab_products[i];
    }
    if ((p->is.epoch != 0 || p == &lab_products[LAB_PRODUCTS - 1]) && !lab_one_in(3)) {
        random_approve(); /* all are there: something else, mostly */
        return;
    }
    const unsigned caller = lab_one_in(4) ? draw_account() : LAB_ADMIN;
    lab_draw_members(&m, p);
    wick_buf call = new_call();
    lab_put_members(&call, "create(bytes32,bytes,uint256)", p, &m);
    run(caller, &call, lab_creates(p, lab_account[caller], &m), "release create");
}

/* A signature of nobody: over anything else than what is sent. */
static void draw_signature(uint8_t r[32], uint8_t vs[32], const lab_product *p,
                           const wick_release *reviewed, unsigned signer, bool foreign)
{
    uint8_t digest[32];
    wick_registry_domain where = domain;
    wick_release what = *reviewed;
    uint32_t epoch = p->is.epoch;
    switch (foreign ? lab_draw(6) : UINT32_MAX) {
    case 0: /* another contract */
        where = lab_domain;
        break;
    case 1: /* another chain */
        where.chain_id++;
        break;
    case 2: /* under former members */
        epoch--;
        break;
    case 3: /* another release */
        what.index++;
        break;
    case 4: /* another product */
        what.product[31] ^= 1;
        break;
    case 5: /* another manifest */
        what.manifest[0] ^= 1;
        break;
    default:
        break;
    }
    wick_release_approve_digest(digest, &where, &what, epoch);
    lab_sign(r, vs, signer, digest);
}

static void random_approve_for(void)
{
    static const uint8_t nobody[20] = {0};
    lab_product *p = draw_product(1);
    const uint32_t index = draw_index(p);
    wick_release reviewed;
    uint8_t r[32], vs[32], signed_claims[32];
    bool foreign = lab_one_in(8);
    const bool high = lab_one_in(25), empty = lab_one_in(25);
    const unsigned signer =
        draw_holder(p, WICK_ROLE_APPROVER, lab_one_in(8) ? 0 : p->release[index].voters, true);
    draw_reviewed(&reviewed, p, index);
    draw_signature(r, vs, p, &reviewed, signer, foreign);
    if (high) {
        vs[0] |= 0x7f;
        memset(vs + 1, 0xff, 31);
    }
    if (empty) {
        memset(r, 0, 32);
    }
    wick_buf call = new_call();
    wick_calldata_release_approve_for(&call, &reviewed, r, vs);
    memcpy(signed_claims, call_bytes + 4 + 3 * 32, 32);
    const uint8_t *claims = claims_in_call();
    foreign = foreign || empty || memcmp(signed_claims, claims, 32) != 0;
    const bool good = (!high || lab_refuse("HighS()")) &&
                      approves(p, &reviewed, claims, foreign ? nobody : lab_account[signer]);
    run(draw_account(), &call, good, "release approveFor");
}

static void random_revoke(void)
{
    lab_product *p = draw_product(1);
    const uint32_t index = draw_index(p);
    const unsigned caller = draw_holder(p, WICK_ROLE_APPROVER, 0, false);
    wick_buf call = new_call();
    wick_calldata_release_revoke(&call, p->id, index);
    run(caller, &call, lab_revokes(p, index, lab_account[caller]), "release revoke");
}

static void random_view(void)
{
    uint8_t slot[32] = {0}, want[32];
    if (lab_storage_count() != 0 && !lab_one_in(6)) {
        memcpy(slot, lab_storage_slot(lab_draw((uint32_t)lab_storage_count())), 32);
    }
    lab_storage_get(want, slot);
    lab_expect(lab_releases);
    lab_view_is("storedWord(bytes32)", slot, want);
    wick_eip712_domain(want, "wick ReleaseIndex", "1", domain.chain_id, domain.contract);
    lab_view_is("domainSeparator()", NULL, want);
    lab_word_address(want, registrar);
    lab_view_is("REGISTRAR()", NULL, want);
}

void (*const lab_release_operations[LAB_RELEASE_OPERATIONS])(void) = {
    random_create,  random_create,  random_set_roles,   random_set_roles, random_publish, random_publish,
    random_publish, random_approve, random_approve,     random_approve,   random_approve, random_approve_for,
    random_revoke,  random_allow,   random_approve_for, random_view};

void lab_releases_begin(void)
{
    static const char *const names[LAB_PRODUCTS - 1] = {"valve", "pump", "meter"};
    static const char *const devices[DEVICES] = {"diff-1", "diff-2", "diff-3"};
    uint8_t bytes[4], word[32];
    wick_buf call = wick_buf_make(bytes, sizeof bytes);
    domain = lab_domain;
    memcpy(domain.contract, lab_releases, 20);
    wick_abi_put_call(&call, "REGISTRAR()");
    REQUIRE(lab_view(word, LAB_STRANGER, lab_releases, &call));
    memcpy(registrar, word + 12, 20);
    lab_release_world(registrar);
    memset(asked, 0, sizeof asked);
    lab_last.product = &lab_products[0];
    lab_last.device = device[0];
    done = floors = late = 0;
    for (size_t i = 0; i < LAB_PRODUCTS - 1; i++) {
        CHECK_STATUS(wick_name_hash(lab_products[i].id, wick_span_text(names[i])), WICK_OK);
    }
    for (size_t i = 0; i < DEVICES; i++) {
        CHECK_STATUS(wick_name_hash(device[i], wick_span_text(devices[i])), WICK_OK);
    }
}

bool lab_releases_registrar(void)
{
    return !wick_ct_is_zero(registrar, sizeof registrar);
}

void lab_releases_done(void)
{
    unsigned heads = 0, epochs = 0, revoked = 0, releases = 0;
    for (const lab_product *p = lab_products; p < lab_products + LAB_PRODUCTS - 1; p++) {
        heads += p->is.updated_at != 0;
        epochs += p->is.epoch;
        releases += p->is.count;
        revoked += p->is.updated_at != 0 && p->release[p->is.index].is.flags % 2 != 0;
    }
    printf("# %u calls done, %u releases, %u epochs of members, %u floors, %u late approvals, %u of %u "
           "heads revoked, %u words\n",
           done, releases, epochs, floors, late, revoked, heads, (unsigned)lab_storage_count());
    CHECK(heads > 1 && epochs > 5 && floors != 0 && late != 0);
}
