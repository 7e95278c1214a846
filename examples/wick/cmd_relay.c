/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick relay: the TURN servers of the relay registry. Whoever runs one registers it; the manager
 * approves it after a trial of his own (two allocations, and datagrams from one to the other), tests it
 * again from time to time, and suspends what fails.
 */
#include <poll.h>
#include <string.h>

#include "commands.h"
#include "record_out.h"
#include "relay_trial.h"
#include "send.h"

#define PASSWORD_LIFE_S 600u /* of the credentials of a trial */

static sender s;

typedef struct entry {
    uint32_t index;
    wick_relay relay;
    uint8_t words[2][32], realm[32]; /* as they stand there */
    bool vacant;
} entry;

static const char *status_text(uint8_t status)
{
    return status == WICK_RELAY_PENDING     ? "pending"
           : status == WICK_RELAY_APPROVED  ? "approved"
           : status == WICK_RELAY_SUSPENDED ? "suspended"
                                            : "unknown";
}

static int open_relays(const cli *c)
{
    conf_error e;
    int code = sender_open(&s, c);
    if (code == CLI_OK &&
        conf_require(&s.h.conf, &e, &s.view.registry->s, "relay_registry") != WICK_OK) {
        code = cli_fail(c, WICK_E_CONFIG, "%.200s: %.280s", s.h.conf.path, e.text);
    }
    return code;
}

static const uint8_t *contract(void)
{
    return s.view.registry->relay_registry;
}

static int read_entry(const cli *c, entry *e, uint32_t index)
{
    uint8_t slots[2][32];
    char what[32];
    (void)snprintf(what, sizeof what, "relay %lu", (unsigned long)index);
    e->index = index;
    wick_slot_relay(slots[0], index, 0);
    wick_slot_relay(slots[1], index, 1);
    int code = sender_words(&s, e->words, (const uint8_t(*)[32])slots, 2, contract(), what);
    if (code == CLI_OK) {
        wick_status st = wick_relay_decode(&e->relay, e->words[0], e->words[1]);
        code = st == WICK_OK ? CLI_OK : cli_fail(c, st, "%s", what);
    }
    return code;
}

/* Its realm, and whether its place is vacated: words that may be set back to zero, for the contract to compare. */
static int read_rest(const cli *c, entry *e)
{
    uint8_t slot[32], vacant[32];
    wick_slot_relay_realm(slot, e->index);
    wick_status st = reader_told(&s.r, e->realm, slot, contract());
    wick_slot_relay_vacant(slot);
    st = st == WICK_OK ? reader_told(&s.r, vacant, slot, contract()) : st;
    e->vacant = st == WICK_OK && ((unsigned)vacant[31 - e->index / 8] >> (e->index % 8) & 1u) != 0;
    return st == WICK_OK ? CLI_OK : cli_fail(c, st, "relay %lu", (unsigned long)e->index);
}

static int read_count(const cli *c, uint32_t *count)
{
    uint8_t slots[1][32], words[1][32];
    wick_slot_relay_count(slots[0]);
    int code = sender_words(&s, words, (const uint8_t(*)[32])slots, 1, contract(), "relays");
    if (code == CLI_OK) {
        wick_status st = wick_relay_count_decode(count, words[0]);
        code = st == WICK_OK ? CLI_OK : cli_fail(c, st, "relays");
    }
    return code;
}

static void put_entry(const cli *c, const entry *e, const char *trial)
{
    out_rec o;
    wick_relay_details told;
    wick_relay_details_decode(&told, e->words[1], e->realm);
    out_begin_step(&o, stdout, c->json, "relay");
    out_u64(&o, "index", e->index);
    out_addr(&o, "server", &e->relay.addr);
    out_str(&o, "protocol", e->relay.protocol == WICK_PROTOCOL_TCP ? "tcp" : "udp");
    out_str(&o, "status", e->vacant ? "vacant" : status_text(e->relay.status));
    out_hex(&o, "operator", e->relay.operator20, sizeof e->relay.operator20);
    out_u64(&o, "checked_at_h", e->relay.checked_at_h);
    if (told.region[0] != '\0') {
        out_str(&o, "region", told.region);
    }
    if (told.realm[0] != '\0') {
        out_str(&o, "realm", told.realm);
    }
    if (trial != NULL) {
        out_str(&o, "trial", trial);
    }
    out_end(&o);
}

static int list(const cli *c)
{
    uint32_t count = 0;
    int code = read_count(c, &count);
    for (uint32_t i = 0; i < count && code == CLI_OK; i++) {
        entry e;
        code = read_entry(c, &e, i);
        code = code == CLI_OK ? read_rest(c, &e) : code;
        if (code == CLI_OK) {
            put_entry(c, &e, NULL);
        }
    }
    return code;
}

