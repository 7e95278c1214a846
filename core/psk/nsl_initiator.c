/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Initiator: drives all timers. Each message is built once; a repetition is the same bytes, but for
 * the cookie, which no seal covers. State table: PROTOCOL.md section 8.1.
 */
#include <string.h>

#include "nsl_internal.h"

#define RUN_MS 31000u    /* 1 + 2 + 4 + 8 + 16 s */
#define FIRST_MS 1000u   /* first repetition; doubles */
#define RESTART_MS 8000u /* by then the responder has forgotten a half-open handshake */
#define M0_PER_M1 3u
#define OPENS_PER_S 4u

static void fail(wick_nsl_run *r, wick_status status)
{
    const uint32_t run = r->run;
    uint8_t id[32];

    memcpy(id, r->peer.id, 32);
    wick_wipe(r, sizeof *r);
    r->state = NSL_RUN_FAILED;
    r->run = run;
    r->status = status;
    memcpy(r->peer.id, id, 32);
}

/* The former key goes: M2 of a run that has begun with it will not be opened. */
void nsl_run_forget(wick_nsl_run *r)
{
    if (r->state == NSL_WAIT_M2 && r->own == 1) {
        fail(r, WICK_E_NSL_NO_ANSWER);
    }
}

static void schedule(wick_nsl_run *r, uint64_t now_ms)
{
    r->attempt = 1;
    r->m0_count = 0;
    r->next_ms = now_ms + FIRST_MS;
    r->send = true;
}

/* ---- M1 ---- */

static wick_status seal_m1(const wick_nsl_node *node, wick_nsl_run *r, const uint8_t e_pub[33],
                           const uint8_t th0[32])
{
    const struct nsl_header h = {NSL_M1, r->suite, 0, r->cid_i, wick_load_be32(r->keyhash)};
    uint8_t plain[NSL_M1_PLAIN];

    memcpy(plain, r->keys.fresh.n1, 32);
    memcpy(plain + 32, e_pub, 33);
    memcpy(plain + 65, node->cfg.id, 32);
    memcpy(plain + 97, r->own_keyhash, 8);
    wick_store_be16(plain + 105, (uint16_t)node->cfg.opts);
    nsl_header_put(r->msg, &h);
    r->msg_len = nsl_m1_bytes(r->suite, false);
    const struct nsl_seal seal = {wick_span_make(th0, 32),
                                  wick_span_make(r->msg, WICK_NSL_HEADER_BYTES),
                                  {NULL, 0}};
    wick_status st = nsl_type_r(r->suite)->seal(node, r->msg + WICK_NSL_HEADER_BYTES, &seal,
                                                &r->peer.key, NSL_SPAN(plain));
    wick_wipe(plain, sizeof plain);
    return st;
}

/* A new M1 with everything in it new. r->peer, r->keyhash, r->run and r->give_up_ms are set. */
static wick_status begin(wick_nsl_node *node, wick_nsl_run *r, uint64_t now_ms)
{
    const wick_hal_crypto *crypto = node->cfg.crypto;
    uint8_t e_pub[33], th0[32], m1_hash[32];

    wick_wipe(&r->keys, sizeof r->keys);
    r->state = NSL_WAIT_M2;
    r->own = 0;
    r->suite = (uint8_t)((unsigned)node->own[0].pub.type << 4 | r->peer.key.type);
    r->has_cookie = false;
    r->m0_ms = now_ms;
    r->second_ms = now_ms;
    r->opens = 0;
    memcpy(r->own_keyhash, node->own[0].keyhash, 32);
    wick_status st = nsl_new_cid(node, &r->cid_i);
    if (st == WICK_OK) {
        st = node->cfg.entropy->fill(node->cfg.entropy->ctx, r->keys.fresh.n1, 32);
    }
    if (st == WICK_OK) {
        st = nsl_ephemeral(node, r->keys.fresh.e_secret, e_pub);
    }
    if (st == WICK_OK) {
        st = nsl_th0(crypto, th0, r->suite, r->peer.id, r->keyhash);
    }
    if (st == WICK_OK) {
        st = seal_m1(node, r, e_pub, th0);
    }
    if (st == WICK_OK) {
        st = nsl_m1_hash(crypto, m1_hash, wick_span_make(r->msg, r->msg_len));
    }
    if (st == WICK_OK) {
        st = nsl_th1(crypto, r->th1, th0, m1_hash, node->cfg.id, r->own_keyhash);
    }
    schedule(r, now_ms);
    return st;
}

