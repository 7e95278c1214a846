/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_STUN_H
#define WICK_STUN_H
/*
 * STUN messages (RFC 8489) with the attributes of TURN (RFC 8656), and TURN's ChannelData framing.
 * The codec serves clients and servers alike, copies nothing and keeps no state.
 *
 * Reading gives a view: offsets into the caller's bytes, valid as long as these.
 *
 *     wick_stun_msg m;
 *     if (wick_stun_decode(&m, datagram) == WICK_OK && m.method == WICK_STUN_BINDING &&
 *         wick_stun_get_addr(&from, &m, WICK_STUN_XOR_MAPPED_ADDRESS) == WICK_OK) { ... }
 *
 * Writing appends to a wick_buf through a builder that latches errors:
 *
 *     wick_stun_build s;
 *     wick_stun_begin(&s, &buf, WICK_STUN_REFRESH, WICK_STUN_REQUEST, tid);
 *     wick_stun_put_u32(&s, WICK_STUN_LIFETIME, 600);
 *     wick_stun_put_integrity(&s, &hmac_key);      // optional, then nothing but FINGERPRINT
 *     status = wick_stun_end(&s);
 *
 * What the decoder enforces: two zero bits, magic cookie, a length that is a multiple of 4 and
 * covers the datagram exactly, attributes that end inside the message, the length of every known
 * attribute, FINGERPRINT last (RFC 8489 section 14.7). Of a repeated attribute the first counts
 * (section 14); wick_stun_next() walks all of them, for attributes that may repeat. Attributes
 * behind MESSAGE-INTEGRITY are ignored but for MESSAGE-INTEGRITY-SHA256 and FINGERPRINT (sections
 * 14.5, 14.6). Unknown comprehension-required attributes are not an error of the format: they are
 * counted in the view, and who handles the message decides. Padding is not looked at.
 *
 * Sizes: a view is 184 bytes (and never more than 256), a builder 24. No heap, no
 * tables in RAM. Stack below 256 bytes.
 */
#include "wick/base.h"
#include "wick/hmac.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WICK_STUN_HEADER_BYTES 20
#define WICK_STUN_TID_BYTES 12
#define WICK_STUN_COOKIE UINT32_C(0x2112A442)
/** Longest message that is read: offsets are 16 bits wide. */
#define WICK_STUN_MAX_BYTES 65532
#define WICK_STUN_MI_BYTES 20
#define WICK_STUN_MI_SHA256_BYTES 32

typedef enum wick_stun_class {
    WICK_STUN_REQUEST = 0,
    WICK_STUN_INDICATION = 1,
    WICK_STUN_SUCCESS = 2,
    WICK_STUN_ERROR = 3
} wick_stun_class;

/** Methods are 12 bits wide; these are the ones in use. */
enum {
    WICK_STUN_BINDING = 0x001,
    WICK_STUN_ALLOCATE = 0x003,
    WICK_STUN_REFRESH = 0x004,
    WICK_STUN_SEND = 0x006,
    WICK_STUN_DATA = 0x007,
    WICK_STUN_CREATE_PERMISSION = 0x008,
    WICK_STUN_CHANNEL_BIND = 0x009
};

/** Known attributes. The value is an index into the view, not the number on the wire
 *  (wick_stun_attr_type()). */
typedef enum wick_stun_attr {
    WICK_STUN_MAPPED_ADDRESS = 0,
    WICK_STUN_CHANGE_REQUEST,
    WICK_STUN_USERNAME,
    WICK_STUN_MESSAGE_INTEGRITY,
    WICK_STUN_ERROR_CODE,
    WICK_STUN_UNKNOWN_ATTRIBUTES,
    WICK_STUN_CHANNEL_NUMBER,
    WICK_STUN_LIFETIME,
    WICK_STUN_XOR_PEER_ADDRESS,
    WICK_STUN_DATA_ATTR,
    WICK_STUN_REALM,
    WICK_STUN_NONCE,
    WICK_STUN_XOR_RELAYED_ADDRESS,
    WICK_STUN_REQUESTED_ADDRESS_FAMILY,
    WICK_STUN_EVEN_PORT,
    WICK_STUN_REQUESTED_TRANSPORT,
    WICK_STUN_DONT_FRAGMENT,
    WICK_STUN_MESSAGE_INTEGRITY_SHA256,
    WICK_STUN_PASSWORD_ALGORITHM,
    WICK_STUN_USERHASH,
    WICK_STUN_XOR_MAPPED_ADDRESS,
    WICK_STUN_RESERVATION_TOKEN,
    WICK_STUN_PADDING,
    WICK_STUN_RESPONSE_PORT,
    WICK_STUN_CONNECTION_ID,
    /* comprehension-optional from here on */
    WICK_STUN_ADDITIONAL_ADDRESS_FAMILY,
    WICK_STUN_ADDRESS_ERROR_CODE,
    WICK_STUN_PASSWORD_ALGORITHMS,
    WICK_STUN_ALTERNATE_DOMAIN,
    WICK_STUN_ICMP,
    WICK_STUN_SOFTWARE,
    WICK_STUN_ALTERNATE_SERVER,
    WICK_STUN_FINGERPRINT,
    WICK_STUN_RESPONSE_ORIGIN,
    WICK_STUN_OTHER_ADDRESS,
    WICK_STUN_MOBILITY_TICKET,
    WICK_STUN_ATTRS
} wick_stun_attr;

