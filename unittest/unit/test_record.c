/* SPDX-License-Identifier: Apache-2.0 */
/* core/registry: names, slots, words and the rules for using them (core/registry/RECORDS.md). Known
 * answers were computed with Foundry's cast. */
#include "wick/record.h"

#include "tap.h"

#define NOW UINT64_C(1800000000)

static const uint8_t gen_x[32] = {0x79, 0xbe, 0x66, 0x7e, 0xf9, 0xdc, 0xbb, 0xac, 0x55, 0xa0, 0x62,
                                  0x95, 0xce, 0x87, 0x0b, 0x07, 0x02, 0x9b, 0xfc, 0xdb, 0x2d, 0xce,
                                  0x28, 0xd9, 0x59, 0xf2, 0x81, 0x5b, 0x16, 0xf8, 0x17, 0x98};
static const char prime[] = "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f";

static void unhex(uint8_t out[32], const char *hex)
{
    CHECK_STATUS(wick_hex_decode(out, 32, hex, 64), WICK_OK);
}

static bool is_hex(const uint8_t word[32], const char *hex)
{
    uint8_t want[32];
    unhex(want, hex);
    return memcmp(word, want, 32) == 0;
}

static void hash(uint8_t out[32], const char *name)
{
    CHECK_STATUS(wick_name_hash(out, wick_span_text(name)), WICK_OK);
}

/* ---- names ---- */

TEST(names)
{
    uint8_t h[32];
    char text[65];
    memset(text, 'a', sizeof text);
    const wick_span longest = wick_span_make((const uint8_t *)text, 63);
    CHECK_STATUS(wick_name_check(wick_span_text("a")), WICK_OK);
    CHECK_STATUS(wick_name_check(wick_span_text("gw-1._z09")), WICK_OK);
    CHECK_STATUS(wick_name_check(longest), WICK_OK);
    CHECK_STATUS(wick_name_check(wick_span_make(longest.ptr, 64)), WICK_E_NAME);
    CHECK_STATUS(wick_name_check(wick_span_make(longest.ptr, 0)), WICK_E_NAME);
    for (unsigned c = 0; c < 256; c++) {
        uint8_t one = (uint8_t)c;
        bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
                    c == '-';
        CHECK_STATUS(wick_name_check(wick_span_make(&one, 1)), good ? WICK_OK : WICK_E_NAME);
    }
    hash(h, "gw-1");
    CHECK(is_hex(h, "b56fe408a807522347a064aab1eb9dd2cfc5bc88df67bb0ff3f5d3b6ef4ac4fd"));
    memset(h, 1, sizeof h);
    CHECK_STATUS(wick_name_hash(h, wick_span_text("Gw-1")), WICK_E_NAME);
    CHECK(wick_ct_is_zero(h, 32));
}

static bool span_is(wick_span s, const char *text)
{
    wick_span want = wick_span_text(text);
    return s.len == want.len && (s.len == 0 || memcmp(s.ptr, want.ptr, s.len) == 0);
}

static bool ref_is(const char *text, const char *name, const char *service, const char *registry)
{
    wick_peer_ref ref;
    return wick_peer_ref_parse(&ref, text, wick_span_text(text).len) == WICK_OK &&
           span_is(ref.name, name) && span_is(ref.service, service) &&
           span_is(ref.registry, registry);
}

TEST(peer_references)
{
    static const char *const bad[] = {"",      "/",    "@",     "a/",     "a@",     "/s",   "@r",
                                      "a/@r",  "a/s@", "a/s/t", "a@r/s",  "a@r@q",  "a b",  "A",
                                      "a/S",   "a@R",  "a//s",  "a/s@@r", "a\n",    " a",   "a ",
                                      "a/s@r ", "\xc3\xa4"};
    wick_peer_ref ref;
    CHECK(ref_is("gw-1", "gw-1", "", ""));
    CHECK(ref_is("gw-1/mqtt", "gw-1", "mqtt", ""));
    CHECK(ref_is("gw-1@main", "gw-1", "", "main"));
    CHECK(ref_is("gw-1/mqtt@main", "gw-1", "mqtt", "main"));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        memset(&ref, 1, sizeof ref);
        CHECK_STATUS(wick_peer_ref_parse(&ref, bad[i], wick_span_text(bad[i]).len), WICK_E_NAME);
        CHECK(ref.name.len == 0 && ref.service.len == 0 && ref.registry.len == 0);
    }
    CHECK_STATUS(wick_peer_ref_parse(&ref, "a\0b", 3), WICK_E_NAME);
}

