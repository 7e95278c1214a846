/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_WALLET_H
#define WICK_WALLET_H
/*
 * wick-wallet, the manager of one organisation (the papers' wallet manager and public-key manager).
 * Devices that the factory provisioned with a PSK and a token come over TLS-PSK and get what they
 * need to live on the chain: a voucher for their key, some Ether for fees, and time-limited
 * credentials for the relays.
 *
 *   devices.c   who may come: one file per device
 *   check.c     does a command of the operator confirm the name?
 *   chain.c     verified reads, and funding
 *   batch.c     calls of devices that the manager sends and pays for
 *   outbox.c    transactions: on disk before they are sent, until they are included
 *   ledger.c    what was given to whom, on disk before it is given
 *   audit.c     what was decided, on disk before it is answered
 *   service.c   one request line in, one answer line out
 *   main.c      sockets
 *
 * Protocol: TLS 1.2 PSK over TCP; one JSON object per line, at most WALLET_LINE_MAX bytes. A device may have two
 * connections, for its daemon and for the tool beside it; a third takes the place of the one that was silent
 * longest. The server speaks first:
 *   {"challenge":"0x<32 bytes>"}
 * then answers each request in order:
 *   {"op":"voucher","name","id","owner","keyType","flags","key","notAfter","possession","token"}
 *     -> {"ok":true,"org","epoch","managerEpoch","deadline","r","vs"}
 *   {"op":"register", as voucher}
 *     -> {"ok":true,"tx"}  the manager has sent the registration, and pays for it
 *   {"op":"sponsor","call"} -> {"ok":true,"tx"}  the same of a call that the device has signed
 *   {"op":"fund","owner"}  -> {"ok":true,"tx"}  ("tx" is null if the balance suffices)
 *   {"op":"relay"}         -> {"ok":true,"username","password","expires"}
 *   anything refused       -> {"ok":false,"code","error","remedy"}
 * Of the refusals HTTP_RATE says that this device, or all of them, ask too often, and BUSY that its last call
 * is not on the chain yet: both are for asking again. LIMIT says that it, or all of them, have got what
 * they may have: of calls and of the sum, on this day.
 * Bytes are 0x hex. `possession` is r | s over EIP-712 Possession(id, challenge) by the key that is
 * to be registered; of an RSA-2048 key it is a PSS signature, and "spki" holds the key itself.
 */
#include <stdio.h>
#include <sys/types.h>

#include "conf.h"
#include "reader.h"
#include "vouch.h"
#include "wick/base.h"
#include "wick/hal/crypto.h"
#include "wick/hal/keystore.h"
#include "wick/port/crypto.h"
#include "wick/port/dtls.h"
#include "wick/port/linux.h"
#include "wick/tx.h"

#define WALLET_DEVICES_MAX 16384
#define WALLET_LINE_MAX 4096
#define WALLET_TOKEN_MAX 65
/* Fundings that one device may have in its life. */
#define WALLET_FUNDINGS_MAX 16
/* Calls of devices in one transaction; each has at most so many bytes. */
#define WALLET_BATCH_MAX 32
#define WALLET_CALL_MAX 1024
#define WALLET_DAY_S 86400u
/* Transactions that wait to be included, and the largest. */
#define WALLET_OUT_MAX 16
#define WALLET_RAW_MAX (WALLET_BATCH_MAX * (WALLET_CALL_MAX + 64) + 512)

/* Where a kill must do no harm: the lab's build counts these and kills itself at the n-th. */
#ifdef WALLET_FAULTS
void wallet_step(void);
#define WALLET_STEP() wallet_step()
#else
#define WALLET_STEP() ((void)0)
#endif

/** A device that the factory announced. */
typedef struct wallet_device {
    char name[CONF_NAME_MAX]; /* also its PSK identity */
    char token[WALLET_TOKEN_MAX];
    uint8_t psk[32];
    uint32_t fundings;
    uint64_t calls_at_s, calls;      /* that were sent and paid for since then */
    uint64_t call_at_ms, fund_at_ms; /* not before this time; 0: any time */
    uint8_t batch_hash[32];          /* last transaction with a call of it */
    uint32_t secrets;                /* rises when the factory's file names others */
} wallet_device;

/** A check command that runs. */
typedef struct wallet_check {
    pid_t pid; /* 0: none */
    uint64_t until_ms;
} wallet_check;

typedef enum wallet_job_state {
    WALLET_JOB_NEW = 0,
    WALLET_JOB_BEGUN, /* counted; the check may be running */
    WALLET_JOB_WAITS, /* in a batch */
    WALLET_JOB_SENT   /* status and hash say how */
} wallet_job_state;

/** A request that may take longer than one look at it. */
typedef struct wallet_job {
    wallet_job_state state;
    bool checked;
    wallet_check check;
    wick_status status;
    uint8_t hash[32];
    char detail[67]; /* for the audit log: 0x hex, or "" */
} wallet_job;

