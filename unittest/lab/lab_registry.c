/* SPDX-License-Identifier: Apache-2.0 */
/*
 * C and Solidity agree: calls made by core/registry run against the contracts on a node, and after
 * each of them every word, proven under the node's newest header, is what core/registry expects; a
 * call that must fail fails with the refusal that it names. registry.sh starts the node.
 */
#include <string.h>

#include "lab_node.h"
#include "tap.h"
#include "wick/calldata.h"

/* Dry run: the name of the refusal, "" if there is none, NULL if it has none. */
static const char *refusal(wick_status *status, unsigned from, const uint8_t to[20],
                           const wick_buf *call)
{
    uint8_t bytes[256];
    wick_buf data = wick_buf_make(bytes, sizeof bytes);
    wick_revert revert;
    *status = lab_dry_run(&data, from, to, call, 0);
    if (*status != WICK_OK) {
        return NULL;
    }
    if (data.len == 0) {
        return "";
    }
    *status = wick_revert_decode(&revert, wick_buf_span(&data));
    return revert.name;
}

#define CHECK_REFUSED(from, to, call, want_name, want_status)                                      \
    do {                                                                                           \
        wick_status got_status_;                                                                   \
        const char *got_name_ = refusal(&got_status_, (from), (to), (call));                       \
        CHECK_STATUS(got_status_, (want_status));                                                  \
        CHECK(got_name_ != NULL && strcmp(got_name_, (want_name)) == 0);                           \
    } while (0)

#define NEED_NODE()                                                                                \
    do {                                                                                           \
        if (!lab_node_init()) {                                                                    \
            SKIP("run by unittest/lab/registry.sh");                                               \
        }                                                                                          \
    } while (0)

/* ---- what this side expects ---- */

typedef struct model {
    uint8_t id[32];
    wick_device device; /* epoch 0: never registered */
    wick_endpoint endpoint[2];
} model;

static bool is_revoked(const model *m)
{
    return (m->device.flags & WICK_DEVICE_FLAG_REVOKED) != 0;
}

/* Compares all four words with the model, through the record as a reader gets it. */
static void check_words(const model *m)
{
    static wick_peer_query q;
    static wick_peer_record rec;
    uint8_t w0[32] = {0}, w1[32] = {0}, we[32];
    wick_peer_query_init(&q, m->id, lab_service, false);
    CHECK_STATUS(
        lab_read_words(q.values, lab_domain.contract, (const uint8_t (*)[32])q.slots, q.count), WICK_OK);
    if (m->device.epoch != 0) {
        CHECK_STATUS(wick_device_encode(w0, w1, &m->device), WICK_OK);
    }
    CHECK_MEM(q.values[0], w0, 32);
    CHECK_MEM(q.values[1], w1, 32);
    for (size_t i = 0; i < 2; i++) {
        memset(we, 0, 32);
        if (m->endpoint[i].seq != 0) {
            CHECK_STATUS(wick_endpoint_encode(we, &m->endpoint[i]), WICK_OK);
        }
        CHECK_MEM(q.values[2 + i], we, 32);
    }
    CHECK_STATUS(wick_peer_record_read(&rec, &q), m->device.epoch == 0 ? WICK_E_RECORD_ABSENT
                                                  : is_revoked(m)      ? WICK_E_RECORD_REVOKED
                                                                       : WICK_OK);
}

static uint8_t call_bytes[WICK_CALLDATA_MAX];

static wick_buf new_call(void)
{
    return wick_buf_make(call_bytes, sizeof call_bytes);
}

static wick_voucher voucher_for(const model *m, const uint8_t owner[20], uint8_t key_seed)
{
    wick_voucher v;
    memset(&v, 0, sizeof v);
    memcpy(v.org, lab_org, 32);
    memcpy(v.id, m->id, 32);
    memcpy(v.owner, owner, 20);
    v.key_type = WICK_KEY_TYPE_SECP256K1;
    v.flags = key_seed & 1;
    memset(v.key, key_seed, 32);
    v.not_after = lab_now_s + 86400;
    v.epoch = m->device.epoch;
    v.manager_epoch = 1;
    v.deadline = lab_now_s + 3600;
    return v;
}

static wick_buf register_call(const wick_voucher *v)
{
    uint8_t digest[32], r[32], vs[32];
    wick_buf call = new_call();
    wick_voucher_digest(digest, &lab_domain, v);
    lab_sign(r, vs, LAB_MANAGER, digest);
    CHECK_STATUS(wick_voucher_check(&lab_crypto, &lab_domain, v, r, vs, lab_account[LAB_MANAGER]), WICK_OK);
    wick_calldata_register(&call, v, r, vs);
    return call;
}

