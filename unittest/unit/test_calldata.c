/* SPDX-License-Identifier: Apache-2.0 */
/* core/registry: calls as Foundry's cast encodes them, and refusals of the contracts in words. */
#include "wick/calldata.h"

#include "wick/keccak.h"
#include "tap.h"

#define ORG "5a45a2c4696a359dfa0e723a4cf93e10521e9ee16b772a626834482343dc282c"
#define ID "b56fe408a807522347a064aab1eb9dd2cfc5bc88df67bb0ff3f5d3b6ef4ac4fd"
#define SERVICE "cfee7c08a98f4b565d124c7e4e28acc52e1bc780e3887db0a02a7d2d5bc66728"
#define KEY "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
#define WORD "62357b294ca756256b576c5da68950c49d0d1823063551ffdcc1dad9d65a07a6"
#define OWNER "71c7656ec7ab88b098defb751b7401b5f6d8976f"
#define ZERO12 "000000000000000000000000"
#define ZERO24 "000000000000000000000000000000000000000000000000"

static uint8_t org[32], id[32], service[32], key[32], word[32], owner[20];

static void setup(void)
{
    CHECK_STATUS(wick_hex_decode(org, 32, ORG, 64), WICK_OK);
    CHECK_STATUS(wick_hex_decode(id, 32, ID, 64), WICK_OK);
    CHECK_STATUS(wick_hex_decode(service, 32, SERVICE, 64), WICK_OK);
    CHECK_STATUS(wick_hex_decode(key, 32, KEY, 64), WICK_OK);
    CHECK_STATUS(wick_hex_decode(word, 32, WORD, 64), WICK_OK);
    CHECK_STATUS(wick_hex_decode(owner, 20, OWNER, 40), WICK_OK);
}

static uint8_t bytes[WICK_CALLDATA_MAX];

static wick_buf fresh(void)
{
    memset(bytes, 0xee, sizeof bytes);
    return wick_buf_make(bytes, sizeof bytes);
}

static bool is(const wick_buf *b, const char *hex)
{
    static uint8_t want[WICK_CALLDATA_MAX];
    size_t len = wick_span_text(hex).len;
    return wick_buf_status(b) == WICK_OK && b->len == len / 2 && len / 2 <= sizeof want &&
           wick_hex_decode(want, len / 2, hex, len) == WICK_OK &&
           memcmp(want, b->ptr, b->len) == 0;
}

TEST(device_registry)
{
    wick_voucher v;
    setup();
    memset(&v, 0, sizeof v);
    memcpy(v.org, org, 32);
    memcpy(v.id, id, 32);
    memcpy(v.owner, owner, 20);
    memcpy(v.key, key, 32);
    v.key_type = 2;
    v.flags = 1;
    v.not_after = 1900000000;
    v.epoch = 7;
    v.manager_epoch = 3;
    v.deadline = 1800003600;
    wick_buf b = fresh();
    wick_calldata_register(&b, &v, word, service);
    CHECK_INT(b.len, WICK_CALLDATA_REGISTER_BYTES);
    CHECK(is(&b, "4ec05228" ORG ID "000000000700713fb3000102" OWNER KEY
                 "0000000000000000000000000000000000000000" "00000003" "000000006b49e010"
                 WORD SERVICE));
    b = fresh();
    wick_calldata_publish(&b, id, service, 1, 7, word);
    CHECK_INT(b.len, WICK_CALLDATA_PUBLISH_BYTES);
    CHECK(is(&b, "508554e3" ID SERVICE ZERO24 "0000000000000001" ZERO24 "0000000000000007" WORD));
    b = fresh();
    wick_calldata_rotate(&b, id, 7, 2, 1, key);
    CHECK_INT(b.len, WICK_CALLDATA_ROTATE_BYTES);
    CHECK(is(&b, "ca33943a" ID "000000000700000000000102"
                 "0000000000000000000000000000000000000000" KEY));
    b = fresh();
    wick_calldata_revoke(&b, id);
    CHECK(is(&b, "b75c7dc6" ID));
    b = fresh();
    wick_calldata_set_manager(&b, org, owner);
    CHECK(is(&b, "54ee2090" ORG ZERO12 OWNER));

    /* a large time keeps its fifth byte */
    v.not_after = UINT64_C(0xab00000001);
    b = fresh();
    wick_calldata_register(&b, &v, word, service);
    CHECK_INT(bytes[4 + 64 + 5], 0xab);
    /* a short buffer measures */
    b = wick_buf_make(bytes, 10);
    wick_calldata_register(&b, &v, word, service);
    CHECK_STATUS(wick_buf_status(&b), WICK_E_NO_SPACE);
    CHECK_INT(b.len, WICK_CALLDATA_REGISTER_BYTES);
}

