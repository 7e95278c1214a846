/* SPDX-License-Identifier: Apache-2.0 */
/* From a name to its bundle. */
#include "bundle_make.h"

/* Why it cannot be made, where `since` is the cause. */
static int fail(const bundle_maker *m, const cli *c, wick_status s, const char *text,
                uint64_t since)
{
    if (since == EVIDENCE_UP_TO_DATE) {
        return chain_fail(&m->view, s, text);
    }
    switch ((int)s) {
    case WICK_E_BAD_ARG:
        return cli_fail_remedy(
            c, s, "name a block that the device knows, of a chain that has evidence",
            "--since %llu is newer than the proven block %llu, or [chain.%s] has no evidence to carry",
            (unsigned long long)since, (unsigned long long)m->r.head.number, m->view.chain->s.name);
    case WICK_E_LIMIT:
    case WICK_E_NO_SPACE:
    case WICK_E_EXPIRED:
        return cli_fail_remedy(c, s, "bring the device up to date by wick store export and import",
                               "%s: more lies between block %llu and now than a bundle carries",
                               text, (unsigned long long)since);
    default:
        return chain_fail(&m->view, s, text);
    }
}

int bundle_make(bundle_maker *m, wick_buf *out, const cli *c, host *h, const char *text,
                uint64_t since)
{
    wick_peer_query q;
    wick_peer_ref ref;
    uint8_t id[32], service[32];
    const reader_evidence pieces = {evidence_put, &m->e};
    wick_status s = chain_peer(&ref, id, service, text);
    if (s != WICK_OK) {
        return cli_fail(c, s, "'%s'", text);
    }
    int code = chain_open(&m->view, &m->r, c, h, ref.registry);
    if (code != CLI_OK) {
        return code;
    }
    wick_peer_query_init(&q, id, service, false);
    s = chain_head(&m->view);
    s = s == WICK_OK ? evidence_init(&m->e, &m->view, &m->r, since) : s;
    if (s == WICK_OK) {
        s = reader_bundle(&m->r, out, m->view.kind, &pieces, (const uint8_t(*)[32])q.slots, q.count,
                          m->view.registry->device_registry);
    }
    return s == WICK_OK ? CLI_OK : fail(m, c, s, text, since);
}

void bundle_make_close(bundle_maker *m)
{
    chain_close(&m->view);
}
