/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The check command: names that are domains, or that another authenticator knows, are vouched for only
 * after a program of the operator has said so. It is started without a shell, with the name as its one
 * argument (a name is [a-z0-9._-]{1,63}, and one that begins with - is refused), with no input, no
 * descriptor of ours, and an environment of PATH alone; what it prints goes to our standard error. Exit
 * code 0 means yes. Any other code, a signal, and the end of its time (it is killed then, with all that
 * it started) mean no. The service goes on meanwhile. Token, PSK and possession of the key are checked
 * beside it, so a command that always says yes vouches for nobody else's name.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wallet.h"

#define DESCRIPTORS_MAX 1024

static void be_the_command(const char *command, const char *name)
{
    char path[CONF_TEXT_MAX], argument[CONF_NAME_MAX];
    char env_path[] = "PATH=/usr/local/bin:/usr/bin:/bin";
    char *const env[] = {env_path, NULL};
    (void)setpgid(0, 0);
    int none = open("/dev/null", O_RDWR);
    if (none < 0 || dup2(none, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
        _exit(127);
    }
    for (int fd = 3; fd < DESCRIPTORS_MAX; fd++) {
        (void)close(fd);
    }
    (void)signal(SIGPIPE, SIG_DFL);
    (void)snprintf(path, sizeof path, "%s", command);
    (void)snprintf(argument, sizeof argument, "%s", name);
    char *const argv[] = {path, argument, NULL};
    (void)execve(path, argv, env);
    _exit(127);
}

static wick_status start(wallet_check *k, const wallet *w, const char *name)
{
    const conf_manager *m = &w->config->manager;
    if (name[0] == '-') {
        return WICK_E_NAME; /* a command may take it for an option */
    }
    pid_t pid = fork();
    if (pid < 0) {
        return WICK_E_HAL;
    }
    if (pid == 0) {
        be_the_command(m->check, name);
    }
    (void)setpgid(pid, pid); /* whoever of both comes first */
    k->pid = pid;
    k->until_ms = w->clock.now_ms(w->clock.ctx) + m->check_timeout_s * 1000;
    return WICK_AGAIN;
}

wick_status wallet_check_run(wallet_check *k, const wallet *w, const char *name)
{
    int status = 0;
    if (w->config->manager.check[0] == '\0') {
        return WICK_OK;
    }
    if (k->pid == 0) {
        return start(k, w, name);
    }
    pid_t got = waitpid(k->pid, &status, WNOHANG);
    if (got == 0 && !wick_time_reached(w->clock.now_ms(w->clock.ctx), k->until_ms)) {
        return WICK_AGAIN;
    }
    bool yes = got == k->pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    bool late = got == 0;
    if (got != 0) {
        (void)kill(-k->pid, SIGKILL); /* what it left behind */
        k->pid = 0;
    } else {
        wallet_check_end(k);
    }
    return yes ? WICK_OK : late ? WICK_E_TIMEOUT : WICK_E_NOT_OWNER;
}

void wallet_check_end(wallet_check *k)
{
    if (k->pid != 0) {
        (void)kill(-k->pid, SIGKILL);
        (void)kill(k->pid, SIGKILL);
        while (waitpid(k->pid, NULL, 0) < 0 && errno == EINTR) {
        }
        k->pid = 0;
    }
}