#define WICK_STUN_UNKNOWN_MAX 8

/** View of one message. Read `method`, `cls`, `unknown*`; the rest through the functions. */
typedef struct wick_stun_msg {
    const uint8_t *ptr;  /* the message */
    uint64_t present;    /* bit per wick_stun_attr */
    uint16_t len;        /* of the message, bytes */
    uint16_t method;     /* 0x000..0xFFF */
    uint8_t cls;         /* wick_stun_class */
    uint8_t unknown_count; /* comprehension-required and unknown; counts beyond the array, to 255 */
    uint16_t unknown[WICK_STUN_UNKNOWN_MAX];
    struct {
        uint16_t off;
        uint16_t len;
    } attr[WICK_STUN_ATTRS]; /* only where `present` says so */
} wick_stun_msg;

/** True for a datagram that can only be STUN: both first bits zero, cookie, enough bytes. For
 *  telling STUN from other protocols on one socket (RFC 8489 section 8). */
bool wick_stun_is(wick_span in);

/**
 * Reads one whole message (one datagram).
 * @param[out] m    the view; empty (no attribute, method 0) on error
 * @param[in]  in   the datagram; must outlive the view
 * @retval WICK_OK                it is well formed
 * @retval WICK_E_TRUNCATED       shorter than its header or its length field says
 * @retval WICK_E_TRAILING        longer than its length field says
 * @retval WICK_E_STUN_COOKIE     no STUN message at all
 * @retval WICK_E_LIMIT           longer than WICK_STUN_MAX_BYTES
 * @retval WICK_E_MALFORMED       length not a multiple of 4, an attribute that leaves the message or
 *                                has a length it cannot have, or one behind FINGERPRINT
 */
WICK_NODISCARD wick_status wick_stun_decode(wick_stun_msg *m, wick_span in);

static inline bool wick_stun_has(const wick_stun_msg *m, wick_stun_attr attr)
{
    return ((m->present >> (unsigned)attr) & 1u) != 0;
}

/** Transaction id: WICK_STUN_TID_BYTES bytes of the input. */
static inline const uint8_t *wick_stun_tid(const wick_stun_msg *m)
{
    return m->ptr + 8;
}

/** Value without padding; {NULL, 0} if absent, a non-NULL pointer if present and empty. */
wick_span wick_stun_get(const wick_stun_msg *m, wick_stun_attr attr);

/** A 32-bit value: LIFETIME, FINGERPRINT ... @retval WICK_E_NOT_FOUND absent
 *  @retval WICK_E_BAD_ARG not an attribute of 4 bytes */
WICK_NODISCARD wick_status wick_stun_get_u32(uint32_t *out, const wick_stun_msg *m,
                                             wick_stun_attr attr);

/**
 * An address attribute, un-XORed where it is a XOR- one (RFC 8489 sections 14.1, 14.2).
 * @retval WICK_E_NOT_FOUND absent  @retval WICK_E_MALFORMED family and length do not agree
 * @retval WICK_E_UNSUPPORTED a family other than IPv4 and IPv6
 */
WICK_NODISCARD wick_status wick_stun_get_addr(wick_addr *out, const wick_stun_msg *m,
                                              wick_stun_attr attr);
/** The same for a value that wick_stun_next() gave. `attr` says whether it is XORed. */
WICK_NODISCARD wick_status wick_stun_read_addr(wick_addr *out, wick_span value,
                                               const wick_stun_msg *m, wick_stun_attr attr);

/**
 * ERROR-CODE (RFC 8489 section 14.8).
 * @param[out] code    300..699
 * @param[out] reason  view of the phrase, may be NULL
 * @retval WICK_E_NOT_FOUND absent  @retval WICK_E_MALFORMED class or number out of range
 */
WICK_NODISCARD wick_status wick_stun_get_error(uint16_t *code, wick_span *reason,
                                               const wick_stun_msg *m);