/* ---- slots ---- */

TEST(slots)
{
    static const uint8_t g_x[32] = {0x79, 0xbe, 0x66, 0x7e, 0xf9, 0xdc, 0xbb, 0xac, 0x55, 0xa0, 0x62,
                                    0x95, 0xce, 0x87, 0x0b, 0x07, 0x02, 0x9b, 0xfc, 0xdb, 0x2d, 0xce,
                                    0x28, 0xd9, 0x59, 0xf2, 0x81, 0x5b, 0x16, 0xf8, 0x17, 0x98};
    uint8_t id[32], service[32], org[32], slot[32], next[32];
    hash(id, "gw-1");
    hash(service, "default");
    hash(org, "capillary");
    wick_slot_device(slot, id, 0);
    CHECK(is_hex(slot, "5a495f911d3687efb9610832a8b60566a0d35eeb06be18d107fde98621aeb827"));
    wick_slot_device(next, id, 1);
    CHECK(is_hex(next, "5a495f911d3687efb9610832a8b60566a0d35eeb06be18d107fde98621aeb828"));
    wick_slot_endpoint(slot, id, service, 0);
    CHECK(is_hex(slot, "12b3082b003282ff096729f2f25bf39e7d1374aef51a2162de748a29894e9510"));
    wick_slot_endpoint(slot, id, service, 1);
    CHECK(is_hex(slot, "f2b916ccb9e879f2e6101a60fa08219b5d7fb63ead24bf937f65fe22823c6515"));
    wick_slot_tls_key(slot, id, service);
    CHECK(is_hex(slot, "df3df0c361fed2e0057a9c1c77db2e7bc8434ddaa8669d060fe0a546a2bb1b58"));
    wick_slot_announced(slot, g_x);
    CHECK(is_hex(slot, "380972d8bf06ab024631ae4133914fe67798faaa85a97c9758ce9b36aa81af57"));
    wick_slot_manager(slot, org);
    CHECK(is_hex(slot, "da2d0e39bdc12f76e9d6f80db79e4b8abc1fcb3cdff323f48b1c3533cfcefc4c"));
    wick_slot_org(slot, 7, 0);
    CHECK(is_hex(slot, "beb3bad75134cb432e5707980e3245c52c5998a1125ee30f2f0dbf3925b1e551"));
    wick_slot_relay(slot, 5, 0);
    CHECK(is_hex(slot, "e2689cd4a84e23ad2f564004f1c9013e9589d260bde6380aba3ca7e09e4df40c"));
    wick_slot_relay(slot, 5, 1);
    CHECK(is_hex(slot, "e2689cd4a84e23ad2f564004f1c9013e9589d260bde6380aba3ca7e09e4df40d"));
    wick_slot_relay_count(slot);
    CHECK(wick_ct_is_zero(slot, 32));
    uint8_t who[20];
    CHECK_STATUS(wick_hex_decode(who, 20, "71c7656ec7ab88b098defb751b7401b5f6d8976f", 40), WICK_OK);
    wick_slot_relay_manager(slot, who);
    CHECK(is_hex(slot, "eac0a336751d36480145cc4ab4b21c8d179214c700254c902d8ae516d4b6c508"));
    wick_slot_relay_invitations(slot, who);
    CHECK(is_hex(slot, "05a37bb54b37e94b0a9f16268e9909df7bef59a1ed8c694ecf0cb3d91db12b82"));
}

/* F1: the papers made the key by concatenation, so device RPi with service Ahttp wrote the record of
 * device RPiA with service http. */
