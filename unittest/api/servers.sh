#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What real servers do wrong, core/nat/SERVERS.md: each row names a test, and each test that is named is
# there and runs.
. "$(dirname "$0")/lib.sh"

servers() { # servers TREE: prints what is wrong, fails if anything is
    tree=$1
    wrong=$scratch/wrong
    : >"$wrong"
    awk -F'|' '/^\|/ && !/^\|-/ && $2 !~ /^ what the server does/ {
        rows++
        found = 0
        n = split($5, word, /[ ,]+/)
        for (i = 1; i <= n; i++) {
            if (word[i] ~ /^[a-z]+\.[a-z0-9_]+\.[a-z0-9_]+$/) { print word[i]; found = 1 }
        }
        if (!found) { print "none:" $2 }
    } END { if (rows < 30) print "none: the table has " rows " rows" }' \
        "$tree/core/nat/SERVERS.md" >"$scratch/rows"
    grep '^none:' "$scratch/rows" | sed 's/^none:/no test:/' >>"$wrong"
    grep -v '^none:' "$scratch/rows" | while IFS=. read -r kind module name; do
        file=$tree/unittest/$kind/test_$module.c
        { grep -q "^TEST($name)" "$file" && grep -qE "CASE(_LONG)?\($name\)" "$file"; } 2>/dev/null ||
            echo "$kind.$module has no test $name" >>"$wrong"
    done
    cat "$wrong"
    [ ! -s "$wrong" ]
}

copy() {
    rm -rf "$scratch/tree"
    mkdir -p "$scratch/tree/core/nat"
    cp "$WICK_SOURCE_DIR/core/nat/SERVERS.md" "$scratch/tree/core/nat/"
    for kind in unit sim lab; do
        mkdir -p "$scratch/tree/unittest/$kind"
        cp "$WICK_SOURCE_DIR/unittest/$kind"/test_*.c "$scratch/tree/unittest/$kind/"
    done
}

copy
passes "each row has its tests" servers "$scratch/tree"
sed -i 's/sim.pcp_rows.sctp/by eye/' "$scratch/tree/core/nat/SERVERS.md"
refuses "a row without a test is seen" "no test: SCTP is mapped" servers "$scratch/tree"
copy
sed -i "s/^TEST(wrong_password_ends)/TEST(another)/" "$scratch/tree/unittest/sim/test_turn_refusals.c"
refuses "a test that is not there is seen" "sim.turn_refusals has no test wrong_password_ends" servers "$scratch/tree"
copy
sed -i 's/CASE(start_up)/CASE(sctp)/' "$scratch/tree/unittest/sim/test_pcp_rows.c"
refuses "so is one that does not run" "sim.pcp_rows has no test start_up" servers "$scratch/tree"
finish
