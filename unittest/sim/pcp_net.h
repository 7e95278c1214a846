/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_SIM_PCP_NET_H
#define WICK_SIM_PCP_NET_H
/* A PCP client and two servers in virtual time, with loss; what the tests of sim.pcp* share. */
#include "tap.h"
#include "wick/pcp_client.h"
#include "wick/port/stub.h"
#include "wick/port/stub_pcp.h"

#define EV(name) WICK_PCP_EV_##name
#define PACKETS 32
#define EVENTS 200

struct pcp_net {
    uint64_t now_ms, rng;
    wick_pcp_client c;
    wick_pcp_client_config cfg;
    wick_addr own, list[WICK_PCP_SERVERS];
    wick_stub_pcp server[2];
    wick_stub_store store;
    wick_hal_store hal_store;
    wick_hal_entropy entropy;
    bool entropy_fails;
    unsigned loss; /* chance in 1/1000 */
    struct {
        bool used, to_server;
        uint64_t due_ms;
        wick_addr from, to;
        size_t len;
        uint8_t bytes[1200];
    } packet[PACKETS];
    struct {
        uint64_t at_ms;
        int event;
        unsigned id;
        wick_status status;
        wick_addr to;
    } event[EVENTS];
    unsigned events, sent;
    uint64_t sent_at[64];
    size_t sent_len;
    bool done, stuck;
};
extern struct pcp_net w;

uint32_t rnd(void);
/* Hands bytes to the client, as from that address. */
wick_status deliver(wick_span bytes, const wick_addr *from);
/* Runs client, servers and the wire for so long. */
void run(uint64_t ms);
unsigned count(int event);
/* Status and time of the n-th such event: WICK_AGAIN and 0 if there is none. */
wick_status status_of(int event, unsigned n);
uint64_t time_of(int event, unsigned n);
/* Of a mapping while it is held, else a zero address. */
const wick_addr *external(unsigned id);
void restart_client(void);
void world(uint64_t start_ms);
wick_pcp_want udp(uint16_t port);
unsigned map(const wick_pcp_want *want);
/* A world with a mapping of UDP 5001. */
unsigned ready(uint64_t start_ms);

#endif
