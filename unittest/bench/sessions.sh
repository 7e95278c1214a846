#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a session costs, beside its peers: bytes on the wire, instructions of a side, static RAM of a session
# and of a half-open handshake, here and on a Cortex-M4 (emulated). Called by run.sh, whose counts it reads.
# mbedtls is measured in the same run; the other peers' figures are as published or measured once:
#
#   EDHOC     uoscore-uedhoc 002de27, its benchmarks.md on an nRF52840: static DH, credentials by reference;
#             the RAM is stack alone
#   tinydtls  8a9e048 (0.8.6), PSK-CCM8, gcc -Os, callgrind; the RAM is heap and stack of one side
set -u
cd "$(dirname "$0")/../.." || exit 2
bench=build/bench/unittest
mkdir -p build/run
[ -s build/run/bench-dtls_ecdhe_server.log ] || { echo "sessions.sh: run unittest/bench/run.sh" >&2; exit 2; }

count() { # PRESET CASE: instructions
    sed -n 's/.*Collected : \([0-9]*\).*/\1/p' "build/run/$1-$2.log"
}
wire() { # PROGRAM CASE FIELD
    "$bench/$1" --measure "$2" 2>&1 | sed -n 's/^wire //p' | cut -d ' ' -f "$3"
}
costs() { # PRESET FILE: runs unit.session_costs and keeps its figures
    { cmake --preset "$1" && cmake --build --preset "$1" --target test_unit_session_costs -j 2; } \
        >"$2.build" 2>&1 && (cd "build/$1" && ctest -V -R '^unit\.session_costs$') >"$2" 2>&1 || : >"$2"
}
figure() { # FILE NAME [SUITE]
    value=$(sed -e 's/^[0-9]*: //' "$1" | awk -v suite="${3:-}" -v name="$2" '
        $2 == "of" { of = $3 }
        $2 == "figure" && $3 == name && (suite == "" || suite == of) { print $4; exit }')
    echo "${value:--}"
}
here=build/run/costs.bench m4=build/run/costs.m4
costs bench $here
: >$m4
if command -v arm-none-eabi-gcc >/dev/null && command -v qemu-system-arm >/dev/null; then
    costs cortex-m4 $m4
fi
[ "$(figure $here half_open)" != - ] || { echo "sessions.sh: no figures; see $here" >&2; exit 1; }

way='%-44s %13s %13s %13s\n'
# shellcheck disable=SC2059
row() {
    printf "$way" "$@"
}
sum() {
    echo "$1" "$2" | awk '{ print $1 + $2 }'
}
psk=$(wire bench_connect dtls_psk_client 1)
nsl=$(wire bench_nsl nsl_initiator 1) cookie=$(wire bench_nsl nsl_initiator 3)
row "a session's set-up" "bytes" "instr. client" "instr. server"
row "NSL secp256k1, cookie round left out" "$nsl" - -
row "NSL secp256k1" "$cookie" "$(count bench nsl_initiator)" "$(count bench nsl_responder)"
row "  secp256k1 as built for a microcontroller" "$cookie" "$(count bench-small nsl_initiator)" "$(count bench-small nsl_responder)"
row "NSL RSA-2048, cookie round left out" "$(wire bench_nsl nsl_rsa_initiator 1)" - -
row "NSL RSA-2048" "$(wire bench_nsl nsl_rsa_initiator 3)" "$(count bench nsl_rsa_initiator)" "$(count bench nsl_rsa_responder)"
row "DTLS-PSK-CCM8 (mbedtls)" "$psk" "$(count bench dtls_psk_client)" "$(count bench dtls_psk_server)"
row "NSL secp256k1 and DTLS-PSK" "$(sum "$cookie" "$psk")" "$(count bench connect_initiator)" "$(count bench connect_responder)"
row "  secp256k1 as built for a microcontroller" "$(sum "$cookie" "$psk")" "$(count bench-small connect_initiator)" "$(count bench-small connect_responder)"
row "peer: mbedtls ECDHE-PSK-ChaCha20, same run" "$(wire bench_connect dtls_ecdhe_client 1)" "$(count bench dtls_ecdhe_client)" "$(count bench dtls_ecdhe_server)"
row "peer: tinydtls PSK-CCM8 (no fresh key)" 490 370000 420000
row "peer: EDHOC, static DH / by reference / X.509" "101/242/808" "not measured" "not measured"
echo
ram() { # TEXT FIGURE [SUITE]
    row "$1" "$(figure $here "$2" "${3:-}")" "$(figure $m4 "$2" "${3:-}")" "${4:-}"
}
row "static RAM, bytes; the heap is not used" "64-bit" "Cortex-M4" ""
ram "half-open handshake (a responder's entry)" half_open
ram "run of an initiator" run
ram "session of the agent, keys included" session
ram "DTLS of a session, datagrams included" dtls
ram "  and of mbedtls's pool, client" pool_client psk_ccm8
ram "  and of mbedtls's pool, server" pool_server psk_ccm8
ram "  most during its handshake, client" pool_client_peak psk_ccm8
ram "  most during its handshake, server" pool_server_peak psk_ccm8
ram "peer: mbedtls ECDHE-PSK, client, most" pool_client_peak ecdhe_psk
ram "peer: mbedtls ECDHE-PSK, server, most" pool_server_peak ecdhe_psk
row "peer: tinydtls, heap and stack of a side" - "1900 + 3200"
row "peer: EDHOC, initiator / responder" - "5639 / 6656"
echo "(64-bit has RSA-2048 and buffers for records of 16 KB in its build, the Cortex-M4 neither)"
