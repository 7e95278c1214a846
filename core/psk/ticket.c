/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ticket T1 (PROTOCOL.md section 13.1): HPKE in auth mode from the issuer's key to the audience's.
 *
 *    0 version 1 | 1 suite | 2 kid of the audience 4 | 6 issuer 32 | 38 enc 33      clear, the AAD
 *   71 sub 16 | iat 4 | life 2 | jti 8 | scope 2                                    sealed, tag 16
 */
#include "wick/ticket.h"

#if WICK_WITH_TICKETS

#include <string.h>

#include "nsl_internal.h"
#include "wick/hpke.h"

#define AT_KID 2u
#define AT_ISSUER 6u
#define AT_ENC 38u
#define CLEAR_BYTES 71u
#define CLAIMS_BYTES 32u
#define INFO_BYTES (13u + 4u * 32u)

_Static_assert(CLEAR_BYTES == AT_ENC + WICK_HPKE_ENC_BYTES, "enc ends the clear bytes");
_Static_assert(WICK_TICKET_BYTES == CLEAR_BYTES + CLAIMS_BYTES + WICK_AEAD_TAG_BYTES, "119");

static wick_status keyhash_of(const wick_hal_crypto *crypto, uint8_t keyhash[32],
                              const uint8_t pub33[33])
{
    wick_nsl_key key;

    memset(&key, 0, sizeof key);
    key.type = WICK_KEY_TYPE_SECP256K1;
    memcpy(key.bytes, pub33, 33);
    return nsl_keyhash(crypto, keyhash, &key);
}

wick_status wick_ticket_own_init(wick_ticket_own *own, const wick_hal_crypto *crypto,
                                 const wick_hal_entropy *entropy,
                                 const wick_hal_keystore *keystore, const uint8_t id[32],
                                 wick_key key)
{
    memset(own, 0, sizeof *own);
    wick_status st = keystore->secp256k1_public(keystore->ctx, own->pub33, key);
    if (st == WICK_OK) {
        st = keyhash_of(crypto, own->keyhash, own->pub33);
    }
    if (st != WICK_OK) {
        memset(own, 0, sizeof *own);
        return st;
    }
    own->crypto = crypto;
    own->entropy = entropy;
    own->keystore = keystore;
    own->key = key;
    memcpy(own->id, id, 32);
    return WICK_OK;
}

/* One side of a seal: who, and which key. */
struct party {
    const uint8_t *id;
    const uint8_t *keyhash;
};

static void put_info(uint8_t info[INFO_BYTES], const struct party *audience,
                     const struct party *issuer)
{
    memcpy(info, "dpk-ticket v1", 13);
    memcpy(info + 13, audience->id, 32);
    memcpy(info + 45, audience->keyhash, 32);
    memcpy(info + 77, issuer->id, 32);
    memcpy(info + 109, issuer->keyhash, 32);
}

static wick_hpke_params params_of(wick_span info, const uint8_t issuer_pub33[33])
{
    wick_hpke_params p;

    memset(&p, 0, sizeof p);
    p.mode = WICK_HPKE_AUTH;
    p.aead = WICK_AEAD_CHACHA20_POLY1305;
    p.info = info;
    p.single = true;
    p.sender_pub = issuer_pub33;
    return p;
}

/* The exporter knows keys and info, but no message: only this hash binds Ks to these claims. */
static wick_status export_ks(const wick_hpke *h, uint8_t ks[WICK_TICKET_KS_BYTES],
                             const uint8_t clear[CLEAR_BYTES], const uint8_t claims[CLAIMS_BYTES])
{
    static const char label[] = "dpk ticket ks";
    uint8_t context[sizeof label - 1 + 32];
    const wick_span parts[] = {wick_span_make(clear, CLEAR_BYTES),
                               wick_span_make(claims, CLAIMS_BYTES)};

    memcpy(context, label, sizeof label - 1);
    wick_status st = nsl_hash(h->crypto, context + sizeof label - 1, parts, 2);
    if (st == WICK_OK) {
        st = wick_hpke_export(h, ks, WICK_TICKET_KS_BYTES, NSL_SPAN(context));
    }
    return st;
}

