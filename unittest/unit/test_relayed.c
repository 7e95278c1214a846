/* SPDX-License-Identifier: Apache-2.0 */
/* core/registry: calls that others send and attestations, against what Foundry's cast makes of the
 * same types; and what the rules of lists and signatures refuse. */
#include "wick/relayed.h"

#include "tap.h"
#include "wick/calldata.h"
#include "wick/hal/keystore.h"
#include "wick/port/crypto.h"
#include "wick/record.h"

#define ORG "5a45a2c4696a359dfa0e723a4cf93e10521e9ee16b772a626834482343dc282c"
#define ID "b56fe408a807522347a064aab1eb9dd2cfc5bc88df67bb0ff3f5d3b6ef4ac4fd"
#define SERVICE "cfee7c08a98f4b565d124c7e4e28acc52e1bc780e3887db0a02a7d2d5bc66728"
#define KEY "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
#define WORD "62357b294ca756256b576c5da68950c49d0d1823063551ffdcc1dad9d65a07a6"
#define OWNER "71c7656ec7ab88b098defb751b7401b5f6d8976f"
#define Z24 "000000000000000000000000000000000000000000000000"
#define OWNER_WORD "000000000000000000000000" OWNER

static uint8_t org[32], id[32], service[32], key[32], word[32], owner[20], members[2][20];
static wick_registry_domain domain;
static wick_crypto_ctx crypto_ctx;
static wick_hal_crypto crypto;
static wick_attestation attestations[2];
static wick_relayed call;

static void unhex(uint8_t *out, size_t len, const char *hex)
{
    CHECK_STATUS(wick_hex_decode(out, len, hex, 2 * len), WICK_OK);
}

static bool is_hex(const uint8_t got[32], const char *hex)
{
    uint8_t want[32];
    unhex(want, 32, hex);
    return memcmp(got, want, 32) == 0;
}

static void setup(void)
{
    CHECK_STATUS(wick_crypto_init(&crypto, &crypto_ctx), WICK_OK);
    domain.chain_id = 31337;
    unhex(domain.contract, 20, "5fbdb2315678afecb367f032d93f642f64180aa3");
    unhex(org, 32, ORG);
    unhex(id, 32, ID);
    unhex(service, 32, SERVICE);
    unhex(key, 32, KEY);
    unhex(word, 32, WORD);
    unhex(owner, 20, OWNER);
    memset(members[0], 0x11, 20);
    memcpy(members[1], owner, 20);
    memset(attestations, 0, sizeof attestations);
    for (unsigned i = 0; i < 2; i++) {
        attestations[i].position = (uint8_t)i;
        attestations[i].checked_at = 1800000000 + i;
        memcpy(attestations[i].r, i == 0 ? word : key, 32);
        memcpy(attestations[i].vs, i == 0 ? key : word, 32);
    }
    memset(&call, 0, sizeof call);
    memcpy(call.id, id, 32);
    memcpy(call.service, service, 32);
    memcpy(call.word, word, 32);
    memcpy(call.owner, owner, 20);
    call.epoch = 7;
    call.deadline = 1800003600;
    call.index = 1;
    call.key_type = WICK_KEY_TYPE_SECP256K1;
    call.flags = WICK_DEVICE_FLAG_ODD;
    call.proof.members = (const uint8_t (*)[20])members;
    call.proof.member_count = 2;
    call.proof.attestations = attestations;
    call.proof.attestation_count = 2;
}

static uint8_t bytes[WICK_CALLDATA_ATTESTED_BYTES(2, 2) + 32];

static wick_buf fresh(void)
{
    memset(bytes, 0xee, sizeof bytes);
    return wick_buf_make(bytes, sizeof bytes);
}

static bool is(const wick_buf *b, const char *hex)
{
    static uint8_t want[sizeof bytes];
    const size_t len = wick_span_text(hex).len;
    return wick_buf_status(b) == WICK_OK && b->len == len / 2 && len / 2 <= sizeof want &&
           wick_hex_decode(want, len / 2, hex, len) == WICK_OK &&
           memcmp(want, b->ptr, b->len) == 0;
}

