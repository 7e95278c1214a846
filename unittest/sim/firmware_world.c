/* SPDX-License-Identifier: Apache-2.0 */
#include "firmware_world.h"

#include <stdlib.h>
#include <string.h>

#include "firmware_vectors.h"

static uint8_t memory[2 * FW_SLOT + FW_STAGING + FW_JOURNAL];
static uint8_t old_bytes[FW_IMAGE_MAX], middle_bytes[FW_IMAGE_MAX], new_bytes[FW_IMAGE_MAX];
uint8_t *fw_memory;
uint32_t fw_slot, fw_staging, fw_sector;
fw_image fw_old, fw_middle, fw_new;
void (*fw_crypto_fill)(wick_hal_crypto *crypto);

static wick_hal_crypto crypto;
static wick_crypto_ctx crypto_ctx;

void fw_sha256(uint8_t out[32], const uint8_t *bytes, size_t len)
{
    wick_hash_ctx h;
    memset(&h, 0, sizeof h);
    if (crypto.hash_begin(crypto.ctx, &h, WICK_HASH_SHA256) != WICK_OK ||
        crypto.hash_update(crypto.ctx, &h, bytes, len) != WICK_OK ||
        crypto.hash_finish(crypto.ctx, &h, out) != WICK_OK) {
        abort();
    }
    crypto.hash_free(crypto.ctx, &h);
}

static void finish_image(fw_image *image, const uint8_t *bytes, uint32_t size)
{
    image->bytes = bytes;
    image->size = size;
    fw_sha256(image->sha256, bytes, size);
}

void fw_images(void)
{
    uint32_t x = 12345;
    fw_memory = memory;
    fw_slot = FW_SLOT;
    fw_staging = FW_STAGING;
    fw_sector = FW_SECTOR;
    if (wick_crypto_init(&crypto, &crypto_ctx) != WICK_OK) {
        abort();
    }
    if (fw_crypto_fill != NULL) {
        fw_crypto_fill(&crypto);
    }
    for (uint32_t i = 0; i < FW_IMAGE_MAX; i++) {
        x = x * 1664525u + 1013904223u;
        old_bytes[i] = (uint8_t)(x >> 24);
        middle_bytes[i] = (uint8_t)(old_bytes[i] + (i % 211 == 7));
        new_bytes[i] = (uint8_t)(old_bytes[i] + (i % 101 == 3) * 5);
    }
    finish_image(&fw_old, old_bytes, 5001);
    finish_image(&fw_middle, middle_bytes, 5600);
    finish_image(&fw_new, new_bytes, 6007);
}

/* ---- content ---- */

static uint8_t *keep(fw_world *w, const uint8_t *bytes, uint32_t size)
{
    if (size > sizeof w->store - w->stored) {
        abort();
    }
    uint8_t *at = w->store + w->stored;
    memcpy(at, bytes, size);
    w->stored += size;
    return at;
}

/* A block of bytes that stay where they are. */
static wick_cid point(fw_world *w, uint8_t codec, const uint8_t *bytes, uint32_t size)
{
    if (w->blocks == FW_BLOCKS_MAX) {
        abort();
    }
    fw_block *b = &w->block[w->blocks++];
    b->bytes = bytes;
    b->size = size;
    b->cid.version = 1;
    b->cid.codec = codec;
    fw_sha256(b->cid.digest, bytes, size);
    return b->cid;
}

static wick_cid add(fw_world *w, uint8_t codec, const uint8_t *bytes, uint32_t size)
{
    return point(w, codec, keep(w, bytes, size), size);
}

void fw_add_large(fw_world *w, wick_manifest_content *content, const uint8_t *bytes, uint32_t size)
{
    content->size = size;
    fw_sha256(content->sha256, bytes, size);
    content->cid = point(w, WICK_CID_RAW, bytes, size);
}

void fw_add_block(fw_world *w, wick_manifest_content *content, const uint8_t *bytes, uint32_t size)
{
    fw_add_large(w, content, keep(w, bytes, size), size);
}

