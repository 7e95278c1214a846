/* SPDX-License-Identifier: Apache-2.0 */
/* What happened: remembered for "status", written to the log, sent to subscribers. */
#include <stdarg.h>
#include <string.h>

#include "daemon.h"

#define FINAL_RETRY_MS 600000u

void events_log(const wickd *d, wick_log_level level, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (d->agent.log.write != NULL) {
        d->agent.log.write(d->agent.log.ctx, level, "wickd", text);
    }
}

/* ---- subscribers ---- */

bool events_begin(wickd *d, out_rec *o, const char *event, wick_status status)
{
    FILE *file = fmemopen(d->line, sizeof d->line, "w");
    if (file == NULL) {
        return false;
    }
    if (status == WICK_OK) {
        out_begin_step(o, file, true, event);
    } else {
        out_begin_fail(o, file, true);
        out_str(o, "event", event);
        out_str(o, "code", wick_status_str(status));
        out_str(o, "error", wick_status_cause(status));
        out_str(o, "remedy", wick_status_remedy(status));
    }
    return true;
}

void events_end(wickd *d, out_rec *o, unsigned client, uint32_t serial)
{
    out_end(o);
    long len = ferror(o->file) != 0 ? 0 : ftell(o->file);
    (void)fclose(o->file);
    if (len <= 0 || len >= (long)sizeof d->line) {
        return;
    }
    if (client == EVENTS_ALL) {
        server_publish(&d->server, d->line, (size_t)len);
    } else {
        server_tell(&d->server, client, serial, d->line, (size_t)len);
    }
}

static void end(wickd *d, out_rec *o)
{
    events_end(d, o, EVENTS_ALL, 0);
}

/* ---- the agent ---- */

static void log_event(const wickd *d, const wick_gateway_event *e)
{
    char text[400] = "";
    FILE *file = fmemopen(text, sizeof text - 1, "w");
    out_rec o;
    if (file == NULL) {
        return;
    }
    out_begin_step(&o, file, false, agent_event_name(e->kind));
    if (e->status == WICK_OK) {
        agent_event_put(&o, e);
    } else {
        fprintf(file, " %s: %s%s%s%s", wick_status_str(e->status), wick_status_cause(e->status),
                e->revert_name != NULL ? ": " : "", e->revert_name != NULL ? e->revert_name : "",
                e->final ? "" : " (trying again)");
    }
    (void)fclose(file);
    events_log(d, e->status == WICK_OK ? WICK_LOG_INFO : WICK_LOG_WARN, "%s", text);
}

static void remember(wickd *d, const wick_gateway_event *e)
{
    uint64_t now_ms = agent_now(&d->agent);
    bool ok = e->status == WICK_OK;
    d->seen[e->kind]++;
    d->failures[e->kind] += ok ? 0u : 1u;
    if (e->kind == WICK_GW_EV_PATH_CHANGED && e->status == WICK_E_NAT_DOUBLE) {
        return; /* said of a way that is not taken; the path is what it was */
    }
    d->last[e->kind] = *e;
    d->last_ms[e->kind] = now_ms;
    switch (e->kind) {
    case WICK_GW_EV_READY:
        d->ready = ok;
        break;
    case WICK_GW_EV_REGISTERED:
        d->registered = ok;
        break;
    case WICK_GW_EV_PATH_CHANGED:
        d->path = ok;
        break;
    case WICK_GW_EV_PUBLISHED:
        d->published = true;
        break;
    case WICK_GW_EV_SESSION_UP:
    case WICK_GW_EV_SESSION_MOVED:
        if (e->session < WICK_GW_SESSIONS_MAX && ok) {
            wickd_session *s = &d->session[e->session];
            if (!s->used) {
                memset(s, 0, sizeof *s);
                s->used = true;
                s->since_ms = now_ms;
            }
            memcpy(s->peer, e->id, sizeof s->peer);
            if (!e->guest || wick_ticket_sub_name(s->leaf, e->sub) != WICK_OK) {
                s->leaf[0] = '\0';
            }
            s->addr = e->addr;
            s->initiator = e->initiator;
        }
        break;
    case WICK_GW_EV_SESSION_DOWN:
        if (e->session < WICK_GW_SESSIONS_MAX) {
            wick_status why = e->status != WICK_OK ? e->status : WICK_E_STATE;
            d->session[e->session].used = false;
            carry_reset(&d->carry, e->session, why);
            leaves_session(&d->leaves, e->session, why);
        }
        break;
    case WICK_GW_EV_PUBLISH_FAILED:
    case WICK_GW_EV_PEER_RESOLVED:
    case WICK_GW_EV_LEAF_REQUEST:
    case WICK_GW_EV_UPDATE_STATE:
    case WICK_GW_EV_TRUST_STALE:
    case WICK_GW_EV_SERVICE:
    case WICK_GW_EV_ATTESTED:
    default:
        break;
    }
    /* What is lost takes readiness with it until the agent says READY again. */
    if (!ok && (e->kind == WICK_GW_EV_REGISTERED || e->kind == WICK_GW_EV_PATH_CHANGED ||
                e->kind == WICK_GW_EV_PUBLISH_FAILED)) {
        d->ready = false;
        if (e->final) {
            d->retry_ms = now_ms + FINAL_RETRY_MS; /* the operator may mend it meanwhile */
        }
    }
}

