#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Proves the decoders with CBMC: each harness below unittest/cbmc for all inputs within its bound.
#
#   run.sh [--full] [HARNESS ...]      default: walker and RLP, with two seeded bugs each
#     --full   every harness, its larger bounds and all of its seeded bugs (WICK_FULL=1 is the same)
#     --ctest  --full where WICK_FULL says so, else a skip: minutes are too long for every run
#
# Three things are demanded of a harness, so that none is empty: every property holds; every cover
# goal (FOUND, ABSENT, each error ...) can be reached; and with each seeded bug, which is put into a
# copy of the source by sed, a property fails. Exit 77: no CBMC here (toolchain/bootstrap.sh verify).
set -u
top=$(cd "$(dirname "$0")/../.." && pwd -P)
cd "$top" || exit 2
here=unittest/cbmc
out=build/cbmc
cbmc=$top/build/deps/verify/bin/cbmc
level=ci
names=
for arg; do
    case $arg in
    --full) level=full ;;
    --ctest)
        if [ -z "${WICK_FULL:-}" ]; then
            echo "1..0 # SKIP takes minutes: unittest/run.sh --full, or unittest/cbmc/run.sh"
            exit 77
        fi ;;
    -h | --help) sed -n '3,13s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) names="$names $arg" ;;
    esac
done
[ -z "${WICK_FULL:-}" ] || level=full
if [ ! -x "$cbmc" ]; then
    echo "1..0 # SKIP no CBMC here: run toolchain/bootstrap.sh verify"
    exit 77
fi
mkdir -p "$out"
failed=0 proofs=0 bugs=0

checks="--no-standard-checks --bounds-check --pointer-check --pointer-overflow-check \
    --signed-overflow-check --undefined-shift-check --div-by-zero-check --unwinding-assertions \
    --no-malloc-may-fail"

wrong() {
    failed=$((failed + 1))
    echo "not ok - $*"
}

# The command for a harness whose sources may be replaced by copies in $1.
prove() { # prove DIR extra options...
    copies=$1
    shift
    files=
    for f in $sources; do
        [ ! -e "$copies/$(basename "$f")" ] || f=$copies/$(basename "$f")
        files="$files $f"
    done
    # The copies first: a harness that includes a source gets the copy too.
    # shellcheck disable=SC2086
    "$cbmc" "$here/cbmc_$file.c" $files -I "$copies" -I "$here" -I core/eth -I core/nat -I core/psk \
        -I core/registry -I core/firmware -I core/include -I hal/include --function harness $options "$@"
}

# A row: what is proven, of which sources, within which bound. The bound is printed, and must be the
# one that the options set.
harness() { # harness NAME LEVEL "SOURCES" "OPTIONS" "BOUND"
    name=$1 sources=$3 options=$4 bound=$5
    conversions= # stores of bytes narrow on purpose: only where there are none
    [ "$2" = full ] || conversions=--conversion-check
    file=${name%%-*} # "mpt-deep" is mpt's harness with other options
    skip=
    if [ -n "$names" ]; then
        case " $names " in *" $name "*) ;; *) skip=1 ;; esac
    elif [ "$2" = full ] && [ "$level" = ci ]; then
        skip=1
    fi
    [ -z "$skip" ] || return 0
    seeded=0
    copies=$out/$name
    rm -rf "$copies"
    mkdir -p "$copies"
    start=$(date +%s)
    # shellcheck disable=SC2086
    if ! prove "$copies" $checks $conversions >"$out/$name.log" 2>&1; then
        wrong "$name: $(grep -E 'FAILURE|rror' "$out/$name.log" | head -n 3 | tr '\n' ';')"
        skip=1
        return 0
    fi
    took=$(($(date +%s) - start))
    properties=$(sed -n 's/.* 0 of \([0-9]*\) failed.*/\1/p' "$out/$name.log")
    if ! prove "$copies" -DCBMC_COVER --cover cover --no-standard-checks --no-malloc-may-fail >"$out/$name.cover" 2>&1; then
        wrong "$name: cover does not run (see $out/$name.cover)"
        return 0
    fi
    goals=$(sed -n 's/^\*\* \([0-9]*\) of \([0-9]*\) covered.*/\1 \2/p' "$out/$name.cover")
    if [ "${goals% *}" != "${goals#* }" ] || [ "${goals% *}" = 0 ] || [ -z "$goals" ]; then
        wrong "$name: cover goals not reached:"
        grep 'FAILED' "$out/$name.cover"
        return 0
    fi
    proofs=$((proofs + 1))
    printf 'ok - %-14s %5s properties, %2s goals reached, %3s s; %s\n' "$name" "$properties" \
        "${goals#* }" "$took" "$bound"
}

# A seeded bug of the harness above: it must be found.
bug() { # bug SOURCE SED-EXPRESSION "WHAT"
    [ -z "$skip" ] || return 0
    seeded=$((seeded + 1))
    [ "$level" = full ] || [ "$seeded" -le 2 ] || return 0
    copies=$out/$name-bug$seeded
    rm -rf "$copies"
    mkdir -p "$copies"
    copy=$copies/$(basename "$1")
    sed -e "$2" "$1" >"$copy"
    if cmp -s "$1" "$copy"; then
        wrong "$name: the seeded bug does not fit the source any more: $3"
        return 0
    fi
    # shellcheck disable=SC2086
    prove "$copies" $checks $conversions --stop-on-fail >"$out/$name-bug$seeded.log" 2>&1
    code=$?
    found=$(sed -n '/^Violated property:/,/^$/p' "$out/$name-bug$seeded.log" | sed -n '3p' | sed 's/^ *//')
    if [ "$code" != 10 ] || [ -z "$found" ]; then
        wrong "$name: not found (exit $code): $3"
        return 0
    fi
    bugs=$((bugs + 1))
    printf 'ok - %-14s finds: %s (%s)\n' "$name" "$3" "$found"
}

. "$here/harnesses.sh"

if [ "$proofs" = 0 ] && [ "$failed" = 0 ]; then
    wrong "no harness of that name: $names"
fi
echo "cbmc: $proofs harnesses hold, $bugs seeded bugs found, $failed failed"
[ "$failed" = 0 ]
