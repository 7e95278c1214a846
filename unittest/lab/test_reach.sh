#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A gateway behind a PCP router (miniupnpd) on a network where nobody runs a relay: its mapping is tried by a
# STUN server with two addresses (coturn, RFC 5780). As long as the router's firewall lets nothing in, the
# mapping is not published; as soon as it does, it is, and a peer gets in by it.
# usage: test_reach.sh <wick> <wick-wallet>
set -u
wick=$1
wallet=$2
suite=lab.reach
. "$WICK_SOURCE_DIR/unittest/lab/pair.sh"
. "$top/unittest/lab/sites.sh"
lab_need miniupnpd
pair_enter "$@"

lab_prepare && lab_wan && lab_host server 20.0.0.10 20.0.0.11 && lab_host chain 20.0.0.20 \
    && site_up pcp b 1 "$top/build/deps/lab/bin/miniupnpd" "$work" \
    && site_up public a 2 "" "$work" || broken "no network"
start server server turnserver -n --listening-ip=20.0.0.10 --listening-ip=20.0.0.11 --stun-only \
    --pidfile="$work/server.pid" --no-cli --no-tls --no-dtls --log-file=stdout --simple-log
answers() {
    lab_in lan-a "$wick" stun bind --server 20.0.0.10:3478
}
lab_wait 60 answers || broken "no STUN server"
# What strangers send to the mapping is counted, then dropped.
lab_in nat-b nft -f - <<'RULES' || broken "no rules"
table inet shut {
    chain forward {
        type filter hook forward priority -10; policy accept;
        ip saddr 20.0.0.11 udp sport 3479 counter drop
    }
}
RULES
strangers() {
    [ "$(lab_in nat-b nft list chain inet shut forward | sed -n 's/.*packets \([0-9]*\).*/\1/p')" -ge "$1" ]
}
pair_up
for name in a b; do
    pair_conf $name "[path]
stun = 20.0.0.10:3478
try_unvalidated = yes"
done
pair_manage
start listen lan-b "$wick" --config "$work/b/wick.conf" listen
until_ok 60 strangers 3
result $? a_stranger_is_sent_to_the_mapping
site_mapped b
result $? the_router_says_it_is_open
# Each trial has three datagrams sent: with the fourth, the first one has been judged.
until_ok 90 strangers 4 && ! grep -q '^published' "$work/listen.log"
result $? what_is_shut_is_not_published
lab_in nat-b nft delete table inet shut || broken "rules stay"
await 90 '^published .*place=primary kind=pcp endpoint=20.0.0.101:' listen
result $? what_is_open_is_published
start connect lan-a "$wick" --config "$work/a/wick.conf" connect gw-b --publish --send 'without a relay'
wait "$started"
result $? a_peer_connects
grep -q '^path .*source=direct endpoint=20.0.0.102:' "$work/connect.log"
result $? a_public_address_is_tried_too
grep -q '^handshake .*from=20.0.0.101:.*path=mapped' "$work/connect.log"
result $? by_the_mapping
grep -q '^echo .*text=without a relay' "$work/connect.log"
result $? payload_comes_back
[ "$bad" -eq 0 ] || sed 's/^/# connect: /' "$work/connect.log"
[ "$bad" -eq 0 ] || sed 's/^/# listen: /' "$work/listen.log"
[ "$bad" -eq 0 ] || sed 's/^/# server: /' "$work/server.log"
tap_end
