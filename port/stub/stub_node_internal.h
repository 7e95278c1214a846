/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STUB_NODE_INTERNAL_H
#define STUB_NODE_INTERNAL_H
/* What the files of a gateway's node share. */
#include "wick/port/stub_node.h"

/* node_light.c: answers what is due, and hands on what the light client asks for and tells. */
void stub_node_run_light(wick_stub_node *n, uint64_t *deadline);

#endif
