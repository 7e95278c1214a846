/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PORT_LINUX_H
#define WICK_PORT_LINUX_H
/*
 * The HAL on Linux (glibc or musl): clock, randomness, sockets, a store of small files, key files,
 * log. Each part stands alone and fills one table of wick/hal.
 *
 *     static wick_linux_net net;
 *     static wick_linux_store st;
 *     wick_hal_net hn;
 *     wick_hal_store hs;
 *     wick_linux_clock_init(&clock);
 *     wick_linux_entropy_init(&entropy);
 *     wick_linux_net_init(&hn, &net);
 *     wick_linux_store_init(&hs, &st, "/var/lib/wick");
 *     hn.udp_open(hn.ctx, &s, &any);
 *     poll() on wick_linux_net_fd(&net, s), then hn.udp_recv() until WICK_AGAIN
 *
 * Everything that is opened is close-on-exec and non-blocking. Sizes: wick_linux_net 1.1 KB,
 * wick_linux_store 236 B. The resolver alone uses a thread and the heap, while a name is looked up.
 */
#include "wick/base.h"
#include "wick/hal/clock.h"
#include "wick/hal/entropy.h"
#include "wick/hal/log.h"
#include "wick/hal/net.h"
#include "wick/hal/store.h"
#include "wick/port/crypto.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- clock, randomness, log ---- */

/** Boot-time clock (goes on during suspend) and the time of day; a time of day before 2024 counts
 *  as none (WICK_E_NO_CLOCK), as devices without a battery start in 1970. */
void wick_linux_clock_init(wick_hal_clock *out);

/** getrandom(); never waits: before the kernel's pool is ready it fails with WICK_E_ENTROPY. */
void wick_linux_entropy_init(wick_hal_entropy *out);

typedef struct wick_linux_log {
    wick_log_level most; /* levels above this one are dropped */
} wick_linux_log;

/** One line per message on standard error: "wick: warn turn: text". */
void wick_linux_log_init(wick_hal_log *out, wick_linux_log *log, wick_log_level most);

/* ---- sockets ---- */

/* Sockets of one wick_linux_net. Range 4..1024. 8 B each. */
#ifndef WICK_LINUX_SOCKS_MAX
#define WICK_LINUX_SOCKS_MAX 64
#endif
/* Names being resolved at a time. 264 B each. */
#ifndef WICK_LINUX_RESOLVE_MAX
#define WICK_LINUX_RESOLVE_MAX 8
#endif

typedef struct wick_linux_net { /* private */
    struct {
        int fd;
        uint8_t kind;   /* 0 free, 1 UDP, 2 TCP */
        uint8_t family; /* 4 or 6 */
    } sock[WICK_LINUX_SOCKS_MAX];
    struct {
        char host[256];
        void *job;
    } resolve[WICK_LINUX_RESOLVE_MAX];
    int change_fd;
    uint32_t changes;
} wick_linux_net;

/**
 * Fills `out`; `net` must stay where it is until wick_linux_net_close().
 *
 * What the HAL leaves to the port: `udp_open` with a zero address gives a socket for both families.
 * `udp_recv` reports a refusal that came back by ICMP once, as WICK_E_NET with the address that
 * refused in *from; the socket goes on. `resolve` takes "host" or a literal, prefers IPv4, sets
 * port 0.
 * @retval WICK_OK (also without netlink: then changes are not seen)
 */
WICK_NODISCARD wick_status wick_linux_net_init(wick_hal_net *out, wick_linux_net *net);

/** Closes every socket. */
void wick_linux_net_close(wick_linux_net *net);

/** Descriptor of a socket for poll(), -1 if there is no such socket. */
int wick_linux_net_fd(const wick_linux_net *net, wick_sock s);

/** Readable when an address or route changed: ask change_count() then. -1 if there is none. */
int wick_linux_net_change_fd(const wick_linux_net *net);

/** Listens for TCP; accept with wick_linux_tcp_accept(). @retval WICK_E_NET address in use */
WICK_NODISCARD wick_status wick_linux_tcp_listen(wick_sock *out, wick_linux_net *net,
                                                 const wick_addr *local);

/** @retval WICK_OK  @retval WICK_AGAIN nobody waits  @retval WICK_E_LIMIT no free socket: the
 *  caller was turned away  @retval WICK_E_NET */
WICK_NODISCARD wick_status wick_linux_tcp_accept(wick_sock *out, wick_addr *from,
                                                 wick_linux_net *net, wick_sock listener);

