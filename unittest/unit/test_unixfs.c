/* SPDX-License-Identifier: Apache-2.0 */
/* wick/unixfs.h: DAGs of the IPFS importer byte by byte, sources that lie, blocks of the right hash
 * that are no part of a file. */
#include "wick/unixfs.h"

#include "tap.h"
#include "wick/port/crypto.h"

#include "unixfs_vectors.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static wick_crypto_ctx cc;
static wick_hal_crypto crypto;
static uint8_t room[4 * 38 * 16]; /* 16 links for each level */
static wick_unixfs_ram ram = {room, sizeof room};
static wick_unixfs_lists lists;
static wick_unixfs u;
static uint8_t block[2048], file[512];
static uint32_t file_end;

static void setup(void)
{
    CHECK_STATUS(wick_crypto_init(&crypto, &cc), WICK_OK);
    lists = wick_unixfs_lists_ram(&ram);
    memset(file, 0, sizeof file);
    file_end = 0;
}

static uint8_t byte_of(uint32_t i)
{
    return (uint8_t)(i * 7 + (i >> 4) * 13);
}

static wick_cid cid_of(const char *text)
{
    wick_cid cid;
    CHECK_STATUS(wick_cid_parse(&cid, text, strlen(text)), WICK_OK);
    return cid;
}

/* A block of the vectors under its CID. @return its length */
static size_t block_of(const wick_cid *cid)
{
    char text[WICK_CID_STR_BYTES];
    wick_cid_str(text, cid);
    for (size_t i = 0; i < COUNT(dag_blocks); i++) {
        if (strcmp(dag_blocks[i].cid, text) == 0) {
            size_t n = strlen(dag_blocks[i].hex) / 2;
            CHECK_STATUS(wick_hex_decode(block, n, dag_blocks[i].hex, 2 * n), WICK_OK);
            return n;
        }
    }
    bool in_the_dag = false;
    CHECK(in_the_dag);
    return 0;
}

/* Bytes of a block, in pieces; what comes out goes to `file`. */
static wick_status put(const uint8_t *bytes, size_t len, size_t piece)
{
    wick_status s = WICK_OK;
    for (size_t at = 0; s == WICK_OK && at < len; at += piece) {
        wick_span in = wick_span_make(bytes + at, len - at < piece ? len - at : piece);
        while (s == WICK_OK && in.len > 0) {
            s = wick_unixfs_input(&u, &in);
            if (s == WICK_OK && u.data.len > 0) {
                CHECK(u.offset <= sizeof file && u.data.len <= sizeof file - u.offset);
                memcpy(file + u.offset, u.data.ptr, u.data.len);
                file_end = u.offset + (uint32_t)u.data.len;
            }
        }
    }
    return s;
}

/* Walks to the end, every block in pieces. @return blocks fetched */
static unsigned walk(wick_status *status, size_t piece)
{
    const wick_cid *cid;
    unsigned blocks = 0;
    *status = WICK_OK;
    while (*status == WICK_OK && (cid = wick_unixfs_wanted(&u)) != NULL) {
        size_t n = block_of(cid);
        *status = put(block, n, piece);
        if (*status == WICK_OK) {
            *status = wick_unixfs_end(&u);
        }
        blocks++;
    }
    return blocks;
}

static bool file_is(uint32_t from, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++) {
        if (file[i] != (i < from ? 0 : byte_of(i))) {
            return false;
        }
    }
    return true;
}

static const struct dag *dag(const char *name)
{
    for (size_t i = 0; i < COUNT(dags); i++) {
        if (strcmp(dags[i].name, name) == 0) {
            return &dags[i];
        }
    }
    bool known = false;
    CHECK(known);
    return dags;
}

/* Every DAG but the one that is too deep, in pieces of every size up to 40 and whole. */
TEST(importer_dags)
{
    setup();
    for (size_t i = 0; i < COUNT(dags); i++) {
        const struct dag *d = &dags[i];
        if (strcmp(d->name, "five_levels") == 0) {
            continue;
        }
        wick_cid root = cid_of(d->root);
        for (size_t piece = 1; piece <= 41; piece += 5) {
            wick_status s;
            setup();
            bool sized = piece % 2 == 1;
            REQUIRE_STATUS(wick_unixfs_start(&u, &crypto, &lists, &root,
                                             sized ? d->size : WICK_UNIXFS_SIZE_ANY, 0),
                           WICK_OK);
            unsigned n = walk(&s, piece == 41 ? sizeof block : piece);
            REQUIRE_STATUS(s, WICK_OK);
            CHECK_INT(n, d->count);
            CHECK(wick_unixfs_whole(&u));
            CHECK(wick_unixfs_wanted(&u) == NULL);
            CHECK_INT(wick_unixfs_offset(&u), d->size);
            CHECK_INT(file_end, d->size);
            CHECK(file_is(0, d->size));
            wick_unixfs_stop(&u);
        }
    }
}

