/* SPDX-License-Identifier: Apache-2.0 */
/* Strict INI parser: one table of keys per section, one function per type of value. */
#include "conf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "conf_internal.h"

#define SECTION_DEFAULT_EXPIRES_S 86400u
#define DEFAULT_RPC_TIMEOUT_MS 5000u
#define DEFAULT_CACHE_S 300u
#define DEFAULT_MAX_AGE_S 900u
#define DEFAULT_TRUSTING_DAYS 30u
#define DEFAULT_CLIQUE_EPOCH 30000u
#define DEFAULT_MAX_BLOBS 9u /* Electra's */
#define DEFAULT_RELAY_TTL_S 3600u
#define DEFAULT_FUND_WEI UINT64_C(10000000000000000)
#define DEFAULT_FUND_DAY_WEI UINT64_C(1000000000000000000)
#define DEFAULT_CALLS_PER_DAY 24u
#define DEFAULT_CHECK_TIMEOUT_S 10u
#define DEFAULT_PER_MINUTE 600u
#define DEFAULT_GAP_MS 2000u
#define DEFAULT_BATCH 16u
#define DEFAULT_BATCH_MS 500u
#define DEFAULT_APPROVALS_MIN 2u
#define DEFAULT_PRODUCT_AGE_S 86400u

typedef struct key_def {
    const char *key;
    conf_value_type type;
    size_t offset;
    size_t size;
} key_def;

#define KEY(type, member, kind)                                                                    \
    {                                                                                              \
        #member, kind, offsetof(type, member), sizeof(((type *)0)->member)                         \
    }

static const key_def identity_keys[] = {
    KEY(conf_identity, name, VALUE_NAME), KEY(conf_identity, wallet_key_file, VALUE_PATH),
    KEY(conf_identity, device_key_file, VALUE_PATH), KEY(conf_identity, store_dir, VALUE_PATH),
    KEY(conf_identity, tls_key_file, VALUE_PATH)};
static const key_def chain_keys[] = {
    KEY(conf_chain, chain_id, VALUE_U64),
    KEY(conf_chain, rule, VALUE_RULE),
    KEY(conf_chain, trusted_hash, VALUE_HEX32),
    KEY(conf_chain, max_age_s, VALUE_U64),
    KEY(conf_chain, grace_s, VALUE_U64),
    KEY(conf_chain, cache_s, VALUE_U64),
    KEY(conf_chain, trusting_days, VALUE_U64),
    KEY(conf_chain, depth, VALUE_U64),
    KEY(conf_chain, epoch, VALUE_U64),
    KEY(conf_chain, period_s, VALUE_U64),
    KEY(conf_chain, quorum, VALUE_U64),
    KEY(conf_chain, network, VALUE_NETWORK),
    KEY(conf_chain, beacon_url, VALUE_URLS),
    KEY(conf_chain, beacon_ca_file, VALUE_PATH),
    KEY(conf_chain, genesis_time, VALUE_U64),
    KEY(conf_chain, genesis_validators_root, VALUE_HEX32),
    KEY(conf_chain, preset, VALUE_PRESET),
    KEY(conf_chain, seconds_per_slot, VALUE_U64),
    KEY(conf_chain, max_blobs, VALUE_U64),
    KEY(conf_chain, forks, VALUE_FORKS)};
static const key_def rpc_keys[] = {
    KEY(conf_rpc, chain, VALUE_NAME),
    KEY(conf_rpc, url, VALUE_URL),
    KEY(conf_rpc, timeout_ms, VALUE_U64),
    KEY(conf_rpc, operator, VALUE_NAME),
    KEY(conf_rpc, ca_file, VALUE_PATH),
    KEY(conf_rpc, pin_sha256, VALUE_HEX32)};
static const key_def registry_keys[] = {KEY(conf_registry, chain, VALUE_NAME),
                                        KEY(conf_registry, device_registry, VALUE_HEX20),
                                        KEY(conf_registry, relay_registry, VALUE_HEX20),
                                        KEY(conf_registry, release_index, VALUE_HEX20)};
