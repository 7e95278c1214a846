/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What RFC 8489, 8656 and 8016 add to the TURN client, against a server in virtual time: SHA-256
 * credentials and bid-down protection, mobility, two families, ICMP, streams, credentials that expire.
 */
#include "sim/turn_net.h"
#include "tap.h"
#include "wick/turn_stream.h"

static struct net n;

#define EV(name) WICK_TURN_EV_##name

static wick_span text(const char *s)
{
    return wick_span_make((const uint8_t *)s, strlen(s));
}

/* The world, with a client of this configuration in it. */
static bool begin(uint64_t seed, const wick_turn_config *cfg)
{
    return wick_turn_init(&n.t, cfg) == WICK_OK && wick_turn_permit(&n.t, n.now_ms, &n.peer) == WICK_OK &&
           wick_turn_start(&n.t, n.now_ms) == WICK_OK && seed != 0;
}

static wick_status until(int event, unsigned count, uint64_t ms)
{
    return net_until(&n, event, count, ms)->status;
}

/* Data both ways, right now. */
static bool passes(void)
{
    unsigned got = n.got, peer_got = n.peer_got;
    wick_status s = net_send(&n, &n.peer, "to peer");
    net_peer_send(&n, &n.peer, "to client");
    net_run(&n, 100);
    return s == WICK_OK && n.got == got + 1 && n.peer_got == peer_got + 1;
}

/* ---- SHA-256 ---- */

TEST(sha256_with_and_without_anonymity)
{
    for (unsigned anonymous = 0; anonymous < 2; anonymous++) {
        net_init(&n, 1, 0);
        n.server[0].cfg.sha256 = true;
        n.server[0].cfg.anonymity = anonymous != 0;
        n.server[0].cfg.nonce_ms = 30000;
        wick_turn_config cfg = net_config(&n);
        cfg.fingerprint = true;
        REQUIRE(begin(1, &cfg));
        CHECK_STATUS(until(EV(PERMISSION_READY), 1, 2000), WICK_OK);
        CHECK(wick_turn_is_sha256(&n.t));
        CHECK_INT(n.server[0].allocates, 2);
        CHECK(n.server[0].sha256_requests >= 2);
        CHECK_INT(n.server[0].userhashes != 0, anonymous);
        CHECK(passes());
        net_run(&n, 3600000); /* many nonces, each with its cookie */
        CHECK(wick_turn_is_allocated(&n.t));
        CHECK(passes());
        CHECK_INT(n.events, 2);
    }
}

TEST(sha1_where_there_is_no_cookie)
{
    net_init(&n, 2, 0);
    wick_turn_config cfg = net_config(&n);
    REQUIRE(begin(2, &cfg));
    CHECK_STATUS(until(EV(PERMISSION_READY), 1, 2000), WICK_OK);
    CHECK(!wick_turn_is_sha256(&n.t));
    CHECK_INT(n.server[0].sha256_requests, 0);
}

/* RFC 8489 section 9.2.5: the cookie promises a list that is not there. */
TEST(stripped_algorithms_end_it)
{
    net_init(&n, 3, 0);
    n.server[0].cfg.sha256 = true;
    n.server[0].faults = WICK_STUB_TURN_STRIPPED;
    wick_turn_config cfg = net_config(&n);
    REQUIRE(begin(3, &cfg));
    CHECK_STATUS(until(EV(FAILED), 1, 5000), WICK_E_STUN_BID_DOWN);
    CHECK_INT(n.sent, 1); /* nothing made with the password was sent */
}

/* Somebody takes the cookie out too: the server does not know such a nonce, and nothing comes of it. */
TEST(stripped_cookie_comes_to_nothing)
{
    net_init(&n, 4, 0);
    n.server[0].cfg.sha256 = true;
    n.server[0].faults = WICK_STUB_TURN_PLAIN_NONCE;
    wick_turn_config cfg = net_config(&n);
    REQUIRE(begin(4, &cfg));
    CHECK_STATUS(until(EV(FAILED), 1, 60000), WICK_E_TURN_LOOP);
    CHECK(n.sent <= 2 + WICK_TURN_RETRIES);
    /* and where SHA-256 is required, the first such offer is refused */
    net_init(&n, 4, 0);
    n.server[0].cfg.sha256 = true;
    n.server[0].faults = WICK_STUB_TURN_PLAIN_NONCE;
    cfg = net_config(&n);
    cfg.require_sha256 = true;
    REQUIRE(begin(4, &cfg));
    CHECK_STATUS(until(EV(FAILED), 1, 60000), WICK_E_STUN_BID_DOWN);
    CHECK_INT(n.sent, 1);
}

