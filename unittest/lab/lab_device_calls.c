/* SPDX-License-Identifier: Apache-2.0 */
/* Random calls of DeviceRegistry, good and bad, alone and in batches, and the words after them. Part
 * of lab.differential. */
#include <stdio.h>
#include <string.h>

#include "lab_device_model.h"
#include "lab_differential.h"
#include "tap.h"
#include "wick/attest.h"
#include "wick/calldata.h"

static unsigned attestor_key[3]; /* in the order of their addresses */

/* ---- calls ---- */

static uint8_t call_bytes[6144];

static wick_buf new_call(void)
{
    lab_expect(lab_domain.contract);
    return wick_buf_make(call_bytes, sizeof call_bytes);
}

static unsigned somebody(void)
{
    return LAB_OWNER + lab_draw(2);
}

static void draw_word(uint8_t word[32])
{
    memset(word, lab_one_in(12) ? 0 : (int)lab_draw(256), 32);
}

static void make_high(uint8_t vs[32])
{
    vs[0] |= 0x7f;
    memset(vs + 1, 0xff, 31);
}

static uint64_t draw_deadline(void)
{
    return lab_one_in(20)   ? lab_now_s - 100
           : lab_one_in(20) ? lab_now_s + 8 * LAB_DAY
                        : lab_now_s + 3600;
}

/* One that is there, mostly. */
static lab_organisation *draw_org(void)
{
    lab_organisation *o = &lab_w.org[lab_draw(LAB_ORGS)];
    return o->there || lab_one_in(6) ? o : &lab_w.org[0];
}

static void random_register(void)
{
    lab_device *d = &lab_w.device[lab_draw(LAB_DEVICES)];
    uint8_t digest[32], r[32], vs[32];
    wick_voucher v;
    memset(&v, 0, sizeof v);
    const lab_organisation *own = d->d.epoch == 0 ? NULL : lab_org_at(d->d.org);
    const lab_organisation *org = own == NULL || lab_one_in(12) ? draw_org() : own;
    const bool bad = lab_one_in(25);
    memcpy(v.org, org->id, 32);
    v.org[0] ^= lab_one_in(20);
    memcpy(v.id, d->id, 32);
    if (!lab_one_in(20)) {
        memcpy(v.owner, lab_account[somebody()], 20);
    }
    v.key_type = lab_one_in(8) ? (uint8_t)lab_draw(5) : WICK_KEY_TYPE_SECP256K1;
    v.flags = lab_one_in(12) ? 4 : v.key_type == WICK_KEY_TYPE_SECP256K1 ? (uint8_t)lab_draw(2) : 0;
    draw_word(v.key);
    v.not_after = lab_one_in(20) ? lab_now_s - 100 : lab_now_s + LAB_DAY + lab_draw(1000000);
    v.epoch = d->d.epoch + (lab_one_in(12) ? 1 : 0);
    v.manager_epoch = org->epoch + (lab_one_in(15) ? 1 : 0);
    v.deadline = draw_deadline();
    const unsigned signer = lab_one_in(15) || !org->there ? lab_draw(LAB_ACCOUNTS) : org->manager;
    const bool high = lab_one_in(20);
    wick_voucher_digest(digest, &lab_domain, &v);
    lab_sign(r, vs, signer, digest);
    if (high) {
        make_high(vs);
    }
    wick_buf call = new_call();
    wick_calldata_register(&call, &v, r, vs);
    call_bytes[4 + 64] ^= bad; /* the number of an organisation, which the contract alone writes */
    (void)lab_registers(d, &v, signer, high, bad);
    (void)lab_run(somebody(), &call, 0, "register");
}

static wick_attestation attestations[3];

