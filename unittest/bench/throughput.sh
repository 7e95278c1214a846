#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Goodput of an established DTLS 1.2 PSK session over the loopback interface, ours beside openssl
# s_client and s_server, in turn and by the same records. Figures of this machine now; the ratio is what
# can be compared: three rounds of each, in turn, are added. usage: throughput.sh [SECONDS]
set -u
top=$(cd "$(dirname "$0")/../.." && pwd -P)
cd "$top" || exit 2
seconds=${1:-1}
command -v openssl >/dev/null || { echo "throughput: there is no openssl"; exit 77; }
mkdir -p build/run
[ -n "${WICK_THROUGHPUT:-}" ] || { cmake --preset bench && cmake --build --preset bench --target dtls_throughput -j 2; } \
    >build/run/throughput.build 2>&1 || { tail -n 20 build/run/throughput.build; exit 1; }
program=${WICK_THROUGHPUT:-build/bench/unittest/dtls_throughput}
printf '%-28s %12s %12s %8s\n' "DTLS 1.2, 1136-byte records" "wick MB/s" "openssl MB/s" ratio
i=0
for name in PSK-CHACHA20-POLY1305 PSK-AES128-GCM PSK-AES128-CCM8 ECDHE-PSK-CHACHA20-POLY1305; do
    rows=
    for _ in 1 2 3; do
        ours=$("$program" wick $i "$seconds") && theirs=$("$program" openssl $i "$seconds") || exit 1
        rows="$rows $ours $theirs"
    done
    echo "$name$rows" | awk '{
        ours = ($2 + $4 + $6) / 3e6; theirs = ($3 + $5 + $7) / 3e6
        printf "%-28s %12.1f %12.1f %8.2f\n", $1, ours, theirs, ours / theirs
    }'
    i=$((i + 1))
done
