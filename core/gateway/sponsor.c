/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls about the own record that the wallet manager sends and pays for, so
 * that a gateway needs no Ether: the registration, which a voucher allows
 * anybody to send, and what the wallet key signs in place of a transaction. The
 * manager can refuse or forget; he can write nothing that was not signed, and
 * what he says of it counts for nothing before the record is proven to hold it.
 */
#include "gateway_internal.h"

#if WICK_WITH_RELAYED

#include "wick/relayed.h"

#define CALL_LIFE_S 3600u /* of a signature; the manager sends it at once, or never */

static wick_status put_signed(wick_gateway *gw, wick_buf *out, uint64_t now_ms)
{
    const wick_gateway_own *o = &gw->own;
    const wick_hal_keystore *keys = gw->cfg.keystore;
    wick_registry_domain domain = {.chain_id = gw_registry(gw, 0)->chain_id};
    wick_relayed call;
    uint8_t digest[32], sig[64], r[32], vs[32], recid = 0;
    memset(&call, 0, sizeof call);
    if (!gw_unix(gw, now_ms, &call.deadline)) {
        return WICK_E_NO_CLOCK;
    }
    call.deadline += CALL_LIFE_S;
    call.kind =
        gw_attest_proof(gw, &call.proof) ? WICK_RELAYED_PUBLISH_ATTESTED : WICK_RELAYED_PUBLISH;
    memcpy(domain.contract, gw_registry(gw, 0)->device_registry, 20);
    memcpy(call.id, gw->id, 32);
    memcpy(call.service, gw_own_service(gw, o->index, &call.index), 32);
    memcpy(call.word, o->word, 32);
    call.epoch = o->device.epoch;
    wick_relayed_digest(digest, &domain, &call);
    wick_status s = keys->secp256k1_sign(keys->ctx, sig, &recid, gw->cfg.wallet_key, digest);
    if (s == WICK_OK) {
        s = wick_signature_compact(r, vs, sig, recid);
    }
    if (s == WICK_OK) {
        wick_calldata_relayed(out, &call, r, vs);
    }
    return s;
}

static wick_status build(wick_gateway *gw, uint64_t now_ms)
{
    wick_gateway_own *o = &gw->own;
    wick_buf out = wick_buf_make(o->raw, sizeof o->raw);
    wick_status s = WICK_OK;
    wick_attest_proof proof;
    if (o->action == ACT_REGISTER) {
        wick_calldata_register(&out, &o->voucher, o->r, o->vs);
    }
#if WICK_WITH_NSL_RSA
    else if (o->action == ACT_ANNOUNCE) {
        gw_key_announce(gw, &out);
    }
#endif
    else {
        s = gw_attest_proof(gw, &proof) ? WICK_OK : gw_tx_make_word(gw, now_ms);
        s = s == WICK_OK ? put_signed(gw, &out, now_ms) : s;
    }
    o->raw_len = 0; /* it is no transaction */
    o->call_at = 0;
    o->call_len = out.len;
    return s == WICK_OK ? wick_buf_status(&out) : s;
}

bool gw_sponsor_instead(const wick_gateway *gw)
{
    return gw->cfg.has_wallet_manager && gw->cfg.sponsored != WICK_GW_SPONSORED_NEVER;
}

bool gw_sponsor_always(const wick_gateway *gw)
{
    return gw->cfg.has_wallet_manager && gw->cfg.sponsored == WICK_GW_SPONSORED_ALWAYS;
}

void gw_sponsor_begin(wick_gateway *gw, uint64_t now_ms)
{
    wick_gateway_own *o = &gw->own;
    wick_status s = build(gw, now_ms);
    if (s != WICK_OK) {
        gw_own_fail(gw, now_ms, s);
        return;
    }
    if (o->action == ACT_PUBLISH) {
        gw_own_publishing(gw, now_ms);
    }
    o->sponsored = true;
    o->started_ms = now_ms;
    gw_own_set(gw, OWN_SPONSOR, now_ms);
}

void gw_sponsor_answered(wick_gateway *gw, uint64_t now_ms, wick_status status)
{
    if (status == WICK_E_UNSUPPORTED && !gw_sponsor_always(gw)) {
        status = WICK_E_UNFUNDED; /* neither: it may be another day */
    }
    gw->own.sent_status = status;
    /* Refused, it may be because it is there already: one look at the words
     * decides. */
    gw_own_set(gw, status == WICK_OK ? OWN_CONFIRM : OWN_MINED, now_ms);
}

wick_status wick_gateway_sponsored(wick_gateway *gw, uint64_t now_ms, uint32_t request)
{
    if (!gw_ask_waits(gw, request, WICK_GW_REQ_WALLET_SPONSOR)) {
        return WICK_E_STATE;
    }
    gw->own.ask.state = REQ_FREE;
    gw_sponsor_answered(gw, now_ms, WICK_OK);
    return WICK_OK;
}

#else

wick_status wick_gateway_sponsored(wick_gateway *gw, uint64_t now_ms, uint32_t request)
{
    (void)gw, (void)now_ms, (void)request;
    return WICK_E_UNSUPPORTED;
}

#endif
