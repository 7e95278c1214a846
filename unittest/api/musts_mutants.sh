#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Do the tests of the rules of core/psk/PROTOCOL.md section 10 notice? Takes one rule after the other
# out of the code, links the suites that the rule's row names with it, and demands that a test of that
# rule's number fails. Needs a build; nothing in it is changed. That takes minutes: without WICK_FULL or a
# RULE it looks only whether each bug still fits the code.
# usage: musts_mutants.sh [RULE ...]
. "$(dirname "$0")/lib.sh"

only=" $* "
fits_alone=
[ "$only" != "  " ] || [ -n "${WICK_FULL:-}" ] || fits_alone=1
[ -f "$WICK_BUILD_DIR/core/CMakeFiles/wick_core.dir/flags.make" ] || {
    echo "1..0 # SKIP not built by make"
    exit 77
}
WICK_VECTORS_DIR=${WICK_VECTORS_DIR:-$WICK_SOURCE_DIR/../shared/data}
export WICK_VECTORS_DIR

flag() { # flag FILE NAME
    sed -n "s/^$2 = //p" "$1"
}

# An object in front of the archives takes the place of the archive's member of these names.
compile() { # compile SOURCE OBJECT: the mutated SOURCE is $scratch/mutant.c
    case $1 in
    core/*) flags=$WICK_BUILD_DIR/core/CMakeFiles/wick_core.dir/flags.make ;;
    *) flags=$WICK_BUILD_DIR/port/crypto/CMakeFiles/wick_crypto_$(basename "$1" .c).dir/flags.make ;;
    esac
    # shellcheck disable=SC2046
    eval "$CC" $(flag "$flags" C_DEFINES) $(flag "$flags" C_INCLUDES) $(flag "$flags" C_FLAGS) \
        -w -I"'$WICK_SOURCE_DIR/$(dirname "$1")'" -c "'$scratch/mutant.c'" -o "'$2'"
}

link_test() { # link_test SUITE OBJECT
    target=test_$(echo "$1" | tr . _)
    program=$scratch/$target
    command=$(sed "s# -o $target # $2 -o $program #" \
        "$WICK_BUILD_DIR/unittest/CMakeFiles/$target.dir/link.txt")
    (cd "$WICK_BUILD_DIR/unittest" && eval "$command")
}

# mutant RULE SOURCE SED "SUITE ..." WHAT: one line of SOURCE is another one
mutant() {
    case $only in "  " | *" $1 "*) ;; *) return ;; esac
    rule=$1 source=$2 suites=$4 what="$1: $5 ($(basename "$2"))"
    sed -e "$3" "$WICK_SOURCE_DIR/$source" >"$scratch/mutant.c"
    if cmp -s "$WICK_SOURCE_DIR/$source" "$scratch/mutant.c"; then
        echo "the bug does not fit $source any more" >"$scratch/out"
        ok "$what" 1 "$scratch/out"
        return
    fi
    if [ -n "$fits_alone" ]; then
        ok "$what: fits" 0
        return
    fi
    if ! compile "$source" "$scratch/mutant.o" >"$scratch/out" 2>&1; then
        ok "$what" 1 "$scratch/out"
        return
    fi
    for suite in $suites; do
        if ! link_test "$suite" "$scratch/mutant.o" >"$scratch/out" 2>&1; then
            ok "$what" 1 "$scratch/out"
            return
        fi
        timeout 120 "$program" >"$scratch/out" 2>&1
        seen=$(sed -n "s/^not ok [0-9]* - \([^ ]*must_${rule}_[^ ]*\).*/\1/p" "$scratch/out" | head -n 1)
        [ -z "$seen" ] || break
    done
    if [ -n "$seen" ]; then
        ok "$what: $seen" 0
    else
        grep '^not ok' "$scratch/out" | head -n 3 >"$scratch/others"
        echo "no test of rule $rule fails" >>"$scratch/others"
        ok "$what" 1 "$scratch/others"
    fi
}

nsl=core/psk
musts="unit.nsl_musts" limits="unit.nsl_limits"

