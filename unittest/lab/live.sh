#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Chains that live, from nothing to a proven record: a device registers, and a light client that knows
# what an operator provisions follows the chain to its head and proves the record under a header that
# the chain's own consensus vouches for. What the chain lives through meanwhile, and what must be
# refused, depends on its kind.
# On some the daemon then follows the same chain. Prints what all of it took as "# cost ...".
#   live.sh LAB_LIGHT WICK WICK_WALLET WICKD pos|qbft|ibft2|ibft1|clique|quorum
set -u
top=$(cd "$(dirname "$0")/../.." && pwd -P)
light=$1 wick=$2 wallet=$3 wickd=$4 kind=$5
. "$top/unittest/lab/topology.sh"
. "$top/unittest/lab/chains.sh"
chains_begin "anvil devnet" "$@"
umask 077
suite=lab.live.$kind
out=$work/out
. "$top/unittest/lab/tap.sh"
. "$top/unittest/lab/parts.sh"

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
parts_manager "127.0.0.1:$wallet_port" lab >"$work/manager.conf"
manager=$("$wallet" --config "$work/manager.conf" new-key) || broken "no key for the manager"
chains_deploy lab "$manager" >"$work/addresses" || broken "the contracts are not deployed"
chains_fund "$manager" >"$work/fund.log" 2>&1 || { cat "$work/fund.log"; broken "no ether"; }
chains_pace || broken "the chain keeps no pace"
registry=$(parts_registry "$work/addresses")
parts_manager "127.0.0.1:$wallet_port" lab >"$work/manager.conf"

# The device registers under headers that the chain's own rule vouches for. Its wallet has ether: what
# is measured is one transaction, from the request for a voucher to the proven record.
parts_provision gw-a "$work/gw-a." "$work/devices"
written_tier=$chains_tier max_age=30
case $kind in
pos)
    chains_await 120 cl '^finality' || broken "nothing is finalised"
    written_tier=OPTIMISTIC max_age=900 # finality comes by epochs
    ;;
quorum) max_age=900 ;;
esac
chains_conf | sed "/^rule/a max_age_s = $max_age\\ngrace_s = 3600" |
    parts_gateway gw-a gw-a. "127.0.0.1:$wallet_port" >"$work/gw-a.conf"
run() { # ARGUMENTS...: of the tool
    "$wick" --config "$work/gw-a.conf" "$@"
}
run id new gw-a >"$work/gw-a.id" || broken "no keys"
chains_fund "$(sed -n 's/^wallet  *//p' "$work/gw-a.id")" >"$work/fund.log" 2>&1 || broken "no ether"
chains_start wallet "$wallet" --config "$work/manager.conf"
chains_await 60 wallet '^READY' || broken "no wallet manager"
now_ms() {
    date +%s%3N
}
run lookup nobody >"$out" 2>&1 || : # the light client is at the head from here on
begun=$(now_ms)
want 0 "^registered .*tier=$written_tier .*sent=true" register run register --timeout 300
included=$(now_ms)

# ---- a proven record ----

contract=$(sed -n 's/^device_registry=//p' "$work/addresses")
case $kind in
pos)
    provisioned="rule=sync_committee trusted=$(devnet_get beacon/headers/8 data.root)
        beacon=$devnet_beacon genesis_time=$devnet_genesis fulu=10
        root=$(devnet_get beacon/genesis data.genesis_validators_root) rpc=$chains_url"
    ;;
quorum)
    chains_tier=QUORUM
    liar() { # PORT MODE
        chains_start "liar$1" node "$top/unittest/lab/attackers/rpc_liar.mjs" 127.0.0.1 "$1" \
            "$chains_url" "$2"
        chains_await 60 "liar$1" '^ready' || broken "no liar"
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
    "$light" "$@" $provisioned "chain_id=$chains_id" "registry=$contract" timeout_s=240
}
# Final is what was written two epochs ago, and a Clique block counts when three signers stand behind it.
confirmed() {
    chains_tries=2400
    until look name=gw-a >"$out" 2>&1; do
        chains_tries=$((chains_tries - 1))
        if [ "$chains_tries" -le 0 ] || ! grep -q '^refused \(RECORD_ABSENT\|NO_CONTRACT\)' "$out"; then
            sed 's/^/# /' "$out"
            return 1
        fi
        sleep 0.2
    done
}
confirmed
result $? confirmed
confirmed=$(now_ms)
found="^record name=gw-a epoch=1 tier=$chains_tier "
want 0 "$found" from_nothing look name=gw-a
# From an empty store to the record; and from the wish to write it until it was proven, and final.
sed -n "s/^record name=[^ ]* epoch=[0-9]*/# cost chain=$kind/p" "$out" | tr '\n' ' '
echo "inclusion_ms=$((included - begun)) final_ms=$((confirmed - begun))"
want 1 '^refused RECORD_ABSENT' absent look name=nobody
mkdir "$work/store"
want 0 "$found" with_store look name=gw-a "store=$work/store"

# ---- what the chain lives through ----

sealing_until() { # JAVASCRIPT CONDITION over `s`, the chain's status
    chains_tries=1200
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
pos | qbft | clique) . "$top/unittest/lab/live_daemon.sh" ;;
esac
case $kind in
qbft | ibft2 | ibft1 | clique)
    # A device goes away: its store as it is now, and no node that it could ask.
    cp -r "$work/gw-a.store" "$work/away.store"
    sed 's/^store_dir = .*/store_dir = away.store/; s,^url = .*,url = http://127.0.0.1:9,' \
        "$work/gw-a.conf" >"$work/away.conf"
    away() {
        "$wick" --config "$work/away.conf" "$@"
    }
    want 0 '^block ' away_knows away store export "$work/away.export"
    away_block=$(sed -n 's/^block  *//p' "$out")
    # One by one: a fifth validator comes, one of the first goes; Clique passes an epoch besides.
    sealing vote '[10, true]'
    sealing_until 's.set.length === 5'
    sealing vote '[0, false]'
    sealing_until "s.set.length === 4 && s.head > s.changes.at(-1) + $sealing_epoch"
    want 0 "$found" after_changes look name=gw-a "store=$work/store"
    want 0 "$found" after_changes_from_genesis look name=gw-a
    # It is brought a bundle: one for those who follow the chain, and one with what it has missed.
    if [ "$kind" = clique ]; then
        want 0 '^evidence  *Clique$' bundle run bundle make gw-a -o "$work/new.bundle"
        want 1 'HEADER_PARENT' away_far away bundle verify "$work/new.bundle" --chain lab
    fi
    want 0 '^evidence' bundle_since run bundle make gw-a -o "$work/old.bundle" --since "$away_block"
    want 0 "^tier  *$chains_tier\$" away_follows away bundle verify "$work/old.bundle" --chain lab
    want 1 '^refused ' another_genesis look name=gw-a "trusted=0x$(printf '%064d' 1)" timeout_s=4
    # The same node, but from here on its headers are not sealed as they should be.
    fault=quorum code=SEAL_QUORUM
    [ "$kind" != clique ] || fault=foreign code=SEAL_SIGNER
    sealing fault "[\"$fault\", 1]"
    want 1 "^refused $code" badly_sealed look name=gw-a "until=$code"
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
    want 1 '^refused SEAL_OVERLAP' after_jump look name=gw-a until=SEAL_OVERLAP
    ;;
esac

tap_end
