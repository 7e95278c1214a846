/* SPDX-License-Identifier: Apache-2.0 */
/*
 * port/linux DTLS-PSK, client and server in one process: they agree under loss,
 * reordering and duplication, and end with the right status for every wrong key, identity, role and
 * peer. Musts 4 and 24 of the handshake's review: a server finds entries of its own role only, and
 * a session is with the peer that was expected, or not at all.
 */
#include "wick/port/dtls.h"

#include "tls_world.h"

static wick_dtls client, server;

/* ---- a link that loses, repeats and swaps datagrams, by seed ---- */

#define QUEUE 32

struct link {
    struct {
        uint8_t data[WICK_DTLS_DATAGRAM_MAX];
        size_t len;
    } q[QUEUE];
    size_t count;
};

static struct link to_server, to_client;
static uint64_t seed;
static unsigned loss_percent, swap_percent, twice_percent;
static size_t sent_datagrams, sent_bytes;

static unsigned draw(unsigned n)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(seed >> 33) % n;
}

static void post(struct link *l, wick_span bytes)
{
    unsigned copies = draw(100) < loss_percent ? 0 : 1 + (draw(100) < twice_percent ? 1u : 0u);
    CHECK(bytes.len <= WICK_DTLS_DATAGRAM_MAX);
    sent_datagrams++;
    sent_bytes += bytes.len;
    for (; copies != 0 && l->count < QUEUE; copies--) {
        memcpy(l->q[l->count].data, bytes.ptr, bytes.len);
        l->q[l->count].len = bytes.len;
        l->count++;
    }
}

static size_t take(struct link *l, uint8_t *out)
{
    size_t i = (l->count > 1 && draw(100) < swap_percent) ? draw((unsigned)l->count) : 0;
    size_t len = l->q[i].len;
    memcpy(out, l->q[i].data, len);
    memmove(&l->q[i], &l->q[i + 1], (l->count - i - 1) * sizeof l->q[0]);
    l->count--;
    return len;
}

struct end {
    bool up, closed, done;
    wick_status status;
    uint64_t deadline;
};

static void pump(wick_dtls *d, struct link *out_link, struct end *e, uint64_t now)
{
    wick_out out;
    for (int i = 0; i < 100 && !e->done; i++) {
        wick_dtls_poll(d, &out, now);
        if (out.kind == WICK_OUT_SEND) {
            post(out_link, out.bytes);
        } else if (out.kind == WICK_OUT_EVENT) {
            e->up = e->up || out.event == WICK_DTLS_UP;
            e->closed = e->closed || out.event == WICK_DTLS_CLOSED;
        } else if (out.kind == WICK_OUT_DONE) {
            e->done = true;
            e->status = out.status;
        } else {
            e->deadline = out.deadline_ms;
            return;
        }
    }
}

static struct end ec, es;

static void deliver(wick_dtls *d, struct link *in, struct link *out, struct end *e, uint64_t now)
{
    uint8_t buf[WICK_DTLS_DATAGRAM_MAX];
    if (in->count != 0) {
        size_t len = take(in, buf);
        if (!e->done) {
            CHECK_STATUS(wick_dtls_input(d, now, wick_span_make(buf, len)), WICK_OK);
            pump(d, out, e, now);
        }
    }
}

/* Runs until both are up or one has ended. @return milliseconds it took */
static uint64_t run(uint64_t limit_ms)
{
    uint64_t now = 5000;
    memset(&ec, 0, sizeof ec);
    memset(&es, 0, sizeof es);
    to_server.count = to_client.count = 0;
    sent_datagrams = sent_bytes = 0;
    CHECK_STATUS(wick_dtls_start(&server, now), WICK_OK);
    CHECK_STATUS(wick_dtls_start(&client, now), WICK_OK);
    pump(&server, &to_client, &es, now);
    pump(&client, &to_server, &ec, now);
    while (!(ec.up && es.up) && !(ec.done && es.done) && now < 5000 + limit_ms) {
        if (to_server.count != 0 || to_client.count != 0) {
            deliver(&server, &to_server, &to_client, &es, now);
            deliver(&client, &to_client, &to_server, &ec, now);
            now += 5;
        } else {
            uint64_t next = ec.done ? es.deadline : es.done ? ec.deadline
                                                 : wick_time_min(ec.deadline, es.deadline);
            now = next > now ? next : now + 1;
        }
        if (!es.done) {
            pump(&server, &to_client, &es, now);
        }
        if (!ec.done) {
            pump(&client, &to_server, &ec, now);
        }
    }
    return now - 5000;
}