static const key_def wallet_keys[] = {
    KEY(conf_wallet, address, VALUE_ADDR), KEY(conf_wallet, psk_identity, VALUE_TEXT),
    KEY(conf_wallet, psk_file, VALUE_PATH), KEY(conf_wallet, token_file, VALUE_PATH),
    KEY(conf_wallet, sponsored, VALUE_SPONSORED)};
static const key_def relay_keys[] = {KEY(conf_relay, server, VALUE_ADDR),
                                     KEY(conf_relay, username, VALUE_TEXT),
                                     KEY(conf_relay, password_file, VALUE_PATH),
                                     KEY(conf_relay, allow_private, VALUE_YES),
                                     KEY(conf_relay, check, VALUE_YES),
                                     KEY(conf_relay, over, VALUE_OVER),
                                     KEY(conf_relay, tls_port, VALUE_U64),
                                     KEY(conf_relay, ca_file, VALUE_PATH),
                                     KEY(conf_relay, pin_sha256, VALUE_HEX32),
                                     KEY(conf_relay, host, VALUE_NAME),
                                     KEY(conf_relay, mobile, VALUE_YES)};
static const key_def path_keys[] = {KEY(conf_path, direct, VALUE_YES),
                                    KEY(conf_path, pcp, VALUE_YES),
                                    KEY(conf_path, standby, VALUE_YES),
                                    KEY(conf_path, try_unvalidated, VALUE_YES),
                                    KEY(conf_path, private, VALUE_YES),
                                    KEY(conf_path, pcp_server, VALUE_ADDR),
                                    KEY(conf_path, stun, VALUE_ADDR),
                                    KEY(conf_path, port, VALUE_U64)};
static const key_def ticket_keys[] = {KEY(conf_tickets, accept, VALUE_TEXT)};
static const key_def service_keys[] = {KEY(conf_service, name, VALUE_NAME),
                                       KEY(conf_service, expires_s, VALUE_U64),
                                       KEY(conf_service, port, VALUE_U64),
                                       KEY(conf_service, address, VALUE_ADDR),
                                       KEY(conf_service, tcp, VALUE_YES)};
static const key_def manager_keys[] = {
    KEY(conf_manager, listen, VALUE_ADDR),
    KEY(conf_manager, org, VALUE_NAME),
    KEY(conf_manager, key_file, VALUE_PATH),
    KEY(conf_manager, devices_dir, VALUE_PATH),
    KEY(conf_manager, ledger_file, VALUE_PATH),
    KEY(conf_manager, relay_secret_file, VALUE_PATH),
    KEY(conf_manager, relay_ttl_s, VALUE_U64),
    KEY(conf_manager, fund_wei, VALUE_U64),
    KEY(conf_manager, fund_day_wei, VALUE_U64),
    KEY(conf_manager, audit_file, VALUE_PATH),
    KEY(conf_manager, check, VALUE_PATH),
    KEY(conf_manager, check_timeout_s, VALUE_U64),
    KEY(conf_manager, per_minute, VALUE_U64),
    KEY(conf_manager, gap_ms, VALUE_U64),
    KEY(conf_manager, sponsor, VALUE_YES),
    KEY(conf_manager, calls_per_day, VALUE_U64),
    KEY(conf_manager, batch, VALUE_U64),
    KEY(conf_manager, batch_ms, VALUE_U64)};

static const key_def wickd_keys[] = {
    KEY(conf_wickd, socket, VALUE_PATH), KEY(conf_wickd, serve, VALUE_YES),
    KEY(conf_wickd, echo, VALUE_YES), KEY(conf_wickd, log, VALUE_LEVEL)};

static const key_def leaf_keys[] = {KEY(conf_leaf, listen, VALUE_ADDR),
                                    KEY(conf_leaf, bundle_dir, VALUE_PATH),
                                    KEY(conf_leaf, bundle_max_age_s, VALUE_U64),
                                    KEY(conf_leaf, block_dir, VALUE_PATH),
                                    KEY(conf_leaf, psk_file, VALUE_PATH)};
