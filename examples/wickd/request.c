/* SPDX-License-Identifier: Apache-2.0 */
/* One line of the socket, checked against the table of operations. */
#include "request.h"

#include <string.h>

#include "wick/record.h"
#include "wick/session_keys.h"

/* Members that an operation has besides "op" and "tag": must have, and may have. */
enum {
    TAKES_NAME = 1,
    TAKES_IDENTITY = 2,
    TAKES_SERVICE = 4,
    MAY_PROTOCOL = 8,
    MAY_NEXT = 16,
    MAY_PLACE = 32, /* transport, port, address, expires_s */
    MAY_FRESH = 64,
    TAKES_SESSION = 128,
    TAKES_DATA = 256
};

static const struct {
    const char *name;
    unsigned members;
} ops[WICKD_OPS] = {
    [WICKD_OP_NONE] = {"", 0},
    [WICKD_OP_VERSION] = {"version", 0},
    [WICKD_OP_STATUS] = {"status", 0},
    [WICKD_OP_LOOKUP] = {"lookup", TAKES_NAME},
    [WICKD_OP_LIGHT] = {"light", 0},
    [WICKD_OP_SESSIONS] = {"sessions", 0},
    [WICKD_OP_PATH] = {"path", 0},
    [WICKD_OP_METRICS] = {"metrics", 0},
    [WICKD_OP_SUBSCRIBE] = {"subscribe", 0},
    [WICKD_OP_UNSUBSCRIBE] = {"unsubscribe", 0},
    [WICKD_OP_RELOAD] = {"reload", 0},
    [WICKD_OP_GET_PEER_KEY] = {"get_peer_key", TAKES_NAME},
    [WICKD_OP_GET_PSK] = {"get_psk", TAKES_NAME | MAY_PROTOCOL | MAY_NEXT | MAY_FRESH},
    [WICKD_OP_FIND_PSK] = {"find_psk", TAKES_IDENTITY | MAY_PROTOCOL},
    [WICKD_OP_SERVICE_PUBLISH] = {"service_publish", TAKES_SERVICE | MAY_PLACE},
    [WICKD_OP_SERVICE_UNPUBLISH] = {"service_unpublish", TAKES_SERVICE},
    [WICKD_OP_SERVICE_LIST] = {"service_list", 0},
    [WICKD_OP_CONNECT] = {"connect", TAKES_NAME | MAY_FRESH},
    [WICKD_OP_LISTEN] = {"listen", 0},
    [WICKD_OP_SEND] = {"send", TAKES_SESSION | TAKES_DATA},
    [WICKD_OP_CLOSE] = {"close", TAKES_SESSION},
};

/* A value takes up to 96 bytes of it, and two bytes of a line make one. */
static uint64_t arena[(48u * WICKD_LINE_MAX + 8192u) / 8];

const char *wickd_op_str(wickd_op op)
{
    return (unsigned)op < WICKD_OPS ? ops[op].name : "";
}

static wickd_op find_op(const char *name)
{
    for (unsigned i = WICKD_OP_NONE + 1; name != NULL && i < WICKD_OPS; i++) {
        if (strcmp(name, ops[i].name) == 0) {
            return (wickd_op)i;
        }
    }
    return WICKD_OP_NONE;
}

static wick_status refuse(const char **why, wick_status status, const char *text)
{
    *why = text;
    return status;
}

static wick_status take_tag(wickd_request *out, const char **why, const wick_json *tag)
{
    if (tag == NULL) {
        return WICK_OK;
    }
    if (wick_json_kind_of(tag) != WICK_JSON_NUMBER || wick_json_u64(&out->tag, tag) != WICK_OK) {
        out->tag = 0;
        return refuse(why, WICK_E_MALFORMED, "'tag' is not an integer of at most 2^53");
    }
    out->has_tag = true;
    return WICK_OK;
}

static wick_status take_name(wickd_request *out, const char **why, const wick_json *root,
                             unsigned members)
{
    bool identity = (members & TAKES_IDENTITY) != 0, service = (members & TAKES_SERVICE) != 0;
    const char *text =
        wick_json_text(wick_json_member(root, identity ? "identity" : service ? "service" : "name"));
    if (text == NULL) {
        return refuse(why, WICK_E_MALFORMED,
                      identity  ? "'identity' is missing, or not a text"
                      : service ? "'service' is missing, or not a text"
                                : "'name' is missing, or not a text");
    }
    size_t len = strlen(text);
    if (len >= sizeof out->name) {
        return refuse(why, WICK_E_MALFORMED, "a name is longer than 255 characters");
    }
    memcpy(out->name, text, len + 1);
    return WICK_OK;
}

