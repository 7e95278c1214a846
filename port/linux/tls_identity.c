/* SPDX-License-Identifier: Apache-2.0 */
/* A P-256 key and its self-signed certificate, in the forms of the TLS library. */
#include "wick/port/tls_identity.h"

#include <stdio.h>
#include <string.h>

#include <mbedtls/asn1write.h>
#include <mbedtls/base64.h>
#include <mbedtls/ecp.h>
#include <mbedtls/sha256.h>

#include "ssl_internal.h"
#include "wick/port/crypto.h"
#include "wick/port/linux.h"
#include "wick/record.h"

#define SECRET_BYTES 32
#define SERIAL_BYTES 16
#define KEY_TRIES 8

_Static_assert(sizeof(wick_tls_own) <= WICK_TLS_IDENTITY_LIB_BYTES,
               "raise WICK_TLS_IDENTITY_LIB_BYTES");

static int fill_random(void *ctx, unsigned char *out, size_t len)
{
    const wick_tls_identity *id = (const wick_tls_identity *)ctx;
    return id->entropy->fill(id->entropy->ctx, out, len) == WICK_OK ? 0 : -1;
}

static wick_status key_from(wick_tls_identity *id, const uint8_t secret32[SECRET_BYTES])
{
    mbedtls_pk_context *pk = &wick_tls_own_of(id)->key;
    if (mbedtls_pk_setup(pk, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)) != 0) {
        return WICK_E_POOL;
    }
    mbedtls_ecp_keypair *pair = mbedtls_pk_ec(*pk);
    int rc = mbedtls_ecp_read_key(MBEDTLS_ECP_DP_SECP256R1, pair, secret32, SECRET_BYTES);
    if (rc == MBEDTLS_ERR_ECP_INVALID_KEY) {
        return WICK_E_BAD_KEY;
    }
    if (rc == 0) {
        rc = mbedtls_ecp_keypair_calc_public(pair, fill_random, id);
    }
    /* Written from the end of the buffer. */
    uint8_t der[WICK_TLS_SPKI_BYTES + 32];
    int len = rc == 0 ? mbedtls_pk_write_pubkey_der(pk, der, sizeof der) : rc;
    if (len != WICK_TLS_SPKI_BYTES) {
        return len == MBEDTLS_ERR_MPI_ALLOC_FAILED ? WICK_E_POOL : WICK_E_CRYPTO;
    }
    memcpy(id->spki, der + sizeof der - WICK_TLS_SPKI_BYTES, sizeof id->spki);
    return mbedtls_sha256(id->spki, sizeof id->spki, id->spki_hash, 0) == 0 ? WICK_OK
                                                                            : WICK_E_CRYPTO;
}

static int describe(mbedtls_x509write_cert *w, mbedtls_pk_context *key, const char *subject,
                    mbedtls_x509_san_list *name)
{
    mbedtls_x509write_crt_set_version(w, MBEDTLS_X509_CRT_VERSION_3);
    mbedtls_x509write_crt_set_md_alg(w, MBEDTLS_MD_SHA256);
    mbedtls_x509write_crt_set_subject_key(w, key);
    mbedtls_x509write_crt_set_issuer_key(w, key);
    int rc = mbedtls_x509write_crt_set_subject_name(w, subject);
    if (rc == 0) {
        rc = mbedtls_x509write_crt_set_issuer_name(w, subject);
    }
    if (rc == 0) {
        rc = mbedtls_x509write_crt_set_validity(w, "20240101000000", "99991231235959");
    }
    if (rc == 0) {
        rc = mbedtls_x509write_crt_set_basic_constraints(w, 0, -1);
    }
    return rc == 0 ? mbedtls_x509write_crt_set_subject_alternative_name(w, name) : rc;
}

static wick_status certify(wick_tls_identity *id, const char *name)
{
    wick_tls_own *own = wick_tls_own_of(id);
    char subject[3 + WICK_NAME_MAX + 1];
    uint8_t serial[SERIAL_BYTES];
    mbedtls_x509_san_list dns;
    mbedtls_x509write_cert w;
    memset(&dns, 0, sizeof dns);
    (void)snprintf(subject, sizeof subject, "CN=%s", name);
    dns.node.type = MBEDTLS_X509_SAN_DNS_NAME;
    dns.node.san.unstructured_name.p = (unsigned char *)subject + 3;
    dns.node.san.unstructured_name.len = strlen(name);
    if (id->entropy->fill(id->entropy->ctx, serial, sizeof serial) != WICK_OK) {
        return WICK_E_ENTROPY;
    }
    serial[0] = (uint8_t)((serial[0] & 0x3Fu) | 0x40u); /* positive and not zero (RFC 5280 4.1.2.2) */
    mbedtls_x509write_crt_init(&w);
    int rc = describe(&w, &own->key, subject, &dns);
    if (rc == 0) {
        rc = mbedtls_x509write_crt_set_serial_raw(&w, serial, sizeof serial);
    }
    int len = rc == 0 ? mbedtls_x509write_crt_der(&w, id->cert, sizeof id->cert, fill_random, id)
                      : rc;
    mbedtls_x509write_crt_free(&w);
    if (len <= 0) {
        return WICK_E_CRYPTO;
    }
    id->cert_len = (size_t)len;
    memmove(id->cert, id->cert + sizeof id->cert - id->cert_len, id->cert_len);
    memset(id->cert + id->cert_len, 0, sizeof id->cert - id->cert_len);
    return mbedtls_x509_crt_parse_der(&own->cert, id->cert, id->cert_len) == 0 ? WICK_OK
                                                                               : WICK_E_POOL;
}

