/* SPDX-License-Identifier: Apache-2.0 */
/* Fees, hand-over and proven inclusion of transactions, and the commands that send them. */
#include "send.h"

#include <string.h>

#include "wick/port/inclusion.h"
#include "wick/port/receipts.h"

#define PERIOD_MIN_MS 50u
#define PERIOD_MAX_MS 500u
#define WAIT_DEFAULT_S 180u
#define WORK_BYTES (512u * 1024u)

static uint8_t work[WORK_BYTES];

/* ---- parts ---- */

static uint64_t now_ms(const reader *r)
{
    return r->clock->now_ms(r->clock->ctx);
}

wick_status send_fees(wick_tx *tx, reader *r)
{
    uint64_t base = 0, tip = 0;
    wick_rpc *rpc = reader_rpc(r);
    wick_status s = reader_call(r, wick_rpc_fee_history(rpc, now_ms(r)));
    if (s == WICK_OK) {
        s = wick_rpc_result_fees(&base, &tip, rpc);
    }
    tip = tip != 0 ? tip : 1;
    /* The node names the price; a lying one must not be able to empty the wallet with it. */
    if (s == WICK_OK && (tip > WICK_GW_MAX_FEE_WEI || base > (WICK_GW_MAX_FEE_WEI - tip) / 2)) {
        s = WICK_E_LIMIT;
    }
    tx->max_priority_fee = tip;
    tx->max_fee = s == WICK_OK ? 2 * base + tip : 0;
    return s;
}

wick_status send_raw(reader *r, wick_span raw)
{
    wick_rpc *rpc = reader_rpc(r);
    wick_status s = reader_call(r, wick_rpc_send_raw(rpc, now_ms(r), raw));
    const char *text = wick_rpc_message(rpc);
    bool there = strstr(text, "already known") != NULL || strstr(text, "already imported") != NULL;
    return s == WICK_E_RPC && there ? WICK_OK : s;
}

wick_status send_claimed(uint64_t *number, reader *r, const uint8_t hash[32])
{
    wick_eth_receipt claim;
    wick_rpc *rpc = reader_rpc(r);
    wick_status s = reader_call(r, wick_rpc_receipt(rpc, now_ms(r), hash));
    s = s == WICK_OK ? wick_rpc_result_receipt(&claim, rpc) : s;
    *number = s == WICK_OK ? claim.block_number : 0;
    return s;
}

static wick_status find_in(size_t *index, reader *r, const wick_trusted_header *th,
                           const uint8_t hash[32])
{
    char params[96] = "[\"0x";
    wick_hex_encode(params + 4, th->hash, 32);
    memcpy(params + 68, "\",true]", 8);
    wick_rpc *rpc = reader_rpc(r);
    wick_status s = reader_call(r, wick_rpc_start(rpc, now_ms(r), "eth_getBlockByHash", params));
    return s == WICK_OK
               ? wick_inclusion_find(index, wick_json_member(wick_rpc_result(rpc), "transactions"),
                                     th, hash, work, sizeof work)
               : s;
}

static wick_status outcome_of(send_outcome *out, reader *r)
{
    static wick_receipts receipts;
    wick_receipt receipt;
    uint64_t before = 0;
    wick_rpc *rpc = reader_rpc(r);
    wick_status s = reader_call(r, wick_rpc_block_receipts(rpc, now_ms(r), out->block.hash));
    if (s == WICK_OK) {
        s = wick_receipts_begin(&receipts, wick_rpc_result(rpc), &out->block, work, sizeof work);
    }
    if (s == WICK_OK && out->index > 0) {
        s = wick_receipts_get(&receipts, &receipt, out->index - 1);
        before = receipt.cumulative_gas;
    }
    if (s == WICK_OK) {
        s = wick_receipts_get(&receipts, &receipt, out->index);
    }
    if (s == WICK_OK) {
        /* before Byzantium nobody said */
        out->succeeded = receipt.success || receipt.root != NULL;
        out->gas_used = receipt.cumulative_gas - before;
    }
    return s;
}

static wick_status look_for(send_outcome *out, chain_view *view, const uint8_t hash[32])
{
    uint64_t number = 0;
    wick_status s = send_claimed(&number, view->r, hash);
    if (s == WICK_OK) {
        s = chain_head(view);
    }
    if (s == WICK_OK && view->r->head.number < number) {
        s = WICK_E_NOT_FOUND;
    }
    if (s == WICK_OK) {
        s = chain_ancestor(view, &out->block, number);
    }
    if (s == WICK_OK) {
        s = find_in(&out->index, view->r, &out->block, hash);
    }
    return s == WICK_OK ? outcome_of(out, view->r) : s;
}

