/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Responder: M1 -> (M0) -> look-up -> M2 -> M3 -> M4. It sends nothing by timer, and never more
 * than one answer to one datagram. State table: PROTOCOL.md section 8.2.
 */
#include <string.h>

#include "nsl_internal.h"

/* Contents of M1. */
struct m1 {
    uint8_t plain[NSL_M1_PLAIN];
};
#define M1_N1(m) ((m)->plain)
#define M1_E(m) ((m)->plain + 32)
#define M1_ID(m) ((m)->plain + 65)
#define M1_KID(m) ((m)->plain + 97)
#define M1_OPTS(m) wick_load_be16((m)->plain + 105)

static void free_half(wick_nsl_half *e)
{
    wick_wipe(e, sizeof *e);
}

/* ---- M1 ---- */

static wick_status answer_m0(wick_nsl_node *node, uint64_t now_ms, const struct nsl_header *h,
                             const wick_addr *from, const uint8_t m1_hash[32])
{
    uint8_t m0[WICK_NSL_M0_BYTES];
    struct nsl_header answer = *h;

    if (!nsl_bucket_take(&node->m0_bucket, now_ms)) {
        return WICK_E_NSL_RATE;
    }
    wick_status st =
        nsl_cookie_make(node, m0 + WICK_NSL_HEADER_BYTES, now_ms, from, m1_hash);
    if (st != WICK_OK) {
        return st;
    }
    answer.type = NSL_M0;
    answer.flags = 0;
    nsl_header_put(m0, &answer);
    nsl_reply(node, m0, sizeof m0, from);
    if (node->stats.m0_sent != UINT32_MAX) {
        node->stats.m0_sent++;
    }
    return WICK_OK;
}

/* Whether the sender has shown that it receives at its address. Otherwise it is sent a cookie. */
static wick_status check_cookie(wick_nsl_node *node, bool *proven, uint64_t now_ms,
                                wick_span bytes, const struct nsl_header *h,
                                const wick_addr *from, const uint8_t m1_hash[32])
{
    *proven = false;
    if ((h->flags & NSL_FLAG_COOKIE) == 0) {
        *proven = node->cfg.no_cookie;
        return *proven ? WICK_OK : answer_m0(node, now_ms, h, from, m1_hash);
    }
    wick_status st =
        nsl_cookie_check(node, bytes.ptr + WICK_NSL_HEADER_BYTES, now_ms, from, m1_hash);
    if (st == WICK_E_AUTH) {
        return answer_m0(node, now_ms, h, from, m1_hash);
    }
    *proven = (st == WICK_OK);
    return st;
}

/* The own key that M1 names by the first bytes of its kid; NULL: none of ours. */
static const wick_nsl_own *own_by_hint(const wick_nsl_node *node, uint32_t hint)
{
    for (size_t i = 0; i < 2; i++) {
        if (node->own[i].key.handle != 0 && wick_load_be32(node->own[i].keyhash) == hint) {
            return &node->own[i];
        }
    }
    return NULL;
}

static wick_status open_m1(wick_nsl_node *node, struct m1 *m, uint8_t th0[32], wick_span bytes,
                           const struct nsl_header *h, const wick_nsl_own *own)
{
    uint8_t header[WICK_NSL_HEADER_BYTES], e_full[65];
    struct nsl_header clear = *h;
    const wick_hal_crypto *crypto = node->cfg.crypto;

    const size_t at = WICK_NSL_HEADER_BYTES +
                      (((h->flags & NSL_FLAG_COOKIE) != 0) ? WICK_NSL_COOKIE_BYTES : 0u);
    clear.flags = 0;
    nsl_header_put(header, &clear);
    wick_status st = nsl_th0(crypto, th0, h->suite, node->cfg.id, own->keyhash);
    if (st != WICK_OK) {
        return st;
    }
    const struct nsl_seal seal = {wick_span_make(th0, 32), NSL_SPAN(header), {NULL, 0}};
    if (node->stats.m1_opened != UINT32_MAX) {
        node->stats.m1_opened++;
    }
    st = nsl_type_r(h->suite)->open(node, m->plain, &seal, own,
                                    wick_span_make(bytes.ptr + at, bytes.len - at));
    if (st == WICK_OK) {
        st = crypto->secp256k1_expand(crypto->ctx, e_full, M1_E(m));
    }
    if (st == WICK_OK && (M1_OPTS(m) >> 8) != 0) {
        st = WICK_E_UNSUPPORTED; /* mandatory options, of which there are none */
    }
    /* A peer with our own id would be ourselves, or somebody who wants us to think so. */
    if (st == WICK_OK && memcmp(M1_ID(m), node->cfg.id, 32) == 0) {
        st = WICK_E_NSL_PEER_KEY;
    }
    return st;
}

