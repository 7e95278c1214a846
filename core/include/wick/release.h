/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_RELEASE_H
#define WICK_RELEASE_H
/*
 * What the release index says of the newest release of one product, as plain
 * data: who read it and under which header is not known here. core/registry
 * makes it from proven storage words; an update (wick/update.h) takes it from
 * there.
 *
 *     wick_release release;                      from the registry, verified
 *     status = wick_release_usable(&release, &rules, now_s);
 *
 * Times are unix seconds. Stateless; 96 B on the stack of the caller.
 */
#include "wick/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Flags of a release. */
#define WICK_RELEASE_REVOKED 0x01u

/** The head of one product in the release index. */
typedef struct wick_release {
  uint8_t product[32];     /* keccak256 of the product's name */
  uint8_t manifest[32];    /* SHA-256 of the manifest (wick/manifest.h) */
  uint64_t version;        /* strictly rising */
  uint32_t counter;        /* security counter, never falling */
  uint32_t manifest_bytes; /* length of the manifest */
  uint64_t active_from; /* may be installed from this time on; 0 = threshold not
                           reached */
  uint8_t approvals;    /* distinct approvers so far */
  uint8_t threshold;    /* that many are needed */
  uint8_t flags;        /* WICK_RELEASE_* */
  uint32_t index;       /* how many releases the product had before this one */
  uint32_t min_counter; /* no release below this security counter is to run any
                           more */
  uint64_t updated_at;  /* time of the last change of the head */
  uint64_t seen_at;     /* time of the header under which this was read */
} wick_release;

/** What a device demands of a release, and what it has. */
typedef struct wick_release_rules {
  uint64_t running_version; /* of the image that runs */
  uint32_t counter;       /* security counter of the device: only ever raised */
  uint32_t approvals_min; /* at least as many, whatever the index's own
                             threshold says */
  uint32_t max_age_s;     /* how old the header may be; 0 = any */
} wick_release_rules;

/** Whether the release may be installed now.
 *  @param now_s time of day; it is never taken to be before seen_at.
 *  @retval WICK_OK
 *  @retval WICK_E_NOT_FOUND no release yet: all words are zero
 *  @retval WICK_E_FW_FROZEN the header is older than max_age_s
 *  @retval WICK_E_FW_REVOKED  @retval WICK_E_FW_APPROVALS  @retval
 * WICK_E_FW_NOT_ACTIVE
 *  @retval WICK_E_FW_ROLLBACK counter below the device's or the index's least,
 * version not above the running one (equal: WICK_E_STATE, there is nothing to
 * do) */
WICK_NODISCARD wick_status wick_release_usable(const wick_release *release,
                                               const wick_release_rules *rules,
                                               uint64_t now_s);

#ifdef __cplusplus
}
#endif
#endif
