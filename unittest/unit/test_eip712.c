/* SPDX-License-Identifier: Apache-2.0 */
/* wick/eip712.h: the example of the EIP (assets/eip-712/Example.js), step by step. */
#include "wick/eip712.h"

#include "tap.h"

#define PERSON "Person(string name,address wallet)"

static bool is_hex(const uint8_t *got, const char *hex)
{
    uint8_t want[32];
    return wick_hex_decode(want, 32, hex, 64) == WICK_OK && memcmp(got, want, 32) == 0;
}

static void person(uint8_t out32[32], const char *name, const char *wallet)
{
    wick_eip712 h;
    uint8_t address[20];
    CHECK_STATUS(wick_hex_decode(address, 20, wallet, 40), WICK_OK);
    wick_eip712_begin(&h, PERSON);
    wick_eip712_bytes(&h, wick_span_make((const uint8_t *)name, strlen(name)));
    wick_eip712_address(&h, address);
    wick_eip712_end(&h, out32);
}

TEST(ether_mail)
{
    uint8_t contract[20], domain[32], from[32], to[32], mail[32], digest[32];
    wick_eip712 h;
    memset(contract, 0xcc, 20);
    wick_eip712_domain(domain, "Ether Mail", "1", 1, contract);
    CHECK(is_hex(domain, "f2cee375fa42b42143804025fc449deafd50cc031ca257e0b194a650a912090f"));
    person(from, "Cow", "cd2a3d9f938e13cd947ec05abc7fe734df8dd826");
    CHECK(is_hex(from, "fc71e5fa27ff56c350aa531bc129ebdf613b772b6604664f5d8dbe21b85eb0c8"));
    person(to, "Bob", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
    CHECK(is_hex(to, "cd54f074a4af31b4411ff6a60c9719dbd559c221c8ac3492d9d872b041d703d1"));
    wick_eip712_begin(&h, "Mail(Person from,Person to,string contents)" PERSON);
    wick_eip712_word(&h, from);
    wick_eip712_word(&h, to);
    wick_eip712_bytes(&h, wick_span_make((const uint8_t *)"Hello, Bob!", 11));
    wick_eip712_end(&h, mail);
    CHECK(is_hex(mail, "c52c0ee5d84264471806290a3f2c4cecfc5490626bf912d01f240d7a274b371e"));
    wick_eip712_digest(digest, domain, mail);
    CHECK(is_hex(digest, "be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2"));
}

/* Another chain, contract, name or version is another domain. */
TEST(domains_differ)
{
    uint8_t a[20] = {1}, b[20] = {2}, d[5][32];
    wick_eip712_domain(d[0], "n", "1", 1, a);
    wick_eip712_domain(d[1], "m", "1", 1, a);
    wick_eip712_domain(d[2], "n", "2", 1, a);
    wick_eip712_domain(d[3], "n", "1", 2, a);
    wick_eip712_domain(d[4], "n", "1", 1, b);
    for (size_t i = 0; i < 5; i++) {
        for (size_t k = 0; k < i; k++) {
            CHECK(memcmp(d[i], d[k], 32) != 0);
        }
    }
}

/* uint members are the same words however they are given. */
TEST(integers_are_words)
{
    uint8_t word[32] = {0}, x[32], y[32];
    wick_eip712 h;
    wick_store_be64(word + 24, UINT64_C(0x0102030405060708));
    wick_eip712_begin(&h, "T(uint64 v)");
    wick_eip712_u64(&h, UINT64_C(0x0102030405060708));
    wick_eip712_end(&h, x);
    wick_eip712_begin(&h, "T(uint64 v)");
    wick_eip712_word(&h, word);
    wick_eip712_end(&h, y);
    CHECK_MEM(x, y, 32);
}

TAP_MAIN("unit.eip712", CASE(ether_mail), CASE(domains_differ), CASE(integers_are_words))