static void model_register(model *m, const wick_voucher *v)
{
    memcpy(m->device.owner, v->owner, 20);
    memcpy(m->device.key, v->key, 32);
    m->device.key_type = v->key_type;
    m->device.flags = v->flags;
    m->device.not_after = v->not_after;
    m->device.epoch = v->epoch + 1;
    m->device.org = 0;
}

static wick_endpoint endpoint_of(uint32_t seq)
{
    wick_endpoint e;
    memset(&e, 0, sizeof e);
    e.addr = wick_addr_v4(203, 0, 113, 7, 49152);
    e.protocol = WICK_PROTOCOL_UDP;
    e.kind = WICK_ENDPOINT_RELAY;
    e.seq = seq;
    e.expires = lab_now_s + 86400;
    return e;
}

static wick_buf publish_call(const model *m, const wick_endpoint *e, uint8_t index, uint32_t epoch)
{
    uint8_t word[32];
    wick_buf call = new_call();
    CHECK_STATUS(wick_endpoint_encode(word, e), WICK_OK);
    wick_calldata_publish(&call, m->id, lab_service, index, epoch, word);
    return call;
}

static model new_model(const char *name)
{
    model m;
    memset(&m, 0, sizeof m);
    CHECK_STATUS(wick_name_hash(m.id, wick_span_text(name)), WICK_OK);
    return m;
}

/* ---- tests ---- */

TEST(first_organisation)
{
    uint8_t slots[3][32], values[3][32];
    wick_manager m;
    NEED_NODE();
    wick_slot_manager(slots[0], lab_org);
    wick_slot_org(slots[1], 0, 0);
    wick_slot_org(slots[2], 0, 1);
    REQUIRE_STATUS(lab_read_words(values, lab_domain.contract, (const uint8_t (*)[32])slots, 3), WICK_OK);
    REQUIRE_STATUS(wick_manager_decode(&m, values[0]), WICK_OK);
    CHECK(m.epoch == 1 && m.org == 0);
    CHECK_MEM(m.address, lab_account[LAB_MANAGER], 20);
    CHECK_MEM(values[1], lab_org, 32);
    CHECK_MEM(values[2] + 12, lab_account[LAB_ADMIN], 20);
}

TEST(nothing_at_the_address)
{
    uint8_t slot[1][32], value[1][32];
    NEED_NODE();
    wick_slot_manager(slot[0], lab_org);
    CHECK_STATUS(lab_read_words(value, lab_account[LAB_OWNER], (const uint8_t (*)[32])slot, 1),
                 WICK_E_NO_CONTRACT);
}

TEST(life_of_a_device)
{
    uint8_t key2[32];
    NEED_NODE();
    model m = new_model("gw-1");
    memset(key2, 0x22, 32);
    check_words(&m); /* absent, and the clock is known */

    wick_voucher v = voucher_for(&m, lab_account[LAB_OWNER], 0x11);
    wick_buf call = register_call(&v);
    REQUIRE(lab_send(LAB_STRANGER, lab_domain.contract, &call, 0)); /* anybody may */
    model_register(&m, &v);
    check_words(&m);
    CHECK_REFUSED(LAB_OWNER, lab_domain.contract, &call, "WrongEpoch", WICK_E_RECORD_STALE);

    wick_endpoint e = endpoint_of(1);
    call = publish_call(&m, &e, 0, 1);
    REQUIRE(lab_send(LAB_OWNER, lab_domain.contract, &call, 0));
    m.endpoint[0] = e;
    check_words(&m);
    e = endpoint_of(1);
    memset(e.addr.ip, 0x20, 16); /* IPv6 */
    e.kind = WICK_ENDPOINT_DIRECT;
    e.protocol = WICK_PROTOCOL_TCP;
    call = publish_call(&m, &e, 1, 1);
    REQUIRE(lab_send(LAB_OWNER, lab_domain.contract, &call, 0));
    m.endpoint[1] = e;
    check_words(&m);

    call = new_call();
    wick_calldata_rotate(&call, m.id, 1, WICK_KEY_TYPE_P256, 0, key2);
    REQUIRE(lab_send(LAB_OWNER, lab_domain.contract, &call, 0));
    m.device.key_type = WICK_KEY_TYPE_P256;
    m.device.flags = 0;
    m.device.epoch = 2;
    memcpy(m.device.key, key2, 32);
    check_words(&m);

    call = new_call();
    wick_calldata_revoke(&call, m.id);
    REQUIRE(lab_send(LAB_OWNER, lab_domain.contract, &call, 0));
    m.device.flags |= WICK_DEVICE_FLAG_REVOKED;
    m.device.epoch = 3;
    check_words(&m);

    v = voucher_for(&m, lab_account[LAB_STRANGER], 0x33); /* restored, for another owner */
    call = register_call(&v);
    REQUIRE(lab_send(LAB_ADMIN, lab_domain.contract, &call, 0));
    model_register(&m, &v);
    check_words(&m);
    v = voucher_for(&m, lab_account[LAB_OWNER], 0x33);
    call = register_call(&v);
    CHECK_REFUSED(LAB_OWNER, lab_domain.contract, &call, "NameTaken", WICK_E_NAME_TAKEN);
}

