/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Light client objects in JSON, recorded from beacon nodes: port/linux writes the SSZ that the files
 * beside them hold, and that another writer makes of them; one byte more or less anywhere is refused.
 */
#include <stdio.h>
#include <string.h>

#include "beacon_data.h"
#include "tap.h"
#include "wick/port/beacon_json.h"

static uint64_t arena[600000 / 8];
static uint8_t made[WICK_BEACON_OBJECT_MAX];

static uint16_t members; /* of the committee of the object at hand */

static void count_members(const cJSON *object)
{
    const cJSON *data = data_get(object, "data");
    const cJSON *bits = data_get(data_get(data, "sync_aggregate"), "sync_committee_bits");
    const cJSON *keys = data_get(data_get(data, "current_sync_committee"), "pubkeys");
    members = (uint16_t)(cJSON_IsString(bits) ? (strlen(bits->valuestring) - 2) * 4
                                              : (size_t)cJSON_GetArraySize(keys));
}

/* What port/linux makes of a JSON object of the API. */
static wick_status convert(wick_span *out, wick_beacon_kind kind, const char *fork,
                           const cJSON *object)
{
    char *text = cJSON_PrintUnformatted(object);
    const wick_json *root;
    wick_buf ssz = wick_buf_make(made, sizeof made);
    const wick_beacon_shape *shape = wick_beacon_shape_by_name(fork, strlen(fork));
    /* cJSON's memory is what wick_json_parse() takes from the arena: not to be given back to libc. */
    wick_status s = wick_json_parse(&root, (uint8_t *)arena, sizeof arena, wick_span_text(text));
    cJSON_free(text);
    if (s == WICK_OK) {
        const wick_json *data = wick_json_member(root, "data");
        s = shape == NULL ? WICK_E_UNSUPPORTED
                          : wick_beacon_json_object(&ssz, kind, shape, data, members);
    }
    *out = wick_buf_span(&ssz);
    return s;
}

/* Is there a file beside with these very bytes? */
static bool is_beside(const char *path, wick_span ssz)
{
    size_t n, dir = (size_t)(strrchr(path, '/') - path) + 1;
    const raw_file *files = raw_files(&n);
    for (size_t i = 0; i < n; i++) {
        if (strncmp(files[i].path, path, dir) == 0 && files[i].bytes.len == ssz.len &&
            memcmp(files[i].bytes.ptr, ssz.ptr, ssz.len) == 0) {
            return true;
        }
    }
    return false;
}

static size_t objects, same_file;

static void check(const char *path, const cJSON *object)
{
    wick_span theirs, ours;
    wick_beacon_kind kind;
    char fork[16];
    if (!beacon_ssz(&theirs, &kind, fork, object)) {
        return;
    }
    objects++;
    count_members(object);
    CHECK_STATUS(convert(&ours, kind, fork, object), WICK_OK);
    CHECK(ours.len == theirs.len && memcmp(ours.ptr, theirs.ptr, ours.len) == 0);
    same_file += is_beside(path, ours) ? 1 : 0;
}

static void each(void (*visit)(const char *path, const cJSON *object))
{
    size_t n;
    const data_file *files = data_files(&n);
    for (size_t i = 0; i < n; i++) {
        if (cJSON_IsArray(files[i].root)) {
            const cJSON *e;
            cJSON_ArrayForEach(e, files[i].root) {
                visit(files[i].path, e);
            }
        } else {
            visit(files[i].path, files[i].root);
        }
    }
}

TEST(the_same_bytes)
{
    objects = same_file = 0;
    each(check);
    if (objects == 0) {
        SKIP("no light client objects in JSON");
    }
    data_note("%zu objects, %zu equal to an SSZ file beside", objects, same_file);
    CHECK(same_file >= 4 || objects < 10);
}

/* Every string of the object one digit longer and one shorter, and every member left out. */
static size_t refused, taken;

