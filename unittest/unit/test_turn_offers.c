/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a TURN server may offer, and what it may not get away with: challenges with password algorithms
 * and nonce cookies (RFC 8489 section 9.2.5), answers with the wrong kind of integrity, tickets and
 * addresses that nobody asked for. Scripted datagrams.
 */
#include "turn_world.h"

static wick_addr six;
static wick_stun_msg m; /* the request under way */
static struct answer a;

static wick_turn_config config_of_six(void)
{
    static const char six_text[] = "[2001:db8:0:0:0:0:0:10]:50002";
    CHECK_STATUS(wick_addr_parse(&six, six_text, sizeof six_text - 1), WICK_OK);
    return config();
}

static void challenge(uint16_t code, const char *nonce, wick_span algorithms)
{
    begin_challenge(&a, &m, code, nonce);
    if (algorithms.len != 0) {
        wick_stun_put(&a.b, WICK_STUN_PASSWORD_ALGORITHMS, algorithms);
    }
}

static bool start(const wick_turn_config *cfg)
{
    return wick_turn_init(&t, cfg) == WICK_OK && wick_turn_start(&t, 0) == WICK_OK &&
           request(&m, WICK_STUN_ALLOCATE, 0);
}

/* Status of FAILED, WICK_OK if there is none. */
static wick_status failed(uint64_t now)
{
    wick_out out;
    wick_turn_poll(&t, now, &out);
    return out.kind == WICK_OUT_EVENT && out.event == WICK_TURN_EV_FAILED ? out.status : WICK_OK;
}

static const uint8_t both[] = {0, 2, 0, 0, 0, 1, 0, 0};
#define BOTH wick_span_make(both, sizeof both)

/* Brings the client to a request signed with SHA-256 and makes the key for it. */
static bool signed_request(wick_hmac_key *key, const wick_turn_config *cfg)
{
    uint8_t k[32];
    if (!start(cfg)) {
        return false;
    }
    challenge(401, "obMatJos2AAABn", BOTH);
    return give(&a, 0) == WICK_AGAIN && request(&m, WICK_STUN_ALLOCATE, 0) &&
           wick_turn_key_sha256(k, &crypto, wick_span_text("test"), wick_span_text("r"),
                                wick_span_text("secret")) == WICK_OK &&
           wick_hmac_key_init(key, &crypto, WICK_HASH_SHA256, wick_span_make(k, 32)) == WICK_OK &&
           wick_stun_check_integrity_sha256(&m, key) == WICK_OK;
}