static void fill_half(wick_nsl_half *e, const wick_nsl_node *node, uint64_t now_ms,
                      const struct m1 *m, const struct nsl_header *h, const wick_addr *from,
                      const uint8_t m1_hash[32], const wick_nsl_own *own)
{
    free_half(e);
    e->state = NSL_OPENED;
    e->suite = h->suite;
    e->chosen = (uint8_t)(M1_OPTS(m) & node->cfg.opts);
    e->cid_i = h->cid_i;
    e->since_ms = now_ms;
    e->deadline_ms = now_ms + NSL_HALF_MS;
    e->path = *from;
    memcpy(e->m1_hash, m1_hash, 32);
    memcpy(e->id, M1_ID(m), 32);
    memcpy(e->kid, M1_KID(m), 8);
    memcpy(e->own_keyhash, own->keyhash, 32);
    memcpy(e->e_pub, M1_E(m), 33);
    memcpy(e->keys.fresh.n1, M1_N1(m), 32);
}

/* A proven address, a handshake not seen before. */
static wick_status new_m1(wick_nsl_node *node, uint64_t now_ms, wick_span bytes,
                          const struct nsl_header *h, const wick_addr *from,
                          const uint8_t m1_hash[32])
{
    struct m1 m;
    uint8_t th0[32];
    wick_nsl_half *e = NULL;

    const wick_nsl_own *own = own_by_hint(node, h->cid_r);
    if (own == NULL || own->pub.type != (h->suite & 15u)) {
        return WICK_E_NSL_DROP;
    }
    /* Nothing is opened for whom there cannot be a place, even as a privileged peer. */
    wick_status st = nsl_place(node, &e, now_ms, from, true);
    if (st != WICK_OK) {
        return st;
    }
    if (!nsl_bucket_take(&node->m1_bucket, now_ms)) {
        return WICK_E_NSL_RATE;
    }
    st = open_m1(node, &m, th0, bytes, h, own);
    if (st == WICK_OK) {
        const bool allowed = nsl_is_allowed(node, M1_ID(&m));
        const bool privileged =
            allowed || nsl_memo_has(node->recent, WICK_NSL_RECENT_MAX, now_ms, M1_ID(&m));
        if ((node->cfg.allow_only && !allowed) ||
            nsl_memo_has(node->negative, WICK_NSL_NEGATIVE_MAX, now_ms, M1_ID(&m))) {
            st = WICK_E_NSL_DROP;
        } else {
            st = nsl_place(node, &e, now_ms, from, privileged);
        }
        if (st == WICK_OK) {
            fill_half(e, node, now_ms, &m, h, from, m1_hash, own);
            e->privileged = privileged;
            memcpy(e->th, th0, 32);
            nsl_start_lookups(node, now_ms);
        }
    }
    wick_wipe(&m, sizeof m);
    return st;
}

