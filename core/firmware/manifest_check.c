/* SPDX-License-Identifier: Apache-2.0 */
/* What a device asks of a manifest: is it the one that the chain names, and is it for this device? */
#include "wick/manifest.h"

#include <string.h>

wick_status wick_manifest_open(wick_manifest *out, const wick_hal_crypto *crypto,
                               const wick_release *release, wick_span bytes_in)
{
    uint8_t digest[32];
    wick_hash_ctx h;
    memset(out, 0, sizeof *out);
    if (bytes_in.len != release->manifest_bytes) {
        return WICK_E_FW_DIGEST;
    }
    memset(&h, 0, sizeof h);
    wick_status s = crypto->hash_begin(crypto->ctx, &h, WICK_HASH_SHA256);
    if (s == WICK_OK) {
        s = crypto->hash_update(crypto->ctx, &h, bytes_in.ptr, bytes_in.len);
    }
    if (s == WICK_OK) {
        s = crypto->hash_finish(crypto->ctx, &h, digest);
    }
    crypto->hash_free(crypto->ctx, &h);
    if (s == WICK_OK && memcmp(digest, release->manifest, 32) != 0) {
        s = WICK_E_FW_DIGEST;
    }
    if (s == WICK_OK) {
        s = wick_manifest_decode(out, bytes_in);
    }
    if (s == WICK_OK && memcmp(out->product, release->product, 32) != 0) {
        s = WICK_E_FW_TARGET;
    }
    if (s == WICK_OK && (out->version != release->version || out->counter != release->counter)) {
        s = WICK_E_FW_ROLLBACK;
    }
    if (s != WICK_OK) {
        memset(out, 0, sizeof *out);
    }
    return s;
}

wick_status wick_manifest_fits(const wick_manifest *m, const wick_manifest_device *device,
                               uint64_t now_s)
{
    bool known = m->precursors == 0;
    for (unsigned i = 0; i < m->precursors; i++) {
        known = known || memcmp(m->precursor[i], device->running_sha256, 32) == 0;
    }
    if (memcmp(m->vendor, device->vendor, 16) != 0 ||
        memcmp(m->class_id, device->class_id, 16) != 0 ||
        memcmp(m->product, device->product, 32) != 0 || m->component != device->component ||
        m->from_version > device->running_version || !known) {
        return WICK_E_FW_TARGET;
    }
    if (m->payload.size > device->slot_bytes) {
        return WICK_E_FW_SIZE;
    }
    if (m->expires == 0) {
        return WICK_OK;
    }
    return now_s == 0 ? WICK_E_NO_CLOCK : now_s >= m->expires ? WICK_E_EXPIRED : WICK_OK;
}