static uint32_t put_varint(uint8_t *out, uint32_t v)
{
    uint32_t n = 0;
    while (v >= 0x80) {
        out[n++] = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    out[n++] = (uint8_t)v;
    return n;
}

/* A dag-pb node of a UnixFS file over `n` children of so many bytes. */
static wick_cid add_node(fw_world *w, const wick_cid *child, const uint32_t *size, uint32_t n,
                         uint32_t total)
{
    uint8_t out[4096], data[512];
    uint32_t len = 0, d = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint8_t link[64], tsize[5];
        uint32_t t = put_varint(tsize, size[i]), l = 0;
        link[l++] = 0x0a;
        link[l++] = WICK_CID_BYTES(child[i].version);
        l += (uint32_t)wick_cid_encode(link + l, &child[i]);
        link[l++] = 0x12;
        link[l++] = 0;
        link[l++] = 0x18;
        memcpy(link + l, tsize, t);
        l += t;
        out[len++] = 0x12;
        len += put_varint(out + len, l);
        memcpy(out + len, link, l);
        len += l;
    }
    data[d++] = 0x08;
    data[d++] = 2;
    data[d++] = 0x18;
    d += put_varint(data + d, total);
    for (uint32_t i = 0; i < n; i++) {
        data[d++] = 0x20;
        d += put_varint(data + d, size[i]);
    }
    out[len++] = 0x0a;
    len += put_varint(out + len, d);
    memcpy(out + len, data, d);
    len += d;
    return add(w, WICK_CID_DAG_PB, out, len);
}

void fw_as_dag(fw_world *w, wick_manifest_content *content, const uint8_t *bytes, uint32_t size,
               uint32_t chunk, uint32_t links)
{
    wick_cid level[FW_BLOCKS_MAX];
    uint32_t bytes_of[FW_BLOCKS_MAX], n = 0;
    for (uint32_t at = 0; at < size; at += chunk) {
        bytes_of[n] = size - at < chunk ? size - at : chunk;
        level[n] = add(w, WICK_CID_RAW, bytes + at, bytes_of[n]);
        n++;
    }
    while (n > 1) {
        uint32_t up = 0;
        for (uint32_t i = 0; i < n; i += links) {
            uint32_t of = n - i < links ? n - i : links, total = 0;
            for (uint32_t k = 0; k < of; k++) {
                total += bytes_of[i + k];
            }
            wick_cid node = add_node(w, level + i, bytes_of + i, of, total);
            level[up] = node;
            bytes_of[up++] = total;
        }
        n = up;
    }
    content->size = size;
    fw_sha256(content->sha256, bytes, size);
    content->cid = level[0];
}

/* A number of a patch: six bits and a sign, then seven. */
static uint32_t put_number(uint8_t *out, uint32_t v)
{
    uint32_t n = 0;
    out[n] = (uint8_t)(v & 0x3f);
    v >>= 6;
    while (v > 0) {
        out[n++] |= 0x80;
        out[n] = (uint8_t)(v & 0x7f);
        v >>= 7;
    }
    return n + 1;
}

/* Differences as far as both go, and the rest as it is. */
static uint32_t plain_patch(uint8_t *patch, const fw_image *from, const fw_image *to)
{
    uint32_t base = from == NULL ? 0 : from->size;
    uint32_t same = base < to->size ? base : to->size, n = 0;
    patch[n++] = 0; /* sequential, not packed */
    n += put_number(patch + n, to->size);
    n += put_number(patch + n, 0);
    n += put_number(patch + n, same);
    for (uint32_t i = 0; i < same; i++) {
        patch[n++] = (uint8_t)(to->bytes[i] - from->bytes[i]);
    }
    n += put_number(patch + n, to->size - same);
    memcpy(patch + n, to->bytes + same, to->size - same);
    n += to->size - same;
    return n + put_number(patch + n, 0);
}

wick_manifest_delta *fw_add_patch(fw_world *w, const fw_image *from, const fw_image *to)
{
    static uint8_t patch[FW_IMAGE_MAX + 64];
    const struct {
        const fw_image *from, *to;
        const uint8_t *bytes;
        uint32_t size;
    } packed[] = {{&fw_old, &fw_new, patch_old_new, sizeof patch_old_new},
                  {&fw_old, &fw_middle, patch_old_middle, sizeof patch_old_middle},
                  {&fw_middle, &fw_new, patch_middle_new, sizeof patch_middle_new}};
    wick_manifest_delta *d = &w->manifest.delta[w->manifest.deltas++];
    memset(d, 0, sizeof *d);
    for (unsigned i = 0; i < sizeof packed / sizeof packed[0]; i++) {
        if (packed[i].from == from && packed[i].to == to) {
            fw_add_block(w, &d->patch, packed[i].bytes, packed[i].size);
            d->format = WICK_PATCH_DETOOLS_LZMA;
            d->dict = 4096;
        }
    }
    if (d->patch.size == 0) {
        fw_add_block(w, &d->patch, patch, plain_patch(patch, from, to));
        d->format = WICK_PATCH_DETOOLS_NONE;
    }
    if (from != NULL) {
        memcpy(d->base, from->sha256, 32);
        d->base_size = from->size;
    } else {
        fw_sha256(d->base, patch, 0);
    }
    if (memcmp(to->sha256, w->manifest.payload.sha256, 32) != 0) {
        memcpy(d->target, to->sha256, 32);
        d->target_size = to->size;
    }
    return d;
}

