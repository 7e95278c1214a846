/* SPDX-License-Identifier: Apache-2.0 */
#include "ticket_world.h"

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
