#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# wick delta: make, apply and info, on images that this machine has; every way a patch can be wrong has a
# message of its own.
# usage: test_delta.sh <path of wick>
set -u
wick=$1
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
n=0
bad=0

check() { # check NAME CONDITION...
    name=$1
    shift
    n=$((n + 1))
    if "$@" >out 2>&1; then
        echo "ok $n - api.delta.$name"
    else
        echo "not ok $n - api.delta.$name"
        sed 's/^/#   /' out
        bad=$((bad + 1))
    fi
}

refused() { # refused CODE PATTERN COMMAND...: and leaves no file
    code=$1 pattern=$2
    shift 2
    rm -f none
    "$@" 2>&1
    [ $? = "$code" ] || { echo "exit is not $code"; return 1; }
    [ ! -e none ] || { echo "a file was written"; return 1; }
    "$@" 2>&1 | grep -q -e "$pattern" || { echo "no '$pattern'"; return 1; }
}

says() { # says PATTERN COMMAND...
    pattern=$1
    shift
    "$@" >said 2>&1 || { cat said; return 1; }
    grep -q -e "$pattern" said || { cat said; echo "no '$pattern'"; return 1; }
}

smaller() { # smaller A B
    [ "$(wc -c <"$1")" -lt "$(wc -c <"$2")" ] || { wc -c "$1" "$2"; return 1; }
}

# Two programs of one family: the tool itself, cut at other places, with a part edited.
head -c 200000 "$wick" >old
{ head -c 90000 "$wick"; echo "another version"; tail -c +110000 "$wick" | head -c 120000; } >new
: >empty

round() { # round NAME OPTIONS...: make, apply, compare
    name=$1
    shift
    "$wick" delta make "$@" -o "$name.patch" && "$wick" delta apply old "$name.patch" -o "$name.new" &&
        cmp "$name.new" new
}
check lzma round lzma old new
check plain round plain --plain old new
check larger_dictionary round large --dict 65536 old new
check lzma_is_small smaller lzma.patch plain.patch
check whole_image "$wick" delta make --full new -o full.patch
check whole_image_needs_no_old_one sh -c '"$1" delta apply empty full.patch -o full.new && cmp full.new new' sh "$wick"
check patch_is_smaller_than_whole_image smaller lzma.patch full.patch
check same_image says 'new_bytes  *200000' "$wick" delta make old old -o same.patch
check same_image_is_small sh -c '[ "$(wc -c <same.patch)" -lt 400 ]'
check from_nothing says 'from_old_bytes  *0' "$wick" delta make empty new -o n.patch
check to_nothing says 'new_bytes  *0' "$wick" delta make old empty -o e.patch
check to_nothing_applies sh -c '"$1" delta apply old e.patch -o e.new && cmp e.new empty' sh "$wick"

check in_place round place --in-place --memory 262144 old new
check in_place_plain round place-plain --in-place --plain --segment 16384 old new
check in_place_tight round place-tight --in-place --memory 212992 old new
check in_place_info says '"kind":"in-place".*"memory_bytes":262144,"segment_bytes":4096,"shift_bytes":61440,"old_bytes":200000' \
    "$wick" delta info place.patch --json
check in_place_needs_room refused 1 'no room' "$wick" delta make --in-place --memory 196608 old new -o none
check in_place_memory refused 2 'whole segments' "$wick" delta make --in-place --memory 262145 old new -o none
check in_place_segment refused 2 'power of two' "$wick" delta make --in-place --segment 5000 old new -o none
check memory_alone refused 2 'with --in-place' "$wick" delta make --memory 262144 old new -o none
check in_place_other_image refused 1 'another image\|FW_BASE\|for another' "$wick" delta apply empty place.patch -o none

check info says 'dictionary_bytes  *4096' "$wick" delta info lzma.patch
check info_default says 'default_build  *yes\|default_build  *true' "$wick" delta info lzma.patch
check info_large says '"dictionary_bytes":65536,.*"default_build":false' "$wick" delta info large.patch --json
check info_plain says '"packing":"none"' "$wick" delta info plain.patch --json
check json says '^{"ok":true,"file":"j.patch","patch_bytes":[0-9]*,"packing":"lzma",' \
    "$wick" delta make old new -o j.patch --json
# 468 bytes of state on a microcontroller, some more here; below 8 KiB in both.
check ram_bar sh -c '[ "$("$1" delta info lzma.patch --json | sed "s/.*device_ram_bytes\":\([0-9]*\).*/\1/")" -le 8192 ]' \
    sh "$wick"
check digest sh -c '"$1" delta make old new -o d.patch --json | grep -q "\"new_sha256\":\"0x$(sha256sum <new | cut -c1-64)\""' \
    sh "$wick"

head -c 100 lzma.patch >cut
{ cat lzma.patch; echo; } >longer
{ printf '\002'; tail -c +2 lzma.patch; } >bzip
{ printf '\040'; tail -c +2 lzma.patch; } >other_type
head -c 100 old >shorter
check truncated refused 1 'no whole patch' "$wick" delta apply old cut -o none
check truncated_info refused 1 'no whole patch' "$wick" delta info cut
check trailing refused 1 'TRAILING' "$wick" delta apply old longer -o none
check other_packing refused 1 'another kind' "$wick" delta apply old bzip -o none
check other_type refused 1 'another kind' "$wick" delta apply old other_type -o none
check another_base refused 1 'FW_BASE' "$wick" delta apply shorter lzma.patch -o none
check no_patch refused 1 'another kind' "$wick" delta info new
check no_file refused 1 'NOT_FOUND' "$wick" delta apply old nowhere -o none
check dictionary_bounds refused 2 '4096 to' "$wick" delta make old new -o none --dict 100
check usage refused 2 'and -o FILE' "$wick" delta make old -o none
check full_usage refused 2 'the new image, and' "$wick" delta make --full old new -o none
check no_output refused 2 'and -o FILE' "$wick" delta apply old lzma.patch

echo "1..$n"
exit $((bad != 0))
