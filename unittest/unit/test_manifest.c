/* SPDX-License-Identifier: Apache-2.0 */
/* wick/manifest.h: the worked example of core/firmware/MANIFEST.md both ways, each field wrong in each
 * way, one form for each content. */
#include "wick/manifest.h"

#include "tap.h"
#include "wick/port/crypto.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define RAW_CID "015512201111111111111111111111111111111111111111111111111111111111111111"
#define D32(byte)                                                                                  \
    "5820" byte byte byte byte byte byte byte byte byte byte byte byte byte byte byte byte byte byte \
        byte byte byte byte byte byte byte byte byte byte byte byte byte byte
#define D16(byte) "50" byte byte byte byte byte byte byte byte byte byte byte byte byte byte byte byte

/* The fields of the worked example, as CBOR with their keys. */
static const char *const example[] = {
    "0101",                                         /* format */
    "0207",                                         /* version 7 */
    "0303",                                         /* counter 3 */
    "04" D16("a1"),                                 /* vendor */
    "05" D16("b2"),                                 /* class */
    "06" D32("c3"),                                 /* product */
    "0702",                                         /* component 2 */
    "09a3" "011a00012345" "02" D32("d4") "035824" RAW_CID, /* payload */
    "0a81" "7768747470733a2f2f6d6972726f722e746573742f66772e" /* one mirror */,
    "0b81a7" "01" D32("e5") "021a00012300" "0319162e" "04" D32("f6") "055824" RAW_CID
    "0601" "07191000",                              /* one patch, LZMA with 4 KiB */
    "0c05",                                         /* from version 5 */
    "0d81" D32("77"),                               /* one precursor */
    "0e1a70000000",                                 /* expires */
    "0f03",                                         /* three trials */
    "10190258",                                     /* 600 s to confirm */
    "1181a2" "01" D32("88") "0204",                 /* one dependency */
};

static uint8_t bytes[2048];
#if WICK_WITH_MANIFEST_WRITE
static uint8_t again[2048];
#endif
static wick_manifest m;
static wick_crypto_ctx cc;
static wick_hal_crypto crypto;

static size_t put_hex(size_t at, const char *hex)
{
    size_t n = strlen(hex) / 2;
    CHECK_STATUS(wick_hex_decode(bytes + at, n, hex, 2 * n), WICK_OK);
    return at + n;
}

/* The example with field `at` as `hex`: NULL leaves it out. @return its length */
static size_t with(size_t index, const char *hex)
{
    size_t at = 1, entries = 0;
    for (size_t i = 0; i < COUNT(example); i++) {
        const char *text = i == index ? hex : example[i];
        if (text != NULL) {
            at = put_hex(at, text);
            entries++;
        }
    }
    bytes[0] = (uint8_t)(0xa0 + entries);
    return at;
}

#define NONE COUNT(example)

static wick_status decode(size_t len)
{
    wick_status s = wick_manifest_decode(&m, wick_span_make(bytes, len));
    static const wick_manifest zero;
    if (s != WICK_OK) {
        CHECK(memcmp(&m, &zero, sizeof m) == 0);
        return s;
    }
#if WICK_WITH_MANIFEST_WRITE
    wick_buf b = wick_buf_make(again, sizeof again);
    CHECK_STATUS(wick_manifest_encode(&b, &m), WICK_OK);
    CHECK_INT(b.len, len);
    CHECK(memcmp(again, bytes, len) == 0);
#endif
    return s;
}

static wick_status decode_with(size_t index, const char *hex)
{
    return decode(with(index, hex));
}

static bool is_filled(const uint8_t *p, uint8_t byte, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (p[i] != byte) {
            return false;
        }
    }
    return true;
}