TEST(f1_concatenated_names_are_apart)
{
    uint8_t a_id[32], a_service[32], b_id[32], b_service[32], a[32], b[32];
    hash(b_id, "rpi");
    hash(b_service, "ahttp");
    hash(a_id, "rpia");
    hash(a_service, "http");
    wick_slot_endpoint(a, a_id, a_service, 0);
    wick_slot_endpoint(b, b_id, b_service, 0);
    CHECK(memcmp(a, b, 32) != 0);
    /* The papers' own pair; its capitals are refused where names are hashed. */
    CHECK_STATUS(wick_name_hash(a_id, wick_span_text("RPiA")), WICK_E_NAME);
    unhex(b_id, "026aee091ae732558aa400356a5f88cadaf02c5213fbaa7356ba826eb07f3a68");
    unhex(b_service, "785bb058d4c5bc23657797da408f434836964ad612d4dbf2dc931bb6da916525");
    unhex(a_id, "83288f8ba182531c1fbbbf040a8a4d0c20156826b39f831a3029355849ed5c57");
    wick_slot_endpoint(b, b_id, b_service, 0);
    wick_slot_endpoint(a, a_id, a_service, 0);
    CHECK(is_hex(b, "25e087089fa24bbc6a9db82f8298099472c7b0e8084f11e3ea36e0a8d650c735"));
    CHECK(is_hex(a, "0e838aa7fe9dc6d585c992220533ba9d92fa3a26e6dc0a52c589e0dc242e8895"));
}

/* ---- device words ---- */

static wick_device device(void)
{
    wick_device d;
    memset(&d, 0, sizeof d);
    for (uint8_t i = 0; i < 20; i++) {
        d.owner[i] = (uint8_t)(0xa0 + i);
    }
    d.key_type = WICK_KEY_TYPE_SECP256K1;
    d.flags = WICK_DEVICE_FLAG_ODD;
    d.org = 9;
    d.epoch = 0x01020304;
    d.not_after = UINT64_C(0x0600000007);
    memcpy(d.key, gen_x, 32);
    return d;
}

static bool same_device(const wick_device *a, const wick_device *b)
{
    return memcmp(a->owner, b->owner, 20) == 0 && a->key_type == b->key_type &&
           a->flags == b->flags && a->org == b->org && a->epoch == b->epoch &&
           a->not_after == b->not_after && memcmp(a->key, b->key, 32) == 0;
}

TEST(device_words)
{
    wick_device d = device(), got;
    uint8_t w0[32], w1[32];
    CHECK_STATUS(wick_device_encode(w0, w1, &d), WICK_OK);
    CHECK(is_hex(w0, "090102030406000000070102a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3"));
    CHECK_MEM(w1, gen_x, 32);
    CHECK_STATUS(wick_device_decode(&got, w0, w1), WICK_OK);
    CHECK(same_device(&d, &got));

    d.flags |= WICK_DEVICE_FLAG_REVOKED;
    CHECK_STATUS(wick_device_encode(w0, w1, &d), WICK_OK);
    CHECK(is_hex(w0, "090102030406000000078102a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3"));
    CHECK_STATUS(wick_device_decode(&got, w0, w1), WICK_E_RECORD_REVOKED);
    CHECK(same_device(&d, &got));
    d.flags = WICK_DEVICE_FLAG_REVOKED;
    d.key_type = WICK_KEY_TYPE_P256;
    CHECK_STATUS(wick_device_encode(w0, w1, &d), WICK_OK);
    CHECK_STATUS(wick_device_decode(&got, w0, w1), WICK_E_RECORD_REVOKED);

    memset(w0, 0, 32);
    memset(w1, 0, 32);
    CHECK_STATUS(wick_device_decode(&got, w0, w1), WICK_E_RECORD_ABSENT);
    CHECK_INT(got.epoch, 0);
}

