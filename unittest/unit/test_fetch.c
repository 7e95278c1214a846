/* SPDX-License-Identifier: Apache-2.0 */
/* wick/port/fetch.h: what is asked of gateways, mirrors and files, from which byte on, and where each is
 * cut off. Gateways that lie about content are in lab.fetch. */
#include "wick/port/fetch.h"

#include "http_world.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CID "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"
#define CONTENT 60000u

static wick_fetch fetch;
static wick_cid cid;
static char asked[1024]; /* head of the last request */
static uint8_t got[CONTENT + 1];
static size_t got_len;
static uint64_t now;

static uint8_t byte_of(size_t i)
{
    return (uint8_t)(i * 31 + (i >> 8));
}

/* ---- servers ---- */

static const uint8_t *content(void)
{
    static uint8_t bytes[CONTENT];
    for (size_t i = 0; i < CONTENT; i++) {
        bytes[i] = byte_of(i);
    }
    return bytes;
}

static int whole(world_server *s, const char *head, const char *body, char *out)
{
    (void)s;
    (void)body;
    (void)snprintf(asked, sizeof asked, "%s", head);
    return world_reply(out, "200 OK", "Content-Type: text/html\r\n", content(), CONTENT);
}

/* From the byte that is asked for, or from `off` beside it. */
static int part_at(const char *head, char *out, int off, const char *status)
{
    char fields[96];
    const char *range = strstr(head, "Range: bytes=");
    size_t from = range != NULL ? strtoul(range + 13, NULL, 10) : 0;
    (void)snprintf(asked, sizeof asked, "%s", head);
    (void)snprintf(fields, sizeof fields, "Content-Range: bytes %zu-%u/%u\r\n",
                   (size_t)((long)from + off), CONTENT - 1, CONTENT);
    return world_reply(out, status, fields, content() + from, CONTENT - from);
}

static int part(world_server *s, const char *head, const char *body, char *out)
{
    (void)s;
    (void)body;
    return part_at(head, out, 0, "206 Partial Content");
}

static int other_part(world_server *s, const char *head, const char *body, char *out)
{
    (void)s;
    (void)body;
    return part_at(head, out, 1, "206 Partial Content");
}

static int part_unsaid(world_server *s, const char *head, const char *body, char *out)
{
    (void)s;
    (void)body;
    (void)head;
    return world_reply(out, "206 Partial Content", "Content-Range: bytes\r\n", content(), 100);
}

static int redirect(world_server *s, const char *head, const char *body, char *out)
{
    (void)s;
    (void)body;
    (void)head;
    return world_reply(out, "302 Found", "Location: /\r\n", content(), 5);
}

static int not_found(world_server *s, const char *head, const char *body, char *out)
{
    (void)s;
    (void)body;
    (void)head;
    return world_reply(out, "404 Not Found", "", content(), 500);
}

/* Chunks, more than CONTENT bytes of them, and no end. */
static int chunks(world_server *s, const char *head, const char *body, char *out)
{
    (void)s;
    (void)body;
    (void)head;
    int n = snprintf(out, WORLD_ANSWER, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 20; i++) {
        n += snprintf(out + n, 16, "1000\r\n");
        memcpy(out + n, content(), 0x1000);
        n += 0x1000;
        n += snprintf(out + n, 4, "\r\n");
    }
    return n;
}