/* ---- trial ---- */

static wick_status credentials(char *user, size_t cap, char password[256])
{
    const conf *f = &s.h.conf;
    char secret[128];
    uint64_t now = 0;
    if (f->manager.relay_secret_file[0] == '\0') {
        (void)snprintf(user, cap, "%s", f->relay.username);
        return f->relay.username[0] == '\0'
                   ? WICK_E_CONFIG
                   : wick_linux_secret_text(password, f->relay.password_file, 256);
    }
    wick_status st = wick_linux_secret_text(secret, f->manager.relay_secret_file, sizeof secret);
    if (st == WICK_OK) {
        st = s.h.clock.unix_s(s.h.clock.ctx, &now);
    }
    if (st == WICK_OK) {
        st = wick_turn_rest_username(user, cap, now + PASSWORD_LIFE_S, wick_span_text("trial"));
    }
    if (st == WICK_OK) {
        st = wick_turn_rest_password(password, &s.h.crypto, wick_span_text(secret),
                                     wick_span_text(user));
    }
    wick_wipe(secret, sizeof secret);
    return st;
}

static wick_status try_relay(const cli *c, const wick_relay *r)
{
    static relay_trial t;
    static wick_https_trust trust;
    char user[CONF_TEXT_MAX], password[256] = "";
    bool stream = r->protocol == WICK_PROTOCOL_TCP;
    memset(&t, 0, sizeof t);
    t.c = c;
    t.h = &s.h;
    t.quiet = true;
    t.ends = 2;
    wick_status st = credentials(user, sizeof user, password);
    if (st == WICK_OK) {
        wick_turn_link_config link = {.net = &s.h.net, .trust = &trust,
                                      .over = stream ? WICK_TURN_OVER_TCP : WICK_TURN_OVER_UDP};
        wick_turn_config cfg = {.crypto = &s.h.crypto, .entropy = &s.h.entropy, .server = r->addr,
                                .username = wick_span_text(user),
                                .password = wick_span_text(password), .stream = stream};
        st = relay_trial_once(&t, &link, &cfg);
    }
    wick_wipe(password, sizeof password);
    return st;
}

/* What was read before it was tested, and no other. */
static int approve(const entry *e)
{
    uint8_t bytes[WICK_CALLDATA_MAX];
    wick_buf call = wick_buf_make(bytes, sizeof bytes);
    wick_calldata_relay_approve(&call, e->index, e->words[0], e->words[1], e->realm);
    return sender_call(&s, NULL, "approve", contract(), wick_buf_span(&call));
}

/* No credentials for a trial: nothing was tried. */
static bool is_credentials(wick_status st)
{
    return st == WICK_E_CONFIG || st == WICK_E_FILE_MODE || st == WICK_E_NOT_FOUND;
}

typedef void put_call(wick_buf *out, uint32_t index);

static int send_for(uint32_t index, put_call *put, const char *what)
{
    uint8_t bytes[WICK_CALLDATA_MAX];
    wick_buf call = wick_buf_make(bytes, sizeof bytes);
    put(&call, index);
    return sender_call(&s, NULL, what, contract(), wick_buf_span(&call));
}

static int suspend(uint32_t index)
{
    return send_for(index, wick_calldata_relay_suspend, "suspend");
}

/* Is a failure one of this host, which says nothing about the relay? */
static bool is_ours(wick_status st)
{
    return st == WICK_E_HAL || st == WICK_E_NET;
}

/* One after a trial: approved where it passed, noted as tested again; suspended where an approved one
 * failed twice. @param[out] tried  how the trial went; AGAIN: there was none
 * @param[out] relay  which, zeroed if it could not be read */