/* What the contract must refuse, and wick_voucher_fits() too where it can know. */
TEST(refused_vouchers)
{
    NEED_NODE();
    model m = new_model("gw-refused");
    check_words(&m);
    const wick_voucher good = voucher_for(&m, lab_account[LAB_OWNER], 0x11);
    const struct {
        const char *name;
        wick_status status;
        bool fits;
    } want[] = {{"VoucherExpired", WICK_E_EXPIRED, false},
                {"DeadlineTooFar", WICK_E_VOUCHER, false},
                {"NotAfterPassed", WICK_E_RECORD_EXPIRED, false},
                {"ZeroAddress", WICK_E_BAD_ARG, false},
                {"BadKeyType", WICK_E_UNSUPPORTED, false},
                {"BadFlags", WICK_E_BAD_KEY, false},
                {"BadKey", WICK_E_BAD_KEY, false},
                {"BadKey", WICK_E_BAD_KEY, false},
                {"WrongEpoch", WICK_E_RECORD_STALE, true},
                {"WrongManagerEpoch", WICK_E_VOUCHER, true},
                {"UnknownOrg", WICK_E_VOUCHER, true}};
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        wick_voucher v = good;
        v.deadline = i == 0 ? lab_now_s - 10 : i == 1 ? lab_now_s + 8 * 86400 : v.deadline;
        v.not_after = i == 2 ? lab_now_s - 10 : v.not_after;
        if (i == 3) {
            memset(v.owner, 0, 20);
        }
        v.key_type = i == 4 ? 4 : v.key_type;
        v.flags = i == 5 ? 4 : v.flags;
        if (i == 6 || i == 7) {
            memset(v.key, i == 6 ? 0 : 0xff, 32);
        }
        v.epoch = i == 8 ? 1 : v.epoch;
        v.manager_epoch = i == 9 ? 2 : v.manager_epoch;
        v.org[0] ^= i == 10;
        wick_buf call = register_call(&v);
        CHECK_REFUSED(LAB_OWNER, lab_domain.contract, &call, want[i].name, want[i].status);
        CHECK((wick_voucher_fits(&v, lab_now_s) == WICK_OK) == want[i].fits);
    }
    CHECK_STATUS(wick_voucher_fits(&good, lab_now_s), WICK_OK);

    /* another signer, high s */
    wick_voucher v = good;
    wick_buf call = register_call(&v);
    call_bytes[4 + 5 * 32] ^= 1;
    CHECK_REFUSED(LAB_OWNER, lab_domain.contract, &call, "WrongSigner", WICK_E_VOUCHER);
    call = register_call(&v);
    memset(call_bytes + 4 + 6 * 32, 0x7f, 1);
    memset(call_bytes + 4 + 6 * 32 + 1, 0xff, 31);
    CHECK_REFUSED(LAB_OWNER, lab_domain.contract, &call, "HighS", WICK_E_VOUCHER);
    call = register_call(&v);
    call_bytes[4 + 2 * 32] = 1; /* a number of an organisation */
    CHECK_REFUSED(LAB_OWNER, lab_domain.contract, &call, "BadWord", WICK_E_BAD_ARG);
    check_words(&m);
}

