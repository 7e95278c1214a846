/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Endpoint and relay words. Big-endian:
 *   validatedAt 3 | expires 5 | seq 4 | kind 1 | protocol 1 | port 2 | ip 16
 */
#include <string.h>

#include "wick/record.h"

#define AT_VALIDATED 0
#define AT_EXPIRES 3
#define AT_SEQ 8
#define AT_KIND 12
#define AT_PROTOCOL 13
#define AT_PORT 14
#define AT_IP 16

/* What a validation is about: kind, protocol, port and address. */
#define AT_PLACE AT_KIND

#define UINT24_MAX 0xffffffu
#define UINT40_MAX ((UINT64_C(1) << 40) - 1)

static bool is_zero(const uint8_t *p, size_t len)
{
    return wick_ct_is_zero(p, len);
}

/* Either withdrawn, with nothing set, or complete. */
static bool is_place(const wick_addr *addr, uint8_t protocol, uint8_t kind)
{
    bool has_ip = !is_zero(addr->ip, sizeof addr->ip);
    if (kind == WICK_ENDPOINT_WITHDRAWN) {
        return !has_ip && addr->port == 0 && protocol == 0;
    }
    return has_ip && addr->port != 0 && protocol != 0;
}

static void load_place(wick_addr *addr, uint8_t *protocol, uint8_t *kind, const uint8_t word[32])
{
    memcpy(addr->ip, word + AT_IP, sizeof addr->ip);
    addr->port = wick_load_be16(word + AT_PORT);
    *protocol = word[AT_PROTOCOL];
    *kind = word[AT_KIND];
}

static void store_place(uint8_t word[32], const wick_addr *addr, uint8_t protocol, uint8_t kind)
{
    memcpy(word + AT_IP, addr->ip, sizeof addr->ip);
    wick_store_be16(word + AT_PORT, addr->port);
    word[AT_PROTOCOL] = protocol;
    word[AT_KIND] = kind;
}

wick_status wick_endpoint_decode(wick_endpoint *out, const uint8_t word[32])
{
    memset(out, 0, sizeof *out);
    if (is_zero(word, 32)) {
        return WICK_E_NO_ENDPOINT;
    }
    load_place(&out->addr, &out->protocol, &out->kind, word);
    out->seq = wick_load_be32(word + AT_SEQ);
    out->expires = ((uint64_t)word[AT_EXPIRES] << 32) | wick_load_be32(word + AT_EXPIRES + 1);
    out->validated_at_h = ((uint32_t)word[AT_VALIDATED] << 16) | wick_load_be16(word + 1);
    /* The contract lets no write pass without these two. */
    if (out->seq == 0 || out->expires == 0) {
        memset(out, 0, sizeof *out);
        return WICK_E_RECORD_INVALID;
    }
    /* An incomplete place is the owner's doing: no endpoint, and no reason to refuse the record. */
    if (!is_place(&out->addr, out->protocol, out->kind)) {
        memset(&out->addr, 0, sizeof out->addr);
        out->protocol = 0;
        out->kind = WICK_ENDPOINT_WITHDRAWN;
    }
    return WICK_OK;
}

wick_status wick_endpoint_encode(uint8_t word[32], const wick_endpoint *endpoint)
{
    memset(word, 0, 32);
    if (endpoint->seq == 0 || endpoint->expires == 0 || endpoint->expires > UINT40_MAX ||
        endpoint->validated_at_h > UINT24_MAX ||
        !is_place(&endpoint->addr, endpoint->protocol, endpoint->kind)) {
        return WICK_E_RECORD_INVALID;
    }
    store_place(word, &endpoint->addr, endpoint->protocol, endpoint->kind);
    wick_store_be32(word + AT_SEQ, endpoint->seq);
    word[AT_EXPIRES] = (uint8_t)(endpoint->expires >> 32);
    wick_store_be32(word + AT_EXPIRES + 1, (uint32_t)endpoint->expires);
    word[AT_VALIDATED] = (uint8_t)(endpoint->validated_at_h >> 16);
    wick_store_be16(word + AT_VALIDATED + 1, (uint16_t)endpoint->validated_at_h);
    return WICK_OK;
}

