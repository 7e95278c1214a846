/* SPDX-License-Identifier: Apache-2.0 */
/* An agent from wick.conf, and how its events are printed. */
#include "agent.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vouch.h"
#include "wick/service.h"

#define TURNS_PORT 5349

int agent_conf_fail(const agent *a, const conf_error *e)
{
    return cli_fail(a->cli, WICK_E_CONFIG, "%.200s: %.280s", a->host.conf.path, e->text);
}

/* Where relays listen for TLS: where they say so, else where they should (RFC 8656 section 5). */
static uint16_t tls_port(const conf *c, const conf_relay *r)
{
    bool named = r->over == WICK_GW_OVER_TLS && r->server.port != 0; /* the server is the TLS one */
    return conf_has(c, &r->s, "tls_port") ? (uint16_t)r->tls_port : named ? 0 : TURNS_PORT;
}

static int take_relay(agent *a, wick_gateway_config *g, wick_driver_config *d)
{
    const conf_relay *r = &a->host.conf.relay;
    bool pinned = conf_has(&a->host.conf, &r->s, "pin_sha256");
    g->relay = r->server;
    g->relay_over = (uint8_t)r->over;
    g->relay_tls_port = tls_port(&a->host.conf, r);
    g->relay_mobile = r->mobile;
    link_trust_of(&a->relay_trust, &a->host, r->ca_file, pinned ? r->pin_sha256 : NULL);
    d->relay_trust = &a->relay_trust;
    d->relay_host = r->host[0] != '\0' ? r->host : NULL;
    g->allow_private_relay = r->allow_private;
    g->check_relay = r->check;
    const conf_path *p = &a->host.conf.path_in;
    g->no_direct = !p->direct;
    g->allow_private_direct = p->private;
    g->no_pcp = !p->pcp;
    g->no_standby = !p->standby;
    g->allow_unvalidated = p->try_unvalidated;
    g->pcp_server = p->pcp_server;
    g->stun = p->stun;
    g->open_port = (uint16_t)p->port;
    if (r->username[0] == '\0') {
        return CLI_OK; /* the wallet manager gives credentials */
    }
    conf_error e;
    if (conf_require(&a->host.conf, &e, &r->s, "password_file") != WICK_OK) {
        return agent_conf_fail(a, &e);
    }
    wick_status s = wick_linux_secret_text(a->relay_password, r->password_file,
                                           sizeof a->relay_password);
    g->relay_user = r->username;
    g->relay_password = a->relay_password;
    return s == WICK_OK ? CLI_OK : cli_fail(a->cli, s, "%s", r->password_file);
}

int agent_ticket_rules(wick_ticket_rule *rules, size_t max, const char *text)
{
    size_t n = 0;
    while (*text != '\0') {
        size_t word = strcspn(text, " "), name = strcspn(text, " :");
        wick_ticket_rule *r = &rules[n];
        if (n == max) {
            return -1;
        }
        memset(r, 0, sizeof *r);
        r->scopes = WICK_TICKET_CONNECT;
        r->any = name == 1 && text[0] == '*';
        if (!r->any && wick_name_hash(r->issuer, wick_span_make((const uint8_t *)text, name)) !=
                           WICK_OK) {
            return -1;
        }
        if (name < word) {
            char *end = NULL;
            unsigned long scopes = strtoul(text + name + 1, &end, 0);
            if (end != text + word || scopes == 0 || scopes > UINT16_MAX) {
                return -1;
            }
            r->scopes = (uint16_t)scopes;
        }
        n++;
        text += word;
        text += strspn(text, " ");
    }
    return (int)n;
}

static int take_tickets(agent *a, wick_gateway_config *g)
{
    const char *text = a->host.conf.tickets.accept;
    int n = agent_ticket_rules(a->ticket_rules, AGENT_TICKET_RULES, text);
    if (n < 0) {
        return cli_fail(a->cli, WICK_E_CONFIG,
                        "%.200s: [tickets] accept takes up to %d of NAME[:SCOPES] or *[:SCOPES]",
                        a->host.conf.path, AGENT_TICKET_RULES);
    }
    g->ticket_rules = a->ticket_rules;
    g->ticket_rule_count = (size_t)n;
    return CLI_OK;
}