TEST(an_old_server_is_refused_where_sha256_is_required)
{
    net_init(&n, 5, 0);
    wick_turn_config cfg = net_config(&n);
    cfg.require_sha256 = true;
    REQUIRE(begin(5, &cfg));
    CHECK_STATUS(until(EV(FAILED), 1, 5000), WICK_E_STUN_BID_DOWN);
    CHECK_INT(n.sent, 1);
}

/* Later challenges without SHA-256 are somebody else's; a few of them end nothing. */
TEST(held_to_what_it_has_proved)
{
    net_init(&n, 6, 0);
    n.server[0].cfg.sha256 = true;
    wick_turn_config cfg = net_config(&n);
    REQUIRE(begin(6, &cfg));
    CHECK_STATUS(until(EV(PERMISSION_READY), 1, 2000), WICK_OK);
    n.server[0].faults = WICK_STUB_TURN_PLAIN_NONCE | WICK_STUB_TURN_438;
    unsigned sha256 = n.server[0].sha256_requests;
    wick_addr other = wick_addr_v4(20, 0, 0, 30, 1);
    REQUIRE_STATUS(wick_turn_permit(&n.t, n.now_ms, &other), WICK_OK);
    CHECK_STATUS(until(EV(PERMISSION_DENIED), 1, 60000), WICK_E_STUN_BID_DOWN);
    CHECK_INT(n.server[0].sha256_requests, sha256); /* refused by the nonce, and by nothing weaker */
    n.server[0].faults = 0;
    CHECK(wick_turn_is_allocated(&n.t));
    CHECK(passes());
    /* After a loss the same server is asked again, and is still held to it. */
    wick_stub_turn_restart(&n.server[0]);
    net_run(&n, 400000);
    CHECK_INT(net_count(&n, EV(LOST)), 1);
    n.server[0].cfg.sha256 = false;
    REQUIRE_STATUS(wick_turn_start(&n.t, n.now_ms), WICK_OK);
    CHECK_STATUS(until(EV(FAILED), 1, 5000), WICK_E_STUN_BID_DOWN);
}

TEST(answers_with_weak_integrity_do_not_count)
{
    net_init(&n, 7, 0);
    n.server[0].cfg.sha256 = true;
    n.server[0].faults = WICK_STUB_TURN_WEAK_MI;
    wick_turn_config cfg = net_config(&n);
    REQUIRE(begin(7, &cfg));
    CHECK_STATUS(until(EV(FAILED), 1, 60000), WICK_E_TIMEOUT);
    net_init(&n, 7, 0);
    n.server[0].cfg.sha256 = true;
    n.server[0].faults = WICK_STUB_TURN_BAD_MI;
    cfg = net_config(&n);
    REQUIRE(begin(7, &cfg));
    CHECK_STATUS(until(EV(FAILED), 1, 60000), WICK_E_TIMEOUT);
}

TEST(keys_instead_of_the_password)
{
    uint8_t key[WICK_TURN_KEY_SHA256_BYTES];
    for (unsigned wide = 0; wide < 2; wide++) {
        net_init(&n, 8, 0);
        n.server[0].cfg.sha256 = true;
        wick_turn_config cfg = net_config(&n);
        cfg.realm = text("wick.example");
        REQUIRE_STATUS(wide != 0 ? wick_turn_key_sha256(key, &n.crypto, cfg.username, cfg.realm,
                                                        cfg.password)
                                 : wick_turn_key(key, &n.crypto, cfg.username, cfg.realm,
                                                 cfg.password),
                       WICK_OK);
        cfg.password.len = 0;
        cfg.key = wick_span_make(key, wide != 0 ? 32 : 16);
        REQUIRE(begin(8, &cfg));
        CHECK_STATUS(until(EV(PERMISSION_READY), 1, 2000), WICK_OK);
        CHECK(n.server[0].sha256_requests >= 2); /* integrity is SHA-256 with either key */
        CHECK(passes());
    }
    /* A SHA-256 key is of no use to a server of RFC 5766. */
    net_init(&n, 8, 0);
    wick_turn_config cfg = net_config(&n);
    cfg.realm = text("wick.example");
    cfg.key = wick_span_make(key, 32);
    REQUIRE(begin(8, &cfg));
    CHECK_STATUS(until(EV(FAILED), 1, 5000), WICK_E_STUN_BID_DOWN);
}

