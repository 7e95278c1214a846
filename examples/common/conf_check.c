/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of wick.conf say about each other: a combination that cannot be meant is refused
 * with the line that is too much, or the section that lacks something. */
#include <string.h>

#include "conf_internal.h"
#include "wick/release_index.h"

#define DAYS_MAX 3650u
#define SLOT_S_MAX 3600u
#define LEAF_NAME_MAX 16u /* the subject of its tickets */

/* Keys of a chain besides chain_id and rule: what a rule needs, and what else means something to
 * it. A key that would be ignored is an error: somebody relies on it. */
typedef struct rule_keys {
    conf_rule rule;
    const char *needs;
    const char *takes;
} rule_keys;

static const rule_keys by_rule[] = {
    {CONF_RULE_OWN_NODE, "", "max_age_s grace_s cache_s depth"},
    {CONF_RULE_PINNED, "trusted_hash", "grace_s cache_s"},
    {CONF_RULE_QUORUM, "quorum", "max_age_s grace_s cache_s depth"},
    {CONF_RULE_QBFT, "trusted_hash", "max_age_s grace_s cache_s trusting_days"},
    {CONF_RULE_IBFT2, "trusted_hash", "max_age_s grace_s cache_s trusting_days"},
    {CONF_RULE_IBFT1, "trusted_hash", "max_age_s grace_s cache_s trusting_days"},
    {CONF_RULE_CLIQUE, "trusted_hash period_s", "max_age_s grace_s cache_s trusting_days depth epoch"},
    {CONF_RULE_SYNC_COMMITTEE, "trusted_hash network beacon_url",
     "max_age_s grace_s cache_s trusting_days beacon_ca_file genesis_time genesis_validators_root preset "
     "seconds_per_slot forks max_blobs"}};

#define DEVNET_KEYS "genesis_time genesis_validators_root preset seconds_per_slot forks"
#define OPTIONAL_KEYS                                                                              \
    "trusted_hash max_age_s grace_s cache_s trusting_days depth epoch period_s quorum network beacon_url " \
    "beacon_ca_file max_blobs " DEVNET_KEYS

/* Takes the next word of a list; false at its end. */
static bool next_word(char word[CONF_NAME_MAX], const char **list)
{
    size_t len = strcspn(*list, " ");
    if (len == 0 || len >= CONF_NAME_MAX) {
        return false;
    }
    memcpy(word, *list, len);
    word[len] = '\0';
    *list += len;
    *list += strspn(*list, " ");
    return true;
}

static bool has_word(const char *list, const char *wanted)
{
    char word[CONF_NAME_MAX];
    while (next_word(word, &list)) {
        if (strcmp(word, wanted) == 0) {
            return true;
        }
    }
    return false;
}

static wick_status in_range(const conf *c, conf_error *e, const conf_chain *x, const char *key,
                            uint64_t value, uint64_t min, uint64_t max)
{
    if (!conf_has(c, &x->s, key) || (value >= min && value <= max)) {
        return WICK_OK;
    }
    return conf_refuse(e, conf_line(c, &x->s, key), "'%s' is not between %llu and %llu", key,
                       (unsigned long long)min, (unsigned long long)max);
}

static wick_status check_ranges(const conf *c, conf_error *e, const conf_chain *x)
{
    wick_status s = in_range(c, e, x, "chain_id", x->chain_id, 1, INT64_MAX);
    s = s == WICK_OK ? in_range(c, e, x, "max_age_s", x->max_age_s, 1, UINT32_MAX) : s;
    s = s == WICK_OK ? in_range(c, e, x, "grace_s", x->grace_s, 0, UINT32_MAX) : s;
    s = s == WICK_OK ? in_range(c, e, x, "cache_s", x->cache_s, 0, WICK_GW_CACHE_MAX_S) : s;
    s = s == WICK_OK ? in_range(c, e, x, "trusting_days", x->trusting_days, 1, DAYS_MAX) : s;
    s = s == WICK_OK ? in_range(c, e, x, "depth", x->depth, 0, UINT32_MAX) : s;
    s = s == WICK_OK ? in_range(c, e, x, "epoch", x->epoch, 1, UINT32_MAX) : s;
    s = s == WICK_OK ? in_range(c, e, x, "period_s", x->period_s, 0, UINT32_MAX) : s;
    s = s == WICK_OK ? in_range(c, e, x, "max_blobs", x->max_blobs, 1, UINT32_MAX) : s;
    s = s == WICK_OK ? in_range(c, e, x, "seconds_per_slot", x->seconds_per_slot, 1, SLOT_S_MAX)
                     : s;
    return s;
}