wick_status wick_tls_identity_make(wick_tls_identity *id, const uint8_t secret32[32],
                                   const char *name, const wick_hal_entropy *entropy)
{
    memset(id, 0, sizeof *id);
    wick_status s = wick_name_check(wick_span_make((const uint8_t *)name, strlen(name)));
    if (s != WICK_OK || wick_mbedtls_pool_init() != WICK_OK) {
        return s != WICK_OK ? s : WICK_E_POOL;
    }
    s = wick_mbedtls_pool_reserve(WICK_SSL_CHARGE_OWN);
    if (s != WICK_OK) {
        return s;
    }
    id->entropy = entropy;
    mbedtls_pk_init(&wick_tls_own_of(id)->key);
    mbedtls_x509_crt_init(&wick_tls_own_of(id)->cert);
    id->made = true;
    s = key_from(id, secret32);
    if (s == WICK_OK) {
        s = certify(id, name);
    }
    if (s != WICK_OK) {
        wick_tls_identity_free(id);
    }
    return s;
}

wick_status wick_tls_identity_create(const char *path, const wick_hal_entropy *entropy)
{
    static const uint8_t order[SECRET_BYTES] = {/* of P-256, FIPS 186-4 D.1.2.3 */
        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
        0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
    uint8_t secret[SECRET_BYTES];
    wick_status s = WICK_E_ENTROPY;
    for (int i = 0; i < KEY_TRIES; i++) {
        s = entropy->fill(entropy->ctx, secret, sizeof secret);
        if (s != WICK_OK || (!wick_ct_is_zero(secret, sizeof secret) &&
                             memcmp(secret, order, sizeof secret) < 0)) {
            break;
        }
        s = WICK_E_ENTROPY; /* one in 2^32, or no randomness at all */
    }
    if (s == WICK_OK) {
        s = wick_linux_secret_create(path, secret, sizeof secret);
    }
    wick_wipe(secret, sizeof secret);
    return s;
}

wick_status wick_tls_identity_load(wick_tls_identity *id, const char *path, const char *name,
                                   const wick_hal_entropy *entropy)
{
    uint8_t secret[SECRET_BYTES];
    memset(id, 0, sizeof *id);
    wick_status s = wick_linux_secret_bytes(secret, path, sizeof secret);
    if (s == WICK_OK) {
        s = wick_tls_identity_make(id, secret, name, entropy);
    }
    wick_wipe(secret, sizeof secret);
    return s;
}

#define KEY_DER_MAX 160

static size_t put_pem(char out[WICK_TLS_PEM_MAX], const char *what, wick_span der)
{
    unsigned char text[WICK_TLS_PEM_MAX - 64];
    size_t len = 0, n = 0;
    if (mbedtls_base64_encode(text, sizeof text, &len, der.ptr, der.len) == 0) {
        n += (size_t)snprintf(out, WICK_TLS_PEM_MAX, "-----BEGIN %s-----\n", what);
        for (size_t at = 0; at < len; at += 64) {
            size_t line = len - at < 64 ? len - at : 64;
            n += (size_t)snprintf(out + n, WICK_TLS_PEM_MAX - n, "%.*s\n", (int)line, text + at);
        }
        n += (size_t)snprintf(out + n, WICK_TLS_PEM_MAX - n, "-----END %s-----\n", what);
    }
    wick_wipe(text, sizeof text);
    return n;
}

size_t wick_tls_identity_cert_pem(char out[WICK_TLS_PEM_MAX], const wick_tls_identity *id)
{
    return put_pem(out, "CERTIFICATE", wick_span_make(id->cert, id->cert_len));
}

size_t wick_tls_identity_key_pem(char out[WICK_TLS_PEM_MAX], wick_tls_identity *id)
{
    uint8_t der[KEY_DER_MAX];
    size_t n = 0;
    int len = mbedtls_pk_write_key_der(&wick_tls_own_of(id)->key, der, sizeof der);
    if (len > 0) {
        n = put_pem(out, "EC PRIVATE KEY",
                    wick_span_make(der + sizeof der - (size_t)len, (size_t)len));
    }
    wick_wipe(der, sizeof der);
    return n;
}

void wick_tls_identity_free(wick_tls_identity *id)
{
    if (id->made) {
        mbedtls_pk_free(&wick_tls_own_of(id)->key);
        mbedtls_x509_crt_free(&wick_tls_own_of(id)->cert);
        wick_mbedtls_pool_release(WICK_SSL_CHARGE_OWN);
    }
    wick_wipe(id, sizeof *id);
}
