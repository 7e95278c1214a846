/* SPDX-License-Identifier: Apache-2.0 */
/* What the C tests of the lab share: see lab_inside.h. */
#include "lab_inside.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define INSIDE "WICK_LAB_INSIDE"

uint64_t lab_now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000u + (uint64_t)ts.tv_nsec / 1000000u;
}

uint64_t lab_bar_ms(uint64_t bar_ms)
{
    return getenv("WICK_FULL") != NULL ? bar_ms : LAB_PATIENCE_MS;
}

static wick_status fill(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    return getrandom(out, len, 0) == (ssize_t)len ? WICK_OK : WICK_E_ENTROPY;
}

const wick_hal_entropy lab_entropy = {NULL, fill};

int lab_command(const char *line)
{
    return system(line); /* fixed text only */
}

int lab_skip_all(const char *why)
{
    printf("1..0 # SKIP %s\n# SKIP %s\n", why, why);
    return 77;
}

const char *lab_program(const char *name)
{
    static char path[600];
    const char *folder = getenv("WICK_LAB_BIN");
    snprintf(path, sizeof path, "%s/%s", folder != NULL ? folder : WICK_LAB_BIN_DEFAULT, name);
    return path;
}

bool lab_inside(int *rc, char **argv, const char *server, const char *needs)
{
    static char why[128], path[4096];
    if (access(lab_program(server), X_OK) != 0) {
        snprintf(why, sizeof why, "there is no %s: run sh toolchain/bootstrap.sh lab", server);
        *rc = lab_skip_all(why);
        return false;
    }
    if (getenv(INSIDE) != NULL) {
        return true;
    }
    /* An ordinary user's path lacks sbin, and what the machine lacks came with the servers. */
    snprintf(path, sizeof path, "%s:/usr/sbin:/sbin:%s", getenv("PATH") ? getenv("PATH") : "/bin",
             lab_program(""));
    setenv("PATH", path, 1);
    if (needs != NULL && lab_command(needs) != 0) {
        snprintf(why, sizeof why, "this fails: %s", needs);
        *rc = lab_skip_all(why);
    } else if (lab_command("unshare -Urnmpf --kill-child --mount-proc true >/dev/null 2>&1") != 0) {
        *rc = lab_skip_all("no user, network and mount namespaces here");
    } else {
        setenv(INSIDE, "1", 1);
        execlp("unshare", "unshare", "-Urnmpf", "--kill-child", "--mount-proc", argv[0],
               (char *)NULL);
        *rc = lab_skip_all("there is no unshare (util-linux)");
    }
    return false;
}

bool lab_spawn(pid_t *child, const char *const arg[])
{
    *child = fork();
    if (*child == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, 0);
        dup2(null, 1);
        dup2(null, 2);
        execvp(arg[0], (char *const *)(uintptr_t)arg);
        _exit(127);
    }
    return *child > 0;
}

void lab_kill(pid_t *child)
{
    if (*child > 0) {
        kill(*child, SIGKILL);
        waitpid(*child, NULL, 0);
    }
    *child = 0;
}

bool lab_runs(pid_t child)
{
    siginfo_t info = {0}; /* left to lab_kill() to be waited for */
    return child > 0 && waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == 0;
}
