/* SPDX-License-Identifier: Apache-2.0 */
/* Set-up of mbedtls for pre-shared keys, for datagrams and streams. */
#include "ssl_internal.h"

#include <string.h>

#if defined(MBEDTLS_SSL_PROTO_TLS1_3)
#include <psa/crypto.h>
#endif

#include "wick/port/crypto.h"

/* In the units of dtls.c: 15 sendings of a flight. */
#define RESEND_FIRST 1
#define RESEND_LAST 16384

#define IDENTITY_MAX 255
#if defined(MBEDTLS_SSL_PROTO_TLS1_3)
#define USES_KNOWN 15u
#else
#define USES_KNOWN (15u & ~(unsigned)WICK_USE_TLS13)
#endif

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

static bool psk_is_sound(const wick_dtls_entry *e)
{
    size_t most = e->uses == (unsigned)WICK_USE_PSK16 ? 16 : 32;
    return e->psk.len >= 16 && e->psk.len <= most;
}

static bool is_printable(wick_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] <= 0x20 || text.ptr[i] >= 0x7f) {
            return false;
        }
    }
    return text.len != 0 && text.len <= IDENTITY_MAX;
}

#define USES_DATAGRAM ((unsigned)WICK_USE_DTLS12 | (unsigned)WICK_USE_PSK16)
#define USES_STREAM ((unsigned)WICK_USE_TLS12 | (unsigned)WICK_USE_TLS13)
#define USES_DEFAULT ((unsigned)WICK_USE_DTLS12 | (unsigned)WICK_USE_TLS12)

static unsigned uses_of(unsigned uses)
{
    return uses != 0 ? uses : USES_DEFAULT;
}

/* Is the key for the protocol that is spoken? */
static bool fits(const wick_ssl *s, const wick_dtls_entry *e)
{
    unsigned spoken = USES_DATAGRAM;
    if (!s->datagrams) {
        spoken = mbedtls_ssl_get_version_number(&s->ssl) == MBEDTLS_SSL_VERSION_TLS1_3
                     ? (unsigned)WICK_USE_TLS13
                     : (unsigned)WICK_USE_TLS12;
    }
    return e->role == WICK_DTLS_SERVER && (uses_of(e->uses) & spoken) != 0;
}

/* Server: the client showed an identity. Only entries for servers count, so our own hello sent back
 * to us names nothing (the entry it comes from is one for clients). */
static int find_key(void *ctx, mbedtls_ssl_context *ssl, const unsigned char *identity, size_t len)
{
    wick_ssl *s = (wick_ssl *)ctx;
    s->entry = NULL;
    for (size_t i = 0; i < s->cfg->entry_count && s->entry == NULL; i++) {
        const wick_dtls_entry *e = &s->cfg->entries[i];
        if (fits(s, e) && same(e->identity, identity, len)) {
            s->entry = e;
        }
    }
    wick_span name = wick_span_make(identity, len);
    if (s->entry == NULL && s->cfg->find != NULL && is_printable(name)) {
        memset(&s->found, 0, sizeof s->found);
        if (s->cfg->find(s->cfg->find_ctx, &s->found, name) == WICK_OK && fits(s, &s->found) &&
            psk_is_sound(&s->found)) {
            s->entry = &s->found;
        }
    }
    return s->entry != NULL ? mbedtls_ssl_set_hs_psk(ssl, s->entry->psk.ptr, s->entry->psk.len)
                            : MBEDTLS_ERR_SSL_UNKNOWN_IDENTITY;
}

static bool entry_is_sound(const wick_dtls_entry *e)
{
    return is_printable(e->identity) && psk_is_sound(e) && (e->uses & ~USES_KNOWN) == 0 &&
           (e->role == WICK_DTLS_CLIENT || e->role == WICK_DTLS_SERVER);
}

