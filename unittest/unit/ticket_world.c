/* SPDX-License-Identifier: Apache-2.0 */
#include "ticket_world.h"

#include "wick/hpke.h"

static wick_crypto_ctx cc;
static wick_ram_keystore ram;
static wick_hal_keystore real_keystore;

wick_hal_crypto crypto;
wick_hal_keystore keystore;
wick_ticket_own own[PARTIES];
unsigned private_ops;
uint8_t next_byte;
bool no_entropy;

static wick_status fill(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    if (no_entropy) {
        return WICK_E_ENTROPY;
    }
    memset(out, next_byte++, len);
    next_byte = (uint8_t)(next_byte == 0 ? 1 : next_byte);
    return WICK_OK;
}

wick_hal_entropy entropy = {NULL, fill};

static wick_status counted_ecdh(void *ctx, uint8_t x32[32], wick_key key, const uint8_t peer33[33])
{
    private_ops++;
    return real_keystore.secp256k1_ecdh(ctx, x32, key, peer33);
}

void ticket_world(void)
{
    static const uint8_t seeds[PARTIES] = {0xa1, 0xb2, 0xc3, 0xd4};

    CHECK_STATUS(wick_crypto_init(&crypto, &cc), WICK_OK);
    wick_ram_keystore_init(&real_keystore, &ram, &cc);
    keystore = real_keystore;
    keystore.secp256k1_ecdh = counted_ecdh;
    for (unsigned i = 0; i < PARTIES; i++) {
        uint8_t secret[32] = {0}, id[32];
        wick_key key;
        secret[31] = seeds[i];
        memset(id, seeds[i], sizeof id);
        CHECK_STATUS(wick_ram_keystore_import(&key, &ram, secret), WICK_OK);
        CHECK_STATUS(wick_ticket_own_init(&own[i], &crypto, &entropy, &keystore, id, key), WICK_OK);
    }
    private_ops = 0;
    next_byte = 0x31;
    no_entropy = false;
}

wick_ticket_audience audience_of(unsigned party)
{
    wick_ticket_audience a;
    memcpy(a.id, own[party].id, sizeof a.id);
    memcpy(a.pub33, own[party].pub33, sizeof a.pub33);
    return a;
}

wick_ticket_claims claims_of(const char *sub)
{
    wick_ticket_claims c;
    memset(&c, 0, sizeof c);
    CHECK_STATUS(wick_ticket_sub(c.sub, wick_span_text(sub)), WICK_OK);
    c.iat_s = IAT;
    c.life_s = 600;
    c.scope = WICK_TICKET_CONNECT | WICK_TICKET_REUSE;
    return c;
}

void make_ticket(uint8_t ticket[WICK_TICKET_BYTES], uint8_t ks[32], unsigned from, unsigned to,
                 const wick_ticket_claims *claims)
{
    const wick_ticket_audience a = audience_of(to);
    wick_ticket_claims c = *claims;
    CHECK_STATUS(wick_ticket_make(ticket, ks, &c, &own[from], &a), WICK_OK);
}

wick_status open_ticket(wick_ticket *out, const uint8_t *ticket, size_t len, unsigned from,
                        unsigned to)
{
    wick_ticket_head head;
    memset(out, 0, sizeof *out);
    wick_status st = wick_ticket_parse(&head, wick_span_make(ticket, len));
    return st == WICK_OK ? wick_ticket_open(out, &head, &own[to], own[from].pub33) : st;
}

void seal_claims(uint8_t out[WICK_TICKET_BYTES], const uint8_t like[WICK_TICKET_BYTES],
                 const uint8_t claims[32])
{
    uint8_t info[141] = "dpk-ticket v1", plain[32];
    wick_hpke_params p;
    wick_hpke h;

    memcpy(info + 13, own[S].id, 32);
    memcpy(info + 45, own[S].keyhash, 32);
    memcpy(info + 77, own[G].id, 32);
    memcpy(info + 109, own[G].keyhash, 32);
    memset(&p, 0, sizeof p);
    p.mode = WICK_HPKE_AUTH;
    p.aead = WICK_AEAD_CHACHA20_POLY1305;
    p.info = wick_span_make(info, sizeof info);
    p.sender_pub = own[G].pub33;
    p.sender_keystore = &keystore;
    p.sender_key = own[G].key;
    memcpy(out, like, WICK_TICKET_BYTES);
    memcpy(plain, claims, sizeof plain);
    next_byte = 0x32;
    CHECK_STATUS(wick_hpke_setup_sender(&h, out + 38, &crypto, &entropy, own[S].pub33, &p),
                 WICK_OK);
    CHECK_STATUS(wick_hpke_seal(&h, out + 71, wick_span_make(out, 71),
                                wick_span_make(plain, sizeof plain)),
                 WICK_OK);
    wick_hpke_wipe(&h);
}

void audience_node(wick_nsl_node *node, uint64_t now_ms)
{
    wick_nsl_config cfg;

    memset(&cfg, 0, sizeof cfg);
    cfg.crypto = &crypto;
    cfg.entropy = &entropy;
    cfg.keystore = &keystore;
    memcpy(cfg.id, own[S].id, 32);
    cfg.pub.type = WICK_KEY_TYPE_SECP256K1;
    memcpy(cfg.pub.bytes, own[S].pub33, 33);
    cfg.key = own[S].key;
    next_byte = 0x20;
    CHECK_STATUS(wick_nsl_init(node, &cfg, now_ms), WICK_OK);
}
