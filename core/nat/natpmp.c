/* SPDX-License-Identifier: Apache-2.0 */
/* NAT-PMP messages, RFC 6886 sections 3.2 to 3.6. */
#include "wick/natpmp.h"

#include <string.h>

#define R_BIT 0x80u
#define ERROR_BYTES 8u
#define ANSWER_ADDRESS_BYTES 12u
#define ANSWER_MAP_BYTES 16u
#define ASK_ADDRESS_BYTES 2u
#define ASK_MAP_BYTES 12u

static size_t whole_bytes(bool response, unsigned opcode)
{
    if (response) {
        return opcode == WICK_NATPMP_ADDRESS ? ANSWER_ADDRESS_BYTES : ANSWER_MAP_BYTES;
    }
    return opcode == WICK_NATPMP_ADDRESS ? ASK_ADDRESS_BYTES : ASK_MAP_BYTES;
}

wick_status wick_natpmp_decode(wick_natpmp_msg *m, wick_span in)
{
    const uint8_t *p = in.ptr;
    memset(m, 0, sizeof *m);
    if (in.len < 2) {
        return WICK_E_TRUNCATED;
    }
    unsigned opcode = p[1] & 0x7fu;
    bool response = (p[1] & R_BIT) != 0;
    if (p[0] != 0 || opcode > WICK_NATPMP_TCP) {
        return WICK_E_UNSUPPORTED;
    }
    size_t whole = whole_bytes(response, opcode);
    bool error = response && in.len == ERROR_BYTES && wick_load_be16(p + 2) != 0;
    if (in.len < whole && !error) {
        return WICK_E_TRUNCATED;
    }
    if (in.len > whole) {
        return WICK_E_TRAILING;
    }
    m->response = response;
    m->opcode = (uint8_t)opcode;
    if (response) {
        m->result = wick_load_be16(p + 2);
        m->epoch_s = wick_load_be32(p + 4);
    }
    if (error) {
        return WICK_OK;
    }
    if (opcode != WICK_NATPMP_ADDRESS) {
        const uint8_t *map = p + (response ? 8 : 4);
        m->internal_port = wick_load_be16(map);
        m->external_port = wick_load_be16(map + 2);
        m->lifetime_s = wick_load_be32(map + 4);
    } else if (response) {
        memcpy(m->external_ip, p + 8, 4);
    }
    return WICK_OK;
}

wick_status wick_natpmp_encode(wick_buf *out, const wick_natpmp_msg *m)
{
    if (m->opcode > WICK_NATPMP_TCP) {
        return WICK_E_BAD_ARG;
    }
    wick_buf_put_u8(out, 0);
    wick_buf_put_u8(out, (uint8_t)(m->opcode | (m->response != 0 ? R_BIT : 0u)));
    if (m->response != 0) {
        wick_buf_put_be16(out, m->result);
        wick_buf_put_be32(out, m->epoch_s);
    }
    if (m->opcode != WICK_NATPMP_ADDRESS) {
        if (m->response == 0) {
            wick_buf_put_be16(out, 0);
        }
        wick_buf_put_be16(out, m->internal_port);
        wick_buf_put_be16(out, m->external_port);
        wick_buf_put_be32(out, m->lifetime_s);
    } else if (m->response != 0) {
        wick_buf_put(out, m->external_ip, sizeof m->external_ip);
    }
    return wick_buf_status(out);
}

bool wick_natpmp_is_reset(uint32_t before_s, uint32_t now_s, uint64_t elapsed_ms)
{
    uint64_t expected_s = before_s + elapsed_ms / 1000u * 7u / 8u;
    return (uint64_t)now_s + 2u < expected_s;
}
