/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two nodes in one process run the handshake over a queue of datagrams and get the same pre-shared
 * key. Keys come from a keystore in RAM; where a gateway would read the peer's record from the
 * chain, this program hands over the public key.
 */
#include <stdio.h>
#include <string.h>

#include "wick/nsl.h"
#include "wick/port/linux.h"

struct node {
    const char *name;
    wick_nsl_node nsl;
    wick_nsl_key pub;
    uint8_t id[32];
    wick_addr addr;
    wick_session session;
    bool up;
};

static wick_crypto_ctx crypto_ctx;
static wick_hal_crypto crypto;
static wick_hal_entropy entropy;
static wick_ram_keystore ram;
static wick_hal_keystore keystore;
static struct node alice, bob;
static size_t total;

static wick_status make(struct node *n, const char *name, uint8_t number)
{
    wick_nsl_config cfg = {.crypto = &crypto, .entropy = &entropy, .keystore = &keystore};
    cfg.opts = WICK_NSL_OPT_SIG; /* M3 carries a signature */
    n->name = name;
    n->addr = wick_addr_v4(192, 0, 2, number, 5000);
    memset(n->id, number, sizeof n->id); /* a gateway's is keccak256(name) */
    wick_status s = wick_ram_keystore_generate(&cfg.key, &ram, &entropy);
    if (s != WICK_OK) {
        return s;
    }
    n->pub.type = WICK_KEY_TYPE_SECP256K1;
    s = keystore.secp256k1_public(keystore.ctx, n->pub.bytes, cfg.key);
    if (s != WICK_OK) {
        return s;
    }
    memcpy(cfg.id, n->id, sizeof cfg.id);
    cfg.pub = n->pub;
    return wick_nsl_init(&n->nsl, &cfg, 0);
}

/* Everything that `from` has to say goes to `to`. Returns true if it said something. */
static bool pump(struct node *from, struct node *to)
{
    wick_nsl_out out;
    bool moved = false;
    for (;;) {
        wick_nsl_poll(&from->nsl, &out, 0);
        if (out.kind == WICK_OUT_WAIT) {
            return moved;
        }
        moved = true;
        if (out.kind == WICK_OUT_SEND) {
            printf("%-5s -> %-5s M%u %3zu bytes\n", from->name, to->name, out.bytes.ptr[1],
                   out.bytes.len);
            total += out.bytes.len;
            if (wick_nsl_input(&to->nsl, 0, out.bytes, &from->addr) != WICK_OK) {
                printf("dropped\n");
            }
        } else if (out.event == WICK_NSL_EV_LOOKUP_WANTED) {
            printf("%-5s looks the caller up\n", from->name);
            wick_status s = wick_nsl_lookup_result(&from->nsl, 0, out.id, &to->pub, WICK_OK);
            if (s != WICK_OK) {
                printf("%s\n", wick_status_str(s));
            }
        } else if (out.event == WICK_NSL_EV_ESTABLISHED) {
            from->up = wick_nsl_take(&from->nsl, &from->session, out.run) == WICK_OK;
            printf("%-5s established as %s\n", from->name,
                   out.role == WICK_ROLE_INITIATOR ? "initiator" : "responder");
        }
    }
}

static bool same_key(void)
{
    wick_session_psk a, b;
    bool same =
        wick_session_psk_derive(&a, &crypto, &alice.session, WICK_USE_DTLS12) == WICK_OK &&
        wick_session_psk_derive(&b, &crypto, &bob.session, WICK_USE_DTLS12) == WICK_OK &&
        wick_ct_equal(a.key, b.key, a.key_len) && strcmp(a.identity, b.identity) == 0;
    wick_wipe(&a, sizeof a);
    wick_wipe(&b, sizeof b);
    return same;
}

int main(void)
{
    uint32_t run = 0;
    wick_linux_entropy_init(&entropy);
    wick_status s = wick_crypto_init(&crypto, &crypto_ctx);
    if (s == WICK_OK) {
        wick_ram_keystore_init(&keystore, &ram, &crypto_ctx);
        s = make(&alice, "alice", 1);
    }
    if (s == WICK_OK) {
        s = make(&bob, "bob", 2);
    }
    if (s == WICK_OK) {
        wick_nsl_peer peer = {.key = bob.pub, .addr = bob.addr};
        memcpy(peer.id, bob.id, sizeof peer.id);
        s = wick_nsl_connect(&alice.nsl, &run, 0, &peer);
    }
    if (s != WICK_OK) {
        printf("%s: %s\n", wick_status_str(s), wick_status_cause(s));
        return 1;
    }
    while (pump(&alice, &bob) || pump(&bob, &alice)) {
    }
    bool same = alice.up && bob.up && same_key();
    printf("%zu bytes in all; both ends hold %s\n", total, same ? "one key" : "DIFFERENT keys");
    wick_wipe(&alice.session, sizeof alice.session);
    wick_wipe(&bob.session, sizeof bob.session);
    wick_nsl_wipe(&alice.nsl);
    wick_nsl_wipe(&bob.nsl);
    return same ? 0 : 1;
}
