/* SPDX-License-Identifier: Apache-2.0 */
/* wick tx decode: fields, hash and sender of a signed transaction. */
#include <stdlib.h>

#include "commands.h"
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
    static const struct option options[] = {CLI_COMMON_OPTIONS};
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
    }
    if (argc - optind > 1) {
        return cli_usage(c, "one input only");
    }
    uint8_t *bytes = NULL;
    size_t len = 0;
    wick_status s = cli_read_arg(&bytes, &len, optind < argc ? argv[optind] : NULL);
    if (s == WICK_OK) {
        s = cli_unhex(bytes, &len);
    }
    if (s != WICK_OK) {
        free(bytes);
        return cli_fail(c, s, "input is not hex");
    }
    wick_tx tx;
    s = wick_tx_decode(&tx, wick_span_make(bytes, len));
    int code = s == WICK_OK ? put_tx(c, &tx) : cli_fail(c, s, "transaction");
    free(bytes);
    return code;
}