/* Is this key fit for a peer of ours? */
static wick_status check_peer_key(const wick_nsl_node *node, uint8_t keyhash[32],
                                  const wick_nsl_key *key)
{
    wick_status st = nsl_keyhash(node->cfg.crypto, keyhash, key);
    for (size_t i = 0; i < 2 && st == WICK_OK; i++) {
        if (node->own[i].key.handle != 0 && wick_ct_equal(keyhash, node->own[i].keyhash, 32)) {
            st = WICK_E_NSL_PEER_KEY;
        }
    }
    return st;
}

static wick_nsl_run *run_place(wick_nsl_node *node)
{
    wick_nsl_run *place = NULL;
    for (size_t i = 0; i < WICK_NSL_CONNECT_MAX; i++) {
        wick_nsl_run *r = &node->runs[i];
        if (r->state == NSL_RUN_FREE) {
            return r;
        }
        if (r->state == NSL_RUN_LINGER &&
            (place == NULL || !wick_time_reached(r->give_up_ms, place->give_up_ms))) {
            place = r;
        }
    }
    return place;
}

wick_status wick_nsl_connect(wick_nsl_node *node, uint32_t *run, uint64_t now_ms,
                             const wick_nsl_peer *peer)
{
    uint8_t keyhash[32];

    *run = 0;
    if (memcmp(peer->id, node->cfg.id, 32) == 0) {
        return WICK_E_BAD_ARG;
    }
    wick_status st = check_peer_key(node, keyhash, &peer->key);
    if (st != WICK_OK) {
        return st;
    }
    if (!nsl_suite_allowed(node, (uint8_t)((unsigned)node->own[0].pub.type << 4 | peer->key.type))) {
        return WICK_E_UNSUPPORTED;
    }
    for (size_t i = 0; i < WICK_NSL_CONNECT_MAX; i++) {
        const wick_nsl_run *r = &node->runs[i];
        if ((r->state == NSL_WAIT_M2 || r->state == NSL_WAIT_M4) &&
            memcmp(r->peer.id, peer->id, 32) == 0) {
            return WICK_E_STATE;
        }
    }
    wick_nsl_run *r = run_place(node);
    if (r == NULL) {
        return WICK_E_LIMIT;
    }
    wick_wipe(r, sizeof *r);
    r->peer = *peer;
    memcpy(r->keyhash, keyhash, 32);
    r->give_up_ms = now_ms + RUN_MS;
    st = begin(node, r, now_ms);
    if (st != WICK_OK) {
        wick_wipe(r, sizeof *r);
        return st;
    }
    r->run = nsl_new_run(node);
    *run = r->run;
    return WICK_OK;
}

/* ---- M0 ---- */

static wick_nsl_run *find_run(wick_nsl_node *node, enum nsl_run_state state, uint32_t cid_i)
{
    for (size_t i = 0; i < WICK_NSL_CONNECT_MAX; i++) {
        if (node->runs[i].state == state && node->runs[i].cid_i == cid_i) {
            return &node->runs[i];
        }
    }
    return NULL;
}

/* Unauthenticated: a cookie only changes what is sent before M2, at most once per second, and no
 * timer. */