/* Seals of tickets are between secp256k1 keys; what needs them would otherwise fail much later. */
static bool is_for_tickets(const agent *a, wick_key key)
{
    const host *h = &a->host;
    uint8_t pub33[33];
    return (conf_find_leaf(&h->conf, "") == NULL && h->conf.tickets.accept[0] == '\0') ||
           h->keystore.secp256k1_public(h->keystore.ctx, pub33, key) != WICK_E_NOT_FOUND;
}

static int check_ticket_key(const agent *a)
{
    const host *h = &a->host;
    bool leaves = conf_find_leaf(&h->conf, "") != NULL;
    if (is_for_tickets(a, h->device_key)) {
        return CLI_OK;
    }
    return cli_fail_remedy(a->cli, WICK_E_UNSUPPORTED,
                           "take a secp256k1 device key, or leave [leaf] and [tickets] out",
                           "%.200s: [%s]: tickets need a secp256k1 device key, and %.200s is RSA",
                           h->conf.path, leaves ? "leaf" : "tickets",
                           h->conf.identity.device_key_file);
}

static int take_wallet(agent *a, wick_driver_config *d)
{
    const conf_wallet *w = &a->host.conf.wallet;
    conf_error e;
    if (w->s.line == 0) {
        return CLI_OK;
    }
    if (conf_require(&a->host.conf, &e, &w->s, "address psk_identity psk_file") != WICK_OK) {
        return agent_conf_fail(a, &e);
    }
    wick_status s = wick_linux_secret_bytes(a->wallet_psk, w->psk_file, sizeof a->wallet_psk);
    if (s != WICK_OK) {
        return cli_fail(a->cli, s, "%s", w->psk_file);
    }
    d->wallet = w->address;
    d->wallet_identity = wick_span_make((const uint8_t *)w->psk_identity, strlen(w->psk_identity));
    d->wallet_psk = wick_span_make(a->wallet_psk, sizeof a->wallet_psk);
    if (w->token_file[0] != '\0') {
        s = wick_linux_secret_text(a->wallet_token, w->token_file, sizeof a->wallet_token);
        d->wallet_token = a->wallet_token;
    }
    return s == WICK_OK ? CLI_OK : cli_fail(a->cli, s, "%s", w->token_file);
}

/* As the contract has them: ascending. conf_check() has seen that no two are one. */
static void take_attestors(agent *a, wick_gateway_config *g, wick_driver_config *d)
{
    const conf *c = &a->host.conf;
    for (size_t i = 0; i < CONF_ATTESTORS_MAX && c->attest.needed != 0; i++) {
        const conf_attestor *x = &c->attestors[i];
        if (x->s.line == 0 || x->s.name[0] == '\0' || g->attestor_count == WICK_GW_ATTESTORS_MAX) {
            continue;
        }
        size_t at = g->attestor_count++;
        while (at > 0 && memcmp(a->attestors[at - 1], x->signer, sizeof x->signer) > 0) {
            memcpy(a->attestors[at], a->attestors[at - 1], sizeof x->signer);
            a->attestor_addr[at] = a->attestor_addr[at - 1];
            at--;
        }
        memcpy(a->attestors[at], x->signer, sizeof x->signer);
        a->attestor_addr[at] = x->address;
    }
    g->attestors = (const uint8_t(*)[20])a->attestors;
    g->attest_needed = (uint8_t)c->attest.needed;
    d->attestors = a->attestor_addr;
    d->attestor_count = g->attestor_count;
}

/* With a key for services the agent shows attestors that their ports are its own. */
static int take_service_key(agent *a, wick_gateway_config *g, wick_driver_config *d)
{
    const conf_identity *id = &a->host.conf.identity;
    if (id->tls_key_file[0] == '\0' || g->attest_needed == 0) {
        return CLI_OK;
    }
    wick_status s = wick_tls_identity_load(&a->service_key, id->tls_key_file, id->name,
                                           &a->host.entropy);
    if (s != WICK_OK) {
        return cli_fail(a->cli, s, "%s", id->tls_key_file);
    }
    g->attest_services = true;
    d->service_key = &a->service_key;
    d->responder = &a->responder;
    return CLI_OK;
}

static int take_store(agent *a, wick_gateway_config *g)
{
    const char *dir = a->host.conf.identity.store_dir;
    if (dir[0] == '\0') {
        return CLI_OK;
    }
    wick_status s = wick_linux_store_init(&a->store, &a->linux_store, dir);
    g->store = &a->store;
    if (s != WICK_OK) {
        return cli_fail(a->cli, s, "%s", dir);
    }
    return store_take(a->cli, &a->store_lock, &a->linux_store);
}

