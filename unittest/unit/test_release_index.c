/* SPDX-License-Identifier: Apache-2.0 */
/* core/registry: words and calls of the release index (core/registry/RECORDS.md). Slots, words and
 * calls are those of the contract on a node, read and encoded with Foundry's cast. */
#include "wick/release_index.h"

#include "tap.h"

#define PRODUCT "70ffa2281df68e6cc1f33de6a300a19777992cfe52a829084b16d2f24e4e7760"
#define MANIFEST "f89f2c93435f42ab69280483e49d7244ea4de920c6f6144061c057ab4e176eef"
#define ZERO24 "000000000000000000000000000000000000000000000000"
/* Version 7, counter 3, 700 bytes, a floor; proposed, approved by one, by two, revoked. */
#define PROPOSED "0000000000000001020200000002bc0000000000000000030000000000000007"
#define CLAIMS "0000000000000000020000000002bc0000000000000000030000000000000007"
#define ONE "0000000400000001020201000002bc0000000000000000030000000000000007"
#define ACTIVE "0000000600000001020202000002bc006b0256ad000000030000000000000007"
#define REVOKED "0000000600000001030202000002bc006b0256ad000000030000000000000007"
#define EMPTY_PRODUCT "0000000000020200000000000000010000000000000000000000000000000001"
#define ACTIVE_PRODUCT "00000000000202000000000000000100000000006b0256ad0000000300000001"
#define SEEN UINT64_C(1800000000)

static uint8_t product[32], manifest[32], device[32];

static void unhex(uint8_t *out, size_t len, const char *hex)
{
    CHECK_STATUS(wick_hex_decode(out, len, hex, wick_span_text(hex).len), WICK_OK);
}

static bool is_hex(const uint8_t word[32], const char *hex)
{
    uint8_t want[32];
    unhex(want, 32, hex);
    return memcmp(word, want, 32) == 0;
}

static void setup(void)
{
    unhex(manifest, 32, MANIFEST);
    CHECK_STATUS(wick_name_hash(product, wick_span_text("thermostat")), WICK_OK);
    CHECK_STATUS(wick_name_hash(device, wick_span_text("gw-1")), WICK_OK);
    CHECK(is_hex(product, PRODUCT));
}

static wick_status decode(wick_release *r, const char *word)
{
    uint8_t w[32];
    unhex(w, 32, word);
    return wick_release_decode(r, product, 5, manifest, w, SEEN);
}

TEST(slots)
{
    uint8_t slot[32], member[20];
    setup();
    wick_slot_release_head(slot, product, 0);
    CHECK(is_hex(slot, "c8c083b74f1efdcf9df9c125e0f9a2cc991a34dc7c8aa0a397b3f097a2d301cf"));
    wick_slot_release_head(slot, product, 2);
    CHECK(is_hex(slot, "c8c083b74f1efdcf9df9c125e0f9a2cc991a34dc7c8aa0a397b3f097a2d301d1"));
    wick_slot_release(slot, product, 0, 1);
    CHECK(is_hex(slot, "af234fce0147be01218764cfb78ed7b9a671df6de5a8816f37aa94ec28bce266"));
    wick_slot_release_allowed(slot, product, device);
    CHECK(is_hex(slot, "cae04e085a06fc073ffd12d58ed6dab05729e91e4ef2248cf2d3fda7c10bb13b"));
    unhex(member, 20, "15d34aaf54267db7d7c367839aaf71a00a2c6a65");
    wick_slot_release_member(slot, product, 1, member);
    CHECK(is_hex(slot, "9a84d2fc50eabf8680bd7f0a32507fcb294462416916d4aa5e306ca94663a5a2"));
}

