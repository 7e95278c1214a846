/* SPDX-License-Identifier: Apache-2.0 */
/* What `wick update` works with: update_job.h. */
#include "update_job.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "out.h"

uint64_t update_now_ms(const update_job *j)
{
    return j->h.clock.now_ms(j->h.clock.ctx);
}

/* ---- what runs ---- */

#define PATH_BYTES (CONF_TEXT_MAX + 16)

static bool version_path(char path[PATH_BYTES], const update_job *j, uint8_t slot, const char *end)
{
    int n = snprintf(path, PATH_BYTES, "%s/version_%s%s", j->product->dir, update_slot_text(slot),
                     end);
    return n > 0 && n < PATH_BYTES;
}

/* Replaced as a whole, and on disk before anything is written to the slot: an image whose version
 * is not known would be taken for an older one. */
wick_status update_put_version(const update_job *j, uint8_t slot, uint64_t version)
{
    char path[PATH_BYTES], temp[PATH_BYTES];
    if (!version_path(path, j, slot, "") || !version_path(temp, j, slot, ".new")) {
        return WICK_E_HAL;
    }
    FILE *file = fopen(temp, "we");
    bool good = file != NULL && fprintf(file, "%llu\n", (unsigned long long)version) > 0 &&
                fflush(file) == 0 && fsync(fileno(file)) == 0;
    if (file != NULL && fclose(file) != 0) {
        good = false;
    }
    good = good && rename(temp, path) == 0;
    int dir = good ? open(j->product->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    good = dir >= 0 && fsync(dir) == 0;
    if (dir >= 0) {
        (void)close(dir);
    }
    return good ? WICK_OK : WICK_E_HAL;
}

wick_status update_get_version(const update_job *j, uint8_t slot, uint64_t *version)
{
    char path[PATH_BYTES];
    uint8_t *text = NULL;
    size_t len = 0;
    *version = 0;
    wick_status s =
        version_path(path, j, slot, "") ? cli_read_file(&text, &len, path) : WICK_E_HAL;
    if (s == WICK_E_NOT_FOUND && slot == WICK_FLASH_SLOT_A) {
        *version = j->product->version; /* the image of `init`, from before there was such a file */
        return WICK_OK;
    }
    if (s == WICK_OK) {
        text[strcspn((const char *)text, "\n")] = '\0';
        s = cli_u64_arg(version, (const char *)text, UINT64_MAX);
    }
    free(text);
    return s;
}

int update_running_version(update_job *j, uint8_t slot)
{
    wick_status s = update_get_version(j, slot, &j->version);
    if (s == WICK_OK) {
        return CLI_OK;
    }
    return cli_fail_remedy(j->c, s, "write the number of its version there",
                           "%s/version_%s: the version of the image that runs cannot be read",
                           j->product->dir, update_slot_text(slot));
}

const char *update_slot_text(uint8_t slot)
{
    return slot == WICK_FLASH_SLOT_A ? "a" : "b";
}

const char *update_phase_text(wick_boot_phase phase)
{
    return phase == WICK_BOOT_TRIAL ? "trial" : phase == WICK_BOOT_PENDING ? "pending" : "settled";
}

static int open_loader(update_job *j, wick_linux_flash *flash)
{
    wick_status s = wick_linux_boot_open(&j->hal_boot, &j->boot, j->product->dir, flash);
    return s == WICK_OK ? CLI_OK : cli_fail(j->c, s, "%s", j->product->dir);
}

int update_open_loader(update_job *j)
{
    return open_loader(j, NULL);
}

/* Taken before the areas are opened, for that fills new ones. */
int update_open_slots(update_job *j, uint32_t slot_bytes, uint32_t staging_bytes)
{
    const wick_linux_flash_config config = {slot_bytes, staging_bytes};
    int code = open_loader(j, &j->flash);
    code = code == CLI_OK ? store_take(j->c, &j->lock, &j->boot.store) : code;
    if (code != CLI_OK) {
        return code;
    }
    wick_status s = wick_linux_flash_open(&j->hal_flash, &j->flash, j->product->dir, &config);
    return s == WICK_OK ? CLI_OK : cli_fail(j->c, s, "%s", j->product->dir);
}

/* ---- the index ---- */

int update_open_chain(update_job *j)
{
    j->view.may_share = true;
    return release_open(&j->view, &j->r, j->c, &j->h, j->product);
}

wick_status update_read_index(update_job *j)
{
    return release_read(&j->release, &j->index, &j->view, &j->h, j->id);
}

uint64_t update_unix_s(const update_job *j)
{
    uint64_t now = 0;
    return j->h.clock.unix_s(j->h.clock.ctx, &now) == WICK_OK ? now : 0;
}

void update_put_index(const update_job *j, wick_status s)
{
    out_rec o;
    out_begin_step(&o, stdout, j->c->json, "index");
    out_str(&o, "product", j->name);
    out_u64(&o, "running", j->version);
    out_u64(&o, "version", j->release.version);
    out_u64(&o, "counter", j->release.counter);
    out_u64(&o, "approvals", j->release.approvals);
    out_u64(&o, "threshold", j->release.threshold);
    out_bool(&o, "revoked", (j->release.flags & WICK_RELEASE_REVOKED) != 0);
    out_u64(&o, "proposed", j->index.count);
    out_str(&o, "tier", wick_tier_str(j->r.head.tier));
    out_u64(&o, "block", j->r.head.number);
    out_str(&o, "usable",
            s == WICK_OK                                 ? "yes"
            : s == WICK_E_STATE || s == WICK_E_NOT_FOUND ? "nothing new"
                                                         : wick_status_str(s));
    out_end(&o);
}

/* ---- sources ---- */

static wick_status start_fetch(update_job *j)
{
    const wick_fetch_config config = {&j->h.net, j->from.from, j->from.count, 0, 0};
    return wick_fetch_init(&j->fetch, &config);
}

static wick_status add_mirror(update_job *j, const char *url)
{
    const wick_fetch_source source = {url, WICK_FETCH_FILE, &j->trust};
    wick_status s = j->product->manifest_mirrors ? wick_fetch_source_check(&source) : WICK_E_CONFIG;
    return s == WICK_OK ? sources_add(&j->from, url, WICK_FETCH_FILE, &j->trust) : s;
}

void update_add_mirrors(update_job *j, wick_update *u)
{
    const wick_manifest *m = wick_update_manifest(u);
    j->from.count = j->configured; /* without those of another manifest */
    for (uint8_t i = 0; m != NULL && i < m->mirrors; i++) {
        char text[WICK_MANIFEST_URI_MAX + 1]; /* http or https, and printable: the decoder has looked */
        out_rec o;
        (void)snprintf(text, sizeof text, "%.*s", (int)m->mirror[i].len,
                       (const char *)m->mirror[i].ptr);
        wick_status s = add_mirror(j, text);
        out_begin_step(&o, stdout, j->c->json, "mirror");
        out_str(&o, "url", text);
        out_str(&o, "taken", s == WICK_OK ? "yes" : wick_status_str(s));
        out_end(&o);
    }
    wick_status s = start_fetch(j);
    s = s == WICK_OK ? wick_update_mirrors(u, (uint8_t)(j->from.count - j->configured)) : s;
    if (s != WICK_OK) {
        j->from.count = j->configured; /* as if there were none */
        (void)!start_fetch(j);
    }
}

int update_open_sources(update_job *j)
{
    link_trust_of(&j->trust, &j->h, j->product->ca_file, NULL);
    wick_status s =
        sources_add_list(&j->from, j->product->gateways, WICK_FETCH_GATEWAY, &j->trust);
    j->gateways = j->from.count;
    s = s == WICK_OK ? sources_add_list(&j->from, j->product->mirrors, WICK_FETCH_FILE, &j->trust)
                     : s;
    if (s != WICK_OK) {
        return cli_fail(j->c, s, "[product.%s]: more than %u gateways and mirrors", j->name,
                        (unsigned)WICK_UPDATE_SOURCES_MAX);
    }
    j->configured = j->from.count;
    s = start_fetch(j);
    return s == WICK_OK ? CLI_OK : cli_fail(j->c, s, "[product.%s] gateways, mirrors", j->name);
}

int update_open_product(update_job *j, const char *keys)
{
    conf_error e;
    int code = host_open(&j->h, j->c);
    if (code != CLI_OK) {
        return code;
    }
    wick_status s = wick_name_hash(j->id, wick_span_text(j->name));
    if (s != WICK_OK) {
        return cli_fail(j->c, s, "product '%s'", j->name);
    }
    j->product = conf_find_product(&j->h.conf, j->name);
    if (j->product == NULL) {
        return cli_fail(j->c, WICK_E_CONFIG, "%s: there is no [product.%s]", j->h.conf.path,
                        j->name);
    }
    return conf_require(&j->h.conf, &e, &j->product->s, keys) == WICK_OK
               ? CLI_OK
               : cli_fail(j->c, WICK_E_CONFIG, "%.200s: %.280s", j->h.conf.path, e.text);
}

void update_close(update_job *j)
{
    if (j->fetch.net != NULL) {
        wick_fetch_cancel(&j->fetch);
    }
    if (j->hal_flash.ctx != NULL) {
        wick_linux_flash_close(&j->flash);
    }
    wick_linux_store_release(&j->lock);
    chain_close(&j->view);
    host_close(&j->h);
}