TEST(worked_example)
{
    REQUIRE_STATUS(decode_with(NONE, NULL), WICK_OK);
    CHECK_INT(with(NONE, NULL), 406);
    CHECK_INT(m.version, 7);
    CHECK_INT(m.counter, 3);
    CHECK(is_filled(m.vendor, 0xa1, 16));
    CHECK(is_filled(m.class_id, 0xb2, 16));
    CHECK(is_filled(m.product, 0xc3, 32));
    CHECK_INT(m.component, 2);
    CHECK_INT(m.format, WICK_PAYLOAD_IMAGE);
    CHECK_INT(m.payload.size, 0x12345);
    CHECK(is_filled(m.payload.sha256, 0xd4, 32));
    CHECK_INT(m.payload.cid.codec, WICK_CID_RAW);
    CHECK(is_filled(m.payload.cid.digest, 0x11, 32));
    CHECK_INT(m.mirrors, 1);
    CHECK_INT(m.mirror[0].len, 23);
    CHECK(memcmp(m.mirror[0].ptr, "https://mirror.test/fw.", 23) == 0);
    CHECK_INT(m.deltas, 1);
    CHECK(is_filled(m.delta[0].base, 0xe5, 32));
    CHECK_INT(m.delta[0].base_size, 0x12300);
    CHECK_INT(m.delta[0].patch.size, 0x162e);
    CHECK(is_filled(m.delta[0].patch.sha256, 0xf6, 32));
    CHECK_INT(m.delta[0].format, WICK_PATCH_DETOOLS_LZMA);
    CHECK_INT(m.delta[0].dict, 4096);
    CHECK_INT(m.delta[0].target_size, 0);
    CHECK_INT(m.from_version, 5);
    CHECK_INT(m.precursors, 1);
    CHECK(is_filled(m.precursor[0], 0x77, 32));
    CHECK_INT(m.expires, 0x70000000);
    CHECK_INT(m.trial_boots, 3);
    CHECK_INT(m.confirm_s, 600);
    CHECK_INT(m.dependencies, 1);
    CHECK(is_filled(m.dependency[0].product, 0x88, 32));
    CHECK_INT(m.dependency[0].version, 4);
}

/* What may be left out, and stands for its default then. */
TEST(optional_fields)
{
    static const size_t optional[] = {6, 8, 9, 10, 11, 12, 13, 14, 15};
    for (size_t i = 0; i < COUNT(optional); i++) {
        CHECK_STATUS(decode_with(optional[i], NULL), WICK_OK);
    }
    CHECK_STATUS(decode_with(13, NULL), WICK_OK);
    CHECK_INT(m.trial_boots, 1);
    size_t len = 1;
    for (size_t i = 0; i < 8; i++) {
        len = i == 6 ? len : put_hex(len, example[i]);
    }
    bytes[0] = 0xa7;
    CHECK_STATUS(decode(len), WICK_OK);
}

TEST(fields_that_must_be_there)
{
    static const size_t must[] = {0, 1, 2, 3, 4, 5, 7};
    for (size_t i = 0; i < COUNT(must); i++) {
        CHECK_STATUS(decode_with(must[i], NULL), WICK_E_MALFORMED);
    }
    CHECK_STATUS(decode_with(7, "09a2" "0105" "02" D32("d4")), WICK_E_MALFORMED);
    CHECK_STATUS(decode_with(7, "09a2" "0105" "035824" RAW_CID), WICK_E_MALFORMED);
    CHECK_STATUS(decode_with(7, "09a2" "02" D32("d4") "035824" RAW_CID), WICK_E_MALFORMED);
    CHECK_STATUS(decode_with(15, "1181a1" "01" D32("88")), WICK_E_MALFORMED);
    CHECK_STATUS(decode_with(15, "1181a1" "0204"), WICK_E_MALFORMED);
}

/* Each truncation, and a byte after the end. */
TEST(every_truncation)
{
    size_t len = with(NONE, NULL);
    for (size_t n = 0; n < len; n++) {
        wick_status s = decode(n);
        CHECK(s == WICK_E_TRUNCATED);
    }
    CHECK_STATUS(decode(len + 1), WICK_E_TRAILING);
}

