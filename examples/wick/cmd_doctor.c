/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick doctor: one line for each thing that has to be right, ok, warn or FAIL, with a remedy. It reads
 * and asks, and changes nothing.
 */
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "chain.h"
#include "commands.h"
#include "out.h"
#include "wick/marks.h"
#include "wick/stun.h"
#include "wick/trust_store.h"
#include "wick/tx.h"

#define HEAD_OLD_S 900u
#define CLOCK_SANE_S UINT64_C(1735689600) /* 2025: a clock before that was never set */
#define STUN_TRIES 3
#define STUN_WAIT_MS 700
#define LIGHT_WAIT_MS 20000u

typedef enum level { OK, WARN, FAIL } level;

typedef struct doctor {
    const cli *c;
    host *h;
    unsigned count[3];
    uint64_t unix_s; /* 0: no clock */
} doctor;

static doctor d;
static reader r;
static chain_view view;

/* One line. `remedy` NULL: none is needed. */
__attribute__((format(printf, 4, 5))) static void say(level at, const char *what,
                                                      const char *remedy, const char *format, ...)
{
    static const char *const names[] = {"ok", "warn", "FAIL"};
    char text[400];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    d.count[at]++;
    if (!d.c->json) {
        printf("%-5s %-22s %s\n", names[at], what, text);
        if (at != OK && remedy != NULL) {
            printf("      %-22s remedy: %s\n", "", remedy);
        }
        fflush(stdout);
        return;
    }
    out_rec o;
    if (at == FAIL) {
        out_begin_fail(&o, stdout, true);
    } else {
        out_begin(&o, stdout, true);
    }
    out_str(&o, "check", what);
    out_str(&o, "level", names[at]);
    out_str(&o, "detail", text);
    out_str(&o, "remedy", at != OK && remedy != NULL ? remedy : "");
    out_end(&o);
}

static void say_status(level at, const char *what, wick_status s, const char *subject)
{
    say(at, what, wick_status_remedy(s), "%s: %s", subject, wick_status_cause(s));
}

/* ---- this machine ---- */

static void check_clock(void)
{
    if (d.h->clock.unix_s(d.h->clock.ctx, &d.unix_s) != WICK_OK) {
        say(FAIL, "clock", "set the clock, or start an NTP client", "there is no time of day");
    } else if (d.unix_s < CLOCK_SANE_S) {
        say(FAIL, "clock", "set the clock, or start an NTP client", "it says %llu, which is past",
            (unsigned long long)d.unix_s);
    } else {
        say(OK, "clock", NULL, "unix time %llu", (unsigned long long)d.unix_s);
    }
}

static void check_secret(const char *what, const char *path)
{
    static char text[256];
    if (path[0] == '\0') {
        return;
    }
    wick_status s = wick_linux_secret_text(text, path, sizeof text);
    wick_wipe(text, sizeof text);
    if (s == WICK_OK) {
        say(OK, what, NULL, "%s", path);
    } else {
        say_status(FAIL, what, s, path);
    }
}

static void check_files(void)
{
    const conf *f = &d.h->conf;
    const conf_identity *id = &f->identity;
    if (id->name[0] == '\0') {
        say(WARN, "identity", "add [identity] name, wallet_key_file and device_key_file",
            "%s names none: this machine can look up, and not register", f->path);
    }
    check_secret("wallet key", id->wallet_key_file);
    check_secret("device key", id->device_key_file);
    check_secret("wallet manager PSK", f->wallet.psk_file);
    check_secret("wallet manager token", f->wallet.token_file);
    check_secret("relay password", f->relay.password_file);
}

