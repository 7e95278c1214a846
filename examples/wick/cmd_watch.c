/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick watch: what happens in the registry, as it happens. A node can neither invent an event nor leave
 * one out: every block between two trusted heads is reached parent by parent; one whose bloom filter has
 * the contract's address is read whole, and its receipts must give the root in its header.
 */
#include <poll.h>
#include <string.h>

#include "commands.h"
#include "record_out.h"
#include "send.h"
#include "wick/header.h"
#include "wick/keccak.h"
#include "wick/port/receipts.h"

#define PERIOD_MS 500
#define NAMES_MAX 64
#define WORK_BYTES (512u * 1024u)

static sender s;
static uint8_t work[WORK_BYTES];

typedef struct step {
    wick_trusted_header th;
    bool may_have; /* an event of the contract */
} step;

typedef struct watching {
    const cli *c;
    char **names;
    size_t count;
    uint8_t ids[NAMES_MAX][32];
    uint64_t next; /* first block that was not looked at */
} watching;

static step steps[CHAIN_ANCESTORS_MAX + 1];

/* Bloom filter of a header (Yellow Paper 4.3.1): three bits of the hash of what is in it. */
static bool bloom_has(wick_span header, const uint8_t address[20])
{
    wick_header h;
    uint8_t hash[32];
    if (wick_header_decode(&h, header) != WICK_OK || h.field[WICK_HEADER_LOGS_BLOOM].len != 256) {
        return true;
    }
    const uint8_t *bloom = h.field[WICK_HEADER_LOGS_BLOOM].ptr;
    wick_keccak256(hash, address, 20);
    for (size_t i = 0; i < 6; i += 2) {
        unsigned bit = wick_load_be16(hash + i) & 2047u;
        if (((unsigned)bloom[255 - bit / 8] >> (bit % 8) & 1u) == 0) {
            return false;
        }
    }
    return true;
}

/* ---- events ---- */

typedef enum shape { WORD_AND_KEY, WORD, ENDPOINT, OTHER } shape;

static const struct {
    const char *signature, *name;
    shape data;
} events[] = {
    {"Registered(bytes32,uint256,bytes32)", "registered", WORD_AND_KEY},
    {"Rotated(bytes32,uint256,bytes32)", "rotated", WORD_AND_KEY},
    {"Revoked(bytes32,uint256)", "revoked", WORD},
    {"OwnerChanged(bytes32,uint256)", "owner-changed", WORD},
    {"Published(bytes32,bytes32,uint256)", "published", ENDPOINT},
    {"OwnerOffered(bytes32,uint256,uint256)", "owner-offered", OTHER},
    {"TlsKeySet(bytes32,bytes32,bytes32,uint256)", "tls-key", OTHER},
    {"LeafRootSet(bytes32,bytes32,uint256)", "leaf-root", OTHER},
    {"ManagerSet(bytes32,uint256)", "manager", OTHER},
    {"Announced(bytes32,bytes)", "announced", OTHER},
};
#define EVENTS (sizeof events / sizeof events[0])

static const char *name_of(const watching *w, const uint8_t id[32])
{
    for (size_t i = 0; i < w->count; i++) {
        if (memcmp(w->ids[i], id, 32) == 0) {
            return w->names[i];
        }
    }
    return NULL;
}

static void put_device_word(out_rec *o, const uint8_t *word)
{
    out_hex(o, "owner", word + 12, 20); /* RECORDS.md: epoch 4 at 1, owner 20 at 12 */
    out_u64(o, "epoch", wick_load_be32(word + 1));
}

static void put_log(const watching *w, const wick_log *log, const wick_trusted_header *th,
                    size_t index)
{
    size_t i = 0;
    uint8_t topic[32];
    wick_endpoint e;
    for (; i < EVENTS; i++) {
        wick_keccak256(topic, (const uint8_t *)events[i].signature, strlen(events[i].signature));
        if (log->topics > 0 && memcmp(topic, log->topic[0], 32) == 0) {
            break;
        }
    }
    const uint8_t *id = log->topics > 1 ? log->topic[1] : NULL;
    const char *name = id != NULL ? name_of(w, id) : NULL;
    if (w->count != 0 && name == NULL) {
        return;
    }
    out_rec o;
    out_begin_step(&o, stdout, w->c->json, i < EVENTS ? events[i].name : "other");
    if (name != NULL) {
        out_str(&o, "name", name);
    }
    if (id != NULL) {
        out_hex(&o, "id", id, 32);
    }
    shape data = i < EVENTS ? events[i].data : OTHER;
    if ((data == WORD || data == WORD_AND_KEY) && log->data.len >= 32) {
        put_device_word(&o, log->data.ptr);
    }
    if (data == WORD_AND_KEY && log->data.len == 64) {
        out_hex(&o, "key", log->data.ptr + 32, 32);
    }
    if (data == ENDPOINT && log->data.len == 64 &&
        wick_endpoint_decode(&e, log->data.ptr + 32) == WICK_OK) {
        record_put_endpoint(&o, &e, WICK_OK);
    }
    out_u64(&o, "block", th->number);
    out_u64(&o, "transaction", index);
    out_str(&o, "tier", wick_tier_str(th->tier));
    out_end(&o);
    (void)fflush(stdout);
}

