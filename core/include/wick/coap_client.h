/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_COAP_CLIENT_H
#define WICK_COAP_CLIENT_H
/*
 * The client's side of CoAP (RFC 7252 section 4): one request at a time to one server, confirmable,
 * sent again until it is answered or acknowledged, and given up after 93 s.
 *
 *     wick_coap_call call = {.method = WICK_COAP_GET, .path = "dpk/key", .query = "peer=gw-b"};
 *     s = wick_coap_client_begin(&c, now, &call);
 *     for (;;) {
 *         while (wick_coap_client_poll(&c, &out, now), out.kind == WICK_OUT_SEND) { send out.bytes }
 *         DONE: out.status says why there is no answer
 *         s = wick_coap_client_input(&c, &response, now, datagram);     WICK_OK: the answer
 *     }
 *
 * A server that wants to be sure of our address says 4.01 with an Echo (RFC 9175 section 2.3): the request
 * is repeated with it, once, and the caller hears of the answer to that alone.
 *
 * An answer in blocks: response.block2.more; ask again with call.block2 = {true, false, szx, num + 1}.
 * Poll once more after the answer, for it may have to be acknowledged.
 *
 * Sizes: 1.2 KB. Stack below 300 bytes.
 */
#include "wick/coap_server.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What is asked. */
typedef struct wick_coap_call {
    uint8_t method;
    const char *path;  /* "dpk/key" */
    const char *query; /* "a=1&b=2", NULL: none */
    bool has_content_format;
    uint16_t content_format;
    wick_coap_block block2;
    wick_span payload;
} wick_coap_call;

typedef struct wick_coap_client { /* private */
    const wick_hal_entropy *entropy;
    uint8_t state;
    bool echoed; /* this request has been repeated with what the server wanted to see again */
    uint16_t next_id;
    uint32_t token;
    uint64_t until_ms;
    wick_status status;
    uint8_t reply_len;
    uint8_t reply[WICK_COAP_HEADER_BYTES];
    wick_coap_sending request;
} wick_coap_client;

/** @retval WICK_OK  @retval WICK_E_ENTROPY */
WICK_NODISCARD wick_status wick_coap_client_init(wick_coap_client *c,
                                                 const wick_hal_entropy *entropy);

/** Begins a request; one that is under way is given up. @retval WICK_OK
 *  @retval WICK_E_NO_SPACE longer than WICK_COAP_MESSAGE_MAX  @retval WICK_E_ENTROPY */
WICK_NODISCARD wick_status wick_coap_client_begin(wick_coap_client *c, uint64_t now_ms,
                                                  const wick_coap_call *call);

/**
 * One datagram.
 * @param[out] r  the answer: views into the datagram
 * @retval WICK_OK     the answer, of any code
 * @retval WICK_AGAIN  taken, or of no use: go on
 * @retval others      as wick_coap_decode(): dropped
 */
WICK_NODISCARD wick_status wick_coap_client_input(wick_coap_client *c, wick_coap_response *r,
                                                  uint64_t now_ms, wick_span datagram);

/** SEND, WAIT, or, once, DONE: WICK_E_TIMEOUT, WICK_E_COAP_RESET, WICK_E_COAP_OPTION. */
void wick_coap_client_poll(wick_coap_client *c, wick_out *out, uint64_t now_ms);

#ifdef __cplusplus
}
#endif
#endif
