/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request, one answer. The TLS identity has already said which device asks; a request can only
 * be about that device.
 */
#include <stdio.h>
#include <string.h>

#include "wallet.h"
#include "wick/rsa.h"
#include "wick/turn.h"
#include "wick/tx.h"

/* A voucher is used within seconds; a day leaves room for a chain that is down. */
#define VOUCHER_LIFE_S 86400u

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

/* Does the device hold its key, and is that not its wallet's? */
static wick_status check_secp256k1(const wick_voucher *v, wallet *w, const uint8_t challenge[32],
                                   const wick_json *root)
{
    uint8_t possession[64], pub33[33], key_address[20];
    wick_device record;
    memset(&record, 0, sizeof record);
    record.key_type = v->key_type;
    record.flags = v->flags;
    memcpy(record.key, v->key, sizeof record.key);
    wick_status s =
        wick_json_hex(possession, sizeof possession, wick_json_member(root, "possession"));
    if (s == WICK_OK) {
        s = wick_device_pub33(pub33, &record);
    }
    if (s == WICK_OK) {
        s = wick_possession_check(&w->crypto, &w->domain, v->id, challenge, possession, pub33);
    }
    if (s == WICK_OK) {
        s = wick_eth_address_of(key_address, pub33, &w->crypto);
    }
    if (s == WICK_OK && memcmp(key_address, v->owner, sizeof key_address) == 0) {
        s = WICK_E_SAME_KEY;
    }
    return s;
}

/* The record will hold the hash of the key: the key itself comes along. */
static wick_status check_rsa(const wick_voucher *v, wallet *w, const uint8_t challenge[32],
                             const wick_json *root)
{
    uint8_t possession[WICK_RSA_BYTES], der[WICK_RSA_SPKI_MAX];
    wick_buf spki = wick_buf_make(der, sizeof der);
    wick_status s =
        wick_json_hex(possession, sizeof possession, wick_json_member(root, "possession"));
    if (s == WICK_OK) {
        s = wick_json_data(&spki, wick_json_member(root, "spki"));
    }
    return s == WICK_OK ? wick_possession_check_rsa(&w->crypto, &w->domain, v->id, challenge,
                                                    possession, wick_buf_span(&spki), v->key)
                        : s;
}

/* What the device asks to be vouched for, checked for everything that needs no chain. */
static wick_status read_voucher(wick_voucher *v, wallet *w, const wallet_device *device,
                                const uint8_t challenge[32], const wick_json *root)
{
    uint8_t id[32];
    uint64_t key_type, flags;
    const char *name = wick_json_text(wick_json_member(root, "name"));
    const char *token = wick_json_text(wick_json_member(root, "token"));
    size_t token_len = strlen(device->token);
    if (name == NULL || token == NULL) {
        return WICK_E_JSON;
    }
    if (strcmp(name, device->name) != 0 || strlen(token) != token_len ||
        !wick_ct_equal((const uint8_t *)token, (const uint8_t *)device->token, token_len)) {
        return WICK_E_AUTH;
    }
    memset(v, 0, sizeof *v);
    memcpy(v->org, w->org, sizeof v->org);
    wick_status s = wick_name_hash(v->id, wick_span_make((const uint8_t *)name, strlen(name)));
    if (s == WICK_OK) {
        s = wick_json_hex(id, sizeof id, wick_json_member(root, "id"));
    }
    if (s == WICK_OK) {
        s = wick_json_hex(v->owner, sizeof v->owner, wick_json_member(root, "owner"));
    }
    if (s == WICK_OK) {
        s = wick_json_u64(&key_type, wick_json_member(root, "keyType"));
    }
    if (s == WICK_OK) {
        s = wick_json_u64(&flags, wick_json_member(root, "flags"));
    }
    if (s == WICK_OK) {
        s = wick_json_hex(v->key, sizeof v->key, wick_json_member(root, "key"));
    }
    if (s == WICK_OK) {
        s = wick_json_u64(&v->not_after, wick_json_member(root, "notAfter"));
    }
    if (s != WICK_OK) {
        return s;
    }
    if (memcmp(id, v->id, sizeof id) != 0) {
        return WICK_E_MALFORMED;
    }
    v->key_type = (uint8_t)key_type;
    v->flags = (uint8_t)flags;
    if (key_type == WICK_KEY_TYPE_RSA2048 && flags == 0) {
        return check_rsa(v, w, challenge, root);
    }
    return key_type == WICK_KEY_TYPE_SECP256K1 && flags <= WICK_DEVICE_FLAG_ODD
               ? check_secp256k1(v, w, challenge, root)
               : WICK_E_UNSUPPORTED;
}

/* Adds what the chain says: epochs, and whether the name is this owner's to take. */
static wick_status complete_voucher(wick_voucher *v, wallet *w)
{
    wallet_chain_view view;
    uint64_t now = 0;
    wick_status s = w->clock.unix_s(w->clock.ctx, &now);
    if (s == WICK_OK) {
        s = wallet_chain_read(&view, w, v->id);
    }
    if (s != WICK_OK) {
        return s;
    }
    if (memcmp(view.manager.address, w->address, sizeof w->address) != 0) {
        return WICK_E_VOUCHER;
    }
    if (view.record == WICK_OK && view.device.not_after > now &&
        memcmp(view.device.owner, v->owner, sizeof v->owner) != 0) {
        return WICK_E_NAME_TAKEN;
    }
    if (view.record != WICK_OK && view.record != WICK_E_RECORD_ABSENT &&
        view.record != WICK_E_RECORD_REVOKED) {
        return view.record;
    }
    v->epoch = view.device.epoch;
    v->manager_epoch = view.manager.epoch;
    v->deadline = now + VOUCHER_LIFE_S;
    if (v->not_after > now + WALLET_NOT_AFTER_MAX_S) {
        return WICK_E_VOUCHER;
    }
    return wick_voucher_fits(v, now);
}

static wick_status voucher(char answer[WALLET_LINE_MAX], wallet *w, wallet_device *device,
                           const uint8_t challenge[32], const wick_json *root)
{
    wick_voucher v;
    uint8_t digest[32], sig[64], r[32], vs[32], recid;
    char org_hex[65], r_hex[65], vs_hex[65], key_hex[67] = "0x";
    wick_status s = read_voucher(&v, w, device, challenge, root);
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
        wick_voucher_digest(digest, &w->domain, &v);
        s = w->keys.secp256k1_sign(w->keys.ctx, sig, &recid, w->key, digest);
    }
    if (s == WICK_OK) {
        s = wick_signature_compact(r, vs, sig, recid);
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
