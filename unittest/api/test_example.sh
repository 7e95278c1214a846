#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An example prints exactly what its committed output says.
# usage: test_example.sh <program> <expected output>
set -u
out=$(mktemp) || exit 1
trap 'rm -f "$out"' EXIT
"$1" >"$out" || {
    echo "not ok - exit code $?"
    exit 1
}
if diff -u "$2" "$out"; then
    echo "ok - $(basename "$1")"
else
    echo "not ok - $(basename "$1") prints something else"
    exit 1
fi
