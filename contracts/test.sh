#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tests of the contracts: artifacts are what the sources give, forge test of these artifacts, gas
# snapshots. Exit 77: no forge.
#   test.sh            as CI runs it
#   test.sh --long     10,000 fuzz runs and long invariant runs
#   test.sh --paper    the papers' contracts, their flow and the attacks on it, with gas beside ours; live,
#                      with a real oracle: examples/demo.sh --paper
#   test.sh --coverage lines and branches of the sources that the tests reach, 95 % of each at least
#   test.sh --update   rewrite .gas-snapshot, snapshots/, artifacts/, gas.md and gas.svg
set -eu
cd "$(dirname "$0")"
. ./chain.sh
mkdir -p ../build/contracts
# Fuzz and invariant tests have no fixed cost.
fixed='--no-match-test testFuzz|invariant'
FOUNDRY_PROFILE=test
case "${1:-}" in
--long)
    # Bars of gas are for whole transactions, which this profile does not isolate.
    export FOUNDRY_PROFILE=long
    exec forge test --no-match-contract 'Gas|Peers'
    ;;
--update)
    ./build.sh
    export FOUNDRY_PROFILE
    forge test --quiet --match-contract 'GasTest|Peers'
    # shellcheck disable=SC2086
    forge snapshot $fixed --snap .gas-snapshot >/dev/null
    exec node gas.mjs --write
    ;;
--paper)
    export FOUNDRY_PROFILE
    forge test --match-contract 'Peers|PaperDefects' >../build/contracts/paper.log 2>&1 || {
        cat ../build/contracts/paper.log
        exit 1
    }
    grep '^\[PASS\]' ../build/contracts/paper.log
    exec node gas.mjs
    ;;
--coverage)
    # Of the sources as they are, not of the artifacts; without the bars, which the optimizer is for.
    WICK_COVERAGE=true
    export FOUNDRY_PROFILE WICK_COVERAGE
    forge coverage --no-match-contract 'GasTest|Peers' --no-match-coverage '^test/' \
        --report lcov --report-file ../build/contracts/lcov.info >../build/contracts/coverage.log 2>&1 || {
        tail -n 40 ../build/contracts/coverage.log
        exit 1
    }
    exec awk -F: '
        /^SF:/ { name = $2 }
        /^LF:/ { lines += $2 } /^LH:/ { lines_hit += $2 }
        /^BRF:/ { branches += $2 } /^BRH:/ { branches_hit += $2 }
        /^LF:/ { found = $2 }
        /^LH:/ && $2 != found { printf "%s: %d of %d lines\n", name, $2, found }
        END {
            printf "lines %d of %d, branches %d of %d\n", lines_hit, lines, branches_hit, branches
            exit lines == 0 || branches == 0 || lines_hit < 0.95 * lines || branches_hit < 0.95 * branches
        }' ../build/contracts/lcov.info
    ;;
esac
./build.sh --check
node gas.mjs --check
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
if [ -n "${WICK_FULL:-}" ] && [ $# -eq 0 ]; then
    ./test.sh --coverage
    ./test.sh --long
fi