TEST(wrong_password_with_sha256)
{
    net_init(&n, 9, 0);
    n.server[0].cfg.sha256 = true;
    n.server[0].cfg.anonymity = true;
    wick_turn_config cfg = net_config(&n);
    cfg.password = text("guess");
    REQUIRE(begin(9, &cfg));
    CHECK_STATUS(until(EV(FAILED), 1, 60000), WICK_E_TURN_CREDENTIALS);
    net_run(&n, 60000);
    CHECK_INT(n.sent, 2);
}

/* ---- mobility ---- */

static void roam(uint8_t mobility)
{
    net_init(&n, 10, 0);
    n.server[0].cfg.mobility = mobility;
    n.server[0].cfg.nonce_ms = 20000;
    wick_turn_config cfg = net_config(&n);
    cfg.mobile = true;
    REQUIRE(begin(10, &cfg));
    CHECK_STATUS(until(EV(PERMISSION_READY), 1, 2000), WICK_OK);
    REQUIRE_STATUS(wick_turn_bind(&n.t, n.now_ms, &n.peer), WICK_OK);
    CHECK_STATUS(until(EV(CHANNEL_READY), 1, 2000), WICK_OK);
    wick_addr relayed = *wick_turn_relayed(&n.t);
    CHECK(wick_turn_is_mobile(&n.t));
    CHECK(passes());
    /* The NAT gives another port: the keep-alive sees it. */
    n.client.port = 5001;
    const struct net_event *e = net_until(&n, EV(MOVED), 1, 30000);
    CHECK_STATUS(e->status, WICK_OK);
    CHECK(wick_addr_equal(&e->to, &relayed));
    CHECK(wick_addr_equal(wick_turn_relayed(&n.t), &relayed));
    CHECK(wick_addr_equal(wick_turn_mapped(&n.t), &n.client));
    CHECK_INT(n.server[0].moves, 1);
    net_run(&n, 1000); /* CreatePermission from the new place */
    CHECK(passes());
    /* The caller changes its socket and says so; nothing is waited for. */
    for (uint16_t i = 0; i < 3; i++) {
        n.client = wick_addr_v4(20, 0, 0, 2, (uint16_t)(6000 + i));
        uint64_t at = n.now_ms;
        wick_turn_moved(&n.t, n.now_ms);
        e = net_until(&n, EV(MOVED), 2 + i, 5000);
        CHECK_STATUS(e->status, WICK_OK);
        CHECK(e->at_ms - at < 200);
        net_run(&n, 1000);
        CHECK(passes());
        CHECK_INT(n.server[0].moves, 2u + i);
        CHECK(wick_addr_equal(wick_turn_mapped(&n.t), &n.client));
    }
    /* No ticket is shown while nothing changes, which a server has to refuse. */
    net_run(&n, 1800000);
    CHECK_INT(n.server[0].moves, 4);
    CHECK(wick_turn_is_allocated(&n.t));
    CHECK_INT(net_count(&n, EV(LOST)), 0);
    CHECK(passes());
}

TEST(mobility_keeps_the_relayed_address)
{
    roam(WICK_STUB_TURN_MOBILE);
}

/* A server that relays again only after one more CreatePermission from the new place. */
TEST(mobility_asks_for_permissions_again)
{
    roam(WICK_STUB_TURN_MOBILE_SHY);
}

TEST(servers_without_mobility)
{
    for (unsigned i = 0; i < 2; i++) {
        net_init(&n, 11, 0);
        n.server[0].cfg.mobility = i == 0 ? WICK_STUB_TURN_NO_MOBILITY : WICK_STUB_TURN_IMMOBILE;
        wick_turn_config cfg = net_config(&n);
        cfg.mobile = true;
        REQUIRE(begin(11, &cfg));
        CHECK_STATUS(until(EV(PERMISSION_READY), 1, 2000), WICK_OK);
        CHECK_INT(n.server[0].allocates, 2 + i); /* once more after 405 */
        CHECK(!wick_turn_is_mobile(&n.t));
        n.client.port = 5001;
        wick_turn_moved(&n.t, n.now_ms);
        CHECK_STATUS(until(EV(LOST), 1, 5000), WICK_E_TURN_LOST);
        CHECK_INT(net_count(&n, EV(MOVED)), 0);
    }
}

/* A forged mapping change makes us show the ticket from where the allocation is: the server refuses,
 * and a plain Refresh says that it lives. */
