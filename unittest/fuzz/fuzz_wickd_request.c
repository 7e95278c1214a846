/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of wickd's socket. */
#include "fuzz.h"

#include "request.h"
#include "wick/session_keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wickd_request q, again;
    const char *why = NULL;
    wick_status s = wickd_request_parse(&q, &why, wick_span_make(data, size));
    FUZZ_CHECK(why != NULL && (s == WICK_OK) == (why[0] == '\0'));
    FUZZ_CHECK((unsigned)q.op < WICKD_OPS);
    FUZZ_CHECK(memchr(q.name, 0, sizeof q.name) != NULL);
    FUZZ_CHECK(q.has_tag || q.tag == 0);
    FUZZ_CHECK(q.tag <= UINT64_C(1) << 53);
    if (s == WICK_OK) {
        FUZZ_ACCEPTED();
        FUZZ_CHECK(size < WICKD_LINE_MAX);
        FUZZ_CHECK(q.op != WICKD_OP_NONE);
        bool named = q.op == WICKD_OP_LOOKUP || q.op == WICKD_OP_CONNECT ||
                     (q.op >= WICKD_OP_GET_PEER_KEY && q.op <= WICKD_OP_SERVICE_UNPUBLISH);
        FUZZ_CHECK(named || q.name[0] == '\0');
        FUZZ_CHECK(q.op == WICKD_OP_SERVICE_PUBLISH || (q.port == 0 && q.expires_s == 0));
        FUZZ_CHECK((q.uses & (q.uses - 1)) == 0 && (q.media == 0 || q.uses == WICK_USE_SRTP));
        FUZZ_CHECK(q.data_len <= sizeof q.data && (q.op == WICKD_OP_SEND) == (q.data_len != 0));
        FUZZ_CHECK(q.session == 0 || q.op == WICKD_OP_SEND || q.op == WICKD_OP_CLOSE);
        FUZZ_CHECK(!q.fresh || q.op == WICKD_OP_CONNECT || q.op == WICKD_OP_GET_PSK);
        /* The same bytes mean the same, whatever was parsed in between. */
        FUZZ_CHECK(wickd_request_parse(&again, &why, wick_span_make(data, size)) == WICK_OK);
        FUZZ_CHECK(memcmp(&q, &again, sizeof q) == 0);
    } else {
        FUZZ_CHECK(s == WICK_E_JSON || s == WICK_E_UNSUPPORTED || s == WICK_E_MALFORMED);
    }
    return 0;
}
