/* SPDX-License-Identifier: Apache-2.0 */
#include "bundle_world.h"

#include <stdlib.h>
#include <string.h>

#include "../vectors/trie.h"
#include "wick/header.h"
#include "wick/keccak.h"
#include "wick/mpt.h"
#include "wick/proof.h"
#include "wick/rlp.h"

#define FILLERS 90
#define WORDS (2 * 4 + FILLERS)

const uint8_t bundle_contract[20] = {0xde, 0x71, 0xce, 7, 7, 7};

static struct trie state, storage;
static uint8_t state_keys[FILLERS + 1][32], state_values[FILLERS + 1][120];
static uint8_t word_keys[WORDS][32], word_values[WORDS][40];
static size_t words;

static void need(bool ok)
{
    if (!ok) {
        abort();
    }
}

void bundle_id(uint8_t id32[32], char peer)
{
    uint8_t name[4] = {'g', 'w', '-', (uint8_t)peer};
    need(wick_name_hash(id32, wick_span_make(name, sizeof name)) == WICK_OK);
}

void bundle_service(uint8_t service32[32])
{
    need(wick_name_hash(service32, wick_span_text(WICK_SERVICE_DEFAULT)) == WICK_OK);
}

static void put_word(const uint8_t slot[32], const uint8_t word[32])
{
    size_t zeros = 0;
    wick_buf b = wick_buf_make(word_values[words], sizeof word_values[words]);
    while (zeros < 32 && word[zeros] == 0) {
        zeros++;
    }
    need(zeros < 32 && words < WORDS);
    wick_rlp_put(&b, word + zeros, 32 - zeros);
    wick_keccak256(word_keys[words], slot, 32);
    trie_set(&storage, wick_span_make(word_keys[words], 32), wick_buf_span(&b));
    words++;
}

static void put_peer(char peer, uint32_t epoch, uint32_t seq)
{
    wick_peer_query q;
    wick_device device;
    wick_endpoint endpoint;
    uint8_t id[32], service[32], word[2][32];
    bundle_id(id, peer);
    bundle_service(service);
    wick_peer_query_init(&q, id, service, false);
    memset(&device, 0, sizeof device);
    memset(device.owner, peer, sizeof device.owner);
    device.key_type = WICK_KEY_TYPE_SECP256K1;
    device.org = 1;
    device.epoch = epoch;
    device.not_after = 4000000000u;
    memset(device.key, 0x20 + peer % 32, sizeof device.key);
    need(wick_device_encode(word[0], word[1], &device) == WICK_OK);
    put_word(q.slots[0], word[0]);
    put_word(q.slots[1], word[1]);
    memset(&endpoint, 0, sizeof endpoint);
    endpoint.addr = wick_addr_v4(198, 51, 100, (uint8_t)peer, 4242);
    endpoint.protocol = WICK_PROTOCOL_UDP;
    endpoint.kind = WICK_ENDPOINT_RELAY;
    endpoint.seq = seq;
    endpoint.expires = 3900000000u;
    need(wick_endpoint_encode(word[0], &endpoint) == WICK_OK);
    put_word(q.slots[2], word[0]);
}

static void put_account(size_t i, const uint8_t address[20], const uint8_t storage_root[32],
                        const uint8_t code_hash[32])
{
    wick_buf b = wick_buf_make(state_values[i], sizeof state_values[i]);
    size_t list = wick_rlp_open(&b);
    wick_rlp_put_u64(&b, 1);
    wick_rlp_put_u64(&b, 1000 + i);
    wick_rlp_put(&b, storage_root, 32);
    wick_rlp_put(&b, code_hash, 32);
    wick_rlp_shut(&b, list);
    need(wick_buf_status(&b) == WICK_OK);
    wick_keccak256(state_keys[i], address, 20);
    trie_set(&state, wick_span_make(state_keys[i], 32), wick_buf_span(&b));
}

