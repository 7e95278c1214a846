/* SPDX-License-Identifier: Apache-2.0 */
/* Upload of a ticket: vectors, both sides, and what strangers may cost the audience. */
#include "ticket_vectors.h"
#include "ticket_world.h"
#include "wick/ticket_upload.h"

#define ID 0x41414141u

static wick_nsl_node node;
static wick_ticket_door door;
static wick_addr leaf_at;
static uint8_t ticket[WICK_TICKET_BYTES], ks[32];
static uint64_t now = 1000000;

/* The audience S, with a cookie secret of 32 x 20. */
static void setup(void)
{
    ticket_world();
    const wick_ticket_claims c = claims_of("meter-7");
    make_ticket(ticket, ks, G, S, &c);
    audience_node(&node, now);
    wick_ticket_door_init(&door, &node, now);
    leaf_at = wick_addr_v4(192, 0, 2, 1, 40000);
    private_ops = 0;
}

static void check_hex(const uint8_t *got, size_t len, const char *hex)
{
    uint8_t want[256];
    REQUIRE(strlen(hex) == 2 * len && len <= sizeof want);
    CHECK_STATUS(wick_hex_decode(want, len, hex, 2 * len), WICK_OK);
    CHECK_MEM(got, want, len);
}

static wick_status give(wick_ticket_upload *up, const uint8_t *bytes, size_t len)
{
    return wick_ticket_door_input(&door, up, now, wick_span_make(bytes, len), &leaf_at);
}

TEST(must_23_vectors)
{
    uint8_t out[WICK_TICKET_UPLOAD_MAX], cookie[WICK_NSL_COOKIE_BYTES];
    uint8_t done[WICK_TICKET_DONE_BYTES];
    wick_ticket_upload up;
    wick_ticket opened;

    setup();
    CHECK_INT(wick_ticket_upload_put(out, ticket, NULL, ID), WICK_TICKET_UPLOAD_BYTES);
    check_hex(out, WICK_TICKET_UPLOAD_BYTES, TICKET_UPLOAD);
    CHECK_STATUS(give(&up, out, WICK_TICKET_UPLOAD_BYTES), WICK_AGAIN);
    check_hex(up.reply, sizeof up.reply, TICKET_UPLOAD_COOKIE);
    CHECK_STATUS(wick_ticket_upload_answer(cookie, &crypto, wick_span_make(up.reply, 24), ticket,
                                           ks, ID),
                 WICK_AGAIN);
    CHECK_INT(wick_ticket_upload_put(out, ticket, cookie, ID), WICK_TICKET_UPLOAD_MAX);
    check_hex(out, WICK_TICKET_UPLOAD_MAX, TICKET_UPLOAD_AGAIN);
    CHECK_STATUS(give(&up, out, WICK_TICKET_UPLOAD_MAX), WICK_OK);
    CHECK_INT(up.id, ID);
    CHECK(up.head.issuer != NULL && memcmp(up.head.issuer, own[G].id, 32) == 0);
    CHECK_STATUS(wick_ticket_open(&opened, &up.head, &own[S], own[G].pub33), WICK_OK);
    CHECK_STATUS(wick_ticket_upload_done(done, &crypto, up.head.bytes, opened.ks, up.id), WICK_OK);
    check_hex(done, sizeof done, TICKET_UPLOAD_DONE);
    CHECK_STATUS(
        wick_ticket_upload_answer(cookie, &crypto, wick_span_make(done, 24), ticket, ks, ID),
        WICK_OK);
}

/* Without return routability nothing is opened, and nothing is kept: not of one sender, not of many,
 * not of one that makes cookies up or shows another's. */
