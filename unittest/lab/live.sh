#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The tool on chains that live: a device registers, and its record is looked up and proven under
# headers that the chain's own consensus vouches for, from a store of its own and from nothing; what
# the chain lives through meanwhile, and what must be refused, depends on its kind.
#   live.sh WICK WICK_WALLET pos|qbft|ibft2|ibft1|clique|quorum
set -u
top=$(cd "$(dirname "$0")/../.." && pwd -P)
wick=$1 wallet=$2 kind=$3
work=
. "$top/unittest/lab/chains.sh"
case $kind in
quorum) chains_need anvil devnet || exit 77 ;;
*) chains_need anvil devnet || exit 77 ;;
esac

work=$(mktemp -d) || exit 1
# The chain tools keep a cache below HOME: it goes with the rest.
HOME=$work
export HOME
umask 077
trap 'chains_stop; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
n=0 bad=0
result() { # OK? WHAT
    n=$((n + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $n - lab.live.$kind.$2"
    else
        echo "not ok $n - lab.live.$kind.$2"
        bad=$((bad + 1))
    fi
}
want() { # EXIT-CODE PATTERN WHAT COMMAND...
    code=$1 pattern=$2 what=$3
    shift 3
    "$@" >"$work/out" 2>&1 </dev/null
    got=$?
    if [ "$got" -eq "$code" ] && grep -q -e "$pattern" "$work/out"; then
        result 0 "$what"
    else
        echo "# exit $got, not $code, or no '$pattern' in:"
        sed 's/^/#   /' "$work/out"
        result 1 "$what"
    fi
}
broken() {
    echo "not ok $((n + 1)) - lab.live.$kind # $1"
    exit 1
}

# ---- the chain, its contracts, the wallet manager ----

ports=$(chains_ports 8)
# shellcheck disable=SC2086
set -- $ports
wallet_port=$6 liar_port=$7 liar2_port=$8
sealing_epoch=20
sealing_options="--epoch $sealing_epoch"
chain=$kind
[ "$kind" != quorum ] || chain=anvil
chains_up "$chain" 127.0.0.1 "$ports" || broken "the chain does not start"

mkdir "$work/devices"
manager_conf() {
    cat <<CONF
[chain.lab]
chain_id = $chains_id
rule = own_node
[rpc]
chain = lab
url = $chains_own
[manager]
listen = 127.0.0.1:$wallet_port
org = lab
key_file = manager.key
devices_dir = devices
ledger_file = ledger
CONF
}
manager_conf >"$work/manager.conf"
manager=$("$wallet" --config "$work/manager.conf" new-key) || broken "no key for the manager"
chains_deploy lab "$manager" >"$work/addresses" || broken "the contracts are not deployed"
chains_fund "$manager" >"$work/fund.log" 2>&1 || { cat "$work/fund.log"; broken "no ether"; }
chains_pace || broken "the chain keeps no pace"
registry() {
    printf '[registry.lab]\nchain = lab\n'
    cat "$work/addresses"
}
registry >>"$work/manager.conf"

case $kind in
pos)
    chains_await 120 cl '^finality' || broken "nothing is finalised"
    chains_conf >"$work/chain.conf"
    ;;
quorum)
    liar() { # PORT MODE
        chains_start "liar$1" node "$top/unittest/lab/attackers/rpc_liar.mjs" 127.0.0.1 "$1" \
            "$chains_url" "$2"
        chains_await 10 "liar$1" '^ready'
    }
    liar "$liar_port" header
    liar "$liar2_port" header
    quorum_conf() { # URL-A URL-B URL-C
        printf '[chain.lab]\nchain_id = %s\nrule = quorum\nquorum = 2\n' "$chains_id"
        for operator in alpha beta gamma; do
            printf '[rpc.%s]\nchain = lab\nurl = %s\noperator = %s\n' "$operator" "$1" "$operator"
            shift
        done
    }
    quorum_conf "$chains_url" "http://127.0.0.1:$liar_port" "http://localhost:$1" >"$work/chain.conf"
    chains_tier=QUORUM
    ;;
*) chains_conf >"$work/chain.conf" ;;
esac