/* Lists with room for anything: the walk itself has an end. */
static wick_status any_write(void *ctx, uint32_t list, uint32_t index, const uint8_t *entry)
{
    CHECK(list < 2 * WICK_UNIXFS_LEVELS);
    return list < 2 * WICK_UNIXFS_LEVELS
               ? wick_unixfs_lists_ram((wick_unixfs_ram *)ctx).write(ctx, list, index, entry)
               : WICK_OK;
}

TEST(five_levels_are_too_deep)
{
    setup();
    lists.write = any_write;
    const struct dag *d = dag("five_levels");
    wick_cid root = cid_of(d->root);
    wick_status s;
    REQUIRE_STATUS(wick_unixfs_start(&u, &crypto, &lists, &root, d->size, 0), WICK_OK);
    CHECK_INT(walk(&s, 100), 5);
    CHECK_STATUS(s, WICK_E_FW_LAYOUT);
    CHECK(wick_unixfs_wanted(&u) == NULL);
    CHECK(!wick_unixfs_whole(&u));
    CHECK_INT(file_end, 0);
    wick_unixfs_stop(&u);
}

/* After a reset: nodes come again, leaves that the destination has do not, bytes neither. */
TEST(from_any_offset)
{
    static const char *const names[] = {"raw", "two_levels", "two_levels_v0", "trickle", "four_levels"};
    setup();
    for (size_t i = 0; i < COUNT(names); i++) {
        const struct dag *d = dag(names[i]);
        wick_cid root = cid_of(d->root);
        unsigned before = 1000;
        for (uint32_t from = 0; from <= d->size; from++) {
            wick_status s;
            setup();
            REQUIRE_STATUS(wick_unixfs_start(&u, &crypto, &lists, &root, d->size, from), WICK_OK);
            unsigned n = walk(&s, 7);
            CHECK_STATUS(s, WICK_OK);
            CHECK(wick_unixfs_whole(&u));
            CHECK(file_is(from, d->size));
            CHECK(n <= before && n >= 1);
            before = n;
            wick_unixfs_stop(&u);
        }
        CHECK_INT(before, 1); /* all there: the root alone */
    }
}

/* A lie in each byte of each block is found at the end of that block, and the walk goes on with the
 * right one. */
TEST(every_flipped_byte_is_found)
{
    static const char *const names[] = {"raw", "flat", "two_levels_v0", "one_v0"};
    setup();
    for (size_t i = 0; i < COUNT(names); i++) {
        const struct dag *d = dag(names[i]);
        wick_cid root = cid_of(d->root);
        const wick_cid *cid;
        setup();
        REQUIRE_STATUS(wick_unixfs_start(&u, &crypto, &lists, &root, d->size, 0), WICK_OK);
        while ((cid = wick_unixfs_wanted(&u)) != NULL) {
            wick_cid same = *cid;
            uint32_t offset = wick_unixfs_offset(&u);
            size_t n = block_of(&same);
            for (size_t k = 0; k < n; k++) {
                block[k] ^= 0x41;
                wick_status s = put(block, n, 16);
                s = s == WICK_OK ? wick_unixfs_end(&u) : s;
                CHECK_STATUS(s, WICK_E_FW_DIGEST);
                CHECK(wick_unixfs_wanted(&u) == NULL); /* until it is asked for again */
                wick_span in = wick_span_make(block, n);
                CHECK_STATUS(wick_unixfs_input(&u, &in), WICK_E_STATE);
                CHECK_STATUS(wick_unixfs_end(&u), WICK_E_STATE);
                REQUIRE_STATUS(wick_unixfs_again(&u), WICK_OK);
                block[k] ^= 0x41;
                REQUIRE(wick_unixfs_wanted(&u) != NULL);
                CHECK(memcmp(wick_unixfs_wanted(&u), &same, sizeof same) == 0);
                CHECK_INT(wick_unixfs_offset(&u), offset);
            }
            CHECK_STATUS(put(block, n, 16), WICK_OK);
            REQUIRE_STATUS(wick_unixfs_end(&u), WICK_OK);
        }
        CHECK(wick_unixfs_whole(&u));
        CHECK(file_is(0, d->size));
        wick_unixfs_stop(&u);
    }
}