TEST(must_23_flood_costs_no_private_operation)
{
    uint8_t out[WICK_TICKET_UPLOAD_MAX], cookie[WICK_NSL_COOKIE_BYTES];
    wick_ticket_upload up;
    const wick_nsl_node before = (setup(), node);
    unsigned answered = 0, limited = 0;

    for (unsigned i = 0; i < 1000; i++) {
        leaf_at = wick_addr_v4(192, 0, (uint8_t)(i >> 8), (uint8_t)i, (uint16_t)(1024 + i));
        memset(cookie, (int)i, sizeof cookie);
        size_t len = wick_ticket_upload_put(out, ticket, i % 2 == 0 ? NULL : cookie, ID + i);
        wick_status st = give(&up, out, len);
        CHECK(st == WICK_AGAIN || st == WICK_E_NSL_RATE);
        CHECK(up.head.bytes == NULL || st != WICK_OK);
        answered += st == WICK_AGAIN ? 1u : 0u;
        limited += st == WICK_E_NSL_RATE ? 1u : 0u;
    }
    CHECK_INT(private_ops, 0);
    CHECK_INT(answered, WICK_NSL_M0_PER_S); /* and that many answers in one second */
    CHECK(limited > 0);
    CHECK_MEM(node.half, before.half, sizeof node.half);
    /* a cookie is for one address, one port, one upload, and two minutes */
    now += 1000;
    leaf_at = wick_addr_v4(192, 0, 2, 1, 40000);
    size_t len = wick_ticket_upload_put(out, ticket, NULL, ID);
    REQUIRE_STATUS(give(&up, out, len), WICK_AGAIN);
    memcpy(cookie, up.reply + 8, sizeof cookie);
    len = wick_ticket_upload_put(out, ticket, cookie, ID);
    CHECK_STATUS(give(&up, out, len), WICK_OK);
    leaf_at.port++;
    CHECK_STATUS(give(&up, out, len), WICK_AGAIN);
    leaf_at.port--;
    leaf_at.ip[15] ^= 1;
    CHECK_STATUS(give(&up, out, len), WICK_AGAIN);
    leaf_at.ip[15] ^= 1;
    (void)wick_ticket_upload_put(out, ticket, cookie, ID + 1);
    CHECK_STATUS(give(&up, out, len), WICK_AGAIN);
    ticket[100] ^= 1;
    (void)wick_ticket_upload_put(out, ticket, cookie, ID);
    CHECK_STATUS(give(&up, out, len), WICK_AGAIN);
    ticket[100] ^= 1;
    (void)wick_ticket_upload_put(out, ticket, cookie, ID);
    CHECK_STATUS(give(&up, out, len), WICK_OK);
    now += 128000;
    CHECK_STATUS(give(&up, out, len), WICK_AGAIN);
    CHECK_INT(private_ops, 0);
    /* what is routable is limited as well */
    unsigned opens = 0;
    for (unsigned i = 0; i < 2 * WICK_TICKET_OPENS_PER_S; i++) {
        wick_addr from = wick_addr_v4(192, 0, 2, (uint8_t)i, 5684);
        opens += wick_ticket_door_take(&door, &from, now) ? 1u : 0u;
    }
    CHECK_INT(opens, WICK_TICKET_OPENS_PER_S);
}

/* Up to `want` times of one source in this second. */
static unsigned taken(const wick_addr *from, unsigned want, bool each_port)
{
    unsigned opens = 0;
    wick_addr at = *from;
    for (unsigned i = 0; i < want; i++) {
        at.port = (uint16_t)(from->port + (each_port ? i : 0));
        opens += wick_ticket_door_take(&door, &at, now) ? 1u : 0u;
    }
    return opens;
}