TEST(a_ticket_shown_in_vain_loses_nothing)
{
    net_init(&n, 12, 0);
    n.server[0].cfg.mobility = WICK_STUB_TURN_MOBILE;
    wick_turn_config cfg = net_config(&n);
    cfg.mobile = true;
    REQUIRE(begin(12, &cfg));
    CHECK_STATUS(until(EV(PERMISSION_READY), 1, 2000), WICK_OK);
    n.server[0].faults = WICK_STUB_TURN_MAPPED;
    net_run(&n, 30000);
    n.server[0].faults = 0;
    net_run(&n, 30000);
    CHECK(net_count(&n, EV(MAPPING_CHANGED)) >= 2);
    CHECK_INT(n.server[0].moves, 0);
    CHECK_INT(net_count(&n, EV(LOST)), 0);
    CHECK(wick_turn_is_allocated(&n.t));
    CHECK(wick_turn_is_mobile(&n.t));
    CHECK(passes());
    /* The allocation is gone and the socket has changed: found out at once. */
    wick_stub_turn_restart(&n.server[0]);
    n.client.port++;
    wick_turn_moved(&n.t, n.now_ms);
    uint64_t at = n.now_ms;
    const struct net_event *e = net_until(&n, EV(LOST), 1, 10000);
    CHECK_STATUS(e->status, WICK_E_TURN_LOST);
    CHECK(e->at_ms - at < 3000);
}

TEST(moved_in_every_state)
{
    net_init(&n, 13, 0);
    wick_turn_moved(&n.t, 0); /* idle */
    CHECK(!wick_turn_is_mobile(&n.t));
    wick_turn_config cfg = net_config(&n);
    cfg.mobile = true;
    n.server[0].cfg.mobility = WICK_STUB_TURN_MOBILE;
    for (unsigned at = 0; at < 60; at += 5) {
        net_init(&n, 13, 0);
        n.server[0].cfg.mobility = WICK_STUB_TURN_MOBILE;
        cfg = net_config(&n);
        cfg.mobile = true;
        REQUIRE(begin(13, &cfg));
        net_run(&n, at); /* challenge, Allocate, CreatePermission are under way */
        n.client.port++;
        wick_turn_moved(&n.t, n.now_ms);
        CHECK_STATUS(until(EV(PERMISSION_READY), 1, 60000), WICK_OK);
        net_run(&n, 2000);
        CHECK(passes());
        CHECK_INT(net_count(&n, EV(LOST)) + net_count(&n, EV(FAILED)), 0);
    }
    wick_turn_release(&n.t, n.now_ms);
    wick_turn_moved(&n.t, n.now_ms);
    net_run(&n, 60000);
    CHECK(n.done && n.done_status == WICK_OK);
    wick_turn_moved(&n.t, n.now_ms);
    wick_turn_closed(&n.t, n.now_ms);
    CHECK_INT(net_count(&n, EV(LOST)), 0);
}

/* ---- families ---- */

static void give_ipv6(void)
{
    static const char relay[] = "[2001:db8:0:0:0:0:0:10]:50000";
    REQUIRE_STATUS(wick_addr_parse(&n.server[0].cfg.relay6, relay, sizeof relay - 1), WICK_OK);
}

TEST(two_families)
{
    static const char six_text[] = "[2001:db8:0:0:0:0:0:77]:9";
    wick_addr six;
    net_init(&n, 14, 0);
    give_ipv6();
    wick_turn_config cfg = net_config(&n);
    cfg.family = WICK_TURN_FAMILY_BOTH;
    REQUIRE(begin(14, &cfg));
    CHECK_STATUS(until(EV(PERMISSION_READY), 1, 2000), WICK_OK);
    CHECK(wick_addr_is_v4(wick_turn_relayed(&n.t)));
    CHECK(!wick_addr_is_v4(wick_turn_relayed2(&n.t)) && wick_turn_relayed2(&n.t)->port != 0);
    CHECK_INT(wick_turn_family_error(&n.t), 0);
    CHECK(passes());
    REQUIRE_STATUS(wick_addr_parse(&six, six_text, sizeof six_text - 1), WICK_OK);
    REQUIRE_STATUS(wick_turn_permit(&n.t, n.now_ms, &six), WICK_OK);
    CHECK_STATUS(until(EV(PERMISSION_READY), 2, 2000), WICK_OK);
    unsigned got = n.got;
    net_inject(&n, &six, wick_turn_relayed2(&n.t), text("six"));
    net_run(&n, 100);
    CHECK_INT(n.got, got + 1);
    CHECK(wick_addr_equal(&n.last.peer, &six));
    net_run(&n, 3600000); /* one Refresh keeps both */
    CHECK(wick_turn_is_allocated(&n.t));
    CHECK(passes());
    wick_turn_release(&n.t, n.now_ms);
    CHECK(wick_ct_is_zero(wick_turn_relayed2(&n.t)->ip, 16));
    /* a server that has one family */
    net_init(&n, 14, 0);
    cfg = net_config(&n);
    cfg.family = WICK_TURN_FAMILY_BOTH;
    REQUIRE(begin(14, &cfg));
    CHECK_STATUS(until(EV(PERMISSION_READY), 1, 2000), WICK_OK);
    CHECK_INT(wick_turn_relayed2(&n.t)->port, 0);
    CHECK_INT(wick_turn_family_error(&n.t), 440);
    /* and there a peer of the other one is refused: 443 */
    REQUIRE_STATUS(wick_turn_permit(&n.t, n.now_ms, &six), WICK_OK);
    CHECK_STATUS(until(EV(PERMISSION_DENIED), 1, 10000), WICK_E_TURN_TRANSPORT);
    CHECK(passes());
}