/* Values of `cast calldata` and `cast keccak`. */
TEST(announced_keys)
{
    static const uint8_t spki[] = {0x30, 0x82, 0x01, 0x22, 0xaa, 0xbb, 0xcc};
    uint8_t topic[32], want[32];
    setup();
    wick_buf b = fresh();
    wick_calldata_announce(&b, wick_span_make(spki, sizeof spki));
    CHECK(is(&b, "b216706c" ZERO24 "0000000000000020" ZERO24 "0000000000000007"
                 "30820122aabbcc" ZERO24 "00"));
    b = fresh();
    wick_calldata_announce(&b, wick_span_make(word, 32)); /* full words are not padded */
    CHECK_INT(b.len, 4 + 3 * 32);
    b = wick_buf_make(NULL, 0);
    wick_calldata_announce(&b, wick_span_make(bytes, 294));
    CHECK_INT(b.len, WICK_CALLDATA_ANNOUNCE_BYTES);
    b = fresh();
    wick_calldata_stored_word(&b, id);
    CHECK(is(&b, "c0555c2a" ID));
    wick_announced_topic(topic);
    CHECK_STATUS(wick_hex_decode(want, 32,
                                 "eda08031144d4179beee6831cb7dd0de585bcd421bef5ea8158a6f04d224cb23",
                                 64),
                 WICK_OK);
    CHECK_MEM(topic, want, 32);
}

TEST(relay_registry)
{
    setup();
    wick_buf b = fresh();
    wick_calldata_relay_register(&b, word);
    CHECK(is(&b, "f207564e" WORD));
    b = fresh();
    wick_calldata_relay_approve(&b, 5, word, id, org);
    CHECK(is(&b, "b12de5bc" ZERO24 "0000000000000005" WORD ID ORG));
    b = fresh();
    wick_calldata_relay_suspend(&b, 5);
    CHECK(is(&b, "4b865846" ZERO24 "0000000000000005"));
    b = fresh();
    wick_calldata_relay_invite(&b, owner, 3);
    CHECK(is(&b, "56a374df" ZERO12 OWNER ZERO24 "0000000000000003"));
    b = fresh();
    wick_calldata_relay_set_manager(&b, owner, true);
    CHECK(is(&b, "a5e90eee" ZERO12 OWNER ZERO24 "0000000000000001"));
    b = fresh();
    wick_calldata_relay_set_manager(&b, owner, false);
    CHECK(is(&b, "a5e90eee" ZERO12 OWNER ZERO24 "0000000000000000"));
}

/* ---- refusals ---- */

struct known {
    const char *name, *argument;
    wick_status status;
};