wick_status nsl_on_m1(wick_nsl_node *node, uint64_t now_ms, wick_span bytes,
                      const struct nsl_header *h, const wick_addr *from)
{
    uint8_t m1_hash[32];
    bool proven = false;

    const size_t want = nsl_m1_bytes(h->suite, (h->flags & NSL_FLAG_COOKIE) != 0);
    if (want == 0 || bytes.len != want || !nsl_suite_allowed(node, h->suite)) {
        return WICK_E_NSL_DROP;
    }
    wick_status st = nsl_m1_hash(node->cfg.crypto, m1_hash, bytes);
    if (st == WICK_OK) {
        st = check_cookie(node, &proven, now_ms, bytes, h, from, m1_hash);
    }
    if (st != WICK_OK || !proven) {
        return st;
    }
    for (size_t i = 0; i < WICK_NSL_HALF_OPEN_MAX; i++) {
        wick_nsl_half *e = &node->half[i];
        if (e->state != NSL_HALF_FREE && memcmp(e->m1_hash, m1_hash, 32) == 0) {
            /* A repetition: the same M2 again, to where it came from; the path stays. Before M2
             * exists it is swallowed, and the answer goes out when the look-up ends. */
            if (e->state == NSL_M2_SENT) {
                e->send_m2 = true;
                e->send_to = *from;
            }
            return WICK_OK;
        }
    }
    for (size_t i = 0; i < WICK_NSL_DONE_MAX; i++) {
        const wick_nsl_done *d = &node->done[i];
        if (d->used && !wick_time_reached(now_ms, d->until_ms) &&
            memcmp(d->m1_hash, m1_hash, 32) == 0) {
            return WICK_E_NSL_DROP; /* a late repetition of a handshake that has ended well */
        }
    }
    return new_m1(node, now_ms, bytes, h, from, m1_hash);
}

#if WICK_WITH_NSL_RSA
wick_status nsl_on_ask(wick_nsl_node *node, uint64_t now_ms, wick_span bytes,
                       const struct nsl_header *h, const wick_addr *from)
{
    const wick_nsl_own *own = own_by_hint(node, h->cid_r);
    if (bytes.len != NSL_ASK_BYTES || node->cfg.no_cookie || nsl_m1_bytes(h->suite, true) == 0 ||
        !nsl_suite_allowed(node, h->suite) || own == NULL || own->pub.type != WICK_KEY_TYPE_RSA2048 ||
        own->pub.type != (h->suite & 15u)) {
        return WICK_E_NSL_DROP;
    }
    return answer_m0(node, now_ms, h, from, bytes.ptr + WICK_NSL_HEADER_BYTES);
}
#endif

/* ---- look-up ---- */

static wick_nsl_lookup *find_lookup(wick_nsl_node *node, uint64_t now_ms, const uint8_t id[32])
{
    for (size_t i = 0; i < WICK_NSL_LOOKUPS_MAX; i++) {
        wick_nsl_lookup *l = &node->lookups[i];
        if (l->used && !wick_time_reached(now_ms, l->until_ms) && memcmp(l->id, id, 32) == 0) {
            return l;
        }
    }
    return NULL;
}

/* The look-up of this id, under way or begun now; NULL if there is no room for another. */
static wick_nsl_lookup *want_lookup(wick_nsl_node *node, uint64_t now_ms, const uint8_t id[32],
                                    bool fresh)
{
    wick_nsl_lookup *l = find_lookup(node, now_ms, id);
    if (l != NULL) {
        return (fresh && !l->fresh) ? NULL : l;
    }
    for (size_t i = 0; i < WICK_NSL_LOOKUPS_MAX; i++) {
        l = &node->lookups[i];
        if (!l->used || wick_time_reached(now_ms, l->until_ms)) {
            memset(l, 0, sizeof *l);
            l->used = true;
            l->fresh = fresh;
            l->until_ms = now_ms + NSL_LOOKUP_MS;
            memcpy(l->id, id, 32);
            return l;
        }
    }
    return NULL;
}

/* The entry that waits for a look-up: privileged ones first, then the oldest. */
static wick_nsl_half *next_opened(wick_nsl_node *node, const bool tried[WICK_NSL_HALF_OPEN_MAX])
{
    wick_nsl_half *best = NULL;
    for (size_t i = 0; i < WICK_NSL_HALF_OPEN_MAX; i++) {
        wick_nsl_half *e = &node->half[i];
        if (e->state != NSL_OPENED || tried[i]) {
            continue;
        }
        if (best == NULL || (e->privileged && !best->privileged) ||
            (e->privileged == best->privileged &&
             !wick_time_reached(e->since_ms, best->since_ms))) {
            best = e;
        }
    }
    return best;
}

