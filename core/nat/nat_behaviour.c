/* SPDX-License-Identifier: Apache-2.0 */
/* NAT behaviour discovery: RFC 5780 section 4, with the attributes of its section 7. */
#include "wick/nat_behaviour.h"

#include <string.h>

/* In the order in which they run. */
enum {
    IDLE,
    FIRST,         /* test I: are we mapped, and has the server a second address? */
    FILTER_BOTH,   /* answer from the other address and port */
    FILTER_PORT,   /* answer from the same address, other port */
    MAP_ADDRESS,   /* ask the other address, same port */
    MAP_PORT,      /* ask the other address, other port */
    HAIRPIN,       /* ask ourselves */
    FRAGMENTS,     /* a request that does not fit into one packet */
    LIFE_BIND,     /* open the mapping of socket 1 */
    LIFE_WAIT,
    LIFE_PROBE,    /* have the server answer to that mapping */
    ENDED
};

#define RTO_MS 500u
#define RC 7u
#define RM 16u
#define RC_SHORT 3u
#define CHANGE_IP UINT32_C(4)
#define CHANGE_PORT UINT32_C(2)
#define PADDING_BYTES 1500u
#define LIFE_FIRST_S 15u
#define LIFE_MAX_S 300u

static const uint8_t padding[PADDING_BYTES];

wick_status wick_nat_behaviour_init(wick_nat_behaviour *n, uint8_t *tx, size_t tx_bytes,
                                    const wick_nat_behaviour_config *cfg)
{
    bool fragments = (cfg->tests & WICK_NAT_TEST_FRAGMENTS) != 0;
    memset(n, 0, sizeof *n);
    if (cfg->entropy == NULL || cfg->server.port == 0 || cfg->tests == 0 ||
        tx_bytes < (fragments ? WICK_NAT_TX_FRAGMENT_BYTES : WICK_NAT_TX_BYTES)) {
        return WICK_E_BAD_ARG;
    }
    n->cfg = *cfg;
    n->cfg.lifetime_max_s = cfg->lifetime_max_s != 0 ? cfg->lifetime_max_s : LIFE_MAX_S;
    n->tx = tx;
    n->tx_cap = tx_bytes;
    return WICK_OK;
}

static void end(wick_nat_behaviour *n, wick_status status)
{
    n->state = ENDED;
    n->status = n->status != WICK_OK ? n->status : status;
}

/* Begins the request of this step to `to`. */
static void ask(wick_nat_behaviour *n, unsigned step, const wick_addr *to, uint64_t now_ms)
{
    const wick_hal_entropy *e = n->cfg.entropy;
    wick_status status = e->fill(e->ctx, n->tid, sizeof n->tid);
    if (status != WICK_OK) {
        end(n, status);
        return;
    }
    n->state = (uint8_t)step;
    n->to = *to;
    n->left = step == FIRST || step == LIFE_BIND ? RC : RC_SHORT;
    n->rto_ms = RTO_MS;
    n->next_ms = now_ms;
}

wick_status wick_nat_behaviour_start(wick_nat_behaviour *n, uint64_t now_ms)
{
    if (n->cfg.entropy == NULL) {
        return WICK_E_STATE;
    }
    memset(&n->result, 0, sizeof n->result);
    n->status = WICK_OK;
    n->wait_s = LIFE_FIRST_S < n->cfg.lifetime_max_s ? LIFE_FIRST_S : n->cfg.lifetime_max_s;
    ask(n, FIRST, &n->cfg.server, now_ms);
    return n->status;
}

static bool wants(const wick_nat_behaviour *n, unsigned test)
{
    return (n->cfg.tests & test) != 0;
}

static wick_addr at(const wick_addr *ip, uint16_t port)
{
    wick_addr a = *ip;
    a.port = port;
    return a;
}

