/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transactions of a block as JSON against the root in its header: what is not that block's list proves
 * nothing, and what is not in it is proven not to be.
 */
#include "wick/port/inclusion.h"

#include <stdio.h>
#include <string.h>

#include "tap.h"
#include "wick/header.h"
#include "wick/keccak.h"
#include "wick/port/crypto.h"
#include "wick/port/receipts.h"

#define COUNT 6u

static char text[16000];
static uint64_t arena[100000 / 8];
static uint8_t work[4096];
static wick_trusted_header th;
static uint8_t hash[COUNT][32];
static const uint8_t access_list[] = {0xf8, 0x38, 0xf7, 0x94, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                                      1, 1, 1, 1, 1, 1, 1, 0xe1, 0xa0, 2, 2, 2, 2, 2, 2, 2, 2, 2,
                                      2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
                                      2, 2, 2};

static size_t hex(char *out, const uint8_t *bytes, size_t len)
{
    wick_hex_encode(out, bytes, len);
    return 2 * len;
}

static size_t put_json(char *out, const wick_tx *tx)
{
    size_t n = (size_t)sprintf(out, "{\"type\":\"0x%x\",\"nonce\":\"0x%x\",\"gas\":\"0x5208\",",
                               (unsigned)tx->type, (unsigned)tx->nonce);
    if (tx->type == WICK_TX_DYNAMIC_FEE) {
        n += (size_t)sprintf(out + n, "\"maxFeePerGas\":\"0x%x\",\"maxPriorityFeePerGas\":\"0x%x\","
                                      "\"gasPrice\":\"0x1\",",
                             (unsigned)tx->max_fee, (unsigned)tx->max_priority_fee);
    } else {
        n += (size_t)sprintf(out + n, "\"gasPrice\":\"0x%x\",", (unsigned)tx->max_fee);
    }
    if (tx->create) {
        n += (size_t)sprintf(out + n, "\"to\":null,\"value\":\"0x0\",\"input\":\"0x");
    } else {
        n += (size_t)sprintf(out + n, "\"to\":\"0x");
        n += hex(out + n, tx->to, 20);
        n += (size_t)sprintf(out + n, "\",\"value\":\"0x%x\",\"input\":\"0x", tx->value[31]);
    }
    n += hex(out + n, tx->data.ptr, tx->data.len);
    n += (size_t)sprintf(out + n, "\",\"r\":\"0x");
    n += hex(out + n, tx->r, 32);
    n += (size_t)sprintf(out + n, "\",\"s\":\"0x");
    n += hex(out + n, tx->s, 32);
    if (tx->type == WICK_TX_LEGACY) {
        uint64_t v = tx->chain_id != 0 ? 35 + 2 * tx->chain_id + tx->y_parity : 27u + tx->y_parity;
        return n + (size_t)sprintf(out + n, "\",\"v\":\"0x%x\"}", (unsigned)v);
    }
    n += (size_t)sprintf(out + n, "\",\"%s\":\"0x%x\",\"chainId\":\"0x7a69\",\"accessList\":[",
                         tx->nonce % 2 != 0 ? "v" : "yParity", tx->y_parity);
    if (tx->access_list.len != 0) {
        n += (size_t)sprintf(out + n, "{\"address\":\"0x%s\",\"storageKeys\":[\"0x%s\"]}",
                             "0101010101010101010101010101010101010101",
                             "0202020202020202020202020202020202020202020202020202020202020202");
    }
    return n + (size_t)sprintf(out + n, "]}");
}

