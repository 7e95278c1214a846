/* SPDX-License-Identifier: Apache-2.0 */
/* A device's request to its manager. */
#include "vouch_request.h"

#include <poll.h>
#include <string.h>

#include "vouch.h"
#include "wick/rsa.h"
#include "wick/tx.h"

void vouch_put(out_rec *o, const char *name, const wick_voucher *v)
{
    out_str(o, "name", name);
    out_hex(o, "id", v->id, sizeof v->id);
    out_hex(o, "owner", v->owner, sizeof v->owner);
    out_u64(o, "keyType", v->key_type);
    out_u64(o, "flags", v->flags);
    out_hex(o, "key", v->key, sizeof v->key);
    out_u64(o, "notAfter", v->not_after);
}

static wick_status fill(wick_voucher *v, wick_buf *spki, host *h, uint64_t days)
{
    const wick_hal_keystore *k = &h->keystore;
    wick_device words;
    uint8_t wallet[33];
    uint64_t now = 0;
    memset(v, 0, sizeof *v);
    memset(&words, 0, sizeof words); /* read below, whatever fails before */
    wick_status s = wick_name_hash(v->id, wick_span_text(h->conf.identity.name));
    if (s == WICK_OK) {
        s = vouch_key_words(&words, spki, &h->crypto, k, h->device_key);
    }
    if (s == WICK_OK) {
        s = k->secp256k1_public(k->ctx, wallet, h->wallet_key);
    }
    if (s == WICK_OK) {
        s = wick_eth_address_of(v->owner, wallet, &h->crypto);
    }
    if (s == WICK_OK) {
        s = h->clock.unix_s(h->clock.ctx, &now);
    }
    v->key_type = words.key_type;
    v->flags = words.flags;
    v->not_after = now + days * 86400;
    memcpy(v->key, words.key, sizeof v->key);
    return s;
}

int vouch_request(FILE *to, const cli *c, host *h, const wick_registry_domain *domain,
                  const uint8_t challenge[32], uint64_t days, const char *op, const char *token)
{
    wick_voucher v;
    uint8_t digest[32], sig[WICK_RSA_BYTES], der[WICK_RSA_SPKI_MAX];
    wick_buf spki = wick_buf_make(der, sizeof der);
    const wick_hal_keystore *k = &h->keystore;
    wick_status s = fill(&v, &spki, h, days);
    if (s == WICK_OK) {
        wick_possession_digest(digest, domain, v.id, challenge);
        s = spki.len != 0 ? k->rsa_sign(k->ctx, sig, h->device_key, digest)
                          : k->secp256k1_sign(k->ctx, sig, NULL, h->device_key, digest);
    }
    if (s != WICK_OK) {
        return cli_fail(c, s, "identity '%s'", h->conf.identity.name);
    }
    out_rec o;
    out_begin(&o, to, true);
    if (op != NULL) {
        out_str(&o, "op", op);
    }
    vouch_put(&o, h->conf.identity.name, &v);
    out_hex(&o, "possession", sig, spki.len != 0 ? sizeof sig : 64);
    if (spki.len != 0) {
        out_hex(&o, "spki", der, spki.len);
    }
    if (token != NULL) {
        out_str(&o, "token", token);
    }
    out_end(&o);
    return CLI_OK;
}

/* ---- the conversation ---- */

static uint64_t now_ms(const manager_link *m)
{
    return m->h->clock.now_ms(m->h->clock.ctx);
}

static wick_status wait(const manager_link *m)
{
    uint64_t now = now_ms(m);
    if (wick_time_reached(now, m->until_ms)) {
        return WICK_E_TIMEOUT;
    }
    struct pollfd p = {wick_linux_net_fd(&m->h->linux_net, m->sock),
                       wick_tls_wants_write(&m->tls) ? POLLOUT : POLLIN, 0};
    uint64_t left = m->until_ms - now;
    (void)poll(&p, 1, left > 1000 ? 1000 : (int)left);
    return WICK_OK;
}