/* A value at its default is left out; integers and lengths have one form (RFC 8949 section 4.2.1). */
TEST(one_form)
{
    static const struct {
        size_t field;
        const char *hex;
    } forms[] = {
        {6, "0700"},           {8, "0a80"},         {9, "0b80"},
        {10, "0c00"},          {11, "0d80"},        {12, "0e00"},
        {13, "0f01"},          {14, "1000"},        {15, "1180"},
        {6, "07020800"},       /* payload format written out: one entry too many is counted below */
        {1, "021807"},         {1, "02190007"},     {1, "021a00000007"},
        {1, "021b0000000000000007"}, {1, "18020" "7"}, {12, "0e1b0000000070000000"},
        {5, "06590020" "c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3"},
        {3, "045810" "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"},
        {3, "045f50" "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1ff"}, /* of no definite length */
        {8, "0a9f" "68687474703a2f2f78ff"},
    };
    for (size_t i = 0; i < COUNT(forms); i++) {
        size_t len = with(forms[i].field, forms[i].hex);
        if (i == 9) {
            bytes[0]++;
        }
        CHECK_STATUS(decode(len), WICK_E_NON_CANONICAL);
    }
    /* The map itself. */
    size_t len = with(NONE, NULL);
    memmove(bytes + 1, bytes, len);
    bytes[1] = bytes[0] & 0x1f;
    bytes[0] = 0xb8;
    CHECK_STATUS(decode(len + 1), WICK_E_NON_CANONICAL);
    bytes[0] = 0xbf;
    CHECK_STATUS(decode(len + 1), WICK_E_NON_CANONICAL);
}

TEST(order_of_keys)
{
    CHECK_STATUS(decode_with(1, "03030207"), WICK_E_MALFORMED); /* version is not where it must be */
    CHECK_STATUS(decode_with(12, "0c05"), WICK_E_NON_CANONICAL); /* twice */
    CHECK_STATUS(decode_with(13, "0e05"), WICK_E_NON_CANONICAL);
    CHECK_STATUS(decode_with(15, "1001"), WICK_E_NON_CANONICAL);
    CHECK_STATUS(decode_with(15, "1201"), WICK_E_MALFORMED); /* not known */
    CHECK_STATUS(decode_with(15, "1864" "01"), WICK_E_MALFORMED);
    CHECK_STATUS(decode_with(0, "00010101"), WICK_E_MALFORMED); /* there is no key 0 */
    CHECK_STATUS(decode_with(0, "6161" "01"), WICK_E_MALFORMED); /* keys are numbers */
    CHECK_STATUS(decode_with(7, "09a4" "0105" "02" D32("d4") "035824" RAW_CID "0401"), WICK_E_MALFORMED);
    CHECK_STATUS(decode_with(7, "09a3" "0105" "02" D32("d4") "02" D32("d4")), WICK_E_NON_CANONICAL);
    CHECK_STATUS(decode_with(7, "09a3" "02" D32("d4") "0105" "035824" RAW_CID), WICK_E_MALFORMED);
}

