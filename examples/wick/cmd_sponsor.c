/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick sponsor: transactions that the wallet manager sends and pays for, so that a device needs no Ether.
 * The device signs what it wants; what the manager says of it counts for nothing before the record is
 * proven to hold it.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "record_out.h"
#include "send.h"
#include "vouch.h"
#include "vouch_request.h"

#define PERIOD_MS 200

static sender s;
static manager_link m;

static int refused(const cli *c, wick_status st, const wick_json *answer)
{
    const char *code = answer == NULL ? NULL : wick_json_text(wick_json_member(answer, "code"));
    const char *error = answer == NULL ? NULL : wick_json_text(wick_json_member(answer, "error"));
    return st == WICK_E_RPC && code != NULL && error != NULL
               ? cli_fail(c, st, "wallet manager: %.40s: %.200s", code, error)
               : cli_fail(c, st, "wallet manager");
}

static wick_status read_device(wick_device *d, const uint8_t id[32])
{
    uint8_t slots[2][32], words[2][32];
    wick_slot_device(slots[0], id, 0);
    wick_slot_device(slots[1], id, 1);
    wick_status st = chain_head(&s.view);
    if (st == WICK_OK) {
        st = reader_words(&s.r, words, (const uint8_t(*)[32])slots, 2, s.domain.contract);
    }
    return st == WICK_OK ? wick_device_decode(d, words[0], words[1]) : st;
}

static bool is_ours(const wick_device *d, const wick_device *key, const uint8_t owner[20])
{
    return memcmp(d->owner, owner, 20) == 0 && d->key_type == key->key_type &&
           memcmp(d->key, key->key, sizeof d->key) == 0 && d->flags == key->flags;
}

static int put(const cli *c, const char *name, const uint8_t id[32], const wick_device *d,
               const char *tx)
{
    out_rec o;
    out_begin_step(&o, stdout, c->json, "registered");
    out_str(&o, "name", name);
    out_hex(&o, "id", id, 32);
    out_u64(&o, "epoch", d->epoch);
    out_str(&o, "tier", wick_tier_str(s.r.head.tier));
    out_u64(&o, "block", s.r.head.number);
    out_str(&o, "tx", tx);
    out_end(&o);
    return CLI_OK;
}

static int enrol(const cli *c, uint64_t until_ms)
{
    static char line[MANAGER_LINE_MAX];
    char tx[67] = "";
    uint8_t id[32];
    wick_device d, key;
    const wick_json *answer = NULL;
    host *h = &s.h;
    const char *name = h->conf.identity.name;
    wick_status st = wick_name_hash(id, wick_span_text(name));
    if (st == WICK_OK) {
        st = vouch_key_words(&key, NULL, &h->crypto, &h->keystore, h->device_key);
    }
    if (st != WICK_OK) {
        return cli_fail(c, st, "identity '%s'", name);
    }
    st = read_device(&d, id);
    if (st == WICK_OK && is_ours(&d, &key, s.address)) {
        return put(c, name, id, &d, "");
    }
    FILE *f = fmemopen(line, sizeof line - 1, "w");
    int code = f == NULL ? cli_fail(c, WICK_E_HAL, "memory")
                         : vouch_request(f, c, h, &s.domain, m.challenge, VOUCH_DAYS_DEFAULT,
                                         "register", m.token);
    if (f != NULL) {
        (void)fclose(f);
    }
    if (code != CLI_OK) {
        return code;
    }
    st = manager_ask(&m, &answer, line);
    wick_wipe(line, sizeof line);
    if (st != WICK_OK) {
        return refused(c, st, answer);
    }
    const char *text = wick_json_text(wick_json_member(answer, "tx"));
    (void)snprintf(tx, sizeof tx, "%.66s", text != NULL ? text : "");
    for (;;) {
        st = read_device(&d, id);
        if (st == WICK_OK && is_ours(&d, &key, s.address)) {
            return put(c, name, id, &d, tx);
        }
        bool later = st == WICK_OK || st == WICK_E_RECORD_ABSENT || st == WICK_E_RECORD_REVOKED;
        if (!later || wick_time_reached(h->clock.now_ms(h->clock.ctx), until_ms)) {
            return later ? cli_fail_remedy(c, WICK_E_TX_LOST, "ask again",
                                           "%s: the registration is not in the record", name)
                         : chain_fail(&s.view, st, name);
        }
        (void)poll(NULL, 0, PERIOD_MS);
    }
}

int cmd_sponsor_register(cli *c, int argc, char **argv)
{
    static const struct option options[] = {{"timeout", required_argument, NULL, SEND_OPT_TIMEOUT},
                                            CLI_COMMON_OPTIONS};
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        if (!sender_option(&s, got)) {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
    }
    if (argc != optind) {
        return cli_usage(c, "no argument but options");
    }
    int code = sender_open(&s, c);
    code = code == CLI_OK ? host_load_keys(&s.h, c) : code;
    if (code == CLI_OK) {
        uint64_t until_ms = s.h.clock.now_ms(s.h.clock.ctx) + s.wait_s * 1000;
        code = manager_open(&m, c, &s.h, s.wait_s);
        code = code == CLI_OK ? enrol(c, until_ms) : code;
        manager_close(&m);
    }
    sender_close(&s);
    return code;
}
