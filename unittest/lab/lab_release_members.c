/* SPDX-License-Identifier: Apache-2.0 */
/* Random members of products, good and bad lists of them. Part of lab.differential. */
#include <string.h>

#include "lab_release_model.h"
#include "tap.h"
#include "wick/abi.h"

#define DAY UINT32_C(86400)

bool lab_has_account(unsigned who)
{
    return who < LAB_ACCOUNTS || who >= LAB_KEYS;
}

static void add(wick_product_roles *roles, const uint8_t address[20], uint8_t role)
{
    if (role != WICK_ROLE_NONE) {
        CHECK_STATUS(wick_product_roles_add(roles, address, role), WICK_OK);
    }
}

static unsigned held(const wick_product_roles *roles, uint8_t role)
{
    unsigned n = 0;
    for (size_t i = 0; i < roles->count; i++) {
        n += roles->member[i].role == role;
    }
    return n;
}

/* People in all roles, so many that each can be reached; a long list has strangers between them. */
static void draw_roles(wick_product_roles *roles)
{
    static const uint8_t any[] = {WICK_ROLE_NONE, WICK_ROLE_PUBLISHER, WICK_ROLE_APPROVER,
                                  WICK_ROLE_APPROVER, WICK_ROLE_ROOT};
    static const uint8_t must[] = {WICK_ROLE_PUBLISHER, WICK_ROLE_ROOT, WICK_ROLE_ROOT,
                                   WICK_ROLE_APPROVER};
    static const uint32_t delays[] = {0, 0, 60, 2 * DAY, 90 * DAY};
    const unsigned first = lab_draw(LAB_PEOPLE);
    size_t have = 0;
    memset(roles, 0, sizeof *roles);
    for (unsigned i = 0; i < LAB_PEOPLE; i++) {
        const unsigned who = (first + i) % LAB_PEOPLE;
        if (!lab_has_account(who)) {
            add(roles, lab_account[who],
                lab_one_in(4) ? any[lab_draw(sizeof any)] : WICK_ROLE_APPROVER);
        } else {
            add(roles, lab_account[who],
                have < sizeof must ? must[have++] : any[lab_draw(sizeof any)]);
        }
    }
    const unsigned reachable = held(roles, WICK_ROLE_APPROVER), roots = held(roles, WICK_ROLE_ROOT);
    while (roles->count < WICK_PRODUCT_MEMBERS_MAX && !lab_one_in(40)) {
        uint8_t stranger[20];
        for (size_t i = 0; i < sizeof stranger; i++) {
            stranger[i] = (uint8_t)lab_draw(256);
        }
        if (roles->count < LAB_PEOPLE && lab_one_in(2)) {
            break;
        }
        add(roles, stranger, any[1 + lab_draw(sizeof any - 1)]);
    }
    roles->approvals = (uint8_t)(1 + lab_draw(reachable < 3 || lab_one_in(5) ? reachable : 3));
    roles->roots = (uint8_t)(2 + (lab_one_in(3) ? lab_draw(roots - 1) : 0));
    roles->flags = (uint8_t)lab_draw(2);
    roles->delay_s = delays[lab_draw(sizeof delays / sizeof delays[0])];
}

static void members_of(lab_members *m, const wick_product_roles *roles)
{
    memset(m, 0, sizeof *m);
    m->bytes = roles->count * LAB_MEMBER;
    for (size_t i = 0; i < roles->count; i++) {
        memcpy(m->list + LAB_MEMBER * i, roles->member[i].address, 20);
        m->list[LAB_MEMBER * i + 20] = roles->member[i].role;
    }
    m->terms[25] = roles->flags;
    m->terms[26] = roles->roots;
    m->terms[27] = roles->approvals;
    wick_store_be32(m->terms + 28, roles->delay_s);
}

