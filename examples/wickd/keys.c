/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys and PSKs for local applications. Whoever may open the socket (its mode, and the user of who
 * connects) may have them. They go into an answer and nowhere else: the log and subscribers never see
 * one, and the line that carried it is wiped.
 */
#include <string.h>

#include "daemon.h"
#include "record_out.h"
#include "wick/peer_keys.h"

#define GET_MS 100000u /* look-up, two handshakes of 31 s, and what a relay takes to permit */

static const char *use_name(wick_session_use use)
{
    return use == WICK_USE_DTLS12  ? "dtls12"
           : use == WICK_USE_TLS12 ? "tls12"
           : use == WICK_USE_TLS13 ? "tls13"
                                   : "psk16";
}

static void answer_psk(wickd *d, unsigned client, wick_peer_psk *p)
{
    const wickd_request *q = &d->asked[client];
    wick_session_srtp srtp;
    out_rec o;
    wick_status s = WICK_OK;
    if (q->uses == WICK_USE_SRTP) {
        s = wick_srtp_take(&d->agent.gateway, &srtp, p->session, WICK_SRTP_AEAD_AES_128_GCM,
                           q->media);
    }
    if (s != WICK_OK) {
        ops_refuse(d, client, s, "");
    } else if (ops_begin(d, &o, client, true)) {
        out_hex(&o, "peer", p->peer_id, sizeof p->peer_id);
        out_str(&o, "role", p->role == WICK_ROLE_INITIATOR ? "client" : "server");
        if (q->uses == WICK_USE_SRTP) {
            out_str(&o, "protocol", "srtp");
            out_hex(&o, "keys", srtp.bytes, 2 * (srtp.key_len + srtp.salt_len));
        } else {
            out_str(&o, "protocol", use_name(p->use));
            out_str(&o, "identity", p->psk.identity);
            out_hex(&o, "psk", p->psk.key, p->psk.key_len);
        }
        out_u64(&o, "session", p->session);
        ops_end(d, &o, client);
    }
    wick_wipe(d->line, sizeof d->line);
    wick_wipe(&srtp, sizeof srtp);
    wick_wipe(p, sizeof *p);
}

/* The session is there: the PSK of it, or the next one. */
static void give(wickd *d, unsigned client, uint8_t session)
{
    const wickd_request *q = &d->asked[client];
    wick_gateway *gw = &d->agent.gateway;
    wick_peer_psk p;
    wick_session_use use = q->uses == 0 || q->uses == WICK_USE_SRTP ? WICK_USE_DTLS12
                                                                    : (wick_session_use)q->uses;
    bool has_one = d->psk[client].had;
    d->psk[client].waiting = false;
    if (gw->session[session].registry != d->psk[client].registry ||
        memcmp(gw->session[session].id, d->psk[client].peer, 32) != 0) {
        ops_refuse(d, client, WICK_E_STATE, ""); /* its place is another peer's by now */
        return;
    }
    wick_status s = q->next && has_one ? wick_psk_next(gw, session) : WICK_OK;
    s = s == WICK_OK ? wick_psk_take(gw, &p, session, use) : s;
    if (s == WICK_OK) {
        answer_psk(d, client, &p);
    } else {
        ops_refuse(d, client, s, q->next ? "this session keeps its keys" : "");
    }
}

void keys_get(wickd *d, unsigned client)
{
    uint8_t session = WICK_GW_NO_SESSION;
    uint64_t now_ms = agent_now(&d->agent);
    wick_status s = wick_get_psk(&d->agent.gateway, &session, now_ms, d->asked[client].name);
    if (s == WICK_OK && d->asked[client].fresh && !d->agent.driver.session[session].used) {
        /* One that carries data is alive. */
        wick_gateway_close(&d->agent.gateway, session);
        d->session[session].used = false;
        s = wick_get_psk(&d->agent.gateway, &session, now_ms, d->asked[client].name);
    }
    d->psk[client].had = s == WICK_OK;
    if (s == WICK_OK || s == WICK_AGAIN) {
        const wick_gateway_session *x = &d->agent.gateway.session[session];
        d->psk[client].registry = x->registry;
        memcpy(d->psk[client].peer, x->id, 32);
    }
    if (s == WICK_OK) {
        give(d, client, session);
    } else if (s == WICK_AGAIN) {
        d->psk[client].waiting = true;
        d->psk[client].session = session;
        d->psk[client].serial = server_serial(&d->server, client);
        d->psk[client].give_up_ms = now_ms + GET_MS;
    } else {
        ops_refuse(d, client, s, s == WICK_E_CONFIG ? "no such registry is configured" : "");
    }
}

