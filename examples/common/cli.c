/* SPDX-License-Identifier: Apache-2.0 */
/* Options, errors, input and exit codes of the programs. */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "out.h"

static const char *program(const cli *c)
{
    return c->program != NULL ? c->program : "wick";
}

/* -o FILE is short for --output, where a command has it. */
static bool has_output(const struct option *options)
{
    for (; options->name != NULL; options++) {
        if (options->val == 'o') {
            return true;
        }
    }
    return false;
}

int cli_getopt(cli *c, int argc, char **argv, const struct option *options)
{
    for (;;) {
        int got = getopt_long(argc, argv, has_output(options) ? "vo:" : "v", options, NULL);
        switch (got) {
        case CLI_OPT_CONFIG:
            c->config = optarg;
            break;
        case CLI_OPT_JSON:
            c->json = true;
            break;
        case 'v':
            c->verbose++;
            break;
        case CLI_OPT_HELP:
            printf("usage: %s %s\n", program(c), c->usage);
            if (c->help != NULL) {
                printf("  %s\n", c->help);
            }
            return CLI_OPT_HELP;
        case '?':
            fprintf(stderr, "usage: %s %s\n", program(c), c->usage);
            return '?';
        default:
            return got;
        }
    }
}

int cli_exit_code(wick_status status)
{
    switch ((int)status) {
    case WICK_OK:
        return CLI_OK;
    case WICK_AGAIN:
    case WICK_E_TIMEOUT:
    case WICK_E_TURN_CAPACITY:
    case WICK_E_TURN_LOST:
    case WICK_E_PCP_RESOURCES:
    case WICK_E_NSL_NO_ANSWER:
    case WICK_E_TX_LOST:
    case WICK_E_NET:
    case WICK_E_RESOLVE:
    case WICK_E_HTTP:
    case WICK_E_HTTP_RATE:
    case WICK_E_STORE_BUSY:
        return CLI_NETWORK;
    default:
        return CLI_REFUSED;
    }
}

__attribute__((format(printf, 4, 0))) static int fail(const cli *c, wick_status status,
                                                      const char *remedy, const char *format,
                                                      va_list args)
{
    char text[512];
    (void)vsnprintf(text, sizeof text, format, args);
    for (char *p = text; *p != '\0'; p++) { /* some of it may be a stranger's words */
        if ((unsigned char)*p < 0x20 || (unsigned char)*p == 0x7f) {
            *p = '?';
        }
    }
    if (c->json) {
        out_rec o;
        char whole[768];
        (void)snprintf(whole, sizeof whole, "%s: %s", text, wick_status_cause(status));
        out_begin_fail(&o, stdout, true);
        out_str(&o, "code", wick_status_str(status));
        out_str(&o, "error", whole);
        out_str(&o, "remedy", remedy);
        out_end(&o);
    } else {
        fflush(stdout);
        fprintf(stderr, "%s: %s: %s: %s\n  remedy: %s\n", program(c), wick_status_str(status),
                text, wick_status_cause(status), remedy);
    }
    return cli_exit_code(status);
}

int cli_fail(const cli *c, wick_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int code = fail(c, status, wick_status_remedy(status), format, args);
    va_end(args);
    return code;
}

int cli_fail_remedy(const cli *c, wick_status status, const char *remedy, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int code = fail(c, status, remedy, format, args);
    va_end(args);
    return code;
}

int cli_usage(const cli *c, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (c->json) {
        out_rec o;
        out_begin_fail(&o, stdout, true);
        out_str(&o, "code", "USAGE");
        out_str(&o, "error", text);
        out_str(&o, "remedy", c->usage);
        out_end(&o);
    } else {
        fprintf(stderr, "%s: %s\nusage: %s %s\n", program(c), text, program(c), c->usage);
    }
    return CLI_USAGE;
}

void cli_note(const cli *c, int level, const char *format, ...)
{
    if (c->verbose < level) {
        return;
    }
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

static wick_status read_all(uint8_t **bytes, size_t *len, int fd)
{
    size_t cap = 65536, n = 0;
    uint8_t *p = malloc(cap + 1);
    while (p != NULL) {
        ssize_t got = read(fd, p + n, cap - n);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0 || n > CLI_INPUT_MAX) {
            free(p);
            return got < 0 ? WICK_E_HAL : WICK_E_LIMIT;
        }
        n += (size_t)got;
        if (got == 0) {
            p[n] = 0;
            *bytes = p;
            *len = n;
            return WICK_OK;
        }
        if (n == cap) {
            cap *= 2;
            uint8_t *more = realloc(p, cap + 1);
            if (more == NULL) {
                free(p);
            }
            p = more;
        }
    }
    return WICK_E_HAL;
}

wick_status cli_read_file(uint8_t **bytes, size_t *len, const char *path)
{
    if (strcmp(path, "-") == 0) {
        return read_all(bytes, len, STDIN_FILENO);
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? WICK_E_NOT_FOUND : WICK_E_HAL;
    }
    wick_status s = read_all(bytes, len, fd);
    close(fd);
    return s;
}

