/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wickd's socket (examples/wickd/server.h) with clients of this process. The clock is the test's.
 * What a client does wrong costs that client alone; what it costs the daemon is bounded.
 */
#include "server.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl.h"
#include "tap.h"

static server sv;
static uint64_t now;
static char dir[64], path[96];
static bool late; /* answers are given later, by the test */
static unsigned asked, last_client;
static char got[4 * SERVER_OUT_MAX];

/* Answers with the line itself, or with `big` bytes. */
static size_t big;

static void on_line(void *ctx, unsigned client, wick_span line)
{
    static char answer[SERVER_REPLY_MAX];
    size_t len = big != 0 ? big : line.len + 1;
    (void)ctx;
    asked++;
    last_client = client;
    if (late) {
        return;
    }
    memset(answer, 'x', len);
    memcpy(answer, line.ptr, big != 0 ? 0 : line.len);
    answer[len - 1] = '\n';
    server_reply(&sv, client, answer, len);
}

static void setup(void)
{
    static const char template[] = "/tmp/wick-server-XXXXXX";
    memcpy(dir, template, sizeof template);
    REQUIRE(mkdtemp(dir) != NULL);
    (void)snprintf(path, sizeof path, "%s/s", dir);
    now = 1000000;
    late = false;
    asked = 0;
    big = 0;
    REQUIRE_STATUS(server_open(&sv, path, on_line, NULL), WICK_OK);
}

static void teardown(void)
{
    server_close(&sv);
    CHECK(access(path, F_OK) != 0);
    CHECK_INT(rmdir(dir), 0);
}

static void turn(void)
{
    for (unsigned i = 0; i < 4; i++) {
        server_run(&sv, now);
    }
}

