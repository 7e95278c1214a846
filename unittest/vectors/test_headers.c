/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every header RLP in the data: it hashes to its block, decodes, says what the file says, and comes
 * back bit for bit from encode. Every block in JSON form: its fields re-encode to the block's hash.
 */
#include "data.h"
#include "wick/header.h"
#include "wick/trust.h"

#include "tap.h"

/* Every object below `item`, itself included. Host, small files. */
static void each_object(const cJSON *item, void (*visit)(const cJSON *object))
{
    if (cJSON_IsObject(item)) {
        visit(item);
    }
    for (const cJSON *c = item->child; c != NULL; c = c->next) {
        if (cJSON_IsObject(c) || cJSON_IsArray(c)) {
            each_object(c, visit);
        }
    }
}

static void each(void (*visit)(const cJSON *object))
{
    size_t count = 0;
    const data_file *f = data_files(&count);
    for (size_t i = 0; i < count; i++) {
        each_object(f[i].root, visit);
    }
}

/* ---- RLP ---- */

static unsigned seen, fields_min, fields_max;

static const cJSON *hash_of(const cJSON *o)
{
    const cJSON *h = data_get(o, "block_hash");
    h = h != NULL ? h : data_get(o, "hash");
    return h != NULL ? h : data_get(data_get(o, "exec_block"), "hash");
}

static void check_rlp(const cJSON *o)
{
    wick_span rlp;
    uint8_t want[32], got[32], again[WICK_HEADER_MAX];
    wick_header h;
    wick_trusted_header th;
    const cJSON *text = data_get(o, "header_rlp");
    if (text == NULL || !data_fixed(want, 32, hash_of(o))) {
        return;
    }
    REQUIRE(data_hex(&rlp, text));
    wick_header_hash(got, rlp);
    const cJSON *engine = data_get(o, "engine");
    if (cJSON_IsString(engine) && strncmp(engine->valuestring, "ibft", 4) == 0) {
        /* Its block hash leaves the commit seals out: the authenticator's business. */
        CHECK(data_get(o, "number")->valuedouble == 0 || memcmp(got, want, 32) != 0);
    } else {
        CHECK_MEM(got, want, 32);
    }
    REQUIRE_STATUS(wick_header_decode(&h, rlp), WICK_OK);
    const cJSON *number = data_get(o, "number");
    number = number != NULL ? number : data_get(o, "block_number");
    if (cJSON_IsNumber(number)) {
        CHECK_INT(h.number, (long long)number->valuedouble);
    }
    if (data_fixed(want, 32, data_get(o, "state_root"))) {
        CHECK_MEM(h.field[WICK_HEADER_STATE_ROOT].ptr, want, 32);
    }
    wick_buf b = wick_buf_make(again, sizeof again);
    REQUIRE_STATUS(wick_header_encode(&b, &h), WICK_OK);
    CHECK(b.len == rlp.len && memcmp(again, rlp.ptr, rlp.len) == 0);
    CHECK_STATUS(wick_trust_pinned(&th, rlp, got, 1), WICK_OK);

    /* Any flipped bit is another block; one byte less or more is no header. */
    memcpy(again, rlp.ptr, rlp.len);
    again[rlp.len] = 0;
    for (size_t i = 0; i < rlp.len; i += 7) {
        again[i] ^= 0x10;
        CHECK_STATUS(wick_trust_pinned(&th, wick_span_make(again, rlp.len), got, 1),
                     WICK_E_HEADER_HASH);
        again[i] ^= 0x10;
    }
    CHECK_STATUS(wick_header_decode(&h, wick_span_make(again, rlp.len - 1)), WICK_E_TRUNCATED);
    CHECK_STATUS(wick_header_decode(&h, wick_span_make(again, rlp.len + 1)), WICK_E_TRAILING);
    REQUIRE_STATUS(wick_header_decode(&h, rlp), WICK_OK);
    fields_min = (seen == 0 || h.fields < fields_min) ? h.fields : fields_min;
    fields_max = h.fields > fields_max ? h.fields : fields_max;
    seen++;
}

TEST(rlp_headers_hash_and_round_trip)
{
    each(check_rlp);
    if (seen == 0) {
        SKIP("no header_rlp with its hash below WICK_VECTORS_DIR");
    }
    data_note("%u headers of %u to %u fields", seen, fields_min, fields_max);
}

/* ---- JSON blocks ---- */

static unsigned blocks;

/* Fields in order, until one is missing: what a port does with eth_getBlock. */
static void check_json(const cJSON *o)
{
    uint8_t want[32], got[32], rlp[WICK_HEADER_MAX];
    wick_header h;
    if (data_get(o, "stateRoot") == NULL || data_get(o, "logsBloom") == NULL ||
        data_get(o, "mixHash") == NULL || !data_fixed(want, 32, data_get(o, "hash"))) {
        return;
    }
    memset(&h, 0, sizeof h);
    while (h.fields < WICK_HEADER_FIELDS_KNOWN) {
        const cJSON *v = data_get(o, wick_header_field_name(h.fields));
        if (v == NULL || cJSON_IsNull(v)) {
            break;
        }
        REQUIRE(data_hex(&h.field[h.fields], v));
        h.fields++;
    }
    wick_buf b = wick_buf_make(rlp, sizeof rlp), measure = wick_buf_make(NULL, 0);
    REQUIRE_STATUS(wick_header_encode(&b, &h), WICK_OK);
    REQUIRE_STATUS(wick_header_encode(&measure, &h), WICK_OK);
    CHECK_INT(b.len, measure.len);
    wick_header_hash(got, wick_buf_span(&b));
    CHECK_MEM(got, want, 32);
    blocks++;
}

TEST(json_blocks_encode_to_their_hash)
{
    each(check_json);
    if (blocks == 0) {
        SKIP("no block in JSON-RPC form below WICK_VECTORS_DIR");
    }
    data_note("%u blocks", blocks);
}

/* genesishashestest.json: a whole block; its first item is the header. */
static unsigned genesis;

static void check_genesis(const cJSON *o)
{
    wick_span block;
    uint8_t want[32], got[32];
    wick_header h;
    if (!data_hex(&block, data_get(o, "genesis_rlp_hex")) ||
        !data_fixed(want, 32, data_get(o, "genesis_hash"))) {
        return;
    }
    REQUIRE(block.len > 3);
    /* The block is [header, transactions, uncles]; skip the list's own header of three bytes. */
    size_t header_len = (size_t)wick_load_be16(block.ptr + 4) + 3;
    REQUIRE(header_len < block.len);
    wick_span rlp = wick_span_make(block.ptr + 3, header_len);
    wick_header_hash(got, rlp);
    CHECK_MEM(got, want, 32);
    REQUIRE_STATUS(wick_header_decode(&h, rlp), WICK_OK);
    CHECK_INT(h.fields, 15);
    CHECK_INT(h.number, 0);
    REQUIRE(data_fixed(want, 32, data_get(o, "genesis_state_root")));
    CHECK_MEM(h.field[WICK_HEADER_STATE_ROOT].ptr, want, 32);
    genesis++;
}

TEST(genesis_block)
{
    each(check_genesis);
    if (genesis == 0) {
        SKIP("no genesis_rlp_hex below WICK_VECTORS_DIR");
    }
}

TAP_MAIN("vectors.headers", CASE(rlp_headers_hash_and_round_trip),
         CASE(json_blocks_encode_to_their_hash), CASE(genesis_block))
