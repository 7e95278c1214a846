/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A leaf's side of an upload (examples/wick/leaf_upload.h) against a real door, in virtual time: cookie
 * and confirmation, an audience that has to read first, lies on the way, and who never answers.
 */
#include "../../examples/wick/leaf_upload.h"

#include "ticket_world.h"

static host h;
static uint64_t now;
static wick_nsl_node node;
static wick_ticket_door door;
static uint8_t bytes[WICK_TICKET_BYTES];
static char text[WICK_TICKET_CHARS + 1];
static wick_leaf_ticket ticket;
static unsigned silent, lies, datagrams, empty, accepted; /* what is to be, and what was */
static uint8_t lie[WICK_TICKET_COOKIE_BYTES];
static size_t lie_len;
static bool no_use;

static uint64_t clock_ms(void *ctx)
{
    (void)ctx;
    return now;
}

static wick_status exchange(void *ctx, wick_buf *answer, wick_span datagram, uint64_t wait_ms)
{
    const wick_addr from = wick_addr_v4(192, 0, 2, 1, 7);
    wick_ticket_upload up;
    uint8_t reply[WICK_TICKET_DONE_BYTES];
    CHECK(ctx == &h && wait_ms != 0);
    if (no_use) {
        return WICK_E_NET;
    }
    datagrams += datagram.len != 0 ? 1u : 0u;
    empty += datagram.len == 0 ? 1u : 0u;
    if (lies != 0) { /* at once, whatever was sent; with the number of this upload, which is in clear */
        lies--;
        now += 1;
        if (datagram.len != 0) {
            memcpy(lie + 4, datagram.ptr + 4, 4);
        }
        wick_buf_put(answer, lie, lie_len);
        return WICK_OK;
    }
    if (datagram.len != 0) {
        wick_status s = wick_ticket_door_input(&door, &up, now, datagram, &from);
        if (s == WICK_AGAIN) {
            now += 20;
            wick_buf_put(answer, up.reply, sizeof up.reply);
            return WICK_OK;
        }
        CHECK_STATUS(s, WICK_OK);
        accepted++;
        if (silent == 0) {
            CHECK_STATUS(wick_ticket_upload_done(reply, &crypto, up.head.bytes, ticket.ks, up.id),
                         WICK_OK);
            now += 20;
            wick_buf_put(answer, reply, sizeof reply);
            return WICK_OK;
        }
        silent--;
    }
    now += wait_ms;
    return WICK_AGAIN;
}

static void setup(void)
{
    wick_ticket_claims c = claims_of("meter-7");
    ticket_world();
    c = claims_of("meter-7");
    now = 1000;
    memset(&h, 0, sizeof h);
    h.crypto = crypto;
    h.entropy = entropy;
    h.clock.now_ms = clock_ms;
    memset(&ticket, 0, sizeof ticket);
    make_ticket(bytes, ticket.ks, G, S, &c);
    wick_ticket_text(text, bytes);
    ticket.text = wick_span_text(text);
    audience_node(&node, now);
    wick_ticket_door_init(&door, &node, now);
    silent = lies = datagrams = empty = accepted = 0;
    no_use = false;
    memset(lie, 0, sizeof lie);
    lie[0] = WICK_NSL_VERSION;
}

static wick_status upload(unsigned *sent, uint64_t for_ms)
{
    return leaf_upload(&h, sent, &ticket, exchange, &h, now + for_ms);
}

TEST(cookie_and_confirmation)
{
    unsigned sent = 0;
    setup();
    CHECK_STATUS(upload(&sent, 30000), WICK_OK);
    CHECK_INT(sent, 2);
    CHECK_INT(accepted, 1);
    CHECK_INT(now, 1040);
}

/* Nobody says anything while the issuer's record is read: again after 1, 2, 4 ... s. */
TEST(audience_that_reads_first)
{
    unsigned sent = 0;
    setup();
    silent = 3;
    CHECK_STATUS(upload(&sent, 60000), WICK_OK);
    CHECK_INT(sent, 5);
    CHECK_INT(accepted, 4);
    CHECK_INT(now, 1000 + 20 + 2000 + 4000 + 8000 + 20);
}

TEST(refused_or_not_reached)
{
    unsigned sent = 0;
    setup();
    silent = 1000;
    CHECK_STATUS(upload(&sent, 100000), WICK_E_TIMEOUT);
    CHECK(sent <= 10);
    CHECK_INT(now, 101000); /* not longer than allowed */
    no_use = true;
    CHECK_STATUS(upload(&sent, 100000), WICK_E_NET);
    CHECK_INT(sent, 1);
}

/* Who is on the way can write a cookie and anything else, but has nothing sent for each of its lies. */
TEST(lies_on_the_way)
{
    unsigned sent = 0;
    setup();
    lies = 400;
    lie[1] = WICK_TICKET_COOKIE;
    lie_len = sizeof lie;
    CHECK_STATUS(upload(&sent, 60000), WICK_OK); /* once it stops */
    CHECK_INT(accepted, 1);
    CHECK(datagrams <= 8 && empty >= 380);
    setup();
    lies = 400;
    lie[1] = WICK_TICKET_DONE; /* confirmed by who does not have the key */
    lie_len = WICK_TICKET_DONE_BYTES;
    CHECK_STATUS(upload(&sent, 60000), WICK_OK);
    CHECK_INT(accepted, 1);
    CHECK(sent <= 4);
    setup();
    lies = 400;
    lie_len = 3;
    CHECK_STATUS(upload(&sent, 60000), WICK_OK);
    CHECK_INT(accepted, 1);
}

TEST(no_ticket)
{
    unsigned sent = 0;
    setup();
    ticket.text.len--;
    CHECK(upload(&sent, 1000) != WICK_OK);
    CHECK_INT(datagrams, 0);
}

TAP_MAIN("unit.leaf_upload", CASE(cookie_and_confirmation), CASE(audience_that_reads_first),
         CASE(refused_or_not_reached), CASE(lies_on_the_way), CASE(no_ticket))