TEST(release_words)
{
    static const struct {
        const char *word;
        uint32_t voters;
        uint8_t approvals, flags;
        uint64_t active_from;
    } rows[] = {{PROPOSED, 0, 0, WICK_RELEASE_FLOOR, 0},
                {ONE, 4, 1, WICK_RELEASE_FLOOR, 0},
                {ACTIVE, 6, 2, WICK_RELEASE_FLOOR, 0x6b0256ad},
                {REVOKED, 6, 2, WICK_RELEASE_FLOOR | WICK_RELEASE_REVOKED, 0x6b0256ad}};
    wick_release r;
    uint8_t word[32];
    setup();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_STATUS(decode(&r, rows[i].word), WICK_OK);
        CHECK(r.version == 7 && r.counter == 3 && r.manifest_bytes == 700 && r.threshold == 2);
        CHECK(r.approvals == rows[i].approvals && r.flags == rows[i].flags);
        CHECK(r.active_from == rows[i].active_from && r.index == 5 && r.seen_at == SEEN);
        CHECK_MEM(r.product, product, 32);
        CHECK_MEM(r.manifest, manifest, 32);
        CHECK_STATUS(wick_release_encode(word, &r, 1, rows[i].voters), WICK_OK);
        CHECK(is_hex(word, rows[i].word));
    }
    r.active_from = UINT64_C(0xab00000001); /* keeps its fifth byte, and has no sixth */
    CHECK_STATUS(wick_release_encode(word, &r, 1, 6), WICK_OK);
    CHECK_INT(word[15], 0xab);
    r.active_from |= UINT64_C(1) << 40;
    CHECK_STATUS(wick_release_encode(word, &r, 1, 6), WICK_E_RECORD_INVALID);
    CHECK(wick_ct_is_zero(word, 32));
}

/* What no correct contract writes is refused, and leaves nothing behind. */
TEST(invalid_release_words)
{
    static const char *const bad[] = {
        "0000000600000001020202000002bc006b0256ad000000030000000000000000", /* no version */
        "000000060000000102020200000000006b0256ad000000030000000000000007", /* no size */
        "0000000600000001020002000002bc006b0256ad000000030000000000000007", /* no threshold */
        "0000000600000001022102000002bc0000000000000000030000000000000007", /* 33 */
        "0000000600000001040202000002bc006b0256ad000000030000000000000007", /* flag */
        "0000000600000000020202000002bc006b0256ad000000030000000000000007", /* no epoch */
        "0000000400000001020202000002bc006b0256ad000000030000000000000007", /* one voter, two votes */
        "0000000700000001020202000002bc006b0256ad000000030000000000000007", /* three voters */
        "0000000600000001020202000002bc0000000000000000030000000000000007", /* approved, not active */
        "0000000400000001020201000002bc006b0256ad000000030000000000000007", /* active, not approved */
        "0000000000000000000000000000000000000000000000000000000000000000"};
    wick_release r;
    uint8_t word[32], none[32] = {0};
    setup();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        memset(&r, 1, sizeof r);
        CHECK_STATUS(decode(&r, bad[i]), WICK_E_RECORD_INVALID);
        CHECK(r.version == 0 && r.index == 0);
    }
    unhex(word, 32, ACTIVE);
    CHECK_STATUS(wick_release_decode(&r, product, 0, none, word, SEEN), WICK_E_RECORD_INVALID);
    CHECK_STATUS(wick_release_decode(&r, product, 0, none, none, SEEN), WICK_E_NOT_FOUND);
}

TEST(product_words)
{
    wick_product p;
    uint8_t word[32];
    unhex(word, 32, ACTIVE_PRODUCT);
    CHECK_STATUS(wick_product_decode(&p, word), WICK_OK);
    CHECK(p.count == 1 && p.index == 0 && p.min_counter == 3 && p.epoch == 1 && p.delay_s == 0);
    CHECK(p.approvals == 2 && p.roots == 2 && p.flags == 0 && p.updated_at == 0x6b0256ad);
    unhex(word, 32, EMPTY_PRODUCT);
    CHECK_STATUS(wick_product_decode(&p, word), WICK_OK);
    CHECK(p.count == 1 && p.updated_at == 0);
    unhex(word, 32, "000000000103020000001e00000002000000040000000003000000040000000a");
    CHECK_STATUS(wick_product_decode(&p, word), WICK_OK);
    CHECK(p.flags == WICK_PRODUCT_RESTRICTED && p.roots == 3 && p.approvals == 2);
    CHECK(p.delay_s == 30 && p.epoch == 2 && p.index == 4 && p.updated_at == 3);
    CHECK(p.min_counter == 4 && p.count == 10);
    memset(word, 0, 32);
    CHECK_STATUS(wick_product_decode(&p, word), WICK_E_RECORD_ABSENT);
}