TEST(one_family_by_name)
{
    for (unsigned have = 0; have < 2; have++) {
        net_init(&n, 15, 0);
        if (have != 0) {
            give_ipv6();
        }
        wick_turn_config cfg = net_config(&n);
        cfg.family = WICK_TURN_FAMILY_IPV6;
        REQUIRE(begin(15, &cfg));
        if (have != 0) {
            CHECK_STATUS(until(EV(ALLOCATED), 1, 2000), WICK_OK);
            CHECK(!wick_addr_is_v4(wick_turn_relayed(&n.t)));
        } else {
            CHECK_STATUS(until(EV(FAILED), 1, 2000), WICK_E_TURN_TRANSPORT); /* 440 */
        }
    }
    net_init(&n, 15, 0);
    wick_turn_config cfg = net_config(&n);
    cfg.family = WICK_TURN_FAMILY_IPV4;
    REQUIRE(begin(15, &cfg));
    CHECK_STATUS(until(EV(ALLOCATED), 1, 2000), WICK_OK);
    CHECK(wick_addr_is_v4(wick_turn_relayed(&n.t)));
}

/* ---- what else may come ---- */

TEST(icmp_about_a_peer)
{
    uint8_t bytes[64], tid[WICK_STUN_TID_BYTES] = {9};
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    wick_stun_build s;
    wick_turn_data data;
    net_init(&n, 16, 0);
    wick_turn_config cfg = net_config(&n);
    REQUIRE(begin(16, &cfg));
    CHECK_STATUS(until(EV(PERMISSION_READY), 1, 2000), WICK_OK);
    for (unsigned i = 0; i < 2; i++) {
        const wick_addr *about = i == 0 ? &n.peer : &n.stranger;
        b.len = 0;
        wick_stun_begin(&s, &b, WICK_STUN_DATA, WICK_STUN_INDICATION, tid);
        wick_stun_put_addr(&s, WICK_STUN_XOR_PEER_ADDRESS, about);
        wick_stun_put_icmp(&s, 3, 4, 1400);
        REQUIRE_STATUS(wick_stun_end(&s), WICK_OK);
        memset(&data, 0xEE, sizeof data);
        CHECK_STATUS(wick_turn_input(&n.t, n.now_ms, wick_buf_span(&b), &n.server[0].cfg.listen,
                                     &data),
                     i == 0 ? WICK_E_TURN_ICMP : WICK_E_TURN_FORBIDDEN);
        if (i == 0) {
            CHECK(wick_addr_equal(&data.peer, &n.peer));
            CHECK_INT(data.icmp_type, 3);
            CHECK_INT(data.icmp_code, 4);
            CHECK_INT(data.icmp_data, 1400);
            CHECK_INT(data.data.len, 0);
        }
    }
    /* through the server, and it is no data */
    wick_stub_turn_icmp(&n.server[0], wick_turn_relayed(&n.t), &n.peer, 3, 3, 0);
    net_run(&n, 100);
    CHECK_INT(n.got, 0);
    CHECK(passes());
}

/* An expired credential goes on working for the allocation that was made with it, and a new one for the
 * same socket is refused (441): it needs a socket and an allocation of its own. */