wick_status send_await(send_outcome *out, chain_view *view, const uint8_t hash[32],
                       uint64_t until_ms)
{
    wick_status last = WICK_E_TIMEOUT;
    uint64_t period_ms = PERIOD_MIN_MS;
    for (;;) {
        memset(out, 0, sizeof *out);
        wick_status s = look_for(out, view, hash);
        /* A node may be behind, or another one's claim false: looked for until the time is over. */
        last = s != WICK_E_NOT_FOUND ? s : last;
        if (s == WICK_OK || s == WICK_E_UNSUPPORTED || s == WICK_E_LIMIT ||
            s == WICK_E_TRUST_TIER || s == WICK_E_SEAL_CONFLICT ||
            wick_time_reached(now_ms(view->r), until_ms)) {
            return last;
        }
        link_pass(view->link, (uint32_t)period_ms);
        period_ms = 2 * period_ms < PERIOD_MAX_MS ? 2 * period_ms : PERIOD_MAX_MS;
    }
}

/* ---- a command that sends ---- */

bool sender_option(sender *s, int option)
{
    switch (option) {
    case SEND_OPT_KEY:
        s->key_file = optarg;
        return true;
    case SEND_OPT_DRY:
        s->dry_run = true;
        return true;
    case SEND_OPT_TIMEOUT:
        s->bad_option = cli_u64_arg(&s->wait_s, optarg, 86400) != WICK_OK || s->bad_option;
        return true;
    case SEND_OPT_TIER:
        s->bad_option = wick_tier_parse(&s->view.tier, optarg, strlen(optarg)) != WICK_OK ||
                        s->bad_option;
        return true;
    default:
        return false;
    }
}

static int load_key(sender *s)
{
    conf_error e;
    const conf *f = &s->h.conf;
    const char *path = s->key_file;
    uint8_t pub33[33];
    if (path == NULL) {
        const conf_section *section = s->as_manager ? &f->manager.s : &f->identity.s;
        const char *key = s->as_manager ? "key_file" : "wallet_key_file";
        if (conf_require(f, &e, section, key) != WICK_OK) {
            return cli_fail_remedy(s->c, WICK_E_CONFIG, "name the key that signs and pays by --key FILE",
                                   "%.200s: %.280s", f->path, e.text);
        }
        path = s->as_manager ? f->manager.key_file : f->identity.wallet_key_file;
    }
    wick_status st = wick_linux_key_load(&s->key, &s->h.ram, path);
    if (st == WICK_OK) {
        st = s->h.keystore.secp256k1_public(s->h.keystore.ctx, pub33, s->key);
    }
    if (st == WICK_OK) {
        st = wick_eth_address_of(s->address, pub33, &s->h.crypto);
    }
    return st == WICK_OK ? CLI_OK : cli_fail(s->c, st, "%s", path);
}

/* The home registry and its chain, as wick.conf names them. */
static int open_offline(sender *s)
{
    conf_error e;
    const conf *f = &s->h.conf;
    s->view.registry = conf_find_registry(f, NULL);
    s->view.chain = s->view.registry == NULL ? NULL : conf_find_chain(f, s->view.registry->chain);
    if (s->view.chain == NULL) {
        return cli_fail(s->c, WICK_E_CONFIG, "%.200s names no registry with its [chain]", f->path);
    }
    return conf_require(f, &e, &s->view.chain->s, "chain_id") == WICK_OK
               ? CLI_OK
               : cli_fail(s->c, WICK_E_CONFIG, "%.200s: %.280s", f->path, e.text);
}

int sender_open(sender *s, const cli *c)
{
    static const wick_span home = {NULL, 0};
    s->c = c;
    if (s->bad_option) {
        return cli_usage(c, "--timeout takes seconds, --tier the name of a tier");
    }
    s->wait_s = s->wait_s != 0 ? s->wait_s : WAIT_DEFAULT_S;
    s->view.may_share = true;
    s->view.wait_ms = (uint32_t)s->wait_s * 1000;
    int code = host_open(&s->h, c);
    if (code == CLI_OK && s->offline) {
        code = open_offline(s);
    } else if (code == CLI_OK && s->without_registry) {
        code = chain_open_link(&s->view, c, &s->h, NULL);
        if (code == CLI_OK) {
            chain_read_with(&s->view, &s->r, &s->h);
        }
    } else if (code == CLI_OK) {
        code = chain_open(&s->view, &s->r, c, &s->h, home);
        if (code == CLI_OK) {
            memcpy(s->domain.contract, s->view.registry->device_registry,
                   sizeof s->domain.contract);
        }
    }
    s->domain.chain_id = code == CLI_OK ? s->view.chain->chain_id : 0;
    return code == CLI_OK && !s->no_key ? load_key(s) : code;
}