static const key_def carry_keys[] = {KEY(conf_carry, to, VALUE_ADDR)};
static const key_def attest_keys[] = {KEY(conf_attest, needed, VALUE_U64)};
static const key_def attestor_keys[] = {
    KEY(conf_attestor, listen, VALUE_ADDR),      KEY(conf_attestor, probe_from, VALUE_ADDR),
    KEY(conf_attestor, key_file, VALUE_PATH),    KEY(conf_attestor, audit_file, VALUE_PATH),
    KEY(conf_attestor, allow_private, VALUE_YES), KEY(conf_attestor, address, VALUE_ADDR),
    KEY(conf_attestor, signer, VALUE_HEX20)};

static const key_def product_keys[] = {
    KEY(conf_product, registry, VALUE_NAME),     KEY(conf_product, vendor, VALUE_UUID),
    KEY(conf_product, class_id, VALUE_UUID),     KEY(conf_product, component, VALUE_U64),
    KEY(conf_product, version, VALUE_U64),       KEY(conf_product, approvals_min, VALUE_U64),
    KEY(conf_product, max_age_s, VALUE_U64),     KEY(conf_product, dir, VALUE_PATH),
    KEY(conf_product, gateways, VALUE_URLS),     KEY(conf_product, mirrors, VALUE_URLS),
    KEY(conf_product, ca_file, VALUE_PATH),      KEY(conf_product, leaves, VALUE_YES),
    KEY(conf_product, manifest_mirrors, VALUE_YES)};

typedef struct section_def {
    const char *kind;
    size_t offset;
    size_t stride;
    size_t count; /* 0: one section without a name */
    bool bare;    /* of several, one may have no name */
    const key_def *keys;
    size_t key_count;
} section_def;

#define KEYS(table) table, sizeof(table) / sizeof((table)[0])

static const section_def sections[] = {
    {"identity", offsetof(conf, identity), 0, 0, true, KEYS(identity_keys)},
    {"rpc", offsetof(conf, rpcs), sizeof(conf_rpc), CONF_RPCS_MAX, true, KEYS(rpc_keys)},
    {"wallet", offsetof(conf, wallet), 0, 0, true, KEYS(wallet_keys)},
    {"relay", offsetof(conf, relay), 0, 0, true, KEYS(relay_keys)},
    {"path", offsetof(conf, path_in), 0, 0, true, KEYS(path_keys)},
    {"tickets", offsetof(conf, tickets), 0, 0, true, KEYS(ticket_keys)},
    {"manager", offsetof(conf, manager), 0, 0, true, KEYS(manager_keys)},
    {"wickd", offsetof(conf, wickd), 0, 0, true, KEYS(wickd_keys)},
    {"chain", offsetof(conf, chains), sizeof(conf_chain), CONF_CHAINS_MAX, false,
     KEYS(chain_keys)},
    {"registry", offsetof(conf, registries), sizeof(conf_registry), CONF_REGISTRIES_MAX, false,
     KEYS(registry_keys)},
    {"service", offsetof(conf, services), sizeof(conf_service), CONF_SERVICES_MAX, false,
     KEYS(service_keys)},
    {"leaf", offsetof(conf, leaves), sizeof(conf_leaf), CONF_LEAVES_MAX, true, KEYS(leaf_keys)},
    {"carry", offsetof(conf, carries), sizeof(conf_carry), CONF_CARRIES_MAX, false,
     KEYS(carry_keys)},
    {"attest", offsetof(conf, attest), 0, 0, true, KEYS(attest_keys)},
    {"attestor", offsetof(conf, attestors), sizeof(conf_attestor), CONF_ATTESTORS_MAX, true,
     KEYS(attestor_keys)},
    {"product", offsetof(conf, products), sizeof(conf_product), CONF_PRODUCTS_MAX, false,
     KEYS(product_keys)}};
