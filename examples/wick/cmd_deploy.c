/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick deploy: the contracts on a new chain, from the committed artifacts, and what goes into wick.conf.
 * What is deployed is read back: the word of the organisation's manager is proven before the addresses
 * are printed as good.
 */
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "json.h"
#include "send.h"
#include "wick/abi.h"

static sender s = {.without_registry = true};

typedef struct deploying {
    const char *artifacts, *org;
    uint8_t id[32], admin[20], manager[20], relay_manager[20], registrar[20];
    bool has_admin, has_manager, has_relay_manager, has_registrar;
} deploying;

/* Bytecode of an artifact, and room for the arguments of the constructor. */
static wick_status read_code(wick_buf *out, const char *dir, const char *name)
{
    char path[CONF_TEXT_MAX];
    json_doc d;
    int n = snprintf(path, sizeof path, "%s/%s.json", dir, name);
    if (n < 0 || (size_t)n >= sizeof path) {
        return WICK_E_LIMIT;
    }
    wick_status st = json_load(&d, path);
    if (st == WICK_OK) {
        st = wick_json_data(out, wick_json_member(d.root, "bytecode"));
        json_free(&d);
    }
    return st == WICK_OK && out->len == 0 ? WICK_E_JSON : st;
}

enum { DEVICES, RELAYS, RELEASES, CONTRACTS };
static const char *const contracts[CONTRACTS] = {"DeviceRegistry", "RelayRegistry", "ReleaseIndex"};

static int deploy_one(const cli *c, int which, const deploying *d)
{
    const char *name = contracts[which];
    static uint8_t bytes[SEND_DATA_MAX];
    wick_buf code = wick_buf_make(bytes, sizeof bytes);
    wick_status st = read_code(&code, d->artifacts, name);
    if (which == DEVICES) {
        wick_abi_put_word(&code, d->id);
    }
    wick_abi_put_address(&code, which == RELEASES ? d->registrar : d->admin);
    if (which != RELEASES) {
        wick_abi_put_address(&code, which == DEVICES ? d->manager : d->relay_manager);
    }
    st = st == WICK_OK ? wick_buf_status(&code) : st;
    if (st != WICK_OK) {
        return cli_fail_remedy(c, st, "name the folder of the contracts' artifacts by --artifacts DIR",
                               "%s/%s.json", d->artifacts, name);
    }
    return sender_call(&s, NULL, name, NULL, wick_buf_span(&code));
}

/* Is there what was meant, on the chain as its rule vouches for it? */
static int check(const cli *c, const deploying *d, const uint8_t devices[20])
{
    uint8_t slots[1][32], words[1][32];
    wick_manager m;
    wick_slot_manager(slots[0], d->id);
    int code = sender_words(&s, words, (const uint8_t(*)[32])slots, 1, devices, "DeviceRegistry");
    if (code != CLI_OK) {
        return code;
    }
    wick_status st = wick_manager_decode(&m, words[0]);
    if (st == WICK_OK && memcmp(m.address, d->manager, sizeof m.address) != 0) {
        st = WICK_E_RECORD_INVALID;
    }
    return st == WICK_OK ? CLI_OK : cli_fail(c, st, "manager of '%s'", d->org);
}

static int deploy(const cli *c, deploying *d)
{
    uint8_t made[CONTRACTS][20] = {{0}};
    if (!d->has_admin) {
        memcpy(d->admin, s.address, 20);
    }
    if (!d->has_manager) {
        memcpy(d->manager, s.address, 20);
    }
    if (!d->has_relay_manager) {
        memcpy(d->relay_manager, d->manager, 20);
    }
    if (!d->has_registrar) {
        memcpy(d->registrar, d->admin, 20);
    }
    int code = CLI_OK;
    for (int i = 0; i < CONTRACTS && code == CLI_OK; i++) {
        code = deploy_one(c, i, d);
        memcpy(made[i], s.contract, 20);
    }
    code = code == CLI_OK && !s.dry_run ? check(c, d, made[DEVICES]) : code;
    if (code != CLI_OK) {
        return code;
    }
    static const char *const keys[CONTRACTS] = {"device_registry", "relay_registry",
                                                "release_index"};
    char text[CONTRACTS][WICK_ETH_ADDRESS_STR_BYTES];
    for (int i = 0; i < CONTRACTS; i++) { /* lines for a [registry.NAME] of wick.conf */
        wick_eth_address_str(text[i], made[i]);
        if (!c->json) {
            printf("%s%s = %s\n", s.dry_run ? "# " : "", keys[i], text[i]);
        }
    }
    if (!c->json) {
        return CLI_OK;
    }
    out_rec o;
    out_begin_step(&o, stdout, true, s.dry_run ? "would-deploy" : "deployed");
    out_u64(&o, "chain_id", s.domain.chain_id);
    for (int i = 0; i < CONTRACTS; i++) {
        out_str(&o, keys[i], text[i]);
    }
    out_str(&o, "org", d->org);
    out_hex(&o, "admin", d->admin, 20);
    out_hex(&o, "manager", d->manager, 20);
    out_hex(&o, "relay_manager", d->relay_manager, 20);
    out_hex(&o, "registrar", d->registrar, 20);
    out_end(&o);
    return CLI_OK;
}

static int take_address(cli *c, uint8_t out[20], bool *given, const char *name)
{
    *given = true;
    return wick_eth_address_parse(out, optarg, strlen(optarg)) == WICK_OK
               ? CLI_OK
               : cli_usage(c, "--%s takes an address; of mixed case it has an EIP-55 checksum", name);
}

int cmd_deploy(cli *c, int argc, char **argv)
{
    static const struct option options[] = {{"org", required_argument, NULL, 'O'},
                                            {"admin", required_argument, NULL, 'a'},
                                            {"manager", required_argument, NULL, 'm'},
                                            {"relay-manager", required_argument, NULL, 'r'},
                                            {"registrar", required_argument, NULL, 'R'},
                                            {"artifacts", required_argument, NULL, 'A'},
                                            SEND_OPTIONS, CLI_COMMON_OPTIONS};
    deploying d = {.artifacts = "contracts/artifacts"};
    int code = CLI_OK;
    for (int got; code == CLI_OK && (got = cli_getopt(c, argc, argv, options)) != -1;) {
        if (got == 'O') {
            d.org = optarg;
        } else if (got == 'A') {
            d.artifacts = optarg;
        } else if (got == 'a') {
            code = take_address(c, d.admin, &d.has_admin, "admin");
        } else if (got == 'm') {
            code = take_address(c, d.manager, &d.has_manager, "manager");
        } else if (got == 'r') {
            code = take_address(c, d.relay_manager, &d.has_relay_manager, "relay-manager");
        } else if (got == 'R') {
            code = take_address(c, d.registrar, &d.has_registrar, "registrar");
        } else if (!sender_option(&s, got)) {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
    }
    if (code != CLI_OK) {
        return code;
    }
    if (argc != optind || d.org == NULL) {
        return cli_usage(c, "--org NAME, and no argument but options");
    }
    wick_status st = wick_name_hash(d.id, wick_span_text(d.org));
    if (st != WICK_OK) {
        return cli_fail(c, st, "organisation '%s'", d.org);
    }
    code = sender_open(&s, c);
    code = code == CLI_OK ? deploy(c, &d) : code;
    sender_close(&s);
    return code;
}
