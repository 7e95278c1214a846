/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick attest: a service on TCP in the record, with the word of k of n
 * attestors that it is reached there. Each attestor is asked for its N1, the
 * answers to all of them are served under the service's TLS key at its own
 * port, and each is asked to look. k, and who they are, is the chain's word;
 * wick.conf says where they listen. For services on UDP the agent does this by
 * itself.
 */
#include <poll.h>
#include <string.h>

#include "commands.h"
#include "owner_call.h"
#include "record_out.h"
#include "wick/attest_ask.h"
#include "wick/coap_client.h"
#include "wick/port/responder.h"

#define WAIT_MS 20000u /* for attestors */

enum state { ASKS_N1 = 0, ASKS_LOOK, ENDED };

typedef struct peer {
    wick_addr at;
    enum state state;
    uint64_t again_ms; /* it has said "later" */
    char refusal[40];
    wick_coap_client coap;
} peer;

static sender s;
static manager_link m;
static wick_tls_identity own;
static wick_responder responder;
static wick_sock sock;
static peer peers[WICK_GW_ATTESTORS_MAX];
static uint8_t members[WICK_GW_ATTESTORS_MAX][20]; /* ascending, as the peers */
static size_t count;
static wick_attestation given[WICK_GW_ATTESTORS_MAX];
static size_t given_count;
static wick_attest_ask ask;
static uint8_t ask_r[32], ask_vs[32];
static wick_device device;
static wick_endpoint endpoint = {.protocol = WICK_PROTOCOL_TCP, .kind = WICK_ENDPOINT_DIRECT};
static uint64_t expires_s = 86400;

static uint64_t now_ms(void)
{
    return s.h.clock.now_ms(s.h.clock.ctx);
}

/* ---- who is asked, about what ---- */

static void take_members(void)
{
    for (size_t i = 0; i < CONF_ATTESTORS_MAX; i++) {
        const conf_attestor *x = &s.h.conf.attestors[i];
        if (x->s.line == 0 || x->s.name[0] == '\0' || count == WICK_GW_ATTESTORS_MAX) {
            continue;
        }
        size_t at = count++;
        for (; at > 0 && memcmp(members[at - 1], x->signer, 20) > 0; at--) {
            memcpy(members[at], members[at - 1], 20);
            peers[at].at = peers[at - 1].at;
        }
        memcpy(members[at], x->signer, 20);
        peers[at].at = x->address;
    }
}

/* The record, the service's TLS key, its endpoint of now, and who has to attest
 * it. */
static int read_all(const cli *c, wick_attestors *set, const char *service)
{
    static const uint8_t all[32] = {0};
    uint8_t slots[4][32], words[4][32] = {{0}};
    wick_endpoint there;
    int code = owner_read(&s, &device, ask.id);
    if (code != CLI_OK) {
        return code;
    }
    wick_slot_tls_key(slots[0], ask.id, ask.service);
    wick_slot_endpoint(slots[1], ask.id, ask.service, 0);
    wick_slot_attestors(slots[2], device.org, ask.service);
    wick_slot_attestors(slots[3], device.org, all);
    code = sender_words(&s, words, (const uint8_t(*)[32])slots, 2, s.domain.contract, service);
    if (code != CLI_OK) {
        return code;
    }
    if (memcmp(words[0], own.spki_hash, 32) != 0) {
        return cli_fail_remedy(c, WICK_E_CERT_KEY, "wick device tls-key SERVICE --tls-key FILE",
                               "%s: the record names another TLS key, or none", service);
    }
    /* The contract compares the list with its own word: it need not be proven to
     * us. */
    wick_status st = reader_told(&s.r, words[2], slots[2], s.domain.contract);
    st = st == WICK_OK ? reader_told(&s.r, words[3], slots[3], s.domain.contract) : st;
    if (st != WICK_OK) {
        return chain_fail(&s.view, st, service);
    }
    st = wick_attestors_decode(set, words[2]);
    st = st == WICK_E_RECORD_ABSENT ? wick_attestors_decode(set, words[3]) : st;
    st = st == WICK_OK ? wick_attestors_match(set, (const uint8_t(*)[20])members, count) : st;
    if (st != WICK_OK) {
        return cli_fail_remedy(c, st, "name the organisation's attestors in wick.conf, all of them",
                               "attestors of %s", service);
    }
    st = wick_endpoint_decode(&there, words[1]);
    if (st != WICK_OK && st != WICK_E_NO_ENDPOINT) {
        return cli_fail(c, st, "%s", service);
    }
    endpoint.seq = there.seq + 1;
    endpoint.expires = s.r.head.timestamp + expires_s;
    st = wick_endpoint_encode(ask.endpoint, &endpoint);
    return st == WICK_OK ? CLI_OK : cli_fail(c, st, "%s", service);
}