/* ---- claims ---- */

static wick_status check_claims(const wick_ticket_claims *c)
{
    char name[WICK_TICKET_SUB_BYTES + 1];

    wick_status st = wick_ticket_sub_name(name, c->sub);
    if (st != WICK_OK) {
        return st;
    }
    if (c->life_s == 0 || c->life_s > WICK_TICKET_LIFE_MAX) {
        return WICK_E_TICKET_LIFE;
    }
    return (c->scope & (uint16_t)~WICK_TICKET_REUSE) != 0 ? WICK_OK : WICK_E_TICKET_SCOPE;
}

static void put_claims(uint8_t out[CLAIMS_BYTES], const wick_ticket_claims *c)
{
    memcpy(out, c->sub, 16);
    wick_store_be32(out + 16, c->iat_s);
    wick_store_be16(out + 20, c->life_s);
    memcpy(out + 22, c->jti, 8);
    wick_store_be16(out + 30, c->scope);
}

static void get_claims(wick_ticket_claims *c, const uint8_t in[CLAIMS_BYTES])
{
    memcpy(c->sub, in, 16);
    c->iat_s = wick_load_be32(in + 16);
    c->life_s = wick_load_be16(in + 20);
    memcpy(c->jti, in + 22, 8);
    c->scope = wick_load_be16(in + 30);
}

/* ---- issuer ---- */

static wick_status seal(uint8_t ticket[WICK_TICKET_BYTES], uint8_t ks[WICK_TICKET_KS_BYTES],
                        const wick_ticket_claims *claims, const wick_ticket_own *own,
                        const wick_ticket_audience *audience, const uint8_t keyhash[32])
{
    uint8_t info[INFO_BYTES], plain[CLAIMS_BYTES];
    const struct party to = {audience->id, keyhash}, from = {own->id, own->keyhash};
    wick_hpke h;

    put_info(info, &to, &from);
    wick_hpke_params p = params_of(NSL_SPAN(info), own->pub33);
    p.sender_keystore = own->keystore;
    p.sender_key = own->key;
    ticket[0] = WICK_TICKET_VERSION;
    ticket[1] = WICK_TICKET_SUITE;
    memcpy(ticket + AT_KID, keyhash, WICK_TICKET_KID_BYTES);
    memcpy(ticket + AT_ISSUER, own->id, 32);
    put_claims(plain, claims);
    wick_status st = wick_hpke_setup_sender(&h, ticket + AT_ENC, own->crypto, own->entropy,
                                            audience->pub33, &p);
    if (st == WICK_OK) {
        st = wick_hpke_seal(&h, ticket + CLEAR_BYTES, wick_span_make(ticket, CLEAR_BYTES),
                            NSL_SPAN(plain));
    }
    if (st == WICK_OK) {
        st = export_ks(&h, ks, ticket, plain);
    }
    wick_hpke_wipe(&h);
    wick_wipe(plain, sizeof plain);
    return st;
}

wick_status wick_ticket_make(uint8_t ticket[WICK_TICKET_BYTES], uint8_t ks[WICK_TICKET_KS_BYTES],
                             wick_ticket_claims *claims, const wick_ticket_own *own,
                             const wick_ticket_audience *audience)
{
    uint8_t keyhash[32];

    memset(ticket, 0, WICK_TICKET_BYTES);
    memset(ks, 0, WICK_TICKET_KS_BYTES);
    if (own->entropy == NULL) {
        return WICK_E_BAD_ARG;
    }
    wick_status st = check_claims(claims);
    if (st == WICK_OK) {
        st = keyhash_of(own->crypto, keyhash, audience->pub33);
    }
    if (st == WICK_OK && (memcmp(audience->id, own->id, 32) == 0 ||
                          memcmp(audience->pub33 + 1, own->pub33 + 1, 32) == 0)) {
        st = WICK_E_SAME_KEY;
    }
    if (st == WICK_OK) {
        st = own->entropy->fill(own->entropy->ctx, claims->jti, sizeof claims->jti);
    }
    if (st == WICK_OK) {
        st = seal(ticket, ks, claims, own, audience, keyhash);
    }
    if (st != WICK_OK) {
        wick_wipe(ticket, WICK_TICKET_BYTES);
        wick_wipe(ks, WICK_TICKET_KS_BYTES);
    }
    return st;
}

