#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# CIDs and DAGs of `wick cid add` beside those of the IPFS importer, block by block, and of Debian's
# ipfs_cid; CAR files both ways.
# usage: test_ipfs.sh <wick>
set -u
wick=$1
suite=lab.ipfs
. "$WICK_SOURCE_DIR/unittest/lab/ipfs/lab.sh"
add() { "$wick" cid add "$@" --json; }
field() { sed "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/"; }

# Files: of no bytes, of one, around a chunk of 256 KiB and of 1 MiB, many chunks, and equal chunks.
: >"$dir/f0"
printf x >"$dir/f1"
generated 1000 >"$dir/f1000"
generated 262144 >"$dir/f262144"
generated 262145 >"$dir/f262145"
generated 3145000 >"$dir/f3145000"
head -c 600000 /dev/zero >"$dir/zeros"

layouts='262144 174 1 yes
262144 174 0 no
1048576 1024 1 yes
16384 8 1 yes
4096 4 0 no'
tiny='16 2 1 yes
16 3 0 no
7 5 1 no
64 3 0 yes'
for file in f0 f1 f1000 f262144 f262145 f3145000 zeros; do
    { echo "$layouts"; [ $file != f1000 ] || echo "$tiny"; } | sed "s/^/$file /"
done >"$dir/layouts"
node "$WICK_SOURCE_DIR/unittest/lab/ipfs/expect.mjs" "$dir" <"$dir/layouts" >"$dir/expected" ||
    broken "the importer fails"
bad_cids=0
compared=0
while read -r file chunk links version raw cid blocks; do
    line=$(add "$dir/$file" --chunk "$chunk" --links "$links" --cid-version "$version" --raw-leaves "$raw")
    compared=$((compared + 1))
    case $line in
    *"\"cid\":\"$cid\""*"\"blocks\":$blocks,"*) ;;
    *) echo "# $file $chunk $links $version $raw: importer $cid $blocks, wick $line"; bad_cids=$((bad_cids + 1)) ;;
    esac
done <"$dir/expected"
[ "$bad_cids" -eq 0 ] && [ "$compared" -ge 39 ]
result $? "importer_$compared"

# An importer of another family: the default of 2015.
bad_cids=0
for file in f1 f1000 f262144 f262145 f3145000 zeros; do
    other=$("$WICK_SOURCE_DIR/build/deps/ipfs/bin/ipfs_cid" "$dir/$file" 2>/dev/null | field CIDv0)
    [ "$(add "$dir/$file" --profile unixfs-v0-2015 | field cid)" = "$other" ] || bad_cids=$((bad_cids + 1))
done
[ "$bad_cids" -eq 0 ]
result $? debian_ipfs_cid

# The cases that matter are among them: raw blocks of 256 KiB and 1 MiB, and levels above them.
want 0 '"blocks":13,"levels":1,' of_256_kib add "$dir/f3145000" --profile kubo-v1
want 0 '"blocks":4,"levels":1,' of_1_mib add "$dir/f3145000"
want 0 '"levels":3,' multi_level add "$dir/f3145000" --chunk 16384 --links 8

# One raw block: its CID is the SHA-256 of the file.
want 0 '"blocks":1,"levels":0,.*"overhead":0,' one_block add "$dir/f262145"

# CAR files of ours are read by others, and theirs by us, with the verifier of a device.
serve gateway --chunk 4096 --links 8 "$dir/f3145000" "$dir/zeros"
for layout in '--chunk 16384 --links 8' '--profile unixfs-v0-2015' '--profile unixfs-v1-2025'; do
    # shellcheck disable=SC2086
    cid=$(add "$dir/f3145000" $layout --car "$dir/car" | field cid)
    want 0 "\"roots\":\\[\"$cid\"\\]" "our_car_${layout##* }" curl -s --data-binary "@$dir/car" "$url/car"
    want 0 '"bytes":3145000' "our_car_again_${layout##* }" "$wick" cid verify "$cid" --car "$dir/car" --json
done
grep -o '"cid":"[a-z0-9]*"' "$dir/gateway" | cut -d'"' -f4 >"$dir/cids"
for file in f3145000 zeros; do
    cid=$(head -n 1 "$dir/cids")
    sed -i 1d "$dir/cids"
    curl -s -o "$dir/car" "$url/ipfs/$cid?format=car"
    want 0 '"refused":0' "their_car_$file" "$wick" cid verify "$cid" --car "$dir/car" --output "$dir/got" --json
    cmp "$dir/got" "$dir/$file"
    result $? "their_car_${file}_is_the_file"
done

# What is no CAR, lacks a block, or has another one in its place.
head -c 3000 "$dir/car" >"$dir/cut.car"
want 1 'MALFORMED' cut_car "$wick" cid verify "$cid" --car "$dir/cut.car" --json
want 1 'NOT_FOUND' other_car "$wick" cid verify "$(add "$dir/f1000" | field cid)" --car "$dir/car" --json
want 1 'MALFORMED\|NOT_FOUND' no_car "$wick" cid verify "$cid" --car "$dir/f1000" --json

# Files against CIDs.
want 0 '"ok":true' file "$wick" cid verify "$(add "$dir/f1000" | field cid)" --file "$dir/f1000" --json
want 1 'FW_DIGEST' another_file "$wick" cid verify "$(add "$dir/f1" | field cid)" --file "$dir/f1000" --json
want 1 'UNSUPPORTED' identity "$wick" cid verify bafkqadlimvwgy3zao5xxe3de --file "$dir/f1" --json
want 2 'one CID' usage "$wick" cid verify bafkqaaa
want 2 'chunk' usage_chunk "$wick" cid add "$dir/f1" --chunk 0
want 1 'NOT_FOUND' no_file add "$dir/none"
tap_end
