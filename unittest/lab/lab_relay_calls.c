/* SPDX-License-Identifier: Apache-2.0 */
/* RelayRegistry beside a model of it: managers who come and go, registrations by invitation and by stake,
 * approvals, places that are vacated and taken again, stakes that come back. Part of lab.differential. */
#include "lab_differential.h"

#include <stdio.h>
#include <string.h>

#include "tap.h"
#include "wick/calldata.h"

#define LIST 256u
#define LOCK (UINT64_C(30) * 86400u)
#define OPERATORS 3u /* LAB_MANAGER, LAB_OWNER, LAB_STRANGER */

typedef struct relay {
    uint8_t endpoint[32], realm[32];
    unsigned operator_at; /* account */
    uint8_t status, transports;
    bool has_region, vacant;
    uint32_t checked_at_h;
    uint64_t stake, staked_at;
} relay;

static struct {
    relay list[LIST];
    uint32_t count;
    uint64_t invitations[OPERATORS], owed[OPERATORS], due[OPERATORS], stake_required;
    bool manager[OPERATORS];
    unsigned done;
} m;

static uint8_t call_bytes[256];

static wick_buf new_call(void)
{
    lab_expect(lab_relays);
    return wick_buf_make(call_bytes, sizeof call_bytes);
}

static void run(unsigned from, const wick_buf *call, uint64_t wei, bool good, const char *what)
{
    (void)lab_run(from, call, wei, what);
    m.done += good ? 1 : 0;
}

static void info_word(uint8_t word[32], const relay *r)
{
    memset(word, 0, 32);
    if (r->has_region) {
        word[5] = 'D';
        word[6] = 'E';
    }
    word[7] = r->transports;
    word[8] = (uint8_t)(r->checked_at_h >> 16);
    wick_store_be16(word + 9, (uint16_t)r->checked_at_h);
    word[11] = r->status;
    memcpy(word + 12, lab_account[r->operator_at], 20);
}

static void stake_word(uint8_t word[32], uint64_t amount, uint64_t at)
{
    memset(word, 0, 32);
    if (amount != 0) {
        wick_store_be64(word + 8, at);
        wick_store_be64(word + 24, amount);
    }
}

static void changed(uint32_t index)
{
    uint8_t words[2][32];
    lab_word_u64(words[0], index);
    info_word(words[1], &m.list[index]);
    lab_event("RelayChanged(uint256,uint256)", 1, (const uint8_t (*)[32])words, 1);
}

/* Event of one indexed word, or of one and another. */
static void noted(const char *signature, uint64_t index, const uint8_t *address, uint64_t value,
                  size_t count)
{
    uint8_t words[2][32];
    lab_word_u64(words[0], index);
    if (address != NULL) {
        lab_word_address(words[0], address);
    }
    lab_word_u64(words[1], value);
    lab_event(signature, 1, (const uint8_t (*)[32])words, count);
}

static unsigned draw_caller(void)
{
    return LAB_MANAGER + lab_draw(3);
}

static uint32_t draw_index(void)
{
    return lab_draw(m.count + (lab_draw(10) == 0 ? 2 : 1));
}

static bool is_manager(unsigned caller)
{
    return caller >= LAB_MANAGER && m.manager[caller - LAB_MANAGER];
}

static bool by_manager(unsigned caller)
{
    return is_manager(caller) || lab_refuse("NotManager()");
}

/* The managers of now, and somebody else now and then. */
static unsigned draw_manager(void)
{
    const unsigned caller = draw_caller();
    return lab_draw(4) == 0 || is_manager(caller) ? caller : LAB_MANAGER;
}

/* One with a stake, mostly: those have the longer life. */
static uint32_t draw_staked(void)
{
    uint32_t index = draw_index();
    for (unsigned i = 0; i < 8 && m.list[index].stake == 0; i++) {
        index = draw_index();
    }
    return index;
}

/* Its operator, mostly. */
static unsigned draw_caller_of(uint32_t index)
{
    return lab_draw(3) == 0 || index >= m.count ? draw_caller() : m.list[index].operator_at;
}

static bool is_known(uint32_t index)
{
    return index < m.count || lab_refuse("UnknownRelay()");
}

/* ---- calls ---- */

static bool admits(unsigned caller, uint64_t wei)
{
    if (wei != 0) {
        return wei == m.stake_required || lab_refuse("WrongStake()");
    }
    if (is_manager(caller)) {
        return true;
    }
    return m.invitations[caller - LAB_MANAGER] != 0 || lab_refuse("NotInvited()");
}