static void check_store(void)
{
    static wick_linux_store st;
    static wick_hal_store store;
    static uint8_t value[WICK_STORE_VALUE_MAX];
    wick_linux_store_lock lock;
    const conf *f = &d.h->conf;
    const char *dir = f->identity.store_dir;
    uint32_t holder = 0;
    if (dir[0] == '\0') {
        say(WARN, "store", "add [identity] store_dir",
            "none: marks and what light clients know are lost at the end of each command");
        return;
    }
    wick_status s = wick_linux_store_init(&store, &st, dir);
    if (s == WICK_OK) {
        s = wick_linux_store_take(&lock, &holder, &st, 0);
    }
    if (s == WICK_E_STORE_BUSY) {
        say(OK, "store", NULL, "%s is in use by process %lu", dir, (unsigned long)holder);
        return;
    }
    if (s != WICK_OK) {
        say_status(FAIL, "store", s, dir);
        return;
    }
    wick_marks marks;
    wick_marks_init(&marks, &store);
    s = wick_marks_load(&marks, value);
    for (size_t i = 0; i < CONF_CHAINS_MAX && s == WICK_OK; i++) {
        const conf_chain *x = &f->chains[i];
        wick_trust_store ts;
        if (x->s.line == 0 || link_tier(x) <= WICK_TIER_OWN_NODE) {
            continue;
        }
        s = wick_trust_store_open(&ts, &store, (uint16_t)WICK_LIGHT_STORE_BASE(i), x->chain_id,
                                  (uint8_t)link_rule(x), x->trusted_hash);
        if (s == WICK_OK && wick_trust_store_is_empty(&ts)) {
            say(OK, "trust store", NULL, "[chain.%s]: empty, begins at trusted_hash", x->s.name);
        } else if (s == WICK_OK) {
            say(OK, "trust store", NULL, "[chain.%s]: up to block %llu", x->s.name,
                (unsigned long long)ts.number);
        }
    }
    wick_linux_store_release(&lock);
    if (s == WICK_E_CONFIG || s == WICK_E_HEADER_STALE) {
        say(FAIL, "store", "wick store erase, then synchronise or import anew",
            "%s: of another chain, rule or trusted_hash, or rolled back", dir);
    } else if (s != WICK_OK) {
        say_status(FAIL, "store", s, dir);
    } else {
        say(OK, "store", NULL, "%s", dir);
    }
}

/* ---- nodes ---- */

static uint64_t now_ms(void)
{
    return d.h->clock.now_ms(d.h->clock.ctx);
}

static wick_status ask(wick_status started)
{
    return started == WICK_OK ? wick_rpc_wait(&r.rpc, &d.h->linux_net) : started;
}

static void check_proof(const char *what, const char *url, const conf_chain *x)
{
    static const uint8_t slot[1][32], nobody[20];
    wick_eth_proof proof;
    const uint8_t *address = nobody;
    for (size_t i = 0; i < CONF_REGISTRIES_MAX; i++) {
        const conf_registry *g = &d.h->conf.registries[i];
        address = g->s.line != 0 && strcmp(g->chain, x->s.name) == 0 ? g->device_registry : address;
    }
    wick_status s = ask(wick_rpc_proof(&r.rpc, now_ms(), address, slot, 1, WICK_RPC_LATEST));
    if (s == WICK_OK) {
        s = wick_rpc_result_proof(&proof, &r.rpc);
    }
    if (s == WICK_OK) {
        say(OK, what, NULL, "%s: eth_getProof", url);
    } else {
        say(FAIL, what, "use a node that answers eth_getProof", "%s: no eth_getProof (%s)", url,
            s == WICK_E_RPC ? wick_rpc_message(&r.rpc) : wick_status_str(s));
    }
}

static void check_block(const char *what, const char *url)
{
    static uint8_t rlp[WICK_HEADER_MAX];
    wick_eth_block block;
    wick_header h;
    wick_buf header = wick_buf_make(rlp, sizeof rlp);
    wick_status s = ask(wick_rpc_block(&r.rpc, now_ms(), WICK_RPC_LATEST));
    if (s == WICK_OK) {
        s = wick_eth_json_header(&block, &header, wick_rpc_result(&r.rpc));
    }
    if (s == WICK_OK) {
        s = wick_header_decode(&h, wick_buf_span(&header));
    }
    if (s != WICK_OK) {
        say_status(FAIL, what, s, url);
        return;
    }
    if (d.unix_s == 0) {
        say(WARN, what, NULL, "%s: block %llu, whose age is unknown without a clock", url,
            (unsigned long long)h.number);
        return;
    }
    bool ahead = h.timestamp > d.unix_s;
    uint64_t age = ahead ? h.timestamp - d.unix_s : d.unix_s - h.timestamp;
    say(ahead ? (age > WICK_TRUST_FUTURE_S ? FAIL : OK) : age > HEAD_OLD_S ? WARN : OK, what,
        ahead ? "set the clock" : "the chain has halted, or the node is behind: ask its operator",
        "%s: block %llu, %llu s %s", url, (unsigned long long)h.number, (unsigned long long)age,
        ahead ? "ahead of the clock" : "old");
}

