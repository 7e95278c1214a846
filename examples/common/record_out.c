/* SPDX-License-Identifier: Apache-2.0 */
/* Records of peers for people and programs. */
#include "record_out.h"

void record_put_device(out_rec *o, const char *name, const uint8_t id[32],
                       const wick_device *d)
{
    uint8_t pub33[33];
    out_str(o, "name", name);
    out_hex(o, "id", id, 32);
    out_hex(o, "owner", d->owner, 20);
    out_u64(o, "key_type", d->key_type);
    if (wick_device_pub33(pub33, d) == WICK_OK) {
        out_hex(o, "key", pub33, sizeof pub33);
    } else {
        out_hex(o, "key", d->key, 32);
    }
    out_u64(o, "flags", d->flags);
    out_u64(o, "org", d->org);
    out_u64(o, "epoch", d->epoch);
    out_u64(o, "not_after", d->not_after);
}

void record_put_tls_pin(out_rec *o, const wick_peer_record *record)
{
    uint8_t pin[32];
    if (wick_peer_tls_pin(pin, record)) {
        out_hex(o, "tls_pin", pin, sizeof pin);
    }
}

void record_put_header(out_rec *o, const wick_trusted_header *header)
{
    out_str(o, "tier", wick_tier_str(header->tier));
    out_u64(o, "block", header->number);
    out_hex(o, "block_hash", header->hash, 32);
    out_u64(o, "block_time", header->timestamp);
}

wick_status record_usable(const wick_endpoint *e, bool try_unvalidated, uint64_t now_s)
{
    wick_status s = wick_endpoint_check(e, 0, now_s);
    return s == WICK_OK && !try_unvalidated ? wick_endpoint_validated(e, now_s) : s;
}

void record_put_endpoint(out_rec *o, const wick_endpoint *e, wick_status usable)
{
    static const char *const kinds[] = {"withdrawn", "direct", "pcp", "relay"};
    if (e->kind != WICK_ENDPOINT_WITHDRAWN) {
        out_addr(o, "endpoint", &e->addr);
        out_u64(o, "protocol", e->protocol);
    }
    out_str(o, "kind", e->kind < 4 ? kinds[e->kind] : "unknown");
    out_u64(o, "seq", e->seq);
    out_u64(o, "expires", e->expires);
    out_u64(o, "validated_at_h", e->validated_at_h);
    out_str(o, "usable", usable == WICK_OK ? "yes" : wick_status_str(usable));
}

void record_put_bundle(out_rec *o, const wick_bundle *b)
{
    uint8_t hash[32];
    out_str(o, "evidence", wick_bundle_kind_str(b->head.kind));
    out_u64(o, "chain_id", b->head.chain_id);
    out_hex(o, "contract", b->head.contract, 20);
    out_u64(o, "number", b->number);
    out_u64(o, "timestamp", b->head.time_s);
    if (wick_bundle_block_hash(hash, b) == WICK_OK) {
        out_hex(o, "hash", hash, sizeof hash);
    }
}