static uint32_t place(void)
{
    for (uint32_t i = 0; i < m.count; i++) {
        if (m.list[i].vacant) {
            return i;
        }
    }
    return m.count++;
}

static void do_register(bool details)
{
    uint8_t words[3][32];
    const unsigned caller = draw_caller();
    wick_addr at = wick_addr_v4(203, 0, 113, (uint8_t)(1 + lab_draw(250)), 3478);
    relay r;
    memset(&r, 0, sizeof r);
    CHECK_STATUS(wick_relay_word(r.endpoint, &at, WICK_PROTOCOL_UDP), WICK_OK);
    const bool is_bad = lab_draw(12) == 0, bad_details = details && lab_draw(12) == 0;
    if (is_bad) {
        wick_store_be16(r.endpoint + 14, 0); /* no port */
    }
    const uint64_t wei = details && lab_draw(3) != 0 ? m.stake_required + (lab_draw(8) == 0) : 0;
    wick_buf call = new_call();
    r.status = WICK_RELAY_PENDING;
    r.operator_at = caller;
    if (details) {
        r.transports = (uint8_t)lab_draw(16);
        r.has_region = lab_draw(2) != 0;
        const char *realm = lab_draw(2) != 0 ? "relay.example" : "";
        memcpy(r.realm, realm, strlen(realm));
        CHECK_STATUS(wick_calldata_relay_register_with(&call, r.endpoint, r.transports,
                                                       r.has_region ? "DE" : NULL,
                                                       wick_span_text(realm)),
                     WICK_OK);
        call_bytes[4 + 32 + 31] |= bad_details ? 0x10 : 0; /* a transport that nobody knows */
    } else {
        wick_calldata_relay_register(&call, r.endpoint);
    }
    const bool good = (!bad_details || lab_refuse("BadDetails()")) && admits(caller, wei) &&
                      (!is_bad || lab_refuse("BadEndpoint()"));
    if (good) {
        if (wei == 0 && !is_manager(caller)) {
            m.invitations[caller - LAB_MANAGER]--;
        }
        r.stake = wei;
        r.staked_at = lab_now_s;
        const uint32_t index = place();
        m.list[index] = r;
        lab_word_u64(words[0], index);
        memcpy(words[1], r.endpoint, 32);
        info_word(words[2], &r);
        lab_event("RelayRegistered(uint256,uint256,uint256)", 1, (const uint8_t (*)[32])words, 2);
    }
    run(caller, &call, wei, good, "relay register");
}

static void random_register(void)
{
    do_register(false);
}

static void random_details(void)
{
    do_register(true);
}

static void random_approve(void)
{
    uint8_t tested[3][32] = {{0}}; /* endpoint, info, realm */
    const unsigned caller = draw_manager();
    const uint32_t index = draw_index();
    relay *r = &m.list[index];
    memcpy(tested[0], r->endpoint, 32);
    info_word(tested[1], r);
    memcpy(tested[2], r->realm, 32);
    const bool is_other = lab_draw(6) == 0;
    if (is_other) {
        tested[lab_draw(3)][lab_draw(32)] ^= (uint8_t)(1u << lab_draw(8));
    }
    wick_buf call = new_call();
    wick_calldata_relay_approve(&call, index, tested[0], tested[1], tested[2]);
    const bool good = by_manager(caller) && is_known(index) &&
                      (!r->vacant || lab_refuse("UnknownRelay()")) &&
                      (!is_other || lab_refuse("WrongRelay()"));
    if (good) {
        r->status = WICK_RELAY_APPROVED;
        r->checked_at_h = (uint32_t)(lab_now_s / 3600);
        changed(index);
    }
    run(caller, &call, 0, good, "relay approve");
}

static void random_suspend(void)
{
    const uint32_t index = draw_staked();
    const unsigned caller = draw_caller_of(index);
    relay *r = &m.list[index];
    wick_buf call = new_call();
    wick_calldata_relay_suspend(&call, index);
    const bool good =
        is_known(index) &&
        (is_manager(caller) || caller == r->operator_at || lab_refuse("NotOperator()")) &&
        (r->status != WICK_RELAY_SUSPENDED || lab_refuse("SameStatus()"));
    if (good) {
        r->status = WICK_RELAY_SUSPENDED;
        r->checked_at_h = (uint32_t)(lab_now_s / 3600);
        changed(index);
    }
    run(caller, &call, 0, good, "relay suspend");
}

