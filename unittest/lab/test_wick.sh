#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The programs against a real chain (anvil), a stock TURN server (coturn, permissions on) and the
# wallet manager, all on the loopback interface: register, lookup, listen, connect, and what each
# says when a part is missing or lies.
# usage: test_wick.sh <wick> <wick-wallet> <01_lookup>
set -u
wick=$1
wallet=$2
example=$3
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
n=0
bad=0

start() { # <log> <command...>: in the background, ended with the script
    log=$1
    shift
    "$@" >"$dir/$log" 2>&1 &
    started=$!
    jobs_running="$jobs_running $started"
}
finish() {
    for job in $jobs_running; do
        kill "$job" 2>/dev/null
    done
    wait
    rm -rf "$dir"
}
trap finish EXIT
trap 'exit 1' INT TERM

await() { # <seconds> <pattern> <log>: until the line is there
    tries=$(($1 * 20))
    until grep -q -e "$2" "$dir/$3" 2>/dev/null; do
        tries=$((tries - 1))
        if [ "$tries" -le 0 ]; then
            echo "# no '$2' in $3:"
            sed 's/^/#   /' "$dir/$3"
            return 1
        fi
        sleep 0.05
    done
}
result() { # <ok?> <what>
    n=$((n + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $n - lab.wick.$2"
    else
        echo "not ok $n - lab.wick.$2"
        bad=$((bad + 1))
    fi
}
want() { # <exit code> <pattern> <what> <command...>
    code=$1 pattern=$2 what=$3
    shift 3
    "$@" >"$dir/out" 2>&1 </dev/null
    got=$?
    if [ "$got" -eq "$code" ] && grep -q -e "$pattern" "$dir/out"; then
        result 0 "$what"
    else
        echo "# exit $got, not $code, or no '$pattern' in:"
        sed 's/^/#   /' "$dir/out"
        result 1 "$what"
    fi
}

# ---- the chain, its contracts, the relay, the wallet manager
start anvil.log "$deps/chain/bin/anvil" --port "$rpc_port" --chain-id 31337
await 20 'Listening on' anvil.log || exit 1
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
"$deps/chain/bin/cast" rpc --rpc-url "$rpc" anvil_setBalance "$manager" 0x56bc75e2d63100000 \
    >/dev/null || exit 1
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

gateway() { # <name> [<psk>]: keys, configuration, and the factory's announcement
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
gateway gw-a
gateway gw-b
gateway gw-c
start wallet.log "$wallet" --config "$dir/manager.conf"
await 60 '^READY' wallet.log || exit 1
run() { # <name> <arguments...>
    name=$1
    shift
    "$wick" --config "$dir/$name.conf" "$@"
}

# ---- look-ups of what is not there
want 1 'RECORD_ABSENT' lookup_absent run gw-a lookup gw-b
sed 's/^device_registry *=.*/device_registry=0x00000000000000000000000000000000000000aa/' \
    "$dir/gw-a.conf" >"$dir/wrong.conf"
want 1 'NO_CONTRACT' lookup_no_contract run wrong lookup gw-b
sed 's/31337/31338/' "$dir/gw-a.conf" >"$dir/chain.conf"
want 1 'CHAIN_MISMATCH' lookup_other_chain run chain lookup gw-b

# ---- a node that lies, stalls or talks nonsense: each has its own refusal
liar() { # <mode> <exit code> <pattern> [<mode argument>]
    start "liar-$1.log" node "$WICK_SOURCE_DIR/unittest/lab/attackers/rpc_liar.mjs" 127.0.0.1 \
        $((base + 3)) "$rpc" "$1" ${4:+"$4"}
    liar_job=$started
    await 60 . "liar-$1.log"
    # Where something else than a time-out is wanted, a busy machine must not bring one.
    case $1 in silent | slow) patience=1500 ;; *) patience=60000 ;; esac
    sed "s,^url = .*,url = http://127.0.0.1:$((base + 3)),; /^url/a timeout_ms = $patience" \
        "$dir/gw-a.conf" >"$dir/liar.conf"
    want "$2" "$3" "liar_$1" run liar lookup gw-a
    kill "$liar_job"
    wait "$liar_job" 2>/dev/null
}

# ---- register
want 0 '^registered .*epoch=1 .*tier=OWN_NODE' register run gw-a register
want 0 '^registered .*sent=false' register_again run gw-a register
want 1 'NO_ENDPOINT' lookup_registered run gw-a lookup gw-a
grep -q '^owner  *0x' "$dir/out"
result $? lookup_shows_owner
echo "token-other" >"$dir/gw-c.token"
want 1 'wick: [A-Z_]*: gw-c' register_wrong_token run gw-c register --timeout 60
printf '%064d\n' 7 >"$dir/gw-c.psk"
want 1 'TLS' register_wrong_psk run gw-c register --timeout 10

liar off 1 'NO_ENDPOINT'
liar cut 1 'PROOF_INCOMPLETE'
liar flip 1 'PROOF_BAD_HASH'
liar claim 1 'PROOF_CLAIM'
liar header 1 'HEADER_HASH'
liar silent 3 'TIMEOUT'
liar slow 3 'TIMEOUT' 4000
liar rate 3 'HTTP_RATE'
liar huge 1 'LIMIT\|JSON'
liar deep 1 'LIMIT\|JSON'
liar id 1 'RPC_ID'
liar text 1 'JSON'

# ---- who cannot register: no manager, a name of somebody else, a relay that refuses
sed '/^\[wallet\]/,/^token/d' "$dir/gw-c.conf" >"$dir/alone.conf"
want 1 'CONFIG: .*names no wallet manager' register_no_manager run alone register --timeout 60
sed 's/gw-c\.\(wallet\|device\)\.key/other.\1.key/; s/^name = .*/name = gw-a/; /^store_dir/d' \
    "$dir/gw-c.conf" >"$dir/taken.conf"
want 0 '^wallet' taken_keys run taken id new gw-a
want 1 'NAME_TAKEN' register_taken run taken register --timeout 60
echo wrong >"$dir/turn.pw"
sed 's/^allow_private/username = x\npassword_file = turn.pw\nallow_private/' "$dir/gw-a.conf" \
    >"$dir/turn.conf"
want 1 'TURN_CREDENTIALS' publish_wrong_password run turn publish --timeout 60
sed "s/^address = .*/address = 127.0.0.1:9/" "$dir/gw-c.conf" >"$dir/down.conf"
want 3 'NET' register_manager_down run down register --timeout 10
chmod 640 "$dir/turn.pw"
want 1 'FILE_MODE' publish_open_password run turn publish --timeout 60

# ---- a wallet manager that has the key and talks nonsense
bad_manager() { # <mode> <exit code> <pattern>
    start "manager-$1.log" node "$WICK_SOURCE_DIR/unittest/lab/attackers/wallet_liar.mjs" \
        127.0.0.1 $((base + 4)) "$(cat "$dir/gw-c.psk")" "$1"
    manager_job=$started
    await 60 ready "manager-$1.log"
    sed "s/^address = .*/address = 127.0.0.1:$((base + 4))/" "$dir/gw-c.conf" >"$dir/badwm.conf"
    want "$2" "$3" "manager_$1" run badwm register --timeout 10
    kill "$manager_job"
    wait "$manager_job" 2>/dev/null
}
bad_manager silent 3 'TIMEOUT'
bad_manager close 1 'TRUNCATED\|TLS'
bad_manager text 1 'JSON'
bad_manager long 1 'JSON'
bad_manager shape 1 'JSON'
bad_manager forged 1 'VOUCHER'
bad_manager behind 1 'JSON\|VOUCHER'

# ---- listen and connect
start listen.log "$wick" --config "$dir/gw-b.conf" listen --once
listener=$started
await 60 '^READY' listen.log
result $? listen_ready
want 0 '^primary .*kind=relay .*usable=yes' lookup_published run gw-a lookup gw-b
liar old 1 'HEADER_STALE' 4 # well proven and minutes old, but below what gw-a saw
contract=$(sed -n 's/^device_registry *= *//p' "$dir/addresses")
want 0 '^gw-b: epoch 1, endpoint 127.0.0.1:[0-9]*, tier OWN_NODE$' example_lookup \
    "$example" "$rpc" 31337 "$contract" gw-b
want 1 '^RECORD_ABSENT' example_lookup_absent "$example" "$rpc" 31337 "$contract" gw-x
want 0 '^done .*handshake_ms=' connect run gw-a connect gw-b --send 'over two keys and one relay'
grep -q 'text=over two keys and one relay' "$dir/out"
result $? echo_is_ours
wait "$listener"
result $? listen_once_ends
start stop.log "$wick" --config "$dir/gw-b.conf" listen
listener=$started
await 60 '^READY' stop.log
kill -TERM "$listener"
wait "$listener"
result $? listen_stops
want 1 'RECORD_ABSENT' connect_unknown run gw-a connect gw-nobody --timeout 60
want 3 'NSL_NO_ANSWER\|TIMEOUT' connect_silent run gw-a connect gw-b --timeout 12

echo "1..$n"
[ "$bad" -eq 0 ]