static int open_agent(agent *a)
{
    host *h = &a->host;
    wick_gateway_config g;
    wick_driver_config d;
    memset(&g, 0, sizeof g);
    memset(&d, 0, sizeof d);
    int code = check_ticket_key(a);
    code = code == CLI_OK ? take_relay(a, &g, &d) : code;
    code = code == CLI_OK ? take_wallet(a, &d) : code;
    code = code == CLI_OK ? take_tickets(a, &g) : code;
    code = code == CLI_OK ? take_store(a, &g) : code;
    take_attestors(a, &g, &d);
    code = code == CLI_OK ? take_service_key(a, &g, &d) : code;
    code = code == CLI_OK ? agent_take_chains(a, &g.registry_count) : code;
    if (code != CLI_OK) {
        return code;
    }
    const conf_service *service = conf_own_service(&h->conf);
    wick_linux_log_init(&a->log, &a->linux_log,
                        a->cli->verbose > 1   ? WICK_LOG_DEBUG
                        : a->cli->verbose > 0 ? WICK_LOG_INFO
                                              : WICK_LOG_WARN);
    g.crypto = &h->crypto;
    g.entropy = &h->entropy;
    g.keystore = &h->keystore;
    g.clock = &h->clock;
    g.log = &a->log;
    g.name = h->conf.identity.name;
    g.wallet_key = h->wallet_key;
    g.device_key = h->device_key;
    g.registries = a->registries;
    g.records = a->records;
    g.cache = &a->cache;
    if (service != NULL) {
        g.service = conf_service_name(service);
        g.expires_s = service->expires_s > UINT32_MAX ? UINT32_MAX : (uint32_t)service->expires_s;
    }
    g.has_wallet_manager = d.wallet.port != 0;
    g.sponsored = (uint8_t)h->conf.wallet.sponsored;
    d.gateway = &a->gateway;
    d.clock = &h->clock;
    d.entropy = &h->entropy;
    d.net = &h->net;
    d.linux_net = &h->linux_net;
    d.chains = a->chains;
    d.chain_count = a->link_count;
    d.interfaces = true;
    d.keep_keys = true;
    wick_status s = wick_gateway_init(&a->gateway, &g);
    if (s != WICK_OK) {
        return cli_fail(a->cli, s, "identity '%s'", g.name);
    }
    s = wick_driver_init(&a->driver, &d);
    a->driving = true;
    return s == WICK_OK ? CLI_OK : cli_fail(a->cli, s, "[rpc] url");
}

/* ---- the device key, when it is rotated ---- */

static void next_key_path(char path[HOST_NEXT_KEY_PATH], const agent *a)
{
    host_next_key_path(path, a->host.conf.identity.device_key_file);
}

/* @retval WICK_OK another key than the one in use  @retval WICK_E_SAME_KEY that one
 * @retval WICK_E_NOT_FOUND no such file */
static wick_status load_other(agent *a, wick_key *key, wick_device *words, const char *path)
{
    host *h = &a->host;
    wick_status s = wick_linux_device_key_load(key, &h->ram, path);
    if (s != WICK_OK) {
        return s;
    }
    s = vouch_key_words(words, NULL, &h->crypto, &h->keystore, *key);
    if (s == WICK_OK && vouch_same_key(words, &a->key_words)) {
        s = WICK_E_SAME_KEY;
    }
    if (s != WICK_OK) {
        wick_ram_keystore_remove(&h->ram, *key);
    }
    return s;
}

/* A rotation may fail, be refused or only be tried: what it has left is a key once the record holds it. */
static bool is_in_record(const agent *a, const wick_device *words)
{
    const wick_gateway_own *o = &a->gateway.own;
    return o->registered && vouch_same_key(words, &o->device);
}

