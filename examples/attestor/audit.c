/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "unix-seconds verdict id service endpoint-word asked-at caller": what was asked, and what was said. If it
 * is attested, " epoch checked-at" follow: with them the line has all that was signed but the key, which
 * the record had in that epoch.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attestor.h"

#define LINE_BYTES_MAX 448

wick_status attestor_audit_open(attestor *a)
{
    struct stat st;
    a->audit_fd = -1;
    if (a->config->audit_file[0] == '\0') {
        return WICK_OK;
    }
    a->audit_fd = open(a->config->audit_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW,
                       0600);
    if (a->audit_fd < 0 || fstat(a->audit_fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        return WICK_E_HAL;
    }
    if ((st.st_mode & 022) != 0) {
        return WICK_E_FILE_MODE;
    }
    return flock(a->audit_fd, LOCK_EX | LOCK_NB) == 0 ? WICK_OK : WICK_E_STATE;
}

wick_status attestor_audit(attestor *a, const wick_addr *from, const wick_attest_ask *ask,
                           wick_status verdict, const wick_attest *to_sign)
{
    char line[LINE_BYTES_MAX], id[65], service[65], word[65], caller[WICK_ADDR_STR_BYTES];
    char more[2 * 21 + 1] = ""; /* two numbers of 64 bits */
    uint64_t now = 0;
    if (a->h.clock.unix_s(a->h.clock.ctx, &now) != WICK_OK) {
        now = 0;
    }
    wick_hex_encode(id, ask->id, 32);
    wick_hex_encode(service, ask->service, 32);
    wick_hex_encode(word, ask->endpoint, 32);
    wick_addr_str(caller, from);
    if (to_sign != NULL) {
        (void)snprintf(more, sizeof more, " %llu %llu", (unsigned long long)to_sign->epoch,
                       (unsigned long long)to_sign->checked_at);
    }
    int n = snprintf(line, sizeof line, "%llu %s 0x%s 0x%s 0x%s %llu %s%s\n",
                     (unsigned long long)now, verdict == WICK_OK ? "attested" : wick_status_str(verdict),
                     id, service, word, (unsigned long long)ask->asked_at, caller, more);
    if (n < 0 || (size_t)n >= sizeof line) {
        return WICK_E_HAL;
    }
    (void)fputs(line, stdout);
    (void)fflush(stdout);
    if (a->audit_fd < 0) {
        return WICK_OK;
    }
    /* What was refused promises nothing: it need not be waited for. */
    bool kept = write(a->audit_fd, line, (size_t)n) == n && (verdict != WICK_OK || fsync(a->audit_fd) == 0);
    return kept ? WICK_OK : WICK_E_HAL;
}
