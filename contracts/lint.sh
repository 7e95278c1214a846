#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# solhint over the contracts, by .solhint.json: no error and no warning. Off are the rules that would
# cost gas (indexed events), that have nothing to say here (assembly, strict inequalities, long strings
# of EIP-712 types), and one contract for each file where a file is a set of words. Exit 77: no solhint.
set -eu
cd "$(dirname "$0")"
solhint=$(pwd -P)/../build/deps/lint/bin/solhint
if [ ! -x "$solhint" ] || ! command -v node >/dev/null 2>&1; then
    echo "1..0 # SKIP no solhint below build/deps/lint: run toolchain/bootstrap.sh --lint"
    exit 77
fi
node "$solhint" --noPoster --max-warnings 0 'src/*.sol'
echo "solhint has nothing to say"