wick_status agent_key_again(agent *a)
{
    char path[HOST_NEXT_KEY_PATH];
    wick_key key;
    wick_device words;
    next_key_path(path, a);
    wick_status s = load_other(a, &key, &words, path);
    bool next = s == WICK_OK && is_in_record(a, &words);
    if (s == WICK_OK && !next) {
        wick_ram_keystore_remove(&a->host.ram, key);
        s = WICK_E_NOT_FOUND;
    }
    if (s == WICK_E_NOT_FOUND) { /* where the next one is in use, the other file has the former one */
        s = load_other(a, &key, &words, a->host.conf.identity.device_key_file);
    }
    if (s != WICK_OK) {
        return s == WICK_E_SAME_KEY ? WICK_E_NOT_FOUND : s;
    }
    s = is_for_tickets(a, key) ? wick_gateway_rotate(&a->gateway, agent_now(a), key)
                               : WICK_E_UNSUPPORTED;
    if (s == WICK_E_STATE && is_in_record(a, &words)) {
        /* The second change in 15 minutes. Who reads the record now calls this key, and none but this one: what
         * was in use two keys ago gives way to it. */
        wick_gateway_forget_key(&a->gateway);
        s = wick_gateway_rotate(&a->gateway, agent_now(a), key);
    }
    if (s != WICK_OK) {
        wick_ram_keystore_remove(&a->host.ram, key);
        return s;
    }
    wick_ram_keystore_remove(&a->host.ram, a->former_key); /* its time is over, or it has given way */
    a->former_key = a->host.device_key; /* handshakes to this one are answered for a while */
    a->host.device_key = key;
    a->key_words = words;
    a->key_is_next = next;
    return WICK_OK;
}

wick_status agent_key_proven(agent *a)
{
    char path[HOST_NEXT_KEY_PATH];
    wick_key key;
    wick_device words;
    if (!a->key_is_next) {
        return WICK_OK;
    }
    next_key_path(path, a);
    wick_status s = load_other(a, &key, &words, path);
    if (s == WICK_E_SAME_KEY) {
        bool placed = rename(path, a->host.conf.identity.device_key_file) == 0 || errno == ENOENT;
        a->key_is_next = !placed;
        return placed ? WICK_OK : WICK_E_HAL;
    }
    if (s == WICK_OK) { /* of the rotation after this one */
        wick_ram_keystore_remove(&a->host.ram, key);
    }
    a->key_is_next = s != WICK_OK && s != WICK_E_NOT_FOUND;
    return a->key_is_next ? WICK_E_HAL : WICK_OK; /* gone: the tool has done it */
}

int agent_open(agent *a, const cli *c)
{
    memset(a, 0, sizeof *a);
    a->cli = c;
    a->begin_us = a->step_us = cli_now_us();
    cli_catch_signals();
    int code = host_open(&a->host, c);
    code = code == CLI_OK ? host_load_keys(&a->host, c) : code;
    if (code == CLI_OK) {
        const host *h = &a->host;
        wick_status s = vouch_key_words(&a->key_words, NULL, &h->crypto, &h->keystore, h->device_key);
        code = s == WICK_OK ? open_agent(a) : cli_fail(c, s, "%s", h->conf.identity.device_key_file);
    }
    return code;
}

int agent_suite(agent *a, const char *text)
{
    uint8_t suite = 0;
    if (text == NULL) {
        return CLI_OK;
    }
    if (strcmp(text, "rsa") == 0) {
        suite = WICK_KEY_TYPE_RSA2048 << 4 | WICK_KEY_TYPE_RSA2048;
    } else if (strcmp(text, "secp256k1") == 0) {
        suite = WICK_KEY_TYPE_SECP256K1 << 4 | WICK_KEY_TYPE_SECP256K1;
    } else {
        return cli_usage(a->cli, "--suite takes rsa or secp256k1");
    }
    wick_status s = wick_gateway_suite(&a->gateway, suite);
    return s == WICK_OK ? CLI_OK
                        : cli_fail_remedy(a->cli, s, "leave --suite out: the records say which it is",
                                          "--suite %s: the own device key is of another type", text);
}

int agent_publish(agent *a)
{
    const conf *c = &a->host.conf;
    for (size_t i = 0; i < CONF_SERVICES_MAX; i++) {
        const conf_service *x = &c->services[i];
        if (x->s.line == 0 || x == conf_own_service(c)) {
            continue;
        }
        wick_service_spec spec = {
            .name = conf_service_name(x),
            .protocol = x->tcp ? WICK_PROTOCOL_TCP : WICK_PROTOCOL_UDP,
            .port = (uint16_t)x->port,
            .addr = x->address,
            .expires_s = x->expires_s > UINT32_MAX ? UINT32_MAX : (uint32_t)x->expires_s};
        wick_status s = wick_service_publish(&a->gateway, agent_now(a), &spec);
        if (s != WICK_OK) {
            return cli_fail(a->cli, s, "[service.%s]", x->s.name);
        }
    }
    return CLI_OK;
}

