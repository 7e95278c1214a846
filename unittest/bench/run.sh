#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Instructions (callgrind), stack and heap calls of what wick does most, beside their bars; then what a
# session costs beside its peers (sessions.sh), and sizes on a Cortex-M4. Fails on a broken bar, on any heap
# call and on a benchmark that has no bar.
#
# budgets.txt: BUILD CASE BAR STACK what ...  BUILD is bench (libsecp256k1's large tables),
# bench-small (a microcontroller's), BAR instructions, STACK bytes, "-" where there is no bar.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd -P)
cd "$top"
budgets=unittest/bench/budgets.txt
mkdir -p build/run
sh toolchain/bootstrap.sh core deps
command -v valgrind >/dev/null || { echo "bench: run toolchain/bootstrap.sh ci" >&2; exit 2; }

failed=0 rows=0
printf '%-58s %12s %12s %8s %8s %5s  %s\n' "x86-64 gcc -O2" instructions bar stack bar heap ok
for preset in bench bench-small; do
    grep -q "^$preset " "$budgets" || continue
    { cmake --preset "$preset" -DWICK_WERROR=ON && cmake --build --preset "$preset" --target benches -j "$(nproc)"; } >build/run/$preset.build 2>&1 || {
        tail -n 20 build/run/$preset.build
        exit 1
    }
    # Every case of the default build has a line, so that none goes unwatched.
    if [ $preset = bench ]; then
        for program in build/bench/unittest/bench_*; do
            [ -x "$program" ] || continue
            for name in $("$program" --list); do
                grep -qE "^bench +$name " "$budgets" || {
                    echo "bench: $name has no line in $budgets"
                    failed=$((failed + 1))
                }
            done
        done
    fi
    grep "^$preset " "$budgets" >build/run/$preset.rows
    while read -r _ name bar stack_bar what; do
        program=
        for p in build/$preset/unittest/bench_*; do
            if [ -x "$p" ] && "$p" --list | grep -qx "$name"; then program=$p; fi
        done
        if [ -z "$program" ]; then
            echo "bench: no program has the case $name"
            failed=$((failed + 1))
            continue
        fi
        out=build/run/$preset-$name
        status=0
        measured=$("$program" --measure "$name" 2>&1) || status=$?
        if [ $status = 77 ]; then
            printf '%-58s %12s %12s  skipped: %s\n' "$what" - "$bar" "${measured#skip }"
            continue
        fi
        # Symbols are bound first: the loader's work is not ours.
        if [ $status != 0 ] || ! LD_BIND_NOW=1 valgrind --tool=callgrind --collect-atstart=no \
            --toggle-collect="bench_$name" --callgrind-out-file="$out.callgrind" "$program" "$name" \
            >"$out.log" 2>&1; then
            echo "bench: $name failed: $measured"
            failed=$((failed + 1))
            continue
        fi
        count=$(sed -n 's/.*Collected : \([0-9]*\).*/\1/p' "$out.log")
        stack=$(echo "$measured" | sed -n 's/stack \([0-9]*\) .*/\1/p')
        heap=$(echo "$measured" | sed -n 's/.*heap \([0-9]*\).*/\1/p')
        ok=yes
        [ -n "$count" ] && [ "$count" != 0 ] || ok=NO
        [ "$bar" = - ] || [ "${count:-0}" -le "$bar" ] || ok=NO
        [ "$stack_bar" = - ] || [ "$stack" -le "$stack_bar" ] || ok=NO
        [ "$heap" = 0 ] || ok=NO
        [ $ok = yes ] || failed=$((failed + 1))
        rows=$((rows + 1))
        printf '%-58s %12s %12s %8s %8s %5s  %s\n' "$what" "$count" "$bar" "$stack" "$stack_bar" "$heap" "$ok"
    done <build/run/$preset.rows
done
echo
sh unittest/bench/sessions.sh || failed=$((failed + 1))
echo
if command -v arm-none-eabi-size >/dev/null; then
    sh toolchain/size.sh || failed=$((failed + 1))
fi
echo "bench: $rows rows, $failed broken"
[ "$failed" = 0 ] && [ "$rows" != 0 ]