void events_gateway(wickd *d, const wick_gateway_event *e)
{
    out_rec o;
    if ((unsigned)e->kind >= WICKD_GW_EVENTS) {
        return;
    }
    remember(d, e);
    if (e->kind == WICK_GW_EV_REGISTERED && e->status == WICK_E_BAD_KEY) {
        keys_own_again(d, true); /* its owner has rotated it */
    }
    if (e->kind == WICK_GW_EV_REGISTERED && e->status == WICK_OK &&
        agent_key_proven(&d->agent) != WICK_OK) {
        events_log(d, WICK_LOG_WARN, "the new device key is not in its place yet");
    }
    keys_event(d, e);
    talks_gateway(d, e);
    if (e->kind == WICK_GW_EV_PEER_RESOLVED) {
        lookups_event(&d->lookups, e, agent_now(&d->agent));
        return; /* whoever asked has been told */
    }
    log_event(d, e);
    if (!events_begin(d, &o, agent_event_name(e->kind), e->status)) {
        return;
    }
    if (e->status == WICK_OK) {
        agent_event_put(&o, e);
    } else {
        out_str(&o, "revert", e->revert_name != NULL ? e->revert_name : "");
        out_bool(&o, "final", e->final);
    }
    end(d, &o);
}

/* ---- sessions ---- */

static void tell_session(wickd *d, const wick_driver_event *ev, const char *event)
{
    out_rec o;
    if (events_begin(d, &o, event, ev->status)) {
        out_u64(&o, "session", ev->session);
        if (ev->peer != NULL) {
            out_hex(&o, "peer", ev->peer, 32);
        }
        if (ev->session < WICK_GW_SESSIONS_MAX && d->session[ev->session].leaf[0] != '\0') {
            out_str(&o, "leaf", d->session[ev->session].leaf);
        }
        end(d, &o);
    }
}

void events_carried(void *ctx, uint32_t ask, wick_status status, wick_span payload)
{
    wickd *d = ctx;
    leaves_carry_done(&d->leaves, ask, status, payload);
}

void events_leaf(void *ctx, const char *name, wick_span identity, bool up, wick_status status,
                 const wick_addr *from)
{
    wickd *d = ctx;
    char addr[WICK_ADDR_STR_BYTES];
    out_rec o;
    wick_addr_str(addr, from);
    if (name[0] == '\0') { /* printable, as DTLS has checked */
        events_log(d, WICK_LOG_WARN, "leaf refused: identity '%.*s' from %s: %s", (int)identity.len,
                   (const char *)identity.ptr, addr, wick_status_str(status));
        return;
    }
    events_log(d, status == WICK_OK ? WICK_LOG_INFO : WICK_LOG_WARN, "leaf %s %s, from %s%s%s", name,
               up ? "is here" : "has gone", addr, status != WICK_OK ? ": " : "",
               status != WICK_OK ? wick_status_str(status) : "");
    if (events_begin(d, &o, up ? "leaf" : "leaf-gone", status)) {
        out_str(&o, "leaf", name);
        out_addr(&o, "from", from);
        end(d, &o);
    }
}

static void tell_refused(wickd *d, const wick_driver_event *ev)
{
    char addr[WICK_ADDR_STR_BYTES];
    out_rec o;
    wick_addr_str(addr, &ev->from);
    events_log(d, ev->status == WICK_AGAIN ? WICK_LOG_INFO : WICK_LOG_WARN,
               "leaf with a ticket refused: from %s: %s", addr, wick_status_str(ev->status));
    if (events_begin(d, &o, "refused", ev->status)) {
        out_addr(&o, "from", &ev->from);
        end(d, &o);
    }
}

