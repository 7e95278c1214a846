/* SPDX-License-Identifier: Apache-2.0 */
/* Set-up of mbedtls for pre-shared keys, for datagrams and streams. */
#include "ssl_internal.h"

#include <string.h>

#include "wick/port/crypto.h"

/* In the units of dtls.c: 15 sendings of a flight. */
#define RESEND_FIRST 1
#define RESEND_LAST 16384

static int fill_random(void *ctx, unsigned char *out, size_t len)
{
    wick_ssl *s = (wick_ssl *)ctx;
    if (s->cfg->entropy->fill(s->cfg->entropy->ctx, out, len) == WICK_OK) {
        return 0;
    }
    s->entropy_failed = true;
    return -1;
}

static bool same(wick_span a, const unsigned char *b, size_t len)
{
    return a.len == len && memcmp(a.ptr, b, len) == 0;
}

/* Server: the client showed an identity. Only entries for servers count, so our own hello sent back
 * to us names nothing (the entry it comes from is one for clients). */
static int find_key(void *ctx, mbedtls_ssl_context *ssl, const unsigned char *identity, size_t len)
{
    wick_ssl *s = (wick_ssl *)ctx;
    s->entry = NULL;
    for (size_t i = 0; i < s->cfg->entry_count; i++) {
        const wick_dtls_entry *e = &s->cfg->entries[i];
        if (e->role == WICK_DTLS_SERVER && same(e->identity, identity, len)) {
            s->entry = e;
            return mbedtls_ssl_set_hs_psk(ssl, e->psk.ptr, e->psk.len);
        }
    }
    return MBEDTLS_ERR_SSL_UNKNOWN_IDENTITY;
}

static bool entry_is_sound(const wick_dtls_entry *e)
{
    if (e->identity.len == 0 || e->identity.len > 255 || e->psk.len < 16 || e->psk.len > 32 ||
        (e->role != WICK_DTLS_CLIENT && e->role != WICK_DTLS_SERVER)) {
        return false;
    }
    for (size_t i = 0; i < e->identity.len; i++) {
        if (e->identity.ptr[i] <= 0x20 || e->identity.ptr[i] >= 0x7f) {
            return false;
        }
    }
    return true;
}

static bool config_is_sound(const wick_dtls_config *cfg)
{
    if ((cfg->role != WICK_DTLS_CLIENT && cfg->role != WICK_DTLS_SERVER) || cfg->entropy == NULL ||
        cfg->entries == NULL || cfg->entry_count == 0 || (cfg->suites & ~7u) != 0 ||
        cfg->cid.len > WICK_DTLS_CID_MAX) {
        return false;
    }
    if (cfg->role == WICK_DTLS_CLIENT &&
        (cfg->entry_count != 1 || cfg->entries[0].role != WICK_DTLS_CLIENT)) {
        return false;
    }
    for (size_t i = 0; i < cfg->entry_count; i++) {
        const wick_dtls_entry *a = &cfg->entries[i];
        if (!entry_is_sound(a)) {
            return false;
        }
        for (size_t k = 0; k < i; k++) {
            const wick_dtls_entry *b = &cfg->entries[k];
            if (a->role == b->role && same(a->identity, b->identity.ptr, b->identity.len)) {
                return false; /* one identity names one key and one peer */
            }
        }
    }
    return true;
}

static void choose_suites(wick_ssl *s)
{
    unsigned wanted = s->cfg->suites != 0 ? s->cfg->suites : 7u;
    size_t n = 0;
    if ((wanted & WICK_DTLS_CHACHA20_POLY1305) != 0) {
        s->suites[n++] = MBEDTLS_TLS_PSK_WITH_CHACHA20_POLY1305_SHA256;
    }
    if ((wanted & WICK_DTLS_AES128_GCM) != 0) {
        s->suites[n++] = MBEDTLS_TLS_PSK_WITH_AES_128_GCM_SHA256;
    }
    if ((wanted & WICK_DTLS_AES128_CCM8) != 0) {
        s->suites[n++] = MBEDTLS_TLS_PSK_WITH_AES_128_CCM_8;
    }
    s->suites[n] = 0;
    mbedtls_ssl_conf_ciphersuites(&s->conf, s->suites);
}