static void mutate(const cJSON *object, wick_beacon_kind kind, const char *fork, cJSON *at,
                   unsigned depth)
{
    wick_span out;
    for (cJSON *e = at->child; e != NULL && depth < 8; e = e->next) {
        if (cJSON_IsString(e) && !(at->child == e && e->next != NULL && e->string == NULL)) {
            char *text = e->valuestring;
            size_t len = strlen(text);
            char *changed = (char *)data_alloc(len + 4);
            memcpy(changed, text, len);
            memcpy(changed + len, "0x", 3); /* no digit of either kind */
            e->valuestring = changed;
            wick_status s = convert(&out, kind, fork, object);
            CHECK(s == WICK_E_JSON || (e->string != NULL && strcmp(e->string, "version") == 0 &&
                                       s == WICK_OK));
            refused += s != WICK_OK ? 1 : 0;
            if (len > 2 && text[0] == '0' && text[1] == 'x') {
                memcpy(changed, text, len);
                changed[len - 1] = '\0';
                CHECK_STATUS(convert(&out, kind, fork, object), WICK_E_JSON);
                changed[len - 2] = '\0';
                s = convert(&out, kind, fork, object);
                /* The one field that has no length of its own. */
                CHECK(s == WICK_E_JSON || (e->string != NULL && s == WICK_OK && len > 3 &&
                                           strcmp(e->string, "extra_data") == 0));
                refused += 2;
            }
            e->valuestring = text;
        } else if (e->child != NULL && !(cJSON_IsArray(at) && e != at->child)) {
            mutate(object, kind, fork, e, depth + 1);
        }
        if (e->string != NULL && depth != 0) {
            char *name = e->string;
            char other[] = "nothing";
            e->string = other;
            CHECK_STATUS(convert(&out, kind, fork, object), WICK_E_JSON);
            e->string = name;
            refused++;
        }
    }
}

static void mutate_one(const char *path, const cJSON *object)
{
    wick_span ssz;
    wick_beacon_kind kind;
    char fork[16];
    (void)path;
    if (!beacon_ssz(&ssz, &kind, fork, object) || ssz.len > 5000) {
        return; /* the small ones have every member that the large ones have */
    }
    taken++;
    count_members(object);
    mutate(object, kind, fork, cJSON_GetObjectItemCaseSensitive(object, "data"), 1);
}

TEST(anything_else_is_refused)
{
    refused = taken = 0;
    each(mutate_one);
    if (taken == 0) {
        SKIP("no light client objects in JSON");
    }
    data_note("%zu changes of %zu objects refused", refused, taken);
    CHECK(refused > 100 * taken / 2);
}

TEST(numbers_in_decimal)
{
    static const struct {
        const char *text;
        bool good;
        uint8_t first, last;
    } cases[] = {{"\"0\"", true, 0, 0},
                 {"\"258\"", true, 2, 0},
                 {"\"18446744073709551615\"", true, 255, 255},
                 {"\"18446744073709551616\"", false, 0, 0},
                 {"\"00\"", false, 0, 0},
                 {"\"01\"", false, 0, 0},
                 {"\"\"", false, 0, 0},
                 {"\"-1\"", false, 0, 0},
                 {"\"1e3\"", false, 0, 0},
                 {"\" 1\"", false, 0, 0},
                 {"\"0x1\"", false, 0, 0},
                 {"7", false, 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const wick_json *root;
        uint8_t le[8];
        REQUIRE_STATUS(wick_json_parse(&root, (uint8_t *)arena, sizeof arena,
                                       wick_span_text(cases[i].text)), WICK_OK);
        CHECK_STATUS(wick_beacon_json_uint(le, sizeof le, root),
                     cases[i].good ? WICK_OK : WICK_E_JSON);
        CHECK_INT(le[0], cases[i].first);
        CHECK_INT(le[7], cases[i].last);
    }
}

TAP_MAIN("vectors.beacon_json", CASE(the_same_bytes), CASE(anything_else_is_refused),
         CASE(numbers_in_decimal))