/* More than half of at least two operators: one alone is own_node by another name. Several endpoints
 * of one operator are one voice. */
static wick_status check_quorum(const conf *c, conf_error *e, const conf_chain *x)
{
    uint64_t n = 0;
    size_t at = 0;
    for (const conf_rpc *r; (r = conf_find_rpc(c, x->s.name, at)) != NULL; at++) {
        if (r->operator[0] == '\0') {
            return conf_refuse(e, r->s.line, "[rpc.%s]: rule = quorum needs 'operator'",
                               r->s.name);
        }
        size_t i = 0;
        while (i < at && strcmp(conf_find_rpc(c, x->s.name, i)->operator, r->operator) != 0) {
            i++;
        }
        n += i == at;
    }
    if (n < 2) {
        return conf_refuse(e, conf_line(c, &x->s, "rule"),
                           "rule = quorum needs two or more operators in [rpc.NAME] with chain = %s",
                           x->s.name);
    }
    if (x->quorum > n || x->quorum * 2 <= n) {
        return conf_refuse(e, conf_line(c, &x->s, "quorum"),
                           "'quorum' must be more than half of the %u operators, and not more than "
                           "there are",
                           (unsigned)n);
    }
    return WICK_OK;
}

static wick_status check_network(const conf *c, conf_error *e, const conf_chain *x)
{
    static const uint64_t ids[] = {0, 1, 11155111, 100};
    char key[CONF_NAME_MAX];
    const char *keys = DEVNET_KEYS " max_blobs";
    bool devnet = x->network == CONF_NETWORK_DEVNET;
    while (next_word(key, &keys)) {
        if (devnet && has_word(DEVNET_KEYS, key) && !conf_has(c, &x->s, key)) {
            return conf_refuse(e, x->s.line, "[chain.%s]: network = devnet needs '%s'", x->s.name,
                               key);
        }
        if (!devnet && conf_has(c, &x->s, key)) {
            return conf_refuse(e, conf_line(c, &x->s, key),
                               "'%s' is for network = devnet: that of a known one is built in",
                               key);
        }
    }
    if (!devnet && conf_has(c, &x->s, "chain_id") && x->chain_id != ids[x->network]) {
        return conf_refuse(e, conf_line(c, &x->s, "chain_id"),
                           "'chain_id' of this network is %llu",
                           (unsigned long long)ids[x->network]);
    }
    return WICK_OK;
}

static wick_status check_rule(const conf *c, conf_error *e, const conf_chain *x,
                              const rule_keys *k)
{
    char key[CONF_NAME_MAX];
    const char *name = conf_rule_str(x->rule), *keys = k->needs;
    while (next_word(key, &keys)) {
        if (!conf_has(c, &x->s, key)) {
            return conf_refuse(e, x->s.line, "[chain.%s]: rule = %s needs '%s'", x->s.name, name,
                               key);
        }
    }
    keys = OPTIONAL_KEYS;
    while (next_word(key, &keys)) {
        if (conf_has(c, &x->s, key) && !has_word(k->needs, key) && !has_word(k->takes, key)) {
            return conf_refuse(e, conf_line(c, &x->s, key), "'%s' means nothing to rule = %s", key,
                               name);
        }
    }
    wick_status s = check_ranges(c, e, x);
    if (s == WICK_OK && x->rule == CONF_RULE_QUORUM) {
        s = check_quorum(c, e, x);
    }
    if (s == WICK_OK && x->rule == CONF_RULE_SYNC_COMMITTEE) {
        s = check_network(c, e, x);
    }
    return s;
}