wick_status nsl_on_m0(wick_nsl_node *node, uint64_t now_ms, wick_span bytes,
                      const struct nsl_header *h, const wick_addr *from)
{
    wick_nsl_run *r = find_run(node, NSL_WAIT_M2, h->cid_i);
    if (r == NULL || bytes.len != WICK_NSL_M0_BYTES || h->suite != r->suite ||
        h->cid_r != wick_load_be32(r->keyhash) || !wick_addr_equal(from, &r->peer.addr) ||
        r->m0_count >= M0_PER_M1) {
        return WICK_E_NSL_DROP;
    }
    r->m0_count++;
    if (!r->has_cookie) {
        memmove(r->msg + WICK_NSL_HEADER_BYTES + WICK_NSL_COOKIE_BYTES,
                r->msg + WICK_NSL_HEADER_BYTES, r->msg_len - WICK_NSL_HEADER_BYTES);
        r->msg_len += WICK_NSL_COOKIE_BYTES;
        r->msg[3] = NSL_FLAG_COOKIE;
        r->has_cookie = true;
    }
    memcpy(r->msg + WICK_NSL_HEADER_BYTES, bytes.ptr + WICK_NSL_HEADER_BYTES,
           WICK_NSL_COOKIE_BYTES);
    if (wick_time_reached(now_ms, r->m0_ms)) {
        r->m0_ms = now_ms + FIRST_MS;
        r->send = true;
    }
    return WICK_OK;
}

/* ---- M2 ---- */

struct m2 {
    uint8_t plain[NSL_M2_PLAIN];
};
#define M2_N2(m) ((m)->plain)
#define M2_E(m) ((m)->plain + 32)
#define M2_ID(m) ((m)->plain + 65)
#define M2_CHOSEN(m) ((m)->plain[97])

static wick_status open_m2(const wick_nsl_node *node, const wick_nsl_run *r, struct m2 *m,
                           wick_span bytes)
{
    const struct nsl_seal seal = {NSL_SPAN(r->th1),
                                  wick_span_make(bytes.ptr, WICK_NSL_HEADER_BYTES),
                                  NSL_SPAN(r->keys.fresh.n1)};
    const wick_nsl_own *own = &node->own[r->own];

    if (own->key.handle == 0) {
        return WICK_E_NSL_DROP; /* rotated away since */
    }
    wick_status st = nsl_type_i(r->suite)->open(
        node, m->plain, &seal, own,
        wick_span_make(bytes.ptr + WICK_NSL_HEADER_BYTES, bytes.len - WICK_NSL_HEADER_BYTES));
    /* Lowe's fix: the responder names itself, and it must be the one that was addressed. */
    if (st == WICK_OK && !wick_ct_equal(M2_ID(m), r->peer.id, 32)) {
        st = WICK_E_AUTH;
    }
    if (st == WICK_OK && (M2_CHOSEN(m) & ~node->cfg.opts) != 0) {
        st = WICK_E_AUTH; /* grants what was not offered */
    }
    return st;
}

/* Builds M3 in place of M1. What remains secret of the run afterwards is the root. */
static wick_status build_m3(const wick_nsl_node *node, wick_nsl_run *r, const uint8_t th2[32],
                            const uint8_t k3[32], const uint8_t ks[32])
{
    static const uint8_t nonce[WICK_AEAD_NONCE_BYTES] = {0}; /* k3 seals once */
    const wick_hal_crypto *crypto = node->cfg.crypto;
    const struct nsl_header h = {NSL_M3, r->suite, 0, r->cid_i, r->cid_r};
    uint8_t aad[WICK_NSL_HEADER_BYTES + 32], plain[32 + WICK_NSL_SIG_MAX], digest[32];
    wick_status st = WICK_OK;

    r->msg_len = nsl_m3_bytes(r->suite, r->chosen);
    memcpy(plain, ks, 32);
    if ((r->chosen & WICK_NSL_OPT_SIG) != 0) {
        st = nsl_sig_digest(crypto, digest, th2, node->cfg.id, r->peer.id, r->keyhash, ks);
        if (st == WICK_OK) {
            st = nsl_type_i(r->suite)->sign(node, plain + 32, &node->own[r->own], digest);
        }
    }
    if (st == WICK_OK) {
        nsl_header_put(r->msg, &h);
        memcpy(aad, r->msg, WICK_NSL_HEADER_BYTES);
        memcpy(aad + WICK_NSL_HEADER_BYTES, th2, 32);
        st = crypto->aead_seal(
            crypto->ctx, WICK_AEAD_CHACHA20_POLY1305, r->msg + WICK_NSL_HEADER_BYTES, k3, nonce,
            NSL_SPAN(aad),
            wick_span_make(plain, r->msg_len - WICK_NSL_HEADER_BYTES - WICK_AEAD_TAG_BYTES));
    }
    wick_wipe(plain, sizeof plain);
    return st;
}

