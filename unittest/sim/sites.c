/* SPDX-License-Identifier: Apache-2.0 */
#include "sites.h"

#include <string.h>

#include "wick/hmac.h"

#define APPLICATION_DATA 23 /* DTLS content type: what the agent takes for a record */
#define TAG_BYTES 32
#define FRAME_BYTES (1 + 12 + TAG_BYTES)

const char *const site_name[SITES] = {"public",         "full cone", "address-restricted",
                                      "port-restricted", "symmetric", "PCP router",
                                      "NAT-PMP router", "double NAT"};
const char *const way_name[WAYS] = {"none", "direct", "mapped", "relay", "relays"};

static const wick_stub_nat_kind *nat_of(enum site site)
{
    switch (site) {
    case SITE_FULL_CONE:
        return &WICK_STUB_FULL_CONE;
    case SITE_ADDRESS_RESTRICTED:
        return &WICK_STUB_RESTRICTED_CONE;
    case SITE_SYMMETRIC:
        return &WICK_STUB_SYMMETRIC;
    case SITE_PUBLIC:
    case SITE_PORT_RESTRICTED:
    case SITE_PCP:
    case SITE_NATPMP:
    case SITE_DOUBLE:
    case SITES:
    default:
        return &WICK_STUB_PORT_RESTRICTED;
    }
}

/* ------------------------------------------------------------------ authenticated echo */

/* Tag of a payload under the key that this side of the session has. */
static bool tag(uint8_t out[TAG_BYTES], const wick_stub_node *n, uint8_t session,
                wick_session_role role, const uint8_t text[12], bool answer)
{
    wick_session_psk psk;
    wick_hmac_key key;
    wick_hmac h;
    uint8_t label = answer ? 'A' : 'Q';
    if (wick_gateway_session_psk(&n->gw, &psk, session, role, WICK_USE_DTLS12) != WICK_OK ||
        wick_hmac_key_init(&key, &n->crypto, WICK_HASH_SHA256,
                           wick_span_make(psk.key, psk.key_len)) != WICK_OK) {
        return false;
    }
    wick_hmac_begin(&h, &key);
    wick_hmac_update(&h, wick_span_make(&label, 1));
    wick_hmac_update(&h, wick_span_make(text, 12));
    bool good = wick_hmac_finish(&h, out) == WICK_OK;
    wick_hmac_key_wipe(&key);
    return good;
}

static void send_frame(wick_stub_node *n, uint8_t session, wick_session_role role,
                       const uint8_t text[12], bool answer)
{
    uint8_t frame[FRAME_BYTES] = {APPLICATION_DATA};
    memcpy(frame + 1, text, 12);
    if (tag(frame + 13, n, session, role, text, answer)) {
        wick_status st = wick_stub_node_send(n, session, wick_span_make(frame, sizeof frame));
        (void)st; /* what is lost is sent again */
    }
}

static void on_data(void *ctx, wick_stub_node *n, uint8_t session, wick_span bytes)
{
    struct sites *s = ctx;
    bool at_b = n == &s->lab.b;
    wick_session_role role = at_b ? WICK_ROLE_RESPONDER : WICK_ROLE_INITIATOR;
    uint8_t want[TAG_BYTES], text[12];
    if (bytes.len != FRAME_BYTES) {
        return; /* somebody else's traffic */
    }
    memcpy(text, bytes.ptr + 1, 12);
    if (!tag(want, n, session, role, text, !at_b) || memcmp(want, bytes.ptr + 13, TAG_BYTES) != 0) {
        s->forged++;
        return;
    }
    if (at_b) {
        s->there = s->there || memcmp(text, s->text, 12) == 0;
        send_frame(n, session, role, text, true);
    } else {
        s->back = s->back || memcmp(text, s->text, 12) == 0;
    }
}

/* The way of the payload: read from the datagrams that carry it, not from what agents say. */
static bool watch(void *ctx, wick_stub_world *w, const wick_addr *from, const wick_addr *to,
                  uint8_t *bytes, size_t *len)
{
    struct sites *s = ctx;
    bool ours = false;
    for (size_t i = 0; s->serial != 0 && i + 12 <= *len; i++) {
        ours = ours || memcmp(bytes + i, s->text, 12) == 0;
    }
    if (!ours) {
        return true;
    }
    s->hops++;
    for (unsigned i = 0; i < 2; i++) {
        const wick_stub_relay *r = &s->lab.relay[i];
        if (r->turn.cfg.listen.port != 0 && (wick_addr_same_ip(from, &r->turn.cfg.listen) ||
                                             wick_addr_same_ip(to, &r->turn.cfg.listen))) {
            s->relays_seen |= (uint8_t)(1u << i);
        }
        if (s->at[i] == SITE_PCP || s->at[i] == SITE_NATPMP) {
            const wick_stub_pcp *p = &s->router[i].pcp;
            s->mapped_seen =
                s->mapped_seen ||
                (wick_addr_same_ip(to, &p->cfg.external) &&
                 wick_stub_pcp_find(p, w->now_ms, 17, to->port) != NULL) ||
                (wick_addr_same_ip(from, &p->cfg.external) &&
                 wick_stub_pcp_find(p, w->now_ms, 17, from->port) != NULL);
        }
    }
    return true;
}

