#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tests of the contracts: forge test, gas snapshots, artifacts up to date. Exit 77: no forge.
#   test.sh            as CI runs it
#   test.sh --long     20,000 fuzz runs and long invariant runs
#   test.sh --update   rewrite .gas-snapshot, snapshots/ and artifacts/
set -eu
cd "$(dirname "$0")"
. ./chain.sh
mkdir -p ../build/contracts
# Fuzz and invariant tests have no fixed cost.
fixed='--no-match-test testFuzz|invariant'
case "${1:-}" in
--long)
    FOUNDRY_PROFILE=long
    export FOUNDRY_PROFILE
    ;;
--update)
    forge test --quiet --match-contract GasTest
    # shellcheck disable=SC2086
    forge snapshot $fixed --snap .gas-snapshot >/dev/null
    exec ./build.sh
    ;;
esac
FORGE_SNAPSHOT_CHECK=true
FORGE_SNAPSHOT_EMIT=false
export FORGE_SNAPSHOT_CHECK FORGE_SNAPSHOT_EMIT
forge test
# shellcheck disable=SC2086
forge snapshot $fixed --check .gas-snapshot >../build/contracts/snapshot.log 2>&1 || {
    cat ../build/contracts/snapshot.log
    exit 1
}
./build.sh --check
echo "gas snapshot and artifacts are up to date"