wick_status wick_endpoint_check(const wick_endpoint *endpoint, uint32_t seen_seq, uint64_t now_s)
{
    if (endpoint->seq < seen_seq) {
        return WICK_E_RECORD_STALE;
    }
    if (endpoint->kind == WICK_ENDPOINT_WITHDRAWN) {
        return WICK_E_NO_ENDPOINT;
    }
    if (endpoint->expires <= now_s) {
        return WICK_E_RECORD_EXPIRED;
    }
    bool is_known = endpoint->kind <= WICK_ENDPOINT_RELAY &&
                    (endpoint->protocol == WICK_PROTOCOL_UDP ||
                     endpoint->protocol == WICK_PROTOCOL_TCP);
    return is_known ? WICK_OK : WICK_E_UNSUPPORTED;
}

wick_status wick_endpoint_validated(const wick_endpoint *endpoint, uint64_t now_s)
{
    uint64_t at_s = (uint64_t)endpoint->validated_at_h * 3600u;
    if (endpoint->kind == WICK_ENDPOINT_RELAY) {
        return WICK_OK;
    }
    /* The word holds whole hours, cut off: it is never taken for younger than it is. */
    return endpoint->validated_at_h != 0 && at_s <= now_s + 3600u &&
                   now_s < at_s + WICK_VALIDATION_AGE_MAX_S
               ? WICK_OK
               : WICK_E_NO_ENDPOINT;
}

/* ---- relays: endpoint word without seq and expires; info: unused 5 |
 * region 2 | transports 1 | checkedAt 3 | status 1 | operator 20 ---- */

wick_status wick_relay_decode(wick_relay *out, const uint8_t endpoint_word[32],
                              const uint8_t info_word[32])
{
    uint8_t kind;
    memset(out, 0, sizeof *out);
    if (is_zero(endpoint_word, 32) && is_zero(info_word, 32)) {
        return WICK_E_RECORD_ABSENT;
    }
    load_place(&out->addr, &out->protocol, &kind, endpoint_word);
    out->status = info_word[11];
    memcpy(out->operator20, info_word + 12, sizeof out->operator20);
    out->checked_at_h = ((uint32_t)info_word[8] << 16) | wick_load_be16(info_word + 9);
    if (kind != WICK_ENDPOINT_RELAY || !is_place(&out->addr, out->protocol, kind) ||
        !is_zero(endpoint_word, AT_PLACE) || !is_zero(info_word, 5) ||
        out->status < WICK_RELAY_PENDING || out->status > WICK_RELAY_SUSPENDED ||
        is_zero(out->operator20, sizeof out->operator20)) {
        memset(out, 0, sizeof *out);
        return WICK_E_RECORD_INVALID;
    }
    return WICK_OK;
}

static bool is_letter(uint8_t c)
{
    return c >= 'A' && c <= 'Z';
}

void wick_relay_details_decode(wick_relay_details *out, const uint8_t info_word[32],
                               const uint8_t realm_word[32])
{
    size_t len = 0;
    memset(out, 0, sizeof *out);
    if (is_letter(info_word[5]) && is_letter(info_word[6])) {
        memcpy(out->region, info_word + 5, 2);
    }
    out->transports = info_word[7] & 0x0f;
    while (len < 32 && realm_word[len] > 0x20 && realm_word[len] < 0x7f) {
        len++;
    }
    if (is_zero(realm_word + len, 32 - len)) {
        memcpy(out->realm, realm_word, len);
    }
}

wick_status wick_relay_word(uint8_t word[32], const wick_addr *addr, uint8_t protocol)
{
    memset(word, 0, 32);
    if (!is_place(addr, protocol, WICK_ENDPOINT_RELAY)) {
        return WICK_E_BAD_ARG;
    }
    store_place(word, addr, protocol, WICK_ENDPOINT_RELAY);
    return WICK_OK;
}

wick_status wick_relay_count_decode(uint32_t *count, const uint8_t word[32])
{
    const bool fits = is_zero(word, 31); /* WICK_RELAYS_MAX is what the last byte holds */
    *count = fits ? word[31] : 0;
    return fits ? WICK_OK : WICK_E_RECORD_INVALID;
}
