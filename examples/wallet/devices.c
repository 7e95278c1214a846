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

/* Where the name stands in the index, or would. */
static uint16_t *place_of(wallet *w, const char *name)
{
    const size_t places = sizeof w->by_name / sizeof w->by_name[0];
    uint32_t hash = 2166136261u; /* FNV-1a; no stranger chooses names */
    for (const char *p = name; *p != '\0'; p++) {
        hash = (hash ^ (uint8_t)*p) * 16777619u;
    }
    size_t at = hash % places;
    while (w->by_name[at] != 0 && strcmp(w->devices[w->by_name[at] - 1].name, name) != 0) {
        at = (at + 1) % places; /* half of them are free */
    }
    return &w->by_name[at];
}

wallet_device *wallet_device_known(wallet *w, const char *name)
{
    const uint16_t place = *place_of(w, name);
    return place == 0 ? NULL : &w->devices[place - 1];
}

static wick_status load(wallet_device **out, wallet *w, const char *folder, const char *file)
{
    wallet_device now;
    memset(&now, 0, sizeof now);
    uint16_t *place = place_of(w, file);
    wick_status s = *place == 0 && w->device_count == WALLET_DEVICES_MAX ? WICK_E_LIMIT
                                                                         : read_file(&now, folder, file);
    if (s == WICK_OK && *place == 0) {
        w->devices[w->device_count++] = now;
        *place = (uint16_t)w->device_count;
    } else if (s == WICK_OK) {
        wallet_device *d = &w->devices[*place - 1];
        bool same = memcmp(d->psk, now.psk, sizeof d->psk) == 0 && strcmp(d->token, now.token) == 0;
        memcpy(d->psk, now.psk, sizeof d->psk);
        memcpy(d->token, now.token, sizeof d->token);
        d->secrets += same ? 0u : 1u;
    }
    if (s == WICK_OK) {
        *out = &w->devices[*place - 1];
    }
    wick_wipe(&now, sizeof now);
    return s;
}

wick_status wallet_device_find(wallet_device **out, wallet *w, wick_span name)
{
    char file[CONF_NAME_MAX];
    *out = NULL;
    if (name.len >= sizeof file || wick_name_check(name) != WICK_OK || name.ptr[0] == '.') {
        return WICK_E_NOT_FOUND;
    }
    memcpy(file, name.ptr, name.len);
    file[name.len] = '\0';
    return load(out, w, w->config->manager.devices_dir, file);
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
            wallet_device *loaded;
            s = load(&loaded, w, folder, e->d_name);
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
