/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_CT_H
#define WICK_CT_H
/*
 * Constant time, seen by valgrind: what is secret is marked as undefined, and memcheck reports each
 * branch and each address that depends on it (a method of Adam Langley's). A case is
 *
 *     SECRET(key, sizeof key);
 *     call(out, key);
 *     CONSTANT_TIME();           fails if anything since the last one depended on a secret
 *
 * Taken as given: the primitives of mbedtls and libsecp256k1 (AEAD, ECDH, ECDSA, RSA, public keys) at the
 * border that ct_border() puts around them. Their inputs are declared public on the way in, what
 * is secret of their outputs is marked again on the way out. Hashes are not at the border: the state
 * of SHA-256, SHA-1 and MD5 is followed through the library.
 *
 * Public by declaration, each at one place in ct.c: whether two values are equal (wick_ct_equal
 * and wick_ct_is_zero, whose insides are checked), an identity derived under a label that ends in
 * "id", a MAC that is sent (ct_macs_are_public), what is on the wire (ct_wire).
 */
#include <valgrind/memcheck.h>

#include "tap.h"
#include "wick/hal/crypto.h"
#include "wick/hal/entropy.h"
#include "wick/hal/keystore.h"

#define SECRET(p, len) (void)VALGRIND_MAKE_MEM_UNDEFINED((p), (len))
#define PUBLIC(p, len) (void)VALGRIND_MAKE_MEM_DEFINED((p), (len))

/* Reports since the last call. */
unsigned ct_reports(void);
#define CONSTANT_TIME() CHECK_INT(ct_reports(), 0)

/* How many bytes are secret, or come from a secret. */
size_t ct_secret_bytes(const void *p, size_t len);

/* Puts the border around a back end. */
void ct_border(wick_hal_crypto *crypto, wick_hal_keystore *keystore);
/* The same source, whose draws of 32 bytes are secret: `under` stays in use. */
wick_hal_entropy ct_entropy(const wick_hal_entropy *under);
/* While true, what wick_hmac_finish() gives is sent. */
extern bool ct_macs_are_public;
/* While true, which it is at first, the first 32 bytes of what an AEAD opens are a secret: N1, N2, Ks. */
extern bool ct_opened_is_secret;

/* Says why and ends with 77 unless valgrind runs this. */
void ct_need_valgrind(void);

#define CT_MAIN(suite, ...)                                                                        \
    int main(void)                                                                                 \
    {                                                                                              \
        static const struct tap_case cases[] = {__VA_ARGS__};                                      \
        ct_need_valgrind();                                                                        \
        return tap_run(suite, cases, sizeof cases / sizeof cases[0]);                              \
    }

#endif
