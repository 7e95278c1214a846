#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Session set-up between two daemons, each part timed: look-up, handshake, DTLS, first echo; with records
# read anew on both sides (cold), and with remembered ones (cached; wick/peer_cache.h). Each run is a
# session of its own, which is ended after the echo. Chain, relay and both gateways are on the loopback
# interface; both gateways speak through the relay first. Figures of this machine now: not a test.
# usage: setup_times.sh [RUNS]; programs of the release build, or below WICK_PROGRAMS
set -u
top=$(cd "$(dirname "$0")/../.." && pwd -P)
runs=${1:-20}
programs=${WICK_PROGRAMS:-$top/build/release/examples}
wick=$programs/wick
wallet=$programs/wick-wallet
wickd=$programs/wickd
suite=lab.setup
WICK_SOURCE_DIR=$top
export WICK_SOURCE_DIR
. "$top/unittest/lab/loopback.sh"

lab_start
for name in gw-a gw-b gw-c gw-d; do
    gateway $name
done
lab_wallet
# gw-c and gw-d remember nothing.
for name in gw-c gw-d; do
    printf 'cache_s = 0\n' >"$dir/line"
    sed -i -e '/^rule = own_node/r '"$dir/line" "$dir/$name.conf"
done
ready() { # NAME
    run "$1" status | grep -q '^ready *true'
}
for name in gw-a gw-b gw-c gw-d; do
    start "$name.wickd" "$wickd" --config "$dir/$name.conf"
done
for name in gw-a gw-b gw-c gw-d; do
    until_ok 90 ready $name || { echo "setup_times: $name does not get ready"; exit 1; }
done
for name in gw-a gw-c; do
    start "$name.listen" "$wick" --config "$dir/$name.conf" listen
    await 60 '^READY' "$name.listen" || exit 1
done

free() { # CALLER: the session before has ended
    run "$1" status | grep -q '^sessions *0'
}
measure() { # CALLER PEER FILE
    : >"$dir/$3"
    made=0
    while [ $made -lt "$runs" ]; do
        run "$1" connect "$2" >"$out" 2>&1 || { cat "$out"; exit 1; }
        grep '^done' "$out" >>"$dir/$3"
        made=$((made + 1))
        until_ok 30 free "$1" || exit 1
    done
}
part() { # FILE PART: minimum and median
    sed -n "s/.* $2=\([0-9.]*\).*/\1/p" "$dir/$1" | sort -n |
        awk '{v[NR] = $1} END {printf "%8.1f %8.1f", v[1], v[int((NR + 1) / 2)]}'
}
run gw-b connect gw-a >/dev/null 2>&1 # so that both remember each other
until_ok 30 free gw-b
measure gw-d gw-c cold
measure gw-b gw-a cached
printf '%-34s %17s %17s\n' "milliseconds, $runs runs" "cold  min  median" "cached  min  median"
for p in lookup handshake dtls echo; do
    printf '%-34s %s %s\n' "$p" "$(part cold ${p}_ms)" "$(part cached ${p}_ms)"
done
sum() { # FILE
    sed -n 's/.*lookup_ms=\([0-9.]*\) handshake_ms=\([0-9.]*\) dtls_ms=\([0-9.]*\).* echo_ms=\([0-9.]*\).*/\1 \2 \3 \4/p' \
        "$dir/$1" | awk '{print $1 + $2 + $3 + $4}' | sort -n |
        awk '{v[NR] = $1} END {printf "%8.1f %8.1f", v[1], v[int((NR + 1) / 2)]}'
}
printf '%-34s %s %s\n' "all (the papers: 245)" "$(sum cold)" "$(sum cached)"
printf '%-34s %17s %17s\n' "questions to a node, each run" \
    "$(sed -n 's/.*rpc_calls=\([0-9]*\).*/\1/p' "$dir/cold" | sort -n | tail -n 1)" \
    "$(sed -n 's/.*rpc_calls=\([0-9]*\).*/\1/p' "$dir/cached" | sort -n | tail -n 1)"
grep -c 'cached=true' "$dir/cached" | sed "s/^/remembered on this side: /; s/\$/ of $runs/"