/* Finding 8 (b): one source has its share and no more; at a relay a source is an address and a port. */
TEST(must_23_one_source_keeps_nobody_out)
{
    const wick_addr flood = wick_addr_v4(198, 51, 100, 1, 1000), relay = wick_addr_v4(20, 0, 0, 10, 50000);
    unsigned share = WICK_TICKET_OPENS_PER_SOURCE;
    REQUIRE(share >= 2 && 2 * share <= WICK_TICKET_OPENS_PER_S);
    setup();
    node.cfg.relays = &relay;
    node.cfg.relay_count = 1;
    CHECK_INT(taken(&flood, 4 * WICK_TICKET_OPENS_PER_S, true), share); /* whatever its ports are */
    CHECK_INT(taken(&leaf_at, 2, false), 2);
    /* Who fills the table with others is not forgotten himself. */
    for (unsigned i = 0; i < 2 * WICK_TICKET_SOURCES; i++) {
        wick_addr one = wick_addr_v4(203, 0, 113, (uint8_t)i, 7);
        CHECK_INT(taken(&one, 1, false), 1);
        CHECK_INT(taken(&flood, 1, false), 0);
    }
    now += 1000;
    CHECK_INT(taken(&relay, 2 * share, false), share);
    CHECK_INT(taken(&relay, 4, true), 3); /* the others there: the first port is the one before */
    now += 1000;
    CHECK_INT(taken(&flood, 2 * share, false), share); /* each second */
    /* One host of IPv6 has a /64 of addresses, and one share. */
    now += 1000;
    wick_addr six = {.ip = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 1}, .port = 1000};
    unsigned opens = 0;
    for (unsigned i = 0; i < 2 * share; i++) {
        six.ip[8] = six.ip[15] = (uint8_t)i;
        opens += taken(&six, 1, false);
    }
    CHECK_INT(opens, share);
    six.ip[7] = 2; /* the next one's */
    CHECK_INT(taken(&six, 1, false), 1);
}

/* Nothing but an upload passes: every bit of the header and every length. */
TEST(must_23_every_bit_every_length)
{
    uint8_t out[WICK_TICKET_UPLOAD_MAX + 1], bytes[WICK_TICKET_UPLOAD_MAX + 1];
    uint8_t cookie[WICK_NSL_COOKIE_BYTES], done[24];
    wick_ticket_upload up;

    setup();
    memset(out, 0, sizeof out);
    size_t len = wick_ticket_upload_put(out, ticket, NULL, ID);
    REQUIRE_STATUS(give(&up, out, len), WICK_AGAIN);
    memcpy(cookie, up.reply + 8, sizeof cookie);
    len = wick_ticket_upload_put(out, ticket, cookie, ID);
    for (size_t n = 0; n < len; n++) {
        CHECK_STATUS(give(&up, out, n), WICK_E_MALFORMED);
    }
    CHECK_STATUS(give(&up, out, len + 1), WICK_E_MALFORMED);
    for (size_t bit = 0; bit < len * 8; bit++) {
        memcpy(bytes, out, len);
        bytes[bit / 8] = (uint8_t)(bytes[bit / 8] ^ (1u << bit % 8));
        now += 10; /* or the rate would answer */
        CHECK(give(&up, bytes, len) != WICK_OK);
    }
    CHECK_INT(private_ops, 0);
    /* the id that would make it STUN */
    len = wick_ticket_upload_put(out, ticket, NULL, 0x2112A442u);
    CHECK_STATUS(give(&up, out, len), WICK_E_MALFORMED);
    /* and at the leaf, of the confirmation */
    REQUIRE_STATUS(wick_ticket_upload_done(done, &crypto, ticket, ks, ID), WICK_OK);
    for (size_t bit = 0; bit < sizeof done * 8; bit++) {
        memcpy(bytes, done, sizeof done);
        bytes[bit / 8] = (uint8_t)(bytes[bit / 8] ^ (1u << bit % 8));
        wick_status st = wick_ticket_upload_answer(cookie, &crypto, wick_span_make(bytes, 24),
                                                   ticket, ks, ID);
        CHECK(st == WICK_E_MALFORMED || st == WICK_E_AUTH || st == WICK_AGAIN);
        CHECK((st == WICK_E_AUTH) == (bit >= 64));
    }
    for (size_t n = 0; n < sizeof done; n++) {
        CHECK_STATUS(wick_ticket_upload_answer(cookie, &crypto, wick_span_make(done, n), ticket,
                                               ks, ID),
                     WICK_E_MALFORMED);
    }
    ks[0] ^= 1; /* who does not have Ks cannot say that it is done */
    CHECK_STATUS(wick_ticket_upload_answer(cookie, &crypto, wick_span_make(done, 24), ticket, ks,
                                           ID),
                 WICK_E_AUTH);
}

TAP_MAIN("unit.ticket_upload", CASE(must_23_vectors),
         CASE(must_23_flood_costs_no_private_operation),
         CASE(must_23_one_source_keeps_nobody_out), CASE(must_23_every_bit_every_length))
