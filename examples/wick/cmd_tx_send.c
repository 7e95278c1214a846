/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick tx send: hands a signed transaction to the nodes of a chain and, if asked to, waits until it
 * is proven to be in a block that the chain's rule vouches for (send.h).
 */
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "send.h"

static reader r;
static chain_view view;

typedef struct sending {
    const cli *c;
    host *h;
    wick_span raw;
    wick_tx tx;
    uint8_t hash[32];
    uint64_t until_ms;
} sending;

static int put_included(const sending *s, const send_outcome *got)
{
    out_rec o;
    const wick_trusted_header *th = &got->block;
    out_begin(&o, stdout, s->c->json);
    out_hex(&o, "hash", s->hash, sizeof s->hash);
    out_bool(&o, "included", true);
    out_str(&o, "outcome", got->succeeded ? "succeeded" : "reverted");
    out_u64(&o, "block", th->number);
    out_hex(&o, "block_hash", th->hash, sizeof th->hash);
    out_u64(&o, "index", got->index);
    out_str(&o, "tier", wick_tier_str(th->tier));
    out_u64(&o, "bytes", r.bytes);
    out_end(&o);
    return got->succeeded ? CLI_OK : CLI_REFUSED;
}

static int wait_for(sending *s)
{
    send_outcome got;
    wick_status st = send_await(&got, &view, s->hash, s->until_ms);
    if (st == WICK_OK) {
        return put_included(s, &got);
    }
    return st == WICK_E_TIMEOUT
               ? cli_fail_remedy(s->c, st, "wait longer, or send it again for a higher fee",
                                 "not proven to be included yet")
               : chain_fail(&view, st, "transaction");
}

static int send_it(sending *s, const char *chain, bool wait)
{
    int code = chain_open_link(&view, s->c, s->h, chain);
    if (code != CLI_OK) {
        return code;
    }
    if (s->tx.chain_id != 0 && s->tx.chain_id != view.chain->chain_id) {
        return cli_fail(s->c, WICK_E_CHAIN_MISMATCH, "transaction for chain %llu",
                        (unsigned long long)s->tx.chain_id);
    }
    chain_read_with(&view, &r, s->h);
    wick_status st = send_raw(&r, s->raw);
    if (st == WICK_E_RPC && wait) {
        /* Its nonce is used up, maybe by itself. */
        char why[sizeof view.r->rpc.message];
        uint64_t number = 0;
        memcpy(why, wick_rpc_message(reader_rpc(&r)), sizeof why);
        st = send_claimed(&number, &r, s->hash);
        if (st != WICK_OK) {
            return cli_fail(s->c, WICK_E_RPC, "transaction (node: %s)", why);
        }
    }
    if (st != WICK_OK) {
        return chain_fail(&view, st, "transaction");
    }
    if (wait) {
        return wait_for(s);
    }
    out_rec o;
    out_begin(&o, stdout, s->c->json);
    out_hex(&o, "hash", s->hash, sizeof s->hash);
    out_bool(&o, "included", false);
    out_end(&o);
    return CLI_OK;
}

int cmd_tx_send(cli *c, int argc, char **argv)
{
    static const struct option options[] = {{"wait", no_argument, NULL, 'w'},
                                            {"timeout", required_argument, NULL, 's'},
                                            {"tier", required_argument, NULL, 't'},
                                            {"chain", required_argument, NULL, 'C'},
                                            CLI_COMMON_OPTIONS};
    static host h;
    sending s = {.c = c, .h = &h};
    const char *chain = NULL;
    uint64_t wait_s = 180;
    uint8_t *bytes = NULL;
    size_t len = 0;
    bool wait = false;
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        if (got == 'w') {
            wait = true;
        } else if (got == 'C') {
            chain = optarg;
        } else if (got != 's' && got != 't') {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        } else if (got == 's' && cli_u64_arg(&wait_s, optarg, 86400) != WICK_OK) {
            return cli_usage(c, "--timeout takes seconds");
        } else if (got == 't' && wick_tier_parse(&view.tier, optarg, strlen(optarg)) != WICK_OK) {
            return cli_usage(c, "--tier takes the name of a tier");
        }
    }
    if (argc - optind != 1) {
        return cli_usage(c, "one transaction: hex or @FILE");
    }
    wick_status st = cli_read_arg(&bytes, &len, argv[optind]);
    st = st == WICK_OK ? cli_unhex(bytes, &len) : st;
    s.raw = wick_span_make(bytes, len);
    st = st == WICK_OK ? wick_tx_decode(&s.tx, s.raw) : st;
    st = st == WICK_OK ? wick_tx_hash(s.hash, &s.tx) : st; /* STATE: it is not signed */
    int code = st == WICK_OK ? host_open(&h, c) : cli_fail(c, st, "transaction");
    if (code == CLI_OK) {
        s.until_ms = h.clock.now_ms(h.clock.ctx) + wait_s * 1000;
        view.may_share = true;
        view.wait_ms = (uint32_t)wait_s * 1000;
        code = send_it(&s, chain, wait);
    }
    chain_close(&view);
    host_close(&h);
    free(bytes);
    return code;
}
