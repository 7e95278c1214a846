#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the unit and simulation tests under valgrind: no read of undefined memory, no bad access, no
# leak. Needs a build of the release preset and `toolchain/bootstrap.sh ci`.
set -u
cd "$(dirname "$0")/.." || exit 2
command -v valgrind >/dev/null || {
    echo "valgrind.sh: run toolchain/bootstrap.sh ci" >&2
    exit 2
}
cmake --preset release >/dev/null && cmake --build --preset release -j "$(nproc)" >build/valgrind.build 2>&1 \
    || { tail -n 20 build/valgrind.build; exit 1; }
run=0
failed=0
for program in build/release/unittest/test_unit_* build/release/unittest/test_sim_turn; do
    [ -x "$program" ] || continue
    name=$(basename "$program")
    run=$((run + 1))
    timeout 600 valgrind -q --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite \
        "$program" >build/valgrind.log 2>&1
    code=$?
    case $code in
    0 | 77) ;;
    *)
        failed=$((failed + 1))
        echo "$name: exit $code under valgrind"
        grep -E '^==|^not ok' build/valgrind.log | head -n 20
        ;;
    esac
done
echo "valgrind: $run programs, $failed failed"
[ "$run" -gt 0 ] && [ "$failed" = 0 ]