/* Attestations of the first ones of the list, as many as must sign, or one fewer. */
static void draw_attestations(wick_relayed *c, const lab_device *d)
{
    wick_attest a;
    uint8_t digest[32];
    lab_w.attest_kind = lab_one_in(2) ? ATTEST_GOOD : lab_draw(ATTEST_KINDS);
    lab_w.attest_time = lab_now_s - 60;
    memset(&a, 0, sizeof a);
    memcpy(a.id, d->id, 32);
    a.epoch = d->d.epoch;
    memcpy(a.key, d->d.key, 32);
    memcpy(a.service, lab_service, 32);
    memcpy(a.endpoint, c->word, 32);
    c->proof.members = (const uint8_t (*)[20])lab_w.members;
    const lab_set *set = d->d.epoch == 0 ? NULL : lab_attestors_of(d);
    c->proof.member_count = set == NULL ? 0 : set->count;
    c->proof.attestations = attestations;
    c->proof.attestation_count = set == NULL ? 0 : set->threshold;
    if (lab_w.attest_kind == ATTEST_FEW && set != NULL) {
        c->proof.attestation_count--;
    }
    for (size_t i = 0; i < c->proof.attestation_count; i++) {
        a.checked_at = lab_w.attest_time + i;
        a.checked_at -= lab_w.attest_kind == ATTEST_OLD && i == 0 ? 700 : 0;
        attestations[i].position = (uint8_t)i;
        attestations[i].checked_at = a.checked_at;
        wick_attest_digest(digest, &lab_domain, &a);
        const bool forged = lab_w.attest_kind == ATTEST_FORGED && i == 0;
        lab_sign(attestations[i].r, attestations[i].vs, forged ? LAB_STRANGER : attestor_key[i],
                 digest);
    }
}

static void draw_call(wick_relayed *c, const lab_device *d)
{
    static const uint8_t kinds[] = {WICK_RELAYED_PUBLISH,
                                    WICK_RELAYED_PUBLISH,
                                    WICK_RELAYED_PUBLISH_ATTESTED,
                                    WICK_RELAYED_PUBLISH_ATTESTED,
                                    WICK_RELAYED_ROTATE,
                                    WICK_RELAYED_TRANSFER_OWNER,
                                    WICK_RELAYED_CLAIM_OWNER,
                                    WICK_RELAYED_TLS_KEY,
                                    WICK_RELAYED_LEAF_ROOT,
                                    WICK_RELAYED_REVOKE};
    wick_endpoint e;
    memset(c, 0, sizeof *c);
    c->kind = kinds[lab_draw(sizeof kinds)];
    if (c->kind == WICK_RELAYED_REVOKE && !lab_one_in(3)) {
        c->kind = WICK_RELAYED_PUBLISH;
    }
    memcpy(c->id, d->id, 32);
    memcpy(c->service, lab_service, 32);
    c->epoch = d->d.epoch + (lab_one_in(8) ? 1 : 0);
    c->deadline = draw_deadline();
    c->key_type = lab_one_in(8) ? (uint8_t)lab_draw(5) : WICK_KEY_TYPE_SECP256K1;
    c->flags = (uint8_t)lab_draw(lab_one_in(8) ? 3 : 2);
    if (c->kind == WICK_RELAYED_TRANSFER_OWNER && !lab_one_in(4)) {
        memcpy(c->owner, lab_account[somebody()], 20);
    }
    draw_word(c->word);
    if (c->kind == WICK_RELAYED_PUBLISH || c->kind == WICK_RELAYED_PUBLISH_ATTESTED) {
        c->index = (uint8_t)lab_draw(lab_one_in(10) ? 3 : 2);
        const uint32_t before = c->index < 2 ? lab_seq_of(d->endpoint[c->index]) : 0;
        memset(&e, 0, sizeof e);
        e.addr = wick_addr_v4(203, 0, 113, (uint8_t)(1 + lab_draw(3)), 49152);
        e.protocol = WICK_PROTOCOL_UDP;
        e.kind = WICK_ENDPOINT_DIRECT;
        e.seq = lab_one_in(8) && before != 0 ? before
                                             : before + 1 + lab_draw(lab_one_in(8) ? 100000 : 100);
        e.expires = lab_one_in(12)   ? lab_now_s - 100
                    : lab_one_in(12) ? lab_now_s + WICK_EXPIRY_MAX_S + 1000
                                 : lab_now_s + 1000 + lab_draw(1000000);
        e.validated_at_h = lab_one_in(15) ? 1 : 0;
        CHECK_STATUS(wick_endpoint_encode(c->word, &e), WICK_OK);
        if (c->kind == WICK_RELAYED_PUBLISH_ATTESTED) {
            draw_attestations(c, d);
        }
    }
}

