/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick register: the name belongs to this wallet and key, proven on chain; asks the wallet manager
 * for a voucher and for funds where needed. wick publish: also an address on a relay, written to
 * the record; it stays reachable while the relay keeps the allocation, so `wick listen` serves.
 */
#include <stdlib.h>

#include "agent.h"
#include "commands.h"
#include "talk.h"

#define TIMEOUT_DEFAULT_S 120u

static agent a;

/* Runs until the event that was waited for, or a refusal that the agent will not mend. */
static int run(wick_gateway_event_kind wanted, uint64_t until_ms)
{
    wick_driver_event ev;
    wick_status last = WICK_E_TIMEOUT;
    while (!cli_interrupted()) {
        uint64_t now = agent_now(&a);
        if (wick_time_reached(now, until_ms)) {
            bool waits = last == WICK_E_TIMEOUT && wick_gateway_tx_waits(&a.gateway);
            last = waits ? WICK_E_TX_LOST : last;
            break;
        }
        wick_driver_run(&a.driver, &ev, wick_time_min(until_ms, now + 500));
        if (ev.kind == WICK_DRIVER_DONE) {
            last = ev.status != WICK_OK ? ev.status : last;
            break;
        }
        if (ev.kind != WICK_DRIVER_GATEWAY) {
            continue;
        }
        if (ev.status != WICK_OK) {
            last = ev.status;
            if (ev.gateway.final) {
                break;
            }
        }
        agent_print(&a, &ev.gateway);
        if (ev.status == WICK_OK && ev.gateway.kind == wanted) {
            return CLI_OK;
        }
    }
    return agent_fail(&a, last, a.host.conf.identity.name);
}

static int command(cli *c, int argc, char **argv, unsigned goals, wick_gateway_event_kind wanted)
{
    static const struct option options[] = {{"timeout", required_argument, NULL, 't'},
                                            CLI_COMMON_OPTIONS};
    unsigned long timeout_s = TIMEOUT_DEFAULT_S;
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        char *end = NULL;
        if (got != 't') {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
        timeout_s = strtoul(optarg, &end, 10);
        if (*end != '\0' || timeout_s == 0 || timeout_s > 86400) {
            return cli_usage(c, "--timeout takes seconds, 1 to 86400");
        }
    }
    if (argc != optind) {
        return cli_usage(c, "no argument but options");
    }
    static conf f;
    conf_error e;
    int code = CLI_OK;
    if (conf_load(&f, &e, c->config) != WICK_OK) {
        return cli_fail(c, WICK_E_CONFIG, "%s", e.text);
    }
    if (daemon_register(c, &f, wanted == WICK_GW_EV_PUBLISHED, timeout_s * 1000u, &code)) {
        return code;
    }
    code = agent_open(&a, c);
    if (code == CLI_OK) {
        wick_status s = wick_gateway_start(&a.gateway, agent_now(&a), goals);
        code = s == WICK_OK ? run(wanted, agent_now(&a) + timeout_s * 1000u)
                            : cli_fail(c, s, "agent");
    }
    agent_close(&a);
    return code;
}

int cmd_register(cli *c, int argc, char **argv)
{
    return command(c, argc, argv, WICK_GW_GOAL_REGISTER, WICK_GW_EV_REGISTERED);
}

int cmd_publish(cli *c, int argc, char **argv)
{
    return command(c, argc, argv,
                   WICK_GW_GOAL_REGISTER | WICK_GW_GOAL_PATH | WICK_GW_GOAL_PUBLISH,
                   WICK_GW_EV_PUBLISHED);
}
