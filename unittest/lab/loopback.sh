# SPDX-License-Identifier: Apache-2.0
# A chain (anvil), a stock TURN server (coturn, permissions on) and the wallet manager on the loopback
# interface, and gateways on them; sourced by tests that run the programs, which it starts again in a
# network of their own where it can. Needs: $wick, $wallet, $suite. Sets: $dir, $rpc, $rpc_port,
# $turn_port, $wallet_port, $base (ports from $base + 3 to $base + 99 are free for the test).

top=$WICK_SOURCE_DIR
deps=$top/build/deps
for program in "$deps/chain/bin/anvil" "$deps/chain/bin/cast" "$deps/lab/bin/turnserver"; do
    if [ ! -x "$program" ]; then
        echo "# SKIP no $(basename "$program"): run sh toolchain/bootstrap.sh --chain --lab"
        exit 77
    fi
done
command -v node >/dev/null || {
    echo "# SKIP no node"
    exit 77
}

. "$top/unittest/lab/topology.sh"
lab_alone "$@"

dir=$(mktemp -d) || exit 1
# The chain tools keep a cache below HOME: it goes with the rest.
HOME=$dir
export HOME
# Below the ports that the system gives to whoever asks.
base=$((10000 + $$ % 20000))
rpc_port=$base turn_port=$((base + 1)) wallet_port=$((base + 2)) relay_min=$((base + 100))
rpc=http://127.0.0.1:$rpc_port
jobs_running=
out=$dir/out
work=$dir chains_id=31337 chains_own=$rpc
. "$top/unittest/lab/tap.sh"
. "$top/unittest/lab/parts.sh"

start() { # <log> <command...>: in the background, ended with the script
    log=$1
    shift
    : >"$dir/$log" # here, so that nobody reads what an earlier one wrote
    "$@" >>"$dir/$log" 2>&1 </dev/null &
    started=$!
    jobs_running="$jobs_running $started"
}
finish() {
    for job in $jobs_running; do
        kill "$job" 2>/dev/null
        kill -CONT "$job" 2>/dev/null # what a test has stopped
    done
    wait
    rm -rf "$dir"
}
trap finish EXIT
trap 'exit 1' INT TERM

await() { # <seconds> <pattern> <log>: until the line is there
    until_ok "$1" grep -q -e "$2" "$dir/$3" && return 0
    echo "# no '$2' in $3:"
    sed 's/^/#   /' "$dir/$3"
    return 1
}

cast() { # <arguments...>
    "$deps/chain/bin/cast" "$@" --rpc-url "$rpc"
}

# The chain, its contracts, the relay, the wallet manager.
lab_start() {
    start anvil.log "$deps/chain/bin/anvil" --port "$rpc_port" --chain-id 31337
    anvil_job=$started
    await 60 'Listening on' anvil.log || exit 1
    mkdir "$dir/devices"
    parts_manager "127.0.0.1:$wallet_port" lab relay.secret >"$dir/manager.conf"
    manager=$("$wallet" --config "$dir/manager.conf" new-key) || exit 1
    cast rpc anvil_setBalance "$manager" 0x56bc75e2d63100000 >/dev/null || exit 1
    node "$top/contracts/deploy.mjs" --rpc "$rpc" --org lab --manager "$manager" \
        >"$dir/addresses" || exit 1
    registry=$(parts_registry "$dir/addresses")
    parts_manager "127.0.0.1:$wallet_port" lab relay.secret >"$dir/manager.conf"
    umask 077
    parts_hex 16 >"$dir/relay.secret"
    # In a file, for the list of processes shows arguments to everybody.
    parts_relay turn 127.0.0.1 "$(cat "$dir/relay.secret")" "listening-port=$turn_port" \
        "min-port=$relay_min" "max-port=$((relay_min + 99))" no-tls allow-loopback-peers \
        >"$dir/relay.conf"
    start turn.log "$deps/lab/bin/turnserver" -c "$dir/relay.conf"
    until_ok 60 turn_listens || exit 1
}
turn_listens() {
    ss -Hlun | grep -q ":$turn_port "
}

lab_wallet() { # after the gateways have been announced
    start wallet.log "$wallet" --config "$dir/manager.conf"
    await 60 '^READY' wallet.log || exit 1
}

gateway() { # <name> [rsa]: keys, configuration, and the factory's announcement
    parts_provision "$1" "$dir/$1." "$dir/devices"
    parts_gateway "$1" "$1." "127.0.0.1:$wallet_port" >"$dir/$1.conf" <<EOF
[chain.lab]
chain_id = $chains_id
rule = own_node
[rpc]
chain = lab
url = $rpc
EOF
    printf '[relay]\nserver = 127.0.0.1:%s\nallow_private = yes\n' "$turn_port" >>"$dir/$1.conf"
    "$wick" --config "$dir/$1.conf" id new "$1" --type "${2:-secp256k1}" >/dev/null || exit 1
}

run() { # <name> <arguments...>
    name=$1
    shift
    "$wick" --config "$dir/$name.conf" "$@"
}