TEST(truncated_and_endless)
{
    setup();
    const struct dag *d = dag("flat");
    wick_cid root = cid_of(d->root);
    REQUIRE_STATUS(wick_unixfs_start(&u, &crypto, &lists, &root, d->size, 0), WICK_OK);
    size_t n = block_of(&root);
    for (size_t k = 0; k < n; k++) {
        CHECK_STATUS(put(block, k, 64), WICK_OK);
        CHECK_STATUS(wick_unixfs_end(&u), WICK_E_FW_DIGEST);
        CHECK_STATUS(wick_unixfs_again(&u), WICK_OK);
    }
    /* A node without end is cut at the limit of a block. */
    wick_status s = WICK_OK;
    size_t sent = 0;
    memset(block, 0, sizeof block);
    while (s == WICK_OK && sent < 2 * WICK_UNIXFS_BLOCK_MAX) {
        s = put(block, sizeof block, sizeof block);
        sent += sizeof block;
    }
    CHECK_STATUS(s, WICK_E_FW_DIGEST);
    CHECK_INT(sent, WICK_UNIXFS_BLOCK_MAX + sizeof block);
    /* A leaf is cut where its parent said. */
    CHECK_STATUS(wick_unixfs_again(&u), WICK_OK);
    n = block_of(&root);
    CHECK_STATUS(put(block, n, 64), WICK_OK);
    CHECK_STATUS(wick_unixfs_end(&u), WICK_OK);
    n = block_of(wick_unixfs_wanted(&u));
    CHECK_INT(n, 16);
    block[16] = 1;
    CHECK_STATUS(put(block, 17, 64), WICK_E_FW_DIGEST);
    CHECK(file_end <= 16);
    CHECK(wick_unixfs_wanted(&u) == NULL);
    wick_unixfs_stop(&u);
    /* And a source that stops in the middle is forgotten. */
    REQUIRE_STATUS(wick_unixfs_start(&u, &crypto, &lists, &root, d->size, 0), WICK_OK);
    n = block_of(&root);
    CHECK_STATUS(put(block, 40, 64), WICK_OK);
    CHECK_STATUS(wick_unixfs_again(&u), WICK_OK);
    CHECK_STATUS(put(block, n, 64), WICK_OK);
    CHECK_STATUS(wick_unixfs_end(&u), WICK_OK);
    wick_unixfs_stop(&u);
}

/* The right block in the wrong order is a wrong block. */
TEST(wrong_order)
{
    setup();
    const struct dag *d = dag("flat");
    wick_cid root = cid_of(d->root);
    REQUIRE_STATUS(wick_unixfs_start(&u, &crypto, &lists, &root, d->size, 0), WICK_OK);
    size_t n = block_of(&root);
    CHECK_STATUS(put(block, n, 64), WICK_OK);
    CHECK_STATUS(wick_unixfs_end(&u), WICK_OK);
    wick_cid second = cid_of(dag_blocks[d->first + 2].cid);
    n = block_of(&second);
    CHECK_STATUS(put(block, n, 64), WICK_OK);
    CHECK_STATUS(wick_unixfs_end(&u), WICK_E_FW_DIGEST);
    wick_unixfs_stop(&u);
}

TEST(size_of_the_file)
{
    static const char *const names[] = {"raw", "flat", "one_v0"};
    setup();
    for (size_t i = 0; i < COUNT(names); i++) {
        const struct dag *d = dag(names[i]);
        wick_cid root = cid_of(d->root);
        for (int off = -1; off <= 1; off += 2) {
            wick_status s;
            REQUIRE_STATUS(wick_unixfs_start(&u, &crypto, &lists, &root,
                                             (uint32_t)((int)d->size + off), 0),
                           WICK_OK);
            (void)walk(&s, 64);
            /* A raw block longer than the file is cut before its hash is known. */
            CHECK_STATUS(s, i == 0 && off < 0 ? WICK_E_FW_DIGEST : WICK_E_FW_LAYOUT);
            CHECK(file_end <= d->size);
            wick_unixfs_stop(&u);
        }
    }
}

/* ---- blocks of the right hash, made here ---- */

static uint8_t made[1024];
static wick_buf m;

static void sha256(uint8_t out[32], const uint8_t *bytes, size_t len)
{
    wick_hash_ctx h;
    memset(&h, 0, sizeof h);
    CHECK_STATUS(crypto.hash_begin(crypto.ctx, &h, WICK_HASH_SHA256), WICK_OK);
    CHECK_STATUS(crypto.hash_update(crypto.ctx, &h, bytes, len), WICK_OK);
    CHECK_STATUS(crypto.hash_finish(crypto.ctx, &h, out), WICK_OK);
}

