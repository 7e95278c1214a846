#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A gateway whose router lets no datagram out reaches a peer, and is to be reached, through coturn over
# TLS; that the network of the other one moves ends neither the session nor its place in the record, for
# coturn gives tickets (RFC 8016). What crosses the router is read from the router's counters.
# usage: test_over.sh <wick> <wick-wallet>
set -u
wick=$1
wallet=$2
suite=lab.over
. "$WICK_SOURCE_DIR/unittest/lab/pair.sh"
command -v openssl >/dev/null 2>&1 || { echo "1..0 # SKIP no openssl: it makes the certificate"; exit 77; }
pair_enter "$@"

lab_prepare && lab_wan && lab_host turn 20.0.0.10 && lab_host chain 20.0.0.20 \
    && lab_nat a 20.0.0.1 10.10.1 "" && lab_nat b 20.0.0.2 10.10.2 fully-random || broken "no network"
lab_in nat-a nft -f - <<'RULES' || broken "no rules"
table inet lab {
    chain datagrams {
        type filter hook forward priority -10; policy accept;
        meta l4proto udp counter drop
    }
    chain streams {
        type filter hook forward priority -9; policy accept;
        tcp dport 5349 counter
    }
}
RULES
streams() { # packets to relays over TLS
    lab_in nat-a nft list chain inet lab streams | sed -n 's/.*packets \([0-9]*\).*/\1/p'
}
openssl req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -days 30 -subj /CN=relay \
    -addext subjectAltName=IP:20.0.0.10 -keyout "$work/relay.key" -out "$work/relay.pem" \
    >"$work/openssl.log" 2>&1 || broken "no certificate"
pair_relay turn 20.0.0.10 mobility "cert=$work/relay.pem" "pkey=$work/relay.key"
pair_up 20.0.0.10:3478
pair_conf a "[relay]
ca_file = $work/relay.pem"
pair_conf b
pair_manage
start listen lan-b "$wick" --config "$work/b/wick.conf" listen
await 120 '^READY' listen || broken "gw-b does not get ready"
start connect lan-a "$wick" --config "$work/a/wick.conf" connect gw-b --send 'by a stream' --for 600 \
    --publish
caller=$started

await 120 '^echo ' connect
result $? a_gateway_without_datagrams_reaches_a_peer
seen=$(streams)
more() {
    [ "$(streams)" -gt $((seen + 8)) ]
}
until_ok 60 more
result $? its_payload_goes_by_tls
until_ok 60 grep -q '^published .*endpoint=20.0.0.10:' "$work/connect.log"
result $? it_is_found_at_its_relay
lab_in turn ss -Htn | grep -q ':5349 .*20\.0\.0\.1:'
result $? the_relay_has_a_stream_of_it

# ---- a network that moves: the other gateway keeps its relayed address by its ticket. Over a stream
# coturn 4.6 answers a ticket with bytes that are no message, and the allocation is another one.
echoes() {
    grep -c '^echo' "$work/listen.log"
}
goes_on() {
    [ "$(echoes)" -gt $((seen + 4)) ]
}
published() { # NAME: how often
    grep -c '^published' "$work/$1.log"
}
before=$(published listen)
# Another address on the same interface, behind a symmetric NAT; at no time none, which may take seconds on a
# busy machine and is another story.
lab_in lan-b sh -c 'echo 1 >/proc/sys/net/ipv4/conf/eth0/promote_secondaries' \
    && lab_in lan-b ip addr add 10.10.2.11/24 dev eth0 && lab_in lan-b ip addr del 10.10.2.10/24 dev eth0 \
    && lab_in lan-b ip route replace default via 10.10.2.1 || broken "no other address"
lab_in lan-b ip -4 addr show dev eth0 | grep -q '10\.10\.2\.11' || broken "no other address"
seen=$(($(echoes) + 4))
until_ok 60 goes_on
result $? the_session_goes_on_from_another_address
[ "$(published listen)" = "$before" ]
result $? nothing_is_published
! grep -q 'session-down' "$work/connect.log" && ! grep -q session-down "$work/listen.log"
result $? no_session_was_lost
kill -TERM "$caller"
wait "$caller"
result $? ends_by_itself
echo "# $(grep '^kept' "$work/connect.log")"
[ "$bad" -eq 0 ] || sed 's/^/# connect: /' "$work/connect.log"
[ "$bad" -eq 0 ] || sed 's/^/# listen: /' "$work/listen.log"
[ "$bad" -eq 0 ] || sed 's/^/# turn: /' "$work/turn.log"
tap_end
