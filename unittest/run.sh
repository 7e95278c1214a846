#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds wick and runs its tests. Ends with the ctest summary, what was skipped and why, and one
# line of figures; the exit code is 0 only if nothing failed.
#
#   run.sh [--full] [--soak] [--preset NAME]... [--root-free] [-- ctest arguments]
#     --full      the same tests on 32- and 64-bit ARM and on an emulated Cortex-M4 as well, the
#                 proofs of all decoders with CBMC and all models with spin, the whole lives of
#                 unittest/lab/test_life.sh and test_killed.sh, CIDs beside Helia's, and the power cuts
#                 of unittest/sim/power_cut_pairs.sh on real firmware, which it fetches
#     --soak      long fuzzing (needs clang): $WICK_FUZZ_S seconds for each decoder, default 600
#     --preset    another build than "release": asan, clang, coverage ... (CMakePresets.json)
#     --root-free install nothing, even as root
#
# Lab tests run real servers in namespaces of their own; where these are not to be had they are
# skipped by name. With CI=true in the environment a skipped lab test is a failure, and so is a
# skipped life with --full.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd -P)
cd "$top"
full= soak= presets= root_free=
while [ $# != 0 ]; do
    case $1 in
    --full) full=1 ;;
    --soak) soak=1 ;;
    --root-free) root_free=--root-free ;;
    --preset) presets="$presets $2"; shift ;;
    --) shift; break ;;
    -h | --help) sed -n '3,17s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "run.sh: unknown argument $1 (see --help)" >&2; exit 2 ;;
    esac
    shift
done
presets=${presets:-release}
jobs=$(nproc 2>/dev/null || echo 2)
log=$top/build/run
mkdir -p "$log"
rm -f "$log"/*.ctest "$log"/*.skipped

# ---- what the tests need ----

groups="core deps"
case " $presets " in *" clang "* | *" valgrind "*) groups="$groups ci" ;; esac
if [ -n "$full" ]; then
    groups="$groups cross verify"
    presets="$presets armhf aarch64 cortex-m4"
fi
[ -z "$soak" ] || groups="$groups ci"
# shellcheck disable=SC2086
sh toolchain/bootstrap.sh $root_free $groups
# Without these their tests say what is missing; the others do not need them.
for group in lab chain devnet models lint ipfs; do
    # shellcheck disable=SC2086
    sh toolchain/bootstrap.sh $root_free "$group" || echo "run.sh: goes on without the $group tools"
done

[ -z "$full" ] || export WICK_FULL=1

# ---- build and test ----

failed_builds=
for preset in $presets; do
    echo "run.sh: $preset"
    if ! { cmake --preset "$preset" -DWICK_WERROR=ON && cmake --build --preset "$preset" -j "$jobs"; } \
        >"$log/$preset.build" 2>&1; then
        grep -E 'error|warning|Error|\*\*\*' "$log/$preset.build" | head -n 20
        echo "run.sh: $preset does not build (see build/run/$preset.build)"
        failed_builds="$failed_builds $preset"
        continue
    fi
    # Judged below, from its own summary: a run that ended without one is a failure.
    # Twice as many tests as processors: those of the lab mostly wait.
    ctest --preset "$preset" -j "$((2 * jobs))" "$@" 2>&1 | tee "$log/$preset.ctest"
    # "12/80 Testing: unit.base" names the test whose output follows.
    awk -v preset="$preset" '
        /^[0-9]+\/[0-9]+ Testing: / { test = $3 }
        /# SKIP/ {
            reason = $0; sub(/.*# SKIP */, "", reason)
            name = test
            if (match($0, / - [^ ]+/)) { name = substr($0, RSTART + 3, RLENGTH - 3) }
            print preset ": " name ": " (reason == "" ? "no reason given" : reason)
        }' "build/$preset/Testing/Temporary/LastTest.log" >"$log/$preset.skipped"
done

# ---- power cuts on real firmware ----

case "$full $presets " in
1*" release "*)
    sh unittest/sim/power_cut_pairs.sh || failed_builds="$failed_builds power_cut_pairs"
    sh unittest/sim/power_cut_pairs.sh --in-place || failed_builds="$failed_builds power_cut_pairs(in-place)"
    ;;
esac

# ---- long fuzzing ----

if [ -n "$soak" ]; then
    sh unittest/fuzz/run.sh "${WICK_FUZZ_S:-600}" || failed_builds="$failed_builds fuzz"
fi

# ---- a whole IPFS node beside `wick cid` ----

if [ -n "$full" ]; then
    # shellcheck disable=SC2086
    sh toolchain/bootstrap.sh $root_free interop || echo "run.sh: goes on without the interop tools"
    code=0
    sh unittest/lab/helia.sh >"$log/helia" 2>&1 || code=$?
    case $code in
    0) ;;
    77) echo "release: interop.helia: $(sed 's/.*# SKIP //' "$log/helia")" >>"$log/release.skipped" ;;
    *) failed_builds="$failed_builds interop.helia" && grep -e '^#' -e '^not ok' "$log/helia" | head -n 20 ;;
    esac
fi

# ---- the account ----

total=0 failed=0 skipped=0
for f in "$log"/*.ctest; do
    [ -e "$f" ] || continue
    line=$(grep 'tests failed out of' "$f" || true)
    if [ -z "$line" ]; then
        failed_builds="$failed_builds $(basename "$f" .ctest)(no summary)"
        continue
    fi
    total=$((total + $(echo "$line" | sed 's/.*out of //')))
    failed=$((failed + $(echo "$line" | sed 's/.*, \([0-9]*\) tests failed.*/\1/')))
    skipped=$((skipped + $(grep -c '\*\*\*Skipped' "$f" || true)))
done
passed=$((total - failed - skipped))
# A preset that does not build is one failure.
for name in $failed_builds; do
    failed=$((failed + 1))
    echo "failed: $name"
done
if cat "$log"/*.skipped 2>/dev/null | grep -q .; then
    echo "skipped:"
    cat "$log"/*.skipped | sed 's/^/  /'
    if [ "${CI:-}" = true ] && grep -qE "^[^:]*: (lab${full:+|life})\." "$log"/*.skipped; then
        echo "failed: CI=true and lab tests were skipped"
        failed=$((failed + 1))
    fi
else
    echo "skipped: nothing"
fi
echo "$passed passed, $failed failed, $skipped skipped" | tee "$log/summary"
# A run that counted no test proves nothing.
[ "$failed" = 0 ] && [ "$total" != 0 ]
