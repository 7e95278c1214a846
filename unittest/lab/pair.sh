# SPDX-License-Identifier: Apache-2.0
# Two gateways with a wallet manager, a chain and relays, for tests of the paths between them; sourced
# with $wick, $wallet and $suite set.
#
#   pair_enter "$@"                                  skips, or goes on in namespaces, in a folder $work
#   pair_relay turn 20.0.0.10 [CONFIGURATION...]     coturn in namespace turn; its job in $job_turn
#   pair_up 20.0.0.10:3478 ...                       chain, contracts, money for the manager
#   pair_conf a [LINES]                              wick.conf of gw-a, which lives in lan-a
#   pair_manage                                      the wallet manager, which knows them now
#   start listen lan-b "$wick" ...; await 60 '^READY' listen

top=$WICK_SOURCE_DIR
. "$top/unittest/lab/topology.sh"
. "$top/unittest/lab/chains.sh"
. "$top/unittest/lab/tap.sh"
. "$top/unittest/lab/parts.sh"

pair_enter() {
    chains_need anvil || exit 77
    lab_need turnserver
    lab_inside "$@"
    chains_work
    umask 077
    # shellcheck disable=SC2034
    out=$work/out
}

start() { # NAME NAMESPACE COMMAND...
    log=$work/$1.log
    ns=$2
    shift 2
    : >"$log" # here, so that nobody reads what an earlier one wrote
    ip netns exec "$ns" "$@" >>"$log" 2>&1 </dev/null &
    started=$!
}
await() { # SECONDS PATTERN NAME
    until_ok "$1" grep -q -e "$2" "$work/$3.log" && return 0
    sed 's/^/# /' "$work/$3.log"
    return 1
}

pair_relay() { # NAMESPACE ADDRESS LINES-OF-ITS-CONFIGURATION...
    pair_ns=$1 pair_ip=$2
    shift 2
    parts_relay "$pair_ns" "$pair_ip" secret-of-the-lab min-port=50000 max-port=50099 "$@" \
        >"$work/$pair_ns.conf"
    start "$pair_ns" "$pair_ns" "$top/build/deps/lab/bin/turnserver" -c "$work/$pair_ns.conf"
    eval "job_$pair_ns=$started"
    pair_listens() {
        lab_in "$pair_ns" ss -Hlun | grep -q ':3478 '
    }
    lab_wait 60 pair_listens || broken "$pair_ns does not listen"
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
    parts_manager 20.0.0.20:7000 example relay.secret >"$work/manager.conf"
    manager=$(lab_in chain "$wallet" --config "$work/manager.conf" new-key) || broken "no manager key"
    # shellcheck disable=SC2086
    chains_deploy example "$manager" $pair_relays >"$work/deploy.log" 2>&1 || broken "no contracts"
    registry=$(parts_registry "$work/deploy.log")
    chains_fund "$manager" >"$work/fund.log" 2>&1 || broken "no money"
    parts_manager 20.0.0.20:7000 example relay.secret >"$work/manager.conf"
}

pair_conf() { # NAME LINES
    mkdir -p "$work/$1"
    parts_provision "gw-$1" "$work/$1/" "$work/devices"
    chains_conf | parts_gateway "gw-$1" "" 20.0.0.20:7000 >"$work/$1/wick.conf"
    printf '%s\n' "${2:-}" >>"$work/$1/wick.conf"
    lab_in "lan-$1" "$wick" --config "$work/$1/wick.conf" id new "gw-$1" >"$work/id.log" 2>&1 \
        || broken "no keys"
}

pair_manage() {
    start wallet chain "$wallet" --config "$work/manager.conf"
    # shellcheck disable=SC2034
    job_wallet=$started
    await 60 '^READY' wallet || broken "no wallet manager"
}

# Two approved relays, both gateways provisioned, and gw-b listening.
pair_with_two_relays() {
    pair_relay turn 20.0.0.10 no-tls
    pair_relay turn2 20.0.0.11 no-tls
    pair_up 20.0.0.10:3478 20.0.0.11:3478
    pair_conf a
    pair_conf b
    pair_manage
    start listen lan-b "$wick" --config "$work/b/wick.conf" listen
}
