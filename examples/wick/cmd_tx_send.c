/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick tx send: hands a signed transaction to the nodes of a chain and, if asked to, waits until it
 * is proven to be in a block that the chain's rule vouches for. A node's receipt only says where to
 * look: the block is reached parent by parent from a trusted head, and its transactions and receipts
 * are checked against the roots in its header.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "block.h"
#include "chain.h"
#include "commands.h"
#include "host.h"
#include "out.h"
#include "wick/ancestor.h"
#include "wick/port/inclusion.h"
#include "wick/port/receipts.h"
#include "wick/tx.h"

#define PERIOD_MS 500u
#define ANCESTORS_MAX 512u /* blocks between a trusted head and the one looked for */
#define WORK_BYTES (512u * 1024u)

static reader r;
static chain_view view;
static uint8_t work[WORK_BYTES];

typedef struct sending {
    const cli *c;
    host *h;
    wick_span raw;
    wick_tx tx;
    uint8_t hash[32];
    uint64_t until_ms;
} sending;

static uint64_t now_ms(const sending *s)
{
    return s->h->clock.now_ms(s->h->clock.ctx);
}

static wick_status hand_over(const sending *s)
{
    wick_rpc *rpc = reader_rpc(&r);
    wick_status st = reader_call(&r, wick_rpc_send_raw(rpc, now_ms(s), s->raw));
    const char *text = wick_rpc_message(rpc);
    bool there = strstr(text, "already known") != NULL || strstr(text, "already imported") != NULL;
    return st == WICK_E_RPC && there ? WICK_OK : st;
}

/* The light client goes on meanwhile. */
static void pass(const sending *s)
{
    chain_link *l = view.link;
    wick_light_event event;
    uint64_t until = now_ms(s) + PERIOD_MS;
    if (!l->has_light) {
        (void)poll(NULL, 0, (int)PERIOD_MS);
        return;
    }
    wick_light_hurry(&l->light, now_ms(s));
    while (wick_light_driver_run(&l->driver, &event, until, &s->h->clock, &s->h->linux_net)) {
    }
}

/* Where a node says that it is. @retval WICK_E_NOT_FOUND not included yet */
static wick_status claimed_block(uint64_t *number, const sending *s)
{
    wick_eth_receipt claim;
    wick_rpc *rpc = reader_rpc(&r);
    wick_status st = reader_call(&r, wick_rpc_receipt(rpc, now_ms(s), s->hash));
    st = st == WICK_OK ? wick_rpc_result_receipt(&claim, rpc) : st;
    *number = st == WICK_OK ? claim.block_number : 0;
    return st;
}

/* From the trusted head that was read down to block `number`. */
static wick_status descend(wick_trusted_header *th, const sending *s, uint64_t number)
{
    static uint8_t parent[WICK_HEADER_MAX];
    wick_header child;
    wick_eth_block block;
    wick_seal_rule rule = chain_seal_rule(view.chain);
    *th = r.head;
    if (th->number - number > ANCESTORS_MAX) {
        return WICK_E_LIMIT;
    }
    while (th->number > number) {
        wick_buf b = wick_buf_make(parent, sizeof parent);
        wick_status st = wick_header_decode(&child, wick_span_make(r.header, r.header_len));
        if (st == WICK_OK) {
            st = reader_call(&r, wick_rpc_block_by_hash(
                                     reader_rpc(&r), now_ms(s),
                                     child.field[WICK_HEADER_PARENT_HASH].ptr));
        }
        if (st == WICK_OK) {
            st = wick_eth_json_header(&block, &b, wick_rpc_result(reader_rpc(&r)));
        }
        if (st == WICK_OK) {
            st = wick_trust_parent(th, th, wick_span_make(r.header, r.header_len),
                                   wick_buf_span(&b), rule);
        }
        if (st != WICK_OK) {
            return st;
        }
        memcpy(r.header, parent, b.len);
        r.header_len = b.len;
    }
    return WICK_OK;
}

