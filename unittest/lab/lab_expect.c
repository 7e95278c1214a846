/* SPDX-License-Identifier: Apache-2.0 */
/* Predictions of calls, compared with what the contracts did. */
#include "lab_expect.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"
#include "wick/abi.h"
#include "wick/calldata.h"
#include "wick/keccak.h"

static uint8_t expected[8192], error[36], to[20];
static size_t expected_len, error_len;
static const char *error_name;
static uint32_t state = 1;

void lab_seed(uint32_t seed)
{
    state = seed;
}

uint32_t lab_draw(uint32_t below)
{
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % below;
}

bool lab_one_in(uint32_t n)
{
    return lab_draw(n) == 0;
}

void lab_word_u64(uint8_t word[32], uint64_t value)
{
    memset(word, 0, 24);
    wick_store_be64(word + 24, value);
}

void lab_word_address(uint8_t word[32], const uint8_t address[20])
{
    memset(word, 0, 12);
    memcpy(word + 12, address, 20);
}

void lab_expect(const uint8_t contract[20])
{
    memcpy(to, contract, 20);
    expected_len = error_len = 0;
    error_name = "";
}

bool lab_refuse(const char *signature)
{
    wick_abi_selector(error, signature);
    error_len = 4;
    error_name = signature;
    return false;
}

bool lab_refuse_with(const char *signature, uint64_t value)
{
    (void)lab_refuse(signature);
    lab_word_u64(error + 4, value);
    error_len = 36;
    return false;
}

static wick_buf tail(void)
{
    return wick_buf_make(expected + expected_len, sizeof expected - expected_len);
}

void lab_event_bytes(const char *signature, size_t indexed, const uint8_t (*words)[32],
                     size_t count, wick_span bytes)
{
    uint8_t topic[32], word[32];
    wick_buf out = tail();
    const size_t data = 32 * count + (bytes.ptr == NULL ? 0 : 64 + (bytes.len + 31) / 32 * 32);
    wick_keccak256(topic, (const uint8_t *)signature, strlen(signature));
    wick_buf_put(&out, to, 20);
    wick_buf_put_u8(&out, (uint8_t)(1 + indexed));
    wick_buf_put(&out, topic, 32);
    for (size_t i = 0; i < indexed; i++) {
        wick_buf_put(&out, words[i], 32);
    }
    wick_buf_put_be16(&out, (uint16_t)data);
    for (size_t i = 0; i < count; i++) {
        wick_buf_put(&out, words[indexed + i], 32);
    }
    if (bytes.ptr != NULL) {
        lab_word_u64(word, 32 * (count + 1));
        wick_buf_put(&out, word, 32);
        lab_word_u64(word, bytes.len);
        wick_buf_put(&out, word, 32);
        wick_buf_put(&out, bytes.ptr, bytes.len);
        wick_buf_put_zero(&out, (32 - bytes.len % 32) % 32);
    }
    CHECK_STATUS(wick_buf_status(&out), WICK_OK);
    expected_len += out.len;
}

void lab_event(const char *signature, size_t indexed, const uint8_t (*words)[32], size_t count)
{
    lab_event_bytes(signature, indexed, words, count, wick_span_make(NULL, 0));
}

size_t lab_expect_mark(void)
{
    return expected_len;
}

void lab_expect_back(size_t mark)
{
    expected_len = mark;
}

void lab_refused_item(size_t index)
{
    uint8_t words[1][32], reason[36];
    memcpy(reason, error, sizeof reason);
    lab_word_u64(words[0], index);
    lab_event_bytes("Refused(uint256,bytes)", 1, (const uint8_t (*)[32])words, 0,
                    wick_span_make(reason, error_len));
    error_len = 0;
    error_name = "";
}

/* The refusal as the node tells it, as the library names it, and as it was predicted. */
static bool check_refusal(unsigned from, const wick_buf *call, uint64_t wei)
{
    uint8_t bytes[256];
    wick_revert revert;
    wick_buf data = wick_buf_make(bytes, sizeof bytes);
    CHECK_STATUS(lab_dry_run(&data, from, to, call, wei), WICK_OK);
    (void)!wick_revert_decode(&revert, wick_buf_span(&data));
    const size_t name = strcspn(error_name, "(");
    const bool same = data.len == error_len && memcmp(bytes, error, error_len) == 0 &&
                      revert.name != NULL && strlen(revert.name) == name &&
                      memcmp(revert.name, error_name, name) == 0;
    if (!same) {
        printf("# refused with %s, not %s\n", revert.name == NULL ? "nothing" : revert.name,
               error_name);
    }
    return same;
}

/* ---- what was met ---- */

#define POINTS 128u

