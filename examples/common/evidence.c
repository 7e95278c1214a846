/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of a bundle that lead to its header and confirm it. */
#include "evidence.h"

#include <string.h>

#include "block.h"

#define CLIQUE_BACK 48u /* blocks that the store of a light client lies behind its head, at most */

static uint64_t now_ms(const evidence *e)
{
    return e->r->clock->now_ms(e->r->clock->ctx);
}

/* A header by its number; lives until the next one. */
static wick_status fetch(evidence *e, wick_span *rlp, uint64_t number)
{
    wick_eth_block block;
    wick_buf out = wick_buf_make(e->header, sizeof e->header);
    wick_rpc *rpc = reader_rpc(e->r);
    wick_status s = reader_call(e->r, wick_rpc_block(rpc, now_ms(e), number));
    if (s == WICK_OK) {
        s = wick_eth_json_header(&block, &out, wick_rpc_result(rpc));
    }
    *rlp = wick_buf_span(&out);
    return s == WICK_OK && block.number != number ? WICK_E_HEADER_OTHER : s;
}

/* ---- sync committee ---- */

/* The newest finality update, and the execution block that it finalises. */
static wick_status init_beacon(evidence *e)
{
    wick_span update;
    chain_link *l = e->view->link;
    reader *r = e->r;
    wick_status s = link_finality(l, &update, e->version4);
    const wick_beacon_head *head = wick_beacon_head_of(&l->state.beacon, WICK_TIER_FINALIZED);
    if (s != WICK_OK || head == NULL || update.len > sizeof e->ssz) {
        return s != WICK_OK ? s : WICK_E_STATE;
    }
    memcpy(e->ssz, update.ptr, update.len);
    e->ssz_len = update.len;
    wick_eth_block block;
    wick_trusted_header th;
    wick_buf header = wick_buf_make(r->header, sizeof r->header);
    s = reader_call(r, wick_rpc_block_by_hash(reader_rpc(r), now_ms(e), head->execution_hash));
    if (s == WICK_OK) {
        s = wick_eth_json_header(&block, &header, wick_rpc_result(reader_rpc(r)));
    }
    if (s == WICK_OK) {
        s = wick_beacon_trust(&th, &l->state.beacon, wick_buf_span(&header), WICK_TIER_FINALIZED);
    }
    if (s == WICK_OK) {
        r->header_len = header.len;
        r->head = th;
    }
    return s;
}

static uint64_t period_of(const wick_beacon_chain *c, uint64_t slot)
{
    return slot / c->slots_per_epoch / c->epochs_per_period;
}

/* The committee that has signed must become known: an update for each period before its own. */
static wick_status put_updates(evidence *e, wick_bundle_writer *w)
{
    const wick_beacon_chain *c = e->view->link->config.beacon_chain;
    const wick_beacon_fork *fork = wick_beacon_fork_by_version(c, e->version4);
    wick_beacon_object o;
    wick_header h;
    wick_span rlp, ssz;
    uint8_t version4[4];
    wick_status s = fork == NULL
                        ? WICK_E_UNSUPPORTED
                        : wick_beacon_decode(&o, WICK_BEACON_FINALITY, fork->shape,
                                             wick_span_make(e->ssz, e->ssz_len), c->committee);
    s = s == WICK_OK ? fetch(e, &rlp, e->since) : s;
    s = s == WICK_OK ? wick_header_decode(&h, rlp) : s;
    if (s != WICK_OK) {
        return s;
    }
    uint64_t slot = h.timestamp > c->genesis_time
                        ? (h.timestamp - c->genesis_time) / c->seconds_per_slot
                        : 0;
    uint64_t end = period_of(c, o.signature_slot);
    for (uint64_t at = period_of(c, slot); at < end && s == WICK_OK;) {
        uint64_t got = 0;
        s = link_updates(e->view->link, at, end - at);
        while (s == WICK_OK && (s = link_update_next(e->view->link, &ssz, version4)) == WICK_OK) {
            wick_bundle_write_beacon(w, WICK_BUNDLE_UPDATE, version4, ssz);
            got++;
        }
        s = s == WICK_E_NOT_FOUND && got != 0 ? WICK_OK : s;
        at += got;
    }
    return s;
}

static wick_status put_beacon(evidence *e, wick_bundle_writer *w)
{
    wick_status s = e->since == EVIDENCE_UP_TO_DATE ? WICK_OK : put_updates(e, w);
    wick_bundle_write_beacon(w, WICK_BUNDLE_FINALITY, e->version4,
                             wick_span_make(e->ssz, e->ssz_len));
    return s;
}

/* ---- commit seals ---- */

