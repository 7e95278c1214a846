# SPDX-License-Identifier: Apache-2.0
# A chain (anvil), a stock TURN server (coturn, permissions on) and the wallet manager on the loopback
# interface, and gateways on them; sourced by tests that run the programs. Needs: $wick, $wallet,
# $suite. Sets: $dir, $rpc, $rpc_port, $turn_port, $wallet_port, $base (ports from $base + 3 to
# $base + 9 are free for the test).

deps=$WICK_SOURCE_DIR/build/deps
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

dir=$(mktemp -d) || exit 1
# The chain tools keep a cache below HOME: it goes with the rest.
HOME=$dir
export HOME
base=$((20000 + $$ % 20000))
rpc_port=$base turn_port=$((base + 1)) wallet_port=$((base + 2)) relay_min=$((base + 10))
rpc=http://127.0.0.1:$rpc_port
jobs_running=
out=$dir/out
. "$WICK_SOURCE_DIR/unittest/lab/tap.sh"

start() { # <log> <command...>: in the background, ended with the script
    log=$1
    shift
    "$@" >"$dir/$log" 2>&1 </dev/null &
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
    cat >"$dir/manager.conf" <<EOF
[chain.lab]
chain_id = 31337
rule = own_node
[rpc]
chain = lab
url = $rpc
[manager]
listen = 127.0.0.1:$wallet_port
org = lab
key_file = manager.key
devices_dir = devices
ledger_file = ledger
relay_secret_file = relay.secret
EOF
    manager=$("$wallet" --config "$dir/manager.conf" new-key) || exit 1
    cast rpc anvil_setBalance "$manager" 0x56bc75e2d63100000 >/dev/null || exit 1
    node "$WICK_SOURCE_DIR/contracts/deploy.mjs" --rpc "$rpc" --org lab --manager "$manager" \
        >"$dir/addresses" || exit 1
    {
        echo '[registry.lab]'
        echo 'chain = lab'
        cat "$dir/addresses"
    } >>"$dir/manager.conf"
    umask 077
    echo "static-secret-$$" >"$dir/relay.secret"
    # In a file, for the list of processes shows arguments to everybody.
    cat >"$dir/relay.conf" <<EOF
listening-ip=127.0.0.1
relay-ip=127.0.0.1
listening-port=$turn_port
min-port=$relay_min
max-port=$((relay_min + 90))
use-auth-secret
static-auth-secret=$(cat "$dir/relay.secret")
realm=lab.example
allow-loopback-peers
no-cli
no-tls
no-dtls
no-rfc5780
pidfile=$dir/turn.pid
userdb=$dir/turn.db
log-file=stdout
simple-log
EOF
    start turn.log "$deps/lab/bin/turnserver" -c "$dir/relay.conf"
}

lab_wallet() { # after the gateways have been announced
    start wallet.log "$wallet" --config "$dir/manager.conf"
    await 60 '^READY' wallet.log || exit 1
}

gateway() { # <name>: keys, configuration, and the factory's announcement
    psk=$(printf '%s' "$1" | cksum | cut -d' ' -f1)
    psk=$(printf '%064d' "$psk")
    printf '{"name":"%s","psk":"0x%s","token":"token-%s"}\n' "$1" "$psk" "$1" \
        >"$dir/devices/$1"
    echo "$psk" >"$dir/$1.psk"
    echo "token-$1" >"$dir/$1.token"
    cat >"$dir/$1.conf" <<EOF
[identity]
name = $1
wallet_key_file = $1.wallet.key
device_key_file = $1.device.key
store_dir = $1.store
[chain.lab]
chain_id = 31337
rule = own_node
[rpc]
chain = lab
url = $rpc
[registry.lab]
chain = lab
$(cat "$dir/addresses")
[wallet]
address = 127.0.0.1:$wallet_port
psk_identity = $1
psk_file = $1.psk
token_file = $1.token
[relay]
server = 127.0.0.1:$turn_port
allow_private = yes
EOF
    "$wick" --config "$dir/$1.conf" id new "$1" >/dev/null || exit 1
}

run() { # <name> <arguments...>
    name=$1
    shift
    "$wick" --config "$dir/$name.conf" "$@"
}
