/* SPDX-License-Identifier: Apache-2.0 */
/* The words of ReleaseIndex after a call, as core reads them, beside the model. Part of lab.differential. */
#include <stdio.h>
#include <string.h>

#include "lab_differential.h"
#include "lab_release_model.h"
#include "lab_storage.h"
#include "tap.h"

static void compare_product(const wick_product *got, const lab_product *p)
{
    uint8_t got_word[32], want_word[32];
    lab_product_word(got_word, got);
    lab_product_word(want_word, &p->is);
    CHECK_MEM(got_word, want_word, 32);
}

static void compare_release(const wick_release *got, const lab_product *p, const lab_release *want)
{
    uint8_t got_word[32], want_word[32];
    CHECK_MEM(got->product, p->id, 32);
    CHECK_MEM(got->manifest, want->is.manifest, 32);
    CHECK_INT(got->index, want->is.index);
    CHECK_INT(got->seen_at, lab_now_s);
    CHECK_STATUS(wick_release_encode(got_word, got, want->epoch, want->voters), WICK_OK);
    CHECK_STATUS(wick_release_encode(want_word, &want->is, want->epoch, want->voters), WICK_OK);
    CHECK_MEM(got_word, want_word, 32);
}

/* What a device makes of the head: installed at once, after the delay, never. */
static void compare_usable(const wick_release *got, const lab_product *p)
{
    const wick_release *head = &p->release[p->is.index].is;
    wick_release_rules rules;
    memset(&rules, 0, sizeof rules);
    rules.running_version = head->version - 1 + lab_draw(3);
    rules.counter = p->is.min_counter + lab_draw(2);
    rules.approvals_min = lab_draw(5);
    const bool above = head->version > rules.running_version;
    CHECK_STATUS(wick_release_usable(got, &rules, lab_now_s),
                 head->flags % 2 != 0                        ? WICK_E_FW_REVOKED
                 : head->approvals < rules.approvals_min     ? WICK_E_FW_APPROVALS
                 : head->active_from > lab_now_s             ? WICK_E_FW_NOT_ACTIVE
                 : head->counter < rules.counter             ? WICK_E_FW_ROLLBACK
                 : head->version == rules.running_version    ? WICK_E_STATE
                 : above                                     ? WICK_OK
                                                             : WICK_E_FW_ROLLBACK);
}

static void compare_head(const wick_release_query *q, const lab_product *p)
{
    const bool is_listed = q->count == 4 && lab_allowed_word(p, lab_last.device) == 1;
    const bool is_denied = (p->is.flags & WICK_PRODUCT_RESTRICTED) != 0 && !is_listed;
    wick_product product;
    wick_release release;
    const wick_status want = p->is.epoch == 0        ? WICK_E_RECORD_ABSENT
                             : p->is.updated_at == 0 ? WICK_E_NOT_FOUND
                             : is_denied             ? WICK_E_FW_DENIED
                                                     : WICK_OK;
    CHECK_STATUS(wick_release_query_read(&release, &product, q, lab_now_s), want);
    compare_product(&product, p);
    if (p->is.updated_at != 0) {
        compare_release(&release, p, &p->release[p->is.index]);
        CHECK_INT(release.min_counter, p->is.min_counter);
        CHECK_INT(release.updated_at, p->is.updated_at);
        compare_usable(&release, p);
    }
}

static void compare_history(const uint8_t words[2][32], const lab_product *p, uint32_t index)
{
    wick_release release;
    const bool there = index < p->is.count;
    CHECK_STATUS(wick_release_decode(&release, p->id, index, words[0], words[1], lab_now_s),
                 there ? WICK_OK : WICK_E_NOT_FOUND);
    if (there) {
        compare_release(&release, p, &p->release[index]);
    }
}

static void compare_member(const uint8_t word[32], const lab_product *p, unsigned who)
{
    uint8_t position;
    unsigned want = 0;
    const wick_release_role role = wick_release_role_decode(&position, word);
    CHECK(role == WICK_ROLE_NONE ? !lab_holds(&want, p, lab_account[who], WICK_ROLE_PUBLISHER) &&
                                       !lab_holds(&want, p, lab_account[who], WICK_ROLE_APPROVER) &&
                                       !lab_holds(&want, p, lab_account[who], WICK_ROLE_ROOT)
                                 : lab_holds(&want, p, lab_account[who], (uint8_t)role) &&
                                       want == position);
}

/* Which word it is, where the roots differ. */
static void tell_difference(void)
{
    uint8_t slot[1][32], got[1][32], want[32];
    char slot_hex[65], got_hex[65], want_hex[65];
    unsigned told = 0;
    for (size_t i = 0; i < lab_storage_count() && told < 8; i++) {
        memcpy(slot[0], lab_storage_slot(i), 32);
        lab_storage_get(want, slot[0]);
        CHECK_STATUS(lab_claimed_words(got, lab_releases, (const uint8_t (*)[32])slot, 1), WICK_OK);
        if (memcmp(got[0], want, 32) != 0) {
            wick_hex_encode(slot_hex, slot[0], 32);
            wick_hex_encode(got_hex, got[0], 32);
            wick_hex_encode(want_hex, want, 32);
            printf("# slot %s is %s, not %s\n", slot_hex, got_hex, want_hex);
            told++;
        }
    }
    if (told == 0) {
        printf("# the contract has a word that no call should have written\n");
    }
}

void lab_releases_compare(void)
{
    static wick_release_query q;
    uint8_t slots[WICK_RELEASE_SLOTS_MAX + 3][32], got[WICK_RELEASE_SLOTS_MAX + 3][32], root[32];
    const lab_product *p = lab_last.product;
    const uint32_t index = lab_draw(p->is.count + 1);
    const unsigned who = lab_draw(LAB_PEOPLE);
    wick_release_query_init(&q, p->id, lab_draw(4) == 0 ? NULL : lab_last.device);
    memcpy(slots, q.slots, sizeof q.slots);
    wick_slot_release(slots[q.count], p->id, index, 0);
    wick_slot_release(slots[q.count + 1], p->id, index, 1);
    wick_slot_release_member(slots[q.count + 2], p->id, p->is.epoch, lab_account[who]);
    REQUIRE_STATUS(lab_read_words(got, lab_releases, (const uint8_t (*)[32])slots, q.count + 3u),
                   WICK_OK);
    memcpy(q.values, got, 32u * q.count);
    compare_head(&q, p);
    compare_history((const uint8_t (*)[32])got + q.count, p, index);
    compare_member(got[q.count + 2], p, who);
    lab_storage_root(root);
    if (memcmp(root, lab_root, 32) != 0) {
        tell_difference();
        CHECK_MEM(lab_root, root, 32);
    }
}