void sender_close(sender *s)
{
    chain_close(&s->view);
    host_close(&s->h);
}

static int refused(const sender *s, wick_status st, const char *what)
{
    uint8_t bytes[512];
    wick_revert revert;
    wick_buf data = wick_buf_make(bytes, sizeof bytes);
    if (st != WICK_E_RPC || wick_rpc_error_data(&data, reader_rpc(s->view.r)) != WICK_OK) {
        return chain_fail(&s->view, st, what);
    }
    st = wick_revert_decode(&revert, wick_buf_span(&data));
    if (revert.name == NULL) {
        return chain_fail(&s->view, WICK_E_RPC, what);
    }
    if (revert.has_value) {
        return cli_fail(s->c, st, "%s: the contract refuses: %s(%llu)", what, revert.name,
                        (unsigned long long)revert.value);
    }
    return cli_fail(s->c, st, "%s: the contract refuses: %s()", what, revert.name);
}

/* Ether with all 18 decimals, without zeros at the end. */
#define ETHER_TEXT 80
static void ether_text(char text[ETHER_TEXT], const uint8_t wei[32])
{
    uint8_t left[32];
    char digit[78]; /* the last one first */
    size_t top = sizeof digit, low = 0, n = 0;
    memcpy(left, wei, sizeof left);
    for (size_t i = 0; i < sizeof digit; i++) {
        unsigned rest = 0;
        for (size_t j = 0; j < sizeof left; j++) {
            rest = rest << 8 | left[j];
            left[j] = (uint8_t)(rest / 10);
            rest %= 10;
        }
        digit[i] = (char)('0' + rest);
    }
    while (top > 19 && digit[top - 1] == '0') {
        top--;
    }
    while (low < 17 && digit[low] == '0') {
        low++;
    }
    for (size_t i = top; i-- > low;) {
        text[n++] = digit[i];
        if (i == 18) {
            text[n++] = '.';
        }
    }
    text[n] = '\0';
}

static void put_ether(out_rec *o, const char *key, const uint8_t wei[32])
{
    char text[ETHER_TEXT];
    ether_text(text, wei);
    out_str(o, key, text);
}

static void put_cost(out_rec *o, uint64_t gas, uint64_t fee)
{
    uint8_t wei[32] = {0};
    wick_store_be64(wei + 24, gas * fee);
    out_u64(o, "gas", gas);
    out_u64(o, "wei_per_gas", fee);
    put_ether(o, "cost_ether", wei);
}

/* Has the account what the transaction carries, and its gas at most costs? */
static int check_funds(const sender *s, const wick_account *account, const wick_tx *tx,
                       const char *what)
{
    uint8_t needs[32] = {0};
    unsigned carry = 0;
    wick_store_be64(needs + 24, tx->gas_limit * tx->max_fee);
    for (size_t i = sizeof needs; i-- > 0;) {
        carry += (unsigned)needs[i] + tx->value[i];
        needs[i] = (uint8_t)carry;
        carry >>= 8;
    }
    if (carry == 0 && memcmp(account->balance, needs, sizeof needs) >= 0) {
        return CLI_OK;
    }
    char has_text[ETHER_TEXT], needs_text[ETHER_TEXT];
    ether_text(has_text, account->balance);
    ether_text(needs_text, carry == 0 ? needs : tx->value);
    return cli_fail(s->c, WICK_E_UNFUNDED, "%s: may cost %s Ether, and the account has %s", what,
                    needs_text, has_text);
}

