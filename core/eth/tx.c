/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transactions: legacy (yellow paper 4.2, EIP-155), access-list (EIP-2930), dynamic-fee (EIP-1559).
 *
 * One emitter serves encoding and hashing. The small fields before and after the data are gathered
 * in two short buffers, the data and the access list pass through untouched.
 */
#include "wick/tx.h"

#include <string.h>

#include "wick/keccak.h"
#include "wick/rlp.h"

/* Seven integers of 9 bytes, an address of 21, a value of 33, a data header of 9: 126. */
#define HEAD_MAX 128
/* An integer of 9 bytes and two of 33. */
#define TAIL_MAX 80

/* v = 35 + 2 * chain id + parity must fit (EIP-155). */
#define LEGACY_CHAIN_MAX ((UINT64_MAX - 36) / 2)

static const uint8_t empty_list[1] = {0xc0};

/* secp256k1's group order n, and n / 2, above which s is malleable (EIP-2). */
static const uint8_t order[32] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                  0xff, 0xff, 0xff, 0xff, 0xfe, 0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48,
                                  0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41};
static const uint8_t half_order[32] = {
    0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0};

/* ---- access lists (EIP-2930): [[address, [slot, ...]], ...] ---- */

static wick_status check_access_list(wick_span raw)
{
    wick_rlp r = wick_rlp_make(raw);
    wick_rlp list = wick_rlp_list(&r);
    while (!wick_rlp_at_end(&list)) {
        wick_rlp entry = wick_rlp_list(&list);
        (void)wick_rlp_fixed_view(&entry, 20);
        wick_rlp slots = wick_rlp_list(&entry);
        while (!wick_rlp_at_end(&slots)) {
            (void)wick_rlp_fixed_view(&slots, 32);
        }
        wick_rlp_close(&entry, &slots);
        wick_rlp_close(&list, &entry);
    }
    wick_rlp_close(&r, &list);
    return wick_rlp_end(&r);
}

static wick_span access_list_of(const wick_tx *tx)
{
    if (tx->type == WICK_TX_LEGACY) {
        return wick_span_make(NULL, 0);
    }
    return tx->access_list.len != 0 ? tx->access_list : wick_span_make(empty_list, 1);
}

/* ---- encoding ---- */

/* Where an encoding goes: to a buffer or into a hash. */
struct sink {
    wick_buf *buf;
    wick_keccak *hash;
};

static void put(const struct sink *k, const uint8_t *data, size_t len)
{
    if (k->buf != NULL) {
        wick_buf_put(k->buf, data, len);
    } else {
        wick_keccak_update(k->hash, data, len);
    }
}

static wick_status check(const wick_tx *tx)
{
    switch (tx->type) {
    case WICK_TX_LEGACY:
        return tx->chain_id <= LEGACY_CHAIN_MAX && tx->access_list.len == 0 ? WICK_OK
                                                                            : WICK_E_BAD_ARG;
    case WICK_TX_ACCESS_LIST:
    case WICK_TX_DYNAMIC_FEE:
        return tx->chain_id != 0 && check_access_list(access_list_of(tx)) == WICK_OK
                   ? WICK_OK
                   : WICK_E_BAD_ARG;
    default:
        return WICK_E_BAD_ARG;
    }
}

static void put_head(wick_buf *b, const wick_tx *tx)
{
    if (tx->type != WICK_TX_LEGACY) {
        wick_rlp_put_u64(b, tx->chain_id);
    }
    wick_rlp_put_u64(b, tx->nonce);
    if (tx->type == WICK_TX_DYNAMIC_FEE) {
        wick_rlp_put_u64(b, tx->max_priority_fee);
    }
    wick_rlp_put_u64(b, tx->max_fee);
    wick_rlp_put_u64(b, tx->gas_limit);
    wick_rlp_put(b, tx->to, tx->create ? 0 : sizeof tx->to);
    wick_rlp_put_uint(b, tx->value, sizeof tx->value);
    if (tx->data.len != 1 || tx->data.ptr[0] >= 0x80) {
        wick_rlp_put_string_header(b, tx->data.len);
    }
}

static void put_tail(wick_buf *b, const wick_tx *tx, bool with_signature)
{
    if (with_signature) {
        uint64_t v = tx->y_parity;
        if (tx->type == WICK_TX_LEGACY) {
            v += tx->chain_id != 0 ? 35 + 2 * tx->chain_id : 27;
        }
        wick_rlp_put_u64(b, v);
        wick_rlp_put_uint(b, tx->r, sizeof tx->r);
        wick_rlp_put_uint(b, tx->s, sizeof tx->s);
    } else if (tx->type == WICK_TX_LEGACY && tx->chain_id != 0) {
        wick_rlp_put_u64(b, tx->chain_id);
        wick_rlp_put_u64(b, 0);
        wick_rlp_put_u64(b, 0);
    }
}