void bundle_state_make(struct bundle_state *s, uint32_t epoch, uint32_t seq)
{
    uint8_t code[32] = {0xc0, 0xde}, address[20] = {0}, filler[32] = {0};
    memset(&state, 0, sizeof state);
    memset(&storage, 0, sizeof storage);
    words = 0;
    put_peer('a', epoch, seq);
    put_peer('b', 9, 900);
    for (uint8_t i = 0; i < FILLERS; i++) {
        filler[0] = i;
        filler[31] = 1;
        put_word(filler, filler);
        address[19] = i;
        address[0] = 1;
        put_account(i, address, wick_mpt_empty_root, wick_empty_code_hash);
    }
    trie_build(&storage);
    put_account(FILLERS, bundle_contract, storage.root, code);
    trie_build(&state);
    memcpy(s->root, state.root, 32);
    s->epoch = epoch;
    s->seq = seq;
}

size_t bundle_header(uint8_t rlp[WICK_HEADER_MAX], const uint8_t root[32], uint64_t number,
                     uint64_t time_s)
{
    static const uint8_t zero[256];
    static const uint16_t lens[15] = {32, 32, 20, 32, 32, 32, 256, 0, 0, 0, 0, 0, 0, 32, 8};
    uint8_t be[2][8];
    wick_header h;
    wick_buf b = wick_buf_make(rlp, WICK_HEADER_MAX);
    memset(&h, 0, sizeof h);
    h.fields = 15;
    for (size_t i = 0; i < 15; i++) {
        h.field[i] = wick_span_make(zero, lens[i]);
    }
    wick_store_be64(be[0], number);
    wick_store_be64(be[1], time_s);
    h.field[WICK_HEADER_STATE_ROOT].ptr = root;
    h.field[WICK_HEADER_NUMBER] = wick_span_make(be[0], 8);
    h.field[WICK_HEADER_TIMESTAMP] = wick_span_make(be[1], 8);
    need(wick_header_encode(&b, &h) == WICK_OK);
    return b.len;
}

/* Nodes from the root to where the key ends or leaves the trie. */
static void put_path(wick_bundle_writer *w, wick_bundle_tag tag, const struct trie *t,
                     const uint8_t *preimage, size_t len)
{
    uint8_t key[32], hash[32];
    wick_mpt walk;
    wick_keccak256(key, preimage, len);
    wick_mpt_begin(&walk, t->root, key);
    for (;;) {
        size_t i = 0;
        for (; i < t->nodes; i++) {
            wick_keccak256(hash, t->node[i].ptr, t->node[i].len);
            if (memcmp(hash, walk.want, 32) == 0) {
                break;
            }
        }
        need(i < t->nodes);
        wick_bundle_write(w, tag, t->node[i]);
        if (wick_mpt_node(&walk, t->node[i]) != WICK_MPT_INCOMPLETE) {
            return;
        }
    }
}

void bundle_put_proof(wick_bundle_writer *w, const uint8_t contract[20], const uint8_t (*slots)[32],
                      size_t count)
{
    put_path(w, WICK_BUNDLE_ACCOUNT, &state, contract, 20);
    for (size_t i = 0; i < count; i++) {
        wick_bundle_write(w, WICK_BUNDLE_SLOT, wick_span_make(slots[i], 32));
        put_path(w, WICK_BUNDLE_NODE, &storage, slots[i], 32);
    }
}

size_t bundle_make(uint8_t out[BUNDLE_BYTES], const struct bundle_state *s, char peer,
                   uint64_t number, uint64_t time_s)
{
    static uint8_t rlp[WICK_HEADER_MAX];
    uint8_t id[32], service[32];
    wick_peer_query q;
    wick_bundle_writer w;
    wick_bundle_head head = {WICK_BUNDLE_ALONE, WORLD_CHAIN, time_s, {0}};
    wick_buf b = wick_buf_make(out, BUNDLE_BYTES);
    bundle_id(id, peer);
    bundle_service(service);
    wick_peer_query_init(&q, id, service, false);
    memcpy(head.contract, bundle_contract, 20);
    wick_bundle_write_begin(&w, &b, &head);
    wick_bundle_write(&w, WICK_BUNDLE_HEADER,
                      wick_span_make(rlp, bundle_header(rlp, s->root, number, time_s)));
    bundle_put_proof(&w, bundle_contract, (const uint8_t(*)[32])q.slots, q.count);
    need(wick_bundle_write_end(&w) == WICK_OK);
    return b.len;
}
