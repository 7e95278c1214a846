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
#include "wick/gateway.h"
#include "wick/hal/log.h"

#define CONF_NAME_MAX 64
#define CONF_TEXT_MAX 256
#define CONF_CHAINS_MAX 4
#define CONF_REGISTRIES_MAX 4
#define CONF_SERVICES_MAX (WICK_GW_SERVICES_MAX + 1) /* the agent's own, and those beside it */
#define CONF_RPCS_MAX 8
#define CONF_FORKS_MAX 8
#define CONF_LEAVES_MAX 33 /* [leaf] and those with names */
#define CONF_CARRIES_MAX 8
#define CONF_ATTESTORS_MAX (1 + WICK_GW_ATTESTORS_MAX) /* [attestor] and those with names */
#define CONF_PRODUCTS_MAX 4
#define CONF_KEYS_MAX 24 /* of one section */

/* Common head of all sections: which keys were given, and where the section begins. */
typedef struct conf_section {
    char name[CONF_NAME_MAX]; /* of [kind.name], else empty */
    uint32_t given;           /* bit per key of the section's table */
    unsigned line;            /* 0: the section is not in the file */
    unsigned key_line[CONF_KEYS_MAX];
} conf_section;

/* How the headers of a chain are authenticated. */
typedef enum conf_rule {
    CONF_RULE_NONE = 0,
    CONF_RULE_OWN_NODE,       /* the operator's own node says so */
    CONF_RULE_PINNED,         /* one block, given by trusted_hash */
    CONF_RULE_QUORUM,         /* `quorum` of the [rpc.NAME] sections of the chain agree */
    CONF_RULE_QBFT,           /* validators' seals, from the block of trusted_hash on */
    CONF_RULE_IBFT2,
    CONF_RULE_IBFT1,
    CONF_RULE_CLIQUE,         /* signers' seals */
    CONF_RULE_SYNC_COMMITTEE  /* Ethereum proof of stake; trusted_hash is a beacon block root */
} conf_rule;

typedef enum conf_network {
    CONF_NETWORK_NONE = 0,
    CONF_NETWORK_MAINNET,
    CONF_NETWORK_SEPOLIA,
    CONF_NETWORK_GNOSIS,
    CONF_NETWORK_DEVNET /* described by the keys genesis_time ... forks */
} conf_network;

typedef enum conf_preset {
    CONF_PRESET_NONE = 0,
    CONF_PRESET_MINIMAL,
    CONF_PRESET_MAINNET
} conf_preset;

/* One entry of `forks = electra:0x06000001@0,fulu:0x07000001@10`. */
typedef struct conf_fork {
    char name[16]; /* empty: end of the list */
    uint8_t version[4];
    uint64_t epoch; /* first epoch */
} conf_fork;

typedef struct conf_identity {
    conf_section s;
    char name[CONF_NAME_MAX];
    char wallet_key_file[CONF_TEXT_MAX];
    char device_key_file[CONF_TEXT_MAX];
    char tls_key_file[CONF_TEXT_MAX]; /* of services that show certificates (`wick id tls`): with it they
                                       * are attested by the HTTPS challenge ([attest]) */
    char store_dir[CONF_TEXT_MAX];
} conf_identity;

typedef struct conf_chain {
    conf_section s;
    uint64_t chain_id;
    conf_rule rule;
    uint8_t trusted_hash[32];
    uint64_t max_age_s;     /* oldest head that is used; default 900 */
    uint64_t grace_s;       /* how long the last record serves when the chain halts; default 0 */
    uint64_t cache_s;       /* how long a record serves again in handshakes; 0: never; default 300 */
    uint64_t trusting_days; /* default 30: older trust must be given anew */
    uint64_t depth;         /* blocks that must be on top; default 0 */
    uint64_t epoch;         /* Clique; default 30000 */
    uint64_t period_s;      /* Clique */
    uint64_t quorum;        /* how many operators must agree */
    conf_network network;   /* sync committee, also what follows */
    char beacon_url[CONF_TEXT_MAX]; /* one or several with commas: conf_list_at() */
    char beacon_ca_file[CONF_TEXT_MAX];
    uint64_t genesis_time; /* of a devnet, also what follows */
    uint8_t genesis_validators_root[32];
    conf_preset preset;
    uint64_t seconds_per_slot;
    uint64_t max_blobs; /* of a block; part of what signatures are over from Fulu on; default 9 */
    conf_fork forks[CONF_FORKS_MAX];
} conf_chain;