void nsl_start_lookups(wick_nsl_node *node, uint64_t now_ms)
{
    bool tried[WICK_NSL_HALF_OPEN_MAX] = {false};

    for (size_t i = 0; i < WICK_NSL_CONNECT_MAX; i++) {
        wick_nsl_run *r = &node->runs[i];
        if (r->want_lookup && want_lookup(node, now_ms, r->peer.id, true) != NULL) {
            r->want_lookup = false;
        }
    }
    for (wick_nsl_half *e = next_opened(node, tried); e != NULL; e = next_opened(node, tried)) {
        const wick_nsl_lookup *l = want_lookup(node, now_ms, e->id, e->fresh);
        tried[e - node->half] = true;
        if (l != NULL) {
            e->state = NSL_LOOKUP;
            e->deadline_ms = l->until_ms;
        }
    }
}

/* ---- M2 ---- */

static wick_status build_m2(const wick_nsl_node *node, wick_nsl_half *e)
{
    const wick_hal_crypto *crypto = node->cfg.crypto;
    uint8_t th1[32], hash[32], plain[NSL_M2_PLAIN];
    struct nsl_header h = {NSL_M2, e->suite, 0, e->cid_i, 0};

    wick_status st = nsl_new_cid(node, &e->cid_r);
    if (st == WICK_OK) {
        st = node->cfg.entropy->fill(node->cfg.entropy->ctx, e->keys.fresh.n2, 32);
    }
    if (st == WICK_OK) {
        memcpy(plain, e->keys.fresh.n2, 32);
        st = nsl_ephemeral(node, e->keys.fresh.e_secret, plain + 32);
    }
    if (st == WICK_OK) {
        st = nsl_th1(crypto, th1, e->th, e->m1_hash, e->id, e->keyhash);
    }
    if (st == WICK_OK) {
        memcpy(plain + 65, node->cfg.id, 32);
        plain[97] = e->chosen;
        h.cid_r = e->cid_r;
        nsl_header_put(e->m2, &h);
        /* N1 is the pre-shared key of this seal and does not travel: who can open M1 only at the
         * other end cannot make M2. */
        const struct nsl_seal seal = {NSL_SPAN(th1),
                                      wick_span_make(e->m2, WICK_NSL_HEADER_BYTES),
                                      NSL_SPAN(e->keys.fresh.n1)};
        st = nsl_type_i(e->suite)->seal(node, e->m2 + WICK_NSL_HEADER_BYTES, &seal, &e->key,
                                        NSL_SPAN(plain));
    }
    if (st == WICK_OK) {
        st = nsl_th_next(crypto, e->th, hash, th1, wick_span_make(e->m2, nsl_m2_bytes(e->suite)));
    }
    wick_wipe(plain, sizeof plain);
    return st;
}

/* Is this status a fact about the record, worth remembering, or a failure to read it? */
static bool is_refusal(wick_status status)
{
    return (status <= WICK_E_NAME && status > WICK_E_UNFUNDED) || status == WICK_E_BAD_KEY ||
           status == WICK_E_UNSUPPORTED || status == WICK_E_NSL_PEER_KEY;
}

/* The record's key against what M1 said. WICK_AGAIN: it must be read once more. */
static wick_status check_record(wick_nsl_node *node, wick_nsl_half *e, uint64_t now_ms,
                                const wick_nsl_key *key, bool fresh)
{
    wick_status st = nsl_keyhash(node->cfg.crypto, e->keyhash, key);
    if (st != WICK_OK) {
        return st;
    }
    for (size_t i = 0; i < 2; i++) {
        if (node->own[i].key.handle != 0 &&
            wick_ct_equal(e->keyhash, node->own[i].keyhash, 32)) {
            return WICK_E_NSL_PEER_KEY; /* a record that copies our key */
        }
    }
    if (memcmp(e->keyhash, e->kid, sizeof e->kid) != 0) {
        if (fresh || nsl_memo_has(node->reread, WICK_NSL_LOOKUPS_MAX * 4, now_ms, e->id)) {
            return WICK_E_NSL_DROP;
        }
        nsl_memo_add(node->reread, WICK_NSL_LOOKUPS_MAX * 4, now_ms, now_ms + NSL_REREAD_MS, e->id);
        return WICK_AGAIN;
    }
    return key->type == e->suite >> 4 ? WICK_OK : WICK_E_NSL_DROP;
}

