/* SPDX-License-Identifier: Apache-2.0 */
/* What the checks of a session's path cost: one built, one answered, one offer opened. */
#include "bench.h"

#include <string.h>

#include "wick/direct.h"
#include "wick/port/crypto.h"

static wick_crypto_ctx cc;
static wick_hal_crypto crypto;
static wick_session session;
static wick_direct_keys keys;
static uint8_t name[WICK_DIRECT_NAME_BYTES], in[WICK_DIRECT_MAX_BYTES], out[WICK_DIRECT_MAX_BYTES];
static size_t in_len, out_len;
static wick_direct_candidate list[3];
static wick_direct_msg msg;
static wick_status status;

static void make(bool offer)
{
    wick_buf b = wick_buf_make(in, sizeof in);
    memset(&session, 5, sizeof session);
    session.role = WICK_ROLE_INITIATOR;
    status = wick_crypto_init(&crypto, &cc);
    status = status == WICK_OK ? wick_direct_name(name, &crypto, &session) : status;
    status = status == WICK_OK
                 ? wick_direct_keys_derive(&keys, &crypto, &session, WICK_ROLE_INITIATOR)
                 : status;
    for (unsigned i = 0; i < 3; i++) {
        list[i].addr = wick_addr_v4(192, 0, 2, (uint8_t)i, 4000);
        list[i].kind = i == 2 ? WICK_DIRECT_RELAYED : (uint8_t)(WICK_DIRECT_HOST + i);
    }
    status = status == WICK_OK ? wick_direct_request(&b, &crypto, &keys, name, 32,
                                                     offer ? list : NULL, offer ? 3 : 0)
                               : status;
    in_len = b.len;
}

BENCH_SETUP(direct_check)
{
    make(false);
    return status == WICK_OK ? BENCH_READY : "no check";
}

BENCH(direct_check)
{
    wick_buf b = wick_buf_make(out, sizeof out);
    status = wick_direct_keys_derive(&keys, &crypto, &session, WICK_ROLE_INITIATOR);
    if (status == WICK_OK) {
        status = wick_direct_request(&b, &crypto, &keys, name, 32, NULL, 0);
    }
    out_len = b.len;
}

BENCH_CHECK(direct_check)
{
    return status == WICK_OK && out_len == 92 && memcmp(in, out, out_len) == 0;
}

BENCH_SETUP(direct_answer)
{
    return setup_direct_check();
}

BENCH(direct_answer)
{
    wick_buf b = wick_buf_make(out, sizeof out);
    status = wick_direct_read(&msg, wick_span_make(in, in_len));
    if (status == WICK_OK && wick_direct_is_named(&msg, name)) {
        status = wick_direct_keys_derive(&keys, &crypto, &session, WICK_ROLE_INITIATOR);
        status = status == WICK_OK ? wick_direct_open(&msg, &crypto, &keys) : status;
    }
    if (status == WICK_OK) {
        status = wick_direct_keys_derive(&keys, &crypto, &session, WICK_ROLE_RESPONDER);
        status = status == WICK_OK ? wick_direct_answer(&b, &crypto, &keys, in + 8, &list[0].addr)
                                   : status;
    }
    out_len = b.len;
}

BENCH_CHECK(direct_answer)
{
    return status == WICK_OK && out_len == 76 && msg.counter == 32;
}

BENCH_SETUP(direct_offer_open)
{
    make(true);
    return status == WICK_OK ? BENCH_READY : "no offer";
}

BENCH(direct_offer_open)
{
    status = wick_direct_read(&msg, wick_span_make(in, in_len));
    if (status == WICK_OK) {
        status = wick_direct_keys_derive(&keys, &crypto, &session, WICK_ROLE_INITIATOR);
        status = status == WICK_OK ? wick_direct_open(&msg, &crypto, &keys) : status;
    }
}

BENCH_CHECK(direct_offer_open)
{
    return status == WICK_OK && msg.count == 3 && wick_addr_equal(&msg.candidate[1].addr,
                                                                  &list[1].addr);
}

BENCH_MAIN(BENCH_CASE(direct_check), BENCH_CASE(direct_answer), BENCH_CASE(direct_offer_open))