TEST(invalid_product_words)
{
    static const char *const bad[] = {
        "0000000100020200000000000000010000000000000000000000000000000001", /* bits above */
        "0000000002020200000000000000010000000000000000000000000000000001", /* flag */
        "0000000000010200000000000000010000000000000000000000000000000001", /* one root */
        "0000000000020000000000000000010000000000000000000000000000000001", /* no approver */
        "0000000000022100000000000000010000000000000000000000000000000001", /* 33 approvers */
        "0000000000210200000000000000010000000000000000000000000000000001", /* 33 roots */
        "0000000000020200000000000000000000000000000000000000000000000001", /* no epoch */
        "00000000000202007769e9000000010000000000000000000000000000000001", /* 91 days */
        "0000000000020200000000000000010000000100000000000000000000000001", /* index, no head */
        "0000000000020200000000000000010000000000000000000000000100000001", /* floor, no head */
        "0000000000020200000000000000010000000100000000010000000000000001"}; /* beyond the count */
    wick_product p;
    uint8_t word[32];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        unhex(word, 32, bad[i]);
        memset(&p, 1, sizeof p);
        CHECK_STATUS(wick_product_decode(&p, word), WICK_E_RECORD_INVALID);
        CHECK(p.epoch == 0 && p.count == 0);
    }
}

static wick_status read_head(wick_release *r, wick_product *p, const char *release,
                             const char *state, int allowed, bool has_device)
{
    wick_release_query q;
    wick_release_query_init(&q, product, has_device ? device : NULL);
    CHECK_INT(q.count, has_device ? 4 : 3);
    if (release != NULL) {
        memcpy(q.values[0], manifest, 32);
        unhex(q.values[1], 32, release);
    }
    if (state != NULL) {
        unhex(q.values[2], 32, state);
    }
    q.values[3][31] = (uint8_t)allowed;
    return wick_release_query_read(r, p, &q, SEEN);
}

#define RESTRICTED_PRODUCT "00000000010202000000000000000100000000006b0256ad0000000300000001"

TEST(head)
{
    wick_release r;
    wick_product p;
    setup();
    CHECK_STATUS(read_head(&r, &p, ACTIVE, ACTIVE_PRODUCT, 0, false), WICK_OK);
    CHECK(r.version == 7 && r.min_counter == 3 && r.updated_at == 0x6b0256ad && r.index == 0);
    CHECK_STATUS(read_head(&r, &p, ACTIVE, ACTIVE_PRODUCT, 0, true), WICK_OK); /* for everybody */
    CHECK_STATUS(read_head(&r, &p, REVOKED, ACTIVE_PRODUCT, 0, false), WICK_OK);
    CHECK(r.flags & WICK_RELEASE_REVOKED);
    CHECK_STATUS(read_head(&r, &p, NULL, NULL, 0, false), WICK_E_RECORD_ABSENT);
    CHECK_STATUS(read_head(&r, &p, NULL, EMPTY_PRODUCT, 0, false), WICK_E_NOT_FOUND);
    CHECK(p.count == 1 && r.version == 0);

    /* words that were not written together */
    CHECK_STATUS(read_head(&r, &p, NULL, ACTIVE_PRODUCT, 0, false), WICK_E_RECORD_INVALID);
    CHECK_STATUS(read_head(&r, &p, ACTIVE, EMPTY_PRODUCT, 0, false), WICK_E_RECORD_INVALID);
    CHECK(r.version == 0 && p.count == 0);
    CHECK_STATUS(read_head(&r, &p, ACTIVE, NULL, 0, false), WICK_E_RECORD_ABSENT);
    /* a head is never one that waits for approvals */
    CHECK_STATUS(read_head(&r, &p, ONE, ACTIVE_PRODUCT, 0, false), WICK_E_RECORD_INVALID);
    CHECK_STATUS(read_head(&r, &p, PROPOSED, EMPTY_PRODUCT, 0, false), WICK_E_RECORD_INVALID);
}

