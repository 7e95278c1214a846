/* SPDX-License-Identifier: Apache-2.0 */
/* Strict INI parser: one table of keys per section, one function per type of value. */
#include "conf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SECTION_DEFAULT_EXPIRES_S 86400u
#define DEFAULT_RPC_TIMEOUT_MS 5000u
#define DEFAULT_RELAY_TTL_S 3600u
#define DEFAULT_FUND_WEI UINT64_C(10000000000000000)

typedef enum value_type {
    VALUE_NAME, /* [a-z0-9._-]{1,63} */
    VALUE_TEXT, /* printable, at most CONF_TEXT_MAX - 1 */
    VALUE_PATH,
    VALUE_U64,
    VALUE_HEX20,
    VALUE_HEX32,
    VALUE_ADDR,
    VALUE_TIER,
    VALUE_YES
} value_type;

typedef struct key_def {
    const char *key;
    value_type type;
    size_t offset;
    size_t size;
} key_def;

#define KEY(type, member, kind)                                                                    \
    {                                                                                              \
        #member, kind, offsetof(type, member), sizeof(((type *)0)->member)                         \
    }

static const key_def identity_keys[] = {
    KEY(conf_identity, name, VALUE_NAME), KEY(conf_identity, wallet_key_file, VALUE_PATH),
    KEY(conf_identity, device_key_file, VALUE_PATH), KEY(conf_identity, store_dir, VALUE_PATH)};
static const key_def chain_keys[] = {KEY(conf_chain, chain_id, VALUE_U64),
                                     KEY(conf_chain, tier, VALUE_TIER),
                                     KEY(conf_chain, pinned_hash, VALUE_HEX32)};
static const key_def rpc_keys[] = {KEY(conf_rpc, chain, VALUE_NAME), KEY(conf_rpc, url, VALUE_TEXT),
                                   KEY(conf_rpc, timeout_ms, VALUE_U64)};
static const key_def registry_keys[] = {KEY(conf_registry, chain, VALUE_NAME),
                                        KEY(conf_registry, device_registry, VALUE_HEX20),
                                        KEY(conf_registry, relay_registry, VALUE_HEX20)};
static const key_def wallet_keys[] = {
    KEY(conf_wallet, address, VALUE_ADDR), KEY(conf_wallet, psk_identity, VALUE_TEXT),
    KEY(conf_wallet, psk_file, VALUE_PATH), KEY(conf_wallet, token_file, VALUE_PATH)};
static const key_def relay_keys[] = {KEY(conf_relay, server, VALUE_ADDR),
                                     KEY(conf_relay, username, VALUE_TEXT),
                                     KEY(conf_relay, password_file, VALUE_PATH),
                                     KEY(conf_relay, allow_private, VALUE_YES),
                                     KEY(conf_relay, check, VALUE_YES)};
static const key_def service_keys[] = {KEY(conf_service, name, VALUE_NAME),
                                       KEY(conf_service, expires_s, VALUE_U64)};
static const key_def manager_keys[] = {
    KEY(conf_manager, listen, VALUE_ADDR),
    KEY(conf_manager, org, VALUE_NAME),
    KEY(conf_manager, key_file, VALUE_PATH),
    KEY(conf_manager, devices_dir, VALUE_PATH),
    KEY(conf_manager, ledger_file, VALUE_PATH),
    KEY(conf_manager, relay_secret_file, VALUE_PATH),
    KEY(conf_manager, relay_ttl_s, VALUE_U64),
    KEY(conf_manager, fund_wei, VALUE_U64)};

typedef struct section_def {
    const char *kind;
    size_t offset;
    size_t stride;
    size_t count; /* 0: one section without a name */
    const key_def *keys;
    size_t key_count;
} section_def;

#define KEYS(table) table, sizeof(table) / sizeof((table)[0])

static const section_def sections[] = {
    {"identity", offsetof(conf, identity), 0, 0, KEYS(identity_keys)},
    {"rpc", offsetof(conf, rpc), 0, 0, KEYS(rpc_keys)},
    {"wallet", offsetof(conf, wallet), 0, 0, KEYS(wallet_keys)},
    {"relay", offsetof(conf, relay), 0, 0, KEYS(relay_keys)},
    {"manager", offsetof(conf, manager), 0, 0, KEYS(manager_keys)},
    {"chain", offsetof(conf, chains), sizeof(conf_chain), CONF_CHAINS_MAX, KEYS(chain_keys)},
    {"registry", offsetof(conf, registries), sizeof(conf_registry), CONF_REGISTRIES_MAX,
     KEYS(registry_keys)},
    {"service", offsetof(conf, services), sizeof(conf_service), CONF_SERVICES_MAX,
     KEYS(service_keys)}};
