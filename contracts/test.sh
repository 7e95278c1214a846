#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tests of the contracts: artifacts are what the sources give, forge test of these artifacts, gas
# snapshots. Exit 77: no forge.
#   test.sh            as CI runs it
#   test.sh --long     20,000 fuzz runs and long invariant runs
#   test.sh --update   rewrite .gas-snapshot, snapshots/ and artifacts/
set -eu
cd "$(dirname "$0")"
. ./chain.sh
mkdir -p ../build/contracts
# Fuzz and invariant tests have no fixed cost.
fixed='--no-match-test testFuzz|invariant'
FOUNDRY_PROFILE=test
case "${1:-}" in
--long)
    FOUNDRY_PROFILE=long
    ;;
--update)
    ./build.sh
    export FOUNDRY_PROFILE
    forge test --quiet --match-contract GasTest
    # shellcheck disable=SC2086
    exec forge snapshot $fixed --snap .gas-snapshot >/dev/null
    ;;
esac
./build.sh --check
FORGE_SNAPSHOT_CHECK=true
FORGE_SNAPSHOT_EMIT=false
export FOUNDRY_PROFILE FORGE_SNAPSHOT_CHECK FORGE_SNAPSHOT_EMIT
forge test
# shellcheck disable=SC2086
forge snapshot $fixed --check .gas-snapshot >../build/contracts/snapshot.log 2>&1 || {
    cat ../build/contracts/snapshot.log
    exit 1
}
echo "gas snapshot and artifacts are up to date"
