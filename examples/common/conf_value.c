/* SPDX-License-Identifier: Apache-2.0 */
/* One function for each type of value in wick.conf. */
#include <string.h>

#include "conf_internal.h"

static const char *const rules[] = {"own_node", "pinned", "quorum", "qbft", "ibft2",
                                    "ibft1",    "clique", "sync_committee"};
static const char *const networks[] = {"mainnet", "sepolia", "gnosis", "devnet"};
static const char *const presets[] = {"minimal", "mainnet"};
static const char *const levels[] = {"error", "warn", "info", "debug"}; /* as wick_log_level */
static const char *const sponsoring[] = {"auto", "yes", "no"};
static const char *const overs[] = {"udp", "tcp", "tls", "auto"}; /* as wick_gateway_over */
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

const char *conf_rule_str(conf_rule rule)
{
    size_t i = (size_t)rule;
    return i >= 1 && i <= COUNT(rules) ? rules[i - 1] : "";
}

bool conf_is_name(const char *text)
{
    size_t len = strlen(text);
    return len >= 1 && len < CONF_NAME_MAX &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

static bool parse_u64(uint64_t *out, const char *text)
{
    uint64_t v = 0;
    size_t len = strlen(text);
    if (len == 0 || len > 19 || strspn(text, "0123456789") != len || (text[0] == '0' && len > 1)) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        v = v * 10 + (uint64_t)(text[i] - '0'); /* 19 digits cannot overflow */
    }
    *out = v;
    return true;
}

static bool put_text(char *out, size_t cap, const char *dir, const char *text)
{
    size_t dir_len = strlen(dir), len = strlen(text);
    if (len == 0 || dir_len + len >= cap) {
        return false;
    }
    memcpy(out, dir, dir_len);
    memcpy(out + dir_len, text, len + 1);
    return true;
}

static bool parse_hex(uint8_t *out, size_t len, const char *text)
{
    return strncmp(text, "0x", 2) == 0 &&
           wick_hex_decode(out, len, text, strlen(text)) == WICK_OK;
}

bool conf_uuid(uint8_t out[16], const char *text)
{
    char digits[33];
    size_t n = 0;
    for (size_t i = 0; text[i] != '\0'; i++) {
        bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        if ((text[i] == '-') != is_dash || (!is_dash && n == 32)) {
            return false;
        }
        if (!is_dash) {
            digits[n++] = text[i];
        }
    }
    return n == 32 && wick_hex_decode(out, 16, digits, n) == WICK_OK;
}

/* Place of `text` in a table of names, counted from 1; 0 if it is not there. */
static int place_of(const char *text, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, names[i]) == 0) {
            return (int)i + 1;
        }
    }
    return 0;
}

static bool is_url(const char *text)
{
    const char *rest = strncmp(text, "http://", 7) == 0    ? text + 7
                       : strncmp(text, "https://", 8) == 0 ? text + 8
                                                           : "";
    return rest[0] != '\0' && strpbrk(text, " \t,") == NULL;
}

bool conf_list_at(char *out, size_t cap, const char *list, size_t index)
{
    for (; index > 0; index--) {
        list = strchr(list, ',');
        if (list == NULL) {
            return false;
        }
        list++;
    }
    list += strspn(list, " \t");
    size_t len = strcspn(list, ",");
    while (len > 0 && (list[len - 1] == ' ' || list[len - 1] == '\t')) {
        len--;
    }
    if (len >= cap || (len == 0 && list[0] == '\0')) {
        return false;
    }
    memcpy(out, list, len);
    out[len] = '\0';
    return true;
}

static bool are_urls(const char *text)
{
    char url[CONF_TEXT_MAX];
    size_t n = 0;
    while (conf_list_at(url, sizeof url, text, n)) {
        if (!is_url(url)) {
            return false;
        }
        n++;
    }
    return n > 0 && text[strlen(text) - 1] != ',';
}

/* name:0xVERSION@EPOCH */
static bool parse_fork(conf_fork *out, char *text)
{
    char *version = strchr(text, ':');
    char *epoch = version == NULL ? NULL : strchr(version, '@');
    if (epoch == NULL) {
        return false;
    }
    *version++ = '\0';
    *epoch++ = '\0';
    return conf_is_name(text) && put_text(out->name, sizeof out->name, "", text) &&
           parse_hex(out->version, sizeof out->version, version) && parse_u64(&out->epoch, epoch);
}

