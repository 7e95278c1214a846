/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PORT_STUB_FLASH_H
#define WICK_PORT_STUB_FLASH_H
/*
 * Flash and boot loader of the deterministic world, with faults: the power goes at a chosen
 * operation, before it, in the middle of it, or after it; sectors wear out, stick, or lie.
 *
 *     static uint8_t memory[...];
 *     wick_stub_flash flash;
 *     wick_stub_flash_init(&flash, 4096, 8);
 *     wick_stub_flash_area(&flash, WICK_FLASH_SLOT_A, memory, size);    erased; each area that
 * there is wick_stub_flash_hal(&hal, &flash); wick_stub_flash_cut(&flash, 17, WICK_STUB_CUT_TORN,
 * seed);        in operation 17 from now
 *     ... run until flash.dead ...
 *     wick_stub_flash_power_on(&flash);
 *     wick_stub_boot_start(&boot);                                      the loader chooses a slot
 *
 * Operations are programs, erases, and the atomic writes of the loader. A program clears bits and
 * sets none (AND). Torn, it has done a front part of its units, and of the unit after it, or of all
 * units, any of the bits; a torn erase has set any of the bits in any part of its sector. From the
 * cut on every call fails until the power is back.
 *
 * A port that programs what is not erased, units in part, or an area that is protected breaks the
 * contract of wick/hal/flash.h: it is counted in `violations`, and done.
 */
#include "wick/hal/boot.h"
#include "wick/hal/flash.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WICK_STUB_FLASH_FAULTS 4

typedef enum wick_stub_cut {
    WICK_STUB_CUT_BEFORE = 0,
    WICK_STUB_CUT_TORN = 1,
    WICK_STUB_CUT_AFTER = 2
} wick_stub_cut;

/** What is wrong with a sector. */
typedef enum wick_stub_flash_kind {
    WICK_STUB_FLASH_GOOD = 0,
    WICK_STUB_FLASH_ERASE_FAILS,   /* an error, and the sector is as it was */
    WICK_STUB_FLASH_PROGRAM_FAILS, /* an error, and nothing is written */
    WICK_STUB_FLASH_PROGRAM_LIES,  /* no error, but one bit stays set that should be cleared */
    WICK_STUB_FLASH_READ_LIES,     /* one bit of each read is wrong */
    WICK_STUB_FLASH_READ_FAILS
} wick_stub_flash_kind;

typedef struct wick_stub_flash_fault {
    wick_stub_flash_kind kind;
    wick_flash_area area;
    uint32_t sector;
    uint32_t skip;  /* so many operations of the kind go well before (wear) */
    uint32_t times; /* and then so many fail */
} wick_stub_flash_fault;

typedef struct wick_stub_flash {
    struct {
        uint8_t *ptr;
        uint32_t size;
        bool is_protected; /* the slot that runs */
    } area[WICK_FLASH_AREAS];
    uint32_t erase_size, write_size;
    uint32_t ops;    /* since the beginning */
    uint32_t cut_at; /* number of the operation in which the power goes; 0 = none */
    wick_stub_cut cut;
    uint32_t random;
    bool dead;
    void (*each)(void *ctx); /* before each operation, once it is counted; may set a cut. NULL: none */
    void *each_ctx;
    unsigned violations;
    wick_stub_flash_fault fault[WICK_STUB_FLASH_FAULTS];
} wick_stub_flash;

void wick_stub_flash_init(wick_stub_flash *f, uint32_t erase_size, uint32_t write_size);
/** Memory of an area, whole sectors; it is erased. */
void wick_stub_flash_area(wick_stub_flash *f, wick_flash_area area, uint8_t *ptr, uint32_t size);
void wick_stub_flash_hal(wick_hal_flash *hal, wick_stub_flash *f);
/** The power goes in the `op`th operation from now, counted from 1. */
void wick_stub_flash_cut(wick_stub_flash *f, uint32_t op, wick_stub_cut cut, uint32_t seed);
void wick_stub_flash_power_on(wick_stub_flash *f);

/** Boot loader with registers of its own that change atomically, each change an operation. */
typedef struct wick_stub_boot {
    wick_stub_flash *flash;
    bool single; /* there is one slot, and no way back. Who starts it has applied the patch */
    bool swaps; /* exchanges the contents of the slots, as MCUboot does, and always runs slot A */
    wick_boot_phase phase;
    uint8_t slot;
    uint8_t starts_left; /* of the trial */
    uint32_t image_bytes[2];
    uint32_t counter;
    unsigned starts; /* since the beginning */
} wick_stub_boot;

/** Slot A runs, confirmed, with an image of so many bytes. */
void wick_stub_boot_init(wick_stub_boot *b, wick_stub_flash *flash, uint32_t image_bytes);
void wick_stub_boot_hal(wick_hal_boot *hal, wick_stub_boot *b);
/** A start of the device: begins a trial, gives one up, or runs what ran. The slot that runs is
 *  protected from then on. */
void wick_stub_boot_start(wick_stub_boot *b);

#ifdef __cplusplus
}
#endif
#endif