/* One thing about them is changed, mostly for the worse. */
static void spoil(lab_members *m)
{
    static const uint8_t roles[] = {0, 3, 5, 8, 1, 2, 4};
    uint8_t swap[LAB_MEMBER];
    const size_t count = m->bytes / LAB_MEMBER, at = LAB_MEMBER * lab_draw((uint32_t)count - 1);
    uint8_t *one = m->list + at, *next = one + LAB_MEMBER;
    switch (lab_draw(15)) {
    case 0:
        one[20] = roles[lab_draw(sizeof roles)];
        break;
    case 1: /* not ascending */
        memcpy(swap, one, sizeof swap);
        memcpy(one, next, sizeof swap);
        memcpy(next, swap, sizeof swap);
        break;
    case 2: /* two roles of one */
        memcpy(next, one, 20);
        break;
    case 3:
        memset(m->list, 0, 20);
        break;
    case 4: /* a part of a member */
        m->bytes -= 1 + lab_draw(20);
        break;
    case 5: /* 33 of them */
        while (m->bytes < LAB_LIST_MAX) {
            memset(m->list + m->bytes, 0xff, 18);
            m->list[m->bytes + 18] = 0xff;
            m->list[m->bytes + 19] = (uint8_t)(m->bytes / LAB_MEMBER);
            m->list[m->bytes + 20] = WICK_ROLE_APPROVER;
            m->bytes += LAB_MEMBER;
        }
        break;
    case 6:
        m->terms[27] = 0;
        break;
    case 7: /* more approvals than approvers, perhaps */
        m->terms[27] = (uint8_t)(m->terms[27] + 1 + lab_draw(8));
        break;
    case 8:
        m->terms[26] = (uint8_t)lab_draw(2);
        break;
    case 9: /* more votes than roots, perhaps */
        m->terms[26] = (uint8_t)(m->terms[26] + 1 + lab_draw(4));
        break;
    case 10:
        for (size_t i = 0; i < count; i++) {
            uint8_t *role = m->list + LAB_MEMBER * i + 20;
            *role = *role == WICK_ROLE_PUBLISHER ? WICK_ROLE_APPROVER : *role;
        }
        break;
    case 11:
        wick_store_be32(m->terms + 28, 90 * DAY + lab_draw(2));
        break;
    case 12:
        m->terms[25] = (uint8_t)(1u << lab_draw(8));
        break;
    case 13: /* a bit that is no field's */
        m->terms[lab_draw(25)] |= (uint8_t)(1u << lab_draw(8));
        break;
    default:
        m->bytes = 0;
        break;
    }
}

void lab_put_members(wick_buf *call, const char *function, const lab_product *p,
                        const lab_members *m)
{
    wick_abi_put_call(call, function);
    wick_abi_put_word(call, p->id);
    wick_abi_put_u64(call, UINT64_C(3) * 32);
    wick_abi_put_word(call, m->terms);
    wick_abi_put_u64(call, m->bytes);
    wick_buf_put(call, m->list, m->bytes);
    wick_buf_put_zero(call, (32 - m->bytes % 32) % 32);
}

/* Draws members; core makes the same call of the good ones, and says which these are. */
void lab_draw_members(lab_members *m, const lab_product *p)
{
    static uint8_t bytes[WICK_CALLDATA_ROLES_MAX], own[WICK_CALLDATA_ROLES_MAX];
    wick_product_roles roles;
    draw_roles(&roles);
    members_of(m, &roles);
    CHECK_STATUS(wick_product_roles_check(&roles), lab_fits(m) ? WICK_OK : WICK_E_BAD_ARG);
    wick_buf call = wick_buf_make(bytes, sizeof bytes), core = wick_buf_make(own, sizeof own);
    lab_put_members(&call, "setRoles(bytes32,bytes,uint256)", p, m);
    wick_calldata_product_set_roles(&core, p->id, &roles);
    CHECK(core.len == call.len && memcmp(own, bytes, core.len) == 0);
    if (lab_one_in(3)) {
        spoil(m);
    }
}
