#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fuzzes every decoder with libFuzzer and the sanitizers, from the committed corpus.
# usage: run.sh [SECONDS for each, two at a time, default 600] [TARGET ...]
# WICK_FUZZ_SEED makes a run repeatable (CI): the inputs are the same ones whatever the machine, and
# runs.txt ends a target after so many of them. Without it each run tries something else.
set -u
cd "$(dirname "$0")/../.." || exit 2
if [ -n "${WICK_FUZZ_ONE:-}" ]; then
    target=$2
    log=build/run/fuzz-$target.log
    runs=
    [ -z "${WICK_FUZZ_SEED:-}" ] || runs=$(awk -v t="$target" '$1 == t { print $2 }' unittest/fuzz/runs.txt)
    # New inputs go below build/; what is worth keeping is committed by hand (minimise.py).
    if "build/fuzz/unittest/fuzz_$target" -max_total_time="$WICK_FUZZ_ONE" -runs="${runs:--1}" \
        -timeout=60 -rss_limit_mb=1024 -seed="${WICK_FUZZ_SEED:-0}" -print_final_stats=1 \
        -artifact_prefix="build/fuzz/found/$target-" "build/fuzz/found/$target" \
        "unittest/fuzz/corpus/$target" >"$log" 2>&1; then
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
        printf 'fuzz: %-13s %10s inputs, %s\n' "$target" "$runs" \
            "$(grep -oE 'cov: [0-9]+' "$log" | tail -n 1)"
    else
        printf 'fuzz: %s failed:\n%s\n' "$target" "$(tail -n 25 "$log")"
    fi
    exit 0
fi
seconds=${1:-600}
[ $# = 0 ] || shift
mkdir -p build/run build/fuzz/found
sh toolchain/bootstrap.sh core deps ci || exit 2
{ cmake --preset fuzz && cmake --build --preset fuzz --target fuzzers -j "$(nproc)"; } >build/run/fuzz.build 2>&1 || {
    grep -E 'error|\*\*\*' build/run/fuzz.build | head
    echo "fuzz: does not build (see build/run/fuzz.build)"
    exit 1
}
# Two at a time: each is one thread and needs little memory. (xargs starts this script again.)
targets=
for program in build/fuzz/unittest/fuzz_*; do
    [ -x "$program" ] || continue
    target=${program##*/fuzz_}
    [ $# = 0 ] || case " $* " in *" $target "*) ;; *) continue ;; esac
    targets="$targets $target"
    mkdir -p "build/fuzz/found/$target"
done
# shellcheck disable=SC2086
printf '%s\n' $targets | WICK_FUZZ_ONE=$seconds xargs -P 2 -n 1 sh unittest/fuzz/run.sh one
count=$(printf '%s\n' $targets | grep -c .)
failed=$(for target in $targets; do grep -L '^Done ' "build/run/fuzz-$target.log"; done | grep -c .)
echo "fuzz: $count targets, $failed failed"
[ "$failed" = 0 ] && [ "$count" != 0 ]