/* From the validators of `since` to those of the header: as far at a time as enough of them stay. */
static wick_status put_bft(evidence *e, wick_bundle_writer *w)
{
    wick_seal_rule rule = chain_seal_rule(e->view->chain);
    const conf *f = &e->view->link->h->conf;
    const conf_chain *x = e->view->chain;
    uint32_t trusting_s =
        conf_has(f, &x->s, "trusting_days") ? (uint32_t)(x->trusting_days * 86400u) : 0;
    uint64_t at = e->since, head = e->r->head.number, to = head;
    uint8_t hash[32];
    wick_span rlp;
    wick_trust_now now = {0, false};
    wick_trusted_header th;
    now.valid = e->r->clock->unix_s(e->r->clock->ctx, &now.unix_s) == WICK_OK;
    wick_status s = fetch(e, &rlp, at);
    s = s == WICK_OK ? block_seal_hash(hash, rule, rlp) : s;
    s = s == WICK_OK ? wick_bft_pin(&e->bft, NULL, rule, rlp, hash, x->chain_id) : s;
    for (unsigned steps = 0; s == WICK_OK && at < head; steps++) {
        s = steps == 16 * WICK_BUNDLE_STEPS_MAX ? WICK_E_LIMIT : WICK_OK;
        if (s == WICK_OK && to == head) {
            rlp = wick_span_make(e->r->header, e->r->header_len);
        } else if (s == WICK_OK) {
            s = fetch(e, &rlp, to);
        }
        if (s == WICK_OK) {
            s = wick_bft_header(&e->bft, &th, &e->view->link->h->crypto, rlp, &now, trusting_s);
        }
        if (s == WICK_E_SEAL_OVERLAP && to > at + 1) {
            to = at + (to - at) / 2; /* too many have changed: half-way */
            s = WICK_OK;
        } else if (s == WICK_OK) {
            if (to != head) {
                wick_bundle_write(w, WICK_BUNDLE_BEFORE, rlp);
            }
            at = to;
            to = head;
        }
    }
    return s;
}

/* ---- Clique ---- */

/* Headers one after another, each the child of the one before. */
static wick_status put_chain(evidence *e, wick_bundle_writer *w, wick_bundle_tag tag,
                             uint8_t parent[32], uint64_t first, uint64_t last)
{
    wick_header h;
    wick_span rlp;
    wick_status s = WICK_OK;
    for (uint64_t n = first; n <= last && s == WICK_OK; n++) {
        s = fetch(e, &rlp, n);
        s = s == WICK_OK ? wick_header_decode(&h, rlp) : s;
        if (s == WICK_OK && memcmp(h.field[WICK_HEADER_PARENT_HASH].ptr, parent, 32) != 0) {
            s = WICK_E_HEADER_OTHER;
        }
        if (s == WICK_OK) {
            wick_header_hash(parent, rlp);
            wick_bundle_write(w, tag, rlp);
        }
    }
    return s;
}

/* Every header counts for the votes, up to the newest that stands behind the header. What a device
 * has stored lies some way behind the head that it says it knows (wick/light.h). */
static uint64_t clique_since(const evidence *e)
{
    return e->since > CLIQUE_BACK ? e->since - CLIQUE_BACK : 0;
}

static wick_status put_clique(evidence *e, wick_bundle_writer *w, bool behind)
{
    uint8_t hash[32];
    wick_header h;
    wick_span rlp;
    uint64_t number = e->r->head.number;
    if (behind) {
        memcpy(hash, e->r->head.hash, sizeof hash);
        return put_chain(e, w, WICK_BUNDLE_AFTER, hash, number + 1,
                         e->view->link->state.clique.now.number);
    }
    if (e->since == EVIDENCE_UP_TO_DATE || clique_since(e) == number) {
        return WICK_OK;
    }
    wick_status s = fetch(e, &rlp, clique_since(e));
    if (s == WICK_OK) {
        wick_header_hash(hash, rlp);
        s = put_chain(e, w, WICK_BUNDLE_BEFORE, hash, clique_since(e) + 1, number - 1);
    }
    s = s == WICK_OK ? wick_header_decode(&h, wick_span_make(e->r->header, e->r->header_len)) : s;
    return s == WICK_OK && memcmp(h.field[WICK_HEADER_PARENT_HASH].ptr, hash, 32) != 0
               ? WICK_E_HEADER_OTHER
               : s;
}

/* ---- any of them ---- */

static bool is_clique(const evidence *e)
{
    return e->view->chain->rule == CONF_RULE_CLIQUE;
}

wick_status evidence_init(evidence *e, chain_view *view, reader *r, uint64_t since)
{
    memset(e, 0, sizeof *e);
    e->view = view;
    e->r = r;
    e->since = since;
    wick_status s = WICK_OK;
    if (view->link->has_beacon) {
        view->kind = WICK_BUNDLE_BEACON;
        s = init_beacon(e);
    }
    if (s != WICK_OK || since == EVIDENCE_UP_TO_DATE) {
        return s;
    }
    uint64_t newest = is_clique(e) ? view->link->state.clique.now.number : r->head.number;
    if (view->kind == WICK_BUNDLE_ALONE || since > r->head.number) {
        return WICK_E_BAD_ARG;
    }
    return is_clique(e) && newest - clique_since(e) > WICK_BUNDLE_STEPS_MAX ? WICK_E_LIMIT : WICK_OK;
}

wick_status evidence_put(void *ctx, wick_bundle_writer *w, bool behind)
{
    evidence *e = ctx;
    if (is_clique(e)) {
        return put_clique(e, w, behind);
    }
    if (behind) {
        return WICK_OK;
    }
    if (e->view->kind == WICK_BUNDLE_BEACON) {
        return put_beacon(e, w);
    }
    return e->since == EVIDENCE_UP_TO_DATE || e->view->kind == WICK_BUNDLE_ALONE ? WICK_OK
                                                                                 : put_bft(e, w);
}