void agent_close(agent *a)
{
    if (a->driving) {
        wick_driver_free(&a->driver);
        wick_gateway_wipe(&a->gateway);
    }
    wick_tls_identity_free(&a->service_key);
    agent_drop_chains(a);
    wick_linux_store_release(&a->store_lock);
    host_close(&a->host);
    wick_wipe(a, sizeof *a);
}

uint64_t agent_now(const agent *a)
{
    return a->host.clock.now_ms(a->host.clock.ctx);
}

void agent_step_begin(agent *a, out_rec *o, const char *event)
{
    out_begin_step(o, stdout, a->cli->json, event);
}

void agent_step_end(agent *a, out_rec *o)
{
    const wick_driver_stats *now = &a->driver.stats, *then = &a->step_stats;
    uint64_t us = cli_now_us();
    uint64_t stream = now->stream_bytes - then->stream_bytes;
    uint64_t udp = now->udp_tx_bytes + now->udp_rx_bytes - then->udp_tx_bytes - then->udp_rx_bytes;
    uint64_t rpc = now->rpc_tx_bytes + now->rpc_rx_bytes - then->rpc_tx_bytes - then->rpc_rx_bytes;
    uint64_t wallet = now->wallet_tx_bytes + now->wallet_rx_bytes - then->wallet_tx_bytes -
                      then->wallet_rx_bytes;
    out_ms(o, "ms", us - a->step_us);
    out_ms(o, "at_ms", us - a->begin_us);
    out_u64(o, "udp_bytes", udp);
    if (stream != 0) {
        out_u64(o, "stream_bytes", stream);
    }
    out_u64(o, "rpc_bytes", rpc);
    out_u64(o, "wallet_bytes", wallet);
    out_end(o);
    a->step_us = us;
    a->step_stats = *now;
}

int agent_fail(const agent *a, wick_status status, const char *what)
{
    const char *wallet = wick_driver_wallet_text(&a->driver);
    const char *node = wick_driver_rpc_text(&a->driver);
    if (status == WICK_E_CONFIG && a->host.conf.wallet.s.line == 0) {
        return cli_fail_remedy(a->cli, status, "add a [wallet] section for the wallet manager",
                               "%s: the name is not registered, or there are no relay credentials, "
                               "and %.200s names no wallet manager",
                               what, a->host.conf.path);
    }
    if (wallet[0] != '\0') {
        return cli_fail(a->cli, status, "%s (wallet manager: %s)", what, wallet);
    }
    if (status == WICK_E_RPC && node[0] != '\0') {
        return cli_fail(a->cli, status, "%s (node: %s)", what, node);
    }
    return cli_fail(a->cli, status, "%s", what);
}

static const char *kind_text(uint8_t kind)
{
    static const char *const names[] = {"withdrawn", "direct", "pcp", "relay"};
    return kind < sizeof names / sizeof names[0] ? names[kind] : "unknown";
}

