/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_STATUS_H
#define WICK_STATUS_H
/*
 * One result type for the whole library. 0 is success, WICK_AGAIN says "not yet", everything else
 * below zero is a refusal. The ranges tell who refused: -1..-99 base, -100.. eth, -200.. nat,
 * -300.. psk, -400.. registry, -500.. gateway, -600.. firmware, -700.. hal and ports.
 *
 * A status never means both "not yet" and "no". Proof walkers have a result type of their own
 * (wick/mpt.h), because a proof that ends early is neither.
 */

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__) || defined(__clang__)
#define WICK_NODISCARD __attribute__((warn_unused_result))
#else
#define WICK_NODISCARD
#endif

typedef enum wick_status {
    WICK_OK = 0,
    /* base */
    WICK_AGAIN = -1,           /* nothing yet; call again later */
    WICK_E_BAD_ARG = -2,       /* the caller broke the contract of the function */
    WICK_E_NO_SPACE = -3,      /* the caller's buffer is too small */
    WICK_E_TRUNCATED = -4,     /* input ends before it should */
    WICK_E_MALFORMED = -5,     /* input breaks the format */
    WICK_E_NON_CANONICAL = -6, /* input is decodable, but not in its one allowed form */
    WICK_E_TRAILING = -7,      /* bytes left after the end of the input */
    WICK_E_UNSUPPORTED = -8,   /* well formed, but a version, option or suite we do not have */
    WICK_E_LIMIT = -9,         /* a compile-time bound of wick/config.h is reached */
    WICK_E_STATE = -10,        /* not allowed in the present state */
    WICK_E_AUTH = -11,         /* authentication failed; says no more on purpose */
    WICK_E_EXPIRED = -12,      /* validity ended */
    WICK_E_TIMEOUT = -13,      /* no answer within the schedule */
    WICK_E_NOT_FOUND = -14,    /* no such entry */
    WICK_E_CRYPTO = -15,       /* the crypto back end failed for a reason other than the input */
    WICK_E_BAD_KEY = -16,      /* not a valid key or point */
    WICK_E_NO_CLOCK = -17,     /* needs the time of day, and there is none */
    WICK_E_BUSY = -18,         /* all places for this are in use; free again after a while */
    /* eth */
    WICK_E_PROOF_INCOMPLETE = -100, /* the proof stops before it proves anything */
    WICK_E_PROOF_BAD_HASH = -101,   /* a node is not the one that its parent names */
    WICK_E_PROOF_BAD_RLP = -102,    /* a node is not canonical RLP of a trie node */
    WICK_E_PROOF_CLAIM = -103,      /* the proof is sound, but proves another value than claimed */
    WICK_E_HEADER_HASH = -104,      /* the header does not hash to the expected block hash */
    WICK_E_HEADER_STALE = -105,     /* older than the policy allows, or than one already seen */
    WICK_E_CHAIN_MISMATCH = -106,   /* another chain id than configured */
    WICK_E_TX_SIGNATURE = -107,     /* signature does not belong to a recoverable sender */
    WICK_E_TRUST_TIER = -108,       /* the evidence for a header is of a kind not allowed here */
    WICK_E_TRUST_DEPTH = -109,      /* not enough blocks on top of a header yet */
    WICK_E_HEADER_FUTURE = -110,    /* a block's time is ahead of the clock */
    WICK_E_HEADER_PARENT = -111,    /* does not follow the header that is expected before it */
    WICK_E_SEAL_QUORUM = -112,      /* too few validators have sealed a header */
    WICK_E_SEAL_OVERLAP = -113,     /* sealed, but by too few of those trusted so far */
    WICK_E_SEAL_CONFLICT = -114,    /* two sealed headers of one height: trust none */
    WICK_E_SEAL_SIGNER = -115,      /* sealed by somebody who may not, or out of turn */
    WICK_E_BEACON_BRANCH = -116,    /* a Merkle branch does not lead to the signed beacon header */
    WICK_E_BEACON_PERIOD = -117,    /* signed by a sync committee that is not known (yet) */
    WICK_E_BEACON_COMMITTEE = -118, /* not the sync committee that is known */
    WICK_E_HEADER_OTHER = -119,     /* another block than the one asked for */
    WICK_E_QUORUM = -120,           /* too few independent nodes have answered to agree */
    WICK_E_QUORUM_SPLIT = -121,     /* independent nodes contradict each other */
    WICK_E_UNTRUSTED_HEADER = -130, /* consistent with a header that nobody vouches for */
    WICK_E_BUNDLE_OTHER = -131,     /* a proof bundle that answers another question */
    /* nat */
    WICK_E_STUN_COOKIE = -200,       /* not a STUN message */
    WICK_E_STUN_INTEGRITY = -201,    /* MESSAGE-INTEGRITY missing or wrong */
    WICK_E_STUN_FINGERPRINT = -202,  /* FINGERPRINT wrong */
    WICK_E_STUN_UNKNOWN_ATTR = -203, /* unknown comprehension-required attribute */
    WICK_E_STUN_NOT_ASCII = -204,    /* credential outside ASCII and not said to be prepared */
    WICK_E_STUN_BID_DOWN = -205,     /* the server offers weaker security than it must */
    WICK_E_STUN_NAT_UNKNOWN = -206,  /* the server cannot tell: no second address (RFC 5780) */
    WICK_E_TURN_ICMP = -207,         /* not data: an ICMP error about a peer, passed on */
    WICK_E_TURN_CREDENTIALS = -210,  /* 401 with fresh nonce: user name or password refused */
    WICK_E_TURN_LOOP = -211,         /* the server keeps asking for the same thing */
    WICK_E_TURN_MISMATCH = -212,     /* 437: the server has no such allocation, or another one */
    WICK_E_TURN_FORBIDDEN = -213,    /* 403: peer address or operation denied */
    WICK_E_TURN_QUOTA = -214,        /* 486: allocation quota reached */
    WICK_E_TURN_CAPACITY = -215,     /* 508: no relay port left */
    WICK_E_TURN_TRANSPORT = -216,    /* 442 or 440: transport or address family refused */
    WICK_E_TURN_LOST = -217,         /* the allocation is gone; Allocate again */
    WICK_E_TURN_REFUSED = -218,      /* another error code of the server */
    WICK_E_TURN_RELAY_UNFIT = -219,  /* relayed address private, shared or not reachable */
    WICK_E_PCP_VERSION = -220,       /* the server speaks no version that we speak */
    WICK_E_PCP_REFUSED = -221,       /* not authorised, or protocol, opcode or option refused */
    WICK_E_PCP_RESOURCES = -222,     /* no port, quota or network at the server for now */
    WICK_E_PCP_EXTERNAL = -223,      /* no usable external address or port, or not the one wanted */
    WICK_E_PCP_ADDRESS = -224,       /* ADDRESS_MISMATCH: another NAT between us and the server */
    WICK_E_NAT_DOUBLE = -225,        /* the external address is private or shared */
    WICK_E_NAT_UNREACHED = -226,     /* what a router or an interface claims is not reached from outside */
    /* psk */
    WICK_E_NSL_DROP = -300,        /* datagram dropped, silently on the wire */
    WICK_E_NSL_TABLE_FULL = -301,  /* no room for another half-open handshake */
    WICK_E_NSL_RATE = -302,        /* rate limit */
    WICK_E_NSL_NO_ANSWER = -303,   /* the peer did not answer within the retransmission schedule */
    WICK_E_NSL_PEER_KEY = -304,    /* the peer proved another key than its record holds */
    WICK_E_HPKE_SEQ = -305,        /* context already used */
    WICK_E_TICKET_AUDIENCE = -310, /* a ticket for somebody else's key */
    WICK_E_TICKET_ISSUER = -311,   /* its issuer may not introduce anybody here */
    WICK_E_TICKET_SCOPE = -312,    /* a scope that the issuer may not speak for, or none */
    WICK_E_TICKET_LIFE = -313,     /* its life is zero or longer than allowed */
    WICK_E_TICKET_FUTURE = -314,   /* issued ahead of our clock */
    WICK_E_TICKET_BOOT = -315,     /* issued before the table of seen tickets began */
    WICK_E_TICKET_REPLAY = -316,   /* used already */
    WICK_E_TICKET_SHARE = -317,    /* its issuer's quarter of the table is full */
    /* session keys */
    WICK_E_MEDIA_USED = -330,      /* the number of a media session was given out under these keys */
    /* coap and leaves */
    WICK_E_COAP_OPTION = -350,    /* a critical option that is not known, or breaks its rules */
    WICK_E_COAP_RESET = -351,     /* the other side knows nothing of this message */
    WICK_E_LEAF_REFUSED = -352,   /* the gateway refused a leaf's request; see its code and text */
    WICK_E_LEAF_PEER = -353,      /* the answer is about another peer than was asked for */
    /* registry */
    WICK_E_NAME = -400,           /* not a name: [a-z0-9._-]{1,63} */
    WICK_E_NAME_TAKEN = -401,     /* the id belongs to another owner */
    WICK_E_RECORD_ABSENT = -402,  /* proven: there is no such record */
    WICK_E_RECORD_REVOKED = -403, /* revoked, or a known id proven absent */
    WICK_E_RECORD_STALE = -404,   /* epoch or sequence lower than one already seen */
    WICK_E_RECORD_EXPIRED = -405, /* notAfter or expires has passed */
    WICK_E_RECORD_INVALID = -406, /* a word that no correct contract writes */
    WICK_E_NO_CONTRACT = -407,    /* proven: no code at the configured address */
    WICK_E_VOUCHER = -408,        /* voucher refused: wrong manager, epoch, deadline or content */
    WICK_E_NO_ENDPOINT = -409,    /* device is registered, but has no (usable) endpoint */
    WICK_E_NOT_OWNER = -410,      /* the contract lets somebody else do this */
    /* gateway */
    WICK_E_UNFUNDED = -500,    /* the wallet cannot pay for the transaction */
    WICK_E_TX_REVERTED = -501, /* the contract refused; see the decoded error */
    WICK_E_TX_LOST = -502,     /* not included in time */
    WICK_E_SAME_KEY = -503,    /* wallet key and device key must differ */
    WICK_E_RELAY_UNKNOWN = -504,
    WICK_E_TX_DENIED = -505, /* a node says that the wallet cannot pay; its proven balance does */
    WICK_E_PEER_BUSY = -506, /* the peer says, authenticated, that it has no room for a session */
    /* firmware */
    WICK_E_FW_BASE = -600,       /* the patch is for another image than the one that is here */
    WICK_E_FW_DIGEST = -601,     /* content is not what its digest says */
    WICK_E_FW_TARGET = -602,     /* made for another product, vendor, class or slot */
    WICK_E_FW_ROLLBACK = -603,   /* version or security counter goes back */
    WICK_E_FW_APPROVALS = -604,  /* too few approvers have approved the release */
    WICK_E_FW_REVOKED = -605,    /* an approver has revoked the release */
    WICK_E_FW_NOT_ACTIVE = -606, /* approved, but its delay is not over */
    WICK_E_FW_FROZEN = -607,     /* what the chain says is older than may be believed */
    WICK_E_FW_SIZE = -608,       /* larger than its slot, its manifest or a bound of ours allows */
    WICK_E_FW_BANNED = -609,     /* this image was tried here and rolled back */
    WICK_E_FW_NO_PATH = -610,    /* neither a chain of patches nor a full image leads there */
    WICK_E_FW_JOURNAL = -611,    /* the journal holds no entry that can be believed */
    WICK_E_FW_LAYOUT = -612,     /* a block of a shape that content addressing here does not know */
    WICK_E_FW_RUN = -613,        /* a patch that makes more than the new image that it announced */
    WICK_E_FW_DENIED = -614,     /* the release is for devices of a list, and this one is not on it */
    /* hal and ports */
    WICK_E_HAL = -700,          /* the port failed; see its log */
    WICK_E_ENTROPY = -701,      /* no randomness: nothing secret is made */
    WICK_E_STORE_FULL = -702,   /* no room in the store */
    WICK_E_STORE_CORRUPT = -703,/* both copies damaged */
    WICK_E_STORE_VERSION = -704,/* written by a newer version; not touched */
    WICK_E_FILE_MODE = -705,    /* a secret file that others can read */
    WICK_E_NET = -706,          /* send, receive or connect failed */
    WICK_E_RESOLVE = -707,      /* host name does not resolve */
    WICK_E_HTTP = -708,         /* HTTP status other than 200 */
    WICK_E_HTTP_RATE = -709,    /* HTTP 429 */
    WICK_E_RPC = -710,          /* JSON-RPC error object */
    WICK_E_JSON = -711,         /* not JSON, too deep, too large, or not the shape asked for */
    WICK_E_RPC_ID = -712,       /* answer carries another id than the request */
    WICK_E_TLS = -713,          /* (D)TLS handshake or record failure */
    WICK_E_CONFIG = -714,       /* wick.conf: see the message */
    WICK_E_STORE_BUSY = -715,   /* another process uses the store */
    WICK_E_TRUST_ANCHOR = -716, /* https without CA file or pinned key */
    WICK_E_CERT = -717,         /* a certificate that is broken, or of a kind that is not taken */
    WICK_E_CERT_ISSUER = -718,  /* ... that nobody in the CA file has issued */
    WICK_E_CERT_NAME = -719,    /* ... of another host */
    WICK_E_CERT_TIME = -720,    /* ... expired, or not valid yet */
    WICK_E_CERT_KEY = -721,     /* ... of another key than the one pinned */
    WICK_E_POOL = -722          /* no memory left for another (D)TLS session */
} wick_status;

/** Short name of a status, for example "PROOF_INCOMPLETE". Never NULL. */
const char *wick_status_str(wick_status status);

/** What happened, one sentence without full stop; the name where WICK_STATUS_TEXT is 0. */
const char *wick_status_cause(wick_status status);

/** What to do about it, one sentence without full stop; "" where WICK_STATUS_TEXT is 0. */
const char *wick_status_remedy(wick_status status);

#ifdef __cplusplus
}
#endif
#endif