static wick_status sign_question(void)
{
    uint8_t digest[32], sig[64], recid = 0;
    const wick_hal_keystore *k = &s.h.keystore;
    wick_status st = s.h.clock.unix_s(s.h.clock.ctx, &ask.asked_at);
    st = st == WICK_OK ? s.h.entropy.fill(s.h.entropy.ctx, ask.nonce, sizeof ask.nonce) : st;
    if (st == WICK_OK) {
        wick_attest_ask_digest(digest, &s.domain, &ask);
        st = k->secp256k1_sign(k->ctx, sig, &recid, s.key, digest);
    }
    return st == WICK_OK ? wick_signature_compact(ask_r, ask_vs, sig, recid) : st;
}

/* ---- the conversation ---- */

static wick_status put_question(peer *p)
{
    static uint8_t bytes[WICK_ATTEST_ASK_BYTES];
    wick_buf body = wick_buf_make(bytes, sizeof bytes);
    wick_attest_ask_encode(&body, &ask,
                           p->state == ASKS_N1 ? WICK_ATTEST_ASK_CHALLENGE : WICK_ATTEST_ASK_HTTPS,
                           ask_r, ask_vs);
    const wick_coap_call call = {.method = WICK_COAP_POST,
                                 .path = WICK_ATTEST_ASK_PATH,
                                 .has_content_format = true,
                                 .content_format = WICK_COAP_OCTETS,
                                 .payload = wick_buf_span(&body)};
    p->again_ms = 0;
    return wick_coap_client_begin(&p->coap, now_ms(), &call);
}

static wick_status take_n1(peer *p, wick_span body)
{
    uint8_t n1[32], mapping[32];
    wick_status st = wick_attest_ask_challenge_decode(n1, body);
    if (st != WICK_OK) {
        return st;
    }
    wick_slot_endpoint(mapping, ask.id, ask.service, 0);
    st = wick_responder_also(&responder, n1, ask.nonce);
    if (st == WICK_E_STATE) {
        st = wick_responder_arm(&responder, mapping, n1, ask.nonce);
    }
    p->state = ASKS_LOOK;
    return st == WICK_OK ? put_question(p) : st;
}

/* Is it what this attestor would have to sign for the contract to take it? */
static wick_status take_word(size_t at, wick_span body)
{
    wick_attest_answer answer;
    wick_attest a = {.epoch = device.epoch};
    wick_status st = wick_attest_answer_decode(&answer, body);
    if (st != WICK_OK) {
        return st;
    }
    memcpy(a.id, ask.id, 32);
    memcpy(a.key, device.key, 32);
    memcpy(a.service, ask.service, 32);
    memcpy(a.endpoint, ask.endpoint, 32);
    a.checked_at = answer.checked_at;
    st = wick_attest_check(&s.h.crypto, &s.domain, &a, answer.r, answer.vs, members[at]);
    if (st == WICK_OK) {
        wick_attestation *x = &given[given_count++];
        x->position = (uint8_t)at;
        x->checked_at = answer.checked_at;
        memcpy(x->r, answer.r, 32);
        memcpy(x->vs, answer.vs, 32);
    }
    return st;
}

static void say_why(peer *p, const char *why, size_t len)
{
    (void)snprintf(p->refusal, sizeof p->refusal, "%.*s", (int)(len < 32 ? len : 32), why);
}

static void end(peer *p, const char *why, size_t len)
{
    p->state = ENDED;
    say_why(p, why, len);
}

static void take(size_t at, wick_span datagram)
{
    peer *p = &peers[at];
    wick_coap_response r;
    if (wick_coap_client_input(&p->coap, &r, now_ms(), datagram) != WICK_OK || p->state == ENDED) {
        return;
    }
    if (wick_attest_is_later(r.code)) {
        p->again_ms = now_ms() + (uint64_t)r.max_age_s * 1000u;
        say_why(p, (const char *)r.payload.ptr, r.payload.len); /* if it stays so */
    } else if (WICK_COAP_CLASS(r.code) != 2) {
        end(p, (const char *)r.payload.ptr, r.payload.len);
    } else {
        bool last = p->state == ASKS_LOOK;
        wick_status st = last ? take_word(at, r.payload) : take_n1(p, r.payload);
        if (last || st != WICK_OK) {
            const char *why = st == WICK_OK ? "" : wick_status_str(st);
            end(p, why, strlen(why));
        }
    }
}