TEST(wrong_types_and_lengths)
{
    static const struct {
        size_t field;
        const char *hex;
    } wrong[] = {
        {1, "0220"},       {1, "0240"},         {1, "0260"},          {1, "02f5"},
        {1, "02c107"},     {1, "021c"},         {1, "021f"},          {1, "0200"}, /* no version 0 */
        {2, "031b0000000100000000"},            /* a counter of 32 bits */
        {1, "021c" "00000000000000000000000000000007"}, {1, "021e" "07"},
        {3, "044f" "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"},
        {3, "044f" "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"}, {3, "0470" "41414141414141414141414141414141"},
        {4, "05" D32("b2")},                    {5, "06" D16("c3")},
        {6, "07190100"},   {6, "071b0000000100000001"}, {7, "0980"},  {7, "0901"},
        {7, "09a3" "0100" "02" D32("d4") "035824" RAW_CID}, /* an image of no bytes */
        {7, "09a3" "0105" "02" D16("d4") "035824" RAW_CID},
        {7, "09a3" "0105" "02" D32("d4") "035825" RAW_CID "00"},
        {7, "09a3" "0105" "02" D32("d4") "0343015512"},
        {8, "0a01"},       {8, "0a8140"},       {8, "0a8160"},
        {9, "0b8101"},     {10, "0c40"},        {11, "0d81" D16("77")},
        {13, "0f00"},      {13, "0f190100"},    {14, "101b0000000100000000"},
        {15, "1181a2" "01" D32("88") "0200"},
    };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        CHECK_STATUS(decode_with(wrong[i].field, wrong[i].hex), WICK_E_MALFORMED);
    }
    bytes[0] = 0x80;
    CHECK_STATUS(decode(1), WICK_E_MALFORMED);
}

TEST(not_supported)
{
    CHECK_STATUS(decode_with(0, "0102"), WICK_E_UNSUPPORTED);
    CHECK_STATUS(decode_with(0, "0100"), WICK_E_UNSUPPORTED);
    size_t len = with(6, "07020801");
    bytes[0]++;
    CHECK_STATUS(decode(len), WICK_E_UNSUPPORTED);
    /* CIDs: identity, dag-cbor */
    CHECK_STATUS(decode_with(7, "09a3" "0105" "02" D32("d4") "034401550000"), WICK_E_UNSUPPORTED);
    CHECK_STATUS(decode_with(7, "09a3" "0105" "02" D32("d4") "035824"
                                "01711220" "1111111111111111111111111111111111111111111111111111111111111111"),
                 WICK_E_UNSUPPORTED);
    /* a patch format that is not known */
    CHECK_STATUS(decode_with(9, "0b81a7" "01" D32("e5") "0205" "0305" "04" D32("f6") "055824" RAW_CID
                                "0604" "0705"),
                 WICK_E_UNSUPPORTED);
}

#define PACKED "0305" "04" D32("f6") "055824" RAW_CID
#define DELTA "01" D32("e5") "0205" PACKED

TEST(patches)
{
    CHECK_STATUS(decode_with(9, "0b81a5" DELTA), WICK_OK); /* not compressed */
    CHECK_STATUS(decode_with(9, "0b81a6" DELTA "0601"), WICK_E_MALFORMED);   /* LZMA, no dictionary */
    CHECK_STATUS(decode_with(9, "0b81a6" DELTA "0705"), WICK_E_MALFORMED);   /* a dictionary for nothing */
    CHECK_STATUS(decode_with(9, "0b81a6" DELTA "0600"), WICK_E_NON_CANONICAL);
    /* A step of a chain: digest and size of what it makes, both or none. */
    CHECK_STATUS(decode_with(9, "0b81a7" DELTA "08" D32("99") "0907"), WICK_OK);
    CHECK_INT(m.delta[0].target_size, 7);
    CHECK(is_filled(m.delta[0].target, 0x99, 32));
    CHECK_STATUS(decode_with(9, "0b81a6" DELTA "08" D32("99")), WICK_E_MALFORMED);
    CHECK_STATUS(decode_with(9, "0b81a6" DELTA "0907"), WICK_E_MALFORMED);
    CHECK_STATUS(decode_with(9, "0b81a7" DELTA "08" D32("99") "0900"), WICK_E_MALFORMED);
    CHECK_STATUS(decode_with(9, "0b82a5" DELTA "a5" DELTA), WICK_OK);
    CHECK_INT(m.deltas, 2);
    CHECK_STATUS(decode_with(9, "0b8101"), WICK_E_MALFORMED);
    /* A packed whole image has no base: digest and size of one, both or none. */
    CHECK_STATUS(decode_with(9, "0b81a3" PACKED), WICK_OK);
    CHECK_INT(m.delta[0].base_size, 0);
    CHECK(is_filled(m.delta[0].base, 0, 32));
    CHECK_STATUS(decode_with(9, "0b81a4" "01" D32("e5") PACKED), WICK_E_MALFORMED);
    CHECK_STATUS(decode_with(9, "0b81a4" "0205" PACKED), WICK_E_MALFORMED);
    CHECK_STATUS(decode_with(9, "0b81a5" "01" D32("e5") "0200" PACKED), WICK_E_MALFORMED);
}

