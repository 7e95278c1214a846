#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Sessions through a running wickd, on both sides and on one: connect, listen, register and publish by its
# socket, a second connect that asks no node; then what else goes over a session: TLS 1.3 and 1.2 to a
# published service, by the daemon and without, and raw, with the keys of both ends compared.
# usage: test_talks.sh <wick> <wick-wallet> <wickd>
set -u
wick=$1
wallet=$2
wickd=$3
suite=lab.talks
. "$WICK_SOURCE_DIR/unittest/lab/loopback.sh"

lab_start
for name in gw-a gw-b gw-c; do
    gateway $name
done
# No attestor reaches the services here: these two say that they try such endpoints.
cp "$dir/gw-c.conf" "$dir/gw-strict.conf"
printf '[path]\ntry_unvalidated = yes\n' | tee -a "$dir/gw-b.conf" >>"$dir/gw-c.conf"
lab_wallet
ready() { # NAME
    run "$1" status | grep -q '^ready *true'
}
for name in gw-a gw-b; do
    start "$name.wickd" "$wickd" --config "$dir/$name.conf"
done
listens() { # NAME: its daemon's socket is there
    run "$1" status >/dev/null 2>&1
}
until_ok 60 listens gw-a && until_ok 60 listens gw-b
want 0 '^registered .*epoch=1 .*tier=OWN_NODE .*by=wickd' register_by_daemon run gw-a register
want 0 '^published .*kind=relay .*by=wickd' publish_by_daemon run gw-a publish
until_ok 90 ready gw-a && until_ok 90 ready gw-b
result $? both_are_ready

# ---- listen and connect by the daemons
start listen.log "$wick" --config "$dir/gw-a.conf" listen
listener=$started
await 60 '^READY .*by=wickd' listen.log
result $? listen_by_daemon
want 1 'STATE: another application listens' one_listener run gw-a listen --once
want 0 '^done .*cached=false .*by=wickd' connect_by_daemons run gw-b connect gw-a --send 'by two daemons'
grep -q '^echo .*text=by two daemons' "$out"
result $? echo_is_ours
grep -q 'rpc_calls=[1-9]' "$out"
result $? first_asks_a_node
peer=$(run gw-b status | sed -n 's/^id *//p')
grep -q "^dtls .*peer=$peer" "$dir/listen.log"
result $? listener_knows_who_it_is
gone() { # the session before has ended on both sides
    [ "$(grep -c '^closed' "$dir/listen.log")" -ge "$1" ]
}
until_ok 30 gone 1
result $? listener_is_told_of_the_end

# ---- cached records: no node is asked, on neither side
want 0 '^done .*cached=true ' second_is_from_memory run gw-b connect gw-a --send again
until_ok 30 gone 2
calls() { # NAME: of its daemon, since it started
    run "$1" status --prometheus | sed -n 's/^wick_rpc_calls_total //p'
}
# A gateway reads for itself now and then: once without any is enough, for a session's reads would show
# each time.
sessions=2
asks_none() { # another session; how many times gw-b has asked, it says itself
    sessions=$((sessions + 1))
    before=$(calls gw-a)
    run gw-b connect gw-a >"$out" 2>&1 && until_ok 30 gone "$sessions" || return 1
    [ -n "$before" ] && [ "$before" = "$(calls gw-a)" ] && grep -q '^done .*rpc_calls=0 ' "$out"
}
asks_none || asks_none || asks_none || asks_none || asks_none || asks_none
result $? neither_side_asks_a_node
want 0 '^done .*cached=false .*rpc_calls=[1-9]' fresh_reads_anew run gw-b connect gw-a --fresh
until_ok 30 gone $((sessions + 1))

# ---- one agent calls a daemon, and a daemon an agent
want 0 '^registered ' register_without_a_daemon run gw-c register
! grep -q 'NOT_FOUND' "$out"
result $? nobody_misses_the_daemon
want 0 '^done .*handshake_ms=' connect_from_an_agent run gw-c connect gw-a --send 'from an agent'
want 1 'RECORD_ABSENT' connect_unknown run gw-b connect gw-nobody
want 1 'BAD_ARG' connect_oneself run gw-b connect gw-b
want 1 'UNSUPPORTED: --suite' suite_is_the_daemons run gw-b connect gw-a --suite secp256k1
want 1 'CONFIG' connect_no_registry run gw-b connect gw-a@x
ends=$(grep -c '^closed' "$dir/listen.log")
start open.log "$wick" --config "$dir/gw-b.conf" connect gw-a --for 600
held=$started
await 60 '^echo' open.log
want 1 'STATE: another application talks' connect_one_of_them run gw-b connect gw-a
want 1 'CONFIG' connect_open_but_no_registry run gw-b connect gw-a@x
kill -TERM "$held"
wait "$held"
until_ok 30 gone $((ends + 1))
kill -TERM "$listener"
wait "$listener"
result $? listen_stops
start once.log "$wick" --config "$dir/gw-a.conf" listen --once
once=$started
await 60 '^READY' once.log
want 0 '^kept .*echoed=[1-9]' connect_goes_on run gw-b connect gw-a --for 1
wait "$once"
result $? listen_once_ends

