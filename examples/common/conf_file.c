/* SPDX-License-Identifier: Apache-2.0 */
/* Where wick.conf is looked for, and look-ups in the parsed result. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "conf.h"

#define CONF_FILE_MAX 65536u

static const char *search(const char *path)
{
    if (path != NULL) {
        return path;
    }
    path = getenv("WICK_CONFIG");
    if (path != NULL && path[0] != '\0') {
        return path;
    }
    return access("wick.conf", F_OK) == 0 ? "wick.conf" : "/etc/wick/wick.conf";
}

wick_status conf_load(conf *c, conf_error *e, const char *path)
{
    char dir[CONF_TEXT_MAX];
    uint8_t *text = NULL;
    size_t len = 0;
    bool named = path != NULL || getenv("WICK_CONFIG") != NULL;
    path = search(path);
    memset(c, 0, sizeof *c);
    e->line = 0;
    wick_status s = cli_read_file(&text, &len, path);
    if (s == WICK_E_NOT_FOUND && !named) {
        (void)snprintf(e->text, sizeof e->text,
                       "there is neither ./wick.conf nor %.200s: name one with --config or $WICK_CONFIG",
                       path);
        return WICK_E_CONFIG;
    }
    if (s != WICK_OK || len > CONF_FILE_MAX || strlen(path) >= sizeof dir) {
        (void)snprintf(e->text, sizeof e->text, "%.255s: %s", path,
                       s != WICK_OK ? wick_status_cause(s) : "too large");
        free(text);
        return WICK_E_CONFIG;
    }
    const char *slash = strrchr(path, '/');
    size_t dir_len = slash == NULL ? 0 : (size_t)(slash - path) + 1;
    memcpy(dir, path, dir_len);
    dir[dir_len] = '\0';
    s = conf_parse(c, e, (const char *)text, len, dir);
    (void)snprintf(c->path, sizeof c->path, "%s", path);
    free(text);
    if (s != WICK_OK) {
        char reason[sizeof e->text];
        memcpy(reason, e->text, sizeof reason);
        (void)snprintf(e->text, sizeof e->text, "%.200s:%u: %.280s", path, e->line, reason);
    }
    return s;
}

static bool matches(const conf_section *s, const char *name)
{
    return s->line != 0 && (name == NULL || name[0] == '\0' || strcmp(s->name, name) == 0);
}

const conf_registry *conf_find_registry(const conf *c, const char *name)
{
    for (size_t i = 0; i < CONF_REGISTRIES_MAX; i++) {
        if (matches(&c->registries[i].s, name)) {
            return &c->registries[i];
        }
    }
    return NULL;
}

const conf_chain *conf_find_chain(const conf *c, const char *name)
{
    for (size_t i = 0; i < CONF_CHAINS_MAX; i++) {
        if (matches(&c->chains[i].s, name)) {
            return &c->chains[i];
        }
    }
    return NULL;
}

const conf_product *conf_find_product(const conf *c, const char *name)
{
    for (size_t i = 0; i < CONF_PRODUCTS_MAX; i++) {
        if (matches(&c->products[i].s, name)) {
            return &c->products[i];
        }
    }
    return NULL;
}

const conf_service *conf_find_service(const conf *c, const char *name)
{
    for (size_t i = 0; i < CONF_SERVICES_MAX; i++) {
        if (matches(&c->services[i].s, name)) {
            return &c->services[i];
        }
    }
    return NULL;
}

const conf_service *conf_own_service(const conf *c)
{
    for (size_t i = 0; i < CONF_SERVICES_MAX; i++) {
        const conf_service *x = &c->services[i];
        if (x->s.line != 0 && x->port == 0 && x->address.port == 0) {
            return x;
        }
    }
    return NULL;
}

const char *conf_service_name(const conf_service *service)
{
    return service->name[0] != '\0' ? service->name : service->s.name;
}

const conf_leaf *conf_find_leaf(const conf *c, const char *name)
{
    for (size_t i = 0; i < CONF_LEAVES_MAX; i++) {
        if (c->leaves[i].s.line != 0 && strcmp(c->leaves[i].s.name, name) == 0) {
            return &c->leaves[i];
        }
    }
    return NULL;
}

const conf_carry *conf_find_carry(const conf *c, const char *name)
{
    for (size_t i = 0; i < CONF_CARRIES_MAX; i++) {
        if (c->carries[i].s.line != 0 && strcmp(c->carries[i].s.name, name) == 0) {
            return &c->carries[i];
        }
    }
    return NULL;
}

const conf_attestor *conf_find_attestor(const conf *c, const char *name)
{
    for (size_t i = 0; i < CONF_ATTESTORS_MAX; i++) {
        if (c->attestors[i].s.line != 0 && strcmp(c->attestors[i].s.name, name) == 0) {
            return &c->attestors[i];
        }
    }
    return NULL;
}

const conf_rpc *conf_find_rpc(const conf *c, const char *chain, size_t index)
{
    for (size_t i = 0; i < CONF_RPCS_MAX; i++) {
        const conf_rpc *r = &c->rpcs[i];
        if (r->s.line != 0 && (chain == NULL || chain[0] == '\0' || strcmp(r->chain, chain) == 0) &&
            index-- == 0) {
            return r;
        }
    }
    return NULL;
}

bool conf_socket_path(char *path, const conf *c)
{
    const char *dir = c->identity.store_dir;
    int len = c->wickd.socket[0] != '\0' ? snprintf(path, CONF_TEXT_MAX, "%s", c->wickd.socket)
                                         : snprintf(path, CONF_TEXT_MAX, "%s/wickd.sock", dir);
    return (c->wickd.socket[0] != '\0' || dir[0] != '\0') && len > 0 && len < CONF_TEXT_MAX;
}