typedef struct conf_rpc {
    conf_section s;
    char chain[CONF_NAME_MAX];
    char url[CONF_TEXT_MAX];
    uint64_t timeout_ms;         /* default 5000 */
    char operator[CONF_NAME_MAX]; /* who runs it; a quorum counts operators */
    char ca_file[CONF_TEXT_MAX]; /* https: the CAs to trust, instead of the system's */
    uint8_t pin_sha256[32];      /* https: SHA-256 of the server's SPKI, instead of a CA */
} conf_rpc;

typedef struct conf_registry {
    conf_section s;
    char chain[CONF_NAME_MAX];
    uint8_t device_registry[20];
    uint8_t relay_registry[20];
    uint8_t release_index[20];
} conf_registry;

typedef struct conf_wallet {
    conf_section s;
    wick_addr address;
    char psk_identity[CONF_NAME_MAX];
    char psk_file[CONF_TEXT_MAX];
    char token_file[CONF_TEXT_MAX];
    /* Does the manager send the agent's transactions? auto: where he gives no money for them (default); yes:
     * all of them, so that the wallet needs no Ether; no. */
    wick_gateway_sponsoring sponsored;
} conf_wallet;

typedef struct conf_relay {
    conf_section s;
    wick_addr server;
    char username[CONF_TEXT_MAX];
    char password_file[CONF_TEXT_MAX];
    bool allow_private; /* laboratories: a relayed address that is not public; default no */
    bool check;         /* two allocations and a datagram each way first; default yes */
    wick_gateway_over over;      /* udp, tcp, tls or auto; default auto */
    uint64_t tls_port;           /* default 5349, with over = tls that of `server` */
    char ca_file[CONF_TEXT_MAX]; /* TLS: the CAs to trust, instead of the system's */
    uint8_t pin_sha256[32];      /* TLS: SHA-256 of the relay's SPKI, instead of a CA */
    char host[CONF_NAME_MAX];    /* TLS: name in the certificate; default: the address */
    bool mobile;                 /* tickets, by which a relayed address is kept; default yes */
} conf_relay;

/* Ways in: what the gateway looks for besides a relay. */
typedef struct conf_path {
    conf_section s;
    bool direct;          /* an own public address, and direct paths of sessions; default yes */
    bool pcp;             /* a mapping at the router, by PCP or NAT-PMP; default yes */
    bool standby;         /* a second relay; default yes */
    bool try_unvalidated; /* peers' endpoints that no attestor has reached; default no */
    bool private;         /* private addresses are told to peers of sessions, and theirs are tried:
                           * for gateways of one site; default no */
    wick_addr pcp_server; /* default: the default gateway */
    wick_addr stun;       /* tries endpoints from outside where there is no relay (RFC 5780) */
    uint64_t port;        /* that routers map; default: drawn once and kept */
} conf_path;

/* Leaves of other gateways that come with a ticket. */
typedef struct conf_tickets {
    conf_section s;
    char accept[CONF_TEXT_MAX]; /* NAME[:SCOPES] ... of gateways; * for every registered one */
} conf_tickets;

/* What the gateway publishes. The first one that says nothing of where it leads is the agent's own
 * endpoint; the others stand beside it, as wick_service_publish() has it. */
