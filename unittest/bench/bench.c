/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs one benchmark case: plainly (under callgrind), or with --measure on a painted stack of its
 * own with malloc and its like counted. The linker's --wrap sends them here, from the third-party
 * archives as well.
 */
#include "bench.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STACK_BYTES (1024u * 1024u)
#define PAINT 0xC5u

static unsigned long heap_calls;
static _Alignas(4096) unsigned char stack[STACK_BYTES];

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);

void *__wrap_malloc(size_t size)
{
    heap_calls++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    heap_calls++;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *p, size_t size)
{
    heap_calls++;
    return __real_realloc(p, size);
}

struct job {
    void (*run)(void);
    unsigned long heap;
};

static void nothing(void)
{
}

static void *thread_main(void *arg)
{
    struct job *job = arg;
    unsigned long before = heap_calls;
    job->run();
    job->heap = heap_calls - before;
    return NULL;
}

/* Bytes of stack below the thread's own start-up, which an empty job measures. */
static size_t on_painted_stack(struct job *job)
{
    pthread_attr_t attr;
    pthread_t thread;
    size_t untouched = 0;
    memset(stack, PAINT, sizeof stack);
    if (pthread_attr_init(&attr) != 0 || pthread_attr_setstack(&attr, stack, sizeof stack) != 0 ||
        pthread_create(&thread, &attr, thread_main, job) != 0 || pthread_join(thread, NULL) != 0) {
        fprintf(stderr, "bench: no thread\n");
        exit(1);
    }
    while (untouched < sizeof stack && stack[untouched] == PAINT) {
        untouched++;
    }
    return sizeof stack - untouched;
}

int bench_main(int argc, char **argv, const struct bench_case *cases, size_t count)
{
    bool measure = argc == 3 && strcmp(argv[1], "--measure") == 0;
    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        for (size_t i = 0; i < count; i++) {
            puts(cases[i].name);
        }
        return 0;
    }
    for (size_t i = 0; i < count && argc >= 2; i++) {
        if (strcmp(cases[i].name, argv[argc - 1]) != 0) {
            continue;
        }
        const char *skip = cases[i].setup();
        if (skip != BENCH_READY) {
            printf("skip %s\n", skip);
            return 77;
        }
        if (measure) {
            struct job empty = {nothing, 0}, job = {cases[i].run, 0};
            size_t base = on_painted_stack(&empty);
            size_t used = on_painted_stack(&job);
            printf("stack %zu heap %lu\n", used > base ? used - base : 0, job.heap);
        } else {
            cases[i].run();
        }
        if (!cases[i].check()) {
            fprintf(stderr, "bench: %s did not do its work\n", cases[i].name);
            return 1;
        }
        return 0;
    }
    fprintf(stderr, "usage: %s --list | [--measure] CASE\n", argv[0]);
    return 2;
}
