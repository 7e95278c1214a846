/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick lookup: a peer's record, every word of it proven under one header. With a store_dir it is
 * held against the marks of the agent: what is older than what was proven before is refused.
 */
#include <string.h>

#include "chain.h"
#include "commands.h"
#include "daemon.h"
#include "host.h"
#include "out.h"
#include "reader.h"
#include "record_out.h"
#include "wick/marks.h"

static reader r;
static chain_view view;
static wick_marks marks;
static uint8_t marks_work[WICK_STORE_VALUE_MAX];

/* The marks of the identity's store, as the agent keeps them; without a store there are none. */
static int open_marks(const cli *c, const host *h)
{
    const conf *f = &h->conf;
    wick_status s = WICK_OK;
    wick_marks_init(&marks, view.has_store ? &view.store : NULL);
    for (size_t i = 0; i < CONF_REGISTRIES_MAX && s == WICK_OK; i++) {
        const conf_registry *x = &f->registries[i];
        const conf_chain *chain = conf_find_chain(f, x->chain);
        if (x->s.line != 0 && chain != NULL && strcmp(x->chain, f->rpcs[0].chain) == 0) {
            s = wick_marks_add(&marks, chain->chain_id, x->device_registry);
        }
    }
    if (s == WICK_OK) {
        s = wick_marks_load(&marks, marks_work);
    }
    return s == WICK_OK ? CLI_OK : cli_fail(c, s, "%s", f->identity.store_dir);
}

/* A record that is what it was, or newer. */
static wick_status read_record(wick_peer_record *record, wick_peer_query *query,
                               const uint8_t id[32], const uint8_t service[32])
{
    wick_record_seen seen;
    size_t index = view.index;
    wick_status s = chain_head(&view);
    if (s == WICK_OK && r.tier != WICK_TIER_PINNED) {
        s = wick_marks_header(&marks, index, &r.head);
    }
    if (s == WICK_OK) {
        s = reader_words(&r, query->values, (const uint8_t(*)[32])query->slots, query->count,
                         view.registry->device_registry);
    }
    if (s != WICK_OK) {
        return s;
    }
    /* What is not final may be taken back: it is held against the marks, and moves none. */
    bool final = r.head.tier != WICK_TIER_OPTIMISTIC;
    if (final) {
        wick_marks_header_proven(&marks, index, &r.head);
    }
    s = wick_marks_record(&marks, &seen, index, id, service, record,
                          wick_peer_record_read(record, query));
    if (s == WICK_OK && final) {
        wick_marks_put(&marks, index, id, service, &seen);
    }
    wick_status saved = wick_marks_save(&marks, marks_work);
    return s == WICK_OK ? saved : s;
}

static void put_endpoint(const cli *c, const wick_endpoint *e, unsigned index, wick_status usable)
{
    out_rec o;
    out_begin_step(&o, stdout, c->json, index == 0 ? "primary" : "standby");
    record_put_endpoint(&o, e, usable);
    out_end(&o);
}

/* @param[in] any  endpoints that no attestor has reached are taken too */
static int put_record(const cli *c, const wick_peer_record *rec, const char *name,
                      const uint8_t id[32], uint64_t now_s, uint64_t us, bool any)
{
    static const wick_record_seen never;
    wick_status s = wick_device_check(&rec->device, &never, now_s);
    out_rec o;
    if (c->json) {
        out_begin_step(&o, stdout, true, "device");
    } else {
        out_begin(&o, stdout, false);
    }
    record_put_device(&o, name, id, &rec->device);
    record_put_tls_pin(&o, rec);
    record_put_header(&o, &r.head);
    out_u64(&o, "bytes", r.bytes);
    out_ms(&o, "ms", us);
    out_end(&o);
    wick_status best = WICK_E_NO_ENDPOINT;
    for (unsigned i = 0; i < 2; i++) {
        if (rec->has_endpoint[i]) {
            wick_status usable = record_usable(&rec->endpoint[i], any, now_s);
            put_endpoint(c, &rec->endpoint[i], i, usable);
            best = best == WICK_OK || usable == WICK_OK ? WICK_OK : usable;
        }
    }
    s = s == WICK_OK ? best : s;
    return s == WICK_OK ? CLI_OK : cli_fail(c, s, "%s", name);
}

static int look_up(const cli *c, host *h, const char *text)
{
    wick_peer_ref ref;
    wick_peer_query query;
    wick_peer_record record;
    uint8_t id[32], service[32];
    uint64_t now_s = 0, begin_us = cli_now_us();
    wick_status s = chain_peer(&ref, id, service, text);
    if (s != WICK_OK) {
        return cli_fail(c, s, "'%s'", text);
    }
    int code = chain_open(&view, &r, c, h, ref.registry);
    code = code == CLI_OK ? open_marks(c, h) : code;
    if (code != CLI_OK) {
        return code;
    }
    wick_peer_query_init(&query, id, service, ref.service.len != 0);
    s = read_record(&record, &query, id, service);
    if (s != WICK_OK) {
        return chain_fail(&view, s, text);
    }
    if (h->clock.unix_s(h->clock.ctx, &now_s) != WICK_OK) {
        now_s = r.head.timestamp; /* the newest proven time is a lower bound */
    }
    return put_record(c, &record, text, id, now_s, cli_now_us() - begin_us, h->conf.path_in.try_unvalidated);
}

int cmd_lookup(cli *c, int argc, char **argv)
{
    bool over;
    int code = chain_options(&view, &over, c, argc, argv);
    if (over) {
        return code;
    }
    static host h;
    code = host_open(&h, c);
    /* The daemon decides by its own policy; who asks for a tier is answered here. */
    view.may_share = view.tier != WICK_TIER_NONE;
    if (code == CLI_OK &&
        (view.tier != WICK_TIER_NONE || !daemon_lookup(c, &h.conf, argv[optind], &code))) {
        code = look_up(c, &h, argv[optind]);
    }
    chain_close(&view);
    host_close(&h);
    return code;
}