TEST(refused_endpoints)
{
    uint8_t word[32];
    NEED_NODE();
    model m = new_model("gw-endpoints");
    check_words(&m);
    wick_endpoint e = endpoint_of(1);
    wick_buf call = publish_call(&m, &e, 0, 0);
    CHECK_REFUSED(LAB_OWNER, lab_domain.contract, &call, "NotRegistered", WICK_E_RECORD_ABSENT);
    wick_voucher v = voucher_for(&m, lab_account[LAB_OWNER], 0x11);
    call = register_call(&v);
    REQUIRE(lab_send(LAB_OWNER, lab_domain.contract, &call, 0));
    model_register(&m, &v);
    e = endpoint_of(5);
    call = publish_call(&m, &e, 0, 1);
    REQUIRE(lab_send(LAB_OWNER, lab_domain.contract, &call, 0));
    m.endpoint[0] = e;
    check_words(&m);

    CHECK_REFUSED(LAB_OWNER, lab_domain.contract, &call, "SeqNotRising", WICK_E_RECORD_STALE);
    e = endpoint_of(6);
    call = publish_call(&m, &e, 0, 1);
    CHECK_REFUSED(LAB_STRANGER, lab_domain.contract, &call, "NotOwner", WICK_E_NOT_OWNER);
    call = publish_call(&m, &e, 0, 2);
    CHECK_REFUSED(LAB_OWNER, lab_domain.contract, &call, "WrongEpoch", WICK_E_RECORD_STALE);
    call = publish_call(&m, &e, 2, 1);
    CHECK_REFUSED(LAB_OWNER, lab_domain.contract, &call, "BadIndex", WICK_E_BAD_ARG);
    e.validated_at_h = 1;
    call = publish_call(&m, &e, 0, 1);
    CHECK_REFUSED(LAB_OWNER, lab_domain.contract, &call, "ValidationClaimed", WICK_E_BAD_ARG);
    e = endpoint_of(6);
    e.expires = lab_now_s - 10;
    call = publish_call(&m, &e, 0, 1);
    CHECK_REFUSED(LAB_OWNER, lab_domain.contract, &call, "EndpointExpired",
                  WICK_E_RECORD_EXPIRED);
    e.expires = lab_now_s + WICK_EXPIRY_MAX_S + 600;
    call = publish_call(&m, &e, 0, 1);
    CHECK_REFUSED(LAB_OWNER, lab_domain.contract, &call, "ExpiryTooFar", WICK_E_BAD_ARG);
    e = endpoint_of(5 + WICK_SEQ_JUMP_MAX + 1);
    call = publish_call(&m, &e, 0, 1);
    CHECK_REFUSED(LAB_OWNER, lab_domain.contract, &call, "SeqJump", WICK_E_BAD_ARG);
    check_words(&m);

    /* the largest jump and the latest expiry that are allowed; then a withdrawal */
    e = endpoint_of(5 + WICK_SEQ_JUMP_MAX);
    e.expires = lab_now_s + WICK_EXPIRY_MAX_S;
    call = publish_call(&m, &e, 0, 1);
    REQUIRE(lab_send(LAB_OWNER, lab_domain.contract, &call, 0));
    m.endpoint[0] = e;
    check_words(&m);
    memset(&e.addr, 0, sizeof e.addr);
    e.kind = e.protocol = 0;
    e.seq++;
    call = publish_call(&m, &e, 0, 1);
    REQUIRE(lab_send(LAB_OWNER, lab_domain.contract, &call, 0));
    m.endpoint[0] = e;
    check_words(&m);
    CHECK_STATUS(wick_endpoint_encode(word, &e), WICK_OK);

    call = new_call();
    wick_calldata_revoke(&call, m.id);
    REQUIRE(lab_send(LAB_OWNER, lab_domain.contract, &call, 0));
    CHECK_REFUSED(LAB_OWNER, lab_domain.contract, &call, "RecordRevoked", WICK_E_RECORD_REVOKED);
}

/* Random operations on three devices, good and bad, against the model; fixed seed. */
static uint32_t random_state = 1;

static uint32_t draw(uint32_t below)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % below;
}

static bool owns(const model *m, unsigned who)
{
    return m->device.epoch != 0 && !is_revoked(m) &&
           memcmp(m->device.owner, lab_account[who], 20) == 0;
}

static void random_register(model *m)
{
    unsigned who = LAB_OWNER + draw(2);
    wick_voucher v = voucher_for(m, lab_account[who], (uint8_t)(1 + draw(250)));
    bool stale = draw(4) == 0;
    v.epoch += stale ? 1 + draw(3) : 0;
    bool taken = m->device.epoch != 0 && !is_revoked(m) && !owns(m, who);
    wick_buf call = register_call(&v);
    bool good = !stale && !taken;
    CHECK(lab_send(LAB_ADMIN, lab_domain.contract, &call, 0) == good);
    if (good) {
        model_register(m, &v);
    }
}

