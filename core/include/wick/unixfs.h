/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_UNIXFS_H
#define WICK_UNIXFS_H
/*
 * A file by its CID, from anybody: walks a UnixFS file DAG (dag-pb and raw blocks, SHA-256) in the
 * order of the file, says which block is wanted next, and checks the bytes that come, without ever
 * holding a block. What a leaf says of the file goes out while it is hashed; what a node says of its
 * children goes into a list outside, and counts once the node's hash is right.
 *
 *     s = wick_unixfs_start(&u, &crypto, &lists, &root, size, 0);
 *     while ((cid = wick_unixfs_wanted(&u)) != NULL) {
 *         for each piece `in` of the block, as a source gives it:
 *             while (s == WICK_OK && in.len > 0) {
 *                 s = wick_unixfs_input(&u, &in);
 *                 write u.data at u.offset of the destination: provisional
 *             }
 *         if (s == WICK_OK) { s = wick_unixfs_end(&u); }       the source says that this is all of it
 *         WICK_E_FW_DIGEST: erase from wick_unixfs_offset(&u) on, wick_unixfs_again(&u), another source
 *         WICK_E_FW_LAYOUT: the block is the right one and no file: nobody can help
 *     }
 *     wick_unixfs_stop(&u);
 *
 * A source that stops early is forgotten with wick_unixfs_again() too.
 * After a reset, start again with `from` = what the destination holds: nodes on the way are fetched
 * anew (a few KB), leaves below `from` are not. Every byte put out at or after `from` was checked
 * against the root when wick_unixfs_end() says WICK_OK.
 *
 * Bounds: blocks of WICK_UNIXFS_BLOCK_MAX bytes, WICK_UNIXFS_LEVELS levels of nodes above the
 * leaves, files below WICK_UNIXFS_SIZE_ANY bytes; children of no bytes are refused, so work is
 * bounded by the size of the file. dag-pb is read strictly (IPLD dag-pb specification, "Protobuf
 * strictness"): links before data or after, never around it, fields of a link in order, nothing
 * unknown; of UnixFS types file and raw only (no directory, HAMT, symlink, metadata), fields in
 * ascending order, unknown ones above 6 skipped, file size = own bytes + sizes of the children, and
 * each child of the size that its parent says.
 *
 * Sizes: 220 bytes and a hash context; the lists take 38 bytes for each link of a node, one node of each
 * level at a time. Stack below 200 bytes.
 */
#include "wick/cid.h"
#include "wick/hal/crypto.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Size of the file not known before. */
#define WICK_UNIXFS_SIZE_ANY 0x40000000u
/** Entries of the lists: a link, and a size. */
#define WICK_UNIXFS_LINK_BYTES 34u
#define WICK_UNIXFS_SIZE_BYTES 4u

/** Where links of nodes are kept: two lists for each level, for example each in sectors of its own of a
 *  staging flash. List 2 * level holds links, list 2 * level + 1 sizes. Entries are written one after the
 *  other, and then read; what is in them stays here and may be in the machine's order of bytes. */
typedef struct wick_unixfs_lists {
    void *ctx;
    /** `index` 0 empties the list first.
     *  @retval WICK_OK
     *  @retval WICK_E_FW_LAYOUT the node has more links than there is room for
     *  @retval WICK_E_HAL, others: said of the block once its hash is known to be right */
    wick_status (*write)(void *ctx, uint32_t list, uint32_t index, const uint8_t *entry);
    /** What was written. */
    wick_status (*read)(void *ctx, uint32_t list, uint32_t index, uint8_t *entry);
} wick_unixfs_lists;

/** The block at hand. */
typedef struct wick_unixfs_block { /* private */
    uint32_t state, message, field, last, parts;
    uint32_t value, shift; /* the varint at hand */
    uint32_t inner;        /* bytes to come of the message within it */
    uint32_t left;         /* bytes to come of the field at hand */
    uint32_t got;          /* bytes of it */
    uint32_t own;          /* bytes of the file in it */
    uint32_t type, filesize;    /* as it says; the type, and 1 more */
    uint32_t links, sizes, sum; /* children, those that have a size, and all of them together */
    wick_status fault;          /* what is wrong with it, should its hash be right */
    uint32_t link_len;
} wick_unixfs_block;