TEST(restricted_product)
{
    wick_release r;
    wick_product p;
    setup();
    CHECK_STATUS(read_head(&r, &p, ACTIVE, RESTRICTED_PRODUCT, 1, true), WICK_OK);
    CHECK_STATUS(read_head(&r, &p, ACTIVE, RESTRICTED_PRODUCT, 0, true), WICK_E_FW_DENIED);
    CHECK_STATUS(read_head(&r, &p, ACTIVE, RESTRICTED_PRODUCT, 2, true), WICK_E_FW_DENIED);
    CHECK(r.version == 7); /* it may be told of */
    CHECK_STATUS(read_head(&r, &p, ACTIVE, RESTRICTED_PRODUCT, 1, false), WICK_E_FW_DENIED);
}

/* What a reader takes from the chain is what the update asks about. */
TEST(head_is_usable)
{
    wick_release r;
    wick_product p;
    wick_release_rules rules = {.running_version = 6, .approvals_min = 2};
    setup();
    CHECK_STATUS(read_head(&r, &p, ACTIVE, ACTIVE_PRODUCT, 0, false), WICK_OK);
    r.seen_at = r.active_from;
    CHECK_STATUS(wick_release_usable(&r, &rules, r.seen_at), WICK_OK);
    rules.approvals_min = 3;
    CHECK_STATUS(wick_release_usable(&r, &rules, r.seen_at), WICK_E_FW_APPROVALS);
    CHECK_STATUS(read_head(&r, &p, REVOKED, ACTIVE_PRODUCT, 0, false), WICK_OK);
    rules.approvals_min = 2;
    CHECK_STATUS(wick_release_usable(&r, &rules, SEEN), WICK_E_FW_REVOKED);
}

TEST(member_words)
{
    uint8_t word[32] = {0}, position;
    CHECK_INT(wick_release_role_decode(&position, word), WICK_ROLE_NONE);
    word[31] = 2;
    word[30] = 6;
    CHECK_INT(wick_release_role_decode(&position, word), WICK_ROLE_APPROVER);
    CHECK_INT(position, 6);
    word[31] = 1;
    CHECK_INT(wick_release_role_decode(&position, word), WICK_ROLE_PUBLISHER);
    word[31] = 4;
    CHECK_INT(wick_release_role_decode(&position, word), WICK_ROLE_ROOT);
    word[31] = 3;
    CHECK_INT(wick_release_role_decode(&position, word), WICK_ROLE_NONE);
    word[31] = 2;
    word[30] = 32;
    CHECK_INT(wick_release_role_decode(&position, word), WICK_ROLE_NONE);
    CHECK_INT(position, 0);
    word[30] = 1;
    word[0] = 1;
    CHECK_INT(wick_release_role_decode(&position, word), WICK_ROLE_NONE);
}

/* ---- calls ---- */

static uint8_t bytes[WICK_CALLDATA_ROLES_MAX];

static bool is(const wick_buf *b, const char *hex)
{
    static uint8_t want[WICK_CALLDATA_ROLES_MAX];
    size_t len = wick_span_text(hex).len;
    return wick_buf_status(b) == WICK_OK && b->len == len / 2 && len / 2 <= sizeof want &&
           wick_hex_decode(want, len / 2, hex, len) == WICK_OK &&
           memcmp(want, b->ptr, b->len) == 0;
}

static wick_buf fresh(void)
{
    memset(bytes, 0xee, sizeof bytes);
    return wick_buf_make(bytes, sizeof bytes);
}

static void add(wick_product_roles *roles, const char *address, uint8_t role)
{
    uint8_t a[20];
    unhex(a, 20, address);
    CHECK_STATUS(wick_product_roles_add(roles, a, role), WICK_OK);
}

