/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_TAP_H
#define WICK_TAP_H
/*
 * Test harness: TAP on one output hook, no libc needed by the harness itself. A test program is
 *
 *     TEST(keccak_empty) { CHECK(...); CHECK_STATUS(call(), WICK_OK); }
 *     TAP_MAIN("unit.keccak", CASE(keccak_empty), ...)
 *
 * CHECK goes on after a failure, REQUIRE leaves the test. SKIP(reason) leaves it as skipped. A test
 * that checked nothing fails. The same source runs on the host, under qemu-user and on bare metal.
 *
 * CASE_LONG marks a case that repeats what shorter ones do over many inputs: valgrind, which is
 * fifty times slower, leaves it out (WICK_TAP_SHORT in the environment), and says so.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "wick/status.h"

struct tap_case {
    const char *name;
    void (*run)(void);
    bool is_long;
};

extern unsigned tap_checks, tap_failed;
extern const char *tap_skip;

void tap_puts(const char *text); /* the one output hook: unittest/tap_<target>.c */
bool tap_short(void);            /* are long cases left out? also there */
void tap_fail(const char *file, int line, const char *what);
void tap_fail_status(const char *file, int line, const char *what, wick_status got,
                     wick_status want);
void tap_fail_int(const char *file, int line, const char *what, long long got, long long want);
int tap_run(const char *suite, const struct tap_case *cases, size_t count);

#define TEST(name) static void name(void)
#define CHECK(cond)                                                                                \
    do {                                                                                           \
        tap_checks++;                                                                              \
        if (!(cond)) {                                                                             \
            tap_fail(__FILE__, __LINE__, #cond);                                                   \
        }                                                                                          \
    } while (0)
#define REQUIRE(cond)                                                                              \
    do {                                                                                           \
        tap_checks++;                                                                              \
        if (!(cond)) {                                                                             \
            tap_fail(__FILE__, __LINE__, #cond);                                                   \
            return;                                                                                \
        }                                                                                          \
    } while (0)
#define CHECK_STATUS(call, want)                                                                   \
    do {                                                                                           \
        wick_status tap_got_ = (call);                                                             \
        tap_checks++;                                                                              \
        if (tap_got_ != (want)) {                                                                  \
            tap_fail_status(__FILE__, __LINE__, #call, tap_got_, (want));                          \
        }                                                                                          \
    } while (0)
#define REQUIRE_STATUS(call, want)                                                                 \
    do {                                                                                           \
        wick_status tap_got_ = (call);                                                             \
        tap_checks++;                                                                              \
        if (tap_got_ != (want)) {                                                                  \
            tap_fail_status(__FILE__, __LINE__, #call, tap_got_, (want));                          \
            return;                                                                                \
        }                                                                                          \
    } while (0)
#define CHECK_INT(got, want)                                                                       \
    do {                                                                                           \
        long long tap_g_ = (long long)(got), tap_w_ = (long long)(want);                           \
        tap_checks++;                                                                              \
        if (tap_g_ != tap_w_) {                                                                    \
            tap_fail_int(__FILE__, __LINE__, #got, tap_g_, tap_w_);                                \
        }                                                                                          \
    } while (0)
#define CHECK_MEM(a, b, len) CHECK(memcmp((a), (b), (len)) == 0)
#define SKIP(reason)                                                                               \
    do {                                                                                           \
        tap_skip = (reason);                                                                       \
        return;                                                                                    \
    } while (0)

#define CASE(name) {#name, name, false}
#define CASE_LONG(name) {#name, name, true}
#define TAP_MAIN(suite, ...)                                                                       \
    int main(void)                                                                                 \
    {                                                                                              \
        static const struct tap_case cases[] = {__VA_ARGS__};                                      \
        return tap_run(suite, cases, sizeof cases / sizeof cases[0]);                              \
    }

#endif