#define SECTION_KINDS (sizeof sections / sizeof sections[0])
_Static_assert(sizeof chain_keys / sizeof chain_keys[0] <= CONF_KEYS_MAX, "bits and lines of keys");

typedef struct parser {
    conf *c;
    conf_error *e;
    const char *dir;
    unsigned line;
    const section_def *def;
    uint8_t *at; /* the open section's struct, which begins with conf_section */
} parser;

wick_status conf_refuse(conf_error *e, unsigned line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    e->line = line;
    (void)vsnprintf(e->text, sizeof e->text, format, args);
    va_end(args);
    return WICK_E_CONFIG;
}

static conf_section *head_of(const parser *p)
{
    return (conf_section *)(void *)p->at;
}

static wick_status open_section(parser *p, char *text)
{
    size_t len = strlen(text);
    if (len < 3 || text[len - 1] != ']') {
        return conf_refuse(p->e, p->line, "a section is [name] or [kind.name]");
    }
    text[len - 1] = '\0';
    char *kind = text + 1, *name = strchr(kind, '.');
    if (name != NULL) {
        *name++ = '\0';
    }
    for (size_t i = 0; i < SECTION_KINDS; i++) {
        const section_def *d = &sections[i];
        if (strcmp(kind, d->kind) != 0) {
            continue;
        }
        if ((name == NULL && !d->bare) ||
            (name != NULL && (d->count == 0 || !conf_is_name(name)))) {
            return conf_refuse(p->e, p->line, "section [%s%s] %s", kind,
                               d->count == 0 ? "" : ".NAME",
                               d->count == 0 ? "has no name" : "needs a name ([a-z0-9._-]{1,63})");
        }
        size_t n = d->count == 0 ? 1 : d->count;
        for (size_t j = 0; j < n; j++) {
            p->at = (uint8_t *)p->c + d->offset + j * d->stride;
            conf_section *head = head_of(p);
            if (head->line != 0 && strcmp(head->name, name == NULL ? "" : name) == 0) {
                return conf_refuse(p->e, p->line, "section is already there at line %u",
                                   head->line);
            }
            if (head->line == 0) {
                head->line = p->line;
                if (name != NULL) {
                    memcpy(head->name, name, strlen(name) + 1);
                }
                p->def = d;
                return WICK_OK;
            }
        }
        return conf_refuse(p->e, p->line, "more than %zu sections [%s.NAME]", d->count, kind);
    }
    return conf_refuse(p->e, p->line, "unknown section [%s]", kind);
}

static wick_status unknown_key(const parser *p, const char *key)
{
    char file_key[CONF_NAME_MAX + 8];
    (void)snprintf(file_key, sizeof file_key, "%.*s_file", CONF_NAME_MAX, key);
    for (size_t i = 0; i < p->def->key_count; i++) {
        if (strcmp(p->def->keys[i].key, file_key) == 0) {
            return conf_refuse(p->e, p->line, "secrets are not written here: name a file with %s",
                          file_key);
        }
    }
    return conf_refuse(p->e, p->line, "unknown key '%.63s' in [%s]", key, p->def->kind);
}

static wick_status parse_pair(parser *p, char *text)
{
    char *value = strchr(text, '=');
    if (value == NULL) {
        return conf_refuse(p->e, p->line, "neither [section] nor key = value");
    }
    if (p->at == NULL) {
        return conf_refuse(p->e, p->line, "a key before the first section");
    }
    char *end = value;
    while (end > text && (end[-1] == ' ' || end[-1] == '\t')) {
        end--;
    }
    *end = '\0';
    value++;
    value += strspn(value, " \t");
    for (size_t i = 0; i < p->def->key_count; i++) {
        const key_def *k = &p->def->keys[i];
        if (strcmp(text, k->key) != 0) {
            continue;
        }
        conf_section *head = head_of(p);
        if ((head->given & (1u << i)) != 0) {
            return conf_refuse(p->e, p->line, "key '%s' is given twice", k->key);
        }
        head->given |= 1u << i;
        head->key_line[i] = p->line;
        if (!conf_value_set(p->at + k->offset, k->size, k->type, value, p->dir)) {
            return conf_refuse(p->e, p->line, "'%s' is not %s", k->key, conf_value_text(k->type));
        }
        return WICK_OK;
    }
    return unknown_key(p, text);
}