/** A call that waits for its batch. */
typedef struct wallet_item {
    wallet_job *job; /* NULL: nobody waits for the answer any more */
    wallet_device *device;
    uint64_t gas;
    size_t len;
    uint8_t call[WALLET_CALL_MAX];
} wallet_item;

/** A transaction that is on disk and not known to be included. */
typedef struct wallet_out {
    char op[16], name[CONF_NAME_MAX];
    uint8_t hash[32];
    uint64_t nonce, sent_at_ms; /* 0: not since the start */
    size_t len;                 /* 0: free */
    bool recovered;             /* of before the start: whose calls are in it is not known */
    uint8_t raw[WALLET_RAW_MAX];
} wallet_out;

typedef struct wallet {
    const conf *config;
    wick_hal_crypto crypto;
    wick_hal_keystore keys;
    wick_hal_entropy entropy;
    wick_hal_clock clock;
    wick_hal_net hal_net;
    wick_crypto_ctx crypto_ctx;
    wick_ram_keystore key_table;
    wick_linux_net net;
    reader chain;
    vouch_manager manager; /* its key signs vouchers and pays */
    char relay_secret[128];
    int ledger_fd;
    int audit_fd; /* -1: none is kept */
    uint8_t audit_last[32];
    uint64_t minute_at_ms, minute_count; /* requests of all devices */
    uint64_t day_at_s, day_wei;          /* given since then, with the fees of batches */
    wallet_out out[WALLET_OUT_MAX];
    size_t item_count;
    uint64_t batch_at_ms;
    uint64_t batches, sponsored;
    wallet_item items[WALLET_BATCH_MAX];
    size_t device_count;
    wallet_device devices[WALLET_DEVICES_MAX];  /* they never move */
    uint16_t by_name[2 * WALLET_DEVICES_MAX]; /* place in `devices` and one, by a hash of the name; 0: free */
} wallet;

/* ---- devices.c ---- */

/** Reads all files of the folder: {"name","psk","token"}, mode 0600, named as the device.
 *  @param[out] file  name of the file that was refused
 *  @retval WICK_E_FILE_MODE  @retval WICK_E_JSON  @retval WICK_E_NAME  @retval WICK_E_LIMIT
 *  @retval WICK_E_NOT_FOUND the folder cannot be read */
WICK_NODISCARD wick_status wallet_devices_load(wallet *w, char file[CONF_TEXT_MAX],
                                               const char *folder);

/** The device of a name, by what its file says at this moment: devices that were announced, or given other
 *  secrets, since the manager started are known, and one whose file has gone is not.
 *  @retval WICK_OK  @retval WICK_E_NOT_FOUND no such file  @retval others of wallet_devices_load(): a file that
 *  is none, and the device as it was */
WICK_NODISCARD wick_status wallet_device_find(wallet_device **out, wallet *w, wick_span name);

/** The device of a name, by what was read before; NULL: none. A ledger asks it once for each of its lines. */
wallet_device *wallet_device_known(wallet *w, const char *name);

/** Does the folder still say what it said when this device was found? A lost device whose file has gone, or
 *  names another PSK or token, gets nothing any more. @retval WICK_OK  @retval WICK_E_AUTH */
WICK_NODISCARD wick_status wallet_device_announced(const wallet *w, const wallet_device *device);

/* ---- ledger.c ---- */

/** Opens or makes the ledger, counts what it says about the devices, and puts the transactions that
 *  were under way back into the outbox.
 *  @retval WICK_E_HAL  @retval WICK_E_FILE_MODE  @retval WICK_E_MALFORMED a line that is none
 *  @retval WICK_E_STATE another manager runs on it */
WICK_NODISCARD wick_status wallet_ledger_open(wallet *w, const char *path);

/** Appends a line and waits until it is on disk. `detail` is 0x hex; `raw`, a transaction, may be
 *  empty. @retval WICK_E_HAL */
WICK_NODISCARD wick_status wallet_ledger_add(wallet *w, const char *op, const char *name,
                                             const char *detail, wick_span raw);

/** Is what follows the last whole line of a file one that a power cut tore, and no alteration? */
bool wallet_is_torn(FILE *f, long from, size_t line_max);
/** Takes back what a write that failed has left behind `end`. */
void wallet_cut(int fd, off_t end);

/* ---- audit.c ---- */

/** Opens or makes the log, and checks that its lines follow each other.
 *  @retval WICK_E_HAL  @retval WICK_E_FILE_MODE  @retval WICK_E_STATE another manager writes it
 *  @retval WICK_E_MALFORMED a line was altered, taken out or put in */
WICK_NODISCARD wick_status wallet_audit_open(wallet *w, const char *path);

/** One decision. Does nothing without a log. @retval WICK_OK  @retval WICK_E_HAL */
WICK_NODISCARD wick_status wallet_audit(wallet *w, const char *device, const char *op,
                                        wick_status decision, const char *detail);

