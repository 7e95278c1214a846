/* SPDX-License-Identifier: Apache-2.0 */
/* Words of the registry, for every value of the words: what decodes as a live record encodes to the
 * same words, so nothing in them is lost or read twice. Bound: none, the words are of one size. */
#include "cbmc.h"

#include "wick/record.h"

void harness(void)
{
    uint8_t w[64], a[32], b[32];
    wick_device d;
    wick_endpoint e;
    __CPROVER_havoc_object(w);
    wick_status s = wick_device_decode(&d, w, w + 32);
    if (s == WICK_OK || s == WICK_E_RECORD_REVOKED) {
        PROVE(wick_device_encode(a, b, &d) == WICK_OK, "a device encodes");
        PROVE(memcmp(a, w, 32) == 0 && memcmp(b, w + 32, 32) == 0, "to the same words");
    }
    wick_status t = wick_endpoint_decode(&e, w);
    if (t == WICK_OK && e.kind != WICK_ENDPOINT_WITHDRAWN) {
        PROVE(wick_endpoint_encode(a, &e) == WICK_OK && memcmp(a, w, 32) == 0,
              "an endpoint encodes to the same word");
    }
    COVER(s == WICK_OK);
    COVER(s == WICK_E_RECORD_REVOKED);
    COVER(s != WICK_OK && s != WICK_E_RECORD_REVOKED);
    COVER(t == WICK_OK && e.kind != WICK_ENDPOINT_WITHDRAWN);
    COVER(t == WICK_OK && e.kind == WICK_ENDPOINT_WITHDRAWN);
    COVER(t != WICK_OK);
}