static int dial(void)
{
    struct sockaddr_un at;
    memset(&at, 0, sizeof at);
    at.sun_family = AF_UNIX;
    memcpy(at.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    CHECK(fd >= 0 && connect(fd, (const struct sockaddr *)&at, sizeof at) == 0);
    turn();
    return fd;
}

static void say(int fd, const char *text)
{
    size_t len = strlen(text);
    CHECK(send(fd, text, len, MSG_NOSIGNAL) == (ssize_t)len);
    turn();
}

/* What has come, zero-terminated in got[]. @return true if the connection has ended */
static bool hear(int fd)
{
    size_t len = 0;
    ssize_t n = 1;
    while (n > 0 && len < sizeof got - 1) {
        turn();
        n = recv(fd, got + len, sizeof got - 1 - len, 0);
        len += n > 0 ? (size_t)n : 0;
    }
    got[len] = '\0';
    return n == 0;
}

static bool heard(int fd, const char *text)
{
    return !hear(fd) && strcmp(got, text) == 0;
}

TEST(lines_and_answers)
{
    setup();
    int a = dial(), b = dial();
    say(a, "one\n");
    CHECK(heard(a, "one\n"));
    say(a, "tw");
    CHECK(heard(a, ""));
    say(b, "three\nfour\n\nfive\n");
    CHECK(heard(b, "three\nfour\n\nfive\n"));
    say(a, "o\nsi");
    CHECK(heard(a, "two\n"));
    say(a, "x\n");
    CHECK(heard(a, "six\n"));
    CHECK_INT(asked, 7);
    CHECK_INT(server_clients(&sv, false), 2);
    (void)close(a);
    turn();
    CHECK_INT(server_clients(&sv, false), 1);
    /* A client that has said all still gets its answers. */
    say(b, "last\n");
    CHECK(shutdown(b, SHUT_WR) == 0);
    CHECK(hear(b));
    CHECK(strcmp(got, "last\n") == 0);
    CHECK_INT(server_clients(&sv, false), 0);
    (void)close(b);
    teardown();
}

/* One answer at a time: the next line waits for it. */
TEST(owed_answers)
{
    setup();
    int a = dial();
    late = true;
    say(a, "one\ntwo\n");
    CHECK_INT(asked, 1);
    unsigned client = last_client;
    uint32_t serial = server_serial(&sv, client);
    now += WICKD_IDLE_MS * 2; /* who is owed an answer is not idle */
    turn();
    server_reply(&sv, client, "1\n", 2);
    CHECK(heard(a, "1\n"));
    CHECK_INT(asked, 2);
    /* It leaves. The place has another serial, and an answer to nobody is dropped. */
    (void)close(a);
    turn();
    CHECK_INT(server_serial(&sv, client), 0);
    server_reply(&sv, client, "2\n", 2);
    a = dial();
    CHECK(server_serial(&sv, client) != serial);
    CHECK(heard(a, ""));
    (void)close(a);
    teardown();
}

TEST(too_long_a_line)
{
    setup();
    static char line[WICKD_LINE_MAX + 1];
    int a = dial(), b = dial();
    memset(line, 'a', WICKD_LINE_MAX);
    line[WICKD_LINE_MAX - 1] = '\n';
    say(a, line); /* the longest */
    CHECK(heard(a, line));
    line[WICKD_LINE_MAX - 1] = 'a';
    say(a, line);
    CHECK(hear(a));
    CHECK(strstr(got, "\"code\":\"LIMIT\"") != NULL);
    CHECK_INT(asked, 1);
    say(b, "next\n");
    CHECK(heard(b, "next\n"));
    (void)close(a);
    (void)close(b);
    teardown();
}

/* Whoever stops within a line is turned away, also one that dribbles; so is a silent one. */
TEST(stalled_and_silent)
{
    setup();
    int stalled = dial(), dribbling = dial(), silent = dial(), listening = dial();
    say(listening, "subscribe\n");
    CHECK(heard(listening, "subscribe\n"));
    sv.client[last_client].subscribed = true;
    say(stalled, "half");
    for (unsigned i = 0; i < 11; i++) {
        (void)!send(dribbling, "x", 1, MSG_NOSIGNAL); /* the last one comes too late */
        turn();
        now += 1000;
        turn();
    }
    CHECK(hear(stalled));
    CHECK(strstr(got, "\"code\":\"TIMEOUT\"") != NULL);
    CHECK(hear(dribbling));
    CHECK(!hear(silent));
    CHECK(server_deadline(&sv) <= now + WICKD_IDLE_MS);
    now += WICKD_IDLE_MS;
    turn();
    CHECK(hear(silent));
    CHECK(!hear(listening)); /* a subscriber may be silent */
    CHECK_INT(server_clients(&sv, false), 1);
    CHECK(server_deadline(&sv) == UINT64_MAX);
    (void)close(stalled);
    (void)close(dribbling);
    (void)close(silent);
    (void)close(listening);
    teardown();
}

/* A client that asks and does not read: its lines wait, its answers are all there once it reads. */
TEST(slow_reader)
{
    setup();
    int slow = dial(), other = dial();
    unsigned sent = 0;
    big = SERVER_REPLY_MAX;
    for (; sent < 4000 && send(slow, "q\n", 2, MSG_NOSIGNAL) == 2; sent++) {
        turn();
    }
    CHECK(asked < sent || sent == 4000);
    unsigned before = asked;
    turn();
    CHECK_INT(asked, before); /* no more is taken from it */
    big = 0;
    say(other, "me\n");
    CHECK(heard(other, "me\n"));
    big = SERVER_REPLY_MAX;
    size_t total = 0;
    for (unsigned quiet = 0; quiet < 3;) {
        turn();
        ssize_t n = recv(slow, got, sizeof got, 0);
        total += n > 0 ? (size_t)n : 0;
        quiet = n > 0 ? 0 : quiet + 1;
    }
    CHECK(total == (size_t)sent * SERVER_REPLY_MAX);
    CHECK_INT(asked, sent + 1);
    /* And one that never reads is turned away. */
    while (send(slow, "q\n", 2, MSG_NOSIGNAL) == 2) {
        turn();
        if (sv.client[0].out_len != 0) {
            break;
        }
    }
    now += WICKD_STALL_MS;
    turn();
    CHECK_INT(server_clients(&sv, false), 1);
    (void)close(slow);
    (void)close(other);
    teardown();
}

/* Events to one that does not read are lost and counted, its answer is not. */
TEST(lost_events)
{
    setup();
    static const char event[] = "{\"event\":\"x\"}\n";
    int a = dial();
    say(a, "s\n");
    CHECK(heard(a, "s\n"));
    sv.client[last_client].subscribed = true;
    CHECK_INT(server_clients(&sv, true), 1);
    server_publish(&sv, event, sizeof event - 1);
    CHECK(heard(a, event));
    unsigned published = 0;
    while (sv.client[last_client].lost == 0 && published < 200000) {
        server_publish(&sv, event, sizeof event - 1);
        server_run(&sv, now);
        published++;
    }
    REQUIRE(sv.client[last_client].lost == 1);
    server_publish(&sv, event, sizeof event - 1);
    CHECK(send(a, "q\n", 2, MSG_NOSIGNAL) == 2);
    turn();
    size_t events = 0, answers = 0;
    bool told = false;
    while (!hear(a) && got[0] != '\0') {
        for (char *line = strtok(got, "\n"); line != NULL; line = strtok(NULL, "\n")) {
            events += strcmp(line, "{\"event\":\"x\"}") == 0 ? 1u : 0u;
            answers += strcmp(line, "q") == 0 ? 1u : 0u;
            told = told || strcmp(line, "{\"ok\":true,\"event\":\"lost\",\"count\":2}") == 0;
        }
    }
    CHECK_INT(answers, 1);
    CHECK(told);
    CHECK_INT(events, published - 1);
    (void)close(a);
    teardown();
}

/* All places taken: the next one waits, until a place is free or its client has been silent. */
TEST(full_house)
{
    setup();
    int fd[SERVER_CLIENTS], one, two;
    for (unsigned i = 0; i < SERVER_CLIENTS; i++) {
        fd[i] = dial();
    }
    one = dial();
    say(one, "let me in\n");
    CHECK(heard(one, ""));
    CHECK(server_deadline(&sv) <= now + 3000); /* when the first may be asked to leave */
    now += 1000;
    for (unsigned i = 1; i < SERVER_CLIENTS; i++) {
        say(fd[i], "here\n");
        CHECK(heard(fd[i], "here\n"));
    }
    CHECK(heard(one, ""));
    now += 1500;
    CHECK(heard(one, "let me in\n"));
    CHECK(hear(fd[0])); /* the silent one made room */
    CHECK_INT(server_clients(&sv, false), SERVER_CLIENTS);
    two = dial();
    say(two, "me too\n");
    CHECK(heard(two, ""));
    (void)close(fd[5]);
    fd[5] = -1; /* the number may be the server's next */
    CHECK(heard(two, "me too\n"));
    for (unsigned i = 0; i < SERVER_CLIENTS; i++) {
        if (fd[i] >= 0) {
            (void)close(fd[i]);
        }
    }
    (void)close(one);
    (void)close(two);
    turn();
    CHECK_INT(server_clients(&sv, false), 0);
    CHECK(server_deadline(&sv) == UINT64_MAX);
    teardown();
}

/* One who comes takes one place, however many are silent. */
TEST(one_place_for_one)
{
    int fd[SERVER_CLIENTS], one;
    setup();
    for (unsigned i = 0; i < SERVER_CLIENTS; i++) {
        fd[i] = dial();
        now++; /* the first is silent for longest */
    }
    now += 60000;
    turn();
    one = dial();
    for (unsigned i = 0; i < SERVER_CLIENTS; i++) {
        CHECK(hear(fd[i]) == (i == 0));
    }
    CHECK_INT(server_clients(&sv, false), SERVER_CLIENTS);
    for (unsigned i = 0; i < SERVER_CLIENTS; i++) {
        (void)close(fd[i]);
    }
    (void)close(one);
    turn();
    CHECK_INT(server_clients(&sv, false), 0);
    teardown();
}

TEST(place_in_the_file_system)
{
    static server second;
    struct stat info;
    char longer[256];
    setup();
    CHECK(stat(path, &info) == 0 && (info.st_mode & 0777) == 0600);
    CHECK_STATUS(server_open(&second, path, on_line, NULL), WICK_E_STATE);
    int a = dial(); /* and the first is still there */
    say(a, "x\n");
    CHECK(heard(a, "x\n"));
    (void)close(a);

    /* What a dead daemon leaves is replaced: here, by closing the listener alone. */
    (void)close(sv.listen_fd);
    CHECK_STATUS(server_open(&second, path, on_line, NULL), WICK_OK);
    sv.listen_fd = -1;
    sv.path[0] = '\0';
    server_close(&sv);
    server_close(&second);
    CHECK(access(path, F_OK) != 0);

    /* A file that is no socket is not touched, and no link is followed to one. */
    int file = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    CHECK(file >= 0);
    (void)close(file);
    CHECK_STATUS(server_open(&second, path, on_line, NULL), WICK_E_FILE_MODE);
    CHECK(access(path, F_OK) == 0);
    CHECK_INT(unlink(path), 0);

    /* A folder where others may put another file in its place. */
    CHECK_INT(chmod(dir, 0777), 0);
    CHECK_STATUS(server_open(&second, path, on_line, NULL), WICK_E_FILE_MODE);
    CHECK_INT(chmod(dir, 01777), 0);
    CHECK_STATUS(server_open(&second, path, on_line, NULL), WICK_OK);
    server_close(&second);
    CHECK_INT(chmod(dir, 0700), 0);

    (void)snprintf(longer, sizeof longer, "%s/%0120d", dir, 1);
    CHECK_STATUS(server_open(&second, longer, on_line, NULL), WICK_E_NO_SPACE);
    (void)snprintf(longer, sizeof longer, "%s/none/s", dir);
    CHECK_STATUS(server_open(&second, longer, on_line, NULL), WICK_E_FILE_MODE);
    CHECK_INT(rmdir(dir), 0);
}

/* A socket whose file is ours and whose listener is not. */
TEST(who_listens_counts)
{
    static ctl link_to;
    static conf c;
    int ready[2];
    char byte = 0;
    setup();
    (void)snprintf(c.wickd.socket, sizeof c.wickd.socket, "%s", path);
    CHECK_STATUS(ctl_open(&link_to, &c), WICK_OK);
    ctl_close(&link_to);
    teardown();
    if (geteuid() != 0) {
        SKIP("only root can be another user");
    }
    setup();
    (void)snprintf(c.wickd.socket, sizeof c.wickd.socket, "%s", path);
    server_close(&sv);
    CHECK_INT(chmod(dir, 0777), 0);
    REQUIRE(pipe(ready) == 0);
    pid_t pid = fork();
    REQUIRE(pid >= 0);
    if (pid == 0) {
        struct sockaddr_un at;
        memset(&at, 0, sizeof at);
        at.sun_family = AF_UNIX;
        memcpy(at.sun_path, path, strlen(path) + 1);
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (setuid(65534) == 0 && bind(fd, (const struct sockaddr *)&at, sizeof at) == 0 &&
            listen(fd, 4) == 0 && write(ready[1], "x", 1) == 1) {
            (void)pause();
        }
        _exit(1);
    }
    (void)close(ready[1]);
    CHECK_INT(read(ready[0], &byte, 1), 1);
    CHECK_INT(chown(path, 0, 0), 0);
    CHECK_STATUS(ctl_open(&link_to, &c), WICK_E_FILE_MODE);
    ctl_close(&link_to);
    (void)kill(pid, SIGKILL);
    CHECK(waitpid(pid, NULL, 0) == pid);
    (void)close(ready[0]);
    CHECK_INT(unlink(path), 0);
    CHECK_INT(rmdir(dir), 0);
}

TAP_MAIN("unit.wickd_server", CASE(lines_and_answers), CASE(owed_answers), CASE(too_long_a_line),
         CASE(stalled_and_silent), CASE(slow_reader), CASE(lost_events), CASE(full_house),
         CASE(one_place_for_one), CASE(place_in_the_file_system), CASE(who_listens_counts))