TEST(offers)
{
    static const uint8_t unknown[] = {0, 9, 0, 0}, with_parameters[] = {0, 2, 0, 4, 1, 2, 3, 4};
    static const uint8_t cut[] = {0, 2, 0, 4}, md5_first[] = {0, 1, 0, 0, 0, 2, 0, 0};
    static const uint8_t later[] = {0, 9, 0, 1, 7, 0, 0, 0, 0, 2, 0, 0};
    static uint8_t many[WICK_TURN_ALGORITHMS_MAX + 4] = {0, 2};
    const struct {
        const char *nonce;
        wick_span list;
        wick_status want;
        unsigned algorithm; /* that is chosen */
    } c[] = {{"obMatJos2AAABn", BOTH, WICK_OK, WICK_STUN_SHA256},
             {"plain", BOTH, WICK_OK, WICK_STUN_SHA256}, /* the list alone is an offer too */
             {"obMatJos2AAABn", {md5_first, sizeof md5_first}, WICK_OK, WICK_STUN_MD5},
             {"obMatJos2AAABn", {later, sizeof later}, WICK_OK, WICK_STUN_SHA256},
             {"obMatJos2AAAAn", {NULL, 0}, WICK_OK, 0},
             {"obMatJos2AAABn", {NULL, 0}, WICK_E_STUN_BID_DOWN, 0},
             {"obMatJos2gAAAn", {NULL, 0}, WICK_E_STUN_BID_DOWN, 0},
             {"obMatJos2AAABn", {unknown, sizeof unknown}, WICK_E_UNSUPPORTED, 0},
             {"obMatJos2AAABn", {with_parameters, sizeof with_parameters}, WICK_E_UNSUPPORTED, 0},
             {"obMatJos2AAABn", {cut, sizeof cut}, WICK_E_MALFORMED, 0},
             {"obMatJos2AAABn", {many, sizeof many}, WICK_E_LIMIT, 0}};
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        wick_turn_config cfg = config_of_six();
        REQUIRE(start(&cfg));
        CHECK(!wick_stun_has(&m, WICK_STUN_USERNAME) && !wick_stun_has(&m, WICK_STUN_USERHASH));
        challenge(401, c[i].nonce, c[i].list);
        CHECK_STATUS(give(&a, 0), WICK_AGAIN);
        if (c[i].want != WICK_OK) {
            CHECK_STATUS(failed(0), c[i].want);
            continue;
        }
        REQUIRE(request(&m, WICK_STUN_ALLOCATE, 0));
        wick_span list = wick_stun_get(&m, WICK_STUN_PASSWORD_ALGORITHMS);
        wick_span one = wick_stun_get(&m, WICK_STUN_PASSWORD_ALGORITHM);
        CHECK(list.len == c[i].list.len &&
              (list.len == 0 || memcmp(list.ptr, c[i].list.ptr, list.len) == 0)); /* as it came */
        CHECK(one.len == (c[i].algorithm != 0 ? 4u : 0u) &&
              (one.len == 0 || wick_load_be16(one.ptr) == c[i].algorithm));
        CHECK_INT(wick_stun_has(&m, WICK_STUN_MESSAGE_INTEGRITY_SHA256), c[i].algorithm != 0);
        CHECK_INT(wick_stun_has(&m, WICK_STUN_MESSAGE_INTEGRITY), c[i].algorithm == 0);
        CHECK(wick_stun_has(&m, WICK_STUN_USERNAME) && !wick_stun_has(&m, WICK_STUN_USERHASH));
    }
}

TEST(userhash_hides_the_name)
{
    uint8_t hash[WICK_TURN_USERHASH_BYTES];
    wick_turn_config cfg = config_of_six();
    REQUIRE(start(&cfg));
    challenge(401, "obMatJos2AAADn", BOTH);
    CHECK_STATUS(give(&a, 0), WICK_AGAIN);
    REQUIRE(request(&m, WICK_STUN_ALLOCATE, 0));
    CHECK(!wick_stun_has(&m, WICK_STUN_USERNAME));
    wick_span v = wick_stun_get(&m, WICK_STUN_USERHASH);
    REQUIRE(v.len == sizeof hash);
    REQUIRE_STATUS(wick_turn_userhash(hash, &crypto, cfg.username, wick_span_text("r")), WICK_OK);
    CHECK_MEM(v.ptr, hash, sizeof hash);
    for (size_t i = 0; i + 4 <= m.len; i++) {
        CHECK(memcmp(m.ptr + i, "test", 4) != 0);
    }
}

