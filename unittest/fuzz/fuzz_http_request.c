/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP requests: what is taken is whole, in bounds, and the same with anything behind it. */
#include "fuzz.h"

#include "wick/port/http_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wick_http_request r, again;
    wick_status s = wick_http_request_parse(&r, wick_span_make(data, size));
    if (s == WICK_OK) {
        fuzz_touch(r.method);
        fuzz_touch(r.path);
        FUZZ_CHECK(r.len <= size && r.len <= WICK_HTTP_REQUEST_MAX);
        FUZZ_CHECK(r.method.len != 0 && r.path.len != 0 && r.path.ptr[0] == '/');
        FUZZ_CHECK(r.path.ptr + r.path.len <= data + r.len);
        FUZZ_CHECK(memcmp(data + r.len - 4, "\r\n\r\n", 4) == 0);
        FUZZ_CHECK(wick_http_request_parse(&again, wick_span_make(data, r.len)) == WICK_OK);
        FUZZ_CHECK(wick_http_request_parse(&again, wick_span_make(data, r.len - 1)) == WICK_AGAIN);
        FUZZ_ACCEPTED();
    } else {
        FUZZ_CHECK(s != WICK_AGAIN || size < WICK_HTTP_REQUEST_MAX);
    }
    return 0;
}
