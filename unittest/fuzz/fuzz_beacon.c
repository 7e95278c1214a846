/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Light client objects of all forks, one after another into one store. Hashes are all zero and every
 * signature holds, so that the input reaches what lies behind them: whatever it says, the store never
 * goes back, and FINALIZED comes of 2/3 of those who sign only. Records: kind | fork << 2, slots that
 * pass, length (2 bytes), object; with 0x80 in front of it, the store is forced on afterwards, with
 * 0x40 the bytes are an exported store.
 */
#include "fuzz.h"

#include "wick/beacon.h"

static wick_status begin(void *ctx, wick_hash_ctx *h, wick_hash_alg alg)
{
    (void)ctx;
    (void)h;
    return alg == WICK_HASH_SHA256 ? WICK_OK : WICK_E_BAD_ARG;
}

static wick_status update(void *ctx, wick_hash_ctx *h, const uint8_t *data, size_t len)
{
    (void)ctx;
    (void)h;
    fuzz_touch(wick_span_make(data, len));
    return WICK_OK;
}

static wick_status finish(void *ctx, wick_hash_ctx *h, uint8_t *out)
{
    (void)ctx;
    (void)h;
    memset(out, 0, 32);
    return WICK_OK;
}

static void release(void *ctx, wick_hash_ctx *h)
{
    (void)ctx;
    (void)h;
}

static wick_status key(void *ctx, wick_bls_key *out, const uint8_t pub48[48], bool validate)
{
    (void)ctx;
    (void)validate;
    memset(out, 0, sizeof *out);
    memcpy(out, pub48, 48);
    return pub48[0] == 0xff ? WICK_E_BAD_KEY : WICK_OK;
}

static void compress(void *ctx, uint8_t pub48[48], const wick_bls_key *k)
{
    (void)ctx;
    memcpy(pub48, k, 48);
}

static void sum_begin(void *ctx, wick_bls_sum *sum)
{
    (void)ctx;
    memset(sum, 0, sizeof *sum);
}

static void sum_add(void *ctx, wick_bls_sum *sum, const wick_bls_key *k, bool subtract)
{
    (void)ctx;
    (void)subtract;
    memcpy(sum, k, sizeof *k);
}

static wick_status total(void *ctx, wick_bls_key *out, const wick_bls_sum *sum)
{
    (void)ctx;
    memcpy(out, sum, sizeof *out);
    return WICK_OK;
}

static wick_status verify(void *ctx, const wick_bls_sum *sum, const uint8_t message32[32],
                          const uint8_t sig96[96])
{
    (void)ctx;
    (void)sum;
    (void)message32;
    return sig96[0] == 0xff ? WICK_E_AUTH : WICK_OK;
}

static const wick_beacon_fork forks[] = {
    {"altair", 1, {1, 0, 0, 0}, &wick_beacon_shape_altair},
    {"capella", 8, {2, 0, 0, 0}, &wick_beacon_shape_capella},
    {"deneb", 16, {3, 0, 0, 0}, &wick_beacon_shape_deneb},
    {"electra", 24, {4, 0, 0, 0}, &wick_beacon_shape_electra},
    {"gloas", 32, {5, 0, 0, 0}, &wick_beacon_shape_gloas}};
static const wick_beacon_blobs blobs[] = {{24, 9}};
static const wick_beacon_chain chain = {"fuzz", 1, 1000, {0}, 1, 8, 8, 32, 100000, forks, 5, blobs, 1};

static wick_beacon b;

static size_t signers(wick_span bits)
{
    size_t n = 0;
    for (size_t i = 0; i < 8 * bits.len; i++) {
        n += ((unsigned)bits.ptr[i / 8] >> (i % 8)) & 1u;
    }
    return n;
}

static void touch_header(const wick_beacon_header *h)
{
    fuzz_touch(h->beacon);
    fuzz_touch(h->payload);
    fuzz_touch(h->branch);
    if (h->block_hash != NULL) {
        fuzz_touch(wick_span_make(h->block_hash, 32));
    }
}