static int judge(const cli *c, wick_status *tried, wick_relay *relay, uint32_t index, bool new_ones)
{
    entry e;
    *tried = WICK_AGAIN;
    memset(&e, 0, sizeof e);
    int code = read_entry(c, &e, index);
    *relay = e.relay;
    if (code != CLI_OK || (!new_ones && e.relay.status != WICK_RELAY_APPROVED)) {
        return code;
    }
    code = read_rest(c, &e);
    if (code != CLI_OK || e.vacant) {
        return code != CLI_OK ? code : cli_fail(c, WICK_E_NOT_FOUND, "relay %lu: its place is vacated",
                                                (unsigned long)index);
    }
    wick_status st = try_relay(c, &e.relay);
    if (st != WICK_OK && !is_credentials(st) && e.relay.status == WICK_RELAY_APPROVED) {
        st = try_relay(c, &e.relay); /* what is in use is not taken away for a moment's trouble */
    }
    put_entry(c, &e, st == WICK_OK ? "passed" : wick_status_str(st));
    *tried = is_credentials(st) ? WICK_AGAIN : st;
    if (st == WICK_OK) {
        return approve(&e);
    }
    if (is_credentials(st)) {
        return cli_fail_remedy(c, st, "give [manager] relay_secret_file, or [relay] username and "
                                      "password_file", "no credentials for a trial");
    }
    if (e.relay.status == WICK_RELAY_APPROVED && is_ours(st)) {
        return cli_fail_remedy(c, st, "see whether this host has a network; if it has, `wick relay "
                                      "suspend` takes the relay out of use",
                               "relay %lu was not reached, and stays approved",
                               (unsigned long)index);
    }
    if (e.relay.status == WICK_RELAY_APPROVED) {
        code = suspend(index);
        if (code != CLI_OK) {
            return code;
        }
    }
    return cli_fail(c, st, "relay %lu failed its trial%s", (unsigned long)index,
                    e.relay.status != WICK_RELAY_APPROVED ? " and is not approved"
                    : s.dry_run                           ? " and would be suspended"
                                                          : " and is suspended");
}

/* A relay that refuses connections, or whose host does, is told from a host of ours without a network by the
 * others: after so many rounds in which one of them passed and it was not reached, it is suspended. Of those
 * only that are reached in the same way: that this host has IPv4 says nothing about its IPv6, nor UDP about TCP. */
#define UNREACHED_ROUNDS 3u
static uint8_t unreached[WICK_RELAYS_MAX];

/* How a relay is reached: address family and transport. */
static unsigned way_to(const wick_relay *r)
{
    return (wick_addr_is_v4(&r->addr) ? 0u : 1u) + (r->protocol == WICK_PROTOCOL_TCP ? 2u : 0u);
}

static int check_all(const cli *c)
{
    uint32_t count = 0;
    static uint8_t way[WICK_RELAYS_MAX];
    bool others[4] = {false}; /* did one pass, by its way? */
    wick_status st;
    int worst = CLI_OK, code = read_count(c, &count);
    for (uint32_t i = 0; i < count && code == CLI_OK; i++) {
        wick_relay relay;
        int one = judge(c, &st, &relay, i, false);
        way[i] = (uint8_t)way_to(&relay);
        others[way[i]] = others[way[i]] || st == WICK_OK;
        unreached[i] = (uint8_t)(is_ours(st) ? unreached[i] + 1 : 0);
        worst = one > worst ? one : worst;
    }
    for (uint32_t i = 0; i < count && code == CLI_OK; i++) {
        if (!others[way[i]]) {
            unreached[i] = 0; /* it may be this host: that is no round against anybody */
        } else if (unreached[i] >= UNREACHED_ROUNDS) {
            unreached[i] = 0;
            code = suspend(i);
            if (code == CLI_OK) {
                (void)cli_fail(c, WICK_E_NET, "relay %lu was not reached %u times while others were, and is %s",
                               (unsigned long)i, UNREACHED_ROUNDS,
                               s.dry_run ? "to be suspended" : "suspended");
            }
        }
    }
    return code != CLI_OK ? code : worst;
}

/* ---- commands ---- */

typedef struct arguments {
    uint64_t index, every_s, count;
    uint8_t protocol;
    bool dismiss;
    const char *stake; /* NULL: by invitation */
    wick_addr server;
    uint8_t address[20];
} arguments;

/* `own`: letters of the options of verbs that this one takes; another one is refused, not left unheeded. */
static int options(cli *c, arguments *a, int argc, char **argv, const char *own, int count, const char *what)
{
    enum { OF_VERBS = 5 }; /* the first ones */
    static const struct option all[] = {{"protocol", required_argument, NULL, 'p'},
                                        {"every", required_argument, NULL, 'e'},
                                        {"count", required_argument, NULL, 'n'},
                                        {"dismiss", no_argument, NULL, 'd'},
                                        {"stake", required_argument, NULL, 'k'},
                                        SEND_OPTIONS, CLI_COMMON_OPTIONS};
    memset(a, 0, sizeof *a);
    a->protocol = WICK_PROTOCOL_UDP;
    a->count = 1;
    for (int got; (got = cli_getopt(c, argc, argv, all)) != -1;) {
        if (sender_option(&s, got)) {
            continue;
        }
        for (size_t i = 0; i < OF_VERBS; i++) {
            if (got == all[i].val && strchr(own, got) == NULL) {
                return cli_usage(c, "this verb takes no --%s", all[i].name);
            }
        }
        if (got == 'd') {
            a->dismiss = true;
        } else if (got == 'k') {
            a->stake = optarg;
        } else if (got == 'p' && (strcmp(optarg, "udp") == 0 || strcmp(optarg, "tcp") == 0)) {
            a->protocol = optarg[0] == 't' ? WICK_PROTOCOL_TCP : WICK_PROTOCOL_UDP;
        } else if (got == 'p' ||
                   (got == 'e' && cli_u64_arg(&a->every_s, optarg, 86400) != WICK_OK) ||
                   (got == 'n' && cli_u64_arg(&a->count, optarg, UINT32_MAX) != WICK_OK)) {
            return cli_usage(c, "'%s' is not udp, tcp or a number that fits", optarg);
        } else if (got != 'e' && got != 'n') {
            return got == CLI_OPT_HELP ? -1 : CLI_USAGE;
        }
    }
    return argc - optind == count ? CLI_OK : cli_usage(c, "%s", what);
}