void fw_publish(fw_world *w)
{
    wick_buf b = wick_buf_make(w->manifest_bytes, sizeof w->manifest_bytes);
    if (wick_manifest_encode(&b, &w->manifest) != WICK_OK) {
        abort(); /* the test asks for what no manifest can say */
    }
    wick_cid cid = add(w, WICK_CID_RAW, w->manifest_bytes, (uint32_t)b.len);
    memset(&w->release, 0, sizeof w->release);
    memcpy(w->release.manifest, cid.digest, 32);
    memcpy(w->release.product, w->manifest.product, 32);
    w->release.version = w->manifest.version;
    w->release.counter = w->manifest.counter;
    w->release.manifest_bytes = (uint32_t)b.len;
    w->release.active_from = FW_NOW - 50;
    w->release.approvals = w->release.threshold = 2;
    w->release.seen_at = w->release.updated_at = FW_NOW - 20;
    w->has_release = true;
}

/* ---- device ---- */

static void put_image(uint8_t *slot, const fw_image *image)
{
    memset(slot, 0xff, fw_slot);
    memcpy(slot, image->bytes, image->size);
}

void fw_begin(fw_world *w, const fw_image *running, const fw_image *wanted)
{
    memset(w, 0, sizeof *w);
    w->crypto = crypto;
    wick_stub_flash_init(&w->flash, fw_sector, 8);
    wick_stub_flash_area(&w->flash, WICK_FLASH_SLOT_A, fw_memory, fw_slot);
    wick_stub_flash_area(&w->flash, WICK_FLASH_SLOT_B, fw_memory + fw_slot, fw_slot);
    wick_stub_flash_area(&w->flash, WICK_FLASH_STAGING, fw_memory + 2 * fw_slot, fw_staging);
    wick_stub_flash_area(&w->flash, WICK_FLASH_JOURNAL, fw_memory + 2 * fw_slot + fw_staging,
                         2 * fw_sector);
    put_image(fw_memory, running);
    wick_stub_boot_init(&w->boot, &w->flash, running->size);
    wick_stub_flash_hal(&w->hal_flash, &w->flash);
    wick_stub_boot_hal(&w->hal_boot, &w->boot);
    wick_update_config *c = &w->config;
    c->flash = &w->hal_flash;
    c->boot = &w->hal_boot;
    c->crypto = &w->crypto;
    memset(c->product, 0x11, sizeof c->product);
    memset(c->vendor, 0x22, sizeof c->vendor);
    memset(c->class_id, 0x33, sizeof c->class_id);
    c->running_version = 1;
    c->approvals_min = 2;
    c->max_age_s = 3600;
    c->sources = FW_SOURCES;
    c->list_bytes = 1024;
    wick_manifest *m = &w->manifest;
    memcpy(m->product, c->product, sizeof m->product);
    memcpy(m->vendor, c->vendor, sizeof m->vendor);
    memcpy(m->class_id, c->class_id, sizeof m->class_id);
    m->version = 2;
    m->counter = 5;
    m->trial_boots = 1;
    m->confirm_s = 60;
    w->healthy = true;
    w->now_ms = 1000;
    fw_add_large(w, &m->payload, wanted->bytes, wanted->size);
    fw_publish(w);
}

int fw_running(const fw_world *w)
{
    const uint8_t *slot = w->flash.area[w->boot.slot].ptr;
    uint32_t bytes = w->boot.image_bytes[w->boot.slot];
    const fw_image *images[] = {&fw_old, &fw_new, &fw_middle};
    for (int i = 0; i < 3; i++) {
        if (bytes == images[i]->size && bytes > 0 && memcmp(slot, images[i]->bytes, bytes) == 0) {
            return i + 1;
        }
    }
    return 0;
}

/* ---- one slot ---- */

