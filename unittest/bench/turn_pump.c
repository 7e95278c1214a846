/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts a UDP server behind a TURN allocation, whatever it speaks: what comes to the relayed address goes
 * to the server, and its answers go back. One peer at a time, by a channel; both programs that
 * throughput_path.sh compares go through it. Ends when the allocation is lost, or is killed.
 * usage: turn_pump SERVER(ADDR:PORT) USER PASSWORD RELAY(ADDR:PORT) PERMIT(ADDR)
 * Prints the relayed address once the peer is permitted.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "wick/port/crypto.h"
#include "wick/port/linux.h"
#include "wick/port/turn_link.h"

#define BURST 64

static wick_crypto_ctx cc;
static wick_hal_crypto crypto;
static wick_hal_entropy entropy;
static wick_hal_clock mono;
static wick_linux_net linux_net;
static wick_hal_net net;
static wick_turn turn;
static wick_turn_link relay;
static wick_sock inside;
static wick_addr server, peer;

static uint64_t now_ms(void)
{
    return mono.now_ms(mono.ctx);
}

static int fail(const char *why)
{
    (void)fprintf(stderr, "turn_pump: %s\n", why);
    return 1;
}

static bool parse(wick_addr *out, const char *text)
{
    return wick_addr_parse(out, text, strlen(text)) == WICK_OK;
}

static bool begin(char **argv)
{
    wick_addr permit, any = wick_addr_v4(127, 0, 0, 1, 0);
    char permitted[WICK_ADDR_STR_BYTES];
    wick_turn_config cfg = {.crypto = &crypto,
                            .entropy = &entropy,
                            .username = wick_span_text(argv[2]),
                            .password = wick_span_text(argv[3])};
    wick_turn_link_config link = {.net = &net, .over = WICK_TURN_OVER_UDP};
    wick_linux_entropy_init(&entropy);
    wick_linux_clock_init(&mono);
    (void)snprintf(permitted, sizeof permitted, "%s:0",
                   argv[5]); /* of a permission the IP counts */
    return parse(&server, argv[1]) && parse(&cfg.server, argv[4]) && parse(&permit, permitted) &&
           wick_crypto_init(&crypto, &cc) == WICK_OK &&
           wick_linux_net_init(&net, &linux_net) == WICK_OK &&
           net.udp_open(net.ctx, &inside, &any) == WICK_OK &&
           wick_turn_init(&turn, &cfg) == WICK_OK &&
           wick_turn_link_init(&relay, &link) == WICK_OK &&
           wick_turn_permit(&turn, now_ms(), &permit) == WICK_OK &&
           wick_turn_start(&turn, now_ms()) == WICK_OK;
}

/* What has come from the relay. @return when to look again at the latest; 0:
 * over */
static uint64_t from_relay(void)
{
    for (unsigned n = 0; n < BURST;) {
        wick_out out;
        wick_turn_data data;
        if (wick_turn_link_run(&relay, &turn, now_ms(), &out, &data) == WICK_OK) {
            n++;
            if (!wick_addr_equal(&peer, &data.peer)) { /* another client: the one before has left */
                peer = data.peer;
                (void)!wick_turn_bind(&turn, now_ms(), &peer);
            }
            (void)!net.udp_send(net.ctx, inside, &server, data.data);
        } else if (out.kind == WICK_OUT_EVENT && out.event == WICK_TURN_EV_PERMISSION_READY) {
            char text[WICK_ADDR_STR_BYTES];
            wick_addr_str(text, wick_turn_relayed(&turn));
            (void)printf("%s\n", text);
            (void)fflush(stdout);
        } else if (out.kind == WICK_OUT_WAIT) {
            return out.deadline_ms;
        } else if (out.kind == WICK_OUT_DONE) {
            return 0;
        }
    }
    return now_ms();
}

static void from_server(void)
{
    static uint8_t in[2048], bytes[2048 + 64];
    wick_addr from;
    for (unsigned i = 0; i < BURST; i++) {
        wick_buf b = wick_buf_make(bytes, sizeof bytes);
        int32_t n = net.udp_recv(net.ctx, inside, &from, in, sizeof in);
        if (n < 0 && n != WICK_E_NET) {
            return;
        }
        if (n >= 0 &&
            wick_turn_send(&turn, now_ms(), &b, &peer, wick_span_make(in, (size_t)n)) == WICK_OK) {
            (void)!wick_turn_link_send(&relay, now_ms(), wick_turn_server(&turn),
                                       wick_buf_span(&b));
        }
    }
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        (void)fputs("usage: turn_pump SERVER USER PASSWORD RELAY PERMIT\n", stderr);
        return 2;
    }
    if (!begin(argv)) {
        return fail("cannot begin");
    }
    for (;;) {
        uint64_t at = from_relay(), now = now_ms();
        from_server();
        if (at == 0) {
            return fail("no allocation");
        }
        struct pollfd p[2] = {{wick_linux_net_fd(&linux_net, inside), POLLIN, 0}, {-1, POLLIN, 0}};
        if (wick_turn_link_sock(&relay) >= 0) {
            p[1].fd = wick_linux_net_fd(&linux_net, wick_turn_link_sock(&relay));
        }
        (void)poll(p, 2, wick_time_reached(now, at) ? 0 : at - now > 1000 ? 1000 : (int)(at - now));
    }
}
