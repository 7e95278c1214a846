/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proof bundles. The first byte is the size of the parts in which it is read a second time. What is
 * read in parts is what is read as a whole; what is accepted is written again byte for byte; and
 * without evidence nothing is ever proven. Then the input is a script for the writer, which writes
 * what decodes or says that it does not.
 */
#include "fuzz.h"

#include "wick/bundle.h"
#include "wick/header.h"

static uint8_t again[70000], work[66000];

static void write_piece(wick_bundle_writer *w, const wick_bundle_piece *p)
{
    if (p->tag >= WICK_BUNDLE_UPDATE && p->tag <= WICK_BUNDLE_OPTIMISTIC) {
        wick_bundle_write_beacon(w, p->tag, p->version4, p->bytes);
    } else if (p->tag != WICK_BUNDLE_END) {
        wick_bundle_write(w, p->tag, p->bytes);
    }
}

static wick_status read_in_parts(wick_span in, size_t step)
{
    wick_bundle_reader r;
    wick_bundle_piece p;
    wick_span part = {in.ptr, 0};
    wick_bundle_reader_init(&r, work, sizeof work);
    for (;;) {
        wick_status s = wick_bundle_next(&r, &p, &part);
        if (s == WICK_AGAIN) {
            if (in.len == 0) {
                return WICK_E_TRUNCATED;
            }
            size_t n = in.len < step ? in.len : step;
            part = wick_span_make(in.ptr, n);
            in = wick_span_make(in.ptr + n, in.len - n);
        } else if (s != WICK_OK) {
            return s;
        } else if (p.tag == WICK_BUNDLE_END) {
            return in.len == 0 ? WICK_OK : WICK_E_TRAILING;
        }
    }
}

static void check_accepted(const wick_bundle *b)
{
    uint8_t slots[WICK_BUNDLE_SLOTS_MAX][32], values[WICK_BUNDLE_SLOTS_MAX][32], hash[32];
    wick_bundle_reader r;
    wick_bundle_piece p;
    wick_bundle_writer w;
    wick_trusted_header th;
    wick_span in;
    size_t count = 0;
    wick_buf out = wick_buf_make(again, sizeof again);
    wick_bundle_write_begin(&w, &out, &b->head);
    wick_bundle_rewind(b, &r, &in);
    do {
        FUZZ_CHECK(wick_bundle_next(&r, &p, &in) == WICK_OK);
        fuzz_touch(p.bytes);
        write_piece(&w, &p);
        if (p.tag == WICK_BUNDLE_SLOT) {
            memcpy(slots[count++], p.bytes.ptr, 32);
        }
    } while (p.tag != WICK_BUNDLE_END);
    FUZZ_CHECK(count == b->slots);
    FUZZ_CHECK(wick_bundle_write_end(&w) == WICK_OK);
    FUZZ_CHECK(out.len == b->bytes.len && memcmp(again, b->bytes.ptr, out.len) == 0);
    wick_status s = wick_bundle_words(values, b, NULL, b->head.chain_id, b->head.contract,
                                      (const uint8_t(*)[32])slots, count);
    FUZZ_CHECK(s != WICK_OK);
    if (s != WICK_E_UNTRUSTED_HEADER) {
        FUZZ_CHECK(wick_ct_is_zero(values[0], count * 32));
    }
    if (wick_bundle_block_hash(hash, b) == WICK_OK) {
        FUZZ_CHECK(wick_bundle_trust_hash(&th, b, hash) == WICK_OK);
        hash[0] ^= 1;
        FUZZ_CHECK(wick_bundle_trust_hash(&th, b, hash) == WICK_E_HEADER_HASH);
        FUZZ_CHECK(!wick_trust_is_made(&th));
    }
}

static uint8_t rlp[700];

static wick_span some_header(void)
{
    static const uint8_t zero[256];
    static const uint16_t lens[15] = {32, 32, 20, 32, 32, 32, 256, 0, 0, 0, 0, 0, 0, 32, 8};
    wick_header h;
    wick_buf b = wick_buf_make(rlp, sizeof rlp);
    memset(&h, 0, sizeof h);
    h.fields = 15;
    for (size_t i = 0; i < 15; i++) {
        h.field[i] = wick_span_make(zero, lens[i]);
    }
    FUZZ_CHECK(wick_header_encode(&b, &h) == WICK_OK);
    return wick_buf_span(&b);
}

/* First byte: the kind, and whether the buffer is small. Then a byte for each piece: its tag, and
 * whether it is written as the beacon's; and a byte for its length. */
static void write_script(const uint8_t *data, size_t size)
{
    static const uint8_t version4[4] = {5, 0, 0, 1}, zero[4096];
    wick_bundle_writer w;
    wick_bundle_head head;
    wick_bundle b;
    bool small = (data[0] & 32u) != 0;
    wick_buf out = wick_buf_make(again, small ? 100 : sizeof again);
    memset(&head, 0, sizeof head);
    head.kind = (wick_bundle_kind)(data[0] & 31u);
    head.time_s = data[0] >> 7;
    wick_bundle_write_begin(&w, &out, &head);
    for (size_t i = 1; i + 1 < size; i += 2) {
        wick_bundle_tag tag = (wick_bundle_tag)(data[i] & 15u);
        size_t len = data[i + 1] < 200 ? data[i + 1] : (data[i + 1] - 199u) * 73u;
        wick_span bytes = wick_span_make(zero, len);
        if ((data[i] & 16u) != 0) {
            bytes.len = (data[i] & 32u) != 0 && len == 0 ? SIZE_MAX : len;
            wick_bundle_write_beacon(&w, tag, version4, bytes);
        } else {
            bool header = tag == WICK_BUNDLE_HEADER && len != 0;
            wick_bundle_write(&w, tag, header ? some_header() : bytes);
        }
    }
    wick_status s = wick_bundle_write_end(&w);
    if (s == WICK_OK) {
        FUZZ_CHECK(wick_bundle_decode(&b, wick_buf_span(&out)) == WICK_OK);
        FUZZ_CHECK(b.slots != 0);
    }
    FUZZ_CHECK(wick_bundle_kind_str(head.kind)[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wick_bundle b;
    if (size < 1 || size > 65000) {
        return 0;
    }
    write_script(data, size);
    wick_span in = wick_span_make(data + 1, size - 1);
    wick_status s = wick_bundle_decode(&b, in);
    wick_status parts = read_in_parts(in, data[0] + 1u);
    FUZZ_CHECK((s == WICK_OK) == (parts == WICK_OK));
    if (s == WICK_OK) {
        FUZZ_ACCEPTED();
        check_accepted(&b);
    }
    return 0;
}