static wick_status parse_line(parser *p, char *text, size_t len)
{
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t' || text[len - 1] == '\r')) {
        len--;
    }
    text[len] = '\0';
    for (size_t i = 0; i < len; i++) {
        if (((unsigned char)text[i] < 0x20 && text[i] != '\t') || text[i] == 0x7f) {
            return conf_refuse(p->e, p->line, "a control character");
        }
    }
    text += strspn(text, " \t");
    if (text[0] == '\0' || text[0] == '#' || text[0] == ';') {
        return WICK_OK;
    }
    return text[0] == '[' ? open_section(p, text) : parse_pair(p, text);
}

wick_status conf_parse(conf *c, conf_error *e, const char *text, size_t len, const char *dir)
{
    parser p = {c, e, dir, 0, NULL, NULL};
    memset(c, 0, sizeof *c);
    memset(e, 0, sizeof *e);
    for (size_t i = 0; i < CONF_RPCS_MAX; i++) {
        c->rpcs[i].timeout_ms = DEFAULT_RPC_TIMEOUT_MS;
    }
    for (size_t i = 0; i < CONF_CHAINS_MAX; i++) {
        c->chains[i].max_age_s = DEFAULT_MAX_AGE_S;
        c->chains[i].cache_s = DEFAULT_CACHE_S;
        c->chains[i].trusting_days = DEFAULT_TRUSTING_DAYS;
        c->chains[i].epoch = DEFAULT_CLIQUE_EPOCH;
        c->chains[i].max_blobs = DEFAULT_MAX_BLOBS;
    }
    c->relay.check = c->relay.mobile = true;
    c->relay.over = WICK_GW_OVER_AUTO;
    c->path_in.direct = c->path_in.pcp = c->path_in.standby = true;
    c->wickd.serve = true;
    c->wickd.log = WICK_LOG_INFO;
    c->manager.relay_ttl_s = DEFAULT_RELAY_TTL_S;
    c->manager.fund_wei = DEFAULT_FUND_WEI;
    c->manager.fund_day_wei = DEFAULT_FUND_DAY_WEI;
    c->manager.check_timeout_s = DEFAULT_CHECK_TIMEOUT_S;
    c->manager.per_minute = DEFAULT_PER_MINUTE;
    c->manager.gap_ms = DEFAULT_GAP_MS;
    c->manager.sponsor = true;
    c->manager.calls_per_day = DEFAULT_CALLS_PER_DAY;
    c->manager.batch = DEFAULT_BATCH;
    c->manager.batch_ms = DEFAULT_BATCH_MS;
    for (size_t i = 0; i < CONF_PRODUCTS_MAX; i++) {
        c->products[i].approvals_min = DEFAULT_APPROVALS_MIN;
        c->products[i].max_age_s = DEFAULT_PRODUCT_AGE_S;
        c->products[i].manifest_mirrors = true;
    }
    for (size_t i = 0; i < CONF_SERVICES_MAX; i++) {
        c->services[i].expires_s = SECTION_DEFAULT_EXPIRES_S;
    }
    for (size_t pos = 0; pos < len;) {
        const char *nl = memchr(text + pos, '\n', len - pos);
        size_t n = nl == NULL ? len - pos : (size_t)(nl - (text + pos));
        char line[2 * CONF_TEXT_MAX];
        p.line++;
        if (n >= sizeof line) {
            return conf_refuse(e, p.line, "line longer than %zu characters", sizeof line - 1);
        }
        memcpy(line, text + pos, n);
        wick_status s = parse_line(&p, line, n);
        if (s != WICK_OK) {
            return s;
        }
        pos += n + 1;
    }
    return conf_check(c, e);
}