/* Encode refuses it, and decode refuses the words that it would have been. */
static void impossible(const wick_device *d)
{
    wick_device good = device(), got;
    uint8_t w0[32], w1[32];
    CHECK_STATUS(wick_device_encode(w0, w1, d), WICK_E_RECORD_INVALID);
    CHECK(wick_ct_is_zero(w0, 32) && wick_ct_is_zero(w1, 32));
    CHECK_STATUS(wick_device_encode(w0, w1, &good), WICK_OK);
    memcpy(w0 + 12, d->owner, 20);
    w0[11] = d->key_type;
    w0[10] = d->flags;
    wick_store_be32(w0 + 6, (uint32_t)d->not_after);
    w0[5] = (uint8_t)(d->not_after >> 32);
    wick_store_be32(w0 + 1, d->epoch);
    memcpy(w1, d->key, 32);
    memset(&got, 1, sizeof got);
    CHECK_STATUS(wick_device_decode(&got, w0, w1), WICK_E_RECORD_INVALID);
    CHECK_INT(got.epoch, 0);
}

TEST(impossible_device_words)
{
    wick_device d = device();
    memset(d.owner, 0, 20);
    impossible(&d);
    d = device();
    d.epoch = 0;
    impossible(&d);
    d = device();
    d.not_after = 0;
    impossible(&d);
    for (unsigned type = 0; type < 256; type = type == 0 ? 4 : type + 1) {
        d = device();
        d.key_type = (uint8_t)type;
        d.flags = 0;
        impossible(&d);
    }
    for (unsigned flags = 2; flags < 256; flags = flags == 0x7f ? 0x82 : flags + 1) {
        d = device();
        d.flags = (uint8_t)flags;
        impossible(&d);
    }
    d = device();
    d.key_type = WICK_KEY_TYPE_RSA2048;
    impossible(&d); /* parity */
    d.flags |= WICK_DEVICE_FLAG_REVOKED;
    impossible(&d);
    d.flags = 0;
    memset(d.key, 0, 32);
    impossible(&d); /* live without key */
    d.key_type = WICK_KEY_TYPE_SECP256K1;
    impossible(&d);
    unhex(d.key, prime);
    impossible(&d);
    memset(d.key, 0xff, 32);
    impossible(&d);

    /* word 0 absent with a key, and 40 bits of time */
    uint8_t zero[32] = {0}, w0[32], w1[32];
    CHECK_STATUS(wick_device_decode(&d, zero, gen_x), WICK_E_RECORD_INVALID);
    d = device();
    d.not_after = UINT64_C(1) << 40;
    CHECK_STATUS(wick_device_encode(w0, w1, &d), WICK_E_RECORD_INVALID);
}

TEST(public_keys)
{
    wick_device d = device();
    uint8_t pub[33], back[33];
    CHECK_STATUS(wick_device_pub33(pub, &d), WICK_OK);
    CHECK_INT(pub[0], 3);
    CHECK_MEM(pub + 1, gen_x, 32);
    d.flags = 0;
    CHECK_STATUS(wick_device_pub33(pub, &d), WICK_OK);
    CHECK_INT(pub[0], 2);
    memset(&d, 0, sizeof d);
    CHECK_STATUS(wick_device_set_pub33(&d, pub), WICK_OK);
    CHECK_STATUS(wick_device_pub33(back, &d), WICK_OK);
    CHECK_MEM(pub, back, 33);

    d.flags |= WICK_DEVICE_FLAG_REVOKED;
    CHECK_STATUS(wick_device_pub33(pub, &d), WICK_E_RECORD_REVOKED);
    CHECK(wick_ct_is_zero(pub, 33));
    d.flags = 0;
    d.key_type = WICK_KEY_TYPE_RSA2048;
    CHECK_STATUS(wick_device_pub33(pub, &d), WICK_E_UNSUPPORTED);
    CHECK(wick_ct_is_zero(pub, 33));
    d.key_type = WICK_KEY_TYPE_SECP256K1;
    unhex(d.key, prime);
    CHECK_STATUS(wick_device_pub33(pub, &d), WICK_E_BAD_KEY);
    memset(d.key, 0, 32);
    CHECK_STATUS(wick_device_pub33(pub, &d), WICK_E_BAD_KEY);

    for (unsigned first = 0; first < 8; first++) {
        back[0] = (uint8_t)first;
        CHECK_STATUS(wick_device_set_pub33(&d, back),
                     first == 2 || first == 3 ? WICK_OK : WICK_E_BAD_KEY);
    }
    back[0] = 2;
    unhex(back + 1, prime);
    CHECK_STATUS(wick_device_set_pub33(&d, back), WICK_E_BAD_KEY);
}

