/* SPDX-License-Identifier: Apache-2.0 */
/* Files and block devices as flash, and a loader's state beside them (wick/port/flash.h). */
#include "wick/port/flash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES 256
#define KEY_BOOT WICK_STORE_KEY(0xf0, 1)
#define BOOT_VERSION 1u
#define BOOT_BYTES 15u

static const char *const names[WICK_FLASH_AREAS] = {"slot_a", "slot_b", "staging", "journal"};

/* ---- flash ---- */

static bool inside(const wick_linux_flash *f, wick_flash_area area, uint32_t offset,
                   uint32_t length)
{
    return (unsigned)area < WICK_FLASH_AREAS && f->fd[area] >= 0 && offset <= f->size[area] &&
           length <= f->size[area] - offset;
}

static bool write_all(int fd, const uint8_t *bytes, size_t length, off_t at)
{
    while (length > 0) {
        ssize_t n = pwrite(fd, bytes, length, at);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        bytes += n;
        at += n;
        length -= (size_t)n;
    }
    return true;
}

static wick_status flush(wick_linux_flash *f)
{
    for (int i = 0; i < WICK_FLASH_AREAS; i++) {
        if (f->dirty[i] && fdatasync(f->fd[i]) != 0) {
            return WICK_E_HAL;
        }
        f->dirty[i] = false;
    }
    return WICK_OK;
}

static wick_status file_info(void *ctx, wick_flash_area area, wick_flash_info *info)
{
    const wick_linux_flash *f = ctx;
    if (!inside(f, area, 0, 0)) {
        return WICK_E_NOT_FOUND;
    }
    info->size = f->size[area];
    info->erase_size = WICK_LINUX_FLASH_SECTOR;
    info->write_size = WICK_LINUX_FLASH_UNIT;
    return WICK_OK;
}

static wick_status file_read(void *ctx, wick_flash_area area, uint32_t offset, uint8_t *out,
                             uint32_t length)
{
    const wick_linux_flash *f = ctx;
    if (!inside(f, area, offset, length)) {
        return WICK_E_BAD_ARG;
    }
    size_t done = 0;
    while (done < length) {
        ssize_t n = pread(f->fd[area], out + done, length - done, (off_t)(offset + done));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return WICK_E_HAL;
        }
        done += (size_t)n;
    }
    return WICK_OK;
}

static wick_status file_program(void *ctx, wick_flash_area area, uint32_t offset,
                                const uint8_t *bytes, uint32_t length)
{
    wick_linux_flash *f = ctx;
    if (!inside(f, area, offset, length) || length == 0 || offset % WICK_LINUX_FLASH_UNIT != 0 ||
        length % WICK_LINUX_FLASH_UNIT != 0) {
        return WICK_E_BAD_ARG;
    }
    /* What the journal says must be so: first the rest, then the entry, and both for good. */
    if (area == WICK_FLASH_JOURNAL && flush(f) != WICK_OK) {
        return WICK_E_HAL;
    }
    f->dirty[area] = true;
    if (!write_all(f->fd[area], bytes, length, (off_t)offset)) {
        return WICK_E_HAL;
    }
    return area == WICK_FLASH_JOURNAL ? flush(f) : WICK_OK;
}

static wick_status file_erase(void *ctx, wick_flash_area area, uint32_t offset)
{
    wick_linux_flash *f = ctx;
    uint8_t blank[512];
    if (!inside(f, area, offset, WICK_LINUX_FLASH_SECTOR) ||
        offset % WICK_LINUX_FLASH_SECTOR != 0) {
        return WICK_E_BAD_ARG;
    }
    memset(blank, 0xff, sizeof blank);
    f->dirty[area] = true;
    for (uint32_t at = 0; at < WICK_LINUX_FLASH_SECTOR; at += sizeof blank) {
        if (!write_all(f->fd[area], blank, sizeof blank, (off_t)(offset + at))) {
            return WICK_E_HAL;
        }
    }
    return area == WICK_FLASH_JOURNAL ? flush(f) : WICK_OK;
}

/* What a new file holds is blank, as flash from the factory is. */
static bool fill(int fd, uint32_t from, uint32_t size)
{
    uint8_t blank[512];
    memset(blank, 0xff, sizeof blank);
    for (uint32_t at = from; at < size; at += sizeof blank) {
        uint32_t n = size - at < sizeof blank ? size - at : (uint32_t)sizeof blank;
        if (!write_all(fd, blank, n, (off_t)at)) {
            return false;
        }
    }
    return fsync(fd) == 0;
}

