/* SPDX-License-Identifier: Apache-2.0 */
#include "seal_world.h"

#include <string.h>

#include "wick/keccak.h"
#include "wick/port/crypto.h"

/* ---- keys ---- */

static wick_crypto_ctx cc;
static wick_hal_crypto crypto;
static bool ready;

static struct key {
    uint8_t secret[32];
    uint8_t address[20];
} keys[WORLD_KEYS];

static void sort_by_address(void)
{
    for (size_t i = 1; i < WORLD_KEYS; i++) {
        struct key k = keys[i];
        size_t at = i;
        for (; at > 0 && memcmp(keys[at - 1].address, k.address, 20) > 0; at--) {
            keys[at] = keys[at - 1];
        }
        keys[at] = k;
    }
}

static void need(bool good)
{
    if (!good) {
        __builtin_trap();
    }
}

const wick_hal_crypto *world_crypto(void)
{
    if (ready) {
        return &crypto;
    }
    ready = true;
    need(wick_crypto_init(&crypto, &cc) == WICK_OK);
    for (int i = 0; i < WORLD_KEYS; i++) {
        uint8_t pub[33], plain[65], hash[32];
        keys[i].secret[31] = (uint8_t)(i + 1);
        need(crypto.secp256k1_public(crypto.ctx, pub, keys[i].secret) == WICK_OK);
        need(crypto.secp256k1_expand(crypto.ctx, plain, pub) == WICK_OK);
        wick_keccak256(hash, plain + 1, 64);
        memcpy(keys[i].address, hash + 12, 20);
    }
    sort_by_address();
    return &crypto;
}

const uint8_t *world_address(int key)
{
    static const uint8_t zero[20];
    (void)world_crypto();
    return key < 0 ? zero : keys[key].address;
}

/* order - s, and the other recovery id. */
static void raise_s(uint8_t seal[65])
{
    static const uint8_t order[32] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe,
                                      0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b,
                                      0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41};
    int carry = 0;
    for (int i = 31; i >= 0; i--) {
        int d = order[i] - seal[32 + i] - carry;
        carry = d < 0;
        seal[32 + i] = (uint8_t)(d + 256 * carry);
    }
    seal[64] ^= 1u;
}

static void sign(uint8_t seal[65], int key, const uint8_t digest[32], bool high_s)
{
    (void)world_crypto();
    need(wick_crypto_secp256k1_sign(&cc, seal, &seal[64], keys[key].secret, digest) == WICK_OK);
    if (high_s) {
        raise_s(seal);
    }
}

/* ---- RLP ---- */

struct bytes {
    uint8_t at[8192];
    size_t len;
};

static void put(struct bytes *b, const void *data, size_t len)
{
    need(b->len + len <= sizeof b->at);
    if (len != 0) {
        memcpy(b->at + b->len, data, len);
        b->len += len;
    }
}

static void put_byte(struct bytes *b, unsigned v)
{
    uint8_t byte = (uint8_t)v;
    put(b, &byte, 1);
}

static void prefix(struct bytes *b, size_t len, unsigned base)
{
    if (len < 56) {
        put_byte(b, base + (unsigned)len);
    } else if (len < 256) {
        put_byte(b, base + 56);
        put_byte(b, (unsigned)len);
    } else {
        put_byte(b, base + 57);
        put_byte(b, (unsigned)(len >> 8));
        put_byte(b, (unsigned)(len & 255u));
    }
}

static void string(struct bytes *b, const void *data, size_t len)
{
    if (len != 1 || *(const uint8_t *)data >= 0x80) {
        prefix(b, len, 0x80);
    }
    put(b, data, len);
}

static void number(struct bytes *b, uint64_t v)
{
    uint8_t be[8];
    size_t n = 0;
    for (int shift = 56; shift >= 0; shift -= 8) {
        uint8_t byte = (uint8_t)(v >> shift);
        if (n != 0 || byte != 0) {
            be[n++] = byte;
        }
    }
    string(b, be, n);
}

static void list(struct bytes *b, const struct bytes *items)
{
    prefix(b, items->len, 0xc0);
    put(b, items->at, items->len);
}

/* ---- extraData ---- */

enum part { ALL, COMMIT, BLOCK, PROPOSER };

static struct bytes sealers;   /* items: commit seals */
static uint8_t proposer_seal[65];
static const uint8_t vanity[32] = {'w', 'i', 'c', 'k'};

static void put_set(struct bytes *b, const struct spec *s)
{
    struct bytes items = {{0}, 0};
    for (size_t i = 0; i < s->set_len; i++) {
        string(&items, world_address(s->set[i]), 20);
    }
    list(b, &items);
}

static void put_vote(struct bytes *b, const struct spec *s)
{
    static const uint8_t drop[1] = {0}, add[1] = {0xff};
    struct bytes items = {{0}, 0};
    bool qbft = s->rule == WICK_SEAL_QBFT;
    if (s->subject < 0) {
        put_byte(b, qbft ? 0xc0 : 0x80);
        return;
    }
    string(&items, world_address(s->subject), 20);
    if (s->add) {
        string(&items, add, 1);
    } else {
        string(&items, drop, qbft ? 0 : 1);
    }
    list(b, &items);
}

static void besu(struct bytes *extra, const struct spec *s, enum part part)
{
    struct bytes items = {{0}, 0};
    static const struct bytes none;
    bool qbft = s->rule == WICK_SEAL_QBFT;
    uint32_t round = part == COMMIT ? s->round_signed : s->round;
    string(&items, vanity, sizeof vanity);
    put_set(&items, s);
    put_vote(&items, s);
    if (qbft) {
        number(&items, part == BLOCK ? 0 : round);
        list(&items, part == ALL ? &sealers : &none);
    } else if (part != BLOCK) {
        uint8_t be[4] = {(uint8_t)(round >> 24), (uint8_t)(round >> 16), (uint8_t)(round >> 8),
                         (uint8_t)round};
        string(&items, be, 4);
        if (part == ALL) {
            list(&items, &sealers);
        }
    }
    list(extra, &items);
}