static void put_relayed(wick_buf *call, const wick_relayed *c, unsigned signer, bool high)
{
    uint8_t digest[32], r[32], vs[32];
    wick_relayed_digest(digest, &lab_domain, c);
    lab_sign(r, vs, signer, digest);
    if (high) {
        make_high(vs);
    }
    wick_calldata_relayed(call, c, r, vs);
}

static const char *kind_name(unsigned kind)
{
    static const char *const names[] = {"none",   "publish",       "publishAttested",
                                        "rotate", "revoke",        "transferOwner",
                                        "claim",  "setTlsKey",     "setLeafRoot"};
    return names[kind];
}

/* Who may make this call, mostly. */
static unsigned draw_caller(const lab_device *d, const wick_relayed *c)
{
    const uint8_t *who = c->kind == WICK_RELAYED_CLAIM_OWNER ? d->offer + 12 : d->d.owner;
    for (unsigned i = LAB_OWNER; i < LAB_OWNER + 2 && !lab_one_in(6); i++) {
        if (memcmp(who, lab_account[i], 20) == 0) {
            return i;
        }
    }
    return somebody();
}

static void random_direct(void)
{
    lab_device *d = &lab_w.device[lab_draw(LAB_DEVICES)];
    wick_relayed c;
    draw_call(&c, d);
    const unsigned caller = draw_caller(d, &c);
    wick_buf call = new_call();
    wick_calldata_direct(&call, &c);
    (void)lab_does(d, &c, lab_account[caller], false);
    (void)lab_run(caller, &call, 0, kind_name(c.kind));
}

static void random_relayed(void)
{
    lab_device *d = &lab_w.device[lab_draw(LAB_DEVICES)];
    wick_relayed c;
    const bool high = lab_one_in(20);
    draw_call(&c, d);
    const unsigned signer = draw_caller(d, &c);
    wick_buf call = new_call();
    put_relayed(&call, &c, signer, high);
    (void)lab_does_relayed(d, &c, signer, high);
    (void)lab_run(LAB_ADMIN, &call, 0, kind_name(c.kind));
}

/* Three calls in a list or an array; each that is refused leaves its event and nothing else. */
static void random_batch(void)
{
    static uint8_t bytes[3][1024];
    wick_span items[3];
    wick_buf call = new_call();
    for (size_t i = 0; i < 3; i++) {
        lab_device *d = &lab_w.device[lab_draw(LAB_DEVICES)];
        const lab_device before = *d;
        wick_relayed c;
        wick_buf item = wick_buf_make(bytes[i], sizeof bytes[i]);
        draw_call(&c, d);
        const unsigned signer = draw_caller(d, &c);
        put_relayed(&item, &c, signer, false);
        CHECK_STATUS(wick_buf_status(&item), WICK_OK);
        items[i] = wick_buf_span(&item);
        const size_t mark = lab_expect_mark();
        if (!lab_does_relayed(d, &c, signer, false)) {
            *d = before;
            lab_expect_back(mark);
            lab_refused_item(i);
        }
    }
    if (lab_one_in(2)) {
        wick_calldata_list(&call, items, 3);
    } else {
        wick_calldata_batch(&call, items, 3);
    }
    (void)lab_run(LAB_ADMIN, &call, 0, "batch");
}

