/* SPDX-License-Identifier: Apache-2.0 */
/* TLS with certificates: chain, name, time and pin, checked as the library walks the chain. */
#include "wick/port/https.h"

#include <string.h>

#include <mbedtls/error.h>
#include <mbedtls/platform.h>
#include <mbedtls/sha256.h>
#include <mbedtls/ssl.h>
#include <psa/crypto.h>

#include "https_internal.h"
#include "ssl_internal.h"
#include "wick/port/crypto.h"

enum { NEW = 0, HANDSHAKE, UP, ENDED };

/* may_alias, because it lives in the uint64_t array of wick_https. */
typedef struct __attribute__((may_alias)) secure {
    mbedtls_ssl_context ssl;
    mbedtls_ssl_config conf;
} secure;

_Static_assert(sizeof(secure) <= WICK_HTTPS_LIB_BYTES, "raise WICK_HTTPS_LIB_BYTES");

static secure *of(wick_https *t)
{
    return (secure *)(void *)t->lib;
}

/* ---- what the library calls ---- */

static int fill_random(void *ctx, unsigned char *out, size_t len)
{
    wick_https *t = (wick_https *)ctx;
    if (t->trust->entropy->fill(t->trust->entropy->ctx, out, len) == WICK_OK) {
        return 0;
    }
    t->entropy_failed = true;
    return -1;
}

static wick_ssl_wire wire(wick_https *t)
{
    return (wick_ssl_wire){t->net, t->sock, &t->net_failed, &t->quiet};
}

static int put_bytes(void *ctx, const unsigned char *data, size_t len)
{
    wick_ssl_wire w = wire((wick_https *)ctx);
    return wick_ssl_put(&w, data, len);
}

static int get_bytes(void *ctx, unsigned char *buf, size_t cap)
{
    wick_ssl_wire w = wire((wick_https *)ctx);
    return wick_ssl_get(&w, buf, cap);
}

/* Certificates of the CA file that could have issued `child`. */
static int find_issuers(void *ctx, mbedtls_x509_crt const *child, mbedtls_x509_crt **found)
{
    wick_https *t = (wick_https *)ctx;
    *found = NULL;
    if (t->trust->ca_file == NULL) {
        return 0; /* the pin decides */
    }
    mbedtls_x509_crt *list = NULL;
    wick_span issuer = wick_span_make(child->issuer_raw.p, child->issuer_raw.len);
    wick_ca_file file;
    wick_status s = wick_ca_file_open(&file, t->trust->ca_file);
    while (s == WICK_OK) {
        wick_span der, subject;
        s = wick_ca_file_next(&file, &der, t->der, sizeof t->der);
        if (s == WICK_OK && wick_ca_subject(&subject, der) == WICK_OK &&
            subject.len == issuer.len && memcmp(subject.ptr, issuer.ptr, issuer.len) == 0) {
            if (list == NULL) {
                list = (mbedtls_x509_crt *)mbedtls_calloc(1, sizeof *list);
                if (list == NULL) {
                    s = WICK_E_LIMIT;
                    break;
                }
                mbedtls_x509_crt_init(list);
            }
            if (mbedtls_x509_crt_parse_der(list, der.ptr, der.len) ==
                MBEDTLS_ERR_X509_ALLOC_FAILED) {
                s = WICK_E_LIMIT;
            }
        }
    }
    wick_ca_file_close(&file);
    if (s != WICK_E_NOT_FOUND) { /* the end of the file is the only good one */
        t->refused = s == WICK_E_HAL ? WICK_E_TRUST_ANCHOR : s;
        if (list != NULL) {
            mbedtls_x509_crt_free(list);
            mbedtls_free(list);
        }
        return MBEDTLS_ERR_X509_FATAL_ERROR;
    }
    *found = list; /* the library frees it */
    return 0;
}

/* Years first; every field is in the range of its calendar. */
static int64_t order(const mbedtls_x509_time *t)
{
    return ((((int64_t)t->year * 100 + t->mon) * 100 + t->day) * 100 + t->hour) * 10000 +
           t->min * 100 + t->sec;
}

/* The time of day as the same number: civil date from days, proleptic Gregorian. */
static int64_t order_now(uint64_t unix_s)
{
    uint64_t days = unix_s / 86400 + 719468, rest = unix_s % 86400;
    uint64_t era = days / 146097, doe = days % 146097;
    uint64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    uint64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    uint64_t mp = (5 * doy + 2) / 153;
    uint64_t month = mp < 10 ? mp + 3 : mp - 9;
    uint64_t year = yoe + era * 400 + (month <= 2 ? 1 : 0);
    uint64_t day = doy - (153 * mp + 2) / 5 + 1;
    return (int64_t)((((year * 100 + month) * 100 + day) * 100 + rest / 3600) * 10000 +
                     rest / 60 % 60 * 100 + rest % 60);
}

