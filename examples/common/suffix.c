/* SPDX-License-Identifier: Apache-2.0 */
#include "suffix.h"

#include <stdlib.h>
#include <string.h>

/* One level: a text of n numbers below `kinds`, the last of them 0 and the only one. */
typedef struct level {
    const int32_t *text;
    int32_t *order; /* n places */
    bool *rising;   /* the suffix is below the next one ("S-type") */
    int32_t *bucket;
    int32_t n, kinds;
} level;

/* A rising suffix behind a falling one ("leftmost S"): what the others are sorted by. */
static bool is_mark(const level *l, int32_t i)
{
    return i > 0 && l->rising[i] && !l->rising[i - 1];
}

/* Where the bucket of each number begins, or ends. */
static void set_buckets(const level *l, bool ends)
{
    memset(l->bucket, 0, (size_t)l->kinds * sizeof *l->bucket);
    for (int32_t i = 0; i < l->n; i++) {
        l->bucket[l->text[i]]++;
    }
    int32_t sum = 0;
    for (int32_t k = 0; k < l->kinds; k++) {
        int32_t size = l->bucket[k];
        sum += size;
        l->bucket[k] = ends ? sum : sum - size;
    }
}

/* From marks in order, all suffixes in order: first the falling ones, then the rising ones. */
static void induce(const level *l)
{
    set_buckets(l, false);
    for (int32_t i = 0; i < l->n; i++) {
        int32_t j = l->order[i] - 1;
        if (j >= 0 && !l->rising[j]) {
            l->order[l->bucket[l->text[j]]++] = j;
        }
    }
    set_buckets(l, true);
    for (int32_t i = l->n - 1; i >= 0; i--) {
        int32_t j = l->order[i] - 1;
        if (j >= 0 && l->rising[j]) {
            l->order[--l->bucket[l->text[j]]] = j;
        }
    }
}

static bool same_block(const level *l, int32_t a, int32_t b)
{
    for (int32_t i = 0;; i++) {
        if (l->text[a + i] != l->text[b + i] || l->rising[a + i] != l->rising[b + i]) {
            return false;
        }
        if (i > 0 && (is_mark(l, a + i) || is_mark(l, b + i))) {
            return true;
        }
    }
}

/* Numbers the blocks between marks by their order; the numbers, in the order of the text, go to the end of
 * `order`. @return how many different ones there are */
static int32_t number_blocks(const level *l, int32_t marks)
{
    int32_t names = 0, before = -1;
    for (int32_t i = marks; i < l->n; i++) {
        l->order[i] = -1;
    }
    for (int32_t i = 0; i < marks; i++) {
        int32_t at = l->order[i];
        names += before < 0 || !same_block(l, at, before);
        before = at;
        l->order[marks + at / 2] = names - 1;
    }
    int32_t to = l->n;
    for (int32_t i = l->n - 1; i >= marks; i--) {
        if (l->order[i] >= 0) {
            l->order[--to] = l->order[i];
        }
    }
    return names;
}

/* Puts the marks, sorted, from the beginning of `order` to the ends of their buckets, nothing elsewhere. */
static void place_marks(const level *l, int32_t marks)
{
    set_buckets(l, true);
    for (int32_t i = marks; i < l->n; i++) {
        l->order[i] = -1;
    }
    for (int32_t i = marks - 1; i >= 0; i--) {
        int32_t j = l->order[i];
        l->order[i] = -1;
        l->order[--l->bucket[l->text[j]]] = j;
    }
}

/* The numbers of blocks are a text of at most half the length: its order is that of the marks. */
static wick_status sort(const int32_t *text, int32_t *order, int32_t n, int32_t kinds)
{
    level l = {text, order, malloc((size_t)n * sizeof(bool)), malloc((size_t)kinds * sizeof(int32_t)),
               n,    kinds};
    wick_status status = l.rising != NULL && l.bucket != NULL ? WICK_OK : WICK_E_HAL;
    if (status == WICK_OK) {
        int32_t marks = 0;
        l.rising[n - 1] = true;
        for (int32_t i = n - 2; i >= 0; i--) {
            l.rising[i] = text[i] < text[i + 1] || (text[i] == text[i + 1] && l.rising[i + 1]);
        }
        place_marks(&l, 0);
        for (int32_t i = 0; i < n; i++) { /* in any order yet */
            if (is_mark(&l, i)) {
                order[--l.bucket[text[i]]] = i;
            }
        }
        induce(&l);
        for (int32_t i = 0; i < n; i++) {
            if (is_mark(&l, order[i])) {
                order[marks++] = order[i];
            }
        }
        int32_t names = number_blocks(&l, marks);
        int32_t *numbers = order + n - marks;
        if (names < marks) {
            status = sort(numbers, order, marks, names);
        } else {
            for (int32_t i = 0; i < marks; i++) {
                order[numbers[i]] = i;
            }
        }
        for (int32_t i = 0, j = 0; i < n; i++) {
            if (is_mark(&l, i)) {
                numbers[j++] = i;
            }
        }
        for (int32_t i = 0; i < marks; i++) {
            order[i] = numbers[order[i]];
        }
        place_marks(&l, marks);
        induce(&l);
    }
    free(l.rising);
    free(l.bucket);
    return status;
}

wick_status suffix_array(int32_t **suffixes, wick_span text)
{
    *suffixes = NULL;
    if (text.len >= (1u << 30)) {
        return WICK_E_LIMIT;
    }
    size_t n = text.len + 1;
    int32_t *numbers = malloc(n * sizeof *numbers);
    *suffixes = malloc(n * sizeof **suffixes);
    wick_status status = numbers != NULL && *suffixes != NULL ? WICK_OK : WICK_E_HAL;
    if (status == WICK_OK) {
        for (size_t i = 0; i < text.len; i++) {
            numbers[i] = text.ptr[i] + 1;
        }
        numbers[text.len] = 0;
        if (n == 1) {
            **suffixes = 0;
        } else {
            status = sort(numbers, *suffixes, (int32_t)n, 257);
        }
    }
    free(numbers);
    if (status != WICK_OK) {
        free(*suffixes);
        *suffixes = NULL;
    }
    return status;
}

static size_t common(wick_span text, size_t at, wick_span wanted)
{
    size_t n = text.len - at < wanted.len ? text.len - at : wanted.len, i = 0;
    while (i < n && text.ptr[at + i] == wanted.ptr[i]) {
        i++;
    }
    return i;
}

size_t suffix_find(size_t *at, const int32_t *suffixes, wick_span text, wick_span wanted)
{
    /* Between `low` and `high` lies the place where `wanted` would stand: one of them shares most with it. */
    size_t low = 0, high = text.len;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2, place = (size_t)suffixes[middle];
        size_t n = common(text, place, wanted);
        bool below = place + n == text.len || (n < wanted.len && text.ptr[place + n] < wanted.ptr[n]);
        *(below ? &low : &high) = middle;
    }
    size_t a = common(text, (size_t)suffixes[low], wanted);
    size_t b = common(text, (size_t)suffixes[high], wanted);
    *at = (size_t)suffixes[a >= b ? low : high];
    return a >= b ? a : b;
}