static bool open_area(wick_linux_flash *f, int area, const char *dir, uint32_t bytes)
{
    char path[PATH_BYTES];
    struct stat st;
    int n = snprintf(path, sizeof path, "%s/%s", dir, names[area]);
    if (n < 0 || (size_t)n >= sizeof path) {
        return false;
    }
    if (bytes == 0 && access(path, F_OK) != 0) {
        return true; /* not wanted, and not there */
    }
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        return false;
    }
    f->fd[area] = fd;
    uint32_t want =
        (bytes + WICK_LINUX_FLASH_SECTOR - 1) / WICK_LINUX_FLASH_SECTOR * WICK_LINUX_FLASH_SECTOR;
    off_t end = fstat(fd, &st) == 0 ? lseek(fd, 0, SEEK_END) : -1;
    if (end < 0 || end >= INT32_MAX) {
        return false;
    }
    uint32_t size = (uint32_t)end;
    /* A file that an image was copied to is shorter than its slot. */
    if (S_ISREG(st.st_mode) && (size < want || size % WICK_LINUX_FLASH_SECTOR != 0)) {
        uint32_t whole = (size + WICK_LINUX_FLASH_SECTOR - 1) / WICK_LINUX_FLASH_SECTOR *
                         WICK_LINUX_FLASH_SECTOR;
        want = whole > want ? whole : want;
        if (!fill(fd, size, want)) {
            return false;
        }
        size = want;
    }
    f->size[area] = size;
    return size > 0 && size % WICK_LINUX_FLASH_SECTOR == 0;
}

void wick_linux_flash_close(wick_linux_flash *f)
{
    for (int i = 0; i < WICK_FLASH_AREAS; i++) {
        if (f->fd[i] >= 0) {
            (void)close(f->fd[i]);
            f->fd[i] = -1;
        }
    }
}

wick_status wick_linux_flash_open(wick_hal_flash *out, wick_linux_flash *f, const char *dir,
                                  const wick_linux_flash_config *config)
{
    const uint32_t bytes[WICK_FLASH_AREAS] = {config->slot_bytes, config->slot_bytes,
                                              config->staging_bytes, 2 * WICK_LINUX_FLASH_SECTOR};
    memset(f, 0, sizeof *f);
    for (int i = 0; i < WICK_FLASH_AREAS; i++) {
        f->fd[i] = -1;
    }
    if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
        return WICK_E_HAL;
    }
    for (int i = 0; i < WICK_FLASH_AREAS; i++) {
        if (!open_area(f, i, dir, bytes[i])) {
            wick_linux_flash_close(f);
            return WICK_E_HAL;
        }
    }
    out->ctx = f;
    out->info = file_info;
    out->read = file_read;
    out->program = file_program;
    out->erase = file_erase;
    return WICK_OK;
}

/* ---- loader ---- */

typedef struct boot_record {
    wick_boot_phase phase;
    uint8_t slot, starts_left;
    uint32_t image_bytes[2];
    uint32_t counter;
} boot_record;

static wick_status boot_get(wick_linux_boot *b, boot_record *r)
{
    uint8_t bytes[BOOT_BYTES], version = 0;
    wick_buf out = wick_buf_make(bytes, sizeof bytes);
    wick_status status = b->hal.get(b->hal.ctx, KEY_BOOT, &version, &out);
    if (status != WICK_OK) {
        return status;
    }
    if (version != BOOT_VERSION) {
        return WICK_E_STORE_VERSION;
    }
    if (out.len != BOOT_BYTES || bytes[0] > WICK_BOOT_TRIAL || bytes[1] > 1) {
        return WICK_E_STORE_CORRUPT;
    }
    r->phase = (wick_boot_phase)bytes[0];
    r->slot = bytes[1];
    r->starts_left = bytes[2];
    r->image_bytes[0] = wick_load_be32(bytes + 3);
    r->image_bytes[1] = wick_load_be32(bytes + 7);
    r->counter = wick_load_be32(bytes + 11);
    return WICK_OK;
}

static wick_status boot_put(wick_linux_boot *b, const boot_record *r)
{
    uint8_t bytes[BOOT_BYTES];
    bytes[0] = (uint8_t)r->phase;
    bytes[1] = r->slot;
    bytes[2] = r->starts_left;
    wick_store_be32(bytes + 3, r->image_bytes[0]);
    wick_store_be32(bytes + 7, r->image_bytes[1]);
    wick_store_be32(bytes + 11, r->counter);
    wick_status status = b->flash != NULL ? flush(b->flash) : WICK_OK;
    return status == WICK_OK
               ? b->hal.put(b->hal.ctx, KEY_BOOT, BOOT_VERSION, wick_span_make(bytes, sizeof bytes))
               : status;
}

static wick_status boot_state(void *ctx, wick_boot_state *state)
{
    boot_record r;
    wick_status status = boot_get((wick_linux_boot *)ctx, &r);
    if (status == WICK_OK) {
        state->phase = r.phase;
        state->slot = r.slot;
        state->image_bytes = r.image_bytes[r.slot];
    }
    return status;
}