static wick_status emit(const struct sink *k, const wick_tx *tx, bool with_signature)
{
    uint8_t front[10], head[HEAD_MAX], tail[TAIL_MAX];
    wick_buf f = wick_buf_make(front, sizeof front);
    wick_buf h = wick_buf_make(head, sizeof head);
    wick_buf t = wick_buf_make(tail, sizeof tail);
    wick_status s = check(tx);
    if (s != WICK_OK) {
        return s;
    }
    if (with_signature && (!tx->is_signed || tx->y_parity > 1)) {
        return WICK_E_STATE;
    }
    wick_span access_list = access_list_of(tx);
    put_head(&h, tx);
    put_tail(&t, tx, with_signature);
    if (tx->type != WICK_TX_LEGACY) {
        wick_buf_put_u8(&f, (uint8_t)tx->type); /* EIP-2718 */
    }
    wick_rlp_put_list_header(&f, h.len + tx->data.len + access_list.len + t.len);
    put(k, front, f.len);
    put(k, head, h.len);
    put(k, tx->data.ptr, tx->data.len);
    put(k, access_list.ptr, access_list.len);
    put(k, tail, t.len);
    return WICK_OK;
}

static wick_status encode(wick_buf *out, const wick_tx *tx, bool with_signature)
{
    struct sink k = {out, NULL};
    wick_status s = emit(&k, tx, with_signature);
    return s == WICK_OK ? wick_buf_status(out) : s;
}

static wick_status hash(uint8_t out32[32], const wick_tx *tx, bool with_signature)
{
    wick_keccak keccak;
    struct sink k = {NULL, &keccak};
    wick_keccak_init(&keccak);
    wick_status s = emit(&k, tx, with_signature);
    if (s != WICK_OK) {
        memset(out32, 0, 32);
        return s;
    }
    wick_keccak_final(&keccak, out32);
    return WICK_OK;
}

wick_status wick_tx_encode_unsigned(wick_buf *out, const wick_tx *tx)
{
    return encode(out, tx, false);
}

wick_status wick_tx_encode(wick_buf *out, const wick_tx *tx)
{
    return encode(out, tx, true);
}

wick_status wick_tx_digest(uint8_t out32[32], const wick_tx *tx)
{
    return hash(out32, tx, false);
}

wick_status wick_tx_hash(uint8_t out32[32], const wick_tx *tx)
{
    return hash(out32, tx, true);
}

/* ---- signatures ---- */

/* 0 < r < n and 0 < s <= n / 2. Public numbers, no constant time. */
static bool signature_in_range(const wick_tx *tx)
{
    return !wick_ct_is_zero(tx->r, 32) && !wick_ct_is_zero(tx->s, 32) &&
           memcmp(tx->r, order, 32) < 0 && memcmp(tx->s, half_order, 32) <= 0;
}

wick_status wick_tx_sign(wick_tx *tx, const wick_hal_keystore *keystore, wick_key key)
{
    uint8_t digest[32], sig[64], recid = 0;
    wick_status s = wick_tx_digest(digest, tx);
    if (s == WICK_OK) {
        s = keystore->secp256k1_sign(keystore->ctx, sig, &recid, key, digest);
    }
    if (s != WICK_OK) {
        return s;
    }
    memcpy(tx->r, sig, 32);
    memcpy(tx->s, sig + 32, 32);
    tx->y_parity = recid;
    /* A keystore that gives a high s, or an impossible recovery id, makes nothing that is valid. */
    tx->is_signed = recid <= 1 && signature_in_range(tx);
    return tx->is_signed ? WICK_OK : WICK_E_TX_SIGNATURE;
}

wick_status wick_tx_sender(uint8_t out20[20], const wick_tx *tx, const wick_hal_crypto *crypto)
{
    uint8_t digest[32], sig[64], pub[65];
    memset(out20, 0, 20);
    if (!tx->is_signed) {
        return WICK_E_STATE;
    }
    if (!signature_in_range(tx)) {
        return WICK_E_TX_SIGNATURE;
    }
    wick_status s = wick_tx_digest(digest, tx);
    if (s != WICK_OK) {
        return s;
    }
    memcpy(sig, tx->r, 32);
    memcpy(sig + 32, tx->s, 32);
    s = crypto->secp256k1_recover(crypto->ctx, pub, sig, tx->y_parity, digest);
    if (s != WICK_OK) {
        return s == WICK_E_AUTH ? WICK_E_TX_SIGNATURE : s;
    }
    return wick_eth_address(out20, pub);
}

/* ---- decoding ---- */