TEST(credentials_that_expire)
{
    char user[2][64], pass[2][WICK_TURN_REST_PASSWORD_BYTES];
    static const char *const names[] = {"gw", "gw-new"};
    net_init(&n, 17, 0);
    n.server[0].cfg.rest_secret = "north";
    n.server[0].cfg.unix_base_s = 1700000000;
    for (unsigned i = 0; i < 2; i++) {
        REQUIRE_STATUS(wick_turn_rest_username(user[i], sizeof user[i], 1700000060 + i * 7200,
                                               text(names[i])),
                       WICK_OK);
        REQUIRE_STATUS(wick_turn_rest_password(pass[i], &n.crypto, text("north"), text(user[i])),
                       WICK_OK);
    }
    wick_turn_config cfg = net_config(&n);
    cfg.username = text(user[0]);
    cfg.password = text(pass[0]);
    REQUIRE(begin(17, &cfg));
    CHECK_STATUS(until(EV(PERMISSION_READY), 1, 2000), WICK_OK);
    net_run(&n, 3600000); /* expired after the first minute */
    CHECK(wick_turn_is_allocated(&n.t));
    CHECK_INT(n.events, 2);
    CHECK(passes());
    /* The same socket with another user: 437 for Allocate would be 441 here. */
    cfg.username = text(user[1]);
    cfg.password = text(pass[1]);
    n.events = 0;
    REQUIRE(begin(17, &cfg));
    CHECK_STATUS(until(EV(FAILED), 1, 5000), WICK_E_TURN_CREDENTIALS);
    n.client.port++;
    REQUIRE_STATUS(wick_turn_start(&n.t, n.now_ms), WICK_OK);
    CHECK_STATUS(until(EV(PERMISSION_READY), 1, 5000), WICK_OK);
    CHECK(passes());
}

/* RFC 8489 section 9.2.2 with RFC 8265: what is not ASCII must have been prepared by somebody. */
TEST(credentials_outside_ascii)
{
    static const char japanese[] = "\xe3\x83\x9e\xe3\x83\x88";
    net_init(&n, 18, 0);
    wick_turn_config cfg = net_config(&n);
    cfg.username = text(japanese);
    CHECK_STATUS(wick_turn_init(&n.t, &cfg), WICK_E_STUN_NOT_ASCII);
    cfg.prepared = true;
    CHECK_STATUS(wick_turn_init(&n.t, &cfg), WICK_OK);
    cfg = net_config(&n);
    cfg.password = text(japanese);
    CHECK_STATUS(wick_turn_init(&n.t, &cfg), WICK_E_STUN_NOT_ASCII);
    cfg.password = text("bell\x07");
    cfg.prepared = true;
    CHECK_STATUS(wick_turn_init(&n.t, &cfg), WICK_E_STUN_NOT_ASCII); /* never a control character */
    cfg.password = text("\x7f");
    CHECK_STATUS(wick_turn_init(&n.t, &cfg), WICK_E_STUN_NOT_ASCII);
    /* and it works */
    cfg = net_config(&n);
    n.server[0].cfg.username = japanese;
    cfg.username = text(japanese);
    cfg.prepared = true;
    REQUIRE(begin(18, &cfg));
    CHECK_STATUS(until(EV(PERMISSION_READY), 1, 2000), WICK_OK);
    cfg.family = 4;
    CHECK_STATUS(wick_turn_init(&n.t, &cfg), WICK_E_BAD_ARG);
}

/* ---- streams ---- */

TEST(a_stream_is_asked_once)
{
    net_init(&n, 19, 7);
    n.server[0].faults = WICK_STUB_TURN_SILENT;
    wick_turn_config cfg = net_config(&n);
    cfg.stream = true;
    REQUIRE(begin(19, &cfg));
    const struct net_event *e = net_until(&n, EV(FAILED), 1, 100000);
    CHECK_STATUS(e->status, WICK_E_TIMEOUT);
    CHECK_INT(e->at_ms - 7, 39500);
    CHECK_INT(n.sent, 1);
}

