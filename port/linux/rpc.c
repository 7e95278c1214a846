/* SPDX-License-Identifier: Apache-2.0 */
/* JSON-RPC 2.0 over HTTP: frame the request, check the reply's frame, keep what the node says. */
#include "rpc_internal.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

enum { BATCH_NONE = 0, BATCH_OPEN, BATCH_CLOSED };

wick_status wick_rpc_init(wick_rpc *rpc, const wick_hal_net *net, const char *url,
                          uint32_t timeout_ms)
{
    wick_http_url u;
    memset(rpc, 0, sizeof *rpc);
    rpc->status = WICK_E_STATE;
    wick_status s = wick_http_url_parse(&u, url, strlen(url));
    wick_http_init(&rpc->http, net, &u);
    rpc->timeout_ms = timeout_ms != 0 ? timeout_ms : 5000;
    return s;
}

void wick_rpc_trust(wick_rpc *rpc, const wick_https_trust *trust)
{
    wick_http_trust(&rpc->http, trust);
}

void wick_rpc_aim(wick_rpc *rpc, const wick_http_url *url, const wick_https_trust *trust,
                  uint32_t timeout_ms)
{
    wick_http_cancel(&rpc->http);
    wick_http_init(&rpc->http, rpc->http.net, url);
    wick_http_trust(&rpc->http, trust);
    rpc->timeout_ms = timeout_ms;
}

/* ---- request ---- */

void wick_rpc_put(wick_rpc *rpc, const char *text)
{
    size_t n = strlen(text);
    if (n < sizeof rpc->request - rpc->request_len) {
        memcpy(rpc->request + rpc->request_len, text, n);
        rpc->request_len += n;
    } else {
        rpc->request_len = sizeof rpc->request; /* latched: nothing fits any more */
    }
}

void wick_rpc_put_hex(wick_rpc *rpc, wick_span bytes)
{
    wick_rpc_put(rpc, "\"0x");
    if (2 * bytes.len + 2 < sizeof rpc->request - rpc->request_len) {
        wick_hex_encode(rpc->request + rpc->request_len, bytes.ptr, bytes.len);
        rpc->request_len += 2 * bytes.len;
    } else {
        rpc->request_len = sizeof rpc->request;
    }
    wick_rpc_put(rpc, "\"");
}

void wick_rpc_put_u64(wick_rpc *rpc, uint64_t v)
{
    char text[24];
    (void)snprintf(text, sizeof text, "\"0x%llx\"", (unsigned long long)v);
    wick_rpc_put(rpc, text);
}

void wick_rpc_open(wick_rpc *rpc, const char *method)
{
    char text[32];
    if (rpc->batch != BATCH_OPEN) {
        wick_rpc_cancel(rpc);
        rpc->request_len = 0;
    } else if (rpc->batch_count++ != 0) {
        wick_rpc_put(rpc, ",");
    }
    rpc->result = NULL;
    rpc->message[0] = '\0';
    rpc->error_code = 0;
    rpc->id++;
    (void)snprintf(text, sizeof text, "%u", (unsigned)rpc->id);
    wick_rpc_put(rpc, "{\"jsonrpc\":\"2.0\",\"id\":");
    wick_rpc_put(rpc, text);
    wick_rpc_put(rpc, ",\"method\":\"");
    wick_rpc_put(rpc, method);
    wick_rpc_put(rpc, "\",\"params\":");
}

wick_status wick_rpc_transmit(wick_rpc *rpc, uint64_t now_ms)
{
    if (rpc->request_len >= sizeof rpc->request) {
        rpc->status = WICK_E_NO_SPACE;
        return WICK_E_NO_SPACE;
    }
    rpc->result = NULL;
    rpc->message[0] = '\0';
    rpc->error_code = 0;
    wick_status s = wick_http_start(
        &rpc->http, now_ms, "POST", "application/json",
        wick_span_make((const uint8_t *)rpc->request, rpc->request_len), rpc->reply,
        sizeof rpc->reply, rpc->timeout_ms);
    rpc->status = s == WICK_OK ? WICK_AGAIN : s;
    return s;
}

wick_status wick_rpc_send(wick_rpc *rpc, uint64_t now_ms)
{
    wick_rpc_put(rpc, "}");
    if (rpc->batch == BATCH_OPEN) {
        return rpc->batch_count <= WICK_RPC_BATCH_MAX ? WICK_OK : WICK_E_NO_SPACE;
    }
    if (rpc->held) {
        return rpc->request_len < sizeof rpc->request ? WICK_OK : WICK_E_NO_SPACE;
    }
    return wick_rpc_transmit(rpc, now_ms);
}

