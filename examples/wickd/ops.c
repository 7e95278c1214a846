/* SPDX-License-Identifier: Apache-2.0 */
/* The operations of the socket. */
#include <stdlib.h>
#include <string.h>

#include "daemon.h"
#include "record_out.h"

#ifndef WICK_VERSION
#define WICK_VERSION "0"
#endif

/* ---- answers ---- */

bool ops_begin(wickd *d, out_rec *o, unsigned client, bool ok)
{
    const wickd_request *q = &d->asked[client];
    FILE *file = fmemopen(d->line, sizeof d->line, "w");
    if (file == NULL) {
        return false;
    }
    if (ok) {
        out_begin(o, file, true);
    } else {
        out_begin_fail(o, file, true);
    }
    if (q->op != WICKD_OP_NONE) {
        out_str(o, "op", wickd_op_str(q->op));
    }
    if (q->has_tag) {
        out_u64(o, "tag", q->tag);
    }
    return true;
}

/* Closes the record. @return its length, 0: it does not fit */
static size_t close_line(out_rec *o)
{
    out_end(o); /* flushes */
    long len = ferror(o->file) != 0 ? -1 : ftell(o->file);
    (void)fclose(o->file);
    return len <= 0 || len >= SERVER_REPLY_MAX ? 0 : (size_t)len;
}

static const char no_room[] = "{\"ok\":false,\"code\":\"LIMIT\",\"error\":\"the answer is too long\","
                              "\"remedy\":\"ask for less\"}\n";

void ops_end(wickd *d, out_rec *o, unsigned client)
{
    size_t len = close_line(o);
    if (len != 0) {
        server_reply(&d->server, client, d->line, len);
    } else {
        server_reply(&d->server, client, no_room, sizeof no_room - 1);
    }
}

void ops_refuse(wickd *d, unsigned client, wick_status status, const char *error)
{
    out_rec o;
    if (!ops_begin(d, &o, client, false)) {
        server_reply(&d->server, client, no_room, sizeof no_room - 1);
        return;
    }
    out_str(&o, "code", wick_status_str(status));
    out_str(&o, "error", error[0] != '\0' ? error : wick_status_cause(status));
    out_str(&o, "remedy", wick_status_remedy(status));
    ops_end(d, &o, client);
}

/* ---- look-ups ---- */

static void put_endpoints(out_rec *o, const lookup_result *r)
{
    const wick_peer_record *rec = &r->found.record;
    out_open(o, "endpoints", true);
    for (unsigned i = 0; i < 2; i++) {
        if (rec->has_endpoint[i]) {
            out_open(o, NULL, false);
            out_str(o, "place", i == 0 ? "primary" : "standby");
            record_put_endpoint(o, &rec->endpoint[i],
                                record_usable(&rec->endpoint[i], r->any, r->now_s));
            out_close(o, false);
        }
    }
    out_close(o, true);
}

/* Under what it is proven. */
static void put_header(out_rec *o, const lookup_result *r)
{
    record_put_header(o, &r->found.header);
    if (r->has_age) {
        out_u64(o, "age_s", r->age_s);
    }
    out_bool(o, "grace", r->grace);
}

static void put_result(out_rec *o, const lookup_result *r)
{
    if (r->status != WICK_OK) {
        out_str(o, "code", wick_status_str(r->status));
        out_str(o, "error", wick_status_cause(r->status));
        out_str(o, "remedy", wick_status_remedy(r->status));
    }
    bool is_there = r->found.record.device.epoch != 0;
    if (is_there) {
        record_put_device(o, r->name, r->found.id, &r->found.record.device);
        record_put_tls_pin(o, &r->found.record);
    } else {
        out_str(o, "name", r->name);
    }
    if (r->found.proven == WICK_AGAIN) {
        return;
    }
    put_header(o, r); /* an absence is proven, too */
    if (is_there) {
        out_str(o, "endpoint_tier", wick_tier_str(r->found.endpoint_header.tier));
        out_u64(o, "endpoint_block", r->found.endpoint_header.number);
        put_endpoints(o, r);
    }
}

void ops_lookup_done(void *ctx, unsigned client, uint32_t serial, const lookup_result *r)
{
    wickd *d = ctx;
    out_rec o;
    if (client >= SERVER_CLIENTS) {
        leaves_lookup_done(&d->leaves, client - SERVER_CLIENTS, serial, r);
        return;
    }
    wickd_op op = d->asked[client].op;
    if (server_serial(&d->server, client) != serial ||
        (op != WICKD_OP_LOOKUP && op != WICKD_OP_GET_PEER_KEY)) {
        return; /* it has left, and somebody else sits there */
    }
    /* A key is as good without an endpoint. */
    bool key = op == WICKD_OP_GET_PEER_KEY && r->found.proven == WICK_OK &&
               (r->status == WICK_OK || r->status == WICK_E_NO_ENDPOINT ||
                (r->status == WICK_E_RECORD_EXPIRED && r->found.record.device.not_after > r->now_s));
    if (!ops_begin(d, &o, client, key || r->status == WICK_OK)) {
        return;
    }
    if (key) {
        keys_put_peer(&o, r);
        put_header(&o, r);
    } else {
        put_result(&o, r);
    }
    ops_end(d, &o, client);
    d->asked[client].op = WICKD_OP_NONE;
}

