/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tickets. The first octet says how the rest is taken: as an identity, as a ticket, as a datagram at
 * the audience's door or at the leaf, as claims behind a good seal, where no mutation would ever come,
 * or as a life of the table of accepted tickets. Nothing but the one genuine ticket, upload or
 * confirmation is taken for one, and a ticket without REUSE begins one session.
 */
#include "fuzz.h"

#include "../unit/ticket_world.h"
#include "wick/ticket_upload.h"

#define NOW_MS 1000000u
#define ISSUERS 6u

static uint8_t genuine[WICK_TICKET_BYTES], ks[32], good_cookie[WICK_NSL_COOKIE_BYTES];
static wick_nsl_node node, fresh_node;
static wick_ticket_door door;
static wick_addr from;
static bool ready;

static void prepare(void)
{
    wick_ticket_upload up;
    uint8_t out[WICK_TICKET_UPLOAD_MAX];
    ready = true;
    ticket_world();
    const wick_ticket_claims c = claims_of("meter-7");
    make_ticket(genuine, ks, G, S, &c);
    audience_node(&fresh_node, NOW_MS);
    from = wick_addr_v4(192, 0, 2, 1, 40000);
    node = fresh_node;
    wick_ticket_door_init(&door, &node, NOW_MS);
    size_t len = wick_ticket_upload_put(out, genuine, NULL, 0x41414141u);
    FUZZ_CHECK(wick_ticket_door_input(&door, &up, NOW_MS, wick_span_make(out, len), &from) ==
               WICK_AGAIN);
    memcpy(good_cookie, up.reply + WICK_TICKET_HEADER_BYTES, sizeof good_cookie);
}

static void as_ticket(wick_span in)
{
    wick_ticket_head head;
    wick_ticket t;
    if (wick_ticket_parse(&head, in) != WICK_OK) {
        FUZZ_CHECK(head.bytes == NULL);
        return;
    }
    const bool right = memcmp(in.ptr, genuine, sizeof genuine) == 0;
    const wick_status st = wick_ticket_open(&t, &head, &own[S], own[G].pub33);
    FUZZ_CHECK((st == WICK_OK) == right);
    if (right) {
        FUZZ_CHECK(memcmp(t.ks, ks, sizeof ks) == 0);
        FUZZ_ACCEPTED();
    } else {
        FUZZ_CHECK(wick_ct_is_zero((const uint8_t *)&t, sizeof t));
    }
}

static void as_identity(wick_span in)
{
    uint8_t ticket[WICK_TICKET_BYTES];
    char text[WICK_TICKET_CHARS + 1];
    if (wick_ticket_from_text(ticket, in) != WICK_OK) {
        FUZZ_CHECK(wick_ct_is_zero(ticket, sizeof ticket));
        return;
    }
    wick_ticket_text(text, ticket); /* one text for one ticket */
    FUZZ_CHECK(in.len == WICK_TICKET_CHARS && memcmp(text, in.ptr, in.len) == 0);
    as_ticket(wick_span_make(ticket, sizeof ticket));
    FUZZ_ACCEPTED();
}

static void at_door(wick_span in)
{
    wick_ticket_upload up;
    node = fresh_node;
    wick_ticket_door_init(&door, &node, NOW_MS);
    private_ops = 0;
    const wick_status st = wick_ticket_door_input(&door, &up, NOW_MS, in, &from);
    FUZZ_CHECK(private_ops == 0);
    if (st == WICK_OK) {
        /* Cookies are for one upload: nobody makes one for another. */
        FUZZ_CHECK(in.len == WICK_TICKET_UPLOAD_MAX &&
                   memcmp(in.ptr + WICK_TICKET_HEADER_BYTES, good_cookie, sizeof good_cookie) == 0);
        FUZZ_CHECK(memcmp(up.head.bytes, genuine, sizeof genuine) == 0);
        FUZZ_ACCEPTED();
    }
    FUZZ_CHECK(st != WICK_AGAIN || in.len >= WICK_TICKET_UPLOAD_BYTES);
}

static void at_leaf(wick_span in)
{
    uint8_t cookie[WICK_NSL_COOKIE_BYTES], done[WICK_TICKET_DONE_BYTES];
    const wick_status st =
        wick_ticket_upload_answer(cookie, &crypto, in, genuine, ks, 0x41414141u);
    if (st == WICK_OK) {
        FUZZ_CHECK(wick_ticket_upload_done(done, &crypto, genuine, ks, 0x41414141u) == WICK_OK);
        FUZZ_CHECK(in.len == sizeof done && memcmp(done, in.ptr, in.len) == 0);
        FUZZ_ACCEPTED();
    }
    FUZZ_CHECK(st == WICK_AGAIN || wick_ct_is_zero(cookie, sizeof cookie));
}