/* Sends what is due. @return is anybody still expected to answer? */
static bool pump(uint64_t *next_ms)
{
    bool owed = false;
    for (size_t i = 0; i < count; i++) {
        peer *p = &peers[i];
        wick_out out;
        if (p->again_ms != 0 && wick_time_reached(now_ms(), p->again_ms) &&
            put_question(p) != WICK_OK) {
            p->state = ENDED;
        }
        do {
            wick_coap_client_poll(&p->coap, &out, now_ms());
            if (out.kind == WICK_OUT_SEND) {
                (void)s.h.net.udp_send(s.h.net.ctx, sock, &p->at, out.bytes); /* lost: sent again */
            }
        } while (out.kind == WICK_OUT_SEND);
        if (out.kind == WICK_OUT_DONE && p->state != ENDED) {
            end(p, wick_status_str(out.status), 32);
        }
        owed = owed || p->state != ENDED;
        *next_ms = wick_time_min(*next_ms, out.kind == WICK_OUT_WAIT ? out.deadline_ms : *next_ms);
        *next_ms = wick_time_min(*next_ms, p->again_ms != 0 ? p->again_ms : *next_ms);
    }
    return owed;
}

static void receive(void)
{
    uint8_t bytes[WICK_COAP_MESSAGE_MAX];
    wick_addr from;
    for (int32_t n;
         (n = s.h.net.udp_recv(s.h.net.ctx, sock, &from, bytes, sizeof bytes)) != WICK_AGAIN;) {
        for (size_t i = 0; i < count; i++) {
            if (!wick_addr_equal(&peers[i].at, &from)) {
                continue;
            }
            if (n >= 0) {
                take(i, wick_span_make(bytes, (size_t)n));
            } else if (peers[i].state != ENDED) {
                end(&peers[i], wick_status_str(WICK_E_NET), 32); /* nobody listens there */
            }
        }
    }
}

/* Until k have given their word, or nobody else will. */
static void converse(uint8_t needed)
{
    uint64_t end_ms = now_ms() + WAIT_MS, next = end_ms;
    while (given_count < needed && pump(&next) && !wick_time_reached(now_ms(), end_ms)) {
        struct pollfd fds[2 + WICK_RESPONDER_CONNECTIONS] = {
            {wick_linux_net_fd(&s.h.linux_net, sock), POLLIN, 0}};
        nfds_t n = 1 + (nfds_t)wick_responder_fds(&responder, fds + 1);
        next = wick_time_min(next, wick_responder_deadline(&responder));
        uint64_t now = now_ms();
        (void)poll(fds, n, wick_time_reached(now, next) ? 0 : (int)(next - now));
        wick_responder_run(&responder);
        receive();
        next = end_ms;
    }
    uint64_t last = end_ms;
    (void)pump(&last); /* the last acknowledgement */
}

static void put_peers(const cli *c)
{
    for (size_t i = 0; i < count; i++) {
        out_rec o;
        bool is = false;
        for (size_t j = 0; j < given_count; j++) {
            is = is || given[j].position == i;
        }
        out_begin_step(&o, stdout, c->json, is ? "attested" : "not-attested");
        out_addr(&o, "attestor", &peers[i].at);
        out_hex(&o, "signer", members[i], 20);
        if (!is) {
            out_str(&o, "why", peers[i].refusal);
        }
        out_end(&o);
    }
}

/* Ascending, as the contract wants them. */
static void sort_given(void)
{
    for (size_t i = 1; i < given_count; i++) {
        for (size_t j = i; j > 0 && given[j - 1].position > given[j].position; j--) {
            wick_attestation x = given[j];
            given[j] = given[j - 1];
            given[j - 1] = x;
        }
    }
}