static wick_status take_protocol(wickd_request *out, const char **why, const wick_json *protocol)
{
    static const struct {
        const char *name;
        unsigned use;
    } uses[] = {{"dtls12", WICK_USE_DTLS12},
                {"tls12", WICK_USE_TLS12},
                {"tls13", WICK_USE_TLS13},
                {"psk16", WICK_USE_PSK16},
                {"srtp", WICK_USE_SRTP}};
    const char *text = wick_json_text(protocol);
    for (size_t i = 0; text != NULL && i < sizeof uses / sizeof uses[0]; i++) {
        if (strcmp(text, uses[i].name) == 0) {
            out->uses = uses[i].use;
            return WICK_OK;
        }
    }
    return refuse(why, WICK_E_MALFORMED, "'protocol' is one of dtls12, tls12, tls13, psk16, srtp");
}

/* A whole number of at most `max`. */
static bool take_number(uint64_t *out, const wick_json *value, uint64_t max)
{
    return wick_json_kind_of(value) == WICK_JSON_NUMBER && wick_json_u64(out, value) == WICK_OK &&
           *out >= 1 && *out <= max;
}

/* Where a service is. `known` counts the members that are there. */
static wick_status take_place(wickd_request *out, const char **why, size_t *known,
                              const wick_json *root)
{
    const wick_json *transport = wick_json_member(root, "transport");
    const wick_json *port = wick_json_member(root, "port");
    const wick_json *address = wick_json_member(root, "address");
    const wick_json *expires = wick_json_member(root, "expires_s");
    uint64_t number = 0;
    *known += (transport != NULL ? 1u : 0u) + (port != NULL ? 1u : 0u) +
              (address != NULL ? 1u : 0u) + (expires != NULL ? 1u : 0u);
    out->transport = WICK_PROTOCOL_UDP;
    if (transport != NULL) {
        const char *text = wick_json_text(transport);
        bool tcp = text != NULL && strcmp(text, "tcp") == 0;
        if (!tcp && (text == NULL || strcmp(text, "udp") != 0)) {
            return refuse(why, WICK_E_MALFORMED, "'transport' is udp or tcp");
        }
        out->transport = tcp ? WICK_PROTOCOL_TCP : WICK_PROTOCOL_UDP;
    }
    if (port != NULL && !take_number(&number, port, 65535)) {
        return refuse(why, WICK_E_MALFORMED, "'port' is 1 to 65535");
    }
    out->port = (uint16_t)number;
    if (address != NULL) {
        const char *text = wick_json_text(address);
        if (text == NULL || wick_addr_parse(&out->address, text, strlen(text)) != WICK_OK ||
            out->address.port == 0) {
            memset(&out->address, 0, sizeof out->address);
            return refuse(why, WICK_E_MALFORMED, "'address' is ADDRESS:PORT");
        }
    }
    number = 0;
    if (expires != NULL && !take_number(&number, expires, WICK_EXPIRY_MAX_S)) {
        return refuse(why, WICK_E_MALFORMED, "'expires_s' is 1 to 31536000");
    }
    out->expires_s = (uint32_t)number;
    return WICK_OK;
}

static wick_status take_flag(bool *out, const char **why, size_t *known, const wick_json *value,
                             const char *refusal)
{
    if (value == NULL) {
        return WICK_OK;
    }
    (*known)++;
    *out = wick_json_is_true(value);
    return wick_json_kind_of(value) == WICK_JSON_BOOL ? WICK_OK
                                                      : refuse(why, WICK_E_MALFORMED, refusal);
}

