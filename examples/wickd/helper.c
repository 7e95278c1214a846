/* SPDX-License-Identifier: Apache-2.0 */
/* Another process of this program: helper.h. */
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wick/light.h"
#include "wick/trust_store.h"

#define DESCRIPTORS_MAX 1024

bool helper_dir(char path[HELPER_PATH_BYTES], const conf *c, const char *part)
{
    const char *dir = c->identity.store_dir;
    (void)snprintf(path, HELPER_PATH_BYTES, "%s/%s", dir, part);
    return dir[0] != '\0';
}

/* ---- what the light clients know ---- */

static bool own_store(char path[HELPER_PATH_BYTES], const conf *c, const char *part)
{
    int n = snprintf(path, HELPER_PATH_BYTES, "%s/%s/store", c->identity.store_dir, part);
    return n > 0 && n < CONF_TEXT_MAX;
}

/* One value of a store, as it is; none where there is none. A copy that is cut short is as one that a
 * power cut has left: the store finds out. */
static void copy_value(const char *to, const char *from)
{
    uint8_t bytes[WICK_STORE_VALUE_MAX + 16];
    int in = open(from, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    ssize_t len = in >= 0 ? read(in, bytes, sizeof bytes) : -1;
    (void)unlink(to);
    int out = len > 0 ? open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
    if (out >= 0 && write(out, bytes, (size_t)len) != len) {
        (void)unlink(to);
    }
    if (in >= 0) {
        (void)close(in);
    }
    if (out >= 0) {
        (void)close(out);
    }
}

/* The other process begins from where we are: trusted_hash may be too old for that. Copied here, for
 * nothing else is written to the store meanwhile; names of files as in port/linux/store.c. */
static bool copy_trust(const conf *c, const char *part)
{
    static const char *const copies[] = {"a", "b"};
    char dir[HELPER_PATH_BYTES], to[HELPER_PATH_BYTES + 16], from[HELPER_PATH_BYTES + 16];
    if (!own_store(dir, c, part) || (mkdir(dir, 0700) != 0 && errno != EEXIST)) {
        return false;
    }
    for (unsigned i = 0; i < CONF_CHAINS_MAX * WICK_TRUST_KEYS * 2; i++) {
        unsigned chain = i / (WICK_TRUST_KEYS * 2), item = i / 2 % WICK_TRUST_KEYS;
        unsigned key = WICK_LIGHT_STORE_BASE(chain) + item;
        (void)snprintf(to, sizeof to, "%s/%04x.%s", dir, key, copies[i % 2]);
        (void)snprintf(from, sizeof from, "%s/%04x.%s", c->identity.store_dir, key, copies[i % 2]);
        copy_value(to, from);
    }
    return true;
}

/* ---- starting, waiting ---- */

/* Between fork() and execv(), where other threads may have held locks: system calls alone. */
static void be_the_helper(char *const argv[])
{
    sigset_t none;
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)alarm(HELPER_MS / 1000 + 1); /* also where the daemon does not look any more */
    for (int fd = STDERR_FILENO + 1; fd < DESCRIPTORS_MAX; fd++) {
        (void)close(fd);
    }
    (void)execv("/proc/self/exe", argv);
    _exit(CLI_REFUSED);
}

wick_status helper_start(helper *h, const conf *c, const char *part, const char *what,
                         const char *name, const char *path, uint64_t now_ms)
{
    char dir[HELPER_PATH_BYTES], text[HELPER_PATH_BYTES], to[HELPER_PATH_BYTES],
        config[CONF_TEXT_MAX], kind[16], turn[16];
    char program[] = "wickd", with[] = "--config", begin[] = "--turn", where[] = "--output";
    char *const argv[] = {program, with, config, kind, text, begin, turn, where, to, NULL};
    if (h->pid != 0) {
        return WICK_E_LIMIT;
    }
    if (!helper_dir(dir, c, part)) {
        return WICK_E_UNSUPPORTED;
    }
    if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
        return WICK_E_HAL;
    }
    (void)snprintf(config, sizeof config, "%s", c->path);
    (void)snprintf(kind, sizeof kind, "--%s", what);
    (void)snprintf(text, sizeof text, "%s", name);
    (void)snprintf(turn, sizeof turn, "%u", h->turn);
    (void)snprintf(to, sizeof to, "%s", path);
    (void)copy_trust(c, part); /* without it, from trusted_hash */
    (void)signal(SIGCHLD, SIG_DFL); /* who started us may have ignored it: then nobody learns how one ended */
    pid_t pid = fork();
    if (pid == 0) {
        be_the_helper(argv);
    }
    if (pid < 0) {
        return WICK_E_HAL;
    }
    h->pid = pid;
    h->until_ms = now_ms + HELPER_MS;
    return WICK_OK;
}

void helper_close(helper *h)
{
    if (h->pid != 0) {
        (void)kill(h->pid, SIGKILL);
        while (waitpid(h->pid, NULL, 0) < 0 && errno == EINTR) {
        }
        h->pid = 0;
    }
}

bool helper_run(helper *h, wick_status *status, uint64_t now_ms)
{
    int code = 0;
    *status = WICK_E_TIMEOUT;
    if (h->pid == 0) {
        return false;
    }
    pid_t got = waitpid(h->pid, &code, WNOHANG);
    if (got == 0 && !wick_time_reached(now_ms, h->until_ms)) {
        return false;
    }
    if (got == 0) {
        helper_close(h);
        h->turn++;
        return true;
    }
    h->pid = 0;
    int end = got > 0 && WIFEXITED(code) ? WEXITSTATUS(code) : CLI_REFUSED;
    *status = end == CLI_OK           ? WICK_OK
              : end == HELPER_NOTHING ? WICK_E_NOT_FOUND
              : end == CLI_NETWORK    ? WICK_E_TIMEOUT
                                      : WICK_AGAIN;
    return true;
}

/* ---- the other process ---- */

int helper_open(host *h, const cli *c, const char *part)
{
    char dir[HELPER_PATH_BYTES];
    int code = host_open(h, c);
    bool has_store = code == CLI_OK && own_store(dir, &h->conf, part) && access(dir, W_OK) == 0;
    h->conf.identity.store_dir[0] = '\0'; /* never the daemon's */
    if (has_store) {
        memcpy(h->conf.identity.store_dir, dir, strlen(dir) + 1); /* shorter than CONF_TEXT_MAX */
    }
    return code;
}

bool helper_replace(const char *path, wick_span bytes)
{
    char temp[HELPER_PATH_BYTES + 8];
    (void)snprintf(temp, sizeof temp, "%s.new", path);
    (void)unlink(temp);
    int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool good = fd >= 0;
    for (size_t at = 0; good && at < bytes.len;) {
        ssize_t n = write(fd, bytes.ptr + at, bytes.len - at);
        good = n > 0;
        at += good ? (size_t)n : 0;
    }
    good = fd >= 0 && close(fd) == 0 && good;
    return good && rename(temp, path) == 0;
}