static void look_up(wickd *d, unsigned client)
{
    wick_status s = lookups_begin(&d->lookups, client, server_serial(&d->server, client),
                                  d->asked[client].name, agent_now(&d->agent));
    if (s != WICK_OK) {
        ops_refuse(d, client, s, s == WICK_E_CONFIG ? "no such registry is configured" : "");
    }
}

/* ---- the others ---- */

static void put_version(out_rec *o)
{
    out_str(o, "version", WICK_VERSION);
    out_u64(o, "protocol", WICKD_PROTOCOL);
    out_open(o, "operations", true);
    for (unsigned i = WICKD_OP_NONE + 1; i < WICKD_OPS; i++) {
        out_str(o, NULL, wickd_op_str((wickd_op)i));
    }
    out_close(o, true);
}

static void put_metrics(wickd *d, out_rec *o)
{
    char *text = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);
    if (file != NULL) {
        metrics_write(d, file);
        (void)fclose(file);
    }
    out_str(o, "text", text != NULL ? text : "");
    free(text);
}

static bool subscribe(wickd *d, unsigned client)
{
    server_client *c = &d->server.client[client];
    if (!c->subscribed && server_clients(&d->server, true) >= SERVER_SUBSCRIBERS) {
        ops_refuse(d, client, WICK_E_LIMIT, "too many subscribers");
        return false;
    }
    c->subscribed = true;
    return true;
}

static void answer(wickd *d, unsigned client)
{
    out_rec o;
    wickd_op op = d->asked[client].op;
    if ((op == WICKD_OP_SUBSCRIBE && !subscribe(d, client)) || !ops_begin(d, &o, client, true)) {
        return;
    }
    switch (op) {
    case WICKD_OP_VERSION:
        put_version(&o);
        break;
    case WICKD_OP_STATUS:
        status_put(d, &o);
        break;
    case WICKD_OP_LIGHT:
        light_put(d, &o);
        break;
    case WICKD_OP_SESSIONS:
        status_put_sessions(d, &o);
        break;
    case WICKD_OP_PATH:
        status_put_path(d, &o);
        break;
    case WICKD_OP_METRICS:
        put_metrics(d, &o);
        break;
    case WICKD_OP_UNSUBSCRIBE:
        d->server.client[client].subscribed = false;
        break;
    case WICKD_OP_RELOAD:
        d->reload = true;
        break;
    case WICKD_OP_SERVICE_LIST:
        services_put(d, &o);
        break;
    case WICKD_OP_SUBSCRIBE:
    case WICKD_OP_LOOKUP:
    case WICKD_OP_GET_PEER_KEY:
    case WICKD_OP_GET_PSK:
    case WICKD_OP_FIND_PSK:
    case WICKD_OP_SERVICE_PUBLISH:
    case WICKD_OP_SERVICE_UNPUBLISH:
    case WICKD_OP_CONNECT:
    case WICKD_OP_LISTEN:
    case WICKD_OP_SEND:
    case WICKD_OP_CLOSE:
    case WICKD_OP_NONE:
    case WICKD_OPS:
    default:
        break;
    }
    ops_end(d, &o, client);
}

void ops_on_line(void *ctx, unsigned client, wick_span line)
{
    wickd *d = ctx;
    const char *why = "";
    lookups_forget(&d->lookups, client); /* of a client that sat there before */
    wick_status s = wickd_request_parse(&d->asked[client], &why, line);
    if (s != WICK_OK) {
        ops_refuse(d, client, s, why);
        return;
    }
    switch ((int)d->asked[client].op) {
    case WICKD_OP_LOOKUP:
    case WICKD_OP_GET_PEER_KEY:
        look_up(d, client);
        break;
    case WICKD_OP_GET_PSK:
        keys_get(d, client);
        break;
    case WICKD_OP_FIND_PSK:
        keys_find(d, client);
        break;
    case WICKD_OP_SERVICE_PUBLISH:
        services_publish(d, client);
        break;
    case WICKD_OP_SERVICE_UNPUBLISH:
        services_unpublish(d, client);
        break;
    case WICKD_OP_CONNECT:
        talks_connect(d, client);
        break;
    case WICKD_OP_LISTEN:
        talks_listen(d, client);
        break;
    case WICKD_OP_SEND:
        talks_send(d, client);
        break;
    case WICKD_OP_CLOSE:
        talks_close(d, client);
        break;
    default:
        answer(d, client);
        break;
    }
}