static wick_status decode_to(wick_tx *tx, wick_rlp *l)
{
    wick_span to = wick_rlp_string(l);
    if (l->status != WICK_OK) {
        return l->status;
    }
    tx->create = to.len == 0;
    if (!tx->create) {
        if (to.len != sizeof tx->to) {
            return WICK_E_MALFORMED;
        }
        memcpy(tx->to, to.ptr, sizeof tx->to);
    }
    return WICK_OK;
}

/* v of a legacy transaction: 27 or 28, or 35 + 2 * chain id + parity. Unsigned with EIP-155, it is
 * the chain id and r = s = 0. */
static wick_status decode_legacy_v(wick_tx *tx, uint64_t v)
{
    bool no_signature = wick_ct_is_zero(tx->r, 32) && wick_ct_is_zero(tx->s, 32);
    tx->is_signed = !no_signature;
    if (no_signature) {
        tx->chain_id = v;
        return v != 0 && v <= LEGACY_CHAIN_MAX ? WICK_OK : WICK_E_MALFORMED;
    }
    if (v == 27 || v == 28) {
        tx->y_parity = (uint8_t)(v - 27);
        return WICK_OK;
    }
    if (v < 37) {
        return WICK_E_MALFORMED; /* chain id 0 has no EIP-155 form */
    }
    tx->chain_id = (v - 35) / 2;
    tx->y_parity = (uint8_t)((v - 35) & 1u);
    /* v must fit with either parity, or what is read could not be written. */
    return tx->chain_id <= LEGACY_CHAIN_MAX ? WICK_OK : WICK_E_MALFORMED;
}

static wick_status decode_tail(wick_tx *tx, wick_rlp *l)
{
    if (wick_rlp_at_end(l)) {
        return l->status; /* unsigned */
    }
    uint64_t v = wick_rlp_u64(l);
    wick_rlp_uint(l, tx->r, sizeof tx->r);
    wick_rlp_uint(l, tx->s, sizeof tx->s);
    wick_status s = l->status;
    if (s == WICK_OK && tx->type == WICK_TX_LEGACY) {
        s = decode_legacy_v(tx, v);
    } else if (s == WICK_OK) {
        tx->is_signed = true;
        tx->y_parity = (uint8_t)(v & 1u);
        s = v <= 1 ? WICK_OK : WICK_E_MALFORMED;
    }
    if (s == WICK_OK && tx->is_signed && !signature_in_range(tx)) {
        s = WICK_E_TX_SIGNATURE;
    }
    return s;
}

static wick_status decode_fields(wick_tx *tx, wick_rlp *l)
{
    if (tx->type != WICK_TX_LEGACY) {
        tx->chain_id = wick_rlp_u64(l);
        if (l->status == WICK_OK && tx->chain_id == 0) {
            return WICK_E_MALFORMED;
        }
    }
    tx->nonce = wick_rlp_u64(l);
    if (tx->type == WICK_TX_DYNAMIC_FEE) {
        tx->max_priority_fee = wick_rlp_u64(l);
    }
    tx->max_fee = wick_rlp_u64(l);
    tx->gas_limit = wick_rlp_u64(l);
    wick_status s = decode_to(tx, l);
    if (s != WICK_OK) {
        return s;
    }
    wick_rlp_uint(l, tx->value, sizeof tx->value);
    tx->data = wick_rlp_string(l);
    if (tx->type != WICK_TX_LEGACY) {
        tx->access_list = wick_rlp_raw(l);
        if (l->status == WICK_OK) {
            l->status = check_access_list(tx->access_list);
        }
    }
    return decode_tail(tx, l);
}

static wick_status decode(wick_tx *tx, wick_span in)
{
    if (in.len == 0) {
        return WICK_E_TRUNCATED;
    }
    tx->type = WICK_TX_LEGACY;
    if (in.ptr[0] < 0x80) {
        if (in.ptr[0] != WICK_TX_ACCESS_LIST && in.ptr[0] != WICK_TX_DYNAMIC_FEE) {
            return WICK_E_UNSUPPORTED;
        }
        tx->type = (wick_tx_type)in.ptr[0];
        in = wick_span_make(in.ptr + 1, in.len - 1);
    }
    wick_rlp r = wick_rlp_make(in);
    wick_rlp l = wick_rlp_list(&r);
    wick_status s = decode_fields(tx, &l);
    if (s == WICK_OK) {
        wick_rlp_close(&r, &l);
        s = wick_rlp_end(&r);
    }
    return s;
}

wick_status wick_tx_decode(wick_tx *out, wick_span in)
{
    memset(out, 0, sizeof *out);
    wick_status s = decode(out, in);
    if (s != WICK_OK) {
        memset(out, 0, sizeof *out);
    }
    return s;
}