static wick_status check_chain(const conf *c, conf_error *e, const conf_chain *x)
{
    char key[CONF_NAME_MAX];
    const char *keys = OPTIONAL_KEYS;
    for (size_t i = 0; i < sizeof by_rule / sizeof by_rule[0]; i++) {
        if (by_rule[i].rule == x->rule) {
            return check_rule(c, e, x, &by_rule[i]);
        }
    }
    while (next_word(key, &keys)) {
        if (conf_has(c, &x->s, key)) {
            return conf_refuse(e, conf_line(c, &x->s, key), "'%s' means nothing without 'rule'",
                               key);
        }
    }
    return check_ranges(c, e, x);
}

static wick_status check_rpc(const conf *c, conf_error *e, const conf_rpc *r)
{
    const char *dot = r->s.name[0] != '\0' ? "." : "";
    if (r->chain[0] != '\0' && conf_find_chain(c, r->chain) == NULL) {
        return conf_refuse(e, r->s.line, "[rpc%s%s]: there is no [chain.%s]", dot, r->s.name,
                           r->chain);
    }
    bool tls = strncmp(r->url, "https://", 8) == 0;
    const char *only_tls = conf_has(c, &r->s, "ca_file")      ? "ca_file"
                           : conf_has(c, &r->s, "pin_sha256") ? "pin_sha256"
                                                              : NULL;
    if (only_tls != NULL && !tls) {
        return conf_refuse(e, conf_line(c, &r->s, only_tls), "'%s' needs an https:// url",
                           only_tls);
    }
    if (conf_has(c, &r->s, "ca_file") && conf_has(c, &r->s, "pin_sha256")) {
        return conf_refuse(e, conf_line(c, &r->s, "pin_sha256"),
                           "'pin_sha256' and 'ca_file' are two answers to one question");
    }
    return WICK_OK;
}

/* [leaf] says where, [leaf.NAME] who. */
static wick_status check_leaf(const conf *c, conf_error *e, const conf_leaf *x)
{
    bool named = x->s.name[0] != '\0';
    const char *wrong = !named                                   ? "psk_file"
                        : conf_has(c, &x->s, "bundle_dir")       ? "bundle_dir"
                        : conf_has(c, &x->s, "bundle_max_age_s") ? "bundle_max_age_s"
                        : conf_has(c, &x->s, "block_dir")        ? "block_dir"
                                                                 : "listen";
    if (conf_has(c, &x->s, wrong)) {
        return conf_refuse(e, conf_line(c, &x->s, wrong), "'%s' belongs into [leaf%s]", wrong,
                           named ? "" : ".NAME");
    }
    if (conf_has(c, &x->s, "bundle_max_age_s") &&
        (x->bundle_max_age_s == 0 || x->bundle_max_age_s > UINT32_MAX)) {
        return conf_refuse(e, conf_line(c, &x->s, "bundle_max_age_s"),
                           "'bundle_max_age_s' is 1..2^32-1");
    }
    if (strlen(x->s.name) > LEAF_NAME_MAX) {
        return conf_refuse(e, x->s.line, "[leaf.%s]: the name of a leaf has at most %u characters",
                           x->s.name, LEAF_NAME_MAX);
    }
    if (named && conf_find_leaf(c, "") == NULL) {
        return conf_refuse(e, x->s.line,
                           "[leaf.%s]: there is no [leaf] that says where leaves come in", x->s.name);
    }
    return conf_require(c, e, &x->s, named ? "psk_file" : "listen");
}

static wick_status check_leaves(const conf *c, conf_error *e)
{
    wick_status s = WICK_OK;
    for (size_t i = 0; i < CONF_LEAVES_MAX && s == WICK_OK; i++) {
        s = c->leaves[i].s.line != 0 ? check_leaf(c, e, &c->leaves[i]) : WICK_OK;
    }
    for (size_t i = 0; i < CONF_CARRIES_MAX && s == WICK_OK; i++) {
        s = c->carries[i].s.line != 0 ? conf_require(c, e, &c->carries[i].s, "to") : WICK_OK;
    }
    return s;
}

