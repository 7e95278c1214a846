#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A session of two gateways behind two NATs that keep ports, over coturn: it moves to the direct path,
# and falls back when the routers cut that. Whether datagrams go direct is read from a router's
# counters. Then one goes on over the second relay when the one in use is killed.
# usage: test_direct.sh <wick> <wick-wallet>
set -u
wick=$1
wallet=$2
suite=lab.direct
top=$WICK_SOURCE_DIR
PATH=$PATH:/usr/sbin:/sbin:$top/build/deps/lab/bin
. "$top/unittest/lab/topology.sh"
. "$top/unittest/lab/chains.sh"
. "$top/unittest/lab/tap.sh"
if [ -z "${LAB_INSIDE:-}" ]; then
    chains_need anvil || exit 77
    [ -x "$top/build/deps/lab/bin/turnserver" ] || {
        echo "1..0 # SKIP no turnserver: run sh toolchain/bootstrap.sh lab"
        exit 77
    }
    { lab_tools && lab_namespaces; } || { echo "1..0 # SKIP no network to make: $lab_why"; exit 77; }
    LAB_INSIDE=yes
    export LAB_INSIDE
    lab_enter sh "$0" "$@"
fi

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
umask 077
HOME=$work
export HOME
out=$work/out
chains_in="ip netns exec chain"

start() { # NAME NAMESPACE COMMAND...
    log=$work/$1.log
    ns=$2
    shift 2
    ip netns exec "$ns" "$@" >"$log" 2>&1 </dev/null &
    started=$!
}
await() { # SECONDS PATTERN NAME
    until_ok "$1" grep -q -e "$2" "$work/$3.log" && return 0
    sed 's/^/# /' "$work/$3.log"
    return 1
}

# ---- network, chain, relay, wallet manager
lab_prepare && lab_wan && lab_host turn 20.0.0.10 \
    && lab_host turn2 20.0.0.11 && lab_host chain 20.0.0.20 \
    && lab_nat a 20.0.0.1 10.10.1 "" && lab_nat b 20.0.0.2 10.10.2 "" || broken "no network"
# What passes between the two routers without a relay.
for side in "a 20.0.0.2" "b 20.0.0.1"; do
    lab_in "nat-${side% *}" nft -f - <<RULES || broken "no rules"
