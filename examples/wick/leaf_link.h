/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_LEAF_LINK_H
#define WICK_LEAF_LINK_H
/*
 * What the commands of `wick leaf` share: the session of a leaf with its gateway, one question and its
 * answer at a time, until a time is up.
 *
 *     s = leaf_connect(&l);
 *     s = leaf_fetch(&l, &call);                  the body is in l.body
 *     s == WICK_OK ? show it : leaf_failed(&l, s, "key");
 *     leaf_finish(&l);
 */
#include "host.h"
#include "out.h"
#include "wick/coap_client.h"
#include "wick/leaf_answer.h"
#include "wick/port/dtls.h"

#define LEAF_BODY_MAX 65536u

typedef struct leaf {
    const cli *c;
    host h;
    wick_addr gateway, audience;
    bool small_key; /* upload: the key of 16 bytes is wanted */
    const char *name, *psk_file, *identity, *out_file, *data, *via;
    char identity_text[WICK_LEAF_IDENTITY_BYTES];
    uint64_t until_ms;
    uint8_t psk[32];
    size_t psk_len;
    wick_sock sock;
    wick_dtls_entry entry;
    wick_dtls dtls;
    wick_coap_client coap;
    wick_coap_response answer;
    uint8_t plain[WICK_DTLS_DATAGRAM_MAX];
    uint8_t body[LEAF_BODY_MAX];
    size_t body_len;
    uint64_t begin_us, bytes;
} leaf;

uint64_t leaf_now(const leaf *l);
/** DTLS with the gateway, with the key and identity of `l`. */
WICK_NODISCARD wick_status leaf_connect(leaf *l);
/** One request and its answer, in l->answer; views of it live until the next. */
WICK_NODISCARD wick_status leaf_ask(leaf *l, const wick_coap_call *call);
/** The whole body of an answer, block by block. @retval WICK_E_LEAF_REFUSED l->answer says why */
WICK_NODISCARD wick_status leaf_fetch(leaf *l, wick_coap_call *call);
/** The same into memory of the caller's. @retval WICK_E_LIMIT it has no room for it */
WICK_NODISCARD wick_status leaf_fetch_into(leaf *l, wick_coap_call *call, wick_buf *out);
/** Says what went wrong. @return exit code */
int leaf_failed(const leaf *l, wick_status s, const char *what);
/** Ends the session and wipes everything. Any state after host_open_hal(). */
void leaf_finish(leaf *l);

/* A record with the peer's id in front, and figures of the session behind. */
void leaf_put_head(const leaf *l, out_rec *o, const uint8_t peer[32], uint32_t epoch);
void leaf_put_end(const leaf *l, out_rec *o);
/** Into l->out_file. @return exit code */
int leaf_write_file(const leaf *l, const uint8_t *bytes, size_t len, bool secret);

/** wick leaf upload: the ticket in `body` goes ahead to its audience. @return exit code */
int leaf_show_upload(leaf *l, wick_span body, const uint8_t id[32]);

#endif
