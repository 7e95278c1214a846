#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The registry of core against its contracts on a real node: deploys them on anvil, with today's
# rules and with those of London, and lets the program compare every word and refusal.
#   registry.sh PROGRAM [RULES]      RULES: only these, but where WICK_FULL says all
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd -P)
program=$1
all='london osaka'
if [ -n "${WICK_FULL:-}" ]; then
    WICK_LAB_CALLS=${WICK_LAB_CALLS:-1500}
    export WICK_LAB_CALLS
else
    all=${2:-$all}
fi
WICK_CHAIN_DIR=${WICK_CHAIN_DIR:-$top/build/deps/chain}
export WICK_CHAIN_DIR
if [ ! -x "$WICK_CHAIN_DIR/bin/anvil" ] || ! command -v node >/dev/null 2>&1; then
    echo "1..0 # SKIP no anvil below build/deps/chain: run toolchain/bootstrap.sh --chain"
    exit 77
fi

work=$(mktemp -d)
# The chain tools keep a cache below HOME: it goes with the rest.
HOME=$work
export HOME
node_pid=
# Clean-up: whether the node was still there to be ended says nothing about the registry.
stop() {
    if [ -n "$node_pid" ]; then
        kill "$node_pid" 2>/dev/null || :
        wait "$node_pid" 2>/dev/null || :
        node_pid=
    fi
}
trap 'stop; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT PIPE TERM

# A port of its own for the node: port 0 lets the system choose, and the node says which it was.
start() {
    rm -f "$work/anvil.log" && : >"$work/anvil.log"
    "$WICK_CHAIN_DIR/bin/anvil" --port 0 --hardfork "$1" >>"$work/anvil.log" 2>&1 &
    node_pid=$!
    tries=0
    until url=$(sed -n 's/^Listening on \(127\.0\.0\.1:[1-9][0-9]*\)$/http:\/\/\1/p' \
        "$work/anvil.log") && [ -n "$url" ]; do
        tries=$((tries + 1))
        if [ "$tries" -gt 600 ] || ! kill -0 "$node_pid" 2>/dev/null; then
            sed 's/^/# /' "$work/anvil.log"
            echo "not ok - anvil does not start"
            exit 1
        fi
        sleep 0.1
    done
}

# What the contracts can be called, tell and refuse: name, kind, signature.
node -e '
const { readFileSync } = require("node:fs");
for (const name of ["DeviceRegistry", "RelayRegistry", "ReleaseIndex"]) {
    const { abi } = JSON.parse(readFileSync(`${process.argv[1]}/contracts/artifacts/${name}.json`));
    for (const { type, name: what, inputs, stateMutability } of abi.filter((e) => e.name)) {
        const kind = stateMutability === "view" ? "view" : type;
        console.log(name, kind, `${what}(${inputs.map((i) => i.type)})`);
    }
}' "$top" >"$work/methods"

bad=0
for rules in $all; do
    start "$rules"
    # The manager is the second account of anvil, whose key everybody knows; the first one is admin.
    # With today's rules it alone creates products, with London's anybody.
    manager=0x70997970C51812dc3A010C7d01b50e0d17dc79C8
    registrar=0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266
    [ "$rules" != london ] || registrar=0x0000000000000000000000000000000000000000
    node "$top/contracts/deploy.mjs" --rpc "$url" --org capillary --manager "$manager" \
        --registrar "$registrar" >"$work/conf"
    echo "# $rules rules"
    WICK_LAB_RPC=$url \
        WICK_LAB_DEVICES=$(sed -n 's/^device_registry=//p' "$work/conf") \
        WICK_LAB_RELAYS=$(sed -n 's/^relay_registry=//p' "$work/conf") \
        WICK_LAB_RELEASES=$(sed -n 's/^release_index=//p' "$work/conf") WICK_LAB_METHODS=$work/methods \
        "$program" || bad=1
    stop
done
exit "$bad"