/* Every custom error of the contracts; lab.registry provokes them on a chain. */
static const struct known known[] = {
    {"ZeroAddress", "", WICK_E_BAD_ARG},
    {"ZeroOrg", "", WICK_E_BAD_ARG},
    {"BadWord", "", WICK_E_BAD_ARG},
    {"BadIndex", "", WICK_E_BAD_ARG},
    {"ValidationClaimed", "", WICK_E_BAD_ARG},
    {"SeqJump", "uint32", WICK_E_BAD_ARG},
    {"ExpiryTooFar", "", WICK_E_BAD_ARG},
    {"BadEndpoint", "", WICK_E_BAD_ARG},
    {"NotAdmin", "", WICK_E_NOT_OWNER},
    {"NotOwner", "", WICK_E_NOT_OWNER},
    {"NotManager", "", WICK_E_NOT_OWNER},
    {"NotOperator", "", WICK_E_NOT_OWNER},
    {"NotInvited", "", WICK_E_NOT_OWNER},
    {"NotRegistered", "", WICK_E_RECORD_ABSENT},
    {"RecordRevoked", "", WICK_E_RECORD_REVOKED},
    {"NameTaken", "", WICK_E_NAME_TAKEN},
    {"WrongOrg", "uint8", WICK_E_NAME_TAKEN},
    {"WrongEpoch", "uint32", WICK_E_RECORD_STALE},
    {"SeqNotRising", "uint32", WICK_E_RECORD_STALE},
    {"WrongRelay", "", WICK_E_RECORD_STALE},
    {"EpochSaturated", "", WICK_E_LIMIT},
    {"TooManyRelays", "", WICK_E_LIMIT},
    {"UnknownOrg", "", WICK_E_VOUCHER},
    {"WrongManagerEpoch", "uint32", WICK_E_VOUCHER},
    {"DeadlineTooFar", "", WICK_E_VOUCHER},
    {"WrongSigner", "", WICK_E_VOUCHER},
    {"HighS", "", WICK_E_VOUCHER},
    {"VoucherExpired", "", WICK_E_EXPIRED},
    {"NotAfterPassed", "", WICK_E_RECORD_EXPIRED},
    {"EndpointExpired", "", WICK_E_RECORD_EXPIRED},
    {"BadKeyType", "", WICK_E_UNSUPPORTED},
    {"BadFlags", "", WICK_E_BAD_KEY},
    {"BadKey", "", WICK_E_BAD_KEY},
#if WICK_WITH_RELAYED
    {"NotRegistrar", "", WICK_E_NOT_OWNER},
    {"NotPublisher", "", WICK_E_NOT_OWNER},
    {"NotApprover", "", WICK_E_NOT_OWNER},
    {"NotRoot", "", WICK_E_NOT_OWNER},
    {"ProductTaken", "", WICK_E_NAME_TAKEN},
    {"BadRoles", "", WICK_E_BAD_ARG},
    {"BadRelease", "", WICK_E_BAD_ARG},
    {"VersionNotRising", "", WICK_E_FW_ROLLBACK},
    {"CounterFalls", "uint32", WICK_E_FW_ROLLBACK},
    {"UnknownRelease", "", WICK_E_NOT_FOUND},
    {"WrongManifest", "", WICK_E_FW_DIGEST},
    {"ReleaseRevoked", "", WICK_E_FW_REVOKED},
    {"RolesChanged", "uint32", WICK_E_RECORD_STALE},
    {"AlreadyVoted", "", WICK_E_STATE},
    {"SameEntry", "", WICK_E_STATE},
    {"WrongStake", "", WICK_E_BAD_ARG},
    {"StakeHeld", "", WICK_E_STATE},
    {"StakeNotTaken", "", WICK_E_STATE},
    {"RelayInUse", "", WICK_E_STATE},
    {"BadDetails", "", WICK_E_BAD_ARG},
    {"OrgTaken", "", WICK_E_NAME_TAKEN},
    {"SignatureExpired", "", WICK_E_EXPIRED},
    {"NotOffered", "", WICK_E_NOT_OWNER},
    {"RecoveryPending", "", WICK_E_STATE},
    {"NoAttestors", "", WICK_E_NOT_FOUND},
    {"BadAttestors", "", WICK_E_BAD_ARG},
    {"WrongAttestors", "", WICK_E_RECORD_STALE},
    {"BadAttestation", "", WICK_E_BAD_ARG},
    {"AttestationExpired", "", WICK_E_EXPIRED},
#endif
    {"UnknownRelay", "", WICK_E_NOT_FOUND},
    {"SameStatus", "", WICK_E_STATE},
};

