/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SubjectPublicKeyInfo of an RSA-2048 key. Everything in it is constant but n, e and four lengths, so
 * it is written from a template, and read by writing again what was read.
 */
#include "wick/rsa.h"

#include <string.h>

#if WICK_WITH_NSL_RSA

#define AT_N 33u

/* SEQUENCE { SEQUENCE { rsaEncryption, NULL }, BIT STRING { SEQUENCE { INTEGER n, INTEGER e } } };
 * the lengths are those of an e of no octets. */
static const uint8_t head[AT_N] = {0x30, 0x82, 0x01, 0x1f, 0x30, 0x0d, 0x06, 0x09, 0x2a,
                                   0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05,
                                   0x00, 0x03, 0x82, 0x01, 0x0c, 0x00, 0x30, 0x82, 0x01,
                                   0x07, 0x02, 0x82, 0x01, 0x01, 0x00};
static const uint8_t at_length[] = {3, 22, 27};

wick_status wick_rsa_check(const uint8_t pub260[WICK_RSA_PUB_BYTES])
{
    const uint32_t e = wick_load_be32(pub260 + WICK_RSA_BYTES);
    const bool good = (pub260[0] & 0x80u) != 0 && (pub260[WICK_RSA_BYTES - 1] & 1u) != 0 &&
                      (e & 1u) != 0 && e >= 65537u;
    return good ? WICK_OK : WICK_E_BAD_KEY;
}

size_t wick_rsa_spki_encode(uint8_t out[WICK_RSA_SPKI_MAX],
                            const uint8_t pub260[WICK_RSA_PUB_BYTES])
{
    /* e without leading zeros, but with one where it would look negative. */
    uint8_t e[5] = {0};
    size_t skip = 1;

    if (wick_rsa_check(pub260) != WICK_OK) {
        return 0;
    }
    memcpy(e + 1, pub260 + WICK_RSA_BYTES, 4);
    if (e[1] == 0) {
        skip = 2;
    }
    if ((e[skip] & 0x80u) != 0) {
        skip--;
    }
    const size_t len = sizeof e - skip;
    memcpy(out, head, sizeof head);
    for (size_t i = 0; i < sizeof at_length; i++) {
        out[at_length[i]] = (uint8_t)(out[at_length[i]] + len);
    }
    memcpy(out + AT_N, pub260, WICK_RSA_BYTES);
    out[AT_N + WICK_RSA_BYTES] = 0x02;
    out[AT_N + WICK_RSA_BYTES + 1] = (uint8_t)len;
    memcpy(out + AT_N + WICK_RSA_BYTES + 2, e + skip, len);
    return AT_N + WICK_RSA_BYTES + 2 + len;
}

wick_status wick_rsa_spki_decode(uint8_t pub260[WICK_RSA_PUB_BYTES], wick_span spki)
{
    uint8_t again[WICK_RSA_SPKI_MAX];

    memset(pub260, 0, WICK_RSA_PUB_BYTES);
    if (spki.len < WICK_RSA_SPKI_MAX - 2 || spki.len > WICK_RSA_SPKI_MAX) {
        return WICK_E_BAD_KEY;
    }
    memcpy(pub260, spki.ptr + AT_N, WICK_RSA_BYTES);
    /* e has at least three octets of content; the last four, or three and none. */
    memcpy(pub260 + WICK_RSA_BYTES, spki.ptr + spki.len - 4, 4);
    if (spki.len == WICK_RSA_SPKI_MAX - 2) {
        pub260[WICK_RSA_BYTES] = 0;
    }
    if (wick_rsa_spki_encode(again, pub260) != spki.len ||
        memcmp(again, spki.ptr, spki.len) != 0) {
        memset(pub260, 0, WICK_RSA_PUB_BYTES);
        return WICK_E_BAD_KEY;
    }
    return WICK_OK;
}

#endif
