# SPDX-License-Identifier: Apache-2.0
# Shared by the scripts of unittest/api: TAP lines and a scratch directory. Each script checks the
# tree, then copies of it with one seeded violation each: a check that cannot fail proves nothing.
set -u
LC_ALL=C
export LC_ALL
: "${WICK_SOURCE_DIR:=$(cd "$(dirname "$0")/../.." && pwd -P)}"
: "${WICK_BUILD_DIR:=$WICK_SOURCE_DIR/build/release}"
: "${CC:=cc}"
tap_count=0 tap_bad=0
scratch=$WICK_BUILD_DIR/api/$(basename "$0" .sh)
rm -rf "$scratch"
mkdir -p "$scratch"

# ok NAME STATUS [FILE]: one result; FILE is shown where it failed.
ok() {
    tap_count=$((tap_count + 1))
    if [ "$2" = 0 ]; then
        echo "ok $tap_count - $1"
    else
        tap_bad=$((tap_bad + 1))
        echo "not ok $tap_count - $1"
        [ -z "${3:-}" ] || sed 's/^/# /' "$3"
    fi
}

# passes NAME COMMAND...: the command must succeed. refuses NAME WORDS COMMAND...: it must fail and
# say WORDS.
passes() {
    tap_name=$1
    shift
    "$@" >"$scratch/out" 2>&1
    ok "$tap_name" $? "$scratch/out"
}
refuses() {
    tap_name=$1 tap_words=$2
    shift 2
    if "$@" >"$scratch/out" 2>&1; then
        echo "was accepted" >>"$scratch/out"
        ok "$tap_name" 1 "$scratch/out"
    elif grep -q -- "$tap_words" "$scratch/out"; then
        ok "$tap_name" 0
    else
        echo "was refused without saying: $tap_words" >>"$scratch/out"
        ok "$tap_name" 1 "$scratch/out"
    fi
}
skip() {
    tap_count=$((tap_count + 1))
    echo "ok $tap_count - $1 # SKIP $2"
}
finish() {
    echo "1..$tap_count"
    [ "$tap_bad" = 0 ]
    exit $?
}