/* Begins a walk whose root is `bytes`, and puts it in. */
static wick_status root_is(const uint8_t *bytes, size_t len, uint8_t codec)
{
    wick_cid root = {1, codec, {0}};
    sha256(root.digest, bytes, len);
    wick_status s = wick_unixfs_start(&u, &crypto, &lists, &root, WICK_UNIXFS_SIZE_ANY, 0);
    if (s == WICK_OK) {
        s = put(bytes, len, 5);
    }
    if (s == WICK_OK) {
        s = wick_unixfs_end(&u);
    }
    wick_unixfs_stop(&u);
    return s;
}

static wick_status made_is(void)
{
    return root_is(made, m.len, WICK_CID_DAG_PB);
}

static void put_hex(const char *hex)
{
    uint8_t bytes[512];
    size_t n = strlen(hex) / 2;
    CHECK_STATUS(wick_hex_decode(bytes, n, hex, 2 * n), WICK_OK);
    wick_buf_put(&m, bytes, n);
}

/* A link of the node: `cid_hex` is its head, 32 bytes of digest follow. `rest` are its other fields. */
static void put_link(const char *head_hex, const char *rest_hex)
{
    size_t head = strlen(head_hex) / 2, rest = strlen(rest_hex) / 2;
    uint8_t digest[32];
    memset(digest, 0x33, 32);
    wick_buf_put_u8(&m, 0x12);
    wick_buf_put_u8(&m, (uint8_t)(2 + head + 32 + rest));
    wick_buf_put_u8(&m, 0x0a);
    wick_buf_put_u8(&m, (uint8_t)(head + 32));
    put_hex(head_hex);
    wick_buf_put(&m, digest, 32);
    put_hex(rest_hex);
}

static void put_data(const char *hex)
{
    wick_buf_put_u8(&m, 0x0a);
    wick_buf_put_u8(&m, (uint8_t)(strlen(hex) / 2));
    put_hex(hex);
}

#define RAW_LINK "01551220"
#define NODE_LINK "01701220"
#define V0_LINK "1220"
#define NAMED "12001810" /* no name, Tsize 16 */

/* One node of links and data. */
static wick_status node(unsigned links, const char *head, const char *rest, const char *data)
{
    m = wick_buf_make(made, sizeof made);
    for (unsigned i = 0; i < links; i++) {
        put_link(head, rest);
    }
    if (data != NULL) {
        put_data(data);
    }
    return made_is();
}

/* Type file, filesize 32, two children of 16. */
#define DATA_32 "0802" "1820" "2010" "2010"

TEST(good_nodes)
{
    setup();
    CHECK_STATUS(node(2, RAW_LINK, NAMED, DATA_32), WICK_OK);
    CHECK_STATUS(node(2, NODE_LINK, NAMED, DATA_32), WICK_OK);
    CHECK_STATUS(node(2, V0_LINK, NAMED, DATA_32), WICK_OK);
    CHECK_STATUS(node(2, RAW_LINK, "", DATA_32), WICK_OK); /* name and size are optional */
    CHECK_STATUS(node(2, RAW_LINK, "1810", DATA_32), WICK_OK);
    /* Bytes of its own before those of its children (UnixFS: file). */
    CHECK_STATUS(node(1, RAW_LINK, NAMED, "0802" "12020102" "1812" "2010"), WICK_OK);
    /* Links behind the data. */
    m = wick_buf_make(made, sizeof made);
    put_data(DATA_32);
    put_link(RAW_LINK, NAMED);
    put_link(RAW_LINK, NAMED);
    CHECK_STATUS(made_is(), WICK_OK);
    /* Fields of later versions: numbers and bytes. */
    CHECK_STATUS(node(2, RAW_LINK, NAMED, DATA_32 "38ed03" "42020801" "4801"), WICK_OK);
    /* A leaf of type raw. */
    CHECK_STATUS(node(0, "", "", "0800" "12020102" "1802"), WICK_OK);
    CHECK_STATUS(node(0, "", "", "0802" "1200" "1800"), WICK_OK);
}

