/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words of the registry and text forms. What decodes as a live record encodes to the same words, so
 * library and contract agree on what a correct contract writes.
 */
#include "fuzz.h"

#include "wick/calldata.h"
#include "wick/record.h"
#include "wick/release_index.h"

/* Bytes as the fields of a device or endpoint: what encodes is what decodes. */
static void fields(const uint8_t *p)
{
    uint8_t a[32], b[32], pub[33];
    wick_device device, back;
    wick_endpoint endpoint, back2;
    wick_record_seen seen = {wick_load_be32(p), {0, 0}};
    memset(&device, 0, sizeof device);
    memcpy(device.owner, p, sizeof device.owner);
    memcpy(device.key, p + 32, sizeof device.key);
    device.key_type = p[20];
    device.flags = p[21];
    device.org = p[22];
    device.epoch = wick_load_be32(p + 23);
    device.not_after = ((uint64_t)wick_load_be16(p + 26) << 32) | wick_load_be32(p + 28);
    wick_status s = wick_device_encode(a, b, &device);
    if (s == WICK_OK) {
        s = wick_device_decode(&back, a, b);
        FUZZ_CHECK(s == WICK_OK || s == WICK_E_RECORD_REVOKED);
        FUZZ_CHECK(back.epoch == device.epoch && back.not_after == device.not_after &&
                   back.org == device.org);
    }
    s = wick_device_check(&device, &seen, 2000000000);
    FUZZ_CHECK(s != WICK_OK || (device.epoch >= seen.epoch && device.not_after > 2000000000));
    if (wick_device_pub33(pub, &device) == WICK_OK) {
        back = device;
        FUZZ_CHECK(wick_device_set_pub33(&back, pub) == WICK_OK);
        FUZZ_CHECK(memcmp(back.key, device.key, sizeof device.key) == 0);
    }
    (void)!wick_device_set_pub33(&device, p + 31);
    memset(&endpoint, 0, sizeof endpoint);
    memcpy(endpoint.addr.ip, p, sizeof endpoint.addr.ip);
    endpoint.addr.port = wick_load_be16(p + 16);
    endpoint.protocol = p[18];
    endpoint.kind = p[19];
    endpoint.seq = wick_load_be32(p + 20);
    endpoint.expires = ((uint64_t)wick_load_be16(p + 24) << 32) | wick_load_be32(p + 26);
    endpoint.validated_at_h = wick_load_be32(p + 30);
    if (wick_endpoint_encode(a, &endpoint) == WICK_OK) {
        FUZZ_CHECK(wick_endpoint_decode(&back2, a) == WICK_OK);
        FUZZ_CHECK(wick_addr_equal(&back2.addr, &endpoint.addr) && back2.seq == endpoint.seq &&
                   back2.expires == endpoint.expires &&
                   back2.validated_at_h == endpoint.validated_at_h);
    }
    s = wick_endpoint_check(&endpoint, wick_load_be32(p + 34), 2000000000);
    FUZZ_CHECK(s != WICK_OK || (endpoint.expires > 2000000000 && endpoint.kind != 0));
    (void)!wick_relay_word(a, &endpoint.addr, endpoint.protocol);
    /* A validation counts for about a day, whatever its hour; relays need none. */
    s = wick_endpoint_validated(&endpoint, 2000000000);
    FUZZ_CHECK(endpoint.kind == WICK_ENDPOINT_RELAY ||
               (s == WICK_OK) == (endpoint.validated_at_h > 555531 && endpoint.validated_at_h <= 555556));
}