static wick_status boot_request(void *ctx, uint32_t image_bytes, uint8_t starts)
{
    boot_record r;
    wick_status status = boot_get((wick_linux_boot *)ctx, &r);
    if (status == WICK_OK && r.phase == WICK_BOOT_TRIAL) {
        return WICK_E_STATE;
    }
    if (status != WICK_OK) {
        return status;
    }
    r.phase = WICK_BOOT_PENDING;
    r.starts_left = starts > 0 ? starts : 1;
    r.image_bytes[r.slot ^ 1] = image_bytes;
    return boot_put((wick_linux_boot *)ctx, &r);
}

/* From one phase to SETTLED; in another, nothing. */
static wick_status settle(wick_linux_boot *b, wick_boot_phase from)
{
    boot_record r;
    wick_status status = boot_get(b, &r);
    if (status != WICK_OK || r.phase != from) {
        return status;
    }
    r.phase = WICK_BOOT_SETTLED;
    return boot_put(b, &r);
}

static wick_status boot_cancel(void *ctx)
{
    return settle((wick_linux_boot *)ctx, WICK_BOOT_PENDING);
}

static wick_status boot_confirm(void *ctx)
{
    return settle((wick_linux_boot *)ctx, WICK_BOOT_TRIAL);
}

static wick_status boot_counter(void *ctx, uint32_t *value)
{
    boot_record r;
    wick_status status = boot_get((wick_linux_boot *)ctx, &r);
    *value = status == WICK_OK ? r.counter : UINT32_MAX; /* not known: nothing is new enough */
    return status;
}

static wick_status boot_counter_raise(void *ctx, uint32_t value)
{
    boot_record r;
    wick_status status = boot_get((wick_linux_boot *)ctx, &r);
    if (status != WICK_OK || value <= r.counter) {
        return status;
    }
    r.counter = value;
    return boot_put((wick_linux_boot *)ctx, &r);
}

wick_status wick_linux_boot_open(wick_hal_boot *out, wick_linux_boot *b, const char *dir,
                                 wick_linux_flash *flash)
{
    memset(b, 0, sizeof *b);
    b->flash = flash;
    if (strlen(dir) >= sizeof b->dir) {
        return WICK_E_BAD_ARG;
    }
    memcpy(b->dir, dir, strlen(dir) + 1);
    out->ctx = b;
    out->state = boot_state;
    out->request = boot_request;
    out->cancel = boot_cancel;
    out->confirm = boot_confirm;
    out->counter = boot_counter;
    out->counter_raise = boot_counter_raise;
    return wick_linux_store_init(&b->hal, &b->store, dir);
}

wick_status wick_linux_boot_begin(wick_linux_boot *b, uint32_t image_bytes)
{
    boot_record r;
    wick_status status = boot_get(b, &r);
    if (status != WICK_E_NOT_FOUND) {
        return status;
    }
    memset(&r, 0, sizeof r);
    r.image_bytes[0] = image_bytes;
    return boot_put(b, &r);
}

/* `running` points to the slot: replaced as a whole, too. */
static wick_status point(const wick_linux_boot *b, uint8_t slot)
{
    char path[PATH_BYTES], temp[PATH_BYTES];
    int n = snprintf(path, sizeof path, "%s/running", b->dir);
    int m = snprintf(temp, sizeof temp, "%s/running.new", b->dir);
    if (n < 0 || (size_t)n >= sizeof path || m < 0 || (size_t)m >= sizeof temp) {
        return WICK_E_BAD_ARG;
    }
    (void)unlink(temp);
    return symlink(names[slot], temp) == 0 && rename(temp, path) == 0 ? WICK_OK : WICK_E_HAL;
}

wick_status wick_linux_boot_start(wick_linux_boot *b, wick_boot_state *state)
{
    boot_record r;
    wick_status status = boot_get(b, &r);
    if (status != WICK_OK) {
        return status;
    }
    if (r.phase == WICK_BOOT_PENDING) {
        r.slot ^= 1;
        r.phase = WICK_BOOT_TRIAL;
        r.starts_left = (uint8_t)(r.starts_left - 1);
        status = boot_put(b, &r);
    } else if (r.phase == WICK_BOOT_TRIAL && r.starts_left == 0) {
        r.slot ^= 1;
        r.phase = WICK_BOOT_SETTLED;
        status = boot_put(b, &r);
    } else if (r.phase == WICK_BOOT_TRIAL) {
        r.starts_left = (uint8_t)(r.starts_left - 1);
        status = boot_put(b, &r);
    }
    if (status == WICK_OK) {
        status = point(b, r.slot);
    }
    state->phase = r.phase;
    state->slot = r.slot;
    state->image_bytes = r.image_bytes[r.slot];
    return status;
}
