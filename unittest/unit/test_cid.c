/* SPDX-License-Identifier: Apache-2.0 */
/* wick/cid.h: published CIDs both ways, one form for each, everything else refused. */
#include "wick/cid.h"

#include "tap.h"

/* The empty file: raw and dag-pb. */
#define EMPTY_RAW "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"
#define EMPTY_V0 "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH"

static wick_status parse(wick_cid *cid, const char *text)
{
    return wick_cid_parse(cid, text, strlen(text));
}

static bool digest_is(const wick_cid *cid, const char *hex)
{
    uint8_t want[32];
    return wick_hex_decode(want, 32, hex, strlen(hex)) == WICK_OK &&
           memcmp(cid->digest, want, 32) == 0;
}

TEST(version_1)
{
    wick_cid cid;
    char text[WICK_CID_STR_BYTES];
    uint8_t binary[WICK_CID_MAX];
    REQUIRE_STATUS(parse(&cid, EMPTY_RAW), WICK_OK);
    CHECK_INT(cid.version, 1);
    CHECK_INT(cid.codec, WICK_CID_RAW);
    /* SHA-256 of nothing (FIPS 180-4). */
    CHECK(digest_is(&cid, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    wick_cid_str(text, &cid);
    CHECK(strcmp(text, EMPTY_RAW) == 0);
    CHECK_INT(wick_cid_encode(binary, &cid), 36);
    CHECK_INT(binary[0], 1);
    CHECK_INT(binary[1], 0x55);
    CHECK_INT(binary[2], 0x12);
    CHECK_INT(binary[3], 32);

    wick_cid again;
    CHECK_STATUS(wick_cid_decode(&again, wick_span_make(binary, 36)), WICK_OK);
    CHECK(memcmp(&again, &cid, sizeof cid) == 0);

    cid.codec = WICK_CID_DAG_PB;
    wick_cid_str(text, &cid);
    CHECK(memcmp(text, "bafybei", 7) == 0);
    CHECK_STATUS(parse(&again, text), WICK_OK);
    CHECK(memcmp(&again, &cid, sizeof cid) == 0);
}

TEST(version_0)
{
    wick_cid cid, again;
    char text[WICK_CID_STR_BYTES];
    uint8_t binary[WICK_CID_MAX];
    REQUIRE_STATUS(parse(&cid, EMPTY_V0), WICK_OK);
    CHECK_INT(cid.version, 0);
    CHECK_INT(cid.codec, WICK_CID_DAG_PB);
    wick_cid_str(text, &cid);
    CHECK(strcmp(text, EMPTY_V0) == 0);
    CHECK_INT(wick_cid_encode(binary, &cid), 34);
    CHECK_STATUS(wick_cid_decode(&again, wick_span_make(binary, 34)), WICK_OK);
    CHECK(memcmp(&again, &cid, sizeof cid) == 0);

    /* The same block as version 1. */
    again.version = 1;
    CHECK(wick_cid_same_block(&again, &cid));
    again.codec = WICK_CID_RAW;
    CHECK(!wick_cid_same_block(&again, &cid));
    again = cid;
    again.digest[31] ^= 1;
    CHECK(!wick_cid_same_block(&again, &cid));
}

/* The digests 0 and 2^256 - 1, and each byte of its own: no digit is lost at either end. */
TEST(extreme_digests)
{
    for (unsigned fill = 0; fill < 256; fill += 51) {
        for (uint8_t version = 0; version < 2; version++) {
            wick_cid cid = {version, WICK_CID_DAG_PB, {0}}, again;
            char text[WICK_CID_STR_BYTES];
            memset(cid.digest, (int)fill, 32);
            wick_cid_str(text, &cid);
            CHECK_INT(strlen(text), version == 0 ? 46 : 59);
            CHECK_STATUS(parse(&again, text), WICK_OK);
            CHECK(memcmp(&again, &cid, sizeof cid) == 0);
        }
    }
}

/* The text without a character, with one more, and with one that is of no alphabet. */
static void break_text(const char *good, char none_of_it)
{
    wick_cid cid;
    char text[WICK_CID_STR_BYTES + 1];
    size_t len = strlen(good);
    memset(&cid, 0x5a, sizeof cid);
    memcpy(text, good, len + 1);
    CHECK_STATUS(wick_cid_parse(&cid, text, len - 1), WICK_E_MALFORMED);
    CHECK_STATUS(wick_cid_parse(&cid, text, 1), WICK_E_MALFORMED);
    text[len] = 'a';
    CHECK_STATUS(wick_cid_parse(&cid, text, len + 1), WICK_E_MALFORMED);
    for (size_t i = 2; i < len; i++) {
        memcpy(text, good, len + 1);
        text[i] = none_of_it;
        CHECK_STATUS(wick_cid_parse(&cid, text, len), WICK_E_MALFORMED);
        text[i] = '\0';
        CHECK_STATUS(wick_cid_parse(&cid, text, len), WICK_E_MALFORMED);
    }
    CHECK_INT(cid.version, 0x5a); /* untouched */
}

TEST(broken_text)
{
    wick_cid cid;
    break_text(EMPTY_RAW, '1'); /* base32 has no 0, 1, 8, 9 and no upper case */
    break_text(EMPTY_RAW, 'A');
    break_text(EMPTY_V0, 'l'); /* base58 has no 0, O, I, l */
    CHECK_STATUS(parse(&cid, ""), WICK_E_MALFORMED);
    CHECK_STATUS(parse(&cid, "!afkrei"), WICK_E_MALFORMED);
}

/* The last character of base32 carries three bits; its other two must be zero (RFC 4648 section 3.5). */
TEST(one_form)
{
    wick_cid cid;
    char text[] = EMPTY_RAW;
    text[58] = 'v'; /* 'u' is 10100: 10101 has the same bytes */
    CHECK_STATUS(parse(&cid, text), WICK_E_NON_CANONICAL);
}

TEST(other_kinds)
{
    wick_cid cid;
    /* identity, as text and in binary: the content would be its own digest */
    CHECK_STATUS(parse(&cid, "bafkqaaa"), WICK_E_UNSUPPORTED);
    CHECK_STATUS(parse(&cid, "bafkqadlimvwgy3zao5xxe3de"), WICK_E_UNSUPPORTED);
    static const uint8_t identity[36] = {1, 0x55, 0, 32};
    CHECK_STATUS(wick_cid_decode(&cid, wick_span_make(identity, 36)), WICK_E_UNSUPPORTED);
    /* SHA-512, dag-cbor, libp2p-key, another version, a digest of 20 bytes, a long varint */
    static const uint8_t heads[][4] = {{1, 0x55, 0x13, 64}, {1, 0x71, 0x12, 32}, {1, 0x72, 0x12, 32},
                                       {2, 0x55, 0x12, 32}, {1, 0x55, 0x12, 20}, {1, 0xd5, 0x00, 0x12},
                                       {0x12, 20, 0, 0},    {0x00, 0x55, 0x12, 32}};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        uint8_t binary[36] = {0};
        memcpy(binary, heads[i], 4);
        CHECK_STATUS(wick_cid_decode(&cid, wick_span_make(binary, 36)), WICK_E_UNSUPPORTED);
    }
    /* base58 of version 1, base64url, base16, base36 */
    CHECK_STATUS(parse(&cid, "zdj7WWeQ43G6JJvLWQWZpyHuAMq6uYWRjkBXFad11vE2LHhQ7"), WICK_E_UNSUPPORTED);
    CHECK_STATUS(parse(&cid, "uAVUSIOOwxEKY_BwUmvv0yJlvuSQnrkHkZJuTTKSVmRt4UrhV"), WICK_E_UNSUPPORTED);
    CHECK_STATUS(parse(&cid, "f01551220e3b0"), WICK_E_UNSUPPORTED);
    /* upper case is another multibase, 'B' */
    CHECK_STATUS(parse(&cid, "BAFKREIHDWDCEFGH4DQKJV67UZCMW7OJEE6XEDZDETOJUZJEVTENXQUVYKU"),
                 WICK_E_UNSUPPORTED);
    /* 46 characters that begin like version 0, of a number whose second byte is not 32 */
    CHECK_STATUS(parse(&cid, "Qmzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"), WICK_E_UNSUPPORTED);
}

TEST(binary_length)
{
    wick_cid cid;
    uint8_t binary[WICK_CID_MAX + 1] = {1, 0x70, 0x12, 32};
    for (size_t n = 0; n < 36; n++) {
        CHECK_STATUS(wick_cid_decode(&cid, wick_span_make(binary, n)), WICK_E_TRUNCATED);
    }
    CHECK_STATUS(wick_cid_decode(&cid, wick_span_make(binary, 37)), WICK_E_TRAILING);
    CHECK_STATUS(wick_cid_decode(&cid, wick_span_make(binary + 2, 33)), WICK_E_TRUNCATED);
    CHECK_STATUS(wick_cid_decode(&cid, wick_span_make(binary + 2, 35)), WICK_E_TRAILING);
}

TAP_MAIN("unit.cid", CASE(version_1), CASE(version_0), CASE(extreme_digests), CASE(broken_text),
         CASE(one_form), CASE(other_kinds), CASE(binary_length))