/* ---- store ---- */

typedef struct wick_linux_store { /* private but for `writes` */
    char dir[232];
    uint32_t writes; /* values written so far, for those who watch over a flash */
} wick_linux_store;

/**
 * A directory with two files for each key ("0103.a", "0103.b"), each holding version u8 |
 * length u16 | bytes | CRC32 and each replaced by write, fsync, rename. The first is written first
 * and read first; the second mends it. Makes the directory (mode 0700) if its parent exists.
 * @retval WICK_E_HAL the directory cannot be made or written
 * @retval WICK_E_NO_SPACE the path is too long
 */
WICK_NODISCARD wick_status wick_linux_store_init(wick_hal_store *out, wick_linux_store *st,
                                                 const char *dir);

/** A directory of a store that this process alone uses. Private. */
typedef struct wick_linux_store_lock {
    int fd;
    bool held;
} wick_linux_store_lock;

/**
 * Takes the directory for this process, because a store has one writer. The lock is the kernel's
 * (flock on the file "lock" in it): it ends with the process, however that ends.
 * @param[out] lock    zeroed unless WICK_OK
 * @param[out] holder  process id of whoever holds it, for messages; 0 if it does not say. NULL: not
 *                     wanted
 * @param[in] wait_ms  how long to wait for another one to let go
 * @retval WICK_OK  @retval WICK_E_STORE_BUSY another process uses it  @retval WICK_E_HAL
 */
WICK_NODISCARD wick_status wick_linux_store_take(wick_linux_store_lock *lock, uint32_t *holder,
                                                 const wick_linux_store *st, uint32_t wait_ms);

/** Lets go. May be called on a zeroed lock. */
void wick_linux_store_release(wick_linux_store_lock *lock);

/* ---- secrets in files ---- */

/**
 * Reads a secret text (token, password): whole file without one final line end, zero-terminated.
 * The file must be a regular one, belong to this user or root, and be closed to group and others.
 * @param[out] out  wiped on error
 * @param[in] cap   with the terminator
 * @retval WICK_E_FILE_MODE  others can read or replace it
 * @retval WICK_E_NOT_FOUND  there is no such file
 * @retval WICK_E_NO_SPACE   longer than cap - 1
 * @retval WICK_E_MALFORMED  empty, or holds a zero byte
 */
WICK_NODISCARD wick_status wick_linux_secret_text(char *out, const char *path, size_t cap);

/** Reads a secret of exactly `len` bytes, raw or as hex digits (with or without 0x) and a line end.
 *  Statuses as above; WICK_E_MALFORMED for any other content. */
WICK_NODISCARD wick_status wick_linux_secret_bytes(uint8_t *out, const char *path, size_t len);

/** Writes a secret as hex and a line end to a new file, mode 0600, in one step: the file is whole
 *  or not there. @retval WICK_E_STATE there is such a file already: it is not touched
 *  @retval WICK_E_HAL */
WICK_NODISCARD wick_status wick_linux_secret_create(const char *path, const uint8_t *secret,
                                                    size_t len);

/** Puts the secp256k1 secret of a file into a keystore. Statuses of wick_linux_secret_bytes() and
 *  wick_ram_keystore_import(). */
WICK_NODISCARD wick_status wick_linux_key_load(wick_key *out, wick_ram_keystore *ks,
                                               const char *path);

/** Makes a secp256k1 secret, stores it in a new file, and puts it into the keystore.
 *  @retval WICK_E_STATE there is such a file already  @retval WICK_E_ENTROPY  @retval WICK_E_HAL */
WICK_NODISCARD wick_status wick_linux_key_generate(wick_key *out, wick_ram_keystore *ks,
                                                   const char *path,
                                                   const wick_hal_entropy *entropy);

/** A device key, of either type: a secp256k1 secret as above, or both primes of an RSA-2048 key (512 hex
 *  digits, the greater prime first), for which wick_ram_keystore_rsa() comes first. Same statuses. */
WICK_NODISCARD wick_status wick_linux_device_key_load(wick_key *out, wick_ram_keystore *ks,
                                                      const char *path);
/** Makes an RSA-2048 key and its file. Statuses of wick_linux_key_generate(), and
 *  wick_ram_keystore_generate_rsa()'s. @retval WICK_E_UNSUPPORTED a build without RSA */
WICK_NODISCARD wick_status wick_linux_rsa_key_generate(wick_key *out, wick_ram_keystore *ks,
                                                       const char *path);

#ifdef __cplusplus
}
#endif
#endif
