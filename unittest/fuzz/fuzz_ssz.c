/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Light client objects in SSZ. The first byte says which object in which shape, the next four are a
 * fork digest, the rest is the object. What is accepted lies inside the input, has the lengths of
 * its shape, and is refused with a byte more or less; its headers are reduced under a chain that
 * has had every fork.
 */
#include "fuzz.h"

#include "wick/port/crypto.h"

#include "../../core/eth/beacon_internal.h"

#define MEMBERS 32

static const wick_beacon_fork forks[] = {
    {"altair", 1, {1, 0, 0, 1}, &wick_beacon_shape_altair},
    {"capella", 10, {3, 0, 0, 1}, &wick_beacon_shape_capella},
    {"deneb", 20, {4, 0, 0, 1}, &wick_beacon_shape_deneb},
    {"electra", 30, {5, 0, 0, 1}, &wick_beacon_shape_electra},
    {"gloas", 40, {7, 0, 0, 1}, &wick_beacon_shape_gloas}};
static const wick_beacon_blobs blobs[] = {{30, 9}, {35, 12}};
static const wick_beacon_chain chain = {
    "fuzz", 1, 1, {1}, 6, 8, 8, MEMBERS, 86400, forks, 5, blobs, 2};

static const wick_hal_crypto *back_end(void)
{
    static wick_crypto_ctx ctx;
    static wick_hal_crypto crypto;
    if (crypto.hash_begin == NULL) {
        FUZZ_CHECK(wick_crypto_init(&crypto, &ctx) == WICK_OK);
    }
    return &crypto;
}

static void inside(wick_span part, wick_span whole)
{
    FUZZ_CHECK(part.len == 0 ||
               (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len));
    fuzz_touch(part);
}

static void check_header(const wick_beacon_header *h, const wick_beacon_shape *shape, wick_span ssz)
{
    wick_ssz z;
    wick_beacon_head head;
    inside(h->beacon, ssz);
    inside(h->payload, ssz);
    inside(h->branch, ssz);
    FUZZ_CHECK(h->beacon.len == WICK_BEACON_PLAIN_BYTES);
    FUZZ_CHECK((h->block_hash != NULL) == (shape->header != WICK_BEACON_HEADER_PLAIN));
    wick_ssz_begin(&z, back_end());
    wick_status s = wick_beacon_reduce(&z, &head, &chain, shape, h);
    FUZZ_CHECK(wick_ssz_end(&z) == WICK_OK);
    FUZZ_CHECK((s == WICK_E_UNSUPPORTED) == (h->slot < 8));
    FUZZ_CHECK(s != WICK_OK || head.slot == h->slot);
    FUZZ_CHECK(!wick_beacon_is_default(h) || h->slot == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const wick_beacon_shape *const shapes[] = {
        &wick_beacon_shape_altair, &wick_beacon_shape_capella, &wick_beacon_shape_deneb,
        &wick_beacon_shape_electra, &wick_beacon_shape_gloas};
    wick_beacon_object o, other;
    const wick_beacon_fork *fork = NULL;
    if (size < 5) {
        return 0;
    }
    wick_beacon_kind kind = (wick_beacon_kind)(data[0] & 3u);
    const wick_beacon_shape *shape = shapes[(data[0] >> 2) % 5u];
    wick_span ssz = wick_span_make(data + 5, size - 5);
    wick_status s = wick_beacon_fork_by_digest(&fork, &chain, back_end(), data + 1);
    FUZZ_CHECK((s == WICK_OK) == (fork != NULL));
    if (wick_beacon_decode(&o, kind, shape, ssz, MEMBERS) != WICK_OK) {
        FUZZ_CHECK(o.attested.beacon.ptr == NULL && o.signature == NULL);
        return 0;
    }
    FUZZ_ACCEPTED();
    inside(o.committee, ssz);
    inside(o.committee_branch, ssz);
    inside(o.finality_branch, ssz);
    inside(o.bits, ssz);
    FUZZ_CHECK((o.signature != NULL) == (kind != WICK_BEACON_BOOTSTRAP));
    FUZZ_CHECK((o.committee.len == 48 * (MEMBERS + 1)) ==
               (kind == WICK_BEACON_BOOTSTRAP || kind == WICK_BEACON_UPDATE));
    FUZZ_CHECK(o.bits.len <= wick_beacon_count(o.bits) + MEMBERS / 8);
    check_header(&o.attested, shape, ssz);
    if (o.finalized.beacon.ptr != NULL) {
        check_header(&o.finalized, shape, ssz);
    }
    /* Where the size varies it is extra data that does, and only within its bound. */
    s = wick_beacon_decode(&other, kind, shape, wick_span_make(ssz.ptr, ssz.len - 1), MEMBERS);
    FUZZ_CHECK(s != WICK_OK || shape->header == WICK_BEACON_HEADER_PAYLOAD);
    return 0;
}
