/* SPDX-License-Identifier: Apache-2.0 */
/*
 * port/linux/eth_json.c on every recorded block and eth_getProof answer: a block's JSON encodes to
 * the header that has the block's hash, and one altered digit is seen; an answer's nodes, keys and
 * claims come out octet by octet.
 */
#include "wick/port/eth_json.h"

#include <stdlib.h>

#include "data.h"
#include "tap.h"

#define STACK 64

static uint64_t arena[1u << 18];
static unsigned blocks, bft_blocks, answers;

/* The same object as the port's parser sees it. */
static const wick_json *again(const cJSON *object)
{
    const wick_json *root = NULL;
    char *text = cJSON_PrintUnformatted(object);
    if (text == NULL) {
        return NULL;
    }
    wick_span span = wick_span_make((const uint8_t *)text, strlen(text));
    CHECK_STATUS(wick_json_parse(&root, (uint8_t *)arena, sizeof arena, span), WICK_OK);
    cJSON_free(text);
    return root;
}

/* Istanbul's mark: there the hash leaves out the commit seals, which header.h does not know. */
static bool is_bft(const cJSON *block)
{
    static const char mark[] = "0x63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365";
    const char *mix = cJSON_GetStringValue(data_get(block, "mixHash"));
    return mix != NULL && strcmp(mix, mark) == 0;
}

static void use_block(const cJSON *object)
{
    static const char *const fields[] = {"parentHash", "stateRoot", "gasUsed", "extraData", "nonce"};
    uint8_t header[WICK_HEADER_MAX], hash[32];
    wick_eth_block b;
    wick_buf out = wick_buf_make(header, sizeof header);
    wick_status s = wick_eth_json_block(&b, &out, again(object));
    if (is_bft(object)) {
        CHECK_STATUS(s, WICK_E_HEADER_HASH);
        bft_blocks++;
        return;
    }
    CHECK_STATUS(s, WICK_OK);
    CHECK(data_fixed(hash, 32, data_get(object, "hash")) && memcmp(hash, b.hash, 32) == 0);
    CHECK(data_fixed(hash, 32, data_get(object, "stateRoot")) &&
          memcmp(hash, b.state_root, 32) == 0);
    blocks++;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        char *digits = cJSON_GetStringValue(data_get(object, fields[i]));
        if (digits == NULL || strlen(digits) < 3) {
            continue;
        }
        char *last = digits + strlen(digits) - 1;
        char was = *last;
        *last = was == '7' ? '8' : '7';
        out.len = 0;
        CHECK_STATUS(wick_eth_json_block(&b, &out, again(object)), WICK_E_HEADER_HASH);
        CHECK_INT(out.len, 0);
        *last = 'g';
        CHECK_STATUS(wick_eth_json_block(&b, &out, again(object)), WICK_E_JSON);
        *last = was;
    }
}

static void same_nodes(const wick_json *nodes, const cJSON *array)
{
    static uint8_t node[4096];
    CHECK_INT(wick_json_count(nodes), cJSON_GetArraySize(array));
    for (const cJSON *n = array->child; n != NULL && nodes != NULL; n = n->next) {
        const wick_json *mine = n == array->child ? wick_json_first(nodes) : wick_json_next(nodes);
        wick_buf b = wick_buf_make(node, sizeof node);
        wick_span want;
        CHECK_STATUS(wick_json_data(&b, mine), WICK_OK);
        CHECK(data_hex(&want, n) && want.len == b.len && memcmp(want.ptr, node, b.len) == 0);
        nodes = mine;
    }
}

static void use_answer(const cJSON *object)
{
    wick_eth_proof p;
    uint8_t word[32];
    const cJSON *slot = data_get(object, "storageProof");
    if (data_get(object, "nonce") == NULL || slot == NULL) {
        return; /* a shortened note, not an answer */
    }
    answers++;
    REQUIRE_STATUS(wick_eth_json_proof(&p, again(object)), WICK_OK);
    CHECK(data_word(word, data_get(object, "balance")) && memcmp(word, p.claim.balance, 32) == 0);
    CHECK(data_fixed(word, 32, data_get(object, "storageHash")) &&
          memcmp(word, p.claim.storage_root, 32) == 0);
    same_nodes(p.account_nodes, data_get(object, "accountProof"));
    const wick_json *mine = wick_json_first(p.slots);
    for (slot = slot->child; slot != NULL; slot = slot->next, mine = wick_json_next(mine)) {
        wick_eth_slot got;
        REQUIRE_STATUS(wick_eth_json_slot(&got, mine), WICK_OK);
        CHECK(data_word(word, data_get(slot, "key")) && memcmp(word, got.key, 32) == 0);
        CHECK(data_word(word, data_get(slot, "value")) && memcmp(word, got.claim, 32) == 0);
        same_nodes(got.nodes, data_get(slot, "proof"));
    }
    CHECK(mine == NULL);
    /* each member is needed */
    static const char *const members[] = {"address", "accountProof", "balance",      "codeHash",
                                          "nonce",   "storageHash",  "storageProof"};
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        cJSON *less = cJSON_Duplicate(object, 1);
        cJSON_DeleteItemFromObjectCaseSensitive(less, members[i]);
        CHECK_STATUS(wick_eth_json_proof(&p, again(less)), WICK_E_JSON);
        CHECK(p.account_nodes == NULL);
        cJSON_Delete(less);
    }
}

/* Every object of a file, depth first. */
static void walk(const cJSON *root)
{
    const cJSON *up[STACK];
    size_t depth = 0;
    const cJSON *n = root;
    while (n != NULL) {
        if (cJSON_IsObject(n) && data_get(n, "accountProof") != NULL) {
            use_answer(n);
        }
        if (cJSON_IsObject(n) && data_get(n, "parentHash") != NULL &&
            data_get(n, "logsBloom") != NULL && data_get(n, "sha3Uncles") != NULL &&
            cJSON_IsString(data_get(n, "hash"))) {
            use_block(n);
        }
        if (n->child != NULL && depth < STACK) {
            up[depth++] = n;
            n = n->child;
            continue;
        }
        while (n != NULL && n->next == NULL) {
            n = depth != 0 ? up[--depth] : NULL;
        }
        n = n != NULL && n != root ? n->next : NULL;
    }
}

TEST(recorded_blocks_and_answers)
{
    size_t count = 0;
    const data_file *files = data_files(&count);
    for (size_t i = 0; i < count; i++) {
        walk(files[i].root);
    }
    data_note("%u blocks, %u with seals outside of the hash, %u eth_getProof answers", blocks,
              bft_blocks, answers);
    if (blocks == 0 && answers == 0) {
        SKIP("no recorded blocks or answers below WICK_VECTORS_DIR");
    }
}

TAP_MAIN("vectors.eth_json", CASE(recorded_blocks_and_answers))
