/* SPDX-License-Identifier: Apache-2.0 */
/* Relays, the wallet manager, and the driver of a gateway in the stub world. */
#include "stub_node_internal.h"

#include "wick/keccak.h"
#include "wick/rsa.h"

#include <string.h>

/* ------------------------------------------------------------------ relay */

static uint64_t relay_run(void *ctx, wick_stub_world *w)
{
    wick_stub_relay *r = ctx;
    uint8_t buf[WICK_STUB_MTU];
    wick_addr from, to;
    wick_stub_turn_out out;
    int len;
    while ((len = wick_stub_recv_at(w, r->sock, &from, &to, buf, sizeof buf)) >= 0) {
        if (r->down) {
            continue;
        }
        wick_stub_turn_input(&r->turn, w->now_ms, wick_span_make(buf, (size_t)len), &from, &to);
        while (wick_stub_turn_poll(&r->turn, w->now_ms, &out)) {
            wick_stub_send_from(w, r->sock, out.from.port, &out.to, out.bytes);
        }
    }
    return w->now_ms + 3600000;
}

void wick_stub_relay_init(wick_stub_relay *r, wick_stub_world *w, const wick_hal_crypto *crypto,
                          wick_addr listen, const char *secret)
{
    wick_stub_turn_config cfg;
    memset(r, 0, sizeof *r);
    memset(&cfg, 0, sizeof cfg);
    cfg.crypto = crypto;
    cfg.listen = listen;
    cfg.relay = listen;
    cfg.relay.port = 50000;
    cfg.stream_port = WICK_STUB_STREAM_PORT;
    cfg.rest_secret = secret;
    cfg.unix_base_s = WICK_STUB_UNIX_BASE;
    wick_stub_turn_init(&r->turn, &cfg);
    wick_addr ip = listen;
    ip.port = 0;
    r->host = wick_stub_host(w, -1, ip);
    r->actor = wick_stub_actor_add(w, relay_run, r);
    r->sock = wick_stub_open_all(w, r->host, r->actor);
}

/* ------------------------------------------------------------------ wallet manager */

wick_status wick_stub_wallet_init(wick_stub_wallet *m, wick_crypto_ctx *ctx,
                                  const wick_hal_crypto *crypto, const char *relay_secret)
{
    uint8_t pub33[33];
    memset(m, 0, sizeof *m);
    m->crypto_ctx = ctx;
    m->relay_secret = relay_secret;
    m->relay_life_s = 3600;
    m->latency_ms = 20;
    m->fund_gwei = UINT64_C(1000000000); /* one Ether */
    wick_keccak256(m->secret, (const uint8_t *)"manager of the lab", 18);
    wick_status s = wick_crypto_secp256k1_public(ctx, pub33, m->secret);
    return s == WICK_OK ? wick_eth_address_of(m->address, pub33, crypto) : s;
}

