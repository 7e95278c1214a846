/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_MARKS_H
#define WICK_MARKS_H
/*
 * High-water marks: of each registry the highest header proven, of each peer the highest epoch and
 * sequence numbers. An old state of a chain is a true state, so what is lower than its mark is
 * refused however well it is proven (HEADER_STALE, RECORD_STALE), and a record that was there and
 * is not any more has been revoked.
 *
 *   wick_marks_init(&m, store);
 *   s = wick_marks_add(&m, chain_id, contract20);          // registry 0, then 1, ...
 *   s = wick_marks_load(&m, work);
 *   s = wick_marks_header(&m, 0, &header);                 // before the proof is asked for
 *   ... wick/verified.h proves the words ...
 *   wick_marks_header_proven(&m, 0, &header);
 *   read = wick_peer_record_read(&rec, &query);
 *   s = wick_marks_record(&m, &seen, 0, id, service, &rec, read);
 *   if (s == WICK_OK) { wick_marks_put(&m, 0, id, service, &seen); }
 *   s = wick_marks_save(&m, work);
 *
 * Epochs belong to a peer, sequence numbers to one service of it. WICK_GW_MARKS_MAX pairs of peer
 * and service are kept; the one unused for longest makes room. Two values in the store, rewritten
 * whole: 0x0500 headers, 0x0501 peers.
 *
 * Size on 32 bits: 1.0 KB with the default bounds. Stack below 200 bytes, and the store's.
 */
#include "wick/hal/store.h"
#include "wick/record.h"
#include "wick/trust.h"

#ifdef __cplusplus
extern "C" {
#endif

/** One peer and one of its services. Private. */
typedef struct wick_mark {
    uint8_t id[32];
    uint8_t registry[4]; /* chain and contract, shortened */
    uint8_t service[4];  /* shortened; zero: no service was read yet */
    wick_record_seen seen;
} wick_mark;

typedef struct wick_marks { /* private */
    const wick_hal_store *store;
    struct {
        uint64_t chain_id, number, time_s;
        const uint8_t *contract;
    } chain[WICK_GW_REGISTRIES_MAX];
    uint8_t count, peer_count;
    bool dirty;
    wick_mark peer[WICK_GW_MARKS_MAX]; /* the one used last comes first */
} wick_marks;

/** Empty marks. `store` is kept and must outlive them; NULL: they live in RAM alone. */
void wick_marks_init(wick_marks *m, const wick_hal_store *store);

/** Adds a registry; its index is the number of those added before. `contract20` is kept.
 *  @retval WICK_OK  @retval WICK_E_LIMIT there are WICK_GW_REGISTRIES_MAX */
WICK_NODISCARD wick_status wick_marks_add(wick_marks *m, uint64_t chain_id,
                                          const uint8_t contract20[20]);

/** Reads the marks of the registries that were added.
 *  @param[out] work  memory for one value
 *  @retval WICK_OK  also where nothing is stored yet, or there is no store
 *  @retval WICK_E_STORE_VERSION, WICK_E_STORE_CORRUPT and others of the store */
WICK_NODISCARD wick_status wick_marks_load(wick_marks *m, uint8_t work[WICK_STORE_VALUE_MAX]);

/** Writes the marks if they have changed. On an error they stay in RAM, and the next change is
 *  written with them.
 *  @retval WICK_OK  @retval others of the store */
WICK_NODISCARD wick_status wick_marks_save(wick_marks *m, uint8_t work[WICK_STORE_VALUE_MAX]);

/** Is this header not below the mark of its registry? Not asked of a pinned header.
 *  @retval WICK_OK  @retval WICK_E_HEADER_STALE lower number or time than a header already proven */
WICK_NODISCARD wick_status wick_marks_header(const wick_marks *m, size_t registry,
                                             const wick_trusted_header *header);

/** Raises the mark: words have been proven under this header. */
void wick_marks_header_proven(wick_marks *m, size_t registry, const wick_trusted_header *header);

/** Blocks above `number` have left the chain: the header's mark is lowered to it. `time_s` is not after
 *  that block's. Marks of peers stay: whoever lost a record writes it again above them. */
void wick_marks_lower(wick_marks *m, size_t registry, uint64_t number, uint64_t time_s);

/** What was seen of a peer; zero if nothing was. `service32` NULL: the epoch alone is wanted. */
void wick_marks_get(const wick_marks *m, wick_record_seen *out, size_t registry,
                    const uint8_t id32[32], const uint8_t *service32);

/**
 * Holds a proven record against its marks; changes none.
 * @param[out] seen     what to give to wick_marks_put() once the record is accepted
 * @param[in] service32 NULL: only the device words were read
 * @param[in] rec, read the record, and what wick_peer_record_read() said of it
 * @retval WICK_OK
 * @retval WICK_E_RECORD_REVOKED `read` is RECORD_ABSENT, and the id was seen before
 * @retval WICK_E_RECORD_STALE   epoch or sequence number lower than seen
 * @retval read                  any other than WICK_OK
 */
WICK_NODISCARD wick_status wick_marks_record(const wick_marks *m, wick_record_seen *seen,
                                             size_t registry, const uint8_t id32[32],
                                             const uint8_t *service32, const wick_peer_record *rec,
                                             wick_status read);

/** Keeps what was seen. `service32` NULL: the epoch alone. */
void wick_marks_put(wick_marks *m, size_t registry, const uint8_t id32[32],
                    const uint8_t *service32, const wick_record_seen *seen);

#ifdef __cplusplus
}
#endif
#endif
