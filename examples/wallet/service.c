/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request, one answer. The TLS identity has already said which device asks; a request can only
 * be about that device.
 */
#include <stdio.h>
#include <string.h>

#include "wallet.h"
#include "wick/abi.h"
#include "wick/calldata.h"
#include "wick/relayed.h"
#include "wick/rsa.h"
#include "wick/turn.h"

static void refuse(char answer[WALLET_LINE_MAX], wick_status status)
{
    (void)snprintf(answer, WALLET_LINE_MAX,
                   "{\"ok\":false,\"code\":\"%s\",\"error\":\"%s\",\"remedy\":\"%s\"}\n",
                   wick_status_str(status), wick_status_cause(status), wick_status_remedy(status));
}

/* One such request of a device at a time, and not too fast: each costs calls of the node. Nor do all
 * together ask for more than the node and the purse shall bear. */
static wick_status take_turn(wallet *w, uint64_t *not_before_ms)
{
    uint64_t now = w->clock.now_ms(w->clock.ctx);
    if (*not_before_ms != 0 && !wick_time_reached(now, *not_before_ms)) {
        return WICK_E_HTTP_RATE;
    }
    if (w->minute_at_ms == 0 || wick_time_reached(now, w->minute_at_ms)) {
        w->minute_at_ms = now + 60000;
        w->minute_count = 0;
    }
    if (w->minute_count >= w->config->manager.per_minute) {
        return WICK_E_HTTP_RATE;
    }
    w->minute_count++;
    *not_before_ms = now + w->config->manager.gap_ms;
    return WICK_OK;
}

/* The name and the token that the factory gave it; the rest is for vouch_read(). */
static wick_status check_token(const wallet_device *device, const wick_json *root)
{
    const char *name = wick_json_text(wick_json_member(root, "name"));
    const char *token = wick_json_text(wick_json_member(root, "token"));
    size_t token_len = strlen(device->token);
    if (name == NULL || token == NULL) {
        return WICK_E_JSON;
    }
    return strcmp(name, device->name) == 0 && strlen(token) == token_len &&
                   wick_ct_equal((const uint8_t *)token, (const uint8_t *)device->token, token_len)
               ? WICK_OK
               : WICK_E_AUTH;
}

static void keep_detail(wallet_job *job, const uint8_t *bytes32)
{
    memcpy(job->detail, "0x", 2);
    wick_hex_encode(job->detail + 2, bytes32, 32);
}

/* Token, possession, turn, check, and what the chain says; then it is in the ledger and signed. */
static wick_status make_voucher(wick_voucher *v, uint8_t r[32], uint8_t vs[32], wallet *w,
                                wallet_device *device, wallet_job *job, const uint8_t challenge[32],
                                const wick_json *root)
{
    uint8_t words[VOUCH_SLOTS][32];
    uint64_t now = 0;
    wick_status s = check_token(device, root);
    if (s == WICK_OK) {
        s = vouch_read(v, &w->manager, challenge, root);
    }
    if (s == WICK_OK) {
        keep_detail(job, v->key);
    }
    if (s == WICK_OK && job->state == WALLET_JOB_NEW) {
        s = take_turn(w, &device->call_at_ms);
        job->state = WALLET_JOB_BEGUN;
    }
    if (s == WICK_OK && !job->checked) {
        s = wallet_check_run(&job->check, w, device->name);
        job->checked = s == WICK_OK;
    }
    if (s == WICK_OK) {
        s = w->clock.unix_s(w->clock.ctx, &now);
    }
    if (s == WICK_OK) {
        s = wallet_chain_read(words, w, v->id);
    }
    if (s == WICK_OK) {
        s = vouch_complete(v, &w->manager, (const uint8_t(*)[32])words, now);
    }
    if (s == WICK_OK) {
        s = wallet_ledger_add(w, "voucher", device->name, job->detail, (wick_span){NULL, 0});
    }
    return s == WICK_OK ? vouch_sign(r, vs, v, &w->manager) : s;
}

static wick_status voucher(char answer[WALLET_LINE_MAX], wallet *w, wallet_device *device,
                           wallet_job *job, const uint8_t challenge[32], const wick_json *root)
{
    wick_voucher v;
    uint8_t r[32], vs[32];
    char org_hex[65], r_hex[65], vs_hex[65];
    wick_status s = make_voucher(&v, r, vs, w, device, job, challenge, root);
    if (s != WICK_OK) {
        return s;
    }
    wick_hex_encode(org_hex, v.org, sizeof v.org);
    wick_hex_encode(r_hex, r, sizeof r);
    wick_hex_encode(vs_hex, vs, sizeof vs);
    (void)snprintf(answer, WALLET_LINE_MAX,
                   "{\"ok\":true,\"org\":\"0x%s\",\"epoch\":%lu,\"managerEpoch\":%lu,"
                   "\"deadline\":%llu,\"r\":\"0x%s\",\"vs\":\"0x%s\"}\n",
                   org_hex, (unsigned long)v.epoch, (unsigned long)v.manager_epoch,
                   (unsigned long long)v.deadline, r_hex, vs_hex);
    return WICK_OK;
}

