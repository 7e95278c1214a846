#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Do the tests notice? Puts one bug after the other into a copy of core/eth and demands that a unit
# or vectors test fails. usage: mutants.sh [--ctest]      (--ctest: unless WICK_FULL is set, it looks only
# whether each bug still fits the code, for it builds core two dozen times)
set -u
top=$(cd "$(dirname "$0")/../.." && pwd -P)
fits_alone=
[ "${1:-}" != --ctest ] || [ -n "${WICK_FULL:-}" ] || fits_alone=1
: "${WICK_VECTORS_DIR:=$top/../shared/data}"
export WICK_VECTORS_DIR
copy=$top/build/mutants
tests="unit_mpt unit_proof unit_rlp unit_header unit_receipt unit_tx unit_bft unit_clique
    unit_peer_bugs vectors_getproof vectors_seals vectors_rlp vectors_mutations"
targets=
for t in $tests; do targets="$targets test_$t"; done
make_tests() {
    # shellcheck disable=SC2086
    cmake --build build/m --target $targets -j "$(nproc)" >build/m.log 2>&1
}
first_failure() { # the first test that fails, or nothing
    for t in $tests; do
        timeout 120 "build/m/unittest/test_$t" >build/m.out 2>&1
        case $? in 0 | 77) ;; *) echo "$t"; return ;; esac
    done
}
prepare() { # a copy whose tests pass
    rm -rf "$copy"
    mkdir -p "$copy/build"
    cd "$top" && tar -cf - --exclude='./build' --exclude='./contracts' --exclude=node_modules \
        CMakeLists.txt CMakePresets.json LICENSE README.md core hal port toolchain unittest examples \
        contracts/abi 2>/dev/null | tar -xf - -C "$copy"
    ln -s "$top/build/deps" "$copy/build/deps"
    cd "$copy" || exit 2
    cmake -S . -B build/m -DCMAKE_BUILD_TYPE=RelWithDebInfo >build/m.log 2>&1 && make_tests || {
        tail -n 5 build/m.log
        echo "not ok - the copy does not build"
        exit 1
    }
    failed=$(first_failure)
    if [ -n "$failed" ]; then
        echo "not ok - $failed fails without any bug"
        exit 1
    fi
}
if [ -n "$fits_alone" ]; then
    cd "$top" || exit 2
else
    prepare
fi
count=0 missed=0
mutant() { # mutant FILE SED WHAT
    count=$((count + 1))
    if [ -n "$fits_alone" ]; then
        sed -e "$2" "core/eth/$1" | cmp -s - "core/eth/$1" || { echo "ok - $3 ($1): fits"; return; }
        missed=$((missed + 1))
        echo "not ok - the bug does not fit $1 any more: $3"
        return
    fi
    cp "core/eth/$1" build/kept
    sed -i -e "$2" "core/eth/$1"
    if cmp -s "core/eth/$1" build/kept; then
        missed=$((missed + 1))
        echo "not ok - the bug does not fit $1 any more: $3"
    elif ! make_tests; then
        missed=$((missed + 1))
        echo "not ok - $1 does not compile with: $3"
    else
        by=$(first_failure)
        if [ -z "$by" ]; then
            missed=$((missed + 1))
            echo "not ok - nobody notices: $3 ($1)"
        else
            echo "ok - $3 ($1): $by"
        fi
    fi
    cp build/kept "core/eth/$1"
}

mutant mpt.c 's/if (memcmp(hash, w->want, sizeof hash) != 0) {/if (hash[0] != w->want[0]) {/' "one byte of a hash is compared"
mutant mpt.c 's/    w->at++;/    w->at = (uint16_t)(w->at + 2);/' "a branch takes two nibbles"
mutant mpt.c 's/return follows && w->at + p.count == w->nibbles ? take_value/return follows ? take_value/' "a leaf of a shorter key is taken"
mutant mpt.c 's/        result = WICK_MPT_BAD_HASH; \/\* nothing names a node.*/        ;/' "nodes after the end are ignored"
mutant mpt.c 's/if (value.len == 0) {/if (value.len == SIZE_MAX) {/' "an empty value of a leaf passes"
mutant mpt.c 's/if (flag > 3 || (!odd \&\& (hp.ptr\[0\] \& 15u) != 0)) {/if (flag > 3) {/' "padding of a path is not checked"
mutant mpt.c 's/(raw.ptr\[0\] >= LIST_ITEM \&\& raw.len < HASH_BYTES)/(raw.ptr[0] >= LIST_ITEM)/' "long nodes may be inlined"
mutant mpt.c 's/} else if (node.len < HASH_BYTES \&\& w->at != 0) {/} else if (node.len == 0) {/' "short nodes may be linked by hash"
mutant mpt.c 's/        w->result = WICK_MPT_ABSENT; \/\* proves: the trie is empty \*\//        w->result = WICK_MPT_INCOMPLETE;/' "the empty trie shows nothing"
mutant rlp.c 's/if (n == 1 \&\& !it->is_list \&\& ptr\[1\] < STRING) {/if (n > SHORT_MAX) {/' "a byte may have a header"
mutant rlp.c 's/if (payload <= SHORT_MAX) {/if (payload == 0) {/' "short lengths in the long form"
mutant rlp.c 's/if (ptr\[1\] == 0) {/if (width > 8) {/' "length with leading zero"
mutant rlp.c 's/if (s.ptr\[0\] == 0) {/if (s.len > 32) {/' "integers with leading zero"
mutant rlp.c 's/    if (r->len != 0) {/    if (r->len > 64) {/' "bytes after the end"
mutant header.c 's/return payload.len == rule->len;/return payload.len <= rule->len;/' "header fields may be short"
mutant header.c 's/            s = WICK_E_NON_CANONICAL;/            s = WICK_OK;/' "integers of a header with leading zeros"
mutant proof.c 's/memcmp(claim->balance, a->balance, 32) == 0/memcmp(claim->balance, a->balance, 31) == 0/' "the last byte of a balance is not compared"
mutant receipt.c 's/if (r->type == 0 || r->type > TYPE_MAX) {/if (r->type > TYPE_MAX) {/' "receipt type 0 in front of a list"
mutant item.c 's/if (p->small_len != 0 \&\& p->small\[0\] == 0) {/if (p->small_len > 8) {/' "gas with leading zero"
mutant tx.c 's/memcmp(tx->s, half_order, 32) <= 0/memcmp(tx->s, order, 32) <= 0/' "a high s is taken"
mutant seal.c 's/if (e->signers == 0 \&\& e->rule != WICK_SEAL_CLIQUE) {/if (e->signers > WICK_SEAL_SIGNERS_MAX) {/' "no validators are a set"
mutant seal.c 's/return recid ^ 1u;/return recid;/' "the other key is recovered"

verdict="are not noticed"
[ -z "$fits_alone" ] || verdict="do not fit"
echo "mutants: $count bugs in core/eth, $missed of them $verdict"
[ "$missed" = 0 ]