static wick_status make_voucher(wick_stub_wallet *m, wick_gateway_voucher_answer *a,
                                const wick_gateway_request *q, uint64_t now_s)
{
    wick_stub_chain *c = m->chain;
    uint8_t slot[32], word[2][32], digest[32], sig[64], recid = 0;
    wick_registry_domain domain;
    wick_manager manager;
    wick_device device;
    wick_voucher v;
    for (unsigned i = 0; i < 2; i++) {
        wick_slot_device(slot, q->record_id, i);
        wick_stub_chain_get(c, word[i], 0, slot);
    }
    wick_status s = wick_device_decode(&device, word[0], word[1]);
    uint32_t epoch = s == WICK_OK || s == WICK_E_RECORD_REVOKED ? device.epoch : 0;
    wick_slot_manager(slot, c->org);
    wick_stub_chain_get(c, word[0], 0, slot);
    s = wick_manager_decode(&manager, word[0]);
    if (s != WICK_OK) {
        return s;
    }
    memset(&v, 0, sizeof v);
    memcpy(v.org, c->org, 32);
    memcpy(v.id, q->record_id, 32);
    memcpy(v.owner, q->from, 20);
    v.key_type = q->key_type;
    v.flags = q->flags;
    memcpy(v.key, q->key, 32);
    v.not_after = q->not_after_s;
    v.epoch = m->fault == WICK_STUB_WALLET_OLD_EPOCH ? epoch + 7 : epoch;
    v.manager_epoch = manager.epoch + (m->fault == WICK_STUB_WALLET_OTHER_MANAGER ? 1u : 0u);
    v.deadline = m->fault == WICK_STUB_WALLET_EXPIRED ? now_s - 100 : now_s + 3600;
    domain.chain_id = c->chain_id;
    memcpy(domain.contract, c->device_registry, 20);
    wick_voucher_digest(digest, &domain, &v);
    uint8_t secret[32];
    memcpy(secret, m->secret, 32);
    secret[31] ^= m->fault == WICK_STUB_WALLET_WRONG_SIGNER ? 1 : 0;
    s = wick_crypto_secp256k1_sign(m->crypto_ctx, sig, &recid, secret, digest);
    if (s == WICK_OK) {
        s = wick_signature_compact(a->r, a->vs, sig, recid);
    }
    memcpy(a->org, v.org, 32);
    a->epoch = v.epoch;
    a->manager_epoch = v.manager_epoch;
    a->deadline_s = v.deadline;
    return s;
}

/* The manager's conversation: challenge, possession, voucher. */
static wick_status serve_voucher(wick_stub_node *n, const wick_gateway_request *q)
{
    wick_stub_wallet *m = n->wallet;
    wick_gateway_voucher_answer a;
    uint8_t challenge[32], sig[256], pub33[33], der[WICK_RSA_SPKI_MAX];
    wick_buf spki = wick_buf_make(der, sizeof der);
    wick_registry_domain domain;
    domain.chain_id = n->chain->chain_id;
    memcpy(domain.contract, n->chain->device_registry, 20);
    (void)n->entropy.fill(n->entropy.ctx, challenge, sizeof challenge);
    bool rsa = q->key_type == WICK_KEY_TYPE_RSA2048;
    wick_status s = rsa ? wick_gateway_possession_rsa(&n->gw, sig, &spki, challenge, q->id)
                        : wick_gateway_possession(&n->gw, sig, challenge, q->id);
    if (s == WICK_OK && rsa) {
        s = wick_possession_check_rsa(&n->crypto, &domain, q->record_id, challenge, sig,
                                      wick_buf_span(&spki), q->key);
    } else if (s == WICK_OK) {
        pub33[0] = (uint8_t)(2 + (q->flags & 1));
        memcpy(pub33 + 1, q->key, 32);
        s = wick_possession_check(&n->crypto, &domain, q->record_id, challenge, sig, pub33);
    }
    if (s == WICK_OK) {
        s = make_voucher(m, &a, q, WICK_STUB_UNIX_BASE + n->w->now_ms / 1000);
    }
    if (s != WICK_OK) {
        return wick_gateway_failed(&n->gw, n->w->now_ms, q->id, s);
    }
    m->vouchers++;
    return wick_gateway_voucher(&n->gw, &a, n->w->now_ms, q->id);
}

static wick_status serve_relay(wick_stub_node *n, const wick_gateway_request *q)
{
    wick_stub_wallet *m = n->wallet;
    char user[96], password[WICK_TURN_REST_PASSWORD_BYTES];
    uint64_t expires = WICK_STUB_UNIX_BASE + n->w->now_ms / 1000 + m->relay_life_s;
    wick_status s =
        wick_turn_rest_username(user, sizeof user, expires, wick_span_text(q->name));
    if (s == WICK_OK) {
        s = wick_turn_rest_password(password, &n->crypto, wick_span_text(m->relay_secret),
                                    wick_span_text(user));
    }
    if (s != WICK_OK) {
        return wick_gateway_failed(&n->gw, n->w->now_ms, q->id, s);
    }
    m->credentials++;
    return wick_gateway_relay(&n->gw, user, password, expires, n->w->now_ms, q->id);
}

