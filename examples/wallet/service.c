/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request, one answer. The TLS identity has already said which device asks; a request can only
 * be about that device.
 */
#include <stdio.h>
#include <string.h>

#include "wallet.h"
#include "wick/turn.h"

static void refuse(char answer[WALLET_LINE_MAX], wick_status status)
{
    (void)snprintf(answer, WALLET_LINE_MAX,
                   "{\"ok\":false,\"code\":\"%s\",\"error\":\"%s\",\"remedy\":\"%s\"}\n",
                   wick_status_str(status), wick_status_cause(status), wick_status_remedy(status));
}

/* One such request of a device at a time, and not too fast: each costs calls of the node. */
static wick_status take_turn(const wallet *w, uint64_t *not_before_ms)
{
    uint64_t now = w->clock.now_ms(w->clock.ctx);
    if (*not_before_ms != 0 && !wick_time_reached(now, *not_before_ms)) {
        return WICK_E_HTTP_RATE;
    }
    *not_before_ms = now + WALLET_GAP_MS;
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

static wick_status complete_voucher(wick_voucher *v, wallet *w)
{
    uint8_t words[VOUCH_SLOTS][32];
    uint64_t now = 0;
    wick_status s = w->clock.unix_s(w->clock.ctx, &now);
    if (s == WICK_OK) {
        s = wallet_chain_read(words, w, v->id);
    }
    return s == WICK_OK ? vouch_complete(v, &w->manager, (const uint8_t(*)[32])words, now) : s;
}

static wick_status voucher(char answer[WALLET_LINE_MAX], wallet *w, wallet_device *device,
                           const uint8_t challenge[32], const wick_json *root)
{
    wick_voucher v;
    uint8_t r[32], vs[32];
    char org_hex[65], r_hex[65], vs_hex[65], key_hex[67] = "0x";
    wick_status s = check_token(device, root);
    if (s == WICK_OK) {
        s = vouch_read(&v, &w->manager, challenge, root);
    }
    if (s == WICK_OK) {
        s = take_turn(w, &device->voucher_at_ms);
    }
    if (s == WICK_OK) {
        s = complete_voucher(&v, w);
    }
    if (s == WICK_OK) {
        wick_hex_encode(key_hex + 2, v.key, sizeof v.key);
        s = wallet_ledger_add(w, "voucher", device->name, key_hex);
    }
    if (s == WICK_OK) {
        s = vouch_sign(r, vs, &v, &w->manager);
    }
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

static wick_status fund(char answer[WALLET_LINE_MAX], wallet *w, wallet_device *device,
                        const wick_json *root)
{
    uint8_t owner[20], hash[32];
    char hex[65];
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
        wick_hex_encode(hex, hash, sizeof hash);
        (void)snprintf(answer, WALLET_LINE_MAX, "{\"ok\":true,\"tx\":\"0x%s\"}\n", hex);
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

void wallet_answer(char answer[WALLET_LINE_MAX], wallet *w, wallet_device *device,
                   const uint8_t challenge[32], wick_span line)
{
    static uint8_t arena[WALLET_LINE_MAX * 4];
    const wick_json *root;
    wick_status s = wick_json_parse(&root, arena, sizeof arena, line);
    const char *op = s == WICK_OK ? wick_json_text(wick_json_member(root, "op")) : NULL;
    if (op == NULL) {
        s = WICK_E_JSON;
    } else if (strcmp(op, "voucher") == 0) {
        s = voucher(answer, w, device, challenge, root);
    } else if (strcmp(op, "fund") == 0) {
        s = fund(answer, w, device, root);
    } else if (strcmp(op, "relay") == 0) {
        s = relay(answer, w, device);
    } else {
        s = WICK_E_UNSUPPORTED;
    }
    if (s != WICK_OK) {
        refuse(answer, s);
    }
    wick_wipe(arena, sizeof arena); /* it held the token */
}