/* ---- audience ---- */

wick_status wick_ticket_parse(wick_ticket_head *head, wick_span ticket)
{
    memset(head, 0, sizeof *head);
    if (ticket.len != WICK_TICKET_BYTES) {
        return ticket.len < WICK_TICKET_BYTES ? WICK_E_TRUNCATED : WICK_E_TRAILING;
    }
    if (ticket.ptr[0] != WICK_TICKET_VERSION || ticket.ptr[1] != WICK_TICKET_SUITE) {
        return WICK_E_UNSUPPORTED;
    }
    head->bytes = ticket.ptr;
    head->kid = ticket.ptr + AT_KID;
    head->issuer = ticket.ptr + AT_ISSUER;
    return WICK_OK;
}

wick_status wick_ticket_addressed(const wick_ticket_head *head, const wick_ticket_own *own)
{
    return memcmp(head->kid, own->keyhash, WICK_TICKET_KID_BYTES) == 0 &&
                   memcmp(head->issuer, own->id, 32) != 0
               ? WICK_OK
               : WICK_E_TICKET_AUDIENCE;
}

static wick_status unseal(wick_ticket *out, const wick_ticket_head *head,
                          const wick_ticket_own *own, const uint8_t issuer_pub33[33],
                          const uint8_t issuer_keyhash[32])
{
    uint8_t info[INFO_BYTES], plain[CLAIMS_BYTES];
    const struct party to = {own->id, own->keyhash}, from = {head->issuer, issuer_keyhash};
    wick_hpke h;

    put_info(info, &to, &from);
    const wick_hpke_params p = params_of(NSL_SPAN(info), issuer_pub33);
    wick_status st = wick_hpke_setup_recipient(&h, own->crypto, own->keystore, own->pub33,
                                               head->bytes + AT_ENC, &p, own->key);
    if (st == WICK_OK) {
        st = wick_hpke_open(&h, plain, wick_span_make(head->bytes, CLEAR_BYTES),
                            wick_span_make(head->bytes + CLEAR_BYTES,
                                           WICK_TICKET_BYTES - CLEAR_BYTES));
    }
    if (st == WICK_OK) {
        st = export_ks(&h, out->ks, head->bytes, plain);
    }
    if (st == WICK_OK) {
        get_claims(&out->claims, plain);
        memcpy(out->issuer, head->issuer, 32);
    }
    wick_hpke_wipe(&h);
    wick_wipe(plain, sizeof plain);
    return st;
}

wick_status wick_ticket_open(wick_ticket *out, const wick_ticket_head *head,
                             const wick_ticket_own *own, const uint8_t issuer_pub33[33])
{
    uint8_t keyhash[32];

    memset(out, 0, sizeof *out);
    wick_status st = wick_ticket_addressed(head, own);
    if (st == WICK_OK) {
        st = keyhash_of(own->crypto, keyhash, issuer_pub33);
    }
    if (st == WICK_OK && memcmp(issuer_pub33 + 1, own->pub33 + 1, 32) == 0) {
        st = WICK_E_BAD_KEY; /* somebody has registered a copy of our key */
    }
    if (st == WICK_OK) {
        st = unseal(out, head, own, issuer_pub33, keyhash);
    }
    if (st == WICK_OK && check_claims(&out->claims) != WICK_OK) {
        st = WICK_E_MALFORMED;
    }
    if (st != WICK_OK) {
        wick_wipe(out, sizeof *out);
    }
    return st;
}

#else
/* ISO C forbids an empty file. */
typedef int wick_ticket_is_off;
#endif
