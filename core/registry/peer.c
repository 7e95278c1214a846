/* SPDX-License-Identifier: Apache-2.0 */
/* One peer in one proof: what to ask for, and the record that the proven words make. */
#include <string.h>

#include "wick/record.h"

enum { SLOT_DEVICE, SLOT_KEY, SLOT_PRIMARY, SLOT_STANDBY, SLOT_TLS_KEY };

void wick_peer_query_init(wick_peer_query *query, const uint8_t id32[32],
                          const uint8_t service32[32], bool want_tls_key)
{
    memset(query, 0, sizeof *query);
    wick_slot_device(query->slots[SLOT_DEVICE], id32, 0);
    wick_slot_device(query->slots[SLOT_KEY], id32, 1);
    wick_slot_endpoint(query->slots[SLOT_PRIMARY], id32, service32, 0);
    wick_slot_endpoint(query->slots[SLOT_STANDBY], id32, service32, 1);
    wick_slot_tls_key(query->slots[SLOT_TLS_KEY], id32, service32);
    query->count = want_tls_key ? WICK_PEER_SLOTS_MAX : WICK_PEER_SLOTS_MAX - 1;
}

wick_status wick_peer_record_read(wick_peer_record *out, const wick_peer_query *query)
{
    memset(out, 0, sizeof *out);
    wick_status s = wick_device_decode(&out->device, query->values[SLOT_DEVICE],
                                       query->values[SLOT_KEY]);
    if (s != WICK_OK) {
        return s; /* endpoints of a revoked device are nobody's */
    }
    for (size_t i = 0; i < 2; i++) {
        s = wick_endpoint_decode(&out->endpoint[i], query->values[SLOT_PRIMARY + i]);
        if (s != WICK_OK && s != WICK_E_NO_ENDPOINT) {
            memset(out, 0, sizeof *out);
            return s;
        }
        out->has_endpoint[i] = s == WICK_OK;
    }
    if (query->count == WICK_PEER_SLOTS_MAX) {
        memcpy(out->tls_key, query->values[SLOT_TLS_KEY], sizeof out->tls_key);
        out->has_tls_key = !wick_ct_is_zero(out->tls_key, sizeof out->tls_key);
    }
    return WICK_OK;
}

bool wick_peer_tls_pin(uint8_t pin32[32], const wick_peer_record *record)
{
    bool device = record->device.key_type == WICK_KEY_TYPE_RSA2048 ||
                  record->device.key_type == WICK_KEY_TYPE_P256;
    memset(pin32, 0, 32);
    if (record->has_tls_key) {
        memcpy(pin32, record->tls_key, 32);
    } else if (device) {
        memcpy(pin32, record->device.key, 32);
    }
    return record->has_tls_key || device;
}
