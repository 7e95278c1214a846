/* SPDX-License-Identifier: Apache-2.0 */
/* Records as JSON lines or as text for people. */
#include "out.h"

#include <inttypes.h>
#include <string.h>

#define JSON_INTEGER_MAX (UINT64_C(1) << 53)

/* With its quotes. */
static void json_string(FILE *file, const char *text)
{
    fputc('"', file);
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
        if (*p == '"' || *p == '\\') {
            fputc('\\', file);
            fputc(*p, file);
        } else if (*p < 0x20 || *p >= 0x7f) {
            /* Peers and files choose these bytes: none reaches a terminal unescaped. */
            fprintf(file, "\\u%04x", (unsigned)*p);
        } else {
            fputc(*p, file);
        }
    }
    fputc('"', file);
}

static void begin(out_rec *o, FILE *file, bool json, bool ok)
{
    o->file = file;
    o->json = json;
    o->line = false;
    o->first = true;
    if (json) {
        fprintf(file, "{\"ok\":%s", ok ? "true" : "false");
        o->first = false;
    }
}

void out_begin(out_rec *o, FILE *file, bool json)
{
    begin(o, file, json, true);
}

void out_begin_fail(out_rec *o, FILE *file, bool json)
{
    begin(o, file, json, false);
}

void out_begin_step(out_rec *o, FILE *file, bool json, const char *event)
{
    begin(o, file, json, true);
    o->line = !json;
    if (json) {
        out_str(o, "event", event);
    } else {
        fprintf(file, "%-11s", event);
    }
}

static void put_key(out_rec *o, const char *key)
{
    if (!o->json) {
        fprintf(o->file, o->line ? " %s=" : "%-18s ", key);
        return;
    }
    if (!o->first) {
        fputc(',', o->file);
    }
    o->first = false;
    if (key != NULL) {
        json_string(o->file, key);
        fputc(':', o->file);
    }
}

void out_open(out_rec *o, const char *key, bool list)
{
    if (o->json) {
        put_key(o, key);
        fputc(list ? '[' : '{', o->file);
        o->first = true;
    }
}

void out_close(out_rec *o, bool list)
{
    if (o->json) {
        fputc(list ? ']' : '}', o->file);
        o->first = false;
    }
}

static void end_value(out_rec *o)
{
    if (!o->json && !o->line) {
        fputc('\n', o->file);
    }
}

void out_str(out_rec *o, const char *key, const char *value)
{
    put_key(o, key);
    if (o->json) {
        json_string(o->file, value);
    } else {
        for (const char *p = value; *p != '\0'; p++) {
            bool plain = (unsigned char)*p >= 0x20 && (unsigned char)*p < 0x7f;
            fputc(plain ? *p : '?', o->file);
        }
    }
    end_value(o);
}

void out_u64(out_rec *o, const char *key, uint64_t value)
{
    put_key(o, key);
    bool quoted = o->json && value > JSON_INTEGER_MAX;
    fprintf(o->file, quoted ? "\"%" PRIu64 "\"" : "%" PRIu64, value);
    end_value(o);
}

void out_bool(out_rec *o, const char *key, bool value)
{
    put_key(o, key);
    fputs(value ? "true" : "false", o->file);
    end_value(o);
}

void out_hex(out_rec *o, const char *key, const uint8_t *bytes, size_t len)
{
    put_key(o, key);
    fputs(o->json ? "\"0x" : "0x", o->file);
    for (size_t i = 0; i < len; i++) {
        fprintf(o->file, "%02x", bytes[i]);
    }
    fputs(o->json ? "\"" : "", o->file);
    end_value(o);
}

void out_quantity_text(char *text, const uint8_t *big_endian, size_t len)
{
    while (len > 0 && *big_endian == 0) {
        big_endian++;
        len--;
    }
    text[0] = '0';
    text[1] = 'x';
    wick_hex_encode(text + 2, big_endian, len);
    if (len == 0) {
        memcpy(text + 2, "0", 2);
    } else if (text[2] == '0') {
        memmove(text + 2, text + 3, strlen(text + 3) + 1);
    }
}

void out_quantity(out_rec *o, const char *key, const uint8_t *big_endian, size_t len)
{
    char text[2 * 32 + 3];
    if (len > 32) {
        out_hex(o, key, big_endian, len);
        return;
    }
    out_quantity_text(text, big_endian, len);
    out_str(o, key, text);
}

void out_addr(out_rec *o, const char *key, const wick_addr *addr)
{
    char text[WICK_ADDR_STR_BYTES];
    wick_addr_str(text, addr);
    out_str(o, key, text);
}

void out_ms(out_rec *o, const char *key, uint64_t us)
{
    put_key(o, key);
    fprintf(o->file, "%" PRIu64 ".%" PRIu64, us / 1000, us % 1000 / 100);
    end_value(o);
}

void out_end(out_rec *o)
{
    if (o->json) {
        fputs("}\n", o->file);
    } else if (o->line) {
        fputc('\n', o->file);
    }
    fflush(o->file); /* scripts wait for lines */
}
