/* SPDX-License-Identifier: Apache-2.0 */
/* PCP messages, RFC 6887 sections 7, 11.1, 12.1, 13 and 14.1. */
#include "wick/pcp.h"

#include <string.h>

#define R_BIT 0x80u
#define FIRST_OPTIONAL 128u /* section 7.3 */
#define OPTION_HEAD 4u
#define THIRD_PARTY_BYTES 16u
#define FILTER_BYTES 20u

static const uint8_t fixed_bytes[3] = {WICK_PCP_HEADER_BYTES, WICK_PCP_MAP_BYTES,
                                       WICK_PCP_PEER_BYTES};

static size_t padded(size_t len)
{
    return (len + 3u) & ~(size_t)3u;
}

/* ---- options ---- */

bool wick_pcp_next_option(wick_pcp_option *option, wick_span *rest)
{
    if (rest->len < OPTION_HEAD) {
        return false;
    }
    size_t len = wick_load_be16(rest->ptr + 2);
    size_t whole = OPTION_HEAD + padded(len);
    if (whole > rest->len) {
        return false;
    }
    option->code = rest->ptr[0];
    option->data = wick_span_make(rest->ptr + OPTION_HEAD, len);
    rest->ptr += whole;
    rest->len -= whole;
    return true;
}

bool wick_pcp_filter_is_valid(const wick_pcp_filter *filter)
{
    unsigned bits = filter->prefix_bits;
    return bits <= 128u && (bits == 0 || bits >= 96u || !wick_addr_is_v4(&filter->remote));
}

wick_status wick_pcp_read_filter(wick_pcp_filter *filter, const wick_pcp_option *option)
{
    memset(filter, 0, sizeof *filter);
    if (option->code != WICK_PCP_FILTER || option->data.len != FILTER_BYTES) {
        return WICK_E_MALFORMED;
    }
    filter->prefix_bits = option->data.ptr[1];
    filter->remote.port = wick_load_be16(option->data.ptr + 2);
    memcpy(filter->remote.ip, option->data.ptr + 4, 16);
    if (!wick_pcp_filter_is_valid(filter)) {
        memset(filter, 0, sizeof *filter);
        return WICK_E_MALFORMED;
    }
    return WICK_OK;
}

/* One known option: right length, right opcode, not too often. `seen` has a bit for each code. */
static bool option_is_good(const wick_pcp_option *o, uint8_t opcode, unsigned *seen)
{
    wick_pcp_filter filter;
    bool again = (*seen & (1u << o->code)) != 0;
    *seen |= 1u << o->code;
    switch (o->code) {
    case WICK_PCP_THIRD_PARTY:
        return o->data.len == THIRD_PARTY_BYTES && opcode != WICK_PCP_ANNOUNCE && !again;
    case WICK_PCP_PREFER_FAILURE:
        return o->data.len == 0 && opcode == WICK_PCP_MAP && !again;
    default:
        return opcode == WICK_PCP_MAP && wick_pcp_read_filter(&filter, o) == WICK_OK;
    }
}

/* Gives the result code that a server answers. */
static wick_pcp_result check_options(const wick_pcp_msg *m)
{
    wick_span rest = m->options;
    wick_pcp_option o;
    unsigned seen = 0;
    while (wick_pcp_next_option(&o, &rest)) {
        if (o.code >= WICK_PCP_THIRD_PARTY && o.code <= WICK_PCP_FILTER) {
            if (!option_is_good(&o, m->opcode, &seen)) {
                return WICK_PCP_MALFORMED_OPTION;
            }
        } else if (o.code < FIRST_OPTIONAL && m->response == 0) {
            return WICK_PCP_UNSUPP_OPTION;
        }
    }
    return rest.len == 0 ? WICK_PCP_SUCCESS : WICK_PCP_MALFORMED_OPTION;
}

void wick_pcp_put_option(wick_buf *out, uint8_t code, wick_span data)
{
    wick_buf_put_u8(out, code);
    wick_buf_put_u8(out, 0);
    wick_buf_put_be16(out, (uint16_t)data.len);
    wick_buf_put(out, data.ptr, data.len);
    wick_buf_put_zero(out, padded(data.len) - data.len);
}

static void filter_bytes(uint8_t data[FILTER_BYTES], const wick_pcp_filter *filter)
{
    data[0] = 0;
    data[1] = filter->prefix_bits;
    wick_store_be16(data + 2, filter->remote.port);
    memcpy(data + 4, filter->remote.ip, 16);
}

void wick_pcp_put_filter(wick_buf *out, const wick_pcp_filter *filter)
{
    uint8_t data[FILTER_BYTES];
    filter_bytes(data, filter);
    wick_pcp_put_option(out, WICK_PCP_FILTER, wick_span_make(data, sizeof data));
}

