/* SPDX-License-Identifier: Apache-2.0 */
/* A call of a record's owner, paid for by him or by the wallet manager. */
#include "owner_call.h"

#include <string.h>

#include "record_out.h"

#define PERIOD_MS 200
#define CALL_LIFE_S 3600u /* a day at most would do; the manager sends it at once */
/* The longest call is one with attestations. */
#define CALL_MAX WICK_CALLDATA_ATTESTED_BYTES(WICK_ATTESTORS_MAX, WICK_ATTESTORS_MAX)

int owner_open(sender *s, manager_link *m, uint64_t *until_ms, const cli *c)
{
    int code = sender_open(s, c);
    code = code == CLI_OK ? host_load_keys(&s->h, c) : code;
    *until_ms = code == CLI_OK ? s->h.clock.now_ms(s->h.clock.ctx) + s->wait_s * 1000 : 0;
    return code == CLI_OK && m != NULL ? manager_open(m, c, &s->h, s->wait_s) : code;
}

void owner_close(sender *s, manager_link *m)
{
    if (m != NULL) {
        manager_close(m);
    }
    sender_close(s);
}

wick_status owner_device(sender *s, wick_device *d, const uint8_t id[32])
{
    uint8_t slots[2][32], words[2][32];
    wick_slot_device(slots[0], id, 0);
    wick_slot_device(slots[1], id, 1);
    wick_status st =
        chain_words(&s->view, words, (const uint8_t(*)[32])slots, 2, s->domain.contract);
    return st == WICK_OK ? wick_device_decode(d, words[0], words[1]) : st;
}

wick_status owner_endpoint(sender *s, wick_endpoint *e, const uint8_t id[32], const uint8_t service[32])
{
    uint8_t slots[1][32], words[1][32];
    wick_slot_endpoint(slots[0], id, service, 0);
    wick_status st =
        chain_words(&s->view, words, (const uint8_t(*)[32])slots, 1, s->domain.contract);
    return st == WICK_OK ? wick_endpoint_decode(e, words[0]) : st;
}

void owner_published(const sender *s, const wick_endpoint *e)
{
    out_rec o;
    out_begin_step(&o, stdout, s->c->json, "published");
    record_put_endpoint(&o, e, WICK_OK);
    record_put_header(&o, &s->r.head);
    out_end(&o);
}

int owner_read(sender *s, wick_device *d, uint8_t id[32])
{
    const char *name = s->h.conf.identity.name;
    wick_status st = wick_name_hash(id, wick_span_text(name));
    st = st == WICK_OK ? owner_device(s, d, id) : st;
    return st == WICK_OK ? CLI_OK : chain_fail(&s->view, st, name);
}

int owner_refused(const cli *c, wick_status st, const wick_json *answer)
{
    const char *code = answer == NULL ? NULL : wick_json_text(wick_json_member(answer, "code"));
    const char *error = answer == NULL ? NULL : wick_json_text(wick_json_member(answer, "error"));
    return st == WICK_E_RPC && code != NULL && error != NULL
               ? cli_fail(c, st, "wallet manager: %.40s: %.200s", code, error)
               : cli_fail(c, st, "wallet manager");
}

/* Does the manager say "later"? */
static bool is_later(const wick_json *answer)
{
    const char *code = wick_json_text(wick_json_member(answer, "code"));
    return code != NULL && (strcmp(code, wick_status_str(WICK_E_BUSY)) == 0 ||
                            strcmp(code, wick_status_str(WICK_E_HTTP_RATE)) == 0);
}

int owner_have_sent(sender *s, manager_link *m, wick_span call)
{
    static char line[MANAGER_LINE_MAX];
    const wick_json *answer = NULL;
    FILE *f = fmemopen(line, sizeof line - 1, "w");
    if (f == NULL) {
        return cli_fail(s->c, WICK_E_HAL, "memory");
    }
    out_rec o;
    out_begin(&o, f, true);
    out_str(&o, "op", "sponsor");
    out_hex(&o, "call", call.ptr, call.len);
    out_end(&o);
    (void)fclose(f);
    const uint64_t until_ms = s->h.clock.now_ms(s->h.clock.ctx) + s->wait_s * 1000;
    wick_status st = manager_connect(m);
    while (st == WICK_OK) {
        st = manager_ask(m, &answer, line);
        if (st != WICK_E_RPC || !is_later(answer) || !owner_later(s, until_ms)) {
            break;
        }
        st = WICK_OK;
    }
    int code = st == WICK_OK ? CLI_OK : owner_refused(s->c, st, answer);
    manager_hang_up(m);
    return code;
}

int owner_send(sender *s, manager_link *m, wick_relayed *call, const wick_device *d,
               const char *what)
{
    static uint8_t bytes[CALL_MAX];
    uint8_t digest[32], sig[64], r[32], vs[32], recid = 0;
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    host *h = &s->h;
    uint64_t now = 0;
    wick_status st = wick_name_hash(call->id, wick_span_text(h->conf.identity.name));
    call->epoch = d->epoch;
    if (m == NULL && st == WICK_OK) {
        wick_calldata_direct(&b, call);
        st = wick_buf_status(&b);
        return st == WICK_OK ? sender_call(s, NULL, what, s->domain.contract, wick_buf_span(&b))
                             : cli_fail(s->c, st, "%s", what);
    }
    st = st == WICK_OK ? h->clock.unix_s(h->clock.ctx, &now) : st;
    call->deadline = now + CALL_LIFE_S;
    if (st == WICK_OK) {
        wick_relayed_digest(digest, &s->domain, call);
        st = h->keystore.secp256k1_sign(h->keystore.ctx, sig, &recid, h->wallet_key, digest);
    }
    st = st == WICK_OK ? wick_signature_compact(r, vs, sig, recid) : st;
    if (st == WICK_OK) {
        wick_calldata_relayed(&b, call, r, vs);
        st = wick_buf_status(&b);
    }
    return st == WICK_OK ? owner_have_sent(s, m, wick_buf_span(&b))
                         : cli_fail(s->c, st, "%s", what);
}

bool owner_later(sender *s, uint64_t until_ms)
{
    link_pass(s->view.link, PERIOD_MS);
    return !wick_time_reached(s->h.clock.now_ms(s->h.clock.ctx), until_ms);
}
