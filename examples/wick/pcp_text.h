/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_EXAMPLES_PCP_TEXT_H
#define WICK_EXAMPLES_PCP_TEXT_H
/* What `wick pcp` prints of messages and events. */
#include "cli.h"
#include "wick/base.h"
#include "wick/hal/store.h"

/* Mappings of the tool, in a store that is named with --store; not those of the agent. */
#define PCP_STORE_KEY WICK_STORE_KEY(2, 64)

/** "mapped", "lost" ... of wick_pcp_driver_event.kind. */
const char *pcp_event_text(int kind);
/** "udp", "tcp", "all", or the number; lives until the next call. */
const char *pcp_protocol_text(uint8_t protocol);
/** An address with or without a port, IPv6 with or without brackets. @return false: it is none */
bool pcp_parse_addr(wick_addr *out, const char *text, size_t len);
/** Prints a message of PCP or NAT-PMP, and each of its options.
 *  @param[in] from  who sent it, NULL: a message alone
 *  @return WICK_OK, or why it does not decode: nothing was printed then */
WICK_NODISCARD wick_status pcp_put_message(const cli *c, wick_span in, const wick_addr *from,
                                           const char *interface);

#endif
