/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Suites, versions and the finding of keys, for TLS and DTLS alike: every suite in every protocol that
 * has it, whose order counts, ECDHE only where it is asked for, and must 24 of the handshake's review:
 * an identity is found only by its own protocol, role and key length.
 */
#include <stdio.h>

#include "tls_world.h"
#include "wick/port/crypto.h"

static wick_dtls dc, ds;
static wick_dtls_entry ce, se;
static wick_dtls_config cc, cs;

static void both(unsigned uses)
{
    wick_linux_entropy_init(&entropy);
    memset(&ce, 0, sizeof ce);
    ce.identity = text("dpk1.AAAAAAAAAAAAAAAAAAAAAA");
    ce.psk = wick_span_make(key, uses == WICK_USE_PSK16 ? 16 : 32);
    ce.uses = uses;
    ce.role = WICK_DTLS_CLIENT;
    memcpy(ce.peer, peer_b, 32);
    se = ce;
    se.role = WICK_DTLS_SERVER;
    memcpy(se.peer, peer_a, 32);
    memset(&cc, 0, sizeof cc);
    cc.role = WICK_DTLS_CLIENT;
    cc.entries = &ce;
    cc.entry_count = 1;
    cc.expect_peer = peer_b;
    cc.entropy = &entropy;
    cs = cc;
    cs.role = WICK_DTLS_SERVER;
    cs.entries = &se;
    cs.expect_peer = peer_a;
}

/* ---- sessions ---- */

static void tls_echo(void)
{
    uint8_t buf[16];
    CHECK_INT(wick_tls_write(&tc, text("there")), 5);
    CHECK_INT(read_some(tls_read, &ts, buf, sizeof buf), 5);
    CHECK_MEM(buf, "there", 5);
    CHECK_INT(wick_tls_write(&ts, text("back")), 4);
    CHECK_INT(read_some(tls_read, &tc, buf, sizeof buf), 4);
    CHECK_MEM(buf, "back", 4);
}

/* Takes all that `from` has for `to`. @return its last status of DONE, else WICK_AGAIN */
static wick_status dtls_give(wick_dtls *to, wick_dtls *from)
{
    wick_out out;
    for (int i = 0; i < 50; i++) {
        wick_dtls_poll(from, &out, 1000);
        if (out.kind == WICK_OUT_SEND) {
            wick_status st = wick_dtls_input(to, 1000, out.bytes);
            CHECK(st == WICK_OK || st == WICK_AGAIN || st == WICK_E_STATE);
        } else if (out.kind == WICK_OUT_DONE) {
            return out.status;
        } else if (out.kind == WICK_OUT_WAIT) {
            return WICK_AGAIN;
        }
    }
    return WICK_AGAIN;
}

static bool dtls_pair(void)
{
    CHECK_STATUS(wick_dtls_init(&dc, &cc), WICK_OK);
    CHECK_STATUS(wick_dtls_init(&ds, &cs), WICK_OK);
    CHECK_STATUS(wick_dtls_start(&ds, 1000), WICK_OK);
    CHECK_STATUS(wick_dtls_start(&dc, 1000), WICK_OK);
    for (int i = 0; i < 20 && !(wick_dtls_is_up(&dc) && wick_dtls_is_up(&ds)); i++) {
        st_c = dtls_give(&ds, &dc);
        st_s = dtls_give(&dc, &ds);
    }
    return wick_dtls_is_up(&dc) && wick_dtls_is_up(&ds);
}

static void dtls_drop(void)
{
    wick_dtls_free(&dc);
    wick_dtls_free(&ds);
}

/* ---- tests ---- */

static const unsigned each[] = {WICK_DTLS_CHACHA20_POLY1305, WICK_DTLS_AES128_GCM,
                                WICK_DTLS_AES128_CCM8, WICK_DTLS_ECDHE_CHACHA20};