static void random_withdraw(void)
{
    const uint32_t index = draw_staked();
    const unsigned caller = draw_caller_of(index);
    relay *r = &m.list[index];
    wick_buf call = new_call();
    wick_calldata_relay_withdraw(&call, index);
    const bool good =
        is_known(index) && (caller == r->operator_at || lab_refuse("NotOperator()")) &&
        ((r->stake != 0 && r->status == WICK_RELAY_SUSPENDED && lab_now_s >= r->staked_at + LOCK) ||
         lab_refuse("StakeHeld()"));
    if (good) {
        noted("Vacated(uint256)", index, NULL, 0, 0);
        noted("StakeReturned(uint256,uint256)", index, NULL, r->stake, 1);
        r->stake = 0;
        r->vacant = true;
    }
    run(caller, &call, 0, good, "relay withdraw");
}

static void random_vacate(void)
{
    const uint32_t index = draw_staked();
    const unsigned caller = draw_caller_of(index);
    relay *r = &m.list[index];
    wick_buf call = new_call();
    wick_calldata_relay_vacate(&call, index);
    const bool late = r->stake != 0 && lab_now_s >= r->staked_at + LOCK &&
                      lab_now_s >= (uint64_t)r->checked_at_h * 3600 + LOCK;
    const bool good =
        is_known(index) &&
        (is_manager(caller) || caller == r->operator_at || late ||
         lab_refuse("NotOperator()")) &&
        (r->status != WICK_RELAY_APPROVED || lab_refuse("RelayInUse()")) &&
        (!r->vacant || lab_refuse("SameStatus()"));
    if (good) {
        r->vacant = true;
        r->status = WICK_RELAY_SUSPENDED;
        if (r->stake != 0) {
            const unsigned who = r->operator_at - LAB_MANAGER;
            const uint64_t due = r->staked_at + LOCK;
            m.owed[who] += r->stake;
            m.due[who] = due > m.due[who] ? due : m.due[who];
            r->stake = 0;
        }
        noted("Vacated(uint256)", index, NULL, 0, 0);
        changed(index);
    }
    run(caller, &call, 0, good, "relay vacate");
}

static void random_collect(void)
{
    unsigned who = lab_draw(OPERATORS);
    for (unsigned i = 0; i < OPERATORS && m.owed[who] == 0; i++) {
        who = (who + 1) % OPERATORS;
    }
    wick_buf call = new_call();
    wick_calldata_relay_collect(&call);
    const bool good = (m.owed[who] != 0 && lab_now_s >= m.due[who]) || lab_refuse("StakeHeld()");
    if (good) {
        noted("StakesCollected(address,uint256)", 0, lab_account[LAB_MANAGER + who], m.owed[who],
              1);
        m.owed[who] = m.due[who] = 0;
    }
    run(LAB_MANAGER + who, &call, 0, good, "relay collect");
}

static void random_stake(void)
{
    uint8_t words[1][32];
    const unsigned caller = lab_draw(4) == 0 ? LAB_MANAGER : LAB_ADMIN;
    const uint64_t amount = lab_draw(6) == 0 ? 0 : 1000 + lab_draw(5);
    wick_buf call = new_call();
    wick_calldata_relay_set_stake(&call, amount);
    const bool good = caller == LAB_ADMIN || lab_refuse("NotAdmin()");
    if (good) {
        m.stake_required = amount;
        lab_word_u64(words[0], amount);
        lab_event("StakeSet(uint256)", 0, (const uint8_t (*)[32])words, 1);
    }
    run(caller, &call, 0, good, "relay setStake");
}

static void random_invite(void)
{
    static const uint8_t nobody[20] = {0};
    const unsigned caller = draw_manager(), who = lab_draw(OPERATORS);
    const uint32_t left = lab_draw(4);
    const bool is_zero = lab_draw(8) == 0;
    wick_buf call = new_call();
    wick_calldata_relay_invite(&call, is_zero ? nobody : lab_account[LAB_MANAGER + who], left);
    const bool good = by_manager(caller) && (!is_zero || lab_refuse("ZeroAddress()"));
    if (good) {
        m.invitations[who] = left;
        noted("Invited(address,uint256)", 0, lab_account[LAB_MANAGER + who], left, 1);
    }
    run(caller, &call, 0, good, "relay invite");
}

