# SPDX-License-Identifier: Apache-2.0
# What a life in the lab takes place in, on any kind of chain: an operator who has the contracts deployed by
# `wick deploy` and holds the organisation, a wallet manager, a relay, three attestors in networks of their
# own outside both NATs, and devices that he provisions; sourced with $wick, $wallet, $attestor, $wickd,
# $suite and $kind (pos, qbft, anvil ...) set.
#
#   life_enter "$@"             skips, or goes on in namespaces, in a folder $work
#   life_world                  networks, chain, contracts, organisation, manager, relay's host
#   life_device NAME            provisioned; what follows says who pays and who attests
#   op COMMAND... / at NS NAME COMMAND...     the tool, as the operator's or as a device's
#
# The operator's own commands, and the devices, know of the chain what its rule vouches for: seals behind
# the sealing proxy, the sync committee on proof of stake. The manager takes its own node at its word.

. "$WICK_SOURCE_DIR/unittest/lab/pair.sh"
. "$top/unittest/lab/sites.sh"

life_lab=$top/build/deps/lab/bin
life_all="att1 att2 att3"

life_enter() {
    lab_need miniupnpd
    [ "$kind" != pos ] || chains_need devnet || exit 77
    [ "$kind" = anvil ] || chains_need devnet || exit 77
    pair_enter "$@"
    life_wait=120 life_sent=
    if [ "$kind" = pos ]; then # final is what is two epochs old
        life_wait=360 life_sent="--tier optimistic"
    fi
}

# As it is printed, and as fields: of the last output.
field() { # NAME
    sed -n "s/.*\"$1\":\"\{0,1\}\([^,\"}]*\).*/\1/p" "$out" | tail -n 1
}
op() {
    lab_in chain "$wick" --config "$work/operator.conf" --json "$@"
}
# Transactions of the operator and of who runs the relay.
pays() { # WHO COMMAND...
    pays_who=$1
    shift
    # shellcheck disable=SC2086
    lab_in chain "$wick" --config "$work/$pays_who.conf" --json "$@" $life_sent --timeout "$life_wait"
}
at() { # NAMESPACE NAME COMMAND...
    at_ns=$1 at_name=$2
    shift 2
    lab_in "$at_ns" "$wick" --config "$work/$at_name/wick.conf" --json "$@"
}

life_account() { # NAME KEY: it has Ether from the first block on
    {
        printf '%s\n' "$life_chain"
        printf '%s\n[identity]\nname = %s\nwallet_key_file = %s.key\nstore_dir = %s.store\n' \
            "$registry" "$1" "$1" "$1"
        parts_manager 20.0.0.20:7000 example relay.secret | sed -n '/^\[manager\]/,$p'
    } >"$work/$1.conf"
    [ -e "$work/$1.key" ] || printf '%s' "$2" >"$work/$1.key"
}

life_network() {
    lab_prepare && lab_wan && lab_host turn 20.0.0.10 && lab_host chain 20.0.0.20 &&
        lab_host att1 20.0.0.31 && lab_host att2 20.0.0.32 && lab_host att3 20.0.0.33 &&
        site_up keep a 1 "$life_lab/miniupnpd" "$work" && site_up pcp b 2 "$life_lab/miniupnpd" "$work" &&
        site_up pcp c 3 "$life_lab/miniupnpd" "$work"
}

life_world() {
    life_network >"$work/network.log" 2>&1 || broken "no network"
    chains_in="ip netns exec chain"
    chains_up "$kind" 20.0.0.20 "8545 5052 8546 8551 30303" || broken "no chain"
    life_tier=$chains_tier
    if [ "$kind" = pos ]; then
        life_tier=OPTIMISTIC
    fi
    # The first block of anvil does not say what its accounts have.
    [ "$kind" = pos ] || chains_rpc "$chains_url" evm_mine '[]' >"$work/mine.log" || broken "no block"
    # A block of Clique counts when blocks of other signers stand on it: they have to come by themselves.
    [ "$kind" != clique ] || chains_pace || broken "the chain keeps no pace"
    [ "$kind" != pos ] || chains_await 120 cl '^finality' || broken "nothing is final"
    life_chain=$(chains_conf) # once: a store is of one trusted block
    mkdir -p "$work/devices"
    echo secret-of-the-lab >"$work/relay.secret"
    pair_relay turn 20.0.0.10 no-tls
    parts_manager 20.0.0.20:7000 example relay.secret >"$work/manager.conf"
    manager=$(lab_in chain "$wallet" --config "$work/manager.conf" new-key) || broken "no manager key"
    # The accounts of the mnemonic that everybody knows.
    life_account operator ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80
}

