/* SPDX-License-Identifier: Apache-2.0 */
/* wick/abi.h: the examples of the ABI specification, bounds of decoding, storage slots. */
#include "wick/abi.h"

#include "tap.h"

static bool is_hex(const uint8_t *got, size_t len, const char *hex)
{
    uint8_t want[512];
    return strlen(hex) == 2 * len && wick_hex_decode(want, len, hex, 2 * len) == WICK_OK &&
           memcmp(got, want, len) == 0;
}

#define Z56 "00000000000000000000000000000000000000000000000000000000"

TEST(selectors)
{
    uint8_t s[4];
    wick_abi_selector(s, "transfer(address,uint256)");
    CHECK(is_hex(s, 4, "a9059cbb"));
    wick_abi_selector(s, "Error(string)");
    CHECK(is_hex(s, 4, "08c379a0"));
}

/* "Contract ABI Specification", Examples: baz(69, true) and sam("dave", true, [1,2,3]). */
TEST(specification_examples)
{
    uint8_t m[400];
    wick_buf b = wick_buf_make(m, sizeof m);
    wick_abi_put_call(&b, "baz(uint32,bool)");
    wick_abi_put_u64(&b, 69);
    wick_abi_put_bool(&b, true);
    CHECK(is_hex(m, b.len, "cdcd77c0" Z56 "00000045" Z56 "00000001"));

    b = wick_buf_make(m, sizeof m);
    wick_abi_put_call(&b, "sam(bytes,bool,uint256[])");
    wick_abi_put_u64(&b, 0x60);
    wick_abi_put_bool(&b, true);
    wick_abi_put_u64(&b, 0xa0);
    wick_abi_put_bytes(&b, wick_span_make((const uint8_t *)"dave", 4));
    wick_abi_put_u64(&b, 3); /* the array: its length, then its words */
    for (uint64_t i = 1; i <= 3; i++) {
        wick_abi_put_u64(&b, i);
    }
    CHECK_STATUS(wick_buf_status(&b), WICK_OK);
    CHECK(is_hex(m, b.len,
                 "a5643bf2" Z56 "00000060" Z56 "00000001" Z56 "000000a0" Z56 "00000004"
                 "64617665" Z56 Z56 "00000003" Z56 "00000001" Z56 "00000002" Z56 "00000003"));

    wick_abi a = wick_abi_make(wick_span_make(m + 4, b.len - 4));
    wick_span dave = wick_abi_bytes(&a, 0);
    CHECK(dave.len == 4 && memcmp(dave.ptr, "dave", 4) == 0);
    CHECK(wick_abi_bool(&a, 1));
    CHECK_INT(wick_abi_u64(&a, 2), 0xa0);
    CHECK_INT(wick_abi_u64(&a, 8), 3);
    CHECK_STATUS(a.status, WICK_OK);
}

TEST(words_and_addresses)
{
    uint8_t m[96], address[20], out[20], word[32];
    wick_buf b = wick_buf_make(m, sizeof m);
    memset(address, 0xab, 20);
    memset(word, 0x77, 32);
    wick_abi_put_word(&b, word);
    wick_abi_put_address(&b, address);
    wick_abi_put_bool(&b, false);
    REQUIRE(b.len == 96);
    wick_abi a = wick_abi_make(wick_buf_span(&b));
    CHECK(wick_abi_word(&a, 0) == m);
    wick_abi_address(&a, out, 1);
    CHECK_MEM(out, address, 20);
    CHECK(!wick_abi_bool(&a, 2));
    CHECK_STATUS(a.status, WICK_OK);
    wick_abi_address(&a, out, 0); /* upper 12 bytes not zero */
    CHECK_STATUS(a.status, WICK_E_MALFORMED);
    CHECK(wick_ct_is_zero(out, 20));
    a = wick_abi_make(wick_buf_span(&b));
    CHECK(wick_abi_u64(&a, 1) == 0); /* more than 64 bits */
    CHECK_STATUS(a.status, WICK_E_MALFORMED);
    m[95] = 2;
    a = wick_abi_make(wick_buf_span(&b));
    CHECK(!wick_abi_bool(&a, 2)); /* neither 0 nor 1 */
    CHECK_STATUS(a.status, WICK_E_MALFORMED);
}

