/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_EXAMPLES_VOUCH_REQUEST_H
#define WICK_EXAMPLES_VOUCH_REQUEST_H
/* The device's side of vouch.h: its request, and the conversation with wick-wallet. */
#include <stdio.h>

#include "cli.h"
#include "host.h"
#include "out.h"
#include "wick/port/json.h"
#include "wick/port/tls.h"
#include "wick/voucher.h"

#define VOUCH_DAYS_DEFAULT 365u
#define MANAGER_LINE_MAX 4096u

/** Writes a request for the identity of `h`, whose keys are loaded, as one line of JSON.
 *  @param[in] op, token  for wick-wallet; NULL: none
 *  @return exit code; the error is printed */
int vouch_request(FILE *to, const cli *c, host *h, const wick_registry_domain *domain,
                  const uint8_t challenge[32], uint64_t days, const char *op, const char *token);

/** The fields of a voucher that a request names too. */
void vouch_put(out_rec *o, const char *name, const wick_voucher *v);

/** Conversations with the manager of [wallet], over TLS-PSK. Blocking; about 20 KB.
 *
 *     code = manager_open(&m, cli, &host, 60);
 *     ... a chain that is slow keeps nobody waiting here: the manager ends what is silent for a minute ...
 *     s = manager_connect(&m);
 *     s = manager_ask(&m, &answer, line);                 as often as wanted, without a pause
 *     manager_hang_up(&m);
 *     manager_close(&m);
 */
typedef struct manager_link {
    host *h;
    uint64_t timeout_ms;
    wick_sock sock;
    wick_tls tls;
    wick_dtls_entry entry;
    uint8_t psk[32];
    char token[256];
    uint64_t until_ms;
    uint8_t challenge[32];
    size_t len;
    char line[MANAGER_LINE_MAX];
    uint64_t arena[MANAGER_LINE_MAX];
} manager_link;

/** Reads what [wallet] names. @param[in] timeout_s  of each conversation
 *  @return exit code; the error is printed */
int manager_open(manager_link *m, const cli *c, host *h, uint64_t timeout_s);
/** Begins a conversation: m->challenge is of it.
 *  @retval WICK_OK  @retval others of the network, or WICK_E_TIMEOUT */
WICK_NODISCARD wick_status manager_connect(manager_link *m);
/** One request line, with its line end, and the answer.
 *  @param[out] answer lives until the next call
 *  @retval WICK_OK {"ok":true,...}  @retval WICK_E_RPC refused: `answer` has code, error, remedy
 *  @retval others of the connection */
WICK_NODISCARD wick_status manager_ask(manager_link *m, const wick_json **answer, const char *line);
/** Ends it. */
void manager_hang_up(manager_link *m);
void manager_close(manager_link *m);

#endif
