/* SPDX-License-Identifier: Apache-2.0 */
#include "release_view.h"

#include <stdlib.h>
#include <string.h>

#include "dag.h"
#include "wick/manifest.h"

/* ---- reading ---- */

const uint8_t *release_contract(const sender *s)
{
    return s->view.registry->release_index;
}

int release_begin(sender *s, const cli *c)
{
    conf_error e;
    int code = sender_open(s, c);
    if (code == CLI_OK &&
        conf_require(&s->h.conf, &e, &s->view.registry->s, "release_index") != WICK_OK) {
        code = cli_fail(c, WICK_E_CONFIG, "%.200s: %.280s", s->h.conf.path, e.text);
    }
    return code;
}

int release_read_product(sender *s, release_product *p, const release_args *a)
{
    wick_release_query q;
    wick_release_query_init(&q, a->product, NULL);
    int code = sender_words(s, q.values, (const uint8_t(*)[32])q.slots, q.count,
                            release_contract(s), a->name);
    if (code != CLI_OK) {
        return code;
    }
    wick_status st = wick_release_query_read(&p->head, &p->product, &q, s->r.head.timestamp);
    p->has_head = st == WICK_OK || st == WICK_E_FW_DENIED; /* the list is for devices */
    return p->has_head || st == WICK_E_NOT_FOUND ? CLI_OK
                                                 : cli_fail(s->c, st, "product '%s'", a->name);
}

int release_read_at(sender *s, wick_release *r, const release_args *a, uint32_t index)
{
    uint8_t slots[2][32], words[2][32];
    char what[CONF_NAME_MAX + 24];
    (void)snprintf(what, sizeof what, "release %lu of %s", (unsigned long)index, a->name);
    wick_slot_release(slots[0], a->product, index, 0);
    wick_slot_release(slots[1], a->product, index, 1);
    int code = sender_words(s, words, (const uint8_t(*)[32])slots, 2, release_contract(s), what);
    if (code != CLI_OK) {
        return code;
    }
    wick_status st =
        wick_release_decode(r, a->product, index, words[0], words[1], s->r.head.timestamp);
    return st == WICK_OK ? CLI_OK : cli_fail(s->c, st, "%s", what);
}

/* ---- output ---- */

static const char *state_text(const sender *s, const wick_release *r, const release_product *p)
{
    bool is_head = p->has_head && r->index == p->product.index;
    return (r->flags & WICK_RELEASE_REVOKED) != 0 ? "revoked"
           : r->active_from == 0                  ? "proposed"
           : r->active_from > s->r.head.timestamp ? "waiting"
           : is_head                              ? "active"
                                                  : "superseded";
}

void release_put(const sender *s, const wick_release *r, const release_product *p)
{
    out_rec o;
    out_begin_step(&o, stdout, s->c->json, "release");
    out_u64(&o, "index", r->index);
    out_u64(&o, "version", r->version);
    out_u64(&o, "counter", r->counter);
    out_str(&o, "state", state_text(s, r, p));
    out_u64(&o, "approvals", r->approvals);
    out_u64(&o, "threshold", r->threshold);
    out_u64(&o, "active_from", r->active_from);
    out_bool(&o, "floor", (r->flags & WICK_RELEASE_FLOOR) != 0);
    out_u64(&o, "manifest_bytes", r->manifest_bytes);
    out_hex(&o, "manifest", r->manifest, sizeof r->manifest);
    out_end(&o);
}

int release_show(sender *s, const release_args *a)
{
    release_product p;
    wick_release r;
    int code = release_read_product(s, &p, a);
    code = code == CLI_OK ? release_read_at(s, &r, a, (uint32_t)a->index) : code;
    if (code == CLI_OK) {
        release_put(s, &r, &p);
    }
    return code;
}