/* In the order of people, not of addresses. */
static wick_product_roles people(void)
{
    wick_product_roles roles;
    memset(&roles, 0, sizeof roles);
    add(&roles, "70997970c51812dc3a010c7d01b50e0d17dc79c8", WICK_ROLE_PUBLISHER);
    add(&roles, "3c44cdddb6a900fa2b585dd299e03d12fa4293bc", WICK_ROLE_APPROVER);
    add(&roles, "90f79bf6eb2c4f870365e785982e1f101e93b906", WICK_ROLE_APPROVER);
    add(&roles, "15d34aaf54267db7d7c367839aaf71a00a2c6a65", WICK_ROLE_APPROVER);
    add(&roles, "9965507d1a55bcc2695c58ba16fb37d819b0a4dc", WICK_ROLE_ROOT);
    add(&roles, "976ea74026e726554db657fa54763abd0c3a0aa9", WICK_ROLE_ROOT);
    add(&roles, "14dc79964da2c08b23698b3d3cc7ca32193d9955", WICK_ROLE_ROOT);
    roles.approvals = 2;
    roles.roots = 2;
    return roles;
}

#define ROLES                                                                                      \
    PRODUCT ZERO24 "0000000000000060" ZERO24 "0000020200000000" ZERO24 "0000000000000093"          \
    "14dc79964da2c08b23698b3d3cc7ca32193d9955" "04"                                                \
    "15d34aaf54267db7d7c367839aaf71a00a2c6a65" "02"                                                \
    "3c44cdddb6a900fa2b585dd299e03d12fa4293bc" "02"                                                \
    "70997970c51812dc3a010c7d01b50e0d17dc79c8" "01"                                                \
    "90f79bf6eb2c4f870365e785982e1f101e93b906" "02"                                                \
    "976ea74026e726554db657fa54763abd0c3a0aa9" "04"                                                \
    "9965507d1a55bcc2695c58ba16fb37d819b0a4dc" "04"                                                \
    "00000000000000000000000000"

TEST(calls_of_roots)
{
    setup();
    wick_product_roles roles = people();
    CHECK_STATUS(wick_product_roles_check(&roles), WICK_OK);
    wick_buf b = fresh();
    wick_calldata_product_create(&b, product, &roles);
    CHECK(is(&b, "486e2782" ROLES));
    b = fresh();
    wick_calldata_product_set_roles(&b, product, &roles);
    CHECK(is(&b, "790d0af3" ROLES));
    roles.flags = 1;
    roles.delay_s = 0x01020304;
    b = fresh();
    wick_calldata_product_create(&b, product, &roles);
    CHECK(bytes[4 + 64 + 25] == 1 && wick_load_be32(bytes + 4 + 64 + 28) == 0x01020304);

    /* as many as there may be */
    uint8_t address[20] = {0xff};
    for (uint8_t i = 0; roles.count < WICK_PRODUCT_MEMBERS_MAX; i++) {
        address[1] = i;
        CHECK_STATUS(wick_product_roles_add(&roles, address, WICK_ROLE_APPROVER), WICK_OK);
    }
    b = fresh();
    wick_calldata_product_create(&b, product, &roles);
    CHECK_STATUS(wick_buf_status(&b), WICK_OK);
    CHECK_INT(b.len, WICK_CALLDATA_ROLES_MAX);
    address[1] = 0xff;
    CHECK_STATUS(wick_product_roles_add(&roles, address, WICK_ROLE_APPROVER), WICK_E_LIMIT);
}

/* The rules of the contract (Release.t.sol, test_badRoles), before gas is spent. */
TEST(roles_that_the_contract_refuses)
{
    uint8_t address[20] = {0};
    setup();
    wick_product_roles good = people(), r = good;
    CHECK_STATUS(wick_product_roles_add(&r, address, WICK_ROLE_ROOT), WICK_E_BAD_ARG);
    unhex(address, 20, "70997970c51812dc3a010c7d01b50e0d17dc79c8");
    CHECK_STATUS(wick_product_roles_add(&r, address, WICK_ROLE_ROOT), WICK_E_BAD_ARG);
    address[0] = 0;
    CHECK_STATUS(wick_product_roles_add(&r, address, 3), WICK_E_BAD_ARG);
    CHECK_INT(r.count, 7);
    for (int i = 0; i < 10; i++) {
        r = good;
        r.approvals = i == 0 ? 0 : i == 1 ? 4 : r.approvals;
        r.roots = i == 2 ? 1 : i == 3 ? 4 : r.roots;
        r.delay_s = i == 4 ? (uint32_t)WICK_RELEASE_DELAY_MAX_S + 1 : r.delay_s;
        r.flags = i == 5 ? 2 : r.flags;
        r.count = i == 6 ? 0 : i == 7 ? WICK_PRODUCT_MEMBERS_MAX + 1 : r.count;
        if (i == 8) {
            r.member[3].role = WICK_ROLE_APPROVER; /* no publisher left */
        } else if (i == 9) {
            memcpy(r.member[1].address, r.member[0].address, 20);
        }
        CHECK_STATUS(wick_product_roles_check(&r), WICK_E_BAD_ARG);
    }
    r = good;
    r.member[0].role = 3;
    CHECK_STATUS(wick_product_roles_check(&r), WICK_E_BAD_ARG);
}