static void random_rotate(model *m)
{
    uint8_t key[32];
    unsigned who = LAB_OWNER + draw(2);
    bool stale = draw(4) == 0;
    uint8_t type = (uint8_t)draw(5), flags = (uint8_t)draw(3);
    memset(key, (int)draw(256), 32);
    bool is_key = !wick_ct_is_zero(key, 32) && type >= 1 && type <= 3 &&
                  (type == WICK_KEY_TYPE_SECP256K1 ? flags < 2 && key[0] != 0xff : flags == 0);
    wick_buf call = new_call();
    wick_calldata_rotate(&call, m->id, m->device.epoch + stale, type, flags, key);
    bool good = owns(m, who) && !stale && is_key;
    CHECK(lab_send(who, lab_domain.contract, &call, 0) == good);
    if (good) {
        m->device.key_type = type;
        m->device.flags = flags;
        m->device.epoch++;
        memcpy(m->device.key, key, 32);
    }
}

static void random_revoke(model *m)
{
    unsigned who = LAB_OWNER + draw(2);
    bool good = owns(m, who);
    wick_buf call = new_call();
    wick_calldata_revoke(&call, m->id);
    CHECK(lab_send(who, lab_domain.contract, &call, 0) == good);
    if (good) {
        m->device.flags |= WICK_DEVICE_FLAG_REVOKED;
        m->device.epoch++;
    }
}

static void random_publish(model *m)
{
    unsigned who = LAB_OWNER + draw(2);
    uint8_t index = (uint8_t)draw(2);
    wick_endpoint e = endpoint_of(m->endpoint[index].seq + 1 + draw(70000));
    bool back = m->endpoint[index].seq != 0 && draw(4) == 0;
    e.seq = back ? m->endpoint[index].seq : e.seq;
    e.addr.ip[15] = (uint8_t)(1 + draw(255));
    e.expires = lab_now_s + 60 + draw(1000000);
    bool good = owns(m, who) && !back && e.seq - m->endpoint[index].seq <= WICK_SEQ_JUMP_MAX;
    wick_buf call = publish_call(m, &e, index, m->device.epoch);
    CHECK(lab_send(who, lab_domain.contract, &call, 0) == good);
    if (good) {
        m->endpoint[index] = e;
    }
}

TEST(random_operations)
{
    static void (*const operations[])(model *) = {random_register, random_publish, random_publish,
                                                  random_rotate, random_register, random_revoke};
    NEED_NODE();
    model m[3] = {new_model("random-1"), new_model("random-2"), new_model("random-3")};
    unsigned epochs = 0;
    check_words(&m[0]);
    for (unsigned i = 0; i < 120; i++) {
        model *one = &m[draw(3)];
        operations[draw(6)](one);
        check_words(one);
    }
    for (size_t i = 0; i < 3; i++) {
        check_words(&m[i]);
        epochs += m[i].device.epoch;
        CHECK(m[i].endpoint[0].seq != 0 || m[i].endpoint[1].seq != 0);
    }
    CHECK(epochs > 10); /* enough of it succeeded */
}

TEST(change_of_manager)
{
    NEED_NODE();
    model m = new_model("gw-manager");
    check_words(&m);
    wick_voucher v = voucher_for(&m, lab_account[LAB_OWNER], 0x11);
    wick_buf call = new_call();
    wick_calldata_set_manager(&call, lab_org, lab_account[LAB_MANAGER]);
    CHECK_REFUSED(LAB_STRANGER, lab_domain.contract, &call, "NotAdmin", WICK_E_NOT_OWNER);
    REQUIRE(lab_send(LAB_ADMIN, lab_domain.contract, &call, 0));
    call = register_call(&v);
    CHECK_REFUSED(LAB_OWNER, lab_domain.contract, &call, "WrongManagerEpoch", WICK_E_VOUCHER);
    v.manager_epoch = 2;
    call = register_call(&v);
    REQUIRE(lab_send(LAB_OWNER, lab_domain.contract, &call, 0));
    model_register(&m, &v);
    check_words(&m);
}

static wick_status read_relay(wick_relay *relay, uint32_t *count, uint32_t index)
{
    uint8_t slots[3][32], values[3][32];
    wick_slot_relay_count(slots[0]);
    wick_slot_relay(slots[1], index, 0);
    wick_slot_relay(slots[2], index, 1);
    wick_status s = lab_read_words(values, lab_relays, (const uint8_t (*)[32])slots, 3);
    if (s == WICK_OK) {
        s = wick_relay_count_decode(count, values[0]);
    }
    return s == WICK_OK ? wick_relay_decode(relay, values[1], values[2]) : s;
}

