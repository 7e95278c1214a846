/* SPDX-License-Identifier: Apache-2.0 */
/* Name, cause and remedy of each status. */
#include "wick/status.h"

#include <stddef.h>

#include "wick/config.h"

struct text {
    wick_status status;
    const char *name;
#if WICK_STATUS_TEXT
    const char *cause;
    const char *remedy;
#endif
};

#if WICK_STATUS_TEXT
#define TEXT(status, name, cause, remedy) {status, name, cause, remedy}
#else
#define TEXT(status, name, cause, remedy) {status, name}
#endif

static const struct text texts[] = {
    TEXT(WICK_OK, "OK",
     "success",
     "nothing to do"),
    TEXT(WICK_AGAIN, "AGAIN",
     "nothing yet",
     "call again after input or at the deadline"),
    TEXT(WICK_E_BAD_ARG, "BAD_ARG",
     "the caller broke the contract of the function",
     "read the function's header"),
    TEXT(WICK_E_NO_SPACE, "NO_SPACE",
     "the buffer is too small",
     "give a larger buffer; encoders say how much with a NULL buffer"),
    TEXT(WICK_E_TRUNCATED, "TRUNCATED",
     "the input ends before it should",
     "get the whole input again"),
    TEXT(WICK_E_MALFORMED, "MALFORMED",
     "the input breaks its format",
     "check where the input comes from"),
    TEXT(WICK_E_NON_CANONICAL, "NON_CANONICAL",
     "the input is not in its one allowed form",
     "its sender is faulty or hostile; use another source"),
    TEXT(WICK_E_TRAILING, "TRAILING",
     "bytes are left after the end of the input",
     "its sender is faulty or hostile; use another source"),
    TEXT(WICK_E_UNSUPPORTED, "UNSUPPORTED",
     "a version, option or suite that this build does not have",
     "use a peer or build that has it in common"),
    TEXT(WICK_E_LIMIT, "LIMIT",
     "a compile-time bound is reached",
     "raise the bound in wick/config.h"),
    TEXT(WICK_E_STATE, "STATE",
     "not allowed in the present state",
     "follow the order of calls in the header"),
    TEXT(WICK_E_AUTH, "AUTH",
     "authentication failed",
     "check that both ends mean the same keys; otherwise somebody interferes"),
    TEXT(WICK_E_EXPIRED, "EXPIRED",
     "its validity has ended",
     "renew it"),
    TEXT(WICK_E_TIMEOUT, "TIMEOUT",
     "no answer in time",
     "check the network path and try again"),
    TEXT(WICK_E_NOT_FOUND, "NOT_FOUND",
     "there is no such entry",
     "check the name"),
    TEXT(WICK_E_CRYPTO, "CRYPTO",
     "the crypto library failed",
     "check the port's crypto adapter"),
    TEXT(WICK_E_BAD_KEY, "BAD_KEY",
     "not a valid key",
     "make or fetch the key again"),
    TEXT(WICK_E_NO_CLOCK, "NO_CLOCK",
     "there is no time of day yet",
     "set the clock or wait for a verified header"),
    TEXT(WICK_E_PROOF_INCOMPLETE, "PROOF_INCOMPLETE",
     "the proof stops before it proves anything",
     "ask another node: this one cut its answer"),
    TEXT(WICK_E_PROOF_BAD_HASH, "PROOF_BAD_HASH",
     "a proof node is not the one that its parent names",
     "ask another node: this one altered its answer"),
    TEXT(WICK_E_PROOF_BAD_RLP, "PROOF_BAD_RLP",
     "a proof node is not canonical RLP",
     "ask another node: this one altered its answer"),
    TEXT(WICK_E_PROOF_CLAIM, "PROOF_CLAIM",
     "the proof shows another value than the answer claims",
     "ask another node: this one lies"),
    TEXT(WICK_E_HEADER_HASH, "HEADER_HASH",
     "the block header does not hash to its block",
     "ask another node: this one altered its answer"),
    TEXT(WICK_E_HEADER_STALE, "HEADER_STALE",
     "the block header is older than allowed",
     "wait for the node to catch up or use another one"),
    TEXT(WICK_E_CHAIN_MISMATCH, "CHAIN_MISMATCH",
     "the node serves another chain than configured",
     "check rpc and chain id in wick.conf"),
    TEXT(WICK_E_TX_SIGNATURE, "TX_SIGNATURE",
     "the transaction's signature has no sender",
     "sign it again"),
    TEXT(WICK_E_TRUST_TIER, "TRUST_TIER",
     "the policy does not allow this kind of evidence for a block header",
     "use a node or authenticator that the policy names, or change the policy"),
    TEXT(WICK_E_TRUST_DEPTH, "TRUST_DEPTH",
     "not enough blocks are known on top of this one",
     "wait for more blocks"),
    TEXT(WICK_E_HEADER_FUTURE, "HEADER_FUTURE",
     "the block's time is ahead of the clock",
     "set the clock"),
    TEXT(WICK_E_STUN_COOKIE, "STUN_COOKIE",
     "not a STUN message",
     "check the server address"),
    TEXT(WICK_E_STUN_INTEGRITY, "STUN_INTEGRITY",
     "the STUN message is not authentic",
     "check user name and password; otherwise somebody interferes"),
    TEXT(WICK_E_STUN_FINGERPRINT, "STUN_FINGERPRINT",
     "the STUN message is damaged",
     "nothing: it was dropped"),
    TEXT(WICK_E_STUN_UNKNOWN_ATTR, "STUN_UNKNOWN_ATTR",
     "the message needs an attribute that is unknown here",
     "use a server that speaks RFC 8489"),
    TEXT(WICK_E_TURN_CREDENTIALS, "TURN_CREDENTIALS",
     "the TURN server refused user name or password",
     "get new relay credentials from the wallet manager"),
    TEXT(WICK_E_TURN_LOOP, "TURN_LOOP",
     "the TURN server repeats the same demand",
     "use another relay"),
    TEXT(WICK_E_TURN_MISMATCH, "TURN_MISMATCH",
     "the TURN server does not know this allocation",
     "allocate again from a new socket"),
    TEXT(WICK_E_TURN_FORBIDDEN, "TURN_FORBIDDEN",
     "the TURN server denies this peer or operation",
     "ask the operator to allow its own relay address as peer"),
    TEXT(WICK_E_TURN_QUOTA, "TURN_QUOTA",
     "the allocation quota is reached",
     "release other allocations or use another relay"),
    TEXT(WICK_E_TURN_CAPACITY, "TURN_CAPACITY",
     "the TURN server has no port left",
     "use another relay"),
    TEXT(WICK_E_TURN_TRANSPORT, "TURN_TRANSPORT",
     "the TURN server refuses this transport or address family",
     "use another relay"),
    TEXT(WICK_E_TURN_LOST, "TURN_LOST",
     "the allocation is gone",
     "allocate again and publish the new address"),
    TEXT(WICK_E_TURN_REFUSED, "TURN_REFUSED",
     "the TURN server refused the request",
     "see the error code and the server's log"),
    TEXT(WICK_E_TURN_RELAY_UNFIT, "TURN_RELAY_UNFIT",
     "the relayed address cannot be reached from outside",
     "use another relay; its operator must set external-ip"),
    TEXT(WICK_E_NSL_DROP, "NSL_DROP",
     "a handshake datagram was dropped",
     "nothing: the peer repeats what matters"),
    TEXT(WICK_E_NSL_TABLE_FULL, "NSL_TABLE_FULL",
     "no room for another handshake",
     "wait, or raise WICK_NSL_HALF_OPEN_MAX"),
    TEXT(WICK_E_NSL_RATE, "NSL_RATE",
     "too many handshakes from this source",
     "wait"),
    TEXT(WICK_E_NSL_NO_ANSWER, "NSL_NO_ANSWER",
     "the peer did not answer",
     "check that it is running and look it up again: its endpoint or key may have changed"),
    TEXT(WICK_E_NSL_PEER_KEY, "NSL_PEER_KEY",
     "the peer proved another key than its record holds",
     "look the peer up again; otherwise somebody interferes"),
    TEXT(WICK_E_HPKE_SEQ, "HPKE_SEQ",
     "an HPKE context was used twice",
     "make a new context for each message"),
    TEXT(WICK_E_NAME, "NAME",
     "not a name",
     "use 1 to 63 of a-z 0-9 . _ -"),
    TEXT(WICK_E_NAME_TAKEN, "NAME_TAKEN",
     "the name belongs to another owner",
     "choose another name"),
    TEXT(WICK_E_RECORD_ABSENT, "RECORD_ABSENT",
     "proven: the chain holds no such record",
     "check the name, or register it"),
    TEXT(WICK_E_RECORD_REVOKED, "RECORD_REVOKED",
     "the record was revoked",
     "ask the owner for the new name"),
    TEXT(WICK_E_RECORD_STALE, "RECORD_STALE",
     "the record is older than one seen before",
     "use another node: this one is behind or lies"),
    TEXT(WICK_E_RECORD_EXPIRED, "RECORD_EXPIRED",
     "the record has expired",
     "wait until the peer publishes again"),
    TEXT(WICK_E_RECORD_INVALID, "RECORD_INVALID",
     "the record holds what no correct contract writes",
     "check the contract address in wick.conf"),
    TEXT(WICK_E_NO_CONTRACT, "NO_CONTRACT",
     "proven: there is no contract at this address",
     "check registry address and chain in wick.conf"),
    TEXT(WICK_E_VOUCHER, "VOUCHER",
     "the voucher does not fit",
     "get a new voucher from the wallet manager"),
    TEXT(WICK_E_NO_ENDPOINT, "NO_ENDPOINT",
     "the peer has published no usable endpoint",
     "wait until the peer publishes"),
    TEXT(WICK_E_NOT_OWNER, "NOT_OWNER",
     "the record belongs to another wallet, or the role to another account",
     "use the wallet or account that has this right"),
    TEXT(WICK_E_UNFUNDED, "UNFUNDED",
     "the wallet cannot pay for the transaction",
     "fund the wallet or ask the wallet manager"),
    TEXT(WICK_E_TX_REVERTED, "TX_REVERTED",
     "the contract refused the transaction",
     "see the decoded error"),
    TEXT(WICK_E_TX_LOST, "TX_LOST",
     "the transaction was not included in time",
     "send it again with a higher fee"),
    TEXT(WICK_E_SAME_KEY, "SAME_KEY",
     "wallet key and device key are the same",
     "make a new identity"),
    TEXT(WICK_E_RELAY_UNKNOWN, "RELAY_UNKNOWN",
     "the relay is not approved on chain",
     "use an approved relay"),
    TEXT(WICK_E_HAL, "HAL",
     "the port failed",
     "see the log"),
    TEXT(WICK_E_ENTROPY, "ENTROPY",
     "there is no randomness",
     "check the random source of the port"),
    TEXT(WICK_E_STORE_FULL, "STORE_FULL",
     "the store is full",
     "free space on the device"),
    TEXT(WICK_E_STORE_CORRUPT, "STORE_CORRUPT",
     "both copies of a stored value are damaged",
     "restore from a backup or erase the value"),
    TEXT(WICK_E_STORE_VERSION, "STORE_VERSION",
     "a stored value is of a newer version",
     "run the newer program"),
    TEXT(WICK_E_FILE_MODE, "FILE_MODE",
     "a secret file can be read by others",
     "chmod 600 the file"),
    TEXT(WICK_E_NET, "NET",
     "the network refused",
     "check address and route"),
    TEXT(WICK_E_RESOLVE, "RESOLVE",
     "the host name does not resolve",
     "check the name and the resolver"),
    TEXT(WICK_E_HTTP, "HTTP",
     "the server answered with an HTTP error",
     "check the URL and the server's log"),
    TEXT(WICK_E_HTTP_RATE, "HTTP_RATE",
     "the server asks to slow down",
     "wait, or use another endpoint"),
    TEXT(WICK_E_RPC, "RPC",
     "the node answered with a JSON-RPC error",
     "see the message of the node"),
    TEXT(WICK_E_JSON, "JSON",
     "the answer is not the JSON that was asked for",
     "use another node"),
    TEXT(WICK_E_RPC_ID, "RPC_ID",
     "the answer belongs to another request",
     "use another node"),
    TEXT(WICK_E_TLS, "TLS",
     "the TLS session failed",
     "check that both ends hold the same key"),
    TEXT(WICK_E_CONFIG, "CONFIG",
     "wick.conf is not usable",
     "see the message"),
};

static const struct text *find(wick_status status)
{
    static const struct text unknown = TEXT(WICK_OK, "UNKNOWN", "unknown status",
                                        "report this as a defect");
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i].status == status) {
            return &texts[i];
        }
    }
    return &unknown;
}

const char *wick_status_str(wick_status status)
{
    return find(status)->name;
}

const char *wick_status_cause(wick_status status)
{
#if WICK_STATUS_TEXT
    return find(status)->cause;
#else
    return find(status)->name;
#endif
}

const char *wick_status_remedy(wick_status status)
{
#if WICK_STATUS_TEXT
    return find(status)->remedy;
#else
    (void)status;
    return "";
#endif
}
