#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Chains that live, from nothing to a proven record: a device registers, and a light client that knows
# what an operator provisions follows the chain to its head and proves the record under a header that
# the chain's own consensus vouches for. What the chain lives through meanwhile, and what must be
# refused, depends on its kind.
#   live.sh LAB_LIGHT WICK WICK_WALLET pos|qbft|ibft2|ibft1|clique|quorum
set -u
top=$(cd "$(dirname "$0")/../.." && pwd -P)
light=$1 wick=$2 wallet=$3 kind=$4
work=
. "$top/unittest/lab/chains.sh"
chains_need anvil devnet || exit 77

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
sealing_epoch=12
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

# The device registers by way of the operator's own node.
psk=$(printf '%064d' 4711)
echo "$psk" >"$work/gw-a.psk"
echo "token-a" >"$work/gw-a.token"
printf '{"name":"gw-a","psk":"0x%s","token":"token-a"}\n' "$psk" >"$work/devices/gw-a"
cat >"$work/gw-a.conf" <<CONF
[identity]
name = gw-a
wallet_key_file = gw-a.wallet.key
device_key_file = gw-a.device.key
store_dir = gw-a.store
[chain.lab]
chain_id = $chains_id
rule = own_node
[rpc]
chain = lab
url = $chains_own
$(registry)
[wallet]
address = 127.0.0.1:$wallet_port
psk_identity = gw-a
psk_file = gw-a.psk
token_file = gw-a.token
CONF
"$wick" --config "$work/gw-a.conf" id new gw-a >/dev/null || broken "no keys"
chains_start wallet "$wallet" --config "$work/manager.conf"
chains_await 10 wallet '^READY' || broken "no wallet manager"
want 0 '^registered .*tier=OWN_NODE .*sent=true' register \
    "$wick" --config "$work/gw-a.conf" register --timeout 120

# ---- a proven record ----

registry=$(sed -n 's/^device_registry=//p' "$work/addresses")
case $kind in
pos)
    chains_await 120 cl '^finality' || broken "nothing is finalised"
    chains_tier=FINALIZED
    provisioned="rule=sync_committee trusted=$(devnet_get beacon/headers/8 data.root)
        beacon=$devnet_beacon genesis_time=$devnet_genesis fulu=10
        root=$(devnet_get beacon/genesis data.genesis_validators_root) rpc=$chains_url"
    ;;
quorum)
    chains_tier=QUORUM
    liar() { # PORT MODE
        chains_start "liar$1" node "$top/unittest/lab/attackers/rpc_liar.mjs" 127.0.0.1 "$1" \
            "$chains_url" "$2"
        chains_await 10 "liar$1" '^ready' || broken "no liar"
    }
    liar "$liar_port" header
    liar "$liar2_port" header
    other_name=$(printf '%s\n' "$chains_url" | sed 's/127\.0\.0\.1/localhost/')
    provisioned="rule=quorum quorum=2 rpc=$chains_url rpc=http://127.0.0.1:$liar_port rpc=$other_name"
    ;;
*)
    provisioned="rule=$kind trusted=$sealing_genesis epoch=$sealing_epoch rpc=$chains_url"
    ;;
esac
# shellcheck disable=SC2086
look() { # [ARGUMENTS ...]: they come first, and so before what is provisioned
    "$light" "$@" $provisioned "chain_id=$chains_id" "registry=$registry" timeout_s=60
}
# Final is what was written two epochs ago, and a Clique block counts when three signers stand behind it.
confirmed() {
    chains_tries=300
    until look name=gw-a >"$work/out" 2>&1; do
        chains_tries=$((chains_tries - 1))
        if [ "$chains_tries" -le 0 ] || ! grep -q '^refused \(RECORD_ABSENT\|NO_CONTRACT\)' "$work/out"; then
            sed 's/^/# /' "$work/out"
            return 1
        fi
        sleep 0.5
    done
}
confirmed
result $? confirmed
found="^record name=gw-a epoch=1 tier=$chains_tier "
want 0 "$found" from_nothing look name=gw-a
sed -n 's/^record/# record/p' "$work/out"
want 1 '^refused RECORD_ABSENT' absent look name=nobody
mkdir "$work/store"
want 0 "$found" with_store look name=gw-a "store=$work/store"

# ---- what the chain lives through ----

sealing_until() { # JAVASCRIPT CONDITION over `s`, the chain's status
    chains_tries=300
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

case $kind in
qbft | ibft2 | ibft1 | clique)
    # One by one: a fifth validator comes, one of the first goes; Clique passes an epoch besides.
    sealing vote '[10, true]'
    sealing_until 's.set.length === 5'
    sealing vote '[0, false]'
    sealing_until "s.set.length === 4 && s.head > s.changes.at(-1) + $sealing_epoch"
    want 0 "$found" after_changes look name=gw-a "store=$work/store"
    want 0 "$found" after_changes_from_genesis look name=gw-a
    want 1 '^refused ' another_genesis look name=gw-a "trusted=0x$(printf '%064d' 1)" timeout_s=4
    # The same node, but from here on its headers are not sealed as they should be.
    fault=quorum code=SEAL_QUORUM
    [ "$kind" != clique ] || fault=foreign code=SEAL_SIGNER
    sealing fault "[\"$fault\", 1]"
    want 1 "^refused $code" badly_sealed look name=gw-a timeout_s=6
    sealing fault '["none", 0]'
    want 0 "$found" well_sealed look name=gw-a
    ;;
quorum)
    # Two of three tell the same lie, and none of them hashes right.
    provisioned="rule=quorum quorum=2 rpc=http://127.0.0.1:$liar_port rpc=$chains_url
        rpc=http://127.0.0.1:$liar2_port"
    want 1 '^refused ' two_liars look name=gw-a timeout_s=6
    ;;
pos)
    want 1 '^refused ' another_block look name=gw-a "trusted=0x$(printf '%064d' 1)" timeout_s=6
    ;;
esac
case $kind in
qbft | ibft2 | ibft1)
    # All validators are replaced at once, without a vote: nobody whom we trust has sealed that.
    sealing jump '[[20, 21, 22, 23]]'
    sealing_until 's.changes.length === 3 && s.changes.at(-1) < s.head'
    want 1 '^refused SEAL_OVERLAP' after_jump look name=gw-a timeout_s=8
    ;;
esac

echo "1..$n"
[ "$bad" -eq 0 ]