void nsl_half_lookup_result(wick_nsl_node *node, wick_nsl_half *e, uint64_t now_ms,
                            const wick_nsl_key *key, wick_status status, bool fresh)
{
    wick_status st = status;

    if (st == WICK_OK) {
        st = check_record(node, e, now_ms, key, fresh);
    }
    if (st == WICK_AGAIN) {
        e->state = NSL_OPENED;
        e->fresh = true;
        e->deadline_ms = now_ms + NSL_HALF_MS;
        return;
    }
    if (is_refusal(st)) {
        nsl_memo_add(node->negative, WICK_NSL_NEGATIVE_MAX, now_ms, now_ms + NSL_NEGATIVE_MS,
                     e->id);
    }
    if (st == WICK_OK) {
        e->key = *key;
        st = build_m2(node, e);
    }
    if (st != WICK_OK) {
        free_half(e);
        return;
    }
    e->state = NSL_M2_SENT;
    e->deadline_ms = now_ms + NSL_HALF_MS;
    e->send_m2 = true;
    e->send_to = e->path;
}

/* ---- M3 ---- */

/* k3, computed when the first M3 names this entry and kept: a wrong M3 costs an AEAD opening, not a
 * private-key operation. */
static wick_status derive_k3(const wick_nsl_node *node, wick_nsl_half *e)
{
    uint8_t prk[32], k3[32];

    if (e->late) {
        return WICK_OK;
    }
    wick_status st =
        nsl_prk(node->cfg.crypto, prk, k3, e->th, e->keys.fresh.n1, e->keys.fresh.n2,
                e->keys.fresh.e_secret, e->e_pub);
    if (st == WICK_OK) {
        wick_wipe(&e->keys, sizeof e->keys);
        memcpy(e->keys.late.prk, prk, 32);
        memcpy(e->keys.late.k3, k3, 32);
        e->late = true;
    }
    wick_wipe(prk, sizeof prk);
    wick_wipe(k3, sizeof k3);
    return st;
}

/* Tag first, signature after. `ks` is the initiator's share. */
static wick_status open_m3(const wick_nsl_node *node, const wick_nsl_half *e, uint8_t ks[32],
                           wick_span bytes)
{
    static const uint8_t nonce[WICK_AEAD_NONCE_BYTES] = {0}; /* k3 seals once */
    uint8_t aad[WICK_NSL_HEADER_BYTES + 32], plain[32 + WICK_NSL_SIG_MAX], digest[32];
    const wick_hal_crypto *crypto = node->cfg.crypto;

    memcpy(aad, bytes.ptr, WICK_NSL_HEADER_BYTES);
    memcpy(aad + WICK_NSL_HEADER_BYTES, e->th, 32);
    wick_status st = crypto->aead_open(
        crypto->ctx, WICK_AEAD_CHACHA20_POLY1305, plain, e->keys.late.k3, nonce, NSL_SPAN(aad),
        wick_span_make(bytes.ptr + WICK_NSL_HEADER_BYTES, bytes.len - WICK_NSL_HEADER_BYTES));
    if (st == WICK_OK && (e->chosen & WICK_NSL_OPT_SIG) != 0) {
        st = nsl_sig_digest(crypto, digest, e->th, e->id, node->cfg.id, e->own_keyhash, plain);
        if (st == WICK_OK) {
            st = nsl_type_i(e->suite)->verify(crypto, plain + 32, &e->key, digest);
        }
    }
    if (st == WICK_OK) {
        memcpy(ks, plain, 32);
    }
    wick_wipe(plain, sizeof plain);
    return st;
}

static wick_nsl_done *done_place(wick_nsl_node *node, uint64_t now_ms)
{
    wick_nsl_done *place = &node->done[0];
    for (size_t i = 0; i < WICK_NSL_DONE_MAX; i++) {
        wick_nsl_done *d = &node->done[i];
        if (!d->used || wick_time_reached(now_ms, d->until_ms)) {
            return d;
        }
        if (!wick_time_reached(d->until_ms, place->until_ms)) {
            place = d;
        }
    }
    return place;
}

