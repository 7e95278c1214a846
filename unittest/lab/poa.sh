#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Clique headers that somebody else's client has sealed: the miner of ethereumjs, one signer, a block a
# second. (It includes no transaction, so there is no record to prove here.)
#   poa.sh LAB_HEADERS
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd -P)
program=$1
. "$top/unittest/lab/topology.sh"
. "$top/unittest/lab/chains.sh"
chains_begin "devnet" "$@"
# shellcheck disable=SC2046
set -- $(chains_ports 2)
echo "1..1"
mkdir "$work/data"
signer=$("$chains_node" "$top/unittest/lab/poa/genesis.mjs" "$work" 1 30000)
chains_start poa "$chains_node" "$top/build/deps/devnet/bin/ethereumjs" \
    "--gethGenesis=$work/genesis.json" "--dataDir=$work/data" --mine "--unlock=$work/key" \
    "--minerCoinbase=$signer" --rpc --rpcAddr=127.0.0.1 "--rpcPort=$1" --isSingleNode \
    --discV4=false --discDns=false --extIP=127.0.0.1 "--port=$2"
chains_await 60 poa 'Started JSON RPC Server\|http://127.0.0.1'
timeout 300 "$chains_node" "$top/unittest/lab/poa/headers.mjs" "http://127.0.0.1:$1" 8 >"$work/lines" || {
    echo "not ok 1 - lab.poa # the miner makes no blocks"
    tail -n 20 "$work/poa.log" | sed 's/^/#   /'
    exit 1
}
"$program" lab.poa clique 30000 41 <"$work/lines"