# ---- over TLS: a service by the daemon, and one by an agent
tls_port=$((base + 3))
start tls.log "$wick" --config "$dir/gw-a.conf" listen --over tls --port $tls_port \
    --address 127.0.0.1:$tls_port --service web
tls_job=$started
await 60 '^READY .*service=web' tls.log
result $? tls_service_by_daemon
want 0 '^tls .*version=1.3 .*suite=' tls_by_daemons run gw-b connect gw-a/web --over tls --send 'over tls'
grep -q '^echo .*text=over tls' "$out" && grep -q '^done .*lookup_ms=.*tls_ms=' "$out"
result $? tls_echo_is_ours
grep -q "^tls .*peer=$peer .*version=1.3" "$dir/tls.log"
result $? tls_server_knows_who_it_is
want 0 '^tls .*version=1.3' tls_from_an_agent run gw-c connect gw-a/web --over tls
want 1 'NO_ENDPOINT' tls_nobody_has_reached_it run gw-strict connect gw-a/web --over tls
want 1 'TLS' tls_other_version run gw-b connect gw-a/web --over tls12
want 1 'NO_ENDPOINT: gw-a: .*no usable endpoint for TCP' tls_needs_tcp run gw-b connect gw-a --over tls
grep -q 'remedy: .*wick service publish' "$out"
result $? tls_says_what_it_needs
want 1 'NO_ENDPOINT' tls_no_such_service run gw-b connect gw-a/none --over tls
kill -TERM "$tls_job"
wait "$tls_job"
result $? tls_listen_stops
withdrawn() { # that takes a transaction
    run gw-b lookup gw-a/web 2>&1 | grep -q NO_ENDPOINT
}
until_ok 60 withdrawn
want 1 'NO_ENDPOINT' tls_service_is_withdrawn run gw-b connect gw-a/web --over tls
want 2 '--over tls needs --port' tls_needs_a_port run gw-a listen --over tls
want 2 '--over takes' over_nothing_else run gw-b connect gw-a --over smoke
tls_port=$((base + 4))
start tls12.log "$wick" --config "$dir/gw-c.conf" listen --over tls12 --port $tls_port \
    --address 127.0.0.1:$tls_port --once
tls_job=$started
await 60 '^READY .*service=tls' tls12.log
result $? tls_service_by_an_agent
want 0 '^tls .*version=1.2' tls12_by_daemon run gw-b connect gw-c/tls --over tls12 --send 'over tls 1.2'
wait "$tls_job"
result $? tls_listen_once_ends

# ---- raw: the same key in a file on either side, and nothing else
mkdir "$dir/keys"
start raw.log "$wick" --config "$dir/gw-c.conf" listen --over raw --out "$dir/keys" --protocol tls13 \
    --once
raw_job=$started
await 60 '^READY' raw.log
result $? raw_listens
want 2 '--over raw needs --out' raw_needs_a_place run gw-b connect gw-c --over raw
want 0 '^identity *dpk1\.' raw_by_daemon run gw-b connect gw-c --over raw --protocol tls13 \
    --out "$dir/raw.key"
identity=$(sed -n 's/^identity *//p' "$out")
until_ok 30 grep -q "^raw .*identity=$identity" "$dir/raw.log"
result $? raw_same_identity
cmp -s "$dir/raw.key" "$dir/keys/$identity"
result $? raw_same_key
[ "$(stat -c %a "$dir/raw.key" "$dir/keys/$identity" | sort -u)" = 600 ]
result $? raw_files_are_ours_alone
ended() {
    ! kill -0 "$raw_job" 2>/dev/null
}
until_ok 30 ended
result $? raw_listen_once_ends
want 1 'UNSUPPORTED: .*keeps their keys' raw_listen_by_daemon run gw-a listen --over raw --out "$dir/keys"
tap_end
