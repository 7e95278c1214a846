/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PEER_BUNDLE_H
#define WICK_PEER_BUNDLE_H
/*
 * A peer's record out of a proof bundle (wick/bundle.h): what a leaf does with the answer of its
 * gateway. It must be about this peer and this service, proven, and not older than what was seen
 * before; the marks of wick/marks.h say what was.
 *
 *   s = wick_bundle_decode(&b, bytes);
 *   s = wick_bundle_trust_hash(&th, &b, hash32);              // or another one, or none
 *   s = wick_peer_bundle_read(&rec, &marks, 0, &b, &th, id, service);
 *   s = wick_marks_save(&marks, work);
 *
 * The age of the header is the caller's to judge: wick_trust_policy_allows() where there is a
 * clock, b.head.time_s against the gateway's time where there is none, which is trust in the
 * gateway then.
 *
 * Stack 0.8 KB, and that of wick/verified.h.
 */
#include "wick/bundle.h"
#include "wick/marks.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Reads the record of a peer.
 * @param[out] rec       zeroed unless WICK_OK, UNTRUSTED_HEADER or RECORD_REVOKED
 * @param[in,out] m      raised by what is proven under a trusted header, and by nothing else: a
 *                       gateway that makes up headers cannot make true ones look old
 * @param[in] registry   its index in the marks, which name chain and contract
 * @param[in] th         of the bundle's header; NULL: nobody vouches for it
 * @param[in] id32, service32  who was asked for; never taken from the bundle
 * @retval WICK_OK                   the record, proven
 * @retval WICK_E_UNTRUSTED_HEADER   the record, consistent with a header that may be anybody's
 * @retval WICK_E_BUNDLE_OTHER       an answer about another peer, service or contract
 * @retval WICK_E_CHAIN_MISMATCH     of another chain
 * @retval WICK_E_HEADER_STALE       lower number or time than a header seen before
 * @retval WICK_E_RECORD_STALE       lower epoch or sequence number than seen before
 * @retval WICK_E_RECORD_ABSENT, WICK_E_RECORD_REVOKED
 *                                   as wick_marks_record(), proven. Where nobody vouches for the
 *                                   header they are UNTRUSTED_HEADER with `rec` zeroed
 * @retval WICK_E_RECORD_INVALID     words that no correct contract writes
 * @retval WICK_E_BAD_ARG            no such registry in the marks
 * @retval others                    as wick_bundle_words()
 */
WICK_NODISCARD wick_status wick_peer_bundle_read(wick_peer_record *rec, wick_marks *m,
                                                 size_t registry, const wick_bundle *b,
                                                 const wick_trusted_header *th,
                                                 const uint8_t id32[32],
                                                 const uint8_t service32[32]);

#ifdef __cplusplus
}
#endif
#endif