TEST(sizes_that_do_not_add_up)
{
    setup();
    CHECK_STATUS(node(2, RAW_LINK, NAMED, "0802" "1821" "2010" "2010"), WICK_E_FW_LAYOUT);
    CHECK_STATUS(node(2, RAW_LINK, NAMED, "0802" "181f" "2010" "2010"), WICK_E_FW_LAYOUT);
    CHECK_STATUS(node(2, RAW_LINK, NAMED, "0802" "2010" "2010"), WICK_E_FW_LAYOUT); /* none */
    CHECK_STATUS(node(2, RAW_LINK, NAMED, "0802" "1810" "2010"), WICK_E_FW_LAYOUT); /* one for two */
    CHECK_STATUS(node(1, RAW_LINK, NAMED, DATA_32), WICK_E_FW_LAYOUT);
    CHECK_STATUS(node(2, RAW_LINK, NAMED, "0802" "1800"), WICK_E_FW_LAYOUT);
    /* Packed sizes are of another wire type, and so there are none. */
    CHECK_STATUS(node(2, RAW_LINK, NAMED, "0802" "1820" "22021010"), WICK_E_FW_LAYOUT);
    /* A child of no bytes: work without end. */
    CHECK_STATUS(node(2, RAW_LINK, NAMED, "0802" "1810" "2010" "2000"), WICK_E_FW_LAYOUT);
    /* 2^30 and more, sums beyond it, 2^31, 2^32 - 1, and what does not fit 32 or 64 bits. */
    CHECK_STATUS(node(1, RAW_LINK, NAMED, "0802" "18ffffffff03" "20ffffffff03"), WICK_OK);
    CHECK_STATUS(node(1, RAW_LINK, NAMED, "0802" "188080808004" "208080808004"), WICK_E_FW_LAYOUT);
    CHECK_STATUS(node(2, RAW_LINK, NAMED, "0802" "18feffffff07" "20ffffffff03" "20ffffffff03"),
                 WICK_E_FW_LAYOUT);
    CHECK_STATUS(node(1, RAW_LINK, NAMED, "0802" "188080808008" "208080808008"), WICK_E_FW_LAYOUT);
    CHECK_STATUS(node(1, RAW_LINK, NAMED, "0802" "18ffffffff0f" "20ffffffff0f"), WICK_E_FW_LAYOUT);
    CHECK_STATUS(node(1, RAW_LINK, NAMED, "0802" "18808080801010" "208080808010"), WICK_E_FW_LAYOUT);
    CHECK_STATUS(node(1, RAW_LINK, NAMED, "0802" "18ffffffffffffffffff01" "20ffffffffffffffffff01"),
                 WICK_E_FW_LAYOUT);
    CHECK_STATUS(node(2, RAW_LINK, NAMED, "0802" "18a080808010" "2010" "2010"), WICK_E_FW_LAYOUT);
    /* Own bytes that the file size leaves out. */
    CHECK_STATUS(node(0, "", "", "0802" "12020102" "1801"), WICK_E_FW_LAYOUT);
    CHECK_STATUS(node(0, "", "", "0802" "12020102"), WICK_E_FW_LAYOUT);
}

TEST(types)
{
    setup();
    static const char *const others[] = {
        "0801",                /* directory */
        "0803" "1800",         /* metadata */
        "0804" "120161" "1801", /* symlink */
        "0805" "2822" "308002", /* HAMT shard */
        "0806", "08ff01", "088002", /* not known; above a byte */
        "1800",                /* none */
        "",
    };
    for (size_t i = 0; i < COUNT(others); i++) {
        CHECK_STATUS(node(0, "", "", others[i]), WICK_E_FW_LAYOUT);
    }
    /* Raw with children; hash type and fanout, which are of directories. */
    CHECK_STATUS(node(2, RAW_LINK, NAMED, "0800" "1820" "2010" "2010"), WICK_E_FW_LAYOUT);
    /* A node without data, one that is empty. */
    CHECK_STATUS(node(2, RAW_LINK, NAMED, NULL), WICK_E_FW_LAYOUT);
    CHECK_STATUS(node(0, "", "", NULL), WICK_E_FW_LAYOUT);
}