#define SECTION_KINDS (sizeof sections / sizeof sections[0])

typedef struct parser {
    conf *c;
    conf_error *e;
    const char *dir;
    unsigned line;
    const section_def *def;
    uint8_t *at; /* the open section's struct, which begins with conf_section */
} parser;

__attribute__((format(printf, 3, 4))) static wick_status refuse(conf_error *e, unsigned line,
                                                                const char *format, ...)
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

static bool is_name(const char *text)
{
    size_t len = strlen(text);
    return len >= 1 && len < CONF_NAME_MAX &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

static bool parse_u64(uint64_t *out, const char *text)
{
    uint64_t v = 0;
    size_t len = strlen(text);
    if (len == 0 || len > 19 || strspn(text, "0123456789") != len || (text[0] == '0' && len > 1)) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        v = v * 10 + (uint64_t)(text[i] - '0'); /* 19 digits cannot overflow */
    }
    *out = v;
    return true;
}

static bool put_text(char *out, size_t cap, const char *dir, const char *text)
{
    size_t dir_len = strlen(dir), len = strlen(text);
    if (len == 0 || dir_len + len >= cap) {
        return false;
    }
    memcpy(out, dir, dir_len);
    memcpy(out + dir_len, text, len + 1);
    return true;
}

static bool set_value(const parser *p, const key_def *k, const char *text)
{
    uint8_t *to = p->at + k->offset;
    switch (k->type) {
    case VALUE_NAME:
        return is_name(text) && put_text((char *)to, k->size, "", text);
    case VALUE_TEXT:
        return put_text((char *)to, k->size, "", text);
    case VALUE_PATH:
        return put_text((char *)to, k->size, text[0] == '/' ? "" : p->dir, text);
    case VALUE_U64:
        return parse_u64((uint64_t *)(void *)to, text);
    case VALUE_HEX20:
    case VALUE_HEX32:
        return strncmp(text, "0x", 2) == 0 &&
               wick_hex_decode(to, k->size, text, strlen(text)) == WICK_OK;
    case VALUE_ADDR:
        return wick_addr_parse((wick_addr *)(void *)to, text, strlen(text)) == WICK_OK;
    case VALUE_TIER: {
        conf_tier tier = strcmp(text, "own_node") == 0 ? CONF_TIER_OWN_NODE
                         : strcmp(text, "pinned") == 0 ? CONF_TIER_PINNED
                                                       : CONF_TIER_NONE;
        memcpy(to, &tier, sizeof tier);
        return tier != CONF_TIER_NONE;
    }
    case VALUE_YES: {
        bool yes = strcmp(text, "yes") == 0;
        memcpy(to, &yes, sizeof yes);
        return yes || strcmp(text, "no") == 0;
    }
    default:
        return false;
    }
}

static const char *type_text(value_type type)
{
    static const char *const texts[] = {"a name ([a-z0-9._-]{1,63})",
                                        "text of at most 255 characters",
                                        "a path of at most 255 characters",
                                        "a decimal number",
                                        "0x and 40 hex digits",
                                        "0x and 64 hex digits",
                                        "an address and port, such as 192.0.2.1:3478",
                                        "own_node or pinned",
                                        "yes or no"};
    return texts[type];
}