static bool same_text(const char *a, const char *b)
{
    wick_span x = wick_span_text(a), y = wick_span_text(b);
    return x.len == y.len && memcmp(x.ptr, y.ptr, x.len) == 0;
}

/* Selector of name(argument), followed by `args` words that hold `value` each. */
static wick_span revert_of(uint8_t data[4 + 64], const struct known *k, size_t args, uint32_t value)
{
    uint8_t digest[32];
    wick_keccak h;
    wick_keccak_init(&h);
    wick_keccak_update(&h, (const uint8_t *)k->name, wick_span_text(k->name).len);
    wick_keccak_update(&h, (const uint8_t *)"(", 1);
    wick_keccak_update(&h, (const uint8_t *)k->argument, wick_span_text(k->argument).len);
    wick_keccak_update(&h, (const uint8_t *)")", 1);
    wick_keccak_final(&h, digest);
    memset(data, 0, 4 + 64);
    memcpy(data, digest, 4);
    wick_store_be32(data + 4 + 28, value);
    return wick_span_make(data, 4 + 32 * args);
}

TEST(each_refusal_has_its_name)
{
    uint8_t data[4 + 64];
    wick_revert r;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        size_t args = known[i].argument[0] != '\0' ? 1 : 0;
        wick_span in = revert_of(data, &known[i], args, 77);
        CHECK_STATUS(wick_revert_decode(&r, in), known[i].status);
        CHECK(r.selector == wick_load_be32(data));
        REQUIRE(r.name != NULL);
        CHECK(same_text(r.name, known[i].name));
        CHECK(r.has_value == (args == 1) && r.value == (args == 1 ? 77u : 0u));
        /* another form is not this error */
        in = revert_of(data, &known[i], args + 1, 77);
        CHECK_STATUS(wick_revert_decode(&r, in), WICK_E_TX_REVERTED);
        CHECK(r.name == NULL && !r.has_value);
        in = revert_of(data, &known[i], args, 77);
        if (args == 1) {
            in.len = 4 + 31;
            CHECK_STATUS(wick_revert_decode(&r, in), WICK_E_TX_REVERTED);
            in.len = 4;
            CHECK_STATUS(wick_revert_decode(&r, in), WICK_E_TX_REVERTED);
            in.len = 4 + 32;
            data[4 + 27] = 1; /* does not fit 32 bits */
            CHECK_STATUS(wick_revert_decode(&r, in), WICK_E_TX_REVERTED);
            data[4 + 27] = 0;
            data[4] = 1; /* nor 64 */
            CHECK_STATUS(wick_revert_decode(&r, in), WICK_E_TX_REVERTED);
        }
    }
}

TEST(unknown_refusals)
{
    uint8_t data[36] = {0x4e, 0x48, 0x7b, 0x71}; /* Panic(uint256) */
    wick_revert r;
    CHECK_STATUS(wick_revert_decode(&r, wick_span_make(data, sizeof data)), WICK_E_TX_REVERTED);
    CHECK(r.selector == 0x4e487b71 && r.name == NULL);
    for (size_t len = 0; len < 4; len++) {
        CHECK_STATUS(wick_revert_decode(&r, wick_span_make(data, len)), WICK_E_TX_REVERTED);
        CHECK(r.selector == 0 && r.name == NULL);
    }
    CHECK_STATUS(wick_revert_decode(&r, wick_span_make(NULL, 0)), WICK_E_TX_REVERTED);
}

TAP_MAIN("unit.calldata", CASE(device_registry), CASE(announced_keys), CASE(relay_registry),
         CASE(each_refusal_has_its_name), CASE(unknown_refusals))
