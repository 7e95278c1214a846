/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_EXAMPLE_LEAF_H
#define WICK_EXAMPLE_LEAF_H
/* What the files of the example share: the gateway, and the update that asks it. */
#include "wick/port/leaf_client.h"

#define LEAF_NO_GATEWAY 3 /* exit code: start again */

extern wick_leaf_client gateway;

/** Looks for a release of `product` and installs it in the slots of `dir`, or goes on so.
 *  @return exit code: 0; 1 refused; LEAF_NO_GATEWAY */
int leaf_update(const char *product, const char *dir);

#endif
