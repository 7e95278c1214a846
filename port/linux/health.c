/* SPDX-License-Identifier: Apache-2.0 */
/* Pauses, disqualification and score of an endpoint. */
#include "wick/port/health.h"

wick_health_verdict wick_health_of(wick_status status)
{
    switch ((int)status) {
    case WICK_E_HTTP_RATE:
        return WICK_HEALTH_LIMITED;
    case WICK_E_NET:
    case WICK_E_RESOLVE:
    case WICK_E_TIMEOUT:
    case WICK_E_HTTP:
    case WICK_E_TLS:
    case WICK_E_CERT:
    case WICK_E_CERT_ISSUER:
    case WICK_E_CERT_NAME:
    case WICK_E_CERT_TIME:
    case WICK_E_CERT_KEY:
    case WICK_E_TRUNCATED:
    case WICK_E_LIMIT: /* the pool of TLS is full, or the answer too large */
    case WICK_E_NO_CLOCK:
    case WICK_E_JSON: /* a cut answer, or a page of a proxy */
    case WICK_E_RPC_ID:
    case WICK_E_TRUST_ANCHOR:
        return WICK_HEALTH_FAILED;
    case WICK_E_CHAIN_MISMATCH:
    case WICK_E_HEADER_HASH:
    case WICK_E_HEADER_OTHER:
    case WICK_E_PROOF_INCOMPLETE:
    case WICK_E_PROOF_BAD_HASH:
    case WICK_E_PROOF_BAD_RLP:
    case WICK_E_PROOF_CLAIM:
    case WICK_E_AUTH:
    case WICK_E_BEACON_BRANCH:
    case WICK_E_BEACON_COMMITTEE:
    case WICK_E_SEAL_QUORUM:
    case WICK_E_SEAL_SIGNER:
    case WICK_E_MALFORMED:
    case WICK_E_TRAILING:
    case WICK_E_NON_CANONICAL:
        return WICK_HEALTH_UNTRUE;
    default:
        return WICK_HEALTH_GOOD;
    }
}

/* first * 2^n, at most `most`, and a quarter of it more or less. */
static uint64_t pause_of(const wick_hal_entropy *entropy, uint64_t first, unsigned n,
                         uint64_t most)
{
    uint8_t random[2];
    uint64_t ms = n < 20 ? first << n : most;
    ms = ms < most ? ms : most;
    if (entropy != NULL && entropy->fill(entropy->ctx, random, sizeof random) == WICK_OK) {
        uint64_t r = (uint64_t)random[0] << 8 | random[1];
        ms = ms - ms / 4 + ms / 2 * r / 65535;
    }
    return ms;
}

/* An old disqualification counts less, and in the end not at all. */
static uint8_t bans_left(const wick_health *h, uint64_t now_ms)
{
    uint64_t faded = h->bans != 0 ? (now_ms - h->banned_ms) / WICK_HEALTH_FADE_MS : 0;
    return faded < h->bans ? (uint8_t)(h->bans - faded) : 0;
}

static uint8_t one_more(uint8_t n)
{
    return n < UINT8_MAX ? (uint8_t)(n + 1) : n;
}

void wick_health_note(wick_health *h, const wick_hal_entropy *entropy, uint64_t now_ms,
                      wick_status status, uint32_t took_ms, uint32_t wait_s)
{
    h->last = status;
    switch (wick_health_of(status)) {
    case WICK_HEALTH_GOOD:
        h->good++;
        h->failures = 0;
        h->not_before_ms = now_ms;
        h->latency_ms = h->latency_ms == 0 ? took_ms + 1 : (h->latency_ms * 7 + took_ms) / 8 + 1;
        break;
    case WICK_HEALTH_FAILED:
        h->failed++;
        h->not_before_ms = now_ms + pause_of(entropy, WICK_HEALTH_PAUSE_MS, h->failures,
                                             WICK_HEALTH_PAUSE_MAX_MS);
        h->failures = one_more(h->failures);
        break;
    case WICK_HEALTH_LIMITED:
        h->limited++;
        h->not_before_ms = now_ms + pause_of(entropy, 4 * WICK_HEALTH_PAUSE_MS, h->failures,
                                             5 * WICK_HEALTH_PAUSE_MAX_MS);
        if (wait_s != 0) { /* an hour at most: a false one must not silence it for ever */
            h->not_before_ms = now_ms + (wait_s < 3600 ? wait_s : 3600) * UINT64_C(1000);
        }
        h->failures = one_more(h->failures);
        break;
    case WICK_HEALTH_UNTRUE:
    default:
        h->untrue++;
        h->bans = bans_left(h, now_ms);
        h->banned_ms = now_ms;
        h->not_before_ms = now_ms + pause_of(entropy, WICK_HEALTH_BAN_MS, h->bans,
                                             WICK_HEALTH_BAN_MAX_MS);
        h->bans = one_more(h->bans);
        break;
    }
}

void wick_health_use(wick_health *h, bool of_use)
{
    h->useless = of_use ? 0 : one_more(h->useless);
}

bool wick_health_ready(const wick_health *h, uint64_t now_ms)
{
    return wick_time_reached(now_ms, h->not_before_ms);
}

uint32_t wick_health_score(const wick_health *h, uint64_t now_ms)
{
    /* One that was never asked counts as rather slow, so that requests stay where they are served. */
    uint32_t latency = h->latency_ms == 0 ? 1000 : h->latency_ms;
    return (latency < 60000 ? latency : 60000) + 2000u * h->failures +
           2000u * (h->useless < 20 ? h->useless : 20u) + 60000u * bans_left(h, now_ms);
}