void keys_find(wickd *d, unsigned client)
{
    const wickd_request *q = &d->asked[client];
    wick_peer_psk p;
    unsigned any = WICK_USE_DTLS12 | WICK_USE_TLS12 | WICK_USE_TLS13 | WICK_USE_PSK16;
    wick_status s = wick_psk_find(&d->agent.gateway, &p, wick_span_text(q->name),
                                  q->uses != 0 && q->uses != WICK_USE_SRTP ? q->uses : any,
                                  agent_now(&d->agent));
    if (s == WICK_OK) {
        answer_psk(d, client, &p);
    } else {
        ops_refuse(d, client, s, "no caller has this identity, or not for this protocol");
    }
}

static bool is_waiting(const wickd *d, unsigned client)
{
    return d->psk[client].waiting && d->asked[client].op == WICKD_OP_GET_PSK &&
           server_serial(&d->server, client) == d->psk[client].serial;
}

void keys_event(wickd *d, const wick_gateway_event *e)
{
    bool up = e->kind == WICK_GW_EV_SESSION_UP && e->status == WICK_OK;
    if (!up && e->kind != WICK_GW_EV_SESSION_DOWN) {
        return;
    }
    for (unsigned i = 0; i < SERVER_CLIENTS; i++) {
        if (!is_waiting(d, i) || d->psk[i].session != e->session) {
            continue;
        }
        if (up) {
            give(d, i, e->session);
        } else {
            d->psk[i].waiting = false;
            ops_refuse(d, i, e->status != WICK_OK ? e->status : WICK_E_STATE, "");
        }
    }
}

uint64_t keys_run(wickd *d, uint64_t now_ms)
{
    uint64_t next = UINT64_MAX;
    for (unsigned i = 0; i < SERVER_CLIENTS; i++) {
        if (!is_waiting(d, i)) {
            d->psk[i].waiting = false;
        } else if (now_ms >= d->psk[i].give_up_ms) {
            d->psk[i].waiting = false;
            ops_refuse(d, i, WICK_E_TIMEOUT, "");
        } else {
            next = d->psk[i].give_up_ms < next ? d->psk[i].give_up_ms : next;
        }
    }
    return next;
}

void keys_put_peer(out_rec *o, const lookup_result *r)
{
    const wick_device *device = &r->found.record.device;
    uint8_t pub33[33];
    out_str(o, "name", r->name);
    out_hex(o, "id", r->found.id, sizeof r->found.id);
    out_u64(o, "key_type", device->key_type);
    if (wick_device_pub33(pub33, device) == WICK_OK) {
        out_hex(o, "public_key", pub33, sizeof pub33);
    } else {
        out_hex(o, "spki_sha256", device->key, sizeof device->key);
    }
    record_put_tls_pin(o, &r->found.record);
    out_u64(o, "epoch", device->epoch);
    out_u64(o, "not_after", device->not_after);
}

void keys_own_again(wickd *d, bool must)
{
    wick_status s = agent_key_again(&d->agent);
    s = s == WICK_OK && d->leaves.open ? leaves_key(&d->leaves) : s;
    if (s == WICK_OK) {
        events_log(d, WICK_LOG_INFO, "goes over to another device key");
    } else if (s == WICK_E_STATE && !must) {
        events_log(d, WICK_LOG_INFO, "takes the next device key when its record holds it");
        d->retry_ms = agent_now(&d->agent); /* the second change in 15 minutes */
    } else if (s != WICK_E_NOT_FOUND && !must) {
        events_log(d, WICK_LOG_WARN, "stays with its device key, for it cannot take the one on disk: %s",
                   wick_status_str(s));
    } else if (s != WICK_E_NOT_FOUND) {
        /* It would write the record anew with the key that it has: a fresh start takes the other one. */
        events_log(d, WICK_LOG_ERROR,
                   "ends, to be started again, for it cannot go over to the device key: %s",
                   wick_status_str(s));
        d->stop = d->stopped_by_key = true;
    }
}
