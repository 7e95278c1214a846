/* SPDX-License-Identifier: Apache-2.0 */
/* Names for people: IANA "STUN Attributes" and "STUN Methods". Apart from the codec, so that an
 * image that prints nothing does not carry them. */
#include "wick/stun.h"

static const struct {
    uint16_t number;
    const char *name;
} attribute_names[] = {
    {0x0001, "MAPPED-ADDRESS"},
    {0x0003, "CHANGE-REQUEST"},
    {0x0006, "USERNAME"},
    {0x0008, "MESSAGE-INTEGRITY"},
    {0x0009, "ERROR-CODE"},
    {0x000A, "UNKNOWN-ATTRIBUTES"},
    {0x000C, "CHANNEL-NUMBER"},
    {0x000D, "LIFETIME"},
    {0x0012, "XOR-PEER-ADDRESS"},
    {0x0013, "DATA"},
    {0x0014, "REALM"},
    {0x0015, "NONCE"},
    {0x0016, "XOR-RELAYED-ADDRESS"},
    {0x0017, "REQUESTED-ADDRESS-FAMILY"},
    {0x0018, "EVEN-PORT"},
    {0x0019, "REQUESTED-TRANSPORT"},
    {0x001A, "DONT-FRAGMENT"},
    {0x001B, "ACCESS-TOKEN"},
    {0x001C, "MESSAGE-INTEGRITY-SHA256"},
    {0x001D, "PASSWORD-ALGORITHM"},
    {0x001E, "USERHASH"},
    {0x0020, "XOR-MAPPED-ADDRESS"},
    {0x0022, "RESERVATION-TOKEN"},
    {0x0024, "PRIORITY"},
    {0x0025, "USE-CANDIDATE"},
    {0x0026, "PADDING"},
    {0x0027, "RESPONSE-PORT"},
    {0x002A, "CONNECTION-ID"},
    {0x8000, "ADDITIONAL-ADDRESS-FAMILY"},
    {0x8001, "ADDRESS-ERROR-CODE"},
    {0x8002, "PASSWORD-ALGORITHMS"},
    {0x8003, "ALTERNATE-DOMAIN"},
    {0x8004, "ICMP"},
    {0x8022, "SOFTWARE"},
    {0x8023, "ALTERNATE-SERVER"},
    {0x8028, "FINGERPRINT"},
    {0x8029, "ICE-CONTROLLED"},
    {0x802A, "ICE-CONTROLLING"},
    {0x802B, "RESPONSE-ORIGIN"},
    {0x802C, "OTHER-ADDRESS"},
    {0x802E, "THIRD-PARTY-AUTHORIZATION"},
    {0x8030, "MOBILITY-TICKET"},
}, method_names[] = {
    {WICK_STUN_BINDING, "Binding"},
    {WICK_STUN_ALLOCATE, "Allocate"},
    {WICK_STUN_REFRESH, "Refresh"},
    {WICK_STUN_SEND, "Send"},
    {WICK_STUN_DATA, "Data"},
    {WICK_STUN_CREATE_PERMISSION, "CreatePermission"},
    {WICK_STUN_CHANNEL_BIND, "ChannelBind"},
    {0x00A, "Connect"},
    {0x00B, "ConnectionBind"},
    {0x00C, "ConnectionAttempt"},
};

const char *wick_stun_attr_name(uint16_t type)
{
    for (size_t i = 0; i < sizeof attribute_names / sizeof attribute_names[0]; i++) {
        if (attribute_names[i].number == type) {
            return attribute_names[i].name;
        }
    }
    return "UNKNOWN";
}

const char *wick_stun_method_name(uint16_t method)
{
    for (size_t i = 0; i < sizeof method_names / sizeof method_names[0]; i++) {
        if (method_names[i].number == method) {
            return method_names[i].name;
        }
    }
    return "Unknown";
}