TEST(life_of_a_relay)
{
    wick_addr at = wick_addr_v4(203, 0, 113, 5, 3478);
    uint8_t word[32], other[32], info[32] = {0}, realm[32] = {0};
    wick_relay relay;
    uint32_t count;
    NEED_NODE();
    memcpy(info + 12, lab_account[LAB_OWNER], 20);
    info[11] = WICK_RELAY_PENDING;
    CHECK_STATUS(wick_relay_word(word, &at, WICK_PROTOCOL_UDP), WICK_OK);
    at.port++;
    CHECK_STATUS(wick_relay_word(other, &at, WICK_PROTOCOL_UDP), WICK_OK);
    CHECK_STATUS(read_relay(&relay, &count, 0), WICK_E_RECORD_ABSENT);
    CHECK_INT(count, 0);

    wick_buf call = new_call();
    wick_calldata_relay_register(&call, word);
    CHECK_REFUSED(LAB_OWNER, lab_relays, &call, "NotInvited", WICK_E_NOT_OWNER);
    call = new_call();
    wick_calldata_relay_invite(&call, lab_account[LAB_OWNER], 1);
    CHECK_REFUSED(LAB_OWNER, lab_relays, &call, "NotManager", WICK_E_NOT_OWNER);
    REQUIRE(lab_send(LAB_MANAGER, lab_relays, &call, 0));
    call = new_call();
    wick_calldata_relay_register(&call, word);
    REQUIRE(lab_send(LAB_OWNER, lab_relays, &call, 0));
    CHECK_STATUS(read_relay(&relay, &count, 0), WICK_OK);
    CHECK_INT(count, 1);
    CHECK_INT(relay.status, WICK_RELAY_PENDING);
    CHECK_INT(relay.addr.port, 3478);
    CHECK_MEM(relay.operator20, lab_account[LAB_OWNER], 20);

    call = new_call();
    wick_calldata_relay_approve(&call, 0, other, info, realm);
    CHECK_REFUSED(LAB_MANAGER, lab_relays, &call, "WrongRelay", WICK_E_RECORD_STALE);
    call = new_call();
    wick_calldata_relay_approve(&call, 0, word, word, realm);
    CHECK_REFUSED(LAB_MANAGER, lab_relays, &call, "WrongRelay", WICK_E_RECORD_STALE);
    call = new_call();
    wick_calldata_relay_approve(&call, 0, word, info, word);
    CHECK_REFUSED(LAB_MANAGER, lab_relays, &call, "WrongRelay", WICK_E_RECORD_STALE);
    call = new_call();
    wick_calldata_relay_approve(&call, 1, word, info, realm);
    CHECK_REFUSED(LAB_MANAGER, lab_relays, &call, "UnknownRelay", WICK_E_NOT_FOUND);
    call = new_call();
    wick_calldata_relay_approve(&call, 0, word, info, realm);
    REQUIRE(lab_send(LAB_MANAGER, lab_relays, &call, 0));
    CHECK_STATUS(read_relay(&relay, &count, 0), WICK_OK);
    CHECK_INT(relay.status, WICK_RELAY_APPROVED);
    CHECK_INT(relay.checked_at_h, lab_now_s / 3600);

    call = new_call();
    wick_calldata_relay_suspend(&call, 0);
    CHECK_REFUSED(LAB_STRANGER, lab_relays, &call, "NotOperator", WICK_E_NOT_OWNER);
    REQUIRE(lab_send(LAB_OWNER, lab_relays, &call, 0));
    CHECK_STATUS(read_relay(&relay, &count, 0), WICK_OK);
    CHECK_INT(relay.status, WICK_RELAY_SUSPENDED);
    CHECK_REFUSED(LAB_OWNER, lab_relays, &call, "SameStatus", WICK_E_STATE);
    word[0] = 1;
    call = new_call();
    wick_calldata_relay_register(&call, word);
    CHECK_REFUSED(LAB_MANAGER, lab_relays, &call, "BadEndpoint", WICK_E_BAD_ARG);
}

TAP_MAIN("lab.registry", CASE(first_organisation), CASE(nothing_at_the_address),
         CASE(life_of_a_device), CASE(refused_vouchers), CASE(refused_endpoints),
         CASE(random_operations), CASE(change_of_manager), CASE(life_of_a_relay))