TEST(digests)
{
    static const char *const want[] = {
        NULL,
        "028cd0d9a14fd3c07ae42cd4f656b238699fb4b84a0f0722921d55b55d0c54a7", /* Publish */
        "e25282eb5586510dca319bf9503f91da5fabfb27c1c91778fb5ca05da88606f4", /* PublishAttested */
        "f693cbe9ac0e7789f3c30186a24585a9b514f1def326ae1cbbd128d93f4af631", /* Rotate */
        "84ae85a287b839408e0fa4645a1c59ed3192378831d531c5f4d8072833ede6e3", /* Revoke */
        "47929ec1f9b8af4c8c3638b64239f98aac8a758d6a307ee440114f36bb3d683d", /* Transfer */
        "213f93e8d612b68dabbc04180e31f67ba232c2070c74af0b319f8c834ec0bb0b", /* Claim */
        "c823e0b5d51ecac8770bd99a43f9f671b6162b68c37bd873bfdc9e97738cf7a6", /* TlsKey */
        "f0babde1ffb1b5b9bd34faf954e95503d39cb8561ab1f39faa1809da9821bf3f", /* LeafRoot */
    };
    uint8_t digest[32];
    setup();
    for (uint8_t kind = WICK_RELAYED_PUBLISH; kind <= WICK_RELAYED_LEAF_ROOT; kind++) {
        call.kind = kind;
        wick_relayed_digest(digest, &domain, &call);
        CHECK(is_hex(digest, want[kind]));
    }
    call.kind = 0;
    wick_relayed_digest(digest, &domain, &call);
    CHECK(wick_ct_is_zero(digest, 32));
    call.kind = WICK_RELAYED_LEAF_ROOT + 1;
    wick_relayed_digest(digest, &domain, &call);
    CHECK(wick_ct_is_zero(digest, 32));

    wick_attest a;
    memset(&a, 0, sizeof a);
    memcpy(a.id, id, 32);
    memcpy(a.key, key, 32);
    memcpy(a.service, service, 32);
    memcpy(a.endpoint, word, 32);
    a.epoch = 7;
    a.checked_at = 1800000000;
    wick_attest_digest(digest, &domain, &a);
    CHECK(is_hex(digest, "3f0268576173f8da6af9446b822aa74f9897d79c8560f56c633bf861ac371947"));
}

TEST(relayed_calls)
{
    static const char *const want[] = {
        NULL,
        /* publishFor */
        "472d5752" ID SERVICE
        "000000000000000000000000000000000000000100000007000000006b49e010" WORD WORD
        SERVICE,
        /* publishAttestedFor */
        "d83b16d4" "000000000000000000000000000000000000000100000007000000006b49e010"
        WORD ID SERVICE WORD SERVICE "00000003" "006b49d200"
        "62357b294ca756256b576c5da68950c49d0d1823063551ffdcc1dad9d65a07a6"
        "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798" "006b49d201"
        "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
        "62357b294ca756256b576c5da68950c49d0d1823063551ffdcc1dad9d65a07a6",
        /* rotateFor */
        "e22414ec" ID
        "0000000007000000000001020000000000000000000000000000000000000000"
        Z24 "000000006b49e010" WORD WORD SERVICE,
        /* revokeFor */
        "cd9e8f29" ID WORD SERVICE Z24 "0000000000000007" Z24 "000000006b49e010",
        /* transferOwnerFor */
        "e9c1ac88" ID
        "000000000000000000000000000000000000000000000007000000006b49e010" OWNER_WORD
        WORD SERVICE,
        /* claimOwnerFor */
        "f3054e6d" ID Z24 "000000006b49e010" Z24 "0000000000000007" WORD SERVICE,
        /* setTlsKeyFor */
        "d08f0a7d" ID SERVICE
        "000000000000000000000000000000000000000000000007000000006b49e010" WORD WORD
        SERVICE,
        /* setLeafRootFor */
        "df63c5b6" ID
        "000000000000000000000000000000000000000000000007000000006b49e010" WORD WORD
        SERVICE,
    };
    setup();
    for (uint8_t kind = WICK_RELAYED_PUBLISH; kind <= WICK_RELAYED_LEAF_ROOT; kind++) {
        wick_buf b = fresh();
        call.kind = kind;
        wick_calldata_relayed(&b, &call, word, service);
        CHECK(is(&b, want[kind]));
        CHECK(kind == WICK_RELAYED_PUBLISH_ATTESTED
                  ? b.len <= WICK_CALLDATA_ATTESTED_BYTES(2, 2)
                  : b.len <= WICK_CALLDATA_RELAYED_MAX);
    }
    for (unsigned kind = 0; kind < 256; kind += 9) {
        wick_buf b = fresh();
        call.kind = (uint8_t)kind;
        wick_calldata_relayed(&b, &call, word, service);
        wick_calldata_direct(&b, &call);
        CHECK_INT(b.len, 0);
    }
}