/* From an M2 that is genuine to M3 and the root. *committed: a failure from here on is ours and
 * ends the run, because k3 must not seal another plaintext. */
static wick_status answer_m2(const wick_nsl_node *node, wick_nsl_run *r, bool *committed,
                             const struct m2 *m, wick_span bytes)
{
    const wick_hal_crypto *crypto = node->cfg.crypto;
    const struct nsl_header h4 = {NSL_M4, r->suite, 0, r->cid_i, wick_load_be32(bytes.ptr + 8)};
    uint8_t th2[32], th3[32], hash[32], prk[32], k3[32], ks[32], root[32], mac[16];
    uint8_t m4_header[WICK_NSL_HEADER_BYTES];

    wick_status st = nsl_th_next(crypto, th2, hash, r->th1, bytes);
    if (st == WICK_OK) {
        st = nsl_prk(crypto, prk, k3, th2, r->keys.fresh.n1, M2_N2(m), r->keys.fresh.e_secret,
                     M2_E(m));
    }
    if (st == WICK_OK) {
        *committed = true;
        wick_wipe(&r->keys, sizeof r->keys);
        r->cid_r = h4.cid_r;
        r->chosen = M2_CHOSEN(m);
        st = node->cfg.entropy->fill(node->cfg.entropy->ctx, ks, sizeof ks);
    }
    if (st == WICK_OK) {
        st = build_m3(node, r, th2, k3, ks);
    }
    if (st == WICK_OK) {
        st = nsl_th_next(crypto, th3, hash, th2, wick_span_make(r->msg, r->msg_len));
    }
    if (st == WICK_OK) {
        nsl_header_put(m4_header, &h4);
        st = nsl_root(crypto, root, mac, th3, prk, ks, m4_header);
    }
    if (st == WICK_OK) {
        memcpy(r->keys.late.root, root, 32);
        memcpy(r->keys.late.mac, mac, 16);
    }
    wick_wipe(prk, sizeof prk);
    wick_wipe(k3, sizeof k3);
    wick_wipe(ks, sizeof ks);
    wick_wipe(root, sizeof root);
    return st;
}

static bool may_open(wick_nsl_run *r, uint64_t now_ms)
{
    if (wick_time_reached(now_ms, r->second_ms + 1000u)) {
        r->second_ms = now_ms;
        r->opens = 0;
    }
    if (r->opens >= OPENS_PER_S) {
        return false;
    }
    r->opens++;
    return true;
}

wick_status nsl_on_m2(wick_nsl_node *node, uint64_t now_ms, wick_span bytes,
                      const struct nsl_header *h)
{
    struct m2 m;
    bool committed = false;

    wick_nsl_run *r = find_run(node, NSL_WAIT_M2, h->cid_i);
    if (r == NULL || h->suite != r->suite || bytes.len != nsl_m2_bytes(r->suite)) {
        return WICK_E_NSL_DROP;
    }
    if (!may_open(r, now_ms)) {
        return WICK_E_NSL_RATE;
    }
    wick_status st = open_m2(node, r, &m, bytes);
    if (st == WICK_OK) {
        st = answer_m2(node, r, &committed, &m, bytes);
    }
    wick_wipe(&m, sizeof m);
    if (committed && st != WICK_OK) {
        fail(r, st);
        return WICK_OK;
    }
    if (st != WICK_OK) {
        return st; /* the run goes on: somebody else may have made this one */
    }
    r->want_lookup = false;
    r->restart_ms = now_ms + RESTART_MS;
    r->state = (r->chosen & WICK_NSL_OPT_NO_M4) != 0 ? NSL_RUN_DONE : NSL_WAIT_M4;
    schedule(r, now_ms);
    return WICK_OK;
}

