/* SPDX-License-Identifier: Apache-2.0 */
/*
 * https of the HTTP client against openssl s_server with certificates of our own making: chains,
 * names, times and pins, each right once and wrong once. Skipped where there is no openssl.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"
#include "wick/port/http.h"
#include "wick/port/linux.h"

static wick_linux_net net;
static wick_hal_net hn;
static wick_hal_clock real_clock;
static wick_hal_entropy entropy;
static wick_http http;
static char dir[64];
static pid_t child = -1;
static unsigned port;
static uint8_t reply[400000];
static uint64_t fixed_time; /* what the test's clock says; 0: it has no time of day */
static bool ready;
static size_t most;

#define CHARGE (56u * 1024u)

static wick_status unix_s(void *ctx, uint64_t *out)
{
    (void)ctx;
    *out = fixed_time;
    return fixed_time != 0 ? WICK_OK : WICK_E_NO_CLOCK;
}

static const wick_hal_clock test_clock = {NULL, NULL, unix_s};

/* Runs a script in the directory; $1 is `arg`. */
static bool run(const char *script, const char *arg)
{
    pid_t pid = fork();
    int status = 1;
    if (pid == 0) {
        int log = open("/dev/null", O_WRONLY);
        (void)dup2(log, 1);
        (void)dup2(log, 2);
        if (chdir(dir) == 0) {
            (void)execl("/bin/sh", "sh", "-euc", script, "sh", arg, (char *)NULL);
        }
        _exit(127);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* Certificates: NAME ISSUER KEY EXTENSION; twin has the name of ca and another key, middle is a CA
 * below other, and forged was signed by one that is no CA. */
static const char make_all[] =
    "p256='ec -pkeyopt ec_paramgen_curve:P-256'; p384='ec -pkeyopt ec_paramgen_curve:P-384'\n"
    "authority() { openssl req -x509 -nodes -newkey $3 -keyout $1.key -out $1.pem -subj /CN=$2 "
    "  -days 30 -addext basicConstraints=critical,CA:TRUE; }\n"
    "certificate() { openssl req -new -nodes -newkey $3 -keyout $1.key -out $1.csr -subj /CN=$1;"
    "  echo \"$4\" >$1.ext; openssl x509 -req -in $1.csr -CA $2.pem -CAkey $2.key -CAcreateserial "
    "  -days 30 -sha256 -extfile $1.ext -out $1.pem; }\n"
    "authority ca ca rsa:2048; authority twin ca rsa:2048; authority other other \"$p384\"\n"
    "certificate rsa ca rsa:2048 subjectAltName=DNS:localhost,IP:127.0.0.1\n"
    "certificate ec ca \"$p256\" subjectAltName=DNS:localhost\n"
    "certificate named ca \"$p256\" subjectAltName=DNS:node.example,IP:127.0.0.2\n"
    "certificate middle other \"$p384\" basicConstraints=critical,CA:TRUE\n"
    "certificate leaf middle \"$p384\" subjectAltName=DNS:localhost\n"
    "certificate forged rsa \"$p256\" subjectAltName=DNS:localhost\n"
    "cat leaf.pem middle.pem >chain.pem; cp leaf.key chain.key\n"
    "cat forged.pem rsa.pem >fake.pem; cp forged.key fake.key\n"
    "{ for i in 1 2 3 4 5 6 7 8 9 10; do echo '# comment - with -----dashes'; "
    "  cat twin.pem rsa.pem; done; cat ca.pem other.pem; } >bundle.pem\n"
    "head -c 1000 ca.pem >cut.pem; : >empty.pem\n"
    "{ printf 'HTTP/1.0 200 OK\\r\\n\\r\\n'; head -c 300000 /dev/zero | tr '\\0' z; } >big\n"
    "printf 'HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\n"
    "Content-Type: application/json; charset=utf-8\\r\\nEth-Consensus-Version: fulu\\r\\n\\r\\nhello' "
    ">small\n";

static bool setup(void)
{
    if (system("openssl version >/dev/null 2>&1") != 0) {
        return false;
    }
    CHECK_STATUS(wick_linux_net_init(&hn, &net), WICK_OK);
    wick_linux_clock_init(&real_clock);
    wick_linux_entropy_init(&entropy);
    if (!ready) {
        (void)signal(SIGPIPE, SIG_IGN);
        (void)snprintf(dir, sizeof dir, "/tmp/wick-https-XXXXXX");
        ready = mkdtemp(dir) != NULL && run(make_all, "");
        CHECK(ready);
    }
    return true;
}

static void stop(void)
{
    if (child > 0) {
        (void)kill(child, SIGKILL);
        (void)waitpid(child, NULL, 0);
        child = -1;
    }
}

/* One connection alone in the pool: it took no more than it was admitted with. */
static void check_charge(void)
{
    wick_mbedtls_pool p;
    wick_mbedtls_pool_look(&p);
    most = p.most > most ? p.most : most;
    CHECK(p.most <= CHARGE);
}

static void teardown(void)
{
    check_charge();
    wick_http_cancel(&http);
    wick_linux_net_close(&net);
    stop();
}

static unsigned free_port(void)
{
    wick_sock s;
    wick_addr a = wick_addr_v4(127, 0, 0, 1, 0);
    CHECK_STATUS(wick_linux_tcp_listen(&s, &net, &a), WICK_OK);
    CHECK_STATUS(hn.local_addr(hn.ctx, s, &a), WICK_OK);
    hn.close(hn.ctx, s);
    return a.port;
}

static bool listens(void)
{
    struct sockaddr_in a;
    memset(&a, 0, sizeof a);
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    a.sin_port = htons((uint16_t)port);
    int s = socket(AF_INET, SOCK_STREAM, 0);
    bool up = connect(s, (struct sockaddr *)&a, sizeof a) == 0;
    (void)close(s);
    return up;
}

static void serve(const char *cert, const char *version)
{
    char number[16], pem[32], key[32];
    const char *argv[16] = {"openssl", "s_server", "-quiet", "-HTTP", "-accept", number, "-cert", pem,
                            "-cert_chain", pem, "-key", key, version, NULL};
    stop();
    port = free_port();
    (void)snprintf(number, sizeof number, "%u", port);
    (void)snprintf(pem, sizeof pem, "%s.pem", cert);
    (void)snprintf(key, sizeof key, "%s.key", cert);
    child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        int null = open("/dev/null", O_RDWR);
        (void)dup2(null, 0);
        (void)dup2(null, 1);
        (void)dup2(null, 2);
        if (chdir(dir) == 0) {
            (void)execvp("openssl", (char *const *)(uintptr_t)argv);
        }
        _exit(127);
    }
    for (int i = 0; i < 6000 && !listens(); i++) { /* a minute on a busy machine */
        REQUIRE(waitpid(child, NULL, WNOHANG) == 0);
        (void)poll(NULL, 0, 10);
    }
}

/* GET of `file` from `host`. */
static wick_status get(const char *host, const char *file, const wick_https_trust *trust)
{
    char text[128];
    wick_http_url url;
    (void)snprintf(text, sizeof text, "https://%s:%u/%s", host, port, file);
    wick_status s = wick_http_url_parse(&url, text, strlen(text));
    if (s != WICK_OK) {
        return s;
    }
    wick_http_cancel(&http);
    wick_http_init(&http, &hn, &url);
    wick_http_trust(&http, trust);
    s = wick_http_start(&http, real_clock.now_ms(NULL), "GET", NULL,
                                    wick_span_make(NULL, 0), reply, sizeof reply, 60000);
    if (s != WICK_OK) {
        return s;
    }
    while ((s = wick_http_poll(&http, real_clock.now_ms(NULL))) == WICK_AGAIN) {
        struct pollfd p;
        p.fd = wick_linux_net_fd(&net, wick_http_sock(&http));
        p.events = wick_http_wants_write(&http) ? POLLOUT : POLLIN;
        p.revents = 0;
        (void)poll(&p, 1, 50);
    }
    return s;
}

static char ca_path[100];

static wick_https_trust by_ca(const char *file)
{
    wick_https_trust t = {.entropy = &entropy, .clock = &test_clock, .ca_file = ca_path};
    (void)snprintf(ca_path, sizeof ca_path, "%s/%s.pem", dir, file);
    fixed_time = 0;
    CHECK_STATUS(real_clock.unix_s(real_clock.ctx, &fixed_time), WICK_OK);
    return t;
}

/* SHA-256 of the SPKI of a certificate, as openssl works it out. */
static void pin_of(uint8_t out[32], const char *cert)
{
    char path[128];
    REQUIRE(run("openssl x509 -in $1.pem -noout -pubkey | openssl pkey -pubin -outform DER | "
                "openssl dgst -sha256 -binary >$1.pin", cert));
    (void)snprintf(path, sizeof path, "%s/%s.pin", dir, cert);
    int fd = open(path, O_RDONLY);
    REQUIRE(fd >= 0 && read(fd, out, 32) == 32);
    (void)close(fd);
}

TEST(a_chain_to_the_ca_file_is_taken)
{
    if (!setup()) {
        SKIP("there is no openssl");
    }
    static const char *const versions[] = {"-tls1_2", "-tls1_3"};
    for (size_t v = 0; v < 2; v++) {
        wick_https_trust t = by_ca("ca");
        serve("rsa", versions[v]);
        CHECK_STATUS(get("localhost", "small", &t), WICK_OK);
        CHECK(http.body.len == 5 && memcmp(http.body.ptr, "hello", 5) == 0);
        CHECK(strcmp(http.fork, "fulu") == 0);
        CHECK(http.is_json);
        CHECK_STATUS(get("127.0.0.1", "small", &t), WICK_OK);
        CHECK_STATUS(get("localhost", "big", &t), WICK_OK);
        CHECK_INT(http.body.len, 300000);
        serve("ec", versions[v]);
        CHECK_STATUS(get("localhost", "small", &t), WICK_OK);
        t = by_ca("other");
        serve("chain", versions[v]);
        CHECK_STATUS(get("localhost", "small", &t), WICK_OK);
        t = by_ca("bundle"); /* twenty certificates first, ten of them with the issuer's name */
        CHECK_STATUS(get("localhost", "small", &t), WICK_OK);
    }
    teardown();
}

TEST(another_issuer_is_refused)
{
    if (!setup()) {
        SKIP("there is no openssl");
    }
    wick_https_trust t = by_ca("other");
    serve("rsa", "-tls1_2");
    CHECK_STATUS(get("localhost", "small", &t), WICK_E_CERT_ISSUER);
    CHECK(http.code == 0);
    t = by_ca("twin"); /* the right name with another key */
    CHECK_STATUS(get("localhost", "small", &t), WICK_E_CERT_ISSUER);
    t = by_ca("empty");
    CHECK_STATUS(get("localhost", "small", &t), WICK_E_CERT_ISSUER);
    t = by_ca("cut");
    CHECK_STATUS(get("localhost", "small", &t), WICK_E_TRUST_ANCHOR);
    t = by_ca("absent");
    CHECK_STATUS(get("localhost", "small", &t), WICK_E_TRUST_ANCHOR);
    serve("fake", "-tls1_3");
    t = by_ca("ca");
    CHECK_STATUS(get("localhost", "small", &t), WICK_E_CERT_ISSUER);
    teardown();
}

TEST(another_name_is_refused)
{
    if (!setup()) {
        SKIP("there is no openssl");
    }
    wick_https_trust t = by_ca("ca");
    serve("named", "-tls1_3");
    CHECK_STATUS(get("localhost", "small", &t), WICK_E_CERT_NAME);
    CHECK_STATUS(get("127.0.0.1", "small", &t), WICK_E_CERT_NAME);
    serve("ec", "-tls1_2"); /* localhost, and no address */
    CHECK_STATUS(get("127.0.0.1", "small", &t), WICK_E_CERT_NAME);
    CHECK_STATUS(get("localhost", "small", &t), WICK_OK);
    teardown();
}

TEST(the_validity_counts)
{
    if (!setup()) {
        SKIP("there is no openssl");
    }
    wick_https_trust t = by_ca("ca");
    uint64_t now = fixed_time;
    serve("rsa", "-tls1_3");
    fixed_time = now + 31u * 86400u;
    CHECK_STATUS(get("localhost", "small", &t), WICK_E_CERT_TIME);
    fixed_time = now - 86400u;
    CHECK_STATUS(get("localhost", "small", &t), WICK_E_CERT_TIME);
    fixed_time = now + 29u * 86400u;
    CHECK_STATUS(get("localhost", "small", &t), WICK_OK);
    fixed_time = 0;
    CHECK_STATUS(get("localhost", "small", &t), WICK_E_NO_CLOCK);
    teardown();
}

TEST(a_pinned_key_is_enough)
{
    if (!setup()) {
        SKIP("there is no openssl");
    }
    uint8_t pin[32];
    wick_https_trust t = {.entropy = &entropy, .pin32 = pin};
    serve("named", "-tls1_2"); /* neither name nor clock matter */
    pin_of(pin, "named");
    CHECK_STATUS(get("127.0.0.1", "small", &t), WICK_OK);
    CHECK_STATUS(get("localhost", "small", &t), WICK_OK);
    pin[31] ^= 1u;
    CHECK_STATUS(get("localhost", "small", &t), WICK_E_CERT_KEY);
    pin_of(pin, "ca"); /* of a certificate of the chain, but not the server's */
    CHECK_STATUS(get("localhost", "small", &t), WICK_E_CERT_KEY);
    serve("rsa", "-tls1_3");
    pin_of(pin, "rsa");
    CHECK_STATUS(get("localhost", "small", &t), WICK_OK);
    /* Both given: both must hold. */
    wick_https_trust both = by_ca("other");
    both.pin32 = pin;
    CHECK_STATUS(get("localhost", "small", &both), WICK_E_CERT_ISSUER);
    both = by_ca("ca");
    both.pin32 = pin;
    CHECK_STATUS(get("localhost", "small", &both), WICK_OK);
    pin[0] ^= 1u;
    CHECK_STATUS(get("localhost", "small", &both), WICK_E_CERT_KEY);
    teardown();
}

TEST(without_anything_to_check_nothing_is_sent)
{
    if (!setup()) {
        SKIP("there is no openssl");
    }
    wick_https_trust none = {.entropy = &entropy, .clock = &test_clock};
    serve("rsa", "-tls1_2");
    CHECK_STATUS(get("localhost", "small", &none), WICK_E_TRUST_ANCHOR);
    CHECK_STATUS(get("localhost", "small", NULL), WICK_E_TRUST_ANCHOR);
    wick_https_trust t = by_ca("ca");
    t.clock = NULL;
    CHECK_STATUS(get("localhost", "small", &t), WICK_E_TRUST_ANCHOR);
    teardown();
}

TEST(old_protocols_are_refused)
{
    if (!setup()) {
        SKIP("there is no openssl");
    }
    wick_https_trust t = by_ca("ca");
    serve("rsa", "-tls1_1");
    CHECK_STATUS(get("localhost", "small", &t), WICK_E_TLS);
    teardown();
}

TEST(the_pool_gets_everything_back)
{
    if (!setup()) {
        SKIP("there is no openssl");
    }
    wick_https_trust t = by_ca("ca");
    serve("rsa", "-tls1_3");
    for (int i = 0; i < 20; i++) {
        CHECK_STATUS(get("localhost", "small", &t), WICK_OK);
        fixed_time += 1;
    }
    t = by_ca("other");
    for (int i = 0; i < 20; i++) {
        CHECK_STATUS(get("localhost", "small", &t), WICK_E_CERT_ISSUER);
    }
    t = by_ca("ca");
    CHECK_STATUS(get("localhost", "small", &t), WICK_OK);
    CHECK(run("rm -f *", ""));
    CHECK(rmdir(dir) == 0);
    teardown();
}

TAP_MAIN("lab.https", CASE(a_chain_to_the_ca_file_is_taken), CASE(another_issuer_is_refused),
         CASE(another_name_is_refused), CASE(the_validity_counts), CASE(a_pinned_key_is_enough),
         CASE(without_anything_to_check_nothing_is_sent), CASE(old_protocols_are_refused),
         CASE(the_pool_gets_everything_back))
