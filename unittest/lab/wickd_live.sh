#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The daemon on a chain whose headers it verifies itself: it follows the head, serves look-ups proven
# under it, and goes through what such a chain can do: it halts, comes back, and the daemon is killed
# meanwhile.
#   wickd_live.sh WICK WICK_WALLET WICKD pos|qbft|ibft2|ibft1|clique
set -u
top=$(cd "$(dirname "$0")/../.." && pwd -P)
wick=$1 wallet=$2 wickd=$3 kind=$4
work=
. "$top/unittest/lab/chains.sh"
chains_need anvil devnet || exit 77

work=$(mktemp -d) || exit 1
# The chain tools keep a cache below HOME: it goes with the rest.
HOME=$work
export HOME
umask 077
trap 'chains_stop; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
n=0 bad=0
result() { # OK? WHAT
    n=$((n + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $n - lab.wickd.$kind.$2"
    else
        echo "not ok $n - lab.wickd.$kind.$2"
        bad=$((bad + 1))
    fi
}
want() { # EXIT-CODE PATTERN WHAT COMMAND...
    code=$1 pattern=$2 what=$3
    shift 3
    "$@" >"$work/out" 2>&1 </dev/null
    got=$?
    if [ "$got" -eq "$code" ] && grep -q -e "$pattern" "$work/out"; then
        result 0 "$what"
    else
        echo "# exit $got, not $code, or no '$pattern' in:"
        sed 's/^/#   /' "$work/out"
        result 1 "$what"
    fi
}
broken() {
    echo "not ok $((n + 1)) - lab.wickd.$kind # $1"
    exit 1
}
until_ok() { # SECONDS COMMAND...: until the command succeeds
    tries=$(($1 * 10))
    shift
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 0.1
    done
}
run() { # ARGS...
    "$wick" --config "$work/gw-a.conf" "$@"
}

# ---- the chain, its contracts, a registered name ----

ports=$(chains_ports 6)
# shellcheck disable=SC2086
set -- $ports
wallet_port=$6
chains_up "$kind" 127.0.0.1 "$ports" || broken "the chain does not start"
mkdir "$work/devices"
cat >"$work/manager.conf" <<CONF
[chain.lab]
chain_id = $chains_id
rule = own_node
[rpc]
chain = lab
url = $chains_own
[manager]
listen = 127.0.0.1:$wallet_port
org = lab
key_file = manager.key
devices_dir = devices
ledger_file = ledger
CONF
manager=$("$wallet" --config "$work/manager.conf" new-key) || broken "no key for the manager"
chains_deploy lab "$manager" >"$work/addresses" || broken "the contracts are not deployed"
chains_fund "$manager" >"$work/fund.log" 2>&1 || broken "no ether"
chains_pace || broken "the chain keeps no pace"
{
    printf '[registry.lab]\nchain = lab\n'
    cat "$work/addresses"
} >"$work/registry.conf"
cat "$work/registry.conf" >>"$work/manager.conf"
[ "$kind" != pos ] || chains_await 120 cl '^finality' || broken "nothing is finalised"
psk=$(printf '%064d' 4711)
echo "$psk" >"$work/gw-a.psk"
echo "token-a" >"$work/gw-a.token"
printf '{"name":"gw-a","psk":"0x%s","token":"token-a"}\n' "$psk" >"$work/devices/gw-a"
max_age=12
[ "$kind" != pos ] || max_age=900 # finality comes by epochs
cat >"$work/gw-a.conf" <<CONF
[identity]
name = gw-a
wallet_key_file = gw-a.wallet.key
device_key_file = gw-a.device.key
store_dir = gw-a.store
$(chains_conf | sed "/^trusted_hash/a max_age_s = $max_age\\ngrace_s = 3600")
$(cat "$work/registry.conf")
[wallet]
address = 127.0.0.1:$wallet_port
psk_identity = gw-a
psk_file = gw-a.psk
token_file = gw-a.token
[wickd]
serve = no
log = debug
CONF
run id new gw-a >/dev/null || broken "no keys"
chains_start wallet "$wallet" --config "$work/manager.conf"
chains_await 10 wallet '^READY' || broken "no wallet manager"
want 0 "^registered .*tier=$chains_tier" register run register --timeout 120

# ---- the daemon follows the chain ----

daemon() { # NAME
    chains_start "$1" "$wickd" --config "$work/gw-a.conf"
    until_ok 10 run status
}
head_is() { # STATE: of the tier that the rule gives
    run --json status --light | grep -q "\"tier\":\"$chains_tier\",\"state\":\"$1\""
}
head_block() {
    run --json status --light | sed -n "s/.*\"tier\":\"$chains_tier\",\"state\":\"[a-z]*\",\"block\":\([0-9]*\).*/\1/p"
}
daemon one
result $? starts
until_ok 60 head_is ok
result $? follows_the_chain
synced() {
    run status --light | grep -q '^chains .*synced=true'
}
until_ok 60 synced # a head may serve before the newest has been reached
want 0 '^chains .*synced=true' synced run status --light
want 0 "^wick_head_state{chain=\"lab\",tier=\"$chains_tier\",state=\"ok\"} 1\$" metrics_head \
    run status --prometheus
# A record without an endpoint is shown whole, with what is missing as the reason.
want 1 "^tier *$chains_tier" lookup run lookup gw-a
grep -q '^by *wickd' "$work/out" && grep -q '^grace *false' "$work/out"
result $? lookup_by_the_daemon
want 1 RECORD_ABSENT lookup_absent run lookup nobody
before=$(head_block)
later() {
    [ "$(head_block)" -gt "$before" ]
}
until_ok 120 later
result $? head_moves

# ---- the chain halts: what is known still serves, and says so ----

case $kind in
pos) ;;
*)
    halt() {
        chains_rpc "$chains_url" sealing_stall "[$1]" >/dev/null || broken "sealing_stall"
    }
    halt true
    until_ok 30 head_is grace
    result $? halted_is_seen
    # What was on its way when the chain halted may still come, and be fresh for a moment.
    says_grace() {
        run lookup gw-a | grep -q '^grace *true'
    }
    until_ok 30 says_grace
    want 1 '^grace *true' lookup_in_grace run lookup gw-a
    grep -q 'light-stale chain=lab' "$work/one.log"
    result $? halted_is_logged
    # Nobody answers any more: the last record serves from memory.
    kill -STOP "$chains_pid_sealing"
    want 1 '^grace *true' lookup_without_nodes run lookup gw-a
    want 3 'TIMEOUT\|NET' lookup_unknown_without_nodes run lookup nobody

    # ---- killed in the middle of it: the store has the head ----
    chains_end_hard() {
        kill -9 "$1"
        wait "$1" 2>/dev/null
    }
    before=$(head_block)
    chains_end_hard "$chains_pid_one"
    daemon two
    result $? starts_without_nodes
    until_ok 10 head_is grace
    result $? head_from_the_store
    kept=$(head_block)
    [ "$kept" -gt 0 ] && [ "$kept" -le "$before" ]
    result $? head_is_the_stored_one
    kill -CONT "$chains_pid_sealing"
    halt false
    until_ok 60 head_is ok
    result $? goes_on
    want 1 '^grace *false' lookup_again run lookup gw-a
    ;;
esac

# ---- end ----

eval "daemon_pid=\${chains_pid_two:-\$chains_pid_one}"
kill -TERM "$daemon_pid"
wait "$daemon_pid"
result $? ends
[ ! -e "$work/gw-a.store/wickd.sock" ]
result $? cleans_up
# What it knew is there for whoever comes next, without the daemon.
want 1 "^tier *$chains_tier" store_serves_the_tool run lookup gw-a

echo "1..$n"
[ "$bad" -eq 0 ]
