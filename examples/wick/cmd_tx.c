/* SPDX-License-Identifier: Apache-2.0 */
/* wick tx: fields, hash and sender of a transaction; and one signed by a key in a file. */
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "host.h"
#include "out.h"
#include "wick/port/crypto.h"
#include "wick/tx.h"

static const char *type_text(wick_tx_type type)
{
    switch (type) {
    case WICK_TX_LEGACY:
        return "legacy";
    case WICK_TX_ACCESS_LIST:
        return "access-list (EIP-2930)";
    case WICK_TX_DYNAMIC_FEE:
        return "dynamic-fee (EIP-1559)";
    default:
        return "unknown";
    }
}

static void put_address(out_rec *o, const char *key, const uint8_t address[20])
{
    char text[WICK_ETH_ADDRESS_STR_BYTES];
    if (o->json) {
        out_hex(o, key, address, 20); /* lower case, as all hex of --json */
        return;
    }
    wick_eth_address_str(text, address);
    out_str(o, key, text);
}

static int put_tx(const cli *c, const wick_tx *tx)
{
    uint8_t hash[32], sender[20];
    wick_crypto_ctx crypto_ctx;
    wick_hal_crypto crypto;
    wick_status s = wick_crypto_init(&crypto, &crypto_ctx);
    if (s == WICK_OK && tx->is_signed) {
        s = wick_tx_sender(sender, tx, &crypto);
    }
    if (s == WICK_OK) {
        s = tx->is_signed ? wick_tx_hash(hash, tx) : wick_tx_digest(hash, tx);
    }
    if (s != WICK_OK) {
        return cli_fail(c, s, "sender");
    }
    out_rec o;
    out_begin(&o, stdout, c->json);
    out_str(&o, "type", type_text(tx->type));
    out_bool(&o, "signed", tx->is_signed);
    out_hex(&o, tx->is_signed ? "hash" : "digest", hash, sizeof hash);
    if (tx->is_signed) {
        put_address(&o, "from", sender);
    }
    if (tx->create) {
        out_str(&o, "to", "(new contract)");
    } else {
        put_address(&o, "to", tx->to);
    }
    out_u64(&o, "chain_id", tx->chain_id);
    out_u64(&o, "nonce", tx->nonce);
    out_quantity(&o, "value", tx->value, sizeof tx->value);
    out_u64(&o, "gas_limit", tx->gas_limit);
    if (tx->type == WICK_TX_DYNAMIC_FEE) {
        out_u64(&o, "max_fee", tx->max_fee);
        out_u64(&o, "max_priority_fee", tx->max_priority_fee);
    } else {
        out_u64(&o, "gas_price", tx->max_fee);
    }
    if (tx->access_list.len > 1) {
        out_hex(&o, "access_list", tx->access_list.ptr, tx->access_list.len);
    }
    out_hex(&o, "data", tx->data.ptr, tx->data.len);
    if (tx->is_signed) {
        out_u64(&o, "y_parity", tx->y_parity);
        out_hex(&o, "r", tx->r, sizeof tx->r);
        out_hex(&o, "s", tx->s, sizeof tx->s);
    }
    out_end(&o);
    return CLI_OK;
}

int cmd_tx_decode(cli *c, int argc, char **argv)
{
    uint8_t *bytes;
    size_t len;
    int code;
    if (!cli_hex_input(c, &bytes, &len, &code, argc, argv)) {
        return code;
    }
    wick_tx tx;
    wick_status s = wick_tx_decode(&tx, wick_span_make(bytes, len));
    code = s == WICK_OK ? put_tx(c, &tx) : cli_fail(c, s, "transaction");
    free(bytes);
    return code;
}

/* ---- sign ---- */

#define DATA_MAX 131072 /* what nodes take */

typedef struct sign_args {
    const char *key, *to, *value, *data, *access_list;
    bool create, has_chain, has_nonce, has_gas, has_fee, has_tip, has_price;
    uint64_t type;
    wick_tx tx;
} sign_args;

static bool take_number(bool *given, uint64_t *out, const char *text)
{
    *given = true;
    return cli_u64_arg(out, text, UINT64_MAX) == WICK_OK;
}

static bool take_option(sign_args *a, int option)
{
    switch (option) {
    case 'k':
        a->key = optarg;
        return true;
    case 't':
        a->to = optarg;
        return true;
    case 'V':
        a->value = optarg;
        return true;
    case 'd':
        a->data = optarg;
        return true;
    case 'a':
        a->access_list = optarg;
        return true;
    case 'C':
        a->create = true;
        return true;
    case 'y':
        return cli_u64_arg(&a->type, optarg, 2) == WICK_OK;
    case 'c':
        return take_number(&a->has_chain, &a->tx.chain_id, optarg);
    case 'n':
        return take_number(&a->has_nonce, &a->tx.nonce, optarg);
    case 'g':
        return take_number(&a->has_gas, &a->tx.gas_limit, optarg);
    case 'p':
        return take_number(&a->has_price, &a->tx.max_fee, optarg);
    case 'f':
        return take_number(&a->has_fee, &a->tx.max_fee, optarg);
    default:
        return take_number(&a->has_tip, &a->tx.max_priority_fee, optarg);
    }
}