TEST(device_rules)
{
    wick_device d = device();
    wick_record_seen seen = {0, {0, 0}};
    d.not_after = NOW + 1;
    d.epoch = 5;
    CHECK_STATUS(wick_device_check(&d, &seen, NOW), WICK_OK);
    CHECK_STATUS(wick_device_check(&d, &seen, NOW + 1), WICK_E_RECORD_EXPIRED);
    CHECK_STATUS(wick_device_check(&d, &seen, NOW + 2), WICK_E_RECORD_EXPIRED);
    seen.epoch = 5;
    CHECK_STATUS(wick_device_check(&d, &seen, NOW), WICK_OK);
    seen.epoch = 6;
    CHECK_STATUS(wick_device_check(&d, &seen, NOW), WICK_E_RECORD_STALE);
    seen.epoch = 5;
    d.flags = WICK_DEVICE_FLAG_REVOKED;
    CHECK_STATUS(wick_device_check(&d, &seen, NOW), WICK_E_RECORD_REVOKED);
}

/* ---- endpoint words ---- */

static wick_endpoint endpoint(void)
{
    wick_endpoint e;
    memset(&e, 0, sizeof e);
    e.addr = wick_addr_v4(203, 0, 113, 7, 49152);
    e.protocol = WICK_PROTOCOL_UDP;
    e.kind = WICK_ENDPOINT_RELAY;
    e.seq = 0x01020304;
    e.expires = UINT64_C(0x0500000006);
    e.validated_at_h = 0x070809;
    return e;
}

TEST(endpoint_words)
{
    wick_endpoint e = endpoint(), got;
    uint8_t word[32];
    CHECK_STATUS(wick_endpoint_encode(word, &e), WICK_OK);
    CHECK(is_hex(word, "07080905000000060102030403" "11c000" "00000000000000000000ffffcb007107"));
    CHECK_STATUS(wick_endpoint_decode(&got, word), WICK_OK);
    CHECK(wick_addr_equal(&got.addr, &e.addr));
    CHECK_INT(got.protocol, 17);
    CHECK_INT(got.kind, WICK_ENDPOINT_RELAY);
    CHECK_INT(got.seq, 0x01020304);
    CHECK_INT(got.expires, 0x0500000006);
    CHECK_INT(got.validated_at_h, 0x070809);
    memset(word, 0, 32);
    CHECK_STATUS(wick_endpoint_decode(&got, word), WICK_E_NO_ENDPOINT);
}

TEST(impossible_endpoint_words)
{
    wick_endpoint e = endpoint(), got;
    uint8_t word[32], good[32];
    CHECK_STATUS(wick_endpoint_encode(good, &e), WICK_OK);
    e.seq = 0;
    CHECK_STATUS(wick_endpoint_encode(word, &e), WICK_E_RECORD_INVALID);
    e = endpoint();
    e.expires = 0;
    CHECK_STATUS(wick_endpoint_encode(word, &e), WICK_E_RECORD_INVALID);
    e.expires = UINT64_C(1) << 40;
    CHECK_STATUS(wick_endpoint_encode(word, &e), WICK_E_RECORD_INVALID);
    e = endpoint();
    e.validated_at_h = 1u << 24;
    CHECK_STATUS(wick_endpoint_encode(word, &e), WICK_E_RECORD_INVALID);
    CHECK(wick_ct_is_zero(word, 32));

    memcpy(word, good, 32);
    memset(word + 8, 0, 4); /* seq */
    CHECK_STATUS(wick_endpoint_decode(&got, word), WICK_E_RECORD_INVALID);
    memcpy(word, good, 32);
    memset(word + 3, 0, 5); /* expires */
    CHECK_STATUS(wick_endpoint_decode(&got, word), WICK_E_RECORD_INVALID);
}

