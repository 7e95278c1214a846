/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SubjectPublicKeyInfo of an RSA key, as a node gives it or a device hands it in. What is taken is
 * a key of 2048 bits that may be used, and is written as the same octets: two texts never name one key,
 * for it is their hash that a record holds. The first 260 octets are also tried as a key.
 */
#include "fuzz.h"

#include "wick/rsa.h"

static bool may_be_used(const uint8_t pub260[WICK_RSA_PUB_BYTES])
{
    const uint32_t e = wick_load_be32(pub260 + WICK_RSA_BYTES);
    return pub260[0] >= 0x80 && pub260[WICK_RSA_BYTES - 1] % 2 == 1 && e % 2 == 1 && e > 65536;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t pub[WICK_RSA_PUB_BYTES], back[WICK_RSA_PUB_BYTES], spki[WICK_RSA_SPKI_MAX];
    wick_status st = wick_rsa_spki_decode(pub, wick_span_make(data, size));
    if (st == WICK_OK) {
        FUZZ_ACCEPTED();
        FUZZ_CHECK(may_be_used(pub) && size >= 294 && size <= WICK_RSA_SPKI_MAX);
        FUZZ_CHECK(wick_rsa_spki_encode(spki, pub) == size && memcmp(spki, data, size) == 0);
    } else {
        FUZZ_CHECK(st == WICK_E_BAD_KEY && wick_ct_is_zero(pub, sizeof pub));
    }
    if (size >= WICK_RSA_PUB_BYTES) {
        memcpy(pub, data, sizeof pub);
        const size_t len = wick_rsa_spki_encode(spki, pub);
        FUZZ_CHECK((len != 0) == may_be_used(pub));
        FUZZ_CHECK((wick_rsa_check(pub) == WICK_OK) == (len != 0));
        if (len != 0) {
            st = wick_rsa_spki_decode(back, wick_span_make(spki, len));
            FUZZ_CHECK(st == WICK_OK && memcmp(back, pub, sizeof pub) == 0);
        }
    }
    return 0;
}
