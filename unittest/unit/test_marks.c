/* SPDX-License-Identifier: Apache-2.0 */
/* High-water marks: what is lower than before is stale, what is gone is revoked (review, must 25). */
#include "tap.h"
#include "wick/marks.h"

#include <string.h>

static wick_marks m;
static uint8_t work[WICK_STORE_VALUE_MAX];
static const uint8_t contract_a[20] = {0xA}, contract_b[20] = {0xB};
static const uint8_t id[32] = {1}, service[32] = {2}, other_service[32] = {3};

/* A store of two values. */
static struct {
    uint8_t bytes[2][WICK_STORE_VALUE_MAX], version[2];
    size_t len[2];
    unsigned puts;
    wick_status refuse;
} medium;

static wick_status store_get(void *ctx, uint16_t key, uint8_t *version, wick_buf *out)
{
    (void)ctx;
    unsigned i = key & 1u;
    if (medium.version[i] == 0) {
        return WICK_E_NOT_FOUND;
    }
    *version = medium.version[i];
    wick_buf_put(out, medium.bytes[i], medium.len[i]);
    return WICK_OK;
}

static wick_status store_put(void *ctx, uint16_t key, uint8_t version, wick_span value)
{
    (void)ctx;
    unsigned i = key & 1u;
    medium.puts++;
    if (medium.refuse != WICK_OK) {
        return medium.refuse;
    }
    medium.version[i] = version;
    medium.len[i] = value.len;
    memcpy(medium.bytes[i], value.ptr, value.len);
    return WICK_OK;
}

static const wick_hal_store store = {NULL, store_get, store_put, NULL};

static void fresh(void)
{
    memset(&medium, 0, sizeof medium);
    wick_marks_init(&m, &store);
    CHECK_STATUS(wick_marks_add(&m, 1, contract_a), WICK_OK);
    CHECK_STATUS(wick_marks_add(&m, 1, contract_b), WICK_OK);
    CHECK_STATUS(wick_marks_load(&m, work), WICK_OK);
}

static wick_trusted_header header(uint64_t number, uint64_t time_s)
{
    wick_trusted_header h;
    memset(&h, 0, sizeof h);
    h.number = number;
    h.timestamp = time_s;
    return h;
}

static wick_status record(const uint8_t *which, uint32_t epoch, uint32_t seq)
{
    wick_record_seen seen;
    wick_peer_record rec;
    memset(&rec, 0, sizeof rec);
    rec.device.epoch = epoch;
    rec.has_endpoint[0] = seq != 0;
    rec.endpoint[0].seq = seq;
    wick_status s = wick_marks_record(&m, &seen, 0, id, which, &rec,
                                      epoch != 0 ? WICK_OK : WICK_E_RECORD_ABSENT);
    if (s == WICK_OK) {
        wick_marks_put(&m, 0, id, which, &seen);
    }
    return s;
}

TEST(must_25_headers_do_not_go_back)
{
    fresh();
    wick_trusted_header h = header(10, 1000), lower = header(9, 1001), older = header(11, 999);
    CHECK_STATUS(wick_marks_header(&m, 0, &h), WICK_OK);
    wick_marks_header_proven(&m, 0, &h);
    CHECK_STATUS(wick_marks_header(&m, 0, &h), WICK_OK);
    CHECK_STATUS(wick_marks_header(&m, 0, &lower), WICK_E_HEADER_STALE);
    CHECK_STATUS(wick_marks_header(&m, 0, &older), WICK_E_HEADER_STALE);
    CHECK_STATUS(wick_marks_header(&m, 1, &lower), WICK_OK); /* another registry */
    wick_marks_header_proven(&m, 0, &lower);
    CHECK_STATUS(wick_marks_header(&m, 0, &lower), WICK_E_HEADER_STALE); /* never lowered */
}

/* But with the chain, when it is reorganised. */
TEST(headers_go_back_with_the_chain)
{
    fresh();
    wick_trusted_header h = header(10, 1000), lower = header(8, 900), least = header(7, 899);
    wick_marks_header_proven(&m, 0, &h);
    wick_marks_lower(&m, 0, 8, 880);
    CHECK_STATUS(wick_marks_header(&m, 0, &lower), WICK_OK);
    CHECK_STATUS(wick_marks_header(&m, 0, &least), WICK_E_HEADER_STALE);
    wick_marks_lower(&m, 0, 9, 950); /* not upwards */
    CHECK_STATUS(wick_marks_header(&m, 0, &lower), WICK_OK);
}

TEST(must_25_records_do_not_go_back)
{
    fresh();
    CHECK_STATUS(record(service, 0, 0), WICK_E_RECORD_ABSENT);
    CHECK_STATUS(record(service, 2, 7), WICK_OK);
    CHECK_STATUS(record(service, 2, 6), WICK_E_RECORD_STALE);
    CHECK_STATUS(record(service, 2, 0), WICK_E_RECORD_STALE); /* an endpoint that is gone */
    CHECK_STATUS(record(service, 1, 7), WICK_E_RECORD_STALE);
    CHECK_STATUS(record(service, 0, 0), WICK_E_RECORD_REVOKED);
    CHECK_STATUS(record(service, 2, 7), WICK_OK);
    CHECK_STATUS(record(NULL, 1, 0), WICK_E_RECORD_STALE);
    CHECK_STATUS(record(NULL, 0, 0), WICK_E_RECORD_REVOKED);
}