/* M3 is genuine: session, M4, and what answers its repetitions. */
static wick_status establish(wick_nsl_node *node, wick_nsl_half *e, uint64_t now_ms,
                             wick_span bytes, const uint8_t ks[32], const wick_addr *from)
{
    const wick_hal_crypto *crypto = node->cfg.crypto;
    const struct nsl_header h4 = {NSL_M4, e->suite, 0, e->cid_i, e->cid_r};
    uint8_t th3[32], root[32];
    wick_nsl_done d;

    memset(&d, 0, sizeof d);
    nsl_header_put(d.m4, &h4);
    wick_status st = nsl_th_next(crypto, th3, d.m3_hash, e->th, bytes);
    if (st == WICK_OK) {
        st = nsl_root(crypto, root, d.m4 + WICK_NSL_HEADER_BYTES, th3, e->keys.late.prk, ks, d.m4);
    }
    if (st == WICK_OK) {
        d.used = true;
        d.no_m4 = (e->chosen & WICK_NSL_OPT_NO_M4) != 0;
        d.cid_i = e->cid_i;
        d.cid_r = e->cid_r;
        d.until_ms = now_ms + NSL_DONE_MS;
        memcpy(d.m1_hash, e->m1_hash, 32);
        *done_place(node, now_ms) = d;
        wick_wipe(&e->keys, sizeof e->keys);
        memcpy(e->keys.root, root, 32);
        e->state = NSL_HALF_DONE;
        e->send_m2 = false;
        e->path = *from; /* whoever made M3 is there, or at least a way to him */
        e->run = nsl_new_run(node);
        nsl_memo_add(node->recent, WICK_NSL_RECENT_MAX, now_ms, now_ms + NSL_RECENT_MS, e->id);
        if (!d.no_m4) {
            nsl_reply(node, d.m4, sizeof d.m4, from);
        }
    }
    wick_wipe(root, sizeof root);
    return st;
}

/* A repeated M3 of a finished handshake is answered with the same M4. */
static wick_status repeated_m3(wick_nsl_node *node, uint64_t now_ms, wick_span bytes,
                               const struct nsl_header *h, const wick_addr *from)
{
    uint8_t m3_hash[32];

    for (size_t i = 0; i < WICK_NSL_DONE_MAX; i++) {
        const wick_nsl_done *d = &node->done[i];
        if (!d->used || wick_time_reached(now_ms, d->until_ms) || d->cid_r != h->cid_r ||
            d->cid_i != h->cid_i) {
            continue;
        }
        wick_status st = nsl_hash(node->cfg.crypto, m3_hash, &bytes, 1);
        if (st != WICK_OK || !wick_ct_equal(m3_hash, d->m3_hash, 32)) {
            return st != WICK_OK ? st : WICK_E_NSL_DROP;
        }
        if (!d->no_m4) {
            nsl_reply(node, d->m4, sizeof d->m4, from);
        }
        return WICK_OK;
    }
    return WICK_E_NSL_DROP;
}

wick_status nsl_on_m3(wick_nsl_node *node, uint64_t now_ms, wick_span bytes,
                      const struct nsl_header *h, const wick_addr *from)
{
    uint8_t ks[32];

    for (size_t i = 0; i < WICK_NSL_HALF_OPEN_MAX; i++) {
        wick_nsl_half *e = &node->half[i];
        if (e->state != NSL_M2_SENT || e->cid_r != h->cid_r || e->cid_i != h->cid_i) {
            continue;
        }
        /* Whatever is wrong with it, the entry stays: else anybody could end a handshake. */
        if (h->suite != e->suite || bytes.len != nsl_m3_bytes(e->suite, e->chosen)) {
            return WICK_E_NSL_DROP;
        }
        wick_status st = derive_k3(node, e);
        if (st == WICK_OK) {
            st = open_m3(node, e, ks, bytes);
        }
        if (st == WICK_OK) {
            st = establish(node, e, now_ms, bytes, ks, from);
        }
        wick_wipe(ks, sizeof ks);
        return st;
    }
    return repeated_m3(node, now_ms, bytes, h, from);
}