enum way sites_echo(struct sites *s, uint8_t session, uint64_t ms)
{
    uint64_t end = s->lab.w.now_ms + ms;
    s->there = s->back = s->mapped_seen = false;
    s->relays_seen = 0;
    s->hops = 0;
    s->serial++;
    memcpy(s->text, "payload ", 8);
    wick_store_be32(s->text + 8, s->serial);
    s->lab.w.tap = watch;
    s->lab.w.tap_ctx = s;
    while (!s->back && s->lab.w.now_ms < end) {
        send_frame(&s->lab.a, session, WICK_ROLE_INITIATOR, s->text, false);
        (void)wick_stub_run(&s->lab.w, 1000, &s->back);
    }
    (void)wick_stub_run(&s->lab.w, 500, NULL); /* what is still under way is counted */
    if (!s->back || !s->there || s->hops < 2) {
        return WAY_NONE;
    }
    return s->relays_seen == 3   ? WAY_RELAYS
           : s->relays_seen != 0 ? WAY_RELAY
           : s->mapped_seen      ? WAY_MAPPED
                                 : WAY_DIRECT;
}

/* ------------------------------------------------------------------ places */

static void place(struct sites *s, unsigned i)
{
    struct lab *lab = &s->lab;
    int nat = i == 0 ? lab->nat_a : lab->nat_b, host = i == 0 ? lab->host_a : lab->host_b;
    wick_stub_nat_box *n = &lab->w.nat[nat];
    if (s->at[i] == SITE_PUBLIC) {
        wick_stub_host_move(&lab->w, host, -1, wick_addr_v4(20, 0, 0, (uint8_t)(77 + i), 0));
    } else if (s->at[i] == SITE_PCP || s->at[i] == SITE_NATPMP) {
        (void)wick_stub_router_init(&s->router[i], &lab->w, nat,
                                    wick_addr_v4(10, 10, (uint8_t)(1 + i), 1, 0));
        s->router[i].pcp.faults = s->at[i] == SITE_NATPMP ? WICK_STUB_PCP_NATPMP_ONLY : 0u;
    } else if (s->at[i] == SITE_DOUBLE) {
        n->outer = wick_stub_nat(&lab->w, -1, wick_addr_v4(20, 0, 0, (uint8_t)(5 + i), 0),
                                 WICK_STUB_CARRIER);
        n->ip = wick_addr_v4(100, 64, 0, (uint8_t)(2 + i), 0);
    }
}

void sites_init(struct sites *s, uint64_t seed, enum site a, enum site b, unsigned relays)
{
    memset(s, 0, sizeof *s);
    lab_init(&s->lab, seed, *nat_of(a), *nat_of(b), relays);
    s->at[0] = a;
    s->at[1] = b;
    place(s, 0);
    place(s, 1);
    wick_stub_node *n[2] = {&s->lab.a, &s->lab.b};
    for (unsigned i = 0; i < 2; i++) {
        n[i]->on_data = on_data;
        n[i]->ctx = s;
        n[i]->cfg.allow_unvalidated = true;
        n[i]->interfaces = true; /* they look for more than relays */
        if (relays == 2) {
            n[i]->cfg.relay = wick_addr_v4(20, 0, 0, (uint8_t)(10 + i), 3478);
        }
    }
}

void sites_share_carrier(struct sites *s, bool hairpin)
{
    wick_stub_nat_kind kind = WICK_STUB_CARRIER;
    kind.hairpin = hairpin;
    int carrier = wick_stub_nat(&s->lab.w, -1, wick_addr_v4(20, 0, 0, 5, 0), kind);
    s->lab.w.nat[s->lab.nat_a].outer = carrier;
    s->lab.w.nat[s->lab.nat_a].ip = wick_addr_v4(100, 64, 0, 2, 0);
    s->lab.w.nat[s->lab.nat_b].outer = carrier;
    s->lab.w.nat[s->lab.nat_b].ip = wick_addr_v4(100, 64, 0, 3, 0);
}
