/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Start-up of the Cortex-M test images (Armv7-M, ARM DDI 0403): vector table, memory, main, exit
 * code by semihosting. A fault ends the run with code 125, so that it is a failed test and not a
 * hang. The stack is painted before main: wick_stack_used() says how deep it went.
 */
#include <stddef.h>
#include <stdint.h>

extern uint32_t wick_data_start[], wick_data_end[], wick_data_load[];
extern uint32_t wick_bss_start[], wick_bss_end[], wick_stack_limit[], wick_stack_top[];

int main(void);
void wick_reset(void);
void wick_start(void);
void wick_fault(void);
size_t wick_stack_used(void);
uint32_t wick_semihost(uint32_t op, const void *arg);

#define SYS_WRITE0 0x04u
#define SYS_EXIT_EXTENDED 0x20u
#define ADP_STOPPED_APPLICATION_EXIT 0x20026u
#define PAINT 0xC5C5C5C5u

uint32_t wick_semihost(uint32_t op, const void *arg)
{
    register uint32_t r0 __asm__("r0") = op;
    register const void *r1 __asm__("r1") = arg;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static void leave(uint32_t code)
{
    uint32_t arg[2] = {ADP_STOPPED_APPLICATION_EXIT, code};
    for (;;) {
        (void)wick_semihost(SYS_EXIT_EXTENDED, arg);
    }
}

void wick_fault(void)
{
    (void)wick_semihost(SYS_WRITE0, "# processor fault\n");
    leave(125);
}

size_t wick_stack_used(void)
{
    const uint32_t *p = wick_stack_limit;
    while (p < wick_stack_top && *p == PAINT) {
        p++;
    }
    return (size_t)(wick_stack_top - p) * sizeof *p;
}

void wick_start(void)
{
    const uint32_t *from = wick_data_load;
    for (volatile uint32_t *to = wick_data_start; to < wick_data_end; to++) {
        *to = *from++;
    }
    for (volatile uint32_t *to = wick_bss_start; to < wick_bss_end; to++) {
        *to = 0;
    }
    leave((uint32_t)main());
}

__attribute__((naked, noreturn)) void wick_reset(void)
{
    __asm__ volatile("ldr r0, =wick_stack_top\n"
                     "mov sp, r0\n"
                     "ldr r1, =wick_stack_limit\n"
                     "ldr r2, =0xC5C5C5C5\n" /* PAINT */
                     "1: str r2, [r1], #4\n"
                     "cmp r1, r0\n"
                     "blo 1b\n"
                     "b wick_start\n");
}

/* Entry 0 is the stack, 1 reset, 2..15 the system exceptions. */
__attribute__((section(".vectors"), used)) static const uintptr_t vectors[16] = {
    (uintptr_t)wick_stack_top, (uintptr_t)wick_reset, (uintptr_t)wick_fault,
    (uintptr_t)wick_fault,     (uintptr_t)wick_fault, (uintptr_t)wick_fault,
    (uintptr_t)wick_fault,     (uintptr_t)wick_fault, (uintptr_t)wick_fault,
    (uintptr_t)wick_fault,     (uintptr_t)wick_fault, (uintptr_t)wick_fault,
    (uintptr_t)wick_fault,     (uintptr_t)wick_fault, (uintptr_t)wick_fault,
    (uintptr_t)wick_fault,
};
