/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PCP_H
#define WICK_PCP_H
/*
 * Port Control Protocol (RFC 6887): the messages, for client and server. The client that keeps
 * mappings alive is wick/pcp_client.h.
 *
 *     wick_pcp_msg m = {.opcode = WICK_PCP_MAP, .protocol = 17, .lifetime_s = 7200, ...};
 *     wick_buf b = wick_buf_make(bytes, sizeof bytes);
 *     status = wick_pcp_encode(&b, &m);
 *     wick_pcp_put_filter(&b, &filter);                    // options go behind it
 *
 *     status = wick_pcp_decode(&m, bytes);                 // both directions
 *     while (wick_pcp_next_option(&option, &m.options)) { ... }
 *
 * One struct serves requests and responses of all three opcodes; `options` is a view into the
 * input. Decoding checks lengths, version, opcode and every known option, so that what decodes can
 * be used without further looks. Reserved bits are ignored on receipt and sent as zero (section 7),
 * unknown options from 128 on are skipped, those below make a request unacceptable (section 7.3).
 * What encodes is canonical: decoding and encoding it again gives the same bytes.
 *
 * No state, no clock. wick_pcp_msg: 96 bytes on 64-bit, 88 on 32-bit. Stack below 200 bytes.
 */
#include "wick/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WICK_PCP_VERSION 2u
#define WICK_PCP_SERVER_PORT 5351u
/** Where clients hear multicast announcements (224.0.0.1, ff02::1), section 14.1. */
#define WICK_PCP_CLIENT_PORT 5350u
#define WICK_PCP_HEADER_BYTES 24u
#define WICK_PCP_MAX_BYTES 1100u
#define WICK_PCP_NONCE_BYTES 12u
#define WICK_PCP_MAP_BYTES 60u  /* header and opcode part */
#define WICK_PCP_PEER_BYTES 80u /* header and opcode part */

typedef enum wick_pcp_opcode {
    WICK_PCP_ANNOUNCE = 0,
    WICK_PCP_MAP = 1,
    WICK_PCP_PEER = 2
} wick_pcp_opcode;

/** Section 7.4. */
typedef enum wick_pcp_result {
    WICK_PCP_SUCCESS = 0,
    WICK_PCP_UNSUPP_VERSION = 1,
    WICK_PCP_NOT_AUTHORIZED = 2,
    WICK_PCP_MALFORMED_REQUEST = 3,
    WICK_PCP_UNSUPP_OPCODE = 4,
    WICK_PCP_UNSUPP_OPTION = 5,
    WICK_PCP_MALFORMED_OPTION = 6,
    WICK_PCP_NETWORK_FAILURE = 7,
    WICK_PCP_NO_RESOURCES = 8,
    WICK_PCP_UNSUPP_PROTOCOL = 9,
    WICK_PCP_USER_EX_QUOTA = 10,
    WICK_PCP_CANNOT_PROVIDE_EXTERNAL = 11,
    WICK_PCP_ADDRESS_MISMATCH = 12,
    WICK_PCP_EXCESSIVE_REMOTE_PEERS = 13
} wick_pcp_result;

/** Section 13. Below 128: mandatory to process. */
typedef enum wick_pcp_option_code {
    WICK_PCP_THIRD_PARTY = 1,    /* 16 bytes: the host the mapping is for; once */
    WICK_PCP_PREFER_FAILURE = 2, /* empty, MAP only, once: that external port or none */
    WICK_PCP_FILTER = 3          /* 20 bytes, MAP only, several: who may send in */
} wick_pcp_option_code;