static int publish(const cli *c, manager_link *by, uint64_t until_ms)
{
    wick_endpoint there;
    wick_relayed call = {.kind = WICK_RELAYED_PUBLISH_ATTESTED,
                         .proof = {(const uint8_t(*)[20])members, count, given, given_count}};
    memcpy(call.service, ask.service, 32);
    memcpy(call.word, ask.endpoint, 32);
    int code = owner_send(&s, by, &call, &device, "publish");
    for (bool over = code != CLI_OK || s.dry_run; !over;) {
        wick_status st = owner_endpoint(&s, &there, ask.id, ask.service);
        over = st == WICK_OK && there.seq == endpoint.seq && there.validated_at_h != 0;
        if (!over && !owner_later(&s, until_ms)) {
            code = cli_fail(c, WICK_E_TX_LOST, "the endpoint is not in the record");
            over = true;
        }
    }
    if (code == CLI_OK && !s.dry_run) {
        owner_published(&s, &there);
    }
    return code;
}

static int attest(const cli *c, const wick_addr *listen, manager_link *by, uint64_t until_ms,
                  const char *service)
{
    static const wick_addr any;
    wick_attestors set;
    wick_responder_config cfg = {.net = &s.h.net,
                                 .linux_net = &s.h.linux_net,
                                 .clock = &s.h.clock,
                                 .entropy = &s.h.entropy,
                                 .own = &own};
    take_members();
    int code = read_all(c, &set, service);
    if (code != CLI_OK) {
        return code;
    }
    wick_status st = wick_responder_open(&responder, &cfg, listen);
    if (st != WICK_OK) {
        return cli_fail(c, st, "cannot listen");
    }
    st = sign_question();
    st = st == WICK_OK ? s.h.net.udp_open(s.h.net.ctx, &sock, &any) : st;
    for (size_t i = 0; i < count && st == WICK_OK; i++) {
        st = wick_coap_client_init(&peers[i].coap, &s.h.entropy);
        st = st == WICK_OK ? put_question(&peers[i]) : st;
    }
    if (st != WICK_OK) {
        return cli_fail(c, st, "question");
    }
    converse(set.threshold);
    wick_responder_close(&responder);
    s.h.net.close(s.h.net.ctx, sock);
    sort_given();
    put_peers(c);
    if (given_count < set.threshold) {
        return cli_fail(c, WICK_E_TIMEOUT, "%zu of %u attestors have reached it", given_count,
                        (unsigned)set.threshold);
    }
    return publish(c, by, until_ms);
}

int cmd_attest(cli *c, int argc, char **argv)
{
    static const struct option options[] = {{"tls-key", required_argument, NULL, 't'},
                                            {"listen", required_argument, NULL, 'l'},
                                            {"expires", required_argument, NULL, 'e'},
                                            {"pcp", no_argument, NULL, 'p'},
                                            {"sponsored", no_argument, NULL, 's'},
                                            SEND_OPTIONS,
                                            CLI_COMMON_OPTIONS};
    const char *key = NULL;
    wick_addr listen;
    bool sponsored = false, has_listen = false;
    uint64_t until_ms = 0;
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        if (got == 't') {
            key = optarg;
        } else if (got == 'p') {
            endpoint.kind = WICK_ENDPOINT_PCP;
        } else if (got == 's') {
            sponsored = true;
        } else if (got == 'l') {
            has_listen = true;
            if (wick_addr_parse(&listen, optarg, strlen(optarg)) != WICK_OK) {
                return cli_usage(c, "--listen takes ADDR:PORT");
            }
        } else if (got == 'e') {
            if (cli_u64_arg(&expires_s, optarg, WICK_EXPIRY_MAX_S - 86400) != WICK_OK ||
                expires_s == 0) {
                return cli_usage(c, "--expires takes seconds, less than a year");
            }
        } else if (!sender_option(&s, got)) {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
    }
    if (argc - optind != 2 || key == NULL ||
        wick_addr_parse(&endpoint.addr, argv[optind + 1], strlen(argv[optind + 1])) != WICK_OK) {
        return cli_usage(c, "a service, its ADDR:PORT, and --tls-key");
    }
    listen = has_listen ? listen : endpoint.addr;
    const char *service = argv[optind];
    manager_link *by = sponsored ? &m : NULL;
    int code = owner_open(&s, by, &until_ms, c);
    wick_status st = wick_name_hash(ask.service, wick_span_text(service));
    if (code == CLI_OK && st == WICK_OK) {
        st = wick_tls_identity_load(&own, key, s.h.conf.identity.name, &s.h.entropy);
    }
    if (code == CLI_OK) {
        code = st == WICK_OK ? attest(c, &listen, by, until_ms, service)
                             : cli_fail(c, st, "%s", service);
    }
    wick_tls_identity_free(&own);
    owner_close(&s, by);
    return code;
}
