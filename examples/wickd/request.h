/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICKD_REQUEST_H
#define WICKD_REQUEST_H
/*
 * Protocol of wickd's socket, version 1.
 *
 * A stream socket in the file system, [wickd] socket, else wickd.sock in the store_dir; mode 0600,
 * and only processes of the daemon's own user and of root are heard (SO_PEERCRED). Either side sends
 * one JSON object per line. A request has at most WICKD_LINE_MAX bytes with its line end and names
 * an operation:
 *
 *     {"op":"lookup","name":"gw-b","tag":7}
 *
 * `tag`, an integer of at most 2^53, is optional and comes back in the answer. Members that the
 * operation does not have are refused, because a misspelt option that is skipped is found in the
 * field. Answers come in the order of the requests, one at a time; a client may send its next
 * requests before, they wait. An answer, like every line of `wick --json`, is
 *
 *     {"ok":true,"op":"lookup","tag":7, ...}
 *     {"ok":false,"op":"lookup","tag":7,"code":"RECORD_ABSENT","error":"...","remedy":"..."}
 *
 * with `code` as in wick/status.h, lower-case 0x hex, and integers above 2^53 as text.
 *
 *   op           members    answer
 *   version      -          version, protocol, the names of all operations
 *   status       -          identity, what is reached and what is not, path, chains, nodes, counters
 *   lookup       name       NAME[/SERVICE][@REGISTRY]: the record, proven: device words, endpoints,
 *                           tier, block, age_s, and grace: served from memory because no newer
 *                           header can be had
 *   get_peer_key name       the peer's public key from its proven record, with epoch, tier, block
 *   get_psk      name, protocol, next, media, fresh
 *                           a fresh PSK shared with the peer, for a client of this side: identity, psk,
 *                           peer. `protocol`: dtls12 (default), tls12, tls13, psk16, srtp. `next` true:
 *                           the successor of the one given before. `fresh` true: of a new
 *                           handshake, for the peer may have lost its side. Answered when that is over.
 *                           srtp: `keys` of media session `media` for SRTP_AEAD_AES_128_GCM, in the order
 *                           of RFC 5764 section 4.2; `media` must be given, another one for each media
 *                           session: each number is given once under one key (MEDIA_USED); `next`
 *                           or `fresh` makes another key
 *   find_psk     identity, protocol, media
 *                           whose PSK it is that a client showed to a server of this side; `protocol`
 *                           none: any. srtp: keys of the session that an identity names
 *   service_publish   service, transport, port, address, expires_s
 *                           a service of its own in the record (wick/service.h); `transport` udp
 *                           (default) or tcp; event "service" tells when it is proven
 *   service_unpublish service
 *   service_list -          services and where they lead
 *   connect      name, fresh
 *                           a session with the peer, for this client: look-up, handshake and DTLS are the
 *                           daemon's. Answered when DTLS is up: session, peer, suite, and the time of each
 *                           part. `fresh` true: the record is read anew, whatever is remembered of it. Ends
 *                           with the client, or by "close"
 *   listen       -          sessions that peers begin are this client's from now on (one client at a time):
 *                           event "open" for each
 *   send         session, data
 *                           one datagram, 0x hex, 1 to 1136 bytes; AGAIN: the one before is not out yet
 *   close        session    ends a session of this client
 *                           What comes in its sessions is told to this client alone:
 *                           {"ok":true,"event":"data","session":0,"data":"0x.."}, "moved", and at the end
 *                           {"event":"closed","session":0}, with a `code` where it was not closed by an end
 *   light        -          heads: one item for each chain and tier
 *   sessions     -          sessions with peers
 *   metrics      -          text: all figures in the text format of Prometheus
 *   subscribe    -          from now on events come between answers: {"ok":true,"event":"path", ...}
 *   unsubscribe  -
 *   reload       -          reads wick.conf again, as SIGHUP does
 *
 * A client that does not read loses events, never answers: {"ok":true,"event":"lost","count":3} says
 * how many. One that stops within a line, or does not take its answers, is turned away after
 * WICKD_STALL_MS; one that is silent, after WICKD_IDLE_MS, or earlier if others want its place.
 */
#include <stdbool.h>

#include "wick/base.h"
#include "wick/port/dtls.h"
#include "wick/port/json.h"

#define WICKD_PROTOCOL 1
#define WICKD_LINE_MAX 4096
#define WICKD_DATA_MAX WICK_DTLS_WRITE_MAX /* of "send" */
#define WICKD_STALL_MS 10000u
#define WICKD_IDLE_MS 120000u

typedef enum wickd_op {
    WICKD_OP_NONE = 0,
    WICKD_OP_VERSION,
    WICKD_OP_STATUS,
    WICKD_OP_LOOKUP,
    WICKD_OP_LIGHT,
    WICKD_OP_SESSIONS,
    WICKD_OP_PATH,
    WICKD_OP_METRICS,
    WICKD_OP_SUBSCRIBE,
    WICKD_OP_UNSUBSCRIBE,
    WICKD_OP_RELOAD,
    WICKD_OP_GET_PEER_KEY,
    WICKD_OP_GET_PSK,
    WICKD_OP_FIND_PSK,
    WICKD_OP_SERVICE_PUBLISH,
    WICKD_OP_SERVICE_UNPUBLISH,
    WICKD_OP_SERVICE_LIST,
    WICKD_OP_CONNECT,
    WICKD_OP_LISTEN,
    WICKD_OP_SEND,
    WICKD_OP_CLOSE,
    WICKD_OPS
} wickd_op;

typedef struct wickd_request {
    wickd_op op;
    bool has_tag;
    uint64_t tag; /* at most 2^53 */
    char name[256]; /* of the operations that take one: name, identity or service */
    unsigned uses;  /* OR of wick_session_use, as `protocol` says */
    bool next;
    uint32_t media; /* number of an SRTP session */
    uint8_t transport; /* WICK_PROTOCOL_* */
    uint16_t port;
    wick_addr address; /* port 0: none was given */
    uint32_t expires_s; /* 0: none was given */
    bool fresh;
    uint8_t session;
    size_t data_len;
    uint8_t data[WICKD_DATA_MAX];
} wickd_request;

/** Name of an operation; "" for WICKD_OP_NONE. */
const char *wickd_op_str(wickd_op op);

/**
 * Reads one line without its line end.
 * @param[out] out  op and tag also where the request is refused, as far as they were understood
 * @param[out] why  a static text for people, with its full stop left out
 * @retval WICK_OK
 * @retval WICK_E_JSON         not one JSON object
 * @retval WICK_E_UNSUPPORTED  no such operation
 * @retval WICK_E_MALFORMED    a member is missing, unknown or of another type
 */
WICK_NODISCARD wick_status wickd_request_parse(wickd_request *out, const char **why,
                                               wick_span line);

#endif
