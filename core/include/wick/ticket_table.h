/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_TICKET_TABLE_H
#define WICK_TICKET_TABLE_H
/*
 * Tickets that an audience has accepted (wick/ticket.h): the policy, the rules about time, and a
 * fixed table against replay, which is also where the short identities of uploaded tickets are found.
 *
 *     wick_ticket_table_init(&table, crypto, rules, rule_count);
 *     wick_ticket_table_start(&table, now_s);            once the time of day is known
 *     wick_ticket_table_may(&table, head.issuer);        before a look-up: is it of use at all?
 *     wick_ticket_table_accept(&table, &ticket, epoch_of_the_issuer's_record, now_s);
 *     wick_ticket_table_find(&table, &k, &peer, identity, WICK_USE_DTLS12, now_s);   short ones
 *     wick_ticket_table_use(&table, &peer, now_s);       at Finished of the session: now it is used
 *     wick_ticket_table_issuer(&table, issuer, epoch);   its record was read again
 *
 * Rules (PROTOCOL.md section 13.3). A ticket names its time of issue, not of expiry: what was issued
 * before this table began is refused, for a table that was lost with a restart cannot know whether it
 * was shown before. Also refused: issued more than WICK_TICKET_FUTURE_S ahead, longer lived than
 * WICK_TICKET_LIFE_MAX, ended. Time does not go back here: the latest time ever given counts.
 *
 * An accepted ticket may be shown again until a session has begun with it (a handshake may be lost);
 * then it is used, and only WICK_TICKET_REUSE lets it begin another one. An entry stays until its
 * ticket has ended, used, revoked or not: none is evicted, so what fills the table keeps others out
 * and never lets an old ticket in. One issuer gets at most a quarter of it.
 *
 * Size: WICK_TICKETS_MAX entries of 168 bytes. One thread at a time.
 */
#include "wick/ticket.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A ticket issued further ahead of our clock is refused, seconds. */
#define WICK_TICKET_FUTURE_S 60u

/** One line of the policy: this issuer may speak for these scopes. */
typedef struct wick_ticket_rule {
    bool any;           /* every registered issuer that has no line of its own */
    uint8_t issuer[32]; /* unless any */
    uint16_t scopes;    /* WICK_TICKET_REUSE too is granted here */
} wick_ticket_rule;

/** Who has come with a ticket. */
typedef struct wick_ticket_peer {
    uint8_t issuer[32];
    uint8_t sub[WICK_TICKET_SUB_BYTES];
    uint8_t jti[WICK_TICKET_JTI_BYTES];
    uint16_t scope;
    uint32_t issuer_epoch; /* of the record under which it was accepted */
    uint32_t expires_s;
} wick_ticket_peer;

/** Private. */
typedef struct wick_ticket_entry {
    uint8_t state;
    wick_ticket_peer peer;
    uint8_t ks[WICK_TICKET_KS_BYTES];
    uint8_t identity[WICK_USES][16]; /* of the short identities */
} wick_ticket_entry;

/** Fields are private. */
typedef struct wick_ticket_table {
    const wick_hal_crypto *crypto;
    const wick_ticket_rule *rules;
    size_t rule_count;
    bool started;
    uint64_t start_s, latest_s;
    wick_ticket_entry entry[WICK_TICKETS_MAX];
} wick_ticket_table;

/** An empty table. Rules are kept by reference; none: nobody is let in. */
void wick_ticket_table_init(wick_ticket_table *t, const wick_hal_crypto *crypto,
                            const wick_ticket_rule *rules, size_t rule_count);

/** From this time of day on, tickets may be accepted. The first call counts. */
void wick_ticket_table_start(wick_ticket_table *t, uint64_t now_s);

/** May this issuer speak for anything at all?
 *  @retval WICK_OK  @retval WICK_E_TICKET_ISSUER no */
WICK_NODISCARD wick_status wick_ticket_table_may(const wick_ticket_table *t,
                                                 const uint8_t issuer[32]);

/**
 * Judges an opened ticket and keeps it.
 * @param[in] epoch  of the issuer's verified record
 * @retval WICK_OK                in force; also if it is there already and not used yet
 * @retval WICK_E_NO_CLOCK        wick_ticket_table_start() was not called
 * @retval WICK_E_TICKET_ISSUER   the policy has no line for the issuer
 * @retval WICK_E_TICKET_SCOPE    a scope that the issuer may not speak for
 * @retval WICK_E_TICKET_LIFE     longer than WICK_TICKET_LIFE_MAX, or zero
 * @retval WICK_E_TICKET_FUTURE   issued more than WICK_TICKET_FUTURE_S ahead
 * @retval WICK_E_TICKET_BOOT     issued before this table began
 * @retval WICK_E_EXPIRED         ended
 * @retval WICK_E_TICKET_REPLAY   used, or another ticket of this issuer has its jti
 * @retval WICK_E_RECORD_STALE    a newer record of the issuer is known
 * @retval WICK_E_RECORD_REVOKED  ended with the issuer's record
 * @retval WICK_E_TICKET_SHARE    a quarter of the table is the issuer's already
 * @retval WICK_E_LIMIT           the table is full
 * @retval others                 the back end's
 */
WICK_NODISCARD wick_status wick_ticket_table_accept(wick_ticket_table *t,
                                                    const wick_ticket *ticket, uint32_t epoch,
                                                    uint64_t now_s);

/**
 * Finds the key that a short identity names. Compares every entry, in constant time each.
 * @param[out] out, peer  zeroed unless WICK_OK
 * @param[in]  identity   as it came, without a zero byte
 * @param[in]  uses       OR of the uses that this server speaks
 * @retval WICK_OK
 * @retval WICK_E_NOT_FOUND  no ticket in force has it, or the one that has is used
 * @retval others            the back end's
 */
WICK_NODISCARD wick_status wick_ticket_table_find(wick_ticket_table *t, wick_session_psk *out,
                                                  wick_ticket_peer *peer, wick_span identity,
                                                  unsigned uses, uint64_t now_s);

/** A session has begun with it: the peer has proved that it has the key.
 *  @retval WICK_OK
 *  @retval WICK_E_TICKET_REPLAY  another one has, in the meantime
 *  @retval WICK_E_NOT_FOUND      not in force any more */
WICK_NODISCARD wick_status wick_ticket_table_use(wick_ticket_table *t,
                                                 const wick_ticket_peer *peer, uint64_t now_s);

/** The issuer's record has this epoch now: what was accepted under a lower one ends. */
void wick_ticket_table_issuer(wick_ticket_table *t, const uint8_t issuer[32], uint32_t epoch);

/** The issuer's record is revoked, absent or expired: all that it introduced ends. */
void wick_ticket_table_revoke(wick_ticket_table *t, const uint8_t issuer[32]);

/** Entries whose tickets have not ended. */
size_t wick_ticket_table_count(const wick_ticket_table *t, uint64_t now_s);

/** Wipes everything, rules and start included. */
void wick_ticket_table_wipe(wick_ticket_table *t);

#ifdef __cplusplus
}
#endif
#endif
