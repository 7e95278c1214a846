#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The proof-of-stake devnet, from a block of the first sync committee period over three rotations and
# the fork from Electra to Fulu, some members missing and some slots empty: first by Lodestar's own
# spec light client, as a check of the devnet itself, then by wick/beacon.h, with altered objects too.
#   devnet.sh LAB_BEACON
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd -P)
program=$1
. "$top/unittest/lab/topology.sh"
. "$top/unittest/lab/chains.sh"
chains_begin "devnet" "$@"
# Three periods of 64 slots and more are in the past: the clock is never waited for.
devnet_start 127.0.0.1 "$(chains_ports 5)" 600 --fulu-epoch 10 --missing 20 --skip-every 29
echo "1..2"
chains_await 600 cl '^period 3'
verified=$("$chains_node" "$top/unittest/lab/devnet/verify.mjs" "$devnet_beacon" "$devnet_rpc" 8 3) || :
case $verified in
"ok "*" forks=electra,fulu") echo "ok 1 - lab.devnet.spec_client # $verified" ;;
*)
    echo "not ok 1 - lab.devnet.spec_client # $verified"
    exit 1
    ;;
esac
"$chains_node" "$top/unittest/lab/devnet/scenario.mjs" "$devnet_beacon" "$devnet_rpc" 8 \
    >"$work/scenario" || { echo "not ok 2 - lab.devnet.beacon # the scenario broke off"; exit 1; }
"$program" 30 <"$work/scenario"