static void check_rpc(const conf_rpc *rpc)
{
    char what[CONF_NAME_MAX + 8];
    wick_https_trust trust;
    uint64_t id = 0;
    const conf *f = &d.h->conf;
    const conf_chain *x = rpc->chain[0] != '\0' ? conf_find_chain(f, rpc->chain) : NULL;
    (void)snprintf(what, sizeof what, "rpc%s%.40s", rpc->s.name[0] != '\0' ? "." : "", rpc->s.name);
    if (x == NULL || rpc->url[0] == '\0') {
        say(FAIL, what, "give it chain and url", "it names no chain, or no URL");
        return;
    }
    link_trust(&trust, d.h, rpc);
    wick_status s = wick_rpc_init(&r.rpc, &d.h->net, rpc->url, (uint32_t)rpc->timeout_ms);
    if (s == WICK_OK) {
        wick_rpc_trust(&r.rpc, &trust);
        s = ask(wick_rpc_chain_id(&r.rpc, now_ms()));
    }
    if (s == WICK_OK) {
        s = wick_rpc_result_u64(&id, &r.rpc);
    }
    if (s == WICK_OK && id != x->chain_id) {
        say(FAIL, what, "check url and chain_id", "%s: chain %llu, not %llu", rpc->url,
            (unsigned long long)id, (unsigned long long)x->chain_id);
        return;
    }
    if (s != WICK_OK) {
        say_status(FAIL, what, s, rpc->url);
        return;
    }
    say(OK, what, NULL, "%s: reachable, chain %llu", rpc->url, (unsigned long long)id);
    check_block(what, rpc->url);
    check_proof(what, rpc->url, x);
}

/* ---- what the chain says ---- */

static void check_account(const char *what, const uint8_t address[20], bool contract)
{
    wick_account account;
    char text[WICK_ETH_ADDRESS_STR_BYTES];
    wick_eth_address_str(text, address);
    wick_status s = reader_account(&r, &account, address);
    if (s != WICK_OK) {
        say_status(FAIL, what, s, text);
    } else if (contract && memcmp(account.code_hash, wick_empty_code_hash, 32) == 0) {
        say(FAIL, what, "check the address and the chain", "%s: proven to have no code", text);
    } else if (contract) {
        say(OK, what, NULL, "%s: code is there, proven", text);
    } else {
        char wei[2 * 32 + 3];
        out_quantity_text(wei, account.balance, 32);
        bool empty = wick_ct_is_zero(account.balance, 32);
        say(empty ? WARN : OK, what, "fund it, or use a wallet manager that does",
            "%s: %s wei, nonce %llu, proven", text, wei, (unsigned long long)account.nonce);
    }
}

static void check_wallet(void)
{
    uint8_t pub[33], address[20];
    const host *h = d.h;
    if (h->wallet_key.handle != 0 &&
        h->keystore.secp256k1_public(h->keystore.ctx, pub, h->wallet_key) == WICK_OK &&
        wick_eth_address_of(address, pub, &h->crypto) == WICK_OK) {
        check_account("balance", address, false);
    }
}

static void check_beacon(wick_beacon_api *api)
{
    const char *what = NULL;
    wick_status s = wick_beacon_api_spec(api, now_ms());
    if (s == WICK_OK) {
        s = wick_beacon_api_wait(api, &d.h->linux_net);
    }
    if (s == WICK_OK) {
        s = wick_beacon_api_check_spec(&what, api);
    }
    if (s == WICK_E_CHAIN_MISMATCH && what != NULL) {
        say(FAIL, "beacon api", "correct the keys of the chain", "%s differs from wick.conf", what);
    } else if (s != WICK_OK) {
        say_status(FAIL, "beacon api", s, view.chain->beacon_url);
    } else {
        say(OK, "beacon api", NULL, "%s: the chain of wick.conf", view.chain->beacon_url);
    }
}

static void check_registry(const conf_registry *g)
{
    static const uint8_t none[20];
    chain_view given = {.may_share = true};
    view = given;
    memset(&r, 0, sizeof r);
    view.wait_ms = LIGHT_WAIT_MS;
    if (chain_open(&view, &r, d.c, d.h, wick_span_text(g->s.name)) != CLI_OK) {
        say(FAIL, "registry", NULL, "[registry.%s] cannot be used, see above", g->s.name);
        chain_close(&view);
        return;
    }
    if (view.link->has_beacon) {
        check_beacon(&view.link->api);
    }
    wick_status s = chain_head(&view);
    if (s != WICK_OK) {
        say_status(FAIL, "head", s, view.chain->s.name);
    } else {
        say(OK, "head", NULL, "[chain.%s]: block %llu, tier %s", view.chain->s.name,
            (unsigned long long)r.head.number, wick_tier_str(r.head.tier));
        check_account("device registry", g->device_registry, true);
        if (memcmp(g->relay_registry, none, sizeof none) != 0) {
            check_account("relay registry", g->relay_registry, true);
        }
        if (memcmp(g->release_index, none, sizeof none) != 0) {
            check_account("release index", g->release_index, true);
        }
        check_wallet();
    }
    chain_close(&view);
}

/* ---- the way out ---- */