/* The way back: of each call one encoding, and whatever else there is in a bit of it is refused or another
 * call's. */
TEST(relayed_calls_are_read)
{
    uint8_t r[32], vs[32], kept[sizeof bytes], again[sizeof bytes];
    wick_relayed got;
    wick_span proof;
    setup();
    for (uint8_t kind = WICK_RELAYED_PUBLISH; kind <= WICK_RELAYED_LEAF_ROOT; kind++) {
        wick_buf b = fresh(), c = wick_buf_make(again, sizeof again);
        const bool attested = kind == WICK_RELAYED_PUBLISH_ATTESTED;
        const size_t head = attested ? 4 + 6 * 32 : sizeof bytes;
        call.kind = kind;
        wick_calldata_relayed(&b, &call, word, service);
        REQUIRE_STATUS(wick_relayed_decode(&got, &proof, r, vs, wick_buf_span(&b)), WICK_OK);
        CHECK(got.kind == kind && got.epoch == 7 && got.deadline == 1800003600);
        CHECK_MEM(got.id, id, 32);
        CHECK_MEM(r, word, 32);
        CHECK_MEM(vs, service, 32);
        CHECK_INT(proof.len, attested ? 4 + 2 * WICK_ATTESTATION_BYTES : 0);
        got.proof = call.proof;
        wick_calldata_relayed(&c, &got, r, vs);
        CHECK(c.len == b.len && memcmp(again, bytes, b.len) == 0);
        for (size_t len = 0; len < b.len; len++) {
            wick_status s = wick_relayed_decode(&got, &proof, r, vs, wick_span_make(bytes, len));
            CHECK_STATUS(s, len < 4 ? WICK_E_UNSUPPORTED : WICK_E_TRUNCATED);
            CHECK(wick_ct_is_zero((const uint8_t *)&got, sizeof got));
        }
        memcpy(kept, bytes, sizeof kept);
        CHECK_STATUS(wick_relayed_decode(&got, &proof, r, vs, wick_span_make(kept, b.len + 1)),
                     WICK_E_TRAILING);
        for (size_t bit = 0; bit < 8 * b.len; bit++) {
            kept[bit / 8] ^= (uint8_t)(1u << (bit % 8));
            if (wick_relayed_decode(&got, &proof, r, vs, wick_span_make(kept, b.len)) == WICK_OK) {
                c.len = 0;
                got.proof = call.proof;
                wick_calldata_relayed(&c, &got, r, vs);
                CHECK(memcmp(again, kept, b.len < head ? b.len : head) == 0);
            }
            kept[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        }
    }
}

TEST(own_calls)
{
    static const struct {
        uint8_t kind;
        const char *want;
    } calls[] = {
        {WICK_RELAYED_PUBLISH_ATTESTED,
         "397e3242" "0000000000000000000000000000000000000001000000070000000000000000"
         WORD ID SERVICE "00000003" "006b49d200"
        "62357b294ca756256b576c5da68950c49d0d1823063551ffdcc1dad9d65a07a6"
        "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798" "006b49d201"
        "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
        "62357b294ca756256b576c5da68950c49d0d1823063551ffdcc1dad9d65a07a6"},
        {WICK_RELAYED_REVOKE, "b75c7dc6" ID},
        {WICK_RELAYED_TRANSFER_OWNER,
         "efd723d6" ID OWNER_WORD Z24 "0000000000000007"},
        {WICK_RELAYED_CLAIM_OWNER,
         "cb100fad" ID Z24 "0000000000000007"},
        {WICK_RELAYED_TLS_KEY,
         "d9d7e88f" ID Z24 "0000000000000007" SERVICE WORD},
        {WICK_RELAYED_LEAF_ROOT,
         "f5b7d0e4" ID Z24 "0000000000000007" WORD},
    };
    uint8_t other[WICK_CALLDATA_PUBLISH_BYTES];
    setup();
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        wick_buf b = fresh();
        call.kind = calls[i].kind;
        wick_calldata_direct(&b, &call);
        CHECK(is(&b, calls[i].want));
    }
    wick_buf b = fresh(), c = wick_buf_make(other, sizeof other);
    call.kind = WICK_RELAYED_PUBLISH;
    wick_calldata_direct(&b, &call);
    wick_calldata_publish(&c, id, service, 1, 7, word);
    CHECK(b.len == c.len && memcmp(b.ptr, c.ptr, c.len) == 0);
    b = fresh();
    c = wick_buf_make(other, sizeof other);
    call.kind = WICK_RELAYED_ROTATE;
    wick_calldata_direct(&b, &call);
    wick_calldata_rotate(&c, id, 7, WICK_KEY_TYPE_SECP256K1, WICK_DEVICE_FLAG_ODD, word);
    CHECK(b.len == c.len && memcmp(b.ptr, c.ptr, c.len) == 0);
}

