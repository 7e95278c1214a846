/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A real patch on an emulated Cortex-M4 (decode_m4.sh): old image, patch and what should come of it lie in
 * the board's PSRAM, each behind its length. SysTick counts the emulator's virtual time, which -icount
 * makes a count of instructions.
 */
#include <stddef.h>
#include <string.h>

#include "wick/delta.h"

uint32_t wick_semihost(uint32_t op, const void *arg);
size_t wick_stack_used(void);

typedef struct blob {
    uint32_t len;
    uint8_t bytes[];
} blob;

#define OLD ((const blob *)0x21000000u)
#define PATCH ((const blob *)0x21400000u)
#define WANTED ((const blob *)0x21800000u)
#define MADE ((uint8_t *)0x21c00000u)
#define SYST_CSR (*(volatile uint32_t *)0xe000e010u)
#define SYST_RVR (*(volatile uint32_t *)0xe000e014u)
#define SYST_CVR (*(volatile uint32_t *)0xe000e018u)
#define TICKS 0x1000000u /* SysTick has 24 bits */
#define PART 256u        /* bytes of the patch at a time: it does not turn round in between */

static wick_delta delta;
static wick_delta_memory memory;

static wick_status read_old(void *ctx, uint32_t offset, uint8_t *out, uint32_t length)
{
    (void)ctx;
    memcpy(out, OLD->bytes + offset, length);
    return WICK_OK;
}

static wick_status write_new(void *ctx, uint32_t offset, const uint8_t *bytes, uint32_t length)
{
    (void)ctx;
    memcpy(MADE + offset, bytes, length);
    return WICK_OK;
}

static void say(const char *what, uint32_t n)
{
    char text[64];
    size_t at = sizeof text;
    text[--at] = '\0';
    text[--at] = '\n';
    do {
        text[--at] = (char)('0' + n % 10);
        n /= 10;
    } while (n != 0);
    (void)wick_semihost(0x04, what);
    (void)wick_semihost(0x04, text + at);
}

int main(void)
{
    wick_delta_config config = {.io = {NULL, read_old, write_new},
                                .old_bytes = OLD->len,
                                .new_max = WANTED->len};
    uint32_t total = 0; /* ticks: 100 s at 25 MHz are below 2^32 */
    wick_delta_use(&config, &memory);
    wick_delta_init(&delta, &config);
    SYST_RVR = TICKS - 1;
    SYST_CVR = 0;
    SYST_CSR = 5; /* on, by the processor's clock */
    uint32_t last = SYST_CVR;
    wick_status status = WICK_OK;
    for (uint32_t at = 0; at < PATCH->len && status == WICK_OK; at += PART) {
        uint32_t len = PATCH->len - at < PART ? PATCH->len - at : PART;
        status = wick_delta_input(&delta, wick_span_make(PATCH->bytes + at, len));
        uint32_t now = SYST_CVR;
        total += (last - now) % TICKS; /* it counts down */
        last = now;
    }
    status = status == WICK_OK ? wick_delta_finish(&delta) : status;
    bool is_same = status == WICK_OK && memcmp(MADE, WANTED->bytes, WANTED->len) == 0;
    say("ticks ", total);
    say("stack ", (uint32_t)wick_stack_used());
    return is_same ? 0 : 1;
}
