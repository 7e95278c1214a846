/* SPDX-License-Identifier: Apache-2.0 */
/* A peer's record out of a proof bundle, held against what was seen before. */
#include "wick/peer_bundle.h"

#include <string.h>

/* Below a mark is refused whoever vouches: what nobody vouches for is no better than what is. */
static wick_status check_marks(const wick_marks *m, size_t registry, const wick_bundle *b)
{
    wick_trusted_header seen_as;
    memset(&seen_as, 0, sizeof seen_as); /* never made: for its number and time */
    seen_as.number = b->number;
    seen_as.timestamp = b->head.time_s;
    return wick_marks_header(m, registry, &seen_as);
}

static wick_status raise_marks(wick_peer_record *rec, wick_marks *m, size_t registry,
                               const wick_trusted_header *th, const uint8_t id32[32],
                               const uint8_t service32[32], wick_status read)
{
    wick_record_seen seen;
    wick_status s = wick_marks_record(m, &seen, registry, id32, service32, rec, read);
    /* What is not final may go back: it raises no mark. */
    if (th != NULL && th->tier != WICK_TIER_OPTIMISTIC) {
        wick_marks_header_proven(m, registry, th);
        if (s == WICK_OK) {
            wick_marks_put(m, registry, id32, service32, &seen);
        }
    }
    return s;
}

wick_status wick_peer_bundle_read(wick_peer_record *rec, wick_marks *m, size_t registry,
                                  const wick_bundle *b, const wick_trusted_header *th,
                                  const uint8_t id32[32], const uint8_t service32[32])
{
    wick_peer_query q;
    memset(rec, 0, sizeof *rec);
    if (registry >= m->count) {
        return WICK_E_BAD_ARG;
    }
    wick_peer_query_init(&q, id32, service32, false);
    wick_status s = wick_bundle_words(q.values, b, th, m->chain[registry].chain_id,
                                      m->chain[registry].contract,
                                      (const uint8_t(*)[32])q.slots, q.count);
    if (s != WICK_OK && s != WICK_E_UNTRUSTED_HEADER) {
        return s;
    }
    s = check_marks(m, registry, b);
    if (s != WICK_OK) {
        return s;
    }
    s = raise_marks(rec, m, registry, th, id32, service32, wick_peer_record_read(rec, &q));
    bool vouched = th != NULL;
    if (s != WICK_OK && (s != WICK_E_RECORD_REVOKED || !vouched)) {
        memset(rec, 0, sizeof *rec);
    }
    if (!vouched &&
        (s == WICK_OK || s == WICK_E_RECORD_ABSENT || s == WICK_E_RECORD_REVOKED)) {
        return WICK_E_UNTRUSTED_HEADER;
    }
    return s;
}