/* Who did not sign stands there with his address; attestations out of order are not sent. */
TEST(attestations_in_a_call)
{
    static const char first[] =
        "00000001" "006b49d200"
        "62357b294ca756256b576c5da68950c49d0d1823063551ffdcc1dad9d65a07a6"
        "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
        "71c7656ec7ab88b098defb751b7401b5f6d8976f";
    static const char second[] =
        "00000002" "1111111111111111111111111111111111111111" "ff6b49d201"
        "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
        "62357b294ca756256b576c5da68950c49d0d1823063551ffdcc1dad9d65a07a6";
    setup();
    wick_buf b = fresh();
    call.proof.attestation_count = 1;
    wick_calldata_put_attest_proof(&b, &call.proof);
    CHECK(is(&b, first));
    call.proof.attestations = attestations + 1;
    attestations[1].checked_at = UINT64_C(0xff6b49d201);
    b = fresh();
    wick_calldata_put_attest_proof(&b, &call.proof);
    CHECK(is(&b, second));
    attestations[0].position = 1;
    attestations[1].position = 0;
    call.proof.attestations = attestations;
    call.proof.attestation_count = 2;
    b = fresh();
    wick_calldata_put_attest_proof(&b, &call.proof);
    CHECK_INT(b.len, 4 + 20 + WICK_ATTESTATION_BYTES);
    attestations[0].position = 2; /* of nobody's */
    call.proof.attestation_count = 1;
    b = fresh();
    wick_calldata_put_attest_proof(&b, &call.proof);
    CHECK_INT(b.len, 4 + 2 * 20);
    CHECK_INT(WICK_CALLDATA_ATTESTED_BYTES(2, 1), 4 + 6 * 32 + 4 + 20 + WICK_ATTESTATION_BYTES);
}

TEST(batches)
{
    static const uint8_t odd[3] = {0x11, 0x22, 0x33};
    uint8_t revoke[36], topic[32];
    wick_span items[2];
    setup();
    wick_buf one = wick_buf_make(revoke, sizeof revoke);
    wick_calldata_revoke(&one, id);
    items[0] = wick_buf_span(&one);
    items[1] = wick_span_make(odd, sizeof odd);
    wick_buf b = fresh();
    wick_calldata_batch(&b, items, 2);
    CHECK(is(&b,
        "f3c35b04" Z24 "0000000000000020" Z24 "0000000000000002"
        Z24 "0000000000000040" Z24 "00000000000000a0" Z24 "0000000000000024"
        "b75c7dc6b56fe408a807522347a064aab1eb9dd2cfc5bc88df67bb0ff3f5d3b6"
        "ef4ac4fd00000000000000000000000000000000000000000000000000000000"
        Z24 "0000000000000003"
        "1122330000000000000000000000000000000000000000000000000000000000"));
    b = fresh();
    wick_calldata_list(&b, items, 2);
    CHECK(is(&b, "d53e826c" "0000000000000000000000000000000000000000000000000000000000000020" 
                 "000000000000000000000000000000000000000000000000000000000000002b" 
                 "0024b75c7dc6b56fe408a807522347a064aab1eb9dd2cfc5bc88df67bb0ff3f5" 
                 "d3b6ef4ac4fd0003112233000000000000000000000000000000000000000000"));
    CHECK_INT(b.len, WICK_CALLDATA_LIST_BYTES(1, 37));
    wick_refused_topic(topic);
    CHECK(is_hex(topic, "a1f9016dc40d0ca6607b7721b28e97b8446fa6849437d3944b48f3b8cb1c2440"));
}