TEST(mirrors)
{
    CHECK_STATUS(decode_with(8, "0a81" "68" "687474703a2f2f78"), WICK_OK); /* http://x */
    static const char *const wrong[] = {
        "0a81" "67" "687474703a2f2f",           /* http:// */
        "0a81" "68" "68747470733a2f2f",         /* https:// */
        "0a81" "68" "697474703a2f2f78",         /* ittp://x */
        "0a81" "68" "687474703a2f2d78",         /* http:/-x */
        "0a81" "69" "687474703a2f2f7820",       /* a space */
        "0a81" "69" "687474703a2f2f787f",       "0a81" "6a" "687474703a2f2f78c3a4",
        "0a81" "66" "66696c653a2f",
    };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        CHECK_STATUS(decode_with(8, wrong[i]), WICK_E_MALFORMED);
    }
    char text[8 + 2 * 201 + 1] = "0a8178c8";
    memcpy(text + 8, "687474703a2f2f", 14);
    for (size_t i = 7; i < 201; i++) {
        memcpy(text + 8 + 2 * i, "61", 3);
    }
    text[8 + 400] = '\0';
    CHECK_STATUS(decode_with(8, text), WICK_OK);
    CHECK_INT(m.mirror[0].len, 200);
    memcpy(text, "0a8178c9", 8);
    text[8 + 400] = '6';
    CHECK_STATUS(decode_with(8, text), WICK_E_MALFORMED); /* 201 */
}

/* More entries than the struct has room for, and more than any message has. */
TEST(too_many)
{
    CHECK_STATUS(decode_with(8, "0a85" "68687474703a2f2f78" "68687474703a2f2f78" "68687474703a2f2f78"
                                "68687474703a2f2f78" "68687474703a2f2f78"),
                 WICK_E_LIMIT);
    CHECK_STATUS(decode_with(8, "0a9bffffffffffffffff"), WICK_E_LIMIT);
    CHECK_STATUS(decode_with(9, "0b87"), WICK_E_LIMIT);
    CHECK_STATUS(decode_with(11, "0d85"), WICK_E_LIMIT);
    CHECK_STATUS(decode_with(15, "1185"), WICK_E_LIMIT);
    CHECK_STATUS(decode_with(8, "0a817bffffffffffffffff"), WICK_E_TRUNCATED);
    CHECK_STATUS(decode_with(7, "09a3" "0105" "02" D32("d4") "035bffffffffffffffff"), WICK_E_TRUNCATED);
    CHECK_STATUS(decode_with(5, "065bffffffffffffffff"), WICK_E_MALFORMED);
    memset(bytes, 0, sizeof bytes);
    CHECK_STATUS(decode(WICK_MANIFEST_MAX + 1), WICK_E_FW_SIZE);
}