static wick_status read_line(manager_link *m, const wick_json **root)
{
    wick_status s = WICK_OK;
    m->len = 0;
    while (s == WICK_OK && (m->len == 0 || m->line[m->len - 1] != '\n')) {
        if (m->len == sizeof m->line) {
            return WICK_E_JSON;
        }
        int32_t n = wick_tls_read(&m->tls, (uint8_t *)m->line + m->len, sizeof m->line - m->len);
        if (n == WICK_AGAIN) {
            s = wait(m);
        } else if (n <= 0) {
            s = n == 0 ? WICK_E_TRUNCATED : (wick_status)n;
        } else {
            m->len += (size_t)n;
        }
    }
    return s == WICK_OK ? wick_json_parse(root, (uint8_t *)m->arena, sizeof m->arena,
                                          wick_span_make((const uint8_t *)m->line, m->len))
                        : s;
}

wick_status manager_connect(manager_link *m)
{
    host *h = m->h;
    const conf_wallet *w = &h->conf.wallet;
    const wick_json *root = NULL;
    wick_dtls_config cfg = {.role = WICK_DTLS_CLIENT, .entries = &m->entry, .entry_count = 1,
                            .suites = WICK_DTLS_SUITES_ALL, .entropy = &h->entropy};
    manager_hang_up(m);
    m->until_ms = now_ms(m) + m->timeout_ms;
    memset(&m->entry, 0, sizeof m->entry);
    m->entry.identity = wick_span_text(w->psk_identity);
    m->entry.psk = wick_span_make(m->psk, sizeof m->psk);
    m->entry.role = WICK_DTLS_CLIENT;
    wick_status s = h->net.tcp_open(h->net.ctx, &m->sock, &w->address);
    if (s != WICK_OK) {
        m->sock = -1;
        return s;
    }
    s = wick_tls_init(&m->tls, &cfg, &h->net, m->sock);
    if (s == WICK_OK) {
        s = wick_tls_start(&m->tls, now_ms(m), (uint32_t)(m->until_ms - now_ms(m)));
    }
    while (s == WICK_OK) {
        s = wick_tls_poll(&m->tls, now_ms(m));
        if (s != WICK_AGAIN) {
            break;
        }
        s = wait(m);
    }
    s = s == WICK_OK ? read_line(m, &root) : s;
    return s == WICK_OK ? wick_json_hex(m->challenge, 32, wick_json_member(root, "challenge")) : s;
}

int manager_open(manager_link *m, const cli *c, host *h, uint64_t timeout_s)
{
    conf_error e;
    const conf_wallet *w = &h->conf.wallet;
    memset(m, 0, sizeof *m);
    m->h = h;
    m->sock = -1;
    m->timeout_ms = timeout_s * 1000;
    if (conf_require(&h->conf, &e, &w->s, "address psk_identity psk_file token_file") != WICK_OK) {
        return cli_fail(c, WICK_E_CONFIG, "%.200s: %.280s", h->conf.path, e.text);
    }
    wick_status s = wick_linux_secret_bytes(m->psk, w->psk_file, sizeof m->psk);
    if (s != WICK_OK) {
        return cli_fail(c, s, "%s", w->psk_file);
    }
    s = wick_linux_secret_text(m->token, w->token_file, sizeof m->token);
    return s == WICK_OK ? CLI_OK : cli_fail(c, s, "%s", w->token_file);
}

wick_status manager_ask(manager_link *m, const wick_json **answer, const char *line)
{
    size_t len = strlen(line);
    wick_status s = WICK_OK;
    for (size_t at = 0; at < len && s == WICK_OK;) {
        int32_t n = wick_tls_write(&m->tls, wick_span_make((const uint8_t *)line + at, len - at));
        if (n == WICK_AGAIN || n == 0) {
            s = wait(m);
        } else if (n < 0) {
            s = (wick_status)n;
        } else {
            at += (size_t)n;
        }
    }
    s = s == WICK_OK ? read_line(m, answer) : s;
    if (s == WICK_OK && !wick_json_is_true(wick_json_member(*answer, "ok"))) {
        s = WICK_E_RPC;
    }
    return s;
}

void manager_hang_up(manager_link *m)
{
    if (m->h != NULL && m->sock >= 0) {
        wick_tls_close(&m->tls);
        wick_tls_free(&m->tls);
        m->h->net.close(m->h->net.ctx, m->sock);
    }
    m->sock = -1;
}

void manager_close(manager_link *m)
{
    manager_hang_up(m);
    wick_wipe(m, sizeof *m);
    m->sock = -1;
}
