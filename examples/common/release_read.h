/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_EXAMPLES_RELEASE_READ_H
#define WICK_EXAMPLES_RELEASE_READ_H
/*
 * The newest release of a [product.NAME], from the release index of its registry.
 *
 *     int code = release_open(&view, &r, cli, &host, product);
 *     s = release_read(&release, &index, &view, &host, id);
 *     chain_close(&view);
 */
#include "chain.h"
#include "wick/release_index.h"

/** As chain_open(), for the product's registry, which has to name its release_index. @return exit code */
int release_open(chain_view *v, reader *r, const cli *c, host *h, const conf_product *product);

/** The head of the product, proven under a new head of the chain. Of a product with an allow-list, for
 *  the device of [identity].
 *  @retval WICK_OK  @retval WICK_E_NOT_FOUND no release yet
 *  @retval others of the node, the proof, and wick_release_query_read() */
WICK_NODISCARD wick_status release_read(wick_release *release, wick_product *index, chain_view *v,
                                        const host *h, const uint8_t product32[32]);

#endif