/* [attestor] is a program, [attestor.NAME] whom a gateway asks. */
static wick_status check_attestor(const conf *c, conf_error *e, const conf_attestor *x)
{
    static const char *const of_named[] = {"address", "signer"};
    static const char *const of_bare[] = {"listen", "probe_from", "key_file", "audit_file",
                                          "allow_private"};
    bool named = x->s.name[0] != '\0';
    const char *const *wrong = named ? of_bare : of_named;
    size_t n = named ? sizeof of_bare / sizeof of_bare[0] : sizeof of_named / sizeof of_named[0];
    for (size_t i = 0; i < n; i++) {
        if (conf_has(c, &x->s, wrong[i])) {
            return conf_refuse(e, conf_line(c, &x->s, wrong[i]), "'%s' belongs into [attestor%s]",
                               wrong[i], named ? "" : ".NAME");
        }
    }
    return named ? conf_require(c, e, &x->s, "address signer") : WICK_OK;
}

static wick_status check_attest(const conf *c, conf_error *e)
{
    uint64_t n = 0;
    for (size_t i = 0; i < CONF_ATTESTORS_MAX; i++) {
        const conf_attestor *x = &c->attestors[i];
        if (x->s.line == 0) {
            continue;
        }
        wick_status s = check_attestor(c, e, x);
        if (s != WICK_OK) {
            return s;
        }
        n += x->s.name[0] != '\0';
        for (size_t j = 0; j < i && x->s.name[0] != '\0'; j++) {
            const conf_attestor *y = &c->attestors[j];
            if (y->s.line != 0 && y->s.name[0] != '\0' &&
                memcmp(x->signer, y->signer, sizeof x->signer) == 0) {
                return conf_refuse(e, conf_line(c, &x->s, "signer"),
                                   "[attestor.%s] has the same signer: one key is one voice",
                                   y->s.name);
            }
        }
    }
    if (c->attest.s.line == 0) {
        return WICK_OK;
    }
    if (c->attest.needed == 0 || c->attest.needed > n ||
        c->attest.needed > WICK_GW_ATTESTATIONS_MAX) {
        return conf_refuse(e, conf_line(c, &c->attest.s, "needed"),
                           "'needed' is 1..%u, and no more than there are [attestor.NAME]: %u",
                           (unsigned)WICK_GW_ATTESTATIONS_MAX, (unsigned)n);
    }
    return WICK_OK;
}

static wick_status check_service(const conf *c, conf_error *e, const conf_service *x)
{
    if (x->port > UINT16_MAX || (conf_has(c, &x->s, "port") && x->port == 0)) {
        return conf_refuse(e, conf_line(c, &x->s, "port"), "'port' is 1..65535");
    }
    if (conf_has(c, &x->s, "port") && conf_has(c, &x->s, "address")) {
        return conf_refuse(e, conf_line(c, &x->s, "address"),
                           "'address' and 'port' are two answers to one question");
    }
    if (x->tcp && x->port == 0 && x->address.port == 0) {
        return conf_refuse(e, conf_line(c, &x->s, "tcp"), "'tcp' needs a port or an address");
    }
    return WICK_OK;
}

/* One is the agent's own, WICK_GW_SERVICES_MAX stand beside it; each has its own name. */
static wick_status check_services(const conf *c, conf_error *e)
{
    const conf_service *own = conf_own_service(c);
    wick_status s = WICK_OK;
    unsigned beside = 0;
    for (size_t i = 0; i < CONF_SERVICES_MAX && s == WICK_OK; i++) {
        const conf_service *x = &c->services[i];
        if (x->s.line == 0) {
            continue;
        }
        s = check_service(c, e, x);
        beside += x != own ? 1u : 0u;
        if (s == WICK_OK && beside > WICK_GW_SERVICES_MAX) {
            s = conf_refuse(e, x->s.line, "[service.%s]: more than %u services beside the agent's own",
                            x->s.name, (unsigned)WICK_GW_SERVICES_MAX);
        }
        bool twice = own == NULL && strcmp(conf_service_name(x), WICK_SERVICE_DEFAULT) == 0;
        for (size_t k = 0; k < i && !twice; k++) {
            twice = c->services[k].s.line != 0 &&
                    strcmp(conf_service_name(&c->services[k]), conf_service_name(x)) == 0;
        }
        if (s == WICK_OK && twice) {
            s = conf_refuse(e, x->s.line, "[service.%s]: '%s' is published already", x->s.name,
                            conf_service_name(x));
        }
    }
    return s;
}