static wick_status find_in(size_t *index, const sending *s, const wick_trusted_header *th)
{
    char params[96] = "[\"0x";
    wick_hex_encode(params + 4, th->hash, 32);
    memcpy(params + 68, "\",true]", 8);
    wick_rpc *rpc = reader_rpc(&r);
    wick_status st =
        reader_call(&r, wick_rpc_start(rpc, now_ms(s), "eth_getBlockByHash", params));
    return st == WICK_OK ? wick_inclusion_find(index,
                                               wick_json_member(wick_rpc_result(rpc),
                                                                "transactions"),
                                               th, s->hash, work, sizeof work)
                         : st;
}

static wick_status outcome_of(wick_receipt *receipt, const sending *s,
                              const wick_trusted_header *th, size_t index)
{
    static wick_receipts receipts;
    wick_rpc *rpc = reader_rpc(&r);
    wick_status st = reader_call(&r, wick_rpc_block_receipts(rpc, now_ms(s), th->hash));
    if (st == WICK_OK) {
        st = wick_receipts_begin(&receipts, wick_rpc_result(rpc), th, work, sizeof work);
    }
    return st == WICK_OK ? wick_receipts_get(&receipts, receipt, index) : st;
}

static int put_included(const sending *s, const wick_trusted_header *th, size_t index,
                        const wick_receipt *receipt)
{
    out_rec o;
    bool ok = receipt->success || receipt->root != NULL; /* before Byzantium nobody said */
    out_begin(&o, stdout, s->c->json);
    out_hex(&o, "hash", s->hash, sizeof s->hash);
    out_bool(&o, "included", true);
    out_str(&o, "outcome", ok ? "succeeded" : "reverted");
    out_u64(&o, "block", th->number);
    out_hex(&o, "block_hash", th->hash, sizeof th->hash);
    out_u64(&o, "index", index);
    out_str(&o, "tier", wick_tier_str(th->tier));
    out_u64(&o, "bytes", r.bytes);
    out_end(&o);
    return ok ? CLI_OK : CLI_REFUSED;
}

/* A node may be behind, or another one's claim false: looked for again until the time is over. */
static int wait_for(sending *s)
{
    wick_status last = WICK_E_TIMEOUT;
    for (;;) {
        wick_trusted_header th;
        wick_receipt receipt;
        uint64_t number = 0;
        size_t index = 0;
        wick_status st = claimed_block(&number, s);
        if (st == WICK_OK) {
            st = chain_head(&view);
        }
        if (st == WICK_OK && r.head.number < number) {
            st = WICK_E_NOT_FOUND;
        }
        if (st == WICK_OK) {
            st = descend(&th, s, number);
        }
        if (st == WICK_OK) {
            st = find_in(&index, s, &th);
        }
        if (st == WICK_OK) {
            st = outcome_of(&receipt, s, &th, index);
        }
        if (st == WICK_OK) {
            return put_included(s, &th, index, &receipt);
        }
        last = st != WICK_E_NOT_FOUND ? st : last;
        if (st == WICK_E_UNSUPPORTED || st == WICK_E_LIMIT || st == WICK_E_TRUST_TIER ||
            st == WICK_E_SEAL_CONFLICT || wick_time_reached(now_ms(s), s->until_ms)) {
            return last == WICK_E_TIMEOUT
                       ? cli_fail_remedy(s->c, last,
                                         "wait longer, or send it again for a higher fee",
                                         "not proven to be included yet")
                       : chain_fail(&view, last, "transaction");
        }
        pass(s);
    }
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
    view.r = &r;
    r.net = &s->h->linux_net;
    r.clock = &s->h->clock;
    r.chain_id = view.chain->chain_id;
    r.tier = link_tier(view.chain);
    r.pool = &view.link->pool;
    memcpy(r.pinned_hash, view.chain->trusted_hash, sizeof r.pinned_hash);
    wick_status st = hand_over(s);
    if (st == WICK_E_RPC && wait) {
        /* Its nonce is used up, maybe by itself. */
        char why[sizeof view.r->rpc.message];
        uint64_t number = 0;
        memcpy(why, wick_rpc_message(reader_rpc(&r)), sizeof why);
        st = claimed_block(&number, s);
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
