/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_EXAMPLES_BUNDLE_MAKE_H
#define WICK_EXAMPLES_BUNDLE_MAKE_H
/*
 * A peer's record, proven here, with its proof and what vouches for its header: `wick bundle make`,
 * and wickd for its leaves.
 *
 *     static bundle_maker m;
 *     m.view.may_share = true;
 *     int code = bundle_make(&m, &out, cli, &host, "gw-b", EVIDENCE_UP_TO_DATE);
 *     bundle_make_close(&m);
 *
 * About 0.1 MB, and a link from the heap. It blocks: until a light client has a
 * head, at most a minute.
 */
#include "chain.h"
#include "evidence.h"

typedef struct bundle_maker {
    chain_view view;
    reader r;
    evidence e;
} bundle_maker;

/** Makes the bundle of NAME[/SERVICE][@REGISTRY]. `m` is zero, but for what
 * chain_open() takes of m->view.
 *  @param[in,out] out  appended, if CLI_OK
 *  @param[in] since    block that the device knows, or EVIDENCE_UP_TO_DATE
 *  @return exit code; the error is printed */
int bundle_make(bundle_maker *m, wick_buf *out, const cli *c, host *h, const char *text,
                uint64_t since);

/** Also after an error. */
void bundle_make_close(bundle_maker *m);

#endif