/* What the type needs, and nothing that it would ignore. */
static const char *wrong_args(const sign_args *a)
{
    bool dynamic = a->type == WICK_TX_DYNAMIC_FEE;
    if (a->key == NULL || !a->has_nonce || !a->has_gas || !a->has_chain) {
        return "--key, --chain-id, --nonce and --gas are needed";
    }
    if ((a->to == NULL) != a->create) {
        return "one of --to and --create";
    }
    if (dynamic ? !a->has_fee || a->has_price : !a->has_price || a->has_fee || a->has_tip) {
        return dynamic ? "type 2 has --max-fee and --max-priority-fee"
                       : "types 0 and 1 have --gas-price";
    }
    if (a->type == WICK_TX_LEGACY && a->access_list != NULL) {
        return "type 0 has no access list";
    }
    if (a->tx.max_priority_fee > a->tx.max_fee) {
        return "--max-priority-fee is higher than --max-fee";
    }
    if (a->tx.chain_id == 0 && a->type != WICK_TX_LEGACY) {
        return "--chain-id 0 (good on every chain) is for type 0 alone";
    }
    return NULL;
}

static int read_bytes(const cli *c, wick_span *out, const char *arg, const char *what)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    if (arg == NULL) {
        return CLI_OK;
    }
    wick_status s = cli_read_arg(&bytes, &len, arg);
    if (s == WICK_OK) {
        s = cli_unhex(bytes, &len);
    }
    *out = wick_span_make(bytes, len);
    return s == WICK_OK ? CLI_OK : cli_fail(c, s, "%s is not hex", what);
}

static int put_signed(const cli *c, host *h, sign_args *a)
{
    static uint8_t raw[DATA_MAX + 1024];
    uint8_t hash[32], sender[20];
    wick_key key;
    wick_buf b = wick_buf_make(raw, sizeof raw);
    wick_status s = wick_linux_key_load(&key, &h->ram, a->key);
    if (s != WICK_OK) {
        return cli_fail(c, s, "%s", a->key);
    }
    s = wick_tx_sign(&a->tx, &h->keystore, key);
    s = s == WICK_OK ? wick_tx_encode(&b, &a->tx) : s;
    s = s == WICK_OK ? wick_tx_hash(hash, &a->tx) : s;
    s = s == WICK_OK ? wick_tx_sender(sender, &a->tx, &h->crypto) : s;
    if (s != WICK_OK) {
        return cli_fail(c, s, "transaction");
    }
    out_rec o;
    out_begin(&o, stdout, c->json);
    out_str(&o, "type", type_text(a->tx.type));
    put_address(&o, "from", sender);
    out_hex(&o, "hash", hash, sizeof hash);
    out_hex(&o, "raw", b.ptr, b.len);
    out_end(&o);
    return CLI_OK;
}

static int sign(const cli *c, sign_args *a)
{
    static host h;
    wick_tx *tx = &a->tx;
    wick_status s = a->create ? WICK_OK : wick_eth_address_parse(tx->to, a->to, strlen(a->to));
    if (s != WICK_OK) {
        return cli_fail_remedy(c, s, "copy it again; of mixed case it must have the right checksum",
                               "--to %s is not an address, or its EIP-55 checksum is wrong", a->to);
    }
    s = a->value == NULL ? WICK_OK : cli_wei_arg(tx->value, a->value);
    if (s != WICK_OK) {
        return cli_fail(c, s, "--value %s", a->value);
    }
    tx->type = (wick_tx_type)a->type;
    tx->create = a->create;
    int code = read_bytes(c, &tx->data, a->data, "--data");
    code = code == CLI_OK ? read_bytes(c, &tx->access_list, a->access_list, "--access-list") : code;
    code = code == CLI_OK && tx->data.len > DATA_MAX ? cli_fail(c, WICK_E_LIMIT, "--data") : code;
    code = code == CLI_OK ? host_open_hal(&h, c) : code;
    code = code == CLI_OK ? put_signed(c, &h, a) : code;
    host_close(&h);
    free((void *)(uintptr_t)tx->data.ptr);
    free((void *)(uintptr_t)tx->access_list.ptr);
    return code;
}

int cmd_tx_sign(cli *c, int argc, char **argv)
{
    static const struct option options[] = {
        {"key", required_argument, NULL, 'k'},       {"to", required_argument, NULL, 't'},
        {"create", no_argument, NULL, 'C'},          {"value", required_argument, NULL, 'V'},
        {"data", required_argument, NULL, 'd'},      {"access-list", required_argument, NULL, 'a'},
        {"type", required_argument, NULL, 'y'},      {"chain-id", required_argument, NULL, 'c'},
        {"nonce", required_argument, NULL, 'n'},     {"gas", required_argument, NULL, 'g'},
        {"gas-price", required_argument, NULL, 'p'}, {"max-fee", required_argument, NULL, 'f'},
        {"max-priority-fee", required_argument, NULL, 'F'}, CLI_COMMON_OPTIONS};
    sign_args a;
    memset(&a, 0, sizeof a);
    a.type = WICK_TX_DYNAMIC_FEE;
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        if (got == CLI_OPT_HELP || got == '?') {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
        if (!take_option(&a, got)) {
            return cli_usage(c, "'%s' is not a number that fits", optarg);
        }
    }
    const char *wrong = argc != optind ? "no argument" : wrong_args(&a);
    return wrong != NULL ? cli_usage(c, "%s", wrong) : sign(c, &a);
}
