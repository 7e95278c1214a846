/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a release may be installed: the rules of section 4.2 of the update
 * design, one by one. */
#include "wick/release.h"

wick_status wick_release_usable(const wick_release *release, const wick_release_rules *rules,
                                uint64_t now_s)
{
    if (release->version == 0) {
        return WICK_E_NOT_FOUND;
    }
    uint64_t now = now_s > release->seen_at ? now_s : release->seen_at;
    if (rules->max_age_s != 0 && now - release->seen_at > rules->max_age_s) {
        return WICK_E_FW_FROZEN;
    }
    if ((release->flags & WICK_RELEASE_REVOKED) != 0) {
        return WICK_E_FW_REVOKED;
    }
    if (release->approvals < release->threshold || release->approvals < rules->approvals_min ||
        release->threshold == 0 || release->active_from == 0) {
        return WICK_E_FW_APPROVALS;
    }
    /* The chain's own time decides: a clock that runs ahead must not end a delay
     * early. */
    if (release->active_from > release->seen_at) {
        return WICK_E_FW_NOT_ACTIVE;
    }
    if (release->counter < rules->counter || release->counter < release->min_counter) {
        return WICK_E_FW_ROLLBACK;
    }
    if (release->version == rules->running_version) {
        return WICK_E_STATE;
    }
    return release->version > rules->running_version ? WICK_OK : WICK_E_FW_ROLLBACK;
}