/** @param[out] lines  good ones  @param[out] last  hash of the last  @param[out] whole  bytes of them
 *  @retval WICK_OK  @retval WICK_E_MALFORMED line `lines` + 1 does not follow  @retval WICK_E_HAL */
WICK_NODISCARD wick_status wallet_audit_check(uint64_t *lines, uint8_t last[32], long *whole, int fd);

/* ---- check.c ---- */

/** Asks the configured command about a name. @retval WICK_OK it says yes, or there is none
 *  @retval WICK_AGAIN it runs  @retval WICK_E_NOT_OWNER no  @retval WICK_E_TIMEOUT it was killed
 *  @retval WICK_E_NAME  @retval WICK_E_HAL */
WICK_NODISCARD wick_status wallet_check_run(wallet_check *k, const wallet *w, const char *name);
/** Ends a command that may run. */
void wallet_check_end(wallet_check *k);

/* ---- outbox.c ---- */

/** Signs a transaction (to, value, data and gas_limit are set) with the next nonce, puts it on disk and
 *  sends it.
 *  @retval WICK_OK on disk; sent, or sent again later  @retval WICK_E_UNFUNDED the manager cannot pay
 *  @retval WICK_E_LIMIT the day's sum is given
 *  @retval WICK_E_LIMIT the node names a price above WICK_GW_MAX_FEE_WEI
 *  @retval WICK_E_BUSY too many wait  @retval WICK_E_RPC the node refused it: it is void */
WICK_NODISCARD wick_status wallet_outbox_send(uint8_t hash[32], wallet *w, wick_tx *tx,
                                              const char *op, const char *name);
/** Looks which are included, and sends the others again. */
WICK_NODISCARD wick_status wallet_outbox_settle(wallet *w);
wallet_out *wallet_outbox_find(wallet *w, const char *op, const char *name);
bool wallet_outbox_holds(const wallet *w, const uint8_t hash[32]);
/** Is a batch of before the start still under way? */
bool wallet_outbox_recovers(const wallet *w);
/** What it costs at most; UINT64_MAX: more than can be counted. */
uint64_t wallet_outbox_fee(const wick_tx *tx);
/** Of the ledger: one that was under way, and one that is not any more. */
WICK_NODISCARD wick_status wallet_outbox_take(wallet *w, const char *op, const char *name,
                                              wick_span raw);
void wallet_outbox_drop(wallet *w, const uint8_t hash[32]);

/* ---- batch.c ---- */

/** Tries a call and lets it wait for others. @retval WICK_AGAIN it waits: see job->state
 *  @retval WICK_E_BUSY one of this device is under way: when that is on the chain
 *  @retval others why the contract refuses it, or the node */
WICK_NODISCARD wick_status wallet_batch_add(wallet *w, wallet_job *job, wallet_device *device,
                                            wick_span call);
/** Sends what waits; what has waited long enough. */
void wallet_batch_flush(wallet *w);
void wallet_batch_run(wallet *w);
/** Nobody waits for this job any more. */
void wallet_batch_forget(wallet *w, const wallet_job *job);

/* ---- chain.c ---- */

/** The words of vouch_slots(), proven under one header.
 *  @retval WICK_OK  @retval others of wick/port/rpc.h, wick/trust.h and wick/proof.h */
WICK_NODISCARD wick_status wallet_chain_read(uint8_t words[VOUCH_SLOTS][32], wallet *w,
                                             const uint8_t id32[32]);

/** May so much be given, with what all devices got in these 24 hours?
 *  @retval WICK_OK  @retval WICK_E_LIMIT  @retval WICK_E_HAL no clock */
WICK_NODISCARD wick_status wallet_day_allows(wallet *w, uint64_t wei);

/** May a call of this device be sent and paid for, with those of these 24 hours?
 *  @retval WICK_OK  @retval WICK_E_LIMIT  @retval WICK_E_HAL no clock */
WICK_NODISCARD wick_status wallet_calls_allow(const wallet *w, wallet_device *device);

/** Sends the configured amount to an address unless its balance is at least half of that; counts
 *  it as one of the device's fundings. While one is under way there is no other.
 *  @param[out] sent    false: the balance suffices
 *  @retval WICK_OK  @retval WICK_E_LIMIT the day's sum is given  @retval others wallet_outbox_send() */
WICK_NODISCARD wick_status wallet_chain_fund(uint8_t tx_hash[32], bool *sent, wallet *w,
                                             wallet_device *device, const uint8_t to[20]);

/* ---- service.c ---- */

/** Answers one request of an authenticated device. `answer` ends with a newline.
 *  @param[in,out] job  zeroed for a new request
 *  @retval WICK_OK  @retval WICK_AGAIN not yet: call it again with the same line */
WICK_NODISCARD wick_status wallet_answer(char answer[WALLET_LINE_MAX], wallet *w,
                                         wallet_device *device, wallet_job *job,
                                         const uint8_t challenge[32], wick_span line);

#endif