TEST(order_of_fields)
{
    setup();
    /* Link, data, link; two data. */
    m = wick_buf_make(made, sizeof made);
    put_link(RAW_LINK, NAMED);
    put_data(DATA_32);
    put_link(RAW_LINK, NAMED);
    CHECK_STATUS(made_is(), WICK_E_FW_LAYOUT);
    m = wick_buf_make(made, sizeof made);
    put_data("0802" "1800");
    put_data("0802" "1800");
    CHECK_STATUS(made_is(), WICK_E_FW_LAYOUT);
    m = wick_buf_make(made, sizeof made);
    put_link(RAW_LINK, NAMED);
    put_data("0802" "1810" "2010");
    put_data("0802" "1810" "2010");
    CHECK_STATUS(made_is(), WICK_E_FW_LAYOUT);
    m = wick_buf_make(made, sizeof made); /* data, link, data */
    put_data("0802" "1810" "2010");
    put_link(RAW_LINK, NAMED);
    put_data("0802" "1810" "2010");
    CHECK_STATUS(made_is(), WICK_E_FW_LAYOUT);
    /* Of a link: size before name, twice, unknown, of another wire type, no hash. */
    static const char *const rests[] = {"18101200", "18101810", "12001200", "2001", "1a00", "1000", "0801",
                                        "0a00"};
    for (size_t i = 0; i < COUNT(rests); i++) {
        CHECK_STATUS(node(2, RAW_LINK, rests[i], DATA_32), WICK_E_FW_LAYOUT);
    }
    m = wick_buf_make(made, sizeof made);
    put_hex("120412001810");
    put_data("0802" "1810" "2010");
    CHECK_STATUS(made_is(), WICK_E_FW_LAYOUT);
    m = wick_buf_make(made, sizeof made);
    put_link(RAW_LINK, NAMED); /* whose hash is not that of the next one */
    put_hex("120412001810");
    put_data(DATA_32);
    CHECK_STATUS(made_is(), WICK_E_FW_LAYOUT);
    m = wick_buf_make(made, sizeof made);
    put_hex("1200");
    put_data("0802" "1810" "2010");
    CHECK_STATUS(made_is(), WICK_E_FW_LAYOUT);
    /* Of UnixFS data: descending, twice. */
    static const char *const datas[] = {"18000802", "080208021800", "080218001800", "08021800120101",
                                        "0802201018102010"};
    for (size_t i = 0; i < COUNT(datas); i++) {
        CHECK_STATUS(node(0, "", "", datas[i]), WICK_E_FW_LAYOUT);
    }
    /* Of the node: unknown numbers, other wire types. */
    static const char *const nodes[] = {"1a00", "1000", "0800", "0a00", "0d00000000", "00"};
    for (size_t i = 0; i < COUNT(nodes); i++) {
        m = wick_buf_make(made, sizeof made);
        put_hex(nodes[i]);
        CHECK_STATUS(made_is(), WICK_E_FW_LAYOUT);
        put_data("0802" "1800");
        CHECK_STATUS(made_is(), WICK_E_FW_LAYOUT);
    }
    /* Wire types 1 and 5, and the groups 3 and 4, of fields that may be skipped. */
    static const char *const skipped[] = {"390000000000000000", "3d00000000", "3b3c", "3c", "3e", "3f"};
    for (size_t i = 0; i < COUNT(skipped); i++) {
        m = wick_buf_make(made, sizeof made);
        wick_buf_put_u8(&m, 0x0a);
        wick_buf_put_u8(&m, (uint8_t)(4 + strlen(skipped[i]) / 2));
        put_hex("08021800");
        put_hex(skipped[i]);
        CHECK_STATUS(made_is(), WICK_E_FW_LAYOUT);
    }
}

TEST(kinds_of_links)
{
    setup();
    static const char *const heads[] = {
        "01551200" /* no digest length */, "01550020" /* identity */, "01711220" /* dag-cbor */,
        "02551220", "0155122001" /* one byte too many */, "015512", "1221", "",
        "0155122001010101010101010101010101010101010101010101010101010101010101010101010101010101010101",
    };
    for (size_t i = 0; i < COUNT(heads); i++) {
        CHECK_STATUS(node(2, heads[i], NAMED, DATA_32), WICK_E_FW_LAYOUT);
    }
}