/* Gas by a dry run, fees, and whether the account can pay. */
static int prepare(sender *s, wick_tx *tx, const char *what)
{
    reader *r = s->view.r;
    wick_account account;
    uint64_t gas = 0;
    const bool carries = !wick_ct_is_zero(tx->value, sizeof tx->value);
    wick_status st = chain_head(&s->view);
    if (st == WICK_OK) {
        st = reader_account(r, &account, s->address);
    }
    if (st == WICK_OK && carries) { /* or the node, which has not the amount either, refuses to run it */
        int code = check_funds(s, &account, tx, what);
        if (code != CLI_OK) {
            return code;
        }
    }
    if (st == WICK_OK) {
        st = reader_call(r, wick_rpc_estimate_gas(reader_rpc(r), now_ms(r), s->address,
                                                  tx->create ? NULL : tx->to,
                                                  carries ? tx->value : NULL, tx->data));
        if (st != WICK_OK) {
            return refused(s, st, what);
        }
        st = wick_rpc_result_u64(&gas, reader_rpc(r));
    }
    if (st == WICK_OK) {
        st = send_fees(tx, r);
    }
    if (st == WICK_OK) {
        st = reader_call(r, wick_rpc_nonce(reader_rpc(r), now_ms(r), s->address));
    }
    if (st == WICK_OK) {
        st = wick_rpc_result_u64(&tx->nonce, reader_rpc(r));
    }
    if (st == WICK_OK && gas > UINT64_MAX / 2 / tx->max_fee) {
        st = WICK_E_LIMIT;
    }
    if (st != WICK_OK) {
        return chain_fail(&s->view, st, what);
    }
    tx->gas_limit = gas + gas / 4; /* state may change before it is included */
    tx->nonce += s->dry_count;
    int code = check_funds(s, &account, tx, what);
    if (code != CLI_OK) {
        return code;
    }
    out_rec o;
    out_begin_step(&o, stdout, s->c->json, s->dry_run ? "dry-run" : "costs");
    out_str(&o, "what", what);
    out_hex(&o, "from", s->address, sizeof s->address);
    if (!tx->create) {
        out_hex(&o, "to", tx->to, sizeof tx->to);
    }
    out_u64(&o, "nonce", tx->nonce);
    put_cost(&o, gas, tx->max_fee);
    if (carries) {
        put_ether(&o, "value_ether", tx->value);
    }
    out_end(&o);
    return CLI_OK;
}

static int conclude(sender *s, send_outcome *out, const wick_tx *tx, const uint8_t hash[32],
                    const char *what)
{
    wick_status st = send_await(out, &s->view, hash, now_ms(s->view.r) + s->wait_s * 1000);
    if (st == WICK_E_TIMEOUT) {
        return cli_fail_remedy(s->c, st, "look for it later, before it is sent again",
                               "%s: not proven to be included yet", what);
    }
    if (st != WICK_OK) {
        return chain_fail(&s->view, st, what);
    }
    out_rec o;
    out_begin_step(&o, stdout, s->c->json, "included");
    out_str(&o, "what", what);
    out_hex(&o, "hash", hash, 32);
    out_str(&o, "outcome", out->succeeded ? "succeeded" : "reverted");
    out_u64(&o, "block", out->block.number);
    out_str(&o, "tier", wick_tier_str(out->block.tier));
    put_cost(&o, out->gas_used, tx->max_fee);
    out_end(&o);
    return out->succeeded ? CLI_OK : cli_fail(s->c, WICK_E_TX_REVERTED, "%s", what);
}

int sender_call(sender *s, send_outcome *out, const char *what, const uint8_t *to, wick_span data)
{
    static const uint8_t nothing[32] = {0};
    return sender_pay(s, out, what, to, nothing, data);
}

int sender_pay(sender *s, send_outcome *out, const char *what, const uint8_t *to,
               const uint8_t value[32], wick_span data)
{
    static uint8_t raw[SEND_DATA_MAX + 1024];
    send_outcome unwanted;
    uint8_t hash[32];
    wick_buf b = wick_buf_make(raw, sizeof raw);
    wick_tx tx = {.type = WICK_TX_DYNAMIC_FEE, .create = to == NULL, .data = data,
                  .chain_id = s->domain.chain_id};
    if (to != NULL) {
        memcpy(tx.to, to, sizeof tx.to);
    }
    memcpy(tx.value, value, sizeof tx.value);
    int code = prepare(s, &tx, what);
    if (code == CLI_OK && tx.create) {
        wick_eth_create_address(s->contract, s->address, tx.nonce);
    }
    if (code != CLI_OK || s->dry_run) {
        s->dry_count += code == CLI_OK;
        return code;
    }
    wick_status st = wick_tx_sign(&tx, &s->h.keystore, s->key);
    st = st == WICK_OK ? wick_tx_encode(&b, &tx) : st;
    st = st == WICK_OK ? wick_tx_hash(hash, &tx) : st;
    st = st == WICK_OK ? send_raw(s->view.r, wick_buf_span(&b)) : st;
    return st == WICK_OK ? conclude(s, out != NULL ? out : &unwanted, &tx, hash, what)
                         : refused(s, st, what);
}

int sender_words(sender *s, uint8_t (*values)[32], const uint8_t (*slots)[32], size_t count,
                 const uint8_t contract[20], const char *what)
{
    wick_status st = chain_words(&s->view, values, slots, count, contract);
    return st == WICK_OK ? CLI_OK : chain_fail(&s->view, st, what);
}
