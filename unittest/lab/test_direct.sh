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
. "$WICK_SOURCE_DIR/unittest/lab/pair.sh"
pair_enter "$@"

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
pair_with_two_relays
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
