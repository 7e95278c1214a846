/* SPDX-License-Identifier: Apache-2.0 */
/* Real coturn for the C tests of the lab: see turn_lab.h. */
#include "turn_lab.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

bool lab_turn_inside(int *rc, char **argv, const char *needs)
{
    if (!lab_inside(rc, argv, "turnserver", needs)) {
        return false;
    }
    if (lab_command("mount -t tmpfs tmpfs /run && ip link set lo up && for n in 1 10 11 20; do "
                    "ip addr add 20.0.0.$n/32 dev lo || exit 1; done") != 0) {
        *rc = lab_skip_all("cannot set up addresses (iproute2)");
        return false;
    }
    return true;
}

/* Does it answer a Binding request, before it dies? */
static bool answers(pid_t child, const wick_addr *server)
{
    static const uint8_t binding[20] = {0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42, 1};
    uint64_t end = lab_now_ms() + LAB_PATIENCE_MS;
    struct sockaddr_in s;
    bool good = false;
    memset(&s, 0, sizeof s);
    s.sin_family = AF_INET;
    memcpy(&s.sin_addr, server->ip + 12, 4);
    s.sin_port = htons(server->port);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    while (fd >= 0 && !good && lab_runs(child) && !wick_time_reached(lab_now_ms(), end)) {
        struct pollfd p = {fd, POLLIN, 0};
        uint8_t in[512];
        (void)!sendto(fd, binding, sizeof binding, 0, (struct sockaddr *)&s, sizeof s);
        good = poll(&p, 1, 50) == 1 && recv(fd, in, sizeof in, 0) > 20;
    }
    if (fd >= 0) {
        close(fd);
    }
    return good;
}

bool lab_turn_start(pid_t *child, const wick_addr *server, const char *const extra[])
{
    static const char *const common[] = {"-n", "--min-port=50000", "--max-port=50100", "--no-cli",
                                         "--no-dtls", "--realm=lab.example", "--log-file=stdout",
                                         "--simple-log"};
    char pid[40];
    const char *arg[40] = {lab_program("turnserver")};
    size_t n = 1;
    lab_kill(child);
    snprintf(pid, sizeof pid, "--pidfile=/run/turn%u.pid", server->ip[15]);
    arg[n++] = pid;
    for (size_t i = 0; i < sizeof common / sizeof common[0]; i++) {
        arg[n++] = common[i];
    }
    for (size_t i = 0; extra[i] != NULL && n < 39; i++) {
        arg[n++] = extra[i];
    }
    return lab_spawn(child, arg) && answers(*child, server);
}
