/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of links in memory, for hosts and for devices with room: a part of equal size for each level. */
#include "wick/unixfs.h"

#include <string.h>

/* Where an entry stands, NULL: outside of its part. Of each part the first 34 of 38 are for links. */
static uint8_t *place(const wick_unixfs_ram *ram, uint32_t list, uint32_t index)
{
    uint32_t links = ram->cap / WICK_UNIXFS_LEVELS / (WICK_UNIXFS_LINK_BYTES + WICK_UNIXFS_SIZE_BYTES);
    if (list >= 2 * WICK_UNIXFS_LEVELS || index >= links) {
        return NULL;
    }
    uint8_t *part = ram->ptr + (size_t)(list / 2) * links *
                                   (WICK_UNIXFS_LINK_BYTES + WICK_UNIXFS_SIZE_BYTES);
    return (list & 1u) == 0 ? part + (size_t)index * WICK_UNIXFS_LINK_BYTES
                            : part + (size_t)links * WICK_UNIXFS_LINK_BYTES +
                                  (size_t)index * WICK_UNIXFS_SIZE_BYTES;
}

static size_t entry_bytes(uint32_t list)
{
    return (list & 1u) == 0 ? WICK_UNIXFS_LINK_BYTES : WICK_UNIXFS_SIZE_BYTES;
}

static wick_status ram_write(void *ctx, uint32_t list, uint32_t index, const uint8_t *entry)
{
    uint8_t *at = place((const wick_unixfs_ram *)ctx, list, index);
    if (at == NULL) {
        return WICK_E_FW_LAYOUT;
    }
    memcpy(at, entry, entry_bytes(list));
    return WICK_OK;
}

static wick_status ram_read(void *ctx, uint32_t list, uint32_t index, uint8_t *entry)
{
    const uint8_t *at = place((const wick_unixfs_ram *)ctx, list, index);
    if (at == NULL) {
        return WICK_E_BAD_ARG;
    }
    memcpy(entry, at, entry_bytes(list));
    return WICK_OK;
}

wick_unixfs_lists wick_unixfs_lists_ram(wick_unixfs_ram *ram)
{
    wick_unixfs_lists lists = {ram, ram_write, ram_read};
    return lists;
}
