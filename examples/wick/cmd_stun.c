/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick stun decode: every attribute of a STUN or TURN message, or the header of ChannelData; with a
 * password file also whether MESSAGE-INTEGRITY is right.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "out.h"
#include "wick/hmac.h"
#include "wick/port/crypto.h"
#include "wick/port/linux.h"
#include "wick/stun.h"
#include "wick/turn.h"

typedef struct credentials {
    const char *user;
    const char *realm;
    const char *password_file;
    const char *key_file; /* hex of a long-term key instead: 16 or 32 bytes */
} credentials;

static const char *class_text(uint8_t cls)
{
    static const char *const names[] = {"request", "indication", "success", "error"};
    return names[cls & 3u];
}

static bool is_address(wick_stun_attr a)
{
    switch ((int)a) {
    case WICK_STUN_MAPPED_ADDRESS:
    case WICK_STUN_XOR_MAPPED_ADDRESS:
    case WICK_STUN_XOR_PEER_ADDRESS:
    case WICK_STUN_XOR_RELAYED_ADDRESS:
    case WICK_STUN_ALTERNATE_SERVER:
    case WICK_STUN_RESPONSE_ORIGIN:
    case WICK_STUN_OTHER_ADDRESS:
        return true;
    default:
        return false;
    }
}

static bool is_text(wick_stun_attr a)
{
    return a == WICK_STUN_USERNAME || a == WICK_STUN_REALM || a == WICK_STUN_NONCE ||
           a == WICK_STUN_SOFTWARE || a == WICK_STUN_ALTERNATE_DOMAIN;
}

static void put_text(out_rec *o, const char *key, wick_span text)
{
    char buf[768];
    size_t n = text.len < sizeof buf - 1 ? text.len : sizeof buf - 1;
    memcpy(buf, text.ptr, n);
    buf[n] = '\0';
    out_str(o, key, buf);
}

/* Numbers that say more than hex. @return false: this attribute has none */
static bool number_text(char *out, size_t cap, wick_stun_attr a, wick_span v)
{
    switch ((int)a) {
    case WICK_STUN_REQUESTED_ADDRESS_FAMILY:
    case WICK_STUN_ADDITIONAL_ADDRESS_FAMILY:
        (void)snprintf(out, cap, "%s", v.ptr[0] == 1 ? "IPv4" : v.ptr[0] == 2 ? "IPv6" : "unknown");
        return true;
    case WICK_STUN_REQUESTED_TRANSPORT:
        (void)snprintf(out, cap, "%s", v.ptr[0] == 17 ? "UDP" : v.ptr[0] == 6 ? "TCP" : "unknown");
        return true;
    case WICK_STUN_CHANNEL_NUMBER:
        (void)snprintf(out, cap, "0x%04x", wick_load_be16(v.ptr));
        return true;
    case WICK_STUN_CHANGE_REQUEST:
        (void)snprintf(out, cap, "address %s, port %s", (v.ptr[3] & 4u) != 0 ? "yes" : "no",
                       (v.ptr[3] & 2u) != 0 ? "yes" : "no");
        return true;
    case WICK_STUN_RESPONSE_PORT:
        (void)snprintf(out, cap, "%u", wick_load_be16(v.ptr));
        return true;
    case WICK_STUN_EVEN_PORT:
        (void)snprintf(out, cap, "%s", (v.ptr[0] & 0x80u) != 0 ? "and the next" : "one");
        return true;
    case WICK_STUN_ADDRESS_ERROR_CODE:
        (void)snprintf(out, cap, "IPv%u: %u %.*s", v.ptr[0] == 2 ? 6u : 4u,
                       (v.ptr[2] & 7u) * 100u + v.ptr[3], (int)(v.len - 4 < 64 ? v.len - 4 : 64),
                       (const char *)v.ptr + 4);
        return true;
    case WICK_STUN_ICMP:
        (void)snprintf(out, cap, "type %u code %u data %" PRIu32, wick_load_be16(v.ptr + 2) >> 9,
                       wick_load_be16(v.ptr + 2) & 0x1FFu, wick_load_be32(v.ptr + 4));
        return true;
    default:
        return false;
    }
}

/* "SHA-256, MD5". @return false: it cannot be read as such a list */
static bool algorithms_text(char *out, size_t cap, wick_span list)
{
    wick_stun_algorithm one;
    wick_status s;
    size_t n = 0;
    out[0] = '\0';
    while ((s = wick_stun_next_algorithm(&one, &list)) == WICK_OK && n + 24 < cap) {
        const char *name = one.number == WICK_STUN_SHA256 ? "SHA-256"
                           : one.number == WICK_STUN_MD5  ? "MD5"
                                                          : NULL;
        int len = name != NULL
                      ? snprintf(out + n, cap - n, "%s%s", n != 0 ? ", " : "", name)
                      : snprintf(out + n, cap - n, "%s0x%04x", n != 0 ? ", " : "", one.number);
        n += len > 0 ? (size_t)len : 0;
    }
    return s == WICK_E_NOT_FOUND;
}

