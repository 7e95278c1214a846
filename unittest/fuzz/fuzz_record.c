/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words of the registry and text forms. What decodes as a live record encodes to the same words, so
 * library and contract agree on what a correct contract writes.
 */
#include "fuzz.h"

#include "wick/calldata.h"
#include "wick/record.h"

static void words(const uint8_t w[64])
{
    uint8_t a[32], b[32];
    wick_device device;
    wick_endpoint endpoint;
    wick_status s = wick_device_decode(&device, w, w + 32);
    if (s == WICK_OK || s == WICK_E_RECORD_REVOKED) {
        FUZZ_ACCEPTED();
        FUZZ_CHECK(wick_device_encode(a, b, &device) == WICK_OK);
        FUZZ_CHECK(memcmp(a, w, 32) == 0 && memcmp(b, w + 32, 32) == 0);
    }
    if (wick_endpoint_decode(&endpoint, w) == WICK_OK) {
        FUZZ_CHECK(wick_endpoint_encode(a, &endpoint) == WICK_OK);
        /* An incomplete place reads as withdrawn, so those words do not come back. */
        FUZZ_CHECK(endpoint.kind == WICK_ENDPOINT_WITHDRAWN || memcmp(a, w, 32) == 0);
        FUZZ_CHECK(memcmp(a, w, 16 - 4) == 0);
    }
}

static void texts(const char *text, size_t len)
{
    wick_peer_ref ref;
    wick_addr addr, again;
    char out[WICK_ADDR_STR_BYTES];
    (void)!wick_peer_ref_parse(&ref, text, len);
    if (wick_addr_parse(&addr, text, len) == WICK_OK) {
        wick_addr_str(out, &addr);
        FUZZ_CHECK(wick_addr_parse(&again, out, strlen(out)) == WICK_OK);
        FUZZ_CHECK(wick_addr_equal(&addr, &again));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wick_revert revert;
    FUZZ_CHECK(wick_revert_decode(&revert, wick_span_make(data, size)) != WICK_OK);
    texts((const char *)data, size);
    if (size >= 64) {
        words(data);
    }
    return 0;
}