static void random_set_manager(void)
{
    static const uint8_t nobody[20] = {0};
    const unsigned caller = lab_draw(4) == 0 ? LAB_MANAGER : LAB_ADMIN, who = lab_draw(OPERATORS);
    const bool is_zero = lab_draw(8) == 0, allowed = who == 0 || lab_draw(2) == 0;
    wick_buf call = new_call();
    wick_calldata_relay_set_manager(&call, is_zero ? nobody : lab_account[LAB_MANAGER + who],
                                    allowed);
    const bool good = (caller == LAB_ADMIN || lab_refuse("NotAdmin()")) &&
                      (!is_zero || lab_refuse("ZeroAddress()"));
    if (good) {
        m.manager[who] = allowed;
        noted("ManagerSet(address,bool)", 0, lab_account[LAB_MANAGER + who], allowed, 1);
    }
    run(caller, &call, 0, good, "relay setManager");
}

/* ---- views ---- */

static void random_word(void)
{
    uint8_t slot[32], want[32];
    relay empty = {.operator_at = LAB_MANAGER}, *r = &empty;
    const uint32_t index = draw_index();
    wick_slot_relay(slot, index, 1);
    memset(want, 0, sizeof want);
    if (index < m.count) {
        r = &m.list[index];
        info_word(want, r);
    }
    lab_expect(lab_relays);
    lab_view_is("storedWord(bytes32)", slot, want);
    lab_word_address(want, lab_account[LAB_ADMIN]);
    lab_view_is("ADMIN()", NULL, want);
}

void (*const lab_relay_operations[LAB_RELAY_OPERATIONS])(void) = {
    random_register, random_details, random_details, random_approve,     random_approve,
    random_suspend,  random_withdraw, random_vacate, random_collect,     random_stake,
    random_invite,   random_invite,  random_word,    random_set_manager};

void lab_relays_begin(void)
{
    memset(&m, 0, sizeof m);
    m.manager[0] = true;
}

unsigned lab_relays_done(void)
{
    return m.done;
}

/* ---- words ---- */

#define AT_ONCE 10u /* relays in one question to the node */

static uint8_t slots[4 * AT_ONCE][32], want[4 * AT_ONCE][32];

static void compare(size_t count)
{
    static uint8_t got[4 * AT_ONCE][32];
    CHECK_STATUS(lab_claimed_words(got, lab_relays, (const uint8_t (*)[32])slots, count), WICK_OK);
    for (size_t i = 0; i < count; i++) {
        CHECK_MEM(got[i], want[i], 32);
    }
}

static size_t put_relay(size_t at, uint32_t index)
{
    const relay *r = &m.list[index];
    wick_slot_relay(slots[at], index, 0);
    wick_slot_relay(slots[at + 1], index, 1);
    wick_slot_relay_realm(slots[at + 2], index);
    wick_slot_relay_stake(slots[at + 3], index);
    memcpy(want[at], r->endpoint, 32);
    info_word(want[at + 1], r);
    memcpy(want[at + 2], r->realm, 32);
    stake_word(want[at + 3], r->stake, r->staked_at);
    return at + 4;
}

void lab_relays_compare(void)
{
    size_t n = 0;
    REQUIRE(m.count < LIST - 2);
    for (uint32_t i = 0; i < m.count; i++) {
        n = put_relay(n, i);
        if (n == 4 * AT_ONCE || i + 1 == m.count) {
            compare(n);
            n = 0;
        }
    }
    wick_slot_relay_count(slots[0]);
    lab_word_u64(want[0], m.count);
    wick_slot_relay_vacant(slots[1]);
    memset(want[1], 0, 32);
    for (uint32_t i = 0; i < m.count; i++) {
        want[1][31 - i / 8] |= (uint8_t)(m.list[i].vacant ? 1u << (i % 8) : 0);
    }
    lab_word_u64(slots[2], WICK_SLOT_RELAY_STAKE_REQUIRED);
    lab_word_u64(want[2], m.stake_required);
    n = 3;
    for (unsigned i = 0; i < OPERATORS; i++, n += 3) {
        const uint8_t *who = lab_account[LAB_MANAGER + i];
        wick_slot_relay_owed(slots[n], who);
        stake_word(want[n], m.owed[i], m.due[i]);
        wick_slot_relay_manager(slots[n + 1], who);
        lab_word_u64(want[n + 1], m.manager[i]);
        wick_slot_relay_invitations(slots[n + 2], who);
        lab_word_u64(want[n + 2], m.invitations[i]);
    }
    compare(n);
}