table inet lab {
    chain direct {
        type filter hook forward priority -10; policy accept;
        ip daddr ${side#* } udp dport 1024-65535 counter
    }
}
RULES
done
direct() { # how many datagrams have left for the other router
    lab_in nat-a nft list chain inet lab direct | sed -n 's/.*packets \([0-9]*\).*/\1/p' | head -n 1
}
chains_up anvil 20.0.0.20 "8545 5052 8546 8551 30303" || broken "no chain"
mkdir -p "$work/devices"
for host in "turn 20.0.0.10" "turn2 20.0.0.11"; do
    cat >"$work/${host% *}.conf" <<EOF2
listening-ip=${host#* }
relay-ip=${host#* }
min-port=50000
max-port=50099
realm=relay.example
use-auth-secret
static-auth-secret=secret-of-the-lab
no-cli
no-tls
no-dtls
no-rfc5780
pidfile=$work/${host% *}.pid
userdb=$work/${host% *}.db
log-file=stdout
simple-log
EOF2
    start "${host% *}" "${host% *}" "$top/build/deps/lab/bin/turnserver" -c "$work/${host% *}.conf"
    eval "job_${host% *}=$started"
done
echo secret-of-the-lab >"$work/relay.secret"
relays_listen() {
    lab_in turn ss -Hlun | grep -q ':3478 ' && lab_in turn2 ss -Hlun | grep -q ':3478 '
}
lab_wait 60 relays_listen || broken "the relays do not listen"
device_registry=0x0000000000000000000000000000000000000000
relay_registry=$device_registry
manager_conf() {
    cat >"$work/manager.conf" <<EOF2
[chain.lab]
chain_id = $chains_id
rule = own_node
[rpc]
chain = lab
url = $chains_own
[registry.lab]
chain = lab
device_registry = $device_registry
relay_registry = $relay_registry
[manager]
listen = 20.0.0.20:7000
org = example
key_file = manager.key
devices_dir = devices
ledger_file = ledger
relay_secret_file = relay.secret
EOF2
}
manager_conf
manager=$(lab_in chain "$wallet" --config "$work/manager.conf" new-key) || broken "no manager key"
chains_deploy example "$manager" --relay 20.0.0.10:3478 --relay 20.0.0.11:3478 >"$work/deploy.log" 2>&1 \
    || broken "no contracts"
device_registry=$(sed -n 's/^device_registry=//p' "$work/deploy.log")
relay_registry=$(sed -n 's/^relay_registry=//p' "$work/deploy.log")
chains_fund "$manager" >"$work/fund.log" 2>&1 || broken "no money"
manager_conf
chains_conf >"$work/chain.conf"
for name in a b; do
    mkdir -p "$work/$name"
    printf '%064d\n' 1$$ >"$work/$name/wallet.psk"
    echo "token-$name" >"$work/$name/wallet.token"
    printf '{"name":"gw-%s","psk":"0x%064d","token":"token-%s"}\n' $name 1$$ $name \
        >"$work/devices/gw-$name"
    cat >"$work/$name/wick.conf" <<EOF2
[identity]
name = gw-$name
wallet_key_file = wallet.key
device_key_file = device.key
store_dir = store
$(cat "$work/chain.conf")
[registry.lab]
chain = lab
device_registry = $device_registry
relay_registry = $relay_registry
[wallet]
address = 20.0.0.20:7000
psk_identity = gw-$name
psk_file = wallet.psk
token_file = wallet.token
EOF2
    lab_in "lan-$name" "$wick" --config "$work/$name/wick.conf" id new gw-$name >"$work/id.log" 2>&1 \
        || broken "no keys"
done
start wallet chain "$wallet" --config "$work/manager.conf"
await 60 '^READY' wallet || broken "no wallet manager"
start listen lan-b "$wick" --config "$work/b/wick.conf" listen
await 120 '^READY' listen || broken "gw-b does not get ready"

# ---- the session
start connect lan-a "$wick" --config "$work/a/wick.conf" connect gw-b --send 'on and on' --for 600 \
    --publish
caller=$started
await 120 '^echo ' connect
result $? comes_up_over_a_relay
await 60 '^session-moved .*from=20.0.0.2:.*path=reflexive' connect
result $? moves_to_the_direct_path
await 60 '^session-moved .*from=20.0.0.1:' listen
result $? and_so_does_the_other_side
seen=$(direct)
goes_direct() { # more than checks alone would bring
    [ "$(direct)" -gt $((seen + 8)) ]
}
until_ok 60 goes_direct
result $? payload_goes_direct

lab_in nat-a nft insert rule inet lab direct ip daddr 20.0.0.2 meta l4proto udp drop \
    && lab_in nat-a nft insert rule inet lab direct ip saddr 20.0.0.2 meta l4proto udp drop \
    || broken "no cut"
await 60 '^session-moved .*path=relayed' connect
result $? falls_back_to_the_relay
echoes() {
    grep -c '^echo' "$work/listen.log"
}
seen=$(echoes)
goes_on() {
    [ "$(echoes)" -gt $((seen + 8)) ]
}
until_ok 60 goes_on
result $? payload_goes_on_over_the_relay

# ---- from relay to relay; the direct path is cut still
two_words() { # primary and standby: each side holds its second relay
    [ "$(grep -c '^published' "$work/connect.log")" -ge 2 ] \
        && [ "$(grep -c '^published' "$work/listen.log")" -ge 2 ]
}
until_ok 120 two_words
result $? both_have_a_second_relay
case $(sed -n 's/^resolved .*endpoint=\(20[.0-9]*\):.*/\1/p' "$work/connect.log" | tail -n 1) in
    20.0.0.10) job=$job_turn ;;
    20.0.0.11) job=$job_turn2 ;;
    *) broken "the peer has no relay" ;;
esac
kill -KILL "$job"
seen=$(($(echoes) + 4)) # some were on their way
until_ok 60 goes_on
result $? payload_goes_on_over_the_other_relay
kill -TERM "$caller"
wait "$caller"
result $? ends_by_itself
kept=$(grep '^kept .*path=relayed' "$work/connect.log")
result $? ends_on_a_relay
gap=$(printf '%s\n' "$kept" | sed -n 's/.*longest_gap_ms=\([0-9]*\).*/\1/p')
sent=$(printf '%s\n' "$kept" | sed -n 's/.*sent=\([0-9]*\).*/\1/p')
echoed=$(printf '%s\n' "$kept" | sed -n 's/.*echoed=\([0-9]*\).*/\1/p')
echo "# path cut, relay killed: $echoed of $sent texts came back, longest gap $gap ms (bar 5000)"
[ "${echoed:-0}" -ge $((${sent:-0} / 2)) ] && [ "${sent:-0}" -ge 20 ]
result $? most_came_back
# A busy machine says nothing about us: the bar is judged where the machine is ours alone.
bar=30000
[ -z "${WICK_FULL:-}" ] || bar=5000
[ "${gap:-99999}" -le "$bar" ]
result $? each_time_within_the_bar
! grep -q 'session-down' "$work/connect.log" && ! grep -q session-down "$work/listen.log"
result $? no_session_was_lost
[ "$bad" -eq 0 ] || sed 's/^/# connect: /' "$work/connect.log"
[ "$bad" -eq 0 ] || sed 's/^/# listen: /' "$work/listen.log"
tap_end