static int take_index(cli *c, arguments *a, const char *text)
{
    return cli_u64_arg(&a->index, text, WICK_RELAYS_MAX - 1) == WICK_OK
               ? CLI_OK
               : cli_usage(c, "'%s' is no index of a relay", text);
}

static int done(int code)
{
    sender_close(&s);
    return code < 0 ? CLI_OK : code;
}

int cmd_relay_list(cli *c, int argc, char **argv)
{
    arguments a;
    s.no_key = true;
    int code = options(c, &a, argc, argv, "", 0, "no argument but options");
    code = code == CLI_OK ? open_relays(c) : code;
    return done(code == CLI_OK ? list(c) : code);
}

/* What it is to be, and what the contract demands, which takes exactly that. The output tells both. */
static int take_stake(const cli *c, const arguments *a, uint8_t wei[32])
{
    uint8_t slots[1][32] = {{0}}, words[1][32];
    slots[0][31] = WICK_SLOT_RELAY_STAKE_REQUIRED;
    int code = sender_words(&s, words, (const uint8_t(*)[32])slots, 1, contract(), "stake");
    if (code != CLI_OK) {
        return code;
    }
    if (wick_ct_is_zero(words[0], sizeof words[0])) {
        return cli_fail_remedy(c, WICK_E_STATE, "be invited by its manager (`wick relay invite`), and "
                                                "leave --stake out",
                               "register: this registry takes no stake");
    }
    if (strcmp(a->stake, "auto") == 0) {
        memcpy(wei, words[0], sizeof words[0]);
    }
    out_rec o;
    out_begin_step(&o, stdout, c->json, "stake");
    out_quantity(&o, "demanded_wei", words[0], sizeof words[0]);
    out_quantity(&o, "wei", wei, 32);
    out_end(&o);
    return CLI_OK;
}

int cmd_relay_register(cli *c, int argc, char **argv)
{
    arguments a;
    uint8_t word[32], stake[32] = {0}, bytes[WICK_CALLDATA_MAX];
    wick_status st = WICK_OK;
    wick_buf call = wick_buf_make(bytes, sizeof bytes);
    int code = options(c, &a, argc, argv, "pk", 1, "one address:port");
    if (code != CLI_OK) {
        return done(code);
    }
    const char *text = argv[optind];
    if (wick_addr_parse(&a.server, text, strlen(text)) != WICK_OK ||
        wick_relay_word(word, &a.server, a.protocol) != WICK_OK) {
        return done(cli_usage(c, "'%s' is not address:port", text));
    }
    if (a.stake == NULL) {
        wick_calldata_relay_register(&call, word);
    } else if (strcmp(a.stake, "auto") != 0 &&
               (cli_wei_arg(stake, a.stake) != WICK_OK || wick_ct_is_zero(stake, sizeof stake))) {
        return done(cli_usage(c, "--stake takes wei, in decimal or 0x hex, or auto: '%s'", a.stake));
    } else {
        st = wick_calldata_relay_register_with(&call, word, 0, NULL, wick_span_text(""));
    }
    code = st == WICK_OK ? open_relays(c) : cli_fail(c, st, "register");
    code = code == CLI_OK && a.stake != NULL ? take_stake(c, &a, stake) : code;
    code = code == CLI_OK
               ? sender_pay(&s, NULL, "register", contract(), stake, wick_buf_span(&call))
               : code;
    return done(code == CLI_OK && !s.dry_run ? list(c) : code);
}

