# SPDX-License-Identifier: Apache-2.0
# Two gateways with a wallet manager, a chain and relays, for tests of the paths between them; sourced
# after topology.sh, chains.sh and tap.sh, inside the namespaces, with $work, $wick and $wallet set.
#
#   pair_relay turn 20.0.0.10 [CONFIGURATION...]     coturn in namespace turn; its job in $job_turn
#   pair_up 20.0.0.10:3478 ...                       chain, contracts, money for the manager
#   pair_conf a [LINES]                              wick.conf of gw-a, which lives in lan-a
#   pair_manage                                      the wallet manager, which knows them now
#   start listen lan-b "$wick" ...; await 60 '^READY' listen

# What the tests of this kind need before they enter namespaces of their own.
pair_need() {
    chains_need anvil || exit 77
    [ -x "$top/build/deps/lab/bin/turnserver" ] || {
        echo "1..0 # SKIP no turnserver: run sh toolchain/bootstrap.sh lab"
        exit 77
    }
    { lab_tools && lab_namespaces; } || { echo "1..0 # SKIP no network to make: $lab_why"; exit 77; }
}

start() { # NAME NAMESPACE COMMAND...
    log=$work/$1.log
    ns=$2
    shift 2
    ip netns exec "$ns" "$@" >"$log" 2>&1 </dev/null &
    started=$!
}
await() { # SECONDS PATTERN NAME
    until_ok "$1" grep -q -e "$2" "$work/$3.log" && return 0
    sed 's/^/# /' "$work/$3.log"
    return 1
}

pair_relay() { # NAMESPACE ADDRESS LINES-OF-ITS-CONFIGURATION...
    pair_ns=$1
    cat >"$work/$1.conf" <<CONF
listening-ip=$2
relay-ip=$2
min-port=50000
max-port=50099
realm=relay.example
use-auth-secret
static-auth-secret=secret-of-the-lab
no-cli
no-dtls
no-rfc5780
pidfile=$work/$1.pid
userdb=$work/$1.db
log-file=stdout
simple-log
CONF
    shift 2
    printf '%s\n' "$@" >>"$work/$pair_ns.conf"
    start "$pair_ns" "$pair_ns" "$top/build/deps/lab/bin/turnserver" -c "$work/$pair_ns.conf"
    eval "job_$pair_ns=$started"
    pair_listens() {
        lab_in "$pair_ns" ss -Hlun | grep -q ':3478 '
    }
    lab_wait 60 pair_listens || broken "$pair_ns does not listen"
}

pair_manager() {
    cat >"$work/manager.conf" <<CONF
[chain.lab]
chain_id = $chains_id
rule = own_node
[rpc]
chain = lab
url = $chains_own
[registry.lab]
chain = lab
device_registry = $device_registry
relay_registry = $relay_registry
[manager]
listen = 20.0.0.20:7000
org = example
key_file = manager.key
devices_dir = devices
ledger_file = ledger
relay_secret_file = relay.secret
CONF
}

pair_up() { # APPROVED-RELAY...
    pair_relays=
    for pair_at in "$@"; do
        pair_relays="$pair_relays --relay $pair_at"
    done
    chains_in="ip netns exec chain"
    chains_up anvil 20.0.0.20 "8545 5052 8546 8551 30303" || broken "no chain"
    mkdir -p "$work/devices"
    echo secret-of-the-lab >"$work/relay.secret"
    device_registry=0x0000000000000000000000000000000000000000
    relay_registry=$device_registry
    pair_manager
    manager=$(lab_in chain "$wallet" --config "$work/manager.conf" new-key) || broken "no manager key"
    # shellcheck disable=SC2086
    chains_deploy example "$manager" $pair_relays >"$work/deploy.log" 2>&1 || broken "no contracts"
    device_registry=$(sed -n 's/^device_registry=//p' "$work/deploy.log")
    relay_registry=$(sed -n 's/^relay_registry=//p' "$work/deploy.log")
    chains_fund "$manager" >"$work/fund.log" 2>&1 || broken "no money"
    pair_manager
    pair_chain=$(chains_conf)
}

pair_conf() { # NAME LINES
    mkdir -p "$work/$1"
    printf '%064d\n' 1$$ >"$work/$1/wallet.psk"
    echo "token-$1" >"$work/$1/wallet.token"
    printf '{"name":"gw-%s","psk":"0x%064d","token":"token-%s"}\n' "$1" 1$$ "$1" \
        >"$work/devices/gw-$1"
    cat >"$work/$1/wick.conf" <<CONF
[identity]
name = gw-$1
wallet_key_file = wallet.key
device_key_file = device.key
store_dir = store
$pair_chain
[registry.lab]
chain = lab
device_registry = $device_registry
relay_registry = $relay_registry
[wallet]
address = 20.0.0.20:7000
psk_identity = gw-$1
psk_file = wallet.psk
token_file = wallet.token
${2:-}
CONF
    lab_in "lan-$1" "$wick" --config "$work/$1/wick.conf" id new "gw-$1" >"$work/id.log" 2>&1 \
        || broken "no keys"
}

pair_manage() {
    start wallet chain "$wallet" --config "$work/manager.conf"
    await 60 '^READY' wallet || broken "no wallet manager"
}