void wick_rpc_batch(wick_rpc *rpc)
{
    wick_rpc_cancel(rpc);
    rpc->batch = BATCH_OPEN;
    rpc->batch_count = 0;
    rpc->batch_first = rpc->id + 1;
    rpc->request_len = 0;
    memset(rpc->batch_item, 0, sizeof rpc->batch_item);
    wick_rpc_put(rpc, "[");
}

wick_status wick_rpc_batch_send(wick_rpc *rpc, uint64_t now_ms)
{
    if (rpc->batch != BATCH_OPEN || rpc->batch_count == 0) {
        return WICK_E_STATE;
    }
    rpc->batch = BATCH_CLOSED;
    wick_rpc_put(rpc, "]");
    if (rpc->batch_count > WICK_RPC_BATCH_MAX || rpc->request_len >= sizeof rpc->request) {
        rpc->status = WICK_E_NO_SPACE;
        return WICK_E_NO_SPACE;
    }
    return rpc->held ? WICK_OK : wick_rpc_transmit(rpc, now_ms);
}

wick_status wick_rpc_start(wick_rpc *rpc, uint64_t now_ms, const char *method, const char *params)
{
    wick_rpc_open(rpc, method);
    wick_rpc_put(rpc, params);
    return wick_rpc_send(rpc, now_ms);
}

/* ---- reply ---- */

static void keep_error(wick_rpc *rpc, const wick_json *error)
{
    const wick_json *code = wick_json_member(error, "code");
    const char *text = wick_json_text(wick_json_member(error, "message"));
    size_t n = 0;
    if (wick_json_kind_of(code) == WICK_JSON_NUMBER) {
        rpc->error_code = wick_json_integer(code);
    }
    /* It goes to terminals and logs. */
    for (; text != NULL && text[n] != '\0' && n + 1 < sizeof rpc->message; n++) {
        rpc->message[n] = (text[n] >= 0x20 && text[n] < 0x7f) ? text[n] : '?';
    }
    rpc->message[n] = '\0';
}

/* What one answer says, with the id `id`. */
static wick_status read_one(wick_rpc *rpc, const wick_json *root, uint32_t id)
{
    uint64_t theirs;
    const char *version = wick_json_text(wick_json_member(root, "jsonrpc"));
    if (version == NULL || strcmp(version, "2.0") != 0) {
        return WICK_E_JSON;
    }
    const wick_json *their_id = wick_json_member(root, "id");
    const wick_json *error = wick_json_member(root, "error");
    const wick_json *result = wick_json_member(root, "result");
    bool failed = error != NULL && wick_json_kind_of(error) != WICK_JSON_NULL;
    /* A node that could not read the request answers with id null (JSON-RPC 2.0 section 5). */
    bool anonymous = failed && wick_json_kind_of(their_id) == WICK_JSON_NULL;
    if (!anonymous && (wick_json_kind_of(their_id) != WICK_JSON_NUMBER ||
                       wick_json_u64(&theirs, their_id) != WICK_OK || theirs != id)) {
        return WICK_E_RPC_ID;
    }
    if (failed) {
        if (wick_json_kind_of(error) != WICK_JSON_OBJECT) {
            return WICK_E_JSON;
        }
        rpc->result = error;
        keep_error(rpc, error);
        return WICK_E_RPC;
    }
    if (result == NULL) {
        return WICK_E_JSON;
    }
    rpc->result = result;
    return WICK_OK;
}

/* The answers of a batch, in any order, each request exactly one (JSON-RPC 2.0 section 6). */
static wick_status read_batch(wick_rpc *rpc, const wick_json *root)
{
    size_t n = 0;
    memset(rpc->batch_item, 0, sizeof rpc->batch_item);
    if (wick_json_kind_of(root) == WICK_JSON_OBJECT) {
        /* The batch as a whole was refused. */
        wick_status s = read_one(rpc, root, rpc->batch_first);
        return s == WICK_OK ? WICK_E_JSON : s;
    }
    if (wick_json_kind_of(root) != WICK_JSON_ARRAY) {
        return WICK_E_JSON;
    }
    for (const wick_json *e = wick_json_first(root); e != NULL; e = wick_json_next(e), n++) {
        uint64_t id;
        const wick_json *their_id = wick_json_member(e, "id");
        if (wick_json_kind_of(their_id) != WICK_JSON_NUMBER ||
            wick_json_u64(&id, their_id) != WICK_OK || id < rpc->batch_first ||
            id - rpc->batch_first >= rpc->batch_count ||
            rpc->batch_item[id - rpc->batch_first] != NULL) {
            return WICK_E_RPC_ID;
        }
        rpc->batch_item[id - rpc->batch_first] = e;
    }
    return n == rpc->batch_count ? WICK_OK : WICK_E_RPC_ID;
}

/* A refusal of a contract is told by some nodes with its raw bytes in the message, escaped zeros
 * among them, which no text may hold here (wick/port/json.h). They are for reading only: each becomes
 * the replacement character. */
