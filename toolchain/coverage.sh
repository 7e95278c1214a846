#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Branch coverage of core/ by the tests without real servers; fails below $WICK_COVERAGE_MIN (90 %).
set -eu
cd "$(dirname "$0")/.."
command -v gcovr >/dev/null || { echo "coverage.sh: run toolchain/bootstrap.sh ci" >&2; exit 2; }
find build/coverage -name '*.gcda' -delete 2>/dev/null || true
sh unittest/run.sh --preset coverage -- -LE 'lab|api' >build/coverage.log 2>&1 || {
    tail -n 30 build/coverage.log
    exit 1
}
# Only the objects of the library: keccak.c is compiled a second time, rolled, for its own test.
gcovr --root . --filter 'core/' --object-directory build/coverage/core --branches \
    --fail-under-branch "${WICK_COVERAGE_MIN:-90}" build/coverage/core