/* A registered issuer seals whatever it likes: only claims that have a meaning open. */
static void as_claims(wick_span in)
{
    uint8_t plain[32] = {0}, ticket[WICK_TICKET_BYTES];
    char name[WICK_TICKET_SUB_BYTES + 1];
    wick_ticket_head head;
    wick_ticket t;
    memcpy(plain, in.ptr, in.len < sizeof plain ? in.len : sizeof plain);
    seal_claims(ticket, genuine, plain);
    FUZZ_CHECK(tap_failed == 0);
    FUZZ_CHECK(wick_ticket_parse(&head, wick_span_make(ticket, sizeof ticket)) == WICK_OK);
    const wick_status st = wick_ticket_open(&t, &head, &own[S], own[G].pub33);
    FUZZ_CHECK(st == WICK_OK || st == WICK_E_MALFORMED);
    if (st == WICK_OK) {
        FUZZ_CHECK(wick_ticket_sub_name(name, t.claims.sub) == WICK_OK);
        FUZZ_CHECK(t.claims.life_s >= 1 && t.claims.life_s <= WICK_TICKET_LIFE_MAX);
        FUZZ_CHECK((t.claims.scope & ~WICK_TICKET_REUSE) != 0);
        FUZZ_ACCEPTED();
    }
}

/* Eight octets are one step: what, issuer, jti, scope, age, life, epoch, seconds that pass. */
static void as_table(wick_span in)
{
    static wick_ticket_table table;
    static uint64_t used_until[ISSUERS][256]; /* of tickets for one session */
    wick_ticket_rule rules[2];
    uint64_t now_s = IAT;
    memset(used_until, 0, sizeof used_until);
    memset(rules, 0, sizeof rules);
    rules[0].any = true;
    rules[0].scopes = 0x8007;
    memset(rules[1].issuer, 1, 32);
    rules[1].scopes = 1;
    wick_ticket_table_init(&table, &crypto, rules, 2);
    if (in.len % 8 != 0) {
        wick_ticket_table_start(&table, now_s);
    }
    for (size_t at = 0; at + 8 <= in.len && at < 8 * 96; at += 8) {
        const uint8_t *op = in.ptr + at;
        const uint8_t who = (uint8_t)(op[1] % ISSUERS);
        wick_ticket t;
        wick_ticket_peer peer;
        wick_session_psk k, got;
        memset(&t, 0, sizeof t);
        memset(t.issuer, who, 32);
        memset(t.claims.jti, op[2], sizeof t.claims.jti);
        memcpy(t.claims.sub, "a", 1);
        memset(t.ks, op[2], 32);
        t.ks[0] = who;
        t.claims.scope = (uint16_t)((op[3] & 0x80u) << 8 | (op[3] & 0x0Fu));
        t.claims.iat_s = (uint32_t)(now_s + 64u - op[4]);
        t.claims.life_s = (uint16_t)(op[5] * 20u);
        now_s += op[7];
        switch (op[0] & 7) {
        case 0:
        case 1:
            if (wick_ticket_table_accept(&table, &t, op[6] & 3u, now_s) == WICK_OK) {
                FUZZ_CHECK(table.latest_s >= used_until[who][op[2]]);
                FUZZ_CHECK(table.latest_s < (uint64_t)t.claims.iat_s + t.claims.life_s);
                FUZZ_ACCEPTED();
            }
            break;
        case 2:
        case 3:
            FUZZ_CHECK(wick_ticket_psk(&k, &crypto, t.ks, WICK_USE_DTLS12) == WICK_OK);
            if (wick_ticket_table_find(&table, &got, &peer, wick_span_text(k.identity), op[6],
                                       now_s) == WICK_OK) {
                FUZZ_CHECK(memcmp(got.key, k.key, sizeof k.key) == 0);
                FUZZ_CHECK(memcmp(peer.issuer, t.issuer, 32) == 0);
                FUZZ_CHECK(table.latest_s < peer.expires_s && table.latest_s >= used_until[who][op[2]]);
                FUZZ_CHECK(wick_ticket_table_use(&table, &peer, now_s) == WICK_OK);
                if ((peer.scope & WICK_TICKET_REUSE) == 0) {
                    used_until[who][op[2]] = peer.expires_s;
                }
            }
            break;
        case 4:
            wick_ticket_table_issuer(&table, t.issuer, op[6] & 3u);
            break;
        case 5:
            wick_ticket_table_revoke(&table, t.issuer);
            break;
        case 6:
            wick_ticket_table_start(&table, now_s);
            break;
        default:
            now_s -= op[7] * 2u; /* a clock that goes back */
            break;
        }
        FUZZ_CHECK(wick_ticket_table_count(&table, now_s) <= WICK_TICKETS_MAX);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!ready) {
        prepare();
    }
    FUZZ_CHECK(tap_failed == 0);
    if (size == 0) {
        return 0;
    }
    const wick_span in = wick_span_make(data + 1, size - 1);
    switch (data[0] % 6) {
    case 0:
        as_identity(in);
        break;
    case 1:
        as_ticket(in);
        break;
    case 2:
        at_door(in);
        break;
    case 3:
        at_leaf(in);
        break;
    case 4:
        as_claims(in);
        break;
    default:
        as_table(in);
        break;
    }
    return 0;
}
