#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Sizes that public headers state are those that the compilers give: on a Cortex-M4 where its compiler
# is there, and on this machine if it is a 64-bit one.
. "$(dirname "$0")/lib.sh"

# measure CC FLAGS...: "type bytes" lines of all types below
measure() {
    {
        echo "$rows" | awk '{ print "#include \"wick/" $1 ".h\"" }' | sort -u
        echo "$rows" | awk '{ print "char size_of_" $2 "[sizeof(" $2 ")];" }' | sort -u
    } >"$scratch/sizes.c"
    "$@" -std=c11 -I"$WICK_SOURCE_DIR/core/include" -I"$WICK_SOURCE_DIR/hal/include" \
        -c "$scratch/sizes.c" -o "$scratch/sizes.o" || return 1
    readelf -sW "$scratch/sizes.o" | awk '$8 ~ /^size_of_/ { print substr($8, 9), $3 }'
}

# stated HEADER BYTES: in bytes, with or without a comma, or in KB
stated() {
    forms=$(awk -v n="$2" 'BEGIN {
        with_comma = n < 1000 ? n : int(n / 1000) sprintf(",%03d", n % 1000)
        printf "%d|%s|%.1f KB|%.0f KB", n, with_comma, n / 1024, n / 1024 }')
    # The essay alone: what stands before the first declaration.
    sed '/^#include/q' "$1" | grep -qE "(^|[^0-9.,])($forms)([^0-9]|\$)" && return 0
    echo "$1 states none of: $forms"
    return 1
}

# HEADER TYPE, and whether the header speaks of 32-bit alone (32), of 64-bit alone (64), or of both
rows='beacon wick_beacon both
bft wick_bft both
bundle wick_bundle 32
bundle wick_bundle_reader 32
delta wick_delta 32
delta wick_delta_memory 32
header wick_header 32
light wick_light 32
light wick_bft 32
light wick_light_clique 32
light wick_quorum 32
mpt wick_mpt 32
journal wick_journal 32
mcuboot wick_mcuboot 32
nat_behaviour wick_nat_behaviour 64
plan wick_plan 32
update wick_update 32
pcp wick_pcp_msg both
proof wick_proof 32
reach wick_reach 64
receipt wick_item_proof 32
receipt wick_log_copy 32
rlp wick_rlp 32
seal wick_signers both
seal wick_seal_extra 32
stun_client wick_stun_client 64
trust wick_trusted_header both
trust_store wick_trust_store 32
tx wick_tx 32
verified wick_verified 32
voucher wick_voucher 32
voucher wick_registry_domain 32'

judge() { # judge BITS CC FLAGS...
    bits=$1
    shift
    measure "$@" >"$scratch/measured" 2>&1
    ok "api.sizes.measured_$bits" $? "$scratch/measured"
    echo "$rows" | while read -r header type which; do
        [ "$which" = both ] || [ "$which" = "$bits" ] || continue
        echo "$header $type $(sed -n "s/^$type //p" "$scratch/measured")"
    done >"$scratch/judged"
    while read -r header type bytes; do
        passes "api.sizes.$header.$type.$bits" \
            stated "$WICK_SOURCE_DIR/core/include/wick/$header.h" "${bytes:-0}"
    done <"$scratch/judged"
}
if command -v arm-none-eabi-gcc >/dev/null; then
    judge 32 arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb
else
    skip "api.sizes.32" "no arm-none-eabi-gcc (toolchain/bootstrap.sh cross)"
fi
if [ "$(getconf LONG_BIT)" = 64 ]; then
    judge 64 "$CC"
else
    skip "api.sizes.64" "this is no 64-bit machine"
fi
printf '/* Sizes: 99 bytes. */\n#include "x.h"\n/* 100 bytes */\n' >"$scratch/seed.h"
passes "api.sizes.seed_good" stated "$scratch/seed.h" 99
refuses "api.sizes.seed_other_size_is_refused" "states none" stated "$scratch/seed.h" 100
finish