TEST(every_suite_in_every_protocol)
{
    static const char *const names[] = {"TLS-PSK-WITH-CHACHA20-POLY1305-SHA256",
                                        "TLS-PSK-WITH-AES-128-GCM-SHA256",
                                        "TLS-PSK-WITH-AES-128-CCM-8",
                                        "TLS-ECDHE-PSK-WITH-CHACHA20-POLY1305-SHA256"};
    static const char *const names13[] = {"TLS1-3-CHACHA20-POLY1305-SHA256",
                                          "TLS1-3-AES-128-GCM-SHA256",
                                          "TLS1-3-AES-128-CCM-8-SHA256",
                                          "TLS1-3-CHACHA20-POLY1305-SHA256"};
    for (size_t i = 0; i < 4; i++) {
        both(0);
        cc.suites = cs.suites = each[i];
        CHECK(dtls_pair());
        CHECK(strcmp(wick_dtls_suite(&dc), names[i]) == 0);
        CHECK(strcmp(wick_dtls_suite(&ds), names[i]) == 0);
        CHECK(wick_dtls_peer(&ds) == &se && wick_dtls_peer(&dc) == &ce);
        dtls_drop();
        for (unsigned use = WICK_USE_TLS12; use <= WICK_USE_TLS13; use *= 2) {
            both(use);
            cc.suites = cs.suites = each[i];
            tls_meet(&cc, &cs);
            CHECK_STATUS(st_c, WICK_OK);
            CHECK_STATUS(st_s, WICK_OK);
            CHECK_INT(wick_tls_use(&tc), use);
            CHECK_INT(wick_tls_use(&ts), use);
            CHECK(strcmp(wick_tls_suite(&tc),
                         use == WICK_USE_TLS12 ? names[i] : names13[i]) == 0);
            CHECK(wick_tls_peer(&ts) == &se);
            tls_echo();
            tls_part();
            CHECK_INT(wick_tls_use(&tc), 0);
            CHECK(strcmp(wick_tls_suite(&tc), "") == 0);
        }
    }
}

/* The server's order counts; what `suites` does not name is not made up for by an order. */
TEST(order_of_suites)
{
    both(0);
    CHECK(dtls_pair());
    CHECK(strstr(wick_dtls_suite(&dc), "-PSK-WITH-CHACHA20") != NULL);
    CHECK(strstr(wick_dtls_suite(&dc), "ECDHE") == NULL); /* only where asked for */
    dtls_drop();
    cc.suites = cs.suites = WICK_DTLS_SUITES_ALL;
    CHECK(dtls_pair());
    CHECK(strstr(wick_dtls_suite(&dc), "ECDHE") != NULL);
    dtls_drop();
    cs.order[0] = WICK_DTLS_AES128_CCM8;
    cs.order[1] = WICK_DTLS_AES128_GCM;
    CHECK(dtls_pair());
    CHECK(strstr(wick_dtls_suite(&dc), "CCM-8") != NULL);
    dtls_drop();
    cc.suites = WICK_DTLS_AES128_GCM | WICK_DTLS_CHACHA20_POLY1305;
    CHECK(dtls_pair());
    CHECK(strstr(wick_dtls_suite(&dc), "GCM") != NULL);
    dtls_drop();
    cs.suites = WICK_DTLS_CHACHA20_POLY1305;
    CHECK(dtls_pair());
    CHECK(strstr(wick_dtls_suite(&dc), "CHACHA20") != NULL);
    dtls_drop();
    both(WICK_USE_TLS12);
    cs.order[0] = WICK_DTLS_AES128_GCM;
    tls_meet(&cc, &cs);
    CHECK(strstr(wick_tls_suite(&tc), "GCM") != NULL);
    tls_part();
}

/* Must 24: the key of another protocol is not found, whatever the identity; the 16-byte key has an
 * identity of its own, and it never stands in for the long one. */