static bool is_algorithms(wick_stun_attr a)
{
    return a == WICK_STUN_PASSWORD_ALGORITHMS || a == WICK_STUN_PASSWORD_ALGORITHM;
}

static void put_attributes(const cli *c, const wick_stun_msg *m)
{
    wick_stun_walk w = {0};
    while (wick_stun_next(&w, m)) {
        wick_stun_attr a = wick_stun_attr_of(w.type);
        wick_addr addr;
        char type[8], name[48], number[160];
        bool fits = a != WICK_STUN_ATTRS && wick_stun_get(m, a).ptr == w.value.ptr; /* checked */
        (void)snprintf(type, sizeof type, "0x%04x", w.type);
        (void)snprintf(name, sizeof name, "  %s", wick_stun_attr_name(w.type));
        const char *key = c->json ? "value" : name;
        out_rec o;
        out_begin(&o, stdout, c->json);
        if (c->json) {
            out_str(&o, "attribute", wick_stun_attr_name(w.type));
            out_str(&o, "type", type);
            out_u64(&o, "bytes", w.value.len);
        }
        if (is_address(a) && wick_stun_read_addr(&addr, w.value, m, a) == WICK_OK) {
            out_addr(&o, key, &addr);
        } else if (is_text(a) && memchr(w.value.ptr, 0, w.value.len) == NULL) {
            put_text(&o, key, w.value);
        } else if (fits && (number_text(number, sizeof number, a, w.value) ||
                            (is_algorithms(a) &&
                             algorithms_text(number, sizeof number, w.value)))) {
            out_str(&o, key, number);
        } else if (a == WICK_STUN_LIFETIME && w.value.len == 4) {
            out_u64(&o, key, wick_load_be32(w.value.ptr));
        } else if (a == WICK_STUN_ERROR_CODE && w.value.len >= 4) {
            if (c->json) {
                out_u64(&o, "error_code", (w.value.ptr[2] & 7u) * 100u + w.value.ptr[3]);
                put_text(&o, key, wick_span_make(w.value.ptr + 4, w.value.len - 4));
            } else {
                char text[160];
                (void)snprintf(text, sizeof text, "%u %.*s",
                               (w.value.ptr[2] & 7u) * 100u + w.value.ptr[3],
                               (int)(w.value.len - 4 < 128 ? w.value.len - 4 : 128),
                               (const char *)w.value.ptr + 4);
                out_str(&o, key, text);
            }
        } else {
            out_hex(&o, key, w.value.ptr, w.value.len);
        }
        out_end(&o);
    }
}

static wick_status check_with(const wick_stun_msg *m, const wick_hal_crypto *crypto,
                              wick_span secret)
{
    wick_hmac_key key;
    bool sha256 = wick_stun_has(m, WICK_STUN_MESSAGE_INTEGRITY_SHA256);
    wick_status s =
        wick_hmac_key_init(&key, crypto, sha256 ? WICK_HASH_SHA256 : WICK_HASH_SHA1, secret);
    if (s == WICK_OK) {
        s = sha256 ? wick_stun_check_integrity_sha256(m, &key) : wick_stun_check_integrity(m, &key);
        wick_hmac_key_wipe(&key);
    }
    return s;
}

/* Short-term credentials use the password itself as the key, long-term ones a digest of user, realm
 * and password (RFC 8489 section 9): MD5, or with MESSAGE-INTEGRITY-SHA256 the one that
 * PASSWORD-ALGORITHM names. Answers do not carry that, so both are tried. */
static wick_status check_password(const wick_stun_msg *m, const wick_hal_crypto *crypto,
                                  const credentials *cred, wick_span password)
{
    uint8_t digest[WICK_TURN_KEY_SHA256_BYTES];
    if (cred->realm == NULL) {
        return check_with(m, crypto, password);
    }
    wick_span user = wick_span_text(cred->user), realm = wick_span_text(cred->realm);
    wick_status s = WICK_E_STUN_INTEGRITY;
    if (wick_stun_has(m, WICK_STUN_MESSAGE_INTEGRITY_SHA256)) {
        s = wick_turn_key_sha256(digest, crypto, user, realm, password);
        s = s == WICK_OK ? check_with(m, crypto, wick_span_make(digest, sizeof digest)) : s;
    }
    if (s == WICK_E_STUN_INTEGRITY) {
        s = wick_turn_key(digest, crypto, user, realm, password);
        s = s == WICK_OK ? check_with(m, crypto, wick_span_make(digest, WICK_TURN_KEY_BYTES)) : s;
    }
    wick_wipe(digest, sizeof digest);
    return s;
}