# Contracts, by the tool.
life_deploy() {
    want 0 '"event":"deployed"' deploy pays operator deploy --org example \
        --artifacts "$top/contracts/artifacts" --manager "$manager"
    [ "$(grep -c '"outcome":"succeeded"' "$out")" -eq 3 ] && [ "$(grep -c "\"tier\":\"$life_tier\"" "$out")" -eq 3 ]
    result $? deploy_is_proven
    [ "$bad" -eq 0 ] || broken "no contracts"
    registry=$(printf '[registry.lab]\nchain = lab\n'
        for life_name in device_registry relay_registry release_index; do
            printf '%s = %s\n' "$life_name" "$(field "$life_name")"
        done)
    registry_at=$(field device_registry)
    parts_manager 20.0.0.20:7000 example relay.secret >"$work/manager.conf"
    life_account operator
    life_account relayer 59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d
    chains_fund "$manager" >"$work/fund.log" 2>&1 || broken "no money"
    # The node has seen that; a light client is a slot or two behind it.
    [ "$kind" != pos ] || until_ok 60 life_is_signed "$(chains_rpc "$chains_url" eth_blockNumber '[]' | tr -d '"')" \
        || broken "no money that a light client sees"
}
life_is_signed() { # BLOCK: by the sync committee
    life_signed=$(devnet_get beacon/light_client/optimistic_update \
        data.attested_header.execution.block_number) && [ "$life_signed" -ge "$(($1))" ]
}

life_device() { # NAME LINES
    op provision "$1" --dir "$work/$1" --wallet 20.0.0.20:7000 >"$work/provision.log" 2>&1 \
        || { sed 's/^/# /' "$work/provision.log"; broken "not provisioned"; }
    sed -i 's/^\[wallet\]/&\nsponsored = yes/' "$work/$1/wick.conf"
    printf '%s\n' "${2:-}" >>"$work/$1/wick.conf"
    "$wick" --config "$work/$1/wick.conf" id new "$1" >"$work/id.log" 2>&1 || broken "no keys"
}

# Attestors of the organisation, two of whom have to have reached an endpoint; $work/known for those who ask.
life_attestors() {
    for life_name in $life_all; do
        life_at=20.0.0.3${life_name#att}:5683
        life_device "$life_name"
        printf '[attestor]\nlisten = %s\nkey_file = attest.key\naudit_file = audit\n' "$life_at" \
            >>"$work/$life_name/wick.conf"
        "$attestor" --config "$work/$life_name/wick.conf" new-key >"$work/$life_name/signer" || broken "no key"
        printf '[attestor.%s]\naddress = %s\nsigner = %s\n' "$life_name" "$life_at" \
            "$(cat "$work/$life_name/signer")" >>"$work/known"
    done
    # shellcheck disable=SC2046
    want 0 '"needed":2' two_of_three pays operator org set-attestors example --threshold 2 \
        $(for life_name in $life_all; do cat "$work/$life_name/signer"; done)
}

# Records of those who are no subject of the test, side by side; who is no attestor is in lan-a.
life_enrol() { # NAME...
    life_jobs=
    for life_name; do
        case $life_name in att*) life_place=$life_name ;; *) life_place=lan-a ;; esac
        start "register-$life_name" "$life_place" "$wick" --config "$work/$life_name/wick.conf" sponsor register \
            --timeout "$life_wait"
        life_jobs="$life_jobs $started"
    done
    for life_job in $life_jobs; do
        wait "$life_job" || { sed 's/^/# /' "$work"/register-*.log; broken "no record"; }
    done
}
