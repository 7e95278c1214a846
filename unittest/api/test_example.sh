#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An example prints exactly what its committed output says.
# usage: test_example.sh <program> <expected output> [<argument>...]
set -u
out=$(mktemp) || exit 1
trap 'rm -f "$out"' EXIT
program=$1
expected=$2
shift 2
"$program" "$@" >"$out" || {
    echo "not ok - exit code $?"
    exit 1
}
if diff -u "$expected" "$out"; then
    echo "ok - $(basename "$program")"
else
    echo "not ok - $(basename "$program") prints something else"
    exit 1
fi