/* The contract does not look at the place; whoever leaves a part out has no endpoint, and the
 * sender's encoder does not let that happen by mistake. */
TEST(incomplete_places)
{
    static const struct {
        uint8_t at, len;
    } parts[] = {{16, 16}, {14, 2}, {13, 1}, {12, 1}};
    wick_endpoint e = endpoint(), got;
    uint8_t word[32], good[32];
    CHECK_STATUS(wick_endpoint_encode(good, &e), WICK_OK);
    for (size_t i = 0; i < 4; i++) {
        memcpy(word, good, 32);
        memset(word + parts[i].at, 0, parts[i].len);
        CHECK_STATUS(wick_endpoint_decode(&got, word), WICK_OK);
        CHECK_INT(got.kind, WICK_ENDPOINT_WITHDRAWN);
        CHECK(got.addr.port == 0 && wick_ct_is_zero(got.addr.ip, 16) && got.protocol == 0);
        CHECK_STATUS(wick_endpoint_check(&got, 0, NOW), WICK_E_NO_ENDPOINT);
    }
    e.addr.port = 0;
    CHECK_STATUS(wick_endpoint_encode(word, &e), WICK_E_RECORD_INVALID);
    e = endpoint();
    e.protocol = 0;
    CHECK_STATUS(wick_endpoint_encode(word, &e), WICK_E_RECORD_INVALID);
    e = endpoint();
    memset(e.addr.ip, 0, 16);
    CHECK_STATUS(wick_endpoint_encode(word, &e), WICK_E_RECORD_INVALID);
    e = endpoint();
    e.kind = WICK_ENDPOINT_WITHDRAWN;
    CHECK_STATUS(wick_endpoint_encode(word, &e), WICK_E_RECORD_INVALID);
    memset(&e.addr, 0, sizeof e.addr);
    e.protocol = 0;
    CHECK_STATUS(wick_endpoint_encode(word, &e), WICK_OK); /* a true withdrawal */
    CHECK_STATUS(wick_endpoint_decode(&got, word), WICK_OK);
    CHECK_INT(got.kind, WICK_ENDPOINT_WITHDRAWN);
}

TEST(endpoint_rules)
{
    wick_endpoint e = endpoint();
    e.seq = 5;
    e.expires = NOW + 1;
    CHECK_STATUS(wick_endpoint_check(&e, 5, NOW), WICK_OK);
    CHECK_STATUS(wick_endpoint_check(&e, 6, NOW), WICK_E_RECORD_STALE);
    CHECK_STATUS(wick_endpoint_check(&e, 5, NOW + 1), WICK_E_RECORD_EXPIRED);
    e.protocol = WICK_PROTOCOL_TCP;
    CHECK_STATUS(wick_endpoint_check(&e, 0, NOW), WICK_OK);
    e.protocol = 132;
    CHECK_STATUS(wick_endpoint_check(&e, 0, NOW), WICK_E_UNSUPPORTED);
    e = endpoint();
    e.expires = NOW + 1;
    e.kind = 4;
    CHECK_STATUS(wick_endpoint_check(&e, 0, NOW), WICK_E_UNSUPPORTED);
    e.kind = WICK_ENDPOINT_WITHDRAWN;
    CHECK_STATUS(wick_endpoint_check(&e, 0, NOW), WICK_E_NO_ENDPOINT);
}

/* ---- manager and relay words ---- */

