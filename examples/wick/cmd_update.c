/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick update: the firmware of this host, a file or a partition in two slots, from the release
 * index to the image confirmed or rolled back. The index is read by proof under a head that the
 * chain's rule vouches for; manifest, patch and image come from whoever has them. `wick update
 * start` is the boot loader: a start script calls it and then runs what the link `running` points
 * to.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "out.h"
#include "update_job.h"

#define SLOT_DEFAULT_BYTES (8u << 20)
#define STAGING_DEFAULT_BYTES (4u << 20)
#define LIST_BYTES 65536u /* of staging for each level: nodes of 1,024 links and more */

static update_job the_job;
static wick_update update;

/* ---- progress ---- */

static void put_step(const update_job *j, const wick_update_report *p, wick_update_state state)
{
    out_rec o;
    out_begin_step(&o, stdout, j->c->json, wick_update_state_str(state));
    switch (state) {
    case WICK_UPDATE_FETCH:
    case WICK_UPDATE_APPLY:
    case WICK_UPDATE_VERIFY:
        out_str(&o, "what", p->delta ? "patch" : "image");
        out_u64(&o, "step", p->step + 1u);
        out_u64(&o, "steps", p->steps);
        out_u64(&o, "bytes", p->size);
        if (p->resumed_at != 0) {
            out_u64(&o, "resumed_at", p->resumed_at);
        }
        break;
    case WICK_UPDATE_GET_MANIFEST:
        out_u64(&o, "version", p->version);
        out_hex(&o, "digest", j->release.manifest, sizeof j->release.manifest);
        break;
    case WICK_UPDATE_READY:
        out_u64(&o, "version", p->version);
        out_u64(&o, "fetched", p->fetched);
        break;
    case WICK_UPDATE_TRIAL:
    case WICK_UPDATE_CONFIRMED:
    case WICK_UPDATE_ROLLED_BACK:
        out_str(&o, "slot", update_slot_text(p->boot.slot));
        out_hex(&o, "image", p->running, sizeof p->running);
        break;
    case WICK_UPDATE_IDLE:
    case WICK_UPDATE_MEASURE:
    case WICK_UPDATE_CHECK:
    case WICK_UPDATE_PLAN:
    case WICK_UPDATE_REFUSED:
    default:
        break;
    }
    out_end(&o);
}

static void put_bad_answer(const update_job *j, uint8_t source, wick_status why)
{
    out_rec o;
    out_begin_step(&o, stdout, j->c->json, "bad-answer");
    out_str(&o, "source", j->from.url[source]);
    out_str(&o, "code", wick_status_str(why));
    out_end(&o);
}

/* Which image runs, and why. */
static void put_outcome(const update_job *j)
{
    wick_update_report p;
    wick_boot_state state;
    uint32_t counter = 0;
    out_rec o;
    wick_update_report_get(&update, &p);
    if (j->hal_boot.state(j->hal_boot.ctx, &state) != WICK_OK) {
        state = p.boot;
    }
    out_begin_step(&o, stdout, j->c->json, "runs");
    out_str(&o, "slot", update_slot_text(state.slot));
    out_u64(&o, "version", j->version);
    out_hex(&o, "image", p.running, sizeof p.running);
    out_str(&o, "loader", update_phase_text(state.phase));
    if (j->hal_boot.counter(j->hal_boot.ctx, &counter) == WICK_OK) {
        out_u64(&o, "counter", counter);
    }
    out_str(&o, "last", p.outcome == WICK_UPDATE_IDLE ? "none" : wick_update_state_str(p.outcome));
    if (p.outcome != WICK_UPDATE_IDLE) {
        out_u64(&o, "last_version", p.version);
        out_str(&o, "why", p.status == WICK_OK ? "" : wick_status_str(p.status));
    }
    out_end(&o);
}

/* ---- the machine ---- */

/* One answer, from its first byte to its last, or until the machine wants no more of it. */
static wick_status answer(update_job *j, const wick_update_out *want)
{
    wick_status s = wick_fetch_start(&j->fetch, update_now_ms(j), want->source, &want->cid,
                                     want->offset, want->max);
    bool more = s == WICK_OK;
    while (more) {
        uint64_t now = update_now_ms(j);
        s = wick_fetch_poll(&j->fetch, now);
        more = s == WICK_AGAIN;
        wick_status taken = s == WICK_OK || more
                                ? wick_update_bytes(&update, now, want->request, j->fetch.piece)
                                : WICK_OK;
        if (taken == WICK_OK && more && wick_time_reached(now, want->deadline_ms)) {
            taken = WICK_E_TIMEOUT;
        }
        if (taken != WICK_OK) {
            wick_fetch_cancel(&j->fetch);
            return taken;
        }
        if (more && j->fetch.piece.len == 0) {
            struct pollfd fd = {wick_linux_net_fd(&j->h.linux_net, wick_fetch_sock(&j->fetch)),
                                wick_fetch_wants_write(&j->fetch) ? POLLOUT : POLLIN, 0};
            (void)poll(&fd, 1, fd.fd >= 0 ? 200 : 20);
        }
    }
    wick_status end = wick_update_end(&update, update_now_ms(j), want->request, s);
    if (s == WICK_OK && end == WICK_OK && want->kind == WICK_UPDATE_MANIFEST) {
        update_add_mirrors(j, &update);
    }
    return s == WICK_OK ? end : s;
}

/* @return false: the machine has ended, with `code` */
static bool take_release(update_job *j, int *code)
{
    wick_status s = update_read_index(j);
    uint64_t now_s = update_unix_s(j);
    if (s == WICK_OK || s == WICK_E_NOT_FOUND) {
        s = wick_update_release(&update, update_now_ms(j), &j->release, now_s);
        update_put_index(j, s);
        if (s != WICK_OK) {
            return true; /* refused by an event, or nothing new */
        }
        wick_boot_state state; /* before anything is written to the slot */
        s = j->hal_boot.state(j->hal_boot.ctx, &state);
        s = s == WICK_OK ? update_put_version(j, state.slot ^ 1u, j->release.version) : s;
    } else {
        wick_update_no_release(&update, s);
    }
    if (s != WICK_OK) {
        *code = chain_fail(&j->view, s, j->name);
    }
    return s == WICK_OK;
}

static void show(update_job *j, wick_update_state state)
{
    wick_update_report p;
    wick_update_report_get(&update, &p);
    if (state != j->shown) {
        j->shown = state;
        put_step(j, &p, state);
    }
}

static bool is_cut(const update_job *j)
{
    wick_update_report p;
    wick_update_report_get(&update, &p);
    return j->stop_after != UINT64_MAX && p.done >= j->stop_after &&
           (p.state == WICK_UPDATE_APPLY || (p.state == WICK_UPDATE_FETCH && !p.delta));
}

typedef enum wish { RUN, CONFIRM, REJECT } wish;

static int drive(update_job *j, wish what)
{
    int code = CLI_OK;
    for (;;) {
        wick_update_out o;
        wick_update_poll(&update, &o, update_now_ms(j));
        if (o.kind != WICK_UPDATE_EVENT && o.state != WICK_UPDATE_IDLE) {
            show(j, o.state);
        }
        if (is_cut(j)) {
            wick_update_report p;
            wick_update_report_get(&update, &p);
            out_rec rec;
            out_begin_step(&rec, stdout, j->c->json, "stopped");
            out_u64(&rec, "done", p.done);
            out_u64(&rec, "bytes", p.size);
            out_end(&rec);
            return CLI_OK;
        }
        switch (o.kind) {
        case WICK_UPDATE_RELEASE:
            if (what != RUN) {
                return cli_fail(j->c, WICK_E_STATE, "%s: nothing is on trial", j->name);
            }
            if (!take_release(j, &code)) {
                return code;
            }
            break;
        case WICK_UPDATE_MANIFEST:
        case WICK_UPDATE_CONTENT: {
            uint8_t source = o.source;
            wick_status s = answer(j, &o);
            if (s != WICK_OK) {
                put_bad_answer(j, source, s);
                (void)!wick_update_end(&update, update_now_ms(j), o.request, s);
            }
            break;
        }
        case WICK_UPDATE_TESTING:
            if (what == RUN) {
                return CLI_OK;
            }
            wick_status s = what == CONFIRM ? wick_update_healthy(&update, update_now_ms(j))
                                            : wick_update_give_up(&update, WICK_E_STATE);
            if (s != WICK_OK) {
                return cli_fail(j->c, s, "%s", j->name);
            }
            break;
        case WICK_UPDATE_RESTART:
            return CLI_OK;
        case WICK_UPDATE_EVENT:
            show(j, o.state);
            if (o.state == WICK_UPDATE_REFUSED) {
                code = cli_fail(j->c, o.status, "%s", j->name);
            }
            break;
        case WICK_UPDATE_WAIT:
            if (o.state == WICK_UPDATE_IDLE || o.state >= WICK_UPDATE_CONFIRMED) {
                return code;
            }
            uint64_t now = update_now_ms(j);
            (void)poll(NULL, 0,
                       wick_time_reached(now, o.deadline_ms)
                           ? 0
                           : (int)(o.deadline_ms - now > 1000 ? 1000 : o.deadline_ms - now));
            break;
        case WICK_UPDATE_WORK:
        default:
            break;
        }
    }
}

static int open_update(update_job *j)
{
    wick_boot_state state;
    wick_status s = j->hal_boot.state(j->hal_boot.ctx, &state);
    if (s == WICK_E_NOT_FOUND) {
        return cli_fail_remedy(j->c, s, "put the image that runs there: wick update init",
                               "%s has no image", j->product->dir);
    }
    int code = s == WICK_OK ? update_running_version(j, state.slot) : CLI_OK;
    if (code != CLI_OK) {
        return code;
    }
    wick_update_config config = {.flash = &j->hal_flash,
                                 .boot = &j->hal_boot,
                                 .crypto = &j->h.crypto,
                                 .component = (uint8_t)j->product->component,
                                 .running_version = j->version,
                                 .approvals_min = (uint32_t)j->product->approvals_min,
                                 .max_age_s = (uint32_t)j->product->max_age_s,
                                 .list_bytes = LIST_BYTES,
                                 .sources = j->gateways,
                                 .plain = (uint8_t)(j->from.count - j->gateways)};
    memcpy(config.product, j->id, sizeof config.product);
    memcpy(config.vendor, j->product->vendor, sizeof config.vendor);
    memcpy(config.class_id, j->product->class_id, sizeof config.class_id);
    s = s == WICK_OK ? wick_update_init(&update, &config) : s;
    s = s == WICK_OK ? wick_update_start(&update, update_now_ms(j)) : s;
    return s == WICK_OK ? CLI_OK : cli_fail(j->c, s, "%s", j->product->dir);
}

/* ---- commands ---- */

static int done(update_job *j, int code)
{
    update_close(j);
    return code < 0 ? CLI_OK : code;
}

typedef struct sizes {
    uint64_t slot, staging;
} sizes;

/* Options, and `count` arguments of which the first is the product. */
static int take(update_job *j, sizes *z, cli *c, int argc, char **argv, int count, const char *what)
{
    static const struct option all[] = {{"slot", required_argument, NULL, 's'},
                                        {"staging", required_argument, NULL, 'g'},
                                        {"stop-after", required_argument, NULL, 'x'},
                                        CLI_COMMON_OPTIONS};
    memset(j, 0, sizeof *j);
    j->c = c;
    j->stop_after = UINT64_MAX;
    *z = (sizes){SLOT_DEFAULT_BYTES, STAGING_DEFAULT_BYTES};
    for (int got; (got = cli_getopt(c, argc, argv, all)) != -1;) {
        if (got == CLI_OPT_HELP || got == '?') {
            return got == '?' ? CLI_USAGE : -1;
        }
        uint64_t *to = got == 's' ? &z->slot : got == 'g' ? &z->staging : &j->stop_after;
        if (cli_u64_arg(to, optarg, INT32_MAX) != WICK_OK) {
            return cli_usage(c, "'%s' is not a number that fits", optarg);
        }
    }
    if (argc - optind != count) {
        return cli_usage(c, "%s", what);
    }
    j->name = argv[optind];
    return CLI_OK;
}

int cmd_update_init(cli *c, int argc, char **argv)
{
    update_job *j = &the_job;
    sizes z;
    uint8_t *image = NULL;
    size_t len = 0;
    wick_boot_state state;
    int code = take(j, &z, c, argc, argv, 2, "a product and the image that runs");
    code = code == CLI_OK ? update_open_product(j, "dir version") : code;
    if (code != CLI_OK) {
        return done(j, code);
    }
    const char *path = argv[optind + 1];
    wick_status s = cli_read_file(&image, &len, path);
    s = s == WICK_OK && (len == 0 || len > z.slot) ? WICK_E_FW_SIZE : s;
    code = s == WICK_OK ? update_open_slots(j, (uint32_t)z.slot, (uint32_t)z.staging)
                        : cli_fail(c, s, "%s", path);
    if (code == CLI_OK && j->hal_boot.state(j->hal_boot.ctx, &state) != WICK_E_NOT_FOUND) {
        code = cli_fail(c, WICK_E_STATE, "%s has an image already", j->product->dir);
    }
    if (code == CLI_OK) {
        char slot[CONF_TEXT_MAX + 16];
        (void)snprintf(slot, sizeof slot, "%s/slot_a", j->product->dir);
        /* Whole units are programmed; what is behind the image stays blank. */
        uint32_t whole = (uint32_t)len & ~(WICK_LINUX_FLASH_UNIT - 1);
        uint8_t last[WICK_LINUX_FLASH_UNIT];
        memset(last, 0xff, sizeof last);
        memcpy(last, image + whole, len - whole);
        s = whole == 0 ? WICK_OK
                       : j->hal_flash.program(j->hal_flash.ctx, WICK_FLASH_SLOT_A, 0, image, whole);
        s = s == WICK_OK && whole != len ? j->hal_flash.program(j->hal_flash.ctx, WICK_FLASH_SLOT_A,
                                                                whole, last, sizeof last)
                                         : s;
        s = s == WICK_OK ? update_put_version(j, 0, j->product->version) : s;
        s = s == WICK_OK ? wick_linux_boot_begin(&j->boot, (uint32_t)len) : s;
        code = s == WICK_OK ? CLI_OK : cli_fail(c, s, "%s", slot);
    }
    if (code == CLI_OK) {
        out_rec o;
        out_begin_step(&o, stdout, c->json, "initialised");
        out_str(&o, "dir", j->product->dir);
        out_u64(&o, "version", j->product->version);
        out_u64(&o, "bytes", len);
        out_end(&o);
    }
    free(image);
    return done(j, code);
}

int cmd_update_start(cli *c, int argc, char **argv)
{
    update_job *j = &the_job;
    sizes z;
    wick_boot_state state;
    int code = take(j, &z, c, argc, argv, 1, "one product");
    code = code == CLI_OK ? update_open_product(j, "dir version") : code;
    code = code == CLI_OK ? update_open_slots(j, (uint32_t)z.slot, (uint32_t)z.staging) : code;
    if (code != CLI_OK) {
        return done(j, code);
    }
    wick_status s = wick_linux_boot_start(&j->boot, &state);
    if (s != WICK_OK) {
        return done(j, cli_fail(c, s, "%s", j->product->dir));
    }
    out_rec o;
    out_begin_step(&o, stdout, c->json, "starts");
    out_str(&o, "slot", update_slot_text(state.slot));
    /* It starts without one, too. */
    if (update_get_version(j, state.slot, &j->version) == WICK_OK) {
        out_u64(&o, "version", j->version);
    }
    out_str(&o, "loader", update_phase_text(state.phase));
    out_u64(&o, "bytes", state.image_bytes);
    out_end(&o);
    return done(j, CLI_OK);
}

static int run_as(cli *c, int argc, char **argv, wish what)
{
    update_job *j = &the_job;
    sizes z;
    int code = take(j, &z, c, argc, argv, 1, "one product");
    code = code == CLI_OK ? update_open_product(j, "dir version vendor class_id") : code;
    code = code == CLI_OK ? update_open_slots(j, (uint32_t)z.slot, (uint32_t)z.staging) : code;
    code = code == CLI_OK ? update_open_sources(j) : code;
    code = code == CLI_OK ? open_update(j) : code;
    code = code == CLI_OK && what == RUN ? update_open_chain(j) : code;
    if (code == CLI_OK) {
        code = drive(j, what);
        put_outcome(j);
    }
    return done(j, code);
}

int cmd_update_run(cli *c, int argc, char **argv)
{
    return run_as(c, argc, argv, RUN);
}

int cmd_update_confirm(cli *c, int argc, char **argv)
{
    return run_as(c, argc, argv, CONFIRM);
}

int cmd_update_reject(cli *c, int argc, char **argv)
{
    return run_as(c, argc, argv, REJECT);
}

int cmd_update_check(cli *c, int argc, char **argv)
{
    update_job *j = &the_job;
    sizes z;
    wick_boot_state state;
    int code = take(j, &z, c, argc, argv, 1, "one product");
    code = code == CLI_OK ? update_open_product(j, "dir version") : code;
    code = code == CLI_OK ? update_open_loader(j) : code;
    code = code == CLI_OK ? update_open_chain(j) : code;
    if (code != CLI_OK) {
        return done(j, code);
    }
    wick_release_rules rules = {.approvals_min = (uint32_t)j->product->approvals_min,
                                .max_age_s = (uint32_t)j->product->max_age_s};
    j->version = j->product->version;
    code = j->hal_boot.state(j->hal_boot.ctx, &state) == WICK_OK
               ? update_running_version(j, state.slot)
               : CLI_OK;
    if (code != CLI_OK) {
        return done(j, code);
    }
    rules.running_version = j->version;
    if (j->hal_boot.counter(j->hal_boot.ctx, &rules.counter) != WICK_OK) {
        rules.counter = 0; /* no image there yet */
    }
    wick_status s = update_read_index(j);
    if (s != WICK_OK && s != WICK_E_NOT_FOUND) {
        return done(j, chain_fail(&j->view, s, j->name));
    }
    s = wick_release_usable(&j->release, &rules, update_unix_s(j));
    update_put_index(j, s);
    return done(j, s == WICK_OK || s == WICK_E_STATE || s == WICK_E_NOT_FOUND
                       ? CLI_OK
                       : cli_fail(c, s, "%s", j->name));
}