gateway() { # NAME CHAIN-CONF
    cat <<CONF
[identity]
name = $1
wallet_key_file = $1.wallet.key
device_key_file = $1.device.key
store_dir = $1.store
CONF
    cat "$2"
    registry
    cat <<CONF
[wallet]
address = 127.0.0.1:$wallet_port
psk_identity = $1
psk_file = $1.psk
token_file = $1.token
CONF
}
psk=$(printf '%064d' 4711)
echo "$psk" >"$work/gw-a.psk"
echo "token-a" >"$work/gw-a.token"
printf '{"name":"gw-a","psk":"0x%s","token":"token-a"}\n' "$psk" >"$work/devices/gw-a"
gateway gw-a "$work/chain.conf" >"$work/gw-a.conf"
"$wick" --config "$work/gw-a.conf" id new gw-a >/dev/null || broken "no keys"
chains_start wallet "$wallet" --config "$work/manager.conf"
chains_await 10 wallet '^READY' || broken "no wallet manager"

run() { # CONFIGURATION ARGS...
    conf=$1
    shift
    "$wick" --config "$work/$conf.conf" "$@"
}
# Another configuration, with a store of its own: knows nothing but what it is given.
fresh() { # NAME SED-SCRIPT
    sed -e "s/^store_dir = .*/store_dir = $1.store/" -e "$2" "$work/gw-a.conf" >"$work/$1.conf"
}

# ---- a proven record ----

want 0 "^registered .*tier=$chains_tier .*sent=true" register run gw-a register --timeout 120
want 1 NO_ENDPOINT lookup run gw-a lookup gw-a
grep -q "^tier  *$chains_tier" "$work/out"
result $? lookup_tier
want 1 RECORD_ABSENT lookup_absent run gw-a lookup nobody
fresh fresh ''
want 1 "^tier  *$chains_tier" lookup_from_nothing run fresh lookup gw-a

# ---- what the chain lives through ----

# Waits until the sealing chain says so.
sealing_until() { # JAVASCRIPT CONDITION over `s`
    chains_tries=200
    until chains_rpc "$chains_url" sealing_status '[]' | node -e '
        const s = JSON.parse(require("node:fs").readFileSync(0));
        process.exit(eval(process.argv[1]) ? 0 : 1);' "$1"; do
        chains_tries=$((chains_tries - 1))
        [ "$chains_tries" -gt 0 ] || broken "never: $1"
        sleep 0.1
    done
}
sealing() { # METHOD PARAMS
    chains_rpc "$chains_url" "sealing_$1" "$2" >/dev/null || broken "sealing_$1"
}
wrong_block() {
    fresh wrong "s/^trusted_hash = .*/trusted_hash = 0x$(printf '%064d' 1)/"
    want "$1" "$2" trusted_hash_of_nothing run wrong lookup gw-a --timeout 5
}

case $kind in
qbft | ibft2 | ibft1 | clique)
    # One by one: a fifth validator comes, one of the first goes; Clique passes an epoch besides.
    sealing vote '[10, true]'
    sealing_until 's.set.length === 5'
    sealing vote '[0, false]'
    sealing_until 's.set.length === 4'
    sealing_until "s.head > s.changes.at(-1) + $sealing_epoch"
    want 1 "^tier  *$chains_tier" lookup_after_changes run gw-a lookup gw-a
    want 1 "^tier  *$chains_tier" lookup_from_genesis run fresh lookup gw-a
    # The same node, but from here on its headers are not sealed as they should be.
    fault=quorum code=SEAL_QUORUM
    [ "$kind" != clique ] || fault=removed code=SEAL_SIGNER
    sealing fault "[\"$fault\", 1]"
    fresh faulty ''
    want 1 "$code" lookup_badly_sealed run faulty lookup gw-a --timeout 10
    sealing fault '["none", 0]'
    want 1 "^tier  *$chains_tier" lookup_well_sealed run faulty lookup gw-a
    ;;
esac
case $kind in
qbft | ibft2 | ibft1)
    # All validators are replaced at once, without a vote: nobody whom we trust has sealed that.
    sealing jump '[20, 21, 22, 23]'
    sealing_until 's.changes.at(-1) < s.head && s.set.length === 4'
    fresh jumped ''
    want 1 SEAL_OVERLAP lookup_after_jump run jumped lookup gw-a --timeout 10
    ;;
quorum)
    # Two of three tell the same lie: nothing is agreed upon that has hashed right.
    fresh lied ''
    quorum_conf "http://localhost:$liar2_port" "http://127.0.0.1:$liar_port" "$chains_url" \
        >"$work/lied.chain"
    gateway gw-a "$work/lied.chain" | sed 's/^store_dir = .*/store_dir = lied.store/' >"$work/lied.conf"
    want 1 'QUORUM\|HEADER' lookup_two_liars run lied lookup gw-a --timeout 10
    ;;
esac

echo "1..$n"
[ "$bad" -eq 0 ]