/** A request or a response. Fields that the opcode or direction does not have are zero. */
typedef struct wick_pcp_msg {
    uint8_t response; /* the R bit */
    uint8_t opcode;   /* wick_pcp_opcode */
    uint8_t result;   /* response: wick_pcp_result, or a newer code */
    uint8_t protocol; /* IANA number, 0: all (with internal port 0) */
    uint32_t lifetime_s;
    uint32_t epoch_s;      /* response */
    uint8_t client_ip[16]; /* request: the client's address as it knows it; IPv4 mapped */
    uint8_t nonce[WICK_PCP_NONCE_BYTES];
    uint16_t internal_port; /* 0: all ports */
    wick_addr external;     /* suggested or assigned */
    wick_addr remote;       /* PEER */
    wick_span options;      /* view of all options, checked */
} wick_pcp_msg;

typedef struct wick_pcp_option {
    uint8_t code;
    wick_span data;
} wick_pcp_option;

/** One FILTER: an address prefix (bits of the mapped form, so 96..128 for IPv4 and 1..128 for IPv6;
 *  0 bits: remove all filters) and a port, 0 for any. */
typedef struct wick_pcp_filter {
    wick_addr remote;
    uint8_t prefix_bits;
} wick_pcp_filter;

/**
 * Decodes a message of version 2.
 * @param[out] m  on error zero, except `response`, `opcode` and `result`: what a server answers to
 *                this (with wick_pcp_refuse()); WICK_PCP_SUCCESS then means nothing at all, since the
 *                datagram is too short or a response (section 8.2)
 * @retval WICK_E_TRUNCATED    shorter than header or opcode part
 * @retval WICK_E_MALFORMED    longer than 1100 bytes, no multiple of 4, protocol 0 with a port, an
 *                             option that overruns, is repeated, misplaced, or of wrong length
 * @retval WICK_E_UNSUPPORTED  another version or opcode; in a request: an unknown mandatory option
 */
WICK_NODISCARD wick_status wick_pcp_decode(wick_pcp_msg *m, wick_span in);

/**
 * Appends the message; options are written in canonical form.
 * @retval WICK_E_BAD_ARG   opcode above 2, protocol 0 with a port, or options that do not decode
 * @retval WICK_E_LIMIT     longer than 1100 bytes
 * @retval WICK_E_NO_SPACE  does not fit; `out->len` says what is needed
 */
WICK_NODISCARD wick_status wick_pcp_encode(wick_buf *out, const wick_pcp_msg *m);

/** Next option, false at the end. `rest` begins as a copy of the message's `options`. */
bool wick_pcp_next_option(wick_pcp_option *option, wick_span *rest);

/** Appends an option with its padding. */
void wick_pcp_put_option(wick_buf *out, uint8_t code, wick_span data);
void wick_pcp_put_filter(wick_buf *out, const wick_pcp_filter *filter);

/** Is the prefix one that section 13.3 allows for the address? */
bool wick_pcp_filter_is_valid(const wick_pcp_filter *filter);
/** @param[out] filter  zeroed on error
 *  @retval WICK_E_MALFORMED  another option, or a prefix that is not valid */
WICK_NODISCARD wick_status wick_pcp_read_filter(wick_pcp_filter *filter,
                                                const wick_pcp_option *option);
/** Does `from` pass the filter? */
bool wick_pcp_filter_admits(const wick_pcp_filter *filter, const wick_addr *from);

/**
 * Server: appends the error response to a request, as section 8.2 builds it: a copy of the request,
 * cut at 1100 bytes and padded to a multiple of 4, with a new header.
 * @retval WICK_E_NO_SPACE  does not fit
 */
WICK_NODISCARD wick_status wick_pcp_refuse(wick_buf *out, wick_span request, uint8_t result,
                                           uint32_t lifetime_s, uint32_t epoch_s);

/**
 * Is this a response that says UNSUPP_VERSION, in the form of any version (RFC 6887 section 9,
 * RFC 6886 section 3.5)? Then `version` is the one the server speaks; 0 is NAT-PMP.
 */
bool wick_pcp_is_unsupported_version(uint8_t *version, wick_span in);

/** "SUCCESS", "NOT_AUTHORIZED" ...; "UNKNOWN" for newer codes. */
const char *wick_pcp_result_str(uint8_t result);

#ifdef __cplusplus
}
#endif
#endif