static void put_tx(char answer[WALLET_LINE_MAX], wallet_job *job, const uint8_t hash[32])
{
    keep_detail(job, hash);
    (void)snprintf(answer, WALLET_LINE_MAX, "{\"ok\":true,\"tx\":\"%s\"}\n", job->detail);
}

/* The registration itself, sent and paid for by the manager. */
static wick_status enrol(wallet *w, wallet_device *device, wallet_job *job,
                         const uint8_t challenge[32], const wick_json *root)
{
    wick_voucher v;
    uint8_t r[32], vs[32], bytes[WICK_CALLDATA_MAX];
    wick_buf call = wick_buf_make(bytes, sizeof bytes);
    if (!w->config->manager.sponsor) {
        return WICK_E_UNSUPPORTED;
    }
    wick_status s = wallet_calls_allow(w, device); /* one device does not spend what is for all of them */
    if (s == WICK_OK) {
        s = make_voucher(&v, r, vs, w, device, job, challenge, root);
    }
    if (s == WICK_OK) {
        wick_calldata_register(&call, &v, r, vs);
        s = wallet_batch_add(w, job, device, wick_buf_span(&call));
    }
    return s;
}

/* What a device may have sent for it: calls that its owner has signed, about its own record; its
 * registration, which a voucher of this manager allows; its key. Nothing follows them: each byte is paid for. */
static bool is_sponsored(const vouch_manager *m, const uint8_t id[32], wick_span call)
{
    uint8_t selector[4], pub[WICK_RSA_PUB_BYTES], r[32], vs[32];
    wick_relayed x;
    wick_span proof;
    if (wick_relayed_decode(&x, &proof, r, vs, call) == WICK_OK) {
        return x.kind != WICK_RELAYED_TRANSFER_OWNER && x.kind != WICK_RELAYED_CLAIM_OWNER &&
               memcmp(x.id, id, 32) == 0;
    }
    if (call.len < 4) {
        return false;
    }
    wick_abi a = wick_abi_make(wick_span_make(call.ptr + 4, call.len - 4));
    wick_abi_selector(selector, "announce(bytes)");
    if (memcmp(call.ptr, selector, 4) == 0) { /* a key, of which a record will hold the hash */
        wick_span spki = wick_abi_bytes(&a, 0);
        return a.status == WICK_OK && call.len == 4 + 2 * 32 + (spki.len + 31) / 32 * 32 &&
               wick_rsa_spki_decode(pub, spki) == WICK_OK;
    }
    wick_abi_selector(selector, "register(bytes32,bytes32,uint256,bytes32,uint256,bytes32,bytes32)");
    return call.len == 4 + 7 * 32 && memcmp(call.ptr, selector, 4) == 0 &&
           memcmp(call.ptr + 4, m->org, 32) == 0 && memcmp(call.ptr + 4 + 32, id, 32) == 0;
}

static wick_status sponsor(wallet *w, wallet_device *device, wallet_job *job, const wick_json *root)
{
    uint8_t id[32], bytes[WALLET_CALL_MAX];
    wick_buf call = wick_buf_make(bytes, sizeof bytes);
    if (!w->config->manager.sponsor) {
        return WICK_E_UNSUPPORTED;
    }
    wick_status s = wick_name_hash(id, wick_span_text(device->name));
    if (s == WICK_OK) {
        s = wick_json_data(&call, wick_json_member(root, "call"));
    }
    if (s == WICK_OK && !is_sponsored(&w->manager, id, wick_buf_span(&call))) {
        s = WICK_E_AUTH;
    }
    if (s == WICK_OK) {
        s = wallet_calls_allow(w, device);
    }
    if (s == WICK_OK && job->state == WALLET_JOB_NEW) {
        s = take_turn(w, &device->call_at_ms);
        job->state = WALLET_JOB_BEGUN;
    }
    return s == WICK_OK ? wallet_batch_add(w, job, device, wick_buf_span(&call)) : s;
}

