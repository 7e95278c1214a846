/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_EXAMPLES_EVIDENCE_H
#define WICK_EXAMPLES_EVIDENCE_H
/*
 * What a bundle must hold so that a device believes its header: the finality update of a sync
 * committee, the headers that confirm one of Clique; and, for a device whose store is older, what
 * leads from there to the header: updates of the committee, headers with other validators, or all
 * headers of Clique. Nothing here is trusted: the device checks every piece.
 *
 *     static evidence e;
 *     s = evidence_init(&e, &view, &r, since);         after chain_head(); moves r to its header
 *     reader_evidence pieces = {evidence_put, &e};
 *     s = reader_bundle(&r, &out, view.kind, &pieces, slots, count, contract);
 *
 * About 60 KB.
 */
#include "chain.h"

/** Devices are up to date: nothing leads to the header. */
#define EVIDENCE_UP_TO_DATE UINT64_MAX

typedef struct evidence {
    chain_view *view;
    reader *r;
    uint64_t since; /* block that the store of the device knows */
    uint8_t version4[4];
    size_t ssz_len;
    uint8_t ssz[WICK_BEACON_OBJECT_MAX]; /* the finality update */
    uint8_t header[WICK_HEADER_MAX];     /* the one at hand */
    wick_bft bft;
} evidence;

/** Finds the header to prove under, and sets view->kind.
 *  @retval WICK_OK
 *  @retval WICK_E_BAD_ARG  `since` is newer than the header
 *  @retval WICK_E_LIMIT    more lies in between than a bundle holds
 *  @retval others          as chain_head() and link_finality() */
WICK_NODISCARD wick_status evidence_init(evidence *e, chain_view *view, reader *r, uint64_t since);

/** The `put` of a reader_evidence.
 *  @retval WICK_E_SEAL_OVERLAP, WICK_E_EXPIRED, ... the header cannot be reached from `since`
 *  @retval WICK_E_HEADER_OTHER  the node's headers make no chain  @retval others of the nodes */
WICK_NODISCARD wick_status evidence_put(void *ctx, wick_bundle_writer *w, bool behind);

#endif