static void random_of_organisation(void)
{
    lab_device *d = &lab_w.device[lab_draw(LAB_DEVICES)];
    const lab_organisation *own = d->d.epoch == 0 ? NULL : lab_org_at(d->d.org);
    const lab_organisation *o = own == NULL ? &lab_w.org[0] : own;
    uint8_t words[2][32];
    const bool recovers = lab_one_in(2);
    const unsigned caller = lab_one_in(2)            ? lab_draw(LAB_ACCOUNTS)
                            : recovers || lab_one_in(2) ? o->admin
                                                    : o->manager;
    const uint32_t epoch = d->d.epoch + (lab_one_in(8) ? 1 : 0);
    wick_buf call = new_call();
    if (recovers) {
        const uint8_t *owner = lab_account[somebody()];
        wick_calldata_recover(&call, owner, d->id, epoch);
        if (lab_live_at(d, epoch) && (caller == o->admin || lab_refuse("NotAdmin()"))) {
            lab_offer_word(d->offer, owner, lab_now_s + 2 * LAB_DAY, epoch);
            lab_device_words(words, d);
            lab_device_event("OwnerOffered(bytes32,uint256,uint256)", d, d->offer, words[0], NULL);
        }
        (void)lab_run(caller, &call, 0, "recover");
        return;
    }
    wick_calldata_revoke_as_org(&call, d->id, epoch);
    if (lab_live_at(d, epoch) &&
        (caller == o->admin || caller == o->manager || lab_refuse("NotManager()"))) {
        d->d.flags |= WICK_DEVICE_FLAG_REVOKED;
        d->d.epoch++;
        lab_device_words(words, d);
        lab_device_event("Revoked(bytes32,uint256)", d, words[0], NULL, NULL);
    }
    (void)lab_run(caller, &call, 0, "revokeAsOrg");
}

/* ---- organisations ---- */

static void manager_word(uint8_t word[32], const lab_organisation *o)
{
    memset(word, 0, 32);
    if (o->there) {
        lab_word_address(word, lab_account[o->manager]);
        wick_store_be32(word + 8, o->epoch);
        word[7] = o->number;
    }
}

static void organisation_event(const char *signature, const lab_organisation *o,
                               const uint8_t word[32])
{
    uint8_t words[2][32];
    memcpy(words[0], o->id, 32);
    memcpy(words[1], word, 32);
    lab_event(signature, 1, (const uint8_t (*)[32])words, 1);
}

/* Its admin, mostly. */
static unsigned draw_admin(const lab_organisation *o)
{
    return lab_one_in(5) || !o->there ? lab_draw(LAB_ACCOUNTS) : o->admin;
}

static bool by_admin(const lab_organisation *o, unsigned caller)
{
    return o->there ? caller == o->admin || lab_refuse("NotAdmin()") : lab_refuse("UnknownOrg()");
}

static const uint8_t *address_of(unsigned who)
{
    static const uint8_t zero[20] = {0};
    return who == LAB_NOBODY ? zero : lab_account[who];
}

static unsigned draw_appointed(void)
{
    return lab_one_in(8) ? LAB_NOBODY : lab_draw(LAB_ACCOUNTS);
}

static void random_admit(void)
{
    static const uint8_t numbers[] = {0, 1, 2, 255};
    uint8_t word[32], id[32] = {0};
    lab_organisation *o = &lab_w.org[lab_draw(LAB_ORGS)];
    const bool no_name = lab_one_in(10);
    const unsigned caller = draw_admin(&lab_w.org[0]);
    const unsigned admin = draw_appointed(), manager = draw_appointed();
    const uint8_t number = numbers[lab_draw(sizeof numbers)];
    if (!no_name) {
        memcpy(id, o->id, 32);
    }
    wick_buf call = new_call();
    wick_calldata_admit(&call, id, address_of(admin), address_of(manager), number);
    if ((caller == lab_w.org[0].admin || lab_refuse("NotAdmin()")) &&
        (!no_name || lab_refuse("ZeroOrg()")) &&
        ((admin != LAB_NOBODY && manager != LAB_NOBODY) || lab_refuse("ZeroAddress()")) &&
        ((!o->there && lab_org_at(number) == NULL) || lab_refuse("OrgTaken()"))) {
        o->there = true;
        o->number = number;
        o->admin = admin;
        o->manager = manager;
        o->epoch = 1;
        lab_word_u64(word, number);
        organisation_event("Admitted(bytes32,uint256)", o, word);
        manager_word(word, o);
        organisation_event("ManagerSet(bytes32,uint256)", o, word);
        lab_word_address(word, lab_account[admin]);
        organisation_event("AdminSet(bytes32,address)", o, word);
    }
    (void)lab_run(caller, &call, 0, "admit");
}