static wick_status fund(char answer[WALLET_LINE_MAX], wallet *w, wallet_device *device,
                        wallet_job *job, const wick_json *root)
{
    uint8_t owner[20], hash[32];
    bool sent = false;
    wick_status s = wick_json_hex(owner, sizeof owner, wick_json_member(root, "owner"));
    if (s == WICK_OK && device->fundings >= WALLET_FUNDINGS_MAX) {
        s = WICK_E_LIMIT;
    }
    if (s == WICK_OK) {
        s = take_turn(w, &device->fund_at_ms);
    }
    if (s == WICK_OK) {
        s = wallet_chain_fund(hash, &sent, w, device, owner);
    }
    if (s == WICK_OK && sent) {
        put_tx(answer, job, hash);
    } else if (s == WICK_OK) {
        (void)snprintf(answer, WALLET_LINE_MAX, "{\"ok\":true,\"tx\":null}\n");
    }
    return s;
}

static wick_status relay(char answer[WALLET_LINE_MAX], wallet *w, const wallet_device *device)
{
    char user[CONF_NAME_MAX + 24], password[WICK_TURN_REST_PASSWORD_BYTES];
    uint64_t now = 0;
    if (w->relay_secret[0] == '\0') {
        return WICK_E_CONFIG;
    }
    wick_status s = w->clock.unix_s(w->clock.ctx, &now);
    uint64_t expires = now + w->config->manager.relay_ttl_s;
    if (s == WICK_OK) {
        s = wick_turn_rest_username(
            user, sizeof user, expires,
            wick_span_make((const uint8_t *)device->name, strlen(device->name)));
    }
    if (s == WICK_OK) {
        s = wick_turn_rest_password(
            password, &w->crypto,
            wick_span_make((const uint8_t *)w->relay_secret, strlen(w->relay_secret)),
            wick_span_make((const uint8_t *)user, strlen(user)));
    }
    if (s == WICK_OK) {
        (void)snprintf(answer, WALLET_LINE_MAX,
                       "{\"ok\":true,\"username\":\"%s\",\"password\":\"%s\",\"expires\":%llu}\n",
                       user, password, (unsigned long long)expires);
    }
    wick_wipe(password, sizeof password);
    return s;
}

static const char *const ops[] = {"voucher", "register", "fund", "relay", "sponsor", "unknown"};

static wick_status decide(char answer[WALLET_LINE_MAX], size_t *op, wallet *w, wallet_device *device,
                          wallet_job *job, const uint8_t challenge[32], wick_span line)
{
    static uint8_t arena[WALLET_LINE_MAX * 4];
    const wick_json *root;
    const size_t unknown = sizeof ops / sizeof ops[0] - 1;
    wick_status s = wick_json_parse(&root, arena, sizeof arena, line);
    const char *text = s == WICK_OK ? wick_json_text(wick_json_member(root, "op")) : NULL;
    for (*op = 0; *op < unknown && (text == NULL || strcmp(text, ops[*op]) != 0); ++*op) {
    }
    if (text != NULL && job->state < WALLET_JOB_WAITS) {
        s = wallet_device_announced(w, device); /* it may be lost, and replaced, since the start */
    }
    if (text == NULL) {
        s = WICK_E_JSON;
    } else if (s != WICK_OK) {
        /* refused */
    } else if (job->state == WALLET_JOB_WAITS) {
        s = WICK_AGAIN;
    } else if (job->state == WALLET_JOB_SENT) {
        s = job->status;
        if (s == WICK_OK) {
            put_tx(answer, job, job->hash);
        }
    } else if (*op == 0) {
        s = voucher(answer, w, device, job, challenge, root);
    } else if (*op == 1 || *op == 4) {
        s = *op == 1 ? enrol(w, device, job, challenge, root) : sponsor(w, device, job, root);
        s = s == WICK_AGAIN && job->state == WALLET_JOB_SENT ? job->status : s;
        if (s == WICK_OK) {
            put_tx(answer, job, job->hash);
        }
    } else if (*op == 2) {
        s = fund(answer, w, device, job, root);
    } else if (*op == 3) {
        s = relay(answer, w, device);
    } else {
        s = WICK_E_UNSUPPORTED;
    }
    wick_wipe(arena, sizeof arena); /* it held the token */
    return s;
}

wick_status wallet_answer(char answer[WALLET_LINE_MAX], wallet *w, wallet_device *device,
                          wallet_job *job, const uint8_t challenge[32], wick_span line)
{
    size_t op = 0;
    wick_status s = decide(answer, &op, w, device, job, challenge, line);
    if (s == WICK_AGAIN) {
        return s;
    }
    WALLET_STEP();
    wick_status noted = wallet_audit(w, device->name, ops[op], s, job->detail);
    WALLET_STEP();
    s = s == WICK_OK ? noted : s; /* what cannot be accounted for is not given */
    if (s != WICK_OK) {
        refuse(answer, s);
    }
    return WICK_OK;
}