/* RFC 5280 4.1.2.5; the library has no clock. */
static bool is_valid_now(wick_https *t, const mbedtls_x509_crt *crt)
{
    uint64_t unix_s = 0;
    if (t->trust->clock->unix_s(t->trust->clock->ctx, &unix_s) != WICK_OK ||
        unix_s > 253402300799u) {
        t->refused = WICK_E_NO_CLOCK;
        return false;
    }
    int64_t now = order_now(unix_s);
    return now >= order(&crt->valid_from) && now <= order(&crt->valid_to);
}

/* The library checks DNS names; a literal must stand in the certificate as an address (RFC 9525). */
static bool names_address(const wick_https *t, const mbedtls_x509_crt *crt)
{
    for (const mbedtls_x509_sequence *e = &crt->subject_alt_names; e != NULL; e = e->next) {
        if ((e->buf.tag & MBEDTLS_ASN1_TAG_VALUE_MASK) == MBEDTLS_X509_SAN_IP_ADDRESS &&
            e->buf.len == t->address_len && memcmp(e->buf.p, t->address, e->buf.len) == 0) {
            return true;
        }
    }
    return false;
}

/* Each certificate of the chain, the server's own (depth 0) last. */
static int judge(void *ctx, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
    wick_https *t = (wick_https *)ctx;
    if (t->trust->ca_file == NULL) {
        *flags = 0; /* no issuer is asked for; the pin is looked at below */
    } else {
        if (!is_valid_now(t, crt)) {
            *flags |= MBEDTLS_X509_BADCERT_EXPIRED;
        }
        if (depth == 0 && t->address_len != 0 && !names_address(t, crt)) {
            *flags |= MBEDTLS_X509_BADCERT_CN_MISMATCH;
        }
    }
    if (depth == 0) {
        t->peer_shown = mbedtls_sha256(crt->pk_raw.p, crt->pk_raw.len, t->peer_key, 0) == 0;
    }
    if (depth == 0 && t->trust->pin32 != NULL) {
        t->pinned = t->peer_shown && wick_ct_equal(t->peer_key, t->trust->pin32, 32);
        if (!t->pinned) {
            *flags |= MBEDTLS_X509_BADCERT_OTHER;
        }
    }
    t->faults |= *flags;
    return 0;
}

/* ---- set-up ---- */

static const int suites[] = {
    MBEDTLS_TLS1_3_AES_128_GCM_SHA256,
    MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS1_3_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    0};

/* PKCS#1 before PSS: the library's TLS 1.2 cannot check PSS, servers take the first that they have,
 * and TLS 1.3 has no PKCS#1 for handshakes. */
static const uint16_t algorithms[] = {
    MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256, MBEDTLS_TLS1_3_SIG_ECDSA_SECP384R1_SHA384,
    MBEDTLS_TLS1_3_SIG_ECDSA_SECP521R1_SHA512, MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA256,
    MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA384,       MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA512,
    MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA256,    MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA384,
    MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA512,    MBEDTLS_TLS1_3_SIG_NONE};

/* Is the other side to show a certificate? */
static bool asks(const wick_https *t)
{
    return !t->server || t->trust->ask || t->trust->pin32 != NULL || t->trust->ca_file != NULL;
}