static const section_def *def_of(const conf *c, const conf_section *section)
{
    size_t offset = (size_t)((const uint8_t *)section - (const uint8_t *)c);
    for (size_t i = 0; i < SECTION_KINDS; i++) {
        const section_def *d = &sections[i];
        size_t span = d->count == 0 ? 1 : d->count * d->stride;
        if (offset >= d->offset && offset < d->offset + span) {
            return d;
        }
    }
    return NULL;
}

/* Place of a key that was given, -1 if it was not. */
static int given(const section_def *d, const conf_section *section, const char *key, size_t len)
{
    for (size_t i = 0; i < d->key_count; i++) {
        if (strlen(d->keys[i].key) == len && memcmp(d->keys[i].key, key, len) == 0) {
            return (section->given & (1u << i)) != 0 ? (int)i : -1;
        }
    }
    return -1;
}

bool conf_has(const conf *c, const conf_section *section, const char *key)
{
    const section_def *d = def_of(c, section);
    return d != NULL && given(d, section, key, strlen(key)) >= 0;
}

unsigned conf_line(const conf *c, const conf_section *section, const char *key)
{
    const section_def *d = def_of(c, section);
    int at = d == NULL ? -1 : given(d, section, key, strlen(key));
    return at >= 0 ? section->key_line[at] : section->line;
}

wick_status conf_require(const conf *c, conf_error *e, const conf_section *section,
                         const char *keys)
{
    const section_def *d = def_of(c, section);
    while (d != NULL && *keys != '\0') {
        size_t len = strcspn(keys, " ");
        if (given(d, section, keys, len) < 0) {
            return conf_refuse(e, section->line, "[%s%s%s]: '%.*s' is missing", d->kind,
                          section->name[0] != '\0' ? "." : "", section->name, (int)len, keys);
        }
        keys += len;
        keys += strspn(keys, " ");
    }
    return d != NULL ? WICK_OK : conf_refuse(e, 0, "no such section");
}

/* Of a daemon that runs, wick.conf read again changes these. */
static bool is_taken_over(const section_def *d, const key_def *k)
{
    return (strcmp(d->kind, "chain") == 0 && strcmp(k->key, "grace_s") == 0) ||
           (strcmp(d->kind, "wickd") == 0 &&
            (strcmp(k->key, "echo") == 0 || strcmp(k->key, "log") == 0));
}

static bool same_section(const section_def *d, const uint8_t *a, const uint8_t *b)
{
    const conf_section *x = (const conf_section *)(const void *)a;
    const conf_section *y = (const conf_section *)(const void *)b;
    if (strcmp(x->name, y->name) != 0) {
        return false;
    }
    for (size_t i = 0; i < d->key_count; i++) {
        const key_def *k = &d->keys[i];
        if (!is_taken_over(d, k) && (((x->given ^ y->given) & (1u << i)) != 0 ||
                                     memcmp(a + k->offset, b + k->offset, k->size) != 0)) {
            return false;
        }
    }
    /* An empty section can mean something, but not that of which all keys are taken over. */
    return (x->line != 0) == (y->line != 0) || strcmp(d->kind, "wickd") == 0;
}

bool conf_differs(char *out, size_t cap, const conf *running, const conf *fresh)
{
    size_t len = 0;
    out[0] = '\0';
    bool any = false;
    for (size_t i = 0; i < SECTION_KINDS; i++) {
        const section_def *d = &sections[i];
        size_t n = d->count == 0 ? 1 : d->count, same = 0;
        if (strcmp(d->kind, "manager") == 0 || strcmp(d->kind, "product") == 0) {
            continue; /* another program's */
        }
        while (same < n && same_section(d, (const uint8_t *)running + d->offset + same * d->stride,
                                        (const uint8_t *)fresh + d->offset + same * d->stride)) {
            same++;
        }
        if (same == n) {
            continue;
        }
        int wrote = snprintf(out + len, cap - len, "%s[%s]", any ? ", " : "", d->kind);
        len = wrote < 0 || (size_t)wrote >= cap - len ? cap - 1 : len + (size_t)wrote;
        any = true;
    }
    return any;
}