static void other_words(const uint8_t w[64])
{
    wick_manager manager;
    wick_relay relay;
    uint8_t word[32];
    uint32_t count;
    if (wick_manager_decode(&manager, w) == WICK_OK) {
        FUZZ_ACCEPTED();
        FUZZ_CHECK(manager.epoch != 0 && manager.org == w[7]);
    }
    if (wick_relay_decode(&relay, w, w + 32) == WICK_OK) {
        FUZZ_ACCEPTED();
        FUZZ_CHECK(wick_relay_word(word, &relay.addr, relay.protocol) == WICK_OK);
        FUZZ_CHECK(memcmp(word, w, 32) == 0);
    }
    wick_relay_details details;
    wick_relay_details_decode(&details, w, w + 32);
    FUZZ_CHECK(details.transports <= 0x0f && details.realm[sizeof details.realm - 1] == '\0');
    FUZZ_CHECK((details.region[0] == '\0') == (details.region[1] == '\0'));
    if (wick_relay_count_decode(&count, w) == WICK_OK) {
        FUZZ_CHECK(count == wick_load_be32(w + 28));
    }
}

static void words(const uint8_t w[64])
{
    uint8_t a[32], b[32];
    wick_device device;
    wick_endpoint endpoint;
    wick_status s = wick_device_decode(&device, w, w + 32);
    if (s == WICK_OK || s == WICK_E_RECORD_REVOKED) {
        FUZZ_ACCEPTED();
        FUZZ_CHECK(wick_device_encode(a, b, &device) == WICK_OK);
        FUZZ_CHECK(memcmp(a, w, 32) == 0 && memcmp(b, w + 32, 32) == 0);
    }
    if (wick_endpoint_decode(&endpoint, w) == WICK_OK) {
        FUZZ_CHECK(wick_endpoint_encode(a, &endpoint) == WICK_OK);
        /* An incomplete place reads as withdrawn, so those words do not come back. */
        FUZZ_CHECK(endpoint.kind == WICK_ENDPOINT_WITHDRAWN || memcmp(a, w, 32) == 0);
        FUZZ_CHECK(memcmp(a, w, 16 - 4) == 0);
    }
}

static void texts(const char *text, size_t len)
{
    wick_peer_ref ref;
    wick_addr addr, again;
    char out[WICK_ADDR_STR_BYTES];
    (void)!wick_peer_ref_parse(&ref, text, len);
    if (wick_addr_parse(&addr, text, len) == WICK_OK) {
        wick_addr_str(out, &addr);
        FUZZ_CHECK(wick_addr_parse(&again, out, strlen(out)) == WICK_OK);
        FUZZ_CHECK(wick_addr_equal(&addr, &again));
    }
}

/* A head, and each of its words: what decodes is what a correct contract writes, and what the update
 * is given is of this product, approved, and not below the least counter. */
static void releases(const uint8_t *w, size_t size)
{
    wick_release_query q;
    wick_release release;
    wick_product product;
    uint8_t word[32], position;
    wick_release_query_init(&q, w, (w[0] & 1) != 0 ? w + 1 : NULL);
    memcpy(q.values, w, size < sizeof q.values ? size : sizeof q.values);
    wick_status s = wick_release_query_read(&release, &product, &q, 2000000000);
    if (s == WICK_OK || s == WICK_E_FW_DENIED) {
        FUZZ_ACCEPTED();
        FUZZ_CHECK(release.approvals >= release.threshold && release.active_from != 0);
        FUZZ_CHECK(product.index < product.count && release.index == product.index);
        FUZZ_CHECK(s == WICK_OK || (product.flags & WICK_PRODUCT_RESTRICTED) != 0);
    } else {
        FUZZ_CHECK(release.version == 0);
    }
    if (wick_release_decode(&release, w, 0, w, w + 32, 1) == WICK_OK) {
        FUZZ_CHECK(wick_release_encode(word, &release, wick_load_be32(w + 32 + 4),
                                       wick_load_be32(w + 32)) == WICK_OK);
        FUZZ_CHECK(memcmp(word, w + 32, 32) == 0);
    }
    FUZZ_CHECK(wick_release_role_decode(&position, w) != WICK_ROLE_NONE || position == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wick_revert revert;
    FUZZ_CHECK(wick_revert_decode(&revert, wick_span_make(data, size)) != WICK_OK);
    texts((const char *)data, size);
    if (size >= 64) {
        words(data);
        other_words(data);
        fields(data);
        releases(data, size);
    }
    return 0;
}