/* ------------------------------------------------------------------ requests of a gateway */

static wick_status serve_proof(wick_stub_node *n, const wick_gateway_request *q)
{
    static wick_stub_proof p; /* one world at a time asks */
    uint64_t now = n->w->now_ms;
    wick_stub_chain_proof_at(n->chain, &p, q->at_hash ? q->block_hash : NULL, q->account, q->slots,
                             q->slot_count);
    if (p.delay_ms == UINT64_MAX) {
        return WICK_OK;
    }
    wick_status s = p.status;
    if (s == WICK_OK && !q->has_header) {
        s = wick_gateway_header(&n->gw, wick_span_make(p.header, p.header_len), p.hash, now, q->id);
    }
    for (unsigned part = 0; part < p.part_count && s == WICK_OK; part++) {
        for (unsigned i = 0; i < p.part[part].node_count && s == WICK_OK; i++) {
            s = wick_gateway_proof_node(
                &n->gw, wick_span_make(p.part[part].node[i].bytes, p.part[part].node[i].len), now,
                q->id, (int)part - 1);
        }
    }
    if (p.status != WICK_OK || s == WICK_OK) {
        s = wick_gateway_proof_end(&n->gw, now, q->id, p.status);
    }
    return s;
}

/* No proof goes with a key: a node may give any. */
static wick_status serve_key(wick_stub_node *n, const wick_gateway_request *q)
{
    uint8_t spki[320];
    size_t len = wick_stub_chain_spki(n->chain, spki, q->key);
    n->chain->keys_asked++;
    if (n->key_fault == WICK_STUB_KEY_SILENT) {
        return WICK_OK;
    }
    if (n->key_fault == WICK_STUB_KEY_UNKNOWN || len == 0) {
        return wick_gateway_failed(&n->gw, n->w->now_ms, q->id, WICK_E_NOT_FOUND);
    }
    if (n->key_fault == WICK_STUB_KEY_OTHER ||
        (n->key_fault == WICK_STUB_KEY_OTHER_ONCE && n->chain->keys_asked % 2 == 1)) {
        spki[40] ^= 1;
    }
    return wick_gateway_key(&n->gw, wick_span_make(spki, len), n->w->now_ms, q->id);
}

static wick_status serve_send(wick_stub_node *n, const wick_gateway_request *q)
{
    uint8_t revert[36];
    size_t len = wick_stub_chain_call(n->chain, revert, q->from, q->call_data);
    wick_status s = len != 0 ? WICK_E_TX_REVERTED : wick_stub_chain_send(n->chain, q->raw_tx);
    return wick_gateway_sent(&n->gw, wick_span_make(revert, len), n->w->now_ms, q->id, s);
}

/* The manager tries it, and sends it in a transaction of his own. */
static wick_status serve_sponsor(wick_stub_node *n, const wick_gateway_request *q)
{
    static const uint8_t manager[20] = {0x77};
    uint8_t revert[36];
    wick_revert why;
    if (n->wallet->fault == WICK_STUB_WALLET_NO_SPONSOR) {
        return wick_gateway_failed(&n->gw, n->w->now_ms, q->id, WICK_E_UNSUPPORTED);
    }
    size_t len = wick_stub_chain_call(n->chain, revert, manager, q->call_data);
    if (len != 0) {
        return wick_gateway_failed(&n->gw, n->w->now_ms, q->id,
                                   wick_revert_decode(&why, wick_span_make(revert, len)));
    }
    n->wallet->sponsored++;
    if (n->wallet->fault != WICK_STUB_WALLET_FORGETS) {
        wick_stub_chain_run(n->chain, manager, q->call_data);
    }
    return wick_gateway_sponsored(&n->gw, n->w->now_ms, q->id);
}

