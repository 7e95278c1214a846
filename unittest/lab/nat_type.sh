#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# wick stun nat-type and bind behind NATs that nftables makes, against coturn with two addresses: what is
# found is what was built (RFC 5780).
#   nat_type.sh WICK
set -u
top=$(cd "$(dirname "$0")/../.." && pwd -P)
wick=$1
lab=$top/build/deps/lab/bin
. "$top/unittest/lab/topology.sh"
lab_need turnserver
lab_inside "$@"

# ---- inside the namespaces: everything started here ends with this shell ----

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
n=0 bad=0
want() { # FILE PATTERN WHAT
    n=$((n + 1))
    if grep -q "$2" "$work/$1"; then
        echo "ok $n - lab.nat_type.$3"
    else
        echo "not ok $n - lab.nat_type.$3"
        sed 's/^/#   /' "$work/$1"
        bad=$((bad + 1))
    fi
}

lab_prepare && lab_wan && lab_host server 20.0.0.10 20.0.0.11 && lab_host open 20.0.0.30 &&
    lab_nat a 20.0.0.1 10.10.1 "" && lab_nat b 20.0.0.2 10.10.2 fully-random || {
    echo "not ok 1 - lab.nat_type # no network"
    exit 1
}
lab_in server turnserver -n --listening-ip=20.0.0.10 --listening-ip=20.0.0.11 --relay-ip=20.0.0.10 \
    --pidfile="$work/pid" --no-cli --no-tls --no-dtls --no-auth --log-file=stdout --simple-log \
    >"$work/server" 2>&1 &
tries=0
until lab_in open "$wick" stun bind --server 20.0.0.10:3478 --local 20.0.0.30:7000 >"$work/bind" 2>&1; do
    tries=$((tries + 1)) # nobody listens yet
    [ "$tries" -lt 1200 ] || break
    sleep 0.1
done
want bind 'reflexive=20.0.0.30:7000 .*translated=false' bind_public
for place in open lan-a lan-b; do
    set -- --server 20.0.0.10:3478
    [ $place != open ] || set -- "$@" --local 20.0.0.30:7001 # it has no router to tell by
    lab_in $place "$wick" stun nat-type "$@" >"$work/$place" 2>&1 &
    pids="${pids:-} $!"
done
lab_in lan-a "$wick" stun bind --server 20.0.0.10:3478 >"$work/bind-a" 2>&1
want bind-a 'reflexive=20.0.0.1:.*translated=true' bind_behind_nat
# shellcheck disable=SC2086
wait $pids
want open '^mapping *none$' public_mapping
want open '^filtering *endpoint-independent$' public_filtering
want lan-a '^mapping *endpoint-independent$' port_kept_mapping
want lan-a '^filtering *address-and-port-dependent$' port_kept_filtering
want lan-a '^port_kept *yes$' port_kept
want lan-a '^symmetric *false$' port_kept_is_not_symmetric
want lan-b '^mapping *address-and-port-dependent$' symmetric_mapping
want lan-b '^filtering *address-and-port-dependent$' symmetric_filtering
want lan-b '^port_kept *no$' symmetric_port
want lan-b '^symmetric *true$' symmetric
echo "1..$n"
[ "$bad" = 0 ]