bool wick_pcp_filter_admits(const wick_pcp_filter *filter, const wick_addr *from)
{
    unsigned bits = filter->prefix_bits;
    if (bits != 0 && filter->remote.port != 0 && filter->remote.port != from->port) {
        return false;
    }
    for (unsigned i = 0; i < 16 && bits > 0; i++) {
        unsigned n = bits < 8 ? bits : 8;
        unsigned mask = (0xff00u >> n) & 0xffu;
        if (((filter->remote.ip[i] ^ from->ip[i]) & mask) != 0) {
            return false;
        }
        bits -= n;
    }
    return true;
}

/* The options once more, with reserved bytes and padding zero; of opaque ones the data is kept. */
static void put_canonical(wick_buf *out, wick_span options)
{
    wick_pcp_option o;
    wick_pcp_filter filter;
    while (wick_pcp_next_option(&o, &options)) {
        if (wick_pcp_read_filter(&filter, &o) == WICK_OK) {
            wick_pcp_put_filter(out, &filter);
        } else {
            wick_pcp_put_option(out, o.code, o.data);
        }
    }
}

/* ---- decode ---- */

static wick_status bad(wick_pcp_msg *m, wick_span in, wick_pcp_result result, wick_status status)
{
    memset(m, 0, sizeof *m);
    if (in.len >= 2) {
        m->response = (in.ptr[1] & R_BIT) != 0;
        m->opcode = in.ptr[1] & 0x7fu;
        m->result = m->response != 0 ? 0 : (uint8_t)result;
    }
    return status;
}

wick_status wick_pcp_decode(wick_pcp_msg *m, wick_span in)
{
    const uint8_t *p = in.ptr;
    if (in.len < 2) {
        return bad(m, in, WICK_PCP_SUCCESS, WICK_E_TRUNCATED);
    }
    if (p[0] != WICK_PCP_VERSION) {
        return bad(m, in, WICK_PCP_UNSUPP_VERSION, WICK_E_UNSUPPORTED);
    }
    if (in.len < WICK_PCP_HEADER_BYTES) {
        return bad(m, in, WICK_PCP_MALFORMED_REQUEST, WICK_E_TRUNCATED);
    }
    if (in.len > WICK_PCP_MAX_BYTES || in.len % 4u != 0) {
        return bad(m, in, WICK_PCP_MALFORMED_REQUEST, WICK_E_MALFORMED);
    }
    unsigned opcode = p[1] & 0x7fu;
    if (opcode > WICK_PCP_PEER) {
        return bad(m, in, WICK_PCP_UNSUPP_OPCODE, WICK_E_UNSUPPORTED);
    }
    size_t fixed = fixed_bytes[opcode];
    if (in.len < fixed) {
        return bad(m, in, WICK_PCP_MALFORMED_REQUEST, WICK_E_TRUNCATED);
    }
    m->opcode = (uint8_t)opcode;
    m->lifetime_s = wick_load_be32(p + 4);
    if ((p[1] & R_BIT) != 0) {
        m->response = 1;
        m->result = p[3];
        m->epoch_s = wick_load_be32(p + 8);
        memset(m->client_ip, 0, sizeof m->client_ip);
    } else {
        m->response = 0;
        m->result = 0;
        m->epoch_s = 0;
        memcpy(m->client_ip, p + 8, 16);
    }
    if (opcode == WICK_PCP_ANNOUNCE) {
        m->protocol = 0;
        m->internal_port = 0;
        memset(m->nonce, 0, sizeof m->nonce);
        memset(&m->external, 0, sizeof m->external);
    } else {
        memcpy(m->nonce, p + 24, WICK_PCP_NONCE_BYTES);
        m->protocol = p[36];
        m->internal_port = wick_load_be16(p + 40);
        m->external.port = wick_load_be16(p + 42);
        memcpy(m->external.ip, p + 44, 16);
    }
    if (opcode == WICK_PCP_PEER) {
        m->remote.port = wick_load_be16(p + 60);
        memcpy(m->remote.ip, p + 64, 16);
    } else {
        memset(&m->remote, 0, sizeof m->remote);
    }
    if (m->protocol == 0 && m->internal_port != 0) {
        return bad(m, in, WICK_PCP_MALFORMED_REQUEST, WICK_E_MALFORMED);
    }
    m->options = wick_span_make(p + fixed, in.len - fixed);
    if (m->options.len != 0) {
        wick_pcp_result result = check_options(m);
        if (result != WICK_PCP_SUCCESS) {
            return bad(m, in, result,
                       result == WICK_PCP_UNSUPP_OPTION ? WICK_E_UNSUPPORTED : WICK_E_MALFORMED);
        }
    }
    return WICK_OK;
}

/* ---- encode ---- */

/* Room for the fixed part, NULL when measuring or full. */
static uint8_t *take(wick_buf *out, size_t len)
{
    size_t at = out->len;
    out->len = len > SIZE_MAX - at ? SIZE_MAX : at + len;
    return out->ptr == NULL || out->len > out->cap ? NULL : out->ptr + at;
}

