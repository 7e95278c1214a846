/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_NATPMP_H
#define WICK_NATPMP_H
/*
 * NAT Port Mapping Protocol (RFC 6886): the messages, for client and server. PCP's predecessor,
 * version 0 on the same port. It has no nonce, so an answer proves little; wick/pcp_client.h falls
 * back to it only for a server that says it speaks nothing else.
 *
 *     wick_natpmp_msg m = {.opcode = WICK_NATPMP_UDP, .internal_port = 5001,
 *                          .external_port = 5001, .lifetime_s = 7200};
 *     status = wick_natpmp_encode(&b, &m);
 *     status = wick_natpmp_decode(&m, bytes);
 *
 * No state. wick_natpmp_msg: 32 bytes. Stack below 100 bytes.
 */
#include "wick/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WICK_NATPMP_MAX_BYTES 16u

typedef enum wick_natpmp_opcode {
    WICK_NATPMP_ADDRESS = 0, /* the external address */
    WICK_NATPMP_UDP = 1,
    WICK_NATPMP_TCP = 2
} wick_natpmp_opcode;

/** Section 3.5. */
typedef enum wick_natpmp_result {
    WICK_NATPMP_SUCCESS = 0,
    WICK_NATPMP_UNSUPP_VERSION = 1,
    WICK_NATPMP_NOT_AUTHORIZED = 2,
    WICK_NATPMP_NETWORK_FAILURE = 3,
    WICK_NATPMP_NO_RESOURCES = 4,
    WICK_NATPMP_UNSUPP_OPCODE = 5
} wick_natpmp_result;

/** A request or a response. Fields that it does not have are zero. */
typedef struct wick_natpmp_msg {
    uint8_t response;
    uint8_t opcode;  /* wick_natpmp_opcode */
    uint16_t result; /* response */
    uint32_t epoch_s; /* response: seconds since the server's tables began */
    uint8_t external_ip[4]; /* response to ADDRESS */
    uint16_t internal_port, external_port;
    uint32_t lifetime_s;
} wick_natpmp_msg;

/**
 * Decodes either direction. An error response may end after the epoch (8 bytes).
 * @param[out] m  zeroed on error
 * @retval WICK_E_TRUNCATED    too short for its opcode
 * @retval WICK_E_TRAILING     too long for its opcode
 * @retval WICK_E_UNSUPPORTED  another version, or opcode above 2
 */
WICK_NODISCARD wick_status wick_natpmp_decode(wick_natpmp_msg *m, wick_span in);

/** Appends the message. @retval WICK_E_BAD_ARG opcode above 2  @retval WICK_E_NO_SPACE */
WICK_NODISCARD wick_status wick_natpmp_encode(wick_buf *out, const wick_natpmp_msg *m);

/**
 * Did the server lose its tables between two answers? The epoch may not fall behind 7/8 of our own
 * clock by more than 2 s (section 3.6).
 */
bool wick_natpmp_is_reset(uint32_t before_s, uint32_t now_s, uint64_t elapsed_ms);

#ifdef __cplusplus
}
#endif
#endif
