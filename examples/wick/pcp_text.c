/* SPDX-License-Identifier: Apache-2.0 */
/* Messages and events of PCP and NAT-PMP as text and JSON. */
#include "pcp_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "out.h"
#include "wick/natpmp.h"
#include "wick/pcp.h"
#include "wick/port/pcp_driver.h"

const char *pcp_event_text(int kind)
{
    static const char *const server[] = {"server_reset", "silent", "natpmp", "alive"};
    static const char *const mapping[] = {"none", "mapped", "changed", "hint",
                                          "failed", "lost", "deleted"};
    static const char *const network[] = {"network_up", "network_down", "done"};
    if (kind >= WICK_PCP_DRIVER_NETWORK_UP && kind <= WICK_PCP_DRIVER_DONE) {
        return network[kind - WICK_PCP_DRIVER_NETWORK_UP];
    }
    if (kind >= WICK_PCP_EV_SERVER_RESET && kind <= WICK_PCP_EV_ALIVE) {
        return server[kind - WICK_PCP_EV_SERVER_RESET];
    }
    return kind >= 0 && kind <= WICK_PCP_EV_DELETED ? mapping[kind] : "unknown";
}

const char *pcp_protocol_text(uint8_t protocol)
{
    static char number[4];
    switch (protocol) {
    case 0:
        return "all";
    case 6:
        return "tcp";
    case 17:
        return "udp";
    default:
        (void)snprintf(number, sizeof number, "%u", protocol);
        return number;
    }
}

bool pcp_parse_addr(wick_addr *out, const char *text, size_t len)
{
    char whole[80];
    bool v6 = memchr(text, ':', len) != NULL;
    if (len > 64) {
        return false;
    }
    if (wick_addr_parse(out, text, len) == WICK_OK) {
        return true;
    }
    int n = snprintf(whole, sizeof whole, v6 ? "[%.*s]:0" : "%.*s:0", (int)len, text);
    return n > 0 && wick_addr_parse(out, whole, (size_t)n) == WICK_OK;
}

static const char *opcode_text(uint8_t opcode)
{
    static const char *const name[] = {"ANNOUNCE", "MAP", "PEER"};
    return opcode <= WICK_PCP_PEER ? name[opcode] : "?";
}

static const char *natpmp_result_text(uint16_t result)
{
    static const char *const name[] = {"SUCCESS",         "UNSUPP_VERSION", "NOT_AUTHORIZED",
                                       "NETWORK_FAILURE", "NO_RESOURCES",   "UNSUPP_OPCODE"};
    return result < sizeof name / sizeof name[0] ? name[result] : "UNKNOWN";
}

static void begin(out_rec *o, const cli *c, const wick_addr *from, const char *interface)
{
    if (from == NULL) {
        out_begin(o, stdout, c->json);
        return;
    }
    out_begin_step(o, stdout, c->json, "heard");
    out_addr(o, "from", from);
    out_str(o, "interface", interface);
}

static void put_options(const cli *c, const wick_pcp_msg *m)
{
    wick_span rest = m->options;
    wick_pcp_option option;
    wick_pcp_filter filter;
    while (wick_pcp_next_option(&option, &rest)) {
        out_rec o;
        wick_addr a;
        out_begin(&o, stdout, c->json);
        switch (option.code) {
        case WICK_PCP_THIRD_PARTY:
            memset(&a, 0, sizeof a);
            memcpy(a.ip, option.data.ptr, sizeof a.ip);
            out_str(&o, "option", "THIRD_PARTY");
            out_addr(&o, "  host", &a);
            break;
        case WICK_PCP_PREFER_FAILURE:
            out_str(&o, "option", "PREFER_FAILURE");
            break;
        case WICK_PCP_FILTER:
            out_str(&o, "option", "FILTER");
            if (wick_pcp_read_filter(&filter, &option) == WICK_OK) {
                out_addr(&o, c->json ? "remote" : "  remote", &filter.remote);
                out_u64(&o, c->json ? "prefix_bits" : "  prefix_bits", filter.prefix_bits);
            }
            break;
        default:
            out_u64(&o, "option", option.code);
            out_hex(&o, c->json ? "data" : "  data", option.data.ptr, option.data.len);
            break;
        }
        out_end(&o);
    }
}

static void put_pcp(out_rec *o, const wick_pcp_msg *m)
{
    bool response = m->response != 0;
    wick_addr client;
    memset(&client, 0, sizeof client);
    memcpy(client.ip, m->client_ip, sizeof client.ip);
    out_str(o, "protocol_version", "PCP 2");
    out_str(o, "opcode", opcode_text(m->opcode));
    out_str(o, "class", response ? "response" : "request");
    if (response) {
        out_str(o, "result", wick_pcp_result_str(m->result));
        out_u64(o, "result_code", m->result);
        out_u64(o, "epoch_s", m->epoch_s);
    } else {
        out_addr(o, "client", &client);
    }
    out_u64(o, "lifetime_s", m->lifetime_s);
    if (m->opcode != WICK_PCP_ANNOUNCE) {
        out_hex(o, "nonce", m->nonce, sizeof m->nonce);
        out_str(o, "protocol", pcp_protocol_text(m->protocol));
        out_u64(o, "internal_port", m->internal_port);
        out_addr(o, "external", &m->external);
    }
    if (m->opcode == WICK_PCP_PEER) {
        out_addr(o, "remote", &m->remote);
    }
}

static void put_natpmp(out_rec *o, const wick_natpmp_msg *m)
{
    static const char *const opcode[] = {"ADDRESS", "MAP_UDP", "MAP_TCP"};
    bool response = m->response != 0;
    out_str(o, "protocol_version", "NAT-PMP");
    out_str(o, "opcode", opcode[m->opcode]);
    out_str(o, "class", response ? "response" : "request");
    if (response) {
        out_str(o, "result", natpmp_result_text(m->result));
        out_u64(o, "result_code", m->result);
        out_u64(o, "epoch_s", m->epoch_s);
    }
    if (m->opcode != WICK_NATPMP_ADDRESS) {
        out_u64(o, "internal_port", m->internal_port);
        out_u64(o, "external_port", m->external_port);
        out_u64(o, "lifetime_s", m->lifetime_s);
    } else if (response) {
        wick_addr a = wick_addr_v4(m->external_ip[0], m->external_ip[1], m->external_ip[2],
                                   m->external_ip[3], 0);
        out_addr(o, "external", &a);
    }
}

wick_status pcp_put_message(const cli *c, wick_span in, const wick_addr *from,
                            const char *interface)
{
    out_rec o;
    if (in.len != 0 && in.ptr[0] == 0) {
        wick_natpmp_msg m;
        wick_status s = wick_natpmp_decode(&m, in);
        if (s == WICK_OK) {
            begin(&o, c, from, interface);
            put_natpmp(&o, &m);
            out_end(&o);
        }
        return s;
    }
    wick_pcp_msg m;
    wick_status s = wick_pcp_decode(&m, in);
    if (s == WICK_OK) {
        begin(&o, c, from, interface);
        put_pcp(&o, &m);
        out_end(&o);
        if (from == NULL) {
            put_options(c, &m);
        }
    }
    return s;
}