static wick_status open_section(parser *p, char *text)
{
    size_t len = strlen(text);
    if (len < 3 || text[len - 1] != ']') {
        return refuse(p->e, p->line, "a section is [name] or [kind.name]");
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
        if ((d->count == 0) != (name == NULL) || (name != NULL && !is_name(name))) {
            return refuse(p->e, p->line, "section [%s%s] %s", kind, d->count == 0 ? "" : ".NAME",
                          d->count == 0 ? "has no name" : "needs a name ([a-z0-9._-]{1,63})");
        }
        size_t n = d->count == 0 ? 1 : d->count;
        for (size_t j = 0; j < n; j++) {
            p->at = (uint8_t *)p->c + d->offset + j * d->stride;
            conf_section *head = head_of(p);
            if (head->line != 0 && (name == NULL || strcmp(head->name, name) == 0)) {
                return refuse(p->e, p->line, "section is already there at line %u", head->line);
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
        return refuse(p->e, p->line, "more than %zu sections [%s.NAME]", d->count, kind);
    }
    return refuse(p->e, p->line, "unknown section [%s]", kind);
}

static wick_status unknown_key(const parser *p, const char *key)
{
    char file_key[CONF_NAME_MAX + 8];
    (void)snprintf(file_key, sizeof file_key, "%.*s_file", CONF_NAME_MAX, key);
    for (size_t i = 0; i < p->def->key_count; i++) {
        if (strcmp(p->def->keys[i].key, file_key) == 0) {
            return refuse(p->e, p->line, "secrets are not written here: name a file with %s",
                          file_key);
        }
    }
    return refuse(p->e, p->line, "unknown key '%.63s' in [%s]", key, p->def->kind);
}

static wick_status parse_pair(parser *p, char *text)
{
    char *value = strchr(text, '=');
    if (value == NULL) {
        return refuse(p->e, p->line, "neither [section] nor key = value");
    }
    if (p->at == NULL) {
        return refuse(p->e, p->line, "a key before the first section");
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
            return refuse(p->e, p->line, "key '%s' is given twice", k->key);
        }
        head->given |= 1u << i;
        if (!set_value(p, k, value)) {
            return refuse(p->e, p->line, "'%s' is not %s", k->key, type_text(k->type));
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
            return refuse(p->e, p->line, "a control character");
        }
    }
    text += strspn(text, " \t");
    if (text[0] == '\0' || text[0] == '#' || text[0] == ';') {
        return WICK_OK;
    }
    return text[0] == '[' ? open_section(p, text) : parse_pair(p, text);
}

/* What one key says about another. */
static wick_status check_whole(const conf *c, conf_error *e)
{
    for (size_t i = 0; i < CONF_CHAINS_MAX; i++) {
        const conf_chain *x = &c->chains[i];
        if (x->s.line != 0 && x->tier == CONF_TIER_PINNED && !conf_has(c, &x->s, "pinned_hash")) {
            return refuse(e, x->s.line, "[chain.%s]: tier = pinned needs pinned_hash", x->s.name);
        }
    }
    for (size_t i = 0; i < CONF_REGISTRIES_MAX; i++) {
        const conf_registry *x = &c->registries[i];
        if (x->chain[0] != '\0' && conf_find_chain(c, x->chain) == NULL) {
            return refuse(e, x->s.line, "[registry.%s]: there is no [chain.%s]", x->s.name,
                          x->chain);
        }
    }
    if (c->rpc.chain[0] != '\0' && conf_find_chain(c, c->rpc.chain) == NULL) {
        return refuse(e, c->rpc.s.line, "[rpc]: there is no [chain.%s]", c->rpc.chain);
    }
    return WICK_OK;
}

wick_status conf_parse(conf *c, conf_error *e, const char *text, size_t len, const char *dir)
{
    parser p = {c, e, dir, 0, NULL, NULL};
    memset(c, 0, sizeof *c);
    memset(e, 0, sizeof *e);
    c->rpc.timeout_ms = DEFAULT_RPC_TIMEOUT_MS;
    c->relay.check = true;
    c->manager.relay_ttl_s = DEFAULT_RELAY_TTL_S;
    c->manager.fund_wei = DEFAULT_FUND_WEI;
    for (size_t i = 0; i < CONF_SERVICES_MAX; i++) {
        c->services[i].expires_s = SECTION_DEFAULT_EXPIRES_S;
    }
    for (size_t pos = 0; pos < len;) {
        const char *nl = memchr(text + pos, '\n', len - pos);
        size_t n = nl == NULL ? len - pos : (size_t)(nl - (text + pos));
        char line[2 * CONF_TEXT_MAX];
        p.line++;
        if (n >= sizeof line) {
            return refuse(e, p.line, "line longer than %zu characters", sizeof line - 1);
        }
        memcpy(line, text + pos, n);
        wick_status s = parse_line(&p, line, n);
        if (s != WICK_OK) {
            return s;
        }
        pos += n + 1;
    }
    return check_whole(c, e);
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

static bool given(const section_def *d, const conf_section *section, const char *key, size_t len)
{
    for (size_t i = 0; i < d->key_count; i++) {
        if (strlen(d->keys[i].key) == len && memcmp(d->keys[i].key, key, len) == 0) {
            return (section->given & (1u << i)) != 0;
        }
    }
    return false;
}

bool conf_has(const conf *c, const conf_section *section, const char *key)
{
    const section_def *d = def_of(c, section);
    return d != NULL && given(d, section, key, strlen(key));
}

wick_status conf_require(const conf *c, conf_error *e, const conf_section *section,
                         const char *keys)
{
    const section_def *d = def_of(c, section);
    while (d != NULL && *keys != '\0') {
        size_t len = strcspn(keys, " ");
        if (!given(d, section, keys, len)) {
            return refuse(e, section->line, "[%s%s%s]: '%.*s' is missing", d->kind,
                          section->name[0] != '\0' ? "." : "", section->name, (int)len, keys);
        }
        keys += len;
        keys += strspn(keys, " ");
    }
    return d != NULL ? WICK_OK : refuse(e, 0, "no such section");
}
