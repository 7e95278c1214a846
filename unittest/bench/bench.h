/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_BENCH_H
#define WICK_BENCH_H
/*
 * Benchmarks count instructions (callgrind), heap calls and stack, never seconds, so that two runs
 * on two machines agree. A program unittest/bench/bench_<module>.c is
 *
 *     static struct state s;                       // everything static: a case counts its own work
 *     BENCH_SETUP(allocate) { ... warm up ... return BENCH_READY; }
 *     BENCH(allocate) { wick_turn_... }            // exactly what is counted, once
 *     BENCH_CHECK(allocate) { return s.status == WICK_OK && ...; }   // the work was really done
 *     BENCH_MAIN(BENCH_CASE(allocate), ...)
 *
 * with a line for each case in unittest/bench/budgets.txt. Set-up may give BENCH_SKIP("reason").
 * unittest/bench/run.sh runs them all.
 */
#include <stdbool.h>
#include <stddef.h>

#define BENCH_READY NULL
#define BENCH_SKIP(reason) return (reason)
#define BENCH_SETUP(name) static const char *setup_##name(void)
#define BENCH_CHECK(name) static bool check_##name(void)
/* Not static and never inlined: callgrind finds it by name. */
#define BENCH(name)                                                                                \
    void bench_##name(void);                                                                       \
    __attribute__((noinline)) void bench_##name(void)

struct bench_case {
    const char *name;
    const char *(*setup)(void);
    void (*run)(void);
    bool (*check)(void);
};
#define BENCH_CASE(name) {#name, setup_##name, bench_##name, check_##name}
#define BENCH_MAIN(...)                                                                            \
    int main(int argc, char **argv)                                                                \
    {                                                                                              \
        static const struct bench_case cases[] = {__VA_ARGS__};                                    \
        return bench_main(argc, argv, cases, sizeof cases / sizeof cases[0]);                      \
    }

int bench_main(int argc, char **argv, const struct bench_case *cases, size_t count);

#endif
