/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The firmware of a leaf, through its gateway: each run of this program is a start of the device.
 * That a release is the newest one, and approved, is the gateway's word, for a leaf cannot check
 * the signatures under a chain's headers; its session with the gateway is all that vouches for it.
 * What the release names is checked here: manifest and blocks by digest, the image read back.
 *
 * An image begins with a line "version N". Slots are as `wick update init` makes them.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "leaf.h"
#include "wick/leaf_answer.h"
#include "wick/port/flash.h"
#include "wick/port/leaf_hash.h"
#include "wick/record.h"
#include "wick/update.h"

#define PIECE 1024u /* of a block, in one answer: WICK_COAP_SZX_MAX */
#define LISTS 65536u
#define SHOWN 16384u
#define ASKS 5u

static wick_update update;
static wick_update_config config = {
    .vendor = "wick's own maker", /* 16 bytes, as in the manifest: UUIDs elsewhere */
    .class_id = "a leaf with PSKs",
    .approvals_min = 2,
    .max_age_s = 86400,
    .list_bytes = LISTS,
    .sources = 1};

static void sleep_ms(uint64_t ms)
{
    nanosleep(&(struct timespec){(time_t)(ms / 1000), (long)(ms % 1000) * 1000000}, NULL);
}

/* 5.04: somebody whom the gateway asked has not answered in time, and may the next time. */
static wick_status get(const char *path, const char *query, uint32_t num)
{
    const wick_coap_block block = {.given = true, .szx = WICK_COAP_SZX_MAX, .num = num};
    const wick_coap_response *r = &gateway.answer;
    wick_status s = WICK_E_LEAF_REFUSED;
    for (unsigned i = 0; i < ASKS && s == WICK_E_LEAF_REFUSED &&
                         (i == 0 || r->code == WICK_COAP_GATEWAY_TIMEOUT); i++) {
        s = wick_leaf_client_ask(&gateway, WICK_COAP_GET, path, query, wick_span_make(NULL, 0), block);
        if (s == WICK_E_LEAF_REFUSED) {
            printf("gateway: %u.%02u %.*s\n", WICK_COAP_CLASS(r->code), WICK_COAP_DETAIL(r->code),
                   (int)r->payload.len, (const char *)r->payload.ptr);
        }
    }
    return s == WICK_OK || s == WICK_E_LEAF_REFUSED ? s : WICK_E_TIMEOUT;
}

/* A block from byte `offset` on. Byte 0 is asked for first, for then the gateway looks for it. */
static wick_status fetch(const wick_update_out *want)
{
    char query[WICK_CID_STR_BYTES + 4] = "cid=";
    uint32_t num = 0;
    wick_cid_str(query + 4, &want->cid);
    for (bool more = true; more;) {
        wick_status s = get("dpk/block", query, num);
        wick_span in = gateway.answer.payload;
        uint32_t at = num * PIECE, skip = want->offset > at ? want->offset - at : 0;
        more = s == WICK_OK && gateway.answer.block2.more;
        if (s == WICK_OK && gateway.answer.block2.num != num) {
            s = WICK_E_MALFORMED;
        }
        if (s != WICK_OK) {
            return s;
        }
        skip = skip < in.len ? skip : (uint32_t)in.len;
        s = wick_update_bytes(&update, wick_leaf_now_ms(), want->request,
                              wick_span_make(in.ptr + skip, in.len - skip));
        if (s != WICK_OK) {
            return s;
        }
        at += PIECE;
        num = (want->offset > at ? want->offset : at) / PIECE;
    }
    return WICK_OK;
}

static wick_status look(const char *product)
{
    char query[96];
    wick_leaf_release r;
    (void)snprintf(query, sizeof query, "product=%s", product);
    wick_status s = get("dpk/release", query, 0);
    s = s == WICK_OK ? wick_leaf_release_read(&r, gateway.answer.payload, config.product) : s;
    if (s != WICK_OK) {
        wick_update_no_release(&update, s);
        printf("no release: %s\n", wick_status_str(s));
        return s;
    }
    printf("release %u: %u of %u approved\n", (unsigned)r.release.version, r.release.approvals,
           r.release.threshold);
    s = wick_update_release(&update, wick_leaf_now_ms(), &r.release, (uint64_t)time(NULL));
    (void)s; /* an event says it */
    return WICK_OK;
}

