#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# CIDs, DAGs and CAR files of `wick cid` beside those of Helia, a whole IPFS node, both ways: what each makes of a
# file, block by block; ours read back by Helia; Helia's read by the verifier of a device. `run.sh --full` calls it.
# usage: helia.sh <wick>
set -u
WICK_SOURCE_DIR=${WICK_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd -P)}
export WICK_SOURCE_DIR
wick=${1:-$WICK_SOURCE_DIR/build/release/examples/wick}
suite=interop.helia
node=$WICK_SOURCE_DIR/build/deps/devnet/bin/node
[ -x "$node" ] && [ -d "$WICK_SOURCE_DIR/build/deps/interop/node_modules/helia" ] || {
    echo "1..0 # SKIP no Helia below build/deps/interop: run sh toolchain/bootstrap.sh interop"
    exit 77
}
. "$WICK_SOURCE_DIR/unittest/lab/ipfs/lab.sh"
helia() { "$node" "$WICK_SOURCE_DIR/unittest/lab/ipfs/helia.mjs" "$1" "$dir"; }
field() { sed "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/"; }

# Of no bytes, of one, around a chunk of 256 KiB and of 1 MiB, many chunks, and equal chunks.
: >"$dir/f0"
printf x >"$dir/f1"
for size in 1000 262144 262145 1048576 1048577 3145000; do
    generated "$size" >"$dir/f$size"
done
head -c 600000 /dev/zero >"$dir/zeros"
# CHUNK LINKS VERSION RAW: raw leaves of 256 KiB and 1 MiB, dag-pb leaves, and DAGs of several levels.
layouts='default
262144 174 1 yes
262144 174 0 no
1048576 1024 1 yes
1048576 1024 0 no
16384 8 1 yes
4096 16 0 no'
for file in f0 f1 f1000 f262144 f262145 f1048576 f1048577 f3145000 zeros; do
    echo "$layouts" | sed "s/^/$file /"
done >"$dir/layouts"
lines=$(wc -l <"$dir/layouts")

helia add <"$dir/layouts" >"$dir/theirs" 2>"$dir/log" || broken "Helia fails: $(head -n 3 "$dir/log")"
grep -v -e ' refused ' "$dir/theirs" >"$dir/answers"
result "$((lines - $(wc -l <"$dir/answers")))" "adds_$lines"

# ---- CIDs and numbers of blocks; our CAR files for the way back, theirs by the verifier of a device
at=0 other=0 refused=0
while read -r line; do
    at=$((at + 1))
    # shellcheck disable=SC2086
    set -- $line
    file=$1
    if [ "$2" = default ]; then
        options= cid=$3 blocks=$4 hash=$5
    else
        options="--chunk $2 --links $3 --cid-version $4 --raw-leaves $5" cid=$6 blocks=$7 hash=$8
    fi
    # shellcheck disable=SC2086
    ours=$("$wick" cid add "$dir/$file" $options --car "$dir/our.$at" --json)
    if [ "$(echo "$ours" | field cid)" != "$cid" ] || [ "$(echo "$ours" | field blocks)" != "$blocks" ]; then
        echo "# Helia: $line"
        echo "# wick:  $ours"
        other=$((other + 1))
    fi
    echo "$file $cid our.$at" >>"$dir/back"
    echo "same $blocks $hash" >>"$dir/want"
    rm -f "$dir/got"
    "$wick" cid verify "$cid" --car "$dir/car.$at" --output "$dir/got" --json >"$out" 2>&1 &&
        cmp -s "$dir/got" "$dir/$file" || {
        echo "# car.$at of '$line' is refused or another file: $(cat "$out")"
        refused=$((refused + 1))
    }
done <"$dir/theirs"
[ "$at" -eq "$lines" ] && [ "$other" -eq 0 ]
result $? "cids_and_blocks_$at"
[ "$at" -eq "$lines" ] && [ "$refused" -eq 0 ]
result $? "their_car_files_$at"
want 0 '"levels":3,' multi_level "$wick" cid add "$dir/f3145000" --chunk 16384 --links 8 --json

# More levels than a device follows: both make the same CID, the verifier refuses.
printf 'f1048577 4096 4 1 yes\n' | helia add 2>"$dir/log" | cut -d' ' -f6 >"$dir/deep"
want 0 "\"cid\":\"$(cat "$dir/deep")\".*\"levels\":5,.*\"fits_device\":false" deep "$wick" cid add \
    "$dir/f1048577" --chunk 4096 --links 4 --json
want 1 FW_LAYOUT too_deep_for_a_device "$wick" cid verify "$(cat "$dir/deep")" --car "$dir/car.1" --json

# ---- our CAR files: the file again, of the same blocks
helia read <"$dir/back" >"$dir/read" 2>"$dir/log" || broken "Helia fails: $(head -n 3 "$dir/log")"
cut -d' ' -f4- "$dir/read" | diff "$dir/want" - >"$dir/diff"
result $? "our_car_files_read_back_$(wc -l <"$dir/read" | tr -d ' ')"
head -n 4 "$dir/diff" | sed 's/^/# /'

# ---- a CAR file that lacks its last block, and one with a flipped bit, are taken by neither
big=$(grep -n '^f3145000 16384' "$dir/layouts" | cut -d: -f1)
cid=$(sed -n "${big}p" "$dir/back" | cut -d' ' -f2)
size=$(wc -c <"$dir/our.$big")
"$wick" cid add "$dir/f1000" --chunk 500 --links 2 --car "$dir/lacks" --json >"$out"
small=$(field cid <"$out")
"$wick" cid add "$dir/f1000" --chunk 500 --links 2 --json | grep -q '"blocks":3'
result $? three_blocks
# The last block of 500 bytes, its CID of 36 and the length in two bytes.
head -c $(($(wc -c <"$dir/lacks") - 538)) "$dir/lacks" >"$dir/lacking"
{ head -c $((size - 9)) "$dir/our.$big"; printf '\377'; tail -c 8 "$dir/our.$big"; } >"$dir/flipped"
printf 'f1000 %s lacking\nf3145000 %s flipped\n' "$small" "$cid" | helia read >"$dir/read" 2>"$dir/log"
grep -q '^f1000 .* refused ' "$dir/read" && grep -q '^f3145000 .* \(refused\|differs\) ' "$dir/read"
result $? helia_refuses_bad_car_files
want 1 'NOT_FOUND' lacking_car "$wick" cid verify "$small" --car "$dir/lacking" --json
want 1 'FW_DIGEST\|NOT_FOUND' flipped_car "$wick" cid verify "$cid" --car "$dir/flipped" --json
tap_end
