/* SPDX-License-Identifier: Apache-2.0 */
/* TURN client: peers' data, and the front door for datagrams (RFC 8656 sections 11 and 12). */
#include <string.h>

#include "turn_internal.h"

/* Data is taken only from an IP that the caller has permitted (RFC 8656 section 11.4): the server's
 * list may be longer than ours. A permission being asked for may be there already. */
static bool is_permitted(wick_turn *t, const wick_addr *peer)
{
    const wick_turn_op *op = wick_turn_find_permission_(t, peer);
    return op != NULL && op->state != OP_DENIED;
}

static wick_status channel_data(wick_turn *t, wick_span bytes, wick_turn_data *data)
{
    wick_channeldata c;
    wick_status status = wick_channeldata_decode(&c, bytes);
    if (status != WICK_OK) {
        return status;
    }
    for (unsigned i = CHANNEL; i < WICK_TURN_OPS; i++) {
        const wick_turn_op *op = &t->op[i];
        if (op->state != OP_FREE && op->channel == c.channel) {
            if (!is_permitted(t, &op->peer)) {
                break;
            }
            data->peer = op->peer;
            data->data = c.data;
            data->channel = c.channel;
            return WICK_OK;
        }
    }
    return WICK_E_TURN_FORBIDDEN;
}

static wick_status data_indication(wick_turn *t, const wick_stun_msg *m, wick_turn_data *data)
{
    wick_addr peer;
    wick_span payload = wick_stun_get(m, WICK_STUN_DATA_ATTR);
    bool icmp = payload.ptr == NULL && wick_stun_has(m, WICK_STUN_ICMP);
    if (m->unknown_count != 0) {
        return WICK_E_STUN_UNKNOWN_ATTR;
    }
    if ((payload.ptr == NULL && !icmp) ||
        wick_stun_get_addr(&peer, m, WICK_STUN_XOR_PEER_ADDRESS) != WICK_OK) {
        return WICK_E_MALFORMED;
    }
    if (!is_permitted(t, &peer)) {
        return WICK_E_TURN_FORBIDDEN;
    }
    data->peer = peer;
    data->data = payload;
    data->channel = 0;
    if (icmp) {
        /* RFC 8656 section 11.5: the error came for a datagram of ours to this peer. */
        wick_status status =
            wick_stun_get_icmp(&data->icmp_type, &data->icmp_code, &data->icmp_data, m);
        return status == WICK_OK ? WICK_E_TURN_ICMP : status;
    }
    return WICK_OK;
}

wick_status wick_turn_input(wick_turn *t, uint64_t now_ms, wick_span bytes, const wick_addr *from,
                            wick_turn_data *data)
{
    wick_stun_msg m;
    if (!wick_addr_equal(from, &t->server)) {
        return WICK_E_NOT_FOUND;
    }
    bool is_data = bytes.len != 0 && (bytes.ptr[0] & 0xC0u) == 0x40u;
    if (is_data) {
        return t->state == STATE_ALLOCATED ? channel_data(t, bytes, data) : WICK_E_STATE;
    }
    wick_status status = wick_stun_decode(&m, bytes);
    if (status != WICK_OK) {
        return status;
    }
    if (wick_stun_check_fingerprint(&m) == WICK_E_STUN_FINGERPRINT) {
        return WICK_E_STUN_FINGERPRINT;
    }
    if (m.cls == WICK_STUN_INDICATION) {
        if (m.method != WICK_STUN_DATA) {
            return WICK_E_NOT_FOUND;
        }
        return t->state == STATE_ALLOCATED ? data_indication(t, &m, data) : WICK_E_STATE;
    }
    return wick_turn_answer_(t, now_ms, &m);
}

static wick_status send_indication(wick_turn *t, wick_buf *buf, const wick_addr *peer,
                                   wick_span payload)
{
    uint8_t tid[WICK_STUN_TID_BYTES];
    wick_stun_build s;
    /* Nobody answers an indication: its id need not be unpredictable, only fresh. */
    memcpy(tid, t->tid_base, sizeof t->tid_base);
    wick_store_be32(tid + sizeof t->tid_base, t->counter);
    t->counter++;
    wick_stun_begin(&s, buf, WICK_STUN_SEND, WICK_STUN_INDICATION, tid);
    wick_stun_put_addr(&s, WICK_STUN_XOR_PEER_ADDRESS, peer);
    wick_stun_put(&s, WICK_STUN_DATA_ATTR, payload);
    return wick_stun_end(&s);
}

wick_status wick_turn_send(wick_turn *t, uint64_t now_ms, wick_buf *buf, const wick_addr *peer,
                           wick_span payload)
{
    if (t->state != STATE_ALLOCATED) {
        return WICK_E_STATE;
    }
    if (wick_turn_is_stream_(t) && wick_turn_is_moving_(t)) {
        return WICK_AGAIN; /* the server does not know this stream yet */
    }
    const wick_turn_op *permission = wick_turn_find_permission_(t, peer);
    if (permission == NULL) {
        return WICK_E_NOT_FOUND;
    }
    if (permission->state == OP_DENIED) {
        return WICK_E_TURN_FORBIDDEN;
    }
    const wick_turn_op *channel = wick_turn_find_channel_(t, peer);
    if (channel != NULL && channel->state == OP_READY &&
        !wick_time_reached(now_ms, channel->until_ms)) {
#if WICK_WITH_TURN_STREAM
        if (wick_turn_is_stream_(t)) {
            return wick_channeldata_encode_stream(buf, channel->channel, payload);
        }
#endif
        return wick_channeldata_encode(buf, channel->channel, payload);
    }
    if (permission->state != OP_READY || wick_time_reached(now_ms, permission->until_ms)) {
        return WICK_AGAIN;
    }
    return send_indication(t, buf, peer, payload);
}
