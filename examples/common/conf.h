/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_EXAMPLES_CONF_H
#define WICK_EXAMPLES_CONF_H
/*
 * wick.conf, the one configuration file of `wick` and the services. INI: [section] or [kind.name],
 * key = value, whole-line comments with # or ;. Strict: an unknown section or key, a key given
 * twice, or a value that does not parse is an error with its line number, because a misspelt option
 * that is skipped is found in the field. Secrets are never values: they are files (*_file) with
 * mode 0600. A relative path is relative to the folder of the configuration file.
 *
 *     conf c;
 *     conf_error e;
 *     if (conf_load(&c, &e, NULL) != WICK_OK) { puts(e.text); }
 *
 * Order of search: --config, $WICK_CONFIG, ./wick.conf, /etc/wick/wick.conf.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wick/base.h"

#define CONF_NAME_MAX 64
#define CONF_TEXT_MAX 256
#define CONF_CHAINS_MAX 4
#define CONF_REGISTRIES_MAX 4
#define CONF_SERVICES_MAX 8

/* Common head of all sections: which keys were given, and where the section begins. */
typedef struct conf_section {
    char name[CONF_NAME_MAX]; /* of [kind.name], else empty */
    uint32_t given;           /* bit per key of the section's table */
    unsigned line;            /* 0: the section is not in the file */
} conf_section;

typedef enum conf_tier { CONF_TIER_NONE = 0, CONF_TIER_OWN_NODE, CONF_TIER_PINNED } conf_tier;

typedef struct conf_identity {
    conf_section s;
    char name[CONF_NAME_MAX];
    char wallet_key_file[CONF_TEXT_MAX];
    char device_key_file[CONF_TEXT_MAX];
    char store_dir[CONF_TEXT_MAX];
} conf_identity;

typedef struct conf_chain {
    conf_section s;
    uint64_t chain_id;
    conf_tier tier;
    uint8_t pinned_hash[32];
} conf_chain;

typedef struct conf_rpc {
    conf_section s;
    char chain[CONF_NAME_MAX];
    char url[CONF_TEXT_MAX];
    uint64_t timeout_ms; /* default 5000 */
} conf_rpc;

typedef struct conf_registry {
    conf_section s;
    char chain[CONF_NAME_MAX];
    uint8_t device_registry[20];
    uint8_t relay_registry[20];
} conf_registry;

typedef struct conf_wallet {
    conf_section s;
    wick_addr address;
    char psk_identity[CONF_NAME_MAX];
    char psk_file[CONF_TEXT_MAX];
    char token_file[CONF_TEXT_MAX];
} conf_wallet;

typedef struct conf_relay {
    conf_section s;
    wick_addr server;
    char username[CONF_TEXT_MAX];
    char password_file[CONF_TEXT_MAX];
    bool allow_private; /* laboratories: a relayed address that is not public; default no */
    bool check;         /* two allocations and a datagram each way first; default yes */
} conf_relay;

typedef struct conf_service {
    conf_section s;
    char name[CONF_NAME_MAX];
    uint64_t expires_s; /* default one day */
} conf_service;

/* wick-wallet: the manager of an organisation. */
typedef struct conf_manager {
    conf_section s;
    wick_addr listen;
    char org[CONF_NAME_MAX];
    char key_file[CONF_TEXT_MAX];          /* signs vouchers and pays */
    char devices_dir[CONF_TEXT_MAX];       /* provisioning files */
    char ledger_file[CONF_TEXT_MAX];
    char relay_secret_file[CONF_TEXT_MAX]; /* static-auth-secret of the relays */
    uint64_t relay_ttl_s;                  /* default one hour */
    uint64_t fund_wei;                     /* default 0.01 Ether */
} conf_manager;

typedef struct conf {
    char path[CONF_TEXT_MAX]; /* of the file, for messages */
    conf_identity identity;
    conf_rpc rpc;
    conf_wallet wallet;
    conf_relay relay;
    conf_manager manager;
    conf_chain chains[CONF_CHAINS_MAX];
    conf_registry registries[CONF_REGISTRIES_MAX];
    conf_service services[CONF_SERVICES_MAX];
} conf;

typedef struct conf_error {
    unsigned line; /* 0: about the file as a whole */
    char text[2 * CONF_TEXT_MAX];
} conf_error;

/** Parses `text`. Paths in it are put behind `dir` (with its final slash; "" for none).
 *  @retval WICK_E_CONFIG e says line and reason */
WICK_NODISCARD wick_status conf_parse(conf *c, conf_error *e, const char *text, size_t len,
                                      const char *dir);

/** Finds, reads and parses the file. @param path of --config, or NULL to search
 *  @retval WICK_E_CONFIG no file, or its content: e says which */
WICK_NODISCARD wick_status conf_load(conf *c, conf_error *e, const char *path);

/** Checks that [section] has been given all of the keys, listed with a space between.
 *  @retval WICK_E_CONFIG e names the missing one */
WICK_NODISCARD wick_status conf_require(const conf *c, conf_error *e, const conf_section *section,
                                        const char *keys);

/** Was this key of the section in the file? */
bool conf_has(const conf *c, const conf_section *section, const char *key);

/** Section of a kind by name; NULL or "" gives the only or first one. NULL if there is none. */
const conf_registry *conf_find_registry(const conf *c, const char *name);
const conf_chain *conf_find_chain(const conf *c, const char *name);
const conf_service *conf_find_service(const conf *c, const char *name);

#endif