#if WICK_WITH_MANIFEST_WRITE
TEST(encoder_refuses)
{
    wick_manifest x;
    wick_buf b = wick_buf_make(again, sizeof again);
    REQUIRE_STATUS(decode_with(NONE, NULL), WICK_OK);
    x = m;
    x.version = 0;
    CHECK_STATUS(wick_manifest_encode(&b, &x), WICK_E_BAD_ARG);
    x = m;
    x.payload.size = 0;
    CHECK_STATUS(wick_manifest_encode(&b, &x), WICK_E_BAD_ARG);
    x = m;
    x.payload.cid.codec = 0x71;
    CHECK_STATUS(wick_manifest_encode(&b, &x), WICK_E_BAD_ARG);
    x = m;
    x.payload.cid.version = 2;
    CHECK_STATUS(wick_manifest_encode(&b, &x), WICK_E_BAD_ARG);
    x = m;
    x.payload.cid.version = 0; /* raw has no version 0 */
    CHECK_STATUS(wick_manifest_encode(&b, &x), WICK_E_BAD_ARG);
    x = m;
    x.trial_boots = 0;
    CHECK_STATUS(wick_manifest_encode(&b, &x), WICK_E_BAD_ARG);
    x = m;
    x.delta[0].dict = 0;
    CHECK_STATUS(wick_manifest_encode(&b, &x), WICK_E_BAD_ARG);
    x = m;
    x.format = 1;
    CHECK_STATUS(wick_manifest_encode(&b, &x), WICK_E_BAD_ARG);
    x = m;
    x.mirror[0] = wick_span_text("ftp://x.test/");
    CHECK_STATUS(wick_manifest_encode(&b, &x), WICK_E_BAD_ARG);
    uint8_t *const counts[] = {&x.mirrors, &x.deltas, &x.precursors, &x.dependencies};
    for (size_t i = 0; i < COUNT(counts); i++) {
        x = m;
        *counts[i] = 17;
        CHECK_STATUS(wick_manifest_encode(&b, &x), WICK_E_BAD_ARG);
    }
    /* Too small a buffer, and measuring. */
    b = wick_buf_make(again, 40);
    CHECK_STATUS(wick_manifest_encode(&b, &m), WICK_E_NO_SPACE);
    b = wick_buf_make(NULL, 0);
    CHECK_STATUS(wick_manifest_encode(&b, &m), WICK_OK);
    CHECK_INT(b.len, with(NONE, NULL));
    /* Longer than a manifest may be. */
    x = m;
    x.deltas = WICK_MANIFEST_DELTAS_MAX;
    for (unsigned i = 1; i < x.deltas; i++) {
        x.delta[i] = x.delta[0];
    }
    x.mirrors = WICK_MANIFEST_MIRRORS_MAX;
    for (unsigned i = 1; i < x.mirrors; i++) {
        x.mirror[i] = x.mirror[0];
    }
    b = wick_buf_make(again, sizeof again);
    CHECK_STATUS(wick_manifest_encode(&b, &x), WICK_E_FW_SIZE);
}
#define WRITES CASE(encoder_refuses),
#else
#define WRITES
#endif