static wick_status serve_attest(wick_stub_node *n, const wick_gateway_request *q)
{
#if WICK_WITH_ATTEST
    if (n->attestors != NULL) {
        return wick_stub_attestors_serve(n->attestors, &n->gw, n->w->now_ms, q->id,
                                         q->challenge_port);
    }
#endif
    return wick_gateway_failed(&n->gw, n->w->now_ms, q->id, WICK_E_CONFIG);
}

static bool is_for_wallet(const wick_gateway_request *q)
{
    return q->kind >= WICK_GW_REQ_WALLET_VOUCHER && q->kind <= WICK_GW_REQ_WALLET_SPONSOR;
}

static void serve(wick_stub_node *n, const wick_gateway_request *q)
{
    uint64_t now = n->w->now_ms;
    bool wallet = is_for_wallet(q);
    wick_status s = WICK_OK;
    if (wallet && n->wallet->fault == WICK_STUB_WALLET_SILENT) {
        return;
    }
    if (wallet && n->wallet->fault == WICK_STUB_WALLET_REFUSES) {
        s = wick_gateway_failed(&n->gw, now, q->id, WICK_E_AUTH);
        (void)s;
        return;
    }
    switch (q->kind) {
    case WICK_GW_REQ_CHAIN_PROOF:
        s = serve_proof(n, q);
        break;
    case WICK_GW_REQ_CHAIN_KEY:
        s = serve_key(n, q);
        break;
    case WICK_GW_REQ_CHAIN_FEES:
        s = wick_gateway_fees(&n->gw, now, q->id, n->chain->base_fee, 1000000000);
        break;
    case WICK_GW_REQ_CHAIN_SEND:
        s = serve_send(n, q);
        break;
    case WICK_GW_REQ_WALLET_VOUCHER:
        s = serve_voucher(n, q);
        break;
    case WICK_GW_REQ_WALLET_FUND:
        if (n->wallet->fault != WICK_STUB_WALLET_NO_MONEY &&
            n->wallet->fault != WICK_STUB_WALLET_GIVES_NONE) {
            n->wallet->funded++;
            wick_stub_chain_fund(n->chain, q->from, n->wallet->fund_gwei);
        }
        s = n->wallet->fault == WICK_STUB_WALLET_GIVES_NONE
                ? wick_gateway_failed(&n->gw, now, q->id, WICK_E_LIMIT)
                : wick_gateway_funded(&n->gw, now, q->id);
        break;
    case WICK_GW_REQ_WALLET_SPONSOR:
        s = serve_sponsor(n, q);
        break;
    case WICK_GW_REQ_WALLET_RELAY:
        s = serve_relay(n, q);
        break;
    case WICK_GW_REQ_ATTEST:
        s = serve_attest(n, q);
        break;
    }
    (void)s; /* refusals are the agent's business and show in its events */
}

static void take_request(wick_stub_node *n, const wick_gateway_request *q)
{
    n->requests[q->kind]++;
    for (unsigned i = 0; i < WICK_STUB_NODE_PENDING; i++) {
        if (n->pending[i].q.id == 0) {
            bool wallet = is_for_wallet(q);
            n->pending[i].q = *q;
            n->pending[i].due_ms =
                n->w->now_ms + (wallet ? n->wallet->latency_ms : n->chain->latency_ms);
            if (!wallet && wick_stub_chain_is_slow(n->chain)) {
                n->pending[i].due_ms += 30000;
            }
            return;
        }
    }
}

/* ------------------------------------------------------------------ the driver's loop */

static void cut_stream(wick_stub_node *n, uint8_t i)
{
    if (n->stream[i].sock >= 0) {
        wick_stub_close(n->w, n->stream[i].sock);
    }
    n->stream[i].sock = -1;
    n->stream[i].ended = false;
}