static int set_up(wick_ssl *s, bool datagrams)
{
    /* No certificate is ever seen here, but the library's hello names algorithms: the fewest. */
    static const uint16_t algorithms[] = {MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256,
                                          MBEDTLS_TLS1_3_SIG_NONE};
    const wick_dtls_config *cfg = s->cfg;
    bool client = cfg->role == WICK_DTLS_CLIENT;
    int rc = mbedtls_ssl_config_defaults(
        &s->conf, client ? MBEDTLS_SSL_IS_CLIENT : MBEDTLS_SSL_IS_SERVER,
        datagrams ? MBEDTLS_SSL_TRANSPORT_DATAGRAM : MBEDTLS_SSL_TRANSPORT_STREAM,
        MBEDTLS_SSL_PRESET_DEFAULT);
    if (rc != 0) {
        return rc;
    }
    mbedtls_ssl_conf_min_tls_version(&s->conf, MBEDTLS_SSL_VERSION_TLS1_2);
    mbedtls_ssl_conf_max_tls_version(&s->conf, MBEDTLS_SSL_VERSION_TLS1_2);
    mbedtls_ssl_conf_rng(&s->conf, fill_random, s);
    mbedtls_ssl_conf_sig_algs(&s->conf, algorithms);
    choose_suites(s);
    if (client) {
        const wick_dtls_entry *e = &cfg->entries[0];
        s->entry = e;
        rc = mbedtls_ssl_conf_psk(&s->conf, e->psk.ptr, e->psk.len, e->identity.ptr,
                                  e->identity.len);
    } else {
        mbedtls_ssl_conf_psk_cb(&s->conf, find_key, s);
    }
    if (rc == 0 && client && !datagrams) {
        /* Our buffers are smaller than the largest record of TLS (RFC 6066 section 4). */
        rc = mbedtls_ssl_conf_max_frag_len(&s->conf, MBEDTLS_SSL_MAX_FRAG_LEN_4096);
    }
    if (rc == 0 && datagrams) {
        mbedtls_ssl_conf_handshake_timeout(&s->conf, RESEND_FIRST, RESEND_LAST);
        if (!client) {
            rc = mbedtls_ssl_cookie_setup(&s->cookie, fill_random, s);
            mbedtls_ssl_conf_dtls_cookies(&s->conf, mbedtls_ssl_cookie_write,
                                          mbedtls_ssl_cookie_check, &s->cookie);
        }
    }
    if (rc == 0 && datagrams && cfg->cid.len != 0) {
        /* A record with another id is not for this session: it is dropped, like one that is forged. */
        rc = mbedtls_ssl_conf_cid(&s->conf, cfg->cid.len, MBEDTLS_SSL_UNEXPECTED_CID_IGNORE);
    }
    return rc == 0 ? mbedtls_ssl_setup(&s->ssl, &s->conf) : rc;
}

wick_status wick_ssl_init(wick_ssl *s, const wick_dtls_config *cfg, bool datagrams)
{
    memset(s, 0, sizeof *s);
    if (!config_is_sound(cfg)) {
        return WICK_E_BAD_ARG;
    }
    if (wick_mbedtls_pool_init() != WICK_OK) {
        return WICK_E_LIMIT;
    }
    s->cfg = cfg;
    mbedtls_ssl_init(&s->ssl);
    mbedtls_ssl_config_init(&s->conf);
    mbedtls_ssl_cookie_init(&s->cookie);
    s->made = true;
    if (set_up(s, datagrams) != 0) {
        wick_status st = s->entropy_failed ? WICK_E_ENTROPY : WICK_E_LIMIT;
        wick_ssl_free(s);
        return st;
    }
    return WICK_OK;
}

wick_status wick_ssl_check_peer(const wick_ssl *s)
{
    if (s->entry == NULL) {
        return WICK_E_AUTH;
    }
    if (s->cfg->expect_peer != NULL &&
        !wick_ct_equal(s->entry->peer, s->cfg->expect_peer, sizeof s->entry->peer)) {
        return WICK_E_AUTH;
    }
    return WICK_OK;
}

void wick_ssl_free(wick_ssl *s)
{
    if (s->made) {
        mbedtls_ssl_free(&s->ssl);
        mbedtls_ssl_config_free(&s->conf);
        mbedtls_ssl_cookie_free(&s->cookie);
    }
    wick_wipe(s, sizeof *s);
}
