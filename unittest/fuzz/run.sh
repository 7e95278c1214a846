#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fuzzes every decoder with libFuzzer and the sanitizers, from the committed corpus.
# usage: run.sh [SECONDS for each, default 600] [TARGET ...]
# WICK_FUZZ_SEED makes a run repeatable (CI); without it each run tries something else.
set -u
cd "$(dirname "$0")/../.." || exit 2
seconds=${1:-600}
[ $# = 0 ] || shift
mkdir -p build/run build/fuzz/found
sh toolchain/bootstrap.sh core deps ci || exit 2
{ cmake --preset fuzz && cmake --build --preset fuzz --target fuzzers -j "$(nproc)"; } >build/run/fuzz.build 2>&1 || {
    grep -E 'error|\*\*\*' build/run/fuzz.build | head
    echo "fuzz: does not build (see build/run/fuzz.build)"
    exit 1
}
count=0 failed=0
for program in build/fuzz/unittest/fuzz_*; do
    [ -x "$program" ] || continue
    target=${program##*/fuzz_}
    [ $# = 0 ] || case " $* " in *" $target "*) ;; *) continue ;; esac
    count=$((count + 1))
    mkdir -p "build/fuzz/found/$target"
    # New inputs go below build/; what is worth keeping is committed by hand.
    if "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -seed="${WICK_FUZZ_SEED:-0}" -print_final_stats=1 \
        -artifact_prefix="build/fuzz/found/$target-" "build/fuzz/found/$target" \
        "unittest/fuzz/corpus/$target" >"build/run/fuzz-$target.log" 2>&1; then
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "build/run/fuzz-$target.log")
        cover=$(grep -oE 'cov: [0-9]+' "build/run/fuzz-$target.log" | tail -n 1)
        printf 'fuzz: %-10s %10s inputs, %s\n' "$target" "$runs" "$cover"
    else
        failed=$((failed + 1))
        echo "fuzz: $target failed:"
        tail -n 25 "build/run/fuzz-$target.log"
    fi
done
echo "fuzz: $count targets, $failed failed"
[ "$failed" = 0 ] && [ "$count" != 0 ]