/* A stream: a socket of its own to one server, on which nothing is lost or reordered but all of it. */
static void put_stream(wick_stub_node *n, const wick_gateway_out *o)
{
    wick_addr from = o->to;
    if (n->stream[o->socket].sock >= 0 && !wick_addr_equal(&n->stream[o->socket].to, &from)) {
        cut_stream(n, o->socket);
    }
    if (n->stream[o->socket].sock < 0) {
        n->stream[o->socket].sock = wick_stub_open(n->w, n->host, 0, n->actor);
        n->stream[o->socket].to = from;
        n->streams++;
        n->stream[o->socket].ended = (n->refused & (1u << o->over)) != 0;
    }
    n->bytes_out += o->bytes.len;
    if (!n->stream[o->socket].ended) {
        wick_stub_send(n->w, n->stream[o->socket].sock, &from, o->bytes);
    }
    wick_stub_actor_wake(n->w, n->actor);
}

static void put(wick_stub_node *n, const wick_gateway_out *o)
{
    if (o->over != WICK_GW_OVER_UDP) {
        put_stream(n, o);
        return;
    }
    if (n->no_udp) {
        return;
    }
    if (n->sock[o->socket] < 0) {
        n->sock[o->socket] = wick_stub_open(n->w, n->host, 0, n->actor);
    }
    n->bytes_out += o->bytes.len;
    wick_stub_send(n->w, n->sock[o->socket], &o->to, o->bytes);
}

static void drain(wick_stub_node *n, uint64_t *deadline)
{
    wick_gateway_out o;
    for (;;) {
        wick_gateway_poll(&n->gw, &o, n->w->now_ms);
        switch (o.kind) {
        case WICK_GW_OUT_SEND:
            put(n, &o);
            break;
        case WICK_GW_OUT_DATA:
            if (n->on_data != NULL) {
                n->on_data(n->ctx, n, o.session, o.bytes);
            }
            break;
        case WICK_GW_OUT_REQUEST:
            take_request(n, &o.request);
            break;
        case WICK_GW_OUT_EVENT:
            n->seen[o.event.kind]++;
            n->last[o.event.kind] = o.event;
            n->ready = n->ready || o.event.kind == WICK_GW_EV_READY;
            if (n->on_event != NULL) {
                n->on_event(n->ctx, n, &o.event);
            }
            break;
        case WICK_GW_OUT_SOCKET_NEW:
            if (o.over != WICK_GW_OVER_UDP) {
                cut_stream(n, o.socket);
            } else if (n->sock[o.socket] >= 0) {
                wick_stub_close(n->w, n->sock[o.socket]);
                n->sock[o.socket] = -1;
            }
            break;
        case WICK_GW_OUT_SOCKET_OPEN:
            if (n->sock[o.socket] >= 0) {
                wick_stub_close(n->w, n->sock[o.socket]);
            }
            n->sock[o.socket] = wick_stub_open(n->w, n->host, o.to.port, n->actor);
            n->opened++;
            wick_gateway_opened(&n->gw, n->w->now_ms, o.socket,
                                n->sock[o.socket] < 0 ? 0 : n->w->sock[n->sock[o.socket]].port);
            break;
        case WICK_GW_OUT_DONE:
            n->done = true;
            *deadline = n->w->now_ms + 3600000;
            return;
        case WICK_GW_OUT_WAIT:
            *deadline = o.deadline_ms;
            return;
        }
    }
}

/* The network as it is, whenever it has changed. */
static void tell_interfaces(wick_stub_node *n)
{
    wick_stub_net ctx = {n->w, n->host, n->actor};
    wick_hal_net net;
    wick_netif list[4];
    wick_stub_hal_net(&net, &ctx);
    uint32_t changes = net.change_count(&ctx) + 1;
    if (!n->interfaces || changes == n->changes) {
        return;
    }
    n->changes = changes;
    int32_t count = net.interfaces(&ctx, list, 4);
    wick_gateway_interfaces(&n->gw, n->w->now_ms, list, (size_t)count);
    if (n->news < 0) { /* announcements of the router */
        n->news = wick_stub_open(n->w, n->host, 5350, n->actor);
    }
}

