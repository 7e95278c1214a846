#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A peer that calls for the first time while the relay in the primary word is gone: it has read both
# words and gets in by the standby, on the other relay. Both gateways are behind symmetric NATs, so that
# there is no way but by relays. The relay's host is cut off, which is worse than a relay that is killed:
# nothing says so, not even ICMP.
# usage: test_standby.sh <wick> <wick-wallet>
set -u
wick=$1
wallet=$2
suite=lab.standby
. "$WICK_SOURCE_DIR/unittest/lab/pair.sh"
pair_enter "$@"

lab_up || broken "no network"
pair_with_two_relays
start register lan-a "$wick" --config "$work/a/wick.conf" register
caller=$started
await 120 '^published .*place=standby' listen
result $? both_words_are_published
wait "$caller"
result $? the_caller_is_registered

word() { # PLACE: its address, as last published
    sed -n "s/^published .*place=$1 .*endpoint=\([0-9.]*\):.*/\1/p" "$work/listen.log" | tail -n 1
}
first=$(word primary) second=$(word standby)
case $first in
    20.0.0.10) dead=turn ;;
    20.0.0.11) dead=turn2 ;;
    *) broken "no primary word" ;;
esac
lab_in "$dead" ip link set ext down || broken "no cut"
start connect lan-a "$wick" --json --config "$work/a/wick.conf" connect gw-b --send 'to the standby'
wait "$started"
result $? a_new_peer_connects
log=$work/connect.log
grep -q "\"event\":\"resolved\".*\"endpoint\":\"$first:" "$log"
result $? the_first_word_names_the_dead_relay
grep -q "\"event\":\"handshake\".*\"from\":\"$second:" "$log"
result $? it_got_in_by_the_second_one
field() { # NAME: of the last line, in whole milliseconds
    sed -n "s/.*\"event\":\"done\".*\"$1\":\([0-9]*\).*/\1/p" "$log"
}
until=0
for part in handshake_ms dtls_ms echo_ms; do
    ms=$(field $part)
    until=$((until + ${ms:-99999}))
done
setup=$(field setup_ms) look=$(field lookup_ms)
echo "# relay gone, new peer: both words read after $((${setup:-0} + ${look:-0})) ms;" \
    "from then to the echo $until ms (bar 5000)"
# A busy machine says nothing about us: the bar is judged where the machine is ours alone.
bar=30000
[ -z "${WICK_FULL:-}" ] || bar=5000
[ "$until" -le "$bar" ]
result $? within_the_bar
[ "$bad" -eq 0 ] || sed 's/^/# connect: /' "$log"
[ "$bad" -eq 0 ] || sed 's/^/# listen: /' "$work/listen.log"
tap_end