static void random_admin(void)
{
    uint8_t word[32];
    lab_organisation *o = draw_org();
    wick_buf call = new_call();
    if (o->offered == LAB_NOBODY || lab_one_in(4)) {
        const unsigned caller = draw_admin(o), who = draw_appointed();
        wick_calldata_offer_admin(&call, o->id, address_of(who));
        if (by_admin(o, caller)) {
            o->offered = who;
            lab_word_address(word, address_of(who));
            organisation_event("AdminOffered(bytes32,address)", o, word);
        }
        (void)lab_run(caller, &call, 0, "offerAdmin");
        return;
    }
    const unsigned caller = lab_one_in(4) ? lab_draw(LAB_ACCOUNTS) : o->offered;
    wick_calldata_take_admin(&call, o->id);
    if (caller == o->offered || lab_refuse("NotOffered()")) {
        o->admin = caller;
        o->offered = LAB_NOBODY;
        lab_word_address(word, lab_account[caller]);
        organisation_event("AdminSet(bytes32,address)", o, word);
    }
    (void)lab_run(caller, &call, 0, "takeAdmin");
}

static void random_manager(void)
{
    uint8_t word[32];
    lab_organisation *o = draw_org();
    const unsigned caller = draw_admin(o), who = draw_appointed();
    wick_buf call = new_call();
    wick_calldata_set_manager(&call, o->id, address_of(who));
    if (by_admin(o, caller) && (who != LAB_NOBODY || lab_refuse("ZeroAddress()"))) {
        o->epoch++;
        o->manager = who;
        manager_word(word, o);
        organisation_event("ManagerSet(bytes32,uint256)", o, word);
    }
    (void)lab_run(caller, &call, 0, "setManager");
}

static void class_of(uint8_t class[32], unsigned which)
{
    memset(class, 0, 32);
    if (which == 1) {
        memcpy(class, lab_service, 32);
    }
}

static void random_attestors(void)
{
    uint8_t words[3][32], class[32], list[3][20];
    lab_organisation *o = draw_org();
    const unsigned caller = draw_admin(o), which = lab_draw(2);
    lab_set *set = &o->set[which];
    const uint8_t count = (uint8_t)(lab_one_in(8) ? 0 : 1 + lab_draw(3));
    const uint8_t threshold = (uint8_t)(lab_one_in(12) ? 0
                                        : count == 0   ? lab_draw(2)
                                                       : 1 + lab_draw(lab_one_in(6) ? 4 : count));
    const bool turned = count > 1 && lab_one_in(10); /* not ascending */
    memcpy(list, lab_w.members, sizeof list);
    if (turned) {
        memcpy(list[0], lab_w.members[1], 20);
        memcpy(list[1], lab_w.members[0], 20);
    }
    class_of(class, which);
    wick_buf call = new_call();
    wick_calldata_set_attestors(&call, o->id, class, threshold, (const uint8_t (*)[20])list,
                                count);
    if (by_admin(o, caller) &&
        ((threshold <= count && (threshold == 0) == (count == 0) && !turned) ||
         lab_refuse("BadAttestors()"))) {
        set->count = count;
        set->threshold = threshold;
        CHECK_STATUS(wick_attestors_encode(set->word, threshold,
                                           (const uint8_t (*)[20])lab_w.members, count),
                     WICK_OK);
        memcpy(words[0], o->id, 32);
        memcpy(words[1], class, 32);
        memcpy(words[2], set->word, 32);
        lab_event_bytes("AttestorsSet(bytes32,bytes32,uint256,bytes)", 2,
                        (const uint8_t (*)[32])words, 1,
                        wick_span_make(lab_w.members[0], 20u * count));
    }
    (void)lab_run(caller, &call, 0, "setAttestors");
}

