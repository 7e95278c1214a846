/* SPDX-License-Identifier: Apache-2.0 */
/* The newest release of a product: release_read.h. */
#include "release_read.h"

int release_open(chain_view *v, reader *r, const cli *c, host *h, const conf_product *product)
{
    conf_error e;
    int code = chain_open(v, r, c, h, wick_span_text(product->registry));
    if (code == CLI_OK && conf_require(&h->conf, &e, &v->registry->s, "release_index") != WICK_OK) {
        code = cli_fail(c, WICK_E_CONFIG, "%.200s: %.280s", h->conf.path, e.text);
    }
    return code;
}

wick_status release_read(wick_release *release, wick_product *index, chain_view *v, const host *h,
                         const uint8_t product32[32])
{
    wick_release_query q;
    uint8_t device[32];
    const char *own = h->conf.identity.name;
    bool has_device = own[0] != '\0' && wick_name_hash(device, wick_span_text(own)) == WICK_OK;
    wick_release_query_init(&q, product32, has_device ? device : NULL);
    wick_status s = chain_words(v, q.values, (const uint8_t(*)[32])q.slots, q.count,
                                v->registry->release_index);
    return s == WICK_OK ? wick_release_query_read(release, index, &q, v->r->head.timestamp) : s;
}
