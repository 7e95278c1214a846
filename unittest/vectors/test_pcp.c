/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PCP and NAT-PMP between real programs: every file below $WICK_VECTORS_DIR, at any depth and under
 * any name, that holds lines "time src:port > dst:port hex" with port 5351 on one side. Each message
 * decodes in the direction it was sent, belongs to the answer or request beside it, and is written
 * again byte for byte.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"
#include "walk.h"
#include "wick/natpmp.h"
#include "wick/pcp.h"

#define FILE_MAX (1024u * 1024u)

static char *content;
static unsigned count[2][3]; /* response, opcode */
static unsigned natpmp, options, refused, files;
static wick_pcp_msg asked;
static wick_natpmp_msg asked0;

static void check_natpmp(wick_span in, bool response)
{
    uint8_t out[64];
    wick_natpmp_msg m;
    wick_buf b = wick_buf_make(out, sizeof out);
    REQUIRE_STATUS(wick_natpmp_decode(&m, in), WICK_OK);
    CHECK_INT(m.response, response);
    CHECK_STATUS(wick_natpmp_encode(&b, &m), WICK_OK);
    CHECK(b.len == in.len && memcmp(out, in.ptr, in.len) == 0);
    if (response) {
        CHECK(m.opcode == asked0.opcode && m.internal_port == asked0.internal_port);
    } else {
        asked0 = m;
    }
    natpmp++;
}

static void check_pcp(wick_span in, bool response)
{
    uint8_t out[1200];
    wick_pcp_msg m;
    wick_buf b = wick_buf_make(out, sizeof out);
    REQUIRE_STATUS(wick_pcp_decode(&m, in), WICK_OK);
    CHECK_INT(m.response, response);
    CHECK_STATUS(wick_pcp_encode(&b, &m), WICK_OK);
    CHECK(b.len == in.len && memcmp(out, in.ptr, in.len) == 0);
    if (!response) {
        asked = m;
    } else if (m.opcode != WICK_PCP_ANNOUNCE) {
        CHECK(m.opcode == asked.opcode && memcmp(m.nonce, asked.nonce, sizeof m.nonce) == 0 &&
              m.protocol == asked.protocol && m.internal_port == asked.internal_port);
        CHECK(m.options.len == asked.options.len);
    }
    count[response][m.opcode]++;
    options += m.options.len != 0;
    refused += m.result != 0;
}

static void look_at_capture(void)
{
    for (char *line = strtok(content, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        unsigned from = 0, to = 0;
        int at = 0;
        uint8_t bytes[1200];
        if (sscanf(line, "%*f %*[0-9.]:%u > %*[0-9.]:%u %n", &from, &to, &at) != 2 || at == 0 ||
            (from != WICK_PCP_SERVER_PORT && to != WICK_PCP_SERVER_PORT)) {
            continue;
        }
        size_t digits = strspn(line + at, "0123456789abcdef");
        if (digits / 2 > sizeof bytes ||
            wick_hex_decode(bytes, digits / 2, line + at, digits) != WICK_OK) {
            continue;
        }
        wick_span in = wick_span_make(bytes, digits / 2);
        bool response = from == WICK_PCP_SERVER_PORT;
        if (in.len != 0 && bytes[0] == 0) {
            check_natpmp(in, response);
        } else {
            check_pcp(in, response);
        }
    }
    files++;
}

static void look_at(const char *path, size_t size)
{
    FILE *f = fopen(path, "rb");
    size_t len = f != NULL ? fread(content, 1, size, f) : 0;
    if (f != NULL) {
        fclose(f);
    }
    content[len] = '\0';
    if (content[0] >= '0' && content[0] <= '9' && strstr(content, ":5351") != NULL) {
        look_at_capture();
    }
}

TEST(captures)
{
    content = malloc(FILE_MAX + 1);
    REQUIRE(content != NULL);
    walk_vectors(FILE_MAX - 1, look_at);
    free(content);
    if (files == 0) {
        SKIP("no PCP capture below WICK_VECTORS_DIR");
    }
    printf("# %u files: MAP %u + %u, PEER %u + %u, ANNOUNCE %u + %u (requests + responses), "
           "NAT-PMP %u; %u with options, %u refusals\n",
           files, count[0][1], count[1][1], count[0][2], count[1][2], count[0][0], count[1][0],
           natpmp, options, refused);
    CHECK(count[0][0] + count[1][0] + count[0][1] + count[1][1] + count[0][2] + count[1][2] +
              natpmp !=
          0);
}

TAP_MAIN("vectors.pcp", CASE(captures))