TEST(manager_words)
{
    uint8_t word[32] = {0};
    wick_manager m;
    CHECK_STATUS(wick_manager_decode(&m, word), WICK_E_RECORD_ABSENT);
    word[7] = 3;
    word[11] = 5;
    word[31] = 0xaa;
    CHECK_STATUS(wick_manager_decode(&m, word), WICK_OK);
    CHECK(m.org == 3 && m.epoch == 5 && m.address[19] == 0xaa);
    word[31] = 0;
    CHECK_STATUS(wick_manager_decode(&m, word), WICK_E_RECORD_INVALID);
    word[31] = 0xaa;
    word[11] = 0;
    CHECK_STATUS(wick_manager_decode(&m, word), WICK_E_RECORD_INVALID);
    word[11] = 5;
    word[6] = 1;
    CHECK_STATUS(wick_manager_decode(&m, word), WICK_E_RECORD_INVALID);
    CHECK_INT(m.epoch, 0);
}

TEST(relay_words)
{
    wick_addr at = wick_addr_v4(203, 0, 113, 5, 3478);
    uint8_t e[32], info[32] = {0}, zero[32] = {0}, bad[32];
    wick_relay r;
    uint32_t count;
    CHECK_STATUS(wick_relay_word(e, &at, WICK_PROTOCOL_UDP), WICK_OK);
    CHECK(is_hex(e, "00000000000000000000000003110d9600000000000000000000ffffcb007105"));
    wick_store_be32(info + 8, 0x01020302); /* checkedAt 24 | status 8 */
    info[31] = 0x55;
    CHECK_STATUS(wick_relay_decode(&r, e, info), WICK_OK);
    CHECK(wick_addr_equal(&r.addr, &at) && r.protocol == 17 && r.status == WICK_RELAY_APPROVED);
    CHECK(r.checked_at_h == 0x010203 && r.operator20[19] == 0x55);
    CHECK_STATUS(wick_relay_decode(&r, zero, zero), WICK_E_RECORD_ABSENT);
    CHECK_STATUS(wick_relay_decode(&r, e, zero), WICK_E_RECORD_INVALID);
    CHECK_STATUS(wick_relay_decode(&r, zero, info), WICK_E_RECORD_INVALID);
    for (size_t i = 0; i < 12; i++) { /* above the place; and with another kind */
        memcpy(bad, e, 32);
        bad[i] = 1;
        CHECK_STATUS(wick_relay_decode(&r, bad, info), WICK_E_RECORD_INVALID);
    }
    memcpy(bad, e, 32);
    bad[12] = WICK_ENDPOINT_DIRECT;
    CHECK_STATUS(wick_relay_decode(&r, bad, info), WICK_E_RECORD_INVALID);
    for (unsigned status = 0; status < 256; status = status == 0 ? 4 : status + 1) {
        memcpy(bad, info, 32);
        bad[11] = (uint8_t)status;
        CHECK_STATUS(wick_relay_decode(&r, e, bad), WICK_E_RECORD_INVALID);
    }
    memcpy(bad, info, 32);
    bad[31] = 0;
    CHECK_STATUS(wick_relay_decode(&r, e, bad), WICK_E_RECORD_INVALID);
    memcpy(bad, info, 32);
    bad[4] = 1;
    CHECK_STATUS(wick_relay_decode(&r, e, bad), WICK_E_RECORD_INVALID);
    CHECK_INT(r.status, 0);

    at.port = 0;
    CHECK_STATUS(wick_relay_word(e, &at, WICK_PROTOCOL_UDP), WICK_E_BAD_ARG);
    at.port = 1;
    CHECK_STATUS(wick_relay_word(e, &at, 0), WICK_E_BAD_ARG);
    CHECK(wick_ct_is_zero(e, 32));

    zero[31] = 7;
    CHECK_STATUS(wick_relay_count_decode(&count, zero), WICK_OK);
    CHECK_INT(count, 7);
    zero[31] = WICK_RELAYS_MAX;
    CHECK_STATUS(wick_relay_count_decode(&count, zero), WICK_OK);
    CHECK_INT(count, 255);
    zero[31] = 0;
    zero[30] = 1;
    CHECK_STATUS(wick_relay_count_decode(&count, zero), WICK_E_RECORD_INVALID);
    CHECK_INT(count, 0);
    zero[30] = 0;
    zero[27] = 1;
    CHECK_STATUS(wick_relay_count_decode(&count, zero), WICK_E_RECORD_INVALID);
    CHECK_INT(count, 0);
}