/** Walks all attributes in order, also repeated, ignored and unknown ones. */
typedef struct wick_stun_walk {
    uint16_t type;   /* as on the wire */
    wick_span value; /* without padding */
    uint16_t pos;    /* private: offset of the next one; start with 0 */
} wick_stun_walk;
bool wick_stun_next(wick_stun_walk *walk, const wick_stun_msg *m);

/** ADDRESS-ERROR-CODE (RFC 8656 section 18.15): which family was refused, and why.
 *  @param[out] family 1 IPv4, 2 IPv6
 *  @retval WICK_E_NOT_FOUND absent  @retval WICK_E_MALFORMED class or number out of range */
WICK_NODISCARD wick_status wick_stun_get_address_error(uint8_t *family, uint16_t *code,
                                                       const wick_stun_msg *m);

/** ICMP (RFC 8656 section 18.13): a type of 7 and a code of 9 bits, as the figure there has them.
 *  @retval WICK_E_NOT_FOUND absent */
WICK_NODISCARD wick_status wick_stun_get_icmp(uint8_t *type, uint16_t *code, uint32_t *data,
                                              const wick_stun_msg *m);

/** Security features of a nonce (RFC 8489 section 9.2, bits counted from the right as its erratum
 *  6290 says). */
enum {
    WICK_STUN_FEATURE_PASSWORD_ALGORITHMS = 1u << 0,
    WICK_STUN_FEATURE_USERNAME_ANONYMITY = 1u << 1
};
#define WICK_STUN_COOKIE_TEXT "obMatJos2"
#define WICK_STUN_COOKIE_CHARS 13 /* with the features */
/** Features that a nonce announces: 24 bits, 0 without the nonce cookie. The two that are defined
 *  count at either end of the 24 bits, as the RFC's text and its erratum have them. */
uint32_t wick_stun_nonce_features(wick_span nonce);
/** Writes nonce cookie and features, for servers: WICK_STUN_COOKIE_CHARS characters, no zero. */
void wick_stun_nonce_cookie(uint8_t out[WICK_STUN_COOKIE_CHARS], uint32_t features);

/** Password algorithms (RFC 8489 section 18.5). */
enum { WICK_STUN_MD5 = 1, WICK_STUN_SHA256 = 2 };

/** One entry of PASSWORD-ALGORITHMS, or the value of PASSWORD-ALGORITHM. */
typedef struct wick_stun_algorithm {
    uint16_t number;
    wick_span parameters; /* view; empty for those that are defined */
} wick_stun_algorithm;
/** Takes the next entry off the front of `*list`.
 *  @retval WICK_OK  @retval WICK_E_NOT_FOUND the list is empty
 *  @retval WICK_E_MALFORMED it ends inside an entry; `*list` is empty then */
WICK_NODISCARD wick_status wick_stun_next_algorithm(wick_stun_algorithm *out, wick_span *list);

/** Number on the wire. */
uint16_t wick_stun_attr_type(wick_stun_attr attr);
/** Index of a number on the wire, WICK_STUN_ATTRS if unknown. */
wick_stun_attr wick_stun_attr_of(uint16_t type);
/** "XOR-PEER-ADDRESS"; "UNKNOWN" for what is not known. Never NULL. */
const char *wick_stun_attr_name(uint16_t type);
/** "Allocate"; "Unknown" for others. */
const char *wick_stun_method_name(uint16_t method);

/**
 * MESSAGE-INTEGRITY (HMAC-SHA1, RFC 8489 section 14.5) against a cached key. Constant time.
 * @param[in] key   begun with WICK_HASH_SHA1 for MESSAGE-INTEGRITY
 * @retval WICK_OK                  right
 * @retval WICK_E_STUN_INTEGRITY    absent or wrong
 * @retval WICK_E_BAD_ARG           key of another hash
 * @retval others                   of wick_hmac_verify()
 */
WICK_NODISCARD wick_status wick_stun_check_integrity(const wick_stun_msg *m,
                                                     const wick_hmac_key *key);
/** MESSAGE-INTEGRITY-SHA256 (section 14.6), truncated forms of 16..32 bytes included; key begun with
 *  WICK_HASH_SHA256. Results as above. */
WICK_NODISCARD wick_status wick_stun_check_integrity_sha256(const wick_stun_msg *m,
                                                            const wick_hmac_key *key);
/** @retval WICK_OK right  @retval WICK_E_NOT_FOUND absent  @retval WICK_E_STUN_FINGERPRINT wrong */
WICK_NODISCARD wick_status wick_stun_check_fingerprint(const wick_stun_msg *m);

/* ---- writing ---- */

typedef struct wick_stun_build {
    wick_buf *buf;
    size_t start; /* of this message in buf */
    wick_status status;
} wick_stun_build;