/* A sequence number belongs to one service, an epoch to the peer. */
TEST(services_count_apart)
{
    fresh();
    CHECK_STATUS(record(NULL, 2, 0), WICK_OK);
    CHECK_STATUS(record(service, 2, 7), WICK_OK);
    CHECK_STATUS(record(other_service, 2, 1), WICK_OK);
    CHECK_STATUS(record(service, 2, 6), WICK_E_RECORD_STALE);
    CHECK_STATUS(record(other_service, 3, 1), WICK_OK);
    CHECK_STATUS(record(service, 2, 7), WICK_E_RECORD_STALE);
    CHECK_STATUS(record(NULL, 3, 0), WICK_OK);
    CHECK_STATUS(record(service, 3, 6), WICK_E_RECORD_STALE); /* the epoch alone was read */
}

TEST(the_oldest_makes_room)
{
    fresh();
    wick_record_seen seen = {5, {0, 0}};
    uint8_t peer[32] = {0};
    for (unsigned i = 0; i <= WICK_GW_MARKS_MAX; i++) {
        peer[31] = (uint8_t)i;
        wick_marks_put(&m, 0, peer, service, &seen);
    }
    wick_marks_get(&m, &seen, 0, peer, service);
    CHECK_INT(seen.epoch, 5);
    peer[31] = 0;
    wick_marks_get(&m, &seen, 0, peer, service);
    CHECK_INT(seen.epoch, 0);
    peer[31] = 1;
    wick_marks_get(&m, &seen, 0, peer, service);
    CHECK_INT(seen.epoch, 5);
    wick_marks_get(&m, &seen, 1, peer, service); /* the same id in another registry */
    CHECK_INT(seen.epoch, 0);
}

TEST(marks_outlive_a_restart)
{
    wick_record_seen seen;
    fresh();
    wick_trusted_header h = header(10, 1000), lower = header(9, 1000);
    wick_marks_header_proven(&m, 0, &h);
    CHECK_STATUS(record(service, 2, 7), WICK_OK);
    CHECK_STATUS(wick_marks_save(&m, work), WICK_OK);
    CHECK_INT(medium.puts, 2);
    CHECK_STATUS(wick_marks_save(&m, work), WICK_OK); /* nothing has changed */
    CHECK_INT(medium.puts, 2);
    /* The registries in another order. */
    wick_marks_init(&m, &store);
    CHECK_STATUS(wick_marks_add(&m, 1, contract_b), WICK_OK);
    CHECK_STATUS(wick_marks_add(&m, 1, contract_a), WICK_OK);
    CHECK_STATUS(wick_marks_load(&m, work), WICK_OK);
    CHECK_STATUS(wick_marks_header(&m, 1, &lower), WICK_E_HEADER_STALE);
    CHECK_STATUS(wick_marks_header(&m, 0, &lower), WICK_OK);
    wick_marks_get(&m, &seen, 1, id, service);
    CHECK_INT(seen.epoch, 2);
    CHECK_INT(seen.seq[0], 7);
    wick_marks_get(&m, &seen, 0, id, service);
    CHECK_INT(seen.epoch, 0);
}

TEST(a_store_that_refuses)
{
    fresh();
    CHECK_STATUS(record(service, 2, 7), WICK_OK);
    medium.refuse = WICK_E_STORE_FULL;
    CHECK_STATUS(wick_marks_save(&m, work), WICK_E_STORE_FULL);
    CHECK_STATUS(record(service, 1, 7), WICK_E_RECORD_STALE); /* still known */
    medium.refuse = WICK_OK;
    CHECK_STATUS(record(service, 2, 8), WICK_OK);
    CHECK_STATUS(wick_marks_save(&m, work), WICK_OK);
    medium.len[1]--;
    CHECK_STATUS(wick_marks_load(&m, work), WICK_E_STORE_CORRUPT);
    medium.len[1]++;
    medium.version[1] = 1;
    CHECK_STATUS(wick_marks_load(&m, work), WICK_E_STORE_VERSION);
}

TEST(as_many_registries_as_fit)
{
    wick_marks_init(&m, NULL);
    for (unsigned i = 0; i < WICK_GW_REGISTRIES_MAX; i++) {
        CHECK_STATUS(wick_marks_add(&m, i, contract_a), WICK_OK);
    }
    CHECK_STATUS(wick_marks_add(&m, 99, contract_a), WICK_E_LIMIT);
    CHECK_STATUS(wick_marks_load(&m, work), WICK_OK);
    CHECK_STATUS(record(service, 1, 1), WICK_OK);
    CHECK_STATUS(wick_marks_save(&m, work), WICK_OK); /* without a store they live in RAM */
}

TAP_MAIN("unit.marks", CASE(must_25_headers_do_not_go_back),
         CASE(headers_go_back_with_the_chain), CASE(must_25_records_do_not_go_back),
         CASE(services_count_apart),
         CASE(the_oldest_makes_room), CASE(marks_outlive_a_restart), CASE(a_store_that_refuses),
         CASE(as_many_registries_as_fit))