TEST(keys_of_another_protocol)
{
    static const unsigned uses[] = {WICK_USE_TLS12, WICK_USE_TLS13, WICK_USE_DTLS12,
                                    WICK_USE_PSK16};
    for (size_t i = 0; i < 4; i++) {
        for (size_t k = 0; k < 4; k++) {
            both(uses[i]);
            /* A server that speaks all of them, but has the identity under one label alone. */
            wick_dtls_entry table[2];
            table[0] = se;
            table[0].uses = uses[k];
            table[0].psk.len = uses[k] == WICK_USE_PSK16 ? 16 : 32;
            table[1] = se;
            table[1].identity = text("dpk1.BBBBBBBBBBBBBBBBBBBBBB");
            table[1].uses = WICK_USE_DTLS12 | WICK_USE_TLS12 | WICK_USE_TLS13;
            cs.entries = table;
            cs.entry_count = 2;
            if (uses[i] == WICK_USE_DTLS12 || uses[i] == WICK_USE_PSK16) {
                CHECK_INT(dtls_pair(), i == k);
                dtls_drop();
            } else {
                tls_meet(&cc, &cs);
                CHECK_INT(st_c == WICK_OK && st_s == WICK_OK, i == k);
                CHECK(i == k || (st_c == WICK_E_TLS && st_s == WICK_E_TLS));
                tls_part();
            }
        }
    }
    /* A key for streams alone cannot begin a session of datagrams, nor the other way round. */
    both(WICK_USE_TLS12);
    CHECK_STATUS(wick_dtls_init(&dc, &cc), WICK_E_BAD_ARG);
    both(WICK_USE_DTLS12);
    CHECK_STATUS(wick_tls_init(&tc, &cc, &hn, 0), WICK_E_BAD_ARG);
    both(WICK_USE_PSK16);
    ce.psk.len = 32;
    CHECK_STATUS(wick_dtls_init(&dc, &cc), WICK_E_BAD_ARG);
    both(16);
    CHECK_STATUS(wick_dtls_init(&dc, &cc), WICK_E_BAD_ARG);
}

/* Versions: each side takes the newest that both have a key for. */
TEST(version_follows_the_keys)
{
    both(WICK_USE_TLS12);
    wick_dtls_entry table[2];
    table[0] = table[1] = se;
    table[1].identity = text("dpk1.BBBBBBBBBBBBBBBBBBBBBB");
    table[1].psk = wick_span_make(other_key, 32);
    table[1].uses = WICK_USE_TLS13;
    cs.entries = table;
    cs.entry_count = 2;
    tls_meet(&cc, &cs);
    CHECK(st_c == WICK_OK && st_s == WICK_OK && wick_tls_use(&ts) == WICK_USE_TLS12);
    tls_part();
    ce.identity = table[1].identity;
    ce.psk = table[1].psk;
    ce.uses = WICK_USE_TLS13;
    tls_meet(&cc, &cs);
    CHECK(st_c == WICK_OK && st_s == WICK_OK && wick_tls_use(&ts) == WICK_USE_TLS13);
    CHECK(wick_tls_peer(&ts) == &table[1]);
    tls_echo();
    tls_part();
    /* another peer than expected, and the wrong key */
    cs.expect_peer = peer_b;
    tls_meet(&cc, &cs);
    CHECK_STATUS(st_s, WICK_E_AUTH);
    tls_part();
    cs.expect_peer = peer_a;
    ce.psk = wick_span_make(key, 32);
    tls_meet(&cc, &cs);
    CHECK(st_c == WICK_E_TLS && st_s == WICK_E_TLS);
    tls_part();
    /* reflected: the entry is there, for the other role */
    ce.psk = table[1].psk;
    table[1].role = WICK_DTLS_CLIENT;
    tls_meet(&cc, &cs);
    CHECK(st_c == WICK_E_TLS && st_s == WICK_E_TLS);
    tls_part();
}

/* ---- what is found by a function ---- */