/** Appends a header. A buf with ptr NULL measures the whole message. */
void wick_stun_begin(wick_stun_build *s, wick_buf *buf, uint16_t method, wick_stun_class cls,
                     const uint8_t tid[WICK_STUN_TID_BYTES]);
/** Appends a value of any length up to 65,000, padded with zeros. */
void wick_stun_put(wick_stun_build *s, wick_stun_attr attr, wick_span value);
/** The same for an attribute given by its number on the wire. */
void wick_stun_put_raw(wick_stun_build *s, uint16_t type, wick_span value);
void wick_stun_put_u32(wick_stun_build *s, wick_stun_attr attr, uint32_t value);
/** Address; XORed where the attribute asks for it. An IPv4-mapped address is written as IPv4. */
void wick_stun_put_addr(wick_stun_build *s, wick_stun_attr attr, const wick_addr *addr);
/** ERROR-CODE with code 300..699 and a phrase (may be empty). */
void wick_stun_put_error(wick_stun_build *s, uint16_t code, const char *reason);
/** MESSAGE-INTEGRITY over what was put so far; key as for wick_stun_check_integrity(). */
void wick_stun_put_integrity(wick_stun_build *s, const wick_hmac_key *key);
/** MESSAGE-INTEGRITY-SHA256, full length. */
void wick_stun_put_integrity_sha256(wick_stun_build *s, const wick_hmac_key *key);
/** REQUESTED-ADDRESS-FAMILY or ADDITIONAL-ADDRESS-FAMILY: 1 IPv4, 2 IPv6. */
void wick_stun_put_family(wick_stun_build *s, wick_stun_attr attr, uint8_t family);
/** ADDRESS-ERROR-CODE of a family. */
void wick_stun_put_address_error(wick_stun_build *s, uint8_t family, uint16_t code,
                                 const char *reason);
/** ICMP: type 0..127, code 0..511. */
void wick_stun_put_icmp(wick_stun_build *s, uint8_t type, uint16_t code, uint32_t data);
/** EVEN-PORT; `reserve` also the next higher port. */
void wick_stun_put_even_port(wick_stun_build *s, bool reserve);
/** PASSWORD-ALGORITHM of an algorithm without parameters. */
void wick_stun_put_algorithm(wick_stun_build *s, uint16_t number);
/** UNKNOWN-ATTRIBUTES: those that the decoder counted in `m` (RFC 8489 section 14.9). */
void wick_stun_put_unknown(wick_stun_build *s, const wick_stun_msg *m);
/** FINGERPRINT; nothing may follow. */
void wick_stun_put_fingerprint(wick_stun_build *s);
/**
 * Writes the length field and gives the first error.
 * @retval WICK_OK          the message is in buf  @retval WICK_E_NO_SPACE  buf.len says how much
 * @retval WICK_E_BAD_ARG   a value that cannot be written  @retval others  of wick_hmac_finish()
 */
WICK_NODISCARD wick_status wick_stun_end(wick_stun_build *s);

/* ---- ChannelData (RFC 8656 section 12.4) ---- */

#define WICK_CHANNEL_MIN 0x4000
#define WICK_CHANNEL_MAX 0x4FFF
#define WICK_CHANNELDATA_HEADER_BYTES 4

typedef struct wick_channeldata {
    uint16_t channel;
    wick_span data; /* view into the input */
} wick_channeldata;

/**
 * Reads one datagram. Padding to a multiple of 4 may follow.
 * @retval WICK_E_UNSUPPORTED channel outside 0x4000..0x4FFF: another protocol, or reserved
 * @retval WICK_E_TRUNCATED   shorter than its length says
 * @retval WICK_E_TRAILING    more follows than padding
 */
WICK_NODISCARD wick_status wick_channeldata_decode(wick_channeldata *out, wick_span in);

/** The same for a stream: padded with zeros to a multiple of 4 (RFC 8656 section 12.5). */
WICK_NODISCARD wick_status wick_channeldata_encode_stream(wick_buf *buf, uint16_t channel,
                                                          wick_span data);

/** Appends header and data, without padding (datagram transport).
 *  @retval WICK_E_BAD_ARG channel out of range, or more than 65,535 bytes
 *  @retval WICK_E_NO_SPACE buf.len says how much; nothing else written */
WICK_NODISCARD wick_status wick_channeldata_encode(wick_buf *buf, uint16_t channel, wick_span data);

/** Writes the 4-byte header in front of data that is already in place. */
static inline void wick_channeldata_head(uint8_t out[WICK_CHANNELDATA_HEADER_BYTES],
                                         uint16_t channel, uint16_t len)
{
    wick_store_be16(out, channel);
    wick_store_be16(out + 2, len);
}

#ifdef __cplusplus
}
#endif
#endif
