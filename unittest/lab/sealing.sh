#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The authenticators of consortium chains against a chain that lives: a sealing proxy in front of
# anvil, validators that come and go one by one and all at once, an epoch, and headers that are not
# sealed as they should be.
#   sealing.sh LAB_HEADERS RULE
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd -P)
program=$1 rule=$2 epoch=30
. "$top/unittest/lab/topology.sh"
. "$top/unittest/lab/chains.sh"
chains_begin "anvil devnet" "$@"
# shellcheck disable=SC2046
set -- $(chains_ports 2)
echo "1..1"
# Mined on demand, one second apart: all of it an hour ago, so that no block is ahead of the clock.
anvil_options="--timestamp $(($(date +%s) - 3600))"
sealing_start 127.0.0.1 "$1" "$2" "$rule" --epoch "$epoch"
"$chains_node" "$top/unittest/lab/sealing/scenario.mjs" "$anvil_rpc" "$sealing_rpc" "$rule" "$epoch" \
    >"$work/scenario" || { echo "not ok 1 - lab.sealing.$rule # the scenario broke off"; exit 1; }
"$program" "lab.sealing.$rule" "$rule" "$epoch" 30 <"$work/scenario"