TEST(errors_latch_and_bounds_hold)
{
    uint8_t m[64] = {0}, out[20] = {1};
    wick_abi a = wick_abi_make(wick_span_make(m, 64));
    CHECK(wick_abi_word(&a, 1) != NULL);
    CHECK(wick_abi_word(&a, 2) == NULL);
    CHECK_STATUS(a.status, WICK_E_TRUNCATED);
    CHECK(wick_abi_word(&a, 0) == NULL);
    wick_abi_address(&a, out, 0);
    CHECK(wick_ct_is_zero(out, 20));
    CHECK(wick_abi_bytes(&a, 0).ptr == NULL);
    a = wick_abi_make(wick_span_make(m, 63));
    CHECK(wick_abi_word(&a, 1) == NULL);
    CHECK_STATUS(a.status, WICK_E_TRUNCATED);
    a = wick_abi_make(wick_span_make(m, 64)); /* index * 32 would wrap */
    CHECK(wick_abi_word(&a, SIZE_MAX / 32 + 1) == NULL);
    CHECK_STATUS(a.status, WICK_E_TRUNCATED);
    a = wick_abi_make(wick_span_make(NULL, 0));
    CHECK(!wick_abi_bool(&a, 0));
    CHECK_STATUS(a.status, WICK_E_TRUNCATED);
}

/* offset | length | bytes and padding; the offset and the length are what an attacker picks. */
TEST(dynamic_bytes_bounds)
{
    static const struct {
        uint64_t offset, len;
        wick_status want;
    } t[] = {{32, 32, WICK_OK},
             {32, 31, WICK_E_MALFORMED}, /* byte 31 is padding then, and not zero */
             {32, 33, WICK_E_TRUNCATED},
             {32, UINT64_MAX, WICK_E_TRUNCATED},
             {32, UINT64_MAX - 63, WICK_E_TRUNCATED},
             {64, 0, WICK_E_MALFORMED}, /* a length that is no number below 2^64 */
             {65, 0, WICK_E_TRUNCATED},
             {96, 0, WICK_E_TRUNCATED},
             {UINT64_MAX, 0, WICK_E_TRUNCATED},
             {UINT64_MAX - 31, 0, WICK_E_TRUNCATED}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        uint8_t m[96];
        memset(m, 0, 64);
        memset(m + 64, 0x11, 32);
        wick_store_be64(m + 24, t[i].offset);
        wick_store_be64(m + 56, t[i].len);
        wick_abi a = wick_abi_make(wick_span_make(m, sizeof m));
        wick_span s = wick_abi_bytes(&a, 0);
        CHECK_STATUS(a.status, t[i].want);
        CHECK((s.ptr != NULL) == (t[i].want == WICK_OK));
    }
    /* Bytes that end with the input, without their padding. */
    uint8_t m[68] = {0};
    m[31] = 32;
    m[63] = 4;
    wick_abi a = wick_abi_make(wick_span_make(m, 68));
    CHECK(wick_abi_bytes(&a, 0).ptr == NULL);
    CHECK_STATUS(a.status, WICK_E_TRUNCATED);
    m[63] = 0; /* no bytes need no padding */
    a = wick_abi_make(wick_span_make(m, 64));
    CHECK_INT(wick_abi_bytes(&a, 0).len, 0);
    CHECK_STATUS(a.status, WICK_OK);
}

TEST(storage_slots)
{
    uint8_t key[32] = {0}, slot[32] = {0}, out[32], same[32];
    wick_abi_mapping_slot(out, key, slot); /* keccak256 of 64 zero bytes */
    CHECK(is_hex(out, 32, "ad3228b676f7d3cd4284a5443f17f1962b36e491b30a40b2405849e597ba5fb5"));
    key[31] = 1;
    slot[31] = 2;
    slot[30] = 1;
    wick_abi_mapping_slot(out, key, slot);
    wick_abi_mapping_slot_u64(same, key, 0x102);
    CHECK_MEM(out, same, 32);
    memset(slot, 0xff, 32);
    wick_abi_slot_add(slot, slot, 2); /* wraps, in place */
    CHECK(wick_ct_is_zero(slot, 31) && slot[31] == 1);
    wick_abi_slot_add(out, slot, UINT64_MAX);
    CHECK(wick_ct_is_zero(out + 24, 8) && out[23] == 1);
}

TAP_MAIN("unit.abi", CASE(selectors), CASE(specification_examples), CASE(words_and_addresses),
         CASE(errors_latch_and_bounds_hold), CASE(dynamic_bytes_bounds), CASE(storage_slots))