static bool parse_forks(conf_fork *out, size_t max, const char *text)
{
    char item[CONF_NAME_MAX];
    size_t n = 0;
    while (conf_list_at(item, sizeof item, text, n)) {
        if (n == max || !parse_fork(&out[n], item)) {
            return false;
        }
        /* In ascending order, or a later line would be the fork in force without being seen. */
        if (n > 0 && out[n].epoch < out[n - 1].epoch) {
            return false;
        }
        n++;
    }
    size_t commas = 0;
    for (const char *p = text; *p != '\0'; p++) {
        commas += *p == ',';
    }
    return n == commas + 1; /* all of the list was read */
}

bool conf_value_set(void *to, size_t size, conf_value_type type, const char *text,
                    const char *dir)
{
    int place;
    switch (type) {
    case VALUE_NAME:
        return conf_is_name(text) && put_text(to, size, "", text);
    case VALUE_TEXT:
        return put_text(to, size, "", text);
    case VALUE_PATH:
        return put_text(to, size, text[0] == '/' ? "" : dir, text);
    case VALUE_U64:
        return parse_u64(to, text);
    case VALUE_HEX20:
    case VALUE_HEX32:
        return parse_hex(to, size, text);
    case VALUE_UUID:
        return conf_uuid(to, text);
    case VALUE_ADDR:
        return wick_addr_parse(to, text, strlen(text)) == WICK_OK;
    case VALUE_YES: {
        bool yes = strcmp(text, "yes") == 0;
        memcpy(to, &yes, sizeof yes);
        return yes || strcmp(text, "no") == 0;
    }
    case VALUE_URL:
        return is_url(text) && put_text(to, size, "", text);
    case VALUE_URLS:
        return are_urls(text) && put_text(to, size, "", text);
    case VALUE_RULE:
        place = place_of(text, rules, COUNT(rules));
        *(conf_rule *)to = (conf_rule)place;
        return place != 0;
    case VALUE_NETWORK:
        place = place_of(text, networks, COUNT(networks));
        *(conf_network *)to = (conf_network)place;
        return place != 0;
    case VALUE_PRESET:
        place = place_of(text, presets, COUNT(presets));
        *(conf_preset *)to = (conf_preset)place;
        return place != 0;
    case VALUE_FORKS:
        return parse_forks(to, size / sizeof(conf_fork), text);
    case VALUE_LEVEL:
        place = place_of(text, levels, COUNT(levels));
        *(wick_log_level *)to = place != 0 ? (wick_log_level)(place - 1) : WICK_LOG_ERROR;
        return place != 0;
    case VALUE_OVER:
        place = place_of(text, overs, COUNT(overs));
        *(wick_gateway_over *)to = (wick_gateway_over)(place != 0 ? place - 1 : 0);
        return place != 0;
    case VALUE_SPONSORED:
        place = place_of(text, sponsoring, COUNT(sponsoring));
        *(wick_gateway_sponsoring *)to = (wick_gateway_sponsoring)(place != 0 ? place - 1 : 0);
        return place != 0;
    default:
        return false;
    }
}

const char *conf_value_text(conf_value_type type)
{
    static const char *const texts[] = {
        "a name ([a-z0-9._-]{1,63})",
        "text of at most 255 characters",
        "a path of at most 255 characters",
        "a decimal number",
        "0x and 40 hex digits",
        "0x and 64 hex digits",
        "a UUID, such as 6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        "an address and port, such as 192.0.2.1:3478",
        "yes or no",
        "an http:// or https:// URL of at most 255 characters",
        "http:// or https:// URLs with commas between",
        "own_node, pinned, quorum, qbft, ibft2, ibft1, clique or sync_committee",
        "mainnet, sepolia, gnosis or devnet",
        "minimal or mainnet",
        "at most 8 forks in ascending order, such as electra:0x06000001@0,fulu:0x07000001@10",
        "error, warn, info or debug",
        "udp, tcp, tls or auto",
        "auto, yes or no",
    };
    return texts[type];
}
