/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WALK_H
#define WALK_H
/* Every file below $WICK_VECTORS_DIR, whatever its name, as far as it can be read. */
#include <stddef.h>

/** Gives each file of 1 to `most` bytes to `look`, in no order. Hidden ones and paths of more than 1,023
 *  characters are passed over. */
void walk_vectors(size_t most, void (*look)(const char *path, size_t size));

#endif
