/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_EXAMPLES_CLI_H
#define WICK_EXAMPLES_CLI_H
/*
 * What every command needs: the global options, errors with cause and remedy, input from an
 * argument, a file or standard input, and the exit codes.
 *
 *   0 good   1 refused or invalid input   2 usage   3 network or time-out (a retry may help)
 *
 * Secrets are never arguments: they come from files that only their owner can read.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wick/base.h"

#define CLI_OK 0
#define CLI_REFUSED 1
#define CLI_USAGE 2
#define CLI_NETWORK 3

/* Largest input file. A proof of many slots is some 100 kB. */
#define CLI_INPUT_MAX (16u * 1024 * 1024)

typedef struct cli {
    const char *config; /* --config, or NULL */
    const char *program; /* NULL: "wick" */
    const char *usage;  /* of the command that runs */
    const char *help;   /* what --help says besides, or NULL */
    bool json;
    int verbose;
} cli;

/* Every command accepts these, before or after its own options. */
#define CLI_OPT_CONFIG 1000
#define CLI_OPT_JSON 1001
#define CLI_OPT_HELP 1002
#define CLI_COMMON_OPTIONS                                                                         \
    {"config", required_argument, NULL, CLI_OPT_CONFIG}, {"json", no_argument, NULL, CLI_OPT_JSON},\
        {"help", no_argument, NULL, CLI_OPT_HELP}, {"verbose", no_argument, NULL, 'v'},            \
    {                                                                                              \
        NULL, 0, NULL, 0                                                                           \
    }

/** getopt_long() that takes the common options itself.
 *  @return the command's own option, -1 at the end, '?' after a usage error was printed,
 *  CLI_OPT_HELP after the help was printed */
int cli_getopt(cli *c, int argc, char **argv, const struct option *options);

/** Exit code of a status: 0, 1 or 3. */
int cli_exit_code(wick_status status);

/** Prints name, message, cause and remedy of `status` to stderr, or as a JSON line to stdout.
 *  @return the exit code */
__attribute__((format(printf, 3, 4))) int cli_fail(const cli *c, wick_status status,
                                                   const char *format, ...);
/** The same with a remedy of its own. */
__attribute__((format(printf, 4, 5))) int cli_fail_remedy(const cli *c, wick_status status,
                                                          const char *remedy, const char *format,
                                                          ...);
/** Prints the message and the usage line. @return 2 */
__attribute__((format(printf, 2, 3))) int cli_usage(const cli *c, const char *format, ...);

/** One progress line for people on stderr (with -v only if `level` > 0). */
__attribute__((format(printf, 3, 4))) void cli_note(const cli *c, int level, const char *format,
                                                    ...);

/** Whole file, "-" is standard input. Free the bytes with free(); a zero byte follows them.
 *  @retval WICK_E_NOT_FOUND  @retval WICK_E_LIMIT larger than CLI_INPUT_MAX  @retval WICK_E_HAL */
WICK_NODISCARD wick_status cli_read_file(uint8_t **bytes, size_t *len, const char *path);

/** Input of a pure command: NULL or "-" is standard input, "@FILE" a file, else the text itself. */
WICK_NODISCARD wick_status cli_read_arg(uint8_t **bytes, size_t *len, const char *arg);

/** Turns hex text (0x optional, white space around it skipped) into bytes, in place.
 *  @retval WICK_E_MALFORMED odd number of digits, or no hex */
WICK_NODISCARD wick_status cli_unhex(uint8_t *bytes, size_t *len);

/** Hex of exactly `len` bytes from an argument. */
WICK_NODISCARD wick_status cli_hex_arg(uint8_t *out, size_t len, const char *text);

/** The whole of a command whose one argument is hex: options, argument, bytes to free().
 *  @param[out] code  exit code if it returns false: the help was printed, or an error */
bool cli_hex_input(cli *c, uint8_t **bytes, size_t *len, int *code, int argc, char **argv);

/** A decimal number of at most `max`. */
WICK_NODISCARD wick_status cli_u64_arg(uint64_t *out, const char *text, uint64_t max);

/** Wei in decimal or 0x hex, of up to 256 bits, big-endian. */
WICK_NODISCARD wick_status cli_wei_arg(uint8_t out[32], const char *text);

/** Writes a whole file, "-" is standard output. @retval WICK_E_HAL it cannot be written */
WICK_NODISCARD wick_status cli_write_file(const char *path, const uint8_t *bytes, size_t len);

/** SIGINT and SIGTERM end a wait and are remembered; a closed pipe is an error of write(). For programs that
 *  run until they are told to end: agent_open() calls it, too. */
void cli_catch_signals(void);
/** True once one of them came. */
bool cli_interrupted(void);

/** Microseconds of a clock that never goes back. */
uint64_t cli_now_us(void);

#endif