static void show(wick_update_state state)
{
    static wick_update_state shown = WICK_UPDATE_IDLE;
    static uint32_t said;
    wick_update_report p;
    wick_update_report_get(&update, &p);
    if (state != shown || p.done / SHOWN != said) {
        printf("%s", wick_update_state_str(state));
        if (p.size != 0) {
            printf(" %u/%u%s%s", p.done, p.size, p.delta ? " patch" : "",
                   p.resumed_at != 0 ? " resumed" : "");
        }
        puts("");
    }
    shown = state;
    said = p.done / SHOWN;
}

static int run(const char *product)
{
    for (;;) {
        wick_update_out out;
        wick_update_poll(&update, &out, wick_leaf_now_ms());
        if (out.state != WICK_UPDATE_IDLE) {
            show(out.state);
        }
        if (out.kind == WICK_UPDATE_RELEASE) {
            wick_status s = look(product);
            if (s != WICK_OK) {
                return s == WICK_E_TIMEOUT ? LEAF_NO_GATEWAY : 1;
            }
        } else if (out.kind == WICK_UPDATE_MANIFEST || out.kind == WICK_UPDATE_CONTENT) {
            wick_status s = fetch(&out);
            if (s == WICK_E_TIMEOUT) {
                return LEAF_NO_GATEWAY; /* nobody has lied */
            }
            wick_status end = wick_update_end(&update, wick_leaf_now_ms(), out.request, s);
            if (s != WICK_OK || end != WICK_OK) {
                printf("bad answer: %s\n", wick_status_str(s != WICK_OK ? s : end));
            }
        } else if (out.kind == WICK_UPDATE_TESTING) {
            (void)!wick_update_healthy(&update, wick_leaf_now_ms()); /* it has reached its gateway */
        } else if (out.kind == WICK_UPDATE_EVENT && out.state == WICK_UPDATE_REFUSED) {
            return printf("refused: %s\n", wick_status_str(out.status)) > 0;
        } else if (out.kind == WICK_UPDATE_RESTART) {
            return 0;
        } else if (out.kind == WICK_UPDATE_WAIT) {
            if (out.state == WICK_UPDATE_IDLE || out.state >= WICK_UPDATE_CONFIRMED) {
                return 0;
            }
            sleep_ms(out.deadline_ms > wick_leaf_now_ms() ? out.deadline_ms - wick_leaf_now_ms() : 0);
        }
    }
}

int leaf_update(const char *product, const char *dir)
{
    static wick_linux_flash linux_flash;
    static wick_linux_boot linux_boot;
    static const wick_linux_flash_config sizes = {1u << 20, 512u << 10};
    wick_hal_flash flash;
    wick_hal_boot boot;
    wick_hal_crypto crypto;
    wick_boot_state state;
    unsigned version = 0;
    char head[32] = "";
    wick_leaf_hash_init(&crypto);
    wick_status s = wick_name_hash(config.product, wick_span_text(product));
    s = s == WICK_OK ? wick_linux_flash_open(&flash, &linux_flash, dir, &sizes) : s;
    s = s == WICK_OK ? wick_linux_boot_open(&boot, &linux_boot, dir, &linux_flash) : s;
    s = s == WICK_OK ? wick_linux_boot_start(&linux_boot, &state) : s; /* the loader */
    s = s == WICK_OK ? flash.read(flash.ctx, state.slot, 0, (uint8_t *)head, sizeof head - 1) : s;
    if (s != WICK_OK || sscanf(head, "version %u", &version) != 1) {
        return printf("%s: no image (%s)\n", dir, wick_status_str(s)) > 0;
    }
    printf("start: slot %c, version %u\n", state.slot == WICK_FLASH_SLOT_A ? 'a' : 'b', version);
    config.flash = &flash;
    config.boot = &boot;
    config.crypto = &crypto;
    config.running_version = version;
    s = wick_update_init(&update, &config);
    s = s == WICK_OK ? wick_update_start(&update, wick_leaf_now_ms()) : s;
    int code = s == WICK_OK ? run(product) : printf("%s\n", wick_status_str(s)) > 0;
    wick_linux_flash_close(&linux_flash);
    return code;
}