typedef struct wick_unixfs { /* private but for what is marked */
    wick_unixfs_block block;
    uint32_t pos;    /* in the file: where the block at hand begins */
    uint32_t from;   /* nothing below goes out */
    uint32_t expect; /* bytes of the file in and below the block at hand */
    uint32_t phase;
    const wick_hal_crypto *crypto;
    const wick_unixfs_lists *lists;
    wick_span data;  /* result of wick_unixfs_input(): bytes of the file, a view into its input */
    uint32_t offset; /* result: where in the file they belong */
    uint32_t depth;  /* levels in use */
    struct {
        uint32_t count, next; /* links, and the one that follows */
    } level[WICK_UNIXFS_LEVELS];
    wick_cid want;
    uint8_t link[WICK_CID_MAX]; /* being read */
    wick_hash_ctx hash;
} wick_unixfs;

/**
 * Begins a walk. `crypto` and `lists` are kept.
 * @param size  of the whole file; WICK_UNIXFS_SIZE_ANY: any. There are no larger ones
 * @param from  bytes of it that the destination holds
 * @retval WICK_OK
 * @retval WICK_E_CRYPTO
 */
WICK_NODISCARD wick_status wick_unixfs_start(wick_unixfs *u, const wick_hal_crypto *crypto,
                                             const wick_unixfs_lists *lists, const wick_cid *root,
                                             uint32_t size, uint32_t from);

/** The block that is wanted, NULL: the file is whole, or the walk has ended otherwise. Lives until the
 *  walk goes on. */
static inline const wick_cid *wick_unixfs_wanted(const wick_unixfs *u)
{
    return u->phase > 1 ? &u->want : NULL;
}

/** Whether all of the file was checked. */
static inline bool wick_unixfs_whole(const wick_unixfs *u)
{
    return u->phase == 1;
}

/** Where in the file the block begins that is wanted: what is below stands, what is above is
 *  provisional. Whole: the size of the file. */
static inline uint32_t wick_unixfs_offset(const wick_unixfs *u)
{
    return u->pos;
}

/**
 * Bytes of the block that is wanted. Stops early when there is something to write: call until `in`
 * is empty.
 * @param[in,out] in  what was taken is taken off its front; u->data.len bytes of it, which may be none,
 *                    belong at u->offset of the file
 * @retval WICK_OK
 * @retval WICK_E_FW_DIGEST more bytes than the block may have: it is another one
 * @retval WICK_E_STATE     no block is wanted
 * @retval WICK_E_CRYPTO
 */
WICK_NODISCARD wick_status wick_unixfs_input(wick_unixfs *u, wick_span *in);

/**
 * The block is whole, says its source.
 * @retval WICK_OK           it is, and it counts; wick_unixfs_wanted() gives the next one
 * @retval WICK_E_FW_DIGEST  it is another one: wick_unixfs_again()
 * @retval WICK_E_FW_LAYOUT  it is the right one, but no part of a file as it has to be here, or of more
 *                           links than fit, or of another size than its parent or the caller said: the
 *                           walk has ended
 * @retval WICK_E_STATE      no block is wanted
 * @retval WICK_E_CRYPTO, or what the lists say: ended
 */
WICK_NODISCARD wick_status wick_unixfs_end(wick_unixfs *u);

/** Forgets what came of the block at hand, also after WICK_E_FW_DIGEST: it is wanted from its front.
 *  @retval WICK_OK  @retval WICK_E_CRYPTO */
WICK_NODISCARD wick_status wick_unixfs_again(wick_unixfs *u);

/** Ends a walk in any state and gives its hash context back. */
void wick_unixfs_stop(wick_unixfs *u);

/** Lists in memory of the caller's: `cap` bytes in all, the same for each level. */
typedef struct wick_unixfs_ram {
    uint8_t *ptr;
    uint32_t cap;
} wick_unixfs_ram;

/** Lists in `ram`, which is kept. */
wick_unixfs_lists wick_unixfs_lists_ram(wick_unixfs_ram *ram);

#ifdef __cplusplus
}
#endif
#endif
