/* SPDX-License-Identifier: Apache-2.0 */
/* MESSAGE-INTEGRITY, TURN's long-term key, and the messages about paths of a session. */
#include "ct.h"
#include "wick/direct.h"
#include "wick/hmac.h"
#include "wick/port/crypto.h"
#include "wick/stun.h"
#include "wick/turn.h"

static wick_crypto_ctx cc;
static wick_hal_crypto crypto;

static wick_span text(const char *s)
{
    return wick_span_make((const uint8_t *)s, strlen(s));
}

static void setup(void)
{
    CHECK_STATUS(wick_crypto_init(&crypto, &cc), WICK_OK);
    ct_border(&crypto, NULL);
    ct_macs_are_public = true; /* every MAC here is an attribute of a message */
    ct_opened_is_secret = false; /* addresses, which are sealed but guide what is done with them */
    (void)ct_reports();
}

static void integrity(wick_hash_alg alg)
{
    static const uint8_t tid[12] = {1, 2, 3};
    uint8_t password[22] = "VOkJxbRl1RmTxUk/WvJxB", key[WICK_TURN_KEY_BYTES], out[160];
    wick_hmac_key mac;
    wick_stun_build s;
    wick_stun_msg m;

    setup();
    SECRET(password, sizeof password);
    CHECK_STATUS(wick_turn_key(key, &crypto, text("user"), text("realm"),
                               wick_span_make(password, sizeof password)),
                 WICK_OK);
    CHECK_INT(ct_secret_bytes(key, sizeof key), sizeof key);
    CHECK_STATUS(wick_hmac_key_init(&mac, &crypto, alg, wick_span_make(key, sizeof key)), WICK_OK);
    wick_buf b = wick_buf_make(out, sizeof out);
    wick_stun_begin(&s, &b, WICK_STUN_BINDING, WICK_STUN_REQUEST, tid);
    wick_stun_put(&s, WICK_STUN_USERNAME, text("user"));
    if (alg == WICK_HASH_SHA256) {
        wick_stun_put_integrity_sha256(&s, &mac);
    } else {
        wick_stun_put_integrity(&s, &mac);
    }
    wick_stun_put_fingerprint(&s);
    REQUIRE_STATUS(wick_stun_end(&s), WICK_OK);
    CONSTANT_TIME();
    /* the check computes a MAC that is secret until it is found equal */
    ct_macs_are_public = false;
    for (unsigned wrong = 0; wrong < 3; wrong++) {
        out[wrong == 1 ? 25 : b.len - 9] ^= wrong == 0 ? 0 : 1; /* the name, the MAC's last byte */
        REQUIRE_STATUS(wick_stun_decode(&m, wick_buf_span(&b)), WICK_OK);
        CHECK_STATUS(alg == WICK_HASH_SHA256 ? wick_stun_check_integrity_sha256(&m, &mac)
                                             : wick_stun_check_integrity(&m, &mac),
                     wrong == 0 ? WICK_OK : WICK_E_STUN_INTEGRITY);
        out[wrong == 1 ? 25 : b.len - 9] ^= wrong == 0 ? 0 : 1;
    }
    CONSTANT_TIME();
    wick_hmac_key_wipe(&mac);
    CHECK_INT(ct_secret_bytes(&mac, sizeof mac), 0);
}

TEST(message_integrity)
{
    integrity(WICK_HASH_SHA1);
    integrity(WICK_HASH_SHA256);
}

TEST(paths_of_a_session)
{
    const wick_direct_candidate list[2] = {
        {wick_addr_v4(203, 0, 113, 7, 40000), WICK_DIRECT_REFLEXIVE},
        {wick_addr_v4(192, 0, 2, 1, 50000), WICK_DIRECT_HOST}};
    uint8_t name[WICK_DIRECT_NAME_BYTES], bytes[WICK_DIRECT_MAX_BYTES];
    wick_direct_keys keys;
    wick_direct_msg m;
    wick_session session;

    setup();
    memset(&session, 0, sizeof session);
    session.role = WICK_ROLE_INITIATOR;
    SECRET(session.root, sizeof session.root);
    ct_macs_are_public = false;
    CHECK_STATUS(wick_direct_keys_derive(&keys, &crypto, &session, WICK_ROLE_INITIATOR), WICK_OK);
    CHECK_STATUS(wick_direct_name(name, &crypto, &session), WICK_OK);
    CHECK_INT(ct_secret_bytes(name, sizeof name), 0);
    CHECK_INT(ct_secret_bytes(keys.mac, sizeof keys.mac), sizeof keys.mac);
    CHECK_INT(ct_secret_bytes(keys.seal, sizeof keys.seal), sizeof keys.seal);
    PUBLIC(keys.tid, sizeof keys.tid); /* both are sent in clear */
    PUBLIC(keys.cid, sizeof keys.cid);
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    ct_macs_are_public = true;
    CHECK_STATUS(wick_direct_request(&b, &crypto, &keys, name, 0x20, list, 2), WICK_OK);
    ct_macs_are_public = false;
    for (unsigned wrong = 0; wrong < 3; wrong++) {
        /* another key, in its first bit or in its last; then the right one again */
        keys.mac[wrong == 0 ? 0 : 31] ^= wrong < 2 ? 0x80 : 0;
        CHECK_STATUS(wick_direct_read(&m, wick_buf_span(&b)), WICK_OK);
        CHECK(wick_direct_is_named(&m, name));
        CHECK_STATUS(wick_direct_open(&m, &crypto, &keys),
                     wrong < 2 ? WICK_E_STUN_INTEGRITY : WICK_OK);
        keys.mac[wrong == 0 ? 0 : 31] ^= wrong < 2 ? 0x80 : 0;
    }
    CHECK_INT(m.count, 2);
    CONSTANT_TIME();
}

CT_MAIN("ct.stun", CASE(message_integrity), CASE(paths_of_a_session))
