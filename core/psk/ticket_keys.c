/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The symmetric part of tickets (PROTOCOL.md section 13.2): names, text form, and keys under Ks.
 * Nothing asymmetric may be called from here: leaves link this file.
 */
#include "wick/ticket_keys.h"

#if WICK_WITH_TICKETS

#include <string.h>

#include "session_keys_internal.h"
#include "wick/hkdf.h"

#define PREFIX "dpk1."
#define PREFIX_CHARS 5u

#define LABEL(text) {(const uint8_t *)(text), sizeof(text)}

static const struct psk_use ticket_uses[] = {
    {WICK_USE_DTLS12, 32, LABEL("dpk ticket psk dtls12"), LABEL("dpk ticket id")},
    {WICK_USE_TLS12, 32, LABEL("dpk ticket psk tls12"), LABEL("dpk ticket tls12 id")},
    {WICK_USE_TLS13, 32, LABEL("dpk ticket psk tls13"), LABEL("dpk ticket tls13 id")},
    {WICK_USE_PSK16, 16, LABEL("dpk ticket psk16"), LABEL("dpk ticket psk16 id")},
};

/* Names of leaves have the characters of all names; these need not be hashed. */
static bool is_name_char(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

wick_status wick_ticket_sub(uint8_t sub[WICK_TICKET_SUB_BYTES], wick_span name)
{
    bool good = name.len >= 1 && name.len <= WICK_TICKET_SUB_BYTES;

    memset(sub, 0, WICK_TICKET_SUB_BYTES);
    for (size_t i = 0; i < name.len && good; i++) {
        good = is_name_char(name.ptr[i]);
    }
    if (!good) {
        return WICK_E_NAME;
    }
    memcpy(sub, name.ptr, name.len);
    return WICK_OK;
}

wick_status wick_ticket_sub_name(char name[WICK_TICKET_SUB_BYTES + 1],
                                 const uint8_t sub[WICK_TICKET_SUB_BYTES])
{
    uint8_t again[WICK_TICKET_SUB_BYTES];
    size_t n = 0;

    while (n < WICK_TICKET_SUB_BYTES && sub[n] != 0) {
        n++;
    }
    memset(name, 0, WICK_TICKET_SUB_BYTES + 1);
    if (wick_ticket_sub(again, wick_span_make(sub, n)) != WICK_OK ||
        memcmp(again, sub, sizeof again) != 0) {
        return WICK_E_NAME;
    }
    memcpy(name, sub, n);
    return WICK_OK;
}

void wick_ticket_text(char text[WICK_TICKET_CHARS + 1], const uint8_t ticket[WICK_TICKET_BYTES])
{
    memcpy(text, PREFIX, PREFIX_CHARS);
    wick_base64url_encode(text + PREFIX_CHARS, ticket, WICK_TICKET_BYTES);
}

wick_status wick_ticket_from_text(uint8_t ticket[WICK_TICKET_BYTES], wick_span text)
{
    memset(ticket, 0, WICK_TICKET_BYTES);
    if (text.len != WICK_TICKET_CHARS || memcmp(text.ptr, PREFIX, PREFIX_CHARS) != 0) {
        return WICK_E_NOT_FOUND;
    }
    wick_status st = wick_base64url_decode(ticket, WICK_TICKET_BYTES,
                                           (const char *)text.ptr + PREFIX_CHARS,
                                           WICK_TICKET_CHARS - PREFIX_CHARS);
    if (st != WICK_OK) {
        memset(ticket, 0, WICK_TICKET_BYTES);
    }
    return st;
}

wick_status wick_ticket_psk(wick_session_psk *out, const wick_hal_crypto *crypto,
                            const uint8_t ks[WICK_TICKET_KS_BYTES], wick_session_use use)
{
    for (size_t i = 0; i < sizeof ticket_uses / sizeof ticket_uses[0]; i++) {
        if (ticket_uses[i].use == use) {
            return psk_derive(out, crypto, ks, &ticket_uses[i]);
        }
    }
    memset(out, 0, sizeof *out);
    return WICK_E_UNSUPPORTED;
}

wick_status wick_ticket_oscore(uint8_t secret[WICK_TICKET_OSCORE_SECRET_BYTES],
                               uint8_t salt[WICK_TICKET_OSCORE_SALT_BYTES],
                               const wick_hal_crypto *crypto,
                               const uint8_t ks[WICK_TICKET_KS_BYTES])
{
    static const wick_span secret_label = LABEL("dpk ticket oscore");
    static const wick_span salt_label = LABEL("dpk ticket oscore salt");

    memset(secret, 0, WICK_TICKET_OSCORE_SECRET_BYTES);
    memset(salt, 0, WICK_TICKET_OSCORE_SALT_BYTES);
    wick_status st = wick_hkdf_expand(crypto, secret, WICK_TICKET_OSCORE_SECRET_BYTES, ks,
                                      &secret_label, 1);
    if (st == WICK_OK) {
        st = wick_hkdf_expand(crypto, salt, WICK_TICKET_OSCORE_SALT_BYTES, ks, &salt_label, 1);
    }
    if (st != WICK_OK) {
        wick_wipe(secret, WICK_TICKET_OSCORE_SECRET_BYTES);
    }
    return st;
}

#else
/* ISO C forbids an empty file. */
typedef int wick_ticket_keys_are_off;
#endif