TEST(longest_request)
{
    static uint8_t longest[255], list[WICK_TURN_ALGORITHMS_MAX];
    char nonce[WICK_TURN_NONCE_MAX + 1];
    memset(longest, 'x', sizeof longest);
    memset(nonce, 'n', sizeof nonce);
    memcpy(nonce, "obMatJos2AAAD", 13);
    nonce[WICK_TURN_NONCE_MAX] = '\0';
    list[1] = 2;
    for (size_t i = 5; i < sizeof list; i += 4) {
        list[i] = 9;
    }
    for (unsigned family = 0; family < 4; family++) {
        wick_turn_config cfg = config_of_six();
        cfg.username = wick_span_make(longest, WICK_TURN_USERNAME_MAX);
        cfg.password = wick_span_make(longest, WICK_TURN_PASSWORD_MAX);
        cfg.realm = wick_span_make(longest, WICK_TURN_REALM_MAX);
        cfg.lifetime_s = 600;
        cfg.mobile = true;
        cfg.fingerprint = true;
        cfg.family = (uint8_t)family;
        REQUIRE(start(&cfg));
        CHECK_STATUS(wick_stun_check_fingerprint(&m), WICK_OK);
        CHECK(wick_stun_has(&m, WICK_STUN_MOBILITY_TICKET));
        CHECK_INT(wick_stun_has(&m, WICK_STUN_ADDITIONAL_ADDRESS_FAMILY), family == 3);
        CHECK_INT(wick_stun_has(&m, WICK_STUN_REQUESTED_ADDRESS_FAMILY), family % 3 != 0);
        begin(&a, &m, WICK_STUN_ERROR);
        wick_stun_put_error(&a.b, 401, "");
        wick_stun_put(&a.b, WICK_STUN_NONCE, wick_span_text(nonce));
        wick_stun_put(&a.b, WICK_STUN_REALM, cfg.realm);
        wick_stun_put(&a.b, WICK_STUN_PASSWORD_ALGORITHMS, wick_span_make(list, sizeof list));
        CHECK_STATUS(give(&a, 0), WICK_AGAIN);
        REQUIRE(request(&m, WICK_STUN_ALLOCATE, 0));
        CHECK(m.len <= WICK_TURN_TX_BYTES);
        CHECK_STATUS(wick_stun_check_fingerprint(&m), WICK_OK);
    }
}

TEST(answers_to_a_sha256_request)
{
    static const uint8_t zeros[32];
    wick_hmac_key key;
    uint8_t mac[32];
    wick_hmac h;
    wick_turn_config cfg = config_of_six();
    REQUIRE(signed_request(&key, &cfg));
    begin_allocated(&a, &m, 600); /* none */
    CHECK_STATUS(give(&a, 0), WICK_E_STUN_INTEGRITY);
    begin_allocated(&a, &m, 600); /* the weaker one */
    wick_stun_put(&a.b, WICK_STUN_MESSAGE_INTEGRITY, wick_span_make(zeros, 20));
    CHECK_STATUS(give(&a, 0), WICK_E_STUN_BID_DOWN);
    begin_allocated(&a, &m, 600); /* wrong */
    wick_stun_put(&a.b, WICK_STUN_MESSAGE_INTEGRITY_SHA256, wick_span_make(zeros, 32));
    CHECK_STATUS(give(&a, 0), WICK_E_STUN_INTEGRITY);
    begin_allocated(&a, &m, 600); /* right, but cut to 16 bytes, which TURN does not allow */
    size_t before = a.buf.len;
    wick_store_be16(a.bytes + 2, (uint16_t)(before + 20 - 20));
    wick_hmac_begin(&h, &key);
    wick_hmac_update(&h, wick_span_make(a.bytes, before));
    REQUIRE_STATUS(wick_hmac_finish(&h, mac), WICK_OK);
    wick_stun_put(&a.b, WICK_STUN_MESSAGE_INTEGRITY_SHA256, wick_span_make(mac, 16));
    CHECK_STATUS(give(&a, 0), WICK_E_STUN_INTEGRITY);
    wick_stun_msg cut;
    REQUIRE_STATUS(wick_stun_decode(&cut, wick_buf_span(&a.buf)), WICK_OK);
    CHECK_STATUS(wick_stun_check_integrity_sha256(&cut, &key), WICK_OK); /* it is right in itself */
    /* another error with a nonce whose promise was taken out */
    begin(&a, &m, WICK_STUN_ERROR);
    wick_stun_put_error(&a.b, 486, "");
    wick_stun_put(&a.b, WICK_STUN_NONCE, wick_span_text("obMatJos2AAABx"));
    CHECK_STATUS(give(&a, 0), WICK_E_STUN_BID_DOWN);
    /* and the right one */
    begin_allocated(&a, &m, 600);
    wick_stun_put_integrity_sha256(&a.b, &key);
    CHECK_STATUS(give(&a, 0), WICK_AGAIN);
    CHECK(wick_turn_is_sha256(&t));
    wick_hmac_key_wipe(&key);
}

