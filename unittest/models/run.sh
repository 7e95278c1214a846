#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Checks the Promela models of the handshake and of the ticket with spin, each exhaustively and within
# a memory cap. A model or variant that has an attack must show it, by the claim that is expected.
#
#   run.sh [--full] [MODEL ...]        default: papers, kci, final, each with what else it needs
#     --full   every variant, 2+1 and 1+2 sessions, the ticket (WICK_FULL=1 is the same)
#     --ctest  --full where WICK_FULL says so, else a skip: minutes are too long for every run
#     --trace  prints the attack's messages for those that have one
#
# Each row of models.sh gives the states that must be counted; another number is a failure, because a
# model that became empty, or grew, has to be looked at. Exit 77: no spin here
# (toolchain/bootstrap.sh models).
set -u
top=$(cd "$(dirname "$0")/../.." && pwd -P)
cd "$top" || exit 2
here=$top/unittest/models
out=$top/build/models
spin=$top/build/deps/models/bin/spin
level=ci
trace=
names=
for arg; do
    case $arg in
    --full) level=full ;;
    --trace) trace=1 ;;
    --ctest)
        if [ -z "${WICK_FULL:-}" ]; then
            echo "1..0 # SKIP takes minutes: unittest/run.sh --full, or unittest/models/run.sh --full"
            exit 77
        fi
        level=rest ;; # the others are tests of their own
    -h | --help) sed -n '3,13s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) names="$names $arg" ;;
    esac
done
if [ ! -x "$spin" ]; then
    echo "1..0 # SKIP no spin here: run toolchain/bootstrap.sh models"
    exit 77
fi
mkdir -p "$out"
failed=0 done=0

wrong() {
    failed=$((failed + 1))
    echo "not ok - $*"
}

# What is modelled, and what must come out: "none" or the claim that an attack breaks.
model() { # model NAME LEVEL FILE "OPTIONS" CLAIM STATES MEGABYTES "WHAT"
    name=$1 file=$3 options=$4 claim=$5 states=$6 megabytes=$7 what=$8
    group=${name%%-*} # "kci-safe" belongs to kci
    case " $names " in
    *" $name "*) ;;
    "  " | *" $group "*) [ "$2$level" != fullci ] && [ "$2$level" != cirest ] || return 0 ;;
    *) return 0 ;;
    esac
    dir=$out/$name
    rm -rf "$dir"
    mkdir -p "$dir"
    cp "$here/$file.pml" "$dir/"
    # Small ones take longer to compile than to check.
    hash=-w18 optimise=-O0
    [ "$megabytes" -le 128 ] || hash=-w23 optimise=-O2
    start=$(date +%s)
    # MEMLIM makes the search end with a report, the limit of the shell is the second line.
    # shellcheck disable=SC2086
    (
        cd "$dir" || exit 2
        "$spin" -a $options "$file.pml" >spin.log 2>&1 &&
            "${CC:-cc}" $optimise -w -DSAFETY -DCOLLAPSE -DNOFAIR -DMEMLIM="$megabytes" -o pan pan.c >cc.log 2>&1 &&
            ulimit -v $((megabytes * 1024 + 65536)) && ./pan -m100000 $hash >pan.log 2>&1
    ) || {
        wrong "$name: cannot be built or run: $(cat "$dir"/*.log 2>/dev/null | head -n 3 | tr '\n' ';')"
        return 0
    }
    took=$(($(date +%s) - start))
    log=$dir/pan.log
    errors=$(sed -n 's/.*errors: \([0-9]*\).*/\1/p' "$log")
    counted=$(sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' "$log")
    found=$(sed -n 's/^pan:1: assertion violated \([a-z0-9_]*\).*/\1/p' "$log")
    if ! grep -q 'errors:' "$log" || grep -qE 'out of memory|too small|Search not completed' "$log" &&
        [ "$claim" = none ]; then
        wrong "$name: not exhausted within $megabytes MB"
    elif [ "$claim" = none ] && [ "$errors" != 0 ]; then
        wrong "$name: ${found:-an error} where there must be none: $what"
        trace_of
    elif [ "$claim" != none ] && [ "$found" != "$claim" ]; then
        wrong "$name: ${found:-nothing} found, not $claim: $what"
    elif [ "$counted" != "$states" ]; then
        wrong "$name: $counted states, not $states"
    else
        done=$((done + 1))
        case $claim in
        none) verdict="no attack, exhausted" ;;
        never_ends) verdict="ends as it must" ;;
        *) verdict="attack found: $claim" ;;
        esac
        printf 'ok - %-16s %9s states, %3s s, cap %4s MB: %s; %s\n' "$name" "$counted" "$took" \
            "$megabytes" "$verdict" "$what"
        [ -z "$trace" ] || [ "$claim" = none ] || trace_of
    fi
    rm -f "$dir/pan" "$dir"/pan.[a-z]
}

# The messages that lead there: what the model prints.
trace_of() {
    # shellcheck disable=SC2086
    (cd "$dir" && "$spin" -t -T -B $options "$file.pml" 2>/dev/null) |
        grep -vE '^(spin:|-+$|#processes| *[0-9]+:|[0-9]+ process|$)' | sed 's/^ */#       /'
}

. "$here/models.sh"

if [ "$done" = 0 ] && [ "$failed" = 0 ]; then
    wrong "no model of that name: $names"
fi
echo "models: $done as expected, $failed failed"
[ "$failed" = 0 ]