static unsigned asked;
static char asked_for[256];
static wick_dtls_entry given;
static wick_status find_says;

static wick_status find(void *ctx, wick_dtls_entry *out, wick_span identity)
{
    CHECK(ctx == &asked);
    asked++;
    CHECK(identity.len < sizeof asked_for);
    memcpy(asked_for, identity.ptr, identity.len % sizeof asked_for);
    asked_for[identity.len % sizeof asked_for] = '\0';
    *out = given;
    return find_says;
}

static void finds(unsigned uses)
{
    both(uses);
    given = se;
    given.identity = wick_span_make(NULL, 0);
    cs.entries = NULL;
    cs.entry_count = 0;
    cs.find = find;
    cs.find_ctx = &asked;
    cs.uses = uses;
    find_says = WICK_OK;
    asked = 0;
}

TEST(keys_found_by_a_function)
{
    finds(WICK_USE_DTLS12);
    char ticket[165] = "dpkt1.";
    memset(ticket + 6, 'Q', sizeof ticket - 7);
    ce.identity = text(ticket);
    CHECK(dtls_pair());
    CHECK_INT(asked, 1); /* after the cookie, and once */
    CHECK(strcmp(asked_for, ticket) == 0);
    CHECK_MEM(wick_dtls_peer(&ds)->peer, peer_a, 32);
    dtls_drop();
    finds(WICK_USE_TLS13);
    tls_meet(&cc, &cs);
    CHECK(st_c == WICK_OK && st_s == WICK_OK && asked != 0);
    CHECK_MEM(wick_tls_peer(&ts)->peer, peer_a, 32);
    tls_part();
    /* the table comes first */
    finds(0);
    cs.entries = &se;
    cs.entry_count = 1;
    CHECK(dtls_pair());
    CHECK_INT(asked, 0);
    dtls_drop();

    for (int fault = 0; fault < 6; fault++) {
        finds(WICK_USE_DTLS12);
        switch (fault) {
        case 0:
            find_says = WICK_E_EXPIRED;
            break;
        case 1:
            given.role = WICK_DTLS_CLIENT;
            break;
        case 2:
            given.uses = WICK_USE_TLS12;
            break;
        case 3:
            given.psk.len = 15;
            break;
        case 4:
            given.psk = wick_span_make(other_key, 32);
            break;
        default:
            cs.expect_peer = peer_b;
            break;
        }
        CHECK(!dtls_pair());
        CHECK(asked != 0);
        CHECK(wick_dtls_peer(&ds) == NULL);
        dtls_drop();
    }
    finds(WICK_USE_DTLS12);
    cc.find = find; /* a client has one key */
    CHECK_STATUS(wick_dtls_init(&dc, &cc), WICK_E_BAD_ARG);
    cs.find = NULL;
    CHECK_STATUS(wick_dtls_init(&ds, &cs), WICK_E_BAD_ARG);
    cs.find = find;
    cs.entry_count = 1;
    CHECK_STATUS(wick_dtls_init(&ds, &cs), WICK_E_BAD_ARG);
}

/* ---- the pool ---- */

/* Two sessions in one pool: what both take is at most what both were admitted with. */
TEST(no_session_takes_more_than_its_charge)
{
    static const char *const names[] = {"CHACHA20", "GCM", "CCM-8", "ECDHE"};
    static const unsigned uses[] = {WICK_USE_DTLS12, WICK_USE_TLS12, WICK_USE_TLS13};
    static const char *const protocols[] = {"DTLS 1.2", "TLS 1.2", "TLS 1.3"};
    for (size_t p = 0; p < 3; p++) {
        for (size_t i = 0; i < 4; i++) {
            wick_mbedtls_pool before, up;
            both(uses[p]);
            cc.suites = cs.suites = each[i];
            wick_mbedtls_pool_look(&before);
            wick_mbedtls_pool_mark();
            if (p == 0) {
                CHECK(dtls_pair());
            } else {
                tls_meet(&cc, &cs);
            }
            wick_mbedtls_pool_look(&up);
            (void)printf("# %s %s: %zu bytes a session, %zu in its handshake, admitted with %zu\n",
                         protocols[p], names[i], (up.used - before.used) / 2,
                         (up.most - before.used) / 2, (up.promised - before.promised) / 2);
            CHECK(up.used > before.used && up.most >= up.used && up.promised > before.promised);
            CHECK(up.most - before.used <= up.promised - before.promised);
            if (p == 0) {
                dtls_drop();
            } else {
                tls_part();
            }
        }
    }
}