TEST(lengths_and_varints)
{
    setup();
    /* A field longer than its message, a message longer than its block. */
    CHECK_STATUS(node(0, "", "", "0802" "12050102" "1802"), WICK_E_FW_LAYOUT);
    CHECK_STATUS(node(2, RAW_LINK, "1205", DATA_32), WICK_E_FW_LAYOUT);
    m = wick_buf_make(made, sizeof made);
    put_hex("0a05" "0802" "1800");
    CHECK_STATUS(made_is(), WICK_E_FW_LAYOUT);
    /* A message that ends within a key, a number, a length. */
    CHECK_STATUS(node(0, "", "", "0802" "1800" "b8"), WICK_E_FW_LAYOUT);
    CHECK_STATUS(node(0, "", "", "0802" "18"), WICK_E_FW_LAYOUT);
    CHECK_STATUS(node(0, "", "", "0802" "1880"), WICK_E_FW_LAYOUT);
    CHECK_STATUS(node(0, "", "", "0802" "12"), WICK_E_FW_LAYOUT);
    m = wick_buf_make(made, sizeof made);
    put_data("0802" "1800" "38"); /* the number would be a byte of the node */
    put_hex("05");
    CHECK_STATUS(made_is(), WICK_E_FW_LAYOUT);
    /* The block ends within a key. */
    m = wick_buf_make(made, sizeof made);
    put_data("0802" "1800");
    put_hex("92");
    CHECK_STATUS(made_is(), WICK_E_FW_LAYOUT);
    m.len--;
    CHECK_STATUS(made_is(), WICK_OK);
    /* Longer than they have to be. */
    CHECK_STATUS(node(0, "", "", "0802" "188000"), WICK_E_FW_LAYOUT);
    CHECK_STATUS(node(0, "", "", "088200" "1800"), WICK_E_FW_LAYOUT);
    CHECK_STATUS(node(0, "", "", "0802" "1880808080808000"), WICK_E_FW_LAYOUT);
}

/* A node whose list does not fit; nodes with children where no more levels are. */
TEST(more_links_than_fit)
{
    setup();
    char data[16 + 4 * 17] = "0802" "189002";
    for (unsigned i = 0; i < 17; i++) {
        memcpy(data + 10 + 4 * i, "2010", 5);
    }
    CHECK_STATUS(node(17, RAW_LINK, NAMED, data), WICK_E_FW_LAYOUT);
    memcpy(data, "0802" "188002", 10);
    data[10 + 4 * 16] = '\0';
    CHECK_STATUS(node(16, RAW_LINK, NAMED, data), WICK_OK);
    /* Sizes alone, more than fit. */
    for (unsigned i = 0; i < 17; i++) {
        memcpy(data + 10 + 4 * i, "2010", 5);
    }
    CHECK_STATUS(node(0, "", "", data), WICK_E_FW_LAYOUT);
}

/* Children of another size than their parent says. */
static wick_status with_child(const uint8_t *child, size_t len, uint8_t codec, const char *data)
{
    wick_cid cid = {1, codec, {0}}, root = {1, WICK_CID_DAG_PB, {0}};
    uint8_t binary[WICK_CID_MAX];
    sha256(cid.digest, child, len);
    size_t n = wick_cid_encode(binary, &cid);
    m = wick_buf_make(made, sizeof made);
    wick_buf_put_u8(&m, 0x12);
    wick_buf_put_u8(&m, (uint8_t)(2 + n));
    wick_buf_put_u8(&m, 0x0a);
    wick_buf_put_u8(&m, (uint8_t)n);
    wick_buf_put(&m, binary, n);
    put_data(data);
    sha256(root.digest, made, m.len);
    wick_status s = wick_unixfs_start(&u, &crypto, &lists, &root, WICK_UNIXFS_SIZE_ANY, 0);
    s = s == WICK_OK ? put(made, m.len, 9) : s;
    s = s == WICK_OK ? wick_unixfs_end(&u) : s;
    s = s == WICK_OK ? put(child, len, 3) : s;
    s = s == WICK_OK ? wick_unixfs_end(&u) : s;
    wick_unixfs_stop(&u);
    return s;
}

TEST(child_of_another_size)
{
    static const uint8_t leaf[8] = {0x0a, 0x06, 0x08, 0x02, 0x12, 0x00, 0x18, 0x00};
    static const uint8_t two[10] = {0x0a, 0x08, 0x08, 0x02, 0x12, 0x02, 7, 7, 0x18, 0x02};
    setup();
    CHECK_STATUS(with_child(two, 4, WICK_CID_RAW, "0802" "1804" "2004"), WICK_OK);
    CHECK_STATUS(with_child(two, 4, WICK_CID_RAW, "0802" "1805" "2005"), WICK_E_FW_LAYOUT);
    CHECK_STATUS(with_child(two, 4, WICK_CID_RAW, "0802" "1803" "2003"), WICK_E_FW_DIGEST);
    CHECK_STATUS(with_child(two, 10, WICK_CID_DAG_PB, "0802" "1802" "2002"), WICK_OK);
    file_end = 0;
    CHECK_STATUS(with_child(two, 10, WICK_CID_DAG_PB, "0802" "1801" "2001"), WICK_E_FW_LAYOUT);
    CHECK(file_end <= 1); /* nothing goes where the file has no place for it */
    CHECK_STATUS(with_child(two, 10, WICK_CID_DAG_PB, "0802" "1803" "2003"), WICK_E_FW_LAYOUT);
    CHECK_STATUS(with_child(leaf, 8, WICK_CID_DAG_PB, "0802" "1801" "2001"), WICK_E_FW_LAYOUT);
}