typedef struct conf_service {
    conf_section s;
    char name[CONF_NAME_MAX]; /* default: that of the section */
    uint64_t expires_s;       /* default one day */
    uint64_t port;            /* of an application on this host */
    wick_addr address;        /* or where it is reached, known to the operator */
    bool tcp;                 /* default: UDP */
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
    uint64_t fund_day_wei;                 /* in all, fees of calls too, in 24 hours; default 1 Ether */
    char audit_file[CONF_TEXT_MAX];        /* one line for each decision; default: none */
    char check[CONF_TEXT_MAX];             /* command that must say yes to a name; default: none */
    uint64_t check_timeout_s;              /* default 10 */
    uint64_t per_minute;                   /* requests of all devices that cost calls; default 600 */
    uint64_t gap_ms;                       /* least time between two of one device; default 2000 */
    bool sponsor;                          /* sends devices' calls and pays for them; default yes */
    uint64_t calls_per_day;                /* of those, of one device, in 24 hours; default 24 */
    uint64_t batch;                        /* of so many in one transaction; default 16 */
    uint64_t batch_ms;                     /* how long one waits for others; default 500 */
} conf_manager;

/* wickd: the gateway daemon. */
typedef struct conf_wickd {
    conf_section s;
    char socket[CONF_TEXT_MAX]; /* default: wickd.sock in the store_dir of [identity] */
    bool serve;                 /* register, take a path, publish, answer; default yes. no: look-ups
                                 * alone */
    bool echo;                  /* laboratories: send back what peers send; default no */
    wick_log_level log;         /* least important level that is written; default info */
} conf_wickd;

/* [leaf]: where leaves come in; [leaf.NAME]: one of them, at most 16 characters. */
typedef struct conf_leaf {
    conf_section s;
    wick_addr listen;             /* of [leaf]; port 5684 is that of CoAP over DTLS */
    char bundle_dir[CONF_TEXT_MAX]; /* of [leaf]: proof bundles for leaves that were made ahead, a file for
                                     * each, NAME.bundle or NAME.SERVICE.bundle, as `wick bundle make`
                                     * writes them. What is not there, or too old, wickd makes itself */
    uint64_t bundle_max_age_s;      /* of [leaf]: of a bundle's header; default: max_age_s of the chain,
                                     * of finalized blocks twice that */
    char block_dir[CONF_TEXT_MAX]; /* of [leaf]: firmware for leaves, a file for each block, by its CID */
    char psk_file[CONF_TEXT_MAX]; /* of [leaf.NAME]: 16 or 32 bytes as hex */
} conf_leaf;

/* [carry.SERVICE]: payload that leaves of other gateways send to this service goes there as datagrams. */
typedef struct conf_carry {
    conf_section s;
    wick_addr to;
} conf_carry;

/* [attestor]: wick-attestor itself; [attestor.NAME]: one of those that a gateway asks. */
typedef struct conf_attestor {
    conf_section s;
    wick_addr listen;              /* of [attestor]: CoAP; port 5683 is its own */
    wick_addr probe_from;          /* of [attestor]: where probes leave; default any address */
    char key_file[CONF_TEXT_MAX];  /* of [attestor]: signs what it has reached */
    char audit_file[CONF_TEXT_MAX]; /* of [attestor]: a line for each decision */
    bool allow_private;            /* of [attestor], laboratories: private addresses are probed */
    wick_addr address;             /* of [attestor.NAME]: where it listens */
    uint8_t signer[20];            /* of [attestor.NAME]: address of its key, as the chain has it */
} conf_attestor;

/* Endpoints of a gateway that others are to reach: asked of all [attestor.NAME]. */
typedef struct conf_attest {
    conf_section s;
    uint64_t needed; /* how many must have reached it, as the organisation's threshold */
} conf_attest;

/* [product.NAME]: firmware that this host runs, and how it is kept up to date. */
typedef struct conf_product {
    conf_section s;
    char registry[CONF_NAME_MAX]; /* whose release_index it is in; default the home registry */
    uint8_t vendor[16];           /* UUIDs of maker and class of devices, as in the manifest */
    uint8_t class_id[16];
    uint64_t component;     /* default 0 */
    uint64_t version;       /* of the first image; later ones are known */
    uint64_t approvals_min; /* as many approvers at least, whatever the index says; default 2 */
    uint64_t max_age_s;     /* of the header: older, and the index counts as frozen; default a day */
    char dir[CONF_TEXT_MAX];      /* slots, staging and journal */
    char gateways[CONF_TEXT_MAX]; /* trustless gateways, with commas */
    char mirrors[CONF_TEXT_MAX];  /* plain copies of the image, with commas */
    char ca_file[CONF_TEXT_MAX];  /* https: the CAs to trust, instead of the system's */
    bool manifest_mirrors; /* http and https mirrors that a manifest names are asked, last of all; default yes */
    bool leaves; /* of our leaves: wickd reads the index for them and fetches from `gateways`; default no */
} conf_product;

