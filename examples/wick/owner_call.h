/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_EXAMPLES_OWNER_CALL_H
#define WICK_EXAMPLES_OWNER_CALL_H
/*
 * Calls about the record of the identity of wick.conf, by its owner: in a
 * transaction of his own, or signed by him and sent by the wallet manager, so
 * that the device needs no Ether.
 *
 *     static sender s;
 *     static manager_link m;
 *     code = owner_open(&s, sponsored ? &m : NULL, &until_ms, cli);
 *     code = code == CLI_OK ? owner_read(&s, &device, id) : code;
 *     wick_relayed call = {.kind = WICK_RELAYED_REVOKE};
 *     code = code == CLI_OK ? owner_send(&s, sponsored ? &m : NULL, &call, &device, "revoke") : code;
 *     while (code == CLI_OK && ... not in the record ...) { if (!owner_later(&s, until_ms)) ... }
 *     owner_close(&s, sponsored ? &m : NULL);
 *
 * What the manager says of a call counts for nothing before the record is
 * proven to hold it.
 */
#include "send.h"
#include "vouch_request.h"
#include "wick/relayed.h"

/** wick.conf, both keys, and what is to be known of the manager if `m` is not NULL: he is spoken with when
 * there is something to ask. @return exit code; the error is printed */
int owner_open(sender *s, manager_link *m, uint64_t *until_ms, const cli *c);
void owner_close(sender *s, manager_link *m);

/** The record of this name, which must be live. @param[out] id  its id, also on
 * error
 *  @return exit code; the error is printed */
int owner_read(sender *s, wick_device *d, uint8_t id[32]);

/** The record of an id under a new head. @retval WICK_OK  @retval others of
 * chain_words() and wick_device_decode() */
WICK_NODISCARD wick_status owner_device(sender *s, wick_device *d, const uint8_t id[32]);

/** A service's primary endpoint under a new head. @retval WICK_OK  @retval others of
 * chain_words() and wick_endpoint_decode() */
WICK_NODISCARD wick_status owner_endpoint(sender *s, wick_endpoint *e, const uint8_t id[32],
                                          const uint8_t service[32]);
/** Prints it, as it has just been read. */
void owner_published(const sender *s, const wick_endpoint *e);

/** Signs and sends. Of `call` the kind and what belongs to it alone are set:
 * id, epoch and deadline come from here. A transaction of one's own is proven
 * to be included when this returns; of the manager's nothing is known yet.
 * @return exit code; the error is printed */
int owner_send(sender *s, manager_link *m, wick_relayed *call, const wick_device *d,
               const char *what);

/** Has the manager send a call that needs no signature of an owner. Where he
 * says that he will later, he is asked again. @return exit code; the error is
 * printed */
int owner_have_sent(sender *s, manager_link *m, wick_span call);

/** What the manager refused, or what failed on the way to him. @return exit
 * code */
int owner_refused(const cli *c, wick_status st, const wick_json *answer);

/** Waits for a moment. @return false: it is too late */
bool owner_later(sender *s, uint64_t until_ms);

#endif