int release_list(sender *s, const release_args *a)
{
    release_product p;
    out_rec o;
    int code = release_read_product(s, &p, a);
    if (code != CLI_OK) {
        return code;
    }
    out_begin_step(&o, stdout, s->c->json, "product");
    out_str(&o, "name", a->name);
    out_u64(&o, "releases", p.product.count);
    out_u64(&o, "version", p.head.version);
    out_u64(&o, "min_counter", p.product.min_counter);
    out_u64(&o, "approvals", p.product.approvals);
    out_u64(&o, "roots", p.product.roots);
    out_u64(&o, "delay_s", p.product.delay_s);
    out_bool(&o, "restricted", (p.product.flags & WICK_PRODUCT_RESTRICTED) != 0);
    out_u64(&o, "epoch", p.product.epoch);
    out_str(&o, "tier", wick_tier_str(s->r.head.tier));
    out_u64(&o, "block", s->r.head.number);
    out_end(&o);
    for (uint32_t i = 0; i < p.product.count && code == CLI_OK; i++) {
        wick_release r;
        code = release_read_at(s, &r, a, i);
        if (code == CLI_OK) {
            release_put(s, &r, &p);
        }
    }
    return code;
}

/* ---- what was reviewed ---- */

int release_of_manifest(sender *s, wick_release *r, const release_args *a)
{
    static wick_manifest m;
    uint8_t *bytes = NULL;
    size_t len = 0;
    memset(r, 0, sizeof *r);
    wick_status st = cli_read_file(&bytes, &len, a->manifest);
    st = st == WICK_OK ? wick_manifest_decode(&m, wick_span_make(bytes, len)) : st;
    st = st == WICK_OK ? dag_sha256(&s->h.crypto, r->manifest, wick_span_make(bytes, len)) : st;
    if (st == WICK_OK && memcmp(m.product, a->product, sizeof m.product) != 0) {
        st = WICK_E_FW_TARGET;
    }
    free(bytes);
    if (st != WICK_OK) {
        return cli_fail(s->c, st, "%s", a->manifest);
    }
    memcpy(r->product, a->product, sizeof r->product);
    r->version = m.version;
    r->counter = m.counter;
    r->manifest_bytes = (uint32_t)len;
    r->flags = a->is_floor ? WICK_RELEASE_FLOOR : 0;
    return CLI_OK;
}

int release_reviewed(sender *s, wick_release *r, const release_args *a)
{
    int code = CLI_OK;
    if (a->manifest != NULL) {
        code = release_of_manifest(s, r, a);
    } else {
        memset(r, 0, sizeof *r);
        memcpy(r->product, a->product, sizeof r->product);
        memcpy(r->manifest, a->digest, sizeof r->manifest);
        r->version = a->version;
        r->counter = (uint32_t)a->counter;
        r->manifest_bytes = (uint32_t)a->bytes;
        r->flags = a->is_floor ? WICK_RELEASE_FLOOR : 0;
    }
    r->index = (uint32_t)a->index;
    return code;
}

int release_compare(const cli *c, const wick_release *reviewed, const wick_release *proposed)
{
    if (memcmp(reviewed->manifest, proposed->manifest, sizeof proposed->manifest) != 0) {
        return cli_fail_remedy(c, WICK_E_FW_DIGEST, "review the manifest that was proposed",
                               "release %lu has another manifest", (unsigned long)proposed->index);
    }
    if (reviewed->version != proposed->version || reviewed->counter != proposed->counter ||
        reviewed->manifest_bytes != proposed->manifest_bytes) {
        return cli_fail_remedy(c, WICK_E_FW_DIGEST, "revoke it, and ask the publisher why",
                               "release %lu claims another version, counter or size than was "
                               "reviewed",
                               (unsigned long)proposed->index);
    }
    if (((reviewed->flags ^ proposed->flags) & WICK_RELEASE_FLOOR) != 0) {
        bool is_floor = (proposed->flags & WICK_RELEASE_FLOOR) != 0;
        return cli_fail_remedy(
            c, WICK_E_FW_DIGEST,
            is_floor ? "say --floor if nothing below its counter is to run any more"
                     : "leave --floor away, or have it proposed anew",
            "release %lu is %s floor", (unsigned long)proposed->index, is_floor ? "a" : "no");
    }
    return CLI_OK;
}