static void put_header(uint8_t *p, const wick_pcp_msg *m)
{
    p[0] = WICK_PCP_VERSION;
    p[2] = 0;
    wick_store_be32(p + 4, m->lifetime_s);
    if (m->response != 0) {
        p[1] = (uint8_t)(R_BIT | m->opcode);
        p[3] = m->result;
        wick_store_be32(p + 8, m->epoch_s);
        memset(p + 12, 0, 12);
    } else {
        p[1] = m->opcode;
        p[3] = 0;
        memcpy(p + 8, m->client_ip, 16);
    }
}

wick_status wick_pcp_encode(wick_buf *out, const wick_pcp_msg *m)
{
    if (m->opcode > WICK_PCP_PEER || (m->protocol == 0 && m->internal_port != 0)) {
        return WICK_E_BAD_ARG;
    }
    size_t fixed = fixed_bytes[m->opcode];
    if (m->options.len != 0) {
        if (m->options.len > WICK_PCP_MAX_BYTES - fixed) {
            return WICK_E_LIMIT;
        }
        if (check_options(m) != WICK_PCP_SUCCESS) {
            return WICK_E_BAD_ARG;
        }
    }
    uint8_t *p = take(out, fixed);
    if (p != NULL) {
        put_header(p, m);
        if (m->opcode != WICK_PCP_ANNOUNCE) {
            memcpy(p + 24, m->nonce, WICK_PCP_NONCE_BYTES);
            p[36] = m->protocol;
            memset(p + 37, 0, 3);
            wick_store_be16(p + 40, m->internal_port);
            wick_store_be16(p + 42, m->external.port);
            memcpy(p + 44, m->external.ip, 16);
        }
        if (m->opcode == WICK_PCP_PEER) {
            wick_store_be16(p + 60, m->remote.port);
            memset(p + 62, 0, 2);
            memcpy(p + 64, m->remote.ip, 16);
        }
    }
    if (m->options.len != 0) {
        put_canonical(out, m->options);
    }
    return wick_buf_status(out);
}

wick_status wick_pcp_refuse(wick_buf *out, wick_span request, uint8_t result, uint32_t lifetime_s,
                            uint32_t epoch_s)
{
    size_t len = request.len > WICK_PCP_MAX_BYTES ? WICK_PCP_MAX_BYTES : request.len;
    size_t whole = padded(len < WICK_PCP_HEADER_BYTES ? WICK_PCP_HEADER_BYTES : len);
    uint8_t *p = take(out, whole);
    if (p != NULL) {
        wick_pcp_msg head;
        memset(&head, 0, sizeof head);
        head.response = 1;
        head.opcode = len >= 2 ? request.ptr[1] & 0x7fu : 0;
        head.result = result;
        head.lifetime_s = lifetime_s;
        head.epoch_s = epoch_s;
        memset(p, 0, whole);
        if (len > WICK_PCP_HEADER_BYTES) {
            memcpy(p + WICK_PCP_HEADER_BYTES, request.ptr + WICK_PCP_HEADER_BYTES,
                   len - WICK_PCP_HEADER_BYTES);
        }
        put_header(p, &head);
    }
    return wick_buf_status(out);
}

bool wick_pcp_is_unsupported_version(uint8_t *version, wick_span in)
{
    if (in.len < 8 || in.len > WICK_PCP_MAX_BYTES || in.ptr[3] != WICK_PCP_UNSUPP_VERSION) {
        return false;
    }
    if (in.ptr[0] == 0) {
        /* NAT-PMP: a result of 16 bits. Of the opcode only the R bit says anything, and RFC 6886
         * section 3.5 draws it as plain 0. */
        if (in.ptr[2] != 0 || (in.ptr[1] != 0 && (in.ptr[1] & R_BIT) == 0)) {
            return false;
        }
    } else if (in.len < WICK_PCP_HEADER_BYTES || (in.ptr[1] & R_BIT) == 0) {
        return false;
    }
    *version = in.ptr[0];
    return true;
}

const char *wick_pcp_result_str(uint8_t result)
{
    static const char *const name[] = {
        "SUCCESS",          "UNSUPP_VERSION",   "NOT_AUTHORIZED",   "MALFORMED_REQUEST",
        "UNSUPP_OPCODE",    "UNSUPP_OPTION",    "MALFORMED_OPTION", "NETWORK_FAILURE",
        "NO_RESOURCES",     "UNSUPP_PROTOCOL",  "USER_EX_QUOTA",    "CANNOT_PROVIDE_EXTERNAL",
        "ADDRESS_MISMATCH", "EXCESSIVE_REMOTE_PEERS"};
    return result < sizeof name / sizeof name[0] ? name[result] : "UNKNOWN";
}
