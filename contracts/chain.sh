# SPDX-License-Identifier: Apache-2.0
# Sourced by the scripts here: puts forge, cast and anvil on the path, or leaves with 77 (skip).
WICK_CHAIN_DIR=${WICK_CHAIN_DIR:-$(pwd -P)/../build/deps/chain}
export WICK_CHAIN_DIR
if [ ! -x "$WICK_CHAIN_DIR/bin/forge" ]; then
    echo "# SKIP no forge below build/deps/chain: run toolchain/bootstrap.sh --chain"
    exit 77
fi
# Forge keeps a cache below HOME.
HOME=$(pwd -P)/../build/contracts
mkdir -p "$HOME"
PATH=$WICK_CHAIN_DIR/bin:$PATH
FOUNDRY_DISABLE_NIGHTLY_WARNING=1
export HOME PATH FOUNDRY_DISABLE_NIGHTLY_WARNING