static wick_status binding(wick_addr *mapped, const wick_addr *server)
{
    const wick_hal_net *net = &d.h->net;
    uint8_t tid[WICK_STUN_TID_BYTES], request[64], answer[1024];
    wick_sock sock;
    wick_addr any, from;
    wick_stun_build b;
    wick_stun_msg m;
    wick_buf buf = wick_buf_make(request, sizeof request);
    memset(&any, 0, sizeof any);
    wick_status s = net->udp_open(net->ctx, &sock, &any);
    if (s != WICK_OK) {
        return s;
    }
    s = d.h->entropy.fill(d.h->entropy.ctx, tid, sizeof tid);
    wick_stun_begin(&b, &buf, WICK_STUN_BINDING, WICK_STUN_REQUEST, tid);
    s = s == WICK_OK ? wick_stun_end(&b) : s;
    bool asked = s == WICK_OK;
    s = asked ? WICK_E_TIMEOUT : s;
    for (int i = 0; asked && i < STUN_TRIES && s == WICK_E_TIMEOUT; i++) {
        struct pollfd p = {wick_linux_net_fd(&d.h->linux_net, sock), POLLIN, 0};
        (void)net->udp_send(net->ctx, sock, server, wick_buf_span(&buf));
        if (poll(&p, 1, STUN_WAIT_MS) <= 0) {
            continue;
        }
        int32_t n = net->udp_recv(net->ctx, sock, &from, answer, sizeof answer);
        if (n == WICK_E_NET) {
            s = WICK_E_NET;
        } else if (n > 0 &&
                   wick_stun_decode(&m, wick_span_make(answer, (size_t)n)) == WICK_OK &&
                   memcmp(wick_stun_tid(&m), tid, sizeof tid) == 0) {
            s = wick_stun_get_addr(mapped, &m, WICK_STUN_XOR_MAPPED_ADDRESS);
        }
    }
    net->close(net->ctx, sock);
    return s;
}

static void check_relay(void)
{
    const conf_relay *relay = &d.h->conf.relay;
    char server[WICK_ADDR_STR_BYTES], text[WICK_ADDR_STR_BYTES];
    wick_addr mapped;
    if (relay->server.port == 0) {
        say(WARN, "relay", "add [relay] server, unless the registry's relays are used",
            "wick.conf names none: the NAT is not looked at");
        return;
    }
    wick_addr_str(server, &relay->server);
    wick_status s = binding(&mapped, &relay->server);
    if (s != WICK_OK) {
        say_status(FAIL, "relay", s, server);
        return;
    }
    wick_addr_str(text, &mapped);
    say(OK, "relay", NULL, "%s answers", server);
    say(OK, "nat", NULL, "seen from there as %s, %s", text,
        wick_addr_is_public(&mapped) ? "a public address" : "which is no public address");
}

int cmd_doctor(cli *c, int argc, char **argv)
{
    static const struct option options[] = {CLI_COMMON_OPTIONS};
    static host h;
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
    }
    if (argc != optind) {
        return cli_usage(c, "no argument");
    }
    d.c = c;
    d.h = &h;
    int code = host_open(&h, c);
    if (code != CLI_OK) {
        host_close(&h);
        return code;
    }
    say(OK, "configuration", NULL, "%s", h.conf.path);
    check_clock();
    check_files();
    check_store();
    /* For the balance; what is wrong with the file was said above. */
    if (h.conf.identity.wallet_key_file[0] != '\0' &&
        wick_linux_key_load(&h.wallet_key, &h.ram, h.conf.identity.wallet_key_file) != WICK_OK) {
        h.wallet_key.handle = 0;
    }
    if (conf_find_rpc(&h.conf, NULL, 0) == NULL) {
        say(FAIL, "rpc", "add [rpc] with chain and url", "%s names no node", h.conf.path);
    }
    for (size_t i = 0; conf_find_rpc(&h.conf, NULL, i) != NULL; i++) {
        check_rpc(conf_find_rpc(&h.conf, NULL, i));
    }
    size_t registries = 0;
    for (size_t i = 0; i < CONF_REGISTRIES_MAX; i++) {
        const conf_registry *g = &h.conf.registries[i];
        if (g->s.line != 0 && strcmp(g->chain, h.conf.rpcs[0].chain) == 0) {
            registries++;
            check_registry(g);
        }
    }
    if (registries == 0) {
        say(FAIL, "registry", "add [registry.NAME] with chain and device_registry",
            "none on the chain of the first [rpc]");
    }
    check_relay();
    host_close(&h);
    if (!c->json) {
        printf("%u ok, %u warn, %u FAIL\n", d.count[OK], d.count[WARN], d.count[FAIL]);
    }
    return d.count[FAIL] == 0 ? CLI_OK : CLI_REFUSED;
}