TEST(a_stream_that_breaks)
{
    for (unsigned mobile = 0; mobile < 2; mobile++) {
        net_init(&n, 20, 0);
        n.server[0].cfg.mobility = WICK_STUB_TURN_MOBILE;
        n.server[0].cfg.stream = true;
        wick_turn_config cfg = net_config(&n);
        cfg.stream = true;
        cfg.mobile = mobile != 0;
        REQUIRE(begin(20, &cfg));
        CHECK_STATUS(until(EV(PERMISSION_READY), 1, 2000), WICK_OK);
        REQUIRE_STATUS(wick_turn_bind(&n.t, n.now_ms, &n.peer), WICK_OK);
        CHECK_STATUS(until(EV(CHANNEL_READY), 1, 2000), WICK_OK);
        CHECK(passes()); /* 9 bytes in a channel: padded both ways */
        n.client.port++;
        wick_turn_moved(&n.t, n.now_ms); /* another connection */
        if (mobile != 0) {
            CHECK_STATUS(until(EV(MOVED), 1, 2000), WICK_OK);
            net_run(&n, 100);
            CHECK(passes());
            wick_turn_closed(&n.t, n.now_ms);
            CHECK_STATUS(until(EV(LOST), 1, 10), WICK_E_NET);
        } else {
            CHECK_STATUS(until(EV(LOST), 1, 10), WICK_E_TURN_LOST);
        }
        CHECK(n.done);
    }
    net_init(&n, 20, 0);
    wick_turn_config cfg = net_config(&n);
    cfg.stream = true;
    REQUIRE(begin(20, &cfg));
    wick_turn_closed(&n.t, n.now_ms);
    CHECK_STATUS(until(EV(FAILED), 1, 10), WICK_E_NET);
}

/* All that client and server say to each other in a stream, cut anywhere: the same messages come out. */
TEST(framing_of_a_session)
{
    static uint8_t wire[4096], room[600];
    uint8_t bytes[400];
    wick_addr peer = wick_addr_v4(20, 0, 0, 20, 7000);
    size_t len = 0, messages = 0;
    for (unsigned i = 0; i < 12; i++) {
        uint8_t payload[40], tid[WICK_STUN_TID_BYTES] = {(uint8_t)i};
        wick_buf b = wick_buf_make(bytes, sizeof bytes);
        wick_stun_build s;
        memset(payload, (int)i, sizeof payload);
        if (i % 3 == 0) {
            REQUIRE_STATUS(wick_channeldata_encode_stream(&b, 0x4000, wick_span_make(payload, i)),
                           WICK_OK);
            CHECK_INT(b.len % 4, 0);
        } else {
            wick_stun_begin(&s, &b, WICK_STUN_DATA, WICK_STUN_INDICATION, tid);
            wick_stun_put_addr(&s, WICK_STUN_XOR_PEER_ADDRESS, &peer);
            wick_stun_put(&s, WICK_STUN_DATA_ATTR, wick_span_make(payload, i));
            REQUIRE_STATUS(wick_stun_end(&s), WICK_OK);
        }
        memcpy(wire + len, bytes, b.len);
        len += b.len;
    }
    for (size_t chunk = 1; chunk < 200; chunk += 7) {
        wick_turn_stream st;
        wick_span m;
        size_t at = 0;
        messages = 0;
        wick_turn_stream_init(&st, room, sizeof room);
        while (at < len || messages < 12) {
            size_t cap;
            uint8_t *to = wick_turn_stream_space(&st, &cap);
            size_t take = chunk < len - at ? chunk : len - at;
            take = take < cap ? take : cap;
            REQUIRE(take != 0);
            memcpy(to, wire + at, take);
            wick_turn_stream_filled(&st, take);
            at += take;
            wick_status status;
            while ((status = wick_turn_stream_next(&st, &m)) == WICK_OK) {
                wick_stun_msg msg;
                wick_channeldata c;
                if (messages % 3 == 0) {
                    REQUIRE_STATUS(wick_channeldata_decode(&c, m), WICK_OK);
                    CHECK_INT(c.data.len, messages);
                    CHECK_INT(m.len, messages + 4);
                } else {
                    REQUIRE_STATUS(wick_stun_decode(&msg, m), WICK_OK);
                    CHECK_INT(wick_stun_tid(&msg)[0], messages);
                }
                messages++;
            }
            CHECK_STATUS(status, WICK_AGAIN);
        }
        CHECK_INT(messages, 12);
    }
}

/* ---- the server's side of the codec ---- */

