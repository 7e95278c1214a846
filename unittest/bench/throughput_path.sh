#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Goodput of an established DTLS 1.2 PSK session on the paths that sessions of gateways take, ours beside
# openssl s_client and s_server on the same path in the same run, in namespaces as the lab makes them:
#
#   direct  lan-a - NAT - wan - NAT with the port forwarded, as PCP does - lan-b
#   relay   lan-a - NAT - wan - coturn, permissions on - NAT - lan-b
#
# Both NATs are symmetric. The server has its allocation by turn_pump, whichever program it is, so that both
# go the same way. Figures of this machine now; the ratio is what can be compared: three rounds of each, in
# turn, are added. Only on a machine that is idle otherwise: openssl is fed and read by processes of their own,
# so that it has four shares of a busy processor where ours has two. usage: throughput_path.sh [SECONDS]
set -u
top=$(cd "$(dirname "$0")/../.." && pwd -P)
cd "$top" || exit 2
seconds=${1:-2}
bin=${WICK_BENCH_PROGRAMS:-$top/build/bench/unittest}
. "$top/unittest/lab/topology.sh"
if [ -z "${LAB_INSIDE:-}" ]; then
    command -v openssl >/dev/null || { echo "1..0 # SKIP there is no openssl"; exit 77; }
    mkdir -p build/run
    if [ -z "${WICK_BENCH_PROGRAMS:-}" ]; then
        { sh toolchain/bootstrap.sh core deps lab && cmake --preset bench &&
            cmake --build --preset bench --target dtls_throughput turn_pump -j 2; } \
            >build/run/throughput.build 2>&1 || { tail -n 20 build/run/throughput.build; exit 1; }
    fi
    lab_need turnserver
fi
lab_inside "$@"

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
broken() {
    echo "throughput_path: $*" >&2
    cat "$work"/*.log >&2
    exit 1
}
lab_up || broken "no network"
listens() { # NAMESPACE PORT
    lab_in "$1" ss -Hlun | grep -q ":$2 "
}

cat >"$work/turn.conf" <<CONF
listening-ip=20.0.0.10
relay-ip=20.0.0.10
realm=relay.example
lt-cred-mech
user=bench:bench-password
no-cli
no-tls
no-dtls
no-rfc5780
pidfile=$work/turn.pid
userdb=$work/turn.db
log-file=stdout
simple-log
CONF
lab_in turn "$top/build/deps/lab/bin/turnserver" -c "$work/turn.conf" >"$work/turn.log" 2>&1 </dev/null &
lab_wait 30 listens turn 3478 || broken "coturn does not listen"
lab_in nat-b nft add rule ip nat prerouting iifname ext udp dport 7000 dnat to 10.10.2.10
lab_in nat-b nft add rule inet fw forward iifname ext ct status dnat accept

# One figure: run_one WHO SUITE SERVED-AT SENT-TO; bytes a second in $figure. Each wait has an end.
run_one() {
    limit=$((${seconds%.*} + 45))
    port=${3##*:}
    : >"$work/figure"
    ip netns exec lan-b timeout -k 2 $limit "$bin/dtls_throughput" "$1" "$2" "$seconds" receive "$3" \
        >"$work/figure" 2>"$work/receive.log" </dev/null &
    receiver=$!
    lab_wait 20 listens lan-b "$port" || broken "$1 does not serve"
    ip netns exec lan-a timeout -k 2 $limit "$bin/dtls_throughput" "$1" "$2" "$seconds" send "$4" \
        >"$work/send.log" 2>&1 </dev/null &
    sender=$!
    wait $receiver || broken "$1 by $path: nothing came"
    kill $sender 2>/dev/null
    wait $sender 2>/dev/null
    figure=$(cat "$work/figure")
}

relayed() {
    [ -s "$work/relayed" ]
}
row() { # PATH SUITE NAME
    path=$1
    rows=
    for _ in 1 2 3; do
        for who in wick openssl; do
            if [ "$path" = relay ]; then
                # Allocated anew each time: no channel and no queue of the run before.
                : >"$work/relayed"
                ip netns exec lan-b "$bin/turn_pump" 127.0.0.1:7001 bench bench-password \
                    20.0.0.10:3478 20.0.0.1 >"$work/relayed" 2>"$work/pump.log" </dev/null &
                pump=$!
                lab_wait 30 relayed || broken "no allocation"
                run_one $who "$2" 127.0.0.1:7001 "$(cat "$work/relayed")"
                kill $pump 2>/dev/null
                wait $pump 2>/dev/null
            else
                run_one $who "$2" 10.10.2.10:7000 20.0.0.2:7000
            fi
            rows="$rows $figure"
        done
    done
    echo "$path $3$rows" | awk '{
        ours = ($3 + $5 + $7) / 3e6; theirs = ($4 + $6 + $8) / 3e6
        printf "%-7s %-28s %12.1f %12.1f %8.2f\n", $1, $2, ours, theirs, ours / theirs
    }'
}
printf '%-36s %12s %12s %8s\n' "path, DTLS 1.2, 1136-byte records" "wick MB/s" "openssl MB/s" ratio
for way in direct relay; do
    row $way 0 PSK-CHACHA20-POLY1305
    row $way 1 PSK-AES128-GCM
    row $way 2 PSK-AES128-CCM8
done
