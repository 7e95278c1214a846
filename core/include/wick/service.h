/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_SERVICE_H
#define WICK_SERVICE_H
/*
 * Services of local applications: each has an endpoint of its own in the gateway's record, beside the
 * one at which the agent itself answers. Peers look up NAME/SERVICE and find it there.
 *
 *     wick_service_spec spec = {.name = "camera", .protocol = WICK_PROTOCOL_TCP, .port = 8443};
 *     s = wick_service_publish(&gw, now, &spec);       later: WICK_GW_EV_SERVICE
 *     s = wick_service_unpublish(&gw, now, "camera");  later: WICK_GW_EV_SERVICE, WITHDRAWN
 *
 * Where it leads:
 *   spec.addr given      there: the application knows its public endpoint
 *   spec.port given      to that port of this host: at an own public address, else by a mapping that
 *                        the router is asked for (PCP, NAT-PMP). A mapping is published only while the
 *                        agent's own one at that router is proven from outside, and has its address
 *   neither              to the agent: its own endpoint is published once more, and peers handshake
 *                        with the agent in the name of this service
 *
 * A word is written when it differs from what should be there, renewed at half of its life, moved
 * when the endpoint does, as seldom as the agent's own (one transaction each), and withdrawn by
 * unpublish(), or when the way to it is lost. Services are not kept over a restart: whoever wants one
 * asks again, and finds on chain what is still right. What nobody asks for again expires.
 *
 * The agent must have WICK_GW_GOAL_PUBLISH. Endpoints say nothing of who answers there: peers
 * authenticate, by handshake and PSK (wick/peer_keys.h) or by a pinned TLS key.
 *
 * Bounds: WICK_GW_SERVICES_MAX. Built without WICK_WITH_SERVICES: UNSUPPORTED.
 */
#include "wick/gateway.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What to publish. Copied. */
typedef struct wick_service_spec {
    const char *name;   /* [a-z0-9._-]{1,63}, not the agent's own service */
    uint8_t protocol;   /* WICK_PROTOCOL_UDP, WICK_PROTOCOL_TCP; 0: UDP */
    uint16_t port;      /* local port of the application; 0: none */
    wick_addr addr;     /* endpoint that is known; port 0: the agent finds one */
    uint32_t expires_s; /* life of the word; 0: that of the agent's own */
} wick_service_spec;

/**
 * Publishes a service, or changes what is published under its name.
 * @retval WICK_OK             events will tell
 * @retval WICK_E_NAME         name malformed, or the agent's own service
 * @retval WICK_E_BAD_ARG      another protocol; a port that is the agent's own; an address without
 *                             port; TCP without port or address
 * @retval WICK_E_STATE        the agent does not publish (WICK_GW_GOAL_PUBLISH)
 * @retval WICK_E_LIMIT        WICK_GW_SERVICES_MAX services
 * @retval WICK_E_UNSUPPORTED  built without it; or a port, where the agent is built without
 *                             WICK_WITH_PATH
 */
WICK_NODISCARD wick_status wick_service_publish(wick_gateway *gw, uint64_t now_ms,
                                                const wick_service_spec *spec);

/** Withdraws a service. @retval WICK_OK @retval WICK_E_NOT_FOUND there is none of this name */
WICK_NODISCARD wick_status wick_service_unpublish(wick_gateway *gw, uint64_t now_ms,
                                                  const char *name);

/** A service as it is now. */
typedef struct wick_service_state {
    const char *name; /* lives until it is unpublished */
    uint8_t protocol;
    uint16_t port;
    bool leaving;       /* being withdrawn */
    bool published;     /* proven on chain, and what it should be */
    bool has_endpoint;  /* there is a way to it: */
    wick_addr addr;
    uint8_t kind;       /* wick_endpoint_kind */
    uint32_t seq;       /* on chain, 0: never written */
    uint64_t expires;   /* on chain */
} wick_service_state;

/** Service `index`, 0..WICK_GW_SERVICES_MAX-1.
 *  @retval WICK_OK  @retval WICK_E_NOT_FOUND no service has this index; `out` is zeroed */
WICK_NODISCARD wick_status wick_service_look(const wick_gateway *gw, wick_service_state *out,
                                             unsigned index);

#ifdef __cplusplus
}
#endif
#endif