/* Of the ABI: hash of the signature of a function, an event or an error. */
typedef struct point {
    uint8_t id[32];
    unsigned done, refused;
} point;

static point points[POINTS];
static unsigned point_count;

/* A function is known by the first 4 bytes alone. */
static point *point_of(const uint8_t *id, size_t bytes)
{
    unsigned i = 0;
    while (i < point_count && memcmp(points[i].id, id, bytes) != 0) {
        i++;
    }
    if (i == point_count) {
        CHECK(point_count < POINTS);
        point_count += point_count < POINTS;
        i = point_count - 1;
        memset(&points[i], 0, sizeof points[i]);
        memcpy(points[i].id, id, bytes);
    }
    return &points[i];
}

/* Event by event: address 20, number of topics 1, topics, length 2, data. */
static void note_events(const uint8_t *logs, size_t len)
{
    for (size_t at = 0; at < len;) {
        const size_t topics = logs[at + 20], data = at + 21 + 32 * topics;
        point_of(logs + at + 21, 32)->done++;
        at = data + 2 + wick_load_be16(logs + data);
    }
}

static lab_unmet survey(const char *contract, bool tell)
{
    char line[256], name[64], kind[16], signature[160];
    uint8_t id[32];
    const char *path = getenv("WICK_LAB_METHODS");
    FILE *list = path == NULL ? NULL : fopen(path, "r");
    lab_unmet unmet = {UINT_MAX, UINT_MAX};
    while (list != NULL && fgets(line, sizeof line, list) != NULL) {
        if (sscanf(line, "%63s %15s %159s", name, kind, signature) != 3 ||
            strcmp(name, contract) != 0) {
            continue;
        }
        if (unmet.functions == UINT_MAX) {
            unmet = (lab_unmet){0, 0};
        }
        const bool is_view = strcmp(kind, "view") == 0;
        const bool is_function = is_view || strcmp(kind, "function") == 0;
        wick_keccak256(id, (const uint8_t *)signature, strlen(signature));
        const point *p = point_of(id, is_function ? 4 : 32);
        if (is_function) {
            unmet.functions += p->done == 0;
            unmet.others += !is_view && p->refused == 0;
        } else {
            unmet.others += p->done == 0;
        }
        if (tell && is_function && !is_view) {
            printf("# %s.%s: %u done, %u refused\n", contract, signature, p->done, p->refused);
        } else if (tell) {
            printf("# %s: %s %s: %u\n", contract, kind, signature, p->done);
        }
    }
    if (list != NULL) {
        (void)fclose(list);
    }
    return unmet;
}

bool lab_is_covered(const char *contract, lab_unmet most)
{
    const lab_unmet unmet = survey(contract, false);
    return unmet.functions <= most.functions && unmet.others <= most.others;
}

void lab_covered(const char *contract, lab_unmet most)
{
    const lab_unmet unmet = survey(contract, true);
    CHECK(unmet.functions <= most.functions);
    CHECK(unmet.others <= most.others);
    point_count = 0;
}

void lab_view_is(const char *signature, const uint8_t *argument, const uint8_t want[32])
{
    uint8_t bytes[4 + 32], got[32];
    wick_buf call = wick_buf_make(bytes, sizeof bytes);
    wick_abi_put_call(&call, signature);
    if (argument != NULL) {
        wick_abi_put_word(&call, argument);
    }
    const bool done = lab_view(got, LAB_STRANGER, to, &call);
    CHECK(done);
    if (done) {
        CHECK_MEM(got, want, 32);
        point_of(bytes, 4)->done++;
    }
}

bool lab_run(unsigned from, const wick_buf *call, uint64_t wei, const char *what)
{
    static uint8_t got[8192];
    wick_buf logs = wick_buf_make(got, sizeof got);
    bool good = wick_buf_status(call) == WICK_OK;
    const bool refused = error_len != 0;
    if (refused) {
        good = good && check_refusal(from, call, wei);
    }
    const bool done = lab_send(from, to, call, wei);
    lab_logs(&logs);
    const size_t want = refused ? 0 : expected_len;
    good = good && done == !refused && logs.len == want && memcmp(got, expected, want) == 0;
    if (!good) {
        printf("# %s: %s, %u bytes of events, expected %s and %u bytes\n", what,
               done ? "done" : "refused", (unsigned)logs.len, refused ? error_name : "no refusal",
               (unsigned)want);
    }
    CHECK(good);
    if (good && done) {
        point_of(call->ptr, 4)->done++;
        note_events(got, logs.len);
    } else if (good) {
        uint8_t id[32];
        wick_keccak256(id, (const uint8_t *)error_name, strlen(error_name));
        point_of(call->ptr, 4)->refused++;
        point_of(id, 32)->done++;
    }
    return good;
}
