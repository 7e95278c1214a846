/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams from this host to itself, and that nothing blocks. */
#include <string.h>

#include "selftest_internal.h"

static void settle(wick_selftest *t)
{
    if (t->wait != NULL) {
        t->wait(t->wait_ctx, 20);
    }
}

/* Waits for one datagram, up to a second of the port's time. */
static int32_t receive(wick_selftest *t, wick_sock s, wick_addr *from, size_t cap)
{
    const wick_hal_net *n = t->net;
    int32_t got = WICK_AGAIN;
    for (int i = 0; i < 50 && got == (int32_t)WICK_AGAIN; i++) {
        settle(t);
        got = n->udp_recv(n->ctx, s, from, t->scratch + WICK_SELFTEST_HALF, cap);
    }
    return got;
}

static bool carries(wick_selftest *t, wick_sock a, wick_sock b, const wick_addr *to_b,
                    const wick_addr *a_is, size_t len)
{
    const wick_hal_net *n = t->net;
    wick_addr from;
    for (size_t i = 0; i < len; i++) {
        t->scratch[i] = (uint8_t)(i * 7u + len);
    }
    return n->udp_send(n->ctx, a, to_b, wick_span_make(t->scratch, len)) == (int32_t)len &&
           receive(t, b, &from, 1200) == (int32_t)len &&
           memcmp(t->scratch, t->scratch + WICK_SELFTEST_HALF, len) == 0 && wick_addr_equal(&from, a_is);
}

static void check_datagrams(wick_selftest *t, wick_sock a, wick_sock b)
{
    const wick_hal_net *n = t->net;
    wick_addr at_a, at_b, from;
    bool ok = n->local_addr(n->ctx, a, &at_a) == WICK_OK &&
              n->local_addr(n->ctx, b, &at_b) == WICK_OK && at_a.port != 0 && at_b.port != 0 &&
              at_a.port != at_b.port && wick_addr_same_ip(&at_a, &t->self);
    if (!wick_selftest_rule(t, "net.local_address", ok)) {
        return;
    }
    ok = n->udp_recv(n->ctx, a, &from, t->scratch, 1200) == (int32_t)WICK_AGAIN;
    (void)wick_selftest_rule(t, "net.receive_does_not_wait", ok);
    (void)wick_selftest_rule(t, "net.datagram_arrives", carries(t, a, b, &at_b, &at_a, 100));
    (void)wick_selftest_rule(t, "net.answer_goes_back", carries(t, b, a, &at_a, &at_b, 1));
    (void)wick_selftest_rule(t, "net.1200_octets", carries(t, a, b, &at_b, &at_a, 1200));
    (void)wick_selftest_rule(t, "net.empty_datagram", carries(t, a, b, &at_b, &at_a, 0));
    ok = n->udp_send(n->ctx, a, &at_b, wick_span_make(t->scratch, 101)) == 101 &&
         receive(t, b, &from, 100) == (int32_t)WICK_E_NO_SPACE &&
         n->udp_recv(n->ctx, b, &from, t->scratch, 1200) == (int32_t)WICK_AGAIN &&
         carries(t, a, b, &at_b, &at_a, 9);
    (void)wick_selftest_rule(t, "net.too_long_is_dropped_whole", ok);
    ok = true;
    for (size_t i = 1; i <= 3; i++) {
        ok = ok && n->udp_send(n->ctx, a, &at_b, wick_span_make(t->scratch, i)) == (int32_t)i;
    }
    ok = ok && receive(t, b, &from, 1200) == 1 && receive(t, b, &from, 1200) == 2 &&
         receive(t, b, &from, 1200) == 3;
    (void)wick_selftest_rule(t, "net.boundaries_are_kept", ok);
    n->close(n->ctx, a);
    ok = n->udp_send(n->ctx, a, &at_b, wick_span_make(t->scratch, 1)) < 0 &&
         n->udp_recv(n->ctx, a, &from, t->scratch, 8) < 0 &&
         n->local_addr(n->ctx, a, &from) != WICK_OK;
    (void)wick_selftest_rule(t, "net.closed_socket_refuses", ok);
    at_a.port = at_b.port; /* taken */
    wick_sock again = -1;
    ok = n->udp_open(n->ctx, &again, &at_a) != WICK_OK;
    (void)wick_selftest_rule(t, "net.port_is_taken_once", ok);
}

void wick_selftest_net(wick_selftest *t)
{
    const wick_hal_net *n = t->net;
    wick_sock a = -1, b = -1;
    wick_addr local = t->self;
    local.port = 0;
    bool ok = n->udp_open(n->ctx, &a, &local) == WICK_OK && a >= 0 &&
              n->udp_open(n->ctx, &b, &local) == WICK_OK && b >= 0 && a != b;
    if (wick_selftest_rule(t, "net.open", ok)) {
        check_datagrams(t, a, b);
        n->close(n->ctx, b);
    }
    wick_netif list[4];
    int32_t count = n->interfaces(n->ctx, list, 4);
    ok = count >= 0 && count <= 4;
    for (int32_t i = 0; ok && i < count; i++) {
        ok = list[i].name[sizeof list[i].name - 1] == '\0' && list[i].addr.port == 0 &&
             !wick_ct_is_zero(list[i].addr.ip, 16);
    }
    (void)wick_selftest_rule(t, "net.interfaces", ok);
    uint32_t changes = n->change_count(n->ctx);
    ok = (int32_t)(n->change_count(n->ctx) - changes) >= 0;
    (void)wick_selftest_rule(t, "net.change_count_rises", ok);
}
