/* SPDX-License-Identifier: Apache-2.0 */
/* Headers, lengths, transcript hashes, key schedule of DPK-NSL v1: PROTOCOL.md sections 2, 4, 5. */
#include <string.h>

#include "nsl_internal.h"
#include "wick/hkdf.h"

/* Labels carry their zero byte, so that none is the beginning of another. */
#define LABEL(text) wick_span_make((const uint8_t *)(text), sizeof(text))

void nsl_header_put(uint8_t out[WICK_NSL_HEADER_BYTES], const struct nsl_header *h)
{
    out[0] = WICK_NSL_VERSION;
    out[1] = h->type;
    out[2] = h->suite;
    out[3] = h->flags;
    wick_store_be32(out + 4, h->cid_i);
    wick_store_be32(out + 8, h->cid_r);
}

bool nsl_header_get(struct nsl_header *h, wick_span bytes)
{
    if (bytes.len < WICK_NSL_HEADER_BYTES || bytes.ptr[0] != WICK_NSL_VERSION ||
        bytes.ptr[1] > NSL_TYPE_LAST) {
        return false;
    }
    h->type = bytes.ptr[1];
    h->suite = bytes.ptr[2];
    h->flags = bytes.ptr[3];
    h->cid_i = wick_load_be32(bytes.ptr + 4);
    h->cid_r = wick_load_be32(bytes.ptr + 8);
    const unsigned known = (h->type == NSL_M1) ? NSL_FLAG_COOKIE : 0u;
    if ((h->flags & ~known) != 0 || h->cid_i == 0 || h->cid_i == NSL_STUN_COOKIE) {
        return false;
    }
    /* In M0, M1 and ASK the other field is a hint, which may have any value. */
    return h->type <= NSL_M1 || h->type > NSL_M4 || (h->cid_r != 0 && h->cid_r != NSL_STUN_COOKIE);
}

size_t nsl_m1_bytes(uint8_t suite, bool cookie)
{
    if (nsl_type_i(suite) == NULL || nsl_type_r(suite) == NULL) {
        return 0;
    }
    return WICK_NSL_HEADER_BYTES + (cookie ? WICK_NSL_COOKIE_BYTES : 0u) + NSL_M1_PLAIN +
           nsl_type_r(suite)->seal_bytes;
}

size_t nsl_m2_bytes(uint8_t suite)
{
    if (nsl_type_i(suite) == NULL) {
        return 0;
    }
    return WICK_NSL_HEADER_BYTES + NSL_M2_PLAIN + nsl_type_i(suite)->seal_bytes;
}

size_t nsl_m3_bytes(uint8_t suite, uint8_t chosen)
{
    if (nsl_type_i(suite) == NULL) {
        return 0;
    }
    const size_t sig = ((chosen & WICK_NSL_OPT_SIG) != 0) ? nsl_type_i(suite)->sig_bytes : 0u;
    return WICK_NSL_HEADER_BYTES + 32u + sig + WICK_AEAD_TAG_BYTES;
}

/* ---- transcript ---- */

wick_status nsl_hash(const wick_hal_crypto *crypto, uint8_t out[32], const wick_span *parts,
                     size_t count)
{
    wick_hash_ctx h;

    memset(&h, 0, sizeof h);
    wick_status st = crypto->hash_begin(crypto->ctx, &h, WICK_HASH_SHA256);
    for (size_t i = 0; i < count && st == WICK_OK; i++) {
        st = crypto->hash_update(crypto->ctx, &h, parts[i].ptr, parts[i].len);
    }
    if (st == WICK_OK) {
        st = crypto->hash_finish(crypto->ctx, &h, out);
    }
    crypto->hash_free(crypto->ctx, &h);
    if (st != WICK_OK) {
        memset(out, 0, 32);
    }
    return st;
}

/* SHA-256 of M1*: the cookie is taken out and its flag cleared, so that both forms are one. */
wick_status nsl_m1_hash(const wick_hal_crypto *crypto, uint8_t out[32], wick_span m1)
{
    uint8_t header[WICK_NSL_HEADER_BYTES];
    size_t at = WICK_NSL_HEADER_BYTES;

    memcpy(header, m1.ptr, sizeof header);
    if ((header[3] & NSL_FLAG_COOKIE) != 0) {
        at += WICK_NSL_COOKIE_BYTES;
    }
    header[3] = (uint8_t)(header[3] & ~NSL_FLAG_COOKIE);
    const wick_span parts[] = {NSL_SPAN(header), wick_span_make(m1.ptr + at, m1.len - at)};
    return nsl_hash(crypto, out, parts, 2);
}

wick_status nsl_th0(const wick_hal_crypto *crypto, uint8_t th0[32], uint8_t suite,
                    const uint8_t id_r[32], const uint8_t keyhash_r[32])
{
    const uint8_t head[12] = {'D', 'P', 'K', '-', 'N', 'S', 'L', ' ', 'v', '1',
                              WICK_NSL_VERSION, suite};
    const wick_span parts[] = {NSL_SPAN(head), wick_span_make(id_r, 32),
                               wick_span_make(keyhash_r, 32)};
    return nsl_hash(crypto, th0, parts, 3);
}