/* What is left of the old image when segment `n` is made, as it is; the rest is new. */
static uint32_t plain_in_place(uint8_t *patch, const fw_image *from, const fw_image *to,
                               uint32_t room)
{
    uint32_t shift = room - (from->size + fw_sector - 1) / fw_sector * fw_sector, n = 0;
    patch[n++] = 0x10; /* in place, not packed */
    n += put_number(patch + n, room);
    n += put_number(patch + n, fw_sector);
    n += put_number(patch + n, shift);
    n += put_number(patch + n, from->size);
    n += put_number(patch + n, to->size);
    for (uint32_t at = 0; at < to->size; at += fw_sector) {
        uint32_t bytes = to->size - at < fw_sector ? to->size - at : fw_sector;
        uint32_t begin = at + fw_sector > shift ? at + fw_sector - shift : 0;
        uint32_t here = begin < from->size ? from->size - begin : 0;
        uint32_t same = here < bytes ? here : bytes;
        n += put_number(patch + n, 0);
        /* Where the old bytes beside the new ones are still there, on them. */
        if (at >= begin && at + bytes <= from->size) {
            n += put_number(patch + n, 0);
            n += put_number(patch + n, 0);
            n += put_number(patch + n, at - begin);
            begin = at;
            same = bytes;
        }
        n += put_number(patch + n, same);
        for (uint32_t i = 0; i < same; i++) {
            patch[n++] = (uint8_t)(to->bytes[at + i] - from->bytes[begin + i]);
        }
        n += put_number(patch + n, bytes - same);
        memcpy(patch + n, to->bytes + at + same, bytes - same);
        n += bytes - same;
        n += put_number(patch + n, 0);
    }
    return n;
}

void fw_add_in_place(fw_world *w, const fw_image *from, const fw_image *to, uint32_t room,
                     const uint8_t *patch, uint32_t patch_size)
{
    static uint8_t made[FW_IMAGE_MAX + 1024];
    wick_manifest_delta *d = &w->manifest.delta[w->manifest.deltas++];
    bool packed = patch != NULL;
    if (patch == NULL) {
        patch_size = plain_in_place(made, from, to, room);
        fw_add_block(w, &d->patch, made, patch_size);
    } else {
        fw_add_large(w, &d->patch, patch, patch_size);
    }
    memcpy(d->base, from->sha256, sizeof d->base);
    d->base_size = from->size;
    d->format = packed ? WICK_PATCH_IN_PLACE_LZMA : WICK_PATCH_IN_PLACE_NONE;
    d->dict = packed ? 4096 : 0;
}

void fw_single(fw_world *w, uint32_t room, const uint8_t *patch, uint32_t patch_size)
{
    w->boot.single = true;
    w->flash.area[WICK_FLASH_SLOT_B].size = 0;
    w->flash.area[WICK_FLASH_SLOT_A].size = room;
    fw_add_in_place(w, &fw_old, &fw_new, room, patch, patch_size);
}

#if WICK_WITH_IN_PLACE
/* The loader applies what was asked for. It has no other memory than the device's. */
static wick_status load(fw_world *w)
{
    static wick_in_place work;
    static wick_delta_memory decoder;
    wick_journal journal;
    w->flash.area[WICK_FLASH_SLOT_A].is_protected = false;
    wick_status s = wick_journal_open(&journal, &w->hal_flash, WICK_FLASH_JOURNAL);
    if (s == WICK_OK) {
        s = wick_in_place_open(&work, &w->hal_flash, &journal, &decoder);
        w->applied += s == WICK_OK;
    }
    while (s == WICK_OK) {
        s = wick_in_place_poll(&work);
    }
    return s == WICK_E_NOT_FOUND ? WICK_OK : s;
}
#endif

wick_status fw_start(fw_world *w)
{
    int runs;
    w->cut_in_loader = false;
#if WICK_WITH_IN_PLACE
    if (w->boot.single && w->boot.phase == WICK_BOOT_PENDING) {
        wick_status loaded = load(w);
        w->cut_in_loader = w->flash.dead;
        if (loaded != WICK_OK) {
            return loaded;
        }
    }
#endif
    wick_stub_boot_start(&w->boot);
    runs = fw_running(w);
    w->config.running_version =
        runs == 2 ? w->manifest.version : 1; /* an image knows its version */
    if (w->version_of[runs] != 0) {
        w->config.running_version = w->version_of[runs];
    }
    memset(&w->update, 0xa5, sizeof w->update);
    wick_status status = wick_update_init(&w->update, &w->config);
    return status == WICK_OK ? wick_update_start(&w->update, w->now_ms) : status;
}

