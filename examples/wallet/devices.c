/* SPDX-License-Identifier: Apache-2.0 */
/* Provisioning files: whom the factory announced. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "wallet.h"

#define FILE_BYTES_MAX 512

static wick_status parse(wallet_device *d, const char *text)
{
    static uint8_t arena[4096];
    const wick_json *root;
    wick_status s = wick_json_parse(&root, arena, sizeof arena,
                                    wick_span_make((const uint8_t *)text, strlen(text)));
    if (s != WICK_OK) {
        wick_wipe(arena, sizeof arena);
        return s;
    }
    const char *name = wick_json_text(wick_json_member(root, "name"));
    const char *token = wick_json_text(wick_json_member(root, "token"));
    if (name == NULL || token == NULL || strlen(token) == 0 || strlen(token) >= sizeof d->token) {
        s = WICK_E_JSON;
    } else if (strlen(name) >= sizeof d->name) {
        s = WICK_E_NAME;
    } else {
        s = wick_name_check(wick_span_make((const uint8_t *)name, strlen(name)));
    }
    if (s == WICK_OK) {
        s = wick_json_hex(d->psk, sizeof d->psk, wick_json_member(root, "psk"));
    }
    if (s == WICK_OK) {
        (void)snprintf(d->name, sizeof d->name, "%s", name);
        (void)snprintf(d->token, sizeof d->token, "%s", token);
    }
    wick_wipe(arena, sizeof arena);
    return s;
}

/* Reads the file of a device. */
static wick_status read_file(wallet_device *d, const char *folder, const char *file)
{
    char path[2 * CONF_TEXT_MAX], text[FILE_BYTES_MAX];
    (void)snprintf(path, sizeof path, "%s/%s", folder, file);
    wick_status s = wick_linux_secret_text(text, path, sizeof text);
    if (s == WICK_OK) {
        s = parse(d, text);
    }
    wick_wipe(text, sizeof text);
    if (s == WICK_OK && strcmp(d->name, file) != 0) {
        s = WICK_E_NAME; /* two files for one device would make its PSK a matter of order */
    }
    return s;
}

static wick_status load(wallet *w, const char *folder, const char *file)
{
    if (w->device_count == WALLET_DEVICES_MAX) {
        return WICK_E_LIMIT;
    }
    wallet_device *d = &w->devices[w->device_count];
    wick_dtls_entry *e = &w->entries[w->device_count];
    wick_status s = read_file(d, folder, file);
    if (s != WICK_OK) {
        wick_wipe(d, sizeof *d);
        return s;
    }
    memset(e, 0, sizeof *e);
    e->identity = wick_span_make((const uint8_t *)d->name, strlen(d->name));
    e->psk = wick_span_make(d->psk, sizeof d->psk);
    e->role = WICK_DTLS_SERVER;
    w->device_count++;
    return wick_name_hash(e->peer, e->identity);
}

wick_status wallet_devices_load(wallet *w, char file[CONF_TEXT_MAX], const char *folder)
{
    (void)snprintf(file, CONF_TEXT_MAX, "%s", folder);
    DIR *dir = opendir(folder);
    if (dir == NULL) {
        return WICK_E_NOT_FOUND;
    }
    wick_status s = WICK_OK;
    for (struct dirent *e = readdir(dir); e != NULL && s == WICK_OK; e = readdir(dir)) {
        if (e->d_name[0] != '.') {
            (void)snprintf(file, CONF_TEXT_MAX, "%.*s", CONF_TEXT_MAX - 1, e->d_name);
            s = load(w, folder, e->d_name);
        }
    }
    (void)closedir(dir);
    return s;
}

wick_status wallet_device_announced(const wallet *w, const wallet_device *device)
{
    wallet_device now;
    memset(&now, 0, sizeof now);
    wick_status s = read_file(&now, w->config->manager.devices_dir, device->name);
    bool same = wick_ct_equal(now.psk, device->psk, sizeof now.psk);
    same = wick_ct_equal((const uint8_t *)now.token, (const uint8_t *)device->token,
                         sizeof now.token) &&
           same;
    wick_wipe(&now, sizeof now);
    return s == WICK_OK && same ? WICK_OK : WICK_E_AUTH;
}