static void one(wick_beacon_kind kind, const wick_beacon_fork *fork, wick_span ssz,
                const wick_hal_crypto *crypto, const wick_trust_now *now)
{
    static const wick_beacon_config cfg = {&chain, {0}, 0};
    wick_beacon_object o;
    unsigned changed = 0;
    uint64_t final_before = b.proven.slot, optimistic_before = b.signed_by_most.slot;
    bool decodes = wick_beacon_decode(&o, kind, fork->shape, ssz, 32) == WICK_OK;
    if (decodes) {
        FUZZ_ACCEPTED();
        touch_header(&o.attested);
        if (o.finalized.beacon.len != 0) {
            touch_header(&o.finalized);
        }
        fuzz_touch(o.committee);
        fuzz_touch(o.committee_branch);
        fuzz_touch(o.finality_branch);
        fuzz_touch(o.bits);
    }
    if (kind == WICK_BEACON_BOOTSTRAP) {
        wick_status s = wick_beacon_bootstrap(&b, &cfg, crypto, fork, ssz, now);
        FUZZ_CHECK(decodes || s != WICK_OK);
        return;
    }
    wick_status s = wick_beacon_input(&b, &changed, crypto, kind, fork, ssz, now);
    FUZZ_CHECK(s != WICK_OK || decodes);
    FUZZ_CHECK(s == WICK_OK || changed == 0);
    FUZZ_CHECK(b.proven.slot >= final_before && b.signed_by_most.slot >= optimistic_before);
    if (b.proven.slot != final_before) {
        FUZZ_CHECK((changed & WICK_BEACON_NEW_FINALIZED) != 0 && 3 * signers(o.bits) >= 64);
        FUZZ_CHECK(b.proven.slot == o.finalized.slot && kind != WICK_BEACON_OPTIMISTIC);
    }
    if (b.signed_by_most.slot != optimistic_before) {
        FUZZ_CHECK(2 * signers(o.bits) > 32 && b.signed_by_most.slot == o.attested.slot);
    }
}

/* What is imported is exported again, byte for byte. */
static void import(wick_span in, const wick_hal_crypto *crypto, const wick_trust_now *now)
{
    static const wick_beacon_config cfg = {&chain, {0}, 0};
    static const uint8_t zeros[WICK_BEACON_PIECE_MAX];
    uint8_t out[WICK_BEACON_EXPORT_MAX];
    wick_buf buf = wick_buf_make(out, sizeof out);
    if (wick_beacon_import(&b, &cfg, in) != WICK_OK) {
        return;
    }
    FUZZ_ACCEPTED();
    for (size_t i = 0; i < wick_beacon_pieces(&b); i++) {
        FUZZ_CHECK(wick_beacon_import_piece(&b, wick_span_make(zeros, sizeof zeros), i) == WICK_OK);
    }
    if (wick_beacon_import_end(&b, crypto, now) == WICK_OK) {
        FUZZ_CHECK(wick_beacon_export(&buf, &b) == WICK_OK && buf.len == in.len);
        FUZZ_CHECK(memcmp(out, in.ptr, in.len) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const wick_beacon_fork *fork;
    wick_hal_crypto crypto;
    wick_trust_now now = {1000, true};
    wick_reader r = wick_reader_make(wick_span_make(data, size));
    memset(&crypto, 0, sizeof crypto);
    crypto.hash_begin = begin;
    crypto.hash_update = update;
    crypto.hash_finish = finish;
    crypto.hash_free = release;
    crypto.bls_key = key;
    crypto.bls_compress = compress;
    crypto.bls_begin = sum_begin;
    crypto.bls_add = sum_add;
    crypto.bls_total = total;
    crypto.bls_verify = verify;
    memset(&b, 0, sizeof b);
    for (unsigned i = 0; i < 12; i++) {
        uint8_t what = wick_read_u8(&r);
        now.unix_s += 4u * wick_read_u8(&r);
        wick_span ssz = wick_read_span(&r, wick_read_be16(&r));
        if (r.status != WICK_OK) {
            break;
        }
        if ((what & 0x40) != 0) {
            import(ssz, &crypto, &now);
            continue;
        }
        one((wick_beacon_kind)(what & 3), &forks[(what >> 2) % 5], ssz, &crypto, &now);
        if ((what & 0x80) != 0) {
            unsigned changed;
            uint64_t before = b.proven.slot;
            wick_status s = wick_beacon_force(&b, &changed, &crypto, &now);
            FUZZ_CHECK(b.proven.slot == before);
            FUZZ_CHECK(s == WICK_OK || s == WICK_AGAIN || s == WICK_E_STATE || s == WICK_E_BAD_KEY);
        }
    }
    if (size >= 4 && wick_beacon_fork_by_digest(&fork, &chain, &crypto, data) == WICK_OK) {
        FUZZ_CHECK(fork->shape != NULL);
    }
    return 0;
}
