/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PORT_HTTPS_H
#define WICK_PORT_HTTPS_H
/*
 * TLS with certificates, 1.2 and 1.3, over a non-blocking stream socket: what stands under an https
 * URL (used through wick/port/http.h), and the sessions of services whose key stands in a record.
 *
 *     wick_https_trust trust = {.entropy = &entropy, .clock = &clock, .ca_file = "/etc/wick/ca.pem"};
 *     s = wick_https_start(&t, &trust, &net, sock, "node.example");
 *     while ((s = wick_https_poll(&t)) == WICK_AGAIN) { wait for the socket }
 *     n = wick_https_write(&t, bytes);
 *     n = wick_https_read(&t, buf, cap);
 *
 * A server is believed if its chain ends in a certificate of the CA file and names the host (RFC 9525:
 * DNS name, or the address where the URL has one), or if SHA-256 of its public key (SPKI) is the one
 * pinned; where both are given, both must hold. A pinned key needs no name, no issuer and no clock. A
 * chain needs a clock, as it has a validity.
 *
 * A service of a device shows a certificate of its own making (wick/port/tls_identity.h), and its
 * callers pin what its record says: nobody else vouches for it. Where operators want both, chain and
 * CA, they give both. A service that wants to know its callers asks them for certificates:
 *
 *     wick_https_trust trust = {.entropy = &entropy, .own = &identity, .ask = true};
 *     s = wick_https_accept(&t, &trust, &net, sock);              // up as above
 *     if (wick_https_peer_key(&t, hash32)) { whose record has this TLS word? }
 *
 * or, where it knows who is to come, pins the caller's key. `own` of a client is what it shows then.
 *
 * The CA file is PEM, of any size: it is searched for the issuer at hand while the handshake runs, so
 * a bundle of 150 CAs takes no memory. One certificate is at most WICK_HTTPS_CERT_MAX bytes.
 *
 * Suites: ECDHE with AES-GCM or ChaCha20-Poly1305; no resumption, no renegotiation, no early data.
 *
 * Sizes (64-bit): wick_https 5.5 KB, and up to 50 KB from the pool, of which 56 KB
 * must be free (wick_mbedtls_pool_reserve()).
 */
#include "wick/base.h"
#include "wick/hal/clock.h"
#include "wick/hal/entropy.h"
#include "wick/hal/net.h"
#include "wick/port/tls_identity.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Largest certificate of a CA file, as DER. */
#ifndef WICK_HTTPS_CERT_MAX
#define WICK_HTTPS_CERT_MAX 4096
#endif
/* Room for the TLS library's structures. Checked at compile time. */
#define WICK_HTTPS_LIB_BYTES 1280

/** What a server must show. All pointers are kept while connections run. */
typedef struct wick_https_trust {
    const wick_hal_entropy *entropy;
    const wick_hal_clock *clock; /* needed with ca_file; only unix_s is used */
    const char *ca_file;         /* PEM; NULL: none */
    const uint8_t *pin32;        /* SHA-256 of the server's SPKI; NULL: none */
    wick_tls_identity *own;      /* what this side shows; NULL: nothing (a server needs one) */
    bool ask; /* server: a caller must show a certificate, any; with pin32 or ca_file one that fits */
} wick_https_trust;

typedef struct wick_https { /* private */
    uint64_t lib[WICK_HTTPS_LIB_BYTES / 8];
    const wick_https_trust *trust;
    const wick_hal_net *net;
    wick_sock sock;
    char host[128];
    uint8_t address[16]; /* where the host is a literal */
    uint8_t address_len;
    uint8_t state;
    uint32_t quiet; /* bytes that came since there was progress */
    size_t owed;    /* bytes that the last write was told of, where it said AGAIN */
    uint8_t peer_key[32]; /* SHA-256 of the SPKI of the certificate that came */
    bool server, peer_shown;
    bool made, charged, wants_write, net_failed, entropy_failed, pinned;
    wick_status refused; /* why the certificate was not taken */
    uint32_t faults;     /* of its chain, as the library's flags */
    uint8_t der[WICK_HTTPS_CERT_MAX];
} wick_https;

/**
 * Begins. The socket stays the caller's to close; `t` must stay where it is.
 * @param[in] host  as in the URL, an IPv6 literal without its brackets
 * @retval WICK_OK
 * @retval WICK_E_TRUST_ANCHOR neither CA file nor pin, or a CA file without a clock to go with it
 * @retval WICK_E_POOL         no room for another session: try again when one has ended
 * @retval WICK_E_ENTROPY
 */
WICK_NODISCARD wick_status wick_https_start(wick_https *t, const wick_https_trust *trust,
                                            const wick_hal_net *net, wick_sock sock,
                                            const char *host);

/**
 * Begins as the server, on a connection that was accepted. Without `ask`, pin32 and ca_file nobody is
 * asked for a certificate. A ca_file checks issuer and validity of a caller, no name.
 * @retval WICK_OK
 * @retval WICK_E_TRUST_ANCHOR no `own`, or a CA file without a clock to go with it
 * @retval WICK_E_POOL  @retval WICK_E_ENTROPY
 */
WICK_NODISCARD wick_status wick_https_accept(wick_https *t, const wick_https_trust *trust,
                                             const wick_hal_net *net, wick_sock sock);

/** Goes on with the handshake.
 *  @retval WICK_OK         up
 *  @retval WICK_AGAIN      not yet
 *  @retval WICK_E_CERT_KEY, WICK_E_CERT_ISSUER, WICK_E_CERT_NAME, WICK_E_CERT_TIME
 *                          another key than pinned, nobody of the CA file has issued it, of another
 *                          host, expired or not valid yet: the first of these that holds
 *  @retval WICK_E_CERT     otherwise unfit; server: the caller has none
 *  @retval WICK_E_NO_CLOCK the certificate has a validity and there is no time of day
 *  @retval WICK_E_TRUST_ANCHOR the CA file cannot be read
 *  @retval WICK_E_POOL     the pool has no room for the server's certificates
 *  @retval WICK_E_TLS      no TLS, or nothing in common  @retval WICK_E_NET  @retval WICK_E_ENTROPY */
WICK_NODISCARD wick_status wick_https_poll(wick_https *t);

/** @return bytes taken, WICK_AGAIN (then call again with the same bytes; more may follow them), or
 *  WICK_E_TLS, WICK_E_NET, WICK_E_STATE, WICK_E_BAD_ARG (fewer than before) */
int32_t wick_https_write(wick_https *t, wick_span bytes);

/** @return bytes, 0 = closed by the peer (with close_notify), WICK_AGAIN, WICK_E_TLS,
 *  WICK_E_TRUNCATED (closed without it), WICK_E_NET, WICK_E_STATE */
int32_t wick_https_read(wick_https *t, uint8_t *buf, size_t cap);

/** SHA-256 of the other side's SPKI, whose private key it has proved to have.
 *  @return false: not up, or it showed no certificate; `out` is zeroed */
bool wick_https_peer_key(const wick_https *t, uint8_t out[32]);

/** Is the socket to become writable, rather than readable? */
bool wick_https_wants_write(const wick_https *t);

/** Says close_notify if the session is up, gives the pool its memory back and wipes everything. Any
 *  state; also on zeroed memory, also twice. */
void wick_https_end(wick_https *t);

#ifdef __cplusplus
}
#endif
#endif