/* Six transactions of all types, as JSON, and a header with the root over them. */
static void setup(void)
{
    static const uint8_t data[] = {1, 2, 3}, one[] = {5};
    static const uint8_t secret[32] = {1};
    static uint8_t raw[COUNT][400];
    size_t len[COUNT], n = 0;
    wick_crypto_ctx cc;
    wick_hal_crypto crypto;
    wick_hal_keystore keystore;
    wick_ram_keystore ram;
    wick_key key;
    wick_list_root l;
    REQUIRE_STATUS(wick_crypto_init(&crypto, &cc), WICK_OK);
    wick_ram_keystore_init(&keystore, &ram, &cc);
    REQUIRE_STATUS(wick_ram_keystore_import(&key, &ram, secret), WICK_OK);
    text[n++] = '[';
    for (unsigned i = 0; i < COUNT; i++) {
        wick_tx tx;
        memset(&tx, 0, sizeof tx);
        tx.type = (wick_tx_type)(i % 3);
        tx.chain_id = i == 3 ? 0 : 31337; /* before EIP-155 */
        tx.nonce = i;
        tx.max_fee = 1000 + i;
        tx.max_priority_fee = tx.type == WICK_TX_DYNAMIC_FEE ? 7 : 0;
        tx.gas_limit = 21000;
        tx.create = i == 5;
        tx.value[31] = tx.create ? 0 : (uint8_t)(200 + i);
        memset(tx.to, tx.create ? 0 : 0x35, 20);
        tx.data = i == 1 ? wick_span_make(one, 1)
                         : wick_span_make(data, i % 2 == 0 ? sizeof data : 0);
        if (i == 4) {
            tx.access_list = wick_span_make(access_list, sizeof access_list);
        }
        REQUIRE_STATUS(wick_tx_sign(&tx, &keystore, key), WICK_OK);
        wick_buf b = wick_buf_make(raw[i], sizeof raw[i]);
        REQUIRE_STATUS(wick_tx_encode(&b, &tx), WICK_OK);
        len[i] = b.len;
        wick_keccak256(hash[i], raw[i], b.len);
        n += i != 0 ? (size_t)sprintf(text + n, ",") : 0;
        n += put_json(text + n, &tx);
    }
    (void)sprintf(text + n, "]");
    memset(&th, 0, sizeof th);
    wick_trust_pinned_root(&th, hash[0], 31337);
    REQUIRE_STATUS(wick_list_root_begin(&l, COUNT), WICK_OK);
    for (unsigned i = 0; i < COUNT; i++) {
        size_t at = wick_list_root_wants(&l);
        REQUIRE_STATUS(wick_list_root_item(&l, wick_span_make(raw[at], len[at])), WICK_OK);
    }
    REQUIRE_STATUS(wick_list_root_end(&l, th.transactions_root), WICK_OK);
}

static wick_status find(size_t *index, const uint8_t wanted[32], size_t cap)
{
    const wick_json *root;
    CHECK_STATUS(wick_json_parse(&root, (uint8_t *)arena, sizeof arena, wick_span_text(text)),
                 WICK_OK);
    return wick_inclusion_find(index, root, &th, wanted, work, cap);
}

TEST(each_at_its_place)
{
    size_t index = 99;
    setup();
    for (unsigned i = 0; i < COUNT; i++) {
        CHECK_STATUS(find(&index, hash[i], sizeof work), WICK_OK);
        CHECK_INT(index, i);
    }
    hash[2][7] ^= 1;
    CHECK_STATUS(find(&index, hash[2], sizeof work), WICK_E_NOT_FOUND);
    CHECK_INT(index, 0);
}

/* Every hex digit that the encoding covers counts. */
TEST(no_other_list_will_do)
{
    size_t index = 0, changed = 0;
    setup();
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i += 3) {
        char was = text[i];
        if (was < '2' || was > '9' || text[i - 1] == '"') {
            continue;
        }
        text[i] = was == '9' ? '8' : (char)(was + 1);
        wick_status s = find(&index, hash[0], sizeof work);
        bool price = strstr(text + (i < 20 ? 0 : i - 20), "gasPrice") == text + i - 11;
        CHECK(s != WICK_OK || price); /* of a type 2 it is what was paid in the end */
        changed++;
        text[i] = was;
    }
    CHECK(changed > 100);
    CHECK_STATUS(find(&index, hash[0], sizeof work), WICK_OK);
    /* One less. */
    char *last = strrchr(text, '{');
    memcpy(last - 1, "]", 2);
    CHECK_STATUS(find(&index, hash[0], sizeof work), WICK_E_PROOF_BAD_HASH);
    memcpy(text, "[]", 3);
    CHECK_STATUS(find(&index, hash[0], sizeof work), WICK_E_PROOF_BAD_HASH);
}

TEST(what_is_no_list_of_transactions)
{
    size_t index = 0;
    setup();
    th.made ^= 1;
    CHECK_STATUS(find(&index, hash[0], sizeof work), WICK_E_BAD_ARG);
    th.made ^= 1;
    CHECK_STATUS(find(&index, hash[0], 64), WICK_E_LIMIT);
    char *type = strstr(text, "\"type\":\"0x2\"");
    REQUIRE(type != NULL);
    type[10] = '3';
    CHECK_STATUS(find(&index, hash[0], sizeof work), WICK_E_UNSUPPORTED);
    memcpy(text, "[\"0x11\"]", 9);
    CHECK_STATUS(find(&index, hash[0], sizeof work), WICK_E_JSON);
    memcpy(text, "{}", 3);
    CHECK_STATUS(find(&index, hash[0], sizeof work), WICK_E_JSON);
    memcpy(text, "null", 5);
    CHECK_STATUS(find(&index, hash[0], sizeof work), WICK_E_JSON);
}

TAP_MAIN("unit.inclusion", CASE(each_at_its_place), CASE(no_other_list_will_do),
         CASE(what_is_no_list_of_transactions))