static wick_status read_block(const watching *w, const wick_trusted_header *th)
{
    static wick_receipts receipts;
    wick_log log;
    wick_log_filter f = {.address = s.domain.contract};
    reader *r = s.view.r;
    wick_rpc *rpc = reader_rpc(r);
    wick_status st =
        reader_call(r, wick_rpc_block_receipts(rpc, r->clock->now_ms(r->clock->ctx), th->hash));
    if (st == WICK_OK) {
        st = wick_receipts_begin(&receipts, wick_rpc_result(rpc), th, work, sizeof work);
    }
    while (st == WICK_OK) {
        st = wick_receipts_next(&receipts, &log, &f);
        if (st == WICK_OK) {
            put_log(w, &log, th, receipts.index);
        }
    }
    return st == WICK_E_NOT_FOUND ? WICK_OK : st;
}

/* ---- blocks ---- */

/* From a new head down to the first block that was not looked at, and up again. */
static wick_status follow(watching *w)
{
    reader *r = s.view.r;
    size_t n = 0;
    wick_status st = chain_head(&s.view);
    if (st != WICK_OK) {
        return st;
    }
    uint64_t head = r->head.number;
    w->next = w->next == UINT64_MAX ? head + 1 : w->next;
    for (uint64_t left = head + 1 > w->next ? head + 1 - w->next : 0; left > 0 && st == WICK_OK;
         left--) {
        uint64_t at = w->next + left - 1;
        if (n > CHAIN_ANCESTORS_MAX) {
            return WICK_E_LIMIT;
        }
        st = chain_ancestor(&s.view, &steps[n].th, at);
        if (st == WICK_OK) {
            r->head = steps[n].th; /* the next one is its parent */
            steps[n].may_have = bloom_has(wick_span_make(r->header, r->header_len),
                                          s.domain.contract);
            n++;
        }
    }
    while (st == WICK_OK && n > 0) {
        n--;
        st = steps[n].may_have ? read_block(w, &steps[n].th) : WICK_OK;
        w->next = st == WICK_OK ? steps[n].th.number + 1 : w->next;
    }
    return st;
}

static int watch(watching *w, uint64_t for_s)
{
    const host *h = &s.h;
    uint64_t until = h->clock.now_ms(h->clock.ctx) + for_s * 1000;
    for (;;) {
        wick_status st = follow(w);
        /* What may pass by itself is tried again; what was proven stands. */
        if (st != WICK_OK && cli_exit_code(st) != CLI_NETWORK && st != WICK_E_NOT_FOUND) {
            return chain_fail(&s.view, st, "watch");
        }
        if (for_s != 0 && wick_time_reached(h->clock.now_ms(h->clock.ctx), until)) {
            return CLI_OK;
        }
        (void)poll(NULL, 0, PERIOD_MS);
    }
}

int cmd_watch(cli *c, int argc, char **argv)
{
    static const struct option options[] = {{"from", required_argument, NULL, 'f'},
                                            {"for", required_argument, NULL, 'F'},
                                            {"timeout", required_argument, NULL, SEND_OPT_TIMEOUT},
                                            CLI_COMMON_OPTIONS};
    static watching w;
    uint64_t for_s = 0;
    w.c = c;
    w.next = UINT64_MAX;
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        if ((got == 'f' && cli_u64_arg(&w.next, optarg, UINT32_MAX) != WICK_OK) ||
            (got == 'F' && cli_u64_arg(&for_s, optarg, UINT32_MAX) != WICK_OK)) {
            return cli_usage(c, "'%s' is not a number that fits", optarg);
        }
        if (got != 'f' && got != 'F' && !sender_option(&s, got)) {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
    }
    w.names = argv + optind;
    w.count = (size_t)(argc - optind);
    if (w.count > NAMES_MAX) {
        return cli_usage(c, "at most %d names", NAMES_MAX);
    }
    for (size_t i = 0; i < w.count; i++) {
        wick_status st = wick_name_hash(w.ids[i], wick_span_text(w.names[i]));
        if (st != WICK_OK) {
            return cli_fail(c, st, "'%s'", w.names[i]);
        }
    }
    s.no_key = true;
    int code = sender_open(&s, c);
    code = code == CLI_OK ? watch(&w, for_s) : code;
    sender_close(&s);
    return code;
}
