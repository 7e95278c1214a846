#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The whole life of a relay and of a device, on the chain that is named: the contracts are deployed by the
# tool, a relay registers, is approved after a test allocation, fails and is suspended; a device is
# provisioned, registered without Ether, published with the word of two of three attestors, called, given
# another key, carried to another place and revoked.
# usage: test_life.sh <wick> <wick-wallet> <wick-attestor> <wickd> pos|qbft|ibft2|clique|anvil
set -u
wick=$1
wallet=$2
attestor=$3
wickd=$4
kind=$5
suite=life.$kind
if [ -z "${WICK_FULL:-}" ]; then
    echo "1..0 # SKIP takes minutes: run.sh --full"
    exit 77
fi
. "$WICK_SOURCE_DIR/unittest/lab/life.sh"
life_enter "$@"
life_world
life_deploy

# ---- a relay
relayer=$(lab_in chain "$top/build/deps/chain/bin/cast" wallet address "0x$(cat "$work/relayer.key")")
want 1 'NOT_OWNER.*NotInvited()' relay_uninvited pays relayer relay register 20.0.0.10:3478
want 0 '"what":"invite"' relay_invited pays operator relay invite "$relayer"
want 0 '"status":"pending"' relay_registers pays relayer relay register 20.0.0.10:3478
want 1 'NOT_OWNER.*NotManager()' relay_approves_itself pays relayer relay approve 0 --key "$work/relayer.key"
want 0 '"trial":"passed"' relay_is_approved_after_an_allocation pays operator relay approve 0
want 0 '"status":"approved"' relay_is_approved pays operator relay list
grep -q '"checked_at_h":[1-9]' "$out"
result $? relay_trial_is_dated

# ---- attestors, and who is of the organisation
life_attestors
life_device caller
life_device dev-1 "$(cat "$work/known"; printf '[attest]\nneeded = 2\n[wickd]\necho = yes\n')"
printf 'sponsor = yes\nbatch_ms = 50\ngap_ms = 0\n' >>"$work/manager.conf"
pair_manage
life_enrol $life_all caller
for name in $life_all; do
    start "$name" "$name" "$attestor" --config "$work/$name/wick.conf"
    await "$life_wait" '^READY signer=0x' "$name" || broken "no attestor"
done

# ---- a device: from its first start it is on its own
daemon() { # NAMESPACE NAME
    start "$2" "$1" "$wickd" --config "$work/dev-1/wick.conf" -v
    daemon_job=$started
    daemon_log=$2
}
daemon_ends() {
    kill -TERM "$daemon_job"
    wait "$daemon_job"
}
primary() { # PATTERN: in what a caller finds
    at lan-a caller lookup dev-1 >"$work/look" 2>&1
    grep '"event":"primary"' "$work/look" | grep -q -e "$1"
}
shows() { # WHAT PATTERN
    until_ok "$life_wait" primary "$2" || sed 's/^/# /' "$work/look"
    primary "$2"
    result $? "$1"
}
call() { # NAME: and what was sent comes back
    start connect lan-a "$wick" --config "$work/caller/wick.conf" connect "$1" --send 'how do you do'
    call_job=$started
    await "$life_wait" '^echo ' connect
    called=$?
    wait "$call_job"
    return "$called"
}
directly() { # went the call: to the port that the router has opened
    sed -n 's/^resolved /# &/p' "$work/connect.log"
    grep -q '^resolved .*kind=pcp' "$work/connect.log" && return 0
    tail -n 20 "$work/connect.log" "$work/$daemon_log.log" "$work/look" | sed 's/^/# /'
    return 1
}
validated='"validated_at_h":[1-9]'
daemon lan-b first
shows without_ether_it_is_published "$validated"
grep -q '"endpoint":"20.0.0.102:[0-9]*"' "$work/look" && grep -q "\"tier\":\"$chains_tier\"" "$work/look"
result $? where_its_router_has_opened_a_port
[ "$(cat "$work"/att?/audit | grep -c ' attested 0x')" -ge 2 ]
result $? and_two_have_reached_it
grep -q '"usable":"yes"' "$work/look"
result $? so_it_is_to_be_called
epoch() {
    at lan-a caller device show dev-1 >"$work/show" 2>&1
    sed -n 's/.*"epoch":\([0-9]*\).*/\1/p' "$work/show"
}
owner=$(at lan-b dev-1 id show | sed -n 's/.*"wallet":"\(0x[0-9a-fA-F]*\)".*/\1/p')
has_none() { # neither Ether nor a transaction
    [ "$(chains_rpc "$chains_url" eth_getBalance "[\"$owner\",\"latest\"]")" = '"0x0"' ] &&
        [ "$(chains_rpc "$chains_url" eth_getTransactionCount "[\"$owner\",\"latest\"]")" = '"0x0"' ]
}
call dev-1
result $? it_is_called
directly
result $? directly

# ---- another key: the daemon, which runs, takes it
want 0 '"epoch":2' another_key at lan-b dev-1 sponsor rotate --timeout "$life_wait"
await "$life_wait" 'registered .*epoch=2' first && ! grep -q 'registered .*epoch=3' "$work/first.log"
result $? it_goes_over_to_it
# ---- another place
daemon_ends
result $? it_ends
daemon lan-c second
shows it_moves "\"endpoint\":\"20.0.0.103:[0-9]*\".*\"seq\":[2-9].*$validated"
call dev-1 && directly
result $? and_is_called_there
[ "$(epoch)" = 2 ]
result $? under_its_new_key

# ---- the end
daemon_ends
result $? it_ends_again
want 0 '"event":"revoked"' it_is_revoked at lan-c dev-1 sponsor revoke --timeout "$life_wait"
want 1 'RECORD_REVOKED' nobody_finds_it at lan-a caller lookup dev-1
has_none
result $? it_never_had_any

# ---- the relay changes its secret: its next trials fail
echo another-secret >"$work/relay.secret"
want 1 'is suspended' relay_fails pays operator relay check
want 0 '"status":"suspended"' relay_is_suspended pays operator relay list
kill -TERM "$job_wallet" && wait "$job_wallet"
result $? the_manager_ends
tap_end