TEST(addresses_behind_the_integrity)
{
    wick_hmac_key key;
    for (unsigned protect = 0; protect < 2; protect++) {
        wick_turn_config cfg = config_of_six();
        cfg.family = WICK_TURN_FAMILY_BOTH;
        REQUIRE(signed_request(&key, &cfg));
        begin_allocated(&a, &m, 600);
        if (protect != 0) {
            wick_stun_put_addr(&a.b, WICK_STUN_XOR_RELAYED_ADDRESS, &six);
        }
        wick_stun_put_integrity_sha256(&a.b, &key);
        if (protect == 0) {
            wick_stun_put_addr(&a.b, WICK_STUN_XOR_RELAYED_ADDRESS, &six);
        }
        CHECK_STATUS(give(&a, 0), WICK_AGAIN);
        CHECK(wick_turn_is_allocated(&t));
        CHECK_INT(wick_turn_relayed2(&t)->port, protect != 0 ? 50002 : 0);
        wick_hmac_key_wipe(&key);
    }
}

TEST(families_that_were_not_asked_for)
{
    for (unsigned i = 0; i < 2; i++) {
        wick_turn_config cfg = config_of_six();
        cfg.family = i == 0 ? WICK_TURN_FAMILY_IPV4 : WICK_TURN_FAMILY_IPV6;
        REQUIRE(start(&cfg));
        begin(&a, &m, WICK_STUN_SUCCESS);
        wick_stun_put_addr(&a.b, WICK_STUN_XOR_RELAYED_ADDRESS, i == 0 ? &six : &relayed);
        wick_stun_put_addr(&a.b, WICK_STUN_XOR_MAPPED_ADDRESS, &me);
        wick_stun_put_u32(&a.b, WICK_STUN_LIFETIME, 600);
        CHECK_STATUS(give(&a, 0), WICK_AGAIN);
        CHECK_STATUS(failed(0), WICK_E_TURN_TRANSPORT);
    }
    /* Both, in the order in which servers give them or the other one. */
    for (unsigned i = 0; i < 2; i++) {
        wick_turn_config cfg = config_of_six();
        cfg.family = WICK_TURN_FAMILY_BOTH;
        REQUIRE(start(&cfg));
        begin(&a, &m, WICK_STUN_SUCCESS);
        wick_stun_put_addr(&a.b, WICK_STUN_XOR_RELAYED_ADDRESS, i == 0 ? &relayed : &six);
        wick_stun_put_addr(&a.b, WICK_STUN_XOR_RELAYED_ADDRESS, i == 0 ? &six : &relayed);
        wick_stun_put_addr(&a.b, WICK_STUN_XOR_MAPPED_ADDRESS, &me);
        wick_stun_put_u32(&a.b, WICK_STUN_LIFETIME, 600);
        CHECK_STATUS(give(&a, 0), WICK_AGAIN);
        CHECK(wick_addr_equal(wick_turn_relayed(&t), &relayed));
        CHECK(wick_addr_equal(wick_turn_relayed2(&t), &six));
    }
}

TEST(tickets)
{
    static const uint8_t ticket[WICK_TURN_TICKET_MAX + 1] = {1, 2, 3};
    const struct {
        bool asked;
        size_t len;
        bool want;
    } c[] = {{true, 12, true}, {true, WICK_TURN_TICKET_MAX, true}, {true, sizeof ticket, false},
             {true, 0, false}, {false, 12, false}};
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        wick_turn_config cfg = config_of_six();
        cfg.mobile = c[i].asked;
        REQUIRE(start(&cfg));
        CHECK_INT(wick_stun_has(&m, WICK_STUN_MOBILITY_TICKET), c[i].asked);
        begin_allocated(&a, &m, 600);
        wick_stun_put(&a.b, WICK_STUN_MOBILITY_TICKET, wick_span_make(ticket, c[i].len));
        CHECK_STATUS(give(&a, 0), WICK_AGAIN);
        CHECK_INT(wick_turn_is_mobile(&t), c[i].want);
        /* Nothing has changed: no ticket in the next Refresh. With a move there is one. */
        wick_out out;
        wick_turn_poll(&t, 0, &out); /* ALLOCATED */
        wick_turn_moved(&t, 0);
        if (!c[i].want) {
            CHECK(request(&m, WICK_STUN_BINDING, 0));
            continue;
        }
        REQUIRE(request(&m, WICK_STUN_REFRESH, 0));
        CHECK_INT(wick_stun_get(&m, WICK_STUN_MOBILITY_TICKET).len, c[i].len);
        begin(&a, &m, WICK_STUN_SUCCESS);
        wick_stun_put_u32(&a.b, WICK_STUN_LIFETIME, 600);
        wick_stun_put(&a.b, WICK_STUN_MOBILITY_TICKET, wick_span_make(ticket + 1, 12));
        CHECK_STATUS(give(&a, 0), WICK_AGAIN);
        wick_turn_moved(&t, 0);
        REQUIRE(request(&m, WICK_STUN_REFRESH, 0)); /* the next ticket in the next one */
        wick_span v = wick_stun_get(&m, WICK_STUN_MOBILITY_TICKET);
        CHECK(v.len == 12 && v.ptr[0] == 2);
    }
}

