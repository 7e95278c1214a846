/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_EXAMPLES_RELEASE_ARGS_H
#define WICK_EXAMPLES_RELEASE_ARGS_H
/* Arguments of the commands of the release index. */
#include "send.h"
#include "wick/release_index.h"

typedef struct release_args {
    const char *name, *manifest; /* product; file */
    uint8_t product[32], digest[32];
    uint64_t index, version, counter, bytes; /* the last three with has_digest */
    uint64_t epoch;                          /* of the members under whom an approval is signed */
    bool has_digest, has_version, has_counter, has_bytes, has_epoch, is_floor, no;
    wick_product_roles members;
} release_args;

/** Options, the product, and `least` to `most` arguments behind it.
 *  @return CLI_OK, or what the command returns; -1 after the help */
int release_take(cli *c, sender *s, release_args *a, int argc, char **argv, int least, int most,
                 const char *what);
/** As release_take(), with index and what was reviewed behind the product. */
int release_take_reviewed(cli *c, sender *s, release_args *a, int argc, char **argv);
int release_take_index(cli *c, release_args *a, const char *text);

#endif
