/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_SESSION_KEYS_INTERNAL_H
#define WICK_SESSION_KEYS_INTERNAL_H
/* One key with one identity for each use of a secret: of a handshake's root, and of a ticket's Ks. */
#include "wick/session_keys.h"

/* A use and its labels, which carry their zero byte, so that none is the beginning of another. */
struct psk_use {
    wick_session_use use;
    uint8_t key_len;
    wick_span key_label;
    wick_span id_label;
};

/* Key and identity of a use under `root`; `out` is zeroed on error. */
wick_status psk_derive(wick_session_psk *out, const wick_hal_crypto *crypto,
                       const uint8_t root[32], const struct psk_use *use);

/* "dpk1." and 22 characters of base64url. */
void psk_identity_text(char out[WICK_SESSION_IDENTITY_CHARS + 1], const uint8_t id16[16]);

#endif