typedef struct conf {
    char path[CONF_TEXT_MAX]; /* of the file, for messages */
    conf_identity identity;
    conf_wallet wallet;
    conf_relay relay;
    conf_path path_in;
    conf_tickets tickets;
    conf_manager manager;
    conf_wickd wickd;
    conf_rpc rpcs[CONF_RPCS_MAX]; /* [rpc] or [rpc.NAME]; the first one names the home chain */
    conf_chain chains[CONF_CHAINS_MAX];
    conf_registry registries[CONF_REGISTRIES_MAX];
    conf_service services[CONF_SERVICES_MAX];
    conf_leaf leaves[CONF_LEAVES_MAX];
    conf_carry carries[CONF_CARRIES_MAX];
    conf_attest attest;
    conf_attestor attestors[CONF_ATTESTORS_MAX];
    conf_product products[CONF_PRODUCTS_MAX];
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

/**
 * Names what differs between two configurations and is not taken over by a daemon that runs: all but
 * grace_s of chains, and echo and log of [wickd]. Lines and comments are no difference.
 * @param[out] out "[relay], [leaf]", cut if it does not fit; "" if nothing differs
 * @return does something?
 */
bool conf_differs(char *out, size_t cap, const conf *running, const conf *fresh);

/** Checks that [section] has been given all of the keys, listed with a space between.
 *  @retval WICK_E_CONFIG e names the missing one */
WICK_NODISCARD wick_status conf_require(const conf *c, conf_error *e, const conf_section *section,
                                        const char *keys);

/** Was this key of the section in the file? */
bool conf_has(const conf *c, const conf_section *section, const char *key);

/** Section of a kind by name; NULL or "" gives the only or first one. NULL if there is none. */
const conf_registry *conf_find_registry(const conf *c, const char *name);
const conf_chain *conf_find_chain(const conf *c, const char *name);
const conf_product *conf_find_product(const conf *c, const char *name);
const conf_service *conf_find_service(const conf *c, const char *name);
/** The section of the agent's own service; NULL: there is none. */
const conf_service *conf_own_service(const conf *c);
/** Its name on chain. */
const char *conf_service_name(const conf_service *service);
/** [leaf.NAME], or [leaf] for "". */
const conf_leaf *conf_find_leaf(const conf *c, const char *name);
const conf_carry *conf_find_carry(const conf *c, const char *name);
/** [attestor.NAME], or [attestor] for "". */
const conf_attestor *conf_find_attestor(const conf *c, const char *name);

/** Where wickd listens, for itself and for whoever asks it: [wickd] socket, else wickd.sock in the
 *  store_dir. `path` has CONF_TEXT_MAX bytes. @return false: neither is given, or it is too long */
bool conf_socket_path(char *path, const conf *c);

/** The index-th [rpc] section, in the order of the file, of a chain; NULL or "" for any chain.
 *  NULL if there is none. */
const conf_rpc *conf_find_rpc(const conf *c, const char *chain, size_t index);

/** Item of a list with commas, without the spaces around it.
 *  @param[out] out zero-terminated  @return false: there is none, or it does not fit */
bool conf_list_at(char *out, size_t cap, const char *list, size_t index);

/** A UUID: 8-4-4-4-12 hex digits (RFC 9562). */
bool conf_uuid(uint8_t out[16], const char *text);

/** "own_node", "sync_committee", ... as in the file; "" for NONE. */
const char *conf_rule_str(conf_rule rule);

#endif