static uint64_t node_run(void *ctx, wick_stub_world *w)
{
    wick_stub_node *n = ctx;
    uint8_t buf[WICK_STUB_MTU];
    wick_addr from;
    uint64_t next = w->now_ms + 3600000;
    int len;
    if (n->cfg.crypto == NULL || n->done) {
        return next;
    }
    for (unsigned i = 0; i < WICK_STUB_NODE_PENDING; i++) {
        if (n->pending[i].q.id != 0 && n->pending[i].due_ms <= w->now_ms) {
            wick_gateway_request q = n->pending[i].q;
            n->pending[i].q.id = 0;
            serve(n, &q);
        }
    }
    uint64_t light_next = next;
    if (n->has_light) {
        stub_node_run_light(n, &light_next);
    }
    tell_interfaces(n);
    drain(n, &next);
    while (n->news >= 0 && (len = wick_stub_recv(w, n->news, &from, buf, sizeof buf)) >= 0) {
        wick_gateway_input(&n->gw, w->now_ms, WICK_GW_SOCKET_ROUTER,
                           wick_span_make(buf, (size_t)len), &from);
        drain(n, &next);
    }
    for (uint8_t i = 0; i < WICK_GW_SOCKETS; i++) {
        while (n->sock[i] >= 0 &&
               (len = wick_stub_recv(w, n->sock[i], &from, buf, sizeof buf)) >= 0) {
            n->bytes_in += (size_t)len;
            wick_gateway_input(&n->gw, w->now_ms, i, wick_span_make(buf, (size_t)len), &from);
            drain(n, &next);
        }
    }
    for (uint8_t i = 0; i < WICK_GW_TURNS; i++) {
        while (n->stream[i].sock >= 0 &&
               (len = wick_stub_recv(w, n->stream[i].sock, &from, buf, sizeof buf)) >= 0) {
            n->bytes_in += (size_t)len;
            wick_gateway_stream_input(&n->gw, w->now_ms, i, wick_span_make(buf, (size_t)len));
            drain(n, &next);
        }
        if (n->stream[i].ended) {
            cut_stream(n, i);
            wick_gateway_stream_closed(&n->gw, w->now_ms, i, WICK_E_NET);
            drain(n, &next);
        }
    }
    for (unsigned i = 0; i < WICK_STUB_NODE_PENDING; i++) {
        if (n->pending[i].q.id != 0 && n->pending[i].due_ms < next) {
            next = n->pending[i].due_ms;
        }
    }
    if (n->has_light) {
        stub_node_run_light(n, &light_next); /* the agent may have asked it to hurry */
    }
    return light_next < next ? light_next : next;
}

wick_status wick_stub_node_init(wick_stub_node *n, wick_stub_world *w, int host,
                                wick_stub_chain *chain, wick_stub_wallet *wallet,
                                const char *name)
{
    memset(n, 0, sizeof *n);
    n->w = w;
    n->host = host;
    n->chain = chain;
    n->wallet = wallet;
    for (unsigned i = 0; i < WICK_GW_SOCKETS; i++) {
        n->sock[i] = -1;
    }
    for (unsigned i = 0; i < WICK_GW_TURNS; i++) {
        n->stream[i].sock = -1;
    }
    n->news = -1;
    wick_stub_hal_clock(&n->clock, w);
    wick_stub_hal_entropy(&n->entropy, w);
    wick_stub_store_init(&n->store_mem);
    wick_stub_hal_store(&n->store, &n->store_mem);
    wick_status s = wick_crypto_init(&n->crypto, &n->crypto_ctx);
    if (s != WICK_OK) {
        return s;
    }
    wick_ram_keystore_init(&n->keystore, &n->ram, &n->crypto_ctx);
    wick_ram_keystore_rsa(&n->keystore, &n->ram, &n->entropy);
    s = wick_ram_keystore_generate(&n->cfg.wallet_key, &n->ram, &n->entropy);
    if (s == WICK_OK) {
        s = wick_ram_keystore_generate(&n->cfg.device_key, &n->ram, &n->entropy);
    }
    n->registry.name = "lab";
    n->registry.chain_id = chain->chain_id;
    memcpy(n->registry.device_registry, chain->device_registry, 20);
    memcpy(n->registry.relay_registry, chain->relay_registry, 20);
    n->registry.tier = WICK_TIER_OWN_NODE;
    n->cfg.entropy = &n->entropy;
    n->cfg.keystore = &n->keystore;
    n->cfg.clock = &n->clock;
    n->cfg.store = &n->store;
    n->cfg.name = name;
    n->cfg.registries = &n->registry;
    n->cfg.registry_count = 1;
    n->cfg.has_wallet_manager = true;
    n->actor = wick_stub_actor_add(w, node_run, n);
    return n->actor < 0 ? WICK_E_LIMIT : s;
}

