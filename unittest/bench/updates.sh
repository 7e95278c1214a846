#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the paper measures of updates, measured here: the time to upload, fetch and apply one against its size
# (its figure 3), and the time from the approval of a release until endpoints say that there is one, against their
# number (its figures 4 to 6), each endpoint a `wick update check` of its own again and again. By hand, on a machine
# that does nothing else: half an hour.
#
#   updates.sh [--only sizes|anvil|pos] [WICK]     writes build/run/{updates,detection-anvil,detection-pos}.tsv
#   node figures.mjs --write                       then makes the committed figures of them
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd -P)
WICK_SOURCE_DIR=$top
export WICK_SOURCE_DIR
. "$top/unittest/lab/topology.sh"
. "$top/unittest/lab/chains.sh"
chains_begin "anvil devnet" "$@"
only=
[ "${1:-}" != --only ] || { only=$2; shift 2; }
wick=${1:-$top/build/release/examples/wick}
[ -x "$wick" ] || { echo "updates.sh: no $wick: build the release preset first" >&2; exit 2; }
run=$top/build/run
mkdir -p "$run"
. "$top/unittest/lab/parts.sh"
cast=$top/build/deps/chain/bin/cast
vendor='vendor = 6ba7b810-9dad-11d1-80b4-00c04fd430c8
class_id = 6ba7b811-9dad-11d1-80b4-00c04fd430c8
version = 1
approvals_min = 1'

# A chain with the contracts, a product with a publisher and one approver, and its people's keys.
begin() { # KIND
    chains_up "$1" 127.0.0.1 "$ports"
    umask 077
    for who in publisher approver root1 root2; do
        parts_hex 32 >"$work/$who.key"
        eval "$who=$("$cast" wallet address "0x$(cat "$work/$who.key")")"
    done
    chains_fund "$publisher" "$approver" "$root1" "$root2" >"$work/fund.log"
    chains_deploy lab "$root1" --registrar "$root1" >"$work/addresses"
    until [ "$1" != pos ] || devnet_get beacon/headers/finalized data.root >"$work/finalized"; do
        sleep 1 # whose time it is: nothing is measured yet
    done
    { chains_conf; parts_registry "$work/addresses"; } >"$work/lab.conf"
    as root1 create hub --publisher "$publisher" --approver "$approver" --root "$root1" --root "$root2" \
        --approvals 1 --roots 2 >"$work/create.log"
}
as() { # WHO ARGUMENTS...
    who=$1
    shift
    "$wick" --config "$work/lab.conf" release "$@" --key "$work/$who.key" --timeout 300
}

sizes() {
    begin anvil
    chains_start ipfs node "$top/unittest/lab/ipfs/gateway.mjs" --port "$gateway_port"
    chains_await 60 ipfs '"port"'
    gateway=http://127.0.0.1:$gateway_port
    { cat "$work/lab.conf"; printf '[product.hub]\n%s\ndir = hub\ngateways = %s\n' "$vendor" "$gateway"; } \
        >"$work/hub.conf"
    node "$top/unittest/bench/updates.mjs" sizes "$wick" "$work" "$gateway" >"$run/updates.tsv.new"
    mv "$run/updates.tsv.new" "$run/updates.tsv"
    chains_stop
}

# Each endpoint has a configuration, and with a light client a store, of its own.
detection() { # KIND "POLL_S..." "ENDPOINTS..." RELEASES
    begin "$1"
    [ "$1" = pos ] || chains_rpc "$chains_url" evm_setIntervalMining "[$block_s]" >"$work/pace.log"
    for endpoint in $(seq 64); do
        { printf '[identity]\nname = e%s\nstore_dir = e%s.store\n' "$endpoint" "$endpoint"; cat "$work/lab.conf"
            printf '[product.hub]\n%s\ndir = e%s\n' "$vendor" "$endpoint"; } >"$work/e$endpoint.conf"
        mkdir -p "$work/e$endpoint.store"
        "$wick" --config "$work/e$endpoint.conf" update init hub "$0" --slot 65536 --staging 65536 >"$work/init.log"
    done
    # shellcheck disable=SC2086
    node "$top/unittest/bench/updates.mjs" detection "$wick" "$work" "$1" "$block_s" "$2" "$3" "$4" \
        "$cast" "$chains_url" "$(sed -n 's/^release_index *= *//p' "$work/addresses")" >"$run/detection-$1.tsv.new"
    mv "$run/detection-$1.tsv.new" "$run/detection-$1.tsv"
    chains_stop
}

set -- $(chains_ports 6)
ports="$1 $2 $3 $4 $5" gateway_port=$6
[ -n "$only" ] && [ "$only" != sizes ] || sizes
block_s=2
[ -n "$only" ] && [ "$only" != anvil ] || detection anvil '2 5 15' '1 2 4 8 16 32 64' 3
block_s=1
[ -n "$only" ] && [ "$only" != pos ] || detection pos 5 '1 2 4 8 16' 2