wick_status cli_read_arg(uint8_t **bytes, size_t *len, const char *arg)
{
    if (arg == NULL || strcmp(arg, "-") == 0) {
        return cli_read_file(bytes, len, "-");
    }
    if (arg[0] == '@') {
        return cli_read_file(bytes, len, arg + 1);
    }
    size_t n = strlen(arg);
    *bytes = malloc(n + 1);
    if (*bytes == NULL) {
        return WICK_E_HAL;
    }
    memcpy(*bytes, arg, n + 1);
    *len = n;
    return WICK_OK;
}

static bool is_space(uint8_t b)
{
    return b == ' ' || b == '\t' || b == '\r' || b == '\n';
}

wick_status cli_unhex(uint8_t *bytes, size_t *len)
{
    size_t from = 0, to = *len;
    while (from < to && is_space(bytes[from])) {
        from++;
    }
    while (to > from && is_space(bytes[to - 1])) {
        to--;
    }
    if (to - from >= 2 && bytes[from] == '0' && bytes[from + 1] == 'x') {
        from += 2;
    }
    size_t digits = to - from;
    if (digits % 2 != 0) {
        return WICK_E_MALFORMED;
    }
    /* The output is half as long and starts before the input, so it never overtakes it. */
    for (size_t i = 0; i < digits / 2; i++) {
        uint8_t b;
        wick_status s = wick_hex_decode(&b, 1, (const char *)bytes + from + 2 * i, 2);
        if (s != WICK_OK) {
            return s;
        }
        bytes[i] = b;
    }
    *len = digits / 2;
    return WICK_OK;
}

wick_status cli_hex_arg(uint8_t *out, size_t len, const char *text)
{
    return wick_hex_decode(out, len, text, strlen(text));
}

bool cli_hex_input(cli *c, uint8_t **bytes, size_t *len, int *code, int argc, char **argv)
{
    static const struct option options[] = {CLI_COMMON_OPTIONS};
    *bytes = NULL;
    *len = 0;
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        *code = got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        return false;
    }
    if (argc - optind > 1) {
        *code = cli_usage(c, "one input only");
        return false;
    }
    wick_status s = cli_read_arg(bytes, len, optind < argc ? argv[optind] : NULL);
    if (s == WICK_OK) {
        s = cli_unhex(*bytes, len);
    }
    if (s != WICK_OK) {
        free(*bytes);
        *bytes = NULL;
        *code = cli_fail(c, s, "input is not hex");
    }
    return s == WICK_OK;
}

wick_status cli_u64_arg(uint64_t *out, const char *text, uint64_t max)
{
    uint64_t v = 0;
    size_t len = strlen(text);
    if (len == 0 || len > 20 || strspn(text, "0123456789") != len) {
        return WICK_E_MALFORMED;
    }
    for (size_t i = 0; i < len; i++) {
        uint64_t digit = (uint64_t)(text[i] - '0');
        if (digit > max || v > (max - digit) / 10) {
            return WICK_E_LIMIT;
        }
        v = v * 10 + digit;
    }
    *out = v;
    return WICK_OK;
}

wick_status cli_wei_arg(uint8_t out[32], const char *text)
{
    size_t len = strlen(text);
    memset(out, 0, 32);
    if (strncmp(text, "0x", 2) == 0) {
        char padded[65];
        if (len < 3 || len > 66) {
            return WICK_E_MALFORMED;
        }
        memset(padded, '0', 64);
        memcpy(padded + 64 - (len - 2), text + 2, len - 2);
        return wick_hex_decode(out, 32, padded, 64);
    }
    if (len == 0 || len > 78 || strspn(text, "0123456789") != len) {
        return WICK_E_MALFORMED;
    }
    for (size_t i = 0; i < len; i++) {
        unsigned carry = (unsigned)(text[i] - '0');
        for (size_t j = 32; j-- > 0;) {
            carry += 10u * out[j];
            out[j] = (uint8_t)carry;
            carry >>= 8;
        }
        if (carry != 0) {
            return WICK_E_LIMIT;
        }
    }
    return WICK_OK;
}

wick_status cli_write_file(const char *path, const uint8_t *bytes, size_t len)
{
    bool standard = strcmp(path, "-") == 0;
    FILE *file = standard ? stdout : fopen(path, "wb");
    if (file == NULL) {
        return WICK_E_HAL;
    }
    bool good = fwrite(bytes, 1, len, file) == len && fflush(file) == 0;
    if (!standard && fclose(file) != 0) {
        good = false;
    }
    return good ? WICK_OK : WICK_E_HAL;
}

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

bool cli_interrupted(void)
{
    return interrupted != 0;
}

void cli_catch_signals(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal; /* without SA_RESTART: poll() returns at once */
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
}

uint64_t cli_now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}
