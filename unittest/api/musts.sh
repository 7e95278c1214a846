#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The thirty rules of core/psk/PROTOCOL.md section 10: each has a row, and each suite that a row names
# has a test whose name holds the rule's number.
. "$(dirname "$0")/lib.sh"

# Where the tests of a suite are; the contracts' are several files.
sources_of() { # sources_of TREE SUITE
    case $2 in
    lab.contracts) echo "$1"/contracts/test/*.t.sol ;;
    *) echo "$1/unittest/${2%%.*}/test_${2#*.}.c" ;;
    esac
}

musts() { # musts TREE: prints what is wrong, fails if anything is
    tree=$1
    wrong=$scratch/wrong
    : >"$wrong"
    # "number suite" for each suite of each row
    awk '/^## 10\./ { on = 1; next } /^## / { on = 0 } on && /^\| *[0-9]+ *\|/' "$tree/core/psk/PROTOCOL.md" |
        awk -F'|' '{ n = split($4, word, /[ ,;()]+/)
            for (i = 1; i <= n; i++) if (word[i] ~ /^[a-z]+\.[a-z0-9_]+$/) print $2 + 0, word[i] }' \
            >"$scratch/rows"
    for n in $(seq 30); do
        grep -q "^$n " "$scratch/rows" || echo "rule $n has no row" >>"$wrong"
    done
    while read -r n suite; do
        # shellcheck disable=SC2046
        cat $(sources_of "$tree" "$suite") 2>/dev/null |
            grep -qE "(TEST|function) ?\(?(test_)?must_${n}_" ||
            echo "$suite has no test of rule $n" >>"$wrong"
    done <"$scratch/rows"
    cat "$wrong"
    [ ! -s "$wrong" ]
}

copy() {
    rm -rf "$scratch/tree"
    mkdir -p "$scratch/tree/core/psk" "$scratch/tree/contracts"
    cp "$WICK_SOURCE_DIR/core/psk/PROTOCOL.md" "$scratch/tree/core/psk/"
    cp -r "$WICK_SOURCE_DIR/contracts/test" "$scratch/tree/contracts/"
    for kind in unit vectors sim ct hal; do
        mkdir -p "$scratch/tree/unittest/$kind"
        cp "$WICK_SOURCE_DIR/unittest/$kind"/*.c "$scratch/tree/unittest/$kind/"
    done
}

copy
passes "each rule has its row, each row its tests" musts "$scratch/tree"
sed -i '/^| 17 |/d' "$scratch/tree/core/psk/PROTOCOL.md"
refuses "a rule without a row is seen" "rule 17 has no row" musts "$scratch/tree"
copy
sed -i 's/must_15_/about_15_/' "$scratch/tree/unittest/unit/test_nsl_limits.c"
refuses "a suite without its test is seen" "unit.nsl_limits has no test of rule 15" musts "$scratch/tree"
copy
sed -i 's/test_must_29_/test_/' "$scratch"/tree/contracts/test/*.sol
refuses "so it is in the contracts" "lab.contracts has no test of rule 29" musts "$scratch/tree"
finish