TEST(organisations)
{
    setup();
    wick_buf b = fresh();
    wick_calldata_set_attestors(&b, org, service, 2, (const uint8_t (*)[20])members, 2);
    CHECK(is(&b,
        "e5c84f28" Z24 "0000000000000080" Z24 "0000000000000002" ORG SERVICE
        Z24 "0000000000000028"
        "111111111111111111111111111111111111111171c7656ec7ab88b098defb75"
        "1b7401b5f6d8976f000000000000000000000000000000000000000000000000"));
    b = fresh();
    wick_calldata_set_attestors(&b, org, service, 0, NULL, 0);
    CHECK_INT(b.len, 4 + 5 * 32);
    b = fresh();
    wick_calldata_admit(&b, org, owner, owner, 5);
    CHECK(is(&b,
        "f25e0f4d" ORG OWNER_WORD OWNER_WORD Z24 "0000000000000005"));
    b = fresh();
    wick_calldata_offer_admin(&b, org, owner);
    CHECK(is(&b,
        "d44e02f6" ORG OWNER_WORD));
    b = fresh();
    wick_calldata_take_admin(&b, org);
    CHECK(is(&b, "da78ff3c" ORG));
    b = fresh();
    wick_calldata_revoke_as_org(&b, id, 7);
    CHECK(is(&b,
        "eebab6b3" ID Z24 "0000000000000007"));
    b = fresh();
    wick_calldata_recover(&b, owner, id, 7);
    CHECK(is(&b,
        "ef060548" OWNER_WORD ID Z24 "0000000000000007"));
}

TEST(relays)
{
    static const uint8_t info[32] = {0, 0, 0, 0, 0, 'D', 'E', 5};
    uint8_t realm[32] = "relay.example", zero[32] = {0};
    wick_relay_details d;
    setup();
    wick_buf b = fresh();
    CHECK_STATUS(wick_calldata_relay_register_with(&b, word, 5, "DE", wick_span_text("relay.example")),
                 WICK_OK);
    CHECK(is(&b, "630cef10" WORD Z24 "0000000000000005"
                 "4445000000000000" Z24
                 "72656c61792e6578616d706c65"
                 "00000000000000000000000000000000000000"));
    b = fresh();
    CHECK_STATUS(wick_calldata_relay_register_with(&b, word, 0, NULL, wick_span_text("")), WICK_OK);
    CHECK_INT(b.len, 4 + 4 * 32);
    b = fresh();
    wick_calldata_relay_vacate(&b, 9);
    CHECK(is(&b, "9fb3f476" Z24 "0000000000000009"));
    b = fresh();
    wick_calldata_relay_collect(&b);
    CHECK(is(&b, "e5225381"));
    wick_slot_relay_owed(realm, owner);
    CHECK(is_hex(realm, "43b6ff9b12c1ea63c16eb4db2835df1ff70e6f4942c318a8a7c9941a2902874b"));
    wick_slot_relay_vacant(realm);
    CHECK(is_hex(realm, "0000000000000000000000000000000000000000000000000000000000000008"));
    memset(realm, 0, sizeof realm);
    memcpy(realm, "relay.example", 13);
    b = fresh();
    CHECK_STATUS(wick_calldata_relay_register_with(&b, word, 16, "DE", wick_span_text("a")),
                 WICK_E_BAD_ARG);
    CHECK_STATUS(wick_calldata_relay_register_with(&b, word, 1, "de", wick_span_text("a")),
                 WICK_E_BAD_ARG);
    CHECK_STATUS(wick_calldata_relay_register_with(&b, word, 1, "DEU", wick_span_text("a")),
                 WICK_E_BAD_ARG);
    CHECK_STATUS(wick_calldata_relay_register_with(&b, word, 1, "DE", wick_span_text("a b")),
                 WICK_E_BAD_ARG);
    CHECK_STATUS(wick_calldata_relay_register_with(&b, word, 1, "DE", wick_span_make(bytes, 33)),
                 WICK_E_BAD_ARG);
    CHECK_INT(b.len, 0);
    wick_relay_details_decode(&d, info, realm);
    CHECK(memcmp(d.region, "DE", 3) == 0 && memcmp(d.realm, "relay.example", 14) == 0);
    CHECK_INT(d.transports, 5);
    realm[20] = 'x'; /* text behind zeros */
    wick_relay_details_decode(&d, zero, realm);
    CHECK(d.region[0] == 0 && d.realm[0] == 0 && d.transports == 0);
}

