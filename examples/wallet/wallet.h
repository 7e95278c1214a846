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
 *   chain.c     verified reads, and funding transactions
 *   ledger.c    what was given to whom, on disk before it is given
 *   service.c   one request line in, one answer line out
 *   main.c      sockets
 *
 * Protocol: TLS 1.2 PSK over TCP; one JSON object per line, at most WALLET_LINE_MAX bytes. The
 * server speaks first:
 *   {"challenge":"0x<32 bytes>"}
 * then answers each request in order:
 *   {"op":"voucher","name","id","owner","keyType","flags","key","notAfter","possession","token"}
 *     -> {"ok":true,"org","epoch","managerEpoch","deadline","r","vs"}
 *   {"op":"fund","owner"}  -> {"ok":true,"tx"}  ("tx" is null if the balance suffices)
 *   {"op":"relay"}         -> {"ok":true,"username","password","expires"}
 *   anything refused       -> {"ok":false,"code","error","remedy"}
 * Bytes are 0x hex. `possession` is r | s over EIP-712 Possession(id, challenge) by the key that is
 * to be registered; of an RSA-2048 key it is a PSS signature, and "spki" holds the key itself.
 */
#include "conf.h"
#include "reader.h"
#include "vouch.h"
#include "wick/base.h"
#include "wick/hal/crypto.h"
#include "wick/hal/keystore.h"
#include "wick/port/crypto.h"
#include "wick/port/dtls.h"
#include "wick/port/linux.h"

#define WALLET_DEVICES_MAX 256
#define WALLET_LINE_MAX 4096
#define WALLET_TOKEN_MAX 65
/* Fundings that one device may have in its life. */
#define WALLET_FUNDINGS_MAX 16
/* Least time between two vouchers of one device, and between two fundings. */
#define WALLET_GAP_MS 2000

/** A device that the factory announced. */
typedef struct wallet_device {
    char name[CONF_NAME_MAX]; /* also its PSK identity */
    char token[WALLET_TOKEN_MAX];
    uint8_t psk[32];
    uint32_t fundings;
    uint64_t voucher_at_ms, fund_at_ms; /* not before this time; 0: any time */
} wallet_device;

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
    size_t device_count;
    wallet_device devices[WALLET_DEVICES_MAX];
    wick_dtls_entry entries[WALLET_DEVICES_MAX]; /* the devices as TLS sees them */
} wallet;

/* ---- devices.c ---- */

/** Reads all files of the folder: {"name","psk","token"}, mode 0600, named as the device.
 *  @param[out] file  name of the file that was refused
 *  @retval WICK_E_FILE_MODE  @retval WICK_E_JSON  @retval WICK_E_NAME  @retval WICK_E_LIMIT
 *  @retval WICK_E_NOT_FOUND the folder cannot be read */
WICK_NODISCARD wick_status wallet_devices_load(wallet *w, char file[CONF_TEXT_MAX],
                                               const char *folder);

/* ---- ledger.c ---- */

/** Opens or makes the ledger and counts what it says about the devices.
 *  @retval WICK_E_HAL  @retval WICK_E_FILE_MODE  @retval WICK_E_MALFORMED a line that is none
 *  @retval WICK_E_STATE another manager runs on it */
WICK_NODISCARD wick_status wallet_ledger_open(wallet *w, const char *path);

/** Appends a line and waits until it is on disk. `detail` is 0x hex. @retval WICK_E_HAL */
WICK_NODISCARD wick_status wallet_ledger_add(wallet *w, const char *op, const char *name,
                                             const char *detail);

/* ---- chain.c ---- */

/** The words of vouch_slots(), proven under one header.
 *  @retval WICK_OK  @retval others of wick/port/rpc.h, wick/trust.h and wick/proof.h */
WICK_NODISCARD wick_status wallet_chain_read(uint8_t words[VOUCH_SLOTS][32], wallet *w,
                                             const uint8_t id32[32]);

/** Sends the configured amount to an address unless its balance is at least half of that; counts
 *  it as one of the device's fundings.
 *  @param[out] sent    false: the balance suffices
 *  @retval WICK_OK  @retval WICK_E_UNFUNDED the manager itself cannot pay
 *  @retval WICK_E_LIMIT the node names a price above WICK_GW_MAX_FEE_WEI  @retval others */
WICK_NODISCARD wick_status wallet_chain_fund(uint8_t tx_hash[32], bool *sent, wallet *w,
                                             wallet_device *device, const uint8_t to[20]);

/* ---- service.c ---- */

/** Answers one request of an authenticated device. `answer` ends with a newline. */
void wallet_answer(char answer[WALLET_LINE_MAX], wallet *w, wallet_device *device,
                   const uint8_t challenge[32], wick_span line);

#endif
