#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes examples/data/qbft.txt anew: a chain of the lab's own, sealed by the rules of QBFT, whose
# validators change, and the word of an organisation in its DeviceRegistry.
#   sh unittest/lab/fixture.sh >examples/data/qbft.txt
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd -P)
work=
. "$top/unittest/lab/chains.sh"
chains_need anvil devnet >&2 || exit 77

chains_work
# shellcheck disable=SC2046
set -- $(chains_ports 2)
anvil_options="--timestamp 1767225600"
sealing_start 127.0.0.1 "$1" "$2" qbft >&2
node "$top/contracts/deploy.mjs" --rpc "$anvil_rpc" --org example \
    --manager 0x70997970c51812dc3a010c7d01b50e0d17dc79c8 >"$work/addresses" || exit 1
registry=$(sed -n 's/^device_registry *= *//p' "$work/addresses")
# managers[keccak256("example")], slot 3 of DeviceRegistry: who vouches for its devices.
cast=$top/build/deps/chain/bin/cast
slot=$("$cast" index bytes32 "$("$cast" keccak example)" 3)
none=$("$cast" index bytes32 "$("$cast" keccak nobody)" 3)
echo "# QBFT headers from genesis on and words proven under the last one; see unittest/lab/fixture.sh"
"$chains_node" "$top/unittest/lab/sealing/fixture.mjs" "$anvil_rpc" "$sealing_rpc" "$registry" \
    "$slot" "$none"