TEST(slots)
{
    uint8_t slot[32];
    setup();
    wick_slot_attestors(slot, 3, service);
    CHECK(is_hex(slot, "ba5a64c5c51cce3d9fe8c5c984252b0a85008941dc13dc4ec87e9c30e1b3d0ca"));
    wick_slot_leaf_root(slot, id);
    CHECK(is_hex(slot, "8975a90cb5027c0d9f810886381f1121dd3c5cda340945a39240ae55929f2769"));
    wick_slot_offer(slot, id);
    CHECK(is_hex(slot, "381aa446c4ae2264522397b35361263344fcd11f2b88a62590a05b57e3613623"));
    wick_slot_admin_offer(slot, org);
    CHECK(is_hex(slot, "efeb45570789aa9fa803ac38650a07132f9e947537b61adc77c893b77fa9fa91"));
}

TEST(attestor_word)
{
    uint8_t w[32], three[3][20];
    wick_attestors set;
    const uint8_t (*list)[20] = (const uint8_t (*)[20])members;
    setup();
    CHECK_STATUS(wick_attestors_encode(w, 2, list, 2), WICK_OK);
    CHECK(is_hex(w, "c78997431f3967a0ed9d7659e90fbba17cc834a8f5162850538623243966" "0202"));
    CHECK_STATUS(wick_attestors_decode(&set, w), WICK_OK);
    CHECK(set.threshold == 2 && set.count == 2);
    CHECK_STATUS(wick_attestors_match(&set, list, 2), WICK_OK);
    CHECK_STATUS(wick_attestors_match(&set, list, 1), WICK_E_RECORD_STALE);
    members[0][3] ^= 1;
    CHECK_STATUS(wick_attestors_match(&set, list, 2), WICK_E_RECORD_STALE);
    members[0][3] ^= 1;
    /* thresholds */
    CHECK_STATUS(wick_attestors_encode(w, 0, list, 2), WICK_E_BAD_ARG);
    CHECK(wick_ct_is_zero(w, 32));
    CHECK_STATUS(wick_attestors_encode(w, 3, list, 2), WICK_E_BAD_ARG);
    CHECK_STATUS(wick_attestors_encode(w, 0, NULL, 0), WICK_OK);
    CHECK_STATUS(wick_attestors_decode(&set, w), WICK_E_RECORD_ABSENT);
    /* order */
    memcpy(three, members, 40);
    memcpy(three[2], members[1], 20);
    CHECK_STATUS(wick_attestors_encode(w, 1, (const uint8_t (*)[20])three, 3), WICK_E_BAD_ARG);
    memset(three[2], 0x10, 20);
    CHECK_STATUS(wick_attestors_encode(w, 1, (const uint8_t (*)[20])three, 3), WICK_E_BAD_ARG);
    memset(three[0], 0, 20);
    CHECK_STATUS(wick_attestors_encode(w, 1, (const uint8_t (*)[20])three, 1), WICK_E_BAD_ARG);
    /* words that no contract writes */
    CHECK_STATUS(wick_attestors_encode(w, 2, list, 2), WICK_OK);
    w[31] = 0;
    CHECK_STATUS(wick_attestors_decode(&set, w), WICK_E_RECORD_INVALID);
    w[31] = 3;
    CHECK_STATUS(wick_attestors_decode(&set, w), WICK_E_RECORD_INVALID);
    w[30] = 33;
    CHECK_STATUS(wick_attestors_decode(&set, w), WICK_E_RECORD_INVALID);
    CHECK(set.count == 0);
}