/* ---- storage and back ends that fail ---- */

static unsigned fail_at, calls;

static wick_status failing_write(void *ctx, uint32_t list, uint32_t index, const uint8_t *entry)
{
    return ++calls == fail_at ? WICK_E_HAL
                              : wick_unixfs_lists_ram((wick_unixfs_ram *)ctx).write(ctx, list, index, entry);
}

static wick_status failing_read(void *ctx, uint32_t list, uint32_t index, uint8_t *entry)
{
    return ++calls == fail_at ? WICK_E_HAL
                              : wick_unixfs_lists_ram((wick_unixfs_ram *)ctx).read(ctx, list, index, entry);
}

TEST(lists_that_fail)
{
    setup();
    lists.write = failing_write;
    lists.read = failing_read;
    const struct dag *d = dag("two_levels");
    wick_cid root = cid_of(d->root);
    wick_status s = WICK_E_HAL;
    for (fail_at = 1; s != WICK_OK; fail_at++) {
        calls = 0;
        REQUIRE(fail_at < 100);
        REQUIRE_STATUS(wick_unixfs_start(&u, &crypto, &lists, &root, d->size, 0), WICK_OK);
        (void)walk(&s, 64);
        CHECK(s == WICK_E_HAL || (s == WICK_OK && wick_unixfs_whole(&u)));
        CHECK(wick_unixfs_wanted(&u) == NULL);
        if (s != WICK_OK) { /* once more: no block counts twice, and none in the place of another one */
            wick_status later;
            CHECK_STATUS(wick_unixfs_again(&u), WICK_OK);
            (void)walk(&later, 64);
            CHECK(!wick_unixfs_whole(&u) || file_is(0, d->size));
        }
        wick_unixfs_stop(&u);
    }
    CHECK_INT(fail_at, 42); /* ten links, each written and read in two entries, and none failed */
    setup();
    uint8_t entry[34];
    CHECK_STATUS(lists.read(lists.ctx, 8, 0, entry), WICK_E_BAD_ARG);
    CHECK_STATUS(lists.read(lists.ctx, 0, 16, entry), WICK_E_BAD_ARG);
}

static wick_status failing_finish(void *ctx, wick_hash_ctx *h, uint8_t *out)
{
    (void)ctx;
    (void)h;
    (void)out;
    return WICK_E_CRYPTO;
}

TEST(hash_that_fails)
{
    setup();
    crypto.hash_finish = failing_finish;
    wick_cid root = cid_of(dag("raw")->root);
    REQUIRE_STATUS(wick_unixfs_start(&u, &crypto, &lists, &root, 20, 0), WICK_OK);
    size_t n = block_of(&root);
    CHECK_STATUS(put(block, n, 64), WICK_OK);
    CHECK_STATUS(wick_unixfs_end(&u), WICK_E_CRYPTO);
    CHECK(!wick_unixfs_whole(&u));
    wick_unixfs_stop(&u);
}

TEST(states)
{
    setup();
    wick_cid root = cid_of(dag("raw")->root);
    wick_span in = wick_span_make(block, 1);
    REQUIRE_STATUS(wick_unixfs_start(&u, &crypto, &lists, &root, 20, 0), WICK_OK);
    wick_unixfs_stop(&u);
    CHECK(wick_unixfs_wanted(&u) == NULL);
    CHECK_STATUS(wick_unixfs_input(&u, &in), WICK_E_STATE);
    CHECK_STATUS(wick_unixfs_end(&u), WICK_E_STATE);
    wick_unixfs_stop(&u); /* twice is no harm */
    CHECK(sizeof(wick_unixfs) - sizeof(wick_hash_ctx) <= 256);
}

TAP_MAIN("unit.unixfs", CASE(importer_dags), CASE(five_levels_are_too_deep), CASE(from_any_offset),
         CASE(every_flipped_byte_is_found), CASE(truncated_and_endless), CASE(wrong_order),
         CASE(size_of_the_file), CASE(good_nodes), CASE(sizes_that_do_not_add_up), CASE(types),
         CASE(order_of_fields), CASE(kinds_of_links), CASE(lengths_and_varints),
         CASE(more_links_than_fit), CASE(child_of_another_size), CASE(lists_that_fail),
         CASE(hash_that_fails), CASE(states))