/* ---- M4 ---- */

wick_status nsl_on_m4(wick_nsl_node *node, wick_span bytes, const struct nsl_header *h)
{
    wick_nsl_run *r = find_run(node, NSL_WAIT_M4, h->cid_i);
    if (r == NULL || h->cid_r != r->cid_r || h->suite != r->suite ||
        bytes.len != WICK_NSL_M4_BYTES) {
        return WICK_E_NSL_DROP;
    }
    if (!wick_ct_equal(bytes.ptr + WICK_NSL_HEADER_BYTES, r->keys.late.mac, 16)) {
        return WICK_E_AUTH;
    }
    r->state = NSL_RUN_DONE;
    r->send = false;
    return WICK_OK;
}

/* ---- time and records ---- */

void nsl_run_tick(wick_nsl_node *node, wick_nsl_run *r, uint64_t now_ms)
{
    if (r->state == NSL_RUN_LINGER && wick_time_reached(now_ms, r->give_up_ms)) {
        wick_wipe(r, sizeof *r);
        return;
    }
    if (r->state != NSL_WAIT_M2 && r->state != NSL_WAIT_M4) {
        return;
    }
    if (wick_time_reached(now_ms, r->give_up_ms)) {
        fail(r, WICK_E_NSL_NO_ANSWER);
        return;
    }
    if (r->state == NSL_WAIT_M4 && wick_time_reached(now_ms, r->restart_ms)) {
        /* Nobody knows this handshake any more (the peer was reset, or dropped it): a new one. */
        wick_status st = begin(node, r, now_ms);
        if (st != WICK_OK) {
            fail(r, st);
        }
        return;
    }
    if (!wick_time_reached(now_ms, r->next_ms)) {
        return;
    }
    r->next_ms = now_ms + ((uint64_t)FIRST_MS << r->attempt);
    r->attempt++;
    r->m0_count = 0;
    r->send = true;
    if (r->state == NSL_WAIT_M2 && r->attempt == 3 && !r->asked) {
        r->asked = true;
        r->want_lookup = true;
        nsl_start_lookups(node, now_ms);
    }
}

void nsl_run_lookup_result(wick_nsl_node *node, wick_nsl_run *r, uint64_t now_ms,
                           const wick_nsl_key *key, wick_status status)
{
    uint8_t keyhash[32];

    if (r->state != NSL_WAIT_M2 || !r->asked) {
        return;
    }
    if (status != WICK_OK) {
        /* The record is gone, or it could not be read, which changes nothing. */
        if (status <= WICK_E_NAME && status > WICK_E_UNFUNDED) {
            fail(r, status);
        }
        return;
    }
    wick_status st = check_peer_key(node, keyhash, key);
    if (st == WICK_OK && memcmp(keyhash, r->keyhash, 32) != 0) {
        r->peer.key = *key;
        memcpy(r->keyhash, keyhash, 32);
        /* The new key can be of another type, and a suite that was asked for stays so. */
        st = nsl_suite_allowed(node, (uint8_t)((unsigned)node->own[0].pub.type << 4 | key->type))
                 ? begin(node, r, now_ms)
                 : WICK_E_UNSUPPORTED;
    }
    if (st != WICK_OK) {
        fail(r, st);
    }
}

wick_status wick_nsl_repeat(wick_nsl_node *node, uint32_t run, uint64_t now_ms)
{
    for (size_t i = 0; i < WICK_NSL_CONNECT_MAX; i++) {
        wick_nsl_run *r = &node->runs[i];
        if (r->state == NSL_RUN_LINGER && r->run == run &&
            !wick_time_reached(now_ms, r->give_up_ms)) {
            r->send = true;
            return WICK_OK;
        }
    }
    return WICK_E_STATE;
}