mutant 5 $nsl/nsl_initiator.c 's/^    r->attempt++;$/    r->attempt++; if (r->state == NSL_WAIT_M2) { uint64_t g = r->next_ms; uint8_t a = r->attempt; wick_status x = begin(node, r, now_ms); (void)x; r->next_ms = g; r->attempt = a; }/' "$musts" "a repetition of M1 is drawn anew"
mutant 5 $nsl/nsl_responder.c 's/^#include "nsl_internal.h"$/#include "nsl_internal.h"\nstatic wick_status build_m2(const wick_nsl_node *node, wick_nsl_half *e);/; s/^                e->send_m2 = true;$/                { wick_status x = build_m2(node, e); (void)x; } e->send_m2 = true;/' "$musts" "a repetition of M2 is sealed anew"
mutant 5 $nsl/nsl_initiator.c 's/^    wick_nsl_run \*r = find_run(node, NSL_WAIT_M2, h->cid_i);$/    wick_nsl_run *r = find_run(node, NSL_WAIT_M2, h->cid_i); if (r == NULL) r = find_run(node, NSL_WAIT_M4, h->cid_i);/; s/^        wick_wipe(&r->keys, sizeof r->keys);$/        ;/; s/memcpy(r->keys.late.root, root, 32);/(void)root;/; s/memcpy(r->keys.late.mac, mac, 16);/(void)mac;/' "$musts" "a second M2 makes a second M3"
mutant 5 $nsl/nsl_responder.c 's/^            nsl_reply(node, d->m4, sizeof d->m4, from);$/            { uint8_t m4[WICK_NSL_M4_BYTES]; memcpy(m4, d->m4, sizeof m4); m4[27] ^= 1; nsl_reply(node, m4, sizeof m4, from); }/' "$musts" "a repeated M4 is another one"
mutant 5 $nsl/nsl_initiator.c 's/if (committed && st != WICK_OK) {/if (committed \&\& st == WICK_E_STATE) {/' "unit.nsl_musts unit.nsl_rsa" "a run goes on whose M3 could not be made"
mutant 6 $nsl/nsl_responder.c 's/^    clear.flags = 0;$/    ;/' "$musts" "the flag of the cookie is sealed"
mutant 6 $nsl/nsl_wire.c 's/^        at += WICK_NSL_COOKIE_BYTES;$/        ;/' "$musts" "the cookie is in the transcript"
mutant 6 $nsl/nsl_wire.c 's/header\[3\] = (uint8_t)(header\[3\] & ~NSL_FLAG_COOKIE);/;/' "$musts" "its flag is in the transcript"
mutant 6 $nsl/nsl_suite.c 's/wick_hpke_open(&h, plain, seal->aad,/wick_hpke_open(\&h, plain, wick_span_make(NULL, 0),/; s/wick_hpke_seal(&h, out + WICK_HPKE_ENC_BYTES, seal->aad, plain)/wick_hpke_seal(\&h, out + WICK_HPKE_ENC_BYTES, wick_span_make(NULL, 0), plain)/' "$musts" "the header is not sealed"
mutant 6 $nsl/nsl_rsa.c 's/^                               seal->aad,$/                               wick_span_make(NULL, 0),/; s/keys + 32, seal->aad, plain);/keys + 32, wick_span_make(NULL, 0), plain);/' "$musts" "nor with RSA"
mutant 11 $nsl/nsl_guard.c 's/^    if (!nsl_is_relay(node, from) &&$/    if (/' "$limits" "a relay has the share of one address"
mutant 11 $nsl/nsl_guard.c 's/^            wick_addr_equal(&e->path, from)) {$/            wick_addr_same_ip(\&e->path, from)) {/' "$limits" "the source of a handshake is an address without its port"
mutant 11 $nsl/nsl_guard.c 's/^        count_of(node, from, OF_THIS_IP) >= WICK_NSL_HALF_OPEN_MAX \/ 2) {$/        count_of(node, from, OF_THIS_IP) >= WICK_NSL_HALF_OPEN_MAX) {/' "$limits" "one address may fill the table"
mutant 11 $nsl/nsl_guard.c 's/^        return wick_time_reached(now_ms, e->since_ms + NSL_EVICT_MS) ? WICK_OK : WICK_E_NSL_RATE;$/        return WICK_OK;/' "$limits" "one source opens without a pause"
mutant 12 $nsl/nsl_responder.c 's/^                e->send_to = \*from;$/                e->send_to = *from; e->path = *from;/' "$musts" "M1 moves the path"
mutant 12 $nsl/nsl_responder.c 's/^                e->send_to = \*from;$/                e->send_to = e->path;/' "$musts" "a repetition is answered elsewhere"
mutant 12 $nsl/nsl_responder.c 's/^        e->path = \*from; .*$/        ;/' "$musts" "M3 does not move the path"
mutant 12 $nsl/nsl_responder.c 's/^            nsl_reply(node, d.m4, sizeof d.m4, from);$/            nsl_reply(node, d.m4, sizeof d.m4, \&e->send_to);/' "$musts" "M4 goes where M2 went"
mutant 12 $nsl/nsl_responder.c 's/^            return WICK_E_NSL_DROP; \/\* a late repetition.*$/            break;/' "$musts" "a late M1 begins a handshake"
mutant 13 $nsl/nsl_responder.c 's/^            if (e->state == NSL_M2_SENT) {$/            if (e->state == NSL_LOOKUP) { e->state = NSL_OPENED; nsl_memo_add(node->reread, 1, now_ms, now_ms, e->id); for (size_t k = 0; k < WICK_NSL_LOOKUPS_MAX; k++) node->lookups[k].announced = false; } if (e->state == NSL_M2_SENT) {/' "$musts" "each repetition looks up anew"
mutant 13 $nsl/nsl_responder.c 's/^    wick_nsl_lookup \*l = find_lookup(node, now_ms, id);$/    wick_nsl_lookup *l = NULL;/' "$musts" "one id is looked up twice at a time"
mutant 13 $nsl/nsl_responder.c 's/^            e->deadline_ms = l->until_ms;$/            e->deadline_ms = l->until_ms + 600000;/' "$musts" "an entry waits for ever"
mutant 13 $nsl/nsl_responder.c 's/^    if (is_refusal(st)) {$/    if (st == WICK_E_STATE) {/' "$musts" "a refusal is forgotten at once"
mutant 13 $nsl/nsl.c 's/^        nsl_start_lookups(node, now_ms);$/        ;/' "$musts" "the next look-up does not get its turn"
mutant 13 $nsl/nsl_responder.c 's/now_ms + NSL_NEGATIVE_MS,/now_ms + 600000,/' "$musts" "a refusal is remembered for ever"
mutant 15 $nsl/nsl_responder.c 's/^    for (size_t i = 0; i < 2; i++) {$/    for (size_t i = 2; i-- > 0;) {/' "$limits" "the former key is preferred"
mutant 15 $nsl/nsl_initiator.c 's/^    if (st == WICK_OK && memcmp(keyhash, r->keyhash, 32) != 0) {$/    if (st == WICK_OK \&\& memcmp(keyhash, r->keyhash, 4) != 0) {/' "$limits" "the hint stands for the key of the record"
mutant 7 $nsl/nsl_responder.c 's/^    if (memcmp(e->keyhash, e->kid, sizeof e->kid) != 0) {$/    if (memcmp(e->keyhash, e->kid, 4) != 0) {/' "$musts" "half of a kid is compared"
mutant 17 $nsl/nsl_initiator.c 's/^    r->restart_ms = now_ms + RESTART_MS;$/    r->restart_ms = now_ms + 600000;/' "$musts" "nobody begins anew after M3"
mutant 17 $nsl/nsl_responder.c 's/^    return repeated_m3(node, now_ms, bytes, h, from);$/    return WICK_E_NSL_DROP;/' "$musts" "a repeated M3 is not answered"
mutant 17 $nsl/nsl_initiator.c 's/^        if (r->state == NSL_RUN_LINGER && r->run == run &&$/        if (r->state == NSL_RUN_FREE \&\&/' "$musts" "M3 is not sent again before a ClientHello"
mutant 17 $nsl/nsl_responder.c 's/^    e->chosen = (uint8_t)(M1_OPTS(m) & node->cfg.opts);$/    e->chosen = (uint8_t)(M1_OPTS(m) | node->cfg.opts);/' "$musts" "one side alone switches M4 off"
mutant 17 $nsl/nsl.c 's/^                r->give_up_ms = now_ms + LINGER_MS;$/                r->give_up_ms = now_ms + 6000000;/' "$musts" "M3 is kept for ever"
mutant 20 port/crypto/secp256k1.c 's/if (secp256k1_ec_pubkey_parse(lib(ctx), pub, pub33, 33) == 0) {/uint8_t q[33]; memcpy(q, pub33, 33); q[0] = (uint8_t)(2 | (q[0] \& 1)); if (secp256k1_ec_pubkey_parse(lib(ctx), pub, q, 33) == 0) {/' "$musts" "any first octet is a compressed point's"
mutant 20 $nsl/nsl_responder.c 's/st = crypto->secp256k1_expand(crypto->ctx, e_full, M1_E(m));/(void)e_full;/' "$musts" "an ephemeral is not looked at before the look-up"
mutant 20 port/crypto/secp256k1.c 's/^        secp256k1_ecdsa_verify(lib(ctx), &sig, digest32, &pub) == 0) {$/        (secp256k1_ecdsa_signature_normalize(lib(ctx), \&sig, \&sig), secp256k1_ecdsa_verify(lib(ctx), \&sig, digest32, \&pub)) == 0) {/' "$musts" "a high s is taken"
mutant 20 $nsl/nsl_responder.c 's/^            st = nsl_type_i(e->suite)->verify(crypto, plain + 32, &e->key, digest);$/            ;/' "$musts" "the signature is not verified"
bft=core/eth/bft.c
mutant 26 core/eth/seal.c 's/if (e->signers == 0 && e->rule != WICK_SEAL_CLIQUE) {/if (e->signers > WICK_SEAL_SIGNERS_MAX) {/' unit.bft "no validators are a set"
mutant 26 $bft 's/^        if (at == c->e.signers || ((seen >> at) & 1u) != 0) {$/        if (at == c->e.signers) {/' unit.bft "a repeated seal counts twice"
mutant 26 $bft 's/^        size_t at = s == WICK_OK ? find(&c->e, address) : c->e.signers;$/        size_t at = s == WICK_OK ? find(\&c->e, address) : c->e.signers; if (at == c->e.signers \&\& s == WICK_OK) { at = 63; }/' unit.bft "a stranger seals"
mutant 26 $bft 's/^    if (n.sealed < wick_seal_quorum(c->e.signers)) {$/    if (n.sealed + 1 < wick_seal_quorum(c->e.signers)) {/' unit.bft "one seal fewer than the quorum"
mutant 26 $bft 's/^    return n.trusted < overlap_needed(b, c) ? .*$/    return n.trusted + 1 < overlap_needed(b, c) ? WICK_E_SEAL_OVERLAP : WICK_OK;/' unit.bft "one seal fewer of those who are trusted"
mutant 26 $bft 's/^    bool adjacent = .*$/    bool adjacent = c->h.number - 1 == b->number;/' unit.bft "an adjacent block may stand on another parent"
mutant 26 $bft 's/changes(&b->set, &c->e) <= 1) {/changes(\&b->set, \&c->e) <= 2) {/' unit.bft "two changes in one step"
mutant 26 $bft 's/if (adjacent && n != 2 && /if (adjacent \&\& /' unit.bft "one of two vouches"
mutant 26 $bft 's/now->unix_s - b->timestamp > period) {/now->unix_s - b->timestamp > period + 1) {/' unit.bft "trust lasts a second longer"
mutant 26 $bft 's/^    if (contradicts(b, c)) {$/    if (c->h.number == 0) {/' unit.bft "two histories are taken"
mutant 27 core/eth/beacon.c 's/return 3 \* participants >= 2 \* wick_beacon_members(b);/return 3 * participants + 1 >= 2 * wick_beacon_members(b);/' "unit.beacon unit.light_beacon" "341 of 512 are two thirds"
mutant 27 core/eth/beacon.c 's/^    if (u->strong && u->is.finalized.slot > b->proven.slot) {$/    if (is_supermajority(b, u->is.participants) \&\& u->is.attested.slot > b->proven.slot) {/; s/^        b->proven = u->is.finalized;$/        b->proven = u->is.attested;/' "unit.beacon unit.light_beacon" "what is signed is final"
mutant 30 core/gateway/leaf_answer.c 's/WICK_E_LEAF_PEER/WICK_OK/' "unit.leaf" "an answer about another peer is taken"
mutant 30 core/gateway/leaf_answer.c 's/WICK_E_RECORD_STALE/WICK_OK/' "unit.leaf" "an answer of a lower epoch is taken"
mutant 30 core/registry/peer_bundle.c 's/^    s = check_marks(m, registry, b);$/    ;/' unit.bundle "a bundle under an older header is taken"
mutant 30 core/registry/peer_bundle.c 's/^    wick_status s = wick_marks_record(m, &seen, registry, id32, service32, rec, read);$/    wick_status s = wick_marks_record(m, \&seen, registry, id32, service32, rec, read); if (s == WICK_E_RECORD_STALE) s = WICK_OK;/' unit.bundle "an older epoch or seq is taken"
mutant 30 core/registry/peer_bundle.c 's/^        (s == WICK_OK || s == WICK_E_RECORD_ABSENT .*$/        s == WICK_E_RECORD_REVOKED) {/' unit.bundle "a bundle without evidence is as good as one with"
mutant 30 core/eth/bundle_trust.c 's/WICK_E_BUNDLE_OTHER/WICK_OK/' unit.bundle "a bundle about another peer is read"
finish
