/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_EXAMPLES_CONF_INTERNAL_H
#define WICK_EXAMPLES_CONF_INTERNAL_H
/* Between the files of the wick.conf parser. */
#include "conf.h"

typedef enum conf_value_type {
    VALUE_NAME, /* [a-z0-9._-]{1,63} */
    VALUE_TEXT, /* printable, at most CONF_TEXT_MAX - 1 */
    VALUE_PATH,
    VALUE_U64,
    VALUE_HEX20,
    VALUE_HEX32,
    VALUE_UUID,
    VALUE_ADDR,
    VALUE_YES,
    VALUE_URL,
    VALUE_URLS,
    VALUE_RULE,
    VALUE_NETWORK,
    VALUE_PRESET,
    VALUE_FORKS,
    VALUE_LEVEL,
    VALUE_OVER,
    VALUE_SPONSORED
} conf_value_type;

/** Fills the `size` bytes of a value at `to`. @param dir what stands before relative paths
 *  @return false: the text is not conf_value_text(type) */
bool conf_value_set(void *to, size_t size, conf_value_type type, const char *text,
                    const char *dir);

/** What a value of this type looks like, for errors. */
const char *conf_value_text(conf_value_type type);

bool conf_is_name(const char *text);

/** Writes an error. @return WICK_E_CONFIG */
__attribute__((format(printf, 3, 4))) wick_status conf_refuse(conf_error *e, unsigned line,
                                                              const char *format, ...);

/** Line of a key that was given, else that of its section. */
unsigned conf_line(const conf *c, const conf_section *section, const char *key);

/** What one key says about another, and one section about another. */
WICK_NODISCARD wick_status conf_check(const conf *c, conf_error *e);

#endif
