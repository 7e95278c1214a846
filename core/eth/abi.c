/* SPDX-License-Identifier: Apache-2.0 */
/* Contract ABI (Solidity documentation, "Contract ABI Specification" and "Layout in Storage"). */
#include "wick/abi.h"

#include <string.h>

#include "wick/keccak.h"

#define WORD 32u

/* ---- encoding ---- */

void wick_abi_selector(uint8_t out4[4], const char *signature)
{
    uint8_t h[32];
    wick_span text = wick_span_text(signature);
    wick_keccak256(h, text.ptr, text.len);
    memcpy(out4, h, 4);
}

void wick_abi_put_call(wick_buf *b, const char *signature)
{
    uint8_t selector[4];
    wick_abi_selector(selector, signature);
    wick_buf_put(b, selector, sizeof selector);
}

void wick_abi_put_word(wick_buf *b, const uint8_t word32[32])
{
    wick_buf_put(b, word32, WORD);
}

void wick_abi_put_u64(wick_buf *b, uint64_t v)
{
    wick_buf_put_zero(b, WORD - 8);
    wick_buf_put_be64(b, v);
}

void wick_abi_put_bool(wick_buf *b, bool v)
{
    wick_abi_put_u64(b, v ? 1 : 0);
}

void wick_abi_put_address(wick_buf *b, const uint8_t address20[20])
{
    wick_buf_put_zero(b, WORD - 20);
    wick_buf_put(b, address20, 20);
}

/* Zero bytes that fill the last word of `len` bytes. */
static size_t padding(size_t len)
{
    return (WORD - len % WORD) % WORD;
}

void wick_abi_put_bytes(wick_buf *b, wick_span bytes)
{
    wick_abi_put_u64(b, bytes.len);
    wick_buf_put(b, bytes.ptr, bytes.len);
    wick_buf_put_zero(b, padding(bytes.len));
}

/* ---- decoding ---- */

wick_abi wick_abi_make(wick_span in)
{
    wick_abi a;
    a.in = in;
    a.status = WICK_OK;
    return a;
}

/* `len` bytes at `at`, or NULL. No sum, so nothing wraps. */
static const uint8_t *view(wick_abi *a, uint64_t at, uint64_t len)
{
    if (a->status != WICK_OK) {
        return NULL;
    }
    if (at > a->in.len || len > a->in.len - at) {
        a->status = WICK_E_TRUNCATED;
        return NULL;
    }
    return a->in.ptr + (size_t)at;
}

/* The word at byte `at` as an integer below 2^64. */
static uint64_t u64_at(wick_abi *a, uint64_t at)
{
    const uint8_t *p = view(a, at, WORD);
    if (p == NULL) {
        return 0;
    }
    if (!wick_ct_is_zero(p, WORD - 8)) {
        a->status = WICK_E_MALFORMED;
        return 0;
    }
    return wick_load_be64(p + (WORD - 8));
}

/* Byte position of word `index`; one that wraps is beyond every input. */
static uint64_t at_index(size_t index)
{
    return index > SIZE_MAX / WORD ? UINT64_MAX : (uint64_t)index * WORD;
}

const uint8_t *wick_abi_word(wick_abi *a, size_t index)
{
    return view(a, at_index(index), WORD);
}

uint64_t wick_abi_u64(wick_abi *a, size_t index)
{
    return u64_at(a, at_index(index));
}

bool wick_abi_bool(wick_abi *a, size_t index)
{
    uint64_t v = wick_abi_u64(a, index);
    if (v > 1) {
        a->status = WICK_E_MALFORMED;
        v = 0;
    }
    return v == 1;
}

void wick_abi_address(wick_abi *a, uint8_t out20[20], size_t index)
{
    const uint8_t *p = wick_abi_word(a, index);
    if (p != NULL && !wick_ct_is_zero(p, WORD - 20)) {
        a->status = WICK_E_MALFORMED;
        p = NULL;
    }
    if (p != NULL) {
        memcpy(out20, p + (WORD - 20), 20);
    } else {
        memset(out20, 0, 20);
    }
}

wick_span wick_abi_bytes(wick_abi *a, size_t index)
{
    wick_span none = {NULL, 0};
    uint64_t offset = wick_abi_u64(a, index);
    uint64_t len = u64_at(a, offset);
    /* u64_at() has shown that offset + 32 lies inside. */
    const uint8_t *p = a->status == WICK_OK ? view(a, offset + WORD, len) : NULL;
    if (p == NULL) {
        return none;
    }
    size_t pad = padding((size_t)len);
    const uint8_t *tail = view(a, offset + WORD + len, pad);
    if (tail == NULL) {
        return none;
    }
    if (!wick_ct_is_zero(tail, pad)) {
        a->status = WICK_E_MALFORMED;
        return none;
    }
    return wick_span_make(p, (size_t)len);
}

/* ---- storage layout ---- */

void wick_abi_mapping_slot(uint8_t out32[32], const uint8_t key32[32], const uint8_t slot32[32])
{
    wick_keccak k;
    wick_keccak_init(&k);
    wick_keccak_update(&k, key32, WORD);
    wick_keccak_update(&k, slot32, WORD);
    wick_keccak_final(&k, out32);
}

void wick_abi_mapping_slot_u64(uint8_t out32[32], const uint8_t key32[32], uint64_t slot)
{
    uint8_t slot32[32] = {0};
    wick_store_be64(slot32 + 24, slot);
    wick_abi_mapping_slot(out32, key32, slot32);
}

void wick_abi_slot_add(uint8_t out32[32], const uint8_t slot32[32], uint64_t n)
{
    unsigned carry = 0;
    for (size_t i = WORD; i-- != 0;) {
        unsigned sum = slot32[i] + (unsigned)(n & 0xffu) + carry;
        out32[i] = (uint8_t)sum;
        carry = sum >> 8;
        n >>= 8;
    }
}