/* A session, and what is to be sent there. */
static wick_status take_datagram(wickd_request *out, const char **why, size_t *known,
                                 const wick_json *root, bool with_data)
{
    const wick_json *session = wick_json_member(root, "session");
    uint64_t number = 0;
    (*known)++;
    if (wick_json_kind_of(session) != WICK_JSON_NUMBER ||
        wick_json_u64(&number, session) != WICK_OK || number > 254) {
        return refuse(why, WICK_E_MALFORMED, "'session' is missing, or none that there can be");
    }
    out->session = (uint8_t)number;
    if (!with_data) {
        return WICK_OK;
    }
    (*known)++;
    const char *text = wick_json_text(wick_json_member(root, "data"));
    size_t len = text != NULL ? strlen(text) : 0;
    out->data_len = len > 2 ? (len - 2) / 2 : 0;
    if (len < 4 || len % 2 != 0 || out->data_len > sizeof out->data || text[0] != '0' ||
        text[1] != 'x' ||
        wick_hex_decode(out->data, out->data_len, text + 2, len - 2) != WICK_OK) {
        out->data_len = 0;
        return refuse(why, WICK_E_MALFORMED, "'data' is 0x and the hex digits of 1 to 1136 bytes");
    }
    return WICK_OK;
}

/* Members of the operation. `known` counts those that are there. */
static wick_status take_members(wickd_request *out, const char **why, size_t *known,
                                const wick_json *root)
{
    unsigned members = ops[out->op].members;
    const wick_json *protocol = wick_json_member(root, "protocol");
    const wick_json *media = wick_json_member(root, "media");
    uint64_t number = 0;
    wick_status s = WICK_OK;
    if ((members & (TAKES_NAME | TAKES_IDENTITY | TAKES_SERVICE)) != 0) {
        s = take_name(out, why, root, members);
        (*known)++;
    }
    if (s == WICK_OK && (members & MAY_PROTOCOL) != 0 && protocol != NULL) {
        s = take_protocol(out, why, protocol);
        (*known)++;
    }
    if (s == WICK_OK && out->uses == WICK_USE_SRTP) {
        /* No default: two media sessions with one number have the same master key and salt. */
        if (media == NULL) {
            return refuse(why, WICK_E_MALFORMED,
                          "srtp needs 'media': 1 to 4294967295, another one for each media session "
                          "with this peer");
        }
        (*known)++;
        s = take_number(&number, media, UINT32_MAX)
                ? WICK_OK
                : refuse(why, WICK_E_MALFORMED, "'media' is 1 to 4294967295");
        out->media = (uint32_t)number;
    }
    if (s == WICK_OK && (members & MAY_NEXT) != 0) {
        s = take_flag(&out->next, why, known, wick_json_member(root, "next"),
                      "'next' is true or false");
    }
    if (s == WICK_OK && (members & MAY_FRESH) != 0) {
        s = take_flag(&out->fresh, why, known, wick_json_member(root, "fresh"),
                      "'fresh' is true or false");
    }
    if (s == WICK_OK && (members & TAKES_SESSION) != 0) {
        s = take_datagram(out, why, known, root, (members & TAKES_DATA) != 0);
    }
    if (s == WICK_OK && (members & MAY_PLACE) != 0) {
        s = take_place(out, why, known, root);
    }
    return s;
}

wick_status wickd_request_parse(wickd_request *out, const char **why, wick_span line)
{
    const wick_json *root = NULL;
    memset(out, 0, sizeof *out);
    *why = "";
    if (line.len >= WICKD_LINE_MAX ||
        wick_json_parse(&root, (uint8_t *)arena, sizeof arena, line) != WICK_OK ||
        wick_json_kind_of(root) != WICK_JSON_OBJECT) {
        return refuse(why, WICK_E_JSON, "a line is one JSON object of at most 4095 bytes");
    }
    wick_status s = take_tag(out, why, wick_json_member(root, "tag"));
    if (s != WICK_OK) {
        return s;
    }
    out->op = find_op(wick_json_text(wick_json_member(root, "op")));
    if (out->op == WICKD_OP_NONE) {
        return refuse(why, WICK_E_UNSUPPORTED, "'op' names no operation: see \"version\"");
    }
    /* The parser refuses a member that is there twice, so counting tells of unknown ones. */
    size_t known = out->has_tag ? 2 : 1;
    s = take_members(out, why, &known, root);
    if (s == WICK_OK && wick_json_count(root) != known) {
        s = refuse(why, WICK_E_MALFORMED, "a member that this operation does not have");
    }
    return s;
}