static bool config_is_sound(const wick_dtls_config *cfg)
{
    bool empty = cfg->entries == NULL || cfg->entry_count == 0;
    if ((cfg->role != WICK_DTLS_CLIENT && cfg->role != WICK_DTLS_SERVER) || cfg->entropy == NULL ||
        (empty && (cfg->find == NULL || cfg->entry_count != 0)) ||
        (cfg->suites & ~WICK_DTLS_SUITES_ALL) != 0 || (cfg->uses & ~USES_KNOWN) != 0 ||
        cfg->cid.len > WICK_DTLS_CID_MAX) {
        return false;
    }
    if (cfg->role == WICK_DTLS_CLIENT &&
        (cfg->entry_count != 1 || cfg->entries[0].role != WICK_DTLS_CLIENT || cfg->find != NULL)) {
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

static const struct {
    uint8_t ours;
    int tls12, tls13;
} suites[] = {
    {WICK_DTLS_ECDHE_CHACHA20, MBEDTLS_TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256,
     MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256},
    {WICK_DTLS_CHACHA20_POLY1305, MBEDTLS_TLS_PSK_WITH_CHACHA20_POLY1305_SHA256,
     MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256},
    {WICK_DTLS_AES128_GCM, MBEDTLS_TLS_PSK_WITH_AES_128_GCM_SHA256,
     MBEDTLS_TLS1_3_AES_128_GCM_SHA256},
    {WICK_DTLS_AES128_CCM8, MBEDTLS_TLS_PSK_WITH_AES_128_CCM_8,
     MBEDTLS_TLS1_3_AES_128_CCM_8_SHA256},
};
#define SUITES (sizeof suites / sizeof suites[0])

static void add_suite(wick_ssl *s, size_t *n, int suite)
{
    for (size_t i = 0; i < *n; i++) {
        if (s->suites[i] == suite) {
            return; /* TLS 1.3 has one for two of ours */
        }
    }
    s->suites[(*n)++] = suite;
}

static void add_suites(wick_ssl *s, size_t *n, size_t which)
{
    if ((s->uses & (unsigned)WICK_USE_TLS13) != 0) {
        add_suite(s, n, suites[which].tls13);
    }
    if ((s->uses & ~(unsigned)WICK_USE_TLS13) != 0) {
        add_suite(s, n, suites[which].tls12);
    }
}

static void choose_suites(wick_ssl *s)
{
    const wick_dtls_config *cfg = s->cfg;
    unsigned left = cfg->suites != 0 ? cfg->suites : WICK_DTLS_SUITES_DEFAULT;
    bool plain = (left & ~WICK_DTLS_ECDHE_CHACHA20) != 0;
    size_t n = 0;
    for (size_t k = 0; k < sizeof cfg->order && cfg->order[k] != 0; k++) {
        for (size_t i = 0; i < SUITES; i++) {
            if (suites[i].ours == cfg->order[k] && (left & suites[i].ours) != 0) {
                add_suites(s, &n, i);
                left &= ~(unsigned)suites[i].ours;
            }
        }
    }
    for (size_t i = 0; i < SUITES; i++) {
        if ((left & suites[i].ours) != 0) {
            add_suites(s, &n, i);
        }
    }
    s->suites[n] = 0;
    mbedtls_ssl_conf_ciphersuites(&s->conf, s->suites);
#if defined(MBEDTLS_SSL_PROTO_TLS1_3)
    mbedtls_ssl_conf_tls13_key_exchange_modes(
        &s->conf, plain ? MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_ALL
                        : MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_EPHEMERAL);
#else
    (void)plain;
#endif
}

/* The protocols of the entries, and of what the caller's function finds. */
static unsigned choose_uses(const wick_dtls_config *cfg, bool datagrams)
{
    unsigned uses = cfg->find != NULL ? uses_of(cfg->uses) : 0;
    for (size_t i = 0; i < cfg->entry_count; i++) {
        uses |= uses_of(cfg->entries[i].uses);
    }
    return uses & (datagrams ? USES_DATAGRAM : USES_STREAM);
}

static int set_up(wick_ssl *s, bool datagrams)
{
#if defined(MBEDTLS_SSL_HANDSHAKE_WITH_CERT_ENABLED)
    /* No certificate is ever seen here, but the library's hello names algorithms: the fewest. */
    static const uint16_t algorithms[] = {MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256,
                                          MBEDTLS_TLS1_3_SIG_NONE};
#endif
    static const uint16_t groups[] = {MBEDTLS_SSL_IANA_TLS_GROUP_X25519,
                                      MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1,
                                      MBEDTLS_SSL_IANA_TLS_GROUP_NONE};
    const wick_dtls_config *cfg = s->cfg;
    bool client = cfg->role == WICK_DTLS_CLIENT;
    int rc = mbedtls_ssl_config_defaults(
        &s->conf, client ? MBEDTLS_SSL_IS_CLIENT : MBEDTLS_SSL_IS_SERVER,
        datagrams ? MBEDTLS_SSL_TRANSPORT_DATAGRAM : MBEDTLS_SSL_TRANSPORT_STREAM,
        MBEDTLS_SSL_PRESET_DEFAULT);
    if (rc != 0) {
        return rc;
    }
    bool v13 = (s->uses & (unsigned)WICK_USE_TLS13) != 0;
    bool only13 = s->uses == (unsigned)WICK_USE_TLS13;
    mbedtls_ssl_conf_min_tls_version(
        &s->conf, only13 ? MBEDTLS_SSL_VERSION_TLS1_3 : MBEDTLS_SSL_VERSION_TLS1_2);
    mbedtls_ssl_conf_max_tls_version(
        &s->conf, v13 ? MBEDTLS_SSL_VERSION_TLS1_3 : MBEDTLS_SSL_VERSION_TLS1_2);
    mbedtls_ssl_conf_rng(&s->conf, fill_random, s);
#if defined(MBEDTLS_SSL_HANDSHAKE_WITH_CERT_ENABLED)
    mbedtls_ssl_conf_sig_algs(&s->conf, algorithms);
#endif
    mbedtls_ssl_conf_groups(&s->conf, groups);
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

/* The key schedule of TLS 1.3 is in PSA. */
static bool start_psa(const wick_ssl *s)
{
#if defined(MBEDTLS_SSL_PROTO_TLS1_3)
    return (s->uses & (unsigned)WICK_USE_TLS13) == 0 || psa_crypto_init() == PSA_SUCCESS;
#else
    (void)s;
    return true;
#endif
}

wick_status wick_ssl_init(wick_ssl *s, const wick_dtls_config *cfg, bool datagrams)
{
    memset(s, 0, sizeof *s);
    if (!config_is_sound(cfg)) {
        return WICK_E_BAD_ARG;
    }
    s->cfg = cfg;
    s->datagrams = datagrams;
    s->uses = choose_uses(cfg, datagrams);
    if (s->uses == 0) {
        s->cfg = NULL;
        return WICK_E_BAD_ARG;
    }
    if (wick_mbedtls_pool_init() != WICK_OK || !start_psa(s) ||
        wick_mbedtls_pool_reserve(WICK_SSL_CHARGE_PSK) != WICK_OK) {
        s->cfg = NULL;
        return WICK_E_POOL;
    }
    s->charged = true;
    mbedtls_ssl_init(&s->ssl);
    mbedtls_ssl_config_init(&s->conf);
    mbedtls_ssl_cookie_init(&s->cookie);
    s->made = true;
    if (set_up(s, datagrams) != 0) {
        wick_status st = s->entropy_failed ? WICK_E_ENTROPY : WICK_E_POOL;
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

const char *wick_ssl_suite(const wick_ssl *s, bool up)
{
    const char *name = up ? mbedtls_ssl_get_ciphersuite(&s->ssl) : NULL;
    return name != NULL ? name : "";
}

void wick_ssl_free(wick_ssl *s)
{
    if (s->made) {
        mbedtls_ssl_free(&s->ssl);
        mbedtls_ssl_config_free(&s->conf);
        mbedtls_ssl_cookie_free(&s->cookie);
    }
    if (s->charged) {
        wick_mbedtls_pool_release(WICK_SSL_CHARGE_PSK);
    }
    wick_wipe(s, sizeof *s);
}

/* ---- the wire ---- */

/* Bytes that may come without getting us further; a chain of certificates is smaller. The library goes
 * on within one call while there are any, past alerts and tickets, which a peer can send for ever. */
#define QUIET_MAX 65536u

int wick_ssl_put(const wick_ssl_wire *w, const unsigned char *data, size_t len)
{
    int32_t n = w->net->tcp_send(w->net->ctx, w->sock, wick_span_make(data, len));
    if (n == (int32_t)WICK_AGAIN) {
        return MBEDTLS_ERR_SSL_WANT_WRITE;
    }
    if (n < 0) {
        *w->failed = true;
        return MBEDTLS_ERR_SSL_INTERNAL_ERROR;
    }
    return (int)n;
}

int wick_ssl_get(const wick_ssl_wire *w, unsigned char *buf, size_t cap)
{
    int32_t n = w->net->tcp_recv(w->net->ctx, w->sock, buf, cap);
    if (n == (int32_t)WICK_AGAIN) {
        return MBEDTLS_ERR_SSL_WANT_READ;
    }
    if (n < 0) {
        *w->failed = true;
        return MBEDTLS_ERR_SSL_INTERNAL_ERROR;
    }
    *w->quiet += (uint32_t)n;
    if (*w->quiet > QUIET_MAX) {
        return MBEDTLS_ERR_SSL_INTERNAL_ERROR;
    }
    return (int)n; /* 0: closed */
}

bool wick_ssl_write(int *rc, mbedtls_ssl_context *ssl, size_t *owed, wick_span bytes)
{
    if (bytes.len < *owed) {
        return false;
    }
    size_t len = *owed != 0 ? *owed : bytes.len;
    *rc = mbedtls_ssl_write(ssl, bytes.ptr, len);
    if (*rc >= 0) {
        *owed = 0;
    } else if (wick_ssl_waits(*rc)) {
        *owed = len;
    }
    return true;
}
