/* SPDX-License-Identifier: Apache-2.0 */
#include "power_cut_life.h"

#include "../unit/naive_flash.h"

#define STARTS_MAX 16

static bool ended_well(const fw_world *w)
{
    int want = w->healthy ? 2 : 1;
    wick_update_report r;
    wick_update_report_get(&w->update, &r);
    bool good = fw_running(w) == want && w->boot.phase == WICK_BOOT_SETTLED;
    if (w->healthy) {
        return good && w->boot.counter == 5 && r.outcome == WICK_UPDATE_CONFIRMED;
    }
    return good && w->boot.counter == 0 && r.outcome == WICK_UPDATE_REFUSED &&
           r.status == WICK_E_FW_BANNED;
}

/* What the journal had taken before a reset is there after it: entries only get more. */
static bool stands(const fw_world *w, const wick_journal *before)
{
    const wick_journal *after = &w->update.journal;
    bool all = true;
    for (int k = 0; k < WICK_JOURNAL_KINDS && after->turn == before->turn; k++) {
        all = all && after->newest[k] >= before->newest[k];
    }
    return all;
}

bool life_goes_on(fw_world *w, life_of_cuts *life)
{
    bool cut_again = life->second != 0;
    for (int starts = 0; starts < STARTS_MAX; starts++) {
        if (w->flash.dead) {
            wick_stub_flash_power_on(&w->flash);
            naive_flash_reset();
            if (cut_again) {
                cut_again = false;
                wick_stub_flash_cut(&w->flash, life->second, life->second_cut, life->seed);
            }
            if (life->back != NULL) {
                life->back(life->ctx);
            }
        }
        wick_journal before = w->update.journal;
        wick_status s = fw_start(w);
        life->boots++;
        if (w->cut_in_loader) {
            continue; /* no image runs before the loader is done */
        }
        if (fw_running(w) != 1 && fw_running(w) != 2) {
            return false; /* neither */
        }
        if (w->flash.dead) {
            continue;
        }
        if (s != WICK_OK || (starts > 0 && !stands(w, &before))) {
            return false;
        }
        wick_update_kind kind = fw_run(w);
        if (kind == WICK_UPDATE_WAIT && !w->flash.dead) {
            if (w->refused != WICK_OK && w->refused != WICK_E_FW_BANNED) {
                return false;
            }
            return ended_well(w) && (life->naive || w->flash.violations == 0);
        }
    }
    return false;
}
