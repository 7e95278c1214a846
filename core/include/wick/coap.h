/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_COAP_H
#define WICK_COAP_H
/*
 * CoAP messages (RFC 7252), and what a request and a response ask for and say. The codec takes one
 * datagram and copies nothing; exchanges are in wick/coap_server.h and wick/coap_client.h.
 *
 *     wick_coap_msg m;
 *     wick_coap_request r;
 *     if (wick_coap_decode(&m, datagram) == WICK_OK && wick_coap_is_request(&m)) {
 *         uint8_t refused = wick_coap_request_read(&r, &m);     // 0, or 4.02, 5.05 ...
 *         if (wick_coap_path_is(&r, "dpk/key") && wick_coap_query(&peer, &r, "peer")) { ... }
 *     }
 *
 *     wick_coap_build b;
 *     wick_coap_begin(&b, &buf, WICK_COAP_CON, WICK_COAP_GET, id, token);
 *     wick_coap_put(&b, WICK_COAP_URI_PATH, wick_span_text("dpk"));
 *     s = wick_coap_end(&b);
 *
 * It is a subset for a gateway and its leaves, and a strict one: no proxying, no observing, no
 * multicast; of RFC 7959 the second half (Block2: answers longer than a datagram) and the first as
 * far as refusing it. Options are ascending, each length and code is one that the RFCs allow, a
 * marker has a payload behind it. What is critical and not known is refused (section 5.4.1), what
 * is elective and not known is skipped. 0 bytes of RAM beside the structs; stack below 200 bytes.
 */
#include "wick/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WICK_COAP_VERSION 1
#define WICK_COAP_HEADER_BYTES 4
#define WICK_COAP_TOKEN_MAX 8
/** Longest Echo (RFC 9175 section 2.2.1). */
#define WICK_COAP_ECHO_MAX 40
/** Largest block: 1024 bytes (RFC 7959 section 2.2), and its size exponent. */
#define WICK_COAP_SZX_MAX 6

/** Section 3. */
typedef enum wick_coap_type {
    WICK_COAP_CON = 0,
    WICK_COAP_NON = 1,
    WICK_COAP_ACK = 2,
    WICK_COAP_RST = 3
} wick_coap_type;

/** 4.04 is WICK_COAP_CODE(4, 4). */
#define WICK_COAP_CODE(c, detail) ((uint8_t)((unsigned)(c) << 5 | (unsigned)(detail)))
#define WICK_COAP_CLASS(code) ((unsigned)(code) >> 5)
#define WICK_COAP_DETAIL(code) ((unsigned)(code) & 31u)

enum { /* section 12.1 */
    WICK_COAP_EMPTY = 0,
    WICK_COAP_GET = 1,
    WICK_COAP_POST = 2,
    WICK_COAP_PUT = 3,
    WICK_COAP_DELETE = 4,
    WICK_COAP_CREATED = 65,            /* 2.01 */
    WICK_COAP_VALID = 67,              /* 2.03 */
    WICK_COAP_CHANGED = 68,            /* 2.04 */
    WICK_COAP_CONTENT = 69,            /* 2.05 */
    WICK_COAP_BAD_REQUEST = 128,       /* 4.00 */
    WICK_COAP_UNAUTHORIZED = 129,      /* 4.01 */
    WICK_COAP_BAD_OPTION = 130,        /* 4.02 */
    WICK_COAP_FORBIDDEN = 131,         /* 4.03 */
    WICK_COAP_NOT_FOUND = 132,         /* 4.04 */
    WICK_COAP_METHOD = 133,            /* 4.05 */
    WICK_COAP_NOT_ACCEPTABLE = 134,    /* 4.06 */
    WICK_COAP_INCOMPLETE = 136,        /* 4.08, RFC 7959 */
    WICK_COAP_TOO_LARGE = 141,         /* 4.13 */
    WICK_COAP_CONTENT_FORMAT_NO = 143, /* 4.15 */
    WICK_COAP_INTERNAL = 160,          /* 5.00 */
    WICK_COAP_UNIMPLEMENTED = 161,     /* 5.01 */
    WICK_COAP_BAD_GATEWAY = 162,       /* 5.02 */
    WICK_COAP_UNAVAILABLE = 163,       /* 5.03 */
    WICK_COAP_GATEWAY_TIMEOUT = 164,   /* 5.04 */
    WICK_COAP_NO_PROXY = 165           /* 5.05 */
};

enum { /* options: section 12.2, RFC 7959 and RFC 9175 */
    WICK_COAP_IF_MATCH = 1,
    WICK_COAP_URI_HOST = 3,
    WICK_COAP_ETAG = 4,
    WICK_COAP_IF_NONE_MATCH = 5,
    WICK_COAP_URI_PORT = 7,
    WICK_COAP_LOCATION_PATH = 8,
    WICK_COAP_URI_PATH = 11,
    WICK_COAP_CONTENT_FORMAT = 12,
    WICK_COAP_MAX_AGE = 14,
    WICK_COAP_URI_QUERY = 15,
    WICK_COAP_ACCEPT = 17,
    WICK_COAP_LOCATION_QUERY = 20,
    WICK_COAP_BLOCK2 = 23,
    WICK_COAP_BLOCK1 = 27,
    WICK_COAP_SIZE2 = 28,
    WICK_COAP_PROXY_URI = 35,
    WICK_COAP_PROXY_SCHEME = 39,
    WICK_COAP_SIZE1 = 60,
    WICK_COAP_ECHO = 252 /* RFC 9175 section 2 */
};

enum { /* content formats, section 12.3 */
    WICK_COAP_TEXT = 0,
    WICK_COAP_OCTETS = 42
};

