/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HPKE against the published vectors of KEM 0x0016: modes 0..3, all AEADs, export. Each is run as
 * sender (with the vector's ephemeral secret as randomness) and as recipient.
 */
#include "tap.h"
#include "vectors.h"
#include "wick/hpke.h"
#include "wick/port/crypto.h"

static wick_crypto_ctx cc;
static wick_hal_crypto crypto;
static unsigned seen[4], exports, seals;

/* Randomness: the ephemeral secret of the vector. */
static uint8_t ephemeral[32];

static wick_status fill(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    if (len != sizeof ephemeral) {
        return WICK_E_ENTROPY;
    }
    memcpy(out, ephemeral, len);
    return WICK_OK;
}

static const wick_hal_entropy entropy = {NULL, fill};

static void compress(uint8_t pub33[33], const uint8_t pub65[65])
{
    pub33[0] = (uint8_t)(2 + (pub65[64] & 1));
    memcpy(pub33 + 1, pub65 + 1, 32);
}

/* Seals and opens by sequence number: the vectors name 0, 1, 2, 4, 255, 256. */
static void run_messages(wick_hpke *s, wick_hpke *r, const cJSON *list)
{
    uint8_t pt[64], aad[64], want[128], got[128], back[64];
    const cJSON *e = NULL;

    cJSON_ArrayForEach(e, list)
    {
        size_t pt_len = vectors_hex(pt, sizeof pt, e, "pt");
        size_t aad_len = vectors_hex(aad, sizeof aad, e, "aad");
        size_t ct_len = vectors_hex(want, sizeof want, e, "ct");
        int seq = vectors_int(e, "seq");
        REQUIRE(pt_len <= sizeof pt && aad_len <= sizeof aad && ct_len == pt_len + 16);
        while ((int)s->seq < seq) {
            CHECK_STATUS(wick_hpke_seal(s, got, wick_span_make(NULL, 0), wick_span_make(pt, 1)),
                         WICK_OK);
            CHECK_STATUS(wick_hpke_open(r, back, wick_span_make(NULL, 0),
                                        wick_span_make(got, 17)),
                         WICK_OK);
        }
        CHECK_STATUS(
            wick_hpke_seal(s, got, wick_span_make(aad, aad_len), wick_span_make(pt, pt_len)),
            WICK_OK);
        CHECK_MEM(got, want, ct_len);
        /* damaged first: the sequence must not move */
        want[0] ^= 1;
        CHECK_STATUS(wick_hpke_open(r, back, wick_span_make(aad, aad_len),
                                    wick_span_make(want, ct_len)),
                     WICK_E_AUTH);
        want[0] ^= 1;
        CHECK_STATUS(wick_hpke_open(r, back, wick_span_make(aad, aad_len),
                                    wick_span_make(want, ct_len)),
                     WICK_OK);
        CHECK_MEM(back, pt, pt_len);
        seals++;
    }
}

static void run_exports(const wick_hpke *s, const wick_hpke *r, const cJSON *list)
{
    uint8_t context[64], want[64], got[64];
    const cJSON *e = NULL;

    cJSON_ArrayForEach(e, list)
    {
        size_t context_len = vectors_hex(context, sizeof context, e, "exporter_context");
        size_t len = vectors_hex(want, sizeof want, e, "exported_value");
        REQUIRE(context_len <= sizeof context && len <= sizeof want);
        CHECK_INT(vectors_int(e, "L"), len);
        CHECK_STATUS(wick_hpke_export(s, got, len, wick_span_make(context, context_len)), WICK_OK);
        CHECK_MEM(got, want, len);
        CHECK_STATUS(wick_hpke_export(r, got, len, wick_span_make(context, context_len)), WICK_OK);
        CHECK_MEM(got, want, len);
        exports++;
    }
}

static void run_vector(const cJSON *v)
{
    uint8_t info[64], secret[32], pub65[65], recipient[33], sender[33], want_enc[33];
    uint8_t enc[33], psk[64], psk_id[64], key[32], nonce[12], exporter[32];
    wick_ram_keystore ram;
    wick_hal_keystore keystore;
    wick_key recipient_key, sender_key;
    wick_hpke s, r;
    wick_hpke_params p;

    wick_ram_keystore_init(&keystore, &ram, &cc);
    memset(&p, 0, sizeof p);
    p.mode = (wick_hpke_mode)vectors_int(v, "mode");
    p.aead = (unsigned)vectors_int(v, "aead_id");
    p.info = wick_span_make(info, vectors_hex(info, sizeof info, v, "info"));
    REQUIRE(vectors_hex(secret, 32, v, "skRm") == 32);
    REQUIRE_STATUS(wick_ram_keystore_import(&recipient_key, &ram, secret), WICK_OK);
    REQUIRE(vectors_hex(ephemeral, 32, v, "skEm") == 32);
    REQUIRE(vectors_hex(pub65, 65, v, "pkRm") == 65);
    compress(recipient, pub65);
    REQUIRE(vectors_hex(pub65, 65, v, "enc") == 65);
    compress(want_enc, pub65);
    if (p.mode == WICK_HPKE_PSK || p.mode == WICK_HPKE_AUTH_PSK) {
        p.psk = wick_span_make(psk, vectors_hex(psk, sizeof psk, v, "psk"));
        p.psk_id = wick_span_make(psk_id, vectors_hex(psk_id, sizeof psk_id, v, "psk_id"));
    }
    wick_hpke_params at_sender = p;
    if (p.mode == WICK_HPKE_AUTH || p.mode == WICK_HPKE_AUTH_PSK) {
        REQUIRE(vectors_hex(secret, 32, v, "skSm") == 32);
        REQUIRE_STATUS(wick_ram_keystore_import(&sender_key, &ram, secret), WICK_OK);
        REQUIRE(vectors_hex(pub65, 65, v, "pkSm") == 65);
        compress(sender, pub65);
        p.sender_pub = sender;
        at_sender.sender_pub = sender;
        at_sender.sender_key = sender_key;
        at_sender.sender_keystore = &keystore;
    }
    REQUIRE_STATUS(wick_hpke_setup_sender(&s, enc, &crypto, &entropy, recipient, &at_sender),
                   WICK_OK);
    CHECK_MEM(enc, want_enc, 33);
    REQUIRE_STATUS(
        wick_hpke_setup_recipient(&r, &crypto, &keystore, recipient, enc, &p, recipient_key),
        WICK_OK);
    if (p.aead != WICK_HPKE_EXPORT_ONLY) {
        size_t key_len = vectors_hex(key, sizeof key, v, "key");
        REQUIRE(key_len <= sizeof key && vectors_hex(nonce, 12, v, "base_nonce") == 12);
        CHECK_MEM(s.key, key, key_len);
        CHECK_MEM(s.base_nonce, nonce, 12);
    }
    REQUIRE(vectors_hex(exporter, 32, v, "exporter_secret") == 32);
    CHECK_MEM(s.exporter, exporter, 32);
    run_messages(&s, &r, cJSON_GetObjectItemCaseSensitive(v, "encryptions"));
    run_exports(&s, &r, cJSON_GetObjectItemCaseSensitive(v, "exports"));
    wick_hpke_wipe(&s);
    wick_hpke_wipe(&r);
    seen[p.mode]++;
}

static void use(const cJSON *root)
{
    const cJSON *v = NULL;
    cJSON_ArrayForEach(v, root)
    {
        int mode = vectors_int(v, "mode");
        if (vectors_int(v, "kem_id") == 0x0016 && vectors_int(v, "kdf_id") == 1 && mode >= 0 &&
            mode <= 3) {
            run_vector(v);
        }
    }
}

TEST(must_21_kem_0016_all_modes)
{
    REQUIRE_STATUS(wick_crypto_init(&crypto, &cc), WICK_OK);
    if (vectors_each("exporter_secret", use) == 0) {
        SKIP("no HPKE vectors below WICK_VECTORS_DIR");
    }
    for (int mode = 0; mode < 4; mode++) {
        CHECK(seen[mode] >= 3);
    }
    CHECK(exports >= 36 && seals >= 72);
}

TAP_MAIN("vectors.hpke", CASE(must_21_kem_0016_all_modes))