static wick_status check_relay(const conf *c, conf_error *e)
{
    static const char *const of_tls[] = {"ca_file", "pin_sha256", "host", "tls_port"};
    const conf_relay *r = &c->relay;
    bool tls = r->over == WICK_GW_OVER_TLS || r->over == WICK_GW_OVER_AUTO;
    for (size_t i = 0; i < sizeof of_tls / sizeof of_tls[0] && !tls; i++) {
        if (conf_has(c, &r->s, of_tls[i])) {
            return conf_refuse(e, conf_line(c, &r->s, of_tls[i]), "'%s' needs over = tls or auto",
                               of_tls[i]);
        }
    }
    if (conf_has(c, &r->s, "ca_file") && conf_has(c, &r->s, "pin_sha256")) {
        return conf_refuse(e, conf_line(c, &r->s, "pin_sha256"),
                           "'pin_sha256' and 'ca_file' are two answers to one question");
    }
    if (conf_has(c, &r->s, "tls_port") && (r->tls_port == 0 || r->tls_port > UINT16_MAX)) {
        return conf_refuse(e, conf_line(c, &r->s, "tls_port"), "'tls_port' is 1..65535");
    }
    return WICK_OK;
}

static wick_status check_products(const conf *c, conf_error *e)
{
    for (size_t i = 0; i < CONF_PRODUCTS_MAX; i++) {
        const conf_product *x = &c->products[i];
        if (x->registry[0] != '\0' && conf_find_registry(c, x->registry) == NULL) {
            return conf_refuse(e, x->s.line, "[product.%s]: there is no [registry.%s]", x->s.name,
                               x->registry);
        }
        if (x->component > UINT8_MAX) {
            return conf_refuse(e, conf_line(c, &x->s, "component"), "'component' is 0..255");
        }
        if (x->approvals_min == 0 || x->approvals_min > WICK_PRODUCT_MEMBERS_MAX) {
            return conf_refuse(e, conf_line(c, &x->s, "approvals_min"),
                               "'approvals_min' is 1..%u", WICK_PRODUCT_MEMBERS_MAX);
        }
        if (x->max_age_s == 0 || x->max_age_s > UINT32_MAX) {
            return conf_refuse(e, conf_line(c, &x->s, "max_age_s"), "'max_age_s' is 1..2^32-1");
        }
    }
    return WICK_OK;
}

wick_status conf_check(const conf *c, conf_error *e)
{
    wick_status s = WICK_OK;
    for (size_t i = 0; i < CONF_REGISTRIES_MAX; i++) {
        const conf_registry *x = &c->registries[i];
        if (x->chain[0] != '\0' && conf_find_chain(c, x->chain) == NULL) {
            return conf_refuse(e, x->s.line, "[registry.%s]: there is no [chain.%s]", x->s.name,
                               x->chain);
        }
    }
    for (size_t i = 0; i < CONF_RPCS_MAX && s == WICK_OK; i++) {
        s = c->rpcs[i].s.line != 0 ? check_rpc(c, e, &c->rpcs[i]) : WICK_OK;
    }
    for (size_t i = 0; i < CONF_CHAINS_MAX && s == WICK_OK; i++) {
        s = c->chains[i].s.line != 0 ? check_chain(c, e, &c->chains[i]) : WICK_OK;
    }
    s = s == WICK_OK && c->relay.s.line != 0 ? check_relay(c, e) : s;
    if (s == WICK_OK && c->path_in.port > UINT16_MAX) {
        s = conf_refuse(e, conf_line(c, &c->path_in.s, "port"), "'port' is 0..65535");
    }
    s = s == WICK_OK ? check_products(c, e) : s;
    s = s == WICK_OK ? check_services(c, e) : s;
    s = s == WICK_OK ? check_attest(c, e) : s;
    return s == WICK_OK ? check_leaves(c, e) : s;
}