TEST(calls_of_publishers_and_approvers)
{
    wick_release r;
    uint8_t digest[32];
    wick_registry_domain domain = {.chain_id = 31337};
    setup();
    CHECK_STATUS(decode(&r, PROPOSED), WICK_OK);
    wick_buf b = fresh();
    wick_calldata_release_publish(&b, &r);
    CHECK(is(&b, "6f881851" PRODUCT MANIFEST ZERO24 "0000000000000007" ZERO24 "0000000000000003"
                 ZERO24 "00000000000002bc" ZERO24 "0000000000000001"));
    b = fresh();
    wick_calldata_release_approve(&b, &r);
    CHECK(is(&b, "412de8e4" PRODUCT ZERO24 "0000000000000005" MANIFEST CLAIMS));
    b = fresh();
    wick_calldata_release_approve_for(&b, &r, product, manifest);
    CHECK(is(&b, "9ef93fc8" PRODUCT ZERO24 "0000000000000005" MANIFEST CLAIMS PRODUCT MANIFEST));
    /* how far a release has come is no part of what is reviewed; whether it is a floor is */
    CHECK_STATUS(decode(&r, REVOKED), WICK_OK);
    b = fresh();
    wick_calldata_release_approve(&b, &r);
    CHECK(is(&b, "412de8e4" PRODUCT ZERO24 "0000000000000005" MANIFEST CLAIMS));
    r.flags = 0;
    b = fresh();
    wick_calldata_release_approve(&b, &r);
    CHECK(is(&b, "412de8e4" PRODUCT ZERO24 "0000000000000005" MANIFEST
                 "0000000000000000000000000002bc0000000000000000030000000000000007"));
    CHECK_STATUS(decode(&r, PROPOSED), WICK_OK);
    b = fresh();
    wick_calldata_release_revoke(&b, product, 5);
    CHECK(is(&b, "bf861d27" PRODUCT ZERO24 "0000000000000005"));
    b = fresh();
    wick_calldata_product_allow(&b, product, device, true);
    CHECK(is(&b, "fadcd799" PRODUCT
                 "b56fe408a807522347a064aab1eb9dd2cfc5bc88df67bb0ff3f5d3b6ef4ac4fd" ZERO24
                 "0000000000000001"));
    /* what is signed off line, in the domain of one contract on one chain */
    unhex(domain.contract, 20, "5fbdb2315678afecb367f032d93f642f64180aa3");
    wick_release_approve_digest(digest, &domain, &r, 9);
    CHECK(is_hex(digest, "62c117f92e6c7f476e0a9ed40895a919cd8e167b1773f575182768d8c9fabd33"));
    r.version++;
    wick_release_approve_digest(digest, &domain, &r, 9);
    CHECK(!is_hex(digest, "62c117f92e6c7f476e0a9ed40895a919cd8e167b1773f575182768d8c9fabd33"));
}

TAP_MAIN("unit.release_index", CASE(slots), CASE(release_words), CASE(invalid_release_words),
         CASE(product_words), CASE(invalid_product_words), CASE(head), CASE(restricted_product),
         CASE(head_is_usable), CASE(member_words), CASE(calls_of_roots),
         CASE(roles_that_the_contract_refuses), CASE(calls_of_publishers_and_approvers))