wick_status wick_stub_node_begin(wick_stub_node *n, unsigned goals)
{
    n->cfg.crypto = &n->crypto; /* from now on the actor lives */
    n->ready = false;
    n->done = false;
    wick_status s = WICK_OK;
    if (n->has_light) {
        s = wick_light_init(&n->light, &n->light_cfg);
        s = s == WICK_OK ? wick_light_start(&n->light, n->w->now_ms) : s;
    }
    if (s != WICK_OK) {
        n->cfg.crypto = NULL;
        return s;
    }
    s = wick_gateway_init(&n->gw, &n->cfg);
    if (s == WICK_OK) {
        s = wick_gateway_start(&n->gw, n->w->now_ms, goals);
    }
    if (s != WICK_OK) {
        n->cfg.crypto = NULL;
    }
    wick_stub_node_wake(n);
    return s;
}

void wick_stub_node_kill(wick_stub_node *n)
{
    memset(n->pending, 0, sizeof n->pending);
    memset(n->light_pending, 0, sizeof n->light_pending);
    for (unsigned i = 0; i < WICK_GW_SOCKETS; i++) {
        if (n->sock[i] >= 0) {
            wick_stub_close(n->w, n->sock[i]);
            n->sock[i] = -1;
        }
    }
    for (uint8_t i = 0; i < WICK_GW_TURNS; i++) {
        cut_stream(n, i);
    }
    if (n->news >= 0) {
        wick_stub_close(n->w, n->news);
        n->news = -1;
    }
    n->changes = 0;
    n->cfg.crypto = NULL;
    wick_gateway_wipe(&n->gw);
}

void wick_stub_node_cut(wick_stub_node *n)
{
    for (unsigned i = 0; i < WICK_GW_TURNS; i++) {
        n->stream[i].ended = n->stream[i].sock >= 0;
    }
    wick_stub_node_wake(n);
}

void wick_stub_node_wake(wick_stub_node *n)
{
    wick_stub_actor_wake(n->w, n->actor);
}

wick_status wick_stub_node_connect(wick_stub_node *n, uint8_t *session, const char *ref)
{
    wick_status s = wick_gateway_connect(&n->gw, session, n->w->now_ms, ref);
    wick_stub_node_wake(n);
    return s;
}

wick_status wick_stub_node_lookup(wick_stub_node *n, const char *ref)
{
    wick_status s = wick_gateway_lookup(&n->gw, n->w->now_ms, ref);
    wick_stub_node_wake(n);
    return s;
}

wick_status wick_stub_node_send(wick_stub_node *n, uint8_t session, wick_span bytes)
{
    wick_gateway_out o;
    wick_status s = wick_gateway_send(&n->gw, &o, bytes, n->w->now_ms, session);
    if (s == WICK_OK) {
        put(n, &o);
    }
    wick_stub_node_wake(n);
    return s;
}
