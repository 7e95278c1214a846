/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs one LLVMFuzzerTestOneInput without libFuzzer: every file of the corpus directory given, then
 * deterministic mutations of each (flips, cuts, repeats, insertions), so that any compiler and any
 * sanitizer replays the same inputs. usage: driver CORPUS [mutations of each file, default 2000]
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define INPUT_MAX 65536u

static uint8_t seed[INPUT_MAX], work[INPUT_MAX];
static uint64_t state = 0x9e3779b97f4a7c15u;

static uint32_t next(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return below == 0 ? 0 : (uint32_t)((state >> 16) % below);
}

/* Exactly `len` bytes on the heap, so that AddressSanitizer sees one byte too many. */
static void run(const uint8_t *data, size_t len)
{
    uint8_t *copy = malloc(len == 0 ? 1 : len);
    if (copy == NULL) {
        abort();
    }
    if (len != 0) {
        memcpy(copy, data, len);
    }
    (void)LLVMFuzzerTestOneInput(copy, len);
    free(copy);
}

static size_t mutate(size_t len)
{
    static const uint8_t odd[] = {0x00, 0x01, 0x7f, 0x80, 0x81, 0xb7, 0xb8, 0xbf, 0xc0, 0xf7, 0xff};
    for (uint32_t n = 1 + next(4); n != 0; n--) {
        uint32_t at = next((uint32_t)len + 1), many = next(16) + 1;
        switch (next(5)) {
        case 0:
            if (at < len) {
                work[at] = (uint8_t)(work[at] ^ (1u << next(8)));
            }
            break;
        case 1:
            if (at < len) {
                work[at] = odd[next(sizeof odd)];
            }
            break;
        case 2:
            len = at;
            break;
        case 3:
            if (len + many <= INPUT_MAX) {
                memmove(work + at + many, work + at, len - at);
                for (uint32_t i = 0; i < many; i++) {
                    work[at + i] = (uint8_t)next(256);
                }
                len += many;
            }
            break;
        default:
            if (at + many <= len) {
                memmove(work + at, work + at + many, len - at - many);
                len -= many;
            }
            break;
        }
    }
    return len;
}

static void run_with_mutations(size_t len, unsigned long rounds)
{
    /* From the content, so that the order in which the directory is read does not matter. */
    state = 0x9e3779b97f4a7c15u;
    for (size_t i = 0; i < len; i++) {
        state = (state ^ seed[i]) * 0x100000001b3u;
    }
    state |= 1;
    run(seed, len);
    for (unsigned long i = 0; i < rounds; i++) {
        memcpy(work, seed, len);
        run(work, mutate(len));
    }
}

int main(int argc, char **argv)
{
    unsigned long rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : 2000, files = 0;
    DIR *dir = argc > 1 ? opendir(argv[1]) : NULL;
    for (struct dirent *e = dir != NULL ? readdir(dir) : NULL; e != NULL; e = readdir(dir)) {
        char path[4096];
        FILE *f = NULL;
        if (e->d_name[0] != '.' &&
            snprintf(path, sizeof path, "%s/%s", argv[1], e->d_name) < (int)sizeof path) {
            f = fopen(path, "rb");
        }
        if (f != NULL) {
            size_t len = fread(seed, 1, sizeof seed, f);
            fclose(f);
            run_with_mutations(len, rounds);
            files++;
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    if (files == 0 || fuzz_accepted == 0) {
        printf("not ok - %lu files, %lu inputs got past the decoder\n", files, fuzz_accepted);
        return 1;
    }
    printf("ok - %lu files of the corpus, %lu mutations of each, %lu inputs accepted\n", files, rounds,
           fuzz_accepted);
    return 0;
}