/* The manifest that the chain names, and one that says the same as the chain. */
TEST(open_by_release)
{
    wick_release r;
    wick_hash_ctx h;
    memset(&r, 0, sizeof r);
    memset(&h, 0, sizeof h);
    REQUIRE_STATUS(wick_crypto_init(&crypto, &cc), WICK_OK);
    size_t len = with(NONE, NULL);
    wick_span in = wick_span_make(bytes, len);
    CHECK_STATUS(crypto.hash_begin(crypto.ctx, &h, WICK_HASH_SHA256), WICK_OK);
    CHECK_STATUS(crypto.hash_update(crypto.ctx, &h, bytes, len), WICK_OK);
    CHECK_STATUS(crypto.hash_finish(crypto.ctx, &h, r.manifest), WICK_OK);
    r.manifest_bytes = (uint32_t)len;
    r.version = 7;
    r.counter = 3;
    memset(r.product, 0xc3, 32);
    static const char digest[] = "1eb75f857d07d24d399e1b4a9de05a7210fd34a8ed0f0804cbdd6804ef1a9ec0";
    uint8_t want[32];
    CHECK_STATUS(wick_hex_decode(want, 32, digest, 64), WICK_OK);
    CHECK(memcmp(r.manifest, want, 32) == 0);
    CHECK_STATUS(wick_manifest_open(&m, &crypto, &r, in), WICK_OK);
    CHECK_INT(m.version, 7);
    r.version = 8;
    CHECK_STATUS(wick_manifest_open(&m, &crypto, &r, in), WICK_E_FW_ROLLBACK);
    r.version = 7;
    r.counter = 2;
    CHECK_STATUS(wick_manifest_open(&m, &crypto, &r, in), WICK_E_FW_ROLLBACK);
    r.counter = 3;
    r.product[31] ^= 1;
    CHECK_STATUS(wick_manifest_open(&m, &crypto, &r, in), WICK_E_FW_TARGET);
    r.product[31] ^= 1;
    r.manifest_bytes++;
    CHECK_STATUS(wick_manifest_open(&m, &crypto, &r, in), WICK_E_FW_DIGEST);
    r.manifest_bytes--;
    bytes[len - 1] ^= 1;
    CHECK_STATUS(wick_manifest_open(&m, &crypto, &r, in), WICK_E_FW_DIGEST);
    CHECK_INT(m.version, 0);
    bytes[len - 1] ^= 1;
    crypto.hash_begin(crypto.ctx, &h, WICK_HASH_SHA256);
    crypto.hash_update(crypto.ctx, &h, bytes, 5);
    crypto.hash_finish(crypto.ctx, &h, r.manifest);
    r.manifest_bytes = 5; /* the chain itself names what is no manifest */
    CHECK_STATUS(wick_manifest_open(&m, &crypto, &r, wick_span_make(bytes, 5)), WICK_E_TRUNCATED);
}

TEST(fits_the_device)
{
    wick_manifest_device d;
    memset(&d, 0, sizeof d);
    memset(d.vendor, 0xa1, 16);
    memset(d.class_id, 0xb2, 16);
    memset(d.product, 0xc3, 32);
    memset(d.running_sha256, 0x77, 32);
    d.component = 2;
    d.running_version = 5;
    d.slot_bytes = 0x12345;
    REQUIRE_STATUS(decode_with(NONE, NULL), WICK_OK);
    CHECK_STATUS(wick_manifest_fits(&m, &d, 1), WICK_OK);
    CHECK_STATUS(wick_manifest_fits(&m, &d, 0x6fffffff), WICK_OK);
    CHECK_STATUS(wick_manifest_fits(&m, &d, 0x70000000), WICK_E_EXPIRED);
    CHECK_STATUS(wick_manifest_fits(&m, &d, 0), WICK_E_NO_CLOCK);
    uint8_t *const ids[] = {&d.vendor[15],  &d.class_id[0],          &d.product[7],
                            &d.component,   &d.running_sha256[31]};
    for (size_t i = 0; i < COUNT(ids); i++) {
        *ids[i] ^= 1;
        CHECK_STATUS(wick_manifest_fits(&m, &d, 1), WICK_E_FW_TARGET);
        *ids[i] ^= 1;
    }
    d.running_version = 4;
    CHECK_STATUS(wick_manifest_fits(&m, &d, 1), WICK_E_FW_TARGET);
    d.running_version = 6;
    d.slot_bytes--;
    CHECK_STATUS(wick_manifest_fits(&m, &d, 1), WICK_E_FW_SIZE);
    d.slot_bytes++;
    m.precursors = 0;
    m.expires = 0;
    d.running_sha256[0] ^= 1;
    CHECK_STATUS(wick_manifest_fits(&m, &d, 0), WICK_OK);
}

TAP_MAIN("unit.manifest", CASE(worked_example), CASE(optional_fields),
         CASE(fields_that_must_be_there), CASE(every_truncation), CASE(one_form),
         CASE(order_of_keys), CASE(wrong_types_and_lengths), CASE(not_supported), CASE(patches),
         CASE(mirrors), CASE(too_many), WRITES CASE(open_by_release),
         CASE(fits_the_device))