static wick_status ask_server(wick_stun_msg *answer, uint8_t keep[WICK_STUB_TURN_MTU],
                              const wick_addr *from,
                              void (*fill)(wick_stun_build *s))
{
    uint8_t bytes[256], tid[WICK_STUN_TID_BYTES] = {(uint8_t)from->port, 7};
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    wick_stun_build s;
    wick_stub_turn_out out;
    wick_stun_begin(&s, &b, WICK_STUN_ALLOCATE, WICK_STUN_REQUEST, tid);
    wick_stun_put_u32(&s, WICK_STUN_REQUESTED_TRANSPORT, UINT32_C(17) << 24);
    fill(&s);
    wick_status status = wick_stun_end(&s);
    if (status != WICK_OK) {
        return status;
    }
    wick_stub_turn_input(&n.server[0], 0, wick_buf_span(&b), from, &n.server[0].cfg.listen);
    if (!wick_stub_turn_poll(&n.server[0], 0, &out)) {
        return WICK_E_NOT_FOUND;
    }
    memcpy(keep, out.bytes.ptr, out.bytes.len);
    return wick_stun_decode(answer, wick_span_make(keep, out.bytes.len));
}

static uint8_t token[8];
static void even(wick_stun_build *s)
{
    wick_stun_put_even_port(s, true);
    wick_stun_put(s, WICK_STUN_DONT_FRAGMENT, wick_span_make(token, 0));
}
static void with_token(wick_stun_build *s)
{
    wick_stun_put(s, WICK_STUN_RESERVATION_TOKEN, wick_span_make(token, sizeof token));
}
static void unknown(wick_stun_build *s)
{
    wick_stun_put_raw(s, 0x7ABC, text("?"));
    wick_stun_put_raw(s, 0x0FFF, text("??"));
}

TEST(reservations_and_unknown_attributes)
{
    static uint8_t keep[WICK_STUB_TURN_MTU];
    wick_stun_msg m;
    wick_addr first, second, from = wick_addr_v4(20, 0, 0, 5, 1000);
    uint16_t code = 0;
    net_init(&n, 21, 0);
    n.server[0].faults = WICK_STUB_TURN_OPEN;
    REQUIRE_STATUS(ask_server(&m, keep, &from, even), WICK_OK);
    REQUIRE_STATUS(wick_stun_get_addr(&first, &m, WICK_STUN_XOR_RELAYED_ADDRESS), WICK_OK);
    CHECK_INT(first.port % 2, 0);
    wick_span t = wick_stun_get(&m, WICK_STUN_RESERVATION_TOKEN);
    REQUIRE(t.len == sizeof token);
    memcpy(token, t.ptr, sizeof token);
    from.port++;
    REQUIRE_STATUS(ask_server(&m, keep, &from, with_token), WICK_OK);
    REQUIRE_STATUS(wick_stun_get_addr(&second, &m, WICK_STUN_XOR_RELAYED_ADDRESS), WICK_OK);
    CHECK_INT(second.port, first.port + 1);
    from.port++;
    REQUIRE_STATUS(ask_server(&m, keep, &from, with_token), WICK_OK); /* it is used up */
    REQUIRE_STATUS(wick_stun_get_error(&code, NULL, &m), WICK_OK);
    CHECK_INT(code, 508);
    from.port++;
    REQUIRE_STATUS(ask_server(&m, keep, &from, unknown), WICK_OK);
    REQUIRE_STATUS(wick_stun_get_error(&code, NULL, &m), WICK_OK);
    CHECK_INT(code, 420);
    t = wick_stun_get(&m, WICK_STUN_UNKNOWN_ATTRIBUTES);
    REQUIRE(t.len == 4);
    CHECK_INT(wick_load_be16(t.ptr), 0x7ABC);
    CHECK_INT(wick_load_be16(t.ptr + 2), 0x0FFF);
}

TAP_MAIN("sim.turn_features", CASE(sha256_with_and_without_anonymity),
         CASE(sha1_where_there_is_no_cookie), CASE(stripped_algorithms_end_it),
         CASE(stripped_cookie_comes_to_nothing),
         CASE(an_old_server_is_refused_where_sha256_is_required), CASE(held_to_what_it_has_proved),
         CASE(answers_with_weak_integrity_do_not_count), CASE(keys_instead_of_the_password),
         CASE(wrong_password_with_sha256), CASE(mobility_keeps_the_relayed_address),
         CASE(mobility_asks_for_permissions_again), CASE(servers_without_mobility),
         CASE(a_ticket_shown_in_vain_loses_nothing), CASE(moved_in_every_state),
         CASE(two_families), CASE(one_family_by_name), CASE(icmp_about_a_peer),
         CASE(credentials_that_expire), CASE(credentials_outside_ascii),
         CASE(a_stream_is_asked_once), CASE(a_stream_that_breaks), CASE(framing_of_a_session),
         CASE(reservations_and_unknown_attributes))