/* A few bytes of many, and then nothing. */
static int stops(world_server *s, const char *head, const char *body, char *out)
{
    (void)s;
    (void)body;
    (void)head;
    return snprintf(out, WORLD_ANSWER, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n0123456789");
}

static int silent(world_server *s, const char *head, const char *body, char *out)
{
    (void)s;
    (void)body;
    (void)head;
    (void)out;
    return 0;
}

/* ---- one request ---- */

static wick_status open_fetch(const char *url, wick_fetch_kind kind)
{
    static char kept[512];
    (void)snprintf(kept, sizeof kept, "%s", url);
    wick_fetch_source source = {kept, kind, NULL};
    wick_fetch_config cfg = {&world_hn, &source, 1, 5000, 1000};
    return wick_fetch_init(&fetch, &cfg);
}

/* Asks the first server; time stands still unless `step_ms`. */
static wick_status ask(wick_fetch_kind kind, uint64_t offset, uint64_t max, unsigned step_ms)
{
    char url[64];
    world_url(url, 0, kind == WICK_FETCH_GATEWAY ? "/base/" : "/fw.bin");
    CHECK_STATUS(open_fetch(url, kind), WICK_OK);
    got_len = 0;
    wick_status s = wick_fetch_start(&fetch, now, 0, &cid, offset, max);
    s = s == WICK_OK ? WICK_AGAIN : s;
    for (unsigned i = 0; s == WICK_AGAIN && i < 2000000; i++) {
        now += step_ms;
        world_run();
        s = wick_fetch_poll(&fetch, now);
        if ((s == WICK_OK || s == WICK_AGAIN) && fetch.piece.len != 0) {
            CHECK(fetch.piece.len <= sizeof got - got_len);
            memcpy(got + got_len, fetch.piece.ptr, fetch.piece.len);
            got_len += fetch.piece.len;
        }
    }
    CHECK_STATUS(wick_fetch_poll(&fetch, now), WICK_E_STATE);
    CHECK_INT(wick_fetch_sock(&fetch), -1);
    return s;
}

static bool is_rest(size_t from)
{
    for (size_t i = 0; i < got_len; i++) {
        if (got[i] != byte_of(from + i)) {
            return false;
        }
    }
    return got_len == CONTENT - from;
}

static void setup(int (*answer)(world_server *, const char *, const char *, char *))
{
    CHECK(world_open());
    CHECK_STATUS(wick_cid_parse(&cid, CID, strlen(CID)), WICK_OK);
    world[0].answer = answer;
    now = 1000;
}

TEST(a_block)
{
    setup(whole);
    CHECK_STATUS(ask(WICK_FETCH_GATEWAY, 0, CONTENT, 0), WICK_OK);
    CHECK(is_rest(0));
    CHECK(strstr(asked, "GET /base/ipfs/" CID "?format=raw HTTP/1.1\r\n") == asked);
    CHECK(strstr(asked, "Accept: application/vnd.ipld.raw\r\n") != NULL);
    CHECK(strstr(asked, "Range:") == NULL);
    CHECK_INT(fetch.code, 200);
    CHECK_INT(fetch.rx_bytes, CONTENT);
    CHECK_INT(fetch.requests, 1);
    world_close();
}

TEST(a_file)
{
    setup(whole);
    CHECK_STATUS(ask(WICK_FETCH_FILE, 0, CONTENT, 0), WICK_OK);
    CHECK(is_rest(0));
    CHECK(strstr(asked, "GET /fw.bin HTTP/1.1\r\n") == asked);
    world_close();
}

/* RFC 9110 section 14: a server gives the part asked for, or ignores that; another part is refused. */
TEST(the_rest)
{
    setup(part);
    CHECK_STATUS(ask(WICK_FETCH_FILE, 12345, CONTENT - 12345, 0), WICK_OK);
    CHECK(strstr(asked, "Range: bytes=12345-\r\n") != NULL);
    CHECK(is_rest(12345));
    CHECK_INT(fetch.code, 206);
    world[0].answer = whole;
    CHECK_STATUS(ask(WICK_FETCH_FILE, 12345, CONTENT - 12345, 0), WICK_OK);
    CHECK(is_rest(12345));
    CHECK_INT(fetch.code, 200);
    CHECK_STATUS(ask(WICK_FETCH_FILE, CONTENT, 1, 0), WICK_OK); /* all is here */
    CHECK_INT(got_len, 0);
    CHECK_STATUS(ask(WICK_FETCH_FILE, CONTENT + 1, 1, 0), WICK_E_TRUNCATED);
    world[0].answer = other_part;
    CHECK_STATUS(ask(WICK_FETCH_FILE, 12345, CONTENT, 0), WICK_E_HTTP);
    world[0].answer = part_unsaid;
    CHECK_STATUS(ask(WICK_FETCH_FILE, 12345, CONTENT, 0), WICK_E_HTTP);
    CHECK_STATUS(ask(WICK_FETCH_FILE, 0, CONTENT, 0), WICK_E_HTTP); /* a part that nobody asked for */
    CHECK_INT(got_len, 0);
    world_close();
}

TEST(too_much)
{
    setup(whole);
    CHECK_STATUS(ask(WICK_FETCH_GATEWAY, 0, CONTENT - 1, 0), WICK_E_LIMIT);
    CHECK_INT(got_len, 0); /* it says so before it sends */
    CHECK_STATUS(ask(WICK_FETCH_GATEWAY, 100, CONTENT - 101, 0), WICK_E_LIMIT);
    world[0].answer = part;
    CHECK_STATUS(ask(WICK_FETCH_GATEWAY, 100, CONTENT - 101, 0), WICK_E_LIMIT);
    CHECK(got_len < CONTENT - 100);
    world[0].answer = chunks;
    CHECK_STATUS(ask(WICK_FETCH_GATEWAY, 0, 50000, 0), WICK_E_LIMIT);
    CHECK(got_len <= 50000);
    world_close();
}

TEST(no_content)
{
    setup(redirect);
    CHECK_STATUS(ask(WICK_FETCH_GATEWAY, 0, 1000, 0), WICK_E_HTTP);
    CHECK_INT(fetch.code, 302);
    CHECK_INT(got_len, 0);
    world[0].answer = not_found; /* whose text is no content */
    CHECK_STATUS(ask(WICK_FETCH_GATEWAY, 0, 1000, 0), WICK_E_HTTP);
    CHECK_INT(fetch.code, 404);
    CHECK_INT(got_len, 0);
    world_close();
}

TEST(slow_sources)
{
    setup(silent);
    uint64_t begun = now;
    CHECK_STATUS(ask(WICK_FETCH_GATEWAY, 0, 1000, 50), WICK_E_TIMEOUT);
    CHECK(now - begun >= 5000 && now - begun < 6000);
    world[0].answer = stops;
    CHECK_STATUS(ask(WICK_FETCH_GATEWAY, 0, 1000, 50), WICK_E_TRUNCATED); /* that world closes then */
    CHECK_INT(got_len, 10);
    /* Slower than 1000 bytes a second after the first five: 60,000 bytes have at most 65 seconds. */
    world[0].answer = whole;
    begun = now;
    CHECK_STATUS(ask(WICK_FETCH_GATEWAY, 0, CONTENT, 4900), WICK_E_TIMEOUT);
    CHECK(now - begun <= 75000);
    world_close();
}

TEST(local_files)
{
    char path[] = "/tmp/wick-fetch-XXXXXX", url[64];
    int fd = mkstemp(path);
    REQUIRE(fd >= 0);
    CHECK(write(fd, content(), CONTENT) == (ssize_t)CONTENT);
    (void)close(fd);
    (void)snprintf(url, sizeof url, "file://%s", path);
    setup(NULL);
    for (int cut = 0; cut < 2; cut++) {
        CHECK_STATUS(open_fetch(url, WICK_FETCH_FILE), WICK_OK);
        CHECK_STATUS(wick_fetch_start(&fetch, now, 0, NULL, 777, CONTENT - 777u - (unsigned)cut), WICK_OK);
        CHECK_INT(wick_fetch_sock(&fetch), -1);
        wick_status s = WICK_AGAIN;
        got_len = 0;
        while ((s = wick_fetch_poll(&fetch, now)) == WICK_AGAIN) {
            memcpy(got + got_len, fetch.piece.ptr, fetch.piece.len);
            got_len += fetch.piece.len;
        }
        CHECK_STATUS(s, cut == 0 ? WICK_OK : WICK_E_LIMIT);
        CHECK(cut == 1 || is_rest(777));
    }
    (void)unlink(path);
    CHECK_STATUS(wick_fetch_start(&fetch, now, 0, NULL, 0, 1), WICK_E_NOT_FOUND);
    CHECK_STATUS(wick_fetch_poll(&fetch, now), WICK_E_STATE);
    world_close();
}

TEST(configuration)
{
    char longest[512];
    setup(NULL);
    CHECK_STATUS(open_fetch("http://a.test", WICK_FETCH_GATEWAY), WICK_OK);
    CHECK_STATUS(wick_fetch_start(&fetch, now, 1, &cid, 0, 1), WICK_E_BAD_ARG);
    CHECK_STATUS(wick_fetch_start(&fetch, now, 0, NULL, 0, 1), WICK_E_BAD_ARG);
    CHECK_STATUS(open_fetch("https://a.test", WICK_FETCH_GATEWAY), WICK_E_TRUST_ANCHOR);
    CHECK_STATUS(open_fetch("ftp://a.test", WICK_FETCH_GATEWAY), WICK_E_UNSUPPORTED);
    CHECK_STATUS(open_fetch("file:///tmp", WICK_FETCH_GATEWAY), WICK_E_UNSUPPORTED);
    CHECK_STATUS(open_fetch("file://tmp", WICK_FETCH_FILE), WICK_E_MALFORMED);
    CHECK_STATUS(open_fetch("http://a.test/?x=1", WICK_FETCH_GATEWAY), WICK_E_MALFORMED);
    CHECK_STATUS(open_fetch("http://a.test/?x=1", WICK_FETCH_FILE), WICK_OK);
    memset(longest, 'a', sizeof longest);
    memcpy(longest, "http://a.test/", 14);
    longest[14 + 320] = '\0';
    CHECK_STATUS(open_fetch(longest, WICK_FETCH_GATEWAY), WICK_E_MALFORMED);
    longest[14 + 300] = '\0';
    CHECK_STATUS(open_fetch(longest, WICK_FETCH_GATEWAY), WICK_OK);
    wick_fetch_config none = {&world_hn, NULL, 0, 0, 0}, many = {&world_hn, NULL, 17, 0, 0};
    CHECK_STATUS(wick_fetch_init(&fetch, &none), WICK_E_CONFIG);
    CHECK_STATUS(wick_fetch_init(&fetch, &many), WICK_E_CONFIG);
    world_close();
}

TAP_MAIN("unit.fetch", CASE(a_block), CASE(a_file), CASE(the_rest), CASE(too_much), CASE(no_content),
         CASE(slow_sources), CASE(local_files), CASE(configuration))