static const fw_block *find(const fw_world *w, const wick_cid *cid)
{
    for (unsigned i = 0; i < w->blocks; i++) {
        if (memcmp(w->block[i].cid.digest, cid->digest, 32) == 0) {
            return &w->block[i];
        }
    }
    return NULL;
}

static wick_status give(fw_world *w, const wick_update_out *out, const uint8_t *bytes,
                        uint32_t size)
{
    wick_status status = WICK_OK;
    for (uint32_t at = 0; at < size && status == WICK_OK; at += 500) {
        uint32_t n = size - at < 500 ? size - at : 500;
        status =
            wick_update_bytes(&w->update, w->now_ms, out->request, wick_span_make(bytes + at, n));
    }
    return status;
}

/* One source is asked, and answers after its manner. */
static void answer(fw_world *w, const wick_update_out *out)
{
    static uint8_t changed[FW_IMAGE_MAX + 4096];
    const fw_block *b = find(w, &out->cid);
    fw_manner manner = w->lies[out->source] > 0 ? w->manner[out->source] : FW_HONEST;
    if (manner != FW_HONEST && w->lies[out->source] != UINT32_MAX) {
        w->lies[out->source]--;
    }
    w->asked[out->source]++;
    if (b == NULL || manner == FW_ABSENT) {
        (void)!wick_update_end(&w->update, w->now_ms, out->request, WICK_E_HTTP);
        return;
    }
    uint32_t size = out->offset < b->size ? b->size - out->offset : 0;
    const uint8_t *bytes = b->bytes + out->offset;
    wick_status status = WICK_OK;
    if (manner != FW_HONEST) {
        memcpy(changed, bytes, size);
        bytes = changed;
    }
    switch (manner) {
    case FW_WRONG:
        changed[size / 2] ^= 0x10;
        break;
    case FW_OTHER:
        memset(changed, 0x77, size);
        break;
    case FW_SHORT:
    case FW_BREAKS:
        size /= 2;
        break;
    case FW_ENDLESS:
        while (status == WICK_OK) {
            status = give(w, out, changed, sizeof changed);
        }
        return;
    case FW_SILENT:
        w->now_ms = out->deadline_ms;
        return;
    case FW_HONEST:
    case FW_ABSENT:
    default:
        break;
    }
    status = give(w, out, bytes, size);
    if (status == WICK_OK) {
        status = wick_update_end(&w->update, w->now_ms, out->request,
                                 manner == FW_BREAKS ? WICK_E_NET : WICK_OK);
    }
    if (status == WICK_OK && out->kind == WICK_UPDATE_MANIFEST && w->mirrors != 0) {
        w->mirrored = wick_update_mirrors(&w->update, w->mirrors);
    }
}

wick_update_kind fw_run(fw_world *w)
{
    wick_update_out out;
    for (w->steps = 0; w->steps < 2000000 && !w->flash.dead; w->steps++) {
        wick_update_poll(&w->update, &out, w->now_ms);
        switch (out.kind) {
        case WICK_UPDATE_RELEASE:
            if (w->has_release) {
                (void)!wick_update_release(&w->update, w->now_ms, &w->release, FW_NOW);
            } else {
                wick_update_no_release(&w->update, WICK_E_NET);
            }
            break;
        case WICK_UPDATE_MANIFEST:
        case WICK_UPDATE_CONTENT:
            answer(w, &out);
            break;
        case WICK_UPDATE_TESTING:
            if (w->healthy) {
                (void)!wick_update_healthy(&w->update, w->now_ms);
            } else {
                w->now_ms = out.deadline_ms;
            }
            break;
        case WICK_UPDATE_RESTART:
            return WICK_UPDATE_RESTART;
        case WICK_UPDATE_EVENT:
            w->events[out.state]++;
            w->refused = out.state == WICK_UPDATE_REFUSED ? out.status : w->refused;
            break;
        case WICK_UPDATE_WAIT:
            if (w->update.state == WICK_UPDATE_IDLE || w->update.state == WICK_UPDATE_CONFIRMED) {
                return WICK_UPDATE_WAIT;
            }
            w->now_ms = out.deadline_ms;
            break;
        case WICK_UPDATE_WORK:
        default:
            break;
        }
    }
    return WICK_UPDATE_WORK;
}

bool fw_live(fw_world *w)
{
    for (int starts = 0; starts < 8; starts++) {
        if (fw_start(w) != WICK_OK) {
            return false;
        }
        wick_update_kind kind = fw_run(w);
        if (kind != WICK_UPDATE_RESTART) {
            return kind == WICK_UPDATE_WAIT;
        }
    }
    return false;
}