/* The step after this one, of those that are wanted and possible. */
static void go_on(wick_nat_behaviour *n, unsigned step, uint64_t now_ms)
{
    const wick_nat_result *r = &n->result;
    bool second = r->other.port != 0;
    bool mapping = wants(n, WICK_NAT_TEST_MAPPING) && second && r->mapping == WICK_NAT_UNKNOWN;
    wick_addr to;
    if (step < FILTER_BOTH && wants(n, WICK_NAT_TEST_FILTERING) && second) {
        ask(n, FILTER_BOTH, &n->cfg.server, now_ms);
    } else if (step == FILTER_BOTH && r->filtering == WICK_NAT_UNKNOWN) {
        ask(n, FILTER_PORT, &n->cfg.server, now_ms);
    } else if (step < MAP_ADDRESS && mapping) {
        to = at(&r->other, n->cfg.server.port);
        ask(n, MAP_ADDRESS, &to, now_ms);
    } else if (step == MAP_ADDRESS && mapping && n->second.port != 0) {
        ask(n, MAP_PORT, &r->other, now_ms);
    } else if (step < HAIRPIN && wants(n, WICK_NAT_TEST_HAIRPIN)) {
        ask(n, HAIRPIN, &r->mapped, now_ms);
    } else if (step < FRAGMENTS && wants(n, WICK_NAT_TEST_FRAGMENTS)) {
        ask(n, FRAGMENTS, &n->cfg.server, now_ms);
    } else if (step < LIFE_BIND && wants(n, WICK_NAT_TEST_LIFETIME)) {
        ask(n, LIFE_BIND, &n->cfg.server, now_ms);
    } else {
        bool cannot = !second && wants(n, WICK_NAT_TEST_MAPPING | WICK_NAT_TEST_FILTERING);
        end(n, cannot ? WICK_E_STUN_NAT_UNKNOWN : WICK_OK);
    }
}

/* ---- what an answer, or none, means ---- */

static void first(wick_nat_behaviour *n, const wick_stun_msg *m, const wick_addr *mapped)
{
    wick_nat_result *r = &n->result;
    wick_addr other;
    r->mapped = *mapped;
    if (n->cfg.local.port != 0) {
        r->port_kept = n->cfg.local.port == mapped->port ? WICK_NAT_YES : WICK_NAT_NO;
    }
    if (wick_addr_equal(&n->cfg.local, mapped)) {
        r->mapping = WICK_NAT_NONE;
    }
    /* RFC 3489 servers say CHANGED-ADDRESS (0x0005) for the same thing; they are left alone. An
     * address that does not differ in both parts is of no use. */
    if (wick_stun_get_addr(&other, m, WICK_STUN_OTHER_ADDRESS) == WICK_OK && other.port != 0 &&
        other.port != n->cfg.server.port && !wick_addr_same_ip(&other, &n->cfg.server)) {
        r->other = other;
    }
}

/* One life test is over: alive after wait_s, or not. Doubles, then halves. */
static void lived(wick_nat_behaviour *n, bool alive, uint64_t now_ms)
{
    wick_nat_result *r = &n->result;
    uint32_t most = n->cfg.lifetime_max_s;
    if (alive) {
        r->lifetime_s = n->wait_s;
    } else {
        r->lifetime_below_s = n->wait_s;
    }
    uint32_t low = r->lifetime_s, high = r->lifetime_below_s;
    if (high == 0 && low >= most) {
        go_on(n, LIFE_PROBE, now_ms);
    } else if (high == 0) {
        n->wait_s = low * 2 < most ? low * 2 : most;
        ask(n, LIFE_BIND, &n->cfg.server, now_ms);
    } else if (high - low <= 1 + high / 60) {
        go_on(n, LIFE_PROBE, now_ms);
    } else {
        n->wait_s = low + (high - low) / 2;
        ask(n, LIFE_BIND, &n->cfg.server, now_ms);
    }
}