static int set_up(wick_https *t)
{
    secure *s = of(t);
    int rc = mbedtls_ssl_config_defaults(
        &s->conf, t->server ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT,
        MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
    if (rc == 0 && t->trust->own != NULL) {
        wick_tls_own *own = wick_tls_own_of(t->trust->own);
        rc = mbedtls_ssl_conf_own_cert(&s->conf, &own->cert, &own->key);
    }
    if (rc != 0) {
        return rc;
    }
    mbedtls_ssl_conf_min_tls_version(&s->conf, MBEDTLS_SSL_VERSION_TLS1_2);
    mbedtls_ssl_conf_max_tls_version(&s->conf, MBEDTLS_SSL_VERSION_TLS1_3);
    mbedtls_ssl_conf_rng(&s->conf, fill_random, t);
    mbedtls_ssl_conf_ciphersuites(&s->conf, suites);
    mbedtls_ssl_conf_sig_algs(&s->conf, algorithms);
    mbedtls_ssl_conf_authmode(&s->conf, asks(t) ? MBEDTLS_SSL_VERIFY_REQUIRED
                                                : MBEDTLS_SSL_VERIFY_NONE);
    mbedtls_ssl_conf_tls13_key_exchange_modes(&s->conf,
                                              MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL);
    mbedtls_ssl_conf_ca_cb(&s->conf, find_issuers, t);
    mbedtls_ssl_conf_verify(&s->conf, judge, t);
    rc = mbedtls_ssl_setup(&s->ssl, &s->conf);
    if (rc == 0 && !t->server) {
        /* A literal is no server name (RFC 6066 section 3), and a pinned key needs none checked. */
        bool checked = t->address_len == 0 && t->trust->ca_file != NULL;
        rc = mbedtls_ssl_set_hostname(&s->ssl, checked ? t->host : NULL);
    }
    if (rc == 0) {
        mbedtls_ssl_set_bio(&s->ssl, t, put_bytes, get_bytes, NULL);
    }
    return rc;
}

static wick_status begin(wick_https *t, const wick_https_trust *trust, const wick_hal_net *net,
                         wick_sock sock)
{
    if (wick_mbedtls_pool_init() != WICK_OK || psa_crypto_init() != PSA_SUCCESS ||
        wick_mbedtls_pool_reserve(WICK_SSL_CHARGE_CERT) != WICK_OK) {
        return WICK_E_POOL;
    }
    t->charged = true;
    t->trust = trust;
    t->net = net;
    t->sock = sock;
    mbedtls_ssl_init(&of(t)->ssl);
    mbedtls_ssl_config_init(&of(t)->conf);
    t->made = true;
    if (set_up(t) != 0) {
        wick_status s = t->entropy_failed ? WICK_E_ENTROPY : WICK_E_POOL;
        wick_https_end(t);
        return s;
    }
    t->state = HANDSHAKE;
    t->wants_write = !t->server;
    return WICK_OK;
}

wick_status wick_https_start(wick_https *t, const wick_https_trust *trust, const wick_hal_net *net,
                             wick_sock sock, const char *host)
{
    wick_addr literal;
    size_t len = strlen(host);
    wick_https_end(t);
    if (trust == NULL || trust->entropy == NULL ||
        (trust->ca_file == NULL && trust->pin32 == NULL) ||
        (trust->ca_file != NULL && trust->clock == NULL)) {
        return WICK_E_TRUST_ANCHOR;
    }
    if (len >= sizeof t->host) {
        return WICK_E_BAD_ARG;
    }
    memcpy(t->host, host, len + 1);
    if (wick_ca_literal(&literal, host)) {
        bool v4 = wick_addr_is_v4(&literal);
        t->address_len = v4 ? 4 : 16;
        memcpy(t->address, literal.ip + (v4 ? 12 : 0), t->address_len);
    }
    return begin(t, trust, net, sock);
}

wick_status wick_https_accept(wick_https *t, const wick_https_trust *trust,
                              const wick_hal_net *net, wick_sock sock)
{
    wick_https_end(t);
    if (trust == NULL || trust->entropy == NULL || trust->own == NULL || !trust->own->made ||
        (trust->ca_file != NULL && trust->clock == NULL)) {
        return WICK_E_TRUST_ANCHOR;
    }
    t->server = true;
    return begin(t, trust, net, sock);
}

/* ---- running ---- */

static wick_status end_with(wick_https *t, wick_status status)
{
    t->state = ENDED;
    t->wants_write = false;
    return status;
}

static bool is_alloc_failure(int rc)
{
    return rc == MBEDTLS_ERR_SSL_ALLOC_FAILED || rc == MBEDTLS_ERR_X509_ALLOC_FAILED ||
           rc == MBEDTLS_ERR_PK_ALLOC_FAILED || rc == MBEDTLS_ERR_MPI_ALLOC_FAILED ||
           rc == MBEDTLS_ERR_ECP_ALLOC_FAILED;
}

/* What is wrong with the chain. A key that was pinned counts for more than what a CA says, and who has
 * issued it for more than what it says of itself. */
static wick_status fault(const wick_https *t)
{
    static const struct {
        uint32_t flag;
        wick_status status;
    } faults[] = {{MBEDTLS_X509_BADCERT_OTHER, WICK_E_CERT_KEY},
                  {MBEDTLS_X509_BADCERT_NOT_TRUSTED, WICK_E_CERT_ISSUER},
                  {MBEDTLS_X509_BADCERT_CN_MISMATCH, WICK_E_CERT_NAME},
                  {MBEDTLS_X509_BADCERT_EXPIRED, WICK_E_CERT_TIME}};
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        if ((t->faults & faults[i].flag) != 0) {
            return faults[i].status;
        }
    }
    return WICK_E_CERT;
}

