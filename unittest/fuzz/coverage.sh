#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How much of each decoder the committed corpus alone reaches: no mutation, no seed of chance. Prints
# decoder, branches and percent; fails below $WICK_FUZZ_COVERAGE_MIN (95 %).
# usage: coverage.sh [-v] [DECODER ...]     -v: the lines with a branch not taken
#
# A branch is one direction of a condition as gcc -O0 compiles it. What no input can reach is named
# here with its reason, and is not counted.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd -P)
cd "$top" || exit 2
min=${WICK_FUZZ_COVERAGE_MIN:-95}
verbose=
[ "${1:-}" != -v ] || { verbose=1; shift; }
command -v gcovr >/dev/null || {
    echo "1..0 # SKIP no gcovr: run toolchain/bootstrap.sh ci"
    exit 77
}
build=build/fuzz-coverage
mkdir -p build/run
{ cmake -S . -B $build -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_COMPILER=gcc \
    -DCMAKE_C_FLAGS="--coverage -O0" && cmake --build $build --target fuzz_replays -j "$(nproc)"; } \
    >build/run/fuzz-coverage.build 2>&1 || {
    grep -E 'error|\*\*\*' build/run/fuzz-coverage.build | head
    echo "fuzz coverage: does not build (see build/run/fuzz-coverage.build)"
    exit 1
}
count=0 failed=0

# decoder NAME "TARGETS" "SOURCES" ["LINES that no input reaches, as a regular expression"]
decoder() {
    case " $names " in "  " | *" $1 "*) ;; *) return 0 ;; esac
    count=$((count + 1))
    find $build -name '*.gcda' -delete
    for target in $2; do
        $build/unittest/test_fuzz_"$target" "unittest/fuzz/corpus/$target" 0 >/dev/null || {
            failed=$((failed + 1))
            echo "not ok - $1: the corpus of $target does not pass"
            return 0
        }
    done
    # Where their objects are: gcovr looks through all that it is given.
    filters='' folders=''
    for f in $3; do
        filters="$filters --filter $f\$"
        folders="$folders $(find $build -name "${f##*/}.gcno" -printf '%h\n' | sort -u)"
    done
    # shellcheck disable=SC2086
    gcovr --root . $filters ${4:+--exclude-lines-by-pattern "$4"} --csv - $folders 2>/dev/null |
        awk -F, -v name="$1" -v min="$min" '
            NR > 1 { all += $5; taken += $6 }
            END {
                percent = all == 0 ? 0 : 100 * taken / all
                printf "%s - %-12s %4d branches, %5.1f %%\n", percent < min ? "not ok" : "ok", name, all, percent
                exit percent < min
            }' || failed=$((failed + 1))
    # shellcheck disable=SC2086
    [ -z "$verbose" ] || gcovr --root . $filters ${4:+--exclude-lines-by-pattern "$4"} --txt - \
        --branches $folders | grep -E '^ *(core|port)/|[0-9]$'
}

names=$*
. unittest/fuzz/decoders.sh

echo "fuzz coverage: $count decoders, $failed below $min %"
[ "$failed" = 0 ] && [ "$count" != 0 ]