static void success(wick_nat_behaviour *n, const wick_stun_msg *m, const wick_addr *mapped,
                    unsigned socket, uint64_t now_ms)
{
    wick_nat_result *r = &n->result;
    unsigned step = n->state;
    switch (step) {
    case FIRST:
        first(n, m, mapped);
        break;
    case FILTER_BOTH:
        r->filtering = WICK_NAT_ENDPOINT_INDEPENDENT;
        break;
    case FILTER_PORT:
        r->filtering = WICK_NAT_ADDRESS_DEPENDENT;
        break;
    case MAP_ADDRESS:
        n->second = *mapped;
        if (wick_addr_equal(mapped, &r->mapped)) {
            r->mapping = WICK_NAT_ENDPOINT_INDEPENDENT;
        }
        break;
    case MAP_PORT:
        r->mapping = wick_addr_equal(mapped, &n->second) ? WICK_NAT_ADDRESS_DEPENDENT
                                                         : WICK_NAT_ADDRESS_PORT_DEPENDENT;
        break;
    case FRAGMENTS:
        r->fragments = WICK_NAT_YES;
        break;
    case LIFE_BIND:
        n->second = *mapped;
        n->state = LIFE_WAIT;
        n->next_ms = now_ms + (uint64_t)n->wait_s * 1000u;
        return;
    case LIFE_PROBE:
        if (socket == 1) {
            lived(n, true, now_ms);
        } else { /* it does not know RESPONSE-PORT, and has answered to where we asked from */
            r->lifetime_s = 0;
            r->lifetime_below_s = 0;
            end(n, WICK_E_STUN_NAT_UNKNOWN);
        }
        return;
    default: /* HAIRPIN: its answer is our own request */
        return;
    }
    go_on(n, step, now_ms);
}

static void silence(wick_nat_behaviour *n, uint64_t now_ms)
{
    wick_nat_result *r = &n->result;
    unsigned step = n->state;
    switch (step) {
    case FIRST:
    case LIFE_BIND:
        end(n, WICK_E_TIMEOUT);
        return;
    case FILTER_PORT:
        r->filtering = WICK_NAT_ADDRESS_PORT_DEPENDENT;
        break;
    case HAIRPIN:
        r->hairpin = WICK_NAT_NO;
        break;
    case FRAGMENTS:
        r->fragments = WICK_NAT_NO;
        break;
    case LIFE_PROBE:
        lived(n, false, now_ms);
        return;
    default: /* FILTER_BOTH: the next test tells; MAP_*: cannot be told */
        break;
    }
    go_on(n, step, now_ms);
}

/* Where the answer to the request under way has to come from. */
static bool is_source(const wick_nat_behaviour *n, const wick_addr *from)
{
    wick_addr want = n->to;
    if (n->state == FILTER_BOTH) {
        want = n->result.other;
    } else if (n->state == FILTER_PORT) {
        want = at(&n->cfg.server, n->result.other.port);
    }
    return wick_addr_equal(from, &want);
}

wick_status wick_nat_behaviour_input(wick_nat_behaviour *n, uint64_t now_ms, wick_span bytes,
                                     const wick_addr *from, unsigned socket)
{
    wick_stun_msg m;
    wick_addr mapped;
    bool asking = n->state != IDLE && n->state != LIFE_WAIT && n->state != ENDED;
    if (!asking || !wick_stun_is(bytes)) {
        return WICK_E_NOT_FOUND;
    }
    wick_status status = wick_stun_decode(&m, bytes);
    if (status != WICK_OK) {
        return status;
    }
    if (m.method != WICK_STUN_BINDING || memcmp(wick_stun_tid(&m), n->tid, sizeof n->tid) != 0) {
        return WICK_E_NOT_FOUND;
    }
    if (n->state == HAIRPIN && m.cls == WICK_STUN_REQUEST) {
        n->result.hairpin = WICK_NAT_YES;
        go_on(n, HAIRPIN, now_ms);
        return WICK_AGAIN;
    }
    if (m.cls < WICK_STUN_SUCCESS || n->state == HAIRPIN || !is_source(n, from)) {
        return WICK_E_NOT_FOUND;
    }
    if (m.cls == WICK_STUN_ERROR || m.unknown_count != 0 ||
        (wick_stun_get_addr(&mapped, &m, WICK_STUN_XOR_MAPPED_ADDRESS) != WICK_OK &&
         wick_stun_get_addr(&mapped, &m, WICK_STUN_MAPPED_ADDRESS) != WICK_OK) ||
        mapped.port == 0) {
        /* It cannot do what was asked (420), or will not: nothing was learned. */
        unsigned step = n->state;
        if (step == FIRST) {
            end(n, m.cls == WICK_STUN_ERROR ? WICK_E_TURN_REFUSED : WICK_E_MALFORMED);
        } else {
            n->status = WICK_E_STUN_NAT_UNKNOWN;
            go_on(n, step == FILTER_BOTH ? FILTER_PORT : step == MAP_ADDRESS ? MAP_PORT : step,
                  now_ms);
        }
        return WICK_AGAIN;
    }
    success(n, &m, &mapped, socket, now_ms);
    return WICK_AGAIN;
}