/** A message: views into the datagram. */
typedef struct wick_coap_msg {
    wick_coap_type type;
    uint8_t code;
    uint16_t id;
    uint8_t token_len;
    uint8_t token[WICK_COAP_TOKEN_MAX];
    wick_span options; /* as they are on the wire, found sound */
    wick_span payload; /* empty: none */
} wick_coap_msg;

/**
 * Reads one datagram.
 * @retval WICK_OK
 * @retval WICK_E_UNSUPPORTED  another version, to be ignored (section 3)
 * @retval WICK_E_TRUNCATED    shorter than it says
 * @retval WICK_E_MALFORMED    a format error of section 3, a reserved code, or a code that does not go
 *                             with the type (table 1); a CON is to be answered by RST
 * @retval others than OK      `m` is zeroed, but for type and id where the header is there
 */
WICK_NODISCARD wick_status wick_coap_decode(wick_coap_msg *m, wick_span datagram);

static inline bool wick_coap_is_request(const wick_coap_msg *m)
{
    return m->code != WICK_COAP_EMPTY && WICK_COAP_CLASS(m->code) == 0;
}
static inline bool wick_coap_is_response(const wick_coap_msg *m)
{
    return WICK_COAP_CLASS(m->code) >= 2;
}

typedef struct wick_coap_option {
    uint16_t number;
    wick_span value;
} wick_coap_option;

/** Walks the options of a message that was decoded. @param[in,out] rest  m->options at first
 *  @param[in,out] out  zeroed at first: numbers count on from it  @return false: there is no other */
bool wick_coap_next(wick_coap_option *out, wick_span *rest);

/* ---- writing ---- */

/** A message being written; latches the first error. Private. */
typedef struct wick_coap_build {
    wick_buf *out;
    uint16_t number;
    bool payload;
    wick_status status;
} wick_coap_build;

/** @param[in] token  at most WICK_COAP_TOKEN_MAX bytes */
void wick_coap_begin(wick_coap_build *b, wick_buf *out, wick_coap_type type, uint8_t code,
                     uint16_t id, wick_span token);
/** Options come in ascending order. */
void wick_coap_put(wick_coap_build *b, uint16_t number, wick_span value);
/** The same with an integer, in as few bytes as it needs (section 3.2). */
void wick_coap_put_uint(wick_coap_build *b, uint16_t number, uint32_t value);
/** One option for each piece of `text` between the separators: "dpk/key" by '/', "a=1&b=2" by '&'. */
void wick_coap_put_list(wick_coap_build *b, uint16_t number, wick_span text, char separator);
/** Nothing is written for an empty payload; nothing may follow. */
void wick_coap_put_payload(wick_coap_build *b, wick_span payload);
/** @retval WICK_OK  @retval WICK_E_NO_SPACE  @retval WICK_E_BAD_ARG order, token or length */
WICK_NODISCARD wick_status wick_coap_end(const wick_coap_build *b);

/* ---- what options say ---- */

/** Block2 or Block1, RFC 7959 section 2.2. */
typedef struct wick_coap_block {
    bool given, more;
    uint8_t szx;  /* block size is 16 << szx */
    uint32_t num; /* below 2^20 */
} wick_coap_block;

/** Value of a block option. */
uint32_t wick_coap_block_value(const wick_coap_block *b);

/** A request. Views into the datagram. */
typedef struct wick_coap_request {
    uint8_t method;
    bool has_content_format, has_accept;
    uint8_t path_count, query_count;
    uint16_t content_format, accept;
    wick_coap_block block2;
    wick_span path[WICK_COAP_SEGMENTS_MAX];
    wick_span query[WICK_COAP_SEGMENTS_MAX];
    wick_span echo; /* empty: none */
    wick_span payload;
} wick_coap_request;

/**
 * Reads the options of a request.
 * @return 0, or the code to refuse it with: 4.02 for a critical option that is unknown, of a wrong
 *         length or given twice; 4.13 for a body in blocks; 5.05 for what a proxy would do; 4.00 for
 *         more segments or queries than there is room for, or a Block2 that no one may send. An
 *         elective option of these kinds is skipped (sections 5.4.1, 5.4.3 and 5.4.5)
 */
uint8_t wick_coap_request_read(wick_coap_request *r, const wick_coap_msg *m);

/** Is its path this one, "dpk/key"? */
bool wick_coap_path_is(const wick_coap_request *r, const char *path);
/** Value of the query KEY=value. @return false: not there, or there twice */
bool wick_coap_query(wick_span *value, const wick_coap_request *r, const char *key);

/** A response. */
typedef struct wick_coap_response {
    uint8_t code;
    bool has_content_format, has_max_age;
    uint8_t etag_len;
    uint8_t etag[8];
    uint16_t content_format;
    uint32_t max_age_s; /* 60 if not given (section 5.10.5) */
    wick_coap_block block2;
    wick_span echo; /* read alone: what a server wants to see again; empty: none */
    wick_span payload;
} wick_coap_response;

/** Reads the options of a response. @retval WICK_E_COAP_OPTION a critical option that is unknown, of a
 *  wrong length or given twice: the response is to be rejected (section 5.4.1) */
WICK_NODISCARD wick_status wick_coap_response_read(wick_coap_response *r, const wick_coap_msg *m);

/** Gives the block of `body` that a request asks for, the first one where it names none: sets payload
 *  and block2 of `r`. @return 0, or 4.00: there is no such block */
uint8_t wick_coap_slice(wick_coap_response *r, const wick_coap_request *q, wick_span body);

#ifdef __cplusplus
}
#endif
#endif