static void ibft1(struct bytes *extra, const struct spec *s, enum part part)
{
    struct bytes items = {{0}, 0};
    static const struct bytes none;
    put(extra, vanity, sizeof vanity);
    put_set(&items, s);
    string(&items, proposer_seal, part == PROPOSER || s->number == 0 ? 0 : 65);
    list(&items, part == ALL ? &sealers : &none);
    list(extra, &items);
}

static void clique(struct bytes *extra, const struct spec *s, enum part part)
{
    static const uint8_t no_seal[65];
    put(extra, vanity, sizeof vanity);
    for (size_t i = 0; i < s->set_len && s->list_signers; i++) {
        put(extra, world_address(s->set[i]), 20);
    }
    if (part == ALL) {
        put(extra, s->number == 0 ? no_seal : proposer_seal, 65);
    }
}

/* ---- headers ---- */

static void header(struct bytes *out, const struct spec *s, enum part part)
{
    static const uint8_t no_uncles[32] = {0x1d, 0xcc, 0x4d, 0xe8, 0xde, 0xc7, 0x5d, 0x7a,
                                          0xab, 0x85, 0xb5, 0x67, 0xb6, 0xcc, 0xd4, 0x1a,
                                          0xd3, 0x12, 0x45, 0x1b, 0x94, 0x8a, 0x74, 0x13,
                                          0xf0, 0xa1, 0x42, 0xfd, 0x40, 0xd4, 0x93, 0x47};
    static const uint8_t bloom[256];
    bool is_clique = s->rule == WICK_SEAL_CLIQUE;
    uint8_t root[32] = {0}, mix[32] = "ctical byzantine fault tolerance", nonce[8] = {0};
    struct bytes items = {{0}, 0}, extra = {{0}, 0};
    if (is_clique) {
        memset(mix, 0, sizeof mix);
        memset(nonce, s->add ? 0xff : 0, sizeof nonce);
        clique(&extra, s, part);
    } else if (s->rule == WICK_SEAL_IBFT1) {
        ibft1(&extra, s, part);
    } else {
        besu(&extra, s, part);
    }
    mix[5] ^= s->other_mix;
    root[0] = s->salt;
    string(&items, s->parent, 32);
    string(&items, no_uncles, 32);
    string(&items, world_address(is_clique ? s->subject : s->proposer), 20);
    string(&items, s->state_root != NULL ? s->state_root : root, 32);
    root[1] = 1;
    string(&items, root, 32);
    root[1] = 2;
    string(&items, root, 32);
    string(&items, bloom, sizeof bloom);
    number(&items, s->difficulty);
    number(&items, s->number);
    number(&items, 30000000);
    number(&items, 21000);
    number(&items, s->timestamp);
    string(&items, extra.at, extra.len);
    string(&items, mix, 32);
    string(&items, nonce, 8);
    number(&items, 7);
    for (size_t i = 0; i < s->more_fields; i++) {
        bool integer = i == 1 || i == 2;
        string(&items, root, integer ? 0 : 32);
    }
    out->len = 0;
    list(out, &items);
}

static void digest(uint8_t out[32], const struct spec *s, enum part part)
{
    static struct bytes b;
    header(&b, s, part);
    wick_keccak256(out, b.at, b.len);
}

static void seal(const struct spec *s)
{
    uint8_t hash[33];
    memset(proposer_seal, 0, sizeof proposer_seal);
    sealers.len = 0;
    if (s->number == 0) {
        return;
    }
    if (s->rule == WICK_SEAL_CLIQUE) {
        digest(hash, s, COMMIT);
        sign(proposer_seal, s->proposer, hash, s->high_s);
        return;
    }
    if (s->rule == WICK_SEAL_IBFT1) {
        digest(hash, s, PROPOSER);
        wick_keccak256(hash, hash, 32);
        sign(proposer_seal, s->proposer, hash, s->high_s);
        digest(hash, s, BLOCK);
        hash[32] = 2;
        wick_keccak256(hash, hash, 33);
    } else {
        digest(hash, s, COMMIT);
    }
    for (size_t i = 0; i < s->seal_len; i++) {
        uint8_t one[65];
        sign(one, s->seal[i], hash, s->high_s);
        string(&sealers, one, 65);
    }
}

void world_make(struct sealed *out, const struct spec *s)
{
    static struct bytes b;
    bool as_it_is = s->rule == WICK_SEAL_CLIQUE || s->number == 0;
    seal(s);
    header(&b, s, ALL);
    need(b.len <= sizeof out->rlp);
    memcpy(out->rlp, b.at, b.len);
    out->len = b.len;
    digest(out->hash, s, as_it_is ? ALL : BLOCK);
}

void world_sealers(struct spec *s, int from, size_t n)
{
    s->seal_len = n;
    for (size_t i = 0; i < n; i++) {
        s->seal[i] = from + (int)i;
    }
}

struct spec world_spec(wick_seal_rule rule, uint64_t block, size_t n, const struct sealed *parent)
{
    struct spec s;
    memset(&s, 0, sizeof s);
    s.rule = rule;
    s.number = block;
    s.timestamp = WORLD_GENESIS_TIME + WORLD_PERIOD * block;
    s.set_len = n;
    for (size_t i = 0; i < n; i++) {
        s.set[i] = (int)i;
    }
    world_sealers(&s, 0, n);
    s.subject = -1;
    s.difficulty = 1;
    if (parent != NULL) {
        memcpy(s.parent, parent->hash, 32);
    }
    return s;
}