void events_driver(wickd *d, const wick_driver_event *ev)
{
    if (ev->kind == WICK_DRIVER_REFUSED) {
        tell_refused(d, ev);
        return;
    }
    if (ev->session >= WICK_GW_SESSIONS_MAX) {
        return;
    }
    wickd_session *s = &d->session[ev->session];
    if (ev->kind == WICK_DRIVER_OPEN) {
        s->open = true;
        events_log(d, WICK_LOG_INFO, "session %u is open (%s)", (unsigned)ev->session,
                   wick_driver_suite(&d->agent.driver, ev->session));
        tell_session(d, ev, "open");
        carry_reset(&d->carry, ev->session, WICK_E_STATE);
        leaves_session(&d->leaves, ev->session, WICK_OK);
        (void)talks_driver(d, ev);
    } else if (ev->kind == WICK_DRIVER_DATA) {
        s->rx_bytes += ev->bytes.len;
        s->rx_messages++;
        bool taken = carry_input(&d->carry, ev->session, ev->bytes, agent_now(&d->agent)) ||
                     talks_driver(d, ev);
        if (!taken && d->agent.host.conf.wickd.echo) {
            /* What cannot be sent now is lost, as on any datagram path. */
            wick_status sent = wick_driver_send(&d->agent.driver, ev->session, ev->bytes);
            (void)sent;
        }
    } else if (ev->kind == WICK_DRIVER_CLOSED) {
        s->used = s->open = false;
        carry_reset(&d->carry, ev->session, ev->status != WICK_OK ? ev->status : WICK_E_STATE);
        leaves_session(&d->leaves, ev->session, ev->status != WICK_OK ? ev->status : WICK_E_STATE);
        events_log(d, WICK_LOG_INFO, "session %u has ended: %s", (unsigned)ev->session,
                   wick_status_str(ev->status));
        tell_session(d, ev, "closed");
        (void)talks_driver(d, ev);
    }
}

/* ---- light clients ---- */

static const char *light_name(wick_light_event_kind kind)
{
    static const char *const names[] = {"light",          "light-head",  "light-synced",
                                        "light-stale",    "light-conflict", "light-reorg",
                                        "light-refused",  "light-store"};
    size_t i = (size_t)kind;
    return i < sizeof names / sizeof names[0] ? names[i] : names[0];
}

static wick_log_level light_level(wick_light_event_kind kind)
{
    switch (kind) {
    case WICK_LIGHT_EV_HEAD:
        return WICK_LOG_DEBUG;
    case WICK_LIGHT_EV_SYNCED:
        return WICK_LOG_INFO;
    case WICK_LIGHT_EV_CONFLICT:
        return WICK_LOG_ERROR;
    case WICK_LIGHT_EV_STALE:
    case WICK_LIGHT_EV_REORG:
    case WICK_LIGHT_EV_REFUSED:
    case WICK_LIGHT_EV_STORE:
    default:
        return WICK_LOG_WARN;
    }
}

void events_light(wickd *d, const wick_driver_event *ev)
{
    const wick_light_event *e = &ev->light;
    out_rec o;
    if (ev->chain >= d->agent.link_count || (unsigned)e->kind > WICK_LIGHT_EV_STORE) {
        return;
    }
    const conf_chain *chain = d->agent.links[ev->chain]->chain;
    d->light_events[ev->chain][e->kind]++;
    if (e->kind == WICK_LIGHT_EV_REORG) {
        lookups_reorg(&d->lookups, chain->chain_id, e->number);
    }
    events_log(d, light_level(e->kind), "%s chain=%s tier=%s block=%llu%s%s", light_name(e->kind),
               chain->s.name, wick_tier_str(e->tier), (unsigned long long)e->number,
               e->status != WICK_OK ? " status=" : "",
               e->status != WICK_OK ? wick_status_str(e->status) : "");
    if (events_begin(d, &o, light_name(e->kind), e->status)) {
        out_str(&o, "chain", chain->s.name);
        out_str(&o, "tier", wick_tier_str(e->tier));
        out_u64(&o, "block", e->number);
        out_u64(&o, "block_time", e->time_s);
        out_hex(&o, "block_hash", e->hash, sizeof e->hash);
        end(d, &o);
    }
}