/* A signature counts for its own digest, kind, chain and contract; high s for none. */
TEST(signers)
{
    static wick_ram_keystore store;
    wick_hal_keystore keys;
    wick_key handle;
    uint8_t secret[32], digest[32], sig[64], recid, r[32], vs[32], who[20], got[20];
    setup();
    wick_ram_keystore_init(&keys, &store, &crypto_ctx);
    unhex(secret, 32, "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d");
    unhex(who, 20, "70997970c51812dc3a010c7d01b50e0d17dc79c8");
    CHECK_STATUS(wick_ram_keystore_import(&handle, &store, secret), WICK_OK);
    call.kind = WICK_RELAYED_PUBLISH;
    wick_relayed_digest(digest, &domain, &call);
    CHECK_STATUS(keys.secp256k1_sign(keys.ctx, sig, &recid, handle, digest), WICK_OK);
    CHECK_STATUS(wick_signature_compact(r, vs, sig, recid), WICK_OK);
    CHECK_STATUS(wick_relayed_signer(got, &crypto, &domain, &call, r, vs), WICK_OK);
    CHECK_MEM(got, who, 20);
#define CHECK_OTHER()                                                                              \
    CHECK(wick_relayed_signer(got, &crypto, &domain, &call, r, vs) != WICK_OK ||                   \
          memcmp(got, who, 20) != 0)
    call.kind = WICK_RELAYED_PUBLISH_ATTESTED;
    CHECK_OTHER();
    call.kind = WICK_RELAYED_PUBLISH;
    call.epoch++;
    CHECK_OTHER();
    call.epoch--;
    call.index ^= 1;
    CHECK_OTHER();
    call.index ^= 1;
    call.deadline++;
    CHECK_OTHER();
    call.deadline--;
    domain.chain_id++;
    CHECK_OTHER();
    domain.chain_id--;
    domain.contract[19] ^= 1;
    CHECK_OTHER();
    domain.contract[19] ^= 1;
    call.kind = 9;
    CHECK_STATUS(wick_relayed_signer(got, &crypto, &domain, &call, r, vs), WICK_E_BAD_ARG);
    call.kind = WICK_RELAYED_PUBLISH;
    memset(vs, 0xff, sizeof vs); /* above n/2 */
    vs[0] = 0x7f;
    CHECK_STATUS(wick_relayed_signer(got, &crypto, &domain, &call, r, vs), WICK_E_AUTH);
    CHECK(wick_ct_is_zero(got, 20));

    wick_attest a;
    memset(&a, 0, sizeof a);
    a.checked_at = 1800000000;
    wick_attest_digest(digest, &domain, &a);
    CHECK_STATUS(keys.secp256k1_sign(keys.ctx, sig, &recid, handle, digest), WICK_OK);
    CHECK_STATUS(wick_signature_compact(r, vs, sig, recid), WICK_OK);
    CHECK_STATUS(wick_attest_check(&crypto, &domain, &a, r, vs, who), WICK_OK);
    CHECK_STATUS(wick_attest_check(&crypto, &domain, &a, r, vs, owner), WICK_E_AUTH);
    a.checked_at++;
    CHECK_STATUS(wick_attest_check(&crypto, &domain, &a, r, vs, who), WICK_E_AUTH);
    memset(vs, 0xff, sizeof vs);
    vs[0] = 0x7f;
    CHECK_STATUS(wick_attest_check(&crypto, &domain, &a, r, vs, who), WICK_E_AUTH);
}

TAP_MAIN("unit.relayed", CASE(digests), CASE(relayed_calls), CASE(relayed_calls_are_read), CASE(own_calls),
         CASE(attestations_in_a_call), CASE(batches),
         CASE(organisations), CASE(relays),
         CASE(slots), CASE(attestor_word), CASE(signers))