/* Why the library refused. */
static wick_status reason(const wick_https *t, int rc)
{
    if (t->entropy_failed) {
        return WICK_E_ENTROPY;
    }
    if (t->refused != WICK_OK) {
        return t->refused;
    }
    if (is_alloc_failure(rc)) {
        return WICK_E_POOL;
    }
    if (rc == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED || rc == MBEDTLS_ERR_SSL_BAD_CERTIFICATE ||
        rc == MBEDTLS_ERR_SSL_CA_CHAIN_REQUIRED || rc == MBEDTLS_ERR_X509_FATAL_ERROR) {
        return fault(t);
    }
    if (rc == MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE) {
        return WICK_E_CERT;
    }
    return (t->net_failed || rc == MBEDTLS_ERR_SSL_CONN_EOF) ? WICK_E_NET : WICK_E_TLS;
}

static bool waits(wick_https *t, int rc)
{
    t->wants_write = rc == MBEDTLS_ERR_SSL_WANT_WRITE;
    return wick_ssl_waits(rc);
}

wick_status wick_https_poll(wick_https *t)
{
    if (t->state == UP) {
        return WICK_OK;
    }
    if (t->state != HANDSHAKE) {
        return WICK_E_STATE;
    }
    int rc = mbedtls_ssl_handshake(&of(t)->ssl);
    if (waits(t, rc)) {
        return WICK_AGAIN;
    }
    if (rc != 0) {
        return end_with(t, reason(t, rc));
    }
    /* A handshake without certificates cannot have been negotiated; the pin is looked at twice. */
    if ((asks(t) && (mbedtls_ssl_get_verify_result(&of(t)->ssl) != 0 || !t->peer_shown)) ||
        (t->trust->pin32 != NULL && !t->pinned)) {
        return end_with(t, fault(t));
    }
    t->state = UP;
    t->quiet = 0;
    return WICK_OK;
}

int32_t wick_https_write(wick_https *t, wick_span bytes)
{
    if (t->state != UP) {
        return WICK_E_STATE;
    }
    if (bytes.len == 0) {
        return 0;
    }
    int rc;
    if (!wick_ssl_write(&rc, &of(t)->ssl, &t->owed, bytes)) {
        return WICK_E_BAD_ARG;
    }
    if (rc >= 0) {
        t->wants_write = (size_t)rc < bytes.len;
        return rc;
    }
    if (waits(t, rc)) {
        return WICK_AGAIN;
    }
    return (int32_t)end_with(t, reason(t, rc));
}

int32_t wick_https_read(wick_https *t, uint8_t *buf, size_t cap)
{
    if (t->state != UP) {
        return WICK_E_STATE;
    }
    int rc;
    do { /* tickets of TLS 1.3 come between the data and are of no use */
        rc = mbedtls_ssl_read(&of(t)->ssl, buf, cap);
    } while (rc == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET);
    if (rc > 0) {
        t->wants_write = false;
        t->quiet = 0;
        return rc;
    }
    if (waits(t, rc)) {
        return WICK_AGAIN;
    }
    if (rc == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) {
        (void)end_with(t, WICK_OK);
        return 0;
    }
    if (rc == 0 || rc == MBEDTLS_ERR_SSL_CONN_EOF) {
        return (int32_t)end_with(t, WICK_E_TRUNCATED); /* maybe cut by somebody else */
    }
    return (int32_t)end_with(t, reason(t, rc));
}

bool wick_https_peer_key(const wick_https *t, uint8_t out[32])
{
    bool shown = t->state == UP && t->peer_shown;
    memset(out, 0, 32);
    if (shown) {
        memcpy(out, t->peer_key, 32);
    }
    return shown;
}

bool wick_https_wants_write(const wick_https *t)
{
    return t->wants_write;
}

void wick_https_end(wick_https *t)
{
    if (t->made) {
        if (t->state == UP) {
            (void)mbedtls_ssl_close_notify(&of(t)->ssl);
        }
        mbedtls_ssl_free(&of(t)->ssl);
        mbedtls_ssl_config_free(&of(t)->conf);
    }
    if (t->charged) {
        wick_mbedtls_pool_release(WICK_SSL_CHARGE_CERT);
    }
    wick_wipe(t, sizeof *t);
}