void agent_event_put(out_rec *o, const wick_gateway_event *e)
{
    switch ((int)e->kind) {
    case WICK_GW_EV_REGISTERED:
        out_hex(o, "id", e->id, sizeof e->id);
        out_u64(o, "epoch", e->epoch);
        out_u64(o, "block", e->block_number);
        out_str(o, "tier", wick_tier_str(e->tier));
        out_bool(o, "sent", e->sent);
        break;
    case WICK_GW_EV_PATH_CHANGED:
        out_str(o, "source", wick_path_source_str((wick_path_source)e->source));
        out_addr(o, "endpoint", &e->addr);
        if (e->standby_kind != WICK_ENDPOINT_WITHDRAWN) {
            out_addr(o, "standby", &e->standby);
        }
        out_addr(o, "reflexive", &e->addr2);
        break;
    case WICK_GW_EV_PUBLISHED:
        out_str(o, "place", e->index == 0 ? "primary" : "standby");
        out_str(o, "kind", kind_text(e->endpoint_kind));
        out_addr(o, "endpoint", &e->addr);
        out_u64(o, "seq", e->seq);
        out_u64(o, "block", e->block_number);
        out_bool(o, "sent", e->sent);
        break;
    case WICK_GW_EV_ATTESTED:
        out_str(o, "place", e->index >= WICK_GW_WORDS ? "service" : e->index == 0 ? "primary" : "standby");
        break;
    case WICK_GW_EV_READY:
        out_bool(o, "standby_pending", e->standby_pending);
        break;
    case WICK_GW_EV_SERVICE:
        out_str(o, "service", e->name);
        out_str(o, "kind", kind_text(e->endpoint_kind));
        out_addr(o, "endpoint", &e->addr);
        out_str(o, "protocol", e->protocol == WICK_PROTOCOL_TCP ? "tcp" : "udp");
        out_u64(o, "seq", e->seq);
        out_u64(o, "block", e->block_number);
        out_bool(o, "sent", e->sent);
        break;
    case WICK_GW_EV_PEER_RESOLVED:
        out_str(o, "name", e->name);
        out_hex(o, "id", e->id, sizeof e->id);
        out_u64(o, "epoch", e->epoch);
        out_addr(o, "endpoint", &e->addr);
        out_str(o, "kind", kind_text(e->endpoint_kind));
        out_u64(o, "seq", e->seq);
        out_u64(o, "block", e->block_number);
        out_str(o, "tier", wick_tier_str(e->tier));
        break;
    case WICK_GW_EV_SESSION_UP:
    case WICK_GW_EV_SESSION_MOVED:
        out_u64(o, "session", e->session);
        if (e->guest) {
            char leaf[WICK_TICKET_SUB_BYTES + 1];
            wick_status s = wick_ticket_sub_name(leaf, e->sub);
            out_str(o, "leaf", s == WICK_OK ? leaf : "?");
            out_hex(o, "issuer", e->id, sizeof e->id);
        }
        out_hex(o, "peer", e->id, sizeof e->id);
        out_addr(o, "from", &e->addr);
        out_str(o, "path", wick_direct_kind_str((wick_direct_kind)e->path_kind));
        out_str(o, "role", e->initiator ? "initiator" : "responder");
        break;
    default:
        break;
    }
}

const char *agent_event_name(wick_gateway_event_kind kind)
{
    static const char *const names[] = {
        "event",     "all-goals",      "registered", "path",          "published",
        "publish",   "resolved",       "handshake",  "session-moved", "session-down",
        "leaf",      "update",         "trust",      "service",       "attested"};
    size_t i = (size_t)kind;
    return i < sizeof names / sizeof names[0] ? names[i] : names[0];
}

void agent_print(agent *a, const wick_gateway_event *e)
{
    const char *event = agent_event_name(e->kind);
    if (e->kind == WICK_GW_EV_REGISTERED && e->status == WICK_E_BAD_KEY) {
        wick_status s = agent_key_again(a); /* it is owner and agent in one */
        if (s != WICK_OK && s != WICK_E_NOT_FOUND) {
            cli_note(a->cli, 0, "wick: cannot go over to the device key of the record: %s",
                     wick_status_str(s));
        }
    }
    if (e->kind == WICK_GW_EV_REGISTERED && e->status == WICK_OK && agent_key_proven(a) != WICK_OK) {
        cli_note(a->cli, 0, "wick: the new device key is not in its place yet");
    }
    if (e->status == WICK_OK) {
        if (e->kind != WICK_GW_EV_READY && e->kind != WICK_GW_EV_SESSION_DOWN) {
            out_rec o;
            agent_step_begin(a, &o, event);
            agent_event_put(&o, e);
            agent_step_end(a, &o);
        }
        return;
    }
    const char *why = e->revert_name != NULL ? e->revert_name : "";
    if (a->cli->json) {
        out_rec o;
        out_begin_fail(&o, stdout, true);
        out_str(&o, "event", event);
        out_str(&o, "code", wick_status_str(e->status));
        out_str(&o, "error", wick_status_cause(e->status));
        out_str(&o, "remedy", wick_status_remedy(e->status));
        out_str(&o, "revert", why);
        out_bool(&o, "final", e->final);
        out_end(&o);
        return;
    }
    fprintf(stderr, "wick: %s: %s: %s%s%s%s\n", wick_status_str(e->status), event,
            wick_status_cause(e->status), why[0] != '\0' ? ": " : "", why,
            e->final ? "" : " (trying again)");
}
