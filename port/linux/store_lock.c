/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One process for a store. flock() and not a file that is there or not: the kernel takes it back
 * whatever becomes of the process. The file says who holds it and is never removed, for between a
 * removal and a new file two processes could each hold one.
 */
#include "wick/port/linux.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define RETRY_MS 20

static uint32_t read_holder(int fd)
{
    char text[16];
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    if (n <= 0) {
        return 0;
    }
    text[n] = '\0';
    return (uint32_t)strtoul(text, NULL, 10);
}

/* Only a message needs it, so failure is no harm. */
static void write_holder(int fd)
{
    char text[16];
    int len = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)len, 0) != len) {
        (void)!ftruncate(fd, 0);
    }
}

wick_status wick_linux_store_take(wick_linux_store_lock *lock, uint32_t *holder,
                                  const wick_linux_store *st, uint32_t wait_ms)
{
    char path[sizeof st->dir + 8];
    memset(lock, 0, sizeof *lock);
    if (holder != NULL) {
        *holder = 0;
    }
    (void)snprintf(path, sizeof path, "%s/lock", st->dir);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return WICK_E_HAL;
    }
    for (uint32_t waited = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; waited += RETRY_MS) {
        bool busy = errno == EWOULDBLOCK;
        if (!busy || waited >= wait_ms) {
            if (busy && holder != NULL) {
                *holder = read_holder(fd);
            }
            (void)close(fd);
            return busy ? WICK_E_STORE_BUSY : WICK_E_HAL;
        }
        (void)poll(NULL, 0, RETRY_MS);
    }
    write_holder(fd);
    lock->fd = fd;
    lock->held = true;
    return WICK_OK;
}

void wick_linux_store_release(wick_linux_store_lock *lock)
{
    if (lock->held) {
        (void)close(lock->fd);
    }
    memset(lock, 0, sizeof *lock);
}