/* ---- keys that are made known, and views ---- */

static void random_announce(void)
{
    const unsigned which = lab_draw(LAB_SPKIS);
    const wick_span spki = wick_span_make(lab_w.spki[which], 33u + 15u * which);
    const bool is_new = lab_w.announced[which] == 0;
    wick_buf call = new_call();
    wick_calldata_announce(&call, spki);
    if (is_new) {
        lab_event_bytes("Announced(bytes32,bytes)", 1,
                        (const uint8_t (*)[32])&lab_w.spki_hash[which], 0, spki);
    }
    (void)lab_run(lab_draw(LAB_ACCOUNTS), &call, 0, "announce");
    if (is_new) {
        lab_w.announced[which] = lab_block;
    }
}

static void random_view(void)
{
    uint8_t slot[32], want[32];
    const lab_organisation *o = draw_org();
    lab_expect(lab_domain.contract);
    wick_slot_manager(slot, o->id);
    manager_word(want, o);
    lab_view_is("storedWord(bytes32)", slot, want);
    wick_registry_domain_separator(want, &lab_domain);
    lab_view_is("domainSeparator()", NULL, want);
}

/* ---- words ---- */

#define WORDS_MAX 32u

static uint8_t slots[WORDS_MAX][32], want[WORDS_MAX][32];

static void compare(size_t count, const char *what)
{
    static uint8_t got[WORDS_MAX][32];
    REQUIRE(count <= WORDS_MAX);
    CHECK_STATUS(lab_claimed_words(got, lab_domain.contract, (const uint8_t (*)[32])slots, count),
                 WICK_OK);
    for (size_t i = 0; i < count; i++) {
        if (memcmp(got[i], want[i], 32) != 0) {
            printf("# %s: word %u\n", what, (unsigned)i);
            CHECK_MEM(got[i], want[i], 32);
        }
    }
}

static void compare_devices(void)
{
    for (size_t i = 0; i < LAB_DEVICES; i++) {
        const lab_device *d = &lab_w.device[i];
        uint8_t(*slot)[32] = slots + 7 * i, (*word)[32] = want + 7 * i;
        for (unsigned n = 0; n < 2; n++) {
            wick_slot_device(slot[n], d->id, n);
            wick_slot_endpoint(slot[2 + n], d->id, lab_service, n);
            memcpy(word[2 + n], d->endpoint[n], 32);
        }
        lab_device_words(word, d);
        wick_slot_tls_key(slot[4], d->id, lab_service);
        wick_slot_leaf_root(slot[5], d->id);
        wick_slot_offer(slot[6], d->id);
        memcpy(word[4], d->tls, 32);
        memcpy(word[5], d->leaf, 32);
        memcpy(word[6], d->offer, 32);
    }
    compare(7 * LAB_DEVICES, "device");
}