#define MANY 80

/* As many as there is room for are admitted, and each of them shakes hands, however the others come and
 * go; the next one is refused by a status of its own, and served when one has ended. */
TEST(a_full_house_serves_who_is_in)
{
    static wick_dtls many[MANY];
    static bool in[MANY];
    wick_mbedtls_pool p;
    unsigned seed = 7, refused = 0, up = 0;
    both(0);
    cc.suites = cs.suites = WICK_DTLS_SUITES_ALL;
    for (unsigned step = 0; step < 400; step++) {
        seed = seed * 1103515245u + 12345u;
        size_t i = (seed >> 16) % MANY & ~(size_t)1;
        if (in[i]) {
            wick_dtls_free(&many[i]);
            wick_dtls_free(&many[i + 1]);
            in[i] = false;
            continue;
        }
        wick_status s = wick_dtls_init(&many[i], &cc);
        if (s == WICK_OK) {
            s = wick_dtls_init(&many[i + 1], &cs);
        }
        wick_mbedtls_pool_look(&p);
        CHECK(p.promised <= p.size && p.used <= p.size);
        if (s != WICK_OK) {
            CHECK_STATUS(s, WICK_E_POOL);
            refused++;
            wick_dtls_free(&many[i]);
            wick_dtls_free(&many[i + 1]);
            continue;
        }
        in[i] = true;
        CHECK_STATUS(wick_dtls_start(&many[i + 1], 1000), WICK_OK);
        CHECK_STATUS(wick_dtls_start(&many[i], 1000), WICK_OK);
        for (int k = 0; k < 8; k++) {
            (void)dtls_give(&many[i + 1], &many[i]);
            (void)dtls_give(&many[i], &many[i + 1]);
        }
        CHECK(wick_dtls_is_up(&many[i]) && wick_dtls_is_up(&many[i + 1]));
        up++;
    }
    CHECK(refused > 10 && up > 100);
    for (size_t i = 0; i < MANY; i++) {
        wick_dtls_free(&many[i]);
    }
    wick_mbedtls_pool_look(&p);
    CHECK_INT(p.promised, 0);
    CHECK_STATUS(wick_mbedtls_pool_reserve(p.size), WICK_E_POOL);
    CHECK_STATUS(wick_mbedtls_pool_reserve((size_t)-1), WICK_E_POOL);
    CHECK_STATUS(wick_mbedtls_pool_reserve(p.size - WICK_MBEDTLS_POOL_BASE), WICK_OK);
    CHECK_STATUS(wick_mbedtls_pool_reserve(1), WICK_E_POOL);
    CHECK_STATUS(wick_dtls_init(&dc, &cc), WICK_E_POOL);
    wick_mbedtls_pool_release(p.size - WICK_MBEDTLS_POOL_BASE);
    CHECK_STATUS(wick_dtls_init(&dc, &cc), WICK_OK);
    wick_dtls_free(&dc);
}

TAP_MAIN("unit.tls", CASE(every_suite_in_every_protocol), CASE(order_of_suites),
         CASE(keys_of_another_protocol), CASE(version_follows_the_keys),
         CASE(keys_found_by_a_function), CASE(no_session_takes_more_than_its_charge),
         CASE(a_full_house_serves_who_is_in))