TEST(tickets_do_not_survive)
{
    static const uint8_t ticket[12] = {0xAB, 0xCD, 0xEF, 0x01, 0x23};
    wick_turn_config cfg = config_of_six();
    cfg.mobile = true;
    REQUIRE(start(&cfg));
    begin_allocated(&a, &m, 600);
    wick_stun_put(&a.b, WICK_STUN_MOBILITY_TICKET, wick_span_make(ticket, sizeof ticket));
    CHECK_STATUS(give(&a, 0), WICK_AGAIN);
    CHECK(wick_turn_is_mobile(&t));
    wick_turn_closed(&t, 0);
    CHECK(!wick_turn_is_mobile(&t));
    wick_turn_wipe(&t);
    CHECK(wick_ct_is_zero((const uint8_t *)&t, sizeof t));
}

/* coturn answers a Refresh after the deleting one with success and a lifetime: what is given back is
 * gone for us, whatever the server goes on saying. */
TEST(given_back_is_gone)
{
    wick_out out;
    wick_turn_data data;
    wick_turn_config cfg = config_of_six();
    uint8_t late[512];
    REQUIRE(start(&cfg));
    begin_allocated(&a, &m, 600);
    CHECK_STATUS(give(&a, 0), WICK_AGAIN);
    REQUIRE(wick_turn_is_allocated(&t));
    wick_turn_release(&t, 0);
    CHECK(!wick_turn_is_allocated(&t));
    REQUIRE(request(&m, WICK_STUN_REFRESH, 0));
    uint32_t lifetime_s = 1;
    REQUIRE_STATUS(wick_stun_get_u32(&lifetime_s, &m, WICK_STUN_LIFETIME), WICK_OK);
    CHECK_INT(lifetime_s, 0);
    begin(&a, &m, WICK_STUN_SUCCESS);
    wick_stun_put_u32(&a.b, WICK_STUN_LIFETIME, 600);
    CHECK_STATUS(give(&a, 0), WICK_AGAIN);
    memcpy(late, a.bytes, a.buf.len);
    wick_turn_poll(&t, 0, &out);
    CHECK_INT(out.kind, WICK_OUT_DONE);
    CHECK_STATUS(out.status, WICK_OK);
    CHECK_STATUS(wick_turn_input(&t, 1, wick_span_make(late, a.buf.len), &server, &data),
                 WICK_E_NOT_FOUND);
    static const uint8_t channel[] = {0x40, 0, 0, 0};
    CHECK_STATUS(wick_turn_input(&t, 1, wick_span_make(channel, sizeof channel), &server, &data),
                 WICK_E_STATE);
    CHECK(!wick_turn_is_allocated(&t));
}

TAP_MAIN("unit.turn_offers", CASE(offers), CASE(userhash_hides_the_name), CASE(longest_request),
         CASE(answers_to_a_sha256_request), CASE(addresses_behind_the_integrity),
         CASE(families_that_were_not_asked_for), CASE(tickets), CASE(tickets_do_not_survive),
         CASE(given_back_is_gone))