static void replace_zeros(uint8_t *text, size_t len)
{
    for (size_t i = 0; i + 5 < len; i++) {
        if (text[i] != '\\') {
            continue;
        }
        if (memcmp(text + i, "\\u0000", 6) == 0) {
            memcpy(text + i, "\\ufffd", 6);
        }
        i++; /* what is escaped begins no escape */
    }
}

static wick_status read_reply(wick_rpc *rpc)
{
    const wick_json *root;
    if (rpc->http.body.ptr == rpc->reply) {
        replace_zeros(rpc->reply, rpc->http.body.len);
    }
    wick_status s =
        wick_json_parse(&root, (uint8_t *)rpc->arena, sizeof rpc->arena, rpc->http.body);
    if (s != WICK_OK) {
        return s;
    }
    return rpc->batch == BATCH_CLOSED ? read_batch(rpc, root) : read_one(rpc, root, rpc->id);
}

wick_status wick_rpc_batch_item(wick_rpc *rpc, size_t i)
{
    rpc->result = NULL;
    rpc->message[0] = '\0';
    rpc->error_code = 0;
    if (rpc->batch != BATCH_CLOSED || i >= rpc->batch_count || rpc->batch_item[i] == NULL) {
        rpc->status = WICK_E_STATE;
    } else {
        rpc->status = read_one(rpc, rpc->batch_item[i], rpc->batch_first + (uint32_t)i);
    }
    return rpc->status;
}

wick_status wick_rpc_poll(wick_rpc *rpc, uint64_t now_ms)
{
    if (rpc->status != WICK_AGAIN) {
        return WICK_E_STATE;
    }
    wick_status s = wick_http_poll(&rpc->http, now_ms);
    if (s == WICK_AGAIN) {
        return WICK_AGAIN;
    }
    if (s == WICK_OK) {
        s = read_reply(rpc);
    } else if (s == WICK_E_HTTP && rpc->http.body.len != 0 && read_reply(rpc) == WICK_E_RPC) {
        s = WICK_E_RPC; /* some nodes send their errors with status 4xx */
    } else if (s == WICK_E_TRUNCATED) {
        s = rpc->http.code == 0 ? WICK_E_NET : WICK_E_JSON;
    }
    rpc->status = s;
    return s;
}

wick_status wick_rpc_wait(wick_rpc *rpc, const wick_linux_net *net)
{
    wick_hal_clock clock;
    wick_linux_clock_init(&clock);
    for (;;) {
        uint64_t now = clock.now_ms(clock.ctx);
        wick_status s = wick_rpc_poll(rpc, now);
        if (s != WICK_AGAIN) {
            return s;
        }
        struct pollfd p;
        p.fd = wick_linux_net_fd(net, wick_rpc_sock(rpc));
        p.events = wick_rpc_wants_write(rpc) ? POLLOUT : POLLIN;
        p.revents = 0;
        uint64_t left = wick_rpc_deadline(rpc) - now;
        int wait_ms = left > 1000 ? 1000 : (int)left + 1;
        if (p.fd < 0 && wait_ms > 20) {
            wait_ms = 20; /* the host name is being resolved */
        }
        (void)poll(&p, 1, wait_ms);
    }
}

wick_sock wick_rpc_sock(const wick_rpc *rpc)
{
    return wick_http_sock(&rpc->http);
}

bool wick_rpc_wants_write(const wick_rpc *rpc)
{
    return wick_http_wants_write(&rpc->http);
}

uint64_t wick_rpc_deadline(const wick_rpc *rpc)
{
    return wick_http_deadline(&rpc->http);
}

void wick_rpc_cancel(wick_rpc *rpc)
{
    wick_http_cancel(&rpc->http);
    rpc->status = WICK_E_STATE;
    rpc->batch = BATCH_NONE;
}

const wick_json *wick_rpc_result(const wick_rpc *rpc)
{
    return rpc->status == WICK_OK ? rpc->result : NULL;
}

const char *wick_rpc_message(const wick_rpc *rpc)
{
    return rpc->message;
}

int64_t wick_rpc_error_code(const wick_rpc *rpc)
{
    return rpc->error_code;
}

int wick_rpc_http_code(const wick_rpc *rpc)
{
    return rpc->http.code;
}

wick_status wick_rpc_error_data(wick_buf *out, const wick_rpc *rpc)
{
    if (rpc->status != WICK_E_RPC) {
        return WICK_E_NOT_FOUND;
    }
    const wick_json *data = wick_json_member(rpc->result, "data");
    if (wick_json_kind_of(data) == WICK_JSON_OBJECT) {
        data = wick_json_member(data, "data"); /* some nodes wrap it once more */
    }
    wick_status s = wick_json_data(out, data);
    return s == WICK_E_JSON ? WICK_E_NOT_FOUND : s;
}