static void compare_organisations(void)
{
    static const uint8_t numbers[] = {0, 1, 2, 255};
    static const lab_organisation none;
    size_t n = 0;
    for (size_t i = 0; i < LAB_ORGS; i++, n += 2) {
        const lab_organisation *o = &lab_w.org[i];
        wick_slot_manager(slots[n], o->id);
        manager_word(want[n], o);
        wick_slot_admin_offer(slots[n + 1], o->id);
        lab_word_address(want[n + 1], address_of(o->offered));
    }
    for (size_t i = 0; i < sizeof numbers; i++, n += 4) {
        const lab_organisation *o = lab_org_at(numbers[i]);
        o = o == NULL ? &none : o;
        wick_slot_org(slots[n], numbers[i], 0);
        memcpy(want[n], o->id, 32);
        wick_slot_org(slots[n + 1], numbers[i], 1);
        lab_word_address(want[n + 1], address_of(o->there ? o->admin : LAB_NOBODY));
        for (unsigned which = 0; which < 2; which++) {
            uint8_t class[32];
            class_of(class, which);
            wick_slot_attestors(slots[n + 2 + which], numbers[i], class);
            memcpy(want[n + 2 + which], o->set[which].word, 32);
        }
    }
    for (size_t i = 0; i < LAB_SPKIS; i++, n++) {
        wick_slot_announced(slots[n], lab_w.spki_hash[i]);
        lab_word_u64(want[n], lab_w.announced[i]);
    }
    compare(n, "organisation");
}

void lab_devices_compare(void)
{
    compare_devices();
    compare_organisations();
}

void (*const lab_device_operations[LAB_DEVICE_OPERATIONS])(void) = {
    random_register, random_register,  random_register, random_direct,  random_direct,
    random_direct,   random_direct,    random_relayed,  random_relayed, random_relayed,
    random_relayed,  random_batch,     random_batch,    random_of_organisation,
    random_manager,  random_attestors, random_admit,    random_admin,   random_announce,
    random_view};

void lab_devices_begin(void)
{
    static const char *const names[LAB_DEVICES] = {"diff-1", "diff-2", "diff-3"};
    wick_hash_ctx hash = {0};
    static const char *const orgs[LAB_ORGS] = {"capillary", "guild", "union"};
    memset(&lab_w, 0, sizeof lab_w);
    for (size_t i = 0; i < LAB_ORGS; i++) {
        CHECK_STATUS(wick_name_hash(lab_w.org[i].id, wick_span_text(orgs[i])), WICK_OK);
        lab_w.org[i].offered = LAB_NOBODY;
    }
    lab_w.org[0].there = true;
    lab_w.org[0].admin = LAB_ADMIN;
    lab_w.org[0].manager = LAB_MANAGER;
    lab_w.org[0].epoch = 1;
    for (size_t i = 0; i < LAB_SPKIS; i++) {
        memset(lab_w.spki[i], (int)(0x30 + i), sizeof lab_w.spki[i]);
        CHECK_STATUS(lab_crypto.hash_begin(lab_crypto.ctx, &hash, WICK_HASH_SHA256), WICK_OK);
        CHECK_STATUS(lab_crypto.hash_update(lab_crypto.ctx, &hash, lab_w.spki[i], 33 + 15 * i),
                     WICK_OK);
        CHECK_STATUS(lab_crypto.hash_finish(lab_crypto.ctx, &hash, lab_w.spki_hash[i]), WICK_OK);
        lab_crypto.hash_free(lab_crypto.ctx, &hash);
    }
    for (size_t i = 0; i < LAB_DEVICES; i++) {
        CHECK_STATUS(wick_name_hash(lab_w.device[i].id, wick_span_text(names[i])), WICK_OK);
    }
    for (unsigned i = 0; i < 3; i++) { /* ascending */
        const uint8_t *one = lab_account[LAB_ACCOUNTS + i];
        unsigned at = i;
        for (; at > 0 && memcmp(one, lab_w.members[at - 1], 20) < 0; at--) {
            memcpy(lab_w.members[at], lab_w.members[at - 1], 20);
            attestor_key[at] = attestor_key[at - 1];
        }
        memcpy(lab_w.members[at], one, 20);
        attestor_key[at] = LAB_ACCOUNTS + i;
    }
}

unsigned lab_devices_done(void)
{
    unsigned epochs = 0;
    for (size_t i = 0; i < LAB_DEVICES; i++) {
        epochs += lab_w.device[i].d.epoch;
    }
    return epochs;
}