wick_status nsl_th1(const wick_hal_crypto *crypto, uint8_t th1[32], const uint8_t th0[32],
                    const uint8_t m1_hash[32], const uint8_t id_i[32],
                    const uint8_t keyhash_i[32])
{
    const wick_span parts[] = {wick_span_make(th0, 32), wick_span_make(m1_hash, 32),
                               wick_span_make(id_i, 32), wick_span_make(keyhash_i, 32)};
    return nsl_hash(crypto, th1, parts, 4);
}

wick_status nsl_th_next(const wick_hal_crypto *crypto, uint8_t th[32], uint8_t message_hash[32],
                        const uint8_t before[32], wick_span message)
{
    const wick_span parts[] = {wick_span_make(before, 32), wick_span_make(message_hash, 32)};

    wick_status st = nsl_hash(crypto, message_hash, &message, 1);
    return st == WICK_OK ? nsl_hash(crypto, th, parts, 2) : st;
}

wick_status nsl_sig_digest(const wick_hal_crypto *crypto, uint8_t digest[32],
                           const uint8_t th2[32], const uint8_t id_i[32], const uint8_t id_r[32],
                           const uint8_t keyhash_r[32], const uint8_t ks[32])
{
    uint8_t ks_hash[32];
    const wick_span ks_part = wick_span_make(ks, 32);
    const wick_span parts[] = {LABEL("DPK-NSL v1 SigA"),
                               wick_span_make(th2, 32),
                               wick_span_make(id_i, 32),
                               wick_span_make(id_r, 32),
                               wick_span_make(keyhash_r, 32),
                               NSL_SPAN(ks_hash)};

    wick_status st = nsl_hash(crypto, ks_hash, &ks_part, 1);
    return st == WICK_OK ? nsl_hash(crypto, digest, parts, 6) : st;
}

/* ---- key schedule ---- */

static wick_status expand(const wick_hal_crypto *crypto, uint8_t out[32], const uint8_t prk[32],
                          wick_span info)
{
    return wick_hkdf_expand(crypto, out, 32, prk, &info, 1);
}

wick_status nsl_prk(const wick_hal_crypto *crypto, uint8_t prk[32], uint8_t k3[32],
                    const uint8_t th2[32], const uint8_t n1[32], const uint8_t n2[32],
                    const uint8_t e_secret[32], const uint8_t e_peer[33])
{
    uint8_t ee[32];
    const wick_span ikm[] = {wick_span_make(n1, 32), wick_span_make(n2, 32), NSL_SPAN(ee)};

    wick_status st = crypto->secp256k1_ecdh(crypto->ctx, ee, e_secret, e_peer);
    if (st == WICK_OK) {
        st = wick_hkdf_extract(crypto, prk, wick_span_make(th2, 32), ikm, 3);
    }
    if (st == WICK_OK) {
        st = expand(crypto, k3, prk, LABEL("dpk-nsl m3"));
    }
    wick_wipe(ee, sizeof ee);
    return st;
}

wick_status nsl_root(const wick_hal_crypto *crypto, uint8_t root[32], uint8_t mac[16],
                     const uint8_t th3[32], const uint8_t prk[32], const uint8_t ks[32],
                     const uint8_t m4_header[WICK_NSL_HEADER_BYTES])
{
    uint8_t k4[32], full[32];
    wick_hmac_key key;
    wick_hmac h;
    const wick_span ikm[] = {wick_span_make(prk, 32), wick_span_make(ks, 32)};

    wick_status st = wick_hkdf_extract(crypto, root, wick_span_make(th3, 32), ikm, 2);
    if (st == WICK_OK) {
        st = expand(crypto, k4, root, LABEL("dpk-nsl m4"));
    }
    if (st == WICK_OK) {
        st = wick_hmac_key_init(&key, crypto, WICK_HASH_SHA256, NSL_SPAN(k4));
    }
    if (st == WICK_OK) {
        wick_hmac_begin(&h, &key);
        wick_hmac_update(&h, wick_span_make(m4_header, WICK_NSL_HEADER_BYTES));
        wick_hmac_update(&h, wick_span_make(th3, 32));
        st = wick_hmac_finish(&h, full);
        wick_hmac_key_wipe(&key);
    }
    if (st == WICK_OK) {
        memcpy(mac, full, 16);
    }
    wick_wipe(k4, sizeof k4);
    wick_wipe(full, sizeof full);
    return st;
}

unsigned nsl_session_uses(uint8_t chosen)
{
    unsigned uses =
        (unsigned)WICK_USE_DTLS12 | (unsigned)WICK_USE_TLS12 | (unsigned)WICK_USE_TLS13;
    /* (D)TLS shows by its Finished that the other end has the key; media would just flow. */
    uses |= (chosen & WICK_NSL_OPT_NO_M4) == 0 ? (unsigned)WICK_USE_SRTP : 0u;
    return (chosen & WICK_NSL_OPT_PSK16) != 0 ? uses | (unsigned)WICK_USE_PSK16 : uses;
}
