/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_EXAMPLES_VOUCH_H
#define WICK_EXAMPLES_VOUCH_H
/*
 * What a manager does before it vouches for a device, the same in wick-wallet and by hand: read the
 * request, check that the device holds the key, complete the voucher by what the chain says, sign.
 *
 *     s = vouch_read(&v, &manager, challenge, json);            name, key, possession
 *     vouch_slots(slots, v.id, manager.org);                    prove these three words
 *     s = vouch_complete(&v, &manager, words, now_s);           epochs; is the name this owner's?
 *     s = vouch_sign(r, vs, &v, &manager);
 *
 * A request is a JSON object {"name","id","owner","keyType","flags","key","notAfter","possession"},
 * bytes as 0x hex. `possession` is r | s over EIP-712 Possession(id, challenge) by the key that is to be
 * registered; of an RSA-2048 key it is a PSS signature, and "spki" holds the key itself.
 */
#include "wick/hal/crypto.h"
#include "wick/hal/keystore.h"
#include "wick/port/json.h"
#include "wick/record.h"
#include "wick/voucher.h"

#define VOUCH_SLOTS 3
/* A voucher is used within seconds; a day leaves room for a chain that is down. */
#define VOUCH_LIFE_S 86400u
/* A key is vouched for at most so far ahead. */
#define VOUCH_NOT_AFTER_MAX_S (UINT64_C(2) * 366 * 86400)

typedef struct vouch_manager {
    const wick_hal_crypto *crypto;
    const wick_hal_keystore *keys;
    wick_key key;
    uint8_t address[20]; /* of the key */
    uint8_t org[32];
    wick_registry_domain domain;
} vouch_manager;

/** Everything that needs no chain.
 *  @retval WICK_E_JSON  @retval WICK_E_NAME  @retval WICK_E_MALFORMED the id is another name's
 *  @retval WICK_E_AUTH the key is not the device's  @retval WICK_E_SAME_KEY it is that of the wallet
 *  @retval WICK_E_UNSUPPORTED another type of key  @retval WICK_E_BAD_KEY */
WICK_NODISCARD wick_status vouch_read(wick_voucher *out, const vouch_manager *m,
                                      const uint8_t challenge[32], const wick_json *request);

/** The words to prove: the device's two, and the manager's. */
void vouch_slots(uint8_t slots[VOUCH_SLOTS][32], const uint8_t id[32], const uint8_t org[32]);

/** @retval WICK_E_VOUCHER this key is not the organisation's manager, or the time asked for is too long
 *  @retval WICK_E_NAME_TAKEN  @retval others of wick_voucher_fits() and the decoders */
WICK_NODISCARD wick_status vouch_complete(wick_voucher *v, const vouch_manager *m,
                                          const uint8_t words[VOUCH_SLOTS][32], uint64_t now_s);

WICK_NODISCARD wick_status vouch_sign(uint8_t r[32], uint8_t vs[32], const wick_voucher *v,
                                      const vouch_manager *m);

/** Do these words of two records hold one key? */
bool vouch_same_key(const wick_device *a, const wick_device *b);

/** The words of a key in a keystore, as records have them.
 *  @param[out] spki  of an RSA key, appended; empty for secp256k1; NULL: not wanted
 *  @retval WICK_OK  @retval others the keystore's */
WICK_NODISCARD wick_status vouch_key_words(wick_device *out, wick_buf *spki, const wick_hal_crypto *crypto,
                                           const wick_hal_keystore *keys, wick_key key);

#endif
