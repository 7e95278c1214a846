/* SPDX-License-Identifier: Apache-2.0 */
/* Proof bundles for leaves: bundles.h. */
#include "bundles.h"

#include <stdio.h>
#include <string.h>

#include "bundle_make.h"
#include "wick/peer_bundle.h"

#define PART "bundles" /* the folder in the store_dir */

void bundles_init(bundles *b, const agent *a)
{
    memset(b, 0, sizeof *b);
    b->agent = a;
}

/* ---- files ---- */

/* Names have no slash, comma or @, and none of them is "." or "..". */

static wick_status own_path(char path[HELPER_PATH_BYTES], const agent *a, const char *peer)
{
    wick_peer_ref ref;
    char dir[HELPER_PATH_BYTES];
    wick_status s = wick_peer_ref_parse(&ref, peer, strlen(peer));
    if (s != WICK_OK || !helper_dir(dir, &a->host.conf, PART)) {
        return s != WICK_OK ? s : WICK_E_UNSUPPORTED;
    }
    int n = snprintf(
        path, HELPER_PATH_BYTES, "%s/%.*s%s%.*s%s%.*s.bundle", dir, (int)ref.name.len,
        (const char *)ref.name.ptr, ref.service.len != 0 ? "," : "", (int)ref.service.len,
        ref.service.len != 0 ? (const char *)ref.service.ptr : "", ref.registry.len != 0 ? "@" : "",
        (int)ref.registry.len, ref.registry.len != 0 ? (const char *)ref.registry.ptr : "");
    return n > 0 && n < HELPER_PATH_BYTES ? WICK_OK : WICK_E_NO_SPACE;
}

static wick_status given_path(char path[HELPER_PATH_BYTES], const conf_leaf *x, const char *peer)
{
    wick_peer_ref ref;
    wick_status s = wick_peer_ref_parse(&ref, peer, strlen(peer));
    if (s != WICK_OK || x == NULL || x->bundle_dir[0] == '\0') {
        return s != WICK_OK ? s : WICK_E_NOT_FOUND;
    }
    int n =
        snprintf(path, HELPER_PATH_BYTES, "%s/%.*s%s%.*s.bundle", x->bundle_dir, (int)ref.name.len,
                 (const char *)ref.name.ptr, ref.service.len != 0 ? "." : "", (int)ref.service.len,
                 ref.service.len != 0 ? (const char *)ref.service.ptr : "");
    return n > 0 && n < HELPER_PATH_BYTES ? WICK_OK : WICK_E_NO_SPACE;
}

static wick_status load(bundles *b, wick_bundle *bundle, const char *path)
{
    FILE *f = fopen(path, "rbe");
    size_t len = f != NULL ? fread(b->file, 1, sizeof b->file, f) : 0;
    bool whole = f != NULL && fgetc(f) == EOF;
    if (f != NULL) {
        (void)fclose(f);
    }
    if (len == 0) {
        return WICK_E_NOT_FOUND;
    }
    return whole ? wick_bundle_decode(bundle, wick_span_make(b->file, len)) : WICK_E_NO_SPACE;
}

/* ---- is it good enough? ---- */

static bool too_old(const bundles *b, const wick_bundle *bundle, const wick_gateway_registry *r)
{
    const host *h = &b->agent->host;
    const conf_leaf *x = conf_find_leaf(&h->conf, "");
    uint64_t now_s = 0, most_s = x != NULL ? x->bundle_max_age_s : 0;
    if (most_s == 0 && r->tier == WICK_TIER_PINNED) {
        return false; /* one block is all that there is */
    }
    if (most_s == 0) { /* finalized blocks are a quarter of an hour old: as in wick/light.h */
        most_s = r->max_age_s != 0 ? r->max_age_s : WICK_LIGHT_MAX_AGE_S;
        most_s *= r->tier == WICK_TIER_FINALIZED ? 2u : 1u;
    }
    return h->clock.unix_s(h->clock.ctx, &now_s) == WICK_OK && now_s > bundle->head.time_s &&
           now_s - bundle->head.time_s > most_s;
}

static wick_status judge(bundles *b, const wick_bundle *bundle, const bundles_ask *ask)
{
    wick_peer_record rec;
    wick_peer_ref ref;
    uint8_t id[32], service[32];
    const wick_gateway_registry *r = &b->agent->registries[ask->registry];
    wick_marks_init(&b->marks, NULL);
    wick_status s = wick_marks_add(&b->marks, r->chain_id, r->device_registry);
    s = s == WICK_OK ? chain_peer(&ref, id, service, ask->peer) : s;
    s = s == WICK_OK ? wick_peer_bundle_read(&rec, &b->marks, 0, bundle, NULL, id, service) : s;
    if (s != WICK_E_UNTRUSTED_HEADER) { /* else consistent: all that can be said of it here */
        return s != WICK_OK ? s : WICK_E_STATE;
    }
    bool good = ask->any || (rec.device.epoch == ask->epoch && !too_old(b, bundle, r));
    return good ? WICK_OK : WICK_E_NOT_FOUND;
}

wick_status bundles_find(bundles *b, wick_span *out, const bundles_ask *ask)
{
    wick_bundle bundle;
    char path[HELPER_PATH_BYTES];
    *out = wick_span_make(NULL, 0);
    wick_status s = given_path(path, conf_find_leaf(&b->agent->host.conf, ""), ask->peer);
    s = s == WICK_OK && !ask->any ? load(b, &bundle, path) : WICK_E_NOT_FOUND;
    s = s == WICK_OK ? judge(b, &bundle, ask) : s;
    if (s != WICK_OK) {
        s = own_path(path, b->agent, ask->peer);
        s = s == WICK_OK ? load(b, &bundle, path) : s;
        s = s == WICK_OK ? judge(b, &bundle, ask) : s;
    }
    *out = s == WICK_OK ? bundle.bytes : *out;
    return s;
}

/* ---- making ---- */

wick_status bundles_make(bundles *b, const char *peer, uint64_t now_ms)
{
    char path[HELPER_PATH_BYTES];
    const conf *c = &b->agent->host.conf;
    wick_status s = own_path(path, b->agent, peer);
    s = s == WICK_OK ? helper_start(&b->helper, c, PART, "bundle", peer, path, now_ms) : s;
    if (s == WICK_OK) {
        (void)snprintf(b->peer, sizeof b->peer, "%s", peer);
    }
    return s;
}

bool bundles_run(bundles *b, wick_status *status, uint64_t now_ms)
{
    if (!helper_run(&b->helper, status, now_ms)) {
        return false;
    }
    b->made += *status == WICK_OK ? 1u : 0u;
    b->failed += *status == WICK_OK ? 0u : 1u;
    return true;
}

void bundles_close(bundles *b)
{
    helper_close(&b->helper);
}

/* ---- the other process ---- */

int bundles_main(const cli *c, const char *peer, const char *path)
{
    static bundle_maker maker;
    static host h;
    static uint8_t file[BUNDLES_FILE_MAX];
    maker.view.wait_ms = HELPER_MS - 5000; /* and proofs after it */
    wick_buf out = wick_buf_make(file, sizeof file);
    int code = helper_open(&h, c, PART);
    code = code == CLI_OK ? bundle_make(&maker, &out, c, &h, peer, EVIDENCE_UP_TO_DATE) : code;
    if (code == CLI_OK && !helper_replace(path, wick_buf_span(&out))) {
        code = cli_fail(c, WICK_E_HAL, "%s", path);
    }
    bundle_make_close(&maker);
    host_close(&h);
    return code;
}
