#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compiles the contracts and writes contracts/artifacts/<name>.json (ABI, bytecode, selectors,
# storage layout), which the C side, the tools and the tests use without a compiler.
#
#   build.sh            write the artifacts
#   build.sh --check    fail if the committed ones are not what the sources give
#
# Needs toolchain/bootstrap.sh --chain (or WICK_CHAIN_DIR=DIR with bin/forge and node_modules/solc).
set -eu
cd "$(dirname "$0")"
. ./chain.sh
mkdir -p ../build/contracts
forge build --quiet --skip test
exec node artifacts.mjs "$@"
