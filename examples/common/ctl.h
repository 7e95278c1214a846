/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_EXAMPLES_CTL_H
#define WICK_EXAMPLES_CTL_H
/*
 * Asking a running wickd through its socket (protocol: examples/wickd/request.h). Blocking, for
 * commands.
 *
 *     ctl link;
 *     if (ctl_open(&link, &h.conf) == WICK_OK) {
 *         code = ctl_ask(&link, c, &answer, "{\"op\":\"status\"}");
 *         ...
 *     }
 *     ctl_close(&link);
 */
#include "cli.h"
#include "conf.h"
#include "json.h"
#include "out.h"

#define CTL_LINE_MAX 32768
#define CTL_TIMEOUT_MS 40000

typedef struct ctl {
    int fd; /* -1: not connected */
    json_doc doc;
    size_t len;
    char line[CTL_LINE_MAX];
} ctl;

/** Connects to the daemon of this configuration.
 *  @retval WICK_OK  @retval WICK_E_NOT_FOUND none runs, or no socket is configured
 *  @retval WICK_E_FILE_MODE the socket, or who listens there, belongs to another user
 *  @retval WICK_E_HAL */
WICK_NODISCARD wick_status ctl_open(ctl *link, const conf *c);

/** Sends a request. @retval WICK_OK  @retval WICK_E_NET the daemon has gone */
WICK_NODISCARD wick_status ctl_send(ctl *link, const char *request);

/** Waits for the next line. `answer` lives until the next call, `text` too (without line end).
 *  @retval WICK_OK  @retval WICK_E_TIMEOUT  @retval WICK_E_NET  @retval WICK_E_JSON */
WICK_NODISCARD wick_status ctl_next(ctl *link, const wick_json **answer, const char **text,
                                    int timeout_ms);

/** Sends a request and waits for its answer. @return exit code; errors are printed, a refusal of the
 *  daemon as its own */
int ctl_ask(ctl *link, const cli *c, const wick_json **answer, const char **text,
            const char *request);

/** What an answer means: exit code; a refusal of the daemon is printed. */
int ctl_verdict(const cli *c, const wick_json *answer, const char *text);

/** A value of an answer in an output record; nothing if it is none, or a list or an object. */
void ctl_put_as(out_rec *o, const wick_json *value, const char *name);
void ctl_put(out_rec *o, const wick_json *object, const char *member);

/** After an answer that held a secret: wipes it. It and its text are no more. */
void ctl_wipe(ctl *link);

void ctl_close(ctl *link);

#endif