/* ---- one peer ---- */

TEST(peer_record)
{
    uint8_t id[32], service[32], slot[32];
    wick_peer_query q;
    wick_peer_record rec;
    wick_device d = device();
    wick_endpoint e = endpoint();
    hash(id, "gw-1");
    hash(service, WICK_SERVICE_DEFAULT);
    wick_peer_query_init(&q, id, service, true);
    CHECK_INT(q.count, 5);
    wick_slot_tls_key(slot, id, service);
    CHECK_MEM(q.slots[4], slot, 32);
    CHECK_STATUS(wick_peer_record_read(&rec, &q), WICK_E_RECORD_ABSENT);

    wick_peer_query_init(&q, id, service, false);
    CHECK_INT(q.count, 4);
    for (unsigned word = 0; word < 2; word++) {
        wick_slot_device(slot, id, word);
        CHECK_MEM(q.slots[word], slot, 32);
        wick_slot_endpoint(slot, id, service, word);
        CHECK_MEM(q.slots[2 + word], slot, 32);
    }
    CHECK_STATUS(wick_device_encode(q.values[0], q.values[1], &d), WICK_OK);
    CHECK_STATUS(wick_peer_record_read(&rec, &q), WICK_OK);
    CHECK(!rec.has_endpoint[0] && !rec.has_endpoint[1] && !rec.has_tls_key);
    CHECK(same_device(&rec.device, &d));
    CHECK_STATUS(wick_endpoint_encode(q.values[3], &e), WICK_OK);
    memset(q.values[4], 7, 32); /* not asked for */
    CHECK_STATUS(wick_peer_record_read(&rec, &q), WICK_OK);
    CHECK(!rec.has_endpoint[0] && rec.has_endpoint[1] && !rec.has_tls_key);
    CHECK_INT(rec.endpoint[1].seq, 0x01020304);
    q.count = 5;
    CHECK_STATUS(wick_peer_record_read(&rec, &q), WICK_OK);
    CHECK(rec.has_tls_key && rec.tls_key[31] == 7);
    /* The service's own key goes before the device's, and a point is no hash of an SPKI. */
    uint8_t pin[32];
    CHECK(wick_peer_tls_pin(pin, &rec));
    CHECK_MEM(pin, rec.tls_key, 32);
    rec.has_tls_key = false;
    CHECK(!wick_peer_tls_pin(pin, &rec));
    CHECK(wick_ct_is_zero(pin, sizeof pin));
    rec.device.key_type = WICK_KEY_TYPE_RSA2048;
    CHECK(wick_peer_tls_pin(pin, &rec));
    CHECK_MEM(pin, rec.device.key, 32);
    rec.device.key_type = WICK_KEY_TYPE_P256;
    CHECK(wick_peer_tls_pin(pin, &rec));
    CHECK_MEM(pin, rec.device.key, 32);

    memset(q.values[3] + 8, 0, 4);
    CHECK_STATUS(wick_peer_record_read(&rec, &q), WICK_E_RECORD_INVALID);
    CHECK_INT(rec.device.epoch, 0);
    d.flags |= WICK_DEVICE_FLAG_REVOKED;
    CHECK_STATUS(wick_device_encode(q.values[0], q.values[1], &d), WICK_OK);
    CHECK_STATUS(wick_peer_record_read(&rec, &q), WICK_E_RECORD_REVOKED);
    CHECK_INT(rec.device.epoch, 0x01020304);
    CHECK(!rec.has_endpoint[0] && !rec.has_endpoint[1]);
}

TAP_MAIN("unit.record", CASE(names), CASE(peer_references), CASE(slots),
         CASE(f1_concatenated_names_are_apart), CASE(device_words), CASE(impossible_device_words),
         CASE(public_keys), CASE(device_rules), CASE(endpoint_words),
         CASE(impossible_endpoint_words), CASE(incomplete_places), CASE(endpoint_rules),
         CASE(manager_words), CASE(relay_words), CASE(peer_record))
