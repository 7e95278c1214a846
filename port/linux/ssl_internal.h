/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_SSL_INTERNAL_H
#define WICK_SSL_INTERNAL_H
/* What DTLS and TLS share: the library's structures inside `lib`, key look-up, suites. */
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ciphersuites.h>
#include <mbedtls/ssl_cookie.h>
#if defined(WICK_MBEDTLS_HTTPS)
#include <mbedtls/x509_crt.h>
#endif

#include "wick/hal/net.h"
#include "wick/port/dtls.h"
#if defined(WICK_MBEDTLS_HTTPS)
#include "wick/port/tls_identity.h"
#endif

/* Most that a session takes of the pool at any time: two buffers, the flights it keeps, keys, and while
 * it shakes hands the numbers of ECDHE, certificates and what comes out of order. Measured by
 * unit.tls and lab.openssl with each suite in each role, and rounded up. */
#if defined(__arm__) && !defined(__linux__)
#define WICK_SSL_CHARGE_PSK (12u * 1024u)
#else
#define WICK_SSL_CHARGE_PSK (36u * 1024u)
#define WICK_SSL_CHARGE_CERT (56u * 1024u)
#define WICK_SSL_CHARGE_OWN (8u * 1024u) /* an identity, while its certificate is made */
#endif

/* may_alias, because it lives in the uint64_t array of wick_dtls and wick_tls. */
typedef struct __attribute__((may_alias)) wick_ssl {
    mbedtls_ssl_context ssl;
    mbedtls_ssl_config conf;
    mbedtls_ssl_cookie_ctx cookie;
    int suites[9];
    unsigned uses; /* protocols that are spoken, wick_session_use */
    bool datagrams;
    const wick_dtls_config *cfg;
    const wick_dtls_entry *entry; /* the one whose key this handshake uses */
    wick_dtls_entry found;        /* where it is not of the table */
    bool entropy_failed, charged;
    bool made; /* the three contexts above hold something to be freed */
} wick_ssl;

_Static_assert(sizeof(wick_ssl) <= WICK_DTLS_LIB_BYTES, "raise WICK_DTLS_LIB_BYTES");

#if defined(WICK_MBEDTLS_HTTPS)
/* Inside a wick_tls_identity. */
typedef struct __attribute__((may_alias)) wick_tls_own {
    mbedtls_pk_context key;
    mbedtls_x509_crt cert;
} wick_tls_own;

static inline wick_tls_own *wick_tls_own_of(wick_tls_identity *id)
{
    return (wick_tls_own *)(void *)id->lib;
}
#endif

static inline wick_ssl *wick_ssl_of(uint64_t *lib)
{
    return (wick_ssl *)(void *)lib;
}

static inline const wick_ssl *wick_ssl_of_const(const uint64_t *lib)
{
    return (const wick_ssl *)(const void *)lib;
}

/* Sets the contexts up for a checked configuration, which must stay where it is.
 * WICK_E_BAD_ARG, WICK_E_POOL, WICK_E_ENTROPY. On error everything is freed. */
wick_status wick_ssl_init(wick_ssl *s, const wick_dtls_config *cfg, bool datagrams);

/* Does the peer behind the entry equal the one expected? WICK_OK or WICK_E_AUTH. */
wick_status wick_ssl_check_peer(const wick_ssl *s);

/* Name of the suite of a session that is up, else "". */
const char *wick_ssl_suite(const wick_ssl *s, bool up);

void wick_ssl_free(wick_ssl *s);

/* What carries the bytes of TLS. */
typedef struct wick_ssl_wire {
    const wick_hal_net *net;
    wick_sock sock;
    bool *failed;    /* set when the socket does */
    uint32_t *quiet; /* bytes that came since the session last got further */
} wick_ssl_wire;

/* To and from the socket, as the library calls them; its own codes. */
int wick_ssl_put(const wick_ssl_wire *w, const unsigned char *data, size_t len);
int wick_ssl_get(const wick_ssl_wire *w, unsigned char *buf, size_t cap);

/* Writes as mbedtls_ssl_write() does. A record that waits has the bytes of the write that made it; the
 * library, told of more, would send that record and count them all as taken: it is told of the same.
 * @param[out] rc    what the library says
 * @param[in,out] owed bytes of the record that waits, 0: none does
 * @return false: there are fewer bytes than that */
bool wick_ssl_write(int *rc, mbedtls_ssl_context *ssl, size_t *owed, wick_span bytes);

/* Does the library wait for the socket? */
static inline bool wick_ssl_waits(int rc)
{
    return rc == MBEDTLS_ERR_SSL_WANT_READ || rc == MBEDTLS_ERR_SSL_WANT_WRITE;
}

#endif