int cmd_relay_approve(cli *c, int argc, char **argv)
{
    arguments a;
    s.as_manager = true;
    int code = options(c, &a, argc, argv, "", 1, "one index");
    code = code == CLI_OK ? take_index(c, &a, argv[optind]) : code;
    wick_status tried;
    wick_relay relay;
    code = code == CLI_OK ? open_relays(c) : code;
    return done(code == CLI_OK ? judge(c, &tried, &relay, (uint32_t)a.index, true) : code);
}

/* By the manager, or with --key by the operator. */
static int command_for(cli *c, int argc, char **argv, put_call *put, const char *what)
{
    arguments a;
    s.as_manager = true;
    int code = options(c, &a, argc, argv, "", 1, "one index");
    code = code == CLI_OK ? take_index(c, &a, argv[optind]) : code;
    code = code == CLI_OK ? open_relays(c) : code;
    return done(code == CLI_OK ? send_for((uint32_t)a.index, put, what) : code);
}

int cmd_relay_suspend(cli *c, int argc, char **argv)
{
    return command_for(c, argc, argv, wick_calldata_relay_suspend, "suspend");
}

int cmd_relay_vacate(cli *c, int argc, char **argv)
{
    return command_for(c, argc, argv, wick_calldata_relay_vacate, "vacate");
}

/* What vacated places left the operator, and from when he may have it. */
static wick_status put_owed(const cli *c)
{
    uint8_t slot[32], word[32];
    out_rec o;
    wick_slot_relay_owed(slot, s.address);
    wick_status st = reader_told(&s.r, word, slot, contract());
    if (st == WICK_OK) {
        char text[sizeof "0x" + 32] = "0x";
        wick_hex_encode(text + 2, word + 16, 16);
        out_begin_step(&o, stdout, c->json, "owed");
        out_hex(&o, "operator", s.address, sizeof s.address);
        out_str(&o, "wei", text);
        out_u64(&o, "from", wick_load_be64(word + 8));
        out_end(&o);
    }
    return st;
}

int cmd_relay_collect(cli *c, int argc, char **argv)
{
    arguments a;
    uint8_t bytes[WICK_CALLDATA_MAX];
    wick_buf call = wick_buf_make(bytes, sizeof bytes);
    int code = options(c, &a, argc, argv, "", 0, "no argument but options");
    code = code == CLI_OK ? open_relays(c) : code;
    if (code == CLI_OK) {
        wick_status st = chain_head(&s.view);
        st = st == WICK_OK ? put_owed(c) : st;
        code = st == WICK_OK ? CLI_OK : chain_fail(&s.view, st, "collect");
    }
    wick_calldata_relay_collect(&call);
    return done(code == CLI_OK
                    ? sender_call(&s, NULL, "collect", contract(), wick_buf_span(&call))
                    : code);
}

int cmd_relay_check(cli *c, int argc, char **argv)
{
    arguments a;
    s.as_manager = true;
    int code = options(c, &a, argc, argv, "e", 0, "no argument but options");
    code = code == CLI_OK ? open_relays(c) : code;
    if (code != CLI_OK) {
        return done(code);
    }
    code = check_all(c);
    while (a.every_s != 0) {
        (void)fflush(stdout);
        (void)poll(NULL, 0, (int)(a.every_s * 1000));
        code = check_all(c);
    }
    return done(code);
}

static int take_address(cli *c, arguments *a, int argc, char **argv, const char *own)
{
    int code = options(c, a, argc, argv, own, 1, "one address");
    if (code == CLI_OK &&
        wick_eth_address_parse(a->address, argv[optind], strlen(argv[optind])) != WICK_OK) {
        code = cli_usage(c, "'%s' is not an address", argv[optind]);
    }
    return code == CLI_OK ? open_relays(c) : code;
}

int cmd_relay_invite(cli *c, int argc, char **argv)
{
    arguments a;
    uint8_t bytes[WICK_CALLDATA_MAX];
    wick_buf call = wick_buf_make(bytes, sizeof bytes);
    s.as_manager = true;
    int code = take_address(c, &a, argc, argv, "n");
    wick_calldata_relay_invite(&call, a.address, (uint32_t)a.count);
    return done(code == CLI_OK
                    ? sender_call(&s, NULL, "invite", contract(), wick_buf_span(&call))
                    : code);
}

int cmd_relay_manager(cli *c, int argc, char **argv)
{
    arguments a;
    uint8_t bytes[WICK_CALLDATA_MAX];
    wick_buf call = wick_buf_make(bytes, sizeof bytes);
    int code = take_address(c, &a, argc, argv, "d");
    wick_calldata_relay_set_manager(&call, a.address, !a.dismiss);
    return done(code == CLI_OK
                    ? sender_call(&s, NULL, "set-manager", contract(), wick_buf_span(&call))
                    : code);
}