static void make(const wick_dtls_config *c, const wick_dtls_config *s)
{
    REQUIRE_STATUS(wick_dtls_init(&client, c), WICK_OK);
    REQUIRE_STATUS(wick_dtls_init(&server, s), WICK_OK);
}

static void drop(void)
{
    wick_dtls_free(&client);
    wick_dtls_free(&server);
}

/* Both sides have one key, under one identity. */
static void agreed(wick_dtls_config *c, wick_dtls_config *s)
{
    static wick_dtls_entry ce, se;
    ce = entry("id", key, peer_b, WICK_DTLS_CLIENT);
    se = entry("id", key, peer_a, WICK_DTLS_SERVER);
    *c = config(WICK_DTLS_CLIENT, &ce, 1);
    *s = config(WICK_DTLS_SERVER, &se, 1);
}

static void perfect_link(void)
{
    loss_percent = swap_percent = twice_percent = 0;
    seed = 1;
}

static void echo(const char *word, uint64_t now)
{
    wick_out out;
    uint8_t buf[WICK_DTLS_DATAGRAM_MAX];
    size_t len = 0;
    CHECK_STATUS(wick_dtls_write(&client, now, text(word)), WICK_OK);
    CHECK_STATUS(wick_dtls_write(&client, now, text(word)), WICK_AGAIN);
    wick_dtls_poll(&client, &out, now);
    REQUIRE(out.kind == WICK_OUT_SEND);
    /* nothing of it in clear */
    for (size_t i = 0; i + strlen(word) <= out.bytes.len; i++) {
        CHECK(memcmp(out.bytes.ptr + i, word, strlen(word)) != 0);
    }
    memcpy(buf, out.bytes.ptr, out.bytes.len);
    len = out.bytes.len;
    CHECK_STATUS(wick_dtls_input(&server, now, wick_span_make(buf, len)), WICK_OK);
    uint8_t again[WICK_DTLS_DATAGRAM_MAX];
    size_t again_len = len;
    memcpy(again, buf, len);
    CHECK_STATUS(wick_dtls_read(&server, buf, sizeof buf, &len), WICK_OK);
    CHECK_INT(len, strlen(word));
    CHECK_MEM(buf, word, len);
    CHECK_STATUS(wick_dtls_read(&server, buf, sizeof buf, &len), WICK_AGAIN);
    /* replayed: dropped */
    CHECK_STATUS(wick_dtls_input(&server, now, wick_span_make(again, again_len)), WICK_OK);
    CHECK_STATUS(wick_dtls_read(&server, buf, sizeof buf, &len), WICK_AGAIN);
    /* every bit flipped: dropped, and the session goes on */
    for (size_t bit = 0; bit < again_len * 8; bit += 3) {
        again[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        CHECK_STATUS(wick_dtls_input(&server, now, wick_span_make(again, again_len)), WICK_OK);
        CHECK_STATUS(wick_dtls_read(&server, buf, sizeof buf, &len), WICK_AGAIN);
        again[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    CHECK(wick_dtls_is_up(&server));
    CHECK_STATUS(wick_dtls_write(&server, now, text(word)), WICK_OK);
    wick_dtls_poll(&server, &out, now);
    REQUIRE(out.kind == WICK_OUT_SEND);
    CHECK_STATUS(wick_dtls_input(&client, now, out.bytes), WICK_OK);
    CHECK_STATUS(wick_dtls_read(&client, buf, 2, &len), WICK_E_NO_SPACE);
    CHECK_STATUS(wick_dtls_read(&client, buf, sizeof buf, &len), WICK_AGAIN);
}

TEST(each_suite_up_echo_and_close)
{
    static const unsigned suites[] = {0, WICK_DTLS_CHACHA20_POLY1305, WICK_DTLS_AES128_GCM,
                                      WICK_DTLS_AES128_CCM8};
    static const char *const names[] = {"CHACHA20", "CHACHA20", "GCM", "CCM-8"};
    perfect_link();
    for (size_t i = 0; i < 4; i++) {
        wick_dtls_entry ce = entry("w1:identity", key, peer_b, WICK_DTLS_CLIENT);
        wick_dtls_entry se = entry("w1:identity", key, peer_a, WICK_DTLS_SERVER);
        wick_dtls_config c = config(WICK_DTLS_CLIENT, &ce, 1);
        wick_dtls_config s = config(WICK_DTLS_SERVER, &se, 1);
        c.expect_peer = peer_b;
        s.expect_peer = peer_a;
        c.suites = suites[i];
        make(&c, &s);
        CHECK(wick_dtls_peer(&client) == NULL);
        CHECK_STATUS(wick_dtls_write(&client, 0, text("early")), WICK_E_STATE);
        CHECK(run(1000) < 1000);
        CHECK(ec.up && es.up && !ec.done && !es.done);
        CHECK(strstr(wick_dtls_suite(&client), names[i]) != NULL);
        CHECK(strcmp(wick_dtls_suite(&client), wick_dtls_suite(&server)) == 0);
        CHECK(wick_dtls_peer(&client) == &ce);
        CHECK(wick_dtls_peer(&server) == &se);
        CHECK_INT(sent_datagrams, 6); /* hello, verify, hello, 2..3 of 4, finished */
        echo("application data", 9000);

        uint8_t big[WICK_DTLS_WRITE_MAX + 1] = {0};
        wick_out out;
        CHECK_STATUS(wick_dtls_write(&client, 9000, wick_span_make(big, sizeof big)),
                     WICK_E_NO_SPACE);
        CHECK_STATUS(wick_dtls_write(&client, 9000, wick_span_make(big, sizeof big - 1)), WICK_OK);
        wick_dtls_poll(&client, &out, 9000);
        CHECK(out.kind == WICK_OUT_SEND && out.bytes.len <= WICK_DTLS_DATAGRAM_MAX);

        wick_dtls_close(&client, 9100);
        pump(&client, &to_server, &ec, 9100);
        CHECK(ec.done);
        CHECK_STATUS(ec.status, WICK_OK);
        deliver(&server, &to_server, &to_client, &es, 9100);
        CHECK(es.closed && es.done);
        CHECK_STATUS(es.status, WICK_OK);
        CHECK_STATUS(wick_dtls_write(&server, 9100, text("late")), WICK_E_STATE);
        CHECK_STATUS(wick_dtls_input(&server, 9100, text("late")), WICK_E_STATE);
        drop();
    }
}

TEST(loss_reorder_and_duplication)
{
    uint64_t worst = 0;
    unsigned failed = 0;
    for (unsigned i = 0; i < 1000; i++) {
        wick_dtls_config c, s;
        agreed(&c, &s);
        seed = 1000 + i;
        loss_percent = i % 31; /* up to 30 % */
        swap_percent = 30;
        twice_percent = 20;
        make(&c, &s);
        uint64_t ms = run(70000);
        if (ec.up && es.up) {
            worst = ms > worst ? ms : worst;
            loss_percent = 0;
            echo("through", 80000);
        } else {
            failed++;
        }
        drop();
    }
    CHECK_INT(failed, 0);
    CHECK(worst <= 31000);
}

/* Records bear the id that their reader asked for (RFC 9146), where both sides offer one. Nothing here
 * knows addresses, so an id is all that a move needs. */
TEST(connection_ids)
{
    static const uint8_t ids[2][4] = {{1, 2, 3, 4}, {9, 8, 7, 6}};
    for (unsigned who = 0; who < 4; who++) {
        wick_dtls_config c, s;
        agreed(&c, &s);
        wick_out out;
        uint8_t buf[WICK_DTLS_DATAGRAM_MAX];
        size_t len = 0;
        bool both = who == 3;
        c.cid = wick_span_make(ids[0], (who & 1) != 0 ? 4 : 0);
        s.cid = wick_span_make(ids[1], (who & 2) != 0 ? 4 : 0);
        for (unsigned i = 0; i < 40; i++) { /* also where flights are repeated */
            seed = 400 + i;
            loss_percent = i == 0 ? 0 : 20;
            swap_percent = twice_percent = loss_percent;
            make(&c, &s);
            CHECK(!wick_dtls_has_cid(&client));
            (void)run(70000);
            REQUIRE(ec.up && es.up);
            CHECK(wick_dtls_has_cid(&client) == both && wick_dtls_has_cid(&server) == both);
            perfect_link();
            echo("with or without", 80000);
            if (i != 39) {
                drop();
            }
        }
        CHECK_STATUS(wick_dtls_write(&client, 80000, text("look")), WICK_OK);
        wick_dtls_poll(&client, &out, 80000);
        REQUIRE(out.kind == WICK_OUT_SEND);
        len = out.bytes.len;
        memcpy(buf, out.bytes.ptr, len);
        CHECK_INT(buf[0], both ? 25 : 23);
        if (both) {
            uint8_t copy[WICK_DTLS_DATAGRAM_MAX];
            CHECK_MEM(buf + 11, ids[1], 4);
            for (unsigned i = 0; i < 4; i++) { /* another session's, or none at all */
                memcpy(copy, buf, len);
                copy[11 + i] ^= 1;
                CHECK_STATUS(wick_dtls_input(&server, 80000, wick_span_make(copy, len)), WICK_OK);
                CHECK_STATUS(wick_dtls_read(&server, copy, sizeof copy, &len), WICK_AGAIN);
                len = out.bytes.len;
            }
            for (size_t cut = 0; cut < len; cut++) {
                CHECK_STATUS(wick_dtls_input(&server, 80000, wick_span_make(buf, cut)), WICK_OK);
            }
            CHECK(wick_dtls_is_up(&server));
            /* A record of the old form is not of this session any more. */
            memmove(copy, buf, 11);
            memcpy(copy + 11, buf + 15, len - 15);
            copy[0] = 23;
            CHECK_STATUS(wick_dtls_input(&server, 80000, wick_span_make(copy, len - 4)), WICK_OK);
        } else {
            memcpy(buf + len, "", 1);
            uint8_t odd[32] = {25, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 9, 1, 2, 3, 4, 0, 13};
            CHECK_STATUS(wick_dtls_input(&server, 80000, wick_span_make(odd, 30)), WICK_OK);
        }
        CHECK_STATUS(wick_dtls_input(&server, 80000, wick_span_make(buf, len)), WICK_OK);
        CHECK_STATUS(wick_dtls_read(&server, buf, sizeof buf, &len), WICK_OK);
        CHECK_MEM(buf, "look", 4);
        uint8_t big[WICK_DTLS_WRITE_MAX] = {0};
        CHECK_STATUS(wick_dtls_write(&client, 80000, wick_span_make(big, sizeof big)), WICK_OK);
        wick_dtls_poll(&client, &out, 80000);
        CHECK(out.kind == WICK_OUT_SEND && out.bytes.len <= WICK_DTLS_DATAGRAM_MAX);
        drop();
    }
    static const uint8_t nine[9] = {1};
    wick_dtls_entry ce = entry("id", key, peer_b, WICK_DTLS_CLIENT);
    wick_dtls_config c = config(WICK_DTLS_CLIENT, &ce, 1);
    c.cid = wick_span_make(nine, sizeof nine);
    CHECK_STATUS(wick_dtls_init(&client, &c), WICK_E_BAD_ARG);
}

static void expect_failure(const wick_dtls_config *c, const wick_dtls_config *s,
                           wick_status client_status, wick_status server_status)
{
    perfect_link();
    make(c, s);
    (void)run(200000);
    CHECK(!ec.up && !es.up && ec.done && es.done);
    CHECK_STATUS(ec.status, client_status);
    CHECK_STATUS(es.status, server_status);
    CHECK(wick_dtls_peer(&client) == NULL && wick_dtls_peer(&server) == NULL);
    drop();
}

TEST(wrong_key_and_wrong_identity)
{
    wick_dtls_entry ce = entry("id", key, peer_b, WICK_DTLS_CLIENT);
    wick_dtls_entry wrong_key = entry("id", other_key, peer_a, WICK_DTLS_SERVER);
    wick_dtls_entry wrong_id = entry("ie", key, peer_a, WICK_DTLS_SERVER);
    wick_dtls_entry longer_id = entry("idx", key, peer_a, WICK_DTLS_SERVER);
    wick_dtls_config c = config(WICK_DTLS_CLIENT, &ce, 1);
    wick_dtls_config s = config(WICK_DTLS_SERVER, &wrong_key, 1);
    expect_failure(&c, &s, WICK_E_TLS, WICK_E_TLS);
    s = config(WICK_DTLS_SERVER, &wrong_id, 1);
    expect_failure(&c, &s, WICK_E_TLS, WICK_E_TLS);
    s = config(WICK_DTLS_SERVER, &longer_id, 1);
    expect_failure(&c, &s, WICK_E_TLS, WICK_E_TLS);
    /* half the key is not the key: a 16-byte one never stands in for the 32-byte one */
    wick_dtls_entry half = entry("id", key, peer_a, WICK_DTLS_SERVER);
    half.psk.len = 16;
    s = config(WICK_DTLS_SERVER, &half, 1);
    expect_failure(&c, &s, WICK_E_TLS, WICK_E_TLS);
    /* no suite in common */
    wick_dtls_entry se = entry("id", key, peer_a, WICK_DTLS_SERVER);
    s = config(WICK_DTLS_SERVER, &se, 1);
    c.suites = WICK_DTLS_AES128_CCM8;
    s.suites = WICK_DTLS_AES128_GCM;
    expect_failure(&c, &s, WICK_E_TLS, WICK_E_TLS);
}

/* Our own hello comes back to our own server, which knows the key, but as a client's. */
TEST(must_4_reflection_finds_no_entry)
{
    wick_dtls_entry table[2];
    table[0] = entry("id", key, peer_b, WICK_DTLS_CLIENT);
    table[1] = entry("id-of-another-session", other_key, peer_b, WICK_DTLS_SERVER);
    wick_dtls_config c = config(WICK_DTLS_CLIENT, &table[0], 1);
    wick_dtls_config s = config(WICK_DTLS_SERVER, table, 2);
    c.expect_peer = peer_b;
    s.expect_peer = peer_b;
    expect_failure(&c, &s, WICK_E_TLS, WICK_E_TLS);
}

/* The identity is known, but it was agreed with somebody else. */
TEST(must_24_another_peer_than_expected)
{
    wick_dtls_entry ce = entry("id", key, peer_b, WICK_DTLS_CLIENT);
    wick_dtls_entry se[2];
    se[0] = entry("id-a", other_key, peer_a, WICK_DTLS_SERVER);
    se[1] = entry("id", key, peer_b, WICK_DTLS_SERVER);
    wick_dtls_config c = config(WICK_DTLS_CLIENT, &ce, 1);
    wick_dtls_config s = config(WICK_DTLS_SERVER, se, 2);
    s.expect_peer = peer_a;
    perfect_link();
    make(&c, &s);
    (void)run(200000);
    CHECK(!es.up && es.done);
    CHECK_STATUS(es.status, WICK_E_AUTH);
    CHECK(wick_dtls_peer(&server) == NULL);
    drop();
    s.expect_peer = NULL;
    c.expect_peer = peer_a;
    make(&c, &s);
    (void)run(1000);
    CHECK(!ec.up && ec.done);
    CHECK_STATUS(ec.status, WICK_E_AUTH);
    drop();
}

TEST(nobody_answers)
{
    wick_dtls_config c, s;
    agreed(&c, &s);
    perfect_link();
    loss_percent = 100;
    make(&c, &s);
    uint64_t ms = run(200000);
    CHECK_STATUS(ec.status, WICK_E_TIMEOUT);
    CHECK_STATUS(es.status, WICK_E_TIMEOUT);
    CHECK_INT(ms, WICK_DTLS_SERVER_WAIT_MS);
    CHECK_INT(sent_datagrams, 15);
    CHECK(ec.deadline > 5000 + 28000 && ec.deadline <= 5000 + 31000); /* its last one */
    drop();
}

/* Garbage and forged hellos while a server waits, and while a session is up. */
TEST(strangers_disturb_nothing)
{
    static uint8_t hello[WICK_DTLS_DATAGRAM_MAX], junk[WICK_DTLS_DATAGRAM_MAX + 1];
    wick_dtls_config c, s;
    agreed(&c, &s);
    wick_out out;
    perfect_link();
    make(&c, &s);
    CHECK_STATUS(wick_dtls_start(&client, 5000), WICK_OK);
    wick_dtls_poll(&client, &out, 5000);
    REQUIRE(out.kind == WICK_OUT_SEND);
    size_t len = out.bytes.len;
    memcpy(hello, out.bytes.ptr, len);
    wick_dtls_free(&client);
    REQUIRE_STATUS(wick_dtls_init(&client, &c), WICK_OK);
    CHECK_STATUS(wick_dtls_input(&server, 5000, wick_span_make(hello, len)), WICK_E_STATE);
    CHECK_STATUS(wick_dtls_start(&server, 5000), WICK_OK);
    CHECK_STATUS(wick_dtls_start(&server, 5000), WICK_E_STATE);
    CHECK_STATUS(wick_dtls_input(&server, 5000, wick_span_make(junk, sizeof junk)),
                 WICK_E_NO_SPACE);
    CHECK_STATUS(wick_dtls_input(&server, 5000, wick_span_make(junk, 0)), WICK_OK);
    for (size_t i = 0; i < len; i++) {
        /* each octet altered, and cut after each octet; what it answers is nobody's concern */
        for (int cut = 0; cut < 2; cut++) {
            memcpy(junk, hello, len);
            junk[i] ^= 0x55;
            CHECK_STATUS(wick_dtls_input(&server, 5000, wick_span_make(junk, cut != 0 ? i : len)),
                         WICK_OK);
            for (int k = 0; k < 4; k++) {
                wick_dtls_poll(&server, &out, 5000);
                CHECK(out.kind == WICK_OUT_SEND || out.kind == WICK_OUT_WAIT);
            }
        }
    }
    /* and the honest client still gets through */
    memset(&ec, 0, sizeof ec);
    memset(&es, 0, sizeof es);
    CHECK_STATUS(wick_dtls_start(&client, 6000), WICK_OK);
    pump(&client, &to_server, &ec, 6000);
    for (uint64_t now = 6000; now < 40000 && !(ec.up && es.up); now += 10) {
        deliver(&server, &to_server, &to_client, &es, now);
        deliver(&client, &to_client, &to_server, &ec, now);
        pump(&server, &to_client, &es, now);
        pump(&client, &to_server, &ec, now);
    }
    CHECK(ec.up && es.up);
    /* a hello with a valid cookie would be needed; none is even looked at now */
    CHECK_STATUS(wick_dtls_input(&server, 41000, wick_span_make(hello, len)), WICK_OK);
    wick_dtls_poll(&server, &out, 41000);
    CHECK(out.kind == WICK_OUT_WAIT);
    /* nor behind a record that the library skips, since it is of no epoch that there was */
    static const uint8_t skipped[] = {23, 0xfe, 0xfd, 0, 9, 0, 0, 0, 0, 0, 1, 0, 1, 0};
    memcpy(junk, skipped, sizeof skipped);
    memcpy(junk + sizeof skipped, hello, len);
    CHECK_STATUS(wick_dtls_input(&server, 41000, wick_span_make(junk, sizeof skipped + len)),
                 WICK_OK);
    wick_dtls_poll(&server, &out, 41000);
    CHECK(out.kind == WICK_OUT_WAIT);
    static const uint8_t alert[] = {21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40};
    CHECK_STATUS(wick_dtls_input(&server, 41000, wick_span_make(alert, sizeof alert)), WICK_OK);
    CHECK_STATUS(wick_dtls_input(&client, 41000, wick_span_make(alert, sizeof alert)), WICK_OK);
    echo("still there", 41000);
    drop();
}

/* The last flight is lost: the client repeats, the server answers although it is up already. */
TEST(lost_finished_is_repeated)
{
    wick_dtls_config c, s;
    agreed(&c, &s);
    uint64_t now = 5000;
    perfect_link();
    make(&c, &s);
    memset(&ec, 0, sizeof ec);
    memset(&es, 0, sizeof es);
    to_server.count = to_client.count = 0;
    CHECK_STATUS(wick_dtls_start(&server, now), WICK_OK);
    CHECK_STATUS(wick_dtls_start(&client, now), WICK_OK);
    pump(&client, &to_server, &ec, now);
    for (int i = 0; i < 10 && !es.up; i++, now += 10) {
        deliver(&server, &to_server, &to_client, &es, now);
        if (!es.up) {
            deliver(&client, &to_client, &to_server, &ec, now);
        }
    }
    REQUIRE(es.up && !ec.up);
    for (int lost = 0; lost < 3; lost++) {
        to_client.count = 0;
        now = ec.deadline;
        pump(&client, &to_server, &ec, now);
        CHECK(to_server.count != 0);
        while (to_server.count != 0) {
            deliver(&server, &to_server, &to_client, &es, now);
        }
    }
    while (to_client.count != 0) {
        deliver(&client, &to_client, &to_server, &ec, now);
    }
    CHECK(ec.up);
    echo("after all", now);
    drop();
}

/* Anybody can send an alert in clear. It stops neither side before Finished, alone or in front of what
 * is genuine; where nothing follows it tells why, and sooner. */
TEST(forged_alerts_stop_no_handshake)
{
    static const uint8_t alert[] = {21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40};
    static uint8_t both[sizeof alert + WICK_DTLS_DATAGRAM_MAX];
    wick_dtls_config c, s;
    agreed(&c, &s);
    for (unsigned level = 1; level <= 2; level++) { /* warning, fatal */
        uint64_t now = 5000;
        memcpy(both, alert, sizeof alert);
        both[13] = (uint8_t)level;
        perfect_link();
        make(&c, &s);
        memset(&ec, 0, sizeof ec);
        memset(&es, 0, sizeof es);
        to_server.count = to_client.count = 0;
        CHECK_STATUS(wick_dtls_start(&server, now), WICK_OK);
        CHECK_STATUS(wick_dtls_start(&client, now), WICK_OK);
        pump(&client, &to_server, &ec, now);
        for (int i = 0; i < 20 && !(ec.up && es.up); i++, now += 10) {
            wick_dtls *to[2] = {&server, &client};
            struct link *in[2] = {&to_server, &to_client}, *out[2] = {&to_client, &to_server};
            struct end *e[2] = {&es, &ec};
            for (int k = 0; k < 2; k++) {
                if (!wick_dtls_is_up(to[k])) {
                    CHECK_STATUS(wick_dtls_input(to[k], now, wick_span_make(both, sizeof alert)),
                                 WICK_OK);
                    pump(to[k], out[k], e[k], now);
                }
                if (in[k]->count != 0) {
                    size_t len = take(in[k], both + sizeof alert);
                    CHECK_STATUS(wick_dtls_input(to[k], now,
                                                 wick_span_make(both, sizeof alert + len)),
                                 WICK_OK);
                    pump(to[k], out[k], e[k], now);
                }
            }
        }
        CHECK(ec.up && es.up && !ec.done && !es.done);
        echo("as if nothing had been", now);
        drop();
    }
    /* nothing genuine follows */
    make(&c, &s);
    memset(&ec, 0, sizeof ec);
    CHECK_STATUS(wick_dtls_start(&client, 5000), WICK_OK);
    pump(&client, &to_server, &ec, 5000);
    for (uint64_t now = 6000; now < 6000 + WICK_DTLS_ALERT_WAIT_MS; now += 500) {
        CHECK_STATUS(wick_dtls_input(&client, now, wick_span_make(alert, sizeof alert)), WICK_OK);
        pump(&client, &to_server, &ec, now);
        to_server.count = 0;
        CHECK(!ec.done); /* more of them do not put off the end, nor bring it nearer */
    }
    pump(&client, &to_server, &ec, 6000 + WICK_DTLS_ALERT_WAIT_MS);
    CHECK(ec.done);
    CHECK_STATUS(ec.status, WICK_E_TLS);
    drop();
}

TEST(configurations_refused)
{
    static uint8_t long_id[256];
    wick_dtls d;
    wick_dtls_entry e[2];
    memset(long_id, 'x', sizeof long_id);
    e[0] = entry("id", key, peer_a, WICK_DTLS_SERVER);
    e[1] = entry("id", other_key, peer_b, WICK_DTLS_SERVER);
    wick_dtls_config s = config(WICK_DTLS_SERVER, e, 2);
    CHECK_STATUS(wick_dtls_init(&d, &s), WICK_E_BAD_ARG); /* one identity, two keys */
    e[1].role = WICK_DTLS_CLIENT;
    CHECK_STATUS(wick_dtls_init(&d, &s), WICK_OK);
    wick_dtls_free(&d);
    wick_dtls_free(&d);
    wick_dtls_config c = config(WICK_DTLS_CLIENT, e, 1);
    CHECK_STATUS(wick_dtls_init(&d, &c), WICK_E_BAD_ARG); /* a server's entry */
    c.entries = &e[1];
    CHECK_STATUS(wick_dtls_init(&d, &c), WICK_OK);
    wick_dtls_free(&d);
    e[1].psk.len = 15;
    CHECK_STATUS(wick_dtls_init(&d, &c), WICK_E_BAD_ARG);
    e[1].psk.len = 33;
    CHECK_STATUS(wick_dtls_init(&d, &c), WICK_E_BAD_ARG);
    e[1].psk.len = 32;
    e[1].identity = wick_span_make(long_id, 256);
    CHECK_STATUS(wick_dtls_init(&d, &c), WICK_E_BAD_ARG);
    e[1].identity = text("a b");
    CHECK_STATUS(wick_dtls_init(&d, &c), WICK_E_BAD_ARG);
    e[1].identity = wick_span_make(long_id, 0);
    CHECK_STATUS(wick_dtls_init(&d, &c), WICK_E_BAD_ARG);
    e[1].identity = wick_span_make(long_id, 255);
    CHECK_STATUS(wick_dtls_init(&d, &c), WICK_OK);
    wick_dtls_free(&d);
    c.suites = 16;
    CHECK_STATUS(wick_dtls_init(&d, &c), WICK_E_BAD_ARG);
    c.suites = 0;
    c.entropy = NULL;
    CHECK_STATUS(wick_dtls_init(&d, &c), WICK_E_BAD_ARG);
}

/* The pool runs out with a status, and gives everything back. */
TEST(pool_is_bounded_and_does_not_leak)
{
    static wick_dtls many[32];
    wick_dtls_entry ce = entry("id", key, peer_b, WICK_DTLS_CLIENT);
    wick_dtls_config c = config(WICK_DTLS_CLIENT, &ce, 1);
    size_t first = 0;
    for (int round = 0; round < 20; round++) {
        size_t n = 0;
        wick_status st = WICK_OK;
        while (n < 32 && st == WICK_OK) {
            st = wick_dtls_init(&many[n], &c);
            n += st == WICK_OK ? 1u : 0u;
        }
        CHECK_STATUS(st, WICK_E_POOL);
        CHECK(n >= 5);
        first = round == 0 ? n : first;
        CHECK_INT(n, first);
        for (size_t i = 0; i < n; i++) {
            wick_dtls_free(&many[i]);
        }
    }
    for (size_t i = 0; i < sizeof many; i++) {
        CHECK(((const uint8_t *)many)[i] == 0);
    }
}

static wick_status no_entropy(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    (void)out;
    (void)len;
    return WICK_E_ENTROPY;
}

TEST(no_entropy_no_session)
{
    wick_hal_entropy dead = {NULL, no_entropy};
    wick_dtls_entry ce = entry("id", key, peer_b, WICK_DTLS_CLIENT);
    wick_dtls_entry se = entry("id", key, peer_b, WICK_DTLS_SERVER);
    wick_dtls_config c = config(WICK_DTLS_CLIENT, &ce, 1);
    wick_dtls_config s = config(WICK_DTLS_SERVER, &se, 1);
    wick_out out;
    c.entropy = s.entropy = &dead;
    CHECK_STATUS(wick_dtls_init(&server, &s), WICK_E_ENTROPY);
    REQUIRE_STATUS(wick_dtls_init(&client, &c), WICK_OK);
    CHECK_STATUS(wick_dtls_start(&client, 0), WICK_OK);
    wick_dtls_poll(&client, &out, 0);
    CHECK(out.kind == WICK_OUT_DONE);
    CHECK_STATUS(out.status, WICK_E_ENTROPY);
    drop();
}

TAP_MAIN("unit.dtls", CASE(each_suite_up_echo_and_close), CASE_LONG(loss_reorder_and_duplication),
         CASE(connection_ids),
         CASE(wrong_key_and_wrong_identity), CASE(must_4_reflection_finds_no_entry),
         CASE(must_24_another_peer_than_expected), CASE(nobody_answers),
         CASE(strangers_disturb_nothing), CASE(lost_finished_is_repeated),
         CASE(forged_alerts_stop_no_handshake), CASE(configurations_refused),
         CASE(pool_is_bounded_and_does_not_leak), CASE(no_entropy_no_session))