static wick_status check_integrity(const wick_stun_msg *m, const credentials *cred)
{
    wick_crypto_ctx ctx;
    wick_hal_crypto crypto;
    char text[256];
    const char *file = cred->key_file != NULL ? cred->key_file : cred->password_file;
    wick_status s = wick_linux_secret_text(text, file, sizeof text);
    if (s != WICK_OK) {
        return s;
    }
    s = wick_crypto_init(&crypto, &ctx);
    if (s == WICK_OK && cred->key_file != NULL) {
        uint8_t key[WICK_TURN_KEY_SHA256_BYTES];
        size_t len = strlen(text) / 2;
        s = len == WICK_TURN_KEY_BYTES || len == sizeof key
                ? wick_hex_decode(key, len, text, strlen(text))
                : WICK_E_MALFORMED;
        s = s == WICK_OK ? check_with(m, &crypto, wick_span_make(key, len)) : s;
        wick_wipe(key, sizeof key);
    } else if (s == WICK_OK) {
        s = check_password(m, &crypto, cred, wick_span_text(text));
    }
    wick_wipe(text, sizeof text);
    return s;
}

static int put_message(const cli *c, const wick_stun_msg *m, const credentials *cred)
{
    wick_status fingerprint = wick_stun_check_fingerprint(m);
    out_rec o;
    out_begin(&o, stdout, c->json);
    out_str(&o, "method", wick_stun_method_name(m->method));
    out_str(&o, "class", class_text(m->cls));
    out_hex(&o, "transaction", wick_stun_tid(m), WICK_STUN_TID_BYTES);
    out_u64(&o, "bytes", m->len);
    out_u64(&o, "unknown_required", m->unknown_count);
    if (fingerprint != WICK_E_NOT_FOUND) {
        out_str(&o, "fingerprint", fingerprint == WICK_OK ? "right" : "wrong");
    }
    out_end(&o);
    put_attributes(c, m);
    if (fingerprint != WICK_OK && fingerprint != WICK_E_NOT_FOUND) {
        return cli_fail(c, fingerprint, "message");
    }
    if (cred->password_file == NULL && cred->key_file == NULL) {
        return CLI_OK;
    }
    wick_status s = check_integrity(m, cred);
    if (s != WICK_OK) {
        return cli_fail(c, s, "%s", s == WICK_E_STUN_INTEGRITY ? "message"
                                    : cred->key_file != NULL   ? cred->key_file
                                                               : cred->password_file);
    }
    out_begin(&o, stdout, c->json);
    out_str(&o, "integrity", "right");
    out_end(&o);
    return CLI_OK;
}

static int put_channeldata(const cli *c, const wick_channeldata *d)
{
    out_rec o;
    char channel[8];
    (void)snprintf(channel, sizeof channel, "0x%04x", d->channel);
    out_begin(&o, stdout, c->json);
    out_str(&o, "channel", channel);
    out_u64(&o, "bytes", d->data.len);
    out_hex(&o, "data", d->data.ptr, d->data.len);
    out_end(&o);
    return CLI_OK;
}

static int decode(const cli *c, wick_span in, const credentials *cred)
{
    wick_channeldata d;
    wick_stun_msg m;
    /* The two first bits tell them apart (RFC 8656 section 12). */
    if (in.len > 0 && (in.ptr[0] & 0xc0u) == 0x40u) {
        wick_status s = wick_channeldata_decode(&d, in);
        return s == WICK_OK ? put_channeldata(c, &d) : cli_fail(c, s, "ChannelData");
    }
    wick_status s = wick_stun_decode(&m, in);
    return s == WICK_OK ? put_message(c, &m, cred) : cli_fail(c, s, "STUN message");
}

int cmd_stun_decode(cli *c, int argc, char **argv)
{
    static const struct option options[] = {{"user", required_argument, NULL, 'u'},
                                            {"realm", required_argument, NULL, 'r'},
                                            {"password-file", required_argument, NULL, 'p'},
                                            {"key-file", required_argument, NULL, 'k'},
                                            CLI_COMMON_OPTIONS};
    credentials cred = {NULL, NULL, NULL, NULL};
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        switch (got) {
        case 'u':
            cred.user = optarg;
            break;
        case 'r':
            cred.realm = optarg;
            break;
        case 'p':
            cred.password_file = optarg;
            break;
        case 'k':
            cred.key_file = optarg;
            break;
        default:
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
    }
    if (argc - optind > 1) {
        return cli_usage(c, "one message only");
    }
    if (cred.key_file != NULL && (cred.user != NULL || cred.password_file != NULL)) {
        return cli_usage(c, "--key-file takes the place of user, realm and password");
    }
    if ((cred.realm != NULL) != (cred.user != NULL) ||
        (cred.user != NULL && cred.password_file == NULL)) {
        return cli_usage(c, "--user, --realm and --password-file go together; a password file "
                            "alone means short-term credentials");
    }
    uint8_t *bytes = NULL;
    size_t len = 0;
    wick_status s = cli_read_arg(&bytes, &len, optind < argc ? argv[optind] : NULL);
    if (s == WICK_OK) {
        s = cli_unhex(bytes, &len);
    }
    int code = s == WICK_OK ? decode(c, wick_span_make(bytes, len), &cred)
                            : cli_fail(c, s, "input is not hex");
    free(bytes);
    return code;
}