static wick_status transmit(wick_nat_behaviour *n, uint64_t now_ms, wick_out *out)
{
    wick_buf b = wick_buf_make(n->tx, n->tx_cap);
    wick_stun_build s;
    uint8_t port[2];
    wick_stun_begin(&s, &b, WICK_STUN_BINDING, WICK_STUN_REQUEST, n->tid);
    if (n->state == FILTER_BOTH || n->state == FILTER_PORT) {
        wick_stun_put_u32(&s, WICK_STUN_CHANGE_REQUEST,
                          CHANGE_PORT | (n->state == FILTER_BOTH ? CHANGE_IP : 0));
    } else if (n->state == FRAGMENTS) {
        wick_stun_put(&s, WICK_STUN_PADDING, wick_span_make(padding, sizeof padding));
    } else if (n->state == LIFE_PROBE) {
        wick_store_be16(port, n->second.port);
        wick_stun_put(&s, WICK_STUN_RESPONSE_PORT, wick_span_make(port, sizeof port));
    }
    wick_status status = wick_stun_end(&s);
    n->left--;
    n->next_ms = now_ms + ((n->left == 0 && n->rto_ms == RTO_MS << (RC - 1u)) ? RM * RTO_MS
                                                                             : n->rto_ms);
    n->rto_ms = (uint16_t)(n->rto_ms * 2u);
    out->kind = WICK_OUT_SEND;
    out->to = n->to;
    out->bytes = wick_buf_span(&b);
    out->event = n->state == LIFE_BIND ? 1 : 0;
    return status;
}

void wick_nat_behaviour_poll(wick_nat_behaviour *n, uint64_t now_ms, wick_out *out)
{
    memset(out, 0, sizeof *out);
    while (n->state != IDLE && n->state != ENDED && wick_time_reached(now_ms, n->next_ms)) {
        if (n->state == LIFE_WAIT) {
            ask(n, LIFE_PROBE, &n->cfg.server, now_ms);
        } else if (n->left == 0) {
            silence(n, now_ms);
        } else {
            wick_status status = transmit(n, now_ms, out);
            if (status == WICK_OK) {
                return;
            }
            end(n, status);
        }
    }
    memset(out, 0, sizeof *out);
    out->kind = n->state == ENDED ? WICK_OUT_DONE : WICK_OUT_WAIT;
    out->status = n->state == ENDED ? n->status : WICK_OK;
    out->deadline_ms = n->state == IDLE ? WICK_TIME_NEVER(now_ms) : n->next_ms;
}

const wick_nat_result *wick_nat_behaviour_result(const wick_nat_behaviour *n)
{
    return &n->result;
}

const char *wick_nat_kind_name(wick_nat_kind kind)
{
    static const char *const name[] = {"unknown", "none", "endpoint-independent",
                                       "address-dependent", "address-and-port-dependent"};
    unsigned k = (unsigned)kind;
    return name[k < sizeof name / sizeof name[0] ? k : 0];
}
